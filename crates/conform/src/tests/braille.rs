//! Cases whose weights are elsewhere: recognised, checked against themselves, and never called passed.

use super::draft::Draft;
use super::{error, fail};
use crate::{CaseResult, ConformError, run};
use serde_json::json;

/// Two neurons, one output of which wins, and the rasters of two platforms.
fn small() -> Draft {
    let mut draft = Draft::new(json!({
        "format": "nir-braille-golden/1", "nir_file": "nets/small.nir", "dt": 0.0001, "steps": 3,
        "n_in": 1, "n_hidden": 2, "n_out": 2, "label": 1,
        "hidden": {
            "a": {"key": "hidden_a", "spikes": 3, "exact_rule": "any"},
            "b": {"key": "hidden_b", "spikes": 4},
        },
        "out_counts_snntorch_rule": [1, 2],
    }));
    draft.array("input", "|u1", &[3, 1], vec![1, 0, 1]);
    draft.array("hidden_a", "<i2", &[3, 2], vec![1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    draft.array("hidden_b", "<i2", &[3, 2], vec![2, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    draft.array("out_snntorch_rule", "|u1", &[3, 2], vec![1, 1, 0, 1, 0, 0]);
    draft
}

#[test]
fn a_whole_case_is_skipped_with_the_reason() {
    let draft = small();
    let path = draft.write();
    let report = run(&[path]);
    let CaseResult::Skipped(reason) = &report.cases[0].result else { panic!("{}", report.text()) };
    assert_eq!(
        reason,
        "the weights of this net are in 'nets/small.nir' (HDF5), which is not read: only its 4 spike counts and its \
         label were compared with its rasters"
    );
    // Asked for alone it is no success: nothing was replayed.
    assert!(report.failed() && matches!(report.cases[1].result, CaseResult::Error(ConformError::NoCase { .. })));
}

#[test]
fn contradictions_are_differences() {
    for (key, element, size, field, values) in [
        ("hidden_a", 5, 2, "hidden.a.spikes", ("3", "4")),
        ("hidden_b", 0, 2, "hidden.b.spikes", ("4", "5")),
        ("out_snntorch_rule", 4, 1, "out_counts_snntorch_rule[0]", ("1", "2")),
    ] {
        let mut draft = small();
        draft.flip(key, element, size, 0);
        let found = fail(&draft);
        assert_eq!((found.quantity.as_str(), found.expected.as_str(), found.got.as_str()), (field, values.0, values.1));
    }
    let mut draft = small();
    draft.set("/label", json!(0));
    assert_eq!(fail(&draft).quantity, "label");
}

#[test]
fn damage_is_refused_by_name() {
    let check = |change: &dyn Fn(&mut Draft), message: &str| {
        let mut draft = small();
        change(&mut draft);
        let text = error(&draft);
        assert!(text.contains(message), "'{message}' is not in {text}");
    };
    check(&|d| d.set("/nir_file", json!(null)), "the field 'nir_file' is missing");
    check(
        &|d| d.set("/hidden/a/key", json!("hidden_c")),
        "holds no array 'hidden_c' (named by the field 'hidden.a.key')",
    );
    check(&|d| d.set("/n_hidden", json!(3)), "the array 'hidden_a' has the shape [3, 2]; it must have [3, 3]");
    check(&|d| d.set("/label", json!(2)), "the field 'label' is 2; it must be an integer from 0 to 1");
    check(&|d| d.set("/out_counts_snntorch_rule", json!([1])), "it must be a list of 2 counts");
    check(&|d| d.array("input", "|u1", &[3, 1], vec![1, 7, 0]), "the array 'input' holds 7 at [1, 0]");
    check(&|d| d.array("hidden_a", "|u1", &[3, 2], vec![0; 6]), "elements of type '|u1'; it must have int16");
    check(&|d| d.set("/steps", json!(1 << 30)), "has the shape [3, 1]");
}

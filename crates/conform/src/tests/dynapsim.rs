//! Traces of a simulator in floats: what passes, what fails, and what is refused.

use super::draft::{Draft, npy};
use super::{error, fail, pass};
use crate::{CaseResult, Outcome, run};
use serde_json::json;

/// One neuron with constant input, 500 rows, spikes in rows 69, 139, 209 ...
fn case() -> Draft {
    Draft::golden("../dynapsim/dyn_00")
}

/// Sets an element of an array of 32-bit floats to a multiple of itself.
fn scale(draft: &mut Draft, key: &str, element: usize, factor: f32) {
    let at = draft.data(key) + 4 * element;
    let bytes = &mut draft.arrays.get_mut(key).unwrap()[at..at + 4];
    let value = f32::from_le_bytes(bytes.try_into().unwrap()) * factor;
    bytes.copy_from_slice(&value.to_le_bytes());
}

/// Sets the spikes of a row of the one neuron.
fn spikes(draft: &mut Draft, row: usize, count: u8) {
    let at = draft.data("spikes") + row;
    draft.arrays.get_mut("spikes").unwrap()[at] = count;
}

fn notes(draft: &Draft) -> Vec<String> {
    match run(&[draft.write()]).cases.remove(0).result {
        CaseResult::Compared(Outcome::Pass { notes, .. }) => notes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_traces_pass() {
    assert_eq!(pass(&case()), 1500);
    for (name, values) in [("dyn_02", 24_000), ("multi_spike", 3600), ("mismatch", 4800)] {
        assert_eq!(pass(&Draft::golden(&format!("../dynapsim/{name}"))), values, "{name}");
    }
    let note = &notes(&case())[0];
    assert!(note.starts_with("largest relative error in 500 of 500 rows: imem "), "{note}");
}

#[test]
fn a_membrane_may_be_off_by_a_thousandth() {
    let mut draft = case();
    scale(&mut draft, "imem", 40, 1.0009);
    pass(&draft);
    scale(&mut draft, "imem", 40, 1.002);
    scale(&mut draft, "imem", 60, 1.5);
    let found = fail(&draft);
    assert_eq!(found.quantity, "row 40, neuron 0, imem");
    assert!(found.expected.starts_with("within 1e-3 of: row 38: imem "), "{}", found.expected);
    assert!(found.got.starts_with("off by 2.89e-3: row 38: imem "), "{}", found.got);
    // A number that is none is never within anything.
    let mut draft = case();
    scale(&mut draft, "imem", 40, 0.0);
    assert_eq!(fail(&draft).quantity, "row 40, neuron 0, imem");
}

#[test]
fn a_spike_may_move_by_one_row() {
    for (row, passes) in [(70, true), (68, true), (67, false), (71, false)] {
        let mut draft = case();
        spikes(&mut draft, 69, 0);
        spikes(&mut draft, row, 1);
        if passes {
            let first = row.min(69) as u64;
            let expected = format!("in row {first} spikes of 1 neurons moved by a step, the first of neuron 0; ");
            assert_eq!(notes(&draft)[1], expected + "later rows are not comparable");
            assert_eq!(pass(&draft), 3 * first + 2);
        } else {
            let found = fail(&draft);
            assert_eq!(found.quantity, format!("row {}, neuron 0, spikes", row.min(69)));
        }
    }
    // A spike too many, in the first row.
    let mut draft = case();
    spikes(&mut draft, 0, 1);
    let found = fail(&draft);
    assert_eq!(found.quantity, "row 0, neuron 0, spikes");
    assert!(found.expected.ends_with("1 spikes; row 1: 0") && found.got.ends_with("0 spikes; row 1: 0"));
}

#[test]
fn a_moved_spike_needs_a_membrane_at_the_threshold() {
    let mut draft = case();
    spikes(&mut draft, 69, 0);
    spikes(&mut draft, 70, 1);
    scale(&mut draft, "vmem", 69, 1.01);
    assert_eq!(fail(&draft).quantity, "row 69, neuron 0, vmem");
}

#[test]
fn damaged_cases_are_refused() {
    let check = |change: fn(&mut Draft), expected: &str| {
        let mut draft = case();
        change(&mut draft);
        let found = error(&draft);
        assert!(found.ends_with(expected), "{found}\n{expected}");
    };
    check(|d| d.set("/dt", json!(0)), "the field 'dt' is 0; it must be a number above 0");
    check(|d| d.set("/dt", json!(1e9)), "'dt': 1e9 is too large to be replayed");
    check(|d| d.set("/Iscale", json!(null)), "the field 'Iscale' is missing; it must be a number above 0");
    check(
        |d| d.set("/n", json!(2)),
        "the shape [1]; it must have [2] (a value per neuron), at most 268435456 elements",
    );
    check(|d| d.set("/n_steps", json!(-1)), "the field 'n_steps' is -1; it must be an integer from 1 to 1073741824");
    check(|d| scale(d, "Io", 0, 0.0), "`i_dark` = 0 A: core model `dpi` needs a value above 0 (at least 2^-32 pA)");
    check(
        |d| scale(d, "Igain_syn", 0, 1e4),
        "`a gain current` = 173758876.1904415975 is beyond what the core can hold, which is 16777216",
    );
    check(|d| scale(d, "C_mem", 0, 1e12), "'C_mem': 3e0 is too large to be replayed");
    check(|d| d.set("/dt", json!(1e-14)), "'dt': 1e-14 s is too short to be replayed; a step has at least 1 ns");
    check(
        |d| d.int32("refractory_steps", &[1], &[-1]),
        "the array 'refractory_steps' holds -1 at [0]; it must be from 0 to 2^30",
    );
    check(|d| d.int32("spikes", &[500, 1], &[0; 500]), "has elements of type '<i4'; it must have uint8");
    check(|d| scale(d, "w_rec", 0, f32::NAN), "element 0 is nan, which is no number that can be used");
    check(
        |d| _ = d.arrays.insert("w_rec".into(), npy("<f4", false, &[1, 1, 4], &[0; 16])),
        "the shape [1, 1, 4]; it must have [1, 1] ([pre, post]; the form with four gates is not replayed), at most \
         268435456 elements",
    );
    let mut draft = case();
    draft.arrays.remove("Vth");
    assert!(error(&draft).contains("holds no array 'Vth'"));
}

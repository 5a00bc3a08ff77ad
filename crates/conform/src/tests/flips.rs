//! A single flipped bit of any recorded trace of any case is found and named.
//!
//! The cases are those of the repository and, where it is there, of the shared folder beside it. A case is replayed
//! once; the bits are flipped in the recorded arrays, at places that proptest chooses. That a flip in a file arrives in
//! those arrays is what the last test shows.

use super::draft::Draft;
use super::fail;
use crate::{Case, Comparison, ConformError, Found, Outcome, find, replay};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::path::{Path, PathBuf};

/// Flips in each trace of a case of the repository, and of the shared folder.
const FLIPS: (u32, u32) = (24, 4);

/// The folders with cases, and how many flips a trace gets.
#[allow(clippy::print_stderr, reason = "a test that does less must say so")]
fn folders() -> Vec<(PathBuf, u32)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut out = vec![(root.join("tests/golden"), FLIPS.0)];
    let shared = root.join("../shared/golden");
    match shared.is_dir() {
        true => out.push((shared, FLIPS.1)),
        false => eprintln!("skipped: there is no folder {}", shared.display()),
    }
    out
}

fn flip_is_found(comparison: &mut Comparison, trace: usize, place: usize, bit: u32) -> Result<(), TestCaseError> {
    let one = &mut comparison.traces[trace];
    let was = one.expected[place];
    let now = was ^ (1 << bit);
    one.expected[place] = now;
    let outcome = comparison.outcome();
    let one = &mut comparison.traces[trace];
    one.expected[place] = was;
    let Outcome::Fail(found) = outcome else {
        return Err(TestCaseError::fail(format!("bit {bit} of {}[{place}] was flipped and nobody saw it", one.key)));
    };
    prop_assert_eq!((&found.key, &found.population, &found.quantity), (&one.key, &one.population, &one.quantity));
    prop_assert_eq!((found.row, found.neuron), (Some(place / one.columns), Some(place % one.columns)));
    prop_assert_eq!((&found.expected, &found.got), (&now.to_string(), &was.to_string()));
    prop_assert_eq!(found.differing, 1);
    let text = found.to_string();
    let first = format!("first difference: row {}, {}[{}]", place / one.columns, one.population, place % one.columns);
    prop_assert!(text.starts_with(&first), "{}", text);
    Ok(())
}

#[test]
fn every_trace_of_every_case() {
    let mut traces = 0;
    for (folder, flips) in folders() {
        for Found { path, .. } in find(&folder).unwrap() {
            let case = match Case::open(&path) {
                Err(ConformError::UnknownFormat { .. } | ConformError::MissingField { .. }) => continue,
                case => case.unwrap(),
            };
            let mut comparison = match replay(&case) {
                Err(ConformError::Incomplete { .. }) => continue,
                comparison => comparison.unwrap(),
            };
            assert!(matches!(comparison.outcome(), Outcome::Pass { .. }), "{}", path.display());
            for trace in 0..comparison.traces.len() {
                let (length, bits) = (comparison.traces[trace].expected.len(), comparison.traces[trace].bits);
                if length == 0 {
                    continue;
                }
                traces += 1;
                let mut runner =
                    TestRunner::new(ProptestConfig { failure_persistence: None, cases: flips, ..<_>::default() });
                let comparison = std::cell::RefCell::new(&mut comparison);
                let done = runner.run(&(0..length, 0..bits), |(place, bit)| {
                    flip_is_found(&mut comparison.borrow_mut(), trace, place, bit)
                });
                assert!(done.is_ok(), "{}: {}", path.display(), done.unwrap_err());
            }
        }
    }
    assert!(traces >= 40, "only {traces} traces");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// The same through the files.
    #[test]
    fn in_files(
        (name, key, size) in prop::sample::select(vec![
            ("loihi2_lif", "v_probe", 4), ("loihi2_lif", "spike", 1),
            ("n11_u_overflow", "b0.u", 4), ("n11_u_overflow", "b0.v", 4), ("n11_u_overflow", "b0.s", 1),
            ("b07_integrator", "p0.u", 4), ("b07_integrator", "p0.v", 4), ("b07_integrator", "p0.s", 1),
        ]),
        element in any::<prop::sample::Index>(),
        bit in 0..32usize,
    ) {
        let mut draft = Draft::golden(name);
        let element = element.index(draft.elements(key, size));
        draft.flip(key, element, size, bit % (8 * size));
        let found = fail(&draft);
        prop_assert_eq!((found.key.as_str(), found.row.unwrap() * columns(&draft) + found.neuron.unwrap()), (key, element));
        prop_assert_eq!(found.differing, 1);
    }
}

/// Neurons of the only population of a case.
fn columns(draft: &Draft) -> usize {
    let json = &draft.json;
    let n = json.get("n").or_else(|| json.pointer("/blocks/0/n")).and_then(serde_json::Value::as_u64);
    n.unwrap_or(1) as usize
}

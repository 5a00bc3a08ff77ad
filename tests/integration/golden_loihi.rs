//! The Loihi rules against what public simulators and a chip recorded: `quenched conform` on the golden cases.
//!
//! A few cases lie in `tests/golden/loihi`. The full set lies beside the workspace, in `../shared/golden`; without it
//! those tests say so and do nothing.

use conform::{Case, CaseResult, Found, Outcome, find, replay, run};
use std::path::PathBuf;

/// Folders of the full set.
const FOLDERS: [&str; 4] = ["lava", "nengo-loihi", "brian2loihi", "loihi2-chip"];

fn own() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/loihi")
}

/// A folder of the full set, if it is there.
#[allow(clippy::print_stderr, reason = "a test that does nothing must say so")]
fn shared(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden").join(folder);
    let there = path.is_dir();
    if !there {
        eprintln!("skipped: there is no folder {}", path.display());
    }
    there.then_some(path)
}

/// Every case passes, and each of them compared the registers and the spikes.
fn all_pass(folder: PathBuf) {
    let report = run(&[folder]);
    let (passed, failed, damaged, _) = report.counts();
    assert!(passed > 0 && failed + damaged == 0, "{}", report.text());
    for case in &report.cases {
        let CaseResult::Compared(Outcome::Pass { quantities, .. }) = &case.result else { continue };
        let names: Vec<_> = quantities.iter().map(|quantity| quantity.name.as_str()).collect();
        let needed: &[&str] = if case.format == "hw-trace/1" { &["v_probe", "spike"] } else { &["u", "v", "s"] };
        assert!(needed.iter().all(|name| names.contains(name)), "{}: {names:?}", case.name);
        assert!(case.values() >= 2000, "{}: only {} values", case.name, case.values());
    }
}

/// One flipped bit in any recorded trace is found and named. The comparison is what is asked here, so the flips are
/// made in memory: at the ends and at places in between, a different bit each time.
fn flips_are_found(folder: PathBuf) {
    for Found { path, .. } in find(&folder).unwrap() {
        let mut comparison = replay(&Case::open(&path).unwrap()).unwrap();
        for index in 0..comparison.traces.len() {
            let length = comparison.traces[index].expected.len();
            let places = (0..12).map(|k| length * k / 12 + k * 7 % (length / 12)).chain([length - 1]);
            for (k, place) in places.enumerate() {
                let trace = &mut comparison.traces[index];
                let bit = (k * 5 + index) as u32 % trace.bits;
                let was = trace.expected[place];
                // A trace of 8 bits is signed: flipping its highest bit changes the sign.
                let flipped = was ^ (1 << bit);
                let flipped = if trace.bits == 8 { i32::from(flipped as i8) } else { flipped };
                trace.expected[place] = flipped;
                let named = (trace.key.clone(), trace.population.clone(), trace.quantity.clone());
                let (row, neuron) = (place / trace.columns, place % trace.columns);
                let Outcome::Fail(found) = comparison.outcome() else {
                    panic!("{}: bit {bit} of {}[{place}] was flipped and nobody saw it", path.display(), named.0);
                };
                assert_eq!((found.key.clone(), found.population.clone(), found.quantity.clone()), named);
                assert_eq!((found.row, found.neuron, found.differing), (Some(row), Some(neuron), 1));
                assert_eq!((&found.expected, &found.got), (&flipped.to_string(), &was.to_string()));
                let shown = found.rows.iter().map(|before| before.row).collect::<Vec<_>>();
                assert_eq!(shown, (row.saturating_sub(2)..=row).collect::<Vec<_>>());
                comparison.traces[index].expected[place] = was;
            }
        }
        assert!(matches!(comparison.outcome(), Outcome::Pass { .. }));
    }
}

#[test]
fn own_cases_pass() {
    all_pass(own());
}

#[test]
fn own_cases_show_every_flip() {
    flips_are_found(own());
}

#[test]
fn shared_cases_pass() {
    FOLDERS.into_iter().filter_map(shared).for_each(all_pass);
}

#[test]
fn shared_cases_show_every_flip() {
    FOLDERS.into_iter().filter_map(shared).for_each(flips_are_found);
}

/// The events that explain a difference are those that moved the register: the weights that arrived at the first
/// spike of the chip add up to its current.
#[test]
fn arrivals_add_up() {
    let mut comparison = replay(&Case::open(&own().join("loihi2_lif.json")).unwrap()).unwrap();
    let spikes = comparison.traces[1].expected.iter().filter(|&&s| s == 1).count();
    let row = comparison.traces[1].expected.iter().position(|&s| s == 1).unwrap();
    comparison.traces[1].expected[row] = 0;
    let Outcome::Fail(found) = comparison.outcome() else { panic!("a spike was removed") };
    let arrived: Vec<_> = found.arrivals.iter().map(|a| (a.sent, a.payload, a.weight)).collect();
    assert_eq!((spikes, arrived), (4, vec![(row - 1, 1, 10)]));
    assert!(found.to_string().contains("input[0] sent in row"), "{found}");
}

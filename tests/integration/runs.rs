//! Runs that must agree: an emulator with its oracle, and a run that is cut, saved and resumed with the straight one.
//!
//! What runs is made by the modules that call; the rules that are compared are the oracle's.

use crate::oracles::{assert_same_counts, assert_same_state, in_oracle_words};
use crate::support::{Case, TICKS};
use conformance::Oracle;
use emulator::{Emulator, Snapshot, Spike};
use units::Tick;

/// Runs both side by side and compares spikes, states and counts at each of `ends`. Returns the spikes.
#[track_caller]
pub(crate) fn assert_equal_oracle(emulator: &mut Emulator, oracle: &mut Oracle<'_>, ends: &[u64]) -> Vec<Spike> {
    let mut spikes: Vec<Spike> = Vec::new();
    for &end in ends {
        let first = spikes.len();
        emulator.run_until(Tick(end), &mut spikes);
        assert_eq!(in_oracle_words(&spikes[first..]), oracle.run_until(end), "spikes before tick {end}");
        assert_same_state(emulator, oracle);
        assert_same_counts(emulator, oracle, true);
    }
    spikes
}

/// A run of part `part` that is cut at `at`, saved as text and resumed is the straight run; so is the one that was
/// cut and goes on.
#[track_caller]
pub(crate) fn assert_cut_changes_nothing(case: &mut Case, part: u64, at: u64) {
    let mut start = || {
        let mut emulator = case.emulator();
        emulator.set_part(part);
        (emulator, Vec::<Spike>::new())
    };
    let ((mut straight, mut all), (mut first, mut spikes)) = (start(), start());
    straight.run_until(Tick(TICKS), &mut all);
    first.run_until(Tick(at), &mut spikes);
    let snapshot: Snapshot = serde_json::from_str(&serde_json::to_string(&first.snapshot()).unwrap()).unwrap();
    let resumed = Emulator::resume(&case.spec, &case.program, &case.die, &snapshot);
    let mut second = resumed.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(second.snapshot(), snapshot, "a resumed emulator is in the state of its snapshot");
    assert_eq!(second.digest(), first.digest());
    for (emulator, spikes) in [(&mut first, &mut spikes.clone()), (&mut second, &mut spikes)] {
        emulator.run_until(Tick(TICKS), spikes);
        assert_eq!(*spikes, all);
        assert_eq!(emulator.snapshot(), straight.snapshot());
        assert_eq!(emulator.digest(), straight.digest());
    }
}

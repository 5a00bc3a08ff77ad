//! The benches, small: their networks are the same everywhere, and both sides of a ratio do the same work.

use crate::limit::Limit;
use crate::{Workload, w1, w2};
use units::Tick;

#[track_caller]
fn check_digest(workload: &Workload, ticks: u64, expected: &str) {
    let mut emulator = workload.emulator();
    emulator.run_until(Tick(ticks), &mut ());
    let counters = emulator.counters();
    let found = format!(
        "{:016x} {} spikes {} synaptic operations",
        emulator.digest(),
        counters.spikes,
        counters.synaptic_operations
    );
    assert_eq!(found, expected);
}

#[test]
fn w1_has_the_same_bits_everywhere() {
    check_digest(&w1(1), 50, "1c7c93be726eaba5 253 spikes 17004 synaptic operations");
}

#[test]
fn emulator_and_limit_do_the_same_work() {
    for (workload, steps, rate) in [(w1(1), 4000, 20.1), (w2(1), 300, 11.2)] {
        let mut emulator = workload.emulator();
        emulator.run_until(Tick(steps), &mut ());
        let mut limit = Limit::new(&workload);
        limit.run(steps);
        let of_emulator = workload.rate(emulator.counters().spikes, steps);
        let of_limit = workload.rate(limit.spikes, steps);
        assert!((of_emulator / of_limit - 1.0).abs() < 0.03, "{}: {of_emulator} and {of_limit} Hz", workload.name);
        assert!((of_emulator / rate - 1.0).abs() < 0.1, "{}: {of_emulator} Hz", workload.name);
        let fabric = emulator.fabric();
        assert!(fabric.memory_bytes() <= 6 * fabric.synapse_count(), "at most 6 bytes a synapse");
    }
}

#[test]
fn log_domain_neurons_have_the_same_bits_everywhere() {
    let mut emulator = crate::log_domain::emulator(64);
    emulator.run_until(Tick(200), &mut ());
    let counters = emulator.counters();
    let found = format!("{:016x} {} spikes {} saturations", emulator.digest(), counters.spikes, counters.saturations);
    assert_eq!(found, "f035c187ca790d18 768 spikes 0 saturations");
}

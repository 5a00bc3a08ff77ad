//! The benches, small: their networks are the same everywhere, and both sides of a ratio do the same work.

use crate::limit::Limit;
use crate::resolution::Resolution;
use crate::{Workload, w1, w2};
use chip::CoreModel;
use emulator::{Each, Spike};
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
    check_digest(&w1(1), 50, "cffbbf6308f9caf4 250 spikes 16875 synaptic operations");
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
fn w1_is_the_same_network_at_every_resolution() {
    let workload = w1(1);
    let run = |model, tick_us, synapse| {
        let resolution = Resolution { model, tick_us };
        let mut emulator = resolution.emulator(&workload, synapse);
        emulator.run_until(Tick(1000 * resolution.per_ms()), &mut ());
        (emulator.digest(), emulator.counters().spikes)
    };
    let (digest, spikes) = run(CoreModel::AnalogLif, 1, "delta");
    assert_eq!(format!("{digest:016x} {spikes} spikes"), "6074d647b4909e50 4860 spikes");
    for (model, tick_us) in [(CoreModel::AnalogLif, 1000), (CoreModel::Lif, 100), (CoreModel::Lif, 1000)] {
        let (_, other) = run(model, tick_us, "delta");
        assert!(other.abs_diff(spikes) * 10 < spikes, "{model} at {tick_us} us: {other} spikes, not {spikes}");
    }
}

/// The asynchronous core at 1 us against the exact solution, which has no ticks: a spike is up to a tick late, and a
/// late reset is carried on, and stretched by the events that follow, until a spike comes with an event.
#[test]
fn spikes_at_one_microsecond_are_the_exact_ones() {
    let mut workload = w1(1).without_recurrence();
    workload.drive.fill(units::Decimal::integer(21));
    let resolution = Resolution { model: CoreModel::AnalogLif, tick_us: 1 };
    let mut emulated: Vec<Vec<f64>> = vec![Vec::new(); workload.neurons];
    let mut record = |s: Spike| emulated[s.neuron.index()].push(s.tick.0 as f64);
    resolution.emulator(&workload, "delta").run_until(Tick(500_000), &mut Each(&mut record));
    let exact = workload.exact_spikes(500_000.0);
    let mut late = Vec::new();
    for (exact, emulated) in exact.iter().zip(&emulated) {
        assert_eq!(exact.len(), emulated.len());
        let each: Vec<f64> = exact.iter().zip(emulated).map(|(exact, emulated)| emulated - exact).collect();
        assert!((-1e-3..1.0).contains(&each[0]), "the first spike is {} us late", each[0]);
        late.extend(each.into_iter().map(f64::abs));
    }
    late.sort_by(f64::total_cmp);
    assert!(late.len() > 1000, "{} spikes", late.len());
    let most = late[late.len() * 99 / 100];
    assert!(most < 25.0, "one spike in a hundred is more than {most} us off");
}

#[test]
fn log_domain_neurons_have_the_same_bits_everywhere() {
    let mut emulator = crate::log_domain::emulator(64);
    emulator.run_until(Tick(200), &mut ());
    let counters = emulator.counters();
    let found = format!("{:016x} {} spikes {} saturations", emulator.digest(), counters.spikes, counters.saturations);
    assert_eq!(found, "f035c187ca790d18 768 spikes 0 saturations");
}

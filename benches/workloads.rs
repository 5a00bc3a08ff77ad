//! How far is the emulator from what the machine can do?
//!
//! A study runs the same reservoir on hundreds of dies, so the step of a core is where the time goes. This bench
//! decides about its data layout: it runs two networks through the whole emulator (mapper, router, queue, counters,
//! digest, per-neuron parameters) and through a plain loop over the same packed rows ([`benches::limit`], which says
//! where its arithmetic is simpler), alternating, in one process, and prints the ratio of the smallest times of each.
//! Only the ratio can be compared between machines.
//!
//! * W1: 256 neurons, fan-in 64, 16 Poisson trains, 10 s of emulated time, about 20 Hz: everything is in the first
//!   cache, and the price of a tick shows.
//! * W2: 10,000 neurons, fan-in 100, 80 % excitatory, 10 s, about 11 Hz: a million synapses stream through the second
//!   cache, and the price of a synaptic event shows.
//!
//! The networks come from a seeded generator ([`benches::w1`], [`benches::w2`]). To run the exact networks that other
//! tools were measured with, give their archives: `QUENCHED_W1=w1.npz QUENCHED_W2=w2.npz cargo bench -p benches` (the
//! arrays are listed in `load.rs`). The digest changes only if the results change; a change of speed leaves it alone.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use benches::limit::Limit;
use benches::{Workload, load, w1, w2};
use criterion::{BatchSize, Criterion, Throughput};
use std::path::Path;
use std::time::{Duration, Instant};
use units::Tick;

fn workload(name: &str, generate: fn(u64) -> Workload) -> Workload {
    match std::env::var_os(format!("QUENCHED_{name}")) {
        Some(path) => load(name, Path::new(&path)).unwrap_or_else(|e| panic!("{e}")),
        None => generate(1),
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// The time of the run that was disturbed least.
fn smallest(times: &[Duration]) -> f64 {
    times.iter().min().map_or(0.0, Duration::as_secs_f64)
}

/// Alternating runs of both; a line a tool.
fn compare(workload: &Workload, runs: usize) {
    let (steps, name) = (workload.steps, &workload.name);
    let (emulator, limit) = (workload.emulator(), Limit::new(workload));
    let (mut of_emulator, mut of_limit) = (Vec::new(), Vec::new());
    let (mut last_emulator, mut last_limit) = (emulator.clone(), limit.clone());
    for _ in 0..runs {
        last_limit = limit.clone();
        of_limit.push(timed(|| last_limit.run(steps)));
        last_emulator = emulator.clone();
        of_emulator.push(timed(|| last_emulator.run_until(Tick(steps), &mut ())));
    }
    let (t_emulator, t_limit) = (smallest(&of_emulator), smallest(&of_limit));
    let counters = last_emulator.counters();
    let line = |tool: &str, seconds: f64, spikes: u64, operations: u64, rest: &str| {
        let (rate, speed) = (workload.rate(spikes, steps), operations as f64 / seconds / 1e6);
        println!("{name} {tool:<9} {seconds:.4} s  {speed:>6.0} M synaptic events/s  {rate:>5.2} Hz  {rest}");
    };
    line("limit", t_limit, last_limit.spikes, last_limit.synaptic_operations, "");
    let rest = format!("digest {:016x}  {:.2} x limit", last_emulator.digest(), t_emulator / t_limit);
    line("emulator", t_emulator, counters.spikes, counters.synaptic_operations, &rest);
    let synapses = emulator.fabric().synapse_count();
    let bytes = emulator.fabric().memory_bytes() as f64 / synapses as f64;
    println!("{name} fabric    {synapses} synapses, {bytes:.2} bytes each");
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for (name, generate) in [("W1", w1 as fn(u64) -> Workload), ("W2", w2)] {
        let workload = workload(name, generate);
        compare(&workload, 15);
        let (emulator, limit) = (workload.emulator(), Limit::new(&workload));
        let mut probe = emulator.clone();
        probe.run_until(Tick(workload.steps), &mut ());
        let mut group = criterion.benchmark_group(name);
        group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
        group.throughput(Throughput::Elements(probe.counters().synaptic_operations));
        group.bench_function("emulator", |b| {
            b.iter_batched_ref(
                || emulator.clone(),
                |e| e.run_until(Tick(workload.steps), &mut ()),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("limit", |b| {
            b.iter_batched_ref(|| limit.clone(), |l| l.run(workload.steps), BatchSize::LargeInput);
        });
        group.finish();
    }
    criterion.final_summary();
}

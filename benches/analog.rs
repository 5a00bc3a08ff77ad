//! What does a core without a time step cost, and what does it buy?
//!
//! The asynchronous core evaluates a neuron where an event reaches it; the clocked core advances every neuron in every
//! tick. So the cost of the first should follow the events and not the length of the tick, and the error of the second
//! should follow the tick. This bench decides whether both hold:
//!
//! * *Cost.* W1 (256 neurons, fan-in 64, about 20 Hz, 10 s) with delta synapses and with exponential ones, through the
//!   whole emulator, on `analog-lif` at ticks of 1 us and 1 ms and on `lif` at 0.1 ms and 1 ms. The goal for the first
//!   is 10 million synaptic events a second at 1 us, and at most 1.5 times the time of the tick of 1 ms. Events that
//!   share a tick of 1 ms reach a neuron together and ask for one update of it where there are several at 1 us; so the
//!   updates are printed too, and what one of them takes. A second in which nothing happens is timed apart.
//! * *Error.* The same neurons without their recurrent connections, so that no error travels, and driven over
//!   threshold, against the spike times of the exact solution in double precision: the distance of each exact spike
//!   from the nearest emulated one.
//!
//! The digest changes only if the results change. Times are the smallest of alternating runs; compare their ratios.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use benches::resolution::Resolution;
use benches::{Workload, w1};
use chip::CoreModel;
use emulator::{Each, Emulator, Spike};
use std::time::{Duration, Instant};
use units::Tick;

const RESOLUTIONS: [Resolution; 4] = [
    Resolution { model: CoreModel::AnalogLif, tick_us: 1 },
    Resolution { model: CoreModel::AnalogLif, tick_us: 1000 },
    Resolution { model: CoreModel::Lif, tick_us: 100 },
    Resolution { model: CoreModel::Lif, tick_us: 1000 },
];

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn name(resolution: Resolution) -> String {
    format!("{:<10} {:>4} us", resolution.model, resolution.tick_us)
}

/// Alternating runs at every resolution; a line each.
fn cost(workload: &Workload, synapse: &str, runs: usize) {
    let end = |r: Resolution| Tick(workload.steps * r.per_ms());
    let start: Vec<Emulator> = RESOLUTIONS.iter().map(|r| r.emulator(workload, synapse)).collect();
    let (mut last, mut best) = (start.clone(), [f64::MAX; RESOLUTIONS.len()]);
    for _ in 0..runs {
        for (i, resolution) in RESOLUTIONS.iter().enumerate() {
            last[i] = start[i].clone();
            best[i] = best[i].min(timed(|| last[i].run_until(end(*resolution), &mut ())).as_secs_f64());
        }
    }
    for (i, resolution) in RESOLUTIONS.iter().enumerate() {
        let counters = last[i].counters();
        let (rate, operations) = (workload.rate(counters.spikes, workload.steps), counters.synaptic_operations);
        println!(
            "{} {synapse:<5} {}  {:.4} s  {:>5.1} M synaptic events/s  {:.2} M updates of {:>4.1} ns  {rate:>5.2} Hz  \
             digest {:016x}",
            workload.name,
            name(*resolution),
            best[i],
            operations as f64 / best[i] / 1e6,
            counters.neuron_updates as f64 / 1e6,
            best[i] * 1e9 / counters.neuron_updates as f64,
            last[i].digest(),
        );
    }
    println!("{} {synapse:<5} 1 us takes {:.2} x the time of 1 ms", workload.name, best[0] / best[1]);
}

/// A second without events after a run, at a tick of 1 us, on neurons that do not drive themselves over threshold.
fn idle(workload: &Workload) {
    let mut quiet = workload.clone();
    quiet.drive.fill(units::Decimal::integer(10));
    quiet.events.retain(|(step, _)| *step < 1000);
    let mut emulator = RESOLUTIONS[0].emulator(&quiet, "delta");
    emulator.run_until(Tick(2_000_000), &mut ());
    let before = emulator.counters().neuron_updates;
    let time = timed(|| emulator.run_until(Tick(3_000_000), &mut ()));
    let updates = emulator.counters().neuron_updates - before;
    println!("an idle second at 1 us: {:.1} us, {updates} neuron updates", time.as_secs_f64() * 1e6);
}

/// Distances of exact spikes from the emulated ones, and how many of each there are.
fn error(workload: &Workload) {
    let exact = workload.exact_spikes(workload.steps as f64 * 1e3);
    let of_exact: usize = exact.iter().map(Vec::len).sum();
    for resolution in RESOLUTIONS {
        let mut emulated: Vec<Vec<f64>> = vec![Vec::new(); workload.neurons];
        let mut record = |s: Spike| emulated[s.neuron.index()].push((s.tick.0 * resolution.tick_us) as f64);
        let mut emulator = resolution.emulator(workload, "delta");
        emulator.run_until(Tick(workload.steps * resolution.per_ms()), &mut Each(&mut record));
        let mut distances = Vec::new();
        for (exact, emulated) in exact.iter().zip(&emulated) {
            distances.extend(exact.iter().map(|t| {
                let near = emulated.partition_point(|e| e < t);
                let around = emulated[near.saturating_sub(1)..].iter().take(2);
                around.map(|e| (e - t).abs()).fold(f64::INFINITY, f64::min)
            }));
        }
        distances.sort_by(f64::total_cmp);
        let (count, within) = (distances.len(), distances.partition_point(|d| *d <= resolution.tick_us as f64));
        println!(
            "{} {}  {of_exact} exact spikes, {} emulated; distance: median {:.1} us, 99 % below {:.1} us, within a \
             tick {:.3} %",
            workload.name,
            name(resolution),
            emulated.iter().map(Vec::len).sum::<usize>(),
            distances[count / 2],
            distances[count * 99 / 100],
            100.0 * within as f64 / count as f64,
        );
    }
}

fn main() {
    let workload = w1(1);
    for synapse in ["delta", "fast"] {
        cost(&workload, synapse, 7);
    }
    idle(&workload);
    // A level above threshold, so that most crossings lie between events.
    let mut driven = workload.without_recurrence();
    driven.drive.fill(units::Decimal::integer(21));
    error(&driven);
}

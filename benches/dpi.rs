//! Are 1024 log-domain neurons faster than the silicon?
//!
//! 1024 neurons of the circuits of `dynapse2` in one core, combined synapses, fan-in 32, about 60 Hz, mismatch of 10 %,
//! for 1 s in steps of 1 ms, through the whole emulator on one thread. The promise is real time: less than a second.
//! Printed are the seconds of the least disturbed run, the rate, and a digest that changes only if the results do.
//!
//! # The maker's simulator beside it
//! Rockpool 3.1.0 (DynapSim, JAX on a CPU, 32-bit floats) took 7.9 to 9.1 s for the same size, fan-in, rate and step
//! after its compilation, which took as long again, on two shared server cores. It multiplies a dense matrix in each
//! step.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use benches::log_domain::emulator;
use std::time::{Duration, Instant};
use units::Tick;

const NEURONS: u32 = 1024;
const STEPS: u64 = 1000;

fn main() {
    let (mut best, mut line) = (Duration::MAX, String::new());
    for _ in 0..5 {
        let mut emulator = emulator(NEURONS);
        let start = Instant::now();
        emulator.run_until(Tick(STEPS), &mut ());
        best = best.min(start.elapsed());
        let counters = emulator.counters();
        let rate = counters.spikes as f64 / f64::from(NEURONS) / (STEPS as f64 * 1e-3);
        line = format!(
            "{rate:.1} Hz  {} synaptic operations  {} saturations  digest {:016x}",
            counters.synaptic_operations,
            counters.saturations,
            emulator.digest()
        );
    }
    let seconds = best.as_secs_f64();
    println!("dpi, {NEURONS} neurons, 1 s: {seconds:.3} s, {:.1} x real time  {line}", 1.0 / seconds);
}

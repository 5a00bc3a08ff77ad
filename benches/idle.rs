//! What does time cost in which little happens?
//!
//! Asynchronous cores need ticks of 1 us and less, so almost all ticks are empty, delays are thousands of ticks, and
//! on a board of hundreds of cores nearly all are asleep. This bench decides about the queue (a ring with a bitmap of
//! its occupied buckets, a tree beyond it) and about how the next core to wake is found (minima of groups of cores).
//! Three lines, each with the digest of its run:
//!
//! * `idle`: 104 cores of 1000 neurons that sleep, a million steps of 1000 ticks, each asked for by itself;
//! * `sparse`: the same board, on which one neuron is woken in every 100th step, and another one 65.5 ms later;
//! * `busy`: W1 ([`benches::w1`]), whose only core is awake in every tick, so that the queue's own price shows.
//!
//! Nothing here can be compared between machines but the digests.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use benches::{Workload, w1};
use chip::{ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, Routing, Source, Values};
use device_models::DieParameters;
use emulator::Emulator;
use std::time::Instant;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

const STEP: u64 = 1000;
const STEPS: u64 = 1_000_000;

fn quantity(text: &str) -> units::Quantity {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The ideal chip with ticks of 1 us and steps of 1 ms.
fn fine_chip() -> ChipSpec {
    let mut spec = Workload::chip();
    let step = spec.tick.clone();
    spec.tick.quantity = quantity("1 us");
    spec.step = Some(step);
    spec
}

/// 104 cores of 1000 neurons without drive. Channel 0 reaches a neuron of core 70, and that one a neuron of core 103
/// after the longest delay.
fn board(spec: &ChipSpec) -> Program {
    let drive = [("drive".to_owned(), Values::Shared(quantity("0 mV")))];
    let core = |n| CoreProgram {
        address: CoreAddress::new(0, n),
        model: CoreModel::Lif,
        neuron_count: 1000,
        parameters: drive.clone().into(),
        weight_exponent: 14,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let row = |source, core, delay_ticks| IdealRow {
        source,
        destination: CoreAddress::new(0, core),
        delay_ticks,
        synapses: vec![IdealSynapse { neuron: NeuronId(7), synapse: 0, weight: 4000 }],
    };
    let middle = NeuronAddress { core: CoreAddress::new(0, 70), neuron: NeuronId(7) };
    let rows = vec![row(Source::Input(InputId(0)), 70, 1), row(Source::Neuron(middle), 103, u16::MAX)];
    Program {
        chip: spec.name.clone(),
        clock: None,
        cores: (0..104).map(core).collect(),
        input_count: 1,
        routing: Routing::Ideal(rows),
    }
}

/// Runs `emulator` step by step, with an event in every `every`th step, and prints a line.
fn measure(name: &str, mut emulator: Emulator, steps: u64, step: u64, every: Option<u64>) {
    let start = Instant::now();
    for n in 0..steps {
        if every.is_some_and(|every| n.is_multiple_of(every)) {
            emulator.send(InputId(0), Tick(n * step + 1), 2).unwrap_or_else(|e| panic!("{e}"));
        }
        emulator.run_until(Tick((n + 1) * step), &mut ());
    }
    let (seconds, counters) = (start.elapsed().as_secs_f64(), emulator.counters());
    println!(
        "{name:<7} {seconds:.4} s  {:>6.0} ns a step  {} spikes  {} neuron updates  digest {:016x}",
        seconds / steps as f64 * 1e9,
        counters.spikes,
        counters.neuron_updates,
        emulator.digest()
    );
}

fn main() {
    let spec = fine_chip();
    let program = board(&spec);
    let emulator = Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap_or_else(|e| panic!("{e}"));
    measure("idle", emulator.clone(), STEPS, STEP, None);
    measure("sparse", emulator, STEPS, STEP, Some(100));
    let w1 = w1(1);
    measure("busy", w1.emulator(), w1.steps, 1, None);
}

//! Does a step of a Xylo core cost what happens in it, or what the network could do?
//!
//! A digital chip has a time step, and it is tempting to pay for every synapse list and every neuron in each of them.
//! This bench holds Xylo on the kernel to three promises:
//!
//! * `quiet`: 16 channels, 1000 hidden neurons with fan-out 64, 8 outputs; the input is active, no hidden neuron
//!   spikes. Under 5 us a step. Once with each channel active in 1 % of the steps (then most of the time goes to
//!   decaying states), once with every channel in every step.
//! * `dense`: 16-1000-8, every synapse there, about 1 % of the hidden neurons and of the channels active. Under 100 us
//!   a step.
//! * `idle`: 32,768 neurons with fan-out 64 and no input. A million ticks, each of them processed by itself, in well
//!   under a second: a chip that is asleep must not cost what its size is.
//!
//! The network runs as two cores of the emulator, with routing, counters and the queue of spikes.
//!
//! Printed are microseconds a step (each part of the run as it was when it was least disturbed), the spikes, and a
//! digest of all spikes and of the final state. The digest changes only if the results change.
//!
//! # The maker's simulator beside it
//! xylosim 0.1.3 (`pip install xylosim`, a C++ core with a Python module) steps the same rules. To time it on the same
//! machine: build `XyloSynapse(post, current, weight)` lists by source for the three matrices and keep references to
//! all of them as long as the layer lives (it holds bare pointers); construct `xylosim.v2.XyloLayer(...)`; make the
//! input as a list of rows of 16 counts; call `layer.evolve(rows)` once to warm up; then take the time of one more
//! `evolve` over 1000 rows and divide by 1000. Do not read the records inside the timed part: copying those of 1000
//! neurons to arrays costs another 0.3 ms a step. On two shared server cores it was measured at 207 to 266 us a step
//! for 16-1000-8 with fan-out 64 and no hidden spike, and at 761 us for the dense network; it copies every synapse list
//! in each step.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, RouterSpec, Routing, Source, Values,
    XYLO_HIDDEN, XYLO_OUTPUT, XyloShifts,
};
use criterion::{BatchSize, Criterion, Throughput};
use device_models::{CoreState, DieParameters, Digest};
use emulator::{Each, Emulator, Spike};
use std::time::{Duration, Instant};
use units::{ChipId, CoreAddress, CoreId, Decimal, InputId, NeuronAddress, NeuronId, Quantity, Tick, Unit};

/// Steps in all: half of them bring the network to its usual activity, half are counted.
const STEPS: usize = 2000;
/// Steps that are timed at once: few enough to be done, sooner or later, without being disturbed.
const TIMED: usize = 100;

/// A number from 0 up to `end` that depends on its key alone.
fn draw(key: [u64; 3], end: u64) -> u64 {
    let mut digest = Digest::new();
    for word in key {
        digest.push(word);
    }
    (digest.value() >> 16) % end
}

/// Hidden neurons of a network, and what reaches them.
#[derive(Clone, Copy)]
struct Network {
    hidden: u32,
    /// Synapses of a hidden neuron.
    fan_out: u32,
    /// Synapses of an input channel.
    input_fan_out: u32,
    /// A constant input brings hidden neurons to their threshold about every 100 steps; without it, never.
    biased: bool,
}

const INPUTS: u32 = 16;
const OUTPUTS: u32 = 8;

const fn address(core: CoreId) -> CoreAddress {
    CoreAddress { chip: ChipId(0), core }
}

/// `fan_out` synapses from each of `pre` sources to `post` neurons, onto both of their currents; every one if
/// `fan_out` is `post`.
fn rows(
    purpose: u64,
    (pre, source): (u32, &dyn Fn(u32) -> Source),
    (post, destination): (u32, CoreId),
    fan_out: u32,
    (currents, weights): (u64, u64),
) -> Vec<IdealRow> {
    let synapse = |pre: u32, at: u32| {
        let key = u64::from(pre) << 32 | u64::from(at);
        IdealSynapse {
            neuron: NeuronId(if fan_out == post { at } else { draw([purpose, 0, key], post.into()) as u32 } as u16),
            synapse: draw([purpose, 1, key], currents) as u8,
            weight: (draw([purpose, 2, key], 2 * weights + 1) as i64 - weights as i64) as i16,
        }
    };
    let row = |pre| IdealRow {
        source: source(pre),
        destination: address(destination),
        delay_ticks: 1,
        synapses: (0..fan_out).map(|at| synapse(pre, at)).collect(),
    };
    (0..pre).map(row).collect()
}

/// A chip with room for the networks of this bench: XyloAudio 2 with any fan-out and fan-in.
fn chip(network: Network) -> ChipSpec {
    let mut spec = formats::chip::shipped("xylo-audio2").unwrap_or_else(|e| panic!("{e}"));
    let count = |count: u32| Quantity::new(Decimal::integer(count.into()), Unit::ONE);
    spec.geometry.neurons_per_core.quantity = count(network.hidden);
    if let RouterSpec::Xylo(router) = &mut spec.router {
        router.hidden_fan_out.quantity = count(1 << 17);
        router.hidden_fan_in = None;
    }
    spec
}

fn program(network: Network) -> Program {
    let Network { hidden, fan_out, input_fan_out, biased } = network;
    let number = |value: i64| Quantity::new(Decimal::integer(value), Unit::ONE);
    let core = |core, neuron_count, parameters: &[(&str, i64)]| CoreProgram {
        address: address(core),
        model: CoreModel::Xylo,
        neuron_count,
        parameters: parameters.iter().map(|&(name, v)| (name.to_owned(), Values::Shared(number(v)))).collect(),
        weight_exponent: 20,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let threshold = if biased { 1500 } else { i16::MAX.into() };
    let of_hidden = [("dash_mem", 6), ("dash_syn", 2), ("dash_syn2", 3), ("threshold", threshold)];
    let mut layer = core(XYLO_HIDDEN, hidden, &of_hidden);
    if biased {
        let bias = (0..hidden).map(|n| number(26 + draw([0, 0, n.into()], 8) as i64));
        layer.parameters.insert("bias".to_owned(), Values::PerNeuron(bias.collect()));
    }
    let input = |n| Source::Input(InputId(n));
    let neuron = |n| {
        let (core, neuron) = (address(XYLO_HIDDEN), NeuronId(n as u16));
        Source::Neuron(NeuronAddress { core, neuron })
    };
    let all = [
        rows(1, (INPUTS, &input), (hidden, XYLO_HIDDEN), input_fan_out, (2, 20)),
        rows(2, (hidden, &neuron), (hidden, XYLO_HIDDEN), fan_out, (2, 4)),
        rows(3, (hidden, &neuron), (OUTPUTS, XYLO_OUTPUT), OUTPUTS, (1, 60)),
    ];
    Program {
        chip: "xylo-audio2".to_owned(),
        clock: None,
        cores: vec![layer, core(XYLO_OUTPUT, OUTPUTS, &[("dash_mem", 5), ("dash_syn", 2), ("threshold", 500)])],
        input_count: INPUTS,
        routing: Routing::Xylo { rows: all.concat(), shifts: XyloShifts::default(), aliases: Vec::new() },
    }
}

fn emulator(network: Network) -> Emulator {
    let die = DieParameters::nominal();
    Emulator::new(&chip(network), &program(network), &die).unwrap_or_else(|e| panic!("{e}"))
}

/// The channels that spike in each step, each with a chance of `per_mille`.
fn input(per_mille: u64) -> Vec<Vec<InputId>> {
    let active = |step: u32, channel: u32| draw([4, step.into(), channel.into()], 1000) < per_mille;
    let row = |step| (0..INPUTS).filter(|&channel| active(step, channel)).map(InputId).collect();
    (0..STEPS as u32).map(row).collect()
}

fn send(emulator: &mut Emulator, rows: &[Vec<InputId>]) {
    let from = emulator.now();
    for (step, row) in rows.iter().enumerate() {
        for &input in row {
            emulator.send(input, from.after(step as u64), 1).expect("a channel of this chip");
        }
    }
}

/// Runs the rows; hidden and output spikes, and a digest over all of them and the final state.
fn run(emulator: &mut Emulator, rows: &[Vec<InputId>]) -> ([u64; 2], u64) {
    send(emulator, rows);
    let (mut totals, mut digest) = ([0; 2], Digest::new());
    for _ in rows {
        let mut spikes: Vec<Spike> = Vec::new();
        let end = emulator.now().after(1);
        emulator.run_until(end, &mut spikes);
        for (core, total) in totals.iter_mut().enumerate() {
            for s in spikes.iter().filter(|s| s.core == core) {
                digest.push(u64::from(s.neuron.0) << 8 | u64::from(s.value.unsigned_abs()));
                *total += u64::from(s.value.unsigned_abs());
            }
            digest.push(u64::MAX);
        }
    }
    (totals, with_state(digest, emulator))
}

fn with_state(mut digest: Digest, emulator: &Emulator) -> u64 {
    for core in 0..2 {
        let CoreState::Xylo(layer) = emulator.core(core).save() else { panic!("a Xylo chip") };
        layer.i_syn.into_iter().chain(layer.v_mem).for_each(|x| digest.push(x as u64));
    }
    digest.value()
}

/// The time of the least disturbed of `runs` runs.
fn smallest(runs: usize, mut run: impl FnMut() -> Duration) -> f64 {
    (0..runs).map(|_| run()).min().unwrap_or_default().as_secs_f64()
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn stepped(criterion: &mut Criterion, name: &str, network: Network, per_mille: u64, goal: f64) {
    let mut start = emulator(network);
    let all = input(per_mille);
    let (warm_up, rows) = all.split_at(STEPS / 2);
    send(&mut start, warm_up);
    start.run_until(Tick(warm_up.len() as u64), &mut ());
    let ([hidden, output], digest) = run(&mut start.clone(), rows);
    let through = |emulator: &mut Emulator, rows: &[Vec<InputId>]| {
        send(emulator, rows);
        let end = emulator.now().after(rows.len() as u64);
        emulator.run_until(end, &mut Each(|_| ()));
    };
    let (mut time, mut before) = (0.0, start.clone());
    for rows in rows.chunks(TIMED) {
        let mut after = before.clone();
        time += smallest(20, || {
            after = before.clone();
            timed(|| through(&mut after, rows))
        });
        before = after;
    }
    let (steps, synapses) = (rows.len(), start.fabric().synapse_count());
    let time = time * 1e6 / steps as f64;
    println!("{name:<12} {time:>8.3} us a step (goal {goal})  {synapses} synapses  digest {digest:016x}");
    println!("{:<12} {hidden} hidden and {output} output spikes in {steps} steps", "");
    let mut group = criterion.benchmark_group("xylo");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(steps as u64));
    group.bench_function(name, |b| {
        b.iter_batched_ref(|| start.clone(), |emulator| through(emulator, rows), BatchSize::LargeInput);
    });
    group.finish();
}

fn idle(network: Network) {
    const IDLE_TICKS: u64 = 1_000_000;
    let mut emulator = emulator(network);
    let seconds = smallest(5, || {
        timed(|| {
            for _ in 0..IDLE_TICKS {
                let end = emulator.now().after(1);
                emulator.run_until(end, &mut Each(|s| panic!("{s:?}")));
            }
        })
    });
    let digest = with_state(Digest::new(), &emulator);
    let time = seconds * 1e6 / IDLE_TICKS as f64;
    println!("idle         {time:>8.3} us a step, {seconds:.3} s a million  digest {digest:016x}");
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let quiet = Network { hidden: 1000, fan_out: 64, input_fan_out: 64, biased: false };
    stepped(&mut criterion, "quiet, 1 %", quiet, 10, 5.0);
    stepped(&mut criterion, "quiet, 100 %", quiet, 1000, 5.0);
    let dense = Network { fan_out: 1000, input_fan_out: 1000, biased: true, ..quiet };
    stepped(&mut criterion, "dense", dense, 10, 100.0);
    idle(Network { hidden: 1 << 15, ..quiet });
    criterion.final_summary();
}

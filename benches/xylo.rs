//! Does a step of a Xylo core cost what happens in it, or what the network could do?
//!
//! A digital chip has a time step, and it is tempting to pay for every synapse list and every neuron in each of them.
//! This bench holds the core (`device_models::xylo`) to three promises:
//!
//! * `quiet`: 16 channels, 1000 hidden neurons with fan-out 64, 8 outputs; the input is active, no hidden neuron
//!   spikes. Under 5 us a step. Once with each channel active in 1 % of the steps (then most of the time goes to
//!   decaying states), once with every channel in every step.
//! * `dense`: 16-1000-8, every synapse there, about 1 % of the hidden neurons and of the channels active. Under 100 us
//!   a step.
//! * `idle`: 100,000 neurons with fan-out 64 and no input. A million steps in well under a second: stepping a core that
//!   is asleep must not depend on its size.
//!
//! `quiet` and `dense` are timed twice: as the core that steps by itself, and (`kernel`) as two cores of the emulator,
//! with routing, counters and the queue of spikes. Both must give the same digest, or the bench stops.
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
use criterion::{Criterion, Throughput};
use device_models::xylo::{
    XyloCore, XyloHidden, XyloLayerState, XyloMatrix, XyloOutput, XyloParameters, XyloRules, XyloSpikes, XyloSynapse,
};
use device_models::{CoreState, DieParameters, Digest};
use emulator::{Each, Emulator, Spike};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use units::{ChipId, CoreAddress, Decimal, InputId, NeuronAddress, NeuronId, Quantity, Tick, Unit};

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

/// `fan_out` synapses from each of `pre` sources to `post` neurons, onto both of their currents; every one if
/// `fan_out` is `post`.
fn matrix(purpose: u64, pre: u32, post: u32, fan_out: u32, currents: u64, weights: u64) -> XyloMatrix {
    let synapse = |pre: u32, at: u32| {
        let key = u64::from(pre) << 32 | u64::from(at);
        XyloSynapse {
            pre,
            post: if fan_out == post { at } else { draw([purpose, 0, key], post.into()) as u32 },
            current: draw([purpose, 1, key], currents) as u8,
            weight: (draw([purpose, 2, key], 2 * weights + 1) as i64 - weights as i64) as i8,
        }
    };
    XyloMatrix { shift: 0, synapses: (0..pre).flat_map(|pre| (0..fan_out).map(move |at| synapse(pre, at))).collect() }
}

/// Hidden neurons that a constant input brings to their threshold about every 100 steps; never, without `biased`.
fn network(hidden: u32, fan_out: u32, input_fan_out: u32, biased: bool) -> XyloParameters {
    let threshold = if biased { 1500 } else { i16::MAX };
    let neuron = |n: u32| XyloHidden {
        dash_mem: 6,
        dash_syn: [2, 3],
        threshold,
        bias: if biased { 26 + draw([0, 0, n.into()], 8) as i16 } else { 0 },
        aliases: Vec::new(),
    };
    let output = XyloOutput { dash_mem: 5, dash_syn: 2, threshold: 500, bias: 0 };
    XyloParameters {
        rules: XyloRules::V2,
        input_count: 16,
        currents: 2,
        has_bias: biased,
        hidden: (0..hidden).map(neuron).collect(),
        output: vec![output; 8],
        input_weights: matrix(1, 16, hidden, input_fan_out, 2, 20),
        recurrent_weights: matrix(2, hidden, hidden, fan_out, 2, 4),
        output_weights: matrix(3, hidden, 8, 8, 1, 60),
    }
}

/// Each channel spikes once with a chance of `per_mille` in a step.
fn input(per_mille: u64) -> Vec<Vec<XyloSpikes>> {
    let active = |step: u32, channel: u32| draw([4, step.into(), channel.into()], 1000) < per_mille;
    (0..STEPS as u32)
        .map(|step| {
            (0..16).filter(|&channel| active(step, channel)).map(|source| XyloSpikes { source, count: 1 }).collect()
        })
        .collect()
}

/// Spikes of hidden and of output neurons, and a digest over all of them.
fn run(core: &mut XyloCore, input: &[Vec<XyloSpikes>]) -> (u64, u64, Digest) {
    let (mut hidden, mut output, mut digest) = (0, 0, Digest::new());
    for row in input {
        let step = core.step(row).expect("sorted channels of this core");
        for (spikes, total) in [(step.hidden, &mut hidden), (step.output, &mut output)] {
            for s in spikes {
                digest.push(u64::from(s.source) << 8 | u64::from(s.count));
                *total += u64::from(s.count);
            }
            digest.push(u64::MAX);
        }
    }
    (hidden, output, digest)
}

fn with_state(mut digest: Digest, core: &XyloCore) -> u64 {
    let state = core.save();
    for list in [&state.i_syn, &state.v_mem, &state.i_syn_out, &state.v_mem_out] {
        list.iter().for_each(|&x| digest.push(x as u64));
    }
    digest.value()
}

/// A chip with room for the networks of this bench: XyloAudio 2 with any fan-out and fan-in.
fn chip() -> ChipSpec {
    let mut spec = formats::chip::shipped("xylo-audio2").unwrap_or_else(|e| panic!("{e}"));
    if let RouterSpec::Xylo(router) = &mut spec.router {
        router.hidden_fan_out.quantity = Quantity::new(Decimal::integer(1 << 17), Unit::ONE);
        router.hidden_fan_in = None;
    }
    spec
}

/// The same network as a program.
fn program(p: &XyloParameters) -> Program {
    let address = |core| CoreAddress { chip: ChipId(0), core };
    let values = |all: &mut dyn Iterator<Item = i64>| {
        Values::PerNeuron(all.map(|v| Quantity::new(Decimal::integer(v), Unit::ONE)).collect())
    };
    let core = |core, count: usize, parameters: Vec<(&str, Values)>| CoreProgram {
        address: address(core),
        model: CoreModel::Xylo,
        neuron_count: count as u32,
        parameters: parameters.into_iter().map(|(name, v)| (name.to_owned(), v)).collect(),
        weight_exponent: 20,
    };
    let hidden = vec![
        ("dash_mem", values(&mut p.hidden.iter().map(|n| n.dash_mem.into()))),
        ("dash_syn", values(&mut p.hidden.iter().map(|n| n.dash_syn[0].into()))),
        ("dash_syn2", values(&mut p.hidden.iter().map(|n| n.dash_syn[1].into()))),
        ("threshold", values(&mut p.hidden.iter().map(|n| n.threshold.into()))),
        ("bias", values(&mut p.hidden.iter().map(|n| n.bias.into()))),
    ];
    let output = vec![
        ("dash_mem", values(&mut p.output.iter().map(|n| n.dash_mem.into()))),
        ("dash_syn", values(&mut p.output.iter().map(|n| n.dash_syn.into()))),
        ("threshold", values(&mut p.output.iter().map(|n| n.threshold.into()))),
    ];
    let rows = |matrix: &XyloMatrix, source: &dyn Fn(u32) -> Source, destination| {
        let mut rows: BTreeMap<u32, Vec<IdealSynapse>> = BTreeMap::new();
        for s in &matrix.synapses {
            let (neuron, weight) = (NeuronId(s.post as u16), s.weight.into());
            rows.entry(s.pre).or_default().push(IdealSynapse { neuron, synapse: s.current, weight });
        }
        let row = |(pre, synapses)| IdealRow { source: source(pre), destination, delay_ticks: 1, synapses };
        rows.into_iter().map(row).collect::<Vec<_>>()
    };
    let neuron = |n: u32| Source::Neuron(NeuronAddress { core: address(XYLO_HIDDEN), neuron: NeuronId(n as u16) });
    let all = [
        rows(&p.input_weights, &|n| Source::Input(InputId(n)), address(XYLO_HIDDEN)),
        rows(&p.recurrent_weights, &neuron, address(XYLO_HIDDEN)),
        rows(&p.output_weights, &neuron, address(XYLO_OUTPUT)),
    ];
    Program {
        chip: "xylo-audio2".to_owned(),
        cores: vec![core(XYLO_HIDDEN, p.hidden.len(), hidden), core(XYLO_OUTPUT, p.output.len(), output)],
        input_count: p.input_count as u32,
        routing: Routing::Xylo { rows: all.concat(), shifts: XyloShifts::default(), aliases: Vec::new() },
    }
}

fn send(emulator: &mut Emulator, rows: &[Vec<XyloSpikes>]) {
    let from = emulator.now();
    for (step, row) in rows.iter().enumerate() {
        for s in row {
            let (input, tick) = (InputId(s.source), from.after(step as u64));
            emulator.send(input, tick, s.count as i32).expect("a channel of this chip");
        }
    }
}

/// The digest of [`run`] and [`with_state`] of the last half of `input`, and the emulator before that half.
fn kernel_digest(p: &XyloParameters, input: &[Vec<XyloSpikes>]) -> (u64, Emulator) {
    let (warm_up, rows) = input.split_at(STEPS / 2);
    let mut emulator = Emulator::new(&chip(), &program(p), &DieParameters::nominal()).unwrap_or_else(|e| panic!("{e}"));
    send(&mut emulator, warm_up);
    emulator.run_until(Tick(warm_up.len() as u64), &mut ());
    let start = emulator.clone();
    send(&mut emulator, rows);
    let mut digest = Digest::new();
    for _ in rows {
        let mut spikes: Vec<Spike> = Vec::new();
        let end = emulator.now().after(1);
        emulator.run_until(end, &mut spikes);
        for core in 0..2 {
            for s in spikes.iter().filter(|s| s.core == core) {
                digest.push(u64::from(s.neuron.0) << 8 | u64::from(s.value.unsigned_abs()));
            }
            digest.push(u64::MAX);
        }
    }
    for core in 0..2 {
        let CoreState::Xylo(XyloLayerState { i_syn, v_mem }) = emulator.core(core).save() else {
            panic!("a Xylo chip")
        };
        i_syn.into_iter().chain(v_mem).for_each(|x| digest.push(x as u64));
    }
    (digest.value(), start)
}

/// Microseconds a step through the emulator, sending the events included.
fn kernel_time(mut emulator: Emulator, rows: &[Vec<XyloSpikes>]) -> f64 {
    let mut time = 0.0;
    for rows in rows.chunks(TIMED) {
        let mut after = emulator.clone();
        time += smallest(20, || {
            after = emulator.clone();
            timed(|| {
                send(&mut after, rows);
                let end = after.now().after(rows.len() as u64);
                after.run_until(end, &mut Each(|_| ()));
            })
        });
        emulator = after;
    }
    time * 1e6 / rows.len() as f64
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

fn stepped(criterion: &mut Criterion, name: &str, parameters: &XyloParameters, per_mille: u64, goal: f64) {
    let mut core = XyloCore::new(parameters).expect("a network within the limits");
    let all = input(per_mille);
    let (warm_up, rows) = all.split_at(STEPS / 2);
    run(&mut core, warm_up);
    let start = core.save();
    let (hidden, output, digest) = run(&mut core, rows);
    let digest = with_state(digest, &core);
    let restored = |core: &mut XyloCore| core.restore(&start).expect("a state of this core");
    restored(&mut core);
    let mut time = 0.0;
    for rows in rows.chunks(TIMED) {
        let before = core.save();
        time += smallest(20, || {
            core.restore(&before).expect("a state of this core");
            timed(|| _ = run(&mut core, rows))
        });
    }
    let time = time * 1e6 / rows.len() as f64;
    let synapses = parameters.input_weights.synapses.len()
        + parameters.recurrent_weights.synapses.len()
        + parameters.output_weights.synapses.len();
    let steps = rows.len();
    println!("{name:<12} {time:>8.3} us a step (goal {goal})  {synapses} synapses  digest {digest:016x}");
    println!("{:<12} {hidden} hidden and {output} output spikes in {steps} steps", "");
    let (through_kernel, resting) = kernel_digest(parameters, &all);
    assert_eq!(through_kernel, digest, "the emulator and the core by itself must agree");
    println!("{:<12} {:>8.3} us a step through the kernel, the same digest", "", kernel_time(resting, rows));
    let mut group = criterion.benchmark_group("xylo");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(steps as u64));
    group.bench_function(name, |b| {
        b.iter(|| {
            restored(&mut core);
            run(&mut core, rows)
        });
    });
    group.finish();
}

fn idle(parameters: &XyloParameters) {
    const IDLE_STEPS: u32 = 1_000_000;
    let mut core = XyloCore::new(parameters).expect("a network within the limits");
    let seconds = smallest(5, || {
        timed(|| {
            for _ in 0..IDLE_STEPS {
                let step = core.step(&[]).expect("no input is always right");
                assert!(step.hidden.is_empty() && step.output.is_empty());
            }
        })
    });
    let digest = with_state(Digest::new(), &core);
    let (hidden, time) = (core.hidden_count(), seconds * 1e6 / f64::from(IDLE_STEPS));
    println!("idle         {time:>8.3} us a step, {seconds:.3} s a million  {hidden} neurons  digest {digest:016x}");
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let quiet = network(1000, 64, 64, false);
    stepped(&mut criterion, "quiet, 1 %", &quiet, 10, 5.0);
    stepped(&mut criterion, "quiet, 100 %", &quiet, 1000, 5.0);
    stepped(&mut criterion, "dense", &network(1000, 1000, 1000, true), 10, 100.0);
    idle(&network(100_000, 64, 64, false));
    criterion.final_summary();
}

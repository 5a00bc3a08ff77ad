//! Xylo as a chip of the emulator: equal to the core that steps by itself and to the oracle, resumed as if never
//! stopped, and refused where the chip has an end.

use crate::golden_xylo::{events, for_oracle, network_and_input, plain, seen_of_oracle};
use crate::support::{fact, quantity};
use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, NoiseSpec, Program, RouterSpec, Routing, Source, Values,
    XYLO_HIDDEN, XYLO_OUTPUT, XyloShifts,
};
use conformance::xylo::XyloOracle;
use device_models::xylo::{XyloCore, XyloMatrix, XyloParameters, XyloRules, XyloSynapse};
use device_models::{Core, DieParameters};
use emulator::{Each, Emulator, EmulatorError, LossCause, Spike};
use proptest::prelude::*;
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

const HIDDEN: CoreAddress = CoreAddress { chip: ChipId(0), core: XYLO_HIDDEN };
const OUTPUT: CoreAddress = CoreAddress { chip: ChipId(0), core: XYLO_OUTPUT };

/// XyloAudio 3 with room for any small network, under the given rules.
fn roomy(rules: XyloRules) -> ChipSpec {
    let mut spec = formats::chip::shipped("xylo-audio3").unwrap();
    let RouterSpec::Xylo(router) = &mut spec.router else { panic!("Xylo has matrices") };
    (router.input_targets, router.output_sources) = (None, None);
    router.weight_shift_max = fact("8 1");
    spec.sources.insert("test".to_owned(), "chosen here".to_owned());
    if rules == XyloRules::V1 {
        spec.rules.as_mut().unwrap().profile = "xylo-v1".to_owned();
        spec.parameters.remove("bias");
    }
    assert_eq!(chip::validate(&spec), []);
    spec
}

/// The rows of a matrix, its synapses in their order.
fn rows(matrix: &XyloMatrix, source: impl Fn(u32) -> Source, destination: CoreAddress) -> Vec<IdealRow> {
    let mut all: BTreeMap<u32, Vec<IdealSynapse>> = BTreeMap::new();
    for s in &matrix.synapses {
        let synapse = IdealSynapse { neuron: NeuronId(s.post as u16), synapse: s.current, weight: s.weight.into() };
        all.entry(s.pre).or_default().push(synapse);
    }
    let row = |(pre, synapses)| IdealRow { source: source(pre), destination, delay_ticks: 1, synapses };
    all.into_iter().map(row).collect()
}

/// The program that is the network `p`.
fn program(p: &XyloParameters) -> Program {
    let values = |all: Vec<i64>| Values::PerNeuron(all.into_iter().map(|v| quantity(&format!("{v} 1"))).collect());
    let core = |address, count: usize, lists: Vec<(&str, Vec<i64>)>| CoreProgram {
        address,
        model: CoreModel::Xylo,
        neuron_count: count as u32,
        parameters: lists.into_iter().map(|(name, list)| (name.to_owned(), values(list))).collect(),
        weight_exponent: 20,
    };
    let mut hidden = vec![
        ("dash_mem", p.hidden.iter().map(|n| n.dash_mem.into()).collect()),
        ("dash_syn", p.hidden.iter().map(|n| n.dash_syn[0].into()).collect()),
        ("dash_syn2", p.hidden.iter().map(|n| n.dash_syn[1].into()).collect()),
        ("threshold", p.hidden.iter().map(|n| n.threshold.into()).collect()),
    ];
    let mut output = vec![
        ("dash_mem", p.output.iter().map(|n| n.dash_mem.into()).collect()),
        ("dash_syn", p.output.iter().map(|n| n.dash_syn.into()).collect()),
        ("threshold", p.output.iter().map(|n| n.threshold.into()).collect()),
    ];
    if p.has_bias {
        hidden.push(("bias", p.hidden.iter().map(|n| n.bias.into()).collect()));
        output.push(("bias", p.output.iter().map(|n| n.bias.into()).collect()));
    }
    let mut cores = vec![core(HIDDEN, p.hidden.len(), hidden)];
    if !p.output.is_empty() {
        cores.push(core(OUTPUT, p.output.len(), output));
    }
    let input = |pre| Source::Input(InputId(pre));
    let neuron = |pre| Source::Neuron(NeuronAddress { core: HIDDEN, neuron: NeuronId(pre as u16) });
    let mut all = rows(&p.input_weights, input, HIDDEN);
    all.extend(rows(&p.recurrent_weights, neuron, HIDDEN));
    all.extend(rows(&p.output_weights, neuron, OUTPUT));
    let shifts = XyloShifts {
        input: p.input_weights.shift,
        recurrent: p.recurrent_weights.shift,
        output: p.output_weights.shift,
    };
    let aliases = p.hidden.iter().map(|n| n.aliases.iter().map(|a| NeuronId(*a as u16)).collect());
    Program {
        chip: "xylo-audio3".to_owned(),
        cores,
        input_count: p.input_count as u32,
        routing: Routing::Xylo { rows: all, shifts, aliases: aliases.collect() },
    }
}

fn emulator(p: &XyloParameters) -> Emulator {
    Emulator::new(&roomy(p.rules), &program(p), &DieParameters::nominal()).unwrap()
}

/// Shifts that the chip can have.
fn shifted(mut p: XyloParameters) -> XyloParameters {
    for matrix in [&mut p.input_weights, &mut p.recurrent_weights, &mut p.output_weights] {
        matrix.shift = matrix.shift.min(8);
    }
    p
}

fn send(emulator: &mut Emulator, tick: usize, counts: &[i64]) {
    for (channel, &count) in counts.iter().enumerate() {
        emulator.send(InputId(channel as u32), Tick(tick as u64), count as i32).unwrap();
    }
}

/// Runs one tick; the spikes of each core by neuron.
fn step(emulator: &mut Emulator, sizes: [usize; 2]) -> [Vec<i64>; 2] {
    let mut counts = sizes.map(|size| vec![0; size]);
    let end = emulator.now().after(1);
    let mut sink = Each(|s: Spike| counts[s.core][s.neuron.index()] += i64::from(s.value));
    emulator.run_until(end, &mut sink);
    counts
}

/// All states and the given spikes, as the tests of the core list them.
fn seen(emulator: &Emulator, counts: &[Vec<i64>; 2], currents: usize) -> Vec<i64> {
    let mut all = Vec::new();
    for (core, (counts, currents)) in counts.iter().zip([currents, 1]).enumerate() {
        for n in 0..counts.len() {
            let Core::Xylo(core) = emulator.core(core) else { panic!("a Xylo chip has Xylo cores") };
            let neuron = NeuronId(n as u16);
            all.extend((0..currents).map(|k| i64::from(core.i_syn(neuron, k))));
            all.push(core.v_mem(neuron).into());
        }
    }
    all.extend(counts.iter().flatten());
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_state_and_spike_equals_the_oracle_and_the_core(
        (parameters, input) in network_and_input().prop_map(|(p, input)| (shifted(p), input)),
    ) {
        let sizes = [parameters.hidden.len(), parameters.output.len()];
        let mut emulator = emulator(&parameters);
        let mut oracle = XyloOracle::new(&for_oracle(&parameters));
        let mut core = XyloCore::new(&parameters).unwrap();
        for (tick, counts) in input.iter().enumerate() {
            send(&mut emulator, tick, counts);
            let spikes = step(&mut emulator, sizes);
            oracle.step(counts);
            core.step(&events(counts)).unwrap();
            prop_assert_eq!(seen(&emulator, &spikes, parameters.currents), seen_of_oracle(&oracle), "tick {}", tick);
        }
        prop_assert_eq!(emulator.counters().saturations, core.take_saturations());
        let cut: i64 = input.iter().flatten().map(|c| (c - 15).max(0)).sum();
        let reaching = |p: &XyloParameters| p.input_weights.synapses.len();
        if reaching(&parameters) == 0 || cut == 0 {
            prop_assert_eq!(emulator.counters().losses.total(), 0);
        }
        let c = emulator.counters();
        prop_assert_eq!(c.losses.by_cause(LossCause::InputCap), c.losses.total());
    }

    #[test]
    fn a_resumed_run_is_the_straight_one(
        (parameters, input) in network_and_input().prop_map(|(p, input)| (shifted(p), input)),
        cut in any::<prop::sample::Index>(),
    ) {
        let (spec, program) = (roomy(parameters.rules), program(&parameters));
        let die = DieParameters::nominal();
        let end = Tick(input.len() as u64 + 40);
        let mut straight = Emulator::new(&spec, &program, &die).unwrap();
        for (tick, counts) in input.iter().enumerate() {
            send(&mut straight, tick, counts);
        }
        let mut stopped = straight.clone();
        straight.run_until(end, &mut Each(|_| ()));
        stopped.run_until(Tick(cut.index(input.len() + 1) as u64), &mut Each(|_| ()));
        let mut resumed = Emulator::resume(&spec, &program, &die, &stopped.snapshot()).unwrap();
        resumed.run_until(end, &mut Each(|_| ()));
        prop_assert_eq!(resumed.digest(), straight.digest());
        prop_assert_eq!(resumed.snapshot(), straight.snapshot());
        straight.reset();
        let fresh = Emulator::new(&spec, &program, &die).unwrap();
        prop_assert_eq!(straight.digest(), fresh.digest());
    }
}

/// Two hidden neurons and an output: channel 0 to neuron 0, that to neuron 1 and to the output.
fn chain() -> XyloParameters {
    let mut p = plain(1, 2, 1);
    let synapse = |pre, post, weight| XyloSynapse { pre, post, current: 0, weight };
    p.input_weights.synapses = vec![synapse(0, 0, 100)];
    p.recurrent_weights.synapses = vec![synapse(0, 1, 5)];
    p.output_weights.synapses = vec![synapse(0, 0, 127)];
    p
}

#[test]
fn several_spikes_of_a_tick_are_counted_and_those_beyond_the_cap_are_lost() {
    let mut emulator = emulator(&chain());
    // 15 spikes of weight 100, a quarter of which decays: 1125, which is 11 times the threshold.
    emulator.send(InputId(0), Tick(3), 40).unwrap();
    let mut spikes = Vec::new();
    emulator.run_until(Tick(5), &mut Each(|s: Spike| spikes.push((s.tick.0, s.core, s.neuron.0, s.value))));
    assert_eq!(spikes[..2], [(3, 0, 0, 11), (4, 0, 0, 8)]);
    assert_eq!(spikes[2], (4, 1, 0, 1), "the output has heard 11 spikes and fires once");
    let c = emulator.counters();
    assert_eq!((c.inputs, c.losses.of(None, LossCause::InputCap), c.losses.total()), (40, 25, 25));
    assert_eq!(c.spikes, 11 + 8 + 1);
    // 40 input events; 19 hidden spikes to two layers each. Those of the last tick are still on their way.
    assert_eq!((c.events_sent, c.events_delivered), (40 + 2 * 19, 15 + 2 * 11));
    assert_eq!(c.synaptic_operations, c.events_delivered);
}

#[test]
fn a_chip_at_rest_sleeps() {
    let mut emulator = emulator(&chain());
    emulator.run_until(Tick(1_000_000_000), &mut Each(|s| panic!("{s:?}")));
    assert!(emulator.counters().neuron_updates < 20);
    emulator.send(InputId(0), Tick(2_000_000_000), 1).unwrap();
    let mut spikes = 0;
    emulator.run_until(Tick(3_000_000_000), &mut Each(|_| spikes += 1));
    assert!(spikes > 0 && emulator.counters().neuron_updates < 2000);
}

/// What the chip says about a changed program.
#[track_caller]
fn refused(expected: &str, change: impl Fn(&mut ChipSpec, &mut Program)) {
    let (mut spec, mut program) = (roomy(XyloRules::V2), program(&chain()));
    assert!(Emulator::new(&spec, &program, &DieParameters::nominal()).is_ok());
    change(&mut spec, &mut program);
    let error: EmulatorError = Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{expected}\nnot in\n{text}");
}

/// The chain on a chip with noise.
fn noisy_chain(noise: NoiseSpec) -> Result<Emulator, EmulatorError> {
    let mut spec = roomy(XyloRules::V2);
    spec.noise = Some(noise);
    let die = DieParameters::nominal().with_noise(&spec, 0).unwrap();
    Emulator::new(&spec, &program(&chain()), &die)
}

#[test]
fn noise_within_a_run_is_refused() {
    let budget = |value: &str| Some(fact(value));
    let order = "chip 0 core 0 runs the model `xylo`, whose chip counts the spikes of a step and adds them up in a fixed \
                 order; late spikes and weights that differ from event to event have no place in its rules: run it \
                 without noise, or without `event_weight_cv` and `event_jitter_ticks`";
    let text = |noise: NoiseSpec| noisy_chain(noise).unwrap_err().to_string();
    assert_eq!(text(NoiseSpec { event_weight_cv: budget("0.1 1"), ..NoiseSpec::default() }), order);
    assert_eq!(text(NoiseSpec { event_jitter_ticks: budget("1 1"), ..NoiseSpec::default() }), order);
    let threshold = "chip 0 core 0 runs the model `xylo`, which has no threshold that changes within a run: run it \
                     without noise, or without `event_threshold_cv`, or use the model `lif` or `analog-lif`";
    assert_eq!(text(NoiseSpec { event_threshold_cv: budget("0.1 1"), ..NoiseSpec::default() }), threshold);
    let none = || budget("0 1");
    let still = NoiseSpec {
        run_threshold_cv: budget("0.1 1"),
        run_weight_cv: budget("0.1 1"),
        event_weight_cv: none(),
        event_threshold_cv: none(),
        event_jitter_ticks: none(),
    };
    assert!(noisy_chain(still).is_ok(), "what changes between runs is no matter of order");
}

fn routing(program: &mut Program) -> (&mut Vec<IdealRow>, &mut XyloShifts, &mut Vec<Vec<NeuronId>>) {
    let Routing::Xylo { rows, shifts, aliases } = &mut program.routing else { panic!("a Xylo program") };
    (rows, shifts, aliases)
}

fn limits(spec: &mut ChipSpec) -> &mut chip::XyloSpec {
    let RouterSpec::Xylo(router) = &mut spec.router else { panic!("a Xylo chip") };
    router
}

#[test]
fn programs_beyond_the_chip_are_refused_by_place_and_limit() {
    refused("input channels of the chip: 17 needed, 16 available", |_, p| p.input_count = 17);
    refused("output neurons of the chip: 33 needed, 32 available", |_, p| {
        p.cores[1].parameters.clear();
        p.cores[1].neuron_count = 33;
    });
    refused("weight shift", |_, p| routing(p).1.recurrent = 9);
    refused("recurrent synapses of hidden neuron 0: 2 needed, 1 available", |spec, p| {
        limits(spec).hidden_fan_out = fact("1 1");
        let row = &mut routing(p).0[1];
        row.synapses.push(row.synapses[0]);
    });
    refused("incoming synapses of hidden neuron 1: 2 needed, 1 available", |spec, p| {
        limits(spec).hidden_fan_in = Some(fact("1 1"));
        let row = &mut routing(p).0[1];
        row.synapses = vec![IdealSynapse { neuron: NeuronId(1), ..row.synapses[0] }; 2];
    });
    refused("neurons with input synapses of the hidden layer: 2 needed, 1 available", |spec, p| {
        limits(spec).input_targets = Some(fact("1 1"));
        let row = &mut routing(p).0[0];
        row.synapses.push(IdealSynapse { neuron: NeuronId(1), ..row.synapses[0] });
    });
    refused("neurons with output synapses of the hidden layer: 2 needed, 1 available", |spec, p| {
        limits(spec).output_sources = Some(fact("1 1"));
        let source = Source::Neuron(NeuronAddress { core: HIDDEN, neuron: NeuronId(1) });
        let row = IdealRow { source, ..routing(p).0[2].clone() };
        routing(p).0.push(row);
    });
    refused("has the weight 128; a weight is from -128 to 127", |_, p| routing(p).0[0].synapses[0].weight = 128);
    refused("a delay of 2 ticks; Xylo has 1 tick only", |_, p| routing(p).0[0].delay_ticks = 2);
    refused("chip 0 core 1: the matrices go from input channels to the hidden layer", |_, p| {
        routing(p).0[0].destination = OUTPUT;
    });
    refused("cannot reach chip 0 core 0", |_, p| {
        routing(p).0[1].source = Source::Neuron(NeuronAddress { core: OUTPUT, neuron: NeuronId(0) });
    });
    refused("has no synapse with the kinetics of `i_syn2`", |_, p| routing(p).0[2].synapses[0].synapse = 1);
    refused("hidden neuron 0 has the alias 2; there are 2", |_, p| routing(p).2[0] = vec![NeuronId(2)]);
    refused("aliases of 1 hidden neurons", |_, p| _ = routing(p).2.pop());
    refused("`threshold` = 0.5: core model `xylo` needs a value from -32768 to 32767 that is whole", |_, p| {
        p.cores[0].parameters.insert("threshold".to_owned(), Values::Shared(quantity("0.5 1")));
    });
    refused("`dash_mem` = 16: core model `xylo` needs a value from 0 to 15 that is whole", |_, p| {
        p.cores[0].parameters.insert("dash_mem".to_owned(), Values::Shared(quantity("16 1")));
    });
    refused("has no table `[rules]`", |spec, _| spec.rules = None);
    refused("there are no rules `xylo-v3` for the model `xylo`; there are xylo-v1, xylo-v2", |spec, _| {
        spec.rules.as_mut().unwrap().profile = "xylo-v3".to_owned();
    });
    refused("rules V1 have no biases", |spec, p| {
        spec.rules.as_mut().unwrap().profile = "xylo-v1".to_owned();
        p.cores[1].parameters.insert("bias".to_owned(), Values::Shared(quantity("1 1")));
    });
    refused("the program has routing for rows of synapses", |_, p| p.routing = Routing::Ideal(Vec::new()));
}

#[test]
fn a_snapshot_with_another_state_is_refused() {
    let (spec, program) = (roomy(XyloRules::V2), program(&chain()));
    let die = DieParameters::nominal();
    let mut other = program.clone();
    routing(&mut other).2[1] = vec![NeuronId(0)];
    let taken = Emulator::new(&spec, &other, &die).unwrap().snapshot();
    let error = Emulator::resume(&spec, &program, &die, &taken).unwrap_err().to_string();
    assert!(error.contains("with other parameters"), "{error}: aliases are part of what a core is made of");
}

#[test]
fn the_shipped_chips_have_the_makers_sizes() {
    for (name, sizes, fan_out, fan_in, expansion, kinds) in [
        ("xylo-audio2", (16, 1000, 8), 64, Some(63), None, 2),
        ("xylo-audio3", (16, 992, 32), 1024, None, Some(128), 2),
        ("xylo-imu", (16, 496, 16), 512, None, Some(128), 1),
    ] {
        let spec = formats::chip::shipped(name).unwrap();
        let RouterSpec::Xylo(router) = &spec.router else { panic!("{name} has matrices") };
        let limits = router.limits();
        assert_eq!((limits.input_channels, spec.neurons_per_core(), limits.output_neurons), sizes, "{name}");
        assert_eq!(
            (limits.hidden_fan_out, limits.hidden_fan_in, limits.input_targets, limits.output_sources),
            (fan_out, fan_in, expansion, expansion)
        );
        assert_eq!((limits.weights(), limits.weight_shift_max), ((-128, 127), 7), "{name}");
        assert_eq!((spec.synapses.len(), spec.rules.unwrap().profile.as_str()), (kinds, "xylo-v2"));
    }
}

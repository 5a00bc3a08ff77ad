//! Xylo as a chip of the emulator: equal to the oracle in every state, spike and flag, resumed as if never stopped, and
//! refused where the chip has an end.

mod networks;

use crate::support::{fact, quantity};
use chip::{ChipSpec, IdealRow, IdealSynapse, NoiseSpec, Program, RouterSpec, Routing, Source, Values, XyloShifts};
use conformance::xylo::{XyloNetwork, XyloOracle};
use device_models::xylo::{XyloHibernation, XyloLayerCore, XyloLayerState};
use device_models::{Core, CoreState, DieParameters};
use emulator::{Each, Emulator, EmulatorError, LossCause, Spike};
use networks::{HIDDEN, OUTPUT, network_and_input, plain, program, roomy};
use proptest::prelude::*;
use units::{InputId, NeuronAddress, NeuronId, Tick};

fn emulator(n: &XyloNetwork, inputs: usize) -> Emulator {
    Emulator::new(&roomy(n.version_2), &program(n, inputs), &DieParameters::nominal()).unwrap()
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

/// A layer of an emulator.
fn layer(emulator: &Emulator, core: usize) -> &XyloLayerCore {
    let Core::Xylo(layer) = emulator.core(core) else { panic!("a Xylo chip has Xylo cores") };
    layer
}

/// All states and the given spikes.
fn seen(emulator: &Emulator, counts: &[Vec<i64>; 2], currents: usize) -> Vec<i64> {
    let mut all = Vec::new();
    for (core, (counts, currents)) in counts.iter().zip([currents, 1]).enumerate() {
        for n in 0..counts.len() {
            let (layer, neuron) = (layer(emulator, core), NeuronId(n as u16));
            all.extend((0..currents).map(|k| i64::from(layer.i_syn(neuron, k))));
            all.push(layer.v_mem(neuron).into());
        }
    }
    all.extend(counts.iter().flatten());
    all
}

/// The same of the oracle.
fn seen_of_oracle(oracle: &XyloOracle) -> Vec<i64> {
    let mut all = Vec::new();
    for layer in [&oracle.hidden, &oracle.output] {
        for (i_syn, &v_mem) in layer.i_syn.iter().zip(&layer.v_mem) {
            all.extend(i_syn);
            all.push(v_mem);
        }
    }
    all.extend(&oracle.hidden.counts);
    all.extend(&oracle.output.counts);
    all
}

/// Whether the last tick changed a layer.
fn changed(emulator: &Emulator, network: &XyloNetwork) -> bool {
    (0..1 + usize::from(!network.output.is_empty())).any(|core| layer(emulator, core).changed())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_state_spike_and_flag_equals_the_oracle((network, input) in network_and_input()) {
        let sizes = [network.hidden.len(), network.output.len()];
        let currents = network.hidden[0].dash_syn.len();
        let mut emulator = emulator(&network, input[0].len());
        let mut oracle = XyloOracle::new(&network);
        let mut hibernation = XyloHibernation::new(network.has_bias);
        let mut spiked = false;
        for (tick, counts) in input.iter().enumerate() {
            send(&mut emulator, tick, counts);
            let spikes = step(&mut emulator, sizes);
            oracle.step(counts);
            prop_assert_eq!(seen(&emulator, &spikes, currents), seen_of_oracle(&oracle), "tick {}", tick);
            let delivered = spiked || counts.iter().any(|count| *count > 0);
            let flag = hibernation.step(delivered, changed(&emulator, &network));
            if network.version_2 {
                prop_assert_eq!(flag, oracle.hibernating, "tick {}", tick);
            }
            spiked = spikes[0].iter().any(|count| *count > 0);
        }
        let c = emulator.counters();
        prop_assert_eq!(c.saturations, oracle.hidden.saturations + oracle.output.saturations);
        let reached = |channel: usize| network.input_weights.synapses.iter().any(|synapse| synapse.0 == channel);
        let channels = input.iter().flat_map(|counts| counts.iter().enumerate());
        let cut: i64 = channels.map(|(channel, count)| if reached(channel) { (count - 15).max(0) } else { 0 }).sum();
        prop_assert_eq!(c.losses.total(), cut as u64);
        prop_assert_eq!(c.losses.by_cause(LossCause::InputCap), c.losses.total());
    }

    #[test]
    fn a_resumed_run_is_the_straight_one(
        (network, input) in network_and_input(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (spec, program) = (roomy(network.version_2), program(&network, input[0].len()));
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
        prop_assert_eq!(changed(&resumed, &network), changed(&stopped, &network));
        resumed.run_until(end, &mut Each(|_| ()));
        prop_assert_eq!(resumed.digest(), straight.digest());
        prop_assert_eq!(resumed.snapshot(), straight.snapshot());
        straight.reset();
        let fresh = Emulator::new(&spec, &program, &die).unwrap();
        prop_assert_eq!(straight.digest(), fresh.digest());
        prop_assert_eq!(changed(&straight, &network), changed(&fresh, &network));
    }

    /// What a layer at rest is spared cannot be seen: run in one go, or tick by tick with every state in between.
    #[test]
    fn sleeping_equals_stepping((network, input) in network_and_input(), idle in 1..200_u64) {
        let mut whole = emulator(&network, input[0].len());
        for (tick, counts) in input.iter().enumerate() {
            send(&mut whole, tick, counts);
        }
        let mut stepped = whole.clone();
        let end = Tick(input.len() as u64 + idle);
        whole.run_until(end, &mut Each(|_| ()));
        let (spec, program) = (roomy(network.version_2), program(&network, input[0].len()));
        while stepped.now() < end {
            // A restored layer has every block updated.
            if stepped.now().0.is_multiple_of(17) {
                let taken = stepped.snapshot();
                stepped = Emulator::resume(&spec, &program, &DieParameters::nominal(), &taken).unwrap();
            }
            step(&mut stepped, [network.hidden.len(), network.output.len()]);
        }
        prop_assert_eq!(stepped.digest(), whole.digest());
        prop_assert_eq!(changed(&stepped, &network), changed(&whole, &network));
    }
}

/// Two hidden neurons and an output: channel 0 to neuron 0, that to neuron 1 and to the output.
fn chain() -> XyloNetwork {
    let mut n = plain(2, 1);
    n.input_weights.synapses = vec![(0, 0, 0, 100)];
    n.recurrent_weights.synapses = vec![(0, 1, 0, 5)];
    n.output_weights.synapses = vec![(0, 0, 0, 127)];
    n
}

#[test]
fn several_spikes_of_a_tick_are_counted_and_those_beyond_the_cap_are_lost() {
    let mut emulator = emulator(&chain(), 1);
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
    let mut emulator = emulator(&chain(), 1);
    emulator.run_until(Tick(1_000_000_000), &mut Each(|s| panic!("{s:?}")));
    assert!(emulator.counters().neuron_updates < 20);
    emulator.send(InputId(0), Tick(2_000_000_000), 1).unwrap();
    let mut spikes = 0;
    emulator.run_until(Tick(3_000_000_000), &mut Each(|_| spikes += 1));
    assert!(spikes > 0 && emulator.counters().neuron_updates < 2000);
}

#[test]
fn a_layer_of_60_000_neurons_sleeps_until_it_is_woken() {
    let mut network = plain(60_000, 0);
    network.input_weights.shift = 2;
    network.input_weights.synapses = vec![(0, 59_999, 0, 127)];
    let mut spec = roomy(true);
    spec.geometry.neurons_per_core = fact("60000 1");
    let mut emulator = Emulator::new(&spec, &program(&network, 1), &DieParameters::nominal()).unwrap();
    emulator.run_until(Tick(1_000_000), &mut Each(|s| panic!("{s:?}")));
    assert_eq!(emulator.counters().neuron_updates, 60_000, "once, at the start");
    emulator.send(InputId(0), Tick(2_000_000), 1).unwrap();
    let mut spikes = Vec::new();
    emulator.run_until(Tick(2_000_001), &mut spikes);
    let spike = Spike { tick: Tick(2_000_000), core: 0, neuron: NeuronId(59_999), value: 3 };
    assert_eq!(spikes, [spike]);
}

/// What the chip says about a changed program.
#[track_caller]
fn refused(expected: &str, change: impl Fn(&mut ChipSpec, &mut Program)) {
    let (mut spec, mut program) = (roomy(true), program(&chain(), 1));
    assert!(Emulator::new(&spec, &program, &DieParameters::nominal()).is_ok());
    change(&mut spec, &mut program);
    let error: EmulatorError = Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{expected}\nnot in\n{text}");
}

/// The chain on a chip with noise.
fn noisy_chain(noise: NoiseSpec) -> Result<Emulator, EmulatorError> {
    let mut spec = roomy(true);
    spec.noise = Some(noise);
    let die = DieParameters::nominal().with_noise(&spec, 0).unwrap();
    Emulator::new(&spec, &program(&chain(), 1), &die)
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
        ..NoiseSpec::default()
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
    let (spec, program) = (roomy(true), program(&chain(), 1));
    let die = DieParameters::nominal();
    let mut other = program.clone();
    routing(&mut other).2[1] = vec![NeuronId(0)];
    let taken = Emulator::new(&spec, &other, &die).unwrap().snapshot();
    let error = Emulator::resume(&spec, &program, &die, &taken).unwrap_err().to_string();
    assert!(error.contains("with other parameters"), "{error}: aliases are part of what a core is made of");
}

#[test]
fn a_state_of_another_size_is_refused_and_changes_nothing() {
    let mut emulator = emulator(&chain(), 1);
    emulator.send(InputId(0), Tick(0), 1).unwrap();
    emulator.run_until(Tick(1), &mut ());
    let mut core = emulator.core(0).clone();
    let before = core.save();
    type Change = fn(&mut XyloLayerState);
    let changes: [Change; 3] = [
        |s| s.v_mem.truncate(s.v_mem.len() - 1),
        |s| s.i_syn.truncate(s.i_syn.len() - 1),
        |s| (s.i_syn, s.v_mem) = (Vec::new(), Vec::new()),
    ];
    for change in changes {
        let CoreState::Xylo(mut state) = before.clone() else { panic!("a layer of Xylo") };
        change(&mut state);
        assert!(!core.restore(&CoreState::Xylo(state)));
        assert_eq!(core.save(), before);
    }
    assert!(core.restore(&before));
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

//! Networks of Xylo: drawn at random with their input, and as programs of a chip with room for them.

use crate::support::{fact, quantity};
use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, RouterSpec, Routing, Source, Values,
    XYLO_HIDDEN, XYLO_OUTPUT, XyloShifts,
};
use conformance::xylo::{XyloNetwork, XyloNeuron, XyloWeights};
use device_models::xylo::BLOCK;
use proptest::prelude::*;
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, InputId, NeuronAddress, NeuronId};

pub(super) const HIDDEN: CoreAddress = CoreAddress { chip: ChipId(0), core: XYLO_HIDDEN };
pub(super) const OUTPUT: CoreAddress = CoreAddress { chip: ChipId(0), core: XYLO_OUTPUT };

/// Numbers that are often at the ends of their range.
fn edgy(ends: &'static [i64], any: impl Strategy<Value = i64> + 'static) -> BoxedStrategy<i64> {
    prop_oneof![prop::sample::select(ends), any].boxed()
}

fn dash() -> impl Strategy<Value = u32> {
    edgy(&[0, 1, 2, 15], 0..=15_i64).prop_map(|dash| dash as u32)
}

fn threshold() -> impl Strategy<Value = i64> {
    let (low, high) = (i16::MIN.into(), i16::MAX.into());
    prop_oneof![
        8 => 20..3000_i64,
        1 => -300..20_i64,
        1 => prop::sample::select(vec![low, -1, 0, 1, high]),
    ]
}

/// With every shift that a chip can have.
fn matrix(pre: usize, post: usize, currents: usize) -> impl Strategy<Value = XyloWeights> {
    let synapse = (0..pre, 0..post, 0..currents, edgy(&[-128, 127, 0], -128..128_i64));
    (0..=8_u32, prop::collection::vec(synapse, 0..(4 * pre).min(80)))
        .prop_map(|(shift, synapses)| XyloWeights { shift, synapses })
}

/// Networks of up to three blocks, with all rules.
fn network() -> impl Strategy<Value = (usize, XyloNetwork)> {
    let sizes = (1..5_usize, 1..3 * BLOCK, 0..5_usize, 1..=2_usize);
    (sizes, any::<bool>(), any::<bool>()).prop_flat_map(|((inputs, hidden, outputs, currents), version_2, biased)| {
        let has_bias = version_2 && biased;
        let bias = if has_bias { edgy(&[0, -32768, 32767, 1], -60..60_i64) } else { Just(0).boxed() };
        let aliases = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..hidden, 1..4)];
        let neuron = |currents: usize, aliases: BoxedStrategy<Vec<usize>>| {
            (dash(), prop::collection::vec(dash(), currents), threshold(), bias.clone(), aliases).prop_map(
                |(dash_mem, dash_syn, threshold, bias, aliases)| XyloNeuron {
                    dash_mem,
                    dash_syn,
                    threshold,
                    bias,
                    aliases,
                },
            )
        };
        (
            prop::collection::vec(neuron(currents, aliases.boxed()), hidden),
            prop::collection::vec(neuron(1, Just(Vec::new()).boxed()), outputs),
            matrix(inputs, hidden, currents),
            matrix(hidden, hidden, currents),
            matrix(hidden, outputs.max(1), 1),
        )
            .prop_map(move |(hidden, output, input_weights, recurrent_weights, mut output_weights)| {
                if output.is_empty() {
                    output_weights.synapses.clear();
                }
                let network = XyloNetwork {
                    version_2,
                    has_bias,
                    hidden,
                    output,
                    input_weights,
                    recurrent_weights,
                    output_weights,
                };
                (inputs, network)
            })
    })
}

/// A network and its input: a burst of activity and a pause, twice, so that it falls asleep and is woken.
pub(super) fn network_and_input() -> impl Strategy<Value = (XyloNetwork, Vec<Vec<i64>>)> {
    network().prop_flat_map(|(inputs, network)| {
        let count = prop_oneof![3 => Just(0_i64), 3 => 1..4_i64, 1 => 4..40_i64];
        let burst = prop::collection::vec(prop::collection::vec(count, inputs), 1..12);
        (burst, 0..60_usize, 0..8_usize).prop_map(move |(burst, pause, second)| {
            let mut input = burst.clone();
            input.extend(std::iter::repeat_n(vec![0; inputs], pause));
            input.extend(burst.into_iter().take(second));
            (network.clone(), input)
        })
    })
}

/// Neurons with two currents and values in the middle of their ranges, without synapses.
pub(super) fn plain(hidden: usize, outputs: usize) -> XyloNetwork {
    let neuron = XyloNeuron { dash_mem: 2, dash_syn: vec![2, 2], threshold: 100, ..XyloNeuron::default() };
    let output = XyloNeuron { dash_syn: vec![2], ..neuron.clone() };
    XyloNetwork {
        version_2: true,
        hidden: vec![neuron; hidden],
        output: vec![output; outputs],
        ..XyloNetwork::default()
    }
}

/// XyloAudio 3 with room for any small network.
pub(super) fn roomy(version_2: bool) -> ChipSpec {
    let mut spec = formats::chip::shipped("xylo-audio3").unwrap();
    let RouterSpec::Xylo(router) = &mut spec.router else { panic!("Xylo has matrices") };
    (router.input_targets, router.output_sources) = (None, None);
    router.weight_shift_max = fact("8 1");
    spec.sources.insert("test".to_owned(), "chosen here".to_owned());
    if !version_2 {
        spec.rules.as_mut().unwrap().profile = "xylo-v1".to_owned();
        spec.parameters.remove("bias");
    }
    assert_eq!(chip::validate(&spec), []);
    spec
}

/// The rows of a matrix, its synapses in their order.
fn rows(matrix: &XyloWeights, source: impl Fn(usize) -> Source, destination: CoreAddress) -> Vec<IdealRow> {
    let mut all: BTreeMap<usize, Vec<IdealSynapse>> = BTreeMap::new();
    for &(pre, post, current, weight) in &matrix.synapses {
        let synapse = IdealSynapse { neuron: NeuronId(post as u16), synapse: current as u8, weight: weight as i16 };
        all.entry(pre).or_default().push(synapse);
    }
    let row = |(pre, synapses)| IdealRow { source: source(pre), destination, delay_ticks: 1, synapses };
    all.into_iter().map(row).collect()
}

/// A layer as the contents of a core.
fn core(address: CoreAddress, neurons: &[XyloNeuron], has_bias: bool) -> CoreProgram {
    let values = |of: &dyn Fn(&XyloNeuron) -> i64| {
        Values::PerNeuron(neurons.iter().map(|n| quantity(&format!("{} 1", of(n)))).collect())
    };
    let mut parameters = BTreeMap::from([
        ("dash_mem".to_owned(), values(&|n| n.dash_mem.into())),
        ("dash_syn".to_owned(), values(&|n| n.dash_syn[0].into())),
        ("threshold".to_owned(), values(&|n| n.threshold)),
    ]);
    if neurons.iter().any(|n| n.dash_syn.len() > 1) {
        parameters.insert("dash_syn2".to_owned(), values(&|n| n.dash_syn[1].into()));
    }
    if has_bias {
        parameters.insert("bias".to_owned(), values(&|n| n.bias));
    }
    let neuron_count = neurons.len() as u32;
    CoreProgram {
        address,
        model: CoreModel::Xylo,
        neuron_count,
        parameters,
        weight_exponent: 20,
        off: Vec::new(),
        circuits: Vec::new(),
    }
}

/// The program that is the network `n` with `inputs` channels.
pub(super) fn program(n: &XyloNetwork, inputs: usize) -> Program {
    let mut cores = vec![core(HIDDEN, &n.hidden, n.has_bias)];
    if !n.output.is_empty() {
        cores.push(core(OUTPUT, &n.output, n.has_bias));
    }
    let input = |pre| Source::Input(InputId(pre as u32));
    let neuron = |pre| Source::Neuron(NeuronAddress { core: HIDDEN, neuron: NeuronId(pre as u16) });
    let mut all = rows(&n.input_weights, input, HIDDEN);
    all.extend(rows(&n.recurrent_weights, neuron, HIDDEN));
    all.extend(rows(&n.output_weights, neuron, OUTPUT));
    let [input, recurrent, output] =
        [&n.input_weights, &n.recurrent_weights, &n.output_weights].map(|matrix| matrix.shift as u8);
    let aliases = n.hidden.iter().map(|n| n.aliases.iter().map(|a| NeuronId(*a as u16)).collect());
    Program {
        chip: "xylo-audio3".to_owned(),
        clock: None,
        cores,
        input_count: inputs as u32,
        routing: Routing::Xylo {
            rows: all,
            shifts: XyloShifts { input, recurrent, output },
            aliases: aliases.collect(),
        },
    }
}

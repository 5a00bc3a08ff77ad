//! The Xylo core: recorded traces, an independent oracle on random networks, saved states, sleep, and what is refused.

use conform::{CaseResult, Outcome};
use conformance::xylo::{XyloNetwork, XyloNeuron, XyloOracle, XyloWeights};
use device_models::xylo::{
    BLOCK, XyloCore, XyloError, XyloGroup, XyloHidden, XyloMatrix, XyloOutput, XyloParameters, XyloRules, XyloSpikes,
    XyloSynapse,
};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Replays all cases of a folder; how many there were.
fn replay(folder: &Path) -> usize {
    let report = conform::run(&[folder.to_owned()]);
    for case in &report.cases {
        assert!(matches!(case.result, CaseResult::Compared(Outcome::Pass { .. })), "{}", case.text(0));
    }
    report.cases.len()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn recorded_traces_are_met() {
    assert!(replay(&workspace().join("tests/golden/xylo")) >= 5);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_traces_of_the_shared_folder_are_met() {
    let folder = workspace().join("../shared/golden/xylo");
    if folder.is_dir() {
        assert!(replay(&folder) > 0);
    } else {
        eprintln!("skipped: there is no {}", folder.display());
    }
}

/// The network as the oracle wants it.
pub(crate) fn for_oracle(p: &XyloParameters) -> XyloNetwork {
    let weights = |matrix: &XyloMatrix| XyloWeights {
        shift: matrix.shift.into(),
        synapses: matrix
            .synapses
            .iter()
            .map(|s| (s.pre as usize, s.post as usize, s.current.into(), s.weight.into()))
            .collect(),
    };
    let hidden = p.hidden.iter().map(|n| XyloNeuron {
        dash_mem: n.dash_mem.into(),
        dash_syn: n.dash_syn[..p.currents].iter().map(|&dash| dash.into()).collect(),
        threshold: n.threshold.into(),
        bias: n.bias.into(),
        aliases: n.aliases.iter().map(|&alias| alias as usize).collect(),
    });
    let output = p.output.iter().map(|n| XyloNeuron {
        dash_mem: n.dash_mem.into(),
        dash_syn: vec![n.dash_syn.into()],
        threshold: n.threshold.into(),
        bias: n.bias.into(),
        aliases: Vec::new(),
    });
    XyloNetwork {
        version_2: p.rules == XyloRules::V2,
        has_bias: p.has_bias,
        hidden: hidden.collect(),
        output: output.collect(),
        input_weights: weights(&p.input_weights),
        recurrent_weights: weights(&p.recurrent_weights),
        output_weights: weights(&p.output_weights),
    }
}

/// Everything that can be seen of a core after a step, in one list.
fn seen(core: &XyloCore, hidden: &[XyloSpikes], output: &[XyloSpikes], currents: usize) -> Vec<i64> {
    let mut all = Vec::new();
    for n in 0..core.hidden_count() {
        all.extend((0..currents).map(|k| i64::from(core.i_syn(n, k))));
        all.push(core.v_mem(n).into());
    }
    for n in 0..core.output_count() {
        all.extend([core.i_syn_out(n), core.v_mem_out(n)].map(i64::from));
    }
    for (spikes, count) in [(hidden, core.hidden_count()), (output, core.output_count())] {
        let mut row = vec![0; count];
        for s in spikes {
            assert!(s.count > 0 && row[s.source as usize] == 0, "{s:?} of {spikes:?}");
            row[s.source as usize] = s.count.into();
        }
        assert!(spikes.is_sorted_by_key(|s| s.source), "{spikes:?}");
        all.extend(row);
    }
    all
}

pub(crate) fn seen_of_oracle(oracle: &XyloOracle) -> Vec<i64> {
    let mut all = Vec::new();
    for (i_syn, &v_mem) in oracle.hidden.i_syn.iter().zip(&oracle.hidden.v_mem) {
        all.extend(i_syn);
        all.push(v_mem);
    }
    for (i_syn, &v_mem) in oracle.output.i_syn.iter().zip(&oracle.output.v_mem) {
        all.extend([i_syn[0], v_mem]);
    }
    all.extend(&oracle.hidden.counts);
    all.extend(&oracle.output.counts);
    all
}

pub(crate) fn events(counts: &[i64]) -> Vec<XyloSpikes> {
    let spiking = (0..).zip(counts).filter(|(_, count)| **count > 0);
    spiking.map(|(source, &count)| XyloSpikes { source, count: count as u32 }).collect()
}

/// Numbers that are often at the ends of their range.
fn edgy<T: Copy + std::fmt::Debug + 'static>(
    ends: &'static [T],
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![prop::sample::select(ends), any].boxed()
}

fn dash() -> BoxedStrategy<u8> {
    edgy(&[0, 1, 2, 15], 0..=15_u8)
}

fn threshold() -> BoxedStrategy<i16> {
    prop_oneof![
        8 => 20..3000_i16,
        1 => -300..20_i16,
        1 => prop::sample::select(&[i16::MIN, -1, 0, 1, i16::MAX]),
    ]
    .boxed()
}

fn matrix(pre: usize, post: usize, currents: usize) -> impl Strategy<Value = XyloMatrix> {
    let synapse = (0..pre as u32, 0..post as u32, 0..currents as u8, edgy(&[i8::MIN, i8::MAX, 0], any::<i8>()))
        .prop_map(|(pre, post, current, weight)| XyloSynapse { pre, post, current, weight });
    let shift = prop_oneof![9 => 0..=7_u8, 1 => 8..=15_u8];
    (shift, prop::collection::vec(synapse, 0..(4 * pre).min(80)))
        .prop_map(|(shift, synapses)| XyloMatrix { shift, synapses })
}

/// Networks of up to three blocks, with all rules.
fn network() -> impl Strategy<Value = XyloParameters> {
    let sizes = (1..5_usize, 1..3 * BLOCK, 0..5_usize, 1..=2_usize);
    (sizes, any::<bool>(), any::<bool>()).prop_flat_map(|((inputs, hidden, outputs, currents), v2, biased)| {
        let has_bias = v2 && biased;
        let bias = if has_bias { edgy(&[0, i16::MIN, i16::MAX, 1], -60..60_i16) } else { Just(0).boxed() };
        let aliases = prop_oneof![
            4 => Just(Vec::new()),
            1 => prop::collection::vec(0..hidden as u32, 1..4),
        ];
        let neuron = (dash(), [dash(), dash()], threshold(), bias.clone(), aliases).prop_map(
            |(dash_mem, dash_syn, threshold, bias, aliases)| XyloHidden {
                dash_mem,
                dash_syn,
                threshold,
                bias,
                aliases,
            },
        );
        let output = (dash(), dash(), threshold(), bias).prop_map(|(dash_mem, dash_syn, threshold, bias)| XyloOutput {
            dash_mem,
            dash_syn,
            threshold,
            bias,
        });
        (
            prop::collection::vec(neuron, hidden),
            prop::collection::vec(output, outputs),
            matrix(inputs, hidden, currents),
            matrix(hidden, hidden, currents),
            matrix(hidden, outputs.max(1), 1),
        )
            .prop_map(move |(hidden, output, input_weights, recurrent_weights, mut output_weights)| {
                if output.is_empty() {
                    output_weights.synapses.clear();
                }
                let rules = if v2 { XyloRules::V2 } else { XyloRules::V1 };
                XyloParameters {
                    rules,
                    input_count: inputs,
                    currents,
                    has_bias,
                    hidden,
                    output,
                    input_weights,
                    recurrent_weights,
                    output_weights,
                }
            })
    })
}

/// A network and its input: a burst of activity and a pause, twice, so that it falls asleep and is woken.
pub(crate) fn network_and_input() -> impl Strategy<Value = (XyloParameters, Vec<Vec<i64>>)> {
    network().prop_flat_map(|parameters| {
        let count = prop_oneof![3 => Just(0_i64), 3 => 1..4_i64, 1 => 4..40_i64];
        let burst = prop::collection::vec(prop::collection::vec(count, parameters.input_count), 1..12);
        (burst, 0..60_usize, 0..8_usize).prop_map(move |(burst, pause, second)| {
            let silence = vec![0; parameters.input_count];
            let mut input = burst.clone();
            input.extend(std::iter::repeat_n(silence, pause));
            input.extend(burst.into_iter().take(second));
            (parameters.clone(), input)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_state_of_every_step_equals_the_oracle((parameters, input) in network_and_input()) {
        let mut core = XyloCore::new(&parameters).unwrap();
        let mut oracle = XyloOracle::new(&for_oracle(&parameters));
        for (step, counts) in input.iter().enumerate() {
            let done = core.step(&events(counts)).unwrap();
            let (hidden, output, hibernating) = (done.hidden.to_vec(), done.output.to_vec(), done.hibernating);
            oracle.step(counts);
            let got = seen(&core, &hidden, &output, parameters.currents);
            prop_assert_eq!(got, seen_of_oracle(&oracle), "step {}", step);
            let flag = (parameters.rules == XyloRules::V2).then_some(oracle.hibernating);
            prop_assert_eq!(hibernating, flag, "step {}", step);
        }
    }

    #[test]
    fn two_half_runs_are_one_run((parameters, input) in network_and_input(), cut in any::<prop::sample::Index>()) {
        let mut straight = XyloCore::new(&parameters).unwrap();
        let mut first = XyloCore::new(&parameters).unwrap();
        let cut = cut.index(input.len());
        for counts in &input[..cut] {
            straight.step(&events(counts)).unwrap();
            first.step(&events(counts)).unwrap();
        }
        let mut second = XyloCore::new(&parameters).unwrap();
        second.restore(&first.save()).unwrap();
        for counts in &input[cut..] {
            prop_assert_eq!(straight.step(&events(counts)).unwrap(), second.step(&events(counts)).unwrap());
            prop_assert_eq!(straight.save(), second.save());
        }
        second.reset();
        prop_assert_eq!(second.save(), XyloCore::new(&parameters).unwrap().save());
    }

    #[test]
    fn skipping_equals_stepping((parameters, input) in network_and_input(), steps in 1..20_u64) {
        let mut core = XyloCore::new(&parameters).unwrap();
        for counts in &input {
            core.step(&events(counts)).unwrap();
            let before = core.save();
            let mut skipped = core.clone();
            let asleep = core.is_asleep();
            prop_assert_eq!(skipped.skip(steps), asleep);
            let mut stepped = core.clone();
            if asleep {
                for _ in 0..steps {
                    let done = stepped.step(&[]).unwrap();
                    prop_assert!(done.hidden.is_empty() && done.output.is_empty());
                }
                let quiet_apart = |core: &XyloCore| {
                    let mut state = core.save();
                    state.quiet = before.quiet;
                    state
                };
                prop_assert_eq!(quiet_apart(&stepped), before);
            }
            prop_assert_eq!(skipped.save(), stepped.save());
        }
    }
}

/// A network of every size that the chips have, with values in the middle of their ranges.
pub(crate) fn plain(inputs: usize, hidden: usize, outputs: usize) -> XyloParameters {
    let neuron = XyloHidden { dash_mem: 2, dash_syn: [2, 2], threshold: 100, ..XyloHidden::default() };
    XyloParameters {
        rules: XyloRules::V2,
        input_count: inputs,
        currents: 2,
        has_bias: false,
        hidden: vec![neuron; hidden],
        output: vec![XyloOutput { dash_mem: 2, dash_syn: 2, threshold: 100, bias: 0 }; outputs],
        input_weights: XyloMatrix::default(),
        recurrent_weights: XyloMatrix::default(),
        output_weights: XyloMatrix::default(),
    }
}

#[test]
fn an_idle_network_of_100_000_neurons_sleeps_until_it_is_woken() {
    let mut parameters = plain(1, 100_000, 0);
    let synapse = XyloSynapse { pre: 0, post: 99_999, current: 1, weight: 127 };
    parameters.input_weights = XyloMatrix { shift: 2, synapses: vec![synapse] };
    let mut core = XyloCore::new(&parameters).unwrap();
    core.step(&[]).unwrap();
    assert!(core.is_asleep());
    for _ in 0..1_000_000 {
        core.step(&[]).unwrap();
    }
    let woken = core.step(&[XyloSpikes { source: 0, count: 1 }]).unwrap();
    assert_eq!(woken.hidden, [XyloSpikes { source: 99_999, count: 3 }]);
    assert!(!core.is_asleep());
}

#[test]
fn what_is_out_of_range_is_refused_by_id_and_value() {
    let synapse = |pre, post, current| XyloMatrix {
        shift: 0,
        synapses: vec![
            XyloSynapse { pre: 0, post: 0, current: 0, weight: 1 },
            XyloSynapse { pre, post, current, weight: 1 },
        ],
    };
    let base = plain(2, 3, 1);
    assert!(XyloCore::new(&base).is_ok());
    type Change = Box<dyn Fn(&mut XyloParameters)>;
    let cases: Vec<(&str, Change)> = vec![
        ("a hidden neuron has 3 synaptic currents; it must have 1 or 2", Box::new(|p| p.currents = 3)),
        ("a hidden neuron has 0 synaptic currents", Box::new(|p| p.currents = 0)),
        ("hidden neuron 2: the dash 16 is not from 0 to 15", Box::new(|p| p.hidden[2].dash_mem = 16)),
        ("hidden neuron 1: the dash 255 is not", Box::new(|p| p.hidden[1].dash_syn[1] = 255)),
        ("output neuron 0: the dash 17 is not", Box::new(|p| p.output[0].dash_syn = 17)),
        ("hidden neuron 1 has the alias 3; there are 3 hidden neurons", Box::new(|p| p.hidden[1].aliases = vec![0, 3])),
        ("output neuron 0 has the bias -4, but this core has no biases", Box::new(|p| p.output[0].bias = -4)),
        (
            "rules V1 have no biases",
            Box::new(|p| {
                p.has_bias = true;
                p.rules = XyloRules::V1;
            }),
        ),
        (
            "the weight shift 16 of the recurrent matrix is not from 0 to 15",
            Box::new(|p| p.recurrent_weights.shift = 16),
        ),
        ("input synapse 1 starts at input 2; there are 2", Box::new(move |p| p.input_weights = synapse(2, 0, 0))),
        (
            "recurrent synapse 1 ends at hidden neuron 3; there are 3",
            Box::new(move |p| p.recurrent_weights = synapse(2, 3, 0)),
        ),
        (
            "output synapse 1 feeds synaptic current 1 of its neuron, which has 1",
            Box::new(move |p| p.output_weights = synapse(2, 0, 1)),
        ),
    ];
    for (expected, change) in cases {
        let mut parameters = base.clone();
        change(&mut parameters);
        let error = XyloCore::new(&parameters).expect_err(expected).to_string();
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
    }
}

#[test]
fn refused_input_and_states_leave_the_core_as_it_was() {
    let mut parameters = plain(2, 3, 1);
    let synapse = XyloSynapse { pre: 0, post: 1, current: 0, weight: 100 };
    parameters.input_weights = XyloMatrix { shift: 1, synapses: vec![synapse] };
    let mut core = XyloCore::new(&parameters).unwrap();
    let at = |source| XyloSpikes { source, count: 1 };
    core.step(&[at(0)]).unwrap();
    let before = core.save();
    for (input, expected) in [
        (vec![at(0), at(2)], XyloError::Channel { index: 1, channel: 2, count: 2 }),
        (vec![at(1), at(0)], XyloError::InputOrder { index: 1, channel: 0, previous: 1 }),
        (vec![at(0), at(0)], XyloError::InputOrder { index: 1, channel: 0, previous: 0 }),
    ] {
        assert_eq!(core.step(&input).unwrap_err(), expected);
        assert_eq!(core.save(), before);
    }
    let mut state = before.clone();
    state.v_mem.pop();
    let expected = XyloError::StateLength { layer: XyloGroup::Hidden, quantity: "v_mem", found: 2, expected: 3 };
    assert_eq!(core.restore(&state).unwrap_err(), expected);
    let mut state = before.clone();
    state.counts[2] = 32;
    assert_eq!(core.restore(&state).unwrap_err(), XyloError::StateCount { neuron: 2, count: 32 });
    assert_eq!(core.save(), before);
}

//! Current-based neurons of trained nets, through the kernel: every bit against the oracle, and resumed runs.

use crate::sliced::{chip, connection, decimal, from_input, from_neuron, kind, program};
use chip::{ChipSpec, CoreModel, Program, RulesSpec, SynapseSign};
use conformance::cuba::{CubaNeuron, CubaReset};
use device_models::{DieParameters, slices};
use emulator::{Each, Emulator, Spike};
use proptest::prelude::*;
use std::collections::BTreeMap;
use units::{InputId, NeuronId, Tick, Unit};

const ONE: i64 = 1 << 32;

/// A recurrent layer with inputs.
#[derive(Clone, Debug)]
struct Layer {
    neurons: Vec<CubaNeuron>,
    late_probe: bool,
    /// By channel, then by neuron: weights [from][to], in units of 2^-32.
    inputs: Vec<Vec<i64>>,
    recurrent: Vec<Vec<i64>>,
}

impl Layer {
    fn chip(&self) -> (ChipSpec, Program) {
        let kinds = slices::SHIFTS.map(|shift| kind(SynapseSign::Signed, shift, None));
        let mut spec = chip(CoreModel::CubaLif, kinds.into());
        let first = &self.neurons[0];
        let reset = match first.reset {
            CubaReset::Zero => "zero",
            CubaReset::Subtract => "subtract",
            CubaReset::SubtractAhead => "subtract-ahead",
        };
        let options = [
            ("recurrent_bias", if first.later_at_first { "every-step" } else { "after-first-step" }),
            ("threshold", if first.at_threshold { ">=" } else { ">" }),
            ("reset", reset),
            ("spike_probe", if self.late_probe { "step-before" } else { "this-step" }),
        ];
        let options = options.map(|(name, word)| (name.to_owned(), word.to_owned())).into();
        spec.rules = Some(RulesSpec { profile: "cuba-norse".to_owned(), options });
        let list = |part: fn(&CubaNeuron) -> i64| -> Vec<_> {
            self.neurons.iter().map(|n| decimal(part(n) as f64 / ONE as f64, Unit::ONE)).collect()
        };
        let parameters = BTreeMap::from([
            ("keep_current".to_owned(), list(|n| n.keep_current)),
            ("gain_current".to_owned(), list(|n| n.gain_current)),
            ("keep_voltage".to_owned(), list(|n| n.keep_voltage)),
            ("gain_voltage".to_owned(), list(|n| n.gain_voltage)),
            ("v_threshold".to_owned(), list(|n| n.threshold)),
            ("bias".to_owned(), list(|n| n.bias)),
            ("bias_recurrent".to_owned(), list(|n| n.later_bias)),
        ]);
        let synapses = |weights: &[i64]| weights.iter().enumerate().flat_map(|(to, w)| connection(to, *w)).collect();
        let inputs = self.inputs.iter().enumerate().map(|(from, weights)| from_input(from, synapses(weights)));
        let neurons = self.recurrent.iter().enumerate().map(|(from, weights)| from_neuron(from, synapses(weights)));
        let rows = inputs.chain(neurons).collect();
        let program = program(&mut spec, parameters, self.inputs.len(), rows);
        (spec, program)
    }
}

/// A number of up to `high` in magnitude.
fn number(high: i64) -> impl Strategy<Value = i64> {
    prop_oneof![4 => -high..high, 1 => Just(0)]
}

fn layers() -> impl Strategy<Value = Layer> {
    let rules = (0..3usize, any::<bool>(), any::<bool>(), any::<bool>());
    (rules, 1..5usize, 1..4usize).prop_flat_map(|((reset, at_threshold, later_at_first, late_probe), n, channels)| {
        let reset = [CubaReset::Zero, CubaReset::Subtract, CubaReset::SubtractAhead][reset];
        let factors = (0..=ONE, number(2 * ONE), 0..=ONE, number(2 * ONE));
        let neuron = (factors, 1..2 * ONE, number(ONE / 4), number(ONE / 4)).prop_map(
            move |((keep_current, gain_current, keep_voltage, gain_voltage), threshold, bias, later_bias)| CubaNeuron {
                keep_current,
                gain_current,
                keep_voltage,
                gain_voltage,
                threshold,
                bias,
                later_bias,
                reset,
                at_threshold,
                later_at_first,
                steps: 0,
                i: 0,
                v: 0,
            },
        );
        let matrix = |rows| proptest::collection::vec(proptest::collection::vec(number(4 * ONE), n), rows);
        (proptest::collection::vec(neuron, n), matrix(channels), matrix(n))
            .prop_map(move |(neurons, inputs, recurrent)| Layer { neurons, late_probe, inputs, recurrent })
    })
}

/// Reads i, v and the shown spikes of all neurons.
fn read(emulator: &Emulator, neurons: usize) -> Vec<[i64; 3]> {
    let at = Tick(emulator.now().0 - 1);
    let one = |n: usize| [0, 1, 2].map(|index| emulator.core(0).probe(index, NeuronId(n as u16), at));
    (0..neurons).map(one).collect()
}

/// Sends a row and runs its step; what was read after it.
fn step(emulator: &mut Emulator, row: &[u8], neurons: usize) -> (Vec<[i64; 3]>, Vec<bool>) {
    let now = emulator.now();
    for (channel, spikes) in row.iter().enumerate() {
        emulator.send(InputId(channel as u32), now, i32::from(*spikes)).unwrap();
    }
    let mut spiked = vec![false; neurons];
    emulator.run_until(now.after(1), &mut Each(|s: Spike| spiked[s.neuron.index()] = true));
    (read(emulator, neurons), spiked)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_bit_is_that_of_the_oracle_straight_and_resumed(
        layer in layers(),
        rows in proptest::collection::vec(proptest::collection::vec(prop_oneof![3 => Just(0u8), 2 => 1u8..4], 3), 2..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let (spec, program) = layer.chip();
        let die = DieParameters::nominal();
        let (n, channels, cut) = (layer.neurons.len(), layer.inputs.len(), cut.index(rows.len()));
        let mut emulator = Emulator::new(&spec, &program, &die).unwrap();
        let mut oracle = layer.neurons.clone();
        let mut last = vec![false; n];
        let mut snapshot = None;
        let mut seen = Vec::new();
        for (time, row) in rows.iter().enumerate() {
            if time == cut {
                snapshot = Some(emulator.snapshot());
            }
            let got = step(&mut emulator, &row[..channels], n);
            let spiked: Vec<bool> = (0..n).map(|to| {
                let from_inputs = (0..channels).map(|from| i128::from(row[from]) * i128::from(layer.inputs[from][to]));
                let from_neurons = (0..n).filter(|from| last[*from]).map(|from| i128::from(layer.recurrent[from][to]));
                oracle[to].step(from_inputs.chain(from_neurons).sum())
            }).collect();
            let before = std::mem::replace(&mut last, spiked);
            let shown = if layer.late_probe { &before } else { &last };
            let expected: Vec<[i64; 3]> =
                (0..n).map(|k| [oracle[k].i as i64, oracle[k].v as i64, shown[k].into()]).collect();
            prop_assert_eq!(&got.0, &expected, "step {}", time);
            prop_assert_eq!(&got.1, &last, "step {}", time);
            seen.push(got);
        }
        let mut resumed = Emulator::resume(&spec, &program, &die, &snapshot.unwrap()).unwrap();
        for (row, seen) in rows.iter().zip(&seen).skip(cut) {
            prop_assert_eq!(&step(&mut resumed, &row[..channels], n), seen);
        }
        prop_assert_eq!(resumed.digest(), emulator.digest());
        emulator.reset();
        for (row, seen) in rows.iter().zip(&seen) {
            prop_assert_eq!(&step(&mut emulator, &row[..channels], n), seen);
        }
    }
}

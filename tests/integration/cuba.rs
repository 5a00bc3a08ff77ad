//! Neurons of trained nets, through the kernel: every bit against the oracle, and resumed runs.

use crate::sliced::{chip, connection, decimal, from_input, from_neuron, kind, program};
use chip::{ChipSpec, CoreModel, Program, SynapseSign};
use conformance::cuba::{CubaNeuron, CubaReset};
use device_models::{DieParameters, slices};
use emulator::{Each, Emulator, Spike};
use proptest::prelude::*;
use units::{InputId, NeuronId, Tick, Unit};

const ONE: i64 = 1 << 32;

/// A recurrent layer with inputs.
#[derive(Clone, Debug)]
struct Layer {
    neurons: Vec<CubaNeuron>,
    /// By channel, then by neuron: weights [from][to], in units of 2^-32.
    inputs: Vec<Vec<i64>>,
    recurrent: Vec<Vec<i64>>,
}

impl Layer {
    fn chip(&self) -> (ChipSpec, Program) {
        let kinds = slices::SHIFTS.map(|shift| kind(SynapseSign::Signed, shift, None));
        let mut spec = chip(CoreModel::CubaLif, kinds.into());
        let list = |part: &dyn Fn(&CubaNeuron) -> i64| -> Vec<_> {
            self.neurons.iter().map(|n| decimal(part(n) as f64 / ONE as f64, Unit::ONE)).collect()
        };
        let whole = |part: &dyn Fn(&CubaNeuron) -> i64| list(&|n| part(n) * ONE);
        let time = |n: &CubaNeuron| match n.reset {
            CubaReset::Same => 0,
            CubaReset::Next => 1,
            CubaReset::NextBefore => 2,
            CubaReset::SameAgain => 3,
        };
        let parameters = [
            ("keep_current", list(&|n| n.keep_current)),
            ("gain_current", list(&|n| n.gain_current)),
            ("keep_voltage", list(&|n| n.keep_voltage)),
            ("gain_voltage", list(&|n| n.gain_voltage)),
            ("v_threshold", list(&|n| n.threshold)),
            ("bias", list(&|n| n.bias)),
            ("bias_late", list(&|n| n.late_bias)),
            ("rest_current", list(&|n| n.rest.0)),
            ("rest_voltage", list(&|n| n.rest.1)),
            ("v_reset", list(&|n| n.reset_to.unwrap_or(0))),
            ("v_initial", list(&|n| n.v as i64)),
            ("i_initial", list(&|n| n.i as i64)),
            ("late_steps", whole(&|n| n.late as i64)),
            ("fires_at", whole(&|n| n.at_threshold.into())),
            ("more_spikes", whole(&|n| n.most - 1)),
            ("reset_rule", whole(&|n| n.reset_to.is_none().into())),
            ("reset_time", whole(&time)),
            ("floor_rule", whole(&|n| n.floor.into())),
            ("current_rule", whole(&|n| n.old_current.into())),
        ];
        let parameters = parameters.map(|(name, list)| (name.to_owned(), list)).into();
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

fn neurons() -> impl Strategy<Value = CubaNeuron> {
    let times = [CubaReset::Same, CubaReset::Next, CubaReset::NextBefore, CubaReset::SameAgain];
    let rules = (prop::sample::select(times.to_vec()), any::<bool>(), any::<bool>(), any::<bool>(), 1..6i64);
    let factors = (0..=ONE, number(2 * ONE), 0..=ONE, number(2 * ONE));
    let biases = (number(ONE / 4), number(ONE / 4), 0..4u64, (number(ONE / 8), number(ONE / 8)));
    let reset_to = prop::option::of(number(ONE / 2));
    let start = (number(ONE), number(ONE));
    (factors, biases, 1..2 * ONE, reset_to, start, rules).prop_map(
        |(factors, (bias, late_bias, late, rest), threshold, reset_to, start, rules)| CubaNeuron {
            keep_current: factors.0,
            gain_current: factors.1,
            keep_voltage: factors.2,
            gain_voltage: factors.3,
            threshold,
            bias,
            late_bias,
            late,
            rest,
            reset_to,
            reset: rules.0,
            at_threshold: rules.1,
            floor: rules.2,
            old_current: rules.3,
            most: rules.4,
            steps: 0,
            i: start.0.into(),
            v: start.1.into(),
            z: 0,
        },
    )
}

fn layers() -> impl Strategy<Value = Layer> {
    (1..5usize, 1..4usize).prop_flat_map(|(n, channels)| {
        let matrix = |rows| proptest::collection::vec(proptest::collection::vec(number(4 * ONE), n), rows);
        (proptest::collection::vec(neurons(), n), matrix(channels), matrix(n))
            .prop_map(move |(neurons, inputs, recurrent)| Layer { neurons, inputs, recurrent })
    })
}

/// Reads i, v and the spikes of the last step of all neurons.
fn read(emulator: &Emulator, neurons: usize) -> Vec<[i64; 3]> {
    let at = Tick(emulator.now().0 - 1);
    let one = |n: usize| [0, 1, 2].map(|index| emulator.core(0).probe(index, NeuronId(n as u16), at));
    (0..neurons).map(one).collect()
}

/// Sends a row and runs its step; what was read after it.
fn step(emulator: &mut Emulator, row: &[u8], neurons: usize) -> (Vec<[i64; 3]>, Vec<i64>) {
    let now = emulator.now();
    for (channel, spikes) in row.iter().enumerate() {
        emulator.send(InputId(channel as u32), now, i32::from(*spikes)).unwrap();
    }
    let mut spiked = vec![0; neurons];
    emulator.run_until(now.after(1), &mut Each(|s: Spike| spiked[s.neuron.index()] = i64::from(s.value)));
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
        let mut last = vec![0; n];
        let mut snapshot = None;
        let mut seen = Vec::new();
        for (time, row) in rows.iter().enumerate() {
            if time == cut {
                snapshot = Some(emulator.snapshot());
            }
            let got = step(&mut emulator, &row[..channels], n);
            let spiked: Vec<i64> = (0..n).map(|to| {
                let from_inputs = (0..channels).map(|from| i128::from(row[from]) * i128::from(layer.inputs[from][to]));
                let from_neurons = (0..n).map(|from| i128::from(last[from]) * i128::from(layer.recurrent[from][to]));
                oracle[to].step(from_inputs.chain(from_neurons).sum())
            }).collect();
            last = spiked;
            let expected: Vec<[i64; 3]> =
                (0..n).map(|k| [oracle[k].i as i64, oracle[k].v as i64, last[k]]).collect();
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

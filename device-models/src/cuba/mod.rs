//! Current-based integrate-and-fire neurons in forward Euler steps, as simulators of trained nets compute them.
//!
//! # Equations
//! NIR's `CubaLIF` is a differential equation; which steps are made of it, and what a spike does to the voltage, is
//! left to the simulator, and simulators differ. With x what arrives in a step through synapses,
//!
//! ```text
//! x = x + bias + bias_recurrent
//! i = keep_current i + gain_current x
//! v = keep_voltage v + gain_voltage i
//! spike if v > v_threshold (or >=), then the reset
//! ```
//!
//! where keep = 1 - dt/tau, gain_current = w_in dt/tau_syn and gain_voltage = r dt/tau_mem make it the Euler step of
//! NIR. The current of a step acts on the voltage of the same step. Rules of the chip ([`CubaRules`]) say whether
//! `bias_recurrent` counts in the first step, whether a voltage at the threshold is a spike, what a spike does, and
//! which step's spikes the probe shows.
//!
//! # Numbers
//! All numbers are integers in units of 2^-32. Weights come in slices ([`crate::slices`]), so that x is exact. Products
//! are rounded once, to nearest, halves up. As long as the spikes are the same, states are off from the exact ones of
//! the same parameters by at most
//!
//! ```text
//! E_current = 1 / (1 - keep_current)
//! E_voltage = (1 + |gain_voltage| E_current) / (1 - keep_voltage)
//! ```
//!
//! of these units: two products of half a unit a step, and for the voltage what it inherits. States saturate at the
//! ends of 64 bits, which is counted.
//!
//! # Parameters
//! `keep_current`, `gain_current`, `keep_voltage`, `gain_voltage`, `v_threshold`; optional and 0 where the chip has
//! none: `bias`, `bias_recurrent`. What mismatch makes of a `keep` is kept between 0 and 1.
//!
//! The module owns these neurons, their rules and their state. It deliberately knows no simulator's file and no time
//! constant: who has those makes the factors of them, by Euler steps or otherwise.

mod parameters;
mod rules;

pub use parameters::{CubaNeuron, CubaParameters};
pub use rules::{CubaRules, OPTIONS, PROFILES, Reset};

use crate::clocked::{Clocked, Step, StepModel};
use crate::{Cut, Digest, Emission, ProbeKind, slices};
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use core::mem::take;
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Bits of all numbers after the binary point.
pub const FRACTION_BITS: u32 = slices::FRACTION_BITS;

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Cuba;

/// A core of current-based neurons.
pub type CubaCore = Clocked<Cuba>;

/// The neurons of a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CubaState {
    /// Currents, in units of 2^-32.
    pub current: Vec<i64>,
    /// Voltages after their reset, in units of 2^-32.
    pub voltage: Vec<i64>,
    /// Which spiked in the last step.
    pub spikes: Vec<bool>,
    /// Which spiked in the step before that.
    pub before: Vec<bool>,
    /// Whether the first step is over.
    pub started: bool,
}

impl StepModel for Cuba {
    type Sum = i64;
    type Parameters = CubaParameters;
    type State = CubaState;
    type Saved = CubaState;

    /// At rest: all states 0.
    fn initial(parameters: &CubaParameters) -> CubaState {
        let n = parameters.neurons().len();
        let (current, voltage, spikes, before) = (vec![0; n], vec![0; n], vec![false; n], vec![false; n]);
        CubaState { current, voltage, spikes, before, started: false }
    }

    fn step(parameters: &CubaParameters, state: &mut CubaState, step: Step<'_, i64>) -> bool {
        let Step { touched, sums, emissions, saturations, .. } = step;
        let (rules, first) = (parameters.rules(), !state.started);
        state.started = true;
        let mut changed = touched || first;
        for (n, neuron) in parameters.neurons().iter().enumerate() {
            let mut cuts = 0;
            let (current, voltage) = (state.current[n], state.voltage[n]);
            let arrived = if touched { parameters.arrived(sums, n) } else { 0 };
            let later = if first && !rules.recurrent_at_first { 0 } else { neuron.bias_recurrent };
            let x = cut(i128::from(arrived) + i128::from(neuron.bias) + i128::from(later), &mut cuts);
            saturations.add(take(&mut cuts), || Cut::input(n));
            let i = cut(times(neuron.keep_current, current) + times(neuron.gain_current, x), &mut cuts);
            saturations.add(take(&mut cuts), || Cut::state(n, 0));
            let mut v = times(neuron.keep_voltage, voltage) + times(neuron.gain_voltage, i);
            let threshold = i128::from(neuron.threshold);
            let owed = rules.reset == Reset::SubtractAhead && voltage > neuron.level;
            if owed {
                v -= threshold;
            }
            let v = cut(v, &mut cuts);
            let spike = v > neuron.level;
            state.voltage[n] = match rules.reset {
                Reset::Zero if spike => 0,
                Reset::Zero => v,
                _ => cut(i128::from(v) - threshold * (i128::from(spike) - i128::from(owed)), &mut cuts),
            };
            saturations.add(take(&mut cuts), || Cut::state(n, 1));
            state.current[n] = i;
            let (last, before) = (state.spikes[n], state.before[n]);
            (state.spikes[n], state.before[n]) = (spike, last);
            changed |= i != current || state.voltage[n] != voltage || spike || last || before;
            if spike {
                emissions.push(Emission { neuron: NeuronId(n as u16), value: 1, payload: 1 });
            }
        }
        if touched {
            sums.fill(0);
        }
        changed
    }

    /// The current, the voltage after its reset, and the spikes of the step that the rules of the chip show.
    fn probes(_parameters: &CubaParameters, _spec: &ChipSpec) -> Vec<ProbeKind> {
        let number = |name: &str| ProbeKind::new(name, "1", FRACTION_BITS);
        vec![number("i"), number("v"), ProbeKind::new("spikes", "1", 0)]
    }

    fn probe(core: &CubaCore, index: usize, neuron: usize) -> i64 {
        use crate::EventCore;
        let state = core.state();
        match index {
            0 => state.current[neuron],
            1 => state.voltage[neuron],
            2 if core.parameters().rules().late_probe => state.before[neuron].into(),
            2 => state.spikes[neuron].into(),
            _ => panic!("quantity {index} of a current-based neuron, which has 3"),
        }
    }

    fn save(_parameters: &CubaParameters, state: &CubaState) -> CubaState {
        state.clone()
    }

    fn fits(parameters: &CubaParameters, saved: &CubaState) -> bool {
        let n = parameters.neurons().len();
        let CubaState { current, voltage, spikes, before, started } = saved;
        let at_reset = |(spike, v): (&bool, &i64)| !spike || *v == 0;
        [current.len(), voltage.len(), spikes.len(), before.len()] == [n; 4]
            && (*started || *saved == Self::initial(parameters))
            && (parameters.rules().reset != Reset::Zero || spikes.iter().zip(voltage).all(at_reset))
    }

    fn load(_parameters: &CubaParameters, state: &mut CubaState, saved: &CubaState) {
        state.clone_from(saved);
    }

    fn digest_neurons(state: &CubaState, digest: &mut Digest) {
        state.current.iter().chain(&state.voltage).for_each(|value| digest.push(*value as u64));
        let spikes = state.spikes.iter().chain(&state.before);
        spikes.for_each(|spike| digest.push(u64::from(*spike)));
        digest.push(u64::from(state.started));
    }
}

/// A product in units of 2^-32, rounded to nearest, halves up.
fn times(a: i64, b: i64) -> i128 {
    (i128::from(a) * i128::from(b) + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS
}

/// `value`, cut at the ends of 64 bits, which is counted.
fn cut(value: i128, saturations: &mut u64) -> i64 {
    *saturations += u64::from(i64::try_from(value).is_err());
    fx::narrow(value)
}

#[cfg(test)]
mod tests;

//! Integrate-and-fire neurons of trained nets, in the steps that their simulator makes of them.
//!
//! # Equations
//! A file of a trained net states differential equations; which steps are made of them, what a spike does to the
//! voltage and when, is left to the simulator, and simulators differ. With x what arrives in a step through synapses,
//!
//! ```text
//! before the input, if the last step's reset waits for that:    v = reset(v)
//! i' = keep_current i + gain_current (x + bias) + rest_current
//! v' = keep_voltage v + gain_voltage i' + rest_voltage          (i instead of i' by the rule of the current)
//! after the input, if the last step's reset waits for that:     v' = reset(v')
//! spikes = 1 if v' > v_threshold (or >=), or as many thresholds as v' has, at most 1 + more_spikes
//! in the step of the spike:                                     v' = reset(v')
//! v' = max(v', -v_threshold), if there is a floor
//! ```
//!
//! and, where the rule of the leak says so, with n for the numbers that arrive, s for the spikes, and d = dt/tau_leak,
//!
//! ```text
//! i' = keep_current i + gain_current (n + bias) + rest_current
//! v' = (1 - d) (v + s) + d i' + rest_voltage
//! ```
//!
//! which are neurons under an analog input of which only the time constant differs, as a model library for Brian2Lava
//! has them (`lif_predef_stim_versatile`): delta synapses, and an input and a resting level that leak in by d.
//!
//! Elsewhere keep = 1 - dt/tau makes Euler steps and keep = exp(-dt/tau) exact ones. A reset sets the voltage to
//! `v_reset` or subtracts the threshold once a spike. One more rule is snnTorch's: a voltage that is still a spike
//! after its reset loses the threshold ahead of the next comparison, and what it then loses for its spike is less by
//! that. `bias_late` counts besides `bias` after the first `late_steps` steps: it is a bias that comes over a
//! connection with a delay. A neuron that sends its voltage sends it in each step in which it is not 0, as a number.
//!
//! # Numbers
//! All numbers are integers in units of 2^-32. Weights come in slices ([`crate::slices`]), so that x is exact; numbers
//! that arrive as such are in units of 2^-20 ([`NUMBER_BITS`]), and their sum is rounded once. Products are rounded
//! once, to nearest, halves up. As long as the spikes are the same, states are off from the exact ones of the same
//! parameters by at most
//!
//! ```text
//! E_current = 1 / (1 - keep_current)
//! E_voltage = (1 + |gain_voltage| E_current) / (1 - keep_voltage)
//! ```
//!
//! of these units: two products of half a unit a step, and for the voltage what it inherits. States saturate at the
//! ends of 64 bits, which is counted.
//!
//! A core can hold the levels of its net times a power of two (`scale`), so that weights of any size keep their bits;
//! probes and numbers that are sent are those of the net.
//!
//! # Time
//! The steps of a core are `phase` ticks later than those of the chip. Layers whose phases are one after the other pass
//! spikes on within a step, as simulators of layered nets do, with delays of some ticks; what goes back to an earlier
//! layer arrives in its next step.
//!
//! The module owns these neurons, their rules and their state. It deliberately knows no simulator, no file and no time
//! constant: who has those makes the factors and rules of them.

mod parameters;

pub use parameters::{CubaNeuron, CubaParameters, CubaRules, Output, ResetTime};

use crate::clocked::{Clocked, Step, StepModel};
use crate::{Cut, Digest, Emission, PackedSynapse, ProbeKind, slices};
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel};
use core::mem::take;
use fx::Real;
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Bits of all numbers after the binary point.
pub const FRACTION_BITS: u32 = slices::FRACTION_BITS;

/// Bits after the binary point of numbers that are sent.
pub const NUMBER_BITS: u32 = 20;

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Cuba;

/// A core of such neurons.
pub type CubaCore = Clocked<Cuba>;

/// The neurons of a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CubaState {
    /// Currents, in units of 2^-32.
    pub current: Vec<i64>,
    /// Voltages as the next step finds them, in units of 2^-32.
    pub voltage: Vec<i64>,
    /// Spikes of the last step.
    pub spikes: Vec<i32>,
    /// Steps that are over, as far as biases depend on them.
    pub steps: u32,
}

impl StepModel for Cuba {
    type Sum = i64;
    type Parameters = CubaParameters;
    type State = CubaState;
    type Saved = CubaState;

    fn initial(parameters: &CubaParameters) -> CubaState {
        let neurons = parameters.neurons();
        CubaState {
            current: neurons.iter().map(|neuron| neuron.initial_current).collect(),
            voltage: neurons.iter().map(|neuron| neuron.initial_voltage).collect(),
            spikes: vec![0; neurons.len()],
            steps: 0,
        }
    }

    fn deliver(_: &CubaParameters, _: &mut CubaState, sums: &mut [i64], row: &[PackedSynapse], payload: i32) {
        // Numbers can be of any size; it takes more than 2^17 of the largest at one neuron to wrap.
        for synapse in row {
            let sum = &mut sums[synapse.target()];
            *sum = sum.wrapping_add(i64::from(synapse.weight()) * i64::from(payload));
        }
    }

    #[inline(always)]
    fn step(parameters: &CubaParameters, state: &mut CubaState, step: Step<'_, i64>) -> bool {
        let Step { touched, sums, emissions, saturations, .. } = step;
        let first = state.steps == 0;
        let mut changed = touched || state.steps < parameters.settled();
        for (n, neuron) in parameters.neurons().iter().enumerate() {
            let mut cuts = 0;
            let (current, voltage, last) = (state.current[n], state.voltage[n], state.spikes[n]);
            let [spikes, numbers] = if touched { parameters.arrived(sums, n) } else { [0; 2] };
            // What steps the voltage itself, and what goes through the current.
            let (steps, arrived) = if neuron.rules.steps_voltage {
                (spikes, numbers)
            } else {
                (0, i128::from(fx::narrow::<i64>(spikes.saturating_add(numbers))))
            };
            let bias = i128::from(neuron.bias_in(state.steps));
            let x = cut(arrived.saturating_add(bias), &mut cuts);
            let stepped = cut(i128::from(voltage).saturating_add(steps), &mut cuts);
            saturations.add(take(&mut cuts), || Cut::input(n));
            let i = times(neuron.keep_current, current) + times(neuron.gain_current, x);
            let i = cut(i + i128::from(neuron.rest_current), &mut cuts);
            saturations.add(take(&mut cuts), || Cut::state(n, 0));
            let Fired { voltage: v, spikes } =
                neuron.fire(stepped, last, if neuron.rules.old_current { current } else { i }, &mut cuts);
            saturations.add(take(&mut cuts), || Cut::state(n, 1));
            (state.current[n], state.voltage[n], state.spikes[n]) = (i, v, spikes);
            changed |= i != current || v != voltage || spikes != last || spikes != 0;
            let neuron_id = NeuronId(n as u16);
            match neuron.rules.output {
                Output::Spikes if spikes != 0 => {
                    emissions.push(Emission { neuron: neuron_id, value: spikes, payload: spikes });
                }
                Output::Number if v != 0 => {
                    let number = number_of(v, parameters.scale(), &mut cuts);
                    saturations.add(take(&mut cuts), || Cut::state(n, 1));
                    // It is sent in every step, so that who receives it need not keep it.
                    changed = true;
                    if number != 0 {
                        // An observer sees one event.
                        emissions.push(Emission { neuron: neuron_id, value: 1, payload: number });
                    }
                }
                _ => {}
            }
        }
        if touched {
            sums.fill(0);
        }
        state.steps = (state.steps + 1).min(parameters.settled());
        changed || first
    }

    /// The current, the voltage that the next step finds, and the spikes of the last step.
    fn probes(parameters: &CubaParameters, spec: &ChipSpec) -> Vec<ProbeKind> {
        let bits = FRACTION_BITS.saturating_add_signed(parameters.scale());
        let level = |name: &str| ProbeKind::level(spec, CoreModel::CubaLif, 0, name, bits);
        vec![level("i"), level("v"), ProbeKind::new("spikes", "1", 0)]
    }

    fn probe(core: &CubaCore, index: usize, neuron: usize) -> i64 {
        let state = core.state();
        match index {
            0 => state.current[neuron],
            1 => state.voltage[neuron],
            2 => state.spikes[neuron].into(),
            _ => panic!("quantity {index} of a neuron of a trained net, which has 3"),
        }
    }

    fn can_have_arrived(parameters: &CubaParameters, lane: usize, sum: i64) -> bool {
        parameters.takes_numbers(lane) || crate::clocked::Sum::can_have_arrived(sum)
    }

    fn save(_parameters: &CubaParameters, state: &CubaState) -> CubaState {
        state.clone()
    }

    fn fits(parameters: &CubaParameters, saved: &CubaState) -> bool {
        let neurons = parameters.neurons();
        let CubaState { current, voltage, spikes, steps } = saved;
        [current.len(), voltage.len(), spikes.len()] == [neurons.len(); 3]
            && *steps <= parameters.settled()
            && (*steps > 0 || parameters.settled() == 0 || *saved == Self::initial(parameters))
            && neurons.iter().zip(spikes).all(|(neuron, spikes)| (0..=neuron.spikes_max()).contains(spikes))
    }

    fn load(_parameters: &CubaParameters, state: &mut CubaState, saved: &CubaState) {
        state.clone_from(saved);
    }

    fn digest_neurons(state: &CubaState, digest: &mut Digest) {
        state.current.iter().chain(&state.voltage).for_each(|value| digest.push(*value as u64));
        state.spikes.iter().for_each(|spikes| digest.push(*spikes as u64));
        digest.push(u64::from(state.steps));
    }
}

/// What the second half of a step gives.
struct Fired {
    voltage: i64,
    spikes: i32,
}

impl CubaNeuron {
    /// Most spikes of a step.
    const fn spikes_max(&self) -> i32 {
        match self.rules.output {
            Output::Spikes => 1 + self.more_spikes,
            Output::Number | Output::Nothing => 0,
        }
    }

    /// What arrives besides in the step with this number.
    fn bias_in(&self, step: u32) -> i64 {
        self.bias + if step >= self.late_steps { self.bias_late } else { 0 }
    }

    /// The voltage after `spikes` spikes.
    fn reset(&self, voltage: i128, spikes: i32) -> i128 {
        match spikes {
            0 => voltage,
            _ if self.rules.subtracts => voltage - i128::from(spikes) * i128::from(self.threshold),
            _ => i128::from(self.reset),
        }
    }

    /// The spikes of a voltage.
    fn spikes_of(&self, voltage: i64, cuts: &mut u64) -> i32 {
        if voltage <= self.level || self.rules.output != Output::Spikes {
            0
        } else if self.more_spikes > 0 && self.threshold > 0 {
            let (thresholds, most) = (voltage / self.threshold, i64::from(self.spikes_max()));
            // A number of spikes that is asked for is a rule; the end of the register is none.
            *cuts += u64::from(thresholds > most && self.more_spikes == chip::registers::MORE_SPIKES_MAX);
            // A voltage above the threshold has at least one.
            thresholds.clamp(1, most) as i32
        } else {
            1
        }
    }

    /// The step of the voltage, driven by `current`, after a step with `last` spikes.
    fn fire(&self, voltage: i64, last: i32, current: i64, cuts: &mut u64) -> Fired {
        let rules = self.rules;
        let before = match rules.reset_time {
            ResetTime::NextBefore => cut(self.reset(voltage.into(), last), cuts),
            _ => voltage,
        };
        let mut v = times(self.keep_voltage, before) + times(self.gain_voltage, current);
        v += i128::from(self.rest_voltage);
        let ahead = i32::from(rules.reset_time == ResetTime::Ahead && voltage > self.level);
        match rules.reset_time {
            ResetTime::Next => v = self.reset(v, last),
            ResetTime::Ahead => v -= i128::from(ahead) * i128::from(self.threshold),
            ResetTime::Same | ResetTime::NextBefore => {}
        }
        let v = cut(v, cuts);
        let spikes = self.spikes_of(v, cuts);
        let after = match rules.reset_time {
            ResetTime::Same => self.reset(v.into(), spikes),
            ResetTime::Ahead if rules.subtracts => {
                i128::from(v) - i128::from(self.threshold) * i128::from(spikes - ahead)
            }
            ResetTime::Ahead => self.reset(v.into(), spikes),
            ResetTime::Next | ResetTime::NextBefore => v.into(),
        };
        let after = cut(after, cuts);
        let voltage = if rules.floor { after.max(self.threshold.saturating_neg()) } else { after };
        Fired { voltage, spikes }
    }
}

/// A voltage, which is a level times 2^scale, as a number that is sent: the level in units of 2^-20, to nearest, halves
/// up.
fn number_of(voltage: i64, scale: i32, cuts: &mut u64) -> i32 {
    let voltage = i128::from(voltage);
    let number = match (FRACTION_BITS - NUMBER_BITS) as i32 + scale {
        shift @ ..=0 => voltage << -shift,
        shift => (voltage + (1 << (shift - 1))) >> shift,
    };
    let kept = number.clamp(i128::from(-i32::MAX), i128::from(i32::MAX));
    *cuts += u64::from(kept != number);
    kept as i32
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

const _: () = assert!(Real::FRACTION_BITS == FRACTION_BITS, "parameters are numbers of the core as they are read");

#[cfg(test)]
mod tests;

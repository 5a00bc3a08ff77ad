//! The numbers of a neuron's step: what a rule makes of its parameters and the length of a step.

use crate::GraphError;
use crate::node::Neurons;
use crate::rule::{Gain, GainIn, Integration, ResetTo, ResetWhen, Rule, Start};

/// The step of one neuron, in the levels of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stepped {
    pub(crate) keep_current: f64,
    /// What an input is worth to the current; of a neuron without current, to the voltage.
    pub(crate) gain_in: f64,
    pub(crate) keep_voltage: f64,
    /// What the current is worth to the voltage; 1 of a neuron without current.
    pub(crate) gain: f64,
    pub(crate) rest_current: f64,
    pub(crate) rest_voltage: f64,
    pub(crate) threshold: f64,
    pub(crate) reset: f64,
    pub(crate) v_initial: f64,
    pub(crate) i_initial: f64,
}

/// What is lost of a state in a step, with the precision in which simulators keep it: 32-bit floats, so that a time
/// constant that they saved as one gives the decay that they had.
fn lost(integration: Integration, dt: f64, tau: f64) -> f64 {
    let ratio = f64::from((dt / tau) as f32);
    match integration {
        // One that was to be the step itself, and was saved as a short float.
        Integration::Euler if ratio > 1.0 && ratio < 1.0 + 1e-6 => 1.0,
        Integration::Euler => ratio,
        Integration::Exact => 1.0 - fx_exp(-ratio),
    }
}

/// exp(x) for x of at most 0, from the same integers on every machine.
fn fx_exp(x: f64) -> f64 {
    // Beyond 2^-40 nothing is left of a state.
    if x < -28.0 {
        return 0.0;
    }
    let parts = 1.0 / 1024.0;
    // exp(x) = exp(x/1024)^1024; the Taylor series of so small an argument ends below the last bit.
    let y = x * parts;
    let series = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0 * (1.0 + y / 5.0 * (1.0 + y / 6.0)))));
    (0..10).fold(series, |power, _| power * power)
}

impl Neurons {
    /// The parameter `values` of neuron `n`.
    fn of(values: &[f64], n: usize) -> f64 {
        values[if values.len() == 1 { 0 } else { n }]
    }

    /// Refuses steps that are longer than a time constant, which forward Euler turns into an oscillation.
    pub(crate) fn check(&self, name: &str, rule: &Rule, dt: f64) -> Result<(), GraphError> {
        let leak = if self.kind.leaks() { &self.tau[..] } else { &[] };
        let syn = if self.kind.has_current() { &self.tau_syn[..] } else { &[] };
        let tau = if self.kind.has_current() { "tau_mem" } else { "tau" };
        for (field, values) in [(tau, leak), ("tau_syn", syn)] {
            let short = values
                .iter()
                .position(|tau| rule.integration == Integration::Euler && lost(Integration::Euler, dt, *tau) > 1.0);
            if let Some(at) = short {
                let reason = format!(
                    "element {at} is {} s, shorter than the step of {dt} s, so that an Euler step would overshoot; is \
                     `--dt` the step that the net was trained with?",
                    values[at]
                );
                return Err(GraphError::Field { node: name.into(), field: field.into(), reason });
            }
        }
        Ok(())
    }

    /// The step of neuron `n`.
    pub(crate) fn step(&self, n: usize, rule: &Rule, dt: f64) -> Stepped {
        let (r, v_leak, v_reset) = (Self::of(&self.r, n), Self::of(&self.v_leak, n), Self::of(&self.v_reset, n));
        let w_in = Self::of(&self.w_in, n);
        let lost_v = if self.kind.leaks() { lost(rule.integration, dt, Self::of(&self.tau, n)) } else { 0.0 };
        let gain = match rule.gain {
            Gain::LeakR => lost_v * r,
            Gain::Leak => lost_v,
            Gain::DtR => dt * r,
            Gain::Dt => dt,
            Gain::One => 1.0,
            Gain::Keep => 1.0 - lost_v,
            Gain::R => r,
        };
        let start = |start| match start {
            Start::Zero => 0.0,
            Start::Leak => v_leak,
            Start::Reset => v_reset,
        };
        let base = Stepped {
            keep_current: 0.0,
            gain_in: gain,
            keep_voltage: 1.0 - lost_v,
            gain: 1.0,
            rest_current: 0.0,
            rest_voltage: if rule.v_leak { lost_v * v_leak } else { 0.0 },
            threshold: Self::of(&self.v_threshold, n),
            reset: if rule.reset == ResetTo::Value { v_reset } else { 0.0 },
            v_initial: start(rule.v_start),
            i_initial: 0.0,
        };
        if self.kind == crate::NeuronKind::Threshold {
            return Stepped { keep_voltage: 0.0, gain_in: 1.0, v_initial: 0.0, rest_voltage: 0.0, ..base };
        }
        if !self.kind.has_current() {
            return base;
        }
        let lost_i = lost(rule.integration, dt, Self::of(&self.tau_syn, n));
        Stepped {
            keep_current: 1.0 - lost_i,
            gain_in: match rule.gain_in {
                GainIn::LeakW => lost_i * w_in,
                GainIn::Keep => 1.0 - lost_i,
                GainIn::One => 1.0,
                GainIn::W => w_in,
            },
            gain,
            rest_current: if rule.i_leak { lost_i * v_leak } else { 0.0 },
            i_initial: start(rule.i_start),
            ..base
        }
    }
}

/// The rule of a core model `cuba-lif` that is this rule: names and numbers of its parameters.
pub(crate) fn registers(rule: &Rule, spikes: bool, sends_voltage: bool) -> [(&'static str, i64); 7] {
    let spikes_max = rule.spikes_max.map_or(i64::from(chip::registers::MORE_SPIKES_MAX) + 1, i64::from);
    [
        ("fires_at", rule.at_threshold.into()),
        ("more_spikes", if spikes { spikes_max - 1 } else { 0 }),
        ("reset_rule", (rule.reset == ResetTo::Subtract).into()),
        (
            "reset_time",
            match rule.when {
                ResetWhen::Same => 0,
                ResetWhen::Next => 1,
                ResetWhen::NextBefore => 2,
                ResetWhen::SameAgain => 3,
            },
        ),
        ("floor_rule", rule.floor.into()),
        ("current_rule", rule.old_current.into()),
        (
            "output_rule",
            match (spikes, sends_voltage) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_the_bits_that_are_kept() {
        for n in 0..2800 {
            let x = -f64::from(n) / 100.0;
            assert!((fx_exp(x) - x.exp()).abs() <= 1e-13, "{x}");
        }
        assert_eq!((fx_exp(0.0), fx_exp(-1e9)), (1.0, 0.0));
    }

    #[test]
    fn a_decay_that_was_saved_as_a_short_float_comes_back() {
        // tau = 2e-4 as a 32-bit float is a little more, and dt/tau then misses 1/2 by 1e-9.
        let tau = f64::from(2e-4f32);
        assert!(1e-4 / tau != 0.5);
        assert_eq!(lost(Integration::Euler, 1e-4, tau), 0.5);
    }
}

//! Current-based integrate-and-fire neurons in forward Euler steps, as simulators of trained nets compute them.
//!
//! NIR's `CubaLIF` is a differential equation; which steps are made of it, and what a spike does to the voltage, is
//! left to the simulator, and simulators differ. With x what arrives in a step,
//!
//! ```text
//! i = keep_current * i + gain_current * x
//! v = keep_voltage * v + gain_voltage * i
//! spike if v > threshold, then the reset
//! ```
//!
//! where keep = 1 - dt/tau, gain_current = w_in dt/tau_syn and gain_voltage = r dt/tau_mem. The current of a step acts
//! on the voltage of the same step. [`Reset`] holds what a spike does, and [`Rule`] what each simulator does
//! differently.
//!
//! All numbers are integers in units of 2^-32 ([`FRACTION_BITS`]). Products are rounded once, to nearest. As long as
//! the spikes are the same, states are off from the exact ones of the same parameters by at most
//!
//! ```text
//! E_current = 1 / (1 - keep_current)
//! E_voltage = (1 + |gain_voltage| E_current) / (1 - keep_voltage)
//! ```
//!
//! of these units: two products of half a unit a step, and for the voltage what it inherits. States saturate at the
//! ends of 64 bits.
//!
//! The module owns these neurons and their state, and which simulator obeys which rule. It deliberately steps no
//! synapse and keeps no spike for later, so what a rule says of these is for its user to do; it knows no file; and no
//! chip offers it, because no chip computes this.

use alloc::vec;
use alloc::vec::Vec;

/// Bits of all numbers after the binary point.
pub const FRACTION_BITS: u32 = 32;

/// What a spike does to the voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The voltage is 0 after the step of the spike.
    Zero,
    /// The threshold is subtracted in the step of the spike.
    Subtract,
    /// As snnTorch subtracts. A voltage that is still above the threshold after its reset loses the threshold within
    /// the next step, before it is compared; if it then spikes, nothing more is subtracted, and if it does not, it gets
    /// it back.
    SubtractAhead,
}

/// What differs between the simulators whose rasters of a recurrent layer are known exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What a spike does.
    pub reset: Reset,
    /// Whether the recurrent bias counts in the first step, in which nothing can have spiked before.
    pub recurrent_at_first: bool,
    /// Whether spikes are recorded one step late.
    pub late: bool,
}

impl Rule {
    /// The rule of a simulator for a net that was trained with `trained`; None if it is not known.
    pub fn of(platform: &str, trained: Reset) -> Option<Self> {
        let same_step = |reset| Rule { reset, recurrent_at_first: true, late: false };
        match platform {
            "snntorch" if trained == Reset::Zero => Some(same_step(Reset::Zero)),
            "snntorch" => Some(same_step(Reset::SubtractAhead)),
            // These two take no notice of how the net was trained.
            "norse" => Some(Rule { recurrent_at_first: false, ..same_step(Reset::Zero) }),
            "spyx" => Some(Rule { late: true, ..same_step(Reset::Subtract) }),
            _ => None,
        }
    }
}

/// Parameters of a neuron, in units of 2^-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CubaNeuron {
    /// What is left of the current after a step, 0 to 1.
    pub keep_current: i64,
    /// Factor of what arrives.
    pub gain_current: i64,
    /// What is left of the voltage after a step, 0 to 1.
    pub keep_voltage: i64,
    /// Factor of the current.
    pub gain_voltage: i64,
    /// A voltage above it is a spike.
    pub threshold: i64,
}

/// Neurons that are stepped together, and their state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CubaLayer {
    reset: Reset,
    neurons: Vec<CubaNeuron>,
    current: Vec<i64>,
    voltage: Vec<i64>,
    spikes: Vec<bool>,
}

impl CubaLayer {
    /// Neurons at rest: all states 0.
    pub fn new(reset: Reset, neurons: Vec<CubaNeuron>) -> Self {
        let n = neurons.len();
        CubaLayer { reset, neurons, current: vec![0; n], voltage: vec![0; n], spikes: vec![false; n] }
    }

    /// Advances by one step; `input` is what arrives at each neuron, in units of 2^-32. Returns which spiked.
    ///
    /// # Panics
    /// If there is not one input per neuron.
    pub fn step(&mut self, input: &[i64]) -> &[bool] {
        assert!(input.len() == self.neurons.len(), "{} inputs for {} neurons", input.len(), self.neurons.len());
        for (index, neuron) in self.neurons.iter().enumerate() {
            let (current, voltage) = (&mut self.current[index], &mut self.voltage[index]);
            let owed = self.reset == Reset::SubtractAhead && *voltage > neuron.threshold;
            *current = times(neuron.keep_current, *current).saturating_add(times(neuron.gain_current, input[index]));
            let mut v = times(neuron.keep_voltage, *voltage).saturating_add(times(neuron.gain_voltage, *current));
            if owed {
                v = v.saturating_sub(neuron.threshold);
            }
            let spike = v > neuron.threshold;
            *voltage = match self.reset {
                Reset::Zero if spike => 0,
                Reset::Zero => v,
                _ => v.saturating_sub(neuron.threshold.saturating_mul(i64::from(spike) - i64::from(owed))),
            };
            self.spikes[index] = spike;
        }
        &self.spikes
    }

    /// Which neurons spiked in the last step; none before the first.
    pub fn spikes(&self) -> &[bool] {
        &self.spikes
    }

    /// The currents, in units of 2^-32.
    pub fn current(&self) -> &[i64] {
        &self.current
    }

    /// The voltages after their reset, in units of 2^-32.
    pub fn voltage(&self) -> &[i64] {
        &self.voltage
    }
}

/// A product, rounded to nearest, halves upwards; saturates.
fn times(a: i64, b: i64) -> i64 {
    let product = i128::from(a) * i128::from(b) + (1 << (FRACTION_BITS - 1));
    (product >> FRACTION_BITS).clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: i64 = 1 << FRACTION_BITS;

    /// A neuron that keeps half of its voltage and nothing of its current, with threshold 1.
    fn layer(reset: Reset) -> CubaLayer {
        let neuron =
            CubaNeuron { keep_current: 0, gain_current: ONE, keep_voltage: ONE / 2, gain_voltage: ONE, threshold: ONE };
        CubaLayer::new(reset, vec![neuron])
    }

    /// Voltages in halves, and spikes, for inputs in halves.
    fn run(reset: Reset, input: &[i64]) -> Vec<(i64, bool)> {
        let mut layer = layer(reset);
        assert_eq!(layer.spikes(), [false]);
        input
            .iter()
            .map(|x| {
                let spike = layer.step(&[x * ONE / 2])[0];
                assert_eq!(layer.current(), [x * ONE / 2]);
                (layer.voltage()[0] / (ONE / 2), spike)
            })
            .collect()
    }

    #[test]
    fn resets_by_hand() {
        // At the threshold is not above it: 2 halves do not spike.
        assert_eq!(run(Reset::Zero, &[2, 2, 6, 0]), [(2, false), (0, true), (0, true), (0, false)]);
        assert_eq!(run(Reset::Subtract, &[2, 2, 8, 0]), [(2, false), (1, true), (6, true), (1, true)]);
        // 8 - 2 is still above 2: the next step is 3 - 2, no spike, and gets its 2 back; that is above 2 again.
        assert_eq!(run(Reset::SubtractAhead, &[8, 0, 0]), [(6, true), (3, false), (1, false)]);
        // 14 - 2 = 12: then 6 - 2 = 4 spikes, and nothing more is subtracted.
        assert_eq!(run(Reset::SubtractAhead, &[14, 0]), [(12, true), (4, true)]);
    }

    #[test]
    fn states_saturate() {
        let mut layer = layer(Reset::Subtract);
        for _ in 0..3 {
            layer.step(&[i64::MAX]);
        }
        assert!(layer.voltage()[0] > i64::MAX / 4);
        layer.step(&[i64::MIN]);
        layer.step(&[i64::MIN]);
        assert_eq!(layer.voltage(), [i64::MIN]);
    }

    #[test]
    fn rules_of_simulators() {
        let reset = |platform, trained| Rule::of(platform, trained).map(|rule| rule.reset);
        assert_eq!(reset("snntorch", Reset::Zero), Some(Reset::Zero));
        assert_eq!(reset("snntorch", Reset::Subtract), Some(Reset::SubtractAhead));
        for trained in [Reset::Zero, Reset::Subtract] {
            let norse = Rule { reset: Reset::Zero, recurrent_at_first: false, late: false };
            let spyx = Rule { reset: Reset::Subtract, recurrent_at_first: true, late: true };
            assert_eq!(["norse", "spyx", "lava"].map(|name| Rule::of(name, trained)), [Some(norse), Some(spyx), None]);
        }
    }

    proptest! {
        /// Against the same equations with 64 bits after the point, as long as the spikes must be the same.
        #[test]
        fn errors_stay_within_their_bounds(
            keep in (0..ONE / 100 * 99, 0..ONE / 100 * 99),
            gain in (-2 * ONE..2 * ONE, -2 * ONE..2 * ONE),
            input in proptest::collection::vec(-4 * ONE..4 * ONE, 1..60),
            mode in 0..3usize,
        ) {
            let reset = [Reset::Zero, Reset::Subtract, Reset::SubtractAhead][mode];
            let mut layer = CubaLayer::new(reset, vec![CubaNeuron {
                keep_current: keep.0, gain_current: gain.0, keep_voltage: keep.1, gain_voltage: gain.1, threshold: ONE,
            }]);
            let number = |x: i64| x as f64 / ONE as f64;
            let most_current = 1.0 / (1.0 - number(keep.0));
            let most_voltage = (1.0 + number(gain.1).abs() * most_current) / (1.0 - number(keep.1));
            let product = |a: i64, x: i128| (i128::from(a) * x) >> FRACTION_BITS;
            let wide = |x: i64| i128::from(x) << FRACTION_BITS;
            // In units of 2^-32; what is left of the finer units is far below the last digit of a bound.
            let off = |state: i64, exact: i128| ((wide(state) - exact) as f64 / ONE as f64).abs() - 1e-6;
            let threshold = wide(ONE);
            let clear = |v: i128| ((v - threshold) as f64 / ONE as f64).abs() > most_voltage + 1.0;
            let (mut i, mut v) = (0i128, 0i128);
            for x in input {
                let owed = i128::from(mode == 2 && v > threshold) * threshold;
                i = product(keep.0, i) + product(gain.0, wide(x));
                v = product(keep.1, v) + product(gain.1, i) - owed;
                prop_assume!(clear(v));
                let spike = v > threshold;
                match mode {
                    0 if spike => v = 0,
                    0 => (),
                    _ => v += owed - i128::from(spike) * threshold,
                }
                prop_assume!(clear(v));
                prop_assert_eq!(layer.step(&[x]), &[spike][..]);
                let (current, voltage) = (off(layer.current()[0], i), off(layer.voltage()[0], v));
                prop_assert!(current <= most_current && voltage <= most_voltage, "{current} {voltage}");
            }
        }
    }

    /// The voltage inherits the error of the current: here it keeps nothing, and is still off by more than a unit.
    #[test]
    fn the_voltage_inherits_the_error_of_the_current() {
        let keep = ONE / 100 * 99;
        let neuron = CubaNeuron {
            keep_current: keep,
            gain_current: ONE,
            keep_voltage: 0,
            gain_voltage: ONE,
            threshold: i64::MAX,
        };
        let mut layer = CubaLayer::new(Reset::Zero, vec![neuron]);
        let mut exact = 0i128;
        let mut most = 0;
        for step in 0..400 {
            let x = if step == 0 { ONE } else { 0 };
            exact = ((i128::from(keep) * exact) >> FRACTION_BITS) + (i128::from(x) << FRACTION_BITS);
            layer.step(&[x]);
            let off = ((i128::from(layer.voltage()[0]) << FRACTION_BITS) - exact).abs() >> FRACTION_BITS;
            most = most.max(off);
        }
        assert!((1..100).contains(&most), "{most}");
    }
}

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
//! on the voltage of the same step. [`Reset`] holds what is done differently.
//!
//! All numbers are integers in units of 2^-32 ([`FRACTION_BITS`]). Products are rounded once, to nearest, so a state is
//! off by less than 1 / (1 - keep) of these units from the exact one; states saturate at the ends of 64 bits.
//!
//! The module owns these neurons and their state. It deliberately knows no synapse, no delay between a spike and what
//! it is taken for, and no file; and no chip offers it, because no chip computes this.

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

    proptest! {
        /// Against double precision, as long as no voltage comes near the threshold.
        #[test]
        fn follows_double_precision(
            keep in (0.0..0.99f64, 0.0..0.99f64),
            gain in (0.0..2.0f64, 0.0..2.0f64),
            input in proptest::collection::vec(-2.0..4.0f64, 1..60),
            mode in 0..3usize,
        ) {
            let reset = [Reset::Zero, Reset::Subtract, Reset::SubtractAhead][mode];
            let fixed = |x: f64| (x * ONE as f64).round() as i64;
            let mut layer = CubaLayer::new(reset, vec![CubaNeuron {
                keep_current: fixed(keep.0), gain_current: fixed(gain.0),
                keep_voltage: fixed(keep.1), gain_voltage: fixed(gain.1), threshold: ONE,
            }]);
            let (mut i, mut v) = (0.0f64, 0.0f64);
            for x in input {
                let owed = if mode == 2 && v > 1.0 { 1.0 } else { 0.0 };
                i = keep.0 * i + gain.0 * x;
                v = keep.1 * v + gain.1 * i - owed;
                prop_assume!((v - 1.0).abs() > 1e-4);
                let spike = v > 1.0;
                match mode {
                    0 if spike => v = 0.0,
                    0 => (),
                    _ => v -= f64::from(u8::from(spike)) - owed,
                }
                prop_assume!((v - 1.0).abs() > 1e-4);
                prop_assert_eq!(layer.step(&[fixed(x)]), &[spike][..]);
                prop_assert!((layer.voltage()[0] as f64 / ONE as f64 - v).abs() < 1e-4, "{} {v}", layer.voltage()[0]);
            }
        }
    }
}

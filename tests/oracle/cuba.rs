//! One current-based neuron of a trained net, stated again in exact fractions.

/// What a spike does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CubaReset {
    /// The voltage is 0.
    Zero,
    /// The threshold is taken off at once.
    Subtract,
    /// snnTorch: the threshold is taken off in the next step if the voltage calls for it then, otherwise at once.
    SubtractAhead,
}

/// A neuron and its state; every number in units of 2^-32.
#[derive(Clone, Debug)]
pub struct CubaNeuron {
    /// What is left of the current in a step.
    pub keep_current: i64,
    /// Factor of what arrives.
    pub gain_current: i64,
    /// What is left of the voltage in a step.
    pub keep_voltage: i64,
    /// Factor of the current.
    pub gain_voltage: i64,
    /// Threshold.
    pub threshold: i64,
    /// What arrives in every step.
    pub bias: i64,
    /// What arrives in every step, or in every step but the first.
    pub later_bias: i64,
    /// What a spike does.
    pub reset: CubaReset,
    /// Whether a voltage at the threshold is a spike.
    pub at_threshold: bool,
    /// Whether the later bias counts in the first step.
    pub later_at_first: bool,
    /// Steps so far.
    pub steps: u64,
    /// Current.
    pub i: i128,
    /// Voltage after its reset.
    pub v: i128,
}

/// `a b / 2^32` to nearest, halves up.
fn product(a: i64, b: i128) -> i128 {
    let one = 1i128 << 32;
    (2 * i128::from(a) * b + one).div_euclid(2 * one)
}

impl CubaNeuron {
    /// One step into which `arrived` comes through synapses. Returns whether the neuron spiked.
    pub fn step(&mut self, arrived: i128) -> bool {
        let later = if self.steps == 0 && !self.later_at_first { 0 } else { self.later_bias };
        let x = arrived + i128::from(self.bias) + i128::from(later);
        self.i = product(self.keep_current, self.i) + product(self.gain_current, x);
        let threshold = i128::from(self.threshold);
        let spikes = |v: i128| if self.at_threshold { v >= threshold } else { v > threshold };
        let still = spikes(self.v);
        let v = product(self.keep_voltage, self.v) + product(self.gain_voltage, self.i);
        self.steps += 1;
        let (spiked, after) = match self.reset {
            CubaReset::Zero if spikes(v) => (true, 0),
            CubaReset::Subtract if spikes(v) => (true, v - threshold),
            // What is owed is paid before the comparison, and a spike then takes nothing more.
            CubaReset::SubtractAhead if still => {
                (spikes(v - threshold), if spikes(v - threshold) { v - threshold } else { v })
            }
            CubaReset::SubtractAhead if spikes(v) => (true, v - threshold),
            _ => (false, v),
        };
        self.v = after;
        spiked
    }
}

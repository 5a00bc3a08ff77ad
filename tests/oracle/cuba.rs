//! One neuron of a trained net, stated again: the step as the corpus of such nets words it, in exact fractions.

/// When a reset takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CubaReset {
    /// In the step of the spike.
    Same,
    /// In the next one, after integration.
    Next,
    /// In the next one, before integration.
    NextBefore,
    /// In the step of the spike, and once more ahead of the next comparison.
    SameAgain,
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
    /// What arrives in every step but the first `late`.
    pub late_bias: i64,
    /// See `late_bias`.
    pub late: u64,
    /// What is added to current and voltage in every step.
    pub rest: (i64, i64),
    /// Where a reset sets the voltage; none: the threshold is subtracted.
    pub reset_to: Option<i64>,
    /// When.
    pub reset: CubaReset,
    /// Whether a voltage at the threshold is a spike.
    pub at_threshold: bool,
    /// Most spikes of a step.
    pub most: i64,
    /// Whether voltages end at minus the threshold.
    pub floor: bool,
    /// Whether the current before this step drives the voltage.
    pub old_current: bool,
    /// Steps so far.
    pub steps: u64,
    /// Current.
    pub i: i128,
    /// Voltage as it is carried into the next step.
    pub v: i128,
    /// Spikes of the last step.
    pub z: i64,
}

/// `a b / 2^32` to nearest, halves up.
fn product(a: i64, b: i128) -> i128 {
    let one = 1i128 << 32;
    (2 * i128::from(a) * b + one).div_euclid(2 * one)
}

impl CubaNeuron {
    fn fires(&self, v: i128) -> bool {
        let threshold = i128::from(self.threshold);
        v > threshold || self.at_threshold && v == threshold
    }

    fn after(&self, v: i128, spikes: i64) -> i128 {
        if spikes == 0 {
            return v;
        }
        self.reset_to.map_or(v - i128::from(spikes) * i128::from(self.threshold), i128::from)
    }

    /// One step into which `arrived` comes through synapses. Returns the spikes of the neuron.
    pub fn step(&mut self, arrived: i128) -> i64 {
        let late = if self.steps < self.late { 0 } else { self.late_bias };
        let x = arrived + i128::from(self.bias) + i128::from(late);
        let old = self.i;
        self.i = product(self.keep_current, old) + product(self.gain_current, x) + i128::from(self.rest.0);
        let drive = if self.old_current { old } else { self.i };
        let carried = self.v;
        let mut v = carried;
        if self.reset == CubaReset::NextBefore {
            v = self.after(v, self.z);
        }
        v = product(self.keep_voltage, v) + product(self.gain_voltage, drive) + i128::from(self.rest.1);
        if self.reset == CubaReset::Next {
            v = self.after(v, self.z);
        }
        let above = self.reset == CubaReset::SameAgain && self.fires(carried);
        if above {
            v -= i128::from(self.threshold);
        }
        let mut z = 0;
        if self.fires(v) {
            z = if self.most == 1 { 1 } else { (v / i128::from(self.threshold)).clamp(1, self.most.into()) as i64 };
        }
        v = match self.reset {
            CubaReset::Same => self.after(v, z),
            CubaReset::SameAgain => match self.reset_to {
                None => v - i128::from(z - i64::from(above)) * i128::from(self.threshold),
                Some(_) => self.after(v, z),
            },
            CubaReset::Next | CubaReset::NextBefore => v,
        };
        if self.floor {
            v = v.max(-i128::from(self.threshold));
        }
        self.steps += 1;
        (self.v, self.z) = (v, z);
        z
    }
}

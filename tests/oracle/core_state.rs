//! The equations of the cores, one neuron after the other, in 128-bit integers.

use crate::analog::AnalogNeuron;
use crate::intervals::Intervals;
use chip::{ChipSpec, Kinetics, SynapseSign};
use std::collections::BTreeMap;

/// `mantissa / 2^(15 + shift)`.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    /// The multiplier.
    pub mantissa: i128,
    /// Extra bits to shift.
    pub shift: i32,
}

impl Factor {
    /// floor(x times factor + 1/2).
    pub fn times(self, x: i128) -> i128 {
        let divisor = 1i128 << (15 + self.shift);
        (2 * x * self.mantissa + divisor).div_euclid(2 * divisor)
    }
}

/// One exponential current of a neuron.
#[derive(Clone, Debug)]
pub struct Current {
    /// Kind of synapse.
    pub kind: usize,
    /// What part is lost in a step.
    pub leak: Factor,
    /// What part reaches the membrane in a step.
    pub coupling: Factor,
    /// The current.
    pub i: i128,
}

/// A leaky integrate-and-fire neuron.
#[derive(Clone, Debug)]
pub struct LifNeuron {
    /// What part of the membrane is lost in a step.
    pub leak: Factor,
    /// Constant input of a step.
    pub drive: i128,
    /// Threshold in this run.
    pub threshold: i128,
    /// How it changes within the run, if it does.
    pub intervals: Option<Intervals>,
    /// Where a spike leaves the membrane.
    pub reset: i128,
    /// Refractory period in steps.
    pub refractory_steps: i128,
    /// Gains of delta kinds that have one, by kind.
    pub gains: BTreeMap<usize, Factor>,
    /// Currents of the kinds in use.
    pub currents: Vec<Current>,
    /// The membrane.
    pub v: i128,
    /// Remaining steps of the refractory period.
    pub r: i128,
}

/// A rate unit.
#[derive(Clone, Debug)]
pub struct RateUnit {
    /// What part of the state is replaced in a step.
    pub leak: Factor,
    /// Constant part of the argument, 20 fraction bits.
    pub drive: i128,
    /// Gains of the kinds that have one, by kind, 32 fraction bits.
    pub gains: BTreeMap<usize, i128>,
    /// Whether it sends the tanh of its state.
    pub squashed: bool,
    /// The state, 28 fraction bits.
    pub x: i128,
}

/// A core with its state and what arrived, by neuron and kind.
pub enum CoreOracle {
    /// LIF neurons.
    Lif {
        /// The neurons.
        neurons: Vec<LifNeuron>,
        /// Weights are shifted left by this.
        weight_exponent: u32,
        /// Sums of this tick.
        received: BTreeMap<(usize, usize), i128>,
    },
    /// Asynchronous LIF neurons.
    Analog {
        /// The neurons.
        neurons: Vec<AnalogNeuron>,
        /// Weights are shifted left by this, to 32 fraction bits.
        weight_exponent: u32,
        /// Sums of this tick.
        received: BTreeMap<(usize, usize), i128>,
    },
    /// Rate units.
    Rate {
        /// The units.
        units: Vec<RateUnit>,
        /// Weights are shifted left by this.
        weight_exponent: u32,
        /// Sums of all ticks.
        received: BTreeMap<(usize, usize), i128>,
    },
}

const LIMIT: i128 = 1 << 29;

fn sat(x: i128, cuts: &mut u64) -> i128 {
    let kept = x.clamp(-LIMIT, LIMIT);
    *cuts += u64::from(kept != x);
    kept
}

/// floor(x / 2^bits + 1/2).
fn round(x: i128, bits: u32) -> i128 {
    let divisor = 1i128 << bits;
    (2 * x + divisor).div_euclid(2 * divisor)
}

impl CoreOracle {
    /// Adds weight times payload for one synapse.
    pub fn receive(&mut self, neuron: usize, kind: usize, amount: i128) {
        let (Self::Lif { received, .. } | Self::Analog { received, .. } | Self::Rate { received, .. }) = self;
        *received.entry((neuron, kind)).or_default() += amount;
    }

    /// Tick `tick` of a chip whose steps have `step` ticks. Returns what neurons send (neuron, value, payload) and how
    /// often something was cut.
    pub fn step(&mut self, spec: &ChipSpec, tick: u64, step: u64) -> (Vec<(u16, i128, i128)>, u64) {
        let (mut sent, mut cuts) = (Vec::new(), 0);
        match self {
            Self::Lif { neurons, weight_exponent, received } => {
                for (n, neuron) in neurons.iter_mut().enumerate() {
                    let sum = |kind: usize| received.get(&(n, kind)).copied().unwrap_or(0) << *weight_exponent;
                    if neuron.step(spec, sum, &mut cuts) {
                        let waits = u64::try_from(neuron.refractory_steps).expect("periods are not negative");
                        if let Some(intervals) = &mut neuron.intervals {
                            intervals.begin(tick + waits * step);
                        }
                        sent.push((n as u16, 1, 1));
                    }
                }
                received.clear();
            }
            Self::Analog { neurons, weight_exponent, received } => {
                for (n, neuron) in neurons.iter_mut().enumerate() {
                    let own = received.range((n, 0)..(n + 1, 0));
                    let arrived = own.map(|(&(_, kind), sum)| (kind, *sum << *weight_exponent)).collect();
                    if neuron.tick(tick, spec, &arrived, &mut cuts) {
                        sent.push((n as u16, 1, 1));
                    }
                }
                received.clear();
            }
            Self::Rate { units, weight_exponent, received } => {
                for (n, unit) in units.iter_mut().enumerate() {
                    let sum = |kind: usize| received.get(&(n, kind)).copied().unwrap_or(0) << *weight_exponent;
                    let before = unit.output();
                    unit.step(spec, sum, &mut cuts);
                    let after = unit.output();
                    if after != before {
                        sent.push((n as u16, after, after - before));
                    }
                }
            }
        }
        (sent, cuts)
    }
}

pub(crate) fn sign(spec: &ChipSpec, kind: usize) -> i128 {
    if spec.synapses[kind].sign == SynapseSign::Inhibitory { -1 } else { 1 }
}

impl LifNeuron {
    /// The threshold in the present interval.
    pub fn threshold_now(&self) -> i128 {
        self.intervals.as_ref().map_or(self.threshold, |intervals| intervals.threshold(self.threshold))
    }

    fn step(&mut self, spec: &ChipSpec, sum: impl Fn(usize) -> i128, cuts: &mut u64) -> bool {
        let mut steps = 0;
        for (kind, synapse) in spec.synapses.iter().enumerate().filter(|(_, s)| s.kinetics == Kinetics::Delta) {
            let arrived = sign(spec, kind) * sum(kind);
            steps += match (&synapse.gain, self.gains.get(&kind)) {
                (Some(_), Some(gain)) => gain.times(sat(arrived, cuts)),
                (Some(_), None) => 0,
                (None, _) => arrived,
            };
        }
        let mut input = self.drive;
        for current in &self.currents {
            input += sign(spec, current.kind) * current.coupling.times(current.i);
        }
        // The period ends with the step in which the last of it is counted: what arrives there counts.
        let waits = self.r > 1;
        if waits {
            self.v = self.reset;
        } else if self.r == 1 {
            self.v = sat(self.reset + steps, cuts);
        } else {
            self.v = sat(self.v - self.leak.times(self.v) + input + steps, cuts);
        }
        self.r = (self.r - 1).max(0);
        for current in &mut self.currents {
            let jump = sum(current.kind);
            current.i = sat(current.i - current.leak.times(current.i) + jump, cuts);
        }
        let spikes = !waits && self.v >= self.threshold_now();
        if spikes {
            self.v = self.reset;
            self.r = self.refractory_steps;
        }
        spikes
    }
}

impl RateUnit {
    /// What it sends, 16 fraction bits.
    fn output(&self) -> i128 {
        if self.squashed { fx::step::tanh_q16(round(self.x, 8) as i32).into() } else { round(self.x, 12) }
    }

    /// Input through all kinds with these kinetics, 20 fraction bits. Kinds without gain share one rounding, because
    /// their sums are one sum.
    fn input(&self, spec: &ChipSpec, kinetics: &Kinetics, sum: impl Fn(usize) -> i128) -> i128 {
        let (mut plain, mut scaled) = (0, 0);
        for (kind, synapse) in spec.synapses.iter().enumerate().filter(|(_, s)| s.kinetics == *kinetics) {
            let arrived = sign(spec, kind) * sum(kind);
            match (&synapse.gain, self.gains.get(&kind)) {
                (Some(_), Some(gain)) => scaled += round(round(arrived, 16) * gain, 32),
                (Some(_), None) => {}
                (None, _) => plain += arrived,
            }
        }
        scaled + round(plain, 16)
    }

    fn step(&mut self, spec: &ChipSpec, sum: impl Fn(usize) -> i128, cuts: &mut u64) {
        let argument = self.drive + self.input(spec, &Kinetics::Graded, &sum);
        let argument = argument.clamp(i128::from(i32::MIN), i128::from(i32::MAX)) as i32;
        let target = i128::from(fx::step::tanh_q20(argument)) + self.input(spec, &Kinetics::Linear, &sum);
        // A unit that is broken so that it is always on goes to where it sends most, whatever arrives.
        let end = if self.squashed { (1 << 31) - 1 } else { 1 << 28 };
        let target = if self.drive == i128::from(i64::MAX) { end } else { target << 8 };
        let (before, exact) = (self.x, self.x + self.leak.times(target - self.x));
        self.x = exact.clamp(1 - (1 << 31), (1 << 31) - 1);
        // What stays at an end was cut when it came there.
        *cuts += u64::from(self.x != exact && self.x != before);
    }
}

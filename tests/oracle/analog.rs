//! The asynchronous core, tick by tick: the closed form of every neuron is evaluated in every tick and compared with
//! the threshold. No bound, no search, no pending tick.

use crate::intervals::Intervals;
use chip::{ChipSpec, Kinetics};
use fx::Wide;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// 2^-(d mantissa / 2^(48 + shift)) after d ticks.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// See above.
    pub mantissa: i128,
    /// See above.
    pub shift: u32,
}

/// One exponential current of a neuron.
#[derive(Clone, Debug)]
pub struct AnalogCurrent {
    /// Kind of synapse; `None` for the current of adaptation.
    pub kind: Option<usize>,
    /// Its decay.
    pub rate: Rate,
    /// What its difference of decays is multiplied with, 44 fraction bits.
    pub coefficient: i128,
    /// For time constants that are close: how far apart, 62 fraction bits.
    pub near: Option<i128>,
    /// Whether it decays more slowly than the membrane.
    pub slower: bool,
    /// Whether it is subtracted.
    pub inhibitory: bool,
    /// The current at the last event, 32 fraction bits.
    pub i: i128,
}

/// A neuron. Voltages have 32 fraction bits.
#[derive(Clone, Debug)]
pub struct AnalogNeuron {
    /// Decay of the membrane.
    pub rate: Rate,
    /// Where it decays to.
    pub rest: i128,
    /// Threshold in this run.
    pub threshold: i128,
    /// How it changes within the run, if it does.
    pub intervals: Option<Intervals>,
    /// Where a spike leaves it.
    pub reset: i128,
    /// Ticks of the refractory period.
    pub refractory: u64,
    /// What a spike adds to the current without kind.
    pub adaptation: i128,
    /// Gains of delta kinds that have one, by kind, 32 fraction bits.
    pub gains: BTreeMap<usize, i128>,
    /// Its currents.
    pub currents: Vec<AnalogCurrent>,
    /// The membrane at the last event.
    pub v: i128,
    /// The tick of the last event.
    pub base: u64,
    /// When the refractory period ends or ended.
    pub free: u64,
}

const ONE: i128 = 1 << 62;
const LIMIT: i128 = 1 << 41;

/// Powers of two to nearest with 62 fraction bits: 2^(-i/256) and 2^(-i/65536); ln 2 with 64.
static POWERS: LazyLock<([i128; 256], [i128; 256], i128)> = LazyLock::new(|| {
    let ln2 = Wide::from_integer(2).ln().expect("2 is positive").to_bits();
    let power = |i: usize, parts: i128| {
        let exact = Wide::from_bits(-(ln2 / parts) * i as i128).exp().to_bits();
        floor(2 * exact + (1 << 34), 35)
    };
    (std::array::from_fn(|i| power(i, 256)), std::array::from_fn(|i| power(i, 65_536)), floor(ln2, 32))
});

fn floor(x: i128, bits: u32) -> i128 {
    x.div_euclid(1 << bits)
}

/// floor(x / 2^62 + 1/2).
fn round(x: i128) -> i128 {
    floor(x + ONE / 2, 62)
}

fn sat(x: i128, cuts: &mut u64) -> i128 {
    let kept = x.clamp(-LIMIT, LIMIT);
    *cuts += u64::from(kept != x);
    kept
}

/// The exponent, at most 62, and the decay after `ticks`.
fn decay(rate: Rate, ticks: u64) -> (i128, i128) {
    // The product of 64 and 62 bits needs no more than 126.
    let x = floor(i128::from(ticks) * rate.mantissa, rate.shift).min(62 << 48);
    let (whole, part) = (x.div_euclid(1 << 48), x.rem_euclid(1 << 48));
    if whole >= 62 {
        return (x, 0);
    }
    let (first, second, rest) = (part >> 40, (part >> 32) % 256, part % (1 << 32));
    let (coarse, fine, ln2) = &*POWERS;
    let u = floor(rest * ln2, 48);
    let polynomial = ONE - floor(u - floor(floor(u, 16).pow(2), 33), 2);
    let table = floor(coarse[first as usize] * fine[second as usize], 62);
    (x, floor(floor(table * polynomial, 62), whole as u32))
}

impl AnalogCurrent {
    /// What part of the current is in the membrane after the given decays of both.
    fn transfer(&self, membrane: (i128, i128), own: (i128, i128)) -> i128 {
        let (slow, fast) = if self.slower { (own, membrane) } else { (membrane, own) };
        let Some(difference) = self.near else {
            return floor(self.coefficient * (slow.1 - fast.1).max(0), 62);
        };
        let mut growth = slow.0;
        if difference != 0 {
            let w = floor(difference * slow.0, 48);
            let mut phi = ONE;
            for n in (2..18).rev() {
                phi = ONE - floor(w * phi, 62).div_euclid(n);
            }
            growth = floor(slow.0 * phi, 62);
        }
        floor(floor(slow.1 * growth, 62) * self.coefficient, 48)
    }
}

impl AnalogNeuron {
    /// Membrane and currents `ticks` after the last event, by the closed form.
    fn after(&self, ticks: u64) -> (i128, Vec<i128>) {
        let membrane = decay(self.rate, ticks);
        let mut sum = (self.v - self.rest) * membrane.1;
        let mut currents = Vec::new();
        for current in &self.currents {
            let own = decay(current.rate, ticks);
            currents.push(round(current.i * own.1));
            let moved = current.i * current.transfer(membrane, own) * (1 << 18);
            sum += if current.inhibitory { -moved } else { moved };
        }
        (self.rest + round(sum), currents)
    }

    /// The threshold in the present interval.
    pub fn threshold_now(&self) -> i128 {
        self.intervals.as_ref().map_or(self.threshold, |intervals| intervals.threshold(self.threshold))
    }

    /// The state in tick `tick`: membrane, kept within the range of states, and currents.
    pub fn at(&self, tick: u64) -> (i128, Vec<i128>) {
        let (v, currents) = self.after(tick - self.base);
        (if tick < self.free { self.reset } else { v.clamp(-LIMIT, LIMIT) }, currents)
    }

    fn move_to(&mut self, tick: u64, v: i128, currents: &[i128]) {
        (self.base, self.v) = (tick, v);
        for (current, i) in self.currents.iter_mut().zip(currents) {
            current.i = *i;
        }
    }

    /// Tick `tick`, with the sum of each kind through which something arrived. Ticks come one after the other. Returns
    /// whether the neuron spikes.
    pub fn tick(&mut self, tick: u64, spec: &ChipSpec, arrived: &BTreeMap<usize, i128>, cuts: &mut u64) -> bool {
        if self.base < self.free && tick == self.free {
            let (_, currents) = self.after(tick - self.base);
            self.move_to(tick, self.reset, &currents);
        }
        let refractory = tick < self.free;
        let (mut v, currents) = self.after(tick - self.base);
        if arrived.is_empty() && tick > 0 && (refractory || v < self.threshold_now()) {
            return false;
        }
        let before = if refractory { self.reset } else { v };
        self.move_to(tick, before, &currents);
        for current in &mut self.currents {
            let jump = current.kind.and_then(|kind| arrived.get(&kind)).copied().unwrap_or(0);
            current.i = sat(current.i + jump, cuts);
        }
        if refractory {
            return false;
        }
        let mut scaled: BTreeMap<usize, i128> = BTreeMap::new();
        for (kind, sum) in arrived {
            let synapse = &spec.synapses[*kind];
            if synapse.kinetics != Kinetics::Delta {
                continue;
            }
            let sum = super::core_state::sign(spec, *kind) * sum;
            if synapse.gain.is_some() { *scaled.entry(*kind).or_default() += sum } else { v += sum }
        }
        for (kind, sum) in scaled {
            v += floor(sat(sum, cuts) * self.gains[&kind] + (1 << 31), 32);
        }
        self.v = sat(v, cuts);
        if self.v < self.threshold_now() {
            return false;
        }
        self.v = self.reset;
        self.free = tick + self.refractory;
        if let Some(intervals) = &mut self.intervals {
            intervals.begin(tick + self.refractory);
        }
        for current in self.currents.iter_mut().filter(|c| c.kind.is_none()) {
            current.i = sat(current.i + self.adaptation, cuts);
        }
        true
    }
}

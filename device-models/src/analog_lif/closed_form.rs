//! The closed form of a neuron between two events, and bounds of it over an interval.

use fx::exp2::{ARGUMENT_BITS, ARGUMENT_END, ONE, RESULT_BITS, exp2_neg};
use fx::{Rounding, Wide, shift_right};

/// Fraction bits of transfers and their coefficients.
pub const TRANSFER_BITS: u32 = 44;
/// Currents of a neuron: those of synapses, and that of adaptation.
pub(super) const CURRENTS: usize = crate::CURRENTS_MAX + 1;

/// exp(-d/tau) of whole ticks d, as 2^-(d mantissa / 2^shift) with an exponent of 48 fraction bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decay {
    /// The rate, tick/(tau ln 2), in units of 2^-(48 + shift): 62 significant bits.
    pub mantissa: u64,
    /// See the mantissa; at least 0 and below 128.
    pub shift: u32,
}

impl Decay {
    /// The decay whose exponent grows by `rate` a tick; from 1024 on all rates are the same, because nothing is left
    /// after a tick. `None` if the rate is below 2^-41, which is a time constant beyond 2^40 ticks.
    pub(super) fn new(rate: Wide) -> Option<Self> {
        let bits = rate.to_bits().min(Wide::from_integer(1024).to_bits());
        if bits >> (Wide::FRACTION_BITS - 41) <= 0 {
            return None;
        }
        // Rates have 96 fraction bits, exponents 48.
        let excess = (128 - bits.leading_zeros()).saturating_sub(62);
        let mantissa = shift_right(bits, excess, Rounding::HalfEven) as u64;
        Some(Self { mantissa, shift: Wide::FRACTION_BITS - ARGUMENT_BITS - excess })
    }

    /// The exponent after `ticks`, cut where the result is 0 anyway.
    #[inline]
    fn argument(self, ticks: u64) -> u64 {
        let exponent = (u128::from(ticks) * u128::from(self.mantissa)) >> self.shift;
        exponent.min(u128::from(ARGUMENT_END << ARGUMENT_BITS)) as u64
    }
}

/// What part of a current reaches the membrane in d ticks: the coefficient times a difference of decays, or times
/// the limit of that difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// Time constants that differ by more than one part in 45: coefficient (slow - fast).
    Apart {
        /// Gain over tau' |1/tau_k - 1/tau_mem|, 44 fraction bits.
        coefficient: u64,
    },
    /// Time constants that are closer, or equal: coefficient slow x phi(x difference) with the exponent x of the
    /// slower decay and phi(w) = (1 - exp(-w)) / w.
    Near {
        /// Gain times the slower time constant times ln 2 over tau', 44 fraction bits.
        coefficient: u64,
        /// |1/tau_k - 1/tau_mem| times the slower time constant times ln 2, below 2^-6; 62 fraction bits.
        difference: u64,
    },
}

/// One exponential current of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// How it decays.
    pub decay: Decay,
    /// How it reaches the membrane.
    pub coupling: Coupling,
    /// Whether it is slower than the membrane.
    pub slower: bool,
    /// Whether it is subtracted.
    pub inhibitory: bool,
    /// How fast a current of 1 moves the membrane, in units a membrane time constant: at most and at least this, 32
    /// fraction bits. For predictions only, as are the others below.
    pub(super) slope: (u64, u64),
    /// How fast the slope due to an inhibitory current of 1 rises again, at most; 16 fraction bits.
    pub(super) bend: u64,
    /// The most of a current that is ever in the membrane, at most; 44 fraction bits.
    pub(super) peak: u64,
}

/// The constants of a neuron's membrane. Voltages have 32 fraction bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membrane {
    /// How it decays.
    pub decay: Decay,
    /// The level that it decays to.
    pub rest: i64,
    /// Threshold.
    pub threshold: i64,
    /// Where a spike leaves it.
    pub reset: i64,
    /// Ticks of the refractory period.
    pub refractory: u64,
    /// Time constant in ticks, at most; 16 fraction bits.
    pub(super) tau: u64,
}

/// G = x phi(x difference) with 48 fraction bits. It never falls: its true slope is above exp(-1), and the sum below
/// is off by less than 2^-54.
fn near_growth(x: u64, difference: u64) -> u64 {
    if difference == 0 {
        return x;
    }
    let w = ((u128::from(difference) * u128::from(x)) >> ARGUMENT_BITS) as u64;
    // phi(w) = 1 - w/2 (1 - w/3 (1 - w/4 (...))); w < 1, so what is left out is below 1/18!.
    let phi = (2..=17).rev().fold(ONE, |sum, n| {
        let product = (u128::from(w) * u128::from(sum)) >> RESULT_BITS;
        ONE - product as u64 / n
    });
    ((u128::from(x) * u128::from(phi)) >> RESULT_BITS) as u64
}

/// A decay at one time: its exponent and its value.
#[derive(Clone, Copy, Debug, Default)]
struct Decayed {
    x: u64,
    e: u64,
}

impl Decayed {
    #[inline]
    fn at(decay: Decay, ticks: u64) -> Self {
        let x = decay.argument(ticks);
        Self { x, e: exp2_neg(x) }
    }
}

impl Current {
    /// The coefficient of its coupling.
    pub const fn coefficient(&self) -> u64 {
        let (Coupling::Apart { coefficient } | Coupling::Near { coefficient, .. }) = self.coupling;
        coefficient
    }

    /// The transfer with each decay taken at a time of its own: `slow` and `fast` where a larger value means a larger
    /// transfer, and `growth` for the time of a factor that grows. All from one time: the transfer itself. As each
    /// factor is monotone and truncation keeps order, times at the two ends of an interval give bounds over it.
    #[inline]
    fn transfer(&self, slow: u64, fast: u64, growth: u64) -> u64 {
        match self.coupling {
            Coupling::Apart { coefficient } => {
                ((u128::from(coefficient) * u128::from(slow.saturating_sub(fast))) >> RESULT_BITS) as u64
            }
            Coupling::Near { coefficient, difference } => {
                let growth = near_growth(growth, difference);
                let product = (u128::from(slow) * u128::from(growth)) >> RESULT_BITS;
                ((product * u128::from(coefficient)) >> ARGUMENT_BITS) as u64
            }
        }
    }

    /// Bounds of the transfer from `a` to `b`, given the decays of membrane and current at both.
    #[inline]
    fn transfer_bounds(&self, membrane: (Decayed, Decayed), current: (Decayed, Decayed)) -> (u64, u64) {
        let (slow, fast) = if self.slower { (current, membrane) } else { (membrane, current) };
        let least = self.transfer(slow.1.e, fast.0.e, slow.0.x);
        (least, self.transfer(slow.0.e, fast.1.e, slow.1.x))
    }
}

/// floor(value / 2^62 + 1/2).
#[inline]
const fn nearest(value: i128) -> i128 {
    (value + (1 << (RESULT_BITS - 1))) >> RESULT_BITS
}

/// A neuron at its last event: constants, membrane and currents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'a> {
    pub(super) membrane: &'a Membrane,
    pub(super) currents: &'a [Current],
    pub(super) v: i64,
    pub(super) i: &'a [i64],
}

/// A neuron some ticks later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The membrane, which may be beyond the range of states.
    pub(super) v: i64,
    pub(super) i: [i64; CURRENTS],
    /// Every decay is over: nothing changes from here on.
    pub(super) settled: bool,
}

impl Base<'_> {
    /// Only the currents, `ticks` later.
    pub(super) fn currents_after(&self, ticks: u64) -> [i64; CURRENTS] {
        let mut i = [0; CURRENTS];
        for ((current, from), to) in self.currents.iter().zip(self.i).zip(&mut i) {
            if *from != 0 {
                *to = nearest(i128::from(*from) * i128::from(Decayed::at(current.decay, ticks).e)) as i64;
            }
        }
        i
    }

    /// The closed form `ticks` later.
    #[inline]
    pub(super) fn after(&self, ticks: u64) -> Point {
        let m = Decayed::at(self.membrane.decay, ticks);
        // At most 5 products below 2^(41 + 62 + 16), and one below 2^105.
        let mut sum = i128::from(self.v - self.membrane.rest) * i128::from(m.e);
        let (mut i, mut settled) = ([0; CURRENTS], m.e == 0);
        for ((current, from), to) in self.currents.iter().zip(self.i).zip(&mut i) {
            if *from == 0 {
                continue;
            }
            let k = Decayed::at(current.decay, ticks);
            settled &= k.e == 0;
            *to = nearest(i128::from(*from) * i128::from(k.e)) as i64;
            let (slow, fast) = if current.slower { (k, m) } else { (m, k) };
            let transfer = i128::from(current.transfer(slow.e, fast.e, slow.x)) << (RESULT_BITS - TRANSFER_BITS);
            let moved = i128::from(*from) * transfer;
            sum += if current.inhibitory { -moved } else { moved };
        }
        let v = i128::from(self.membrane.rest) + nearest(sum);
        Point { v: v as i64, i, settled }
    }

    /// An upper bound of the computed membrane over all ticks from `a` to `b`; exact if they are equal.
    pub(super) fn upper_bound(&self, a: u64, b: u64) -> i64 {
        let at = |decay| (Decayed::at(decay, a), Decayed::at(decay, b));
        let m = at(self.membrane.decay);
        let away = self.v - self.membrane.rest;
        let mut sum = i128::from(away) * i128::from(if away > 0 { m.0.e } else { m.1.e });
        for (current, from) in self.currents.iter().zip(self.i).filter(|(_, i)| **i != 0) {
            let (least, most) = current.transfer_bounds(m, at(current.decay));
            let from = i128::from(if current.inhibitory { -from } else { *from });
            let transfer = i128::from(if from > 0 { most } else { least });
            sum += from * (transfer << (RESULT_BITS - TRANSFER_BITS));
        }
        (i128::from(self.membrane.rest) + nearest(sum)) as i64
    }
}

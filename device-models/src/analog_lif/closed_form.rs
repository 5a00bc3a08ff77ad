//! The closed form of a neuron between two events, and bounds of it over an interval.

use fx::exp2::{ARGUMENT_BITS, ARGUMENT_END, ONE, RESULT_BITS, exp2_neg, scaled};
use fx::{Rounding, Wide, shift_right};

/// Fraction bits of transfers and their coefficients.
pub const TRANSFER_BITS: u32 = 44;

/// exp(-d/tau) of whole ticks d, as 2^-(d mantissa / 2^shift) with an exponent of 48 fraction bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decay {
    /// The rate, tick/(tau ln 2), in units of 2^-(48 + shift): at most 62 bits.
    pub mantissa: u64,
    /// See the mantissa; from 3 to 48.
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
        // The mask says to the compiler what is so anyway, and spares it the case of a whole word.
        let exponent = (u128::from(ticks) * u128::from(self.mantissa)) >> (self.shift & 63);
        exponent.min(u128::from(ARGUMENT_END << ARGUMENT_BITS)) as u64
    }
}

/// What part of a current reaches the membrane in d ticks: the coefficient times a difference of decays, or times
/// the limit of that difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
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
    pub coupling: Transfer,
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
    /// Threshold in this run.
    pub threshold: i64,
    /// Where a spike leaves it.
    pub reset: i64,
    /// Ticks of the refractory period.
    pub refractory: u64,
    /// Time constant in ticks, rounded down; 16 fraction bits. For predictions only, as is the next one.
    pub(super) tau: u64,
    /// Bound on the difference between the computed membrane and the smooth closed form with the same coefficients, in
    /// bits of the membrane, from any state within range, at two ticks together: from a computed membrane, a later one
    /// is predicted. See [`Membrane::error_with`].
    pub(super) error: i64,
}

impl Membrane {
    /// The bound on the error of a membrane with these `currents`. A transfer is off by less than a quarter of its
    /// coefficient and 1, in units of 2^-44; its coefficient and 9 are allowed for, more than that twice, times the
    /// largest current.
    pub(super) fn error_with<'a>(currents: impl Iterator<Item = &'a Current>) -> i64 {
        let largest = (super::STATE_MAX >> 22) + 1;
        currents.fold(5, |error, current| {
            let off = (current.coefficient() >> TRANSFER_BITS) as i64 + 9;
            error + 1 + ((largest * off) >> 22)
        })
    }
}

/// G = x phi(x difference) with 48 fraction bits. It never falls: its true slope is above exp(-1), and the sum below
/// is off by less than 2^-54.
fn near_growth(x: u64, difference: u64) -> u64 {
    if difference == 0 {
        return x;
    }
    let w = ((u128::from(difference) * u128::from(x)) >> ARGUMENT_BITS) as u64;
    // phi(w) = 1 - w/2 (1 - w/3 (1 - w/4 (...))); w < 1, so what is left out is below 1/18!.
    let phi = (2..=17).rev().fold(ONE, |sum, n| ONE - scaled(w, sum) / n);
    scaled(x, phi)
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
        let (Transfer::Apart { coefficient } | Transfer::Near { coefficient, .. }) = self.coupling;
        coefficient
    }

    /// The transfer with each decay taken at a time of its own: `slow` and `fast` where a larger value means a larger
    /// transfer, and `growth` for the time of a factor that grows. All from one time: the transfer itself. As each
    /// factor is monotone and truncation keeps order, times at the two ends of an interval give bounds over it.
    #[inline]
    fn transfer(&self, slow: u64, fast: u64, growth: u64) -> u64 {
        match self.coupling {
            Transfer::Apart { coefficient } => scaled(coefficient, slow.saturating_sub(fast)),
            Transfer::Near { coefficient, difference } => {
                let growth = near_growth(growth, difference);
                let transfer = (u128::from(scaled(growth, slow)) * u128::from(coefficient)) >> ARGUMENT_BITS;
                debug_assert!(transfer >> 63 == 0, "bounds over a long interval");
                transfer as u64
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

/// `value * factor` for a factor below 2^63.
#[inline]
const fn product(value: i64, factor: u64) -> i128 {
    debug_assert!(factor >> 63 == 0, "the factor has a sign bit");
    value as i128 * factor as i64 as i128
}

/// floor(value / 2^62 + 1/2).
#[inline]
const fn nearest(value: i128) -> i128 {
    (value + (1 << (RESULT_BITS - 1))) >> RESULT_BITS
}

/// A neuron with N currents at its last event: constants, membrane and currents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'a, const N: usize> {
    pub(super) membrane: &'a Membrane,
    /// The threshold now, which noise can set apart from that of the run.
    pub(super) threshold: i64,
    pub(super) currents: &'a [Current; N],
    pub(super) v: i64,
    pub(super) i: [i64; N],
}

/// A neuron some ticks later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<const N: usize> {
    /// The membrane, which may be beyond the range of states.
    pub(super) v: i64,
    pub(super) i: [i64; N],
    /// Every decay is over: nothing changes from here on.
    pub(super) settled: bool,
}

impl<const N: usize> Base<'_, N> {
    /// Only the currents, `ticks` later.
    #[inline]
    pub(super) fn currents_after(&self, ticks: u64) -> [i64; N] {
        core::array::from_fn(|k| {
            if self.i[k] == 0 {
                return 0;
            }
            nearest(product(self.i[k], Decayed::at(self.currents[k].decay, ticks).e)) as i64
        })
    }

    /// The closed form `ticks` later.
    #[inline(always)]
    pub(super) fn after(&self, ticks: u64) -> Point<N> {
        let m = Decayed::at(self.membrane.decay, ticks);
        // At most 5 products below 2^(41 + 62 + 16), and one below 2^105.
        let mut sum = product(self.v - self.membrane.rest, m.e);
        let (mut i, mut settled) = ([0; N], m.e == 0);
        for ((current, from), to) in self.currents.iter().zip(self.i).zip(&mut i) {
            if from == 0 {
                continue;
            }
            let k = Decayed::at(current.decay, ticks);
            settled &= k.e == 0;
            *to = nearest(product(from, k.e)) as i64;
            let (slow, fast) = if current.slower { (k, m) } else { (m, k) };
            let transfer = current.transfer(slow.e, fast.e, slow.x);
            let moved = product(from, transfer) << (RESULT_BITS - TRANSFER_BITS);
            sum += if current.inhibitory { -moved } else { moved };
        }
        let v = i128::from(self.membrane.rest) + nearest(sum);
        Point { v: v as i64, i, settled }
    }

    /// An upper bound of the computed membrane over all ticks from `a` to `b`; exact if they are equal. `b` is at most
    /// twice `a` and 1, so that the growth at `b` times the decay at `a` fits a transfer.
    pub(super) fn upper_bound(&self, a: u64, b: u64) -> i64 {
        let at = |decay| (Decayed::at(decay, a), Decayed::at(decay, b));
        let m = at(self.membrane.decay);
        let away = self.v - self.membrane.rest;
        let mut sum = product(away, if away > 0 { m.0.e } else { m.1.e });
        for (current, from) in self.currents.iter().zip(self.i).filter(|(_, i)| *i != 0) {
            let (least, most) = current.transfer_bounds(m, at(current.decay));
            let from = if current.inhibitory { -from } else { from };
            sum += product(from, if from > 0 { most } else { least }) << (RESULT_BITS - TRANSFER_BITS);
        }
        (i128::from(self.membrane.rest) + nearest(sum)) as i64
    }
}

//! When a neuron that nothing reaches will be at threshold.
//!
//! Two bounds of the membrane are used. Both are safe: what they exclude, a scan of all ticks would not find.
//!
//! *A parabola.* With time in membrane time constants, `s` the slope now and j_k = +-q_k i_k the slope that current k
//! adds, the equations of the module give v'' = -v' - sum_k j_k tau_mem/tau_k, or
//! v - rest - sum_k j_k (1 + tau_mem/tau_k).
//! Until v reaches the threshold, and as currents only decay, v'' stays at or below
//!
//! ```text
//! b = max(0, threshold - rest) + sum over negative j_k of |j_k| (1 + tau_mem/tau_k)
//! ```
//!
//! so that the threshold cannot be reached before s h + b h^2/2 covers the gap to it. Nothing in this cancels, whatever
//! the time constants. Steps of that length approach a crossing as Newton's method does.
//!
//! *Monotone terms.* Over a few ticks, where the gap is within the error of the computed membrane, each term is bounded
//! by its values at the two ends ([`Base::upper_bound`]), which is exact in the numbers of the core.

use super::closed_form::{Base, Point};

/// What is known of the future of a membrane below threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It never reaches the threshold by itself.
    Never,
    /// It is below threshold for this many more ticks at least.
    Below(u64),
}

/// Bound on the difference between the computed membrane and the smooth closed form with the same coefficients, in bits
/// of the membrane. A decay is off by less than 2^-47; see [`fx::exp2`] and the widths in [`super::closed_form`].
#[inline]
fn computed_error(base: &Base<'_>) -> i64 {
    let from_rest = base.v.abs_diff(base.membrane.rest) >> 44;
    let of_currents = base.currents.iter().zip(base.i).map(|(current, i)| {
        // Below 2^20 and 2^19: the product of a current and its coefficient, in units of 2^44.
        let (size, coefficient) = ((i.unsigned_abs() >> 22) + 1, (current.coefficient() >> super::TRANSFER_BITS) + 9);
        (size * coefficient) >> 22
    });
    5 + (from_rest + of_currents.sum::<u64>()) as i64 + base.i.len() as i64
}

/// Sizes from here on are too large for the words below. They need time constants or gains at the end of their range,
/// and one tick after the other is a safe answer then.
const TOO_LARGE: u64 = 1 << 62;

/// `value * factor / 2^bits`, rounded down, or [`TOO_LARGE`] if it is that or more.
#[inline]
fn times(value: u64, factor: u64, bits: u32) -> u64 {
    ((u128::from(value) * u128::from(factor)) >> bits).min(TOO_LARGE.into()) as u64
}

/// `ratio / 2^bits` time constants of `tau` (16 fraction bits) in ticks, rounded down.
#[inline]
fn ticks(ratio: u64, bits: u32, tau: u64) -> u64 {
    times(ratio, tau, bits + 16)
}

/// The outlook from membrane `v` and currents `i` at some time after `base`.
#[inline]
pub(super) fn outlook(base: &Base<'_>, v: i64, i: &[i64]) -> Outlook {
    let (membrane, error) = (base.membrane, computed_error(base));
    let (rest, threshold) = (membrane.rest, membrane.threshold);
    // Membranes are below 2^60 and the products below 2^60, five at most, so that nothing here can overflow.
    let mut slope = rest - v + error;
    let mut highest = v.max(rest) + error;
    let plain_bend = ((threshold - rest).max(0) + error) as u64;
    let (mut bend, mut inhibition) = (plain_bend, 0);
    for ((current, i), from) in base.currents.iter().zip(i).zip(base.i) {
        if *from == 0 {
            continue;
        }
        let size = i.unsigned_abs();
        let slack = 1 + (from.unsigned_abs() >> 44);
        if (*from > 0) != current.inhibitory {
            slope += times(size + slack, current.slope.0, 32) as i64 + 1;
            highest += times(size + slack, current.peak, super::TRANSFER_BITS) as i64 + 1;
        } else {
            let fall = times(size.saturating_sub(slack), current.slope.1, 32) as i64;
            (slope, inhibition) = (slope - fall, inhibition + fall);
            bend = bend.saturating_add(times(size + slack, current.bend, 16) + 1);
        }
    }
    if highest < threshold {
        return Outlook::Never;
    }
    let gap = threshold - v - error;
    if gap <= 0 || bend >= TOO_LARGE || slope >= TOO_LARGE as i64 {
        return Outlook::Below(0);
    }
    let bits = gap.leading_zeros() & !1;
    let gap = (gap as u64) << bits;
    let parabola = parabola(gap, bits, slope, bend, membrane.tau);
    if inhibition == 0 {
        return Outlook::Below(parabola);
    }
    // Without its inhibitory currents the membrane would be higher, and bends less.
    let rising = slope.saturating_add(inhibition);
    let without =
        if rising < TOO_LARGE as i64 { self::parabola(gap, bits, rising, plain_bend, membrane.tau) } else { 0 };
    Outlook::Below(parabola.max(without))
}

/// A number of ticks for which `slope h + bend h^2/2` stays below `gap / 2^bits`.
#[inline]
fn parabola(gap: u64, bits: u32, slope: i64, bend: u64, tau: u64) -> u64 {
    // The solution h of gap = bend h^2/2 with half of the gap.
    let root = || ticks((gap / bend).isqrt(), bits / 2, tau);
    if slope <= 0 {
        // The whole gap would give more; it may not fit.
        return root();
    }
    // The tangent is at the threshold no earlier than the parabola, so the parabola's mean slope up to its crossing is
    // at most that with half of the bend over the tangent's time.
    let slope = slope as u64;
    let tangent = gap / slope;
    let more = (u128::from(bend) * (u128::from(tangent) + 1)) >> (bits + 1);
    if more < u128::from(slope) {
        ticks(gap / (slope + more as u64 + 1), bits, tau)
    } else {
        // Each of the two terms covers at most half of the gap, or the other one does.
        ticks(tangent / 2, bits, tau).min(root())
    }
}

/// The first number of ticks after `base`, from `start` on, at which the membrane is at threshold or above.
pub(super) fn first_crossing(base: &Base<'_>, start: u64) -> Option<u64> {
    let mut now = start;
    // Ticks to try at once where the parabola says nothing.
    let mut stride = 0u64;
    loop {
        let Point { v, i, settled } = base.after(now);
        if v >= base.membrane.threshold {
            return Some(now);
        }
        if settled {
            return None;
        }
        match outlook(base, v, &i[..base.i.len()]) {
            Outlook::Never => return None,
            Outlook::Below(0) => {
                let end = now.saturating_add(stride);
                if stride > 0 && base.upper_bound(now, end) < base.membrane.threshold {
                    now = end;
                    stride = stride.saturating_mul(2);
                } else {
                    stride = u64::from(stride == 0);
                }
            }
            Outlook::Below(ticks) => now = now.saturating_add(ticks),
        }
        // All ticks up to `now` are known to be below threshold.
        now = now.checked_add(1)?;
    }
}

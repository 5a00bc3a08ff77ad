//! When a neuron that nothing reaches will be at threshold.
//!
//! Two bounds of the membrane are used. Both are safe: what they exclude, a scan of all ticks would not find.
//!
//! *A parabola.* With time in membrane time constants, `s` the slope now and j_k = +-q_k i_k the slope that current k
//! adds, the equations of the module give v'' = -v' - sum_k j_k tau_mem/tau_k = v - rest - sum_k j_k (1 + tau_mem/tau_k).
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
fn computed_error(base: &Base<'_>) -> i64 {
    let from_rest = base.v.abs_diff(base.membrane.rest) >> 44;
    let of_currents = base.currents.iter().zip(base.i).map(|(current, i)| {
        let product = u128::from(i.unsigned_abs()) * u128::from(current.coefficient() + (8 << super::TRANSFER_BITS));
        (product >> (super::TRANSFER_BITS + 44)) as i64 + 1
    });
    4 + from_rest as i64 + of_currents.sum::<i64>()
}

/// `value * factor / 2^bits`, rounded up.
fn times_at_most(value: u64, factor: u64, bits: u32) -> i128 {
    ((u128::from(value) * u128::from(factor)) >> bits) as i128 + 1
}

/// `ratio / 2^bits` time constants of `tau` (16 fraction bits) in ticks, rounded down.
fn ticks(ratio: u64, bits: u32, tau: u64) -> u64 {
    let product = (u128::from(ratio) * u128::from(tau)) >> (bits + 16);
    product.min(1 << 62) as u64
}

/// The outlook from membrane `v` and currents `i` at some time after `base`.
pub(super) fn outlook(base: &Base<'_>, v: i64, i: &[i64]) -> Outlook {
    let (membrane, error) = (base.membrane, i128::from(computed_error(base)));
    let (rest, threshold, v) = (i128::from(membrane.rest), i128::from(membrane.threshold), i128::from(v));
    let mut slope = rest - v + error;
    let mut bend = (threshold - rest).max(0) + error;
    let mut highest = v.max(rest) + error;
    for ((current, i), from) in base.currents.iter().zip(i).zip(base.i) {
        if *from == 0 {
            continue;
        }
        let size = i.unsigned_abs();
        let slack = 1 + (from.unsigned_abs() >> 44);
        if (*from > 0) != current.inhibitory {
            slope += times_at_most(size + slack, current.slope.0, 32);
            highest += times_at_most(size + slack, current.peak, super::TRANSFER_BITS);
        } else {
            slope -= times_at_most(size.saturating_sub(slack), current.slope.1, 32) - 1;
            bend += times_at_most(size + slack, current.bend, 16);
        }
    }
    if highest < threshold {
        return Outlook::Never;
    }
    let gap = threshold - v - error;
    if gap <= 0 {
        return Outlook::Below(0);
    }
    // Sizes are below 2^62 but in extreme cores, where one tick after the other is safe as well.
    let word = |value: i128| u64::try_from(value).ok().filter(|value| *value < 1 << 62);
    let (Some(gap), Some(bend)) = (word(gap), word(bend)) else { return Outlook::Below(0) };
    let bits = gap.leading_zeros() & !1;
    let gap = gap << bits;
    // The solution h of gap = bend h^2/2, or with half of the gap.
    let root = |gap: u64| ticks((gap / bend).isqrt(), bits / 2, membrane.tau);
    if slope <= 0 {
        // Twice the gap may not fit; it is not needed.
        return Outlook::Below(root(gap));
    }
    let Some(slope) = word(slope) else { return Outlook::Below(0) };
    // The tangent is at the threshold no earlier than the parabola, so the parabola's mean slope up to its crossing is
    // at most that with half of the bend over the tangent's time.
    let tangent = gap / slope;
    let more = (u128::from(bend) * (u128::from(tangent) + 1)) >> (bits + 1);
    Outlook::Below(if more < u128::from(slope) {
        ticks(gap / (slope + more as u64 + 1), bits, membrane.tau)
    } else {
        // Each of the two terms covers at most half of the gap, or the other one does.
        ticks(tangent / 2, bits, membrane.tau).min(root(gap))
    })
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

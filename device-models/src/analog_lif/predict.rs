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
//! the time constants. Steps of that length approach a crossing as Newton's method does; right after an event, when the
//! next one is near, it is enough to know that h = 1/4 does not cover it.
//!
//! *Monotone terms.* Over a few ticks, where the gap is within the error of the computed membrane, each term is bounded
//! by its values at the two ends ([`Base::upper_bound`]), which is exact in the numbers of the core.

use super::closed_form::{Base, Current, Point};

/// What is known of the future of a membrane below threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It never reaches the threshold by itself.
    Never,
    /// It is below threshold for this many more ticks at least.
    Below(u64),
}

/// Sizes from here on are too large for the words below. They need time constants or gains at the end of their range,
/// and one tick after the other is a safe answer then.
const TOO_LARGE: u64 = 1 << 62;

/// `value * factor / 2^bits`, rounded down, or [`TOO_LARGE`] if it is that or more.
#[inline]
fn times(value: u64, factor: u64, bits: u32) -> u64 {
    ((u128::from(value) * u128::from(factor)) >> bits).min(TOO_LARGE.into()) as u64
}

/// The same where it is known to be less: of a current within the range of states (2^41) and a slope or a peak (2^18).
#[inline]
fn part(value: u64, factor: u64, bits: u32) -> i64 {
    ((u128::from(value) * u128::from(factor)) >> bits) as i64
}

/// `ratio / 2^bits` time constants of `tau` (16 fraction bits) in ticks, rounded down.
#[inline]
fn ticks(ratio: u64, bits: u32, tau: u64) -> u64 {
    times(ratio, tau, bits + 16)
}

/// Bounds on how a membrane moves, in bits of the membrane and membrane time constants.
struct Motion {
    /// The slope, at most.
    slope: i64,
    /// The second derivative, at most.
    bend: u64,
    /// What the slope would be more, at least, without inhibitory currents, and the second derivative then.
    inhibition: i64,
    plain_bend: u64,
}

impl Motion {
    /// The motion from membrane `v` and currents `i` at some time after `base`.
    #[inline]
    fn of<const N: usize>(base: &Base<'_, N>, v: i64, i: &[i64; N]) -> Self {
        let membrane = base.membrane;
        // Membranes are below 2^60 and the products below 2^60, five at most, so that nothing here can overflow.
        let plain_bend = ((base.threshold - membrane.rest).max(0) + membrane.error) as u64;
        let mut motion =
            Self { slope: membrane.rest - v + membrane.error, bend: plain_bend, inhibition: 0, plain_bend };
        for ((current, i), from) in base.currents.iter().zip(i).zip(base.i) {
            if from == 0 {
                continue;
            }
            // A computed current is off by at most a bit.
            let size = i.unsigned_abs();
            if raises(current, from) {
                motion.slope += part(size + 1, current.slope.0, 32) + 1;
            } else {
                let fall = part(size.saturating_sub(1), current.slope.1, 32);
                (motion.slope, motion.inhibition) = (motion.slope - fall, motion.inhibition + fall);
                motion.bend = motion.bend.saturating_add(times(size + 1, current.bend, 16) + 1);
            }
        }
        motion
    }
}

/// Whether a current of this sign raises the membrane.
#[inline]
const fn raises(current: &Current, value: i64) -> bool {
    (value > 0) != current.inhibitory
}

/// Whether the membrane stays below threshold from `v` and `i` at some time after `base` on, because even all that its
/// currents can still add does not lift it there.
#[inline]
fn stays_below<const N: usize>(base: &Base<'_, N>, v: i64, i: &[i64; N]) -> bool {
    let membrane = base.membrane;
    let mut highest = v.max(membrane.rest) + membrane.error;
    if highest >= base.threshold {
        return false;
    }
    for ((current, i), from) in base.currents.iter().zip(i).zip(base.i) {
        if from != 0 && raises(current, from) {
            highest += part(i.unsigned_abs() + 1, current.peak, super::TRANSFER_BITS) + 1;
        }
    }
    highest < base.threshold
}

/// The outlook from membrane `v` and currents `i` at some time after `base`, as far as bounds on the motion tell.
#[inline]
pub(super) fn outlook<const N: usize>(base: &Base<'_, N>, v: i64, i: &[i64; N]) -> Outlook {
    if stays_below(base, v, i) { Outlook::Never } else { far_outlook(base, v, &Motion::of(base, v, i)) }
}

/// An outlook of a quarter of the membrane time constant if there is one, which takes no division; else as
/// [`outlook`]. For a neuron whose next event is likely to come earlier than that.
///
/// The parabola is convex, so it is below the gap in all of the quarter if it is at both ends.
#[inline]
pub(super) fn near_outlook<const N: usize>(base: &Base<'_, N>, v: i64, i: &[i64; N]) -> Outlook {
    if stays_below(base, v, i) {
        return Outlook::Never;
    }
    let motion = Motion::of(base, v, i);
    let gap = base.threshold - v - base.membrane.error;
    if gap > 0 && motion.bend < TOO_LARGE && (motion.slope >> 2) + (motion.bend >> 5) as i64 + 2 < gap {
        return Outlook::Below(base.membrane.tau >> 18);
    }
    far_outlook(base, v, &motion)
}

/// The outlook from a parabola, or from that without inhibition if it is better.
fn far_outlook<const N: usize>(base: &Base<'_, N>, v: i64, motion: &Motion) -> Outlook {
    let &Motion { slope, bend, inhibition, plain_bend } = motion;
    let gap = base.threshold - v - base.membrane.error;
    if gap <= 0 || bend >= TOO_LARGE || slope >= TOO_LARGE as i64 {
        return Outlook::Below(0);
    }
    let bits = gap.leading_zeros() & !1;
    let (gap, tau) = ((gap as u64) << bits, base.membrane.tau);
    let bound = parabola(gap, bits, slope, bend, tau);
    if inhibition == 0 {
        return Outlook::Below(bound);
    }
    // Without its inhibitory currents the membrane would be higher, and bends less.
    let rising = slope.saturating_add(inhibition);
    let without = if rising < TOO_LARGE as i64 { parabola(gap, bits, rising, plain_bend, tau) } else { 0 };
    Outlook::Below(bound.max(without))
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

/// A neuron that something reached within its time constant is likely to be reached again before it spikes, so a search
/// for its crossing ends once it is certain of this many ticks. The search for one that has been left alone for longer
/// goes on to the crossing, so that silence costs one search.
const PATIENCE: u64 = 16;

/// When to look at a neuron that nothing reaches, in ticks after `base` and at `start` or later: its membrane is below
/// threshold from `start` on up to that tick, which is `start` only if the membrane is at threshold there. `None` if it
/// stays below.
pub(super) fn next_look<const N: usize>(base: &Base<'_, N>, start: u64) -> Option<u64> {
    let mut now = start;
    // Ticks to try at once where the parabola says nothing.
    let mut stride = 0u64;
    loop {
        let Point { v, i, settled } = base.after(now);
        if v >= base.threshold {
            return Some(now);
        }
        if settled {
            return None;
        }
        match outlook(base, v, &i) {
            Outlook::Never => return None,
            Outlook::Below(0) => {
                let end = now.saturating_add(stride);
                if stride > 0 && base.upper_bound(now, end) < base.threshold {
                    now = end;
                    stride = stride.saturating_mul(2);
                } else {
                    stride = u64::from(stride == 0);
                }
            }
            Outlook::Below(ticks) => {
                now = now.saturating_add(ticks);
                if ticks >= PATIENCE && start < base.membrane.tau >> 16 {
                    return now.checked_add(1);
                }
            }
        }
        // All ticks up to `now` are known to be below threshold.
        now = now.checked_add(1)?;
    }
}

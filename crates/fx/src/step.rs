//! The arithmetic of the inner loops: 32-bit lanes only, so that the compiler vectorises the loops they stand in.
//!
//! Nearest means here floor(x + 1/2), which costs one addition; the formats elsewhere round ties to even.

use crate::format::Fraction;
use crate::round::{Rounding, narrow, shift_right};

/// The largest magnitude of a state that it takes, in bits; [`saturate`] keeps states within it.
pub const STATE_MAX: i32 = 1 << 29;

/// The end of the range of a multiplier: every multiplier is below it.
pub const MULTIPLIER_END: i32 = 1 << 16;

/// `v * m / 2^15`, to nearest: floor((v m + 2^14) / 2^15), exactly, without a 64-bit product.
///
/// For |v| <= [`STATE_MAX`] and 0 <= m < [`MULTIPLIER_END`].
#[inline]
pub const fn mul_q15(v: i32, m: i32) -> i32 {
    mul_shift(v, m, 0)
}

/// `v * m / 2^(15 + shift)`, to nearest: floor((v m + 2^(14 + shift)) / 2^(15 + shift)), exactly, without a 64-bit
/// product.
///
/// For |v| <= [`STATE_MAX`], 0 <= m < [`MULTIPLIER_END`] and shift <= 15.
#[inline]
pub const fn mul_shift(v: i32, m: i32, shift: u32) -> i32 {
    debug_assert!(-STATE_MAX <= v && v <= STATE_MAX, "state out of range");
    debug_assert!(0 <= m && m < MULTIPLIER_END && shift <= 15, "multiplier or shift out of range");
    // v = high * 2^15 + low. The half that rounds is added below the first cut if nothing is cut after it, and
    // else between the cuts: floor(floor(a) / n) = floor(a / n), so nothing is lost by cutting twice.
    let (high, low) = (v >> 15, v & 0x7fff);
    let (half_low, half_high) = if shift == 0 { (1 << 14, 0) } else { (0, 1 << (shift - 1)) };
    (high * m + ((low * m + half_low) >> 15) + half_high) >> shift
}

/// `v` kept within `-limit` to `limit`.
#[inline]
pub const fn saturate(v: i32, limit: i32) -> i32 {
    if v > limit {
        limit
    } else if v < -limit {
        -limit
    } else {
        v
    }
}

/// A factor of a step, from 0 up to 2, as a 16-bit multiplier: `mantissa / 2^(15 + shift)`. All factors of a core share
/// the shift, so that a loop over neurons has one.
///
/// The largest factor of a core sets the shift ([`Leak::shift_for`]) and is then known to 16 bits; one that is
/// 2^-n as large has n bits fewer. A factor is rounded to nearest, so its relative error is at most
/// 2^-(16 + shift) / factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leak {
    mantissa: i32,
}

impl Leak {
    /// The largest shift, at most 15, with which `max`, the largest factor of a core, still has a 16-bit multiplier. 0
    /// for factors from 1 to 2, 15 for factors below 2^-14.
    pub fn shift_for(max: Fraction) -> u32 {
        (0..=15).rev().find(|shift| scaled(max, *shift) < i64::from(MULTIPLIER_END)).unwrap_or(0)
    }

    /// The factor with the given shift, to nearest, ties to even; saturates at 0 and at the largest 16-bit multiplier.
    pub fn new(factor: Fraction, shift: u32) -> Self {
        Self { mantissa: narrow(scaled(factor, shift).clamp(0, i64::from(MULTIPLIER_END) - 1)) }
    }

    /// The multiplier, from 0 to 2^16 - 1.
    #[inline]
    pub const fn mantissa(self) -> i32 {
        self.mantissa
    }

    /// `v` times this factor, to nearest; see [`mul_shift`].
    #[inline]
    pub const fn of(self, v: i32, shift: u32) -> i32 {
        mul_shift(v, self.mantissa, shift)
    }
}

/// `factor * 2^(15 + shift)`, to nearest.
fn scaled(factor: Fraction, shift: u32) -> i64 {
    shift_right(factor.to_bits(), Fraction::FRACTION_BITS - 15 - shift, Rounding::HalfEven)
}

/// Width of an interval of the tanh table: 2^-9, in bits of the argument.
const INTERVAL_BITS: u32 = 20 - 9;
/// The table ends at x = 8, where tanh is 1 to within a quarter of 2^-20.
const INTERVALS: usize = 8 << 9;
/// Fraction bits of the table.
const TABLE_BITS: u32 = 28;

/// tanh(i / 512) for x from 0 to 8, and once more the last value.
static TANH_TABLE: [i32; INTERVALS + 2] = tanh_table();

/// e^(-1/256) with 62 fraction bits, by its series.
const fn decay_of_interval() -> u128 {
    let (mut term, mut sum, mut n) = (1i128 << 100, 1i128 << 100, 1);
    while term != 0 {
        term = -term / (256 * n);
        sum += term;
        n += 1;
    }
    (sum >> 38) as u128
}

/// tanh x = (1 - e^(-2 x)) / (1 + e^(-2 x)), with e^(-2 x) by repeated multiplication: after 4096 products of 62 bits
/// the error is below 2^-50.
const fn tanh_table() -> [i32; INTERVALS + 2] {
    const ONE: u128 = 1 << 62;
    let step = decay_of_interval();
    let (mut table, mut power, mut i) = ([0; INTERVALS + 2], ONE, 0);
    while i <= INTERVALS {
        let (above, below) = (ONE - power, ONE + power);
        table[i] = (((above << TABLE_BITS) + below / 2) / below) as i32;
        power = (power * step + (1 << 61)) >> 62;
        i += 1;
    }
    table[INTERVALS + 1] = table[INTERVALS];
    table
}

/// The magnitude of tanh with 28 fraction bits, by linear interpolation; x has 20.
#[inline]
fn tanh_magnitude(x: i32) -> i32 {
    let x = x.unsigned_abs().min((INTERVALS as u32) << INTERVAL_BITS);
    let (i, rest) = ((x >> INTERVAL_BITS) as usize, (x & ((1 << INTERVAL_BITS) - 1)) as i32);
    // The difference of neighbours is at most 2^19, so the product fits.
    TANH_TABLE[i] + (((TANH_TABLE[i + 1] - TANH_TABLE[i]) * rest) >> INTERVAL_BITS)
}

/// tanh of `x` with 20 fraction bits, as a number with 20 fraction bits. The error is below one unit, 2^-20, for every
/// `x`; odd and monotone.
#[inline]
pub fn tanh_q20(x: i32) -> i32 {
    let magnitude = (tanh_magnitude(x) + (1 << 7)) >> 8;
    if x < 0 { -magnitude } else { magnitude }
}

/// tanh of `x` with 20 fraction bits, as a number with 16 fraction bits. The error is below 0.54 units of 2^-16 for
/// every
/// `x`; odd and monotone.
#[inline]
pub fn tanh_q16(x: i32) -> i32 {
    let magnitude = (tanh_magnitude(x) + (1 << 11)) >> 12;
    if x < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, with a product of 64 bits.
    fn reference(v: i32, m: i32, shift: u32) -> i64 {
        (i64::from(v) * i64::from(m) + (1 << (14 + shift))) >> (15 + shift)
    }

    #[track_caller]
    fn check(v: i32, m: i32, shift: u32) {
        assert_eq!(i64::from(mul_shift(v, m, shift)), reference(v, m, shift), "{v} * {m} >> {shift}");
    }

    /// All multipliers and shifts with the states at which something changes, all states near those with the
    /// multipliers at which something changes.
    #[test]
    fn products_on_all_multipliers_and_near_all_edges() {
        let states =
            [0, 1, -1, 0x7fff, 0x8000, 0x8001, -0x8000, -0x8001, STATE_MAX, -STATE_MAX, 0x1234_5678, -0x0765_4321];
        for shift in 0..16 {
            for v in states {
                for m in 0..MULTIPLIER_END {
                    check(v, m, shift);
                }
                for v in (v - 128..v + 128).filter(|v| v.abs() <= STATE_MAX) {
                    for m in [0, 1, 2, 3, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff] {
                        check(v, m, shift);
                    }
                }
            }
        }
    }

    #[test]
    fn a_multiplier_of_one_changes_nothing() {
        for v in [-STATE_MAX, -12345, 0, 7, STATE_MAX] {
            assert_eq!(mul_q15(v, 1 << 15), v);
        }
    }

    #[test]
    fn saturation_on_16_bits() {
        for v in i32::from(i16::MIN)..=i32::from(i16::MAX) {
            assert_eq!(saturate(v, 1000), v.clamp(-1000, 1000));
        }
        assert_eq!(saturate(i32::MIN, STATE_MAX), -STATE_MAX);
        assert_eq!(saturate(i32::MAX, STATE_MAX), STATE_MAX);
    }

    #[test]
    fn shifts_of_leaks() {
        let shift = |n, d| Leak::shift_for(Fraction::from_ratio(n, d));
        assert_eq!(shift(1, 1), 0);
        assert_eq!(shift(3, 2), 0);
        assert_eq!(shift(999, 1000), 1);
        assert_eq!(shift(1, 20), 5);
        assert_eq!(shift(1, 1 << 20), 15);
        assert_eq!(Leak::shift_for(Fraction::ZERO), 15);
        assert_eq!(Leak::shift_for(Fraction::MAX), 0);
        assert_eq!(Leak::new(Fraction::ONE, 0).mantissa(), 1 << 15);
        // What does not fit saturates.
        assert_eq!(Leak::new(Fraction::MAX, 0).mantissa(), MULTIPLIER_END - 1);
        assert_eq!(Leak::new(Fraction::from_ratio(-1, 10), 3).mantissa(), 0);
        assert_eq!(Leak::new(Fraction::ONE, 4).mantissa(), MULTIPLIER_END - 1);
    }

    /// Every argument of the table, and the ends of what lies beyond it.
    #[test]
    fn tanh_of_all_arguments() {
        let (mut worst_20, mut worst_16) = (0f64, 0f64);
        let mut last = (0, 0);
        let table_end = 8 << 20;
        for x in (0..=table_end).chain(table_end + 1..table_end + 1000).chain([i32::MAX - 1, i32::MAX]) {
            let exact = libm::tanh(f64::from(x) / 1_048_576.0);
            let now = (tanh_q20(x), tanh_q16(x));
            assert_eq!((tanh_q20(-x), tanh_q16(-x)), (-now.0, -now.1), "odd at {x}");
            assert!(last <= now && last.1 <= now.1, "monotone at {x}");
            worst_20 = worst_20.max((f64::from(now.0) - exact * 1_048_576.0).abs());
            worst_16 = worst_16.max((f64::from(now.1) - exact * 65_536.0).abs());
            last = now;
        }
        assert_eq!((tanh_q20(i32::MIN), tanh_q16(i32::MIN)), (-(1 << 20), -(1 << 16)));
        assert!(worst_20 < 0.9 && worst_16 < 0.54, "{worst_20} units of 2^-20, {worst_16} units of 2^-16");
    }

    /// The table, which the compiler builds from a recurrence, against the tanh of this crate, which is good to 2^-33.
    #[test]
    fn tanh_table_is_tanh() {
        for (i, entry) in TANH_TABLE[..=INTERVALS].iter().enumerate() {
            let exact = crate::math::tanh(crate::Real::from_ratio(i as i64, 512));
            let nearest = shift_right(exact.to_bits(), 32 - TABLE_BITS, Rounding::HalfUp);
            // Rounded twice, the reference can be one off, where the entry lies close to a half.
            assert!((i64::from(*entry) - nearest).abs() <= 1, "entry {i}");
        }
    }

    proptest! {
        #[test]
        fn products_equal_64_bit_ones(v in -STATE_MAX..=STATE_MAX, cut in 0u32..30, m in 0..MULTIPLIER_END, shift in 0u32..16) {
            check(v >> cut, m, shift);
            check(v, m, shift);
        }

        #[test]
        fn leaks_are_rounded_to_nearest(bits in 0..=Fraction::ONE.to_bits(), cut in 0u32..40, less in 0u32..10) {
            let largest = Fraction::from_bits(bits >> cut);
            let factor = Fraction::from_bits(bits >> (cut + less));
            let shift = Leak::shift_for(largest);
            // The largest uses all 16 bits, unless the shift is at its end.
            let top = Leak::new(largest, shift).mantissa();
            prop_assert!(top < MULTIPLIER_END && (shift == 15 || top >= MULTIPLIER_END / 2));
            let mantissa = i128::from(Leak::new(factor, shift).mantissa());
            let off = (mantissa << (47 - shift)) - i128::from(factor.to_bits());
            prop_assert!(2 * off.abs() <= 1 << (47 - shift));
            prop_assert_eq!(Leak::new(factor, shift).of(STATE_MAX, shift), mul_shift(STATE_MAX, mantissa as i32, shift));
        }
    }
}

//! 2^-x for closed forms: fast, good to 2^-52, and monotone.
//!
//! A core without time steps evaluates exponentials of the time that has passed at every event, and looks for the first
//! tick at which a sum of them reaches a threshold by bounding each over an interval. Such bounds hold for the computed
//! values only if the computed function never rises, so that is part of its contract, not a hope.
//!
//! The argument is split into a whole number (a shift), two bytes (a table each) and a rest below 2^-16 (a polynomial
//! of degree 2). Within one rest the result falls by construction: the polynomial never rises when its argument does
//! not fall, and products and shifts that truncate keep that. From one table entry to the next a test looks at all
//! 65536 places; there the true function falls by 2^-48.5 of itself, and the polynomial is off by less than 2^-52.

use crate::Wide;
use crate::math::LN2_WIDE;

/// Fraction bits of the argument.
pub const ARGUMENT_BITS: u32 = 48;
/// Fraction bits of the result.
pub const RESULT_BITS: u32 = 62;
/// The result for an argument of 0.
pub const ONE: u64 = 1 << RESULT_BITS;
/// From this whole number on the result is 0.
pub const ARGUMENT_END: u64 = RESULT_BITS as u64;

/// ln 2.
pub const LN_2: Wide = LN2_WIDE;

/// `time / (constant ln 2)`: the argument for exp(-time/constant), off by less than 2^-94; saturates.
///
/// # Panics
/// If `constant` times ln 2 is 0.
pub const fn argument(time: Wide, constant: Wide) -> Wide {
    time.div_trunc(constant.mul_trunc(LN2_WIDE))
}

/// ln 2 with 64 fraction bits.
const LN2: u64 = (LN2_WIDE.to_bits() >> 32) as u64;

/// 2^(-i / 256).
static COARSE: [u64; 256] = table(8);
/// 2^(-i / 65536).
static FINE: [u64; 256] = table(16);

/// 2^(-i / 2^bits) for 256 values of i, to nearest.
const fn table(bits: u32) -> [u64; 256] {
    // exp(-y) for y = ln 2 / 2^bits by its series; powers of it by repeated products, each off by 2^-96.
    let y = LN2_WIDE.scale(-(bits as i32)).neg();
    let (mut factor, mut n) = (Wide::ONE, 24);
    while n > 0 {
        factor = Wide::ONE.add_sat(Wide::from_bits(y.mul_trunc(factor).to_bits() / n));
        n -= 1;
    }
    let (mut table, mut power, mut i) = ([0; 256], Wide::ONE, 0);
    while i < 256 {
        table[i] = ((power.to_bits() + (1 << 33)) >> 34) as u64;
        power = power.mul_trunc(factor);
        i += 1;
    }
    table
}

/// 2^-x for `x` with [`ARGUMENT_BITS`] fraction bits, as a number with [`RESULT_BITS`]. The error is below 2^-52 times
/// the true value, plus 2^-62; a larger `x` never gives a larger result; exactly 1 at 0 and 0 from
/// [`ARGUMENT_END`] on.
#[inline]
pub const fn exp2_neg(x: u64) -> u64 {
    let whole = x >> ARGUMENT_BITS;
    if whole >= ARGUMENT_END {
        return 0;
    }
    let rest = x & 0xffff_ffff;
    // 1 - u + u^2/2 with u = rest ln 2, 64 fraction bits. u < 2^48, so its upper 32 bits are enough for the square, and
    // the square grows by at most one unit where u grows by one.
    let u = high(rest << (u64::BITS - ARGUMENT_BITS), LN2);
    let half = u >> 16;
    let polynomial = ONE - ((u - ((half * half) >> 33)) >> 2);
    let (coarse, fine) = (COARSE[(x >> 40) as usize & 255], FINE[(x >> 32) as usize & 255]);
    scaled(scaled(coarse, fine), polynomial) >> whole
}

/// `value * share / 2^62`, rounded down, for a value below 2^63 and a share of at most [`ONE`]: the upper word of one
/// multiplication.
#[inline]
pub const fn scaled(value: u64, share: u64) -> u64 {
    debug_assert!(value >> 63 == 0 && share <= ONE, "the product does not fit");
    high(value << 1, share << 1)
}

/// The upper word of a product.
#[inline]
const fn high(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> u64::BITS) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2^-x in the working format.
    fn reference(x: u64) -> i128 {
        Wide::from_bits(-(i128::from(x) << 48)).mul_trunc(LN2_WIDE).exp().to_bits()
    }

    /// The error in units of 2^-96, and what it may be.
    fn error(x: u64) -> (u128, u128) {
        let exact = reference(x);
        let off = (i128::from(exp2_neg(x)) << 34) - exact;
        (off.unsigned_abs(), (exact >> 52) as u128 + (1 << 34))
    }

    #[test]
    fn it_never_rises_from_one_table_entry_to_the_next() {
        for entry in 1..=1u64 << 16 {
            let x = entry << 32;
            assert!(exp2_neg(x - 1) >= exp2_neg(x), "at {entry} / 65536");
        }
    }

    /// The rest is the only part of the argument that a table does not hold: its whole range, in steps of every size.
    #[test]
    fn it_never_rises_within_a_table_entry() {
        for (from, step) in [(0u64, 4099), (0, 1), ((1 << 32) - 70_000, 1)] {
            let mut last = exp2_neg(from);
            for rest in (from..1 << 32).step_by(step).take(1_100_000) {
                let now = exp2_neg(rest);
                assert!(now <= last, "at {rest}");
                last = now;
            }
        }
    }

    #[test]
    fn ends_are_exact() {
        assert_eq!(exp2_neg(0), ONE);
        assert_eq!(exp2_neg(1 << 48), ONE >> 1);
        assert_eq!(exp2_neg((61 << 48) + 1), 1);
        assert_eq!((exp2_neg(62 << 48), exp2_neg(u64::MAX)), (0, 0));
    }

    #[test]
    fn table_entries_are_nearest() {
        for i in 0..256u64 {
            let nearest = |x: u64| ((reference(x) + (1 << 33)) >> 34) as u64;
            assert_eq!((COARSE[i as usize], FINE[i as usize]), (nearest(i << 40), nearest(i << 32)), "entry {i}");
        }
    }

    proptest! {
        #[test]
        fn the_error_is_as_stated(x in 0u64..62 << 48, cut in 0u32..62) {
            let (off, allowed) = error(x >> cut);
            prop_assert!(off <= allowed, "{} is off by {} of {}", x >> cut, off, allowed);
        }

        #[test]
        fn it_never_rises(x in 0u64..62 << 48, step in 1u64..1 << 40, cut in 0u32..40) {
            prop_assert!(exp2_neg(x) >= exp2_neg(x + (step >> cut)));
        }
    }
}

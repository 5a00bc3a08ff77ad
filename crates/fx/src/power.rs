//! Powers of two and their logarithms in 64-bit integers, for cores that need one of each per neuron and step.
//!
//! [`crate::math`] is exact to the last place and takes some tenths of a microsecond; these take some nanoseconds. The
//! methods are the usual ones: a table brings the argument close to 1 (or 0), a short series does the rest, and the
//! tables are built by the compiler. Every product is truncated to 62 fraction bits; the stated errors include that.

use crate::math::twice_atanh_series;
use crate::wide::Wide;

/// Fraction bits of a logarithm to the base 2.
pub const LOG2_BITS: u32 = 40;

/// Fraction bits inside.
const BITS: u32 = 62;
/// Intervals of [1, 2) in the table of logarithms.
const LOG_LEN: usize = 64;
/// Intervals of [0, 1) in the table of powers.
const EXP_LEN: usize = 32;

/// ln 2: 2 atanh(1/3).
const LN2: Wide = twice_atanh_series(Wide::from_ratio(1, 3), 63);

/// A number from -2 to 2 with [`BITS`] fraction bits.
const fn bits_of(value: Wide) -> i64 {
    (value.to_bits() >> (Wide::FRACTION_BITS - BITS)) as i64
}

/// 1 / c with 63 fraction bits and log2 c with 62, for the middle c of each interval.
static LOG_TABLE: [(u64, i64); LOG_LEN] = {
    let mut table = [(0, 0); LOG_LEN];
    let mut j = 0;
    while j < LOG_LEN {
        let (above, below) = ((2 * (LOG_LEN + j) + 1) as i128, 2 * LOG_LEN as i128);
        // ln c = 2 atanh((c - 1) / (c + 1))
        let log = twice_atanh_series(Wide::from_ratio(above - below, above + below), 63).div_trunc(LN2);
        table[j] = ((((below as u128) << 63) / above as u128) as u64, bits_of(log));
        j += 1;
    }
    table
};

/// 1 / (k ln 2) with alternating sign, for k = 1..=7.
const LOG_SERIES: [i64; 7] = {
    let mut series = [0; 7];
    let mut k = 0;
    while k < 7 {
        let term = bits_of(Wide::from_ratio(1, k as i128 + 1).div_trunc(LN2));
        series[k] = if k % 2 == 0 { term } else { -term };
        k += 1;
    }
    series
};

/// 2^(j / 32), by squaring: the root of the root of ... of 2, multiplied up.
static EXP_TABLE: [i64; EXP_LEN] = {
    let mut root = Wide::from_integer(2);
    let mut halvings = 0;
    while halvings < EXP_LEN.trailing_zeros() {
        root = root.sqrt();
        halvings += 1;
    }
    let (mut table, mut power, mut j) = ([0; EXP_LEN], Wide::ONE, 0);
    while j < EXP_LEN {
        table[j] = bits_of(power);
        power = power.mul_trunc(root);
        j += 1;
    }
    table
};

/// (ln 2)^k / k!, for k = 0..=7.
const EXP_SERIES: [i64; 8] = {
    let (mut series, mut term, mut k) = ([0; 8], Wide::ONE, 0);
    while k < 8 {
        series[k] = bits_of(term);
        term = term.mul_trunc(LN2).div_trunc(Wide::from_integer(k as i32 + 1));
        k += 1;
    }
    series
};

/// The product of two numbers with [`BITS`] fraction bits, floored.
#[inline]
const fn product(a: i64, b: i64) -> i64 {
    ((a as i128 * b as i128) >> BITS) as i64
}

/// log2 of an integer above 0, with [`LOG2_BITS`] fraction bits, from 0 to 64: off by less than 0.501 units in the last
/// place. 0 counts as 1.
#[inline]
pub fn log2(x: u64) -> i64 {
    let x = x | u64::from(x == 0);
    let zeros = x.leading_zeros();
    let m = x << zeros; // 63 fraction bits, from 1 to 2
    let (inverse, log) = LOG_TABLE[(m >> (63 - LOG_LEN.trailing_zeros())) as usize & (LOG_LEN - 1)];
    // m / c = 1 + z with |z| < 2^-7: the first term that is left out is below 2^-58.
    let z = ((u128::from(m) * u128::from(inverse)) >> 64) as i64 - (1 << BITS);
    let series = LOG_SERIES.iter().rev().fold(0, |sum, term| product(sum, z) + term);
    let part = log + product(series, z);
    (i64::from(63 - zeros) << LOG2_BITS) + ((part + (1 << (BITS - LOG2_BITS - 1))) >> (BITS - LOG2_BITS))
}

/// 2^x, for an x with [`LOG2_BITS`] fraction bits, as a number with `fraction_bits` (at most 62) fraction bits: off by
/// less than half a unit in the last place plus 2^-56 of the value. Saturates.
#[inline]
pub fn exp2(x: i64, fraction_bits: u32) -> i64 {
    const INTERVAL: u32 = LOG2_BITS - EXP_LEN.trailing_zeros();
    let whole = x >> LOG2_BITS;
    let j = (x >> INTERVAL) as usize & (EXP_LEN - 1);
    let rest = (x & ((1 << INTERVAL) - 1)) << (BITS - LOG2_BITS); // below 2^-5
    // The first term that is left out is below 2^-59.
    let series = EXP_SERIES.iter().rev().fold(0, |sum, term| product(sum, rest) + term);
    let mantissa = product(EXP_TABLE[j], series);
    match i64::from(BITS) - i64::from(fraction_bits) - whole {
        64.. => 0,
        63 => 1,
        shift @ 1.. => ((mantissa as u64 + (1 << (shift - 1))) >> shift) as i64,
        0 => mantissa,
        _ => i64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: f64 = 1.0 / (1u64 << LOG2_BITS) as f64;

    /// The logarithm by the exact functions of [`crate::math`], with 60 fraction bits.
    fn exact_log2(x: u64) -> i128 {
        let zeros = x.leading_zeros();
        let m = Wide::from_bits(i128::from(x << zeros) << (Wide::FRACTION_BITS - 63));
        let log = m.ln().unwrap().div_trunc(LN2);
        (i128::from(63 - zeros) << 60) + (log.to_bits() >> (Wide::FRACTION_BITS - 60))
    }

    #[track_caller]
    fn check_log2(x: u64) {
        let off = (i128::from(log2(x)) << 20) - exact_log2(x);
        assert!(off.abs() <= 525_336, "log2 {x} is off by {} units", off as f64 / (1 << 20) as f64); // 0.501 units
    }

    #[track_caller]
    fn check_exp2(x: i64, fraction_bits: u32) {
        let (whole, part) = (x >> LOG2_BITS, x & ((1 << LOG2_BITS) - 1));
        let part = Wide::from_bits(i128::from(part) << (Wide::FRACTION_BITS - LOG2_BITS));
        let exact = part.mul_trunc(LN2).exp().scale((fraction_bits as i64 + whole) as i32 - 62); // in 2^62 units
        let got = Wide::from_bits(i128::from(exp2(x, fraction_bits)) << (Wide::FRACTION_BITS - 62));
        let off = got.sub_sat(exact).abs();
        let allowed = Wide::ONE.scale(-63).add_sat(exact.scale(-56));
        assert!(off <= allowed, "2^({x} units) with {fraction_bits} bits is off by {off:?}");
    }

    #[test]
    fn powers_of_two_are_exact() {
        for n in 0..64u32 {
            assert_eq!(log2(1 << n), i64::from(n) << LOG2_BITS, "log2 2^{n}");
        }
        for n in -70..70i64 {
            let power = exp2(n << LOG2_BITS, 28);
            let expected =
                if n < -29 { 0 } else { 1i64.checked_shl((n + 28) as u32).filter(|_| n < 35).unwrap_or(i64::MAX) };
            assert_eq!(power, if n == -29 { 1 } else { expected }, "2^{n}");
        }
        assert_eq!((log2(0), exp2(i64::MAX, 0), exp2(i64::MIN, 62)), (0, i64::MAX, 0));
    }

    #[test]
    fn both_ends_of_every_interval() {
        for j in 0..=64u64 {
            for near in [0, 1, 2, 1 << 30] {
                let edge = (1u64 << 63) + (j.min(63) << 57) + if j == 64 { (1 << 57) - 1 } else { 0 };
                check_log2(edge.saturating_add(near));
                check_log2(edge - near.min(edge - 1));
            }
        }
        for j in -64..64i64 {
            for near in [-1, 0, 1] {
                check_exp2((j << 35) + near, 28);
                check_exp2((j << 35) + near, 60);
            }
        }
        assert!((log2(3) as f64 * UNIT - libm::log2(3.0)).abs() < UNIT);
        assert!((exp2(log2(10), 40) as f64 * UNIT - 10.0).abs() < 10.0 * UNIT);
    }

    proptest! {
        #[test]
        fn logarithms_are_off_by_half_a_unit(x in 1u64.., cut in 0u32..64) {
            check_log2((x >> cut).max(1));
        }

        #[test]
        fn powers_are_off_by_half_a_unit(x in -(40i64 << LOG2_BITS)..33 << LOG2_BITS) {
            check_exp2(x, 28);
        }

        #[test]
        fn both_are_monotone(x in 1u64.., step in 0u64..1 << 40, cut in 0u32..63) {
            let (x, y) = (x >> cut | 1, (x >> cut | 1).saturating_add(step));
            prop_assert!(log2(x) <= log2(y));
            prop_assert!(exp2(log2(x), 28) <= exp2(log2(y), 28));
        }
    }
}

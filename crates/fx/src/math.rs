//! Portable functions: the same bits on every machine, each with a stated error bound.
//!
//! Everything is computed in [`Wide`], with 96 fraction bits, and rounded once at the end; so a result that fits is
//! the nearest number of its format, or the other neighbour if the true value lies within 2^-20 units in the last
//! place of the middle between two. In short, **the error is below 0.501 units in the last place**, unless a function
//! says otherwise. What does not fit saturates. A call takes some tenths of a microsecond.
//!
//! Methods: exp is a table of 2^(j/32) times a Taylor polynomial of degree 11, after the argument is reduced by
//! multiples of ln 2 / 32; ln is a table of logarithms plus the series of the inverse hyperbolic tangent. The tables
//! are built by the compiler from the plain series.

use crate::format::{Fraction, Real};
use crate::round::{Rounding, divide, narrow, shift_right};
use crate::wide::Wide;

/// Fraction bits of the reduction constant of exp: enough for 2^12 multiples to stay exact to 2^-100.
const LN2_BITS: u32 = 112;
/// ln 2 with [`LN2_BITS`] fraction bits.
const LN2: i128 = {
    // ln 2 = 2 atanh(1/3) = 2/3 * sum 1 / ((2 n + 1) 9^n), eight guard bits
    let mut power = (2i128 << (LN2_BITS + 8)) / 3;
    let (mut sum, mut n) = (0, 1);
    while power > 0 {
        sum += power / n;
        power /= 9;
        n += 2;
    }
    sum >> 8
};
/// ln 2.
pub(crate) const LN2_WIDE: Wide = Wide::from_bits(LN2 >> (LN2_BITS - Wide::FRACTION_BITS));

/// Entries of both tables are a power of two in number.
const TABLE_BITS: u32 = 5;
const TABLE_LEN: usize = 1 << TABLE_BITS;

/// The Taylor series of exp up to the power `degree`.
const fn exp_series(x: Wide, degree: i32) -> Wide {
    let (mut sum, mut n) = (Wide::ONE, degree);
    while n > 0 {
        sum = Wide::ONE.add_sat(Wide::from_bits(x.mul_trunc(sum).to_bits() / n as i128));
        n -= 1;
    }
    sum
}

/// 2 atanh(z) = 2 (z + z^3/3 + z^5/5 + ...), up to the power `degree`, which is odd.
pub(crate) const fn twice_atanh_series(z: Wide, degree: i32) -> Wide {
    let square = z.mul_trunc(z);
    let (mut sum, mut n) = (Wide::ZERO, degree);
    while n > 0 {
        sum = sum.mul_trunc(square).add_sat(Wide::from_bits(Wide::ONE.to_bits() / n as i128));
        n -= 2;
    }
    sum.mul_trunc(z).scale(1)
}

/// 2^(j / 32).
const EXP_TABLE: [Wide; TABLE_LEN] = {
    let mut table = [Wide::ONE; TABLE_LEN];
    let mut j = 1;
    while j < TABLE_LEN {
        table[j] = exp_series(Wide::from_bits((LN2_WIDE.to_bits() * j as i128) >> TABLE_BITS), 32);
        j += 1;
    }
    table
};

/// The middle of interval `j` of [1, 2), that is 1 + (2 j + 1) / 64.
const fn ln_centre(j: usize) -> Wide {
    Wide::from_ratio(2 * (TABLE_LEN + j) as i128 + 1, 2 * TABLE_LEN as i128)
}

/// ln of [`ln_centre`].
const LN_TABLE: [Wide; TABLE_LEN] = {
    let mut table = [Wide::ZERO; TABLE_LEN];
    let mut j = 0;
    while j < TABLE_LEN {
        let c = ln_centre(j);
        table[j] = twice_atanh_series(c.sub_sat(Wide::ONE).div_trunc(c.add_sat(Wide::ONE)), 63);
        j += 1;
    }
    table
};

/// e^x as `m * 2^k` with m close to [1, 2]; `None` if it is smaller than 2^-100 (`false`) or larger than 2^100
/// (`true`).
fn exp_parts(x: Wide) -> Result<(Wide, i32), bool> {
    let limit = Wide::from_integer(69);
    if x.abs() > limit {
        return Err(x > limit);
    }
    // n = round(32 x / ln 2). A unit more or less does no harm, so 32 fraction bits of the argument are enough.
    const STEPS_PER_UNIT: i128 = ((TABLE_LEN as i128) << LN2_BITS) / (LN2 >> 32); // 32 fraction bits
    let n = ((x.to_bits() >> 64) * STEPS_PER_UNIT + (1 << 63)) >> 64;
    let s = Wide::from_bits(x.to_bits() - ((n * LN2) >> (LN2_BITS - Wide::FRACTION_BITS + TABLE_BITS)));
    // |s| < 0.0109, so the first term that is left out is below 2^-107.
    let power = exp_series_fast(s);
    let mantissa = EXP_TABLE[(n & (TABLE_LEN as i128 - 1)) as usize].mul_trunc(power);
    Ok((mantissa, (n >> TABLE_BITS) as i32))
}

/// 1 / n! for n = 0..=11.
const INVERSE_FACTORIALS: [Wide; 12] = {
    let mut table = [Wide::ONE; 12];
    let mut n = 1;
    while n < 12 {
        table[n] = Wide::from_bits(table[n - 1].to_bits() / n as i128);
        n += 1;
    }
    table
};

/// [`exp_series`] of degree 11 without divisions.
fn exp_series_fast(x: Wide) -> Wide {
    INVERSE_FACTORIALS.iter().rev().fold(Wide::ZERO, |sum, term| sum.mul_trunc(x).add_sat(*term))
}

impl Wide {
    /// e^x. The error is below 2^-92 for x <= 0 and below 2^-92 e^x for x > 0; saturates above 31 ln 2.
    #[must_use]
    pub fn exp(self) -> Self {
        match exp_parts(self) {
            Ok((mantissa, power)) => mantissa.scale(power),
            Err(huge) => {
                if huge {
                    Self::MAX
                } else {
                    Self::ZERO
                }
            }
        }
    }

    /// The natural logarithm, off by less than 2^-90; `None` unless the number is positive.
    #[must_use]
    pub fn ln(self) -> Option<Self> {
        if self <= Self::ZERO {
            return None;
        }
        // self = m * 2^power with m in [1, 2)
        let power = 31 - self.to_bits().leading_zeros() as i32;
        let m = self.scale(-power);
        let j = ((m.to_bits() >> (Self::FRACTION_BITS - TABLE_BITS)) as usize) & (TABLE_LEN - 1);
        let c = ln_centre(j);
        // |z| < 2^-7, so the first term that is left out is below 2^-107.
        let z = m.sub_sat(c).div_trunc(m.add_sat(c));
        let whole = (i128::from(power) * LN2) >> (LN2_BITS - Self::FRACTION_BITS);
        Some(Self::from_bits(whole).add_sat(LN_TABLE[j]).add_sat(twice_atanh_series(z, 13)))
    }
}

/// e^x; saturates above 31 ln 2. For x > 0 the error is below 0.501 units in the last place as long as e^x < 2^31.
pub fn exp(x: Real) -> Real {
    Wide::from_real(x).exp().to_real_nearest()
}

/// e^-x as a fraction: what is left of a quantity after a time x, in units of its time constant. Meant for x >= 0;
/// below -ln 2, where the value exceeds 2, it saturates.
pub fn exp_neg(x: Real) -> Fraction {
    Wide::from_real(x).neg().exp().to_fraction_nearest()
}

/// 1 - e^-x as a fraction: what is lost of a quantity after a time x, in units of its time constant. No digits cancel
/// for small x: 62 fraction bits are right. Meant for x >= 0; saturates where it would be below -2.
pub fn one_minus_exp_neg(x: Real) -> Fraction {
    lost(Wide::from_real(x))
}

/// [`exp_neg`] of `time / constant`. The ratio is kept with 96 fraction bits, which a [`Real`] could not do: with
/// a step of 2^-20 time constants, a ratio rounded to 32 bits would spoil the leak in its 12th bit.
///
/// # Panics
/// If `constant` is 0.
pub fn exp_neg_ratio(time: Real, constant: Real) -> Fraction {
    ratio(time, constant).neg().exp().to_fraction_nearest()
}

/// [`one_minus_exp_neg`] of `time / constant`, with the ratio kept as in [`exp_neg_ratio`].
///
/// # Panics
/// If `constant` is 0.
pub fn one_minus_exp_neg_ratio(time: Real, constant: Real) -> Fraction {
    lost(ratio(time, constant))
}

/// `a / b`.
fn ratio(a: Real, b: Real) -> Wide {
    Wide::from_ratio(i128::from(a.to_bits()), i128::from(b.to_bits()))
}

/// 1 - e^-x.
fn lost(x: Wide) -> Fraction {
    Wide::ONE.sub_sat(x.neg().exp()).to_fraction_nearest()
}

/// phi1(x) = (e^x - 1) / x, and 1 for x = 0: the mean of e^t over t from 0 to x, which the exact propagator of two
/// coupled exponentials needs. Positive everywhere; saturates above x = 24.9.
pub fn phi1(x: Real) -> Real {
    let bits = i128::from(x.to_bits());
    if bits == 0 {
        return Real::ONE;
    }
    // With 96 fraction bits of e^x - 1 (64 where it is large), dividing by an x of 2^-32 still leaves 32 good bits
    // and more than 20 guard bits. The quotient of the raw bits has 64 (32) fraction bits.
    let Ok((mantissa, power)) = exp_parts(Wide::from_real(x)) else {
        return if bits > 0 { Real::MAX } else { reciprocal_of_negative(bits) };
    };
    if power > 36 {
        return Real::MAX;
    }
    let fraction_bits = if power < 28 { 96 } else { 80 };
    let raised: i128 = shift_left(mantissa.to_bits(), power + fraction_bits - 96) - (1 << fraction_bits);
    let quotient = divide(raised, bits, Rounding::Floor);
    Real::from_bits(narrow(shift_right(quotient, fraction_bits as u32 - 64, Rounding::HalfEven)))
}

/// `bits * 2^power`, floored.
fn shift_left(bits: i128, power: i32) -> i128 {
    if power >= 0 { bits << power } else { bits >> power.unsigned_abs().min(127) }
}

/// -1 / x for an x so negative that e^x is nothing.
fn reciprocal_of_negative(bits: i128) -> Real {
    Real::from_bits(narrow(divide(-(1i128 << 64), bits, Rounding::HalfEven)))
}

/// The natural logarithm; `None` unless x > 0.
pub fn ln(x: Real) -> Option<Real> {
    Some(Wide::from_real(x).ln()?.to_real_nearest())
}

/// The square root, to nearest: off by at most half a unit in the last place. 0 for negative numbers.
pub fn sqrt(x: Real) -> Real {
    if x < Real::ZERO {
        return Real::ZERO;
    }
    let square = u128::from(x.to_bits().unsigned_abs()) << Real::FRACTION_BITS;
    let root = square.isqrt();
    // root + 1/2 squared is root^2 + root + 1/4, and the square is an integer: there are no ties.
    let nearest = root + u128::from(square - root * root > root);
    Real::from_bits(nearest as i64)
}

/// The hyperbolic tangent. Odd: tanh(-x) = -tanh(x) bit for bit.
pub fn tanh(x: Real) -> Real {
    let wide = Wide::from_real(x);
    // tanh x = (1 - e^(-2 x)) / (1 + e^(-2 x)) for x >= 0
    let small = wide.abs().scale(1).neg().exp();
    let magnitude = Wide::ONE.sub_sat(small).div_trunc(Wide::ONE.add_sat(small));
    (if x < Real::ZERO { magnitude.neg() } else { magnitude }).to_real_nearest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixed::types::I32F32;
    use proptest::prelude::*;
    use std::vec::Vec;

    const ULP: f64 = 1.0 / 4_294_967_296.0;

    fn real(bits: i64) -> Real {
        Real::from_bits(bits)
    }

    fn float(x: Real) -> f64 {
        x.to_bits() as f64 * ULP
    }

    fn fraction(x: Fraction) -> f64 {
        x.to_bits() as f64 / (1u64 << 62) as f64
    }

    /// Results equal the nearest numbers, as computed with 500 bits by a program that shares nothing with this one.
    #[test]
    fn nearest_of_500_bit_results() {
        let mut lines = 0;
        for line in include_str!("math_vectors.txt").lines().filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_once(' ').unwrap();
            let numbers: Vec<i64> = rest.split(' ').map(|n| n.parse().unwrap()).collect();
            let x = real(numbers[0]);
            let result = match name {
                "exp" => exp(x).to_bits(),
                "exp_neg" => exp_neg(x).to_bits(),
                "one_minus_exp_neg" => one_minus_exp_neg(x).to_bits(),
                "phi1" => phi1(x).to_bits(),
                "ln" => ln(x).unwrap().to_bits(),
                "sqrt" => sqrt(x).to_bits(),
                "tanh" => tanh(x).to_bits(),
                "exp_neg_ratio" => exp_neg_ratio(x, real(numbers[1])).to_bits(),
                "one_minus_exp_neg_ratio" => one_minus_exp_neg_ratio(x, real(numbers[1])).to_bits(),
                other => panic!("unknown function {other}"),
            };
            assert_eq!(result, *numbers.last().unwrap(), "{line}");
            lines += 1;
        }
        assert_eq!(lines, 221);
    }

    /// Against `fixed_analytics`, itself good to less than a unit, on a grid of 2^16 arguments. Both round the same
    /// number, so they differ by a unit at most, and seldom.
    #[test]
    fn another_implementation_agrees() {
        let mut differences = 0;
        let mut check = |name: &str, x: i64, ours: Real, theirs: I32F32| {
            let off = (ours.to_bits() - theirs.to_bits()).abs();
            assert!(off <= 1, "{name} at bits {x}: {ours} and {theirs}");
            differences += off;
        };
        for i in i64::from(i16::MIN)..=i64::from(i16::MAX) {
            let x = i * 2_814_749 + 12_345; // -21.47 to 21.47
            let theirs = I32F32::from_bits(x);
            check("exp", x, exp(real(x)), fixed_analytics::exp(theirs));
            check("tanh", x, tanh(real(x)), fixed_analytics::tanh(theirs));
            check("phi1", x, phi1(real(x)), fixed_analytics::exprel(theirs));
            let x = (1 << (20 + i.rem_euclid(43))) + x.abs() / 7; // all powers of two
            let theirs = I32F32::from_bits(x);
            check("ln", x, ln(real(x)).unwrap(), fixed_analytics::ln(theirs).unwrap());
            check("sqrt", x, sqrt(real(x)), fixed_analytics::sqrt(theirs).unwrap());
        }
        assert!(differences < 5 * 65536 / 50, "{differences} results differ");
    }

    /// Fractions have 62 bits, more than an f64; so this is a check of size, and the vectors are the check of bits.
    #[test]
    fn decays_agree_with_floats() {
        for i in 0..1i64 << 16 {
            let x = real(i * i * 32 + i); // dense near 0, up to 32
            let (decay, loss) = (fraction(exp_neg(x)), fraction(one_minus_exp_neg(x)));
            assert!((decay - libm::exp(-float(x))).abs() < 4e-16, "{x}");
            assert!((loss + libm::expm1(-float(x))).abs() <= 4e-16 * loss + 3e-19, "{x}");
        }
    }

    #[test]
    fn small_steps_keep_their_leak() {
        // A step of 2^-20 time constants: the leak is known to better than one part in 2^40.
        let leak = fraction(one_minus_exp_neg_ratio(real(4096), Real::ONE));
        assert!((leak / -libm::expm1(-libm::exp2(-20.0)) - 1.0).abs() < libm::exp2(-40.0), "{leak}");
        // The ratio itself is not rounded to 32 bits: 1 us over 7 s.
        let leak = fraction(one_minus_exp_neg_ratio(Real::from_ratio(1, 1024), Real::from_integer(7000)));
        assert!((leak / -libm::expm1(-1.0 / 7_168_000.0) - 1.0).abs() < libm::exp2(-38.0), "{leak}");
    }

    #[test]
    fn edges_and_wrong_arguments() {
        assert_eq!(exp(Real::MAX), Real::MAX);
        assert_eq!(exp(Real::MIN), Real::ZERO);
        assert_eq!(exp_neg(Real::from_integer(-5)), Fraction::MAX);
        assert_eq!(one_minus_exp_neg(Real::MIN), Fraction::MIN);
        assert_eq!(one_minus_exp_neg(Real::MAX), Fraction::ONE);
        assert_eq!(exp_neg_ratio(Real::ZERO, Real::MAX), Fraction::ONE);
        assert_eq!(exp_neg_ratio(Real::MAX, real(1)), Fraction::ZERO);
        assert_eq!(phi1(Real::MAX), Real::MAX);
        assert_eq!(phi1(Real::MIN), real(2));
        assert_eq!((ln(Real::ZERO), ln(Real::MIN)), (None, None));
        assert_eq!(Wide::ZERO.ln(), None);
        assert_eq!((sqrt(Real::MIN), sqrt(real(-1))), (Real::ZERO, Real::ZERO));
        assert_eq!((tanh(Real::MAX), tanh(Real::MIN)), (Real::ONE, Real::from_integer(-1)));
    }

    #[test]
    #[should_panic(expected = "division by zero")]
    fn a_time_constant_of_zero_panics() {
        exp_neg_ratio(Real::ONE, Real::ZERO);
    }

    /// Identities at the full width of [`Wide`], which no float could check: ln e^x = x, and e^x e^-x = 1.
    #[test]
    fn wide_functions_invert_each_other() {
        for i in -2000..2000 {
            let x = Wide::from_ratio(i, 100);
            let log = x.exp().ln().unwrap();
            // For x < 0 the last place of e^x limits what its logarithm can tell.
            let lost = Wide::from_bits(32).mul_trunc(x.neg().exp().max(Wide::ONE)).add_sat(Wide::from_bits(32));
            assert!(log.sub_sat(x).abs() <= lost, "{i}: {:?}", log.sub_sat(x));
            let one = x.exp().mul_trunc(x.neg().exp());
            let lost = Wide::from_bits(16).mul_trunc(x.abs().exp());
            assert!(one.sub_sat(Wide::ONE).abs() <= lost, "{i}: {one:?}");
        }
    }

    proptest! {
        #[test]
        fn functions_are_monotone(a in -100i64 << 32..100 << 32, step in 0i64..1 << 33) {
            let (x, y) = (real(a), real(a + step));
            prop_assert!(exp(x) <= exp(y));
            prop_assert!(exp_neg(x) >= exp_neg(y));
            prop_assert!(one_minus_exp_neg(x) <= one_minus_exp_neg(y));
            prop_assert!(phi1(x) <= phi1(y));
            prop_assert!(tanh(x) <= tanh(y));
            prop_assert!(sqrt(x) <= sqrt(y));
            prop_assert!(ln(x) <= ln(y));
            prop_assert_eq!(tanh(x.neg_sat()), tanh(x).neg_sat());
            prop_assert!(one_minus_exp_neg(x.abs()).add_sat(exp_neg(x.abs())).sub_sat(Fraction::ONE).abs().to_bits() <= 1);
        }
    }
}

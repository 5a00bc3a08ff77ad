//! The normal distribution in integers: quantile, cumulative distribution, and a deviate from a random word.

use fx::{Fraction, Real, Wide};

/// A standard normal deviate from 64 random bits: the quantile at `(word + 1/2) / 2^64`. It lies within -9.2 and 9.2,
/// and the deviate of `!word` is exactly the negative of that of `word`.
///
/// The error is below 0.501 units in the last place (2^-32).
pub fn normal_deviate(word: u64) -> Real {
    let upper = word >> 63 == 1;
    let tail = if upper { !word } else { word };
    let magnitude = tail_quantile(Wide::from_bits((i128::from(tail) * 2 + 1) << 31)).to_real_nearest();
    if upper { magnitude } else { magnitude.neg_sat() }
}

/// The standard normal quantile at `p`. Probabilities are kept within 2^-62 and 1 - 2^-62, so that the result lies
/// within -9 and 9. Same error as [`normal_deviate`].
pub fn normal_quantile(p: Fraction) -> Real {
    quantile(Wide::from_fraction(p.clamp(Fraction::from_bits(1), Fraction::from_bits(Fraction::ONE.to_bits() - 1))))
}

/// The standard normal cumulative distribution at `z`. The error is below 0.501 units in the last place (2^-62).
pub fn normal_cdf(z: Real) -> Fraction {
    cdf(z).to_fraction_nearest()
}

/// The quantile at `p`, which is kept within 2^-96 and 1 - 2^-96.
pub(crate) fn quantile(p: Wide) -> Real {
    let upper = p > HALF;
    let tail = if upper { Wide::ONE.sub_sat(p) } else { p };
    let magnitude = tail_quantile(tail.max(Wide::from_bits(1))).to_real_nearest();
    if upper { magnitude } else { magnitude.neg_sat() }
}

/// [`normal_cdf`] with an error below 2^-80.
pub(crate) fn cdf(z: Real) -> Wide {
    let tail = upper_tail(Wide::from_real(z).abs());
    if z < Real::ZERO { tail } else { Wide::ONE.sub_sat(tail) }
}

const HALF: Wide = Wide::from_ratio(1, 2);
/// 1 / sqrt(2 pi), the density at 0.
pub(crate) const DENSITY_AT_0: Wide = Wide::from_text("0.39894228040143267793994605993438186848");

/// Knots of the upper tail lie 1/8 apart, up to 11.25, where the tail is 2^-96.
const KNOTS_PER_UNIT: i32 = 8;
const KNOTS: usize = 91;
/// The last knot; from there on the tail counts as 0.
const TAIL_END: Wide = Wide::from_ratio(KNOTS as i128 - 1, KNOTS_PER_UNIT as i128);
/// Bits of a distance of 1/8.
const KNOT_SHIFT: u32 = Wide::FRACTION_BITS - KNOTS_PER_UNIT.trailing_zeros();
/// Terms of the Taylor series about a knot: at 1/16 from it, the first that is left out is below 2^-90.
const TERMS: i32 = 18;

/// A point of the upper tail.
#[derive(Clone, Copy)]
struct Knot {
    /// 1 - Phi(z).
    tail: Wide,
    /// The density phi(z).
    density: Wide,
}

/// The tail at each knot. The density is a running product, as phi(z + h) / phi(z) = e^(-z h - h^2/2); the tail follows
/// by the same Taylor series that reads the table.
static TAIL: [Knot; KNOTS] = {
    let h = Wide::from_ratio(1, KNOTS_PER_UNIT as i128);
    let mut table = [Knot { tail: HALF, density: DENSITY_AT_0 }; KNOTS];
    let mut ratio = exp_of_minus_one_over(128);
    let square = ratio.mul_trunc(ratio);
    let mut j = 1;
    while j < KNOTS {
        let (last, z) = (table[j - 1], Wide::from_ratio(j as i128 - 1, KNOTS_PER_UNIT as i128));
        table[j] = Knot { tail: taylor(last, z, h, 32), density: last.density.mul_trunc(ratio) };
        ratio = ratio.mul_trunc(square);
        j += 1;
    }
    table
};

/// e^(-1/n), by its series.
const fn exp_of_minus_one_over(n: i128) -> Wide {
    let (mut term, mut sum, mut i) = (Wide::ONE.to_bits(), Wide::ONE.to_bits(), 1);
    while term != 0 {
        term = -term / (n * i);
        sum += term;
        i += 1;
    }
    Wide::from_bits(sum)
}

/// The upper tail at `z + d`, from the knot at `z`. The derivatives of the density are Hermite polynomials:
/// 1 - Phi(z + d) = 1 - Phi(z) - phi(z) d sum_n He_n(z) (-d)^n / (n + 1)!.
const fn taylor(knot: Knot, z: Wide, d: Wide, terms: i32) -> Wide {
    // h_n = He_n(z) (-d)^n / n!, by the recurrence of the polynomials
    let (slope, square) = (z.mul_trunc(d).neg(), d.mul_trunc(d));
    let (mut before, mut h, mut sum, mut n) = (Wide::ZERO, Wide::ONE, Wide::ZERO, 1);
    while n <= terms {
        sum = sum.add_sat(over(h, n));
        let next = over(slope.mul_trunc(h).sub_sat(square.mul_trunc(before)), n);
        before = h;
        h = next;
        n += 1;
    }
    knot.tail.sub_sat(knot.density.mul_trunc(d).mul_trunc(sum))
}

/// `x / n`.
const fn over(x: Wide, n: i32) -> Wide {
    Wide::from_bits(x.to_bits() / n as i128)
}

/// 1 - Phi(z) for z >= 0.
fn upper_tail(z: Wide) -> Wide {
    if z > TAIL_END {
        return Wide::ZERO;
    }
    let j = (z.to_bits() + (1 << (KNOT_SHIFT - 1))) >> KNOT_SHIFT; // the nearest knot
    let z0 = Wide::from_bits(j << KNOT_SHIFT);
    taylor(TAIL[j as usize], z0, z.sub_sat(z0), TERMS).max(Wide::ZERO)
}

/// The z >= 0 whose upper tail is `tail`, from 2^-96 to 1/2.
///
/// Algorithm AS 241, routine PPND16, of M. J. Wichura, Applied Statistics 37 (1988) 477-484: three rational functions,
/// relative error about 1e-16.
fn tail_quantile(tail: Wide) -> Wide {
    let q = HALF.sub_sat(tail);
    if q <= CENTRE_END {
        return q.mul_trunc(CENTRE.at(CENTRE_SQUARE.sub_sat(q.mul_trunc(q))));
    }
    // The tail is at least 2^-96, so it has a logarithm.
    let r = tail.ln().unwrap_or(Wide::MIN).neg().sqrt();
    if r <= MIDDLE_END { MIDDLE.at(r.sub_sat(MIDDLE_START)) } else { FAR.at(r.sub_sat(MIDDLE_END)) }
}

const CENTRE_END: Wide = Wide::from_text("0.425");
const CENTRE_SQUARE: Wide = Wide::from_text("0.180625");
const MIDDLE_START: Wide = Wide::from_text("1.6");
const MIDDLE_END: Wide = Wide::from_text("5");

/// A quotient of two polynomials of degree 7, lowest power first.
struct Rational {
    above: [Wide; 8],
    below: [Wide; 8],
}

impl Rational {
    fn at(&self, x: Wide) -> Wide {
        let polynomial = |c: &[Wide; 8]| c.iter().rev().fold(Wide::ZERO, |sum, term| sum.mul_trunc(x).add_sat(*term));
        polynomial(&self.above).div_trunc(polynomial(&self.below))
    }
}

static CENTRE: Rational = Rational {
    above: [
        Wide::from_text("3.3871328727963666080"),
        Wide::from_text("1.3314166789178437745e2"),
        Wide::from_text("1.9715909503065514427e3"),
        Wide::from_text("1.3731693765509461125e4"),
        Wide::from_text("4.5921953931549871457e4"),
        Wide::from_text("6.7265770927008700853e4"),
        Wide::from_text("3.3430575583588128105e4"),
        Wide::from_text("2.5090809287301226727e3"),
    ],
    below: [
        Wide::ONE,
        Wide::from_text("4.2313330701600911252e1"),
        Wide::from_text("6.8718700749205790830e2"),
        Wide::from_text("5.3941960214247511077e3"),
        Wide::from_text("2.1213794301586595867e4"),
        Wide::from_text("3.9307895800092710610e4"),
        Wide::from_text("2.8729085735721942674e4"),
        Wide::from_text("5.2264952788528545610e3"),
    ],
};

static MIDDLE: Rational = Rational {
    above: [
        Wide::from_text("1.42343711074968357734"),
        Wide::from_text("4.63033784615654529590"),
        Wide::from_text("5.76949722146069140550"),
        Wide::from_text("3.64784832476320460504"),
        Wide::from_text("1.27045825245236838258"),
        Wide::from_text("2.41780725177450611770e-1"),
        Wide::from_text("2.27238449892691845833e-2"),
        Wide::from_text("7.74545014278341407640e-4"),
    ],
    below: [
        Wide::ONE,
        Wide::from_text("2.05319162663775882187"),
        Wide::from_text("1.67638483018380384940"),
        Wide::from_text("6.89767334985100004550e-1"),
        Wide::from_text("1.48103976427480074590e-1"),
        Wide::from_text("1.51986665636164571966e-2"),
        Wide::from_text("5.47593808499534494600e-4"),
        Wide::from_text("1.05075007164441684324e-9"),
    ],
};

static FAR: Rational = Rational {
    above: [
        Wide::from_text("6.65790464350110377720"),
        Wide::from_text("5.46378491116411436990"),
        Wide::from_text("1.78482653991729133580"),
        Wide::from_text("2.96560571828504891230e-1"),
        Wide::from_text("2.65321895265761230930e-2"),
        Wide::from_text("1.24266094738807843860e-3"),
        Wide::from_text("2.71155556874348757815e-5"),
        Wide::from_text("2.01033439929228813265e-7"),
    ],
    below: [
        Wide::ONE,
        Wide::from_text("5.99832206555887937690e-1"),
        Wide::from_text("1.36929880922735805310e-1"),
        Wide::from_text("1.48753612908506148525e-2"),
        Wide::from_text("7.86869131145613259100e-4"),
        Wide::from_text("1.84631831751005468180e-5"),
        Wide::from_text("1.42151175831644588870e-7"),
        Wide::from_text("2.04426310338993978564e-15"),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deviates, float, phi, real, sample_moments, vectors};
    use proptest::prelude::*;

    /// Against the nearest numbers of results with 45 digits and more.
    #[test]
    fn nearest_of_exact_results() {
        for line in vectors("deviate") {
            let (word, expected): (u64, i64) = (line[0].parse().unwrap(), line[1].parse().unwrap());
            assert_eq!(normal_deviate(word).to_bits(), expected, "deviate {word}");
        }
        for line in vectors("cdf") {
            let (z, expected): (i64, i64) = (line[0].parse().unwrap(), line[1].parse().unwrap());
            assert_eq!(normal_cdf(Real::from_bits(z)).to_bits(), expected, "cdf {z}");
        }
    }

    #[test]
    fn agrees_with_floats() {
        for i in -6000..=6000 {
            let z = Real::from_ratio(i, 1000);
            let p = normal_cdf(z).to_bits() as f64 / (1u64 << 62) as f64;
            assert!((p - phi(float(z))).abs() < 1e-15, "cdf at {z}: {p}");
            // In the upper tail a float cannot tell probabilities apart, so words are compared in the lower one.
            let word = (phi(-float(z.abs())) * 18_446_744_073_709_551_616.0) as u64;
            let deviate = float(normal_deviate(word));
            assert!((deviate + float(z.abs())).abs() < 5e-10, "deviate at {z}: {deviate}");
        }
    }

    #[test]
    fn edges() {
        assert_eq!(normal_deviate(0), normal_deviate(u64::MAX).neg_sat());
        assert!(normal_deviate(u64::MAX) < real("9.2"));
        assert_eq!(normal_cdf(Real::MIN), Fraction::ZERO);
        assert_eq!(normal_cdf(Real::MAX), Fraction::ONE);
        assert_eq!(normal_cdf(Real::ZERO), Fraction::from_ratio(1, 2));
        assert_eq!(normal_quantile(Fraction::from_ratio(1, 2)), Real::ZERO);
        assert_eq!(normal_quantile(Fraction::MIN), normal_quantile(Fraction::ZERO));
        assert_eq!(normal_quantile(Fraction::MAX), normal_quantile(Fraction::MIN).neg_sat());
        assert!(normal_quantile(Fraction::MAX) < real("9"));
    }

    #[test]
    fn moments_of_a_sample() {
        let found = sample_moments(&deviates("normal", 100_000));
        // Standard errors: 0.0032, 0.0022, 0.0077.
        assert!(found.mean.abs() < 0.01, "{found:?}");
        assert!((found.deviation - 1.0).abs() < 0.007, "{found:?}");
        assert!(found.skew.abs() < 0.024, "{found:?}");
    }

    proptest! {
        #[test]
        fn quantile_and_distribution_invert_each_other(bits in -6i64 << 32..6 << 32) {
            let z = Real::from_bits(bits);
            // Where the density is low, the last place of a probability is worth more: up to 2^-62 / phi(6) = 2^-34.7.
            prop_assert!((quantile(cdf(z)).to_bits() - bits).abs() <= 1);
            prop_assert!((normal_quantile(normal_cdf(z)).to_bits() - bits).abs() <= 1);
        }

        #[test]
        fn deviates_are_odd_and_monotone(word in any::<u64>(), step in any::<u64>(), cut in 0u32..64) {
            let (low, high) = (word >> cut, (word >> cut).saturating_add(step >> cut));
            prop_assert!(normal_deviate(low) <= normal_deviate(high));
            prop_assert_eq!(normal_deviate(!low), normal_deviate(low).neg_sat());
        }

        #[test]
        fn distribution_is_monotone_and_symmetric(bits in -12i64 << 32..12 << 32, step in 0i64..1 << 32) {
            let (low, high) = (Real::from_bits(bits), Real::from_bits(bits + step));
            prop_assert!(cdf(low) <= cdf(high));
            prop_assert_eq!(cdf(low).add_sat(cdf(low.neg_sat())), Wide::ONE);
        }
    }
}

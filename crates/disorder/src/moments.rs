//! Mean, spread and skewness in integers: of a distribution, and of the factors of circuits.
//!
//! It owns the sums and their rounding. What is summed over, and what is done with the result, is the caller's.

use fx::{Real, Wide};

/// Mean, standard deviation and skewness of factors, which are pure numbers of the order of 1: the sums of squares and
/// cubes saturate for numbers beyond some thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments {
    /// The mean.
    pub mean: Real,
    /// The standard deviation: of a sample with n - 1 in the denominator, and 0 of a single factor.
    pub sd: Real,
    /// The third central moment over the cube of the standard deviation (that with n, of a sample); 0 if all factors
    /// are equal.
    pub skew: Real,
}

impl Moments {
    /// Those of factors that are all 1.
    pub const ONE: Self = Self { mean: Real::ONE, sd: Real::ZERO, skew: Real::ZERO };

    /// The moments of a sample; `None` if there is nothing in it.
    pub fn of(sample: &[Real]) -> Option<Self> {
        let count = i128::try_from(sample.len()).ok().filter(|count| *count > 0)?;
        let sum: i128 = sample.iter().map(|x| i128::from(x.to_bits())).sum();
        let mean = Wide::from_bits((sum << REAL_TO_WIDE) / count);
        let per = |x: Wide| Wide::from_bits(x.to_bits() / count);
        let central = Central::of(sample.iter().map(|x| (*x, per)), mean);
        let n_minus_one = (count - 1).max(1);
        // The sum of squares, over n - 1 instead of n.
        let square = central.square.mul_trunc(Wide::from_ratio(count, n_minus_one));
        Some(Self { mean: mean.to_real_nearest(), sd: square.sqrt().to_real_nearest(), skew: central.skew() })
    }

    /// The moments of factors with weights that add up to 1.
    pub(crate) fn weighted(factors: &[(Wide, Real)]) -> Self {
        let times = |weight: Wide| move |x: Wide| weight.mul_trunc(x);
        let mean = factors.iter().fold(Wide::ZERO, |sum, (w, x)| sum.add_sat(w.mul_trunc(Wide::from_real(*x))));
        let central = Central::of(factors.iter().map(|(w, x)| (*x, times(*w))), mean);
        Self { mean: mean.to_real_nearest(), sd: central.square.sqrt().to_real_nearest(), skew: central.skew() }
    }

    /// The coefficient of variation, the standard deviation over the mean; `None` unless the mean is positive.
    pub fn cv(&self) -> Option<Real> {
        (self.mean > Real::ZERO).then(|| self.sd.div_nearest(self.mean))
    }
}

/// Bits that a [`Wide`] has more than a [`Real`] after the point.
const REAL_TO_WIDE: u32 = Wide::FRACTION_BITS - Real::FRACTION_BITS;

/// The second and the third central moment.
struct Central {
    square: Wide,
    cube: Wide,
}

impl Central {
    /// Those of numbers, each with what weighs a power of it.
    fn of<F: Fn(Wide) -> Wide>(numbers: impl Iterator<Item = (Real, F)>, mean: Wide) -> Self {
        numbers.fold(Self { square: Wide::ZERO, cube: Wide::ZERO }, |sums, (x, weigh)| {
            let d = Wide::from_real(x).sub_sat(mean);
            let square = d.mul_trunc(d);
            Self { square: sums.square.add_sat(weigh(square)), cube: sums.cube.add_sat(weigh(square.mul_trunc(d))) }
        })
    }

    fn skew(&self) -> Real {
        let cube = self.square.mul_trunc(self.square.sqrt());
        if cube == Wide::ZERO { Real::ZERO } else { self.cube.div_trunc(cube).to_real_nearest() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deviates, float, real, sample_moments};
    use std::vec::Vec;

    #[test]
    fn of_samples_as_in_floats() {
        let sample: Vec<Real> =
            deviates("moments", 5000).iter().map(|z| Real::ONE.add_sat(z.mul_nearest(*z))).collect();
        let (found, expected) = (Moments::of(&sample).unwrap(), sample_moments(&sample));
        assert!((float(found.mean) - expected.mean).abs() < 1e-9, "{found:?}");
        assert!((float(found.sd) - expected.deviation * (5000f64 / 4999.0).sqrt()).abs() < 1e-9, "{found:?}");
        assert!((float(found.skew) - expected.skew).abs() < 1e-8, "{found:?}");
        assert!((float(found.cv().unwrap()) - float(found.sd) / float(found.mean)).abs() < 1e-9);
    }

    #[test]
    fn of_little() {
        assert_eq!(Moments::of(&[]), None);
        assert_eq!(Moments::of(&[Real::ONE; 7]), Some(Moments::ONE));
        let one = real("3.25");
        assert_eq!(Moments::of(&[one]), Some(Moments { mean: one, ..Moments { sd: Real::ZERO, ..Moments::ONE } }));
        let two = Moments::of(&[real("1"), real("3")]).unwrap();
        assert_eq!((two.mean, two.skew), (real("2"), Real::ZERO));
        assert_eq!(two.sd, Wide::from_integer(2).sqrt().to_real_nearest());
        let negative = Moments::of(&[real("-1"); 3]).unwrap();
        assert_eq!((negative.mean, negative.cv()), (real("-1"), None));
    }
}

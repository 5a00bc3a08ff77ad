//! From a unit-normal deviate to a factor of mean 1.

mod realised;

pub use realised::Centre;

use crate::error::DisorderError;
use crate::family::Family;
use crate::gamma::{GammaTable, narrow_quantile};
use crate::normal::{cdf, quantile};
use fx::{Real, Wide};

/// A family with its coefficient of variation (CV) and truncation, ready to turn deviates into factors: of that mean
/// and CV before it is truncated ([`Distribution::new`]), or after ([`Distribution::realised`]).
///
/// Everything is a monotone function of one unit-normal deviate, so shares of variance and correlations are laid down
/// on deviates, whatever the family.
///
/// Normal, uniform (CV above 0.577), mirrored log-normal and two-point (CV of 1 and more) factors can be negative. That
/// is part of the family and not refused here; [`Distribution::support`] tells, and a truncation with a positive lower
/// end prevents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    family: Family,
    shape: Shape,
    /// What the factors of the shape are multiplied with, those of a mirrored family before they are reflected.
    scale: Option<Wide>,
    window: Option<Window>,
}

/// A family with its numbers worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// CV 0: always 1.
    One,
    /// 1 + scale z; for the uniform family, scale times 2 Phi(z) - 1; for two points, scale times the sign of z.
    Linear { scale: Wide },
    /// exp(s z - s^2/2); mirrored, 2 minus that at -z.
    LogNormal { s: Wide, half_square: Wide },
    /// Gamma with a CV so small that a polynomial serves.
    NarrowGamma { cv: Wide },
    /// Gamma by table.
    Gamma(GammaTable),
}

/// A truncation: the factors from `low` to `high`, as deviates and as probabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    low: Real,
    high: Real,
    z_low: Real,
    z_high: Real,
    p_low: Wide,
    mass: Wide,
}

/// Deviates beyond this are not told apart in the search for the ends of a truncation.
const Z_END: Real = Real::from_integer(16);

impl Distribution {
    /// The largest coefficient of variation.
    pub const CV_MAX: Real = Real::from_integer(4);

    /// The family with coefficient of variation `cv`, restricted to the factors between the two ends of `truncation` if
    /// there is one. The mean is 1 and the CV is `cv` before truncation.
    ///
    /// A truncated factor follows the conditional distribution: nothing piles up at the ends, and no deviate is
    /// drawn again.
    ///
    /// Gamma distributions carry a table, which takes some 2 ms to build; keep them, and clone them if need be.
    ///
    /// # Errors
    /// A CV below 0 or above [`Self::CV_MAX`]; a truncation whose ends are not in order or that leaves less than
    /// 2^-40 of the probability.
    pub fn new(family: Family, cv: Real, truncation: Option<(Real, Real)>) -> Result<Self, DisorderError> {
        check(cv, truncation)?;
        let mut new = Self::untruncated(family, Wide::from_real(cv));
        if let Some((low, high)) = truncation {
            let window = new.window(low, high);
            new.window = Some(window.ok_or(DisorderError::TruncationExcludesAll { family, cv, low, high })?);
        }
        Ok(new)
    }

    /// The family without a truncation.
    fn untruncated(family: Family, cv: Wide) -> Self {
        Self { family, shape: Shape::new(family, cv), scale: None, window: None }
    }

    /// The family.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The factor for the unit-normal deviate `z`. It never decreases with `z`.
    ///
    /// For |z| <= 6 the error is below 0.501 units in the last place (2^-32), with two exceptions. The gamma family
    /// adds 1e-8 times the factor for CVs up to 1.5, and 2e-8 times the factor up to [`Self::CV_MAX`]. A truncation
    /// adds the change of the factor over one unit of `z`.
    pub fn factor(&self, z: Real) -> Real {
        match &self.window {
            None => self.uncut(z),
            Some(window) => {
                let p = window.p_low.add_sat(window.mass.mul_trunc(cdf(z)));
                self.uncut(quantile(p).clamp(window.z_low, window.z_high)).clamp(window.low, window.high)
            }
        }
    }

    /// The lowest and the highest factor that a deviate from -9.2 to 9.2 can give; a circuit beyond them has a
    /// probability of 2^-64.
    pub fn support(&self) -> (Real, Real) {
        let end = Real::from_ratio(92, 10);
        (self.factor(end.neg_sat()), self.factor(end))
    }

    /// The factor before truncation.
    fn uncut(&self, z: Real) -> Real {
        // At CV 0 there is nothing to mirror.
        let mirrored = self.family == Family::MirroredLogNormal && !matches!(self.shape, Shape::One);
        let factor = self.of_shape(if mirrored { z.neg_sat() } else { z });
        let factor = self.scale.map_or(factor, |scale| scale.mul_trunc(factor));
        (if mirrored { Wide::from_integer(2).sub_sat(factor) } else { factor }).to_real_nearest()
    }

    /// The factor of the shape alone, not mirrored.
    fn of_shape(&self, z: Real) -> Wide {
        match &self.shape {
            Shape::One => Wide::ONE,
            Shape::Linear { scale } => {
                let deviation = match self.family {
                    Family::Uniform => cdf(z).scale(1).sub_sat(Wide::ONE),
                    Family::TwoPoint if z < Real::ZERO => Wide::from_integer(-1),
                    Family::TwoPoint => Wide::ONE,
                    _ => Wide::from_real(z),
                };
                Wide::ONE.add_sat(scale.mul_trunc(deviation))
            }
            Shape::LogNormal { s, half_square } => s.mul_trunc(Wide::from_real(z)).sub_sat(*half_square).exp(),
            Shape::NarrowGamma { cv } => narrow_quantile(*cv, z),
            Shape::Gamma(table) => table.log_quantile(z).exp(),
        }
    }

    /// The window of a truncation, unless it has practically no mass.
    fn window(&self, low: Real, high: Real) -> Option<Window> {
        let beyond_low = |z| self.uncut(z) >= low;
        let beyond_high = |z| self.uncut(z) > high;
        let (start, end) = (Z_END.neg_sat(), Z_END);
        if !beyond_low(end) || beyond_high(start) {
            return None;
        }
        let (z_low, p_low) = if beyond_low(start) {
            (Real::MIN, Wide::ZERO)
        } else {
            let z = first(start, end, beyond_low);
            (z, cdf(z))
        };
        let (z_high, p_high) = if beyond_high(end) {
            let z = Real::from_bits(first(start, end, beyond_high).to_bits() - 1);
            (z, cdf(z))
        } else {
            (Real::MAX, Wide::ONE)
        };
        let mass = p_high.sub_sat(p_low);
        (mass >= Wide::ONE.scale(-40)).then_some(Window { low, high, z_low, z_high, p_low, mass })
    }
}

/// Whether a CV and the ends of a truncation are such.
fn check(cv: Real, truncation: Option<(Real, Real)>) -> Result<(), DisorderError> {
    if cv < Real::ZERO {
        return Err(DisorderError::NegativeCv { cv });
    }
    if cv > Distribution::CV_MAX {
        return Err(DisorderError::CvTooLarge { cv, limit: Distribution::CV_MAX });
    }
    match truncation {
        Some((low, high)) if low >= high => Err(DisorderError::TruncationOrder { low, high }),
        _ => Ok(()),
    }
}

/// The first number after `without` for which `is` holds, which it does at `with` and from there on.
fn first(without: Real, with: Real, is: impl Fn(Real) -> bool) -> Real {
    let (mut without, mut with) = (without.to_bits(), with.to_bits());
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        if is(Real::from_bits(middle)) {
            with = middle;
        } else {
            without = middle;
        }
    }
    Real::from_bits(with)
}

impl Shape {
    fn new(family: Family, cv: Wide) -> Self {
        if cv == Wide::ZERO {
            return Self::One;
        }
        match family {
            Family::Normal | Family::TwoPoint => Self::Linear { scale: cv },
            Family::Uniform => Self::Linear { scale: cv.mul_trunc(Wide::from_integer(3).sqrt()) },
            Family::LogNormal | Family::MirroredLogNormal => {
                // s^2 = ln(1 + CV^2) is positive as CV^2 is at least 2^-64
                let square = Wide::ONE.add_sat(cv.mul_trunc(cv)).ln().unwrap_or(Wide::ZERO);
                Self::LogNormal { s: square.sqrt(), half_square: square.scale(-1) }
            }
            Family::Gamma if cv < Wide::ONE.scale(-7) => Self::NarrowGamma { cv },
            Family::Gamma => Self::Gamma(GammaTable::new(Wide::ONE.div_trunc(cv.mul_trunc(cv)))),
        }
    }
}

#[cfg(test)]
mod tests;

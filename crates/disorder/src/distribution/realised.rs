//! Distributions by what is left after truncation: mean (or median) 1 and a coefficient of variation.
//!
//! A truncation changes mean and CV of a family, the more the wider it is: a normal distribution of CV 1 that is cut at
//! 0.1 and 3 has mean 1.26 and CV 0.55. So the family is made with another CV, c, and scaled by m, such that the
//! truncated distribution has the mean and the CV that were asked for:
//!
//! ```text
//! x = m F_c(z) within [low, high]              F_c: the family with mean 1 and CV c, before truncation
//! x = 2 - m L_c(-z) within [low, high]         mirrored log-normal: a log-normal reflected at 1
//! ```
//!
//! For each c the m is found for which the mean (or median) is 1, and of these pairs the one with the CV. Both are
//! roots of functions of one number, found by false position (the Illinois variant: Dowell and Jarratt, BIT 11, 1971)
//! in integers, so that the same question has the same answer on every machine. The moments are those of the very
//! factors that circuits get, summed over the normal density by the midpoint rule, which converges faster than any
//! power of its step because a factor is a smooth function of its deviate (two points are symmetric to its nodes).
//!
//! The module owns this search and its refusals. Drawing from what it finds is that of every distribution.

use super::{Distribution, check};
use crate::error::DisorderError;
use crate::family::Family;
use crate::moments::Moments;
use alloc::vec::Vec;
use core::fmt;
use fx::{Real, Wide};
use serde::{Deserialize, Serialize};

/// What of a distribution is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// The mean of the factors.
    Mean,
    /// Their median.
    Median,
}

impl Centre {
    /// Every centre.
    pub const ALL: [Self; 2] = [Self::Mean, Self::Median];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
        }
    }
}

impl fmt::Display for Centre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Nodes lie 1/4 apart, from -9 to 9, and none at 0, where two points meet.
const NODES_PER_UNIT: i64 = 4;
const NODES_END: i64 = 9 * NODES_PER_UNIT;

/// The largest error of mean, median and CV, 2^-22 or 2.4e-7.
const TOLERANCE: Wide = Wide::from_bits(1 << (Wide::FRACTION_BITS - 22));
/// Centres are found this much better, because the CV is sought between them.
const CENTRE_TOLERANCE: Wide = Wide::from_bits(1 << (Wide::FRACTION_BITS - 26));
/// Scales are sought up to 2 to this and down to its inverse.
const SCALE_DOUBLINGS: i32 = 12;
/// By how much 0.9 and 1 - 0.1 may differ, both rounded.
const LAST_PLACES: Real = Real::from_bits(4);
/// Steps of a search; false position takes 5 to 10.
const STEPS_MAX: u32 = 64;

impl Distribution {
    /// The family whose factors have mean (or median) 1 and coefficient of variation `cv` *after* they are restricted
    /// to those between the ends of `truncation`. Mean, median and CV are met within 2^-22; the median of a two-point
    /// distribution is the middle between its points.
    ///
    /// What the restriction leaves out is made up for by a wider family of up to [`Self::CV_MAX`]; the uniform family
    /// and two points are not cut at all. Truncations that cut nothing give the same as [`Self::new`], within that
    /// error.
    ///
    /// The search takes 1 to 15 ms; keep distributions, and clone them.
    ///
    /// # Errors
    /// As [`Self::new`], and [`DisorderError::NotRealisable`] with the largest CV that can be had.
    pub fn realised(
        family: Family,
        cv: Real,
        truncation: Option<(Real, Real)>,
        centre: Centre,
    ) -> Result<Self, DisorderError> {
        check(cv, truncation)?;
        let plain = || Self::untruncated(family, Wide::from_real(cv));
        if cv == Real::ZERO {
            return Ok(plain());
        }
        let refused = |most: Real| {
            let (low, high) = truncation.unwrap_or((Real::MIN, Real::MAX));
            DisorderError::NotRealisable { family, centre, cv, low, high, most: thousandths_below(most) }
        };
        let reach = match family {
            Family::Uniform => Some(Wide::from_integer(3).sqrt()),
            Family::TwoPoint => Some(Wide::ONE),
            _ => None,
        };
        match (reach, truncation) {
            // Both ends have to lie within the truncation.
            (Some(reach), Some((low, high))) => {
                let room = Real::ONE.sub_sat(low).min(high.sub_sat(Real::ONE)).max(Real::ZERO);
                let most = Wide::from_real(room).div_trunc(reach).to_real_nearest();
                if cv <= most.add_sat(LAST_PLACES) { Ok(plain()) } else { Err(refused(most)) }
            }
            (Some(_), None) => Ok(plain()),
            (None, None) if centre == Centre::Mean => Ok(plain()),
            (None, _) => {
                let cv = Wide::from_real(cv);
                let search =
                    Search { family, truncation, centre, cv, nodes: nodes(), scale: Wide::ONE, most: Wide::ZERO };
                search.run().map_err(|most| refused(most.to_real_nearest()))
            }
        }
    }

    /// Mean, standard deviation and skewness of the factors, with the truncation; for CVs up to 1.5
    /// within 1e-6, the skewness within 1e-5.
    pub fn moments(&self) -> Moments {
        self.moments_over(&nodes())
    }

    fn moments_over(&self, nodes: &[(Wide, Real)]) -> Moments {
        Moments::weighted(&nodes.iter().map(|(weight, z)| (*weight, self.factor(*z))).collect::<Vec<_>>())
    }
}

/// Deviates with weights that add up to 1 and are proportional to the normal density.
fn nodes() -> Vec<(Wide, Real)> {
    let z = (-NODES_END..NODES_END).map(|i| Real::from_ratio(2 * i + 1, 2 * NODES_PER_UNIT));
    let density = |z: Real| Wide::from_real(z).mul_trunc(Wide::from_real(z)).scale(-1).neg().exp();
    let all: Vec<(Wide, Real)> = z.map(|z| (density(z), z)).collect();
    let total = all.iter().fold(Wide::ZERO, |sum, (weight, _)| sum.add_sat(*weight));
    all.into_iter().map(|(weight, z)| (weight.div_trunc(total), z)).collect()
}

/// The largest multiple of 1/1000 that is not above `x`, for messages: who asks for it gets it.
fn thousandths_below(x: Real) -> Real {
    Real::from_ratio(((i128::from(x.add_sat(LAST_PLACES).to_bits()) * 1000) >> Real::FRACTION_BITS) as i64, 1000)
}

/// A search, and how far it has come.
struct Search {
    family: Family,
    truncation: Option<(Real, Real)>,
    centre: Centre,
    cv: Wide,
    nodes: Vec<(Wide, Real)>,
    /// The scale that was found last, from which the next one is not far.
    scale: Wide,
    /// The largest CV that was seen.
    most: Wide,
}

impl Search {
    /// The distribution, or the largest CV that was seen.
    fn run(mut self) -> Result<Distribution, Wide> {
        let end = Wide::from_real(Distribution::CV_MAX);
        let ratio = Wide::from_ratio(5, 4);
        let (mut below, mut c) = ((Wide::ZERO, self.cv.neg()), self.cv);
        let above = loop {
            match self.centred(c) {
                Some((found, excess)) if excess.abs() <= TOLERANCE => return Ok(found),
                Some((_, excess)) if excess < Wide::ZERO => below = (c, excess),
                // Beyond some width no scale brings the centre to 1; such a width is too much.
                found => break (c, found.map(|(_, excess)| excess)),
            }
            if c >= end {
                return Err(self.most);
            }
            c = c.mul_trunc(ratio).min(end);
        };
        let mut bracket = Bracket { below, above, last: 0 };
        for _ in 0..STEPS_MAX {
            let c = bracket.next();
            match self.centred(c) {
                Some((found, excess)) if excess.abs() <= TOLERANCE => return Ok(found),
                found => bracket.narrow(c, found.map(|(_, excess)| excess)),
            }
        }
        Err(self.most)
    }

    /// The family of CV `c`, scaled so that its centre is 1, and by how much its CV exceeds that asked for; `None` if
    /// no scale does that.
    fn centred(&mut self, c: Wide) -> Option<(Distribution, Wide)> {
        let mut distribution = Distribution::untruncated(self.family, c);
        let mut at = |scale: Wide| {
            distribution.scale = (scale != Wide::ONE).then_some(scale);
            self.excess(&mut distribution)
        };
        let scale = self.root(&mut at)?;
        at(scale);
        self.scale = scale;
        let cv = Wide::from_real(distribution.moments_over(&self.nodes).cv()?);
        self.most = self.most.max(cv);
        Some((distribution, cv.sub_sat(self.cv)))
    }

    /// The scale at which `excess`, which grows with it, is 0.
    fn root(&self, excess: &mut impl FnMut(Wide) -> Wide) -> Option<Wide> {
        let start = self.scale;
        let first = excess(start);
        if first.abs() <= CENTRE_TOLERANCE {
            return Some(start);
        }
        let (least, most) = (Wide::ONE.scale(-SCALE_DOUBLINGS), Wide::ONE.scale(SCALE_DOUBLINGS));
        let too_low = first < Wide::ZERO;
        let (mut near, mut ratio) = ((start, first), Wide::from_ratio(17, 16));
        let far = loop {
            let scale = if too_low { near.0.mul_trunc(ratio) } else { near.0.div_trunc(ratio) };
            if !(least..=most).contains(&scale) {
                return None;
            }
            let value = excess(scale);
            if value.abs() <= CENTRE_TOLERANCE {
                return Some(scale);
            }
            if (value < Wide::ZERO) != too_low {
                break (scale, value);
            }
            near = (scale, value);
            ratio = ratio.mul_trunc(ratio).min(Wide::from_integer(2));
        };
        let (below, above) = if too_low { (near, far) } else { (far, near) };
        let mut bracket = Bracket { below, above: (above.0, Some(above.1)), last: 0 };
        for _ in 0..STEPS_MAX {
            let scale = bracket.next();
            let value = excess(scale);
            if value.abs() <= CENTRE_TOLERANCE {
                return Some(scale);
            }
            bracket.narrow(scale, Some(value));
        }
        None
    }

    /// By how much the centre of the distribution with its scale exceeds 1, or falls short of it for a mirrored family,
    /// whose factors fall as the scale grows. Cuts the distribution.
    fn excess(&self, distribution: &mut Distribution) -> Wide {
        distribution.window = None;
        let side = |above: bool| if above { Wide::ONE } else { Wide::ONE.neg() };
        let excess = match self.truncation {
            None => self.distance(distribution),
            Some((low, high)) => {
                distribution.window = distribution.window(low, high);
                match &distribution.window {
                    Some(_) => self.distance(distribution),
                    // All of it lies on one side.
                    None => side(distribution.uncut(Real::ZERO) >= Real::ONE),
                }
            }
        };
        if self.family == Family::MirroredLogNormal { excess.neg() } else { excess }
    }

    fn distance(&self, distribution: &Distribution) -> Wide {
        let centre = match self.centre {
            Centre::Median => Wide::from_real(distribution.factor(Real::ZERO)),
            Centre::Mean => {
                let weighted = |(weight, z): &(Wide, Real)| weight.mul_trunc(Wide::from_real(distribution.factor(*z)));
                self.nodes.iter().map(weighted).fold(Wide::ZERO, Wide::add_sat)
            }
        };
        centre.sub_sat(Wide::ONE)
    }
}

/// Two numbers with a root between them: what is found at the one is below 0, at the other above, or worse than that.
struct Bracket {
    below: (Wide, Wide),
    above: (Wide, Option<Wide>),
    /// Which end moved last: -1 or 1.
    last: i32,
}

impl Bracket {
    /// Where the line between the ends crosses 0, but well within them; or the middle if there is no such line.
    fn next(&self) -> Wide {
        let (low, width) = (self.below.0, self.above.0.sub_sat(self.below.0));
        let share = match self.above.1 {
            Some(above) => self.below.1.neg().div_trunc(above.sub_sat(self.below.1)),
            None => Wide::ONE.scale(-1),
        };
        let edge = Wide::ONE.scale(-10);
        low.add_sat(width.mul_trunc(share.clamp(edge, Wide::ONE.sub_sat(edge))))
    }

    /// Takes `x` as one of the ends. An end that stays twice counts half, which keeps the line from creeping.
    fn narrow(&mut self, x: Wide, value: Option<Wide>) {
        match value {
            Some(value) if value < Wide::ZERO => {
                self.below = (x, value);
                if self.last < 0 {
                    self.above.1 = self.above.1.map(|above| above.scale(-1));
                }
                self.last = -1;
            }
            _ => {
                self.above = (x, value);
                if self.last > 0 {
                    self.below.1 = self.below.1.scale(-1);
                }
                self.last = 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;

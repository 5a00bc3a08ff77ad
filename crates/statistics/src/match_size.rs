//! How large a homogeneous network must be to do as well as a heterogeneous one.
//!
//! The mean score of each size tried is made monotone (pool adjacent violators: Barlow, Bartholomew, Bremner and
//! Brunk, Statistical Inference under Order Restrictions, 1972) and joined by straight lines; the match is where these
//! reach the mean score of the heterogeneous networks. Its interval is a bootstrap of networks within each size and
//! among the heterogeneous ones, whose spread is widened to that of Student's t, because few networks are too much
//! alike (Hesterberg, The American Statistician 69, 2015). Outside the sizes tried nothing is known but on which side.

use crate::StatisticsError;
use crate::bootstrap::{lower, upper};
use crate::distribution::{normal_point, student_point};
use crate::draw::key_of;
use crate::error::{check_count, check_finite, check_resampled};
use crate::significance::Better;
use disorder::uniform_below;
use rand::Rng;
use std::fmt::{Display, Formatter};

/// Resamples of all networks.
const RESAMPLES: usize = 1999;

/// Scores of the networks of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeScores {
    /// Neurons.
    pub size: u32,
    /// One score a network.
    pub scores: Vec<f64>,
}

/// A size, as far as those tried can tell.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Size {
    /// The smallest size tried is already as good or better.
    AtMost(u32),
    /// Between two sizes tried, or one of them.
    At(f64),
    /// The largest size tried is worse.
    Above(u32),
}

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(size) => write!(f, "at most {size}"),
            Self::At(size) => write!(f, "{size:.0}"),
            Self::Above(size) => write!(f, "above {size}"),
        }
    }
}

/// The size that matches, with its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchedSize {
    /// The size of homogeneous networks whose mean score is that of the heterogeneous ones.
    pub size: Size,
    /// The lower end of its interval.
    pub low: Size,
    /// The upper end of its interval.
    pub high: Size,
    /// The smallest and the largest size tried.
    pub tried: (u32, u32),
    /// Heterogeneous networks.
    pub networks: usize,
    /// The fewest homogeneous networks of a size.
    pub networks_a_size: usize,
    /// The level of the interval.
    pub level: f64,
    /// Whether the means had to be made monotone: some larger size did worse than a smaller one.
    pub made_monotone: bool,
}

impl Display for MatchedSize {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let percent = (self.level * 1000.0 + 0.5).floor() / 10.0;
        write!(f, "{} neurons ({percent} %: {} to {}, ", self.size, self.low, self.high)?;
        write!(f, "n = {} networks, {} or more a size", self.networks, self.networks_a_size)?;
        match self.is_inside() {
            true => write!(f, ")"),
            false => write!(f, "; partly outside the sizes tried, {} to {})", self.tried.0, self.tried.1),
        }
    }
}

impl MatchedSize {
    /// Whether size and interval lie within the sizes tried.
    pub fn is_inside(&self) -> bool {
        [self.size, self.low, self.high].iter().all(|size| matches!(size, Size::At(_)))
    }
}

/// The size at which `homogeneous` networks, of several sizes, do as well as the `heterogeneous` ones, whose scores are
/// given.
///
/// # Errors
/// [`StatisticsError::TooFew`] with fewer than two sizes or with a single network of a kind,
/// [`StatisticsError::Range`] unless sizes rise, [`StatisticsError::NotFinite`].
pub fn match_size(
    homogeneous: &[SizeScores],
    heterogeneous: &[f64],
    better: Better,
    level: f64,
) -> Result<MatchedSize, StatisticsError> {
    check_resampled(level, RESAMPLES)?;
    check_count("sizes", homogeneous.len(), 2)?;
    check_count("heterogeneous networks", heterogeneous.len(), 2)?;
    check_finite("scores of heterogeneous networks", heterogeneous)?;
    for of in homogeneous {
        check_count("networks of a size", of.scores.len(), 2)?;
        check_finite("scores of a size", &of.scores)?;
    }
    if let Some(pair) = homogeneous.windows(2).find(|pair| pair[0].size >= pair[1].size) {
        let (value, low, high) = (f64::from(pair[1].size), f64::from(pair[0].size), f64::from(u32::MAX));
        return Err(StatisticsError::Range { what: "size after a larger or equal one:", value, low, high });
    }
    let sign = if better == Better::Larger { 1.0 } else { -1.0 };
    let sizes: Vec<u32> = homogeneous.iter().map(|of| of.size).collect();
    let counts: Vec<f64> = homogeneous.iter().map(|of| of.scores.len() as f64).collect();
    let means: Vec<f64> = homogeneous.iter().map(|of| sign * mean(&of.scores)).collect();
    let target = sign * mean(heterogeneous);
    let monotone = made_monotone(&means, &counts);

    let tail = (1.0 - level) / 2.0;
    // What widens the spread of a bootstrap of n to that of t.
    let factors: Vec<f64> = homogeneous.iter().map(|of| widening(of.scores.len(), tail)).collect();
    let factor = widening(heterogeneous.len(), tail);
    let all: Vec<f64> = homogeneous.iter().flat_map(|of| &of.scores).chain(heterogeneous).copied().collect();
    let mut stream = key_of("match", &all).stream();
    let mut found = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let mut resample = |scores: &[f64], mean: f64, factor: f64| {
            mean + factor * (sign * resampled_mean(scores, &mut stream) - mean)
        };
        let drawn: Vec<f64> = homogeneous
            .iter()
            .zip(&means)
            .zip(&factors)
            .map(|((of, mean), factor)| resample(&of.scores, *mean, *factor))
            .collect();
        let target = resample(heterogeneous, target, factor);
        found.push(as_number(reach(&sizes, &made_monotone(&drawn, &counts), target)));
    }
    found.sort_by(f64::total_cmp);
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    let as_size = |number: f64| match number {
        f64::NEG_INFINITY => Size::AtMost(first),
        f64::INFINITY => Size::Above(last),
        size => Size::At(size),
    };
    Ok(MatchedSize {
        size: reach(&sizes, &monotone, target),
        low: as_size(lower(&found, tail)),
        high: as_size(upper(&found, tail)),
        tried: (first, last),
        networks: heterogeneous.len(),
        networks_a_size: homogeneous.iter().map(|of| of.scores.len()).min().unwrap_or_default(),
        level,
        made_monotone: monotone != means,
    })
}

fn widening(count: usize, tail: f64) -> f64 {
    let n = count as f64;
    (n / (n - 1.0)).sqrt() * student_point(tail, n - 1.0) / normal_point(tail)
}

/// From the first value on, so that the mean of equal ones is exactly theirs.
fn mean(values: &[f64]) -> f64 {
    values[0] + values.iter().fold(0.0, |sum, value| sum + (value - values[0])) / values.len() as f64
}

fn resampled_mean(values: &[f64], stream: &mut impl Rng) -> f64 {
    let mut draw = |sum: f64, _| sum + (values[uniform_below(stream, values.len() as u64) as usize] - values[0]);
    values[0] + (0..values.len()).fold(0.0, &mut draw) / values.len() as f64
}

/// The nearest values, in the sum of weighted squares, that do not fall.
fn made_monotone(means: &[f64], weights: &[f64]) -> Vec<f64> {
    // Blocks of value, weight, length; a block below the one before it is pooled with that.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(means.len());
    for (mean, weight) in means.iter().zip(weights) {
        let mut block = (*mean, *weight, 1);
        while let Some(before) = blocks.pop_if(|before| before.0 > block.0) {
            let weight = before.1 + block.1;
            block = ((before.0 * before.1 + block.0 * block.1) / weight, weight, before.2 + block.2);
        }
        blocks.push(block);
    }
    blocks.iter().flat_map(|(value, _, length)| std::iter::repeat_n(*value, *length)).collect()
}

/// The first size at which rising means reach the target.
fn reach(sizes: &[u32], means: &[f64], target: f64) -> Size {
    match means.iter().position(|mean| *mean >= target) {
        None => Size::Above(sizes[sizes.len() - 1]),
        Some(0) if means[0] > target => Size::AtMost(sizes[0]),
        Some(0) => Size::At(f64::from(sizes[0])),
        Some(at) => {
            let (low, high) = (f64::from(sizes[at - 1]), f64::from(sizes[at]));
            Size::At(low + (high - low) * ((target - means[at - 1]) / (means[at] - means[at - 1])))
        }
    }
}

/// Sizes in their order, as numbers.
fn as_number(size: Size) -> f64 {
    match size {
        Size::AtMost(_) => f64::NEG_INFINITY,
        Size::At(size) => size,
        Size::Above(_) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal};

    fn of(size: u32, scores: &[f64]) -> SizeScores {
        SizeScores { size, scores: scores.to_vec() }
    }

    /// Errors of 1 - 0.01 size with some noise; the heterogeneous ones are as good as 32 neurons.
    fn study(seed: u64, networks: usize) -> MatchedSize {
        let mut stream = key_of_seed("match", seed).stream();
        let mut scores = |mean: f64| (0..networks).map(|_| mean + 0.05 * normal(&mut stream)).collect::<Vec<_>>();
        let sizes: Vec<SizeScores> =
            [10, 20, 40, 80].map(|size| SizeScores { size, scores: scores(1.0 - 0.01 * f64::from(size)) }).to_vec();
        match_size(&sizes, &scores(0.68), Better::Smaller, 0.95).unwrap()
    }

    /// 150 studies of 6 networks: a standard error is 1.8 %.
    #[test]
    fn intervals_cover_the_size() {
        let holds = |seed: &u64| {
            let found = study(*seed, 6);
            as_number(found.low) <= 32.0 && 32.0 <= as_number(found.high)
        };
        let covered = (0..150).filter(holds).count();
        assert!((133..=150).contains(&covered), "{covered} of 150");
    }

    #[test]
    fn the_match_lies_on_straight_lines() {
        let sizes = [of(50, &[0.5, 0.5]), of(100, &[0.7, 0.7]), of(200, &[0.8, 0.8])];
        let found = match_size(&sizes, &[0.75, 0.75], Better::Larger, 0.95).unwrap();
        let Size::At(size) = found.size else { panic!("{found}") };
        assert!((size - 150.0).abs() < 1e-9 && found.is_inside() && !found.made_monotone, "{found:?}");
        assert_eq!(found.to_string(), "150 neurons (95 %: 150 to 150, n = 2 networks, 2 or more a size)");
        let exact = match_size(&sizes, &[0.5, 0.5], Better::Larger, 0.95).unwrap();
        assert_eq!(exact.size, Size::At(50.0));
    }

    #[test]
    fn outside_the_sizes_tried_only_the_side_is_known() {
        let sizes = [of(50, &[0.5, 0.52]), of(100, &[0.7, 0.72])];
        let above = match_size(&sizes, &[0.9, 0.92], Better::Larger, 0.95).unwrap();
        assert_eq!((above.size, above.high), (Size::Above(100), Size::Above(100)));
        let text = above.to_string();
        assert!(text.starts_with("above 100 neurons (95 %: ") && text.ends_with("sizes tried, 50 to 100)"), "{text}");
        let below = match_size(&sizes, &[0.9, 0.92], Better::Smaller, 0.95).unwrap();
        assert_eq!((below.size, below.low), (Size::AtMost(50), Size::AtMost(50)));
    }

    #[test]
    fn a_dip_is_levelled_and_said() {
        let sizes = [of(10, &[1.0, 1.0]), of(20, &[3.0, 3.0]), of(40, &[2.0, 2.0]), of(80, &[4.0, 4.0])];
        let found = match_size(&sizes, &[3.25, 3.25], Better::Larger, 0.95).unwrap();
        // 20 and 40 both count 2.5: half of the way to 4 is 60.
        assert_eq!((found.size, found.made_monotone), (Size::At(60.0), true));
        assert_eq!(made_monotone(&[3.0, 2.0, 1.0], &[1.0, 1.0, 2.0]), [1.75; 3]);
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        let refused =
            |sizes: &[SizeScores], scores: &[f64]| match_size(sizes, scores, Better::Larger, 0.95).unwrap_err();
        let (small, large) = (of(10, &[1.0, 2.0]), of(20, &[2.0, 3.0]));
        assert!(matches!(
            refused(std::slice::from_ref(&small), &[1.0, 2.0]),
            StatisticsError::TooFew { what: "sizes", .. }
        ));
        assert!(matches!(refused(&[small.clone(), large.clone()], &[1.0]), StatisticsError::TooFew { .. }));
        assert!(matches!(refused(&[small.clone(), of(20, &[1.0])], &[1.0, 2.0]), StatisticsError::TooFew { .. }));
        assert!(matches!(refused(&[large.clone(), small.clone()], &[1.0, 2.0]), StatisticsError::Range { .. }));
        assert!(matches!(refused(&[small, large], &[1.0, f64::NAN]), StatisticsError::NotFinite { .. }));
    }
}

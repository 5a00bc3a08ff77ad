//! The probability of dies that fail rarely, by importance sampling.
//!
//! Dies are drawn where they fail: the deviates of some parameters come from a normal distribution that is shifted and
//! stretched, or with a small chance from their own (a defensive mixture: Hesterberg, Technometrics 37, 1995), and
//! each die weighs as much as it is likely beside how often it is drawn so. No weight exceeds 1 over the nominal
//! share. The estimate is self-normalised (Owen, Monte Carlo theory, methods and examples, 2013, chapter 9). Without
//! enough effective failing dies (Kish's number, over the failing ones alone) no probability is claimed.
//!
//! It owns dies as deviates and weights; what fails is the caller's to find out, in any order and on any thread. A
//! proposal that points away from a second way to fail cannot know of it: the nominal share is all that can find it.

use crate::StatisticsError;
use crate::distribution::normal_point;
use crate::draw::{key_of_seed, normal, uniform};
use crate::elementary::{exp, ln};
use crate::error::{check_count, check_finite, check_share, check_size};
use crate::estimate::{Estimate, Method};

/// Effective failing dies that a claim needs: at 25 the standard error is about a fifth of the probability.
pub const EFFECTIVE_MIN: usize = 25;
/// Stretching beyond which a proposal is a mistake, and below 1 over it as well.
const SCALE_MAX: f64 = 100.0;
/// Deviates that a shift cannot exceed: no chip has dies there.
const SHIFT_MAX: f64 = 30.0;

/// Where dies are drawn, in the standard normal deviates of their parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The mean of each deviate, in standard deviations.
    pub shifts: Vec<f64>,
    /// The standard deviation of each deviate; 1 is that of real dies.
    pub scales: Vec<f64>,
    /// The share of dies that are drawn as real ones are, above 0; 1 is plain Monte Carlo.
    pub nominal_share: f64,
}

impl Proposal {
    /// Plain Monte Carlo over `dimensions` deviates.
    pub fn plain(dimensions: usize) -> Self {
        Self { shifts: vec![0.0; dimensions], scales: vec![1.0; dimensions], nominal_share: 1.0 }
    }

    /// Deviates around `shifts`, as wide as real ones, and a fifth of dies as they are.
    pub fn around(shifts: &[f64]) -> Self {
        Self { shifts: shifts.to_vec(), scales: vec![1.0; shifts.len()], nominal_share: 0.2 }
    }
}

/// Dies drawn from a proposal, each by its number.
#[derive(Clone, Debug, PartialEq)]
pub struct RareDies {
    seed: u64,
    proposal: Proposal,
    /// The sum of the logarithms of the scales.
    ln_scale: f64,
}

/// A die as what it deviates by.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedDie {
    /// The standard normal deviate of each parameter.
    pub deviates: Vec<f64>,
    /// How likely it is, beside how often it is drawn.
    pub weight: f64,
}

/// What importance sampling found.
#[derive(Clone, Debug, PartialEq)]
pub struct RareFailure {
    /// The probability that a die fails.
    pub probability: Estimate,
    /// Dies drawn that failed.
    pub failing: usize,
    /// As many equally weighted failing dies would say as much.
    pub effective_failing: f64,
    /// As many equally weighted dies, failing or not, would say as much.
    pub effective: f64,
}

impl RareDies {
    /// The dies of `seed` under a proposal.
    ///
    /// # Errors
    /// [`StatisticsError::TooFew`] without a deviate, [`StatisticsError::Size`] unless each has shift and scale,
    /// [`StatisticsError::Range`] for a shift beyond 30, a scale beyond 1/100 to 100, or a nominal share that is not
    /// above 0 and at most 1.
    pub fn new(seed: u64, proposal: Proposal) -> Result<Self, StatisticsError> {
        check_count("deviates", proposal.shifts.len(), 1)?;
        check_size("scales of a proposal", proposal.scales.len(), proposal.shifts.len())?;
        let range = |what, values: &[f64], low: f64, high: f64| match values.iter().find(|v| !(low..=high).contains(*v))
        {
            None => Ok(()),
            Some(value) => Err(StatisticsError::Range { what, value: *value, low, high }),
        };
        range("shift", &proposal.shifts, -SHIFT_MAX, SHIFT_MAX)?;
        range("scale", &proposal.scales, 1.0 / SCALE_MAX, SCALE_MAX)?;
        if proposal.nominal_share != 1.0 {
            check_share("nominal share", proposal.nominal_share)?;
        }
        let ln_scale = proposal.scales.iter().fold(0.0, |sum, scale| sum + ln(*scale));
        Ok(Self { seed, proposal, ln_scale })
    }

    /// Die `index`, whichever others are drawn.
    pub fn die(&self, index: u64) -> WeightedDie {
        let Proposal { shifts, scales, nominal_share } = &self.proposal;
        let mut stream = key_of_seed("rare", self.seed).slot(index).stream();
        let is_nominal = uniform(&mut stream) < *nominal_share;
        let (mut deviates, mut ln_ratio) = (Vec::with_capacity(shifts.len()), -self.ln_scale);
        for (shift, scale) in shifts.iter().zip(scales) {
            let z = normal(&mut stream);
            let deviate = if is_nominal { z } else { shift + scale * z };
            let moved = (deviate - shift) / scale;
            ln_ratio += (deviate * deviate - moved * moved) / 2.0;
            deviates.push(deviate);
        }
        WeightedDie { deviates, weight: 1.0 / (nominal_share + (1.0 - nominal_share) * exp(ln_ratio)) }
    }

    /// The probability of failure, if of the dies from 0 on those fail that `fails` says.
    ///
    /// The interval is normal on the scale of logarithms, with the standard error of a self-normalised mean.
    ///
    /// # Errors
    /// [`StatisticsError::TooFewEffective`] if fewer than [`EFFECTIVE_MIN`] effective dies failed;
    /// [`StatisticsError::TooFew`] without a die, [`StatisticsError::Range`] for a level outside 0 to 1.
    pub fn failure(&self, fails: &[bool], level: f64) -> Result<RareFailure, StatisticsError> {
        check_share("level", level)?;
        check_count("dies", fails.len(), 1)?;
        let weights: Vec<f64> = (0..fails.len() as u64).map(|index| self.die(index).weight).collect();
        check_finite("weights", &weights)?;
        let (mut all, mut all_squares, mut failed, mut failed_squares) = (0.0, 0.0, 0.0, 0.0);
        for (weight, fails) in weights.iter().zip(fails) {
            all += weight;
            all_squares += weight * weight;
            if *fails {
                failed += weight;
                failed_squares += weight * weight;
            }
        }
        let kish = |sum: f64, squares: f64| if squares > 0.0 { sum * sum / squares } else { 0.0 };
        let failing = fails.iter().filter(|fails| **fails).count();
        let effective_failing = kish(failed, failed_squares);
        if effective_failing < EFFECTIVE_MIN as f64 {
            let (effective, needed) = (effective_failing, EFFECTIVE_MIN);
            return Err(StatisticsError::TooFewEffective { effective, needed, failing, dies: fails.len() });
        }
        let value = failed / all;
        // Sum of w^2 (f - p)^2, parted by whether a die fails.
        let squares = failed_squares * (1.0 - value) * (1.0 - value) + (all_squares - failed_squares) * value * value;
        let relative = squares.sqrt() / all / value;
        let factor = exp(normal_point((1.0 - level) / 2.0) * relative);
        let probability = Estimate {
            value,
            low: value / factor,
            high: (value * factor).min(1.0),
            n: fails.len(),
            unit: "dies".into(),
            level,
            method: Method::Importance,
        };
        Ok(RareFailure { probability, failing, effective_failing, effective: kish(all, all_squares) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::normal_tail;
    use crate::share::clopper_pearson;

    fn failing(dies: &RareDies, count: u64, fails: impl Fn(&[f64]) -> bool) -> Vec<bool> {
        (0..count).map(|index| fails(&dies.die(index).deviates)).collect()
    }

    /// Dies whose sum of two deviates exceeds 4 sqrt 2: a probability of 3.2e-5, of which 1000 dies are enough.
    #[test]
    fn intervals_of_a_rare_failure_cover_it() {
        let truth = normal_tail(4.0);
        let bar = 4.0 * 2f64.sqrt();
        let covers = |seed: &u64| {
            let dies = RareDies::new(*seed, Proposal::around(&[2.8, 2.8])).unwrap();
            let fails = failing(&dies, 1000, |z| z[0] + z[1] > bar);
            dies.failure(&fails, 0.95).unwrap().probability.holds(truth)
        };
        let covered = (0..200).filter(covers).count();
        // 190 with a standard error of 3.1.
        assert!((178..=199).contains(&covered), "{covered} of 200");
    }

    /// Against plain Monte Carlo with the same question: both intervals hold the truth, and a die of importance
    /// sampling says ten times as much. Stretching instead of shifting finds two ways to fail.
    #[test]
    fn importance_sampling_agrees_with_plain_monte_carlo() {
        let truth = 2.0 * normal_tail(2.8);
        let fails = |z: &[f64]| z[0].abs() > 2.8;
        let plain = RareDies::new(12, Proposal::plain(3)).unwrap();
        let hits = failing(&plain, 20_000, fails);
        let plain_found = plain.failure(&hits, 0.95).unwrap();
        let (low, high) = clopper_pearson(plain_found.failing, 20_000, 0.95);
        let stretched = Proposal { shifts: vec![0.0; 3], scales: vec![3.0, 1.0, 1.0], nominal_share: 0.2 };
        let dies = RareDies::new(1, stretched).unwrap();
        let found = dies.failure(&failing(&dies, 1000, fails), 0.95).unwrap();
        assert!(low <= truth && truth <= high && found.probability.holds(truth), "{found:?}");
        assert!(plain_found.probability.holds(truth) && plain_found.effective == 20_000.0);
        assert!(low <= found.probability.high && found.probability.low <= high);
        let per_die = |found: &RareFailure| found.effective_failing / found.probability.n as f64;
        assert!(per_die(&found) > 10.0 * per_die(&plain_found), "{found:?} {plain_found:?}");
    }

    #[test]
    fn weights_are_bounded_and_average_1() {
        let dies = RareDies::new(3, Proposal::around(&[2.0, -1.0])).unwrap();
        let weights: Vec<f64> = (0..5000).map(|index| dies.die(index).weight).collect();
        assert!(weights.iter().all(|weight| (0.0..=5.0).contains(weight)));
        let mean = weights.iter().sum::<f64>() / 5000.0;
        // The weights have a standard deviation below 2, by their bound.
        assert!((mean - 1.0).abs() < 0.15, "{mean}");
        assert_eq!(dies.die(7), dies.die(7));
        assert_ne!(dies.die(7), RareDies::new(4, Proposal::around(&[2.0, -1.0])).unwrap().die(7));
    }

    #[test]
    fn too_little_is_no_claim() {
        let dies = RareDies::new(3, Proposal::around(&[1.0])).unwrap();
        let error = dies.failure(&failing(&dies, 200, |z| z[0] > 4.0), 0.95).unwrap_err();
        assert!(matches!(error, StatisticsError::TooFewEffective { dies: 200, .. }), "{error}");
        assert!(error.to_string().contains("draw more dies"), "{error}");
        let none = dies.failure(&[false; 10], 0.95).unwrap_err();
        assert!(matches!(none, StatisticsError::TooFewEffective { effective: 0.0, failing: 0, .. }));
        assert!(matches!(dies.failure(&[], 0.95), Err(StatisticsError::TooFew { .. })));
        assert!(dies.failure(&[true; 100], 0.0).is_err());
    }

    #[test]
    fn proposals_that_are_none_are_refused() {
        let refused = |shifts: &[f64], scales: &[f64], nominal_share| {
            let proposal = Proposal { shifts: shifts.to_vec(), scales: scales.to_vec(), nominal_share };
            RareDies::new(1, proposal).unwrap_err().to_string()
        };
        assert!(refused(&[], &[], 0.2).starts_with("deviates: 0 given"));
        assert!(refused(&[1.0], &[], 0.2).starts_with("scales of a proposal: 0 given where 1"));
        assert!(refused(&[f64::NAN], &[1.0], 0.2).starts_with("shift NaN"));
        assert!(refused(&[1.0], &[0.0], 0.2).starts_with("scale 0"));
        assert!(refused(&[1.0], &[1.0], 0.0).starts_with("nominal share 0"));
    }
}

//! The share of dies that pass, with the best and the worst of them.

use crate::StatisticsError;
use crate::error::{check_count, check_finite, check_share};
use crate::estimate::{Estimate, Method};
use crate::share::clopper_pearson;
use crate::significance::Better;
use units::DieId;

/// How many of some dies reach what is asked of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Yield {
    /// The share of dies that do, with the interval of Clopper and Pearson for all dies.
    pub share: Estimate,
    /// Dies that do.
    pub reached: usize,
    /// The best die and its score; of equal ones the lowest number.
    pub best: (DieId, f64),
    /// The worst die and its score; of equal ones the lowest number.
    pub worst: (DieId, f64),
}

/// The yield of dies with a score each: a die passes if it is as good as `require` or better.
///
/// # Errors
/// [`StatisticsError::TooFew`] without a die, [`StatisticsError::NotFinite`] for a score or requirement that is no
/// number, [`StatisticsError::Range`] for a level outside 0 to 1.
pub fn yield_of(scores: &[(DieId, f64)], require: f64, better: Better, level: f64) -> Result<Yield, StatisticsError> {
    check_share("level", level)?;
    check_count("dies", scores.len(), 1)?;
    check_finite("requirement", [&require])?;
    check_finite("scores", scores.iter().map(|(_, score)| score))?;
    let reached = scores.iter().filter(|(_, score)| !better.is_better(require, *score)).count();
    let extreme = |is_more: &dyn Fn(f64, f64) -> bool| {
        let more = |held: (DieId, f64), next: &(DieId, f64)| {
            let is_next = is_more(next.1, held.1) || (next.1 == held.1 && next.0 < held.0);
            if is_next { *next } else { held }
        };
        scores[1..].iter().fold(scores[0], more)
    };
    let (low, high) = clopper_pearson(reached, scores.len(), level);
    let share = Estimate {
        value: reached as f64 / scores.len() as f64,
        low,
        high,
        n: scores.len(),
        unit: "dies".into(),
        level,
        method: Method::ClopperPearson,
    };
    Ok(Yield {
        share,
        reached,
        best: extreme(&|a, b| better.is_better(a, b)),
        worst: extreme(&|a, b| better.is_better(b, a)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dies(scores: &[f64]) -> Vec<(DieId, f64)> {
        scores.iter().enumerate().map(|(id, score)| (DieId(id as u32), *score)).collect()
    }

    #[test]
    fn dies_that_just_reach_it_pass() {
        let of = yield_of(&dies(&[0.9, 0.8, 0.95, 0.8, 0.95]), 0.9, Better::Larger, 0.95).unwrap();
        assert_eq!((of.reached, of.share.value), (3, 0.6));
        assert_eq!((of.best, of.worst), ((DieId(2), 0.95), (DieId(1), 0.8)));
        assert_eq!(of.share.to_string(), "0.6 (95 %: 0.1 to 0.9, n = 5 dies)");
        let errors = yield_of(&dies(&[0.1, 0.2]), 0.1, Better::Smaller, 0.95).unwrap();
        assert_eq!((errors.reached, errors.best.0, errors.worst.0), (1, DieId(0), DieId(1)));
    }

    #[test]
    fn all_and_none_have_intervals() {
        let of = |require| yield_of(&dies(&[1.0; 10]), require, Better::Larger, 0.95).unwrap().share;
        assert!((of(1.0).low - 0.6915).abs() < 1e-4 && of(1.0).high == 1.0);
        assert!(of(2.0).low == 0.0 && (of(2.0).high - 0.3085).abs() < 1e-4);
    }

    #[test]
    fn what_is_no_score_is_refused() {
        assert!(matches!(yield_of(&[], 0.5, Better::Larger, 0.95), Err(StatisticsError::TooFew { .. })));
        let nan = yield_of(&dies(&[0.1, f64::NAN]), 0.5, Better::Larger, 0.95);
        assert!(matches!(nan, Err(StatisticsError::NotFinite { what: "scores", index: 1, .. })));
        assert!(yield_of(&dies(&[0.1]), f64::NAN, Better::Larger, 0.95).is_err());
        assert!(yield_of(&dies(&[0.1]), 0.5, Better::Larger, 1.0).is_err());
    }
}

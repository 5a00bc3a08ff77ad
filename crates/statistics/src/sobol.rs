//! Which parameter is to blame: shares of variance of first and total order.
//!
//! A result is a function of independent parameters, each uniform between 0 and 1 (a deviate is its normal quantile).
//! The first order of a parameter is the share of the variance that vanishes where it alone is known; the total order,
//! that which stays where all others are (Sobol, Math. Comput. Simul. 55, 2001). Estimators: first order by Saltelli
//! et al. (Comput. Phys. Commun. 181, 2010), total order by Jansen (Comput. Phys. Commun. 117, 1999), both from `rows`
//! (d + 2) evaluations for d parameters; intervals by a bootstrap over rows, which is why rows are random and
//! independent.
//!
//! It owns the points and what follows from their results; evaluating them is the caller's, in any order and on any
//! thread.

use crate::StatisticsError;
use crate::bootstrap::{lower, upper};
use crate::draw::{key_of, key_of_seed, uniform};
use crate::error::{check_count, check_finite, check_resampled, check_size};
use crate::estimate::{Estimate, Method};
use disorder::uniform_below;

/// Rows that intervals need.
pub const ROWS_MIN: usize = 32;
/// Resamples of rows.
const RESAMPLES: usize = 999;
/// A variance this small beside the square of the mean is rounding.
const VARIANCE_MIN: f64 = 1e-28;

/// The points at which a function of `parameters` is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Design {
    seed: u64,
    parameters: usize,
    rows: usize,
}

/// What part of the variance is a parameter's.
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceShare {
    /// The parameter.
    pub name: String,
    /// The share that is its alone.
    pub first: Estimate,
    /// The share with all in which it has a part.
    pub total: Estimate,
}

/// The shares of all parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceShares {
    /// In the order of the parameters.
    pub shares: Vec<VarianceShare>,
    /// The variance that is shared, in the squared unit of the results.
    pub variance: f64,
    /// The mean of the results.
    pub mean: f64,
    /// The parameter of the largest total order, if it has that in at least as many resamples as the level says: the
    /// one to blame.
    pub leader: Option<usize>,
}

impl Design {
    /// The points of `seed`.
    ///
    /// # Errors
    /// [`StatisticsError::TooFew`] without a parameter or with fewer than [`ROWS_MIN`] rows.
    pub fn new(seed: u64, parameters: usize, rows: usize) -> Result<Self, StatisticsError> {
        check_count("parameters", parameters, 1)?;
        check_count("rows of a design", rows, ROWS_MIN)?;
        Ok(Self { seed, parameters, rows })
    }

    /// How often the function is evaluated.
    pub const fn evaluations(&self) -> usize {
        self.rows * (self.parameters + 2)
    }

    /// The point of an evaluation: a number above 0 and below 1 a parameter. Of each row the first two points are
    /// independent, and the others are the first with one parameter of the second.
    ///
    /// # Panics
    /// If there is no such evaluation.
    pub fn point(&self, evaluation: usize) -> Vec<f64> {
        assert!(evaluation < self.evaluations(), "evaluation {evaluation} of {}", self.evaluations());
        let (row, kind) = (evaluation / (self.parameters + 2), evaluation % (self.parameters + 2));
        let mut stream = key_of_seed("sobol", self.seed).slot(row as u64).stream();
        let mut point = || (0..self.parameters).map(|_| uniform(&mut stream)).collect::<Vec<f64>>();
        let (mut a, b) = (point(), point());
        match kind {
            0 => a,
            1 => b,
            _ => {
                a[kind - 2] = b[kind - 2];
                a
            }
        }
    }

    /// The shares of the parameters called `names`, from the results of all evaluations in order.
    ///
    /// Estimates can lie a little below 0 or above 1 where their interval reaches there too: they are not clipped,
    /// because that would hide how well they are known.
    ///
    /// # Errors
    /// [`StatisticsError::Size`] unless each evaluation has a result and each parameter a name,
    /// [`StatisticsError::NotFinite`], [`StatisticsError::Constant`] if the results do not vary,
    /// [`StatisticsError::Range`] for a level outside 0 to 1.
    pub fn shares(&self, results: &[f64], names: &[&str], level: f64) -> Result<VarianceShares, StatisticsError> {
        check_resampled(level, RESAMPLES)?;
        check_size("results of a design", results.len(), self.evaluations())?;
        check_size("names of parameters", names.len(), self.parameters)?;
        check_finite("results", results)?;
        let width = self.parameters + 2;
        // Centred, which lessens the error of the first order.
        let scale = results.iter().fold(0.0f64, |most, result| most.max(result.abs()));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let sum = results.chunks_exact(width).fold(0.0, |sum, row| sum + row[0] / scale + row[1] / scale);
        let mean = sum / (2 * self.rows) as f64;
        let terms: Vec<f64> =
            results.chunks_exact(width).flat_map(|row| terms(row, scale, mean).collect::<Vec<_>>()).collect();
        let all = self.sums(&terms, 0..self.rows);
        let variance = self.variance(&all);
        if variance <= VARIANCE_MIN * (1.0 + mean * mean) {
            return Err(StatisticsError::Constant { what: "results", value: mean * scale });
        }
        let of = self.indices(&all);
        let mut stream = key_of("shares", results).stream();
        let (mut found, mut leads) = (vec![Vec::with_capacity(RESAMPLES); of.len()], vec![0; self.parameters]);
        for _ in 0..RESAMPLES {
            let sums = self.sums(&terms, (0..self.rows).map(|_| uniform_below(&mut stream, self.rows as u64) as usize));
            let resample = self.indices(&sums);
            leads[leader(&resample[self.parameters..])] += 1;
            found.iter_mut().zip(resample).for_each(|(found, value)| found.push(value));
        }
        found.iter_mut().for_each(|found| found.sort_by(f64::total_cmp));
        let tail = (1.0 - level) / 2.0;
        let estimate = |index: usize| Estimate {
            value: of[index],
            low: lower(&found[index], tail),
            high: upper(&found[index], tail),
            n: self.rows,
            unit: "rows".into(),
            level,
            method: Method::Percentile,
        };
        let share = |(index, name): (usize, &&str)| VarianceShare {
            name: (*name).to_owned(),
            first: estimate(index),
            total: estimate(index + self.parameters),
        };
        let first = leader(&of[self.parameters..]);
        Ok(VarianceShares {
            shares: names.iter().enumerate().map(share).collect(),
            variance: variance * scale * scale,
            mean: mean * scale,
            leader: (leads[first] as f64 >= level * RESAMPLES as f64).then_some(first),
        })
    }

    /// Sums over rows of what [`terms`] gives.
    fn sums(&self, terms: &[f64], rows: impl Iterator<Item = usize>) -> Vec<f64> {
        let width = 2 + 2 * self.parameters;
        let mut sums = vec![0.0; width];
        for row in rows {
            sums.iter_mut().zip(&terms[row * width..]).for_each(|(sum, term)| *sum += term);
        }
        sums
    }

    fn variance(&self, sums: &[f64]) -> f64 {
        let count = (2 * self.rows) as f64;
        sums[1] / count - sums[0] / count * (sums[0] / count)
    }

    /// First orders, then total orders; 0 of a resample that does not vary.
    fn indices(&self, sums: &[f64]) -> Vec<f64> {
        let (variance, rows) = (self.variance(sums), self.rows as f64);
        sums[2..].iter().map(|sum| if variance > 0.0 { sum / rows / variance } else { 0.0 }).collect()
    }
}

/// Of a row: sum and sum of squares of its independent results, then a term a parameter for the first order, then one
/// for the total order.
fn terms(row: &[f64], scale: f64, mean: f64) -> impl Iterator<Item = f64> {
    let centred: Vec<f64> = row.iter().map(|result| result / scale - mean).collect();
    let (a, b) = (centred[0], centred[1]);
    let first = centred.clone().into_iter().skip(2).map(move |mixed| b * (mixed - a));
    let total = centred.into_iter().skip(2).map(move |mixed| (a - mixed) * (a - mixed) / 2.0);
    [a + b, a * a + b * b].into_iter().chain(first).chain(total)
}

/// The first of the largest.
fn leader(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |held, next| if values[next] > values[held] { next } else { held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn shares(seed: u64, rows: usize, parameters: usize, f: impl Fn(&[f64]) -> f64) -> VarianceShares {
        let design = Design::new(seed, parameters, rows).unwrap();
        let results: Vec<f64> = (0..design.evaluations()).map(|index| f(&design.point(index))).collect();
        design.shares(&results, &["x1", "x2", "x3", "x4"][..parameters], 0.95).unwrap()
    }

    /// Ishigami and Homma (1990): sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, each between -pi and pi.
    fn ishigami(point: &[f64]) -> f64 {
        let x = |i: usize| PI * (2.0 * point[i] - 1.0);
        x(0).sin() + 7.0 * x(1).sin().powi(2) + 0.1 * x(2).powi(4) * x(0).sin()
    }

    /// First and total orders in closed form, for a = 7 and b = 0.1.
    fn ishigami_orders() -> [(f64, f64); 3] {
        let (a, b) = (7.0, 0.1);
        let (v1, v2, v13) =
            ((1.0f64 + b * PI.powi(4) / 5.0).powi(2) / 2.0, a * a / 8.0, 8.0 * b * b * PI.powi(8) / 225.0);
        let v = v1 + v2 + v13;
        [(v1 / v, (v1 + v13) / v), (v2 / v, v2 / v), (0.0, v13 / v)]
    }

    #[test]
    fn ishigami_has_its_closed_form() {
        let found = shares(1, 4096, 3, ishigami);
        for (share, (first, total)) in found.shares.iter().zip(ishigami_orders()) {
            assert!((share.first.value - first).abs() < 0.04, "{}: {} for {first}", share.name, share.first);
            assert!((share.total.value - total).abs() < 0.03, "{}: {} for {total}", share.name, share.total);
        }
        assert_eq!(found.leader, Some(0));
        assert!((found.mean - 3.5).abs() < 0.15 && (found.variance - 13.84).abs() < 0.6, "{found:?}");
    }

    /// The g-function of Saltelli and Sobol (1995): a product of (|4 x - 2| + a) / (1 + a).
    #[test]
    fn g_function_has_its_closed_form() {
        let a = [0.0, 1.0, 4.5, 9.0];
        let g = |point: &[f64]| point.iter().zip(a).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product();
        let found = shares(2, 4096, 4, g);
        let parts = a.map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)));
        let variance = parts.iter().map(|v| 1.0 + v).product::<f64>() - 1.0;
        for (share, v) in found.shares.iter().zip(parts) {
            let total = v * parts.iter().map(|v| 1.0 + v).product::<f64>() / (1.0 + v) / variance;
            assert!((share.first.value - v / variance).abs() < 0.05, "{}: {}", share.name, share.first);
            assert!((share.total.value - total).abs() < 0.04, "{}: {} for {total}", share.name, share.total);
        }
        assert_eq!(found.leader, Some(0));
    }

    /// 60 designs of 256 rows, six intervals each: 342 hold their order, with a standard error that dependence makes
    /// some 8.
    #[test]
    fn intervals_cover_the_orders() {
        let orders = ishigami_orders();
        let covered = |seed| {
            let found = shares(seed, 256, 3, ishigami);
            let holds = found.shares.iter().zip(orders);
            holds
                .map(|(share, of)| usize::from(share.first.holds(of.0)) + usize::from(share.total.holds(of.1)))
                .sum::<usize>()
        };
        let covered: usize = (0..60).map(covered).sum();
        assert!((318..=358).contains(&covered), "{covered} of 360");
    }

    #[test]
    fn equal_parameters_have_no_leader() {
        let found = shares(3, 512, 2, |point| point[0] + point[1]);
        assert_eq!(found.leader, None);
        assert!((found.shares[0].first.value - 0.5).abs() < 0.15);
        // A shift and a factor of the result move no share.
        let moved = shares(3, 512, 2, |point| 1000.0 + 8.0 * (point[0] + point[1]));
        assert!((moved.shares[0].total.value - found.shares[0].total.value).abs() < 1e-9);
    }

    #[test]
    fn points_belong_to_their_row() {
        let design = Design::new(9, 2, 32).unwrap();
        let (a, b) = (design.point(8), design.point(9));
        assert_eq!((design.point(10), design.point(11)), (vec![b[0], a[1]], vec![a[0], b[1]]));
        assert_eq!(Design::new(9, 2, 64).unwrap().point(8), a);
        assert_eq!(design.evaluations(), 128);
    }

    #[test]
    fn what_has_no_shares_is_refused() {
        assert!(Design::new(0, 0, 64).is_err() && Design::new(0, 1, 31).is_err());
        let design = Design::new(0, 1, 32).unwrap();
        let refused = |results: &[f64], names: &[&str]| design.shares(results, names, 0.95).unwrap_err();
        assert!(matches!(refused(&[0.1; 96], &["x"]), StatisticsError::Constant { .. }));
        assert!(matches!(refused(&[0.0; 96], &["x"]), StatisticsError::Constant { .. }));
        assert!(matches!(refused(&[0.0; 95], &["x"]), StatisticsError::Size { expected: 96, found: 95, .. }));
        assert!(matches!(refused(&[0.0; 96], &[]), StatisticsError::Size { .. }));
        assert!(matches!(refused(&[f64::INFINITY; 96], &["x"]), StatisticsError::NotFinite { index: 0, .. }));
    }
}

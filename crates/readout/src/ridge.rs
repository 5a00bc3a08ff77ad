//! Ridge regression with the penalty chosen on a validation part.
//!
//! Features are centred on their training means (so the bias is not penalised) and, on request, divided by their
//! standard deviations. For `n` rows of such features `Z` and centred targets `Y`, the weights minimise
//!
//! ```text
//! |Y - Z W|^2 + n s p |W|^2        p: the penalty, s: the mean variance of the columns of Z
//! ```
//!
//! (Hoerl & Kennard, Technometrics 12, 1970). The factor `n s` makes `p` a pure number that keeps its meaning when
//! the number of rows or the unit of the features changes. The `l` of the reservoir literature, which is added to
//! `Z^T Z` as it is, equals `n s p`.
//!
//! With at least as many rows as features the normal equations are solved (`Z^T Z`, one Cholesky factorisation a
//! penalty for all targets); with fewer rows the dual ones (`Z Z^T`), which have the same solution and are smaller.

use crate::linear::LinearReadout;
use crate::metrics::argmax;
use crate::solve::{Factor, dot, gram, products, row_gram};
use crate::{Matrix, ReadoutError, Rows, Split};

/// 2^exponent, exactly.
const fn power_of_two(exponent: i32) -> f64 {
    let factor = if exponent < 0 { 0.5 } else { 2.0 };
    let (mut result, mut left) = (1.0, exponent.unsigned_abs());
    while left > 0 {
        result *= factor;
        left -= 1;
    }
    result
}

/// The penalties tried by default: a logarithmic grid from 2^-40 (about 1e-12) to 2^4, factor 2^4 where noiseless
/// states of rate units need it, and factor 2^2 from 2^-12 on, where spike counts need it.
pub const PENALTIES: [f64; 16] = {
    let exponents = [-40, -36, -32, -28, -24, -20, -16, -12, -10, -8, -6, -4, -2, 0, 2, 4];
    let mut penalties = [0.0; 16];
    let mut i = 0;
    while i < 16 {
        penalties[i] = power_of_two(exponents[i]);
        i += 1;
    }
    penalties
};

/// The smallest penalty for states of spikes, 2^-12. A weight that fits a residual of size r through what is left of
/// one spike, in n rows and with a filter of f samples, is at most r sqrt(f / (2 n p s)) for a penalty p and states
/// of mean variance s, however little is left: 3 r for 2400 rows, 10 samples and s = 1.
pub const SPIKES_MIN: f64 = power_of_two(-12);

/// What is done to the features, after centring them, before they are penalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// Nothing: a feature that varies little needs large weights and is penalised for them.
    #[default]
    None,
    /// Each feature is divided by its standard deviation over the fitted rows: all are penalised alike.
    Standardise,
}

/// What makes one penalty better than another on the validation rows. Equal marks go to the larger penalty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// The squared error, for each target on its own: every target gets its own penalty.
    #[default]
    SquaredError,
    /// Targets are classes (one column each, see [`Matrix::one_hot`]) and share a penalty: of the penalties that
    /// misclassify at most one row more than the best one does, the one with the least squared error over all
    /// targets. A row is misclassified if its largest output is not in the column of its largest target. The one row
    /// of grace keeps the chance of a single row from choosing a penalty that is far too small.
    Misclassifications,
}

/// Options of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// Penalties to choose from, in any order; with a single one nothing is chosen and validation rows are optional.
    pub penalties: Vec<f64>,
    /// What is done to the features first.
    pub scaling: Scaling,
    /// How the penalty is chosen.
    pub criterion: Criterion,
}

/// How one penalty did on the validation rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The penalty.
    pub penalty: f64,
    /// The squared error of each target, summed over the validation rows; none if the normal equations were
    /// singular with this penalty.
    pub squared_errors: Option<Vec<f64>>,
    /// Rows whose largest output is not in the column of the largest target; 0 unless they are the criterion.
    pub misclassified: usize,
}

/// A fitted readout with how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The readout, fitted on training and validation rows; its weights act on features as they were given.
    pub readout: LinearReadout,
    /// The penalty of each target.
    pub penalties: Vec<f64>,
    /// One a penalty, in rising order of the penalties; empty if there was nothing to choose.
    pub trials: Vec<Trial>,
    /// Features that have the same value in all fitted rows, in rising order: they say nothing and have weight 0.
    pub constant_features: Vec<usize>,
}

impl Default for Ridge {
    fn default() -> Self {
        Self { penalties: PENALTIES.to_vec(), scaling: Scaling::None, criterion: Criterion::SquaredError }
    }
}

impl Ridge {
    /// Options for a classification: the penalty by [`Criterion::Misclassifications`]. Features are not scaled:
    /// standardising spike counts blows up neurons that hardly ever spike, which was measured to cost one to three
    /// points of accuracy on Japanese Vowels.
    pub fn classifier() -> Self {
        Self { criterion: Criterion::Misclassifications, ..Self::default() }
    }

    /// Options for states that spikes leave, which no penalty below [`SPIKES_MIN`] is tried for: what is left of a
    /// spike long before the training part is a feature that hardly varies, and without a penalty gets a weight of
    /// any size. The next spike of that neuron, in the test part, is then an output hundreds of times as large as any
    /// before.
    pub fn of_spikes() -> Self {
        let mut ridge = Self::default();
        ridge.penalties.retain(|penalty| *penalty >= SPIKES_MIN);
        ridge
    }

    /// Fits all targets: trains on the training rows of `split` with each penalty, chooses by the validation rows,
    /// and fits once more on both. Washout and test rows are not looked at.
    ///
    /// Features that do not vary get weight 0; if none varies (a silent reservoir), every output is the mean of
    /// its target.
    ///
    /// # Errors
    /// [`ReadoutError::Size`] if features and targets have different numbers of rows or fewer than `split` needs;
    /// [`ReadoutError::Empty`] without a training row, a target, a penalty, or validation rows to choose by;
    /// [`ReadoutError::Penalty`] for a negative, NaN or infinite penalty; [`ReadoutError::NotFinite`] for a NaN or
    /// infinity in the fitted rows; [`ReadoutError::Singular`] if every penalty is too small.
    pub fn fit(&self, features: &Matrix, targets: &Matrix, split: &Split) -> Result<Fit, ReadoutError> {
        self.check(features, targets, split)?;
        let fitted = split.fitted_rows();
        let (x, y) = (features.slice(fitted.clone()), targets.slice(fitted.clone()));
        x.check_finite("features", fitted.start)?;
        y.check_finite("targets", fitted.start)?;

        let mut penalties = self.penalties.clone();
        penalties.sort_by(f64::total_cmp);
        penalties.dedup();
        let (chosen, trials) = if let [only] = penalties[..] {
            (vec![only; targets.columns()], Vec::new())
        } else {
            self.choose(&penalties, features, targets, split)?
        };

        let problem = Problem::new(x, y, self.scaling);
        let mut weights = vec![Vec::new(); targets.columns()];
        for &penalty in &penalties {
            let columns: Vec<usize> = (0..chosen.len()).filter(|&t| chosen[t] == penalty).collect();
            if columns.is_empty() {
                continue;
            }
            // Only the fit on all rows can still be singular here, for a penalty that barely was not before.
            let solved = problem.solve(penalty, &columns);
            let solved = solved.map_err(|pivot| ReadoutError::Singular { penalty, pivot })?;
            for (column, solution) in columns.into_iter().zip(solved) {
                weights[column] = solution;
            }
        }
        let LinearReadout { weights, bias } = problem.fold(weights);
        // Finite inputs near the end of the range of f64 can still overflow on the way.
        let readout = LinearReadout::new(weights, bias)?;
        Ok(Fit { readout, penalties: chosen, trials, constant_features: problem.constant_features() })
    }

    fn check(&self, features: &Matrix, targets: &Matrix, split: &Split) -> Result<(), ReadoutError> {
        if let Some(&value) = self.penalties.iter().find(|p| !(p.is_finite() && **p >= 0.0)) {
            return Err(ReadoutError::Penalty { value });
        }
        if features.rows() != targets.rows() {
            return Err(ReadoutError::Size {
                what: "rows of targets",
                expected: features.rows(),
                found: targets.rows(),
            });
        }
        if split.total() > features.rows() {
            return Err(ReadoutError::Size { what: "rows", expected: split.total(), found: features.rows() });
        }
        for (what, missing) in [
            ("penalties", self.penalties.is_empty()),
            ("targets", targets.columns() == 0),
            ("training rows", split.train == 0),
            ("validation rows to choose a penalty by", split.validation == 0 && self.penalties.len() > 1),
        ] {
            if missing {
                return Err(ReadoutError::Empty { what });
            }
        }
        Ok(())
    }

    /// The best penalty of each target, and how each penalty (in rising order) did.
    fn choose(
        &self,
        penalties: &[f64],
        features: &Matrix,
        targets: &Matrix,
        split: &Split,
    ) -> Result<(Vec<f64>, Vec<Trial>), ReadoutError> {
        let (rows, validation) = (split.training_rows(), split.validation_rows());
        let problem = Problem::new(features.slice(rows.clone()), targets.slice(rows), self.scaling);
        let (x, y) = (features.slice(validation.clone()), targets.slice(validation));
        let columns: Vec<usize> = (0..targets.columns()).collect();
        let mut trials = Vec::with_capacity(penalties.len());
        let mut last_pivot = 0;
        for &penalty in penalties {
            let weights = match problem.solve(penalty, &columns) {
                Ok(weights) => weights,
                Err(pivot) => {
                    last_pivot = pivot;
                    trials.push(Trial { penalty, squared_errors: None, misclassified: 0 });
                    continue;
                }
            };
            let outputs = problem.fold(weights).apply(x)?;
            let mut errors = vec![0.0; columns.len()];
            for (output, target) in outputs.all().iter().zip(y.iter()) {
                for (error, (o, t)) in errors.iter_mut().zip(output.iter().zip(target)) {
                    *error += (o - t) * (o - t);
                }
            }
            let misclassified = match self.criterion {
                Criterion::SquaredError => 0,
                Criterion::Misclassifications => {
                    outputs.all().iter().zip(y.iter()).filter(|(o, t)| argmax(o) != argmax(t)).count()
                }
            };
            trials.push(Trial { penalty, squared_errors: Some(errors), misclassified });
        }
        let chosen: Option<Vec<f64>> = match self.criterion {
            Criterion::SquaredError => columns.iter().map(|&t| least(&trials, |errors| errors[t])).collect(),
            Criterion::Misclassifications => {
                let fewest = trials.iter().filter(|t| t.squared_errors.is_some()).map(|t| t.misclassified).min();
                let good = |t: &Trial| fewest.is_some_and(|fewest| t.misclassified <= fewest + 1);
                let candidates: Vec<Trial> = trials.iter().filter(|t| good(t)).cloned().collect();
                let total = |errors: &[f64]| errors.iter().fold(0.0, |sum, e| sum + e);
                least(&candidates, total).map(|penalty| vec![penalty; columns.len()])
            }
        };
        let largest = penalties.last().copied().unwrap_or_default();
        let singular = ReadoutError::Singular { penalty: largest, pivot: last_pivot };
        Ok((chosen.ok_or(singular)?, trials))
    }
}

/// The penalty of the trial with the least error; of equal ones the last, which has the largest penalty. Singular
/// trials, and errors beyond the range of `f64`, never win.
fn least(trials: &[Trial], error: impl Fn(&[f64]) -> f64) -> Option<f64> {
    let errors = trials.iter().filter_map(|t| Some((error(t.squared_errors.as_ref()?), t.penalty)));
    let best = errors.filter(|(e, _)| e.is_finite()).reduce(|best, next| if next.0 <= best.0 { next } else { best });
    best.map(|(_, penalty)| penalty)
}

/// Centred and scaled rows with the products that every penalty shares.
struct Problem {
    means: Vec<f64>,
    /// What each centred feature is divided by; 0 marks a feature that does not vary.
    deviations: Vec<f64>,
    target_means: Vec<f64>,
    rows: usize,
    /// `Z`, row-major, without the features that do not vary.
    z: Vec<f64>,
    /// Features that vary.
    kept: Vec<usize>,
    /// `n s`: what a penalty of 1 adds to the diagonal.
    unit_penalty: f64,
    system: System,
}

/// The symmetric matrix to factorise and its right-hand sides, one vector a target.
enum System {
    /// `Z^T Z` and `Z^T Y`.
    Primal { matrix: Vec<f64>, right: Vec<Vec<f64>> },
    /// `Z Z^T` and `Y`.
    Dual { matrix: Vec<f64>, right: Vec<Vec<f64>> },
}

/// The mean of each column, summed from top to bottom.
fn column_means(rows: Rows<'_>) -> Vec<f64> {
    let mut means = vec![0.0; rows.columns()];
    for row in rows.iter() {
        means.iter_mut().zip(row).for_each(|(m, x)| *m += x);
    }
    means.iter_mut().for_each(|m| *m /= rows.rows() as f64);
    means
}

impl Problem {
    fn new(x: Rows<'_>, y: Rows<'_>, scaling: Scaling) -> Self {
        let rows = x.rows();
        let means = column_means(x);
        let target_means = column_means(y);
        // "Does not vary" is an exact question: a rounding error in the mean must not turn into a feature.
        let first = x.row(0);
        let mut varies = vec![false; x.columns()];
        let mut variances = vec![0.0; x.columns()];
        for row in x.iter() {
            for (j, value) in row.iter().enumerate() {
                varies[j] |= *value != first[j];
                let centred = value - means[j];
                variances[j] += centred * centred;
            }
        }
        variances.iter_mut().for_each(|v| *v /= rows as f64);
        let deviation = |j: usize| match scaling {
            // Values so close that their squares vanish count as not varying.
            _ if !varies[j] || variances[j] == 0.0 => 0.0,
            Scaling::None => 1.0,
            Scaling::Standardise => variances[j].sqrt(),
        };
        let deviations: Vec<f64> = (0..x.columns()).map(deviation).collect();
        let kept: Vec<usize> = (0..x.columns()).filter(|&j| deviations[j] != 0.0).collect();
        let mut z = Vec::with_capacity(rows * kept.len());
        for row in x.iter() {
            z.extend(kept.iter().map(|&j| (row[j] - means[j]) / deviations[j]));
        }
        let spread = kept.iter().fold(0.0, |sum, &j| sum + variances[j] / (deviations[j] * deviations[j]));
        let unit_penalty = if kept.is_empty() { 0.0 } else { rows as f64 * (spread / kept.len() as f64) };

        let mut centred_targets = Vec::with_capacity(rows * y.columns());
        for row in y.iter() {
            centred_targets.extend(row.iter().zip(&target_means).map(|(t, mean)| t - mean));
        }
        let system = if rows >= kept.len() {
            let right = products(&centred_targets, y.columns(), &z, kept.len());
            let right = (0..y.columns()).map(|t| right[t * kept.len()..(t + 1) * kept.len()].to_vec()).collect();
            System::Primal { matrix: gram(&z, kept.len()), right }
        } else {
            let column = |t: usize| centred_targets.iter().skip(t).step_by(y.columns()).copied().collect();
            System::Dual { matrix: row_gram(&z, kept.len()), right: (0..y.columns()).map(column).collect() }
        };
        Self { means, deviations, target_means, rows, z, kept, unit_penalty, system }
    }

    /// The weights of `targets` on the varying, scaled features; or the pivot at which the factorisation stopped.
    fn solve(&self, penalty: f64, targets: &[usize]) -> Result<Vec<Vec<f64>>, usize> {
        let count = self.kept.len();
        if count == 0 {
            return Ok(vec![Vec::new(); targets.len()]);
        }
        let shift = penalty * self.unit_penalty;
        match &self.system {
            System::Primal { matrix, right } => {
                let factor = Factor::new(matrix, count, shift)?;
                let solve = |&t: &usize| {
                    let mut solution = right[t].clone();
                    factor.solve(&mut solution);
                    solution
                };
                Ok(targets.iter().map(solve).collect())
            }
            System::Dual { matrix, right } => {
                let factor = Factor::new(matrix, self.rows, shift)?;
                let solve = |&t: &usize| {
                    let mut dual = right[t].clone();
                    factor.solve(&mut dual);
                    let mut solution = vec![0.0; count];
                    for (row, a) in self.z.chunks_exact(count).zip(dual) {
                        solution.iter_mut().zip(row).for_each(|(w, z)| *w += a * z);
                    }
                    solution
                };
                Ok(targets.iter().map(solve).collect())
            }
        }
    }

    /// The readout on features as they were given.
    fn fold(&self, solutions: Vec<Vec<f64>>) -> LinearReadout {
        let mut weights = Matrix::zeros(solutions.len(), self.means.len());
        let mut bias = Vec::with_capacity(solutions.len());
        for (output, solution) in solutions.into_iter().enumerate() {
            let row = weights.row_mut(output);
            for (&j, w) in self.kept.iter().zip(solution) {
                row[j] = w / self.deviations[j];
            }
            bias.push(self.target_means[output] - dot(row, &self.means));
        }
        LinearReadout { weights, bias }
    }

    fn constant_features(&self) -> Vec<usize> {
        (0..self.deviations.len()).filter(|&j| self.deviations[j] == 0.0).collect()
    }
}

#[cfg(test)]
mod tests;

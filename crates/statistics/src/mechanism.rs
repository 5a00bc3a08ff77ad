//! Why a network does well: how many directions its states use, and whether the target lies in the large ones.
//!
//! States are rows of samples with a column a neuron. The spectrum of their covariance gives the participation ratio
//! and the rank; the alignment of a target is the part of it that lies in the leading components, as a profile;
//! centred kernel alignment puts that into one number. It deliberately trains nothing: what a readout makes of the
//! states is a score.

use crate::StatisticsError;
use crate::eigen::Eigen;
use crate::error::{check_count, check_finite, check_size};
use readout::{Matrix, Rows};

/// The principal components of states.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Sum of squares of each component, largest first, of the states as they are in `centred`.
    squares: Vec<f64>,
    /// Each component as a direction of the columns, one a row.
    directions: Vec<Vec<f64>>,
    /// The states, centred and divided by `scale`.
    centred: Matrix,
    scale: f64,
}

/// Columns less their means, all divided by the largest value so that no square overflows; and that value.
fn centre(table: Rows<'_>) -> (Matrix, f64) {
    let largest = table.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let count = table.rows() as f64;
    let mut centred = Matrix::new(table.columns());
    // From the first row on, so that a column without variance is exactly 0.
    let first: Vec<f64> = table.row(0).iter().map(|x| x / scale).collect();
    let mut sums = vec![0.0; table.columns()];
    for row in table.iter() {
        sums.iter_mut().zip(row.iter().zip(&first)).for_each(|(sum, (x, first))| *sum += x / scale - first);
    }
    for row in table.iter() {
        let less = |((x, first), sum): ((&f64, &f64), &f64)| (x / scale - first) - sum / count;
        centred.push_row(&row.iter().zip(&first).zip(&sums).map(less).collect::<Vec<_>>());
    }
    (centred, scale)
}

fn check(what: &'static str, table: Rows<'_>) -> Result<(), StatisticsError> {
    check_count("rows", table.rows(), 2)?;
    check_count("columns", table.columns(), 1)?;
    check_finite(what, table.iter().flatten())
}

impl Spectrum {
    /// Of `states`, one row a sample.
    ///
    /// # Errors
    /// [`StatisticsError::TooFew`] with a single row or without a column, [`StatisticsError::NotFinite`],
    /// [`StatisticsError::Constant`] if no column varies.
    pub fn of(states: Rows<'_>) -> Result<Self, StatisticsError> {
        check("states", states)?;
        let (centred, scale) = centre(states);
        let gram = centred.all().gram();
        let Eigen { values, vectors: directions } = Eigen::of(gram.data(), states.columns());
        if values[0] <= 0.0 {
            return Err(StatisticsError::Constant { what: "states", value: states.row(0)[0] });
        }
        let squares = values.iter().map(|value| value.max(0.0)).collect();
        Ok(Self { squares, directions, centred, scale })
    }

    /// The variance of each component, largest first, in the squared unit of the states.
    pub fn variances(&self) -> Vec<f64> {
        let rows = self.centred.rows() as f64;
        self.squares.iter().map(|square| square / rows * self.scale * self.scale).collect()
    }

    /// The participation ratio (sum l)^2 / sum l^2 of the variances l: 1 if all variance lies in one direction, the
    /// number of neurons if it lies in all alike (Gao et al., bioRxiv 214262, 2017).
    pub fn participation_ratio(&self) -> f64 {
        participation_ratio(&self.squares)
    }

    /// How many components have more than the largest times `share` of variance.
    pub fn rank_above(&self, share: f64) -> usize {
        let bar = self.squares[0] * share;
        self.squares.iter().filter(|square| **square > bar).count()
    }

    /// The numerical rank: components that are more than rounding, which of a covariance is the larger number of rows
    /// or columns times 2^-52 of the largest. A component of a deviation below some 1e-6 of the largest is not seen.
    pub fn rank(&self) -> usize {
        self.rank_above(rounding(self.centred.rows(), self.squares.len()))
    }

    /// The parts of centred `targets`, one column each, that lie in each component that counts for the rank: squared
    /// correlations, one row a component, one column a target. They add up to the R^2 of a readout without penalty over
    /// the same rows.
    pub(crate) fn powers(&self, targets: Rows<'_>) -> Matrix {
        let (targets, _) = centre(targets);
        let products = self.centred.all().products(targets.all());
        let of_targets: Vec<f64> =
            (0..targets.columns()).map(|j| targets.all().column(j).fold(0.0, |sum, y| sum + y * y)).collect();
        let mut powers = Matrix::new(targets.columns());
        for (direction, square) in self.directions.iter().zip(&self.squares).take(self.rank()) {
            let mut sums = vec![0.0; targets.columns()];
            for (row, part) in products.all().iter().zip(direction) {
                sums.iter_mut().zip(row).for_each(|(sum, product)| *sum += part * product);
            }
            let power = |(sum, of_target): (&f64, &f64)| match *of_target > 0.0 {
                true => sum * sum / square / of_target,
                false => 0.0,
            };
            powers.push_row(&sums.iter().zip(&of_targets).map(power).collect::<Vec<_>>());
        }
        powers
    }

    /// How a target, one value a row of the states, lies to their components.
    ///
    /// # Errors
    /// [`StatisticsError::Size`], [`StatisticsError::NotFinite`], [`StatisticsError::Constant`].
    pub fn alignment(&self, target: &[f64]) -> Result<Alignment, StatisticsError> {
        check_size("values of a target", target.len(), self.centred.rows())?;
        check_finite("target", target)?;
        if target.iter().all(|value| *value == target[0]) {
            return Err(StatisticsError::Constant { what: "target", value: target[0] });
        }
        let powers = self.powers(Matrix::from_vec(target.len(), 1, target.to_vec()).all());
        let mut reached = 0.0;
        let mut add = |power: &f64| {
            reached += power;
            reached
        };
        Ok(Alignment { profile: powers.data().iter().map(&mut add).collect() })
    }
}

/// What of a component is rounding.
fn rounding(rows: usize, columns: usize) -> f64 {
    rows.max(columns) as f64 * f64::EPSILON
}

fn participation_ratio(values: &[f64]) -> f64 {
    let sum = values.iter().fold(0.0, |sum, value| sum + value);
    let squares = values.iter().fold(0.0, |sum, value| sum + value * value);
    sum * sum / squares
}

/// The part of a target in the leading components of the states.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// Entry k: the share of the variance of the target in the first k + 1 components; the last is what all states
    /// hold.
    pub profile: Vec<f64>,
}

impl Alignment {
    /// The share of the target's variance that all states together hold.
    pub fn reachable(&self) -> f64 {
        self.profile.last().copied().unwrap_or(0.0)
    }

    /// How many leading components hold `share` of what is reachable.
    pub fn components(&self, share: f64) -> usize {
        let bar = share * self.reachable();
        self.profile.iter().position(|reached| *reached >= bar).map_or(self.profile.len(), |at| at + 1)
    }

    /// The mean of the profile over what is reachable: near 1 if the target lies in the largest components, near 0 if
    /// it lies in the smallest, about a half if it lies anywhere; 0 if nothing is reachable.
    pub fn leading(&self) -> f64 {
        let mean = self.profile.iter().fold(0.0, |sum, reached| sum + reached) / self.profile.len() as f64;
        if self.reachable() > 0.0 { mean / self.reachable() } else { 0.0 }
    }
}

/// Centred kernel alignment of two tables of as many rows, with linear kernels: 1 if their covariances point the same
/// way with the same spectrum, 0 if the two are uncorrelated (Cortes, Mohri and Rostamizadeh, J. Mach. Learn. Res. 13,
/// 2012).
///
/// # Errors
/// [`StatisticsError::Size`] unless both have as many rows, [`StatisticsError::TooFew`],
/// [`StatisticsError::NotFinite`], [`StatisticsError::Constant`] if one of them does not vary.
pub fn kernel_alignment(states: Rows<'_>, targets: Rows<'_>) -> Result<f64, StatisticsError> {
    check_size("rows of targets", targets.rows(), states.rows())?;
    check("states", states)?;
    check("targets", targets)?;
    let ((x, _), (y, _)) = (centre(states), centre(targets));
    let square = |matrix: &Matrix| matrix.data().iter().fold(0.0, |sum, entry| sum + entry * entry);
    let (xx, yy) = (square(&x.all().gram()).sqrt(), square(&y.all().gram()).sqrt());
    for (what, norm, table) in [("states", xx, states), ("targets", yy, targets)] {
        if norm == 0.0 {
            return Err(StatisticsError::Constant { what, value: table.row(0)[0] });
        }
    }
    Ok((square(&x.all().products(y.all())) / xx / yy).min(1.0))
}

/// The kernel rank of a network: the rank of the table of the states in which different inputs leave it, one row an
/// input (Legenstein and Maass, Neural Networks 20, 2007). Not centred; components of a squared size below `share` of
/// the largest do not count: 0 for noiseless states, the share of the noise else.
///
/// # Errors
/// [`StatisticsError::TooFew`], [`StatisticsError::NotFinite`].
pub fn kernel_rank(states: Rows<'_>, share: f64) -> Result<usize, StatisticsError> {
    check("states", states)?;
    let largest = states.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
    if largest == 0.0 {
        return Ok(0);
    }
    let scaled =
        Matrix::from_vec(states.rows(), states.columns(), states.iter().flatten().map(|x| x / largest).collect());
    let values = Eigen::of(scaled.all().gram().data(), states.columns()).values;
    let bar = values[0] * share.max(rounding(states.rows(), states.columns()));
    Ok(values.iter().filter(|value| **value > bar).count())
}

/// How many tasks a table of scores stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectiveTasks {
    /// The participation ratio of the correlations between tasks: shifts of one function are nearly one task. It is at
    /// most the number of rows less 1, so that few settings cannot tell many tasks apart.
    pub number: f64,
    /// Tasks that have scores.
    pub tasks: usize,
    /// Of these, tasks with the same score in every row, which are left out.
    pub constant: usize,
}

/// The effective number of tasks of `scores`, one row a setting or network, one column a task. Each task counts alike,
/// whatever the spread of its scores.
///
/// # Errors
/// [`StatisticsError::TooFew`], [`StatisticsError::NotFinite`], [`StatisticsError::Constant`] if no score varies.
pub fn effective_tasks(scores: Rows<'_>) -> Result<EffectiveTasks, StatisticsError> {
    check("scores", scores)?;
    let (centred, _) = centre(scores);
    let gram = centred.all().gram();
    let tasks = scores.columns();
    let varies: Vec<usize> = (0..tasks).filter(|task| gram.row(*task)[*task] > 0.0).collect();
    if varies.is_empty() {
        return Err(StatisticsError::Constant { what: "scores", value: scores.row(0)[0] });
    }
    // Of correlations the sum of all variances is the number of tasks, and that of their squares the squared norm.
    let correlation = |a: usize, b: usize| {
        let product = gram.row(a)[b];
        product / gram.row(a)[a] * (product / gram.row(b)[b])
    };
    let squares = varies
        .iter()
        .flat_map(|a| varies.iter().map(move |b| (*a, *b)))
        .fold(0.0, |sum, (a, b)| sum + correlation(a, b));
    let count = varies.len() as f64;
    Ok(EffectiveTasks { number: count * count / squares, tasks, constant: tasks - varies.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal};

    fn noise(seed: u64, rows: usize, columns: usize) -> Matrix {
        let mut stream = key_of_seed("noise", seed).stream();
        Matrix::from_vec(rows, columns, (0..rows * columns).map(|_| normal(&mut stream)).collect())
    }

    #[test]
    fn dimensions_of_orthogonal_states() {
        // Columns 3, 1, 1 times signs that are orthogonal over eight rows, around a mean.
        let sign = |row: usize, bit: usize| if row >> bit & 1 == 1 { 1.0 } else { -1.0 };
        let entries = (0..8).flat_map(|row| [5.0 + 3.0 * sign(row, 0), sign(row, 1), sign(row, 2)]);
        let spectrum = Spectrum::of(Matrix::from_vec(8, 3, entries.collect()).all()).unwrap();
        let found = spectrum.variances();
        assert!((found[0] - 9.0).abs() < 1e-12 && (found[1] - 1.0).abs() < 1e-12 && (found[2] - 1.0).abs() < 1e-12);
        assert!((spectrum.participation_ratio() - 121.0 / 83.0).abs() < 1e-12);
        assert_eq!((spectrum.rank(), spectrum.rank_above(0.5)), (3, 1));
        // A target of 3 parts of the first component and 4 of the second.
        let target: Vec<f64> = (0..8).map(|row| 3.0 * sign(row, 0) + 4.0 * sign(row, 1)).collect();
        let alignment = spectrum.alignment(&target).unwrap();
        assert!((alignment.profile[0] - 0.36).abs() < 1e-12 && (alignment.reachable() - 1.0).abs() < 1e-12);
        let outside: Vec<f64> = (0..8).map(|row| sign(row, 0) * sign(row, 1)).collect();
        assert!(spectrum.alignment(&outside).unwrap().reachable() < 1e-20);
    }

    #[test]
    fn alignment_tells_leading_components_from_others() {
        let states = noise(1, 400, 6);
        let mut graded = states.clone();
        (0..400)
            .for_each(|i| graded.row_mut(i).iter_mut().zip([9.0, 3.0, 1.0, 0.5, 0.2, 0.1]).for_each(|(x, f)| *x *= f));
        let spectrum = Spectrum::of(graded.all()).unwrap();
        let of = |column: usize| spectrum.alignment(&states.all().column(column).collect::<Vec<_>>()).unwrap();
        let (first, last) = (of(0), of(5));
        assert!(first.leading() > 0.95 && last.leading() < 0.25, "{first:?} {last:?}");
        assert_eq!((first.components(0.9), last.components(0.9)), (1, 6));
        assert!((first.reachable() - 1.0).abs() < 1e-9 && (last.reachable() - 1.0).abs() < 1e-9);
        let column = |j: usize| Matrix::from_vec(400, 1, states.all().column(j).collect());
        let kernel = |j: usize| kernel_alignment(graded.all(), column(j).all()).unwrap();
        assert!(kernel(0) > 0.95 && kernel(5) < 0.05, "{} {}", kernel(0), kernel(5));
        assert!((kernel_alignment(graded.all(), graded.all()).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn copies_and_sums_add_no_rank() {
        let base = noise(2, 50, 3);
        let mut states = Matrix::new(5);
        base.all().iter().for_each(|row| states.push_row(&[row[0], row[1], row[2], row[0] + row[1], 7.0]));
        let spectrum = Spectrum::of(states.all()).unwrap();
        assert_eq!((spectrum.rank(), kernel_rank(states.all(), 0.0).unwrap()), (3, 4));
        assert_eq!(kernel_rank(Matrix::zeros(4, 2).all(), 0.0), Ok(0));
        let huge = Matrix::from_vec(3, 2, vec![1e200, 0.0, -1e200, 1e200, 0.0, 1e200]);
        assert_eq!((Spectrum::of(huge.all()).unwrap().rank(), kernel_rank(huge.all(), 0.0).unwrap()), (2, 2));
    }

    #[test]
    fn shifted_tasks_are_nearly_one() {
        // Of independent tasks, squared correlations of 1/n by chance: 16 / (4 + 12 / 200) = 3.94.
        let of = |seed| effective_tasks(noise(seed, 200, 4).all()).unwrap().number;
        let mean = (0..40).map(of).sum::<f64>() / 40.0;
        assert!((mean - 3.94).abs() < 0.02, "{mean}");
        let base = noise(3, 200, 4);
        let mut copies = Matrix::new(4);
        base.all().iter().for_each(|row| copies.push_row(&[row[0], 100.0 * row[0] + 3.0, -row[0], 0.25]));
        let one = effective_tasks(copies.all()).unwrap();
        assert!((one.number - 1.0).abs() < 1e-9 && (one.tasks, one.constant) == (4, 1), "{one:?}");
        // Two rows cannot tell tasks apart.
        assert!((effective_tasks(base.slice(0..2)).unwrap().number - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_spectrum_is_refused() {
        let constant = Matrix::from_vec(3, 1, vec![0.1; 3]);
        assert!(matches!(Spectrum::of(constant.all()), Err(StatisticsError::Constant { .. })));
        assert!(matches!(effective_tasks(constant.all()), Err(StatisticsError::Constant { .. })));
        assert!(matches!(Spectrum::of(Matrix::zeros(1, 2).all()), Err(StatisticsError::TooFew { what: "rows", .. })));
        assert!(matches!(
            Spectrum::of(Matrix::zeros(2, 0).all()),
            Err(StatisticsError::TooFew { what: "columns", .. })
        ));
        let nan = Matrix::from_vec(2, 1, vec![0.0, f64::NAN]);
        assert!(matches!(Spectrum::of(nan.all()), Err(StatisticsError::NotFinite { index: 1, .. })));
        let states = noise(4, 5, 2);
        let spectrum = Spectrum::of(states.all()).unwrap();
        assert!(matches!(spectrum.alignment(&[1.0; 5]), Err(StatisticsError::Constant { .. })));
        assert!(matches!(spectrum.alignment(&[1.0; 4]), Err(StatisticsError::Size { .. })));
        assert!(spectrum.alignment(&[1.0, 2.0, 3.0, 4.0, f64::NAN]).is_err());
        assert!(matches!(kernel_alignment(states.all(), constant.all()), Err(StatisticsError::Size { .. })));
        assert!(kernel_alignment(constant.all(), constant.all()).is_err());
    }
}

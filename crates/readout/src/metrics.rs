//! Scores. Every one says its formula, because names such as NRMSE mean different things in different papers.
//!
//! `y` is the target, `o` the output, `mean` and `var` are over the scored rows and divide by their number `n`.

use crate::{ReadoutError, Rows};

/// The formula of [`accuracy`].
pub const ACCURACY_FORMULA: &str = "rows whose largest output is the true class / rows (equal outputs: lowest class)";
/// The formula of [`nmse`].
pub const NMSE_FORMULA: &str = "mean((o - y)^2) / var(y)";
/// The formula of [`nrmse`].
pub const NRMSE_FORMULA: &str = "sqrt(mean((o - y)^2)) / sqrt(var(y)), the square root of the NMSE";
/// The formula of [`r_squared`].
pub const R_SQUARED_FORMULA: &str = "1 - mean((o - y)^2) / var(y)";
/// The formula of [`memory_capacity`].
pub const MEMORY_CAPACITY_FORMULA: &str = "sum over delays k of corr(u(t - k), o_k(t))^2";
/// The formula of [`bit_error_rate`].
pub const BIT_ERROR_RATE_FORMULA: &str = "rows where output and target differ in sign / rows (0 counts as positive)";

/// The index of the largest entry; of equal ones the lowest index. A NaN is never the largest; 0 for an empty row.
pub fn argmax(row: &[f64]) -> usize {
    let mut best = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[best] || row[best].is_nan() && !value.is_nan() {
            best = i;
        }
    }
    best
}

/// The share of rows whose largest output is in the column of the true class; see [`argmax`] for ties.
///
/// # Errors
/// [`ReadoutError::Size`] for different numbers of rows, [`ReadoutError::Class`] for a class without a column,
/// [`ReadoutError::Empty`] without rows, [`ReadoutError::NotFinite`] for a NaN or infinite output.
pub fn accuracy(outputs: Rows<'_>, classes: &[usize]) -> Result<f64, ReadoutError> {
    check(outputs, classes.len())?;
    let mut right = 0usize;
    for (row, (output, &class)) in outputs.iter().zip(classes).enumerate() {
        if class >= output.len() {
            return Err(ReadoutError::Class { row, class, classes: output.len() });
        }
        right += usize::from(argmax(output) == class);
    }
    Ok(right as f64 / classes.len() as f64)
}

/// How often each true class (row) was taken for each class (column).
///
/// # Errors
/// As [`accuracy`].
pub fn confusion(outputs: Rows<'_>, classes: &[usize]) -> Result<Vec<Vec<u64>>, ReadoutError> {
    accuracy(outputs, classes)?;
    let mut counts = vec![vec![0; outputs.columns()]; outputs.columns()];
    for (output, &class) in outputs.iter().zip(classes) {
        counts[class][argmax(output)] += 1;
    }
    Ok(counts)
}

/// Normalised mean squared error of each target column: `mean((o - y)^2) / var(y)`.
///
/// # Errors
/// [`ReadoutError::Size`] for different shapes, [`ReadoutError::Empty`] without rows,
/// [`ReadoutError::ConstantTarget`] if a target does not vary, [`ReadoutError::NotFinite`] for a NaN or infinity.
pub fn nmse(outputs: Rows<'_>, targets: Rows<'_>) -> Result<Vec<f64>, ReadoutError> {
    check_pair(outputs, targets)?;
    let rows = targets.rows() as f64;
    let column = |j: usize| {
        let y = targets.column(j);
        let variance = sum_of_squares(y.clone(), mean(y.clone())) / rows;
        if variance == 0.0 || y.clone().all(|v| v == targets.row(0)[j]) {
            return Err(ReadoutError::ConstantTarget { column: j, rows: targets.rows() });
        }
        let error = outputs.column(j).zip(y).fold(0.0, |sum, (o, y)| sum + (o - y) * (o - y)) / rows;
        Ok(error / variance)
    };
    (0..targets.columns()).map(column).collect()
}

/// Normalised root mean squared error of each target column: RMSE over the standard deviation of the target.
/// 0 is perfect, 1 is what the mean of the target scores.
///
/// # Errors
/// As [`nmse`].
pub fn nrmse(outputs: Rows<'_>, targets: Rows<'_>) -> Result<Vec<f64>, ReadoutError> {
    Ok(nmse(outputs, targets)?.into_iter().map(f64::sqrt).collect())
}

/// Coefficient of determination of each target column: `1 - NMSE`. 1 is perfect, 0 is what the mean scores.
///
/// # Errors
/// As [`nmse`].
pub fn r_squared(outputs: Rows<'_>, targets: Rows<'_>) -> Result<Vec<f64>, ReadoutError> {
    Ok(nmse(outputs, targets)?.into_iter().map(|e| 1.0 - e).collect())
}

/// Squared correlation of each output column with its target column; 0 if one of the two does not vary.
///
/// # Errors
/// [`ReadoutError::Size`] for different shapes, [`ReadoutError::Empty`] without rows,
/// [`ReadoutError::NotFinite`] for a NaN or infinity.
pub fn squared_correlation(outputs: Rows<'_>, targets: Rows<'_>) -> Result<Vec<f64>, ReadoutError> {
    check_pair(outputs, targets)?;
    let column = |j: usize| {
        let (o, y) = (outputs.column(j), targets.column(j));
        let (o_mean, y_mean) = (mean(o.clone()), mean(y.clone()));
        let (o_squares, y_squares) = (sum_of_squares(o.clone(), o_mean), sum_of_squares(y.clone(), y_mean));
        let varies = |rows: Rows<'_>| rows.column(j).any(|v| v != rows.row(0)[j]);
        if o_squares == 0.0 || y_squares == 0.0 || !varies(outputs) || !varies(targets) {
            return 0.0;
        }
        let product = o.zip(y).fold(0.0, |sum, (o, y)| sum + (o - o_mean) * (y - y_mean));
        // Rounding may carry a perfect correlation past 1.
        ((product / o_squares) * (product / y_squares)).min(1.0)
    };
    Ok((0..targets.columns()).map(column).collect())
}

/// Memory capacity with the share of each delay.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryCapacity {
    /// Sum of the shares.
    pub total: f64,
    /// Squared correlation for each delay, 0 where it did not exceed the threshold.
    pub per_delay: Vec<f64>,
}

/// Linear memory capacity: the sum over delays of the squared correlation between the delayed input (one target
/// column a delay) and the output trained for it (Jaeger, GMD report 152, 2001).
///
/// A squared correlation of two unrelated signals is not 0: its expectation is about `1 / n` over `n` rows that the
/// readout was not fitted on, and `features / n` over rows that it was. Shares not above `threshold` therefore count
/// as 0. A threshold of 0 gives the plain sum, which is what most papers report; [`chance_threshold`] gives a
/// threshold that chance rarely passes.
///
/// # Errors
/// As [`squared_correlation`].
pub fn memory_capacity(
    outputs: Rows<'_>,
    delayed_inputs: Rows<'_>,
    threshold: f64,
) -> Result<MemoryCapacity, ReadoutError> {
    let mut per_delay = squared_correlation(outputs, delayed_inputs)?;
    per_delay.iter_mut().filter(|share| **share <= threshold).for_each(|share| *share = 0.0);
    Ok(MemoryCapacity { total: per_delay.iter().fold(0.0, |sum, share| sum + share), per_delay })
}

/// A squared correlation that chance exceeds in less than one case in a thousand on `rows` rows that were not fitted:
/// for unrelated signals `n rho^2` follows a chi-squared distribution with one degree of freedom, whose 99.9 %
/// quantile is 10.83.
pub fn chance_threshold(rows: usize) -> f64 {
    10.83 / rows.max(1) as f64
}

/// The share of rows in which output and target differ in sign, for each target column; 0 counts as positive.
///
/// # Errors
/// As [`squared_correlation`].
pub fn bit_error_rate(outputs: Rows<'_>, targets: Rows<'_>) -> Result<Vec<f64>, ReadoutError> {
    check_pair(outputs, targets)?;
    let wrong = |j: usize| outputs.column(j).zip(targets.column(j)).filter(|(o, y)| (*o >= 0.0) != (*y >= 0.0)).count();
    Ok((0..targets.columns()).map(|j| wrong(j) as f64 / targets.rows() as f64).collect())
}

/// The mean of one score a target.
///
/// # Errors
/// [`ReadoutError::Empty`] without a score.
pub fn mean_score(scores: &[f64]) -> Result<f64, ReadoutError> {
    if scores.is_empty() {
        return Err(ReadoutError::Empty { what: "scores" });
    }
    Ok(mean(scores.iter().copied()))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.fold(0.0, |sum, v| sum + v) / count
}

fn sum_of_squares(values: impl Iterator<Item = f64>, mean: f64) -> f64 {
    values.fold(0.0, |sum, v| sum + (v - mean) * (v - mean))
}

fn check(outputs: Rows<'_>, rows: usize) -> Result<(), ReadoutError> {
    if outputs.rows() != rows {
        return Err(ReadoutError::Size { what: "rows of outputs", expected: rows, found: outputs.rows() });
    }
    if rows == 0 {
        return Err(ReadoutError::Empty { what: "rows to score" });
    }
    outputs.check_finite("outputs", 0)
}

fn check_pair(outputs: Rows<'_>, targets: Rows<'_>) -> Result<(), ReadoutError> {
    check(outputs, targets.rows())?;
    if outputs.columns() != targets.columns() {
        let (expected, found) = (targets.columns(), outputs.columns());
        return Err(ReadoutError::Size { what: "columns of outputs", expected, found });
    }
    targets.check_finite("targets", 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use proptest::prelude::*;

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_vec(values.len(), 1, values.to_vec())
    }

    #[test]
    fn ties_go_to_the_lowest_class() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[0.0, 0.0]), 0);
        assert_eq!(argmax(&[f64::NAN, -1.0, f64::NAN]), 1);
        assert_eq!(argmax(&[f64::NEG_INFINITY]), 0);
        assert_eq!(argmax(&[]), 0);
    }

    #[test]
    fn accuracy_counts_right_rows() {
        let outputs = Matrix::from_vec(4, 2, vec![1.0, 0.0, 0.0, 1.0, 2.0, 2.0, 0.0, 5.0]);
        assert_eq!(accuracy(outputs.all(), &[0, 1, 1, 1]), Ok(0.75));
        assert_eq!(confusion(outputs.all(), &[0, 1, 1, 1]), Ok(vec![vec![1, 0], vec![1, 2]]));
        let error = accuracy(outputs.all(), &[0, 1, 2, 1]).unwrap_err();
        assert_eq!(error, ReadoutError::Class { row: 2, class: 2, classes: 2 });
        assert!(accuracy(outputs.all(), &[0]).is_err());
        assert!(accuracy(outputs.slice(0..0), &[]).is_err());
    }

    #[test]
    fn errors_have_their_closed_forms() {
        // var(y) = 1.25; errors 1, 0, 0, -1: mean square 0.5.
        let (y, o) = (column(&[0.0, 1.0, 2.0, 3.0]), column(&[1.0, 1.0, 2.0, 2.0]));
        assert_eq!(nmse(o.all(), y.all()), Ok(vec![0.4]));
        assert_eq!(nrmse(o.all(), y.all()), Ok(vec![0.4f64.sqrt()]));
        assert_eq!(r_squared(o.all(), y.all()), Ok(vec![0.6]));
        // cov = 0.5, var(o) = 0.25: rho^2 = 0.25 / (0.25 * 1.25).
        assert_eq!(squared_correlation(o.all(), y.all()), Ok(vec![0.8]));
        assert_eq!(nmse(column(&[1.5; 4]).all(), y.all()), Ok(vec![1.0]));
    }

    #[test]
    fn signs_are_compared() {
        let (y, o) = (column(&[1.0, -1.0, 1.0, -1.0]), column(&[0.2, 0.1, 0.0, -7.0]));
        assert_eq!(bit_error_rate(o.all(), y.all()), Ok(vec![0.25]));
    }

    #[test]
    fn small_shares_are_cut_off() {
        let targets = Matrix::from_vec(4, 2, vec![0.0, 1.0, 1.0, -1.0, 2.0, -1.0, 3.0, 1.0]);
        let outputs = Matrix::from_vec(4, 2, vec![1.0, 1.0, 1.0, 0.0, 2.0, 0.0, 2.0, 0.5]);
        let all = memory_capacity(outputs.all(), targets.all(), 0.0).unwrap();
        assert_eq!(all.total, all.per_delay[0] + all.per_delay[1]);
        let cut = memory_capacity(outputs.all(), targets.all(), 0.8).unwrap();
        assert_eq!(cut.per_delay, [0.0, all.per_delay[1]]);
        assert!(chance_threshold(1000) > 0.01 && chance_threshold(0) > 10.0);
    }

    #[test]
    fn what_cannot_be_scored_is_refused() {
        let y = column(&[0.0, 1.0]);
        let refused = |o: &Matrix, y: &Matrix| nmse(o.all(), y.all()).unwrap_err().to_string();
        assert!(refused(&column(&[0.1; 3]), &column(&[0.1; 3])).starts_with("target column 0 is constant over the 3"));
        assert!(refused(&column(&[1.0]), &y).contains("1 given where 2 are needed"));
        assert!(refused(&Matrix::zeros(2, 3), &y).contains("columns of outputs"));
        assert!(refused(&Matrix::new(1), &Matrix::new(1)).contains("at least one"));
        assert!(refused(&column(&[0.0, f64::NAN]), &y).contains("outputs: row 1, column 0 is NaN"));
        assert!(refused(&y, &column(&[f64::INFINITY, 1.0])).contains("targets: row 0"));
        assert!(mean_score(&[]).is_err());
        assert_eq!(squared_correlation(column(&[0.1; 2]).all(), y.all()), Ok(vec![0.0]));
    }

    proptest! {
        /// Scores do not depend on unit or offset where they should not, and stay within their bounds.
        #[test]
        fn invariances(
            pairs in prop::collection::vec((-100i32..100, -100i32..100), 3..50),
            scale in 1i32..50, offset in -99i32..99,
        ) {
            let y: Vec<f64> = pairs.iter().map(|p| f64::from(p.0)).collect();
            let o: Vec<f64> = pairs.iter().map(|p| f64::from(p.1)).collect();
            prop_assume!(y.iter().any(|v| *v != y[0]));
            let map = |x: &f64| x * f64::from(scale) + f64::from(offset);
            let moved = |v: &[f64]| column(&v.iter().map(map).collect::<Vec<_>>());
            let error = nmse(column(&o).all(), column(&y).all()).unwrap()[0];
            let moved_error = nmse(moved(&o).all(), moved(&y).all()).unwrap()[0];
            prop_assert!((error - moved_error).abs() <= 1e-12 * (1.0 + error));
            let rho = squared_correlation(column(&o).all(), column(&y).all()).unwrap()[0];
            let moved_rho = squared_correlation(moved(&o).all(), column(&y).all()).unwrap()[0];
            prop_assert!((rho - moved_rho).abs() <= 1e-12);
            prop_assert!((0.0..=1.0).contains(&rho));
            // The best linear map of the output cannot do worse than 1 - rho^2.
            prop_assert!(error >= 1.0 - rho - 1e-12);
            prop_assert_eq!(nmse(column(&y).all(), column(&y).all()).unwrap()[0], 0.0);
        }
    }
}

//! How much of a space of targets, or of scores, is really there.

use super::{check, nmse};
use crate::{ReadoutError, Rows};

/// The formula of [`information_capacity`].
pub const INFORMATION_CAPACITY_FORMULA: &str =
    "sum over targets z of C = 1 - mean((o - z)^2) / var(z), where C is above the threshold";
/// The formula of [`effective_number`].
pub const EFFECTIVE_NUMBER_FORMULA: &str =
    "(sum of l)^2 / (sum of l^2), l the eigenvalues of the covariance of the columns (participation ratio)";

/// Information processing capacity with the share of each target.
#[derive(Clone, Debug, PartialEq)]
pub struct InformationCapacity {
    /// Sum of the shares.
    pub total: f64,
    /// Sum of the shares of the targets of each degree, from degree 0.
    pub per_degree: Vec<f64>,
    /// `1 - NMSE` for each target, 0 where it did not exceed the threshold.
    pub per_target: Vec<f64>,
}

/// Information processing capacity (Dambre et al., Scientific Reports 2:514, 2012): the sum over orthogonal targets,
/// such as products of Legendre polynomials of delayed uniform input, of the share that a linear readout explains. For
/// a system of fading memory without noise the sum over all targets is the number of independent states.
///
/// The share of a target that has nothing to do with the states is not 0: over rows that the readout was fitted on its
/// expectation is the number of states over the number of rows, and thousands of targets add that up. Shares not above
/// `threshold` therefore count as 0: [`fitted_threshold`] for rows that were fitted, [`super::chance_threshold`] for
/// others. A threshold also takes true shares away that are smaller; quote it, and the number of rows, with a capacity.
///
/// `degrees` has the degree of each target, of a product the sum.
///
/// # Errors
/// [`ReadoutError::Size`] for different shapes or another number of degrees, and as [`nmse`].
pub fn information_capacity(
    outputs: Rows<'_>,
    targets: Rows<'_>,
    degrees: &[u8],
    threshold: f64,
) -> Result<InformationCapacity, ReadoutError> {
    if degrees.len() != targets.columns() {
        return Err(ReadoutError::Size { what: "degrees", expected: targets.columns(), found: degrees.len() });
    }
    let share = |error: f64| if 1.0 - error > threshold { 1.0 - error } else { 0.0 };
    let per_target: Vec<f64> = nmse(outputs, targets)?.into_iter().map(share).collect();
    let mut per_degree = vec![0.0; degrees.iter().max().map_or(0, |most| usize::from(*most) + 1)];
    for (degree, share) in degrees.iter().zip(&per_target) {
        per_degree[usize::from(*degree)] += share;
    }
    Ok(InformationCapacity { total: per_target.iter().fold(0.0, |sum, share| sum + share), per_degree, per_target })
}

/// A share that chance hardly reaches on the `rows` rows that `states` independent states were fitted on: 3.2 times its
/// expectation, `states / rows`.
pub fn fitted_threshold(states: usize, rows: usize) -> f64 {
    3.2 * states as f64 / rows.max(1) as f64
}

/// The effective number of columns: of a table with a row a system and a column a task, how many tasks it would take to
/// tell the systems apart as well if tasks were unrelated. Tasks that rank all systems alike count as one; it is at
/// most the number of columns, and below the number of rows. 0 if all rows are equal.
///
/// # Errors
/// [`ReadoutError::Empty`] without rows, [`ReadoutError::NotFinite`] for a NaN or infinite score.
pub fn effective_number(scores: Rows<'_>) -> Result<f64, ReadoutError> {
    check(scores, scores.rows())?;
    let means: Vec<f64> = (0..scores.columns()).map(|j| super::mean(scores.column(j))).collect();
    let centred: Vec<Vec<f64>> =
        scores.iter().map(|row| row.iter().zip(&means).map(|(score, mean)| score - mean).collect()).collect();
    // The products of rows have the eigenvalues of the covariance of columns but for zeros and a factor: their sum is
    // the trace, and that of their squares the sum of all squared entries.
    let (mut trace, mut squares) = (0.0, 0.0);
    for (i, a) in centred.iter().enumerate() {
        for (j, b) in centred.iter().enumerate() {
            let product = a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
            squares += product * product;
            if i == j {
                trace += product;
            }
        }
    }
    Ok(if squares > 0.0 { trace * trace / squares } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn shares_add_up_by_degree_above_a_threshold() {
        let targets = Matrix::from_vec(4, 3, vec![1., 1., 1., -1., 1., -1., 1., -1., -1., -1., -1., 1.]);
        // The first target exactly, half of the second in amplitude (3/4 of its power), nothing of the third.
        let outputs = Matrix::from_vec(4, 3, vec![1., 0.5, 0., -1., 0.5, 0., 1., -0.5, 0., -1., -0.5, 0.]);
        let all = |threshold| information_capacity(outputs.all(), targets.all(), &[1, 1, 2], threshold).unwrap();
        assert_eq!((all(0.0).total, all(0.0).per_degree), (1.75, vec![0.0, 1.75, 0.0]));
        assert_eq!((all(0.75).total, all(0.75).per_target), (1.0, vec![1.0, 0.0, 0.0]));
        let error = information_capacity(outputs.all(), targets.all(), &[1], 0.0).unwrap_err();
        assert_eq!(error, ReadoutError::Size { what: "degrees", expected: 3, found: 1 });
        assert_eq!((fitted_threshold(50, 1000), fitted_threshold(5, 0)), (0.16, 16.0));
    }

    #[test]
    fn tasks_that_rank_alike_are_one() {
        let number = |rows: usize, scores: &[f64]| {
            effective_number(Matrix::from_vec(rows, scores.len() / rows, scores.to_vec()).all())
        };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        near(number(3, &[1., 2., 3., 2., 4., 6., 5., 10., 15.]).unwrap(), 1.0);
        // Two unrelated columns of one variance are two; the same column three times more is not one more.
        near(number(4, &[1., 1., 1., -1., -1., 1., -1., -1.]).unwrap(), 2.0);
        near(number(4, &[1., 1., 1., -1., -1., -1., -1., 1.]).unwrap(), 2.0);
        assert_eq!(number(2, &[3., 4., 3., 4.]).unwrap(), 0.0);
        assert!(matches!(number(2, &[3., f64::NAN, 3., 4.]), Err(ReadoutError::NotFinite { .. })));
        assert!(matches!(effective_number(Matrix::new(3).all()), Err(ReadoutError::Empty { .. })));
    }
}

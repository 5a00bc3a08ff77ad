//! Eigenvalues and eigenvectors of a symmetric matrix, in one order of operations.
//!
//! Reflections make the matrix tridiagonal (Householder, J. ACM 5, 1958), rotations with Wilkinson's shift make that
//! one diagonal (implicit QL: Dubrulle, Martin and Wilkinson, Numer. Math. 12, 1968). The error of an eigenvalue is
//! some units in the last place of the largest.

/// The eigenvalues of a symmetric matrix, largest first, and their eigenvectors, one a row.
pub(crate) struct Eigen {
    pub(crate) values: Vec<f64>,
    pub(crate) vectors: Vec<Vec<f64>>,
}

impl Eigen {
    /// Of the row-major `size` x `size` matrix, whose entries are finite.
    pub(crate) fn of(matrix: &[f64], size: usize) -> Self {
        let mut rows: Vec<Vec<f64>> = (0..size).map(|i| matrix[i * size..(i + 1) * size].to_vec()).collect();
        let mut vectors: Vec<Vec<f64>> =
            (0..size).map(|i| (0..size).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        for k in 0..size.saturating_sub(2) {
            reflect(&mut rows, &mut vectors, k);
        }
        let mut diagonal: Vec<f64> = (0..size).map(|i| rows[i][i]).collect();
        let mut beside: Vec<f64> = (0..size).map(|i| if i + 1 < size { rows[i + 1][i] } else { 0.0 }).collect();
        for low in 0..size {
            while let Some(high) = unreduced(&diagonal, &beside, low) {
                sweep(&mut diagonal, &mut beside, &mut vectors, low, high);
            }
        }
        let mut order: Vec<usize> = (0..size).collect();
        order.sort_by(|a, b| diagonal[*b].total_cmp(&diagonal[*a]));
        let mut taken = |index: &usize| std::mem::take(&mut vectors[*index]);
        Self {
            values: order.iter().map(|index| diagonal[*index]).collect(),
            vectors: order.iter().map(&mut taken).collect(),
        }
    }
}

/// Reflects all below row `k` + 1 of column `k` into that row, from both sides.
fn reflect(rows: &mut [Vec<f64>], vectors: &mut [Vec<f64>], k: usize) {
    let size = rows.len();
    let start = k + 1;
    let mut v: Vec<f64> = (start..size).map(|i| rows[i][k]).collect();
    let square = v.iter().fold(0.0, |sum, x| sum + x * x);
    if v[1..].iter().all(|x| *x == 0.0) {
        return;
    }
    let norm = square.sqrt();
    let first = if v[0] > 0.0 { -norm } else { norm };
    v[0] -= first;
    let factor = 2.0 / v.iter().fold(0.0, |sum, x| sum + x * x);
    if !factor.is_finite() {
        // So small that its square vanishes: nothing beside what the matrix rounds to.
        (start + 1..size).for_each(|i| rows[i][k] = 0.0);
        return;
    }
    // A' = A - v w^T - w v^T of the part from `start` on.
    let dot = |row: &[f64]| row[start..].iter().zip(&v).fold(0.0, |sum, (a, x)| sum + a * x);
    let p: Vec<f64> = rows[start..].iter().map(|row| factor * dot(row)).collect();
    let half = factor / 2.0 * p.iter().zip(&v).fold(0.0, |sum, (p, x)| sum + p * x);
    let w: Vec<f64> = p.iter().zip(&v).map(|(p, x)| p - half * x).collect();
    for (i, row) in rows[start..].iter_mut().enumerate() {
        for (entry, (v_j, w_j)) in row[start..].iter_mut().zip(v.iter().zip(&w)) {
            *entry -= v[i] * w_j + w[i] * v_j;
        }
    }
    rows[start][k] = first;
    (start + 1..size).for_each(|i| rows[i][k] = 0.0);
    let mut sums = vec![0.0; size];
    for (row, x) in vectors[start..].iter().zip(&v) {
        sums.iter_mut().zip(row).for_each(|(sum, entry)| *sum += x * entry);
    }
    for (row, x) in vectors[start..].iter_mut().zip(&v) {
        row.iter_mut().zip(&sums).for_each(|(entry, sum)| *entry -= factor * x * sum);
    }
}

/// The end of the part from `low` on that still hangs together; none if `low` stands alone.
fn unreduced(diagonal: &[f64], beside: &[f64], low: usize) -> Option<usize> {
    let is_split = |i: &usize| {
        let around = diagonal[*i].abs() + diagonal[i + 1].abs();
        around + beside[*i].abs() == around
    };
    let end = (low..diagonal.len() - 1).find(is_split).unwrap_or(diagonal.len() - 1);
    (end > low).then_some(end)
}

/// One sweep of rotations from `high` up to `low`.
fn sweep(diagonal: &mut [f64], beside: &mut [f64], vectors: &mut [Vec<f64>], low: usize, high: usize) {
    let ahead = (diagonal[low + 1] - diagonal[low]) / (2.0 * beside[low]);
    let root = (ahead * ahead + 1.0).sqrt();
    let mut g = diagonal[high] - diagonal[low] + beside[low] / (ahead + if ahead < 0.0 { -root } else { root });
    let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
    for i in (low..high).rev() {
        let (f, b) = (s * beside[i], c * beside[i]);
        let r = (f * f + g * g).sqrt();
        beside[i + 1] = r;
        if r == 0.0 {
            // The part fell in two: go on with the halves.
            diagonal[i + 1] -= p;
            beside[high] = 0.0;
            return;
        }
        s = f / r;
        c = g / r;
        g = diagonal[i + 1] - p;
        let turn = (diagonal[i] - g) * s + 2.0 * c * b;
        p = s * turn;
        diagonal[i + 1] = g + p;
        g = c * turn - b;
        let (above, below) = vectors.split_at_mut(i + 1);
        for (x, y) in above[i].iter_mut().zip(&mut below[0]) {
            let (old_x, old_y) = (*x, *y);
            *y = s * old_x + c * old_y;
            *x = c * old_x - s * old_y;
        }
    }
    diagonal[low] -= p;
    beside[low] = g;
    beside[high] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal};

    /// A v = value v, and eigenvectors are orthonormal.
    fn check(matrix: &[f64], size: usize) -> Vec<f64> {
        let eigen = Eigen::of(matrix, size);
        let scale = matrix.iter().fold(0.0f64, |most, x| most.max(x.abs())) * size as f64;
        for (i, (value, vector)) in eigen.values.iter().zip(&eigen.vectors).enumerate() {
            for (row, x) in matrix.chunks_exact(size).zip(vector) {
                let found: f64 = row.iter().zip(vector).map(|(a, x)| a * x).sum();
                assert!((found - value * x).abs() <= 1e-13 * scale, "vector {i}: {found} {value} {x}");
            }
            for (j, other) in eigen.vectors.iter().enumerate() {
                let product: f64 = vector.iter().zip(other).map(|(x, y)| x * y).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "vectors {i} and {j}: {product}");
            }
        }
        assert!(eigen.values.is_sorted_by(|a, b| a >= b));
        eigen.values
    }

    #[test]
    fn small_matrices_have_their_closed_form() {
        assert!(check(&[], 0).is_empty());
        assert_eq!(check(&[-3.0], 1), [-3.0]);
        let two = check(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((two[0] - 3.0).abs() < 1e-15 && (two[1] - 1.0).abs() < 1e-15, "{two:?}");
        assert_eq!(check(&[0.0; 9], 3), [0.0; 3]);
        assert_eq!(check(&[5.0, 0.0, 0.0, 0.0, 7.0, 0.0, 0.0, 0.0, 5.0], 3), [7.0, 5.0, 5.0]);
        // All ones: one eigenvalue n, the others 0.
        let ones = check(&[1.0; 49], 7);
        assert!((ones[0] - 7.0).abs() < 1e-13 && ones[1..].iter().all(|value| value.abs() < 1e-14), "{ones:?}");
    }

    #[test]
    fn random_matrices_are_diagonal_in_their_vectors() {
        let mut stream = key_of_seed("eigen", 1).stream();
        for size in [2, 3, 5, 20, 60] {
            let mut matrix = vec![0.0; size * size];
            for i in 0..size {
                for j in 0..=i {
                    let entry = normal(&mut stream);
                    matrix[i * size + j] = entry;
                    matrix[j * size + i] = entry;
                }
            }
            let trace: f64 = (0..size).map(|i| matrix[i * size + i]).sum();
            assert!((check(&matrix, size).iter().sum::<f64>() - trace).abs() < 1e-11);
        }
    }

    /// Second differences: 2 - 2 cos(k pi / (n + 1)).
    #[test]
    fn a_chain_has_its_closed_form() {
        let size = 30;
        let entry = |at: usize| match (at / size).abs_diff(at % size) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        };
        let values = check(&(0..size * size).map(entry).collect::<Vec<f64>>(), size);
        for (k, value) in values.iter().rev().enumerate() {
            let expected = 2.0 - 2.0 * ((k + 1) as f64 * std::f64::consts::PI / 31.0).cos();
            assert!((value - expected).abs() < 1e-13, "{k}: {value} {expected}");
        }
    }

    /// A Hilbert matrix: eigenvalues over 16 decades, entries that reflections must not blow up.
    #[test]
    fn graded_matrices_end() {
        let values = check(&(0..144).map(|at| 1.0 / (at / 12 + at % 12 + 1) as f64).collect::<Vec<f64>>(), 12);
        assert!((values[0] - 1.795_372_059_561_997_5).abs() < 1e-13, "{values:?}");
        check(&[1.0, 1e-200, 0.0, 1e-200, 1e-300, 1e-180, 0.0, 1e-180, 2.0], 3);
    }
}

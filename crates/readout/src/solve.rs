//! The little linear algebra that ridge regression needs, in one fixed order of operations.
//!
//! Products are summed either row after row (Gram matrices: vectorised across entries, so each entry is a plain
//! sequential sum) or in eight interleaved partial sums (dot products). Neither order depends on the machine, nor on
//! the vectors that [`simd`] chooses for the loops.

/// Number of partial sums of a dot product.
const LANES: usize = 8;

/// The dot product of two vectors of the same length: entry `i` goes to partial sum `i mod 8`, and the eight are
/// added as a tree.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    for (sum, (x, y)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += x * y;
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
}

/// Side of the square tiles in which Gram matrices are summed: 4 x 4 sums stay in registers.
const TILE: usize = 4;
/// Rows that are packed at a time, so that two panels of them stay in the first-level cache.
const BLOCK: usize = 128;

/// Consecutive rows repacked in panels of four columns (the last one padded with zeros): panel `p` holds columns
/// `4 p ..` row after row.
#[inline(always)]
fn pack(data: &[f64], columns: usize, panels: &mut Vec<[f64; TILE]>) {
    let rows = data.len() / columns;
    panels.clear();
    panels.resize(columns.div_ceil(TILE) * rows, [0.0; TILE]);
    for (r, row) in data.chunks_exact(columns).enumerate() {
        for (p, part) in row.chunks(TILE).enumerate() {
            panels[p * rows + r][..part.len()].copy_from_slice(part);
        }
    }
}

/// Adds the products of two packed panels, row after row, to a tile of sums.
#[inline(always)]
fn add_tile(tile: &mut [[f64; TILE]; TILE], a: &[[f64; TILE]], b: &[[f64; TILE]]) {
    let mut sums = *tile;
    for (x, y) in a.iter().zip(b) {
        for (sum, x) in sums.iter_mut().zip(x) {
            for lane in 0..TILE {
                sum[lane] += x * y[lane];
            }
        }
    }
    *tile = sums;
}

/// `a^T b` for two row-major matrices with the same number of rows: a row-major `a_columns x b_columns` matrix.
/// Every entry is the sum of its products in the order of the rows.
pub(crate) fn products(a: &[f64], a_columns: usize, b: &[f64], b_columns: usize) -> Vec<f64> {
    simd::dispatch(Products { a, a_columns, b, b_columns, lower: false })
}

/// `a^T a`, as [`products`] but only the lower triangle is computed and then mirrored.
pub(crate) fn gram(a: &[f64], columns: usize) -> Vec<f64> {
    let lower = true;
    let mut result = simd::dispatch(Products { a, a_columns: columns, b: a, b_columns: columns, lower });
    for i in 0..columns {
        for j in 0..i {
            result[j * columns + i] = result[i * columns + j];
        }
    }
    result
}

/// `a^T b` in tiles; with `lower`, only those that reach into the lower triangle.
struct Products<'a> {
    a: &'a [f64],
    a_columns: usize,
    b: &'a [f64],
    b_columns: usize,
    lower: bool,
}

impl simd::Kernel for Products<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let Self { a, a_columns, b, b_columns, lower } = self;
        let mut result = vec![0.0; a_columns * b_columns];
        if result.is_empty() {
            return result;
        }
        debug_assert_eq!(a.len() / a_columns, b.len() / b_columns);
        let (a_panels, b_panels) = (a_columns.div_ceil(TILE), b_columns.div_ceil(TILE));
        let mut tiles = vec![[[0.0; TILE]; TILE]; a_panels * b_panels];
        let (mut packed_a, mut packed_b) = (Vec::new(), Vec::new());
        for (block_a, block_b) in a.chunks(BLOCK * a_columns).zip(b.chunks(BLOCK * b_columns)) {
            let rows = block_a.len() / a_columns;
            pack(block_a, a_columns, &mut packed_a);
            pack(block_b, b_columns, &mut packed_b);
            for (i, panel_a) in packed_a.chunks_exact(rows).enumerate() {
                let last = if lower { i + 1 } else { b_panels };
                for (j, panel_b) in packed_b.chunks_exact(rows).enumerate().take(last) {
                    add_tile(&mut tiles[i * b_panels + j], panel_a, panel_b);
                }
            }
        }
        for (i, row) in result.chunks_exact_mut(b_columns).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = tiles[i / TILE * b_panels + j / TILE][i % TILE][j % TILE];
            }
        }
        result
    }
}

/// `a a^T` for a row-major matrix: dot products of its rows.
pub(crate) fn row_gram(a: &[f64], columns: usize) -> Vec<f64> {
    simd::dispatch(RowGram { a, columns })
}

struct RowGram<'a> {
    a: &'a [f64],
    columns: usize,
}

impl simd::Kernel for RowGram<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let Self { a, columns } = self;
        let rows = a.len().checked_div(columns).unwrap_or(0);
        let mut result = vec![0.0; rows * rows];
        for i in 0..rows {
            for j in 0..=i {
                let product = dot(&a[i * columns..(i + 1) * columns], &a[j * columns..(j + 1) * columns]);
                result[i * rows + j] = product;
                result[j * rows + i] = product;
            }
        }
        result
    }
}

/// A Cholesky factor: the lower triangle `L` of `L L^T = A`, row-major.
pub(crate) struct Factor {
    size: usize,
    lower: Vec<f64>,
}

/// A pivot this much smaller than its diagonal entry has lost all its digits: the matrix counts as singular.
const PIVOT_MIN: f64 = 1.0 / (1u64 << 50) as f64;

impl Factor {
    /// Factorises the symmetric `size x size` matrix `a` with `shift` added to its diagonal; only the lower triangle
    /// is read.
    ///
    /// The error is the row whose pivot is not safely positive.
    pub(crate) fn new(a: &[f64], size: usize, shift: f64) -> Result<Self, usize> {
        simd::dispatch(Factorise { a, size, shift })
    }

    /// Replaces `b` by the solution of `A x = b`.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        simd::dispatch(Solve { factor: self, b });
    }
}

/// See [`Factor::new`].
struct Factorise<'a> {
    a: &'a [f64],
    size: usize,
    shift: f64,
}

impl simd::Kernel for Factorise<'_> {
    type Output = Result<Factor, usize>;

    #[inline(always)]
    fn run(self) -> Result<Factor, usize> {
        let Self { a, size, shift } = self;
        let mut lower = a.to_vec();
        for i in 0..size {
            let (above, from_i) = lower.split_at_mut(i * size);
            let row = &mut from_i[..size];
            for (j, other) in above.chunks_exact(size).enumerate() {
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let diagonal = row[i] + shift;
            let pivot = diagonal - dot(&row[..i], &row[..i]);
            // Written so that a NaN is refused too.
            if !(pivot > diagonal * PIVOT_MIN && pivot.is_finite()) {
                return Err(i);
            }
            row[i] = pivot.sqrt();
        }
        Ok(Factor { size, lower })
    }
}

/// See [`Factor::solve`].
struct Solve<'a> {
    factor: &'a Factor,
    b: &'a mut [f64],
}

impl simd::Kernel for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (Factor { size: n, lower }, b) = (self.factor, self.b);
        let n = *n;
        for i in 0..n {
            let row = &lower[i * n..(i + 1) * n];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
        for i in (0..n).rev() {
            let row = &lower[i * n..(i + 1) * n];
            b[i] /= row[i];
            let x = b[i];
            b[..i].iter_mut().zip(row).for_each(|(entry, l)| *entry -= l * x);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Solves `a x = b` by Gaussian elimination with row pivoting: slow, and shares nothing with the above.
    pub(crate) fn eliminate(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let n = b.len();
        for column in 0..n {
            let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs())).unwrap();
            a.swap(column, pivot);
            b.swap(column, pivot);
            for row in column + 1..n {
                let factor = a[row][column] / a[column][column];
                let (above, below) = a.split_at_mut(row);
                below[0].iter_mut().zip(&above[column]).skip(column).for_each(|(x, p)| *x -= factor * p);
                b[row] -= factor * b[column];
            }
        }
        for row in (0..n).rev() {
            b[row] = (b[row] - (row + 1..n).map(|k| a[row][k] * b[k]).sum::<f64>()) / a[row][row];
        }
        b
    }

    proptest! {
        /// Integers, so every order of summation is exact: all products must be equal to the last bit.
        #[test]
        fn products_are_exact_for_integers(
            rows in 0usize..300, a_columns in 1usize..14, b_columns in 1usize..11, seed in any::<u64>(),
        ) {
            let word = |i: usize| seed.rotate_left((i * 7) as u32 % 64).wrapping_add(i as u64 * 77);
            let value = |i: usize| f64::from((word(i) % 201) as i16 - 100);
            let a: Vec<f64> = (0..rows * a_columns).map(value).collect();
            let b: Vec<f64> = (0..rows * b_columns).map(|i| value(i + 5)).collect();
            let slow = |x: &[f64], nx: usize, y: &[f64], ny: usize, rows: usize| -> Vec<f64> {
                (0..nx * ny).map(|at| (0..rows).map(|r| x[r * nx + at / ny] * y[r * ny + at % ny]).sum()).collect()
            };
            prop_assert_eq!(products(&a, a_columns, &b, b_columns), slow(&a, a_columns, &b, b_columns, rows));
            prop_assert_eq!(gram(&a, a_columns), slow(&a, a_columns, &a, a_columns, rows));
            let across = |at: usize| a[at % rows * a_columns + at / rows];
            let transposed: Vec<f64> = (0..a.len()).map(across).collect();
            prop_assert_eq!(row_gram(&a, a_columns), slow(&transposed, rows, &transposed, rows, a_columns));
        }

        #[test]
        fn cholesky_solves(
            n in 1usize..20, entries in prop::collection::vec(-1.0f64..1.0, 400), shift in 0.1f64..2.0,
        ) {
            let a = gram(&entries[..n * n], n);
            let mut x = entries[..n].to_vec();
            Factor::new(&a, n, shift).ok().unwrap().solve(&mut x);
            let shifted = (0..n).map(|i| (0..n).map(|j| a[i * n + j] + if i == j { shift } else { 0.0 }).collect());
            for (got, expected) in x.iter().zip(eliminate(shifted.collect(), entries[..n].to_vec())) {
                prop_assert!((got - expected).abs() < 1e-12 * (1.0 + expected.abs()) / shift, "{got} {expected}");
            }
        }
    }

    /// The order of a dot product is part of the contract: it decides the last bits of every score.
    #[test]
    fn the_order_of_a_dot_product_is_fixed() {
        let a: Vec<f64> = (1..=21).map(|i| 1.0 / f64::from(i)).collect();
        let lane = |l: usize| a.iter().skip(l).step_by(8).fold(0.0, |sum, x| sum + x * x);
        let expected = ((lane(0) + lane(4)) + (lane(2) + lane(6))) + ((lane(1) + lane(5)) + (lane(3) + lane(7)));
        assert_eq!(dot(&a, &a).to_bits(), expected.to_bits());
        assert_eq!(dot(&[], &[]), 0.0);
    }

    #[test]
    fn a_singular_matrix_names_its_pivot() {
        let error = |a: &[f64], n| Factor::new(a, n, 0.0).err();
        assert_eq!(error(&[1.0, 2.0, 2.0, 4.0], 2), Some(1));
        assert_eq!(error(&[0.0], 1), Some(0));
        assert_eq!(error(&[-1.0], 1), Some(0));
        assert_eq!(error(&[f64::NAN], 1), Some(0));
        assert_eq!(error(&[4.0], 1), None);
    }
}

//! A row-major table of `f64`: one row a sample, one column a feature or target.

use crate::ReadoutError;
use crate::solve::{gram, products};
use std::ops::Range;

/// A row-major table of numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

/// Some consecutive rows of a [`Matrix`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows<'a> {
    rows: usize,
    columns: usize,
    data: &'a [f64],
}

impl Matrix {
    /// A matrix with `columns` columns and no row yet.
    pub const fn new(columns: usize) -> Self {
        Self { rows: 0, columns, data: Vec::new() }
    }

    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// A matrix from rows that lie one after another in `data`.
    ///
    /// # Panics
    /// If `data` does not have `rows * columns` entries.
    pub fn from_vec(rows: usize, columns: usize, data: Vec<f64>) -> Self {
        assert_eq!(data.len(), rows * columns, "{rows} rows of {columns} columns");
        Self { rows, columns, data }
    }

    /// One row a class index: 1 in the column of the class, 0 elsewhere. The targets of a classification.
    ///
    /// # Errors
    /// [`ReadoutError::Class`] if a class is not below `classes`.
    pub fn one_hot(class_of_row: &[usize], classes: usize) -> Result<Self, ReadoutError> {
        let mut targets = Self::zeros(class_of_row.len(), classes);
        for (row, &class) in class_of_row.iter().enumerate() {
            if class >= classes {
                return Err(ReadoutError::Class { row, class, classes });
            }
            targets.row_mut(row)[class] = 1.0;
        }
        Ok(targets)
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If `row` does not have one entry a column.
    pub fn push_row(&mut self, row: &[f64]) {
        assert_eq!(row.len(), self.columns, "entries of a row");
        self.data.extend_from_slice(row);
        self.rows += 1;
    }

    /// Appends a row of zeros and returns it.
    pub fn push_zeros(&mut self) -> &mut [f64] {
        self.data.resize(self.data.len() + self.columns, 0.0);
        self.rows += 1;
        self.row_mut(self.rows - 1)
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, index: usize) -> &[f64] {
        self.all().row(index)
    }

    /// Row `index`, to be changed.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_mut(&mut self, index: usize) -> &mut [f64] {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        &mut self.data[index * self.columns..(index + 1) * self.columns]
    }

    /// All entries, row after row.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// All rows.
    pub fn all(&self) -> Rows<'_> {
        Rows { rows: self.rows, columns: self.columns, data: &self.data }
    }

    /// Rows `range`.
    ///
    /// # Panics
    /// If the range does not lie within the rows.
    pub fn slice(&self, range: Range<usize>) -> Rows<'_> {
        self.all().slice(range)
    }
}

impl<'a> Rows<'a> {
    /// Number of rows.
    pub const fn rows(self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub const fn columns(self) -> usize {
        self.columns
    }

    /// Row `index` of these.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(self, index: usize) -> &'a [f64] {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        &self.data[index * self.columns..(index + 1) * self.columns]
    }

    /// The rows in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a [f64]> {
        (0..self.rows).map(move |i| self.row(i))
    }

    /// The entries of one column, from top to bottom.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(self, index: usize) -> impl ExactSizeIterator<Item = f64> + Clone + 'a {
        assert!(index < self.columns, "column {index} of {}", self.columns);
        (0..self.rows).map(move |i| self.data[i * self.columns + index])
    }

    /// Rows `range` of these.
    ///
    /// # Panics
    /// If the range does not lie within the rows.
    pub fn slice(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.rows, "rows {range:?} of {}", self.rows);
        let data = &self.data[range.start * self.columns..range.end * self.columns];
        Self { rows: range.len(), columns: self.columns, data }
    }

    /// The products of these rows, transposed, with `other`: one row a column of these, one column a column of `other`.
    /// Every entry is the sum of its products in the order of the rows.
    ///
    /// # Panics
    /// If the two do not have as many rows.
    pub fn products(self, other: Rows<'_>) -> Matrix {
        assert_eq!(self.rows, other.rows, "rows that are multiplied");
        let data = products(self.data, self.columns, other.data, other.columns);
        Matrix { rows: self.columns, columns: other.columns, data }
    }

    /// The products of all columns with each other: [`Self::products`] with itself, in half the time.
    pub fn gram(self) -> Matrix {
        let data = if self.columns == 0 { Vec::new() } else { gram(self.data, self.columns) };
        Matrix { rows: self.columns, columns: self.columns, data }
    }

    /// Refuses a NaN or an infinity; `what` names the table in the error, and rows count from `first_row`.
    pub(crate) fn check_finite(self, what: &'static str, first_row: usize) -> Result<(), ReadoutError> {
        match self.data.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => Err(ReadoutError::NotFinite {
                what,
                row: first_row + at / self.columns,
                column: at % self.columns,
                value: self.data[at],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_columns_and_slices() {
        let mut m = Matrix::new(2);
        m.push_row(&[1.0, 2.0]);
        m.push_row(&[3.0, 4.0]);
        m.push_zeros()[1] = 6.0;
        assert_eq!((m.rows(), m.columns(), m.row(2)), (3, 2, &[0.0, 6.0][..]));
        let tail = m.slice(1..3);
        assert_eq!(tail.row(0), &[3.0, 4.0]);
        assert_eq!(tail.column(1).collect::<Vec<_>>(), [4.0, 6.0]);
        assert_eq!(tail.slice(1..1).rows(), 0);
        assert_eq!(m, Matrix::from_vec(3, 2, vec![1.0, 2.0, 3.0, 4.0, 0.0, 6.0]));
    }

    #[test]
    fn a_matrix_without_columns_still_counts_rows() {
        let mut m = Matrix::new(0);
        m.push_row(&[]);
        m.push_row(&[]);
        assert_eq!(m.all().iter().count(), 2);
        assert_eq!(m.all().check_finite("features", 0), Ok(()));
    }

    #[test]
    fn products_of_columns() {
        let a = Matrix::from_vec(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(a.all().gram(), Matrix::from_vec(2, 2, vec![35.0, 44.0, 44.0, 56.0]));
        let b = Matrix::from_vec(3, 1, vec![1.0, 0.0, -1.0]);
        assert_eq!(a.all().products(b.all()), Matrix::from_vec(2, 1, vec![-4.0, -4.0]));
        assert_eq!(Matrix::new(0).all().gram(), Matrix::new(0));
    }

    #[test]
    fn one_hot_refuses_a_class_that_does_not_exist() {
        assert_eq!(Matrix::one_hot(&[1, 0], 2).unwrap().data(), &[0.0, 1.0, 1.0, 0.0]);
        let error = Matrix::one_hot(&[0, 2], 2).unwrap_err();
        assert_eq!(error, ReadoutError::Class { row: 1, class: 2, classes: 2 });
    }

    #[test]
    #[should_panic(expected = "entries of a row")]
    fn a_row_of_the_wrong_length_is_refused() {
        Matrix::new(2).push_row(&[1.0]);
    }
}

//! Which rows are thrown away, trained on, validated on and tested on.

use std::ops::Range;

/// Numbers of consecutive rows: first the washout, then training, validation and test.
///
/// Washout rows carry what the reservoir remembers of its initial state and are never used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Rows thrown away at the start.
    pub washout: usize,
    /// Rows to train on.
    pub train: usize,
    /// Rows to choose the penalty on.
    pub validation: usize,
    /// Rows to score.
    pub test: usize,
}

impl Split {
    /// Rows to train on.
    pub const fn training_rows(&self) -> Range<usize> {
        self.washout..self.washout + self.train
    }

    /// Rows to choose the penalty on.
    pub const fn validation_rows(&self) -> Range<usize> {
        let start = self.washout + self.train;
        start..start + self.validation
    }

    /// Training and validation rows together: what the final readout is fitted on.
    pub const fn fitted_rows(&self) -> Range<usize> {
        self.washout..self.washout + self.train + self.validation
    }

    /// Rows to score.
    pub const fn test_rows(&self) -> Range<usize> {
        let start = self.washout + self.train + self.validation;
        start..start + self.test
    }

    /// All rows, washout included.
    pub const fn total(&self) -> usize {
        self.washout + self.train + self.validation + self.test
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another() {
        let split = Split { washout: 2, train: 5, validation: 3, test: 4 };
        assert_eq!(split.training_rows(), 2..7);
        assert_eq!(split.validation_rows(), 7..10);
        assert_eq!(split.fitted_rows(), 2..10);
        assert_eq!(split.test_rows(), 10..14);
        assert_eq!(split.total(), 14);
    }
}

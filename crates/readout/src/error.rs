//! Everything that can go wrong between features and scores.

use thiserror::Error;

/// Why features, targets or options could not be used. Every variant is an error of the caller's data or options;
/// nothing was changed, and the call can be repeated after the cause is removed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ReadoutError {
    /// A value is NaN or infinite.
    #[error("{what}: row {row}, column {column} is {value}; only finite numbers can be trained on or scored")]
    NotFinite {
        /// What was looked at: `features`, `targets`, ...
        what: &'static str,
        /// Row, counted from 0.
        row: usize,
        /// Column, counted from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// Two things that belong together have different sizes.
    #[error("{what}: {found} given where {expected} are needed")]
    Size {
        /// Which size.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        found: usize,
    },
    /// There is nothing to work on.
    #[error("{what}: at least one is needed")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// A ridge penalty is negative, NaN or infinite.
    #[error("ridge penalty {value}: give finite penalties of at least 0, such as 1e-6")]
    Penalty {
        /// The penalty.
        value: f64,
    },
    /// With this penalty (and every other one that was tried) the normal equations have no stable solution.
    #[error("ridge penalty {penalty}: the features are linearly dependent (pivot {pivot}); use a larger penalty")]
    Singular {
        /// The largest penalty tried.
        penalty: f64,
        /// Row of the matrix at which the factorisation stopped, counted from 0.
        pivot: usize,
    },
    /// A target does not vary over the rows that are scored, so an error relative to its spread has no meaning.
    #[error(
        "target column {column} is constant over the {rows} scored rows; a normalised error needs a target that varies"
    )]
    ConstantTarget {
        /// Column of the target, counted from 0.
        column: usize,
        /// Rows scored.
        rows: usize,
    },
    /// A class index does not exist.
    #[error("row {row}: class {class} of {classes}; classes count from 0")]
    Class {
        /// Row, counted from 0.
        row: usize,
        /// The class.
        class: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A decay is outside its range.
    #[error("decay {value} per tick: it must be at least 0 and below 1")]
    Decay {
        /// The decay.
        value: f64,
    },
    /// Weight levels are not usable.
    #[error("weight levels must be finite, strictly rising and not all 0 (level {index} is not)")]
    Levels {
        /// The first offending level, counted from 0.
        index: usize,
    },
}

//! From recorded events to a score: features, a trained linear readout, and how well it does.
//!
//! This crate owns the features of a reservoir ([`SpikeCounts`], [`FilteredSpikes`], [`Levels`], [`MeanLevels`]), the
//! division of their rows into washout, training, validation and test ([`Split`]), ridge regression ([`Ridge`]) and the
//! scores ([`metrics`]).
//!
//! It deliberately knows no chip, no task and no file: ticks and neurons arrive as plain numbers, weights leave as
//! plain numbers, and the mapper rounds them to what a chip can hold.
//!
//! Arithmetic is `f64` with `+ - * /` and the square root only, always in the same order and never in an order that
//! depends on the machine, so that equal inputs give equal bits on every platform.
//!
//! ```
//! use quenched_readout::{Matrix, metrics};
//!
//! let outputs = Matrix::from_vec(3, 2, vec![0.9, 0.1, 0.2, 0.7, 0.6, 0.5]);
//! assert_eq!(metrics::accuracy(outputs.all(), &[0, 1, 1]).unwrap(), 2.0 / 3.0);
//! ```

mod error;
mod features;
mod linear;
mod matrix;
pub mod metrics;
mod ridge;
mod solve;
mod split;

pub use error::ReadoutError;
pub use features::{Features, FilteredSpikes, Levels, MeanLevels, Recorder, SpikeCounts, part_ends, part_means};
pub use linear::LinearReadout;
pub use matrix::{Matrix, Rows};
pub use ridge::{Criterion, Fit, PENALTIES, Ridge, SPIKES_MIN, Scaling, Trial};
pub use split::Split;

//! What studies of variability may say, and how surely.
//!
//! This crate owns
//! - intervals of means, paired differences, ratios and quantiles over nested units ([`Tree`], [`bootstrap`]), as a
//!   number that is never without them ([`Estimate`]);
//! - tests over many tasks under dependence, and the share of tasks improved ([`significance`]);
//! - shares and yields ([`wilson`], [`clopper_pearson`], [`yields`]), and dies that fail rarely ([`rare`]);
//! - which parameter is to blame ([`sobol`]), and variance between dies, runs and within a run apart ([`components`]);
//! - why a network does well ([`mechanism`]) and what of its input it holds ([`capacity`]);
//! - the size of the homogeneous network that matches ([`match_size()`]);
//! - the distributions that all these go by ([`distribution`]).
//!
//! It deliberately knows no chip, task or file, runs nothing and prints nothing: numbers arrive, and numbers with
//! intervals leave. Arithmetic is `f64` with `+ - * /` and the square root in a fixed order, and random draws are
//! addressed by the data or a seed, so that equal inputs give equal bits on every machine with any number of threads.
//!
//! ```
//! use quenched_statistics::{LEVEL, Tree, bootstrap};
//!
//! // Errors with and without heterogeneity: three networks with two dies each. Six dies, but n = 3.
//! let pairs = [
//!     ([0, 0], (0.151, 0.180)), ([0, 1], (0.149, 0.178)),
//!     ([1, 0], (0.147, 0.175)), ([1, 1], (0.150, 0.181)),
//!     ([2, 0], (0.144, 0.174)), ([2, 1], (0.146, 0.172)),
//! ];
//! let change = bootstrap::paired_difference(&Tree::from_rows(&pairs)?, "networks", LEVEL)?;
//! assert_eq!(change.difference().to_string(), "-0.029 (95 %: -0.031 to -0.027, n = 3 networks)");
//! # Ok::<(), quenched_statistics::StatisticsError>(())
//! ```

pub mod bootstrap;
pub mod capacity;
pub mod components;
pub mod distribution;
mod draw;
mod eigen;
mod elementary;
mod error;
mod estimate;
mod match_size;
pub mod mechanism;
pub mod rare;
mod share;
pub mod significance;
pub mod sobol;
mod tree;
pub mod yields;

pub use error::StatisticsError;
pub use estimate::{Difference, Estimate, LEVEL, Method};
pub use match_size::{MatchedSize, Size, SizeScores, match_size};
pub use share::{clopper_pearson, wilson};
pub use significance::Better;
pub use tree::Tree;

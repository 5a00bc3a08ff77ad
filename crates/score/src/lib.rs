//! A network, a labelled set of events, and many dies: how many samples does each die decide as its label says?
//!
//! This crate owns labelled sets of any of the forms that `formats` and `tasks` read ([`LabelledSet`]), the rules by
//! which output neurons decide ([`Rule`]), running every sample on every die with one mapping ([`Scoring`]), what comes
//! of it ([`DieScore`]) and the statistics of it ([`statistics`]), and chips of which one parameter alone differs
//! ([`vary`]).
//!
//! It deliberately maps nothing, trains nothing and prints nothing. Floats meet `+ - * /` and the square root in a
//! fixed order, and results come in the order of dies and samples, so that they are the same bytes for any number of
//! threads.
//!
//! ```
//! use quenched_score::statistics::{mean_over_dies, yield_interval};
//!
//! // 9 of 10 dies reach what is asked of them: the share of all dies that do is known no better than this.
//! let (low, high) = yield_interval(9, 10);
//! assert!((0.55..0.56).contains(&low) && (0.99..1.0).contains(&high));
//! assert_eq!(mean_over_dies(&[0.5, 1.0]).mean, 0.75);
//! ```

mod cost;
mod decide;
mod error;
mod notice;
mod rates;
mod run;
mod score;
mod set;
mod source;
pub mod statistics;
mod vary;

pub use cost::{Cost, cost};
pub use decide::{Decision, Rule};
pub use error::ScoreError;
pub use notice::notices;
pub use rates::{Showing, activity};
pub use run::Scoring;
pub use score::{DieScore, Outcome, confusion, worst};
pub use set::{LabelledSet, Sample};
pub use source::{Recordings, SetOptions, Source};
pub use vary::vary;

//! A network, a labelled set of events, and many dies: how many samples does each die decide as its label says?
//!
//! This crate owns labelled sets of any of the forms that `formats` and `tasks` read ([`LabelledSet`]), the rules by
//! which output neurons decide ([`Rule`], [`Deciding`]), the dies that are asked ([`DrawnDies`]), running every sample
//! on every die with one mapping ([`Scoring`]), what comes of it ([`DieScore`], [`mean_over_dies`]), and chips of which
//! one parameter alone differs ([`vary`]).
//!
//! It deliberately maps nothing, trains nothing and prints nothing; intervals are those of `statistics`. Floats meet
//! `+ - * /` and the square root in a fixed order, and results come in the order of dies and samples, so that they are
//! the same bytes for any number of threads.
//!
//! ```
//! use quenched_score::mean_over_dies;
//!
//! // Two dies say little of all others.
//! let over = mean_over_dies(&[0.5, 1.0]);
//! assert_eq!((over.mean, over.interval), (0.75, Some((0.0, 1.0))));
//! ```

mod cost;
mod decide;
mod deciding;
mod error;
mod notice;
mod over_dies;
mod rates;
mod run;
mod score;
mod set;
mod setting;
mod source;
mod vary;

pub use cost::{CoreHops, Cost, Counted, MeanHops, MeanLatency, cost};
pub use decide::{Decision, Rule};
pub use deciding::{Deciding, NamedOutput};
pub use error::ScoreError;
pub use notice::notices;
pub use over_dies::{OverDies, mean_over_dies};
pub use rates::{Showing, activity};
pub use run::Scoring;
pub use score::{DieScore, Outcome, confusion, worst};
pub use set::{LabelledSet, Sample};
pub use setting::{DrawnDies, Setting};
pub use source::{Recordings, SetOptions, Source};
pub use vary::{Replacement, differ_in_disorder_only, replace, vary};

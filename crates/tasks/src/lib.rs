//! Temporal tasks: what goes into a reservoir and what should come out.
//!
//! This crate owns the catalogue of tasks ([`CATALOGUE`], [`TemporalTask`], [`task`]), their stimuli and targets
//! ([`Stimulus`], [`Function`], [`Series`], [`Classification`], [`Regression`]), tasks of one's own data
//! ([`OwnSeries`]), the reader of data sets in the `.ts` text format ([`read_ts`]) with the Japanese Vowels data
//! inside, and the encoders that turn analog samples into events for a chip ([`Encoder`], [`graded`]).
//!
//! It deliberately knows no chip, no feature and no score: it names the metric of a task, the `readout` crate computes
//! it. It reads no file; texts are handed in.
//!
//! Everything that reaches a chip is an integer. Samples are [`fx::Real`], read from decimal text without passing
//! through a float, or drawn from addressed streams; targets, which only the host sees, are `f64` made with
//! `+ - * /` in a fixed order. Equal options give equal bits on every platform.
//!
//! ```
//! use quenched_tasks::{TaskOptions, task};
//!
//! // The same seed gives the same bits everywhere.
//! let make = || task("narma10", &TaskOptions::new(1)).unwrap();
//! assert_eq!(make().data, make().data);
//! ```

mod catalogue;
mod data;
#[cfg(test)]
mod docs;
mod encoder;
mod error;
mod function;
mod japanese_vowels;
mod own;
mod series;
mod stimulus;
mod temporal;
mod ts;

pub use catalogue::{
    CATALOGUE, Entry, Metric, Reference, Task, TaskData, TaskInfo, TaskOptions, entries, entry, ids, task,
};
pub use data::{Classification, Range, Regression, Series, Signal, Utterance};
pub use encoder::{
    Encoder, EncoderOptions, GradedEvent, GradedTrain, NumberEvent, NumberTrain, SpikeEvent, SpikePattern, SpikeTrain,
    graded, numbers,
};
pub use error::{FileProblem, TaskError};
pub use function::{Function, Target, function_and_shift};
pub use own::{OwnSeries, OwnTargets, own_series};
pub use stimulus::{Recording, Stimulus};
pub use temporal::{TemporalTask, series as temporal_series};
pub use ts::{TsData, TsRegression, is_ts_regression, read_ts, read_ts_regression};

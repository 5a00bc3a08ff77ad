//! Replays recorded traces of public simulators and chips on the kernel and compares every value.
//!
//! A *golden case* is a `.json` file that describes a network beside an `.npz` file of the same name that holds its
//! arrays: its input, everything that was recorded, and its parameters, except those of a trained net, which are in a
//! third file that the description names. `docs/formats/golden.md` in the repository tells how to write one. This crate
//! owns
//! - finding cases ([`find`]) and recognising their format by the field `format`;
//! - reading them, hostile files included: whatever a file holds, the answer is a [`ConformError`] that names the file
//!   and the field or array, never a panic;
//! - one replay per format, which makes a program of what was recorded and runs it on the kernel, straight and resumed
//!   from a snapshot;
//! - the same description as a network for a chip ([`as_network`]), for Loihi and Xylo;
//! - the comparison: [`Outcome::Pass`] counts what was compared, [`Outcome::Fail`] explains the first difference in
//!   time; and the [`Report`] of many cases as text, JSON or JUnit XML.
//!
//! It deliberately knows no circuit equation and no digital rule (those are `device-models`) and no archive format
//! (that is `formats`), and it prints nothing.
//!
//! ```no_run
//! let cases = quenched_conform::find("golden".as_ref())?;
//! let paths: Vec<_> = cases.into_iter().map(|found| found.path).collect();
//! let report = quenched_conform::run(&paths);
//! println!("{}", report.text());
//! # Ok::<(), quenched_conform::ConformError>(())
//! ```

mod arrays;
mod axons;
mod braille;
mod brian;
mod case;
mod chip_trace;
mod dynapsim;
mod error;
mod fields;
mod find;
mod junit;
mod lava;
mod loihi;
mod machine;
mod nengo;
mod nengo_use;
mod nir;
mod outcome;
mod read;
mod report;
#[cfg(test)]
mod tests;
mod wish;
mod xylo;

pub use case::{Case, FORMATS, replay};
pub use error::ConformError;
pub use find::{Found, find};
pub use outcome::{Arrival, Compared, Comparison, Difference, Outcome, Overflow, Recorded, RecordedTrace, StepBefore};
pub use report::{CaseReport, CaseResult, Options, Progress, Report, run, run_each};
pub use wish::{CaseNetwork, NETWORK_FORMATS, as_network, case_at, chip_of};

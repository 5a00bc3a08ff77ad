//! What a run did, kept so that it can be compared with another.
//!
//! A [`Record`] holds what a run sends and loses, what its probes read, and a [`Chain`]: a hash of the whole state every
//! so many ticks, in which every link depends on all before it, so that two chains differ from their first different
//! link on. [`Record::first_difference`] compares two records by what they hold; [`first_difference`] runs two sessions
//! beside each other and finds the first tick, core, neuron and quantity in which they differ, with the events that
//! arrived there.
//!
//! This crate deliberately keeps no file and runs nothing by rules of its own: it watches sessions.
//!
//! ```
//! use chip::{Endpoint, InputEvent};
//! use trace::Record;
//! use units::{InputId, Tick};
//!
//! let board = trace_example::board();
//! let record = |die| {
//!     let mut session = board.on(&board.die(1, die).unwrap()).unwrap();
//!     session.send(InputId(0), Tick(3), 1).unwrap();
//!     Record::of(&mut session, Tick(100), 10)
//! };
//! assert_eq!(record(0), record(0));
//! ```

mod chain;
mod compare;
mod record;
#[cfg(test)]
mod tests;

pub use chain::Chain;
pub use compare::{Arrived, Difference, first_difference};
pub use record::{Item, Loss, Record, RecordDifference};

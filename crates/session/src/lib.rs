//! A program on a die, as a person uses it.
//!
//! The life of a run has five steps:
//! 1. A [`Board`] is a program with its chip and its names, loaded and checked once; its connections are compiled once.
//! 2. [`Board::on`] puts it on a die: a [`Session`] at tick 0. Any number of sessions share the compiled connections.
//! 3. Events are sent ([`Session::send`], [`Session::send_all`]) and probes chosen ([`Session::probe`],
//!    [`Session::probe_population`]).
//! 4. [`Session::run_until`] runs, samples the probes and tells an observer what happens. [`Activity`] is an observer
//!    that counts by population; any other, or two at once (a pair), will do.
//! 5. The session is asked: counters, energy, faults in use, digest, a snapshot to go on from, the readings. Then it
//!    runs on, or starts again ([`Session::reset`]).
//!
//! This crate owns the one loop over the ticks of a run outside the emulator, and the translation between a user's
//! names (populations, projections, quantities) and circuits. It deliberately reads and writes no file, prints nothing,
//! and has no rule of the hardware: what a core or a router does is decided below it.

mod activity;
mod board;
mod error;
mod faults;
mod many;
mod mute;
mod probe;
mod run;
#[cfg(test)]
mod tests;

pub use activity::{Activity, PopulationActivity};
pub use board::Board;
pub use error::SessionError;
pub use faults::FaultsInUse;
pub use many::in_order;
pub use probe::{Probe, Recording};
pub use run::{LeftOut, Session};

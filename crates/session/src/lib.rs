//! A program on a die, as a person uses it.
//!
//! The life of a run has five steps:
//! 1. A [`Board`] is a program with its chip and its names, loaded and checked once; its connections are compiled once.
//! 2. [`Board::on`] puts it on a die: a [`Session`] at tick 0. Any number of sessions share the compiled connections.
//! 3. Events are sent ([`Session::send`], [`Session::send_all`]) and probes chosen ([`Session::probe`],
//!    [`Session::probe_population`]).
//!    Sources of the program send theirs by themselves ([`Session::set_sources`]).
//! 4. [`Session::run_until`] runs, samples the probes and tells an observer what happens. [`Activity`] is an observer
//!    that counts by population; any other, or two at once (a pair), will do.
//! 5. The session is asked: counters, energy, faults in use, digest, a snapshot to go on from, the readings. Then it
//!    runs on, or starts again ([`Session::reset`]).
//!
//! ```
//! use mapper::MapperOptions;
//! use quenched_session::{Activity, Board};
//! use units::Tick;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chip = formats::chip::shipped("ideal")?;
//! let network = r#"
//!     format = "quenched-network"
//!     version = 1
//!     input = [{ name = "in", channels = 1 }]
//!     population = [{ name = "p", size = 4, model = "lif" }]
//!     [[projection]]
//!     name = "drive"
//!     pre = "in"
//!     post = "p"
//!     synapse = "delta"
//!     connect = "all-to-all"
//!     weight = "25 mV"
//! "#;
//! let network = formats::network::read(network, "network", ".".as_ref(), &chip)?;
//! let board = Board::map(chip, &network, &MapperOptions::default())?;
//! let mut session = board.on(&board.die(1, 0)?)?;
//! session.probe_population("p", Some(0..1), "v")?;
//! session.send(board.channel("in", 0)?, Tick(5), 1)?;
//! let mut activity = Activity::new(&board);
//! session.run_until(Tick(100), &mut activity);
//! assert_eq!(activity.populations()[0].total(), 4);
//! assert_eq!(session.sampled().len(), session.recordings()[0].bits.len());
//! # Ok(())
//! # }
//! ```
//!
//! This crate owns the one loop over the ticks of a run outside the emulator, and the translation between a user's
//! names (populations, projections, quantities) and circuits. It deliberately reads and writes no file, prints nothing,
//! and has no rule of the hardware: what a core or a router does is decided below it.

mod activity;
mod board;
mod error;
mod faults;
mod hops;
mod input;
mod latency;
mod many;
mod mismatch;
mod mute;
mod notice;
mod probe;
mod run;
mod source;
#[cfg(test)]
mod tests;

pub use activity::{Activity, PopulationActivity, Span};
pub use board::Board;
pub use error::SessionError;
pub use faults::FaultsInUse;
pub use hops::{HopMeter, Hops};
pub use input::{Multiple, Taken};
pub use latency::{Latency, LatencyMeter};
pub use many::in_order;
pub use notice::NamedSaturation;
pub use probe::{Probe, Recording};
pub use run::{LeftOut, Session};

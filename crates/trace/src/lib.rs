//! What a run did, kept so that it can be compared with another.
//!
//! A [`Record`] holds what a run sends and loses, what its probes read, and a [`Chain`]: a hash of the whole state
//! every so many ticks, in which every link depends on all before it, so that two chains differ from their first
//! different link on. [`Record::first_difference`] compares two records by what they hold; [`first_difference`]
//! runs two sessions beside each other and finds the first tick, core, neuron and quantity in which they differ, with
//! the events that arrived there.
//!
//! This crate deliberately keeps no file and runs nothing by rules of its own: it watches sessions.
//!
//! ```
//! use mapper::MapperOptions;
//! use session::Board;
//! use quenched_trace::{Record, first_difference};
//! use units::Tick;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chip = formats::chip::shipped("dynapse2")?;
//! let network = r#"
//!     format = "quenched-network"
//!     version = 1
//!     input = [{ name = "in", channels = 1 }]
//!     population = [{ name = "p", size = 4, model = "lif" }]
//!     [[projection]]
//!     name = "drive"
//!     pre = "in"
//!     post = "p"
//!     synapse = "AMPA"
//!     connect = "all-to-all"
//!     weight = "1 1"
//! "#;
//! let network = formats::network::read(network, "network", ".".as_ref(), &chip)?;
//! let board = Board::map(chip, &network, &MapperOptions::default())?;
//! let on_die = |id| -> Result<_, session::SessionError> {
//!     let mut session = board.on(&board.die(1, id)?)?;
//!     session.send(board.channel("in", 0)?, Tick(5000), 1)?;
//!     Ok(session)
//! };
//! // A run is the same whenever it is made; on another die the membranes answer the same current differently.
//! let end = Tick(20_000);
//! assert_eq!(Record::of(&mut on_die(0)?, end, 1000), Record::of(&mut on_die(0)?, end, 1000));
//! let difference = first_difference(&on_die(0)?, &on_die(1)?, end).expect("dies differ");
//! assert_eq!((difference.tick, &*difference.quantity), (Tick(6000), "v"));
//! # Ok(())
//! # }
//! ```

mod chain;
mod compare;
mod record;
#[cfg(test)]
mod tests;

pub use chain::Chain;
pub use compare::{Arrived, Difference, first_difference};
pub use record::{Item, Loss, Record, RecordDifference};

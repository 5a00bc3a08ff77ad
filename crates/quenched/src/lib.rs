//! quenched for Rust programs: chip, network, map, die, session, spikes.
//!
//! ```
//! use quenched::{Board, MapperOptions, Spike, Tick, chips, networks};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chip = chips::shipped("dynapse2")?;
//! # let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/network.toml");
//! # let file = file.as_path();
//! let network = networks::load(file, &chip)?; // such as examples/network.toml
//! let board = Board::map(chip, &network, &MapperOptions::default())?;
//! let die = board.die(1, 0)?; // the dies of seed 1 are numbered from 0
//! let mut session = board.on(&die)?;
//! for tick in (0..100_000).step_by(500) {
//!     session.send(board.channel("stimulus", tick / 500 % 24)?, Tick(tick.into()), 1)?;
//! }
//! let mut spikes = Vec::<Spike>::new();
//! session.run_until(Tick(100_000), &mut spikes);
//! assert!(!spikes.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! This crate owns nothing: it gives the names that most programs need one home. [`session`] tells the life of a run;
//! the other modules are whole crates, for what has no shorter name here. It deliberately leaves out what makes studies
//! of many dies and tasks, replays of other simulators' recordings, and pictures: those are crates of their own.

pub use formats::chip as chips;
pub use formats::network as networks;
pub use formats::program as programs;

pub use ::chip::{ChipSpec, InputEvent, Program, Symbols};
pub use device_models::{DieParameters, MismatchSetting};
pub use emulator::{Arrival, Each, Observer, Snapshot, Spike};
pub use mapper::{MapperOptions, Mapping, map};
pub use network::Network;
pub use session::{Activity, Board, PopulationActivity, Recording, Session, SessionError};
pub use units::{InputId, NeuronAddress, NeuronId, Tick};

pub use {::chip, device_models, emulator, formats, mapper, network, session, trace, units};

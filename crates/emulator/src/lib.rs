//! The event kernel: what happens when, and nothing else.
//!
//! This crate owns emulated time: the queue of deliveries, the waking of cores, the order of what happens in a tick,
//! the digest of a run, and snapshots. A tick has three phases: everything that arrives is delivered; every core that
//! something reached, or that asked to be woken, is advanced; what its neurons send is routed into the queue. Nothing
//! happens between events, so idle time is skipped whatever its length.
//!
//! It deliberately has no equation (that is `device-models`), no memory of a chip (that is `router`), and no float,
//! file, thread or clock.
//!
//! ```
//! use device_models::DieParameters;
//! use quenched_emulator::{Emulator, Spike};
//! use units::{InputId, Tick};
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
//! let program = mapper::map(&network, &chip, &mapper::MapperOptions::default())?.program;
//! let mut emulator = Emulator::new(&chip, &program, &DieParameters::nominal())?;
//! emulator.send(InputId(0), Tick(5), 1)?;
//! let mut spikes = Vec::<Spike>::new();
//! emulator.run_until(Tick(1_000_000), &mut spikes); // idle time costs nothing
//! assert_eq!(spikes.iter().map(|spike| spike.tick).collect::<Vec<_>>(), [Tick(5); 4]);
//! # Ok(())
//! # }
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod clock;
mod error;
mod kernel;
mod noise;
mod observer;
mod pending;
mod queue;
mod snapshot;
mod wake;

pub use device_models::Digest;
pub use error::EmulatorError;
pub use kernel::Emulator;
pub use observer::{Arrival, Each, Observer, Spike};
pub use router::{Counters, Fabric, FirstSaturation, LossCause, WeightChanges};
pub use snapshot::Snapshot;

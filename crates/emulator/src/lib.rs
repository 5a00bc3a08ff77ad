//! The event kernel: what happens when, and nothing else.
//!
//! This crate owns emulated time: the queue of deliveries, the waking of cores, the order of what happens in a tick,
//! the digest of a run, and snapshots. A tick has three phases: everything that arrives is delivered; every core that
//! something reached, or that asked to be woken, is advanced; what its neurons send is routed into the queue. Nothing
//! happens between events, so idle time is skipped whatever its length.
//!
//! It deliberately has no equation (that is `device-models`), no memory of a chip (that is `router`), and no float,
//! file, thread or clock.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod error;
mod kernel;
mod noise;
mod observer;
mod queue;
mod snapshot;
mod wake;

pub use device_models::Digest;
pub use error::EmulatorError;
pub use kernel::Emulator;
pub use observer::{Arrival, Each, Observer, Spike};
pub use router::{Counters, Fabric, LossCause, WeightChanges};
pub use snapshot::Snapshot;

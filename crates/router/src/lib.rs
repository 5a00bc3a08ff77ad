//! Address events: how a spike finds its synapses.
//!
//! This crate owns the way of an event: from its source through SRAM words, hops and the broadcast of a tag to the CAM
//! words that answer, over a crossbar, bus and driver to the synapses that hold its label, over axons to the lists of a
//! synapse memory, straight through the rows of the ideal router, or through the matrices of a Xylo chip. Each kind of
//! router is one module behind one trait; one place picks it. [`Fabric::build`] follows every source of a program
//! through the memories once and keeps what it finds as packed rows, one 32-bit word a synapse; it refuses a program
//! that exceeds the chip's memories, or whose inputs could overflow an accumulator. [`check`] does the same without
//! keeping anything: it is how a mapper knows that its program can be loaded. What of these rules a mapper needs to
//! decide by is stated here and nowhere else ([`arrivals_max`], [`sum_max`], [`list_bits`], [`weight_step`]).
//!
//! The crate also owns the vocabulary of what can get lost on the way ([`LossCause`]) and the counters of a run
//! ([`Counters`]).
//!
//! [`Fabric::on_die`] gives a die's fabric, in which each weight is the one that its slot has there.
//!
//! It deliberately knows no time: a route has a delay, and the emulator's queue decides what that means. A fabric
//! never changes, so that many dies can share one; a die whose weights are not the program's has one of its own.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod check;
mod counters;
mod draft;
mod error;
mod fabric;
mod kinds;
mod pack;
mod sums;
mod weights;

pub use check::check;
pub use chip::SPIKES_PER_TICK_MAX;
pub use counters::{Counters, FirstSaturation, LossCause, Losses};
pub use draft::{Route, Traffic};
pub use error::RouterError;
pub use fabric::{Fabric, LEVEL_MAX, RowView};
pub use kinds::axon::memory::{list_bits, weight_range, weight_step};
pub use kinds::axon::synapse_bits;
pub use kinds::tag_cam::{Board, Cam, Hop, Sram};
pub use sums::{arrivals_max, is_sum, sum_max};
pub use weights::{WeightChanges, number_on_die};

//! Circuit equations and digital rules as step functions over integers, and the parameters that mismatch gives them.
//!
//! This crate owns the equations of every core model ([`lif`], [`analog_lif`], [`rate`]), the way from physical
//! parameters and a die's frozen mismatch to the integers of a step ([`DieParameters`], [`LifParameters`],
//! [`AnalogLifParameters`], [`RateParameters`]), the layout of a core's accumulators ([`InputLayout`],
//! [`PackedSynapse`]), and the shipped chips as data ([`chips`]).
//! [`Core`] is what an event kernel sees of all this.
//!
//! It deliberately knows no event, no queue and no route: a core is told what arrives, is advanced, and says what its
//! neurons send and when it wants to be woken.
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::float_arithmetic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod analog_lif;
mod any;
pub mod chips;
mod digest;
mod error;
mod factor;
mod layout;
pub mod lif;
pub mod loihi;
mod needs;
mod parameters;
pub mod rate;
#[cfg(test)]
mod testing;
pub mod xylo;

pub use analog_lif::{AnalogLifCore, AnalogLifParameters};
pub use any::{Core, CoreState, Emission};
pub use digest::Digest;
pub use error::DeviceModelError;
pub use factor::Factors;
pub use layout::{CURRENTS_MAX, InputLayout, Lane, PackedSynapse, STRIDE_STEP};
pub use lif::{Coupling, LifCore, LifParameters};
pub use needs::{Need, needs};
pub use parameters::{DieParameters, MismatchSetting};
pub use rate::{LEVEL_BITS, RateCore, RateParameters};

//! Circuit equations and digital rules as step functions over integers, and the parameters that mismatch gives them.
//!
//! This crate owns the equations of every core model ([`lif`], [`analog_lif`], [`dpi`], [`rate`], [`loihi`], [`xylo`]),
//! the way from physical parameters and a die's frozen mismatch to the integers of a step ([`DieParameters`],
//! [`LifParameters`], [`RateParameters`], [`DpiParameters`]), the layout of a core's accumulators ([`InputLayout`],
//! [`PackedSynapse`]), what an observer can read ([`ProbeKind`]), and the shipped chips as data ([`chips`]). [`Core`]
//! is what an event kernel sees of all this. [`cuba`] is no core model: it is what simulators of trained nets compute,
//! for replays.
//!
//! It deliberately knows no event, no queue and no route: a core is told what arrives, is advanced, and says what its
//! neurons send and when it wants to be woken.
//!
//! A core model is a folder here and a line in the list that [`Core`] is made from: its parameters
//! ([`CoreParameters`]), and a step over them and the state of its neurons in the shell of clocked cores
//! ([`StepModel`]), or a core of its own ([`EventCore`]).
//!
//! ```
//! use quenched_device_models::{Digest, PackedSynapse};
//!
//! // What a router's row and a core's accumulators agree on: where, and how much.
//! let synapse = PackedSynapse::new(258, -12);
//! assert_eq!((synapse.target(), synapse.weight()), (258, -12));
//! let (mut one, mut other) = (Digest::new(), Digest::new());
//! [1, 2].map(|word| one.push(word));
//! [2, 1].map(|word| other.push(word));
//! assert_ne!(one.value(), other.value());
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::float_arithmetic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod analog_lif;
mod any;
pub mod chips;
pub mod clocked;
pub mod cuba;
mod digest;
pub mod dpi;
mod effective;
mod error;
mod event_core;
mod factor;
mod faults;
mod gains;
mod joined;
mod layout;
pub mod lif;
pub mod loihi;
mod measured;
mod mismatch;
mod noise;
mod parameters;
mod period;
mod probe;
pub mod rate;
mod realised;
pub mod rules;
mod saturation;
pub mod slices;
mod slot;
#[cfg(test)]
mod testing;
pub mod xylo;

pub use analog_lif::{AnalogLifCore, AnalogLifParameters};
pub use any::{Core, CoreState};
pub use clocked::{Clocked, ClockedState, StepModel};
pub use digest::Digest;
pub use dpi::{DpiCore, DpiParameters};
pub use effective::{Effective, Grid, effective};
pub use error::DeviceModelError;
pub use event_core::{CoreParameters, Emission, EventCore};
pub use factor::Factors;
pub use faults::{NeuronFault, SynapseFault};
pub use gains::{GainCurrents, gain_currents};
pub use layout::{InputLayout, Lane, PackedSynapse};
pub use lif::{Coupling, LifCore, LifParameters, LifState};
pub use measured::{MeasuredCircuit, MeasuredDie, MeasuredSlot};
pub use mismatch::MismatchSetting;
pub use noise::{Event, Noise, ThresholdNoise};
pub use parameters::DieParameters;
pub use probe::ProbeKind;
pub use rate::{LEVEL_BITS, RateCore, RateParameters, RateState};
pub use realised::{RealisedMismatch, realised_mismatch};
pub use saturation::{Cut, CutQuantity, Saturations};
pub use slot::{SlotOnDie, SynapseContent, scale_weight};

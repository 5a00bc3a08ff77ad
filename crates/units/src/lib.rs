//! Ids, ticks and physical quantities: the vocabulary of quenched's surface.
//!
//! This crate owns the names by which everything else refers to hardware ([`ChipId`], [`CoreAddress`],
//! [`NeuronAddress`], [`Tag`], ...), the unit of emulated time ([`Tick`]) and the exact decimal
//! [`Quantity`] that users write in files (`20 ms`, `0.5 pA`).
//!
//! It deliberately knows no number format of the emulation (that is `fx`), no file and no float: a
//! quantity stays the decimal that the user wrote until somebody asks for its bits.
//!
//! ```
//! use quenched_units::{Quantity, Unit};
//!
//! let tau: Quantity = "20 ms".parse().unwrap();
//! // Exact: 20 ms with 32 fraction bits, in units of a millisecond.
//! assert_eq!(tau.to_bits(Unit::MILLISECOND, 32), Ok(20 << 32));
//! assert!(tau.value_in(Unit::MILLIVOLT).is_err());
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod decimal;
mod ids;
mod quantity;

pub use decimal::{Decimal, DecimalError};
pub use ids::{ChipId, CoreAddress, CoreId, DieId, InputId, NeuronAddress, NeuronId, SlotId, Tag, Tick};
pub use quantity::{Dimension, Quantity, QuantityError, Unit};

//! What a number is in quenched: formats, named rounding, saturation, decay, exp and log.
//!
//! The crate owns
//! - the formats of the emulation: [`Weight`], [`Real`], [`Fraction`], and [`Wide`] for building tables;
//! - rounding, always by name ([`Rounding`], [`shift_right`], [`divide`]), and saturating conversion ([`narrow`]);
//! - portable functions with stated error bounds ([`math`]), and faster ones in 64 bits ([`power`]);
//! - 2^-x for closed forms ([`exp2`]);
//! - the 32-bit arithmetic of the inner loops ([`step`]).
//!
//! It deliberately has no float, and no operator on its formats: every product, quotient and conversion names its
//! rounding. `fixed`, whose types carry the formats, floors products, truncates quotients and rounds conversions from
//! floats to even; none of these rules is reachable from here. Nothing wraps: what does not fit its format saturates.
//!
//! ```
//! use quenched_fx::{Real, Rounding, divide};
//!
//! let third = Real::from_ratio(1, 3);
//! assert_eq!(third.mul_nearest(Real::from_integer(3)).to_bits(), (1 << 32) - 1);
//! // Rounding is always named.
//! assert_eq!((divide(-7, 2, Rounding::Floor), divide(-7, 2, Rounding::HalfEven)), (-4, -4));
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::float_arithmetic))]

pub mod exp2;
mod format;
pub mod math;
pub mod power;
mod round;
pub mod step;
mod wide;

pub use format::{Fraction, FxError, Real, Weight};
pub use round::{Integer, Rounding, divide, narrow, shift_right};
pub use wide::Wide;

#[cfg(test)]
extern crate std;

//! How often the neurons of a network spike before and after it met a chip, and what brings the two together.
//!
//! A mapping keeps weights as well as the chip can, and still a layer can fall silent: its weights were rounded away,
//! its sums fell short of the threshold, or what it hears fell silent before it. This crate owns the comparison of
//! the two, layer by layer, over samples of a user's own ([`compare`]), the cause that is named for a layer that lost
//! its spikes, and the search for one factor a population with which the chip's neurons spike as often as they should
//! ([`Search`]).
//!
//! It deliberately reads and prints nothing, and holds no rule of any chip: it maps, shows and counts. Factors are
//! whole numbers of 64ths, and what is compared are numbers of spikes, so that a result is the same on every machine.

mod compare;
mod error;
mod factor;
mod search;

pub use compare::{Cause, Layer, compare};
pub use error::CalibrateError;
pub use factor::{Factor, lowered, scaled};
pub use search::{Calibrated, Search};

#[cfg(test)]
mod tests;

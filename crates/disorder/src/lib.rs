//! Quenched disorder: random values that are a function of an address, and the families they follow.
//!
//! The crate owns
//! - the address of a random value ([`Key`], [`Purpose`]): a value depends on what it is for, never on when it was
//!   drawn;
//! - integer samplers: [`normal_deviate`], [`normal_cdf`], [`uniform`], [`uniform_below`], [`chance`], [`shuffle`];
//! - the families of mismatch ([`Family`], [`Distribution`]), which turn a unit-normal deviate into a factor of mean 1,
//!   before or after truncation, and their moments and those of samples ([`Moments`]);
//! - how the deviate of a circuit is put together from those of its die, its core and itself ([`Die`], [`Shares`]), and
//!   the correlation of two parameters ([`correlated`]).
//!
//! It deliberately does not know which parameters a chip has, nor what is done with a factor; it keeps no table of a
//! die, because every value can be asked for again; and it has no float and no distribution of another crate, whose
//! bits vary with features and platform.
//!
//! ```
//! use quenched_disorder::{Die, Distribution, Family, Shares};
//! use fx::Real;
//! use units::{CoreAddress, DieId, NeuronId};
//!
//! let die = Die { root_seed: 7, id: DieId(3) };
//! let (core, neuron) = (CoreAddress::new(0, 1), NeuronId(12));
//! let z = die.deviate("tau_mem", &Shares::CIRCUIT, core, neuron);
//! // The same address gives the same deviate, whenever it is asked for; a CV stretches it.
//! assert_eq!(z, die.deviate("tau_mem", &Shares::CIRCUIT, core, neuron));
//! let cv = |percent| Distribution::new(Family::LogNormal, Real::from_ratio(percent, 100), None).unwrap();
//! assert_eq!(cv(0).factor(z), Real::ONE);
//! assert_eq!(cv(10).factor(z) > Real::ONE, cv(40).factor(z) > cv(10).factor(z));
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::float_arithmetic))]

extern crate alloc;

mod die;
mod distribution;
mod error;
mod family;
mod gamma;
mod key;
mod moments;
mod normal;
mod sample;

pub use die::{Die, Shares, correlated};
pub use distribution::{Centre, Distribution};
pub use error::DisorderError;
pub use family::Family;
pub use key::{Key, Purpose};
pub use moments::Moments;
pub use normal::{normal_cdf, normal_deviate, normal_quantile};
pub use sample::{chance, shuffle, uniform, uniform_below};

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod testing;

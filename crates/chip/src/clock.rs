//! The clock that a network brings along.
//!
//! A trained net is a sequence of steps of a length of its own. Silicon has a clock, and takes such a net at that; a
//! chip that is no silicon and says so in its file ([`ChipSpec::free_clock`]) takes the clock of the net instead.

use crate::spec::{ChipSpec, Evidence, Fact, whole_multiple};
use alloc::string::String;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use units::{Decimal, Quantity};

/// Length of a tick and of a step of clocked cores, which is a whole number of ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// A tick.
    pub tick: Quantity,
    /// A step.
    pub step: Quantity,
}

/// A clock that a chip cannot take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The chip has its own.
    #[error(
        "the network brings a step of {step}, but chip `{chip}` has a clock of its own; only a chip with `free_clock` \
         takes another"
    )]
    Fixed {
        /// The chip.
        chip: String,
        /// The step of the network.
        step: Quantity,
    },
    /// It is not above 0, or its step is no whole number of ticks.
    #[error("a step of {step} is not a whole number of ticks of {tick}")]
    Step {
        /// The step.
        step: Quantity,
        /// The tick.
        tick: Quantity,
    },
}

impl ChipSpec {
    /// This chip with the clock that a network or a program brings; itself if there is none.
    ///
    /// # Errors
    /// The chip has a clock of its own, or it is no clock.
    pub fn at_clock(&self, clock: Option<&Clock>) -> Result<Self, ClockError> {
        let Some(&Clock { tick, step }) = clock else { return Ok(self.clone()) };
        if !self.free_clock {
            return Err(ClockError::Fixed { chip: self.name.clone(), step });
        }
        if tick.value <= Decimal::ZERO || whole_multiple(step, tick).is_none_or(|ticks| ticks == 0) {
            return Err(ClockError::Step { step, tick });
        }
        let of_network = |quantity| Fact { quantity, source: String::new(), evidence: Evidence::Unstated };
        Ok(Self { tick: of_network(tick), step: Some(of_network(step)), ..self.clone() })
    }
}

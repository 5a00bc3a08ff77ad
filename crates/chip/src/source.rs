//! Events that an input group makes by itself.
//!
//! A source is part of a program, as integers of the chip's ticks: what was asked for in hertz and seconds is
//! translated once, by the reader of the network. Which seed its trains follow belongs to a run, and how they are drawn
//! to who runs a program.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The events of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Train {
    /// In each tick an event with this probability, independent of all others.
    Poisson {
        /// The probability in units of 2^-63: from 0 to [`Train::ALWAYS`].
        per_tick: u64,
    },
    /// Event `n` lies `(offset + n period) / parts` ticks after the start, rounded down to a tick.
    Regular {
        /// Of the first event, in parts of a tick.
        offset: u64,
        /// Between two events, in parts of a tick; at least a tick.
        period: u64,
        /// Parts of a tick, at least 1.
        parts: u64,
    },
}

impl Train {
    /// The probability 1 of [`Train::Poisson`].
    pub const ALWAYS: u64 = 1 << 63;

    /// Whether its numbers are possible.
    pub const fn is_possible(&self) -> bool {
        match *self {
            Self::Poisson { per_tick } => per_tick <= Self::ALWAYS,
            Self::Regular { period, parts, .. } => parts > 0 && period >= parts,
        }
    }
}

/// What an input group sends by itself: at most one event of a channel in a tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSource {
    /// One for each channel, or one that they all have; Poisson trains are independent either way.
    pub trains: Vec<Train>,
    /// The tick from which on there are events.
    pub start: u64,
    /// The first tick without any; none: they go on.
    pub stop: Option<u64>,
}

impl EventSource {
    /// Most channels of a group with a source: a run follows each of its trains.
    pub const CHANNELS_MAX: u32 = 1 << 20;

    /// The train of channel `channel` of the group. Panics if the source does not fit its group.
    pub fn train(&self, channel: u32) -> Train {
        match self.trains[..] {
            [all] => all,
            ref each => each[channel as usize],
        }
    }

    /// Whether it fits a group of `channels` channels.
    pub fn fits(&self, channels: u32) -> bool {
        let count = self.trains.len();
        channels <= Self::CHANNELS_MAX
            && (count == 1 || count == channels as usize)
            && self.trains.iter().all(Train::is_possible)
    }
}

//! What the host sends.

use units::{InputId, Tick};

/// An event that the host sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputEvent {
    /// The tick at which it is delivered.
    pub tick: Tick,
    /// The input channel.
    pub channel: InputId,
    /// Number of spikes where the channel drives spiking neurons; change of the channel's level, in units of 2^-16,
    /// where it drives rate units.
    pub payload: i32,
}

//! Ids of hardware things and the tick. Each is a newtype, so that a core can never be passed for a neuron.

use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// The id as an index into a slice.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A chip on the board, counted from 0 in the order of the board.
    ChipId(u16)
}
id! {
    /// A core within its chip.
    CoreId(u16)
}
id! {
    /// A neuron circuit within its core.
    NeuronId(u16)
}
id! {
    /// One hardware place of a neuron that can hold a connection.
    SlotId(u16)
}
id! {
    /// A short label that an event carries and that slots compare.
    Tag(u16)
}
id! {
    /// One manufactured copy of a chip, with disorder of its own.
    DieId(u32)
}
id! {
    /// A channel through which the host sends events to the chip.
    InputId(u32)
}

/// A core of a board: which chip, which core of it. Ordered by chip, then core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoreAddress {
    /// The chip on the board.
    pub chip: ChipId,
    /// The core of that chip.
    pub core: CoreId,
}

impl CoreAddress {
    /// The core `core` of chip `chip`.
    pub const fn new(chip: u16, core: u16) -> Self {
        Self { chip: ChipId(chip), core: CoreId(core) }
    }
}

impl fmt::Display for CoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chip {} core {}", self.chip, self.core)
    }
}

/// A neuron circuit of a board. Ordered by core, then neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NeuronAddress {
    /// The core it sits in.
    pub core: CoreAddress,
    /// The circuit within that core.
    pub neuron: NeuronId,
}

impl fmt::Display for NeuronAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} neuron {}", self.core, self.neuron)
    }
}

/// Emulated time: a count of the chip's smallest time step, whose length the chip spec fixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u64);

impl Tick {
    /// The last tick that can be named; reserved as "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// The tick `count` later; stays at [`Tick::NEVER`] instead of wrapping.
    #[inline]
    #[must_use]
    pub const fn after(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

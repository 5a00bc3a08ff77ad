//! What the memories of a program hold, one word after the other, whatever their router.
//!
//! A [`Stored`] is a synapse where it lies, with the source that reaches it; a [`Word`] is a place that an event is
//! sent to. How each kind of router is read stands beside how it is filled.

use chip::{BusEvent, Source};
use std::fmt;
use units::{ChipId, CoreId, NeuronId, Tag};

/// A synapse of a program, and the source whose events reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where the events come from.
    pub source: Source,
    /// Its core, as an index into the cores of the program.
    pub core: usize,
    /// Its neuron.
    pub neuron: NeuronId,
    /// Index of the synapse kind in the chip spec.
    pub synapse: u8,
    /// What the memory holds.
    pub code: Code,
    /// The weight in steps of its core, before the gain of its kind.
    pub weight: i64,
    /// Ticks from sending to arrival.
    pub delay_ticks: u16,
}

/// What a memory holds of a synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A CAM word.
    Cam {
        /// Its place among the words of its neuron.
        slot: u16,
        /// The tag that it answers to.
        tag: Tag,
        /// The weight currents that it switches on.
        bits: u8,
    },
    /// Where a row crosses the column of the neuron.
    Cell {
        /// The bus of its driver.
        bus: u8,
        /// The driver on that bus.
        driver: u8,
        /// The row of that driver.
        row: u8,
        /// The label that it answers to.
        label: u8,
        /// The weight code.
        weight: u8,
    },
    /// An entry of a list of synapses.
    Axon {
        /// The input axon that points to the list.
        axon: u32,
        /// The mantissa of the weight.
        mantissa: i16,
        /// The power of two of its group.
        exponent: i8,
    },
    /// A number, shifted to the left.
    Number {
        /// The number.
        weight: i16,
        /// By so many bits.
        shift: u8,
    },
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cam { slot, tag, bits } => write!(f, "CAM {slot}: tag {tag}, currents {bits:04b}"),
            Self::Cell { bus, driver, row, label, weight } => {
                write!(f, "bus {bus} driver {driver} row {row}: label {label}, code {weight}")
            }
            Self::Axon { axon, mantissa, exponent } => write!(f, "axon {axon}: {mantissa} x 2^{exponent}"),
            Self::Number { weight, shift: 0 } => write!(f, "{weight}"),
            Self::Number { weight, shift } => write!(f, "{weight} x 2^{shift}"),
        }
    }
}

/// A place that the events of a source are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who sends.
    pub source: Source,
    /// The chip.
    pub chip: ChipId,
    /// The cores of that chip that hear it, the lowest first.
    pub cores: Vec<CoreId>,
    /// Under what they hear it.
    pub label: Label,
    /// Chips on the way, in both directions together; none where a chip has no such ways.
    pub hops: Option<u32>,
}

/// Under what cores hear a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A tag, which cores compare.
    Tag(Tag),
    /// An input axon of the core.
    Axon(u32),
    /// An event on a bus.
    Bus(BusEvent),
    /// A row of so many synapses.
    Row(usize),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Axon(axon) => write!(f, "axon {axon}"),
            Self::Bus(BusEvent { bus, row_select, label }) => write!(f, "bus {bus} select {row_select} label {label}"),
            Self::Row(1) => write!(f, "1 synapse"),
            Self::Row(synapses) => write!(f, "{synapses} synapses"),
        }
    }
}

/// Who is told of a synapse.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(Stored) -> Result<(), crate::MapperError>;

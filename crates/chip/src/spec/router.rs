//! The routers that a chip can have, and their sizes and limits.

use super::section::{Number, NumberReader, Section, Stated, section};
use super::{CrossbarSpec, Fact, count};
use crate::lanes::AXON_EXPONENTS;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

section! {
    /// Sizes of the tag and CAM router (DYNAP-SE2 and its kin).
    struct TagCamSpec, limits TagCamLimits {
        cam_words_per_neuron: Fact => usize, Count, 1..=1 << 16, "a slot id has 16 bits",
            "CAM words of a neuron: the most synapses that it can have.";
        sram_words_per_neuron: Fact, Count, 1..=1 << 16, "a slot id has 16 bits",
            "SRAM words of a neuron: the most chips that it can reach.";
        sram_words_for_monitor: Fact, Count, 0..=1 << 16, "a slot id has 16 bits",
            "SRAM words that the monitor takes from each neuron; fewer than there are.";
        tag_bits: Fact, Count, 1..=16, "a tag is kept in 16 bits",
            "Bits of a tag.";
        weight_bits: Fact => usize, Count, 1..=8, "the weight bits of a CAM word are kept in 8 bits",
            "Weight bits of a CAM word; each switches one of the core-wide weight currents.";
        delay_bits: Option<Fact> => Option<u32>, Count, 1..=8, "a delay code is kept in 8 bits",
            "Delay bits of a CAM word: all but one of their values select one of the core-wide delays, and 0 is an \
             arrival after one tick. Without them every event arrives after one tick.";
        delay_max: Option<Fact> => Option<u16>, Count, 1..=65535, "a delay is kept in 16 bits",
            "Longest of the core-wide delays in ticks; needed with `delay_bits`.";
        hop_max: Fact => usize, Count, 0..=127, "a hop is kept in 8 bits with sign",
            "The furthest chip that an SRAM word can name, in each of x and y.";
    }
    derived {
        sram_words_per_neuron: usize, network_words, "SRAM words of a neuron that the network may use.";
        tag_count: usize, tag_count, "Number of different tags.";
    }
}

impl TagCamLimits {
    /// Core-wide delays beside that of one tick.
    pub fn delays_per_core(&self) -> usize {
        self.delay_bits.map_or(0, |bits| (1 << bits) - 1)
    }

    /// The longest delay in ticks.
    pub fn delay_ticks_max(&self) -> u16 {
        self.delay_bits.and(self.delay_max).unwrap_or(1)
    }
}

impl TagCamSpec {
    fn network_words(&self) -> usize {
        count(&self.sram_words_per_neuron) - count(&self.sram_words_for_monitor)
    }

    fn tag_count(&self) -> usize {
        1 << count(&self.tag_bits)
    }
}

section! {
    /// Sizes of cores whose synapses lie in a memory that input axons point into (Loihi and its kin).
    struct AxonSpec, limits AxonLimits {
        input_axons: Fact => usize, Count, 1..=1 << 32, "more sources cannot be named",
            "Input axons of a core: the most sources that it can hear, each once a projection.";
        output_axons: Fact => usize, Count, 1..=1 << 32, "more axons cannot be counted",
            "Output axons of a core: the most pairs of its neurons and cores that they reach, each once a projection.";
        synapse_bits: Fact => usize, Count, 1..=1 << 40, "more bits cannot be counted",
            "Synapse memory of a core, in bits.";
        synapses_per_group: Fact => usize, Count, 1..=1 << 16, "more cannot be counted",
            "Synapses of a full group in that memory, which share a header of 10 bits; a group is rounded up to words \
             of 64 bits.";
        weight_bits: Fact => u8, Count, 1..=8, "weights are kept with at most 8 bits",
            "Bits of a weight, the sign of a mixed one included.";
        weight_exponent: (Fact, Fact) => (i8, i8), Interval, AXON_EXPONENTS.0 as i64..=AXON_EXPONENTS.1 as i64,
            "the exponent of a core is kept with 4 bits",
            "Smallest and largest power of two that a core's weights are multiplied by.";
        delay_max: Fact => u16, Count, 0..=4095, "delays are kept in a ring of steps",
            "Longest synaptic delay in steps, beyond the one step that every spike takes.";
    }
}

section! {
    /// Sizes of a Xylo chip, whose two cores are one layer each: core 0 the hidden neurons, core 1 the output neurons.
    /// The number of hidden neurons is that of the geometry.
    struct XyloSpec, limits XyloLimits {
        input_channels: Fact => usize, Count, 1..=1 << 16, "more channels cannot be named",
            "Input channels; a 16th spike of one in a tick and those after it are lost.";
        output_neurons: Fact => usize, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Output neurons, at most `neurons_per_core`.";
        hidden_fan_out: Fact => usize, Count, 0..=1 << 17, "more synapses cannot be told apart",
            "Recurrent synapses of a hidden neuron, at most.";
        hidden_fan_in: Option<Fact> => Option<usize>, Count, 1..=1 << 18, "more synapses cannot be told apart",
            "Synapses onto a hidden neuron, of input channels and hidden neurons together, at most; no limit where \
             absent.";
        input_targets: Option<Fact> => Option<usize>, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Hidden neurons that the input channels reach, all together; as many as there are where absent.";
        output_sources: Option<Fact> => Option<usize>, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Hidden neurons that the output neurons listen to, all together; as many as there are where absent.";
        weight_bits: Fact => u8, Count, 1..=8, "a weight is kept in 8 bits",
            "Bits of a weight, its sign included.";
        weight_shift_max: Fact => u8, Count, 0..=8, "a shifted weight is kept in 16 bits",
            "The largest left shift that the weights of a matrix can have.";
    }
}

impl XyloLimits {
    /// Lowest and highest weight before the shift.
    pub const fn weights(&self) -> (i16, i16) {
        let half = 1 << (self.weight_bits - 1);
        (-half, half - 1)
    }
}

/// How events travel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "one per chip, never in a collection")]
pub enum RouterSpec {
    /// No limit; every event arrives one tick after it was sent, or after the delay of its projection.
    #[default]
    Ideal,
    /// Source SRAM, broadcast of a tag, CAM match at the destination.
    TagCam(TagCamSpec),
    /// Axons between cores, with the synapses in a memory at the destination.
    Axon(AxonSpec),
    /// Input, recurrent and output weight matrices between input channels, a hidden and an output layer.
    Xylo(XyloSpec),
    /// A crossbar from event outputs to buses of synapse drivers, and a label in every synapse.
    Crossbar(CrossbarSpec),
}

/// The kind of a router, without its sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterKind {
    /// See [`RouterSpec::Ideal`].
    Ideal,
    /// See [`RouterSpec::TagCam`].
    TagCam,
    /// See [`RouterSpec::Crossbar`].
    Crossbar,
    /// See [`RouterSpec::Axon`].
    Axon,
    /// See [`RouterSpec::Xylo`].
    Xylo,
}

/// A number of the geometry that a router keeps smaller: its key, the most, and why.
pub type Narrower = (&'static str, i64, &'static str);

impl RouterKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Ideal, Self::TagCam, Self::Crossbar, Self::Axon, Self::Xylo];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ideal => "ideal",
            Self::TagCam => "tag-cam",
            Self::Crossbar => "crossbar",
            Self::Axon => "axon",
            Self::Xylo => "xylo",
        }
    }

    /// The numbers that such a router has.
    pub const fn numbers(self) -> &'static [Number] {
        match self {
            Self::Ideal => &[],
            Self::TagCam => TagCamSpec::NUMBERS,
            Self::Crossbar => CrossbarSpec::NUMBERS,
            Self::Axon => AxonSpec::NUMBERS,
            Self::Xylo => XyloSpec::NUMBERS,
        }
    }

    /// The numbers of the geometry that such a router keeps smaller.
    pub const fn narrows(self) -> &'static [Narrower] {
        match self {
            Self::TagCam => &[("cores_per_chip", 16, "the core mask of an event has 16 bits")],
            Self::Crossbar => &[("chips", 1, "events do not leave a chip with a crossbar")],
            Self::Ideal | Self::Axon | Self::Xylo => &[],
        }
    }

    /// Reads a router of this kind; `None` after `reader` has noted what is wrong.
    pub fn read(self, reader: &mut dyn NumberReader) -> Option<RouterSpec> {
        match self {
            Self::Ideal => Some(RouterSpec::Ideal),
            Self::TagCam => TagCamSpec::read(reader).map(RouterSpec::TagCam),
            Self::Crossbar => CrossbarSpec::read(reader).map(RouterSpec::Crossbar),
            Self::Axon => AxonSpec::read(reader).map(RouterSpec::Axon),
            Self::Xylo => XyloSpec::read(reader).map(RouterSpec::Xylo),
        }
    }
}

impl fmt::Display for RouterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<XyloSpec> for RouterSpec {
    fn from(sizes: XyloSpec) -> Self {
        Self::Xylo(sizes)
    }
}

impl RouterSpec {
    /// Which kind of router this is.
    pub const fn kind(&self) -> RouterKind {
        match self {
            Self::Ideal => RouterKind::Ideal,
            Self::TagCam(_) => RouterKind::TagCam,
            Self::Crossbar(_) => RouterKind::Crossbar,
            Self::Axon(_) => RouterKind::Axon,
            Self::Xylo(_) => RouterKind::Xylo,
        }
    }

    /// The spelling of its kind in files.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Bits of a stored weight, its sign included, where the router says it. Panics if the spec was not validated.
    pub fn weight_bits(&self) -> Option<u32> {
        match self {
            Self::Ideal => None,
            Self::TagCam(router) => Some(router.limits().weight_bits as u32),
            // A mantissa carries its sign beside the bits that the memory has.
            Self::Axon(router) => Some(u32::from(router.limits().weight_bits) + 1),
            Self::Xylo(router) => Some(router.limits().weight_bits.into()),
            Self::Crossbar(router) => Some(router.limits().weight_bits),
        }
    }

    /// Synapse slots that the hardware numbers in every neuron, whether a program uses them or not; 0 where a slot is
    /// known by its content only. Panics if the spec was not validated.
    pub fn numbered_slots(&self) -> u64 {
        match self {
            Self::TagCam(router) => router.limits().cam_words_per_neuron as u64,
            Self::Crossbar(router) => {
                let limits = router.limits();
                (limits.buses * limits.drivers_per_bus * limits.rows_per_driver) as u64
            }
            Self::Ideal | Self::Axon(_) | Self::Xylo(_) => 0,
        }
    }

    /// Circuits of a core that can be joined to one neuron, at most. Panics if the spec was not validated.
    pub fn joined_circuits_max(&self) -> usize {
        match self {
            Self::Crossbar(router) => router.limits().joined_circuits_max.unwrap_or(1),
            Self::Ideal | Self::TagCam(_) | Self::Axon(_) | Self::Xylo(_) => 1,
        }
    }

    /// Its numbers, in the order of the file.
    pub fn stated(&self) -> Vec<Stated<'_>> {
        match self {
            Self::Ideal => Vec::new(),
            Self::TagCam(spec) => spec.stated(),
            Self::Crossbar(spec) => spec.stated(),
            Self::Axon(spec) => spec.stated(),
            Self::Xylo(spec) => spec.stated(),
        }
    }
}

//! The routers that a chip can have, and their sizes and limits.

use super::{CrossbarSpec, Fact, count};
use serde::{Deserialize, Serialize};

/// Sizes of the tag and CAM router (DYNAP-SE2 and its kin).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCamSpec {
    /// CAM words of a neuron: the most synapses that it can have.
    pub cam_words_per_neuron: Fact,
    /// SRAM words of a neuron: the most chips that it can reach.
    pub sram_words_per_neuron: Fact,
    /// SRAM words taken by the monitor, and so lost to the network.
    pub sram_words_for_monitor: Fact,
    /// Bits of a tag.
    pub tag_bits: Fact,
    /// Weight bits of a CAM word; each switches one of the core-wide weight currents.
    pub weight_bits: Fact,
    /// The furthest chip that an SRAM word can name, in each of x and y.
    pub hop_max: Fact,
}

/// Sizes of cores whose synapses lie in a memory that input axons point into (Loihi and its kin).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxonSpec {
    /// Input axons of a core: the most sources that it can hear.
    pub input_axons: Fact,
    /// Output axons of a core: the most pairs of its neurons and cores that they reach.
    pub output_axons: Fact,
    /// Synapse memory of a core, in bits.
    pub synapse_bits: Fact,
    /// Synapses of a full group in that memory, which share one header.
    pub synapses_per_group: Fact,
    /// Bits of a weight, the sign of a mixed one included.
    pub weight_bits: Fact,
    /// Smallest and largest power of two that a core's weights are multiplied by.
    pub weight_exponent: (Fact, Fact),
    /// Longest synaptic delay in steps, beyond the one step that every spike takes.
    pub delay_max: Fact,
}

/// Sizes of a Xylo chip, whose two cores are one layer each: core 0 the hidden neurons, core 1 the output neurons.
/// The number of hidden neurons is that of the geometry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XyloSpec {
    /// Input channels.
    pub input_channels: Fact,
    /// Output neurons.
    pub output_neurons: Fact,
    /// Recurrent synapses of a hidden neuron, at most.
    pub hidden_fan_out: Fact,
    /// Synapses onto a hidden neuron, of input channels and hidden neurons together, at most; no limit where absent.
    pub hidden_fan_in: Option<Fact>,
    /// Hidden neurons that the input channels reach, all together; as many as there are where absent.
    pub input_targets: Option<Fact>,
    /// Hidden neurons that the output neurons listen to, all together; as many as there are where absent.
    pub output_sources: Option<Fact>,
    /// Bits of a weight, its sign included.
    pub weight_bits: Fact,
    /// The largest left shift that the weights of a matrix can have.
    pub weight_shift_max: Fact,
}

/// How events travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "one per chip, never in a collection")]
pub enum RouterSpec {
    /// No limit; every event arrives one tick after it was sent, or after the delay of its projection.
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

impl AxonSpec {
    /// The sizes as plain numbers. Panics if the spec was not validated.
    pub fn limits(&self) -> AxonLimits {
        AxonLimits {
            input_axons: count(&self.input_axons),
            output_axons: count(&self.output_axons),
            synapse_bits: count(&self.synapse_bits),
            synapses_per_group: count(&self.synapses_per_group),
            weight_bits: count(&self.weight_bits) as u8,
            weight_exponent: (exponent(&self.weight_exponent.0), exponent(&self.weight_exponent.1)),
            delay_max: count(&self.delay_max) as u16,
        }
    }
}

impl XyloSpec {
    /// Every size with its key in the chip file, in a fixed order.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &Fact)> {
        [
            ("input_channels", Some(&self.input_channels)),
            ("output_neurons", Some(&self.output_neurons)),
            ("hidden_fan_out", Some(&self.hidden_fan_out)),
            ("hidden_fan_in", self.hidden_fan_in.as_ref()),
            ("input_targets", self.input_targets.as_ref()),
            ("output_sources", self.output_sources.as_ref()),
            ("weight_bits", Some(&self.weight_bits)),
            ("weight_shift_max", Some(&self.weight_shift_max)),
        ]
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
    }

    /// The sizes as plain numbers. Panics if the spec was not validated.
    pub fn limits(&self) -> XyloLimits {
        XyloLimits {
            input_channels: count(&self.input_channels),
            output_neurons: count(&self.output_neurons),
            hidden_fan_out: count(&self.hidden_fan_out),
            hidden_fan_in: self.hidden_fan_in.as_ref().map(count),
            input_targets: self.input_targets.as_ref().map(count),
            output_sources: self.output_sources.as_ref().map(count),
            weight_bits: count(&self.weight_bits) as u8,
            weight_shift_max: count(&self.weight_shift_max) as u8,
        }
    }
}

/// A small whole number with sign. Panics if it is none: `validate` refuses such a spec.
fn exponent(fact: &Fact) -> i8 {
    let value = fact.quantity.value_in(units::Unit::ONE).ok().and_then(|v| v.to_bits(0).ok());
    value.and_then(|v| i8::try_from(v).ok()).expect("a validated spec has small whole exponents")
}

/// [`AxonSpec`] as plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxonLimits {
    /// Input axons of a core.
    pub input_axons: usize,
    /// Output axons of a core.
    pub output_axons: usize,
    /// Synapse memory of a core in bits.
    pub synapse_bits: usize,
    /// Synapses of a full group.
    pub synapses_per_group: usize,
    /// Bits of a weight.
    pub weight_bits: u8,
    /// Smallest and largest exponent of a core's weights.
    pub weight_exponent: (i8, i8),
    /// Longest synaptic delay in steps.
    pub delay_max: u16,
}

/// [`XyloSpec`] as plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XyloLimits {
    /// Input channels.
    pub input_channels: usize,
    /// Output neurons.
    pub output_neurons: usize,
    /// Recurrent synapses of a hidden neuron.
    pub hidden_fan_out: usize,
    /// Synapses onto a hidden neuron; none: no limit.
    pub hidden_fan_in: Option<usize>,
    /// Hidden neurons that the input channels reach; none: no limit but the number of hidden neurons.
    pub input_targets: Option<usize>,
    /// Hidden neurons that the output neurons listen to; none: no limit but the number of hidden neurons.
    pub output_sources: Option<usize>,
    /// Bits of a weight.
    pub weight_bits: u8,
    /// The largest shift of a matrix.
    pub weight_shift_max: u8,
}

impl XyloLimits {
    /// Lowest and highest weight before the shift.
    pub const fn weights(&self) -> (i16, i16) {
        let half = 1 << (self.weight_bits - 1);
        (-half, half - 1)
    }
}

impl TagCamSpec {
    /// The sizes as plain numbers. Panics if the spec was not validated.
    pub fn limits(&self) -> TagCamLimits {
        TagCamLimits {
            cam_words_per_neuron: count(&self.cam_words_per_neuron),
            sram_words_per_neuron: count(&self.sram_words_per_neuron) - count(&self.sram_words_for_monitor),
            tag_count: 1 << count(&self.tag_bits),
            weight_bits: count(&self.weight_bits),
            hop_max: count(&self.hop_max),
        }
    }
}

/// [`TagCamSpec`] as plain numbers, with the monitor's words already taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagCamLimits {
    /// CAM words of a neuron.
    pub cam_words_per_neuron: usize,
    /// SRAM words of a neuron that the network may use.
    pub sram_words_per_neuron: usize,
    /// Number of different tags.
    pub tag_count: usize,
    /// Weight bits, and so core-wide weight currents.
    pub weight_bits: usize,
    /// Reach of an SRAM word in chips.
    pub hop_max: usize,
}

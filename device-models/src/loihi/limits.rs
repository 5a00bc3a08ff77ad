//! What fits into a Loihi core, as nengo-loihi checks it.

pub use chip::registers::{REFRACTORY_MAX, THRESHOLD_MANTISSA_MAX};

/// Neuron cores of a chip.
pub const CORES_PER_CHIP: usize = 128;
/// Compartments of a core.
pub const COMPARTMENTS: u64 = 1024;
/// Input axons of a core.
pub const INPUT_AXONS: u64 = 4096;
/// Slots for output axons of a core; see [`output_axon_slots`].
pub const OUTPUT_AXONS: u64 = 4096;
/// Synapse memory of a core in bits: 16384 words of 64.
pub const SYNAPSE_BITS: u64 = 16_384 * 64;
/// Longest synaptic delay in steps.
pub const DELAY_MAX: u8 = 63;
/// Largest base of an input axon.
pub const AXON_BASE_MAX: i32 = 255;
/// Smallest and largest weight exponent.
pub const WEIGHT_EXPONENT: (i8, i8) = (-7, 7);

/// Weight bits by their code, 1 to 7; there are no 7-bit weights.
const WEIGHT_BITS: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 8];
/// Index bits by their code, 0 to 7.
const INDEX_BITS: [u8; 8] = [0, 6, 7, 8, 9, 10, 11, 12];
/// Bits that open a group of synapses: how many there are, and the index of the first.
const GROUP_HEADER_BITS: u64 = 4 + 6;
/// Synapse memory is given out in words.
const WORD_BITS: u64 = 64;

/// The lower voltage limit of exponent `e`, 0 to 31.
pub fn voltage_floor(e: u8) -> Option<i32> {
    (e <= 31).then(|| (1 - (1i64 << e)) as i32)
}

/// The upper voltage limit of exponent `e`, 0 to 7.
pub fn voltage_ceiling(e: u8) -> Option<i32> {
    (e <= 7).then(|| (1 << (9 + 2 * e)) - 1)
}

/// Slots of the output axon table that `axons` axons take; those of population type 32 take two.
pub fn output_axon_slots(axons: u64, population_type: u8) -> u64 {
    if population_type == 32 { axons * 2 } else { axons }
}

/// How a group of synapses is stored, in the codes of its configuration register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynapseFormat {
    /// Code of the weight bits, 1 to 7.
    pub weight_bits_code: u8,
    /// Code of the index bits, 0 to 7.
    pub index_bits_code: u8,
    /// Bits of a delay.
    pub delay_bits: u8,
    /// Bits of a tag.
    pub tag_bits: u8,
    /// True if synapses lie in order and carry no index (compression 3), false if each carries its own (0).
    pub dense: bool,
    /// Synapses of a full group, at least 1; the register holds one less.
    pub group: u32,
}

impl SynapseFormat {
    /// Bits of a weight; None for a code that does not exist.
    pub fn weight_bits(&self) -> Option<u8> {
        WEIGHT_BITS.get(usize::from(self.weight_bits_code)).copied().filter(|&bits| bits > 0)
    }

    /// Synapse memory that a set of `weights` synapses takes, in bits; None for a code that does not exist or an empty
    /// group. More than a `u64` holds is told as `u64::MAX`, which no core has.
    pub fn memory_bits(&self, weights: u64) -> Option<u64> {
        let index = if self.dense { 0 } else { *INDEX_BITS.get(usize::from(self.index_bits_code))? };
        let fields = [self.weight_bits()?, index, self.delay_bits, self.tag_bits];
        let each: u64 = fields.iter().map(|&bits| u64::from(bits)).sum();
        if self.group == 0 {
            return None;
        }
        // A group has at most 2^32 synapses.
        let group = |n: u64| (n * each + GROUP_HEADER_BITS).div_ceil(WORD_BITS) * WORD_BITS;
        let (full, rest) = (weights / u64::from(self.group), weights % u64::from(self.group));
        let rest = if rest > 0 { group(rest) } else { 0 };
        Some(full.saturating_mul(group(self.group.into())).saturating_add(rest))
    }
}

/// What a core must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreUse {
    /// Compartments.
    pub compartments: u64,
    /// Input axons.
    pub input_axons: u64,
    /// Slots for output axons.
    pub output_axons: u64,
    /// Synapse memory in bits.
    pub synapse_bits: u64,
}

/// A limit of a core that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// What there is too much of.
    pub resource: &'static str,
    /// How much is asked for.
    pub used: u64,
    /// How much there is.
    pub limit: u64,
}

impl CoreUse {
    /// The first limit that is exceeded, in the order of nengo-loihi's checks.
    pub fn excess(&self) -> Option<Excess> {
        [
            ("compartments", self.compartments, COMPARTMENTS),
            ("output axons", self.output_axons, OUTPUT_AXONS),
            ("input axons", self.input_axons, INPUT_AXONS),
            ("synapse bits", self.synapse_bits, SYNAPSE_BITS),
        ]
        .into_iter()
        .find(|(_, used, limit)| used > limit)
        .map(|(resource, used, limit)| Excess { resource, used, limit })
    }
}

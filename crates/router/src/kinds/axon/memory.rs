//! How much of a core's synapse memory lists of synapses take, and which weights they hold.
//!
//! A list is counted as nengo-loihi's validator counts it ([`SynapseFormat`]): in the smaller of two formats, dense
//! lists without indices or sparse ones with. Mapper and router count with the same functions, so that what the one
//! puts into a core the other finds to fit.

use chip::{AxonLimits, SynapseGroup, WeightSigns};
use core::ops::RangeInclusive;
use device_models::loihi::limits::SynapseFormat;

/// Bits that the largest weight of a synapse has besides its sign.
const MANTISSA_BITS: u8 = 8;

/// Bits that a list of `synapses` synapses takes in a group like `group` of a core with `neurons` neurons; a dense list
/// has a place for each of them.
pub fn list_bits(limits: &AxonLimits, group: &SynapseGroup, neurons: u32, synapses: u64) -> u64 {
    // Codes of index bits: 6 bits are code 1.
    let index_bits = u32::BITS - neurons.saturating_sub(1).leading_zeros();
    let format = SynapseFormat {
        weight_bits_code: if group.bits >= 7 { 7 } else { group.bits },
        index_bits_code: (index_bits.clamp(6, 12) - 5) as u8,
        delay_bits: (u16::BITS - group.delay.leading_zeros()) as u8,
        tag_bits: 0,
        dense: group.dense,
        group: limits.synapses_per_group as u32,
    };
    let places = if group.dense { u64::from(neurons) } else { synapses };
    format.memory_bits(places).expect("a valid chip has codes in range and groups of at least 1")
}

/// Distance of two mantissas that a synapse of `bits` bits with these signs can hold: it has no lower bits. `bits` is
/// from 1 to 8.
pub const fn weight_step(bits: u8, signs: WeightSigns) -> u16 {
    let sign_bit = matches!(signs, WeightSigns::Mixed) as u8;
    1 << (MANTISSA_BITS - bits + sign_bit)
}

/// The weights that the register of a synapse with these signs spans, before its lower bits are lost.
pub const fn weight_range(signs: WeightSigns) -> RangeInclusive<i16> {
    match signs {
        WeightSigns::Mixed => -256..=255,
        WeightSigns::Excitatory => 0..=255,
        WeightSigns::Inhibitory => -256..=0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AxonLimits = AxonLimits {
        input_axons: 4096,
        output_axons: 4096,
        synapse_bits: 1 << 20,
        synapses_per_group: 64,
        weight_bits: 8,
        weight_exponent: (-7, 7),
        delay_max: 62,
    };

    /// Counted by hand: a group opens with 10 bits and fills whole words of 64.
    #[test]
    fn lists_take_whole_words() {
        let group = |dense, delay| SynapseGroup { signs: WeightSigns::Mixed, bits: 8, exponent: 0, delay, dense };
        for (dense, delay, neurons, synapses, bits) in [
            (false, 0, 64, 1, 64),        // 8 + 6 + 10
            (false, 0, 65, 4, 128),       // 4 x (8 + 7) + 10
            (false, 1, 64, 4, 128),       // 4 x (8 + 6 + 1) + 10
            (false, 62, 64, 3, 128),      // 3 x (8 + 6 + 6) + 10
            (true, 0, 6, 1, 64),          // 6 x 8 + 10
            (true, 0, 7, 1, 128),         // 7 x 8 + 10
            (true, 0, 128, 1, 2 * 576),   // two full groups of 64 x 8 + 10
            (false, 0, 64, 65, 960 + 64), // 64 x 14 + 10, and one more
        ] {
            let counted = list_bits(&LIMITS, &group(dense, delay), neurons, synapses);
            assert_eq!(counted, bits, "dense {dense}, delay {delay}, {synapses} onto {neurons}");
        }
    }

    /// Counted by hand, as above: weights of 4 bits, and of 7, which are stored as 8.
    #[test]
    fn narrow_weights_take_less() {
        let group = |bits| SynapseGroup { signs: WeightSigns::Mixed, bits, exponent: 0, delay: 0, dense: true };
        // 13 x 4 + 10, 14 x 4 + 10; 6 x 8 + 10, 7 x 8 + 10.
        for (bits, neurons, taken) in [(4, 13, 64), (4, 14, 128), (7, 6, 64), (7, 7, 128)] {
            assert_eq!(list_bits(&LIMITS, &group(bits), neurons, 1), taken, "{neurons} x {bits} bits");
        }
    }

    #[test]
    fn a_mixed_sign_takes_a_bit() {
        let steps =
            |bits| [WeightSigns::Mixed, WeightSigns::Excitatory, WeightSigns::Inhibitory].map(|s| weight_step(bits, s));
        assert_eq!((steps(8), steps(4)), ([2, 1, 1], [32, 16, 16]));
    }
}

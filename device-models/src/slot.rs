//! Weights of synapse slots on a die.
//!
//! A slot is the circuit that holds one synapse. Where the hardware numbers them, as CAM words do, the number is the
//! address of the slot's disorder. Where it does not, as on the ideal router, the address is what the synapse is: a
//! rank among the synapses of a neuron would move whenever another one is added.

use crate::{DeviceModelError, DieParameters};
use chip::Source;
use disorder::{Key, Purpose};
use fx::{Real, Rounding, narrow, shift_right};
use units::{CoreAddress, NeuronAddress, NeuronId};

/// A synapse onto some neuron, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SynapseContent {
    /// Where its events come from.
    pub source: Source,
    /// Ticks from its source.
    pub delay_ticks: u16,
    /// Index of its kind in the chip spec.
    pub kind: u8,
    /// Which one, if several agree in all of this: from the smallest weight on.
    pub occurrence: u32,
}

impl SynapseContent {
    /// The number of its slot among those of its neuron: a hash of the content. Two of a neuron's 65,536 synapses
    /// share one, and so their disorder, with probability 2^-33.
    pub fn slot(&self) -> u64 {
        let root = Key::new(0, Purpose::Mismatch);
        let source = match self.source {
            Source::Input(input) => root.slot(input.0.into()).name("input"),
            Source::Neuron(NeuronAddress { core, neuron }) => root.core(core).neuron(neuron).name("neuron"),
        };
        let kind = u64::from(self.delay_ticks) << 40 | u64::from(self.kind) << 32 | u64::from(self.occurrence);
        Key::new(source.first_word(), Purpose::Mismatch).slot(kind).name("synapse").first_word()
    }
}

impl DieParameters {
    /// A weight times the factor of its slot, to the nearest weight, ties to even, kept within 16 bits; and whether
    /// it had to be.
    ///
    /// # Errors
    /// A negative factor, which a family without a cut can have.
    pub fn weigh(
        &self,
        weight: i32,
        core: CoreAddress,
        neuron: NeuronId,
        slot: u64,
    ) -> Result<(i16, bool), DeviceModelError> {
        let factor = self.weight_factor(core, neuron, slot);
        if factor < Real::ZERO {
            return Err(DeviceModelError::NegativeWeightFactor { target: NeuronAddress { core, neuron }, factor });
        }
        Ok(scale_weight(weight, factor))
    }
}

/// `weight` times `factor`, to the nearest, ties to even, kept within 16 bits; and whether it had to be.
pub fn scale_weight(weight: i32, factor: Real) -> (i16, bool) {
    let product = i128::from(weight) * i128::from(factor.to_bits());
    let rounded: i64 = narrow(shift_right(product, Real::FRACTION_BITS, Rounding::HalfEven));
    let kept = rounded.clamp(i16::MIN.into(), i16::MAX.into());
    (kept as i16, kept != rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chip::Source::{Input, Neuron};
    use std::collections::BTreeSet;
    use units::InputId;

    #[test]
    fn weights_are_rounded_once_to_even_and_cut() {
        let half = Real::from_ratio(1, 2);
        for (weight, factor, expected) in [
            (5, half, (2, false)),
            (7, half, (4, false)),
            (-5, half, (-2, false)),
            (-7, half, (-4, false)),
            (0, Real::MAX, (0, false)),
            (100, Real::from_ratio(1004, 1000), (100, false)),
            (100, Real::from_ratio(1006, 1000), (101, false)),
            (32767, Real::ONE, (32767, false)),
            (32767, Real::from_ratio(1001, 1000), (32767, true)),
            (-32767, Real::from_integer(2), (-32768, true)),
            (i32::MAX, Real::MAX, (32767, true)),
        ] {
            assert_eq!(scale_weight(weight, factor), expected, "{weight} {factor}");
        }
    }

    #[test]
    fn every_part_of_a_content_chooses_another_slot() {
        let neuron = |core, n| Neuron(NeuronAddress { core: CoreAddress::new(0, core), neuron: NeuronId(n) });
        let mut slots = BTreeSet::new();
        for source in [Input(InputId(0)), Input(InputId(1)), neuron(0, 0), neuron(0, 1), neuron(1, 0)] {
            for (delay_ticks, kind, occurrence) in [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 2)] {
                slots.insert(SynapseContent { source, delay_ticks, kind, occurrence }.slot());
            }
        }
        assert_eq!(slots.len(), 25);
    }

    /// Layout version 1: a change of this text changes the weights of every die.
    #[test]
    fn slots_of_layout_1() {
        let content = SynapseContent { source: Input(InputId(3)), delay_ticks: 2, kind: 1, occurrence: 0 };
        assert_eq!(std::format!("{:016x}", content.slot()), "");
    }
}

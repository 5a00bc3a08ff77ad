//! What a die makes of one weight, worked out anew for every event, from answers about its slot.

use crate::routing::switched;
use chip::Source;
use units::{CoreAddress, NeuronId};

/// The circuit of a synapse of some neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Its number in the hardware.
    Hardware(u64),
    /// What it connects; `occurrence` counts those that connect the same, from the smallest weight on.
    Content {
        /// Where its events come from.
        source: Source,
        /// Index of its kind.
        kind: u8,
        /// Ticks from its source.
        delay: u16,
        /// Which of several.
        occurrence: usize,
    },
}

/// A question about a slot.
type Ask<'a, T> = Box<dyn Fn(CoreAddress, NeuronId, Slot) -> T + 'a>;

/// A die, as answers.
pub struct DieOracle<'a> {
    /// The factor of the weight, with 32 fraction bits.
    pub factor: Ask<'a, i128>,
    /// `Some(true)`: stuck at the largest weight; `Some(false)`: dead.
    pub broken: Ask<'a, Option<bool>>,
    /// The bits that read as the opposite.
    pub flips: Ask<'a, u16>,
    /// Bits of a stored number.
    pub bits: u32,
}

impl DieOracle<'_> {
    fn scaled(&self, core: CoreAddress, neuron: NeuronId, slot: Slot, read: i128, largest: i128) -> i128 {
        let weight = match (self.broken)(core, neuron, slot) {
            Some(false) => return 0,
            Some(true) => largest,
            None => read,
        };
        let product = weight * (self.factor)(core, neuron, slot);
        // To the nearest, halves to the even neighbour.
        let (floor, rest) = (product.div_euclid(1 << 32), product.rem_euclid(1 << 32));
        let half = 1 << 31;
        let up = rest > half || (rest == half && floor % 2 != 0);
        (floor + i128::from(up)).clamp(-32768, 32767)
    }

    /// The weight of a slot that stores the number `written`.
    pub(crate) fn number(&self, core: CoreAddress, neuron: NeuronId, slot: Slot, signed: bool, written: i128) -> i128 {
        let modulus = 1i128 << if signed { self.bits } else { self.bits - 1 };
        let flips = i128::from((self.flips)(core, neuron, slot)) % modulus;
        let mut read = written;
        if flips != 0 {
            read = written.rem_euclid(modulus) ^ flips;
            if signed && read >= modulus / 2 {
                read -= modulus;
            }
        }
        self.scaled(core, neuron, slot, read, (1 << (self.bits - 1)) - 1)
    }

    /// The weight of a slot that stores which of `currents` are on.
    pub(crate) fn switches(
        &self,
        core: CoreAddress,
        neuron: NeuronId,
        slot: Slot,
        currents: &[i16],
        written: u8,
    ) -> i128 {
        let mut all = 0;
        let mut read = 0;
        let flips = (self.flips)(core, neuron, slot);
        for bit in 0..currents.len() {
            all |= 1 << bit;
            let is_on = (written >> bit & 1 == 1) != (flips >> bit & 1 == 1);
            read |= u8::from(is_on) << bit;
        }
        self.scaled(core, neuron, slot, switched(currents, read), switched(currents, all))
    }
}

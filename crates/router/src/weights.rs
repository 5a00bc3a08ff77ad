//! From the weights that a program asks for to those that a die has: flipped bits, broken slots, mismatch.
//!
//! First the memory reads, with its flipped bits; then a broken slot takes the place of what was read; then the weight
//! that results is multiplied by the factor of its slot.

use crate::RouterError;
use crate::sums::Worst;
use chip::SynapseSign;
use device_models::{DieParameters, SynapseFault};
use units::{CoreAddress, NeuronAddress, NeuronId};

/// What a die did to the weights of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeightChanges {
    /// Synapses that the program has.
    pub synapses: u64,
    /// Those of weight 0 because their slot is dead.
    pub dead: u64,
    /// Those at the largest weight because their slot is stuck.
    pub stuck: u64,
    /// Those that read other bits than were written.
    pub flipped: u64,
    /// Those that had to be cut at the end of 16 bits.
    pub saturated: u64,
}

/// What a slot whose memory holds the weight itself makes of `weight` on a die, for a kind of synapse with this sign.
///
/// # Errors
/// A negative factor of the slot, and a weight that its bits do not hold.
pub fn number_on_die(
    die: &DieParameters,
    (core, neuron, number): (CoreAddress, NeuronId, u64),
    sign: SynapseSign,
    weight: i16,
) -> Result<i16, RouterError> {
    Scales::new(die).weigh_number(Slot { core, neuron, number }, sign, weight)
}

/// A slot with its address.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) core: CoreAddress,
    pub(crate) neuron: NeuronId,
    pub(crate) number: u64,
}

/// Weighs synapses on one die, and counts.
pub(crate) struct Scales<'a> {
    die: &'a DieParameters,
    pub(crate) changes: WeightChanges,
}

impl<'a> Scales<'a> {
    pub(crate) fn new(die: &'a DieParameters) -> Self {
        Self { die, changes: WeightChanges::default() }
    }

    /// Whether the numbers of the slots must be kept, because every event has noise of its own.
    pub(crate) fn keep_slots(&self) -> bool {
        self.die.noise().is_some_and(|noise| noise.has_event_weights())
    }

    /// What noise of events can add to the sums of a tick.
    pub(crate) fn worst(&self) -> Worst {
        let ticks = self.die.noise().map_or(1, |noise| u64::from(noise.jitter_ticks()) + 1);
        Worst { ticks, weights: self.keep_slots() }
    }

    /// Bits of `slot` that read as the opposite of what was written, out of the lowest `bits`.
    pub(crate) fn flips(&self, slot: Slot, bits: u32) -> u16 {
        self.die.flipped_bits(slot.core, slot.neuron, slot.number) & (((1u32 << bits) - 1) as u16)
    }

    /// The weight of `slot` when its memory reads `read` (having been written `flipped` or not), and `largest` is all
    /// that it could hold.
    pub(crate) fn weigh(&mut self, slot: Slot, read: i32, flipped: bool, largest: i32) -> Result<i16, RouterError> {
        let Slot { core, neuron, number } = slot;
        let changes = &mut self.changes;
        changes.synapses += 1;
        let weight = match self.die.synapse_fault(core, neuron, number) {
            Some(SynapseFault::Dead) => {
                changes.dead += 1;
                return Ok(0);
            }
            Some(SynapseFault::Stuck) => {
                changes.stuck += 1;
                largest
            }
            None => {
                changes.flipped += u64::from(flipped);
                read
            }
        };
        let (weight, cut) = self.die.weigh(weight, core, neuron, number)?;
        changes.saturated += u64::from(cut);
        Ok(weight)
    }

    /// The weight of a slot whose memory holds the number itself, in the die's bits: in two's complement for a signed
    /// kind, without the sign bit for the others.
    pub(crate) fn weigh_number(&mut self, slot: Slot, sign: SynapseSign, weight: i16) -> Result<i16, RouterError> {
        let bits = self.die.stored_weight_bits();
        let largest = (1i32 << (bits - 1)) - 1;
        let written = i32::from(weight);
        let signed = sign == SynapseSign::Signed;
        let lowest = if signed { -largest - 1 } else { 0 };
        let mut read = written;
        if self.die.flips_bits() {
            if !(lowest..=largest).contains(&written) {
                let target = NeuronAddress { core: slot.core, neuron: slot.neuron };
                return Err(RouterError::StoredWeight { target, weight, bits, lowest, largest });
            }
            read ^= i32::from(self.flips(slot, if signed { bits } else { bits - 1 }));
            // Only the stored bits count: the upper one is the sign.
            let unused = 32 - bits;
            read = (read << unused) >> unused;
        }
        self.weigh(slot, read, read != written, largest)
    }
}

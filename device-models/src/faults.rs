//! Broken circuits of a die, and how a broken one behaves.
//!
//! Whether a circuit is broken is a function of the die and the circuit's address, as its mismatch is, and of nothing
//! else: the same seed and die have the same faults under every setting of the mismatch, in every network.

use crate::{DeviceModelError, DieParameters};
use alloc::string::String;
use chip::{ChipSpec, Fact, FaultSpec, PROGRAM_WEIGHT_BITS};
use disorder::{Key, Purpose, chance, uniform};
use fx::{Fraction, Real};
use units::{CoreAddress, NeuronId, Unit};

/// How a neuron is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeuronFault {
    /// It never sends anything: its threshold cannot be reached. A rate unit stays at 0.
    Dead,
    /// It spikes in every tick in which it is not refractory: its threshold holds nothing back. A rate unit goes to 1
    /// at once and stays there.
    Hot,
}

/// How a synapse is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseFault {
    /// Its weight is 0.
    Dead,
    /// Its weight is the largest that its memory can hold.
    Stuck,
}

/// The probabilities of a chip's faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultRates {
    dead_neuron: Fraction,
    hot_neuron: Fraction,
    dead_synapse: Fraction,
    stuck_synapse: Fraction,
    bit_flip: Fraction,
    weight_bits: u32,
}

impl FaultRates {
    /// Nothing is ever broken.
    pub(crate) const NONE: Self = Self {
        dead_neuron: Fraction::ZERO,
        hot_neuron: Fraction::ZERO,
        dead_synapse: Fraction::ZERO,
        stuck_synapse: Fraction::ZERO,
        bit_flip: Fraction::ZERO,
        weight_bits: PROGRAM_WEIGHT_BITS,
    };

    /// Nothing is drawn, of slots that store so many bits.
    pub(crate) fn measured(weight_bits: u32) -> Self {
        Self { weight_bits, ..Self::NONE }
    }

    pub(crate) fn new(spec: &ChipSpec, faults: &FaultSpec) -> Result<Self, DeviceModelError> {
        let rate = |name, fact: &Option<Fact>| match fact {
            None => Ok(Fraction::ZERO),
            Some(fact) => Fraction::from_quantity(fact.quantity, Unit::ONE)
                .map_err(|error| DeviceModelError::Number { parameter: String::from(name), error }),
        };
        Ok(Self {
            dead_neuron: rate("dead_neuron", &faults.dead_neuron)?,
            hot_neuron: rate("hot_neuron", &faults.hot_neuron)?,
            dead_synapse: rate("dead_synapse", &faults.dead_synapse)?,
            stuck_synapse: rate("stuck_synapse", &faults.stuck_synapse)?,
            bit_flip: rate("weight_bit_flip", &faults.weight_bit_flip)?,
            weight_bits: spec.stored_weight_bits(),
        })
    }

    fn has_synapse_faults(&self) -> bool {
        [self.dead_synapse, self.stuck_synapse, self.bit_flip].iter().any(|rate| *rate > Fraction::ZERO)
    }
}

impl DieParameters {
    /// The address of a fault of one circuit.
    fn fault_key(&self, core: CoreAddress, neuron: NeuronId, name: &str) -> Key {
        Key::new(self.sources.die.root_seed, Purpose::Fault)
            .die(self.sources.die.id)
            .core(core)
            .neuron(neuron)
            .name(name)
    }

    /// Whether a neuron is broken, and how. One that is both dead and hot is dead.
    pub fn neuron_fault(&self, core: CoreAddress, neuron: NeuronId) -> Option<NeuronFault> {
        if let Some(measured) = &self.measured {
            return measured.neuron_fault(core, neuron);
        }
        let is = |name, rate: Fraction| {
            rate > Fraction::ZERO && chance(self.fault_key(core, neuron, name).first_word(), rate)
        };
        if is("dead_neuron", self.faults.dead_neuron) {
            Some(NeuronFault::Dead)
        } else if is("hot_neuron", self.faults.hot_neuron) {
            Some(NeuronFault::Hot)
        } else {
            None
        }
    }

    /// Whether a synapse slot is broken, and how. One that is both dead and stuck is dead.
    pub fn synapse_fault(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> Option<SynapseFault> {
        if let Some(measured) = &self.measured {
            return measured.slot(core, neuron, slot).fault;
        }
        let is = |name, rate: Fraction| {
            rate > Fraction::ZERO && chance(self.fault_key(core, neuron, name).slot(slot).first_word(), rate)
        };
        if is("dead_synapse", self.faults.dead_synapse) {
            Some(SynapseFault::Dead)
        } else if is("stuck_synapse", self.faults.stuck_synapse) {
            Some(SynapseFault::Stuck)
        } else {
            None
        }
    }

    /// The bits of a slot's stored weight that read as the opposite of what was written, lowest first. Each bit has a
    /// word of its own, so that bit i flips whatever the width of the weight.
    pub fn flipped_bits(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> u16 {
        if let Some(measured) = &self.measured {
            return measured.slot(core, neuron, slot).flipped;
        }
        if self.faults.bit_flip == Fraction::ZERO {
            return 0;
        }
        let mut stream = self.fault_key(core, neuron, "weight_bit_flip").slot(slot).stream();
        (0..self.faults.weight_bits).fold(0, |mask, bit| {
            let flips = uniform(&mut stream) < self.faults.bit_flip;
            mask | u16::from(flips) << bit
        })
    }

    /// Bits of a stored weight of this chip, its sign included.
    pub const fn stored_weight_bits(&self) -> u32 {
        self.faults.weight_bits
    }

    /// Whether stored bits can flip.
    pub fn flips_bits(&self) -> bool {
        self.faults.bit_flip > Fraction::ZERO || self.measured.as_ref().is_some_and(|measured| measured.has_flips)
    }

    /// Whether any circuit of this die can be broken.
    pub fn has_faults(&self) -> bool {
        let neurons = [self.faults.dead_neuron, self.faults.hot_neuron];
        self.has_synapse_faults()
            || neurons.iter().any(|rate| *rate > Fraction::ZERO)
            || self.measured.as_ref().is_some_and(|measured| measured.has_neuron_faults)
    }

    /// Whether any synapse slot of this die can be broken, or read other bits than were written.
    pub fn has_synapse_faults(&self) -> bool {
        self.faults.has_synapse_faults() || self.measured.as_ref().is_some_and(|measured| measured.has_synapse_faults)
    }

    /// Whether the weights that a program asks for are not the ones that it gets: mismatch, faults or noise of them.
    pub fn changes_weights(&self) -> bool {
        self.has_weight_mismatch() || self.has_synapse_faults() || self.noise().is_some_and(|n| n.has_run_weights())
    }

    /// The factor of the weight of one synapse slot: its frozen mismatch, times that of the run if the run has noise.
    pub fn weight_factor(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> Real {
        let frozen = self.weight_mismatch(core, neuron, slot);
        match self.noise() {
            None => frozen,
            Some(noise) => frozen.mul_nearest(noise.weight_factor(core, neuron, slot)),
        }
    }
}

#[cfg(test)]
mod tests;

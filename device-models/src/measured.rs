//! A die as somebody has measured it: factors and faults by circuit and slot, in the place of those that are drawn.
//!
//! Owns the tables and the rule for what they do not say: a circuit or slot that is not listed, or not for a parameter,
//! is nominal and whole. It deliberately knows no file; who reads one fills the tables.

use crate::faults::{FaultRates, NeuronFault, SynapseFault};
use crate::{DeviceModelError, DieParameters, Digest};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use chip::{ChipSpec, Program};
use disorder::{Die, Key, Purpose};
use fx::Real;
use units::{CoreAddress, NeuronId};

/// What was measured of one circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuredCircuit {
    /// What each parameter is of the value asked for.
    pub factors: BTreeMap<String, Real>,
    /// How it is broken.
    pub fault: Option<NeuronFault>,
}

/// What was measured of one synapse slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeasuredSlot {
    /// What its weight is of the weight written, not negative; none: nominal.
    pub factor: Option<Real>,
    /// How it is broken.
    pub fault: Option<SynapseFault>,
    /// The bits of its stored weight that read as the opposite of what was written.
    pub flipped: u16,
}

/// Tables of a die that was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuredDie {
    /// The circuits that are listed.
    pub circuits: BTreeMap<(CoreAddress, NeuronId), MeasuredCircuit>,
    /// The slots that are listed, each with its number on the chip.
    pub slots: BTreeMap<(CoreAddress, NeuronId, u64), MeasuredSlot>,
}

/// The tables with what is asked of all of them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) tables: MeasuredDie,
    /// Parameters of which a factor is listed.
    pub(crate) names: BTreeSet<String>,
    pub(crate) has_weights: bool,
    pub(crate) has_flips: bool,
    pub(crate) has_neuron_faults: bool,
    pub(crate) has_synapse_faults: bool,
}

impl Measured {
    pub(crate) fn factor(&self, parameter: &str, core: CoreAddress, neuron: NeuronId) -> Real {
        let circuit = self.tables.circuits.get(&(core, neuron));
        circuit.and_then(|circuit| circuit.factors.get(parameter)).copied().unwrap_or(Real::ONE)
    }

    pub(crate) fn slot(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> MeasuredSlot {
        self.tables.slots.get(&(core, neuron, slot)).copied().unwrap_or_default()
    }

    pub(crate) fn neuron_fault(&self, core: CoreAddress, neuron: NeuronId) -> Option<NeuronFault> {
        self.tables.circuits.get(&(core, neuron))?.fault
    }
}

impl DieParameters {
    /// A die of the chip `spec` that is as `measured` says and nominal beyond it. `die` is the address of the noise of
    /// its runs.
    ///
    /// # Errors
    /// A parameter that the chip does not have, or a negative factor of a weight.
    pub fn measured(spec: &ChipSpec, die: Die, measured: MeasuredDie) -> Result<Self, DeviceModelError> {
        let circuits = measured.circuits.values();
        let names: BTreeSet<String> = circuits.flat_map(|circuit| circuit.factors.keys().cloned()).collect();
        if let Some(parameter) = names.iter().find(|name| !spec.parameters.contains_key(*name)) {
            return Err(DeviceModelError::MeasuredParameter {
                parameter: parameter.to_string(),
                chip: spec.name.clone(),
            });
        }
        for (&(core, neuron, _), slot) in &measured.slots {
            if let Some(factor) = slot.factor.filter(|factor| *factor < Real::ZERO) {
                let target = units::NeuronAddress { core, neuron };
                return Err(DeviceModelError::NegativeWeightFactor { target, factor });
            }
        }
        let any_slot = |is: fn(&MeasuredSlot) -> bool| measured.slots.values().any(is);
        let has_flips = any_slot(|slot| slot.flipped != 0);
        let measured = Measured {
            names,
            has_weights: any_slot(|slot| slot.factor.is_some_and(|factor| factor != Real::ONE)),
            has_flips,
            has_neuron_faults: measured.circuits.values().any(|circuit| circuit.fault.is_some()),
            has_synapse_faults: has_flips || any_slot(|slot| slot.fault.is_some()),
            tables: measured,
        };
        let mut made = Self::nominal();
        made.sources.die = die;
        if measured.has_synapse_faults {
            made.faults = FaultRates::measured(spec.stored_weight_bits());
        }
        made.measured = Some(Arc::new(measured));
        Ok(made)
    }

    /// A hash of all that this die makes of the circuits of `program`: factors, faults, and those of their slots. Dies
    /// that are equal there have the same, whether they were drawn or measured; the noise of a run is not in it.
    pub fn fingerprint(&self, spec: &ChipSpec, program: &Program) -> u64 {
        let mut digest = Digest::new();
        let names: BTreeSet<&str> = self.mismatched().collect();
        // Slots that are known by their content have no list: a few stand for all.
        let slots = match spec.router.numbered_slots() {
            0 => 4,
            slots => slots,
        };
        let has_slots = self.has_weight_mismatch() || self.has_synapse_faults();
        for core in &program.cores {
            digest.push(u64::from(core.address.chip.0) << 16 | u64::from(core.address.core.0));
            for neuron in (0..core.neuron_count).map(|neuron| NeuronId(neuron as u16)) {
                // What is nominal and whole is not told, so that it does not matter whether a table lists it.
                let mut tell = |what: u64, value: u64| [neuron.0.into(), what, value].map(|word| digest.push(word));
                for name in &names {
                    let factor = self.factor(name, core.address, neuron);
                    if factor != Real::ONE {
                        tell(Key::new(0, Purpose::Mismatch).name(name).first_word(), factor.to_bits() as u64);
                    }
                }
                if let Some(fault) = self.neuron_fault(core.address, neuron) {
                    tell(1, fault as u64);
                }
                for slot in (0..slots).filter(|_| has_slots) {
                    let factor = self.weight_mismatch(core.address, neuron, slot);
                    let fault = self.synapse_fault(core.address, neuron, slot).map_or(0, |fault| fault as u64 + 1);
                    let flipped = self.flipped_bits(core.address, neuron, slot);
                    if factor != Real::ONE || fault != 0 || flipped != 0 {
                        tell(slot << 32 | fault << 16 | u64::from(flipped), factor.to_bits() as u64);
                    }
                }
            }
        }
        digest.value()
    }
}

//! Measured dies: factors and faults by core, neuron and slot. CSV and npz, specified in
//! `docs/formats/measured-die.md`.
//!
//! Owns the two formats and the check that every circuit and slot exists on the chip. What a factor or fault does is
//! for the core models and the router to say.

mod arrays;
mod csv;

use ::chip::ChipSpec;
use device_models::{DieParameters, MeasuredCircuit, MeasuredDie, MeasuredSlot, NeuronFault, SynapseFault};
use fx::Real;
use std::collections::BTreeSet;
use std::path::Path;
use units::{CoreAddress, NeuronId};

pub use arrays::write as write_npz;
pub use csv::write as write_csv;

use crate::error::{FormatError, FormatErrors};
use crate::text::{read_head, read_text};

/// Circuits of a die that are written at once, at most.
pub const CIRCUITS_MAX: usize = 1 << 20;

/// Reads the measured die at `path`, of a chip like `spec`; an archive of arrays is known by its first bytes.
///
/// # Errors
/// What is wrong with the file, with line and column or the name of the array; at most 20 of them.
pub fn load(path: &Path, spec: &ChipSpec) -> Result<MeasuredDie, FormatErrors> {
    let one = |error: FormatError| FormatErrors::new(vec![error]).expect("one is given");
    if read_head(path, 4).map_err(one)?.starts_with(b"PK") {
        return arrays::load(path, spec).map_err(one);
    }
    csv::read(&read_text(path).map_err(one)?, &path.display().to_string(), spec)
}

/// Reads a measured die as CSV; `file` stands for the file in errors.
///
/// # Errors
/// As [`load`].
pub fn read_csv(text: &str, file: &str, spec: &ChipSpec) -> Result<MeasuredDie, FormatErrors> {
    csv::read(text, file, spec)
}

/// Sizes of a board, as the highest numbers that there are.
struct Board {
    chips: usize,
    cores: usize,
    neurons: usize,
    slots: u64,
}

impl Board {
    fn of(spec: &ChipSpec) -> Self {
        Self {
            chips: spec.chip_count(),
            cores: spec.cores_per_chip(),
            neurons: spec.neurons_per_core(),
            slots: spec.router.numbered_slots(),
        }
    }
}

/// The spelling of the faults of neurons.
const NEURON_FAULTS: [(&str, NeuronFault); 2] = [("dead", NeuronFault::Dead), ("hot", NeuronFault::Hot)];

/// The spelling of the faults of slots.
const SLOT_FAULTS: [(&str, SynapseFault); 2] = [("dead", SynapseFault::Dead), ("stuck", SynapseFault::Stuck)];

/// What a drawn die has in some circuits, as if it had been measured: every factor of every parameter with mismatch,
/// and the slots that are not nominal and whole.
pub fn tables(spec: &ChipSpec, die: &DieParameters, circuits: &[(CoreAddress, NeuronId)]) -> MeasuredDie {
    let mut tables = MeasuredDie::default();
    let names: BTreeSet<&str> = die.mismatched().collect();
    let has_slots = die.has_weight_mismatch() || die.has_synapse_faults();
    let slots = if has_slots { spec.router.numbered_slots() } else { 0 };
    for &(core, neuron) in circuits {
        let factors = names.iter().map(|name| ((*name).to_string(), die.factor(name, core, neuron)));
        let circuit = MeasuredCircuit { factors: factors.collect(), fault: die.neuron_fault(core, neuron) };
        tables.circuits.insert((core, neuron), circuit);
        for slot in 0..slots {
            let factor = Some(die.weight_mismatch(core, neuron, slot)).filter(|factor| *factor != Real::ONE);
            let (fault, flipped) = (die.synapse_fault(core, neuron, slot), die.flipped_bits(core, neuron, slot));
            if factor.is_some() || fault.is_some() || flipped != 0 {
                tables.slots.insert((core, neuron, slot), MeasuredSlot { factor, fault, flipped });
            }
        }
    }
    tables
}

/// The parameters of which some circuit of `die` has a factor.
fn names(die: &MeasuredDie) -> Vec<&str> {
    let names: BTreeSet<&str> =
        die.circuits.values().flat_map(|circuit| circuit.factors.keys().map(String::as_str)).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests;

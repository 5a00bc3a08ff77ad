//! Measured dies as arrays: one element a neuron, and one a slot.

use super::{Board, NEURON_FAULTS, SLOT_FAULTS, names};
use crate::error::FormatError;
use crate::npz::{ArrayProblem, Npz, Values, write_arrays};
use ::chip::ChipSpec;
use device_models::{MeasuredCircuit, MeasuredDie, MeasuredSlot};
use fx::Real;
use std::path::Path;
use units::{ChipId, CoreAddress, CoreId, NeuronId};

/// What arrays of slots begin with.
const OF_SLOTS: [&str; 7] =
    ["slot_chip", "slot_core", "slot_neuron", "slot", "slot_fault", "slot_flipped", "slot_weight"];
/// Arrays of neurons that are no parameters.
const OF_NEURONS: [&str; 4] = ["chip", "core", "neuron", "fault"];

/// 2^32, what a factor of 1 is.
const ONE: f64 = 4_294_967_296.0;

struct Reader<'a> {
    archive: &'a Npz,
    file: String,
}

impl Reader<'_> {
    fn wrong(&self, array: &str, problem: ArrayProblem) -> FormatError {
        FormatError::Array { file: self.file.clone(), array: array.into(), problem }
    }

    /// Whole numbers from 0 to below `count`; `len` zeros if there is no such array.
    fn ids(&self, name: &str, count: u64, len: Option<u64>) -> Result<Vec<u64>, FormatError> {
        if let Some(len) = len.filter(|_| !self.archive.has(name)) {
            return Ok(vec![0; len as usize]);
        }
        let ids: Vec<u64> = match len {
            Some(len) => self.archive.vector_of(name, len)?,
            None => self.archive.vector(name)?,
        };
        match ids.iter().position(|id| *id >= count) {
            None => Ok(ids),
            Some(index) => {
                let (value, high) = (ids[index].into(), i128::from(count) - 1);
                Err(self.wrong(name, ArrayProblem::OutOfRange { index, value, low: 0, high }))
            }
        }
    }

    /// Factors, `nan` for those that were not measured; none if there is no such array.
    fn factors(&self, name: &str, len: usize) -> Result<Vec<Option<Real>>, FormatError> {
        if !self.archive.has(name) {
            return Ok(vec![None; len]);
        }
        let columns = self.archive.columns(name)?;
        let values: Vec<f64> = match columns.first().map(|column| &column.values) {
            Some(Values::Decimal(values)) if columns.len() == 1 => values.clone(),
            Some(Values::Whole { values, .. }) if columns.len() == 1 => values.iter().map(|v| *v as f64).collect(),
            _ => Vec::new(),
        };
        if values.len() != len {
            let problem = ArrayProblem::Shape { found: vec![values.len() as u64], needed: format!("[{len}]") };
            return Err(self.wrong(name, problem));
        }
        let factor = |(index, value): (usize, f64)| match value {
            nan if nan.is_nan() => Ok(None),
            value if value.abs() < 2_147_483_648.0 => Ok(Some(Real::from_bits((value * ONE).round_ties_even() as i64))),
            value if value.is_finite() => {
                let (low, high) = (-2_147_483_648, 2_147_483_647);
                Err(self.wrong(name, ArrayProblem::OutOfRange { index, value: value as i128, low, high }))
            }
            value => {
                let value = if value > 0.0 { "inf" } else { "-inf" };
                Err(self.wrong(name, ArrayProblem::NotFinite { index, value }))
            }
        };
        values.into_iter().enumerate().map(factor).collect()
    }
}

/// Reads the archive at `path`.
pub(super) fn load(path: &Path, spec: &ChipSpec) -> Result<MeasuredDie, FormatError> {
    let archive = Npz::open(path)?;
    let reader = Reader { archive: &archive, file: path.display().to_string() };
    let board = Board::of(spec);
    let known = || OF_NEURONS.iter().chain(&OF_SLOTS).map(|name| (*name).to_string());
    let is_known = |name: &str| known().any(|known| known == name) || spec.parameters.contains_key(name);
    if let Some(unknown) = archive.names().find(|name| !is_known(name)) {
        let known = known().chain(spec.parameters.keys().cloned()).collect();
        return Err(reader.wrong(unknown, ArrayProblem::Unknown { name: unknown.into(), known }));
    }
    let mut die = MeasuredDie::default();
    let twice = |array: &str, index: usize| reader.wrong(array, ArrayProblem::Twice { index });
    if archive.has("core") || archive.has("neuron") || !archive.has("slot") {
        let cores = reader.ids("core", board.cores as u64, None)?;
        let len = cores.len() as u64;
        let neurons = reader.ids("neuron", board.neurons as u64, Some(len).filter(|_| archive.has("neuron")))?;
        let chips = reader.ids("chip", board.chips as u64, Some(len))?;
        let faults = reader.ids("fault", NEURON_FAULTS.len() as u64 + 1, Some(len))?;
        let mut factors = Vec::new();
        for name in spec.parameters.keys().filter(|name| archive.has(name)) {
            factors.push((name, reader.factors(name, cores.len())?));
        }
        for (index, core) in cores.into_iter().enumerate() {
            let place = place(chips[index], core, neurons[index]);
            let fault = faults[index].checked_sub(1).map(|fault| NEURON_FAULTS[fault as usize].1);
            let own = factors.iter().filter_map(|(name, all)| Some(((*name).clone(), all[index]?)));
            let circuit = MeasuredCircuit { factors: own.collect(), fault };
            if die.circuits.insert(place, circuit).is_some() {
                return Err(twice("neuron", index));
            }
        }
    }
    if archive.has("slot") {
        let slots = reader.ids("slot", board.slots, None)?;
        let len = Some(slots.len() as u64);
        let cores = reader.ids("slot_core", board.cores as u64, len.filter(|_| archive.has("slot_core")))?;
        let neurons = reader.ids("slot_neuron", board.neurons as u64, len.filter(|_| archive.has("slot_neuron")))?;
        let chips = reader.ids("slot_chip", board.chips as u64, len)?;
        let faults = reader.ids("slot_fault", SLOT_FAULTS.len() as u64 + 1, len)?;
        let flipped = reader.ids("slot_flipped", 1 << 16, len)?;
        let weights = reader.factors("slot_weight", slots.len())?;
        if let Some(index) = weights.iter().position(|factor| factor.is_some_and(|factor| factor < Real::ZERO)) {
            let problem = ArrayProblem::OutOfRange { index, value: -1, low: 0, high: i128::from(i32::MAX) };
            return Err(reader.wrong("slot_weight", problem));
        }
        for (index, slot) in slots.into_iter().enumerate() {
            let (core, neuron) = place(chips[index], cores[index], neurons[index]);
            let fault = faults[index].checked_sub(1).map(|fault| SLOT_FAULTS[fault as usize].1);
            let measured = MeasuredSlot { factor: weights[index], fault, flipped: flipped[index] as u16 };
            if die.slots.insert((core, neuron, slot), measured).is_some() {
                return Err(twice("slot", index));
            }
        }
    }
    Ok(die)
}

fn place(chip: u64, core: u64, neuron: u64) -> (CoreAddress, NeuronId) {
    (CoreAddress { chip: ChipId(chip as u16), core: CoreId(core as u16) }, NeuronId(neuron as u16))
}

/// The archive of a die.
pub fn write(die: &MeasuredDie) -> Vec<u8> {
    let words = |numbers: &mut dyn Iterator<Item = u16>| -> Vec<u8> { numbers.flat_map(u16::to_le_bytes).collect() };
    let real = |factor: Option<Real>| factor.map_or(f64::NAN, |factor| factor.to_bits() as f64 / ONE);
    let mut arrays: Vec<(String, &str, usize, Vec<u8>)> = Vec::new();
    let (count, slots) = (die.circuits.len(), die.slots.len());
    let mut own = |name: &str, kind, len, bytes| arrays.push((name.to_string(), kind, len, bytes));
    own("chip", "<u2", count, words(&mut die.circuits.keys().map(|(core, _)| core.chip.0)));
    own("core", "<u2", count, words(&mut die.circuits.keys().map(|(core, _)| core.core.0)));
    own("neuron", "<u2", count, words(&mut die.circuits.keys().map(|(_, neuron)| neuron.0)));
    let fault = |circuit: &MeasuredCircuit| {
        let known = NEURON_FAULTS.iter().position(|(_, known)| Some(*known) == circuit.fault);
        known.map_or(0, |known| known as u16 + 1)
    };
    own("fault", "<u2", count, words(&mut die.circuits.values().map(fault)));
    for name in names(die) {
        let factors = die.circuits.values().map(|circuit| real(circuit.factors.get(name).copied()));
        own(name, "<f8", count, factors.flat_map(f64::to_le_bytes).collect());
    }
    if slots > 0 {
        own("slot_chip", "<u2", slots, words(&mut die.slots.keys().map(|(core, ..)| core.chip.0)));
        own("slot_core", "<u2", slots, words(&mut die.slots.keys().map(|(core, ..)| core.core.0)));
        own("slot_neuron", "<u2", slots, words(&mut die.slots.keys().map(|(_, neuron, _)| neuron.0)));
        own("slot", "<u8", slots, die.slots.keys().flat_map(|(.., slot)| slot.to_le_bytes()).collect());
        let fault = |slot: &MeasuredSlot| {
            let known = SLOT_FAULTS.iter().position(|(_, known)| Some(*known) == slot.fault);
            known.map_or(0, |known| known as u16 + 1)
        };
        own("slot_fault", "<u2", slots, words(&mut die.slots.values().map(fault)));
        own("slot_flipped", "<u2", slots, words(&mut die.slots.values().map(|slot| slot.flipped)));
        let weights = die.slots.values().map(|slot| real(slot.factor));
        own("slot_weight", "<f8", slots, weights.flat_map(f64::to_le_bytes).collect());
    }
    write_arrays(&arrays)
}

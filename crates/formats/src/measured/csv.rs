//! Measured dies as CSV: a line a neuron, and a line a slot.

use super::{Board, NEURON_FAULTS, SLOT_FAULTS, names};
use crate::document::Format;
use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use crate::list::{FieldError, Schema, integer, lines};
use ::chip::ChipSpec;
use device_models::{MeasuredCircuit, MeasuredDie, MeasuredSlot};
use fx::Real;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use units::{ChipId, CoreAddress, CoreId, Decimal, NeuronId};

/// The first line; columns are those of the file.
const HEAD: Schema =
    Schema { format: Format { name: "quenched-die", version: 1 }, columns: "core,neuron", optional: 0 };

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Chip,
    Core,
    Neuron,
    Slot,
    Fault,
    Flipped,
    Weight,
    Parameter(String),
}

/// Columns that are no parameters.
const OWN: [(&str, Column); 7] = [
    ("chip", Column::Chip),
    ("core", Column::Core),
    ("neuron", Column::Neuron),
    ("slot", Column::Slot),
    ("fault", Column::Fault),
    ("flipped", Column::Flipped),
    ("weight", Column::Weight),
];

/// Reads every line.
pub(super) fn read(text: &str, file: &str, spec: &ChipSpec) -> Result<MeasuredDie, FormatErrors> {
    let board = Board::of(spec);
    let mut errors = Vec::new();
    let mut note =
        |span: Range<usize>, problem| errors.push(FormatError::text(Place::new(file, text, span, ""), problem));
    let (mut die, mut columns, mut announced, mut found) = (MeasuredDie::default(), None, None, 0);
    let mut wrong = 0;
    for line in lines(text) {
        let trimmed = text[line.clone()].trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            if columns.is_none() && announced.is_none() {
                match HEAD.first_line(comment) {
                    Ok(count) => announced = count.map(|count| (line, count)),
                    Err(problem) => {
                        note(line, problem);
                        return Err(FormatErrors::new(errors).expect("one was noted"));
                    }
                }
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let fields: Vec<&str> = trimmed.split(',').map(str::trim).collect();
        let span = |field: &str| {
            let start = field.as_ptr() as usize - text.as_ptr() as usize;
            start..start + field.len()
        };
        let Some(columns) = &columns else {
            match header(&fields, spec) {
                Ok(read) => columns = Some(read),
                Err((index, problem)) => {
                    note(fields.get(index).map_or(line, |field| span(field)), problem);
                    return Err(FormatErrors::new(errors).expect("one was noted"));
                }
            }
            continue;
        };
        found += 1;
        let result = if fields.len() == columns.len() {
            row(&fields, columns, &board, &mut die).map_err(|(index, problem)| (span(fields[index]), problem))
        } else {
            Err((line, Problem::FieldCount { expected: columns.len(), found: fields.len() }))
        };
        if let Err((span, problem)) = result {
            note(span, problem);
            wrong += 1;
            if wrong == ERRORS_MAX {
                break;
            }
        }
    }
    if wrong < ERRORS_MAX {
        if columns.is_none() {
            note(text.len()..text.len(), Problem::Columns { expected: HEAD.columns, found: String::new() });
        }
        if let Some((line, announced)) = announced
            && announced != found
        {
            note(line, Problem::EntryCount { announced, found });
        } else if !text.is_empty() && !text.ends_with('\n') {
            note(text.len()..text.len(), Problem::CutOff);
        }
    }
    FormatErrors::new(errors).map_or(Ok(die), Err)
}

/// The columns of a file.
fn header(fields: &[&str], spec: &ChipSpec) -> Result<Vec<Column>, FieldError> {
    let mut columns: Vec<Column> = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let own = OWN.iter().find(|(name, _)| name == field).map(|(_, column)| column.clone());
        let parameter = || spec.parameters.contains_key(*field).then(|| Column::Parameter((*field).to_string()));
        let Some(column) = own.or_else(parameter) else {
            let known = OWN.iter().map(|(name, _)| (*name).to_string()).chain(spec.parameters.keys().cloned());
            let what = format!("a column of a measured die, nor a parameter of chip `{}`", spec.name);
            return Err((index, Problem::UnknownName { what, name: (*field).into(), known: known.collect() }));
        };
        if columns.contains(&column) {
            return Err((index, rule("column-once", format!("the column `{field}` is there twice"))));
        }
        columns.push(column);
    }
    if !columns.contains(&Column::Core) || !columns.contains(&Column::Neuron) {
        return Err((fields.len(), Problem::Columns { expected: HEAD.columns, found: fields.join(",") }));
    }
    Ok(columns)
}

fn rule(rule: &'static str, message: String) -> Problem {
    Problem::Rule { rule, message }
}

/// Enters a line.
fn row(fields: &[&str], columns: &[Column], board: &Board, die: &mut MeasuredDie) -> Result<(), FieldError> {
    let at = |wanted: &Column| columns.iter().position(|column| column == wanted);
    let id = |column: &Column, count: usize| match at(column) {
        Some(index) => integer::<u64>(fields, index, 0, count.min(1 << 16) as u64 - 1).map(|id| id as u16),
        None => Ok(0),
    };
    let chip = ChipId(id(&Column::Chip, board.chips)?);
    let core = CoreAddress { chip, core: CoreId(id(&Column::Core, board.cores)?) };
    let neuron = NeuronId(id(&Column::Neuron, board.neurons)?);
    let filled = |column: &Column| at(column).filter(|index| !fields[*index].is_empty());
    let place = at(&Column::Neuron).unwrap_or(0);
    let Some(slot) = filled(&Column::Slot) else {
        for column in [Column::Flipped, Column::Weight] {
            if let Some(index) = filled(&column) {
                let message = "this belongs to a slot, and the line is one of a neuron: name the slot".into();
                return Err((index, rule("slot-named", message)));
            }
        }
        let mut circuit = MeasuredCircuit::default();
        if let Some(index) = filled(&Column::Fault) {
            circuit.fault = Some(fault(fields, index, &NEURON_FAULTS, "a fault of neurons")?);
        }
        for (index, column) in columns.iter().enumerate().filter(|(index, _)| !fields[*index].is_empty()) {
            if let Column::Parameter(name) = column {
                circuit.factors.insert(name.clone(), factor(fields, index)?);
            }
        }
        let is_new = die.circuits.insert((core, neuron), circuit).is_none();
        return if is_new {
            Ok(())
        } else {
            Err((place, rule("circuit-once", format!("{core} neuron {neuron} is listed twice"))))
        };
    };
    if board.slots == 0 {
        return Err((slot, rule("slots-numbered", "the slots of this chip have no numbers".into())));
    }
    let number: u64 = integer(fields, slot, 0, board.slots - 1)?;
    let parameters = columns.iter().enumerate().filter(|(_, column)| matches!(column, Column::Parameter(_)));
    if let Some((index, _)) = parameters.into_iter().find(|(index, _)| !fields[*index].is_empty()) {
        return Err((
            index,
            rule("parameter-of-neuron", "this belongs to a neuron, and the line is one of a slot".into()),
        ));
    }
    let mut measured = MeasuredSlot::default();
    if let Some(index) = filled(&Column::Fault) {
        measured.fault = Some(fault(fields, index, &SLOT_FAULTS, "a fault of slots")?);
    }
    if let Some(index) = filled(&Column::Flipped) {
        measured.flipped = integer(fields, index, 0, u16::MAX)?;
    }
    if let Some(index) = filled(&Column::Weight) {
        let factor = factor(fields, index)?;
        if factor < Real::ZERO {
            return Err((index, rule("weight-not-negative", "the factor of a weight is not negative".into())));
        }
        measured.factor = Some(factor);
    }
    let is_new = die.slots.insert((core, neuron, number), measured).is_none();
    let twice = || (slot, rule("slot-once", format!("{core} neuron {neuron} slot {number} is listed twice")));
    if is_new { Ok(()) } else { Err(twice()) }
}

fn fault<F: Copy>(fields: &[&str], index: usize, all: &[(&str, F)], what: &str) -> Result<F, FieldError> {
    let found = all.iter().find(|(name, _)| *name == fields[index]);
    found.map(|(_, fault)| *fault).ok_or_else(|| {
        let known = all.iter().map(|(name, _)| (*name).to_string()).collect();
        (index, Problem::UnknownName { what: what.into(), name: fields[index].into(), known })
    })
}

fn factor(fields: &[&str], index: usize) -> Result<Real, FieldError> {
    let value: Decimal = fields[index].parse().map_err(|error| (index, Problem::Decimal(error)))?;
    Real::from_decimal(value).map_err(|_| {
        let (low, high) = ("-2147483648".into(), "2147483647".into());
        (index, Problem::OutOfRange { value: fields[index].into(), low, high })
    })
}

/// The file of a die: columns that nothing fills are left out.
pub fn write(die: &MeasuredDie) -> String {
    let names = names(die);
    let mut text = HEAD.head(die.circuits.len() + die.slots.len());
    text.truncate(text.len() - HEAD.columns.len() - 1);
    let has_slots = !die.slots.is_empty();
    text.push_str(if has_slots { "chip,core,neuron,slot,fault,flipped,weight" } else { "chip,core,neuron,fault" });
    names.iter().for_each(|name| {
        let _ = write!(text, ",{name}");
    });
    text.push('\n');
    let mut slots: BTreeMap<(CoreAddress, NeuronId), Vec<(u64, &MeasuredSlot)>> = BTreeMap::new();
    for ((core, neuron, slot), measured) in &die.slots {
        slots.entry((*core, *neuron)).or_default().push((*slot, measured));
    }
    let mut places: Vec<&(CoreAddress, NeuronId)> = die.circuits.keys().chain(slots.keys()).collect();
    places.sort_unstable();
    places.dedup();
    for place in places {
        let (core, neuron) = place;
        let start = format!("{},{},{neuron}", core.chip, core.core);
        if let Some(circuit) = die.circuits.get(place) {
            let fault = circuit.fault.and_then(|fault| NEURON_FAULTS.iter().find(|(_, known)| *known == fault));
            let fault = fault.map_or("", |(name, _)| name);
            let _ = if has_slots { write!(text, "{start},,{fault},,") } else { write!(text, "{start},{fault}") };
            for name in &names {
                let factor = circuit.factors.get(*name).map(Real::to_string);
                let _ = write!(text, ",{}", factor.unwrap_or_default());
            }
            text.push('\n');
        }
        for (slot, measured) in slots.get(place).into_iter().flatten() {
            let fault = measured.fault.and_then(|fault| SLOT_FAULTS.iter().find(|(_, known)| *known == fault));
            let flipped = if measured.flipped == 0 { String::new() } else { measured.flipped.to_string() };
            let weight = measured.factor.map(|factor| factor.to_string()).unwrap_or_default();
            let _ = write!(text, "{start},{slot},{},{flipped},{weight}", fault.map_or("", |(name, _)| name));
            text.push_str(&",".repeat(names.len()));
            text.push('\n');
        }
    }
    text
}

//! Traces: quantities of chosen neurons over time. CSV, specified in `docs/formats/traces.md`.
//!
//! Owns the names of the columns and the way from the integers of an emulation to decimals. A reading is an integer in
//! units of two to the minus its fraction bits, so that it is a decimal with finitely many digits: it is written with
//! all of them. Reading a file gives the nearest `f64`, which is the same number while it has at most 53 significant
//! bits, as every state of 32 bits does. Which quantities exist is a matter of the core models.

use crate::document::Format;
use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use crate::events::Order;
use crate::list::{Schema, lines};
use crate::text::read_text;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use units::{Decimal, Tick};

const TRACES: Schema = Schema { format: Format { name: "quenched-traces", version: 1 }, columns: "tick", optional: 0 };

/// The rule that names of columns obey.
const COLUMN: &str = "trace-column";

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceName {
    /// The population.
    pub population: String,
    /// The neuron, counted within its population.
    pub neuron: u32,
    /// The quantity (`v`, `i_AMPA`).
    pub quantity: String,
    /// Its unit; `1` for a pure number.
    pub unit: String,
}

impl TraceName {
    /// `reservoir[3]:v`, as `--probe` spells it.
    pub fn label(&self) -> String {
        format!("{}[{}]:{}", self.population, self.neuron, self.quantity)
    }

    /// The name in `cell`, which is `POPULATION[NEURON]:QUANTITY (UNIT)`.
    fn parse(cell: &str) -> Option<Self> {
        let (name, unit) = cell.strip_suffix(')')?.rsplit_once(" (")?;
        let (neuron, quantity) = name.rsplit_once("]:")?;
        let (population, neuron) = neuron.rsplit_once('[')?;
        let plain = [population, quantity, unit].iter().all(|part| !part.is_empty());
        plain.then_some(())?;
        Some(Self {
            population: population.into(),
            neuron: neuron.parse().ok()?,
            quantity: quantity.into(),
            unit: unit.into(),
        })
    }
}

/// What was recorded of one quantity of one neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Of what.
    pub name: TraceName,
    /// Readings are in units of two to the minus this, times `scale`; at most 63.
    pub fraction_bits: u32,
    /// What counts as 1, in the unit of the name; not negative.
    pub scale: Decimal,
    /// One reading a sample.
    pub bits: Vec<i64>,
}

/// Traces as they are read: numbers to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traces {
    /// When the samples were taken: at the end of these ticks, which never fall.
    pub ticks: Vec<Tick>,
    /// The columns: what, and one value a sample.
    pub columns: Vec<(TraceName, Vec<f64>)>,
}

/// The file of `recordings`, whose samples were taken at the end of `ticks`.
///
/// # Panics
/// If the ticks fall, if a recording has not one reading a tick, or if a name holds a line break.
pub fn write_traces(ticks: &[Tick], recordings: &[Recording]) -> String {
    assert!(ticks.is_sorted(), "samples are listed in the order of time");
    let mut text = TRACES.head(ticks.len());
    text.truncate(text.len() - 1);
    for recording in recordings {
        assert_eq!(recording.bits.len(), ticks.len(), "a recording has one reading a sample");
        let cell = format!("{} ({})", recording.name.label(), recording.name.unit);
        assert!(!cell.contains(['\n', '\r']), "a name is on one line");
        let _ = write!(text, ",{}", quoted(&cell));
    }
    text.push('\n');
    for (i, tick) in ticks.iter().enumerate() {
        let _ = write!(text, "{tick}");
        for recording in recordings {
            text.push(',');
            push_decimal(&mut text, recording.bits[i], recording.fraction_bits, recording.scale);
        }
        text.push('\n');
    }
    text
}

/// `scale * bits * 2^-fraction_bits` as a decimal with all of its digits and no trailing zero. `fraction_bits` is at
/// most 63, and the scale not negative.
pub fn exact_decimal(bits: i64, fraction_bits: u32, scale: Decimal) -> String {
    let mut text = String::new();
    push_decimal(&mut text, bits, fraction_bits, scale);
    text
}

fn push_decimal(text: &mut String, bits: i64, fraction_bits: u32, scale: Decimal) {
    assert!(fraction_bits <= 63, "{fraction_bits} fraction bits");
    // Below 2^124.
    let magnitude = u128::from(bits.unsigned_abs()) * u128::from(scale.mantissa().unsigned_abs());
    let mask = (1u128 << fraction_bits) - 1;
    let mut digits = (magnitude >> fraction_bits).to_string();
    let mut rest = magnitude & mask;
    // Each digit takes a factor of two out of the denominator, so there are as many digits as fraction bits at most.
    let mut places = 0;
    while rest != 0 {
        rest *= 10;
        digits.push((b'0' + (rest >> fraction_bits) as u8) as char);
        rest &= mask;
        places += 1;
    }
    let places = places - i32::from(scale.exponent());
    if magnitude != 0 && bits < 0 {
        text.push('-');
    }
    let digits = digits.trim_start_matches('0');
    if places <= 0 {
        let zeros = if digits.is_empty() { 0 } else { places.unsigned_abs() as usize };
        text.push_str(if digits.is_empty() { "0" } else { digits });
        text.extend(std::iter::repeat_n('0', zeros));
        return;
    }
    let padded = format!("{digits:0>width$}", width = places as usize + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places as usize);
    text.push_str(whole);
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
}

/// Reads traces; `file` stands for the file in errors.
///
/// # Errors
/// Columns that do not name a quantity of a neuron with its unit, or two of one name; fields that are no numbers, ticks
/// that fall, or a file that was cut off; at most 20 of them.
pub fn read_traces(text: &str, file: &str) -> Result<Traces, FormatErrors> {
    let mut reader = Reader { text, file, errors: Vec::new(), announced: None };
    let traces = reader.read();
    match FormatErrors::new(reader.errors) {
        Some(errors) => Err(errors),
        None => Ok(traces),
    }
}

/// Reads the traces at `path`; see [`read_traces`].
///
/// # Errors
/// As [`read_traces`], or the file cannot be read.
pub fn load_traces(path: &Path) -> Result<Traces, FormatErrors> {
    read_traces(&read_text(path)?, &path.display().to_string())
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    errors: Vec<FormatError>,
    /// The first line and the samples that it announces.
    announced: Option<(Range<usize>, u64)>,
}

impl<'a> Reader<'a> {
    fn note(&mut self, span: Range<usize>, problem: Problem) {
        self.errors.push(FormatError::text(Place::new(self.file, self.text, span, ""), problem));
    }

    /// As much as can be read; what cannot is noted.
    fn read(&mut self) -> Traces {
        let mut traces = Traces::default();
        let mut order = Order::default();
        let (mut has_columns, mut found) = (false, 0u64);
        for line in lines(self.text) {
            let trimmed = self.text[line.clone()].trim();
            if let Some(comment) = trimmed.strip_prefix('#') {
                if !has_columns && self.announced.is_none() {
                    match TRACES.first_line(comment) {
                        Ok(count) => self.announced = count.map(|count| (line, count)),
                        Err(problem) => {
                            self.note(line, problem);
                            return traces;
                        }
                    }
                }
            } else if trimmed.is_empty() {
            } else if !has_columns {
                has_columns = true;
                match self.columns(trimmed) {
                    Ok(names) => traces.columns = names.into_iter().map(|name| (name, Vec::new())).collect(),
                    Err((span, problem)) => {
                        self.note(span, problem);
                        return traces;
                    }
                }
            } else {
                found += 1;
                if let Err((span, problem)) = self.sample(trimmed, &mut order, &mut traces) {
                    self.note(span, problem);
                    if self.errors.len() == ERRORS_MAX {
                        return traces;
                    }
                }
            }
        }
        if !has_columns {
            let end = self.text.len();
            self.note(end..end, Problem::Columns { expected: EXPECTED, found: String::new() });
        }
        match self.announced.clone() {
            Some((line, announced)) if announced != found => self.note(line, Problem::EntryCount { announced, found }),
            _ if !self.text.is_empty() && !self.text.ends_with('\n') => {
                self.note(self.text.len()..self.text.len(), Problem::CutOff);
            }
            _ => {}
        }
        traces
    }

    /// The columns behind `tick`.
    fn columns(&self, line: &'a str) -> Result<Vec<TraceName>, (Range<usize>, Problem)> {
        let whole = self.span(line);
        let cells = cells(line);
        if cells.first().is_none_or(|first| first.trim() != "tick") {
            return Err((whole, Problem::Columns { expected: EXPECTED, found: line.chars().take(60).collect() }));
        }
        let mut names: Vec<TraceName> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for cell in &cells[1..] {
            let refused = |message: String| {
                let span = match cell {
                    Cow::Borrowed(cell) => self.span(cell),
                    // A cell in quotes that had to be taken apart has no place of its own.
                    Cow::Owned(_) => whole.clone(),
                };
                (span, Problem::Rule { rule: COLUMN, message })
            };
            let spelt = match cell {
                Cow::Borrowed(cell) => cell.trim(),
                Cow::Owned(cell) => cell,
            };
            let name = TraceName::parse(spelt).ok_or_else(|| {
                refused(format!("`{spelt}` does not name a trace: write `POPULATION[NEURON]:QUANTITY (UNIT)`"))
            })?;
            if !seen.insert(name.clone()) {
                return Err(refused(format!("there are two columns `{}`", name.label())));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// Adds the sample in `line`.
    fn sample(&self, line: &'a str, order: &mut Order, traces: &mut Traces) -> Result<(), (Range<usize>, Problem)> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let expected = traces.columns.len() + 1;
        if fields.len() != expected {
            return Err((self.span(line), Problem::FieldCount { expected, found: fields.len() }));
        }
        let tick = order.check(&fields).map_err(|(index, problem)| (self.span(fields[index]), problem))?;
        for (field, (_, values)) in fields[1..].iter().zip(&mut traces.columns) {
            let value = number(field).ok_or_else(|| {
                let found = if field.is_empty() { "nothing" } else { "text" };
                (self.span(field), Problem::WrongType { expected: "a decimal number", found })
            })?;
            values.push(value);
        }
        traces.ticks.push(tick);
        Ok(())
    }

    /// Where `part`, a piece of the text, stands in it.
    fn span(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + part.len()
    }
}

/// What the line with the names of the columns looks like.
const EXPECTED: &str = "tick,POPULATION[NEURON]:QUANTITY (UNIT),...";

/// A decimal number, but not one of the words (`nan`, `inf`) that `f64` knows too.
fn number(field: &str) -> Option<f64> {
    let plain = field.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain.then(|| field.parse().ok()).flatten().filter(|value: &f64| value.is_finite())
}

/// `cell` in quotes if a comma or quote in it, or a blank before it, would be misread.
fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\"")).into()
    } else {
        cell.into()
    }
}

/// The cells of a line, of which some may be quoted.
fn cells(line: &str) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        if let Some(inside) = text.strip_prefix('"') {
            let mut cell = String::new();
            let mut tail = inside;
            loop {
                let (before, after) = tail.split_once('"').unwrap_or((tail, ""));
                cell.push_str(before);
                match after.strip_prefix('"') {
                    Some(after) => {
                        cell.push('"');
                        tail = after;
                    }
                    None => {
                        tail = after;
                        break;
                    }
                }
            }
            cells.push(Cow::Owned(cell));
            rest = tail.strip_prefix(',');
        } else {
            let (cell, tail) = text.split_once(',').map_or((text, None), |(cell, tail)| (cell, Some(tail)));
            cells.push(Cow::Borrowed(cell));
            rest = tail;
        }
    }
    cells
}

#[cfg(test)]
mod tests;

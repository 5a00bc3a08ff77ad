//! What a replay yields: recorded values beside replayed ones, and the first difference between them in full.

use std::fmt;

/// One recorded array of a quantity over time beside the replayed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTrace {
    /// The population, core or layer that it belongs to.
    pub population: String,
    /// What was recorded, such as `u`.
    pub quantity: String,
    /// The array in the archive.
    pub key: String,
    /// Neurons in a row; 1 for a quantity of the whole chip.
    pub columns: usize,
    /// Width of a recorded element, for hexadecimal output.
    pub bits: u32,
    /// Recorded values, a row per step.
    pub expected: Vec<i32>,
    /// Replayed values, a row per step.
    pub got: Vec<i32>,
}

/// A recorded fact that is no array over time, such as a count of overflows, beside what the replay says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What was recorded, such as `utilization`.
    pub quantity: String,
    /// The field of the description, such as `blocks[0].utilization.synapses`.
    pub field: String,
    /// Values that this stands for.
    pub values: u64,
    /// As recorded.
    pub expected: String,
    /// As replayed.
    pub got: String,
}

/// An event that reached a neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The connection that it came through.
    pub via: String,
    /// The input or population that sent it.
    pub source: String,
    /// The channel or neuron that sent it.
    pub index: usize,
    /// The row in which it was sent.
    pub sent: usize,
    /// Its payload; 1 for a plain spike.
    pub payload: i64,
    /// Effective weight of the synapse.
    pub weight: i64,
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}[{}] sent in row {}", self.via, self.source, self.index, self.sent)?;
        write!(f, ", payload {}, weight {}", self.payload, self.weight)
    }
}

/// How often a register of a population overflowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The population or core.
    pub population: String,
    /// The register, such as `u2`.
    pub register: String,
    /// Neurons and steps in which it overflowed.
    pub count: u64,
    /// The row of the first overflow.
    pub row: usize,
    /// The neuron of the first overflow.
    pub neuron: usize,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Overflow { population, register, count, row, neuron } = self;
        write!(f, "register {register} of {population} overflowed {count} times, first in row {row}, ")?;
        write!(f, "{population}[{neuron}]")
    }
}

/// Says which events reach neuron `neuron` of a population in a row: (row, population, neuron).
type Explain = Box<dyn Fn(usize, &str, usize) -> Vec<Arrival>>;

/// Everything recorded beside everything replayed.
#[derive(Default)]
pub struct Comparison {
    /// Arrays over time, in the order in which a step computes them: the first difference within a step is the cause.
    pub traces: Vec<RecordedTrace>,
    /// Everything else that was recorded.
    pub facts: Vec<Recorded>,
    /// What a reader should know although it is no difference, such as clipped weights.
    pub notes: Vec<String>,
    /// Registers that overflowed, in the order of populations and of computation.
    pub overflows: Vec<Overflow>,
    pub(crate) explain: Option<Explain>,
}

/// How many values of a quantity were compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The quantity, such as `u`.
    pub name: String,
    /// Values compared.
    pub values: u64,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every recorded value was met.
    Pass {
        /// What was compared, in order of first appearance.
        quantities: Vec<Compared>,
        /// What a reader should know.
        notes: Vec<String>,
        /// Registers that overflowed.
        overflows: Vec<Overflow>,
    },
    /// At least one was not; this is the first.
    Fail(Box<Difference>),
}

/// Recorded and replayed values of the failing neuron in an earlier row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepBefore {
    /// The row.
    pub row: usize,
    /// Quantity, recorded value, replayed value.
    pub values: Vec<(String, i32, i32)>,
}

/// The first difference of a case: earliest row, then order of computation, then neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, such as `u`, or the field of a fact.
    pub quantity: String,
    /// The population, core or layer; empty for a fact.
    pub population: String,
    /// The array in the archive; empty for a fact.
    pub key: String,
    /// The row of the arrays, counted from 0; None for a fact.
    pub row: Option<usize>,
    /// The neuron; None for a fact.
    pub neuron: Option<usize>,
    /// The recorded value.
    pub expected: String,
    /// The replayed value.
    pub got: String,
    /// Both in hexadecimal, two's complement in the width of the array; None for a fact.
    pub hexadecimal: Option<(String, String)>,
    /// Events that reached the neuron in this row.
    pub arrivals: Vec<Arrival>,
    /// The two rows before, oldest first, and this row itself, all quantities of the neuron.
    pub rows: Vec<StepBefore>,
    /// Values that differ in the whole case.
    pub differing: u64,
    /// Values that were compared in the whole case.
    pub compared: u64,
}

/// Most arrivals that are written out.
const SHOWN_ARRIVALS: usize = 40;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, self.neuron) {
            (Some(row), Some(neuron)) => {
                writeln!(f, "first difference: row {row}, {}[{neuron}], {}", self.population, self.quantity)?;
            }
            _ => writeln!(f, "first difference: {}", self.quantity)?,
        }
        let hexadecimal = |text: Option<&String>| text.map(|text| format!("  {text}")).unwrap_or_default();
        let (e, g) = self.hexadecimal.as_ref().map_or((None, None), |(e, g)| (Some(e), Some(g)));
        writeln!(f, "  expected {}{}", self.expected, hexadecimal(e))?;
        writeln!(f, "  got      {}{}", self.got, hexadecimal(g))?;
        if self.row.is_some() {
            if self.arrivals.is_empty() {
                writeln!(f, "  no event arrived in this row")?;
            } else {
                writeln!(f, "  arrived in this row:")?;
            }
            for arrival in self.arrivals.iter().take(SHOWN_ARRIVALS) {
                writeln!(f, "    {arrival}")?;
            }
            if let Some(more) = self.arrivals.len().checked_sub(SHOWN_ARRIVALS + 1) {
                writeln!(f, "    and {} more", more + 1)?;
            }
            for before in &self.rows {
                write!(f, "  row {:>5}:", before.row)?;
                for (quantity, expected, got) in &before.values {
                    match expected == got {
                        true => write!(f, "  {quantity} {expected}")?,
                        false => write!(f, "  {quantity} {expected} (got {got})")?,
                    }
                }
                writeln!(f)?;
            }
        }
        write!(f, "  {} of {} values differ", self.differing, self.compared)
    }
}

impl Comparison {
    /// Compares everything.
    pub fn outcome(&self) -> Outcome {
        let mut quantities: Vec<Compared> = Vec::new();
        let mut count = |name: &str, values: u64| match quantities.iter_mut().find(|q| q.name == name) {
            Some(quantity) => quantity.values += values,
            None => quantities.push(Compared { name: name.to_owned(), values }),
        };
        let mut differing = 0;
        let mut compared = 0;
        // (row, trace, column) of the earliest difference.
        let mut first: Option<(usize, usize, usize)> = None;
        for (index, trace) in self.traces.iter().enumerate() {
            count(&trace.quantity, trace.expected.len() as u64);
            compared += trace.expected.len().max(trace.got.len()) as u64;
            differing += trace.expected.len().abs_diff(trace.got.len()) as u64;
            for (at, (expected, got)) in trace.expected.iter().zip(&trace.got).enumerate() {
                if expected != got {
                    differing += 1;
                    let place = (at / trace.columns.max(1), index, at % trace.columns.max(1));
                    first = Some(first.map_or(place, |first| first.min(place)));
                }
            }
        }
        let mut fact = None;
        for one in &self.facts {
            count(&one.quantity, one.values);
            compared += one.values;
            if one.expected != one.got {
                differing += 1;
                fact = fact.or(Some(one));
            }
        }
        let difference = match (first, fact) {
            (Some((row, trace, column)), _) => self.explain(row, &self.traces[trace], column),
            (None, Some(fact)) => Difference {
                quantity: fact.field.clone(),
                population: String::new(),
                key: String::new(),
                row: None,
                neuron: None,
                expected: fact.expected.clone(),
                got: fact.got.clone(),
                hexadecimal: None,
                arrivals: Vec::new(),
                rows: Vec::new(),
                differing: 0,
                compared: 0,
            },
            (None, None) => {
                return Outcome::Pass { quantities, notes: self.notes.clone(), overflows: self.overflows.clone() };
            }
        };
        Outcome::Fail(Box::new(Difference { differing, compared, ..difference }))
    }

    fn explain(&self, row: usize, trace: &RecordedTrace, column: usize) -> Difference {
        let at = |trace: &RecordedTrace, row: usize| {
            let at = row * trace.columns + column;
            Some((trace.quantity.clone(), *trace.expected.get(at)?, *trace.got.get(at)?))
        };
        let same = |other: &&RecordedTrace| other.population == trace.population && other.columns == trace.columns;
        let rows = (row.saturating_sub(2)..=row)
            .map(|row| StepBefore {
                row,
                values: self.traces.iter().filter(same).filter_map(|trace| at(trace, row)).collect(),
            })
            .collect();
        let (expected, got) = at(trace, row).map_or((0, 0), |(_, expected, got)| (expected, got));
        Difference {
            quantity: trace.quantity.clone(),
            population: trace.population.clone(),
            key: trace.key.clone(),
            row: Some(row),
            neuron: Some(column),
            expected: expected.to_string(),
            got: got.to_string(),
            hexadecimal: Some((hexadecimal(expected, trace.bits), hexadecimal(got, trace.bits))),
            arrivals: self.explain.as_ref().map_or_else(Vec::new, |f| f(row, &trace.population, column)),
            rows,
            differing: 0,
            compared: 0,
        }
    }
}

/// Two's complement in `bits` bits; wider if the value needs it.
fn hexadecimal(value: i32, bits: u32) -> String {
    let fits = bits >= 32 || (-(1i64 << (bits - 1))..1i64 << bits).contains(&i64::from(value));
    let bits = if fits { bits.min(32) } else { 32 };
    let mask = if bits == 32 { u32::MAX } else { (1 << bits) - 1 };
    format!("0x{:0width$x}", value as u32 & mask, width = bits.div_ceil(4) as usize)
}

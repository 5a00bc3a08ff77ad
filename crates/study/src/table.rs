//! The columns of `results.csv`: what each is called, what it says of a row, and how a row is read back from it.
//!
//! Owns the statement of every column, once: the text of the table, its typed columns and the reader follow from it.
//! Floats are written with as many digits as it takes to read the same float again. It deliberately computes nothing.

mod columns;

use crate::axis::{DIE, NETWORK, SERIES, TASK, axis_of};
use crate::{Axis, Calibration, Cost, OnChipRow, Point, Realised, Row, StageName, StageScore};
use columns::{BEFORE, BEHIND};
use formats::csv::line;
use formats::{FormatErrors, Problem};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers of 32 bits, from 0.
    Count,
    /// Whole numbers of 64 bits, from 0.
    Whole,
    /// Numbers.
    Real,
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: the row has no such value.
    Nothing,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(u64),
    /// A number.
    Real(f64),
}

impl Cell<'_> {
    /// The text of the table.
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
        }
    }
}

/// A column that every table of results has.
struct Column {
    name: &'static str,
    kind: ColumnKind,
    /// Whether a row may have nothing in it.
    optional: bool,
    get: fn(&Row) -> Cell<'_>,
    set: fn(&mut Draft, Cell<'_>),
}

/// A row that is being read.
#[derive(Default)]
struct Draft {
    row: Row,
    task: String,
    /// Series, network and die.
    units: [u32; 3],
    cost: Cost,
    stages: Vec<(StageName, f64)>,
    on_chip: Option<(Vec<f64>, Option<Calibration>)>,
    axes: Vec<String>,
}

/// The columns of `rows` between, and behind, those that every table has: axes, the fastest first, and the parameters
/// whose factors have moments.
fn of_rows(rows: &[Row]) -> (Vec<&'static str>, Vec<&str>) {
    let axes = rows.first().map_or_else(Vec::new, |row| row.point.setting().rev().map(|(axis, _)| axis.key).collect());
    // Rows at CV 0 have none of them.
    let all: BTreeSet<&str> = rows.iter().flat_map(|row| &row.mismatch).map(|own| own.parameter.as_str()).collect();
    (axes, all.into_iter().collect())
}

/// Name of the column of an axis. One over a key that is a column of its own anyway has a name that tells them apart.
fn axis_column(key: &str) -> String {
    let is_taken = BEFORE.iter().chain(&BEHIND).any(|column| column.name == key);
    if is_taken { format!("{AXIS}{key}") } else { key.to_owned() }
}

/// What stands before the name of an axis that is that of a column as well.
const AXIS: &str = "axis_";

/// The moments of the factors of a parameter, as they end the names of their columns.
const MOMENTS: [&str; 3] = ["_mean", "_cv", "_skew"];

/// An axis of plain numbers is a column of numbers, which are written as the study writes them.
fn axis_kind(rows: &[Row], key: &str) -> ColumnKind {
    let value = |row: &Row| row.point.setting().find(|(axis, _)| axis.key == key)?.1.parse::<f64>().ok();
    if rows.iter().all(|row| value(row).is_some()) { ColumnKind::Real } else { ColumnKind::Text }
}

/// Names and kinds of all columns of `rows`.
pub fn columns(rows: &[Row]) -> Vec<(String, ColumnKind)> {
    let (axes, mismatched) = of_rows(rows);
    let fixed = |columns: &[Column]| columns.iter().map(|c| (c.name.to_owned(), c.kind)).collect::<Vec<_>>();
    let axes = axes.into_iter().map(|key| (axis_column(key), axis_kind(rows, key)));
    let moments = mismatched
        .iter()
        .flat_map(|name| MOMENTS.map(|moment| (format!("{name}{moment}"), ColumnKind::Real)))
        .collect::<Vec<_>>();
    fixed(&BEFORE).into_iter().chain(axes).chain(fixed(&BEHIND)).chain(moments).collect()
}

/// The cells of each of `rows`, in the order of [`columns`]. What stands in a column of an axis is a text, of numbers
/// too: as the study wrote it.
pub fn cells(rows: &[Row]) -> impl Iterator<Item = Vec<Cell<'_>>> {
    let (_, mismatched) = of_rows(rows);
    rows.iter().map(move |row| {
        let mut cells: Vec<Cell<'_>> = BEFORE.iter().map(|column| (column.get)(row)).collect();
        cells.extend(row.point.setting().rev().map(|(_, name)| Cell::Text(name.into())));
        cells.extend(BEHIND.iter().map(|column| (column.get)(row)));
        for name in &mismatched {
            let own = row.mismatch.iter().find(|own| own.parameter == *name);
            let moments = own.map_or([1.0, 0.0, 0.0], |own| [own.mean, own.cv, own.skew]);
            cells.extend(moments.map(Cell::Real));
        }
        cells
    })
}

/// The rows as comma-separated values, one line each under a line of names: of the axes the fastest first.
pub fn csv(rows: &[Row]) -> String {
    let mut text = line(columns(rows).into_iter().map(|(name, _)| name));
    for cells in cells(rows) {
        text.push_str(&line(cells.iter().map(Cell::text)));
    }
    text
}

/// The columns that a file has.
#[derive(Default)]
struct Header {
    axes: Vec<String>,
    parameters: Vec<String>,
}

impl Header {
    fn read(names: &[Cow<'_, str>]) -> Result<Self, (usize, Problem)> {
        let expected = |at: usize, column: &Column| match names.get(at) {
            Some(name) if name == column.name => Ok(()),
            name => {
                let found = name.map_or_else(String::new, |name| name.to_string());
                Err((at, Problem::Columns { expected: column.name, found }))
            }
        };
        BEFORE.iter().enumerate().try_for_each(|(at, column)| expected(at, column))?;
        let start = BEFORE.len();
        let axes = names[start..].iter().take_while(|name| **name != BEHIND[0].name);
        let axes: Vec<String> = axes.map(|name| name.strip_prefix(AXIS).unwrap_or(name).to_owned()).collect();
        let behind = start + axes.len();
        BEHIND.iter().enumerate().try_for_each(|(at, column)| expected(behind + at, column))?;
        let moments = behind + BEHIND.len();
        let mut parameters = Vec::new();
        for at in (moments..names.len()).step_by(MOMENTS.len()) {
            let name = names[at].strip_suffix(MOMENTS[0]).unwrap_or(&names[at]);
            for (index, moment) in MOMENTS.iter().enumerate() {
                let found = names.get(at + index).map_or("", |name| name);
                if found != format!("{name}{moment}") {
                    let message = format!("the column `{name}{moment}` is needed here");
                    return Err(((at + index).min(names.len() - 1), Problem::Rule { rule: "moments", message }));
                }
            }
            parameters.push(name.to_owned());
        }
        Ok(Self { axes, parameters })
    }

    /// The row that a line is.
    fn row(&self, fields: &[Cow<'_, str>]) -> Result<Draft, (usize, Problem)> {
        let mut draft = Draft::default();
        let columns = BEFORE.iter().enumerate();
        let behind = BEFORE.len() + self.axes.len();
        for (at, column) in columns.chain(BEHIND.iter().enumerate().map(|(at, column)| (behind + at, column))) {
            (column.set)(&mut draft, cell(&fields[at], column.kind, column.optional).map_err(|problem| (at, problem))?);
        }
        draft.axes = fields[BEFORE.len()..behind].iter().map(|field| field.to_string()).collect();
        for (index, parameter) in self.parameters.iter().enumerate() {
            let first = behind + BEHIND.len() + MOMENTS.len() * index;
            let mut moments = [0.0; MOMENTS.len()];
            for (at, moment) in (first..).zip(&mut moments) {
                let cell = cell(&fields[at], ColumnKind::Real, false).map_err(|problem| (at, problem))?;
                *moment = cell.real();
            }
            let [mean, cv, skew] = moments;
            // A parameter without mismatch on this die.
            if moments != [1.0, 0.0, 0.0] {
                draft.row.mismatch.push(Realised { parameter: parameter.clone(), mean, cv, skew });
            }
        }
        Ok(draft)
    }
}

/// A field of a column.
fn cell<'a>(field: &'a str, kind: ColumnKind, optional: bool) -> Result<Cell<'a>, Problem> {
    if field.is_empty() && optional {
        return Ok(Cell::Nothing);
    }
    let wrong = |expected| Problem::WrongType { expected, found: if field.is_empty() { "nothing" } else { "text" } };
    match kind {
        ColumnKind::Text => Ok(Cell::Text(field.into())),
        ColumnKind::Count => match field.parse() {
            Ok(number) if number > u64::from(u32::MAX) => {
                let high = u32::MAX.to_string();
                Err(Problem::OutOfRange { value: field.into(), low: "0".into(), high })
            }
            number => number.map(Cell::Whole).map_err(|_| wrong("a whole number")),
        },
        ColumnKind::Whole => field.parse().map(Cell::Whole).map_err(|_| wrong("a whole number")),
        ColumnKind::Real => field.parse().map(Cell::Real).map_err(|_| wrong("a number")),
    }
}

impl Cell<'_> {
    /// The number that it is, also of an axis as it was written; none of anything else.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Real(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Whole(_) | Self::Nothing => None,
        }
    }

    /// The whole number that it is; none of anything else.
    pub fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// The text that it is; none of anything else.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same of a column that has a number in every row.
    fn real(&self) -> f64 {
        self.number().unwrap_or(f64::NAN)
    }

    /// The number of a column of whole numbers, 0 where there is none.
    fn whole_or_0(&self) -> u64 {
        self.whole().unwrap_or(0)
    }

    /// The number of a column of counts, 0 where there is none.
    fn count(&self) -> u32 {
        u32::try_from(self.whole_or_0()).unwrap_or(u32::MAX)
    }

    fn string(self) -> String {
        self.words().map(String::from).unwrap_or_default()
    }
}

/// The rows of `text`, a table of results that came from `file` (used in errors only). All is as it was written but for
/// the warnings of single runs, of which a table has the number only: these rows have none. Costs of stages are those
/// that the table has, of the last stage on the chip.
///
/// # Errors
/// It is no such table, was cut off, or has a field that cannot be.
pub fn read_csv(text: &str, file: &str) -> Result<Vec<Row>, FormatErrors> {
    let (mut header, mut drafts) = (Header::default(), Vec::new());
    formats::csv::read(text, file, |number, fields| {
        match number {
            0 => header = Header::read(fields)?,
            _ => drafts.push(header.row(fields)?),
        }
        Ok(())
    })?;
    let axis = |(index, key): (usize, &String)| {
        let values: BTreeSet<&str> = drafts.iter().map(|draft: &Draft| draft.axes[index].as_str()).collect();
        axis_of(key, &values.into_iter().collect::<Vec<_>>())
    };
    let axes: Vec<_> = header.axes.iter().enumerate().map(axis).collect();
    Ok(drafts.into_iter().map(|draft| draft.finish(&axes)).collect())
}

impl Draft {
    fn finish(self, axes: &[&'static Axis]) -> Row {
        let Self { mut row, task, units: [series, network, die], cost, mut stages, on_chip, axes: values } = self;
        let point = Point::default().with(&TASK, task).with(&SERIES, series).with(&NETWORK, network);
        let setting = axes.iter().zip(values).rev();
        row.point = setting.fold(point, |point, (axis, value)| point.with(axis, value)).with(&DIE, die);
        if let Some((penalties, calibration)) = on_chip {
            let own = [(StageName::Quantised, row.score_quantised), (StageName::OnChip, row.score_on_chip)];
            stages.extend(own.into_iter().filter_map(|(name, score)| Some((name, score?))));
            stages.sort_by_key(|(name, _)| *name);
            let last = if calibration.is_some() { StageName::Calibrated } else { StageName::OnChip };
            let stage =
                |(name, score)| StageScore { name, score, cost: if name == last { cost } else { Cost::default() } };
            row.on_chip = Some(OnChipRow { stages: stages.into_iter().map(stage).collect(), penalties, calibration });
        }
        row
    }
}

#[cfg(test)]
mod tests;

#[cfg(all(test, feature = "parquet"))]
pub(crate) use tests::rows as example_rows;

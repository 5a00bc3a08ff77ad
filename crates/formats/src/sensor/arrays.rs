//! Events in arrays of numpy: `.npz` with an array of one dimension for each of t, x, y, p (or t and id), `.npz` and
//! `.npy` with one array of records, as tonic has them, or with one of rows, whose columns `--columns` names.
//!
//! Numbers are of any width; whole numbers may be kept as decimals. Times are in microseconds unless a name or
//! `--time-unit` says otherwise. A clock kept without sign in 16 or 32 bits is followed when it starts again from 0.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::columns::{Column, Columns, TimeUnit};
use super::{Sensor, SensorProblem};
use crate::error::{FormatError, FormatErrors};
use crate::npz::{self, ARRAY_BYTES_MAX, ArrayProblem, Npz, Values};

pub(super) fn read_npz(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let archive = Npz::from_bytes(bytes.rest(ARRAY_BYTES_MAX)?, bytes.file())?;
    let names: Vec<String> = archive.names().map(String::from).collect();
    let is_time = |name: &&String| matches!(Column::named(name), Some(Column::Time(_)));
    let table = match names.iter().find(is_time) {
        Some(_) => named_arrays(bytes, &archive, &names, events.options().sensor)?,
        None => match &names[..] {
            [one] => archive.columns(one)?,
            _ => {
                let problem = ArrayProblem::Missing { name: "t".into(), known: names };
                return Err(FormatError::Array { file: bytes.file().into(), array: "t".into(), problem }.into());
            }
        },
    };
    Ok(take(bytes, events, table)?)
}

pub(super) fn read_npy(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let table = npz::npy_columns(&bytes.rest(ARRAY_BYTES_MAX)?, bytes.file())?;
    Ok(take(bytes, events, table)?)
}

/// The arrays of an archive that are columns of events: of pixels if there is an x, unless channels were asked for and
/// there are addresses; else of channels.
fn named_arrays(
    bytes: &Bytes<'_>,
    archive: &Npz,
    names: &[String],
    sensor: Option<Sensor>,
) -> Result<Vec<npz::Column>, FormatError> {
    let has = |wanted| names.iter().any(|name| Column::named(name) == Some(wanted));
    let are_pixels = has(Column::X) && !(has(Column::Address) && matches!(sensor, Some(Sensor::Channels(_))));
    let mut table: Vec<npz::Column> = Vec::new();
    for name in names {
        let of_pixels = matches!(Column::named(name), Some(Column::X | Column::Y | Column::Polarity));
        let wanted = match Column::named(name) {
            Some(Column::Time(_)) => true,
            Some(Column::Address) => !are_pixels,
            _ => of_pixels && are_pixels,
        };
        if !wanted {
            continue;
        }
        let array = |problem| FormatError::Array { file: bytes.file().into(), array: name.clone(), problem };
        let mut columns = archive.columns(name)?;
        let (1, Some(column)) = (columns.len(), columns.pop()) else {
            let found = archive.layout(name)?.1;
            return Err(array(ArrayProblem::Shape { found, needed: "one dimension".into() }));
        };
        if let Some(first) = table.first()
            && first.values.len() != column.values.len()
        {
            let (found, needed) = (vec![column.values.len() as u64], format!("[{}]", first.values.len()));
            return Err(array(ArrayProblem::Shape { found, needed }));
        }
        table.push(npz::Column { name: name.clone(), values: column.values });
    }
    Ok(table)
}

/// Takes the events of a table.
fn take(bytes: &Bytes<'_>, events: &mut Collector<'_>, table: Vec<npz::Column>) -> Result<(), FormatError> {
    let options = events.options();
    let columns = match &options.columns {
        Some(columns) if columns.len() == table.len() => columns.clone(),
        Some(columns) => {
            let what = format!("{} columns, and `--columns` names {}", table.len(), columns.len());
            return Err(bytes.wrong(SensorProblem::Unsupported { what, help: "name each of them; `-` is skipped" }));
        }
        None => {
            let names = table.iter().map(|column| Column::named(&column.name).unwrap_or(Column::Other)).collect();
            Columns::new(names).map_err(|_| {
                let names: Vec<String> = table.iter().map(|column| column.name.clone()).collect();
                let what = missing(&names);
                let columns = if names.iter().all(String::is_empty) { Vec::new() } else { names };
                bytes.wrong(SensorProblem::NoColumn { what, columns })
            })?
        }
    };
    events.expect(if columns.have_addresses() { Holds::Addresses } else { Holds::Pixels })?;
    let column = |is: fn(Column) -> bool| columns.position(is).map(|index| &table[index]);
    let times = column(|c| matches!(c, Column::Time(_))).expect("columns have one of times");
    if let Values::Whole { unsigned_bits: Some(bits @ (16 | 32)), .. } = times.values {
        events.clock(bits);
    }
    let unit = options.time_unit.or(columns.time_unit());
    let number = |index: usize, column: Option<&npz::Column>| {
        let column = column.expect("columns of events are whole");
        whole(&column.values, index).ok_or_else(|| {
            let needed = "whole numbers";
            let problem = ArrayProblem::Type { found: "a decimal number with a fraction".into(), needed };
            FormatError::Array { file: bytes.file().into(), array: column.name.clone(), problem }
        })
    };
    let x = column(|c| c == Column::X);
    let (y, p) = (column(|c| c == Column::Y), column(|c| c == Column::Polarity));
    let address = column(|c| c == Column::Address);
    for index in 0..times.values.len() {
        let time = time(&times.values, index, unit).ok_or_else(|| {
            let time = match &times.values {
                Values::Whole { values, .. } => values[index].to_string(),
                Values::Decimal(values) => values[index].to_string(),
            };
            bytes.wrong(SensorProblem::NoTime { event: index, time })
        })?;
        let time = events.follow(time);
        if address.is_some() {
            events.address(None, time, number(index, address)?)?;
        } else {
            let polarity = number(index, p)?;
            events.pixel(
                None,
                time,
                [number(index, x)?, number(index, y)?, if polarity == -1 { 0 } else { polarity }],
            )?;
        }
    }
    Ok(())
}

/// Which column of events is missing from those with `names`.
fn missing(names: &[String]) -> &'static str {
    let has = |wanted: &dyn Fn(Column) -> bool| names.iter().any(|name| Column::named(name).is_some_and(wanted));
    if !has(&|column| matches!(column, Column::Time(_))) {
        return "times";
    }
    let needed = [("x", Column::X), ("y", Column::Y), ("polarities", Column::Polarity)];
    needed.iter().find(|(_, wanted)| !has(&|column| column == *wanted)).map_or("events alone", |(what, _)| what)
}

/// Number `index`, if it is whole.
fn whole(values: &Values, index: usize) -> Option<i64> {
    match values {
        Values::Whole { values, .. } => Some(values[index]),
        Values::Decimal(values) => {
            let value = values[index];
            // Beyond 2^53 every double is whole, but not every number a double.
            (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
        }
    }
}

/// Time `index` in whole microseconds. A fraction of one is rounded if the unit was said; else its unit is not known.
fn time(values: &Values, index: usize, unit: Option<TimeUnit>) -> Option<u64> {
    let exponent = unit.map_or(0, TimeUnit::exponent);
    match values {
        Values::Whole { values, .. } => {
            let (time, _) = super::columns::whole((values[index].into(), exponent))?;
            u64::try_from(time).ok()
        }
        Values::Decimal(values) => {
            let value = values[index];
            if unit.is_none() && value.fract() != 0.0 {
                return None;
            }
            let scaled = if exponent < 0 { value / 1000.0 } else { value * [1.0, 1e3, 1e6][exponent as usize / 3] };
            let rounded = (scaled + 0.5).floor();
            (0.0..18_446_744_073_709_551_615.0).contains(&rounded).then_some(rounded as u64)
        }
    }
}

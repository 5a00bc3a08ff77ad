//! Dense inputs: an array with a row a step and a column a channel, as tools that train nets keep them.
//!
//! Owns what such an array is: `.npy`, or an array of an `.npz` (called `x`, `input`, `inputs`, `data` or `spikes`, or
//! the only one), with an axis of time and one or more of channels, the last fastest. Whole numbers and truth values
//! are numbers of spikes; floats are numbers. Also how values become events. It deliberately knows no network.

use crate::error::FormatError;
use crate::npz::{Array, ArrayProblem, Npz, npy_array, npy_layout};
use crate::text::read_bytes;
use chip::InputEvent;
use std::path::Path;
use thiserror::Error;
use units::{InputId, Tick};

/// Names of the array in an archive, in the order in which they are looked for.
const NAMES: [&str; 5] = ["x", "input", "inputs", "data", "spikes"];

/// A dense input.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Rows: steps.
    pub steps: usize,
    /// Columns: channels.
    pub width: usize,
    /// Whether the values are numbers and not numbers of spikes.
    pub numbers: bool,
    /// The values, a row a step.
    pub values: Vec<f64>,
}

/// Whether the file at `path` is, by its first bytes, one that can hold a dense input: an array or an archive of such.
///
/// # Errors
/// The file cannot be read.
pub fn recognise(path: &Path) -> Result<bool, FormatError> {
    let head = crate::text::read_head(path, 6)?;
    Ok(head.starts_with(b"\x93NUMPY") || head.starts_with(b"PK\x03\x04"))
}

impl Raster {
    /// Reads the array at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, holds no array of two or more axes, or values that are no counts.
    pub fn load(path: &Path) -> Result<Self, FormatError> {
        let file = path.display().to_string();
        let bytes = read_bytes(path, crate::npz::ARRAY_BYTES_MAX)?;
        if bytes.starts_with(b"\x93NUMPY") {
            return Self::of(numbers_of_npy(&bytes, &file)?, &file, "");
        }
        let npz = Npz::from_bytes(bytes, &file)?;
        let names: Vec<String> = npz.names().map(str::to_owned).collect();
        let name = name_of(&npz, &names, &file)?;
        Self::of(numbers_of(&npz, &name)?, &file, &name)
    }

    fn of((shape, data, numbers): Numbers, file: &str, name: &str) -> Result<Self, FormatError> {
        let wrong = |problem| Err(FormatError::Array { file: file.into(), array: name.into(), problem });
        let [steps, rest @ ..] = &shape[..] else {
            return wrong(ArrayProblem::Shape { found: shape, needed: "an axis of time and one of channels".into() });
        };
        let width: u64 = rest.iter().product();
        if rest.is_empty() || *steps == 0 || width == 0 {
            return wrong(ArrayProblem::Shape { found: shape, needed: "an axis of time and one of channels".into() });
        }
        check_counts(&data, numbers, file, name)?;
        Ok(Self { steps: *steps as usize, width: width as usize, numbers, values: data })
    }

    /// The values that are not 0 as events: column a drives channel a, and a row takes `row` ticks.
    ///
    /// # Errors
    /// A number of [`NUMBER_MAX`] or more in size.
    pub fn events(&self, row: u64) -> Result<Vec<InputEvent>, BeyondNumbers> {
        let mut events = Vec::new();
        for (at, &value) in self.values.iter().enumerate() {
            let (line, column) = (at / self.width, at % self.width);
            if self.numbers && value.abs() >= NUMBER_MAX {
                return Err(BeyondNumbers { row: line, column, value: value.to_string() });
            }
            let payload = if self.numbers { (value * NUMBER_ONE).round() as i32 } else { value as i32 };
            if payload != 0 {
                events.push(InputEvent { tick: Tick(line as u64 * row), channel: InputId(column as u32), payload });
            }
        }
        Ok(events)
    }
}

/// What a number of 1 is sent as.
const NUMBER_ONE: f64 = (1u32 << device_models::cuba::NUMBER_BITS) as f64;
/// What numbers stay below: events carry 32 bits.
pub const NUMBER_MAX: f64 = (1u32 << (31 - device_models::cuba::NUMBER_BITS)) as f64;

/// A number that is too large to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("row {row}, column {column} is {value}, beyond {NUMBER_MAX}")]
pub struct BeyondNumbers {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// The number.
    pub value: String,
}

/// The elements of an array: their shape, themselves, and whether they are numbers and not numbers of spikes.
pub(crate) type Numbers = (Vec<u64>, Vec<f64>, bool);

/// The name of the array of inputs among the `names` of an archive.
pub(crate) fn name_of(npz: &Npz, names: &[String], file: &str) -> Result<String, FormatError> {
    match (NAMES.iter().find(|name| npz.has(name)), names) {
        (Some(name), _) => Ok((*name).to_owned()),
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            let problem = ArrayProblem::Missing { name: NAMES[0].into(), known: names.to_vec() };
            Err(FormatError::Array { file: file.into(), array: NAMES[0].into(), problem })
        }
    }
}

pub(crate) fn numbers_of(npz: &Npz, name: &str) -> Result<Numbers, FormatError> {
    let numbers = is_float(&npz.layout(name)?.0);
    let Array { shape, data } = if numbers { npz.array::<f64>(name)? } else { whole(npz.array::<i64>(name)?) };
    Ok((shape, data, numbers))
}

pub(crate) fn numbers_of_npy(bytes: &[u8], file: &str) -> Result<Numbers, FormatError> {
    let numbers = is_float(&npy_layout(bytes, file)?.0);
    let array = if numbers { npy_array::<f64>(bytes, file)? } else { whole(npy_array::<i64>(bytes, file)?) };
    Ok((array.shape, array.data, numbers))
}

/// Refuses values that are to be numbers of spikes and cannot be.
pub(crate) fn check_counts(values: &[f64], numbers: bool, file: &str, name: &str) -> Result<(), FormatError> {
    let Some(index) = values.iter().position(|count| !numbers && !(0.0..=255.0).contains(count)) else { return Ok(()) };
    let problem = ArrayProblem::OutOfRange { index, value: values[index] as i128, low: 0, high: 255 };
    Err(FormatError::Array { file: file.into(), array: name.into(), problem })
}

/// Whether elements that NumPy spells so are floats.
fn is_float(descr: &str) -> bool {
    descr.contains('f')
}

fn whole(array: Array<i64>) -> Array<f64> {
    Array { shape: array.shape, data: array.data.into_iter().map(|count| count as f64).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::npy;

    fn load(bytes: &[u8]) -> Result<Raster, FormatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, bytes).unwrap();
        assert!(recognise(&path).unwrap());
        Raster::load(&path)
    }

    #[test]
    fn counts_and_numbers_are_told_apart() {
        let counts = load(&npy("|u1", "(2, 1, 3)", &[0, 1, 2, 0, 0, 9])).unwrap();
        let expected = Raster { steps: 2, width: 3, numbers: false, values: vec![0.0, 1.0, 2.0, 0.0, 0.0, 9.0] };
        assert_eq!(counts, expected);
        let data: Vec<u8> = [0.5f32, -1.25].iter().flat_map(|value| value.to_le_bytes()).collect();
        let numbers = load(&npy("<f4", "(2, 1)", &data)).unwrap();
        assert_eq!(numbers, Raster { steps: 2, width: 1, numbers: true, values: vec![0.5, -1.25] });
    }

    #[test]
    fn what_is_no_input_is_refused() {
        let refused = |bytes: &[u8], text: &str| {
            let error = load(bytes).unwrap_err().to_string();
            assert!(error.contains(text), "{text}: {error}");
        };
        refused(&npy("|u1", "(3,)", &[0, 1, 2]), "an axis of time and one of channels");
        refused(&npy("|u1", "(0, 3)", &[]), "an axis of time and one of channels");
        refused(&npy("<i2", "(1, 2)", &[0, 0, 0, 1]), "element 1 is 256, outside the range from 0 to 255");
        refused(&npy("|i1", "(1, 2)", &[0, 255]), "element 1 is -1, outside the range from 0 to 255");
    }
}

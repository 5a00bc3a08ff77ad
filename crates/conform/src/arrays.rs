//! Reading the integer arrays of a case, with the element types and shapes that the formats prescribe.
//!
//! How an archive is unpacked and what is wrong with a damaged one is the business of `formats::npz`. Here a stricter
//! question is asked: a trace of 32-bit registers must be stored as such, and have a row for each step.

use crate::error::ConformError;
use formats::FormatError;
use formats::npz::{ArrayProblem, Npz};
use std::path::Path;

/// Most elements of an array.
const MAX_ELEMENTS: u64 = 1 << 28;
/// Arrays of an archive that an error names.
const SHOWN_ARRAYS: usize = 12;

/// The element types that an array may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    I8,
    I16,
    I32,
    I64,
    U8,
    F32,
}

impl Element {
    const fn name(self) -> &'static str {
        match self {
            Element::I8 => "int8",
            Element::I16 => "int16",
            Element::I32 => "int32",
            Element::I64 => "int64",
            Element::U8 => "uint8",
            Element::F32 => "float32",
        }
    }

    /// As numpy spells it in little endian.
    const fn descr(self) -> &'static str {
        match self {
            Element::I8 => "|i1",
            Element::I16 => "<i2",
            Element::I32 => "<i4",
            Element::I64 => "<i8",
            Element::U8 => "|u1",
            Element::F32 => "<f4",
        }
    }
}

/// How an array of a certain purpose is stored: `int32` for states and weights ...
pub(crate) const INT32: &[Element] = &[Element::I32];
/// ... `int8` for spikes ...
pub(crate) const INT8: &[Element] = &[Element::I8];
/// ... `int16` and `uint8` for counts of spikes ...
pub(crate) const INT16: &[Element] = &[Element::I16];
pub(crate) const UINT8: &[Element] = &[Element::U8];
/// ... and either width for tables of indices.
pub(crate) const INDEX: &[Element] = &[Element::I32, Element::I64];

/// An array whose type and shape have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Array {
    /// Length of each dimension.
    pub(crate) shape: Vec<usize>,
    /// Elements, last dimension fastest.
    pub(crate) values: Vec<i64>,
}

impl Array {
    /// `[row, column]` of the element at a flat position.
    pub(crate) fn place(&self, position: usize) -> String {
        let mut rest = position;
        let mut indices = Vec::new();
        for &length in self.shape.iter().rev() {
            indices.push((rest % length.max(1)).to_string());
            rest /= length.max(1);
        }
        indices.reverse();
        format!("[{}]", indices.join(", "))
    }
}

/// The archive of a case.
pub(crate) struct Arrays {
    file: String,
    npz: Npz,
}

impl Arrays {
    pub(crate) fn open(path: &Path) -> Result<Self, ConformError> {
        let file = path.display().to_string();
        let npz = Npz::open(path).map_err(|error| match error {
            FormatError::Io { reason, .. } => ConformError::Io { file: file.clone(), reason },
            FormatError::TooLarge { size, limit, .. } => ConformError::TooLarge { file: file.clone(), size, limit },
            FormatError::Array { problem, .. } => {
                ConformError::Archive { file: file.clone(), reason: problem.to_string() }
            }
            other => ConformError::Archive { file: file.clone(), reason: other.to_string() },
        })?;
        Ok(Arrays { file, npz })
    }

    /// Name of the archive, for messages.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The array `key`, named by `field` of the description. Its elements must be of one of the types in `allowed`,
    /// its shape must be `shape` (None: any length), which `why` explains.
    pub(crate) fn read(
        &self,
        field: &str,
        key: &str,
        allowed: &[Element],
        shape: &[Option<usize>],
        why: &str,
    ) -> Result<Array, ConformError> {
        let (shape, values) = self.read_as::<i64>(field, key, allowed, shape, why)?;
        Ok(Array { shape, values })
    }

    /// The values of the array `key` of floating-point numbers; otherwise as [`Arrays::read`].
    pub(crate) fn floats(
        &self,
        field: &str,
        key: &str,
        shape: &[Option<usize>],
        why: &str,
    ) -> Result<Vec<f64>, ConformError> {
        Ok(self.read_as::<f64>(field, key, &[Element::F32], shape, why)?.1)
    }

    /// Whether there is an array `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.npz.layout(key).is_ok()
    }

    /// The array `key` of counts or short floats, with a row for each of `rows` steps and any axes within a row.
    pub(crate) fn any(&self, key: &str, rows: usize) -> Result<(Element, Vec<f64>), ConformError> {
        let (descr, shape) = self.npz.layout(key).map_err(|error| self.error(key, key, error))?;
        let mut wanted = vec![Some(rows)];
        wanted.resize(shape.len().max(1), None);
        let why = "a row per step";
        if descr == Element::F32.descr() {
            return Ok((Element::F32, self.read_as::<f64>(key, key, &[Element::F32], &wanted, why)?.1));
        }
        let values = self.read_as::<i64>(key, key, UINT8, &wanted, why)?.1;
        Ok((Element::U8, values.into_iter().map(|value| value as f64).collect()))
    }

    /// Shape and values of the array `key`.
    fn read_as<T: formats::npz::Element>(
        &self,
        field: &str,
        key: &str,
        allowed: &[Element],
        shape: &[Option<usize>],
        why: &str,
    ) -> Result<(Vec<usize>, Vec<T>), ConformError> {
        let (descr, found) = self.npz.layout(key).map_err(|error| self.error(field, key, error))?;
        if !allowed.iter().any(|element| element.descr() == descr) {
            return Err(ConformError::WrongType {
                file: self.file.clone(),
                key: key.to_owned(),
                found: descr,
                expected: allowed.iter().map(|e| e.name()).collect::<Vec<_>>().join(" or "),
            });
        }
        let fits = found.len() == shape.len()
            && found.iter().zip(shape).all(|(&f, want)| want.is_none_or(|want| want as u64 == f))
            && found.iter().fold(1u64, |product, &n| product.saturating_mul(n)) <= MAX_ELEMENTS;
        if !fits {
            let want: Vec<_> = shape.iter().map(|n| n.map_or_else(|| "*".to_owned(), |n| n.to_string())).collect();
            return Err(ConformError::WrongShape {
                file: self.file.clone(),
                key: key.to_owned(),
                found: format!("{found:?}"),
                expected: format!("[{}] ({why}), at most {MAX_ELEMENTS} elements", want.join(", ")),
            });
        }
        let array = self.npz.array::<T>(key).map_err(|error| self.error(field, key, error))?;
        Ok((array.shape.iter().map(|&n| n as usize).collect(), array.data))
    }

    /// The error of an array that cannot be read, with the field that names it.
    fn error(&self, field: &str, key: &str, error: FormatError) -> ConformError {
        let (file, key) = (self.file.clone(), key.to_owned());
        match error {
            FormatError::Array { problem: ArrayProblem::Missing { known, .. }, .. } => {
                let mut present: Vec<_> = known.iter().map(|name| format!("'{name}'")).collect();
                present.sort();
                if let Some(more) = present.len().checked_sub(SHOWN_ARRAYS).filter(|&more| more > 0) {
                    present.truncate(SHOWN_ARRAYS);
                    present.push(format!("and {more} more"));
                }
                let present = if present.is_empty() { "no array".to_owned() } else { present.join(", ") };
                ConformError::MissingArray { file, key, field: field.to_owned(), present }
            }
            FormatError::Array { problem, .. } => ConformError::Array { file, key, reason: problem.to_string() },
            other => ConformError::Array { file, key, reason: other.to_string() },
        }
    }
}

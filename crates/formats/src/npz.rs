//! Reading arrays from npz archives, as `numpy.savez` and `numpy.savez_compressed` write them.
//!
//! Owns the way from an archive to a typed vector, and every check on it: sizes that a header claims are compared with
//! the bytes that are there before anything is allocated, values are compared with the type that is asked for, and
//! checksums are verified; arrays of records, and arrays in a file of their own (`.npy`), as columns. It deliberately
//! knows only what numbers need: no strings or pickles, no archives beyond 4 GiB. It writes lists of numbers and
//! nothing else.

mod header;
mod table;
mod write;
mod zip;

use crate::error::FormatError;
use crate::nearest::suggestion;
use crate::text::read_bytes;
use header::{Header, Number};
use std::path::Path;
use thiserror::Error;

pub use table::{Column, Values};
pub use write::{archive, npy, write_arrays};

/// The largest archive and the largest array that are read, in bytes.
pub const ARRAY_BYTES_MAX: u64 = 1 << 30;

/// What is wrong with an archive or an array.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    /// No npz archive, or one that was cut off: its directory is at its end.
    #[error("this is no npz archive, or it was cut off")]
    NotAnArchive,
    /// The archive contradicts itself.
    #[error("the archive is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// A feature of archives that is not read.
    #[error("the archive uses {what}, which is not supported")]
    Unsupported {
        /// The feature.
        what: &'static str,
    },
    /// The archive has no such array.
    #[error("there is no such array")]
    Missing {
        /// The array.
        name: String,
        /// The arrays that there are.
        known: Vec<String>,
    },
    /// An array that means nothing here.
    #[error("this is no array that is read here")]
    Unknown {
        /// The array.
        name: String,
        /// The arrays that are.
        known: Vec<String>,
    },
    /// An element that names what another one has named.
    #[error("element {index} names the same as another one: something is there twice")]
    Twice {
        /// Index of the element.
        index: usize,
    },
    /// The array's header is no npy header.
    #[error("its npy header cannot be read: {what}")]
    Header {
        /// What is wrong.
        what: &'static str,
    },
    /// Another type of elements.
    #[error("its elements have the type `{found}`, but {needed} are needed")]
    Type {
        /// Type in the file, as NumPy spells it.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// Another shape.
    #[error("its shape is {found:?}, but {needed} is needed")]
    Shape {
        /// Shape in the file.
        found: Vec<u64>,
        /// What is needed.
        needed: String,
    },
    /// More bytes than are read.
    #[error("it has {bytes} bytes, more than {limit}, the most that are read")]
    TooLarge {
        /// Bytes claimed.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// Shape and size do not match.
    #[error("its shape needs {needed} bytes, but it has {found}")]
    Size {
        /// Bytes that shape and type need.
        needed: u64,
        /// Bytes there are.
        found: u64,
    },
    /// An element that the type asked for cannot hold.
    #[error("element {index} is {value}, outside the range from {low} to {high}")]
    OutOfRange {
        /// Index of the element, in the order of the file.
        index: usize,
        /// Its value.
        value: i128,
        /// The least that is allowed.
        low: i128,
        /// The most.
        high: i128,
    },
    /// A weight beyond the number format.
    #[error("element {index} stands for a weight of {weight}, but weights are below {most} in size")]
    WeightTooLarge {
        /// Index of the element, in the order of the file.
        index: usize,
        /// The weight, or its number and unit.
        weight: String,
        /// What its size stays below.
        most: String,
    },
    /// Floats whose unit is not the one that they are kept in.
    #[error("its elements are floats, and a 1 stands for {unit}: floats are taken only where a 1 stands for 1")]
    FloatUnit {
        /// What a 1 stands for.
        unit: String,
    },
    /// An element that is `nan` or infinite.
    #[error("element {index} is {value}, which is no number that can be used")]
    NotFinite {
        /// Index of the element, in the order of the file.
        index: usize,
        /// `nan`, `inf` or `-inf`.
        value: &'static str,
    },
}

impl ArrayProblem {
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known } => suggestion(name, known, "arrays are"),
            Self::Missing { name, known } => suggestion(name, known, "the arrays are"),
            Self::FloatUnit { .. } => Some("multiply the weights before saving, or save whole numbers".into()),
            Self::Damaged { .. } => Some("copy or make the file again".into()),
            Self::Unsupported { .. } => Some("write the file with `numpy.savez` or `numpy.savez_compressed`".into()),
            _ => None,
        }
    }
}

/// A type that arrays can be read into.
pub trait Element: Sized + Copy {
    /// What is needed, for errors.
    #[doc(hidden)]
    const NEEDED: &'static str;
    /// The element `number`, number `index` of the file.
    #[doc(hidden)]
    fn from_number(number: Number, index: usize) -> Result<Option<Self>, ArrayProblem>;
}

macro_rules! integer_elements {
    ($($integer:ty),*) => {$(
        impl Element for $integer {
            const NEEDED: &'static str = "whole numbers";

            fn from_number(number: Number, index: usize) -> Result<Option<Self>, ArrayProblem> {
                let Number::Integer(value) = number else { return Ok(None) };
                let (low, high) = (i128::from(<$integer>::MIN), i128::from(<$integer>::MAX));
                let outside = ArrayProblem::OutOfRange { index, value, low, high };
                <$integer>::try_from(value).map(Some).map_err(|_| outside)
            }
        }
    )*};
}
integer_elements!(i16, i32, i64, u8, u16, u32, u64);

impl Element for f64 {
    const NEEDED: &'static str = "decimal numbers (`f4` or `f8`)";

    fn from_number(number: Number, index: usize) -> Result<Option<Self>, ArrayProblem> {
        match number {
            Number::Float(value) if value.is_finite() => Ok(Some(value)),
            Number::Float(value) => {
                let value = if value.is_nan() {
                    "nan"
                } else if value > 0.0 {
                    "inf"
                } else {
                    "-inf"
                };
                Err(ArrayProblem::NotFinite { index, value })
            }
            Number::Integer(_) => Ok(None),
        }
    }
}

/// Elements with their shape, the last index running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T> {
    /// Length along each axis; empty for a single number.
    pub shape: Vec<u64>,
    /// The elements.
    pub data: Vec<T>,
}

/// The columns of the array in the npy file `bytes`, as [`Npz::columns`] has them; `name` stands for the file in
/// errors.
///
/// # Errors
/// The file is damaged, holds something else than numbers, or has more than two dimensions.
pub fn npy_columns(bytes: &[u8], name: &str) -> Result<Vec<Column>, FormatError> {
    table::columns(bytes).map_err(|problem| FormatError::Array { file: name.into(), array: String::new(), problem })
}

/// The array in the npy file `bytes`, as [`Npz::array`] has it; `name` stands for the file in errors.
///
/// # Errors
/// The file is damaged, or its elements have another type.
pub fn npy_array<T: Element>(bytes: &[u8], name: &str) -> Result<Array<T>, FormatError> {
    typed(bytes, |_| None).map_err(|problem| FormatError::Array { file: name.into(), array: String::new(), problem })
}

/// Type and shape of the array in the npy file `bytes`, as [`Npz::layout`] has them.
///
/// # Errors
/// The file is damaged.
pub fn npy_layout(bytes: &[u8], name: &str) -> Result<(String, Vec<u64>), FormatError> {
    let header = Header::read(bytes);
    header.map(|(header, _)| (header.descr, header.shape)).map_err(|problem| FormatError::Array {
        file: name.into(),
        array: String::new(),
        problem,
    })
}

/// The elements of the npy file `bytes`.
fn typed<T: Element>(bytes: &[u8], wrong_shape: impl Fn(&[u64]) -> Option<String>) -> Result<Array<T>, ArrayProblem> {
    let (header, data) = Header::read(bytes)?;
    let shape = header.shape;
    if let Some(needed) = wrong_shape(&shape) {
        return Err(ArrayProblem::Shape { found: shape, needed });
    }
    let needless = || ArrayProblem::Type { found: header.descr.clone(), needed: T::NEEDED };
    let numbers = header::numbers(&header.descr, data).ok_or_else(needless)?;
    let mut elements = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.enumerate() {
        elements.push(T::from_number(number, index)?.ok_or_else(needless)?);
    }
    let by_columns = header.column_order && shape.len() > 1;
    let data = if by_columns { in_rows(&shape, &elements) } else { elements };
    Ok(Array { shape, data })
}

/// The elements of an array that is stored with its first index running fastest, with its last running fastest.
fn in_rows<T: Copy>(shape: &[u64], columns: &[T]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for &length in shape {
        strides.push(stride);
        stride *= length as usize;
    }
    let place = |mut at: usize| {
        let mut from = 0;
        for (&length, stride) in shape.iter().zip(&strides).rev() {
            from += at % length as usize * stride;
            at /= length as usize;
        }
        columns[from]
    };
    (0..columns.len()).map(place).collect()
}

/// An open archive.
#[derive(Debug)]
pub struct Npz {
    file: String,
    bytes: Vec<u8>,
    members: Vec<zip::Member>,
}

impl Npz {
    /// Opens the archive at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or is no npz archive.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::from_bytes(read_bytes(path, ARRAY_BYTES_MAX)?, &path.display().to_string())
    }

    /// Opens the archive in `bytes`; `name` stands for the file in errors.
    ///
    /// # Errors
    /// This is no npz archive.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, FormatError> {
        let members = zip::directory(&bytes).map_err(|problem| FormatError::Array {
            file: name.into(),
            array: String::new(),
            problem,
        })?;
        Ok(Self { file: name.into(), bytes, members })
    }

    /// Names of the arrays, in the order of the archive.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter_map(|m| m.name.strip_suffix(".npy"))
    }

    /// Whether there is an array `name`.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|n| n == name)
    }

    /// The `.npy` file of the array `name`, unpacked.
    ///
    /// # Errors
    /// There is no such array, or its checksum is not that of its bytes.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, FormatError> {
        let wrong = |problem| FormatError::Array { file: self.file.clone(), array: name.into(), problem };
        self.contents(name).map_err(wrong)
    }

    /// Type of the elements of the array `name`, as NumPy spells it (`<i4`), and its shape.
    ///
    /// # Errors
    /// There is no such array, or it is damaged.
    pub fn layout(&self, name: &str) -> Result<(String, Vec<u64>), FormatError> {
        let header = self.contents(name).and_then(|bytes| Ok(Header::read(&bytes)?.0));
        header.map(|header| (header.descr, header.shape)).map_err(|problem| FormatError::Array {
            file: self.file.clone(),
            array: name.into(),
            problem,
        })
    }

    /// The array `name`, of any shape. Integers of any width are taken if their values fit `T`; a float is never taken
    /// for an integer or the other way round. Elements that are stored column by column, as numpy does with a
    /// transposed array, are put into the order of rows.
    ///
    /// # Errors
    /// There is no such array, it is damaged, or has another type.
    pub fn array<T: Element>(&self, name: &str) -> Result<Array<T>, FormatError> {
        self.read(name, |_| None)
    }

    /// The elements of the array `name` of one dimension.
    ///
    /// # Errors
    /// As [`Npz::array`], or another number of dimensions.
    pub fn vector<T: Element>(&self, name: &str) -> Result<Vec<T>, FormatError> {
        self.read(name, |shape| (shape.len() != 1).then(|| "one dimension".into())).map(|a| a.data)
    }

    /// The elements of the array `name` of one dimension and the length `len`.
    ///
    /// # Errors
    /// As [`Npz::array`], or another shape.
    pub fn vector_of<T: Element>(&self, name: &str, len: u64) -> Result<Vec<T>, FormatError> {
        self.read(name, |shape| (shape != [len]).then(|| format!("[{len}]"))).map(|a| a.data)
    }

    /// The single number in the array `name`.
    ///
    /// # Errors
    /// As [`Npz::array`], or more or fewer elements than one.
    pub fn number<T: Element>(&self, name: &str) -> Result<T, FormatError> {
        let wrong = |shape: &[u64]| (shape.iter().product::<u64>() != 1).then(|| "a single number".into());
        self.read(name, wrong).map(|a| a.data[0])
    }

    fn read<T: Element>(
        &self,
        name: &str,
        wrong_shape: impl Fn(&[u64]) -> Option<String>,
    ) -> Result<Array<T>, FormatError> {
        self.try_read(name, wrong_shape).map_err(|problem| FormatError::Array {
            file: self.file.clone(),
            array: name.into(),
            problem,
        })
    }

    fn try_read<T: Element>(
        &self,
        name: &str,
        wrong_shape: impl Fn(&[u64]) -> Option<String>,
    ) -> Result<Array<T>, ArrayProblem> {
        typed(&self.contents(name)?, wrong_shape)
    }

    /// The columns of the array `name`: the fields of an array of records, or one column without a name for each index
    /// of the second dimension.
    ///
    /// # Errors
    /// There is no such array, it is damaged, holds something else than numbers, or has more dimensions.
    pub fn columns(&self, name: &str) -> Result<Vec<Column>, FormatError> {
        self.contents(name).and_then(|bytes| table::columns(&bytes)).map_err(|problem| FormatError::Array {
            file: self.file.clone(),
            array: name.into(),
            problem,
        })
    }

    /// The bytes of the npy file `name`.
    fn contents(&self, name: &str) -> Result<Vec<u8>, ArrayProblem> {
        let Some(member) = self.members.iter().find(|m| m.name.strip_suffix(".npy") == Some(name)) else {
            let known = self.names().map(String::from).collect();
            return Err(ArrayProblem::Missing { name: name.into(), known });
        };
        member.contents(&self.bytes, ARRAY_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;

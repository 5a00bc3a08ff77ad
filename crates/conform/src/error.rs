//! What can be wrong with a golden case, and where.

use thiserror::Error;

/// Everything that can be wrong with a case before a single value is compared. Each message starts with the file and
/// names the field (a path such as `populations[0].du`) or the array that is to be corrected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConformError {
    /// The operating system refused to read a file or folder.
    #[error("{file}: cannot be read: {reason}")]
    Io {
        /// The file or folder.
        file: String,
        /// Why.
        reason: String,
    },
    /// A file is larger than any sensible case; it was not read.
    #[error("{file}: holds {size} bytes, more than the {limit} that are read; make the case smaller")]
    TooLarge {
        /// The file, and the array in it if one is meant.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A folder holds no golden case at all.
    #[error("{path}: holds no golden case (a .json file with one of the formats {formats})")]
    NoCase {
        /// The folder.
        path: String,
        /// The formats that are known.
        formats: String,
    },
    /// A description is no JSON, or no JSON object.
    #[error("{file}:{line}:{column}: is no valid JSON: {reason}")]
    NotJson {
        /// The file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// A file that was asked for by name has a format that is not known here.
    #[error("{file}: the format '{found}' is not known; known are {formats}")]
    UnknownFormat {
        /// The file.
        file: String,
        /// The content of its field `format`.
        found: String,
        /// The formats that are known.
        formats: String,
    },
    /// A field of the description is missing.
    #[error("{file}: the field '{field}' is missing; it must be {expected}")]
    MissingField {
        /// The file.
        file: String,
        /// Its path in the description.
        field: String,
        /// What it must be.
        expected: String,
    },
    /// A field of the description has the wrong type, or a value that is not allowed.
    #[error("{file}: the field '{field}' is {found}; it must be {expected}")]
    WrongField {
        /// The file.
        file: String,
        /// Its path in the description.
        field: String,
        /// What was found.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// The array archive is damaged or is no npz.
    #[error("{file}: is no readable npz archive: {reason}")]
    Archive {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The description names an array that the archive does not hold.
    #[error("{file}: holds no array '{key}' (named by the field '{field}'); it holds {present}")]
    MissingArray {
        /// The archive.
        file: String,
        /// The array.
        key: String,
        /// The field that names it.
        field: String,
        /// What the archive holds.
        present: String,
    },
    /// An array is damaged, truncated or no npy.
    #[error("{file}: the array '{key}' is damaged: {reason}")]
    Array {
        /// The archive.
        file: String,
        /// The array.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// An array has the wrong element type.
    #[error("{file}: the array '{key}' has elements of type '{found}'; it must have {expected}")]
    WrongType {
        /// The archive.
        file: String,
        /// The array.
        key: String,
        /// The type found, as numpy writes it.
        found: String,
        /// The types that are allowed.
        expected: String,
    },
    /// An array has the wrong shape.
    #[error("{file}: the array '{key}' has the shape {found}; it must have {expected}")]
    WrongShape {
        /// The archive.
        file: String,
        /// The array.
        key: String,
        /// The shape found.
        found: String,
        /// The shape that the description demands, and why.
        expected: String,
    },
    /// An element of an array has a value that is not allowed.
    #[error("{file}: the array '{key}' holds {value} at {at}; it must be {expected}")]
    WrongValue {
        /// The archive.
        file: String,
        /// The array.
        key: String,
        /// Where, as `[row, column]`.
        at: String,
        /// The value.
        value: i64,
        /// What is allowed.
        expected: String,
    },
    /// The case asks for something that this crate does not replay.
    #[error("{file}: the field '{field}' asks for {what}, which is not replayed")]
    Unsupported {
        /// The file.
        file: String,
        /// The field.
        field: String,
        /// What it asks for.
        what: String,
    },
    /// The rules of the chip refuse a parameter.
    #[error("{file}: '{part}': {reason}")]
    Rule {
        /// The description.
        file: String,
        /// The population, connection or core.
        part: String,
        /// What the device model says.
        reason: String,
    },
}

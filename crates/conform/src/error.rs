//! What can be wrong with a golden case, and where.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use crate::outcome::Overflow;
use std::path::Path;
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
    /// There is nothing of this name.
    #[error("{path}: cannot be read: there is no such file or folder{}", hint(.nearest.as_deref()))]
    NoPath {
        /// The file or folder.
        path: String,
        /// What lies beside it and has a similar name.
        nearest: Option<String>,
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
    /// Nothing at a path could be replayed.
    #[error("{path}: holds no golden case that can be replayed (a .json file with one of the formats {formats})")]
    NoCase {
        /// The file or folder.
        path: String,
        /// The formats that are known.
        formats: String,
    },
    /// A description is no JSON, or no JSON object.
    #[error("{file}:{line}:{column}: is no valid JSON: {reason}")]
    NotJson {
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
        file: String,
        /// The content of its field `format`.
        found: String,
        /// The formats that are known.
        formats: String,
    },
    /// A field of the description is missing.
    #[error("{file}: the field '{field}' is missing; it must be {expected}")]
    MissingField {
        file: String,
        /// Its path in the description.
        field: String,
        /// What it must be.
        expected: String,
    },
    /// A field of the description has the wrong type, or a value that is not allowed.
    #[error("{file}: the field '{field}' is {found}; it must be {expected}")]
    WrongField {
        file: String,
        /// Its path in the description.
        field: String,
        /// What was found.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// The description has a field that its format does not know. It is refused and not ignored: it could be the
    /// misspelt name of one that changes the result.
    #[error("{file}: there is no field '{field}' in this format{}; notes of your own may stand in 'note'",
        hint(.nearest.as_deref()))]
    UnknownField {
        file: String,
        /// Its path in the description.
        field: String,
        /// The field with the most similar name, if one is similar.
        nearest: Option<String>,
    },
    /// The array archive is damaged or is no npz.
    #[error("{file}: is no readable npz archive: {reason}")]
    Archive {
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
        value: i64,
        /// What is allowed.
        expected: String,
    },
    /// The file of a trained net is damaged, or is not the net of the case.
    #[error("{file}: the object '{object}': {reason}")]
    Net {
        /// The file of the net.
        file: String,
        /// Path of the object in it, such as `/node/nodes/fc1/weight`; `/` for the file itself.
        object: String,
        /// What is wrong; with the offset in bytes where there is one.
        reason: String,
    },
    /// The case asks for something that this crate does not replay.
    #[error("{file}: the field '{field}' asks for {what}, which is not replayed")]
    Unsupported {
        file: String,
        field: String,
        /// What it asks for.
        what: String,
    },
    /// A case that is to be a network has something that a network, or the chip that it is for, cannot hold.
    #[error("{file}: the field '{field}' cannot be held as a network: {reason}")]
    NotHeld {
        file: String,
        field: String,
        /// What it asks for, and what there is.
        reason: String,
    },
    /// A folder that is to be one case has several.
    #[error("{path}: holds {count} golden cases, and one is a network: name one of them, such as {first}")]
    SeveralCases {
        /// The folder.
        path: String,
        /// How many there are.
        count: usize,
        /// The first.
        first: String,
    },
    /// The case is whole, but lacks what a replay needs.
    #[error("{file}: {missing}")]
    Incomplete {
        /// The description.
        file: String,
        /// What is not there, and where it is instead.
        missing: String,
    },
    /// A register overflowed, and overflows were asked to be errors.
    #[error("{file}: {overflow}; overflows are errors in this run")]
    Overflow {
        /// The description.
        file: String,
        /// Which register, how often, and where first.
        overflow: Overflow,
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

/// The words that tell of a name that was probably meant.
fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

impl ConformError {
    /// The error of a file or folder that the operating system refuses to read.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        let file = path.display().to_string();
        if error.kind() != std::io::ErrorKind::NotFound {
            return Self::Io { file, reason: error.to_string() };
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Sorted, so that of two names that are equally near the same one is given everywhere.
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
            .unwrap_or_default();
        names.sort();
        let nearest = path
            .file_name()
            .and_then(|name| formats::nearest(&name.to_string_lossy(), names.iter().map(String::as_str)))
            .map(|name| path.with_file_name(name).display().to_string());
        Self::NoPath { path: file, nearest }
    }
}

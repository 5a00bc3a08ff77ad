//! What can be wrong with a file, and where.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use crate::container::ContainerProblem;
use crate::nearest::suggestion;
use crate::npz::ArrayProblem;
use crate::sensor::SensorProblem;
use std::fmt;
use std::ops::Range;
use thiserror::Error;
use units::{DecimalError, QuantityError, Unit};

/// Everything that can be wrong with a file. It prints as `file:line:column: message` (without line and column for
/// binary files) and, where there is one, a second line with help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// Something in a text file. The file must be corrected at `place`.
    Text {
        /// Where.
        place: Box<Place>,
        /// What.
        problem: Problem,
    },
    /// The operating system refused to read or write a file. Nothing was changed.
    Io {
        /// The file or directory.
        file: String,
        /// What was tried.
        action: Action,
        /// Why it failed.
        reason: String,
    },
    /// A text file holds bytes that are no UTF-8.
    NotText {
        file: String,
        /// Offset of the first such byte.
        offset: usize,
    },
    /// A file is larger than any sensible one of its kind; it was not read.
    TooLarge {
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A program or snapshot is damaged, or is something else.
    Container {
        file: String,
        /// What is wrong.
        problem: ContainerProblem,
    },
    /// An npz archive or an array in it is damaged, or is not what is needed.
    Array {
        file: String,
        /// The array; empty if the archive itself is meant.
        array: String,
        /// What is wrong.
        problem: ArrayProblem,
    },
    /// An HDF5 file or an object in it is damaged, or is not what is needed.
    Object {
        file: String,
        /// Path of the object, such as `/node/edges`; `/` if the file itself is meant.
        object: String,
        /// What is wrong; with the offset in bytes where the reader has one.
        reason: String,
    },
    /// A recording of a sensor is damaged, or is not what is needed.
    Sensor {
        file: String,
        /// What is wrong.
        problem: SensorProblem,
    },
    /// No chip has this name.
    UnknownChip {
        /// The name asked for.
        name: String,
        /// The chips that are shipped.
        shipped: Vec<String>,
    },
}

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Dotted path of the entry (`parameters.tau_mem.nominal`); empty where there is none.
    pub path: String,
    /// The whole line, for a caret to point into.
    pub excerpt: String,
    /// Bytes of `excerpt` that are meant; empty at the end of a line.
    pub span: Range<usize>,
}

impl Place {
    /// The place of the bytes `span` of `text`; what goes beyond its first line is cut off.
    pub(crate) fn new(file: &str, text: &str, span: Range<usize>, path: &str) -> Self {
        let boundary = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (boundary(span.start), boundary(span.end));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let excerpt = text[line_start..line_end].trim_end_matches('\r');
        let (from, to) = (start - line_start, end.min(line_end).max(start) - line_start);
        Self {
            file: file.into(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            path: path.into(),
            excerpt: excerpt.into(),
            span: from.min(excerpt.len())..to.min(excerpt.len()),
        }
    }
}

/// What is wrong at a place of a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The text is not TOML.
    Syntax {
        /// The complaint of the TOML parser.
        message: String,
    },
    /// The file is of another format than the one needed, or does not say.
    WrongFormat {
        /// The format needed.
        expected: &'static str,
        /// The format that the file names.
        found: String,
    },
    /// The file was written for a later version of its format.
    NewerVersion {
        format: &'static str,
        /// Version of the file.
        found: u64,
        /// The latest version that this program reads.
        supported: u64,
    },
    /// A key that this table does not have.
    UnknownKey {
        key: String,
        /// Path of the table; empty at the top level.
        table: String,
        /// The keys that the table has.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    MissingKey {
        key: String,
        /// Path of the table; empty at the top level.
        table: String,
    },
    /// A value of another type.
    WrongType {
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A number that is no decimal number.
    Decimal(DecimalError),
    /// A quantity that cannot be read, or has the wrong dimension.
    Quantity(QuantityError),
    /// A unit that does not exist.
    UnknownUnit { unit: String },
    /// A whole number outside its limits.
    OutOfRange {
        /// The number.
        value: String,
        /// The least that it can be.
        low: String,
        /// The most that it can be.
        high: String,
    },
    /// A name that refers to nothing.
    UnknownName {
        /// What it should have been, with its article (`a core model`).
        what: String,
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A rule of the format is broken.
    Rule {
        /// Name of the rule.
        rule: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
    /// A list does not start with the line that names its columns.
    Columns {
        /// The line needed.
        expected: &'static str,
        /// The line found.
        found: String,
    },
    /// A line of a list has too few or too many fields.
    FieldCount {
        /// Fields that the first line announces.
        expected: usize,
        /// Fields of this line.
        found: usize,
    },
    /// Time runs backwards.
    OutOfOrder {
        /// Tick of this line.
        tick: u64,
        /// Tick of the line before.
        previous: u64,
    },
    /// Time of a recording runs backwards.
    TimeOutOfOrder {
        /// Time of this line.
        time_us: u64,
        /// Time of the line before.
        previous_us: u64,
    },
    /// The file ends within a line: it was cut off.
    CutOff,
    /// The file has another number of entries than its first line announces: it was cut off or added to.
    EntryCount {
        /// Entries announced.
        announced: u64,
        /// Entries found.
        found: u64,
    },
}

impl Problem {
    fn message(&self) -> String {
        let place_in = |table: &str| if table.is_empty() { "the file".into() } else { format!("`{table}`") };
        match self {
            Self::Syntax { message } => format!("not valid TOML: {message}"),
            Self::WrongFormat { expected, found } => {
                format!("this is a `{found}` file, but a `{expected}` file is needed")
            }
            Self::NewerVersion { format, found, supported } => {
                format!("this file has version {found} of `{format}`, but only versions up to {supported} can be read")
            }
            Self::UnknownKey { key, table, .. } if table.is_empty() => format!("unknown key `{key}`"),
            Self::UnknownKey { key, table, .. } => format!("unknown key `{key}` in `{table}`"),
            Self::MissingKey { key, table } => format!("{} needs the key `{key}`", place_in(table)),
            Self::WrongType { expected, found } => format!("expected {expected}, found {found}"),
            Self::Decimal(error) => error.to_string(),
            Self::Quantity(error) => error.to_string(),
            Self::UnknownUnit { unit } => format!("unknown unit `{unit}`"),
            Self::OutOfRange { value, low, high } => format!("{value} is outside the range from {low} to {high}"),
            Self::UnknownName { what, name, .. } => format!("`{name}` is not {what}"),
            Self::Rule { rule, message } => format!("{message} [{rule}]"),
            Self::Columns { expected, found } => format!("expected the columns `{expected}`, found `{found}`"),
            Self::FieldCount { expected, found } => format!("this line has {found} fields, but {expected} are needed"),
            Self::OutOfOrder { tick, previous } => {
                format!("tick {tick} comes after tick {previous}: events are listed in the order of time")
            }
            Self::TimeOutOfOrder { time_us, previous_us } => {
                format!("the time of {time_us} us comes after {previous_us} us")
            }
            Self::CutOff => "the file ends within a line: it was cut off".into(),
            Self::EntryCount { announced, found } => {
                format!("the first line announces {announced} entries, but there are {found}")
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NewerVersion { .. } => Some("use a newer release of quenched".into()),
            Self::UnknownKey { key, known, .. } => suggestion(key, known, "the keys here are"),
            Self::UnknownName { name, known, .. } => suggestion(name, known, "there are"),
            Self::UnknownUnit { unit } => {
                let known: Vec<String> = Unit::spellings().map(String::from).collect();
                suggestion(unit, &known, "units are")
            }
            Self::TimeOutOfOrder { .. } => Some("sort the recording, or ask for it to be sorted".into()),
            Self::CutOff => Some("copy or make the file again, or end its last line with a line break".into()),
            Self::EntryCount { .. } => Some("the file was cut off or added to; write it again".into()),
            _ => None,
        }
    }

    /// Whether the message speaks of the entry itself, whose path then goes in front of it.
    fn is_about_value(&self) -> bool {
        !matches!(self, Self::Syntax { .. } | Self::UnknownKey { .. } | Self::MissingKey { .. })
    }
}

/// What was tried with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Create the directory.
    CreateDirectory,
    /// Give the finished file its name.
    Rename,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "cannot be read",
            Self::Write => "cannot be written",
            Self::CreateDirectory => "this directory cannot be created",
            Self::Rename => "the finished file cannot be given this name",
        })
    }
}

impl FormatError {
    pub(crate) fn text(place: Place, problem: Problem) -> Self {
        Self::Text { place: Box::new(place), problem }
    }

    pub(crate) fn io(file: &std::path::Path, action: Action, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        // The same words on every platform for what happens often.
        let reason = match error.kind() {
            ErrorKind::NotFound => "there is no such file or directory".into(),
            ErrorKind::PermissionDenied => "permission denied".into(),
            ErrorKind::IsADirectory => "this is a directory".into(),
            ErrorKind::AlreadyExists => "there is a file of this name".into(),
            ErrorKind::NotADirectory => "a part of the path is not a directory".into(),
            ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
            ErrorKind::StorageFull => "the disk is full".into(),
            _ => error.to_string(),
        };
        Self::Io { file: file.display().to_string(), action, reason }
    }

    /// The place in a text file; `None` for what has no line.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Text { place, .. } => Some(place),
            _ => None,
        }
    }

    /// The file concerned; empty for [`FormatError::UnknownChip`].
    pub fn file(&self) -> &str {
        match self {
            Self::Text { place, .. } => &place.file,
            Self::Io { file, .. }
            | Self::NotText { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Container { file, .. }
            | Self::Array { file, .. }
            | Self::Object { file, .. }
            | Self::Sensor { file, .. } => file,
            Self::UnknownChip { .. } => "",
        }
    }

    /// What is wrong, without file, line, column and help.
    pub fn message(&self) -> String {
        match self {
            Self::Text { place, problem } if problem.is_about_value() && !place.path.is_empty() => {
                format!("`{}`: {}", place.path, problem.message())
            }
            Self::Text { problem, .. } => problem.message(),
            Self::Io { action, reason, .. } => format!("{action}: {reason}"),
            Self::NotText { offset, .. } => format!("not a text file: byte {offset} is no UTF-8"),
            Self::TooLarge { size, limit, .. } => format!("{size} bytes are too many: at most {limit} are read"),
            Self::Container { problem, .. } => problem.to_string(),
            Self::Array { array, problem, .. } if array.is_empty() => problem.to_string(),
            Self::Array { array, problem, .. } => format!("array `{array}`: {problem}"),
            Self::Object { object, reason, .. } => format!("object `{object}`: {reason}"),
            Self::Sensor { problem, .. } => problem.to_string(),
            Self::UnknownChip { name, .. } => format!("there is no chip `{name}`"),
        }
    }

    /// What to do, where that is not plain from the message.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Text { problem, .. } => problem.help(),
            Self::Container { problem, .. } => problem.help(),
            Self::Array { problem, .. } => problem.help(),
            Self::Sensor { problem, .. } => problem.help(),
            Self::UnknownChip { name, shipped } => {
                let text = suggestion(name, shipped, "the shipped chips are").unwrap_or_default();
                let text = if text.ends_with('?') { text } else { text + "." };
                Some(
                    format!("{text} A chip file of your own is named by its path, such as `./{name}.toml`")
                        .trim()
                        .into(),
                )
            }
            Self::Io { .. } | Self::NotText { .. } | Self::TooLarge { .. } | Self::Object { .. } => None,
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { place, .. } => {
                write!(f, "{}:{}:{}: {}", place.file, place.line, place.column, self.message())?
            }
            Self::UnknownChip { .. } => f.write_str(&self.message())?,
            _ => write!(f, "{}: {}", self.file(), self.message())?,
        }
        match self.help() {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FormatError {}

/// All that was found wrong with a file, in the order of the file; at least one error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct FormatErrors(Vec<FormatError>);

impl FormatErrors {
    /// These errors, each file's in the order of its lines; `None` if there are none.
    pub(crate) fn new(mut errors: Vec<FormatError>) -> Option<Self> {
        let mut files: Vec<String> = Vec::new();
        for error in &errors {
            if !files.iter().any(|f| f == error.file()) {
                files.push(error.file().into());
            }
        }
        let file = |e: &FormatError| files.iter().position(|f| f == e.file());
        errors.sort_by_key(|e| (file(e), e.place().map(|p| (p.line, p.column))));
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// The first error of the file.
    pub fn first(&self) -> &FormatError {
        &self.0[0]
    }

    /// All errors, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, FormatError> {
        self.0.iter()
    }

    /// Number of errors, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for FormatErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl From<FormatError> for FormatErrors {
    fn from(error: FormatError) -> Self {
        Self(vec![error])
    }
}

impl<'a> IntoIterator for &'a FormatErrors {
    type Item = &'a FormatError;
    type IntoIter = std::slice::Iter<'a, FormatError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

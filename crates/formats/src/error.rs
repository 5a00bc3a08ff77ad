//! What can be wrong with a file, and where.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use crate::container::ContainerProblem;
use crate::nearest::suggestion;
use crate::npz::ArrayProblem;
use crate::output::OutputProblem;
use crate::sensor::SensorProblem;
use std::fmt;
use std::ops::Range;
use thiserror::Error;

mod problem;

pub use problem::Problem;

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
    /// A file of columns has not the one that is needed, or several and none was named.
    NoColumn {
        file: String,
        /// The column asked for.
        name: Option<String>,
        /// The columns that there are.
        known: Vec<String>,
    },
    /// A file cannot be an output.
    Output {
        file: String,
        /// Why.
        problem: OutputProblem,
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

    pub(crate) fn output(file: &std::path::Path, problem: OutputProblem) -> Self {
        Self::Output { file: file.display().to_string(), problem }
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
            | Self::NoColumn { file, .. }
            | Self::Output { file, .. }
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
            Self::Output { problem, .. } => problem.to_string(),
            Self::NoColumn { name: Some(name), .. } => format!("there is no column `{name}`"),
            Self::NoColumn { known, .. } if known.is_empty() => "there is no column of numbers".into(),
            Self::NoColumn { .. } => "there are several columns, and none was named".into(),
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
            Self::Output { problem, .. } => problem.help(),
            Self::NoColumn { name, known, .. } => {
                suggestion(name.as_deref().unwrap_or_default(), known, "the columns are")
            }
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

/// Errors of a file that are listed; more of them help nobody, because one cause can spoil every line.
pub(crate) const ERRORS_MAX: usize = 20;

/// What was found wrong with a file, in the order of the file; at least one error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct FormatErrors {
    errors: Vec<FormatError>,
    /// Errors that are not listed.
    more: usize,
}

impl FormatErrors {
    /// These errors, each file's in the order of its lines; `None` if there are none.
    pub(crate) fn new(errors: Vec<FormatError>) -> Option<Self> {
        Self::with_more(errors, 0)
    }

    /// The same, of which `more` are not listed.
    pub(crate) fn with_more(mut errors: Vec<FormatError>, more: usize) -> Option<Self> {
        let mut files: Vec<String> = Vec::new();
        for error in &errors {
            if !files.iter().any(|f| f == error.file()) {
                files.push(error.file().into());
            }
        }
        let file = |e: &FormatError| files.iter().position(|f| f == e.file());
        errors.sort_by_key(|e| (file(e), e.place().map(|p| (p.line, p.column))));
        (!errors.is_empty()).then_some(Self { errors, more })
    }

    /// The first error of the file.
    pub fn first(&self) -> &FormatError {
        &self.errors[0]
    }

    /// The errors that are listed, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, FormatError> {
        self.errors.iter()
    }

    /// Number of errors that are listed, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.errors.len()
    }

    /// Number of errors that are not listed, for there are too many.
    pub fn more(&self) -> usize {
        self.more
    }
}

impl fmt::Display for FormatErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        if self.more > 0 { write!(f, "\nand {} more errors", self.more) } else { Ok(()) }
    }
}

impl From<FormatError> for FormatErrors {
    fn from(error: FormatError) -> Self {
        Self { errors: vec![error], more: 0 }
    }
}

impl<'a> IntoIterator for &'a FormatErrors {
    type Item = &'a FormatError;
    type IntoIter = std::slice::Iter<'a, FormatError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.iter()
    }
}

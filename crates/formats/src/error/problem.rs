//! What can be wrong at a place of a text file.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use crate::nearest::suggestion;
use budget::OverBudget;
use units::{DecimalError, QuantityError, Unit};

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
    /// A text that can be read in more than one way, or in none.
    Reading {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// What the entry asks for would take more than is taken unasked.
    Budget(OverBudget),
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
    pub(super) fn message(&self) -> String {
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
            Self::Reading { message, .. } => message.clone(),
            Self::Budget(error) => error.to_string(),
            Self::CutOff => "the file ends within a line: it was cut off".into(),
            Self::EntryCount { announced, found } => {
                format!("the first line announces {announced} entries, but there are {found}")
            }
        }
    }

    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::NewerVersion { .. } => Some("use a newer release of quenched".into()),
            Self::UnknownKey { key, known, .. } => suggestion(key, known, "the keys here are"),
            Self::UnknownName { name, known, .. } => suggestion(name, known, "there are"),
            Self::UnknownUnit { unit } => {
                let known: Vec<String> = Unit::spellings().map(String::from).collect();
                suggestion(unit, &known, "units are")
            }
            Self::TimeOutOfOrder { .. } => Some(
                "`--sort-events` sorts the recording; if its clock starts again from 0, `--clock-bits N` says how wide it is"
                    .into(),
            ),
            Self::Reading { help, .. } => Some(help.clone()),
            Self::Budget(error) => Some(error.help()),
            Self::CutOff => Some("copy or make the file again, or end its last line with a line break".into()),
            Self::EntryCount { .. } => Some("the file was cut off or added to; write it again".into()),
            _ => None,
        }
    }

    /// Whether the message speaks of the entry itself, whose path then goes in front of it.
    pub(super) fn is_about_value(&self) -> bool {
        !matches!(self, Self::Syntax { .. } | Self::UnknownKey { .. } | Self::MissingKey { .. })
    }
}

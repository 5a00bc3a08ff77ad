//! Why something cannot be an output, or not now.

use std::fmt;

/// Why a file cannot be an output of a command. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputProblem {
    /// The command reads this file, by this or by another name.
    IsInput {
        /// What the input is called.
        input: String,
    },
    /// Another output of the command is the same file, by this or by another name.
    IsOutput {
        /// What the other output is called.
        other: String,
    },
    /// It is there already, and is no plain file.
    NoFile {
        /// What it is.
        what: &'static str,
    },
    /// The name cannot be written down by which a commit that is cut off would be finished.
    Name,
    /// Another command that is running writes here.
    InUse {
        /// Its command line.
        command: String,
        /// The number of its process; empty if that is not known.
        process: String,
        /// Whether it has the whole directory for itself.
        whole: bool,
    },
    /// Another command is about to write here, and does not get done.
    Busy,
    /// A second output is to be standard output.
    StandardOutput,
}

impl fmt::Display for OutputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsInput { input } => write!(f, "cannot be written: it is the input {input} of this command"),
            Self::IsOutput { other } => write!(f, "cannot be written: it is the same file as the output {other}"),
            Self::NoFile { what } => write!(f, "cannot be written: this is a {what}"),
            Self::Name => f.write_str("cannot be written: its name is no text"),
            Self::InUse { command, process, whole } => {
                let what = if *whole { "this directory" } else { "this file" };
                let process = if process.is_empty() { process.clone() } else { format!(", process {process}") };
                write!(f, "{what} is being written by another command: `{command}`{process}")
            }
            Self::Busy => f.write_str("another command keeps this directory locked"),
            Self::StandardOutput => f.write_str("only one output can be standard output"),
        }
    }
}

impl OutputProblem {
    /// What to do.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::IsInput { .. } | Self::IsOutput { .. } | Self::Name => "choose another name".into(),
            Self::NoFile { .. } => "name a file that can be replaced; `-` is standard output".into(),
            Self::InUse { .. } => "wait for it, or write somewhere else".into(),
            Self::Busy => "try again; if no other command is running, remove its file `.quenched-lock`".into(),
            Self::StandardOutput => "give the others names".into(),
        })
    }
}

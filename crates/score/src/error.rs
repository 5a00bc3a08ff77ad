//! Why a set cannot be read or scored.

use formats::{FormatError, FormatErrors};
use session::SessionError;
use tasks::TaskError;
use thiserror::Error;

/// Why a set cannot be read or scored. Nothing is left behind; correct what it names and begin again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// A file is missing, damaged, or not what it should be.
    #[error(transparent)]
    Files(#[from] FormatErrors),
    /// A `.ts` file is not one.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A file cannot be used with this network or these options.
    #[error("{file}: {reason}")]
    Set {
        /// The file, with its line or sample where there is one.
        file: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        help: Option<String>,
    },
    /// A sample cannot be sent, or a die not be made.
    #[error("{what}: {error}")]
    Session {
        /// The sample or die.
        what: String,
        /// Why.
        error: SessionError,
    },
    /// A parameter that the chip does not have.
    #[error("chip `{chip}` has no parameter `{name}`")]
    UnknownParameter {
        /// The name.
        name: String,
        /// The chip.
        chip: String,
        /// The parameters that it has.
        known: Vec<String>,
    },
    /// A parameter that is to differ as the chip file says, which says nothing.
    #[error("the file of chip `{chip}` has no mismatch of `{name}`")]
    NoMismatch {
        /// The parameter.
        name: String,
        /// The chip.
        chip: String,
    },
}

impl From<FormatError> for ScoreError {
    fn from(error: FormatError) -> Self {
        Self::Files(error.into())
    }
}

impl ScoreError {
    /// What to do, where that is not plain from the message.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Set { help, .. } => help.clone(),
            Self::UnknownParameter { name, known, .. } => formats::suggestion(name, known, "its parameters are"),
            Self::NoMismatch { .. } => Some("say how much with `--cv`, such as `--cv 0.1`".into()),
            _ => None,
        }
    }
}

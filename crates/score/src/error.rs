//! Why a set cannot be read or scored.

use chip::WEIGHTS;
use device_models::DeviceModelError;
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
    /// Several populations could decide, or none.
    #[error("it is not plain which population decides")]
    ManyOutputs {
        /// All populations.
        known: Vec<String>,
    },
    /// The population that is to decide is not there.
    #[error("there is no population `{name}` to decide")]
    UnknownOutput {
        /// The name.
        name: String,
        /// All populations.
        known: Vec<String>,
    },
    /// A voltage that is to decide by its spikes.
    #[error("to decide by `{rule}`: the output `{output}` is a voltage and never spikes")]
    NoSpikes {
        /// The population.
        output: String,
        /// The rule.
        rule: &'static str,
    },
    /// A parameter that is to differ, and that nothing reads.
    #[error("no core of this program reads `{name}`")]
    Unread {
        /// The parameter.
        name: String,
        /// What is read.
        read: Vec<String>,
    },
    /// The dies of a chip cannot be made.
    #[error("chip `{chip}`: {error}")]
    Device {
        /// The chip.
        chip: String,
        /// Why.
        error: Box<DeviceModelError>,
    },
    /// A number that a chip cannot have.
    #[error("chip `{chip}`: {path}: {message}")]
    Chip {
        /// The chip.
        chip: String,
        /// The offending entry.
        path: String,
        /// What is wrong, and what to do.
        message: String,
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
            Self::ManyOutputs { known } => Some(format!("name it with `--output`: {}", known.join(", "))),
            Self::UnknownOutput { name, known } => formats::suggestion(name, known, "there are"),
            Self::NoSpikes { .. } => {
                Some("decide by `membrane` or `membrane-max`, or name a population that spikes with `--output`".into())
            }
            Self::Unread { read, .. } => {
                Some(format!("its cores read {}; there are also `{WEIGHTS}`", read.join(", ")))
            }
            Self::Device { error, .. } if matches!(**error, DeviceModelError::NothingToScale { .. }) => {
                Some("`--vary PARAMETER --cv X` gives one parameter, or `weights`, a mismatch of its own".into())
            }
            Self::NoMismatch { .. } => Some("say how much with `--cv`, such as `--cv 0.1`".into()),
            _ => None,
        }
    }
}

//! Why a question has no answer.

use device_models::DeviceModelError;
use formats::FormatErrors;
use study::StudyError;
use thiserror::Error;

/// Why a question has no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlaygroundError {
    /// It is no question.
    #[error("this is no question that is answered here: {reason}")]
    Question {
        /// What is wrong with it.
        reason: String,
    },
    /// A chip that is not offered.
    #[error("the chip `{found}` is not offered; there are {}", known.join(", "))]
    Chip {
        /// What was asked for.
        found: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A number outside of what is offered.
    #[error("`{what}` is {found}, but can be {low} to {high} here: choose one of these")]
    Range {
        /// What it is.
        what: &'static str,
        /// What was asked for.
        found: String,
        /// The least.
        low: u64,
        /// The most.
        high: u64,
    },
    /// A parameter that the dies of a chip do not differ in.
    #[error("the dies of `{chip}` do not differ in `{found}`; they do in {}", known.join(", "))]
    Parameter {
        /// The chip.
        chip: String,
        /// What was asked for.
        found: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The files that a page offers do not give the network that it shows.
    #[error("the network file does not give the network of the study: {reason}. This is a fault of the page")]
    NotTheNetwork {
        /// How it differs.
        reason: String,
    },
    /// A file that the page made is wrong, or asks for what the chip does not have.
    #[error(transparent)]
    File(#[from] FormatErrors),
    /// A run that cannot be made.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A die that cannot be.
    #[error(transparent)]
    Die(#[from] DeviceModelError),
}

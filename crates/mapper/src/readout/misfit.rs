//! What of a readout does not fit.

use crate::error::list;
use thiserror::Error;

/// Why a readout does not fit its features, or the cores that its network leaves.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ReadoutMisfit {
    /// A readout whose shape does not fit its features.
    #[error("readout `{readout}`: {what}: {found} given, {expected} needed")]
    Shape {
        /// The readout.
        readout: String,
        /// What has the wrong length.
        what: String,
        /// Length found.
        found: usize,
        /// Length needed.
        expected: usize,
    },
    /// A readout over a population that the network does not have.
    #[error("readout `{readout}`: the network has no population `{population}`; it has {}", list(known))]
    Population {
        /// The readout.
        readout: String,
        /// The population asked for.
        population: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A number of a readout that cannot be what it stands for.
    #[error("readout `{readout}`: {what} is {value}; it must be a finite number{}", if *what == "spread" {
        " of at least 0"
    } else {
        " above 0"
    })]
    Number {
        /// The readout.
        readout: String,
        /// `scale`, `spread` or `bias_events`.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// A trained weight that no synapse can have.
    #[error(
        "readout `{readout}`: {what} of class {class} is {value} after scaling; a weight is a finite number from -2048 \
         to 2048, so train without NaN and use a smaller scale"
    )]
    Weight {
        /// The readout.
        readout: String,
        /// Which number: `weight 17`, `bias`.
        what: String,
        /// Its class.
        class: usize,
        /// The number, after scaling.
        value: f64,
    },
    /// A readout that does not fit the cores that the network leaves.
    #[error(
        "readout `{readout}`: {classes} classes of {parts} neurons each are {neurons} neurons and need {needed_cores} \
         cores of {neurons_per_core}, but the network leaves {free_cores}; keep only the most useful inputs, or use a \
         larger board"
    )]
    Full {
        /// The readout.
        readout: String,
        /// Its classes.
        classes: usize,
        /// Neurons of a class.
        parts: usize,
        /// All its neurons.
        neurons: usize,
        /// Cores that they need.
        needed_cores: usize,
        /// Cores that remain.
        free_cores: usize,
        /// Neurons of a core.
        neurons_per_core: usize,
    },
    /// A readout whose neurons cannot be trimmed one by one.
    #[error("readout `{readout}`: chip `{chip}` cannot trim single readout neurons: {why}")]
    NoTrim {
        /// The readout.
        readout: String,
        /// The chip.
        chip: String,
        /// What is missing.
        why: String,
    },
}

//! What the rules refuse.

use super::rules::WeightRule;
use thiserror::Error;

/// A parameter that no Loihi core can hold. All are errors of the configuration: nothing was changed, correct the value
/// and build again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoihiError {
    /// A list has another length than there are neurons.
    #[error("{parameter} has {found} values for {neurons} neurons; give one value per neuron")]
    Length {
        /// Which list.
        parameter: &'static str,
        /// Its length.
        found: usize,
        /// Neurons of the core.
        neurons: usize,
    },
    /// A parameter of a neuron is outside its range.
    #[error("neuron {neuron}: {parameter} is {value}; it must be from {least} to {most}")]
    Parameter {
        /// Which neuron.
        neuron: usize,
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: i64,
        /// Smallest value allowed.
        least: i64,
        /// Largest value allowed.
        most: i64,
    },
    /// A parameter of the whole core or of a synapse format is outside its range.
    #[error("{parameter} is {value}; it must be from {least} to {most}")]
    Setting {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: i64,
        /// Smallest value allowed.
        least: i64,
        /// Largest value allowed.
        most: i64,
    },
    /// The form of a parameter does not belong to the rules.
    #[error("{parameter} must be given as {expected} under these rules")]
    Form {
        /// Which parameter.
        parameter: &'static str,
        /// The form that the rules read.
        expected: &'static str,
    },
    /// A weight is outside the range of its sign mode, and the rules do not clip.
    #[error("the weight {weight} is outside {least} to {most}, the range of its sign mode ({rule:?})")]
    Weight {
        /// The weight.
        weight: i32,
        /// Smallest weight of the sign mode.
        least: i32,
        /// Largest weight of the sign mode.
        most: i32,
        /// The rule that was asked.
        rule: WeightRule,
    },
}

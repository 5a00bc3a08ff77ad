//! What the rules refuse.

use super::rules::WeightRule;
use thiserror::Error;

/// A parameter that no Loihi core can hold, or tables that do not fit each other. All are errors of the configuration:
/// nothing was changed, correct the value and build again.
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
    /// A parameter of the whole core or projection is outside its range.
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
    /// A synapse has a delay that the rules do not know.
    #[error("synapse {synapse}: the delay is {delay}; it must be from 0 to {most}")]
    Delay {
        /// Position in the list of synapses.
        synapse: usize,
        /// Its delay in steps.
        delay: u32,
        /// Longest delay.
        most: u8,
    },
    /// A synapse starts or ends at a neuron that does not exist.
    #[error("synapse {synapse}: its {end} neuron is {index}; there are {count}")]
    Endpoint {
        /// Position in the list of synapses.
        synapse: usize,
        /// `pre` or `post`.
        end: &'static str,
        /// The neuron asked for.
        index: u32,
        /// Neurons on that side.
        count: usize,
    },
    /// A table of shared rows is inconsistent.
    #[error("{table}[{index}] is {value}; {expected}")]
    Table {
        /// Which table.
        table: &'static str,
        /// Position in it.
        index: usize,
        /// Its value.
        value: i64,
        /// What it must be.
        expected: &'static str,
    },
    /// A spike names an axon or an atom that does not exist.
    #[error("axon {axon}, atom {atom}: there are {axons} axons, and {atoms} atoms on this one")]
    Axon {
        /// The axon asked for.
        axon: i64,
        /// The atom asked for.
        atom: i64,
        /// Axons of the table.
        axons: usize,
        /// Atoms of this axon; 0 if it does not exist.
        atoms: usize,
    },
    /// A row reaches a compartment that does not exist.
    #[error("axon {axon}: its row reaches compartment {compartment}; there are {compartments}")]
    Compartment {
        /// The axon.
        axon: usize,
        /// Base plus index.
        compartment: i64,
        /// Compartments of the core.
        compartments: usize,
    },
}

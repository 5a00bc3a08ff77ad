//! Why a mapping cannot have its die in mind.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use thiserror::Error;
use units::{CoreAddress, NeuronAddress};

/// Why a mapping cannot have its die in mind. Map without one, or as the message says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DieMisfit {
    /// A die that the options only name.
    #[error("the mapping is to be for die `{die}`, which nobody has found: use `MapperOptions::find_die`")]
    Unknown { die: String },
    /// A chip on which a mapping cannot have a die in mind.
    #[error(
        "{die} differs from the nominal chip, and the places of neurons and synapses on chip `{chip}` (router `{router}`) \
         cannot be chosen by die: map without one"
    )]
    Router { chip: String, router: &'static str, die: String },
    /// A core with fewer whole circuits than neurons.
    #[error(
        "{core} is to hold {needed} neurons, and {whole} of its {circuits} circuits are whole on {die}: give it fewer \
         neurons, or map without the die"
    )]
    Circuits { die: String, core: CoreAddress, needed: usize, whole: usize, circuits: usize },
    /// A neuron with more synapses than whole slots.
    #[error(
        "neuron {index} of `{population}` ({address}) needs {needed} synapse slots, and {whole} of its {slots} are whole \
         on {die}; reduce its fan-in, or let the mapper prune it"
    )]
    Slots {
        die: String,
        population: String,
        index: u32,
        address: NeuronAddress,
        needed: usize,
        whole: usize,
        slots: usize,
    },
    /// Neurons of several circuits, whose circuits were to be chosen on a die.
    #[error(
        "on chip `{chip}`, the circuits of neurons that are joined of several cannot be chosen on {die}: map without the \
         die, or without `over_full = join`"
    )]
    Joined { chip: String, die: String },
}

//! The names that a user knows the parts of a program by.
//!
//! A memory image speaks of circuits and channels. What its user calls them goes with it, so that a program can be run
//! and looked at without the network that it was made from. Nothing here changes what a memory image does, and a
//! program without symbols runs as well; the sources of its inputs are no memory of a chip, and so they are kept here.

use crate::EventSource;
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, InputId};

/// A group of neurons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopulationSymbol {
    /// Its name, unique among populations.
    pub name: String,
    /// Number of neurons, at least 1.
    pub size: u32,
    /// The neuron that its one neuron is a copy of; none: it is no copy.
    pub copy_of: Option<Original>,
}

impl PopulationSymbol {
    /// Whether its one neuron is a copy.
    pub const fn is_copy(&self) -> bool {
        self.copy_of.is_some()
    }
}

/// The neuron that another one is a copy of: it hears the same, and both share out what it sends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Original {
    /// Index of its population.
    pub population: usize,
    /// Its index there.
    pub index: u32,
}

/// A run of neurons of one population in one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Index of the population among those of the network.
    pub population: usize,
    /// Its first neuron here.
    pub first_index: u32,
    /// How many follow, this one counted.
    pub count: u32,
    /// The core.
    pub core: CoreAddress,
    /// The circuit of the first neuron; the others follow.
    pub first_circuit: u32,
}

/// A group of input channels. Channel ids count through the groups in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSymbol {
    /// Its name, unique among input groups.
    pub name: String,
    /// Number of channels.
    pub channels: u32,
    /// What it sends by itself; none: only what the host sends.
    pub source: Option<EventSource>,
}

/// One end of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Endpoint {
    /// Index of a population.
    Population(usize),
    /// Index of an input group.
    Input(usize),
}

/// A group of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionSymbol {
    /// Its name; several projections may share one.
    pub name: String,
    /// The senders.
    pub pre: Endpoint,
    /// Index of the population of the receivers.
    pub post: usize,
    /// Connections of it that are in the program.
    pub synapses: u64,
}

/// Who chose which neuron sits in which core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PlacementKind {
    /// The order of the network.
    #[default]
    Order,
    /// The mapper, which has searched for little traffic between cores.
    Optimised,
    /// The user.
    Given,
}

impl PlacementKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Optimised => "optimised",
            Self::Given => "given",
        }
    }
}

/// The core that a user wants a neuron in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NeuronPlace {
    /// The name of its population.
    pub population: String,
    /// Its index there.
    pub index: u32,
    /// The core.
    pub core: CoreAddress,
}

/// The die that a program was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DieSymbol {
    /// What its user calls it: `die 3 of seed 1`, or the name of its file.
    pub name: String,
    /// The hash of all that its circuits are, in the cores of the program: dies that are equal there have the same.
    pub fingerprint: u64,
}

/// What the parts of a program are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbols {
    /// Groups of neurons.
    pub populations: Vec<PopulationSymbol>,
    /// Who chose where neurons sit. Moved neurons have the mismatch of other circuits, so this belongs to a result.
    pub placement: PlacementKind,
    /// Where their neurons sit: by population, then by first neuron.
    pub segments: Vec<Segment>,
    /// Groups of input channels.
    pub inputs: Vec<InputSymbol>,
    /// Groups of connections.
    pub projections: Vec<ProjectionSymbol>,
    /// The die that the mapper had in mind; none: any die of the chip. On another die than this one the program runs as
    /// well, but its choices were made for circuits that it does not have there.
    pub die: Option<DieSymbol>,
}

impl Symbols {
    /// The index of the population called `name`.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|population| population.name == name)
    }

    /// The runs of neurons of population `population`, in order.
    pub fn segments_of(&self, population: usize) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.population == population)
    }

    /// The id of the first channel of input group `group`; the others follow.
    pub fn first_channel(&self, group: usize) -> InputId {
        InputId(self.inputs[..group].iter().map(|input| input.channels).sum())
    }
}

/// The first character of `name` that cannot be shown as what it is: a control character, a line or paragraph
/// separator, or one without a width that changes what stands beside it. Names with such characters are refused where
/// they are read: no terminal, picture or page ever sees them.
pub fn hidden_character(name: &str) -> Option<char> {
    name.chars().find(|c| {
        let is_format = matches!(
            *c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        );
        c.is_control() || is_format
    })
}

//! What is wrong with the parameters, the input or a saved state of a Xylo core.

use super::{BLOCK, CURRENTS_MAX, DASH_MAX, HIDDEN_CAP, SHIFT_MAX};
use core::fmt;
use thiserror::Error;

/// One of the three groups of addresses of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XyloGroup {
    /// Input channels.
    Input,
    /// Hidden neurons.
    Hidden,
    /// Output neurons.
    Output,
}

impl fmt::Display for XyloGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Hidden => "hidden",
            Self::Output => "output",
        })
    }
}

/// One of the three weight matrices of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XyloMatrixId {
    /// From input channels to hidden neurons.
    Input,
    /// From hidden neurons to hidden neurons.
    Recurrent,
    /// From hidden neurons to output neurons.
    Output,
}

impl fmt::Display for XyloMatrixId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Recurrent => "recurrent",
            Self::Output => "output",
        })
    }
}

/// Why a core cannot be built, stepped or restored. Errors of parameters are fatal for that core; after any other error
/// the core is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XyloError {
    /// Hidden neurons have another number of synaptic currents than the rules know.
    #[error("a hidden neuron has {found} synaptic currents; it must have 1 or {}", CURRENTS_MAX)]
    CurrentCount {
        /// The number asked for.
        found: usize,
    },
    /// More neurons than a packed synapse can name.
    #[error("{found} {layer} neurons are more than the {limit} that a packed synapse can name")]
    TooManyNeurons {
        /// Hidden or output.
        layer: XyloGroup,
        /// The number asked for.
        found: usize,
        /// The most that can be had.
        limit: usize,
    },
    /// More synapses than 32 bits can count.
    #[error("the {matrix} matrix has {found} synapses, more than {}", u32::MAX)]
    TooManySynapses {
        /// The matrix.
        matrix: XyloMatrixId,
        /// Its synapses.
        found: usize,
    },
    /// A dash does not fit its 4 bits.
    #[error("{layer} neuron {neuron}: the dash {dash} is not from 0 to {}", DASH_MAX)]
    Dash {
        /// Hidden or output.
        layer: XyloGroup,
        /// The neuron.
        neuron: usize,
        /// The dash.
        dash: u8,
    },
    /// A weight shift would shift out everything.
    #[error("the weight shift {shift} of the {matrix} matrix is not from 0 to {}", SHIFT_MAX)]
    Shift {
        /// The matrix.
        matrix: XyloMatrixId,
        /// The shift.
        shift: u8,
    },
    /// A synapse starts at a channel or neuron that is not there.
    #[error("{matrix} synapse {index} starts at {layer} {pre}; there are {count}")]
    Pre {
        /// The matrix.
        matrix: XyloMatrixId,
        /// Position of the synapse in its list.
        index: usize,
        /// Where it starts.
        layer: XyloGroup,
        /// The channel or neuron.
        pre: u32,
        /// How many there are.
        count: usize,
    },
    /// A synapse ends at a neuron that is not there.
    #[error("{matrix} synapse {index} ends at {layer} neuron {post}; there are {count}")]
    Post {
        /// The matrix.
        matrix: XyloMatrixId,
        /// Position of the synapse in its list.
        index: usize,
        /// Where it ends.
        layer: XyloGroup,
        /// The neuron.
        post: u32,
        /// How many there are.
        count: usize,
    },
    /// A synapse feeds a current that its neuron does not have.
    #[error("{matrix} synapse {index} feeds synaptic current {current} of its neuron, which has {count}")]
    Current {
        /// The matrix.
        matrix: XyloMatrixId,
        /// Position of the synapse in its list.
        index: usize,
        /// The current.
        current: u8,
        /// How many the neuron has.
        count: usize,
    },
    /// An alias names a neuron that is not there.
    #[error("hidden neuron {neuron} has the alias {alias}; there are {count} hidden neurons")]
    Alias {
        /// The neuron whose alias it is.
        neuron: usize,
        /// The alias.
        alias: u32,
        /// Hidden neurons.
        count: usize,
    },
    /// There is not one list of aliases for each hidden neuron.
    #[error("there are aliases of {found} hidden neurons; give a list for each of the {count}, or none at all")]
    AliasLists {
        /// Lists given.
        found: usize,
        /// Hidden neurons.
        count: usize,
    },
    /// A bias of a core that has none.
    #[error("{layer} neuron {neuron} has the bias {bias}, but this core has no biases; set `has_bias`, with rules V2")]
    UnusedBias {
        /// Hidden or output.
        layer: XyloGroup,
        /// The neuron.
        neuron: usize,
        /// The bias.
        bias: i16,
    },
    /// Biases under rules that do not have them.
    #[error("rules V1 have no biases; use rules V2, or clear `has_bias`")]
    BiasInV1,
    /// An input event names a channel that is not there.
    #[error("input event {index} is for channel {channel}; there are {count}")]
    Channel {
        /// Position of the event in the list.
        index: usize,
        /// The channel.
        channel: u32,
        /// How many there are.
        count: usize,
    },
    /// The input events of a step are not sorted by channel, or one channel occurs twice.
    #[error("input event {index} is for channel {channel}, after one for channel {previous}; sort them, one a channel")]
    InputOrder {
        /// Position of the event in the list.
        index: usize,
        /// Its channel.
        channel: u32,
        /// The channel of the event before it.
        previous: u32,
    },
    /// A saved state has another size than the core.
    #[error("the saved {layer} state has {found} values for {quantity}; this core has {expected}")]
    StateLength {
        /// Hidden or output.
        layer: XyloGroup,
        /// Which list.
        quantity: &'static str,
        /// Its length.
        found: usize,
        /// The length that it must have.
        expected: usize,
    },
    /// A saved state holds more spikes than a neuron can have fired.
    #[error("the saved state has {count} spikes of hidden neuron {neuron}; a neuron fires at most {}", HIDDEN_CAP)]
    StateCount {
        /// The neuron.
        neuron: usize,
        /// Its spikes.
        count: u8,
    },
}

/// The most neurons of a layer: 16 bits of block numbers. Two currents of as many take 22 of the 24 bits of a place.
pub(super) const NEURON_LIMIT: usize = BLOCK << 16;

//! What of a network does not fit a Xylo chip.

use crate::error::list;
use thiserror::Error;

/// Why a network does not fit the layers and matrices of a Xylo chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XyloMisfit {
    /// More neurons than a layer of a Xylo chip has.
    #[error(
        "population `{population}` of {size} neurons makes {needed} {layer} neurons, but the chip has {limit}; {}",
        layer_advice(layer)
    )]
    Layer {
        /// The population that does not fit.
        population: String,
        /// `hidden` or `output`.
        layer: &'static str,
        /// Its neurons.
        size: u32,
        /// Neurons of the layer up to and with this population.
        needed: u64,
        /// Neurons that the layer has.
        limit: usize,
    },
    /// More input channels than a Xylo chip has.
    #[error("the input groups {} have {channels} channels, but the chip has {limit}; join channels", list(groups))]
    Inputs {
        /// The groups.
        groups: Vec<String>,
        /// Channels of all groups.
        channels: u32,
        /// Channels of the chip.
        limit: usize,
    },
    /// A hidden neuron with more recurrent synapses than it can have.
    #[error(
        "neuron {index} of `{population}` sends {needed} synapses to hidden neurons, but can send {limit}; reduce its \
         fan-out"
    )]
    FanOut {
        /// Its population.
        population: String,
        /// Its index there.
        index: u32,
        /// Synapses that it needs.
        needed: usize,
        /// Synapses that it can have.
        limit: usize,
    },
    /// A hidden neuron with more synapses onto it than it can have.
    #[error(
        "neuron {index} of `{population}` receives {needed} synapses from input channels and hidden neurons, but can \
         receive {limit}; reduce its fan-in"
    )]
    FanIn {
        /// Its population.
        population: String,
        /// Its index there.
        index: u32,
        /// Synapses that it needs.
        needed: usize,
        /// Synapses that it can have.
        limit: usize,
    },
    /// More hidden neurons that receive input or are read out than a Xylo chip has places for.
    #[error(
        "{needed} hidden neurons {what}, but {limit} can; the first too many is neuron {index} of `{population}`; \
         connect fewer of them"
    )]
    Expansion {
        /// What they do.
        what: &'static str,
        /// Neurons that do it.
        needed: usize,
        /// Neurons that can.
        limit: usize,
        /// Population of the first too many.
        population: String,
        /// Its index there.
        index: u32,
    },
    /// A weight beyond the largest shift of a Xylo chip.
    #[error(
        "projection `{projection}`: weight {weight} from {pre} to {post} does not fit: with the largest shift the chip \
         holds {limit} of this sign; scale the weights and thresholds down together"
    )]
    Weight {
        /// The projection.
        projection: String,
        /// The weight, as a decimal.
        weight: String,
        /// Sending neuron or channel.
        pre: u32,
        /// Receiving neuron.
        post: u32,
        /// The largest weight, without its sign.
        limit: u64,
    },
}

fn layer_advice(layer: &str) -> &'static str {
    match layer {
        "output" => {
            "use fewer, or let the population send or receive input: one that sends nothing and receives from hidden \
             neurons only is read out"
        }
        _ => "use fewer neurons",
    }
}

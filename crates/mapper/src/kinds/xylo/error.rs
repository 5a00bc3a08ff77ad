//! What of a network does not fit a Xylo chip.

use crate::error::list;
use thiserror::Error;

/// Why a network does not fit the layers and matrices of a Xylo chip.
#[derive(Clone, Debug, PartialEq, Error)]
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
        /// Whether it is to receive input.
        inputs: bool,
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
    /// A weight that is no whole number, in a mapping that scales nothing.
    #[error(
        "projection `{projection}`: weight {weight} from {pre} to {post} is no whole number, and the chip has no others; \
         let the mapping scale weights, thresholds and biases of a layer together (`scale` = `auto`), or give whole \
         numbers"
    )]
    NotWhole {
        /// The projection.
        projection: String,
        /// The weight, as a decimal.
        weight: String,
        /// Sending neuron or channel.
        pre: u32,
        /// Receiving neuron.
        post: u32,
    },
    /// A layer whose thresholds and biases are too far apart for any factor.
    #[error(
        "no factor brings the weights, thresholds and biases of the {layer} layer to whole numbers that the chip holds: \
         the largest would be beyond 16 bits, or the smallest threshold 0; bring them closer together"
    )]
    NoFactor {
        /// `hidden` or `output`.
        layer: &'static str,
    },
    /// A matrix that stays too coarse whatever the factor.
    #[error(
        "the weights of the {matrix} matrix become whole numbers with an error of {:.2} % of their root mean square, and \
         {:.2} % is allowed; the thresholds and biases of the {layer} layer, in 16 bits, let them be multiplied by at \
         most {largest:.4}: give smaller thresholds with smaller weights, weights of fewer sizes, or a larger \
         `max_weight_error`", error * 100.0, most * 100.0
    )]
    Coarse {
        /// Name of the matrix.
        matrix: &'static str,
        /// Root mean square error over the root mean square of the weights.
        error: f64,
        /// What is allowed.
        most: f64,
        /// The layer where it ends.
        layer: &'static str,
        /// The largest factor.
        largest: f64,
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

//! The digital core of the Xylo chips, bit for bit: versions 1 and 2 of its rules.
//!
//! A Xylo core has input channels, one population of hidden neurons and one of output neurons. Synaptic currents and
//! membranes are 16-bit integers, weights 8-bit, and a decay is a shift:
//!
//! ```text
//! decay(x, k) = x >> k, or 1 if that is 0 and x > 0        so every state reaches 0, at last by steps of 1
//! step:
//!   each input channel in order, each of its synapses in order:      I[post][k] = sat(I[post][k] + count * weight)
//!   each hidden neuron that spiked in the last step, in order:       the same, recurrent synapses
//!   each hidden neuron that spiked in the last step, in order:       the same, output synapses
//!   each hidden neuron in order:
//!     I[k] -= decay(I[k], dash_syn[k]) for each k;   total = sum of I[k]
//!     V1:  V = sat(V - decay(V, dash_mem) + total)
//!     V2:  V = sat(V + sat(sat(wrap(-decay(V, dash_mem)) + total) + bias))
//!     while V >= threshold and count < 31:  count += 1, V = wrap(V - threshold)
//!     for each of its aliases a:  count[a] = min(count[a] + count, 31)
//!   each output neuron: the same with one synapse, at most 1 spike and no alias
//! ```
//!
//! `count` is the number of spikes in the step, at most [`INPUT_CAP`] from an input channel and [`HIDDEN_CAP`] from a
//! hidden neuron; `weight` is the stored weight shifted left by the shift of its matrix and wrapped to 16 bits; `sat`
//! keeps to 16 bits. The count of a hidden neuron starts at what the aliases of neurons before it have put there, so
//! that aliases form chains upwards; an alias to a neuron that has had its turn is added to its count without
//! consequences for its membrane. An alias hands on the count that its neuron had before any of its own aliases: a
//! neuron that is its own alias doubles its count, but hands the single count to the others.
//!
//! What the rules follow is the simulator that the maker of the chips publishes as bit-exact (xylosim 0.1.3; V1 is its
//! module `v1`, for XyloAudio 1, V2 its module `v2`, for XyloAudio 2 and 3 and XyloIMU). Besides the traces of
//! `tests/golden/xylo`, they were compared with it in every state on some 10,000 random networks. One detail is easy to
//! miss: in V2 the decay is negated in 16 bits, so that a membrane at -32768 with dash 0 stays there instead of being
//! cleared. Another, the hibernation flag of chips with biases, is told at [`XyloHibernation`].
//!
//! # Cost
//! Neurons are kept in blocks of [`BLOCK`], all states of a block side by side. A step costs one addition for each
//! synapse that delivers, and one vectorised update for each block in which anything was delivered or can still change
//! by itself. A block at rest is not visited, and a layer at rest asks for no step ([`crate::EventCore::next_wake`]).
//! Visiting a neuron at rest would change no bit of it, so none of this can be seen in the results.
//!
//! # What is where
//! [`XyloLayerCore`] is one layer as a core of an event kernel. Who delivers what and when, and with it the order of
//! deliveries and the caps of input channels, is a matter of that kernel and of the matrices of the router.
//!
//! This module owns the rules and the checks of what it is given. It deliberately knows no chip file, no limit of a
//! certain chip, no cycle count and no file format.

mod firing;
mod hibernation;
mod layer;
mod layer_core;
mod parameters;

pub use hibernation::XyloHibernation;
pub use layer::BLOCK;
pub use layer_core::{XyloLayerCore, XyloLayerState};
pub use parameters::XyloLayerParameters;

/// Spikes of one input channel in one step, at most; more are cut.
pub const INPUT_CAP: u32 = chip::CoreModel::Xylo.facts().input_cap as u32;
/// Spikes of one hidden neuron in one step, at most.
pub const HIDDEN_CAP: u8 = chip::CoreModel::Xylo.facts().spikes_max as u8;
/// Spikes of one output neuron in one step, at most.
pub const OUTPUT_CAP: u8 = 1;
/// The largest dash (decay shift): 4 bits.
pub const DASH_MAX: u8 = chip::registers::DASH_MAX as u8;
/// Synaptic currents of a hidden neuron, at most.
pub const CURRENTS_MAX: usize = 2;

/// Which version of the rules a core follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XyloRules {
    /// XyloAudio 1: one saturation of the membrane a step, no biases, no hibernation flag.
    V1,
    /// XyloAudio 2 and 3, XyloIMU: the change of the membrane saturates by itself; biases; a hibernation flag.
    V2,
}

/// Names of the rules in chip files.
pub const PROFILES: [&str; 2] = [XyloRules::V1.profile(), XyloRules::V2.profile()];

impl XyloRules {
    /// What a chip file calls them.
    pub const fn profile(self) -> &'static str {
        match self {
            Self::V1 => "xylo-v1",
            Self::V2 => "xylo-v2",
        }
    }

    /// The rules that a chip file calls `profile`; `None` if there are none, see [`PROFILES`].
    pub fn from_profile(profile: &str) -> Option<Self> {
        [Self::V1, Self::V2].into_iter().find(|rules| rules.profile() == profile)
    }
}

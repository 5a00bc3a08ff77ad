//! Graphs of trained networks: what a NIR file means, and the network that it becomes.
//!
//! This crate owns the meaning of the nodes of the Neuromorphic Intermediate Representation (Pedersen et al., Nature
//! Communications 15, 2024): graphs within graphs, shapes, convolutions and pools unrolled into connections, biases,
//! delays, loops, and the rules that the format leaves to whoever runs a graph ([`Options`], [`rule`]). It makes of a
//! graph a network in the steps of a simulator ([`Graph::steps`]), for a chip with the core model `cuba-lif`.
//!
//! Nets of lava-dl, which are layers of integers, it makes into networks for a Loihi chip ([`Netx`]).
//!
//! It deliberately reads no bytes (that is `formats`), maps nothing and runs nothing. Floats appear where they are
//! those of the file; they meet `+ - * /` in a fixed order only, so that a network is the same bits on every machine.
#![deny(missing_docs)]

mod build;
mod chips;
mod error;
mod flat;
mod graph;
mod linear;
mod netx;
mod node;
mod options;
mod order;
mod out;
pub mod rule;
mod shape;
mod step;

pub use build::{Built, Output, Steps};
pub use error::GraphError;
pub use graph::Graph;
pub use netx::Netx;
pub use node::NeuronKind;
pub use options::Options;
pub use out::{Got, XyloGraph, XyloRegisters};
pub use rule::Like;

use chip::{ChipSpec, CoreModel};

impl Graph {
    /// The network in steps of the simulator, for `spec`.
    ///
    /// # Errors
    /// [`GraphError::Option`] for a chip without the core model `cuba-lif`; [`GraphError::Chip`] for what its cores
    /// cannot hold.
    pub fn steps(&self, spec: &ChipSpec) -> Result<Steps, GraphError> {
        build::steps(self, spec)
    }

    /// The network for `spec`: in steps of the simulator where the chip takes these, or else as near to the graph as
    /// the neurons of the chip are. `step_time` is how long a step takes on the chip, in seconds; none: its length.
    ///
    /// # Errors
    /// As [`Graph::steps`], and nodes, numbers and times that the chip does not have.
    pub fn on(&self, spec: &ChipSpec, step_time: Option<f64>) -> Result<Steps, GraphError> {
        if !spec.models.contains(&CoreModel::CubaLif) {
            return chips::on_chip(self, spec, step_time);
        }
        match step_time {
            None => self.steps(spec),
            Some(_) => Err(GraphError::Option {
                option: "--step-time".into(),
                reason: format!("chip `{}` takes the steps of the graph as they are; leave it out", spec.name),
            }),
        }
    }
}

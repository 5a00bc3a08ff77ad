//! A core's state between two steps.

use super::{HIDDEN_CAP, XyloError, XyloGroup};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Everything that a core remembers from one step to the next. Which blocks are awake is not part of it: it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XyloState {
    /// Synaptic currents of hidden neurons, all of neuron 0 first.
    pub i_syn: Vec<i16>,
    /// Membranes of hidden neurons.
    pub v_mem: Vec<i16>,
    /// Spikes of hidden neurons in the last step, which reach their targets in the next.
    pub counts: Vec<u8>,
    /// Synaptic currents of output neurons.
    pub i_syn_out: Vec<i16>,
    /// Membranes of output neurons.
    pub v_mem_out: Vec<i16>,
    /// Whether nothing was delivered and nothing changed in the last step; false before the first.
    pub quiet: bool,
}

impl XyloState {
    pub(super) fn check(&self, hidden: usize, currents: usize, output: usize) -> Result<(), XyloError> {
        for (layer, quantity, found, expected) in [
            (XyloGroup::Hidden, "i_syn", self.i_syn.len(), hidden * currents),
            (XyloGroup::Hidden, "v_mem", self.v_mem.len(), hidden),
            (XyloGroup::Hidden, "counts", self.counts.len(), hidden),
            (XyloGroup::Output, "i_syn_out", self.i_syn_out.len(), output),
            (XyloGroup::Output, "v_mem_out", self.v_mem_out.len(), output),
        ] {
            if found != expected {
                return Err(XyloError::StateLength { layer, quantity, found, expected });
            }
        }
        match self.counts.iter().position(|&count| count > HIDDEN_CAP) {
            Some(neuron) => Err(XyloError::StateCount { neuron, count: self.counts[neuron] }),
            None => Ok(()),
        }
    }
}

//! What of a chip goes wrong or fluctuates besides mismatch: faults of circuits, and budgets of noise.

use crate::spec::Fact;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// How often circuits are broken. Each is the probability of one circuit, independent of all others; a kind of fault
/// that is not there does not occur.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// A neuron that never sends anything.
    pub dead_neuron: Option<Fact>,
    /// A neuron that spikes whenever its refractory period lets it, whatever arrives.
    pub hot_neuron: Option<Fact>,
    /// A synapse whose weight is 0, whatever is stored.
    pub dead_synapse: Option<Fact>,
    /// A synapse whose weight is the largest that can be stored, whatever is.
    pub stuck_synapse: Option<Fact>,
    /// A stored bit of a weight that reads as the opposite of what was written.
    pub weight_bit_flip: Option<Fact>,
    /// Bits of a stored weight, its sign included, where the router does not say it (`ideal`).
    pub weight_bits: Option<Fact>,
}

impl FaultSpec {
    /// The probabilities that are there, with their names in files.
    pub fn probabilities(&self) -> Vec<(&'static str, &Fact)> {
        present([
            ("dead_neuron", &self.dead_neuron),
            ("hot_neuron", &self.hot_neuron),
            ("dead_synapse", &self.dead_synapse),
            ("stuck_synapse", &self.stuck_synapse),
            ("weight_bit_flip", &self.weight_bit_flip),
        ])
    }

    /// Every number, with its name in files.
    pub(crate) fn facts(&self) -> Vec<(&'static str, &Fact)> {
        let mut all = self.probabilities();
        all.extend(present([("weight_bits", &self.weight_bits)]));
        all
    }
}

/// What changes from run to run and from event to event of one die. A budget that is not there is 0, and all of them
/// are off unless a run asks for noise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoiseSpec {
    /// CV of the threshold of a neuron between runs.
    pub run_threshold_cv: Option<Fact>,
    /// CV of the weight of a synapse between runs.
    pub run_weight_cv: Option<Fact>,
    /// CV of the weight of a synapse between the spikes that go through it.
    pub event_weight_cv: Option<Fact>,
    /// CV of the threshold of a neuron between the intervals from one of its spikes to the next.
    pub event_threshold_cv: Option<Fact>,
    /// Most ticks by which a spike is late on its way; each number from 0 to it is as likely.
    pub event_jitter_ticks: Option<Fact>,
}

impl NoiseSpec {
    /// The CVs that are there, with their names in files.
    pub fn cvs(&self) -> Vec<(&'static str, &Fact)> {
        present([
            ("run_threshold_cv", &self.run_threshold_cv),
            ("run_weight_cv", &self.run_weight_cv),
            ("event_weight_cv", &self.event_weight_cv),
            ("event_threshold_cv", &self.event_threshold_cv),
        ])
    }

    /// Every number, with its name in files.
    pub(crate) fn facts(&self) -> Vec<(&'static str, &Fact)> {
        let mut all = self.cvs();
        all.extend(present([("event_jitter_ticks", &self.event_jitter_ticks)]));
        all
    }
}

/// Those of `all` that are there.
fn present<'a, const N: usize>(all: [(&'static str, &'a Option<Fact>); N]) -> Vec<(&'static str, &'a Fact)> {
    all.into_iter().filter_map(|(name, fact)| Some((name, fact.as_ref()?))).collect()
}

//! What was cut at the end of its format: how often, and where first.
//!
//! Owns the count of a core and the place of its first cut. When that was, and which core it is, the event kernel
//! knows; what the quantity is called, the model says ([`crate::Core::probes`]).

use serde::{Deserialize, Serialize};
use units::NeuronId;

/// What can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CutQuantity {
    /// A state that can be read, by its place among the probes of the core.
    State(u8),
    /// What arrived for a neuron in a step, before its gain or beyond what an accumulator holds.
    Input,
    /// A weight with the noise of one event.
    Weight,
    /// How often a neuron spikes in a step.
    Spikes,
}

/// A number that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Of which neuron.
    pub neuron: NeuronId,
    /// Which of its quantities.
    pub quantity: CutQuantity,
}

impl Cut {
    /// State `index` (among the probes) of neuron `neuron`.
    pub(crate) const fn state(neuron: usize, index: usize) -> Self {
        Self { neuron: NeuronId(neuron as u16), quantity: CutQuantity::State(index as u8) }
    }

    /// The count of spikes of neuron `neuron`.
    pub(crate) const fn spikes(neuron: usize) -> Self {
        Self { neuron: NeuronId(neuron as u16), quantity: CutQuantity::Spikes }
    }

    /// What arrived for neuron `neuron`.
    pub(crate) const fn input(neuron: usize) -> Self {
        Self { neuron: NeuronId(neuron as u16), quantity: CutQuantity::Input }
    }
}

/// The cuts of a core since they were taken last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saturations {
    count: u64,
    first: Option<Cut>,
}

impl Saturations {
    /// Counts `count` cuts, of which the first is `first`.
    #[inline]
    pub fn add(&mut self, count: u64, first: impl FnOnce() -> Cut) {
        if count > 0 {
            self.count += count;
            self.first.get_or_insert_with(first);
        }
    }

    /// The number of cuts; it starts again from 0.
    #[inline]
    pub const fn take(&mut self) -> u64 {
        core::mem::replace(&mut self.count, 0)
    }

    /// The first cut since this was asked last.
    pub const fn take_first(&mut self) -> Option<Cut> {
        self.first.take()
    }
}

//! A core of any model, behind the few calls that an event kernel needs.
//!
//! The kernel delivers what arrives in a tick, then advances every core that was touched or asked to be woken, then
//! asks when that core wants to be woken next. A clocked core answers "next tick" while its state can still change,
//! and "never" once it cannot. A core without time steps fits in by answering with the tick of its next threshold
//! crossing, and by computing its state in `advance` from the time that has passed.

use crate::analog_lif::{AnalogLifCore, AnalogLifParameters};
use crate::lif::{LifCore, LifParameters};
use crate::rate::{RateCore, RateParameters};
use crate::{DeviceModelError, DieParameters, Digest, InputLayout, PackedSynapse};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, CoreProgram};
use serde::{Deserialize, Serialize};
use units::{NeuronId, Tick};

/// What a neuron sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    /// The neuron.
    pub neuron: NeuronId,
    /// What an observer sees: 1 for a spike, the new output level (16 fraction bits) of a rate unit.
    pub value: i32,
    /// What its synapses multiply their weight with: 1 for a spike, the change of the level for a rate unit.
    pub payload: i32,
}

/// The state of a core between two ticks, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoreState {
    /// State of a [`LifCore`].
    Lif {
        /// Membranes, 20 fraction bits.
        v: Vec<i32>,
        /// Remaining steps of refractory periods.
        refractory: Vec<i32>,
        /// Currents, 20 fraction bits; one list a kind in use.
        currents: Vec<Vec<i32>>,
        /// Whether a step could change anything.
        awake: bool,
    },
    /// State of a [`RateCore`].
    Rate {
        /// Units, 28 fraction bits.
        x: Vec<i32>,
        /// Sums of weight times level; one list a lane.
        sums: Vec<Vec<i64>>,
        /// Whether a step could change anything.
        awake: bool,
    },
    /// State of an [`AnalogLifCore`]: each neuron at its last event.
    AnalogLif {
        /// Ticks of the last events.
        base: Vec<u64>,
        /// Ticks at which refractory periods end or ended.
        free: Vec<u64>,
        /// Membranes, 32 fraction bits.
        v: Vec<i64>,
        /// Currents, 32 fraction bits; those of a neuron side by side.
        currents: Vec<i64>,
        /// Whether tick 0 is over.
        started: bool,
    },
}

/// A core of any model.
#[derive(Clone, Debug)]
pub enum Core {
    /// Leaky integrate-and-fire neurons.
    Lif(LifCore),
    /// Leaky integrate-and-fire neurons without a time step.
    AnalogLif(AnalogLifCore),
    /// Leaky rate units.
    Rate(RateCore),
}

impl Core {
    /// The core `core` of a program on a die, in its initial state.
    ///
    /// # Errors
    /// See [`LifParameters::build`], [`AnalogLifParameters::build`] and [`RateParameters::build`].
    pub fn new(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        Ok(match core.model {
            CoreModel::Lif => Self::Lif(LifCore::new(LifParameters::build(spec, core, layout, die)?)),
            CoreModel::AnalogLif => {
                Self::AnalogLif(AnalogLifCore::new(AnalogLifParameters::build(spec, core, layout, die)?))
            }
            CoreModel::Rate => Self::Rate(RateCore::new(RateParameters::build(spec, core, layout, die)?)),
        })
    }

    /// Delivers an event to the synapses of `row`. The order of deliveries within a tick does not matter.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], payload: i32) {
        match self {
            Self::Lif(core) => core.deliver(row, payload),
            Self::AnalogLif(core) => core.deliver(row, payload),
            Self::Rate(core) => core.deliver(row, payload),
        }
    }

    /// Brings the core to the end of tick `now`, with all deliveries of that tick made, and returns what its neurons
    /// send, in their order.
    pub fn advance(&mut self, now: Tick) -> &[Emission] {
        // Clocked cores count steps, not ticks: a step is the same at any time.
        match self {
            Self::Lif(core) => core.advance(),
            Self::AnalogLif(core) => core.advance(now),
            Self::Rate(core) => core.advance(),
        }
    }

    /// When the core must be advanced next although nothing arrives; [`Tick::NEVER`] if its state cannot change by
    /// itself.
    #[inline]
    pub fn next_wake(&self, now: Tick) -> Tick {
        let awake = match self {
            Self::Lif(core) => core.is_awake(),
            Self::AnalogLif(core) => return core.next_wake(),
            Self::Rate(core) => core.is_awake(),
        };
        if awake { now.after(1) } else { Tick::NEVER }
    }

    /// Whether payloads are changes of a level and not numbers of spikes.
    #[inline]
    pub const fn is_graded(&self) -> bool {
        matches!(self, Self::Rate(_))
    }

    /// Neurons in use.
    pub fn neuron_count(&self) -> usize {
        match self {
            Self::Lif(core) => core.parameters().layout().neuron_count(),
            Self::AnalogLif(core) => core.parameters().layout().neuron_count(),
            Self::Rate(core) => core.parameters().layout().neuron_count(),
        }
    }

    /// Saturations since the last call.
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        match self {
            Self::Lif(core) => core.take_saturations(),
            Self::AnalogLif(core) => core.take_saturations(),
            // Units and levels cannot leave their range.
            Self::Rate(_) => 0,
        }
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        match self {
            Self::Lif(core) => core.reset(),
            Self::AnalogLif(core) => core.reset(),
            Self::Rate(core) => core.reset(),
        }
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        match self {
            Self::Lif(core) => core.save(),
            Self::AnalogLif(core) => core.save(),
            Self::Rate(core) => core.save(),
        }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        match self {
            Self::Lif(core) => core.restore(state),
            Self::AnalogLif(core) => core.restore(state),
            Self::Rate(core) => core.restore(state),
        }
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        match self {
            Self::Lif(core) => core.digest_state(digest),
            Self::AnalogLif(core) => core.digest_state(digest),
            Self::Rate(core) => core.digest_state(digest),
        }
    }

    /// Hash of all parameters.
    pub fn parameter_digest(&self) -> u64 {
        match self {
            Self::Lif(core) => core.parameters().digest(),
            Self::AnalogLif(core) => core.parameters().digest(),
            Self::Rate(core) => core.parameters().digest(),
        }
    }
}

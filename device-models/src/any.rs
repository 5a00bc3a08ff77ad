//! A core of any model, behind the few calls that an event kernel needs.
//!
//! The kernel delivers what arrives in a tick, then advances every core that was touched or asked to be woken, then
//! asks when that core wants to be woken next. A clocked core answers "next tick" while its state can still change,
//! and "never" once it cannot; the kernel, which knows the period of its steps, rounds that up to the next one. A core
//! without time steps fits in by answering with the tick of its next threshold crossing, and by computing its state in
//! `advance` from the time that has passed.

use crate::analog_lif::{AnalogLifCore, AnalogLifParameters};
use crate::dpi::{DpiCore, DpiParameters};
use crate::lif::{LifCore, LifParameters};
use crate::loihi::LoihiCore;
use crate::rate::{RateCore, RateParameters};
use crate::xylo::{XyloLayerCore, XyloLayerParameters};
use crate::{DeviceModelError, DieParameters, Digest, InputLayout, PackedSynapse, ProbeKind};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, CoreProgram, Routing};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, NeuronId, Tick};

/// What a neuron sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    /// The neuron.
    pub neuron: NeuronId,
    /// What an observer sees: the number of spikes, or the new output level (16 fraction bits) of a rate unit.
    pub value: i32,
    /// What its synapses multiply their weight with: the number of spikes, the change of the level for a rate unit.
    pub payload: i32,
}

/// The state of a core between two ticks, neuron by neuron. A clocked core may be between two steps then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoreState {
    /// State of a [`LifCore`].
    Lif(LifState),
    /// State of a [`DpiCore`]; currents are bits with 28 fraction bits, in units of each neuron's dark current.
    Dpi {
        /// Synaptic currents; one list a gate.
        synapses: Vec<Vec<i64>>,
        /// Adaptation currents.
        adaptation: Vec<i64>,
        /// Membrane currents, after a reset.
        membrane: Vec<i64>,
        /// log2 of the membrane currents before a reset, 40 fraction bits.
        log: Vec<i64>,
        /// Spikes of the last step.
        spikes: Vec<i32>,
        /// What arrived since the last step, in weight units, all lanes one after the other; nothing if nothing did.
        arrived: Vec<i64>,
        /// Remaining steps of refractory periods.
        refractory: Vec<i32>,
        /// Whether a step could change anything.
        awake: bool,
    },
    /// State of a [`RateCore`].
    Rate {
        /// Units, 28 fraction bits.
        x: Vec<i32>,
        /// Sums of weight times level; one list a lane.
        sums: Vec<Vec<i64>>,
        /// Whether something arrived since the last step.
        touched: bool,
        /// Whether a step could change anything.
        awake: bool,
    },
    /// State of a [`LoihiCore`].
    Loihi {
        /// Currents.
        u: Vec<i32>,
        /// Voltages.
        v: Vec<i32>,
        /// Remaining steps of refractory periods.
        refractory: Vec<i32>,
        /// What arrived since the last step, or nothing if nothing did.
        arrived: Vec<i32>,
        /// Steps so far.
        steps: u64,
        /// By block of neurons: 1 if a step could change anything.
        awake: Vec<u8>,
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
    /// State of a [`XyloLayerCore`].
    Xylo {
        /// Synaptic currents, all of neuron 0 first.
        i_syn: Vec<i16>,
        /// Membranes.
        v_mem: Vec<i16>,
    },
    /// State of a [`LifCore`] whose thresholds differ from interval to interval.
    NoisyLif {
        /// What every such core has.
        lif: LifState,
        /// Ticks at which the intervals begin or began, in which the neurons are.
        begins: Vec<u64>,
    },
}

/// The state of a [`LifCore`] between two ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifState {
    /// Membranes, 20 fraction bits.
    pub v: Vec<i32>,
    /// Remaining steps of refractory periods.
    pub refractory: Vec<i32>,
    /// Currents, 20 fraction bits; one list a kind in use.
    pub currents: Vec<Vec<i32>>,
    /// What arrived since the last step; one list a lane, or none if nothing did.
    pub arrived: Vec<Vec<i32>>,
    /// Whether a step could change anything.
    pub awake: bool,
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
    /// Digital neurons of Loihi.
    Loihi(LoihiCore),
    /// A layer of a Xylo chip.
    Xylo(XyloLayerCore),
    /// Log-domain neurons.
    Dpi(DpiCore),
}

impl Core {
    /// The core `core` of a program on a die, in its initial state.
    ///
    /// # Errors
    /// See [`LifParameters::build`], [`AnalogLifParameters::build`], [`DpiParameters::build`],
    /// [`RateParameters::build`], [`LoihiCore::new`] and [`XyloLayerParameters::build`].
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
            CoreModel::Loihi => Self::Loihi(LoihiCore::new(spec, core, layout, die)?),
            CoreModel::Xylo => Self::Xylo(XyloLayerCore::new(XyloLayerParameters::build(spec, core, layout, die)?)),
            CoreModel::Dpi => Self::Dpi(DpiCore::new(DpiParameters::build(spec, core, layout, die)?)),
        })
    }

    /// Takes over what the routing of a program wires inside the core at `address`: the aliases of hidden neurons of
    /// Xylo.
    ///
    /// # Errors
    /// See [`XyloLayerCore::set_aliases`].
    pub fn wire(&mut self, address: CoreAddress, routing: &Routing) -> Result<(), DeviceModelError> {
        match (self, routing) {
            (Self::Xylo(core), Routing::Xylo { aliases, .. }) => core.set_aliases(address, aliases),
            _ => Ok(()),
        }
    }

    /// Delivers an event to the synapses of `row`. The order of deliveries within a tick does not matter, except to a
    /// Xylo layer, whose currents saturate on the way.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], payload: i32) {
        match self {
            Self::Lif(core) => core.deliver(row, payload),
            Self::AnalogLif(core) => core.deliver(row, payload),
            Self::Rate(core) => core.deliver(row, payload),
            Self::Loihi(core) => core.deliver(row, payload),
            Self::Xylo(core) => core.deliver(row, payload),
            Self::Dpi(core) => core.deliver(row, payload),
        }
    }

    /// Brings the core to the end of tick `now`, with all deliveries of that tick made, and returns what its neurons
    /// send, in their order.
    pub fn advance(&mut self, now: Tick) -> &[Emission] {
        // Clocked cores count steps, not ticks: a step is the same at any time. Only noise has to know the time.
        match self {
            Self::Lif(core) => core.advance(now),
            Self::AnalogLif(core) => core.advance(now),
            Self::Rate(core) => core.advance(),
            Self::Loihi(core) => core.advance(),
            Self::Xylo(core) => core.advance(),
            Self::Dpi(core) => core.advance(),
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
            Self::Loihi(core) => core.is_awake(),
            Self::Xylo(core) => core.is_awake(),
            Self::Dpi(core) => core.is_awake(),
        };
        if awake { now.after(1) } else { Tick::NEVER }
    }

    /// When an asynchronous core must be advanced next at the earliest, from its state alone and not from what it has
    /// found out since its last event; `None` for clocked cores. It is what a core knows that has just been restored.
    pub fn wake_of_state(&self) -> Option<Tick> {
        match self {
            Self::AnalogLif(core) => Some(core.wake_of_state()),
            _ => None,
        }
    }

    /// Whether a clocked core took in something that its next step has still to use.
    #[inline]
    pub const fn is_touched(&self) -> bool {
        match self {
            Self::Lif(core) => core.is_touched(),
            // It acts in the tick in which something reaches it.
            Self::AnalogLif(_) => false,
            Self::Rate(core) => core.is_touched(),
            Self::Loihi(core) => core.is_touched(),
            Self::Dpi(core) => core.is_touched(),
            // What arrives is added to its state at once.
            Self::Xylo(_) => false,
        }
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
            Self::Loihi(core) => core.layout().neuron_count(),
            Self::Xylo(core) => core.parameters().layout().neuron_count(),
            Self::Dpi(core) => core.parameters().layout().neuron_count(),
        }
    }

    /// Neurons that the last advance changed, or looked at as if it did.
    #[inline]
    pub fn updated(&self) -> usize {
        match self {
            Self::AnalogLif(core) => core.updated(),
            _ => self.neuron_count(),
        }
    }

    /// What can be read of its neurons. The order stays the same for the life of the core; `spec` names the kinds of
    /// synapses and the unit of the membrane.
    pub fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        match self {
            Self::Lif(core) => core.probes(spec),
            Self::AnalogLif(core) => core.probes(spec),
            Self::Dpi(core) => core.probes(),
            Self::Rate(core) => core.probes(),
            Self::Loihi(core) => core.probes(),
            Self::Xylo(core) => core.probes(),
        }
    }

    /// Quantity `index` (in the order of [`Core::probes`]) of a neuron at the end of tick `now`, all of whose work is
    /// done. Nothing changes.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId, now: Tick) -> i64 {
        // The state of a clocked core stands still between its steps.
        match self {
            Self::Lif(core) => core.probe(index, neuron),
            Self::AnalogLif(core) => core.probe(index, neuron, now),
            Self::Dpi(core) => core.probe(index, neuron),
            Self::Rate(core) => core.probe(index, neuron),
            Self::Loihi(core) => core.probe(index, neuron),
            Self::Xylo(core) => core.probe(index, neuron),
        }
    }

    /// Saturations and overflows since the last call.
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        match self {
            Self::Lif(core) => core.take_saturations(),
            Self::AnalogLif(core) => core.take_saturations(),
            Self::Dpi(core) => core.take_saturations(),
            // Units and levels cannot leave their range.
            Self::Rate(_) => 0,
            Self::Loihi(core) => core.take_overflows(),
            Self::Xylo(core) => core.take_saturations(),
        }
    }

    /// Says which part of a run this is, for thresholds that change within it: those of the intervals in which the
    /// neurons are now are those of that part. Returns whether there are such thresholds, so that the core must be
    /// advanced at the next tick at which it can act.
    pub fn set_part(&mut self, part: u64) -> bool {
        match self {
            Self::Lif(core) => core.set_part(part),
            Self::AnalogLif(core) => core.set_part(part),
            Self::Rate(_) | Self::Loihi(_) | Self::Xylo(_) | Self::Dpi(_) => false,
        }
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        match self {
            Self::Lif(core) => core.reset(),
            Self::AnalogLif(core) => core.reset(),
            Self::Rate(core) => core.reset(),
            Self::Loihi(core) => core.reset(),
            Self::Xylo(core) => core.reset(),
            Self::Dpi(core) => core.reset(),
        }
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        match self {
            Self::Lif(core) => core.save(),
            Self::AnalogLif(core) => core.save(),
            Self::Rate(core) => core.save(),
            Self::Loihi(core) => core.save(),
            Self::Xylo(core) => core.save(),
            Self::Dpi(core) => core.save(),
        }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        match self {
            Self::Lif(core) => core.restore(state),
            Self::AnalogLif(core) => core.restore(state),
            Self::Rate(core) => core.restore(state),
            Self::Loihi(core) => core.restore(state),
            Self::Xylo(core) => core.restore(state),
            Self::Dpi(core) => core.restore(state),
        }
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        match self {
            Self::Lif(core) => core.digest_state(digest),
            Self::AnalogLif(core) => core.digest_state(digest),
            Self::Rate(core) => core.digest_state(digest),
            Self::Loihi(core) => core.digest_state(digest),
            Self::Xylo(core) => core.digest_state(digest),
            Self::Dpi(core) => core.digest_state(digest),
        }
    }

    /// Hash of all parameters.
    pub fn parameter_digest(&self) -> u64 {
        match self {
            Self::Lif(core) => core.parameters().digest(),
            Self::AnalogLif(core) => core.parameters().digest(),
            Self::Rate(core) => core.parameters().digest(),
            Self::Loihi(core) => core.parameter_digest(),
            Self::Xylo(core) => core.parameters().digest(),
            Self::Dpi(core) => core.parameters().digest(),
        }
    }
}

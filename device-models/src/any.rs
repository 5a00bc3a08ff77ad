//! A core of any model, behind the few calls that an event kernel needs.
//!
//! The kernel delivers what arrives in a tick, then advances every core that was touched or asked to be woken, then
//! asks when that core wants to be woken next. A clocked core answers "next tick" while its state can still change,
//! and "never" once it cannot; the kernel, which knows the period of its steps, rounds that up to the next one. A core
//! without time steps fits in by answering with the tick of its next threshold crossing, and by computing its state in
//! `advance` from the time that has passed.
//!
//! This module owns the list of models and the choice among them. It knows nothing of any one: what they do when they
//! are called, they say themselves ([`EventCore`], [`CoreParameters`]).

use crate::analog_lif::AnalogLifCore;
use crate::cuba::CubaCore;
use crate::dpi::DpiCore;
use crate::lif::LifCore;
use crate::loihi::LoihiCore;
use crate::rate::RateCore;
use crate::xylo::XyloLayerCore;
use crate::{
    CoreParameters, Cut, DeviceModelError, DieParameters, Digest, Emission, EventCore, InputLayout, Lane,
    PackedSynapse, ProbeKind,
};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, CoreProgram, Routing, SynapseType};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, NeuronId, Tick};

/// Makes everything that has one arm a model from the list of models. `$` stands first because a macro that is made by
/// a macro needs it.
macro_rules! models {
    ($d:tt $($(#[$doc:meta])* $model:ident($core:ty),)*) => {
        /// A core of any model.
        #[derive(Clone, Debug)]
        pub enum Core {
            $($(#[$doc])* $model($core),)*
        }

        /// The state of a core between two ticks, neuron by neuron. A clocked core may be between two steps then.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum CoreState {
            $($(#[$doc])* $model(<$core as EventCore>::State),)*
        }

        /// Evaluates `body` with `core`, whichever model it is of.
        macro_rules! with {
            ($d any:expr, $d core:ident => $d body:expr) => {
                match $d any { $(Core::$model($d core) => $d body,)* }
            };
        }

        /// Evaluates `body` with `Parameters` as those of `model`.
        macro_rules! with_parameters {
            ($d model:expr, $d body:expr) => {
                match $d model { $(CoreModel::$model => { type Parameters = <$core as EventCore>::Parameters; $d body })* }
            };
        }

        impl Core {
            /// The core `core` of a program on a die, in its initial state.
            ///
            /// # Errors
            /// See [`CoreParameters::build`].
            pub fn new(
                spec: &ChipSpec,
                core: &CoreProgram,
                layout: InputLayout,
                die: &DieParameters,
            ) -> Result<Self, DeviceModelError> {
                Ok(match core.model {
                    $(CoreModel::$model => {
                        let parameters = <$core as EventCore>::Parameters::build(spec, core, layout, die)?;
                        Self::$model(<$core>::new(parameters))
                    })*
                })
            }

            /// Its equations.
            #[inline]
            pub const fn model(&self) -> CoreModel {
                match self { $(Self::$model(_) => CoreModel::$model,)* }
            }

            /// Whether payloads are changes of a level and not numbers of spikes.
            #[inline]
            pub const fn is_graded(&self) -> bool {
                match self { $(Self::$model(_) => const { CoreModel::$model.is_graded() },)* }
            }

            /// The state between two ticks.
            pub fn save(&self) -> CoreState {
                match self { $(Self::$model(core) => CoreState::$model(core.save()),)* }
            }

            /// Takes over a saved state; `false`, with nothing changed, if no run of such a core could have made it.
            #[must_use]
            pub fn restore(&mut self, state: &CoreState) -> bool {
                match (self, state) {
                    $((Self::$model(core), CoreState::$model(state)) => core.restore(state),)*
                    _ => false,
                }
            }
        }
    };
}

models! { $
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
    /// Current-based integrate-and-fire neurons of trained nets.
    CubaLif(CubaCore),
}

/// See [`CoreParameters::lane`].
pub(crate) fn lane(core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
    with_parameters!(core.model, Parameters::lane(core, index, kind))
}

/// See [`CoreParameters::fixed_lanes`].
pub(crate) fn fixed_lanes<'a>(core: &CoreProgram, used: impl Iterator<Item = &'a SynapseType>) -> Vec<Lane> {
    with_parameters!(core.model, Parameters::fixed_lanes(core, used))
}

/// See [`CoreParameters::takes_messages`].
pub(crate) fn takes_messages(model: CoreModel, lane: Lane) -> bool {
    with_parameters!(model, Parameters::takes_messages(lane))
}

/// See [`CoreParameters::place`].
pub(crate) fn place(layout: &InputLayout, lane: usize, neuron: usize) -> usize {
    with_parameters!(layout.model(), Parameters::place(layout, lane, neuron))
}

impl Core {
    /// Takes over what the routing of a program wires inside the core at `address` besides synapses.
    ///
    /// # Errors
    /// Wires that such a core cannot have.
    pub fn wire(&mut self, address: CoreAddress, routing: &Routing) -> Result<(), DeviceModelError> {
        with!(self, core => core.wire(address, routing))
    }

    /// Delivers an event to the synapses of `row`. The order of deliveries within a tick does not matter, except where
    /// it is part of the rules of the model ([`chip::ModelFacts::ordered`]).
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], payload: i32) {
        with!(self, core => core.deliver(row, payload));
    }

    /// The same where so much can arrive at once that an accumulator could overflow: what a sum of `limit` in size has
    /// no room for is cut, and counted as a saturation of the input.
    pub fn deliver_within(&mut self, row: &[PackedSynapse], payload: i32, limit: i64) {
        with!(self, core => core.deliver_within(row, payload, limit));
    }

    /// Brings the core to the end of tick `now`, with all deliveries of that tick made, and returns what its neurons
    /// send, in their order.
    pub fn advance(&mut self, now: Tick) -> &[Emission] {
        with!(self, core => core.advance(now))
    }

    /// When the core must be advanced next although nothing arrives; [`Tick::NEVER`] if its state cannot change by
    /// itself.
    #[inline]
    pub fn next_wake(&self, now: Tick) -> Tick {
        with!(self, core => core.next_wake(now))
    }

    /// When an asynchronous core must be advanced next at the earliest, from its state alone and not from what it has
    /// found out since its last event; `None` for clocked cores. It is what a core knows that has just been restored.
    pub fn wake_of_state(&self) -> Option<Tick> {
        with!(self, core => core.wake_of_state())
    }

    /// Whether a clocked core took in something that its next step has still to use. Cores that use what arrives at
    /// once never do.
    #[inline]
    pub fn is_touched(&self) -> bool {
        with!(self, core => core.is_touched())
    }

    /// Ticks by which its steps are later than those of the chip, if it has steps.
    pub fn phase(&self) -> u64 {
        with!(self, core => core.parameters().phase())
    }

    /// Neurons in use.
    pub fn neuron_count(&self) -> usize {
        with!(self, core => core.parameters().layout().neuron_count())
    }

    /// Neurons that the last advance changed, or looked at as if it did.
    #[inline]
    pub fn updated(&self) -> usize {
        with!(self, core => core.updated())
    }

    /// What can be read of its neurons. The order stays the same for the life of the core; `spec` names the kinds of
    /// synapses and the unit of the membrane.
    pub fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        with!(self, core => core.probes(spec))
    }

    /// Quantity `index` (in the order of [`Core::probes`]) of a neuron at the end of tick `now`, all of whose work is
    /// done. Nothing changes.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId, now: Tick) -> i64 {
        with!(self, core => core.probe(index, neuron, now))
    }

    /// Saturations and overflows since the last call.
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        with!(self, core => core.take_saturations())
    }

    /// The first saturation since the last call, if the model knows which it was.
    pub fn take_first_cut(&mut self) -> Option<Cut> {
        with!(self, core => core.take_first_cut())
    }

    /// Least ticks (steps of a clocked core) from a spike of a neuron to its next.
    ///
    /// # Panics
    /// If the core does not use that neuron.
    pub fn shortest_interval(&self, neuron: NeuronId) -> u64 {
        with!(self, core => core.shortest_interval(neuron))
    }

    /// What its model counts besides saturations, by name, since the core was made: the overflows of each register of
    /// Loihi. Cores of one model on one chip have the same names in the same order.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        with!(self, core => core.counters())
    }

    /// Says which part of a run this is, for thresholds that change within it: those of the intervals in which the
    /// neurons are now are those of that part. Returns whether there are such thresholds, so that the core must be
    /// advanced at the next tick at which it can act.
    pub fn set_part(&mut self, part: u64) -> bool {
        with!(self, core => core.set_part(part))
    }

    /// Back to the initial state. What was counted stays counted.
    pub fn reset(&mut self) {
        with!(self, core => core.reset());
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        with!(self, core => core.digest_state(digest));
    }

    /// Hash of all parameters.
    pub fn parameter_digest(&self) -> u64 {
        with!(self, core => core.parameters().digest())
    }
}

//! What a core model is to the rest of the program: its parameters, and a core that has them.
//!
//! A model states here which inputs it has ([`CoreParameters::lane`]), how it gets its parameters, and what a core of
//! it does when an event kernel calls. Most clocked models leave all of that but their equations to
//! [`Clocked`](crate::Clocked). What holds for a model without its equations being known stands in
//! [`chip::ModelFacts`].

use crate::{Cut, DeviceModelError, DieParameters, Digest, InputLayout, Lane, PackedSynapse, ProbeKind};
use alloc::sync::Arc;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Routing, SynapseType};
use core::fmt::Debug;
use serde::Serialize;
use serde::de::DeserializeOwned;
use units::{CoreAddress, NeuronId, Tick};

/// What a neuron sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    /// The neuron.
    pub neuron: NeuronId,
    /// What an observer sees: the number of spikes (-1 for one of a lower threshold), or the new output level (16
    /// fraction bits) of a rate unit; 1 of a neuron that sends numbers.
    pub value: i32,
    /// What its synapses multiply their weight with: the number of spikes, the change of the level for a rate unit, a
    /// number in units of 2^-20.
    pub payload: i32,
}

/// All that a core computes with and that stays the same while it runs. Cores, of the same program on dies that agree,
/// can share it.
pub trait CoreParameters: Sized {
    /// The lane that synapses of `kind` feed on `core`, where `index` is the place of the kind in the chip spec, and
    /// whether their weights are negated on the way in; `None` if the model has no such synapse.
    fn lane(core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)>;

    /// The lanes that a core has before any other, when it uses the kinds in `used`.
    fn fixed_lanes<'a>(_core: &CoreProgram, _used: impl Iterator<Item = &'a SynapseType>) -> Vec<Lane> {
        Vec::new()
    }

    /// Whether the events that `lane` takes in carry a number with a sign instead of a number of spikes; see
    /// [`InputLayout::takes_messages`].
    fn takes_messages(_lane: Lane) -> bool {
        false
    }

    /// The accumulator of `lane` (in the order of the layout) of a neuron.
    fn place(layout: &InputLayout, lane: usize, neuron: usize) -> usize {
        lane * layout.stride() + neuron
    }

    /// The parameters of `core` on a die.
    ///
    /// # Errors
    /// See [`DeviceModelError`]: a parameter is missing, unknown, out of the chip's range, impossible after mismatch,
    /// or beyond the numbers of the core.
    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError>;

    /// The accumulators of the core.
    fn layout(&self) -> &InputLayout;

    /// Ticks by which the steps of a clocked core are later than those of the chip.
    fn phase(&self) -> u64 {
        0
    }

    /// Hash of everything in it, by which a saved state is known to be of such a core.
    fn digest(&self) -> u64;
}

/// A core, as an event kernel sees it: see [`Core`](crate::Core), which has the same calls for a core of any model.
pub trait EventCore: Clone + Debug {
    /// What it computes with.
    type Parameters: CoreParameters;
    /// What it remembers from one tick to the next.
    type State: Clone + Debug + PartialEq + Eq + Serialize + DeserializeOwned;

    /// A core in its initial state. Cores that are given one [`Arc`] share the parameters.
    fn new(parameters: impl Into<Arc<Self::Parameters>>) -> Self;

    /// Its parameters.
    fn parameters(&self) -> &Arc<Self::Parameters>;

    /// See [`Core::wire`](crate::Core::wire).
    ///
    /// # Errors
    /// Wires that such a core cannot have.
    fn wire(&mut self, _address: CoreAddress, _routing: &Routing) -> Result<(), DeviceModelError> {
        Ok(())
    }

    /// Delivers an event to the synapses of `row`: each weight counts `payload` times.
    fn deliver(&mut self, row: &[PackedSynapse], payload: i32);

    /// See [`Core::deliver_within`](crate::Core::deliver_within).
    fn deliver_within(&mut self, row: &[PackedSynapse], payload: i32, _limit: i64) {
        self.deliver(row, payload);
    }

    /// Brings the core to the end of tick `now` and returns what its neurons send, in their order.
    fn advance(&mut self, now: Tick) -> &[Emission];

    /// See [`Core::next_wake`](crate::Core::next_wake).
    fn next_wake(&self, now: Tick) -> Tick;

    /// See [`Core::wake_of_state`](crate::Core::wake_of_state).
    fn wake_of_state(&self) -> Option<Tick> {
        None
    }

    /// See [`Core::is_touched`](crate::Core::is_touched).
    fn is_touched(&self) -> bool {
        false
    }

    /// See [`Core::updated`](crate::Core::updated).
    fn updated(&self) -> usize {
        self.parameters().layout().neuron_count()
    }

    /// What can be read of its neurons. The order stays the same for the life of the core.
    fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind>;

    /// Quantity `index` (in the order of [`EventCore::probes`]) of a neuron at the end of tick `now`.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    fn probe(&self, index: usize, neuron: NeuronId, now: Tick) -> i64;

    /// Saturations and overflows since the last call.
    fn take_saturations(&mut self) -> u64;

    /// The first saturation since the last call, if the model knows which it was.
    fn take_first_cut(&mut self) -> Option<Cut> {
        None
    }

    /// Least ticks (steps of a clocked core) from a spike of a neuron to its next.
    fn shortest_interval(&self, _neuron: NeuronId) -> u64 {
        1
    }

    /// See [`Core::counters`](crate::Core::counters).
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// See [`Core::set_part`](crate::Core::set_part).
    fn set_part(&mut self, _part: u64) -> bool {
        false
    }

    /// Back to the initial state. What was counted stays counted.
    fn reset(&mut self);

    /// The state between two ticks.
    fn save(&self) -> Self::State;

    /// Takes over a saved state; `false`, with nothing changed, if no run of such a core could have made it.
    #[must_use]
    fn restore(&mut self, state: &Self::State) -> bool;

    /// Appends the state to a hash.
    fn digest_state(&self, digest: &mut Digest);
}

//! The shell of clocked cores: what they all do around the step of their model.
//!
//! This module owns the sums of what arrives, whether anything did, whether a core has come to rest, what a step sends,
//! the counting of saturations, and the saving, checking and hashing of all that. A model ([`StepModel`]) adds its
//! parameters, the state of its neurons and the step itself, and knows nothing of rows, events and sleep.

use crate::event_core::{CoreParameters, Emission, EventCore};
use crate::{Cut, Digest, PackedSynapse, ProbeKind, Saturations};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use core::fmt::Debug;
use core::ops::AddAssign;
use core::slice;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use units::{NeuronId, Tick};

/// Largest sum of weights that may arrive at a 32-bit accumulator within a step of several ticks; routers see to it. A
/// saved sum within it can take as much again without an overflow, so that no snapshot can cause one.
pub const ARRIVED_MAX: i32 = i32::MAX / 2;

/// An accumulator: the sum of the weights that arrived at one lane of one neuron.
pub trait Sum: Copy + Debug + Default + PartialEq + Eq + AddAssign + Serialize + DeserializeOwned {
    /// A weight, `times` over.
    fn of(weight: i32, times: i32) -> Self;

    /// The sum.
    fn value(self) -> i64;

    /// Whether a run can have made it between two steps.
    fn can_have_arrived(self) -> bool;

    /// The sum as a word of a hash.
    fn word(self) -> u64;
}

/// For models whose sums the router bounds ([`chip::Sums::Bounded`]).
impl Sum for i32 {
    #[inline(always)]
    fn of(weight: i32, times: i32) -> Self {
        weight * times
    }

    fn value(self) -> i64 {
        self.into()
    }

    fn can_have_arrived(self) -> bool {
        self.unsigned_abs() <= ARRIVED_MAX.unsigned_abs()
    }

    fn word(self) -> u64 {
        self as u64
    }
}

/// For models whose sums nothing that a program holds can exceed ([`chip::Sums::Wide`]).
impl Sum for i64 {
    #[inline(always)]
    fn of(weight: i32, times: i32) -> Self {
        Self::from(weight) * Self::from(times)
    }

    fn value(self) -> i64 {
        self
    }

    fn can_have_arrived(self) -> bool {
        self.unsigned_abs() < 1 << 56
    }

    fn word(self) -> u64 {
        self as u64
    }
}

/// Adds each weight of a row, `times` over.
#[inline]
pub fn add_row<S: Sum>(sums: &mut [S], row: &[PackedSynapse], times: i32) {
    if times == 1 {
        // The hot loop of every simulation. Unrolled by hand, because neighbours in a row may share a target as far as
        // the compiler knows, and it then keeps them one by one.
        let (chunks, rest) = row.as_chunks::<4>();
        for chunk in chunks {
            for synapse in chunk {
                sums[synapse.target()] += S::of(synapse.weight(), 1);
            }
        }
        for synapse in rest {
            sums[synapse.target()] += S::of(synapse.weight(), 1);
        }
    } else {
        for synapse in row {
            sums[synapse.target()] += S::of(synapse.weight(), times);
        }
    }
}

/// How many of `payload` times a weight an accumulator has room for that holds `sum`, at most `limit` in size.
pub(crate) fn room(sum: i64, weight: i32, payload: i32, limit: i64) -> i32 {
    let up = i64::from(weight) * i64::from(payload.signum());
    let left = if up > 0 { limit - sum } else { limit + sum };
    let most = if up == 0 { i64::MAX } else { left.max(0) / up.abs() };
    payload.signum() * most.min(payload.unsigned_abs().into()) as i32
}

/// One step of a core: what goes in, and where what comes out of it goes.
#[derive(Debug)]
pub struct Step<'a, S> {
    /// The tick of the step. Only noise has to know it: a step is the same at any time.
    pub now: Tick,
    /// Something arrived since the last step; if nothing did, all sums are 0, or as they were if the model keeps them.
    pub touched: bool,
    /// What arrived, one array a lane, one after the other, each as long as the stride of the layout. A model that does
    /// not keep them ([`StepModel::KEEPS_SUMS`]) leaves all of them at 0.
    pub sums: &'a mut [S],
    /// What neurons send, in their order; empty before the step.
    pub emissions: &'a mut Vec<Emission>,
    /// How often a state was cut at the end of its format.
    pub saturations: &'a mut Saturations,
}

/// A model that advances in steps: the equations of its neurons, between their parameters and their state.
pub trait StepModel: Clone + Debug + 'static {
    /// Whether sums stay from step to step, because what arrives are changes of a level.
    const KEEPS_SUMS: bool = false;

    /// Its accumulators.
    type Sum: Sum;
    /// What it computes with.
    type Parameters: CoreParameters + Clone + Debug;
    /// The neurons as a step wants them.
    type State: Clone + Debug;
    /// The neurons as they are saved, without padding and without what follows from the rest.
    type Saved: Clone + Debug + PartialEq + Eq + Serialize + DeserializeOwned;

    /// The neurons before the first step.
    fn initial(parameters: &Self::Parameters) -> Self::State;

    /// The neurons back to how they were before the first step. What was counted stays counted.
    fn reset(parameters: &Self::Parameters, state: &mut Self::State) {
        *state = Self::initial(parameters);
    }

    /// Adds an event to the sums of the neurons that it reaches. Models whose step does not visit all neurons note here
    /// which it has to.
    #[inline]
    fn deliver(
        _parameters: &Self::Parameters,
        _state: &mut Self::State,
        sums: &mut [Self::Sum],
        row: &[PackedSynapse],
        payload: i32,
    ) {
        add_row(sums, row, payload);
    }

    /// Advances every neuron by one step. Returns whether another step, into which nothing arrives, could change
    /// anything. It is compiled for each set of vector instructions ([`simd`]): what is to gain from wider ones must be
    /// inlined into it.
    fn step(parameters: &Self::Parameters, state: &mut Self::State, step: Step<'_, Self::Sum>) -> bool;

    /// What can be read of a neuron.
    fn probes(parameters: &Self::Parameters, spec: &ChipSpec) -> Vec<ProbeKind>;

    /// Quantity `index` (in the order of [`StepModel::probes`]) of a neuron that is in use.
    ///
    /// # Panics
    /// If there is no such quantity.
    fn probe(core: &Clocked<Self>, index: usize, neuron: usize) -> i64;

    /// See [`EventCore::set_part`].
    fn set_part(_parameters: &Self::Parameters, _state: &mut Self::State, _part: u64) -> bool {
        false
    }

    /// See [`EventCore::shortest_interval`], in steps.
    fn shortest_interval(_parameters: &Self::Parameters, _neuron: usize) -> u64 {
        1
    }

    /// See [`EventCore::counters`].
    fn counters(_state: &Self::State) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// What of the neurons is saved.
    fn save(parameters: &Self::Parameters, state: &Self::State) -> Self::Saved;

    /// Whether `sum` can have arrived at a lane (in the order of the layout) between two steps.
    fn can_have_arrived(_parameters: &Self::Parameters, _lane: usize, sum: Self::Sum) -> bool {
        sum.can_have_arrived()
    }

    /// Whether a run can have made `saved`: lengths, ranges, and what excludes each other.
    fn fits(parameters: &Self::Parameters, saved: &Self::Saved) -> bool;

    /// Takes over neurons that fit, into the initial state.
    fn load(parameters: &Self::Parameters, state: &mut Self::State, saved: &Self::Saved);

    /// Appends the state of the neurons to a hash.
    fn digest_neurons(state: &Self::State, digest: &mut Digest);

    /// Appends what the hash of a core has after its sums.
    fn digest_rest(_state: &Self::State, _digest: &mut Digest) {}
}

/// A core of a model that advances in steps.
#[derive(Clone, Debug)]
pub struct Clocked<M: StepModel> {
    parameters: Arc<M::Parameters>,
    state: M::State,
    /// What arrived since the last step, one array a lane, one after the other; all 0 unless `touched`, but for models
    /// that keep them.
    sums: Vec<M::Sum>,
    /// Something arrived since the last step.
    touched: bool,
    /// The next step may change something even if nothing arrives.
    awake: bool,
    /// Of the last step.
    emissions: Vec<Emission>,
    saturations: Saturations,
}

/// A clocked core between two ticks. It may be between two steps then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockedState<N, S> {
    /// The state of the neurons after the last step.
    pub neurons: N,
    /// What arrived since, one list a lane; none if nothing did, but for models that keep their sums.
    pub sums: Vec<Vec<S>>,
    /// Whether something arrived since.
    pub touched: bool,
}

/// A step of a core, compiled for each set of vector instructions.
struct Advance<'a, M: StepModel> {
    parameters: &'a M::Parameters,
    state: &'a mut M::State,
    step: Step<'a, M::Sum>,
}

impl<M: StepModel> simd::Kernel for Advance<'_, M> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        M::step(self.parameters, self.state, self.step)
    }
}

impl<M: StepModel> Clocked<M> {
    /// Its neurons.
    pub const fn state(&self) -> &M::State {
        &self.state
    }

    /// What the last step sent; nothing before the first.
    pub fn emissions(&self) -> &[Emission] {
        &self.emissions
    }

    /// Whether another step without input could change the state.
    pub const fn is_awake(&self) -> bool {
        self.awake
    }

    /// The place of a neuron in the arrays of its core.
    ///
    /// # Panics
    /// If the core does not use it.
    pub(crate) fn index(&self, neuron: NeuronId) -> usize {
        let count = self.parameters.layout().neuron_count();
        assert!(neuron.index() < count, "neuron {neuron} of a core with {count}");
        neuron.index()
    }
}

impl<M: StepModel> EventCore for Clocked<M> {
    type Parameters = M::Parameters;
    type State = ClockedState<M::Saved, M::Sum>;

    fn new(parameters: impl Into<Arc<M::Parameters>>) -> Self {
        let parameters = parameters.into();
        let layout = parameters.layout();
        Self {
            state: M::initial(&parameters),
            sums: vec![M::Sum::default(); layout.stride() * layout.lanes().len()],
            touched: false,
            awake: true,
            emissions: Vec::with_capacity(layout.neuron_count()),
            saturations: Saturations::default(),
            parameters,
        }
    }

    fn parameters(&self) -> &Arc<M::Parameters> {
        &self.parameters
    }

    #[inline]
    fn deliver(&mut self, row: &[PackedSynapse], payload: i32) {
        self.touched = true;
        M::deliver(&self.parameters, &mut self.state, &mut self.sums, row, payload);
    }

    fn deliver_within(&mut self, row: &[PackedSynapse], payload: i32, limit: i64) {
        self.touched = true;
        let Self { parameters, state, sums, saturations, .. } = self;
        let stride = parameters.layout().stride();
        for synapse in row {
            let target = synapse.target();
            let times = if parameters.layout().takes_messages(target / stride) {
                payload
            } else {
                room(sums[target].value(), synapse.weight(), payload, limit)
            };
            M::deliver(parameters, state, sums, slice::from_ref(synapse), times);
            saturations.add(u64::from(times != payload), || Cut::input(target % stride));
        }
    }

    fn advance(&mut self, now: Tick) -> &[Emission] {
        self.emissions.clear();
        let Self { parameters, state, sums, emissions, saturations, .. } = self;
        let touched = core::mem::take(&mut self.touched);
        let step = Step { now, touched, sums, emissions, saturations };
        self.awake = simd::dispatch(Advance::<M> { parameters, state, step });
        &self.emissions
    }

    #[inline]
    fn next_wake(&self, now: Tick) -> Tick {
        if self.awake { now.after(1) } else { Tick::NEVER }
    }

    #[inline]
    fn is_touched(&self) -> bool {
        self.touched
    }

    fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        M::probes(&self.parameters, spec)
    }

    /// The state of a clocked core stands still between its steps, so the tick does not matter.
    fn probe(&self, index: usize, neuron: NeuronId, _now: Tick) -> i64 {
        M::probe(self, index, self.index(neuron))
    }

    #[inline]
    fn take_saturations(&mut self) -> u64 {
        self.saturations.take()
    }

    fn take_first_cut(&mut self) -> Option<Cut> {
        self.saturations.take_first()
    }

    fn shortest_interval(&self, neuron: NeuronId) -> u64 {
        M::shortest_interval(&self.parameters, self.index(neuron))
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        M::counters(&self.state)
    }

    fn set_part(&mut self, part: u64) -> bool {
        let changes = M::set_part(&self.parameters, &mut self.state, part);
        // A membrane at rest may be at its new threshold.
        self.awake |= changes;
        changes
    }

    fn reset(&mut self) {
        M::reset(&self.parameters, &mut self.state);
        self.sums.fill(M::Sum::default());
        self.touched = false;
        self.awake = true;
        self.emissions.clear();
    }

    fn save(&self) -> Self::State {
        let layout = self.parameters.layout();
        let lanes = self.sums.chunks_exact(layout.stride()).map(|lane| lane[..layout.neuron_count()].to_vec());
        ClockedState {
            neurons: M::save(&self.parameters, &self.state),
            sums: if self.touched || M::KEEPS_SUMS { lanes.collect() } else { Vec::new() },
            touched: self.touched,
        }
    }

    fn restore(&mut self, saved: &Self::State) -> bool {
        let ClockedState { neurons, sums, touched } = saved;
        let layout = self.parameters.layout();
        let (count, stride) = (layout.neuron_count(), layout.stride());
        let lanes = if *touched || M::KEEPS_SUMS { layout.lanes().len() } else { 0 };
        let fits = sums.len() == lanes
            && sums.iter().all(|lane| lane.len() == count)
            && sums
                .iter()
                .enumerate()
                .all(|(k, lane)| lane.iter().all(|s| M::can_have_arrived(&self.parameters, k, *s)))
            && M::fits(&self.parameters, neurons);
        if fits {
            self.reset();
            M::load(&self.parameters, &mut self.state, neurons);
            for (lane, saved) in self.sums.chunks_exact_mut(stride).zip(sums) {
                lane[..count].copy_from_slice(saved);
            }
            self.touched = *touched;
        }
        fits
    }

    fn digest_state(&self, digest: &mut Digest) {
        M::digest_neurons(&self.state, digest);
        if self.touched || M::KEEPS_SUMS {
            // Padding is 0, so it does no harm.
            self.sums.iter().for_each(|sum| digest.push(sum.word()));
        }
        if self.touched && M::KEEPS_SUMS {
            digest.push(1);
        }
        M::digest_rest(&self.state, digest);
    }
}

#[cfg(test)]
mod tests;

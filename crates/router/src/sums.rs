//! What can arrive at one accumulator before it is used, and how much it holds.
//!
//! The rule stands here once: the router refuses a program that could exceed it, and a mapper chooses weight exponents
//! by it.

use crate::RouterError;
use crate::error::neuron;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program, SPIKES_PER_TICK_MAX, Sums};
use device_models::clocked::ARRIVED_MAX;
use device_models::{InputLayout, PackedSynapse};

/// How often, at most, a synapse adds its weight to an accumulator of a core of model `to` before that is used; `None`
/// if the core adds up without bound, or saturates.
///
/// In one tick or, at a clocked core, in one step: every neuron of a clocked core once, other neurons once a tick,
/// every input channel (`from` is `None`) as often as it may in a step, and twice that if its delay lays parts of two
/// of its steps into one step of the core. Levels of graded events are at most 2^24, so that the same bound keeps the
/// 64-bit sums of rate units safe.
pub fn arrivals_max(spec: &ChipSpec, from: Option<CoreModel>, to: CoreModel, delay_ticks: u16) -> Option<u64> {
    if to.facts().sums != Sums::Bounded {
        return None;
    }
    let step_ticks = spec.step_ticks();
    let straddles = to.is_clocked() && !u64::from(delay_ticks.saturating_sub(1)).is_multiple_of(step_ticks);
    Some(match from {
        None if to.is_graded() => 1,
        None => SPIKES_PER_TICK_MAX as u64 * if straddles { 2 } else { 1 },
        // A neuron of some models can spike several times in a step.
        Some(from) if from.is_clocked() || !to.is_clocked() => from.facts().spikes_max as u64,
        Some(from) => from.facts().spikes_max as u64 * step_ticks,
    })
}

/// The largest sum, without its sign, that an accumulator of a core holds.
pub fn sum_max(spec: &ChipSpec) -> u64 {
    // Between the ticks of a step, sums are part of a snapshot.
    (if spec.step_ticks() == 1 { i32::MAX } else { ARRIVED_MAX }) as u64
}

/// Whether what arrives at accumulator `target` of a core is added up; a message is not.
pub fn is_sum(layout: &InputLayout, target: usize) -> bool {
    !layout.takes_messages(target / layout.stride())
}

/// What noise of events can add to the sums of one tick.
#[derive(Clone, Copy)]
pub(crate) struct Worst {
    /// Ticks whose events can arrive together because some of them are late.
    pub(crate) ticks: u64,
    /// Weights can grow to the end of 16 bits.
    pub(crate) weights: bool,
}

impl Worst {
    /// No noise.
    pub(crate) const QUIET: Self = Self { ticks: 1, weights: false };
}

/// The largest sums of every accumulator of a program.
pub(crate) struct Bounds<'a> {
    spec: &'a ChipSpec,
    program: &'a Program,
    layouts: &'a [InputLayout],
    worst: Worst,
    sums: Vec<Vec<u64>>,
}

impl<'a> Bounds<'a> {
    /// Nothing arrives yet.
    pub(crate) fn new(spec: &'a ChipSpec, program: &'a Program, layouts: &'a [InputLayout], worst: Worst) -> Self {
        let sums = layouts.iter().map(|layout| vec![0; layout.lanes().len() * layout.stride()]).collect();
        Self { spec, program, layouts, worst, sums }
    }

    /// Adds what a source of model `from`, or an input channel, brings to core `core` through `synapses`.
    pub(crate) fn add(
        &mut self,
        from: Option<CoreModel>,
        core: usize,
        delay_ticks: u16,
        synapses: impl Iterator<Item = PackedSynapse>,
    ) {
        let to = self.program.cores[core].model;
        let Some(times) = arrivals_max(self.spec, from, to, delay_ticks) else { return };
        // Late events of as many ticks, or steps, can arrive together as lateness spans.
        let late = self.worst.ticks - 1;
        let late = if to.is_clocked() { late.div_ceil(self.spec.step_ticks()) } else { late };
        let layout = &self.layouts[core];
        for synapse in synapses.filter(|synapse| is_sum(layout, synapse.target())) {
            let weight = match synapse.weight().unsigned_abs() {
                0 => 0,
                _ if self.worst.weights => i16::MIN.unsigned_abs().into(),
                weight => weight,
            };
            let sum = &mut self.sums[core][synapse.target()];
            *sum = sum.saturating_add(u64::from(weight).saturating_mul(times * (1 + late)));
        }
    }

    /// Refuses sums that an accumulator does not hold.
    pub(crate) fn check(&self) -> Result<(), RouterError> {
        let limit = sum_max(self.spec);
        for (core, sums) in self.sums.iter().enumerate() {
            if let Some((target, &sum)) = sums.iter().enumerate().find(|(_, sum)| **sum > limit) {
                let target = neuron(self.program.cores[core].address, target % self.layouts[core].stride());
                return Err(RouterError::AccumulatorOverflow { target, sum, limit });
            }
        }
        Ok(())
    }
}

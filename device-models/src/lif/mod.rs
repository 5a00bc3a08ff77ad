//! Leaky integrate-and-fire neurons, advanced once a step by their exact one-step propagator.
//!
//! # Equations
//! Between spikes a neuron obeys
//!
//! ```text
//! tau_mem dv/dt = drive - v + tau_mem sum_k sign_k i_k / tau'_k        tau_k di_k/dt = -i_k
//! ```
//!
//! where a spike of weight w steps `i_k` by w at once and tau'_k is the time constant that was asked for: a spike
//! delivers the charge w through a nominal synapse, and on a real circuit more or less in proportion to its own tau_k,
//! as a DPI synapse does (Bartolozzi and Indiveri, Neural Computation 19, 2007). A spike through a delta synapse steps
//! v itself by w. The system is linear, so one step of length dt is exact (Rotter and Diesmann, Biological Cybernetics
//! 81, 1999, "exact integration"):
//!
//! ```text
//! in its refractory period (r > 0):
//!     v = v_reset    r = r - 1
//! otherwise:
//!     v = sat(v - round(v leak) + drive' + sum_k sign_k round(c_k i_k) + delta)
//! in both cases:
//!     i_k = sat(i_k - round(i_k leak_k) + jump_k)
//! if it was not refractory and v >= v_threshold:
//!     spike    v = v_reset    r = refractory steps
//! ```
//!
//! with leak = 1 - exp(-dt/tau_mem), leak_k = 1 - exp(-dt/tau_k), drive' = drive leak and
//!
//! ```text
//! c_k = gain_k (dt/tau'_k) exp(-dt/tau_k) phi1(dt/tau_k - dt/tau_mem)        phi1(x) = (exp(x) - 1) / x
//! ```
//!
//! which is what a current that decays on from its old value adds to v within the step. dt is the step of the chip.
//! `jump_k` and `delta` are the sums of the weights that arrived since the last step, shifted to the weight format. A
//! delta synapse with a gain parameter adds round(gain sat(sum)) instead of the sum. While a neuron is refractory, the
//! membrane's input is lost; currents evolve as always.
//!
//! # Numbers
//! v, i_k, thresholds and weights are integers with 20 fraction bits; round is floor(x + 1/2); sat keeps a state within
//! +-2^29, which is +-512 voltage units, and is counted when it acts. Factors are 16-bit multipliers
//! ([`crate::Factors`]). The sum in the step is exact before it saturates: cores whose parameters bound it run in
//! 32-bit lanes, others in 64-bit lanes, with the same results.
//!
//! # Noise
//! In a run with `event_threshold_cv` every interval between two spikes of a neuron has a threshold of its own: that of
//! the run times a factor ([`crate::Noise::event_threshold_factor`]), rounded to nearest, ties to even, and kept within
//! the range of states. The first interval begins with tick 0, each further one with the tick of the step in which the
//! neuron may spike again: refractory steps + 1 after the spike. Broken neurons stay as they are.
//!
//! # Parameters
//! `tau_mem`, `v_threshold`, `t_refractory`; optional and 0 where the chip has none: `v_reset`, `drive`, `v_initial`;
//! and of each kind of synapse in use those that the chip file names for it.

mod intervals;
mod parameters;
mod step;

pub use parameters::{Coupling, LifParameters};

use crate::layout::{InputLayout, STRIDE_STEP};
use crate::probe::{current_name, voltage_unit};
use crate::{CoreState, Digest, Emission, LifState, PackedSynapse, ProbeKind};
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use intervals::Intervals;
use units::{NeuronId, Tick};

/// Largest sum of weights that may arrive at an accumulator within a step of several ticks; routers see to it. A saved
/// sum within it can take as much again without an overflow, so that no snapshot can cause one.
pub const ARRIVED_MAX: i32 = i32::MAX / 2;
/// Fraction bits of membranes and currents.
const STATE_BITS: u32 = 20;

/// A core of LIF neurons: parameters and state, one array a quantity.
#[derive(Clone, Debug)]
pub struct LifCore {
    parameters: LifParameters,
    v: Vec<i32>,
    /// Steps of the refractory period that are still to come.
    refractory: Vec<i32>,
    /// One array a current, one after the other.
    currents: Vec<i32>,
    /// What arrived since the last step, one array a lane, one after the other; all 0 unless `touched`.
    accumulators: Vec<i32>,
    /// Something arrived since the last step.
    touched: bool,
    /// The next step may change something even if nothing arrives.
    awake: bool,
    /// Thresholds that change within a run; none in most runs.
    intervals: Option<Intervals>,
    spikes: Vec<Emission>,
    saturations: u64,
}

impl LifCore {
    /// A core in its initial state.
    pub fn new(parameters: LifParameters) -> Self {
        let (stride, layout) = (parameters.layout().stride(), parameters.layout());
        let current_count = parameters.couplings().count();
        let mut core = Self {
            v: vec![0; stride],
            refractory: vec![0; stride],
            currents: vec![0; stride * current_count],
            accumulators: vec![0; stride * layout.lanes().len()],
            touched: false,
            awake: true,
            intervals: Intervals::new(&parameters),
            spikes: Vec::with_capacity(layout.neuron_count()),
            saturations: 0,
            parameters,
        };
        core.reset();
        core
    }

    /// Its parameters.
    pub const fn parameters(&self) -> &LifParameters {
        &self.parameters
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        self.v.copy_from_slice(self.parameters.initial());
        self.refractory.fill(0);
        self.currents.fill(0);
        self.accumulators.fill(0);
        self.touched = false;
        self.awake = true;
        if let Some(intervals) = &mut self.intervals {
            intervals.reset(&self.parameters);
        }
    }

    /// Says which part of a run this is; see [`crate::Core::set_part`].
    pub fn set_part(&mut self, part: u64) -> bool {
        let Some(intervals) = &mut self.intervals else { return false };
        intervals.set_part(part, &self.parameters);
        // A membrane at rest may be at its new threshold.
        self.awake = true;
        true
    }

    /// Adds a row of synapses, each `times` over, to the sums of this step.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], times: i32) {
        self.touched = true;
        let accumulators = &mut self.accumulators[..];
        if times == 1 {
            // The hot loop of every simulation. Unrolled by hand, because neighbours in a row may share a target as
            // far as the compiler knows, and it then keeps them one by one.
            let (chunks, rest) = row.as_chunks::<4>();
            for chunk in chunks {
                for synapse in chunk {
                    accumulators[synapse.target()] += synapse.weight();
                }
            }
            for synapse in rest {
                accumulators[synapse.target()] += synapse.weight();
            }
        } else {
            for synapse in row {
                accumulators[synapse.target()] += synapse.weight() * times;
            }
        }
    }

    /// Advances every neuron by one step, which is that of tick `now`, and returns the spikes, in the order of the
    /// neurons.
    pub fn advance(&mut self, now: Tick) -> &[Emission] {
        self.spikes.clear();
        let touched = core::mem::take(&mut self.touched);
        let changed = step::advance(self, touched);
        if let Some(intervals) = &mut self.intervals {
            intervals.end(&self.spikes, now.0, &self.parameters);
        }
        // A step into which something arrived is not checked for changes: one more step will tell.
        self.awake = touched || changed || !self.spikes.is_empty();
        &self.spikes
    }

    /// Whether another step without input could change the state.
    #[inline]
    pub const fn is_awake(&self) -> bool {
        self.awake
    }

    /// Whether something arrived since the last step.
    #[inline]
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Saturations since the last call.
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        core::mem::take(&mut self.saturations)
    }

    /// Threshold of a neuron in its present interval, as bits with 20 fraction bits; beyond all states for one that is
    /// broken.
    pub fn threshold(&self, neuron: NeuronId) -> i32 {
        self.thresholds()[self.index(neuron)]
    }

    fn thresholds(&self) -> &[i32] {
        self.intervals.as_ref().map_or(self.parameters.threshold(), Intervals::thresholds)
    }

    /// Membrane of a neuron, as bits with 20 fraction bits.
    pub fn membrane(&self, neuron: NeuronId) -> i32 {
        self.v[self.index(neuron)]
    }

    /// Steps of the refractory period that a neuron still has before it.
    pub fn refractory_steps(&self, neuron: NeuronId) -> i32 {
        self.refractory[self.index(neuron)]
    }

    /// Current `current` (in the order of [`LifParameters::couplings`]) of a neuron, as bits with 20 fraction bits.
    pub fn current(&self, current: usize, neuron: NeuronId) -> i32 {
        self.currents[current * self.parameters.layout().stride() + self.index(neuron)]
    }

    /// What can be read of a neuron: the membrane, the remaining steps of its refractory period, and one current a kind
    /// of exponential synapse in use.
    pub fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        let unit = voltage_unit(spec);
        let mut all = vec![ProbeKind::new("v", unit.as_str(), STATE_BITS), ProbeKind::new("refractory", "step", 0)];
        let couplings = self.parameters.couplings();
        all.extend(couplings.map(|c| ProbeKind::new(current_name(spec, c.kind), unit.as_str(), STATE_BITS)));
        all
    }

    /// Quantity `index` (in the order of [`LifCore::probes`]) of a neuron.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId) -> i64 {
        i64::from(match index {
            0 => self.membrane(neuron),
            1 => self.refractory_steps(neuron),
            current => self.current(current - 2, neuron),
        })
    }

    fn index(&self, neuron: NeuronId) -> usize {
        let count = self.parameters.layout().neuron_count();
        assert!(neuron.index() < count, "neuron {neuron} of a core with {count}");
        neuron.index()
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        // Padding is constant, so it does no harm.
        for value in self.v.iter().chain(&self.refractory).chain(&self.currents) {
            digest.push(*value as u64);
        }
        if self.touched {
            self.accumulators.iter().for_each(|sum| digest.push(*sum as u64));
        }
        self.intervals.iter().flat_map(Intervals::begins).for_each(|tick| digest.push(*tick));
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        let (count, stride) = (self.parameters.layout().neuron_count(), self.parameters.layout().stride());
        let lanes = |all: &[i32]| all.chunks_exact(stride).map(|lane| lane[..count].to_vec()).collect();
        let lif = LifState {
            v: self.v[..count].to_vec(),
            refractory: self.refractory[..count].to_vec(),
            currents: lanes(&self.currents),
            arrived: if self.touched { lanes(&self.accumulators) } else { Vec::new() },
            awake: self.awake,
        };
        match &self.intervals {
            None => CoreState::Lif(lif),
            Some(intervals) => CoreState::NoisyLif { lif, begins: intervals.begins().to_vec() },
        }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core: wrong lengths, states
    /// that saturation excludes, sums beyond [`ARRIVED_MAX`], or a refractory neuron that is not at reset.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let (LifState { v, refractory, currents, arrived, awake }, begins) = match (state, &self.intervals) {
            (CoreState::Lif(lif), None) => (lif, None),
            (CoreState::NoisyLif { lif, begins }, Some(_)) => (lif, Some(begins)),
            _ => return false,
        };
        let (count, stride) = (self.parameters.layout().neuron_count(), self.parameters.layout().stride());
        let in_range = |x: &i32| (-fx::step::STATE_MAX..=fx::step::STATE_MAX).contains(x);
        let at_reset = |n: usize| refractory[n] == 0 || v[n] == self.parameters.reset()[n];
        let fits = v.len() == count
            && refractory.len() == count
            && currents.len() * stride == self.currents.len()
            && currents.iter().all(|lane| lane.len() == count)
            && v.iter().chain(currents.iter().flatten()).all(in_range)
            && refractory.iter().all(|r| *r >= 0)
            && (arrived.is_empty() || arrived.len() * stride == self.accumulators.len())
            && arrived.iter().all(|lane| lane.len() == count)
            && arrived.iter().flatten().all(|sum| sum.unsigned_abs() <= ARRIVED_MAX as u32)
            && begins.is_none_or(|begins| begins.len() == count)
            && (0..count).all(at_reset);
        if fits {
            self.reset();
            self.v[..count].copy_from_slice(v);
            self.refractory[..count].copy_from_slice(refractory);
            for (lane, saved) in self.currents.chunks_exact_mut(stride).zip(currents) {
                lane[..count].copy_from_slice(saved);
            }
            for (lane, saved) in self.accumulators.chunks_exact_mut(stride).zip(arrived) {
                lane[..count].copy_from_slice(saved);
            }
            self.touched = !arrived.is_empty();
            self.awake = *awake;
            if let (Some(intervals), Some(begins)) = (&mut self.intervals, begins) {
                intervals.restore(begins, &self.parameters);
            }
        }
        fits
    }
}

const _: () = assert!(STRIDE_STEP == step::BLOCK, "a block of the step is the unit of padding");

#[cfg(test)]
mod tests;

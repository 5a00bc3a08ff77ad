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
//! in its refractory period (r > 1):
//!     v = v_reset    r = r - 1
//! in the step with which that ends (r = 1):
//!     v = sat(v_reset + delta)    r = 0
//! otherwise:
//!     v = sat(v - round(v leak) + drive' + sum_k sign_k round(c_k i_k) + delta)
//! in all cases:
//!     i_k = sat(i_k - round(i_k leak_k) + jump_k)
//! in the two latter, if v >= v_threshold:
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
//! membrane's input is lost; currents evolve as always. The period ends at the instant of a step, t_refractory after
//! that of the spike (to the nearest step, halves up): the membrane is at v_reset there, and what steps it at that very
//! instant counts. That is what `analog-lif` does in ticks.
//!
//! # Numbers
//! v, i_k, thresholds and weights are integers with 20 fraction bits in units of the nominal threshold, times a power
//! of two where the thresholds of the core are far from that ([`chip::ChipSpec::core_scale`]); round is floor(x +
//! 1/2); sat keeps a state within +-2^29, which is +-512 such units and, unless finer weights keep the scale down, 16
//! times the largest threshold of the core or more, and is counted when it acts. Factors are 16-bit multipliers
//! ([`crate::Factors`]). The sum in the step is exact before it saturates: cores whose parameters bound it run in
//! 32-bit lanes, others in 64-bit lanes, with the same results.
//!
//! # Noise
//! In a run with `event_threshold_cv` every interval between two spikes of a neuron has a threshold of its own: that of
//! the run times a factor ([`crate::Noise::event_threshold_factor`]), rounded to nearest, ties to even, and kept within
//! the range of states. The first interval begins with tick 0, each further one with the tick of the step with which
//! the refractory period of the spike before it ends. Broken neurons stay as they are.
//!
//! # Parameters
//! `tau_mem`, `v_threshold`, `t_refractory`; optional and 0 where the chip has none: `v_reset`, `drive`, `v_initial`;
//! and of each kind of synapse in use those that the chip file names for it.

mod intervals;
mod parameters;
mod step;

pub use parameters::{Coupling, LifParameters};

use crate::clocked::{Clocked, Step, StepModel};
use crate::event_core::EventCore;
use crate::probe::current_name;
use crate::{CoreParameters, Digest, ProbeKind};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel};
use intervals::Intervals;
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Fraction bits of membranes and currents.
const STATE_BITS: u32 = 20;

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Lif;

/// A core of LIF neurons.
pub type LifCore = Clocked<Lif>;

/// The neurons of a core, one array a quantity, padded to whole blocks.
#[derive(Clone, Debug)]
pub struct LifNeurons {
    v: Vec<i32>,
    /// Steps of the refractory period that are still to come.
    refractory: Vec<i32>,
    /// One array a current, one after the other.
    currents: Vec<i32>,
    /// Thresholds that change within a run; none in most runs.
    intervals: Option<Intervals>,
}

/// The neurons of a core between two steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifState {
    /// Membranes, 20 fraction bits.
    pub v: Vec<i32>,
    /// Remaining steps of refractory periods.
    pub refractory: Vec<i32>,
    /// Currents, 20 fraction bits; one list a kind in use.
    pub currents: Vec<Vec<i32>>,
    /// Ticks at which the intervals begin or began in which the neurons are; none where thresholds stay the same.
    pub begins: Vec<u64>,
}

impl StepModel for Lif {
    type Sum = i32;
    type Parameters = LifParameters;
    type State = LifNeurons;
    type Saved = LifState;

    fn initial(parameters: &LifParameters) -> LifNeurons {
        let stride = parameters.layout().stride();
        LifNeurons {
            v: parameters.initial().to_vec(),
            refractory: vec![0; stride],
            currents: vec![0; stride * parameters.couplings().count()],
            intervals: Intervals::new(parameters),
        }
    }

    fn reset(parameters: &LifParameters, neurons: &mut LifNeurons) {
        neurons.v.copy_from_slice(parameters.initial());
        neurons.refractory.fill(0);
        neurons.currents.fill(0);
        if let Some(intervals) = &mut neurons.intervals {
            intervals.reset(parameters);
        }
    }

    #[inline(always)]
    fn step(parameters: &LifParameters, neurons: &mut LifNeurons, mut step: Step<'_, i32>) -> bool {
        let changed = step::advance(parameters, neurons, &mut step);
        if let Some(intervals) = &mut neurons.intervals {
            intervals.end(step.emissions, step.now.0, parameters);
        }
        // A step into which something arrived is not checked for changes: one more step will tell.
        step.touched || changed || !step.emissions.is_empty()
    }

    /// The membrane, the remaining steps of the refractory period, and one current a kind of exponential synapse in
    /// use.
    fn probes(parameters: &LifParameters, spec: &ChipSpec) -> Vec<ProbeKind> {
        let level = |name: String| ProbeKind::level(spec, CoreModel::Lif, parameters.scale(), name, STATE_BITS);
        let mut all = vec![level("v".into()), ProbeKind::new("refractory", "step", 0)];
        let couplings = parameters.couplings();
        all.extend(couplings.map(|c| level(current_name(spec, c.kind))));
        all
    }

    fn probe(core: &LifCore, index: usize, neuron: usize) -> i64 {
        let LifNeurons { v, refractory, currents, .. } = core.state();
        i64::from(match index {
            0 => v[neuron],
            1 => refractory[neuron],
            current => currents[(current - 2) * v.len() + neuron],
        })
    }

    fn set_part(parameters: &LifParameters, neurons: &mut LifNeurons, part: u64) -> bool {
        let Some(intervals) = &mut neurons.intervals else { return false };
        intervals.set_part(part, parameters);
        true
    }

    fn shortest_interval(parameters: &LifParameters, neuron: usize) -> u64 {
        parameters.refractory_steps()[neuron].max(1) as u64
    }

    fn save(parameters: &LifParameters, neurons: &LifNeurons) -> LifState {
        let (count, stride) = (parameters.layout().neuron_count(), parameters.layout().stride());
        LifState {
            v: neurons.v[..count].to_vec(),
            refractory: neurons.refractory[..count].to_vec(),
            currents: neurons.currents.chunks_exact(stride).map(|current| current[..count].to_vec()).collect(),
            begins: neurons.intervals.as_ref().map_or(Vec::new(), |intervals| intervals.begins().to_vec()),
        }
    }

    /// No state beyond saturation, and a refractory neuron is at reset.
    fn fits(parameters: &LifParameters, saved: &LifState) -> bool {
        let LifState { v, refractory, currents, begins } = saved;
        let count = parameters.layout().neuron_count();
        let in_range = |x: &i32| (-fx::step::STATE_MAX..=fx::step::STATE_MAX).contains(x);
        let at_reset = |n: usize| refractory[n] == 0 || v[n] == parameters.reset()[n];
        v.len() == count
            && refractory.len() == count
            && currents.len() == parameters.couplings().count()
            && currents.iter().all(|current| current.len() == count)
            && v.iter().chain(currents.iter().flatten()).all(in_range)
            && refractory.iter().all(|r| *r >= 0)
            && begins.len() == if parameters.threshold_noise().is_some() { count } else { 0 }
            && (0..count).all(at_reset)
    }

    fn load(parameters: &LifParameters, neurons: &mut LifNeurons, saved: &LifState) {
        let (count, stride) = (parameters.layout().neuron_count(), parameters.layout().stride());
        neurons.v[..count].copy_from_slice(&saved.v);
        neurons.refractory[..count].copy_from_slice(&saved.refractory);
        for (current, saved) in neurons.currents.chunks_exact_mut(stride).zip(&saved.currents) {
            current[..count].copy_from_slice(saved);
        }
        if let Some(intervals) = &mut neurons.intervals {
            intervals.restore(&saved.begins, parameters);
        }
    }

    fn digest_neurons(neurons: &LifNeurons, digest: &mut Digest) {
        // Padding is constant, so it does no harm.
        for value in neurons.v.iter().chain(&neurons.refractory).chain(&neurons.currents) {
            digest.push(*value as u64);
        }
    }

    fn digest_rest(neurons: &LifNeurons, digest: &mut Digest) {
        neurons.intervals.iter().flat_map(Intervals::begins).for_each(|tick| digest.push(*tick));
    }
}

impl LifCore {
    /// Threshold of a neuron in its present interval, as bits with 20 fraction bits; beyond all states for one that is
    /// broken.
    ///
    /// # Panics
    /// If the core does not use that neuron.
    pub fn threshold(&self, neuron: NeuronId) -> i32 {
        self.state().thresholds(self.parameters())[self.index(neuron)]
    }
}

impl LifNeurons {
    fn thresholds<'a>(&'a self, parameters: &'a LifParameters) -> &'a [i32] {
        self.intervals.as_ref().map_or(parameters.threshold(), Intervals::thresholds)
    }
}

const _: () = assert!(chip::STRIDE_STEP == step::BLOCK, "a block of the step is the unit of padding");

#[cfg(test)]
mod tests;

//! Log-domain neurons of DYNAP-SE2, clocked: currents through differential pair integrators (DPI).
//!
//! # Equations
//! A DPI is a low-pass filter of a current (Bartolozzi and Indiveri, Neural Computation 19, 2007). With thermal
//! voltage U, slope factor kappa, capacitance C and leak current I_tau its time constant is tau = U C / (kappa I_tau);
//! a circuit that charges C with a current I up to a voltage V makes a pulse of length V C / I. The neuron is that of
//! Chicca et al. (Proceedings of the IEEE 102, 2014), in the discrete form of Rockpool's DynapSim: that with one
//! combined synapse is of releases and held by their recordings, that with four gates is of an unreleased state of
//! 2022-09, of which there is no recording. One step of length dt:
//!
//! ```text
//! combined form, one synapse with signed input x in units of I_scale:
//!     i = i exp(-dt/tau) + (1 - exp(-t_pulse/tau)) max(I_gain/I_tau I_scale x, I0)
//! four gates AMPA, NMDA, GABA, SHUNT, each, where x > 0 in this step (w = I_scale x), with b = 0.95:
//!     r = b I_gain / (i + I_gain)
//!     i = max(i exp(-dt/tau) + (1 - r) (1 - exp(-t_pulse/tau)) I_gain/I_tau w
//!                            + r i t_pulse/tau (w/I_gain + 1 - i/I_gain), I0)
//! and without input:  i = max(i exp(-dt/tau), I0)
//! adaptation, driven by the spikes s of the last step, w = I_w_ahp s:
//!     combined form: i_ahp = max(i_ahp exp(-dt/tau) + (1 - exp(-t_pulse/tau)) I_gain/I_tau w, I0)
//!     four gates:    as a gate, with b = 0.75
//! membrane, combined form: i_in = i, i_gaba = 0
//!           four gates:    i_in = i_nmda / (1 + I_nmda_gate / i_mem) + i_ampa - i_shunt
//!     i_leak = I_tau + i_gaba + i_ahp
//!     I      = max(i_in + I_dc - i_leak, I0), or I0 in the refractory period
//!     i_fb   = I0 exp(kappa / (kappa + 1) ln(i_mem' / I0))        i_mem' of the last step, before its reset
//!     i_mem  = max(i_mem + dt i_mem / (tau(i_leak) (i_mem + I_gain))
//!              (I_gain/I_tau (I - i_leak) + i_fb/i_leak (i_mem + I_gain) - i_mem (1 + i_ahp/I_tau)), I0)
//! spikes: s = max(ceil(ln(i_mem / I_threshold)), 0); if s > 0, i_mem = I0 and the refractory period begins
//! ```
//!
//! Followed to the letter, because recorded traces are of it: the leak is subtracted twice, the combined synapse is
//! charged in every step, spikes have no upper number, and a refractory period is a whole number of steps. Inhibition
//! in the combined form can only cancel excitation of the same step.
//!
//! # Numbers
//! Currents are 64-bit integers in units of 2^-28 of the neuron's own dark current I0, and no larger than 2^28 I0, at
//! which they saturate and are counted. A resolution of I0/4096 meets recorded traces, but stops a current with a time
//! constant of 1000 steps at a tenth of I0 above its rest; 2^-28 costs nothing in 64 bits. With the two divisions by
//! i_leak cancelled, the membrane's step is
//!
//! ```text
//! pull = (I_gain (I - i_leak) - i_mem (I_tau + i_ahp)) / (i_mem + I_gain)
//! i_mem = i_mem + i_mem (c i_leak/I_tau pull + c i_fb)        c = dt kappa / (U C)
//! ```
//!
//! Divisions truncate, everything else is rounded to nearest, halves up. One step is off by less than 1e-6 of the
//! current plus 2^-26 I0 (tested against double precision); constants are good to 2^-26 of I0 or, where they are
//! factors, to 2^-40. ln and exp are those of [`fx::power`].
//!
//! # Parameters
//! Of the chip: `i_dark`, `kappa_n`, `kappa_p`, `u_t`, `v_cutoff`, `i_scale`, `i_threshold`, `i_dc`; of the membrane,
//! the adaptation and the pulses `c_*`, `i_tau_*`, `i_gain_*`, `i_pulse*`, `i_refractory`, `i_w_ahp`, `i_nmda_gate`;
//! and those of every gate that a kind of synapse names ([`chip::SynapseGate::parameters`]). Weights count in units of
//! `i_scale`, in slices if their kind of synapse has the kinetics `slice` ([`crate::slices`]).

pub mod bias;
mod circuit;
mod parameters;
mod step;

pub use parameters::{DpiLane, DpiParameters};
pub use step::DpiState;

use crate::clocked::{Clocked, Step, StepModel};
use crate::{CoreParameters, Digest, Emission, ProbeKind, slices};
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, SynapseGate};
use circuit::{DpiError, DpiForm, DpiNeuron, DpiStage, Membrane};
use fx::Wide;
use step::Synapses;
use units::NeuronId;

/// Fraction bits of a current, in units of the dark current.
pub const UNIT_BITS: u32 = 28;
/// The dark current.
const ONE: i64 = 1 << UNIT_BITS;
/// The largest current: 2^28 dark currents.
const CURRENT_MAX: i64 = 1 << 56;
/// log2 of the dark current in bits.
const LOG_UNIT: i64 = (UNIT_BITS as i64) << fx::power::LOG2_BITS;

/// The circuits of a group of neurons as integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpiCircuits {
    form: DpiForm,
    groups: Vec<Synapses>,
    membranes: Vec<Membrane>,
}

impl DpiCircuits {
    /// The circuits of `neurons`, with the synapse circuits `groups`: a gate and its stage in each neuron. The form is
    /// combined if the only gate is [`SynapseGate::Combined`]. `dt`: length of a step in ms.
    ///
    /// # Errors
    /// The first neuron that is impossible, and why.
    ///
    /// # Panics
    /// If a group does not have one stage a neuron.
    fn new(
        dt: Wide,
        neurons: &[DpiNeuron],
        groups: &[(SynapseGate, Vec<DpiStage>)],
    ) -> Result<Self, (usize, DpiError)> {
        let combined = matches!(groups, [(SynapseGate::Combined, _)]);
        let groups = groups.iter().map(|(gate, stages)| {
            assert_eq!(stages.len(), neurons.len(), "one stage a neuron");
            let filters = neurons
                .iter()
                .zip(stages)
                .enumerate()
                .map(|(n, (neuron, stage))| neuron.synapse(stage, dt).map_err(|error| (n, error)));
            Ok(Synapses { gate: *gate, filters: filters.collect::<Result<_, _>>()? })
        });
        Ok(Self {
            form: if combined { DpiForm::Combined } else { DpiForm::FourGates },
            groups: groups.collect::<Result<_, _>>()?,
            membranes: neurons
                .iter()
                .enumerate()
                .map(|(n, neuron)| neuron.membrane(dt).map_err(|error| (n, error)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Neurons.
    pub fn neuron_count(&self) -> usize {
        self.membranes.len()
    }

    /// The synapse circuits of each neuron, in order.
    pub fn gates(&self) -> impl ExactSizeIterator<Item = SynapseGate> + '_ {
        self.groups.iter().map(|group| group.gate)
    }

    /// Hash of all constants.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        let mut filter = |f: &circuit::Filter| {
            let words = [f.decay, f.scale, f.charge, f.jump, f.floor, f.gain, f.linear, f.saturating];
            words.iter().for_each(|word| digest.push(*word as u64));
        };
        self.groups.iter().flat_map(|group| &group.filters).for_each(&mut filter);
        self.membranes.iter().for_each(|m| filter(&m.adaptation));
        for m in &self.membranes {
            for word in [m.tau, m.gain, m.dc, m.nmda_gate, m.rate, m.feedback_rate, m.feedback_power, m.threshold] {
                digest.push(word as u64);
            }
            digest.push(m.refractory_steps as u64);
        }
        for group in &self.groups {
            digest.push(group.gate as u64);
        }
        digest.value()
    }
}

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Dpi;

/// A core of log-domain neurons. A neuron that fires more than once in a step sends once, with the number of its
/// spikes.
pub type DpiCore = Clocked<Dpi>;

/// The neurons of a core.
#[derive(Clone, Debug)]
pub struct DpiNeurons {
    state: DpiState,
    /// What arrived as the step wants it, one list a gate; all 0 between steps.
    inputs: Vec<Vec<i64>>,
}

impl StepModel for Dpi {
    type Sum = i64;
    type Parameters = DpiParameters;
    type State = DpiNeurons;
    type Saved = DpiState;

    fn initial(parameters: &DpiParameters) -> DpiNeurons {
        let (count, gates) = (parameters.circuits().neuron_count(), parameters.circuits().groups.len());
        DpiNeurons { state: DpiState::new(count, gates), inputs: vec![vec![0; count]; gates] }
    }

    fn reset(_parameters: &DpiParameters, neurons: &mut DpiNeurons) {
        neurons.state.reset();
    }

    #[inline(always)]
    fn step(parameters: &DpiParameters, neurons: &mut DpiNeurons, step: Step<'_, i64>) -> bool {
        let DpiNeurons { state, inputs } = neurons;
        if step.touched {
            collect(parameters, step.sums, inputs);
        }
        let circuits = parameters.circuits();
        let constants = (&circuits.groups[..], &circuits.membranes[..]);
        let changed = step::advance(circuits.form, constants, state, inputs, step.saturations);
        if step.touched {
            inputs.iter_mut().for_each(|list| list.fill(0));
            step.sums.fill(0);
        }
        for (n, &count) in state.spikes.iter().enumerate().filter(|(_, count)| **count > 0) {
            if !parameters.is_dead(n) {
                step.emissions.push(Emission { neuron: NeuronId(n as u16), value: count, payload: count });
            }
        }
        step.touched || changed
    }

    /// In units of the neuron's own dark current: membrane, adaptation and one current a gate; the remaining steps of
    /// the refractory period; and log2 of the membrane before its reset, which is its voltage in units of
    /// U_t ln 2 / kappa.
    fn probes(parameters: &DpiParameters, _spec: &ChipSpec) -> Vec<ProbeKind> {
        let current = |name: &str| ProbeKind::new(["i_", name].concat(), "I0", UNIT_BITS);
        let mut all = vec![current("mem"), current("ahp"), ProbeKind::new("refractory", "step", 0)];
        all.extend(parameters.circuits().gates().map(|gate| current(gate.name())));
        all.push(ProbeKind::new("log2_mem", "1", fx::power::LOG2_BITS));
        all
    }

    fn probe(core: &DpiCore, index: usize, neuron: usize) -> i64 {
        let state = &core.state().state;
        match index {
            0 => state.membrane[neuron],
            1 => state.adaptation[neuron],
            2 => state.refractory[neuron].into(),
            gate if gate - 3 < state.synapses.len() => state.synapses[gate - 3][neuron],
            _ => state.log[neuron],
        }
    }

    fn save(_parameters: &DpiParameters, neurons: &DpiNeurons) -> DpiState {
        neurons.state.clone()
    }

    fn fits(parameters: &DpiParameters, saved: &DpiState) -> bool {
        let DpiState { synapses, adaptation, membrane, log, spikes, refractory } = saved;
        let circuits = parameters.circuits();
        let count = circuits.neuron_count();
        let low = if circuits.form == DpiForm::Combined { 0 } else { ONE };
        let within =
            |list: &[i64], low: i64, high: i64| list.len() == count && list.iter().all(|x| (low..=high).contains(x));
        let counts = |list: &[i32], high: i32| list.len() == count && list.iter().all(|x| (0..=high).contains(x));
        synapses.len() == circuits.groups.len()
            && synapses.iter().all(|list| within(list, low, CURRENT_MAX))
            && within(adaptation, ONE, CURRENT_MAX)
            && within(membrane, ONE, CURRENT_MAX)
            && within(log, 0, LOG_UNIT)
            && counts(spikes, SPIKES_MAX)
            && counts(refractory, 1 << 30)
    }

    fn load(_parameters: &DpiParameters, neurons: &mut DpiNeurons, saved: &DpiState) {
        neurons.state.clone_from(saved);
    }

    fn digest_neurons(neurons: &DpiNeurons, digest: &mut Digest) {
        let s = &neurons.state;
        let currents = s.synapses.iter().flatten().chain(&s.adaptation).chain(&s.membrane).chain(&s.log);
        currents.for_each(|value| digest.push(*value as u64));
        s.spikes.iter().chain(&s.refractory).for_each(|value| digest.push(*value as u64));
    }
}

/// Brings the sums of the lanes to the format of inputs, gate by gate.
fn collect(parameters: &DpiParameters, sums: &[i64], inputs: &mut [Vec<i64>]) {
    let stride = parameters.layout().stride();
    for (gate, list) in inputs.iter_mut().enumerate() {
        for (n, input) in list.iter_mut().enumerate() {
            let lanes = parameters.lanes().iter().enumerate().filter(|(_, lane)| lane.gate == gate);
            *input = slices::sum(lanes.map(|(index, lane)| (sums[index * stride + n], lane.shift)));
        }
    }
}

/// More spikes than a neuron can have in a step: 28 doublings of I0 above a threshold of 2^-28 I0.
pub const SPIKES_MAX: i32 = chip::CoreModel::Dpi.facts().spikes_max;

#[cfg(test)]
mod tests;

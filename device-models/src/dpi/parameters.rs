//! The parameters of a core of log-domain neurons: from the chip, a program and a die.

use super::DpiCircuits;
use super::circuit::{DpiError, DpiNeuron, DpiPulse, DpiStage};
use crate::layout::{InputLayout, Lane};
use crate::parameters::Reader;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, slices};
use alloc::string::ToString;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, SynapseGate, SynapseSign, SynapseType};
use fx::{Real, Wide};

/// What a lane of accumulators feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DpiLane {
    /// The gate, by its place in [`DpiCircuits::gates`].
    pub gate: usize,
    /// Sums are shifted left by this many bits, to units of 2^-32 of the scale current.
    pub shift: u32,
}

/// Parameters of a core, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpiParameters {
    layout: InputLayout,
    circuits: DpiCircuits,
    lanes: Vec<DpiLane>,
    /// By neuron: it never sends anything.
    dead: Vec<bool>,
}

impl CoreParameters for DpiParameters {
    fn lane(_core: &CoreProgram, _index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        let gate = kind.gate?;
        let inhibitory = kind.sign == SynapseSign::Inhibitory;
        let shift = Some(kind.kinetics.shift()).filter(|shift| *shift <= slices::SHIFT_MAX)?;
        Some((Lane::Gate { gate, shift }, inhibitory && gate == SynapseGate::Combined))
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Reader::new(spec, core, die)?;
        let dt = Wide::from_real(reader.step()?);
        let builder = Builder { reader: &reader };
        let neurons = builder.neurons(dt)?;
        let groups = spec.gates().map(|gate| {
            let [capacitance, tau, gain] = gate.parameters();
            Ok((gate, builder.stages(capacitance, tau, gain)?))
        });
        let groups = groups.collect::<Result<Vec<_>, DeviceModelError>>()?;
        let circuits = DpiCircuits::new(dt, &neurons, &groups).map_err(|(n, error)| builder.refused(n, error))?;
        let lanes = layout.lanes().iter().map(|lane| match lane {
            Lane::Gate { gate, shift } => DpiLane {
                gate: circuits.gates().position(|g| g == *gate).expect("a lane is of a gate of the chip"),
                shift: u32::from(*shift) + u32::from(core.weight_exponent),
            },
            _ => unreachable!("the layout of a log-domain core has gates only"),
        });
        // Every threshold can be reached, so a dead neuron is one whose spikes are not sent.
        let mut dead = alloc::vec![false; neurons.len()];
        reader.break_neurons(&mut dead, true, false);
        Ok(Self { lanes: lanes.collect(), dead, circuits, layout })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::resume(self.circuits.digest());
        self.lanes.iter().for_each(|lane| digest.push((lane.gate as u64) << 32 | u64::from(lane.shift)));
        self.dead.iter().for_each(|dead| digest.push(u64::from(*dead)));
        digest.value()
    }
}

impl DpiParameters {
    /// Whether a neuron never sends anything.
    #[inline]
    pub fn is_dead(&self, neuron: usize) -> bool {
        self.dead[neuron]
    }

    /// The circuits of the neurons.
    pub const fn circuits(&self) -> &DpiCircuits {
        &self.circuits
    }

    /// What the lanes of the layout feed.
    pub fn lanes(&self) -> &[DpiLane] {
        &self.lanes
    }
}

/// Reads the circuits of a core.
struct Builder<'a> {
    reader: &'a Reader<'a>,
}

impl Builder<'_> {
    /// Parameter `name` of every neuron, which must be positive.
    fn positive(&self, name: &str) -> Result<Vec<Wide>, DeviceModelError> {
        Ok(self.reader.parameter(name)?.value.into_iter().map(Wide::from_real).collect())
    }

    fn stages(&self, capacitance: &str, tau: &str, gain: &str) -> Result<Vec<DpiStage>, DeviceModelError> {
        let (capacitances, taus, gains) = (self.positive(capacitance)?, self.positive(tau)?, self.positive(gain)?);
        let stages = capacitances.iter().zip(taus).zip(gains);
        Ok(stages.map(|((c, i_tau), i_gain)| DpiStage { capacitance: *c, i_tau, i_gain }).collect())
    }

    fn pulses(&self, capacitance: &str, current: &str) -> Result<Vec<DpiPulse>, DeviceModelError> {
        let pulses = self.positive(capacitance)?.into_iter().zip(self.positive(current)?);
        Ok(pulses.map(|(capacitance, current)| DpiPulse { capacitance, current }).collect())
    }

    fn neurons(&self, dt: Wide) -> Result<Vec<DpiNeuron>, DeviceModelError> {
        let (kappa_n, kappa_p) = (self.positive("kappa_n")?, self.positive("kappa_p")?);
        let (dark, u_t, cutoff) = (self.positive("i_dark")?, self.positive("u_t")?, self.positive("v_cutoff")?);
        let membrane = self.stages("c_mem", "i_tau_mem", "i_gain_mem")?;
        let adaptation = self.stages("c_ahp", "i_tau_ahp", "i_gain_ahp")?;
        let pulse = self.pulses("c_pulse", "i_pulse")?;
        let pulse_ahp = self.pulses("c_pulse_ahp", "i_pulse_ahp")?;
        let refractory = self.pulses("c_refractory", "i_refractory")?;
        self.positive("i_threshold")?;
        let threshold = self.reader.threshold("i_threshold")?.value;
        let mut threshold: Vec<Wide> = threshold.into_iter().map(Wide::from_real).collect();
        // A hot neuron is above threshold at rest: half of its dark current.
        let mut hot = alloc::vec![false; threshold.len()];
        self.reader.break_neurons(&mut hot, false, true);
        for (n, _) in hot.iter().enumerate().filter(|(_, hot)| **hot) {
            threshold[n] = dark[n].scale(-1);
        }
        let dc = self.reader.parameter("i_dc")?.value;
        let (w_ahp, scale) = (self.reader.parameter("i_w_ahp")?.value, self.positive("i_scale")?);
        let has_nmda = self.reader.spec.gates().any(|gate| gate == SynapseGate::Nmda);
        let nmda_gate = if has_nmda { self.positive("i_nmda_gate")? } else { alloc::vec![Wide::ZERO; dark.len()] };
        (0..dark.len())
            .map(|n| {
                let neuron = DpiNeuron {
                    i_dark: dark[n],
                    kappa: kappa_n[n].add_sat(kappa_p[n]).scale(-1),
                    u_t: u_t[n],
                    v_cutoff: cutoff[n],
                    membrane: membrane[n],
                    adaptation: adaptation[n],
                    pulse: pulse[n],
                    pulse_ahp: pulse_ahp[n],
                    i_threshold: threshold[n],
                    i_dc: Wide::from_real(dc[n]),
                    i_w_ahp: Wide::from_real(w_ahp[n].max(Real::ZERO)),
                    i_nmda_gate: nmda_gate[n],
                    i_scale: scale[n],
                    refractory_steps: 0,
                };
                let steps = neuron.refractory_steps(&refractory[n], dt).map_err(|error| self.refused(n, error))?;
                Ok(DpiNeuron { refractory_steps: steps, ..neuron })
            })
            .collect()
    }

    /// The error of neuron `n`, with its address.
    fn refused(&self, n: usize, error: DpiError) -> DeviceModelError {
        let target = self.reader.neuron(n);
        match error {
            DpiError::NotPositive { quantity, value } => {
                DeviceModelError::NotPositive { target, parameter: quantity.to_string(), value }
            }
            DpiError::TooLarge { quantity, value, limit } => {
                DeviceModelError::TooLarge { target, parameter: quantity.to_string(), value, limit }
            }
        }
    }
}

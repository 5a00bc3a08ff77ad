//! The constants of a neuron: from currents, capacitances and voltages to the integers of a step.

use super::{LOG_UNIT, UNIT_BITS};
use fx::{Real, Rounding, Wide, narrow, power, shift_right};

/// A circuit that cannot be brought into the numbers of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DpiError {
    /// A quantity that must be positive is not.
    NotPositive {
        /// Which.
        quantity: &'static str,
        /// Its value, in pA, pF, mV or 1.
        value: Real,
    },
    /// A constant of the step is too large for its format.
    TooLarge {
        /// Which.
        quantity: &'static str,
        /// Its value.
        value: Real,
        /// What the core can hold.
        limit: Real,
    },
}

/// A low-pass filter of the chip (differential pair integrator): a synapse, the adaptation or the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DpiStage {
    /// Capacitance in pF.
    pub(super) capacitance: Wide,
    /// Leak current in pA; the dark current if it is smaller.
    pub(super) i_tau: Wide,
    /// Gain current in pA; the dark current if it is smaller.
    pub(super) i_gain: Wide,
}

/// A circuit that makes a pulse of a certain length from a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DpiPulse {
    /// Capacitance in pF.
    pub(super) capacitance: Wide,
    /// Current in pA.
    pub(super) current: Wide,
}

/// Everything that a neuron circuit is made of, but for its synapses: pA, pF, mV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DpiNeuron {
    /// Dark current: no current of the circuit is smaller.
    pub(super) i_dark: Wide,
    /// Subthreshold slope factor, the mean of n and p type.
    pub(super) kappa: Wide,
    /// Thermal voltage.
    pub(super) u_t: Wide,
    /// Voltage at which a pulse ends.
    pub(super) v_cutoff: Wide,
    /// The membrane.
    pub(super) membrane: DpiStage,
    /// Spike-frequency adaptation.
    pub(super) adaptation: DpiStage,
    /// Makes the pulses of synapses.
    pub(super) pulse: DpiPulse,
    /// Makes the pulses of adaptation.
    pub(super) pulse_ahp: DpiPulse,
    /// Threshold of the membrane current.
    pub(super) i_threshold: Wide,
    /// Constant input.
    pub(super) i_dc: Wide,
    /// Weight of the adaptation.
    pub(super) i_w_ahp: Wide,
    /// Membrane current at which half of the NMDA current passes.
    pub(super) i_nmda_gate: Wide,
    /// Current that an input of 1 stands for.
    pub(super) i_scale: Wide,
    /// Steps after a spike in which the input is cut off.
    pub(super) refractory_steps: i32,
}

/// How spikes charge synapses and adaptation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DpiForm {
    /// One synapse a neuron with signed input.
    Combined,
    /// Four synapses a neuron, with the saturation of their charge.
    FourGates,
}

/// A filter as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// exp(-dt/tau), 62 fraction bits.
    pub(super) decay: i64,
    /// Current of an input of 1, [`UNIT_BITS`].
    pub(super) scale: i64,
    /// (1 - exp(-t_pulse/tau)) i_gain/i_tau, 40 fraction bits.
    pub(super) charge: i64,
    /// What an input of 1 adds (combined form), 32 fraction bits.
    pub(super) jump: i64,
    /// What is added at least (combined form), [`UNIT_BITS`].
    pub(super) floor: i64,
    /// Gain current, [`UNIT_BITS`].
    pub(super) gain: i64,
    /// The part of the gain current that does not saturate, [`UNIT_BITS`] (four gates).
    pub(super) linear: i64,
    /// The other part times t_pulse/tau, 40 fraction bits (four gates).
    pub(super) saturating: i64,
}

/// A neuron as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Membrane {
    pub(super) tau: i64,
    pub(super) gain: i64,
    pub(super) dc: i64,
    pub(super) nmda_gate: i64,
    /// dt kappa I0 / (U_t C) times I0 / i_tau, 62 fraction bits.
    pub(super) rate: i64,
    /// dt kappa I0 / (U_t C), 40 fraction bits.
    pub(super) feedback_rate: i64,
    /// kappa / (kappa + 1), 32 fraction bits.
    pub(super) feedback_power: i64,
    /// log2 of the threshold, 40 fraction bits.
    pub(super) threshold: i64,
    pub(super) refractory_steps: i32,
    pub(super) adaptation: Filter,
}

/// Largest current of a circuit: 2^24 dark currents.
const CURRENT_BITS: u32 = 24;

/// `value` to nearest with `fraction_bits`, if its magnitude is below 2^`limit_bits`.
fn bits(quantity: &'static str, value: Wide, fraction_bits: u32, limit_bits: u32) -> Result<i64, DpiError> {
    if value.abs() >= Wide::ONE.scale(limit_bits as i32) {
        let limit = Real::from_integer(1 << limit_bits);
        return Err(DpiError::TooLarge { quantity, value: value.to_real_nearest(), limit });
    }
    let rounded: i128 = shift_right(value.to_bits(), Wide::FRACTION_BITS - fraction_bits, Rounding::HalfEven);
    Ok(narrow(rounded))
}

fn positive(quantity: &'static str, value: Wide) -> Result<Wide, DpiError> {
    if value > Wide::ZERO { Ok(value) } else { Err(DpiError::NotPositive { quantity, value: value.to_real_nearest() }) }
}

impl DpiNeuron {
    /// tau = (U_t / kappa) C / I, in ms.
    fn time_constant(&self, stage: &DpiStage) -> Result<Wide, DpiError> {
        let capacitance = positive("a capacitance", stage.capacitance)?;
        let thermal = positive("the thermal voltage", self.u_t)?.div_trunc(positive("kappa", self.kappa)?);
        Ok(thermal.mul_trunc(capacitance).div_trunc(stage.i_tau.max(self.dark()?)))
    }

    /// V C / I, in ms.
    fn pulse_length(&self, pulse: &DpiPulse) -> Result<Wide, DpiError> {
        let charge =
            positive("the cut-off voltage", self.v_cutoff)?.mul_trunc(positive("a capacitance", pulse.capacitance)?);
        Ok(charge.div_trunc(positive("a pulse current", pulse.current)?))
    }

    fn dark(&self) -> Result<Wide, DpiError> {
        positive("the dark current", self.i_dark)
    }

    /// A current in units of the dark current.
    fn current(&self, quantity: &'static str, current: Wide) -> Result<i64, DpiError> {
        bits(quantity, current.div_trunc(self.dark()?), UNIT_BITS, CURRENT_BITS)
    }

    /// The steps of a refractory period: as many as begin before it ends. An excess below 2^-20 of a step is taken for
    /// rounding of the parameters and begins none.
    ///
    /// # Errors
    /// [`DpiError`] if the pulse is impossible or longer than 2^30 steps.
    pub(super) fn refractory_steps(&self, pulse: &DpiPulse, dt: Wide) -> Result<i32, DpiError> {
        let steps = self.pulse_length(pulse)?.div_trunc(positive("the step of the chip", dt)?);
        let whole = bits("the refractory period in steps", steps.sub_sat(Wide::ONE.scale(-20)), 32, 30)?;
        Ok(narrow(shift_right(whole.max(0), 32, Rounding::Ceil)))
    }

    /// The integers of a filter that is charged by pulses of length `t_pulse`; `saturating`: the share of its charge
    /// that saturates.
    fn filter(
        &self,
        stage: &DpiStage,
        pulse: &DpiPulse,
        unit: Wide,
        saturating: Wide,
        dt: Wide,
    ) -> Result<Filter, DpiError> {
        let (dark, tau, length) = (self.dark()?, self.time_constant(stage)?, self.pulse_length(pulse)?);
        let gain = stage.i_gain.max(dark);
        let lost = Wide::ONE.sub_sat(length.div_trunc(tau).neg().exp());
        let charge = lost.mul_trunc(gain).div_trunc(stage.i_tau.max(dark));
        let scale = unit.div_trunc(dark);
        let ratio = gain.div_trunc(dark);
        Ok(Filter {
            decay: bits("the decay of a synapse", dt.div_trunc(tau).neg().exp(), 62, 1)?,
            scale: bits("the current of an input of 1", scale, UNIT_BITS, CURRENT_BITS)?,
            charge: bits("the charge of a pulse", charge, 40, 22)?,
            jump: bits("the charge of an input of 1", charge.mul_trunc(scale), 32, 30)?,
            floor: bits("the charge of the dark current", lost, UNIT_BITS, 1)?,
            gain: bits("a gain current", ratio, UNIT_BITS, CURRENT_BITS)?,
            linear: bits("a gain current", ratio.mul_trunc(Wide::ONE.sub_sat(saturating)), UNIT_BITS, CURRENT_BITS)?,
            saturating: bits("the length of a pulse", saturating.mul_trunc(length).div_trunc(tau), 40, 22)?,
        })
    }

    pub(super) fn synapse(&self, stage: &DpiStage, dt: Wide) -> Result<Filter, DpiError> {
        const SATURATING: Wide = Wide::from_text("0.95");
        self.filter(stage, &self.pulse, self.i_scale, SATURATING, dt)
    }

    pub(super) fn membrane(&self, dt: Wide) -> Result<Membrane, DpiError> {
        const SATURATING: Wide = Wide::from_text("0.75");
        let dark = self.dark()?;
        let leak = self.membrane.i_tau.max(dark).div_trunc(dark);
        // One step of the dark current, in thermal voltages.
        let capacitance = positive("a capacitance", self.membrane.capacitance)?;
        let charge = dt.mul_trunc(self.kappa).mul_trunc(dark).div_trunc(self.u_t.mul_trunc(capacitance));
        let threshold = self.current("the threshold current", positive("the threshold current", self.i_threshold)?)?;
        Ok(Membrane {
            tau: bits("the leak current", leak, UNIT_BITS, CURRENT_BITS)?,
            gain: self.current("a gain current", self.membrane.i_gain.max(dark))?,
            dc: self.current("the constant input", self.i_dc)?,
            nmda_gate: self.current("the NMDA gate", self.i_nmda_gate)?.max(0),
            rate: bits("the rate of the membrane", charge.div_trunc(leak), 62, 1)?,
            feedback_rate: bits("the rate of the membrane", charge, 40, 22)?,
            feedback_power: bits("kappa", self.kappa.div_trunc(self.kappa.add_sat(Wide::ONE)), 32, 1)?,
            threshold: power::log2(threshold as u64) - LOG_UNIT,
            refractory_steps: self.refractory_steps,
            adaptation: self.filter(&self.adaptation, &self.pulse_ahp, self.i_w_ahp, SATURATING, dt)?,
        })
    }
}

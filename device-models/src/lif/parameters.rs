//! The parameters of a LIF core as the integers of its step.

use crate::layout::{Lane, integrator_lane};
use crate::parameters::{Reader, Resolved};
use crate::period::exact_ms;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, Factors, InputLayout, ThresholdNoise};
use alloc::string::ToString;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseType};
use fx::step::STATE_MAX;
use fx::{Real, Rounding, Weight, Wide, math, narrow, shift_right};

/// Largest constant input of a step, in bits: 256 voltage units. It keeps 32-bit sums exact.
pub(super) const DRIVE_MAX: i32 = (1 << 28) - 1;

/// Longest refractory period, in steps.
const REFRACTORY_MAX: u64 = 1 << 30;

/// How one exponential current moves and drives the membrane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupling {
    /// Index of the synapse kind in the chip spec.
    pub kind: u8,
    /// Whether it is subtracted.
    pub inhibitory: bool,
    /// What part of the current is lost in a step.
    pub leak: Factors,
    /// What part of the old current reaches the membrane in a step.
    pub coupling: Factors,
}

/// One lane of the layout with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LaneParameters {
    /// Delta synapses without gain.
    Delta,
    /// Delta synapses with gain.
    ScaledDelta(Factors),
    /// Exponential synapses.
    Current(Coupling),
}

/// All parameters of a core, neuron by neuron, padded to whole blocks. A padding neuron never moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifParameters {
    layout: InputLayout,
    weight_exponent: u8,
    /// See [`ChipSpec::core_scale`].
    scale: i8,
    leak: Factors,
    drive: Vec<i32>,
    threshold: Vec<i32>,
    reset: Vec<i32>,
    initial: Vec<i32>,
    refractory_steps: Vec<i32>,
    lanes: Vec<LaneParameters>,
    /// Bound on the sums of delta lanes before the shift, if 32-bit lanes are wide enough for the step.
    narrow_limit: Option<i32>,
    /// How thresholds change within a run, if they do, and the ticks of a step.
    threshold_noise: Option<(ThresholdNoise, u64)>,
}

impl CoreParameters for LifParameters {
    fn lane(_core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        integrator_lane(index, kind)
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let builder = Builder { reader: Reader::new(spec, core, die)?, stride: layout.stride() };
        let reader = &builder.reader;
        let step = reader.step()?;
        let tau_mem = reader.parameter("tau_mem")?;
        let leaks: Vec<Wide> = tau_mem.value.iter().map(|tau| lost(step, *tau)).collect();
        let mut lanes = Vec::with_capacity(layout.lanes().len());
        for lane in layout.lanes() {
            lanes.push(builder.lane(*lane, step, &tau_mem)?);
        }
        let mut threshold = builder.voltages("v_threshold", &reader.threshold("v_threshold")?, i32::MAX)?;
        // No state reaches the one, every state the other.
        reader.break_neurons(&mut threshold, i32::MAX, i32::MIN);
        let mut built = Self {
            weight_exponent: reader.weight_shift(),
            scale: reader.scale,
            leak: builder.factors("tau_mem", &leaks)?,
            drive: builder.drive(&leaks)?,
            threshold,
            reset: builder.voltages("v_reset", &reader.parameter("v_reset")?, 0)?,
            initial: builder.voltages("v_initial", &reader.parameter("v_initial")?, 0)?,
            refractory_steps: builder.refractory(step)?,
            lanes,
            layout,
            narrow_limit: None,
            threshold_noise: ThresholdNoise::new(die.noise(), core.address).map(|noise| (noise, spec.step_ticks())),
        };
        built.narrow_limit = built.find_narrow_limit();
        Ok(built)
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        let arrays = [&self.drive, &self.threshold, &self.reset, &self.initial, &self.refractory_steps];
        for value in arrays.into_iter().flatten() {
            digest.push(*value as u64);
        }
        let mut factors = |f: &Factors| {
            digest.push(f.shift() as u64);
            for mantissa in f.mantissas() {
                digest.push(*mantissa as u64);
            }
        };
        factors(&self.leak);
        for lane in &self.lanes {
            match lane {
                LaneParameters::Delta => {}
                LaneParameters::ScaledDelta(gain) => factors(gain),
                LaneParameters::Current(c) => {
                    factors(&c.leak);
                    factors(&c.coupling);
                }
            }
        }
        digest.push(self.weight_exponent.into());
        // Two cores whose bits alone are the same are not.
        if self.scale != 0 {
            digest.push(self.scale as u64);
        }
        digest.value()
    }
}

impl LifParameters {
    /// Weights are shifted left by this many bits: their exponent in the program, less the scale of the core.
    pub const fn weight_exponent(&self) -> u8 {
        self.weight_exponent
    }

    /// What counts as 1 is the level of the chip times two to this.
    pub const fn scale(&self) -> i8 {
        self.scale
    }

    /// What part of the membrane is lost in a step.
    pub const fn leak(&self) -> &Factors {
        &self.leak
    }

    /// Constant input of a step, in bits.
    pub fn drive(&self) -> &[i32] {
        &self.drive
    }

    /// Threshold in this run, in bits.
    pub fn threshold(&self) -> &[i32] {
        &self.threshold
    }

    /// Where the membrane goes after a spike, in bits.
    pub fn reset(&self) -> &[i32] {
        &self.reset
    }

    /// Where the membrane starts, in bits.
    pub fn initial(&self) -> &[i32] {
        &self.initial
    }

    /// Length of the refractory period in steps.
    pub fn refractory_steps(&self) -> &[i32] {
        &self.refractory_steps
    }

    /// The currents, in the order of their lanes.
    pub fn couplings(&self) -> impl Iterator<Item = &Coupling> {
        self.lanes.iter().filter_map(|lane| match lane {
            LaneParameters::Current(coupling) => Some(coupling),
            _ => None,
        })
    }

    /// The gains of delta kinds that have one, in the order of their lanes.
    pub fn gains(&self) -> impl Iterator<Item = &Factors> {
        self.lanes.iter().filter_map(|lane| match lane {
            LaneParameters::ScaledDelta(gain) => Some(gain),
            _ => None,
        })
    }

    /// Whether the step runs in 32-bit lanes. The results are those of 64-bit lanes; it is only faster.
    pub const fn is_narrow(&self) -> bool {
        self.narrow_limit.is_some()
    }

    /// How thresholds change within the run, and the ticks of a step; `None` if they do not.
    pub(super) const fn threshold_noise(&self) -> Option<&(ThresholdNoise, u64)> {
        self.threshold_noise.as_ref()
    }

    pub(super) const fn narrow_limit(&self) -> Option<i32> {
        self.narrow_limit
    }

    pub(super) fn lanes(&self) -> &[LaneParameters] {
        &self.lanes
    }

    /// Forces 64-bit lanes, to compare both.
    #[cfg(test)]
    pub(crate) fn widen(&mut self) {
        self.narrow_limit = None;
    }

    /// Whether the sum of a step fits 32 bits whatever the state: then the bound to which delta sums must be cut before
    /// their shift, chosen so large that a cut sum saturates the membrane exactly as the full sum would.
    fn find_narrow_limit(&self) -> Option<i32> {
        let state = i64::from(STATE_MAX);
        // v - round(v leak) lies between 0 and v.
        let mut bound = state + i64::from(self.drive.iter().map(|d| d.unsigned_abs()).max().unwrap_or(0));
        let mut has_delta = false;
        for lane in &self.lanes {
            let factors = match lane {
                LaneParameters::Delta => {
                    has_delta = true;
                    continue;
                }
                LaneParameters::ScaledDelta(gain) => gain,
                LaneParameters::Current(c) => &c.coupling,
            };
            if factors.shift() < 0 {
                return None;
            }
            bound += factors.product_max();
        }
        let limit = if has_delta { ((bound + state) >> self.weight_exponent) + 1 } else { 0 };
        let largest = bound + (limit << self.weight_exponent);
        (largest <= i64::from(i32::MAX)).then_some(limit as i32)
    }
}

/// 1 - exp(-step/tau).
fn lost(step: Real, tau: Real) -> Wide {
    Wide::from_fraction(math::one_minus_exp_neg_ratio(step, tau))
}

/// The bits of a voltage: 20 fraction bits, to nearest, ties to even.
fn weight_bits(value: Wide) -> i64 {
    narrow(shift_right(value.to_bits(), Wide::FRACTION_BITS - Weight::FRACTION_BITS, Rounding::HalfEven))
}

/// What turns resolved parameters into padded integers.
struct Builder<'a> {
    reader: Reader<'a>,
    stride: usize,
}

impl Builder<'_> {
    fn too_large(&self, neuron: usize, parameter: &str, value: Real, limit: Real) -> DeviceModelError {
        DeviceModelError::TooLarge {
            target: self.reader.neuron(neuron),
            parameter: parameter.to_string(),
            value,
            limit,
        }
    }

    fn pad(&self, mut values: Vec<i32>, padding: i32) -> Vec<i32> {
        values.resize(self.stride, padding);
        values
    }

    fn factors(&self, parameter: &str, values: &[Wide]) -> Result<Factors, DeviceModelError> {
        Factors::new(values, self.stride).ok_or_else(|| {
            // The first of the worst: a negative factor, or else the largest.
            let worst = |v: &Wide| if *v < Wide::ZERO { Wide::MAX } else { *v };
            let (n, value) =
                values.iter().enumerate().rev().max_by_key(|(_, v)| worst(v)).expect("no factor, no failure");
            self.too_large(n, parameter, value.to_real_nearest(), Real::from_integer(1 << 16))
        })
    }

    fn voltages(&self, name: &str, resolved: &Resolved, padding: i32) -> Result<Vec<i32>, DeviceModelError> {
        let bits = resolved.value.iter().enumerate().map(|(n, value)| {
            let bits = weight_bits(Wide::from_real(*value));
            if bits.abs() <= i64::from(STATE_MAX) {
                Ok(bits as i32)
            } else {
                let limit = Weight::from_bits(STATE_MAX).to_real();
                Err(self.too_large(n, name, self.reader.unscaled(*value), self.reader.unscaled(limit)))
            }
        });
        Ok(self.pad(bits.collect::<Result<_, _>>()?, padding))
    }

    fn drive(&self, leaks: &[Wide]) -> Result<Vec<i32>, DeviceModelError> {
        let levels = self.reader.parameter("drive")?.value;
        let bits = levels.iter().zip(leaks).enumerate().map(|(n, (level, leak))| {
            let step = Wide::from_real(*level).mul_trunc(*leak);
            let bits = weight_bits(step);
            if bits.abs() <= i64::from(DRIVE_MAX) {
                Ok(bits as i32)
            } else {
                let limit = Weight::from_bits(DRIVE_MAX).to_real();
                let value = self.reader.unscaled(step.to_real_nearest());
                Err(self.too_large(n, "drive (of one step)", value, self.reader.unscaled(limit)))
            }
        });
        Ok(self.pad(bits.collect::<Result<_, _>>()?, 0))
    }

    fn refractory(&self, step: Real) -> Result<Vec<i32>, DeviceModelError> {
        let step = exact_ms(self.reader.spec.step()).unwrap_or(Wide::from_real(step));
        let steps = self.reader.periods("t_refractory", step, REFRACTORY_MAX)?;
        Ok(self.pad(steps.into_iter().map(|steps| steps as i32).collect(), 0))
    }

    fn lane(&self, lane: Lane, step: Real, tau_mem: &Resolved) -> Result<LaneParameters, DeviceModelError> {
        match lane {
            Lane::Delta => Ok(LaneParameters::Delta),
            Lane::ScaledDelta { kind } => {
                let (name, gains) = self.reader.gains(kind)?;
                Ok(LaneParameters::ScaledDelta(self.factors(&name, &gains)?))
            }
            Lane::Current { kind, inhibitory } => {
                let Kinetics::Exponential { tau } = &self.reader.spec.synapses[usize::from(kind)].kinetics else {
                    unreachable!("the layout makes currents of exponential kinds only");
                };
                let taus = self.reader.parameter(tau)?;
                let (name, gains) = self.reader.gains(kind)?;
                let leaks: Vec<Wide> = taus.value.iter().map(|tau| lost(step, *tau)).collect();
                let couplings: Vec<Wide> = (0..gains.len())
                    .map(|n| gains[n].mul_trunc(propagator(step, taus.asked[n], taus.value[n], tau_mem.value[n])))
                    .collect();
                let (leak, coupling) = (self.factors(tau, &leaks)?, self.factors(&name, &couplings)?);
                Ok(LaneParameters::Current(Coupling { kind, inhibitory, leak, coupling }))
            }
            _ => {
                unreachable!("the layout of a LIF core has no such lane")
            }
        }
    }
}

/// (dt/tau') exp(-dt/tau) phi1(d) with d = dt/tau - dt/tau_mem: see the module's equations. As exp(x) phi1(-x) =
/// phi1(x), this is (dt/tau') exp(-dt/tau_mem) phi1(-d) as well; the form with the negative argument never overflows.
fn propagator(step: Real, tau_asked: Real, tau: Real, tau_mem: Real) -> Wide {
    let ratio = |constant: Real| Wide::from_ratio(step.to_bits().into(), constant.to_bits().into());
    let difference = ratio(tau).sub_sat(ratio(tau_mem)).to_real_nearest();
    let slower = if difference > Real::ZERO { tau_mem } else { tau };
    let decay = Wide::from_fraction(math::exp_neg_ratio(step, slower));
    let mean = Wide::from_real(math::phi1(difference.abs().neg_sat()));
    ratio(tau_asked).mul_trunc(decay).mul_trunc(mean)
}

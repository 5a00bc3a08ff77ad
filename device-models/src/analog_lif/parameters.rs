//! The parameters of an asynchronous core as the integers of its closed form.

use super::closed_form::{Current, Decay, Membrane, TRANSFER_BITS, Transfer};
use super::{STATE_MAX, VOLTAGE_BITS};
use crate::layout::{Lane, integrator_lane};
use crate::parameters::{Reader, Resolved};
use crate::period::exact_ms;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, InputLayout, ThresholdNoise};
use alloc::string::ToString;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseType};
use fx::{Real, Rounding, Wide, exp2, shift_right};

/// Time constants and refractory periods are at most 2 to this many ticks.
const TICKS_BITS: u32 = 40;
/// Transfers are below 2 to this.
const COEFFICIENT_BITS: u32 = 16;
/// Ratios of the membrane time constant to that of a current, alone and times a gain, are below 2 to this.
const RATIO_BITS: u32 = 18;
/// Gains of delta synapses are below 2 to this.
const GAIN_BITS: u32 = 16;
/// Fraction bits of these gains.
pub(super) const GAIN_FRACTION: u32 = 32;

/// What the sum of one lane does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneUse {
    /// Steps the membrane.
    Delta,
    /// Steps the membrane, times a gain of each neuron with 32 fraction bits.
    ScaledDelta(Vec<u64>),
    /// Steps the current with this index.
    Current(usize),
}

/// All parameters of a core, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalogLifParameters {
    layout: InputLayout,
    weight_exponent: u8,
    /// See [`ChipSpec::core_scale`].
    scale: i8,
    membranes: Vec<Membrane>,
    initial: Vec<i64>,
    /// Those of a neuron side by side, because one event needs them together.
    currents: Vec<Current>,
    current_count: usize,
    lanes: Vec<LaneUse>,
    /// What a spike adds to the last current; empty without adaptation.
    adaptation: Vec<i64>,
    /// How thresholds change within a run, if they do.
    threshold_noise: Option<ThresholdNoise>,
}

impl CoreParameters for AnalogLifParameters {
    fn lane(_core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        integrator_lane(index, kind)
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Reader::new(spec, core, die)?;
        let tau_mem = reader.parameter("tau_mem")?;
        let nearest = Wide::from_real(reader.tick()?);
        let tick = exact_ms(spec.tick.quantity).unwrap_or(nearest);
        let builder = Builder { tick, tau_mem, reader };
        let count = layout.neuron_count();
        let (mut lanes, mut by_current) = (Vec::new(), Vec::new());
        for lane in layout.lanes() {
            lanes.push(builder.lane(*lane, &mut by_current)?);
        }
        let mut adaptation = builder.voltages("adaptation", &builder.reader.parameter("adaptation")?)?;
        if adaptation.iter().any(|jump| *jump != 0) {
            let gains = alloc::vec![Wide::ONE; count];
            by_current.push(builder.currents("tau_adaptation", "tau_adaptation", &gains, true)?);
        } else {
            adaptation.clear();
        }
        let current_count = by_current.len();
        let currents = (0..count * current_count).map(|i| by_current[i % current_count][i / current_count]);
        Ok(Self {
            weight_exponent: builder.reader.weight_shift(),
            scale: builder.reader.scale,
            membranes: builder.membranes(&by_current)?,
            initial: builder.voltages("v_initial", &builder.reader.parameter("v_initial")?)?,
            currents: currents.collect(),
            current_count,
            lanes,
            adaptation,
            threshold_noise: ThresholdNoise::new(die.noise(), core.address),
            layout,
        })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        let decay = |digest: &mut Digest, decay: Decay| {
            digest.push(decay.mantissa);
            digest.push(decay.shift.into());
        };
        for m in &self.membranes {
            decay(&mut digest, m.decay);
            for value in [m.rest as u64, m.threshold as u64, m.reset as u64, m.refractory] {
                digest.push(value);
            }
        }
        for c in &self.currents {
            decay(&mut digest, c.decay);
            let difference = match c.coupling {
                Transfer::Apart { .. } => u64::MAX,
                Transfer::Near { difference, .. } => difference,
            };
            digest.push(c.coefficient());
            digest.push(difference);
            digest.push(u64::from(c.inhibitory) << 1 | u64::from(c.slower));
        }
        for lane in &self.lanes {
            if let LaneUse::ScaledDelta(gains) = lane {
                gains.iter().for_each(|gain| digest.push(*gain));
            }
        }
        self.initial.iter().chain(&self.adaptation).for_each(|v| digest.push(*v as u64));
        digest.push(self.weight_exponent.into());
        // Two cores whose bits alone are the same are not.
        if self.scale != 0 {
            digest.push(self.scale as u64);
        }
        digest.value()
    }
}

impl AnalogLifParameters {
    /// Weights are shifted left by this many bits, to 20 fraction bits: their exponent in the program, less the scale
    /// of the core.
    pub const fn weight_exponent(&self) -> u8 {
        self.weight_exponent
    }

    /// What counts as 1 is the level of the chip times two to this.
    pub const fn scale(&self) -> i8 {
        self.scale
    }

    /// Constants of the membranes.
    pub fn membranes(&self) -> &[Membrane] {
        &self.membranes
    }

    /// Where the membranes start; 32 fraction bits.
    pub fn initial(&self) -> &[i64] {
        &self.initial
    }

    /// Currents of a neuron, that of adaptation included.
    pub const fn current_count(&self) -> usize {
        self.current_count
    }

    /// Constants of the currents of a neuron: those of synapses in the order of their lanes, then that of adaptation.
    #[inline]
    pub fn currents(&self, neuron: usize) -> &[Current] {
        &self.currents[neuron * self.current_count..(neuron + 1) * self.current_count]
    }

    /// The same as an array of [`AnalogLifParameters::current_count`] currents.
    #[inline]
    pub(super) fn currents_of<const N: usize>(&self, neuron: usize) -> &[Current; N] {
        debug_assert_eq!(N, self.current_count);
        self.currents[neuron * N..(neuron + 1) * N].try_into().expect("a slice of N")
    }

    /// What the lanes of the layout do, in their order.
    pub fn lanes(&self) -> &[LaneUse] {
        &self.lanes
    }

    /// What a spike adds to the last current, neuron by neuron, with 32 fraction bits; empty without adaptation.
    pub fn adaptation(&self) -> &[i64] {
        &self.adaptation
    }

    /// How thresholds change within the run; `None` if they do not.
    pub(super) const fn threshold_noise(&self) -> Option<&ThresholdNoise> {
        self.threshold_noise.as_ref()
    }
}

/// A threshold that no membrane reaches, or, negative, that every membrane is above; differences from it still fit.
const BROKEN_THRESHOLD: i64 = i64::MAX >> 1;

/// `value` with `bits` fraction bits, to nearest; `None` at 2^`limit` and above.
fn bounded(value: Wide, bits: u32, limit: u32) -> Option<u64> {
    let rounded = shift_right(value.to_bits(), Wide::FRACTION_BITS - bits, Rounding::HalfEven);
    u64::try_from(rounded).ok().filter(|r| *r >> (bits + limit) == 0)
}

/// `value` with `bits` fraction bits, and at most and at least that, by one part in 2^30 and one unit.
fn bracket(value: Wide, bits: u32) -> (u64, u64) {
    let near = (value.to_bits() >> (Wide::FRACTION_BITS - bits)) as u64;
    let slack = (near >> 30) + 2;
    (near + slack, near.saturating_sub(slack))
}

/// The slope times the ratio of time constants and 1, at most; 16 fraction bits. Each is below 2^[`RATIO_BITS`], their
/// product beyond a working number.
fn bend(slope: Wide, ratio: Wide) -> u64 {
    let most = |value: Wide| u128::from(bracket(value, 32).0);
    ((most(slope) * most(ratio.add_sat(Wide::ONE))) >> 48) as u64 + 1
}

/// A time constant in ticks, rounded down, with 16 fraction bits.
fn ticks_of(tau: Real, tick: Wide) -> u64 {
    // In units of 2^16 ticks, so that 2^40 of them do not saturate; a real time has the low places to spare.
    let ratio = Wide::from_real(tau).scale(-16).div_trunc(tick);
    (ratio.to_bits() >> (Wide::FRACTION_BITS - 32)) as u64
}

/// What turns resolved parameters into integers.
struct Builder<'a> {
    reader: Reader<'a>,
    tick: Wide,
    tau_mem: Resolved,
}

impl Builder<'_> {
    fn too_large(&self, neuron: usize, parameter: &str, value: Real, limit: Wide) -> DeviceModelError {
        DeviceModelError::TooLarge {
            target: self.reader.neuron(neuron),
            parameter: parameter.to_string(),
            value,
            limit: limit.to_real_nearest(),
        }
    }

    fn voltages(&self, name: &str, resolved: &Resolved) -> Result<Vec<i64>, DeviceModelError> {
        // A real number has the fraction bits of a voltage.
        const _: () = assert!(Real::FRACTION_BITS == VOLTAGE_BITS);
        let bits = resolved.value.iter().enumerate().map(|(n, value)| {
            let bits = value.to_bits();
            if bits.abs() <= STATE_MAX {
                return Ok(bits);
            }
            let limit = Wide::from_integer((STATE_MAX >> VOLTAGE_BITS) as i32).scale(self.reader.scale.into());
            Err(self.too_large(n, name, self.reader.unscaled(*value), limit))
        });
        bits.collect()
    }

    fn decay(&self, neuron: usize, parameter: &str, tau: Real) -> Result<Decay, DeviceModelError> {
        let rate = exp2::argument(self.tick, Wide::from_real(tau));
        Decay::new(rate).ok_or_else(|| {
            let limit = self.tick.scale(TICKS_BITS as i32);
            self.too_large(neuron, parameter, tau, limit)
        })
    }

    /// The membrane of every neuron, given its currents.
    fn membranes(&self, currents: &[Vec<Current>]) -> Result<Vec<Membrane>, DeviceModelError> {
        let reader = &self.reader;
        let mut threshold = self.voltages("v_threshold", &reader.threshold("v_threshold")?)?;
        reader.break_neurons(&mut threshold, BROKEN_THRESHOLD, -BROKEN_THRESHOLD);
        let reset = self.voltages("v_reset", &reader.parameter("v_reset")?)?;
        let rest = self.voltages("drive", &reader.parameter("drive")?)?;
        // Periods that do not fit a working number have saturated at 2^31 ticks.
        let period = reader.periods("t_refractory", self.tick, i32::MAX as u64)?;
        (0..threshold.len())
            .map(|n| {
                let tau = self.tau_mem.value[n];
                Ok(Membrane {
                    decay: self.decay(n, "tau_mem", tau)?,
                    rest: rest[n],
                    threshold: threshold[n],
                    reset: reset[n],
                    refractory: period[n],
                    tau: ticks_of(tau, self.tick),
                    error: Membrane::error_with(currents.iter().map(|current| &current[n])),
                })
            })
            .collect()
    }

    fn lane(&self, lane: Lane, currents: &mut Vec<Vec<Current>>) -> Result<LaneUse, DeviceModelError> {
        match lane {
            Lane::Delta => Ok(LaneUse::Delta),
            Lane::ScaledDelta { kind } => {
                let (name, gains) = self.reader.gains(kind)?;
                let scaled = gains.iter().enumerate().map(|(n, gain)| {
                    let limit = Wide::from_integer(1 << GAIN_BITS);
                    bounded(*gain, GAIN_FRACTION, GAIN_BITS)
                        .ok_or_else(|| self.too_large(n, &name, gain.to_real_nearest(), limit))
                });
                Ok(LaneUse::ScaledDelta(scaled.collect::<Result<_, _>>()?))
            }
            Lane::Current { kind, inhibitory } => {
                let Kinetics::Exponential { tau } = &self.reader.spec.synapses[usize::from(kind)].kinetics else {
                    unreachable!("the layout makes currents of exponential kinds only");
                };
                let (name, gains) = self.reader.gains(kind)?;
                currents.push(self.currents(tau, &name, &gains, inhibitory)?);
                Ok(LaneUse::Current(currents.len() - 1))
            }
            _ => {
                unreachable!("the layout of an analog core has no such lane")
            }
        }
    }

    /// One current of every neuron.
    fn currents(
        &self,
        tau: &str,
        gain: &str,
        gains: &[Wide],
        inhibitory: bool,
    ) -> Result<Vec<Current>, DeviceModelError> {
        let taus = self.reader.parameter(tau)?;
        (0..gains.len())
            .map(|n| {
                let wide = |time: Real| Wide::from_real(time);
                let (own, mem, asked) = (wide(taus.value[n]), wide(self.tau_mem.value[n]), wide(taus.asked[n]));
                let (slow, fast) = (own.max(mem), own.min(mem));
                let apart = slow.sub_sat(fast);
                let difference = exp2::LN_2.mul_trunc(apart.div_trunc(fast));
                // Both couplings are the same function; each is written so that nothing large cancels. The gain comes
                // last everywhere: a product that saturates is then refused, and not hidden by a small ratio.
                let near = difference < Wide::ONE.scale(-6);
                let coefficient = gains[n].mul_trunc(if near {
                    exp2::LN_2.mul_trunc(slow.div_trunc(asked))
                } else {
                    own.div_trunc(asked).mul_trunc(mem.div_trunc(apart))
                });
                let limit = |bits: u32| Wide::ONE.scale(bits as i32);
                let coefficient = bounded(coefficient, TRANSFER_BITS, COEFFICIENT_BITS).ok_or_else(|| {
                    let most = limit(COEFFICIENT_BITS).mul_trunc(gains[n].div_trunc(coefficient));
                    self.too_large(n, gain, gains[n].to_real_nearest(), most)
                })?;
                let ratio = mem.div_trunc(own);
                let slope = gains[n].mul_trunc(mem.div_trunc(asked));
                if ratio >= limit(RATIO_BITS) {
                    return Err(self.too_large(n, "tau_mem", self.tau_mem.value[n], own.scale(RATIO_BITS as i32)));
                }
                if slope >= limit(RATIO_BITS) {
                    let most = limit(RATIO_BITS).mul_trunc(asked.div_trunc(mem));
                    return Err(self.too_large(n, gain, gains[n].to_real_nearest(), most));
                }
                Ok(Current {
                    decay: self.decay(n, tau, taus.value[n])?,
                    coupling: if near {
                        let difference = shift_right(difference.to_bits(), 96 - exp2::RESULT_BITS, Rounding::HalfEven);
                        Transfer::Near { coefficient, difference: difference as u64 }
                    } else {
                        Transfer::Apart { coefficient }
                    },
                    slower: own > mem,
                    inhibitory,
                    slope: bracket(slope, 32),
                    bend: bend(slope, ratio),
                    peak: bracket(gains[n].mul_trunc(fast.div_trunc(asked)), TRANSFER_BITS).0,
                })
            })
            .collect()
    }
}

//! Leaky tanh units with graded output, as echo state networks use them (Jaeger, GMD Report 148, 2001; with leaky
//! integration: Jaeger et al., Neural Networks 20, 2007).
//!
//! # Equations
//! One step of unit x with the graded inputs y_j of its sources:
//!
//! ```text
//! x = x + round(leak (tanh(sum_j w_j y_j + drive) + sum_k w_k y_k - x))        y = x rounded to 16 fraction bits
//! ```
//!
//! Sources j come through kinds of synapse with kinetics `graded`, sources k through kinds with kinetics `linear`,
//! whose sum stands outside the tanh. With `activation_rule` 1 a unit sends y = tanh(x) instead. Both together are the
//! rate equation dx/dt = (-x + W tanh(x) + tanh(W_in u + b)) / tau, whose recurrence is that of Sompolinsky, Crisanti
//! and Sommers, Phys. Rev. Lett. 61 (1988), in exact steps for an input that is held.
//!
//! A unit sends an event only when y changes, and the event carries the change; so the sum over sources is kept and
//! updated, never computed anew. A network that has come to rest costs nothing.
//!
//! # Numbers
//! x has 28 fraction bits, y has 16. The sum is kept exactly, in 64 bits, and rounded to 20 fraction bits for the tanh,
//! whose error is below 2^-20, or to be added outside it. A kind of synapse with a gain parameter has its own sum,
//! multiplied once a step and rounded. Without `linear` synapses x stays within -1 to 1. With them it is cut at 8 on
//! either side and the cut counted, once for each time that it gets there: what is beyond would change y by less than
//! 2^-21. tanh(x) is that of x rounded to 20 fraction bits, to within 0.54 units of 2^-16. round is floor(x + 1/2).
//! leak is a 16-bit multiplier ([`crate::Factors`]); 1 is exact and makes x = tanh(..). Mismatch can push a leak beyond
//! 1; it then counts as 1, because a unit cannot replace more than all of its state.
//!
//! # Parameters
//! `leak`, or in its place `tau_unit`, a time constant: then the leak is 1 - exp(-step/tau_unit), and it is time
//! constants in which devices differ. Optional and 0 where the chip has none: `drive`, `activation_rule`. And the gains
//! that the chip file names for the kinds of synapse in use. All of them are those of each unit.

use crate::clocked::{Clocked, Step, StepModel};
use crate::event_core::EventCore;
use crate::layout::Lane;
use crate::parameters::Reader;
use crate::{CoreParameters, Cut, DeviceModelError, DieParameters, Digest, Emission, Factors, InputLayout, ProbeKind};
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseSign, SynapseType};
use fx::step::{tanh_q16, tanh_q20};
use fx::{Real, Rounding, Wide, math, narrow, shift_right};
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Fraction bits of a unit.
const STATE_BITS: u32 = 28;
/// Fraction bits of an output level.
pub const LEVEL_BITS: u32 = 16;
/// Fraction bits of the argument of tanh.
const ARGUMENT_BITS: u32 = 20;

/// Fraction bits of a multiplier with shift 0.
const FACTOR_BITS: i32 = 15;
/// 1 as a state.
const ONE: i32 = 1 << STATE_BITS;
/// Where a state is cut: just below 8.
const STATE_MAX: i32 = i32::MAX;

/// The drive of a unit that is always on: no other has it, and whatever arrives does not matter.
const HOT_DRIVE: i64 = i64::MAX;

/// Parameters of a core of rate units, unit by unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateParameters {
    layout: InputLayout,
    weight_exponent: u8,
    leak: Factors,
    /// 20 fraction bits.
    drive: Vec<i64>,
    /// By lane: the gain of each unit, if the kind has one.
    gains: Vec<Option<Vec<Real>>>,
    /// By lane: whether its sum is added outside the tanh.
    linear: Vec<bool>,
    /// Whether each unit sends tanh(x) and not x.
    squashed: Vec<bool>,
}

impl CoreParameters for RateParameters {
    fn lane(_core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        let inhibitory = kind.sign == SynapseSign::Inhibitory;
        match (&kind.kinetics, &kind.gain) {
            (Kinetics::Graded, None) => Some((Lane::Graded, inhibitory)),
            (Kinetics::Linear, None) => Some((Lane::Linear, inhibitory)),
            (Kinetics::Graded | Kinetics::Linear, Some(_)) => Some((Lane::ScaledGraded { kind: index }, inhibitory)),
            _ => None,
        }
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Reader::new(spec, core, die)?;
        let mut leaks = leaks(&reader)?;
        // A dead unit keeps its state, 0; a hot one goes to the end of what it can send at once, whatever arrives.
        reader.break_neurons(&mut leaks, Wide::ZERO, Wide::ONE);
        let gains = layout.lanes().iter().map(|lane| match lane {
            Lane::ScaledGraded { kind } => match &spec.synapses[usize::from(*kind)].gain {
                Some(name) => {
                    let mut gains = reader.parameter(name)?.value;
                    reader.break_neurons(&mut gains, Real::ZERO, Real::ZERO);
                    Ok(Some(gains))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        });
        let gains = gains.collect::<Result<_, DeviceModelError>>()?;
        let is_linear = |lane: &Lane| match lane {
            Lane::ScaledGraded { kind } => spec.synapses[usize::from(*kind)].kinetics == Kinetics::Linear,
            lane => *lane == Lane::Linear,
        };
        let linear = layout.lanes().iter().map(is_linear).collect();
        let squashed = reader.whole("activation_rule")?.into_iter().map(|rule| rule == 1).collect();
        let drive = reader.parameter("drive")?.value;
        let bits = |value: Real| shift_right(value.to_bits(), Real::FRACTION_BITS - ARGUMENT_BITS, Rounding::HalfEven);
        let mut drive: Vec<i64> = drive.into_iter().map(bits).collect();
        reader.break_neurons(&mut drive, 0, HOT_DRIVE);
        Ok(Self {
            weight_exponent: core.weight_exponent,
            leak: Factors::new(&leaks, layout.stride()).expect("leaks lie between 0 and 1"),
            drive,
            gains,
            linear,
            squashed,
            layout,
        })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.push(u64::from(self.weight_exponent) << 32 | self.leak.shift() as u32 as u64);
        for mantissa in self.leak.mantissas() {
            digest.push(*mantissa as u64);
        }
        for value in self.gains.iter().flatten().flatten().map(|g| g.to_bits()).chain(self.drive.iter().copied()) {
            digest.push(value as u64);
        }
        // Words that cores without either do not have.
        if self.linear.contains(&true) || self.squashed.contains(&true) {
            self.linear.iter().chain(&self.squashed).for_each(|one| digest.push(u64::from(*one)));
        }
        digest.value()
    }
}

/// What share of its state each unit replaces in a step.
fn leaks(reader: &Reader<'_>) -> Result<Vec<Wide>, DeviceModelError> {
    if reader.spec.parameters.contains_key("tau_unit") {
        let (step, tau) = (reader.step()?, reader.parameter("tau_unit")?.value);
        let leak = |tau: Real| Wide::from_fraction(math::one_minus_exp_neg_ratio(step, tau));
        return Ok(tau.into_iter().map(leak).collect());
    }
    let leak = reader.parameter("leak")?.value;
    Ok(leak.into_iter().map(|leak| Wide::from_real(leak.min(Real::ONE))).collect())
}

impl RateParameters {
    /// Weights are shifted left by this many bits.
    pub const fn weight_exponent(&self) -> u8 {
        self.weight_exponent
    }

    /// What part of the state is replaced in a step.
    pub const fn leak(&self) -> &Factors {
        &self.leak
    }

    /// Constant part of the argument of tanh, with 20 fraction bits.
    pub fn drive(&self) -> &[i64] {
        &self.drive
    }

    /// By lane, the gains of the units; `None` for the lane of kinds without gain.
    pub fn gains(&self) -> &[Option<Vec<Real>>] {
        &self.gains
    }

    /// Whether each unit sends tanh(x) and not x.
    pub fn squashed(&self) -> &[bool] {
        &self.squashed
    }

    /// What unit `n` is drawn to, with the fraction bits of a state.
    fn target(&self, sums: &[i64], n: usize) -> i128 {
        if self.drive[n] == HOT_DRIVE {
            return if self.squashed[n] { STATE_MAX } else { ONE }.into();
        }
        // A weight has 20 fraction bits, a level 16: shifting by 16 - exponent leaves 20.
        let shift = i32::from(self.weight_exponent) - LEVEL_BITS as i32;
        let (mut argument, mut outside) = (i128::from(self.drive[n]), 0);
        for (lane, (gain, linear)) in self.gains.iter().zip(&self.linear).enumerate() {
            let raw = i128::from(sums[lane * self.layout.stride() + n]);
            let input = if shift < 0 { shift_right(raw, shift.unsigned_abs(), Rounding::HalfUp) } else { raw << shift };
            *(if *linear { &mut outside } else { &mut argument }) += match gain {
                Some(gain) => shift_right(input * i128::from(gain[n].to_bits()), Real::FRACTION_BITS, Rounding::HalfUp),
                None => input,
            };
        }
        (i128::from(tanh_q20(narrow(argument))) + outside) << (STATE_BITS - ARGUMENT_BITS)
    }

    /// The largest state.
    fn state_max(&self) -> i32 {
        if self.linear.contains(&true) || self.squashed.contains(&true) { STATE_MAX } else { ONE }
    }

    /// What unit `n` sends in state `x`, with [`LEVEL_BITS`] fraction bits.
    fn level(&self, n: usize, x: i32) -> i32 {
        if self.squashed[n] {
            tanh_q16(shift_right(x, STATE_BITS - ARGUMENT_BITS, Rounding::HalfUp))
        } else {
            shift_right(x, STATE_BITS - LEVEL_BITS, Rounding::HalfUp)
        }
    }
}

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Rate;

/// A core of rate units.
pub type RateCore = Clocked<Rate>;

/// The units of a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateState {
    /// 28 fraction bits; from -8 to 8.
    pub x: Vec<i32>,
}

impl StepModel for Rate {
    /// The sums are of weight times level, and an event carries a change of the level.
    const KEEPS_SUMS: bool = true;

    type Sum = i64;
    type Parameters = RateParameters;
    type State = RateState;
    type Saved = RateState;

    fn initial(parameters: &RateParameters) -> RateState {
        RateState { x: vec![0; parameters.layout.neuron_count()] }
    }

    fn reset(_parameters: &RateParameters, units: &mut RateState) {
        units.x.fill(0);
    }

    #[inline(always)]
    fn step(parameters: &RateParameters, units: &mut RateState, step: Step<'_, i64>) -> bool {
        let mut changed = step.touched;
        let shift = (FACTOR_BITS + parameters.leak.shift()) as u32;
        for (n, x) in units.x.iter_mut().enumerate() {
            let old = *x;
            let missing = parameters.target(step.sums, n) - i128::from(old);
            let part = shift_right(missing * i128::from(parameters.leak.mantissas()[n]), shift, Rounding::HalfUp);
            let exact = i128::from(old) + part;
            let new = exact.clamp(-i128::from(STATE_MAX), STATE_MAX.into());
            let cut = new != exact;
            let new = new as i32;
            if new == old {
                continue;
            }
            *x = new;
            changed = true;
            // A state that stays at an end was cut when it came there: a core whose units all rest sleeps.
            step.saturations.add(u64::from(cut), || Cut::state(n, 0));
            let (value, before) = (parameters.level(n, new), parameters.level(n, old));
            if value != before {
                let neuron = NeuronId(n as u16);
                step.emissions.push(Emission { neuron, value, payload: value - before });
            }
        }
        changed
    }

    /// The state of a unit and its output level.
    fn probes(_parameters: &RateParameters, _spec: &ChipSpec) -> Vec<ProbeKind> {
        vec![ProbeKind::new("x", "1", STATE_BITS), ProbeKind::new("y", "1", LEVEL_BITS)]
    }

    fn probe(core: &RateCore, index: usize, neuron: usize) -> i64 {
        let x = core.state().x[neuron];
        i64::from(match index {
            0 => x,
            1 => core.parameters().level(neuron, x),
            _ => panic!("quantity {index} of a rate unit, which has 2"),
        })
    }

    fn save(_parameters: &RateParameters, units: &RateState) -> RateState {
        units.clone()
    }

    fn fits(parameters: &RateParameters, saved: &RateState) -> bool {
        let most = parameters.state_max().unsigned_abs();
        saved.x.len() == parameters.layout.neuron_count() && saved.x.iter().all(|x| x.unsigned_abs() <= most)
    }

    fn load(_parameters: &RateParameters, units: &mut RateState, saved: &RateState) {
        units.x.copy_from_slice(&saved.x);
    }

    fn digest_neurons(units: &RateState, digest: &mut Digest) {
        units.x.iter().for_each(|x| digest.push(*x as u64));
    }
}

#[cfg(test)]
mod tests;

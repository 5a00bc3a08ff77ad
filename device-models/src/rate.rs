//! Leaky tanh units with graded output, as echo state networks use them (Jaeger, GMD Report 148, 2001; with leaky
//! integration: Jaeger et al., Neural Networks 20, 2007).
//!
//! # Equations
//! One step of unit x with the graded inputs y_j of its sources:
//!
//! ```text
//! x = x + round(leak (tanh(sum_j w_j y_j + drive) - x))        y = x rounded to 16 fraction bits
//! ```
//!
//! A unit sends an event only when y changes, and the event carries the change; so the sum over sources is kept and
//! updated, never computed anew. A network that has come to rest costs nothing.
//!
//! # Numbers
//! x has 28 fraction bits, y has 16. The sum is kept exactly, in 64 bits, and rounded to 20 fraction bits for the tanh,
//! whose error is below 2^-20. A kind of synapse with a gain parameter has its own sum, multiplied once a step and
//! rounded. round is floor(x + 1/2). leak is a 16-bit multiplier ([`crate::Factors`]); 1 is exact and makes x =
//! tanh(..). Mismatch can push a leak beyond 1; it then counts as 1, because a unit cannot replace more than all of its
//! state.
//!
//! # Parameters
//! `leak`; optional and 0 where the chip has none: `drive`; and the gains that the chip file names for the kinds of
//! synapse in use.

use crate::layout::Lane;
use crate::parameters::Reader;
use crate::{
    CoreState, DeviceModelError, DieParameters, Digest, Emission, Factors, InputLayout, PackedSynapse, ProbeKind,
};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram};
use fx::step::{mul_shift, tanh_q20};
use fx::{Real, Rounding, Wide, narrow, shift_right};
use units::NeuronId;

/// Fraction bits of a unit.
const STATE_BITS: u32 = 28;
/// Fraction bits of an output level.
pub const LEVEL_BITS: u32 = 16;
/// Fraction bits of the argument of tanh.
const ARGUMENT_BITS: u32 = 20;

/// The drive of a unit that is always on: more than its inputs can take back, so that the argument is cut at its upper
/// end. The inputs without gain stay below 2^60 in these units, and such a unit has no others.
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
}

impl RateParameters {
    /// The parameters of `core` on a die.
    ///
    /// # Errors
    /// See [`DeviceModelError`]: a parameter is missing, unknown, out of the chip's range, or impossible after
    /// mismatch.
    pub fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Reader { spec, core, die };
        reader.check_names()?;
        reader.check_weight_exponent()?;
        let leak = reader.positive("leak")?;
        if let Some(n) = leak.asked.iter().position(|l| *l > Real::ONE) {
            return Err(DeviceModelError::TooLarge {
                target: reader.neuron(n),
                parameter: "leak".to_string(),
                value: leak.asked[n],
                limit: Real::ONE,
            });
        }
        let mut leaks: Vec<Wide> = leak.value.iter().map(|l| Wide::from_real((*l).min(Real::ONE))).collect();
        // A dead unit keeps its state, 0; a hot one goes to 1 at once, whatever arrives.
        reader.break_neurons(&mut leaks, Wide::ZERO, Wide::ONE);
        let gains = layout.lanes().iter().map(|lane| match lane {
            Lane::ScaledGraded { kind } => match &spec.synapses[usize::from(*kind)].gain {
                Some(name) => {
                    let mut gains = reader.positive(name)?.value;
                    reader.break_neurons(&mut gains, Real::ZERO, Real::ZERO);
                    Ok(Some(gains))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        });
        let gains = gains.collect::<Result<_, DeviceModelError>>()?;
        let drive = reader.optional("drive")?.value;
        let bits = |value: Real| shift_right(value.to_bits(), Real::FRACTION_BITS - ARGUMENT_BITS, Rounding::HalfEven);
        let mut drive: Vec<i64> = drive.into_iter().map(bits).collect();
        reader.break_neurons(&mut drive, 0, HOT_DRIVE);
        Ok(Self {
            weight_exponent: core.weight_exponent,
            leak: Factors::new(&leaks, layout.stride()).expect("leaks lie between 0 and 1"),
            drive,
            gains,
            layout,
        })
    }

    /// The sums of the core.
    pub const fn layout(&self) -> &InputLayout {
        &self.layout
    }

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

    /// Hash of all parameters.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.push(u64::from(self.weight_exponent) << 32 | self.leak.shift() as u32 as u64);
        for mantissa in self.leak.mantissas() {
            digest.push(*mantissa as u64);
        }
        for value in self.gains.iter().flatten().flatten().map(|g| g.to_bits()).chain(self.drive.iter().copied()) {
            digest.push(value as u64);
        }
        digest.value()
    }
}

/// A core of rate units: parameters and state.
#[derive(Clone, Debug)]
pub struct RateCore {
    parameters: RateParameters,
    x: Vec<i32>,
    /// Sums of weight times level, one array a lane; they stay from step to step.
    sums: Vec<i64>,
    /// Something arrived since the last step.
    touched: bool,
    awake: bool,
    emissions: Vec<Emission>,
}

impl RateCore {
    /// A core with all units and inputs at 0.
    pub fn new(parameters: RateParameters) -> Self {
        let (stride, count) = (parameters.layout.stride(), parameters.layout.neuron_count());
        Self {
            x: vec![0; count],
            sums: vec![0; stride * parameters.layout.lanes().len()],
            touched: false,
            awake: true,
            emissions: Vec::with_capacity(count),
            parameters,
        }
    }

    /// Its parameters.
    pub const fn parameters(&self) -> &RateParameters {
        &self.parameters
    }

    /// All units and inputs back to 0.
    pub fn reset(&mut self) {
        self.x.fill(0);
        self.sums.fill(0);
        self.touched = false;
        self.awake = true;
    }

    /// Changes the sums of the units in `row` by the weight times `change`, the change of a level.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], change: i32) {
        self.touched = true;
        let change = i64::from(change);
        for synapse in row {
            self.sums[synapse.target()] += i64::from(synapse.weight()) * change;
        }
    }

    /// Advances every unit by one step and returns the changes of output levels.
    pub fn advance(&mut self) -> &[Emission] {
        self.emissions.clear();
        let mut changed = core::mem::take(&mut self.touched);
        let shift = self.parameters.leak.shift() as u32;
        for n in 0..self.x.len() {
            let target = tanh_q20(self.argument(n)) << (STATE_BITS - ARGUMENT_BITS);
            let old = self.x[n];
            let new = old + mul_shift(target - old, self.parameters.leak.mantissas()[n], shift);
            self.x[n] = new;
            changed |= new != old;
            let (value, before) = (level(new), level(old));
            if value != before {
                let neuron = NeuronId(n as u16);
                self.emissions.push(Emission { neuron, value, payload: value - before });
            }
        }
        self.awake = changed;
        &self.emissions
    }

    /// The argument of tanh of unit `n`, with 20 fraction bits.
    fn argument(&self, n: usize) -> i32 {
        let p = &self.parameters;
        // A weight has 20 fraction bits, a level 16: shifting by 16 - exponent leaves 20.
        let shift = i32::from(p.weight_exponent) - LEVEL_BITS as i32;
        let mut sum = i128::from(p.drive[n]);
        for (lane, gain) in p.gains.iter().enumerate() {
            let raw = i128::from(self.sums[lane * p.layout.stride() + n]);
            let input = if shift < 0 { shift_right(raw, shift.unsigned_abs(), Rounding::HalfUp) } else { raw << shift };
            sum += match gain {
                Some(gain) => shift_right(input * i128::from(gain[n].to_bits()), Real::FRACTION_BITS, Rounding::HalfUp),
                None => input,
            };
        }
        narrow(sum)
    }

    /// Whether another step without input could change the state.
    #[inline]
    pub const fn is_awake(&self) -> bool {
        self.awake
    }

    /// State of a unit, as bits with 28 fraction bits.
    pub fn state(&self, neuron: NeuronId) -> i32 {
        self.x[neuron.index()]
    }

    /// Output level of a unit, as bits with 16 fraction bits.
    pub fn level(&self, neuron: NeuronId) -> i32 {
        level(self.x[neuron.index()])
    }

    /// What can be read of a unit: its state and its output level.
    pub fn probes(&self) -> Vec<ProbeKind> {
        vec![ProbeKind::new("x", "1", STATE_BITS), ProbeKind::new("y", "1", LEVEL_BITS)]
    }

    /// Quantity `index` (in the order of [`RateCore::probes`]) of a unit.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that unit.
    pub fn probe(&self, index: usize, neuron: NeuronId) -> i64 {
        i64::from(match index {
            0 => self.state(neuron),
            1 => self.level(neuron),
            _ => panic!("quantity {index} of a rate unit, which has 2"),
        })
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        for value in self.x.iter().map(|x| i64::from(*x)).chain(self.sums.iter().copied()) {
            digest.push(value as u64);
        }
        if self.touched {
            digest.push(1);
        }
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        let (count, stride) = (self.x.len(), self.parameters.layout.stride());
        CoreState::Rate {
            x: self.x.clone(),
            sums: self.sums.chunks_exact(stride).map(|lane| lane[..count].to_vec()).collect(),
            touched: self.touched,
            awake: self.awake,
        }
    }

    /// Whether something arrived since the last step.
    #[inline]
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core: wrong lengths, or a
    /// number that no run could have made.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let CoreState::Rate { x, sums, touched, awake } = state else { return false };
        let (count, stride) = (self.x.len(), self.parameters.layout.stride());
        let fits = x.len() == count
            && sums.len() * stride == self.sums.len()
            && sums.iter().all(|lane| lane.len() == count)
            && x.iter().all(|x| x.unsigned_abs() <= 1 << STATE_BITS)
            && sums.iter().flatten().all(|s| s.unsigned_abs() < 1 << 56);
        if fits {
            self.reset();
            self.x.copy_from_slice(x);
            for (lane, saved) in self.sums.chunks_exact_mut(stride).zip(sums) {
                lane[..count].copy_from_slice(saved);
            }
            self.touched = *touched;
            self.awake = *awake;
        }
        fits
    }
}

/// The output of a unit: rounded to 16 fraction bits, halves up.
const fn level(x: i32) -> i32 {
    const CUT: u32 = STATE_BITS - LEVEL_BITS;
    (x + (1 << (CUT - 1))) >> CUT
}

#[cfg(test)]
mod tests;

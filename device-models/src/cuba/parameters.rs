//! The parameters of a core of neurons of a trained net: from the chip, a program and a die.

use super::NUMBER_BITS;
use crate::parameters::Reader;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, InputLayout, Lane, slices};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseSign, SynapseType};
use fx::Real;

/// When the reset of a spike takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTime {
    /// In the step of the spike.
    Same,
    /// In the next step, after its input.
    Next,
    /// In the next step, before its input.
    NextBefore,
    /// In the step of the spike, and once more ahead of the next comparison where a voltage is still a spike.
    Ahead,
}

/// What a neuron sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Its spikes.
    Spikes,
    /// Its voltage in every step; it never spikes.
    Number,
    /// Nothing; it never spikes.
    Nothing,
}

/// The rules of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CubaRules {
    /// Whether a spike subtracts the threshold instead of setting the voltage.
    pub subtracts: bool,
    /// When.
    pub reset_time: ResetTime,
    /// Whether no voltage is below minus the threshold.
    pub floor: bool,
    /// Whether the current of the step before drives the voltage.
    pub old_current: bool,
    /// Whether spikes step the voltage ahead of its leak, and only numbers go through the current.
    pub steps_voltage: bool,
    /// What is sent.
    pub output: Output,
}

impl CubaRules {
    /// All of them as one number.
    fn word(self) -> u64 {
        // Those of before the first release keep their word.
        let flags = [self.steps_voltage, self.subtracts, self.floor, self.old_current];
        let flags = flags.iter().fold(0, |word, flag| word << 1 | u64::from(*flag));
        flags << 4 | (self.reset_time as u64) << 2 | self.output as u64
    }
}

/// Parameters of a neuron, in units of 2^-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CubaNeuron {
    /// What is left of the current after a step, 0 to 1.
    pub keep_current: i64,
    /// Factor of what arrives.
    pub gain_current: i64,
    /// What is left of the voltage after a step, 0 to 1.
    pub keep_voltage: i64,
    /// Factor of the current.
    pub gain_voltage: i64,
    /// What a reset subtracts.
    pub threshold: i64,
    /// A voltage above it is a spike: the threshold, or one unit below it if a voltage at the threshold is a spike too;
    /// an end of 64 bits for a broken neuron.
    pub level: i64,
    /// What arrives in every step besides.
    pub bias: i64,
    /// What arrives besides after the first `late_steps` steps.
    pub bias_late: i64,
    /// See `bias_late`.
    pub late_steps: u32,
    /// What the current gets in every step.
    pub rest_current: i64,
    /// What the voltage gets in every step.
    pub rest_voltage: i64,
    /// Where a reset sets the voltage.
    pub reset: i64,
    /// Voltage before the first step.
    pub initial_voltage: i64,
    /// Current before the first step.
    pub initial_current: i64,
    /// Spikes that a step can have besides the first.
    pub more_spikes: i32,
    /// Its rules.
    pub rules: CubaRules,
}

/// Parameters of a core, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CubaParameters {
    layout: InputLayout,
    /// By lane: sums are shifted left by this many bits, and whether they are sums of numbers.
    lanes: Vec<(u32, bool)>,
    neurons: Vec<CubaNeuron>,
    /// Steps after which biases stay the same; at least 1, so that a state says whether a step is over.
    settled: u32,
    scale: i32,
    phase: u64,
}

impl CoreParameters for CubaParameters {
    fn lane(_core: &CoreProgram, _index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        let negate = kind.sign == SynapseSign::Inhibitory;
        match (&kind.kinetics, &kind.gain) {
            (&Kinetics::Slice { shift }, None) if shift <= slices::SHIFT_MAX => Some((Lane::Slice { shift }, negate)),
            (&Kinetics::Number { shift }, None) if shift <= slices::SHIFT_MAX => Some((Lane::Number { shift }, negate)),
            _ => None,
        }
    }

    fn takes_messages(lane: Lane) -> bool {
        matches!(lane, Lane::Number { .. })
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Reader::new(spec, core, die)?;
        let bits = |values: Vec<Real>| -> Vec<i64> { values.into_iter().map(Real::to_bits).collect() };
        let read = |name: &str| Ok::<_, DeviceModelError>(bits(reader.parameter(name)?.value));
        let keep = |name: &str| {
            let values = reader.parameter(name)?.value;
            Ok::<_, DeviceModelError>(bits(values.into_iter().map(|keep| keep.clamp(Real::ZERO, Real::ONE)).collect()))
        };
        let (keep_current, mut keep_voltage) = (keep("keep_current")?, keep("keep_voltage")?);
        let (gain_current, mut gain_voltage) = (read("gain_current")?, read("gain_voltage")?);
        let leak_rule = reader.whole("leak_rule")?;
        if leak_rule.contains(&1) {
            let (step, taus) = (reader.step()?, reader.parameter("tau_leak")?.value);
            for (n, tau) in taus.into_iter().enumerate().filter(|(n, _)| leak_rule[*n] == 1) {
                // A time constant below a step leaks all.
                let d = step.div_nearest(tau).min(Real::ONE);
                (keep_voltage[n], gain_voltage[n]) = (Real::ONE.sub_sat(d).to_bits(), d.to_bits());
            }
        }
        let threshold = bits(reader.threshold("v_threshold")?.value);
        let fires_at = reader.whole("fires_at")?;
        let mut level: Vec<i64> =
            threshold.iter().zip(&fires_at).map(|(level, at)| level.saturating_sub((*at).into())).collect();
        reader.break_neurons(&mut level, i64::MAX, i64::MIN);
        let (bias, bias_late) = (read("bias")?, read("bias_late")?);
        let (rest_current, rest_voltage) = (read("rest_current")?, read("rest_voltage")?);
        let (reset, initial_voltage) = (read("v_reset")?, read("v_initial")?);
        let initial_current = read("i_initial")?;
        let (late_steps, more_spikes) = (reader.whole("late_steps")?, reader.whole("more_spikes")?);
        let (reset_rule, reset_time) = (reader.whole("reset_rule")?, reader.whole("reset_time")?);
        let (floor, current) = (reader.whole("floor_rule")?, reader.whole("current_rule")?);
        let output = reader.whole("output_rule")?;
        let rules = |n: usize| CubaRules {
            subtracts: reset_rule[n] == 1,
            reset_time: match reset_time[n] {
                0 => ResetTime::Same,
                1 => ResetTime::Next,
                2 => ResetTime::NextBefore,
                _ => ResetTime::Ahead,
            },
            floor: floor[n] == 1,
            old_current: current[n] == 1,
            steps_voltage: leak_rule[n] == 1,
            output: match output[n] {
                0 => Output::Spikes,
                1 => Output::Number,
                _ => Output::Nothing,
            },
        };
        let neuron = |n: usize| CubaNeuron {
            keep_current: keep_current[n],
            gain_current: gain_current[n],
            keep_voltage: keep_voltage[n],
            gain_voltage: gain_voltage[n],
            threshold: threshold[n],
            level: level[n],
            bias: bias[n],
            bias_late: bias_late[n],
            late_steps: late_steps[n].unsigned_abs(),
            rest_current: rest_current[n],
            rest_voltage: rest_voltage[n],
            reset: reset[n],
            initial_voltage: initial_voltage[n],
            initial_current: initial_current[n],
            more_spikes: more_spikes[n],
            rules: rules(n),
        };
        let lane = |lane: &Lane| match lane {
            Lane::Slice { shift } => (u32::from(*shift) + u32::from(core.weight_exponent), false),
            Lane::Number { shift } => (u32::from(*shift) + u32::from(core.weight_exponent), true),
            _ => unreachable!("the layout of such a core has slices and numbers only"),
        };
        let neurons: Vec<CubaNeuron> = (0..layout.neuron_count()).map(neuron).collect();
        let late = neurons.iter().filter(|n| n.bias_late != 0).map(|n| n.late_steps);
        Ok(Self {
            settled: late.max().unwrap_or(0).max(1),
            scale: reader.whole("scale")?.first().copied().unwrap_or(0),
            phase: reader.whole("phase")?.first().map_or(0, |phase| phase.unsigned_abs().into()),
            lanes: layout.lanes().iter().map(lane).collect(),
            neurons,
            layout,
        })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn phase(&self) -> u64 {
        self.phase
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.lanes.iter().for_each(|(shift, numbers)| digest.push(u64::from(*shift) << 1 | u64::from(*numbers)));
        digest.push(self.phase);
        digest.push(self.scale as u64);
        for n in &self.neurons {
            let factors = [n.keep_current, n.gain_current, n.keep_voltage, n.gain_voltage];
            let levels = [n.threshold, n.level, n.reset, n.initial_voltage, n.initial_current];
            let inputs = [n.bias, n.bias_late, n.rest_current, n.rest_voltage];
            factors.into_iter().chain(levels).chain(inputs).for_each(|value| digest.push(value as u64));
            digest.push(u64::from(n.late_steps) << 32 | n.more_spikes as u64);
            digest.push(n.rules.word());
        }
        digest.value()
    }
}

impl CubaParameters {
    /// The neurons in use.
    pub fn neurons(&self) -> &[CubaNeuron] {
        &self.neurons
    }

    /// Steps after which biases stay the same.
    pub(super) const fn settled(&self) -> u32 {
        self.settled
    }

    /// The states of the core are levels of the net times 2 to this.
    pub const fn scale(&self) -> i32 {
        self.scale
    }

    /// Whether a lane sums numbers.
    pub(super) fn takes_numbers(&self, lane: usize) -> bool {
        self.lanes.get(lane).is_some_and(|(_, numbers)| *numbers)
    }

    /// What arrived at neuron `n` as spikes and as numbers, in units of 2^-32; `sums` has a lane a
    /// slice.
    pub(super) fn arrived(&self, sums: &[i64], n: usize) -> [i128; 2] {
        let stride = self.layout.stride();
        let mut lanes = self.lanes.iter().enumerate();
        let (mut plain, mut numbers) = (0i128, 0i128);
        for (lane, (shift, is_number)) in &mut lanes {
            // At most 2^63 and a shift of 48 and 20.
            let (sum, total) =
                (i128::from(sums[lane * stride + n]), if *is_number { &mut numbers } else { &mut plain });
            *total = total.saturating_add(sum.checked_mul(1 << shift).unwrap_or(if sum < 0 {
                i128::MIN
            } else {
                i128::MAX
            }));
        }
        let numbers = (numbers.saturating_add(1 << (NUMBER_BITS - 1))) >> NUMBER_BITS;
        [plain, numbers]
    }
}

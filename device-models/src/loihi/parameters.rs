//! Parameters of the neurons of a core: what is asked for, the check of it, and the numbers that a step reads.

use super::error::LoihiError;
use super::noise::{Noise, NoiseSettings};
use super::rules::{
    BiasRule, DecayRule, LoihiRules, RefractoryRule, RegisterRule, ResetRule, ThresholdRule, VoltageRule,
};
use alloc::vec;
use alloc::vec::Vec;

/// When a neuron spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold<'a> {
    /// +1 if the voltage is above.
    Binary(&'a [i32]),
    /// +1 if the voltage is above `high`, -1 if it is below `low`; both reset it.
    Ternary {
        /// Upper thresholds.
        high: &'a [i32],
        /// Lower thresholds, none above its upper one.
        low: &'a [i32],
    },
}

/// Constant input of each neuron, in the form that the rules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias<'a> {
    /// For [`BiasRule::Scaled`].
    Scaled(&'a [i32]),
    /// For [`BiasRule::MantissaExponent`]; exponents from -31 to 31.
    MantissaExponent {
        /// Mantissas.
        mantissa: &'a [i32],
        /// Exponents.
        exponent: &'a [i32],
    },
}

/// A reset of all neurons at regular intervals: before every step t (counted from 1) with
/// `t mod interval == offset mod interval`, u = v = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodicReset {
    /// Steps between two resets, at least 1.
    pub interval: u64,
    /// Shift of the first one.
    pub offset: u64,
}

/// What the neurons of a core are asked to be. Every list has one value per neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronSettings<'a> {
    /// Decay of the current, 12 bits.
    pub decay_u: &'a [i32],
    /// Decay of the voltage, 12 bits.
    pub decay_v: &'a [i32],
    /// Thresholds, before the shift of the rules.
    pub threshold: Threshold<'a>,
    /// Constant input.
    pub bias: Bias<'a>,
    /// Refractory periods in steps, 0 to 65535 (the chip has 1 to 63); 0 acts like 1.
    pub refractory: &'a [i32],
    /// `vmin` and `vmax` of the core, for [`VoltageRule::CoreLimits`].
    pub voltage_limits: Option<(i32, i32)>,
    /// Noise, if there is any.
    pub noise: Option<NoiseSettings<'a>>,
    /// A periodic reset, if there is one.
    pub reset: Option<PeriodicReset>,
}

/// A wrapping rule as numbers, so that the loops need no branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrap {
    shift: u32,
    high: i32,
    low: i32,
    span: i32,
}

impl Wrap {
    fn new(rule: RegisterRule) -> Result<Self, LoihiError> {
        let none = Wrap { shift: 0, high: i32::MAX, low: i32::MIN, span: 0 };
        let (RegisterRule::WrapOnce { bits } | RegisterRule::Modulo { bits }) = rule else {
            return Ok(none);
        };
        check_width(bits)?;
        Ok(match rule {
            RegisterRule::Modulo { .. } => Wrap { shift: 32 - u32::from(bits), ..none },
            _ => {
                let half = 1i32 << (bits - 1);
                // 2^31 is -2^31 in 32 bits, which the wrapping sums below add all the same.
                Wrap { shift: 0, high: half, low: -half, span: half.wrapping_mul(2) }
            }
        })
    }

    #[inline(always)]
    pub(super) fn apply(self, x: i32) -> i32 {
        let down = -i32::from(x > self.high) & self.span;
        let up = -i32::from(x <= self.low) & self.span;
        let turned = x.wrapping_sub(down).wrapping_add(up);
        turned.wrapping_shl(self.shift).wrapping_shr(self.shift)
    }
}

fn check_width(bits: u8) -> Result<(), LoihiError> {
    match bits {
        2..=31 => Ok(()),
        _ => Err(LoihiError::Setting { parameter: "register width", value: bits.into(), least: 2, most: 31 }),
    }
}

/// The neurons of a core, checked and scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoihiParameters {
    pub(super) accumulator_shift: u32,
    pub(super) accumulator: Wrap,
    pub(super) current: Wrap,
    pub(super) biased_current: Wrap,
    pub(super) voltage_floor: i32,
    pub(super) voltage_ceiling: i32,
    pub(super) voltage_saturates: bool,
    pub(super) kept_u: Vec<u32>,
    pub(super) kept_v: Vec<u32>,
    pub(super) high: Vec<i32>,
    pub(super) low: Vec<i32>,
    pub(super) bias: Vec<i32>,
    /// Steps that follow a spike, 0 where the rules have no refractory period.
    pub(super) refractory: Vec<i32>,
    /// The period as it was asked for, which the probe of the chip shows.
    pub(super) period: Vec<i32>,
    /// A spike takes the threshold from the voltage instead of clearing it.
    pub(super) subtracts: bool,
    /// 1 if a voltage equal to its threshold spikes: `high` and `low` are then one less and one more than asked for, so
    /// that one comparison serves both rules.
    pub(super) equals: i32,
    pub(super) noise: Option<Noise>,
    pub(super) reset: Option<PeriodicReset>,
}

impl LoihiParameters {
    /// Checks and scales the parameters of a core. The number of neurons is the length of `decay_u`.
    ///
    /// # Errors
    /// [`LoihiError`] if a list has another length, or a value does not fit its register: decays beyond 12 bits,
    /// thresholds beyond 32 bits after their shift, refractory periods beyond 16 bits, `vmin` above `vmax`, a lower
    /// threshold above the upper one.
    pub fn new(rules: &LoihiRules, settings: &NeuronSettings<'_>) -> Result<Self, LoihiError> {
        let neurons = settings.decay_u.len();
        let (voltage_floor, voltage_ceiling) = voltage_range(rules, settings)?;
        let (high, low) = match settings.threshold {
            Threshold::Binary(high) => (scaled_thresholds("vth", high, neurons, rules)?, vec![i32::MIN; neurons]),
            Threshold::Ternary { high, low } => {
                let high = scaled_thresholds("vth_hi", high, neurons, rules)?;
                (high, scaled_thresholds("vth_lo", low, neurons, rules)?)
            }
        };
        for (neuron, (&low, &high)) in low.iter().zip(&high).enumerate() {
            if low > high {
                let (value, most) = (i64::from(low >> rules.threshold_shift), i64::from(high >> rules.threshold_shift));
                let least = i64::from(i32::MIN >> rules.threshold_shift);
                return Err(LoihiError::Parameter { neuron, parameter: "vth_lo", value, least, most });
            }
        }
        let equals = i32::from(rules.threshold == ThresholdRule::AtOrAbove);
        let ternary = matches!(settings.threshold, Threshold::Ternary { .. });
        let high = high.iter().map(|high| high.saturating_sub(equals)).collect();
        let low = low.iter().map(|low| low.saturating_add(equals * i32::from(ternary))).collect();
        let period = checked("refractory period", settings.refractory, neurons, 0, i32::from(u16::MAX))?;
        if settings.reset.is_some_and(|reset| reset.interval == 0) {
            let most = i64::MAX;
            return Err(LoihiError::Setting { parameter: "reset interval", value: 0, least: 1, most });
        }
        Ok(LoihiParameters {
            accumulator_shift: u32::from(rules.accumulator_shift.min(31)),
            accumulator: Wrap::new(rules.accumulator)?,
            current: Wrap::new(rules.current)?,
            biased_current: Wrap::new(rules.biased_current)?,
            voltage_floor,
            voltage_ceiling,
            voltage_saturates: matches!(rules.voltage, VoltageRule::Symmetric { .. }),
            kept_u: kept("decay_u", settings.decay_u, neurons, rules.current_decay)?,
            kept_v: kept("decay_v", settings.decay_v, neurons, rules.voltage_decay)?,
            high,
            low,
            bias: scaled_bias(rules, settings.bias, neurons)?,
            refractory: match rules.refractory {
                RefractoryRule::None => vec![0; neurons],
                RefractoryRule::HoldVoltage => period.clone(),
            },
            period,
            subtracts: rules.reset == ResetRule::Subtract,
            equals,
            noise: settings.noise.map_or(Ok(None), |noise| Noise::new(&noise, neurons))?,
            reset: settings.reset,
        })
    }

    /// Neurons of the core.
    pub fn neurons(&self) -> usize {
        self.kept_u.len()
    }

    /// True if a step needs draws of noise.
    pub fn has_noise(&self) -> bool {
        self.noise.is_some()
    }

    /// Constant input of each neuron, as it is added in each step.
    pub fn bias(&self) -> &[i32] {
        &self.bias
    }

    /// The same, to be changed while the core runs; a sleeping core must be woken afterwards.
    pub fn bias_mut(&mut self) -> &mut [i32] {
        &mut self.bias
    }
}

fn checked(
    parameter: &'static str,
    values: &[i32],
    neurons: usize,
    least: i32,
    most: i32,
) -> Result<Vec<i32>, LoihiError> {
    if values.len() != neurons {
        return Err(LoihiError::Length { parameter, found: values.len(), neurons });
    }
    match values.iter().position(|value| !(least..=most).contains(value)) {
        Some(neuron) => Err(LoihiError::Parameter {
            neuron,
            parameter,
            value: values[neuron].into(),
            least: least.into(),
            most: most.into(),
        }),
        None => Ok(values.to_vec()),
    }
}

fn kept(parameter: &'static str, values: &[i32], neurons: usize, rule: DecayRule) -> Result<Vec<u32>, LoihiError> {
    let most = i32::from(rule.largest.min(rule.unity.saturating_sub(rule.offset)));
    let values = checked(parameter, values, neurons, 0, most)?;
    Ok(values.iter().map(|&decay| u32::from(rule.kept(decay).unwrap_or(0))).collect())
}

fn scaled_thresholds(
    parameter: &'static str,
    values: &[i32],
    neurons: usize,
    rules: &LoihiRules,
) -> Result<Vec<i32>, LoihiError> {
    let shift = u32::from(rules.threshold_shift.min(31));
    let values = checked(parameter, values, neurons, i32::MIN >> shift, i32::MAX >> shift)?;
    Ok(values.iter().map(|value| value << shift).collect())
}

fn scaled_bias(rules: &LoihiRules, bias: Bias<'_>, neurons: usize) -> Result<Vec<i32>, LoihiError> {
    match (rules.bias, bias) {
        (BiasRule::Scaled, Bias::Scaled(values)) => checked("bias", values, neurons, i32::MIN, i32::MAX),
        (BiasRule::MantissaExponent, Bias::MantissaExponent { mantissa, exponent }) => {
            let mantissa = checked("bias_mant", mantissa, neurons, i32::MIN, i32::MAX)?;
            let exponent = checked("bias_exp", exponent, neurons, -31, 31)?;
            let scale = |(&m, &e): (&i32, &i32)| if e >= 0 { m.wrapping_shl(e as u32) } else { m >> -e };
            Ok(mantissa.iter().zip(&exponent).map(scale).collect())
        }
        (BiasRule::Scaled, _) => Err(LoihiError::Form { parameter: "bias", expected: "one scaled number" }),
        (BiasRule::MantissaExponent, _) => {
            Err(LoihiError::Form { parameter: "bias", expected: "mantissa and exponent" })
        }
    }
}

fn voltage_range(rules: &LoihiRules, settings: &NeuronSettings<'_>) -> Result<(i32, i32), LoihiError> {
    match rules.voltage {
        VoltageRule::Unlimited => Ok((i32::MIN, i32::MAX)),
        VoltageRule::Symmetric { bits } => {
            check_width(bits)?;
            let most = (1i32 << (bits - 1)) - 1;
            Ok((-most, most))
        }
        VoltageRule::CoreLimits => match settings.voltage_limits {
            None => Err(LoihiError::Form { parameter: "voltage limits", expected: "vmin and vmax of the core" }),
            Some((floor, ceiling)) if floor > ceiling => Err(LoihiError::Setting {
                parameter: "vmin",
                value: floor.into(),
                least: i32::MIN.into(),
                most: ceiling.into(),
            }),
            Some(limits) => Ok(limits),
        },
    }
}

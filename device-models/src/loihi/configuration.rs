//! From a chip file, a program and a die to the numbers that a core computes with.

use super::{
    Bias, LoihiError, LoihiParameters, LoihiRules, LoihiState, NeuronSettings, NoiseSettings, NoiseTarget,
    ParameterRule, PeriodicReset, Threshold, VoltageRule, limits,
};
use crate::parameters::Reader;
use crate::{DeviceModelError, DieParameters, Digest, InputLayout, Lane};
use alloc::string::ToString;
use alloc::vec::Vec;
use chip::registers::THRESHOLD_MANTISSA_MAX;
use chip::{AXON_EXPONENTS, ChipSpec, CoreProgram, RulesSpec};
use core::ops::Range;

/// Exponent of a program whose weights are whole units: the weight format has 20 fraction bits.
const UNIT_EXPONENT: u8 = 20;

/// Every number of a register or a word.
const WORD: (i32, i32) = (i32::MIN, i32::MAX);

/// What a core is built from, checked.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) rules: LoihiRules,
    /// By lane of the layout.
    pub(super) lanes: Vec<InputLane>,
    /// By block of neurons.
    pub(super) blocks: Vec<LoihiParameters>,
    /// By block: its registers before the first step.
    pub(super) initial: Vec<LoihiState>,
    /// Ticks of a step.
    pub(super) step_ticks: u64,
    /// Hash of everything above.
    pub(super) digest: u64,
}

/// What a lane of accumulators feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputLane {
    /// Whether events are counted, whatever the sign of their number, or carry a number with a sign.
    pub(super) counts: bool,
    /// Left shift of its sums, or right shift if it is negative; None for draws of noise.
    pub(super) shift: Option<i32>,
}

impl Configuration {
    /// See [`crate::CoreParameters::build`]; `block` is the number of neurons of a block.
    pub(super) fn new(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: &InputLayout,
        die: &DieParameters,
        block: usize,
    ) -> Result<Self, DeviceModelError> {
        let rules = rules(spec.rules.as_ref())?;
        let builder = Builder { reader: Reader::new(spec, core, die)?, rules };
        let exponent = core.weight_exponent;
        let (least, most) = AXON_EXPONENTS;
        if !(i32::from(least)..=i32::from(most)).contains(&(i32::from(exponent) - i32::from(UNIT_EXPONENT))) {
            return Err(DeviceModelError::LoihiExponent { core: core.address, exponent });
        }
        let (lanes, neurons) = (builder.lanes(layout)?, builder.neurons()?);
        let mut digest = Digest::new();
        neurons.digest(&mut digest);
        digest.push(exponent.into());
        for lane in &lanes {
            digest.push(u64::from(lane.counts) << 32 | u64::from(lane.shift.unwrap_or(i32::MAX) as u32));
        }
        let count = core.neuron_count as usize;
        let ranges = || (0..count).step_by(block).map(|first| first..(first + block).min(count));
        let build = |range| {
            let refused = |error| DeviceModelError::Loihi { core: core.address, error };
            neurons.block(&rules, range).map_err(refused)
        };
        Ok(Self {
            rules,
            lanes,
            blocks: ranges().map(build).collect::<Result<_, _>>()?,
            initial: ranges().map(|range| neurons.initial(range)).collect(),
            step_ticks: spec.step_ticks(),
            digest: digest.value(),
        })
    }
}

/// The rules that a chip file names.
fn rules(spec: Option<&RulesSpec>) -> Result<LoihiRules, DeviceModelError> {
    let spec = spec.ok_or(DeviceModelError::NoRules)?;
    LoihiRules::from_spec(spec).map_err(DeviceModelError::Rules)
}

/// The parameters of all neurons of a core as whole numbers.
struct Neurons {
    decay_u: Vec<i32>,
    decay_v: Vec<i32>,
    threshold: Vec<i32>,
    /// Lower thresholds, of ternary neurons.
    threshold_low: Option<Vec<i32>>,
    bias_mantissa: Vec<i32>,
    bias_exponent: Vec<i32>,
    refractory: Vec<i32>,
    u: Vec<i32>,
    v: Vec<i32>,
    /// 1 where a neuron has noise.
    noise: Vec<i32>,
    noise_scale: NoiseScale,
    voltage_limits: Option<(i32, i32)>,
    reset: Option<PeriodicReset>,
}

/// What the noise of all neurons of a core has in common.
#[derive(Clone, Copy)]
struct NoiseScale {
    exponent: i32,
    offset: i32,
    at_membrane: bool,
}

impl Neurons {
    fn block(&self, rules: &LoihiRules, range: Range<usize>) -> Result<LoihiParameters, LoihiError> {
        let scaled: Vec<i32>;
        let (mantissa, exponent) = (&self.bias_mantissa[range.clone()], &self.bias_exponent[range.clone()]);
        let bias = if rules.has_bias_exponent() {
            Bias::MantissaExponent { mantissa, exponent }
        } else {
            scaled = mantissa.iter().zip(exponent).map(|(m, e)| m << e).collect();
            Bias::Scaled(&scaled)
        };
        let high = &self.threshold[range.clone()];
        let enabled: Vec<bool> = self.noise[range.clone()].iter().map(|on| *on == 1).collect();
        let NoiseScale { exponent, offset, at_membrane } = self.noise_scale;
        let target = if at_membrane { NoiseTarget::Membrane } else { NoiseTarget::Current };
        let settings = NeuronSettings {
            decay_u: &self.decay_u[range.clone()],
            decay_v: &self.decay_v[range.clone()],
            threshold: match &self.threshold_low {
                Some(low) => Threshold::Ternary { high, low: &low[range.clone()] },
                None => Threshold::Binary(high),
            },
            bias,
            refractory: &self.refractory[range],
            voltage_limits: self.voltage_limits,
            noise: Some(NoiseSettings { enabled: &enabled, exponent, offset, target }),
            reset: self.reset,
        };
        LoihiParameters::new(rules, &settings)
    }

    fn initial(&self, range: Range<usize>) -> LoihiState {
        let refractory = alloc::vec![0; range.len()];
        LoihiState { u: self.u[range.clone()].to_vec(), v: self.v[range].to_vec(), refractory }
    }

    fn digest(&self, digest: &mut Digest) {
        let lists = [
            &self.decay_u,
            &self.decay_v,
            &self.threshold,
            &self.bias_mantissa,
            &self.bias_exponent,
            &self.refractory,
            &self.u,
            &self.v,
            &self.noise,
        ];
        for value in lists.into_iter().flatten().chain(self.threshold_low.iter().flatten()) {
            digest.push(*value as u64);
        }
        let (low, high) = self.voltage_limits.unwrap_or_default();
        let NoiseScale { exponent, offset, at_membrane } = self.noise_scale;
        for value in [low, high, exponent, offset, at_membrane.into()] {
            digest.push(value as u64);
        }
        let reset = self.reset.unwrap_or(PeriodicReset { interval: 0, offset: 0 });
        digest.push(reset.interval);
        digest.push(reset.offset);
    }
}

/// Reads the parameters of a core.
struct Builder<'a> {
    reader: Reader<'a>,
    rules: LoihiRules,
}

impl Builder<'_> {
    fn neurons(&self) -> Result<Neurons, DeviceModelError> {
        let (current, voltage) = (self.rules.current_decay.largest, self.rules.voltage_decay.largest);
        let shift = self.rules.threshold_shift;
        // Thresholds are shifted further when the numbers of a step are made.
        let whole = (i32::MIN >> shift, i32::MAX >> shift);
        let (high, low) = if self.rules.parameters == ParameterRule::Words {
            (whole, whole)
        } else {
            ((0, THRESHOLD_MANTISSA_MAX), (-THRESHOLD_MANTISSA_MAX, THRESHOLD_MANTISSA_MAX))
        };
        let scale = self.rules.threshold_scale();
        let scaled = |mut values: Vec<i32>| {
            values.iter_mut().for_each(|mantissa| *mantissa <<= scale);
            values
        };
        let threshold = self.reader.threshold("v_threshold")?;
        let mut threshold = scaled(self.reader.integers("v_threshold", &threshold, high)?);
        self.reader.break_neurons(&mut threshold, whole.1, whole.0);
        let ternary = self.reader.spec.parameters.contains_key("v_threshold_low");
        let exponents = if self.rules.has_bias_exponent() { (-31, 31) } else { (0, 0) };
        Ok(Neurons {
            decay_u: self.integers("decay_u", (0, current.into()))?,
            decay_v: self.integers("decay_v", (0, voltage.into()))?,
            threshold,
            threshold_low: if ternary { Some(scaled(self.integers("v_threshold_low", low)?)) } else { None },
            bias_mantissa: self.register("bias_mantissa", WORD)?,
            bias_exponent: self.register("bias_exponent", exponents)?,
            refractory: self.register("refractory", (0, u16::MAX.into()))?,
            u: self.reader.whole("u_initial")?,
            v: self.reader.whole("v_initial")?,
            noise: self.reader.whole("noise")?,
            noise_scale: NoiseScale {
                exponent: self.shared("noise_exponent", WORD)?,
                offset: self.shared("noise_offset", WORD)?,
                at_membrane: self.shared("noise_at_membrane", (0, 1))? == 1,
            },
            voltage_limits: self.voltage_limits()?,
            reset: match self.shared("reset_interval", (0, i32::MAX))? {
                0 => None,
                interval => Some(PeriodicReset {
                    interval: interval as u64,
                    offset: self.shared("reset_offset", (0, i32::MAX))? as u64,
                }),
            },
        })
    }

    /// The limits of the voltage, which all neurons of a core share.
    fn voltage_limits(&self) -> Result<Option<(i32, i32)>, DeviceModelError> {
        match (self.rules.voltage, self.rules.parameters) {
            (VoltageRule::CoreLimits, ParameterRule::Words) => {
                let lacks = |name: &&str| !self.reader.spec.parameters.contains_key(*name);
                if let Some(name) = ["v_min", "v_max"].into_iter().find(lacks) {
                    let (parameter, model) = (name.to_string(), self.reader.core.model);
                    return Err(DeviceModelError::MissingParameter { parameter, model });
                }
                Ok(Some((self.shared("v_min", WORD)?, self.shared("v_max", WORD)?)))
            }
            (VoltageRule::CoreLimits, ParameterRule::Chip) => {
                let floor = limits::voltage_floor(self.shared("v_min_exponent", (0, 31))? as u8);
                let ceiling = limits::voltage_ceiling(self.shared("v_max_exponent", (0, 7))? as u8);
                Ok(floor.zip(ceiling))
            }
            _ => Ok(None),
        }
    }

    /// What each lane of `layout` feeds.
    fn lanes(&self, layout: &InputLayout) -> Result<Vec<InputLane>, DeviceModelError> {
        // Sums come in units of the weight step; the chip shifts them left by 6, here or in the step.
        let exponent = i32::from(self.reader.core.weight_exponent);
        let shift = exponent - i32::from(UNIT_EXPONENT) + 6 - i32::from(self.rules.accumulator_shift);
        let lane = |lane: &Lane| {
            let Lane::Register { index, scaled } = *lane else {
                unreachable!("a layout of Loihi neurons has registers only")
            };
            let gain = scaled.and_then(|kind| self.reader.spec.synapses[usize::from(kind)].gain.as_deref());
            let more = match gain {
                Some(name) => self.shared(name, (-31 - shift, 31 - shift))?,
                None => 0,
            };
            Ok(InputLane { counts: index == 0, shift: (index < 2).then_some(shift + more) })
        };
        layout.lanes().iter().map(lane).collect()
    }

    fn integers(&self, name: &str, range: (i32, i32)) -> Result<Vec<i32>, DeviceModelError> {
        self.reader.integers(name, &self.reader.parameter(name)?, range)
    }

    /// A parameter within its register on the chip, or within `words` where parameters are words.
    fn register(&self, name: &str, words: (i32, i32)) -> Result<Vec<i32>, DeviceModelError> {
        match self.rules.parameters {
            ParameterRule::Chip => self.reader.whole(name),
            ParameterRule::Words => self.integers(name, words),
        }
    }

    /// A parameter that all neurons of a core share.
    fn shared(&self, name: &str, range: (i32, i32)) -> Result<i32, DeviceModelError> {
        let values = self.integers(name, range)?;
        match values.iter().find(|value| **value != values[0]) {
            None => Ok(values[0]),
            Some(_) => {
                Err(DeviceModelError::SharedParameter { core: self.reader.core.address, parameter: name.to_string() })
            }
        }
    }
}

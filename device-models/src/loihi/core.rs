//! A Loihi core as the event kernel sees it: deliveries, steps, sleep, and the way from a chip file to its parameters.
//!
//! Neurons are kept in blocks of [`BLOCK`]. A step visits the blocks that something reached or whose last step changed
//! anything, and a core without such a block sleeps; a step of a block at rest would change nothing, send nothing and
//! overflow nothing, so none of this can be seen in the results.
//!
//! All synapses of a core share one weight exponent: the mapper joins its projections into one connection. Where the
//! rules apply a negative exponent to the sum, the sum of everything that arrives in the step is rounded down once.

use super::{
    Bias, LoihiError, LoihiParameters, LoihiRules, LoihiState, NeuronSettings, Overflows, Register, StepOutput,
    Threshold, VoltageRule, limits, step,
};
use crate::clocked::{Clocked, Step, StepModel, add_row};
use crate::layout::register_lane;
use crate::parameters::Reader;
use crate::{
    CoreParameters, DeviceModelError, DieParameters, Digest, Emission, EventCore, InputLayout, Lane, PackedSynapse,
    ProbeKind,
};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use chip::{AXON_EXPONENTS, ChipSpec, CoreProgram, RulesSpec, SynapseType};
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Neurons that are stepped together.
pub const BLOCK: usize = 64;

/// Rows with fewer synapses than this mark the block of each; longer ones mark every block from the first to the last.
const SHORT_ROW: usize = 16;

/// Exponent of a program whose weights are whole units: the weight format has 20 fraction bits.
const UNIT_EXPONENT: u8 = 20;

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Loihi;

/// A core of Loihi neurons.
pub type LoihiCore = Clocked<Loihi>;

/// Parameters of a core, block by block.
#[derive(Clone, Debug)]
pub struct LoihiCoreParameters {
    rules: LoihiRules,
    layout: InputLayout,
    /// Left shift of the sums, or right shift if it is negative.
    shift: i32,
    blocks: Vec<LoihiParameters>,
    digest: u64,
}

/// The neurons of a core, block by block.
#[derive(Clone, Debug)]
pub struct LoihiNeurons {
    blocks: Vec<LoihiState>,
    /// By block: 1 if something reached it, or if its last step changed anything.
    awake: Vec<u8>,
    /// Steps so far.
    steps: u64,
    output: StepOutput,
    overflows: Overflows,
}

/// The neurons of a core between two steps: all registers start at 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoihiCoreState {
    /// Currents.
    pub u: Vec<i32>,
    /// Voltages.
    pub v: Vec<i32>,
    /// Remaining steps of refractory periods.
    pub refractory: Vec<i32>,
    /// Steps so far.
    pub steps: u64,
    /// By block of neurons: 1 if a step could change anything.
    pub awake: Vec<u8>,
}

impl CoreParameters for LoihiCoreParameters {
    /// The one register is there although nothing may reach it: a step reads it.
    fn fixed_lanes<'a>(_core: &CoreProgram, _used: impl Iterator<Item = &'a SynapseType>) -> Vec<Lane> {
        vec![Lane::Register { index: 0 }]
    }

    fn lane(_core: &CoreProgram, _index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        register_lane(1, kind)
    }

    /// A parameter is read as a whole number after mismatch: rounded to nearest, and kept within the range of its
    /// register. So mismatch on a decay is programmed heterogeneity within its 12 bits.
    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let rules = rules(spec.rules.as_ref())?;
        let builder = Builder { reader: Reader::new(spec, core, die)?, rules };
        let exponent = core.weight_exponent;
        let (least, most) = AXON_EXPONENTS;
        if !(i32::from(least)..=i32::from(most)).contains(&(i32::from(exponent) - i32::from(UNIT_EXPONENT))) {
            return Err(DeviceModelError::LoihiExponent { core: core.address, exponent });
        }
        let neurons = builder.neurons()?;
        let count = core.neuron_count as usize;
        let mut digest = Digest::new();
        neurons.digest(&mut digest);
        digest.push(exponent.into());
        let blocks = (0..count).step_by(BLOCK).map(|first| {
            let last = (first + BLOCK).min(count);
            neurons.block(&rules, first..last).map_err(|error| builder.refused(error))
        });
        Ok(Self {
            // Sums come in units of the weight step; the chip shifts them left by 6, here or in the step.
            shift: i32::from(exponent) - i32::from(UNIT_EXPONENT) + 6 - i32::from(rules.accumulator_shift),
            rules,
            blocks: blocks.collect::<Result<_, DeviceModelError>>()?,
            digest: digest.value(),
            layout,
        })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        self.digest
    }
}

impl LoihiCoreParameters {
    /// The rules of the chip.
    pub const fn rules(&self) -> &LoihiRules {
        &self.rules
    }
}

impl StepModel for Loihi {
    type Sum = i32;
    type Parameters = LoihiCoreParameters;
    type State = LoihiNeurons;
    type Saved = LoihiCoreState;

    fn initial(parameters: &LoihiCoreParameters) -> LoihiNeurons {
        LoihiNeurons {
            blocks: parameters.blocks.iter().map(|block| LoihiState::new(block.neurons())).collect(),
            awake: vec![1; parameters.blocks.len()],
            steps: 0,
            output: StepOutput::new(BLOCK),
            overflows: Overflows::default(),
        }
    }

    fn reset(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons) {
        for (state, block) in neurons.blocks.iter_mut().zip(&parameters.blocks) {
            *state = LoihiState::new(block.neurons());
        }
        neurons.awake.fill(1);
        neurons.steps = 0;
    }

    #[inline]
    fn deliver(
        _parameters: &LoihiCoreParameters,
        neurons: &mut LoihiNeurons,
        sums: &mut [i32],
        row: &[PackedSynapse],
        payload: i32,
    ) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else { return };
        add_row(sums, row, payload);
        if row.len() < SHORT_ROW {
            for synapse in row {
                neurons.awake[synapse.target() / BLOCK] = 1;
            }
        } else {
            // A row is sorted by target. Waking a block in between that nothing reached does no harm.
            neurons.awake[first.target() / BLOCK..=last.target() / BLOCK].fill(1);
        }
    }

    fn step(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons, out: Step<'_, i32>) -> bool {
        let LoihiNeurons { blocks, awake, steps, output, overflows } = neurons;
        *steps += 1;
        for (index, (block, state)) in parameters.blocks.iter().zip(blocks).enumerate() {
            if awake[index] == 0 {
                continue;
            }
            let first = index * BLOCK;
            let count = block.neurons();
            let input = &mut out.sums[first..first + count];
            if parameters.shift != 0 {
                scale(input, parameters.shift);
            }
            output.spikes.resize(count, 0);
            output.overflowed.resize(count, 0);
            let summary = step(block, state, *steps, input, None, output);
            input.fill(0);
            awake[index] = u8::from(!summary.quiet);
            if summary.spikes > 0 {
                let spikes = output.spikes.iter().enumerate().filter(|(_, spike)| **spike != 0);
                out.emissions.extend(spikes.map(|(n, _)| Emission {
                    neuron: NeuronId((first + n) as u16),
                    value: 1,
                    payload: 1,
                }));
            }
            if !summary.overflows.is_empty() {
                overflows.add(&summary.overflows);
                *out.saturations += Register::ALL.map(|r| u64::from(summary.overflows.count(r))).iter().sum::<u64>();
            }
        }
        awake.contains(&1)
    }

    /// The current u, the voltage v and the remaining steps of the refractory period. The voltage is what the chip's
    /// probe shows by the rules of the core ([`LoihiRules::probed_voltage`]).
    fn probes(_parameters: &LoihiCoreParameters, _spec: &ChipSpec) -> Vec<ProbeKind> {
        vec![ProbeKind::new("u", "1", 0), ProbeKind::new("v", "1", 0), ProbeKind::new("refractory", "step", 0)]
    }

    fn probe(core: &LoihiCore, index: usize, neuron: usize) -> i64 {
        let (block, place) = (neuron / BLOCK, neuron % BLOCK);
        let state = &core.state().blocks[block];
        i64::from(match index {
            0 => state.u[place],
            1 => {
                // A block that sent a spike is not quiet, so the core is stepped in the next tick too: what its last
                // step sent, if anything, was sent in the tick that has just ended.
                let spiked = core.emissions().binary_search_by_key(&neuron, |emission| emission.neuron.index()).is_ok();
                let parameters = core.parameters();
                let period = u16::try_from(parameters.blocks[block].refractory[place]).unwrap_or(u16::MAX);
                parameters.rules.probed_voltage(state.v[place], spiked, period)
            }
            2 => state.refractory[place],
            _ => panic!("quantity {index} of a Loihi neuron, which has 3"),
        })
    }

    /// Overflows by register.
    fn counters(neurons: &LoihiNeurons) -> Vec<(&'static str, u64)> {
        Register::ALL.iter().map(|r| (r.name(), u64::from(neurons.overflows.count(*r)))).collect()
    }

    fn save(_parameters: &LoihiCoreParameters, neurons: &LoihiNeurons) -> LoihiCoreState {
        let of = |get: fn(&LoihiState) -> &Vec<i32>| neurons.blocks.iter().flat_map(get).copied().collect();
        LoihiCoreState {
            u: of(|state| &state.u),
            v: of(|state| &state.v),
            refractory: of(|state| &state.refractory),
            steps: neurons.steps,
            awake: neurons.awake.clone(),
        }
    }

    fn fits(parameters: &LoihiCoreParameters, saved: &LoihiCoreState) -> bool {
        let LoihiCoreState { u, v, refractory, awake, .. } = saved;
        let longest = i32::from(u16::MAX);
        [u, v, refractory].iter().all(|list| list.len() == parameters.layout.neuron_count())
            && awake.len() == parameters.blocks.len()
            && awake.iter().all(|a| *a <= 1)
            && refractory.iter().all(|r| (0..=longest).contains(r))
    }

    fn load(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons, saved: &LoihiCoreState) {
        for (index, (state, block)) in neurons.blocks.iter_mut().zip(&parameters.blocks).enumerate() {
            let range = index * BLOCK..index * BLOCK + block.neurons();
            state.u.copy_from_slice(&saved.u[range.clone()]);
            state.v.copy_from_slice(&saved.v[range.clone()]);
            state.refractory.copy_from_slice(&saved.refractory[range]);
        }
        neurons.steps = saved.steps;
        neurons.awake.copy_from_slice(&saved.awake);
    }

    fn digest_neurons(neurons: &LoihiNeurons, digest: &mut Digest) {
        for state in &neurons.blocks {
            for value in state.u.iter().chain(&state.v).chain(&state.refractory) {
                digest.push(*value as u64);
            }
        }
    }
}

/// Sums in units of the weight step as the rules want them: shifted left, or right with one rounding down.
fn scale(input: &mut [i32], shift: i32) {
    if shift >= 0 {
        input.iter_mut().for_each(|sum| *sum = sum.wrapping_shl(shift.unsigned_abs()));
    } else {
        input.iter_mut().for_each(|sum| *sum >>= shift.unsigned_abs());
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
    bias_mantissa: Vec<i32>,
    bias_exponent: Vec<i32>,
    refractory: Vec<i32>,
    voltage_limits: Option<(i32, i32)>,
}

impl Neurons {
    fn block(&self, rules: &LoihiRules, range: core::ops::Range<usize>) -> Result<LoihiParameters, LoihiError> {
        let scaled: Vec<i32>;
        let (mantissa, exponent) = (&self.bias_mantissa[range.clone()], &self.bias_exponent[range.clone()]);
        let bias = if rules.has_bias_exponent() {
            Bias::MantissaExponent { mantissa, exponent }
        } else {
            scaled = mantissa.iter().zip(exponent).map(|(m, e)| m << e).collect();
            Bias::Scaled(&scaled)
        };
        let settings = NeuronSettings {
            decay_u: &self.decay_u[range.clone()],
            decay_v: &self.decay_v[range.clone()],
            threshold: Threshold::Binary(&self.threshold[range.clone()]),
            bias,
            refractory: &self.refractory[range],
            voltage_limits: self.voltage_limits,
            noise: None,
            reset: None,
        };
        LoihiParameters::new(rules, &settings)
    }

    fn digest(&self, digest: &mut Digest) {
        let lists =
            [&self.decay_u, &self.decay_v, &self.threshold, &self.bias_mantissa, &self.bias_exponent, &self.refractory];
        for value in lists.into_iter().flatten() {
            digest.push(*value as u64);
        }
        let (low, high) = self.voltage_limits.unwrap_or_default();
        digest.push(low as u64);
        digest.push(high as u64);
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
        let scale = self.rules.threshold_scale();
        let mantissas = (0, limits::THRESHOLD_MANTISSA_MAX);
        let threshold = self.reader.integers("v_threshold", &self.reader.threshold("v_threshold")?, mantissas)?;
        let mut threshold: Vec<i32> = threshold.iter().map(|mantissa| mantissa << scale).collect();
        let shift = self.rules.threshold_shift;
        self.reader.break_neurons(&mut threshold, i32::MAX >> shift, i32::MIN >> shift);
        Ok(Neurons {
            decay_u: self.decay("decay_u", current.into())?,
            decay_v: self.decay("decay_v", voltage.into())?,
            threshold,
            bias_mantissa: self.reader.whole("bias_mantissa")?,
            bias_exponent: self.reader.whole("bias_exponent")?,
            refractory: self.reader.whole("refractory")?,
            voltage_limits: self.voltage_limits()?,
        })
    }

    /// The limits of the voltage, which all neurons of a core share.
    fn voltage_limits(&self) -> Result<Option<(i32, i32)>, DeviceModelError> {
        if self.rules.voltage != VoltageRule::CoreLimits {
            return Ok(None);
        }
        let shared = |name: &str| {
            let values = self.reader.whole(name)?;
            match values.iter().find(|value| **value != values[0]) {
                None => Ok(values[0] as u8),
                Some(_) => Err(DeviceModelError::SharedParameter {
                    core: self.reader.core.address,
                    parameter: name.to_string(),
                }),
            }
        };
        let floor = limits::voltage_floor(shared("v_min_exponent")?);
        let ceiling = limits::voltage_ceiling(shared("v_max_exponent")?);
        Ok(floor.zip(ceiling))
    }

    /// A decay, of which the rules may allow less than the register.
    fn decay(&self, name: &str, most: i32) -> Result<Vec<i32>, DeviceModelError> {
        self.reader.integers(name, &self.reader.parameter(name)?, (0, most))
    }

    fn refused(&self, error: LoihiError) -> DeviceModelError {
        DeviceModelError::Loihi { core: self.reader.core.address, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_rounded_down_once() {
        let mut sums = [7, -7, 8, i32::MIN];
        scale(&mut sums, -3);
        assert_eq!(sums, [0, -1, 1, i32::MIN >> 3]);
        scale(&mut sums, 6);
        assert_eq!(sums, [0, -64, 64, (i32::MIN >> 3).wrapping_shl(6)]);
    }
}

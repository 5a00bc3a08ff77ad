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
use crate::lif::ARRIVED_MAX;
use crate::parameters::Reader;
use crate::{CoreState, DeviceModelError, DieParameters, Digest, Emission, InputLayout, PackedSynapse, ProbeKind};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, RulesSpec};
use units::NeuronId;

/// Neurons that are stepped together.
pub const BLOCK: usize = 64;

/// Rows with fewer synapses than this mark the block of each; longer ones mark every block from the first to the last.
const SHORT_ROW: usize = 16;

/// Exponent of a program whose weights are whole units: the weight format has 20 fraction bits.
const UNIT_EXPONENT: u8 = 20;

/// Neurons of a block with their registers.
#[derive(Clone, Debug)]
struct Block {
    parameters: LoihiParameters,
    state: LoihiState,
}

/// A core of Loihi neurons.
#[derive(Clone, Debug)]
pub struct LoihiCore {
    rules: LoihiRules,
    layout: InputLayout,
    /// Left shift of the sums, or right shift if it is negative.
    shift: i32,
    blocks: Vec<Block>,
    /// What arrived since the last step; all 0 unless `touched`.
    accumulators: Vec<i32>,
    /// Something arrived since the last step.
    touched: bool,
    /// By block: 1 if something reached it, or if its last step changed anything.
    awake: Vec<u8>,
    /// Steps so far.
    steps: u64,
    output: StepOutput,
    emissions: Vec<Emission>,
    overflows: Overflows,
    new_overflows: u64,
    digest: u64,
}

impl LoihiCore {
    /// The core `core` of a program on a die, in its initial state: all registers 0.
    ///
    /// A parameter is read as a whole number after mismatch: rounded to nearest, and kept within the range of its
    /// register. So mismatch on a decay is programmed heterogeneity within its 12 bits.
    ///
    /// # Errors
    /// See [`DeviceModelError`]: rules that do not exist, a parameter that is missing, unknown, out of the chip's range
    /// or not a whole number, or a weight exponent that the rules do not have.
    pub fn new(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let rules = rules(spec.rules.as_ref())?;
        let builder = Builder { reader: Reader { spec, core, die }, rules };
        builder.reader.check_names()?;
        let exponent = core.weight_exponent;
        if !(UNIT_EXPONENT - 8..=UNIT_EXPONENT + 7).contains(&exponent) {
            return Err(DeviceModelError::LoihiExponent { core: core.address, exponent });
        }
        let neurons = builder.neurons()?;
        let count = core.neuron_count as usize;
        let mut digest = Digest::new();
        neurons.digest(&mut digest);
        digest.push(exponent.into());
        let blocks = (0..count).step_by(BLOCK).map(|first| {
            let last = (first + BLOCK).min(count);
            let parameters = neurons.block(&rules, first..last).map_err(|error| builder.refused(error))?;
            Ok(Block { state: LoihiState::new(last - first), parameters })
        });
        let blocks: Vec<Block> = blocks.collect::<Result<_, DeviceModelError>>()?;
        Ok(Self {
            // Sums come in units of the weight step; the chip shifts them left by 6, here or in the step.
            shift: i32::from(exponent) - i32::from(UNIT_EXPONENT) + 6 - i32::from(rules.accumulator_shift),
            rules,
            accumulators: vec![0; layout.stride()],
            touched: false,
            awake: vec![1; blocks.len()],
            steps: 0,
            output: StepOutput::new(BLOCK),
            emissions: Vec::new(),
            overflows: Overflows::default(),
            new_overflows: 0,
            digest: digest.value(),
            blocks,
            layout,
        })
    }

    /// The accumulators of the core.
    pub const fn layout(&self) -> &InputLayout {
        &self.layout
    }

    /// Its rules.
    pub const fn rules(&self) -> &LoihiRules {
        &self.rules
    }

    /// Hash of all parameters.
    pub const fn parameter_digest(&self) -> u64 {
        self.digest
    }

    /// Back to the initial state. Overflows stay counted.
    pub fn reset(&mut self) {
        for block in &mut self.blocks {
            block.state = LoihiState::new(block.parameters.neurons());
        }
        self.accumulators.fill(0);
        self.touched = false;
        self.awake.fill(1);
        self.emissions.clear();
        self.steps = 0;
    }

    /// Adds a row of synapses, each `times` over, to the sums of this step.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], times: i32) {
        self.touched = true;
        let (Some(first), Some(last)) = (row.first(), row.last()) else { return };
        let accumulators = &mut self.accumulators[..];
        if times == 1 {
            for synapse in row {
                accumulators[synapse.target()] += synapse.weight();
            }
        } else {
            for synapse in row {
                accumulators[synapse.target()] += synapse.weight() * times;
            }
        }
        if row.len() < SHORT_ROW {
            for synapse in row {
                self.awake[synapse.target() / BLOCK] = 1;
            }
        } else {
            // A row is sorted by target. Waking a block in between that nothing reached does no harm.
            self.awake[first.target() / BLOCK..=last.target() / BLOCK].fill(1);
        }
    }

    /// Advances by one step and returns the spikes, in the order of the neurons.
    pub fn advance(&mut self) -> &[Emission] {
        self.emissions.clear();
        self.touched = false;
        self.steps += 1;
        for (index, block) in self.blocks.iter_mut().enumerate() {
            if self.awake[index] == 0 {
                continue;
            }
            let first = index * BLOCK;
            let count = block.parameters.neurons();
            let input = &mut self.accumulators[first..first + count];
            if self.shift != 0 {
                scale(input, self.shift);
            }
            self.output.spikes.resize(count, 0);
            self.output.overflowed.resize(count, 0);
            let summary = step(&block.parameters, &mut block.state, self.steps, input, None, &mut self.output);
            input.fill(0);
            self.awake[index] = u8::from(!summary.quiet);
            if summary.spikes > 0 {
                let spikes = self.output.spikes.iter().enumerate().filter(|(_, spike)| **spike != 0);
                self.emissions.extend(spikes.map(|(n, _)| Emission {
                    neuron: NeuronId((first + n) as u16),
                    value: 1,
                    payload: 1,
                }));
            }
            if !summary.overflows.is_empty() {
                self.overflows.add(&summary.overflows);
                self.new_overflows += Register::ALL.map(|r| u64::from(summary.overflows.count(r))).iter().sum::<u64>();
            }
        }
        &self.emissions
    }

    /// Whether another step without input could change the state.
    #[inline]
    pub fn is_awake(&self) -> bool {
        self.awake.contains(&1)
    }

    /// Whether something arrived since the last step.
    #[inline]
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// Overflows since the last call, of all registers.
    #[inline]
    pub fn take_overflows(&mut self) -> u64 {
        core::mem::take(&mut self.new_overflows)
    }

    /// Overflows so far, by register.
    pub const fn overflows(&self) -> &Overflows {
        &self.overflows
    }

    /// The current u of a neuron.
    ///
    /// # Panics
    /// If the core does not use that neuron.
    pub fn current(&self, neuron: NeuronId) -> i32 {
        self.blocks[neuron.index() / BLOCK].state.u[neuron.index() % BLOCK]
    }

    /// The voltage v of a neuron.
    ///
    /// # Panics
    /// If the core does not use that neuron.
    pub fn voltage(&self, neuron: NeuronId) -> i32 {
        self.blocks[neuron.index() / BLOCK].state.v[neuron.index() % BLOCK]
    }

    /// What can be read of a neuron: its current u, its voltage v and the remaining steps of its refractory period.
    pub fn probes(&self) -> Vec<ProbeKind> {
        vec![ProbeKind::new("u", "1", 0), ProbeKind::new("v", "1", 0), ProbeKind::new("refractory", "step", 0)]
    }

    /// Quantity `index` (in the order of [`LoihiCore::probes`]) of a neuron. The voltage is what the chip's probe shows
    /// by the rules of the core ([`LoihiRules::probed_voltage`]); [`LoihiCore::voltage`] is the register.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId) -> i64 {
        let (block, place) = (&self.blocks[neuron.index() / BLOCK], neuron.index() % BLOCK);
        i64::from(match index {
            0 => block.state.u[place],
            1 => {
                // A block that sent a spike is not quiet, so the core is stepped in the next tick too: what its last
                // step sent, if anything, was sent in the tick that has just ended.
                let spiked = self.emissions.binary_search_by_key(&neuron, |emission| emission.neuron).is_ok();
                let period = u16::try_from(block.parameters.refractory[place]).unwrap_or(u16::MAX);
                self.rules.probed_voltage(block.state.v[place], spiked, period)
            }
            2 => block.state.refractory[place],
            _ => panic!("quantity {index} of a Loihi neuron, which has 3"),
        })
    }

    fn registers(&self) -> [Vec<i32>; 3] {
        let of = |get: fn(&LoihiState) -> &Vec<i32>| self.blocks.iter().flat_map(|b| get(&b.state)).copied().collect();
        [of(|s| &s.u), of(|s| &s.v), of(|s| &s.refractory)]
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        for block in &self.blocks {
            for value in block.state.u.iter().chain(&block.state.v).chain(&block.state.refractory) {
                digest.push(*value as u64);
            }
        }
        if self.touched {
            self.accumulators.iter().for_each(|sum| digest.push(*sum as u64));
        }
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        let [u, v, refractory] = self.registers();
        let count = self.layout.neuron_count();
        let arrived = if self.touched { self.accumulators[..count].to_vec() } else { Vec::new() };
        CoreState::Loihi { u, v, refractory, arrived, steps: self.steps, awake: self.awake.clone() }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let CoreState::Loihi { u, v, refractory, arrived, steps, awake } = state else { return false };
        let count = self.layout.neuron_count();
        let longest = i32::from(u16::MAX);
        let fits = [u, v, refractory].iter().all(|list| list.len() == count)
            && awake.len() == self.blocks.len()
            && awake.iter().all(|a| *a <= 1)
            && [0, count].contains(&arrived.len())
            && arrived.iter().all(|sum| sum.unsigned_abs() <= ARRIVED_MAX as u32)
            && refractory.iter().all(|r| (0..=longest).contains(r));
        if fits {
            self.reset();
            for (index, block) in self.blocks.iter_mut().enumerate() {
                let range = index * BLOCK..index * BLOCK + block.parameters.neurons();
                block.state.u.copy_from_slice(&u[range.clone()]);
                block.state.v.copy_from_slice(&v[range.clone()]);
                block.state.refractory.copy_from_slice(&refractory[range]);
            }
            self.accumulators[..arrived.len()].copy_from_slice(arrived);
            self.touched = !arrived.is_empty();
            self.steps = *steps;
            self.awake.copy_from_slice(awake);
        }
        fits
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
        let bias = limits::BIAS_MANTISSA_MAX;
        Ok(Neurons {
            decay_u: self.integers("decay_u", false, (0, current.into()))?,
            decay_v: self.integers("decay_v", false, (0, voltage.into()))?,
            threshold,
            bias_mantissa: self.integers("bias_mantissa", true, (-bias, bias))?,
            bias_exponent: self.integers("bias_exponent", true, (0, limits::BIAS_EXPONENT_MAX.into()))?,
            refractory: self.integers("refractory", true, (0, limits::REFRACTORY_MAX.into()))?,
            voltage_limits: self.voltage_limits()?,
        })
    }

    /// The limits of the voltage, which all neurons of a core share.
    fn voltage_limits(&self) -> Result<Option<(i32, i32)>, DeviceModelError> {
        if self.rules.voltage != VoltageRule::CoreLimits {
            return Ok(None);
        }
        let shared = |name: &str, most: i32| {
            let values = self.integers(name, true, (0, most))?;
            match values.iter().find(|value| **value != values[0]) {
                None => Ok(values[0] as u8),
                Some(_) => Err(DeviceModelError::SharedParameter {
                    core: self.reader.core.address,
                    parameter: name.to_string(),
                }),
            }
        };
        let floor = limits::voltage_floor(shared("v_min_exponent", 31)?);
        let ceiling = limits::voltage_ceiling(shared("v_max_exponent", 7)?);
        Ok(floor.zip(ceiling))
    }

    fn integers(&self, name: &str, optional: bool, range: (i32, i32)) -> Result<Vec<i32>, DeviceModelError> {
        let read = if optional { self.reader.optional(name)? } else { self.reader.required(name)? };
        self.reader.integers(name, &read, range)
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

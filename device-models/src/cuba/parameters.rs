//! The parameters of a core of current-based neurons: from the chip, a program and a die.

use super::CubaRules;
use crate::parameters::Reader;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, InputLayout, Lane, slices};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseSign, SynapseType};
use fx::Real;

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
    /// What arrives besides in every step, or in every step but the first: the rules say which.
    pub bias_recurrent: i64,
}

/// Parameters of a core, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CubaParameters {
    layout: InputLayout,
    /// By lane: sums are shifted left by this many bits.
    shifts: Vec<u32>,
    rules: CubaRules,
    neurons: Vec<CubaNeuron>,
}

impl CoreParameters for CubaParameters {
    fn lane(_core: &CoreProgram, _index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        match (&kind.kinetics, &kind.gain) {
            (&Kinetics::Slice { shift }, None) if shift <= slices::SHIFT_MAX => {
                Some((Lane::Slice { shift }, kind.sign == SynapseSign::Inhibitory))
            }
            _ => None,
        }
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let rules = spec.rules.as_ref().ok_or(DeviceModelError::NoRules)?;
        let rules = CubaRules::from_spec(rules).map_err(DeviceModelError::Rules)?;
        let reader = Reader::new(spec, core, die)?;
        let bits = |values: Vec<Real>| -> Vec<i64> { values.into_iter().map(Real::to_bits).collect() };
        let keep = |name| {
            let values = reader.parameter(name)?.value;
            Ok(bits(values.into_iter().map(|keep| keep.clamp(Real::ZERO, Real::ONE)).collect()))
        };
        let (keep_current, keep_voltage) = (keep("keep_current")?, keep("keep_voltage")?);
        let gain_current = bits(reader.parameter("gain_current")?.value);
        let gain_voltage = bits(reader.parameter("gain_voltage")?.value);
        let threshold = bits(reader.threshold("v_threshold")?.value);
        let margin = i64::from(rules.at_threshold);
        let mut level: Vec<i64> = threshold.iter().map(|threshold| threshold.saturating_sub(margin)).collect();
        reader.break_neurons(&mut level, i64::MAX, i64::MIN);
        let bias = bits(reader.parameter("bias")?.value);
        let bias_recurrent = bits(reader.parameter("bias_recurrent")?.value);
        let neuron = |n: usize| CubaNeuron {
            keep_current: keep_current[n],
            gain_current: gain_current[n],
            keep_voltage: keep_voltage[n],
            gain_voltage: gain_voltage[n],
            threshold: threshold[n],
            level: level[n],
            bias: bias[n],
            bias_recurrent: bias_recurrent[n],
        };
        let shift = |lane: &Lane| match lane {
            Lane::Slice { shift } => u32::from(*shift) + u32::from(core.weight_exponent),
            _ => unreachable!("the layout of such a core has slices only"),
        };
        Ok(Self {
            shifts: layout.lanes().iter().map(shift).collect(),
            neurons: (0..layout.neuron_count()).map(neuron).collect(),
            rules,
            layout,
        })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.shifts.iter().for_each(|shift| digest.push(u64::from(*shift)));
        let CubaRules { recurrent_at_first, at_threshold, reset, late_probe } = self.rules;
        let flags = [recurrent_at_first, at_threshold, late_probe];
        digest.push(flags.iter().fold(reset as u64, |word, flag| word << 1 | u64::from(*flag)));
        for n in &self.neurons {
            let factors = [n.keep_current, n.gain_current, n.keep_voltage, n.gain_voltage];
            let levels = [n.threshold, n.level, n.bias, n.bias_recurrent];
            factors.into_iter().chain(levels).for_each(|value| digest.push(value as u64));
        }
        digest.value()
    }
}

impl CubaParameters {
    /// The rules of the chip.
    pub const fn rules(&self) -> CubaRules {
        self.rules
    }

    /// The neurons in use.
    pub fn neurons(&self) -> &[CubaNeuron] {
        &self.neurons
    }

    /// What arrived at neuron `n`, in units of 2^-32; `sums` has a lane a slice.
    pub(super) fn arrived(&self, sums: &[i64], n: usize) -> i64 {
        let stride = self.layout.stride();
        slices::sum(self.shifts.iter().enumerate().map(|(lane, shift)| (sums[lane * stride + n], *shift)))
    }
}

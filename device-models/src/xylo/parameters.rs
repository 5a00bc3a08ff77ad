//! The parameters of one layer on a chip: from what a program asks for to the integers of the rules.

use super::layer::place;
use super::{CURRENTS_MAX, XyloError, XyloGroup, XyloHidden, XyloRules};
use crate::layout::{Lane, register_lane};
use crate::parameters::Reader;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, InputLayout};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseType, XYLO_OUTPUT};

/// Parameters of a layer, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloLayerParameters {
    layout: InputLayout,
    rules: XyloRules,
    group: XyloGroup,
    /// By neuron: it never sends anything.
    dead: Vec<bool>,
    pub(super) neurons: Vec<XyloHidden>,
}

impl CoreParameters for XyloLayerParameters {
    fn lane(core: &CoreProgram, _index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        register_lane(registers(core), kind)
    }

    /// Registers are the state of the neurons itself and lie in their order, whichever are in use.
    fn fixed_lanes<'a>(core: &CoreProgram, used: impl Iterator<Item = &'a SynapseType>) -> Vec<Lane> {
        let last = used.filter_map(|kind| match kind.kinetics {
            Kinetics::Register { index } => Some(index.min(registers(core) - 1)),
            _ => None,
        });
        (0..=last.max().unwrap_or(0)).map(|index| Lane::Register { index }).collect()
    }

    /// Synaptic currents are accumulator and state in one, and lie as the update reads them.
    fn place(layout: &InputLayout, lane: usize, neuron: usize) -> usize {
        place(layout.lanes().len(), neuron, lane)
    }

    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let profile = &spec.rules.as_ref().ok_or(DeviceModelError::NoRules)?.profile;
        let rules = XyloRules::from_profile(profile)
            .ok_or_else(|| DeviceModelError::XyloProfile { profile: profile.clone() })?;
        let reader = Reader::new(spec, core, die)?;
        let word = (i16::MIN.into(), i16::MAX.into());
        let dash_mem = reader.whole("dash_mem")?;
        let mut dash_syn = [reader.whole("dash_syn")?, Vec::new()];
        if layout.lanes().len() == CURRENTS_MAX {
            dash_syn[1] = reader.whole("dash_syn2")?;
        }
        let mut threshold = reader.integers("threshold", &reader.threshold("threshold")?, word)?;
        // A membrane can reach every threshold, so a dead neuron is one whose spikes are not sent.
        let mut dead = alloc::vec![false; threshold.len()];
        reader.break_neurons(&mut dead, true, false);
        reader.break_neurons(&mut threshold, i16::MAX.into(), i16::MIN.into());
        let bias = reader.whole("bias")?;
        if rules == XyloRules::V1 && bias.iter().any(|b| *b != 0) {
            return Err(DeviceModelError::Xylo { core: core.address, error: XyloError::BiasInV1 });
        }
        let neuron = |n: usize| XyloHidden {
            dash_mem: dash_mem[n] as u8,
            dash_syn: [0, 1].map(|k| dash_syn[k].get(n).copied().unwrap_or(0) as u8),
            threshold: threshold[n] as i16,
            bias: bias[n] as i16,
            aliases: Vec::new(),
        };
        let group = if core.address.core == XYLO_OUTPUT { XyloGroup::Output } else { XyloGroup::Hidden };
        Ok(Self { neurons: (0..layout.neuron_count()).map(neuron).collect(), dead, layout, rules, group })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.dead.iter().for_each(|dead| digest.push(u64::from(*dead)));
        digest.push(u64::from(self.rules == XyloRules::V2) << 1 | u64::from(self.group == XyloGroup::Output));
        for n in &self.neurons {
            let dashes = [n.dash_mem, n.dash_syn[0], n.dash_syn[1]].iter().fold(0, |all, d| all << 8 | u64::from(*d));
            digest.push(dashes << 32 | u64::from(n.threshold as u16) << 16 | u64::from(n.bias as u16));
            digest.push(n.aliases.len() as u64);
            n.aliases.iter().for_each(|a| digest.push(u64::from(*a)));
        }
        digest.value()
    }
}

impl XyloLayerParameters {
    /// The rules.
    pub const fn rules(&self) -> XyloRules {
        self.rules
    }

    /// Hidden or output.
    pub const fn group(&self) -> XyloGroup {
        self.group
    }

    /// The neurons. Those of an output layer have no aliases, and their second dash means nothing.
    pub fn neurons(&self) -> &[XyloHidden] {
        &self.neurons
    }

    /// Whether a neuron never sends anything.
    #[inline]
    pub fn is_dead(&self, neuron: usize) -> bool {
        self.dead[neuron]
    }
}

/// Input registers of the neurons of a layer.
fn registers(core: &CoreProgram) -> u8 {
    if core.address.core == XYLO_OUTPUT { 1 } else { CURRENTS_MAX as u8 }
}

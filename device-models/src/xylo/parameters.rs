//! The parameters of one layer on a chip: from what a program asks for to the integers of the rules.

use super::firing::{Aliases, FiringRule};
use super::layer::{Constants, Neuron, place};
use super::{CURRENTS_MAX, HIDDEN_CAP, OUTPUT_CAP, XyloRules};
use crate::layout::{Lane, register_lane};
use crate::parameters::Reader;
use crate::{CoreParameters, DeviceModelError, DieParameters, Digest, InputLayout};
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseType, XYLO_OUTPUT};
use units::{CoreAddress, NeuronId};

/// Everything about a layer that no step changes, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloLayerParameters {
    layout: InputLayout,
    rules: XyloRules,
    /// The layer is that of output neurons.
    output: bool,
    /// By neuron: it never sends anything.
    dead: Vec<bool>,
    pub(super) constants: Constants,
    pub(super) firing: FiringRule,
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
        (0..=last.max().unwrap_or(0)).map(|index| Lane::Register { index, scaled: None }).collect()
    }

    /// Synaptic currents are accumulator and state in one, and lie as the update reads them.
    fn place(layout: &InputLayout, lane: usize, neuron: usize) -> usize {
        place(layout.lanes().len(), neuron, lane)
    }

    /// `dash_mem`, `dash_syn`, `threshold`, `bias` where the chip has it, and `dash_syn2` if the second current of the
    /// neurons is in use. Core 0 of a chip is its hidden layer, core 1 its output layer. There are no aliases yet, see
    /// [`XyloLayerParameters::set_aliases`].
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
        let (count, currents) = (layout.neuron_count(), layout.lanes().len());
        let dash_mem = reader.whole("dash_mem")?;
        let mut dash_syn = [reader.whole("dash_syn")?, Vec::new()];
        if currents == CURRENTS_MAX {
            dash_syn[1] = reader.whole("dash_syn2")?;
        }
        let mut threshold = reader.integers("threshold", &reader.threshold("threshold")?, word)?;
        // A membrane can reach every threshold, so a dead neuron is one whose spikes are not sent.
        let mut dead = alloc::vec![false; threshold.len()];
        reader.break_neurons(&mut dead, true, false);
        reader.break_neurons(&mut threshold, i16::MAX.into(), i16::MIN.into());
        let bias = reader.whole("bias")?;
        if rules == XyloRules::V1 && bias.iter().any(|b| *b != 0) {
            return Err(DeviceModelError::XyloBias { core: core.address });
        }
        let neuron = |n: usize| Neuron {
            dash_mem: dash_mem[n] as u8,
            dash_syn: [0, 1].map(|k| dash_syn[k].get(n).copied().unwrap_or(0) as u8),
            threshold: threshold[n] as i16,
            bias: bias[n] as i16,
        };
        let constants = Constants::new(count, currents, (0..count).map(neuron));
        let output = is_output(core);
        let cap = if output { OUTPUT_CAP } else { HIDDEN_CAP };
        let firing = FiringRule { cap, aliases: Aliases::none(count) };
        Ok(Self { layout, rules, output, dead, constants, firing })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::new();
        self.dead.iter().for_each(|dead| digest.push(u64::from(*dead)));
        digest.push(u64::from(self.rules == XyloRules::V2) << 1 | u64::from(self.output));
        for neuron in 0..self.constants.count() {
            let n = self.constants.neuron(neuron);
            let dashes = [n.dash_mem, n.dash_syn[0], n.dash_syn[1]].iter().fold(0, |all, d| all << 8 | u64::from(*d));
            digest.push(dashes << 32 | u64::from(n.threshold as u16) << 16 | u64::from(n.bias as u16));
            let aliases = self.firing.aliases.of(neuron);
            digest.push(aliases.len() as u64);
            aliases.iter().for_each(|alias| digest.push(u64::from(*alias)));
        }
        digest.value()
    }
}

impl XyloLayerParameters {
    /// Gives each neuron of the hidden layer in `core` the neurons to whose counts its spikes are added; an empty list
    /// means none at all. An output layer, which has no aliases, passes over it.
    ///
    /// # Errors
    /// Another number of lists than neurons, or an alias that is no neuron of the layer; nothing is changed then.
    pub fn set_aliases(&mut self, core: CoreAddress, aliases: &[Vec<NeuronId>]) -> Result<(), DeviceModelError> {
        if self.output || aliases.is_empty() {
            return Ok(());
        }
        let count = self.constants.count();
        if aliases.len() != count {
            return Err(DeviceModelError::XyloAliasLists { core, found: aliases.len(), count });
        }
        for (neuron, list) in aliases.iter().enumerate() {
            if let Some(alias) = list.iter().find(|alias| alias.index() >= count) {
                return Err(DeviceModelError::XyloAlias { core, neuron, alias: alias.0, count });
            }
        }
        self.firing.aliases = Aliases::new(aliases.iter().map(|list| list.iter().map(|alias| alias.0.into())));
        Ok(())
    }

    /// Which version of the rules the layer follows.
    pub const fn rules(&self) -> XyloRules {
        self.rules
    }

    /// Whether a neuron never sends anything.
    #[inline]
    pub fn is_dead(&self, neuron: usize) -> bool {
        self.dead[neuron]
    }
}

fn is_output(core: &CoreProgram) -> bool {
    core.address.core == XYLO_OUTPUT
}

/// Input registers of the neurons of a layer.
fn registers(core: &CoreProgram) -> u8 {
    if is_output(core) { 1 } else { CURRENTS_MAX as u8 }
}

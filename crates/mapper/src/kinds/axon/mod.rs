//! Cores whose synapses lie in a memory that input axons point into: how many cores a population takes, which mantissas
//! and exponents its weights become, and what that uses of each core.
//!
//! A core holds neurons of one population, as in nengo-loihi's blocks. A population that exceeds a limit of its core is
//! split evenly over as few cores as obey all of them: neurons, input axons (one for each sender of a projection that
//! reaches the core), output axons (one for each neuron, projection and core that it reaches) and synapse memory. The
//! memory of an axon's synapses is counted as nengo-loihi's validator counts it, in the smaller of the two formats that
//! the chip has: dense rows without indices, or sparse ones with.
//!
//! All weights of a core share one power of two, the smallest with which the largest fits; a projection onto a core is
//! of mixed sign, or else excitatory or inhibitory with one bit more.

mod decode;
mod place;
mod weights;

use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::placement::Placement;
use crate::report::{AxonUse, Use};
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, board, sums};
use chip::{
    AxonCore, AxonLimits, AxonTarget, ChipSpec, HostAxon, IdealSynapse, InputAxon, OutputAxon, Routing, Source,
};
use device_models::loihi::LoihiRules;
use network::Network;
use place::Lists;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::NeuronId;

pub(crate) use decode::decode;

/// Memories of these sizes, for cores with these rules.
pub(crate) struct Axons {
    limits: AxonLimits,
    rules: LoihiRules,
}

impl Axons {
    pub(crate) fn new(spec: &ChipSpec, limits: AxonLimits) -> Result<Self, MapperError> {
        let refuse = |message| board::refused(spec, "rules-exist", "rules".into(), message);
        let rules = spec.rules.as_ref();
        let rules = rules.ok_or_else(|| refuse("a chip with axons needs a table `[rules]`".to_owned()))?;
        let rules = LoihiRules::from_spec(rules).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { limits, rules })
    }
}

impl Kind for Axons {
    fn place(&self, network: &Network, spec: &ChipSpec, options: &MapperOptions) -> Result<Placement, MapperError> {
        place::place(network, spec, self.limits, options)
    }

    fn delays(&self) -> RangeInclusive<u16> {
        // The delay of the chip comes on top of the step that every spike takes.
        1..=self.limits.delay_max.saturating_add(1)
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        ledger.free(wish.freed_synapses());
        let signs = weights::signs(wish);
        let sign = |link: &Link| signs[link.projection][&link.core];
        let mut formats = weights::formats(wish, self.limits, &self.rules, &signs)?;
        let weigh = |format: &weights::Format, link: &Link| format.mantissa(link, sign(link), options.small_weights);
        let links = || wish.all_links().filter(Link::is_wanted);
        let input_latency = self.rules.input_latency;
        sums::settle(wish, &mut formats, input_latency.into(), links, weigh, weights::Format::coarser)?;

        let mut cores = vec![AxonCore::default(); wish.cores.len()];
        let mut inputs = Vec::new();
        for (index, projection) in wish.network.projections.iter().enumerate() {
            // By core that the projection reaches: its group there, and its lists.
            let mut groups: BTreeMap<usize, (u16, Lists)> = BTreeMap::new();
            for pre in 0..projection.connections.row_count() as u32 {
                let source = wish.source(projection.pre, pre);
                for (core, synapses) in self.lists(wish, (index, pre), &formats, weigh, ledger) {
                    let memory = &mut cores[core];
                    let (group, lists) = groups.entry(core).or_insert_with(|| {
                        let (group, lists) = (memory.groups.len() as u16, Lists::default());
                        memory.groups.push(lists.stored(&self.limits, signs[index][&core], 1, 0).0);
                        (group, lists)
                    });
                    let has_parallel = synapses.windows(2).any(|pair| pair[0].neuron == pair[1].neuron);
                    lists.add(synapses.len() as u64, has_parallel);
                    let target = AxonTarget { core: wish.cores[core].address, axon: memory.input_axons.len() as u32 };
                    memory.input_axons.push(InputAxon { group: *group, synapses });
                    match source {
                        Source::Input(input) => inputs.push(HostAxon { input, target }),
                        Source::Neuron(address) => {
                            let sender = wish.cores.partition_point(|c| c.address < address.core);
                            cores[sender].output_axons.push(OutputAxon { neuron: address.neuron, target });
                        }
                    }
                }
            }
            for (core, (group, lists)) in groups {
                let (neurons, delay) = (wish.cores[core].neuron_count, projection.delay_ticks - 1);
                let (stored, _) = lists.stored(&self.limits, signs[index][&core], neurons, delay);
                cores[core].groups[usize::from(group)] = stored;
            }
        }
        let memories =
            cores.iter().zip(&wish.cores).map(|(core, placed)| self.uses(core, placed.neuron_count)).collect();
        let exponents = formats.iter().map(|format| format.program_exponent()).collect();
        Ok(Image { routing: Routing::Axon { cores, inputs, input_latency }, exponents, cores: memories, xylo: None })
    }
}

impl Axons {
    /// The synapses of sender `pre` of projection `index`, by core.
    fn lists(
        &self,
        wish: &Wish<'_>,
        (index, pre): (usize, u32),
        formats: &[weights::Format],
        weigh: impl Fn(&weights::Format, &Link) -> u32,
        ledger: &mut Ledger,
    ) -> Vec<(usize, Vec<IdealSynapse>)> {
        let mut lists: Vec<(usize, Vec<IdealSynapse>)> = Vec::new();
        for link in wish.row(index, pre).filter(Link::is_wanted) {
            let format = &formats[link.core];
            let mantissa = weigh(format, &link);
            if mantissa == 0 {
                ledger.round_to_zero(&link);
                continue;
            }
            ledger.keep(&link, u64::from(mantissa) << format.program_exponent());
            let weight = if link.weight < 0 { -(mantissa as i16) } else { mantissa as i16 };
            let synapse = IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight };
            // Receivers are sorted, and so are the cores that they sit in.
            match lists.last_mut().filter(|(core, _)| *core == link.core) {
                Some((_, list)) => list.push(synapse),
                None => lists.push((link.core, vec![synapse])),
            }
        }
        lists
    }

    /// What a core takes of its memories.
    fn uses(&self, core: &AxonCore, neurons: u32) -> CoreMemories {
        let limits = &self.limits;
        let axons = AxonUse {
            input_axons: Use::of(core.input_axons.len(), limits.input_axons),
            output_axons: Use::of(core.output_axons.len(), limits.output_axons),
            synapse_bits: Use::of(router::synapse_bits(limits, core, neurons) as usize, limits.synapse_bits),
        };
        CoreMemories { axons: Some(axons), ..CoreMemories::default() }
    }
}

//! Cores whose synapses lie in a memory that input axons point into: how many cores a population takes, which mantissas
//! and exponents its weights become, and what that uses of each core.
//!
//! A core holds neurons of any number of populations, as far as all of its limits are obeyed: neurons, input axons (one
//! for each sender of a projection and delay that reaches the core), output axons (one for each neuron, projection,
//! delay and core that it reaches) and synapse memory. A population that exceeds them alone is split evenly over as few
//! cores as obey them. The memory of an axon's synapses is counted as nengo-loihi's validator counts it, in the smaller
//! of the two formats that the chip has: dense rows without indices, or sparse ones with.
//!
//! The synapses of a projection onto a core are a group with a sign mode, bits and a power of two of its own
//! ([`weights`]).

mod decode;
mod judge;
mod place;
mod prune;
mod weights;

use crate::cuts::{Place, Refusal};
use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::optimise::{self, Judge, Loads, Nets};
use crate::placement::{Packing, Placement};
use crate::report::{AxonGroupReport, AxonUse, Use};
use crate::sharing::Sharing;
use crate::split::{self, Crowded};
use crate::wish::{Link, Wish};
use crate::{Limit, MapperError, MapperOptions, board, sums};
use chip::{
    AxonCore, AxonLimits, AxonTarget, ChipSpec, HostAxon, IdealSynapse, InputAxon, OutputAxon, Routing, Source,
    SynapseGroup, WeightSigns,
};
use device_models::loihi::{LoihiRules, Mantissas};
use network::{Endpoint, Network};
use place::Lists;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::{CoreAddress, NeuronId};
use weights::{Chooser, Format};

pub(crate) use decode::{read, words};
pub(crate) use place::resource_limit;

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
    fn place(
        &self,
        network: &Network,
        spec: &ChipSpec,
        options: &MapperOptions,
        sharing: Sharing,
    ) -> Result<Placement, MapperError> {
        place::place(network, spec, self.limits, options, sharing)
    }

    /// All limits of a core are counted, so that nothing else keeps populations apart.
    fn packing(&self) -> Packing {
        Packing::Always
    }

    fn limits<'a>(&'a self, _: &ChipSpec, network: &'a Network, nets: &'a Nets) -> Option<Judge<'a>> {
        Some(Some(Box::new(judge::Memories { store: place::Store { limits: self.limits }, network, nets })))
    }

    fn loads(&self, network: &Network, nets: &Nets, now: Option<(&[u32], usize)>) -> Option<Loads> {
        Some(judge::Memories { store: place::Store { limits: self.limits }, network, nets }.loads(now))
    }

    /// Cores pass messages on to their neighbours. They are taken to stand in the smallest square that holds those of a
    /// chip, row by row, as chips are; where they really stand no chip file says.
    fn hops(&self, spec: &ChipSpec, a: CoreAddress, b: CoreAddress) -> u64 {
        let cores = spec.cores_per_chip();
        let side = optimise::side(cores);
        let spot = |address: CoreAddress| {
            let (chip, core) = (address.chip.index(), address.core.index());
            let chips = optimise::side(spec.chip_count());
            (chip % chips * side + core % side, chip / chips * side + core / side)
        };
        let (a, b) = (spot(a), spot(b));
        (a.0.abs_diff(b.0) + a.1.abs_diff(b.1)) as u64
    }

    fn delays(&self) -> RangeInclusive<u16> {
        // The delay of the chip comes on top of the step that every spike takes.
        1..=self.limits.delay_max.saturating_add(1)
    }

    fn has_weight_formats(&self) -> bool {
        true
    }

    fn has_weight_scales(&self) -> bool {
        true
    }

    /// Its memories count on circuits without gaps, and the chips with it are digital: their dies are alike.
    fn knows_dies(&self) -> bool {
        false
    }

    fn prune(&self, refusal: &Refusal<'_>) -> Vec<Place> {
        prune::places(&self.limits, refusal)
    }

    /// An axon goes to each core, so that a neuron with half of its targets has about half of them.
    fn crowded(&self, network: &Network, error: &MapperError) -> Vec<Crowded> {
        let MapperError::CoreMemory { population, resource, needed, limit } = error else { return Vec::new() };
        let Some(population) = network.population(population) else { return Vec::new() };
        if place::resource_limit(resource) != Limit::OutputAxons {
            return Vec::new();
        }
        let own = Endpoint::Population(population);
        let mut all = split::crowded(network, *limit as usize, |projection, _| projection.pre == own);
        let parts = needed.div_ceil((*limit).max(1)) as usize;
        all.iter_mut().for_each(|crowded| crowded.most = crowded.counted.len().div_ceil(parts));
        all
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        ledger.free(wish.freed_synapses());
        let chooser = Chooser { limits: self.limits, rules: &self.rules, goal: options.weight_goal };
        let formats = chooser.formats(wish)?;
        let mut least = chooser.least(wish, &formats);
        let weigh = |least: &i8, link: &Link| {
            chooser.steps(formats[link.projection][&link.core], *least, link.weight, options.small_weights)
        };
        let coarser = |least: &i8| (*least < self.limits.weight_exponent.1).then_some(*least + 1);
        let links = || wish.all_links().filter(Link::is_wanted);
        let input_latency = self.rules.input_latency;
        sums::settle(wish, &mut least, input_latency.into(), links, weigh, coarser)?;
        let formats = chooser.settled(wish, &formats, &least)?;

        let mut cores = vec![AxonCore::default(); wish.cores.len()];
        let mut reports = vec![Vec::new(); wish.cores.len()];
        let mut inputs = Vec::new();
        for (index, projection) in wish.network.projections.iter().enumerate() {
            let formats = &formats[index];
            // By core that the projection reaches, and delay: its group there, and its lists.
            let mut groups: BTreeMap<(usize, u16), (u16, Lists)> = BTreeMap::new();
            for pre in 0..projection.connections.row_count() as u32 {
                let source = wish.source(projection.pre, pre);
                for ((core, delay), synapses) in lists(wish, (index, pre), formats, options, ledger) {
                    let memory = &mut cores[core];
                    let (group, lists) = groups.entry((core, delay)).or_insert_with(|| {
                        let (group, lists) = (memory.groups.len() as u16, Lists::default());
                        memory.groups.push(group_of(&formats[&core], delay - 1));
                        reports[core].push(report(&projection.name, &formats[&core]));
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
            for ((core, _), (group, lists)) in groups {
                let group = &mut cores[core].groups[usize::from(group)];
                (*group, _) = lists.stored(&self.limits, *group, wish.cores[core].neuron_count);
            }
        }
        let uses = cores.iter().zip(&wish.cores).zip(reports);
        let memories = uses.map(|((core, placed), groups)| CoreMemories {
            axons: Some(self::uses(&self.limits, core, placed.neuron_count, groups)),
            ..CoreMemories::default()
        });
        let memories = memories.collect();
        let exponents = least.into_iter().map(weights::program_exponent).collect();
        Ok(Image {
            routing: Routing::Axon { cores, inputs, input_latency },
            exponents,
            cores: memories,
            xylo: None,
            parameters: None,
        })
    }
}

/// The group of a projection, sparse until its lists are known.
fn group_of(format: &Format, delay: u16) -> SynapseGroup {
    let Format { signs, bits, exponent, .. } = *format;
    SynapseGroup { signs, bits, exponent, delay, dense: false }
}

/// The format of a projection's group, for the report.
fn report(projection: &str, format: &Format) -> AxonGroupReport {
    let Mantissas { least, most, step } = format.mantissas;
    AxonGroupReport {
        projection: projection.to_owned(),
        signs: match format.signs {
            WeightSigns::Mixed => "mixed",
            WeightSigns::Excitatory => "excitatory",
            WeightSigns::Inhibitory => "inhibitory",
        }
        .to_owned(),
        bits: format.bits,
        exponent: format.exponent,
        mantissas: (least, most),
        mantissa_step: step,
    }
}

/// The synapses of sender `pre` of projection `index`, by core and delay.
fn lists(
    wish: &Wish<'_>,
    (index, pre): (usize, u32),
    formats: &BTreeMap<usize, Format>,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Vec<((usize, u16), Vec<IdealSynapse>)> {
    let mut lists: Vec<((usize, u16), Vec<IdealSynapse>)> = Vec::new();
    for link in wish.row(index, pre).filter(Link::is_wanted) {
        let format = &formats[&link.core];
        let mantissa = format.mantissa(link.weight, options.small_weights);
        if mantissa == 0 {
            ledger.round_to_zero(&link);
            continue;
        }
        ledger.keep(&link, format.weight(mantissa).unsigned_abs());
        let synapse = IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight: mantissa as i16 };
        // Receivers are sorted, and a core has one run of them: mostly it is the last.
        let key = (link.core, link.delay);
        match lists.iter_mut().rev().find(|(of, _)| *of == key) {
            Some((_, list)) => list.push(synapse),
            None => lists.push((key, vec![synapse])),
        }
    }
    lists
}

/// What a core takes of its memories.
pub(crate) fn uses(limits: &AxonLimits, core: &AxonCore, neurons: u32, groups: Vec<AxonGroupReport>) -> AxonUse {
    AxonUse {
        input_axons: Use::of(core.input_axons.len(), limits.input_axons),
        output_axons: Use::of(core.output_axons.len(), limits.output_axons),
        synapse_bits: Use::of(router::synapse_bits(limits, core, neurons) as usize, limits.synapse_bits),
        groups,
    }
}

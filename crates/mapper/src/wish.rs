//! The network as the mapper reads it: every connection between a source and a circuit of the board.

use crate::cuts::{Cuts, Ranked, Ranks};
use crate::die::OnDie;
use crate::kinds::Kind;
use crate::placement::{PlacedCore, Placement};
use crate::report::FreedResources;
use crate::{MapperError, WeightsFor, delays, level};
use chip::{ChipSpec, PLAIN_SHIFT, Source, SynapseSign};
use device_models::DeviceModelError;
use network::{Endpoint, Network, Projection, WeightFormat};
use units::{CoreAddress, InputId, NeuronAddress};

/// One connection of the network with its two ends on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Index of the projection.
    pub(crate) projection: usize,
    /// Index among the senders of the projection.
    pub(crate) pre: u32,
    /// Index among its receivers.
    pub(crate) post: u32,
    /// Index of the core into [`Wish::cores`].
    pub(crate) core: usize,
    /// Circuit in that core.
    pub(crate) circuit: u16,
    /// Index of the synapse kind in the chip.
    pub(crate) kind: u8,
    /// The weight with its sign, in units of 2^-20 of what counts as 1 ([`ChipSpec::level`]), with the scale of its
    /// projection.
    pub(crate) weight: i64,
    /// Whether the mask keeps it.
    pub(crate) kept: bool,
    /// Whether it was taken away for a limit of the chip.
    pub(crate) cut: bool,
    /// Ticks from sending to arrival, as the chip has them.
    pub(crate) delay: u16,
}

impl Link {
    /// The weight without its sign.
    pub(crate) fn asked(&self) -> u64 {
        self.weight.unsigned_abs()
    }

    /// The same on a chip without scales of weights, where it has 32 bits.
    pub(crate) fn magnitude(&self) -> u32 {
        u32::try_from(self.asked()).unwrap_or(u32::MAX)
    }

    /// Whether weights are chosen for it.
    pub(crate) fn is_weighed(&self, weights_for: WeightsFor) -> bool {
        self.is_wanted() || weights_for == WeightsFor::All && !self.cut && self.weight != 0
    }

    /// Whether the mapper has to find a place for it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.kept && !self.cut && self.weight != 0
    }
}

/// A network, checked against its chip.
pub(crate) struct Wish<'a> {
    pub(crate) network: &'a Network,
    pub(crate) spec: &'a ChipSpec,
    pub(crate) placement: &'a Placement,
    /// The cores in use, as in the program.
    pub(crate) cores: Vec<PlacedCore>,
    /// Synapse kinds of each projection: for weights above 0, for weights below 0.
    kinds: Vec<[u8; 2]>,
    /// Of each projection whose connections have delays of their own: those that they get.
    pub(crate) delays: Vec<Option<Vec<u16>>>,
    /// The die that the mapping is judged on.
    pub(crate) die: Option<OnDie<'a>>,
    /// What the masks of `network` lack because a limit left no room for it.
    pub(crate) cuts: &'a Cuts,
    /// How much connections matter.
    pub(crate) ranks: Ranks<'a>,
}

impl<'a> Wish<'a> {
    /// Resolves names and checks everything that does not depend on memories.
    pub(crate) fn new(
        network: &'a Network,
        spec: &'a ChipSpec,
        router: &dyn Kind,
        placement: &'a Placement,
    ) -> Result<Self, MapperError> {
        let check = |projection| check_projection(network, spec, router, projection);
        let kinds = network.projections.iter().map(check).collect::<Result<_, _>>()?;
        let (cores, ranks) = (placement.cores(), Ranks::default());
        let mut wish =
            Self { network, spec, placement, cores, kinds, delays: Vec::new(), die: None, cuts: Cuts::NONE, ranks };
        delays::settle(&mut wish, router)?;
        Ok(wish)
    }

    /// The same for a network that lacks `cuts`, whose connections matter as `ranks` says.
    pub(crate) fn without(self, cuts: &'a Cuts, ranks: Ranks<'a>) -> Self {
        Self { cuts, ranks, ..self }
    }

    /// Where member `index` of `end` sends from.
    pub(crate) fn source(&self, end: Endpoint, index: u32) -> Source {
        match end {
            Endpoint::Input(group) => Source::Input(InputId(self.network.first_channel(group) + index)),
            Endpoint::Population(population) => Source::Neuron(self.address(population, index)),
        }
    }

    /// The circuit of a neuron of the network.
    pub(crate) fn address(&self, population: usize, index: u32) -> NeuronAddress {
        self.placement.address(population, index).expect("every neuron of the network is placed")
    }

    /// All connections of projection `projection` in the order of the network, kept or not.
    pub(crate) fn links(&self, projection: usize) -> impl Iterator<Item = Link> + '_ {
        (0..self.network.projections[projection].connections.row_count() as u32)
            .flat_map(move |pre| self.row(projection, pre))
    }

    /// All connections of all projections, in the order of the network, kept or not.
    pub(crate) fn all_links(&self) -> impl Iterator<Item = Link> + '_ {
        (0..self.network.projections.len()).flat_map(|projection| self.links(projection))
    }

    /// How much a connection matters where some must go.
    pub(crate) fn rank(&self, link: &Link) -> u128 {
        self.ranks.rank(self.network.projections[link.projection].pre, link.pre, link.magnitude())
    }

    /// All wanted connections, each with what it matters.
    pub(crate) fn ranked(&self) -> impl Iterator<Item = (Link, Ranked)> + '_ {
        let of_projection = move |projection: usize| {
            let links = self.links(projection).enumerate().filter(|(_, link)| link.is_wanted());
            links.map(move |(index, link)| {
                let (rank, place) = (self.rank(&link), (projection, index));
                (link, Ranked { place, pre: link.pre, post: link.post, delay: link.delay, rank })
            })
        };
        (0..self.network.projections.len()).flat_map(of_projection)
    }

    /// The weight of a connection as people write it.
    pub(crate) fn spelled(&self, link: &Link) -> String {
        let post = self.network.projections[link.projection].post;
        level::spelled(self.spec, self.network.populations[post].model, link.weight)
    }

    /// What the masks save where a connection takes a synapse and nothing else.
    pub(crate) fn freed_synapses(&self) -> FreedResources {
        let masked = self.all_links().filter(|link| !link.kept && link.weight != 0);
        FreedResources { synapses: masked.count() as u64, ..FreedResources::default() }
    }

    /// What the cores' own check says of the core at `address`, with the populations that sit there.
    pub(crate) fn refused(&self, address: CoreAddress, error: DeviceModelError) -> MapperError {
        let core = self.cores.iter().find(|core| core.address == address);
        let names = core.into_iter().flat_map(|core| &core.parts);
        let populations = names.map(|part| self.network.populations[part.population].name.clone()).collect();
        MapperError::Core { populations, error }
    }

    /// The connections of one sender, sorted by receiver.
    pub(crate) fn row(&self, projection: usize, pre: u32) -> impl Iterator<Item = Link> + '_ {
        let wish = &self.network.projections[projection];
        let (targets, weights) = wish.connections.row(pre);
        let range = wish.connections.row_range(pre);
        let kinds = self.kinds[projection];
        let delays = self.delays[projection].as_ref();
        let cuts = self.cuts.of(projection);
        let mut run = Run::default();
        targets.iter().zip(weights).zip(range).map(move |((&post, weight), index)| {
            if !(run.first..run.end).contains(&post) {
                run = self.run_of(wish.post, post);
            }
            let weight = i64::from(weight.to_bits()) << wish.weight_format.scale;
            let cut = cuts.is_some_and(|cuts| cuts.contains_key(&index));
            Link {
                projection,
                pre,
                post,
                core: run.core,
                circuit: (post - run.first + run.first_circuit) as u16,
                kind: kinds[usize::from(weight < 0)],
                weight,
                kept: cut || wish.mask.keeps(index),
                cut,
                delay: delays.map_or(wish.delay_ticks, |delays| delays[index]),
            }
        })
    }

    fn run_of(&self, population: usize, index: u32) -> Run {
        let segments = self.placement.segments(population);
        let segment = segments[segments.partition_point(|s| s.first_index <= index) - 1];
        Run {
            first: segment.first_index,
            end: segment.first_index + segment.count,
            first_circuit: segment.first_circuit,
            core: self.cores.partition_point(|c| c.address < segment.core),
        }
    }
}

/// Consecutive neurons of one population in one core; empty by default.
#[derive(Default)]
struct Run {
    first: u32,
    end: u32,
    first_circuit: u32,
    core: usize,
}

/// The synapse kinds of `projection`, if chip and populations can have it.
fn check_projection(
    network: &Network,
    spec: &ChipSpec,
    router: &dyn Kind,
    projection: &Projection,
) -> Result<[u8; 2], MapperError> {
    let name = || projection.name.clone();
    let post = &network.populations[projection.post];
    if let Endpoint::Population(pre) = projection.pre
        && network.populations[pre].model.is_graded() != post.model.is_graded()
    {
        let pre = network.populations[pre].model;
        return Err(MapperError::ModelPair { projection: name(), pre, post: post.model });
    }
    delays::check(projection, spec, router)?;
    let choice = &projection.synapse;
    let mut kinds = [0; 2];
    for (kind, wanted) in kinds.iter_mut().zip([&choice.excitatory, &choice.inhibitory]) {
        let Some(index) = spec.synapse_index(wanted) else {
            return Err(MapperError::UnknownSynapse {
                projection: name(),
                synapse: wanted.clone(),
                chip: spec.name.clone(),
                known: spec.synapses.iter().map(|s| s.name.clone()).collect(),
            });
        };
        if spec.synapses[index].kinetics.is_graded() != post.model.is_graded() {
            return Err(MapperError::SynapseModel {
                projection: name(),
                synapse: wanted.clone(),
                population: post.name.clone(),
                model: post.model,
            });
        }
        let kinetics = &spec.synapses[index].kinetics;
        if kinetics.shift() != PLAIN_SHIFT {
            return Err(MapperError::SliceOfWeight {
                projection: name(),
                synapse: wanted.clone(),
                shift: kinetics.shift(),
            });
        }
        *kind = u8::try_from(index).expect("a valid chip has at most 256 kinds of synapse");
    }
    if !projection.weight_format.is_free() && !router.has_weight_formats() {
        let reason = format!("chip `{}` has one format of weights and no choice of it: state none", spec.name);
        return Err(MapperError::WeightFormat { projection: name(), reason });
    }
    let most = if router.has_weight_scales() { WeightFormat::SCALE_MAX } else { 0 };
    let scale = projection.weight_format.scale;
    if scale > most {
        let reason = format!("chip `{}` has weights with a scale of 0 to {most}, not {scale}", spec.name);
        return Err(MapperError::WeightFormat { projection: name(), reason });
    }
    check_signs(network, spec, router, projection, kinds)?;
    Ok(kinds)
}

/// Refuses kinds that cannot carry the sign of a weight that the mask keeps.
fn check_signs(
    network: &Network,
    spec: &ChipSpec,
    router: &dyn Kind,
    projection: &Projection,
    kinds: [u8; 2],
) -> Result<(), MapperError> {
    let can_be = |sign, negative: bool| match sign {
        SynapseSign::Excitatory => !negative,
        SynapseSign::Inhibitory => negative,
        // The weight of a CAM word is a sum of currents and never negative.
        SynapseSign::Signed => !negative || router.has_negative_weights(),
    };
    let kind = |negative| &spec.synapses[usize::from(kinds[usize::from(negative)])];
    let fits = [false, true].map(|negative| can_be(kind(negative).sign, negative));
    if fits == [true, true] {
        return Ok(());
    }
    let wrong = |weight: i32| weight != 0 && !fits[usize::from(weight < 0)];
    match projection.kept().find(|c| wrong(c.weight.to_bits())) {
        None => Ok(()),
        Some(c) => {
            let kind = kind(c.weight.to_bits() < 0);
            Err(MapperError::SynapseSign {
                projection: projection.name.clone(),
                synapse: kind.name.clone(),
                sign: kind.sign,
                weight: level::spelled(
                    spec,
                    network.populations[projection.post].model,
                    i64::from(c.weight.to_bits()) << projection.weight_format.scale,
                ),
                pre: c.pre,
                post: c.post,
            })
        }
    }
}

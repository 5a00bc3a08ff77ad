//! Which populations may sit in one core, and what is said where one finds no room.
//!
//! A core holds neurons of one model. Where a chip has parameters of each neuron, its populations may differ in all
//! that is not one value for the core; elsewhere they must agree in everything. The neurons of most cores also share
//! what their weights are made of: so populations whose weights are of different size keep apart while there are fresh
//! cores.

use crate::die::whole_circuits;
use crate::placement::{Packing, board_cores};
use crate::{CoreSharing, DieChoice, KnownDie, MapperError, MapperOptions};
use chip::{ChipSpec, Values};
use network::{Network, Population, SynapseChoice};
use std::collections::{BTreeMap, BTreeSet};
use units::{ChipId, CoreAddress, CoreId, Quantity};

/// How far apart the largest weights of two populations may be, as a factor, if they are to share weight currents
/// where they need not.
const WEIGHTS_APART: u64 = 2;

/// Populations in one core: the rule of one mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sharing {
    pub(crate) on: bool,
    /// A population that keeps to itself while there are fresh cores.
    pub(crate) apart: Option<usize>,
}

/// Whether two quantities are the same, however they are written.
pub(crate) fn same(a: Quantity, b: Quantity) -> bool {
    a == b || a.value_in(b.unit).is_ok_and(|value| value == b.value)
}

/// Whether two populations can sit in one core of `spec`.
pub(crate) fn may_share(spec: &ChipSpec, a: &Population, b: &Population) -> bool {
    let names: BTreeSet<&String> = a.parameters.keys().chain(b.parameters.keys()).collect();
    let one_value = |name: &&&String| !spec.parameters_per_neuron || a.model.is_core_wide(name);
    let value = |population: &Population, name: &str| match population.parameters.get(name) {
        Some(Values::Shared(value)) => Some(*value),
        Some(Values::PerNeuron(_)) => None,
        None => spec.parameters.get(name).map(|parameter| parameter.nominal.quantity),
    };
    let agree = |name: &String| value(a, name).zip(value(b, name)).is_some_and(|(a, b)| same(a, b));
    a.model == b.model && names.iter().filter(one_value).all(|name| agree(name))
}

/// The largest weights onto a population, by kind of synapse.
type Largest<'a> = BTreeMap<&'a str, u32>;

/// The largest weights onto each population.
fn largest(network: &Network) -> Vec<Largest<'_>> {
    let mut all = vec![Largest::new(); network.populations.len()];
    for projection in &network.projections {
        let SynapseChoice { excitatory, inhibitory } = &projection.synapse;
        for weight in projection.kept().map(|connection| connection.weight.to_bits()).filter(|weight| *weight != 0) {
            let kind = if weight < 0 { inhibitory } else { excitatory };
            let largest = all[projection.post].entry(kind).or_default();
            *largest = (*largest).max(weight.unsigned_abs());
        }
    }
    all
}

/// Whether the weights of two populations are of one size.
fn alike(a: &Largest<'_>, b: &Largest<'_>) -> bool {
    a.iter().all(|(kind, own)| {
        let Some(other) = b.get(kind) else { return true };
        let (low, high) = (u64::from(*own.min(other)), u64::from(*own.max(other)));
        high <= low * WEIGHTS_APART
    })
}

/// The populations in classes: those of one class may sit in one core.
pub(crate) struct Classes {
    /// By population.
    of_population: Vec<u32>,
}

impl Classes {
    /// Ways to form classes, the one that keeps most apart first: the same rules as for a placement in order, which
    /// lets populations share what they need not share only where it finds no fresh core.
    pub(crate) fn stages(
        network: &Network,
        spec: &ChipSpec,
        options: &MapperOptions,
        sharing: Sharing,
        packing: Packing,
    ) -> Vec<Self> {
        let own = Self { of_population: (0..network.populations.len() as u32).collect() };
        let largest = largest(network);
        let may = |a: usize, b: usize| may_share(spec, &network.populations[a], &network.populations[b]);
        let suits = |a: usize, b: usize| {
            let alone = [a, b].into_iter().any(|population| sharing.apart == Some(population));
            !alone && may(a, b) && (packing != Packing::SameWeights || alike(&largest[a], &largest[b]))
        };
        let mut stages = match (sharing.on, packing) {
            (false, _) => vec![own],
            (true, Packing::WhereNeeded) => vec![own, Self::joined(network, may)],
            (true, _) => vec![Self::joined(network, suits), Self::joined(network, may)],
        };
        let (per_core, board) = (spec.neurons_per_core(), board_cores(spec, options));
        let cores = |classes: &Self| classes.sizes(network).iter().map(|size| size.div_ceil(per_core)).sum::<usize>();
        stages.retain(|classes| cores(classes) <= board);
        stages.truncate(1);
        stages
    }

    /// Each population in the first class with all of which it goes.
    fn joined(network: &Network, goes: impl Fn(usize, usize) -> bool) -> Self {
        let mut classes: Vec<Vec<usize>> = Vec::new();
        let mut of_population = Vec::new();
        for population in 0..network.populations.len() {
            let found = classes.iter().position(|class| class.iter().all(|other| goes(*other, population)));
            let class = found.unwrap_or_else(|| {
                classes.push(Vec::new());
                classes.len() - 1
            });
            classes[class].push(population);
            of_population.push(class as u32);
        }
        Self { of_population }
    }

    /// By class: how many neurons it has.
    pub(crate) fn sizes(&self, network: &Network) -> Vec<usize> {
        let count = self.of_population.iter().map(|class| *class as usize + 1).max().unwrap_or(0);
        let mut sizes = vec![0; count];
        for (class, population) in self.of_population.iter().zip(&network.populations) {
            sizes[*class as usize] += population.size as usize;
        }
        sizes
    }

    /// The class of each neuron, counted through the populations.
    pub(crate) fn of_neurons(&self, network: &Network) -> Vec<u32> {
        let populations = self.of_population.iter().zip(&network.populations);
        populations.flat_map(|(class, population)| vec![*class; population.size as usize]).collect()
    }
}

/// The die that `options` have in mind, if circuits of it can be broken.
fn known_faults(options: &MapperOptions) -> Option<&KnownDie> {
    match &options.die {
        DieChoice::Known(known) => known.parameters.has_faults().then_some(known),
        _ => None,
    }
}

/// Circuits of a core that neurons can have: with a die in mind, the whole ones.
pub(crate) fn circuits(spec: &ChipSpec, options: &MapperOptions, core: CoreAddress) -> u32 {
    match known_faults(options) {
        None => spec.neurons_per_core() as u32,
        Some(known) => whole_circuits(&known.parameters, spec, core).count() as u32,
    }
}

/// What of a core is taken.
struct OpenCore {
    /// The populations in it.
    populations: Vec<usize>,
    neurons: u32,
    /// Circuits that neurons can have.
    whole: u32,
    /// Circuits up to the last one in use.
    used: u32,
}

/// Circuits of a neuron of population `population`, by population; one of those that are not there.
pub(crate) fn joined(circuits: &[u32], population: usize) -> u32 {
    circuits.get(population).copied().unwrap_or(1)
}

/// The cores of a board while populations are placed.
pub(crate) struct Cores<'a> {
    network: &'a Network,
    spec: &'a ChipSpec,
    options: &'a MapperOptions,
    sharing: Sharing,
    /// Cores that may be used.
    count: usize,
    open: Vec<OpenCore>,
    largest: Vec<Largest<'a>>,
    /// By population: circuits of a neuron; empty: one.
    joined: &'a [u32],
}

impl<'a> Cores<'a> {
    /// A board without neurons.
    pub(crate) fn new(network: &'a Network, spec: &'a ChipSpec, options: &'a MapperOptions, sharing: Sharing) -> Self {
        let count = board_cores(spec, options);
        let largest = if sharing.on { largest(network) } else { Vec::new() };
        Self { network, spec, options, sharing, count, open: Vec::new(), largest, joined: &[] }
    }

    /// The same for neurons of several circuits, by population.
    pub(crate) fn with_joined(self, joined: &'a [u32]) -> Self {
        Self { joined, ..self }
    }

    /// Neurons of population `population` that the next fresh core has circuits for; any core if there is none.
    pub(crate) fn most(&self, population: usize) -> u32 {
        let fresh = (self.open.len()..self.count).map(|core| self.circuits(core)).find(|circuits| *circuits > 0);
        (fresh.unwrap_or(self.per_core()) / joined(self.joined, population)).max(1)
    }

    /// Neurons of population `population` that core `core` has circuits for.
    pub(crate) fn room(&self, core: usize, population: usize) -> u32 {
        let count = joined(self.joined, population);
        let first = self.open[core].used.next_multiple_of(count);
        self.open[core].whole.saturating_sub(first) / count
    }

    /// Neurons in core `core`.
    pub(crate) fn neurons(&self, core: usize) -> u32 {
        self.open[core].neurons
    }

    /// The circuits of a core.
    pub(crate) fn per_core(&self) -> u32 {
        self.spec.neurons_per_core() as u32
    }

    /// Circuits of core `core` of the board that neurons can have: with a die in mind, the whole ones.
    fn circuits(&self, core: usize) -> u32 {
        circuits(self.spec, self.options, self.address(core))
    }

    /// A fresh core with circuits that neurons can have, if there is one.
    pub(crate) fn fresh(&mut self) -> Option<usize> {
        while self.open.len() < self.count {
            let whole = self.circuits(self.open.len());
            self.open.push(OpenCore { populations: Vec::new(), neurons: 0, whole, used: 0 });
            if whole > 0 {
                return Some(self.open.len() - 1);
            }
        }
        None
    }

    /// The cores in use that population `population` may share and is not in, in order.
    pub(crate) fn shared(&self, population: usize) -> impl Iterator<Item = usize> + '_ {
        let fits = move |core: &usize| {
            let there = &self.open[*core].populations;
            let own = &self.network.populations[population];
            let may = |first: &usize| may_share(self.spec, &self.network.populations[*first], own);
            !there.contains(&population) && there.first().is_none_or(may)
        };
        (0..self.open.len()).filter(move |_| self.sharing.on).filter(fits)
    }

    /// Whether population `population` can share core `core` although there are fresh ones: neither keeps to itself,
    /// and if the core has one set of `weights`, those of both are of one size.
    pub(crate) fn suits(&self, core: usize, population: usize, weights: bool) -> bool {
        let there = &self.open[core].populations;
        let alone = |population: &usize| self.sharing.apart == Some(*population);
        let alike = |other: &usize| alike(&self.largest[population], &self.largest[*other]);
        !alone(&population) && !there.iter().any(alone) && (!weights || there.iter().all(alike))
    }

    /// Puts `neurons` neurons of population `population` into core `core`; returns their first circuit.
    pub(crate) fn put(&mut self, core: usize, population: usize, neurons: u32) -> u32 {
        let core = &mut self.open[core];
        let count = joined(self.joined, population);
        core.populations.push(population);
        core.neurons += neurons;
        core.used = core.used.next_multiple_of(count) + neurons * count;
        core.neurons - neurons
    }

    /// The address of core `core`.
    pub(crate) fn address(&self, core: usize) -> CoreAddress {
        let per_chip = self.spec.cores_per_chip();
        CoreAddress { chip: ChipId((core / per_chip) as u16), core: CoreId((core % per_chip) as u16) }
    }

    /// Free circuits of cores that `population` may use.
    pub(crate) fn free(&self, population: usize) -> u64 {
        self.fresh_circuits() + self.shared(population).map(|core| self.left(core)).sum::<u64>()
    }

    /// Free circuits of core `core`, each for a neuron.
    fn left(&self, core: usize) -> u64 {
        u64::from(self.open[core].whole.saturating_sub(self.open[core].neurons))
    }

    /// Circuits of the cores that are not in use.
    fn fresh_circuits(&self) -> u64 {
        match known_faults(self.options) {
            None => (self.count - self.open.len()) as u64 * u64::from(self.per_core()),
            Some(_) => (self.open.len()..self.count).map(|core| u64::from(self.circuits(core))).sum(),
        }
    }

    /// Free circuits of the cores that `population` is in.
    pub(crate) fn free_beside(&self, population: usize) -> u64 {
        let own = self.open.iter().filter(|core| core.populations.contains(&population));
        own.map(|core| u64::from(self.per_core() - core.neurons)).sum()
    }

    /// The refusal of population `population`, of which `left` neurons found no place; `memories` says which memories
    /// of the cores with free circuits are full, if that is what is missing.
    pub(crate) fn full(&self, population: usize, left: u32, memories: Option<&str>) -> MapperError {
        let own = &self.network.populations[population];
        let circuits = self.fresh_circuits() + self.open.iter().map(|core| u64::from(core.whole)).sum::<u64>();
        let taken: u64 = self.open.iter().map(|core| u64::from(core.neurons)).sum();
        let free = self.free(population);
        let others = (circuits - taken).saturating_sub(free);
        let mut ways = Vec::new();
        if let Some(memories) = memories {
            ways.push(format!("the {memories} of the cores with free circuits are taken: use fewer connections"));
        } else if others > 0 && !self.sharing.on {
            let off = self.options.core_sharing == CoreSharing::Off;
            let way = if off { ": let populations share cores" } else { "" };
            ways.push(format!("{others} more are free in cores of other populations{way}"));
        } else if others > 0 {
            let what = if self.spec.parameters_per_neuron { "another core model" } else { "other parameters" };
            ways.push(format!(
                "{others} more are free in cores whose neurons have {what}, which a core of chip `{}` shares: give the \
                 populations the same",
                self.spec.name
            ));
        }
        let chips = self.spec.chip_count();
        if self.options.chips.is_some_and(|allowed| usize::from(allowed) < chips) {
            ways.push(format!("let the mapping use all {chips} chips of the board"));
        }
        if let Some(known) = known_faults(self.options) {
            let all = self.count as u64 * u64::from(self.per_core());
            ways.push(format!("{} of the board's {all} circuits are broken on {}", all - circuits, known.name));
        }
        ways.push("use fewer neurons, or a chip file with more `geometry.chips`".into());
        MapperError::BoardFull {
            population: own.name.clone(),
            neurons: own.size,
            missing: left,
            free,
            circuits,
            memories: memories.is_some(),
            ways: ways.join("; "),
        }
    }
}

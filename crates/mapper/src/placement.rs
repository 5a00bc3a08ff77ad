//! Which neuron sits in which circuit.

use crate::sharing::{Cores, Sharing, joined};
use crate::{MapperError, MapperOptions};
use chip::{ChipSpec, Circuits, Original};
use network::{Endpoint, Network, Population};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use units::{CoreAddress, NeuronAddress, NeuronId};

pub use chip::Segment;

/// What sits in one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedCore {
    pub(crate) address: CoreAddress,
    /// Circuits up to the last one in use.
    pub(crate) neuron_count: u32,
    /// In the order of circuits.
    pub(crate) parts: Vec<Segment>,
}

impl PlacedCore {
    /// Its neurons.
    pub(crate) fn neurons(&self) -> u32 {
        self.parts.iter().map(|part| part.count).sum()
    }

    /// What the circuits that hold neurons have, of what all up to the last have.
    pub(crate) fn of_neurons<T: Copy>(&self, circuits: &[T]) -> Vec<T> {
        let of_part = |part: &Segment| circuits[part.first_circuit as usize..][..part.count as usize].iter().copied();
        self.parts.iter().flat_map(of_part).collect()
    }
}

/// Where every neuron of a network sits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// By population, then by first neuron.
    segments: Vec<Vec<Segment>>,
    /// By population: circuits that are joined to each of its neurons; empty: one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    joined: Vec<u32>,
    /// What each of the last populations, of one neuron each, is a copy of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    copies: Vec<Original>,
}

impl Placement {
    /// The placement with the given runs of neurons, by population and then by first neuron.
    pub(crate) const fn from_segments(segments: Vec<Vec<Segment>>) -> Self {
        Self { segments, joined: Vec::new(), copies: Vec::new() }
    }

    /// Says that the populations from `own` on are `copies`.
    pub(crate) fn copied(&mut self, own: usize, copies: Vec<Original>) {
        debug_assert_eq!(self.segments.len(), own + copies.len(), "each copy is a population");
        self.copies = copies;
    }

    /// The neuron that population `population` is a copy of; none: it is no copy.
    pub(crate) fn original(&self, population: usize) -> Option<Original> {
        let own = self.segments.len() - self.copies.len();
        population.checked_sub(own).map(|copy| self.copies[copy])
    }

    /// The circuits of each neuron of `core`, in the order of the neurons. Joined circuits stand at a multiple of their
    /// number: powers of two then never reach beyond a block of so many columns, such as those of an event output.
    pub(crate) fn circuits(&self, core: &PlacedCore) -> Vec<Circuits> {
        if !self.joins() {
            return (0..core.neuron_count).map(|own| Circuits { first: circuit(own), count: 1 }).collect();
        }
        let mut free = 0;
        let mut all = Vec::new();
        for part in &core.parts {
            let count = joined(&self.joined, part.population);
            for _ in 0..part.count {
                let first = u32::next_multiple_of(free, count);
                all.push(Circuits { first: circuit(first), count: count as u16 });
                free = first + count;
            }
        }
        all
    }

    /// Whether some neuron has several circuits.
    pub(crate) fn joins(&self) -> bool {
        self.joined.iter().any(|count| *count > 1)
    }

    /// The placement with each neuron in the core that `cores` names, counted through the populations. In a core
    /// neurons have the order of the network.
    pub(crate) fn of_cores(network: &Network, cores: &[CoreAddress]) -> Self {
        let mut next: BTreeMap<CoreAddress, u32> = BTreeMap::new();
        let mut cores = cores.iter();
        let mut segments = Vec::new();
        for (population, Population { size, .. }) in network.populations.iter().enumerate() {
            let mut own: Vec<Segment> = Vec::new();
            for (index, &core) in (0..*size).zip(&mut cores) {
                let circuit = next.entry(core).or_default();
                match own.last_mut().filter(|last| last.core == core) {
                    Some(last) => last.count += 1,
                    None => {
                        own.push(Segment { population, first_index: index, count: 1, core, first_circuit: *circuit })
                    }
                }
                *circuit += 1;
            }
            segments.push(own);
        }
        Self::from_segments(segments)
    }

    /// The placement with each neuron in the circuit that `places` names, by population and index.
    pub(crate) fn of_places(places: &[Vec<(CoreAddress, u32)>]) -> Self {
        let mut segments = Vec::new();
        for (population, places) in places.iter().enumerate() {
            let mut own: Vec<Segment> = Vec::new();
            for (index, &(core, circuit)) in (0..).zip(places) {
                let goes_on = |last: &&mut Segment| last.core == core && last.first_circuit + last.count == circuit;
                match own.last_mut().filter(goes_on) {
                    Some(last) => last.count += 1,
                    None => {
                        own.push(Segment { population, first_index: index, count: 1, core, first_circuit: circuit })
                    }
                }
            }
            segments.push(own);
        }
        Self::from_segments(segments)
    }

    /// The circuit of neuron `index` of population `population`; `None` if there is no such neuron.
    pub fn address(&self, population: usize, index: u32) -> Option<NeuronAddress> {
        let segments = self.segments.get(population)?;
        let segment = segments[..segments.partition_point(|s| s.first_index <= index)].last()?;
        let offset = index - segment.first_index;
        (offset < segment.count)
            .then(|| NeuronAddress { core: segment.core, neuron: circuit(segment.first_circuit + offset) })
    }

    /// The population and index of the neuron in circuit `address`; `None` if the circuit is not in use.
    pub fn neuron(&self, address: NeuronAddress) -> Option<(usize, u32)> {
        let circuit = u32::from(address.neuron.0);
        self.segments.iter().flatten().find_map(|s| {
            let offset = circuit.checked_sub(s.first_circuit).filter(|o| *o < s.count)?;
            (s.core == address.core).then_some((s.population, s.first_index + offset))
        })
    }

    /// The population and index of the neuron in each circuit, to be asked often.
    pub(crate) fn names(&self) -> Names {
        let mut names = Names::default();
        for segment in self.segments.iter().flatten() {
            let circuits = names.0.entry(segment.core).or_default();
            let end = (segment.first_circuit + segment.count) as usize;
            circuits.resize(circuits.len().max(end), None);
            let own = (segment.first_index..).map(|index| Some((segment.population, index)));
            circuits[segment.first_circuit as usize..end].iter_mut().zip(own).for_each(|(spot, name)| *spot = name);
        }
        names
    }

    /// The runs of neurons of population `population`, in order; empty if there is no such population.
    pub fn segments(&self, population: usize) -> &[Segment] {
        self.segments.get(population).map_or(&[], Vec::as_slice)
    }

    /// The cores in use, sorted by address.
    pub(crate) fn cores(&self) -> Vec<PlacedCore> {
        let mut cores: Vec<PlacedCore> = Vec::new();
        // In the order of circuits, some of which can be left out.
        let mut segments: Vec<Segment> = self.segments.iter().flatten().copied().collect();
        segments.sort_by_key(|segment| (segment.core, segment.first_circuit));
        for segment in segments {
            let neuron_count = segment.first_circuit + segment.count;
            match cores.last_mut().filter(|c| c.address == segment.core) {
                Some(core) => {
                    core.neuron_count = neuron_count;
                    core.parts.push(segment);
                }
                None => cores.push(PlacedCore { address: segment.core, neuron_count, parts: vec![segment] }),
            }
        }
        cores
    }
}

/// Which neuron is in which circuit.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<CoreAddress, Vec<Option<(usize, u32)>>>);

impl Names {
    /// As [`Placement::neuron`].
    pub(crate) fn neuron(&self, address: NeuronAddress) -> Option<(usize, u32)> {
        *self.0.get(&address.core)?.get(address.neuron.index())?
    }
}

fn circuit(index: u32) -> NeuronId {
    NeuronId(u16::try_from(index).expect("checked: a core has at most 65536 neurons"))
}

/// Cores of the board that `options` allows to be used.
pub(crate) fn board_cores(spec: &ChipSpec, options: &MapperOptions) -> usize {
    let chips = options.chips.map_or(spec.chip_count(), |chips| spec.chip_count().min(usize::from(chips)));
    chips * spec.cores_per_chip()
}

/// Refuses populations whose equations the chip does not have.
pub(crate) fn check_models(network: &Network, spec: &ChipSpec) -> Result<(), MapperError> {
    match network.populations.iter().find(|population| !spec.models.contains(&population.model)) {
        None => Ok(()),
        Some(population) => Err(MapperError::Model {
            population: population.name.clone(),
            model: population.model,
            chip: spec.name.clone(),
            offered: spec.models.iter().map(|m| m.name().into()).collect(),
        }),
    }
}

/// Whether populations share cores that they need not share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Never: each has what a core shares for itself while there are fresh cores.
    WhereNeeded,
    /// If their weights are of one size, since a core has one set of them.
    SameWeights,
    /// Wherever the chip lets them.
    Always,
}

/// Places the populations in their order, first fit: whole cores of them, then the rest in a core that has room for it,
/// or else in a fresh one. Only where there is none a population is spread over what is left of the cores in use.
/// `circuits` is how many circuits each neuron of which population takes; empty: one.
pub(crate) fn place(
    network: &Network,
    spec: &ChipSpec,
    options: &MapperOptions,
    sharing: Sharing,
    packing: Packing,
    circuits: &[u32],
) -> Result<Placement, MapperError> {
    let mut cores = Cores::new(network, spec, options, sharing).with_joined(circuits);
    let mut segments: Vec<Vec<Segment>> = Vec::new();
    for (population, Population { size, .. }) in network.populations.iter().enumerate() {
        let mut parts = Vec::new();
        let mut first_index = 0;
        while first_index < *size {
            let left = size - first_index;
            let piece = left.min(cores.most(population));
            let has_room = |cores: &Cores<'_>, core: usize| cores.room(core, population) >= piece;
            let packed = || {
                let all = cores.shared(population).filter(|core| has_room(&cores, *core));
                all.filter(|_| packing == Packing::SameWeights).find(|core| cores.suits(*core, population, true))
            };
            let whole = |cores: &Cores<'_>| cores.shared(population).find(|core| has_room(cores, *core));
            let any = |cores: &Cores<'_>| cores.shared(population).find(|core| cores.room(*core, population) > 0);
            let core = packed().or_else(|| cores.fresh()).or_else(|| whole(&cores)).or_else(|| any(&cores));
            let Some(core) = core else { return Err(cores.full(population, left, None)) };
            let count = piece.min(cores.room(core, population));
            let first_circuit = cores.put(core, population, count);
            parts.push(Segment { population, first_index, count, core: cores.address(core), first_circuit });
            first_index += count;
        }
        segments.push(parts);
    }
    Ok(Placement { joined: circuits.to_vec(), ..Placement::from_segments(segments) })
}

/// The name of an end and of one of its members, for errors.
pub(crate) fn name_of(network: &Network, end: Endpoint) -> &str {
    match end {
        Endpoint::Population(i) => &network.populations[i].name,
        Endpoint::Input(i) => &network.inputs[i].name,
    }
}

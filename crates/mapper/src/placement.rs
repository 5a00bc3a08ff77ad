//! Which neuron sits in which circuit.

use crate::{CoreSharing, MapperError, MapperOptions};
use chip::{ChipSpec, Values};
use network::{Endpoint, Network, Population};
use serde::{Deserialize, Serialize};
use units::{ChipId, CoreAddress, CoreId, NeuronAddress, NeuronId};

pub use chip::Segment;

/// What sits in one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedCore {
    pub(crate) address: CoreAddress,
    pub(crate) neuron_count: u32,
    pub(crate) parts: Vec<Segment>,
}

/// Where every neuron of a network sits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// By population, then by first neuron.
    segments: Vec<Vec<Segment>>,
}

impl Placement {
    /// The placement with the given runs of neurons, by population and then by first neuron.
    pub(crate) const fn from_segments(segments: Vec<Vec<Segment>>) -> Self {
        Self { segments }
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

    /// The runs of neurons of population `population`, in order; empty if there is no such population.
    pub fn segments(&self, population: usize) -> &[Segment] {
        self.segments.get(population).map_or(&[], Vec::as_slice)
    }

    /// The cores in use, sorted by address.
    pub(crate) fn cores(&self) -> Vec<PlacedCore> {
        let mut cores: Vec<PlacedCore> = Vec::new();
        // Mostly placement goes through populations and cores in order; only the layers of Xylo take turns.
        let mut segments: Vec<Segment> = self.segments.iter().flatten().copied().collect();
        segments.sort_by_key(|segment| segment.core);
        for segment in segments {
            match cores.last_mut().filter(|c| c.address == segment.core) {
                Some(core) => {
                    core.neuron_count += segment.count;
                    core.parts.push(segment);
                }
                None => {
                    cores.push(PlacedCore { address: segment.core, neuron_count: segment.count, parts: vec![segment] })
                }
            }
        }
        cores
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

/// Places the populations in their order, first fit.
pub(crate) fn place(network: &Network, spec: &ChipSpec, options: &MapperOptions) -> Result<Placement, MapperError> {
    let (per_core, per_chip) = (spec.neurons_per_core() as u32, spec.cores_per_chip());
    let board_cores = board_cores(spec, options);
    let mut segments: Vec<Vec<Segment>> = Vec::new();
    let mut used_cores = 0; // the last of these is the open one
    let mut used_circuits = per_core; // of the open core
    for (index, population) in network.populations.iter().enumerate() {
        let shares = index > 0
            && options.core_sharing == CoreSharing::On
            && may_share(&network.populations[index - 1], population);
        let room = if shares { per_core - used_circuits } else { 0 };
        let needed_cores = population.size.saturating_sub(room).div_ceil(per_core) as usize;
        if needed_cores > board_cores - used_cores {
            return Err(MapperError::BoardFull {
                population: population.name.clone(),
                neurons: population.size,
                needed_cores,
                free_cores: board_cores - used_cores,
                board_cores,
                neurons_per_core: per_core as usize,
            });
        }
        let mut parts = Vec::new();
        let mut first_index = 0;
        let mut room = room;
        while first_index < population.size {
            if room == 0 {
                (used_cores, used_circuits, room) = (used_cores + 1, 0, per_core);
            }
            let count = room.min(population.size - first_index);
            let core = used_cores - 1;
            let core = CoreAddress { chip: ChipId((core / per_chip) as u16), core: CoreId((core % per_chip) as u16) };
            parts.push(Segment { population: index, first_index, count, core, first_circuit: used_circuits });
            (first_index, used_circuits, room) = (first_index + count, used_circuits + count, room - count);
        }
        segments.push(parts);
    }
    Ok(Placement { segments })
}

/// Whether two populations can share the biases of a core.
fn may_share(a: &Population, b: &Population) -> bool {
    let shared = |p: &Population| p.parameters.values().all(|v| matches!(v, Values::Shared(_)));
    a.model == b.model && shared(a) && a.parameters == b.parameters
}

/// The name of an end and of one of its members, for errors.
pub(crate) fn name_of(network: &Network, end: Endpoint) -> &str {
    match end {
        Endpoint::Population(i) => &network.populations[i].name,
        Endpoint::Input(i) => &network.inputs[i].name,
    }
}

//! How many cores a population takes: as few as obey every limit of a core.

use crate::placement::{Placement, Segment, board_cores};
use crate::{MapperError, MapperOptions};
use chip::{AxonLimits, ChipSpec, SynapseGroup, WeightSigns};
use fx::Weight;
use network::{Endpoint, Network};
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, CoreId};

/// What messages call the axons that a core hears.
const INPUT_AXONS: &str = "input axons";

/// What one core needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Need {
    input_axons: u64,
    output_axons: u64,
    synapse_bits: u64,
}

/// The limits of a core.
struct Store {
    limits: AxonLimits,
}

/// Lists of synapses of a projection onto one core.
#[derive(Default)]
pub(super) struct Lists {
    /// By number of synapses: how many lists have it.
    sizes: BTreeMap<u64, u64>,
    /// Whether some list has two synapses onto one neuron.
    has_parallel: bool,
}

impl Lists {
    /// Counts a list of `size` synapses.
    pub(super) fn add(&mut self, size: u64, has_parallel: bool) {
        *self.sizes.entry(size).or_default() += 1;
        self.has_parallel |= has_parallel;
    }

    /// How lists of a group like `group` are stored in a core of `neurons` neurons, in the smaller format, and the bits
    /// that this takes.
    pub(super) fn stored(&self, limits: &AxonLimits, group: SynapseGroup, neurons: u32) -> (SynapseGroup, u64) {
        let bits = |dense| {
            let group = SynapseGroup { dense, ..group };
            let lists = self.sizes.iter();
            (group, lists.map(|(&size, &count)| router::list_bits(limits, &group, neurons, size) * count).sum())
        };
        let (sparse, dense) = (bits(false), bits(true));
        // A dense list has one place for a neuron.
        if self.has_parallel || sparse.1 <= dense.1 { sparse } else { dense }
    }
}

impl Store {
    /// What each part of each population needs, if the populations are split into `parts`.
    fn needs(&self, network: &Network, parts: &[u32]) -> Vec<Vec<Need>> {
        let mut needs: Vec<Vec<Need>> = parts.iter().map(|parts| vec![Need::default(); *parts as usize]).collect();
        for projection in &network.projections {
            let split = Split::new(network.populations[projection.post].size, parts[projection.post]);
            let mut lists: Vec<Lists> = (0..split.parts).map(|_| Lists::default()).collect();
            for pre in 0..projection.connections.row_count() as u32 {
                let (targets, weights) = projection.connections.row(pre);
                let range = projection.connections.row_range(pre);
                let kept = targets.iter().zip(weights).zip(range);
                let mut kept = kept.filter(|((_, w), i)| **w != Weight::ZERO && projection.mask.keeps(*i)).peekable();
                while let Some(((&post, _), _)) = kept.next() {
                    let part = split.part(post);
                    let end = split.first(part + 1);
                    let (mut size, mut last, mut has_parallel) = (1, post, false);
                    while let Some(((&post, _), _)) = kept.next_if(|((post, _), _)| **post < end) {
                        has_parallel |= post == last;
                        (size, last) = (size + 1, post);
                    }
                    lists[part as usize].add(size, has_parallel);
                    needs[projection.post][part as usize].input_axons += 1;
                    if let Endpoint::Population(from) = projection.pre {
                        let sender = Split::new(network.populations[from].size, parts[from]).part(pre);
                        needs[from][sender as usize].output_axons += 1;
                    }
                }
            }
            for (part, lists) in lists.iter().enumerate() {
                let neurons = split.first(part as u32 + 1) - split.first(part as u32);
                // Memory does not depend on the signs and the exponent.
                let group = SynapseGroup {
                    signs: WeightSigns::Mixed,
                    bits: projection.weight_format.bits.unwrap_or(self.limits.weight_bits),
                    exponent: 0,
                    delay: projection.delay_ticks.saturating_sub(1),
                    dense: false,
                };
                let (_, bits) = lists.stored(&self.limits, group, neurons);
                needs[projection.post][part].synapse_bits += bits;
            }
        }
        needs
    }

    /// Into how many parts each population is split: as few as obey every limit of a core.
    fn parts(&self, network: &Network, sizes: &[u32], per_core: u32) -> Result<Vec<u32>, MapperError> {
        let least: Vec<u32> = sizes.iter().map(|size| size.div_ceil(per_core)).collect();
        let mut parts = least.clone();
        while let Some((index, resource, needed, limit)) = self.first_excess(network, &parts) {
            let (old, size) = (parts[index], sizes[index]);
            if old == size {
                let population = network.populations[index].name.clone();
                return Err(MapperError::CoreMemory { population, resource, needed, limit });
            }
            // Splitting shares out neurons and synapses, but a sender takes an axon on each core that it reaches.
            let wanted = match resource {
                INPUT_AXONS => u64::from(old) * 2,
                _ => (u64::from(old) * needed).div_ceil(limit),
            };
            parts[index] = wanted.clamp(u64::from(old) + 1, u64::from(size)) as u32;
        }
        // These steps can overshoot, since memory comes in words.
        for index in 0..parts.len() {
            while parts[index] > least[index] {
                parts[index] -= 1;
                if self.first_excess(network, &parts).is_some() {
                    parts[index] += 1;
                    break;
                }
            }
        }
        Ok(parts)
    }

    /// The first population with a part that exceeds a limit: which limit, by the part that exceeds it most, how much
    /// that needs, how much there is.
    fn first_excess(&self, network: &Network, parts: &[u32]) -> Option<(usize, &'static str, u64, u64)> {
        self.needs(network, parts).iter().enumerate().find_map(|(index, needs)| {
            let all = needs.iter().filter_map(|need| self.excess(need));
            // The ratio in 1/256: enough to tell which is worst.
            let worst = all.max_by_key(|(_, used, limit)| used.saturating_mul(256) / limit);
            worst.map(|(resource, needed, limit)| (index, resource, needed, limit))
        })
    }

    /// The limit that `need` exceeds: what it is, how much is needed, how much there is.
    fn excess(&self, need: &Need) -> Option<(&'static str, u64, u64)> {
        let limits = &self.limits;
        [
            (INPUT_AXONS, need.input_axons, limits.input_axons),
            ("output axons", need.output_axons, limits.output_axons),
            ("synapse bits", need.synapse_bits, limits.synapse_bits),
        ]
        .into_iter()
        .map(|(what, used, limit)| (what, used, limit as u64))
        .find(|(_, used, limit)| used > limit)
    }
}

/// A population in even parts, the larger ones first.
#[derive(Clone, Copy)]
struct Split {
    size: u32,
    parts: u32,
}

impl Split {
    fn new(size: u32, parts: u32) -> Self {
        Self { size, parts }
    }

    /// First neuron of part `part`; the size for the part after the last.
    fn first(self, part: u32) -> u32 {
        let (small, large) = (self.size / self.parts, self.size % self.parts);
        part * small + part.min(large)
    }

    fn part(self, neuron: u32) -> u32 {
        let (small, large) = (self.size / self.parts, self.size % self.parts);
        let of_large = large * (small + 1);
        if neuron < of_large { neuron / (small + 1) } else { large + (neuron - of_large) / small }
    }
}

/// Splits the populations over cores and places the parts in the order of the network.
pub(super) fn place(
    network: &Network,
    spec: &ChipSpec,
    limits: AxonLimits,
    options: &MapperOptions,
) -> Result<Placement, MapperError> {
    let store = Store { limits };
    let per_chip = spec.cores_per_chip();
    let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
    let parts = store.parts(network, &sizes, spec.neurons_per_core() as u32)?;
    let board_cores = board_cores(spec, options);
    let mut segments = Vec::new();
    let mut used = 0;
    for (index, (&size, &parts)) in sizes.iter().zip(&parts).enumerate() {
        if parts as usize > board_cores - used {
            return Err(MapperError::BoardFull {
                population: network.populations[index].name.clone(),
                neurons: size,
                needed_cores: parts as usize,
                free_cores: board_cores - used,
                board_cores,
                neurons_per_core: size.div_ceil(parts) as usize,
            });
        }
        let split = Split::new(size, parts);
        let segment = |part: u32| {
            let core = used + part as usize;
            Segment {
                population: index,
                first_index: split.first(part),
                count: split.first(part + 1) - split.first(part),
                core: CoreAddress { chip: ChipId((core / per_chip) as u16), core: CoreId((core % per_chip) as u16) },
                first_circuit: 0,
            }
        };
        segments.push((0..parts).map(segment).collect());
        used += parts as usize;
    }
    Ok(Placement::from_segments(segments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_cover_the_population() {
        for (size, parts) in [(1, 1), (10, 3), (512, 10), (7, 7), (1024, 1)] {
            let split = Split::new(size, parts);
            assert_eq!((split.first(0), split.first(parts)), (0, size));
            for neuron in 0..size {
                let part = split.part(neuron);
                assert!((split.first(part)..split.first(part + 1)).contains(&neuron), "{neuron} of {size} in {parts}");
            }
            let sizes: Vec<u32> = (0..parts).map(|p| split.first(p + 1) - split.first(p)).collect();
            assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] - sizes[sizes.len() - 1] <= 1, "{sizes:?}");
        }
    }
}

//! How many cores a population takes: as few as obey every limit of a core.

use crate::placement::{Placement, Segment};
use crate::sharing::{Cores, Sharing};
use crate::{Limit, MapperError, MapperOptions};
use chip::{AxonLimits, ChipSpec, SynapseGroup, WeightSigns};
use fx::Weight;
use network::{Endpoint, Network, Population, Projection};
use std::collections::BTreeMap;

/// What messages call the axons that a core hears.
const INPUT_AXONS: &str = "input axons";

/// What messages call those that it has for its neurons.
const OUTPUT_AXONS: &str = "output axons";

/// The limit behind a memory that messages call `resource`.
pub(crate) fn resource_limit(resource: &str) -> Limit {
    match resource {
        INPUT_AXONS => Limit::InputAxons,
        OUTPUT_AXONS => Limit::OutputAxons,
        _ => Limit::SynapseBits,
    }
}

/// What the neurons of one population in a core need of its memories.
#[derive(Default)]
pub(super) struct Need {
    pub(super) neurons: u32,
    pub(super) input_axons: u64,
    pub(super) output_axons: u64,
    /// The groups of the projections onto them.
    pub(super) groups: Vec<(SynapseGroup, Lists)>,
}

/// The limits of a core.
pub(super) struct Store {
    pub(super) limits: AxonLimits,
}

/// Lists of synapses of a projection onto one core.
#[derive(Default)]
pub(super) struct Lists {
    /// By number of synapses: how many lists have it. Numbers are small: a list has one for a neuron of its core,
    /// unless connections are parallel.
    sizes: Vec<u64>,
    /// Whether some list has two synapses onto one neuron.
    has_parallel: bool,
}

impl Lists {
    /// Counts a list of `size` synapses.
    pub(super) fn add(&mut self, size: u64, has_parallel: bool) {
        let size = size as usize;
        if self.sizes.len() <= size {
            self.sizes.resize(size + 1, 0);
        }
        self.sizes[size] += 1;
        self.has_parallel |= has_parallel;
    }

    /// How lists of a group like `group` are stored in a core of `neurons` neurons, in the smaller format, and the bits
    /// that this takes.
    pub(super) fn stored(&self, limits: &AxonLimits, group: SynapseGroup, neurons: u32) -> (SynapseGroup, u64) {
        let bits = |dense| {
            let group = SynapseGroup { dense, ..group };
            let lists = self.sizes.iter().zip(0..).filter(|(count, _)| **count > 0);
            (group, lists.map(|(&count, size)| router::list_bits(limits, &group, neurons, size) * count).sum())
        };
        let (sparse, dense) = (bits(false), bits(true));
        // A dense list has one place for a neuron.
        if self.has_parallel || sparse.1 <= dense.1 { sparse } else { dense }
    }
}

impl Store {
    /// What each part of each population needs, if the populations are split into `parts`; of all populations, or in
    /// full of the one with the number `only`.
    fn needs(&self, network: &Network, parts: &[u32], only: Option<usize>) -> Vec<Vec<Need>> {
        let of_part =
            |split: Split, part: u32| Need { neurons: split.first(part + 1) - split.first(part), ..Need::default() };
        let of_population = |(population, parts): (&Population, &u32)| {
            (0..*parts).map(|part| of_part(Split::new(population.size, *parts), part)).collect()
        };
        let mut needs: Vec<Vec<Need>> = network.populations.iter().zip(parts).map(of_population).collect();
        let concerns = |projection: &&Projection| {
            only.is_none_or(|only| projection.post == only || projection.pre == Endpoint::Population(only))
        };
        // By delay: how many synapses of a row onto a part, the last receiver, whether one has two of them.
        let mut axons: Vec<(u16, u64, u32, bool)> = Vec::new();
        for projection in network.projections.iter().filter(concerns) {
            let split = Split::new(network.populations[projection.post].size, parts[projection.post]);
            // By part and delay.
            let mut lists: Vec<BTreeMap<u16, Lists>> = (0..split.parts).map(|_| BTreeMap::new()).collect();
            for pre in 0..projection.connections.row_count() as u32 {
                let (targets, weights) = projection.connections.row(pre);
                let range = projection.connections.row_range(pre);
                let kept = targets.iter().zip(weights).zip(range);
                let mut kept = kept.filter(|((_, w), i)| **w != Weight::ZERO && projection.mask.keeps(*i)).peekable();
                while let Some(((post, _), _)) = kept.peek() {
                    let part = split.part(**post);
                    let end = split.first(part + 1);
                    axons.clear();
                    while let Some(((&post, _), index)) = kept.next_if(|((post, _), _)| **post < end) {
                        let delay = projection.delay_of(index).saturating_sub(1).min(self.limits.delay_max);
                        match axons.iter_mut().find(|axon| axon.0 == delay) {
                            Some((_, size, last, has_parallel)) => {
                                *has_parallel |= std::mem::replace(last, post) == post;
                                *size += 1;
                            }
                            None => axons.push((delay, 1, post, false)),
                        }
                    }
                    needs[projection.post][part as usize].input_axons += axons.len() as u64;
                    if let Endpoint::Population(from) = projection.pre {
                        let sender = Split::new(network.populations[from].size, parts[from]).part(pre);
                        needs[from][sender as usize].output_axons += axons.len() as u64;
                    }
                    for (delay, size, _, has_parallel) in axons.drain(..) {
                        lists[part as usize].entry(delay).or_default().add(size, has_parallel);
                    }
                }
            }
            for (need, lists) in needs[projection.post].iter_mut().zip(lists) {
                for (delay, lists) in lists {
                    // Memory does not depend on the signs and the exponent.
                    let group = SynapseGroup {
                        signs: WeightSigns::Mixed,
                        bits: self.bits(projection),
                        exponent: 0,
                        delay,
                        dense: false,
                    };
                    need.groups.push((group, lists));
                }
            }
        }
        needs
    }

    /// Bits of a weight of `projection`. Bits that the chip does not have are refused when weights are written.
    pub(super) fn bits(&self, projection: &Projection) -> u8 {
        let most = self.limits.weight_bits;
        projection.weight_format.bits.map_or(most, |bits| bits.clamp(1, most))
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
            let (all, mut bad) = (parts[index], least[index].saturating_sub(1));
            let mut good = all;
            while bad + 1 < good {
                parts[index] = bad + (good - bad) / 2;
                let fits = self.needs(network, &parts, Some(index))[index].iter().all(|n| self.excess(&[n]).is_none());
                *if fits { &mut good } else { &mut bad } = parts[index];
            }
            parts[index] = good;
            // Other parts can be more of them for some sender, though there are fewer.
            if good < all && self.first_excess(network, &parts).is_some() {
                parts[index] = all;
            }
        }
        Ok(parts)
    }

    /// The first population with a part that exceeds a limit: which limit, by the part that exceeds it most, how much
    /// that needs, how much there is.
    fn first_excess(&self, network: &Network, parts: &[u32]) -> Option<(usize, &'static str, u64, u64)> {
        self.needs(network, parts, None).iter().enumerate().find_map(|(index, needs)| {
            let all = needs.iter().filter_map(|need| self.excess(&[need]));
            // The ratio in 1/256: enough to tell which is worst.
            let worst = all.max_by_key(|(_, used, limit)| used.saturating_mul(256) / limit);
            worst.map(|(resource, needed, limit)| (index, resource, needed, limit))
        })
    }

    /// The limit that these needs exceed in one core: what it is, how much is needed, how much there is.
    pub(super) fn excess(&self, needs: &[&Need]) -> Option<(&'static str, u64, u64)> {
        self.used(needs).into_iter().find(|(_, used, limit)| used > limit)
    }

    /// What these needs take of each memory of one core, and how much there is.
    pub(super) fn used(&self, needs: &[&Need]) -> [(&'static str, u64, u64); 3] {
        let limits = &self.limits;
        let sum = |of: fn(&Need) -> u64| needs.iter().map(|need| of(need)).sum::<u64>();
        let neurons = needs.iter().map(|need| need.neurons).sum();
        let groups = needs.iter().flat_map(|need| &need.groups);
        let bits = |(group, lists): &(SynapseGroup, Lists)| lists.stored(limits, *group, neurons).1;
        [
            (INPUT_AXONS, sum(|need| need.input_axons), limits.input_axons as u64),
            (OUTPUT_AXONS, sum(|need| need.output_axons), limits.output_axons as u64),
            ("synapse bits", groups.map(bits).sum(), limits.synapse_bits as u64),
        ]
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

/// Splits the populations over cores and places the parts in the order of the network, first fit.
///
/// A population is split for the limits of a core, and further only where neither a fresh core is left nor one in use
/// has room for a part.
pub(super) fn place(
    network: &Network,
    spec: &ChipSpec,
    limits: AxonLimits,
    options: &MapperOptions,
    sharing: Sharing,
) -> Result<Placement, MapperError> {
    let store = Store { limits };
    let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
    let mut parts = store.parts(network, &sizes, spec.neurons_per_core() as u32)?;
    loop {
        let needs = store.needs(network, &parts, None);
        let mut cores = Cores::new(network, spec, options, sharing);
        let refused = match pack(&store, &needs, &mut cores) {
            Ok(segments) => return Ok(Placement::from_segments(segments)),
            Err(refused) => refused,
        };
        let Unplaced { population, left } = refused;
        let (old, size) = (parts[population], sizes[population]);
        let free = cores.free(population).min(left.into()) as u32;
        // Parts of one population do not share a core: each was as large as the memories let it be.
        if free < left && cores.free(population) + cores.free_beside(population) >= u64::from(left) {
            return Err(cores.full(population, left, Some("axons or synapse memory")));
        }
        if free < left {
            return Err(cores.full(population, left - free, None));
        }
        if !sharing.on || old == size {
            return Err(cores.full(population, left, Some("axons or synapse memory")));
        }
        parts[population] = (old + old.div_ceil(2)).min(size);
    }
}

/// A population for some neurons of which there is no room.
struct Unplaced {
    population: usize,
    /// These neurons.
    left: u32,
}

/// Puts every part into the first core with room for it.
fn pack(store: &Store, needs: &[Vec<Need>], cores: &mut Cores<'_>) -> Result<Vec<Vec<Segment>>, Unplaced> {
    let mut taken: Vec<Vec<&Need>> = Vec::new();
    let mut segments = Vec::new();
    for (population, needs) in needs.iter().enumerate() {
        let mut own = Vec::new();
        let mut first_index = 0;
        for (part, need) in needs.iter().enumerate() {
            let has_room = |core: &usize| {
                let together: Vec<&Need> = taken[*core].iter().copied().chain([need]).collect();
                cores.neurons(*core) + need.neurons <= cores.per_core() && store.excess(&together).is_none()
            };
            let suits = |core: &usize| cores.suits(*core, population, false);
            let mut core = cores.shared(population).filter(suits).find(has_room);
            let any = if core.is_none() { cores.shared(population).find(has_room) } else { None };
            if core.is_none() {
                core = cores.fresh().inspect(|_| taken.push(Vec::new())).or(any);
            }
            let Some(core) = core else {
                let left = needs[part..].iter().map(|need| need.neurons).sum();
                return Err(Unplaced { population, left });
            };
            taken[core].push(need);
            let first_circuit = cores.put(core, population, need.neurons);
            let core = cores.address(core);
            own.push(Segment { population, first_index, count: need.neurons, core, first_circuit });
            first_index += need.neurons;
        }
        segments.push(own);
    }
    Ok(segments)
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

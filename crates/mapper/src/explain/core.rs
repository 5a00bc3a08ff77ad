//! One core: what fills it, who sits in it, and whom it hears.

use super::Explained;
use crate::report::{PopulationRange, Use};
use crate::{MapperError, kinds};
use chip::Source;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use units::CoreAddress;

/// Sources that are named as the most expensive of a core.
const DEAREST: usize = 3;

/// What a core uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreUse {
    /// Which core.
    pub address: CoreAddress,
    /// Name of its equations.
    pub model: String,
    /// What sits in it, in the order of its circuits.
    pub parts: Vec<PopulationRange>,
    /// Each resource with its use and limit; of memories of a neuron, what the fullest neuron uses.
    pub resources: Vec<(String, Use)>,
}

impl CoreUse {
    /// The resource that is fullest, of equal ones the first, and its use in percent; none without limits.
    pub fn fullest(&self) -> Option<(&str, u64)> {
        let share = |of: &Use| Some((u128::from(of.used), u128::from(of.limit.filter(|limit| *limit > 0)?)));
        let mut most: Option<(&str, (u128, u128))> = None;
        for (name, of) in &self.resources {
            let Some((used, limit)) = share(of) else { continue };
            if most.is_none_or(|(_, (most, of))| used * of > most * limit) {
                most = Some((name, (used, limit)));
            }
        }
        // Rounded up, so that only what is really empty shows as 0, and down below what is really full.
        most.map(|(name, (used, limit))| {
            let percent = (100 * used).div_ceil(limit);
            (name, if used < limit { percent.min(99) } else { percent } as u64)
        })
    }
}

/// Sources that a core hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// A source (`reservoir[17]`), or a group of them.
    pub name: String,
    /// How many of the group it hears.
    pub sources: u64,
    /// Their synapses in the core.
    pub synapses: u64,
    /// Neurons of the core that hear them.
    pub neurons: u64,
}

/// A core with what fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreContents {
    /// What it uses.
    pub core: CoreUse,
    /// Whom it hears, by population and input group, the one of most synapses first.
    pub groups: Vec<Sender>,
    /// The sources of most synapses.
    pub dearest: Vec<Sender>,
}

impl Explained<'_> {
    /// What each core uses.
    pub fn cores(&self) -> Vec<CoreUse> {
        let uses = kinds::uses(self.program, &self.spec);
        let mut parts: BTreeMap<CoreAddress, Vec<(u32, PopulationRange)>> = BTreeMap::new();
        for segment in &self.symbols.segments {
            let population = self.symbols.populations[segment.population].name.clone();
            let range = PopulationRange { population, first_index: segment.first_index, count: segment.count };
            parts.entry(segment.core).or_default().push((segment.first_circuit, range));
        }
        let of_core = |(core, uses): (&chip::CoreProgram, Vec<(String, Use)>)| {
            let mut parts = parts.get(&core.address).cloned().unwrap_or_default();
            parts.sort_by_key(|(circuit, _)| *circuit);
            let all = kinds::neurons(&self.spec, core.address);
            let neurons = if core.circuits.is_empty() {
                ("neurons".into(), Use::of(core.neuron_count as usize - core.off.len(), all))
            } else {
                let circuits = core.circuits.iter().map(|own| usize::from(own.count)).sum();
                ("circuits".into(), Use::of(circuits, all))
            };
            CoreUse {
                address: core.address,
                model: core.model.name().into(),
                parts: parts.into_iter().map(|(_, range)| range).collect(),
                resources: [neurons].into_iter().chain(uses).collect(),
            }
        };
        self.program.cores.iter().zip(uses).map(of_core).collect()
    }

    /// What fills core `index` of the program.
    ///
    /// # Errors
    /// A program that does not fit its chip.
    pub fn core(&self, index: usize) -> Result<CoreContents, MapperError> {
        let mut sources: BTreeMap<Source, (u64, BTreeSet<u16>)> = BTreeMap::new();
        for stored in self.stored(|stored| stored.core == index)? {
            let (synapses, neurons) = sources.entry(stored.source).or_default();
            *synapses += 1;
            neurons.insert(stored.neuron.0);
        }
        let mut groups: BTreeMap<String, (u64, u64, BTreeSet<u16>)> = BTreeMap::new();
        for (source, (synapses, neurons)) in &sources {
            let of_group = groups.entry(self.group(*source).0).or_default();
            of_group.0 += 1;
            of_group.1 += synapses;
            of_group.2.extend(neurons);
        }
        let groups = groups.into_iter().map(|(name, (sources, synapses, neurons))| Sender {
            name,
            sources,
            synapses,
            neurons: neurons.len() as u64,
        });
        let mut groups: Vec<Sender> = groups.collect();
        groups.sort_by_key(|group| Reverse(group.synapses));
        let mut dearest: Vec<_> = sources.into_iter().collect();
        dearest.sort_by_key(|(source, (synapses, _))| (Reverse(*synapses), *source));
        let dearest = dearest.into_iter().take(DEAREST).map(|(source, (synapses, neurons))| Sender {
            name: self.name(source),
            sources: 1,
            synapses,
            neurons: neurons.len() as u64,
        });
        let core = self.cores().swap_remove(index);
        Ok(CoreContents { core, groups, dearest: dearest.collect() })
    }
}

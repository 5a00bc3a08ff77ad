//! Which neurons may sit together: axons and synapse memory, counted for a placement before it is mapped.

use super::place::{Lists, Need, Store};
use crate::optimise::Nets;
use chip::{SynapseGroup, WeightSigns};
use network::{Endpoint, Network};
use partition::{Blame, Hypergraph, Limits, Parts, Verdict};
use std::collections::BTreeMap;

/// The limits of cores with this store.
pub(super) struct Memories<'a> {
    pub(super) store: Store,
    pub(super) network: &'a Network,
    pub(super) nets: &'a Nets,
}

impl Memories<'_> {
    /// What each of `cores` cores needs if each neuron sits where `core_of` says.
    fn needs(&self, core_of: &[u32], cores: usize) -> Vec<Need> {
        let mut needs: Vec<Need> = (0..cores).map(|_| Need::default()).collect();
        core_of.iter().for_each(|core| needs[*core as usize].neurons += 1);
        let delay_max = self.store.limits.delay_max;
        for projection in &self.network.projections {
            let first = self.nets.first[projection.post];
            let mut all: BTreeMap<(u32, u16), Lists> = BTreeMap::new();
            let mut own: Vec<(u32, u16, u32)> = Vec::new();
            for pre in 0..projection.connections.row_count() as u32 {
                let (targets, weights) = projection.connections.row(pre);
                let kept = targets.iter().zip(weights).zip(projection.connections.row_range(pre));
                let kept = kept.filter(|((_, weight), at)| weight.to_bits() != 0 && projection.mask.keeps(*at));
                own.clear();
                own.extend(kept.map(|((post, _), at)| {
                    let delay = projection.delay_of(at).saturating_sub(1).min(delay_max);
                    (core_of[(first + post) as usize], delay, *post)
                }));
                own.sort_unstable();
                for list in own.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
                    let (core, delay, _) = list[0];
                    let has_parallel = list.windows(2).any(|pair| pair[0].2 == pair[1].2);
                    all.entry((core, delay)).or_default().add(list.len() as u64, has_parallel);
                    needs[core as usize].input_axons += 1;
                    if let Endpoint::Population(population) = projection.pre {
                        let sender = core_of[(self.nets.first[population] + pre) as usize];
                        needs[sender as usize].output_axons += 1;
                    }
                }
            }
            for ((core, delay), lists) in all {
                let group = SynapseGroup {
                    signs: WeightSigns::Mixed,
                    bits: self.store.bits(projection),
                    exponent: 0,
                    delay,
                    dense: false,
                };
                needs[core as usize].groups.push((group, lists));
            }
        }
        needs
    }
}

impl Limits for Memories<'_> {
    fn judge(&self, _: &Hypergraph, parts: &Parts, assignment: &[u32]) -> Verdict {
        let mut verdict = Verdict::default();
        for (core, need) in self.needs(assignment, parts.len()).iter().enumerate() {
            if let Some((_, used, limit)) = self.store.excess(&[need]) {
                verdict.excess += ((used - limit) * 1000).div_ceil(limit);
                verdict.blame.push(Blame::Part(core as u32));
            }
        }
        verdict
    }
}

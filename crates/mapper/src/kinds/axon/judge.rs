//! Which neurons may sit together: axons and synapse memory, counted for a placement before it is mapped.

use super::place::{Lists, Need, Store};
use crate::optimise::{Loads, Nets};
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
            // By core and delay.
            let mut all: Vec<BTreeMap<u16, Lists>> = (0..cores).map(|_| BTreeMap::new()).collect();
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
                    all[core as usize].entry(delay).or_default().add(list.len() as u64, has_parallel);
                    needs[core as usize].input_axons += 1;
                    if let Endpoint::Population(population) = projection.pre {
                        let sender = core_of[(self.nets.first[population] + pre) as usize];
                        needs[sender as usize].output_axons += 1;
                    }
                }
            }
            for (need, lists) in needs.iter_mut().zip(all) {
                for (delay, lists) in lists {
                    let bits = self.store.bits(projection);
                    let group = SynapseGroup { signs: WeightSigns::Mixed, bits, exponent: 0, delay, dense: false };
                    need.groups.push((group, lists));
                }
            }
        }
        needs
    }
}

/// Neurons of a dense list that is long enough for its bits to be those of its places.
const LONG: u32 = 1 << 12;

impl Memories<'_> {
    /// What each neuron takes of the synapse memory of its core: each synapse at least the bits of its weight. As
    /// neurons sit `now`, in so many cores, this is less than what is taken, and so a core has room for less.
    pub(super) fn loads(&self, now: Option<(&[u32], usize)>) -> Loads {
        let limit = self.store.limits.synapse_bits as u64;
        let mut of_neuron = vec![0; self.nets.neurons];
        for projection in &self.network.projections {
            let (first, bits) = (self.nets.first[projection.post], self.store.bits(projection));
            let group = SynapseGroup { signs: WeightSigns::Mixed, bits, exponent: 0, delay: 0, dense: true };
            let bits = router::list_bits(&self.store.limits, &group, LONG, LONG.into()) / u64::from(LONG);
            for connection in projection.kept().filter(|connection| connection.weight.to_bits() != 0) {
                of_neuron[(first + connection.post) as usize] += bits;
            }
        }
        let taken = |(core_of, cores): (&[u32], usize)| {
            let needs = self.needs(core_of, cores);
            needs.iter().map(|need| self.store.used(&[need])[2].1).sum::<u64>()
        };
        let least: u64 = of_neuron.iter().sum();
        // Not to the last bit, as lists do not all take alike.
        let room = now
            .map(taken)
            .filter(|taken| *taken > 0)
            .map_or(limit, |taken| (u128::from(limit) * u128::from(least) * 31 / (u128::from(taken) * 32)) as u64);
        let largest = of_neuron.iter().copied().max().unwrap_or(0);
        Loads { of_neuron, room: room.max(largest).max(1) }
    }
}

impl Limits for Memories<'_> {
    fn judge(&self, _: &Hypergraph, parts: &Parts, assignment: &[u32]) -> Verdict {
        let mut verdict = Verdict::default();
        let mut sums = [(0, 0); 3];
        for (core, need) in self.needs(assignment, parts.len()).iter().enumerate() {
            let used = self.store.used(&[need]);
            for ((sum, most), (_, used, limit)) in sums.iter_mut().zip(used) {
                (*sum, *most) = (*sum + used, limit);
            }
            if let Some((_, used, limit)) = used.into_iter().find(|(_, used, limit)| used > limit) {
                verdict.excess += ((used - limit) * 1000).div_ceil(limit);
                verdict.blame.push(Blame::Part(core as u32));
            }
        }
        // Neurons that sit alone share no axon: in more cores they take as much, or more.
        verdict.wanted = sums.iter().map(|(sum, limit)| sum.div_ceil((*limit).max(1)) as usize).max().unwrap_or(0);
        verdict
    }

    fn knows_wanted(&self) -> bool {
        true
    }

    /// Cores have their memories to themselves.
    fn knows_groups(&self) -> bool {
        false
    }
}

//! What goes where axons or synapse memory do not suffice for a neuron alone, or for all neurons of the board.

use crate::cuts::{Heaps, Place, Ranked, Refusal, least_part};
use crate::{Limit, MapperError};
use chip::AxonLimits;
use network::Endpoint;
use std::collections::BTreeMap;

/// Where all neurons together need too much, at least this part of the connections goes at once.
const PART: u64 = 32;

/// What goes for this refusal.
pub(super) fn places(limits: &AxonLimits, refusal: &Refusal<'_>) -> Vec<Place> {
    let network = refusal.network;
    let all = || refusal.ranks.all(network);
    let called = |name: &str| network.populations.iter().position(|population| population.name == *name);
    let onto = |population| move |ranked: &Ranked| network.projections[ranked.place.0].post == population;
    match refusal.error {
        MapperError::CoreMemory { population, needed, limit, .. } => {
            let Some(population) = called(population) else { return Vec::new() };
            match Limit::of(refusal.error) {
                // Each projection, sender and delay takes an axon of the core where the neuron sits.
                Some(Limit::InputAxons) => {
                    let mut axons: BTreeMap<u32, Heaps<(usize, u32, u16)>> = BTreeMap::new();
                    for ranked in all().filter(onto(population)) {
                        let key = (ranked.place.0, ranked.pre, ranked.delay);
                        axons.entry(ranked.post).or_default().add(key, &ranked);
                    }
                    axons.into_values().flat_map(|axons| axons.beyond(limits.input_axons)).collect()
                }
                Some(Limit::OutputAxons) => {
                    let from =
                        |ranked: &Ranked| network.projections[ranked.place.0].pre == Endpoint::Population(population);
                    least_part(all().filter(from).collect(), needed - limit, *needed)
                }
                _ => least_part(all().filter(onto(population)).collect(), needed - limit, *needed),
            }
        }
        // What neurons take shrinks with their connections at best: half of what would then be too much goes, and so
        // little is too much at last that the least part does it.
        MapperError::BoardFull { memories: true, missing, .. } => {
            let neurons = network.populations.iter().map(|population| u64::from(population.size)).sum::<u64>().max(1);
            let whole = PART * 2 * neurons;
            least_part(all().collect(), (u64::from(*missing) * PART).max(2 * neurons), whole)
        }
        _ => Vec::new(),
    }
}

//! What goes where SRAM words, their reach, or tags do not suffice. CAM words are pruned where they are filled.

use super::positions;
use crate::MapperError;
use crate::cuts::{Heaps, Place, Refusal};
use chip::{Source, TagCamLimits};
use std::collections::{BTreeMap, BTreeSet};
use units::ChipId;

/// Of the sources that are too many for the tags of a chip, at least this part goes at once: the bound that the refusal
/// proves can be below what is needed.
const PART: usize = 64;

/// What goes for this refusal.
pub(super) fn places(limits: TagCamLimits, refusal: &Refusal<'_>) -> Vec<Place> {
    let Some(wish) = refusal.wish else { return Vec::new() };
    let sender = |projection: usize, pre: u32| wish.source(wish.network.projections[projection].pre, pre);
    match refusal.error {
        // Of all neurons at once.
        MapperError::FanOut { .. } => {
            let mut words: BTreeMap<Source, Heaps<ChipId>> = BTreeMap::new();
            for (link, ranked) in wish.ranked() {
                let source = sender(link.projection, link.pre);
                if matches!(source, Source::Neuron(_)) {
                    words.entry(source).or_default().add(wish.cores[link.core].address.chip, &ranked);
                }
            }
            words.into_values().flat_map(|chips| chips.beyond(limits.sram_words_per_neuron)).collect()
        }
        MapperError::Hops { .. } => {
            let positions = positions(wish.spec);
            let is_far = |source: Source, chip: ChipId| {
                let Source::Neuron(address) = source else { return false };
                let (from, to) = (positions[address.core.chip.index()], positions[chip.index()]);
                let distance = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
                usize::from(distance) > limits.hop_max
            };
            let far = wish
                .ranked()
                .filter(|(link, _)| is_far(sender(link.projection, link.pre), wish.cores[link.core].address.chip));
            far.map(|(_, ranked)| ranked.place).collect()
        }
        MapperError::Tags { core, need, .. } => {
            // By source: the cores of the chip that it reaches, and its connections there.
            let mut reached: BTreeMap<Source, BTreeSet<u16>> = BTreeMap::new();
            let here = || wish.ranked().filter(|(link, _)| wish.cores[link.core].address.chip == core.chip);
            for (link, _) in here() {
                let source = sender(link.projection, link.pre);
                reached.entry(source).or_default().insert(wish.cores[link.core].address.core.0);
            }
            // Only sources of the sets that prove the need help it.
            let proves = |source: &Source| {
                let cores = &reached[source];
                need.sets.iter().any(|set| set.cores.iter().eq(cores)) || cores.contains(&core.core.0)
            };
            let mut heaps: Heaps<Source> = Heaps::default();
            for (link, ranked) in here() {
                let source = sender(link.projection, link.pre);
                if proves(&source) {
                    heaps.add(source, &ranked);
                }
            }
            let count = (need.too_many() as usize).max(usize::from(need.at_least <= need.limit) * heaps.len() / PART);
            heaps.least(count.max(1))
        }
        _ => Vec::new(),
    }
}

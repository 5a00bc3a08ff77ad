//! What goes where hidden neurons have too many synapses, or too many of them receive input or are read out.

use super::{XyloMisfit, matrix};
use crate::MapperError;
use crate::cuts::{Heaps, Place, Refusal};
use std::collections::BTreeMap;

/// What goes for this refusal; of synapses, from all neurons at once.
pub(super) fn places(refusal: &Refusal<'_>) -> Vec<Place> {
    let (MapperError::Xylo(misfit), Some(wish)) = (refusal.error, refusal.wish) else { return Vec::new() };
    let sender = |projection: usize, pre: u32| (wish.network.projections[projection].pre, pre);
    match misfit {
        XyloMisfit::FanOut { limit, .. } => {
            let mut sent: BTreeMap<_, Heaps<Place>> = BTreeMap::new();
            for (link, ranked) in wish.ranked().filter(|(link, _)| matrix(wish, link) == 1) {
                sent.entry(sender(link.projection, link.pre)).or_default().add(ranked.place, &ranked);
            }
            sent.into_values().flat_map(|synapses| synapses.beyond(*limit)).collect()
        }
        XyloMisfit::FanIn { limit, .. } => {
            let mut heard: BTreeMap<u16, Heaps<Place>> = BTreeMap::new();
            for (link, ranked) in wish.ranked().filter(|(link, _)| matrix(wish, link) != 2) {
                heard.entry(link.circuit).or_default().add(ranked.place, &ranked);
            }
            heard.into_values().flat_map(|synapses| synapses.beyond(*limit)).collect()
        }
        XyloMisfit::Expansion { inputs: true, limit, .. } => {
            let mut targets: Heaps<u16> = Heaps::default();
            for (link, ranked) in wish.ranked().filter(|(link, _)| matrix(wish, link) == 0) {
                targets.add(link.circuit, &ranked);
            }
            targets.beyond(*limit)
        }
        XyloMisfit::Expansion { limit, .. } => {
            let mut sources = Heaps::default();
            for (link, ranked) in wish.ranked().filter(|(link, _)| matrix(wish, link) == 2) {
                sources.add(sender(link.projection, link.pre), &ranked);
            }
            sources.beyond(*limit)
        }
        _ => Vec::new(),
    }
}

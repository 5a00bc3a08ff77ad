//! Connections that are taken away because a limit of the chip leaves no room for them (`prune`).
//!
//! The memories of a neuron or of a bus are pruned where they are filled, to the last word. Every other limit is met
//! from outside: a mapping is refused, the kind of router names the connections that matter least to the limit that
//! refused it, and the network without them is mapped again. What goes is in these books with the limit that took it,
//! and so in the report: the masks of the network stay as they are.

use crate::limits::Answer;
use crate::optimise::SpikeCounts;
use crate::wish::Wish;
use crate::{Job, Limit, MapperError, Mapping, OverFull, PruneBy};
use network::{Endpoint, Network, Projection};
use std::collections::BTreeMap;

/// How often a network is mapped again before pruning gives up.
const ROUNDS_MAX: usize = 2000;

/// A connection: index of its projection, and its own there.
pub(crate) type Place = (usize, usize);

/// Connections that were taken away, and which limit took each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts {
    /// By projection, then by connection.
    taken: Vec<BTreeMap<usize, Limit>>,
}

impl Cuts {
    /// Nothing.
    pub(crate) const NONE: &'static Self = &Self { taken: Vec::new() };

    /// Those of the projections that `network` keeps of `of`, in its order.
    pub(crate) fn only(&self, of: &Network, keeps: impl Fn(&Projection) -> bool) -> Self {
        let kept = of.projections.iter().enumerate().filter(|(_, projection)| keeps(projection));
        Self { taken: kept.map(|(index, _)| self.of(index).cloned().unwrap_or_default()).collect() }
    }

    /// What was taken from projection `projection`.
    pub(crate) fn of(&self, projection: usize) -> Option<&BTreeMap<usize, Limit>> {
        self.taken.get(projection).filter(|taken| !taken.is_empty())
    }

    /// Takes `all` away from `network`; how many were still there.
    fn take(&mut self, network: &mut Network, all: Vec<Place>, limit: Limit) -> usize {
        self.taken.resize_with(network.projections.len(), BTreeMap::new);
        let mut count = 0;
        for (projection, index) in all {
            let mask = &mut network.projections[projection].mask;
            if mask.keeps(index) {
                mask.remove(index);
                self.taken[projection].insert(index, limit);
                count += 1;
            }
        }
        count
    }
}

/// How much connections matter.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ranks<'a> {
    counts: Option<&'a SpikeCounts>,
}

impl<'a> Ranks<'a> {
    /// As `by` says; without counts all sources are taken to send alike.
    pub(crate) fn new(by: PruneBy, counts: Option<&'a SpikeCounts>) -> Self {
        Self { counts: counts.filter(|_| by == PruneBy::Activity) }
    }

    /// How much a connection of magnitude `magnitude` matters: the magnitude, or that times the spikes of its source,
    /// and of equal products the magnitude.
    pub(crate) fn rank(self, pre: Endpoint, index: u32, magnitude: u32) -> u128 {
        match self.counts {
            None => magnitude.into(),
            Some(counts) => ((u128::from(magnitude) * u128::from(counts.of(pre, index))) << 32) | u128::from(magnitude),
        }
    }

    /// The connections of `network` that are wanted, with what each matters.
    pub(crate) fn all<'n>(self, network: &'n Network) -> impl Iterator<Item = Ranked> + 'n
    where
        'a: 'n,
    {
        network.projections.iter().enumerate().flat_map(move |(projection, wish)| {
            let kept = wish.connections.iter().enumerate();
            let kept = kept.filter(|(index, c)| wish.mask.keeps(*index) && c.weight.to_bits() != 0);
            kept.map(move |(index, c)| Ranked {
                place: (projection, index),
                pre: c.pre,
                post: c.post,
                delay: wish.delay_of(index),
                rank: self.rank(wish.pre, c.pre, c.weight.to_bits().unsigned_abs()),
            })
        })
    }
}

/// A connection with what it matters.
#[derive(Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) place: Place,
    pub(crate) pre: u32,
    pub(crate) post: u32,
    pub(crate) delay: u16,
    pub(crate) rank: u128,
}

/// Connections in heaps that stay or go as a whole.
pub(crate) struct Heaps<K>(BTreeMap<K, (u128, Vec<Place>)>);

impl<K: Ord> Default for Heaps<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Heaps<K> {
    /// Puts a connection on heap `key`.
    pub(crate) fn add(&mut self, key: K, ranked: &Ranked) {
        let (rank, places) = self.0.entry(key).or_default();
        *rank = rank.saturating_add(ranked.rank);
        places.push(ranked.place);
    }

    /// How many heaps there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The connections of the `count` heaps that matter least, by the sum over each; of equal ones the last go.
    pub(crate) fn least(self, count: usize) -> Vec<Place> {
        let mut heaps: Vec<(u128, Vec<Place>)> = self.0.into_values().collect();
        heaps.reverse();
        heaps.sort_by_key(|(rank, _)| *rank);
        heaps.into_iter().take(count).flat_map(|(_, places)| places).collect()
    }

    /// The connections of the heaps beyond the `count` that matter most.
    pub(crate) fn beyond(self, count: usize) -> Vec<Place> {
        let excess = self.len().saturating_sub(count);
        self.least(excess)
    }
}

/// What a kind of router is asked to prune against.
pub(crate) struct Refusal<'a> {
    pub(crate) error: &'a MapperError,
    /// The network, without what was taken away before.
    pub(crate) network: &'a Network,
    /// The neurons on the board, if it is not for placing them that the network was refused.
    pub(crate) wish: Option<&'a Wish<'a>>,
    pub(crate) ranks: Ranks<'a>,
}

/// Maps with `map`, and while that is refused for a limit that pruning meets from outside, without the connections that
/// matter least to it. `map` is told whether it may search for a placement: where many rounds are needed, not every one
/// begins with a search.
pub(crate) fn map(
    job: &Job<'_>,
    map: impl Fn(&Job<'_>, bool) -> Result<Mapping, MapperError>,
) -> Result<Mapping, MapperError> {
    let mut network = job.network.clone();
    let mut cuts = Cuts::default();
    for round in 1..=ROUNDS_MAX {
        let cut = Job { network: &network, cuts: &cuts, ..*job };
        let searches = round.is_power_of_two();
        let error = match map(&cut, searches) {
            Err(error) => error,
            Ok(_) if !searches => return map(&cut, true),
            mapped => return mapped,
        };
        let Some(limit) = Limit::of(&error).filter(|limit| matches!(limit.info().prune, Answer::Does(_))) else {
            return Err(refused(OverFull::Prune, error));
        };
        // What finds no place has none to prune by.
        let is_placed = !matches!(error, MapperError::BoardFull { .. } | MapperError::CoreMemory { .. });
        let place = || job.router.place(&network, job.spec, job.options, job.sharing(None)).ok();
        let placement = is_placed.then(place).flatten();
        let wish = placement.as_ref().and_then(|placement| Wish::new(&network, job.spec, job.router, placement).ok());
        let wish = wish.map(|wish| wish.without(&cuts, job.ranks()));
        let ranks = job.ranks();
        let places = job.router.prune(&Refusal { error: &error, network: &network, wish: wish.as_ref(), ranks });
        drop(wish);
        if cuts.take(&mut network, places, limit) == 0 {
            return Err(refused(OverFull::Prune, error));
        }
    }
    let cut = Job { network: &network, cuts: &cuts, ..*job };
    map(&cut, true).map_err(|error| refused(OverFull::Prune, error))
}

/// A refusal that `way` was to prevent, with the reason why it could not, if the limits know one.
pub(crate) fn refused(way: OverFull, error: MapperError) -> MapperError {
    let Some(info) = Limit::of(&error).map(Limit::info) else { return error };
    match info.answer(way) {
        Some(Answer::Cannot(reason)) => MapperError::OverFull {
            way: way.name(),
            limit: info.name,
            reason,
            helpers: info.helpers(),
            error: Box::new(error),
        },
        _ => error,
    }
}

/// The fraction of `all` that matters least, in connections: `part` of `whole`, and at least one.
pub(crate) fn least_part(mut all: Vec<Ranked>, part: u64, whole: u64) -> Vec<Place> {
    let count = (all.len() as u128 * u128::from(part)).div_ceil(u128::from(whole.max(1))).max(1) as usize;
    // Of equal ones the last go.
    if count < all.len() {
        all.select_nth_unstable_by_key(count, |ranked| (ranked.rank, std::cmp::Reverse(ranked.place)));
    }
    all.into_iter().take(count).map(|ranked| ranked.place).collect()
}

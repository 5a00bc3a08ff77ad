//! Coarser graphs: vertices that share many nets become one.

use crate::Hypergraph;
use crate::dice::{Dice, mixed};

/// Nets with more vertices say little about any two of them, and cost most to look at.
const PINS_MAX: usize = 400;

/// How many pairs of vertices of one net are looked at: beyond, some nets stand for all.
const PAIRS_MAX: u64 = 8_000_000;

/// Numerator of the rating of a net: large against any number of vertices.
const RATING: u64 = 1 << 20;

/// Vertices in clusters.
pub(crate) struct Clusters {
    /// By vertex: its cluster.
    pub(crate) cluster: Vec<u32>,
    pub(crate) count: usize,
    /// Entries that were looked at.
    pub(crate) work: u64,
}

/// Clusters of vertices that belong together.
///
/// Vertices are visited in an order that follows from `seed`. Each joins the neighbour, or the cluster of it, with
/// which it shares most: the sum over nets of weight over the number of other vertices, divided by the product of the
/// sizes, so that clusters grow evenly. Only vertices of one class join, of one part if `part` is given, and no
/// cluster takes more than `most` of a resource.
pub(crate) fn clusters(graph: &Hypergraph, part: Option<&[u32]>, most: &[u64], seed: u64) -> Clusters {
    let count = graph.len();
    let (mut leader, mut is_taken) = ((0..count as u32).collect::<Vec<_>>(), vec![false; count]);
    let mut loads: Vec<u64> = (0..count).flat_map(|vertex| graph.weight(vertex).iter().copied()).collect();
    let mut sizes = vec![1u64; count];
    let (mut ratings, mut touched) = (vec![0u64; count], Vec::new());
    let dims = graph.dims();
    let pairs = |net: usize| (graph.pins(net).len() as u64).pow(2);
    let looked_at = (0..graph.net_count()).filter(|net| graph.pins(*net).len() <= PINS_MAX);
    let pairs: u64 = looked_at.map(pairs).sum();
    let every = pairs.div_ceil(PAIRS_MAX).max(1);
    let is_left_out = |net: u32| every > 1 && !mixed(seed ^ u64::from(net) << 8).is_multiple_of(every);
    for vertex in Dice(seed).order(count) {
        let vertex = vertex as usize;
        if is_taken[vertex] {
            continue;
        }
        for &net in graph.nets(vertex) {
            let pins = graph.pins(net as usize);
            if pins.len() > PINS_MAX || is_left_out(net) {
                continue;
            }
            let rating = graph.net_weight(net as usize) * RATING / (pins.len() as u64 - 1);
            for &pin in pins {
                let other = leader[pin as usize] as usize;
                if ratings[other] == 0 {
                    touched.push(other);
                }
                ratings[other] += rating;
            }
        }
        let mut found: Option<(u64, usize)> = None;
        for &other in &touched {
            let rating = std::mem::take(&mut ratings[other]);
            if other == vertex || graph.class(other) != graph.class(vertex) {
                continue;
            }
            if part.is_some_and(|part| part[other] != part[vertex]) {
                continue;
            }
            let fits = |dim: usize| loads[other * dims + dim] + graph.weight(vertex)[dim] <= most[dim];
            let key = (rating / sizes[other], other);
            if found.is_none_or(|(most, first)| key.0 > most || key.0 == most && other < first) && (0..dims).all(fits) {
                found = Some(key);
            }
        }
        touched.clear();
        let Some((_, other)) = found else { continue };
        leader[vertex] = other as u32;
        (is_taken[vertex], is_taken[other]) = (true, true);
        sizes[other] += 1;
        for dim in 0..dims {
            loads[other * dims + dim] += graph.weight(vertex)[dim];
        }
    }
    let mut names = vec![u32::MAX; count];
    let mut next = 0;
    let cluster = leader.iter().map(|leader| {
        let name = &mut names[*leader as usize];
        if *name == u32::MAX {
            *name = next;
            next += 1;
        }
        *name
    });
    let cluster = cluster.collect();
    Clusters { cluster, count: next as usize, work: pairs / every }
}

//! The whole way: coarser and coarser graphs, first parts, moves on every level, once more from what was found, limits.

use crate::coarsen::{Clusters, clusters};
use crate::dice::mixed;
use crate::initial::grown;
use crate::limits::{Blame, Limits, Verdict};
use crate::refine::{self, balance, refine};
use crate::state::{Costs, State, UNIT};
use crate::{Hypergraph, Parts};

/// How long and how is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Decides between what is equal.
    pub seed: u64,
    /// How often all begins anew with other coarse graphs, while there is work left for it.
    pub tries: usize,
    /// First parts that are grown in a try, of which the best goes on.
    pub starts: usize,
    /// How often the way is gone again from what was found.
    pub cycles: usize,
    /// How often limits that are broken make nets or parts dearer.
    pub rounds: usize,
    /// What reaching a group more costs, in parts.
    pub group_weight: u64,
    /// Entries that may be touched before no further step is begun.
    pub work: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self { seed: 1, tries: 6, starts: 8, cycles: 12, rounds: 24, group_weight: 1, work: 300_000_000 }
    }
}

/// Vertices in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By vertex: its part.
    pub parts: Vec<u32>,
    /// The sum over the nets of weight times number of parts beyond the first.
    pub cut: u64,
    /// How far the limits are exceeded; 0: everything fits.
    pub excess: u64,
    /// As [`Verdict::wanted`].
    pub wanted: usize,
}

/// Vertices that were not brought into the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit;

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the vertices have no room in the parts of their class")
    }
}

impl std::error::Error for Unfit {}

/// The sum over the nets of weight times number of parts beyond the first.
pub fn cut(graph: &Hypergraph, assignment: &[u32]) -> u64 {
    let mut seen = Vec::new();
    let of_net = |net: usize| {
        seen.clear();
        seen.extend(graph.pins(net).iter().map(|pin| assignment[*pin as usize]));
        seen.sort_unstable();
        seen.dedup();
        graph.net_weight(net) * (seen.len().max(1) as u64 - 1)
    };
    (0..graph.net_count()).map(of_net).sum()
}

/// Levels with fewer vertices a part are not made coarser; tries take turns, since chains are cut best among many
/// vertices, and clusters are found best among few.
const VERTICES_A_PART: [usize; 3] = [64, 16, 32];

/// A level that shrinks by less than one in so many vertices is the last.
const SHRINKS_BY: usize = 16;

/// Brings the vertices of `graph` into `parts` that have room for them. `given` is a known way, that the result is
/// never worse than: in excess over the limits, and then in cut.
///
/// # Errors
/// [`Unfit`] if no way was found to fill the parts, and none is given.
pub fn partition(
    graph: &Hypergraph,
    parts: &Parts,
    limits: &dyn Limits,
    search: &Search,
    given: Option<&[u32]>,
) -> Result<Found, Unfit> {
    if (0..graph.len()).any(|vertex| parts.of_class(graph.class(vertex)).next().is_none()) {
        return Err(Unfit);
    }
    let mut solver = Solver { graph, parts, limits, search, work: 0, best: None };
    if let Some(given) = given {
        solver.offer(given.to_vec());
    }
    let costs = Costs::new(graph, parts, search.group_weight);
    if parts.len() > 1 && !graph.is_empty() {
        solver.run(&costs);
    } else {
        solver.offer(vec![0; graph.len()]);
    }
    solver.best.ok_or(Unfit)
}

struct Solver<'a> {
    graph: &'a Hypergraph,
    parts: &'a Parts,
    limits: &'a dyn Limits,
    search: &'a Search,
    work: u64,
    best: Option<Found>,
}

impl Solver<'_> {
    /// Keeps parts that are better than what is known; returns the verdict on them.
    fn offer(&mut self, assignment: Vec<u32>) -> Verdict {
        let mut loads = vec![0; self.parts.len() * self.graph.dims()];
        for (vertex, part) in assignment.iter().enumerate() {
            let loads = &mut loads[*part as usize * self.graph.dims()..];
            loads.iter_mut().zip(self.graph.weight(vertex)).for_each(|(load, weight)| *load += weight);
        }
        let has_room = |part: usize| {
            let loads = loads[part * self.graph.dims()..].iter();
            loads.zip(self.parts.capacity(part)).all(|(load, most)| load <= most)
        };
        if !(0..self.parts.len()).all(has_room) {
            return Verdict { excess: u64::MAX, ..Verdict::default() };
        }
        let verdict = self.limits.judge(self.graph, self.parts, &assignment);
        let cut = cut(self.graph, &assignment);
        if self.best.as_ref().is_none_or(|best| (verdict.excess, cut) < (best.excess, best.cut)) {
            let Verdict { excess, wanted, .. } = verdict;
            self.best = Some(Found { parts: assignment, cut, excess, wanted });
        }
        verdict
    }

    fn run(&mut self, costs: &Costs) {
        if self.limits.knows_wanted() && self.is_in_vain(costs) {
            return;
        }
        let mut now = (Vec::new(), u64::MAX);
        for attempt in 0..self.search.tries.max(1) as u64 {
            if attempt > 0 && self.work * (attempt + 1) / attempt > self.search.work * 3 / 4 {
                break;
            }
            let seed = mixed(self.search.seed ^ attempt << 48);
            let coarsest = VERTICES_A_PART[attempt as usize % VERTICES_A_PART.len()];
            let levels = self.levels(None, coarsest, seed);
            let found = self.first(&levels, costs, seed);
            let verdict = self.offer(found.0.clone());
            if self.limits.knows_wanted() && verdict.is_hopeless(self.parts.len()) {
                return;
            }
            if now.0.is_empty() || found.1 < now.1 {
                now = found;
            }
        }
        let mut idle = 0;
        for cycle in 0..self.search.cycles as u64 {
            if self.work > self.search.work || idle > 1 {
                break;
            }
            let seed = mixed(self.search.seed ^ (cycle + 1) << 32);
            let levels = self.levels(Some(&now.0), VERTICES_A_PART[1], seed);
            let coarse = project(&levels, &now.0);
            let next = self.climb(&levels, costs, coarse, seed);
            idle = if next.1 < now.1 { 0 } else { idle + 1 };
            if next.1 <= now.1 {
                now = next;
            }
        }
        let mut verdict = self.offer(now.0.clone());
        // Dearer parts hand on what is too much of them; in sum it stays.
        if verdict.wanted > self.parts.len() + (self.parts.len() / 16).max(1) {
            return;
        }
        let mut costs = costs.clone();
        let mut assignment = now.0;
        for round in 0..self.search.rounds as u64 {
            if verdict.excess == 0 || verdict.excess == u64::MAX || verdict.blame.is_empty() {
                break;
            }
            dearer(&mut costs, &verdict.blame);
            let seed = mixed(self.search.seed ^ (round + 1) << 40);
            let levels = self.levels(Some(&assignment), VERTICES_A_PART[1], seed);
            let coarse = project(&levels, &assignment);
            assignment = self.climb(&levels, &costs, coarse, seed).0;
            verdict = self.offer(assignment.clone());
            if self.work > self.search.work.saturating_mul(2) {
                break;
            }
        }
    }

    /// Whether first parts of a coarse graph already want so many more parts that no search is worth its time; if so,
    /// these are what is found.
    fn is_in_vain(&mut self, costs: &Costs) -> bool {
        let seed = mixed(self.search.seed);
        let levels = self.levels(None, VERTICES_A_PART[1], seed);
        let coarsest = levels.last().map_or(self.graph, |(graph, _)| graph);
        let limits = self.room(coarsest, levels.is_empty());
        let mut state = grown(coarsest, self.parts, costs, limits, seed);
        balance(&mut state, seed);
        self.work += state.work;
        let mut parts = state.assignment().to_vec();
        for (_, cluster) in levels.iter().rev() {
            parts = cluster.iter().map(|cluster| parts[*cluster as usize]).collect();
        }
        let Verdict { excess, wanted, .. } = self.limits.judge(self.graph, self.parts, &parts);
        // What single vertices save on the way down is less than this.
        let is_in_vain = excess > 0 && wanted > self.parts.len() + self.parts.len() / 2;
        if is_in_vain && self.best.is_none() {
            let cut = cut(self.graph, &parts);
            self.best = Some(Found { parts, cut, excess, wanted });
        }
        is_in_vain
    }

    /// Coarser and coarser graphs, each with the clusters that it is made of; within `part` if that is given.
    fn levels(&mut self, part: Option<&[u32]>, coarsest: usize, seed: u64) -> Vec<(Hypergraph, Vec<u32>)> {
        let dims = self.graph.dims();
        let least = self.parts.len() * coarsest;
        // No cluster is so large that parts could not be filled evenly.
        let most: Vec<u64> = (0..dims)
            .map(|dim| {
                let room = (0..self.parts.len()).map(|part| self.parts.capacity(part)[dim]).min().unwrap_or(0);
                let total: u64 = (0..self.graph.len()).map(|vertex| self.graph.weight(vertex)[dim]).sum();
                (total / least.max(1) as u64 * 2).clamp(1, (room / 4).max(1))
            })
            .collect();
        let mut levels: Vec<(Hypergraph, Vec<u32>)> = Vec::new();
        let mut part = part.map(<[u32]>::to_vec);
        loop {
            let graph = levels.last().map_or(self.graph, |(graph, _)| graph);
            if graph.len() <= least {
                break;
            }
            let seed = mixed(seed.wrapping_add(levels.len() as u64));
            let Clusters { cluster, count, work } = clusters(graph, part.as_deref(), &most, seed);
            self.work += work + graph.pin_count() as u64 * 4;
            if count > graph.len() - graph.len() / SHRINKS_BY {
                break;
            }
            let coarse = graph.contracted(&cluster, count);
            if let Some(part) = &mut part {
                let mut above = vec![0; count];
                cluster.iter().zip(part.iter()).for_each(|(cluster, part)| above[*cluster as usize] = *part);
                *part = above;
            }
            levels.push((coarse, cluster));
        }
        levels
    }

    /// The best of several first parts, brought down to the finest level; with its cost.
    fn first(&mut self, levels: &[(Hypergraph, Vec<u32>)], costs: &Costs, seed: u64) -> (Vec<u32>, u64) {
        let coarsest = levels.last().map_or(self.graph, |(graph, _)| graph);
        let limits = self.room(coarsest, levels.is_empty());
        let mut best: Option<((u64, i64), Vec<u32>)> = None;
        let before = self.work;
        for start in 0..self.search.starts as u64 {
            if best.is_some() && self.work - before > self.search.work / 8 {
                break;
            }
            let seed = mixed(seed ^ (start + 1) << 16) & !1 | (start & 1);
            let mut state = grown(coarsest, self.parts, costs, limits.clone(), seed);
            balance(&mut state, seed);
            let work = state.work + self.search.work / 8;
            refine(&mut state, refine::Search { patience: patience(coarsest), passes: 8, seed, work });
            self.work += state.work;
            let key = (state.excess(), state.cost());
            if best.as_ref().is_none_or(|(least, _)| key < *least) {
                best = Some((key, state.assignment().to_vec()));
            }
        }
        let coarse = best.expect("there is at least one start").1;
        self.climb(levels, costs, coarse, seed)
    }

    /// Brings parts of the coarsest level down to the finest one, and improves them on each.
    fn climb(
        &mut self,
        levels: &[(Hypergraph, Vec<u32>)],
        costs: &Costs,
        mut part: Vec<u32>,
        seed: u64,
    ) -> (Vec<u32>, u64) {
        let mut cost = 0;
        for level in (0..=levels.len()).rev() {
            if let Some((_, cluster)) = levels.get(level) {
                part = cluster.iter().map(|cluster| part[*cluster as usize]).collect::<Vec<_>>();
            }
            let graph = if level == 0 { self.graph } else { &levels[level - 1].0 };
            let limits = self.room(graph, level == 0);
            let mut state = State::new(graph, self.parts, costs, limits, part);
            balance(&mut state, seed);
            let work = state.work + self.search.work / 8;
            refine(&mut state, refine::Search { patience: patience(graph), passes: 6, seed, work });
            if level == 0 && state.excess() > 0 {
                balance(&mut state, mixed(seed));
            }
            self.work += state.work;
            cost = if state.excess() > 0 { u64::MAX } else { state.cost() as u64 };
            part = state.assignment().to_vec();
        }
        (part, cost)
    }

    /// What parts may hold at a level: exactly their room at the finest, and something for the size of clusters above.
    fn room(&self, graph: &Hypergraph, is_finest: bool) -> Vec<u64> {
        let dims = graph.dims();
        let largest = |dim: usize| (0..graph.len()).map(|vertex| graph.weight(vertex)[dim]).max().unwrap_or(0);
        let largest: Vec<u64> = (0..dims).map(largest).collect();
        let of = |part: usize| {
            let room = self.parts.capacity(part).iter().zip(&largest);
            room.map(move |(room, largest)| if is_finest { *room } else { room + (room / 32).max(*largest / 2) })
        };
        (0..self.parts.len()).flat_map(of).collect()
    }
}

/// The parts of the coarsest level, from those of the finest.
fn project(levels: &[(Hypergraph, Vec<u32>)], part: &[u32]) -> Vec<u32> {
    let mut part = part.to_vec();
    for (graph, cluster) in levels {
        let mut above = vec![0; graph.len()];
        cluster.iter().zip(&part).for_each(|(cluster, part)| above[*cluster as usize] = *part);
        part = above;
    }
    part
}

/// Moves without a better state after which a pass ends.
fn patience(graph: &Hypergraph) -> usize {
    (graph.len() / 8).clamp(64, 2000)
}

/// Makes what is to blame dearer, by a quarter of what it cost or more.
fn dearer(costs: &mut Costs, blame: &[Blame]) {
    let raise = |value: &mut u64| *value = (*value).saturating_add((*value / 4).max(1)).min(1 << 32);
    for blame in blame {
        match *blame {
            Blame::Part(part) => raise(&mut costs.prices[0][part as usize]),
            Blame::NetParts(net) => raise(&mut costs.weights[0][net as usize]),
            Blame::NetGroups(net) => {
                if let Some(weights) = costs.weights.get_mut(1) {
                    raise(&mut weights[net as usize]);
                }
            }
        }
    }
    // What all cost alike changes nothing and would only grow.
    let least = costs.prices[0].iter().copied().min().unwrap_or(UNIT);
    if least > UNIT {
        costs.prices[0].iter_mut().for_each(|price| *price = *price * UNIT / least);
    }
}

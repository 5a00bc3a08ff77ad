//! Placements that are searched: neurons that sit together because they speak to each other.
//!
//! The neurons that may share cores are a class. Each class gets as few cores as have circuits for it, and its neurons
//! are dealt to them by the partitioner, which keeps small how many cores hear each source. Where that breaks a limit
//! of the router, cores are added one after the other. At last whole cores change places, so that those that speak most
//! have short ways. What comes of it is mapped like every other placement, and taken only if it is no worse than the
//! order of the file.

mod given;
mod nets;
mod traffic;

use crate::placement::{Placement, board_cores};
use crate::sharing::{Classes, circuits};
use crate::{Job, MapperError, Mapping, PlacementReport, fill, in_order};
use chip::PlacementKind;
use network::{Endpoint, Network, Projection};
use partition::{Found, Limits, NoLimits, Parts, Search, Unfit, arrange, partition};
use std::collections::BTreeSet;
use units::{ChipId, CoreAddress, CoreId};

pub(crate) use given::map_given;
#[cfg(test)]
pub(crate) use nets::Net;
pub use nets::SpikeCounts;
pub(crate) use nets::{Loads, Nets, Sender};
pub use traffic::Traffic;

/// How often cores are added before the search gives up.
const GROWTHS: usize = 12;

/// Board places beyond which whole cores are not moved about.
const PLACES_MAX: usize = 1024;

/// Entries of the partitioner's tables beyond which nothing is searched: neurons times cores.
const TABLE_MAX: usize = 64_000_000;

/// The order of the file, or a better one if it is found.
pub(crate) fn map(job: &Job<'_>) -> Result<Mapping, MapperError> {
    let ordered = in_order(job, None);
    let nets = Nets::of(job.network, job.counts);
    let traffic = |placement: &Placement| Traffic::of(&nets, placement, job.spec, job.router);
    // Where the order of the file is refused for its memories, it has a traffic all the same.
    let before = match &ordered {
        Ok(mapping) => Some(traffic(&mapping.placement)),
        Err(_) => job.router.place(job.network, job.spec, job.options, job.sharing(None)).ok().map(|p| traffic(&p)),
    };
    let is_better = |found: &Mapping, now: Traffic| {
        let (Ok(ordered), Some(before)) = (&ordered, before) else { return true };
        let lost = |mapping: &Mapping| mapping.report.losses.len();
        lost(found) <= lost(ordered) && now.pairs <= before.pairs && now.hops <= before.hops && now != before
    };
    for stage in Classes::stages(job.network, job.spec, job.options, job.sharing(None), job.router.packing()) {
        let loads = job.router.loads(job.network, &nets, None);
        let mut task = Task { job, nets: &nets, classes: &stage, least: 0, loads };
        if ordered.is_err() && task.is_hopeless() {
            continue;
        }
        for _ in 0..GROWTHS {
            let Some(found) = task.search() else { break };
            if let Some(placement) = found.placement
                && let Ok(mut mapping) = fill(job, placement, PlacementKind::Optimised)
            {
                let now = traffic(&mapping.placement);
                if !is_better(&mapping, now) {
                    break;
                }
                let kind = PlacementKind::Optimised;
                mapping.report.placement = Some(PlacementReport { kind, traffic: now, in_order: before });
                return Ok(mapping);
            }
            let board = board_cores(job.spec, job.options);
            // Neurons that sit otherwise can take a little less.
            if found.cores >= board || found.wanted > board + board / 8 {
                break;
            }
            task.least = found.wanted.max(found.cores + 1 + found.cores / 8);
            task.loads = found.loads.or(task.loads);
        }
    }
    let ordered = ordered?;
    // The cores of the file at other places.
    let (core_of, used) = traffic::cores_of(&nets, &ordered.placement);
    if job.router.limits(job.spec, job.network, &nets).is_some()
        && used.len() > 1
        && let Ok(mut mapping) = fill(job, arranged(job, &nets, &core_of, used.len()), PlacementKind::Optimised)
    {
        let now = traffic(&mapping.placement);
        let lost = |mapping: &Mapping| mapping.report.losses.len();
        if before.is_some_and(|b| now.pairs <= b.pairs && now.hops < b.hops) && lost(&mapping) <= lost(&ordered) {
            let kind = PlacementKind::Optimised;
            mapping.report.placement = Some(PlacementReport { kind, traffic: now, in_order: before });
            return Ok(mapping);
        }
    }
    let mut mapping = ordered;
    let now = before.unwrap_or_default();
    mapping.report.placement = Some(PlacementReport { kind: PlacementKind::Order, traffic: now, in_order: before });
    Ok(mapping)
}

/// As [`map`], for a network whose last population is a readout that was trained on what the others do alone: they
/// sit where they sit without it, and it gets cores of its own.
pub(crate) fn map_with_readout(job: &Job<'_>, readout: usize) -> Result<Mapping, MapperError> {
    let mut alone = job.network.clone();
    alone.populations.truncate(readout);
    let is_of_readout =
        |projection: &Projection| projection.post == readout || projection.pre == Endpoint::Population(readout);
    alone.projections.retain(|projection| !is_of_readout(projection));
    let cuts = job.cuts.only(job.network, |projection| !is_of_readout(projection));
    let without = map(&Job { network: &alone, cuts: &cuts, ..*job })?;
    let is_last = readout + 1 == job.network.populations.len();
    if without.symbols.placement == PlacementKind::Order || !is_last {
        return in_order(job, Some(readout));
    }
    let (per_chip, per_core) = (job.spec.cores_per_chip(), job.spec.neurons_per_core());
    let taken: BTreeSet<CoreAddress> = without.placement.cores().iter().map(|core| core.address).collect();
    let fresh = (0..board_cores(job.spec, job.options)).map(|core| address(core, per_chip));
    let fresh = fresh.filter(|core| !taken.contains(core));
    let size = job.network.populations[readout].size as usize;
    let mut cores: Vec<CoreAddress> = Vec::new();
    for (population, wish) in alone.populations.iter().enumerate() {
        let of = |index| without.placement.address(population, index).expect("every neuron was placed").core;
        cores.extend((0..wish.size).map(of));
    }
    let room = fresh.flat_map(|core| std::iter::repeat_n(core, per_core)).take(size);
    cores.extend(room);
    let missing = without_room(&alone, size, cores.len());
    if missing > 0 {
        let reason = format!("the readout needs cores of its own, and {missing} of its neurons find none");
        return Err(MapperError::Placement { reason });
    }
    let mut mapping = fill(job, Placement::of_cores(job.network, &cores), PlacementKind::Optimised)?;
    let traffic = Traffic::of(&Nets::of(job.network, job.counts), &mapping.placement, job.spec, job.router);
    let kind = PlacementKind::Optimised;
    mapping.report.placement = Some(PlacementReport { kind, traffic, in_order: None });
    Ok(mapping)
}

/// Neurons of a readout of `size` neurons that are not among the `placed` ones.
fn without_room(alone: &Network, size: usize, placed: usize) -> usize {
    alone.populations.iter().map(|population| population.size as usize).sum::<usize>() + size - placed
}

/// The search among so many cores, or more if circuits or memories need them.
struct Task<'a> {
    job: &'a Job<'a>,
    nets: &'a Nets,
    classes: &'a Classes,
    least: usize,
    loads: Option<Loads>,
}

/// Neurons that were dealt to so many cores.
struct Dealt {
    used: usize,
    found: Result<Found, Unfit>,
}

/// What a search found.
struct Attempt {
    /// Cores that it used.
    cores: usize,
    /// None: it breaks limits.
    placement: Option<Placement>,
    /// Cores that what neurons take would fill as they sit there; 0: nobody knows.
    wanted: usize,
    /// What neurons take as they sit there.
    loads: Option<Loads>,
}

impl Task<'_> {
    /// Whether all cores of the board are too few by far. A first look at them tells: fewer cores do not suffice where
    /// more do not, and what a search gains on its first parts is less than a quarter.
    fn is_hopeless(&self) -> bool {
        // Of memories that count like circuits the partitioner has a first look itself.
        if self.loads.is_some() {
            return false;
        }
        let board = board_cores(self.job.spec, self.job.options);
        let quick = Search { tries: 1, cycles: 0, rounds: 0, ..Search::default() };
        let all = Task { least: board, loads: None, ..*self };
        all.dealt(&quick)
            .is_some_and(|dealt| dealt.found.is_ok_and(|found| found.excess > 0 && found.wanted > board + board / 4))
    }

    /// Deals the neurons to cores and the cores to places; none if there is nothing to search for.
    fn search(&self) -> Option<Attempt> {
        let Dealt { used, found } = self.dealt(&Search::default())?;
        let Ok(found) = found else {
            return self.loads.as_ref().map(|_| Attempt { cores: used, placement: None, wanted: 0, loads: None });
        };
        if found.excess > 0 {
            let loads = self.job.router.loads(self.job.network, self.nets, Some((&found.parts, used)));
            return Some(Attempt { cores: used, placement: None, wanted: found.wanted, loads });
        }
        let placement = Some(arranged(self.job, self.nets, &found.parts, used));
        Some(Attempt { cores: used, placement, wanted: 0, loads: None })
    }

    /// Deals the neurons to cores; none if there is nothing to search for.
    fn dealt(&self, search: &Search) -> Option<Dealt> {
        let (spec, per_chip) = (self.job.spec, self.job.spec.cores_per_chip());
        let board = board_cores(spec, self.job.options);
        let room = |core: usize| u64::from(circuits(spec, self.job.options, address(core, per_chip)));
        // With a die in mind cores differ; as many are taken as if all had what the least has.
        let per_core = if self.job.die.is_some_and(|on| on.in_mind && on.die.has_faults()) {
            (0..board).map(room).min().filter(|least| *least > 0)? as usize
        } else {
            spec.neurons_per_core()
        };
        let cores = self.cores(per_core, board)?;
        let used = cores.len();
        if used < 2 || used * self.nets.neurons > TABLE_MAX {
            return None;
        }
        let judge = self.job.router.limits(spec, self.job.network, self.nets)?;
        let groups = (0..used).map(|core| (core / per_chip) as u32).collect();
        let most = self.most(&cores);
        let rooms = (0..used).flat_map(|core| {
            let loads = self.loads.as_ref().map(|loads| loads.room);
            [most[cores[core] as usize].min(room(core))].into_iter().chain(loads)
        });
        let rooms = rooms.collect();
        let parts = Parts::new(1 + usize::from(self.loads.is_some()), rooms, cores, groups);
        let graph = self.nets.graph(self.classes.of_neurons(self.job.network), self.loads.as_ref());
        let judge = judge.as_deref().unwrap_or(&NoLimits);
        Some(Dealt { used, found: partition(&graph, &parts, judge, search, None) })
    }

    /// The class of each core: as few cores as have circuits for all neurons, and the others that are asked for, each
    /// for the class whose cores are fullest; none if the board has fewer.
    fn cores(&self, per_core: usize, board: usize) -> Option<Vec<u32>> {
        let sizes = self.classes.sizes(self.job.network);
        let mut counts: Vec<usize> = sizes.iter().map(|size| size.div_ceil(per_core)).collect();
        let least: usize = counts.iter().sum();
        if least > board {
            return None;
        }
        // What a class takes of the memory, in circuits of which a core has as many as it has room.
        let mut filled = vec![0u128; sizes.len()];
        if let Some(loads) = &self.loads {
            let classes = self.classes.of_neurons(self.job.network);
            classes.iter().zip(&loads.of_neuron).for_each(|(class, load)| filled[*class as usize] += u128::from(*load));
            filled.iter_mut().for_each(|sum| *sum = *sum * per_core as u128 / u128::from(loads.room));
        }
        let sizes: Vec<usize> = sizes.iter().zip(filled).map(|(size, filled)| (*size).max(filled as usize)).collect();
        let wanted = sizes.iter().map(|size| size.div_ceil(per_core)).sum::<usize>().max(self.least);
        for _ in least..wanted.min(board) {
            let fullest = |class: &usize| (sizes[*class] * 4096 / counts[*class].max(1), std::cmp::Reverse(*class));
            let class = (0..sizes.len()).max_by_key(fullest)?;
            counts[class] += 1;
        }
        Some(counts.iter().zip(0..).flat_map(|(count, class)| vec![class; *count]).collect())
    }

    /// By class: the most neurons of one of its `cores`. What sits together costs least, so that nobody would move to a
    /// core that was added for the memories, if the others did not have to let go.
    fn most(&self, cores: &[u32]) -> Vec<u64> {
        let sizes = self.classes.sizes(self.job.network);
        let of = |(class, size): (usize, &usize)| {
            let count = cores.iter().filter(|core| **core as usize == class).count();
            let is_spread = self.loads.is_some() && self.least > 0;
            if is_spread { (size + size / 4).div_ceil(count.max(1)) as u64 } else { u64::MAX }
        };
        sizes.iter().enumerate().map(of).collect()
    }
}

/// The neurons in cores as `core_of` deals them to `used` ones, these in the places where they send the shortest ways
/// that limits of chips allow.
fn arranged(job: &Job<'_>, nets: &Nets, core_of: &[u32], used: usize) -> Placement {
    let (spec, per_chip, board) = (job.spec, job.spec.cores_per_chip(), board_cores(job.spec, job.options));
    let address = |core: usize| address(core, per_chip);
    let places = (used.div_ceil(per_chip) * per_chip).min(board);
    let start: Vec<u32> = (0..used as u32).collect();
    let place = if places > PLACES_MAX {
        start
    } else {
        let row = |a: usize| (0..places).map(|b| job.router.hops(spec, address(a), address(b))).collect();
        let hops: Vec<Vec<u64>> = (0..places).map(row).collect();
        let flow = traffic::flow(nets, core_of, used);
        // Limits of chips depend on which cores stand together.
        let groups = (0..places).map(|core| (core / per_chip) as u32).collect();
        let rooms: Vec<u64> = (0..places).map(|core| u64::from(circuits(spec, job.options, address(core)))).collect();
        let all = Parts::new(1, rooms.clone(), vec![0; places], groups);
        let judge = job.router.limits(spec, job.network, nets).flatten();
        let judge = judge.as_deref().unwrap_or(&NoLimits);
        let graph = judge.knows_groups().then(|| nets.graph(vec![0; nets.neurons], None));
        let fits = |place: &[u32]| {
            let moved: Vec<u32> = core_of.iter().map(|part| place[*part as usize]).collect();
            let mut counts = vec![0; places];
            moved.iter().for_each(|core| counts[*core as usize] += 1);
            let over: u64 = counts.iter().zip(&rooms).map(|(count, room)| count.max(room) - room).sum();
            over + graph.as_ref().map_or(0, |graph| judge.judge(graph, &all, &moved).excess)
        };
        arrange(&flow, &hops, &start, &fits, 1).0
    };
    let core = |part: &u32| address(place[*part as usize] as usize);
    Placement::of_cores(job.network, &core_of.iter().map(core).collect::<Vec<_>>())
}

/// The address of the core with this number on the board.
fn address(core: usize, per_chip: usize) -> CoreAddress {
    CoreAddress { chip: ChipId((core / per_chip) as u16), core: CoreId((core % per_chip) as u16) }
}

/// A judge of a kind of router.
pub(crate) type Judge<'a> = Option<Box<dyn Limits + 'a>>;

/// Hops between two cores of a board whose chips stand in the smallest square: one within a chip, one more for each
/// chip on the way.
pub(crate) fn hops_of_chips(chips: usize, a: CoreAddress, b: CoreAddress) -> u64 {
    if a == b {
        return 0;
    }
    let (side, a, b) = (side(chips), a.chip.index(), b.chip.index());
    1 + ((a % side).abs_diff(b % side) + (a / side).abs_diff(b / side)) as u64
}

/// The side of the smallest square with room for `count`.
pub(crate) fn side(count: usize) -> usize {
    (1..).find(|side| side * side >= count).expect("some square is large enough")
}

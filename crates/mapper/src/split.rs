//! Copies of neurons that send to more than one neuron can (`split`).
//!
//! A copy has the parameters of its neuron and hears what its neuron hears, in the same ticks, so that on a chip whose
//! circuits are alike it spikes when its neuron does. The targets are dealt to the neuron and its copies; nothing else
//! changes. Owns how a network is rewritten and the check that copies are alike; which neurons are crowded by which
//! limit, each kind of router says. It deliberately shares out no sums: see docs/over-full.md.

use crate::cuts::{Place, refused};
use crate::limits::Answer;
use crate::optimise::SpikeCounts;
use crate::report::CopyReport;
use crate::{Job, Limit, MapperError, Mapping, OverFull, decode};
use chip::{Original, Values};
use network::{Connections, Endpoint, Mask, Network, Population, Projection};
use std::collections::{BTreeMap, BTreeSet};
use warnings::Kind as WarningKind;

/// How often copies are made before splitting gives up.
const ROUNDS_MAX: usize = 64;

/// Copies of all neurons together beyond which splitting gives up: many more than any chip here has circuits to spare.
const COPIES_MAX: usize = 4096;

/// Why a limit that copies can meet is not met.
const NO_ROOM: &str = "what hears the copies' sources grows with every copy, and the chip has no room for all of them";

/// Why copies that are not alike are refused.
const NOT_ALIKE: &str = "a copy would hear weights that are rounded in another way than those of its neuron: give whole \
                         numbers that the chip holds, or a `weight_format`";

/// A neuron that sends to more than it can.
pub(crate) struct Crowded {
    pub(crate) population: usize,
    pub(crate) index: u32,
    /// The connections that the limit counts.
    pub(crate) counted: Vec<Place>,
    /// As many of them as one neuron may have, as far as that is known.
    pub(crate) most: usize,
}

/// Maps with `map`, and with copies of the neurons that send to more than they can.
pub(crate) fn map(
    job: &Job<'_>,
    map: impl Fn(&Job<'_>) -> Result<Mapping, MapperError>,
) -> Result<Mapping, MapperError> {
    let own = job.network.populations.len();
    let mut network = job.network.clone();
    let mut counts = job.counts.cloned();
    let mut copies: Vec<Original> = Vec::new();
    let mut first: Option<MapperError> = None;
    for _ in 0..ROUNDS_MAX {
        let error = match map(&Job { network: &network, counts: counts.as_ref(), ..*job }) {
            Ok(mapping) => return finished(job, mapping, &network, copies, first),
            Err(error) => error,
        };
        let Some(limit) = Limit::of(&error) else { return Err(error) };
        let crowded = match limit.info().split {
            Answer::Does(_) => job.router.crowded(&network, &error),
            // What only the copies asked for is no fault of the network.
            Answer::Cannot(_) if first.is_some() && matches!(limit, Limit::Neurons | Limit::AxonMemories) => break,
            Answer::Cannot(_) => return Err(refused(OverFull::Split, error)),
        };
        first = first.or(Some(error));
        let before = copies.len();
        // From the last to the first, as connections that leave a row count those of later rows anew.
        for crowded in crowded.into_iter().rev() {
            deal(&mut network, own, &mut copies, &crowded);
        }
        if copies.len() == before || copies.len() > COPIES_MAX {
            break;
        }
        if let Some(counts) = &mut counts {
            for copy in &copies[before..] {
                let count = SpikeCounts::of(counts, Endpoint::Population(copy.population), copy.index);
                counts.neurons.resize(own, Vec::new());
                counts.neurons.push(vec![count]);
            }
        }
    }
    Err(given_up(first.expect("a round ends with an error that is kept"), NO_ROOM))
}

/// The refusal `error`, which copies cannot prevent for `reason`.
fn given_up(error: MapperError, reason: &'static str) -> MapperError {
    let Some(info) = Limit::of(&error).map(Limit::info) else { return error };
    let mut helpers = info.helpers();
    helpers.retain(|name| *name != OverFull::Split.name());
    MapperError::OverFull { way: OverFull::Split.name(), limit: info.name, reason, helpers, error: Box::new(error) }
}

/// The mapping of `network` with what it says of its copies. Where circuits are alike, copies that are not are refused.
fn finished(
    job: &Job<'_>,
    mut mapping: Mapping,
    network: &Network,
    copies: Vec<Original>,
    first: Option<MapperError>,
) -> Result<Mapping, MapperError> {
    let Some(first) = first else { return Ok(mapping) };
    let own = job.network.populations.len();
    if !job.router.knows_dies() && !are_alike(job, &mapping, network, &copies)? {
        return Err(given_up(first, NOT_ALIKE));
    }
    let mut of: BTreeMap<(usize, u32), u32> = BTreeMap::new();
    copies.iter().for_each(|copy| *of.entry((copy.population, copy.index)).or_default() += 1);
    let name = |population: usize| job.network.populations[population].name.clone();
    mapping.report.copies = of
        .iter()
        .map(|((p, index), copies)| CopyReport { population: name(*p), index: *index, copies: *copies })
        .collect();
    if job.router.knows_dies() {
        let text = format!(
            "{} copies of {} neurons: on a die with mismatch a copy is another circuit, which spikes at other times than \
             its neuron",
            copies.len(),
            of.len()
        );
        mapping.report.warnings.push(WarningKind::Mismatch, job.spec.name.clone(), text);
    }
    for (symbol, original) in mapping.symbols.populations[own..].iter_mut().zip(&copies) {
        symbol.copy_of = Some(*original);
    }
    mapping.placement.copied(own, copies);
    mapping.split = Some(Box::new(network.clone()));
    Ok(mapping)
}

/// Whether each copy hears what its neuron hears, synapse for synapse, as the program has it.
fn are_alike(job: &Job<'_>, mapping: &Mapping, network: &Network, copies: &[Original]) -> Result<bool, MapperError> {
    let own = job.network.populations.len();
    let wanted: BTreeSet<(usize, u32)> = (0..copies.len())
        .map(|copy| (own + copy, 0))
        .chain(copies.iter().map(|original| (original.population, original.index)))
        .collect();
    let root = |end: Endpoint, index: u32| match end {
        Endpoint::Population(population) if population >= own => {
            let Original { population, index } = copies[population - own];
            (Endpoint::Population(population), index)
        }
        end => (end, index),
    };
    let mut heard: BTreeMap<(usize, u32), Vec<_>> = BTreeMap::new();
    for c in decode(&mapping.program, &mapping.placement, network, job.spec)? {
        if wanted.contains(&(c.post, c.post_index)) {
            let synapse = (root(c.pre, c.pre_index), c.synapse, c.weight, c.delay_ticks);
            heard.entry((c.post, c.post_index)).or_default().push(synapse);
        }
    }
    heard.values_mut().for_each(|all| all.sort_unstable());
    let of = |place: (usize, u32)| heard.get(&place);
    Ok(copies.iter().zip(own..).all(|(original, copy)| of((copy, 0)) == of((original.population, original.index))))
}

/// The neurons of `network` with more than `most` of the connections that `counts`, told the projection and the sender.
pub(crate) fn crowded(network: &Network, most: usize, counts: impl Fn(&Projection, u32) -> bool) -> Vec<Crowded> {
    let mut all: BTreeMap<(usize, u32), Vec<Place>> = BTreeMap::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let Endpoint::Population(population) = projection.pre else { continue };
        for pre in (0..projection.connections.row_count() as u32).filter(|pre| counts(projection, *pre)) {
            let (_, weights) = projection.connections.row(pre);
            let row = weights.iter().zip(projection.connections.row_range(pre));
            let wanted = row.filter(|(weight, at)| is_wanted(projection, *at, weight.to_bits()));
            all.entry((population, pre)).or_default().extend(wanted.map(|(_, at)| (number, at)));
        }
    }
    let crowded = all.into_iter().filter(|(_, counted)| counted.len() > most);
    crowded.map(|((population, index), counted)| Crowded { population, index, counted, most }).collect()
}

/// Deals the counted connections of a neuron to it and new copies of it, in the order of their targets; those onto one
/// target stay together.
fn deal(network: &mut Network, own: usize, copies: &mut Vec<Original>, crowded: &Crowded) {
    let Crowded { population, index, counted, most } = crowded;
    let mut targets: BTreeMap<(usize, u32), Vec<Place>> = BTreeMap::new();
    for &(projection, at) in counted {
        let wish = &network.projections[projection];
        let (posts, _) = wish.connections.row(*index);
        let post = posts[at - wish.connections.row_range(*index).start];
        targets.entry((wish.post, post)).or_default().push((projection, at));
    }
    let parts = counted.len().div_ceil((*most).max(1)).min(targets.len());
    if parts < 2 {
        return;
    }
    let share = counted.len().div_ceil(parts);
    let mut shares: Vec<BTreeMap<usize, BTreeSet<usize>>> = vec![BTreeMap::new()];
    let mut size = 0;
    for places in targets.into_values() {
        if size > 0 && size + places.len() > share {
            shares.push(BTreeMap::new());
            size = 0;
        }
        size += places.len();
        let last = shares.last_mut().expect("there is a first");
        for (projection, at) in places {
            last.entry(projection).or_default().insert(at);
        }
    }
    // What the neuron hears: copies hear the same.
    let heard: Vec<(usize, Vec<Place>)> = network
        .projections
        .iter()
        .enumerate()
        .filter(|(_, projection)| projection.post == *population)
        .map(|(number, projection)| {
            let all = projection.connections.iter().enumerate();
            let onto = all.filter(|(at, c)| c.post == *index && is_wanted(projection, *at, c.weight.to_bits()));
            (number, onto.map(|(at, _)| (number, at)).collect::<Vec<_>>())
        })
        .filter(|(_, places)| !places.is_empty())
        .collect();
    let original = match population.checked_sub(own) {
        Some(copy) => copies[copy],
        None => Original { population: *population, index: *index },
    };
    let mut fresh = Vec::new();
    let mut moved: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for share in shares.into_iter().skip(1) {
        copies.push(original);
        let count = copies.iter().filter(|copy| **copy == original).count();
        let root = &network.populations[original.population];
        let name = (count..)
            .map(|count| format!("copy {count} of {}[{}]", root.name, original.index))
            .find(|name| network.populations.iter().all(|p| p.name != *name))
            .expect("some number is free");
        let value =
            |(key, values): (&String, &Values)| (key.clone(), Values::Shared(values.get(original.index as usize)));
        let parameters = root.parameters.iter().map(value).collect();
        let copy = network.populations.len();
        network.populations.push(Population { name: name.clone(), size: 1, model: root.model, parameters });
        for (number, places) in &heard {
            let from = &network.projections[*number];
            let keeps = |at: usize| places.binary_search(&(*number, at)).is_ok();
            let connections = part(&from.connections, 0..from.connections.row_count() as u32, keeps, |_| 0);
            fresh.push(projection(from, format!("{} to {name}", from.name), (from.pre, copy), connections));
        }
        for (number, all) in share {
            let from = &network.projections[number];
            let connections = part(&from.connections, *index..index + 1, |at| all.contains(&at), |post| post);
            let pre = Endpoint::Population(copy);
            fresh.push(projection(from, format!("{} of {name}", from.name), (pre, from.post), connections));
            moved.entry(number).or_default().extend(all);
        }
    }
    for (number, gone) in moved {
        let from = &mut network.projections[number];
        let rows = 0..from.connections.row_count() as u32;
        let connections = part(&from.connections, rows, |at| !gone.contains(&at), |post| post);
        let mut mask = Mask::all(connections.len());
        let old = (0..from.connections.len()).filter(|at| !gone.contains(at));
        old.enumerate().filter(|(_, old)| !from.mask.keeps(*old)).for_each(|(at, _)| mask.remove(at));
        (from.connections, from.mask) = (connections, mask);
    }
    network.projections.extend(fresh);
}

/// Whether a connection takes a synapse.
pub(crate) fn is_wanted(projection: &Projection, at: usize, weight: i32) -> bool {
    weight != 0 && projection.mask.keeps(at)
}

/// The connections of `rows` that `keeps` keeps, by their index; onto what `post` makes of their targets.
fn part(
    of: &Connections,
    rows: std::ops::Range<u32>,
    keeps: impl Fn(usize) -> bool,
    post: impl Fn(u32) -> u32,
) -> Connections {
    let (mut starts, mut posts, mut weights, mut delays) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    for pre in rows {
        let (targets, values) = of.row(pre);
        for ((target, weight), at) in targets.iter().zip(values).zip(of.row_range(pre)).filter(|(_, at)| keeps(*at)) {
            posts.push(post(*target));
            weights.push(*weight);
            delays.extend(of.delays().map(|delays| delays[at]));
        }
        starts.push(posts.len() as u64);
    }
    let connections = Connections::from_rows(starts, posts, weights);
    if of.delays().is_some() { connections.with_delays(delays) } else { connections }
}

/// A projection like `from`, between other ends.
fn projection(from: &Projection, name: String, (pre, post): (Endpoint, usize), connections: Connections) -> Projection {
    let mask = Mask::all(connections.len());
    Projection { name, pre, post, connections, mask, ..from.clone() }
}

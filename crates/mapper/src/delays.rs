//! The delay that each connection gets.
//!
//! A delay that is stated once, for a whole projection, is taken as it stands or refused: it is one number, to be
//! corrected in one place. Delays of single connections, which come from a law or a list, are each brought to the
//! nearest that the chip has, and the report warns of how many that changes and how far. Where a core has only so many
//! different delays, those that projections state come first, and the others are chosen so that the squared changes
//! are small.

use crate::kinds::Kind;
use crate::placement::PlacedCore;
use crate::wish::{Link, Wish};
use crate::{MapperError, placement};
use chip::ChipSpec;
use network::{Endpoint, Projection};
use std::collections::{BTreeMap, BTreeSet};
use units::Quantity;
use warnings::{Kind as WarningKind, Warnings};

/// Gives every connection of `wish` with a delay of its own one that the chip has.
///
/// # Errors
/// [`MapperError::CoreDelays`] if projections state more different delays than a core has.
pub(crate) fn settle(wish: &mut Wish<'_>, router: &dyn Kind) -> Result<(), MapperError> {
    let range = router.delays();
    let own = |projection: &Projection| {
        let delays = projection.connections.delays()?;
        Some(delays.iter().map(|delay| *delay.clamp(range.start(), range.end())).collect())
    };
    wish.delays = wish.network.projections.iter().map(own).collect();
    let Some(limit) = router.delays_per_core() else { return Ok(()) };
    let mut stated: Vec<BTreeSet<u16>> = vec![BTreeSet::new(); wish.cores.len()];
    let mut drawn: Vec<BTreeMap<u16, u64>> = vec![BTreeMap::new(); wish.cores.len()];
    for link in wish.all_links().filter(Link::is_wanted) {
        if wish.delays[link.projection].is_some() {
            *drawn[link.core].entry(link.delay).or_default() += 1;
        } else {
            stated[link.core].insert(link.delay);
        }
    }
    let mut choices = Vec::new();
    for ((stated, drawn), core) in stated.iter().zip(&drawn).zip(&wish.cores) {
        let fixed: BTreeSet<u16> = stated.iter().copied().filter(|delay| *delay > 1).collect();
        if fixed.len() > limit {
            return Err(too_many(wish, core, &fixed, limit));
        }
        choices.push(choose(drawn, &fixed, limit - fixed.len()));
    }
    for index in 0..wish.delays.len() {
        if wish.delays[index].is_none() {
            continue;
        }
        let nearest_of = |link: Link| nearest(&choices[link.core], link.delay);
        wish.delays[index] = Some(wish.links(index).map(nearest_of).collect());
    }
    Ok(())
}

/// Up to `free` delays besides one tick and the `fixed` ones, so that those wished for, with their counts, change
/// little: where there are more, by taking the mean of those that are nearest to each, in turn.
fn choose(wished: &BTreeMap<u16, u64>, fixed: &BTreeSet<u16>, free: usize) -> BTreeSet<u16> {
    let mut known = fixed.clone();
    known.insert(1);
    let open: Vec<(u16, u64)> =
        wished.iter().filter(|(delay, _)| !known.contains(delay)).map(|(delay, count)| (*delay, *count)).collect();
    if open.len() <= free {
        known.extend(open.iter().map(|(delay, _)| *delay));
        return known;
    }
    // From even shares of the connections on; it ends, since every round makes the squared changes smaller.
    let total: u64 = open.iter().map(|(_, count)| count).sum();
    let at = |place: u64| {
        let mut sum = 0;
        let reaches = |(_, count): &&(u16, u64)| {
            sum += count;
            sum > place
        };
        open.iter().find(reaches).expect("the place is below the sum of all counts").0
    };
    let mut centres: BTreeSet<u16> = (0..free as u64).map(|i| at((2 * i + 1) * total / (2 * free as u64))).collect();
    for _ in 0..ROUNDS_MAX {
        let all: BTreeSet<u16> = known.union(&centres).copied().collect();
        let mut sums: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
        for (delay, count) in &open {
            let sum = sums.entry(nearest(&all, *delay)).or_default();
            *sum = (sum.0 + u64::from(*delay) * count, sum.1 + count);
        }
        let mean = |centre: &u16| sums.get(centre).map_or(*centre, |(sum, count)| ((sum + count / 2) / count) as u16);
        let next: BTreeSet<u16> = centres.iter().map(mean).collect();
        if next == centres {
            break;
        }
        centres = next;
    }
    known.extend(centres);
    known
}

/// Rounds of the search for delays; it ends before in all but made-up cases.
const ROUNDS_MAX: usize = 200;

/// The delay of `choices` that is nearest to `delay`; of two the shorter. There is at least one tick.
fn nearest(choices: &BTreeSet<u16>, delay: u16) -> u16 {
    let below = choices.range(..=delay).next_back();
    let above = choices.range(delay..).next();
    let all = below.into_iter().chain(above);
    all.copied().min_by_key(|choice| (choice.abs_diff(delay), *choice)).unwrap_or(1)
}

fn too_many(wish: &Wish<'_>, core: &PlacedCore, fixed: &BTreeSet<u16>, limit: usize) -> MapperError {
    let index = wish.cores.partition_point(|c| c.address < core.address);
    let reaches = |i: &usize| wish.links(*i).any(|link| link.is_wanted() && link.core == index && link.delay > 1);
    let stated = (0..wish.delays.len()).filter(|i| wish.delays[*i].is_none());
    let names = stated.filter(reaches).map(|i| format!("`{}`", wish.network.projections[i].name));
    MapperError::CoreDelays {
        core: core.address,
        needed: fixed.len(),
        delays: fixed.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
        projections: names.collect::<Vec<_>>().join(", "),
        limit,
    }
}

/// What a chip has, in words.
pub(crate) fn allowed(router: &dyn Kind) -> String {
    match (router.delays().into_inner(), router.delays_per_core()) {
        ((1, 1), _) => "a delay of 1 tick only".into(),
        ((_, high), Some(count)) => {
            format!("a delay of 1 tick and, in each core, up to {count} others of 2 to {high} ticks")
        }
        ((low, u16::MAX), None) => format!("delays from {low} tick on"),
        ((low, high), None) => format!("delays of {low} to {high} ticks"),
    }
}

/// Refuses a delay that a projection states and the chip does not have.
pub(crate) fn check(projection: &Projection, spec: &ChipSpec, router: &dyn Kind) -> Result<(), MapperError> {
    let (delay_ticks, range) = (projection.delay_ticks, router.delays());
    if projection.connections.delays().is_some() || range.contains(&delay_ticks) {
        return Ok(());
    }
    let mut allowed = allowed(router);
    if range.start() != range.end() {
        allowed += &format!(", the nearest is {}", delay_ticks.clamp(*range.start(), *range.end()));
    }
    Err(MapperError::Delay { projection: projection.name.clone(), delay_ticks, chip: spec.name.clone(), allowed })
}

/// Warns of delays that are not those asked for, and of those that a core cannot tell from longer ones.
pub(crate) fn warn(wish: &Wish<'_>, router: &dyn Kind, warnings: &mut Warnings) {
    let tick = wish.spec.tick.quantity;
    let step = wish.spec.step_ticks();
    for (index, projection) in wish.network.projections.iter().enumerate() {
        let links = || wish.links(index).enumerate().filter(|(_, link)| link.is_wanted());
        let (mut count, mut changed, mut furthest) = (0u64, 0u64, 0);
        for (place, link) in links() {
            let asked = projection.delay_of(place);
            count += 1;
            changed += u64::from(asked != link.delay);
            furthest = furthest.max(asked.abs_diff(link.delay));
        }
        if changed > 0 {
            let text = format!(
                "{changed} of {count} delays are not as asked for, by up to {furthest} ticks of {tick}: chip `{}` has {}",
                wish.spec.name,
                allowed(router)
            );
            warnings.push(WarningKind::Delays, &projection.name, text);
        }
        if let Some(text) = straddling(wish, projection, links().map(|(_, link)| link.delay), step) {
            warnings.push(WarningKind::Delays, &projection.name, text);
        }
    }
}

/// Between neurons that act in steps only, a delay ends with a step.
fn straddling(
    wish: &Wish<'_>,
    projection: &Projection,
    delays: impl Iterator<Item = u16>,
    step_ticks: u64,
) -> Option<String> {
    let Endpoint::Population(pre) = projection.pre else { return None };
    let model = |population: usize| wish.network.populations[population].model;
    if step_ticks == 1 || !model(pre).is_clocked() || !model(projection.post).is_clocked() {
        return None;
    }
    // A delay of one tick is the default, and means the next step.
    let between = |delay: &u16| *delay > 1 && !u64::from(*delay).is_multiple_of(step_ticks);
    let (mut count, mut odd) = (0u64, 0u64);
    for delay in delays {
        count += 1;
        odd += u64::from(between(&delay));
    }
    let (step, receiver): (Quantity, _) = (wish.spec.step(), model(projection.post));
    let name = placement::name_of(wish.network, Endpoint::Population(projection.post));
    (odd > 0).then(|| {
        format!(
            "{odd} of {count} delays are no whole steps of {step}: `{name}` has core model `{receiver}`, which takes \
             them at its next step; use whole steps, or a model without steps"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wished: &[(u16, u64)], fixed: &[u16], free: usize) -> Vec<u16> {
        choose(&wished.iter().copied().collect(), &fixed.iter().copied().collect(), free).into_iter().collect()
    }

    #[test]
    fn few_delays_are_kept_as_they_are() {
        assert_eq!(chosen(&[], &[], 3), [1]);
        assert_eq!(chosen(&[(1, 5), (9, 1), (70, 2)], &[], 3), [1, 9, 70]);
        assert_eq!(chosen(&[(9, 1), (70, 2)], &[9, 20], 1), [1, 9, 20, 70]);
        assert_eq!(chosen(&[(5, 2), (6, 1)], &[9, 20, 30], 0), [1, 9, 20, 30]);
    }

    #[test]
    fn many_delays_become_the_means_of_their_groups() {
        let groups = [(10, 1), (11, 1), (12, 1), (100, 4), (104, 4), (1000, 1), (1002, 3)];
        assert_eq!(chosen(&groups, &[], 3), [1, 11, 102, 1002]);
        // The best of all pairs, by trying them all.
        let wished = [(3, 2), (8, 1), (15, 7), (16, 1), (40, 3), (44, 2)];
        let cost = |choices: &BTreeSet<u16>| -> u64 {
            let far = |(delay, count): &(u16, u64)| u64::from(nearest(choices, *delay).abs_diff(*delay)).pow(2) * count;
            wished.iter().map(far).sum()
        };
        let best = (2..50).flat_map(|a| (a..50).map(move |b| cost(&[1, a, b].into()))).min().unwrap();
        // The search need not find it, but comes near.
        assert!(cost(&chosen(&wished, &[], 2).into_iter().collect()) * 10 <= best * 11);
    }

    #[test]
    fn the_nearest_is_the_shorter_of_two() {
        let choices = BTreeSet::from([1, 5, 9]);
        assert_eq!([0, 1, 3, 4, 7, 8, 60000].map(|delay| nearest(&choices, delay)), [1, 1, 1, 5, 5, 9, 9]);
    }
}

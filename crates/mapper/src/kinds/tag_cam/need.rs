//! How many tags the sources of a chip need at least, and which of them prove it.
//!
//! Two sources need different tags if some core hears both. So do all of a family of sets of cores of which each two
//! have a core in common: the sources that reach one of these sets each need a tag of their own.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use units::ChipId;

/// Different sets of cores up to which the largest family is searched for in full; of more, it is a large one.
const SEARCHED_MAX: usize = 20;

/// The proof that the sources of a chip need so many tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagNeed {
    /// The chip.
    pub chip: u16,
    /// Tags that are needed at least.
    pub at_least: u64,
    /// Tags that there are.
    pub limit: u64,
    /// The sets of cores that prove it, each two with a core in common.
    pub sets: Vec<TagSet>,
    /// Connections onto the chip of all sources that reach it.
    pub connections: u64,
    /// Of the sources that are too many, those with fewest connections: how many connections onto the chip they have.
    pub lost_at_least: u64,
}

/// Sources that reach the same cores of a chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagSet {
    /// The cores.
    pub cores: Vec<u16>,
    /// How many sources.
    pub sources: u64,
}

impl TagNeed {
    /// Sources that must go at the least, for the tags to suffice.
    pub fn too_many(&self) -> u64 {
        self.at_least.saturating_sub(self.limit).max(1)
    }
}

impl fmt::Display for TagNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chip, at_least, limit, sets, .. } = self;
        write!(f, "the sources that reach chip {chip} need at least {at_least} tags, and there are {limit}: ")?;
        for (index, TagSet { cores, sources }) in sets.iter().enumerate() {
            let cores: Vec<String> = cores.iter().map(u16::to_string).collect();
            let (before, plural) = (if index == 0 { "" } else { ", " }, if cores.len() == 1 { "" } else { "s" });
            write!(f, "{before}{sources} reach core{plural} {}", cores.join("+"))?;
        }
        match sets.len() {
            0 | 1 => write!(f, ", and what one core hears needs a tag each"),
            _ => write!(f, ", and each two of these sets have a core in common, which must tell them apart"),
        }
    }
}

/// The need of sources, each given by the cores of `chip` that it reaches and its connections there.
pub(super) fn of(chip: ChipId, sources: impl Iterator<Item = (u16, u64)>, limit: usize) -> TagNeed {
    let mut by_set: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for (mask, connections) in sources {
        by_set.entry(mask).or_default().push(connections);
    }
    let mut counts: Vec<(u16, u64)> = by_set.iter().map(|(mask, all)| (*mask, all.len() as u64)).collect();
    counts.sort_by_key(|(mask, count)| (std::cmp::Reverse(*count), *mask));
    let mut family = if counts.len() <= SEARCHED_MAX { largest(&counts) } else { large(&counts) };
    family.sort_unstable();
    let count = |mask: &u16| by_set[mask].len() as u64;
    let sets = family
        .iter()
        .map(|mask| TagSet { cores: (0..16).filter(|core| mask >> core & 1 == 1).collect(), sources: count(mask) });
    let mut need = TagNeed {
        chip: chip.0,
        at_least: family.iter().map(count).sum(),
        limit: limit as u64,
        sets: sets.collect(),
        connections: by_set.values().flatten().sum(),
        lost_at_least: 0,
    };
    let mut connections: Vec<u64> = family.iter().flat_map(|mask| by_set[mask].iter().copied()).collect();
    connections.sort_unstable();
    need.lost_at_least = connections.iter().take(need.too_many() as usize).sum();
    need
}

/// The family of most sources, of sets of which each two have a core in common.
fn largest(counts: &[(u16, u64)]) -> Vec<u16> {
    let mut search = Search { counts, family: Vec::new(), best: Vec::new(), most: 0 };
    search.run(0, 0, counts.iter().map(|(_, count)| count).sum());
    search.best
}

struct Search<'a> {
    counts: &'a [(u16, u64)],
    family: Vec<u16>,
    best: Vec<u16>,
    most: u64,
}

impl Search<'_> {
    /// Decides on the sets from `index` on; the family has `sources`, and these sets have `left`.
    fn run(&mut self, index: usize, sources: u64, left: u64) {
        if sources > self.most {
            (self.most, self.best) = (sources, self.family.clone());
        }
        let Some(&(mask, count)) = self.counts.get(index).filter(|_| sources + left > self.most) else { return };
        if self.family.iter().all(|other| other & mask != 0) {
            self.family.push(mask);
            self.run(index + 1, sources + count, left - count);
            self.family.pop();
        }
        self.run(index + 1, sources, left - count);
    }
}

/// A family of many sources: the best of those that begin with all that a core hears, or with the fullest sets.
fn large(counts: &[(u16, u64)]) -> Vec<u16> {
    let grown = |mut family: Vec<u16>| {
        for (mask, _) in counts {
            if !family.contains(mask) && family.iter().all(|other| other & mask != 0) {
                family.push(*mask);
            }
        }
        family
    };
    let heard = |core: u16| counts.iter().map(|(mask, _)| *mask).filter(|mask| mask >> core & 1 == 1).collect();
    let families = (0..16).map(heard).chain([Vec::new()]).map(grown);
    let sources = |family: &Vec<u16>| -> u64 {
        counts.iter().filter(|(mask, _)| family.contains(mask)).map(|(_, count)| count).sum()
    };
    families.max_by_key(sources).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_meet_in_pairs_need_more_than_any_core_hears() {
        // Three sets of two of three cores: each core hears two thirds of the sources, and all need a tag.
        let sources = [(0b011, 5), (0b110, 1), (0b101, 3), (0b101, 2), (0b1000, 9)];
        let need = of(ChipId(2), sources.into_iter(), 3);
        assert_eq!((need.chip, need.at_least, need.too_many(), need.connections), (2, 4, 1, 20));
        assert_eq!(need.lost_at_least, 1, "the source with one connection");
        assert_eq!(need.sets.iter().map(|set| set.sources).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!(
            need.to_string(),
            "the sources that reach chip 2 need at least 4 tags, and there are 3: 1 reach cores 0+1, 2 reach cores 0+2, \
             1 reach cores 1+2, and each two of these sets have a core in common, which must tell them apart"
        );
    }

    /// The search in full is never below the quick one, nor below what any core hears.
    #[test]
    fn a_bound_is_a_family() {
        for seed in 0..200u64 {
            let draw = |i: u64| ((seed * 7919 + i * 104_729) * 2_654_435_761) >> 7;
            let counts: BTreeMap<u16, u64> =
                (0..12).map(|i| ((draw(i) % 255 + 1) as u16, 1 + draw(i + 50) % 90)).collect();
            let counts: Vec<(u16, u64)> = counts.into_iter().collect();
            let sum = |family: &[u16]| -> u64 {
                counts.iter().filter(|(mask, _)| family.contains(mask)).map(|(_, count)| count).sum()
            };
            let (full, quick) = (largest(&counts), large(&counts));
            for family in [&full, &quick] {
                assert!(family.iter().all(|a| family.iter().all(|b| a & b != 0)), "{family:?}");
            }
            let heard = |core: u16| counts.iter().filter(|(m, _)| m >> core & 1 == 1).map(|(_, c)| c).sum::<u64>();
            assert!(sum(&full) >= sum(&quick) && sum(&quick) >= (0..16).map(heard).max().unwrap());
        }
    }
}

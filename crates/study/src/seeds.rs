//! Roots of what a study draws: networks, dies and tasks each have their own, so that one can be drawn anew while the
//! others stay.
//!
//! This module owns how a network or a series of a study gets the seed that it is made with. It deliberately draws
//! nothing itself.

use disorder::{Key, Purpose};
use serde::{Deserialize, Serialize};

/// The roots of a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// Of networks.
    pub networks: u64,
    /// Of dies.
    pub dies: u64,
    /// Of stimuli, targets and encoders.
    pub tasks: u64,
}

impl Seeds {
    /// One root for all.
    pub const fn all(root: u64) -> Self {
        Self { networks: root, dies: root, tasks: root }
    }

    /// The seed of a network.
    pub fn network(self, network: u32) -> u64 {
        nested(self.networks, Purpose::Initialisation, "network", network)
    }

    /// The root of the dies of a network, each of which has its own.
    pub fn dies_of(self, network: u32) -> u64 {
        nested(self.dies, Purpose::Mismatch, "network", network)
    }

    /// The seed of a series.
    pub fn series(self, series: u32) -> u64 {
        nested(self.tasks, Purpose::Task, "series", series)
    }
}

/// Seed `number` below `root`; the first one is the root itself, so that a study of one network is made with the seed
/// that its file states.
fn nested(root: u64, purpose: Purpose, name: &str, number: u32) -> u64 {
    match number {
        0 => root,
        number => Key::new(root, purpose).name(name).slot(u64::from(number)).first_word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everything_is_drawn_for_itself() {
        let seeds = Seeds::all(7);
        assert_eq!([seeds.network(0), seeds.dies_of(0), seeds.series(0)], [7, 7, 7]);
        let all = (1..100).flat_map(|n| [seeds.network(n), seeds.dies_of(n), seeds.series(n)]);
        assert_eq!(all.collect::<BTreeSet<_>>().len(), 3 * 99);
        let other = Seeds { dies: 8, ..seeds };
        assert_eq!((other.network(3), other.series(3)), (seeds.network(3), seeds.series(3)));
        assert_ne!(other.dies_of(3), seeds.dies_of(3));
    }
}

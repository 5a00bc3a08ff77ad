//! The floor plan of a program: its cores, how full each is, and what goes from one to another.

use super::{CoreUse, Explained};
use chip::Source;
use serde::Serialize;
use std::collections::BTreeMap;
use units::CoreAddress;

/// What goes from one core to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CoreLink {
    /// Where it starts.
    pub from: CoreAddress,
    /// Where it ends.
    pub to: CoreAddress,
    /// Neurons that send there, each counted once a word: events, if each of them spikes once.
    pub words: u64,
    /// Chips on the way of all of them together; as many as words where a chip has no such ways.
    pub hops: u64,
}

/// The cores of a program, and the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FloorPlan {
    /// Cores of a chip, in use or not.
    pub cores_per_chip: usize,
    /// The cores in use, sorted by address.
    pub cores: Vec<CoreUse>,
    /// The links between different cores, sorted by their ends.
    pub links: Vec<CoreLink>,
}

impl Explained<'_> {
    /// The floor plan.
    pub fn floor(&self) -> FloorPlan {
        let mut links: BTreeMap<(CoreAddress, CoreAddress), (u64, u64)> = BTreeMap::new();
        for word in self.words(|word| matches!(word.source, Source::Neuron(_))) {
            let Source::Neuron(address) = word.source else { continue };
            for core in &word.cores {
                let to = CoreAddress { chip: word.chip, core: *core };
                if to != address.core {
                    let (words, hops) = links.entry((address.core, to)).or_default();
                    *words += 1;
                    // Within a chip there is the way to its own crossbar.
                    *hops += u64::from(word.hops.unwrap_or(0).max(1));
                }
            }
        }
        let link = |((from, to), (words, hops))| CoreLink { from, to, words, hops };
        FloorPlan {
            cores_per_chip: self.spec.cores_per_chip(),
            cores: self.cores(),
            links: links.into_iter().map(link).collect(),
        }
    }
}

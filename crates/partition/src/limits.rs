//! Limits that are not sums of weights, and what is to be done where they are broken.

use crate::{Hypergraph, Parts};

/// What became too much, and so is made dearer before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// Nets that reach this part.
    Part(u32),
    /// The parts that this net reaches.
    NetParts(u32),
    /// The groups that this net reaches.
    NetGroups(u32),
}

/// Whether parts obey the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How far the limits are exceeded; 0: everything fits. Numbers of one judge can be compared.
    pub excess: u64,
    /// What to make dearer; nothing: the judge knows no way.
    pub blame: Vec<Blame>,
    /// As many parts as the vertices would fill, as they sit together now; 0: the judge does not know.
    pub wanted: usize,
}

impl Verdict {
    /// Whether so much is wanted beyond `parts` parts that moves of single vertices will not mend it.
    pub(crate) fn is_hopeless(&self, parts: usize) -> bool {
        self.excess > 0 && self.wanted > parts + parts / 16
    }
}

/// A judge of limits that are not sums of weights.
pub trait Limits {
    /// Judges vertices in the parts `assignment`.
    fn judge(&self, graph: &Hypergraph, parts: &Parts, assignment: &[u32]) -> Verdict;

    /// Whether it tells how many parts are [wanted](Verdict::wanted), and first parts of coarse graphs tell it as well.
    fn knows_wanted(&self) -> bool {
        false
    }

    /// Whether it matters which parts stand together in a group.
    fn knows_groups(&self) -> bool {
        true
    }
}

/// No limits but the room of the parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl Limits for NoLimits {
    fn judge(&self, _: &Hypergraph, _: &Parts, _: &[u32]) -> Verdict {
        Verdict::default()
    }

    fn knows_groups(&self) -> bool {
        false
    }
}

/// At most so many different nets reach a part.
#[derive(Clone, Copy, Debug)]
pub struct NetsHeard<'a> {
    /// The most nets of one part.
    pub most: u64,
    /// By net: the vertex that sends and does not listen, which needs no room for its own net; [`u32::MAX`]: none.
    pub silent: &'a [u32],
}

impl Limits for NetsHeard<'_> {
    fn judge(&self, graph: &Hypergraph, parts: &Parts, assignment: &[u32]) -> Verdict {
        let (mut heard, mut last) = (vec![0u64; parts.len()], vec![usize::MAX; parts.len()]);
        for net in 0..graph.net_count() {
            let silent = self.silent.get(net).copied().unwrap_or(u32::MAX);
            for pin in graph.pins(net).iter().filter(|pin| **pin != silent) {
                let part = assignment[*pin as usize] as usize;
                if std::mem::replace(&mut last[part], net) != net {
                    heard[part] += 1;
                }
            }
        }
        let over = (0..parts.len()).filter(|part| heard[*part] > self.most);
        Verdict {
            excess: heard.iter().map(|heard| heard.saturating_sub(self.most)).sum(),
            blame: over.map(|part| Blame::Part(part as u32)).collect(),
            wanted: 0,
        }
    }
}

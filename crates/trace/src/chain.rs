//! A chain of hashes over the states of a run.

use emulator::Digest;
use units::Tick;

/// Hashes of the whole state of a run, one every so many ticks. Each link is the hash of the state and of the link
/// before it.
///
/// The state is that of [`emulator::Emulator::digest`]: all spikes so far, the time, and every core. An event that is
/// on its way shows when it arrives, and a difference that is gone again at the next link leaves no mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Where the interval of its first link begins.
    from: Tick,
    every: u64,
    links: Vec<u64>,
}

impl Chain {
    /// An empty chain that begins at `from`, with a link every `every` ticks. 0 counts as 1.
    pub fn new(from: Tick, every: u64) -> Self {
        Self { from, every: every.max(1), links: Vec::new() }
    }

    /// The tick up to which the next link will have run.
    pub fn next_end(&self) -> Tick {
        self.from.after(self.every.saturating_mul(self.links.len() as u64 + 1))
    }

    /// Adds a link for a state whose hash is `digest`.
    pub fn push(&mut self, digest: u64) {
        let mut link = self.links.last().map_or_else(Digest::new, |last| Digest::resume(*last));
        link.push(digest);
        self.links.push(link.value());
    }

    /// The links.
    pub fn links(&self) -> &[u64] {
        &self.links
    }

    /// The ticks of the first interval after which this chain and `other` differ; `None` if one is the beginning of the
    /// other, or if they are not of the same ticks.
    pub fn first_difference(&self, other: &Self) -> Option<std::ops::Range<Tick>> {
        if (self.from, self.every) != (other.from, other.every) {
            return None;
        }
        let common = self.links.len().min(other.links.len());
        let (mine, others) = (&self.links[..common], &other.links[..common]);
        // Links differ from the first different one on.
        let equal = (0..common).collect::<Vec<_>>().partition_point(|&index| mine[index] == others[index]);
        let end = |links: usize| self.from.after(self.every.saturating_mul(links as u64));
        (equal < common).then(|| end(equal)..end(equal + 1))
    }
}

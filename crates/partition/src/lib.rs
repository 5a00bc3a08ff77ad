//! Hypergraphs onto parts of fixed size, with little traffic between the parts.
//!
//! A vertex is what has to sit somewhere, a net is what is sent from one place to all that listen to it, and a part
//! is a place with so much room of each resource. What is made small is the sum over the nets of their weight times
//! the number of parts beyond the first that they reach, and, if parts stand in groups, the same for groups.
//!
//! The way is that of multilevel partitioners: vertices that share nets are joined until few are left, these are parted
//! by growing parts from several seeds, and on the way back moves of single vertices improve every level; then the
//! whole is done again within the parts that were found. In contrast to those that can be had, no part is ever filled
//! beyond its room, limits that are not sums of weights ([`Limits`]) are obeyed by making what breaks them dearer, and
//! the result is the same bytes on every machine: there is no clock, no thread and no float, and chance follows from a
//! seed.
//!
//! The crate knows nothing of chips and networks.
//!
//! ```
//! use quenched_partition::{Hypergraph, NoLimits, Parts, Search, partition};
//! // Two triples that each have a net, and one net between them.
//! let graph = Hypergraph::new(1, vec![1; 6], vec![0; 6]);
//! let graph = graph.with_nets([(1, vec![0, 2, 4]), (1, vec![1, 3, 5]), (1, vec![0, 1])]);
//! let parts = Parts::equal(2, &[3]);
//! let found = partition(&graph, &parts, &NoLimits, &Search::default(), None).unwrap();
//! assert_eq!((found.cut, found.parts[0] == found.parts[2]), (1, true));
//! ```

#![forbid(unsafe_code)]

mod arrange;
mod coarsen;
mod dice;
mod graph;
mod initial;
mod limits;
mod refine;
mod solve;
mod state;
#[cfg(test)]
mod tests;

pub use arrange::{Fits, Flow, arrange};
pub use graph::Hypergraph;
pub use limits::{Blame, Limits, NetsHeard, NoLimits, Verdict};
pub use solve::{Found, Search, Unfit, cut, partition};

/// The parts: how much room each has, for which vertices, and which stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    dims: usize,
    capacities: Vec<u64>,
    classes: Vec<u32>,
    groups: Vec<u32>,
}

impl Parts {
    /// `count` parts with the room `capacity` each, for vertices of class 0, in one group.
    pub fn equal(count: usize, capacity: &[u64]) -> Self {
        Self::new(capacity.len(), capacity.repeat(count), vec![0; count], vec![0; count])
    }

    /// Parts with `dims` numbers each for their room, the class of vertices that may sit there, and their group; groups
    /// count from 0.
    ///
    /// # Panics
    /// If the lists speak of different numbers of parts.
    pub fn new(dims: usize, capacities: Vec<u64>, classes: Vec<u32>, groups: Vec<u32>) -> Self {
        assert!(capacities.len() == dims * classes.len() && groups.len() == classes.len(), "one entry a part");
        Self { dims, capacities, classes, groups }
    }

    /// Number of parts.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The room of part `part`, by resource.
    pub fn capacity(&self, part: usize) -> &[u64] {
        &self.capacities[part * self.dims..][..self.dims]
    }

    /// The class of the vertices that may sit in part `part`.
    pub fn class(&self, part: usize) -> u32 {
        self.classes[part]
    }

    /// The parts for vertices of class `class`.
    pub fn of_class(&self, class: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(move |part| self.classes[*part] == class)
    }

    /// The group of each part.
    pub fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// Number of groups.
    pub fn group_count(&self) -> usize {
        self.groups.iter().map(|group| *group as usize + 1).max().unwrap_or(0)
    }
}

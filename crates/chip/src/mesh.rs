//! Where the cores of a chip lie: tiles in a mesh, and how far it is from one to another.
//!
//! What a hop costs is among the prices of operations; which events hop is the business of who runs a program.

use crate::spec::section::section;
use crate::spec::{Fact, Section};
use serde::{Deserialize, Serialize};
use units::CoreAddress;

/// The operations of [`crate::ENERGY_OPERATIONS`] that are hops, in the order of [`MeshSpec::hops`].
pub const HOP_OPERATIONS: [&str; 2] = ["hop_east_west", "hop_north_south"];

section! {
    /// A mesh of tiles. The cores of a chip are numbered tile by tile, and the tiles column by column: core c lies in
    /// tile t = c / `cores_per_tile`, in column t / `height` and row t modulo `height`.
    struct MeshSpec {
        width: Fact, Count, 1..=1 << 16, "a core id has 16 bits",
            "Columns of tiles, from west to east.";
        height: Fact, Count, 1..=1 << 16, "a core id has 16 bits",
            "Rows of tiles, from south to north.";
        cores_per_tile: Fact, Count, 1..=1 << 16, "a core id has 16 bits",
            "Cores of a tile, between which an event does not hop.";
    }
}

impl MeshSpec {
    /// Cores that it has room for; `None` of a mesh that was not validated.
    pub fn cores(&self) -> Option<u64> {
        self.stated().iter().try_fold(1u64, |all, stated| all.checked_mul(stated.fact.count()?))
    }

    /// Hops of an event from one core to another, along the row and along the column; none between chips, of whose
    /// links a mesh says nothing.
    ///
    /// # Panics
    /// If the spec was not validated.
    pub fn hops(&self, from: CoreAddress, to: CoreAddress) -> [u64; 2] {
        if from.chip != to.chip {
            return [0; 2];
        }
        let number = |fact: &Fact| fact.count().filter(|count| *count > 0).expect("a validated mesh has sizes");
        let (height, cores) = (number(&self.height), number(&self.cores_per_tile));
        let place = |core: CoreAddress| {
            let tile = u64::from(core.core.0) / cores;
            [tile / height, tile % height]
        };
        let (from, to) = (place(from), place(to));
        [from[0].abs_diff(to[0]), from[1].abs_diff(to[1])]
    }
}

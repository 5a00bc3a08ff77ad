//! From checked rows to packed ones: one 32-bit word a synapse, in the order of the accumulators.

use crate::check::packed;
use crate::draft::{Route, RowDraft};
use alloc::vec;
use alloc::vec::Vec;
use device_models::{InputLayout, PackedSynapse};

/// Where a row starts in the list of all synapses; it ends where the next one starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowStart {
    pub(crate) core: u32,
    pub(crate) start: u32,
}

/// Packed rows.
#[derive(Clone, Debug)]
pub(crate) struct PackedRows {
    pub(crate) synapses: Vec<PackedSynapse>,
    /// By synapse the number of its slot, or empty; see [`crate::RowView::slots`].
    pub(crate) slots: Vec<u64>,
    /// One more than there are rows; the last one only marks the end.
    pub(crate) starts: Vec<RowStart>,
}

impl PackedRows {
    pub(crate) fn new(layouts: &[InputLayout], drafts: &[RowDraft<'_>]) -> Self {
        let mut synapses = Vec::with_capacity(drafts.iter().map(|row| row.synapses.len()).sum());
        let mut slots = Vec::new();
        let mut starts = Vec::with_capacity(drafts.len() + 1);
        for draft in drafts {
            let start = synapses.len();
            starts.push(RowStart { core: draft.core as u32, start: start as u32 });
            let layout = &layouts[draft.core];
            // Ascending targets: neighbours in the row are neighbours in the accumulators.
            if draft.slots.is_empty() {
                synapses.extend(packed(layout, draft));
                // Where sums saturate at each synapse, their order is part of the program.
                if !layout.model().facts().ordered {
                    synapses[start..].sort_unstable_by_key(|s| (s.target(), s.weight()));
                }
            } else {
                let mut both: Vec<(PackedSynapse, u64)> =
                    packed(layout, draft).zip(draft.slots.iter().copied()).collect();
                both.sort_unstable_by_key(|(s, slot)| (s.target(), s.weight(), *slot));
                synapses.extend(both.iter().map(|(s, _)| *s));
                slots.extend(both.iter().map(|(_, slot)| *slot));
            }
        }
        starts.push(RowStart { core: u32::MAX, start: synapses.len() as u32 });
        Self { synapses, slots, starts }
    }
}

/// By source, of which there are `count`, where its routes start among `routes`, which are sorted by source; one more
/// than there are sources.
pub(crate) fn route_starts(routes: &[(usize, Route)], count: usize) -> Vec<u32> {
    let mut starts = vec![0; count + 1];
    for (source, _) in routes {
        starts[source + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    starts
}

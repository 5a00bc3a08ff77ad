//! Rows of synapses whose weights are numbers, each known by its source, destination and delay: what the ideal router
//! holds, and what the memories of axon chips and of Xylo come to.

use crate::RouterError;
use crate::draft::{Draft, Route, RowDraft, used_core};
use crate::weights::{Scales, Slot};
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, IdealRow, IdealSynapse, Program, Source};
use device_models::SynapseContent;
use units::CoreAddress;

/// Where a row starts, where it ends, and its delay.
type Key = (Source, CoreAddress, u16);

/// The synapses from one source into one core with one delay.
pub(crate) struct Row<'a> {
    pub(crate) key: Key,
    pub(crate) synapses: Cow<'a, [IdealSynapse]>,
    /// Places by which its weights are shifted to the left once a die has made them what they are.
    pub(crate) shift: u8,
}

impl<'a> From<&'a IdealRow> for Row<'a> {
    fn from(row: &'a IdealRow) -> Self {
        let key = (row.source, row.destination, row.delay_ticks);
        Self { key, synapses: Cow::Borrowed(&row.synapses), shift: 0 }
    }
}

/// Finds the destination of every row.
pub(crate) fn follow<'a>(
    spec: &ChipSpec,
    program: &Program,
    rows: impl Iterator<Item = Row<'a>>,
    scales: Option<&mut Scales<'_>>,
) -> Result<Draft<'a>, RouterError> {
    let mut draft = Draft::new(program);
    let (mut keys, mut shifts) = (Vec::new(), Vec::new());
    for Row { key, synapses, shift } in rows {
        let (origin, destination, delay_ticks) = key;
        let source = draft.sources.number(program, origin)?;
        let core = used_core(program, destination)?;
        if delay_ticks == 0 {
            return Err(RouterError::ZeroDelay { origin, destination });
        }
        if synapses.is_empty() {
            continue;
        }
        draft.traffic[source].sent += 1;
        draft.routes.push((source, Route { row: draft.rows.len() as u32, delay_ticks }));
        draft.rows.push(RowDraft { core, synapses, slots: Cow::Borrowed(&[]) });
        keys.push(key);
        shifts.push(shift);
    }
    if let Some(scales) = scales {
        weigh(spec, &keys, &mut draft.rows, scales)?;
    }
    for (row, shift) in draft.rows.iter_mut().zip(shifts).filter(|(_, shift)| *shift > 0) {
        for synapse in row.synapses.to_mut() {
            // Fits in the program; what a die makes of a weight may not, and ends at the end of its 16 bits.
            let shifted = i64::from(synapse.weight) << shift;
            synapse.weight = shifted.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
    }
    Ok(draft)
}

/// Gives every synapse of `drafts`, which have these keys, its weight on a die.
///
/// A synapse is known by its source, destination, delay, target and kind; if several agree in these, by the rank of its
/// weight among them. So the order of rows, and of synapses in a row, does not matter.
fn weigh(
    spec: &ChipSpec,
    keys: &[Key],
    drafts: &mut [RowDraft<'_>],
    scales: &mut Scales<'_>,
) -> Result<(), RouterError> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&row| keys[row]);
    for group in order.chunk_by(|&a, &b| keys[a] == keys[b]) {
        // Synapses with their places, in the order of their content.
        let mut all: Vec<(IdealSynapse, usize, usize)> = Vec::new();
        for &row in group {
            all.extend(drafts[row].synapses.iter().enumerate().map(|(place, synapse)| (*synapse, row, place)));
        }
        all.sort_unstable();
        for &row in group {
            drafts[row].synapses.to_mut();
            if scales.keep_slots() {
                drafts[row].slots = Cow::Owned(vec![0; drafts[row].synapses.len()]);
            }
        }
        let (source, core, delay_ticks) = keys[group[0]];
        let parallel = |a: &IdealSynapse, b: &IdealSynapse| (a.neuron, a.synapse) == (b.neuron, b.synapse);
        for same in all.chunk_by(|a, b| parallel(&a.0, &b.0)) {
            for (occurrence, &(synapse, row, place)) in same.iter().enumerate() {
                let (kind, occurrence) = (synapse.synapse, occurrence as u32);
                let number = SynapseContent { source, delay_ticks, kind, occurrence }.slot();
                // A kind that does not exist is reported when the rows are checked.
                let Some(sign) = spec.synapses.get(usize::from(kind)).map(|kind| kind.sign) else { continue };
                let slot = Slot { core, neuron: synapse.neuron, number };
                drafts[row].synapses.to_mut()[place].weight = scales.weigh_number(slot, sign, synapse.weight)?;
                if scales.keep_slots() {
                    drafts[row].slots.to_mut()[place] = number;
                }
            }
        }
    }
    Ok(())
}

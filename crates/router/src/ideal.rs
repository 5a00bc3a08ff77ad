//! The ideal router: rows as the program has them, no limit, no loss.

use crate::RouterError;
use crate::assemble::{Draft, RowDraft, sources};
use crate::fabric::{Route, Traffic, core_index};
use crate::weights::{Scales, Slot};
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, IdealRow, IdealSynapse, Program, Source};
use device_models::SynapseContent;

/// Finds the destination of every row.
pub(crate) fn follow<'a>(
    spec: &ChipSpec,
    program: &Program,
    rows: &'a [IdealRow],
    scales: Option<&mut Scales<'_>>,
) -> Result<Draft<'a>, RouterError> {
    let sources = sources(program);
    let mut traffic = vec![Traffic::default(); sources.count];
    let mut routes = Vec::with_capacity(rows.len());
    let mut drafts = Vec::with_capacity(rows.len());
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let source = match row.source {
            Source::Input(input) if input.0 < program.input_count => input.index(),
            Source::Input(input) => {
                return Err(RouterError::UnknownInput { input: input.0, count: program.input_count });
            }
            Source::Neuron(address) => {
                let core = core_index(program, address.core).ok_or(RouterError::UnusedCore { core: address.core })?;
                let count = program.cores[core].neuron_count;
                if u32::from(address.neuron.0) >= count {
                    return Err(RouterError::UnusedNeuron { address, last: count - 1 });
                }
                sources.first_of_core[core] as usize + address.neuron.index()
            }
        };
        let core = core_index(program, row.destination).ok_or(RouterError::UnusedCore { core: row.destination })?;
        if row.delay_ticks == 0 {
            return Err(RouterError::ZeroDelay { origin: row.source, destination: row.destination });
        }
        if row.synapses.is_empty() {
            continue;
        }
        traffic[source].sent += 1;
        routes.push((source, Route { row: drafts.len() as u32, delay_ticks: row.delay_ticks }));
        drafts.push(RowDraft { core, synapses: Cow::Borrowed(&row.synapses), slots: Cow::Borrowed(&[]) });
        kept.push(row);
    }
    if let Some(scales) = scales {
        weigh(spec, &kept, &mut drafts, scales)?;
    }
    Ok(Draft { sources, rows: drafts, routes, traffic })
}

/// Gives every synapse of `drafts`, which are those of `rows`, its weight on a die.
///
/// A synapse is known by its source, destination, delay, target and kind; if several agree in these, by the rank of its
/// weight among them. So the order of rows, and of synapses in a row, does not matter.
fn weigh(
    spec: &ChipSpec,
    rows: &[&IdealRow],
    drafts: &mut [RowDraft<'_>],
    scales: &mut Scales<'_>,
) -> Result<(), RouterError> {
    let key = |row: usize| (rows[row].source, rows[row].destination, rows[row].delay_ticks);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&row| key(row));
    for group in order.chunk_by(|&a, &b| key(a) == key(b)) {
        // Synapses with their places, in the order of their content.
        let mut all: Vec<(IdealSynapse, usize, usize)> = Vec::new();
        for &row in group {
            all.extend(rows[row].synapses.iter().enumerate().map(|(place, synapse)| (*synapse, row, place)));
        }
        all.sort_unstable();
        for &row in group {
            drafts[row].synapses.to_mut();
            if scales.keep_slots() {
                drafts[row].slots = Cow::Owned(vec![0; rows[row].synapses.len()]);
            }
        }
        let (source, core, delay_ticks) = key(group[0]);
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

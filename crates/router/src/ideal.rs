//! The ideal router: rows as the program has them, no limit, no loss.

use crate::RouterError;
use crate::assemble::{Draft, RowDraft, sources};
use crate::fabric::{Route, Traffic, core_index};
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use chip::{IdealRow, Program, Source};

/// Finds the destination of every row.
pub(crate) fn follow<'a>(program: &Program, rows: &'a [IdealRow]) -> Result<Draft<'a>, RouterError> {
    let sources = sources(program);
    let mut traffic = vec![Traffic::default(); sources.count];
    let mut routes = Vec::with_capacity(rows.len());
    let mut drafts = Vec::with_capacity(rows.len());
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
        drafts.push(RowDraft { core, synapses: Cow::Borrowed(&row.synapses) });
    }
    Ok(Draft { sources, rows: drafts, routes, traffic })
}

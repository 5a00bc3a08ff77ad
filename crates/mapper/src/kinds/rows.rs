//! Rows of synapses whose weights are numbers: how the ideal router and Xylo fill and read them.

use crate::MapperError;
use crate::memory::{Code, Label, Stored, Visit, Word};
use crate::wish::{Link, Wish};
use chip::{CoreProgram, IdealRow, IdealSynapse, Source, SynapseSign};
use units::{CoreAddress, NeuronId};

/// `magnitude / 2^exponent` to nearest, halves away from zero.
pub(crate) fn rounded(magnitude: u32, exponent: u8) -> u32 {
    let half = if exponent == 0 { 0 } else { 1u64 << (exponent - 1) };
    ((u64::from(magnitude) + half) >> exponent) as u32
}

/// The synapse of `link` with this weight, without its sign, in steps of its core.
pub(crate) fn synapse(wish: &Wish<'_>, link: &Link, weight: u32) -> IdealSynapse {
    let weight = i16::try_from(weight).expect("the exponent was chosen so that all weights fit");
    let signed = wish.spec.synapses[usize::from(link.kind)].sign == SynapseSign::Signed;
    let weight = if signed && link.weight < 0 { -weight } else { weight };
    IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight }
}

/// Sorts rows and joins those of one source, core and delay.
pub(crate) fn join(rows: &mut Vec<IdealRow>) {
    let key = |row: &IdealRow| -> (Source, CoreAddress, u16) { (row.source, row.destination, row.delay_ticks) };
    rows.sort_by_key(key);
    rows.dedup_by(|next, row| {
        let joins = key(row) == key(next);
        if joins {
            row.synapses.append(&mut next.synapses);
        }
        joins
    });
    for row in rows {
        row.synapses.sort_unstable();
        row.synapses.shrink_to_fit();
    }
}

/// The synapses of `rows`, whose weights are shifted to the left by `shift`.
pub(crate) fn read(
    programs: &[CoreProgram],
    rows: &[IdealRow],
    shift: impl Fn(&IdealRow) -> u8,
    visit: Visit<'_>,
) -> Result<(), MapperError> {
    for row in rows {
        let what = || MapperError::Foreign { what: row.destination.to_string() };
        let core = programs.binary_search_by_key(&row.destination, |core| core.address).map_err(|_| what())?;
        let shift = shift(row);
        for s in &row.synapses {
            visit(Stored {
                source: row.source,
                core,
                neuron: s.neuron,
                synapse: s.synapse,
                code: Code::Number { weight: s.weight, shift },
                weight: i64::from(s.weight) << shift,
                delay_ticks: row.delay_ticks,
            })?;
        }
    }
    Ok(())
}

/// Where the sources of `rows` send.
pub(crate) fn words(rows: &[IdealRow], visit: &mut dyn FnMut(Word)) {
    for IdealRow { source, destination, synapses, .. } in rows {
        let (chip, cores) = (destination.chip, vec![destination.core]);
        visit(Word { source: *source, chip, cores, label: Label::Row(synapses.len()), hops: None });
    }
}

//! Rows of synapses whose weights are numbers: how the ideal router and Xylo fill and read them.

use crate::MapperError;
use crate::decode::{DecodedConnection, Ends};
use crate::wish::{Link, Wish};
use chip::{IdealRow, IdealSynapse, Source, SynapseSign};
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

/// The connections of `rows`, whose weights are shifted to the left by `shift`.
pub(crate) fn decode(
    rows: &[IdealRow],
    shift: impl Fn(&IdealRow) -> u8,
    ends: &Ends<'_>,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let mut connections = Vec::new();
    for row in rows {
        for synapse in &row.synapses {
            let weight = i64::from(synapse.weight) << shift(row);
            let (neuron, kind) = (synapse.neuron, synapse.synapse);
            connections.push(ends.connection(row.source, row.destination, neuron, kind, weight, row.delay_ticks)?);
        }
    }
    Ok(connections)
}

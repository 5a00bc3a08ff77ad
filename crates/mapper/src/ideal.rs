//! Rows of the ideal router.

use crate::ledger::Ledger;
use crate::report::{FreedResources, LossCause};
use crate::wish::Wish;
use crate::{MapperOptions, SmallWeights};
use chip::{IdealRow, IdealSynapse, SynapseSign};
use units::NeuronId;

/// The largest weight of a program, in units of its core's step.
const WEIGHT_MAX: u32 = i16::MAX as u32;

/// `magnitude / 2^exponent` to nearest, halves away from zero.
pub(crate) fn rounded(magnitude: u32, exponent: u8) -> u32 {
    let half = if exponent == 0 { 0 } else { 1u64 << (exponent - 1) };
    ((u64::from(magnitude) + half) >> exponent) as u32
}

/// The smallest exponent with which `largest` fits a program: the finest step.
fn exponent_for(largest: u32) -> u8 {
    (0..=20).find(|&e| rounded(largest, e) <= WEIGHT_MAX).expect("2^31 / 2^20 is below 2^15")
}

/// Rows in the order of the program, and the weight exponent of each core.
pub(crate) fn map(wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> (Vec<IdealRow>, Vec<u8>) {
    let projections = 0..wish.network.projections.len();
    let mut largest = vec![0u32; wish.cores.len()];
    let mut freed = FreedResources::default();
    for link in projections.clone().flat_map(|p| wish.links(p)) {
        if link.is_wanted() {
            largest[link.core] = largest[link.core].max(link.magnitude());
        } else if !link.kept && link.weight != 0 {
            freed.synapses += 1;
        }
    }
    ledger.free(freed);
    let exponents: Vec<u8> = largest.into_iter().map(exponent_for).collect();

    let mut rows: Vec<IdealRow> = Vec::new();
    for index in projections {
        let projection = &wish.network.projections[index];
        for pre in 0..projection.connections.row_count() as u32 {
            let source = wish.source(projection.pre, pre);
            let first_row = rows.len();
            for link in wish.row(index, pre).filter(|link| link.is_wanted()) {
                let exponent = exponents[link.core];
                let weight = match (rounded(link.magnitude(), exponent), options.small_weights) {
                    (0, SmallWeights::Drop) => {
                        ledger.lose(&link, LossCause::SmallWeight);
                        continue;
                    }
                    (0, SmallWeights::Keep) => 1,
                    (weight, _) => weight,
                };
                ledger.keep(&link, u64::from(weight) << exponent);
                let weight = weight as i16;
                let signed = wish.spec.synapses[usize::from(link.kind)].sign == SynapseSign::Signed;
                let weight = if signed && link.weight < 0 { -weight } else { weight };
                let synapse = IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight };
                let destination = wish.cores[link.core].address;
                // Receivers are sorted, and so are the cores that they sit in.
                match rows[first_row..].last_mut().filter(|row| row.destination == destination) {
                    Some(row) => row.synapses.push(synapse),
                    None => rows.push(IdealRow {
                        source,
                        destination,
                        delay_ticks: projection.delay_ticks,
                        synapses: vec![synapse],
                    }),
                }
            }
        }
    }
    join(&mut rows);
    (rows, exponents)
}

/// Sorts rows and joins those of one source, core and delay.
pub(crate) fn join(rows: &mut Vec<IdealRow>) {
    rows.sort_by_key(|row| (row.source, row.destination, row.delay_ticks));
    rows.dedup_by(|next, row| {
        let same = |r: &IdealRow| (r.source, r.destination, r.delay_ticks);
        let joins = same(row) == same(next);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_as_fine_as_the_largest_weight_allows() {
        for (largest, exponent) in [(0, 0), (32767, 0), (32768, 1), (65535, 2), (32767 << 12, 12), (1 << 31, 17)] {
            assert_eq!(exponent_for(largest), exponent, "largest {largest}");
            assert!(rounded(largest, exponent) <= WEIGHT_MAX);
        }
        assert_eq!([5, 6, 7].map(|m| rounded(m, 2)), [1, 2, 2]);
        assert_eq!(rounded(u32::MAX / 2, 20), 2048);
    }
}

//! The ideal router: every connection as a row of synapses, of weights as fine as its core can hold.
//!
//! All weights of a core share one power of two: the smallest with which the largest weight fits, with which all
//! inputs of a neuron can arrive at once, and which is no finer than the states of the core.

use crate::decode::{DecodedConnection, Ends};
use crate::kinds::rows::{self, join, rounded};
use crate::kinds::{Image, Kind};
use crate::ledger::Ledger;
use crate::placement::Packing;
use crate::sums;
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, SmallWeights, level};
use chip::{ChipSpec, FaultSpec, IdealRow, Routing};
use std::ops::RangeInclusive;

/// The largest exponent of a core's weights.
const EXPONENT_MAX: u8 = 20;

/// A router without memories of its own.
pub(crate) struct Rows;

/// The largest weight that is stored, in units of its core's step: it keeps the bits that can flip.
fn weight_max(spec: &ChipSpec) -> u32 {
    let flips = spec.faults.as_ref().is_some_and(FaultSpec::flips_bits);
    let bits = if flips { spec.stored_weight_bits() } else { chip::PROGRAM_WEIGHT_BITS };
    (1 << (bits - 1)) - 1
}

/// The smallest exponent from `least` on with which `largest` fits: the finest step.
fn exponent_for(largest: u32, least: u8, most: u32) -> Option<u8> {
    (least..=EXPONENT_MAX).find(|&e| rounded(largest, e) <= most)
}

/// The weight of a connection in steps; 0: it takes no word.
fn weight(link: &Link, exponent: u8, small_weights: SmallWeights) -> u32 {
    match (rounded(link.magnitude(), exponent), small_weights) {
        (0, SmallWeights::Keep) => 1,
        (weight, _) => weight,
    }
}

impl Kind for Rows {
    /// There is nothing to save in an ideal core, and all its weights share one step.
    fn packing(&self) -> Packing {
        Packing::WhereNeeded
    }

    fn delays(&self) -> RangeInclusive<u16> {
        1..=u16::MAX
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        ledger.free(wish.freed_synapses());
        let mut exponents = exponents(wish)?;
        let weigh = |exponent: &u8, link: &Link| weight(link, *exponent, options.small_weights);
        let coarser = |exponent: &u8| (*exponent < EXPONENT_MAX).then_some(*exponent + 1);
        sums::settle(wish, &mut exponents, 0, || wish.all_links().filter(Link::is_wanted), weigh, coarser)?;

        let mut rows: Vec<IdealRow> = Vec::new();
        for (index, projection) in wish.network.projections.iter().enumerate() {
            for pre in 0..projection.connections.row_count() as u32 {
                let source = wish.source(projection.pre, pre);
                let first_row = rows.len();
                for link in wish.row(index, pre).filter(|link| link.is_wanted()) {
                    let exponent = exponents[link.core];
                    let weight = weigh(&exponent, &link);
                    if weight == 0 {
                        ledger.round_to_zero(&link);
                        continue;
                    }
                    ledger.keep(&link, u64::from(weight) << exponent);
                    let synapse = rows::synapse(wish, &link, weight);
                    let destination = wish.cores[link.core].address;
                    let is_its = |row: &&mut IdealRow| row.destination == destination && row.delay_ticks == link.delay;
                    // Receivers are sorted, and so are the cores that they sit in: mostly it is the last.
                    match rows[first_row..].iter_mut().rev().find(is_its) {
                        Some(row) => row.synapses.push(synapse),
                        None => rows.push(IdealRow {
                            source,
                            destination,
                            delay_ticks: link.delay,
                            synapses: vec![synapse],
                        }),
                    }
                }
            }
        }
        join(&mut rows);
        Ok(Image::of_rows(Routing::Ideal(rows), exponents))
    }
}

/// The finest exponent of each core with which its largest weight fits.
fn exponents(wish: &Wish<'_>) -> Result<Vec<u8>, MapperError> {
    let mut largest: Vec<Option<Link>> = vec![None; wish.cores.len()];
    for link in wish.all_links().filter(Link::is_wanted) {
        let largest = &mut largest[link.core];
        if largest.is_none_or(|old| old.magnitude() < link.magnitude()) {
            *largest = Some(link);
        }
    }
    let most = weight_max(wish.spec);
    let of_core = |(largest, least): (Option<Link>, u8)| {
        let Some(link) = largest else { return Ok(least) };
        exponent_for(link.magnitude(), least, most).ok_or_else(|| MapperError::WeightRange {
            projection: wish.network.projections[link.projection].name.clone(),
            pre: link.pre,
            post: link.post,
            weight: wish.spelled(&link),
            limit: u64::from(most),
        })
    };
    largest.into_iter().zip(level::least_exponents(wish)).map(of_core).collect()
}

/// The connections that `rows` make.
pub(crate) fn decode(rows: &[IdealRow], ends: &Ends<'_>) -> Result<Vec<DecodedConnection>, MapperError> {
    rows::decode(rows, |_| 0, ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_as_fine_as_the_largest_weight_allows() {
        let most = i16::MAX as u32;
        for (largest, exponent) in [(0, 0), (32767, 0), (32768, 1), (65535, 2), (32767 << 12, 12), (1 << 31, 17)] {
            assert_eq!(exponent_for(largest, 0, most), Some(exponent), "largest {largest}");
            assert!(rounded(largest, exponent) <= most);
        }
        assert_eq!(
            [(7, 5), (32768, 5), (32767 << 6, 5)].map(|(l, least)| exponent_for(l, least, most)),
            [Some(5), Some(5), Some(6)]
        );
        assert_eq!(exponent_for(1 << 31, 0, 2047), None, "2048 units are beyond 12 bits");
        assert_eq!([5, 6, 7].map(|m| rounded(m, 2)), [1, 2, 2]);
        assert_eq!(rounded(u32::MAX / 2, 20), 2048);
    }
}

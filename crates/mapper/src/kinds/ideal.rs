//! The ideal router: every connection as a row of synapses, of weights as fine as its core can hold.
//!
//! All weights of a core share one power of two: the smallest with which the largest weight fits, with which all
//! inputs of a neuron can arrive at once, and which is no finer than the states of the core. Where the chip offers a
//! kind of synapse in slices (a second kind that differs in its shift alone, by the bits of a synapse), a connection is
//! two synapses, and its weight is kept exactly.

mod slots;

use crate::decode::DecodedConnection;
use crate::kinds::rows::{self, join, rounded};
use crate::kinds::{Image, Kind};
use crate::ledger::Ledger;
use crate::placement::Packing;
use crate::sums;
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, SmallWeights, level};
use chip::{ChipSpec, FaultSpec, IdealRow, IdealSynapse, Kinetics, PLAIN_SHIFT, Routing, SynapseSign, SynapseType};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::NeuronId;

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
        let slices = Slices::of(wish.spec);
        let mut exponents = exponents(wish, &slices)?;
        let weigh = |exponent: &u8, link: &Link| weight(link, *exponent, options.small_weights);
        let coarser = |exponent: &u8| (*exponent < EXPONENT_MAX).then_some(*exponent + 1);
        sums::settle(wish, &mut exponents, 0, || wish.all_links().filter(Link::is_wanted), weigh, coarser)?;

        let mut on_die = slots::OnDie::new(wish, weight_max(wish.spec), options.small_weights);
        let mut rows: Vec<IdealRow> = Vec::new();
        for (index, projection) in wish.network.projections.iter().enumerate() {
            for pre in 0..projection.connections.row_count() as u32 {
                let source = wish.source(projection.pre, pre);
                let first_row = rows.len();
                for link in wish.row(index, pre).filter(|link| link.is_wanted()) {
                    let synapses = match slices.high(link.kind) {
                        Some(high) => {
                            ledger.keep(&link, link.asked());
                            let halves = slices.split(wish, &link, high);
                            on_die.book_slices(wish, source, &link, halves, ledger)?;
                            halves.into_iter().filter(|s| s.weight != 0).collect()
                        }
                        None => {
                            let exponent = exponents[link.core];
                            let weight = on_die.weight(wish, source, &link, (exponent, weigh(&exponent, &link)))?;
                            if weight == 0 {
                                ledger.round_to_zero(&link);
                                continue;
                            }
                            ledger.keep(&link, u64::from(weight) << exponent);
                            let synapse = rows::synapse(wish, &link, weight);
                            on_die.book(wish, source, &link, (exponent, synapse), ledger)?;
                            vec![synapse]
                        }
                    };
                    let destination = wish.cores[link.core].address;
                    let is_its = |row: &&mut IdealRow| row.destination == destination && row.delay_ticks == link.delay;
                    // Receivers are sorted, and so are the cores that they sit in: mostly it is the last.
                    match rows[first_row..].iter_mut().rev().find(is_its) {
                        Some(row) => row.synapses.extend(synapses),
                        None => rows.push(IdealRow { source, destination, delay_ticks: link.delay, synapses }),
                    }
                }
            }
        }
        on_die.book_parallel(wish, ledger)?;
        join(&mut rows);
        Ok(Image::of_rows(Routing::Ideal(rows), exponents))
    }
}

/// The kinds of synapse of a chip that carry the high slices of others.
struct Slices {
    /// By kind: the one that carries its high slice.
    high: Vec<Option<u8>>,
}

/// Bits by which the high slice of a weight lies above the low one.
const SLICE_BITS: u8 = 16;

impl Slices {
    fn of(spec: &ChipSpec) -> Self {
        let high = |kind: &SynapseType| {
            let shift = kind.kinetics.shift() + SLICE_BITS;
            let (sliced, numbers) = (Kinetics::Slice { shift }, Kinetics::Number { shift });
            let kinetics = match kind.kinetics {
                Kinetics::Slice { shift: PLAIN_SHIFT } => sliced,
                Kinetics::Number { shift: PLAIN_SHIFT } => numbers,
                _ => return None,
            };
            let carries = |other: &SynapseType| other.sign == SynapseSign::Signed && other.kinetics == kinetics;
            spec.synapses.iter().position(carries).filter(|_| kind.sign == SynapseSign::Signed).map(|at| at as u8)
        };
        Self { high: spec.synapses.iter().map(high).collect() }
    }

    fn high(&self, kind: u8) -> Option<u8> {
        self.high[usize::from(kind)]
    }

    /// The kind whose high slice `kind` carries.
    fn low(&self, kind: u8) -> Option<u8> {
        self.high.iter().position(|high| *high == Some(kind)).map(|low| low as u8)
    }

    /// Whether a weight is more than its slices hold.
    fn exceeds(weight: i64) -> bool {
        weight > i64::from(i32::MAX - (1 << (SLICE_BITS - 1)))
    }

    /// The synapses of a connection; a slice can be 0.
    fn split(&self, wish: &Wish<'_>, link: &Link, high: u8) -> [IdealSynapse; 2] {
        debug_assert!(!Self::exceeds(link.weight) && wish.spec.synapses.len() > usize::from(high));
        // The low bits as a number with sign; what that takes too much, the high slice gives back.
        let low = link.weight as i16;
        let rest = (link.weight - i64::from(low)) >> SLICE_BITS;
        let synapse = |synapse, weight| IdealSynapse { neuron: NeuronId(link.circuit), synapse, weight };
        [synapse(link.kind, low), synapse(high, rest as i16)]
    }
}

/// The finest exponent of each core with which its largest weight fits; slices have none.
fn exponents(wish: &Wish<'_>, slices: &Slices) -> Result<Vec<u8>, MapperError> {
    let mut largest: Vec<Option<Link>> = vec![None; wish.cores.len()];
    let range = |link: &Link, limit: u64| MapperError::WeightRange {
        projection: wish.network.projections[link.projection].name.clone(),
        pre: link.pre,
        post: link.post,
        weight: wish.spelled(link),
        limit,
    };
    for link in wish.all_links().filter(Link::is_wanted) {
        if slices.high(link.kind).is_some() {
            if Slices::exceeds(link.weight) {
                return Err(range(&link, (i32::MAX - (1 << (SLICE_BITS - 1))) as u64));
            }
            continue;
        }
        let largest = &mut largest[link.core];
        if largest.is_none_or(|old| old.magnitude() < link.magnitude()) {
            *largest = Some(link);
        }
    }
    let most = weight_max(wish.spec);
    let of_core = |(largest, least): (Option<Link>, u8)| {
        let Some(link) = largest else { return Ok(least) };
        exponent_for(link.magnitude(), least, most).ok_or_else(|| range(&link, u64::from(most)))
    };
    largest.into_iter().zip(level::least_exponents(wish)).map(of_core).collect()
}

/// The kind of synapse that a connection through `kind` was asked for with, and by how many bits its weight is shifted;
/// none of a kind whose weights are whole.
pub(crate) fn slice(spec: &ChipSpec, kind: u8) -> Option<(u8, u8)> {
    let slices = Slices::of(spec);
    match slices.low(kind) {
        Some(low) => Some((low, SLICE_BITS)),
        None => slices.high(kind).map(|_| (kind, 0)),
    }
}

/// The connections that rows make, of the connections that their synapses make.
///
/// The two slices of a weight are one connection; several between the same two neurons, of one kind and delay, are read
/// as one with the sum of their weights.
pub(crate) fn joined(spec: &ChipSpec, read: Vec<DecodedConnection>) -> Vec<DecodedConnection> {
    let slices = Slices::of(spec);
    let mut connections = Vec::new();
    let mut sliced: BTreeMap<DecodedConnection, i64> = BTreeMap::new();
    for connection in read {
        let (kind, weight) = match slices.low(connection.synapse) {
            Some(low) => (low, connection.weight << SLICE_BITS),
            None if slices.high(connection.synapse).is_some() => (connection.synapse, connection.weight),
            None => {
                connections.push(connection);
                continue;
            }
        };
        *sliced.entry(DecodedConnection { synapse: kind, weight: 0, ..connection }).or_insert(0) += weight;
    }
    connections.extend(sliced.into_iter().map(|(connection, weight)| DecodedConnection { weight, ..connection }));
    connections
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

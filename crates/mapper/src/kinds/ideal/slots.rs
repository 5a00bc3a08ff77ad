//! Weights of the ideal router on a die.
//!
//! A slot is what its synapse is, so no synapse has a choice of slots; with a die in mind its weight is the one that
//! comes nearest to what is asked for. Synapses between the same two neurons of one kind and delay are told apart by
//! the rank of their weights: these keep the weights that they have without a die.

use crate::die::slots::Choice;
use crate::gains::Factor;
use crate::ledger::Ledger;
use crate::wish::{Link, Wish};
use crate::{MapperError, SmallWeights, die};
use chip::{IdealSynapse, Source};
use device_models::{DieParameters, SynapseContent};
use fx::Real;
use router::number_on_die;
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, NeuronAddress, NeuronId};

/// Between which neurons a synapse is, and of which kind and delay.
type Pair = (Source, CoreAddress, u16, u8, u16);

/// What a mapping onto the ideal router knows of its die; nothing without one.
pub(super) struct OnDie<'a> {
    on: Option<die::OnDie<'a>>,
    weight_max: u32,
    may_go: bool,
    /// Pairs with more than one synapse, where a die changes weights.
    parallel: BTreeSet<Pair>,
    /// Their synapses: the weight in the program, the connection, and what a step of it is.
    waiting: BTreeMap<Pair, Vec<(i16, Link, f64)>>,
}

fn pair(wish: &Wish<'_>, source: Source, link: &Link) -> Pair {
    (source, wish.cores[link.core].address, link.circuit, link.kind, link.delay)
}

impl<'a> OnDie<'a> {
    pub(super) fn new(wish: &Wish<'a>, weight_max: u32, small_weights: SmallWeights) -> Self {
        let mut parallel = BTreeSet::new();
        if wish.die.is_some_and(|on| on.die.changes_weights()) {
            let mut seen = BTreeSet::new();
            for link in wish.all_links().filter(Link::is_wanted) {
                let pair = pair(wish, wish.source(wish.network.projections[link.projection].pre, link.pre), &link);
                if !seen.insert(pair) {
                    parallel.insert(pair);
                }
            }
        }
        let may_go = small_weights == SmallWeights::Nearest;
        Self { on: wish.die, weight_max, may_go, parallel, waiting: BTreeMap::new() }
    }

    /// The weight of a connection in steps of `2^exponent`, where it is `blind` without a die in mind.
    pub(super) fn weight(
        &self,
        wish: &Wish<'_>,
        source: Source,
        link: &Link,
        (exponent, blind): (u8, u32),
    ) -> Result<u32, MapperError> {
        let Some(on) = self.on.filter(|on| on.in_mind) else { return Ok(blind) };
        let pair = pair(wish, source, link);
        let unit = on.unit(wish, link, exponent, Factor::ONE);
        if self.parallel.contains(&pair) || (!on.die.changes_weights() && unit == f64::from(1u32 << exponent)) {
            return Ok(blind);
        }
        let factor = if on.die.changes_weights() {
            on.die.weight_factor(pair.1, NeuronId(link.circuit), slot(pair, 0))
        } else {
            Real::ONE
        };
        let (wanted, one) = (f64::from(link.magnitude()), unit * die::real(factor.to_bits()));
        let near = if one > 0.0 { (wanted / one) as i64 } else { i64::from(blind) };
        let within = |weight: i64| weight.clamp(0, self.weight_max.into()) as u32;
        let tried = [blind, within(near), within(near + 1)];
        let mut effective = [0.0; 3];
        for (effective, weight) in effective.iter_mut().zip(tried) {
            let synapse = super::rows::synapse(wish, link, weight);
            *effective = f64::from(weigh(on.die, wish, pair, 0, synapse.weight)?.unsigned_abs()) * unit;
        }
        let codes = (0..3u8).filter(|code| tried[usize::from(*code)] > 0);
        let best = Choice::best(wanted, codes, |code| effective[usize::from(code)], self.may_go || blind == 0);
        Ok(best.code.map_or(0, |code| tried[usize::from(code)]))
    }

    /// Books what a connection comes to on the die.
    pub(super) fn book(
        &mut self,
        wish: &Wish<'_>,
        source: Source,
        link: &Link,
        (exponent, synapse): (u8, IdealSynapse),
        ledger: &mut Ledger,
    ) -> Result<(), MapperError> {
        let Some(on) = self.on else { return Ok(()) };
        let (pair, unit) = (pair(wish, source, link), on.unit(wish, link, exponent, Factor::ONE));
        if self.parallel.contains(&pair) {
            self.waiting.entry(pair).or_default().push((synapse.weight, *link, unit));
            return Ok(());
        }
        book(wish, on, pair, (0, synapse.weight, *link, unit), ledger)
    }

    /// Books the parallel synapses, whose slots depend on all of their weights.
    pub(super) fn book_parallel(&mut self, wish: &Wish<'_>, ledger: &mut Ledger) -> Result<(), MapperError> {
        let Some(on) = self.on else { return Ok(()) };
        for (pair, mut all) in std::mem::take(&mut self.waiting) {
            all.sort_by_key(|(weight, ..)| *weight);
            for (occurrence, (weight, link, unit)) in (0..).zip(all) {
                book(wish, on, pair, (occurrence, weight, link, unit), ledger)?;
            }
        }
        Ok(())
    }

    /// Books a connection whose weight lies in two synapses, each with a slot of its own.
    pub(super) fn book_slices(
        &self,
        wish: &Wish<'_>,
        source: Source,
        link: &Link,
        halves: [IdealSynapse; 2],
        ledger: &mut Ledger,
    ) -> Result<(), MapperError> {
        let Some(on) = self.on else { return Ok(()) };
        let pair = pair(wish, source, link);
        let mut weight = 0.0;
        for (half, one) in halves.into_iter().zip([1.0, f64::from(1u32 << super::SLICE_BITS)]) {
            let own = Pair::from((pair.0, pair.1, pair.2, half.synapse, pair.4));
            weight += f64::from(weigh(on.die, wish, own, 0, half.weight)?) * one;
        }
        let signed = if link.weight < 0 { -weight } else { weight };
        ledger.on_die(link, signed * on.gain(wish, link));
        Ok(())
    }
}

fn slot((source, _, _, kind, delay_ticks): Pair, occurrence: u32) -> u64 {
    SynapseContent { source, delay_ticks, kind, occurrence }.slot()
}

/// What a slot makes of a weight.
fn weigh(die: &DieParameters, wish: &Wish<'_>, pair: Pair, occurrence: u32, weight: i16) -> Result<i16, MapperError> {
    if !die.changes_weights() {
        return Ok(weight);
    }
    let place = (pair.1, NeuronId(pair.2), slot(pair, occurrence));
    let sign = wish.spec.synapses[usize::from(pair.3)].sign;
    number_on_die(die, place, sign, weight).map_err(MapperError::Program)
}

fn book(
    wish: &Wish<'_>,
    on: die::OnDie<'_>,
    pair: Pair,
    (occurrence, weight, link, unit): (u32, i16, Link, f64),
    ledger: &mut Ledger,
) -> Result<(), MapperError> {
    let got = f64::from(weigh(on.die, wish, pair, occurrence, weight)?) * unit;
    // A stuck slot has the largest weight, whatever the sign asked for.
    let signed = wish.spec.synapses[usize::from(link.kind)].sign == chip::SynapseSign::Signed && link.weight < 0;
    ledger.on_die(&link, if signed { -got } else { got });
    let target = NeuronAddress { core: pair.1, neuron: NeuronId(pair.2) };
    if on.die.changes_weights() && on.die.synapse_fault(target.core, target.neuron, slot(pair, occurrence)).is_some() {
        ledger.in_broken_slot();
    }
    Ok(())
}

//! CAM words on a die: which slot holds which synapse, and with which code.
//!
//! Any word of a neuron can lie in any of its slots, so synapses are dealt to whole slots, each with the code that is
//! nearest to its weight there, such that the sum of squares of what they are off by is least.

use super::weights::CoreWeights;
use super::{Coded, largest};
use crate::die::OnDie;
use crate::die::slots::{Choice, deal};
use crate::ledger::Ledger;
use crate::limits::Limit;
use crate::wish::{Link, Wish};
use crate::{DieMisfit, MapperError, MapperOptions, OverFull, SmallWeights};
use chip::TagCamLimits;
use device_models::SlotOnDie;
use units::NeuronId;

/// The slots of one neuron on a die.
pub(super) struct Table<'a> {
    on: OnDie<'a>,
    slots: Vec<SlotOnDie>,
    bits: u32,
    exponent: u8,
}

impl<'a> Table<'a> {
    /// The `count` slots of the neuron where `link` ends; no slots if there is no link.
    pub(super) fn new(
        wish: &Wish<'_>,
        on: OnDie<'a>,
        link: Option<&Link>,
        weights: &CoreWeights,
        count: usize,
    ) -> Result<Self, MapperError> {
        let bits = weights.codebook().currents().len() as u32;
        let slot = |link: &Link, number: usize| {
            let place = (wish.cores[link.core].address, NeuronId(link.circuit), number as u64);
            SlotOnDie::new(on.die, place, bits).map_err(|error| MapperError::Program(error.into()))
        };
        let slots = link.map_or(Ok(Vec::new()), |link| (0..count).map(|number| slot(link, number)).collect())?;
        Ok(Self { on, slots, bits, exponent: weights.codebook().exponent() })
    }

    /// What `code` comes to in a slot, where a step is `unit`.
    fn effective(&self, weights: &CoreWeights, slot: usize, code: u8, unit: f64) -> f64 {
        f64::from(self.slots[slot].weight(code.into(), |code| weights.codebook().steps(code as u8) as i32)) * unit
    }

    fn unit(&self, wish: &Wish<'_>, weights: &CoreWeights, link: &Link) -> f64 {
        self.on.unit(wish, link, self.exponent, weights.factor(link))
    }

    /// Books what a connection in `slot` with `code` comes to.
    pub(super) fn book(
        &self,
        wish: &Wish<'_>,
        weights: &CoreWeights,
        link: &Link,
        (slot, code): (usize, u8),
        ledger: &mut Ledger,
    ) {
        ledger.on_die(link, self.effective(weights, slot, code, self.unit(wish, weights, link)));
        if self.slots[slot].is_broken() {
            ledger.in_broken_slot();
        }
    }

    /// The best code of a connection in a slot; of equally near ones the one that it has without a die.
    fn choice(&self, weights: &CoreWeights, link: &Link, slot: usize, unit: f64, may_go: bool) -> Choice {
        let codes = weights.code(link).into_iter().chain(1..=((1u16 << self.bits) - 1) as u8);
        let of_code = |code| self.effective(weights, slot, code, unit);
        Choice::best(f64::from(link.magnitude()), codes, of_code, may_go)
    }
}

/// The words of a neuron, with a die in mind. Connections that are nearest to 0 where they would lie take none; of the
/// others, no more can stay than there are whole slots.
pub(super) fn encode(
    wish: &Wish<'_>,
    (limits, options): (TagCamLimits, &MapperOptions),
    weights: &CoreWeights,
    links: Vec<Link>,
    ledger: &mut Ledger,
    on: OnDie<'_>,
) -> Result<Vec<Coded>, MapperError> {
    let Some(first) = links.first().copied() else { return Ok(Vec::new()) };
    let table = Table::new(wish, on, Some(&first), weights, limits.cam_words_per_neuron)?;
    let whole: Vec<usize> = (0..table.slots.len()).filter(|slot| !table.slots[*slot].is_broken()).collect();
    let may_go = options.small_weights == SmallWeights::Nearest;
    let mut links = links;
    if links.len() > whole.len() {
        // Those that are nearest to 0 on a nominal die go first.
        let (kept, zero): (Vec<_>, Vec<_>) = links.into_iter().partition(|link| weights.code(link).is_some());
        zero.iter().for_each(|link| ledger.round_to_zero(link));
        if kept.len() > whole.len() && options.over_full != OverFull::Prune {
            return Err(refusal(wish, &kept, whole.len(), limits, on));
        }
        links = largest(wish, &kept, whole.len());
        let mut stays = links.iter().peekable();
        for link in &kept {
            if stays.next_if(|next| *next == link).is_none() {
                ledger.lose(link, Limit::FanIn);
            }
        }
    }
    let units: Vec<f64> = links.iter().map(|link| table.unit(wish, weights, link)).collect();
    let choice = |at: usize, slot: usize| table.choice(weights, &links[at], slot, units[at], may_go);
    let is_alike = table.slots.iter().all(SlotOnDie::is_nominal);
    let dealt: Vec<(usize, Choice)> = if is_alike {
        let mut next = 0;
        let mut place = |at: usize| {
            let choice = choice(at, 0);
            let slot = next;
            next += usize::from(choice.code.is_some());
            (slot, choice)
        };
        (0..links.len()).map(&mut place).collect()
    } else {
        let wanted: Vec<f64> = links.iter().map(|link| f64::from(link.magnitude())).collect();
        let dealt = deal(&wanted, whole.len(), |at, slot| choice(at, whole[slot]));
        dealt.into_iter().map(|(slot, choice)| (whole[slot], choice)).collect()
    };
    let mut words = Vec::new();
    for (link, (slot, choice)) in links.into_iter().zip(dealt) {
        let Some(code) = choice.code else {
            ledger.round_to_zero(&link);
            continue;
        };
        ledger.keep(&link, weights.weight(&link, code));
        if weights.clips(&link) {
            ledger.clip(&link);
        }
        table.book(wish, weights, &link, (slot, code), ledger);
        words.push(Coded { link, code, slot: slot as u16 });
    }
    Ok(words)
}

fn refusal(wish: &Wish<'_>, kept: &[Link], whole: usize, limits: TagCamLimits, on: OnDie<'_>) -> MapperError {
    let population = wish.network.projections[kept[0].projection].post;
    let (name, index) = (wish.network.populations[population].name.clone(), kept[0].post);
    let (address, limit, needed) = (wish.address(population, index), limits.cam_words_per_neuron, kept.len());
    if needed > limit {
        return MapperError::FanIn { population: name, index, address, limit, needed };
    }
    DieMisfit::Slots { die: on.name.into(), population: name, index, address, needed, whole, slots: limit }.into()
}

/// The slots of the words of a core, by neuron; none if all of them lie in their order.
pub(super) fn taken(neurons: &[Vec<Coded>]) -> Vec<Vec<u16>> {
    let is_ordered = |words: &Vec<Coded>| words.iter().zip(0..).all(|(word, slot)| word.slot == slot);
    if neurons.iter().all(is_ordered) {
        return Vec::new();
    }
    neurons.iter().map(|words| words.iter().map(|word| word.slot).collect()).collect()
}

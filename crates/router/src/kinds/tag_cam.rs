//! The tag and CAM router: SRAM word, hop, broadcast of a tag, CAM match.
//!
//! A neuron that spikes sends one event for each of its SRAM words. The event hops to the chip at the given distance,
//! is broadcast with its tag in the cores of its mask, and goes through every synapse whose CAM word holds that tag.
//! All of this is fixed by the memories, so it is followed once, here, and not for every spike.
//!
//! The router itself takes far less than a tick: an event arrives one tick after it was sent, or after the core-wide
//! delay that the CAM word selects.

use crate::RouterError;
use crate::draft::{Draft, Route, RowDraft, Traffic, core_index};
use crate::error::{check_count, check_field, check_memory, neuron};
use crate::kinds::Kind;
use crate::weights::{Scales, Slot};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{CamWord, ChipSpec, IdealSynapse, InputRoute, Program, SramWord, TagCamCore, TagCamLimits};
use units::{ChipId, CoreAddress, CoreId, NeuronId, Tag};

/// A distance on the board, in chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// To the right.
    pub x: i8,
    /// Upwards.
    pub y: i8,
}

/// Where the chips sit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    by_position: BTreeMap<(i8, i8), ChipId>,
    positions: Vec<(i8, i8)>,
}

impl Board {
    /// A board with chip `i` at `positions[i]`.
    ///
    /// # Errors
    /// Two chips at one place.
    pub fn new(positions: &[(i8, i8)]) -> Result<Self, RouterError> {
        let mut by_position = BTreeMap::new();
        for (i, &position) in positions.iter().enumerate() {
            let chip = ChipId(i as u16);
            if by_position.insert(position, chip).is_some() {
                return Err(RouterError::Position { chip });
            }
        }
        Ok(Self { by_position, positions: positions.to_vec() })
    }

    /// Number of chips.
    pub fn chip_count(&self) -> usize {
        self.positions.len()
    }

    /// The chip that an event from `chip` reaches by `hop`; `None` if there is none at that place.
    pub fn arrive(&self, chip: ChipId, hop: Hop) -> Option<ChipId> {
        let (x, y) = *self.positions.get(chip.index())?;
        let place = (x.checked_add(hop.x)?, y.checked_add(hop.y)?);
        self.by_position.get(&place).copied()
    }
}

/// The SRAM words of a neuron: its destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sram<'a>(pub &'a [SramWord]);

impl<'a> Sram<'a> {
    /// The events that a spike sends: where to, which cores, which tag.
    pub fn events(self) -> impl Iterator<Item = (Hop, u16, Tag)> + 'a {
        self.0.iter().map(|w| (Hop { x: w.hop_x, y: w.hop_y }, w.core_mask, w.tag))
    }
}

/// The CAM of one core, turned around: from a tag to the synapses that answer to it, by their delay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cam {
    by_tag: BTreeMap<(Tag, u16), Vec<IdealSynapse>>,
    /// In the same order: the index of the CAM word of its neuron, which numbers the slot.
    slots: BTreeMap<(Tag, u16), Vec<u64>>,
}

impl Cam {
    /// Reads the CAM words of one core; `core` is only for messages.
    ///
    /// # Errors
    /// More words than a neuron has, fields that do not fit, or weight currents that add up to more than a weight
    /// holds.
    pub fn new(core: CoreAddress, memory: &TagCamCore, limits: &TagCamLimits) -> Result<Self, RouterError> {
        Self::weighed(core, memory, limits, None)
    }

    /// The same as some die reads it.
    fn weighed(
        core: CoreAddress,
        memory: &TagCamCore,
        limits: &TagCamLimits,
        mut scales: Option<&mut Scales<'_>>,
    ) -> Result<Self, RouterError> {
        let place = || core.to_string();
        check_memory("weight currents", memory.weight_currents.len(), limits.weight_bits, place)?;
        if let Some(&current) = memory.weight_currents.iter().find(|c| **c < 0) {
            let what = "negative weight current";
            return Err(RouterError::FieldTooWide { what, place: place(), value: current.into(), limit: 0 });
        }
        check_memory("delays", memory.delays.len(), limits.delays_per_core(), place)?;
        for &delay in &memory.delays {
            check_field("delay", delay.into(), limits.delay_ticks_max().into(), place)?;
            if delay == 0 {
                let what = "delay below one tick";
                return Err(RouterError::FieldTooWide { what, place: place(), value: 0, limit: 1 });
            }
        }
        let mut by_tag: BTreeMap<(Tag, u16), Vec<IdealSynapse>> = BTreeMap::new();
        let mut slots: BTreeMap<(Tag, u16), Vec<u64>> = BTreeMap::new();
        for (index, words) in memory.cam.iter().enumerate() {
            let target = neuron(core, index);
            let place = || target.to_string();
            check_memory("CAM words", words.len(), limits.cam_words_per_neuron, place)?;
            check_slots(memory, index, words.len(), limits, place)?;
            for (number, word) in words.iter().enumerate() {
                check_tag(word.tag, limits.tag_count, place)?;
                let weight = cam_weight(word, &memory.weight_currents).ok_or_else(|| RouterError::FieldTooWide {
                    what: "weight bits",
                    place: place(),
                    value: word.weight_bits.into(),
                    limit: (1 << memory.weight_currents.len().min(8)) - 1,
                })?;
                let weight = i16::try_from(weight).map_err(|_| RouterError::WeightTooLarge {
                    target,
                    weight_bits: word.weight_bits,
                    weight,
                    max: i16::MAX.into(),
                })?;
                let delay_ticks = memory.delay_ticks(word.delay).ok_or_else(|| RouterError::FieldTooWide {
                    what: "delay code",
                    place: place(),
                    value: word.delay.into(),
                    limit: memory.delays.len() as i64,
                })?;
                let slot = Slot { core, neuron: NeuronId(index as u16), number: memory.slot(index, number).into() };
                let weight = match &mut scales {
                    None => weight,
                    Some(scales) => weigh(scales, slot, word, &memory.weight_currents)?,
                };
                let synapse = IdealSynapse { neuron: slot.neuron, synapse: word.synapse, weight };
                by_tag.entry((word.tag, delay_ticks)).or_default().push(synapse);
                if scales.as_ref().is_some_and(|scales| scales.keep_slots()) {
                    slots.entry((word.tag, delay_ticks)).or_default().push(slot.number);
                }
            }
        }
        Ok(Self { by_tag, slots })
    }

    /// The synapses that answer to `tag`, by their delay in ticks.
    pub fn matches(&self, tag: Tag) -> impl Iterator<Item = (u16, &[IdealSynapse])> {
        self.by_tag.range((tag, 0)..=(tag, u16::MAX)).map(|((_, delay), synapses)| (*delay, synapses.as_slice()))
    }

    /// The numbers of the slots of those of one delay, in the same order; empty where they are not kept.
    fn slots(&self, tag: Tag, delay_ticks: u16) -> &[u64] {
        self.slots.get(&(tag, delay_ticks)).map_or(&[], Vec::as_slice)
    }
}

/// The weight of a CAM word on a die: its bits are what is stored, and may flip; all of them on is the largest weight.
fn weigh(scales: &mut Scales<'_>, slot: Slot, word: &CamWord, currents: &[i16]) -> Result<i16, RouterError> {
    let bits = currents.len().min(8) as u32;
    let sum = |weight_bits| {
        let word = CamWord { weight_bits, ..*word };
        cam_weight(&word, currents).expect("only bits of currents that the core has are on")
    };
    let flips = scales.flips(slot, bits) as u8;
    scales.weigh(slot, sum(word.weight_bits ^ flips), flips != 0, sum(((1u16 << bits) - 1) as u8))
}

/// Sum of the currents that a CAM word switches on; `None` if it names a current that the core does not have.
fn cam_weight(word: &CamWord, currents: &[i16]) -> Option<i32> {
    if u32::from(word.weight_bits) >> currents.len().min(8) != 0 {
        return None;
    }
    let on = currents.iter().enumerate().filter(|(bit, _)| word.weight_bits >> bit & 1 == 1);
    Some(on.map(|(_, current)| i32::from(*current)).sum())
}

/// Checks a tag against the number of tags.
/// Refuses slots that a neuron does not have, or that two of its words share.
fn check_slots(
    memory: &TagCamCore,
    neuron: usize,
    words: usize,
    limits: &TagCamLimits,
    place: impl Fn() -> String + Copy,
) -> Result<(), RouterError> {
    if memory.slots.is_empty() {
        return Ok(());
    }
    let slots = memory.slots.get(neuron).map_or(&[][..], Vec::as_slice);
    check_count(&place(), slots.len(), words)?;
    let mut taken = BTreeSet::new();
    for &slot in slots {
        check_field("slot", slot.into(), limits.cam_words_per_neuron as i64 - 1, place)?;
        if !taken.insert(slot) {
            return Err(RouterError::Twice { what: "slot", place: alloc::format!("{}, slot {slot}", place()) });
        }
    }
    Ok(())
}

fn check_tag(tag: Tag, count: usize, place: impl Fn() -> String) -> Result<(), RouterError> {
    check_field("tag", i64::from(tag.0), count as i64 - 1, place)
}

/// What follows events through the memories.
struct Follower<'a> {
    spec: &'a ChipSpec,
    program: &'a Program,
    limits: TagCamLimits,
    cams: Vec<Cam>,
    /// Rows are shared: every source that sends one tag to one core uses the same ones, one a delay. None: nobody
    /// answers.
    rows: BTreeMap<(usize, Tag), Vec<Route>>,
    drafts: Vec<RowDraft<'a>>,
    routes: Vec<(usize, Route)>,
}

impl Follower<'_> {
    /// An event of `source` that reached `chip`, broadcast in the cores of `mask`.
    fn broadcast(
        &mut self,
        source: usize,
        chip: ChipId,
        mask: u16,
        tag: Tag,
        traffic: &mut Traffic,
        place: impl Fn() -> String + Copy,
    ) -> Result<(), RouterError> {
        check_tag(tag, self.limits.tag_count, place)?;
        check_field("core mask", mask.into(), (1i64 << self.spec.cores_per_chip().min(16)) - 1, place)?;
        for bit in (0..16).filter(|bit| mask >> bit & 1 == 1) {
            let Some(core) = core_index(self.program, CoreAddress { chip, core: CoreId(bit) }) else {
                traffic.unused_core += 1;
                continue;
            };
            let (cams, drafts) = (&self.cams, &mut self.drafts);
            let rows = self.rows.entry((core, tag)).or_insert_with(|| {
                let row = |(delay_ticks, synapses): (u16, &[IdealSynapse])| {
                    let slots = Cow::Owned(cams[core].slots(tag, delay_ticks).to_vec());
                    drafts.push(RowDraft { core, synapses: Cow::Owned(synapses.to_vec()), slots });
                    Route { row: drafts.len() as u32 - 1, delay_ticks }
                };
                cams[core].matches(tag).map(row).collect()
            });
            if rows.is_empty() {
                traffic.unmatched += 1;
            }
            self.routes.extend(rows.iter().map(|route| (source, *route)));
        }
        Ok(())
    }
}

/// The memories of a program.
pub(crate) struct Memories<'a> {
    pub(crate) limits: TagCamLimits,
    pub(crate) cores: &'a [TagCamCore],
    pub(crate) inputs: &'a [InputRoute],
    pub(crate) positions: &'a [(i8, i8)],
}

impl<'a> Kind<'a> for Memories<'a> {
    fn follow(
        &self,
        spec: &'a ChipSpec,
        program: &'a Program,
        mut scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError> {
        let Self { limits, cores, inputs, positions } = *self;
        let board = Board::new(positions)?;
        check_memory("chips", board.chip_count(), spec.chip_count(), || "the board".to_string())?;
        check_count("the board", cores.len(), program.cores.len())?;
        let mut cams = Vec::with_capacity(cores.len());
        for (memory, core) in cores.iter().zip(&program.cores) {
            if core.address.chip.index() >= board.chip_count() {
                return Err(RouterError::Position { chip: core.address.chip });
            }
            for list in [memory.cam.len(), memory.sram.len()] {
                check_count(&core.address.to_string(), list, core.neuron_count as usize)?;
            }
            cams.push(Cam::weighed(core.address, memory, &limits, scales.as_deref_mut())?);
        }
        let Draft { sources, rows: drafts, routes, mut traffic } = Draft::new(program);
        let mut follower = Follower { spec, program, limits, cams, rows: BTreeMap::new(), drafts, routes };
        for route in inputs {
            if route.input.0 >= program.input_count {
                return Err(RouterError::UnknownInput { input: route.input.0, count: program.input_count });
            }
            let source = route.input.index();
            let place = || alloc::format!("input channel {}", route.input);
            for event in &route.events {
                let traffic = &mut traffic[source];
                traffic.sent += 1;
                if event.chip.index() < board.chip_count() {
                    follower.broadcast(source, event.chip, event.core_mask, event.tag, traffic, place)?;
                } else {
                    traffic.off_board += 1;
                }
            }
        }
        for (index, (memory, core)) in cores.iter().zip(&program.cores).enumerate() {
            for (n, words) in memory.sram.iter().enumerate() {
                let place = || neuron(core.address, n).to_string();
                check_memory("SRAM words", words.len(), limits.sram_words_per_neuron, place)?;
                let source = sources.first_of_core[index] as usize + n;
                let traffic = &mut traffic[source];
                for (hop, mask, tag) in Sram(words).events() {
                    check_field("hop", hop.x.into(), limits.hop_max as i64, place)?;
                    check_field("hop", hop.y.into(), limits.hop_max as i64, place)?;
                    traffic.sent += 1;
                    match board.arrive(core.address.chip, hop) {
                        Some(chip) => follower.broadcast(source, chip, mask, tag, traffic, place)?,
                        None => traffic.off_board += 1,
                    }
                }
            }
        }
        Ok(Draft { sources, rows: follower.drafts, routes: follower.routes, traffic })
    }
}

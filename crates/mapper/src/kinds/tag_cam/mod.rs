//! Memories of a tag and CAM chip: codes, CAM words, SRAM words, tags.

mod codebook;
mod decode;
mod judge;
mod need;
mod prune;
mod search;
mod slots;
pub(crate) mod trim;
mod weights;

use crate::board;
use crate::cuts::{Place, Refusal};
use crate::decode::channel;
use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::limits::Limit;
use crate::optimise::{Judge, Nets};
use crate::placement::{PlacedCore, name_of};
use crate::report::{FreedResources, MemoryUse, Use};
use crate::split::{self, Crowded};
use crate::sums;
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, OverFull, level};
use chip::{CamWord, ChipSpec, HostEvent, InputRoute, Routing, Source, SramWord, TagCamCore, TagCamLimits};
use network::{Endpoint, Network};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use units::{ChipId, CoreAddress, CoreId, InputId, NeuronAddress, NeuronId, Tag};

use weights::CoreWeights;

pub use codebook::Codebook;
pub(crate) use decode::{read, tags_heard, words};
pub use need::{TagNeed, TagSet};

/// Most chips of a board whose chips have positions: 128 a side, since positions are 8-bit numbers.
const PLACED_CHIPS_MAX: usize = 128 * 128;

/// Memories of these sizes.
pub(crate) struct Memories {
    pub(crate) limits: TagCamLimits,
}

impl Kind for Memories {
    fn check_board(&self, spec: &ChipSpec) -> Result<(), MapperError> {
        let chips = spec.chip_count();
        if chips <= PLACED_CHIPS_MAX {
            return Ok(());
        }
        let message = format!("a board with positions has at most {PLACED_CHIPS_MAX} chips, not {chips}");
        Err(board::refused(spec, "chips-have-positions", "geometry.chips".into(), message))
    }

    /// The weight of a CAM word is a sum of currents.
    fn has_negative_weights(&self) -> bool {
        false
    }

    fn synapses_per_neuron(&self) -> Option<usize> {
        Some(self.limits.cam_words_per_neuron)
    }

    fn chooses_slots(&self) -> bool {
        true
    }

    fn limits<'a>(&'a self, spec: &ChipSpec, _: &'a Network, nets: &'a Nets) -> Option<Judge<'a>> {
        Some(Some(Box::new(judge::Words { limits: self.limits, nets, cores_per_chip: spec.cores_per_chip() })))
    }

    fn delays(&self) -> RangeInclusive<u16> {
        1..=self.limits.delay_ticks_max()
    }

    fn delays_per_core(&self) -> Option<usize> {
        Some(self.limits.delays_per_core())
    }

    fn prune(&self, refusal: &Refusal<'_>) -> Vec<Place> {
        prune::places(self.limits, refusal)
    }

    /// A word goes to each chip, so that a neuron with a part of its targets needs fewer.
    fn crowded(&self, network: &Network, error: &MapperError) -> Vec<Crowded> {
        let MapperError::FanOut { population, index, needed, limit, .. } = error else { return Vec::new() };
        let own = network.population(population).map(Endpoint::Population);
        let mut all = split::crowded(network, 1, |projection, pre| Some(projection.pre) == own && pre == *index);
        let parts = needed.div_ceil((*limit).max(1));
        all.iter_mut().for_each(|crowded| crowded.most = crowded.counted.len().div_ceil(parts));
        all
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        let limits = self.limits;
        let (memories, inputs, weights) = map(wish, limits, options, ledger)?;
        let positions = positions(wish.spec);
        let addresses: Vec<_> = wish.cores.iter().map(|core| core.address).collect();
        let heard = tags_heard(&addresses, &memories, &inputs, &positions);
        let placed = wish.cores.iter();
        let cores = memories.iter().zip(heard).zip(&weights).zip(placed).map(|(((memory, heard), weights), placed)| {
            let words: Vec<u64> = memory.sram.iter().map(|words| words.len() as u64).collect();
            let words = placed.of_neurons(&words);
            CoreMemories {
                synapses: Some(limits.cam_words_per_neuron),
                sram: Some(MemoryUse::of(&words, Some(limits.sram_words_per_neuron as u64))),
                tags: Some(Use::of(heard, limits.tag_count)),
                currents: memory.weight_currents.clone(),
                gains: weights.gains.clone(),
                ..CoreMemories::default()
            }
        });
        let cores = cores.collect();
        let exponents = weights.iter().map(|weights| weights.codebook().exponent()).collect();
        Ok(Image {
            routing: Routing::TagCam { cores: memories, inputs, positions },
            exponents,
            cores,
            xylo: None,
            parameters: None,
        })
    }
}

/// A connection with its weight code.
struct Coded {
    link: Link,
    code: u8,
    /// Where it lies among the slots of its neuron.
    slot: u16,
}

/// What a source sends to one chip: which cores hear it, and under which tag.
#[derive(Clone, Copy, Default)]
struct Signal {
    core_mask: u16,
    tag: Tag,
}

/// The signals of every source, by destination chip.
type Signals = BTreeMap<Source, BTreeMap<ChipId, Signal>>;

/// Memories of each core in use, the events of each input channel, and the weights of each core.
type Filled = (Vec<TagCamCore>, Vec<InputRoute>, Vec<CoreWeights>);

fn map(
    wish: &Wish<'_>,
    limits: TagCamLimits,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Result<Filled, MapperError> {
    let weighed = collect(wish, |link| link.is_weighed(options.weights_for));
    let mut weights = fit(wish, limits, options, &weighed);
    let links = || weighed.iter().flatten().flatten().copied();
    let coarser = |weights: &CoreWeights| weights.coarser(wish);
    sums::settle(wish, &mut weights, 0, links, |weights, link| weights.steps(link), coarser)?;
    let wanted = collect(wish, Link::is_wanted);
    let mut coded = Vec::new();
    for (neurons, weights) in wanted.into_iter().zip(&weights) {
        let mut words = |links: Vec<Link>| match wish.die {
            Some(on) if on.in_mind => slots::encode(wish, (limits, options), weights, links, ledger, on),
            _ => encode(wish, limits, options, weights, links, ledger),
        };
        coded.push(neurons.into_iter().map(&mut words).collect::<Result<Vec<_>, _>>()?);
    }

    let mut signals = Signals::new();
    for link in coded.iter().flatten().flatten().map(|c| &c.link) {
        let core = wish.cores[link.core].address;
        let source = wish.source(wish.network.projections[link.projection].pre, link.pre);
        signals.entry(source).or_default().entry(core.chip).or_default().core_mask |= 1 << core.core.0;
    }
    ledger.free(freed(wish));
    let sram = sram_needs(wish, limits, &signals)?;
    assign_tags(wish, limits, &mut signals, &coded)?;

    let cores = (0..wish.cores.len())
        .map(|index| {
            let delays = core_delays(&coded[index]);
            TagCamCore {
                weight_currents: weights[index].codebook().currents().to_vec(),
                cam: coded[index].iter().map(|words| cam_words(wish, &signals, words, &delays)).collect(),
                sram: sram_words(wish.cores[index].address, wish.cores[index].neuron_count, &signals, &sram),
                delays,
                slots: slots::taken(&coded[index]),
            }
        })
        .collect();
    let inputs = (0..wish.network.inputs.iter().map(|g| g.channels).sum()).map(|channel| {
        let input = InputId(channel);
        let events = signals.get(&Source::Input(input)).into_iter().flatten();
        let events = events.map(|(&chip, s)| HostEvent { chip, core_mask: s.core_mask, tag: s.tag }).collect();
        InputRoute { input, events }
    });
    Ok((cores, inputs.collect(), weights))
}

/// The connections of every circuit that are `of` a sort, by core.
///
/// They keep the order of the network (projection, sender, connection): a circuit's slots do not move when something
/// else is added to the network or gets another tag, and so neither does the mismatch of a slot.
fn collect(wish: &Wish<'_>, of: impl Fn(&Link) -> bool) -> Vec<Vec<Vec<Link>>> {
    let mut wanted: Vec<Vec<Vec<Link>>> =
        wish.cores.iter().map(|core| vec![Vec::new(); core.neuron_count as usize]).collect();
    for link in wish.all_links().filter(of) {
        wanted[link.core][usize::from(link.circuit)].push(link);
    }
    wanted
}

/// The weights of each core, for the connections that it can have.
fn fit(wish: &Wish<'_>, limits: TagCamLimits, options: &MapperOptions, wanted: &[Vec<Vec<Link>>]) -> Vec<CoreWeights> {
    let limit = limits.cam_words_per_neuron;
    let of_core = |((core, neurons), finest): ((&PlacedCore, &Vec<Vec<Link>>), u8)| {
        let links: Vec<Link> = neurons.iter().flat_map(|links| largest(wish, links, limit)).collect();
        CoreWeights::fit(wish, core, &links, (limits.weight_bits, finest), options)
    };
    wish.cores.iter().zip(wanted).zip(level::least_exponents(wish)).map(of_core).collect()
}

/// The `limit` connections that matter most (of equal ones the first), in their order.
fn largest(wish: &Wish<'_>, links: &[Link], limit: usize) -> Vec<Link> {
    if links.len() <= limit {
        return links.to_vec();
    }
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|&i| Reverse(wish.rank(&links[i]))); // stable: of equal ones the first stays
    order.truncate(limit);
    order.sort_unstable();
    order.into_iter().map(|i| links[i]).collect()
}

/// The words of a neuron. Connections whose nearest weight is 0 take none; of the others, no more can stay than there
/// are words.
fn encode(
    wish: &Wish<'_>,
    limits: TagCamLimits,
    options: &MapperOptions,
    weights: &CoreWeights,
    links: Vec<Link>,
    ledger: &mut Ledger,
) -> Result<Vec<Coded>, MapperError> {
    let limit = limits.cam_words_per_neuron;
    let (coded, zero): (Vec<_>, Vec<_>) =
        links.into_iter().map(|link| (link, weights.code(&link))).partition(|c| c.1.is_some());
    zero.iter().for_each(|(link, _)| ledger.round_to_zero(link));
    let links: Vec<Link> = coded.iter().map(|(link, _)| *link).collect();
    if links.len() > limit && options.over_full != OverFull::Prune {
        let population = wish.network.projections[links[0].projection].post;
        return Err(MapperError::FanIn {
            population: wish.network.populations[population].name.clone(),
            index: links[0].post,
            address: wish.address(population, links[0].post),
            limit,
            needed: links.len(),
        });
    }
    let table = wish.die.map(|on| slots::Table::new(wish, on, links.first(), weights, limit)).transpose()?;
    let mut stays = largest(wish, &links, limit).into_iter().peekable();
    let mut words = Vec::new();
    for (link, code) in coded {
        if stays.next_if_eq(&link).is_none() {
            ledger.lose(&link, Limit::FanIn);
            continue;
        }
        let code = code.expect("those without were parted");
        ledger.keep(&link, weights.weight(&link, code));
        if weights.clips(&link) {
            ledger.clip(&link);
        }
        let slot = words.len();
        if let Some(table) = &table {
            table.book(wish, weights, &link, (slot, code), ledger);
        }
        words.push(Coded { link, code, slot: slot as u16 });
    }
    Ok(words)
}

/// What the masked connections would have taken beyond what the others take.
fn freed(wish: &Wish<'_>) -> FreedResources {
    // Every source and core that a connection joins; whether one of these connections is kept.
    let mut pairs: BTreeMap<(Source, CoreAddress), bool> = BTreeMap::new();
    let mut freed = FreedResources::default();
    for (index, projection) in wish.network.projections.iter().enumerate() {
        for pre in 0..projection.connections.row_count() as u32 {
            let source = wish.source(projection.pre, pre);
            for link in wish.row(index, pre).filter(|link| link.weight != 0) {
                freed.synapses += u64::from(!link.kept);
                *pairs.entry((source, wish.cores[link.core].address)).or_default() |= link.kept;
            }
        }
    }
    freed.tags = pairs.values().filter(|kept| !**kept).count() as u64;
    let mut words: BTreeMap<(NeuronAddress, ChipId), bool> = BTreeMap::new();
    for ((source, core), kept) in pairs {
        if let Source::Neuron(neuron) = source {
            *words.entry((neuron, core.chip)).or_default() |= kept;
        }
    }
    freed.sram_words = words.values().filter(|kept| !**kept).count() as u64;
    freed
}

/// Hops from each chip in use to each other.
type Hops = BTreeMap<(ChipId, ChipId), (i8, i8)>;

/// Checks that every neuron has the words, and its words the reach, for all chips that it projects to.
fn sram_needs(wish: &Wish<'_>, limits: TagCamLimits, signals: &Signals) -> Result<Hops, MapperError> {
    let positions = positions(wish.spec);
    let mut hops = Hops::new();
    for (source, destinations) in signals {
        let Source::Neuron(address) = *source else { continue };
        let name = || {
            let (population, index) = wish.placement.neuron(address).expect("sources are placed");
            (wish.network.populations[population].name.clone(), index)
        };
        let (limit, needed) = (limits.sram_words_per_neuron, destinations.len());
        if needed > limit {
            let (population, index) = name();
            return Err(MapperError::FanOut { population, index, address, limit, needed });
        }
        for &chip in destinations.keys() {
            let (from, to) = (positions[address.core.chip.index()], positions[chip.index()]);
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            let furthest = usize::from(x.unsigned_abs().max(y.unsigned_abs()));
            if furthest > limits.hop_max {
                let (population, index) = name();
                let (chip, hops, limit) = (chip.0, furthest, limits.hop_max);
                return Err(MapperError::Hops { population, index, address, chip, hops, limit });
            }
            hops.insert((address.core.chip, chip), (x, y));
        }
    }
    Ok(hops)
}

/// Gives every signal the lowest tag that is free in all its cores. Signals with more cores come first: they are the
/// hardest to place.
fn assign_tags(
    wish: &Wish<'_>,
    limits: TagCamLimits,
    signals: &mut Signals,
    coded: &[Vec<Vec<Coded>>],
) -> Result<(), MapperError> {
    let mut order: Vec<(Reverse<u32>, ChipId, Source)> = Vec::new();
    for (source, destinations) in signals.iter() {
        order.extend(destinations.iter().map(|(chip, s)| (Reverse(s.core_mask.count_ones()), *chip, *source)));
    }
    order.sort_unstable();
    // By chip: for each tag the cores in which it is taken.
    let mut taken: BTreeMap<ChipId, Vec<u16>> = BTreeMap::new();
    // Tags are only ever taken, so the search for a set of cores goes on where it last ended.
    let mut next: BTreeMap<(ChipId, u16), usize> = BTreeMap::new();
    for (_, chip, source) in order {
        let signal = signals.get_mut(&source).and_then(|d| d.get_mut(&chip)).expect("listed above");
        let cores = signal.core_mask;
        let taken = taken.entry(chip).or_insert_with(|| vec![0; limits.tag_count]);
        let next = next.entry((chip, cores)).or_default();
        let Some(tag) = (*next..limits.tag_count).find(|&tag| taken[tag] & cores == 0) else {
            return Err(tags_exhausted(wish, limits, signals, coded, source, chip, cores));
        };
        *next = tag + 1;
        taken[tag] |= cores;
        signal.tag = Tag(u16::try_from(tag).expect("a valid chip has at most 16 tag bits"));
    }
    Ok(())
}

fn tags_exhausted(
    wish: &Wish<'_>,
    limits: TagCamLimits,
    signals: &Signals,
    coded: &[Vec<Vec<Coded>>],
    source: Source,
    chip: ChipId,
    cores: u16,
) -> MapperError {
    // By source: the cores of the chip that it reaches, and its connections there.
    let on_chip = |(source, destinations): (&Source, &BTreeMap<ChipId, Signal>)| {
        destinations.get(&chip).map(|signal| (*source, (signal.core_mask, 0)))
    };
    let mut reached: BTreeMap<Source, (u16, u64)> = signals.iter().filter_map(on_chip).collect();
    let here = coded.iter().zip(&wish.cores).filter(|(_, core)| core.address.chip == chip);
    for Coded { link, .. } in here.flat_map(|(neurons, _)| neurons).flatten() {
        let source = wish.source(wish.network.projections[link.projection].pre, link.pre);
        reached.entry(source).and_modify(|(_, connections)| *connections += 1);
    }
    let need = need::of(chip, reached.into_values(), limits.tag_count);
    let hears = |core: u16| {
        let masks = signals.values().filter_map(|d| d.get(&chip)).map(|s| s.core_mask);
        masks.filter(|mask| mask >> core & 1 == 1).count()
    };
    let reached = (0..16u16).filter(|core| cores >> core & 1 == 1);
    // Of equally full cores the first.
    let (Reverse(needed), core) = reached.map(|c| (Reverse(hears(c)), c)).min().expect("a signal reaches some core");
    let (end, index) = member(wish, source);
    MapperError::Tags {
        core: CoreAddress { chip, core: CoreId(core) },
        limit: limits.tag_count,
        needed,
        source_name: name_of(wish.network, end).into(),
        index,
        need: Box::new(need),
    }
}

/// Which member of which end of the network a source is.
fn member(wish: &Wish<'_>, source: Source) -> (Endpoint, u32) {
    match source {
        Source::Neuron(address) => {
            let (population, index) = wish.placement.neuron(address).expect("sources are placed");
            (Endpoint::Population(population), index)
        }
        Source::Input(input) => channel(wish.network, input).expect("channels belong to the network"),
    }
}

/// The delays beside one tick of a core with these words, the shortest first.
fn core_delays(neurons: &[Vec<Coded>]) -> Vec<u16> {
    let all = neurons.iter().flatten().map(|coded| coded.link.delay);
    all.filter(|delay| *delay > 1).collect::<BTreeSet<_>>().into_iter().collect()
}

fn cam_words(wish: &Wish<'_>, signals: &Signals, words: &[Coded], delays: &[u16]) -> Vec<CamWord> {
    let word = |coded: &Coded| {
        let link = &coded.link;
        let source = wish.source(wish.network.projections[link.projection].pre, link.pre);
        let signal = signals[&source][&wish.cores[link.core].address.chip];
        let delay = delays.binary_search(&link.delay).map_or(0, |index| index as u8 + 1);
        CamWord { tag: signal.tag, synapse: link.kind, weight_bits: coded.code, delay }
    };
    words.iter().map(word).collect()
}

fn sram_words(core: CoreAddress, neurons: u32, signals: &Signals, hops: &Hops) -> Vec<Vec<SramWord>> {
    let of_neuron = |neuron: u32| {
        let neuron = NeuronId(u16::try_from(neuron).expect("a circuit has a 16-bit id"));
        let destinations = signals.get(&Source::Neuron(NeuronAddress { core, neuron }));
        let word = |(chip, signal): (&ChipId, &Signal)| {
            let (hop_x, hop_y) = hops[&(core.chip, *chip)];
            SramWord { hop_x, hop_y, core_mask: signal.core_mask, tag: signal.tag }
        };
        destinations.into_iter().flatten().map(word).collect()
    };
    (0..neurons).map(of_neuron).collect()
}

/// Position of each chip of the board: the smallest square that holds all of them, filled row by row.
fn positions(spec: &ChipSpec) -> Vec<(i8, i8)> {
    let count = spec.chip_count();
    let width = (1..).find(|w| w * w >= count).expect("some square is large enough");
    let coordinate = |v: usize| i8::try_from(v).expect("checked: at most 128 chips a side");
    (0..count).map(|chip| (coordinate(chip % width), coordinate(chip / width))).collect()
}

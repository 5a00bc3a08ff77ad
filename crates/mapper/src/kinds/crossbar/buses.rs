//! Which bus an input channel goes to, and which label and drivers a source gets there.
//!
//! A bus with no more sources than labels needs no choice of drivers: each source has a label of its own, and every
//! driver passes everything. With more, the drivers are shared out evenly to 2, 4, 8, ... groups by as many bits of
//! the row select, and labels differ within a group only. Sources go, the largest first, where the rows are least
//! full.

use super::even::Puzzle;
use chip::{BusEvent, CrossbarLimits, Source};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, NeuronAddress};

/// Where a synapse must lie: which core, in a row of which kind, in the columns of which neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) core: usize,
    pub(super) kind: u8,
    /// The number of the neuron in its core; its column, where circuits are not joined.
    pub(super) column: u16,
    /// Columns of the neuron.
    pub(super) circuits: u16,
}

/// The column that each neuron sends from, by core.
pub(super) type Senders = BTreeMap<CoreAddress, Vec<u16>>;

/// Places of the synapses of each source.
pub(super) type Places = BTreeMap<Source, Vec<Place>>;

/// Drivers of one bus that pass the same sources.
pub(super) struct Group {
    pub(super) bus: usize,
    pub(super) select_mask: u8,
    /// The same in every core.
    pub(super) drivers: Vec<u8>,
    pub(super) sources: Vec<(Source, BusEvent)>,
}

impl Group {
    /// Rows that the group has in each core.
    pub(super) fn rows(&self, limits: CrossbarLimits) -> usize {
        self.drivers.len() * limits.rows_per_driver
    }
}

/// A bus: the same sources in every core.
pub(super) struct Bus {
    pub(super) groups: Vec<Group>,
}

impl Bus {
    pub(super) fn source_count(&self) -> usize {
        self.groups.iter().map(|group| group.sources.len()).sum()
    }
}

/// A bus that carries more sources than can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) bus: usize,
    pub(super) needed: usize,
    pub(super) limit: usize,
}

/// How many synapses lie where.
#[derive(Clone, Default)]
struct Load {
    counts: BTreeMap<Place, usize>,
    /// The fullest column of each core and kind.
    fullest: BTreeMap<(usize, u8), usize>,
}

impl Load {
    fn add(&mut self, places: &[Place]) {
        for place in places {
            let count = self.counts.entry(*place).or_default();
            *count += 1;
            let fullest = self.fullest.entry((place.core, place.kind)).or_default();
            *fullest = (*fullest).max(count.div_ceil(place.circuits.into()));
        }
    }

    /// Rows that the core which needs most would need with `places` besides, of the cores that they touch.
    fn rows_with(&self, places: &[Place]) -> usize {
        let mut added: BTreeMap<Place, usize> = BTreeMap::new();
        places.iter().for_each(|place| *added.entry(*place).or_default() += 1);
        let mut fullest = self.fullest.clone();
        for (place, more) in added {
            let count = self.counts.get(&place).copied().unwrap_or(0) + more;
            let of_kind = fullest.entry((place.core, place.kind)).or_default();
            *of_kind = (*of_kind).max(count.div_ceil(place.circuits.into()));
        }
        let rows = |core: usize| fullest.range((core, 0)..=(core, u8::MAX)).map(|(_, rows)| rows).sum();
        let cores: BTreeSet<usize> = places.iter().map(|place| place.core).collect();
        cores.into_iter().map(rows).max().unwrap_or(0)
    }

    /// Rows of the core that needs most.
    fn rows(&self) -> usize {
        let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
        self.fullest.iter().for_each(|((core, _), fullest)| *rows.entry(*core).or_default() += fullest);
        rows.into_values().max().unwrap_or(0)
    }

    /// Synapses that lie in the columns of `places` already.
    fn crowd(&self, places: &[Place]) -> usize {
        places.iter().filter_map(|place| self.counts.get(place)).sum()
    }
}

/// Which bus an input channel goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Rows are used evenly.
    Even,
    /// Buses that need no more groups for it come first: twice as many groups are half the rows for each, so that a few
    /// channels on every bus of a board full of neurons would spoil all buses, and on one bus spoil that.
    LeastSpoilt {
        /// Of those that are alike, this one.
        first: usize,
    },
}

/// Gives every source a bus, a label and its drivers: with an even use of rows, or if that does not fit and there are
/// few channels, so that they spoil few buses.
pub(super) fn assign(sources: &Places, senders: &Senders, limits: CrossbarLimits) -> Result<Vec<Bus>, Full> {
    let (even, fits) = assign_by(Rule::Even, sources, senders, limits)?;
    let channels = sources.keys().filter(|source| matches!(source, Source::Input(_))).count();
    if !fits && (1..=limits.label_count()).contains(&channels) {
        for first in 0..limits.buses {
            let (apart, fits) = assign_by(Rule::LeastSpoilt { first }, sources, senders, limits)?;
            if fits {
                return Ok(apart);
            }
        }
    }
    Ok(even)
}

fn assign_by(
    rule: Rule,
    sources: &Places,
    senders: &Senders,
    limits: CrossbarLimits,
) -> Result<(Vec<Bus>, bool), Full> {
    let mut members = vec![Vec::new(); limits.buses];
    let mut loads = vec![Load::default(); limits.buses];
    for (source, places) in in_order(sources) {
        let bus = match source {
            Source::Neuron(address) => limits.bus_of_column(column(senders, address)),
            Source::Input(_) => {
                let cost = |bus: &usize| {
                    let (load, count) = (&loads[*bus], members[*bus].len());
                    let rows = load.rows_with(places);
                    let more = select_bits(count + 1, limits) > select_bits(count, limits);
                    // One more group halves the rows of each, so that comes before an even use of rows.
                    let groups = (count / limits.label_count()).checked_ilog2().map_or(0, |bits| bits + 1);
                    let spoils = match rule {
                        Rule::Even => (false, false),
                        Rule::LeastSpoilt { first } => (more, more && *bus != first),
                    };
                    (rows > limits.rows_per_bus(), spoils, groups, rows, load.crowd(places), count)
                };
                (0..limits.buses).min_by_key(cost).expect("a chip has at least one bus")
            }
        };
        members[bus].push((source, places));
        loads[bus].add(places);
    }
    let mut all_fit = true;
    let bus = |(bus, members): (usize, &Vec<(Source, &[Place])>)| {
        let (bus, fits) = split(bus, members, senders, limits)?;
        all_fit &= fits;
        Ok(bus)
    };
    let buses = members.iter().enumerate().map(bus).collect::<Result<_, Full>>()?;
    Ok((buses, all_fit))
}

/// The column that a neuron sends from.
fn column(senders: &Senders, address: NeuronAddress) -> usize {
    senders[&address.core][address.neuron.index()].into()
}

/// Bits of the row select that tell the groups of `sources` sources apart.
fn select_bits(sources: usize, limits: CrossbarLimits) -> u32 {
    sources.div_ceil(limits.label_count()).next_power_of_two().ilog2()
}

/// Neurons, which have least choice, then channels; of each the ones with most synapses first.
fn in_order(sources: &Places) -> Vec<(Source, &[Place])> {
    let mut order: Vec<(Source, &[Place])> = sources.iter().map(|(source, all)| (*source, &all[..])).collect();
    order.sort_by_key(|(source, places)| (matches!(source, Source::Input(_)), Reverse(places.len()), *source));
    order
}

/// The coarsest groups of a bus in which all rows fit, or else the coarsest with enough labels; and which of both.
fn split(
    bus: usize,
    members: &[(Source, &[Place])],
    senders: &Senders,
    limits: CrossbarLimits,
) -> Result<(Bus, bool), Full> {
    let mut coarsest = None;
    for bits in 0..=limits.row_select_bits {
        let shapes = [equal(bits, limits), halved(bits, limits)];
        for shape in shapes.iter().filter(|shape| !shape.is_empty()) {
            let Some((groups, fits)) = groups(bus, members, shape, (senders, limits)) else { continue };
            if fits {
                return Ok((Bus { groups }, true));
            }
            coarsest.get_or_insert(groups);
        }
    }
    let limit = limits.label_count() << limits.row_select_bits;
    coarsest.map(|groups| (Bus { groups }, false)).ok_or(Full { bus, needed: members.len(), limit })
}

/// Drivers of a group: those whose index has this pattern in the bits of this mask.
type Shape = Vec<(u8, u8)>;

/// The first `bits` bits of the row select: first those that neurons can choose, then those in which the outputs of a
/// bus differ.
fn first_bits(bits: u32, limits: CrossbarLimits) -> u8 {
    let free = limits.free_select_bits();
    let order = (0..free).chain((free..limits.row_select_bits).rev());
    order.take(bits as usize).fold(0, |mask, bit| mask | 1u8 << bit)
}

/// Groups of one size by `bits` bits of the row select.
fn equal(bits: u32, limits: CrossbarLimits) -> Shape {
    let mask = first_bits(bits, limits);
    let patterns = (0..1u16 << limits.row_select_bits).map(|pattern| pattern as u8);
    patterns.filter(|pattern| pattern & !mask == 0).map(|pattern| (pattern, mask)).collect()
}

/// Half of the drivers in one group and two groups of a quarter, in place of four quarters: a large group fills its
/// rows more evenly. Nothing for other numbers of bits.
fn halved(bits: u32, limits: CrossbarLimits) -> Shape {
    if bits != 2 {
        return Shape::new();
    }
    let (half, quarter) = (first_bits(1, limits), first_bits(2, limits));
    vec![(0, half), (half, quarter), (quarter, quarter)]
}

/// Groups of this shape, and whether all rows fit; `None` if the labels do not suffice.
fn groups(
    bus: usize,
    members: &[(Source, &[Place])],
    shape: &[(u8, u8)],
    (senders, limits): (&Senders, CrossbarLimits),
) -> Option<(Vec<Group>, bool)> {
    let free_mask = ((1u16 << limits.free_select_bits()) - 1) as u8;
    let mut groups: Vec<(u8, Group, Load)> = Vec::new();
    for &(pattern, select_mask) in shape {
        let all = (0..limits.drivers_per_bus).map(|d| d as u8);
        let drivers = all.filter(|driver| driver & select_mask == pattern).collect();
        groups.push((pattern, Group { bus, select_mask, drivers, sources: Vec::new() }, Load::default()));
    }
    // What a source cannot choose of its row select.
    let fixed = |source: Source| match source {
        Source::Neuron(address) => (limits.fixed_row_select(column(senders, address)), !free_mask),
        Source::Input(_) => (0, 0),
    };
    let may = |source: Source, (pattern, select_mask): (u8, u8)| {
        let (fixed, fixed_mask) = fixed(source);
        (fixed ^ pattern) & select_mask & fixed_mask == 0
    };
    let mut is_over = false;
    let mut group_of = Vec::new();
    let mut sizes = vec![0; groups.len()];
    for &(source, places) in members {
        let open = groups.iter_mut().enumerate();
        let open = open.filter(|(index, _)| may(source, shape[*index]) && sizes[*index] < limits.label_count());
        let (index, (_, group, load)) = open.min_by_key(|(index, (_, group, load))| {
            let rows = load.rows_with(places);
            (rows > group.rows(limits), rows, load.crowd(places), sizes[*index])
        })?;
        is_over |= load.rows_with(places) > group.rows(limits);
        load.add(places);
        sizes[index] += 1;
        group_of.push(index);
    }
    if is_over {
        let nearly = |(_, group, load): &(u8, Group, Load)| load.rows() <= group.rows(limits) * 5 / 4 + 1;
        let puzzle = Puzzle {
            places: members.iter().map(|(_, places)| *places).collect(),
            allowed: members.iter().map(|(s, _)| shape.iter().map(|group| may(*s, *group)).collect()).collect(),
            rows: groups.iter().map(|(_, group, _)| group.rows(limits)).collect(),
            labels: limits.label_count(),
        };
        let mut found = group_of.clone();
        if groups.iter().all(nearly) && puzzle.settle(&mut found) {
            (is_over, group_of) = (false, found);
        }
    }
    for (&(source, _), index) in members.iter().zip(group_of) {
        let (pattern, group, _) = &mut groups[index];
        let (fixed, fixed_mask) = fixed(source);
        let row_select = (fixed & fixed_mask) | (*pattern & !fixed_mask);
        group.sources.push((source, BusEvent { bus: bus as u8, row_select, label: 0 }));
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group, _)| group).collect();
    for group in &mut groups {
        group.sources.sort_unstable();
        group.sources.iter_mut().zip(0..).for_each(|((_, event), label)| event.label = label);
    }
    Some((groups, !is_over))
}

//! Arrays of a crossbar chip: buses of the input channels, labels, rows, weight codes.
//!
//! A synapse costs a place in a row of its source's bus, in its neuron's column. All synapses of a row have one sign,
//! but each has a label of its own, so a row serves any number of sources: what a bus needs is, for each kind of
//! synapse, as many rows as its fullest column has synapses of that kind. The bus of a neuron is fixed by its column;
//! that of an input channel is chosen ([`buses`]).
//!
//! All weights of a core are multiples of one weight current, and all magnitudes are codes of a few bits ([`scale`]).
//!
//! Where circuits are joined (`join`), a neuron has as many columns: its synapses of a kind on a bus are dealt to them
//! in turn, and take as many rows as one of the columns then needs.

mod buses;
mod decode;
mod even;
mod scale;
mod slots;

use crate::cuts::{Heaps, Place, Refusal};
use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::limits::Limit;
use crate::optimise::{Judge, Nets};
use crate::placement::{self, PlacedCore, Placement};
use crate::report::{CrossbarUse, Use};
use crate::sharing::Sharing;
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, OverFull, level, sums};
use buses::{Bus, Group};
use chip::{
    BusEvent, BusInput, ChipSpec, Circuits, CrossbarCore, CrossbarLimits, Routing, Source, SynapseCell, SynapseDriver,
    SynapseRow,
};
use network::{Endpoint, Network};
use scale::Scale;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use units::NeuronId;

pub(crate) use decode::{read, words};

/// Arrays of these sizes.
pub(crate) struct Arrays {
    pub(crate) limits: CrossbarLimits,
    /// By population: circuits that are joined to each of its neurons; empty: one.
    pub(crate) joined: Vec<u32>,
}

impl Kind for Arrays {
    /// A row has one sign: half of the rows serve each.
    fn synapses_per_neuron(&self) -> Option<usize> {
        Some((self.limits.synapse_rows / 2).max(1))
    }

    /// One a row, whatever its sign.
    fn synapses_per_circuit(&self) -> Option<usize> {
        Some(self.limits.synapse_rows)
    }

    fn place(
        &self,
        network: &Network,
        spec: &ChipSpec,
        options: &MapperOptions,
        sharing: Sharing,
    ) -> Result<Placement, MapperError> {
        placement::place(network, spec, options, sharing, self.packing(), &self.joined)
    }

    /// Neurons of several circuits are neighbours in the order of the network, and not moved about.
    fn limits<'a>(&'a self, _: &ChipSpec, _: &'a Network, _: &'a Nets) -> Option<Judge<'a>> {
        self.joined.iter().all(|circuits| *circuits == 1).then_some(None)
    }

    fn joined(&self, circuits: &[u32]) -> Option<Box<dyn Kind>> {
        self.limits.joined_circuits_max?;
        Some(Box::new(Self { limits: self.limits, joined: circuits.to_vec() }))
    }

    /// Rows are pruned where they are filled; what is left are sources without a label.
    fn prune(&self, refusal: &Refusal<'_>) -> Vec<Place> {
        let MapperError::BusSources { needed, limit, .. } = *refusal.error else { return Vec::new() };
        let mut channels: Heaps<(Endpoint, u32)> = Heaps::default();
        for ranked in refusal.ranks.all(refusal.network) {
            let pre = refusal.network.projections[ranked.place.0].pre;
            if matches!(pre, Endpoint::Input(_)) {
                channels.add((pre, ranked.pre), &ranked);
            }
        }
        channels.least(needed - limit)
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        map(wish, self.limits, options, ledger)
    }
}

/// A connection with its weight code.
#[derive(Clone, Copy)]
struct Coded {
    link: Link,
    code: u8,
    event: BusEvent,
}

/// Connections into one group of drivers of one core: by kind, then by column, in the order of the network.
type Columns = BTreeMap<u8, BTreeMap<u16, Vec<Coded>>>;

fn map(
    wish: &Wish<'_>,
    limits: CrossbarLimits,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Result<Image, MapperError> {
    ledger.free(wish.freed_synapses());

    let circuits: Vec<Vec<Circuits>> = wish.cores.iter().map(|core| wish.placement.circuits(core)).collect();
    let scales = scales(wish, &circuits, limits, options);
    let mut wanted: BTreeMap<Source, Vec<(Link, u8)>> = BTreeMap::new();
    for index in 0..wish.network.projections.len() {
        let pre = wish.network.projections[index].pre;
        for link in wish.links(index).filter(Link::is_wanted) {
            match scales[link.core].code(link.magnitude(), options.small_weights) {
                Some(code) => wanted.entry(wish.source(pre, link.pre)).or_default().push((link, code)),
                None => ledger.round_to_zero(&link),
            }
        }
    }
    if options.over_full != OverFull::Prune {
        check_columns(wish, limits, &circuits, &wanted)?;
    }
    let place = |(link, _): &(Link, u8)| buses::Place {
        core: link.core,
        kind: link.kind,
        column: link.circuit,
        circuits: circuits[link.core][usize::from(link.circuit)].count,
    };
    let sender = |(core, own): (&PlacedCore, &Vec<Circuits>)| (core.address, own.iter().map(|c| c.first.0).collect());
    let senders = wish.cores.iter().zip(&circuits).map(sender).collect();
    let places = wanted.iter().map(|(source, all)| (*source, all.iter().map(place).collect())).collect();
    let buses = buses::assign(&places, &senders, limits).map_err(|full| MapperError::BusSources {
        bus: full.bus,
        needed: full.needed,
        limit: full.limit,
    })?;

    let memory = |(scale, core): (&Scale, &PlacedCore)| CrossbarCore {
        weight_current: scale.current,
        drivers: Vec::new(),
        events: vec![None; core.neuron_count as usize],
    };
    let mut cores: Vec<CrossbarCore> = scales.iter().zip(&wish.cores).map(memory).collect();
    let mut inputs = Vec::new();
    for (group, count) in buses.iter().flat_map(|bus| bus.groups.iter().map(|group| (group, bus.groups.len()))) {
        for &(source, event) in &group.sources {
            match source {
                Source::Input(input) => inputs.push(BusInput { input, event }),
                Source::Neuron(address) => {
                    let core = wish.cores.partition_point(|c| c.address < address.core);
                    cores[core].events[address.neuron.index()] = Some(event);
                }
            }
        }
        for (core, mut columns) in columns(group, &wanted) {
            let own = &circuits[core];
            if rows(&columns, own) > group.rows(limits) {
                if options.over_full != OverFull::Prune {
                    return Err(too_many_rows(wish, (core, own), (group, count), limits, &columns));
                }
                cut(wish, own, &mut columns, group.rows(limits), ledger);
            }
            let array = wish.die.map(|on| slots::Array {
                wish,
                on,
                group,
                limits,
                scale: &scales[core],
                core: wish.cores[core].address,
                circuits: own,
            });
            let rows = match &array {
                Some(array) if array.on.in_mind => array.dealt(&mut columns, options, ledger)?,
                _ => slots::in_order(&columns, own),
            };
            if let Some(array) = &array {
                array.book(&rows, ledger)?;
            }
            for coded in rows.iter().flat_map(|rows| rows.columns.values()).flatten().flatten() {
                ledger.keep(&coded.link, scales[core].weight(coded.code));
                if scales[core].clips(coded.link.magnitude()) {
                    ledger.clip(&coded.link);
                }
            }
            cores[core].drivers.extend(drivers(group, limits, &rows));
        }
    }
    inputs.sort_unstable();
    for core in &mut cores {
        core.drivers.sort_unstable_by_key(|driver| (driver.bus, driver.index));
    }
    let memories = cores.iter().zip(&circuits).map(|(core, own)| CoreMemories {
        synapses: Some(limits.synapse_rows * most_joined(own)),
        crossbar: Some(uses(wish, (core, own), &buses, limits)),
        currents: vec![core.weight_current],
        ..CoreMemories::default()
    });
    let (memories, exponents) = (memories.collect(), scales.iter().map(|scale| scale.exponent).collect());
    Ok(Image { routing: Routing::Crossbar { cores, inputs }, exponents, cores: memories, xylo: None, parameters: None })
}

/// The weight current of each core, fitted to what is wanted there.
fn scales(wish: &Wish<'_>, circuits: &[Vec<Circuits>], limits: CrossbarLimits, options: &MapperOptions) -> Vec<Scale> {
    let mut magnitudes = vec![Vec::new(); wish.cores.len()];
    for link in wish.all_links().filter(Link::is_wanted) {
        magnitudes[link.core].push(link.magnitude());
    }
    let rows = circuits.iter().map(|own| limits.synapse_rows * most_joined(own)).collect::<Vec<_>>();
    let largest = sums::weight_max(wish, &rows);
    let fit = |((magnitudes, largest), finest): ((&Vec<u32>, Option<u64>), u8)| {
        Scale::fit(magnitudes, limits.weight_max(), (finest, largest.unwrap_or(u64::MAX)), options)
    };
    magnitudes.iter().zip(largest).zip(level::least_exponents(wish)).map(fit).collect()
}

/// The most circuits of a neuron.
fn most_joined(circuits: &[Circuits]) -> usize {
    circuits.iter().map(|own| own.count.into()).max().unwrap_or(1)
}

/// Refuses neurons with more synapses than their columns have rows.
fn check_columns(
    wish: &Wish<'_>,
    limits: CrossbarLimits,
    circuits: &[Vec<Circuits>],
    wanted: &BTreeMap<Source, Vec<(Link, u8)>>,
) -> Result<(), MapperError> {
    let mut counts: BTreeMap<(usize, u16), (usize, Link)> = BTreeMap::new();
    for (link, _) in wanted.values().flatten() {
        counts.entry((link.core, link.circuit)).or_insert((0, *link)).0 += 1;
    }
    let rows = |link: &Link| limits.synapse_rows * usize::from(circuits[link.core][usize::from(link.circuit)].count);
    let Some((needed, link)) = counts.into_values().find(|(count, link)| *count > rows(link)) else { return Ok(()) };
    let population = wish.network.projections[link.projection].post;
    Err(MapperError::RowFanIn {
        population: wish.network.populations[population].name.clone(),
        index: link.post,
        address: wish.address(population, link.post),
        limit: rows(&link),
        needed,
    })
}

/// What the sources of `group` drive in each core.
fn columns(group: &Group, wanted: &BTreeMap<Source, Vec<(Link, u8)>>) -> BTreeMap<usize, Columns> {
    let mut cores: BTreeMap<usize, Columns> = BTreeMap::new();
    for &(source, event) in &group.sources {
        for &(link, code) in &wanted[&source] {
            let columns = cores.entry(link.core).or_default().entry(link.kind).or_default();
            columns.entry(link.circuit).or_default().push(Coded { link, code, event });
        }
    }
    for column in cores.values_mut().flat_map(BTreeMap::values_mut).flat_map(BTreeMap::values_mut) {
        column.sort_by_key(|coded| (coded.link.projection, coded.link.pre));
    }
    cores
}

/// The rows that a kind needs: as many as the fullest of the columns has synapses of it.
fn fullest(columns: &BTreeMap<u16, Vec<Coded>>, circuits: &[Circuits]) -> usize {
    columns.iter().map(|(neuron, all)| depth(all.len(), *neuron, circuits)).max().unwrap_or(0)
}

/// The rows that `count` synapses of a kind take, dealt to the columns of a neuron.
fn depth(count: usize, neuron: u16, circuits: &[Circuits]) -> usize {
    count.div_ceil(circuits[usize::from(neuron)].count.into())
}

fn rows(columns: &Columns, circuits: &[Circuits]) -> usize {
    columns.values().map(|columns| fullest(columns, circuits)).sum()
}

fn too_many_rows(
    wish: &Wish<'_>,
    (core, circuits): (usize, &[Circuits]),
    (group, groups): (&Group, usize),
    limits: CrossbarLimits,
    columns: &Columns,
) -> MapperError {
    let name = |link: &Link| wish.network.populations[wish.network.projections[link.projection].post].name.clone();
    let fullest = |(kind, columns): (&u8, &BTreeMap<u16, Vec<Coded>>)| {
        let rows = fullest(columns, circuits);
        let full = columns.iter().find(|(neuron, all)| depth(all.len(), **neuron, circuits) == rows);
        (rows, *kind, full.expect("one neuron is the fullest").1[0].link)
    };
    let mut takers: Vec<(usize, u8, Link)> = columns.iter().map(fullest).collect();
    let taker = |(rows, kind, link): &(usize, u8, Link)| {
        let kind = &wish.spec.synapses[usize::from(*kind)].name;
        format!("{rows} of `{kind}` for neuron {} of `{}`", link.post, name(link))
    };
    let spelled: Vec<String> = takers.iter().map(taker).collect();
    takers.sort_by_key(|(rows, ..)| Reverse(*rows));
    MapperError::BusRows {
        core: wish.cores[core].address,
        bus: group.bus,
        needed: rows(columns, circuits),
        limit: group.rows(limits),
        groups,
        takers: spelled.join(", "),
        populations: takers.iter().map(|(.., link)| name(link)).collect(),
    }
}

/// Takes the connections that matter least away until the columns need `limit` rows.
///
/// Row by row, of the kind where the loss is least: the sum of what matters ([`Wish::rank`]) that only its last row
/// holds. As columns lose what matters least first, the next row of a kind never costs less than the last, and so no
/// other share of the rows would lose less in sum.
fn cut(wish: &Wish<'_>, circuits: &[Circuits], columns: &mut Columns, limit: usize, ledger: &mut Ledger) {
    let order = |column: &Vec<Coded>| {
        let mut order: Vec<usize> = (0..column.len()).collect();
        order.sort_by_key(|&i| Reverse(wish.rank(&column[i].link))); // stable: of equal ones the first stays
        order
    };
    let width = |neuron: &u16| usize::from(circuits[usize::from(*neuron)].count);
    let orders = columns.values().map(|columns| columns.values().map(order).collect());
    let orders: Vec<Vec<Vec<usize>>> = orders.collect();
    // By kind, the sum of what each of its rows holds.
    let held = |(columns, orders): (&BTreeMap<u16, Vec<Coded>>, &Vec<Vec<usize>>)| {
        let mut held = vec![0; fullest(columns, circuits)];
        for ((neuron, column), order) in columns.iter().zip(orders) {
            for (row, all) in held.iter_mut().zip(order.chunks(width(neuron))) {
                *row += all.iter().map(|&i| wish.rank(&column[i].link)).sum::<u128>();
            }
        }
        held
    };
    let mut held: Vec<Vec<u128>> = columns.values().zip(&orders).map(held).collect();
    for _ in limit..rows(columns, circuits) {
        let used = held.iter_mut().filter(|rows| !rows.is_empty());
        used.min_by_key(|rows| rows[rows.len() - 1]).expect("more rows than the limit are in use").pop();
    }
    for ((columns, orders), held) in columns.values_mut().zip(&orders).zip(&held) {
        for ((neuron, column), order) in columns.iter_mut().zip(orders) {
            let mut stays = vec![false; column.len()];
            order.iter().take(held.len() * width(neuron)).for_each(|&i| stays[i] = true);
            column.iter().zip(&stays).filter(|(_, s)| !**s).for_each(|(c, _)| ledger.lose(&c.link, Limit::Rows));
            let mut stays = stays.into_iter();
            column.retain(|_| stays.next().expect("one flag a connection"));
        }
    }
}

/// The drivers of `group` in one core, with these rows.
fn drivers(group: &Group, limits: CrossbarLimits, rows: &[slots::KindRows]) -> Vec<SynapseDriver> {
    let mut drivers: Vec<SynapseDriver> = Vec::new();
    let mut next = 0;
    for slots::KindRows { kind, rows, columns } in rows {
        for depth in 0..*rows {
            let (place, row) = (next / limits.rows_per_driver, next % limits.rows_per_driver);
            next += 1;
            if row == 0 {
                drivers.push(SynapseDriver {
                    bus: group.bus as u8,
                    index: group.drivers[place],
                    select_mask: group.select_mask,
                    rows: Vec::new(),
                });
            }
            let cells = columns.iter().filter_map(|(&column, all)| Some((column, (*all.get(depth)?)?)));
            let cell = |(column, coded): (u16, Coded)| SynapseCell {
                column: NeuronId(column),
                label: coded.event.label,
                weight: coded.code,
            };
            let row = SynapseRow { row: row as u8, synapse: *kind, cells: cells.map(cell).collect() };
            drivers.last_mut().expect("the first row of a driver made it").rows.push(row);
        }
    }
    drivers
}

/// What one core takes of its rows, drivers and labels.
fn uses(
    wish: &Wish<'_>,
    (core, circuits): (&CrossbarCore, &[Circuits]),
    buses: &[Bus],
    limits: CrossbarLimits,
) -> CrossbarUse {
    let taken = circuits.iter().map(|own| usize::from(own.count)).sum();
    CrossbarUse {
        circuits: Use::of(taken, wish.spec.neurons_per_core()),
        drivers: drivers_used(core, limits),
        rows: (0..buses.len()).map(|bus| rows_used(core, bus, limits)).collect(),
        sources: buses.iter().map(|bus| Use::of(bus.source_count(), bus.groups.len() * limits.label_count())).collect(),
    }
}

/// Drivers of a core in use.
pub(crate) fn drivers_used(core: &CrossbarCore, limits: CrossbarLimits) -> Use {
    Use::of(core.drivers.len(), limits.buses * limits.drivers_per_bus)
}

/// Rows of a bus in use in a core.
pub(crate) fn rows_used(core: &CrossbarCore, bus: usize, limits: CrossbarLimits) -> Use {
    let drivers = core.drivers.iter().filter(|driver| usize::from(driver.bus) == bus);
    Use::of(drivers.map(|driver| driver.rows.len()).sum(), limits.rows_per_bus())
}

//! Arrays of a crossbar chip: buses of the input channels, labels, rows, weight codes.
//!
//! A synapse costs a place in a row of its source's bus, in its neuron's column. All synapses of a row have one sign,
//! but each has a label of its own, so a row serves any number of sources: what a bus needs is, for each kind of
//! synapse, as many rows as its fullest column has synapses of that kind. The bus of a neuron is fixed by its column;
//! that of an input channel is chosen ([`buses`]).
//!
//! All weights of a core are multiples of one weight current, and all magnitudes are codes of a few bits ([`scale`]).
//!
//! A neuron is one circuit: circuits are not joined for more fan-in.

mod buses;
mod decode;
mod even;
mod scale;
mod slots;

use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::placement::PlacedCore;
use crate::report::{ConnectionLoss, CrossbarUse, Use};
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, OverFanIn, level, sums};
use buses::{Bus, Group, Place};
use chip::{BusEvent, BusInput, CrossbarCore, CrossbarLimits, Routing, Source, SynapseCell, SynapseDriver, SynapseRow};
use scale::Scale;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use units::NeuronId;

pub(crate) use decode::{read, words};

/// Arrays of these sizes.
pub(crate) struct Arrays {
    pub(crate) limits: CrossbarLimits,
}

impl Kind for Arrays {
    /// A row has one sign: half of the rows serve each.
    fn synapses_per_neuron(&self) -> Option<usize> {
        Some((self.limits.synapse_rows / 2).max(1))
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

    let scales = scales(wish, limits, options);
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
    if options.over_fan_in == OverFanIn::Error {
        check_columns(wish, limits, &wanted)?;
    }
    let place = |(link, _): &(Link, u8)| Place { core: link.core, kind: link.kind, column: link.circuit };
    let places = wanted.iter().map(|(source, all)| (*source, all.iter().map(place).collect())).collect();
    let buses = buses::assign(&places, limits).map_err(|full| MapperError::BusSources {
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
            if rows(&columns) > group.rows(limits) {
                match options.over_fan_in {
                    OverFanIn::Error => return Err(too_many_rows(wish, core, (group, count), limits, &columns)),
                    OverFanIn::Prune => cut(&mut columns, group.rows(limits), ledger),
                }
            }
            let array = wish.die.map(|on| slots::Array {
                wish,
                on,
                group,
                limits,
                scale: &scales[core],
                core: wish.cores[core].address,
            });
            let rows = match &array {
                Some(array) if array.on.in_mind => array.dealt(&mut columns, options, ledger)?,
                _ => slots::in_order(&columns),
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
    let memories = cores.iter().map(|core| CoreMemories {
        synapses: Some(limits.synapse_rows),
        crossbar: Some(uses(core, &buses, limits)),
        currents: vec![core.weight_current],
        ..CoreMemories::default()
    });
    let (memories, exponents) = (memories.collect(), scales.iter().map(|scale| scale.exponent).collect());
    Ok(Image { routing: Routing::Crossbar { cores, inputs }, exponents, cores: memories, xylo: None, parameters: None })
}

/// The weight current of each core, fitted to what is wanted there.
fn scales(wish: &Wish<'_>, limits: CrossbarLimits, options: &MapperOptions) -> Vec<Scale> {
    let mut magnitudes = vec![Vec::new(); wish.cores.len()];
    for link in wish.all_links().filter(Link::is_wanted) {
        magnitudes[link.core].push(link.magnitude());
    }
    let largest = sums::weight_max(wish, limits.synapse_rows);
    let fit = |((magnitudes, largest), finest): ((&Vec<u32>, Option<u64>), u8)| {
        Scale::fit(magnitudes, limits.weight_max(), (finest, largest.unwrap_or(u64::MAX)), options)
    };
    magnitudes.iter().zip(largest).zip(level::least_exponents(wish)).map(fit).collect()
}

/// Refuses neurons with more synapses than their column has rows.
fn check_columns(
    wish: &Wish<'_>,
    limits: CrossbarLimits,
    wanted: &BTreeMap<Source, Vec<(Link, u8)>>,
) -> Result<(), MapperError> {
    let mut counts: BTreeMap<(usize, u16), (usize, Link)> = BTreeMap::new();
    for (link, _) in wanted.values().flatten() {
        counts.entry((link.core, link.circuit)).or_insert((0, *link)).0 += 1;
    }
    let Some((needed, link)) = counts.into_values().find(|(count, _)| *count > limits.synapse_rows) else {
        return Ok(());
    };
    let population = wish.network.projections[link.projection].post;
    Err(MapperError::RowFanIn {
        population: wish.network.populations[population].name.clone(),
        index: link.post,
        address: wish.address(population, link.post),
        limit: limits.synapse_rows,
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

/// The fullest of some columns: the rows that their kind needs.
fn fullest(columns: &BTreeMap<u16, Vec<Coded>>) -> usize {
    columns.values().map(Vec::len).max().unwrap_or(0)
}

fn rows(columns: &Columns) -> usize {
    columns.values().map(fullest).sum()
}

fn too_many_rows(
    wish: &Wish<'_>,
    core: usize,
    (group, groups): (&Group, usize),
    limits: CrossbarLimits,
    columns: &Columns,
) -> MapperError {
    let taker = |(kind, columns): (&u8, &BTreeMap<u16, Vec<Coded>>)| {
        let count = fullest(columns);
        let link = columns.values().find(|column| column.len() == count).expect("one column is the fullest")[0].link;
        let population = wish.network.projections[link.projection].post;
        format!(
            "{count} of `{}` for neuron {} of `{}`",
            wish.spec.synapses[usize::from(*kind)].name,
            link.post,
            wish.network.populations[population].name
        )
    };
    MapperError::BusRows {
        core: wish.cores[core].address,
        bus: group.bus,
        needed: rows(columns),
        limit: group.rows(limits),
        groups,
        takers: columns.iter().map(taker).collect::<Vec<_>>().join(", "),
    }
}

/// Takes the smallest weights away until the columns need `limit` rows.
///
/// Row by row, of the kind where the loss is least: the sum of the magnitudes that only its last row holds. As columns
/// lose small weights before large ones, the next row of a kind never costs less than the last, and so no other share
/// of the rows would lose less in sum.
fn cut(columns: &mut Columns, limit: usize, ledger: &mut Ledger) {
    let order = |column: &Vec<Coded>| {
        let mut order: Vec<usize> = (0..column.len()).collect();
        order.sort_by_key(|&i| Reverse(column[i].link.magnitude())); // stable: of equal weights the first stays
        order
    };
    let orders = columns.values().map(|columns| columns.values().map(order).collect());
    let orders: Vec<Vec<Vec<usize>>> = orders.collect();
    // By kind, the sum of the magnitudes that each of its rows holds.
    let held = |(columns, orders): (&BTreeMap<u16, Vec<Coded>>, &Vec<Vec<usize>>)| {
        let mut held = vec![0; fullest(columns)];
        for (column, order) in columns.values().zip(orders) {
            held.iter_mut().zip(order).for_each(|(row, &i)| *row += u64::from(column[i].link.magnitude()));
        }
        held
    };
    let mut held: Vec<Vec<u64>> = columns.values().zip(&orders).map(held).collect();
    for _ in limit..rows(columns) {
        let used = held.iter_mut().filter(|rows| !rows.is_empty());
        used.min_by_key(|rows| rows[rows.len() - 1]).expect("more rows than the limit are in use").pop();
    }
    for ((columns, orders), held) in columns.values_mut().zip(&orders).zip(&held) {
        for (column, order) in columns.values_mut().zip(orders) {
            let mut stays = vec![false; column.len()];
            order.iter().take(held.len()).for_each(|&i| stays[i] = true);
            column
                .iter()
                .zip(&stays)
                .filter(|(_, s)| !**s)
                .for_each(|(c, _)| ledger.lose(&c.link, ConnectionLoss::Rows));
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
                neuron: NeuronId(column),
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
fn uses(core: &CrossbarCore, buses: &[Bus], limits: CrossbarLimits) -> CrossbarUse {
    CrossbarUse {
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

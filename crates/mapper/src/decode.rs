//! A program read back: which connections it really makes.
//!
//! Reading uses the memories alone, as the chip does: an event is sent to every core that an SRAM word names, and
//! every CAM word there that holds its tag is a synapse. A tag that two sources of a core shared by mistake would show
//! up as connections that nobody asked for. On a crossbar chip likewise, an event is passed on by every driver of its
//! bus that it selects, and drives every synapse there that holds its label.

use crate::{MapperError, Placement};
use chip::{
    BusEvent, BusInput, CamWord, CrossbarCore, InputRoute, Program, Routing, Source, SramWord, SynapseCell,
    SynapseDriver, TagCamCore,
};
use network::{Endpoint, Network};
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, InputId, NeuronAddress, NeuronId, Tag};

/// A connection that a program makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecodedConnection {
    /// Where it starts: population or input group.
    pub pre: Endpoint,
    /// Sending neuron or channel.
    pub pre_index: u32,
    /// Index of the population where it ends.
    pub post: usize,
    /// Receiving neuron.
    pub post_index: u32,
    /// Index of the synapse kind in the chip spec.
    pub synapse: u8,
    /// The weight in units of 2^-20, as the program holds it: never negative for a kind with a fixed sign.
    pub weight: i64,
    /// Ticks between sending and arrival.
    pub delay_ticks: u16,
}

/// The connections that `program` makes, sorted. `placement` and `network` only give the ends their names.
///
/// # Errors
/// [`MapperError::Foreign`] if the program uses a circuit or channel that the placement or network does not have.
pub fn decode(
    program: &Program,
    placement: &Placement,
    network: &Network,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let foreign = |what: String| MapperError::Foreign { what };
    let pre = |source: Source| match source {
        Source::Neuron(address) => placement
            .neuron(address)
            .map(|(population, index)| (Endpoint::Population(population), index))
            .ok_or_else(|| foreign(address.to_string())),
        Source::Input(input) => channel(network, input).ok_or_else(|| foreign(format!("input channel {input}"))),
    };
    let post = |core, neuron| {
        let address = NeuronAddress { core, neuron };
        placement.neuron(address).ok_or_else(|| foreign(address.to_string()))
    };
    let exponents: BTreeMap<CoreAddress, u8> = program.cores.iter().map(|c| (c.address, c.weight_exponent)).collect();
    let mut connections = Vec::new();
    match &program.routing {
        Routing::Ideal(rows) | Routing::Xylo { rows, .. } => {
            for row in rows {
                let (pre, pre_index) = pre(row.source)?;
                let exponent = exponents.get(&row.destination).ok_or_else(|| foreign(row.destination.to_string()))?;
                let shift = match &program.routing {
                    Routing::Xylo { shifts, .. } => shifts.of(row.source, row.destination),
                    _ => 0,
                };
                for synapse in &row.synapses {
                    let (post, post_index) = post(row.destination, synapse.neuron)?;
                    connections.push(DecodedConnection {
                        pre,
                        pre_index,
                        post,
                        post_index,
                        synapse: synapse.synapse,
                        weight: i64::from(synapse.weight) << (exponent + shift),
                        delay_ticks: row.delay_ticks,
                    });
                }
            }
        }
        Routing::Crossbar { cores, inputs } => {
            let addresses: Vec<CoreAddress> = program.cores.iter().map(|core| core.address).collect();
            for (source, event) in bus_events(&addresses, cores, inputs) {
                let (pre, pre_index) = pre(source)?;
                for (address, core) in addresses.iter().zip(cores) {
                    for (kind, cell) in answers(core, event) {
                        let (post, post_index) = post(*address, cell.neuron)?;
                        let weight = i64::from(cell.weight) * i64::from(core.weight_current);
                        connections.push(DecodedConnection {
                            pre,
                            pre_index,
                            post,
                            post_index,
                            synapse: kind,
                            weight: weight << exponents[address],
                            delay_ticks: 1,
                        });
                    }
                }
            }
        }
        Routing::TagCam { cores, inputs, positions } => {
            let addresses: Vec<CoreAddress> = program.cores.iter().map(|core| core.address).collect();
            let listeners: Vec<_> = cores.iter().map(listeners).collect();
            let mut events = Vec::new();
            broadcasts(&addresses, cores, inputs, positions, |source, core, tag| events.push((source, core, tag)));
            for (source, core, tag) in events {
                let (pre, pre_index) = pre(source)?;
                for &(neuron, word) in listeners[core].get(&tag).into_iter().flatten() {
                    let (post, post_index) = post(addresses[core], neuron)?;
                    let currents = cores[core].weight_currents.iter().enumerate();
                    let on = currents.filter(|(bit, _)| word.weight_bits >> bit & 1 == 1);
                    let weight: i64 = on.map(|(_, current)| i64::from(*current)).sum();
                    connections.push(DecodedConnection {
                        pre,
                        pre_index,
                        post,
                        post_index,
                        synapse: word.synapse,
                        weight: weight << exponents[&addresses[core]],
                        delay_ticks: 1,
                    });
                }
            }
        }
    }
    connections.sort_unstable();
    Ok(connections)
}

/// Every event that a crossbar program can send.
fn bus_events<'a>(
    addresses: &'a [CoreAddress],
    cores: &'a [CrossbarCore],
    inputs: &'a [BusInput],
) -> impl Iterator<Item = (Source, BusEvent)> + 'a {
    let neurons = addresses.iter().zip(cores).flat_map(|(&core, memory)| {
        let source = move |neuron| Source::Neuron(NeuronAddress { core, neuron: NeuronId(neuron as u16) });
        memory.events.iter().enumerate().filter_map(move |(neuron, event)| Some((source(neuron), (*event)?)))
    });
    inputs.iter().map(|input| (Source::Input(input.input), input.event)).chain(neurons)
}

/// The synapses of a core that an event drives, each with its kind.
fn answers(core: &CrossbarCore, event: BusEvent) -> impl Iterator<Item = (u8, SynapseCell)> + '_ {
    let selected = move |driver: &&SynapseDriver| {
        driver.bus == event.bus && driver.index & driver.select_mask == event.row_select & driver.select_mask
    };
    let rows = core.drivers.iter().filter(selected).flat_map(|driver| &driver.rows);
    rows.flat_map(|row| row.cells.iter().map(|cell| (row.synapse, *cell))).filter(move |(_, c)| c.label == event.label)
}

/// Every broadcast of a tag in a core: from which source, in which core (as an index into `addresses`).
pub(crate) fn broadcasts(
    addresses: &[CoreAddress],
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
    mut visit: impl FnMut(Source, usize, Tag),
) {
    let mut broadcast = |source, chip: usize, core_mask: u16, tag| {
        let hears = |a: &CoreAddress| a.chip.index() == chip && core_mask >> a.core.0 & 1 == 1;
        (0..addresses.len()).filter(|i| hears(&addresses[*i])).for_each(|i| visit(source, i, tag));
    };
    for (address, core) in addresses.iter().zip(cores) {
        for (neuron, words) in core.sram.iter().enumerate() {
            let source = Source::Neuron(NeuronAddress { core: *address, neuron: NeuronId(neuron as u16) });
            for word in words {
                // An event that leaves the board reaches nobody.
                let Some(chip) = destination(positions, address.chip, word) else { continue };
                broadcast(source, chip, word.core_mask, word.tag);
            }
        }
    }
    for route in inputs {
        for event in &route.events {
            broadcast(Source::Input(route.input), event.chip.index(), event.core_mask, event.tag);
        }
    }
}

/// The chip that an SRAM word of `chip` names.
fn destination(positions: &[(i8, i8)], chip: ChipId, word: &SramWord) -> Option<usize> {
    let wide = |(x, y): (i8, i8)| (i16::from(x), i16::from(y));
    let (x, y) = wide(*positions.get(chip.index())?);
    let (hop_x, hop_y) = wide((word.hop_x, word.hop_y));
    positions.iter().position(|p| wide(*p) == (x + hop_x, y + hop_y))
}

/// CAM words of a core by tag.
fn listeners(core: &TagCamCore) -> BTreeMap<Tag, Vec<(NeuronId, CamWord)>> {
    let mut listeners: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (neuron, words) in core.cam.iter().enumerate() {
        for word in words {
            listeners.entry(word.tag).or_default().push((NeuronId(neuron as u16), *word));
        }
    }
    listeners
}

/// The group and index of an input channel.
pub(crate) fn channel(network: &Network, input: InputId) -> Option<(Endpoint, u32)> {
    let mut index = input.0;
    for (group, wish) in network.inputs.iter().enumerate() {
        match index.checked_sub(wish.channels) {
            None => return Some((Endpoint::Input(group), index)),
            Some(rest) => index = rest,
        }
    }
    None
}

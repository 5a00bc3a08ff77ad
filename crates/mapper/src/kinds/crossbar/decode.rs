//! A crossbar program read back, by buses, drivers and labels.

use crate::MapperError;
use crate::decode::{DecodedConnection, Ends};
use chip::{BusEvent, BusInput, CoreProgram, CrossbarCore, Source, SynapseCell, SynapseDriver};
use units::{NeuronAddress, NeuronId};

/// The connections that the memories make.
pub(crate) fn decode(
    cores: &[CrossbarCore],
    inputs: &[BusInput],
    ends: &Ends<'_>,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let mut connections = Vec::new();
    for (source, event) in bus_events(ends.cores, cores, inputs) {
        for (core, memory) in ends.cores.iter().zip(cores) {
            for (kind, cell) in answers(memory, event) {
                let weight = i64::from(cell.weight) * i64::from(memory.weight_current);
                connections.push(ends.connection(source, core.address, cell.neuron, kind, weight, 1)?);
            }
        }
    }
    Ok(connections)
}

/// Every event that a crossbar program can send.
fn bus_events<'a>(
    programs: &'a [CoreProgram],
    cores: &'a [CrossbarCore],
    inputs: &'a [BusInput],
) -> impl Iterator<Item = (Source, BusEvent)> + 'a {
    let neurons = programs.iter().zip(cores).flat_map(|(program, memory)| {
        let source =
            move |neuron| Source::Neuron(NeuronAddress { core: program.address, neuron: NeuronId(neuron as u16) });
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

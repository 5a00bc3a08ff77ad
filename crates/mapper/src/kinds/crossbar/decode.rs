//! A crossbar program read back, by buses, drivers and labels.

use crate::MapperError;
use crate::memory::{Code, Label, Stored, Visit, Word};
use chip::{BusEvent, BusInput, CoreProgram, CrossbarCore, Source, SynapseCell, SynapseDriver, SynapseRow};
use std::collections::BTreeMap;
use units::{ChipId, CoreId, NeuronAddress, NeuronId};

/// The synapses of the memories.
pub(crate) fn read(
    programs: &[CoreProgram],
    cores: &[CrossbarCore],
    inputs: &[BusInput],
    visit: Visit<'_>,
) -> Result<(), MapperError> {
    for (source, event) in bus_events(programs, cores, inputs) {
        for (core, memory) in cores.iter().enumerate() {
            for (driver, row, cell) in answers(memory, event) {
                let SynapseCell { column, label, weight } = cell;
                let foreign = || MapperError::Foreign { what: format!("{}, column {column}", programs[core].address) };
                visit(Stored {
                    source,
                    core,
                    neuron: programs[core].neuron_of(column).ok_or_else(foreign)?,
                    synapse: row.synapse,
                    code: Code::Cell { bus: driver.bus, driver: driver.index, row: row.row, label, weight },
                    weight: i64::from(weight) * i64::from(memory.weight_current),
                    delay_ticks: 1,
                })?;
            }
        }
    }
    Ok(())
}

/// Where each source sends: every array hears it, and those are named where a synapse answers.
pub(crate) fn words(
    programs: &[CoreProgram],
    cores: &[CrossbarCore],
    inputs: &[BusInput],
    visit: &mut dyn FnMut(Word),
) {
    for (source, event) in bus_events(programs, cores, inputs) {
        let mut chips: BTreeMap<ChipId, Vec<CoreId>> = BTreeMap::new();
        for (program, memory) in programs.iter().zip(cores) {
            if answers(memory, event).next().is_some() {
                chips.entry(program.address.chip).or_default().push(program.address.core);
            }
        }
        for (chip, cores) in chips {
            visit(Word { source, chip, cores, label: Label::Bus(event), hops: None });
        }
    }
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

/// The synapses of a core that an event drives, each with its driver and row.
fn answers(
    core: &CrossbarCore,
    event: BusEvent,
) -> impl Iterator<Item = (&SynapseDriver, &SynapseRow, SynapseCell)> + '_ {
    let selected = move |driver: &&SynapseDriver| {
        driver.bus == event.bus && driver.index & driver.select_mask == event.row_select & driver.select_mask
    };
    let rows = core.drivers.iter().filter(selected).flat_map(|driver| driver.rows.iter().map(move |row| (driver, row)));
    rows.flat_map(|(driver, row)| row.cells.iter().map(move |cell| (driver, row, *cell)))
        .filter(move |(_, _, cell)| cell.label == event.label)
}

//! Where an event goes: read from the memories anew for every event.

use crate::slots::{DieOracle, Slot};
use chip::{BusEvent, ChipSpec, Circuits, CoreProgram, IdealRow, IdealSynapse, Program, Routing, Source, SynapseSign};
use std::collections::BTreeSet;
use units::{ChipId, CoreAddress, CoreId, NeuronId, Tag};

/// One synapse that an event reaches.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron.
    pub neuron: usize,
    /// Kind of synapse.
    pub kind: usize,
    /// Weight in steps of the core.
    pub weight: i128,
    /// What the weight is multiplied with.
    pub payload: i128,
    /// Synaptic operations that this stands for.
    pub operations: u64,
}

/// What one event of a source causes.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Spikes that the event stands for.
    pub times: u64,
    /// Destinations that the source names.
    pub events: u64,
    /// Broadcasts that reach a synapse, once for each delay that some synapse adds.
    pub delivered: u64,
    /// Broadcasts that nobody answers.
    pub unmatched: u64,
    /// Events that leave the board.
    pub off_board: u64,
    /// Broadcasts in cores that are not in use.
    pub unused_core: u64,
    /// The synapses, with their delays.
    pub arrivals: Vec<(u16, Arrival)>,
}

/// Follows one event of `source` with the given payload.
pub(crate) fn follow(
    spec: &ChipSpec,
    program: &Program,
    die: Option<&DieOracle<'_>>,
    source: Source,
    payload: i128,
) -> Sent {
    let mut sent = match &program.routing {
        Routing::Ideal(rows) => ideal(spec, program, rows, die, source),
        Routing::Axon { .. } => ideal(spec, program, &axons(program, source), die, source),
        Routing::TagCam { .. } => tag_cam(program, die, source),
        Routing::Xylo { .. } => unreachable!("Xylo has an oracle of its own"),
        Routing::Crossbar { .. } => crossbar(program, source),
    };
    // Events of rate units, and of channels that reach them, carry a change of level; all others count spikes.
    let graded = match source {
        Source::Neuron(address) => program.cores[core_of(program, address.core).unwrap()].model.is_graded(),
        Source::Input(_) => sent.arrivals.iter().any(|(_, a)| program.cores[a.core].model.is_graded()),
    };
    sent.times = if graded { 1 } else { u64::try_from(payload).expect("spikes are counted from 0") };
    for (_, arrival) in &mut sent.arrivals {
        arrival.payload = payload;
        arrival.operations = sent.times;
        let sign = spec.synapses[arrival.kind].sign;
        assert!(sign == SynapseSign::Signed || arrival.weight >= 0, "weights of a fixed sign are not negative");
    }
    sent
}

fn ideal(spec: &ChipSpec, program: &Program, rows: &[IdealRow], die: Option<&DieOracle<'_>>, source: Source) -> Sent {
    let mut sent = Sent::default();
    // Every synapse of the source with its place, to find its rank among those that connect the same.
    let places = |row: usize| rows[row].synapses.iter().enumerate().map(move |(place, s)| (*s, row, place));
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.source == source && !row.synapses.is_empty()) {
        sent.events += 1;
        sent.delivered += 1;
        let core = core_of(program, row.destination).expect("rows end in cores in use");
        let alike = |other: usize| {
            let other = &rows[other];
            (other.source, other.destination, other.delay_ticks) == (source, row.destination, row.delay_ticks)
        };
        for me @ (s, ..) in places(index) {
            let same =
                |other: &(IdealSynapse, usize, usize)| (other.0.neuron, other.0.synapse) == (s.neuron, s.synapse);
            let (neuron, kind) = (s.neuron.index(), usize::from(s.synapse));
            let weight = match die {
                None => s.weight.into(),
                Some(die) => {
                    let others = (0..rows.len()).filter(|other| alike(*other)).flat_map(places);
                    let occurrence = others.filter(|other| same(other) && *other < me).count();
                    let delay = row.delay_ticks;
                    let slot = Slot::Content { source, kind: s.synapse, delay, occurrence };
                    let signed = spec.synapses[kind].sign == SynapseSign::Signed;
                    die.number(row.destination, s.neuron, slot, signed, s.weight.into())
                }
            };
            sent.arrivals.push((row.delay_ticks, Arrival { core, neuron, kind, weight, payload: 0, operations: 0 }));
        }
    }
    sent
}

/// The lists that the axons of a source point to, those with one destination and delay taken together.
fn axons(program: &Program, source: Source) -> Vec<IdealRow> {
    let Routing::Axon { cores, inputs, input_latency } = &program.routing else { unreachable!() };
    let (targets, latency): (Vec<_>, u16) = match source {
        Source::Input(input) => {
            let own = inputs.iter().filter(|host| host.input == input);
            (own.map(|host| host.target).collect(), (*input_latency).into())
        }
        Source::Neuron(address) => {
            let core = core_of(program, address.core).expect("spikes come from cores in use");
            let own = cores[core].output_axons.iter().filter(|axon| axon.neuron == address.neuron);
            (own.map(|axon| axon.target).collect(), 0)
        }
    };
    let mut rows: Vec<IdealRow> = Vec::new();
    for target in targets {
        let core = &cores[core_of(program, target.core).expect("axons end in cores in use")];
        let axon = &core.input_axons[target.axon as usize];
        let (destination, delay_ticks) = (target.core, 1 + core.groups[usize::from(axon.group)].delay + latency);
        match rows.iter_mut().find(|row| (row.destination, row.delay_ticks) == (destination, delay_ticks)) {
            Some(row) => row.synapses.extend(&axon.synapses),
            None => rows.push(IdealRow { source, destination, delay_ticks, synapses: axon.synapses.clone() }),
        }
    }
    rows
}

fn tag_cam(program: &Program, die: Option<&DieOracle<'_>>, source: Source) -> Sent {
    let Routing::TagCam { cores, inputs, positions } = &program.routing else { unreachable!() };
    let mut sent = Sent::default();
    match source {
        Source::Input(input) => {
            for route in inputs.iter().filter(|route| route.input == input) {
                for event in &route.events {
                    sent.events += 1;
                    if event.chip.index() < positions.len() {
                        broadcast(program, die, event.chip, event.core_mask, event.tag, &mut sent);
                    } else {
                        sent.off_board += 1;
                    }
                }
            }
        }
        Source::Neuron(address) => {
            let core = core_of(program, address.core).expect("spikes come from cores in use");
            let (x, y) = positions[address.core.chip.index()];
            for word in &cores[core].sram[address.neuron.index()] {
                sent.events += 1;
                let place = (i32::from(x) + i32::from(word.hop_x), i32::from(y) + i32::from(word.hop_y));
                match positions.iter().position(|&(x, y)| (i32::from(x), i32::from(y)) == place) {
                    Some(chip) => broadcast(program, die, ChipId(chip as u16), word.core_mask, word.tag, &mut sent),
                    None => sent.off_board += 1,
                }
            }
        }
    }
    sent
}

fn crossbar(program: &Program, source: Source) -> Sent {
    let Routing::Crossbar { cores, inputs } = &program.routing else { unreachable!() };
    let mut events: Vec<BusEvent> = Vec::new();
    match source {
        Source::Input(input) => events.extend(inputs.iter().filter(|i| i.input == input).map(|i| i.event)),
        Source::Neuron(address) => {
            let core = core_of(program, address.core).expect("spikes come from cores in use");
            events.extend(cores[core].events[address.neuron.index()]);
        }
    }
    let mut sent = Sent::default();
    for event in events {
        sent.events += 1;
        for (core, array) in cores.iter().enumerate() {
            let before = sent.arrivals.len();
            for driver in &array.drivers {
                // Bit by bit, as the comparators of a driver do.
                let differs = |bit: u32| (driver.index >> bit) & 1 != (event.row_select >> bit) & 1;
                let compared = |bit: &u32| (driver.select_mask >> bit) & 1 == 1;
                if driver.bus != event.bus || (0..8).filter(compared).any(differs) {
                    continue;
                }
                for row in &driver.rows {
                    for cell in row.cells.iter().filter(|cell| cell.label == event.label) {
                        let (neuron, kind) = (owner(&program.cores[core], cell.column), usize::from(row.synapse));
                        let weight = i128::from(cell.weight) * i128::from(array.weight_current);
                        sent.arrivals.push((1, Arrival { core, neuron, kind, weight, payload: 0, operations: 0 }));
                    }
                }
            }
            if sent.arrivals.len() > before {
                sent.delivered += 1;
            } else {
                sent.unmatched += 1;
            }
        }
    }
    sent
}

/// The neuron whose circuits, looked at one after the other, hold the one under `column`.
fn owner(core: &CoreProgram, column: NeuronId) -> usize {
    if core.circuits.is_empty() {
        return column.index();
    }
    let holds = |own: &Circuits| (0..own.count).any(|beyond| own.first.0 + beyond == column.0);
    core.circuits.iter().position(holds).expect("synapses lie in columns of neurons")
}

fn broadcast(program: &Program, die: Option<&DieOracle<'_>>, chip: ChipId, mask: u16, tag: Tag, sent: &mut Sent) {
    let Routing::TagCam { cores, .. } = &program.routing else { unreachable!() };
    for bit in 0..16 {
        if mask & (1 << bit) == 0 {
            continue;
        }
        let Some(core) = core_of(program, CoreAddress { chip, core: CoreId(bit) }) else {
            sent.unused_core += 1;
            continue;
        };
        let mut heard = BTreeSet::new();
        for (neuron, words) in cores[core].cam.iter().enumerate() {
            for (index, word) in words.iter().enumerate().filter(|(_, word)| word.tag == tag) {
                // No delay element, or one of those that the core has.
                let delay = if word.delay == 0 { 1 } else { cores[core].delays[usize::from(word.delay) - 1] };
                heard.insert(delay);
                let currents = &cores[core].weight_currents;
                let weight = match die {
                    None => switched(currents, word.weight_bits),
                    Some(die) => {
                        let address = program.cores[core].address;
                        let slot = Slot::Hardware(index as u64);
                        die.switches(address, NeuronId(neuron as u16), slot, currents, word.weight_bits)
                    }
                };
                let kind = usize::from(word.synapse);
                sent.arrivals.push((delay, Arrival { core, neuron, kind, weight, payload: 0, operations: 0 }));
            }
        }
        sent.delivered += heard.len() as u64;
        sent.unmatched += u64::from(heard.is_empty());
    }
}

/// The sum of the currents whose bits are on.
pub(crate) fn switched(currents: &[i16], bits: u8) -> i128 {
    let mut weight = 0;
    for (bit, current) in currents.iter().enumerate() {
        if bits & (1 << bit) != 0 {
            weight += i128::from(*current);
        }
    }
    weight
}

fn core_of(program: &Program, address: CoreAddress) -> Option<usize> {
    program.cores.iter().position(|core| core.address == address)
}

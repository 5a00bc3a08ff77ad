//! The crossbar router: event output, bus, driver, row, label.
//!
//! A neuron sends on the bus of its event output, the host on the bus that its channel names. Each array of a chip has
//! that bus. There the event passes every driver whose address agrees with its row select in the bits of the driver's
//! mask, and drives every synapse of that driver's rows that holds its label. As in the tag and CAM router all of this
//! is fixed by the memories, and followed once.
//!
//! A neuron of several circuits hears the synapses of all their columns, and sends from the first.
//!
//! What the crossbar could do besides (leaving an array out, filters of events, background sources) is not modelled:
//! an event reaches its bus in every array in use, and where no synapse answers it is counted as unmatched.

use crate::RouterError;
use crate::draft::{Draft, Route, RowDraft, Traffic};
use crate::error::{check_count, check_field, neuron};
use crate::kinds::Kind;
use crate::weights::{Scales, Slot};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{
    BusEvent, BusInput, ChipSpec, CoreProgram, CrossbarCore, CrossbarLimits, IdealSynapse, Program, SynapseDriver,
};
use units::CoreAddress;

/// Ticks from a spike to its arrival: the router itself takes less than a tick.
const DELAY_TICKS: u16 = 1;

/// A synapse and the driver that it hangs on.
struct Listener {
    driver: u8,
    select_mask: u8,
    synapse: IdealSynapse,
    /// Its row in the array, counted through buses and drivers, and on in the columns of a neuron beyond its first.
    slot: u64,
}

/// One array turned around: from a bus and a label to the synapses that may answer.
struct Array {
    listeners: BTreeMap<(u8, u8), Vec<Listener>>,
}

impl Array {
    fn new(
        program: &CoreProgram,
        memory: &CrossbarCore,
        limits: &CrossbarLimits,
        mut scales: Option<&mut Scales<'_>>,
    ) -> Result<Self, RouterError> {
        let core = program.address;
        if memory.weight_current < 0 {
            let (what, value) = ("negative weight current", memory.weight_current.into());
            return Err(RouterError::FieldTooWide { what, place: core.to_string(), value, limit: 0 });
        }
        let mut listeners: BTreeMap<(u8, u8), Vec<Listener>> = BTreeMap::new();
        let mut places = BTreeSet::new();
        for driver in &memory.drivers {
            check_driver(core, driver, limits)?;
            let SynapseDriver { bus, index, select_mask, .. } = *driver;
            for row in &driver.rows {
                let place = || format!("{core}, bus {bus}, driver {index}, row {}", row.row);
                check_field("row", row.row.into(), limits.rows_per_driver as i64 - 1, place)?;
                if !places.insert((bus, index, row.row)) {
                    return Err(RouterError::Twice { what: "row", place: place() });
                }
                let mut columns = BTreeSet::new();
                for cell in &row.cells {
                    let column = cell.column;
                    if !columns.insert(column) {
                        return Err(RouterError::Twice { what: "column", place: format!("{}, {column}", place()) });
                    }
                    // Without joined circuits, a neuron that is not in use is found as everywhere else.
                    let owner = if program.circuits.is_empty() { Some(column) } else { program.neuron_of(column) };
                    let target = owner.ok_or(RouterError::UnusedCircuit { address: neuron(core, column.index()) })?;
                    check_field("label", cell.label.into(), limits.label_count() as i64 - 1, place)?;
                    check_field("weight code", cell.weight.into(), limits.weight_max().into(), place)?;
                    let of_code = |code: u8| i32::from(code) * i32::from(memory.weight_current);
                    let weight = of_code(cell.weight);
                    let weight = i16::try_from(weight).map_err(|_| RouterError::CodeTooLarge {
                        target: neuron(core, target.index()),
                        code: cell.weight,
                        weight,
                        max: i16::MAX.into(),
                    })?;
                    let drivers = limits.drivers_per_bus as u64;
                    let slot = (u64::from(bus) * drivers + u64::from(index)) * limits.rows_per_driver as u64;
                    let slot = slot + u64::from(row.row);
                    let weight = match &mut scales {
                        None => weight,
                        Some(scales) => {
                            let place = Slot { core, neuron: column, number: slot };
                            let flips = scales.flips(place, limits.weight_bits) as u8;
                            let largest = of_code(limits.weight_max());
                            scales.weigh(place, of_code(cell.weight ^ flips), flips != 0, largest)?
                        }
                    };
                    let synapse = IdealSynapse { neuron: target, synapse: row.synapse, weight };
                    // The slots of a neuron are those of its columns, one after the other.
                    let beyond = column.0 - program.sender(target.index()).0;
                    let slot = slot + u64::from(beyond) * limits.synapse_rows as u64;
                    let listener = Listener { driver: index, select_mask, synapse, slot };
                    listeners.entry((bus, cell.label)).or_default().push(listener);
                }
            }
        }
        Ok(Self { listeners })
    }

    /// The synapses that `event` drives, and their slots.
    fn answers(&self, event: BusEvent) -> (Vec<IdealSynapse>, Vec<u64>) {
        let listeners = self.listeners.get(&(event.bus, event.label)).map_or(&[][..], Vec::as_slice);
        let selected = listeners.iter().filter(|l| (l.driver ^ event.row_select) & l.select_mask == 0);
        selected.map(|l| (l.synapse, l.slot)).unzip()
    }
}

fn check_driver(core: CoreAddress, driver: &SynapseDriver, limits: &CrossbarLimits) -> Result<(), RouterError> {
    let place = || core.to_string();
    check_field("bus", driver.bus.into(), limits.buses as i64 - 1, place)?;
    check_field("driver", driver.index.into(), limits.drivers_per_bus as i64 - 1, place)?;
    check_field("select mask", driver.select_mask.into(), (1 << limits.row_select_bits) - 1, place)
}

fn check_event(event: BusEvent, limits: &CrossbarLimits, place: impl Fn() -> String + Copy) -> Result<(), RouterError> {
    check_field("bus", event.bus.into(), limits.buses as i64 - 1, place)?;
    check_field("row select", event.row_select.into(), (1 << limits.row_select_bits) - 1, place)?;
    check_field("label", event.label.into(), limits.label_count() as i64 - 1, place)
}

/// What follows events to the arrays.
struct Follower<'a> {
    arrays: Vec<Array>,
    /// Whether rows remember the slots of their synapses.
    keep_slots: bool,
    /// By event: one row a core that answers. Sources with one address share them.
    rows: BTreeMap<BusEvent, Vec<u32>>,
    drafts: Vec<RowDraft<'a>>,
    routes: Vec<(usize, Route)>,
    traffic: Vec<Traffic>,
}

impl Follower<'_> {
    fn send(&mut self, source: usize, event: BusEvent) {
        let (arrays, drafts, keep_slots) = (&self.arrays, &mut self.drafts, self.keep_slots);
        let rows = self.rows.entry(event).or_insert_with(|| {
            let mut rows = Vec::new();
            for (core, array) in arrays.iter().enumerate() {
                let (synapses, slots) = array.answers(event);
                if !synapses.is_empty() {
                    rows.push(drafts.len() as u32);
                    let slots = if keep_slots { slots } else { Vec::new() };
                    drafts.push(RowDraft { core, synapses: Cow::Owned(synapses), slots: Cow::Owned(slots) });
                }
            }
            rows
        });
        self.routes.extend(rows.iter().map(|&row| (source, Route { row, delay_ticks: DELAY_TICKS })));
        self.traffic[source].sent += 1;
        self.traffic[source].unmatched += (self.arrays.len() - rows.len()) as u32;
    }
}

/// The memories of a program.
pub(crate) struct Arrays<'a> {
    pub(crate) limits: CrossbarLimits,
    pub(crate) cores: &'a [CrossbarCore],
    pub(crate) inputs: &'a [BusInput],
}

impl<'a> Kind<'a> for Arrays<'a> {
    fn follow(
        &self,
        _: &'a ChipSpec,
        program: &'a Program,
        mut scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError> {
        let Self { limits, cores, inputs } = *self;
        check_count("the board", cores.len(), program.cores.len())?;
        let mut arrays = Vec::with_capacity(cores.len());
        for (memory, core) in cores.iter().zip(&program.cores) {
            check_count(&core.address.to_string(), memory.events.len(), core.neuron_count as usize)?;
            arrays.push(Array::new(core, memory, &limits, scales.as_deref_mut())?);
        }
        let Draft { sources, rows: drafts, routes, traffic } = Draft::new(program);
        let keep_slots = scales.is_some_and(|scales| scales.keep_slots());
        let mut follower = Follower { arrays, keep_slots, rows: BTreeMap::new(), drafts, routes, traffic };
        for &BusInput { input, event } in inputs {
            if input.0 >= program.input_count {
                return Err(RouterError::UnknownInput { input: input.0, count: program.input_count });
            }
            check_event(event, &limits, || format!("input channel {input}"))?;
            follower.send(input.index(), event);
        }
        for (index, (memory, core)) in cores.iter().zip(&program.cores).enumerate() {
            for (number, event) in memory.events.iter().enumerate() {
                let Some(event) = *event else { continue };
                check_event(event, &limits, || neuron(core.address, number).to_string())?;
                let column = core.sender(number).index();
                if !limits.can_send(column, event.bus, event.row_select) {
                    let (low, free) = (limits.fixed_row_select(column), limits.free_select_bits());
                    return Err(RouterError::WrongOutput {
                        address: neuron(core.address, number),
                        bus: event.bus,
                        row_select: event.row_select,
                        own_bus: limits.bus_of_column(column) as u8,
                        own_row_selects: (low, low + ((1u16 << free) - 1) as u8),
                    });
                }
                follower.send(sources.first_of_core[index] as usize + number, event);
            }
        }
        let Follower { drafts, routes, traffic, .. } = follower;
        Ok(Draft { sources, rows: drafts, routes, traffic })
    }
}

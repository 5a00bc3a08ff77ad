//! The memory image of a board: everything that a mapper decides and an emulator needs.

use crate::models::CoreModel;
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, CoreId, InputId, NeuronAddress, NeuronId, Quantity, Tag};

/// A parameter of a core: one value for all, or one a neuron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Values {
    /// All neurons share the value.
    Shared(Quantity),
    /// One value a neuron, in order; only on chips with `parameters_per_neuron`.
    PerNeuron(Vec<Quantity>),
}

impl Values {
    /// The value of neuron `index`.
    pub fn get(&self, index: usize) -> Quantity {
        match self {
            Self::Shared(q) => *q,
            Self::PerNeuron(all) => all[index],
        }
    }
}

/// The circuits of a neuron: neighbours that are joined to one membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Circuits {
    /// The first, which is the one that fires: its threshold and its event output are those of the neuron.
    pub first: NeuronId,
    /// How many, this one counted; at least 1.
    pub count: u16,
}

/// The contents of one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreProgram {
    /// Which core.
    pub address: CoreAddress,
    /// The equations that it runs.
    pub model: CoreModel,
    /// Neurons in use, numbered from 0.
    pub neuron_count: u32,
    /// Asked-for parameter values by name; a parameter that is not here is nominal.
    pub parameters: BTreeMap<String, Values>,
    /// Weights of this core are integers times `2^weight_exponent` of the weight format's last place
    /// (2^-20 of the network's weight unit). From 0 to 20, or to 27 for the model `loihi`. It bounds the scale of the
    /// core ([`crate::ChipSpec::core_scale`]).
    pub weight_exponent: u8,
    /// Circuits of `0..neuron_count` that are switched off, sorted: they never send anything, whatever the die makes of
    /// them. A mapping that keeps away from broken circuits leaves such gaps.
    pub off: Vec<NeuronId>,
    /// The circuits of each neuron, in the order of the circuits, on chips that join them; empty: each neuron is the
    /// circuit of its own number.
    pub circuits: Vec<Circuits>,
}

impl CoreProgram {
    /// The circuits of neuron `neuron`.
    pub fn circuits_of(&self, neuron: usize) -> Circuits {
        let own = Circuits { first: NeuronId(neuron as u16), count: 1 };
        self.circuits.get(neuron).copied().unwrap_or(own)
    }

    /// The circuit that fires for neuron `neuron`.
    pub fn sender(&self, neuron: usize) -> NeuronId {
        self.circuits_of(neuron).first
    }

    /// The neuron that circuit `circuit` belongs to; `None` if it belongs to none.
    pub fn neuron_of(&self, circuit: NeuronId) -> Option<NeuronId> {
        if self.circuits.is_empty() {
            return (u32::from(circuit.0) < self.neuron_count).then_some(circuit);
        }
        let neuron = self.circuits.partition_point(|own| own.first <= circuit).checked_sub(1)?;
        let own = self.circuits[neuron];
        (circuit.0 - own.first.0 < own.count).then_some(NeuronId(neuron as u16))
    }
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A channel of the host.
    Input(InputId),
    /// A neuron of the board.
    Neuron(NeuronAddress),
}

/// A synapse whose weight is a number, as ideal routers, axon chips and Xylo store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdealSynapse {
    /// Target circuit in the destination core of the row.
    pub neuron: NeuronId,
    /// Index of the synapse kind in the chip spec.
    pub synapse: u8,
    /// Weight in units of the destination core's weight step; never negative for a kind with a fixed sign.
    pub weight: i16,
}

/// All synapses of the ideal router from one source into one core with one delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdealRow {
    /// Where the events come from.
    pub source: Source,
    /// The core that they reach.
    pub destination: CoreAddress,
    /// Ticks between sending and arrival, at least 1.
    pub delay_ticks: u16,
    /// The synapses, sorted.
    pub synapses: Vec<IdealSynapse>,
}

/// A CAM word: one synapse of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CamWord {
    /// The tag that this word answers to.
    pub tag: Tag,
    /// Index of the synapse kind (dendrite) in the chip spec.
    pub synapse: u8,
    /// Which of the core's weight currents are switched on, one bit each; the weight is their sum.
    pub weight_bits: u8,
    /// Its delay code. 0: one tick, without a delay element; otherwise one more than an index into
    /// [`TagCamCore::delays`].
    pub delay: u8,
}

/// An SRAM word: one destination chip of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SramWord {
    /// Chips to go in x, positive to the right.
    pub hop_x: i8,
    /// Chips to go in y, positive upwards.
    pub hop_y: i8,
    /// Cores of the destination chip that hear the tag, one bit each.
    pub core_mask: u16,
    /// The tag that is broadcast there.
    pub tag: Tag,
}

impl TagCamCore {
    /// Ticks from sending to arrival at a word of delay code `code`; `None` if the core does not have it.
    pub fn delay_ticks(&self, code: u8) -> Option<u16> {
        match code.checked_sub(1) {
            None => Some(1),
            Some(index) => self.delays.get(usize::from(index)).copied(),
        }
    }

    /// The slot of word `word` of neuron `neuron`.
    pub fn slot(&self, neuron: usize, word: usize) -> u16 {
        self.slots.get(neuron).and_then(|slots| slots.get(word)).copied().unwrap_or(word as u16)
    }
}

/// The memories of one core of a tag and CAM chip; same order as [`Program::cores`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCamCore {
    /// The core-wide weight currents, in units of the core's weight step. Not negative.
    pub weight_currents: Vec<i16>,
    /// The core-wide delays in ticks, by code from 1 on.
    pub delays: Vec<u16>,
    /// CAM words of each neuron in use.
    pub cam: Vec<Vec<CamWord>>,
    /// SRAM words of each neuron in use.
    pub sram: Vec<Vec<SramWord>>,
    /// The slot that each of the CAM words lies in, by neuron, as [`TagCamCore::cam`] lists them; empty: word `i` of
    /// every neuron lies in slot `i`. A mapping that knows its die keeps away from broken slots.
    pub slots: Vec<Vec<u16>>,
}

/// An event that the host sends to a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostEvent {
    /// Destination chip on the board.
    pub chip: units::ChipId,
    /// Cores of that chip that hear the tag.
    pub core_mask: u16,
    /// The tag.
    pub tag: Tag,
}

/// What an input channel sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRoute {
    /// The channel.
    pub input: InputId,
    /// One event a destination chip.
    pub events: Vec<HostEvent>,
}

/// The core of a Xylo chip that holds its hidden neurons.
pub const XYLO_HIDDEN: CoreId = CoreId(0);
/// The core of a Xylo chip that holds its output neurons.
pub const XYLO_OUTPUT: CoreId = CoreId(1);

/// Left shifts of all weights of a matrix of a Xylo chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XyloShifts {
    /// From input channels to hidden neurons.
    pub input: u8,
    /// From hidden to hidden neurons.
    pub recurrent: u8,
    /// From hidden to output neurons.
    pub output: u8,
}

impl XyloShifts {
    /// The shift of the matrix from `source` into the core `destination`.
    pub fn of(self, source: Source, destination: CoreAddress) -> u8 {
        match source {
            _ if destination.core == XYLO_OUTPUT => self.output,
            Source::Input(_) => self.input,
            Source::Neuron(_) => self.recurrent,
        }
    }
}

/// An event on a bus of synapse drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BusEvent {
    /// The bus, the same in every array.
    pub bus: u8,
    /// Which drivers pass it on: those that agree with it in the bits of their mask.
    pub row_select: u8,
    /// Which synapses answer.
    pub label: u8,
}

/// A synapse of a crossbar chip: what lies where a row crosses a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SynapseCell {
    /// The column: the circuit of the core that it drives.
    pub column: NeuronId,
    /// The label of the events that it answers to.
    pub label: u8,
    /// The weight code, in units of the core's weight current.
    pub weight: u8,
}

/// A row of synapses, all of one kind and so of one sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseRow {
    /// Which of the rows of its driver.
    pub row: u8,
    /// Index of the synapse kind in the chip spec.
    pub synapse: u8,
    /// The synapses in use, at most one a column.
    pub cells: Vec<SynapseCell>,
}

/// A synapse driver: it passes the events of its bus that select it to its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseDriver {
    /// The bus that it listens to.
    pub bus: u8,
    /// Its place on that bus, which is also its address.
    pub index: u8,
    /// The bits in which the row select of an event must agree with its address; 0: it passes every event.
    pub select_mask: u8,
    /// Its rows in use.
    pub rows: Vec<SynapseRow>,
}

/// The memories of one array of a crossbar chip; same order as [`Program::cores`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossbarCore {
    /// The weight of code 1, in units of the core's weight step. Not negative.
    pub weight_current: i16,
    /// The drivers in use.
    pub drivers: Vec<SynapseDriver>,
    /// What each neuron in use sends; none: its events go nowhere. Its event output fixes the bus and the upper bits
    /// of the row select, see [`crate::CrossbarLimits::can_send`].
    pub events: Vec<Option<BusEvent>>,
}

/// What an input channel sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BusInput {
    /// The channel.
    pub input: InputId,
    /// The event.
    pub event: BusEvent,
}

/// Which signs the weights of a group of synapse lists have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WeightSigns {
    /// Both; the sign takes one of the bits of a weight.
    Mixed,
    /// None is negative.
    Excitatory,
    /// None is positive.
    Inhibitory,
}

/// How the lists of a group are stored in the synapse memory of a core of an axon chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SynapseGroup {
    /// The signs of its weights.
    pub signs: WeightSigns,
    /// Bits of a weight, the sign of a mixed one included.
    pub bits: u8,
    /// Power of two that the mantissas of the group are multiplied by; not below that of the core, which is
    /// [`CoreProgram::weight_exponent`] less 20.
    pub exponent: i8,
    /// Steps that its synapses wait, beyond the one that every spike takes.
    pub delay: u16,
    /// Whether each list has a place for every neuron of the core, in order and without an index. Otherwise each
    /// synapse carries the index of its neuron.
    pub dense: bool,
}

/// An input axon of a core: the list of synapses that it points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputAxon {
    /// The group that says how the list is stored, as an index into [`AxonCore::groups`].
    pub group: u16,
    /// The synapses; a weight is a mantissa, before the exponent of its group.
    pub synapses: Vec<IdealSynapse>,
}

/// Where an output axon, or an event of the host, goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AxonTarget {
    /// The core.
    pub core: CoreAddress,
    /// Index into the input axons of that core.
    pub axon: u32,
}

/// An output axon of a core: one core that one of its neurons reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutputAxon {
    /// The neuron that sends.
    pub neuron: NeuronId,
    /// Where its spikes go.
    pub target: AxonTarget,
}

/// An input axon that the host sends the events of a channel to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostAxon {
    /// The channel.
    pub input: InputId,
    /// Where its events go.
    pub target: AxonTarget,
}

/// The memories of one core of an axon chip; same order as [`Program::cores`]. The exponent in which its sums are kept,
/// the lowest that a group can have, is [`CoreProgram::weight_exponent`], less 20.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxonCore {
    /// How lists of synapses are stored.
    pub groups: Vec<SynapseGroup>,
    /// What the core hears, with the synapses: its synapse memory.
    pub input_axons: Vec<InputAxon>,
    /// Where its neurons send, each to any number of axons.
    pub output_axons: Vec<OutputAxon>,
}

/// The connection memories, by kind of router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Routing {
    /// Rows of the ideal router, sorted by source, destination and delay.
    Ideal(Vec<IdealRow>),
    /// Memories of a tag and CAM chip.
    TagCam {
        /// One entry a core of [`Program::cores`].
        cores: Vec<TagCamCore>,
        /// What each input channel sends.
        inputs: Vec<InputRoute>,
        /// Position (x, y) of each chip on the board, by [`units::ChipId`].
        positions: Vec<(i8, i8)>,
    },
    /// Matrices of a Xylo chip.
    Xylo {
        /// One row a source and layer, with a delay of one tick. A weight is as the chip stores it, before the shift of
        /// its matrix. The order of the synapses of a row is that of delivery, which saturation makes visible.
        rows: Vec<IdealRow>,
        /// The shifts of the matrices.
        shifts: XyloShifts,
        /// By hidden neuron: the hidden neurons to whose counts its spikes are added, in this order. Empty: none at
        /// all.
        aliases: Vec<Vec<NeuronId>>,
    },
    /// Memories of a crossbar chip.
    Crossbar {
        /// One entry a core of [`Program::cores`].
        cores: Vec<CrossbarCore>,
        /// What the input channels send; a channel that is not here reaches nobody.
        inputs: Vec<BusInput>,
    },
    /// Memories of an axon chip.
    Axon {
        /// One entry a core of [`Program::cores`].
        cores: Vec<AxonCore>,
        /// Where the events of the input channels go, each to any number of axons.
        inputs: Vec<HostAxon>,
        /// Steps that an event of the host takes beyond the one that every spike takes.
        input_latency: u8,
    },
}

/// What the ideal router holds.
impl From<Vec<IdealRow>> for Routing {
    fn from(rows: Vec<IdealRow>) -> Self {
        Self::Ideal(rows)
    }
}

impl Routing {
    /// The matrices of a Xylo chip; see [`Routing::Xylo`].
    pub const fn matrices(rows: Vec<IdealRow>, shifts: XyloShifts, aliases: Vec<Vec<NeuronId>>) -> Self {
        Self::Xylo { rows, shifts, aliases }
    }

    /// By hidden neuron of a Xylo chip: the neurons to whose counts its spikes are added. Empty on every other chip.
    pub fn aliases(&self) -> &[Vec<NeuronId>] {
        match self {
            Self::Xylo { aliases, .. } => aliases,
            Self::Ideal(_) | Self::TagCam { .. } | Self::Crossbar { .. } | Self::Axon { .. } => &[],
        }
    }
}

/// Everything that is loaded into a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the chip that this was made for.
    pub chip: String,
    /// The clock that its network brought; none: that of the chip.
    pub clock: Option<crate::Clock>,
    /// Cores in use, sorted by address.
    pub cores: Vec<CoreProgram>,
    /// Number of input channels.
    pub input_count: u32,
    /// The connections.
    pub routing: Routing,
}

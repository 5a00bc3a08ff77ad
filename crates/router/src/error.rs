//! What is wrong with a program's routing. Every variant is fatal for that program.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use alloc::string::String;
use chip::{CoreModel, Source};
use device_models::DeviceModelError;
use thiserror::Error;
use units::{ChipId, CoreAddress, NeuronAddress, NeuronId};

/// Why a program cannot be loaded into the router of its chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RouterError {
    /// The program's routing is of another kind than the chip's router.
    #[error("the program has routing for {program}, but chip `{chip}` has {found}; map the network for this chip")]
    WrongRouter {
        /// Name of the chip.
        chip: String,
        /// What the chip has.
        found: &'static str,
        /// What the program was made for.
        program: &'static str,
    },
    /// The cores of a program are not sorted, or one occurs twice.
    #[error("{core}: the cores of a program must be sorted by address, each once")]
    CoreOrder {
        /// The core that is out of order.
        core: CoreAddress,
    },
    /// A core is not on the board.
    #[error("{core} does not exist: the board has at most {chips} chips of {cores} cores")]
    UnknownCore {
        core: CoreAddress,
        /// Chips of a board.
        chips: usize,
        /// Cores of a chip.
        cores: usize,
    },
    /// A core uses more neurons than it has, or none.
    #[error("{core} uses {used} neurons; it has {limit} and a core in use needs at least 1")]
    NeuronCount {
        core: CoreAddress,
        /// Neurons that the program uses.
        used: u32,
        /// Neurons of the core.
        limit: usize,
    },
    /// Circuits of a neuron that the core does not have, that another neuron has, or that cannot be joined.
    #[error(
        "{address} is made of {count} circuits from circuit {first} on; a neuron has 1 to {most} on this chip, from the \
         first free one, {free}, on, and the core has {limit}"
    )]
    Circuits {
        /// The neuron.
        address: NeuronAddress,
        /// Its first circuit.
        first: usize,
        /// How many.
        count: usize,
        /// The first circuit that neurons before it leave free.
        free: usize,
        /// Circuits that can be joined.
        most: usize,
        /// Circuits of the core.
        limit: usize,
    },
    /// A synapse in the column of a circuit that belongs to no neuron.
    #[error("a synapse lies in the column of {address}, a circuit that belongs to no neuron of the program")]
    UnusedCircuit {
        /// The circuit.
        address: NeuronAddress,
    },
    /// A connection starts or ends at a core that the program does not use.
    #[error("a connection names {core}, which this program does not use")]
    UnusedCore { core: CoreAddress },
    /// A connection starts or ends at a neuron that its core does not use.
    #[error("{address} is not in use: the program uses neurons 0 to {last} of that core")]
    UnusedNeuron {
        /// The neuron.
        address: NeuronAddress,
        /// Last neuron in use.
        last: u32,
    },
    /// A connection or an input route names a channel that the program does not have.
    #[error("input channel {input} does not exist: the program has {count}")]
    UnknownInput {
        /// The channel.
        input: u32,
        /// Channels of the program.
        count: u32,
    },
    /// A connection without delay.
    #[error("the row from {origin:?} to {destination} has delay 0; an event takes at least 1 tick")]
    ZeroDelay {
        /// Where the row starts.
        origin: Source,
        /// Where it ends.
        destination: CoreAddress,
    },
    /// A synapse names a kind that the chip does not have.
    #[error("{target} has a synapse of kind {kind}; the chip has {count} kinds")]
    UnknownSynapse {
        /// The neuron.
        target: NeuronAddress,
        /// Index of the kind.
        kind: u8,
        /// Kinds of the chip.
        count: usize,
    },
    /// A negative weight on a kind of synapse whose sign is fixed.
    #[error("{target} has weight {weight} on synapse `{kind}`, whose sign is fixed; use the kind of the other sign")]
    NegativeWeight {
        /// The neuron.
        target: NeuronAddress,
        /// Name of the kind.
        kind: String,
        weight: i32,
    },
    /// The weight currents that a CAM word switches on add up to more than a weight can hold.
    #[error("{target}: weight bits {weight_bits:#b} add up to {weight}, more than {max}; lower the weight currents")]
    WeightTooLarge {
        /// The neuron.
        target: NeuronAddress,
        /// The bits of the CAM word.
        weight_bits: u8,
        /// Their sum.
        weight: i32,
        /// Largest weight.
        max: i32,
    },
    /// All inputs of a neuron arriving at once would overflow its accumulator.
    #[error(
        "{target}: the weights of its inputs can add up to {sum} in one step, but accumulators hold {limit}; \
         map the network again with smaller weights and thresholds, or with fewer connections"
    )]
    AccumulatorOverflow {
        /// The neuron.
        target: NeuronAddress,
        /// Largest sum that can arrive.
        sum: u64,
        /// Largest sum that an accumulator holds.
        limit: u64,
    },
    /// Spikes cannot drive rate units, nor graded events spiking neurons.
    #[error(
        "{origin:?} sends what `{from}` cores understand, but its events reach a `{to}` core; connect like to like"
    )]
    MixedModels {
        /// The source.
        origin: Source,
        /// What its events are.
        from: CoreModel,
        /// What they reach.
        to: CoreModel,
    },
    /// A connection that no matrix of a Xylo chip holds.
    #[error(
        "{origin:?} cannot reach {destination}: the matrices go from input channels to the hidden layer (core 0), and \
         from there to itself and to the output layer (core 1)"
    )]
    XyloWay {
        /// The source.
        origin: Source,
        /// The core that it is to reach.
        destination: CoreAddress,
    },
    /// A delay on a Xylo chip.
    #[error("a row from {origin:?} to {destination} has a delay of {delay_ticks} ticks; Xylo has 1 tick only")]
    XyloDelay {
        /// The source.
        origin: Source,
        /// The core.
        destination: CoreAddress,
        /// The delay.
        delay_ticks: u16,
    },
    /// A weight that a Xylo chip cannot hold.
    #[error("a synapse of {target} has the weight {weight}; a weight is from {low} to {high}, before the shift")]
    XyloWeight {
        /// The neuron where it ends.
        target: NeuronAddress,
        weight: i16,
        /// Lowest weight.
        low: i16,
        /// Highest weight.
        high: i16,
    },
    /// An output axon, or an event of the host, names an input axon that its core does not have.
    #[error("{origin:?} sends to input axon {axon} of {destination}, which has {count}")]
    UnknownAxon {
        /// Where the events come from.
        origin: Source,
        /// The core.
        destination: CoreAddress,
        axon: u32,
        /// Input axons of the core.
        count: usize,
    },
    /// A weight that the synapse memory of an axon chip cannot hold.
    #[error(
        "a synapse of {target} has the mantissa {weight}; its group holds multiples of {step} from {low} to {high}"
    )]
    AxonWeight {
        /// The neuron where it ends.
        target: NeuronAddress,
        /// The mantissa.
        weight: i16,
        /// Lowest mantissa.
        low: i16,
        /// Highest mantissa.
        high: i16,
        /// Distance of two mantissas.
        step: u16,
    },
    /// The powers of two of a core's groups are too far apart for the 16 bits in which weights are added up.
    #[error(
        "a synapse of {target} has the mantissa {weight} with the exponent {exponent}, in a core whose sums have the \
         exponent {least}: together they do not fit 16 bits; raise the exponent of the core"
    )]
    AxonSpread {
        /// The neuron where it ends.
        target: NeuronAddress,
        /// The mantissa.
        weight: i16,
        /// The exponent of its group.
        exponent: i8,
        /// The exponent of its core.
        least: i8,
    },
    /// A core or group of an axon chip multiplies its weights by a power of two that the chip or the core does not
    /// have.
    #[error("{core} has the weight exponent {exponent}; from {low} to {high} can be had there")]
    WeightExponent {
        core: CoreAddress,
        exponent: i64,
        /// Lowest exponent of the chip.
        low: i8,
        /// Highest exponent.
        high: i8,
    },
    /// A memory has more entries than the hardware.
    #[error("{what} of {place}: {used} needed, {limit} available")]
    MemoryFull {
        /// Which memory.
        what: &'static str,
        /// Whose memory.
        place: String,
        /// Entries that the program has.
        used: usize,
        /// Entries that the hardware has.
        limit: usize,
    },
    /// A tag, a bit mask or a hop does not fit its field.
    #[error("{what} {value} of {place} does not fit: the limit is {limit}")]
    FieldTooWide {
        /// Which field.
        what: &'static str,
        /// Whose word.
        place: String,
        value: i64,
        /// Largest value that fits.
        limit: i64,
    },
    /// Two chips sit at one place of the board, or a chip has no place.
    #[error("chip {chip} has no place of its own on the board; give each chip its own position")]
    Position { chip: ChipId },
    /// A weight code times the weight current of its core is more than a weight can hold.
    #[error("{target}: weight code {code} makes {weight}, more than {max}; lower the weight current of the core")]
    CodeTooLarge {
        /// The neuron.
        target: NeuronAddress,
        code: u8,
        /// What it makes.
        weight: i32,
        /// Largest weight.
        max: i32,
    },
    /// A neuron that sends where its event output does not lead.
    #[error(
        "{address} sends on bus {bus} with row select {row_select}, but its event output sends on bus {own_bus} with \
         row selects {} to {}", own_row_selects.0, own_row_selects.1
    )]
    WrongOutput {
        /// The neuron.
        address: NeuronAddress,
        /// The bus of the program.
        bus: u8,
        /// The row select of the program.
        row_select: u8,
        /// The bus of its output.
        own_bus: u8,
        /// Lowest and highest row select that it can send.
        own_row_selects: (u8, u8),
    },
    /// A place of a memory that is filled twice.
    #[error("{what} of {place} is given twice; a program fills each place once")]
    Twice {
        /// What is there twice.
        what: &'static str,
        /// Where.
        place: String,
    },
    /// The list of memories does not fit the list of cores or neurons.
    #[error("{place}: {found} memories given for {expected} users")]
    MemoryCount {
        /// Which list.
        place: String,
        /// Entries found.
        found: usize,
        /// Entries needed.
        expected: usize,
    },
    /// A weight has more bits than the memory whose bits flip.
    #[error(
        "{target}: weight {weight} does not fit the {bits} bits of a stored weight, {lowest} to {largest}; scale the \
         weights down, or correct `faults.weight_bits`"
    )]
    StoredWeight {
        /// The neuron with the synapse.
        target: NeuronAddress,
        weight: i16,
        /// Bits of a stored weight.
        bits: u32,
        /// Lowest weight of this kind that fits.
        lowest: i32,
        /// Largest one.
        largest: i32,
    },
    /// The core's own rules are broken.
    #[error(transparent)]
    Core(#[from] DeviceModelError),
    /// More rows or synapses than 32 bits can count.
    #[error("the program has more than 2^32 synapses or rows; split it over several boards")]
    TooLarge,
}

/// "neuron 3 of chip 0 core 1", for messages about memories.
pub(crate) fn neuron(core: CoreAddress, neuron: usize) -> NeuronAddress {
    NeuronAddress { core, neuron: NeuronId(neuron as u16) }
}

/// Checks a value against the largest one of its field.
pub(crate) fn check_field(
    what: &'static str,
    value: i64,
    limit: i64,
    place: impl Fn() -> String,
) -> Result<(), RouterError> {
    if value.abs() <= limit { Ok(()) } else { Err(RouterError::FieldTooWide { what, place: place(), value, limit }) }
}

/// Checks that there is a memory for each of its users.
pub(crate) fn check_count(place: &str, found: usize, expected: usize) -> Result<(), RouterError> {
    if found == expected { Ok(()) } else { Err(RouterError::MemoryCount { place: place.into(), found, expected }) }
}

/// Checks how full a memory is.
pub(crate) fn check_memory(
    what: &'static str,
    used: usize,
    limit: usize,
    place: impl Fn() -> String,
) -> Result<(), RouterError> {
    if used <= limit { Ok(()) } else { Err(RouterError::MemoryFull { what, place: place(), used, limit }) }
}

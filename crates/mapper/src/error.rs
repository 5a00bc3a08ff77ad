//! Why a network could not be mapped.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

mod subject;
mod words;

use crate::die::DieMisfit;
use crate::kinds::XyloMisfit;
use crate::kinds::tag_cam::TagNeed;
use crate::readout::ReadoutMisfit;
use crate::report::WeightChange;
use chip::{CoreModel, Demand, PLAIN_SHIFT, SynapseSign};
use device_models::DeviceModelError;
use network::NetworkError;
use router::RouterError;
use thiserror::Error;
use units::{CoreAddress, NeuronAddress, Quantity, QuantityError};
use words::{change, effect, others, shared};

pub use subject::Subject;
pub(crate) use words::list;

/// Why a network could not be mapped. No variant leaves anything behind: fix the network, choose another chip or
/// another option, and map again.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MapperError {
    /// The network contradicts itself.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The network brings a clock that the chip does not take.
    #[error(transparent)]
    Clock(#[from] chip::ClockError),
    /// The chip description breaks a rule.
    #[error("chip `{chip}`: {path}: {message} (rule `{rule}`)")]
    Chip {
        chip: String,
        rule: &'static str,
        /// The offending entry.
        path: String,
        /// What to do.
        message: String,
    },
    /// The chip has no core with the equations of a population.
    #[error("population `{population}` needs the core model `{model}`; chip `{chip}` offers {}", list(offered))]
    Model {
        population: String,
        model: CoreModel,
        chip: String,
        /// What there is.
        offered: Vec<String>,
    },
    /// The file of a placement was not read before the mapping.
    #[error(
        "the placement is to be as in the file `{file}`, which nobody has read: use `MapperOptions::read_placement`"
    )]
    PlacementUnread { file: String },
    /// The file of the activity was not read before the mapping.
    #[error(
        "spikes are to be counted as in the file `{file}`, which nobody has read: use `MapperOptions::read_activity`"
    )]
    ActivityUnread { file: String },
    /// Pruning by an activity that nobody knows.
    #[error(
        "connections are to be pruned by the spikes of their sources, and nobody says how many these are: give a file of \
         spikes as the option `activity`, or prune by weight"
    )]
    NoActivity,
    /// A limit at which the way that was chosen for over-full networks cannot help.
    #[error("{error}; over_full = `{way}` cannot help at this limit ({limit}): {reason}{}", others(helpers))]
    OverFull {
        /// What was chosen.
        way: &'static str,
        /// The limit.
        limit: &'static str,
        /// Why it cannot help.
        reason: &'static str,
        /// What can.
        helpers: Vec<&'static str>,
        /// The refusal.
        error: Box<MapperError>,
    },
    /// Circuits that are joined for more rows, and are then too few.
    #[error("population `{population}` lacks {missing} circuits of the board's {circuits}: {joined}; {certificate}")]
    Joined {
        population: String,
        /// Circuits that it lacks.
        missing: u64,
        /// Circuits of the board.
        circuits: u64,
        /// How many circuits each neuron of which population takes, and why.
        joined: String,
        /// Whether any other mapping could do it.
        certificate: String,
    },
    /// A given placement does not fit the network or the chip.
    #[error("the placement does not fit: {reason}")]
    Placement { reason: String },
    /// The weights of a projection are further off than the options allow.
    #[error(
        "projection `{projection}`: its weights are off by {:.3} % of their root mean square{}, and no more than {} % is \
         allowed; bring the weights of its core closer together, choose another goal of their search, give its \
         population a core of its own or allow more", 100.0 * error, change(first), 100.0 * limit
    )]
    WeightError {
        projection: String,
        /// Root mean square of the differences, relative to that of the weights.
        error: f64,
        /// What is allowed of it.
        limit: f64,
        /// The first weight that changed by more than a factor of 2.
        first: Option<WeightChange>,
    },
    /// The neurons do not fit the board.
    #[error(
        "population `{population}` of {neurons} neurons lacks {missing} circuits: {free} of the board's {circuits} are \
         free for it; {ways}"
    )]
    BoardFull {
        population: String,
        neurons: u32,
        /// Neurons that find no circuit.
        missing: u32,
        /// Circuits that are free and that it may use.
        free: u64,
        /// Circuits of the board.
        circuits: u64,
        /// Whether there are circuits, and it is the memories of their cores that are taken.
        memories: bool,
        /// What can be done.
        ways: String,
    },
    /// A parameter that the chip does not have.
    #[error("population `{population}`: chip `{chip}` has no parameter `{parameter}`; it has {}", list(known))]
    UnknownParameter {
        population: String,
        parameter: String,
        chip: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A parameter that the chip has, but for other core models.
    #[error(
        "population `{population}`: its core model `{model}` does not read the parameter `{parameter}`; it reads {}",
        list(read)
    )]
    UnreadParameter {
        population: String,
        parameter: String,
        /// The model of the population.
        model: CoreModel,
        /// What the model reads.
        read: Vec<String>,
    },
    /// A parameter value of the wrong dimension.
    #[error("population `{population}`: parameter `{parameter}` = {value}: {cause}")]
    ParameterUnit {
        population: String,
        parameter: String,
        /// The value asked for.
        value: Quantity,
        /// What is wrong with it.
        cause: QuantityError,
    },
    /// A parameter value that the equations of the population cannot use.
    #[error("population `{population}`: parameter `{parameter}` = {value}: {reader} needs a value {demand}")]
    ParameterValue {
        population: String,
        parameter: String,
        /// The value asked for.
        value: Quantity,
        /// Who reads it: ``core model `lif` ``.
        reader: String,
        /// What the value must be.
        demand: Demand,
    },
    /// A parameter value that the chip's biases cannot reach.
    #[error(
        "population `{population}`: parameter `{parameter}` = {value} is outside the range of chip `{chip}`, \
         {} to {}", range.0, range.1
    )]
    ParameterRange {
        population: String,
        parameter: String,
        chip: String,
        /// The value asked for.
        value: Quantity,
        /// Lowest and highest value.
        range: Box<(Quantity, Quantity)>,
    },
    /// Values for each neuron on a chip whose cores share them.
    #[error(
        "population `{population}`: parameter `{parameter}` has a value for each neuron, but the neurons of a core \
         of chip `{chip}` share one; give one value, or split the population"
    )]
    PerNeuron { population: String, parameter: String, chip: String },
    /// A kind of synapse that the chip does not have.
    #[error("projection `{projection}`: chip `{chip}` has no synapse `{synapse}`; it has {}", list(known))]
    UnknownSynapse {
        projection: String,
        /// The kind asked for.
        synapse: String,
        chip: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A weight whose sign its kind of synapse cannot have.
    #[error(
        "projection `{projection}`: weight {weight} from {pre} to {post} cannot be had from synapse `{synapse}`, which \
         {}; choose another kind for this sign", effect(*sign)
    )]
    SynapseSign {
        projection: String,
        /// The kind of synapse.
        synapse: String,
        sign: SynapseSign,
        /// The weight, as a decimal.
        weight: String,
        /// Sending neuron or channel.
        pre: u32,
        /// Receiving neuron.
        post: u32,
    },
    /// A kind of synapse whose time course the equations of the population do not have.
    #[error("projection `{projection}`: synapse `{synapse}` does not act on `{model}` neurons, as `{population}` has")]
    SynapseModel {
        projection: String,
        /// The kind of synapse.
        synapse: String,
        /// The receiving population.
        population: String,
        model: CoreModel,
    },
    /// A kind of synapse whose weights are parts of wider ones.
    #[error(
        "projection `{projection}`: synapse `{synapse}` carries a slice of a weight, shifted by {shift} bits; name a kind \
         without slices, or with a shift of {PLAIN_SHIFT}, which is that of whole weights"
    )]
    SliceOfWeight {
        projection: String,
        /// The kind of synapse.
        synapse: String,
        shift: u8,
    },
    /// Spikes sent to rate units, or graded events to spiking neurons.
    #[error("projection `{projection}` goes from `{pre}` neurons to `{post}` neurons, which do not share events")]
    ModelPair {
        projection: String,
        /// Model of the senders.
        pre: CoreModel,
        /// Model of the receivers.
        post: CoreModel,
    },
    /// An input channel that reaches rate units and spiking neurons.
    #[error(
        "channel {index} of input `{input}` reaches `{from}` neurons and `{to}` neurons, which do not share events; give \
         each its own input"
    )]
    InputModels {
        /// The input group.
        input: String,
        /// The channel.
        index: u32,
        /// Model of some receivers.
        from: CoreModel,
        /// Model of others.
        to: CoreModel,
    },
    /// A delay that the router does not have.
    #[error("projection `{projection}`: a delay of {delay_ticks} ticks; chip `{chip}` has {allowed}")]
    Delay {
        projection: String,
        /// The delay asked for.
        delay_ticks: u16,
        chip: String,
        /// What there is, in words.
        allowed: String,
    },
    /// Projections into one core state more different delays than it has.
    #[error(
        "core {core} is to have {needed} delays beside one tick ({delays} ticks, of the projections {projections}), but \
         has {limit}: state fewer different ones, or give each of these populations a core of its own"
    )]
    CoreDelays {
        core: CoreAddress,
        /// Different delays.
        needed: usize,
        /// Which.
        delays: String,
        /// The projections that state them.
        projections: String,
        /// Delays that the core has.
        limit: usize,
    },
    /// A neuron that by itself exceeds a memory of its core.
    #[error(
        "population `{population}`: a core with one of its neurons needs {needed} {resource}, but has {limit}; reduce \
         the connections of its neurons"
    )]
    CoreMemory {
        population: String,
        /// Which memory.
        resource: &'static str,
        /// How much of it is needed.
        needed: u64,
        /// How much there is.
        limit: u64,
    },
    /// A weight that no mantissa and exponent of the chip make.
    #[error(
        "projection `{projection}`: weight {weight} from {pre} to {post} is beyond {limit}, the largest that this chip \
         makes; scale weights and the thresholds that the network gives its populations down together"
    )]
    WeightRange {
        projection: String,
        /// Sending neuron or channel.
        pre: u32,
        /// Receiving neuron.
        post: u32,
        /// The weight, as a decimal.
        weight: String,
        /// The largest magnitude.
        limit: u64,
    },
    /// A format of weights that a projection states and cannot have.
    #[error("projection `{projection}`: its `weight_format`: {reason}")]
    WeightFormat {
        projection: String,
        /// Why, and what can be had.
        reason: String,
    },
    /// A neuron whose inputs add up to more than its accumulators hold, with the coarsest weights that the chip has.
    #[error(
        "neuron {index} of `{population}`: the weights of its inputs can add up to {needed} in one step, in the coarsest \
         steps of its core, but its accumulators hold {limit}; reduce its fan-in, or scale \
         weights and the thresholds that the network gives its populations down together"
    )]
    Sums {
        population: String,
        /// Its index there.
        index: u32,
        /// Largest sum that can arrive.
        needed: u64,
        /// Largest sum that an accumulator holds.
        limit: u64,
    },
    /// The equations or rules of a core refuse what its populations ask for.
    #[error("population {}: {error}", list(populations))]
    Core {
        /// The populations of the core.
        populations: Vec<String>,
        /// What the core says.
        error: DeviceModelError,
    },
    /// The router refuses the program: it holds a limit that the mapper did not see.
    #[error(transparent)]
    Program(#[from] RouterError),
    /// A neuron with more synapses than CAM words.
    #[error(
        "neuron {index} of `{population}` ({address}) needs {needed} CAM words, but has {limit}; reduce its fan-in, \
         or let the mapper prune it"
    )]
    FanIn {
        population: String,
        /// Its index there.
        index: u32,
        /// Its circuit.
        address: NeuronAddress,
        /// Words that it has.
        limit: usize,
        /// Words that it needs.
        needed: usize,
    },
    /// A neuron with more synapses than its column has rows.
    #[error(
        "neuron {index} of `{population}` ({address}) needs {needed} synapses, but its column has {limit} rows; reduce \
         its fan-in, or let the mapper prune it or join circuits"
    )]
    RowFanIn {
        population: String,
        /// Its index there.
        index: u32,
        /// Its circuit.
        address: NeuronAddress,
        /// Rows of an array.
        limit: usize,
        /// Synapses that it needs.
        needed: usize,
    },
    /// A bus with fewer rows than its sources need in some core.
    #[error(
        "{core}: the sources of bus {bus} need {needed} synapse rows ({takers}), but have {limit}{}; the synapses of a \
         row have one sign, and the bus of a neuron is fixed by its column: reduce these connections, or let the mapper \
         prune them or join circuits", shared(*groups)
    )]
    BusRows {
        core: CoreAddress,
        bus: usize,
        /// Rows that are needed.
        needed: usize,
        /// Rows of the drivers that these sources share.
        limit: usize,
        /// Groups of sources that the rows of the bus are shared out to.
        groups: usize,
        /// How many rows of which kind, and for which neuron.
        takers: String,
        /// The populations of these neurons, that of the most rows first.
        populations: Vec<String>,
    },
    /// A bus with more sources than its events tell apart.
    #[error(
        "bus {bus} carries {needed} sources, but labels and row selects tell at most {limit} apart; use fewer input \
         channels"
    )]
    BusSources {
        bus: usize,
        /// Sources on it.
        needed: usize,
        /// Different events.
        limit: usize,
    },
    /// A neuron that projects to more chips than it has SRAM words.
    #[error(
        "neuron {index} of `{population}` ({address}) projects to {needed} chips, but has {limit} SRAM words for the \
         network; keep its targets on fewer chips"
    )]
    FanOut {
        population: String,
        /// Its index there.
        index: u32,
        /// Its circuit.
        address: NeuronAddress,
        /// Words that it has.
        limit: usize,
        /// Words that it needs.
        needed: usize,
    },
    /// A neuron that projects to a chip which is too far away.
    #[error(
        "neuron {index} of `{population}` ({address}) projects to chip {chip}, {hops} hops away, but its SRAM words \
         reach {limit} hops in each direction; use a smaller board"
    )]
    Hops {
        population: String,
        /// Its index there.
        index: u32,
        /// Its circuit.
        address: NeuronAddress,
        /// The chip it projects to.
        chip: u16,
        /// Hops in the longer of the two directions.
        hops: usize,
        /// Reach of an SRAM word.
        limit: usize,
    },
    /// A core that hears more sources than there are tags.
    #[error(
        "no tag is free for `{source_name}` {index}: {need} ({core} alone hears {needed}); reduce the number of sources \
         that project to this chip"
    )]
    Tags {
        /// The fullest of the cores that the source reaches.
        core: CoreAddress,
        /// Number of tags.
        limit: usize,
        /// Sources that project to this core.
        needed: usize,
        /// Population or input group of the first source without a tag.
        source_name: String,
        /// Its index there.
        index: u32,
        /// How many tags the chip needs at least, and what proves it.
        need: Box<TagNeed>,
    },
    /// A program that was not made from the network and placement that are to explain it.
    #[error("the program uses {what}, which network and placement do not have; decode it with those it was made with")]
    Foreign {
        /// The circuit or channel.
        what: String,
    },
    /// A mapping that cannot have its die in mind.
    #[error(transparent)]
    Die(#[from] DieMisfit),
    /// A network that does not fit the layers and matrices of a Xylo chip.
    #[error(transparent)]
    Xylo(#[from] XyloMisfit),
    /// A readout that does not fit its features or its chip.
    #[error(transparent)]
    Readout(#[from] ReadoutMisfit),
}

impl MapperError {
    /// The refusal itself, without what was said of the way that could not help.
    pub fn refusal(&self) -> &Self {
        match self {
            Self::OverFull { error, .. } => error.refusal(),
            other => other,
        }
    }
}

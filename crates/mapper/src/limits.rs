//! The limits of the chips, and what each way of dealing with an over-full network does at each of them.
//!
//! One table ([`LIMITS`]) has every limit by kind of router: the sentence of the report for what it cost, the answer to
//! each of `prune`, `split` and `join`, and so the table of the documentation and the reasons of refusals.

use crate::{MapperError, OverFull, XyloMisfit};
use serde::{Deserialize, Serialize};

/// A limit of a chip. In a report: why a connection is not on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// CAM words of a neuron.
    FanIn,
    /// Synapse rows of a column, or of a bus.
    Rows,
    /// SRAM words of a neuron.
    SramWords,
    /// Reach of an SRAM word.
    Hops,
    /// Tags of a chip.
    Tags,
    /// Sources that a bus tells apart.
    Labels,
    /// Input axons of a core.
    InputAxons,
    /// Output axons of a core.
    OutputAxons,
    /// Synapse memory of a core.
    SynapseBits,
    /// Axons and synapse memory of all cores together.
    AxonMemories,
    /// Recurrent synapses that a hidden neuron of a Xylo chip sends.
    HiddenFanOut,
    /// Synapses onto a hidden neuron of a Xylo chip.
    HiddenFanIn,
    /// Hidden neurons of a Xylo chip that receive input.
    InputTargets,
    /// Hidden neurons of a Xylo chip that are read out.
    OutputSources,
    /// Neuron circuits of the board, or of a layer.
    Neurons,
    /// Input channels of a Xylo chip.
    InputChannels,
    /// Sums that an accumulator holds.
    Sums,
}

/// What a way of dealing with an over-full network does at a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It does this.
    Does(&'static str),
    /// It cannot help, for this reason.
    Cannot(&'static str),
}

impl Answer {
    /// The words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Does(text) | Self::Cannot(text) => text,
        }
    }
}

/// A limit with its answers.
#[derive(Clone, Copy, Debug)]
pub struct LimitInfo {
    /// Which.
    pub limit: Limit,
    /// Chips that have it, in words.
    pub chips: &'static str,
    /// What it is.
    pub name: &'static str,
    /// Why a connection is lost to it, after "since"; empty where none can be.
    pub why: &'static str,
    /// What [`OverFull::Prune`] does.
    pub prune: Answer,
    /// What [`OverFull::Split`] does.
    pub split: Answer,
    /// What [`OverFull::Join`] does.
    pub join: Answer,
}

use Answer::{Cannot, Does};

const TAG_CAM: &str = "DYNAP-SE2";
const CROSSBAR: &str = "BrainScaleS-2";
const AXON: &str = "Loihi";
const XYLO: &str = "Xylo";
const ALL: &str = "all";

const NO_JOIN: Answer = Cannot("the chip joins no circuits");
/// Why the sum of a neuron cannot be shared out to several neurons.
const NO_PARTS: Answer =
    Cannot("a part of the sum would reach the neuron as spikes, with a threshold, a leak and a reset of its own");
/// Why a source of an analog chip has no exact copy.
const NO_COPY: Answer =
    Cannot("a relay is a neuron with mismatch: whether it fires once for each event differs from die to die");
const NOT_CONNECTIONS: Answer = Cannot("it takes connections away, and here neurons are too many");

/// Every limit.
pub const LIMITS: &[LimitInfo] = &[
    LimitInfo {
        limit: Limit::FanIn,
        chips: TAG_CAM,
        name: "CAM words of a neuron",
        why: "their neurons have no more CAM words, and larger weights came first",
        prune: Does("keeps the most important connections of the neuron"),
        split: NO_PARTS,
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::SramWords,
        chips: TAG_CAM,
        name: "SRAM words of a neuron",
        why: "their senders reach more chips than they have SRAM words",
        prune: Does("takes the least important chips from the neuron, each with all connections there"),
        split: Does(
            "makes copies of the neuron, each for a part of its chips; on a die with mismatch a copy is another circuit, \
             which the report says",
        ),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::Hops,
        chips: TAG_CAM,
        name: "reach of an SRAM word",
        why: "their receivers are too many chips away",
        prune: Does("takes all connections away that are out of reach"),
        split: NO_COPY,
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::Tags,
        chips: TAG_CAM,
        name: "tags of a chip",
        why: "the tags of the chip are taken",
        prune: Does("takes the least important sources from the chip, each with all connections there"),
        split: Cannot("a copy of a source needs a tag as well"),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::Rows,
        chips: CROSSBAR,
        name: "synapse rows of a column, and of a bus",
        why: "the rows of their kind on the bus of their source are full, and larger weights came first",
        prune: Does("keeps the rows that matter most, and in them the most important connections of each neuron"),
        split: NO_PARTS,
        join: Does("joins 2, 4, 8, ... neighbouring circuits to each neuron of the population: as many times the rows"),
    },
    LimitInfo {
        limit: Limit::Labels,
        chips: CROSSBAR,
        name: "sources of a bus (labels and row selects)",
        why: "the labels of their bus are taken",
        prune: Does("takes the least important input channels away"),
        split: Cannot("a copy of a source needs a label as well"),
        join: Cannot("joined circuits have more rows, and no more labels"),
    },
    LimitInfo {
        limit: Limit::InputAxons,
        chips: AXON,
        name: "input axons of a core",
        why: "the input axons of their core are taken",
        prune: Does("keeps the most important sources of the neuron"),
        split: NO_PARTS,
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::OutputAxons,
        chips: AXON,
        name: "output axons of a core",
        why: "the output axons of their core are taken",
        prune: Does("takes the least important connections of the population's neurons away, until its axons suffice"),
        split: Does(
            "makes copies of a neuron that has not axons enough alone, each for a part of its targets; refused where \
             weights of copies would be rounded in another way",
        ),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::SynapseBits,
        chips: AXON,
        name: "synapse memory of a core",
        why: "the synapse memory of their core is full",
        prune: Does("takes the least important connections onto the population away, until its neurons fit"),
        split: NO_PARTS,
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::AxonMemories,
        chips: AXON,
        name: "axons and synapse memory of all cores",
        why: "the axons and the synapse memory of all cores are taken",
        prune: Does("takes the least important connections of the network away, until its neurons fit"),
        split: Cannot("copies need axons and memory as well"),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::HiddenFanOut,
        chips: XYLO,
        name: "recurrent synapses of a hidden neuron",
        why: "their senders have no more recurrent synapses",
        prune: Does("keeps the most important synapses of the neuron"),
        split: Does(
            "makes copies of the neuron, each for a part of its synapses; refused where its senders, which have a synapse \
             more for each copy, need so many copies in turn that the hidden layer has no room",
        ),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::HiddenFanIn,
        chips: XYLO,
        name: "synapses onto a hidden neuron",
        why: "their neurons have no more synapses",
        prune: Does("keeps the most important synapses onto the neuron"),
        split: NO_PARTS,
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::InputTargets,
        chips: XYLO,
        name: "hidden neurons that receive input",
        why: "no more hidden neurons can receive input",
        prune: Does("takes their input from the neurons where it matters least"),
        split: Cannot("a relay would be one more hidden neuron"),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::OutputSources,
        chips: XYLO,
        name: "hidden neurons that are read out",
        why: "no more hidden neurons can be read out",
        prune: Does("takes the neurons from the output layer that matter least to it"),
        split: Cannot("a relay would be one more hidden neuron"),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::InputChannels,
        chips: XYLO,
        name: "input channels",
        why: "",
        prune: Cannot("it takes connections away, and here channels are too many"),
        split: Cannot("there would be more channels, not fewer"),
        join: NO_JOIN,
    },
    LimitInfo {
        limit: Limit::Neurons,
        chips: ALL,
        name: "neuron circuits of the board, or of a layer",
        why: "",
        prune: NOT_CONNECTIONS,
        split: Cannot("it takes more circuits, not fewer"),
        join: Cannot("it takes more circuits, not fewer"),
    },
    LimitInfo {
        limit: Limit::Sums,
        chips: ALL,
        name: "sums that an accumulator holds",
        why: "",
        prune: Cannot("a sum is large by its large weights, which go last; scale weights and thresholds down together"),
        split: NO_PARTS,
        join: Cannot("joined circuits sum in one place"),
    },
];

impl Limit {
    /// Its line of the table.
    pub fn info(self) -> &'static LimitInfo {
        LIMITS.iter().find(|info| info.limit == self).expect("a test holds that the table has every limit")
    }

    /// The limit that stands behind a refusal; none: it is no limit of a memory.
    pub fn of(error: &MapperError) -> Option<Self> {
        use crate::kinds::axon_resource;
        Some(match error {
            MapperError::FanIn { .. } => Self::FanIn,
            // Circuits that are too few when they are joined are short because of the rows.
            MapperError::RowFanIn { .. } | MapperError::BusRows { .. } | MapperError::Joined { .. } => Self::Rows,
            MapperError::BusSources { .. } => Self::Labels,
            MapperError::FanOut { .. } => Self::SramWords,
            MapperError::Hops { .. } => Self::Hops,
            MapperError::Tags { .. } => Self::Tags,
            MapperError::CoreMemory { resource, .. } => axon_resource(resource),
            MapperError::BoardFull { memories: true, .. } => Self::AxonMemories,
            MapperError::BoardFull { .. } | MapperError::Xylo(XyloMisfit::Layer { .. }) => Self::Neurons,
            MapperError::Xylo(XyloMisfit::Inputs { .. }) => Self::InputChannels,
            MapperError::Xylo(XyloMisfit::FanOut { .. }) => Self::HiddenFanOut,
            MapperError::Xylo(XyloMisfit::FanIn { .. }) => Self::HiddenFanIn,
            MapperError::Xylo(XyloMisfit::Expansion { inputs: true, .. }) => Self::InputTargets,
            MapperError::Xylo(XyloMisfit::Expansion { .. }) => Self::OutputSources,
            MapperError::Sums { .. } => Self::Sums,
            MapperError::OverFull { error, .. } => return Self::of(error),
            _ => return None,
        })
    }
}

impl LimitInfo {
    /// What `way` does here; none for [`OverFull::Error`], which refuses everywhere.
    pub const fn answer(&self, way: OverFull) -> Option<Answer> {
        match way {
            OverFull::Error => None,
            OverFull::Prune => Some(self.prune),
            OverFull::Split => Some(self.split),
            OverFull::Join => Some(self.join),
        }
    }

    /// The ways that help here, by their names.
    pub fn helpers(&self) -> Vec<&'static str> {
        let all = [(OverFull::Prune, "prune"), (OverFull::Split, "split"), (OverFull::Join, "join")];
        let helps = |way: OverFull| matches!(self.answer(way), Some(Answer::Does(_)));
        all.into_iter().filter(|(way, _)| helps(*way)).map(|(_, name)| name).collect()
    }
}

/// The table of the limits in Markdown, as the documentation has it.
pub fn markdown() -> String {
    let mut text = String::from("| chips | limit | `prune` | `split` | `join` |\n|---|---|---|---|---|\n");
    for info in LIMITS {
        let cell = |answer: Answer| match answer {
            Does(text) => text.to_owned(),
            Cannot(text) => format!("refused: {text}"),
        };
        let LimitInfo { chips, name, .. } = info;
        text += &format!("| {chips} | {name} | {} | {} | {} |\n", cell(info.prune), cell(info.split), cell(info.join));
    }
    text
}

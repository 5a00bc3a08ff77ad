//! What a chip is ([`ChipSpec`]) and what is loaded into it ([`Program`]).
//!
//! This crate owns the schema of a chip description, the list of named rules that such a description must obey
//! ([`validate`]), what is to be known of the core models ([`CoreModel::facts`]) and so of the values that a chip file
//! or a program may give to parameters ([`ChipSpec::readings`], [`ChipSpec::allowed`]), and the memory image that a
//! mapper writes and an emulator reads. A spec and a program are
//! different things: the spec never changes, a program is one use of it.
//!
//! It deliberately knows no file format (that is `formats`), no equation (that is `device-models`) and no network.
//!
//! ```
//! use quenched_chip::CoreModel;
//!
//! // What is known of a core model stands in one table.
//! let facts = CoreModel::AnalogLif.facts();
//! assert_eq!((facts.name, facts.clocked), ("analog-lif", false));
//! // A chip file that breaks a rule is refused by the name of that rule.
//! assert!(quenched_chip::RULES.iter().any(|rule| rule.name == "counts-are-positive"));
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod clock;
mod demand;
mod event;
mod lanes;
mod latency;
mod level;
mod mesh;
mod models;
mod program;
mod readings;
mod source;
mod spec;
mod symbols;
#[cfg(test)]
mod tests;
mod validate;
mod variation;

pub use clock::{Clock, ClockError};
pub use demand::{Bound, Demand, Joined, Measure, Parameter, canonical_unit};
pub use event::InputEvent;
pub use lanes::{
    AXON_EXPONENTS, CURRENTS_MAX, PLACES_MAX, PLAIN_SHIFT, SLICE_FRACTION_BITS, SLICE_SHIFT_MAX, STRIDE_STEP,
    WEIGHT_EXPONENT_MAX, places, stride,
};
pub use latency::{BarrierSpec, LATENCY_OPERATIONS, LatencySpec};
pub use mesh::{HOP_OPERATIONS, MeshSpec};
pub use models::{CoreModel, ModelFacts, ModelNoise, SPIKES_PER_TICK_MAX, Sums, registers};
pub use program::{
    AxonCore, AxonTarget, BusEvent, BusInput, CamWord, Circuits, CoreProgram, CrossbarCore, HostAxon, HostEvent,
    IdealRow, IdealSynapse, InputAxon, InputRoute, OutputAxon, Program, Routing, Source, SramWord, SynapseCell,
    SynapseDriver, SynapseGroup, SynapseRow, TagCamCore, Values, WeightSigns, XYLO_HIDDEN, XYLO_OUTPUT, XyloShifts,
};
pub use readings::{Allowed, ReadBy, Reading, Refusal};
pub use source::{EventSource, Train};
pub use spec::{
    AxonLimits, AxonSpec, ChipSpec, Correlation, CrossbarLimits, CrossbarSpec, ENERGY_OPERATIONS, Evidence, Fact,
    Geometry, Kinetics, KineticsKind, MismatchSpec, Narrower, Number, NumberReader, ParameterSpec, RouterKind,
    RouterSpec, RulesSpec, Section, SharesSpec, Sort, Stated, SynapseGate, SynapseSign, SynapseType, TagCamLimits,
    TagCamSpec, WEIGHTS, XyloLimits, XyloSpec, whole_multiple,
};
pub use symbols::{
    DieSymbol, Endpoint, InputSymbol, NeuronPlace, Original, PlacementKind, PopulationSymbol, ProjectionSymbol,
    Segment, Symbols, hidden_character,
};
pub use validate::{RULES, Rule, Violation, WrongName, validate};
pub use variation::{FaultSpec, NoiseSpec, PROGRAM_WEIGHT_BITS};

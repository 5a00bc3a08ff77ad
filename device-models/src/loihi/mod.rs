//! The Loihi neuron core in integers: neurons, synapses, axons and limits.
//!
//! Three public simulators claim to be bit-accurate models of the chip and disagree in a dozen points. Here every such
//! point is a named option of [`LoihiRules`], and a profile chooses them all: [`LoihiRules::lava`],
//! [`LoihiRules::nengo`], [`LoihiRules::brian`]. The rules were restated from Lava 0.10 (`LIF` with tag `fixed_pt`),
//! nengo-loihi 1.1 (emulator) and Brian2Loihi 0.5 (Michaelis et al., Front. Neuroinform. 16, 2022,
//! doi 10.3389/fninf.2022.1015624); the chip is Davies et al., IEEE Micro 38(1), 2018, doi 10.1109/MM.2018.112130359.
//!
//! One step of a core, in this order:
//! 1. [`Projection::collect`] or [`AxonTable::deliver`] adds what arrives to the accumulators, one `i32` per neuron;
//! 2. [`step`] advances all neurons and says which spiked, whether a register overflowed, and whether the core may
//!    sleep;
//! 3. [`Projection::send`] takes the spikes, and [`Projection::advance`] ends the step.
//!
//! [`LoihiCore`] does this for the event kernel, whose router takes the place of projections and axons.
//!
//! The module owns these rules, the check of their parameters, the counting of overflows, and the limits of a core
//! ([`limits`]). It deliberately knows no random generator (noise is drawn elsewhere and handed in), no learning, and
//! no file.

mod axons;
mod core;
mod error;
pub mod limits;
mod neuron;
mod noise;
mod options;
mod parameters;
mod projection;
mod rules;
#[cfg(test)]
mod tests;
mod weight;

pub use self::core::{BLOCK, Loihi, LoihiCore, LoihiCoreParameters, LoihiCoreState, LoihiNeurons};
pub use axons::{AxonRow, AxonTable, AxonTableLayout};
pub use error::LoihiError;
pub use neuron::{LoihiState, Overflows, Register, StepOutput, StepSummary, step};
pub use noise::{NoiseSettings, NoiseTarget};
pub use options::{OPTIONS, PROFILES};
pub use parameters::{Bias, LoihiParameters, NeuronSettings, PeriodicReset, Threshold};
pub use projection::{Projection, ProjectionSettings, Synapse};
pub use rules::{
    BiasRule, DecayRule, ExponentRule, LoihiRules, ProbeRule, RefractoryRule, RegisterRule, VoltageRule, WeightRule,
};
pub use weight::{SignMode, WeightFormat};

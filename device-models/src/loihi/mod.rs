//! The Loihi neuron core in integers: neurons, synapses, axons and limits.
//!
//! Three public simulators claim to be bit-accurate models of the chip and disagree in a dozen points. Here every such
//! point is a named option of [`LoihiRules`], and a profile chooses them all: [`LoihiRules::lava`],
//! [`LoihiRules::nengo`], [`LoihiRules::brian`]. The rules were restated from Lava 0.10 (`LIF` with tag `fixed_pt`),
//! nengo-loihi 1.1 (emulator) and Brian2Loihi 0.5 (Michaelis et al., Front. Neuroinform. 16, 2022,
//! doi 10.3389/fninf.2022.1015624); the chip is Davies et al., IEEE Micro 38(1), 2018, doi 10.1109/MM.2018.112130359.
//!
//! [`step`] advances the neurons of a block by one step from what arrived, and says which spiked, whether a register
//! overflowed, and whether the block may sleep. [`LoihiCore`] is a core as the event kernel sees it: it sums what
//! arrives, lane by lane, and steps the blocks that are awake. Where events come from and when they arrive is the
//! business of router and kernel.
//!
//! The module owns these rules, the check of their parameters, the counting of overflows, and the limits of a core
//! ([`limits`]). It deliberately knows no random generator (draws of noise arrive like events), no learning, and no
//! file.

mod configuration;
mod core;
mod error;
pub mod limits;
mod neuron;
mod noise;
mod options;
mod parameters;
mod rules;
#[cfg(test)]
mod tests;
mod weight;

pub use self::core::{BLOCK, Loihi, LoihiCore, LoihiCoreParameters, LoihiCoreState, LoihiNeurons};
pub use error::LoihiError;
pub use neuron::{LoihiState, Overflows, Register, StepOutput, StepSummary, step};
pub use noise::{NoiseSettings, NoiseTarget};
pub use options::{OPTIONS, PROFILES};
pub use parameters::{Bias, LoihiParameters, NeuronSettings, PeriodicReset, Threshold};
pub use rules::{
    BiasRule, DecayRule, ExponentRule, LoihiRules, ParameterRule, ProbeRule, RefractoryRule, RegisterRule, ResetRule,
    ThresholdRule, VoltageRule, WeightRule,
};
pub use weight::{Mantissas, SignMode, WeightFormat};

//! The core models: what each is, stated once.
//!
//! Everything that other crates must know about a model without computing it stands in one table
//! ([`CoreModel::facts`]): whether it is clocked, what its events mean, how it adds up its inputs, which noise it can
//! have, which synapses act on it, and which parameters it reads. Whoever asks reads the table; nobody matches on the
//! model but the crate that holds its equations.

mod parameters;

use crate::demand::Parameter;
use crate::spec::{KineticsKind, SynapseType};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};

pub(crate) use parameters::gates;
pub use parameters::registers;

/// The equations that a core can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoreModel {
    /// Clocked leaky integrate-and-fire neurons, advanced by the exact one-step propagator.
    Lif,
    /// Clocked leaky rate units with a tanh output and graded events.
    Rate,
    /// The digital neurons of Loihi: integer registers that wrap, clip and truncate as the chip file's rules say.
    Loihi,
    /// Leaky integrate-and-fire neurons without a time step: a closed form between events.
    AnalogLif,
    /// The digital neurons of Xylo: 16-bit states, decays by shifts, several spikes a step.
    Xylo,
    /// Clocked log-domain circuits: differential pair integrators as synapses, adaptation and membrane.
    Dpi,
    /// Current-based integrate-and-fire neurons of trained nets, in fixed-point steps.
    CubaLif,
}

/// How a core adds up what arrives at one neuron through one kind of synapse before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// In 32 bits, exactly: the router bounds what can arrive and refuses a program that could exceed it.
    Bounded,
    /// In 64 bits, which nothing that a program can hold exceeds.
    Wide,
    /// In the state itself, which saturates at each synapse; saturations are counted.
    Saturating,
}

/// The noise within a run that a model can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelNoise {
    /// Events may be late by some ticks.
    pub late_events: bool,
    /// Each event may have weights of its own.
    pub event_weights: bool,
    /// Each interval between two spikes may have a threshold of its own.
    pub event_thresholds: bool,
}

/// What is to be known of a core model besides its equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// The spelling used in files.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The kinds of kinetics that act on its neurons.
    pub kinetics: &'static [KineticsKind],
    /// Whether synapses charge circuits of its neurons instead: then the gate of a kind says which, and neither its
    /// kinetics nor its gain are read.
    pub gates: bool,
    /// Whether a parameter can scale the weights of a kind ([`SynapseType::gain`]).
    pub gains: bool,
    /// The parameters that every core of it reads.
    pub parameters: &'static [Parameter],
    /// Parameters that it reads besides, if a kind of synapse feeds the input register of this number.
    pub register_parameters: &'static [(u8, Parameter)],
    /// Whether it advances in steps of the chip ([`crate::ChipSpec::step_ticks`]); other models act in any tick.
    pub clocked: bool,
    /// Whether its neurons send changes of a level instead of spikes. Neurons of both sorts do not share events.
    pub graded: bool,
    /// Whether its rules are those of a digital chip, chosen in the table `rules` of a chip file.
    pub digital: bool,
    /// The register that its voltage is compared with, of models whose weights and thresholds are whole numbers: a
    /// population that is to spike more easily has it lowered. Other models have levels, and their weights raised.
    pub threshold_register: Option<&'static str>,
    /// Whether the order in which the events of a step are added up is part of its rules.
    pub ordered: bool,
    /// How its inputs are added up.
    pub sums: Sums,
    /// Whether a spike can have a sign, as those of a second, lower threshold have.
    pub signed_spikes: bool,
    /// Most spikes of a neuron in one step (or in one tick, of a model without steps).
    pub spikes_max: i32,
    /// Most events of an input channel in one tick that get through; those beyond are lost and counted.
    pub input_cap: i32,
    /// The noise within a run that it can have.
    pub noise: ModelNoise,
}

/// Most events of one input channel that can reach spiking neurons in one tick.
pub const SPIKES_PER_TICK_MAX: i32 = 255;

const ALL_NOISE: ModelNoise = ModelNoise { late_events: true, event_weights: true, event_thresholds: true };
const EVENT_NOISE: ModelNoise = ModelNoise { event_thresholds: false, ..ALL_NOISE };

/// A clocked model of spiking neurons with bounded sums, from which the others differ.
const CLOCKED: ModelFacts = ModelFacts {
    name: "",
    summary: "",
    kinetics: &[],
    gates: false,
    gains: true,
    parameters: &[],
    register_parameters: &[],
    clocked: true,
    graded: false,
    digital: false,
    threshold_register: None,
    ordered: false,
    sums: Sums::Bounded,
    signed_spikes: false,
    spikes_max: 1,
    input_cap: SPIKES_PER_TICK_MAX,
    noise: EVENT_NOISE,
};

const LIF: ModelFacts = ModelFacts {
    name: "lif",
    summary: "Clocked leaky integrate-and-fire neurons, advanced by the exact one-step propagator.",
    kinetics: &[KineticsKind::Delta, KineticsKind::Exponential],
    parameters: parameters::LIF,
    noise: ALL_NOISE,
    ..CLOCKED
};
const ANALOG_LIF: ModelFacts = ModelFacts {
    name: "analog-lif",
    summary: "Leaky integrate-and-fire neurons without a time step: a closed form between events.",
    kinetics: LIF.kinetics,
    parameters: parameters::ANALOG_LIF,
    clocked: false,
    noise: ALL_NOISE,
    ..CLOCKED
};
const DPI: ModelFacts = ModelFacts {
    name: "dpi",
    summary: "Clocked log-domain circuits: differential pair integrators as synapses, adaptation and membrane.",
    gates: true,
    gains: false,
    parameters: parameters::DPI,
    sums: Sums::Wide,
    spikes_max: 40,
    ..CLOCKED
};
const CUBA_LIF: ModelFacts = ModelFacts {
    name: "cuba-lif",
    summary: "Integrate-and-fire neurons of trained nets, in steps by the rules of the simulator they were trained in.",
    kinetics: &[KineticsKind::Slice, KineticsKind::Number],
    parameters: parameters::CUBA_LIF,
    gains: false,
    sums: Sums::Wide,
    spikes_max: registers::MORE_SPIKES_MAX + 1,
    noise: ModelNoise { event_weights: false, ..EVENT_NOISE },
    ..CLOCKED
};
const LOIHI: ModelFacts = ModelFacts {
    name: "loihi",
    summary: "The digital neurons of Loihi: integer registers that wrap, clip and truncate as the rules say.",
    kinetics: &[KineticsKind::Register],
    parameters: parameters::LOIHI,
    gains: false,
    digital: true,
    threshold_register: Some("v_threshold"),
    signed_spikes: true,
    ..CLOCKED
};
const RATE: ModelFacts = ModelFacts {
    name: "rate",
    summary: "Clocked leaky rate units with a tanh output and graded events.",
    kinetics: &[KineticsKind::Graded, KineticsKind::Linear],
    parameters: parameters::RATE,
    graded: true,
    noise: ModelNoise { event_weights: false, ..EVENT_NOISE },
    ..CLOCKED
};
const XYLO: ModelFacts = ModelFacts {
    name: "xylo",
    summary: "The digital neurons of Xylo: 16-bit states, decays by shifts, several spikes a step.",
    kinetics: &[KineticsKind::Register],
    parameters: parameters::XYLO,
    gains: false,
    register_parameters: parameters::XYLO_REGISTERS,
    digital: true,
    threshold_register: Some("threshold"),
    ordered: true,
    sums: Sums::Saturating,
    spikes_max: 31,
    input_cap: 15,
    noise: ModelNoise { late_events: false, event_weights: false, event_thresholds: false },
    ..CLOCKED
};

impl CoreModel {
    /// Every model.
    pub const ALL: [Self; 7] =
        [Self::Lif, Self::AnalogLif, Self::Dpi, Self::Rate, Self::Loihi, Self::Xylo, Self::CubaLif];

    /// What is to be known of it.
    pub const fn facts(self) -> &'static ModelFacts {
        match self {
            Self::Lif => &LIF,
            Self::AnalogLif => &ANALOG_LIF,
            Self::Dpi => &DPI,
            Self::Rate => &RATE,
            Self::Loihi => &LOIHI,
            Self::Xylo => &XYLO,
            Self::CubaLif => &CUBA_LIF,
        }
    }

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether synapses of `kind` act on its neurons.
    pub fn takes(self, kind: &SynapseType) -> bool {
        let facts = self.facts();
        if facts.gates { kind.gate.is_some() } else { facts.kinetics.contains(&kind.kinetics.kind()) }
    }

    /// What a kind of synapse must have to act on its neurons, in words: ``kinetics `delta` or `exponential` ``.
    pub fn takes_in_words(self) -> String {
        let facts = self.facts();
        if facts.gates {
            return "a gate".into();
        }
        let names: Vec<String> = facts.kinetics.iter().map(|kind| format!("`{}`", kind.name())).collect();
        format!("kinetics {}", names.join(" or "))
    }

    /// See [`ModelFacts::clocked`].
    pub const fn is_clocked(self) -> bool {
        self.facts().clocked
    }

    /// See [`ModelFacts::graded`].
    pub const fn is_graded(self) -> bool {
        self.facts().graded
    }
}

impl fmt::Display for CoreModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

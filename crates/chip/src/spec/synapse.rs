//! The kinds of synapse that a chip can have, and the log-domain circuits behind them.

use crate::demand::Parameter;
use crate::lanes::PLAIN_SHIFT;
use crate::models::gates;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a synapse does to its neuron's drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynapseSign {
    /// Adds its weight; weights are not negative.
    Excitatory,
    /// Subtracts its weight; weights are not negative.
    Inhibitory,
    /// The weight itself carries a sign.
    Signed,
}

impl SynapseSign {
    /// Every sign.
    pub const ALL: [Self; 3] = [Self::Excitatory, Self::Inhibitory, Self::Signed];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Excitatory => "excitatory",
            Self::Inhibitory => "inhibitory",
            Self::Signed => "signed",
        }
    }
}

/// The time course of a synapse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kinetics {
    /// A spike steps the membrane at once (core models `lif` and `analog-lif`).
    Delta,
    /// A spike steps a current that decays with the time constant in the named parameter (core models `lif` and
    /// `analog-lif`).
    Exponential {
        /// Name of the parameter that holds the time constant.
        tau: String,
    },
    /// An event changes the graded input of a rate unit (core model `rate`).
    Graded,
    /// An event changes what is added to the target of a rate unit outside its tanh (core model `rate`).
    Linear,
    /// A spike adds an integer to a register of a digital neuron (core models `loihi` and `xylo`).
    Register {
        /// Which of the neuron's input registers.
        index: u8,
    },
    /// A spike adds its weight times a power of two to the input of the neuron's step. Kinds that differ in that power
    /// alone carry the slices of weights that are wider than a synapse (core models `cuba-lif` and, with a gate,
    /// `dpi`).
    Slice {
        /// A weight of 1 is worth 2 to this, in units of 2^-32; from 0 to 48.
        shift: u8,
    },
    /// An event carries a number, in units of 2^-20, that multiplies the weight, instead of a number of spikes; kinds
    /// carry slices as those of `slice` do (core model `cuba-lif`).
    Number {
        /// A weight of 1 is worth 2 to this, in units of 2^-32; from 0 to 48.
        shift: u8,
    },
}

/// The kind of kinetics, without what belongs to one kind of synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KineticsKind {
    /// See [`Kinetics::Delta`].
    Delta,
    /// See [`Kinetics::Exponential`].
    Exponential,
    /// See [`Kinetics::Graded`].
    Graded,
    /// See [`Kinetics::Linear`].
    Linear,
    /// See [`Kinetics::Register`].
    Register,
    /// See [`Kinetics::Slice`].
    Slice,
    /// See [`Kinetics::Number`].
    Number,
}

impl KineticsKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Delta, Self::Exponential, Self::Graded, Self::Linear, Self::Register, Self::Slice, Self::Number];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Exponential => "exponential",
            Self::Graded => "graded",
            Self::Linear => "linear",
            Self::Register => "register",
            Self::Slice => "slice",
            Self::Number => "number",
        }
    }
}

impl Kinetics {
    /// Which kind of kinetics this is.
    pub const fn kind(&self) -> KineticsKind {
        match self {
            Self::Delta => KineticsKind::Delta,
            Self::Exponential { .. } => KineticsKind::Exponential,
            Self::Graded => KineticsKind::Graded,
            Self::Linear => KineticsKind::Linear,
            Self::Register { .. } => KineticsKind::Register,
            Self::Slice { .. } => KineticsKind::Slice,
            Self::Number { .. } => KineticsKind::Number,
        }
    }

    /// Whether events carry changes of a level, as those of rate units do.
    pub const fn is_graded(&self) -> bool {
        matches!(self, Self::Graded | Self::Linear)
    }

    /// What a weight of 1 is worth: 2 to this, in units of 2^-32. It is [`PLAIN_SHIFT`] for all but slices.
    pub const fn shift(&self) -> u8 {
        match self {
            Self::Slice { shift } | Self::Number { shift } => *shift,
            _ => PLAIN_SHIFT,
        }
    }

    /// The spelling of its kind in files.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The parameter with the time constant, if it has one.
    pub fn tau(&self) -> Option<&str> {
        match self {
            Self::Exponential { tau } => Some(tau),
            _ => None,
        }
    }
}

impl fmt::Display for Kinetics {
    /// The name, and the number of a register or the shift of a slice: `register 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Register { index: number } | Self::Slice { shift: number } | Self::Number { shift: number } => {
                write!(f, " {number}")
            }
            _ => Ok(()),
        }
    }
}

/// The circuit that a synapse of a log-domain neuron (core model `dpi`) charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynapseGate {
    /// The one synapse circuit of a neuron that has no other; its input may have either sign.
    Combined,
    /// Adds its current to the membrane's input.
    Ampa,
    /// Adds its current as far as the membrane current lets it.
    Nmda,
    /// Adds its current to the membrane's leak.
    Gaba,
    /// Subtracts its current from the membrane's input.
    Shunt,
}

impl SynapseGate {
    /// Every gate.
    pub const ALL: [Self; 5] = [Self::Combined, Self::Ampa, Self::Nmda, Self::Gaba, Self::Shunt];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::Ampa => "ampa",
            Self::Nmda => "nmda",
            Self::Gaba => "gaba",
            Self::Shunt => "shunt",
        }
    }

    /// The parameters of its circuit: capacitance, leak current, gain current, and what more there is.
    pub const fn circuit(self) -> &'static [Parameter] {
        match self {
            Self::Combined => gates::COMBINED,
            Self::Ampa => gates::AMPA,
            Self::Nmda => gates::NMDA,
            Self::Gaba => gates::GABA,
            Self::Shunt => gates::SHUNT,
        }
    }

    /// Names of the parameters of its circuit: capacitance, leak current, gain current.
    pub const fn parameters(self) -> [&'static str; 3] {
        let circuit = self.circuit();
        [circuit[0].name, circuit[1].name, circuit[2].name]
    }

    /// The sign that a kind of synapse with this gate has; `None` if any.
    pub const fn sign(self) -> Option<SynapseSign> {
        match self {
            Self::Combined => None,
            Self::Ampa | Self::Nmda => Some(SynapseSign::Excitatory),
            Self::Gaba | Self::Shunt => Some(SynapseSign::Inhibitory),
        }
    }
}

impl fmt::Display for SynapseGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of synapse that the chip has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseType {
    /// Its name in chip, network and report (`AMPA`).
    pub name: String,
    /// Its sign.
    pub sign: SynapseSign,
    /// Its time course.
    pub kinetics: Kinetics,
    /// Name of the parameter that scales every weight of this kind on a neuron, if the chip has one (not in `dpi`).
    pub gain: Option<String>,
    /// The circuit that it charges in core model `dpi`; `None` if `dpi` has no such kind.
    pub gate: Option<SynapseGate>,
}

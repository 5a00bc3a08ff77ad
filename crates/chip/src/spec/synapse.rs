//! The kinds of synapse that a chip can have, and the log-domain circuits behind them.

use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};
use units::Dimension;

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
    /// A spike adds an integer to a register of a digital neuron (core models `loihi` and `xylo`).
    Register {
        /// Which of the neuron's input registers.
        index: u8,
    },
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

    /// Names of the parameters of its circuit: capacitance, leak current, gain current.
    pub const fn parameters(self) -> [&'static str; 3] {
        match self {
            Self::Combined => ["c_syn", "i_tau_syn", "i_gain_syn"],
            Self::Ampa => ["c_ampa", "i_tau_ampa", "i_gain_ampa"],
            Self::Nmda => ["c_nmda", "i_tau_nmda", "i_gain_nmda"],
            Self::Gaba => ["c_gaba", "i_tau_gaba", "i_gain_gaba"],
            Self::Shunt => ["c_shunt", "i_tau_shunt", "i_gain_shunt"],
        }
    }
}

/// The parameters that a core model `dpi` with these gates reads: name, what it measures, and whether it must be above
/// 0.
pub fn dpi_parameters(gates: impl Iterator<Item = SynapseGate>) -> Vec<(&'static str, Dimension, bool)> {
    use Dimension::{Capacitance, Current, One, Voltage};
    let mut all = alloc::vec![
        ("i_dark", Current, true),
        ("kappa_n", One, true),
        ("kappa_p", One, true),
        ("u_t", Voltage, true),
        ("v_cutoff", Voltage, true),
        ("i_scale", Current, true),
        ("i_threshold", Current, true),
        ("i_dc", Current, false),
        ("c_mem", Capacitance, true),
        ("i_tau_mem", Current, true),
        ("i_gain_mem", Current, true),
        ("c_refractory", Capacitance, true),
        ("i_refractory", Current, true),
        ("c_pulse", Capacitance, true),
        ("i_pulse", Current, true),
        ("c_ahp", Capacitance, true),
        ("i_tau_ahp", Current, true),
        ("i_gain_ahp", Current, true),
        ("c_pulse_ahp", Capacitance, true),
        ("i_pulse_ahp", Current, true),
        ("i_w_ahp", Current, false),
    ];
    let mut gates: Vec<SynapseGate> = gates.collect();
    gates.sort_unstable();
    gates.dedup();
    for gate in gates {
        let [capacitance, tau, gain] = gate.parameters();
        all.extend([(capacitance, Capacitance, true), (tau, Current, true), (gain, Current, true)]);
        if gate == SynapseGate::Nmda {
            all.push(("i_nmda_gate", Current, true));
        }
    }
    all
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

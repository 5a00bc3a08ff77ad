//! The schema of a chip description. Plain data; each number carries unit, source and evidence.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;
use disorder::Family;
use serde::{Deserialize, Serialize};
use units::{Decimal, Quantity};

/// How well a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Measured on silicon and published.
    Measured,
    /// Stated by the maker: a limit, a size, an acceptance bound.
    VendorLimit,
    /// The default of a public simulator; no measurement behind it is known.
    SimulatorDefault,
    /// Chosen here, for the reason that the source gives.
    Assumed,
}

impl Evidence {
    /// Every grade, from best to weakest.
    pub const ALL: [Self; 4] = [Self::Measured, Self::VendorLimit, Self::SimulatorDefault, Self::Assumed];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::VendorLimit => "vendor-limit",
            Self::SimulatorDefault => "simulator-default",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A number of a chip file: value, unit, where it comes from, how well it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The value with its unit, exactly as written.
    pub quantity: Quantity,
    /// Key into [`ChipSpec::sources`].
    pub source: String,
    /// How well the number is known.
    pub evidence: Evidence,
}

impl Fact {
    /// The value of a pure integer (`{ value = 256, unit = "1", ... }`), if it is one and is not negative.
    pub fn count(&self) -> Option<u64> {
        let value = self.quantity.value_in(units::Unit::ONE).ok()?;
        if value.exponent() < 0 || value.signum() < 0 {
            return None;
        }
        u64::try_from(value.to_bits(0).ok()?).ok()
    }
}

/// The equations that a core can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoreModel {
    /// Clocked leaky integrate-and-fire neurons, advanced by the exact one-step propagator.
    Lif,
    /// Clocked leaky rate units with a tanh output and graded events.
    Rate,
    /// Leaky integrate-and-fire neurons without a time step: a closed form between events.
    AnalogLif,
}

impl CoreModel {
    /// Every model.
    pub const ALL: [Self; 3] = [Self::Lif, Self::Rate, Self::AnalogLif];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lif => "lif",
            Self::AnalogLif => "analog-lif",
            Self::Rate => "rate",
        }
    }

    /// Whether its neurons send changes of a level instead of spikes. Neurons of both sorts do not share events.
    pub const fn is_graded(self) -> bool {
        match self {
            Self::Lif | Self::AnalogLif => false,
            Self::Rate => true,
        }
    }
}

impl fmt::Display for CoreModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many of what a board can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Chips on a board, at most.
    pub chips: Fact,
    /// Cores of a chip.
    pub cores_per_chip: Fact,
    /// Neuron circuits of a core.
    pub neurons_per_core: Fact,
}

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
    /// Name of the parameter that scales every weight of this kind on a neuron, if the chip has one.
    pub gain: Option<String>,
}

/// Sizes of the tag and CAM router (DYNAP-SE2 and its kin).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCamSpec {
    /// CAM words of a neuron: the most synapses that it can have.
    pub cam_words_per_neuron: Fact,
    /// SRAM words of a neuron: the most chips that it can reach.
    pub sram_words_per_neuron: Fact,
    /// SRAM words taken by the monitor, and so lost to the network.
    pub sram_words_for_monitor: Fact,
    /// Bits of a tag.
    pub tag_bits: Fact,
    /// Weight bits of a CAM word; each switches one of the core-wide weight currents.
    pub weight_bits: Fact,
    /// The furthest chip that an SRAM word can name, in each of x and y.
    pub hop_max: Fact,
}

/// How events travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "one per chip, never in a collection")]
pub enum RouterSpec {
    /// No limit; every event arrives one tick after it was sent, or after the delay of its projection.
    Ideal,
    /// Source SRAM, broadcast of a tag, CAM match at the destination.
    TagCam(TagCamSpec),
}

/// Shares of the variance of a parameter: whole die, core, single circuit. They add up to 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharesSpec {
    /// Shift common to all circuits of a die (a corner).
    pub die: Fact,
    /// Shift common to all circuits of a core.
    pub core: Fact,
    /// What remains: each circuit for itself.
    pub circuit: Fact,
}

/// Correlation of a parameter with another one of the same circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlation {
    /// Name of the other parameter, which must itself be uncorrelated (no chains).
    pub with: String,
    /// Correlation of the two underlying normal deviates, from -1 to 1.
    pub rho: Fact,
}

/// How a parameter differs between devices. The value of a device is nominal times a factor of mean 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MismatchSpec {
    /// Family of the factor.
    pub family: Family,
    /// Coefficient of variation of the factor (standard deviation over mean), before truncation.
    pub cv: Fact,
    /// Lowest and highest factor; the distribution is cut there, not clipped.
    pub truncation: Option<(Fact, Fact)>,
    /// Split of the variance; all of it in the circuit where absent.
    pub shares: Option<SharesSpec>,
    /// Correlation with another parameter.
    pub correlation: Option<Correlation>,
}

/// A parameter of the circuits: nominal value and mismatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterSpec {
    /// What it is, in a sentence.
    pub summary: String,
    /// Value by design; programs may ask for another one.
    pub nominal: Fact,
    /// Lowest and highest value that a program may ask for.
    pub range: Option<(Fact, Fact)>,
    /// Device-to-device variation; none if absent.
    pub mismatch: Option<MismatchSpec>,
}

/// A chip: geometry, circuits, router, mismatch. Read from a file; never changed by a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChipSpec {
    /// Name, as on the command line.
    pub name: String,
    /// Line of products.
    pub family: String,
    /// Silicon version.
    pub revision: String,
    /// One sentence.
    pub summary: String,
    /// Where the numbers come from: short key -> citation.
    pub sources: BTreeMap<String, String>,
    /// Length of a tick.
    pub tick: Fact,
    /// How many of what.
    pub geometry: Geometry,
    /// Core models on offer; the first is the default.
    pub models: Vec<CoreModel>,
    /// Kinds of synapse, in the order of their index.
    pub synapses: Vec<SynapseType>,
    /// Whether a program may give each neuron of a core its own parameter values, or one for the core.
    pub parameters_per_neuron: bool,
    /// The router.
    pub router: RouterSpec,
    /// Parameters by name.
    pub parameters: BTreeMap<String, ParameterSpec>,
    /// The parameter whose CV is quoted when the mismatch of the whole chip is scaled "to CV x".
    pub mismatch_reference: Option<String>,
}

impl ChipSpec {
    /// The index of the synapse kind called `name`.
    pub fn synapse_index(&self, name: &str) -> Option<usize> {
        self.synapses.iter().position(|s| s.name == name)
    }

    /// Every number of the chip, with its dotted path (`parameters.tau_mem.mismatch.cv`), in a fixed order.
    pub fn facts(&self) -> Vec<(String, &Fact)> {
        let mut all: Vec<(String, &Fact)> = Vec::new();
        let mut add = |path: String, fact| all.push((path, fact));
        add("tick".into(), &self.tick);
        let g = &self.geometry;
        for (name, fact) in
            [("chips", &g.chips), ("cores_per_chip", &g.cores_per_chip), ("neurons_per_core", &g.neurons_per_core)]
        {
            add(format!("geometry.{name}"), fact);
        }
        if let RouterSpec::TagCam(r) = &self.router {
            for (name, fact) in [
                ("cam_words_per_neuron", &r.cam_words_per_neuron),
                ("sram_words_per_neuron", &r.sram_words_per_neuron),
                ("sram_words_for_monitor", &r.sram_words_for_monitor),
                ("tag_bits", &r.tag_bits),
                ("weight_bits", &r.weight_bits),
                ("hop_max", &r.hop_max),
            ] {
                add(format!("router.{name}"), fact);
            }
        }
        for (name, parameter) in &self.parameters {
            let path = format!("parameters.{name}");
            add(format!("{path}.nominal"), &parameter.nominal);
            if let Some((low, high)) = &parameter.range {
                add(format!("{path}.range.low"), low);
                add(format!("{path}.range.high"), high);
            }
            let Some(mismatch) = &parameter.mismatch else { continue };
            let path = format!("{path}.mismatch");
            add(format!("{path}.cv"), &mismatch.cv);
            if let Some((low, high)) = &mismatch.truncation {
                add(format!("{path}.truncation.low"), low);
                add(format!("{path}.truncation.high"), high);
            }
            if let Some(shares) = &mismatch.shares {
                for (name, fact) in [("die", &shares.die), ("core", &shares.core), ("circuit", &shares.circuit)] {
                    add(format!("{path}.shares.{name}"), fact);
                }
            }
            if let Some(correlation) = &mismatch.correlation {
                add(format!("{path}.correlation.rho"), &correlation.rho);
            }
        }
        all
    }

    /// Chips on a board, at most. Panics if the spec was not validated.
    pub fn chip_count(&self) -> usize {
        count(&self.geometry.chips)
    }

    /// Cores of a chip. Panics if the spec was not validated.
    pub fn cores_per_chip(&self) -> usize {
        count(&self.geometry.cores_per_chip)
    }

    /// Neuron circuits of a core. Panics if the spec was not validated.
    pub fn neurons_per_core(&self) -> usize {
        count(&self.geometry.neurons_per_core)
    }

    /// The CV of the reference parameter, which "scaled to CV x" refers to; `None` if the chip has no mismatch.
    pub fn reference_cv(&self) -> Option<Decimal> {
        let reference = self.mismatch_reference.as_ref()?;
        self.parameters.get(reference)?.mismatch.as_ref()?.cv.quantity.value_in(units::Unit::ONE).ok()
    }
}

/// The limit `fact` as a count. Panics if it is none: `validate` refuses such a spec.
fn count(fact: &Fact) -> usize {
    fact.count().and_then(|c| usize::try_from(c).ok()).expect("a validated spec has whole, non-negative limits")
}

impl TagCamSpec {
    /// The sizes as plain numbers. Panics if the spec was not validated.
    pub fn limits(&self) -> TagCamLimits {
        TagCamLimits {
            cam_words_per_neuron: count(&self.cam_words_per_neuron),
            sram_words_per_neuron: count(&self.sram_words_per_neuron) - count(&self.sram_words_for_monitor),
            tag_count: 1 << count(&self.tag_bits),
            weight_bits: count(&self.weight_bits),
            hop_max: count(&self.hop_max),
        }
    }
}

/// [`TagCamSpec`] as plain numbers, with the monitor's words already taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagCamLimits {
    /// CAM words of a neuron.
    pub cam_words_per_neuron: usize,
    /// SRAM words of a neuron that the network may use.
    pub sram_words_per_neuron: usize,
    /// Number of different tags.
    pub tag_count: usize,
    /// Weight bits, and so core-wide weight currents.
    pub weight_bits: usize,
    /// Reach of an SRAM word in chips.
    pub hop_max: usize,
}

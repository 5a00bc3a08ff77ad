//! The schema of a chip description. Plain data; each number carries unit, source and evidence.

mod crossbar;
mod router;
pub(crate) mod section;
mod synapse;

use crate::lanes::PLAIN_SHIFT;
use crate::latency::LatencySpec;
use crate::mesh::{HOP_OPERATIONS, MeshSpec};
use crate::models::CoreModel;
use crate::variation::{FaultSpec, NoiseSpec};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use disorder::Family;
use serde::{Deserialize, Serialize};
use units::{Decimal, Quantity};

pub use crossbar::{CrossbarLimits, CrossbarSpec};
pub use router::{
    AxonLimits, AxonSpec, Narrower, RouterKind, RouterSpec, TagCamLimits, TagCamSpec, XyloLimits, XyloSpec,
};
pub use section::{Number, NumberReader, Section, Sort, Stated};
pub use synapse::{Kinetics, KineticsKind, SynapseGate, SynapseSign, SynapseType};

/// How well a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Measured on silicon and published.
    Measured,
    /// Stated by the maker: a limit, a size, an acceptance bound.
    VendorLimit,
    /// Simulated by the maker ahead of silicon, and published.
    VendorSimulated,
    /// The default of a public simulator; no measurement behind it is known.
    SimulatorDefault,
    /// Chosen here, for the reason that the source gives.
    Assumed,
    /// Nothing is said of where it comes from. A shipped chip has no such number.
    Unstated,
}

impl Evidence {
    /// Every grade, from best to weakest.
    pub const ALL: [Self; 6] = [
        Self::Measured,
        Self::VendorLimit,
        Self::VendorSimulated,
        Self::SimulatorDefault,
        Self::Assumed,
        Self::Unstated,
    ];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::VendorLimit => "vendor-limit",
            Self::VendorSimulated => "vendor-simulated",
            Self::SimulatorDefault => "simulator-default",
            Self::Assumed => "assumed",
            Self::Unstated => "unstated",
        }
    }

    /// What it says of a number.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Measured => "measured on silicon and published",
            Self::VendorLimit => "stated by the maker: a limit, a size, an acceptance bound",
            Self::VendorSimulated => "simulated by the maker ahead of silicon, and published",
            Self::SimulatorDefault => "the default of a public simulator; no measurement behind it is known",
            Self::Assumed => "chosen here, for the reason that the source gives",
            Self::Unstated => "nothing is said of where it comes from; shipped chips have no such number",
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
    /// Key into [`ChipSpec::sources`]; empty if the evidence is [`Evidence::Unstated`].
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

section::section! {
    /// How many of what a board can have.
    struct Geometry {
        chips: Fact, Count, 1..=1 << 16, "a chip id has 16 bits",
            "Chips on a board, at most.";
        cores_per_chip: Fact, Count, 1..=1 << 16, "a core id has 16 bits",
            "Cores of a chip.";
        neurons_per_core: Fact, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Neuron circuits of a core.";
    }
}

section::section! {
    /// Shares of the variance of a parameter: whole die, core, single circuit. They add up to 1.
    struct SharesSpec {
        die: Fact, Share, 0..=1, "", "Shift common to all circuits of a die (a corner).";
        core: Fact, Share, 0..=1, "", "Shift common to all circuits of a core.";
        circuit: Fact, Share, 0..=1, "", "What remains: each circuit for itself.";
    }
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

impl MismatchSpec {
    /// Hands every number to `add`, with its path below `path`.
    fn facts<'a>(&'a self, path: &str, add: &mut impl FnMut(String, &'a Fact)) {
        add(format!("{path}.cv"), &self.cv);
        if let Some((low, high)) = &self.truncation {
            add(format!("{path}.truncation.low"), low);
            add(format!("{path}.truncation.high"), high);
        }
        if let Some(shares) = &self.shares {
            for stated in shares.stated() {
                add(format!("{path}.shares.{}", stated.path), stated.fact);
            }
        }
        if let Some(correlation) = &self.correlation {
            add(format!("{path}.correlation.rho"), &correlation.rho);
        }
    }
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
    /// How many values the memory cell of a circuit can hold, spread evenly over the range, on chips where each circuit
    /// has its own; none if single circuits cannot be trimmed with it, or nothing is known of how finely.
    pub trim_codes: Option<Fact>,
    /// Device-to-device variation; none if absent.
    pub mismatch: Option<MismatchSpec>,
}

/// The digital rules of a chip: a named profile, and the points in which this chip departs from it.
///
/// Which profiles and options there are is the business of `device-models`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesSpec {
    /// Name of the profile, such as `loihi-lava` or `xylo-v2`.
    pub profile: String,
    /// Choices by the name of the option; what is not here is as in the profile.
    pub options: BTreeMap<String, String>,
}

impl RulesSpec {
    /// Whether parameters are words of 32 bits, as simulators have them, and not what the registers of the chip hold:
    /// the option `parameters` is `words`. Recorded networks are such, which need not fit a chip.
    pub fn has_words(&self) -> bool {
        self.options.get("parameters").is_some_and(|word| word == "words")
    }
}

/// The limit `fact` as a count. Panics if it is none: `validate` refuses such a spec.
fn count(fact: &Fact) -> usize {
    section::Plain::plain(fact)
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
    /// Length of a tick: the resolution of time.
    pub tick: Fact,
    /// Period of clocked cores, a whole number of ticks; one tick if absent.
    pub step: Option<Fact>,
    /// How many of what.
    pub geometry: Geometry,
    /// Core models on offer; the first is the default.
    pub models: Vec<CoreModel>,
    /// Kinds of synapse, in the order of their index.
    pub synapses: Vec<SynapseType>,
    /// Whether a program may give each neuron of a core its own parameter values, or one for the core.
    pub parameters_per_neuron: bool,
    /// Whether a network may bring its own clock ([`ChipSpec::at_clock`]): a chip that is no silicon.
    pub free_clock: bool,
    /// The router.
    pub router: RouterSpec,
    /// The digital rules; none on a chip without a digital core model.
    pub rules: Option<RulesSpec>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, ParameterSpec>,
    /// Energy of each operation that is priced, by its name in [`ENERGY_OPERATIONS`].
    pub energy: BTreeMap<String, Fact>,
    /// Where its cores lie; not known if absent.
    pub mesh: Option<MeshSpec>,
    /// How long operations take; none if absent.
    pub latency: Option<LatencySpec>,
    /// The parameter whose CV is quoted when the mismatch of the whole chip is scaled "to CV x"; or [`WEIGHTS`].
    pub mismatch_reference: Option<String>,
    /// Device-to-device variation of the weight of every synapse slot; none if absent. It has no correlation.
    pub weight_mismatch: Option<MismatchSpec>,
    /// How often circuits are broken; never if absent.
    pub faults: Option<FaultSpec>,
    /// What fluctuates between runs and events, if a run asks for noise; nothing if absent.
    pub noise: Option<NoiseSpec>,
}

/// What the weights of synapse slots are called where a parameter could be named.
pub const WEIGHTS: &str = "weights";

impl ChipSpec {
    /// The same neurons and synapses behind an ideal router: weights as fine as a core can hold, and no memory that
    /// could be full. Disorder that is of the memories is not there.
    #[must_use]
    pub fn with_ideal_router(&self) -> Self {
        let mut spec = Self {
            router: RouterSpec::Ideal,
            weight_mismatch: None,
            faults: None,
            mismatch_reference: self.mismatch_reference.clone().filter(|name| name != WEIGHTS),
            ..self.clone()
        };
        let used: BTreeSet<String> = spec.facts().into_iter().map(|(_, fact)| fact.source.clone()).collect();
        spec.sources.retain(|key, _| used.contains(key));
        spec
    }

    /// The synapse circuits of a `dpi` neuron: the gates that some kind names, in a fixed order. Each is there, and
    /// has its dark current, whether a program uses it or not.
    pub fn gates(&self) -> impl Iterator<Item = SynapseGate> + '_ {
        SynapseGate::ALL.into_iter().filter(|gate| self.synapses.iter().any(|s| s.gate == Some(*gate)))
    }

    /// The index of the synapse kind called `name`.
    pub fn synapse_index(&self, name: &str) -> Option<usize> {
        self.synapses.iter().position(|s| s.name == name)
    }

    /// The index of the synapse kind that a network means on this chip by an excitatory, or else an inhibitory,
    /// synapse onto neurons of `model`: the first that acts on them and has that sign, or else the first that can have
    /// either. `None` if there is none.
    pub fn default_synapse(&self, model: CoreModel, is_inhibitory: bool) -> Option<usize> {
        let sign = if is_inhibitory { SynapseSign::Inhibitory } else { SynapseSign::Excitatory };
        let first = |sign| {
            let fits = |s: &SynapseType| s.sign == sign && model.takes(s) && s.kinetics.shift() == PLAIN_SHIFT;
            self.synapses.iter().position(fits)
        };
        first(sign).or_else(|| first(SynapseSign::Signed))
    }

    /// Every number of the chip, with its dotted path (`parameters.tau_mem.mismatch.cv`), in a fixed order.
    pub fn facts(&self) -> Vec<(String, &Fact)> {
        let mut all: Vec<(String, &Fact)> = Vec::new();
        let mut add = |path: String, fact| all.push((path, fact));
        add("tick".into(), &self.tick);
        if let Some(step) = &self.step {
            add("step".into(), step);
        }
        for (table, numbers) in [("geometry", self.geometry.stated()), ("router", self.router.stated())] {
            numbers.into_iter().for_each(|stated| add(format!("{table}.{}", stated.path), stated.fact));
        }
        for (name, parameter) in &self.parameters {
            let path = format!("parameters.{name}");
            add(format!("{path}.nominal"), &parameter.nominal);
            if let Some((low, high)) = &parameter.range {
                add(format!("{path}.range.low"), low);
                add(format!("{path}.range.high"), high);
            }
            if let Some(codes) = &parameter.trim_codes {
                add(format!("{path}.trim_codes"), codes);
            }
            if let Some(mismatch) = &parameter.mismatch {
                mismatch.facts(&format!("{path}.mismatch"), &mut add);
            }
        }
        for stated in self.mesh.iter().flat_map(Section::stated) {
            add(format!("mesh.{}", stated.path), stated.fact);
        }
        for (name, fact) in &self.energy {
            add(format!("energy.{name}"), fact);
        }
        self.latency.iter().for_each(|latency| latency.facts(&mut add));
        if let Some(mismatch) = &self.weight_mismatch {
            mismatch.facts("weights.mismatch", &mut add);
        }
        for stated in self.faults.iter().flat_map(Section::stated) {
            add(format!("faults.{}", stated.path), stated.fact);
        }
        for stated in self.noise.iter().flat_map(Section::stated) {
            add(format!("noise.{}", stated.path), stated.fact);
        }
        all
    }

    /// Period of clocked cores.
    pub fn step(&self) -> Quantity {
        self.step.as_ref().unwrap_or(&self.tick).quantity
    }

    /// Period of clocked cores in ticks. Panics if the spec was not validated.
    pub fn step_ticks(&self) -> u64 {
        let ticks = whole_multiple(self.step(), self.tick.quantity);
        ticks.expect("the step of a validated spec is a whole number of ticks")
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
        self.mismatch_of(self.mismatch_reference.as_ref()?)?.cv.quantity.value_in(units::Unit::ONE).ok()
    }

    /// The mismatch of the parameter `name`; of the weights if `name` is [`WEIGHTS`] and no parameter is called so.
    pub fn mismatch_of(&self, name: &str) -> Option<&MismatchSpec> {
        match self.parameters.get(name) {
            Some(parameter) => parameter.mismatch.as_ref(),
            None if name == WEIGHTS => self.weight_mismatch.as_ref(),
            None => None,
        }
    }
}

/// How many times `unit` goes into `time`, if both are times above 0 and it does so a whole number of times.
pub fn whole_multiple(time: Quantity, unit: Quantity) -> Option<u64> {
    let second = units::Unit::SECOND;
    let (time, unit) = (time.value_in(second).ok()?, unit.value_in(second).ok()?);
    // Both as whole numbers of the finer of their last places.
    let place = time.exponent().min(unit.exponent());
    let whole = |d: Decimal| {
        let digits = u32::try_from(d.exponent() - place).ok()?;
        i128::from(d.mantissa()).checked_mul(10i128.checked_pow(digits)?)
    };
    let (time, unit) = (whole(time)?, whole(unit)?);
    let times = (unit > 0 && time % unit == 0).then(|| time / unit)?;
    u64::try_from(times).ok().filter(|times| *times > 0)
}

/// The operations whose energy a chip file can state: what the emulator counts.
pub const ENERGY_OPERATIONS: [&str; 6] =
    ["synaptic_operation", "neuron_update", "spike", "event_sent", HOP_OPERATIONS[0], HOP_OPERATIONS[1]];

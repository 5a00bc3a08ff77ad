//! The rules that a chip description must obey, one function a rule.
//!
//! Each rule looks at one thing and has a name that documents and errors can refer to. A rule passes over what
//! another rule already refuses, so that one mistake gives one violation. The rules know no file: they name the
//! offending entry by its dotted path, and `formats` turns that into line and column.

mod board;
mod circuits;
mod crossbar;
mod latency;
mod mismatch;
mod sources;
mod variation;

use crate::readings::{ReadBy, Reading};
use crate::spec::{ChipSpec, Fact};
use alloc::{format, string::String, vec::Vec};
use units::{Decimal, Unit};

/// A rule that a spec breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Name of the rule, such as `counts-are-positive`.
    pub rule: &'static str,
    /// Dotted path of the offending entry, such as `parameters.tau_mem.mismatch.cv` or `synapses[0].gain`.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Where a name is wrong: the wrong name and all that would be right, for "did you mean".
    pub name: Option<WrongName>,
}

/// A name that refers to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongName {
    /// The name as written.
    pub written: String,
    /// The names that could stand there.
    pub valid: Vec<String>,
}

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it demands, in a sentence.
    pub summary: &'static str,
    check: fn(&ChipSpec, &mut Findings),
}

/// Every rule, in the order in which [`validate`] applies them.
pub const RULES: &[Rule] = &[
    rule("names-are-plain", "Names are made of ASCII letters, digits, `_` and `-`.", sources::names_are_plain),
    rule("sources-exist", "The source of a number that states one is a key of `sources`.", sources::sources_exist),
    rule("sources-are-used", "Every entry of `sources` is text that some number refers to.", sources::sources_are_used),
    rule("counts-are-positive", "Sizes are whole numbers above 0.", board::counts_are_positive),
    rule("exponents-are-an-interval", "Weight exponents are small whole numbers, low <= high.", board::exponents),
    rule("energies-are-energies", "`energy` prices operations that are counted.", board::energies),
    rule(
        "mesh-holds-cores",
        "`mesh` has room for the cores of a chip, and is there if hops have a price.",
        board::mesh,
    ),
    rule("latencies-are-times", "`latency` times operations, and barriers by ascending cores.", latency::latencies),
    rule("rules-belong-to-models", "`rules` is there if a digital model is.", circuits::rules_belong_to_models),
    rule("xylo-has-two-layers", "A Xylo router has core model `xylo` on one chip of 2 cores.", board::xylo_layers),
    rule("counts-fit", "Sizes fit the ids and words of a program.", board::counts_fit),
    rule("delays-have-a-limit", "`delay_bits` and `delay_max` of a CAM word go together.", board::delays_have_a_limit),
    rule("monitor-leaves-sram", "The monitor leaves at least one SRAM word of a neuron.", board::monitor_leaves_sram),
    rule(
        "rows-belong-to-drivers",
        "Synapse rows are buses times drivers times rows of a driver.",
        crossbar::rows_belong_to_drivers,
    ),
    rule(
        "events-have-addresses",
        "Labels, row selects and event outputs fit the bits of an event.",
        crossbar::events_have_addresses,
    ),
    rule("rows-have-signs", "Each synapse kind of a crossbar chip has a fixed sign.", crossbar::rows_have_signs),
    rule(
        "accumulators-fit",
        "Neurons of a core, padded to whole vectors, times synapse kinds are places that a synapse can name.",
        board::accumulators_fit,
    ),
    rule("tick-is-a-time", "A tick is a time above 0, of at least 2^-32 ms.", board::tick_is_a_time),
    rule("step-is-whole-ticks", "A step is a whole number of ticks, at most 2^31 ms.", board::step_is_whole_ticks),
    rule("models-are-listed", "A chip has at least one core model, each once.", circuits::models_are_listed),
    rule("synapse-names-differ", "Each synapse kind has a name of its own.", circuits::synapse_names_differ),
    rule(
        "synapses-match-models",
        "Each model has a synapse kind and each kind a model.",
        circuits::synapses_match_models,
    ),
    rule("gates-fit", "Gates are all combined or none, and fit the sign of their kind.", circuits::gates_fit),
    rule(
        "exponential-kinds-fit",
        "A chip has no more exponential synapse kinds than a neuron has currents.",
        circuits::exponential_kinds_fit,
    ),
    rule("slices-fit", "The slices of a weight are parts of a 64-bit number.", circuits::slices_fit),
    rule("parameters-exist", "What a model or a synapse kind reads is a parameter.", circuits::parameters_exist),
    rule("rate-units-leak-once", "Rate units have `leak` or `tau_unit`.", circuits::rate_units_leak_once),
    rule("dimensions-match", "A parameter has the dimension that its reader needs.", circuits::dimensions_match),
    rule("values-are-possible", "A parameter has a value that its reader can use.", circuits::values_are_possible),
    rule("ranges-hold-the-nominal", "Low <= nominal <= high, in one dimension.", circuits::ranges_hold_the_nominal),
    rule(
        "trims-have-codes-and-a-range",
        "What single circuits are trimmed with is set per neuron, in at least 2 codes over a range.",
        circuits::trims_have_codes_and_a_range,
    ),
    rule("cv-is-not-negative", "A CV is a pure number of at least 0.", mismatch::cv_is_not_negative),
    rule("truncation-is-an-interval", "Low < 1 < high, in pure numbers.", mismatch::truncation_is_an_interval),
    rule("factors-stay-positive", "Mismatch keeps above 0 what must be above 0.", mismatch::factors_stay_positive),
    rule("mismatch-can-be-drawn", "CV and truncation leave factors to be drawn.", mismatch::can_be_drawn),
    rule("shares-add-up", "The shares of a variance are from 0 to 1 and add up to 1.", mismatch::shares_add_up),
    rule(
        "correlations-are-pairs",
        "A correlation names another, itself uncorrelated parameter.",
        mismatch::correlations,
    ),
    rule("rho-is-a-correlation", "A correlation is from -1 to 1.", mismatch::rho_is_a_correlation),
    rule("reference-has-mismatch", "`mismatch_reference` is there if mismatch is, and has some.", mismatch::reference),
    rule("probabilities-are-possible", "The probability of a fault is from 0 to 1.", variation::probabilities),
    rule("flipped-bits-exist", "Bits that flip belong to stored weights of known width.", variation::flipped_bits),
    rule(
        "noise-is-possible",
        "CVs of noise are from 0 to 4, jitter is 0 to 65535 whole ticks and of one family.",
        variation::noise,
    ),
];

const fn rule(name: &'static str, summary: &'static str, check: fn(&ChipSpec, &mut Findings)) -> Rule {
    Rule { name, summary, check }
}

/// All rules that `spec` breaks, in the order of [`RULES`]; empty for a good spec.
pub fn validate(spec: &ChipSpec) -> Vec<Violation> {
    let mut findings = Findings { rule: "", violations: Vec::new() };
    for rule in RULES {
        findings.rule = rule.name;
        (rule.check)(spec, &mut findings);
    }
    findings.violations
}

/// What the rules have found so far.
struct Findings {
    rule: &'static str,
    violations: Vec<Violation>,
}

impl Findings {
    fn add(&mut self, path: impl Into<String>, message: String) {
        self.violations.push(Violation { rule: self.rule, path: path.into(), message, name: None });
    }

    /// A name that refers to nothing; `what` says what it should have been.
    fn add_wrong_name<'a>(&mut self, path: String, what: &str, written: &str, valid: impl Iterator<Item = &'a String>) {
        let name = WrongName { written: written.into(), valid: valid.cloned().collect() };
        let message = format!("`{written}` is not {what}");
        self.violations.push(Violation { rule: self.rule, path, message, name: Some(name) });
    }

    /// Takes `fact` as a pure number. If it is none, says so, and the rule passes over it.
    fn pure(&mut self, path: &str, fact: &Fact) -> Option<Decimal> {
        let value = fact.quantity.value_in(Unit::ONE);
        if let Err(error) = &value {
            self.add(path, format!("{error}: write `unit = \"1\"`"));
        }
        value.ok()
    }
}

/// Synapse kind `index` in a path.
fn synapse_path(index: usize, entry: &str) -> String {
    format!("synapses[{index}].{entry}")
}

/// Where the chip file says that a parameter is read.
fn reading_path(spec: &ChipSpec, reading: &Reading<'_>) -> String {
    match reading.by {
        ReadBy::Model(model) => {
            let index = spec.models.iter().position(|listed| *listed == model);
            format!("models[{}]", index.unwrap_or_default())
        }
        ReadBy::Kind { index, entry, .. } => synapse_path(index, entry),
    }
}

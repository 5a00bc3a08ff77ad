//! Chip files: a [`ChipSpec`] as TOML. The file is specified in `docs/formats/chip.md`.
//!
//! Owns the way from text to a validated spec, and the names of the shipped chips. A user's file and a shipped one
//! take the same way. The rules themselves are in [`chip::validate`].

use crate::document::{Document, Format, FromValue, Table, Value};
use crate::error::{FormatError, FormatErrors, Problem};
use crate::text::read_text;
use chip::{
    BarrierSpec, ChipSpec, CoreModel, Correlation, Evidence, Fact, Kinetics, KineticsKind, LATENCY_OPERATIONS,
    LatencySpec, MismatchSpec, Number, NumberReader, ParameterSpec, RouterKind, RouterSpec, RulesSpec, Section,
    SynapseGate, SynapseSign, SynapseType, Violation,
};
use device_models::rules;
use disorder::Family;
use std::collections::BTreeMap;
use std::path::Path;
use units::Quantity;

/// Format and version of chip files.
pub const FORMAT: Format = Format { name: "quenched-chip", version: 1 };

/// Names of the shipped chips.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    device_models::chips::SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of the shipped chip file `name`, to read or to start an own chip from.
pub fn shipped_text(name: &str) -> Option<&'static str> {
    device_models::chips::SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

/// The shipped chip `name`.
///
/// # Errors
/// There is no such chip; the help names the nearest.
pub fn shipped(name: &str) -> Result<ChipSpec, FormatErrors> {
    match shipped_text(name) {
        Some(text) => read(text, &format!("{name}/chip.toml")),
        None => Err(unknown(name).into()),
    }
}

/// The file of a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipFile {
    /// Its name in errors.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The file of the chip that a user names: a shipped one, or the path of a chip file (which contains `/` or ends in
/// `.toml`).
///
/// # Errors
/// There is no such chip or file.
pub fn find(name_or_path: &str) -> Result<ChipFile, FormatErrors> {
    if let Some(text) = shipped_text(name_or_path) {
        return Ok(ChipFile { name: format!("{name_or_path}/chip.toml"), text: text.into() });
    }
    let path = Path::new(name_or_path);
    let looks_like_path = path.components().count() > 1 || path.extension().is_some_and(|e| e == "toml");
    if looks_like_path || path.is_file() {
        Ok(ChipFile { name: name_or_path.into(), text: read_text(path)? })
    } else {
        Err(unknown(name_or_path).into())
    }
}

/// The chip that a user names; see [`find`].
///
/// # Errors
/// There is no such chip or file, or the file is wrong.
pub fn resolve(name_or_path: &str) -> Result<ChipSpec, FormatErrors> {
    let file = find(name_or_path)?;
    read(&file.text, &file.name)
}

fn unknown(name: &str) -> FormatError {
    FormatError::UnknownChip { name: name.into(), shipped: shipped_names().map(String::from).collect() }
}

/// Reads and validates the chip file at `path`.
///
/// # Errors
/// The file cannot be read, or breaks the format or a rule of [`chip::validate`].
pub fn load(path: &Path) -> Result<ChipSpec, FormatErrors> {
    read(&read_text(path)?, &path.display().to_string())
}

/// Reads and validates the chip file `text`; `name` stands for the file in errors.
///
/// # Errors
/// All that is wrong with the form of the file, or, if nothing is, all rules of [`chip::validate`] that it breaks.
pub fn read(text: &str, name: &str) -> Result<ChipSpec, FormatErrors> {
    let document = Document::parse(text, name, FORMAT)?;
    let spec = read_spec(&document);
    if let Some(spec) = &spec
        && !document.has_errors()
    {
        for violation in chip::validate(spec) {
            let path = violation.path.clone();
            document.report(&path, problem_of(violation));
        }
    }
    document.finish(spec)
}

fn problem_of(violation: Violation) -> Problem {
    let Violation { rule, message, name, .. } = violation;
    match name {
        Some(name) => {
            let start = format!("`{}` is not ", name.written);
            let what = message.strip_prefix(&start).unwrap_or(&message).to_string();
            Problem::UnknownName { what, name: name.written, known: name.valid }
        }
        None => Problem::Rule { rule, message },
    }
}

fn read_spec(document: &Document<'_>) -> Option<ChipSpec> {
    let root = document.root(&[
        "name",
        "family",
        "revision",
        "summary",
        "models",
        "parameters_per_neuron",
        "free_clock",
        "mismatch_reference",
        "tick",
        "step",
        "sources",
        "geometry",
        "router",
        "rules",
        "synapses",
        "parameters",
        "mesh",
        "energy",
        "latency",
        "weights",
        "faults",
        "noise",
    ]);
    // Every entry is read before the first `?`, so that all errors are found.
    let name = root.required("name");
    let family = root.required("family");
    let revision = root.required("revision");
    let summary = root.required("summary");
    let models = root.required_with("models", read_models);
    let parameters_per_neuron = root.required("parameters_per_neuron");
    let free_clock = root.optional("free_clock");
    let mismatch_reference = root.optional("mismatch_reference");
    let tick = root.required("tick");
    let step = root.optional::<FileFact>("step");
    let sources = root.optional_with("sources", |v| by_name(&v, |v| v.read()));
    let geometry = root.required_with("geometry", |v| read_section(&v));
    let router = root.required_with("router", |v| read_router(&v));
    let rules = root.optional_with("rules", |v| read_rules(&v));
    let energy = root.optional_with("energy", |v| by_name(&v, |v| fact(v.read())));
    let mesh = root.optional_with("mesh", |v| read_section(&v));
    let latency = root.optional_with("latency", |v| read_latency(&v));
    let synapses = root.required_with("synapses", |v| all(v.array()?, read_synapse));
    let parameters = root.required_with("parameters", |v| by_name(&v, read_parameter));
    let weight_mismatch = root.optional_with("weights", |v| {
        v.table(&["mismatch"])?.required_with("mismatch", |v| read_mismatch(&v, &MISMATCH[..4]))
    });
    let faults = root.optional_with("faults", |v| read_section(&v));
    let noise = root.optional_with("noise", |v| read_section(&v));
    Some(ChipSpec {
        name: name?,
        family: family?,
        revision: revision?,
        summary: summary?,
        sources: sources?.unwrap_or_default(),
        tick: fact(tick)?,
        step: step?.map(|f| f.0),
        geometry: geometry?,
        models: models?,
        synapses: synapses?,
        parameters_per_neuron: parameters_per_neuron?,
        free_clock: free_clock?.unwrap_or(false),
        router: router?,
        rules: rules?,
        parameters: parameters?,
        energy: energy?.unwrap_or_default(),
        mesh: mesh?,
        latency: latency?,
        mismatch_reference: mismatch_reference?,
        weight_mismatch: weight_mismatch?,
        faults: faults?,
        noise: noise?,
    })
}

/// Reads each of `values`, so that all errors are found.
fn all<'d, T>(values: Vec<Value<'d>>, read: impl Fn(&Value<'d>) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<Option<T>> = values.iter().map(read).collect();
    all.into_iter().collect()
}

/// A table whose keys are names that the file chooses.
fn by_name<'d, T>(value: &Value<'d>, read: impl Fn(&Value<'d>) -> Option<T>) -> Option<BTreeMap<String, T>> {
    let entries: Vec<Option<(String, T)>> =
        value.open_table()?.entries().into_iter().map(|e| Some((e.name, read(&e.value)?))).collect();
    entries.into_iter().collect()
}

/// A [`Fact`] of a file: `{ value = 20, unit = "ms", source = "rockpool", evidence = "simulator-default" }`, or
/// `"20 ms"`, whose evidence is unstated.
struct FileFact(Fact);

fn fact(read: Option<FileFact>) -> Option<Fact> {
    read.map(|f| f.0)
}

impl<'d> FromValue<'d> for FileFact {
    fn from_value(value: &Value<'d>) -> Option<Self> {
        if value.is_string() {
            let quantity = value.read()?;
            return Some(Self(Fact { quantity, source: String::new(), evidence: Evidence::Unstated }));
        }
        let table = value.table(&["value", "unit", "source", "evidence"])?;
        let number = table.required("value");
        let unit = table.required("unit");
        let source = table.required("source");
        let stated = Evidence::ALL.into_iter().filter(|grade| *grade != Evidence::Unstated);
        let grades: Vec<(&str, Evidence)> = stated.map(|grade| (grade.name(), grade)).collect();
        let evidence = table.required_with("evidence", |v| v.one_of("a grade of evidence", &grades));
        Some(Self(Fact { quantity: Quantity::new(number?, unit?), source: source?, evidence: evidence? }))
    }
}

fn read_models(value: Value<'_>) -> Option<Vec<CoreModel>> {
    all(value.array()?, |v| v.one_of("a core model", &CoreModel::ALL.map(|m| (m.name(), m))))
}

/// What reads the numbers of a group from its table.
struct Numbers<'d>(Table<'d>);

impl<'d> Numbers<'d> {
    /// The table `value`, which may have the keys of `numbers` and `more`.
    fn open(value: &Value<'d>, more: &[&str], numbers: &[Number]) -> Option<Self> {
        let keys: Vec<&str> = more.iter().copied().chain(numbers.iter().map(|number| number.key)).collect();
        value.table(&keys).map(Self)
    }
}

impl NumberReader for Numbers<'_> {
    fn required(&mut self, key: &'static str) -> Option<Fact> {
        fact(self.0.required(key))
    }

    fn optional(&mut self, key: &'static str) -> Option<Option<Fact>> {
        self.0.optional(key).map(fact)
    }

    fn interval(&mut self, key: &'static str) -> Option<(Fact, Fact)> {
        self.0.required_with(key, |v| read_interval(&v))
    }
}

/// A group of numbers.
fn read_section<S: Section>(value: &Value<'_>) -> Option<S> {
    S::read(&mut Numbers::open(value, &[], S::NUMBERS)?)
}

/// A table whose keys depend on its key `kind`.
fn kind_of<'d, T: Copy>(value: &Value<'d>, what: &str, kinds: &[(&str, T)]) -> Option<T> {
    value.open_table()?.required_with("kind", |v| v.one_of(what, kinds))
}

fn read_router(value: &Value<'_>) -> Option<RouterSpec> {
    let kind = kind_of(value, "a kind of router", &RouterKind::ALL.map(|kind| (kind.name(), kind)))?;
    kind.read(&mut Numbers::open(value, &["kind"], kind.numbers())?)
}

/// Times of operations, by names that the chip's rules know, and the waits at the end of a step.
fn read_latency(value: &Value<'_>) -> Option<LatencySpec> {
    let table = value.table(&[&LATENCY_OPERATIONS[..], &["barrier"]].concat())?;
    let operations = LATENCY_OPERATIONS.iter().map(|name| Some((*name, table.optional::<FileFact>(name)?)));
    let operations: Vec<_> = operations.collect();
    let barrier = table.optional_with("barrier", |v| {
        all(v.array()?, |v| {
            let entry = v.table(&["cores_min", "time"])?;
            let cores_min = entry.required("cores_min");
            Some(BarrierSpec { time: fact(entry.required("time"))?, cores_min: cores_min? })
        })
    });
    let stated = |(name, time): (&str, Option<FileFact>)| Some((name.to_owned(), time?.0));
    let operations: Option<Vec<_>> = operations.into_iter().collect();
    Some(LatencySpec {
        operations: operations?.into_iter().filter_map(stated).collect(),
        barrier: barrier?.unwrap_or_default(),
    })
}

/// Digital rules: a profile, and the options of its set ([`device_models::rules::SETS`]).
fn read_rules(value: &Value<'_>) -> Option<RulesSpec> {
    let mut names: Vec<&str> = rules::SETS.iter().flat_map(|set| set.options).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    names.push("profile");
    let table = value.table(&names)?;
    let profiles = rules::SETS.iter().flat_map(|set| set.profiles);
    let profiles: Vec<(&str, &str)> = profiles.map(|profile| (*profile, *profile)).collect();
    let profile = table.required_with("profile", |v| v.one_of("a profile of digital rules", &profiles));
    let set = rules::SETS.iter().find(|set| profile.is_some_and(|profile| set.profiles.contains(&profile)));
    let mut options = Some(BTreeMap::new());
    for (name, words) in set.iter().flat_map(|set| set.options) {
        let word = table.optional_with(name, |v| {
            let word: String = v.read()?;
            if rules::is_choice(&word, words) {
                return Some(word);
            }
            let what = format!("a choice for `{name}`");
            v.report(Problem::UnknownName { what, name: word, known: words.iter().map(|w| w.to_string()).collect() });
            None
        });
        // Every option is read, so that all errors are found.
        options = options.zip(word).map(|(mut options, word)| {
            options.extend(word.map(|word| ((*name).to_owned(), word)));
            options
        });
    }
    let (set, profile) = set.zip(profile)?;
    names.retain(|name| *name != "profile" && set.options.iter().all(|(known, _)| known != name));
    if let Some(option) = names.iter().find(|name| table.has(name)) {
        let known: Vec<&str> = set.options.iter().map(|(name, _)| *name).collect();
        let message = if known.is_empty() {
            format!("the rules `{profile}` have no options: remove this")
        } else {
            format!("the rules `{profile}` have no such option, only {}: remove this", known.join(", "))
        };
        return table.reject_at(option, "rules-exist", message);
    }
    let options = options?;
    Some(RulesSpec { profile: profile.to_owned(), options })
}

fn read_synapse(value: &Value<'_>) -> Option<SynapseType> {
    let table = value.table(&["name", "sign", "kinetics", "gain", "gate"])?;
    let name = table.required("name");
    let sign =
        table.required_with("sign", |v| v.one_of("a sign of a synapse", &SynapseSign::ALL.map(|s| (s.name(), s))));
    let kinetics = table.required_with("kinetics", |v| read_kinetics(&v));
    let gain = table.optional("gain");
    let gates = SynapseGate::ALL.map(|gate| (gate.name(), gate));
    let gate = table.optional_with("gate", |v| v.one_of("a synapse circuit of core model `dpi`", &gates));
    Some(SynapseType { name: name?, sign: sign?, kinetics: kinetics?, gain: gain?, gate: gate? })
}

fn read_kinetics(value: &Value<'_>) -> Option<Kinetics> {
    let kinds = KineticsKind::ALL.map(|kind| (kind.name(), kind));
    let plain = |kinetics| value.table(&["kind"]).map(|_| kinetics);
    match kind_of(value, "a kind of kinetics", &kinds)? {
        KineticsKind::Delta => plain(Kinetics::Delta),
        KineticsKind::Graded => plain(Kinetics::Graded),
        KineticsKind::Linear => plain(Kinetics::Linear),
        KineticsKind::Exponential => {
            let table = value.table(&["kind", "tau"])?;
            Some(Kinetics::Exponential { tau: table.required("tau")? })
        }
        KineticsKind::Register => {
            let table = value.table(&["kind", "index"])?;
            Some(Kinetics::Register { index: table.required("index")? })
        }
        KineticsKind::Slice => {
            let table = value.table(&["kind", "shift"])?;
            Some(Kinetics::Slice { shift: table.required("shift")? })
        }
        KineticsKind::Number => {
            let table = value.table(&["kind", "shift"])?;
            Some(Kinetics::Number { shift: table.required("shift")? })
        }
    }
}

fn read_parameter(value: &Value<'_>) -> Option<ParameterSpec> {
    let table = value.table(&["summary", "nominal", "range", "trim_codes", "mismatch"])?;
    let summary = table.required("summary");
    let nominal = fact(table.required("nominal"));
    let range = table.optional_with("range", |v| read_interval(&v));
    let trim_codes = table.optional("trim_codes");
    let mismatch = table.optional_with("mismatch", |v| read_mismatch(&v, &MISMATCH));
    Some(ParameterSpec {
        summary: summary?,
        nominal: nominal?,
        range: range?,
        trim_codes: trim_codes?.map(|codes| fact(Some(codes))).unwrap_or_default(),
        mismatch: mismatch?,
    })
}

fn read_interval(value: &Value<'_>) -> Option<(Fact, Fact)> {
    let table = value.table(&["low", "high"])?;
    let (low, high) = (fact(table.required("low")), fact(table.required("high")));
    low.zip(high)
}

/// Keys of the mismatch of a parameter; weights have all but the last.
const MISMATCH: [&str; 5] = ["family", "cv", "truncation", "shares", "correlation"];

fn read_mismatch(value: &Value<'_>, keys: &[&str]) -> Option<MismatchSpec> {
    let table = value.table(keys)?;
    let family =
        table.required_with("family", |v| v.one_of("a family of mismatch", &Family::ALL.map(|f| (f.name(), f))));
    let cv = fact(table.required("cv"));
    let truncation = table.optional_with("truncation", |v| read_interval(&v));
    let shares = table.optional_with("shares", |v| read_section(&v));
    let correlation = if keys.contains(&"correlation") {
        table.optional_with("correlation", |v| read_correlation(&v))
    } else {
        Some(None)
    };
    Some(MismatchSpec { family: family?, cv: cv?, truncation: truncation?, shares: shares?, correlation: correlation? })
}

fn read_correlation(value: &Value<'_>) -> Option<Correlation> {
    let table = value.table(&["with", "rho"])?;
    let (with, rho) = (table.required("with"), fact(table.required("rho")));
    Some(Correlation { with: with?, rho: rho? })
}

#[cfg(test)]
mod tests;

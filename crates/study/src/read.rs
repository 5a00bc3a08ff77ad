//! Study files. The format is specified in `docs/formats/study.md`.

use crate::DataFile;
use crate::axis::{AXES, Conditions, Given, Sweep};
use crate::results::digest;
use crate::spec::{
    ChipChoice, EchoWiring, EncoderSettings, OwnData, ReadoutSettings, ReservoirSettings, SpikingWiring, StudySpec,
    TaskSettings, Wiring,
};
use crate::values::{at_least, fraction, frequency, not_negative, penalty, time};
use chip::{ChipSpec, CoreModel, Values};
use formats::chip::{self as chip_file, ChipFile};
use formats::document::{Document, Format, Table, Value};
use formats::names::read_name;
use formats::{FormatError, FormatErrors, Problem};
use mapper::{Activity, MapperOptions, ReadoutStrategy};
use network::{Recurrence, SynapseChoice};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tasks::{CATALOGUE, TsData};
use units::{Decimal, Quantity, Unit};

/// Format and version of study files.
pub const FORMAT: Format = Format { name: "quenched-study", version: 1 };

/// The study that runs when none is named.
pub const DEFAULT: &str = include_str!("default.toml");

/// Keys besides those of [`AXES`].
const KEYS: [&str; 12] =
    ["title", "chip", "model", "seed", "dies", "faults", "noise", "mapping", "reservoir", "encoder", "readout", "task"];
const SPIKING: &[&str] = &[
    "input_fan_in",
    "recurrent_fan_in",
    "input_inhibitory",
    "recurrent_inhibitory",
    "input_weight",
    "recurrent_weight",
    "synapse",
];
const ECHO: &[&str] = &["connectivity", "spectral_radius", "input_scale", "synapse"];
const ENCODER: &[&str] = &["kind", "trains_per_channel", "rate_max"];
const READOUT: &[&str] = &["on_chip", "strategy", "penalty_min", "filter", "swing", "synapse", "parameters"];
const TASK: &[&str] = &["id", "sample", "train_file", "test_file"];
/// Counts of tasks that a study chooses itself: the washout is the task's own, and a part of the training samples is
/// for validation.
const NOT_CHOSEN: [&str; 2] = ["washout", "validation"];
/// Samples that are needed to train and to score at all, a fifth of the first for validation.
const SAMPLES_MIN: u32 = 10;
/// Keys of `[reservoir]` and `[encoder]` that a task may set for itself.
const TASK_OVERRIDES: &[&str] = &[
    "trains_per_channel",
    "rate_max",
    "input_fan_in",
    "recurrent_fan_in",
    "input_weight",
    "recurrent_weight",
    "input_scale",
    "penalty_min",
];

/// Reads the study file at `path`. A chip file that it names is looked for beside it.
///
/// # Errors
/// Everything that is wrong with the study's file, or else with the chip's.
pub fn load(path: &Path) -> Result<StudySpec, FormatErrors> {
    let text = formats::text::read_text(path)?;
    read(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")))
}

/// The default study.
pub fn default_study() -> StudySpec {
    read(DEFAULT, "default.toml", Path::new("")).unwrap_or_else(|e| panic!("the default study is valid:\n{e}"))
}

/// Reads the study `text`; `name` stands for the file in errors, chip files are looked for in `directory`.
///
/// # Errors
/// Everything that is wrong with the study, or else with its chip file.
pub fn read(text: &str, name: &str, directory: &Path) -> Result<StudySpec, FormatErrors> {
    let document = Document::parse(text, name, FORMAT)?;
    let keys: Vec<&str> = KEYS.into_iter().chain(AXES.iter().map(|listed| listed.axis.key)).collect();
    let root = document.root(&keys);
    let Some((reference, file)) = root.required_with("chip", |v| find_chip(&v, directory)) else {
        return document.finish(None);
    };
    let spec = chip_file::read(&file.text, &file.name)?;
    let chip = Arc::new(ChipChoice { reference, text: file.text, spec });
    let spec = Reader { chip, directory }.study(&root, text);
    document.finish(spec)
}

/// The file of the chip that a study names: a shipped one, or a file beside the study or where the command was given.
/// A chip that does not exist is the study's mistake and is reported at its place.
fn find_chip(value: &Value<'_>, directory: &Path) -> Option<(String, ChipFile)> {
    let reference: String = value.read()?;
    let beside = directory.join(&reference);
    let is_beside = chip_file::shipped_text(&reference).is_none() && beside.is_file();
    let found = if is_beside { beside.display().to_string() } else { reference.clone() };
    match chip_file::find(&found) {
        Ok(file) => Some((reference, file)),
        Err(errors) => {
            value.report(match errors.first() {
                FormatError::UnknownChip { name, shipped } => Problem::UnknownName {
                    what: "a shipped chip; a chip file of your own is named by its path".into(),
                    name: name.clone(),
                    known: shipped.clone(),
                },
                error => Problem::Rule { rule: "chip-file", message: error.to_string() },
            });
            None
        }
    }
}

/// Reads a study for one chip.
struct Reader<'a> {
    chip: Arc<ChipChoice>,
    directory: &'a Path,
}

impl Reader<'_> {
    fn spec(&self) -> &ChipSpec {
        &self.chip.spec
    }

    fn study(&self, root: &Table<'_>, text: &str) -> Option<StudySpec> {
        let title = root.optional_with("title", |v| read_name(&v));
        let chip_name = self.spec().name.clone();
        let model = match root.optional_with("model", |v| {
            let model = v.one_of("a core model", &CoreModel::ALL.map(|m| (m.name(), m)))?;
            if self.spec().models.contains(&model) {
                return Some(model);
            }
            v.reject("model-on-chip", format!("the chip `{chip_name}` does not offer the core model `{model}`"))
        })? {
            Some(model) => model,
            None => self.spec().models[0],
        };
        let wiring = if model.is_graded() { ECHO } else { SPIKING };
        let keys: Vec<&str> = ["neurons", "parameters"].iter().chain(wiring).copied().collect();
        let reservoir = root.required_with("reservoir", |v| self.reservoir(&v.table(&keys)?, model));
        let encoder = root.optional_with("encoder", |v| encoder(&v.table(ENCODER)?))?.unwrap_or(EncoderSettings {
            poisson: false,
            trains_per_channel: 2,
            rate_max: Quantity::new(Decimal::integer(200), Unit::HERTZ),
        });
        let readout = root.required_with("readout", |v| {
            let table = v.table(READOUT)?;
            let penalty_min = table.optional_with("penalty_min", |v| penalty(&v))?.unwrap_or(0.0);
            Some((self.readout(&table)?, penalty_min))
        });
        let (reservoir, (readout, penalty_min)) = reservoir.zip(readout)?;
        let tasks = root.required_with("task", |v| {
            let tasks = v.array()?;
            if tasks.is_empty() {
                return v.reject("tasks", "a study needs at least one [[task]]");
            }
            let all: Vec<_> =
                tasks.iter().map(|task| self.task(task, &reservoir.wiring, encoder, penalty_min)).collect();
            all.into_iter().collect::<Option<Vec<_>>>()
        });
        let noise = root.optional_with("noise", |v| {
            let noise: bool = v.read()?;
            if noise && self.spec().noise.is_none() {
                return v.reject("noise-on-chip", format!("the chip `{chip_name}` has no table `[noise]` in its file"));
            }
            Some(noise)
        });
        let mut options = MapperOptions::default();
        let mapping = root.optional_with("mapping", |v| {
            v.options(|key, value| {
                options.set(key, value)?;
                if options.die != mapper::DieChoice::None {
                    return Err("a study maps once for all of its dies, and has none in mind: leave `die` out".into());
                }
                if matches!(options.activity, Activity::File(_)) {
                    let what = "counts the spikes of one network, and a study makes many; prune by weight here";
                    return Err(format!("`{key}` {what}"));
                }
                let read = |file: &str| formats::placement::load(&self.directory.join(file));
                options.read_placement(read).map_err(|error| error.to_string())
            })
        });
        let mapping = mapping.map(|_| options);
        let mut base = Conditions {
            task: 0,
            chip: Arc::clone(&self.chip),
            model,
            seed: root.or("seed", 1)?,
            reservoir,
            recurrence: Recurrence::Full,
            readout,
            mapping: mapping?,
            cv: None,
            family: None,
            faults: root.or("faults", true)?,
            noise: noise?.unwrap_or(false),
            die: 0,
        };
        Some(StudySpec {
            title: title?.unwrap_or_else(|| format!("Study of {chip_name}")),
            text: text.into(),
            changes: Vec::new(),
            sweeps: sweeps(root, &mut base)?,
            base,
            dies: root.optional_with("dies", |v| at_least(&v, 1))?.unwrap_or(8),
            tasks: tasks?,
        })
    }

    fn reservoir(&self, table: &Table<'_>, model: CoreModel) -> Option<ReservoirSettings> {
        let neurons = table.required_with("neurons", |v| at_least(&v, 1));
        let parameters = table.optional_with("parameters", |v| self.parameters(&v));
        let wiring = if model.is_graded() {
            let connectivity = table.required_with("connectivity", |v| fraction(&v));
            let spectral_radius = table.required_with("spectral_radius", |v| not_negative(&v));
            let input_scale = table.required_with("input_scale", |v| not_negative(&v));
            let synapse = table.required_with("synapse", |v| self.synapse_name(&v));
            Wiring::Echo(EchoWiring {
                connectivity: connectivity?,
                spectral_radius: spectral_radius?,
                input_scale: input_scale?,
                synapse: synapse?,
            })
        } else {
            let input_fan_in = table.required_with("input_fan_in", |v| at_least(&v, 1));
            let recurrent_fan_in = table.required("recurrent_fan_in");
            let input_inhibitory = table.required_with("input_inhibitory", |v| fraction(&v));
            let recurrent_inhibitory = table.required_with("recurrent_inhibitory", |v| fraction(&v));
            let input_weight = table.required_with("input_weight", |v| not_negative(&v));
            let recurrent_weight = table.required_with("recurrent_weight", |v| not_negative(&v));
            let synapse = table.required_with("synapse", |v| self.synapse(&v));
            Wiring::Spiking(SpikingWiring {
                input_fan_in: input_fan_in?,
                recurrent_fan_in: recurrent_fan_in?,
                input_inhibitory: input_inhibitory?,
                recurrent_inhibitory: recurrent_inhibitory?,
                input_weight: input_weight?,
                recurrent_weight: recurrent_weight?,
                synapse: synapse?,
            })
        };
        Some(ReservoirSettings { neurons: neurons?, wiring, parameters: parameters?.unwrap_or_default() })
    }

    fn readout(&self, table: &Table<'_>) -> Option<ReadoutSettings> {
        const STRATEGIES: [(&str, ReadoutStrategy); 2] =
            [("split", ReadoutStrategy::Split), ("keep", ReadoutStrategy::Keep)];
        let on_chip = table.required("on_chip");
        let strategy = table.optional_with("strategy", |v| v.one_of("a strategy", &STRATEGIES));
        let filter = table.optional_with("filter", |v| time(&v));
        let swing = table.optional_with("swing", |v| {
            let value: f64 = v.read()?;
            if value > 0.0 { Some(value) } else { v.reject("swing", "the swing must be above 0") }
        });
        let synapse = table.optional_with("synapse", |v| self.synapse(&v));
        let parameters = table.optional_with("parameters", |v| self.parameters(&v));
        let none = || SynapseChoice { excitatory: String::new(), inhibitory: String::new() };
        let (on_chip, synapse): (bool, Option<SynapseChoice>) = (on_chip?, synapse?);
        if on_chip && synapse.is_none() {
            return table
                .reject("readout-synapse", "a readout on the chip needs `synapse = { excitatory, inhibitory }`");
        }
        Some(ReadoutSettings {
            on_chip,
            strategy: strategy?.unwrap_or(ReadoutStrategy::Split),
            filter: filter?.unwrap_or(Quantity::new(Decimal::integer(20), Unit::MILLISECOND)),
            synapse: synapse.unwrap_or_else(none),
            parameters: parameters?.unwrap_or_default(),
            swing: swing?.unwrap_or(0.5),
        })
    }

    /// A task, with the settings of the study where it has none of its own.
    fn task(
        &self,
        value: &Value<'_>,
        wiring: &Wiring,
        encoder: EncoderSettings,
        penalty_min: f64,
    ) -> Option<TaskSettings> {
        let counts = CATALOGUE.iter().flat_map(|entry| entry.options).filter(|name| !NOT_CHOSEN.contains(name));
        let counts: BTreeSet<&str> = counts.copied().collect();
        let keys: Vec<&str> = TASK.iter().chain(&counts).chain(TASK_OVERRIDES).copied().collect();
        let table = value.table(&keys)?;
        let own = table.has("train_file") || table.has("test_file");
        let id = table.required_with("id", |v| {
            let known: Vec<(&str, ())> = CATALOGUE.iter().map(|entry| (&*entry.info.id, ())).collect();
            if !own {
                v.one_of("a task (own data need `train_file` and `test_file`)", &known)?;
            }
            read_name(&v)
        });
        let own = if own {
            let name = id.as_deref().unwrap_or_default();
            let train = table.required_with("train_file", |v| self.data(name, &v));
            let test = table.required_with("test_file", |v| self.data(name, &v));
            let ((train, train_file), (test, test_file)) = (train?, test?);
            Some(OwnData { train, test, files: vec![train_file, test_file] })
        } else {
            None
        };
        let sample = table.required_with("sample", |v| time(&v));
        let counts: Vec<_> = counts.iter().map(|name| count(&table, name, id.as_deref(), own.is_some())).collect();
        let mut encoder = encoder;
        if let Some(trains) = table.optional_with("trains_per_channel", |v| at_least(&v, 1))? {
            encoder.trains_per_channel = trains;
        }
        if let Some(rate) = table.optional_with("rate_max", |v| frequency(&v))? {
            encoder.rate_max = rate;
        }
        let mut wiring = wiring.clone();
        match &mut wiring {
            Wiring::Spiking(w) => {
                set(&mut w.input_fan_in, table.optional_with("input_fan_in", |v| at_least(&v, 1))?);
                set(&mut w.recurrent_fan_in, table.optional("recurrent_fan_in")?);
                set(&mut w.input_weight, table.optional_with("input_weight", |v| not_negative(&v))?);
                set(&mut w.recurrent_weight, table.optional_with("recurrent_weight", |v| not_negative(&v))?);
            }
            Wiring::Echo(w) => set(&mut w.input_scale, table.optional_with("input_scale", |v| not_negative(&v))?),
        }
        Some(TaskSettings {
            id: id?,
            own,
            sample: sample?,
            counts: counts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect(),
            penalty_min: table.optional_with("penalty_min", |v| penalty(&v))?.unwrap_or(penalty_min),
            encoder,
            wiring,
        })
    }

    /// A data set of task `task` in the `.ts` format, from a file beside the study. What is wrong in it is reported
    /// with its own place.
    fn data(&self, task: &str, value: &Value<'_>) -> Option<(TsData, DataFile)> {
        let file = value.read::<String>()?;
        let path = self.directory.join(&file);
        let text = match formats::text::read_text(&path) {
            Ok(text) => text,
            Err(error) => return value.reject("data-file", error.to_string()),
        };
        let digest = digest(text.as_bytes());
        let read = DataFile { task: task.to_owned(), file, bytes: text.len() as u64, digest };
        match tasks::read_ts(text, &path.display().to_string()) {
            Ok(data) => Some((data, read)),
            Err(error) => value.reject("data-file", error.to_string()),
        }
    }

    fn synapse(&self, value: &Value<'_>) -> Option<SynapseChoice> {
        let table = value.table(&["excitatory", "inhibitory"])?;
        let excitatory = table.required_with("excitatory", |v| self.synapse_name(&v));
        let inhibitory = table.required_with("inhibitory", |v| self.synapse_name(&v));
        Some(SynapseChoice { excitatory: excitatory?, inhibitory: inhibitory? })
    }

    fn synapse_name(&self, value: &Value<'_>) -> Option<String> {
        let known: Vec<(&str, ())> = self.spec().synapses.iter().map(|s| (s.name.as_str(), ())).collect();
        value.one_of(&format!("a synapse of `{}`", self.spec().name), &known)?;
        value.read()
    }

    fn parameters(&self, value: &Value<'_>) -> Option<BTreeMap<String, Values>> {
        let names: Vec<&str> = self.spec().parameters.keys().map(String::as_str).collect();
        let table = value.table(&names)?;
        let all: Vec<_> =
            table.entries().into_iter().map(|e| Some((e.name, Values::Shared(e.value.read()?)))).collect();
        all.into_iter().collect()
    }
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

/// The axes of a study; what is the same for all of its runs goes into `base`.
fn sweeps(root: &Table<'_>, base: &mut Conditions) -> Option<Vec<Sweep>> {
    let given: Vec<_> = AXES.iter().map(|listed| listed.given(root.optional_with(listed.axis.key, Some)?)).collect();
    let mut sweeps = Vec::new();
    for given in given.into_iter().collect::<Option<Vec<_>>>()? {
        match given {
            Given::Sweep(sweep) => sweeps.push(sweep),
            Given::Setting(value) => value.set(base),
            Given::Nothing => {}
        }
    }
    Some(sweeps)
}

/// A count of the task `id`, by its name: `Some(None)` if it is not given, `None` after noting an error. A count that
/// the task does not have would be a setting without effect and is refused.
fn count(table: &Table<'_>, name: &str, id: Option<&str>, own: bool) -> Option<Option<(String, usize)>> {
    let least = if matches!(name, "train" | "test") { SAMPLES_MIN } else { 1 };
    table.optional_with(name, |v| {
        let count = at_least(&v, least)?;
        let has = id.and_then(|id| tasks::entry(id).ok()).map(|entry| entry.options.contains(&name));
        match has {
            _ if own => v.reject("task-option", format!("a task of own data takes no option `{name}`")),
            Some(false) => {
                v.reject("task-option", format!("task `{}` takes no option `{name}`", id.unwrap_or_default()))
            }
            _ => Some((name.to_string(), count as usize)),
        }
    })
}

fn encoder(table: &Table<'_>) -> Option<EncoderSettings> {
    let poisson =
        table.required_with("kind", |v| v.one_of("a kind of encoder", &[("deterministic", false), ("poisson", true)]));
    let trains = table.required_with("trains_per_channel", |v| at_least(&v, 1));
    let rate = table.required_with("rate_max", |v| frequency(&v));
    Some(EncoderSettings { poisson: poisson?, trains_per_channel: trains?, rate_max: rate? })
}

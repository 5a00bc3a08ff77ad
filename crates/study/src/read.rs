//! Study files. The format is specified in `docs/formats/study.md`.

mod arms;
mod own;
mod readout;
mod reservoir;
mod task;

use crate::Control;
use crate::axis::{AXES, BLAME_ALL, BLAME_NONE, Conditions, Given, RateArm, Sweep, blame};
use crate::seeds::Seeds;
use crate::spec::{Arm, ChipChoice, EncoderSettings, StudySpec, TaskSettings};
use crate::values::{at_least, frequency, not_negative, penalty};
use arms::Combination;
use chip::{ChipSpec, CoreModel};
use device_models::MismatchSetting;
use disorder::{Centre, Family};
use formats::chip::{self as chip_file, ChipFile};
use formats::document::{Document, Entry, Format, Table, Value};
use formats::names::read_name;
use formats::{FormatError, FormatErrors, Problem};
use mapper::{Activity, MapperOptions};
use network::Recurrence;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use units::{Decimal, Quantity, Unit};

/// Format and version of study files.
pub const FORMAT: Format = Format { name: "quenched-study", version: 1 };

/// The study that runs when none is named.
pub const DEFAULT: &str = include_str!("default.toml");

/// The studies that are shipped, by name.
const SHIPPED: [(&str, &str); 12] = [
    ("default", DEFAULT),
    ("heterogeneity", include_str!("studies/heterogeneity.toml")),
    ("heterogeneity-noise", include_str!("studies/heterogeneity-noise.toml")),
    ("heterogeneity-spiking", include_str!("studies/heterogeneity-spiking.toml")),
    ("recurrence", include_str!("studies/recurrence.toml")),
    ("size", include_str!("studies/size.toml")),
    ("yield", include_str!("studies/yield.toml")),
    ("blame", include_str!("studies/blame.toml")),
    ("calibration", include_str!("studies/calibration.toml")),
    ("readout", include_str!("studies/readout.toml")),
    ("reference", include_str!("studies/reference.toml")),
    ("reference-lif", include_str!("studies/reference-lif.toml")),
];

/// The text of the shipped study with this name.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all shipped studies.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// Keys besides those of [`AXES`].
const KEYS: [&str; 22] = [
    "title",
    "chip",
    "model",
    "seed",
    "seeds",
    "series",
    "networks",
    "dies",
    "faults",
    "noise",
    "mismatch",
    "mechanism",
    "axes",
    "tune",
    "blame",
    "require",
    "controls",
    "mapping",
    "reservoir",
    "encoder",
    "readout",
    "task",
];
const MISMATCH: &[&str] = &["realised", "cv", "family"];
const SEEDS: &[&str] = &["networks", "dies", "tasks"];
const ENCODER: &[&str] = &["kind", "trains_per_channel", "rate_max"];
/// A key of a study file and the value that it shall have instead, as text.
pub type Set = (String, String);

/// Reads the study file at `path`. A chip file that it names is looked for beside it.
///
/// # Errors
/// Everything that is wrong with the study's file, or else with the chip's.
pub fn load(path: &Path) -> Result<StudySpec, FormatErrors> {
    load_with(path, &[])
}

/// As [`load`], with some keys set to other values: `reservoir.neurons` to `50`, `task.train` of all tasks to `600`.
///
/// # Errors
/// As [`load`]; a value that was set is named by its key.
pub fn load_with(path: &Path, sets: &[Set]) -> Result<StudySpec, FormatErrors> {
    let text = formats::text::read_text(path)?;
    read_with(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")), sets)
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
    read_with(text, name, directory, &[])
}

/// As [`read`], with some keys set to other values.
///
/// # Errors
/// As [`load_with`].
pub fn read_with(text: &str, name: &str, directory: &Path, sets: &[Set]) -> Result<StudySpec, FormatErrors> {
    let parse = || -> Result<Document<'_>, FormatErrors> {
        let mut document = Document::parse(text, name, FORMAT)?;
        for (key, value) in sets {
            document.set(key, value, &format!("--set {key}"))?;
        }
        Ok(document)
    };
    let combinations = arms::combinations(parse()?, sets)?;
    let mut study: Option<StudySpec> = None;
    for combination in combinations {
        let mut document = parse()?;
        for value in &combination.values {
            document.set_from(value.axis.key, (combination.table(), value.axis.key, value.index))?;
        }
        let read = one_arm(document, directory, text, combination)?;
        match &mut study {
            Some(study) => study.arms.extend(read.arms),
            none => *none = Some(read),
        }
    }
    let mut study = study.expect("there is one combination at least");
    study.changes.extend(sets.iter().map(|(key, value)| format!("--set {key}={value}")));
    Ok(study)
}

/// The study of a document, in which the values of a combination are set.
fn one_arm(
    document: Document<'_>,
    directory: &Path,
    text: &str,
    combination: Combination,
) -> Result<StudySpec, FormatErrors> {
    let root = document.root(&keys());
    let Some((reference, file)) = root.required_with("chip", |v| find_chip(&v, directory)) else {
        return document.finish(None);
    };
    let spec = chip_file::read(&file.text, &file.name)?;
    let chip = Arc::new(ChipChoice { reference, text: file.text, spec });
    let spec = Reader { chip, directory }.study(&root, text, combination);
    document.finish(spec)
}

/// The keys at the top of a study file.
fn keys() -> Vec<&'static str> {
    KEYS.into_iter().chain(AXES.iter().map(|listed| listed.axis.key)).collect()
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

    fn study(&self, root: &Table<'_>, text: &str, combination: Combination) -> Option<StudySpec> {
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
        let reservoir = root.required_with("reservoir", |v| self.reservoir(&v, model));
        let encoder = root.optional_with("encoder", |v| encoder(&v.table(ENCODER)?))?.unwrap_or(EncoderSettings {
            poisson: false,
            trains_per_channel: 2,
            rate_max: Quantity::new(Decimal::integer(200), Unit::HERTZ),
        });
        let readout = root.required_with("readout", |v| {
            let table = v.table(readout::KEYS)?;
            let penalty_min = table.optional_with("penalty_min", |v| penalty(&v))?.unwrap_or(0.0);
            Some((self.readout(&table, model)?, penalty_min))
        });
        let (reservoir, (readout, penalty_min)) = reservoir.zip(readout)?;
        let tasks = root.required_with("task", |v| {
            let tasks = v.array()?;
            if tasks.is_empty() {
                return v.reject("tasks", "a study needs at least one [[task]]");
            }
            let all: Vec<_> =
                tasks.iter().map(|task| self.tasks(task, &reservoir.wiring, encoder, penalty_min)).collect();
            let all: Vec<TaskSettings> = all.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
            if readout.on_chip && all.iter().any(TaskSettings::is_of_states) {
                let what =
                    "the task `information-capacity` is one of states, which a readout on the chip adds nothing to";
                return v.reject("states", format!("{what}: leave it to a study with `on_chip = false`"));
            }
            let mut ids = BTreeSet::new();
            match all.iter().flat_map(TaskSettings::ids).find(|id| !ids.insert(id.clone())) {
                Some(id) => {
                    v.reject("task-once", format!("task `{id}` is there twice; rows of results are told apart by it"))
                }
                None => Some(all.into_iter().map(Arc::new).collect::<Vec<_>>()),
            }
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
        let mismatch = root.optional_with("mismatch", |v| mismatch(&v.table(MISMATCH)?));
        let seed: u64 = root.or("seed", 1)?;
        let seeds = root.optional_with("seeds", |v| {
            let table = v.table(SEEDS)?;
            let root = |name| table.or(name, seed);
            Some(Seeds { networks: root("networks")?, dies: root("dies")?, tasks: root("tasks")? })
        });
        let count = |key, usual| root.optional_with(key, |v| at_least(&v, 1)).map(|count| count.unwrap_or(usual));
        let tasks = tasks?;
        let mut base = Conditions {
            task: Arc::clone(&tasks[0]),
            chip: Arc::clone(&self.chip),
            model,
            seeds: seeds?.unwrap_or(Seeds::all(seed)),
            series: 0,
            network: 0,
            reservoir,
            recurrence: Recurrence::Full,
            readout,
            mapping: mapping?,
            cv: None,
            mismatch: mismatch?.unwrap_or_default(),
            swap: BTreeSet::new(),
            faults: root.or("faults", true)?,
            noise: noise?.unwrap_or(false),
            mechanism: root.or("mechanism", false)?,
            rate: RateArm::Free,
            die: 0,
        };
        let controls = root.optional_with("controls", |v| {
            let known = Control::ALL.map(|control| (control.name(), control));
            v.array()?.iter().map(|control| control.one_of("a control", &known)).collect::<Option<Vec<_>>>()
        });
        let mut sweeps = sweeps(root, &mut base)?;
        if model.is_graded() && root.has("rate") {
            return root.reject("rate", "rate units do not spike, and have no firing rate to match; leave `rate` out");
        }
        let to_blame = root.optional_with("blame", |v| {
            let names: Vec<String> = v.read()?;
            let once: BTreeSet<&String> = names.iter().collect();
            if names.len() < 2
                || once.len() < names.len()
                || names.iter().any(|n| [BLAME_NONE, BLAME_ALL].contains(&&**n))
            {
                return v
                    .reject("blame", "list two parameters or more, each once: of one alone all variance is its own");
            }
            Some(names)
        });
        sweeps.extend(to_blame?.map(|names| blame(&names)));
        let require = root.optional_with("require", |v| {
            let table = v.open_table()?;
            let each = |entry: Entry<'_>| Some((entry.name, entry.value.read::<f64>()?));
            table.entries().into_iter().map(each).collect::<Option<BTreeMap<_, _>>>()
        });
        let edge = root.optional_with("tune", |v| arms::edge(&v));
        let Combination { tuning, values } = combination;
        if tuning {
            // What a homogeneous network is tuned over is without mismatch.
            base.cv = Some(Decimal::ZERO);
        }
        let values = values.into_iter().map(|value| (value.axis, value.value)).collect();
        Some(StudySpec {
            title: title?.unwrap_or_else(|| format!("Study of {chip_name}")),
            text: text.into(),
            changes: Vec::new(),
            seed,
            sweeps,
            edge: edge?.unwrap_or_default(),
            arms: vec![Arm { values, base, tasks, tuning }],
            controls: controls?.unwrap_or_default(),
            require: require?.unwrap_or_default(),
            series: count("series", 1)?,
            networks: count("networks", 1)?,
            dies: count("dies", 8)?,
        })
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

/// What of the chip's mismatch differs from its file, but for scale and faults, which have keys of their own.
fn mismatch(table: &Table<'_>) -> Option<MismatchSetting> {
    let realised = table.optional_with("realised", |v| v.one_of("a centre", &Centre::ALL.map(|c| (c.name(), c))));
    let cvs = table.optional_with("cv", |v| {
        let each = |entry: Entry<'_>| Some((entry.name, not_negative(&entry.value)?));
        v.open_table()?.entries().into_iter().map(each).collect::<Option<BTreeMap<_, _>>>()
    });
    let families = table.optional_with("family", |v| {
        let known = Family::ALL.map(|family| (family.name(), family));
        let each = |entry: Entry<'_>| Some((entry.name, entry.value.one_of("a family", &known)?));
        v.open_table()?.entries().into_iter().map(each).collect::<Option<BTreeMap<_, _>>>()
    });
    Some(MismatchSetting {
        realised: realised?,
        cvs: cvs?.unwrap_or_default(),
        families: families?.unwrap_or_default(),
        ..MismatchSetting::default()
    })
}

fn encoder(table: &Table<'_>) -> Option<EncoderSettings> {
    let poisson =
        table.required_with("kind", |v| v.one_of("a kind of encoder", &[("deterministic", false), ("poisson", true)]));
    let trains = table.required_with("trains_per_channel", |v| at_least(&v, 1));
    let rate = table.required_with("rate_max", |v| frequency(&v));
    Some(EncoderSettings { poisson: poisson?, trains_per_channel: trains?, rate_max: rate? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_studies_can_be_read_by_name() {
        for name in shipped_names() {
            let study = read(shipped(name).unwrap(), name, Path::new("")).unwrap_or_else(|e| panic!("{e}"));
            assert!(study.run_count() > 0, "{name}");
        }
        assert_eq!(shipped("defualt"), None);
    }
}

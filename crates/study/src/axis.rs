//! What runs of a study may differ in: the conditions of a run, and the axes that set them.
//!
//! An axis is stated once, in [`AXES`]: its key in study files and results, how its values are read, what a value sets,
//! which part of a run it changes, and its words. Plan, results, tables, figures and findings follow from the
//! statement; none of them knows an axis by name. To add one, state it here; if it sets something that was the same for
//! all runs of all studies before, add that to [`Conditions`] and use it where it takes effect.
//!
//! This module deliberately knows no order of runs ([`crate::plan`]) and draws nothing.

mod listed;

use crate::seeds::Seeds;
use crate::spec::{ChipChoice, ReadoutSettings, ReservoirSettings, TaskSettings};
use chip::CoreModel;
use device_models::MismatchSetting;
use disorder::Family;
use formats::document::Value;
use listed::{CV, FAMILY, PARAMETER, RATE, RECURRENCE};
use mapper::MapperOptions;
use network::Recurrence;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use units::Decimal;

/// Everything that a run depends on and that differs, or could differ, from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// What the network is to do.
    pub task: Arc<TaskSettings>,
    /// The chip.
    pub chip: Arc<ChipChoice>,
    /// The equations of the reservoir.
    pub model: CoreModel,
    /// Roots of what is drawn.
    pub seeds: Seeds,
    /// Number of the series: of the stimulus that a generated task draws.
    pub series: u32,
    /// Number of the network.
    pub network: u32,
    /// The network.
    pub reservoir: ReservoirSettings,
    /// What becomes of its recurrent connections.
    pub recurrence: Recurrence,
    /// The readout.
    pub readout: ReadoutSettings,
    /// How networks are mapped.
    pub mapping: MapperOptions,
    /// Coefficient of variation that the chip's mismatch is scaled to; none: as in the chip file.
    pub cv: Option<Decimal>,
    /// How else mismatch differs from what the chip file says: families, single parameters, what of a distribution
    /// holds; the scale and the faults are those above and below.
    pub mismatch: MismatchSetting,
    /// Parameters whose deviates are those of a second die: each die has one of its own.
    pub swap: BTreeSet<String>,
    /// Whether circuits are broken as the chip file says.
    pub faults: bool,
    /// Whether runs have the noise of the chip file.
    pub noise: bool,
    /// Whether rows have measures of the states.
    pub mechanism: bool,
    /// What becomes of the firing rate where there is mismatch.
    pub rate: RateArm,
    /// Number of the die, among those of the network.
    pub die: u32,
}

/// What becomes of the firing rate of a condition with mismatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateArm {
    /// It is as it comes.
    #[default]
    Free,
    /// Input weights are scaled until it is as without mismatch.
    Matched,
}

impl RateArm {
    /// Both, as study files name them.
    const NAMES: [(&'static str, Self); 2] = [("free", Self::Free), ("matched", Self::Matched)];
}

/// What an axis is to a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The tasks: each has results of its own.
    Task,
    /// Copies of one thing, over which means, spreads and intervals are taken.
    Unit,
    /// What is compared.
    Condition,
}

/// The part of a run that an axis changes, and so what runs that differ in it can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Data, network or mapping: each value is prepared for itself.
    Program,
    /// The die: the same program runs on all of them.
    Die,
}

/// How the values of an axis relate to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers. They are put in rising order, and a figure may have them on its horizontal axis.
    Numbers,
    /// Names, in the order of the study. Those listed here look the same in every figure; others look as their place
    /// among the rest has it.
    Names(&'static [&'static str]),
}

/// Two values of an axis that a report compares die by die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// The value before.
    pub from: &'static str,
    /// The value after.
    pub to: &'static str,
    /// What was done in between, as the subject of a sentence: `Removing recurrence`.
    pub words: &'static str,
}

/// One axis: everything that is known of it, apart from which values a study gives it.
#[derive(Debug)]
pub struct Axis {
    /// Key in study files, column of `results.csv`, key in JSON.
    pub key: &'static str,
    /// Head of a column; before a value it names the axis (`CV 0.2`).
    pub label: &'static str,
    /// The quantity in running text: `mismatch`.
    pub quantity: &'static str,
    /// Title of the axis of a figure.
    pub title: &'static str,
    /// The quantity in full, below a figure that is drawn against it.
    pub meaning: &'static str,
    /// What it is, for somebody who reads the report only. Empty where each value is explained by itself.
    pub definition: &'static str,
    /// A value in words, see [`Axis::words`].
    words: fn(&Axis, &str) -> String,
    /// All values of a study in words, see [`Axis::all_words`].
    all_words: fn(&Axis, &str) -> String,
    /// The comparison that a report makes, if both values are there.
    pub contrast: Option<Contrast>,
    /// How values relate.
    pub scale: Scale,
    /// What it is to a study.
    pub role: Role,
    /// What differs between runs with different values.
    pub part: Part,
}

impl Axis {
    /// A value in words: `full recurrence`.
    pub fn words(&self, value: &str) -> String {
        (self.words)(self, value)
    }

    /// All values of a study in words, from their enumeration: `recurrence full and removed`.
    pub fn all_words(&self, values: &str) -> String {
        (self.all_words)(self, values)
    }
}

impl PartialEq for Axis {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// An axis whose values a study file lists under its key.
pub(crate) struct Listed {
    pub(crate) axis: Axis,
    /// Reads one value; `None` after noting an error.
    read: fn(&Value<'_>) -> Option<AxisValue>,
    /// The value where a study says nothing, for an axis that every study has. One without is an axis of those studies
    /// only that give it a list; a single value is then a setting of all runs.
    usual: Option<fn() -> AxisValue>,
}

/// A value of an axis in a study: its name, and what it sets.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    name: String,
    change: Change,
}

/// What a value of an axis sets.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    Task(Arc<TaskSettings>),
    Series(u32),
    Network(u32),
    Recurrence(Recurrence),
    Family(Family),
    /// The parameters whose devices differ; none: all.
    Parameters(Option<BTreeSet<String>>),
    /// The parameters whose deviates are those of another die.
    Swap(BTreeSet<String>),
    Rate(RateArm),
    Cv(Option<Decimal>),
    Die(u32),
    /// What a key of the study's file sets has been set where the file was read.
    Key,
}

impl AxisValue {
    fn new(name: impl ToString, change: Change) -> Self {
        Self { name: name.to_string(), change }
    }

    /// A task of the study.
    pub(crate) fn task(settings: &Arc<TaskSettings>) -> Self {
        Self::new(&settings.id, Change::Task(Arc::clone(settings)))
    }

    /// The series with this number.
    pub(crate) fn series(number: u32) -> Self {
        Self::new(number, Change::Series(number))
    }

    /// The network with this number.
    pub(crate) fn network(number: u32) -> Self {
        Self::new(number, Change::Network(number))
    }

    /// A die of a design that finds which parameter is to blame.
    fn swap(name: &str, swapped: impl IntoIterator<Item = String>) -> Self {
        Self::new(name, Change::Swap(swapped.into_iter().collect()))
    }

    /// A value of a key of the study's file.
    pub(crate) fn key(text: &str) -> Self {
        Self::new(text, Change::Key)
    }

    /// The die with this number.
    pub(crate) fn die(number: u32) -> Self {
        Self::new(number, Change::Die(number))
    }

    /// The name by which results call it, as the study writes it (`0.1`, `removed`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts the value into the conditions of a run.
    pub(crate) fn set(&self, conditions: &mut Conditions) {
        match &self.change {
            Change::Task(task) => conditions.task = Arc::clone(task),
            Change::Series(series) => conditions.series = *series,
            Change::Network(network) => conditions.network = *network,
            Change::Recurrence(recurrence) => conditions.recurrence = *recurrence,
            Change::Family(family) => conditions.mismatch.family = Some(*family),
            Change::Parameters(names) => conditions.mismatch.only.clone_from(names),
            Change::Rate(rate) => conditions.rate = *rate,
            Change::Cv(cv) => conditions.cv = *cv,
            Change::Swap(names) => conditions.swap.clone_from(names),
            Change::Die(die) => conditions.die = *die,
            Change::Key => {}
        }
    }
}

/// An axis with the values that a study gives it, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The axis.
    pub axis: &'static Axis,
    /// Its values, in the order of the study.
    pub values: Vec<AxisValue>,
}

/// The axes that a study file can give values to, in the order of the plan: the last one changes fastest from run to
/// run. Those that change the program come first, so that runs of one program follow each other.
pub(crate) static AXES: [Listed; 5] = [RECURRENCE, PARAMETER, FAMILY, RATE, CV];

/// The tasks, each with a section of its own in a report. A study file gives them as tables `[[task]]`.
pub static TASK: Axis = Axis {
    key: "task",
    label: "task",
    quantity: "task",
    title: "task",
    meaning: "the task",
    definition: "",
    words: |_, id| format!("task `{id}`"),
    all_words: |_, ids| ids.to_string(),
    contrast: None,
    scale: Scale::Names(&[]),
    role: Role::Task,
    part: Part::Program,
};

/// The networks: copies of one recipe that differ in what is drawn. A study file gives their number as `networks`.
pub static NETWORK: Axis = Axis {
    key: "network",
    label: "network",
    quantity: "network",
    title: "network",
    meaning: "the network",
    definition: "One draw of the connections and weights of the recipe that the study's file states.",
    words: |_, number| format!("network {number}"),
    all_words: |_, numbers| numbers.to_string(),
    contrast: None,
    scale: Scale::Numbers,
    role: Role::Unit,
    part: Part::Program,
};

/// The series: draws of the stimulus of a generated task. A study file gives their number as `series`.
pub static SERIES: Axis = Axis {
    key: "series",
    label: "series",
    quantity: "series",
    title: "series",
    meaning: "the series",
    definition: "One draw of the stimulus of a generated task; recorded data are one series.",
    words: |_, number| format!("series {number}"),
    all_words: |_, numbers| numbers.to_string(),
    contrast: None,
    scale: Scale::Numbers,
    role: Role::Unit,
    part: Part::Program,
};

/// The dies of a design that finds which parameter is to blame: a die, one with all listed parameters of a second
/// die, and one with each of them (pick and freeze: Saltelli et al., Comput. Phys. Commun. 181, 2010). A study file
/// lists the parameters as `blame`.
pub static BLAME: Axis = Axis {
    key: "blame",
    label: "blame",
    quantity: "exchanged mismatch",
    title: "exchanged mismatch",
    meaning: "the parameters whose mismatch is that of a second die",
    definition: "Each die has a second one beside it. `none` is the die itself, `all` has the mismatch of all listed \
                 parameters of the second, and the others that of one parameter alone: what each exchange changes says how \
                 much of the variance between dies is that parameter's.",
    words: |_, name| match name {
        BLAME_NONE => "no mismatch exchanged".into(),
        BLAME_ALL => "all mismatch exchanged".into(),
        name => format!("mismatch of {name} exchanged"),
    },
    all_words: |_, names| format!("mismatch exchanged of {names}"),
    contrast: None,
    scale: Scale::Names(&[]),
    role: Role::Condition,
    part: Part::Die,
};

/// The die itself, among values of [`BLAME`].
pub const BLAME_NONE: &str = "none";
/// The second die, among values of [`BLAME`].
pub const BLAME_ALL: &str = "all";

/// The values of [`BLAME`] for these parameters: in the order in which a design of variance shares has them.
pub(crate) fn blame(parameters: &[String]) -> Sweep {
    let ends = [AxisValue::swap(BLAME_NONE, []), AxisValue::swap(BLAME_ALL, parameters.iter().cloned())];
    let each = parameters.iter().map(|name| AxisValue::swap(name, [name.clone()]));
    Sweep { axis: &BLAME, values: ends.into_iter().chain(each).collect() }
}

/// The dies, over which spreads and worst cases are taken. A study file gives their number as `dies`.
pub static DIE: Axis = Axis {
    key: "die",
    label: "die",
    quantity: "die",
    title: "die",
    meaning: "the die",
    definition: "One manufactured copy of the chip. Its mismatch is drawn once from the seed, the number of the network \
                 and that of the die, and then never changes: quenched disorder. Each network has dies of its own. \
                 Die 3 at CV 0.1 and die 3 at CV 0.5 are the same draw, stretched. Where there is no mismatch all dies \
                 are one, which is run once.",
    words: |_, number| format!("die {number}"),
    all_words: |_, numbers| numbers.to_string(),
    contrast: None,
    scale: Scale::Numbers,
    role: Role::Unit,
    part: Part::Die,
};

/// The axes that every study has, whether or not its file gives them values.
fn always() -> impl Iterator<Item = &'static Axis> {
    [&TASK, &SERIES, &NETWORK].into_iter().chain(AXES.iter().map(|listed| &listed.axis)).chain([&BLAME, &DIE])
}

/// The number that a value of an axis of numbers is, without its unit; none if it is none, as that of a chip's own
/// mismatch.
pub fn number(value: &str) -> Option<f64> {
    let digits = value.split(' ').next().unwrap_or_default();
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The axis with this key, or the one over a key of study files (`reservoir.neurons`).
pub fn axis(key: &str) -> Option<&'static Axis> {
    always().find(|axis| axis.key == key).or_else(|| key.contains('.').then(|| over_key(key, Scale::Numbers)))
}

/// The axis with this key, which has these values in a table of results.
pub(crate) fn axis_of(key: &str, values: &[&str]) -> &'static Axis {
    always().find(|axis| axis.key == key).unwrap_or_else(|| over_key(key, scale_of(values)))
}

/// How the values of an axis over a key relate: as numbers, if all are and have the same unit. `2 ms` and `10 ms` are
/// numbers too, `2 ms` and `1 s` are names.
pub(crate) fn scale_of(names: &[&str]) -> Scale {
    let unit = |name: &str| name.split_once(' ').map(|(_, unit)| unit.to_owned());
    let numbers = names.iter().all(|name| number(name).is_some() && unit(name) == unit(names[0]));
    if numbers { Scale::Numbers } else { Scale::Names(&[]) }
}

/// The axis over a key of study files. It is made once for each key and scale, and then stays.
pub(crate) fn over_key(key: &str, scale: Scale) -> &'static Axis {
    static KNOWN: Mutex<BTreeMap<(String, bool), &'static Axis>> = Mutex::new(BTreeMap::new());
    // A map that a panic left half way holds whole axes all the same.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry((key.to_owned(), scale == Scale::Numbers)).or_insert_with(|| {
        let key: &'static str = Box::leak(key.to_owned().into_boxed_str());
        Box::leak(Box::new(Axis {
            key,
            label: key,
            quantity: key,
            title: key,
            meaning: "a key of the study's file",
            definition: "A key of the study's file, whose values the study goes through.",
            words: |axis, value| format!("{} {value}", axis.key),
            all_words: |axis, values| format!("{} {values}", axis.key),
            contrast: None,
            scale,
            role: Role::Condition,
            part: Part::Program,
        }))
    })
}

/// What a study file says of one axis.
pub(crate) enum Given {
    /// Values to go through.
    Sweep(Sweep),
    /// A value of all runs.
    Setting(AxisValue),
    /// Nothing, and no study needs it.
    Nothing,
}

impl Listed {
    /// What `value`, the entry of the axis in a study file, says; `None` after noting an error.
    pub(crate) fn given(&'static self, value: Option<Value<'_>>) -> Option<Given> {
        match (value, self.usual) {
            (None, None) => Some(Given::Nothing),
            (None, Some(usual)) => Some(Given::Sweep(Sweep { axis: &self.axis, values: vec![usual()] })),
            (Some(value), None) if !value.is_array() => (self.read)(&value).map(Given::Setting),
            (Some(value), _) => Some(Given::Sweep(Sweep { axis: &self.axis, values: self.values(&value)? })),
        }
    }

    /// The elements of an array: at least one, all different, so that each stands for a run of its own.
    fn values(&self, array: &Value<'_>) -> Option<Vec<AxisValue>> {
        let elements = array.array()?;
        if elements.is_empty() {
            return array.reject("not-empty", "give at least one value, or leave the key out");
        }
        let mut values: Vec<Option<AxisValue>> = Vec::new();
        for element in elements {
            let value = (self.read)(&element);
            let twice = value.as_ref().filter(|value| values.iter().flatten().any(|known| known.name == value.name));
            if let Some(value) = twice {
                element.reject::<()>("value-once", format!("{} stands here twice; give each value once", value.name));
                return None;
            }
            values.push(value);
        }
        values.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_told_apart_and_programs_come_first() {
        let all: Vec<&Axis> = always().collect();
        for axis in &all {
            assert_eq!(all.iter().filter(|other| other.key == axis.key).count(), 1, "{}", axis.key);
        }
        let parts: Vec<Part> = all.iter().map(|axis| axis.part).collect();
        assert!(parts.is_sorted_by_key(|part| *part == Part::Die), "{parts:?}");
    }
}

//! The tasks of a study file.
//!
//! Owns `[[task]]`: ids and patterns of the catalogue, own data, counts, and what a task sets for itself alone. It
//! deliberately makes no data; that is done where a program is prepared.

use super::{Reader, own};
use crate::capacity::{CHANCE, MAX_DELAYS};
use crate::spec::{EncoderSettings, OwnContent, OwnData, TaskSettings, Wiring};
use crate::values::{at_least, frequency, not_negative, penalty, time};
use formats::document::{Table, Value};
use formats::names::read_name;
use statistics::capacity::Targets;
use std::collections::BTreeSet;
use tasks::{CATALOGUE, Metric, TemporalTask};

const TASK: [&str; 4] = ["id", "sample", "max_delays", "chance"];
/// The count of tasks that a study chooses itself: a part of the training samples is for validation.
const NOT_CHOSEN: &str = "validation";
/// Samples that are needed to train and to score at all, a fifth of the first for validation.
const SAMPLES_MIN: u32 = 10;
/// Degrees of the targets of a capacity: beyond, there are too many even of short delays.
const DEGREES_MAX: usize = 12;
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

/// Whether an id stands for several tasks.
fn is_pattern(id: &str) -> bool {
    id.contains('*')
}

/// The tasks of the catalogue whose id is like `pattern`, in which `*` stands for any letters but `/`; a pattern that
/// is `*` alone, or ends so, stands for all that begins like it.
fn matching(pattern: &str) -> Vec<TemporalTask> {
    TemporalTask::all().iter().filter(|task| is_like(&task.to_string(), pattern)).copied().collect()
}

fn is_like(id: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return id == pattern };
    let Some(rest) = id.strip_prefix(before) else { return false };
    if after.is_empty() {
        return true;
    }
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.take_while(|at| !rest[..*at].contains('/')).any(|at| is_like(&rest[at..], after))
}

impl Reader<'_> {
    /// A task, with the settings of the study where it has none of its own.
    /// Several, one for each stimulus, if its `id` is a pattern.
    pub(super) fn tasks(
        &self,
        value: &Value<'_>,
        wiring: &Wiring,
        encoder: EncoderSettings,
        penalty_min: f64,
    ) -> Option<Vec<TaskSettings>> {
        let counts = CATALOGUE.iter().flat_map(|entry| entry.options).filter(|name| **name != NOT_CHOSEN);
        let counts: BTreeSet<&str> = counts.copied().collect();
        let keys: Vec<&str> = TASK.iter().chain(&own::KEYS).chain(&counts).chain(TASK_OVERRIDES).copied().collect();
        let table = value.table(&keys)?;
        let is_own = own::KEYS.into_iter().any(|key| table.has(key));
        let id = table.required_with("id", |v| {
            let name = read_name(&v)?;
            if !is_own && is_pattern(&name) {
                if matching(&name).is_empty() {
                    return v.reject("task-pattern", format!("no task of the catalogue is like `{name}`; `*` stands for anything, and `quenched tasks` lists all"));
                }
                return Some(name);
            }
            if !is_own && tasks::entry(&name).is_err() {
                // The whole catalogue helps only those who nearly know what they look for.
                let all: Vec<_> = tasks::ids().collect();
                let near = formats::nearest(&name, all.iter().map(|id| &**id)).is_some();
                let known = if near { &all[..] } else { &all[..CATALOGUE.len()] };
                let known: Vec<(&str, ())> = known.iter().map(|id| (&**id, ())).collect();
                v.one_of("a task (own data need `train_file` and `test_file`, or `series_file`)", &known)?;
            }
            Some(name)
        });
        let own = self.own(id.as_deref().unwrap_or_default(), &table)?;
        let capacity = capacity(&table, id.as_deref().filter(|_| own.is_none()))?;
        let sample = table.required_with("sample", |v| time(&v));
        let targets = id.as_deref().filter(|id| own.is_none() && is_pattern(id)).map(matching).unwrap_or_default();
        // Tasks of the catalogue have the same counts.
        let like = targets.first().map(ToString::to_string).or_else(|| id.clone());
        let counts: Vec<_> = counts.iter().map(|name| count(&table, name, like.as_deref(), own.as_ref())).collect();
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
        let settings = TaskSettings {
            id: id?,
            targets: Vec::new(),
            own,
            capacity,
            sample: sample?,
            counts: counts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect(),
            penalty_min: table.optional_with("penalty_min", |v| penalty(&v))?.unwrap_or(penalty_min),
            encoder,
            wiring,
        };
        if targets.is_empty() {
            return Some(vec![settings]);
        }
        let of_stimulus = |tasks: &[TemporalTask]| TaskSettings {
            id: tasks[0].stimulus.name().into(),
            targets: tasks.to_vec(),
            ..settings.clone()
        };
        Some(targets.chunk_by(|a, b| a.stimulus == b.stimulus).map(of_stimulus).collect())
    }
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

/// A count of the task `id`, by its name: `Some(None)` if it is not given, `None` after noting an error. A count that
/// the task does not have would be a setting without effect and is refused.
fn count(table: &Table<'_>, name: &str, id: Option<&str>, own: Option<&OwnData>) -> Option<Option<(String, usize)>> {
    let least = if matches!(name, "train" | "test") { SAMPLES_MIN } else { 1 };
    table.optional_with(name, |v| {
        let count = at_least(&v, least)?;
        let has = id.and_then(|id| tasks::entry(id).ok()).map(|entry| entry.options.contains(&name));
        match has {
            _ if own.is_some() && !has_parts(own) || own.is_some() && !matches!(name, "train" | "test") => {
                v.reject("task-option", format!("a task of own data takes no option `{name}`"))
            }
            Some(false) if own.is_none() => {
                v.reject("task-option", format!("task `{}` takes no option `{name}`", id.unwrap_or_default()))
            }
            _ => Some((name.to_string(), count as usize)),
        }
    })
}

/// The targets of the information processing capacity, which its task alone may set.
fn capacity(table: &Table<'_>, id: Option<&str>) -> Option<Targets> {
    let is_capacity =
        id.and_then(|id| tasks::entry(id).ok()).is_some_and(|entry| entry.info.metric == Metric::InformationCapacity);
    if let Some(key) = ["max_delays", "chance"].into_iter().find(|key| !is_capacity && table.has(key)) {
        let what = format!(
            "`{key}` belongs to the task `information-capacity`, and task `{}` is another",
            id.unwrap_or_default()
        );
        return table.reject("task-option", what);
    }
    let max_delays = table.optional_with("max_delays", |v| {
        let delays: Vec<u32> = v.array()?.iter().map(Value::read).collect::<Option<_>>()?;
        if delays.is_empty() || delays.len() > DEGREES_MAX {
            return v
                .reject("max-delays", format!("give the longest delay of each degree, of 1 to {DEGREES_MAX} degrees"));
        }
        Some(delays.into_iter().map(|delay| delay as usize).collect())
    });
    let chance = table.optional_with("chance", |v| {
        let chance: f64 = v.read()?;
        if chance > 0.0 && chance < 1.0 {
            Some(chance)
        } else {
            v.reject("chance", "the chance must be above 0 and below 1")
        }
    });
    Some(Targets { max_delays: max_delays?.unwrap_or(MAX_DELAYS.to_vec()), chance: chance?.unwrap_or(CHANCE) })
}

/// Whether the parts of own data may be chosen: those of a series may, those of `.ts` files are the files.
fn has_parts(own: Option<&OwnData>) -> bool {
    own.is_some_and(|own| matches!(own.content, OwnContent::Series(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_is_like_it() {
        let count = |pattern| matching(pattern).len();
        assert_eq!(count("*"), TemporalTask::all().len());
        assert_eq!((count("lorenz/*"), count("uniform/*")), (96, 56));
        assert_eq!(
            (count("lorenz/recall/*"), count("lorenz/recall/shift+5"), count("lorenz/recall/shift+*")),
            (7, 1, 7)
        );
        assert_eq!((count("band-*/recall/shift+5"), count("*/recall/shift+5")), (4, 10));
        assert_eq!((count("lorenz*shift+5"), count("lorenz/rec"), count("nothing/*")), (0, 0, 0));
    }
}

//! What the replays of the Loihi formats have in common when they read a case.

use crate::arrays::{Array, Arrays, Element, INDEX, INT8, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::loihi::{Group, Registers};
use crate::outcome::{Comparison, Recorded, RecordedTrace};
use chip::RulesSpec;
use device_models::loihi::{LoihiRules, OPTIONS};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most neurons of a population and channels of an input.
pub(crate) const MAX_NEURONS: usize = 1 << 20;
/// Most steps of a case.
pub(crate) const MAX_STEPS: usize = 1 << 30;
/// Most values of one register of one population over all steps.
const MAX_VALUES: usize = 1 << 27;

/// Refuses a population that would fill the memory, whatever its arrays hold; `name` is the field with its size.
pub(crate) fn bounded(fields: &Fields<'_>, name: &str, steps: usize, neurons: usize) -> Result<(), ConformError> {
    match steps.checked_mul(neurons).is_some_and(|values| values <= MAX_VALUES) {
        true => Ok(()),
        false => Err(fields.wrong(name, format!("at most {} for {steps} steps", MAX_VALUES / steps.max(1)))),
    }
}

/// The values of an array as 32-bit integers.
pub(crate) fn narrow(arrays: &Arrays, key: &str, array: &Array) -> Result<Vec<i32>, ConformError> {
    let one = |(at, &value): (usize, &i64)| {
        i32::try_from(value).map_err(|_| ConformError::WrongValue {
            file: arrays.file().to_owned(),
            key: key.to_owned(),
            at: array.place(at),
            value,
            expected: "a 32-bit integer".to_owned(),
        })
    };
    array.values.iter().enumerate().map(one).collect()
}

/// Refuses values outside a range.
pub(crate) fn within(
    arrays: &Arrays,
    key: &str,
    array: &Array,
    range: std::ops::RangeInclusive<i64>,
    expected: &str,
) -> Result<(), ConformError> {
    match array.values.iter().position(|value| !range.contains(value)) {
        None => Ok(()),
        Some(at) => Err(ConformError::WrongValue {
            file: arrays.file().to_owned(),
            key: key.to_owned(),
            at: array.place(at),
            value: array.values[at],
            expected: expected.to_owned(),
        }),
    }
}

/// An array of one row per step that the field `name` of `fields` points to.
pub(crate) fn rows(
    arrays: &Arrays,
    fields: &Fields<'_>,
    name: &str,
    allowed: &[Element],
    (steps, columns): (usize, usize),
) -> Result<(String, Array), ConformError> {
    let key = fields.text(name)?;
    let array = arrays.read(
        &fields.path(name),
        key,
        allowed,
        &[Some(steps), Some(columns)],
        "a row per step, a column per neuron or channel",
    )?;
    Ok((key.to_owned(), array))
}

/// A parameter with one value per neuron: a number for all of them, or the key of an array.
pub(crate) fn per_neuron(
    arrays: &Arrays,
    fields: &Fields<'_>,
    name: &str,
    neurons: usize,
    default: Option<i32>,
) -> Result<Vec<i32>, ConformError> {
    match (fields.get(name), default) {
        (None, Some(default)) => Ok(vec![default; neurons]),
        (Some(Value::String(key)), _) => {
            let array = arrays.read(&fields.path(name), key, INDEX, &[Some(neurons)], "a value per neuron")?;
            narrow(arrays, key, &array)
        }
        (Some(Value::Number(_)), _) => {
            let value = fields.integer(name, i32::MIN.into()..=i32::MAX.into())?;
            Ok(vec![value as i32; neurons])
        }
        _ => Err(fields.wrong(name, "an integer or the key of an array of integers")),
    }
}

/// The conventions of a recording that every Loihi format can state, by the names that the table `rules` of a chip file
/// has for them. The options that are not here say how weights and parameters are given, which is up to the format.
pub(crate) const CONVENTIONS: &[&str] = &[
    "input_latency",
    "accumulator",
    "current_decay",
    "current",
    "biased_current",
    "voltage_decay",
    "voltage",
    "threshold",
    "reset",
    "probe",
];

/// The rules of a recording: those of `profile`, `defaults`, and the options of `names` that the description states.
pub(crate) fn conventions(
    fields: &Fields<'_>,
    profile: &str,
    names: &[&str],
    defaults: &[(&str, &str)],
) -> Result<(RulesSpec, LoihiRules), ConformError> {
    let mut options: BTreeMap<String, String> = BTreeMap::new();
    options.insert("parameters".to_owned(), "words".to_owned());
    options.extend(defaults.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())));
    for name in names.iter().filter(|name| fields.get(name).is_some()) {
        options.insert((*name).to_owned(), fields.text(name)?.to_owned());
    }
    let mut spec = RulesSpec { profile: profile.to_owned(), options: BTreeMap::new() };
    for (name, word) in options {
        spec.options.insert(name.clone(), word);
        if LoihiRules::from_spec(&spec).is_err() {
            let words = OPTIONS.iter().find(|(option, _)| *option == name).map_or(&[][..], |(_, words)| words);
            return Err(fields.wrong(&name, format!("one of {}", words.join(", "))));
        }
    }
    let rules = LoihiRules::from_spec(&spec).map_err(|e| fields.wrong("format", e.to_string()))?;
    Ok((spec, rules))
}

/// The recorded registers of a group beside what the replay says. `fields` is the object with the entry `traces`, an
/// object that names an array for some of `u`, `v` and `s`.
pub(crate) fn compare_group(
    comparison: &mut Comparison,
    arrays: &Arrays,
    fields: &Fields<'_>,
    steps: usize,
    (group, registers): (&Group, &Registers),
) -> Result<(), ConformError> {
    comparison.overflows.extend(registers.overflowed(group));
    if fields.get("traces").is_none() {
        return Ok(());
    }
    let traces = fields.object("traces")?;
    if let Some(unknown) = traces.names().find(|name| !["u", "v", "s"].contains(name)) {
        return Err(ConformError::Unsupported {
            file: fields.file().to_owned(),
            field: traces.path(unknown),
            what: "a quantity other than u, v and s".to_owned(),
        });
    }
    for (quantity, allowed, bits, got) in
        [("u", INT32, 32, &registers.u), ("v", INT32, 32, &registers.v), ("s", INT8, 8, &registers.s)]
    {
        if traces.get(quantity).is_some() {
            let (key, array) = rows(arrays, &traces, quantity, allowed, (steps, group.neurons))?;
            comparison.traces.push(RecordedTrace {
                population: group.name.clone(),
                quantity: quantity.to_owned(),
                columns: group.neurons,
                bits,
                expected: narrow(arrays, &key, &array)?,
                got: got.clone(),
                key,
            });
        }
    }
    Ok(())
}

/// The field `stats`, if there is one: per trace `[smallest, largest]`, or the number of values that are not 0.
pub(crate) fn compare_stats(comparison: &mut Comparison, fields: &Fields<'_>) -> Result<(), ConformError> {
    if fields.get("stats").is_none() {
        return Ok(());
    }
    let stats = fields.object("stats")?;
    for key in stats.names() {
        let Some(trace) = comparison.traces.iter().find(|trace| trace.key == key) else {
            return Err(stats.wrong(key, "a statistic of a trace of this case"));
        };
        let (expected, got) = match stats.get(key) {
            Some(Value::Array(range)) if range.len() == 2 => {
                let bound = |value: &i32| value.to_string();
                let least = trace.got.iter().min().map_or_else(|| "none".to_owned(), bound);
                let most = trace.got.iter().max().map_or_else(|| "none".to_owned(), bound);
                (format!("[{},{}]", range[0], range[1]), format!("[{least},{most}]"))
            }
            Some(Value::Number(count)) => {
                (count.to_string(), trace.got.iter().filter(|&&value| value != 0).count().to_string())
            }
            _ => return Err(stats.wrong(key, "[smallest, largest], or a number of spikes")),
        };
        comparison.facts.push(Recorded {
            quantity: "stats".to_owned(),
            field: stats.path(key),
            values: 1,
            expected,
            got,
        });
    }
    Ok(())
}

/// Refuses a case that records nothing.
pub(crate) fn something_recorded(case: &Case, comparison: &Comparison) -> Result<(), ConformError> {
    if comparison.traces.is_empty() && comparison.facts.is_empty() {
        return Err(case.fields().wrong("traces", "present for at least one population: there is nothing to compare"));
    }
    Ok(())
}

//! The network of a case: fields of the description as the parameters of a core.

use crate::error::ConformError;
use crate::fields::{Fields, shorten, whole};
use crate::read::MAX_NEURONS;
use device_models::xylo::{
    CURRENTS_MAX, DASH_MAX, SHIFT_MAX, XyloHidden, XyloMatrix, XyloOutput, XyloParameters, XyloRules, XyloSynapse,
};
use serde_json::Value;
use std::ops::RangeInclusive;

const I8: RangeInclusive<i64> = i8::MIN as i64..=i8::MAX as i64;
const I16: RangeInclusive<i64> = i16::MIN as i64..=i16::MAX as i64;
const DASH: RangeInclusive<i64> = 0..=DASH_MAX as i64;

/// The parameters of the core that a case describes.
pub(super) fn read(fields: &Fields<'_>) -> Result<XyloParameters, ConformError> {
    let count = |name| fields.integer(name, 0..=MAX_NEURONS as i64).map(|n| n as usize);
    let (input_count, hidden_count, output_count) = (count("n_in")?, count("n_hidden")?, count("n_out")?);
    let rules = rules(fields)?;
    let has_bias = fields.flag_or("has_bias", false)?;

    let dash_syn = lists(fields, "dash_syn", Some(hidden_count), 1..=CURRENTS_MAX, &DASH)?;
    let dash_mem = integers(fields, "dash_mem", hidden_count, &DASH)?;
    let threshold = integers(fields, "threshold", hidden_count, &I16)?;
    let bias = biases(fields, "bias", hidden_count, has_bias)?;
    let aliases = match fields.get("aliases") {
        None => vec![Vec::new(); hidden_count],
        Some(_) => lists(fields, "aliases", Some(hidden_count), 0..=usize::MAX, &below(hidden_count))?,
    };
    // A neuron with one current on a core whose neurons have two has a second one that nothing feeds.
    let currents: Vec<usize> = dash_syn.iter().map(Vec::len).collect();
    let hidden = (0..hidden_count)
        .map(|n| XyloHidden {
            dash_mem: dash_mem[n] as u8,
            dash_syn: std::array::from_fn(|k| dash_syn[n].get(k).map_or(0, |&dash| dash as u8)),
            threshold: threshold[n] as i16,
            bias: bias[n] as i16,
            aliases: aliases[n].iter().map(|&alias| alias as u32).collect(),
        })
        .collect();

    // Output neurons have one current. Simulators take more dashes, of currents that nothing can feed.
    let dash_syn_out = lists(fields, "dash_syn_out", Some(output_count), 1..=CURRENTS_MAX, &DASH)?;
    let dash_mem_out = integers(fields, "dash_mem_out", output_count, &DASH)?;
    let threshold_out = integers(fields, "threshold_out", output_count, &I16)?;
    let bias_out = biases(fields, "bias_out", output_count, has_bias)?;
    let output = (0..output_count)
        .map(|n| XyloOutput {
            dash_mem: dash_mem_out[n] as u8,
            dash_syn: dash_syn_out[n][0] as u8,
            threshold: threshold_out[n] as i16,
            bias: bias_out[n] as i16,
        })
        .collect();

    Ok(XyloParameters {
        rules,
        input_count,
        currents: currents.iter().copied().max().unwrap_or(1),
        has_bias,
        hidden,
        output,
        input_weights: matrix(fields, "in", input_count, &currents)?,
        recurrent_weights: matrix(fields, "rec", hidden_count, &currents)?,
        output_weights: matrix(fields, "out", hidden_count, &vec![1; output_count])?,
    })
}

/// The field `rules` (`v1` or `v2`), else the module of the simulator that the case was made with, else version 2.
fn rules(fields: &Fields<'_>) -> Result<XyloRules, ConformError> {
    match fields.get("rules").map(|_| fields.text("rules")).transpose()? {
        Some("v1") => Ok(XyloRules::V1),
        Some("v2") => Ok(XyloRules::V2),
        Some(_) => Err(fields.wrong("rules", "v1 or v2")),
        None => match fields.get("made_by").and_then(Value::as_str) {
            Some(made_by) if made_by.contains("module v1") => Ok(XyloRules::V1),
            _ => Ok(XyloRules::V2),
        },
    }
}

/// A weight matrix: `synapses_in` and `weight_shift_in`, and so on. `currents`: synaptic currents by target neuron.
fn matrix(fields: &Fields<'_>, name: &str, pre_count: usize, currents: &[usize]) -> Result<XyloMatrix, ConformError> {
    let shift = fields.integer(&format!("weight_shift_{name}"), 0..=i64::from(SHIFT_MAX))? as u8;
    let name = format!("synapses_{name}");
    let mut synapses = Vec::new();
    for (index, value) in fields.list(&name)?.iter().enumerate() {
        let row = value.as_array().filter(|row| row.len() == 4);
        let row =
            row.ok_or_else(|| wrong(fields, &format!("{name}[{index}]"), value, "[pre, post, current, weight]"))?;
        let part = |at: usize, range: &RangeInclusive<i64>| {
            integer(&row[at], range, || (fields, format!("{name}[{index}][{at}]")))
        };
        let pre = part(0, &below(pre_count))?;
        let post = part(1, &below(currents.len()))?;
        let current = part(2, &below(currents[post as usize]))?;
        let weight = part(3, &I8)?;
        synapses.push(XyloSynapse { pre: pre as u32, post: post as u32, current: current as u8, weight: weight as i8 });
    }
    Ok(XyloMatrix { shift, synapses })
}

/// Biases; 0 if the core has none, whatever the description says about them.
fn biases(fields: &Fields<'_>, name: &str, count: usize, has_bias: bool) -> Result<Vec<i64>, ConformError> {
    if has_bias { integers(fields, name, count, &I16) } else { Ok(vec![0; count]) }
}

/// A list of `count` integers within `range`.
pub(super) fn integers(
    fields: &Fields<'_>,
    name: &str,
    count: usize,
    range: &RangeInclusive<i64>,
) -> Result<Vec<i64>, ConformError> {
    let list = fields.list(name)?;
    if list.len() != count {
        return Err(fields.wrong(name, format!("a list of {count} integers, not of {}", list.len())));
    }
    list.iter()
        .enumerate()
        .map(|(index, value)| integer(value, range, || (fields, format!("{name}[{index}]"))))
        .collect()
}

/// A list (of `count` entries) of lists, each with a length within `lengths`, of integers within `range`.
pub(super) fn lists(
    fields: &Fields<'_>,
    name: &str,
    count: Option<usize>,
    lengths: RangeInclusive<usize>,
    range: &RangeInclusive<i64>,
) -> Result<Vec<Vec<i64>>, ConformError> {
    let outer = fields.list(name)?;
    if let Some(count) = count.filter(|&count| count != outer.len()) {
        return Err(fields.wrong(name, format!("a list of {count} lists, not of {}", outer.len())));
    }
    let inner = |(index, value): (usize, &Value)| {
        let path = format!("{name}[{index}]");
        let list = value.as_array().filter(|list| lengths.contains(&list.len())).ok_or_else(|| {
            let expected = match (lengths.start(), lengths.end()) {
                (a, b) if a == b => format!("a list of {a} integers"),
                (a, &usize::MAX) => format!("a list of at least {a} integers"),
                (a, b) => format!("a list of {a} to {b} integers"),
            };
            wrong(fields, &path, value, &expected)
        })?;
        list.iter().enumerate().map(|(at, value)| integer(value, range, || (fields, format!("{path}[{at}]")))).collect()
    };
    outer.iter().enumerate().map(inner).collect()
}

/// An integer within `range`; `place` is only asked if it is none.
fn integer<'a>(
    value: &Value,
    range: &RangeInclusive<i64>,
    place: impl FnOnce() -> (&'a Fields<'a>, String),
) -> Result<i64, ConformError> {
    whole(value).filter(|integer| range.contains(integer)).ok_or_else(|| {
        let (fields, path) = place();
        let expected = if range.is_empty() {
            "absent: there is nothing that it could name".to_owned()
        } else {
            format!("an integer from {} to {}", range.start(), range.end())
        };
        wrong(fields, &path, value, &expected)
    })
}

fn below(count: usize) -> RangeInclusive<i64> {
    0..=count as i64 - 1
}

/// The error that says what a field, given by its full path, must be.
pub(super) fn wrong(fields: &Fields<'_>, field: &str, value: &Value, expected: &str) -> ConformError {
    ConformError::WrongField {
        file: fields.file().to_owned(),
        field: field.to_owned(),
        found: shorten(value),
        expected: expected.to_owned(),
    }
}

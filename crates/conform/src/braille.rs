//! Replay of `nir-braille-golden/1`: one sample of real data through a trained net, as several simulators run it.
//!
//! The weights are not in the case but in the NIR file that it names ([`net::find`] says where that is looked for).
//! Rasters of platforms whose rule is known ([`Rule::of`]) and that the case claims to be exact are replayed, spike for
//! spike, and so are the outputs; of all others only what the case says about itself is compared. Without the file this
//! is all that is compared, and the case is reported as incomplete rather than as passed.

mod net;

use crate::arrays::{Array, Element, INT16, UINT8};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::{Comparison, Fact, Trace};
use crate::read::{MAX_NEURONS, MAX_STEPS, within};
use device_models::cuba::Reset;
use net::{Net, Rule};
use serde_json::Value;

/// Most spikes of a neuron in a step; chips with a fast clock inside a step send more than one.
const SPIKES_MAX: i64 = 31;

/// Replays a case.
///
/// # Errors
/// [`ConformError::Incomplete`] if the net is not there and what the case says about itself is right.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let arrays = case.arrays()?;
    let weights = fields.text("nir_file")?;
    let steps = fields.count("steps", MAX_STEPS)?;
    let count = |name| fields.count(name, MAX_NEURONS);
    let (inputs, hidden, outputs) = (count("n_in")?, count("n_hidden")?, count("n_out")?);
    let raster = |field: &str, key: &str, element: &[Element], columns, most| -> Result<Array, ConformError> {
        let why = "a row per step, a column per neuron or channel";
        let array = arrays.read(field, key, element, &[Some(steps), Some(columns)], why)?;
        within(&arrays, key, &array, 0..=most, &format!("a number of spikes from 0 to {most}"))?;
        Ok(array)
    };
    let input = raster("n_in", "input", UINT8, inputs, 1)?;

    let mut comparison = Comparison::default();
    let mut fact = |quantity: &str, field: String, expected: i64, got: i64| {
        let (expected, got) = (expected.to_string(), got.to_string());
        comparison.facts.push(Fact { quantity: quantity.to_owned(), field, values: 1, expected, got });
    };
    let platforms = fields.object("hidden")?;
    let mut rasters = Vec::new();
    for platform in platforms.names() {
        let one = platforms.object(platform)?;
        let array = raster(&one.path("key"), one.text("key")?, INT16, hidden, SPIKES_MAX)?;
        let spikes = one.integer("spikes", 0..=i64::MAX)?;
        fact("spikes", one.path("spikes"), spikes, array.values.iter().sum());
        let claimed = one.get("exact_rule").is_some();
        rasters.push((platform, one.text("key")?, array, claimed));
    }
    let output = raster("n_out", "out_snntorch_rule", UINT8, outputs, 1)?;
    let mut counts = vec![0; outputs];
    for (at, &spikes) in output.values.iter().enumerate() {
        counts[at % outputs] += spikes;
    }
    let field = "out_counts_snntorch_rule";
    let recorded = fields.list(field)?;
    if recorded.len() != outputs {
        return Err(fields.wrong(field, format!("a list of {outputs} counts, one per output")));
    }
    for (at, (expected, &got)) in recorded.iter().zip(&counts).enumerate() {
        let expected = expected.as_i64().ok_or_else(|| fields.wrong(field, "a list of integers"))?;
        fact("counts", format!("{field}[{at}]"), expected, got);
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let class = counts.iter().position(|&count| count == most).unwrap_or(0) as i64;
    fact("label", "label".to_owned(), fields.integer("label", 0..=outputs as i64 - 1)?, class);

    let Some(path) = net::find(case, weights) else {
        if comparison.facts.iter().any(|fact| fact.expected != fact.got) {
            return Ok(comparison);
        }
        return Err(ConformError::Incomplete {
            file: fields.file().to_owned(),
            missing: format!(
                "the weights of this net are in '{weights}', which is neither beside the case nor in a folder `nir` \
                 there or above: only its {} spike counts and its label were compared with its rasters",
                comparison.facts.len() - 1
            ),
        });
    };
    let trained = trained(&fields, weights)?;
    let net = Net::open(&path, step(&fields)?, [inputs, hidden, outputs])?;
    let mut trace = |population: &str, quantity: &str, key: &str, bits, array: &Array, got| {
        comparison.traces.push(Trace {
            population: population.to_owned(),
            quantity: quantity.to_owned(),
            key: key.to_owned(),
            columns: array.shape[1],
            bits,
            expected: array.values.iter().map(|&spikes| spikes as i32).collect(),
            got,
        });
    };
    let mut others = Vec::new();
    for (platform, key, array, claimed) in &rasters {
        match Rule::of(platform, trained).filter(|_| *claimed) {
            Some(rule) => trace("hidden", platform, key, 16, array, net.hidden(&input.values, rule)),
            None => others.push(*platform),
        }
        if *platform == "snntorch"
            && let Some(rule) = Rule::of(platform, trained)
        {
            let got = net.output(&array.values, rule);
            trace("output", "spikes_out", "out_snntorch_rule", 8, &output, got);
        }
    }
    if !others.is_empty() {
        comparison.notes.push(format!("no rule is known that gives the rasters of {}", others.join(", ")));
    }
    Ok(comparison)
}

/// The step in seconds.
fn step(fields: &Fields<'_>) -> Result<f64, ConformError> {
    let step = fields.get("dt").and_then(Value::as_f64).filter(|&dt| dt > 0.0 && dt < 1.0);
    step.ok_or_else(|| fields.wrong("dt", "a step in seconds, above 0 and below 1"))
}

/// What a spike did while the net was trained, which NIR does not say: the field `reset`, or else the name of the net.
fn trained(fields: &Fields<'_>, weights: &str) -> Result<Reset, ConformError> {
    let said = fields.get("reset").and_then(Value::as_str).unwrap_or(weights);
    match (said.contains("zero"), said.contains("subtract")) {
        (true, false) => Ok(Reset::Zero),
        (false, true) => Ok(Reset::Subtract),
        _ => Err(fields.wrong("reset", "zero or subtract, unless the name of the net says one of these")),
    }
}

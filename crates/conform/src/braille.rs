//! Replay of `nir-braille-golden/1`: one sample of real data through a trained net, as several simulators run it.
//!
//! The weights are not in the case but in the NIR file that it names ([`net::find`] says where that is looked for).
//! Rasters of platforms whose rules are known ([`rules_of`]) and that the case claims to be exact are replayed by a
//! core of `cuba-lif` neurons, spike for spike; of all others only what the case says about itself is compared. The
//! outputs follow from the recorded raster of `snntorch` and are replayed only if that platform is listed. A case of
//! which nothing is replayed, as without the file of the net, is reported as incomplete rather than as passed.

mod net;

use crate::arrays::{Array, Element, INT16, UINT8};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::machine::Machine;
use crate::outcome::{Comparison, Recorded, RecordedTrace};
use crate::read::{MAX_NEURONS, MAX_STEPS, bounded, within};
use net::Net;
use serde_json::Value;
use std::path::Path;

/// Most spikes of a neuron in a step; chips with a fast clock inside a step send more than one.
const SPIKES_MAX: i64 = 31;
/// The array of the output spikes.
const OUTPUT: &str = "out_snntorch_rule";

/// Replays a case.
///
/// # Errors
/// [`ConformError::Incomplete`] if nothing of it can be replayed and what it says about itself is right.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let arrays = case.arrays()?;
    let weights = fields.text("nir_file")?;
    let steps = fields.count("steps", MAX_STEPS)?;
    let count = |name| {
        let count = fields.count(name, MAX_NEURONS)?;
        bounded(&fields, name, steps, count).map(|()| count)
    };
    let (inputs, hidden, outputs) = (count("n_in")?, count("n_hidden")?, count("n_out")?);
    let raster = |field: &str, key: &str, element: &[Element], columns, most| -> Result<Array, ConformError> {
        let why = "a row per step, a column per neuron or channel";
        let array = arrays.read(field, key, element, &[Some(steps), Some(columns)], why)?;
        within(&arrays, key, &array, 0..=most, &format!("a number of spikes from 0 to {most}"))?;
        Ok(array)
    };
    let input = raster("n_in", "input", UINT8, inputs, 1)?;
    let output = raster("n_out", OUTPUT, UINT8, outputs, 1)?;
    let net = match net::find(case, weights) {
        Some(path) => Some((Net::open(&path, step(&fields)?, [inputs, hidden, outputs])?, trained(&fields, weights)?)),
        None => None,
    };

    let mut comparison = Comparison::default();
    let platforms = fields.object("hidden")?;
    let (mut unknown, mut unclaimed) = (Vec::new(), Vec::new());
    for platform in platforms.names() {
        let one = platforms.object(platform)?;
        let key = one.text("key")?;
        let array = raster(&one.path("key"), key, INT16, hidden, SPIKES_MAX)?;
        let spikes = one.integer("spikes", 0..=i64::MAX)?;
        comparison.facts.push(fact("spikes", one.path("spikes"), spikes, array.values.iter().sum()));
        let Some((net, trained)) = &net else { continue };
        let Some(rules) = rules_of(platform, *trained) else {
            unknown.push(platform);
            continue;
        };
        let mut run = |machine: Machine| -> Result<Vec<i32>, ConformError> {
            let run = machine.run().map_err(|error| case.refused("the net", error))?;
            comparison.facts.extend(run.resumed_difference());
            let mut raster: Vec<i32> = run.rows[0].iter().map(|spikes| *spikes as i32).collect();
            if rules.late_raster {
                let width = raster.len() / steps;
                raster.truncate(raster.len() - width);
                raster.splice(0..0, vec![0; width]);
            }
            Ok(raster)
        };
        if platform == "snntorch" {
            let got = run(net.output(&array.values, rules))?;
            comparison.traces.push(trace("output", "spikes_out", OUTPUT, 8, &output, got));
        }
        if one.get("exact_rule").is_some_and(Value::is_string) {
            let got = run(net.hidden(&input.values, rules))?;
            comparison.traces.push(trace("hidden", platform, key, 16, &array, got));
        } else {
            unclaimed.push(platform);
        }
    }
    for (why, platforms) in [("no rule is known", unknown), ("the case claims no exact rule", unclaimed)] {
        if !platforms.is_empty() {
            comparison.notes.push(format!("not replayed, because {why}: {}", platforms.join(", ")));
        }
    }

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
        comparison.facts.push(fact("counts", format!("{field}[{at}]"), expected, got));
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let class = counts.iter().position(|&count| count == most).unwrap_or(0) as i64;
    let label = fields.integer("label", 0..=outputs as i64 - 1)?;
    comparison.facts.push(fact("label", "label".to_owned(), label, class));

    if comparison.traces.is_empty() && comparison.facts.iter().all(|fact| fact.expected == fact.got) {
        let why = match net {
            None => format!(
                "the weights of this net are in '{weights}', which is neither beside the case nor in a folder `nir` \
                 there or above"
            ),
            Some(_) => "no platform in 'hidden' has both an `exact_rule` and a rule that is known".to_owned(),
        };
        let spikes = comparison.facts.len() - 1;
        return Err(ConformError::Incomplete {
            file: fields.file().to_owned(),
            missing: format!("{why}: only its {spikes} spike counts and its label were compared with its rasters"),
        });
    }
    Ok(comparison)
}

/// What the case says about itself, and what its rasters say.
fn fact(quantity: &str, field: String, expected: i64, got: i64) -> Recorded {
    Recorded { quantity: quantity.to_owned(), field, values: 1, expected: expected.to_string(), got: got.to_string() }
}

/// A recorded raster beside the replayed one.
fn trace(population: &str, quantity: &str, key: &str, bits: u32, recorded: &Array, got: Vec<i32>) -> RecordedTrace {
    RecordedTrace {
        population: population.to_owned(),
        quantity: quantity.to_owned(),
        key: key.to_owned(),
        columns: recorded.shape[1],
        bits,
        expected: recorded.values.iter().map(|&spikes| spikes as i32).collect(),
        got,
    }
}

/// The step in seconds.
fn step(fields: &Fields<'_>) -> Result<f64, ConformError> {
    let step = fields.get("dt").and_then(Value::as_f64).filter(|&dt| dt > 0.0 && dt < 1.0);
    step.ok_or_else(|| fields.wrong("dt", "a step in seconds, above 0 and below 1"))
}

/// The reset with which a net was trained.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reset {
    Zero,
    Subtract,
}

/// What a spike did while the net was trained, which NIR does not say: the field `reset`, or else the name of the net.
fn trained(fields: &Fields<'_>, weights: &str) -> Result<Reset, ConformError> {
    if fields.get("reset").is_some() {
        return match fields.text("reset")? {
            "zero" => Ok(Reset::Zero),
            "subtract" => Ok(Reset::Subtract),
            _ => Err(fields.wrong("reset", "zero or subtract")),
        };
    }
    let name = Path::new(weights).file_stem().unwrap_or_default().to_string_lossy();
    match (name.contains("zero"), name.contains("subtract")) {
        (true, false) => Ok(Reset::Zero),
        (false, true) => Ok(Reset::Subtract),
        _ => Err(fields.wrong("reset", format!("zero or subtract; the name of the net, '{name}', does not say which"))),
    }
}

/// The rules of a simulator: parameters of all neurons, and what its raster shows.
#[derive(Clone, Copy)]
struct Rules {
    /// Values of `reset_rule` and `reset_time`.
    reset: [(&'static str, i64); 2],
    /// Whether the bias of recurrent weights is missing in the first step.
    late_recurrent_bias: bool,
    /// Whether the raster shows the spikes of the step before.
    late_raster: bool,
}

/// The rules of a simulator for a net that was trained with `trained`; None if they are not known.
fn rules_of(platform: &str, trained: Reset) -> Option<Rules> {
    let reset = |rule, time| [("reset_rule", rule), ("reset_time", time)];
    let (zero, subtract, ahead) = (reset(0, 0), reset(1, 0), reset(1, 3));
    let rules = |reset| Rules { reset, late_recurrent_bias: false, late_raster: false };
    match platform {
        "snntorch" => Some(rules(if trained == Reset::Zero { zero } else { ahead })),
        // These two take no notice of how the net was trained.
        "norse" => Some(Rules { late_recurrent_bias: true, ..rules(zero) }),
        "spyx" => Some(Rules { late_raster: true, ..rules(subtract) }),
        _ => None,
    }
}

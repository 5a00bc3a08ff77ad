//! Replay of `brian2loihi-golden/1`: one population and one input of Brian2Loihi.

use crate::arrays::{Arrays, INT8, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::loihi::{Group, Input, Network, Sender, Synapse, Wire};
use crate::outcome::{Comparison, Recorded, RecordedTrace};
use crate::read::{CONVENTIONS, MAX_NEURONS, MAX_STEPS, bounded, compare_stats, conventions, narrow, within};
use crate::wish::Names;
use device_models::loihi::limits::THRESHOLD_MANTISSA_MAX;
use device_models::loihi::{LoihiRules, SignMode, WeightFormat};
use std::collections::BTreeMap;

/// Fields of the description.
pub(crate) const CASE: &[&str] =
    &["steps", "n", "n_in", "decay_v", "decay_I", "vth_mant", "refractory", "connections", "stats"];
const CONNECTION: &[&str] = &["name", "pre", "post", "delay", "weight_exp", "sign_mode", "num_weight_bits"];

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let (fields, arrays) = (case.fields(), case.arrays()?);
    let mut comparison = Comparison::default();
    let (network, steps) = read(case, &arrays, &mut comparison.facts)?;
    let neurons = network.groups[0].neurons;
    let replayed = network.run(case, steps, &mut comparison)?;
    let registers = &replayed.registers[0];
    for (quantity, allowed, bits, got) in
        [("u", INT32, 32, &registers.u), ("v", INT32, 32, &registers.v), ("s", INT8, 8, &registers.s)]
    {
        let key = format!("p0.{quantity}");
        let array = recorded(&arrays, &key, allowed, (steps, neurons))?;
        comparison.traces.push(RecordedTrace {
            population: "p0".to_owned(),
            quantity: quantity.to_owned(),
            columns: neurons,
            bits,
            expected: narrow(&arrays, &key, &array)?,
            got: got.clone(),
            key,
        });
    }
    comparison.overflows.extend(registers.overflowed(&replayed.network.groups[0]));
    compare_stats(&mut comparison, &fields)?;
    comparison.explain = Some(Box::new(move |row, population, neuron| replayed.arrivals(row, population, neuron)));
    Ok(comparison)
}

/// What a network for a chip calls things, where it names them after the fields of a case.
pub(crate) const NAMES: Names = Names {
    groups: "",
    wires: "connections[]",
    weight: "weight_exp",
    parameters: &[
        ("decay_u", "decay_I"),
        ("decay_v", "decay_v"),
        ("v_threshold", "vth_mant"),
        ("refractory", "refractory"),
    ],
};

/// The network of a case and its number of steps; `facts` are those of its weights.
pub(crate) fn read(case: &Case, arrays: &Arrays, facts: &mut Vec<Recorded>) -> Result<(Network, usize), ConformError> {
    let fields = case.fields();
    let (spec, rules) = conventions(&fields, "loihi-brian2", CONVENTIONS, &[])?;
    let steps = fields.integer("steps", 0..=MAX_STEPS as i64)? as usize;
    let neurons = fields.count("n", MAX_NEURONS)?;
    bounded(&fields, "n", steps, neurons)?;
    let channels = fields.count("n_in", MAX_NEURONS)?;
    let all = |name, range| Ok::<_, ConformError>(vec![fields.integer(name, range)? as i32; neurons]);

    let parameters = BTreeMap::from([
        ("decay_u", all("decay_I", 0..=4096)?),
        ("decay_v", all("decay_v", 0..=4096)?),
        ("v_threshold", all("vth_mant", 0..=THRESHOLD_MANTISSA_MAX.into())?),
        ("refractory", all("refractory", 0..=64)?),
    ]);
    let spikes = recorded(arrays, "in.spikes", INT8, (steps, channels))?;
    within(arrays, "in.spikes", &spikes, 0..=1, "0 or 1")?;
    let rows = narrow(arrays, "in.spikes", &spikes)?;
    let mut network = Network {
        rules: spec,
        inputs: vec![Input { name: "in".to_owned(), channels, rows }],
        groups: vec![Group { name: "p0".to_owned(), neurons, parameters, draws: None }],
        wires: Vec::new(),
    };
    for connection in fields.objects("connections")? {
        let wire = wire(case, arrays, &rules, &connection, (channels, neurons), facts)?;
        network.wires.push(wire);
    }
    Ok((network, steps))
}

/// An array whose name the format fixes.
fn recorded(
    arrays: &Arrays,
    key: &str,
    allowed: &[crate::arrays::Element],
    (steps, columns): (usize, usize),
) -> Result<crate::arrays::Array, ConformError> {
    let why = "a row per step, a column per neuron or channel";
    arrays.read("format", key, allowed, &[Some(steps), Some(columns)], why)
}

fn wire(
    case: &Case,
    arrays: &Arrays,
    rules: &LoihiRules,
    fields: &Fields<'_>,
    (channels, neurons): (usize, usize),
    facts: &mut Vec<Recorded>,
) -> Result<Wire, ConformError> {
    fields.only(&[CONNECTION])?;
    let name = fields.text("name")?.to_owned();
    let (from, pre, latency) = match fields.text("pre")? {
        "in" => (Sender::Input(0), channels, rules.input_latency),
        "p0" => (Sender::Group(0), neurons, rules.spike_latency),
        _ => return Err(fields.wrong("pre", "in or p0")),
    };
    if fields.text("post")? != "p0" {
        return Err(fields.wrong("post", "p0"));
    }
    let delay = fields.integer_or("delay", 0..=rules.delay_max.into(), 0)? as u32;
    let format = WeightFormat {
        bits: fields.integer("num_weight_bits", 0..=8)? as u8,
        sign: match fields.integer("sign_mode", 1..=3)? {
            1 => SignMode::Mixed,
            2 => SignMode::Excitatory,
            _ => SignMode::Inhibitory,
        },
        exponent: fields.integer("weight_exp", -8..=7)? as i8,
    };
    let mut synapse_count = None;
    let mut list = |part: &str| -> Result<(String, Vec<i32>), ConformError> {
        let key = format!("{name}.{part}");
        let array = arrays.read(&fields.path("name"), &key, INT32, &[synapse_count], "a value per synapse")?;
        synapse_count = Some(array.values.len());
        let values = narrow(arrays, &key, &array)?;
        if let (Some(count), "pre" | "post") = (if part == "pre" { Some(pre) } else { Some(neurons) }, part) {
            within(arrays, &key, &array, 0..=count as i64 - 1, &format!("a neuron from 0 to {}", count - 1))?;
        }
        Ok((key, values))
    };
    let (_, pres) = list("pre")?;
    let (_, posts) = list("post")?;
    let (key, weights) = list("w")?;
    let (effective_key, recorded) = list("w_act")?;

    let mut synapses = Vec::with_capacity(weights.len());
    let mut first = None;
    for (at, &given) in weights.iter().enumerate() {
        let weight = rules.synaptic_weight(given, format).map_err(|e| case.refused(format!("{key}[{at}]"), e))?;
        if weight != recorded[at] && first.is_none() {
            first = Some((at, recorded[at], weight));
        }
        synapses.push(Synapse { pre: pres[at] as u32, post: posts[at] as u32, weight, delay });
    }
    let (field, expected, got) = match first {
        None => (effective_key, "as given".to_owned(), "as given".to_owned()),
        Some((at, expected, got)) => (format!("{effective_key}[{at}]"), expected.to_string(), got.to_string()),
    };
    let values = recorded.len() as u64;
    facts.push(Recorded { quantity: "w_act".to_owned(), field, values, expected, got });

    synapses.sort_unstable();
    Ok(Wire { name, from, to: 0, latency: latency.into(), graded: false, exponent: 0, format: Some(format), synapses })
}

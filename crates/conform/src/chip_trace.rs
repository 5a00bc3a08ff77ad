//! Replay of `hw-trace/1`: one neuron recorded on a Loihi chip.

use crate::arrays::{INT8, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::loihi::{Group, Input, Network, Sender, Synapse, Wire};
use crate::outcome::{Comparison, RecordedTrace};
use crate::read::{CONVENTIONS, conventions, narrow, within};
use device_models::loihi::limits::REFRACTORY_MAX;
use device_models::loihi::{SignMode, WeightFormat};
use std::collections::BTreeMap;

/// Fields of the description.
pub(crate) const CASE: &[&str] =
    &["du", "dv", "vth", "bias", "weight", "input_delay_steps", "refract_delay", "refractory"];

/// Replays a case. The neuron follows Lava's rules; its probe shows the refractory counter in the step of a spike.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let names = [CONVENTIONS, &["refractory"]].concat();
    let (spec, rules) = conventions(&fields, "loihi-lava", &names, &[("probe", "refractory-counter")])?;
    let arrays = case.arrays()?;
    let input = arrays.read("format", "input", INT8, &[None], "a value per step")?;
    let steps = input.values.len();
    within(&arrays, "input", &input, 0..=1, "0 or 1")?;

    let word = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let one = |name| Ok::<_, ConformError>(vec![fields.integer(name, word.clone())? as i32]);
    let period = fields.integer_or("refract_delay", 1..=REFRACTORY_MAX.into(), 1)? as i32;
    let parameters = BTreeMap::from([
        ("decay_u", one("du")?),
        ("decay_v", one("dv")?),
        ("v_threshold", one("vth")?),
        ("bias_mantissa", vec![fields.integer_or("bias", word.clone(), 0)? as i32]),
        ("refractory", vec![period]),
    ]);
    let weight = one("weight")?[0];
    let format = WeightFormat { bits: 8, sign: SignMode::of(&[weight]), exponent: 0 };
    let (least, most) = format.sign.range(rules.weights);
    if !(least..=most).contains(&weight) {
        return Err(fields.wrong("weight", format!("an integer from {least} to {most}")));
    }
    let weight = rules.synaptic_weight(weight, format).map_err(|e| case.refused("neuron", e))?;
    let network = Network {
        rules: spec,
        inputs: vec![Input { name: "input".to_owned(), channels: 1, rows: narrow(&arrays, "input", &input)? }],
        groups: vec![Group { name: "neuron".to_owned(), neurons: 1, parameters, draws: None }],
        wires: vec![Wire {
            name: "synapse".to_owned(),
            from: Sender::Input(0),
            to: 0,
            latency: fields.integer("input_delay_steps", 0..=i64::from(rules.delay_max) + 1)? as usize,
            graded: false,
            exponent: 0,
            format: None,
            synapses: vec![Synapse { pre: 0, delay: 0, post: 0, weight }],
        }],
    };

    let mut comparison = Comparison::default();
    let replayed = network.run(case, steps, &mut comparison)?;
    let registers = &replayed.registers[0];
    for (key, allowed, bits, got) in [("v_probe", INT32, 32, &registers.v), ("spike", INT8, 8, &registers.s)] {
        let array = arrays.read("format", key, allowed, &[Some(steps)], "a value per step of the input")?;
        comparison.traces.push(RecordedTrace {
            population: "neuron".to_owned(),
            quantity: key.to_owned(),
            key: key.to_owned(),
            columns: 1,
            bits,
            expected: narrow(&arrays, key, &array)?,
            got: got.clone(),
        });
    }
    comparison.overflows.extend(registers.overflowed(&replayed.network.groups[0]));
    comparison.explain = Some(Box::new(move |row, population, neuron| replayed.arrivals(row, population, neuron)));
    Ok(comparison)
}

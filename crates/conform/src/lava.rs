//! Replay of `neuro-golden/1`: networks of Lava's fixed-point processes.

use crate::arrays::{Arrays, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::loihi::{Group, Input, Network, Sender, Synapse, Wire};
use crate::outcome::Comparison;
use crate::read::{
    CONVENTIONS, MAX_NEURONS, MAX_STEPS, bounded, compare_group, compare_stats, conventions, narrow, per_neuron, rows,
    something_recorded, within,
};
use crate::wish::Names;
use device_models::loihi::limits::THRESHOLD_MANTISSA_MAX;
use device_models::loihi::{LoihiRules, SignMode, WeightFormat};
use std::collections::BTreeMap;

/// Fields of the description.
pub(crate) const CASE: &[&str] = &["steps", "inputs", "populations", "connections", "stats", "refractory"];
const INPUT: &[&str] = &["name", "n", "data"];
const POPULATION: &[&str] =
    &["name", "n", "model", "du", "dv", "bias_mant", "bias_exp", "u0", "v0", "refractory", "refract_delay", "traces"];
const CONNECTION: &[&str] =
    &["name", "pre", "post", "kind", "weights", "weight_exp", "num_weight_bits", "sign_mode", "num_message_bits"];

/// Most steps between two resets, and their offset: more than a case has.
const RESET_MAX: i64 = MAX_STEPS as i64 + 1;

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let (fields, arrays) = (case.fields(), case.arrays()?);
    let mut comparison = Comparison::default();
    let (network, steps) = read(case, &arrays, &mut comparison.notes)?;
    let replayed = network.run(case, steps, &mut comparison)?;
    let populations = fields.objects("populations")?;
    for (population, both) in populations.iter().zip(replayed.network.groups.iter().zip(&replayed.registers)) {
        compare_group(&mut comparison, &arrays, population, steps, both)?;
    }
    compare_stats(&mut comparison, &fields)?;
    something_recorded(case, &comparison)?;
    comparison.explain = Some(Box::new(move |row, population, neuron| replayed.arrivals(row, population, neuron)));
    Ok(comparison)
}

/// What a network for a chip calls things, where it names them after the fields of a case.
pub(crate) const NAMES: Names = Names {
    groups: "populations[]",
    wires: "connections[]",
    weight: "weight_exp",
    parameters: &[
        ("decay_u", "du"),
        ("decay_v", "dv"),
        ("v_threshold", "vth"),
        ("v_threshold_low", "model"),
        ("bias_mantissa", "bias_mant"),
        ("bias_exponent", "bias_exp"),
        ("u_initial", "u0"),
        ("v_initial", "v0"),
        ("refractory", "refractory"),
        ("reset_interval", "reset_interval"),
        ("reset_offset", "reset_offset"),
    ],
};

/// The network of a case and its number of steps; `notes` learn what a reader should know of it.
pub(crate) fn read(case: &Case, arrays: &Arrays, notes: &mut Vec<String>) -> Result<(Network, usize), ConformError> {
    let fields = case.fields();
    let steps = fields.integer("steps", 0..=MAX_STEPS as i64)? as usize;
    let populations = fields.objects("populations")?;
    // Lava has no refractory period; a case that gives one means that it is kept.
    let periods = populations.iter().any(|p| PERIODS.iter().any(|name| p.get(name).is_some()));
    let defaults: &[_] = if periods { &[("refractory", "hold-voltage")] } else { &[] };
    let (spec, rules) = conventions(&fields, "loihi-lava", &[CONVENTIONS, &["refractory"]].concat(), defaults)?;
    let mut names = Vec::new();

    let mut network = Network { rules: spec, inputs: Vec::new(), groups: Vec::new(), wires: Vec::new() };
    for input in fields.objects("inputs")? {
        input.only(&[INPUT])?;
        let name = unique(&input, &mut names)?;
        let channels = input.count("n", MAX_NEURONS)?;
        let (key, data) = rows(arrays, &input, "data", INT32, (steps, channels))?;
        network.inputs.push(Input { name, channels, rows: narrow(arrays, &key, &data)? });
    }
    for population in &populations {
        let name = unique(population, &mut names)?;
        bounded(population, "n", steps, population.count("n", MAX_NEURONS)?)?;
        network.groups.push(group(arrays, population, &name, notes)?);
    }
    for connection in fields.objects("connections")? {
        let wire = wire(case, arrays, &rules, &connection, &network, notes)?;
        network.wires.push(wire);
    }
    Ok((network, steps))
}

/// The name of an input or population, which no other has.
fn unique(fields: &Fields<'_>, names: &mut Vec<String>) -> Result<String, ConformError> {
    let name = fields.text("name")?;
    if names.iter().any(|other| other == name) {
        return Err(fields.wrong("name", "a name that no other input or population has"));
    }
    names.push(name.to_owned());
    Ok(name.to_owned())
}

/// What the populations of each model have besides: of `ternary_lif`, of `lif`, of `lif_reset`.
const MODELS: [&[&str]; 3] = [&["vth_hi", "vth_lo"], &["vth"], &["vth", "reset_interval", "reset_offset"]];

/// The two names of a refractory period: that of chip files, and that of nengo-loihi.
const PERIODS: [&str; 2] = ["refractory", "refract_delay"];

fn group(arrays: &Arrays, fields: &Fields<'_>, name: &str, notes: &mut Vec<String>) -> Result<Group, ConformError> {
    let neurons = fields.count("n", MAX_NEURONS)?;
    let value = |name, default| per_neuron(arrays, fields, name, neurons, default);
    fields.only(&[POPULATION, &MODELS.concat()])?;
    let model = fields.text("model")?;
    let own = match model {
        "ternary_lif" => MODELS[0],
        "lif" => MODELS[1],
        "lif_reset" => MODELS[2],
        _ => return Err(fields.wrong("model", "lif, ternary_lif or lif_reset")),
    };
    let other = MODELS.concat().into_iter().find(|name| !own.contains(name) && fields.get(name).is_some());
    if let Some(name) = other {
        return Err(fields.wrong(name, format!("absent: the model {model} has none")));
    }
    let (high, low) = match own {
        ["vth_hi", ..] => (value("vth_hi", None)?, Some(value("vth_lo", None)?)),
        _ => (value("vth", None)?, None),
    };
    let beyond = |&&vth: &&i32| vth.unsigned_abs() > THRESHOLD_MANTISSA_MAX as u32;
    if let Some(vth) = high.iter().chain(low.iter().flatten()).find(beyond) {
        notes.push(format!("{name}: the chip has 17 bits for a threshold, not {vth}"));
    }
    let period = value(PERIODS[0], Some(0))?;
    let same = value(PERIODS[1], Some(0))?;
    if PERIODS.iter().all(|name| fields.get(name).is_some()) && period != same {
        return Err(fields.wrong(PERIODS[1], format!("the same as {}, which means the same", PERIODS[0])));
    }
    let mut parameters = BTreeMap::from([
        ("decay_u", value("du", None)?),
        ("decay_v", value("dv", None)?),
        ("v_threshold", high),
        ("bias_mantissa", value("bias_mant", Some(0))?),
        ("bias_exponent", value("bias_exp", Some(0))?),
        ("refractory", if fields.get(PERIODS[0]).is_some() { period } else { same }),
        ("u_initial", value("u0", Some(0))?),
        ("v_initial", value("v0", Some(0))?),
    ]);
    parameters.extend(low.map(|low| ("v_threshold_low", low)));
    if own.contains(&"reset_interval") {
        let interval = fields.integer("reset_interval", 1..=i64::MAX)?;
        let offset = fields.integer_or("reset_offset", 0..=i64::MAX, 0)? % interval;
        // An interval or offset beyond the end of any case may as well be just beyond it.
        for (name, value) in [("reset_interval", interval), ("reset_offset", offset)] {
            parameters.insert(name, vec![value.min(RESET_MAX + i64::from(name == "reset_interval")) as i32; neurons]);
        }
    }
    Ok(Group { name: name.to_owned(), neurons, parameters, draws: None })
}

fn wire(
    case: &Case,
    arrays: &Arrays,
    rules: &LoihiRules,
    fields: &Fields<'_>,
    network: &Network,
    notes: &mut Vec<String>,
) -> Result<Wire, ConformError> {
    let name = fields.text("name")?.to_owned();
    let pre_name = fields.text("pre")?;
    let input = network.inputs.iter().position(|input| input.name == pre_name).map(Sender::Input);
    let group = |name: &str| network.groups.iter().position(|group| group.name == name);
    let from = input
        .or_else(|| group(pre_name).map(Sender::Group))
        .ok_or_else(|| fields.wrong("pre", "the name of an input or a population"))?;
    let to = group(fields.text("post")?).ok_or_else(|| fields.wrong("post", "the name of a population"))?;
    let pre = match from {
        Sender::Input(index) => network.inputs[index].channels,
        Sender::Group(index) => network.groups[index].neurons,
    };
    let post = network.groups[to].neurons;

    let delayed = match fields.text("kind")? {
        "dense" | "sparse" => false,
        "delay_dense" | "delay_sparse" => true,
        _ => return Err(fields.wrong("kind", "dense, sparse, delay_dense or delay_sparse")),
    };
    fields.only(&[CONNECTION, if delayed { &["delays"] } else { &[] }])?;
    let matrix = |field: &str| -> Result<_, ConformError> {
        let key = fields.text(field)?;
        let why = "a row per receiving neuron, a column per sending one";
        Ok((key, arrays.read(&fields.path(field), key, INT32, &[Some(post), Some(pre)], why)?))
    };
    let (key, array) = matrix("weights")?;
    let weights = narrow(arrays, key, &array)?;
    let delays = if delayed {
        let (key, array) = matrix("delays")?;
        within(arrays, key, &array, 0..=rules.delay_max.into(), &format!("a delay of 0 to {} steps", rules.delay_max))?;
        narrow(arrays, key, &array)?
    } else {
        Vec::new()
    };

    let sign = match fields.get("sign_mode").map_or(Ok("auto"), |_| fields.text("sign_mode"))? {
        "auto" => SignMode::of(&weights),
        "mixed" => SignMode::Mixed,
        "exc" => SignMode::Excitatory,
        "inh" => SignMode::Inhibitory,
        _ => return Err(fields.wrong("sign_mode", "auto, mixed, exc or inh")),
    };
    let format = WeightFormat {
        bits: fields.integer_or("num_weight_bits", 1..=8, 8)? as u8,
        sign,
        exponent: fields.integer_or("weight_exp", -31..=31, 0)? as i8,
    };
    if !(-8..=7).contains(&format.exponent) {
        notes.push(format!("{name}: the chip has weight exponents from -8 to 7, not {}", format.exponent));
    }
    let (least, most) = sign.range(rules.weights);
    let clipped = weights.iter().filter(|w| !(least..=most).contains(*w)).count();
    if clipped > 0 {
        notes.push(format!("{name}: {clipped} weights clipped to {least}..{most}"));
    }
    let mut synapses = Vec::new();
    for (at, &weight) in weights.iter().enumerate() {
        let weight = rules.synaptic_weight(weight, format).map_err(|e| case.refused(&name, e))?;
        if weight != 0 {
            let delay = delays.get(at).map_or(0, |&delay| delay as u32);
            synapses.push(Synapse { pre: (at % pre) as u32, post: (at / pre) as u32, weight, delay });
        }
    }
    synapses.sort_unstable();
    let graded = fields.integer_or("num_message_bits", 0..=32, 0)? > 0;
    let latency = match from {
        Sender::Input(_) => rules.input_latency,
        Sender::Group(_) => rules.spike_latency,
    };
    let exponent = format.exponent.into();
    Ok(Wire { name, from, to, latency: latency.into(), graded, exponent, format: Some(format), synapses })
}

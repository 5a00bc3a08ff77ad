//! Replay of `neuro-golden/1`: networks of Lava's fixed-point processes.

use crate::arrays::{Arrays, INT32};
use crate::case::Case;
use crate::clocked::{Group, Input, Network, Sender, Wire};
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::Comparison;
use crate::read::{
    MAX_NEURONS, MAX_STEPS, bounded, compare_group, compare_stats, narrow, per_neuron, rows, something_recorded, within,
};
use device_models::loihi::limits::THRESHOLD_MANTISSA_MAX;
use device_models::loihi::{
    Bias, LoihiParameters, LoihiRules, NeuronSettings, PeriodicReset, Projection, ProjectionSettings, SignMode,
    Synapse, Threshold, WeightFormat,
};

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let rules = LoihiRules::lava();
    let fields = case.fields();
    let arrays = case.arrays()?;
    let steps = fields.integer("steps", 0..=MAX_STEPS as i64)? as usize;
    let mut comparison = Comparison::default();
    let mut names = Vec::new();

    let mut network = Network { inputs: Vec::new(), groups: Vec::new(), wires: Vec::new() };
    for input in fields.objects("inputs")? {
        let name = unique(&input, &mut names)?;
        let channels = input.count("n", MAX_NEURONS)?;
        let (key, data) = rows(&arrays, &input, "data", INT32, (steps, channels))?;
        network.inputs.push(Input { name, channels, rows: narrow(&arrays, &key, &data)? });
    }
    let populations = fields.objects("populations")?;
    for population in &populations {
        let name = unique(population, &mut names)?;
        bounded(population, "n", steps, population.count("n", MAX_NEURONS)?)?;
        let group = group(case, &arrays, &rules, population, &name, &mut comparison.notes)?;
        network.groups.push(group);
    }
    for connection in fields.objects("connections")? {
        let wire = wire(case, &arrays, &rules, &connection, &network, &mut comparison.notes)?;
        network.wires.push(wire);
    }

    network.run(steps);
    for (population, group) in populations.iter().zip(&network.groups) {
        compare_group(&mut comparison, &arrays, population, steps, group)?;
    }
    compare_stats(&mut comparison, &fields)?;
    something_recorded(case, &comparison)?;
    comparison.explain = Some(Box::new(move |row, population, neuron| network.arrivals(row, population, neuron)));
    Ok(comparison)
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

fn group(
    case: &Case,
    arrays: &Arrays,
    rules: &LoihiRules,
    fields: &Fields<'_>,
    name: &str,
    notes: &mut Vec<String>,
) -> Result<Group, ConformError> {
    let neurons = fields.count("n", MAX_NEURONS)?;
    let value = |name, default| per_neuron(arrays, fields, name, neurons, default);
    let model = fields.text("model")?;
    let (high, low) = match model {
        "ternary_lif" => (value("vth_hi", None)?, Some(value("vth_lo", None)?)),
        "lif" | "lif_reset" => (value("vth", None)?, None),
        _ => return Err(fields.wrong("model", "lif, ternary_lif or lif_reset")),
    };
    let beyond = |&&vth: &&i32| vth.unsigned_abs() > THRESHOLD_MANTISSA_MAX as u32;
    if let Some(vth) = high.iter().chain(low.iter().flatten()).find(beyond) {
        notes.push(format!("{name}: the chip has 17 bits for a threshold, not {vth}"));
    }
    let reset = if model == "lif_reset" {
        Some(PeriodicReset {
            interval: fields.integer("reset_interval", 1..=i64::MAX)? as u64,
            offset: fields.integer_or("reset_offset", 0..=i64::MAX, 0)? as u64,
        })
    } else {
        None
    };
    let settings = NeuronSettings {
        decay_u: &value("du", None)?,
        decay_v: &value("dv", None)?,
        threshold: match &low {
            Some(low) => Threshold::Ternary { high: &high, low },
            None => Threshold::Binary(&high),
        },
        bias: Bias::MantissaExponent {
            mantissa: &value("bias_mant", Some(0))?,
            exponent: &value("bias_exp", Some(0))?,
        },
        refractory: &vec![0; neurons],
        voltage_limits: None,
        noise: None,
        reset,
    };
    let parameters = LoihiParameters::new(rules, &settings).map_err(|e| case.refused(name, e))?;
    let mut group = Group::new(name, parameters);
    group.state.u = value("u0", Some(0))?;
    group.state.v = value("v0", Some(0))?;
    Ok(group)
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
        Sender::Group(index) => network.groups[index].neurons(),
    };
    let post = network.groups[to].neurons();

    let delayed = match fields.text("kind")? {
        "dense" | "sparse" => false,
        "delay_dense" | "delay_sparse" => true,
        _ => return Err(fields.wrong("kind", "dense, sparse, delay_dense or delay_sparse")),
    };
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
    let refused = |e| case.refused(&name, e);
    let mut synapses = Vec::new();
    for (at, &weight) in weights.iter().enumerate() {
        let weight = rules.synaptic_weight(weight, format).map_err(refused)?;
        if weight != 0 {
            let delay = delays.get(at).map_or(0, |&delay| delay as u32);
            synapses.push(Synapse { pre: (at % pre) as u32, post: (at / pre) as u32, weight, delay });
        }
    }
    let graded = fields.integer_or("num_message_bits", 0..=32, 0)? > 0;
    let latency = match from {
        Sender::Input(_) => rules.input_latency,
        Sender::Group(_) => rules.spike_latency,
    };
    let settings = ProjectionSettings { pre, post, exponent: format.exponent, graded, latency };
    let projection = Projection::new(rules, &settings, &synapses).map_err(refused)?;
    Ok(Wire { name, from, to, latency: latency.into(), graded, projection })
}

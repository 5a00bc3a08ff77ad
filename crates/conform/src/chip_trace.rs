//! Replay of `hw-trace/1`: one neuron recorded on a Loihi chip.

use crate::arrays::{INT8, INT32};
use crate::case::Case;
use crate::clocked::{Group, Input, Network, Sender, Wire};
use crate::error::ConformError;
use crate::outcome::{Comparison, Trace};
use crate::read::{narrow, within};
use device_models::loihi::limits::REFRACTORY_MAX;
use device_models::loihi::{
    Bias, LoihiParameters, LoihiRules, NeuronSettings, ProbeRule, Projection, ProjectionSettings, SignMode, Synapse,
    Threshold, WeightFormat,
};

/// Replays a case. The neuron follows Lava's rules; its probe shows the refractory counter in the step of a spike.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let rules = LoihiRules { probe: ProbeRule::RefractoryCounter, ..LoihiRules::lava() };
    let fields = case.fields();
    let arrays = case.arrays()?;
    let input = arrays.read("format", "input", INT8, &[None], "a value per step")?;
    let steps = input.values.len();
    within(&arrays, "input", &input, 0..=1, "0 or 1")?;

    let word = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let one = |name| Ok::<_, ConformError>([fields.integer(name, word.clone())? as i32]);
    let settings = NeuronSettings {
        decay_u: &one("du")?,
        decay_v: &one("dv")?,
        threshold: Threshold::Binary(&one("vth")?),
        bias: Bias::MantissaExponent {
            mantissa: &[fields.integer_or("bias", word.clone(), 0)? as i32],
            exponent: &[0],
        },
        refractory: &[1],
        voltage_limits: None,
        noise: None,
        reset: None,
    };
    let refused = |e| case.refused("neuron", e);
    let parameters = LoihiParameters::new(&rules, &settings).map_err(refused)?;
    let refractory = fields.integer_or("refract_delay", 1..=REFRACTORY_MAX.into(), 1)? as u16;

    let [weight] = one("weight")?;
    let format = WeightFormat { bits: 8, sign: SignMode::of(&[weight]), exponent: 0 };
    let (least, most) = format.sign.range(rules.weights);
    if !(least..=most).contains(&weight) {
        return Err(fields.wrong("weight", format!("an integer from {least} to {most}")));
    }
    let weight = rules.synaptic_weight(weight, format).map_err(refused)?;
    let latency = fields.integer("input_delay_steps", 0..=i64::from(rules.delay_max) + 1)? as u8;
    let settings = ProjectionSettings { pre: 1, post: 1, exponent: 0, graded: false, latency };
    let synapses = [Synapse { pre: 0, delay: 0, post: 0, weight }];
    let projection = Projection::new(&rules, &settings, &synapses).map_err(refused)?;
    let mut network = Network {
        inputs: vec![Input { name: "input".to_owned(), channels: 1, rows: narrow(&arrays, "input", &input)? }],
        groups: vec![Group::new("neuron", parameters)],
        wires: vec![Wire {
            name: "synapse".to_owned(),
            from: Sender::Input(0),
            to: 0,
            latency: latency.into(),
            graded: false,
            projection,
        }],
    };

    network.run(steps);
    let group = &network.groups[0];
    let probed = group.v.iter().zip(&group.s).map(|(&v, &s)| rules.probed_voltage(v, s != 0, refractory)).collect();
    let mut comparison = Comparison::default();
    for (key, allowed, bits, got) in [("v_probe", INT32, 32, probed), ("spike", INT8, 8, group.s.clone())] {
        let array = arrays.read("format", key, allowed, &[Some(steps)], "a value per step of the input")?;
        comparison.traces.push(Trace {
            population: "neuron".to_owned(),
            quantity: key.to_owned(),
            key: key.to_owned(),
            columns: 1,
            bits,
            expected: narrow(&arrays, key, &array)?,
            got,
        });
    }
    comparison.overflows.extend(group.overflowed());
    comparison.explain = Some(Box::new(move |row, population, neuron| network.arrivals(row, population, neuron)));
    Ok(comparison)
}

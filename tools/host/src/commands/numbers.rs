//! Every number of a chip description in one flat list, each under its path in the chip file.

use chip::{ChipSpec, Fact, Kinetics, RouterSpec, SynapseSign};
use serde_json::{Value, json};
use units::Quantity;

/// A number of a chip with its place in the chip file.
pub(crate) struct Number<'a> {
    /// Dotted path (`parameters.tau_mem.nominal`).
    pub(crate) path: String,
    /// The number.
    pub(crate) fact: &'a Fact,
}

/// All numbers of `spec`, in the order in which chip files state them.
pub(crate) fn numbers(spec: &ChipSpec) -> Vec<Number<'_>> {
    let mut all = Vec::new();
    let mut add = |path: String, fact| all.push(Number { path, fact });
    add("tick".into(), &spec.tick);
    let g = &spec.geometry;
    add("geometry.chips".into(), &g.chips);
    add("geometry.cores_per_chip".into(), &g.cores_per_chip);
    add("geometry.neurons_per_core".into(), &g.neurons_per_core);
    if let RouterSpec::TagCam(r) = &spec.router {
        add("router.cam_words_per_neuron".into(), &r.cam_words_per_neuron);
        add("router.sram_words_per_neuron".into(), &r.sram_words_per_neuron);
        add("router.sram_words_for_monitor".into(), &r.sram_words_for_monitor);
        add("router.tag_bits".into(), &r.tag_bits);
        add("router.weight_bits".into(), &r.weight_bits);
        add("router.hop_max".into(), &r.hop_max);
    }
    if let RouterSpec::Xylo(r) = &spec.router {
        for (name, fact) in r.facts() {
            add(format!("router.{name}"), fact);
        }
    }
    for (name, parameter) in &spec.parameters {
        let path = format!("parameters.{name}");
        add(format!("{path}.nominal"), &parameter.nominal);
        if let Some((low, high)) = &parameter.range {
            add(format!("{path}.range.low"), low);
            add(format!("{path}.range.high"), high);
        }
        let Some(mismatch) = &parameter.mismatch else { continue };
        let path = format!("{path}.mismatch");
        add(format!("{path}.cv"), &mismatch.cv);
        if let Some((low, high)) = &mismatch.truncation {
            add(format!("{path}.truncation.low"), low);
            add(format!("{path}.truncation.high"), high);
        }
        if let Some(shares) = &mismatch.shares {
            add(format!("{path}.shares.die"), &shares.die);
            add(format!("{path}.shares.core"), &shares.core);
            add(format!("{path}.shares.circuit"), &shares.circuit);
        }
        if let Some(correlation) = &mismatch.correlation {
            add(format!("{path}.correlation.rho"), &correlation.rho);
        }
    }
    all
}

/// A quantity as people write it: `20 ms`, and a pure number without its unit `1`.
pub(crate) fn quantity(quantity: Quantity) -> String {
    quantity.to_string()
}

/// A decimal as a JSON number; a whole number stays one.
pub(crate) fn json_number(value: units::Decimal) -> Value {
    let text = value.to_string();
    let whole: Option<i64> = text.parse().ok();
    let number: Option<f64> = text.parse().ok();
    whole.map(|whole| json!(whole)).or(number.map(|number| json!(number))).unwrap_or(Value::Null)
}

/// `excitatory`, `inhibitory` or `signed`.
pub(crate) fn sign(sign: SynapseSign) -> &'static str {
    match sign {
        SynapseSign::Excitatory => "excitatory",
        SynapseSign::Inhibitory => "inhibitory",
        SynapseSign::Signed => "signed",
    }
}

/// `exponential`, and the parameter with its time constant.
pub(crate) fn kinetics(kinetics: &Kinetics) -> (&'static str, Option<&str>) {
    match kinetics {
        Kinetics::Delta => ("delta", None),
        Kinetics::Exponential { tau } => ("exponential", Some(tau)),
        Kinetics::Graded => ("graded", None),
        Kinetics::Register { index: 0 } => ("register 0", None),
        Kinetics::Register { index: 1 } => ("register 1", None),
        Kinetics::Register { .. } => ("register", None),
    }
}

/// `tag-cam`, `ideal` or `xylo`.
pub(crate) fn router(router: &RouterSpec) -> &'static str {
    match router {
        RouterSpec::Ideal => "ideal",
        RouterSpec::TagCam(_) => "tag-cam",
        RouterSpec::Xylo(_) => "xylo",
    }
}

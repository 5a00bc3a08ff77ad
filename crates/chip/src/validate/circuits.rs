//! Core models, synapse kinds and the parameters that they read.

use super::{Bound, Findings, readings, synapse_path};
use crate::CoreModel;
use crate::spec::{ChipSpec, Kinetics, SynapseGate, SynapseSign, SynapseType};
use alloc::{format, string::String, vec::Vec};
use units::{Decimal, Dimension, Quantity, QuantityError, Unit};

/// Most exponential synaptic currents of a spiking core.
const EXPONENTIAL_KINDS_MAX: usize = 4;

pub(super) fn models_are_listed(spec: &ChipSpec, findings: &mut Findings) {
    if spec.models.is_empty() {
        let names: Vec<&str> = CoreModel::ALL.iter().map(|m| m.name()).collect();
        findings.add("models", format!("a chip needs at least one core model; there are {}", names.join(", ")));
    }
    for (index, model) in spec.models.iter().enumerate() {
        if spec.models[..index].contains(model) {
            findings.add(format!("models[{index}]"), format!("core model `{model}` is listed twice"));
        }
    }
}

pub(super) fn synapse_names_differ(spec: &ChipSpec, findings: &mut Findings) {
    for (index, synapse) in spec.synapses.iter().enumerate() {
        if spec.synapses[..index].iter().any(|s| s.name == synapse.name) {
            let message = format!("the synapse kind `{}` is defined twice", synapse.name);
            findings.add(synapse_path(index, "name"), message);
        }
    }
}

/// The core models that have a synapse kind.
fn models_of(kinetics: &Kinetics) -> &'static [CoreModel] {
    match kinetics {
        Kinetics::Delta | Kinetics::Exponential { .. } => &[CoreModel::Lif, CoreModel::AnalogLif],
        Kinetics::Graded => &[CoreModel::Rate],
        Kinetics::Register { .. } => &[CoreModel::Loihi, CoreModel::Xylo],
    }
}

pub(super) fn synapses_match_models(spec: &ChipSpec, findings: &mut Findings) {
    if spec.models.is_empty() {
        return;
    }
    for (index, model) in spec.models.iter().enumerate() {
        let reads = |s: &&SynapseType| models_of(&s.kinetics).contains(model);
        let (found, needed) = match model {
            CoreModel::Dpi => (spec.gates().next().is_some(), "a gate"),
            CoreModel::Rate => (spec.synapses.iter().any(|s| reads(&s)), "kinetics `graded`"),
            CoreModel::Lif | CoreModel::AnalogLif => {
                (spec.synapses.iter().any(|s| reads(&s)), "kinetics `delta` or `exponential`")
            }
            CoreModel::Loihi | CoreModel::Xylo => (spec.synapses.iter().any(|s| reads(&s)), "kinetics `register`"),
        };
        if !found {
            let message = format!("core model `{model}` needs a synapse kind with {needed}; there is none");
            findings.add(format!("models[{index}]"), message);
        }
    }
    for (index, synapse) in spec.synapses.iter().enumerate() {
        let models = models_of(&synapse.kinetics);
        let log_domain = spec.models.contains(&CoreModel::Dpi);
        let mut unlisted = |models: &[CoreModel], entry| {
            let names: Vec<String> = models.iter().map(|model| format!("`{model}`")).collect();
            let (name, models) = (&synapse.name, names.join(" or "));
            let message = format!("synapse kind `{name}` is for core model {models}, which `models` does not list");
            findings.add(synapse_path(index, entry), message);
        };
        // A kind of `dpi` has the time course of its gate: its kinetics are for whoever else reads it.
        let listed = models.iter().any(|model| spec.models.contains(model));
        if !(listed || log_domain && synapse.gate.is_some()) {
            unlisted(models, "kinetics");
        }
        if synapse.gate.is_some() && !log_domain {
            unlisted(&[CoreModel::Dpi], "gate");
        }
    }
}

pub(super) fn gates_fit(spec: &ChipSpec, findings: &mut Findings) {
    let several = spec.gates().nth(1).is_some();
    for (index, synapse) in spec.synapses.iter().enumerate() {
        let Some(gate) = synapse.gate else { continue };
        let sign = match gate {
            SynapseGate::Combined => None,
            SynapseGate::Ampa | SynapseGate::Nmda => Some((SynapseSign::Excitatory, "excitatory")),
            SynapseGate::Gaba | SynapseGate::Shunt => Some((SynapseSign::Inhibitory, "inhibitory")),
        };
        if let Some((sign, name)) = sign
            && sign != synapse.sign
        {
            let message = format!("the gate `{gate}` is {name}, but the sign of `{}` is not", synapse.name);
            findings.add(synapse_path(index, "gate"), message);
        }
        if gate == SynapseGate::Combined && several {
            let message = "a neuron with the gate `combined` has no other: make all gates `combined`, or none";
            findings.add(synapse_path(index, "gate"), message.into());
        }
    }
}

pub(super) fn rules_belong_to_models(spec: &ChipSpec, findings: &mut Findings) {
    let digital = spec.models.iter().position(|model| model.facts().digital);
    match (digital, &spec.rules) {
        (Some(index), None) => {
            let message = format!("core model `{}` needs a table `[rules]` with a `profile`", spec.models[index]);
            findings.add(format!("models[{index}]"), message);
        }
        (None, Some(_)) => findings.add("rules", "no core model of this chip has digital rules: remove `rules`".into()),
        _ => {}
    }
}

pub(super) fn exponential_kinds_fit(spec: &ChipSpec, findings: &mut Findings) {
    let exponential = |k: &Kinetics| matches!(k, Kinetics::Exponential { .. });
    let mut kinds = spec.synapses.iter().enumerate().filter(|(_, s)| exponential(&s.kinetics));
    if let Some((index, synapse)) = kinds.nth(EXPONENTIAL_KINDS_MAX) {
        let message = format!(
            "synapse kind `{}` is one exponential kind too many: a neuron has at most {EXPONENTIAL_KINDS_MAX}",
            synapse.name
        );
        findings.add(synapse_path(index, "kinetics"), message);
    }
}

pub(super) fn parameters_exist(spec: &ChipSpec, findings: &mut Findings) {
    for reading in readings(spec) {
        let name = reading.parameter;
        if !reading.required || spec.parameters.contains_key(name) {
            continue;
        }
        if reading.path.starts_with("models") {
            // The name is the model's choice: there is nothing to correct, only something to add.
            let message = format!("{} needs the parameter `{name}`: add `[parameters.{name}]`", reading.reader);
            findings.add(reading.path, message);
        } else {
            findings.add_wrong_name(reading.path, "a parameter of this chip", name, spec.parameters.keys());
        }
    }
}

/// Path of the nominal value of a parameter.
fn nominal_path(parameter: &str) -> String {
    format!("parameters.{parameter}.nominal")
}

pub(super) fn dimensions_match(spec: &ChipSpec, findings: &mut Findings) {
    for reading in readings(spec) {
        let Some(parameter) = spec.parameters.get(reading.parameter) else { continue };
        let found = parameter.nominal.quantity.unit.dimension();
        if !reading.dimensions.contains(&found) {
            let error = QuantityError::Dimension { found, expected: reading.dimensions[0] };
            findings.add(nominal_path(reading.parameter), format!("{error}: {} reads it", reading.reader));
        }
    }
    // Membrane levels are compared with each other, so they need one scale.
    if spec.models.iter().all(|model| model.is_graded()) {
        return;
    }
    let level = |name: &str| spec.parameters.get(name).map(|p| p.nominal.quantity.unit.dimension());
    let Some(expected @ (Dimension::Voltage | Dimension::One)) = level("v_threshold") else { return };
    for name in ["v_reset", "v_initial", "drive", "adaptation"] {
        if let Some(found @ (Dimension::Voltage | Dimension::One)) = level(name)
            && found != expected
        {
            findings.add(
                nominal_path(name),
                format!("this is {found}, but `v_threshold` is {expected}: levels of one membrane share one unit"),
            );
        }
    }
}

/// The value in the unit that the cores use: ms, mV, pA, pF or 1.
fn canonical(quantity: Quantity) -> Option<(Decimal, Unit)> {
    let unit = match quantity.unit.dimension() {
        Dimension::Time => Unit::MILLISECOND,
        Dimension::Voltage => Unit::MILLIVOLT,
        Dimension::One => Unit::ONE,
        Dimension::Current => Unit::PICOAMPERE,
        Dimension::Capacitance => Unit::PICOFARAD,
        _ => return None,
    };
    Some((quantity.value_in(unit).ok()?, unit))
}

pub(super) fn values_are_possible(spec: &ChipSpec, findings: &mut Findings) {
    for reading in readings(spec) {
        let Some(parameter) = spec.parameters.get(reading.parameter) else { continue };
        let quantity = parameter.nominal.quantity;
        let Some((value, unit)) = canonical(quantity) else { continue };
        // Values are kept as signed numbers with 31 integer and 32 fraction bits.
        let bits = value.to_bits(32);
        let vanishes = reading.bound.is_positive() && bits == Ok(0);
        let one = Decimal::integer(1);
        let demand = match reading.bound {
            _ if bits.is_err() => Some(format!("between -2^31 and 2^31 {unit}")),
            Bound::Any => None,
            Bound::NotNegative => (value < Decimal::ZERO).then(|| "at least 0".into()),
            Bound::Positive => (value <= Decimal::ZERO || vanishes).then(|| format!("above 0 (at least 2^-32 {unit})")),
            Bound::Fraction => (value <= Decimal::ZERO || value > one || vanishes).then(|| "above 0, at most 1".into()),
            Bound::Membrane => (value <= Decimal::ZERO || value >= Decimal::integer(512) || vanishes)
                .then(|| format!("above 0 and below 512 {unit}")),
        };
        if let Some(demand) = demand {
            let path = nominal_path(reading.parameter);
            findings.add(path, format!("this is {quantity}, but {} needs a value {demand}", reading.reader));
        }
    }
}

pub(super) fn ranges_hold_the_nominal(spec: &ChipSpec, findings: &mut Findings) {
    for (name, parameter) in &spec.parameters {
        let Some((low, high)) = &parameter.range else { continue };
        let nominal = parameter.nominal.quantity;
        for (entry, bound, wrong) in
            [("low", low, core::cmp::Ordering::Greater), ("high", high, core::cmp::Ordering::Less)]
        {
            let path = format!("parameters.{name}.range.{entry}");
            match bound.quantity.value_in(nominal.unit) {
                Err(error) => findings.add(path, format!("{error}: the nominal value is {nominal}")),
                Ok(value) if value.cmp(&nominal.value) == wrong => {
                    let side = if entry == "low" { "above" } else { "below" };
                    findings.add(path, format!("{} is {side} the nominal value, {nominal}", bound.quantity));
                }
                Ok(_) => {}
            }
        }
    }
}

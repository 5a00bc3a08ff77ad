//! Core models, synapse kinds and the parameters that they read.

use super::{Findings, reading_path, synapse_path};
use crate::CoreModel;
use crate::demand::Measure;
use crate::lanes::{CURRENTS_MAX, SLICE_SHIFT_MAX};
use crate::readings::ReadBy;
use crate::spec::{ChipSpec, Kinetics, KineticsKind, SynapseGate};
use alloc::{format, string::String, vec::Vec};

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

pub(super) fn synapses_match_models(spec: &ChipSpec, findings: &mut Findings) {
    if spec.models.is_empty() {
        return;
    }
    for (index, model) in spec.models.iter().enumerate() {
        if !spec.synapses.iter().any(|kind| model.takes(kind)) {
            let needed = model.takes_in_words();
            let message = format!("core model `{model}` needs a synapse kind with {needed}; there is none");
            findings.add(format!("models[{index}]"), message);
        }
    }
    let mut unlisted = |index: usize, entry, is_for: &dyn Fn(CoreModel) -> bool| {
        let models = CoreModel::ALL.into_iter().filter(|model| is_for(*model));
        let names: Vec<String> = models.map(|model| format!("`{model}`")).collect();
        let (name, models) = (&spec.synapses[index].name, names.join(" or "));
        let message = format!("synapse kind `{name}` is for core model {models}, which `models` does not list");
        findings.add(synapse_path(index, entry), message);
    };
    for (index, synapse) in spec.synapses.iter().enumerate() {
        // A kind of a model with gates has the circuit of its gate: its kinetics are for whoever else reads it.
        if !spec.models.iter().any(|model| model.takes(synapse)) {
            unlisted(index, "kinetics", &|model| model.facts().kinetics.contains(&synapse.kinetics.kind()));
        }
        if synapse.gate.is_some() && !spec.models.iter().any(|model| model.facts().gates) {
            unlisted(index, "gate", &|model| model.facts().gates);
        }
    }
    // A core of gates does not read the gain of a kind, which other models may; a digital core cannot have one.
    for (index, synapse) in spec.synapses.iter().enumerate().filter(|(_, synapse)| synapse.gain.is_some()) {
        let without = |model: &&CoreModel| !model.facts().gains && !model.facts().gates && model.takes(synapse);
        if let Some(model) = spec.models.iter().find(without) {
            let message = format!("a synapse of core model `{model}` has no gain: remove it");
            findings.add(synapse_path(index, "gain"), message);
        }
    }
}

pub(super) fn gates_fit(spec: &ChipSpec, findings: &mut Findings) {
    let several = spec.gates().nth(1).is_some();
    for (index, synapse) in spec.synapses.iter().enumerate() {
        let Some(gate) = synapse.gate else { continue };
        if let Some(sign) = gate.sign()
            && sign != synapse.sign
        {
            let message = format!("the gate `{gate}` is {}, but the sign of `{}` is not", sign.name(), synapse.name);
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
    let exponential = spec.synapses.iter().enumerate();
    let mut exponential = exponential.filter(|(_, kind)| kind.kinetics.kind() == KineticsKind::Exponential);
    if let Some((index, synapse)) = exponential.nth(CURRENTS_MAX) {
        let message = format!(
            "synapse kind `{}` is one exponential kind too many: a neuron has at most {CURRENTS_MAX}",
            synapse.name
        );
        findings.add(synapse_path(index, "kinetics"), message);
    }
}

pub(super) fn slices_fit(spec: &ChipSpec, findings: &mut Findings) {
    for (index, synapse) in spec.synapses.iter().enumerate() {
        if let Kinetics::Slice { shift } | Kinetics::Number { shift } = synapse.kinetics
            && shift > SLICE_SHIFT_MAX
        {
            let message = format!("the shift of a slice is {shift}, but must be from 0 to {SLICE_SHIFT_MAX}");
            findings.add(synapse_path(index, "kinetics.shift"), message);
        }
    }
}

pub(super) fn rate_units_leak_once(spec: &ChipSpec, findings: &mut Findings) {
    let Some(index) = spec.models.iter().position(|model| *model == CoreModel::Rate) else { return };
    let path = format!("models[{index}]");
    match ["leak", "tau_unit"].map(|name| spec.parameters.contains_key(name)) {
        [false, false] => {
            let add = "add `[parameters.leak]` or, for units whose time constants differ, `[parameters.tau_unit]`";
            findings.add(path, format!("core model `rate` needs the parameter `leak` or `tau_unit`: {add}"));
        }
        [true, true] => {
            findings.add(path, "core model `rate` has its leak from `leak` or from `tau_unit`: leave one out".into());
        }
        _ => {}
    }
}

pub(super) fn parameters_exist(spec: &ChipSpec, findings: &mut Findings) {
    for reading in spec.readings() {
        let name = reading.parameter;
        if reading.optional || spec.parameters.contains_key(name) {
            continue;
        }
        let path = reading_path(spec, &reading);
        match reading.by {
            // The name is the model's choice: there is nothing to correct, only something to add.
            ReadBy::Model(_) => {
                findings.add(path, format!("{} needs the parameter `{name}`: add `[parameters.{name}]`", reading.by));
            }
            ReadBy::Kind { .. } => {
                findings.add_wrong_name(path, "a parameter of this chip", name, spec.parameters.keys());
            }
        }
    }
}

/// Path of the nominal value of a parameter.
fn nominal_path(parameter: &str) -> String {
    format!("parameters.{parameter}.nominal")
}

pub(super) fn dimensions_match(spec: &ChipSpec, findings: &mut Findings) {
    let readings = spec.readings();
    for reading in &readings {
        let Some(parameter) = spec.parameters.get(reading.parameter) else { continue };
        if let Err(error) = reading.check_dimension(parameter.nominal.quantity) {
            findings.add(nominal_path(reading.parameter), format!("{error}: {} reads it", reading.by));
        }
    }
    // Membrane levels are compared with each other, so they need one scale: that of the first, the threshold.
    let levels = |model: &CoreModel| {
        let of_membrane = model.facts().parameters.iter().filter(|parameter| parameter.measure == Measure::Level);
        let unit = |name: &str| spec.parameters.get(name).map(|p| p.nominal.quantity.unit.dimension());
        of_membrane.filter_map(move |parameter| Some((parameter.name, unit(parameter.name)?)))
    };
    let mut seen: Vec<&str> = Vec::new();
    for model in spec.models.iter().filter(|model| !model.is_graded()) {
        let mut levels = levels(model).filter(|(_, found)| Measure::Level.dimensions().contains(found));
        let Some((threshold, expected)) = levels.find(|(name, _)| *name == "v_threshold") else { continue };
        for (name, found) in levels.filter(|(_, found)| *found != expected) {
            if !seen.contains(&name) {
                seen.push(name);
                let message =
                    format!("this is {found}, but `{threshold}` is {expected}: levels of one membrane share one unit");
                findings.add(nominal_path(name), message);
            }
        }
    }
}

pub(super) fn values_are_possible(spec: &ChipSpec, findings: &mut Findings) {
    for reading in spec.readings() {
        let Some(parameter) = spec.parameters.get(reading.parameter) else { continue };
        let quantity = parameter.nominal.quantity;
        if reading.check_dimension(quantity).is_err() {
            continue;
        }
        if let Err(demand) = reading.bound.admits(quantity, spec.level_of(&reading)) {
            let path = nominal_path(reading.parameter);
            findings.add(path, format!("this is {quantity}, but {} needs a value {demand}", reading.by));
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

pub(super) fn trims_have_codes_and_a_range(spec: &ChipSpec, findings: &mut Findings) {
    for (name, parameter) in &spec.parameters {
        let Some(codes) = &parameter.trim_codes else { continue };
        let mut wrong = |message: &str| findings.add(format!("parameters.{name}.trim_codes"), message.into());
        if !spec.parameters_per_neuron {
            wrong("single circuits cannot be trimmed on a chip whose neurons share their parameters");
        }
        if parameter.range.is_none() {
            wrong("codes are spread over the range of the parameter, and it has none");
        }
        if codes.count().is_none_or(|codes| !(2..=1 << 16).contains(&codes)) {
            wrong("this is no whole number of codes from 2 to 65536");
        }
    }
}

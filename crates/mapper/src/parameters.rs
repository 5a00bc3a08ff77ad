//! Parameters of populations, checked against what a chip has.

use crate::MapperError;
use crate::placement::{PlacedCore, Segment};
use chip::{ChipSpec, Refusal, Values};
use network::{Network, Population};
use std::collections::{BTreeMap, BTreeSet};
use units::Quantity;

/// Checks the parameters of every population. [`ChipSpec::allowed`] is the judge of their values, as of those of a
/// chip file and of the core that is built.
pub(crate) fn check<'a>(network: &'a Network, spec: &ChipSpec) -> Result<&'a [Population], MapperError> {
    for population in &network.populations {
        for (parameter, values) in &population.parameters {
            check_parameter(population, spec, parameter, values)?;
        }
    }
    Ok(&network.populations)
}

fn check_parameter(
    population: &Population,
    spec: &ChipSpec,
    parameter: &str,
    values: &Values,
) -> Result<(), MapperError> {
    let (name, parameter) = (population.name.clone(), parameter.to_owned());
    let Some(allowed) = spec.allowed(population.model, &parameter) else {
        let (chip, known) = (spec.name.clone(), spec.parameters.keys().cloned().collect());
        return Err(MapperError::UnknownParameter { population: name, parameter, chip, known });
    };
    if !allowed.is_read() {
        let model = population.model;
        let read = model.readings(&spec.synapses).into_iter().map(|reading| reading.parameter.to_owned());
        let read = read.filter(|read| spec.parameters.contains_key(read)).collect();
        return Err(MapperError::UnreadParameter { population: name, parameter, model, read });
    }
    let asked = match values {
        Values::Shared(value) => std::slice::from_ref(value),
        Values::PerNeuron(_) if !spec.parameters_per_neuron => {
            return Err(MapperError::PerNeuron { population: name, parameter, chip: spec.name.clone() });
        }
        Values::PerNeuron(all) => all,
    };
    let refused = |value: &Quantity| Some((*value, allowed.check(*value).err()?));
    let Some((value, refusal)) = asked.iter().find_map(refused) else { return Ok(()) };
    Err(match refusal {
        Refusal::Unit(cause) => MapperError::ParameterUnit { population: name, parameter, value, cause },
        Refusal::Unusable { reader, demand } => {
            MapperError::ParameterValue { population: name, parameter, value, reader, demand }
        }
        Refusal::Range { low, high } => {
            let (chip, range) = (spec.name.clone(), Box::new((low, high)));
            MapperError::ParameterRange { population: name, parameter, chip, value, range }
        }
    })
}

/// The parameters of one core: those of its populations. Where they differ, each neuron has its own value; only layers
/// of chips with parameters of each neuron hold populations that differ.
pub(crate) fn of_core(populations: &[Population], core: &PlacedCore, spec: &ChipSpec) -> BTreeMap<String, Values> {
    let wanted = |part: &Segment| &populations[part.population].parameters;
    let first = wanted(&core.parts[0]);
    let same = core.parts.iter().all(|part| wanted(part) == first);
    let shared = first.values().all(|v| matches!(v, Values::Shared(_)));
    if core.parts.len() == 1 || same && shared {
        return first.iter().map(|(name, values)| (name.clone(), of_part(values, &core.parts[0]))).collect();
    }
    let names: BTreeSet<&String> = core.parts.iter().flat_map(|part| wanted(part).keys()).collect();
    let of_neurons = |name: &String| {
        let of_part = |part: &Segment| match wanted(part).get(name) {
            Some(values) => (part.first_index..part.first_index + part.count).map(|n| values.get(n as usize)).collect(),
            None => vec![spec.parameters[name].nominal.quantity; part.count as usize],
        };
        Values::PerNeuron(core.parts.iter().flat_map(of_part).collect())
    };
    names.into_iter().map(|name| (name.clone(), of_neurons(name))).collect()
}

fn of_part(values: &Values, part: &Segment) -> Values {
    match values {
        Values::Shared(value) => Values::Shared(*value),
        Values::PerNeuron(all) => {
            Values::PerNeuron(all[part.first_index as usize..(part.first_index + part.count) as usize].to_vec())
        }
    }
}

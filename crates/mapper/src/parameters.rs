//! Parameters of populations, checked against what a chip has.

use crate::MapperError;
use crate::placement::{PlacedCore, Segment};
use chip::{ChipSpec, ParameterSpec, Values};
use network::{Network, Population};
use std::collections::{BTreeMap, BTreeSet};
use units::Quantity;

/// Checks the parameters of every population.
pub(crate) fn check<'a>(network: &'a Network, spec: &ChipSpec) -> Result<&'a [Population], MapperError> {
    for population in &network.populations {
        let read: Vec<String> =
            device_models::needs(population.model, &spec.synapses).into_iter().map(|need| need.parameter).collect();
        for (parameter, values) in &population.parameters {
            let Some(known) = spec.parameters.get(parameter) else {
                return Err(MapperError::UnknownParameter {
                    population: population.name.clone(),
                    parameter: parameter.clone(),
                    chip: spec.name.clone(),
                    known: spec.parameters.keys().cloned().collect(),
                });
            };
            if !read.contains(parameter) {
                return Err(MapperError::UnreadParameter {
                    population: population.name.clone(),
                    parameter: parameter.clone(),
                    model: population.model,
                    read: read.into_iter().filter(|name| spec.parameters.contains_key(name)).collect(),
                });
            }
            match values {
                Values::Shared(value) => check_value(population, spec, parameter, known, *value)?,
                Values::PerNeuron(_) if !spec.parameters_per_neuron => {
                    return Err(MapperError::PerNeuron {
                        population: population.name.clone(),
                        parameter: parameter.clone(),
                        chip: spec.name.clone(),
                    });
                }
                Values::PerNeuron(all) => {
                    all.iter().try_for_each(|value| check_value(population, spec, parameter, known, *value))?;
                }
            }
        }
    }
    Ok(&network.populations)
}

fn check_value(
    population: &Population,
    spec: &ChipSpec,
    parameter: &str,
    known: &ParameterSpec,
    value: Quantity,
) -> Result<(), MapperError> {
    let unit = known.nominal.quantity.unit;
    let wrong_unit = |cause| MapperError::ParameterUnit {
        population: population.name.clone(),
        parameter: parameter.into(),
        value,
        cause,
    };
    let in_unit = |quantity: Quantity| quantity.value_in(unit).map_err(wrong_unit);
    let asked = in_unit(value)?;
    let Some((low, high)) = &known.range else { return Ok(()) };
    if in_unit(low.quantity)? <= asked && asked <= in_unit(high.quantity)? {
        return Ok(());
    }
    Err(MapperError::ParameterRange {
        population: population.name.clone(),
        parameter: parameter.into(),
        chip: spec.name.clone(),
        value,
        range: Box::new((low.quantity, high.quantity)),
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

//! Parameters of populations, checked against what a chip has.

use crate::MapperError;
use crate::placement::PlacedCore;
use chip::{ChipSpec, ParameterSpec, Values};
use network::{Network, Population};
use std::collections::BTreeMap;
use units::Quantity;

/// Checks the parameters of every population.
pub(crate) fn check<'a>(network: &'a Network, spec: &ChipSpec) -> Result<&'a [Population], MapperError> {
    for population in &network.populations {
        for (parameter, values) in &population.parameters {
            let Some(known) = spec.parameters.get(parameter) else {
                return Err(MapperError::UnknownParameter {
                    population: population.name.clone(),
                    parameter: parameter.clone(),
                    chip: spec.name.clone(),
                    known: spec.parameters.keys().cloned().collect(),
                });
            };
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

/// The parameters of one core: those of its populations, which agree where they share.
pub(crate) fn of_core(populations: &[Population], core: &PlacedCore) -> BTreeMap<String, Values> {
    let part = core.parts[0];
    let range = part.first_index as usize..(part.first_index + part.count) as usize;
    let of_part = |values: &Values| match values {
        Values::Shared(value) => Values::Shared(*value),
        Values::PerNeuron(all) => Values::PerNeuron(all[range.clone()].to_vec()),
    };
    let wanted = &populations[part.population].parameters;
    wanted.iter().map(|(name, values)| (name.clone(), of_part(values))).collect()
}

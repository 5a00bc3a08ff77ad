//! Parameters of populations, checked against what a chip has.

use crate::MapperError;
use crate::die::refuses_values;
use crate::placement::{PlacedCore, Segment};
use crate::sharing::same;
use chip::{ChipSpec, Refusal, Values};
use network::{Network, Population};
use std::collections::{BTreeMap, BTreeSet};
use units::Quantity;

/// Checks the parameters of every population. [`ChipSpec::allowed`] is the judge of their values, as of those of a
/// chip file and of the core that is built.
///
/// If parameters in units of the weights are `scaled`, what comes of them is for the core to judge.
/// With a die, a chip whose cores share a parameter can `share` values of each neuron out.
pub(crate) fn check<'a>(
    network: &'a Network,
    spec: &ChipSpec,
    scaled: bool,
    share: bool,
) -> Result<&'a [Population], MapperError> {
    for population in &network.populations {
        for (parameter, values) in &population.parameters {
            let free = scaled && population.model.scales_with_weights(parameter);
            check_parameter(population, spec, parameter, values, (free, share))?;
        }
    }
    Ok(&network.populations)
}

fn check_parameter(
    population: &Population,
    spec: &ChipSpec,
    parameter: &str,
    values: &Values,
    (free, share): (bool, bool),
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
        Values::PerNeuron(_)
            if !spec.parameters_per_neuron && (!share || refuses_values(spec, population.model, &parameter)) =>
        {
            return Err(MapperError::PerNeuron { population: name, parameter, chip: spec.name.clone() });
        }
        Values::PerNeuron(all) => all,
    };
    let unit = allowed.nominal().unit;
    let judge = |value: Quantity| if free { Ok(value.value_in(unit).map(drop)?) } else { allowed.check(value) };
    let refused = |value: &Quantity| Some((*value, judge(*value).err()?));
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

/// The parameters of one core: those of its populations. Where they differ, each neuron has its own value; only chips
/// with parameters of each neuron have cores with populations that differ.
pub(crate) fn of_core(populations: &[Population], core: &PlacedCore, spec: &ChipSpec) -> BTreeMap<String, Values> {
    let wanted = |part: &Segment| &populations[part.population].parameters;
    let names: BTreeSet<&String> = core.parts.iter().flat_map(|part| wanted(part).keys()).collect();
    let of_parts = |name: &String| {
        let of = |part: &Segment| match wanted(part).get(name) {
            Some(values) => of_part(values, part),
            None => Values::Shared(spec.parameters[name].nominal.quantity),
        };
        let all: Vec<Values> = core.parts.iter().map(of).collect();
        let is_first = |values: &Values| match (values, &all[0]) {
            (Values::Shared(value), Values::Shared(first)) => same(*value, *first),
            _ => false,
        };
        let is_whole = all.len() == 1 && core.parts[0].count == core.neuron_count;
        if is_whole || all.iter().all(is_first) {
            return all[0].clone();
        }
        // Circuits that are left out have what the chip has.
        let mut circuits = vec![spec.parameters[name].nominal.quantity; core.neuron_count as usize];
        for (part, values) in core.parts.iter().zip(&all) {
            let own = &mut circuits[part.first_circuit as usize..][..part.count as usize];
            own.iter_mut().enumerate().for_each(|(n, circuit)| *circuit = values.get(n));
        }
        Values::PerNeuron(circuits)
    };
    names.into_iter().map(|name| (name.clone(), of_parts(name))).collect()
}

fn of_part(values: &Values, part: &Segment) -> Values {
    match values {
        Values::Shared(value) => Values::Shared(*value),
        Values::PerNeuron(all) => {
            Values::PerNeuron(all[part.first_index as usize..(part.first_index + part.count) as usize].to_vec())
        }
    }
}

//! Parameters of neurons on a die: which count, what is wanted of them, and the one value of a core that shares it.

use super::real;
use crate::placement::PlacedCore;
use chip::{ChipSpec, CoreModel, SynapseType, Values};
use device_models::DieParameters;
use network::{Network, Population};
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, Decimal, NeuronId, Quantity};

/// A value that was computed has as many digits as numbers between these: six.
const DIGITS: (f64, f64) = (1e5, 1e6);

/// Whether a chip whose cores share the parameter cannot have a value of each neuron even on a die: a gain, whose
/// factor belongs to the weights.
pub(crate) fn refuses_values(spec: &ChipSpec, model: CoreModel, parameter: &str) -> bool {
    is_gain(spec, model, parameter)
}

fn is_gain(spec: &ChipSpec, model: CoreModel, parameter: &str) -> bool {
    model.facts().gains && spec.synapses.iter().any(|kind| kind.gain.as_deref() == Some(parameter))
}

/// The parameters of each population that differ from circuit to circuit and that its neurons feel: those that its
/// model reads, but for the gains of synapses, which weights make up for, and those of kinds of synapse that it does
/// not have.
pub(super) fn felt(network: &Network, spec: &ChipSpec, die: &DieParameters) -> Vec<Vec<String>> {
    let mismatched: BTreeSet<&str> = die.mismatched().collect();
    let of = |(population, wish): (usize, &Population)| {
        let projections = network.projections.iter().filter(|projection| projection.post == population);
        let names = projections.flat_map(|p| [&p.synapse.excitatory, &p.synapse.inhibitory]);
        let kinds: BTreeSet<&str> = names.map(String::as_str).collect();
        let readings = wish.model.readings(&spec.synapses);
        let mut felt: Vec<String> = Vec::new();
        for name in readings.iter().map(|reading| reading.parameter) {
            let of_kinds: Vec<&SynapseType> =
                spec.synapses.iter().filter(|kind| is_of(kind, wish.model, name)).collect();
            let is_heard = of_kinds.is_empty() || of_kinds.iter().any(|kind| kinds.contains(kind.name.as_str()));
            let counts = mismatched.contains(name) && is_heard && !is_gain(spec, wish.model, name);
            if counts && !felt.iter().any(|known| known == name) {
                felt.push(name.into());
            }
        }
        felt.sort();
        felt
    };
    network.populations.iter().enumerate().map(of).collect()
}

/// Whether a parameter belongs to a kind of synapse in cores of `model`.
fn is_of(kind: &SynapseType, model: CoreModel, parameter: &str) -> bool {
    if model.facts().gates {
        return kind.gate.is_some_and(|gate| gate.circuit().iter().any(|own| own.name == parameter));
    }
    kind.kinetics.tau() == Some(parameter) || kind.gain.as_deref() == Some(parameter)
}

/// What neuron `index` of a population is to have of a parameter.
pub(super) fn wanted(population: &Population, spec: &ChipSpec, parameter: &str, index: u32) -> Quantity {
    match population.parameters.get(parameter) {
        Some(values) => values.get(index as usize),
        None => spec.parameters[parameter].nominal.quantity,
    }
}

/// A quantity in the canonical unit of its dimension.
pub(super) fn number(quantity: Quantity) -> f64 {
    let value = quantity.value_in(chip::canonical_unit(quantity.unit.dimension()));
    value.ok().and_then(|value| value.to_string().parse().ok()).unwrap_or(0.0)
}

/// The factor of a parameter in a circuit.
pub(super) fn factor(die: &DieParameters, parameter: &str, core: CoreAddress, circuit: u32) -> f64 {
    real(die.factor(parameter, core, NeuronId(circuit as u16)).to_bits())
}

/// The value that is nearest, times each factor, to each of what is wanted: least squares of the relative errors.
/// Wants of 0 have none. 0 if there is nothing to go by.
pub(super) fn best_shared(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    for (wanted, factor) in pairs.filter(|(wanted, _)| *wanted != 0.0) {
        let each = factor / wanted;
        (first, second) = (first + each, second + each * each);
    }
    if second > 0.0 { first / second } else { 0.0 }
}

/// `parameters` of a core whose chip has one value for all neurons of a core: where the network asks for one each, that
/// which is best for the circuits that they sit in; with the factors of `die` if it is given.
pub(crate) fn share(
    mut parameters: BTreeMap<String, Values>,
    (network, spec, core): (&Network, &ChipSpec, &PlacedCore),
    die: Option<&DieParameters>,
) -> BTreeMap<String, Values> {
    if spec.parameters_per_neuron {
        return parameters;
    }
    let model = network.populations[core.parts[0].population].model;
    for (name, values) in &mut parameters {
        let Values::PerNeuron(all) = values else { continue };
        let circuits = core.parts.iter().flat_map(|part| part.first_circuit..part.first_circuit + part.count);
        let pairs = circuits.map(|circuit| {
            let factor = die.map_or(1.0, |die| factor(die, name, core.address, circuit));
            (number(all[circuit as usize]), factor)
        });
        let first = all[core.parts[0].first_circuit as usize];
        let unit = chip::canonical_unit(first.unit.dimension());
        let best = decimal(best_shared(pairs)).map(|value| Quantity::new(value, unit));
        let is_allowed =
            |value: &Quantity| spec.allowed(model, name).is_none_or(|allowed| allowed.check(*value).is_ok());
        // Every value that was asked for is allowed; what is best for all of them may be rounded out of the range.
        *values = Values::Shared(best.filter(is_allowed).unwrap_or(first));
    }
    parameters
}

/// `value` to [`DIGITS`] digits; none of numbers that are no sensible quantity.
fn decimal(value: f64) -> Option<Decimal> {
    let magnitude = value.abs();
    if value == 0.0 {
        return Some(Decimal::ZERO);
    }
    if !(1e-30..1e30).contains(&magnitude) {
        return None;
    }
    let (mut mantissa, mut exponent) = (magnitude, 0i16);
    let (low, high) = DIGITS;
    while mantissa < low {
        (mantissa, exponent) = (mantissa * 10.0, exponent - 1);
    }
    while mantissa >= high {
        (mantissa, exponent) = (mantissa / 10.0, exponent + 1);
    }
    let whole = (mantissa + 0.5) as i64;
    Some(Decimal::new(if value < 0.0 { -whole } else { whole }, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_value_is_the_best_of_all() {
        let pairs = [(20.0, 1.1), (10.0, 0.5), (0.0, 3.0), (30.0, 1.4)];
        let error = |value: f64| -> f64 {
            let each = pairs.iter().filter(|(wanted, _)| *wanted != 0.0);
            each.map(|(wanted, factor)| (value * factor / wanted - 1.0) * (value * factor / wanted - 1.0)).sum()
        };
        let best = best_shared(pairs.into_iter());
        for other in [best * 0.999, best * 1.001] {
            assert!(error(best) < error(other), "{best}");
        }
        assert_eq!(best_shared([(0.0, 1.0)].into_iter()), 0.0);
    }

    #[test]
    fn computed_values_have_six_digits() {
        for (value, text) in [(19.87654321, "19.8765"), (-0.0012345678, "-0.00123457"), (0.0, "0"), (3e7, "30000000")] {
            assert_eq!(decimal(value).unwrap().to_string(), text);
        }
        assert!(decimal(f64::NAN).is_none() && decimal(1e40).is_none());
    }
}

//! A die of a study, for its report to draw: what the factors of its parameters are, circuit by circuit.
//!
//! Owns which die and which parameters that are. It deliberately draws nothing; the factors are those that the runs on
//! this die have.

use crate::axis::BLAME;
use crate::evaluate::die_parameters;
use crate::plan::Plan;
use crate::prepare::real;
use crate::{StudyError, StudySpec};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, NeuronId};

/// Circuits of a die that are kept, at most: cores from the first on.
const CIRCUITS_MAX: usize = 2048;

/// Parameters of a die that are kept, at most.
const PARAMETERS_MAX: usize = 3;

/// The factors of some parameters over the circuits of a die.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnDie {
    /// The die in words: its setting, network and number.
    pub name: String,
    /// Cores of the chip.
    pub cores: u32,
    /// Neuron circuits of a core.
    pub neurons: u32,
    /// Circuits of a core that are kept, from the first on.
    pub kept: u32,
    /// The parameters that differ between circuits: those that the study lists as `blame` first, then in order of
    /// their names.
    pub parameters: Vec<DrawnParameter>,
}

/// The factors of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnParameter {
    /// Its name.
    pub name: String,
    /// By core, and in it by circuit: the value over the nominal one, to four digits after the point.
    pub factors: Vec<f64>,
}

/// The first die of the first network at the highest CV; none if its circuits are all alike.
pub(crate) fn drawn(study: &StudySpec, plan: &Plan) -> Result<Option<DrawnDie>, StudyError> {
    let Some(planned) = plan.drawn() else { return Ok(None) };
    let die = die_parameters(&planned.point, &planned.conditions, 0)?;
    let spec = &planned.conditions.chip.spec;
    let neurons = spec.neurons_per_core();
    // Addresses of cores and circuits have 16 bits; a chip may state more, as "no limit".
    let kept = neurons.min(CIRCUITS_MAX);
    let cores = spec.cores_per_chip().min((CIRCUITS_MAX / kept.max(1)).max(1));
    let circuits = (0..cores as u16).flat_map(|core| (0..kept as u16).map(move |neuron| (core, neuron)));
    let circuits: Vec<(u16, u16)> = circuits.collect();
    let factors = |name: &str| -> Vec<f64> {
        let factor = |(core, neuron): &(u16, u16)| {
            let factor = real(die.factor(name, CoreAddress::new(0, *core), NeuronId(*neuron)));
            format!("{factor:.4}").parse().unwrap_or(1.0)
        };
        circuits.iter().map(factor).collect()
    };
    let blame = study.sweeps.iter().filter(|sweep| *sweep.axis == BLAME).flat_map(|sweep| &sweep.values);
    let blamed = |name: &&str| blame.clone().any(|own| own.name() == *name);
    let mut names: Vec<&str> = die.mismatched().filter(blamed).collect();
    names.extend(die.mismatched().filter(|name| !blamed(name)));
    let differ = |factors: &Vec<f64>| factors.iter().any(|factor| *factor != factors[0]);
    let parameters = names.into_iter().map(|name| DrawnParameter { name: name.into(), factors: factors(name) });
    let parameters: Vec<_> = parameters.filter(|own| differ(&own.factors)).take(PARAMETERS_MAX).collect();
    let setting = planned.point.setting().map(|(axis, name)| axis.words(name));
    let units = [&crate::NETWORK, &crate::DIE].map(|axis| axis.words(planned.point.get(axis).unwrap_or("0")));
    let name = units.into_iter().chain(setting).collect::<Vec<_>>().join(", ");
    let (cores, neurons) = (spec.cores_per_chip() as u32, neurons as u32);
    Ok((!parameters.is_empty()).then_some(DrawnDie { name, cores, neurons, kept: kept as u32, parameters }))
}

//! The floor plan of a die: a parameter of every circuit.

use crate::{PlaygroundError, Setting};
use chip::ChipSpec;
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use fx::Real;
use serde_json::{Value, json};
use units::{CoreAddress, Decimal, DieId, NeuronId};

/// Circuits that are shown, at most: cores from the first on.
const CIRCUITS_MAX: usize = 4096;

/// The values of `parameter` on the die of `setting`.
pub(crate) fn answer(setting: &Setting, parameter: &str) -> Result<Value, PlaygroundError> {
    setting.check()?;
    let spec = setting.offer()?.spec()?;
    let die = Die { root_seed: setting.seed, id: DieId(setting.die) };
    let mismatch = MismatchSetting { scale_to_cv: Some(setting.mismatch()?), ..MismatchSetting::default() };
    let die = DieParameters::new(&spec, die, mismatch)?;
    if !die.mismatched().any(|name| name == parameter) {
        return Err(PlaygroundError::Parameter {
            chip: spec.name,
            found: parameter.into(),
            known: die.mismatched().map(String::from).collect(),
        });
    }
    let neurons = spec.neurons_per_core();
    let cores = cores_shown(&spec);
    let factor = |core: usize, neuron: usize| {
        real(die.factor(parameter, CoreAddress::new(0, core as u16), NeuronId(neuron as u16)))
    };
    let factors = (0..cores).flat_map(|core| (0..neurons).map(move |neuron| (core, neuron)));
    let factors: Vec<f64> = factors.map(|(core, neuron)| factor(core, neuron)).collect();
    let nominal = &spec.parameters[parameter].nominal.quantity;
    Ok(json!({
        "parameter": parameter,
        "unit": nominal.unit.to_string(),
        "nominal": number(nominal.value),
        "cores": cores,
        "cores_of_chip": spec.cores_per_chip(),
        "neurons": neurons,
        "factors": factors,
    }))
}

/// Cores of a chip that are shown: all, unless they have too many circuits.
pub(crate) fn cores_shown(spec: &ChipSpec) -> usize {
    (CIRCUITS_MAX / spec.neurons_per_core().max(1)).clamp(1, spec.cores_per_chip().max(1))
}

/// The nearest float.
pub(crate) fn real(value: Real) -> f64 {
    value.to_bits() as f64 / Real::ONE.to_bits() as f64
}

/// The nearest float of an exact number.
pub(crate) fn number(value: Decimal) -> f64 {
    value.to_string().parse().expect("a decimal prints as a number")
}

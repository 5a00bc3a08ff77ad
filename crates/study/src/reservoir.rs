//! From the settings of a study to the network of one task.

use crate::axis::Conditions;
use crate::spec::{EchoRecurrence, EchoWiring, ReservoirSettings, SpikingWiring, Wiring};
use crate::{Point, StudyError};
use chip::{CoreModel, Values, canonical_unit};
use disorder::{Key, Purpose, normal_deviate};
use fx::{Real, Weight};
use network::{
    EchoStateSpec, Inhibition, Network, Recurrence, RecurrentWeights, ReservoirSpec, Signs, Weights, echo_state,
    reservoir,
};
use units::{Decimal, Quantity, Unit};

/// Name of the reservoir's population.
pub(crate) const POPULATION: &str = "reservoir";

/// The reservoir of the program at `point`, with the wiring of its task and `channels` input channels.
pub(crate) fn build(
    point: &Point,
    conditions: &Conditions,
    wiring: &Wiring,
    channels: u32,
) -> Result<Network, StudyError> {
    let Conditions { reservoir: settings, recurrence, seeds, network, .. } = conditions;
    let (recurrence, seed) = (*recurrence, seeds.network(*network));
    let built = match wiring {
        Wiring::Spiking(wiring) => reservoir(&spiking(conditions, wiring, channels)?, seed),
        Wiring::Echo(wiring) => {
            let mut network = echo_state(&echo(settings, wiring, channels, recurrence)?, seed);
            if let Ok(network) = &mut network
                && (wiring.bias.signum() != 0 || wiring.bias_mean.signum() != 0)
            {
                let name = bias_of(conditions.model);
                network.populations[0].parameters.insert(name.into(), biases(conditions, wiring, name, seed));
            }
            network
        }
    };
    built.map_err(|error| StudyError::Network { point: point.clone(), error })
}

/// The parameter that is the constant input of a unit.
pub(crate) const fn bias_of(model: CoreModel) -> &'static str {
    if model.is_graded() { "drive" } else { "bias" }
}

/// Digits behind the point of a bias.
const BIAS_DIGITS: i16 = 6;

/// Constant inputs of the units, the parameter `name`: normal with the mean and standard deviation of the wiring.
fn biases(conditions: &Conditions, wiring: &EchoWiring, name: &str, seed: u64) -> Values {
    let unit = conditions.chip.spec.parameters.get(name).map_or(Unit::ONE, |p| p.nominal.quantity.unit);
    let bits = |value: Decimal| value.to_bits(20).unwrap_or(0);
    let (mean, deviation) = (bits(wiring.bias_mean), bits(wiring.bias));
    let bias = |unit_index: u32| {
        let key = Key::new(seed, Purpose::Initialisation).name("bias").slot(u64::from(unit_index));
        let z = normal_deviate(key.first_word()).to_bits();
        // 20 bits of the deviation, all of the deviate, to six decimal digits.
        let exact = i128::from(z) * i128::from(deviation) + (i128::from(mean) << Real::FRACTION_BITS);
        let wide = exact * 10_i128.pow(BIAS_DIGITS.unsigned_abs().into());
        let digits = wide >> (Real::FRACTION_BITS + 20);
        Quantity::new(Decimal::new(digits as i64, -BIAS_DIGITS), unit)
    };
    Values::PerNeuron((0..conditions.reservoir.neurons).map(bias).collect())
}

/// The reservoir of spiking neurons with `wiring`, for its generator.
pub(crate) fn spiking(
    conditions: &Conditions,
    wiring: &SpikingWiring,
    channels: u32,
) -> Result<ReservoirSpec, StudyError> {
    let (settings, level) = (&conditions.reservoir, conditions.chip.spec.level(conditions.model));
    // Sizes from 0.5 to 1.5 times the mean: broad enough that no two weights are alike, and none near 0.
    let weights = |what, mean: Decimal| -> Result<Weights, StudyError> {
        let mean = weight(what, mean, level)?;
        Ok(Weights::Uniform { mean, spread: Weight::from_bits(mean.to_bits() / 2) })
    };
    let inhibition = |share| Inhibition { per_65536: per_65536(share), strength: Weight::ONE };
    Ok(ReservoirSpec {
        neurons: settings.neurons,
        channels,
        input_fan_in: wiring.input_fan_in.min(channels),
        input_weights: weights("input_weight", wiring.input_weight)?,
        input_signs: Signs::PerConnection(inhibition(wiring.input_inhibitory)),
        input_synapse: wiring.synapse.clone(),
        recurrent_fan_in: wiring.recurrent_fan_in,
        recurrent_weights: weights("recurrent_weight", wiring.recurrent_weight)?,
        inhibition: inhibition(wiring.recurrent_inhibitory),
        recurrent_synapse: wiring.synapse.clone(),
        recurrence: conditions.recurrence,
        delay_ticks: 1,
        parameters: settings.parameters.clone(),
    })
}

fn echo(
    settings: &ReservoirSettings,
    wiring: &EchoWiring,
    channels: u32,
    recurrence: Recurrence,
) -> Result<EchoStateSpec, StudyError> {
    Ok(EchoStateSpec {
        units: settings.neurons,
        channels,
        connectivity_per_65536: per_65536(wiring.connectivity),
        recurrent_weights: match wiring.recurrent {
            EchoRecurrence::Radius(radius) => RecurrentWeights::Radius(number("spectral_radius", radius)?),
            EchoRecurrence::Balanced(gain) => RecurrentWeights::Balanced(number("recurrent_gain", gain)?),
        },
        input_scale: number("input_scale", wiring.input_scale)?,
        input_normal: wiring.input_normal,
        recurrence,
        input_synapse: wiring.synapse.clone(),
        recurrent_synapse: wiring.recurrent_synapse.clone(),
        delay_ticks: 1,
        parameters: settings.parameters.clone(),
    })
}

/// A weight of units that take analog values, whose weights are numbers.
fn number(what: &'static str, value: Decimal) -> Result<Weight, StudyError> {
    weight(what, value, Quantity::number(Decimal::integer(1)))
}

/// A number of the study in the canonical unit of `level`, which counts as 1 in weights.
fn weight(what: &'static str, value: Decimal, level: Quantity) -> Result<Weight, StudyError> {
    let quantity = Quantity::new(value, canonical_unit(level.unit.dimension()));
    Weight::from_quotient(quantity, level).map_err(|_| StudyError::Weight { what, value, level })
}

/// A number from 0 to 1 in units of 1/65536, to nearest.
pub(crate) fn per_65536(value: Decimal) -> u32 {
    value.to_bits(16).ok().and_then(|bits| u32::try_from(bits).ok()).unwrap_or(65536)
}

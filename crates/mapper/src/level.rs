//! Weights as people write them: the network and the program keep them in the level that counts as 1 in a core
//! ([`ChipSpec::level`]), a report shows them in the unit of the chip's threshold.

use crate::parameters;
use crate::wish::Wish;
use chip::{AXON_EXPONENTS, ChipSpec, CoreModel, CoreProgram, WEIGHT_EXPONENT_MAX, canonical_unit};
use fx::Weight;

/// What counts as 1 at neurons of `model`, in the canonical unit of its dimension; to look at.
pub(crate) fn of(spec: &ChipSpec, model: CoreModel) -> f64 {
    let level = spec.level(model);
    let number = level.value_in(canonical_unit(level.unit.dimension())).expect("a canonical unit has the dimension");
    number.to_string().parse().expect("a decimal is a number")
}

/// A weight of these bits at neurons of `model`, as text.
pub(crate) fn spelled(spec: &ChipSpec, model: CoreModel, bits: i64) -> String {
    match (of(spec, model), i32::try_from(bits)) {
        (1.0, Ok(bits)) => Weight::from_bits(bits).to_string(),
        (1.0, Err(_)) => crate::ledger::real(bits).to_string(),
        (level, _) => format!("{} {}", crate::ledger::real(bits) * level, unit(spec, model)),
    }
}

/// The least weight exponent of each core in use: the scale ([`ChipSpec::core_scale`]) that its thresholds ask for,
/// where that is above 0. Finer weights would bound the scale, and take room from the states. Cores of whole numbers
/// have no scale, but an end to how fine a weight can be.
pub(crate) fn least_exponents(wish: &Wish<'_>) -> Vec<u8> {
    let populations = &wish.network.populations;
    let of_core = |core: &crate::placement::PlacedCore| {
        let model = populations[core.parts[0].population].model;
        if model.threshold().is_none() {
            // Cores of whole numbers shift weights by so much, at most.
            let finest = Weight::FRACTION_BITS as u8 - AXON_EXPONENTS.0.unsigned_abs();
            return if model.facts().digital { finest } else { 0 };
        }
        let program = CoreProgram {
            address: core.address,
            model,
            neuron_count: core.neuron_count,
            parameters: parameters::of_core(populations, core, wish.spec),
            // Bounds no scale above 0.
            weight_exponent: WEIGHT_EXPONENT_MAX,
            off: Vec::new(),
            circuits: Vec::new(),
        };
        u8::try_from(wish.spec.core_scale(&program)).unwrap_or(0)
    };
    wish.cores.iter().map(of_core).collect()
}

/// The unit of weights at neurons of `model`.
pub(crate) fn unit(spec: &ChipSpec, model: CoreModel) -> String {
    canonical_unit(spec.level(model).unit.dimension()).to_string()
}

//! Weights as people write them: the network and the program keep them in the level that counts as 1 in a core
//! ([`ChipSpec::level`]), a report shows them in the unit of the chip's threshold.

use chip::{ChipSpec, CoreModel, canonical_unit};
use fx::Weight;

/// What counts as 1 at neurons of `model`, in the canonical unit of its dimension; to look at.
pub(crate) fn of(spec: &ChipSpec, model: CoreModel) -> f64 {
    let level = spec.level(model);
    let number = level.value_in(canonical_unit(level.unit.dimension())).expect("a canonical unit has the dimension");
    number.to_string().parse().expect("a decimal is a number")
}

/// A weight of these bits at neurons of `model`, as text.
pub(crate) fn spelled(spec: &ChipSpec, model: CoreModel, bits: i32) -> String {
    match of(spec, model) {
        1.0 => Weight::from_bits(bits).to_string(),
        level => format!("{} {}", crate::ledger::real(bits.into()) * level, unit(spec, model)),
    }
}

/// The unit of weights at neurons of `model`.
pub(crate) fn unit(spec: &ChipSpec, model: CoreModel) -> String {
    canonical_unit(spec.level(model).unit.dimension()).to_string()
}

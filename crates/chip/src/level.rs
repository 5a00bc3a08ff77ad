//! What the levels of membranes are counted in.
//!
//! Cores whose neurons have an analog threshold keep every level (thresholds, resets, drives, weights) relative to the
//! threshold by design, so that a chip has the same range and the same bits whatever unit its file is written in. Who
//! turns a level into bits, or bits into a level, asks here what counts as 1.

use crate::demand::{Bound, Measure, canonical_unit};
use crate::models::CoreModel;
use crate::readings::{ReadBy, Reading};
use crate::spec::ChipSpec;
use units::{Decimal, Quantity, Unit};

impl CoreModel {
    /// The parameter whose nominal value counts as 1 in its cores; `None` for a model that takes numbers as they stand.
    pub fn threshold(self) -> Option<&'static str> {
        let own = self.facts().parameters.iter().find(|parameter| parameter.bound == Bound::Threshold);
        own.map(|parameter| parameter.name)
    }
}

impl ChipSpec {
    /// The level that counts as 1 in cores of `model`, above 0: a weight of 1 steps a membrane by it. The nominal
    /// threshold; for models without an analog one 1, in the canonical unit of the threshold of other models if neurons
    /// spike.
    pub fn level(&self, model: CoreModel) -> Quantity {
        let nominal = self.parameters.get("v_threshold").map(|parameter| parameter.nominal.quantity);
        match nominal {
            // One that is not positive is refused, and until then no unit.
            Some(nominal) if model.threshold().is_some() && nominal.value > Decimal::ZERO => nominal,
            Some(nominal) if !model.is_graded() => {
                Quantity::new(Decimal::integer(1), canonical_unit(nominal.unit.dimension()))
            }
            _ => Quantity::new(Decimal::integer(1), Unit::ONE),
        }
    }

    /// What counts as 1 in what `reading` reads, if that is not the canonical unit.
    pub fn level_of(&self, reading: &Reading<'_>) -> Option<Quantity> {
        match reading.by {
            ReadBy::Model(model) if reading.measure == Measure::Level && model.threshold().is_some() => {
                Some(self.level(model))
            }
            _ => None,
        }
    }
}

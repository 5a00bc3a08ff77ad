//! What the levels of membranes are counted in.
//!
//! Cores whose neurons have an analog threshold keep every level (thresholds, resets, drives, weights) relative to the
//! threshold by design, so that a chip has the same range and the same bits whatever unit its file is written in. Who
//! turns a level into bits, or bits into a level, asks here what counts as 1.
//!
//! A core whose program asks for thresholds far from the nominal one has a scale besides, a power of two by which what
//! counts as 1 there is larger or smaller: otherwise large thresholds would leave no room above them, and small ones
//! few bits below. The scale follows from the program and is written nowhere.

use crate::demand::{Bound, Measure, canonical_unit};
use crate::models::CoreModel;
use crate::program::{CoreProgram, Values};
use crate::readings::{ReadBy, Reading};
use crate::spec::ChipSpec;
use units::{Decimal, Quantity, Unit};

/// Fraction bits of ratios.
const RATIO_BITS: u32 = fx::Real::FRACTION_BITS;

/// A core has no scale while its largest threshold is at most this many nominal ones: 16 of its thresholds or more then
/// fit its states.
const LARGE: u64 = 32 << RATIO_BITS;

/// Nor while it is at least this part of the nominal one: its states then have 17 bits below it, or more.
const SMALL: u64 = 1 << (RATIO_BITS - 3);

/// Other levels than thresholds count as this part of themselves, and so stay far within what states can hold.
const OTHERS_SHIFT: u32 = 4;

/// The least scale. Weights are in units of 2^-20 of the nominal threshold, and finer states would not make them finer.
const SCALE_MIN: i32 = -10;

/// How far the exponent of the weights may be above the scale where that is negative: the largest weight with this
/// exponent is then a 16th of what states can hold.
const WEIGHT_ROOM: i32 = 10;

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

    /// The scale of `core`: what counts as 1 there is the level of its model ([`ChipSpec::level`]) times two to this.
    ///
    /// It is 0 for models without an analog threshold, and wherever thresholds are near the nominal one. Large ones
    /// make it the floor of the logarithm of the largest, but at most the weight exponent of the core: states are never
    /// coarser than weights. Small ones make it negative, as far as other levels and the weights that the exponent of
    /// the core allows still fit.
    pub fn core_scale(&self, core: &CoreProgram) -> i8 {
        let Some(threshold) = core.model.threshold() else { return 0 };
        let one = self.level(core.model);
        // What is no such level is for others to refuse.
        let ratio = |asked: &Quantity| asked.over_to_bits(one, RATIO_BITS).map_or(0, i64::unsigned_abs);
        let largest = |name: &str| match core.parameters.get(name) {
            Some(Values::Shared(asked)) => ratio(asked),
            Some(Values::PerNeuron(all)) => all.iter().map(ratio).max().unwrap_or(0),
            None => self.parameters.get(name).map_or(0, |parameter| ratio(&parameter.nominal.quantity)),
        };
        let levels = core.model.facts().parameters.iter().filter(|own| own.measure == Measure::Level);
        let others = levels.filter(|own| own.name != threshold).map(|own| largest(own.name)).max().unwrap_or(0);
        let threshold = largest(threshold);
        let log2 = |ratio: u64| ratio.max(1).ilog2() as i32 - RATIO_BITS as i32;
        let matters = threshold.max(others >> OTHERS_SHIFT);
        let exponent = i32::from(core.weight_exponent);
        let scale = if threshold > LARGE {
            log2(threshold).min(exponent)
        } else if matters < SMALL {
            log2(matters).max(SCALE_MIN).max(exponent - WEIGHT_ROOM).min(0)
        } else {
            0
        };
        scale as i8
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

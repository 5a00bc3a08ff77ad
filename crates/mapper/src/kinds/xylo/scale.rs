//! Real weights on a chip of whole numbers: one factor for all weights onto a layer and what they are compared with.
//!
//! Weights, thresholds and biases of a layer may all be multiplied by one factor: but for the rounding of decays its
//! neurons do the same. The factor is searched for among those with which the largest weight of a matrix becomes some
//! mantissa, and the powers of two, as far as thresholds and biases stay in their registers: the smallest with which
//! nothing changes, or else the smallest of those with least error.

use super::{LAYERS, MATRICES, XyloMisfit, matrix};
use crate::placement::PlacedCore;
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, Scale, parameters};
use chip::{Values, XYLO_OUTPUT, XyloLimits};
use fx::Weight;
use std::collections::BTreeMap;
use units::{Decimal, Quantity, Unit};

/// One as a weight.
const ONE: f64 = (1u32 << Weight::FRACTION_BITS) as f64;

/// Error of a matrix, as a part of the root mean square of its weights, that is refused if the options state none.
const ERROR_MAX: f64 = 0.02;

/// Differences of error below this are none: weights are kept in steps of 2^-20.
const SAME: f64 = 1e-11;

/// Weights of a matrix up to which every mantissa of the largest is tried.
const THOROUGH: usize = 4096;

/// The factors of the two layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factors(pub(super) [f64; 2]);

impl Factors {
    /// The factor of a matrix.
    pub(super) fn of(self, matrix: usize) -> f64 {
        self.0[usize::from(matrix == 2)]
    }
}

/// A magnitude in units of 2^-20 as a mantissa, to nearest, halves away from 0.
pub(super) fn mantissa(magnitude: u64, factor: f64, shift: u8) -> u32 {
    (magnitude as f64 * factor / ONE / f64::from(1u32 << shift)).round().min(f64::from(u32::MAX)) as u32
}

/// What a mantissa stands for, in units of 2^-20.
pub(super) fn weight(mantissa: u32, factor: f64, shift: u8) -> f64 {
    f64::from(mantissa) * f64::from(1u32 << shift) * ONE / factor
}

/// Weights of a matrix with their counts.
type Weights = Vec<(i64, u64)>;

/// A threshold or bias of some neuron, and what its register holds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Level {
    value: f64,
    low: f64,
    high: f64,
}

/// The factors that `options` ask for.
///
/// # Errors
/// [`XyloMisfit::NotWhole`] for weights that are not whole numbers and not to be scaled; [`XyloMisfit::NoFactor`] and
/// [`XyloMisfit::Coarse`] if scaling does not help.
pub(super) fn factors(wish: &Wish<'_>, limits: XyloLimits, options: &MapperOptions) -> Result<Factors, MapperError> {
    let mut weights: [Vec<i64>; 3] = Default::default();
    for link in wish.all_links().filter(Link::is_wanted) {
        weights[matrix(wish, &link)].push(link.weight);
        if options.scale == Scale::None && link.asked() % (1 << Weight::FRACTION_BITS) != 0 {
            return Err(XyloMisfit::NotWhole {
                projection: wish.network.projections[link.projection].name.clone(),
                weight: wish.spelled(&link),
                pre: link.pre,
                post: link.post,
            }
            .into());
        }
    }
    if options.scale == Scale::None {
        return Ok(Factors([1.0; 2]));
    }
    let weights = weights.map(|mut all| {
        all.sort_unstable();
        all.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect::<Weights>()
    });
    let mut factors = Factors([1.0; 2]);
    for core in &wish.cores {
        let (layer, matrices) = if core.address.core == XYLO_OUTPUT { (1, 2..3) } else { (0, 0..2) };
        let search = Search { weights: &weights[matrices.clone()], levels: levels(wish, core), limits };
        let range = search.range();
        let factor = search.best(range).ok_or_else(|| XyloMisfit::NoFactor { layer: LAYERS[layer] })?;
        factors.0[layer] = factor;
        let most = options.max_weight_error.unwrap_or(ERROR_MAX);
        for (weights, name) in search.weights.iter().zip(&MATRICES[matrices]) {
            let error = search.error(weights, factor).sqrt();
            if error > most || error.is_nan() {
                let (layer, largest) = (LAYERS[layer], range.1);
                return Err(XyloMisfit::Coarse { matrix: name, error, most, layer, largest }.into());
            }
        }
    }
    Ok(factors)
}

/// The thresholds and biases of the neurons of `core`.
fn levels(wish: &Wish<'_>, core: &PlacedCore) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for (name, values) in scaled_parameters(wish, core) {
        let model = wish.network.populations[core.parts[0].population].model;
        let register = wish.spec.allowed(model, &name).and_then(|allowed| allowed.register());
        let (low, high) = register.unwrap_or((i16::MIN.into(), i16::MAX.into()));
        let all = match values {
            Values::Shared(value) => vec![value],
            Values::PerNeuron(all) => all,
        };
        levels.extend(all.into_iter().map(|value| Level { value: real(value), low: low.into(), high: high.into() }));
    }
    levels.sort_by(|a, b| a.value.total_cmp(&b.value).then(a.high.total_cmp(&b.high)));
    levels.dedup();
    levels
}

/// What the neurons of `core` compare weights with, before it is scaled: nominal where nothing is asked for.
fn scaled_parameters(wish: &Wish<'_>, core: &PlacedCore) -> BTreeMap<String, Values> {
    let model = wish.network.populations[core.parts[0].population].model;
    let mut asked = parameters::of_core(&wish.network.populations, core, wish.spec);
    let of = |(name, parameter): (&String, &chip::ParameterSpec)| {
        let nominal = || Values::Shared(parameter.nominal.quantity);
        model.scales_with_weights(name).then(|| (name.clone(), asked.remove(name).unwrap_or_else(nominal)))
    };
    wish.spec.parameters.iter().filter_map(of).collect()
}

/// The parameters of each core; if the mapping scales, with what is compared with weights multiplied by the factor of
/// its layer.
pub(super) fn parameters_of(wish: &Wish<'_>, factors: Factors, scale: Scale) -> Vec<BTreeMap<String, Values>> {
    let of_core = |core: &PlacedCore| {
        let factor = factors.0[usize::from(core.address.core == XYLO_OUTPUT)];
        let mut all = parameters::of_core(&wish.network.populations, core, wish.spec);
        if scale == Scale::Auto {
            let scale = |value: Quantity| Quantity::number(Decimal::integer((real(value) * factor).round() as i64));
            all.extend(scaled_parameters(wish, core).into_iter().map(|(name, values)| {
                let scaled = match values {
                    Values::Shared(value) => Values::Shared(scale(value)),
                    Values::PerNeuron(values) => Values::PerNeuron(values.into_iter().map(scale).collect()),
                };
                (name, scaled)
            }));
        }
        all
    };
    wish.cores.iter().map(of_core).collect()
}

/// A number; a quantity with another unit was refused before.
fn real(quantity: Quantity) -> f64 {
    let bits = quantity.value_in(Unit::ONE).ok().and_then(|value| value.to_bits(Weight::FRACTION_BITS).ok());
    bits.unwrap_or_default() as f64 / ONE
}

/// The search for the factor of one layer.
struct Search<'a> {
    /// By matrix onto the layer.
    weights: &'a [Weights],
    levels: Vec<Level>,
    limits: XyloLimits,
}

impl Search<'_> {
    /// The least and the largest factor that thresholds, biases and weights allow.
    fn range(&self) -> (f64, f64) {
        let (mut low, mut high) = (0.0f64, f64::MAX);
        for level in &self.levels {
            if level.value > 0.0 {
                // A threshold that becomes 0 would let the neuron spike in each step.
                low = low.max(0.5 / level.value);
                high = high.min(level.high / level.value);
            } else if level.value < 0.0 {
                high = high.min(level.low / level.value);
            }
        }
        let mantissa = f64::from(self.limits.weights().1) * f64::from(1u32 << self.limits.weight_shift_max);
        for weights in self.weights {
            let largest = largest(weights);
            if largest > 0 {
                high = high.min(mantissa * ONE / largest as f64);
            }
        }
        (low, high)
    }

    /// The smallest shift with which the largest weights fit.
    fn shift(&self, weights: &Weights, factor: f64) -> Option<u8> {
        let (low, high) = self.limits.weights();
        let fits = |weight: i64, shift: u8| {
            let most = if weight < 0 { low } else { high }.unsigned_abs();
            mantissa(weight.unsigned_abs(), factor, shift) <= u32::from(most)
        };
        let ends = [weights.first()?.0, weights.last()?.0];
        (0..=self.limits.weight_shift_max).find(|shift| ends.iter().all(|weight| fits(*weight, *shift)))
    }

    /// The mean square error of a matrix over the mean square of its weights.
    fn error(&self, weights: &Weights, factor: f64) -> f64 {
        if weights.is_empty() {
            return 0.0;
        }
        let Some(shift) = self.shift(weights, factor) else { return f64::INFINITY };
        let (mut errors, mut squares) = (0.0, 0.0);
        for &(asked, count) in weights {
            let magnitude = asked.unsigned_abs();
            let error = weight(mantissa(magnitude, factor, shift), factor, shift) - magnitude as f64;
            errors += error * error * count as f64;
            squares += magnitude as f64 * magnitude as f64 * count as f64;
        }
        errors / squares
    }

    /// What a factor costs: the errors of weights, thresholds and biases, each as a part of itself.
    fn cost(&self, factor: f64) -> f64 {
        let of_level = |level: &Level| {
            let error = (level.value * factor).round() / factor - level.value;
            if level.value == 0.0 { 0.0 } else { (error / level.value) * (error / level.value) }
        };
        let levels: f64 = self.levels.iter().map(of_level).sum();
        let weights: f64 = self.weights.iter().map(|weights| self.error(weights, factor)).sum();
        weights + levels / self.levels.len().max(1) as f64
    }

    /// The best factor in a range; whole numbers that the chip holds stay as they are.
    fn best(&self, (low, high): (f64, f64)) -> Option<f64> {
        let is_in = |factor: &f64| (low..=high).contains(factor);
        if is_in(&1.0) && self.cost(1.0) == 0.0 {
            return Some(1.0);
        }
        let mut factors: Vec<f64> = (0..=Weight::FRACTION_BITS).map(|power| f64::from(1u32 << power)).collect();
        for weights in self.weights {
            let (largest, most) = (largest(weights) as f64 / ONE, u32::from(self.limits.weights().1.unsigned_abs()));
            if largest == 0.0 {
                continue;
            }
            let least = if weights.len() > THOROUGH { most } else { 1 };
            let shifts = 0..=self.limits.weight_shift_max;
            factors.extend(shifts.flat_map(|s| (least..=most).map(move |m| f64::from(m << s) / largest)));
        }
        factors.push(high);
        factors.retain(|factor| is_in(factor) && *factor > 0.0 && factor.is_finite());
        factors.sort_by(f64::total_cmp);
        factors.dedup();
        let costs: Vec<f64> = factors.iter().map(|factor| self.cost(*factor)).collect();
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        // More factor is more of the range of the states: it must be worth something.
        let enough = if least == 0.0 { 0.0 } else { least * 1.02 + SAME };
        factors.into_iter().zip(costs).find(|(_, cost)| *cost <= enough && cost.is_finite()).map(|(factor, _)| factor)
    }
}

/// The largest magnitude of sorted weights.
fn largest(weights: &Weights) -> u64 {
    let of = |weight: Option<&(i64, u64)>| weight.map_or(0, |(weight, _)| weight.unsigned_abs());
    of(weights.first()).max(of(weights.last()))
}

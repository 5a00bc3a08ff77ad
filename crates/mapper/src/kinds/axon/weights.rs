//! Which mantissas and exponents the weights of a core become.

use crate::kinds::rows::rounded;
use crate::wish::{Link, Wish};
use crate::{MapperError, SmallWeights};
use chip::{AxonLimits, WeightSigns};
use device_models::loihi::{ExponentRule, LoihiRules};
use fx::Weight;
use std::collections::BTreeMap;

/// The exponent of a program with which a weight of 1 is 1.
const UNIT_EXPONENT: u8 = Weight::FRACTION_BITS as u8;

/// The largest mantissa that every rule of weights can hold with either sign.
const MANTISSA_MAX: u32 = 255;

/// How the weights of a core become mantissas.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) exponent: i8,
    rule: ExponentRule,
    limits: AxonLimits,
}

impl Format {
    /// Distance of two mantissas.
    fn step(self, signs: WeightSigns) -> u32 {
        let step = u32::from(router::weight_step(&self.limits, signs));
        // Where each weight is shifted by itself, it must leave nothing behind.
        let whole = if self.rule == ExponentRule::EachSynapse { (-self.exponent).max(0) } else { 0 };
        step.max(1 << whole)
    }

    /// The nearest mantissa to a magnitude in units of 2^-20, halves away from 0.
    fn nearest(self, magnitude: u32, signs: WeightSigns) -> u32 {
        let step = self.step(signs);
        let bits = (20 + i32::from(self.exponent)) as u8 + step.trailing_zeros() as u8;
        rounded(magnitude, bits.min(31)) * step
    }

    /// The mantissa of a connection, without its sign; 0: it takes no word.
    pub(super) fn mantissa(self, link: &Link, signs: WeightSigns, small_weights: SmallWeights) -> u32 {
        match (self.nearest(link.magnitude(), signs), small_weights) {
            (0, SmallWeights::Keep) => self.step(signs),
            (mantissa, _) => mantissa,
        }
    }

    /// The largest mantissa that every rule of weights can hold with either sign.
    fn largest(self, signs: WeightSigns) -> u32 {
        let step = self.step(signs);
        MANTISSA_MAX / step * step
    }

    /// The next exponent, if the chip has it.
    pub(super) fn coarser(&self) -> Option<Self> {
        (self.exponent < self.limits.weight_exponent.1).then(|| Self { exponent: self.exponent + 1, ..*self })
    }

    /// The exponent as a program has it.
    pub(super) fn program_exponent(self) -> u8 {
        (i32::from(UNIT_EXPONENT) + i32::from(self.exponent)) as u8
    }
}

/// By projection and core: the signs of the weights that are wanted there.
pub(super) type Signs = Vec<BTreeMap<usize, WeightSigns>>;

/// By projection and core: the signs of the weights that are wanted there.
pub(super) fn signs(wish: &Wish<'_>) -> Signs {
    let of = |index: usize| {
        let mut signs: BTreeMap<usize, WeightSigns> = BTreeMap::new();
        for link in wish.links(index).filter(Link::is_wanted) {
            let sign = if link.weight < 0 { WeightSigns::Inhibitory } else { WeightSigns::Excitatory };
            let entry = signs.entry(link.core).or_insert(sign);
            if *entry != sign {
                *entry = WeightSigns::Mixed;
            }
        }
        signs
    };
    (0..wish.network.projections.len()).map(of).collect()
}

/// The smallest exponent of each core with which all its weights fit.
pub(super) fn formats(
    wish: &Wish<'_>,
    limits: AxonLimits,
    rules: &LoihiRules,
    signs: &Signs,
) -> Result<Vec<Format>, MapperError> {
    let (low, high) = limits.weight_exponent;
    let format = |exponent| Format { exponent, rule: rules.exponent, limits };
    // A weight of mixed sign loses a bit, so half a unit is as fine as whole effective weights can be.
    let finest = if rules.exponent == ExponentRule::EachSynapse { low.max(-1) } else { low };
    let mut formats = vec![format(finest); wish.cores.len()];
    for (index, signs) in signs.iter().enumerate() {
        for link in wish.links(index).filter(Link::is_wanted) {
            let sign = signs[&link.core];
            let fits = |f: &Format| f.nearest(link.magnitude(), sign) <= f.largest(sign);
            while !fits(&formats[link.core]) {
                if formats[link.core].exponent == high {
                    return Err(MapperError::WeightRange {
                        projection: wish.network.projections[index].name.clone(),
                        pre: link.pre,
                        post: link.post,
                        weight: Weight::from_bits(link.weight).to_string(),
                        limit: u64::from(formats[link.core].largest(sign)) << high,
                    });
                }
                formats[link.core].exponent += 1;
            }
        }
    }
    Ok(formats)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AxonLimits = AxonLimits {
        input_axons: 4096,
        output_axons: 4096,
        synapse_bits: 1 << 20,
        synapses_per_group: 64,
        weight_bits: 8,
        weight_exponent: (-7, 7),
        delay_max: 62,
    };

    #[test]
    fn mantissas_lie_on_the_grid_of_their_sign() {
        let format = |exponent, rule| Format { exponent, rule, limits: LIMITS };
        let unit = 1u32 << 20;
        let sum = format(-1, ExponentRule::Sum);
        assert_eq!(sum.nearest(37 * unit, WeightSigns::Mixed), 74);
        assert_eq!(sum.nearest(37 * unit + unit / 2, WeightSigns::Mixed), 76); // halves away from 0
        assert_eq!(sum.nearest(37 * unit + unit / 2, WeightSigns::Excitatory), 75);
        // Whole effective weights where each is shifted by itself.
        assert_eq!(format(-1, ExponentRule::EachSynapse).nearest(37 * unit + unit / 2, WeightSigns::Excitatory), 76);
        assert_eq!(sum.largest(WeightSigns::Mixed), 254);
        assert_eq!(sum.largest(WeightSigns::Inhibitory), 255);
        assert_eq!(Format { limits: AxonLimits { weight_bits: 4, ..LIMITS }, ..sum }.largest(WeightSigns::Mixed), 224);
        assert_eq!(format(7, ExponentRule::Sum).nearest(u32::MAX / 2, WeightSigns::Mixed), 16);
    }
}

//! The weight current of a core: weights of a few bits and no sign.
//!
//! Where the weights asked for are whole multiples of some current, and none is more than the largest code, they are
//! met exactly. Otherwise the current is the one that the goal judges best of all from twice the one with
//! which the largest weight gets the largest code down to a 64th of it: with smaller ones small weights are met better,
//! and the largest are clipped.

use crate::fit::Group;
use crate::{MapperOptions, SmallWeights};

/// Currents that are tried within a factor of two, at most.
const TRIED: u64 = 512;

/// A weight current and its exponent: code c makes the weight `c * current * 2^exponent` units of 2^-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) current: i16,
    pub(super) exponent: u8,
    max: u8,
}

impl Scale {
    /// The scale for these magnitudes in units of 2^-20, none of which is 0, and codes up to `max`. The largest code is
    /// a weight of a program, and at most `weight_max` of its steps, which are no finer than `2^finest`.
    pub(super) fn fit(magnitudes: &[u32], max: u8, (finest, weight_max): (u8, u64), options: &MapperOptions) -> Self {
        let MapperOptions { small_weights, weight_goal: goal, .. } = *options;
        let most = (weight_max.min(i16::MAX as u64) / u64::from(max)).max(1);
        let largest = u64::from(magnitudes.iter().copied().max().unwrap_or(0));
        let common = magnitudes.iter().fold(0, |a, b| gcd(a, u64::from(*b)));
        if common > 0 && largest / common <= u64::from(max) {
            let whole = |exponent: &u8| common % (1 << exponent) == 0 && common >> exponent <= most;
            if let Some(exponent) = (finest..=20).find(whole) {
                return Self { current: (common >> exponent) as i16, exponent, max };
            }
        }
        let current = |exponent: u8| {
            let steps = u64::from(max) << exponent;
            // Rounded down, the largest code could fall short of the largest weight by more than half a step.
            let least = (2 * largest).div_ceil((2 * u64::from(max) + 1) << exponent);
            ((largest + steps / 2) / steps).max(least)
        };
        // At the coarsest exponent a current that is still too large is for the judge of the program to refuse.
        let exponent = (finest..=20).find(|e| current(*e) <= most).unwrap_or(20);
        let full = Self { current: current(exponent).min(i16::MAX as u64 / u64::from(max)) as i16, exponent, max };
        let group = Group::new(magnitudes, goal, false);
        let others = (finest..=(exponent + 1).min(20)).rev().take(8).flat_map(|exponent| {
            let stride = (most / 2).div_ceil(TRIED).max(1);
            let currents = (most / 2 + 1..=most).rev().step_by(stride as usize);
            currents.map(move |current| Self { current: current as i16, exponent, max })
        });
        let tried = |scale: &Self| {
            let (own, full) = (scale.weight(1), full.weight(1));
            own <= 2 * full && 64 * own >= full
        };
        let others = others.filter(tried);
        // Of equal ones the first: the one that clips least.
        let judged = [full].into_iter().chain(others).map(|scale| (scale.error(&group, small_weights), scale));
        judged.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there is the full range").1
    }

    fn error(self, group: &Group, small_weights: SmallWeights) -> f64 {
        group.error(codes(self.max, small_weights).map(|code| self.weight(code) as f64).collect::<Vec<_>>().into_iter())
    }

    /// The weight of `code`, in units of 2^-20.
    pub(super) fn weight(self, code: u8) -> u64 {
        (u64::from(code) * self.current as u64) << self.exponent
    }

    /// Whether `magnitude` is beyond the largest weight, by more than half of its distance to the next.
    pub(super) fn clips(self, magnitude: u32) -> bool {
        2 * u64::from(magnitude) > 2 * self.weight(self.max) + self.weight(1)
    }

    /// The code nearest to `magnitude`, halves up. `None` if that is 0.
    pub(super) fn code(self, magnitude: u32, small_weights: SmallWeights) -> Option<u8> {
        let step = self.weight(1).max(1);
        let code = ((u64::from(magnitude) + step / 2) / step).min(self.max.into()) as u8;
        match (code, small_weights) {
            (0, SmallWeights::Nearest) => None,
            (0, SmallWeights::Keep) => Some(1),
            (code, _) => Some(code),
        }
    }
}

/// The codes that a weight can take.
fn codes(max: u8, small_weights: SmallWeights) -> std::ops::RangeInclusive<u8> {
    u8::from(small_weights == SmallWeights::Keep)..=max
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WeightGoal;
    use proptest::prelude::*;

    fn with(weight_goal: WeightGoal) -> MapperOptions {
        MapperOptions { weight_goal, ..MapperOptions::default() }
    }

    #[test]
    fn multiples_of_a_current_are_met_exactly() {
        for (unit, codes) in [(1u32 << 20, 1..=63u8), (3 << 17, 5..=20), (1, 1..=63), (7, 63..=63), (520 << 20, 2..=3)]
        {
            let magnitudes: Vec<u32> = codes.map(|code| u32::from(code) * unit).collect();
            let scale = Scale::fit(&magnitudes, 63, (0, u64::MAX), &with(WeightGoal::Max));
            for m in magnitudes {
                let code = scale.code(m, SmallWeights::Nearest).unwrap();
                assert_eq!(scale.weight(code), u64::from(m), "{scale:?}");
            }
        }
    }

    #[test]
    fn nothing_and_the_largest_weight_fit() {
        assert_eq!(Scale::fit(&[], 63, (0, u64::MAX), &with(WeightGoal::Max)).current, 0);
        for max in [1, 63, 255] {
            let scale = Scale::fit(&[1 << 31, 12345], max, (0, u64::MAX), &with(WeightGoal::Max));
            let code = scale.code(1 << 31, SmallWeights::Nearest).unwrap();
            assert!(scale.weight(code).abs_diff(1 << 31) <= scale.weight(1) / 2, "{scale:?}");
            assert_eq!(scale.code(12345, SmallWeights::Nearest), None);
            assert_eq!(scale.code(12345, SmallWeights::Keep), Some(1));
        }
    }

    /// The error of a set where every weight takes the nearest code, weight by weight.
    fn error(magnitudes: &[u32], goal: WeightGoal, got: impl Fn(u32) -> f64) -> f64 {
        let all = magnitudes.iter().map(|m| (got(*m) - f64::from(*m), f64::from(*m)));
        match goal {
            WeightGoal::Rms => all.map(|(off, _)| off * off).sum(),
            WeightGoal::Relative => all.map(|(off, m)| off * off / m / m).sum(),
            WeightGoal::Max => all.map(|(off, _)| off * off).fold(0.0, f64::max),
        }
    }

    proptest! {
        #[test]
        fn no_weight_is_far_off(magnitudes in prop::collection::vec((1u32..1 << 31, 0u32..31).prop_map(|(m, s)| (m >> s).max(1)), 1..40)) {
            let scale = Scale::fit(&magnitudes, 63, (0, u64::MAX), &with(WeightGoal::Max));
            prop_assert!(63 * i64::from(scale.current) <= i64::from(i16::MAX));
            let wanted = u64::from(*magnitudes.iter().max().unwrap()) / 63;
            for m in &magnitudes {
                let got = scale.weight(scale.code(*m, SmallWeights::Nearest).unwrap_or(0));
                prop_assert!(got.abs_diff(u64::from(*m)) <= wanted / 2 + wanted / 256 + 1, "{m} {got} {scale:?}");
            }
        }

        #[test]
        fn the_scale_is_the_best_of_thousands(seed: u64) {
            let mut dice = crate::testing::Dice(seed);
            let tail = dice.below(4);
            let magnitudes: Vec<u32> = (0..60).map(|_| {
                let draw = 1.0 + f64::from(dice.below(1 << 20));
                (0..tail).fold(draw, |product, _| product * f64::from(1 + dice.below(1 << 20)) / f64::from(1 << 19)) as u32 + 1
            }).collect();
            let largest = f64::from(*magnitudes.iter().max().unwrap());
            for goal in [WeightGoal::Rms, WeightGoal::Relative, WeightGoal::Max] {
                let scale = Scale::fit(&magnitudes, 63, (0, u64::MAX), &with(goal));
                let found = error(&magnitudes, goal, |m| {
                    scale.weight(scale.code(m, SmallWeights::Nearest).unwrap_or(0)) as f64
                });
                let of_step = |step: f64| error(&magnitudes, goal, |m| (f64::from(m) / step).round().min(63.0) * step);
                let steps = (0..20).flat_map(|e| (261..=520).map(move |c| f64::from(c) * f64::from(1 << e)));
                let steps = steps.filter(|step| *step * 63.0 * 64.0 >= largest && *step * 63.0 <= 1.99 * largest);
                let all = steps.map(|step| (of_step(step), step));
                let (best, step) = all.fold((f64::INFINITY, 0.0), |a, b| if b.0 < a.0 { b } else { a });
                prop_assert!(
                    found.sqrt() <= 1.005 * best.sqrt(),
                    "{goal:?}: {found} with {scale:?}, {best} with {step}, largest {largest}"
                );
            }
        }
    }
}

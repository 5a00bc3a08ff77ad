//! The weight current of a core: weights of a few bits and no sign.
//!
//! Where the weights asked for are whole multiples of some current, and none is more than the largest code, they are
//! met exactly. Otherwise the current is such that the largest weight gets the largest code, or nearly. No weight is
//! off by more than half a step, and weights of 6 bits have a step within 1/256 of the largest weight over 63 (or one
//! unit of 2^-20).

use crate::SmallWeights;

/// A weight current and its exponent: code c makes the weight `c * current * 2^exponent` units of 2^-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) current: i16,
    pub(super) exponent: u8,
    max: u8,
}

impl Scale {
    /// The scale for these magnitudes in units of 2^-20, none of which is 0, and codes up to `max`. The largest code is
    /// a weight of a program, and at most `weight_max` of its steps.
    pub(super) fn fit(magnitudes: &[u32], max: u8, weight_max: u64) -> Self {
        let most = (weight_max.min(i16::MAX as u64) / u64::from(max)).max(1);
        let largest = u64::from(magnitudes.iter().copied().max().unwrap_or(0));
        let common = magnitudes.iter().fold(0, |a, b| gcd(a, u64::from(*b)));
        if common > 0 && largest / common <= u64::from(max) {
            let whole = |exponent: &u8| common % (1 << exponent) == 0 && common >> exponent <= most;
            if let Some(exponent) = (0..=20).find(whole) {
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
        let exponent = (0..=20).find(|e| current(*e) <= most).unwrap_or(20);
        Self { current: current(exponent).min(i16::MAX as u64 / u64::from(max)) as i16, exponent, max }
    }

    /// The weight of `code`, in units of 2^-20.
    pub(super) fn weight(self, code: u8) -> u64 {
        (u64::from(code) * self.current as u64) << self.exponent
    }

    /// The code nearest to `magnitude`, halves up. `None` if that is 0 and `small_weights` drops such weights.
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

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn multiples_of_a_current_are_met_exactly() {
        for (unit, codes) in [(1u32 << 20, 1..=63u8), (3 << 17, 5..=20), (1, 1..=63), (7, 63..=63), (520 << 20, 2..=3)]
        {
            let magnitudes: Vec<u32> = codes.map(|code| u32::from(code) * unit).collect();
            let scale = Scale::fit(&magnitudes, 63, u64::MAX);
            for m in magnitudes {
                let code = scale.code(m, SmallWeights::Nearest).unwrap();
                assert_eq!(scale.weight(code), u64::from(m), "{scale:?}");
            }
        }
    }

    #[test]
    fn nothing_and_the_largest_weight_fit() {
        assert_eq!(Scale::fit(&[], 63, u64::MAX).current, 0);
        for max in [1, 63, 255] {
            let scale = Scale::fit(&[1 << 31, 12345], max, u64::MAX);
            let code = scale.code(1 << 31, SmallWeights::Nearest).unwrap();
            // A current for 8 bits has few bits itself, and must not fall short.
            assert!(if max == 255 { code >= 250 } else { code == max }, "{scale:?}");
            assert!(scale.weight(code).abs_diff(1 << 31) <= scale.weight(1) / 2, "{scale:?}");
            assert_eq!(scale.code(12345, SmallWeights::Nearest), None);
            assert_eq!(scale.code(12345, SmallWeights::Keep), Some(1));
        }
    }

    proptest! {
        #[test]
        fn weights_are_met_within_half_a_step(magnitudes in prop::collection::vec((1u32..1 << 31, 0u32..31).prop_map(|(m, s)| (m >> s).max(1)), 1..40)) {
            let scale = Scale::fit(&magnitudes, 63, u64::MAX);
            let step = scale.weight(1);
            prop_assert!(63 * i64::from(scale.current) <= i64::from(i16::MAX));
            for m in &magnitudes {
                let got = scale.weight(scale.code(*m, SmallWeights::Nearest).unwrap_or(0));
                prop_assert!(got.abs_diff(u64::from(*m)) <= step.div_ceil(2), "{m} {got} {scale:?}");
            }
            let wanted = u64::from(*magnitudes.iter().max().unwrap()) / 63;
            let exact = |m: &u32| scale.code(*m, SmallWeights::Nearest).is_some_and(|c| scale.weight(c) == u64::from(*m));
            prop_assert!(magnitudes.iter().all(exact) || step.abs_diff(wanted) <= wanted / 256 + 1, "{step} {wanted}");
        }
    }
}

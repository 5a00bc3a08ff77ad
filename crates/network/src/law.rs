//! Laws that numbers are drawn from: weights, delays, parameters of neurons, rates of sources.
//!
//! A law is a function of one random word, so that who draws decides by the word's address what a value depends on.

use disorder::{Distribution, Key, Purpose, normal_deviate};
use fx::{Real, Rounding, narrow, shift_right};
use std::sync::Arc;

/// What a number is drawn from; of whole numbers of the caller's last place where one is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Law<T = i64> {
    /// Always the same.
    Constant(T),
    /// Uniform from `low` to `high`, both included.
    Uniform {
        /// The least.
        low: T,
        /// The most.
        high: T,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: T,
        /// The standard deviation, not negative.
        deviation: T,
    },
    /// A mean times a factor of some family, which has mean 1 and a coefficient of variation.
    Family {
        /// The mean.
        mean: T,
        /// Family and coefficient of variation of the factor.
        distribution: Arc<Distribution>,
    },
}

impl<T> Law<T> {
    /// The same law of other numbers, if `number` has an answer for each.
    pub fn try_map<U>(&self, mut number: impl FnMut(&T) -> Option<U>) -> Option<Law<U>> {
        Some(match self {
            Self::Constant(value) => Law::Constant(number(value)?),
            Self::Uniform { low, high } => Law::Uniform { low: number(low)?, high: number(high)? },
            Self::Normal { mean, deviation } => Law::Normal { mean: number(mean)?, deviation: number(deviation)? },
            Self::Family { mean, distribution } => {
                Law::Family { mean: number(mean)?, distribution: Arc::clone(distribution) }
            }
        })
    }

    /// Its numbers.
    pub fn numbers(&self) -> Vec<&T> {
        match self {
            Self::Constant(value) => vec![value],
            Self::Uniform { low, high } => vec![low, high],
            Self::Normal { mean, deviation } => vec![mean, deviation],
            Self::Family { mean, .. } => vec![mean],
        }
    }
}

impl Law {
    /// The number that a random word draws, to nearest, ties to even; at the ends of 64 bits it stays there.
    pub fn draw(&self, word: u64) -> i64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => {
                let count = (i128::from(*high) - i128::from(*low) + 1) as u128;
                // Of 64 bits each, so that the product fits.
                let above_lowest =
                    if count > u128::from(u64::MAX) { word.into() } else { (u128::from(word) * count) >> 64 };
                narrow(i128::from(*low) + above_lowest as i128)
            }
            Self::Normal { mean, deviation } => {
                let exact = i128::from(normal_deviate(word).to_bits()) * i128::from(*deviation);
                narrow(i128::from(*mean) + shift_right(exact, Real::FRACTION_BITS, Rounding::HalfEven))
            }
            Self::Family { mean, distribution } => {
                let factor = distribution.factor(normal_deviate(word));
                let exact = i128::from(factor.to_bits()) * i128::from(*mean);
                narrow(shift_right(exact, Real::FRACTION_BITS, Rounding::HalfEven))
            }
        }
    }

    /// Number `index` of those that `owner` (a population, an input) draws for `what`: a function of these three and
    /// the seed alone.
    pub fn draw_for(&self, seed: u64, owner: &str, what: &str, index: u64) -> i64 {
        self.draw(address(seed, owner, what).slot(index).first_word())
    }
}

/// The address of what is drawn for `what` of `owner`. No name has the character between the two, so that no other
/// owner shares it.
pub(crate) fn address(seed: u64, owner: &str, what: &str) -> Key {
    Key::new(seed, Purpose::Initialisation).name(&format!("{owner}\0{what}"))
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "moments of what was drawn")]
mod tests {
    use super::*;
    use disorder::Family;
    use fx::Real;

    fn moments(law: &Law) -> (f64, f64) {
        let all: Vec<f64> = (0..20_000).map(|i| law.draw_for(1, "p", "tau", i) as f64).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / all.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn laws_have_their_moments() {
        let family = |family, mean| {
            let distribution = Distribution::new(family, Real::from_ratio(3, 10), None).unwrap();
            Law::Family { mean, distribution: Arc::new(distribution) }
        };
        let mut laws = vec![
            (Law::Constant(7), 7.0, 0.0),
            (Law::Normal { mean: -1_000_000, deviation: 100_000 }, -1e6, 1e5),
            (Law::Uniform { low: -1_000, high: 1_000_000 }, 499_500.0, 1_001_000.0 / 12f64.sqrt()),
        ];
        laws.extend(Family::ALL.map(|f| (family(f, 1_000_000), 1e6, 3e5)));
        laws.extend(Family::ALL.map(|f| (family(f, -50_000), -5e4, 1.5e4)));
        for (law, mean, deviation) in laws {
            let found = moments(&law);
            // Six standard errors of the mean; of the deviation 5 %, for the heaviest tail among them.
            assert!((found.0 - mean).abs() <= 6.0 * deviation / 20_000f64.sqrt() + 1e-9, "{law:?}: {found:?}");
            assert!((found.1 - deviation).abs() <= 0.05 * deviation, "{law:?}: {found:?}");
        }
    }

    #[test]
    fn the_ends_of_an_interval_are_drawn() {
        let law = Law::Uniform { low: -1, high: 1 };
        assert_eq!([0, u64::MAX / 2, u64::MAX].map(|word| law.draw(word)), [-1, 0, 1]);
        let all = Law::Uniform { low: i64::MIN, high: i64::MAX };
        assert_eq!([all.draw(0), all.draw(u64::MAX)], [i64::MIN, i64::MAX]);
    }

    #[test]
    fn owners_share_nothing() {
        let law = Law::Uniform { low: 0, high: i64::MAX };
        let draws = [("p", "tau", 0), ("p", "tau", 1), ("p", "v", 0), ("q", "tau", 0), ("pt", "au", 0)];
        let mut all: Vec<i64> = draws.iter().map(|(owner, what, index)| law.draw_for(5, owner, what, *index)).collect();
        all.push(law.draw_for(6, "p", "tau", 0));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 6);
    }
}

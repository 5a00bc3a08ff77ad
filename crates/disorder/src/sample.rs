//! Small samplers in integers, each with a fixed number of words.

use fx::Fraction;
use rand::Rng;

/// A whole number from 0 to `n - 1`, from one word: the high half of `word * n`. The probability of each number differs
/// from 1/n by less than 2^-64; no word is ever drawn again, so that the stream stays in step.
///
/// # Panics
/// If `n` is 0.
pub fn uniform_below(stream: &mut impl Rng, n: u64) -> u64 {
    assert!(n > 0, "there is no number below 0");
    ((u128::from(stream.next_u64()) * u128::from(n)) >> 64) as u64
}

/// A fraction from 0 up to, not including, 1, uniform over all multiples of 2^-62; from one word.
pub fn uniform(stream: &mut impl Rng) -> Fraction {
    unit(stream.next_u64())
}

/// True with probability `p`, decided by a random word: exactly `p` for every fraction from 0 to 1; never for `p` <= 0,
/// always for `p` >= 1.
pub fn chance(word: u64, p: Fraction) -> bool {
    unit(word) < p
}

/// The upper 62 bits of a word as a fraction.
fn unit(word: u64) -> Fraction {
    Fraction::from_bits((word >> 2) as i64)
}

/// Puts `items` in a random order (Fisher and Yates, in Durstenfeld's form), with one word an item beyond the first.
pub fn shuffle<T>(stream: &mut impl Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let other = uniform_below(stream, last as u64 + 1) as usize;
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Purpose};
    use std::collections::BTreeSet;
    use std::vec::Vec;

    fn stream(name: &str) -> impl Rng + Clone {
        Key::new(11, Purpose::Task).name(name).stream()
    }

    /// The chi-square statistic of counts that should be equal.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn whole_numbers_are_uniform_and_below() {
        let mut stream = stream("below");
        for n in [1, 2, 3, 10, 97] {
            let mut counts = std::vec![0u32; n];
            for _ in 0..20_000 {
                counts[uniform_below(&mut stream, n as u64) as usize] += 1;
            }
            // Six standard deviations of chi-square with n - 1 degrees of freedom.
            let freedom = n as f64 - 1.0;
            assert!(chi_square(&counts) <= freedom + 6.0 * (2.0 * freedom).sqrt(), "{n}: {counts:?}");
        }
        assert!(uniform_below(&mut stream, u64::MAX) < u64::MAX);
    }

    #[test]
    #[should_panic(expected = "no number below 0")]
    fn nothing_is_below_zero() {
        uniform_below(&mut stream("below"), 0);
    }

    #[test]
    fn each_value_takes_one_word() {
        let mut stream = stream("count");
        let mut reference = stream.clone();
        let words: Vec<u64> = (0..7).map(|_| reference.next_u64()).collect();
        uniform_below(&mut stream, 10);
        uniform_below(&mut stream, u64::MAX);
        assert_eq!(uniform(&mut stream).to_bits() as u64, words[2] >> 2);
        shuffle(&mut stream, &mut [1, 2, 3, 4]);
        assert_eq!(stream.next_u64(), words[6]);
    }

    #[test]
    fn chances() {
        let half = Fraction::from_ratio(1, 2);
        for word in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(chance(word, Fraction::ONE) && chance(word, Fraction::MAX));
            assert!(!chance(word, Fraction::ZERO) && !chance(word, Fraction::MIN));
        }
        assert!(chance((1 << 63) - 1, half) && !chance(1 << 63, half));
        let mut stream = stream("chance");
        let hits = (0..100_000).filter(|_| chance(stream.next_u64(), Fraction::from_ratio(3, 100))).count();
        // 3000 with a standard deviation of 54
        assert!((2784..=3216).contains(&hits), "{hits}");
    }

    #[test]
    fn shuffles_are_uniform_permutations() {
        let mut stream = stream("shuffle");
        let mut counts = [0u32; 24];
        for _ in 0..24_000 {
            let mut items = [0usize, 1, 2, 3];
            shuffle(&mut stream, &mut items);
            assert_eq!(items.iter().collect::<BTreeSet<_>>().len(), 4);
            // Lehmer code
            let rank = |i: usize| items[i + 1..].iter().filter(|x| **x < items[i]).count();
            counts[rank(0) * 6 + rank(1) * 2 + rank(2)] += 1;
        }
        assert!(chi_square(&counts) < 23.0 + 6.0 * 46f64.sqrt(), "{counts:?}");
        shuffle(&mut stream, &mut [0u8; 0]);
    }
}

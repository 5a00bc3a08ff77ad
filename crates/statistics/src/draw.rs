//! Random draws of this crate: addressed by the data that they serve, so that equal data get equal intervals.

use disorder::{Key, Purpose, normal_deviate};
use rand::Rng;

/// The key of everything that is drawn for these values: a function of each of them and of their order.
pub(crate) fn key_of<'a>(name: &str, values: impl IntoIterator<Item = &'a f64>) -> Key {
    let mix = |root: u64, value: &f64| Key::new(root, Purpose::Inference).slot(value.to_bits()).first_word();
    Key::new(values.into_iter().fold(0, mix), Purpose::Inference).name(name)
}

/// The key of a design that is drawn from a seed.
pub(crate) fn key_of_seed(name: &str, seed: u64) -> Key {
    Key::new(seed, Purpose::Inference).name(name)
}

/// A number above 0 and below 1, in the middle of one of 2^52 equal parts.
pub(crate) fn uniform(stream: &mut impl Rng) -> f64 {
    const PARTS: f64 = (1u64 << 52) as f64;
    ((stream.next_u64() >> 12) as f64 + 0.5) / PARTS
}

/// A standard normal deviate.
pub(crate) fn normal(stream: &mut impl Rng) -> f64 {
    const REAL_ONE: f64 = (1u64 << 32) as f64;
    normal_deviate(stream.next_u64()).to_bits() as f64 / REAL_ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_belong_to_data() {
        let word = |values: &[f64]| key_of("test", values).first_word();
        assert_eq!(word(&[1.0, 2.0]), word(&[1.0, 2.0]));
        assert_ne!(word(&[1.0, 2.0]), word(&[2.0, 1.0]));
        assert_ne!(word(&[]), word(&[0.0]));
        assert_ne!(word(&[0.0]), word(&[-0.0]));
        assert_ne!(key_of("a", &[]).first_word(), key_of("b", &[]).first_word());
    }

    #[test]
    fn deviates_have_their_moments() {
        let mut stream = key_of_seed("moments", 1).stream();
        let count = 20_000;
        let (mut sums, mut below) = ([0.0; 2], 0);
        for _ in 0..count {
            let z = normal(&mut stream);
            sums = [sums[0] + z, sums[1] + z * z];
            let u = uniform(&mut stream);
            assert!(u > 0.0 && u < 1.0);
            below += usize::from(u < 0.25);
        }
        let n = f64::from(count);
        // Five standard errors.
        assert!((sums[0] / n).abs() < 0.036 && (sums[1] / n - 1.0).abs() < 0.05, "{sums:?}");
        assert!((below as f64 / n - 0.25).abs() < 0.016, "{below}");
    }
}

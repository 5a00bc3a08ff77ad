//! A radio channel that smears its symbols, bends them and adds noise.
//!
//! V. J. Mathews and J. Lee (1994), as in H. Jaeger and H. Haas, Science 304 (2004) 78.

use super::to_f64;
use disorder::{Key, Purpose, normal_deviate, uniform_below};
use rand::Rng;

/// Weights of the symbols d(n + 2), d(n + 1), ... d(n - 7) in what arrives at n.
pub(crate) const TAPS: [f64; 10] = [0.08, -0.12, 1.0, 0.18, -0.1, 0.091, -0.05, 0.04, 0.03, 0.01];
/// Symbols that are sent after the one of a sample and yet reach it.
pub(crate) const AHEAD: usize = 2;
/// Symbols before it that reach it.
pub(crate) const BEHIND: usize = TAPS.len() - 1 - AHEAD;

/// The variance of what arrives without noise, over all sequences of symbols; a test adds them up.
const POWER: f64 = 4.326_858_06;

/// Ratios of signal to noise in decibel, and the standard deviation of the noise for a signal of 1: 10^(-dB / 20).
const NOISE: [(u32, f64); 6] = [
    (12, 0.251_188_643_150_958),
    (16, 0.158_489_319_246_111_35),
    (20, 0.1),
    (24, 0.063_095_734_448_019_32),
    (28, 0.039_810_717_055_349_73),
    (32, 0.025_118_864_315_095_8),
];

/// Ratios of signal to noise that there are, in decibel.
pub(crate) const DECIBELS: [u32; NOISE.len()] = {
    let mut all = [0; NOISE.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = NOISE[i].0;
        i += 1;
    }
    all
};

/// What arrives without noise, from the ten symbols that reach it, the latest first.
fn arrives(symbols: impl Iterator<Item = f64>) -> f64 {
    let q = TAPS.iter().zip(symbols).fold(0.0, |sum, (tap, symbol)| sum + tap * symbol);
    q + 0.036 * q * q - 0.011 * q * q * q
}

/// What arrives at `count` samples, and the symbols from [`BEHIND`] before the first to [`AHEAD`] after the last. All
/// ratios have the same symbols and the same noise but for its size.
///
/// # Panics
/// For a ratio that is not one of [`DECIBELS`].
pub(crate) fn channel(decibel: u32, seed: u64, count: usize) -> (Vec<f64>, Vec<f64>) {
    let stream = |name| Key::new(seed, Purpose::Task).name(name).stream();
    let (mut symbols, mut noise) = (stream("channel"), stream("channel noise"));
    let sent: Vec<f64> =
        (0..count + BEHIND + AHEAD).map(|_| 2.0 * uniform_below(&mut symbols, 4) as f64 - 3.0).collect();
    let (_, amplitude) = NOISE.into_iter().find(|(known, _)| *known == decibel).expect("a ratio of the catalogue");
    let deviation = amplitude * POWER.sqrt();
    let sample =
        |window: &[f64]| arrives(window.iter().rev().copied()) + deviation * to_f64(normal_deviate(noise.next_u64()));
    let received = sent.windows(TAPS.len()).map(sample).collect();
    (received, sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance over all 4^10 sequences of symbols.
    #[test]
    fn the_power_is_that_of_all_sequences() {
        let (mut sum, mut squares) = (0.0, 0.0);
        let all = 1u32 << (2 * TAPS.len());
        for sequence in 0..all {
            let u = arrives((0..TAPS.len()).map(|i| f64::from(2 * ((sequence >> (2 * i)) & 3)) - 3.0));
            (sum, squares) = (sum + u, squares + u * u);
        }
        let mean = sum / f64::from(all);
        let variance = squares / f64::from(all) - mean * mean;
        assert!((variance - POWER).abs() < 1e-7, "{variance}");
    }

    #[test]
    fn amplitudes_are_those_of_the_decibels() {
        for (decibel, amplitude) in NOISE {
            assert!((amplitude - 10f64.powf(-f64::from(decibel) / 20.0)).abs() < 1e-15, "{decibel}");
        }
    }
}

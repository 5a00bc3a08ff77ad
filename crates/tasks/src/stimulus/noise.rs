//! White and band-limited noise.
//!
//! Draws are integers from addressed streams, a word a sample; the filter is a finite one whose taps are made with
//! `+ - * /` in a fixed order, so that no function of the platform's mathematical library is in it.

use disorder::{Key, Purpose, normal_deviate, uniform_below};
use fx::Real;
use rand::Rng;

/// `count` multiples of 2^-32 from -1 up to, not including, 1, all equally probable.
pub(crate) fn uniform(name: &str, seed: u64, count: usize) -> Vec<Real> {
    let mut stream = Key::new(seed, Purpose::Task).name(name).stream();
    let one = Real::ONE.to_bits();
    (0..count).map(|_| Real::from_bits(uniform_below(&mut stream, 2 * one as u64) as i64 - one)).collect()
}

/// `count` times -1 or 1.
pub(crate) fn bernoulli(seed: u64, count: usize) -> Vec<Real> {
    let mut stream = Key::new(seed, Purpose::Task).name("bernoulli").stream();
    (0..count).map(|_| Real::from_integer(2 * uniform_below(&mut stream, 2) as i64 - 1)).collect()
}

/// Noise that forgets a fifth of itself a sample, in three independent channels: an Ornstein-Uhlenbeck process with a
/// time constant of five samples in Euler steps, from its stationary state; its standard deviation over all seeds is 1.
pub(crate) fn relaxing(name: &str, seed: u64, count: usize) -> [Vec<f64>; 3] {
    let channel = |index: u64| {
        let mut stream = Key::new(seed, Purpose::Task).name(name).slot(index).stream();
        let mut draw = || super::to_f64(normal_deviate(stream.next_u64()));
        let mut x = draw();
        let mut next = || {
            x = 0.8 * x + 0.6 * draw();
            x
        };
        (0..count).map(|_| next()).collect()
    };
    [channel(0), channel(1), channel(2)]
}

/// White noise through a filter that lets the frequencies between `edges` pass, in thousandths of the sampling
/// frequency; its standard deviation over all seeds is 1.
pub(crate) fn band(name: &str, edges: (u32, u32), seed: u64, count: usize) -> Vec<f64> {
    let taps = taps(edges);
    let white = uniform(name, seed, count + taps.len() - 1);
    let white: Vec<f64> = white.into_iter().map(super::to_f64).collect();
    // Independent numbers from -1 to 1 have the variance 1/3.
    let power = taps.iter().fold(0.0, |sum, tap| sum + tap * tap) / 3.0;
    let deviation = power.sqrt();
    let at = |start: usize| taps.iter().zip(&white[start..]).fold(0.0, |sum, (tap, value)| sum + tap * value);
    (0..count).map(|start| at(start) / deviation).collect()
}

/// Taps of the ideal filter between `edges` under a window of Blackman. At the edges half of the amplitude passes; a
/// quarter of the band's width beyond them less than 1/1000.
pub(crate) fn taps((low, high): (u32, u32)) -> Vec<f64> {
    // The window's main lobe is 5.5 / taps wide: a quarter of the band.
    let half = i64::from(11_000 / (high - low));
    let cosine = |turns: f64| sine(turns + 0.25);
    let length = (2 * half + 2) as f64;
    let tap = |n: i64| {
        let ideal = |edge: u32| {
            let turns = (n * i64::from(edge)).rem_euclid(1000) as f64 / 1000.0;
            if n == 0 { 2.0 * f64::from(edge) / 1000.0 } else { sine(turns) / (std::f64::consts::PI * n as f64) }
        };
        let at = n as f64 / length;
        let window = 0.42 + 0.5 * cosine(at) + 0.08 * cosine(2.0 * at);
        (ideal(high) - ideal(low)) * window
    };
    (-half..=half).map(tap).collect()
}

/// The sine of `turns` times a full turn, to some 1e-15, by its series.
pub(crate) fn sine(turns: f64) -> f64 {
    let turns = turns - (turns + 0.5).floor();
    // sin(pi - x) = sin(x): at most a quarter of a turn is left.
    let turns = if turns > 0.25 {
        0.5 - turns
    } else if turns < -0.25 {
        -0.5 - turns
    } else {
        turns
    };
    let x = 2.0 * std::f64::consts::PI * turns;
    // From the last term inwards: x (1 - x^2/(2*3) (1 - x^2/(4*5) (1 - ...))).
    let series = (1..=12).rev().fold(1.0, |inner, k| 1.0 - x * x / f64::from(2 * k * (2 * k + 1)) * inner);
    x * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_that_of_the_library() {
        for k in -3000..3000 {
            let turns = f64::from(k) / 997.0;
            assert!((sine(turns) - (2.0 * std::f64::consts::PI * turns).sin()).abs() < 2e-14, "{turns}");
        }
    }

    /// The response of each filter at frequencies in the band, at its edges and beyond.
    #[test]
    fn bands_end_where_they_say() {
        for edges in super::super::BANDS {
            let taps = taps(edges);
            let response = |frequency: f64| {
                let part = |quarter: f64| {
                    let wave = |(n, tap): (usize, &f64)| tap * sine(frequency * n as f64 + quarter);
                    taps.iter().enumerate().map(wave).sum::<f64>()
                };
                (part(0.0).powi(2) + part(0.25).powi(2)).sqrt()
            };
            let (low, high) = (f64::from(edges.0) / 1000.0, f64::from(edges.1) / 1000.0);
            let width = high - low;
            assert!((response((low + high) / 2.0) - 1.0).abs() < 1e-3, "{edges:?}");
            assert!((response(high) - 0.5).abs() < 5e-3, "{edges:?}");
            for beyond in [0.27, 0.35, 0.5, 0.9] {
                let passed = response(high + beyond * width);
                assert!(passed < 1e-3, "{edges:?}: {passed}");
                if edges.0 > 0 {
                    assert!(response(low - beyond * width) < 1e-3, "{edges:?}");
                }
            }
        }
    }
}

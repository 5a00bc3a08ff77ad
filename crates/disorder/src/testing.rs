//! What several tests share: numbers as floats, vectors, deviates, and the moments of a sample.

use crate::{Key, Purpose, normal_deviate};
use fx::Real;
use rand::Rng;
use std::vec::Vec;

/// The number in decimal text.
pub(crate) fn real(text: &str) -> Real {
    Real::from_decimal(text.parse().unwrap()).unwrap()
}

pub(crate) fn float(x: Real) -> f64 {
    x.to_bits() as f64 / 4_294_967_296.0
}

/// The standard normal distribution, by `libm`'s error function.
pub(crate) fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z / 2f64.sqrt())
}

/// Lines of `vectors.txt` about `function`, as words.
pub(crate) fn vectors(function: &str) -> Vec<Vec<&'static str>> {
    let lines = include_str!("vectors.txt").lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.filter(|words| words[0] == function).map(|words| words[1..].to_vec()).collect()
}

/// `count` independent deviates; `name` chooses the stream.
pub(crate) fn deviates(name: &str, count: usize) -> Vec<Real> {
    let mut stream = Key::new(20_261_123, Purpose::Task).name(name).stream();
    (0..count).map(|_| normal_deviate(stream.next_u64())).collect()
}

/// Mean, standard deviation and skewness.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    pub(crate) skew: f64,
}

/// The moments of values with weights that add up to 1.
pub(crate) fn moments(weighted: impl Iterator<Item = (f64, f64)> + Clone) -> Moments {
    let mean: f64 = weighted.clone().map(|(w, x)| w * x).sum();
    let central = |n| weighted.clone().map(|(w, x): (f64, f64)| w * (x - mean).powi(n)).sum::<f64>();
    let deviation = central(2).sqrt();
    Moments { mean, deviation, skew: central(3) / deviation.powi(3) }
}

/// The moments of a sample.
pub(crate) fn sample_moments(values: &[Real]) -> Moments {
    let weight = 1.0 / values.len() as f64;
    moments(values.iter().map(|x| (weight, float(*x))))
}

/// The correlation of two samples.
pub(crate) fn correlation(a: &[Real], b: &[Real]) -> f64 {
    let (ma, mb) = (sample_moments(a), sample_moments(b));
    let products = a.iter().zip(b).map(|(x, y)| (float(*x) - ma.mean) * (float(*y) - mb.mean));
    products.sum::<f64>() / a.len() as f64 / ma.deviation / mb.deviation
}

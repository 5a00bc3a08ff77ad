//! The Lorenz and the Roessler system by their Taylor series: of order 24, where the catalogue of tasks has a
//! Runge-Kutta method of order 4.

const ORDER: usize = 24;

/// The product of two series, its coefficient `k`.
fn product(a: &[f64], b: &[f64], k: usize) -> f64 {
    (0..=k).map(|i| a[i] * b[k - i]).sum()
}

/// The state a time `step` after `at`, of a system whose next coefficients follow from those before.
fn advanced(at: [f64; 3], step: f64, next: impl Fn(&[Vec<f64>; 3], usize) -> [f64; 3]) -> [f64; 3] {
    let mut series = at.map(|value| vec![value]);
    for k in 0..ORDER {
        let rates = next(&series, k);
        series.iter_mut().zip(rates).for_each(|(s, rate)| s.push(rate / (k + 1) as f64));
    }
    series.map(|s| s.iter().rev().fold(0.0, |sum, c| sum * step + c))
}

/// The Lorenz system (sigma 10, rho 28, beta 8/3) a time `step` after `at`.
pub fn lorenz(at: [f64; 3], step: f64) -> [f64; 3] {
    advanced(at, step, |[x, y, z], k| {
        [10.0 * (y[k] - x[k]), 28.0 * x[k] - product(x, z, k) - y[k], product(x, y, k) - 8.0 / 3.0 * z[k]]
    })
}

/// The Roessler system (a = b = 0.2, c = 5.7) a time `step` after `at`.
pub fn roessler(at: [f64; 3], step: f64) -> [f64; 3] {
    advanced(at, step, |[x, y, z], k| {
        let constant = if k == 0 { 0.2 } else { 0.0 };
        [-y[k] - z[k], x[k] + 0.2 * y[k], constant + product(z, x, k) - 5.7 * z[k]]
    })
}

/// First and second derivative of equally spaced samples at the middle one of nine, of order 8.
pub fn derivatives(nine: &[f64], step: f64) -> (f64, f64) {
    let odd = |k: usize| nine[4 + k] - nine[4 - k];
    let even = |k: usize| nine[4 + k] + nine[4 - k];
    let first = 4.0 / 5.0 * odd(1) - 1.0 / 5.0 * odd(2) + 4.0 / 105.0 * odd(3) - 1.0 / 280.0 * odd(4);
    let second = -205.0 / 72.0 * nine[4] + 8.0 / 5.0 * even(1) - 1.0 / 5.0 * even(2) + 8.0 / 315.0 * even(3)
        - 1.0 / 560.0 * even(4);
    (first / step, second / (step * step))
}

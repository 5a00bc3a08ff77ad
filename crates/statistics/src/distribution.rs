//! Distributions by which intervals and tests go: normal, Student's t, chi-square, F.
//!
//! Each as its upper tail and as the point that a tail belongs to; points are found by halving, until the two floats
//! beside them are neighbours.

use crate::elementary::{beta, upper_gamma};

/// The point at which `is_before` turns false, from `low` (where it holds) up to `high` (where it does not).
fn halve(mut low: f64, mut high: f64, is_before: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if is_before(middle) { low = middle } else { high = middle }
    }
}

/// The point above 0 at which `is_before` turns false, however far it is.
fn halve_beyond(is_before: impl Fn(f64) -> bool) -> f64 {
    let mut high = 1.0;
    while is_before(high) && high < 1e300 {
        high *= 2.0;
    }
    halve(0.0, high, is_before)
}

/// The probability that a standard normal deviate exceeds `z`.
pub fn normal_tail(z: f64) -> f64 {
    let half = upper_gamma(0.5, z * z / 2.0) / 2.0;
    if z >= 0.0 { half } else { 1.0 - half }
}

/// The point that a standard normal deviate exceeds with probability `tail`, which is above 0 and below 1.
pub fn normal_point(tail: f64) -> f64 {
    if tail > 0.5 { -normal_point(1.0 - tail) } else { halve_beyond(|z| normal_tail(z) > tail) }
}

/// The probability that Student's t of `freedom` degrees exceeds `t`.
pub fn student_tail(t: f64, freedom: f64) -> f64 {
    let half = beta(freedom / 2.0, 0.5, freedom / (freedom + t * t)) / 2.0;
    if t >= 0.0 { half } else { 1.0 - half }
}

/// The point that Student's t of `freedom` degrees exceeds with probability `tail`, which is above 0 and below 1.
pub fn student_point(tail: f64, freedom: f64) -> f64 {
    if tail > 0.5 { -student_point(1.0 - tail, freedom) } else { halve_beyond(|t| student_tail(t, freedom) > tail) }
}

/// The probability that chi-square of `freedom` degrees exceeds `x`.
pub fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    upper_gamma(freedom / 2.0, x / 2.0)
}

/// The point that chi-square of `freedom` degrees exceeds with probability `tail`, which is above 0 and below 1.
pub fn chi_square_point(tail: f64, freedom: f64) -> f64 {
    halve_beyond(|x| chi_square_tail(x, freedom) > tail)
}

/// The probability that F of `above` and `below` degrees exceeds `x`.
pub fn f_tail(x: f64, above: f64, below: f64) -> f64 {
    beta(below / 2.0, above / 2.0, below / (below + above * x.max(0.0)))
}

/// The point that F of `above` and `below` degrees exceeds with probability `tail`, which is above 0 and below 1.
pub fn f_point(tail: f64, above: f64, below: f64) -> f64 {
    halve_beyond(|x| f_tail(x, above, below) > tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
    }

    /// Values of `scipy.stats`: `isf` of norm, t, chi2, f.
    #[test]
    fn points_are_those_of_others() {
        assert!((normal_point(0.025) - 1.959_963_984_540_054).abs() < 1e-14);
        near(normal_point(1e-4), 3.719_016_485_455_68);
        near(normal_point(0.9), -1.281_551_565_544_600_4);
        near(student_point(0.025, 1.0), 12.706_204_736_174_7);
        near(student_point(0.025, 5.0), 2.570_581_835_636_314);
        near(student_point(0.975, 30.0), -2.042_272_456_301_237_7);
        near(chi_square_point(0.025, 4.0), 11.143_286_781_877_796);
        near(chi_square_point(0.975, 4.0), 0.484_418_557_087_930_14);
        near(chi_square_point(0.001, 1.0), 10.827_566_170_662_733);
        near(f_point(0.05, 3.0, 8.0), 4.066_180_551_351_16);
        near(f_point(0.95, 3.0, 8.0), 0.113_055_177_034_152_1);
    }

    #[test]
    fn points_and_tails_invert_each_other() {
        for tail in [1e-6, 0.01, 0.3, 0.5, 0.8, 0.999] {
            near(normal_tail(normal_point(tail)), tail);
            near(student_tail(student_point(tail, 3.0), 3.0), tail);
            near(chi_square_tail(chi_square_point(tail, 7.0), 7.0), tail);
            near(f_tail(f_point(tail, 5.0, 2.0), 5.0, 2.0), tail);
        }
        assert_eq!((normal_tail(0.0), student_tail(0.0, 4.0)), (0.5, 0.5));
    }
}

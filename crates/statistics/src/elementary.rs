//! Exponential, logarithm, gamma and beta functions in `+ - * /`, so that they are the same bits on every machine.
//!
//! It owns what the distributions need and nothing more; relative errors are about 1e-14 where tests say nothing else.

use std::f64::consts::SQRT_2;

/// The natural logarithm of 2, its upper bits: products with exponents of floats are exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What [`LN2_HIGH`] lacks.
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Half the logarithm of 2 pi.
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// Steps after which a series or fraction counts as ended; those of a million degrees of freedom need a few thousand.
const STEPS_MAX: usize = 20_000;
/// A term this small beside its sum changes nothing.
const SMALL: f64 = 1e-16;
/// Stands for 0 in a denominator of a continued fraction.
const TINY: f64 = 1e-300;

/// 2^exponent, for exponents of normal floats.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + i64::from(exponent)) as u64) << 52)
}

/// e^x; 0 below -708, infinite above 709.
pub(crate) fn exp(x: f64) -> f64 {
    if x < -708.0 {
        return 0.0;
    }
    if x > 709.0 {
        return f64::INFINITY;
    }
    let power = (x / (LN2_HIGH + LN2_LOW) + 0.5).floor();
    let rest = (x - power * LN2_HIGH) - power * LN2_LOW;
    // |rest| < 0.35: the first term that is left out is below 1e-17.
    let series = (1..=15).rev().fold(1.0, |sum, n| 1.0 + rest / f64::from(n) * sum);
    // In two steps, because 2^1024 is no float.
    let half = power as i32 / 2;
    series * power_of_two(half) * power_of_two(power as i32 - half)
}

/// The natural logarithm of a positive number.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x > 0.0, "{x} has no logarithm");
    let (x, mut power) = if x < f64::MIN_POSITIVE { (x * power_of_two(54), -54) } else { (x, 0) };
    let bits = x.to_bits();
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    power += (bits >> 52) as i32 - 1023;
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        power += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), whose argument is below 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = (0..=12).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    let power = f64::from(power);
    power * LN2_HIGH + (2.0 * s * series + power * LN2_LOW)
}

/// The logarithm of the gamma function of `x` > 0, by Stirling's series from 10 on and by recurrence below.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let (mut at, mut product) = (x, 1.0);
    while at < 10.0 {
        product *= at;
        at += 1.0;
    }
    // B_2n / (2n (2n - 1)), the last term below 1e-16 at 10.
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    let square = 1.0 / (at * at);
    let series = terms.iter().rev().fold(0.0, |sum, term| sum * square + term) / at;
    (at - 0.5) * ln(at) - at + HALF_LN_TWO_PI + series - ln(product)
}

/// The regularised upper incomplete gamma function Q(a, x), for `a` > 0 and `x` >= 0: series below a + 1, continued
/// fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31).
pub(crate) fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = exp(a * ln(x) - x - ln_gamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..STEPS_MAX {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * SMALL {
                break;
            }
        }
        return (1.0 - front * sum).max(0.0);
    }
    let mut fraction = Fraction::new(x + 1.0 - a);
    for n in 1..STEPS_MAX {
        let n = n as f64;
        if fraction.extend(-n * (n - a), x + 2.0 * n + 1.0 - a) {
            break;
        }
    }
    front / fraction.value
}

/// The regularised incomplete beta function I_x(a, b), for `a`, `b` > 0 and `x` from 0 to 1 (continued fraction of
/// Abramowitz and Stegun 26.5.8).
pub(crate) fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_below(b, a, 1.0 - x, x);
    }
    beta_below(a, b, x, 1.0 - x)
}

/// [`beta`] where its fraction converges fast; `y` is 1 - x.
fn beta_below(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let front = exp(a * ln(x) + b * ln(y) + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)) / a;
    let mut fraction = Fraction::new(1.0);
    for n in 0..STEPS_MAX {
        let n = n as f64;
        let odd = -(a + n) * (a + b + n) * x / ((a + 2.0 * n) * (a + 2.0 * n + 1.0));
        fraction.extend(odd, 1.0);
        let m = n + 1.0;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        if fraction.extend(even, 1.0) {
            break;
        }
    }
    front / fraction.value
}

/// A continued fraction b0 + a1 / (b1 + a2 / (b2 + ...)), evaluated forwards (Lentz, Applied Optics 15, 1976).
struct Fraction {
    value: f64,
    above: f64,
    below: f64,
}

impl Fraction {
    fn new(first: f64) -> Self {
        let value = if first == 0.0 { TINY } else { first };
        Self { value, above: value, below: 0.0 }
    }

    /// Adds a / (b + ...); true if that changed nothing.
    fn extend(&mut self, a: f64, b: f64) -> bool {
        let or_tiny = |x: f64| if x.abs() < TINY { TINY } else { x };
        self.below = 1.0 / or_tiny(b + a * self.below);
        self.above = or_tiny(b + a / self.above);
        let factor = self.above * self.below;
        self.value *= factor;
        (factor - 1.0).abs() < SMALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn exponential_and_logarithm_are_those_of_the_machine() {
        for i in -7000..=7000 {
            let x = f64::from(i) / 10.0;
            near(exp(x), x.exp(), 4e-15);
        }
        for x in [5e-324, 1e-310, 1e-5, 0.5, 0.999_999, 1.0, 1.000_001, 1.5, 2.0, 10.0, 1e300] {
            near(ln(x), x.ln(), 4e-15);
        }
        assert_eq!((exp(0.0), ln(1.0), exp(-800.0), exp(800.0)), (1.0, 0.0, 0.0, f64::INFINITY));
    }

    /// Values of `scipy.special`: gammaln, gammaincc, betainc.
    #[test]
    fn special_functions_are_those_of_others() {
        near(ln_gamma(0.5), 0.572_364_942_924_700_1, 1e-14);
        near(ln_gamma(100.0), 359.134_205_369_575_4, 1e-15);
        assert!(ln_gamma(1.0).abs() < 1e-14 && ln_gamma(2.0).abs() < 1e-14);
        near(upper_gamma(0.5, 2.0), 0.045_500_263_896_358_42, 1e-13);
        near(upper_gamma(3.0, 1.0), 0.919_698_602_928_605_8, 1e-14);
        near(upper_gamma(5.0, 2.0), (-2.0f64).exp() * 7.0, 1e-14);
        near(beta(2.0, 3.0, 0.4), 0.5248, 1e-14);
        near(beta(0.5, 0.5, 0.25), 1.0 / 3.0, 1e-13);
        assert_eq!((beta(2.0, 2.0, -1.0), beta(2.0, 2.0, 2.0), upper_gamma(2.0, 0.0)), (0.0, 1.0, 1.0));
    }

    /// Tails of hundred thousands of degrees of freedom, where series are long.
    #[test]
    fn long_series_end() {
        near(beta(50_000.0, 50_000.0, 0.5), 0.5, 1e-9);
        let middle = upper_gamma(100_000.0, 100_000.0);
        assert!((0.499..0.5).contains(&middle), "{middle}");
    }
}

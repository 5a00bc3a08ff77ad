//! Families against theory: quantiles, moments, truncation, and the first draws as text.

use super::*;
use crate::testing::{Moments, deviates, float, moments, phi, real, sample_moments, vectors};
use proptest::prelude::*;
use statrs::distribution::{ContinuousCDF, Gamma};
use std::string::{String, ToString};
use std::vec::Vec;

fn distribution(family: Family, cv: &str) -> Distribution {
    Distribution::new(family, real(cv), None).unwrap()
}

fn truncated(family: Family, cv: &str, low: &str, high: &str) -> Distribution {
    Distribution::new(family, real(cv), Some((real(low), real(high)))).unwrap()
}

/// Skewness of a family by theory.
fn skew(family: Family, cv: f64) -> f64 {
    match family {
        Family::LogNormal => (3.0 + cv * cv) * cv,
        Family::MirroredLogNormal => -(3.0 + cv * cv) * cv,
        Family::Gamma => 2.0 * cv,
        Family::Normal | Family::Uniform | Family::TwoPoint => 0.0,
    }
}

/// Moments over the normal density by the trapezoid rule, which for smooth functions converges faster than any power of
/// its step.
#[test]
fn moments_by_quadrature_are_those_of_theory() {
    for (family, cv) in Family::ALL.iter().flat_map(|f| ["0.01", "0.02", "0.2", "0.5", "1", "1.5"].map(|cv| (*f, cv))) {
        let d = distribution(family, cv);
        // Points on both sides of 0, none on it: it would belong to one of two points only.
        let points = (-192..192).map(|i| Real::from_ratio(2 * i + 1, 32)).map(|z| ((-float(z).powi(2) / 2.0).exp(), z));
        let points: Vec<(f64, Real)> = points.collect();
        let total: f64 = points.iter().map(|(w, _)| w).sum();
        let values: Vec<(f64, f64)> = points.iter().map(|(w, z)| (w / total, float(d.factor(*z)))).collect();
        let Moments { mean, deviation, skew: found } = moments(values.iter().copied());
        let cv = float(real(cv));
        assert!((mean - 1.0).abs() < 1e-8, "{family} {cv}: mean {mean}");
        assert!((deviation / cv - 1.0).abs() < 1e-7, "{family} {cv}: CV {deviation}");
        assert!((found - skew(family, cv)).abs() < 1e-6 * (1.0 + found.abs()), "{family} {cv}: skew {found}");
    }
}

#[test]
fn moments_of_samples() {
    let z = deviates("families", 100_000);
    for (family, cv) in Family::ALL.iter().flat_map(|f| ["0.05", "0.2", "0.5"].map(|cv| (*f, cv))) {
        let d = distribution(family, cv);
        let found = sample_moments(&z.iter().map(|z| d.factor(*z)).collect::<Vec<_>>());
        let cv = float(real(cv));
        // Three standard errors of the mean, and about as many of the CV and the skewness.
        assert!((found.mean - 1.0).abs() < 0.0095 * cv, "{family} {cv}: {found:?}");
        assert!((found.deviation / cv - 1.0).abs() < 0.015, "{family} {cv}: {found:?}");
        assert!((found.skew - skew(family, cv)).abs() < 0.03 + 0.06 * cv, "{family} {cv}: {found:?}");
    }
}

#[test]
fn gamma_quantiles_are_within_their_error() {
    let mut checked = 0;
    for line in vectors("gamma") {
        let z = Real::from_bits(line[1].parse().unwrap());
        let expected: i64 = line[2].parse().unwrap();
        let found = distribution(Family::Gamma, line[0]).factor(z).to_bits();
        let allowed = 0.501 + 1e-8 * expected as f64;
        assert!(((found - expected).abs() as f64) < allowed + 0.5, "CV {} at {z}: {found}, not {expected}", line[0]);
        checked += 1;
    }
    assert_eq!(checked, 99);
}

#[test]
fn gamma_quantiles_agree_with_statrs() {
    for cv in ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "1.5", "4"] {
        let d = distribution(Family::Gamma, cv);
        let shape = float(real(cv)).powi(-2);
        let gamma = Gamma::new(shape, shape).unwrap();
        for i in -100..=100 {
            let z = Real::from_ratio(i, 20);
            // Truth lies within the stated error of the factor: half a last place and 1e-8 (2e-8 for CV 4) of it.
            let x = float(d.factor(z));
            let error = if cv == "4" { 2e-8 } else { 1e-8 } * x + 1.2e-10;
            let (low, high) = (gamma.cdf((x - error).max(0.0)) - 1e-11, gamma.cdf(x + error) + 1e-11);
            let p = phi(float(z));
            assert!(low <= p && p <= high, "CV {cv} at {z}: {p} is not from {low} to {high}");
        }
    }
}

/// Closed forms in floats, over all families that have one.
#[test]
fn factors_equal_closed_forms() {
    for cv_text in ["0.001", "0.2", "0.5", "1.5"] {
        let cv = float(real(cv_text));
        let s = (cv * cv).ln_1p().sqrt();
        let log_normal = |z: f64| (s * z - s * s / 2.0).exp();
        for i in -240..=240 {
            let z = Real::from_ratio(i, 40);
            let x = float(z);
            for (family, expected) in [
                (Family::Normal, 1.0 + cv * x),
                (Family::LogNormal, log_normal(x)),
                (Family::Uniform, 1.0 + cv * 3f64.sqrt() * (2.0 * phi(x) - 1.0)),
                (Family::MirroredLogNormal, 2.0 - log_normal(-x)),
                (Family::TwoPoint, if i < 0 { 1.0 - cv } else { 1.0 + cv }),
            ] {
                let found = float(distribution(family, cv_text).factor(z));
                assert!(
                    (found - expected).abs() < 1.3e-10 + 1e-14 * expected.abs(),
                    "{family} {cv} at {z}: {found}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn without_variation_every_factor_is_one() {
    for family in Family::ALL {
        for d in [distribution(family, "0"), truncated(family, "0", "0.5", "2")] {
            for z in [Real::MIN, real("-3.7"), Real::ZERO, real("0.1"), Real::MAX] {
                assert_eq!(d.factor(z), Real::ONE, "{family}");
            }
            assert_eq!(d.support(), (Real::ONE, Real::ONE));
        }
    }
}

/// The conditional distribution: if F is that of the family, a truncated factor x at z has
/// (F(x) - F(low)) / (F(high) - F(low)) = Phi(z).
#[test]
fn truncation_is_conditional() {
    let s = 1.25f64.ln().sqrt();
    let gamma = Gamma::new(4.0, 4.0).unwrap();
    let cases: [(Family, &dyn Fn(f64) -> f64); 5] = [
        (Family::Normal, &|x| phi((x - 1.0) / 0.5)),
        (Family::LogNormal, &|x| phi(x.ln() / s + s / 2.0)),
        (Family::MirroredLogNormal, &|x| 1.0 - phi((2.0 - x).ln() / s + s / 2.0)),
        (Family::Gamma, &|x| gamma.cdf(x)),
        (Family::Uniform, &|x| (x - 1.0) / (2.0 * 0.5 * 3f64.sqrt()) + 0.5),
    ];
    for (family, cdf) in cases {
        for (low, high) in [("0.5", "1.75"), ("0.999", "1.001"), ("1.2", "1.5"), ("0.25", "0.6")] {
            let d = truncated(family, "0.5", low, high);
            let (a, b) = (cdf(float(real(low))), cdf(float(real(high))));
            for i in -60..=60 {
                let z = Real::from_ratio(i, 10);
                let x = d.factor(z);
                assert!(real(low) <= x && x <= real(high), "{family} from {low} to {high} at {z}: {x}");
                let p = (cdf(float(x)) - a) / (b - a);
                assert!((p - phi(float(z))).abs() < 1e-8 / (b - a), "{family} from {low} to {high} at {z}: {p}");
            }
        }
    }
}

#[test]
fn nothing_piles_up_at_the_ends() {
    let d = truncated(Family::Normal, "0.5", "0.5", "1.5");
    let (low, high) = (real("0.5"), real("1.5"));
    let x: Vec<Real> = deviates("truncation", 100_000).iter().map(|z| d.factor(*z)).collect();
    assert!(x.iter().all(|x| low < *x && *x < high));
    // A normal distribution cut at one standard deviation has a standard deviation of 0.5398 of its own.
    let found = sample_moments(&x);
    assert!((found.mean - 1.0).abs() < 0.004 && (found.deviation - 0.26990).abs() < 0.002, "{found:?}");
}

#[test]
fn a_truncation_that_cuts_nothing_changes_little() {
    for family in Family::ALL {
        let (free, cut) = (distribution(family, "0.2"), truncated(family, "0.2", "-100", "100"));
        for i in -60..=60 {
            let z = Real::from_ratio(i, 10);
            let off = free.factor(z).to_bits() - cut.factor(z).to_bits();
            assert!(off.abs() <= 2, "{family} at {z}: {off}");
        }
    }
}

#[test]
fn one_of_two_points_can_be_cut_off() {
    for (low, high, left) in [("0.5", "0.95", "0.9"), ("1", "2", "1.1")] {
        let d = truncated(Family::TwoPoint, "0.1", low, high);
        for z in [real("-9"), real("-1"), Real::ZERO, real("1"), real("9")] {
            assert_eq!(d.factor(z), real(left));
        }
    }
    assert!(Distribution::new(Family::TwoPoint, real("0.1"), Some((real("0.95"), real("1.05")))).is_err());
}

#[test]
fn far_tails_can_be_kept() {
    // Five to six standard deviations above the mean: 2.9e-7 of the probability.
    let d = truncated(Family::Normal, "0.1", "1.5", "1.6");
    let (a, b) = (phi(-5.0), phi(-6.0));
    for i in -30..=30 {
        let z = Real::from_ratio(i, 10);
        let tail = phi(-(float(d.factor(z)) - 1.0) * 10.0);
        assert!(((a - tail) / (a - b) - phi(float(z))).abs() < 1e-6, "at {z}");
    }
}

#[test]
fn wrong_descriptions_are_refused() {
    let error = |family, cv, truncation: Option<(&str, &str)>| {
        let truncation = truncation.map(|(low, high)| (real(low), real(high)));
        Distribution::new(family, real(cv), truncation).unwrap_err().to_string()
    };
    assert_eq!(
        error(Family::Normal, "-1", None),
        "a coefficient of variation is a standard deviation over a mean and cannot be negative, but this is -1"
    );
    assert_eq!(
        error(Family::Gamma, "20", None),
        "coefficients of variation up to 4 are supported, but this is 20; was a percentage meant?"
    );
    for (low, high) in [("2", "0.5"), ("1", "1")] {
        assert_eq!(
            error(Family::LogNormal, "0.2", Some((low, high))),
            std::format!("a truncation goes from a lower to a higher factor, but this one goes from {low} to {high}")
        );
    }
    assert_eq!(
        error(Family::Uniform, "0.25", Some(("2", "3"))),
        "practically no uniform factor with mean 1 and CV 0.25 lies between 2 and 3; widen the truncation"
    );
    for (family, low, high) in [
        (Family::Normal, "3", "4"),
        (Family::LogNormal, "-2", "0"),
        (Family::Gamma, "-2", "-1"),
        (Family::MirroredLogNormal, "2", "3"),
        (Family::Normal, "-4", "-1"),
    ] {
        assert!(error(family, "0.2", Some((low, high))).starts_with("practically no"), "{family}");
    }
    assert!(error(Family::Normal, "0", Some(("1.5", "2"))).starts_with("practically no"));
}

/// The first factors of each family. If this text changes, every die of that family changes.
#[test]
fn first_factors_of_every_family() {
    let z = deviates("first draws", 4);
    let mut text = String::new();
    for family in Family::ALL {
        for d in [distribution(family, "0.2"), truncated(family, "0.2", "0.7", "1.5")] {
            let factors: Vec<String> = z.iter().map(|z| std::format!("{:x}", d.factor(*z).to_bits())).collect();
            text += &std::format!("{family}: {}\n", factors.join(" "));
        }
    }
    assert_eq!(
        text,
        "\
normal: 10a546ae7 f5c2b1c4 fd54e7d5 10305cb8e
normal: 10d8e6375 fa72e0b8 1016a93fe 106b53db4
log-normal: 1054300cf f147d718 f873795d fdfb15e3
log-normal: 106836016 f39aa952 fa5e7cc0 ff9b0d7e
gamma: 106fbbde5 f29235ef f9f4e33d ff9b18b8
gamma: 10900e2bd f5ca93d2 fcb4cf71 1020701d9
uniform: 10e2de1a4 f1f16bc0 fc50681d 1042cbef5
uniform: 1132b7e5e f8d33f87 102806235 109d5ebf4
mirrored-log-normal: 10ecdb9d4 fad45951 1025df53c 107e3a175
mirrored-log-normal: 112c00b7d 1009c5426 1075d4809 10c62e537
two-point: 133333333 cccccccd cccccccd 133333333
two-point: 133333333 cccccccd cccccccd 133333333
"
    );
}

fn any_distribution() -> impl Strategy<Value = Distribution> {
    let cv = prop_oneof![0i64..1 << 33, Just(1), Just(1 << 25), (1 << 25) - 5i64..1 << 25, 0i64..=4 << 32];
    let ends = prop::option::of((0i64..1 << 32, 1i64 << 32..8 << 32));
    (0..Family::ALL.len(), cv, ends).prop_filter_map("no mass", |(family, cv, ends)| {
        let ends = ends.map(|(low, high)| (Real::from_bits(low), Real::from_bits(high)));
        Distribution::new(Family::ALL[family], Real::from_bits(cv), ends).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For every description and deviate, also far outside: no panic, in order, within the support and the truncation.
    #[test]
    fn factors_never_decrease(d in any_distribution(), starts in prop::collection::vec((any::<i64>(), 0u32..40, 0i64..1 << 33), 32)) {
        let (low, high) = d.support();
        for (start, cut, step) in starts {
            let (a, b) = (Real::from_bits(start >> cut), Real::from_bits((start >> cut).saturating_add(step)));
            prop_assert!(d.factor(a) <= d.factor(b), "{:?}: {a}, {b}", d.family());
            if a.abs() <= Real::from_integer(9) {
                prop_assert!(low <= d.factor(a) && d.factor(a) <= high);
            }
        }
    }
}

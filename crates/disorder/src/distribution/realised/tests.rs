//! Realised distributions against densities that were integrated elsewhere, and their refusals.

use super::*;
use crate::testing::{deviates, float, real};
use std::string::{String, ToString};

/// Each line: family, CV, truncation, centre; mean, CV and skewness; factors at deviates from -2 to 2. They come from
/// adaptive quadrature of the truncated density over the factor and a root finder for family CV and scale, in 64-bit
/// floats, which has nothing in common with the search here.
const VECTORS: &str = include_str!("vectors.txt");

fn realised(
    family: Family,
    cv: &str,
    (low, high): (&str, &str),
    centre: Centre,
) -> Result<Distribution, DisorderError> {
    Distribution::realised(family, real(cv), Some((real(low), real(high))), centre)
}

#[test]
fn what_is_asked_for_is_what_is_left() {
    let mut checked = 0;
    for line in VECTORS.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let family = Family::ALL.into_iter().find(|family| family.name() == words[0]).unwrap();
        let centre = Centre::ALL.into_iter().find(|centre| centre.name() == words[4]).unwrap();
        let d = realised(family, words[1], (words[2], words[3]), centre).unwrap();
        let expected: Vec<f64> = words[5..].iter().map(|word| word.parse().unwrap()).collect();
        let found = d.moments();
        let of = [found.mean, found.cv().unwrap(), found.skew].map(float);
        for (what, found, expected, error) in
            [("mean", of[0], expected[0], 1e-6), ("CV", of[1], expected[1], 1e-6), ("skew", of[2], expected[2], 1e-5)]
        {
            assert!((found - expected).abs() < error, "{line}: {what} {found}");
        }
        for (i, expected) in expected[3..].iter().enumerate() {
            let z = Real::from_integer(i as i64 - 2);
            let found = float(d.factor(z));
            assert!((found - expected).abs() < 1e-5, "{line}: {found} at {z}");
        }
        checked += 1;
    }
    assert_eq!(checked, 43);
}

/// Families that are not cut, and truncations that cut nothing.
#[test]
fn without_a_cut_nothing_changes() {
    let z = deviates("realised", 50);
    for family in Family::ALL {
        for (cv, truncation) in [("0", Some(("0.1", "3"))), ("0.05", Some(("0.1", "3"))), ("0.5", None)] {
            let ends = truncation.map(|(low, high)| (real(low), real(high)));
            let found = Distribution::realised(family, real(cv), ends, Centre::Mean).unwrap();
            let plain = Distribution::new(family, real(cv), None).unwrap();
            for z in &z {
                assert!((float(found.factor(*z)) - float(plain.factor(*z))).abs() < 1e-6, "{family} {cv} at {z}");
            }
        }
    }
    // Without a cut there is always a scale for the median.
    for family in Family::ALL {
        let d = Distribution::realised(family, real("0.8"), None, Centre::Median).unwrap();
        let median = if family == Family::TwoPoint {
            (float(d.factor(real("-1"))) + float(d.factor(real("1")))) / 2.0
        } else {
            float(d.factor(Real::ZERO))
        };
        let cv = float(d.moments().cv().unwrap());
        assert!((median - 1.0).abs() < 1e-6 && (cv - 0.8).abs() < 1e-6, "{family}: {median}, {cv}");
    }
}

/// Moments of plain distributions against the table of science of the truncation of `dynapse2`: mean and CV of the
/// families at CV 1, cut at 0.1 and 3, which is what this module is for.
#[test]
fn a_plain_truncation_is_far_from_what_was_asked_for() {
    for (family, mean, cv) in [
        (Family::Normal, 1.26, 0.55),
        (Family::LogNormal, 0.86, 0.71),
        (Family::Gamma, 0.93, 0.75),
        (Family::Uniform, 1.41, 0.54),
        (Family::MirroredLogNormal, 1.28, 0.34),
        (Family::TwoPoint, 2.0, 0.0),
    ] {
        let d = Distribution::new(family, real("1"), Some((real("0.1"), real("3")))).unwrap();
        let found = d.moments();
        let (found_mean, found_cv) = (float(found.mean), float(found.cv().unwrap()));
        assert!((found_mean - mean).abs() < 0.01 && (found_cv - cv).abs() < 0.01, "{family}: {found:?}");
    }
}

#[test]
fn one_die_is_stretched() {
    let z = deviates("stretched", 200);
    let mut order: Vec<usize> = (0..z.len()).collect();
    order.sort_by_key(|i| z[*i]);
    for family in [Family::Normal, Family::LogNormal, Family::Gamma, Family::MirroredLogNormal, Family::Uniform] {
        for cv in ["0.2", "0.45"] {
            let d = realised(family, cv, ("0.1", "3"), Centre::Mean).unwrap();
            let factors: Vec<Real> = order.iter().map(|i| d.factor(z[*i])).collect();
            assert!(factors.is_sorted(), "{family} {cv}");
            assert!(factors.iter().all(|x| real("0.1") <= *x && *x <= real("3")), "{family} {cv}");
        }
    }
}

#[test]
fn what_cannot_be_had_is_refused_with_the_most() {
    let error = |family, cv, ends, centre| realised(family, cv, ends, centre).unwrap_err().to_string();
    assert_eq!(
        error(Family::Normal, "1", ("0.1", "3"), Centre::Mean),
        "normal factors between 0.1 and 3 with mean 1 have a CV of at most 0.641, but 1 is asked for; ask for less, \
         widen the truncation, or choose another family"
    );
    for (family, centre, most) in [
        (Family::Normal, Centre::Median, "0.628"),
        (Family::LogNormal, Centre::Mean, "0.773"),
        (Family::LogNormal, Centre::Median, "0.684"),
        (Family::Gamma, Centre::Mean, "0.816"),
        (Family::MirroredLogNormal, Centre::Mean, "0.509"),
        (Family::MirroredLogNormal, Centre::Median, "0.51"),
        (Family::Uniform, Centre::Mean, "0.519"),
        (Family::TwoPoint, Centre::Mean, "0.9"),
        (Family::TwoPoint, Centre::Median, "0.9"),
    ] {
        let text = error(family, "1", ("0.1", "3"), centre);
        assert!(text.contains(&std::format!(" at most {most},")), "{family} {centre}: {text}");
        // The most can be had.
        assert!(realised(family, most, ("0.1", "3"), centre).is_ok(), "{family} {centre}");
    }
    // Two points keep both.
    assert!(realised(Family::TwoPoint, "0.4", ("0.7", "3"), Centre::Mean).is_err());
    assert!(realised(Family::TwoPoint, "0.3", ("0.7", "1.3"), Centre::Mean).is_ok());
    // A truncation without 1 in it.
    for family in Family::ALL {
        let text = error(family, "0.1", ("1.2", "3"), Centre::Mean);
        assert!(text.contains(" at most 0,"), "{text}");
    }
    assert!(error(Family::Normal, "0.1", ("2", "1"), Centre::Mean).starts_with("a truncation goes"));
    assert!(error(Family::Normal, "-1", ("0", "1"), Centre::Mean).starts_with("a coefficient"));
    assert!(error(Family::Gamma, "5", ("0", "1"), Centre::Mean).starts_with("coefficients"));
}

/// If this text changes, every die with realised moments changes.
#[test]
fn first_factors() {
    let z = deviates("first draws", 3);
    let mut text = String::new();
    for family in Family::ALL {
        let d = realised(family, "0.4", ("0.1", "3"), Centre::Mean).unwrap();
        let factors: Vec<String> = z.iter().map(|z| std::format!("{:x}", d.factor(*z).to_bits())).collect();
        text += &std::format!("{family}: {}\n", factors.join(" "));
    }
    assert_eq!(
        text,
        "\
normal: 112f3507b e86fb3b7 f809efa3
log-normal: 101308c7f dbb135a1 e8d0af07
gamma: 1072352e2 df22e8c2 ed5911c7
uniform: 11c5bc347 e3e2d780 f8a0d039
mirrored-log-normal: 121e789e5 f30999cd 104fc0958
two-point: 166666666 9999999a 9999999a
"
    );
}

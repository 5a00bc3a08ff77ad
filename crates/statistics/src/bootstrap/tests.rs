//! Coverage on synthetic data, closed forms, and what is refused.

use super::*;
use crate::draw::{key_of_seed, normal};
use crate::elementary::exp;

/// `networks` networks of `dies` dies around `centre`, standard deviations 1 between networks and `within` between
/// dies.
fn nested(seed: u64, networks: u64, dies: u64, within: f64, centre: f64) -> Tree<f64> {
    let mut stream = key_of_seed("nested", seed).stream();
    let mut rows = Vec::new();
    for network in 0..networks {
        let shift = centre + normal(&mut stream);
        rows.extend((0..dies).map(|die| ([network, die], shift + within * normal(&mut stream))));
    }
    Tree::from_rows(&rows).unwrap()
}

/// How many of `count` intervals hold `truth`.
fn coverage(count: u64, truth: f64, interval_of: impl Fn(u64) -> Estimate) -> f64 {
    (0..count).filter(|seed| interval_of(*seed).holds(truth)).count() as f64 / count as f64
}

/// 300 data sets: a standard error is 1.3 %, and 0.90 to 0.99 four of them below and three above 0.95.
#[test]
fn intervals_of_a_mean_cover_it() {
    for networks in [3, 6, 10] {
        let found = coverage(300, 0.5, |seed| mean(&nested(seed, networks, 3, 1.0, 0.5), "networks", 0.95).unwrap());
        assert!((0.90..=0.99).contains(&found), "{networks} networks: {found}");
    }
}

/// Trials of few networks are no more networks: an interval over all of them as if they were would be far too narrow.
#[test]
fn many_dies_do_not_stand_for_networks() {
    let truth = |seed| nested(seed, 6, 10, 0.1, 0.0);
    let nested_coverage = coverage(200, 0.0, |seed| mean(&truth(seed), "networks", 0.95).unwrap());
    let pooled = |seed| mean(&Tree::flat(&truth(seed).leaves()).unwrap(), "dies", 0.95).unwrap();
    let pooled_coverage = coverage(60, 0.0, pooled);
    assert!(nested_coverage > 0.90 && pooled_coverage < 0.65, "{nested_coverage} {pooled_coverage}");
}

#[test]
fn intervals_of_a_ratio_and_of_a_skewed_mean_cover_them() {
    let pairs = |seed| {
        let mut stream = key_of_seed("pairs", seed).stream();
        let pair = |_| {
            let below = 10.0 + normal(&mut stream);
            (2.0 * below + normal(&mut stream), below)
        };
        Tree::flat(&(0..8).map(pair).collect::<Vec<_>>()).unwrap()
    };
    let found = coverage(200, 2.0, |seed| ratio(&pairs(seed), "dies", 0.95).unwrap());
    assert!((0.89..=0.99).contains(&found), "ratio: {found}");
    // Log-normal of CV 0.53, mean 1: the interval leans to the long side, and still misses a little more often.
    let skewed = |seed| nested(seed, 10, 1, 0.0, 0.0).map(|z| exp(0.5 * z - 0.125));
    let found = coverage(200, 1.0, |seed| mean(&skewed(seed), "dies", 0.95).unwrap());
    assert!((0.87..=0.99).contains(&found), "skewed: {found}");
    let one = mean(&skewed(1), "dies", 0.95).unwrap();
    assert!(one.high - one.value > one.value - one.low, "{one}");
}

#[test]
fn intervals_of_a_quantile_cover_it() {
    // A tenth of all deviates lies below -1.2816; with nested ones, below -1.2816 sqrt(2).
    let flat = |seed| Tree::flat(&nested(seed, 40, 1, 0.0, 0.0).leaves()).unwrap();
    let found = coverage(200, -1.2816, |seed| quantile(&flat(seed), 0.1, "dies", 0.95).unwrap());
    assert!((0.91..=1.0).contains(&found), "flat: {found}");
    let of = |seed| quantile(&nested(seed, 20, 6, 1.0, 0.0), 0.1, "networks", 0.95).unwrap();
    let found = coverage(40, -1.8124, of);
    assert!((0.8..=1.0).contains(&found), "nested: {found}");
}

#[test]
fn few_units_go_by_students_t() {
    let tree = Tree::from_rows(&[([0, 0], 1.0), ([0, 1], 3.0), ([1, 0], 4.0)]).unwrap();
    let of = mean(&tree, "networks", 0.95).unwrap();
    // Units of means 2 and 4: mean 3, standard error 1, t 12.706. The unit with two parts does not count twice.
    assert_eq!((of.value, of.n, of.method), (3.0, 2, Method::Student));
    assert!((of.high - 15.706_204_736_174_7).abs() < 1e-8 && (of.low + 9.706_204_736_174_7).abs() < 1e-8, "{of}");
    let pairs = Tree::flat(&[(0.5, 0.25), (0.75, 0.5)]).unwrap();
    let of = paired_difference(&pairs, "networks", 0.95).unwrap();
    assert_eq!((of.value, of.low, of.high), (0.25, 0.25, 0.25));
    assert_eq!(of.to_string(), "0.25 (95 %: 0.25 to 0.25, n = 2 networks)");
}

/// The bits of an interval are the same wherever it is computed, and whatever order rows come in.
#[test]
fn an_interval_is_the_same_bits_everywhere() {
    let rows: Vec<_> = (0..24u64).map(|i| ([i / 4, i % 4], (i * i % 17) as f64 / 8.0)).collect();
    let of = mean(&Tree::from_rows(&rows).unwrap(), "networks", 0.95).unwrap();
    let turned: Vec<_> = rows.iter().rev().copied().collect();
    assert_eq!(mean(&Tree::from_rows(&turned).unwrap(), "networks", 0.95).unwrap(), of);
    assert_eq!(of.method, Method::Studentised);
    assert_eq!((of.low.to_bits(), of.high.to_bits()), (4_597_302_758_595_445_016, 4_609_071_941_212_261_070));
}

#[test]
fn what_says_nothing_is_refused() {
    let flat = |values: &[f64]| Tree::flat(values).unwrap();
    let few = mean(&flat(&[1.0]), "networks", 0.95).unwrap_err();
    assert_eq!(few.to_string(), "top-level units: 1 given, and at least 2 are needed");
    assert!(matches!(mean(&flat(&[1.0, f64::NAN]), "", 0.95), Err(StatisticsError::NotFinite { index: 1, .. })));
    for level in [0.0, 1.0, f64::NAN] {
        assert!(matches!(mean(&flat(&[1.0, 2.0]), "", level), Err(StatisticsError::Range { .. })));
    }
    assert!(matches!(mean(&flat(&[1e308, -1e308]), "", 0.95), Err(StatisticsError::NotFinite { .. })));
    let around_0 = Tree::flat(&[(1.0, 0.5), (1.0, -0.4)]).unwrap();
    assert!(matches!(ratio(&around_0, "", 0.95), Err(StatisticsError::Denominator { .. })));
    // 1999 resamples have no tail of 0.01 %: t has one, percentiles have none.
    assert_eq!(mean(&nested(0, 8, 2, 1.0, 0.0), "networks", 0.9998).unwrap().method, Method::Student);
    assert!(quantile(&nested(0, 8, 2, 1.0, 0.0), 0.5, "networks", 0.9998).is_err());
    // The fifth percentile of 20 values has no lower bound among them; 72 have one.
    let twenty: Vec<f64> = (0..20).map(f64::from).collect();
    let error = quantile(&flat(&twenty), 0.05, "dies", 0.95).unwrap_err();
    assert!(matches!(error, StatisticsError::TooFew { found: 20, needed: 72, .. }), "{error}");
    let ends = quantile(&flat(&twenty), 0.5, "dies", 0.95).unwrap();
    assert_eq!((ends.value, ends.low, ends.high), (9.0, 5.0, 14.0));
    // Of 72 values, the lowest is the lower bound, and the upper one that of rank 9.
    let many: Vec<f64> = (1..=72).map(f64::from).collect();
    let of = quantile(&flat(&many), 0.05, "dies", 0.95).unwrap();
    assert_eq!((of.value, of.low, of.high), (4.0, 1.0, 9.0));
    assert!(quantile(&nested(0, 3, 4, 1.0, 0.0), 0.5, "networks", 0.95).is_err());
}

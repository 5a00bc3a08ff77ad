//! Intervals of a share: of samples that are right, of dies that pass.
//!
//! It owns the two intervals and their sums; which share is meant, and of what, is the caller's.

use crate::distribution::normal_point;

/// Halvings by which the bounds of a share are found: more than a float has bits below 1.
const HALVINGS: u32 = 60;

/// The interval of Wilson (J. Am. Stat. Assoc. 22, 1927) of a share of which `hits` of `count` were seen, at a `level`
/// such as 0.95; from 0 to 1 if nothing was.
pub fn wilson(hits: usize, count: usize, level: f64) -> (f64, f64) {
    if count == 0 {
        return (0.0, 1.0);
    }
    let z = normal_point((1.0 - level) / 2.0);
    let (n, z2) = (count as f64, z * z);
    let p = hits as f64 / n;
    let (centre, scale) = (p + z2 / (2.0 * n), 1.0 + z2 / n);
    let half = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // Rounding must not put a bound beside a share that was seen for certain.
    let low = if hits == 0 { 0.0 } else { (centre - half) / scale };
    let high = if hits == count { 1.0 } else { (centre + half) / scale };
    (low, high)
}

/// The exact interval of Clopper and Pearson (Biometrika 26, 1934) of a share of which `hits` of `count` were seen, at
/// a `level` such as 0.95; from 0 to 1 if nothing was.
pub fn clopper_pearson(hits: usize, count: usize, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    let low = if hits == 0 { 0.0 } else { share(|p| at_least(hits, count, p) < tail) };
    let high = if hits >= count { 1.0 } else { share(|p| 1.0 - at_least(hits + 1, count, p) > tail) };
    (low, high)
}

/// The share up to which `is_below` holds.
fn share(is_below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if is_below(middle) { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability of `hits` or more of `count` if each has the probability `p`, which is within 0 and 1.
///
/// Terms are relative to the largest one, which neither underflows nor needs powers.
pub(crate) fn at_least(hits: usize, count: usize, p: f64) -> f64 {
    let mode = (((count + 1) as f64 * p) as usize).min(count);
    let odds = p / (1.0 - p);
    let (mut all, mut reached) = (0.0, 0.0);
    let mut add = |index: usize, term: f64| {
        all += term;
        if index >= hits {
            reached += term;
        }
    };
    let mut term = 1.0;
    for index in mode..=count {
        add(index, term);
        term *= (count - index) as f64 / (index + 1) as f64 * odds;
        if term < f64::MIN_POSITIVE {
            break;
        }
    }
    term = 1.0;
    for index in (0..mode).rev() {
        term *= (index + 1) as f64 / (count - index) as f64 / odds;
        if term < f64::MIN_POSITIVE {
            break;
        }
        add(index, term);
    }
    reached / all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close((low, high): (f64, f64), (expected_low, expected_high): (f64, f64)) {
        let near = |a: f64, b: f64| (a - b).abs() < 5e-5;
        assert!(near(low, expected_low) && near(high, expected_high), "{low} {high}");
    }

    /// Values of `scipy.stats.binomtest(k, n).proportion_ci(method=...)`.
    #[test]
    fn intervals_of_shares_are_those_of_others() {
        close(wilson(47, 50, 0.95), (0.83778, 0.97938));
        close(wilson(50, 50, 0.95), (0.92865, 1.0));
        close(wilson(0, 10, 0.95), (0.0, 0.27753));
        close(clopper_pearson(9, 10, 0.95), (0.55498, 0.99747));
        close(clopper_pearson(0, 10, 0.95), (0.0, 0.30850));
        close(clopper_pearson(10, 10, 0.95), (0.69150, 1.0));
        close(clopper_pearson(1, 1, 0.95), (0.025, 1.0));
        close(clopper_pearson(500, 1000, 0.95), (0.46855, 0.53145));
        assert_eq!((wilson(0, 0, 0.95), clopper_pearson(0, 0, 0.95)), ((0.0, 1.0), (0.0, 1.0)));
    }

    #[test]
    fn many_dies_do_not_underflow() {
        let (low, high) = clopper_pearson(400_000, 1_000_000, 0.95);
        assert!(0.399 < low && low < 0.4 && 0.4 < high && high < 0.401, "{low} {high}");
    }

    /// The coverage of each share, summed over all outcomes: exact, without a random number.
    #[test]
    fn the_exact_interval_covers_every_share() {
        for count in [5, 20] {
            let intervals: Vec<_> = (0..=count).map(|hits| clopper_pearson(hits, count, 0.9)).collect();
            for percent in 1..100 {
                let p = f64::from(percent) / 100.0;
                let chance = |hits: usize| at_least(hits, count, p) - at_least(hits + 1, count, p);
                let covering = (0..=count).filter(|hits| intervals[*hits].0 <= p && p <= intervals[*hits].1);
                let coverage: f64 = covering.map(chance).sum();
                assert!(coverage >= 0.9 - 1e-12, "{count} {p}: {coverage}");
            }
        }
    }
}

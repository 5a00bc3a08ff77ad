//! Intervals of 95 %: of an accuracy over samples, of a mean over dies, of a share of dies.
//!
//! Arithmetic is `+ - * /` and the square root in a fixed order, so that they are the same bits on every machine.

/// The 97.5 % point of the normal distribution.
const NORMAL: f64 = 1.959_963_984_540_054;

/// The 97.5 % points of Student's t distribution of 1 to 30 degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The same of more degrees of freedom, each up to the next.
const STUDENT_BEYOND: [(usize, f64); 6] =
    [(30, 2.042), (40, 2.021), (60, 2.000), (120, 1.980), (400, 1.966), (1000, 1.962)];

/// Halvings by which the bounds of a share are found: more than a float has bits below 1.
const HALVINGS: u32 = 60;

/// The interval of Wilson (J. Am. Stat. Assoc. 22, 1927) of a share of which `hits` of `count` were seen; from 0 to 1
/// if nothing was.
pub fn wilson(hits: usize, count: usize) -> (f64, f64) {
    if count == 0 {
        return (0.0, 1.0);
    }
    let (n, z2) = (count as f64, NORMAL * NORMAL);
    let p = hits as f64 / n;
    let (centre, scale) = (p + z2 / (2.0 * n), 1.0 + z2 / n);
    let half = NORMAL * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // Rounding must not put a bound beside a share that was seen for certain.
    let low = if hits == 0 { 0.0 } else { (centre - half) / scale };
    let high = if hits == count { 1.0 } else { (centre + half) / scale };
    (low, high)
}

/// The exact interval of Clopper and Pearson (Biometrika 26, 1934) of a share of which `hits` of `count` were seen;
/// from 0 to 1 if nothing was.
pub fn yield_interval(hits: usize, count: usize) -> (f64, f64) {
    let low = if hits == 0 { 0.0 } else { share(|p| at_least(hits, count, p) < 0.025) };
    let high = if hits >= count { 1.0 } else { share(|p| 1.0 - at_least(hits + 1, count, p) > 0.025) };
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
fn at_least(hits: usize, count: usize, p: f64) -> f64 {
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

/// What some dies reach, as what is known of all dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverDies {
    /// Dies.
    pub dies: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation between them; none of one die.
    pub sd: Option<f64>,
    /// The interval of the mean by Student's t over dies, within 0 and 1; none of one die.
    pub interval: Option<(f64, f64)>,
}

/// Mean, standard deviation and interval of the `accuracies` of some dies, one each. The dies are what was drawn: the
/// samples are the same on all of them.
///
/// # Panics
/// If there is no die.
pub fn mean_over_dies(accuracies: &[f64]) -> OverDies {
    assert!(!accuracies.is_empty(), "a mean is one of some dies");
    let n = accuracies.len() as f64;
    // From the first value on, so that equal ones have exactly no spread.
    let first = accuracies[0];
    let mean = first + accuracies.iter().map(|value| value - first).sum::<f64>() / n;
    let over = OverDies { dies: accuracies.len(), mean, sd: None, interval: None };
    if accuracies.len() < 2 {
        return over;
    }
    let squares: f64 = accuracies.iter().map(|value| (value - mean) * (value - mean)).sum();
    let sd = (squares / (n - 1.0)).sqrt();
    let half = student(accuracies.len() - 1) * sd / n.sqrt();
    OverDies { sd: Some(sd), interval: Some(((mean - half).max(0.0), (mean + half).min(1.0))), ..over }
}

/// The 97.5 % point of Student's t; of a number of degrees of freedom that is not listed, that of the next lower one,
/// which is a little larger.
fn student(freedom: usize) -> f64 {
    match STUDENT.get(freedom.wrapping_sub(1)) {
        Some(point) => *point,
        None => STUDENT_BEYOND.iter().rev().find(|(from, _)| freedom >= *from).map_or(STUDENT[0], |(_, point)| *point),
    }
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
        close(wilson(47, 50), (0.83778, 0.97938));
        close(wilson(50, 50), (0.92865, 1.0));
        close(wilson(0, 10), (0.0, 0.27753));
        close(yield_interval(9, 10), (0.55498, 0.99747));
        close(yield_interval(0, 10), (0.0, 0.30850));
        close(yield_interval(10, 10), (0.69150, 1.0));
        close(yield_interval(1, 1), (0.025, 1.0));
        close(yield_interval(500, 1000), (0.46855, 0.53145));
        assert_eq!((wilson(0, 0), yield_interval(0, 0)), ((0.0, 1.0), (0.0, 1.0)));
    }

    #[test]
    fn many_dies_do_not_underflow() {
        let (low, high) = yield_interval(400_000, 1_000_000);
        assert!(0.399 < low && low < 0.4 && 0.4 < high && high < 0.401, "{low} {high}");
    }

    #[test]
    fn the_mean_is_one_over_dies() {
        let over = mean_over_dies(&[0.9, 0.8, 1.0]);
        assert!((over.mean - 0.9).abs() < 1e-12 && (over.sd.unwrap() - 0.1).abs() < 1e-12);
        close(over.interval.unwrap(), (0.6516, 1.0));
        let equal = mean_over_dies(&[0.1; 7]);
        assert_eq!((equal.mean, equal.sd, equal.interval), (0.1, Some(0.0), Some((0.1, 0.1))));
        let one = mean_over_dies(&[0.5]);
        assert_eq!((one.dies, one.mean, one.sd, one.interval), (1, 0.5, None, None));
        assert_eq!((student(1), student(30), student(35), student(5000)), (12.706, 2.042, 2.042, 1.962));
    }
}

//! What some dies reach, as what is known of all dies.

use statistics::{LEVEL, Tree, bootstrap};

/// What some dies reach, as what is known of all dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverDies {
    /// Dies.
    pub dies: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation between them; none of one die.
    pub sd: Option<f64>,
    /// The interval of the mean, 95 % by Student's t over dies, within 0 and 1; none of one die.
    pub interval: Option<(f64, f64)>,
}

/// Mean, standard deviation and interval of the `accuracies` of some dies, one each. The dies are what was drawn: the
/// samples are the same on all of them.
///
/// # Panics
/// If there is no die, or an accuracy is no number.
pub fn mean_over_dies(accuracies: &[f64]) -> OverDies {
    assert!(!accuracies.is_empty(), "a mean is one of some dies");
    if let [mean] = *accuracies {
        return OverDies { dies: 1, mean, sd: None, interval: None };
    }
    let known = Tree::flat(accuracies).and_then(|tree| bootstrap::student_mean(&tree, "dies", LEVEL));
    let known = known.expect("accuracies are numbers, and two or more have an interval");
    let squares: f64 = accuracies.iter().map(|value| (value - known.value) * (value - known.value)).sum();
    OverDies {
        dies: known.n,
        mean: known.value,
        sd: Some((squares / (known.n as f64 - 1.0)).sqrt()),
        interval: Some((known.low.max(0.0), known.high.min(1.0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_one_over_dies() {
        let over = mean_over_dies(&[0.9, 0.8, 1.0]);
        assert!((over.mean - 0.9).abs() < 1e-12 && (over.sd.unwrap() - 0.1).abs() < 1e-12);
        let (low, high) = over.interval.unwrap();
        assert!((low - 0.651_586).abs() < 1e-6 && high == 1.0, "{low} {high}");
        let equal = mean_over_dies(&[0.1; 7]);
        assert_eq!((equal.mean, equal.sd, equal.interval), (0.1, Some(0.0), Some((0.1, 0.1))));
        let one = mean_over_dies(&[0.5]);
        assert_eq!((one.dies, one.mean, one.sd, one.interval), (1, 0.5, None, None));
    }
}

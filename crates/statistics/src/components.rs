//! Budgets of variance apart: between dies (fixed pattern), between runs of a die, within a run.
//!
//! Nested random effects, equally many everywhere: each level has a mean square, and a component is the difference of
//! two of them (analysis of variance: Searle, Casella and McCulloch, Variance Components, 1992). Intervals: of the
//! lowest level, chi-square; of the others modified large samples (Ting, Burdick, Graybill, Jeyaratnam and Lu, J.
//! Stat. Comput. Simul. 35, 1990). A negative difference is reported as 0, with its raw value beside it, and bounds
//! below 0 as 0: then the component is too small to be seen.
//!
//! It deliberately takes no unequal groups: for these there is no one answer. Which level is called what is the
//! caller's.

use crate::StatisticsError;
use crate::distribution::{chi_square_point, f_point};
use crate::error::{check_count, check_share, check_size};
use crate::estimate::{Estimate, Method};
use crate::tree::{Node, Tree};

/// The variance that one level adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The variance between units of this level within one of the level above, in the squared unit of the data; at
    /// least 0. Its n is the number of units of this level in all.
    pub variance: Estimate,
    /// The estimate as it came out, which can be negative.
    pub raw: f64,
    /// Its part of the sum of all components; 0 if nothing varies.
    pub share: f64,
    /// Degrees of freedom of the mean square of the level.
    pub freedom: usize,
}

impl Component {
    /// Standard deviation with its interval, in the unit of the data.
    pub fn deviation(&self) -> Estimate {
        let of = &self.variance;
        Estimate { value: of.value.sqrt(), low: of.low.sqrt(), high: of.high.sqrt(), ..of.clone() }
    }
}

/// The components of nested values, from the top level down, whose units are called `units` in the plural: `["dies",
/// "runs", "windows"]`.
///
/// # Errors
/// [`StatisticsError::Size`] unless each level has a name, [`StatisticsError::TooFew`] for a level of single units,
/// [`StatisticsError::Unbalanced`], [`StatisticsError::NotFinite`], [`StatisticsError::Range`] for a level of
/// confidence outside 0 to 1.
pub fn components(tree: &Tree<f64>, units: &[&str], level: f64) -> Result<Vec<Component>, StatisticsError> {
    check_share("level", level)?;
    check_size("names of levels", units.len(), tree.depth())?;
    tree.check_finite("values")?;
    let mut counts = Vec::with_capacity(tree.depth());
    let mut nodes = vec![tree.root()];
    for level in 0..tree.depth() {
        let expected = nodes[0].parts().len();
        if let Some(other) = nodes.iter().find(|node| node.parts().len() != expected) {
            return Err(StatisticsError::Unbalanced { level, expected, found: other.parts().len() });
        }
        check_count("units of a level", expected, 2)?;
        counts.push(expected);
        nodes = nodes.into_iter().flat_map(Node::parts).collect();
    }
    let mut squares = vec![0.0; tree.depth()];
    sum_squares(tree.root(), 0, &mut squares);
    let leaves_below = |level: usize| counts[level + 1..].iter().product::<usize>() as f64;
    let units_of = |level: usize| counts[..=level].iter().product::<usize>();
    let freedoms: Vec<usize> =
        (0..counts.len()).map(|level| units_of(level) / counts[level] * (counts[level] - 1)).collect();
    let mean_square = |level: usize| leaves_below(level) * squares[level] / freedoms[level] as f64;
    let tail = (1.0 - level) / 2.0;
    let of = |at: usize| {
        let here = MeanSquare { value: mean_square(at), freedom: freedoms[at] as f64 };
        let (raw, low, high) = match at + 1 < counts.len() {
            true => {
                let below = MeanSquare { value: mean_square(at + 1), freedom: freedoms[at + 1] as f64 };
                let (difference, low, high) = difference(here, below, tail);
                let m = leaves_below(at);
                (difference / m, low / m, high / m)
            }
            false => (here.value, here.value / here.above(tail), here.value / here.above(1.0 - tail)),
        };
        let unit = units[at].to_owned();
        let (value, low, high, n, method) = (raw.max(0.0), low.max(0.0), high.max(0.0), units_of(at), Method::Variance);
        let variance = Estimate { value, low, high, n, unit, level, method };
        Component { variance, raw, share: 0.0, freedom: freedoms[at] }
    };
    let mut found: Vec<Component> = (0..counts.len()).map(of).collect();
    let all = found.iter().fold(0.0, |sum, component| sum + component.variance.value);
    if all > 0.0 {
        found.iter_mut().for_each(|component| component.share = component.variance.value / all);
    }
    Ok(found)
}

/// The mean of a unit; adds the squared distances of its parts from it to the sum of their level.
fn sum_squares(node: &Node<f64>, level: usize, squares: &mut [f64]) -> f64 {
    match node {
        Node::Leaf(value) => *value,
        Node::Group(parts) => {
            let means: Vec<f64> = parts.iter().map(|part| sum_squares(part, level + 1, squares)).collect();
            // From the first on, so that equal ones have exactly no spread.
            let mean = means[0] + means.iter().fold(0.0, |sum, x| sum + (x - means[0])) / means.len() as f64;
            squares[level] += means.iter().fold(0.0, |sum, x| sum + (x - mean) * (x - mean));
            mean
        }
    }
}

#[derive(Clone, Copy)]
struct MeanSquare {
    value: f64,
    freedom: f64,
}

impl MeanSquare {
    /// What chi-square over its degrees of freedom exceeds with probability `tail`.
    fn above(self, tail: f64) -> f64 {
        chi_square_point(tail, self.freedom) / self.freedom
    }
}

/// The difference of two mean squares with bounds, each missed with probability `tail`.
fn difference(a: MeanSquare, b: MeanSquare, tail: f64) -> (f64, f64, f64) {
    let falls = |of: MeanSquare| 1.0 - 1.0 / of.above(tail);
    let rises = |of: MeanSquare| 1.0 / of.above(1.0 - tail) - 1.0;
    // The third coefficient makes a bound exact where the difference is 0.
    let spread = |first: f64, second: f64, f: f64| {
        let both = ((f - 1.0) * (f - 1.0) - first * first * f * f - second * second) / f;
        let square = first * first * a.value * a.value + second * second * b.value * b.value + both * a.value * b.value;
        square.max(0.0).sqrt()
    };
    let low = spread(falls(a), rises(b), f_point(tail, a.freedom, b.freedom));
    let high = spread(rises(a), falls(b), f_point(1.0 - tail, a.freedom, b.freedom));
    let difference = a.value - b.value;
    (difference, difference - low, difference + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal};

    const UNITS: [&str; 3] = ["dies", "runs", "windows"];

    /// Eight dies, three runs each, four windows each, with these standard deviations.
    fn budget(seed: u64, deviations: [f64; 3]) -> Tree<f64> {
        let mut stream = key_of_seed("budget", seed).stream();
        let mut rows = Vec::new();
        for die in 0..8 {
            let of_die = deviations[0] * normal(&mut stream);
            for run in 0..3 {
                let of_run = of_die + deviations[1] * normal(&mut stream);
                rows.extend((0..4).map(|window| ([die, run, window], of_run + deviations[2] * normal(&mut stream))));
            }
        }
        Tree::from_rows(&rows).unwrap()
    }

    /// 250 budgets: a standard error is 1.4 %.
    #[test]
    fn intervals_cover_the_components() {
        let deviations = [2.0, 1.0, 1.5];
        let found: Vec<_> = (0..250).map(|seed| components(&budget(seed, deviations), &UNITS, 0.95).unwrap()).collect();
        for (at, deviation) in deviations.iter().enumerate() {
            let truth = deviation * deviation;
            let covered = found.iter().filter(|of| of[at].variance.holds(truth)).count() as f64 / 250.0;
            assert!((0.90..=0.99).contains(&covered), "{}: {covered}", UNITS[at]);
            let mean = found.iter().map(|of| of[at].raw).sum::<f64>() / 250.0;
            assert!((mean / truth - 1.0).abs() < 0.15, "{}: {mean}", UNITS[at]);
        }
    }

    /// Where runs do not differ, raw estimates are negative half of the time, and the interval begins at 0.
    #[test]
    fn a_component_that_is_not_there_is_0() {
        let found: Vec<_> =
            (0..60).map(|seed| components(&budget(seed, [1.0, 0.0, 1.0]), &UNITS, 0.95).unwrap()).collect();
        let negative = found.iter().filter(|of| of[1].raw < 0.0).count();
        let seen = found.iter().filter(|of| of[1].variance.low > 0.0).count();
        assert!((18..=46).contains(&negative) && seen <= 7, "{negative} {seen}");
        assert!(found.iter().all(|of| of[1].variance.value >= 0.0 && of[1].variance.low >= 0.0));
    }

    /// Two dies of means 1 and 5, two runs each: mean squares 16 and 1, so 1 between runs and 7.5 between dies.
    #[test]
    fn a_small_table_has_its_closed_form() {
        let half = 0.5f64.sqrt();
        let rows = [([0, 0], 1.0 - half), ([0, 1], 1.0 + half), ([1, 0], 5.0 - half), ([1, 1], 5.0 + half)];
        let of = components(&Tree::from_rows(&rows).unwrap(), &["dies", "runs"], 0.95).unwrap();
        assert!((of[0].raw - 7.5).abs() < 1e-12 && (of[1].raw - 1.0).abs() < 1e-12, "{of:?}");
        assert_eq!((of[0].freedom, of[1].freedom, of[0].variance.n, of[1].variance.n), (1, 2, 2, 4));
        assert!((of[0].share - 7.5 / 8.5).abs() < 1e-12);
        // Two degrees of freedom: chi-square 7.378 and 0.0506.
        let runs = &of[1].variance;
        assert!(
            (runs.low - 2.0 / 7.377_758_908).abs() < 1e-8 && (runs.high - 2.0 / 0.050_635_616).abs() < 1e-5,
            "{runs}"
        );
        assert!((of[1].deviation().low - runs.low.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn equal_values_have_no_variance() {
        let of = components(&Tree::flat(&[0.1; 5]).unwrap(), &["dies"], 0.95).unwrap();
        assert_eq!((of[0].variance.value, of[0].variance.high, of[0].share), (0.0, 0.0, 0.0));
    }

    #[test]
    fn what_is_not_balanced_is_refused() {
        let rows = [([0, 0], 1.0), ([0, 1], 2.0), ([1, 0], 3.0), ([1, 1], 4.0), ([1, 2], 5.0)];
        let error = components(&Tree::from_rows(&rows).unwrap(), &["dies", "runs"], 0.95).unwrap_err();
        assert_eq!(error, StatisticsError::Unbalanced { level: 1, expected: 2, found: 3 });
        let single = Tree::from_rows(&[([0, 0], 1.0), ([1, 0], 2.0)]).unwrap();
        assert!(matches!(components(&single, &["dies", "runs"], 0.95), Err(StatisticsError::TooFew { found: 1, .. })));
        assert!(matches!(components(&single, &["dies"], 0.95), Err(StatisticsError::Size { .. })));
        let nan = Tree::flat(&[1.0, f64::NAN]).unwrap();
        assert!(matches!(components(&nan, &["dies"], 0.95), Err(StatisticsError::NotFinite { .. })));
    }
}

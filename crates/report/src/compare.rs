//! Means and differences with their intervals, over the units that a study has copies of.
//!
//! Owns which unit a number is inferred over (networks, if there are several; else series; else dies) and how two
//! settings are paired. It deliberately words nothing.

use crate::summary::{Setting, Stage};
use statistics::{Estimate, LEVEL, Tree, bootstrap};
use study::{NETWORK, Row, SERIES};

/// What a task has several of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    networks: bool,
    series: bool,
}

impl Units {
    /// Of all rows of a task.
    pub(crate) fn of(rows: &[&Row]) -> Self {
        let several = |axis| rows.windows(2).any(|pair| pair[0].point.unit(axis) != pair[1].point.unit(axis));
        Self { networks: several(&NETWORK), series: several(&SERIES) }
    }

    /// Where a row is, from the top-level unit down.
    pub(crate) fn path(self, row: &Row) -> Vec<u64> {
        self.path_of(row.point.unit(&NETWORK), row.point.unit(&SERIES), row.point.die())
    }

    /// The same of a network, series and die.
    pub(crate) fn path_of(self, network: u32, series: u32, die: u32) -> Vec<u64> {
        let (network, series, die) = (u64::from(network), u64::from(series), u64::from(die));
        match (self.networks, self.series) {
            (true, _) => vec![network, series, die],
            (false, true) => vec![series, die],
            (false, false) => vec![die],
        }
    }

    /// Which die of which network a row is of, in words.
    pub(crate) fn die_name(self, row: &Row) -> String {
        let named = |several: bool, axis: &study::Axis| several.then(|| axis.words(&row.point.unit(axis).to_string()));
        let parts = [named(self.series, &SERIES), named(self.networks, &NETWORK), named(true, &study::DIE)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The top-level units, in the plural.
    pub(crate) const fn name(self) -> &'static str {
        match (self.networks, self.series) {
            (true, _) => "networks",
            (false, true) => "series",
            (false, false) => "dies",
        }
    }

    /// Whether dies are the top-level units: what is drawn anew, and nothing above them.
    pub(crate) const fn are_dies(self) -> bool {
        !self.networks && !self.series
    }

    /// Whether there is one network alone, of which nothing follows for others.
    pub(crate) const fn one_network(self) -> bool {
        !self.networks
    }
}

/// The mean of values at paths, over the top-level units; none of a single one.
pub(crate) fn interval_of(values: &[(Vec<u64>, f64)], units: Units) -> Option<Estimate> {
    let tree = Tree::from_rows(values).ok()?;
    if tree.len() < 2 { None } else { bootstrap::mean(&tree, units.name(), LEVEL).ok() }
}

/// A difference, and its interval if there are several units.
pub(crate) struct Change {
    /// The mean of the differences.
    pub(crate) mean: f64,
    /// The same with its interval; none of a single unit.
    pub(crate) estimate: Option<Estimate>,
}

impl Change {
    /// Of differences at paths.
    fn of(values: &[(Vec<u64>, f64)], units: Units) -> Option<Self> {
        let estimate = interval_of(values, units);
        let plain = || values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
        (!values.is_empty()).then(|| Self { mean: estimate.as_ref().map_or_else(plain, |e| e.value), estimate })
    }
}

/// `after - before` by unit: dies are paired with the same dies, or with the one that stands for all where there is no
/// mismatch. `score` may be anything that a row has.
pub(crate) fn differences(
    before: &Setting<'_>,
    after: &Setting<'_>,
    score: impl Fn(&Row) -> Option<f64>,
) -> Vec<(Vec<u64>, f64)> {
    let dies_of = |setting: &Setting<'_>, path: &[u64]| {
        setting.rows.iter().filter(|row| same_network(&setting.units.path(row), path)).count()
    };
    let mut all = Vec::new();
    for after_row in &after.rows {
        for before_row in &before.rows {
            let (a, b) = (after.units.path(after_row), before.units.path(before_row));
            if !same_network(&a, &b) {
                continue;
            }
            let single = dies_of(before, &b) == 1 || dies_of(after, &a) == 1;
            if (a.last() == b.last() || single)
                && let (Some(after_score), Some(before_score)) = (score(after_row), score(before_row))
            {
                // The path of the side that has more dies: no two pairs share it.
                let path = if dies_of(after, &a) == 1 { b } else { a };
                all.push((path, after_score - before_score));
            }
        }
    }
    all
}

/// Whether two paths differ at most in their die.
fn same_network(a: &[u64], b: &[u64]) -> bool {
    a.len() == b.len() && a[..a.len() - 1] == b[..b.len() - 1]
}

/// What one setting changed against another, at a stage.
pub(crate) fn change(before: &Setting<'_>, after: &Setting<'_>, stage: Stage) -> Option<Change> {
    Change::of(&differences(before, after, |row| stage.score(row)), before.units)
}

/// What a later stage changed against an earlier one, averaged over `settings` of one task.
pub(crate) fn stage_change(settings: &[Setting<'_>], from: Stage, to: Stage) -> Option<Change> {
    let units = settings.first()?.units;
    let mut all: Vec<(Vec<u64>, Vec<f64>)> = Vec::new();
    for row in settings.iter().flat_map(|setting| &setting.rows) {
        let (path, difference) = (units.path(row), to.score(row)? - from.score(row)?);
        match all.iter_mut().find(|(known, _)| *known == path) {
            Some((_, values)) => values.push(difference),
            None => all.push((path, vec![difference])),
        }
    }
    let mean = |(path, values): (Vec<u64>, Vec<f64>)| (path, values.iter().sum::<f64>() / values.len() as f64);
    Change::of(&all.into_iter().map(mean).collect::<Vec<_>>(), units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};
    use crate::summary::TaskResults;

    /// Rows of two networks: one die without mismatch, two with it.
    fn nested() -> Vec<Row> {
        let mut all = Vec::new();
        for (network, scores) in [
            ("0", [("0", "0", 1.0), ("1", "0", 2.0), ("1", "1", 4.0)]),
            ("1", [("0", "0", 5.0), ("1", "0", 5.0), ("1", "1", 8.0)]),
        ] {
            for (cv, die, score) in scores {
                let mut row = rows()[0].clone();
                row.point = point(&[("task", "x"), ("series", "0"), ("network", network), ("cv", cv), ("die", die)]);
                row.score_float = score;
                all.push(row);
            }
        }
        all
    }

    #[test]
    fn dies_are_paired_within_their_network() {
        let rows = nested();
        let tasks = TaskResults::group(&rows);
        let [before, after] = &tasks[0].settings[..] else { panic!("two settings") };
        let pairs = differences(before, after, |row| Some(row.score_float));
        let expected = [(vec![0, 0, 0], 1.0), (vec![0, 0, 1], 3.0), (vec![1, 0, 0], 0.0), (vec![1, 0, 1], 3.0)];
        assert_eq!(pairs, expected);
        let change = change(before, after, Stage::Float).expect("pairs");
        // The networks changed by 2 and by 1.5.
        let estimate = change.estimate.expect("two networks");
        assert_eq!((change.mean, estimate.n, estimate.unit.as_str()), (1.75, 2, "networks"));
        let back = differences(after, before, |row| Some(row.score_float));
        assert_eq!(back.iter().map(|(_, d)| -d).collect::<Vec<_>>(), expected.map(|(_, d)| d));
    }

    #[test]
    fn a_single_unit_has_no_interval() {
        let rows: Vec<Row> = nested().into_iter().filter(|row| row.point.unit(&NETWORK) == 0).collect();
        let tasks = TaskResults::group(&rows);
        let [nominal, dies] = &tasks[0].settings[..] else { panic!("two settings") };
        assert_eq!(nominal.estimate(Stage::Float), None);
        let estimate = dies.estimate(Stage::Float).expect("two dies");
        assert_eq!((estimate.value, estimate.n, estimate.unit.as_str()), (3.0, 2, "dies"));
    }
}

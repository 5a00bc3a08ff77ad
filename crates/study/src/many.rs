//! How many tasks the tasks of a study are: shifts of one function are nearly one.
//!
//! Owns the table that the effective number is of: a row for each setting, series, network and die that has a score of
//! every task, a column for each task. The number itself is that of [`statistics::mechanism::effective_tasks`].

use crate::{Point, Row};
use readout::Matrix;
use serde::{Deserialize, Serialize};
use statistics::mechanism;
use std::collections::BTreeMap;

/// The effective number of tasks of a study, or of those of one stimulus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectiveTasks {
    /// The stimulus; none for all tasks of the study together.
    pub stimulus: Option<String>,
    /// The participation ratio of the correlations between tasks; at most `rows` less 1.
    pub number: f64,
    /// Tasks counted.
    pub tasks: usize,
    /// Of these, tasks with the same score in every row, which are left out.
    pub constant: usize,
    /// Settings, series, networks and dies that tell tasks apart.
    pub rows: usize,
}

/// Of the tasks of each stimulus that has several, and of all if there are several; by the scores of the float readout.
/// Nothing is said of two rows or less, or of scores that do not vary.
pub fn effective_tasks(rows: &[Row]) -> Vec<EffectiveTasks> {
    let stimulus = |row: &Row| row.point.task().split_once('/').map(|(stimulus, _)| stimulus.to_owned());
    let mut stimuli: Vec<String> = Vec::new();
    for name in rows.iter().filter_map(stimulus) {
        if !stimuli.contains(&name) {
            stimuli.push(name);
        }
    }
    let of_stimulus = |name: String| {
        let own = rows.iter().filter(|row| stimulus(row).as_ref() == Some(&name));
        of(own, Some(name.clone()))
    };
    let each: Vec<_> = stimuli.into_iter().filter_map(of_stimulus).collect();
    let all = of(rows.iter(), None).filter(|all| each.iter().all(|one| one.tasks < all.tasks));
    each.into_iter().chain(all).collect()
}

fn of<'a>(rows: impl Iterator<Item = &'a Row>, stimulus: Option<String>) -> Option<EffectiveTasks> {
    let mut tasks: Vec<&str> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut table: BTreeMap<String, BTreeMap<usize, f64>> = BTreeMap::new();
    for row in rows {
        let task = row.point.task();
        let column = *places.entry(task).or_insert_with(|| {
            tasks.push(task);
            tasks.len() - 1
        });
        table.entry(place(&row.point)).or_default().insert(column, row.score_float);
    }
    let whole: Vec<f64> =
        table.into_values().filter(|scores| scores.len() == tasks.len()).flat_map(BTreeMap::into_values).collect();
    let count = whole.len() / tasks.len().max(1);
    if tasks.len() < 2 || count < ROWS_MIN {
        return None;
    }
    let scores = Matrix::from_vec(count, tasks.len(), whole);
    let found = mechanism::effective_tasks(scores.all()).ok()?;
    Some(EffectiveTasks { stimulus, number: found.number, tasks: found.tasks, constant: found.constant, rows: count })
}

/// Two rows cannot tell tasks apart.
const ROWS_MIN: usize = 3;

/// Where a row is, whatever its task.
fn place(point: &Point) -> String {
    point.clone().of_task("").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::{NETWORK, TASK};

    #[test]
    fn shifts_of_one_function_are_one_task() {
        let mut rows = Vec::new();
        for (network, score) in [0.1, 0.5, 0.2, 0.9, 0.3, 0.7].into_iter().enumerate() {
            for (task, score) in [
                ("lorenz/recall/shift+1", score),
                ("lorenz/recall/shift+2", 3.0 * score + 1.0),
                ("uniform/recall/shift+1", if network % 2 == 0 { 0.4 } else { 0.6 } - 0.1 * (network % 3) as f64),
                ("narma10", 0.5),
            ] {
                let mut row = crate::notice::example(task);
                row.point = Point::default().with(&TASK, task).with(&NETWORK, network);
                row.score_float = score;
                rows.push(row);
            }
        }
        let found = effective_tasks(&rows);
        let [lorenz, all] = &found[..] else { panic!("{found:?}") };
        assert_eq!((lorenz.stimulus.as_deref(), lorenz.tasks, lorenz.rows), (Some("lorenz"), 2, 6));
        assert!((lorenz.number - 1.0).abs() < 1e-9, "{lorenz:?}");
        assert_eq!((all.stimulus.as_deref(), all.tasks, all.constant), (None, 4, 1));
        assert!(all.number > 1.2 && all.number < 2.0, "{all:?}");
        // Rows that lack a task say nothing of it.
        rows.retain(|row| row.point.task() != "narma10" || row.point.unit(&NETWORK) < 2);
        assert_eq!(effective_tasks(&rows).len(), 1, "{:?}", effective_tasks(&rows));
        assert!(effective_tasks(&rows[..8]).is_empty() && effective_tasks(&[]).is_empty());
    }
}

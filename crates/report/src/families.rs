//! Tasks that share a stimulus, looked at one by one: how many of them a change improves.
//!
//! Owns the sentence on that; the test, which holds for all tasks together whatever their dependence, is that of
//! [`statistics::significance`]. It deliberately draws nothing.

use crate::compare::{Units, differences};
use crate::findings::{ends, place_on};
use crate::summary::{Setting, Stage, TaskResults, family};
use statistics::significance::tasks_improved;
use statistics::{Better, LEVEL};
use std::collections::BTreeMap;
use study::{EffectiveTasks, Row};

/// How many of the tasks that `together` stands for improve from one end of the horizontal axis to the other, and by
/// the contrast of each axis at both ends; nothing if it is a single task.
pub(crate) fn findings(rows: &[Row], together: &TaskResults<'_>) -> Vec<String> {
    let Some(family) = together.task.split_once(" (").map(|(name, _)| name) else { return Vec::new() };
    let own: Vec<Row> = rows.iter().filter(|row| self::family(row.point.task()) == Some(family)).cloned().collect();
    let tasks = TaskResults::group(&own);
    if tasks.len() < 2 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (words, [from, to]) in ends(together) {
        all.extend(counted(&tasks, &from.values, &to.values).map(|counts| format!("{words}: {counts}.")));
    }
    for axis in 0..together.axes.len() {
        for (words, [from, to]) in at_ends(together, axis) {
            all.extend(counted(&tasks, &from.values, &to.values).map(|counts| format!("{words}: {counts}.")));
        }
    }
    all
}

/// The two settings of the contrast of `axis`, at both ends of the horizontal axis and at every value of the others,
/// with words for each.
fn at_ends<'t, 'a>(task: &'t TaskResults<'a>, axis: usize) -> Vec<(String, [&'t Setting<'a>; 2])> {
    let along = task.horizontal();
    let Some(contrast) = task.axes[axis].axis.contrast.filter(|_| along != axis) else { return Vec::new() };
    let Some(values) = task.axes.get(along).map(|along| &along.values) else { return Vec::new() };
    let others: Vec<usize> =
        (0..task.axes.len()).filter(|i| ![axis, along].contains(i) && task.axes[*i].values.len() > 1).collect();
    let is_end = |setting: &&Setting<'_>| [values.first(), values.last()].contains(&Some(&setting.values[along]));
    let pair = |from: &'t Setting<'a>| {
        let mut values = from.values.clone();
        values[axis] = contrast.to;
        let words = format!("{} {}", contrast.words, place_on(task, from, Some(along), &others));
        Some((words, [from, task.setting(&values)?]))
    };
    let settings = task.settings.iter().filter(|setting| setting.values[axis] == contrast.from);
    settings.filter(is_end).filter_map(pair).collect()
}

/// How many tasks those of a stimulus are, and those of the study, in a sentence; nothing if it is a single task.
pub(crate) fn effective(effective: &[EffectiveTasks], together: &TaskResults<'_>) -> Option<String> {
    let (family, _) = together.task.split_once(" (")?;
    let own = effective.iter().find(|one| one.stimulus.as_deref() == Some(family))?;
    let constant = match own.constant {
        0 => String::new(),
        count => format!(" ({count} whose score never varies are left out)"),
    };
    let all = effective.iter().find(|one| one.stimulus.is_none());
    let all = all.map_or_else(String::new, |all| format!("; the {} of the study as {:.1}", all.tasks, all.number));
    Some(format!(
        "Many of these tasks are nearly one: the {} count as {:.1}{constant}{all} (participation ratio of their scores over {} runs).",
        own.tasks, own.number, own.rows
    ))
}

/// How many of `tasks` are better with the values `to` than with `from`, in words.
fn counted(tasks: &[TaskResults<'_>], from: &[&str], to: &[&str]) -> Option<String> {
    let first = tasks.first()?;
    let mut by_unit: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for task in tasks {
        let pairs = differences(task.setting(from)?, task.setting(to)?, |row| Stage::Float.score(row));
        for (unit, difference) in means_by_unit(&pairs) {
            by_unit.entry(unit).or_default().push(difference);
        }
    }
    let differences: Vec<Vec<f64>> = by_unit.into_values().filter(|all| all.len() == tasks.len()).collect();
    let better = if first.higher_is_better { Better::Larger } else { Better::Smaller };
    let units: Units = first.units;
    tasks_improved(&differences, better, units.name(), LEVEL).ok().map(|counts| counts.to_string())
}

/// The mean difference of each top-level unit.
fn means_by_unit(pairs: &[(Vec<u64>, f64)]) -> BTreeMap<u64, f64> {
    let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (path, difference) in pairs {
        let (sum, count) = sums.entry(path[0]).or_default();
        *sum += difference;
        *count += 1.0;
    }
    sums.into_iter().map(|(unit, (sum, count))| (unit, sum / count)).collect()
}

#[cfg(test)]
mod tests {
    use crate::example::{point, rows};
    use study::Row;

    /// Twenty tasks on eight networks, under one value of recurrence and at further values; of each ten tasks, seven
    /// are improved by mismatch beyond doubt and one gets worse.
    fn family(recurrence: &str, further: &[(&str, &str)]) -> Vec<Row> {
        let mut all = Vec::new();
        for network in 0..8 {
            for cv in ["0", "0.5"] {
                for task in 0..20 {
                    let mut row = rows()[0].clone();
                    let (id, number) = (format!("lorenz/recall/shift+{task}"), network.to_string());
                    let values =
                        [("task", &*id), ("network", &*number), ("recurrence", recurrence), ("cv", cv), ("die", "0")];
                    row.point = point(&[&values, further].concat());
                    let effect = [-0.1, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1, 0.1, 0.0, 0.0][task % 10];
                    let noise = f64::from((network * 7 + task as i32 * 13) % 11 - 5) * 0.002;
                    (row.higher_is_better, row.score_on_chip, row.score_quantised) = (false, None, None);
                    row.score_float = 0.5 + if cv == "0" { 0.0 } else { effect + noise };
                    all.push(row);
                }
            }
        }
        all
    }

    #[test]
    fn tasks_that_share_a_run_are_one_and_are_counted() {
        let all = crate::findings(&family("full", &[]), crate::Beside::default());
        assert_eq!(all.iter().map(|f| f.task.as_str()).collect::<Vec<_>>(), ["lorenz (20 tasks)"]);
        let counts =
            "Raising the mismatch from CV 0 to CV 0.5 (full recurrence): 14 of 20 tasks improve, 2 become worse";
        assert!(all[0].findings.iter().any(|f| f.contains(counts)), "{all:#?}");
        let effective =
            all[0].findings.iter().find(|f| f.starts_with("Many of these tasks are nearly one: the 20 count as "));
        let effective = effective.unwrap_or_else(|| panic!("{all:#?}"));
        assert!(effective.ends_with(" (participation ratio of their scores over 16 runs)."), "{effective}");
        let table = crate::terminal_table(&family("full", &[]));
        assert!(
            table.starts_with("lorenz (20 tasks): accuracy (%), lower is better, 8 networks of 1 die\n"),
            "{table}"
        );
    }

    /// With two sizes, what removing recurrence does to either is counted for itself.
    #[test]
    fn a_contrast_names_the_other_axes() {
        let mut all = Vec::new();
        for neurons in ["50", "100"] {
            for recurrence in ["full", "removed"] {
                let worse = if (neurons, recurrence) == ("100", "removed") { 0.2 } else { 0.0 };
                let rows = family(recurrence, &[("reservoir.neurons", neurons)]).into_iter().enumerate();
                all.extend(rows.map(|(index, mut row)| {
                    // Forty rows a network, of which every other one is a little better without recurrence.
                    row.score_float += worse + if recurrence == "full" && index / 40 % 2 == 0 { 1e-3 } else { 0.0 };
                    row
                }));
            }
        }
        let all = crate::findings(&all, crate::Beside::default());
        for cv in ["CV 0", "CV 0.5"] {
            for (neurons, counts) in
                [("50", "no difference seen in any of 20 tasks"), ("100", "0 of 20 tasks improve, 20 become worse")]
            {
                let words = format!("Removing recurrence at reservoir.neurons {neurons} with {cv}: {counts}");
                assert!(all[0].findings.iter().any(|f| f.contains(&words)), "{words}: {all:#?}");
            }
        }
    }
}

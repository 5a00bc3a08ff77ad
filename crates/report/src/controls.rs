//! What stands beside the scores of a study, so that they can be judged: what is scored without a chip, and what a
//! homogeneous network scores that was tuned.
//!
//! Owns the sentences on both. It deliberately chooses nothing: the setting of the tuned network was chosen by
//! `study`, on validation data.

use crate::compare::{Units, interval_of};
use crate::findings::{along_of, said};
use crate::summary::{Setting, Stage, TaskResults, condensed, family};
use std::collections::BTreeMap;
use study::{Control, ControlRow, NETWORK, Row, SERIES, StudyResult, Tuned};

/// What a study has besides the rows of its runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Scores without a chip.
    pub controls: &'a [ControlRow],
    /// The settings that a homogeneous network was tuned over.
    pub tuning: &'a [Row],
    /// What is required of dies, by task or stimulus.
    pub require: Option<&'a BTreeMap<String, f64>>,
}

impl<'a> From<&'a StudyResult> for Beside<'a> {
    fn from(result: &'a StudyResult) -> Self {
        Self { controls: &result.controls, tuning: &result.tuning, require: Some(&result.manifest.require) }
    }
}

/// Whether a task is `together`, or one of those that it stands for.
fn belongs(task: &str, together: &str) -> bool {
    let family_of = together.split_once(" (").map(|(family, _)| family);
    task == together || family_of.is_some_and(|stimulus| family(task) == Some(stimulus))
}

/// What the controls score on a task, in a sentence; nothing if there are none.
pub(crate) fn without_chip(controls: &[ControlRow], task: &TaskResults<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let mut means = Vec::new();
    for control in Control::ALL {
        let own: Vec<&ControlRow> =
            controls.iter().filter(|row| row.control == control && belongs(&row.task, task.task)).collect();
        if own.is_empty() {
            continue;
        }
        let values = by_unit(&own, task.units);
        let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
        // The input is the same for all networks.
        let estimate = (control == Control::Static).then(|| interval_of(&values, task.units)).flatten();
        let estimate = estimate.map(|estimate| task.metric.possible(estimate));
        let interval = estimate.map_or_else(String::new, |estimate| format!(" {}", task.metric.interval(&estimate)));
        parts.push(format!("{} {}{interval}", control.words(), task.metric.value(mean)));
        means.push(mean);
    }
    if parts.is_empty() {
        return None;
    }
    let better = |a: f64, b: f64| if task.higher_is_better { a > b } else { a < b };
    let best = means.iter().copied().reduce(|a, b| if better(b, a) { b } else { a })?;
    let scores: Vec<f64> = task.settings.iter().filter_map(|s| Some(s.spread(Stage::Float)?.mean)).collect();
    let judged = match () {
        () if scores.iter().all(|score| better(best, *score)) => {
            " That is better than the reservoir under every setting."
        }
        () if scores.iter().all(|score| better(*score, best)) => " The reservoir is better under every setting.",
        () => " The reservoir is better under some settings only.",
    };
    Some(format!("Without a chip, {}: {}.{judged}", task.metric_name, parts.join("; ")))
}

/// The mean of each series and network over the tasks of a control, at its path.
fn by_unit(rows: &[&ControlRow], units: Units) -> Vec<(Vec<u64>, f64)> {
    let mut all: Vec<(Vec<u64>, f64, f64)> = Vec::new();
    for row in rows {
        let path = units.path_of(row.point.unit(&NETWORK), row.point.unit(&SERIES), 0);
        match all.iter_mut().find(|(known, ..)| *known == path) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + row.score, *count + 1.0),
            None => all.push((path, row.score, 1.0)),
        }
    }
    all.into_iter().map(|(path, sum, count)| (path, sum / count)).collect()
}

/// What mismatch changes against a homogeneous network that was tuned, in a sentence for each value of the other axes.
pub(crate) fn against_tuned(tuning: &[Row], task: &TaskResults<'_>) -> Vec<String> {
    let all = study::tuned(tuning);
    let own = all.iter().filter(|tuned| belongs(tuned.rows[0].point.task(), task.task));
    own.filter_map(|tuned| sentence(tuned, task)).collect()
}

fn sentence(tuned: &Tuned<'_>, task: &TaskResults<'_>) -> Option<String> {
    let rows: Vec<Row> = tuned.rows.iter().map(|row| (*row).clone()).collect();
    let rows = condensed(&rows);
    let nominal = Setting { values: Vec::new(), rows: rows.iter().collect(), units: task.units };
    let along = along_of(task)?;
    // The settings with the same recurrence, and the file's own values of other keys.
    let fits = |setting: &&Setting<'_>| {
        let value = |axis: &study::Axis| task.axes.iter().position(|own| own.axis == axis).map(|i| setting.values[i]);
        tuned.given.iter().all(|(axis, value_of)| value(axis) == Some(*value_of) || **axis == *task.axes[along].axis)
    };
    let last = task.axes[along].values.last()?;
    let setting = task.settings.iter().filter(fits).find(|setting| setting.values[along] == *last)?;
    let change = crate::compare::change(&nominal, setting, Stage::Float)?;
    let chosen: Vec<String> = tuned.setting.iter().map(|(axis, value)| axis.words(value)).collect();
    let others = tuned.given.iter().filter(|(axis, _)| **axis != *task.axes[along].axis);
    let given: String = others.map(|(axis, value)| format!(", {}", axis.words(value))).collect();
    let caution = match tuned.at_edge.is_empty() {
        true => "",
        false => {
            " Its best is at the end of its grid: a better one may lie beyond, and the comparison flatters mismatch."
        }
    };
    Some(format!(
        "Against a homogeneous network tuned on validation data ({}{given}), {} at {}: {}.{caution}",
        chosen.join(", "),
        task.metric_name,
        task.axes[along].axis.words(last),
        said(task, &change)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};

    fn control(control: Control, network: u32, score: f64) -> ControlRow {
        let network = network.to_string();
        ControlRow {
            control,
            point: point(&[("task", "memory-capacity"), ("series", "0"), ("network", &network)]),
            task: "memory-capacity".into(),
            metric: "memory capacity".into(),
            features: 6,
            score_validation: None,
            score,
        }
    }

    #[track_caller]
    fn check(beside: Beside<'_>, expected: &str) {
        let all = crate::findings(&rows(), beside);
        let found = all.iter().find(|t| t.task == "memory-capacity").expect("the task");
        assert!(found.findings.iter().any(|f| f == expected), "{expected}\nnot in {:#?}", found.findings);
    }

    #[test]
    fn a_control_that_beats_the_reservoir_is_told() {
        let filters = [control(Control::Filters, 0, 12.0)];
        let words = "Without a chip, memory capacity: the input alone through filters of the host 12.00. That is better than the \
                     reservoir under every setting.";
        check(Beside { controls: &filters, ..Beside::default() }, words);
        let both = [control(Control::Filters, 0, 3.0), control(Control::Static, 0, 1.0)];
        let words = "Without a chip, memory capacity: the input alone through filters of the host 3.00; a random layer without \
                     memory 1.00. The reservoir is better under every setting.";
        check(Beside { controls: &both, ..Beside::default() }, words);
        let some = [control(Control::Static, 0, 9.0)];
        check(
            Beside { controls: &some, ..Beside::default() },
            "Without a chip, memory capacity: a random layer without memory 9.00. The reservoir is better under some settings only.",
        );
    }

    #[test]
    fn mismatch_is_compared_with_a_network_that_was_tuned() {
        let tuning: Vec<Row> = [("0.1", 7.0), ("0.3", 9.0), ("1", 8.0)]
            .into_iter()
            .map(|(leak, score)| {
                let mut row = rows()[0].clone();
                row.point = point(&[
                    ("task", "memory-capacity"),
                    ("series", "0"),
                    ("network", "0"),
                    ("reservoir.parameters.leak", leak),
                    ("recurrence", "full"),
                    ("die", "0"),
                ]);
                (row.score_validation, row.score_float) = (Some(score), score + 0.5);
                row
            })
            .collect();
        let all = crate::findings(&rows(), Beside { tuning: &tuning, ..Beside::default() });
        let found = all[1].findings.iter().find(|f| f.starts_with("Against a homogeneous")).expect("a comparison");
        let start = "Against a homogeneous network tuned on validation data (reservoir.parameters.leak 0.3, full recurrence), \
                     memory capacity at CV 0.5: \u{2212}";
        assert!(found.starts_with(start) && found.ends_with("n = 8 dies)."), "{found}");
    }
}

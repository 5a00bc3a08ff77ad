//! Headline findings: what the numbers of a study say, in plain words.
//!
//! Every sentence is computed from the result rows. A difference appears with its interval, and one whose interval
//! holds 0 is said not to be seen. None of the sentences judges whether a difference is large.

use crate::compare::{Change, change, stage_change};
use crate::controls::{self, Beside};
use crate::figure::capitalised;
use crate::series::{Series, words};
use crate::summary::{Setting, Stage, TaskResults, condensed};
use crate::{blame, budget, families, sizes, yields};
use study::{Part, Row};

/// The findings of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFindings {
    /// Task id.
    pub task: String,
    /// One finding each: a few sentences of plain text.
    pub findings: Vec<String>,
}

/// The headline findings of `rows`, by task; tasks that share a run are one task, see [`condensed`].
pub fn findings(rows: &[Row], beside: Beside<'_>) -> Vec<TaskFindings> {
    let together = condensed(rows);
    let tasks = TaskResults::group(&together);
    let effective = study::effective_tasks(rows);
    let each = tasks.iter().map(|task| {
        let mut stages = vec![Stage::Float];
        stages.extend(Some(task.last_stage()).filter(|last| *last != Stage::Float));
        let mut all = vec![baseline(task)];
        all.extend(stages.iter().flat_map(|&stage| ranges(task, stage)).map(Some));
        all.extend((0..task.axes.len()).flat_map(|axis| stages.iter().map(move |&stage| contrast(task, axis, stage))));
        all.extend(families::findings(rows, task).into_iter().map(Some));
        all.push(families::effective(&effective, task));
        all.extend(sizes::findings(task).into_iter().map(Some));
        for &stage in &stages {
            all.extend(blame::blame(task, stage).into_iter().map(Some));
            all.extend(beside.require.map(|require| yields::yields(require, task, stage)));
        }
        all.extend(budget::findings(task, task.last_stage()).into_iter().map(Some));
        all.extend(controls::against_tuned(beside.tuning, task).into_iter().map(Some));
        all.push(controls::without_chip(beside.controls, task));
        all.extend([chip_cost(task), chip_cost_by_setting(task), worst(task), losses(task), saturations(task)]);
        TaskFindings { task: task.task.into(), findings: all.into_iter().flatten().collect() }
    });
    each.collect()
}

/// How good the first setting is.
fn baseline(task: &TaskResults<'_>) -> Option<String> {
    let setting = task.settings.first()?;
    let score = |stage: Stage| {
        let estimate = setting.estimate(stage);
        let mean = estimate.as_ref().map_or(setting.spread(stage)?.mean, |estimate| estimate.value);
        let interval = estimate.map_or_else(String::new, |estimate| format!(" {}", task.metric.interval(&estimate)));
        Some(format!("{} {}{interval}", task.metric.value(mean), stage.words()))
    };
    let scores: Vec<String> = task.stages.iter().filter_map(|stage| score(*stage)).collect();
    let single = if setting.rows.len() == 1 { " (a single run)" } else { "" };
    Some(format!("{}: {} {}{single}.", capitalised(&place(task, setting)), task.metric_name, scores.join(", ")))
}

/// Where a setting is: `at CV 0.1 with full recurrence`.
pub(crate) fn place(task: &TaskResults<'_>, setting: &Setting<'_>) -> String {
    let along = task.horizontal();
    let others: Vec<usize> = (0..task.axes.len()).filter(|i| *i != along).collect();
    place_on(task, setting, Some(along), &others)
}

/// The same, of some axes only: the horizontal one `along`, if it shall be named, and `others`.
pub(crate) fn place_on(
    task: &TaskResults<'_>,
    setting: &Setting<'_>,
    along: Option<usize>,
    others: &[usize],
) -> String {
    let along = along.and_then(|i| Some((task.axes.get(i)?, setting.values[i])));
    let at = along.map(|(along, value)| format!("at {}", along.axis.words(value)));
    let with: Vec<String> = words(task, &setting.values, others.iter().copied()).collect();
    let with = (!with.is_empty()).then(|| format!("with {}", with.join(" and ")));
    at.into_iter().chain(with).collect::<Vec<_>>().join(" ")
}

/// The horizontal axis, if it has several values.
pub(crate) fn along_of(task: &TaskResults<'_>) -> Option<usize> {
    Some(task.horizontal()).filter(|along| task.axes.get(*along).is_some_and(|axis| axis.values.len() > 1))
}

/// The settings of the smallest and the largest value of the horizontal axis in each series, with the words for going
/// from one to the other: `Raising the mismatch from CV 0 to CV 0.5 (full recurrence)`.
pub(crate) fn ends<'t, 'a>(task: &'t TaskResults<'a>) -> Vec<(String, [&'t Setting<'a>; 2])> {
    let Some(along) = along_of(task).map(|along| &task.axes[along]) else { return Vec::new() };
    let (Some(low), Some(high)) = (along.values.first(), along.values.last()) else { return Vec::new() };
    // The name of a key says what is raised.
    let words = |value: &str| {
        let words = along.axis.words(value);
        words.strip_prefix(&format!("{} ", along.axis.quantity)).map_or(words.clone(), String::from)
    };
    let raising = format!("Raising the {} from {} to {}", along.axis.quantity, words(low), words(high));
    let of_series = |series: Series<'a>| {
        let settings = [series.setting(task, low)?, series.setting(task, high)?];
        Some((format!("{raising} ({})", series.words), settings))
    };
    Series::of(task).into_iter().filter_map(of_series).collect()
}

/// What the largest value of the horizontal axis changed against the smallest, in every series.
fn ranges(task: &TaskResults<'_>, stage: Stage) -> Vec<String> {
    let one = |(raising, [from, to]): (String, [&Setting<'_>; 2])| {
        let change = change(from, to, stage)?;
        let (before, after) = (from.spread(stage)?, to.spread(stage)?);
        let m = task.metric;
        let spread = after
            .sd
            .map_or_else(String::new, |sd| format!(" There the standard deviation of all dies is {}.", m.amount(sd)));
        let seen = said(task, &change);
        let (before, after) = (m.value(before.mean), m.value(after.mean));
        let what = format!("{} {}", task.metric_name, stage.words());
        Some(format!("{raising}: {what} went from {before} to {after}: {seen}.{spread}{}", rates(task, from, to)))
    };
    ends(task).into_iter().filter_map(one).collect()
}

/// A difference with its interval, or that none is seen.
pub(crate) fn said(task: &TaskResults<'_>, change: &Change) -> String {
    match &change.estimate {
        None => format!("{} (a single unit: no interval)", task.metric.difference(change.mean)),
        Some(estimate) if estimate.holds(0.0) => format!("no difference seen {}", task.metric.interval(estimate)),
        Some(estimate) => format!("{} {}", task.metric.difference(change.mean), task.metric.interval(estimate)),
    }
}

/// A firing rate that moves with the horizontal axis is another explanation of what else moves.
fn rates(task: &TaskResults<'_>, from: &Setting<'_>, to: &Setting<'_>) -> String {
    let mean =
        |setting: &Setting<'_>| setting.rows.iter().map(|row| row.rate_hz).sum::<f64>() / setting.rows.len() as f64;
    let (from, to) = (mean(from), mean(to));
    let share = (to - from) / from;
    if from <= 0.0 || (-RATE_SHARE..=RATE_SHARE).contains(&share) {
        return String::new();
    }
    let sign = if share > 0.0 { "+" } else { "\u{2212}" };
    let quantity = along_of(task).map_or("", |along| task.axes[along].axis.quantity);
    format!(
        " With the {quantity} the mean firing rate went from {from:.0} to {to:.0} Hz ({sign}{:.0} %): part of the change may \
         be one of the operating point.",
        share.abs() * 100.0
    )
}

/// Changes of the firing rate that are worth a sentence.
const RATE_SHARE: f64 = 0.05;

/// What the contrast of an axis changed, wherever a task has both of its values: its words, where, and the change.
pub(crate) fn contrasts(task: &TaskResults<'_>, axis: usize, stage: Stage) -> Vec<(&'static str, String, Change)> {
    let Some(contrast) = task.axes[axis].axis.contrast else { return Vec::new() };
    let along = Some(task.horizontal()).filter(|along| *along != axis);
    let tells = |i: &usize| *i != axis && Some(*i) != along && task.axes[*i].values.len() > 1;
    let others: Vec<usize> = (0..task.axes.len()).filter(tells).collect();
    let one = |before: &Setting<'_>| {
        let mut values = before.values.clone();
        values[axis] = contrast.to;
        let change = change(before, task.setting(&values)?, stage)?;
        Some((contrast.words, place_on(task, before, along, &others), change))
    };
    task.settings.iter().filter(|before| before.values[axis] == contrast.from).filter_map(one).collect()
}

/// The same in a sentence.
fn contrast(task: &TaskResults<'_>, axis: usize, stage: Stage) -> Option<String> {
    let all = contrasts(task, axis, stage);
    let (words, ..) = all.first()?;
    let part =
        |(_, place, change): &(&str, String, Change)| format!("{place} {}", said(task, change)).trim_start().to_owned();
    let changes: Vec<String> = all.iter().map(part).collect();
    // Dies of one network share all of its connections.
    let one_network = task.axes[axis].axis.part == Part::Program && task.units.one_network();
    let caution = if one_network { " This is one network: nothing follows for others." } else { "" };
    Some(format!("{words}, {} {}: {}.{caution}", task.metric_name, stage.words(), changes.join("; ")))
}

/// What quantising the readout and moving it onto the chip cost, averaged over everything that was run.
fn chip_cost(task: &TaskResults<'_>) -> Option<String> {
    let quantised = stage_change(&task.settings, Stage::Float, Stage::Quantised)?;
    let mut text =
        format!("Quantising the readout, {} over all settings: {}", task.metric_name, said(task, &quantised));
    for (from, to, words) in [
        (Stage::Quantised, Stage::OnChip, "running it on the chip"),
        (Stage::OnChip, Stage::Calibrated, "calibrating it on the die"),
        (Stage::Float, Stage::Calibrated, "calibrated, against the float readout"),
    ] {
        if let Some(change) = stage_change(&task.settings, from, to) {
            text.push_str(&format!("; {words}: {}", said(task, &change)));
        }
    }
    Some(text + ".")
}

/// What is left between the best readout that a die has by itself and the one on the host, setting by setting.
fn chip_cost_by_setting(task: &TaskResults<'_>) -> Option<String> {
    let one = |setting: &Setting<'_>, stage| {
        let change = stage_change(std::slice::from_ref(setting), Stage::Float, stage)?;
        Some(format!("{} {}", place(task, setting), said(task, &change)))
    };
    let all = |stage| task.settings.iter().map(|setting| one(setting, stage)).collect::<Option<Vec<_>>>();
    let (stage, parts) = [Stage::Calibrated, Stage::OnChip].into_iter().find_map(|stage| Some((stage, all(stage)?)))?;
    let against = format!("{} {}, against the float readout", task.metric_name, stage.words());
    (parts.len() > 1).then(|| format!("{}: {}.", capitalised(&against), parts.join("; ")))
}

/// The single worst die.
fn worst(task: &TaskResults<'_>) -> Option<String> {
    let stage = task.last_stage();
    let (setting, spread) = task.settings.iter().filter_map(|s| Some((s, s.spread(stage)?))).reduce(|a, b| {
        if (b.1.worst < a.1.worst) == task.higher_is_better && b.1.worst != a.1.worst { b } else { a }
    })?;
    (setting.rows.len() > 1).then(|| {
        format!(
            "The worst die of all is {} {}: {} {}.",
            worst_name(task, setting, stage, spread.worst),
            place(task, setting),
            task.metric.value(spread.worst),
            stage.words()
        )
    })
}

/// Whether the router lost events.
fn losses(task: &TaskResults<'_>) -> Option<String> {
    let rows: Vec<&&Row> = task.settings.iter().flat_map(|s| &s.rows).collect();
    let affected = rows.iter().filter(|r| r.events_lost > 0).count();
    let lost: u64 = rows.iter().map(|r| r.events_lost).sum();
    (affected > 0).then(|| {
        format!("The router lost {lost} events in {affected} of {} runs; scores include this loss.", rows.len())
    })
}

/// Whether states reached the end of their format.
fn saturations(task: &TaskResults<'_>) -> Option<String> {
    let rows: Vec<&&Row> = task.settings.iter().flat_map(|s| &s.rows).collect();
    let affected = rows.iter().filter(|r| r.saturations > 0).count();
    let cut: u64 = rows.iter().map(|r| r.saturations).sum();
    (affected > 0).then(|| {
        let runs = rows.len();
        format!(
            "States were cut at the end of their format {cut} times in {affected} of {runs} runs: scores include this."
        )
    })
}

/// The first die that has the worst score.
fn worst_name(task: &TaskResults<'_>, setting: &Setting<'_>, stage: Stage, worst: f64) -> String {
    let row = setting.rows.iter().find(|row| stage.score(row) == Some(worst));
    row.map_or_else(String::new, |row| task.units.die_name(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[track_caller]
    fn check(rows: &[Row], task: &str, expected: &str) {
        let all = findings(rows, Beside::default());
        let found = all.iter().find(|t| t.task == task).expect("the task is reported");
        assert!(found.findings.iter().any(|f| f.contains(expected)), "{expected}\nnot in {:#?}", found.findings);
    }

    #[test]
    fn sentences_follow_from_the_rows() {
        let r = rows();
        let task = "japanese-vowels";
        check(
            &r,
            task,
            "At CV 0 with full recurrence: accuracy 96.8 % with the float readout (95 %: 96.8 to 96.8, n = 8",
        );
        check(
            &r,
            task,
            "Raising the mismatch from CV 0 to CV 0.5 (full recurrence): accuracy on chip went from 93.9 % to",
        );
        check(&r, task, "There the standard deviation of all dies is ");
        check(
            &r,
            task,
            "Removing recurrence, accuracy on chip: at CV 0 \u{2212}5.8 points (95 %: -5.8 to -5.8, n = 8 dies)",
        );
        check(&r, task, "n = 8 dies). This is one network: nothing follows for others.");
        check(&r, task, "Quantising the readout, accuracy over all settings: \u{2212}0.8 points (95 %:");
        check(
            &r,
            task,
            "Accuracy on chip, against the float readout: at CV 0 with full recurrence \u{2212}2.9 points (95 %: -2.9 to -2.9",
        );
        check(&r, task, "The worst die of all is die ");
        assert!(findings(&r, Beside::default())[0].findings.iter().all(|f| !f.contains("router lost")));
    }

    /// What may be noise is not told as a difference.
    #[test]
    fn a_difference_whose_interval_holds_0_is_not_seen() {
        let mut r = rows();
        for (i, row) in r.iter_mut().enumerate() {
            row.score_float = 0.5 + if i % 2 == 0 { 0.01 } else { -0.01 } * f64::from(row.point.die() + 1);
        }
        check(
            &r,
            "memory-capacity",
            "Removing recurrence, memory capacity with the float readout: at CV 0 no difference seen",
        );
    }

    #[test]
    fn a_rate_that_moves_is_another_explanation() {
        let mut r = rows();
        assert!(findings(&r, Beside::default()).iter().all(|t| t.findings.iter().all(|f| !f.contains("firing rate"))));
        r.iter_mut()
            .filter(|row| row.point.setting().any(|(_, name)| name == "0.5"))
            .for_each(|row| row.rate_hz *= 1.5);
        check(&r, "memory-capacity", "With the mismatch the mean firing rate went from 42 to 6");
    }

    #[test]
    fn losses_and_lower_is_better() {
        let mut r = rows();
        for row in &mut r {
            row.higher_is_better = false;
            row.score_on_chip = None;
        }
        r[0].events_lost = 5;
        r[3].saturations = 2;
        check(&r, "japanese-vowels", "States were cut at the end of their format 2 times in 1 of 64 runs");
        r[9].events_lost = 7;
        check(&r, "japanese-vowels", "The router lost 12 events in 2 of 64 runs");
        let worst = r
            .iter()
            .filter(|r| r.point.task() == "japanese-vowels")
            .filter_map(|r| r.score_quantised)
            .fold(0.0, f64::max);
        check(&r, "japanese-vowels", &format!("{:.1} % with the quantised readout.", worst * 100.0));
    }

    #[test]
    fn a_single_setting_makes_no_comparison() {
        let one: Vec<Row> = rows().into_iter().take(1).collect();
        let found = &findings(&one, Beside::default())[0].findings;
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("on chip (a single run)."), "{found:#?}");
        assert!(found[1].contains("a single unit: no interval"), "{found:#?}");
    }
}

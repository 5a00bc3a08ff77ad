//! Headline findings: what the numbers of a study say, in plain words.
//!
//! Every sentence is computed from the result rows. None of them judges whether a difference is large: it gives the
//! difference, its range over the dies and the number of dies.

use crate::figure::capitalised;
use crate::series::{Series, words};
use crate::summary::{Setting, Stage, TaskResults};
use study::Row;

/// The findings of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFindings {
    /// Task id.
    pub task: String,
    /// One finding each: a few sentences of plain text.
    pub findings: Vec<String>,
}

/// The headline findings of `rows`, by task; and one on lost events for the whole study.
pub fn findings(rows: &[Row]) -> Vec<TaskFindings> {
    let tasks = TaskResults::group(rows);
    tasks
        .iter()
        .map(|task| {
            let mut stages = vec![Stage::Float];
            stages.extend(Some(task.last_stage()).filter(|last| *last != Stage::Float));
            let mut all = vec![baseline(task)];
            all.extend(stages.iter().map(|&stage| range(task, stage)));
            all.extend(
                (0..task.axes.len()).flat_map(|axis| stages.iter().map(move |&stage| contrast(task, axis, stage))),
            );
            all.extend([chip_cost(task), worst(task), losses(task), saturations(task)]);
            TaskFindings { task: task.task.into(), findings: all.into_iter().flatten().collect() }
        })
        .collect()
}

/// How good the first setting is.
fn baseline(task: &TaskResults<'_>) -> Option<String> {
    let setting = task.settings.first()?;
    let float = setting.spread(Stage::Float)?;
    let identical = task.stages.iter().all(|&s| setting.spread(s).is_some_and(|s| s.worst == s.best));
    let who = match (setting.rows.len(), identical) {
        (1, _) => "the one die scores".into(),
        (n, true) => format!("all {n} dies score exactly the same"),
        (n, false) => format!("the {n} dies score on average"),
    };
    let mut text = format!(
        "{}, {who}: {} {} with the float readout",
        capitalised(&place(task, setting)),
        task.metric_name,
        task.metric.value(float.mean)
    );
    let later: Vec<String> = [(Stage::Quantised, "quantised"), (Stage::OnChip, "on chip")]
        .into_iter()
        .filter(|(stage, _)| task.stages.contains(stage))
        .filter_map(|(stage, name)| Some(format!("{} {name}", task.metric.value(setting.spread(stage)?.mean))))
        .collect();
    if !later.is_empty() {
        text.push_str(&format!(", {}", later.join(", ")));
    }
    Some(text + ".")
}

/// Where a setting is: `at CV 0.1 with full recurrence`.
fn place(task: &TaskResults<'_>, setting: &Setting<'_>) -> String {
    let along = task.horizontal();
    let others: Vec<usize> = (0..task.axes.len()).filter(|i| *i != along).collect();
    place_on(task, setting, Some(along), &others)
}

/// The same, of some axes only: the horizontal one `along`, if it shall be named, and `others`.
fn place_on(task: &TaskResults<'_>, setting: &Setting<'_>, along: Option<usize>, others: &[usize]) -> String {
    let along = along.and_then(|i| Some((task.axes.get(i)?, setting.values[i])));
    let at = along.map(|(along, value)| format!("at {}", along.axis.words(value)));
    let with: Vec<String> = words(task, &setting.values, others.iter().copied()).collect();
    let with = (!with.is_empty()).then(|| format!("with {}", with.join(" and ")));
    at.into_iter().chain(with).collect::<Vec<_>>().join(" ")
}

/// What the largest value of the horizontal axis changed against the smallest, in the first series.
fn range(task: &TaskResults<'_>, stage: Stage) -> Option<String> {
    let series = Series::of(task).into_iter().next()?;
    let along = task.axes.get(task.horizontal())?;
    let (low, high) = (along.values.first()?, along.values.last().filter(|_| along.values.len() > 1)?);
    let from = series.setting(task, low)?.spread(stage)?;
    let to = series.setting(task, high)?.spread(stage)?;
    let (low, high) = (along.axis.words(low), along.axis.words(high));
    let m = task.metric;
    let spread = to
        .sd
        .map_or_else(String::new, |sd| format!("; at {high} the standard deviation between dies is {}", m.amount(sd)));
    Some(format!(
        "Raising the {} from {low} to {high} ({}) changed the mean {} {} from {} to {} ({}){spread}.",
        along.axis.quantity,
        series.words,
        task.metric_name,
        stage_words(stage),
        m.value(from.mean),
        m.value(to.mean),
        m.difference(to.mean - from.mean)
    ))
}

/// What the contrast of an axis changed, die by die, wherever a task has both of its values.
fn contrast(task: &TaskResults<'_>, axis: usize, stage: Stage) -> Option<String> {
    let contrast = task.axes[axis].axis.contrast?;
    let along = Some(task.horizontal()).filter(|along| *along != axis);
    let tells = |i: &usize| *i != axis && Some(*i) != along && task.axes[*i].values.len() > 1;
    let others: Vec<usize> = (0..task.axes.len()).filter(tells).collect();
    let changes: Vec<String> = task
        .settings
        .iter()
        .filter(|before| before.values[axis] == contrast.from)
        .filter_map(|before| {
            let mut values = before.values.clone();
            values[axis] = contrast.to;
            let differences = paired(before, task.setting(&values)?, stage);
            let count = differences.len();
            let mean = differences.iter().sum::<f64>() / count as f64;
            let sign = if task.higher_is_better { 1.0 } else { -1.0 };
            let better = differences.iter().filter(|d| **d * sign > 0.0).count();
            let worse = differences.iter().filter(|d| **d * sign < 0.0).count();
            (count > 0).then(|| {
                let dies = match (better, worse) {
                    // Dies that agree, as nominal ones do, say nothing about how sure this is.
                    _ if differences.windows(2).all(|pair| pair[0] == pair[1]) => String::new(),
                    (0, w) => format!(" (worse on {w} of {count} dies)"),
                    (b, 0) => format!(" (better on {b} of {count} dies)"),
                    (b, w) => format!(" (better on {b}, worse on {w} of {count} dies)"),
                };
                let place = place_on(task, before, along, &others);
                let space = if place.is_empty() { "" } else { " " };
                format!("{}{space}{place}{dies}", task.metric.difference(mean))
            })
        })
        .collect();
    (!changes.is_empty()).then(|| {
        format!(
            "{} changed the mean {} {} by {}.",
            contrast.words,
            task.metric_name,
            stage_words(stage),
            changes.join("; ")
        )
    })
}

/// What quantising the readout and moving it onto the chip cost, averaged over everything that was run.
fn chip_cost(task: &TaskResults<'_>) -> Option<String> {
    let rows: Vec<&Row> = task.settings.iter().flat_map(|s| s.rows.iter().copied()).collect();
    let mean = |from: Stage, to: Stage| {
        let differences: Option<Vec<f64>> = rows.iter().map(|r| Some(to.score(r)? - from.score(r)?)).collect();
        let differences = differences?;
        Some(differences.iter().sum::<f64>() / differences.len() as f64)
    };
    let quantised = mean(Stage::Float, Stage::Quantised)?;
    let mut text = format!(
        "Averaged over all {} runs, quantising the readout changed {} by {}",
        rows.len(),
        task.metric_name,
        task.metric.difference(quantised)
    );
    if let Some(on_chip) = mean(Stage::Quantised, Stage::OnChip) {
        text.push_str(&format!(", and running it on the chip by another {}", task.metric.difference(on_chip)));
    }
    Some(text + ".")
}

/// The single worst die.
fn worst(task: &TaskResults<'_>) -> Option<String> {
    let stage = task.last_stage();
    let (setting, spread) = task.settings.iter().filter_map(|s| Some((s, s.spread(stage)?))).reduce(|a, b| {
        if (b.1.worst < a.1.worst) == task.higher_is_better && b.1.worst != a.1.worst { b } else { a }
    })?;
    (setting.rows.len() > 1).then(|| {
        format!(
            "The worst die of all is die {} {}: {} {}.",
            spread.worst_die,
            place(task, setting),
            task.metric.value(spread.worst),
            stage_words(stage)
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

/// `after - before` at `stage` for every die that both settings have.
fn paired(before: &Setting<'_>, after: &Setting<'_>, stage: Stage) -> Vec<f64> {
    let pairs = before.rows.iter().filter_map(|b| {
        let a = after.rows.iter().find(|a| a.point.die() == b.point.die())?;
        Some(stage.score(a)? - stage.score(b)?)
    });
    pairs.collect()
}

fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Float => "with the float readout",
        Stage::Quantised => "with the quantised readout",
        Stage::OnChip => "on chip",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[track_caller]
    fn check(rows: &[Row], task: &str, expected: &str) {
        let all = findings(rows);
        let found = all.iter().find(|t| t.task == task).expect("the task is reported");
        assert!(found.findings.iter().any(|f| f.contains(expected)), "{expected}\nnot in {:#?}", found.findings);
    }

    #[test]
    fn sentences_follow_from_the_rows() {
        let r = rows();
        let task = "japanese-vowels";
        check(&r, task, "At CV 0 with full recurrence, all 8 dies score exactly the same: accuracy 96.8 % with the");
        check(
            &r,
            task,
            "Raising the mismatch from CV 0 to CV 0.5 (full recurrence) changed the mean accuracy on chip from 93.9 %",
        );
        check(&r, task, "Removing recurrence changed the mean accuracy on chip by \u{2212}5.8 points at CV 0; ");
        check(&r, task, "quantising the readout changed accuracy by \u{2212}0.8 points, and running it on the chip");
        check(&r, task, "The worst die of all is die ");
        assert!(findings(&r)[0].findings.iter().all(|f| !f.contains("router lost")));
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
        check(&r, "japanese-vowels", "(better on 8 of 8 dies)");
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
        let found = &findings(&one)[0].findings;
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("the one die scores: accuracy"));
    }
}

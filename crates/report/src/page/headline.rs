//! The headline of a page: one sentence and one figure, of what the study asks.
//!
//! Owns which these are. Every number is one of the findings; it deliberately claims nothing of its own.

use crate::blame::blame;
use crate::findings::{ends, findings, said};
use crate::html::escape;
use crate::plot::{self, Plot, forest, sizes, yields};
use crate::summary::{Stage, TaskResults};
use crate::{Beside, compare};
use study::StudyResult;

/// Tasks that a sentence names one by one.
const NAMED_MAX: usize = 3;

/// The headline as HTML; nothing without a result.
pub(super) fn headline(result: &StudyResult, tasks: &[TaskResults<'_>]) -> String {
    let Some((sentence, plots)) = of_question(result, tasks) else { return String::new() };
    let mut html = format!("<section id=\"headline\">\n<p class=\"headline\">{}</p>\n", escape(&sentence));
    html.push_str(&plot::group(&plots, &caption(&plots)));
    html + "</section>\n"
}

/// What a forest needs to be read; other figures say it themselves.
fn caption(plots: &[Plot]) -> String {
    let is_forest = plots.iter().any(|plot| plot.name.starts_with(CHANGES));
    let words = "<p>A line is the interval (95 %) of a mean difference, paired by die: blue for the better, orange for the worse, \
                 grey where it holds 0. Point at one for its numbers.</p>";
    if is_forest { words.into() } else { String::new() }
}

/// Name of the figures of differences of all tasks.
const CHANGES: &str = "changes";

/// Sentence and figures: which parameter is to blame, how many dies pass, which sizes match, what changed; else the
/// first finding.
fn of_question(result: &StudyResult, tasks: &[TaskResults<'_>]) -> Option<(String, Vec<Plot>)> {
    let first = tasks.first()?;
    let stage = first.last_stage();
    let bars: Vec<Plot> = plot::blame::bars(first, stage).into_iter().take(1).collect();
    if let (Some(sentence), false) = (blame(first, stage).into_iter().next(), bars.is_empty()) {
        return Some((sentence, bars));
    }
    for task in tasks {
        if let Some(sentence) = crate::yields::yields(&result.manifest.require, task, task.last_stage()) {
            return Some((sentence, yields::panels(task).into_iter().take(2).collect()));
        }
    }
    if let Some((sentences, plot)) = sizes::sizes(first) {
        return Some((format!("{}: {}", first.task, sentences.first()?), vec![plot]));
    }
    if let Some(sentence) = changed(tasks) {
        return Some((sentence, forests(tasks)));
    }
    let finding = findings(&result.rows, Beside::from(result)).into_iter().next()?.findings.into_iter().next()?;
    Some((format!("{}: {finding}", first.task), Vec::new()))
}

/// What going from one end of the horizontal axis to the other changed in the first series of each task.
fn changed(tasks: &[TaskResults<'_>]) -> Option<String> {
    let all: Vec<_> = tasks
        .iter()
        .filter_map(|task| {
            let (words, [from, to]) = ends(task).into_iter().next()?;
            Some((task, words, compare::change(from, to, task.last_stage())?))
        })
        .collect();
    let words = &all.first()?.1;
    if all.len() <= NAMED_MAX {
        let one = |(task, _, change): &(&TaskResults<'_>, String, compare::Change)| {
            let stage = task.last_stage();
            let words = if stage == Stage::Float { String::new() } else { format!(" {}", stage.words()) };
            format!("{} of {}{words}: {}", task.metric_name, task.task, said(task, change))
        };
        let parts: Vec<String> = all.iter().map(one).collect();
        return Some(format!("{words}: {}.", parts.join("; ")));
    }
    let count = |better: bool| {
        let is = |(task, _, change): &&(&TaskResults<'_>, String, compare::Change)| {
            let is_unclear = change.estimate.as_ref().is_some_and(|estimate| estimate.holds(0.0));
            !is_unclear && change.mean != 0.0 && ((change.mean > 0.0) == task.higher_is_better) == better
        };
        all.iter().filter(is).count()
    };
    let (better, worse, of) = (count(true), count(false), all.len());
    let copies = all[0].0.copies();
    if all.iter().all(|(_, _, change)| change.estimate.is_none()) {
        return Some(format!(
            "{words}: of {of} tasks or stimuli {better} are better, {worse} worse ({copies}: no interval)."
        ));
    }
    let unclear = of - better - worse;
    Some(format!(
        "{words}: of {of} tasks or stimuli {better} are better beyond doubt, {worse} worse; of {unclear} no difference is seen \
         (95 % intervals, {copies})."
    ))
}

/// The differences of all tasks, a figure a metric.
fn forests(tasks: &[TaskResults<'_>]) -> Vec<Plot> {
    let mut metrics: Vec<&TaskResults<'_>> = Vec::new();
    for task in tasks {
        if !metrics.iter().any(|known| known.metric_name == task.metric_name) {
            metrics.push(task);
        }
    }
    let of_metric = |first: &&TaskResults<'_>| {
        let own = tasks.iter().filter(|task| task.metric_name == first.metric_name);
        let steps: Vec<_> = own.flat_map(|task| forest::ends_of(task, task.last_stage(), true)).collect();
        let name = format!("{CHANGES}-{}", first.metric_name);
        let title = format!("What changed: {}", first.metric_name);
        forest::forest(name, &title, first.metric, first.metric_name, &steps)
    };
    metrics.iter().filter_map(of_metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::result;

    fn of(result: &StudyResult) -> (String, Vec<String>) {
        let rows = crate::condensed(&result.rows);
        let tasks = TaskResults::group(&rows);
        let (sentence, plots) = of_question(result, &tasks).expect("a headline");
        (sentence, plots.into_iter().map(|plot| plot.name).collect())
    }

    #[test]
    fn a_headline_answers_what_the_study_asks() {
        let mut result = result();
        let (sentence, plots) = of(&result);
        assert!(
            sentence.starts_with(
                "Raising the mismatch from CV 0 to CV 0.5 (full recurrence): accuracy of japanese-vowels on chip: \u{2212}"
            ),
            "{sentence}"
        );
        assert!(sentence.contains("n = 8 dies); memory capacity of memory-capacity on chip: "), "{sentence}");
        assert_eq!(plots, ["changes-accuracy", "changes-memory capacity"]);
        result.manifest.require = [("memory-capacity".to_string(), 5.0)].into();
        let (sentence, plots) = of(&result);
        assert!(sentence.starts_with("Yield, memory capacity of at least 5.00 on chip: "), "{sentence}");
        assert_eq!(plots, ["memory-capacity-yield-full", "memory-capacity-yield-removed"]);
        result.manifest.require.clear();
        // Tasks by the dozen are counted.
        let rows = result.rows.clone();
        for task in 0..4 {
            result.rows.extend(rows.iter().filter(|row| row.point.task() == "japanese-vowels").cloned().map(
                |mut row| {
                    row.point = row.point.of_task(&format!("task-{task}"));
                    row
                },
            ));
        }
        let (sentence, _) = of(&result);
        let counted = "of 6 tasks or stimuli 0 are better beyond doubt, 6 worse; of 0 no difference is seen (95 % intervals, 8 dies).";
        assert!(sentence.ends_with(counted), "{sentence}");
        result.rows.retain(|row| row.point.die() == 0);
        let (sentence, _) = of(&result);
        assert!(sentence.ends_with("of 6 tasks or stimuli 0 are better, 6 worse (1 die: no interval)."), "{sentence}");
        result.rows = rows;
        result.rows.truncate(8);
        let (sentence, plots) = of(&result);
        assert!(sentence.starts_with("japanese-vowels: At CV 0 with full recurrence: "), "{sentence}");
        assert!(plots.is_empty());
    }
}

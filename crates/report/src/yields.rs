//! How many dies meet what a study requires of them.
//!
//! Owns the sentences on it. Bounds are those of Clopper and Pearson ([`statistics::yields`]); it deliberately draws
//! nothing.

use crate::summary::{Setting, Stage, TaskResults, family};
use statistics::yields::yield_of;
use statistics::{Better, LEVEL};
use std::collections::BTreeMap;

/// The yield under each setting at a stage, in a sentence; nothing if nothing is required of the task.
pub(crate) fn yields(require: &BTreeMap<String, f64>, task: &TaskResults<'_>, stage: Stage) -> Option<String> {
    let stimulus = task.task.split_once(" (").map(|(stimulus, _)| stimulus).or_else(|| family(task.task));
    let required = require.get(task.task).or_else(|| require.get(stimulus?)).copied()?;
    let better = if task.higher_is_better { Better::Larger } else { Better::Smaller };
    let one = |setting: &Setting<'_>| {
        // What a single run gives without mismatch is no yield.
        if setting.rows.len() < 2 {
            return None;
        }
        let scores: Option<Vec<_>> =
            setting.rows.iter().zip(0..).map(|(row, n)| Some((units::DieId(n), stage.score(row)?))).collect();
        let found = yield_of(&scores?, required, better, LEVEL).ok()?;
        let percent = |value: f64| format!("{:.0}", 100.0 * value);
        Some(format!(
            "{} {} of {} dies, {} % (95 %: {} to {})",
            crate::findings::place(task, setting),
            found.reached,
            setting.rows.len(),
            percent(found.share.value),
            percent(found.share.low),
            percent(found.share.high)
        ))
    };
    let parts: Vec<String> = task.settings.iter().filter_map(one).collect();
    let words = if task.higher_is_better { "at least" } else { "at most" };
    (!parts.is_empty()).then(|| {
        let required = task.metric.value(required);
        format!("Yield, {} of {words} {required} {}: {}.", task.metric_name, stage.words(), parts.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn dies_that_pass_are_counted_with_their_bounds() {
        let rows = rows();
        let tasks = TaskResults::group(&rows);
        let require = BTreeMap::from([("japanese-vowels".to_string(), 0.9)]);
        let text = yields(&require, &tasks[0], Stage::Float).expect("a yield");
        assert!(
            text.starts_with("Yield, accuracy of at least 90.0 % with the float readout: at CV 0 with full"),
            "{text}"
        );
        assert!(text.contains("8 of 8 dies, 100 % (95 %: 63 to 100)"), "{text}");
        assert_eq!(yields(&require, &tasks[1], Stage::Float), None);
    }
}

//! Heat maps: the score of every task of a stimulus under every condition.
//!
//! Owns the map. A cell is the mean over networks and dies; its colour is one of a few steps, because more are not told
//! apart, and cells of one step are one path, so that hundreds of tasks stay small. It deliberately judges nothing.

use super::{Plot, heading, text};
use crate::html::escape;
use crate::series::words;
use crate::summary::{Stage, TaskResults, family};
use formats::csv::line;
use std::collections::BTreeMap;
use std::fmt::Write;
use study::Row;

/// Width of the page.
const WIDTH: f64 = 1080.0;
const LEFT: f64 = 230.0;
const TOP: f64 = 44.0;
const ROW: f64 = 17.0;
/// The widest cell.
const CELL: f64 = 22.0;
/// Steps of colour.
const STEPS: usize = 12;

/// Tasks and settings that are drawn, at most.
const TASKS_MAX: usize = 1000;
const SETTINGS_MAX: usize = 48;

/// The map of the tasks that `together` stands for; nothing of a single task.
pub(crate) fn map(rows: &[Row], together: &TaskResults<'_>) -> Option<Plot> {
    let (stimulus, _) = together.task.split_once(" (")?;
    let mut tasks: Vec<&str> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let own = || rows.iter().filter(|row| family(row.point.task()) == Some(stimulus));
    for row in own() {
        let next = tasks.len();
        if *known.entry(row.point.task()).or_insert(next) == next {
            tasks.push(row.point.task());
        }
    }
    let settings: Vec<&Vec<&str>> =
        together.settings.iter().map(|setting| &setting.values).take(SETTINGS_MAX).collect();
    let place: BTreeMap<&Vec<&str>, usize> = settings.iter().enumerate().map(|(at, values)| (*values, at)).collect();
    tasks.truncate(TASKS_MAX);
    let mut sums = vec![(0.0, 0.0); tasks.len() * settings.len()];
    for row in own() {
        let values: Vec<&str> = together.axes.iter().filter_map(|axis| row.point.get(axis.axis)).collect();
        let (Some(setting), Some(&task)) = (place.get(&values), known.get(row.point.task())) else { continue };
        if let (Some(score), Some(cell)) = (Stage::Float.score(row), sums.get_mut(setting * tasks.len() + task)) {
            *cell = (cell.0 + score, cell.1 + 1.0);
        }
    }
    let scores: Vec<Option<f64>> = sums.iter().map(|(sum, count)| (*count > 0.0).then(|| sum / count)).collect();
    (tasks.len() > 1).then(|| draw(together, stimulus, &tasks, &settings, &scores))
}

fn draw(
    task: &TaskResults<'_>,
    stimulus: &str,
    tasks: &[&str],
    settings: &[&Vec<&str>],
    scores: &[Option<f64>],
) -> Plot {
    let cell = ((WIDTH - LEFT - 4.0) / tasks.len() as f64).min(CELL);
    let metric = task.metric;
    let title = format!("{} of each task of {stimulus} under each setting", task.metric_name);
    let mut svg = heading(&title);
    let telling: Vec<usize> = (0..task.axes.len()).filter(|i| task.axes[*i].values.len() > 1).collect();
    let named = |values: &[&str]| words(task, values, telling.iter().copied()).collect::<Vec<_>>().join(", ");
    for (row, values) in settings.iter().enumerate() {
        let y = TOP + ROW * row as f64 + 12.5;
        let name = crate::text::shortened(&named(values), 38);
        svg.push_str(&text((LEFT - 8.0, y), 11.0, "end", "var(--ink)", &name));
    }
    svg.push_str(&functions(tasks, cell));
    let all: Vec<f64> = scores.iter().flatten().copied().collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let step = |score: f64| {
        let share = if high > low { (score - low) / (high - low) } else { 0.5 };
        ((share * STEPS as f64) as usize).min(STEPS - 1)
    };
    let mut paths = vec![String::new(); STEPS];
    for (index, score) in scores.iter().enumerate() {
        let Some(score) = score else { continue };
        let (row, column) = (index / tasks.len(), index % tasks.len());
        let (x, y) = (LEFT + cell * column as f64, TOP + ROW * row as f64);
        let (w, h) = (cell - if cell > 4.0 { 0.6 } else { 0.0 }, ROW - 1.0);
        let _ = write!(paths[step(*score)], "M{x:.1} {y}h{w:.1}v{h}h-{w:.1}z");
    }
    let opacity = |step: usize| 0.05 + 0.9 * step as f64 / (STEPS - 1) as f64;
    for (index, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = write!(svg, "<path d=\"{path}\" fill=\"var(--full)\" fill-opacity=\"{:.2}\"/>", opacity(index));
    }
    let bottom = TOP + ROW * settings.len() as f64;
    for index in 0..STEPS {
        let x = LEFT + 16.0 * index as f64;
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"16\" height=\"9\" fill=\"var(--full)\" fill-opacity=\"{:.2}\"/>",
            bottom + 12.0,
            opacity(index)
        );
    }
    let ends = [(LEFT - 6.0, "end", low), (LEFT + 16.0 * STEPS as f64 + 6.0, "start", high)];
    for (x, anchor, score) in ends {
        svg.push_str(&text((x, bottom + 20.5), 11.0, anchor, "var(--soft)", &metric.value(score)));
    }
    let mut data = line(["setting"].into_iter().chain(tasks.iter().copied()));
    for (values, scores) in settings.iter().zip(scores.chunks(tasks.len())) {
        let scores = scores.iter().map(|score| score.map_or_else(String::new, |score| format!("{score:.6}")));
        data.push_str(&line([named(values)].into_iter().chain(scores)));
    }
    let metric = escape(task.metric_name);
    let (columns, rows) = (tasks.len(), settings.len());
    let attributes = format!(" data-grid=\"{LEFT} {TOP} {cell:.4} {ROW} {columns} {rows}\" data-wide=\"{metric}\"");
    let name = format!("{stimulus}-tasks");
    Plot { name, title, svg, size: (WIDTH, bottom + 30.0), attributes, data }
}

/// The functions that tasks are of, each above its tasks, if there is room; and lines between them.
fn functions(tasks: &[&str], cell: f64) -> String {
    let function = |task: &str| task.split('/').nth(1).unwrap_or_default().to_owned();
    let mut svg = String::new();
    let mut start = 0;
    for group in tasks.chunk_by(|a, b| function(a) == function(b)) {
        let (x, width) = (LEFT + cell * start as f64, cell * group.len() as f64);
        let name = function(group[0]);
        if name.chars().count() as f64 * 5.6 < width {
            svg.push_str(&text((x + width / 2.0, TOP - 6.0), 10.0, "middle", "var(--soft)", &name));
        }
        let _ = write!(svg, "<path d=\"M{x:.1} {}v4\" stroke=\"var(--soft)\"/>", TOP - 5.0);
        start += group.len();
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};
    use crate::summary::condensed;

    #[test]
    fn hundreds_of_tasks_stay_small() {
        let mut all = Vec::new();
        for network in ["0", "1"] {
            for cv in ["0", "0.2", "0.5", "1"] {
                for recurrence in ["full", "removed"] {
                    for task in 0..440 {
                        let mut row = rows()[0].clone();
                        let task = format!("lorenz/f-{}/shift+{}", task / 12, task % 12);
                        row.point = point(&[
                            ("task", &task),
                            ("network", network),
                            ("recurrence", recurrence),
                            ("cv", cv),
                            ("die", "0"),
                        ]);
                        row.score_float = f64::from(task.len() as u32) / 30.0 + if network == "0" { 0.1 } else { -0.1 };
                        (row.metric, row.higher_is_better) = ("nrmse".into(), false);
                        all.push(row);
                    }
                }
            }
        }
        let together = condensed(&all);
        let plot = map(&all, &TaskResults::group(&together)[0]).expect("a map");
        assert_eq!(plot.data.lines().count(), 1 + 8);
        assert!(plot.data.lines().all(|line| line.rsplit(',').nth(439).is_some()), "a column a task");
        assert!(plot.data.contains("\n\"full recurrence, CV 0.2\",0.600000,"), "the mean of two networks");
        assert!(plot.svg.len() < 120_000 && plot.data.len() < 60_000, "{} {}", plot.svg.len(), plot.data.len());
        assert_eq!(plot.svg.matches("v16h-").count(), 8 * 440, "a cell each");
        assert!(map(&rows(), &TaskResults::group(&rows())[0]).is_none(), "single tasks");
    }
}

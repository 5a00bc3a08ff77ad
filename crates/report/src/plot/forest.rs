//! Paired differences with their intervals: what each step of a study changed.
//!
//! Owns which differences those are and how they are drawn. The differences are those of the findings; it deliberately
//! judges none, but for the colour of one whose interval does not hold 0.

use super::{Plot, heading, text};
use crate::chart::WIDTH;
use crate::compare::{Change, change, stage_change};
use crate::findings::{along_of, contrasts};
use crate::html::escape;
use crate::scale::Scale;
use crate::score::ScoreFormat;
use crate::series::Series;
use crate::summary::{Stage, TaskResults};
use crate::text::shortened;
use formats::csv::line;
use std::fmt::Write;

/// A difference.
pub(crate) struct Step {
    label: String,
    change: Change,
    higher_is_better: bool,
}

/// Rows of a figure, at most: a page with more is not read.
const ROWS_MAX: usize = 24;

/// Height of a row: its words, and its interval below them.
const ROW: f64 = 30.0;
const TOP: f64 = 30.0;
const FOOT: f64 = 40.0;
const LEFT: f64 = 10.0;

/// Words lie above grid and zero line.
const HALO: &str = "<text stroke=\"var(--paper)\" stroke-width=\"4\" paint-order=\"stroke\" ";

/// What changed from one end of the horizontal axis to the other, in each series of a task.
pub(crate) fn ends_of(task: &TaskResults<'_>, stage: Stage, name_task: bool) -> Vec<Step> {
    let Some(along) = along_of(task).map(|along| &task.axes[along]) else { return Vec::new() };
    let [low, high] = [along.values.first(), along.values.last()].map(|value| value.map_or("", |value| *value));
    let (from, to) = (along.axis.words(low), along.axis.words(high));
    let step = |series: Series<'_>| {
        let change = change(series.setting(task, low)?, series.setting(task, high)?, stage)?;
        // Beside other tasks there is room for the short name only.
        let stimulus = task.task.split_once(" (").map_or(task.task, |(stimulus, _)| stimulus);
        let label = match name_task {
            true => format!("{stimulus}: {from} to {to}, {}", series.name),
            false => format!("{from} to {to}, {}", series.words),
        };
        Some(Step { label, change, higher_is_better: task.higher_is_better })
    };
    Series::of(task).into_iter().filter_map(step).collect()
}

/// Every difference of a task: along the horizontal axis, of the contrasts of other axes, and of the stages of a
/// readout.
pub(crate) fn steps(task: &TaskResults<'_>) -> Vec<Step> {
    let stage = task.last_stage();
    let mut all = ends_of(task, stage, false);
    let higher_is_better = task.higher_is_better;
    for axis in 0..task.axes.len() {
        for (words, place, change) in contrasts(task, axis, stage) {
            all.push(Step { label: format!("{words} {place}").trim_end().into(), change, higher_is_better });
        }
    }
    for (from, to, words) in [
        (Stage::Float, Stage::Quantised, "Quantising the readout"),
        (Stage::Quantised, Stage::OnChip, "Running it on the chip"),
        (Stage::OnChip, Stage::Calibrated, "Calibrating it on the die"),
        (Stage::Float, Stage::Calibrated, "Calibrated, against the float readout"),
    ] {
        if let Some(change) = stage_change(&task.settings, from, to) {
            all.push(Step { label: words.into(), change, higher_is_better });
        }
    }
    all
}

/// The figure of some differences of one metric.
pub(crate) fn forest(name: String, title: &str, metric: ScoreFormat, metric_name: &str, all: &[Step]) -> Option<Plot> {
    let shown = &all[..all.len().min(ROWS_MAX)];
    let ends = |step: &Step| match &step.change.estimate {
        Some(estimate) => [estimate.low, estimate.value, estimate.high],
        None => [step.change.mean; 3],
    };
    let values = shown.iter().flat_map(ends).map(|value| value * metric.factor).chain([0.0]);
    let (low, high) = values.fold((0.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    if shown.is_empty() {
        return None;
    }
    let scale = Scale::covering(low, high, 5);
    let (left, right) = (LEFT + 12.0, WIDTH - 14.0);
    let place = |value: f64| left + scale.share(value) * (right - left);
    let bottom = TOP + ROW * shown.len() as f64;
    let mut svg = heading(title);
    let mut grid = String::new();
    for i in 0..=scale.steps() {
        let x = place(scale.mark(i));
        let _ = write!(grid, "M{x:.1} {TOP}V{bottom}");
        svg.push_str(&text((x, bottom + 14.0), 11.0, "middle", "var(--soft)", &scale.label(i)));
    }
    let _ = write!(svg, "<path d=\"{grid}\" stroke=\"var(--grid)\" fill=\"none\"/>");
    let _ = write!(svg, "<path d=\"M{0:.1} {TOP}V{bottom}\" stroke=\"var(--soft)\" fill=\"none\"/>", place(0.0));
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" ({})", metric.difference_unit) };
    let title_of_axis = format!("change of {metric_name}{unit}");
    svg.push_str(&text(((left + right) / 2.0, bottom + 31.0), 12.0, "middle", "var(--soft)", &title_of_axis));
    let mut data = line(["step", "difference", "low", "high", "n", "units"]);
    for (i, step) in shown.iter().enumerate() {
        let y = TOP + ROW * i as f64;
        svg.push_str(&row(step, metric, y, &place));
        let number = |value: f64| value.to_string();
        let mut fields = vec![step.label.clone(), number(step.change.mean)];
        fields.extend(match &step.change.estimate {
            Some(e) => [number(e.low), number(e.high), e.n.to_string(), e.unit.clone()],
            None => Default::default(),
        });
        data.push_str(&line(fields));
    }
    let mut height = bottom + FOOT;
    if shown.len() < all.len() {
        let more = format!("{} more are in the findings.", all.len() - shown.len());
        svg.push_str(&text((LEFT, height + 6.0), 11.0, "start", "var(--soft)", &more));
        height += 14.0;
    }
    Some(Plot { name, title: title.into(), svg, size: (WIDTH, height), attributes: String::new(), data })
}

/// The words of a difference, and its interval below them.
fn row(step: &Step, metric: ScoreFormat, y: f64, place: &dyn Fn(f64) -> f64) -> String {
    let Step { label, change, higher_is_better } = step;
    let estimate = change.estimate.as_ref();
    let is_seen = estimate.is_some_and(|estimate| !estimate.holds(0.0));
    let colour = match (is_seen, (change.mean > 0.0) == *higher_is_better) {
        (false, _) => "var(--soft)",
        (true, true) => "var(--full)",
        (true, false) => "var(--removed)",
    };
    let words = match estimate {
        Some(estimate) => format!("{} {}", metric.difference(change.mean), metric.interval(estimate)),
        None => format!("{} (a single unit: no interval)", metric.difference(change.mean)),
    };
    let middle = y + 22.0;
    let mut path = String::new();
    if let Some(estimate) = estimate {
        let (low, high) = (place(estimate.low * metric.factor), place(estimate.high * metric.factor));
        let _ = write!(path, "M{low:.1} {middle}H{high:.1}M{low:.1} {}v6M{high:.1} {}v6", middle - 3.0, middle - 3.0);
    }
    format!(
        "{}<g class=\"tt\"><title>{}</title><path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"1.75\" fill=\"none\"/>\
         <circle cx=\"{:.1}\" cy=\"{middle}\" r=\"3.4\" fill=\"{colour}\"/></g>",
        text((LEFT, y + 13.0), 11.0, "start", "var(--ink)", &shortened(label, 58)).replacen("<text ", HALO, 1),
        escape(&format!("{label}\n{words}")),
        place(change.mean * metric.factor)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn every_step_has_a_row_and_a_line_of_data() {
        let rows = rows();
        let task = &TaskResults::group(&rows)[0];
        let steps = steps(task);
        let labels: Vec<&str> = steps.iter().map(|step| step.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "CV 0 to CV 0.5, full recurrence",
                "CV 0 to CV 0.5, recurrence removed",
                "Removing recurrence at CV 0",
                "Removing recurrence at CV 0.1",
                "Removing recurrence at CV 0.2",
                "Removing recurrence at CV 0.5",
                "Quantising the readout",
                "Running it on the chip",
            ]
        );
        let plot = forest("x".into(), "Changes", task.metric, task.metric_name, &steps).expect("a figure");
        assert_eq!(plot.svg.matches("<title>").count(), steps.len());
        assert_eq!(plot.data.lines().count(), 1 + steps.len());
        assert!(plot.svg.contains("change of accuracy (points)"), "{}", plot.svg);
        assert!(plot.svg.contains("var(--removed)"), "removing recurrence is seen to hurt");
        assert!(forest("x".into(), "", task.metric, "", &[]).is_none());
    }

    #[test]
    fn no_figure_grows_beyond_its_limit() {
        let change = || Change { mean: 0.0, estimate: None };
        let many: Vec<Step> =
            (0..100).map(|i| Step { label: format!("step {i}"), change: change(), higher_is_better: true }).collect();
        let plot = forest("x".into(), "", ScoreFormat::of("nrmse"), "nrmse", &many).expect("a figure");
        assert!(plot.svg.contains("76 more are in the findings.") && plot.data.lines().count() == 1 + ROWS_MAX);
    }
}

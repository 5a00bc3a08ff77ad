//! The figure of a study: score against one axis, every die a point; and the same as a picture that stands alone.

use crate::chart::{Axis, HEIGHT, Interval, Line, Panel, Points, WIDTH, with_fixed_colours};
use crate::html::escape;
use crate::plot::Plot;
use crate::scale::Scale;
use crate::series::Series;
use crate::summary::{AxisValues, Stage, TaskResults, condensed, number};
use formats::csv::line;
use std::fmt::Write;
use study::Row;

/// Fonts of a picture that stands alone.
pub(crate) const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/// Distance between the panels of a picture that stands alone.
const GAP: f64 = 10.0;

/// Colour of the `index`th of `count` values of the horizontal axis: from the palest to the darkest.
pub(crate) fn step_colour(index: usize, count: usize) -> String {
    let step = if count > 1 { index * 5 / (count - 1) } else { 0 };
    format!("var(--cv-{step})")
}

/// Where the values of an axis stand: numbers to scale, or evenly spaced where two are too close to tell apart.
struct Horizontal {
    title: &'static str,
    positions: Vec<f64>,
    scale: Scale,
    /// Smallest distance of two values, in data units.
    gap: f64,
    marks: Option<Vec<String>>,
}

impl Horizontal {
    fn of(title: &'static str, names: &[&str]) -> Self {
        let values: Vec<f64> = names.iter().map(|name| number(name)).collect();
        let gap = values.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let (first, last) = (values[0], values[values.len() - 1]);
        if values.len() > 1 && gap * 12.0 >= last - first {
            let scale = Scale::covering(first, last, 6);
            return Self { title, positions: values, scale, gap, marks: None };
        }
        let last = (values.len() - 1).max(1) as f64;
        let marks = Some(names.iter().map(|name| name.to_string()).collect());
        let positions = (0..values.len()).map(|i| i as f64).collect();
        Self { title, positions, scale: Scale::covering(0.0, last, values.len().max(2)), gap: 1.0, marks }
    }

    /// Width of the band around a value in which its dies stand.
    fn band(&self) -> f64 {
        (self.gap * 0.62).min((self.scale.max() - self.scale.min()) * 0.09)
    }

    fn axis(&self) -> Axis {
        let note = if self.marks.is_some() { " (not to scale)" } else { "" };
        Axis {
            scale: self.scale,
            title: format!("{}{note}", self.title),
            marks: self.marks.clone(),
            margin: self.band() * 0.7,
        }
    }
}

/// The panels "score against an axis" of a task, one a stage: every die a point, a line through the means, and the
/// interval of each mean.
pub(crate) fn score_panels(task: &TaskResults<'_>, stages: &[Stage]) -> Vec<Plot> {
    let Some(along) = task.axes.get(task.horizontal()) else { return Vec::new() };
    let x = Horizontal::of(along.axis.title, &along.values);
    stages.iter().filter_map(|&stage| panel(task, stage, along, &x)).collect()
}

/// The stages that are drawn first, and alone in a picture that stands alone: of many those that say what the chip
/// costs, as more would not be read.
pub(crate) fn key_stages(task: &TaskResults<'_>) -> Vec<Stage> {
    const KEY: [Stage; 3] = [Stage::Float, Stage::OnChip, Stage::Calibrated];
    let is_key = |stage: &Stage| task.stages.len() <= KEY.len() || KEY.contains(stage);
    task.stages.iter().copied().filter(is_key).collect()
}

/// The panel of a stage. Its axis of scores fits what is in it: the dies, and of intervals as much as has room.
fn panel(task: &TaskResults<'_>, stage: Stage, along: &AxisValues<'_>, x: &Horizontal) -> Option<Plot> {
    let rows = task.settings.iter().flat_map(|s| &s.rows);
    let scores: Vec<f64> = rows.filter_map(|row| stage.score(row)).collect();
    let scale = score_scale(task, &[&scores[..], &within_reach(task, stage, &scores)].concat(), 8)?;
    let mut panel = Panel { title: stage.title().into(), x: x.axis(), y: score_axis(task, scale), ..Panel::default() };
    score_series(task, stage, along, x, &mut panel);
    Some(Plot::of_panel(format!("{}-{}", task.task, stage.name()), &panel, data(task, stage)))
}

/// The ends of intervals that are no further from the scores than the scores are from each other. Those of two or three
/// units can be far away, and would leave no room for the dies.
fn within_reach(task: &TaskResults<'_>, stage: Stage, scores: &[f64]) -> Vec<f64> {
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let reach = (high - low) * 0.5;
    let ends = task.settings.iter().filter_map(|s| s.estimate(stage)).flat_map(|e| [e.low, e.high]);
    ends.filter(|end| (low - reach..=high + reach).contains(end)).collect()
}

/// Every die with its score.
fn data(task: &TaskResults<'_>, stage: Stage) -> String {
    let keys = task.axes.iter().map(|axis| axis.axis.key);
    let mut data = line(keys.chain(["series", "network", "die", "score"]));
    for setting in &task.settings {
        for row in &setting.rows {
            let Some(score) = stage.score(row) else { continue };
            let units = [row.point.unit(&study::SERIES), row.point.unit(&study::NETWORK), row.point.die()];
            let values = setting.values.iter().map(|value| value.to_string());
            let units = units.map(|unit| unit.to_string());
            data.push_str(&line(values.chain(units).chain([score.to_string()])));
        }
    }
    data
}

fn score_series(task: &TaskResults<'_>, stage: Stage, along: &AxisValues<'_>, x: &Horizontal, panel: &mut Panel) {
    let all = Series::of(task);
    let kinds = all.len() as f64;
    for (k, series) in all.into_iter().enumerate() {
        let colour = series.colour();
        let mut line = Vec::new();
        let mut dies = Points { colour: colour.clone(), marker: series.marker(), places: vec![], tips: vec![] };
        for (&value, &position) in along.values.iter().zip(&x.positions) {
            let Some(setting) = series.setting(task, value) else { continue };
            // Series stand side by side in a band around their value, and the dies side by side in it.
            let band = x.band();
            let place = |within: f64| position + band * ((k as f64 + within) / kinds - 0.5);
            for (i, row) in setting.rows.iter().enumerate() {
                let Some(score) = stage.score(row) else { continue };
                let within = (i as f64 + 0.5) / setting.rows.len() as f64;
                dies.places.push((place(0.1 + 0.8 * within), score * task.metric.factor));
                dies.tips.push(tip(task, row, &series, &along.axis.words(value), score));
            }
            if let Some(spread) = setting.spread(stage) {
                line.push((place(0.5), spread.mean * task.metric.factor));
            }
            if let Some(estimate) = setting.estimate(stage) {
                let [low, high] = [estimate.low, estimate.high].map(|end| end * task.metric.factor);
                panel.intervals.push(Interval { colour: colour.clone(), x: place(0.5), low, high });
            }
        }
        panel.lines.push(Line { colour, places: line, label: Some(series.name) });
        panel.points.push(dies);
    }
}

/// What a reader sees when pointing at a die. The first line says which die it is: the page uses it to find the same
/// die in another panel.
pub(crate) fn tip(task: &TaskResults<'_>, row: &Row, series: &Series<'_>, along: &str, score: f64) -> String {
    let die = task.units.die_name(row);
    format!("{die}\n{}, {along}\n{} {}", series.words, task.metric_name, task.metric.value(score))
}

/// A scale that fits `scores`, with about `marks` marks: numbers beside each other need more room than above each
/// other.
pub(crate) fn score_scale(task: &TaskResults<'_>, scores: &[f64], marks: usize) -> Option<Scale> {
    let low = scores.iter().copied().reduce(f64::min)? * task.metric.factor;
    let high = scores.iter().copied().reduce(f64::max)? * task.metric.factor;
    Some(Scale::covering(low, high, marks))
}

pub(crate) fn score_axis(task: &TaskResults<'_>, scale: Scale) -> Axis {
    Axis { scale, title: task.metric.label(task.metric_name), marks: None, margin: scale.step() * 0.12 }
}

/// `text` with its first letter in upper case.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The figure "score against an axis" of one task as a picture that stands alone: an SVG document on white, without
/// script or style sheet. `None` if `rows` has no such task.
pub fn figure_svg(rows: &[Row], task: &str) -> Option<String> {
    let rows = condensed(rows);
    let tasks = TaskResults::group(&rows);
    let task = tasks.iter().find(|t| t.task == task)?;
    let panels = score_panels(task, &key_stages(task));
    // A headline is not cut off where there is one panel only; a bold letter is about this wide (in DejaVu Sans,
    // the widest of the fonts).
    let headline = headline(task);
    let width = (panels.len() as f64 * (WIDTH + GAP) + 12.0).max(headline.chars().count() as f64 * 10.6 + 32.0);
    let height = HEIGHT + 46.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"600\" fill=\"var(--ink)\">{}</text>\n",
        escape(&headline)
    );
    for (i, panel) in panels.iter().enumerate() {
        let x = 8.0 + i as f64 * (WIDTH + GAP);
        let _ = writeln!(svg, "<g transform=\"translate({x},42)\" fill=\"var(--soft)\">{}</g>", panel.svg);
    }
    svg.push_str("</svg>\n");
    Some(with_fixed_colours(&svg))
}

/// `japanese-vowels on dynapse2: accuracy of every die against mismatch`.
fn headline(task: &TaskResults<'_>) -> String {
    let chip = task.settings.first().and_then(|s| s.rows.first()).map_or("", |r| r.chip.as_str());
    let along = task.axes.get(task.horizontal()).map_or("", |along| along.axis.quantity);
    format!("{} on {chip}: {} of every die against {along}", task.task, task.metric_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};

    #[test]
    fn figures_show_every_die_once_a_stage() {
        let rows = rows();
        let tasks = TaskResults::group(&rows);
        let panels = score_panels(&tasks[0], &tasks[0].stages);
        assert_eq!(panels.len(), 3);
        assert!(panels.iter().all(|p| p.svg.matches("<title>").count() == 64), "2 kinds x 4 CVs x 8 dies");
        assert!(panels.iter().all(|p| p.data.lines().count() == 65));
    }

    #[test]
    fn a_picture_alone_needs_nothing_else() {
        let svg = figure_svg(&rows(), "japanese-vowels").unwrap();
        assert_eq!(svg, figure_svg(&rows(), "japanese-vowels").unwrap());
        for unwanted in ["var(", "<script", "<style", "href"] {
            assert!(!svg.contains(unwanted), "{unwanted}");
        }
        assert!(figure_svg(&rows(), "narma-10").is_none());
    }

    #[test]
    fn close_values_are_spaced_evenly() {
        let axis = Horizontal::of("x", &["0", "0.01", "0.5"]);
        assert_eq!(axis.positions, [0.0, 1.0, 2.0]);
        assert_eq!(Horizontal::of("x", &["0", "0.1", "0.5"]).positions, [0.0, 0.1, 0.5]);
        assert_eq!(Horizontal::of("x", &["0.2"]).positions, [0.0]);
    }

    #[test]
    fn odd_results_still_make_figures() {
        let mut odd: Vec<Row> = rows()
            .into_iter()
            .filter(|r| r.point.die() == 0 && r.point.setting().any(|(_, name)| name == "0"))
            .collect();
        odd.iter_mut().for_each(|r| r.score_on_chip = None);
        odd[0].point = point(&[("task", odd[0].point.task()), ("recurrence", "0.5"), ("cv", "0"), ("die", "0")]);
        let tasks = TaskResults::group(&odd);
        for task in &tasks {
            assert_eq!(score_panels(task, &task.stages).len(), 2);
            assert_eq!(crate::plot::yields::panels(task).len(), 2);
        }
    }
}

//! The figures of a study: score against one axis, and the share of dies that reach a score.

use crate::chart::{Axis, HEIGHT, Line, Marker, Panel, Points, WIDTH, with_fixed_colours};
use crate::html::escape;
use crate::scale::Scale;
use crate::series::Series;
use crate::summary::{AxisValues, Stage, TaskResults, condensed, number};
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

/// The panels "score against an axis" of a task, one a stage: every die a point, a line through the means.
pub(crate) fn score_panels(task: &TaskResults<'_>) -> Vec<String> {
    panels_of(task, &task.stages)
}

/// The stages of a picture that stands alone: of many those that say what the chip costs, as more would not be read.
fn key_stages(task: &TaskResults<'_>) -> Vec<Stage> {
    const KEY: [Stage; 3] = [Stage::Float, Stage::OnChip, Stage::Calibrated];
    let is_key = |stage: &Stage| task.stages.len() <= KEY.len() || KEY.contains(stage);
    task.stages.iter().copied().filter(is_key).collect()
}

/// The same for some stages.
fn panels_of(task: &TaskResults<'_>, stages: &[Stage]) -> Vec<String> {
    let all = task.settings.iter().flat_map(|s| &s.rows);
    let scores: Vec<f64> = all.flat_map(|row| stages.iter().filter_map(|s| s.score(row))).collect();
    let (Some(y_scale), Some(along)) = (score_scale(task, &scores), task.axes.get(task.horizontal())) else {
        return Vec::new();
    };
    let x = Horizontal::of(along.axis.title, &along.values);
    stages
        .iter()
        .map(|&stage| {
            let (lines, points) = score_series(task, stage, along, &x);
            Panel { title: stage.title().into(), x: x.axis(), y: score_axis(task, y_scale), lines, points }.draw()
        })
        .collect()
}

fn score_series(
    task: &TaskResults<'_>,
    stage: Stage,
    along: &AxisValues<'_>,
    x: &Horizontal,
) -> (Vec<Line>, Vec<Points>) {
    let (mut lines, mut points) = (Vec::new(), Vec::new());
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
        }
        lines.push(Line { colour, places: line, label: Some(series.name) });
        points.push(dies);
    }
    (lines, points)
}

/// The panels "share of dies that reach a score" of a task at its last stage, one a series.
pub(crate) fn yield_panels(task: &TaskResults<'_>) -> Vec<String> {
    let stage = task.last_stage();
    let all = task.settings.iter().flat_map(|s| &s.rows);
    let scores: Vec<f64> = all.filter_map(|row| stage.score(row)).collect();
    let (Some(x_scale), Some(along)) = (score_scale(task, &scores), task.axes.get(task.horizontal())) else {
        return Vec::new();
    };
    Series::of(task)
        .iter()
        .map(|series| {
            let (lines, points) = yield_lines(task, stage, series, along, &x_scale);
            let share = Axis {
                scale: Scale::covering(0.0, 100.0, 5),
                title: "dies that reach it (%)".into(),
                marks: None,
                margin: 2.0,
            };
            let mut x = score_axis(task, x_scale);
            x.title = format!("{} {}", task.metric.label(task.metric_name), stage.name());
            Panel { title: capitalised(&series.words), x, y: share, lines, points }.draw()
        })
        .collect()
}

fn yield_lines(
    task: &TaskResults<'_>,
    stage: Stage,
    series: &Series<'_>,
    along: &AxisValues<'_>,
    x: &Scale,
) -> (Vec<Line>, Vec<Points>) {
    let (mut lines, mut points) = (Vec::new(), Vec::new());
    for (i, &value) in along.values.iter().enumerate() {
        let Some(setting) = series.setting(task, value) else { continue };
        let colour = step_colour(i, along.values.len());
        let scored = setting.rows.iter().filter_map(|r| Some((stage.score(r)?, *r)));
        let mut scores: Vec<(f64, &Row)> = scored.collect();
        // From the best die to the worst: the k-th of n is reached by k/n of the dies.
        let place = |row: &Row| task.units.path(row);
        scores.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| place(b.1).cmp(&place(a.1))));
        if task.higher_is_better {
            scores.reverse();
        }
        let easy_end = if task.higher_is_better { x.min() } else { x.max() };
        let mut dies = Points { colour: colour.clone(), marker: Marker::Circle, places: vec![], tips: vec![] };
        let mut line = Vec::new();
        let count = scores.len() as f64;
        for (k, &(score, row)) in scores.iter().enumerate() {
            let (at, share) = (score * task.metric.factor, 100.0 * (k + 1) as f64 / count);
            line.extend([(at, 100.0 * k as f64 / count), (at, share)]);
            dies.places.push((at, share));
            let tip = tip(task, row, series, &along.axis.words(value), score);
            dies.tips.push(format!("{tip}\n{share:.0} % of dies reach this"));
        }
        line.push((easy_end, 100.0));
        lines.push(Line { colour, places: line, label: None });
        points.push(dies);
    }
    (lines, points)
}

/// What a reader sees when pointing at a die. The first line says which die it is: the page uses it to find the same
/// die in another panel.
fn tip(task: &TaskResults<'_>, row: &Row, series: &Series<'_>, along: &str, score: f64) -> String {
    let die = task.units.die_name(row);
    format!("{die}\n{}, {along}\n{} {}", series.words, task.metric_name, task.metric.value(score))
}

fn score_scale(task: &TaskResults<'_>, scores: &[f64]) -> Option<Scale> {
    let low = scores.iter().copied().reduce(f64::min)? * task.metric.factor;
    let high = scores.iter().copied().reduce(f64::max)? * task.metric.factor;
    Some(Scale::covering(low, high, 8))
}

fn score_axis(task: &TaskResults<'_>, scale: Scale) -> Axis {
    Axis { scale, title: task.metric.label(task.metric_name), marks: None, margin: scale.step() * 0.12 }
}

/// `text` with its first letter in upper case.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A figure as HTML: the panels side by side, or below each other on a narrow screen.
pub(crate) fn html(panels: &[String], label: &str, caption: &str) -> String {
    let mut html = String::from("<figure class=\"chart\"><div class=\"panels\">\n");
    for panel in panels {
        let _ = writeln!(
            html,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{panel}</svg>",
            escape(label)
        );
    }
    let _ = writeln!(html, "</div><figcaption>{caption}</figcaption></figure>");
    html
}

/// The figure "score against an axis" of one task as a picture that stands alone: an SVG document on white, without
/// script or style sheet. `None` if `rows` has no such task.
pub fn figure_svg(rows: &[Row], task: &str) -> Option<String> {
    let rows = condensed(rows);
    let tasks = TaskResults::group(&rows);
    let task = tasks.iter().find(|t| t.task == task)?;
    let panels = panels_of(task, &key_stages(task));
    // A headline is not cut off where there is one panel only; a bold letter is about this wide.
    let headline = headline(task);
    let width = (panels.len() as f64 * (WIDTH + GAP) + 12.0).max(headline.chars().count() as f64 * 9.2 + 32.0);
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
        let _ = writeln!(svg, "<g transform=\"translate({x},42)\" fill=\"var(--soft)\">{panel}</g>");
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
        let panels = score_panels(&tasks[0]);
        assert_eq!(panels.len(), 3);
        assert!(panels.iter().all(|p| p.matches("<title>").count() == 64), "2 kinds x 4 CVs x 8 dies");
        let yields = yield_panels(&tasks[0]);
        assert_eq!(yields.len(), 2);
        assert!(yields.iter().all(|p| p.matches("<title>").count() == 32));
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
            assert_eq!(score_panels(task).len(), 2);
            assert_eq!(yield_panels(task).len(), 2);
        }
    }
}

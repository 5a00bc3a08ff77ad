//! The figures of a study: score against CV, and the share of dies that reach a score.

use crate::chart::{Axis, HEIGHT, Line, Panel, Points, WIDTH, with_fixed_colours};
use crate::html::escape;
use crate::scale::Scale;
use crate::summary::{Stage, TaskResults, number};
use kuva::plot::scatter::MarkerShape;
use std::fmt::Write;
use study::Row;

/// Fonts of a picture that stands alone.
pub(crate) const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/// Distance between the panels of a picture that stands alone.
const GAP: f64 = 10.0;

/// Colour of a kind of recurrence: the same in every figure.
pub(crate) fn recurrence_colour(task: &TaskResults<'_>, recurrence: &str) -> String {
    let name = match recurrence {
        "full" | "removed" => recurrence.to_string(),
        _ => {
            let partial = task.recurrences.iter().filter(|r| !matches!(**r, "full" | "removed"));
            let index = partial.take_while(|r| **r != recurrence).count();
            format!("kept-{}", index % 2 + 1)
        }
    };
    format!("var(--{name})")
}

fn marker(recurrence: &str) -> MarkerShape {
    match recurrence {
        "full" => MarkerShape::Circle,
        "removed" => MarkerShape::Diamond,
        _ => MarkerShape::Square,
    }
}

/// `full recurrence`, `recurrence removed`, `0.5 of recurrence`.
pub(crate) fn recurrence_words(recurrence: &str) -> String {
    match recurrence {
        "full" => "full recurrence".into(),
        "removed" => "recurrence removed".into(),
        kept => format!("{kept} of recurrence kept"),
    }
}

/// `CV 0.2`, or that the mismatch is the chip's own.
pub(crate) fn cv_words(cv: &str) -> String {
    if cv == "chip" { "the chip's own mismatch".into() } else { format!("CV {cv}") }
}

/// Colour of the `index`th of `count` CVs: from the palest to the darkest.
pub(crate) fn cv_colour(index: usize, count: usize) -> String {
    let step = if count > 1 { index * 5 / (count - 1) } else { 0 };
    format!("var(--cv-{step})")
}

/// Where the CVs of a task stand on an axis: to scale, or evenly spaced where two are too close to tell apart.
struct CvAxis {
    positions: Vec<f64>,
    scale: Scale,
    /// Smallest distance of two CVs, in data units.
    gap: f64,
    marks: Option<Vec<String>>,
}

impl CvAxis {
    fn of(cvs: &[&str]) -> Self {
        let values: Vec<f64> = cvs.iter().map(|cv| number(cv)).collect();
        let gap = values.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let (first, last) = (values[0], values[values.len() - 1]);
        if values.len() > 1 && gap * 12.0 >= last - first {
            return Self { positions: values, scale: Scale::covering(first, last, 6), gap, marks: None };
        }
        let last = (values.len() - 1).max(1) as f64;
        let marks = Some(cvs.iter().map(|cv| cv.to_string()).collect());
        let positions = (0..values.len()).map(|i| i as f64).collect();
        Self { positions, scale: Scale::covering(0.0, last, values.len().max(2)), gap: 1.0, marks }
    }

    /// Width of the band around a CV in which its dies stand.
    fn band(&self) -> f64 {
        (self.gap * 0.62).min((self.scale.max() - self.scale.min()) * 0.09)
    }

    fn axis(&self) -> Axis {
        let title = if self.marks.is_some() { "mismatch CV (not to scale)" } else { "mismatch CV" };
        Axis { scale: self.scale, title: title.into(), marks: self.marks.clone(), margin: self.band() * 0.7 }
    }
}

/// The panels "score against CV" of a task, one a stage: every die a point, a line through the means.
pub(crate) fn score_panels(task: &TaskResults<'_>) -> Vec<String> {
    let all = task.settings.iter().flat_map(|s| &s.rows);
    let scores: Vec<f64> = all.flat_map(|row| task.stages.iter().filter_map(|s| s.score(row))).collect();
    let Some(y_scale) = score_scale(task, &scores) else { return Vec::new() };
    let cv_axis = CvAxis::of(&task.cvs);
    task.stages
        .iter()
        .map(|&stage| {
            let (lines, points) = score_series(task, stage, &cv_axis);
            Panel { title: stage.title().into(), x: cv_axis.axis(), y: score_axis(task, y_scale), lines, points }.draw()
        })
        .collect()
}

fn score_series(task: &TaskResults<'_>, stage: Stage, cv_axis: &CvAxis) -> (Vec<Line>, Vec<Points>) {
    let (mut lines, mut points) = (Vec::new(), Vec::new());
    let kinds = task.recurrences.len() as f64;
    for (k, &recurrence) in task.recurrences.iter().enumerate() {
        let colour = recurrence_colour(task, recurrence);
        let mut line = Vec::new();
        let mut series = Points { colour: colour.clone(), marker: marker(recurrence), places: vec![], tips: vec![] };
        for (&cv, &position) in task.cvs.iter().zip(&cv_axis.positions) {
            let Some(setting) = task.setting(recurrence, cv) else { continue };
            // Kinds of recurrence stand side by side in a band around their CV, and the dies side by side in it.
            let band = cv_axis.band();
            let place = |within: f64| position + band * ((k as f64 + within) / kinds - 0.5);
            for (i, row) in setting.rows.iter().enumerate() {
                let Some(score) = stage.score(row) else { continue };
                let within = (i as f64 + 0.5) / setting.rows.len() as f64;
                series.places.push((place(0.1 + 0.8 * within), score * task.metric.factor));
                series.tips.push(tip(task, row.die, recurrence, cv, score));
            }
            if let Some(spread) = setting.spread(stage) {
                line.push((place(0.5), spread.mean * task.metric.factor));
            }
        }
        lines.push(Line { colour, dashed: false, places: line, label: Some(recurrence.to_string()) });
        points.push(series);
    }
    (lines, points)
}

/// The panels "share of dies that reach a score" of a task at its last stage, one a kind of recurrence.
pub(crate) fn yield_panels(task: &TaskResults<'_>) -> Vec<String> {
    let stage = task.last_stage();
    let all = task.settings.iter().flat_map(|s| &s.rows);
    let scores: Vec<f64> = all.filter_map(|row| stage.score(row)).collect();
    let Some(x_scale) = score_scale(task, &scores) else { return Vec::new() };
    task.recurrences
        .iter()
        .map(|&recurrence| {
            let (lines, points) = yield_series(task, stage, recurrence, &x_scale);
            let share = Axis {
                scale: Scale::covering(0.0, 100.0, 5),
                title: "dies that reach it (%)".into(),
                marks: None,
                margin: 2.0,
            };
            let mut x = score_axis(task, x_scale);
            x.title = format!("{} {}", task.metric.label(task.metric_name), stage.name());
            Panel { title: capitalised(&recurrence_words(recurrence)), x, y: share, lines, points }.draw()
        })
        .collect()
}

fn yield_series(task: &TaskResults<'_>, stage: Stage, recurrence: &str, x: &Scale) -> (Vec<Line>, Vec<Points>) {
    let (mut lines, mut points) = (Vec::new(), Vec::new());
    for (i, &cv) in task.cvs.iter().enumerate() {
        let Some(setting) = task.setting(recurrence, cv) else { continue };
        let colour = cv_colour(i, task.cvs.len());
        let mut scores: Vec<(f64, u32)> = setting.rows.iter().filter_map(|r| Some((stage.score(r)?, r.die))).collect();
        // From the best die to the worst: the k-th of n is reached by k/n of the dies.
        scores.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if task.higher_is_better {
            scores.reverse();
        }
        let easy_end = if task.higher_is_better { x.min() } else { x.max() };
        let mut series = Points { colour: colour.clone(), marker: MarkerShape::Circle, places: vec![], tips: vec![] };
        let mut line = Vec::new();
        let count = scores.len() as f64;
        for (k, &(score, die)) in scores.iter().enumerate() {
            let (at, share) = (score * task.metric.factor, 100.0 * (k + 1) as f64 / count);
            line.extend([(at, 100.0 * k as f64 / count), (at, share)]);
            series.places.push((at, share));
            let reached = format!("{}\n{share:.0} % of dies reach this", tip(task, die, recurrence, cv, score));
            series.tips.push(reached);
        }
        line.push((easy_end, 100.0));
        lines.push(Line { colour, dashed: false, places: line, label: None });
        points.push(series);
    }
    (lines, points)
}

/// What a reader sees when pointing at a die. The first line says which die it is: the page uses it to find the same
/// die in another panel.
fn tip(task: &TaskResults<'_>, die: u32, recurrence: &str, cv: &str, score: f64) -> String {
    let value = task.metric.value(score);
    format!("die {die}\n{}, {}\n{} {value}", recurrence_words(recurrence), cv_words(cv), task.metric_name)
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

/// The figure "score against CV" of one task as a picture that stands alone: an SVG document on white, without
/// script or style sheet. `None` if `rows` has no such task.
pub fn figure_svg(rows: &[Row], task: &str) -> Option<String> {
    let tasks = TaskResults::group(rows);
    let task = tasks.iter().find(|t| t.task == task)?;
    let panels = score_panels(task);
    let width = panels.len() as f64 * (WIDTH + GAP) + 12.0;
    let height = HEIGHT + 46.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"600\" fill=\"var(--ink)\">{}</text>\n",
        escape(&headline(task))
    );
    for (i, panel) in panels.iter().enumerate() {
        let x = 8.0 + i as f64 * (WIDTH + GAP);
        let _ = writeln!(svg, "<g transform=\"translate({x},42)\" fill=\"var(--soft)\">{panel}</g>");
    }
    svg.push_str("</svg>\n");
    Some(with_fixed_colours(&svg).replace("font-family=\"inherit\"", ""))
}

/// `japanese-vowels: accuracy against mismatch, every die a point`.
fn headline(task: &TaskResults<'_>) -> String {
    let chip = task.settings.first().and_then(|s| s.rows.first()).map_or("", |r| r.chip.as_str());
    format!("{} on {chip}: {} of every die against mismatch", task.task, task.metric_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

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
    fn close_values_of_cv_are_spaced_evenly() {
        let axis = CvAxis::of(&["0", "0.01", "0.5"]);
        assert_eq!(axis.positions, [0.0, 1.0, 2.0]);
        assert_eq!(CvAxis::of(&["0", "0.1", "0.5"]).positions, [0.0, 0.1, 0.5]);
        assert_eq!(CvAxis::of(&["0.2"]).positions, [0.0]);
    }

    #[test]
    fn odd_results_still_make_figures() {
        let mut odd: Vec<Row> = rows().into_iter().filter(|r| r.die == 0 && r.cv == "0").collect();
        odd.iter_mut().for_each(|r| r.score_on_chip = None);
        odd[0].recurrence = "0.5".into();
        let tasks = TaskResults::group(&odd);
        for task in &tasks {
            assert_eq!(score_panels(task).len(), 2);
            assert_eq!(yield_panels(task).len(), 2);
        }
    }
}

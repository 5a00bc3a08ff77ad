//! Yield curves: the share of dies that reach a score, against the score.
//!
//! Owns the curves and the band around each: bounds of Clopper and Pearson for all dies, which hold where dies are what
//! was drawn anew. Dies of several networks are no such sample, and have no band. It deliberately says nothing of what
//! is required.

use super::Plot;
use crate::chart::{Axis, Band, Line, Marker, Panel, Points};
use crate::figure::{capitalised, score_axis, score_scale, step_colour, tip};
use crate::scale::Scale;
use crate::series::Series;
use crate::summary::{AxisValues, Stage, TaskResults};
use formats::csv::line;
use statistics::{LEVEL, clopper_pearson};
use study::Row;

/// The panels of a task at its last stage, one a series.
pub(crate) fn panels(task: &TaskResults<'_>) -> Vec<Plot> {
    let stage = task.last_stage();
    let Some(along) = task.axes.get(task.horizontal()) else { return Vec::new() };
    let all = Series::of(task);
    all.iter().filter_map(|series| panel(task, stage, series, along)).collect()
}

fn panel(task: &TaskResults<'_>, stage: Stage, series: &Series<'_>, along: &AxisValues<'_>) -> Option<Plot> {
    let settings = || along.values.iter().filter_map(|value| series.setting(task, value));
    let scores: Vec<f64> = settings().flat_map(|s| &s.rows).filter_map(|row| stage.score(row)).collect();
    let scale = score_scale(task, &scores, 4)?;
    let mut panel = Panel {
        title: capitalised(&series.words),
        x: score_axis(task, scale),
        y: Axis {
            scale: Scale::covering(0.0, 100.0, 5),
            title: "dies that reach it (%)".into(),
            marks: None,
            margin: 2.0,
        },
        ..Panel::default()
    };
    panel.x.title = format!("{} {}", task.metric.label(task.metric_name), stage.name());
    let mut data = line([along.axis.key, "die", "score", "share", "low", "high"]);
    for (i, &value) in along.values.iter().enumerate() {
        let Some(setting) = series.setting(task, value) else { continue };
        let scored = setting.rows.iter().filter_map(|row| Some((stage.score(row)?, *row)));
        let curve = Curve::of(task, scored.collect(), &scale);
        let colour = step_colour(i, along.values.len());
        let mut points = Points { colour: colour.clone(), marker: Marker::Circle, places: vec![], tips: vec![] };
        for step in &curve.steps {
            points.places.push((step.score * task.metric.factor, 100.0 * step.share));
            let tip = tip(task, step.row, series, &along.axis.words(value), step.score);
            let bounds = step
                .bounds
                .map_or_else(String::new, |(low, high)| format!(" (95 %: {:.0} to {:.0})", 100.0 * low, 100.0 * high));
            points.tips.push(format!("{tip}\n{:.0} % of dies reach this{bounds}", 100.0 * step.share));
            let bounds = step.bounds.map_or_else(Default::default, |(low, high)| [low, high].map(|b| b.to_string()));
            let fields = [value.into(), task.units.die_name(step.row), step.score.to_string(), step.share.to_string()];
            data.push_str(&line(fields.into_iter().chain(bounds)));
        }
        panel.bands.extend((!curve.band.is_empty()).then(|| Band { colour: colour.clone(), places: curve.band }));
        panel.lines.push(Line { colour, places: curve.line, label: None });
        panel.points.push(points);
    }
    Some(Plot::of_panel(format!("{}-yield-{}", task.task, series.name), &panel, data))
}

/// A die on a curve: the k-th of n from the best is reached by k/n of them.
struct Step<'a> {
    score: f64,
    row: &'a Row,
    share: f64,
    /// Of the share of all dies; none where dies are not what was drawn.
    bounds: Option<(f64, f64)>,
}

struct Curve<'a> {
    steps: Vec<Step<'a>>,
    line: Vec<(f64, f64)>,
    band: Vec<(f64, f64, f64)>,
}

impl<'a> Curve<'a> {
    /// Of scores with their dies.
    fn of(task: &TaskResults<'_>, mut scores: Vec<(f64, &'a Row)>, scale: &Scale) -> Self {
        let place = |row: &Row| task.units.path(row);
        scores.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| place(b.1).cmp(&place(a.1))));
        if task.higher_is_better {
            scores.reverse();
        }
        let count = scores.len();
        // A single run without mismatch is no sample of dies.
        let is_sample = task.units.are_dies() && count > 1;
        let bounds = |reached: usize| is_sample.then(|| clopper_pearson(reached, count, LEVEL));
        let (mut line, mut band) = (Vec::new(), Vec::new());
        let mut push = |at: f64, reached: usize| {
            line.push((at, 100.0 * reached as f64 / count as f64));
            band.extend(bounds(reached).map(|(low, high)| (at, 100.0 * low, 100.0 * high)));
        };
        let [hard_end, easy_end] =
            if task.higher_is_better { [scale.max(), scale.min()] } else { [scale.min(), scale.max()] };
        push(hard_end, 0);
        for (k, (score, _)) in scores.iter().enumerate() {
            let at = score * task.metric.factor;
            push(at, k);
            push(at, k + 1);
        }
        push(easy_end, count);
        let step = |(k, (score, row)): (usize, (f64, &'a Row))| {
            let share = (k + 1) as f64 / count as f64;
            Step { score, row, share, bounds: bounds(k + 1) }
        };
        Self { steps: scores.into_iter().enumerate().map(step).collect(), line, band }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn every_die_is_a_step_with_its_bounds() {
        let rows = rows();
        let plots = panels(&TaskResults::group(&rows)[0]);
        assert_eq!(plots.len(), 2, "one a kind of recurrence");
        for plot in &plots {
            assert_eq!(plot.svg.matches("<title>").count(), 32, "4 CVs x 8 dies");
            assert_eq!(plot.svg.matches("fill-opacity=\"0.12\"").count(), 4, "a band each");
            assert_eq!(plot.data.lines().count(), 33);
        }
        // All of eight dies, and one of eight: Clopper and Pearson, 95 %.
        assert!(plots[0].data.contains(",1,0.63") && plots[0].data.contains(",0.125,0.003"), "{}", plots[0].data);
        assert!(plots[0].svg.contains("% of dies reach this (95 %: 63 to 100)"));
    }
}

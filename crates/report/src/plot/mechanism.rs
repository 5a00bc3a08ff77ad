//! Why a network does well: measures of its states against its scores.
//!
//! Owns the two scatter plots. It deliberately fits no line: that one goes with the other is not shown to be why.

use super::Plot;
use crate::chart::{Axis, Panel, Points};
use crate::figure::{score_axis, score_scale, step_colour};
use crate::scale::Scale;
use crate::series::Series;
use crate::summary::{Stage, TaskResults};
use formats::csv::line;
use study::Row;

/// A measure: name, title of its axis, and its value of a row.
type Measure = (&'static str, &'static str, fn(&Row) -> Option<f64>);

const MEASURES: [Measure; 2] = [
    ("participation ratio", "directions that states fill (participation ratio)", |row| row.participation_ratio),
    ("alignment", "alignment of target and states", |row| row.alignment),
];

/// The plots of a task whose rows have measures.
pub(crate) fn scatter(task: &TaskResults<'_>) -> Vec<Plot> {
    MEASURES.iter().filter_map(|measure| panel(task, measure)).collect()
}

fn panel(task: &TaskResults<'_>, (name, title, measure): &Measure) -> Option<Plot> {
    let along = task.axes.get(task.horizontal())?;
    let stage = Stage::Float;
    let rows = || task.settings.iter().flat_map(|setting| &setting.rows);
    let measured: Vec<f64> = rows().map(|row| measure(row)).collect::<Option<_>>()?;
    let scores: Vec<f64> = rows().filter_map(|row| stage.score(row)).collect();
    let low = measured.iter().copied().reduce(f64::min)?;
    let high = measured.iter().copied().reduce(f64::max)?;
    let scale = Scale::covering(low, high, 5);
    let mut panel = Panel {
        title: format!("Score against {name}"),
        x: Axis { scale, title: (*title).into(), marks: None, margin: scale.step() * 0.12 },
        y: score_axis(task, score_scale(task, &scores, 8)?),
        ..Panel::default()
    };
    let keys: Vec<&str> = task.axes.iter().map(|axis| axis.axis.key).collect();
    let mut data = line(keys.into_iter().chain(["die", name, "score"]));
    for series in Series::of(task) {
        for (i, &value) in along.values.iter().enumerate() {
            let Some(setting) = series.setting(task, value) else { continue };
            let colour = step_colour(i, along.values.len());
            let mut points = Points { colour, marker: series.marker(), places: vec![], tips: vec![] };
            for row in &setting.rows {
                let (Some(x), Some(score)) = (measure(row), stage.score(row)) else { continue };
                points.places.push((x, score * task.metric.factor));
                let tip = crate::figure::tip(task, row, &series, &along.axis.words(value), score);
                points.tips.push(format!("{tip}\n{name} {x:.3}"));
                let own = [task.units.die_name(row), x.to_string(), score.to_string()];
                data.push_str(&line(setting.values.iter().map(|value| value.to_string()).chain(own)));
            }
            panel.points.push(points);
        }
    }
    Some(Plot::of_panel(format!("{}-{name}", task.task), &panel, data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn there_is_a_plot_of_what_every_row_has() {
        let mut rows = rows();
        assert!(scatter(&TaskResults::group(&rows)[0]).is_empty());
        rows.iter_mut().enumerate().for_each(|(i, row)| row.participation_ratio = Some(3.0 + i as f64 / 10.0));
        let plots = scatter(&TaskResults::group(&rows)[0]);
        assert_eq!(plots.len(), 1);
        assert_eq!((plots[0].svg.matches("<title>").count(), plots[0].data.lines().count()), (64, 65));
    }
}

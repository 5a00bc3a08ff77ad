//! The results of one task on the page: figures, legends, and its table, folded.
//!
//! Owns which figures there are and what is said below them. It deliberately draws none itself.

use crate::figure::{capitalised, key_stages, score_panels, step_colour};
use crate::html::escape;
use crate::page::of_task;
use crate::plot::{self, Plot, forest, heat, mechanism, sizes, yields};
use crate::series::Series;
use crate::summary::{AxisValues, TaskResults};
use crate::table::{columns, setting_cells};
use std::fmt::Write;
use study::{Row, Scale};

/// Figures and table of one task; `rows` are all of the study, of which a stimulus has several tasks.
pub(super) fn results(rows: &[Row], task: &TaskResults<'_>) -> String {
    let mut html = format!("<section class=\"task\"{}>\n<h3>{}</h3>\n", of_task(task.task), escape(task.task));
    let Some(along) = task.axes.get(task.horizontal()) else { return html + "</section>\n" };
    let keys = key_stages(task);
    let mut first: Vec<Plot> = score_panels(task, &keys);
    let steps = forest::steps(task);
    let name = format!("{}-changes", task.task);
    first.extend(forest::forest(name, "What each step changed", task.metric, task.metric_name, &steps));
    let mechanism = mechanism::scatter(task);
    let caption = score_caption(task, along, !mechanism.is_empty());
    first.extend(mechanism);
    html.push_str(&plot::group(&first, &caption));
    // Dies with exchanged mismatch are no dies that anybody gets.
    let is_design = task.axes.iter().any(|axis| *axis.axis == study::BLAME);
    if !is_design && task.settings.iter().any(|s| s.rows.len() > 1) {
        html.push_str(&plot::group(&yields::panels(task), &yield_caption(task, along)));
    }
    html.push_str(&plot::group(&plot::blame::bars(task, task.last_stage()), BLAME));
    if let Some((sentences, plot)) = sizes::sizes(task) {
        html.push_str(&plot::group(&[plot], &sizes_caption(&sentences)));
    }
    if let Some(map) = heat::map(rows, task) {
        html.push_str(&plot::group(&[map], HEAT));
    }
    let others: Vec<_> = task.stages.iter().copied().filter(|stage| !keys.contains(stage)).collect();
    if !others.is_empty() {
        let plots = plot::group(&score_panels(task, &others), "");
        let _ = write!(html, "<details><summary>Other stages of the readout</summary>\n{plots}</details>\n");
    }
    let table = summary_table(task);
    let _ = write!(html, "<details><summary>Table: means, intervals, worst dies</summary>\n{table}</details>\n");
    html + "</section>\n"
}

const BLAME: &str = "<p>The share of the variance between dies that is each parameter's: dark alone, pale with what it does \
                     together with others (Sobol indices of first and total order), with intervals (95 %).</p>";

const HEAT: &str = "<p>A column is a task, a row a setting; a cell is the mean over networks and dies, the darker the larger. \
                    Point at one for its task and score.</p>";

fn score_caption(task: &TaskResults<'_>, along: &AxisValues<'_>, with_mechanism: bool) -> String {
    let metric = escape(&capitalised(&task.metric.label(task.metric_name)));
    let better = if task.higher_is_better { "higher" } else { "lower" };
    let (steps, mechanism) = if with_mechanism {
        let why = " Measures of states against scores: the colour is the value of the horizontal axis; that one goes with the \
                   other does not say why.";
        (step_legend(along), why)
    } else {
        (String::new(), "")
    };
    format!(
        "<p>{}{steps}</p><p>{metric} against {}; {better} is better. Each point is one die; lines join the means, upright lines are \
         their intervals (95 %, {}), without a cap where they go beyond the panel. Each panel has an axis of its own.{mechanism}</p>",
        series_legend(task),
        along.axis.meaning,
        task.copies()
    )
}

fn yield_caption(task: &TaskResults<'_>, along: &AxisValues<'_>) -> String {
    let reach = if task.higher_is_better { "at least" } else { "at most" };
    let band = if task.units.are_dies() {
        "The band holds the share of all dies (Clopper and Pearson, 95 % at each score)."
    } else {
        "Dies of several networks are no sample of dies alone, so there is no band."
    };
    format!(
        "<p>{}</p><p>Share of dies that reach {reach} the score on the horizontal axis ({}): the yield, if that score were \
         the acceptance limit. {band}</p>",
        step_legend(along),
        task.last_stage().meaning()
    )
}

fn sizes_caption(sentences: &[String]) -> String {
    let lines: String = sentences.iter().map(|sentence| format!("<li>{}</li>", escape(sentence))).collect();
    format!(
        "<p>Above the grey line a larger network without mismatch is needed to do as well.</p>\
         <details><summary>In words</summary><ul>{lines}</ul></details>"
    )
}

fn series_legend(task: &TaskResults<'_>) -> String {
    let entry = |series: &Series<'_>| {
        format!(
            "<span class=\"legend\"><span class=\"swatch{}\" style=\"background:{}\"></span>{}</span>",
            series.swatch(),
            series.colour(),
            escape(&series.words)
        )
    };
    Series::of(task).iter().map(entry).collect()
}

/// The colours of the values of the horizontal axis.
fn step_legend(along: &AxisValues<'_>) -> String {
    let entry = |(i, value): (usize, &&str)| {
        let colour = step_colour(i, along.values.len());
        format!(
            "<span class=\"legend\"><span class=\"swatch line\" style=\"background:{colour}\"></span>{}</span>",
            escape(&along.axis.words(value))
        )
    };
    along.values.iter().enumerate().map(entry).collect()
}

/// Mean with interval, spread and worst die: a line for each setting and stage.
fn summary_table(task: &TaskResults<'_>) -> String {
    let several = task.stages.len() > 1;
    let metric = escape(&task.metric.label(task.metric_name));
    let classes: Vec<&str> =
        task.axes.iter().map(|a| if a.axis.scale == Scale::Numbers { " class=\"n\"" } else { "" }).collect();
    let mut html =
        format!("<div class=\"scroll\"><table>\n<caption>{metric}, {}</caption>\n<thead><tr>", task.copies());
    for (AxisValues { axis, .. }, class) in task.axes.iter().zip(&classes) {
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(axis.label));
    }
    if several {
        html.push_str("<th scope=\"col\">stage</th>");
    }
    for name in ["mean", "95 %", "sd", "worst", "runs"] {
        let _ = write!(html, "<th scope=\"col\" class=\"n\">{name}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (setting, cells) in task.settings.iter().zip(setting_cells(task)) {
        // A group begins where an axis before the last one has another value.
        let before = cells.split_last().map_or(&[][..], |(_, before)| before);
        for (i, &stage) in task.stages.iter().enumerate() {
            let first = i == 0 && (several || before.iter().any(|cell| !cell.is_empty()));
            let _ = write!(html, "<tr{}>", if first { " class=\"first\"" } else { "" });
            for (cell, class) in cells.iter().zip(&classes) {
                let _ = write!(html, "<td{class}>{}</td>", if i == 0 { escape(cell) } else { String::new() });
            }
            if several {
                let _ = write!(html, "<td>{}</td>", stage.name());
            }
            let [mean, interval, sd, worst] = columns(task, setting, stage);
            let die = setting.spread(stage).map_or_else(String::new, |s| format!(" title=\"die {}\"", s.worst_die));
            for (cell, title) in [(mean, ""), (interval, ""), (sd, ""), (worst, &*die)] {
                let _ = write!(html, "<td class=\"n\"{title}>{cell}</td>");
            }
            let _ = writeln!(html, "<td class=\"n\">{}</td></tr>", setting.rows.len());
        }
    }
    html + "</tbody></table></div>\n"
}

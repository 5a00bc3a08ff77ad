//! The results of one task on the page: table, figures, legends.

use crate::figure::{self, score_panels, step_colour, yield_panels};
use crate::html::escape;
use crate::series::Series;
use crate::summary::{AxisValues, TaskResults};
use crate::table::{columns, setting_cells};
use std::fmt::Write;
use study::Scale;

/// Table and figures of one task.
pub(super) fn results(task: &TaskResults<'_>) -> String {
    let mut html = format!("<h3 id=\"task-{0}\">{0}</h3>\n", escape(task.task));
    html.push_str(&summary_table(task));
    let metric = escape(&figure::capitalised(&task.metric.label(task.metric_name)));
    let better = if task.higher_is_better { "higher" } else { "lower" };
    let Some(along) = task.axes.get(task.horizontal()) else { return html };
    let caption = format!(
        "<p>{}</p><p>{metric} against {}; {better} is better. Each point is one die, lines join the means. Point at a die to see its score and to find it in the \
         other panels.</p>",
        series_legend(task),
        along.axis.meaning
    );
    let label = format!("{} against {}", task.metric_name, along.axis.quantity);
    html.push_str(&figure::html(&score_panels(task), &label, &caption));
    if task.settings.iter().any(|s| s.rows.len() > 1) {
        let caption = format!(
            "<p>{}</p><p>Share of dies that reach at least the score on the horizontal axis ({}): the yield, if that \
             score were the acceptance limit.</p>",
            step_legend(along),
            task.last_stage().meaning()
        );
        let caption = if task.higher_is_better { caption } else { caption.replace("at least", "at most") };
        html.push_str(&figure::html(&yield_panels(task), "share of dies that reach a score", &caption));
    }
    html
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

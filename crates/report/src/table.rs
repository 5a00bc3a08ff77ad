//! The table that a study prints in the terminal.

use crate::summary::{Setting, Spread, Stage, TaskResults, condensed};
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use statistics::Estimate;
use study::{Row, Scale};

/// One table a task: mean with interval, spread between dies and worst die, a line for each setting and stage. Tasks
/// that share a run are one task, see [`condensed`]. No colours, at most 100 columns wide, a line feed at the end.
pub fn terminal_table(rows: &[Row]) -> String {
    let rows = condensed(rows);
    let mut text = String::new();
    for (i, task) in TaskResults::group(&rows).iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        text.push_str(&heading(task));
        text.push('\n');
        text.push_str(&table(task));
    }
    text
}

/// `japanese-vowels: accuracy (%), higher is better, 3 networks of 8 dies`.
fn heading(task: &TaskResults<'_>) -> String {
    let better = if task.higher_is_better { "higher" } else { "lower" };
    format!("{}: {}, {better} is better, {}", task.task, task.metric.label(task.metric_name), task.copies())
}

fn table(task: &TaskResults<'_>) -> String {
    let several = task.stages.len() > 1;
    let mut header: Vec<String> = task.axes.iter().map(|a| a.axis.label.to_string()).collect();
    header.extend(several.then(|| "stage".into()));
    header.extend(["mean", "95 %", "sd", "worst"].map(String::from));
    let mut rows = Vec::new();
    for (setting, names) in task.settings.iter().zip(setting_cells(task)) {
        for (i, &stage) in task.stages.iter().enumerate() {
            let name = |name: &String| if i == 0 { name.clone() } else { String::new() };
            let mut cells: Vec<String> = names.iter().map(name).collect();
            cells.extend(several.then(|| stage.name().into()));
            cells.extend(columns(task, setting, stage));
            rows.push(cells);
        }
    }
    let names = task.axes.iter().enumerate().filter(|(_, a)| a.axis.scale != Scale::Numbers).map(|(i, _)| i);
    text_table(&header, rows, &names.chain(several.then_some(task.axes.len())).collect::<Vec<_>>())
}

/// The values of each setting of a task as cells of a table. Where only later ones change from one setting to the next,
/// the first are empty: a repeated name would hide where the next group begins.
pub(crate) fn setting_cells(task: &TaskResults<'_>) -> Vec<Vec<String>> {
    let mut previous: &[&str] = &[];
    let mut cells = Vec::new();
    for setting in &task.settings {
        let last = setting.values.len().saturating_sub(1);
        let cell = |i: usize| {
            let repeated = i < last && previous.get(..=i) == Some(&setting.values[..=i]);
            if repeated { String::new() } else { setting.values[i].to_string() }
        };
        cells.push((0..setting.values.len()).map(cell).collect());
        previous = &setting.values;
    }
    cells
}

/// A table of plain text: a line below the header, no colours, columns as wide as their contents. The columns in
/// `left` are aligned to the left, all others to the right.
///
/// ```
/// # use quenched_report as report;
/// let text = report::text_table(&["chip".into(), "cores".into()], vec![vec!["small".into(), "4".into()]], &[0]);
/// assert_eq!(text, "  chip    cores\n─────────────────\n  small       4\n");
/// ```
pub fn text_table(header: &[String], rows: Vec<Vec<String>>, left: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.force_no_tty();
    table.set_header(header.iter().map(Cell::new));
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if left.contains(&i) { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Mean, interval, deviation and worst die of a setting at a stage.
pub(crate) fn columns(task: &TaskResults<'_>, setting: &Setting<'_>, stage: Stage) -> [String; 4] {
    let none = || String::from("-");
    let number = |value| task.metric.number(value);
    let Some(Spread { mean, sd, worst, .. }) = setting.spread(stage) else { return [none(), none(), none(), none()] };
    let estimate = setting.estimate(stage);
    let interval = |e: &Estimate| format!("{} to {}", number(e.low), number(e.high));
    let mean = estimate.as_ref().map_or(mean, |estimate| estimate.value);
    [number(mean), estimate.as_ref().map_or_else(none, interval), sd.map_or_else(none, number), number(worst)]
}

/// The stages of these rows, and the columns, in words, for the lines below the table.
pub fn stage_key(rows: &[Row]) -> String {
    let tasks = TaskResults::group(rows);
    let has = |stage: &Stage| tasks.iter().any(|task| task.stages.contains(stage));
    let stages = Stage::ALL.into_iter().filter(has).map(|stage| format!("{}: {}", stage.name(), stage.meaning()));
    let units = tasks.first().map_or("dies", |task| task.units.name());
    let columns =
        format!("95 %: interval of the mean over {units}; sd, worst: standard deviation and worst of all dies");
    // As many on a line as fit.
    let mut text = String::new();
    let mut width = 0;
    for part in stages.chain([columns]) {
        let wanted = part.chars().count() + 2;
        if width > 0 && width + wanted > 98 {
            text.push_str(".\n");
            width = 0;
        } else if width > 0 {
            text.push_str("; ");
        }
        text.push_str(&part);
        width += wanted;
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn table_is_plain_and_fits() {
        let text = terminal_table(&rows());
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
        assert!(!text.contains('\u{1b}'), "no colours");
        assert!(text.contains("japanese-vowels: accuracy (%), higher is better, 8 dies\n"), "{text}");
        assert_eq!(text.lines().filter(|l| l.trim_start().starts_with("removed")).count(), 2, "one group a task");
    }

    #[test]
    fn one_die_has_no_spread_and_a_missing_stage_no_columns() {
        let mut one: Vec<Row> = rows().into_iter().filter(|r| r.point.die() == 0).collect();
        assert!(terminal_table(&one).contains("higher is better, 1 die\n"));
        assert!(terminal_table(&one).lines().any(|l| l.split_whitespace().any(|w| w == "-")));
        one.iter_mut().for_each(|r| r.score_on_chip = None);
        assert!(!terminal_table(&one).contains("on chip"));
        assert!(!stage_key(&one).contains("on chip") && stage_key(&rows()).contains("on chip"));
        assert_eq!(terminal_table(&[]), "");
    }
}

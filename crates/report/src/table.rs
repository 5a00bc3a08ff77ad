//! The table that a study prints in the terminal.

use crate::summary::{Spread, TaskResults};
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use study::{Row, Scale};

/// One table a task: mean, spread between dies and worst die for each setting and stage. No colours, at most 100
/// columns wide, a line feed at the end.
pub fn terminal_table(rows: &[Row]) -> String {
    let mut text = String::new();
    for (i, task) in TaskResults::group(rows).iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        text.push_str(&heading(task));
        text.push('\n');
        text.push_str(&table(task));
    }
    text
}

/// `japanese-vowels: accuracy (%), higher is better, 8 dies a setting`.
fn heading(task: &TaskResults<'_>) -> String {
    let dies = match task.die_count() {
        Some(1) => ", 1 die a setting".into(),
        Some(n) => format!(", {n} dies a setting"),
        None => String::new(),
    };
    let better = if task.higher_is_better { "higher" } else { "lower" };
    format!("{}: {}, {better} is better{dies}", task.task, task.metric.label(task.metric_name))
}

fn table(task: &TaskResults<'_>) -> String {
    let mut header: Vec<String> = task.axes.iter().map(|a| format!("\n{}", a.axis.label)).collect();
    for stage in &task.stages {
        header.extend([format!("{}\nmean", stage.name()), "\nsd".into(), "\nworst".into()]);
    }
    let mut rows = Vec::new();
    for (setting, mut cells) in task.settings.iter().zip(setting_cells(task)) {
        for &stage in &task.stages {
            cells.extend(columns(task, setting.spread(stage)));
        }
        rows.push(cells);
    }
    let names = task.axes.iter().enumerate().filter(|(_, a)| a.axis.scale != Scale::Numbers);
    text_table(&header, rows, &names.map(|(i, _)| i).collect::<Vec<_>>())
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

fn columns(task: &TaskResults<'_>, spread: Option<Spread>) -> [String; 3] {
    let none = || String::from("-");
    let number = |value| task.metric.number(value);
    match spread {
        None => [none(), none(), none()],
        Some(s) => [number(s.mean), s.sd.map_or_else(none, number), number(s.worst)],
    }
}

/// The stages of these rows, and the columns, in words, for the lines below the table.
pub fn stage_key(rows: &[Row]) -> &'static str {
    if rows.iter().all(|row| row.score_on_chip.is_none()) {
        return "float: readout in floating point on the host. sd: standard deviation between dies; worst: worst die.";
    }
    "float: readout in floating point on the host; quantised: its weights rounded to the chip's;\n\
     on chip: mapped onto the chip's own neurons. sd: standard deviation between dies; worst: worst die."
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
        assert!(text.contains("japanese-vowels: accuracy (%), higher is better, 8 dies a setting"), "{text}");
        assert_eq!(text.lines().filter(|l| l.trim_start().starts_with("removed")).count(), 2, "one group a task");
    }

    #[test]
    fn one_die_has_no_spread_and_a_missing_stage_no_columns() {
        let mut one: Vec<Row> = rows().into_iter().filter(|r| r.point.die() == 0).collect();
        assert!(terminal_table(&one).contains("1 die a setting"));
        assert!(terminal_table(&one).lines().any(|l| l.split_whitespace().any(|w| w == "-")));
        one.iter_mut().for_each(|r| r.score_on_chip = None);
        assert!(!terminal_table(&one).contains("on chip"));
        assert!(!stage_key(&one).contains("on chip") && stage_key(&rows()).contains("on chip"));
        assert_eq!(terminal_table(&[]), "");
    }
}

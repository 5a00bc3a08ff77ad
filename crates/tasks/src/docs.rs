//! The tables of `docs/tasks.md`, which follow from this crate.

use crate::{Function, Stimulus, TemporalTask};
use std::path::Path;

const PAGE: &str = "docs/tasks.md";
const UPDATE: &str = "TASK_TABLES=write";

fn table(header: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = "|---".repeat(header.matches('|').count() + 1);
    let rows = rows.into_iter().map(|row| format!("| {} |\n", row.join(" | ")));
    format!("| {header} |\n{line}|\n{}", rows.collect::<String>())
}

fn stimuli() -> String {
    let row = |stimulus: Stimulus| {
        vec![format!("`{}`", stimulus.name()), stimulus.formula().into(), stimulus.citation().into()]
    };
    // The channels differ in a number alone.
    let last = *Stimulus::ALL.last().expect("there are stimuli");
    let one = |stimulus: &Stimulus| !matches!(stimulus, Stimulus::Channel(_)) || *stimulus == last;
    let mut rows: Vec<Vec<String>> = Stimulus::ALL.into_iter().filter(one).map(row).collect();
    let channels = Stimulus::ALL.into_iter().filter(|stimulus| matches!(stimulus, Stimulus::Channel(_)));
    let names: Vec<String> = channels.map(|stimulus| format!("`{}`", stimulus.name())).collect();
    rows.last_mut().expect("there are stimuli")[0] = names.join(", ");
    table("stimulus | formula | source", rows)
}

fn functions() -> String {
    let row = |function: Function| vec![format!("`{}`", function.name()), function.formula().into()];
    table("function | target at sample t, for shift s", Function::ALL.map(row))
}

fn products() -> String {
    let row = |(stimulus, tasks): (Stimulus, &[TemporalTask])| {
        let of_function = |group: &[TemporalTask]| {
            let shifts: Vec<String> = group.iter().map(|task| format!("{:+}", task.shift)).collect();
            (group[0].function.family(), group[0].function.name(), shifts.join(" "))
        };
        let groups: Vec<_> = tasks.chunk_by(|a, b| a.function == b.function).map(of_function).collect();
        let words = groups.chunk_by(|a, b| (a.0, &a.2) == (b.0, &b.2)).map(|same| {
            let names: Vec<String> = same.iter().map(|(_, name, _)| format!("`{name}`")).collect();
            format!("{}: {}", names.join(", "), same[0].2)
        });
        vec![format!("`{}`", stimulus.name()), tasks.len().to_string(), words.collect::<Vec<_>>().join("; ")]
    };
    let total = format!("\n{} tasks.\n", TemporalTask::all().len());
    table("stimulus | tasks | functions and shifts", TemporalTask::by_stimulus().map(row)) + &total
}

#[test]
fn the_page_has_the_tables_of_this_crate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let page = std::fs::read_to_string(&path).expect(PAGE);
    let mut expected = page.clone();
    for (name, table) in [("stimuli", stimuli()), ("functions", functions()), ("products", products())] {
        let start = format!("<!-- table: {name} -->\n");
        let (before, after) = expected.split_once(&start).unwrap_or_else(|| panic!("{PAGE} has no table `{name}`"));
        let (_, after) = after.split_once("<!-- end -->").expect("a table ends");
        expected = format!("{before}{start}{table}<!-- end -->{after}");
    }
    if std::env::var("TASK_TABLES").is_ok_and(|value| value == "write") {
        std::fs::write(&path, expected).expect(PAGE);
        return;
    }
    let difference = page.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        page == expected,
        "{PAGE} differs from the tables of the crate `tasks`, first in {difference:?}: run \
         `{UPDATE} cargo test -p quenched-tasks docs` and read what has changed"
    );
}

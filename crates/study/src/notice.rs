//! What a study does not represent as its file asks, gathered from its mappings and runs.

use crate::prepare::Records;
use crate::{Point, Row};
use std::collections::{BTreeMap, BTreeSet};
use warnings::{Kind, Warning, Warnings};

/// The warnings of the mappings, then those of the runs that no mapping has: one for each kind and place, with how many
/// have it and the first of them.
pub(crate) fn gather(records: &[Records], rows: &[Row]) -> Warnings {
    let of_mappings: Vec<_> = records.iter().map(|record| (&record.mapping.point, &record.warnings)).collect();
    let of_runs: Vec<_> = rows.iter().map(|row| (&row.point, &row.warnings)).collect();
    let known: BTreeSet<_> = of_mappings.iter().flat_map(|(_, warnings)| warnings.iter().map(key)).collect();
    let mut all = Warnings::default();
    summarise(&of_mappings, "mappings", |_| true, &mut all);
    // The network of a run is that of its mapping, and mapped once more where it gets a readout.
    summarise(&of_runs, "runs", |warning| !known.contains(&key(warning)), &mut all);
    all
}

fn key(warning: &Warning) -> (Kind, &str) {
    (warning.kind, &warning.place)
}

/// One warning for each kind and place among `found`, those that `counts` leaves.
fn summarise(found: &[(&Point, &Warnings)], what: &str, counts: impl Fn(&Warning) -> bool, all: &mut Warnings) {
    let mut by_key: BTreeMap<(Kind, &str), (usize, &Point, &str)> = BTreeMap::new();
    for (point, warnings) in found {
        for warning in warnings.iter().filter(|warning| counts(warning)) {
            by_key.entry(key(warning)).or_insert((0, point, &warning.text)).0 += 1;
        }
    }
    for ((kind, place), (count, first, text)) in by_key {
        let text = match (count, found.len()) {
            (_, 1) => text.to_owned(),
            (1, all) => format!("{text}, in 1 of {all} {what} ({first})"),
            (count, all) => format!("in {count} of {all} {what}, such as {first}: {text}"),
        };
        all.push(kind, place, text);
    }
}

/// A row for tests.
#[cfg(test)]
pub(crate) fn example(task: &str) -> Row {
    Row {
        chip: "small".into(),
        chip_digest: String::new(),
        model: "lif".into(),
        seeds: crate::Seeds::all(1),
        point: Point::default().with(&crate::TASK, task),
        metric: "accuracy".into(),
        higher_is_better: true,
        neurons: 1,
        score_validation: None,
        score_float: 0.0,
        score_quantised: None,
        score_on_chip: None,
        on_chip: None,
        mismatch: Vec::new(),
        penalty: 1.0,
        participation_ratio: None,
        alignment: None,
        capacity: None,
        rate_match: None,
        rate_hz: 0.0,
        spikes: 0,
        synaptic_operations: 0,
        events_lost: 0,
        saturations: 0,
        digest: String::new(),
        warnings: Warnings::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_have_the_same_are_counted() {
        let row = |task: &str, warnings: &[(Kind, &str)]| {
            let mut row = example(task);
            warnings.iter().for_each(|(kind, text)| row.warnings.push(*kind, "here", *text));
            row
        };
        let rows = [
            row("a", &[]),
            row("b", &[(Kind::Saturation, "3 states were cut")]),
            row("c", &[(Kind::Saturation, "5 states were cut"), (Kind::Silent, "no spike")]),
        ];
        assert_eq!(
            gather(&[], &rows).to_string(),
            "warning: here: in 2 of 3 runs, such as task `b`: 3 states were cut\n\
             warning: here: no spike, in 1 of 3 runs (task `c`)\n"
        );
        assert!(gather(&[], &rows[..1]).is_empty());
    }
}

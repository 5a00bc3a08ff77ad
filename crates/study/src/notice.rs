//! What a study does not represent as its file asks, gathered from its mappings and runs.

use crate::Row;
use crate::prepare::Records;
use std::collections::BTreeMap;
use warnings::{Kind, Warnings};

/// The warnings of all mappings, each once, then those of the runs: one for each kind and place, with the number of
/// runs that have it and the first of them.
pub(crate) fn gather(records: &[Records], rows: &[Row]) -> Warnings {
    let mut all = Warnings::default();
    records.iter().for_each(|record| all.extend(record.warnings.clone()));
    let mut found: BTreeMap<(Kind, &str), (usize, &Row, &str)> = BTreeMap::new();
    for row in rows {
        for warning in &row.warnings {
            let entry = found.entry((warning.kind, &warning.place)).or_insert((0, row, &warning.text));
            entry.0 += 1;
        }
    }
    for ((kind, place), (runs, first, text)) in found {
        let text = match runs {
            1 => format!("{text}, in 1 of {} runs ({})", rows.len(), first.point),
            _ => format!("in {runs} of {} runs, such as {}: {text}", rows.len(), first.point),
        };
        all.push(kind, place, text);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Point, TASK};

    #[test]
    fn runs_that_have_the_same_are_counted() {
        let row = |task: &str, warnings: &[(Kind, &str)]| {
            let mut row = Row {
                chip: "small".into(),
                chip_digest: String::new(),
                model: "lif".into(),
                seed: 1,
                point: Point::default().with(&TASK, task),
                metric: "accuracy".into(),
                higher_is_better: true,
                neurons: 1,
                score_float: 0.0,
                score_quantised: None,
                score_on_chip: None,
                rate_hz: 0.0,
                spikes: 0,
                synaptic_operations: 0,
                events_lost: 0,
                saturations: 0,
                warnings: Warnings::default(),
            };
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

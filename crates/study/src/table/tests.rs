//! Tables of results: what is written is read as it was, and what is no table is refused.

use super::*;
use crate::axis::axis;
use crate::notice::example;

/// Rows with everything that a row can have, and with nothing.
pub(crate) fn rows() -> Vec<Row> {
    let point = |task: &str, neurons: &str, cv: &str, die: u32| {
        let point = Point::default().with(&TASK, task).with(&SERIES, 1).with(&NETWORK, 2);
        let neurons = point.with(axis("reservoir.neurons").expect("an axis"), neurons);
        neurons.with(axis("cv").expect("an axis"), cv).with(&DIE, die)
    };
    let mut bare = example("a, \"b\"\nc");
    (bare.point, bare.score_float, bare.rate_hz) = (point("a, \"b\"\nc", "50", "0", 0), 0.1 + 0.2, 1e-7 / 3.0);
    let mut whole = example("x");
    whole.point = point("x", "100", "0.5", 7);
    (whole.metric, whole.higher_is_better, whole.penalty) = ("nrmse".into(), false, 1e-9);
    (whole.score_validation, whole.score_quantised, whole.score_on_chip) = (Some(1.0 / 3.0), Some(2.0), Some(-0.5));
    (whole.participation_ratio, whole.alignment, whole.digest) = (Some(9.75), Some(0.25), "00ff".into());
    (whole.spikes, whole.synaptic_operations, whole.events_lost, whole.saturations) = (u64::MAX, 2, 3, 4);
    whole.rate_match = Some(crate::RateMatch { factor: 0.75, wanted_hz: 100.5, reached_hz: 101.25 });
    whole.capacity = Some(crate::Capacity {
        by_degree: vec![1.5, 0.1 + 0.2],
        by_chance: 1e-9,
        rank: 3,
        samples: 900,
        threshold: 0.0125,
        targets: 77,
    });
    whole.mismatch = vec![Realised { parameter: "tau_mem".into(), mean: 1.001, cv: 0.493_17, skew: -0.25 }];
    let stage = |name, score, cost| StageScore { name, score, cost };
    let cost = Cost { circuits: 12, synapses: 700, samples: 90, seconds: 1.25 };
    whole.on_chip = Some(OnChipRow {
        stages: vec![
            stage(StageName::Chain, 0.7, Cost::default()),
            stage(StageName::Quantised, 2.0, Cost::default()),
            stage(StageName::OnChip, -0.5, Cost::default()),
            stage(StageName::Calibrated, 0.9, cost),
            stage(StageName::InTheLoop, 0.95, Cost::default()),
        ],
        penalties: vec![0.25, 1.0],
        calibration: Some(Calibration { neurons: 0, silent: 1, no_room: 0, off_rate: 2 }),
    });
    vec![bare, whole]
}

#[test]
fn rows_are_read_as_they_were_written() {
    let (text, rows) = (csv(&rows()), rows());
    let read = read_csv(&text, "results.csv").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read, rows);
    assert_eq!(csv(&read), text);
    let axes: Vec<_> = read[1].point.setting().map(|(axis, value)| (axis.key, axis.scale, value)).collect();
    let numbers = crate::Scale::Numbers;
    assert_eq!(axes, [("reservoir.neurons", numbers, "100"), ("cv", numbers, "0.5")]);
    assert_eq!(read_csv(&csv(&[]), "results.csv"), Ok(Vec::new()));
}

/// Axes over keys that are columns too, and axes of names.
#[test]
fn axes_keep_their_names_and_scales() {
    let mut row = example("x");
    let over = |key: &str| crate::axis::axis_of(key, &["lif"]);
    row.point = Point::default()
        .with(&TASK, "x")
        .with(&SERIES, 0)
        .with(&NETWORK, 0)
        .with(over("model"), "lif")
        .with(over("readout.filter"), "2 ms")
        .with(&DIE, 0);
    let text = csv(std::slice::from_ref(&row));
    assert!(text.contains(",readout.filter,axis_model,neurons,"), "{text}");
    let read = read_csv(&text, "results.csv").unwrap();
    assert_eq!(read, [row]);
    let [model, filter] = [0, 1].map(|at| read[0].point.setting().nth(at).expect("an axis").0);
    assert_eq!((model.key, model.scale), ("model", crate::Scale::Names(&[])));
    assert_eq!((filter.key, filter.scale), ("readout.filter", crate::Scale::Numbers));
}

#[test]
fn columns_have_kinds_and_as_many_cells() {
    let rows = rows();
    let columns = columns(&rows);
    for cells in cells(&rows) {
        assert_eq!(cells.len(), columns.len());
        for (cell, (name, kind)) in cells.iter().zip(&columns) {
            let fits = match cell {
                Cell::Nothing => true,
                // An axis of numbers is written as the study writes it.
                Cell::Text(text) => *kind == ColumnKind::Text || text.parse::<f64>().is_ok(),
                Cell::Whole(_) => matches!(kind, ColumnKind::Count | ColumnKind::Whole),
                Cell::Real(_) => *kind == ColumnKind::Real,
            };
            assert!(fits, "{name}: {cell:?} in a column of {kind:?}");
        }
    }
}

#[test]
fn what_is_no_table_is_refused_with_its_place() {
    let text = csv(&rows());
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        read_csv(&text.replacen(from, to, 1), "r.csv").unwrap_err().to_string()
    };
    assert!(refused("chip_digest", "digest").starts_with("r.csv:1:6: expected the columns `chip_digest`"));
    assert!(refused("tau_mem_cv", "tau_mem_sd").contains("the column `tau_mem_cv` is needed here"));
    // The first row has a line break in its task, so the second is on line 4.
    assert!(refused(",18446744073709551615,", ",many,").starts_with("r.csv:4:"));
    let large = refused(",1,2,7,", ",1,2,4294967296,");
    assert!(large.contains("4294967296 is outside the range from 0 to 4294967295"), "{large}");
    assert!(refused(",0.30000000000000004,", ",,").contains("expected a number, found nothing"));
    assert!(refused("\n", "\nx\n").contains("r.csv:2:1: this line has 1 fields"));
    for end in [0, 40, text.len() / 2, text.len() - 1] {
        assert!(read_csv(&text[..end], "r.csv").unwrap_err().to_string().contains("cut off"), "{end}");
    }
}

//! Made-up result rows for the tests of this crate: the shape of the default study, with plausible numbers.

use study::{Manifest, MappingSummary, Point, Row, StudyResult, TaskRecord};
use warnings::Warnings;

/// A point with these values, by the keys of their axes.
pub(crate) fn point(values: &[(&str, &str)]) -> Point {
    let with = |point: Point, (key, name): &(&str, &str)| point.with(study::axis(key).expect("an axis"), name);
    values.iter().fold(Point::default(), with)
}

/// A small deterministic scatter between -1 and 1.
fn wobble(i: u32, j: u32) -> f64 {
    let hash = (i.wrapping_mul(2_654_435_761) ^ j.wrapping_mul(40_503_123)).wrapping_mul(2_246_822_519);
    f64::from(hash >> 8) / f64::from(1u32 << 23) - 1.0
}

/// Two tasks, recurrence full and removed, four CVs, eight dies.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (task, metric, best, loss) in
        [("japanese-vowels", "accuracy", 0.968, 0.11), ("memory-capacity", "memory capacity", 9.4, 6.0)]
    {
        for (r, recurrence) in ["full", "removed"].into_iter().enumerate() {
            for (c, cv) in ["0", "0.1", "0.2", "0.5"].into_iter().enumerate() {
                let cv_value: f64 = cv.parse().unwrap();
                for die in 0..8 {
                    let scatter = loss * 0.35 * cv_value * wobble(die + 1, (c + 10 * r) as u32 + 1);
                    let score = best - loss * cv_value * cv_value - 0.06 * best * r as f64 + scatter;
                    rows.push(Row {
                        chip: "dynapse2".into(),
                        chip_digest: "00112233445566778899aabbccddeeff".into(),
                        model: "lif".into(),
                        seeds: study::Seeds::all(1),
                        point: point(&[
                            ("task", task),
                            ("series", "0"),
                            ("network", "0"),
                            ("recurrence", recurrence),
                            ("cv", cv),
                            ("die", &die.to_string()),
                        ]),
                        metric: metric.into(),
                        higher_is_better: true,
                        neurons: 256,
                        score_validation: None,
                        score_float: score,
                        score_quantised: Some(score - 0.008 * best),
                        score_on_chip: Some(score - 0.03 * best),
                        mismatch: Vec::new(),
                        penalty: 1.0,
                        participation_ratio: None,
                        alignment: None,
                        capacity: None,
                        rate_match: None,
                        on_chip: None,
                        rate_hz: 41.5 + wobble(die, c as u32),
                        spikes: 1_000_000,
                        synaptic_operations: 40_000_000,
                        events_lost: 0,
                        saturations: 0,
                        digest: String::new(),
                        warnings: Warnings::default(),
                    });
                }
            }
        }
    }
    rows
}

/// [`rows`] with a manifest.
pub(crate) fn result() -> StudyResult {
    let task = |id: &str| TaskRecord {
        id: id.into(),
        title: "A task".into(),
        formula: "y = f(u).".into(),
        source: "Made up.".into(),
    };
    let mapping = |task: &str, recurrence: &str, kept| MappingSummary {
        point: point(&[("task", task), ("recurrence", recurrence)]),
        report: "core 0: 256 of 256 neurons\nCAM words: 48 of 64".into(),
        connections_wanted: 12_288,
        connections_kept: kept,
        inputs_clamped: 3,
        program: "0123456789abcdef0123456789abcdef".into(),
    };
    let manifest = Manifest {
        format: "quenched-manifest".into(),
        version: 2,
        quenched: "0.1.0".into(),
        title: "Mismatch and recurrence on DYNAP-SE2".into(),
        seed: 1,
        seeds: study::Seeds::all(1),
        series: 1,
        networks: 1,
        require: Default::default(),
        dies: 8,
        study: "format = \"quenched-study\"\nversion = 1\n".into(),
        command: "quenched study --seed 1".into(),
        changes: Vec::new(),
        chip: "dynapse2".into(),
        chip_file: String::new(),
        chip_digest: String::new(),
        faults: false,
        noise: false,
        tasks: vec![task("japanese-vowels"), task("memory-capacity")],
        effective_tasks: Vec::new(),
        data: Vec::new(),
        warnings: Warnings::default(),
        mappings: vec![mapping("japanese-vowels", "full", 12_288), mapping("japanese-vowels", "removed", 4_096)],
        die: None,
        results_digest: String::new(),
        controls_digest: None,
        tuning_digest: None,
    };
    StudyResult { rows: rows(), controls: Vec::new(), tuning: Vec::new(), manifest }
}

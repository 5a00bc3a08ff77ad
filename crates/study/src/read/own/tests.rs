//! Tests of own data: what a study makes of a series and of a regression, and what it refuses.

use crate::{RunOptions, StudyResult, StudySpec, read};
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// A study of rate units with one task.
fn text(task: &str) -> String {
    format!(
        r#"
format = "quenched-study"
version = 1
chip = "ideal"
model = "rate"
cv = [0]
controls = ["filters", "static"]
[reservoir]
neurons = 20
connectivity = 0.5
spectral_radius = 0.5
input_scale = 0.5
bias = 0.2
synapse = "graded"
[readout]
on_chip = false
[[task]]
sample = "1 ms"
{task}
"#
    )
}

fn study(task: &str, directory: &Path) -> Result<StudySpec, String> {
    read(&text(task), "study.toml", directory).map_err(|errors| errors.to_string())
}

fn run(study: &StudySpec) -> StudyResult {
    let cancel = AtomicBool::new(false);
    let options = RunOptions { threads: NonZeroUsize::new(1), cancel: &cancel, progress: &|_| {} };
    crate::run(study, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// A series whose target is the input of two samples ago, in large numbers, and another that is noise to it.
fn pump() -> String {
    let mut state = 7u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    let values: Vec<u32> = (0..600).map(|_| draw()).collect();
    let mut text = String::from("time,flow,heat,noise\n");
    for t in 0..600 {
        let past = if t < 2 { 0 } else { values[t - 2] };
        writeln!(text, "{t},{},{past},{}", values[t], draw()).unwrap();
    }
    text
}

#[test]
fn a_series_is_scored_on_its_targets_and_on_functions_of_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("pump.csv"), pump()).unwrap();
    let task = "id = \"pump\"\nseries_file = \"pump.csv\"\n";
    let columns = format!("{task}input = [\"flow\"]\ntarget = [\"heat\", \"noise\"]\ntrain = 350\ntest = 150");
    let result = run(&study(&columns, directory.path()).unwrap());
    let scores: Vec<(&str, f64)> = result.rows.iter().map(|row| (row.point.task(), row.score_float)).collect();
    assert_eq!([scores[0].0, scores[1].0], ["pump/heat", "pump/noise"]);
    assert!(scores[0].1 < 0.3 && scores[1].1 > 0.8, "{scores:?}");
    assert!(result.rows.iter().all(|row| row.metric == "nrmse" && !row.higher_is_better));
    assert!(result.rows[0].score_validation.unwrap() < 0.3);
    assert!(result.manifest.tasks[0].formula.ends_with("washout 60, train 280, validation 70, test 150"));
    let [file] = &result.manifest.data[..] else { panic!("one file") };
    assert_eq!((file.file.as_str(), file.bytes, file.digest.len()), ("pump.csv", pump().len() as u64, 32));

    // The same as a function: the target is what the column is, scaled.
    let functions = format!("{task}input = \"flow\"\nfunctions = [\"recall/shift+2\"]\ntrain = 350\ntest = 150");
    let function = run(&study(&functions, directory.path()).unwrap());
    assert_eq!(function.rows[0].point.task(), "pump");
    assert!(
        (function.rows[0].score_float - scores[0].1).abs() < 1e-6,
        "{} {}",
        function.rows[0].score_float,
        scores[0].1
    );
}

#[test]
fn a_regression_is_scored_by_its_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, count: usize, from: usize| {
        let mut text = String::from("@problemName Slope\n@univariate true\n@targetLabel true\n@data\n");
        for i in from..from + count {
            let slope = (i * 37 % 41) as f64 / 41.0;
            writeln!(text, "0,{},{},{}:{slope}", slope * 0.3, slope * 0.6, slope * 0.9).unwrap();
        }
        std::fs::write(directory.path().join(name), text).unwrap();
    };
    file("train.ts", 30, 0);
    file("test.ts", 20, 30);
    let task = "id = \"slope\"\ntrain_file = \"train.ts\"\ntest_file = \"test.ts\"";
    let result = run(&study(task, directory.path()).unwrap());
    let [row] = &result.rows[..] else { panic!("one row") };
    assert!(row.score_float < 0.1 && row.metric == "nrmse", "{row:?}");
    assert_eq!(result.manifest.tasks[0].title, "Slope");
    assert_eq!(result.manifest.data.len(), 2);
    assert!(result.controls.iter().all(|control| control.score < 0.1), "{:?}", result.controls);
    // A class file beside one of numbers is no data set.
    let classes = "@univariate true\n@classLabel true a b\n@data\n1:a\n";
    std::fs::write(directory.path().join("test.ts"), classes).unwrap();
    let error = study(task, directory.path()).unwrap_err();
    assert!(error.contains("both must be of one data set"), "{error}");
}

#[test]
fn wrong_own_data_are_refused_at_their_place() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("pump.csv"), pump()).unwrap();
    std::fs::write(directory.path().join("wrong.csv"), "a,b\n1,2\n1,x\n").unwrap();
    let of = |keys: &str| study(&format!("id = \"pump\"\n{keys}"), directory.path()).unwrap_err();
    let file = "series_file = \"pump.csv\"\n";
    for (keys, expected) in [
        ("series_file = \"wrong.csv\"\ninput = \"a\"\ntarget = \"b\"".into(), "wrong.csv:3:3: "),
        ("series_file = \"absent.csv\"\ntarget = \"b\"".into(), "there is no such file"),
        (format!("{file}input = \"flwo\"\ntarget = \"heat\""), "did you mean `flow`?"),
        (
            format!("{file}target = \"heat\""),
            "`input` must name a column: the file has `time`, `flow`, `heat`, `noise`",
        ),
        (format!("{file}input = \"flow\""), "either `target`"),
        (format!("{file}input = \"flow\"\ntarget = \"heat\"\nfunctions = [\"recall/shift+1\"]"), "either `target`"),
        (format!("{file}input = \"flow\"\ntarget = [\"heat\", \"heat\"]"), "stands here twice"),
        (
            format!("{file}input = [\"flow\", \"heat\"]\nfunctions = [\"recall/shift+1\"]"),
            "`functions` are of one input",
        ),
        (format!("{file}input = \"flow\"\nfunctions = [\"recal/shift+1\"]"), "is not a function and a shift"),
        (format!("{file}input = \"flow\"\ntarget = \"heat\"\ndelays = 3"), "takes no option `delays`"),
        (format!("{file}train_file = \"x.ts\""), "not both"),
        ("target = \"heat\"".into(), "which needs `series_file`"),
    ] {
        let error = of(&keys);
        assert!(error.contains(expected), "{keys}\n{error}");
    }
    let long =
        study(&format!("id = \"pump\"\n{file}input = \"flow\"\ntarget = \"heat\"\ntrain = 9999"), directory.path());
    let cancel = AtomicBool::new(false);
    let options = RunOptions { threads: NonZeroUsize::new(1), cancel: &cancel, progress: &|_| {} };
    let error = crate::run(&long.unwrap(), &options).unwrap_err().to_string();
    assert!(error.starts_with("task `pump`: the series has 600 samples, but "), "{error}");
}

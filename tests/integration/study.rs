//! Whole studies: what must hold of their scores, whatever the machine and the number of threads.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use study::{RunOptions, StudyResult, StudySpec};

#[track_caller]
fn read(text: &str) -> StudySpec {
    study::read(text, "test.toml", Path::new("")).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn run(study: &StudySpec, threads: usize) -> StudyResult {
    let cancel = AtomicBool::new(false);
    let options = RunOptions { threads: NonZeroUsize::new(threads), cancel: &cancel, progress: &|_| {} };
    study::run(study, &options).unwrap_or_else(|e| panic!("{e}"))
}

/// A small spiking study in which every stage runs, with the given task.
fn small(task: &str) -> StudySpec {
    read(&format!(
        r#"format = "quenched-study"
version = 1
chip = "dynapse2"
dies = 3
cv = [0, 0.3]
recurrence = ["full", 0.5, "removed"]
[reservoir]
neurons = 32
input_fan_in = 4
recurrent_fan_in = 8
input_inhibitory = 0.3
recurrent_inhibitory = 0.5
input_weight = 0.4
recurrent_weight = 0.1
synapse = {{ excitatory = "AMPA", inhibitory = "GABA" }}
[encoder]
kind = "poisson"
trains_per_channel = 4
rate_max = "400 Hz"
[readout]
on_chip = true
synapse = {{ excitatory = "AMPA", inhibitory = "GABA" }}
parameters = {{ drive = "2.5 1" }}
{task}"#
    ))
}

#[test]
fn dies_at_cv_0_are_identical_and_threads_change_nothing() {
    for task in [
        "[[task]]\nid = \"memory-capacity\"\nsample = \"5 ms\"\ndelays = 3\ntrain = 200\ntest = 100\n",
        "[[task]]\nid = \"narma10\"\nsample = \"5 ms\"\ntrain = 200\ntest = 100\n",
    ] {
        let study = small(task);
        let result = run(&study, 1);
        assert_eq!(result.rows.len(), study.run_count());
        assert_eq!(run(&study, 2).csv(), result.csv(), "threads");
        // Without mismatch all dies are one, which is run once; with it they differ.
        let setting = |row: &study::Row| row.point.setting().map(|(_, name)| name.to_owned()).collect::<Vec<_>>();
        for rows in result.rows.chunk_by(|a, b| setting(a) == setting(b)) {
            let nominal = rows[0].point.to_string().contains("CV 0,");
            assert_eq!(rows.len(), if nominal { 1 } else { 3 });
            let score = |row: &study::Row| (row.score_float, row.score_quantised, row.score_on_chip, row.spikes);
            assert!(rows.windows(2).all(|pair| score(&pair[0]) != score(&pair[1])), "{rows:?}");
            assert_eq!(nominal, rows[0].mismatch.is_empty(), "{rows:?}");
        }
        let kept: Vec<u64> = result.manifest.mappings.iter().map(|m| m.connections_kept).collect();
        assert_eq!(kept, [32 * 12, 32 * 8, 32 * 4], "full, half and no recurrence");
    }
}

#[test]
fn japanese_vowels_on_the_nominal_chip() {
    let text = study::DEFAULT.replacen("cv = [0, 0.2, 0.5]", "cv = [0]", 1).replacen(", \"removed\"]", "]", 1);
    let mut study = read(&text);
    (study.networks, study.dies) = (1, 1);
    study.arms[0].tasks.truncate(1);
    let row = run(&study, 1).rows.remove(0);
    assert!(row.score_float >= 0.95, "{row:?}");
    assert!(row.score_quantised.unwrap() >= 0.95, "{row:?}");
    assert!(row.score_on_chip.unwrap() >= 0.9, "{row:?}");
    assert_eq!(row.events_lost, 0);
}

/// ReservoirPy 0.4.2 in double precision has a memory capacity of 26.3 on the network of `examples/echo-state.toml`
/// (mean over 5 seeds, which lie several units apart). Sixteen fraction bits lose none of it.
#[test]
fn memory_capacity_of_rate_units_meets_the_reference() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/echo-state.toml");
    let mut study = study::load(&file).unwrap_or_else(|e| panic!("{e}"));
    let counts = &mut Arc::make_mut(&mut study.arms[0].tasks[0]).counts;
    counts.extend([("train".into(), 4000), ("test".into(), 4000)]);
    let capacity = |seed| {
        study.set_seed(seed);
        run(&study, 1).rows[0].score_float
    };
    let scores: Vec<f64> = (1..=5).map(capacity).collect();
    let mean = scores.iter().sum::<f64>() / 5.0;
    assert!((mean - 26.3).abs() <= 2.63, "{mean} of {scores:?}");
}

#[track_caller]
fn check_refused(edit: impl Fn(&mut StudySpec), expected: &str) {
    let mut study = small("[[task]]\nid = \"memory-capacity\"\nsample = \"5 ms\"\ndelays = 2\ntrain = 50\ntest = 20\n");
    edit(&mut study);
    let cancel = AtomicBool::new(false);
    let error = study::run(&study, &RunOptions { threads: None, cancel: &cancel, progress: &|_| {} }).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn what_cannot_run_says_why() {
    let task = |s: &mut StudySpec, change: fn(&mut study::TaskSettings)| change(Arc::make_mut(&mut s.arms[0].tasks[0]));
    let odd = |s: &mut StudySpec| task(s, |t| t.sample = "1.5 ms".parse().unwrap());
    check_refused(odd, "not a whole number of the chip's steps of 1 ms");
    check_refused(|s| s.arms[0].base.reservoir.neurons = 5000, "5000");
    check_refused(|s| s.arms[0].base.readout.parameters.clear(), "need a drive above 0");
    let untrained = |s: &mut StudySpec| {
        task(s, |t| {
            t.counts.insert("train".into(), 0);
        })
    };
    check_refused(untrained, "memory-capacity");
}

#[test]
fn study_files_are_checked_with_their_place() {
    let good = study::DEFAULT;
    for (find, replace, expected) in [
        ("dies = 2", "deis = 2", "help: did you mean `dies`?"),
        ("cv = [0, 0.2, 0.5]", "cv = [0, -1]", "a coefficient of variation of -1 is impossible"),
        ("\"removed\"", "\"remvoed\"", "help: did you mean `removed`?"),
        ("dynapse2", "dynapse3", "did you mean `dynapse2`"),
        ("\"japanese-vowels\"", "\"japanese-vowel\"", "did you mean `japanese-vowels`"),
        ("sample = \"20 ms\"", "sample = \"20 mV\"", "20 mV"),
        ("\"AMPA\"", "\"APMA\"", "did you mean `AMPA`"),
        ("neurons = 256", "neurons = 0", "0 is too small"),
        ("cv = [0, 0.2, 0.5]", "cv = [0.1, 0.10]", "0.1 stands here twice"),
        ("[\"full\", \"removed\"]", "[\"full\", 1]", "full stands here twice"),
        ("cv = [", "family = [\"gamma\", \"gama\"]\ncv = [", "did you mean `gamma`"),
        ("cv = [0, 0.2, 0.5]", "cv = 0.1", "expected an array"),
        ("delays = 20", "delays = 0", "0 is too small"),
        ("sample = \"20 ms\"", "sample = \"20 ms\"\ntrain = 100", "task `japanese-vowels` takes no option `train`"),
        ("delays = 20", "validation = 20", "unknown key `validation`"),
    ] {
        assert!(good.contains(find), "{find}");
        let text = good.replacen(find, replace, 1);
        let error = study::read(&text, "my.toml", Path::new("")).unwrap_err().to_string();
        assert!(error.contains(expected), "{replace}:\n{error}");
    }
}

/// A small study on a chip with faults and noise, with `keys` at its top.
fn varied(directory: &Path, keys: &str) -> StudySpec {
    let chip = include_str!("../../device-models/data/dynapse2/chip.toml");
    let number = |value| format!("{{ value = {value}, unit = \"1\", source = \"trial\", evidence = \"assumed\" }}");
    let chip = format!(
        "{}\n[faults]\ndead_neuron = {}\n\n[noise]\nrun_weight_cv = {}\nevent_jitter_ticks = {}\n",
        chip.replacen("[sources]\n", "[sources]\ntrial = \"Chosen for a test\"\n", 1),
        number("0.2"),
        number("0.2"),
        number("1")
    );
    std::fs::write(directory.join("varied.toml"), chip).unwrap();
    let task = "[[task]]\nid = \"narma10\"\nsample = \"5 ms\"\ntrain = 100\ntest = 50\n";
    let text = small(task).text.replacen("chip = \"dynapse2\"", &format!("chip = \"varied.toml\"\n{keys}"), 1);
    let text = text.replacen("recurrence = [\"full\", 0.5, \"removed\"]\n", "", 1).replacen("[0, 0.3]", "[0]", 1);
    study::read(&text, "test.toml", directory).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn faults_are_on_and_noise_is_off_unless_a_study_says_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let scores = |result: &StudyResult| result.rows.iter().map(|row| row.score_float).collect::<Vec<_>>();
    let study = |keys| varied(directory.path(), keys);
    let usual = run(&study(""), 1);
    assert!(usual.manifest.faults && !usual.manifest.noise);
    assert_eq!(scores(&run(&study("faults = true\nnoise = false"), 1)), scores(&usual));
    let sound = run(&study("faults = false"), 1);
    assert!(!sound.manifest.faults && sound.manifest_json().contains("\"faults\": false"));
    assert!(scores(&sound).windows(2).all(|pair| pair[0] == pair[1]), "without mismatch and faults dies are alike");
    assert!(scores(&usual).windows(2).any(|pair| pair[0] != pair[1]), "each die has faults of its own");
    let noisy = run(&study("noise = true"), 1);
    assert!(noisy.manifest.noise && scores(&noisy) != scores(&usual));
    assert_eq!(run(&study("noise = true"), 2).csv(), noisy.csv(), "threads");
}

/// Every axis shows in results.csv, and a list of one value is the run that the same setting makes.
#[test]
fn a_list_of_families_is_an_axis() {
    let task = "[[task]]\nid = \"narma10\"\nsample = \"5 ms\"\ntrain = 100\ntest = 50\n";
    let study = |family: &str| {
        let text = small(task).text.replacen("dies = 3\ncv = [0, 0.3]", &format!("dies = 2\ncv = [0.3]\n{family}"), 1);
        read(&text.replacen("[\"full\", 0.5, \"removed\"]", "[\"full\", \"removed\"]", 1))
    };
    let all = run(&study("family = [\"gamma\", \"two-point\"]"), 2);
    assert!(
        all.csv().starts_with(
            "chip,chip_digest,model,network_seed,die_seed,task_seed,task,metric,cv,family,recurrence,neurons,series,"
        ),
        "{}",
        all.csv()
    );
    assert_eq!(all.manifest.mappings.len(), 2, "one program for all families");
    let one = run(&study("family = \"two-point\""), 1);
    assert!(
        one.csv().starts_with(
            "chip,chip_digest,model,network_seed,die_seed,task_seed,task,metric,cv,recurrence,neurons,series,"
        ),
        "{}",
        one.csv()
    );
    let scores = |result: &StudyResult, wanted: &str| -> Vec<f64> {
        let rows = result.rows.iter().filter(|row| row.point.to_string().contains(wanted));
        rows.map(|row| row.score_float).collect()
    };
    assert_eq!(scores(&all, "family two-point"), scores(&one, ""));
    assert_ne!(scores(&all, "family gamma"), scores(&one, ""));
}

#[test]
fn noise_that_the_chip_does_not_have_is_refused() {
    let text = small("[[task]]\nid = \"narma10\"\nsample = \"5 ms\"\n").text;
    let text = text.replacen("dies = 3", "noise = true\ndies = 3", 1);
    let error = study::read(&text, "test.toml", Path::new("")).unwrap_err().to_string();
    assert!(error.contains("the chip `dynapse2` has no table `[noise]` in its file"), "{error}");
}

/// A small study of rate units whose devices differ, with `keys` at its top.
fn rate(keys: &str) -> StudySpec {
    read(&format!(
        r#"format = "quenched-study"
version = 1
chip = "ideal-mismatched"
model = "rate"
networks = 3
dies = 2
{keys}
[reservoir]
neurons = 20
connectivity = 0.5
spectral_radius = 0.8
input_scale = 1
input_weights = "normal"
bias = 0.2
synapse = "graded"
[readout]
on_chip = false
filter = "4 ms"
[[task]]
id = "lorenz/*/shift+*"
sample = "1 ms"
train = 300
test = 100
"#
    ))
}

/// What is asked for of mismatch is what dies have, each network its own, and a parameter that is left out has none.
#[test]
fn the_mismatch_asked_for_is_that_of_the_dies() {
    let keys = "cv = [0, 0.5]\nparameter = [\"all\", \"tau_unit\"]\ndies = 40\n[mismatch]\nrealised = \"mean\"";
    let mut study = rate(&keys.replace("dies = 40\n", ""));
    study.dies = 40;
    Arc::make_mut(&mut study.arms[0].tasks[0]).targets.truncate(1);
    let rows = run(&study, 2).rows;
    assert_eq!(rows.len(), 3 * 2 * (1 + 40));
    let moments =
        |row: &study::Row, name: &str| row.mismatch.iter().find(|m| m.parameter == name).map(|m| (m.mean, m.cv));
    let with = |text: &str| rows.iter().filter(move |row| row.point.to_string().contains(text)).collect::<Vec<_>>();
    let taus: Vec<(f64, f64)> = with("CV 0.5").iter().filter_map(|row| moments(row, "tau_unit")).collect();
    assert_eq!(taus.len(), 2 * 3 * 40);
    let mean = |of: fn(&(f64, f64)) -> f64| taus.iter().map(of).sum::<f64>() / taus.len() as f64;
    // 2400 different factors of 20 units each: a standard error of 0.01 of the mean, and the sample CV is a little low.
    assert!(
        (mean(|t| t.0) - 1.0).abs() < 0.03 && (0.42..0.52).contains(&mean(|t| t.1)),
        "{} {}",
        mean(|t| t.0),
        mean(|t| t.1)
    );
    assert!(with("parameter tau_unit, CV 0.5").iter().all(|row| moments(row, "gain").is_none()));
    assert!(with("parameter all, CV 0.5").iter().all(|row| moments(row, "gain").is_some()));
    let different: std::collections::BTreeSet<String> = taus.iter().map(|t| format!("{t:?}")).collect();
    assert_eq!(different.len(), 3 * 40, "each network has dies of its own, and both arms the same");
    let error = |keys: &str| {
        let mut study = rate(keys);
        study.dies = 1;
        let cancel = AtomicBool::new(false);
        let options = RunOptions { threads: None, cancel: &cancel, progress: &|_| {} };
        study::run(&study, &options).unwrap_err().to_string()
    };
    assert!(error("cv = [0.2]\nparameter = \"tau_unti\"").contains("tau_unti"));
    let impossible = error("cv = [1]\nfamily = \"two-point\"\n[mismatch]\nrealised = \"mean\"");
    assert!(impossible.contains("two-point"), "{impossible}");
}

/// Controls, a search and exchanged parameters are made beside the runs, the same with any number of threads.
#[test]
fn what_stands_beside_the_runs_is_whole() {
    let keys = "cv = [0, 0.5]\ncontrols = [\"filters\", \"static\"]\nmechanism = true\n\
                [tune]\n\"reservoir.input_scale\" = [0.5, 1, 2]";
    let study = rate(keys);
    let tasks = study.tasks()[0].ids().len();
    let result = run(&study, 1);
    assert_eq!(run(&study, 2), result, "threads");
    assert_eq!(result.rows.len(), 3 * (1 + 2) * tasks);
    assert_eq!((result.controls.len(), result.tuning.len()), (3 * 2 * tasks, 3 * 3 * tasks));
    // A search is without mismatch, and one of its settings is that of the study.
    assert!(result.tuning.iter().all(|row| row.mismatch.is_empty()));
    let score = |rows: &[study::Row], setting: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row.point.to_string().contains(setting));
        rows.map(|row| row.score_float).collect()
    };
    assert_eq!(score(&result.tuning, "input_scale 1,"), score(&result.rows, "CV 0,"));
    // A layer without memory knows the present, and nothing of 40 samples ago; filters know both.
    let of = |control: study::Control, task: &str| {
        let rows = result.controls.iter().filter(|row| row.control == control && row.task == task);
        rows.map(|row| row.score).fold(0.0f64, f64::max)
    };
    let [now, past] = ["lorenz/recall/shift+0", "lorenz/recall/shift+40"];
    assert!(of(study::Control::Static, now) < 0.1 && of(study::Control::Static, past) > 0.8);
    assert!(of(study::Control::Filters, now) < 0.01, "{}", of(study::Control::Filters, now));
    assert!(of(study::Control::Filters, past) < 1.0, "{}", of(study::Control::Filters, past));
    assert!(result.rows.iter().all(|row| row.participation_ratio.is_some_and(|p| (1.0..=20.0).contains(&p))));
    assert!(result.rows.iter().all(|row| row.alignment.is_some_and(|a| (0.0..=1.0).contains(&a))));
}

/// With the mismatch of one parameter exchanged a die differs in that parameter alone; with all, it is the second die.
#[test]
fn a_die_of_a_design_differs_in_what_was_exchanged() {
    let mut study = rate("cv = [0.5]\nblame = [\"tau_unit\", \"gain\"]");
    Arc::make_mut(&mut study.arms[0].tasks[0]).targets.truncate(1);
    study.networks = 1;
    let rows = run(&study, 2).rows;
    let of = |swap: &str, die: u32, name: &str| {
        let row = rows.iter().find(|r| r.point.get(&study::BLAME) == Some(swap) && r.point.die() == die).unwrap();
        let found = row.mismatch.iter().find(|m| m.parameter == name).unwrap();
        (found.mean, found.cv)
    };
    for die in 0..2 {
        for (name, other) in [("tau_unit", "gain"), ("gain", "tau_unit")] {
            assert_ne!(of("none", die, name), of("all", die, name));
            assert_eq!(of(name, die, name), of("all", die, name));
            assert_eq!(of(name, die, other), of("none", die, other));
        }
    }
}

//! `quenched study`: the files that it leaves, and that it leaves none when it fails.

use crate::{Sandbox, place_of};
use std::time::{Duration, Instant};

pub(crate) const STUDY: &str = include_str!("study.toml");
const FILES: [&str; 3] = ["results.csv", "manifest.json", "report.html"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    sandbox
}

/// What a study says that has one text replaced; it must fail with `code` and leave nothing.
#[track_caller]
fn fails(from: &str, to: &str) -> String {
    assert!(STUDY.contains(from), "the study has no `{from}`");
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY.replacen(from, to, 1));
    let text = sandbox.fails(1, &["study", "study.toml", "--out", "out"]);
    assert!(!sandbox.exists("out"), "a study that failed left a directory\n{text}");
    text
}

#[test]
fn results_do_not_depend_on_threads_or_time() {
    let sandbox = sandbox();
    let first = sandbox.prints(&["study", "study.toml", "--threads", "1", "--out", "one"]);
    assert!(first.starts_with("Smallest study\n"), "{first}");
    assert!(first.contains("memory capacity") && first.contains("with the float readout (a single run)"), "{first}");
    sandbox.prints(&["study", "study.toml", "--threads", "2", "--out", "two", "--quiet"]);
    for file in FILES {
        assert!(sandbox.read(&format!("one/{file}")) == sandbox.read(&format!("two/{file}")), "{file} differs");
    }
    // Again over the old results: the same bytes, and nothing else in the directory.
    let json = sandbox.json(&["study", "study.toml", "--threads", "2", "--out", "one", "--json"]);
    assert_eq!(sandbox.read("one/results.csv"), sandbox.read("two/results.csv"));
    assert_eq!(json["settings"].as_array().expect("settings").len(), 4);
    let mut names: Vec<_> = std::fs::read_dir(sandbox.path().join("one"))
        .expect("a directory")
        .map(|e| e.expect("a file").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["manifest.json", "report.html", "results.csv", "results.parquet"]);
    let csv = sandbox.read("one/results.csv");
    assert_eq!(csv.lines().count(), 1 + 2 * (1 + 2), "recurrence x (one nominal die, and two with mismatch)");
    // Each row says what made it, and without a program of the readout there is no score of one.
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("one/manifest.json")).expect("JSON");
    for line in lines {
        let value = |name| line[header.iter().position(|column| *column == name).expect(name)];
        let made =
            ["chip", "model", "network_seed", "network", "score_quantised", "score_on_chip", "saturations"].map(value);
        assert_eq!(made, ["dynapse2", "lif", "1", "0", "", "", "0"]);
        assert!(value("penalty").parse::<f64>().is_ok() && value("digest").len() == 32, "{line:?}");
        assert!(value("warnings").parse::<u32>().is_ok(), "{line:?}");
        assert_eq!(manifest["chip_digest"], value("chip_digest"));
    }
    assert!(!first.contains("quantised"), "{first}");
    // Four currents are few for the weights of this network, and steps of 1 ms coarse for refractory periods of 2 ms:
    // that is all there is to say.
    let known = |line: &str| line.contains("off by") || line.contains("t_refractory");
    assert!(first.lines().filter(|line| line.contains("warning")).all(known), "{first}");
}

#[test]
fn the_manifest_and_the_command_line_say_how_to_repeat() {
    let sandbox = sandbox();
    sandbox.prints(&["study", "study.toml", "--seed", "5", "--dies", "1", "--out", "out", "--figures"]);
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("out/manifest.json")).expect("JSON");
    assert_eq!((&manifest["seed"], &manifest["dies"]), (&5.into(), &1.into()));
    assert_eq!(manifest["study"], STUDY);
    let page = sandbox.read("out/report.html");
    assert!(page.contains("<pre>quenched study study.toml --dies 1 --seed 5</pre>"));
    assert!(sandbox.read("out/memory-capacity.svg").starts_with("<svg "));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
}

/// A key that is set is read as if it stood in the file, and is part of how to repeat the study.
#[test]
fn any_key_can_be_set() {
    let sandbox = sandbox();
    let set = ["study", "study.toml", "--set", "reservoir.neurons=12", "--set", "task.train=80", "--set", "cv=[0.1]"];
    sandbox.prints(&[&set[..], &["--out", "set"]].concat());
    let text = STUDY.replacen("neurons = 16", "neurons = 12", 1).replacen("train = 100", "train = 80", 1);
    sandbox.file("edited.toml", text.replacen("cv = [0, 0.3]", "cv = [0.1]", 1));
    sandbox.prints(&["study", "edited.toml", "--out", "edited"]);
    assert_eq!(sandbox.read("set/results.csv"), sandbox.read("edited/results.csv"));
    let page = sandbox.read("set/report.html");
    let repeat = "quenched study study.toml --set reservoir.neurons=12 --set task.train=80 --set cv=&#39;[0.1]&#39;";
    assert!(page.contains(repeat) || page.contains(&repeat.replace("&#39;", "'")), "the page says how to repeat it");
    let wrong = |sets: &[&str]| {
        let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        sandbox.fails(1, &[&["study", "study.toml", "--out", "no"], &args[..]].concat())
    };
    let text = wrong(&["reservoir.neurans=12"]);
    assert!(text.contains("unknown key `neurans`") && text.contains("did you mean `neurons`?"), "{text}");
    assert!(wrong(&["reservoir.neurons=few"]).contains("--set reservoir.neurons:1:1"));
    assert!(wrong(&["dies.x=1"]).contains("`dies` is no table"));
    assert!(wrong(&["tune={}"]).contains("give at least one key with a list of values"));
    assert!(wrong(&["axes={ \"cv\" = [1] }"]).contains("`cv` is an axis of its own"));
    assert!(wrong(&["axes={ \"dies\" = [1, 2] }"]).contains("`dies` is no key that runs can differ in"));
    assert!(wrong(&["axes={ \"reservoir.neurons\" = [8, 8] }"]).contains("give each value once"));
    assert!(wrong(&["controls=[\"filter\"]"]).contains("did you mean `filters`?"));
    assert!(wrong(&["blame=[\"tau_mem\"]"]).contains("list two parameters or more"));
    assert!(!sandbox.exists("no"));
}

/// Shards in any order make what one process makes.
#[test]
fn shards_are_merged_to_the_same_bytes() {
    let sandbox = sandbox();
    let study = ["study", "study.toml", "--networks", "2", "--quiet"];
    sandbox.prints(&[&study[..], &["--out", "straight"]].concat());
    for number in ["3/4", "1/4", "4/4"] {
        let text = sandbox.prints(&[&study[..], &["--out", "parts", "--shard", number]].concat());
        assert!(text.starts_with(&format!("shard {number} is done; ")), "{text}");
    }
    let text = sandbox.fails(1, &["study", "merge", "parts"]);
    assert!(text.contains("3 of 12 runs are not done") && !sandbox.exists("parts/results.csv"), "{text}");
    let status = sandbox.prints(&["study", "status", "parts"]);
    snapbox::assert_data_eq!(status, snapbox::file!["snapshots/study-status.txt"]);
    let args = [&study[..], &["--out", "parts", "--shard", "slurm"]].concat();
    let variables = [("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_MIN", "0"), ("SLURM_ARRAY_TASK_COUNT", "4")];
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(args)
        .envs(variables)
        .current_dir(sandbox.path())
        .output()
        .expect("quenched runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("shard 2/4 is done; all 12 runs are done: `quenched study merge parts`"), "{text}");
    sandbox.prints(&["study", "merge", "parts"]);
    for file in FILES {
        assert!(sandbox.read(&format!("parts/{file}")) == sandbox.read(&format!("straight/{file}")), "{file} differs");
    }
    let none = sandbox.fails(1, &["study", "status", "parts"]);
    assert!(none.contains("there are no runs of a study here"), "{none}");
    assert!(sandbox.fails(2, &["study", "study.toml", "--shard", "5/4"]).contains("write its number, from 1"));
}

#[test]
fn a_script_for_slurm_is_printed() {
    let sandbox = sandbox();
    let args = ["study", "study.toml", "--dies", "9", "--threads", "4", "--out", "big", "--print-sbatch", "20"];
    snapbox::assert_data_eq!(sandbox.prints(&args), snapbox::file!["snapshots/study-sbatch.txt"]);
    assert!(!sandbox.exists("big"));
    assert!(sandbox.fails(2, &["study", "defualt"]).contains("did you mean `default`?"));
}

/// [`fails`] for a mistake whose place is named, with these words about it.
#[track_caller]
fn check(from: &str, to: &str, place: &str, message: &str) {
    let text = fails(from, to);
    let place = place_of("study.toml", &STUDY.replacen(from, to, 1), place);
    assert!(text.contains(&place), "{place} is not named in\n{text}");
    assert!(text.contains(message), "{message}\nnot in\n{text}");
}

#[test]
fn wrong_study_files_are_refused() {
    check("dies = 2", "deis = 2", "deis", "did you mean `dies`?");
    check("cv = [0, 0.3]", "cv = [0, -1]", "-1", "coefficient of variation");
    check("cv = [0, 0.3]", "cv = [0, nan]", "nan", "`nan` and `inf` are not numbers");
    check("rate_max = \"200 Hz\"", "rate_max = \"200\"", "\"200\"", "a number, a space and a unit");
    check(
        "id = \"memory-capacity\"",
        "id = \"memory-capacty\"",
        "\"memory-capacty\"",
        "did you mean `memory-capacity`?",
    );
    check("version = 1", "version = 999", "999", "only versions up to");
    check("title = \"Smallest study\"", "title = \"a\\u001b[31m\"", "\"a\\u001b", "this one has U+001B");
    // What is found when the parts meet has no line.
    assert!(fails("sample = \"5 ms\"", "sample = \"5.5 ms\"").contains("5.5 ms"));
    assert!(fails("neurons = 16", "neurons = 5000").contains("5000"));
    fails(STUDY, &STUDY[..STUDY.len() / 2]);
    fails(STUDY, "");
}

/// What the errors of a mapping speak of can be said in a study.
#[test]
fn a_study_can_prune_what_does_not_fit() {
    let full = STUDY
        .replacen("neurons = 16", "neurons = 80", 1)
        .replacen("recurrent_fan_in = 4", "recurrent_fan_in = 70", 1)
        .replacen(", \"removed\"", "", 1);
    let sandbox = Sandbox::new();
    sandbox.file("full.toml", &full);
    let text = sandbox.fails(1, &["study", "full.toml", "--out", "out"]);
    assert!(text.contains("`over_full = \"prune\"` in the table `[mapping]` of the study"), "{text}");
    sandbox.file("pruned.toml", format!("{full}\n[mapping]\nover_full = \"prune\"\n"));
    let text = sandbox.prints(&["study", "pruned.toml", "--out", "out"]);
    assert!(text.contains("800 of 5600 connections are not on the board"), "{text}");
}

#[test]
fn a_wrong_chip_of_a_study_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY.replacen("\"dynapse2\"", "\"dynapse\"", 1));
    let text = sandbox.fails(1, &["study", "study.toml", "--out", "out"]);
    snapbox::assert_data_eq!(text, snapbox::file!["snapshots/study-unknown-chip.txt"]);
    let absent = ("chip = \"dynapse2\"", "chip = \"absent.toml\"");
    check(absent.0, absent.1, "\"absent.toml\"", "there is no such file");
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY.replacen("\"dynapse2\"", "\"mine.toml\"", 1));
    let from = "cores_per_chip = { value = 4";
    sandbox.file("mine.toml", crate::dynapse2_with(from, "cores_per_chip = { value = 0"));
    let text = sandbox.fails(1, &["study", "study.toml", "--out", "out"]);
    assert!(text.contains("mine.toml:") && text.contains("geometry.cores_per_chip"), "{text}");
    assert!(!sandbox.exists("out"));
}

/// A tiny data set of two classes; the value 0.5 of its first line is replaced by `value`.
fn data(value: &str) -> String {
    let mut text = String::from("@problemName Toy\n@univariate true\n@classLabel true a b\n@data\n");
    for i in 0..12 {
        let (value, label) = if i == 0 { (value, "a") } else { ("0.5", if i % 2 == 0 { "a" } else { "b" }) };
        text += &format!("0.1,{value},0.{i},0.3:{label}\n");
    }
    text
}

#[test]
fn own_data_are_read_and_wrong_data_refused() {
    let own = "id = \"toy\"\nsample = \"5 ms\"\ntrain_file = \"train.ts\"\ntest_file = \"test.ts\"\n";
    let study = format!("{}[[task]]\n{own}", STUDY.split("[[task]]").next().expect("a beginning"));
    let run = |train: &str| {
        let sandbox = Sandbox::new();
        sandbox.file("study.toml", &study);
        sandbox.file("train.ts", train);
        sandbox.file("test.ts", data("0.5"));
        (sandbox.quenched(&["study", "study.toml", "--dies", "1", "--out", "out"]), sandbox)
    };
    let (output, sandbox) = run(&data("0.5"));
    output.success();
    assert!(sandbox.read("out/results.csv").contains(",toy,accuracy,"));
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("out/manifest.json")).expect("JSON");
    let files = manifest["data"].as_array().expect("a list");
    assert_eq!(files.iter().map(|file| &file["file"]).collect::<Vec<_>>(), ["train.ts", "test.ts"]);
    assert!(files.iter().all(|file| file["task"] == "toy" && file["bytes"] == data("0.5").len()), "{files:?}");
    assert_eq!(files[0]["digest"], files[1]["digest"], "the same bytes");
    let whole = data("0.5");
    let cut = &whole[..whole.len() / 2];
    for (wrong, message) in [(data("nan"), "train.ts:5:"), (data("x"), "train.ts:5:"), (cut.to_string(), "train.ts:")] {
        let (output, sandbox) = run(&wrong);
        let output = output.code(1);
        let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(text.contains(message), "{message}\n{text}");
        assert!(!sandbox.exists("out"), "{text}");
    }
}

#[test]
fn an_output_directory_that_cannot_be_written_is_found_at_once() {
    let sandbox = sandbox();
    sandbox.file("file", "in the way");
    let start = Instant::now();
    let text = sandbox.fails(1, &["study", "--out", "file/out"]);
    assert!(text.contains("file/out"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(20), "it is found before the study runs");
    assert!(sandbox.fails(1, &["study", "--out", "file"]).contains("file"));
    assert_eq!(sandbox.read("file"), "in the way");
    assert!(sandbox.fails(1, &["study", "absent.toml"]).contains("there is no such file"));
    assert!(!sandbox.exists("quenched-out"));
}

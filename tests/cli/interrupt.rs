//! Ctrl-C, and the signal that schedulers send.

use crate::Sandbox;
use crate::study::STUDY;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Sends `signal` to a process.
fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

/// Starts `args` and waits until `path` is there.
fn start(sandbox: &Sandbox, args: &[&str], path: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(args)
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("quenched starts");
    let start = Instant::now();
    while !sandbox.exists(path) {
        assert!(start.elapsed() < Duration::from_secs(60), "the study does not start");
        assert!(child.try_wait().expect("its state").is_none(), "the study ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// A study of many dies that is stopped by `name` ends soon, says so, writes no result, and says what it kept.
#[track_caller]
fn check(name: &str) {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    let args = ["study", "study.toml", "--dies", "100000", "--threads", "1", "--out", "out/deep"];
    // The store is opened after signals are caught, and before the first run.
    let child = start(&sandbox, &args, "out/deep/runs/1-of-1.jsonl");
    signal(&child, name);
    let output = child.wait_with_output().expect("quenched ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("interrupted after") && text.contains("of 200002 runs"), "{text}");
    assert!(output.stdout.is_empty());
    let kept = text.contains("are kept") && text.contains("`quenched study resume out/deep` goes on");
    assert_eq!(sandbox.exists("out/deep/runs"), kept, "{text}");
    assert!(kept || !sandbox.exists("out"), "a directory was left\n{text}");
    for file in ["results.csv", "manifest.json", "report.html"] {
        assert!(!sandbox.exists(&format!("out/deep/{file}")), "{file}");
    }
}

#[test]
fn an_interrupted_study_keeps_its_runs() {
    check("-INT");
}

#[test]
fn a_study_that_a_scheduler_ends_keeps_its_runs() {
    check("-TERM");
}

/// Killed at any moment and resumed, a study has the results of one that was left alone.
#[test]
fn a_killed_study_goes_on_where_it_was() {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    let study = ["study", "study.toml", "--dies", "12", "--quiet"];
    sandbox.prints(&[&study[..], &["--out", "straight"]].concat());
    for (attempt, wait) in [0, 40, 150].into_iter().enumerate() {
        let out = format!("out{attempt}");
        let file = format!("{out}/runs/1-of-1.jsonl");
        let mut child = start(&sandbox, &[&study[..], &["--threads", "1", "--out", &out]].concat(), &file);
        std::thread::sleep(Duration::from_millis(wait));
        signal(&child, "-KILL");
        let _ = child.wait();
        if sandbox.exists(&file) {
            // Killed while it gave its results their names, it has them finished by the next command, which says so.
            let again = sandbox.quenched(&[&study[..], &["--out", &out]].concat()).code(2);
            let again = String::from_utf8_lossy(&again.get_output().stderr).into_owned();
            assert!(again.contains("a study that was stopped has its runs here"), "{again}");
            sandbox.prints(&["study", "resume", &out, "--quiet"]);
        }
        for file in ["results.csv", "manifest.json", "report.html"] {
            let [resumed, straight] = [&out, "straight"].map(|dir| sandbox.read(&format!("{dir}/{file}")));
            assert!(resumed == straight, "{file} differs after {wait} ms");
        }
        assert!(!sandbox.exists(&format!("{out}/runs")), "the runs are in the results");
    }
}

#[test]
fn an_interrupted_score_leaves_nothing() {
    let sandbox = crate::score::sandbox();
    let files = || {
        let entries = std::fs::read_dir(sandbox.path()).expect("a folder");
        entries.map(|entry| entry.expect("a file").file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    let args = ["--vary", "v_threshold", "--cv", "0.3", "--dies", "40000", "--threads", "1", "--csv", "all.csv"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(crate::score::score(&args))
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("quenched starts");
    // The file is claimed just before signals are caught, and before the first sample.
    let start = Instant::now();
    while files() == before {
        assert!(start.elapsed() < Duration::from_secs(60), "the score does not start");
        assert!(child.try_wait().expect("its state").is_none(), "the score ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("quenched ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("interrupted; nothing was written") && output.stdout.is_empty(), "{text}");
    assert_eq!(files(), before, "nothing is left");
}

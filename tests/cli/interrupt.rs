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

/// A study of a million dies that is stopped by `name` ends soon, says so, and leaves nothing.
#[track_caller]
fn check(name: &str) {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    let mut child = Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(["study", "study.toml", "--dies", "1000000", "--threads", "1", "--out", "out/deep"])
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("quenched starts");
    // The directory is opened after signals are caught, and before the first run.
    let start = Instant::now();
    while !sandbox.exists("out/deep") {
        assert!(start.elapsed() < Duration::from_secs(60), "the study does not start");
        assert!(child.try_wait().expect("its state").is_none(), "the study ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&child, name);
    let output = child.wait_with_output().expect("quenched ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("interrupted after") && text.contains("of 4000000 runs; nothing was written"), "{text}");
    assert!(output.stdout.is_empty());
    assert!(!sandbox.exists("out"), "a directory was left");
}

#[test]
fn an_interrupted_study_leaves_nothing() {
    check("-INT");
}

#[test]
fn a_study_that_a_scheduler_ends_leaves_nothing() {
    check("-TERM");
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

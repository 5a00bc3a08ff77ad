//! What the files of a command go through: refusals, two commands at once, kills, standard output, budgets.

use crate::Sandbox;
use crate::study::STUDY;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const NETWORK: &str = include_str!("network.toml");
const RUN: [&str; 6] = ["run", "net.toml", "--chip", "dynapse2", "--ticks", "5000"];

/// A sandbox with the small network and two lists of events.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    sandbox.file("a.csv", "tick,channel\n1000,0\n2000,1\n");
    sandbox.file("b.csv", "tick,channel\n1500,0\n");
    sandbox
}

/// The names of all files, hidden ones too.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    let mut all: Vec<String> = entries.map(|e| e.expect("a file").file_name().into_string().expect("a name")).collect();
    all.sort();
    all
}

/// What a command says that is refused with `code` and changes nothing.
#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, args: &[&str]) -> String {
    let contents = || names(sandbox.path()).into_iter().map(|name| std::fs::read(sandbox.path().join(name)).ok());
    let before: Vec<_> = contents().collect();
    let text = sandbox.fails(code, args);
    assert_eq!(contents().collect::<Vec<_>>(), before, "{text}");
    text
}

#[test]
fn what_is_no_output_is_refused_before_anything_runs() {
    let sandbox = sandbox();
    sandbox.prints(&["map", "net.toml", "--chip", "dynapse2", "--out", "net.program"]);
    sandbox.prints(&[&RUN[..], &["--save-snapshot", "half.snapshot", "--spikes", "s.csv"]].concat());
    let run = |more: &[&str]| refused(&sandbox, 1, &[&RUN[..], more].concat());
    let input = |text: String, file: &str| assert!(text.contains(&format!("it is the input {file}")), "{text}");
    input(run(&["--spikes", "net.toml"]), "net.toml");
    input(run(&["--input", "a.csv", "--spikes", "./a.csv"]), "a.csv");
    input(run(&["--input", "a.csv", "--plot", "x.svg", "--save-snapshot", "a.csv"]), "a.csv");
    input(run(&["--resume", "half.snapshot", "--save-snapshot", "half.snapshot"]), "half.snapshot");
    let twice = run(&["--spikes", "x.csv", "--save-snapshot", "./x.csv"]);
    assert!(twice.contains("./x.csv: cannot be written: it is the same file as the output x.csv"), "{twice}");
    assert!(run(&["--spikes", "."]).contains("this is a directory"));
    assert!(run(&["--spikes", "none/x.csv"]).contains("there is no such file or directory"));
    assert!(refused(&sandbox, 1, &["map", "net.program", "--out", "net.program"]).contains("it is the input"));
    assert!(refused(&sandbox, 1, &["plot", "--spikes", "s.csv", "--out", "none/x.svg"]).contains("no such file"));
    // A file that is named by another one.
    let listed = NETWORK.replacen("{ fixed-fan-in = 8 }", "{ list = \"list.csv\" }", 1);
    sandbox.file("listed.toml", listed.replace("inhibitory = 0.25", ""));
    sandbox.file("list.csv", "pre,post,weight\n0,1,1\n");
    let args = ["run", "listed.toml", "--chip", "dynapse2", "--ticks", "10", "--spikes", "list.csv"];
    input(refused(&sandbox, 1, &args), "list.csv");
    sandbox.file("study.toml", STUDY);
    sandbox.file("report.html", "");
    let links = [("hard", std::fs::hard_link(sandbox.path().join("net.toml"), sandbox.path().join("hard")))];
    for (name, _) in links.iter().filter(|(_, made)| made.is_ok()) {
        input(run(&["--spikes", name]), "net.toml");
    }
    // Each of several runs has its own names, which may be those of an input.
    sandbox.file("x-a.csv", "tick,channel\n");
    let text = run(&["--input", "a.csv", "--input", "x-a.csv", "--spikes", "x.csv"]);
    input(text, "x-a.csv");
}

#[cfg(unix)]
#[test]
fn links_are_kept_and_devices_refused() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("elsewhere")).expect("a directory");
    std::os::unix::fs::symlink("elsewhere/spikes.csv", sandbox.path().join("link.csv")).expect("a link");
    sandbox.prints(&[&RUN[..], &["--spikes", "link.csv"]].concat());
    assert!(sandbox.path().join("link.csv").is_symlink());
    assert!(sandbox.read("elsewhere/spikes.csv").starts_with("# quenched-"));
    assert_eq!(names(&sandbox.path().join("elsewhere")), ["spikes.csv"]);
    let text = refused(&sandbox, 1, &[&RUN[..], &["--spikes", "/dev/null"]].concat());
    assert!(text.contains("/dev/null: cannot be written: this is a device"), "{text}");
    assert!(Command::new("mkfifo").arg(sandbox.path().join("pipe")).status().is_ok_and(|status| status.success()));
    let text = sandbox.fails(1, &[&RUN[..], &["--spikes", "pipe"]].concat());
    assert!(text.contains("this is a pipe") && text.contains("`-` is standard output"), "{text}");
    std::os::unix::fs::symlink("net.toml", sandbox.path().join("net-link")).expect("a link");
    assert!(sandbox.fails(1, &[&RUN[..], &["--spikes", "net-link"]].concat()).contains("it is the input net.toml"));
}

#[test]
fn one_output_can_be_standard_output() {
    let sandbox = sandbox();
    let args = [&RUN[..], &["--input", "a.csv"]].concat();
    sandbox.prints(&[&args[..], &["--spikes", "s.csv"]].concat());
    let output = sandbox.quenched(&[&args[..], &["--spikes", "-", "--plot", "p.svg"]].concat()).success();
    let Output { stdout, stderr, .. } = output.get_output();
    assert_eq!(String::from_utf8_lossy(stdout), sandbox.read("s.csv"));
    let report = String::from_utf8_lossy(stderr);
    assert!(report.contains("digest") && report.contains("Written:\n  p.svg"), "{report}");
    assert!(sandbox.prints(&["plot", "--spikes", "s.csv", "--out", "-"]).starts_with("<svg "));
    let json = sandbox.fails(2, &[&args[..], &["--spikes", "-", "--json"]].concat());
    assert!(json.contains("`--spikes -` and `--json` would both write to standard output"), "{json}");
    let two = sandbox.fails(1, &[&args[..], &["--spikes", "-", "--plot", "-"]].concat());
    assert!(two.contains("only one output can be standard output"), "{two}");
    let several = sandbox.fails(2, &[&args[..], &["--input", "b.csv", "--spikes", "-"]].concat());
    assert!(several.contains("several runs"), "{several}");
    assert!(sandbox.fails(2, &["study", "--quick", "--out", "-"]).contains("`./-` is one of this name"));
}

#[test]
fn what_is_denied_leaves_no_files() {
    let sandbox = sandbox();
    // Without an input the population is silent.
    let output = sandbox.quenched(&[&RUN[..], &["--deny-warnings", "--spikes", "s.csv"]].concat());
    let output = output.code(1);
    let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(text.contains("`--deny-warnings` makes them errors"), "{text}");
    assert_eq!(names(sandbox.path()), ["a.csv", "b.csv", "net.toml"]);
}

/// Two studies into one directory: one of them writes, or both do so one after the other; nothing is ever mixed.
#[test]
fn a_second_study_into_a_directory_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    let start = |seed: &str| {
        Command::new(env!("CARGO_BIN_EXE_quenched"))
            .args(["study", "study.toml", "--dies", "40", "--seed", seed, "--threads", "1", "--out", "out"])
            .current_dir(sandbox.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("quenched starts")
    };
    let both = ["1", "2"].map(start).map(|child| child.wait_with_output().expect("quenched ends"));
    let failed: Vec<&Output> = both.iter().filter(|output| !output.status.success()).collect();
    assert!(failed.len() <= 1);
    for output in failed {
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("out: this directory is being written by another command"), "{text}");
        assert!(text.contains("quenched study study.toml --dies 40 --seed"), "{text}");
        assert!(text.contains("help: wait for it, or write somewhere else"), "{text}");
    }
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("out/manifest.json")).expect("JSON");
    let seed = format!("--seed {}", manifest["seed"]);
    assert!(sandbox.read("out/report.html").contains(&seed), "a report of another study than the manifest");
    assert_eq!(names(&sandbox.path().join("out")), ["manifest.json", "report.html", "results.csv", "results.parquet"]);
}

/// Killed at many moments, among them those of the commit: after the next command, all files are of one run.
#[test]
fn a_killed_command_leaves_all_old_or_all_new() {
    let sandbox = sandbox();
    let outputs = ["--input", "a.csv", "--spikes", "s.csv", "--save-snapshot", "n.snapshot", "--plot", "p.svg"];
    let of = |trial: &str| {
        let mut args = [&RUN[..], &outputs].concat();
        args.extend(["--die", trial]);
        args.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let files = || ["n.snapshot", "p.svg", "s.csv"].map(|name| std::fs::read(sandbox.path().join(name)).ok());
    let whole = ["1", "2"].map(|die| {
        let args = of(die);
        let start = Instant::now();
        sandbox.prints(&args.iter().map(String::as_str).collect::<Vec<_>>());
        (files(), start.elapsed())
    });
    let length = whole[0].1.max(whole[1].1);
    for round in 0..16u32 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quenched"))
            .args(of(["1", "2"][round as usize % 2]))
            .current_dir(sandbox.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("quenched starts");
        std::thread::sleep(length * (4 + round) / 18);
        let _ = child.kill();
        child.wait().expect("quenched ends");
        // The next command that writes here.
        sandbox.prints(&["die", "--chip", "dynapse2", "--core", "0", "--csv", "die.csv"]);
        let found = files();
        assert!(whole.iter().any(|(files, _)| *files == found), "round {round}: files of two runs");
        let all = names(sandbox.path());
        assert!(all.iter().all(|name| !name.starts_with('.')), "round {round}: {all:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let sandbox = sandbox();
    let child = Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(["run", "net.toml", "--chip", "dynapse2", "--ticks", "9000000000000000000", "--input", "a.csv"])
        .args(["--spikes", "s.csv", "--quiet", "--allow-large"])
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("quenched starts");
    let start = Instant::now();
    while !names(sandbox.path()).iter().any(|name| name.ends_with(".journal")) {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Claimed first, then watched for signals.
    std::thread::sleep(Duration::from_millis(200));
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
    let output = child.wait_with_output().expect("quenched ends");
    let text = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(0) {
        assert_eq!((output.status.code(), text.trim()), (Some(130), "interrupted; nothing was written"));
        assert_eq!(names(sandbox.path()), ["a.csv", "b.csv", "net.toml"]);
    }
}

#[test]
fn absurd_sizes_are_refused_with_an_estimate() {
    let check = |from: &str, to: &str, words: &[&str]| {
        assert!(STUDY.contains(from), "{from}");
        let sandbox = Sandbox::new();
        sandbox.file("study.toml", STUDY.replacen(from, to, 1));
        let start = Instant::now();
        let text = sandbox.fails(1, &["study", "study.toml", "--out", "out"]);
        words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{text}"));
        assert!(start.elapsed() < Duration::from_secs(10), "{text}");
        assert!(!sandbox.exists("out"));
    };
    let estimate = ["would be needed", "--allow-large"];
    check("dies = 2", "dies = 4294967295", &[&estimate[..], &["4294967295 dies", "TB", "lower `dies`"]].concat());
    check("neurons = 16", "neurons = 2147483648", &[&estimate[..], &["2147483648", "lower `neurons`"]].concat());
    check("delays = 2\ntrain = 100", "delays = 2\ntrain = 4000000000", &estimate);
    check("neurons = 16", "neurons = 5000", &["5000 neurons", "at most 4096"]);
    // A network is compared with the board before it is drawn.
    let sandbox = Sandbox::new();
    sandbox.file("big.toml", NETWORK.replacen("size = 24", "size = 16777216", 1));
    let start = Instant::now();
    let text = sandbox.fails(1, &["map", "big.toml", "--chip", "dynapse2"]);
    assert!(text.contains("a board of chip `dynapse2` has at most 4096"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(10), "{text}");
    // Who has read the estimate can go on, and meets the next limit.
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY.replacen("neurons = 16", "neurons = 2147483648", 1));
    let text = sandbox.fails(1, &["study", "study.toml", "--out", "out", "--allow-large"]);
    assert!(text.contains("a board of chip `dynapse2` has at most 4096"), "{text}");
}

#[test]
fn numbers_below_zero_are_told_apart_from_options() {
    let sandbox = sandbox();
    for args in [["--ticks", "-5"], ["--seed", "-1"], ["--die", "-1"]] {
        let text = sandbox.fails(2, &[&["run", "net.toml", "--chip", "dynapse2"], &args[..]].concat());
        assert!(text.contains("a number below 0 is impossible here") && !text.contains("-- -"), "{text}");
    }
    let text = sandbox.fails(2, &["run", "net.toml", "--chip", "dynapse2", "--time", "-5ms"]);
    assert!(text.contains("-5 ms is not longer than 0"), "{text}");
}

#[test]
fn errors_under_json_are_json() {
    let sandbox = sandbox();
    sandbox.file("bad.toml", NETWORK.replacen("size = 24", "sice = 24", 1));
    let output = sandbox.quenched(&["map", "bad.toml", "--chip", "dynapse2", "--json"]).code(1);
    let value: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    let error = &value["error"];
    assert!(error["message"].as_str().is_some_and(|text| text.contains("unknown key `sice`")), "{error}");
    let first = &error["errors"][0];
    assert_eq!((&first["file"], &first["exit_status"]), (&"bad.toml".into(), &serde_json::Value::Null));
    assert!(first["line"].is_u64() && first["help"].as_str().is_some_and(|help| help.contains("`size`")), "{first}");
    for args in [&["chip", "dynapse", "--json"][..], &["chips", "--json", "--wrong"], &["study", "none.toml", "--json"]]
    {
        let output = sandbox.quenched(args);
        let output = output.get_output();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(value["error"]["exit_status"], output.status.code().expect("a status"), "{value}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn nothing_of_a_file_acts_on_the_terminal() {
    let sandbox = sandbox();
    let evil = "x\u{1b}[31m\u{9b}2J\u{202e}y";
    sandbox.file("evil.toml", format!("format = \"{evil}\"\nversion = 1\n").replace('\u{1b}', "\\u001b"));
    let text = sandbox.fails(1, &["map", "evil.toml", "--chip", "dynapse2"]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    assert!(text.contains("x\\u{1b}[31m"), "{text:?}");
    let text = sandbox.fails(1, &["run", "net.toml", "--chip", evil, "--ticks", "1"]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

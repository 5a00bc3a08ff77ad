//! What comes before the work: templates, checks, standard input, completions, manual pages, the version.

use crate::Sandbox;
use serde_json::Value;
use snapbox::cmd::Command;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Every command, as the help lists them.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.prints(&["--help"]);
    let list =
        help.split("Commands:").nth(1).and_then(|text| text.split("Options:").next()).expect("a list of commands");
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn what_is_begun_from_a_template_is_whole() {
    let sandbox = Sandbox::new();
    for (what, name) in [("chip", "c.toml"), ("network", "n.toml"), ("study", "s.toml")] {
        sandbox.quenched(&["new", what, name]).success();
        assert_eq!(sandbox.read(name), sandbox.prints(&["new", what]));
    }
    let text = sandbox.prints(&["check", "c.toml", "n.toml", "s.toml"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "c.toml: chip, `mine`, 4 cores, 128 neurons",
            "n.toml: network, 66 neurons, 1600 connections, read for chip `ideal`",
            "s.toml: study, `Does mismatch change the memory of a reservoir?`, 30 runs",
        ]
    );
    for chip in ["c.toml", "dynapse2", "ideal"] {
        let text = sandbox.prints(&["run", "n.toml", "--chip", chip, "--time", "100ms", "--json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert!(report["counters"]["spikes"].as_u64() > Some(0), "{chip}: {text}");
    }
    let error = sandbox.fails(2, &["new", "chip", "c.toml"]);
    assert!(error.contains("a template replaces nothing"), "{error}");
    let error = sandbox.fails(2, &["new", "chep"]);
    assert!(error.contains("'chip'"), "{error}");
}

#[test]
fn what_is_wrong_with_a_file_is_said_of_each() {
    let sandbox = Sandbox::new();
    let network = sandbox.prints(&["new", "network"]);
    sandbox.file("good.toml", &network);
    sandbox.file("bad.toml", network.replace("seed = 1", "sede = 1").replace("size = 64", "size = 0"));
    sandbox.file("none.toml", "title = 1\n");
    let output = sandbox.quenched(&["check", "good.toml", "bad.toml", "none.toml", "gone.toml"]).code(1);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    for expected in [
        "good.toml: network, 66 neurons",
        "bad.toml:11:1",
        "did you mean `seed`?",
        "bad.toml:23:8",
        "none.toml: no line `format",
        "gone.toml: cannot be read",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let output = sandbox.quenched(&["check", "good.toml", "bad.toml", "--json"]).code(1);
    let value: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!((&value["failed"], &value["files"][0]["ok"]), (&1.into(), &true.into()));
    assert_eq!(
        (&value["files"][1]["ok"], &value["files"][1]["error"]["errors"][0]["line"]),
        (&false.into(), &11.into())
    );
    let output = sandbox.quenched(&["check", "good.toml", "--chip", "dynapse3"]).code(1);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains("something is wrong with 1 of 1 files"), "{error}");
}

/// How a network is to be mapped is a part of its file.
#[test]
fn options_of_the_mapping_are_checked_too() {
    let sandbox = Sandbox::new();
    let network = sandbox.prints(&["new", "network"]) + "\n[mapping]\nover_full = \"prune\"\n";
    sandbox.file("n.toml", &network);
    assert!(sandbox.prints(&["check", "n.toml"]).starts_with("n.toml: network, 66 neurons"));
    sandbox.file("wrong.toml", network.replace("\"prune\"", "\"prun\""));
    let output = sandbox.quenched(&["check", "wrong.toml"]).code(1);
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(text.contains("`over_full` is") && text.contains("wrong.toml:57:13"), "{text}");
}

#[test]
fn a_file_can_come_in_on_standard_input() {
    let sandbox = Sandbox::new();
    let network = sandbox.prints(&["new", "network"]);
    sandbox.file("n.toml", &network);
    let piped = |args: &[&str], given: &str| {
        let command = Command::new(env!("CARGO_BIN_EXE_quenched")).args(args).current_dir(sandbox.path());
        command.env("NO_COLOR", "1").stdin(given.to_owned()).assert()
    };
    let text = |output: snapbox::cmd::OutputAssert| String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let expected = sandbox.prints(&["run", "n.toml", "--chip", "dynapse2", "--time", "100ms"]);
    let run = text(piped(&["run", "-", "--chip", "dynapse2", "--time", "100ms"], &network).success());
    assert_eq!(run.replacen("- on die", "n.toml on die", 1), expected);
    assert!(text(piped(&["check", "-"], &network).success()).starts_with("-: network, 66 neurons"));
    // A program is found by what it holds, and read to its end.
    sandbox.quenched(&["map", "n.toml", "--chip", "dynapse2", "--out", "p"]).success();
    let program = std::fs::read(sandbox.path().join("p")).unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_quenched")).args(["run", "-", "--time", "100ms"]);
    let of_program = text(command.env("NO_COLOR", "1").stdin(program).assert().success());
    let digest = |text: &str| text.lines().find(|line| line.starts_with("digest")).map(str::to_owned);
    assert_eq!(digest(&of_program), digest(&expected));
    let error = piped(&["check", "-"], "format = \"quenched-network\"\nversion = 1\nsede = 1\n").code(1);
    let error = text(error);
    assert!(error.contains("-:3:1") && error.contains("did you mean `seed`?"), "{error}");
}

#[test]
fn shells_and_man_know_every_command() {
    let sandbox = Sandbox::new();
    let commands = commands(&sandbox);
    assert!(commands.len() > 10, "{commands:?}");
    for shell in SHELLS {
        let script = sandbox.prints(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
    }
    sandbox.quenched(&["manual", "--out", "man1"]).success();
    let page = sandbox.read("man1/quenched.1");
    assert_eq!(page, sandbox.prints(&["manual"]));
    for command in &commands {
        let own = sandbox.read(&format!("man1/quenched-{command}.1"));
        assert!(page.contains(&format!("quenched\\-{command}(1)")), "{command}: {page}");
        assert!(own.starts_with(".ie") && own.contains(&format!("quenched {command}")), "{command}: {own}");
    }
    assert!(sandbox.exists("man1/quenched-study-resume.1"));
}

#[test]
fn the_version_names_the_build() {
    let text = Sandbox::new().prints(&["--version"]);
    let build = text.strip_prefix(&format!("quenched {} (", env!("CARGO_PKG_VERSION"))).expect(&text);
    let build = build.trim_end().strip_suffix(')').expect(&text);
    // The target, and before it the commit where there is one.
    let target = build.rsplit(", ").next().unwrap();
    assert!(target.split('-').count() >= 2, "{text}");
    let commit = build.strip_suffix(target).unwrap().trim_end_matches(", ");
    assert!(commit.is_empty() || commit.len() >= 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
}

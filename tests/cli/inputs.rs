//! Many inputs on one program: `quenched run --input A --input B`, or a folder.

use crate::Sandbox;
use serde_json::Value;

const NETWORK: &str = include_str!("network.toml");

/// A sandbox with a network and a folder of three lists of events.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    std::fs::create_dir(sandbox.path().join("in")).expect("a folder");
    for (name, step) in [("in/a.csv", 1000), ("in/b.csv", 1500), ("in/c.csv", 700)] {
        let events: String = (0..100u32).map(|i| format!("{},{}\n", i / 2 * step, (i * 7 / 3) % 4)).collect();
        sandbox.file(name, format!("tick,channel\n{events}"));
    }
    sandbox.file("in/.hidden", "no list of events");
    sandbox
}

fn run<'a>(inputs: &[&'a str], extra: &[&'a str]) -> Vec<&'a str> {
    let inputs: Vec<&str> = inputs.iter().flat_map(|&input| ["--input", input]).collect();
    [&["run", "net.toml", "--chip", "dynapse2", "--time", "60ms"], &inputs[..], extra].concat()
}

#[test]
fn each_input_is_a_run_of_its_own() {
    let sandbox = sandbox();
    let alone = |input: &str| sandbox.json(&run(&[input], &["--die", "2", "--json"]));
    let among = sandbox.json(&run(&["in"], &["--die", "2", "--json"]));
    let runs = among["runs"].as_array().expect("a list of runs");
    for (run, input) in runs.iter().zip(["in/a.csv", "in/b.csv", "in/c.csv"]) {
        let mut run = run.clone();
        assert_eq!(run.as_object_mut().expect("an object").remove("input"), Some(Value::from(input)));
        assert_eq!(run, alone(input), "{input}");
    }
    assert_eq!(runs.len(), 3);
    // The order is that in which they are given; a folder can stand beside files.
    let mixed = sandbox.json(&run(&["in/c.csv", "in"], &["--json"]));
    let inputs: Vec<&Value> = mixed["runs"].as_array().expect("runs").iter().map(|run| &run["input"]).collect();
    assert_eq!(inputs, ["in/c.csv", "in/a.csv", "in/b.csv", "in/c.csv"]);
}

#[test]
fn several_runs_are_a_line_each() {
    let sandbox = sandbox();
    let text = sandbox.prints(&run(&["in"], &[]));
    let digest = |input: &str| sandbox.json(&run(&[input], &["--json"]))["digest"].as_str().expect("text").to_string();
    for input in ["in/a.csv", "in/b.csv", "in/c.csv"] {
        let line = text.lines().find(|line| line.trim_start().starts_with(input)).expect(input);
        assert!(line.ends_with(&digest(input)), "{line}");
    }
    assert!(text.starts_with("net.toml on die 0 of chip `dynapse2`, seed 1"), "{text}");
}

#[test]
fn files_are_written_for_each_input() {
    let sandbox = sandbox();
    let files = ["--spikes", "s.csv", "--save-snapshot", "state", "--plot", "p.svg"];
    let probes = ["--probe", "reservoir[0]:v", "--traces", "t.csv"];
    let text = sandbox.prints(&run(&["in/a.csv", "in/b.csv"], &[&files[..], &probes].concat()));
    sandbox.prints(&run(&["in/b.csv"], &[&files[..], &probes].concat()));
    for (several, one) in [("s-b.csv", "s.csv"), ("state-b", "state"), ("p-b.svg", "p.svg"), ("t-b.csv", "t.csv")] {
        let bytes = |name| std::fs::read(sandbox.path().join(name)).expect(name);
        assert_eq!(bytes(several), bytes(one), "{several}");
        assert!(text.contains(&format!("  {several}\n")), "{text}");
        assert!(sandbox.exists(&several.replace("-b", "-a")));
    }
    let resumed = sandbox.json(&run(&["in"], &["--resume", "state-b", "--json"]));
    assert_eq!(resumed["runs"][2]["from_tick"], 60_000, "each run goes on from the saved state");
}

#[test]
fn inputs_that_cannot_be_run_together_are_refused() {
    let sandbox = sandbox();
    let fails = |code, inputs: &[&str], extra: &[&str], message: &str| {
        let text = sandbox.fails(code, &run(inputs, extra));
        assert!(text.contains(message), "{message}\nnot in\n{text}");
        assert!(!sandbox.exists("s-a.csv"), "nothing is written when one of the runs fails");
    };
    sandbox.file("a.csv", "tick,channel\n1,1\n");
    let text = "the files of the inputs a.csv and in/a.csv would have the same names";
    fails(2, &["a.csv", "in"], &["--spikes", "s.csv"], text);
    fails(2, &["in"], &["--probe", "reservoir[0]:v"], "what probes read in several runs does not fit in a table");
    sandbox.file("wrong.csv", "tick,channel\n3,1\n4,9\n");
    fails(1, &["in", "wrong.csv"], &["--spikes", "s.csv"], "--> wrong.csv:3:3");
    fails(1, &["in", "absent.csv"], &["--spikes", "s.csv"], "absent.csv: cannot be read");
    std::fs::create_dir(sandbox.path().join("empty")).expect("a folder");
    fails(2, &["empty"], &[], "`--input empty`: there is no file in this folder");
    // One input is one run, wherever it comes from: it is printed as it always was.
    std::fs::write(sandbox.path().join("empty/only.csv"), "tick,channel\n3,1\n").expect("a file");
    assert_eq!(sandbox.json(&run(&["empty"], &["--json"])), sandbox.json(&run(&["empty/only.csv"], &["--json"])));
}

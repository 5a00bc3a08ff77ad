//! Saved programs, and projections that are switched off: `quenched map PROGRAM`, `quenched run PROGRAM`, `--mute`.

use crate::Sandbox;
use serde_json::json;

const NETWORK: &str = include_str!("network.toml");

/// A sandbox with a network, its program and some events.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2 * 1000, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    sandbox.prints(&["map", "net.toml", "--chip", "dynapse2", "--out", "net.program"]);
    sandbox
}

const RUN: [&str; 6] = ["--chip", "dynapse2", "--input", "events.csv", "--time", "100ms"];

fn run<'a>(what: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    [&["run", what], &RUN[..], extra].concat()
}

#[test]
fn a_program_runs_as_its_network_does() {
    let sandbox = sandbox();
    for extra in [&["--json"][..], &["--die", "3", "--probe", "reservoir[2..5]:v", "--json"]] {
        assert_eq!(sandbox.json(&run("net.toml", extra)), sandbox.json(&run("net.program", extra)), "{extra:?}");
    }
    // It says itself which chip it was made for.
    let chosen = ["--input", "events.csv", "--time", "100ms", "--json"];
    let alone = [&["run", "net.program"], &chosen[..]].concat();
    assert_eq!(sandbox.json(&alone), sandbox.json(&run("net.program", &["--json"])));
    // What a file is lies in what it holds, not in its name.
    std::fs::rename(sandbox.path().join("net.program"), sandbox.path().join("renamed.toml")).expect("a file");
    sandbox.prints(&run("renamed.toml", &[]));
}

#[test]
fn a_program_shows_what_it_holds() {
    let sandbox = sandbox();
    let text = sandbox.prints(&["map", "net.program", "--chip", "dynapse2"]);
    for part in ["for chip `dynapse2`", "1 cores, 4 input channels", "reservoir", "recurrent", "chip 0 core 0", "192"] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    let json = sandbox.json(&["map", "net.program", "--chip", "dynapse2", "--out", "copy.program", "--json"]);
    let population = json!({ "name": "reservoir", "model": "lif", "neurons": 24, "cores": [[0, 0]] });
    assert_eq!(json["contents"]["populations"], json!([population]));
    assert_eq!(json["contents"]["projections"][1]["synapses"], 24 * 8);
    let bytes = |name| std::fs::read(sandbox.path().join(name)).expect(name);
    assert_eq!(bytes("copy.program"), bytes("net.program"));
}

#[test]
fn what_is_no_program_for_the_chip_is_refused() {
    let sandbox = sandbox();
    for command in [&["map"][..], &["run", "--ticks", "9"]] {
        let fails = |code, args: &[&str], message: &str| {
            let text = sandbox.fails(code, &[command, args].concat());
            assert!(text.contains(message), "{message}\nnot in\n{text}");
        };
        let text = "net.program: the program was made for the chip `dynapse2` and cannot run on `loihi-lava`";
        fails(1, &["net.program", "--chip", "loihi-lava"], text);
        fails(2, &["net.toml"], "net.toml: a network is mapped onto a chip, and none is named");
        let text = "net.program: `--over-full` says how a network is mapped, and this is a program";
        fails(2, &["net.program", "--chip", "dynapse2", "--over-full", "prune"], text);
        let mut bytes = std::fs::read(sandbox.path().join("net.program")).expect("the program");
        sandbox.file("cut.program", &bytes[..bytes.len() - 1]);
        fails(1, &["cut.program", "--chip", "dynapse2"], "cut.program: the header announces");
        *bytes.last_mut().expect("a byte") ^= 1;
        sandbox.file("changed.program", &bytes);
        fails(1, &["changed.program", "--chip", "dynapse2"], "changed.program: the digest does not match");
        sandbox.prints(&["run", "net.toml", "--chip", "dynapse2", "--ticks", "9", "--save-snapshot", "state"]);
        fails(1, &["state", "--chip", "dynapse2"], "state: this file holds a snapshot, but a program is needed");
    }
}

#[test]
fn a_muted_projection_is_not_heard() {
    let sandbox = sandbox();
    // On the ideal chip, where weights do not depend on what else there is.
    let ideal = NETWORK.replace("AMPA", "fast").replace("GABA", "fast").replace("0.2 1", "2 mV");
    let ideal = ideal.replace("0.5 1", "10 mV").replace("1 1", "20 mV");
    let (without, _) = ideal.split_once("[[projection]]\nname = \"recurrent\"").expect("the last projection");
    sandbox.file("ideal.toml", &ideal);
    sandbox.file("without.toml", without);
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2, (i * 7 / 3) % 4)).collect();
    sandbox.file("fast.csv", format!("tick,channel\n{events}"));
    let run_ideal = |network, extra: &[&str]| {
        let base = ["run", network, "--chip", "ideal", "--input", "fast.csv", "--ticks", "100", "--json"];
        sandbox.json(&[&base, extra].concat())
    };
    let (muted, without) = (run_ideal("ideal.toml", &["--mute", "recurrent"]), run_ideal("without.toml", &[]));
    assert_eq!(muted["muted"], json!(["recurrent"]));
    assert_eq!((&muted["digest"], &muted["populations"]), (&without["digest"], &without["populations"]));
    assert_ne!(muted["digest"], run_ideal("ideal.toml", &[])["digest"]);
    assert_eq!(without.get("muted"), None);
    let text = sandbox.prints(&run("net.program", &["--mute", "in", "--mute", "recurrent"]));
    assert!(text.contains("\nmuted: in, recurrent\n"), "{text}");
    assert!(text.contains("   24   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁\n"), "a silent population is drawn as silent\n{text}");
}

#[test]
fn a_resumed_run_stays_muted() {
    let sandbox = sandbox();
    let straight = sandbox.json(&run("net.toml", &["--mute", "recurrent", "--json"]));
    let part = |extra: &[&str]| {
        let base = ["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--time", "50ms", "--json"];
        sandbox.json(&[&base, extra].concat())
    };
    part(&["--mute", "recurrent", "--save-snapshot", "half"]);
    assert_eq!(part(&["--resume", "half"])["digest"], straight["digest"]);
}

#[test]
fn what_cannot_be_muted_is_refused_with_advice() {
    let sandbox = sandbox();
    let text = sandbox.fails(2, &run("net.program", &["--mute", "recurent"]));
    assert!(text.contains("no projection `recurent`") && text.contains("did you mean `recurrent`?"), "{text}");
    // Two projections from one population to one core: one event of a neuron serves both.
    let more = "[[projection]]\nname = \"more\"\npre = \"reservoir\"\npost = \"reservoir\"\nsynapse = \"NMDA\"\n\
                connect = { fixed-fan-in = 2 }\nweight = \"0.1 1\"\n";
    sandbox.file("two.toml", format!("{NETWORK}\n{more}"));
    let text = sandbox.fails(2, &run("two.toml", &["--mute", "more"]));
    assert!(text.contains("projection `more` shares its routes with `recurrent`"), "{text}");
    assert!(text.contains("`--mute more --mute recurrent` switches them together"), "{text}");
    let together = sandbox.json(&run("two.toml", &["--mute", "more", "--mute", "recurrent", "--json"]));
    assert_eq!(together["muted"], json!(["recurrent", "more"]));
}

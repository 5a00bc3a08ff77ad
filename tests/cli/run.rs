//! `quenched map` and `quenched run`.

use crate::{Sandbox, place_of};
use snapbox::file;

const NETWORK: &str = include_str!("network.toml");

/// A sandbox with the small network and some events.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2 * 1000, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    sandbox
}

#[test]
fn a_network_is_mapped_and_reported() {
    let sandbox = sandbox();
    let args = ["map", "net.toml", "--chip", "dynapse2", "--out", "net.program"];
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/map.txt"]);
    assert!(sandbox.exists("net.program"));
    let json = sandbox.json(&["map", "net.toml", "--chip", "dynapse2", "--json"]);
    assert_eq!(json["report"]["projections"][1]["kept"], 24 * 8);
}

#[test]
fn a_network_that_does_not_fit_is_refused() {
    let sandbox = sandbox();
    let check = |from: &str, to: &str, place: &str, message: &str| {
        assert!(NETWORK.contains(from), "{from}");
        let bad = NETWORK.replacen(from, to, 1);
        let text =
            sandbox.fails(1, &["map", sandbox.file("bad.toml", &bad), "--chip", "dynapse2", "--out", "bad.program"]);
        assert!(text.contains(&place_of("bad.toml", &bad, place)), "{place} is not named in\n{text}");
        assert!(text.contains(message), "{message}\nnot in\n{text}");
    };
    // A population larger than the chip, a misspelt key, a missing unit, a synapse that the chip does not have.
    check("size = 24", "size = 5000", "5000", "at most 4096");
    check("size = 24", "sice = 24", "sice", "did you mean `size`?");
    check("weight = \"0.2 1\"", "weight = \"0.2\"", "\"0.2\"", "a number, a space and a unit");
    check("synapse = \"AMPA\"", "synapse = \"AMPAR\"", "\"AMPAR\"", "did you mean `AMPA`?");
    assert!(!sandbox.exists("bad.program"), "nothing is written for a network that does not fit");
}

/// A value that no reader can use is refused before anything is built, and never runs as another value.
#[test]
fn impossible_parameters_are_refused_by_map_and_by_run() {
    let sandbox = sandbox();
    let check = |model: &str, parameter: &str, value: &str, message: &str| {
        let network = format!(
            "format = \"quenched-network\"\nversion = 1\nseed = 1\n\n[[input]]\nname = \"in\"\nchannels = 4\n\n\
             [[population]]\nname = \"all\"\nsize = 8\nmodel = \"{model}\"\nparameters = {{ {parameter} = \"{value}\" \
             }}\n\n[[projection]]\nname = \"p\"\npre = \"in\"\npost = \"all\"\nsynapse = \"delta\"\nconnect = {{ \
             fixed-fan-in = 1 }}\nweight = \"1 mV\"\n"
        );
        sandbox.file("wrong.toml", network);
        let map = ["map", "wrong.toml", "--chip", "ideal"];
        let run = ["run", "wrong.toml", "--chip", "ideal", "--input", "events.csv", "--ticks", "2"];
        for args in [&map[..], &run[..]] {
            let text = sandbox.fails(1, args);
            let message = format!("population `all`: parameter `{parameter}` = {value}: {message}");
            assert!(text.contains(&message), "{message}\nnot in\n{text}");
        }
    };
    for model in ["lif", "analog-lif"] {
        let demand = |what: &str| format!("core model `{model}` needs a value {what}");
        for value in ["0 ms", "-3 ms"] {
            check(model, "tau_mem", value, &demand("above 0 (at least 2^-32 ms)"));
        }
        check(model, "tau_mem", "1e12 ms", &demand("between -2^31 and 2^31 ms"));
        let most = "512 times the nominal threshold of 20 mV";
        check(model, "v_threshold", "10240 mV", &demand(&format!("above 0 and below {most}")));
        check(model, "t_refractory", "-1 ms", &demand("at least 0"));
    }
    let demand = "core model `analog-lif` needs a value from -512 to 512 times the nominal threshold of 20 mV";
    check("analog-lif", "drive", "-10.3 V", demand);
}

/// The same values are refused in a chip file, with their place.
#[test]
fn impossible_parameters_of_a_chip_are_refused() {
    let sandbox = sandbox();
    let chip = sandbox.prints(&["chip", "ideal", "--toml"]);
    let section = |name: &str| {
        let start = chip.find(&format!("[parameters.{name}]")).expect(name);
        let line = chip[start..].lines().find(|line| line.starts_with("nominal")).expect("a nominal value");
        (start + chip[start..].find(line).expect("its line"), line.to_owned())
    };
    let check = |name: &str, value: &str, unit: &str, message: &str| {
        let (at, line) = section(name);
        let (_, rest) = line.split_once(", source").expect("a source");
        let wrong = format!("nominal = {{ value = {value}, unit = \"{unit}\", source{rest}");
        let text = format!("{}{wrong}{}", &chip[..at], &chip[at + line.len()..]);
        let error = sandbox.fails(1, &["chip", sandbox.file("./wrong.toml", &text)]);
        assert!(error.contains(message), "{message}\nnot in\n{error}");
        assert!(error.contains(&place_of("./wrong.toml", &text, &wrong[10..])), "{error}");
    };
    check("tau_mem", "0", "ms", "this is 0 ms, but core model `lif` needs a value above 0 (at least 2^-32 ms)");
    check("tau_mem", "1e12", "ms", "needs a value between -2^31 and 2^31 ms");
    check("v_threshold", "0", "mV", "this is 0 mV, but core model `lif` needs a value above 0 and below 512 mV");
    check("t_refractory", "-1", "ms", "this is -1 ms, but core model `lif` needs a value at least 0");
}

#[test]
fn too_many_synapses_are_an_error_or_pruned() {
    let sandbox = sandbox();
    let large = NETWORK.replacen("size = 24", "size = 80", 1);
    sandbox.file("large.toml", large.replacen("fixed-fan-in = 8", "fixed-fan-in = 70", 1));
    let text = sandbox.fails(1, &["map", "large.toml", "--chip", "dynapse2"]);
    assert!(text.contains("needs 73 CAM words, but has 64") && text.contains("--over-full prune"), "{text}");
    let json = sandbox.json(&["map", "large.toml", "--chip", "dynapse2", "--over-full", "prune", "--json"]);
    assert_eq!(json["report"]["lost"]["connections"], 80 * 9);
}

/// The small network with the synapses of BrainScaleS-2 and weights in LSB.
fn accelerated() -> String {
    let synapses = NETWORK.replace("AMPA", "excitatory").replace("GABA", "inhibitory");
    synapses
        .replace("low = \"0.5 1\", high = \"1 1\"", "low = \"150 1\", high = \"300 1\"")
        .replace("\"0.2 1\"", "\"60 1\"")
}

#[test]
fn a_network_is_mapped_onto_synapse_arrays_and_run() {
    let sandbox = sandbox();
    sandbox.file("net.toml", accelerated());
    // One of the 200 events every half microsecond: a tick is 8 ns.
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i * 125 / 2, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    let text = sandbox.prints(&["map", "net.toml", "--chip", "brainscales2", "--out", "net.program"]);
    assert!(text.contains("rows by bus") && text.contains("No connection was lost."), "{text}");
    assert!(sandbox.exists("net.program"));
    let run = |chip: &str| {
        sandbox.json(&["run", "net.toml", "--chip", chip, "--input", "events.csv", "--time", "100us", "--json"])
    };
    let (calibrated, raw) = (run("brainscales2"), run("brainscales2-uncalibrated"));
    assert!(calibrated["counters"]["spikes"].as_u64() > Some(100), "{}", calibrated["counters"]);
    assert_ne!(calibrated["digest"], raw["digest"]);

    let many = accelerated().replace("size = 24", "size = 200").replace("channels = 4", "channels = 300");
    sandbox.file("many.toml", many.replacen("fixed-fan-in = 3", "fixed-fan-in = 290", 1));
    let text = sandbox.fails(1, &["map", "many.toml", "--chip", "brainscales2"]);
    assert!(text.contains("needs 298 synapses, but its column has 256 rows"), "{text}");
    assert!(text.contains("--over-full prune"), "{text}");
    let json =
        sandbox.json(&["map", "many.toml", "--chip", "brainscales2", "--over-full", "prune", "--json", "--all-losses"]);
    let losses = json["report"]["losses"].as_array().expect("losses");
    assert!(losses.len() >= 200 * 42 && losses.iter().all(|loss| loss["cause"] == "rows"), "{}", losses.len());
}

#[test]
fn a_run_prints_what_happened() {
    let sandbox = sandbox();
    let args = [
        "run",
        "net.toml",
        "--chip",
        "dynapse2",
        "--die",
        "2",
        "--input",
        "events.csv",
        "--time",
        "100ms",
        "--spikes",
        "s",
    ];
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/run.txt"]);
    let json = sandbox.json(&[&args[..], &["--json"]].concat());
    let spikes: u64 =
        json["populations"][0]["spikes"].as_array().expect("spikes").iter().filter_map(|n| n.as_u64()).sum();
    assert_eq!(json["counters"]["spikes"], spikes);
    let list = sandbox.read("s");
    assert_eq!(list.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())).count() as u64, spikes);
}

#[test]
fn the_environment_chooses_vectors_and_changes_no_result() {
    let sandbox = sandbox();
    let args = ["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--time", "50ms", "--json"];
    let with = |value: &str| sandbox.command(&args).env("QUENCHED_SIMD", value).assert();
    let widest = sandbox.prints(&args);
    for value in ["none", "avx2", "avx512", ""] {
        let printed = with(value).success().get_output().stdout.clone();
        assert_eq!(String::from_utf8(printed).unwrap(), widest, "`{value}`");
    }
    let refused = with("AVX2").code(2).get_output().stdout.clone();
    let refused: serde_json::Value = serde_json::from_slice(&refused).unwrap();
    let message = "the environment variable QUENCHED_SIMD is `AVX2`, which names no vectors";
    assert_eq!(refused["error"]["message"], message);
}

#[test]
fn a_resumed_run_equals_a_straight_one() {
    let sandbox = sandbox();
    let run = |extra: &[&str]| {
        let all = [&["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--json"], extra].concat();
        sandbox.json(&all)
    };
    let spikes = |name: &str| {
        let text = sandbox.read(name);
        text.lines().skip_while(|l| !l.starts_with("tick")).skip(1).map(String::from).collect::<Vec<_>>()
    };
    let straight = run(&["--time", "100ms", "--spikes", "straight"]);
    // Cut between two steps, when spikes are on their way or already wait for the next step.
    run(&["--ticks", "37001", "--save-snapshot", "at-37", "--spikes", "first"]);
    let resumed = run(&["--ticks", "62999", "--resume", "at-37", "--spikes", "second"]);
    assert_eq!(straight["digest"], resumed["digest"]);
    assert_eq!((&resumed["from_tick"], &resumed["to_tick"]), (&37_001.into(), &100_000.into()));
    assert_eq!(straight["counters"], resumed["counters"]);
    assert_eq!(spikes("straight"), [spikes("first"), spikes("second")].concat());
    assert_ne!(straight["digest"], run(&["--time", "0.1 s", "--die", "1"])["digest"], "another die, another run");
}

#[test]
fn a_run_has_a_length_in_ticks_or_in_time() {
    let sandbox = sandbox();
    let run = ["run", "net.toml", "--chip", "dynapse2"];
    let seconds = |length: &[&str]| sandbox.json(&[&run, length, &["--json"]].concat())["seconds"].clone();
    for length in [["--time", "5ms"], ["--time", "5000 us"], ["--time", "0.005s"], ["--ticks", "5000"]] {
        assert_eq!(seconds(&length), 0.005, "{length:?}");
    }
    let fails = |code, length: &[&str], message: &str| {
        let text = sandbox.fails(code, &[&run, length].concat());
        assert!(text.contains(message), "{message}\nnot in\n{text}");
    };
    fails(2, &["--time", "1.5us"], "--time 1.5 us is not a whole number of the ticks of chip `dynapse2`, 1 us each");
    fails(2, &["--time", "5"], "a time has a unit, such as 5ms");
    fails(2, &["--time", "5mV"], "5 mV is no time; write a time with its unit, such as 5ms");
    fails(2, &["--time", "0ms"], "0 ms is not longer than 0; write a time with its unit, such as 5ms");
    fails(2, &["--time", "1ms", "--ticks", "3"], "cannot be used with");
    fails(2, &[], "nothing says how long the run is\nhelp: give `--time`, `--ticks` or `--steps`");
}

#[test]
fn wrong_snapshots_and_events_are_refused() {
    let sandbox = sandbox();
    let fails = |extra: &[&str]| {
        let all = [&["run", "net.toml", "--chip", "dynapse2", "--time", "20ms", "--spikes", "never"], extra].concat();
        let text = sandbox.fails(1, &all);
        assert!(!sandbox.exists("never"), "nothing is written by a run that failed");
        text
    };
    sandbox.prints(&["run", "net.toml", "--chip", "dynapse2", "--time", "20ms", "--save-snapshot", "state"]);
    let text = fails(&["--resume", "state", "--die", "1"]);
    assert!(text.contains("state: the snapshot cannot be resumed: it was taken from another die"), "{text}");
    let whole = std::fs::read(sandbox.path().join("state")).expect("the snapshot");
    sandbox.file("half", &whole[..whole.len() / 2]);
    assert!(fails(&["--resume", "half"]).contains("half: "));
    let mut changed = whole.clone();
    *changed.last_mut().expect("a byte") ^= 1;
    sandbox.file("changed", changed);
    assert!(fails(&["--resume", "changed"]).contains("changed: "));
    sandbox.file("program", "not a snapshot");
    assert!(fails(&["--resume", "program"]).contains("program: "));
    sandbox.file("bad.csv", "tick,channel\n3,1\n4,9\n");
    assert!(fails(&["--input", "bad.csv"]).contains("--> bad.csv:3:3"));
    sandbox.file("cut.csv", "# quenched-events 1, 3 entries\ntick,channel\n3,1\n4,");
    assert!(fails(&["--input", "cut.csv"]).contains("cut.csv:"));
    assert!(fails(&["--input", "absent.csv"]).contains("there is no such file"));
}

#[test]
fn output_that_nobody_reads_is_no_error() {
    // The reader goes away after the first byte, as `head` does.
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(["die", "--chip", "dynapse2", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("quenched starts");
    let mut byte = [0];
    std::io::Read::read_exact(child.stdout.as_mut().expect("its output"), &mut byte).expect("a byte");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("quenched ends");
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// A network with a channel for each address of a sensor of 4 x 2 pixels.
const PIXELS: &str = r#"
format = "quenched-network"
version = 1

[[input]]
name = "pixels"
channels = 16

[[population]]
name = "p"
size = 1
model = "loihi"

[[projection]]
name = "all"
pre = "pixels"
post = "p"
synapse = "box"
connect = "all-to-all"
weight = "200 1"
"#;

#[test]
fn recordings_of_sensors_are_input() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", PIXELS);
    sandbox.file("rec.aer", "# us address\n0 3\n2500 15\n2600 15\n7000 0\n");
    let args = ["run", "net.toml", "--chip", "loihi-lava", "--ticks", "10", "--input", "rec.aer", "--sensor", "4x2"];
    let json = sandbox.json(&[&args[..], &["--json"]].concat());
    assert_eq!(json["counters"]["inputs"], 4);
    assert_eq!(json["populations"][0]["spikes"][0], 3, "two events of one step count twice, but make one spike");
    sandbox.file("back.aer", "5 3\n4 1\n");
    let fails = |changed: &[&str]| sandbox.fails(1, &[&args[..7], changed].concat());
    let text = fails(&["back.aer", "--sensor", "4x2"]);
    assert!(text.contains("back.aer:2:1") && text.contains("the time of 4 us comes after 5 us"), "{text}");
    sandbox.quenched(&[&args[..7], &["back.aer", "--sensor", "4x2", "--sort-events"]].concat()).success();
    sandbox.file("short.bs2", [1u8, 2, 3, 4]);
    let text = fails(&["short.bs2", "--sensor", "4x2"]);
    assert!(text.contains("it was cut off: byte 0"), "{text}");
    let text = sandbox.fails(2, &[&args[..7], &["rec.aer", "--sensor", "4x3"]].concat());
    assert!(text.contains("has 24 addresses, but the network has 16 input channels"), "{text}");
    let text = sandbox.fails(2, &[&args[..7], &["rec.aer", "--sensor", "4by3"]].concat());
    assert!(text.contains("is not a size such as 34x34"), "{text}");
}

/// The account of an input, in JSON.
fn account(sandbox: &Sandbox, args: &[&str]) -> serde_json::Value {
    let all = ["run", "net.toml", "--chip", "loihi-lava", "--ticks", "10", "--json", "--input"];
    sandbox.json(&[&all[..], args].concat())["input_events"].clone()
}

#[test]
fn every_event_of_an_input_is_accounted_for() {
    let sandbox = Sandbox::new();
    // Channels 8 and up reach nothing.
    sandbox.file("net.toml", PIXELS.replace("connect = \"all-to-all\"", "connect = { list = \"c.csv\" }"));
    sandbox.file("c.csv", "pre,post,weight\n0,0,1\n3,0,1\n7,0,1\n");
    sandbox.file("list.csv", "tick,channel,payload\n0,3,1\n0,3,2\n1,8,1\n5,0,300\n10,0,1\n20,3,1\n");
    let counts = |account: &serde_json::Value| {
        ["read", "used", "before", "after", "unconnected", "merged", "capped"]
            .map(|key| account[key].as_u64().expect(key))
    };
    assert_eq!(counts(&account(&sandbox, &["list.csv"])), [6, 3, 0, 2, 1, 1, 45]);
    assert_eq!(counts(&account(&sandbox, &["list.csv", "--binary"])), [6, 3, 0, 2, 1, 1, 0]);
    assert_eq!(counts(&account(&sandbox, &["list.csv", "--from", "5"])), [6, 2, 3, 1, 0, 0, 45]);
    assert_eq!(counts(&account(&sandbox, &["list.csv", "--from", "20ms"])), [6, 1, 5, 0, 0, 0, 0]);
    let args = ["run", "net.toml", "--chip", "loihi-lava", "--ticks", "10", "--input", "list.csv"];
    let text = sandbox.prints(&args);
    for line in [
        "list.csv: 6 events read, 3 used (1 merged), 0 before, 2 after the run, 1 for unconnected channels, 45 capped",
        "warning: list.csv: 2 of 6 events come after the end of the run at tick 10 (the first event is at tick 0)",
        "warning: list.csv: 1 of 6 events are for channels without a connection, such as channel 8",
        "warning: list.csv: 1 of 6 events share the tick and channel of another",
        "warning: list.csv: 45 spikes are beyond the 255 that a channel can have in a step, and are left out: `--binary`",
    ] {
        assert!(text.contains(line), "{line}\nnot in\n{text}");
    }
    // The report is printed and tells which.
    let output = sandbox.quenched(&[&args[..], &["--deny-warnings"]].concat()).code(1);
    let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(text.contains("`--deny-warnings` makes them errors"), "{text}");
    sandbox.file("epoch.csv", "t,id\n1700000000000000,3\n1700000000003000,0\n");
    assert_eq!(counts(&account(&sandbox, &["epoch.csv"])), [2, 0, 0, 2, 0, 0, 0]);
    let text = sandbox.prints(&[&args[..7], &["epoch.csv"]].concat());
    assert!(text.contains("2 of 2 events come after the end") && text.contains("`--from first`"), "{text}");
    assert_eq!(counts(&account(&sandbox, &["epoch.csv", "--from", "first"])), [2, 2, 0, 0, 0, 0, 0]);
    assert_eq!(counts(&account(&sandbox, &["epoch.csv", "--from", "1700000000.003s"])), [2, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn recordings_say_what_they_are() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", PIXELS);
    // An Event Stream of 4 x 2 pixels, whatever it is called; and N-MNIST under its own name.
    let stream =
        [b"Event Stream\x02\x00\x00\x01", &[4, 0, 2, 0][..], &[1, 3, 0, 1, 0], &[0xff, 10, 2, 0, 0, 0]].concat();
    sandbox.file("stream.dat", &stream);
    let found = account(&sandbox, &["stream.dat"]);
    assert_eq!((&found["format"], &found["sensor"]), (&"es".into(), &"4 x 2 pixels".into()));
    assert_eq!((&found["read"], &found["used"]), (&2.into(), &2.into()));
    sandbox.file("0.bin", [1u8, 1, 0x7f, 0xff, 0xff, 1, 1, 0, 0, 9]);
    let found = account(&sandbox, &["0.bin", "--sensor", "4x2", "--from", "first"]);
    assert_eq!((&found["used"], &found["clock_wraps"]), (&2.into(), &1.into()));
    sandbox.file("reckon.txt", "9 0\n3 500\n-2 900\n");
    let args = |extra: &[&'static str]| {
        [&["run", "net.toml", "--chip", "loihi-lava", "--ticks", "10", "--input"], extra].concat()
    };
    let text = sandbox.fails(1, &args(&["reckon.txt", "--sensor", "16"]));
    assert!(text.contains("the one makes time 3, address 500 of this line"), "{text}");
    assert!(text.contains("`--columns address,time`"), "{text}");
    let found = account(&sandbox, &["reckon.txt", "--sensor", "16", "--columns", "address,time"]);
    assert_eq!((&found["used"], &found["skipped"]["marks (negative addresses)"]), (&2.into(), &1.into()));
    let text = sandbox.fails(1, &args(&["0.bin"]));
    assert!(text.contains("it does not say how large its sensor is"), "{text}");
    let text = sandbox.fails(1, &args(&["stream.dat", "--sensor", "2x4"]));
    assert!(text.contains("it says that its sensor has 4 x 2 pixels, but 2 x 4 pixels were asked for"), "{text}");
    let text = sandbox.fails(2, &args(&["stream.dat", "--format", "wav"]));
    assert!(text.contains("`wav` is no format of recordings: bs2, bs1"), "{text}");
    let text = sandbox.fails(1, &args(&["stream.dat", "--sample", "3"]));
    assert!(text.contains("`--sample` says nothing about a recording of the format `es`"), "{text}");
    let text = sandbox.fails(1, &args(&["/dev/zero", "--sensor", "16"]));
    assert!(text.contains("/dev/zero: cannot be read: this is a device"), "{text}");
    let text = sandbox.fails(1, &["run", "net.toml", "--chip", "loihi-lava", "--ticks", "1", "--resume", "/dev/zero"]);
    assert!(text.contains("/dev/zero: cannot be read: this is a device"), "{text}");
}

//! A network with real weights on a Xylo chip, scaled to whole ones, from the files of the examples.

use crate::Sandbox;
use snapbox::file;

const NETWORK: &str = include_str!("../../examples/xylo.toml");
const EVENTS: &str = include_str!("../../examples/xylo-events.csv");

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("xylo.toml", NETWORK);
    sandbox.file("events.csv", EVENTS);
    sandbox
}

const RUN: [&str; 7] = ["run", "xylo.toml", "--chip", "xylo-audio2", "--input", "events.csv", "--json"];

#[test]
fn the_mapping_lists_use_against_limits() {
    let sandbox = sandbox();
    let args = ["map", "xylo.toml", "--chip", "xylo-audio2", "--out", "xylo.program"];
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/map-xylo.txt"]);
    assert!(sandbox.exists("xylo.program"));
    let json = sandbox.json(&["map", "xylo.toml", "--chip", "xylo-audio3", "--json"]);
    assert_eq!(json["report"]["xylo"]["hidden_neurons"]["limit"], 992);
    assert_eq!(json["report"]["cores"][0]["weights"]["max_error"].as_f64().map(|e| e <= 0.5), Some(true));
}

#[test]
fn a_run_counts_spikes_and_what_the_input_cap_cost() {
    let sandbox = sandbox();
    let json = sandbox.json(&[&RUN[..], &["--ticks", "200", "--spikes", "s"]].concat());
    let spikes = |population: usize| -> u64 {
        let all = json["populations"][population]["spikes"].as_array().expect("spikes");
        all.iter().filter_map(serde_json::Value::as_u64).sum()
    };
    assert!(spikes(0) > 100 && spikes(1) > 10, "{json}");
    assert_eq!(json["counters"]["spikes"], spikes(0) + spikes(1));
    assert_eq!(json["counters"]["lost"]["input_cap"], 3, "18 spikes of one channel in a tick, and 15 count");
    let values = sandbox.read("s").lines().filter_map(|l| l.rsplit(',').next()?.parse::<u64>().ok()).sum::<u64>();
    assert_eq!(values, spikes(0) + spikes(1));
}

#[test]
fn a_resumed_run_equals_a_straight_one_and_dies_do_not_differ() {
    let sandbox = sandbox();
    let run = |extra: &[&str]| sandbox.json(&[&RUN[..], extra].concat());
    let straight = run(&["--ticks", "200"]);
    run(&["--ticks", "63", "--save-snapshot", "at-63"]);
    let resumed = run(&["--ticks", "137", "--resume", "at-63"]);
    assert_eq!(straight["digest"], resumed["digest"]);
    assert_eq!(straight["counters"], resumed["counters"]);
    assert_eq!(straight["digest"], run(&["--ticks", "200", "--die", "5"])["digest"]);
}

#[test]
fn networks_that_the_chip_cannot_hold_are_refused() {
    let sandbox = sandbox();
    let check = |from: &str, to: &str, chip: &str, message: &str| {
        assert!(NETWORK.contains(from), "{from}");
        sandbox.file("bad.toml", NETWORK.replacen(from, to, 1));
        let text = sandbox.fails(1, &["map", "bad.toml", "--chip", chip, "--out", "bad.program"]);
        assert!(text.contains(message), "{message}\nnot in\n{text}");
    };
    check("size = 60", "size = 1001", "xylo-audio2", "population `hidden` of 1001 neurons makes 1001 hidden neurons");
    check("size = 4", "size = 9", "xylo-audio2", "population `classes` of 9 neurons makes 9 output neurons");
    check("channels = 16", "channels = 17", "xylo-audio3", "the input groups stimulus have 17 channels");
    check(
        "fixed-fan-in = 8",
        "fixed-fan-in = 58",
        "xylo-audio2",
        "synapses from input channels and hidden neurons, but can receive 63",
    );
    check("size = 60", "size = 129", "xylo-audio3", "129 hidden neurons receive input, but 128 can");
    check("inhibitory = \"i_syn2\"", "inhibitory = \"i_syn3\"", "xylo-audio2", "did you mean `i_syn`?");
    check("fixed-fan-in = 30", "fixed-fan-in = 30", "xylo-imu", "syn2`");
    // Without scaling, by a flag that beats the key of the file.
    sandbox.file("bad.toml", NETWORK.replacen("threshold = \"400 1\"", "threshold = \"40000 1\"", 1));
    let text = sandbox.fails(1, &["map", "bad.toml", "--chip", "xylo-audio2", "--scale", "none"]);
    assert!(text.contains("core model `xylo` needs a value from -32768 to 32767 that is whole"), "{text}");
    let text = sandbox.fails(1, &["map", "xylo.toml", "--chip", "xylo-audio2", "--scale", "none"]);
    assert!(text.contains("is no whole number") && text.contains("`--scale auto`"), "{text}");
    check("scale = \"auto\"", "scale = \"some\"", "xylo-audio2", "`scale` is `none` or `auto`, not `some`");
    check("scale = \"auto\"", "scales = \"auto\"", "xylo-audio2", "a mapping has no option `scales`; it has over_full");
    check("model = \"xylo\"", "model = \"lif\"", "xylo-audio2", "lif");
    assert!(!sandbox.exists("bad.program"), "nothing is written for a network that does not fit");
}

#[test]
fn the_chip_is_shown_with_its_limits() {
    let chip = Sandbox::new().json(&["chip", "xylo-imu", "--json"]);
    let numbers = chip["numbers"].as_array().expect("numbers");
    let limit = |path: &str| numbers.iter().find(|n| n["path"] == path).map(|n| n["value"].clone());
    assert_eq!(limit("router.hidden_fan_out"), Some(512.into()));
    assert_eq!(limit("router.input_targets"), Some(128.into()));
    assert_eq!(chip["synapses"][0]["kinetics"], "register 0");
}

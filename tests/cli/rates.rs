//! `quenched map --rates` and `--calibrate`: how often populations spike before and after they met the chip.

use crate::Sandbox;
/// Weights of half steps, which the chip has not, and a second layer that hears the first.
const NETWORK: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 2 }]
population = [
    { name = "first", size = 4, model = "loihi", parameters = { v_threshold = "9 1" } },
    { name = "second", size = 2, model = "loihi", parameters = { v_threshold = "30 1" } },
]

[[projection]]
name = "in"
pre = "in"
post = "first"
synapse = "box"
connect = "all-to-all"
weight = "3.4 1"

[[projection]]
name = "between"
pre = "first"
post = "second"
synapse = "box"
connect = "all-to-all"
weight = "3.4 1"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    let events: Vec<String> = (1..100).map(|tick| format!("{tick},{}\n", tick % 2)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{}", events.concat()));
    sandbox
}

fn map<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    [&["map", "net.toml", "--chip", "loihi-lava"], extra].concat()
}

#[test]
fn rates_are_shown_before_and_after() {
    let sandbox = sandbox();
    let text = sandbox.prints(&map(&["--rates", "events.csv", "--steps", "100"]));
    assert!(text.contains("spikes of a neuron in a sample, the mean over 1 samples"), "{text}");
    let row = |text: &str, name: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.trim_start().starts_with(name) && line.contains('.'));
        line.unwrap_or_else(|| panic!("{text}")).split_whitespace().map(String::from).collect()
    };
    let after_table = text.split("spikes of a neuron").nth(1).unwrap();
    assert_eq!(row(after_table, "first").len(), 6, "no factor without calibration");

    let json = sandbox.json(&map(&["--calibrate", "events.csv", "--steps", "100", "--json"]));
    for layer in json["rates"]["populations"].as_array().unwrap() {
        let spikes = |what: &str| layer[what]["spikes"].as_i64().unwrap();
        let off = |what: &str| (spikes(what) - spikes("wished")).abs();
        assert!(spikes("wished") > 0 && off("calibrated") <= off("mapped"), "{layer}");
        assert!(layer["factor"].as_f64().unwrap() > 0.0);
    }
}

/// What is written is the calibrated mapping.
#[test]
fn the_program_has_the_factors() {
    let sandbox = sandbox();
    let json = sandbox.json(&map(&["--calibrate", "events.csv", "--steps", "100", "--json", "--out", "net.program"]));
    let run = ["run", "net.program", "--chip", "loihi-lava", "--steps", "100", "--input", "events.csv", "--json"];
    let run = sandbox.json(&run);
    let total: i64 = json["rates"]["populations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["calibrated"]["spikes"].as_i64().unwrap())
        .sum();
    assert_eq!(run["counters"]["spikes"].as_i64(), Some(total), "{run}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sandbox = sandbox();
    sandbox.prints(&map(&["--out", "net.program"]));
    sandbox.file("xylo.toml", include_str!("../../examples/xylo.toml"));
    let with = |file, chip| vec!["map", file, "--chip", chip, "--rates", "events.csv", "--steps", "9"];
    for (code, args, expected) in [
        (2, map(&["--steps", "5"]), "`--steps` says how samples are shown, and none are named"),
        (1, map(&["--rates", "none.csv", "--steps", "5"]), "none.csv"),
        (1, map(&["--rates", "events.csv"]), "nothing says how long it is shown"),
        (2, with("net.program", "loihi-lava"), "a program does not say what its network was to do"),
        (2, with("xylo.toml", "xylo-audio3"), "the network cannot be run without the limits of `xylo-audio3`"),
        (
            2,
            map(&["--chip", "dynapse2", "--rates", "events.csv"]),
            "`--rates` is of one mapping, and 2 chips are named",
        ),
    ] {
        let text = sandbox.fails(code, &args);
        assert!(text.contains(expected), "{text}");
    }
}

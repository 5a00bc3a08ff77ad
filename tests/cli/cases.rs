//! Golden cases and nets of lava-dl where a network is expected.

use crate::Sandbox;
use std::path::Path;

/// A sandbox with a recording of the repository as `case.json` and `case.npz`.
fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for extension in ["json", "npz"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name);
        let bytes = std::fs::read(from.with_extension(extension)).expect(name);
        sandbox.file(&format!("case.{extension}"), bytes);
    }
    sandbox
}

#[test]
fn a_case_runs_as_long_as_it_was_recorded_with_what_it_was_sent() {
    let sandbox = sandbox("loihi/l07_one_bit");
    let text = sandbox.prints(&["run", "case.json"]);
    for part in [
        "case: `l07_one_bit` of format neuro-golden/1, 250 steps with ",
        "of chip `loihi-lava`",
        "ticks 0 to 250",
        "case.npz: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = sandbox.json(&["run", "case.npz", "--json"]);
    assert_eq!((&json["case"]["steps"], &json["to_tick"]), (&250.into(), &250.into()));
    assert_eq!(json["input_events"]["used"], json["case"]["events"]);
    // The folder holds one case; its program is the same on the same events.
    let folder = sandbox.json(&["run", ".", "--json"]);
    assert_eq!(folder["digest"], json["digest"]);
    sandbox.prints(&["map", "case.json", "--out", "case.program"]);
    let silent = sandbox.json(&["run", "case.program", "--steps", "250", "--json"]);
    assert_ne!(silent["digest"], json["digest"]);
    // Another input and another length are as with any network.
    sandbox.file("events.csv", "tick,channel\n");
    let other = sandbox.json(&["run", "case.json", "--input", "events.csv", "--steps", "250", "--json"]);
    assert_eq!(other["digest"], silent["digest"]);
}

#[test]
fn a_case_is_mapped_and_explained() {
    let sandbox = sandbox("xylo/net_06");
    let json = sandbox.json(&["map", "case.json", "--json"]);
    assert_eq!(json["report"]["chip"], "xylo-imu");
    assert_eq!(json["case"]["format"], "xylo-golden-1");
    let text = sandbox.prints(&["explain", "case.json", "--chip", "xylo-audio3"]);
    assert!(text.contains("hidden") && text.contains("output"), "{text}");
}

#[test]
fn what_a_network_cannot_say_is_refused_by_its_field() {
    let sandbox = sandbox("loihi/l07_one_bit");
    let json = sandbox.read("case.json");
    let refused = |from: &str, to: &str, args: &[&str]| {
        let changed = json.replacen(from, to, 1);
        assert_ne!(json, changed);
        sandbox.file("case.json", changed);
        sandbox.fails(1, &[&["map", "case.json"], args].concat())
    };
    let text = refused("\"u0\": 0", "\"u0\": 7", &[]);
    assert!(
        text.contains("case.json: the field 'populations[0].u0' cannot be held as a network: chip `loihi-lava`"),
        "{text}"
    );
    let text = refused("\"u0\": 0", "\"uO\": 0", &[]);
    assert!(text.contains("there is no field 'populations[0].uO' in this format; did you mean 'u0'?"), "{text}");
    let text = refused("\"u0\": 0", "\"u0\":  0", &["--chip", "loihi-nengo"]);
    assert!(
        text.contains("the field 'format' cannot be held as a network: it follows the rules `loihi-lava`"),
        "{text}"
    );
    let text = sandbox.fails(2, &["map", "case.json", "--like", "norse"]);
    assert!(text.contains("`--like` says how a graph is read, and this is none"), "{text}");
    sandbox.file("second.json", sandbox.read("case.json"));
    let text = sandbox.fails(1, &["map", "."]);
    assert!(
        text.contains(".: holds 2 golden cases, and one is a network: name one of them, such as ./case.json"),
        "{text}"
    );
    std::fs::create_dir(sandbox.path().join("empty")).unwrap();
    let text = sandbox.fails(1, &["run", "empty"]);
    assert!(text.contains("empty: holds no golden case"), "{text}");
}

/// A net of one dense layer that hears two values.
fn net(kind: &str) -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut layers = file.create_group("layer");
    let mut layer = layers.create_group("0");
    layer.create_dataset("type").with_ascii_strings(&["dense"]).unwrap();
    layer.create_dataset("shape").with_i64_data(&[2, 1, 1]).with_shape(&[3]);
    layer.create_dataset("weight").with_f32_data(&[40.0, 0.0, 100.0, 200.0]).with_shape(&[2, 2]);
    layer.create_dataset("delay").with_f32_data(&[1.0]).with_shape(&[1]);
    let mut neuron = layer.create_group("neuron");
    neuron.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
    for (name, value) in [("iDecay", 1024), ("vDecay", 128), ("vThMant", 80)] {
        neuron.create_dataset(name).with_i64_data(&[value]).with_shape(&[]);
    }
    layer.add_group(neuron.finish());
    layers.add_group(layer.finish());
    file.add_group(layers.finish());
    file.finish().unwrap()
}

#[test]
fn a_net_of_lava_dl_is_run() {
    let sandbox = Sandbox::new();
    sandbox.file("network.net", net("CUBA"));
    sandbox.file("events.csv", "tick,channel\n0,1\n3,0\n");
    let run = ["run", "network.net", "--chip", "loihi-lava", "--steps", "10", "--input", "events.csv"];
    let text = sandbox.prints(&run);
    assert!(text.contains("net of lava-dl: 1 layers\n  0 dense: 2, 3 connections, with delays\n"), "{text}");
    assert!(text.contains("layer 0: its delays are of spikes that leave the net"), "{text}");
    let json = sandbox.json(&[&run[..], &["--json"]].concat());
    assert_eq!(json["net"]["layers"], serde_json::json!(["0 dense: 2, 3 connections, with delays"]));
    // A current of 200 is above 80 at once, one of 40 in the second step.
    assert_eq!(json["populations"][0]["spikes"][1].as_u64().map(|spikes| spikes > 0), Some(true), "{json}");
    sandbox.file("network.net", net("SDNN"));
    let text = sandbox.fails(1, &run);
    assert!(text.contains("network.net: layer 0, field `neuron/type`: neurons of type `SDNN` are not read"), "{text}");
    let text = sandbox.fails(1, &["map", "network.net", "--chip", "ideal"]);
    assert!(text.contains("a net of lava-dl is for a chip with the rules `loihi-lava`"), "{text}");
}

//! `quenched explain`, the floor plans of `quenched map`, and refusals that prove themselves.

use crate::Sandbox;
use serde_json::json;
use snapbox::file;

const NETWORK: &str = include_str!("network.toml");
const XYLO: &str = include_str!("../../examples/xylo.toml");

/// A sandbox with the small network, and its program on DYNAP-SE2.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    sandbox.prints(&["map", "net.toml", "--chip", "dynapse2", "--out", "net.program"]);
    sandbox
}

/// The network in the words of a chip: its kinds of synapse, and weights times a factor.
fn in_words_of(chip: &str) -> String {
    let synapses = |excitatory: &str, inhibitory: &str| NETWORK.replace("AMPA", excitatory).replace("GABA", inhibitory);
    match chip {
        "brainscales2" => synapses("excitatory", "inhibitory")
            .replace("low = \"0.5 1\", high = \"1 1\"", "low = \"150 1\", high = \"300 1\"")
            .replace("\"0.2 1\"", "\"60 1\""),
        "loihi-lava" => synapses("box", "box")
            .replace("model = \"lif\"", "model = \"loihi\"")
            .replace("low = \"0.5 1\", high = \"1 1\"", "low = \"50 1\", high = \"100 1\"")
            .replace("\"0.2 1\"", "\"20 1\""),
        "ideal" => synapses("fast", "fast")
            .replace("low = \"0.5 1\", high = \"1 1\"", "low = \"10 mV\", high = \"20 mV\"")
            .replace("\"0.2 1\"", "\"2 mV\""),
        _ => NETWORK.into(),
    }
}

/// The network of the Xylo example with the one kind of synapse that `xylo-imu` has.
fn xylo_imu() -> String {
    XYLO.replace(", dash_syn2 = \"5 1\"", "").replace("i_syn2", "i_syn")
}

#[test]
fn a_program_a_neuron_and_a_core_are_explained() {
    let sandbox = sandbox();
    let explain = |args: &[&str]| sandbox.quenched(&[&["explain"], args].concat()).success();
    explain(&["net.program"]).stdout_eq(file!["snapshots/explain.txt"]);
    let neuron = ["net.toml", "--chip", "dynapse2", "--neuron", "reservoir[17]", "--core", "0.0", "--die", "3"];
    explain(&neuron).stdout_eq(file!["snapshots/explain-neuron.txt"]);
}

#[test]
fn with_the_network_the_weights_asked_for_are_known() {
    let sandbox = sandbox();
    let neuron = |args: &[&str]| {
        let json = sandbox.json(&[&["explain"], args, &["--neuron", "reservoir[17]", "--json"]].concat());
        json["neurons"][0].clone()
    };
    let (network, program) = (neuron(&["net.toml", "--chip", "dynapse2"]), neuron(&["net.program"]));
    let incoming = |of: &serde_json::Value| of["incoming"].as_array().expect("synapses").clone();
    assert_eq!((incoming(&network).len(), incoming(&program).len()), (11, 11));
    for (with, without) in incoming(&network).iter().zip(incoming(&program)) {
        assert_eq!((&with["stored"], &with["got"]), (&without["stored"], &without["got"]));
        let (wished, got) = (with["wished"].as_f64().expect("a weight"), with["got"].as_f64().expect("a weight"));
        assert!((wished - got).abs() <= 0.05 * wished.abs(), "{with}");
        assert_eq!(without["wished"], json!(null));
    }
    assert_eq!((&network["outgoing"], network.get("circuit")), (&program["outgoing"], None));
    let on_die = neuron(&["net.program", "--die", "3", "--cv", "0"]);
    let factors = on_die["circuit"]["factors"].as_array().expect("factors");
    assert!(!factors.is_empty() && factors.iter().all(|factor| factor["factor"] == 1.0), "{on_die}");
}

#[test]
fn every_kind_of_router_is_explained() {
    let sandbox = Sandbox::new();
    for chip in ["dynapse2", "brainscales2", "loihi-lava", "ideal", "xylo-imu"] {
        let (network, population) =
            if chip == "xylo-imu" { (xylo_imu(), "hidden[3]") } else { (in_words_of(chip), "reservoir[3]") };
        sandbox.file("net.toml", network);
        let base = ["explain", "net.toml", "--chip", chip, "--json"];
        let whole = sandbox.json(&base);
        let floor = &whole["floor"]["cores"];
        assert!(floor.as_array().is_some_and(|cores| !cores.is_empty()), "{chip}: {floor}");
        let json = sandbox.json(&[&base[..], &["--neuron", population, "--core", "0.0"]].concat());
        let neuron = &json["neurons"][0];
        let incoming = neuron["incoming"].as_array().expect("synapses");
        let met = |synapse: &&serde_json::Value| {
            let (wished, got) = (synapse["wished"].as_f64().expect(chip), synapse["got"].as_f64().expect(chip));
            wished * got > 0.0 && (wished - got).abs() <= 0.3 * wished.abs() + 0.5
        };
        let kept = incoming.iter().filter(|synapse| synapse["stored"] != json!([]));
        assert!(incoming.len() >= 8 && kept.clone().filter(met).count() * 10 >= kept.count() * 9, "{chip}: {neuron:#}");
        assert_ne!(neuron["outgoing"], json!([]), "{chip}");
        assert!(json["cores"][0]["groups"].as_array().is_some_and(|groups| groups.len() == 2), "{chip}: {json:#}");
        let text = sandbox.prints(&["map", "net.toml", "--chip", chip, "--html", "page.html"]);
        assert!(text.contains("Floor plan:") && text.contains("page.html"), "{text}");
        let page = sandbox.read("page.html");
        assert!(page.contains("prefers-color-scheme: dark") && page.matches("<svg").count() >= 2, "{chip}");
        assert!(!page.contains("NaN") && !page.contains("<script") && !page.contains("https:"), "{chip}");
    }
}

#[test]
fn what_is_not_there_is_refused_with_advice() {
    let sandbox = sandbox();
    let fails = |code, args: &[&str], parts: &[&str]| {
        let text = sandbox.fails(code, &[&["explain", "net.program"], args].concat());
        parts.iter().for_each(|part| assert!(text.contains(part), "{part}\nnot in\n{text}"));
    };
    fails(2, &["--neuron", "resrvoir[1]"], &["there is no population `resrvoir`", "did you mean `reservoir`?"]);
    fails(2, &["--neuron", "reservoir[24]", "--json"], &["has no neuron 24", "it has 24 neurons, numbered from 0"]);
    fails(2, &["--neuron", "reservoir"], &["a neuron is a population and an index, such as reservoir[17]"]);
    fails(2, &["--core", "0.1"], &["chip 0 core 1 is not in use", "cores in use are 0.0"]);
    fails(2, &["--core", "zero"], &["a core is a chip and a core of it, such as 0.2"]);
    fails(2, &["--die", "1"], &["--neuron"]);
    fails(1, &["--diff", "absent.toml", "--chip", "dynapse2", "--json"], &["absent.toml"]);
    fails(1, &["--chip", "loihi-lava"], &["made for the chip `dynapse2` and cannot run on `loihi-lava`"]);
}

#[test]
fn differences_of_two_programs_are_told() {
    let sandbox = sandbox();
    let same = sandbox.prints(&["explain", "net.toml", "--chip", "dynapse2", "--diff", "net.program"]);
    assert!(same.contains("Nothing differs"), "{same}");
    sandbox.file("other.toml", NETWORK.replace("seed = 7", "seed = 8").replace("size = 24", "size = 25"));
    let args = ["explain", "net.program", "--diff", "other.toml"];
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/explain-diff.txt"]);
    let json = sandbox.json(&[&args[..], &["--json"]].concat());
    let difference = &json["difference"];
    assert_eq!((&difference["neurons"], &difference["neurons_of_one"]), (&json!(24), &json!([0, 1])));
    assert_eq!((&difference["equal"], &difference["moved"]), (&json!(false), &json!(0)));
}

#[test]
fn a_refusal_for_tags_proves_itself() {
    let sandbox = Sandbox::new();
    let many = NETWORK.split("[[projection]]\nname = \"recurrent\"").next().expect("the first projection");
    let many = many.replace("channels = 4", "channels = 2400").replace("size = 24", "size = 768");
    sandbox.file("many.toml", many.replace("fixed-fan-in = 3", "fixed-fan-in = 16"));
    let args = ["map", "many.toml", "--chip", "dynapse2"];
    let text = sandbox.fails(1, &args);
    for part in [
        "need at least 21",
        "and there are 2048",
        "reach cores 0+1, ",
        "each two of these sets have a core",
        "connections onto the chip (",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    sandbox.fails(1, &[&args[..], &["--json"]].concat());
    let output = sandbox.quenched(&[&args[..], &["--json"]].concat()).code(1);
    let error: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    let certificate = &error["error"]["certificate"];
    let sets = certificate["sets"].as_array().expect("sets of cores");
    let sources: u64 = sets.iter().filter_map(|set| set["sources"].as_u64()).sum();
    assert_eq!(Some(sources), certificate["at_least"].as_u64());
    assert!(sources > 2048 && sets.len() == 4, "{certificate:#}");
    assert_eq!(
        (&error["error"]["file"], error["error"]["ways_out"].as_array().map(Vec::len)),
        (&json!("many.toml"), Some(3))
    );
}

#[test]
fn losses_are_summarised_unless_all_are_asked_for() {
    let sandbox = Sandbox::new();
    let large = NETWORK.replacen("size = 24", "size = 80", 1);
    sandbox.file("large.toml", large.replacen("fixed-fan-in = 8", "fixed-fan-in = 70", 1));
    let text = sandbox.fails(1, &["map", "large.toml", "--chip", "dynapse2"]);
    assert!(text.contains("`--over-full prune`: ") && text.contains("720 of 5840 connections are lost"), "{text}");
    let args = ["map", "large.toml", "--chip", "dynapse2", "--over-full", "prune", "--json"];
    let (short, all) = (sandbox.json(&args), sandbox.json(&[&args[..], &["--all-losses"]].concat()));
    let by = json!([{ "projection": "recurrent", "cause": "fan-in", "connections": 720 }]);
    assert_eq!(short["report"]["lost"], json!({ "connections": 720, "shown": 20, "by": by }));
    let count = |json: &serde_json::Value| json["report"]["losses"].as_array().map(Vec::len);
    assert_eq!((count(&short), count(&all), &all["report"]["lost"]["shown"]), (Some(20), Some(720), &json!(720)));
    assert_eq!(short["report"]["cores"], all["report"]["cores"]);
    let text = sandbox.fails(2, &["map", "large.toml", "--chip", "dynapse2", "--all-losses"]);
    assert!(text.contains("--json"), "{text}");
    let text = sandbox.fails(2, &["map", "large.toml", "--chip", "dynapse2", "--chip", "ideal", "--html", "x.html"]);
    assert!(text.contains("`--html x.html` is of one mapping"), "{text}");
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let sandbox = sandbox();
    sandbox.file("bad.toml", NETWORK.replace("size = 24", "size = -1"));
    let error = |code, args: &[&str]| {
        let output = sandbox.quenched(&[args, &["--json"]].concat()).code(code);
        let value: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
        assert_eq!(value["error"]["exit_status"], json!(code), "{args:?}");
        value["error"].clone()
    };
    for command in [&["map"][..], &["explain"], &["run", "--ticks", "9"]] {
        let of = error(1, &[command, &["bad.toml", "--chip", "dynapse2"]].concat());
        assert_eq!((&of["errors"][0]["file"], &of["errors"][0]["line"]), (&json!("bad.toml"), &json!(12)), "{of:#}");
        error(1, &[command, &["net.toml", "--chip", "absent.toml"]].concat());
        error(2, &[command, &["net.toml"]].concat());
        error(2, &[command, &["net.toml", "--no-such-flag"]].concat());
    }
    error(1, &["chip", "absent.toml"]);
    error(1, &["die", "--chip", "absent.toml"]);
    error(1, &["study", "absent.toml"]);
}

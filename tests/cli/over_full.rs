//! Neurons with copies and neurons of joined circuits: how they are explained, and what a run says of them.

use crate::{Sandbox, place_of};

/// A hidden neuron of Xylo that sends to 70 others, and can to 64; it spikes with each event of the input.
const CROWDED: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 1 }]
population = [
    { name = "h", size = 80, model = "xylo", parameters = { dash_mem = "4 1", dash_syn = "3 1", threshold = "40 1" } },
    { name = "out", size = 1, model = "xylo" },
]
[[projection]]
name = "drive"
pre = "in"
post = "h"
synapse = "i_syn"
connect = { list = "drive.csv" }
weight = "1 1"
[[projection]]
name = "recurrent"
pre = "h"
post = "h"
synapse = "i_syn"
connect = { list = "recurrent.csv" }
weight = "1 1"
[[projection]]
name = "read"
pre = "h"
post = "out"
synapse = "i_syn"
connect = { list = "read.csv" }
weight = "1 1"
"#;

/// The chip, and copies where they are needed.
const SPLIT: [&str; 4] = ["--chip", "xylo-audio2", "--over-full", "split"];

/// A neuron with more inputs than a neuron of DYNAP-SE2 has words for.
const WIDE: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 100 }]

[[population]]
name = "hidden"
size = 20
model = "lif"

[[projection]]
name = "drive"
pre = "in"
post = "hidden"
synapse = "AMPA"
connect = "all-to-all"
weight = "0.1 1"
"#;

/// A refusal of a mapping points at the population or projection that it is about, where it stands in the file.
#[test]
fn what_cannot_be_mapped_is_shown_in_its_file() {
    let sandbox = Sandbox::new();
    let refused = |text: &str, name: &str, message: &str| {
        sandbox.file("net.toml", text);
        let printed = sandbox.fails(1, &["map", "net.toml", "--chip", "dynapse2"]);
        assert!(printed.contains(message) && printed.contains(&place_of("net.toml", text, name)), "{printed}");
        let json = sandbox.quenched(&["map", "net.toml", "--chip", "dynapse2", "--json"]).code(1);
        let json: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).expect("JSON");
        let (line, column) = (&json["error"]["line"], &json["error"]["column"]);
        assert!(printed.contains(&format!(" --> net.toml:{line}:{column}")), "{json}");
    };
    refused(WIDE, "\"hidden\"", "neuron 0 of `hidden` (chip 0 core 0 neuron 0) needs 100 CAM words, but has 64");
    let negative = WIDE.replace("0.1 1", "-0.1 1");
    refused(&negative, "\"drive\"", "projection `drive`: weight -0.1 from 0 to 0 cannot be had from synapse `AMPA`");
    // What came through a pipe can be shown no more.
    let piped = sandbox.command(&["map", "-", "--chip", "dynapse2"]).stdin(WIDE).assert().code(1);
    let piped = String::from_utf8(piped.get_output().stderr.clone()).expect("messages are UTF-8");
    assert!(piped.starts_with("error: ") && !piped.contains("-->"), "{piped}");
}

fn crowded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", CROWDED);
    sandbox.file("drive.csv", "pre,post,weight\n0,0,100\n");
    let targets: String = (2..72).map(|post| format!("0,{post},9\n")).collect();
    sandbox.file("recurrent.csv", format!("pre,post,weight\n{targets}5,0,2\n"));
    sandbox.file("read.csv", "pre,post,weight\n5,0,10\n");
    sandbox.prints(&[&["map", "net.toml", "--out", "net.program"], &SPLIT[..]].concat());
    sandbox
}

#[test]
fn a_copy_is_explained_as_what_it_is() {
    let sandbox = crowded();
    let network = [&["explain", "net.toml"], &SPLIT[..]].concat();
    for what in [&["explain", "net.program"][..], &network] {
        let explain = |neuron: &str| sandbox.prints(&[what, &["--neuron", neuron]].concat());
        let has =
            |text: &str, parts: &[&str]| parts.iter().for_each(|part| assert!(text.contains(part), "{part}\n{text}"));
        let own = explain("h[0]");
        has(&own, &["h[0]: chip 0 core 0 neuron 0", "It has a copy, copy 1 of h[0], which hears what it hears."]);
        has(&own, &["It serves 35 of 70 neurons: h[2], h[3], h[4], h[5], h[6], h[7] and 29 more."]);
        let copy = explain("copy 1 of h[0]");
        has(
            &copy,
            &["copy 1 of h[0]: chip 0 core 0 neuron 80", "It is copy 1 of 1 of h[0], and hears what h[0] hears."],
        );
        has(&copy, &["It serves 35 of 70 neurons: h[37], h[38], h[39], h[40], h[41], h[42] and 29 more."]);
        assert_eq!(copy, explain("copy 1 of h[0][0]"), "by population and index");
        // What it hears and whom it reaches, in both directions.
        has(&copy, &["in[0]", "h[5]"]);
        has(&explain("h[71]"), &["copy 1 of h[0]   i_syn"]);
        let other = explain("h[5]");
        assert!(other.contains("h[0] ") && !other.contains("It has a copy"), "{other}");
    }
    let json = |neuron: &str| {
        sandbox.json(&["explain", "net.program", "--json", "--neuron", neuron])["neurons"][0]["copies"].clone()
    };
    let (own, copy) = (json("h[0]"), json("copy 1 of h[0]"));
    assert_eq!((&own["of"], &own["number"], &copy["number"]), (&"h[0]".into(), &().into(), &1.into()));
    assert_eq!((&own["copies"], &copy["targets_of_all"]), (&vec!["copy 1 of h[0]"].into(), &70.into()));
    let targets = |of: &serde_json::Value| of["targets"].as_array().expect("targets").clone();
    let mut all = [targets(&own), targets(&copy)].concat();
    all.dedup();
    assert_eq!((all.len(), &all[0], &all[69]), (70, &"h[2]".into(), &"h[71]".into()), "each is served once");
    assert!(json("h[1]").is_null());
    let text = sandbox.fails(2, &["explain", "net.program", "--neuron", "copy 2 of h[0]"]);
    assert!(text.contains("there is no population `copy 2 of h`") && text.contains("`copy 1 of h[0]`"), "{text}");
}

/// The counts of a run with copies are those of the network's own neurons: the file is read for the same network, on
/// any chip.
#[test]
fn counts_of_a_run_with_copies_are_those_of_its_network() {
    let sandbox = crowded();
    sandbox.file("events.csv", "tick,channel\n5,0\n105,0\n205,0\n");
    let run = |what: &[&str], counts: &str| {
        let input = ["--input", "events.csv", "--ticks", "300", "--json", "--counts", counts];
        sandbox.json(&[&["run"], what, &input].concat())
    };
    let json = run(&["net.program"], "counts.csv");
    run(&[&["net.toml"], &SPLIT[..]].concat(), "again.csv");
    let text = sandbox.read("counts.csv");
    assert_eq!(text, sandbox.read("again.csv"), "of a program as of its network");
    let populations = json["populations"].as_array().expect("populations");
    let of = |name: &str| &populations.iter().find(|p| p["name"] == name).expect(name)["spikes"][0];
    assert_eq!((of("h"), of("copy 1 of h[0]")), (&of("h").clone(), of("h")), "both spike alike");
    assert!(of("h").as_u64() >= Some(3), "{json}");
    assert!(text.contains(&format!("\nh,0,{}\n", of("h"))) && text.contains("\nin,0,3\n"), "{text}");
    assert!(!text.contains("copy"), "{text}");
    let by = ["--prune-by", "activity", "--activity", "counts.csv"];
    let prune = ["--chip", "xylo-audio2", "--over-full", "prune", "--json"];
    let pruned = sandbox.json(&[&["map", "net.toml"], &prune[..], &by].concat());
    assert_eq!(pruned["report"]["lost"]["connections"], 7 - 1, "{}", pruned["report"]["lost"]);
    sandbox.prints(&[&["map", "net.toml", "--placement", "optimised"], &SPLIT[..], &by].concat());
}

/// A neuron that is joined from several circuits names them, and on a die the factor of each.
#[test]
fn joined_circuits_are_explained() {
    let sandbox = Sandbox::new();
    let network = r#"
        format = "quenched-network"
        version = 1
        seed = 3
        input = [{ name = "in", channels = 300 }]
        population = [{ name = "p", size = 3 }, { name = "q", size = 2 }]
        [[projection]]
        name = "drive"
        pre = "in"
        post = "p"
        synapse = "excitatory"
        connect = "all-to-all"
        weight = "60 1"
        [[projection]]
        name = "on"
        pre = "p"
        post = "q"
        synapse = "excitatory"
        connect = "all-to-all"
        weight = "60 1"
    "#;
    sandbox.file("net.toml", network);
    let map = ["--chip", "brainscales2", "--over-full", "join"];
    sandbox.prints(&[&["map", "net.toml", "--out", "net.program"], &map[..]].concat());
    let neuron = |args: &[&str]| sandbox.prints(&[&["explain", "net.program", "--neuron"], args].concat());
    let text = neuron(&["p[1]", "--die", "2"]);
    for part in [
        "p[1]: chip 0 core 0 neuron 1, `",
        "\nIt is 2 joined circuits: 2, from which it sends, and 3.\n",
        "factor is",
        "of 2",
        "of 3",
        "harmonic mean",
        "of the first",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    let single = neuron(&["q[1]", "--die", "2"]);
    assert!(!single.contains("joined") && !single.contains("factor is"), "{single}");
    let core = sandbox.prints(&["explain", "net.program", "--core", "0.0"]);
    assert!(core.contains("circuits") && core.contains("8/"), "{core}");

    let json = sandbox.json(&["explain", "net.program", "--neuron", "p[1]", "--die", "2", "--json"]);
    let neuron = &json["neurons"][0];
    assert_eq!(neuron["joined"], serde_json::json!([2, 3]));
    let factors = neuron["circuit"]["factors"].as_array().expect("factors");
    assert!(factors.len() > 3);
    for of in factors {
        let real = |value: &serde_json::Value| value.as_f64().expect("a factor");
        let (a, b) = (real(&of["circuits"][0]), real(&of["circuits"][1]));
        let made = match of["rule"].as_str().expect("a rule") {
            "of the first" => a,
            "mean" => (a + b) / 2.0,
            "harmonic mean" => 2.0 / (1.0 / a + 1.0 / b),
            other => panic!("{other}"),
        };
        assert!((made - real(&of["factor"])).abs() < 1e-8, "{of}");
    }
}

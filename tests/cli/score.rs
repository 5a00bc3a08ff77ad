//! `quenched score`: a labelled set on many dies.

mod sets;

use crate::Sandbox;
use serde_json::Value;

/// Three channels, each onto the neuron of its class: one event is one spike, unless the threshold is above 25 mV.
const NETWORK: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 3 }]
population = [{ name = "out", size = 3, model = "lif" }]

[[projection]]
name = "drive"
pre = "in"
post = "out"
synapse = "delta"
connect = "one-to-one"
weight = "25 mV"
"#;

/// A network and a list of six samples: three are plain, one is mislabelled, one empty, one a tie.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    for (name, events) in [
        ("a.csv", "1,0\n50,0\n99,1\n"),
        ("b.csv", "1,1\n50,1\n"),
        ("c.csv", "1,2\n50,2\n"),
        ("d.csv", "1,1\n50,1\n150,0\n"),
        ("e.csv", ""),
        ("f.csv", "1,2\n50,1\n"),
    ] {
        sandbox.file(name, format!("tick,channel\n{events}"));
    }
    sandbox.file("list.csv", "file,label\na.csv,0\nb.csv,1\nc.csv,2\nd.csv,0\ne.csv,0\nf.csv,1\n");
    sandbox
}

pub(crate) fn score<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    [&["score", "net.toml", "--chip", "ideal", "--data", "list.csv", "--time", "100ms"], extra].concat()
}

#[test]
fn decisions_are_counted_and_explained() {
    let sandbox = sandbox();
    let text = sandbox.prints(&score(&["--require", "0.5", "--dies", "3"]));
    for part in [
        "net.toml on chip `ideal`, seed 1\n6 samples of list.csv, 3 classes, decided by `out`: most spikes\n",
        "0.667   0.300 to 0.903    4 of 6",
        "mean over dies  0.667 (all dies are alike: nothing differs between them)",
        "yield           1.000: 1 of 1 dies reach 0.5\n",
        "mistakes of die 0",
        "warning: list.csv: 1 of 12 events, in 1 of 6 samples, come after the end of their sample, and are left out",
        "warning: list.csv: 1 of 6 samples have no event that reaches the network",
        "warning: out: no neuron spiked in 1 of 6 samples: nothing is decided there, which counts as wrong",
        "warning: out: 1 of 6 decisions were between classes with as many spikes: the lowest class was taken",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).expect(name).to_owned();
    assert_eq!(line("d.csv").split_whitespace().collect::<Vec<_>>(), ["d.csv", "0", "1"]);
    assert_eq!(line("e.csv").split_whitespace().collect::<Vec<_>>(), ["e.csv", "0", "none"]);
}

#[test]
fn the_first_spike_or_a_voltage_can_decide() {
    let sandbox = sandbox();
    let decisions = |rule: &str| {
        let value = sandbox.json(&score(&["--decide", rule, "--json"]));
        assert_eq!(value["decide"], rule);
        value["results"][0]["dies"][0]["decisions"].clone()
    };
    assert_eq!(decisions("count"), serde_json::json!([0, 1, 2, 1, null, 1]));
    assert_eq!(decisions("first"), serde_json::json!([0, 1, 2, 1, null, 2]), "the first spike of f is of class 2");
    // All neurons are reset by their spikes, and then as high as those that had none.
    assert_eq!(decisions("membrane-max")[4], 0, "equal voltages are a tie, taken for the lowest class");
    let warnings = sandbox.json(&score(&["--decide", "membrane", "--json"]))["warnings"].to_string();
    assert!(warnings.contains("with equal voltages") && warnings.contains("\"ties\""), "{warnings}");
}

#[test]
fn dies_differ_in_what_is_named_and_threads_change_nothing() {
    let sandbox = sandbox();
    let args = ["--vary", "v_threshold", "--cv", "0.3", "--cv", "0", "--dies", "8", "--require", "0.6"];
    let one = sandbox.prints(&score(&[&args[..], &["--threads", "1", "--csv", "one.csv"]].concat()));
    let four = sandbox.prints(&score(&[&args[..], &["--threads", "4", "--csv", "four.csv"]].concat()));
    assert_eq!(one.replace("one.csv", "four.csv"), four);
    assert_eq!(sandbox.read("one.csv"), sandbox.read("four.csv"));
    assert_eq!(sandbox.read("one.csv").lines().count(), 1 + 8 * 6 + 6, "a line a sample of a die, and a header");
    assert!(one.contains("mismatch of `v_threshold` only, of CV 0.3"), "{one}");
    let value = sandbox.json(&score(&[&args[..], &["--json"]].concat()));
    let [varied, nominal] = &value["results"].as_array().expect("a list")[..] else { panic!("{value}") };
    assert_eq!((&varied["cv"], &nominal["cv"]), (&"0.3".into(), &"0".into()));
    assert_eq!((varied["dies"].as_array().map(Vec::len), &varied["alike"]), (Some(8), &false.into()));
    assert_eq!((nominal["dies"].as_array().map(Vec::len), &nominal["alike"]), (Some(1), &true.into()));
    assert_eq!(nominal["over_dies"]["interval"], Value::Null);
    let interval = varied["over_dies"]["interval"].as_array().expect("an interval");
    let mean = varied["over_dies"]["mean"].as_f64().expect("a number");
    assert!(interval[0].as_f64().expect("a number") < mean && mean < interval[1].as_f64().expect("a number"));
    let reach = varied["yield"]["reach"].as_u64().expect("a number");
    assert!((1..8).contains(&reach), "some thresholds are above 25 mV, and others not: {value}");
    let total: u64 = varied["confusion"].to_string().split(['[', ']', ',']).filter_map(|n| n.parse::<u64>().ok()).sum();
    assert_eq!(total, 8 * 6, "every decision is in the table");
    // The worst die is one with the fewest correct samples.
    let correct: Vec<u64> =
        varied["dies"].as_array().expect("dies").iter().map(|die| die["correct"].as_u64().expect("a number")).collect();
    let worst = varied["worst"]["die"].as_u64().expect("a number") as usize;
    assert_eq!(Some(&correct[worst]), correct.iter().min());
    assert_eq!(varied["worst"]["mistakes"].as_array().map(|all| all.len() as u64), Some(6 - correct[worst]));
}

#[test]
fn what_a_die_makes_of_a_sample_does_not_depend_on_others() {
    let sandbox = sandbox();
    let args = ["--vary", "v_threshold", "--cv", "0.3", "--json"];
    let decisions = |extra: &[&str]| {
        let value = sandbox.json(&score(&[&args[..], extra].concat()));
        value["results"][0]["dies"].as_array().expect("dies").iter().map(|d| d["decisions"].clone()).collect::<Vec<_>>()
    };
    let (all, some) = (decisions(&["--dies", "6"]), decisions(&["--dies", "3", "--limit", "2"]));
    for (all, some) in all.iter().zip(&some) {
        assert_eq!(all.as_array().expect("a list")[..2], some.as_array().expect("a list")[..]);
    }
}

#[test]
fn what_cannot_be_scored_is_refused_with_what_to_do() {
    let sandbox = sandbox();
    let fails = |code, extra: &[&str], parts: &[&str]| {
        let text = sandbox.fails(code, &score(extra));
        for part in parts {
            assert!(text.contains(part), "{part}\nnot in\n{text}");
        }
    };
    fails(2, &["--output", "outt"], &["`--output outt`: there is no such population", "did you mean `out`?"]);
    fails(
        1,
        &["--cv", "0.1", "--vary", "v_treshold"],
        &["has no parameter `v_treshold`", "did you mean `v_threshold`?"],
    );
    fails(
        2,
        &["--cv", "0.1", "--vary", "keep_current"],
        &["no core of this program reads `keep_current`", "its cores read"],
    );
    fails(1, &["--vary", "v_threshold"], &["has no mismatch of `v_threshold`", "`--cv 0.1`"]);
    fails(2, &["--cv", "0.1"], &["chip `ideal`", "`--vary PARAMETER --cv X`"]);
    fails(2, &["--require", "90"], &["an accuracy is a share from 0 to 1"]);
    fails(2, &["--decide", "vote"], &["count", "membrane-max"]);
    fails(2, &["--from", "3"], &["a time of the recordings here"]);
    fails(2, &["--dies", "0"], &["0 is not in 1..=1000000"]);
    fails(1, &["--csv", "list.csv"], &["list.csv"]);
    fails(1, &["--dies", "1000000", "--cv", "1"], &["for 1000000 dies", "lower `dies`"]);
    fails(1, &["--from", "1500us"], &["a.csv: `--from`", "choose a multiple"]);
    let text = sandbox.fails(2, &["score", "net.toml", "--chip", "ideal", "--time", "1ms"]);
    assert!(text.contains("--data <SET>"), "{text}");
    let text = sandbox.fails(1, &["score", "net.toml", "--chip", "ideal", "--data", "list.csv"]);
    assert!(text.contains("a.csv: nothing says how long it is shown") && text.contains("`--steps`"), "{text}");
    assert!(!sandbox.exists("one.csv"));
}

#[test]
fn samples_can_begin_later_than_their_files() {
    let sandbox = sandbox();
    let value = sandbox.json(&score(&["--from", "50ms", "--json"]));
    assert_eq!(value["results"][0]["dies"][0]["decisions"], serde_json::json!([0, 1, 2, 1, null, 1]));
    let text = value["warnings"].to_string();
    assert!(text.contains("5 events that come before `--from`, in 5 of 6 samples, are left out"), "{text}");
}

#[test]
fn warnings_can_be_denied_and_then_leave_no_file() {
    let sandbox = sandbox();
    let output = sandbox.quenched(&score(&["--deny-warnings", "--csv", "all.csv"])).code(1);
    let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(text.contains("`--deny-warnings` makes them errors"), "{text}");
    assert!(!sandbox.exists("all.csv"));
}

#[test]
fn two_populations_that_could_decide_are_told_apart_by_name() {
    let sandbox = sandbox();
    let other = NETWORK.replace(
        "size = 3, model = \"lif\" }",
        "size = 3, model = \"lif\" }, { name = \"b\", size = 3, model = \"lif\" }",
    ) + "\n[[projection]]\nname = \"more\"\npre = \"in\"\npost = \"b\"\nsynapse = \"delta\"\nconnect = \"one-to-one\"\n\
           weight = \"1 mV\"\n";
    sandbox.file("net.toml", other);
    let text = sandbox.fails(2, &score(&[]));
    assert!(text.contains("it is not plain which population decides") && text.contains("out, b"), "{text}");
    assert_eq!(sandbox.json(&score(&["--output", "out", "--json"]))["results"][0]["dies"][0]["correct"], 4);
    assert_eq!(sandbox.json(&score(&["--output", "b", "--json"]))["results"][0]["dies"][0]["undecided"], 6);
}

/// By hand: 3 of 9 pairs are connected, a sample has 100 steps, and eleven events are in time, a spike each.
#[test]
fn the_cost_of_a_sample_has_the_names_of_neurobench() {
    let sandbox = sandbox();
    let value = sandbox.json(&score(&["--json"]));
    let cost = &value["results"][0]["cost"];
    let spikes = cost["spikes"].as_f64().unwrap() * 6.0;
    let near =
        |key: &Value, expected: f64| assert!((key.as_f64().unwrap() - expected).abs() < 1e-9, "{key} {expected}");
    near(&cost["connection_sparsity"], 1.0 - 3.0 / 9.0);
    near(&cost["footprint"], 6.0);
    near(&cost["steps"], 100.0);
    near(&cost["synaptic_operations"]["Dense"], 900.0);
    near(&cost["synaptic_operations"]["Effective_MACs"], 0.0);
    near(&cost["synaptic_operations"]["Effective_ACs"], 11.0 / 6.0);
    near(&cost["activation_sparsity"], 1.0 - spikes / 6.0 / 300.0);
    assert_eq!((spikes, &cost["energy_j"]), (11.0, &Value::Null));
    let text = sandbox.prints(&score(&[]));
    let shown = "footprint 6 B, connection sparsity 0.667, activation sparsity 0.994\n\
                 synaptic operations: Dense 900, Effective_MACs 0, Effective_ACs 2\n\
                 energy: the file of chip `ideal` has no price with a source\n";
    assert!(text.contains(shown), "{text}");
}

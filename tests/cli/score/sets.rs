//! Sets of every form on a graph of a trained net, and real recordings where they are at hand.

use super::{NETWORK, sandbox, score};
use crate::Sandbox;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use std::path::{Path, PathBuf};

/// A graph of three inputs, each onto a neuron of its class, of which one spike in is one spike out; or onto a sum.
fn graph(neurons: bool) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    let mut root = builder.create_group("node");
    root.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    let edges = if neurons {
        &["input", "weights", "weights", "lif", "lif", "output"][..]
    } else {
        &["input", "weights", "weights", "output"]
    };
    root.create_dataset("edges").with_vlen_strings(edges).with_shape(&[edges.len() as u64 / 2, 2]);
    let mut nodes = root.create_group("nodes");
    let mut add = |name: &str, kind: &str, write: &dyn Fn(&mut GroupBuilder)| {
        let mut node = nodes.create_group(name);
        node.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
        write(&mut node);
        nodes.add_group(node.finish());
    };
    for (name, kind) in [("input", "Input"), ("output", "Output")] {
        add(name, kind, &|node| {
            node.create_dataset("shape").with_i64_data(&[3]).with_shape(&[1]);
        });
    }
    add("weights", "Linear", &|node| {
        let weights = [1.5, 0.0, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 1.5];
        node.create_dataset("weight").with_f64_data(&weights).with_shape(&[3, 3]);
    });
    if neurons {
        add("lif", "IF", &|node| {
            node.create_dataset("r").with_f64_data(&[1.0; 3]).with_shape(&[3]);
            node.create_dataset("v_threshold").with_f64_data(&[1.0; 3]).with_shape(&[3]);
            node.create_dataset("v_reset").with_f64_data(&[0.0; 3]).with_shape(&[3]);
        });
    }
    root.add_group(nodes.finish());
    builder.add_group(root.finish());
    builder.finish().expect("a file")
}

/// An npy file.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Three samples of two steps, one for each class: [3, 2, 3].
const COUNTS: [u8; 18] = [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1];

fn with_graph() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.nir", graph(true));
    sandbox.file("y.csv", "label\n0\n1\n1\n");
    sandbox
}

fn on_graph<'a>(data: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    [&["score", "net.nir", "--chip", "ideal", "--like", "sinabs", "--data", data], extra].concat()
}

/// What is decided of each sample.
#[track_caller]
fn decides(sandbox: &Sandbox, args: &[&str], expected: &[u32]) {
    let value = sandbox.json(&[args, &["--json"]].concat());
    assert_eq!(value["results"][0]["dies"][0]["decisions"], serde_json::json!(expected), "{value:#}");
}

#[test]
fn arrays_are_sets() {
    let sandbox = with_graph();
    sandbox.file("x.npy", npy("|u1", "(3, 2, 3)", &COUNTS));
    decides(&sandbox, &on_graph("x.npy", &["--labels", "y.csv"]), &[0, 1, 2]);
    let floats: Vec<u8> = COUNTS.iter().flat_map(|count| f32::from(*count).to_le_bytes()).collect();
    sandbox.file("f.npy", npy("<f4", "(3, 2, 3)", &floats));
    decides(&sandbox, &on_graph("f.npy", &["--labels", "y.csv"]), &[0, 1, 2]);
    let text = sandbox.fails(1, &on_graph("x.npy", &[]));
    assert!(text.contains("x.npy: it has no labels") && text.contains("`--labels`"), "{text}");
    sandbox.file("two.csv", "label\n0\n1\n");
    let text = sandbox.fails(1, &on_graph("x.npy", &["--labels", "two.csv"]));
    assert!(text.contains("two.csv: it has 2 labels, and `x.npy` has 3 samples"), "{text}");
    sandbox.file("nine.csv", "label\n0\n9\n1\n");
    let text = sandbox.fails(1, &on_graph("x.npy", &["--labels", "nine.csv"]));
    assert!(text.contains("nine.csv: sample 1: the label 9 is no output neuron: there are 3"), "{text}");
    sandbox.file("wide.npy", npy("|u1", "(3, 1, 6)", &COUNTS));
    let text = sandbox.fails(1, &on_graph("wide.npy", &["--labels", "y.csv"]));
    assert!(text.contains("wide.npy: sample 0: a row has 6 values, but there are 3 input channels"), "{text}");
}

#[test]
fn an_output_that_is_a_voltage_decides_by_it() {
    let sandbox = with_graph();
    sandbox.file("net.nir", graph(false));
    sandbox.file("x.npy", npy("|u1", "(3, 2, 3)", &COUNTS));
    let args = on_graph("x.npy", &["--labels", "y.csv"]);
    let value = sandbox.json(&[&args[..], &["--json"]].concat());
    assert_eq!(value["decide"], "membrane");
    assert_eq!(value["results"][0]["dies"][0]["decisions"][0], 0);
    let text = sandbox.fails(2, &[&args[..], &["--decide", "count"]].concat());
    assert!(text.contains("is a voltage and never spikes") && text.contains("`membrane-max`"), "{text}");
}

#[test]
fn ts_files_are_sets_of_numbers() {
    let sandbox = with_graph();
    let head = "@problemName p\n@dimensions 3\n@classLabel true low mid high\n@data\n";
    sandbox.file("set.ts", format!("{head}0,1:0,0:0,0:low\n0,0:0,0:2,0.5:high\n"));
    decides(&sandbox, &on_graph("set.ts", &[]), &[0, 2]);
    sandbox.file("net.toml", NETWORK);
    let text = sandbox.fails(1, &["score", "net.toml", "--chip", "ideal", "--data", "set.ts"]);
    assert!(text.contains("set.ts: its values are numbers") && text.contains("(NIR)"), "{text}");
    sandbox.file("bad.ts", format!("{head}0,1:0,0:0,0:other\n"));
    let text = sandbox.fails(1, &on_graph("bad.ts", &[]));
    assert!(text.contains("bad.ts") && text.contains('5') && text.contains("other"), "{text}");
}

/// NIRData of one observable of the node `input`.
fn nirdata(kind: &str, write: impl FnOnce(&mut GroupBuilder)) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    builder.set_attr("__type__", AttrValue::String("NIRGraphData".into()));
    let mut nodes = builder.create_group("nodes");
    let mut node = nodes.create_group("input");
    let mut observables = node.create_group("observables");
    let mut group = observables.create_group("spikes");
    group.set_attr("__type__", AttrValue::String(kind.into()));
    write(&mut group);
    observables.add_group(group.finish());
    node.add_group(observables.finish());
    nodes.add_group(node.finish());
    builder.add_group(nodes.finish());
    builder.finish().expect("a file")
}

#[test]
fn nirdata_are_sets() {
    let sandbox = with_graph();
    let values: Vec<f64> = COUNTS.iter().map(|count| f64::from(*count)).collect();
    let grid = nirdata("TimeGriddedData", |group| {
        group.set_attr("dt", AttrValue::F64(1e-3));
        group.create_dataset("data").with_f64_data(&values).with_shape(&[3, 2, 3]);
    });
    sandbox.file("grid.h5", grid);
    decides(&sandbox, &on_graph("grid.h5", &["--labels", "y.csv"]), &[0, 1, 2]);
    let events = nirdata("EventData", |group| {
        group.set_attr("n_neurons", AttrValue::I64(3));
        group.set_attr("t_max", AttrValue::F64(0.01));
        group.create_dataset("idx").with_i64_data(&[1, -1, 2, 2, 0, -1]).with_shape(&[3, 2]);
        let times = [0.001, f64::INFINITY, 0.009, 0.002, 0.0, f64::INFINITY];
        group.create_dataset("time").with_f64_data(&times).with_shape(&[3, 2]);
    });
    sandbox.file("events.h5", events);
    decides(&sandbox, &on_graph("events.h5", &["--labels", "y.csv", "--bin", "1ms"]), &[1, 2, 0]);
    let text = sandbox.fails(1, &on_graph("events.h5", &["--labels", "y.csv"]));
    assert!(text.contains("how long a step of the graph lasts") && text.contains("`--bin 1ms`"), "{text}");
    let text = sandbox.fails(1, &on_graph("grid.h5", &["--labels", "y.csv", "--node", "output"]));
    assert!(text.contains("0 observables are called `output`") && text.contains("input:spikes"), "{text}");
    let text = sandbox.fails(1, &on_graph("net.nir", &["--labels", "y.csv"]));
    assert!(text.contains("net.nir: object `/`: it has no attribute `__type__`"), "{text}");
}

#[test]
fn folders_of_classes_and_names_are_sets() {
    let sandbox = sandbox();
    for (folder, channel) in [("cat", 1), ("bird", 0), ("dog", 2)] {
        std::fs::create_dir_all(sandbox.path().join("set").join(folder)).expect("a folder");
        sandbox.file(&format!("set/{folder}/x.csv"), format!("tick,channel\n5,{channel}\n"));
    }
    let args = ["score", "net.toml", "--chip", "ideal", "--data", "set", "--time", "20ms"];
    decides(&sandbox, &args, &[0, 1, 2]);
    let value = sandbox.json(&[&args[..], &["--json", "--classes", "dog,cat,bird"]].concat());
    assert_eq!(value["results"][0]["dies"][0]["correct"], 1, "neuron 0 is the dog then: {value}");
    std::fs::remove_dir_all(sandbox.path().join("set/cat")).expect("a folder");
    let text = sandbox.fails(1, &args);
    assert!(text.contains("the labels have 2 names, and there are 3 output neurons"), "{text}");
    assert!(text.contains("`--classes`"), "{text}");
}

/// The Heidelberg data sets: every sample of one file, with the labels that stand beside them.
#[test]
fn files_of_many_recordings_are_sets() {
    let sandbox = sandbox();
    sandbox.file("shd.h5", include_bytes!("../../../crates/formats/testdata/recordings/shd.h5"));
    sandbox.file("w.csv", "pre,post,weight\n0,3,25\n100,3,25\n2,4,25\n102,4,25\n");
    sandbox.file(
        "net.toml",
        r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 700 }]
population = [{ name = "out", size = 5, model = "lif" }]

[[projection]]
name = "drive"
pre = "in"
post = "out"
synapse = "delta"
connect = { list = "w.csv" }
weight = "1 mV"
"#,
    );
    let args =
        ["score", "net.toml", "--chip", "ideal", "--data", "shd.h5", "--sensor", "700", "--time", "1s", "--json"];
    let value = sandbox.json(&args);
    let die = &value["results"][0]["dies"][0];
    // The sample of class 1 has no event, and so no decision.
    assert_eq!((&die["samples"], &die["correct"], &die["undecided"]), (&3.into(), &2.into(), &1.into()), "{value:#}");
    let text = sandbox.fails(1, &[&args[..10], &["--labels", "w.csv"]].concat());
    assert!(text.contains("it has labels of its own"), "{text}");
    let text = sandbox.fails(1, &[&args[..6], &["--sensor", "200", "--time", "1s"]].concat());
    assert!(text.contains("shd.h5"), "{text}");
}

#[test]
fn lists_are_refused_at_their_line() {
    let sandbox = sandbox();
    sandbox.file("list.csv", "file,label\na.csv,0\nabsent.csv,1\n");
    let text = sandbox.fails(1, &score(&[]));
    assert!(text.contains("--> list.csv:3:1") && text.contains("there is no file `absent.csv`"), "{text}");
    sandbox.file("list.csv", "file,label\na.csv,0\nb.csv,3\n");
    let text = sandbox.fails(1, &score(&[]));
    assert!(text.contains("list.csv:3: the label 3 is no output neuron: there are 3, counted from 0"), "{text}");
    sandbox.file("list.csv", "file,label\na.csv,0\nb.csv,1\n");
    sandbox.file("b.csv", "tick,channel\n5,1\n7,8\n");
    let text = sandbox.fails(1, &score(&[]));
    assert!(text.contains("b.csv:3:3"), "{text}");
}

/// Data that are no part of the project.
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    let found = path.exists();
    if !found {
        eprintln!("skipped: {} is not there", path.display());
    }
    found.then_some(path)
}

/// The net of the NIR paper, by the rules that it was trained by, on recordings that it has not seen.
#[test]
fn the_convolutional_net_of_the_nir_paper_knows_digits() {
    let (Some(net), Some(list)) = (shared("nir/paper/02_cnn/cnn_sinabs.nir"), shared("data/nmnist/test.csv")) else {
        return;
    };
    let (net, list) = (net.display().to_string(), list.display().to_string());
    let args = ["score", &net, "--chip", "ideal", "--like", "sinabs", "--data", &list, "--sensor", "34x34"];
    let value = Sandbox::new().json(&[&args[..], &["--bin", "1ms", "--steps", "300", "--json"]].concat());
    let die = &value["results"][0]["dies"][0];
    assert_eq!(die["samples"], 50);
    assert!(die["correct"].as_u64() >= Some(47), "94 % at least: {die:#}");
}

//! Graphs of trained nets: `quenched map` and `quenched run` on NIR files.

use crate::Sandbox;
use std::path::{Path, PathBuf};

/// A graph of the repository with its input, in a sandbox as `net.nir` and `net.npz`.
fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let path = |extension: &str| -> PathBuf {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/nir");
        golden.join(name).with_extension(extension)
    };
    for extension in ["nir", "npz"] {
        let bytes = std::fs::read(path(extension)).expect(name);
        sandbox.file(&format!("net.{extension}"), bytes);
    }
    sandbox
}

/// A file of numpy: `uint8`, of this shape.
fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn a_graph_is_mapped_and_says_what_was_assumed() {
    let sandbox = sandbox("snn_rsynaptic_nested");
    let text = sandbox.prints(&["map", "net.nir", "--chip", "ideal", "--like", "snntorch"]);
    for part in [
        "graph: steps of 0.0001 as its file counts time, by the rules `snntorch`, exactly; a step is 2 ticks\n",
        "  late by a step: rec.lif -> rec.w_rec\n",
        "reset=subtract reset-when=next",
        "  output `output`: spikes of `out`, shape [3]\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = sandbox.json(&["map", "net.nir", "--chip", "ideal", "--like", "norse", "--dt", "0.1ms", "--json"]);
    assert_eq!(json["graph"]["late_edges"], serde_json::json!([["rec.w_rec", "rec.lif"]]));
    assert_eq!((&json["graph"]["exact"], &json["graph"]["step_ticks"]), (&true.into(), &2.into()));
}

#[test]
fn a_graph_runs_as_long_as_its_input_and_the_same_as_its_program() {
    let sandbox = sandbox("rockpool_lif");
    let graph = ["--chip", "ideal", "--like", "rockpool"];
    let run = [&["run", "net.nir"], &graph[..], &["--input", "net.npz", "--json"]].concat();
    let json = sandbox.json(&run);
    assert_eq!((&json["to_tick"], &json["counters"]["saturations"]), (&80.into(), &0.into()), "{json}");
    assert_eq!(json["graph"]["like"], "rockpool");
    sandbox.prints(&[&["map", "net.nir"], &graph[..], &["--out", "net.program"]].concat());
    let program = sandbox.json(&["run", "net.program", "--input", "net.npz", "--raster", "--json"]);
    assert_eq!(program["digest"], json["digest"]);
    // Another rule is another net.
    let other = sandbox.json(&[&run[..], &["--rule", "compare=>", "--rule", "spikes=single"]].concat());
    assert_ne!(other["digest"], json["digest"]);
}

#[test]
fn what_a_xylo_holds_is_a_graph_that_makes_the_same_program() {
    let sandbox = sandbox("rockpool_lif");
    let chip = ["--chip", "xylo-audio2", "--json"];
    let wish = ["map", "net.nir", "--like", "rockpool", "--out", "wish.program", "--nir", "held.nir"];
    let json = sandbox.json(&[&wish[..], &chip].concat());
    let strings = |key: &str| -> Vec<String> {
        let list = json["nir_reading"][key].as_array().unwrap_or_else(|| panic!("{json}"));
        list.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let options = strings("options");
    assert_eq!(options, ["--like xylo"]);
    let unsaid = strings("unsaid").join("\n");
    for part in ["rounded down and at least 1", "end at -32768 and 32767", "at most 15 spikes in a step"] {
        assert!(unsaid.contains(part), "{part}: {unsaid}");
    }
    let held = ["map", "held.nir", "--like", "xylo", "--out", "held.program"];
    sandbox.json(&[&held[..], &chip].concat());
    let program = |name: &str| std::fs::read(sandbox.path().join(name)).unwrap();
    assert_eq!(program("held.program"), program("wish.program"));
    let text = sandbox.prints(&["map", "held.nir", "--like", "xylo", "--chip", "xylo-audio2", "--nir", "again.nir"]);
    assert!(
        text.contains("The graph of `--nir` is read with: --like xylo\nWhat the chip does and that graph"),
        "{text}"
    );
    assert_eq!(program("again.nir"), program("held.nir"));
    // On other chips there is nothing to be said of it.
    let text = sandbox.prints(&["map", "net.nir", "--like", "rockpool", "--chip", "ideal", "--nir", "ideal.nir"]);
    assert!(!text.contains("is read with"), "{text}");
}

#[test]
fn a_graph_meets_chips_with_neurons_of_their_own() {
    let sandbox = sandbox("snn_rleaky_zero_delay");
    let lif = ["map", "net.nir", "--like", "snntorch", "--step-time", "1ms"];
    for (chip, said) in
        [("dynapse2", "in units of the chip's threshold"), ("loihi-lava", "thresholds and biases times")]
    {
        let text = sandbox.prints(&[&lif[..], &["--chip", chip]].concat());
        assert!(text.contains("as near as the chip comes") && text.contains(said), "{text}");
    }
}

#[test]
fn a_step_longer_than_a_time_constant_is_refused() {
    let error = sandbox("snn_rsynaptic_nested").fails(1, &["map", "net.nir", "--chip", "ideal", "--like", "norse"]);
    assert!(error.contains("field `tau") && error.contains("is `--dt` the step"), "{error}");
}

#[test]
fn what_is_no_graph_or_no_option_of_one_is_refused() {
    let sandbox = sandbox("sinabs_tie");
    let check = |args: &[&str], parts: &[&str]| {
        let error = sandbox.fails(if parts[0] == "usage" { 2 } else { 1 }, args);
        for part in parts.iter().filter(|part| **part != "usage") {
            assert!(error.contains(part), "{part}: {error}");
        }
    };
    let map = ["map", "net.nir", "--chip", "ideal"];
    check(
        &[&map[..], &["--rule", "reset=0"]].concat(),
        &["usage", "`0` is not a choice; there are zero, value, subtract"],
    );
    check(
        &[&map[..], &["--rule", "9.reset=zero"]].concat(),
        &["--rule 9.reset=zero", "there is no node `9` of neurons"],
    );
    check(&[&map[..], &["--late-edge", "a:b"]].concat(), &["--late-edge", "there is no edge `a:b`"]);
    check(&[&map[..], &["--step-time", "1ms"]].concat(), &["--step-time", "takes the steps of the graph as they are"]);
    let slow = ["--like", "norse", "--dt", "1e9"];
    check(&[&map[..], &slow].concat(), &["--dt", "is no length of a step"]);
    check(&[&map[..], &["--like", "nest"]].concat(), &["usage", "sinabs"]);
    check(&["run", "net.nir", "--chip", "ideal"], &["usage", "nothing says how long the run is", "--steps"]);
    sandbox.file("wide.npy", npy("(2, 3)", &[1; 6]));
    check(
        &["run", "net.nir", "--chip", "ideal", "--input", "wide.npy"],
        &["usage", "wide.npy: a row has 3 values, but there are 4 input channels"],
    );
    sandbox.file("flat.npy", npy("(3,)", &[1; 3]));
    check(&["run", "net.nir", "--chip", "ideal", "--input", "flat.npy"], &["an axis of time and one of channels"]);
    let bytes = std::fs::read(sandbox.path().join("net.nir")).unwrap();
    sandbox.file("cut.nir", &bytes[..bytes.len() / 2]);
    check(&["map", "cut.nir", "--chip", "ideal"], &["cut.nir"]);
    sandbox.file("net.toml", "format = \"quenched-network\"\nversion = 1\n");
    check(&["map", "net.toml", "--chip", "ideal", "--dt", "1ms"], &["usage", "`--dt` says how a graph is read"]);
}

//! Files that the tests write themselves, whole and damaged.

use super::*;
use hdf5_pure::FileBuilder;
use proptest::prelude::*;

/// A graph of two nodes: weights, partly compressed, and what is not read.
fn file(kind: &str, node: &str) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    builder.create_dataset("version").with_vlen_strings(&["1.0"]).with_shape(&[]);
    let mut graph = builder.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
    graph.create_dataset("edges").with_vlen_strings(&["a", "b.c", "a", "b.c", "b.c", "a"]).with_shape(&[3, 2]);
    let mut nodes = graph.create_group("nodes");
    let mut a = nodes.create_group("a");
    a.create_dataset("type").with_vlen_strings(&[node]).with_shape(&[]);
    a.create_dataset("weight").with_f32_data(&[0.5, -1.0, 2.0, 0.0, 4.0, 8.0]).with_shape(&[2, 3]);
    a.create_dataset("padding").with_vlen_strings(&["same"]).with_shape(&[]);
    nodes.add_group(a.finish());
    let mut b = nodes.create_group("b.c");
    b.create_dataset("type").with_vlen_strings(&["Input"]).with_shape(&[]);
    b.create_dataset("shape").with_i64_data(&[-3]).with_shape(&[1]);
    b.create_dataset("r").with_f64_data(&[1.25]).with_shape(&[]);
    let long: Vec<f64> = (0..64).map(f64::from).collect();
    b.create_dataset("long").with_f64_data(&long).with_shape(&[64]).with_chunks(&[16]).with_deflate(6);
    nodes.add_group(b.finish());
    graph.add_group(nodes.finish());
    builder.add_group(graph.finish());
    builder.finish().unwrap()
}

fn read(bytes: Vec<u8>) -> Result<NirGraph, FormatError> {
    NirGraph::from_bytes(bytes, "net.nir")
}

#[test]
fn nodes_and_edges_are_read() {
    let graph = read(file("NIRGraph", "Linear")).unwrap();
    assert_eq!(graph.nodes.keys().collect::<Vec<_>>(), ["a", "b.c"]);
    let a = &graph.nodes["a"];
    assert_eq!((a.kind.as_str(), a.numbers.len()), ("Linear", 1));
    assert_eq!(a.numbers["weight"], NirArray { shape: vec![2, 3], values: vec![0.5, -1.0, 2.0, 0.0, 4.0, 8.0] });
    let b = &graph.nodes["b.c"].numbers;
    assert_eq!(b["shape"], NirArray { shape: vec![1], values: vec![-3.0] });
    assert_eq!(b["r"], NirArray { shape: vec![], values: vec![1.25] });
    assert_eq!(b["long"].values, (0..64).map(f64::from).collect::<Vec<_>>());
    assert_eq!(graph.edges.len(), 3);
    assert_eq!(
        (graph.successors("a"), graph.successors("b.c"), graph.successors("x").len()),
        (vec!["b.c"], vec!["a"], 0)
    );
}

#[test]
fn what_is_wrong_is_named() {
    let check = |bytes: Vec<u8>, message: &str| {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.starts_with("net.nir: ") && error.contains(message), "{message}: {error}");
    };
    check(Vec::new(), "object `/`");
    check(b"no file of this kind at all".to_vec(), "object `/`");
    check(file("Other", "Linear"), "object `/node/type`: it is `Other`, but `NIRGraph` is needed");
    check(file("NIRGraph", "NIRGraph"), "object `/node/nodes/a`: it is a graph within the graph");
    check(FileBuilder::new().finish().unwrap(), "object `/node`");
    let mut builder = FileBuilder::new();
    let mut graph = builder.create_group("node");
    graph.create_dataset("type").with_f64_data(&[1.0]).with_shape(&[1]);
    builder.add_group(graph.finish());
    check(builder.finish().unwrap(), "object `/node/type`: its elements are f64, but texts are needed");
    let mut builder = FileBuilder::new();
    let mut graph = builder.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    graph.create_dataset("edges").with_vlen_strings(&["a"]).with_shape(&[1]);
    builder.add_group(graph.finish());
    check(builder.finish().unwrap(), "object `/node/edges`: 1 names are no pairs");
    let missing = NirGraph::open(Path::new("/nowhere/net.nir")).unwrap_err();
    assert!(matches!(missing, FormatError::Io { .. }), "{missing}");
}

/// The real files, where they lie beside the workspace.
#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn real_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/nir/paper/03_rnn");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    for (name, hidden) in [("braille_noDelay_bias_zero.nir", 38), ("braille_noDelay_noBias_subtract.nir", 40)] {
        let graph = NirGraph::open(&folder.join(name)).unwrap();
        assert_eq!((graph.nodes.len(), graph.edges.len()), (7, 7), "{name}");
        assert_eq!(graph.nodes["fc1"].numbers["weight"].shape, [hidden, 12], "{name}");
        assert_eq!(graph.successors("lif1.lif"), ["fc2", "lif1.w_rec"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever the bytes, the answer is a graph or an error.
    #[test]
    fn damaged_files_are_refused_or_read(
        cut in proptest::option::weighted(0.3, any::<prop::sample::Index>()),
        words in proptest::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![1usize, 2, 4, 8]), prop_oneof![
                Just(0u64), Just(u64::MAX), Just(1 << 40), Just(0x7fff_ffff), any::<u64>(), 0..64u64,
            ]),
            0..4,
        ),
    ) {
        let mut bytes = file("NIRGraph", "Linear");
        for (at, width, value) in words {
            let at = at.index(bytes.len());
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match read(bytes) {
            Ok(graph) => {
                let values = graph.nodes.values().flat_map(|node| node.numbers.values()).map(|array| array.values.len());
                prop_assert!(values.sum::<usize>() as u64 <= TOTAL_BYTES_MAX);
            }
            Err(error) => prop_assert!(error.to_string().starts_with("net.nir: object `/"), "{}", error),
        }
    }
}

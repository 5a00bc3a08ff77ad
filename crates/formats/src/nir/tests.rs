//! Files that the tests write themselves, whole and damaged.

use super::*;
use hdf5_pure::{DatasetBuilder, FileBuilder};
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
    a.create_dataset("mode").with_ascii_strings(&["fixed", "long"]).unwrap();
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

/// A graph of one node `a` with one parameter, `p`.
fn with_parameter(write: impl FnOnce(&mut DatasetBuilder) -> &mut DatasetBuilder) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    let mut graph = builder.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    graph.create_dataset("edges").with_vlen_strings(&["a", "a"]).with_shape(&[1, 2]);
    let mut nodes = graph.create_group("nodes");
    let mut a = nodes.create_group("a");
    a.create_dataset("type").with_vlen_strings(&["Linear"]).with_shape(&[]);
    write(a.create_dataset("p"));
    nodes.add_group(a.finish());
    graph.add_group(nodes.finish());
    builder.add_group(graph.finish());
    builder.finish().unwrap()
}

#[test]
fn numbers_of_every_type_are_read() {
    let check = |write: &dyn Fn(&mut DatasetBuilder) -> &mut DatasetBuilder, values: [f64; 2]| {
        let graph = read(with_parameter(write)).unwrap();
        assert_eq!(graph.nodes["a"].numbers["p"].values, values);
    };
    check(&|p| p.with_f32_data(&[0.5, -2.0]), [0.5, -2.0]);
    check(&|p| p.with_f64_data(&[0.1, 1e300]), [0.1, 1e300]);
    check(&|p| p.with_i8_data(&[-128, 127]), [-128.0, 127.0]);
    check(&|p| p.with_i16_data(&[-3, 300]), [-3.0, 300.0]);
    check(&|p| p.with_i32_data(&[-3, 1 << 30]), [-3.0, (1u64 << 30) as f64]);
    check(&|p| p.with_i64_data(&[-3, i64::MAX]), [-3.0, i64::MAX as f64]);
    check(&|p| p.with_u8_data(&[0, 255]), [0.0, 255.0]);
    check(&|p| p.with_u16_data(&[0, 65_535]), [0.0, 65_535.0]);
    check(&|p| p.with_u32_data(&[0, u32::MAX]), [0.0, f64::from(u32::MAX)]);
    check(&|p| p.with_u64_data(&[0, u64::MAX]), [0.0, u64::MAX as f64]);
    // What is neither a number nor a text is no absent parameter.
    let pairs = with_parameter(|p| p.with_complex64_data(&[(0.0, 1.0)]));
    let error = read(pairs).unwrap_err().to_string();
    assert!(error.contains("object `/node/nodes/a/p`: its elements are compound{"), "{error}");
    assert!(error.ends_with("but numbers or texts are needed"), "{error}");
}

/// A small file may say that it holds much: what it would take is compared with the limits before it is unpacked.
#[test]
fn sizes_are_limited() {
    let zeros = |n: u64| {
        let data = vec![0; n as usize];
        with_parameter(|p| p.with_u8_data(&data).with_shape(&[n]).with_chunks(&[1 << 20]).with_deflate(9))
    };
    let check = |bytes: Vec<u8>, message: &str| {
        assert!(bytes.len() < 1 << 22, "{}", bytes.len());
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
    };
    let most = DATASET_BYTES_MAX / NUMBER_BYTES;
    assert_eq!(read(zeros(most)).unwrap().nodes["a"].numbers["p"].values.len() as u64, most);
    let shape = "object `/node/nodes/a/p`: shape [16777217], chunks [1048576], elements of 8 bytes: more than";
    check(zeros(most + 1), shape);
    // One text of fixed length, many short ones, and one that is longer than its reference.
    let long = "x".repeat(TEXT_BYTES_MAX as usize + 1);
    let of_type = |write: &dyn Fn(&mut DatasetBuilder) -> &mut DatasetBuilder| {
        let mut builder = FileBuilder::new();
        let mut graph = builder.create_group("node");
        write(graph.create_dataset("type"));
        builder.add_group(graph.finish());
        builder.finish().unwrap()
    };
    check(of_type(&|p| p.with_ascii_strings(&[&long]).unwrap()), "elements of 1048577 bytes: more than the 1048576");
    check(of_type(&|p| p.with_ascii_strings(&vec!["x"; 131_073]).unwrap()), "shape [131073]");
    check(of_type(&|p| p.with_vlen_strings(&vec![""; 65_537])), "shape [65537]");
    check(of_type(&|p| p.with_vlen_strings(&[&long])), "object `/node/type`: ");
    check(of_type(&|p| p.with_ascii_strings(&["x"; 131_072]).unwrap()), "it holds 131072 texts, but one is needed");
}

/// All datasets of a file share one limit.
#[test]
fn the_sum_of_sizes_is_limited() {
    let bytes = file("NIRGraph", "Linear");
    let read = |left| {
        let root = File::from_bytes(bytes.clone()).unwrap().group("/node").unwrap();
        Reader { name: "net.nir", left, most: DATASET_BYTES_MAX, nodes: 0 }.graph(&root, "/node", 1)
    };
    // Edges, types, the texts of a node, numbers.
    let needed = 6 * 16 + 2 * 16 + (16 + 2 * 8) + 6 * 8 + 8 + 8 + 64 * 8;
    assert!(read(needed).is_ok());
    let error = read(needed - 1).unwrap_err().to_string();
    assert!(error.contains("bytes that are read"), "{error}");
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
    check(file("NIRGraph", "NIRGraph"), "object `/node/nodes/a/edges`");
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
        // Little more than the file as it was needs, so that what claims to be larger reaches the limit.
        let mut reader = Reader { name: "net.nir", left: 1024, most: DATASET_BYTES_MAX, nodes: 0 };
        let root = File::from_bytes(bytes).and_then(|file| file.group("/node")).map_err(|e| reader.wrong("/", e));
        match root.and_then(|root| reader.graph(&root, "/node", 1)) {
            Ok(graph) => {
                let values = graph.nodes.values().flat_map(|node| node.numbers.values()).map(|array| array.values.len());
                prop_assert!(values.sum::<usize>() as u64 * NUMBER_BYTES <= 1024);
            }
            Err(error) => prop_assert!(error.to_string().starts_with("net.nir: object `/"), "{}", error),
        }
    }
}

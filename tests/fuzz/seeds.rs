//! Good files, for the targets to change.

use budget::Allowance;
use formats::container::{Kind, encode};
use formats::nir_data::NodeData;
use mapper::MapperOptions;
use session::{Board, Session};
use units::Tick;

/// A network for each kind of router, with the chip that it is for.
pub(crate) const NETWORKS: [(&str, &str); 4] = [
    ("dynapse2", include_str!("../../examples/network.toml")),
    ("xylo-audio3", include_str!("../../examples/xylo.toml")),
    ("brainscales2", BRAINSCALES),
    ("loihi-lava", LOIHI),
];

const BRAINSCALES: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "src", channels = 3 }]
[[population]]
name = "p"
size = 4
model = "analog-lif"
[[projection]]
name = "in"
pre = "src"
post = "p"
synapse = { excitatory = "excitatory", inhibitory = "inhibitory" }
connect = "all-to-all"
weight = { mean = "20 1", deviation = "9 1" }
"#;

const LOIHI: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "src", channels = 3 }]
[[population]]
name = "p"
size = 5
model = "loihi"
parameters = { v_threshold = "20 1" }
[[projection]]
name = "in"
pre = "src"
post = "p"
synapse = "box"
connect = "all-to-all"
weight = "3 1"
"#;

/// The board of one of [`NETWORKS`].
pub(crate) fn board(index: usize) -> Board {
    let (chip, text) = NETWORKS[index];
    let spec = formats::chip::shipped(chip).unwrap_or_else(|e| panic!("{e}"));
    let mut options = MapperOptions::default();
    let set = &mut |key: &str, value: &str| options.set(key, value);
    let network = formats::network::read_with(text, chip, "".as_ref(), &spec, Allowance::Usual, set)
        .unwrap_or_else(|e| panic!("{e}"));
    Board::map(spec, &network, &options).unwrap_or_else(|e| panic!("{e}"))
}

/// A session of `board` that has spikes under way.
pub(crate) fn busy(board: &Board) -> Session {
    let mut session = board.on(&board.die(1, 0).expect("a die")).expect("it runs");
    for (index, tick) in (0..400u32).enumerate() {
        let channel = units::InputId(index as u32 % board.program().input_count);
        session.send(channel, Tick(u64::from(tick) * 2), 1).expect("a channel");
    }
    session.run_until(Tick(500), &mut ());
    session
}

/// What `quenched map --out` writes.
pub(crate) fn program(board: &Board) -> Vec<u8> {
    encode(formats::program::KIND, &(board.program(), board.symbols()))
}

/// The kind of [`snapshot`].
pub(crate) const SNAPSHOT: Kind = Kind { name: "snapshot", version: 1 };

/// A state in the middle of a run.
pub(crate) fn snapshot(board: &Board) -> Vec<u8> {
    encode(SNAPSHOT, &busy(board).snapshot())
}

/// Connections as arrays, in the manner of numpy.
pub(crate) fn connections() -> Vec<u8> {
    npz(&[("pre", "<u4", &[0, 1, 2], 4), ("post", "<u2", &[1, 0, 3], 2), ("weight", "<i8", &[5, 9, 200], 8)])
}

/// Two samples of three steps and four channels, and their labels.
pub(crate) fn samples() -> Vec<u8> {
    let (counts, shape) = ([1u64, 0, 2, 0, 0, 0, 0, 3, 1, 1, 1, 1].repeat(2), &[2, 3, 4]);
    npz_shaped(&[("x", "|u1", &counts, 1, shape), ("y", "<i4", &[2, 0], 4, &[2])])
}

/// What two nodes did: spikes of one, voltages of another.
pub(crate) fn observed() -> Vec<u8> {
    let spikes = NodeData { name: "lif".into(), neurons: 3, spikes: vec![(0, 0.001), (2, 0.002)], grids: Vec::new() };
    let grids = vec![("v".into(), (0..8).map(f64::from).collect())];
    let voltages = NodeData { name: "li".into(), neurons: 2, spikes: Vec::new(), grids };
    formats::nir_data::write(&[spikes, voltages], 0.001, 0.004)
}

/// An archive of arrays of whole numbers: name, type, values, bytes a value.
fn npz(arrays: &[(&str, &str, &[u64], usize)]) -> Vec<u8> {
    let shapes: Vec<_> = arrays.iter().map(|(.., values, _)| [values.len()]).collect();
    let shaped: Vec<_> = arrays.iter().zip(&shapes).map(|(&(n, d, v, w), shape)| (n, d, v, w, &shape[..])).collect();
    npz_shaped(&shaped)
}

/// An array as [`npz`] has it, and its shape.
type Shaped<'a> = (&'a str, &'a str, &'a [u64], usize, &'a [usize]);

/// The same of arrays of any shape.
fn npz_shaped(arrays: &[Shaped<'_>]) -> Vec<u8> {
    let file = |dtype: &str, values: &[u64], width: usize, shape: &[usize]| {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
        formats::npz::npy(dtype, shape, &data)
    };
    let files: Vec<_> = arrays.iter().map(|&(name, d, v, w, shape)| (name, file(d, v, w, shape))).collect();
    formats::npz::archive(files.iter().map(|(name, file)| (*name, file.as_slice())))
}

/// Graphs in NIR of several kinds.
pub(crate) fn graphs() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/nir");
    let names = ["norse_rec_cuba", "ref_delay_scale_threshold", "torch_conv2d_shapes", "snn_rsynaptic_nested"];
    let read = |name| std::fs::read(folder.join(name).with_extension("nir")).expect("a graph of the repository");
    names.map(read).into()
}

/// A graph in NIR with one node.
pub(crate) fn graph() -> Vec<u8> {
    let mut builder = hdf5_pure::FileBuilder::new();
    let mut graph = builder.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    graph.create_dataset("edges").with_vlen_strings(&["a", "a"]).with_shape(&[1, 2]);
    let mut nodes = graph.create_group("nodes");
    let mut node = nodes.create_group("a");
    node.create_dataset("type").with_vlen_strings(&["Linear"]).with_shape(&[]);
    node.create_dataset("weight").with_f32_data(&[0.5, -1.0, 2.0, 0.0, 4.0, 8.0]).with_shape(&[2, 3]);
    nodes.add_group(node.finish());
    graph.add_group(nodes.finish());
    builder.add_group(graph.finish());
    builder.finish().expect("a file")
}

/// A net of lava-dl: an input, a convolution and a dense layer.
pub(crate) fn net() -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut layers = file.create_group("layer");
    for (index, kind, shape, weights, of) in [
        ("0", "input", vec![1, 4, 4], vec![], vec![]),
        ("1", "conv", vec![2, 3, 3], vec![2, -4, 6, 8, 10, -12, 14, 16], vec![2, 1, 2, 2, 1]),
        ("2", "dense", vec![2, 1, 1], (0..36).map(|weight| 2 * weight - 36).collect(), vec![2, 18]),
    ] {
        let mut layer = layers.create_group(index);
        layer.create_dataset("type").with_ascii_strings(&[kind]).expect("a type");
        layer.create_dataset("shape").with_i64_data(&shape).with_shape(&[3]);
        if !weights.is_empty() {
            layer.create_dataset("weight").with_i64_data(&weights).with_shape(&of);
            layer.create_dataset("delay").with_i64_data(&[1, 2]).with_shape(&[2]);
            let mut neuron = layer.create_group("neuron");
            neuron.create_dataset("type").with_vlen_strings(&["CUBA"]).with_shape(&[]);
            for (name, value) in [("iDecay", 1024), ("vDecay", 128), ("vThMant", 80)] {
                neuron.create_dataset(name).with_i64_data(&[value]).with_shape(&[]);
            }
            layer.add_group(neuron.finish());
        }
        layers.add_group(layer.finish());
    }
    file.add_group(layers.finish());
    file.finish().expect("a file")
}

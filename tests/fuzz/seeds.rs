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
    let (counts, shape) = ([1u64, 0, 2, 0, 0, 0, 0, 3, 1, 1, 1, 1].repeat(2), "2, 3, 4");
    npz_shaped(&[("x", "|u1", &counts, 1, shape), ("y", "<i4", &[2, 0], 4, "2,")])
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
    let shapes: Vec<String> = arrays.iter().map(|(.., values, _)| format!("{},", values.len())).collect();
    let shaped: Vec<_> = arrays.iter().zip(&shapes).map(|(&(n, d, v, w), shape)| (n, d, v, w, &shape[..])).collect();
    npz_shaped(&shaped)
}

/// The same of arrays of any shape, which comes last.
fn npz_shaped(arrays: &[(&str, &str, &[u64], usize, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, dtype, values, width, shape) in arrays {
        let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
        let header = format!("{header:<117}\n");
        let mut array = b"\x93NUMPY\x01\0".to_vec();
        array.extend((header.len() as u16).to_le_bytes());
        array.extend(header.as_bytes());
        values.iter().for_each(|value| array.extend(&value.to_le_bytes()[..*width]));
        let (offset, name) = (bytes.len() as u32, format!("{name}.npy"));
        let (length, check) = (array.len() as u32, crc32(&array));
        // Version needed, flags, method (stored), time, date.
        let mut common = [20u16, 0, 0, 0, 33].map(u16::to_le_bytes).concat();
        common.extend([check, length, length].map(u32::to_le_bytes).concat());
        common.extend((name.len() as u16).to_le_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend([0; 2]);
        bytes.extend(name.as_bytes());
        bytes.extend(&array);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length, count) = (bytes.len() as u32, directory.len() as u32, arrays.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].map(u16::to_le_bytes).concat());
    bytes.extend([length, start].map(u32::to_le_bytes).concat());
    bytes.extend([0; 2]);
    bytes
}

/// The checksum of zip archives (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
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

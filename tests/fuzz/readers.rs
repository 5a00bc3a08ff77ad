//! The targets: what is read, and what is done with it.

use crate::edit::{Edit, edited};
use crate::{forge, seeds};
use bolero::generator::*;
use budget::Allowance;
use formats::sensor::{Options, Order, Sensor, SensorFormat};
use mapper::MapperOptions;
use std::path::{Path, PathBuf};
use units::{Decimal, Tick};

/// Changed files of a target in a run of the tests. `BOLERO_RANDOM_ITERATIONS` says otherwise.
const ITERATIONS: usize = 300;

/// Neurons of a network that is mapped, at most: what a changed number asks for can be anything.
const MAPPED_MAX: u64 = 4096;

macro_rules! target {
    ($(#[$doc:meta])* $name:ident, $seeds:expr, $read:expr) => {
        $(#[$doc])*
        #[test]
        fn $name() {
            let (seeds, read): (Vec<Vec<u8>>, _) = ($seeds, $read);
            for seed in &seeds {
                assert!(read(seed), "a good file is read:\n{}", String::from_utf8_lossy(seed));
            }
            let changes = (produce::<u8>(), produce::<Vec<Edit>>().with().len(1usize..=4));
            bolero::check!().with_iterations(ITERATIONS).with_generator(changes).for_each(|(which, edits)| {
                read(&edited(&seeds[usize::from(*which) % seeds.len()], edits));
            });
        }
    };
}

/// Calls `read` with the text that `bytes` are, if they are one.
fn text(bytes: &[u8], read: impl Fn(&str) -> bool) -> bool {
    std::str::from_utf8(bytes).is_ok_and(read)
}

/// A folder whose file `name` is written anew for each reading.
struct Folder(tempfile::TempDir, &'static str);

impl Folder {
    fn new(name: &'static str) -> Self {
        Self(tempfile::tempdir().expect("a folder"), name)
    }

    fn with(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(self.1);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// A file beside it that stays as it is.
    fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).expect("a file");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

target!(
    chip_file,
    formats::chip::shipped_names()
        .map(|name| formats::chip::shipped_text(name).expect("it is shipped").into())
        .chain([include_bytes!("../../examples/my-chip.toml").to_vec()])
        .collect(),
    |bytes: &[u8]| text(bytes, |text| formats::chip::read(text, "chip.toml").is_ok())
);

target!(
    /// A network that is read is mapped, if it is not large; whether it fits is the mapper's business.
    network_file,
    seeds::NETWORKS.map(|(_, text)| text.into()).to_vec(),
    {
        let chips = seeds::NETWORKS.map(|(chip, _)| formats::chip::shipped(chip).expect("it is shipped"));
        move |bytes: &[u8]| {
            let read = |text: &str| {
                let networks = chips.iter().filter_map(|chip| {
                    let mut options = MapperOptions::default();
                    let set = &mut |key: &str, value: &str| options.set(key, value);
                    let network = formats::network::read_with(text, "network.toml", "".as_ref(), chip, Allowance::Usual, set).ok()?;
                    if network.neuron_count() <= MAPPED_MAX {
                        let _ = mapper::map(&network, chip, &options);
                    }
                    Some(())
                });
                networks.count() > 0
            };
            text(bytes, read)
        }
    }
);

target!(
    study_file,
    vec![
        study::DEFAULT.into(),
        include_bytes!("../../examples/echo-state.toml").to_vec(),
        include_bytes!("../../examples/pruning.toml").to_vec(),
    ],
    |bytes: &[u8]| text(bytes, |text| study::read(text, "study.toml", "".as_ref()).is_ok())
);

/// Tables of results: of the smallest study, with and without a readout on the chip.
fn tables() -> Vec<Vec<u8>> {
    let row = study::Row { metric: "nrmse".into(), model: "rate".into(), ..study::Row::default() };
    let stage = |name| study::StageScore { name, score: 0.1 + 0.2, cost: study::Cost::default() };
    let on_chip = study::OnChipRow {
        stages: vec![stage(study::StageName::OnChip), stage(study::StageName::Calibrated)],
        penalties: vec![0.25, 1.0],
        calibration: Some(study::Calibration::default()),
    };
    let mismatch = vec![study::Realised { parameter: "tau_mem".into(), mean: 1.01, cv: 0.2, skew: 0.1 }];
    let whole = study::Row { on_chip: Some(on_chip), mismatch, score_on_chip: Some(0.5), ..row.clone() };
    [vec![row.clone(), row], vec![whole]].map(|rows| study::csv(&rows).into_bytes()).to_vec()
}

target!(
    /// What is read is written again, and read as the same.
    results_table,
    tables(),
    |bytes: &[u8]| text(bytes, |text| {
        let Ok(rows) = study::read_csv(text, "results.csv") else { return false };
        let again = study::csv(&rows);
        assert_eq!(study::csv(&study::read_csv(&again, "results.csv").expect("it was just written")), again);
        true
    })
);

/// What reads a network of which these bytes are the list of connections, in a file of this name.
fn lists(file: &'static str) -> impl Fn(&[u8]) -> bool {
    let (folder, chip) = (Folder::new(file), formats::chip::shipped("dynapse2").expect("it is shipped"));
    let begin = seeds::NETWORKS[0].1.split("[[projection]]").next().expect("a beginning");
    let network = format!(
        "{begin}[[projection]]\nname = \"in\"\npre = \"stimulus\"\npost = \"reservoir\"\nsynapse = \"AMPA\"\n\
         connect = {{ list = \"{file}\" }}\nweight = \"1 1\"\n"
    );
    move |bytes| {
        folder.with(bytes);
        formats::network::read(&network, "network.toml", folder.path(), &chip).is_ok()
    }
}

target!(connection_list, vec![b"pre,post,weight\n# one\n0,1,0.5\n11,0,2\n".to_vec()], lists("list.csv"));
target!(connection_arrays, vec![seeds::connections()], lists("list.npz"));

target!(event_list, vec![include_bytes!("../../examples/events.csv").to_vec()], |bytes: &[u8]| text(bytes, |text| {
    formats::events::read_inputs(text, "events.csv", 24).is_ok()
}));

target!(
    spike_list,
    vec![{
        let neuron = units::NeuronAddress::default();
        let spike = |tick| formats::events::SpikeEvent { tick: Tick(tick), neuron, value: 1 };
        formats::events::write_spikes(&[spike(0), spike(7)]).into()
    }],
    |bytes: &[u8]| text(bytes, |text| formats::events::read_spikes(text, "spikes.csv").is_ok())
);

/// A measured die, of either form.
fn dies() -> Vec<Vec<u8>> {
    let spec = formats::chip::shipped("dynapse2").expect("it is shipped");
    let text = "# quenched-die 1, 3 entries\ncore,neuron,slot,fault,flipped,weight,tau_mem\n0,1,,hot,,,0.5\n0,2,,,,,1\n0,2,6,stuck,3,1.5,\n";
    let die = formats::measured::read_csv(text, "die.csv", &spec).expect("a good file");
    vec![text.into(), formats::measured::write_npz(&die)]
}

target!(measured_die, dies(), {
    let (folder, spec) = (Folder::new("die"), formats::chip::shipped("dynapse2").expect("it is shipped"));
    move |bytes: &[u8]| {
        let Ok(die) = formats::measured::load(&folder.with(bytes), &spec) else { return false };
        device_models::DieParameters::measured(&spec, disorder::Die { root_seed: 1, id: units::DieId(0) }, die).is_ok()
    }
});

target!(
    series_file,
    vec![b"@problemName Toy\n@dimensions 2\n@classLabel true a b\n@data\n0.1,2:1,1:a\n-1e-3,4:0,1:b\n".to_vec(),],
    |bytes: &[u8]| tasks::read_ts(bytes, "toy.ts").is_ok()
);

target!(
    regression_file,
    vec![b"prose\n@problemName Toy\n@dimensions 2\n@targetLabel true\n@data\n0.1,2:1,1:3.5\n-1e-3:0:-2e5\n".to_vec()],
    |bytes: &[u8]| tasks::read_ts_regression(bytes, "toy.ts").is_ok()
);

target!(
    /// A column of one's own, as the target of a function.
    own_series,
    vec![b"# mine\nt,flow\n0,0.5\n1,-1e-3\n2,7\n3,4\n".to_vec()],
    |bytes: &[u8]| text(bytes, |text| {
        let Ok(columns) = formats::series::read_columns(text, "own.csv") else { return false };
        columns.into_iter().all(|column| {
            let count = column.values.len();
            let recording = tasks::Recording::own(column.values).scaled_by(count);
            tasks::Function::Product(2).target(&recording, -1).is_ok()
        })
    })
);

target!(decimal, ["0.5", "-12e-3", "9007199254740993", "20 ms"].map(Into::into).to_vec(), |bytes: &[u8]| text(
    bytes,
    |text| text.parse::<Decimal>().is_ok() || text.parse::<units::Quantity>().is_ok()
));

/// Reads a recording of a simulator, both files of it, and replays it if it is whole.
fn replays(folder: &Folder, json: &[u8], arrays: &[u8]) -> bool {
    folder.with(arrays);
    std::fs::write(folder.path().join("case.json"), json).expect("a file");
    conform::Case::open(&folder.path().join("case.json")).is_ok_and(|case| conform::replay(&case).is_ok())
}

const CASES: [(&[u8], &[u8]); 2] = [
    (include_bytes!("../golden/loihi/loihi2_lif.json"), include_bytes!("../golden/loihi/loihi2_lif.npz")),
    (include_bytes!("../golden/xylo/net_06.json"), include_bytes!("../golden/xylo/net_06.npz")),
];

target!(golden_case, CASES.map(|(json, _)| json.to_vec()).to_vec(), {
    let folder = Folder::new("case.npz");
    move |bytes: &[u8]| CASES.iter().any(|(_, arrays)| replays(&folder, bytes, arrays))
});

target!(golden_arrays, CASES.map(|(_, arrays)| arrays.to_vec()).to_vec(), {
    let folder = Folder::new("case.npz");
    move |bytes: &[u8]| CASES.iter().any(|(json, _)| replays(&folder, json, bytes))
});

/// A program that is read is loaded, and one that is loaded runs.
fn runs(program: &[u8]) -> bool {
    let Ok((program, symbols)) =
        formats::container::decode::<(chip::Program, chip::Symbols)>(formats::program::KIND, program)
    else {
        return false;
    };
    let Ok(spec) = formats::chip::shipped(&program.chip) else { return false };
    let Ok(board) = session::Board::new(spec, program, symbols) else { return false };
    let Ok(mut session) = board.die(1, 0).and_then(|die| board.on(&die)) else { return false };
    session.run_until(Tick(20), &mut ());
    true
}

target!(program_file, (0..4).map(|index| seeds::program(&seeds::board(index))).collect(), runs);

/// A state that is read goes on where it was taken.
fn resumes(board: &session::Board, snapshot: &[u8]) -> bool {
    let Ok(snapshot) = formats::container::decode(seeds::SNAPSHOT, snapshot) else { return false };
    let Ok(mut session) = board.die(1, 0).and_then(|die| board.resume(&die, &snapshot)) else { return false };
    let end = session.now().after(200);
    session.run_until(end, &mut ());
    true
}

/// Contents that are forged, under a header that fits them.
macro_rules! forged {
    ($name:ident, $seeds:expr, $read:expr) => {
        #[test]
        fn $name() {
            let (seeds, read): (Vec<Vec<u8>>, _) = ($seeds, $read);
            for (which, seed) in seeds.iter().enumerate() {
                assert!(read(which, seed), "a good file is read");
            }
            let changes = (produce::<u8>(), produce::<Vec<Edit>>().with().len(1usize..=3));
            bolero::check!().with_iterations(ITERATIONS).with_generator(changes).for_each(|(which, edits)| {
                let which = usize::from(*which) % seeds.len();
                read(which, &forge::forged(&seeds[which], |content| edited(content, edits)));
            });
        }
    };
}

forged!(
    forged_program,
    (0..4).map(|index| seeds::program(&seeds::board(index))).collect(),
    |_: usize, bytes: &[u8]| runs(bytes)
);

forged!(forged_snapshot, (0..4).map(|index| seeds::snapshot(&seeds::board(index))).collect(), {
    let boards: Vec<_> = (0..4).map(seeds::board).collect();
    move |which: usize, bytes: &[u8]| resumes(&boards[which], bytes)
});

/// What reads a recording of the format `name` in every way that its options allow.
fn records(name: &'static str) -> impl Fn(&[u8]) -> bool {
    let format = SensorFormat::named(name).expect("a format of recordings");
    let pixels = Sensor::Pixels { width: 34, height: 34 };
    let large = Sensor::Pixels { width: 346, height: 260 };
    let columns = matches!(name, "npy" | "npz" | "text").then(|| "x,y,t,p".parse().expect("columns"));
    move |bytes| {
        let mut is_read = false;
        for sensor in [None, Some(pixels), Some(large), Some(Sensor::Channels(700))] {
            for order in [Order::Required, Order::Sort] {
                for columns in [None, columns.clone()] {
                    let sample = (name == "shd").then_some(2);
                    let options =
                        Options { sensor, order, columns, sample, format: Some(format), ..Options::default() };
                    if let Ok(recording) = formats::sensor::read(bytes, "recording", &options) {
                        assert!(recording.events.is_sorted_by_key(|event| event.time_us));
                        assert!(recording.events.iter().all(|event| event.address < recording.sensor.addresses()));
                        is_read = true;
                    }
                }
            }
        }
        is_read
    }
}

/// A file that another program wrote.
macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/formats/testdata/recordings/", $name)).to_vec()
    };
}

target!(recording_bs1, vec![vec![0, 7, 0, 0, 9, 1, 0, 0, 1, 0]], records("bs1"));
target!(recording_bs2, vec![vec![3, 4, 0, 0, 9, 5, 240, 0, 0, 9, 5, 6, 0x80, 1, 0]], records("bs2"));
target!(recording_bs3, vec![vec![0, 0x30, 4, 1, 0, 0, 9]], records("bs3"));
target!(
    recording_aedat2,
    ["dvs128.DVS128", "davis.Davis346"]
        .map(|chip| [format!("#!AER-DAT2.0\r\n# AEChip: {chip}\r\n").as_bytes(), &[0, 0, 2, 4, 0, 0, 0, 9]].concat())
        .to_vec(),
    records("aedat2")
);
target!(
    recording_aedat3,
    vec![
        [
            &b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"[..],
            &[1, 0, 1, 0, 8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
            &[3, 0, 2, 0, 9, 0, 0, 0],
        ]
        .concat()
    ],
    records("aedat3")
);
target!(
    recording_aedat4,
    vec![recording!("none.aedat4"), recording!("lz4.aedat4"), recording!("zstd.aedat4")],
    records("aedat4")
);
target!(recording_evt2, vec![[&b"% evt 2.0\n% end\n"[..], &[0, 0, 0, 0x80, 4, 8, 0, 0x10]].concat()], records("evt2"));
target!(
    recording_evt3,
    vec![[&b"% evt 3.0\n% end\n"[..], &[0, 0x80, 1, 0x60, 4, 0, 5, 0x28, 6, 0x30, 9, 0x40, 3, 0x50]].concat()],
    records("evt3")
);
target!(recording_dat, vec![recording!("events.dat")], records("dat"));
target!(recording_es, vec![recording!("events.es")], records("es"));
target!(recording_npz, vec![recording!("records.npz")], records("npz"));
target!(
    recording_npy,
    vec![recording!("aligned.npy"), recording!("rows.npy"), recording!("columns.npy")],
    records("npy")
);
target!(recording_shd, vec![recording!("shd.h5")], records("shd"));
target!(recording_text, vec![recording!("events.csv"), b"0 3\n5 4\n".to_vec()], records("text"));

target!(
    /// What a graph means: its nodes, its loops, and the network that it becomes.
    meaning_of_a_graph,
    seeds::graphs(),
    |bytes: &[u8]| {
        let Ok(file) = formats::nir::NirGraph::from_bytes(bytes.to_vec(), "graph.nir") else { return false };
        let mut options = graph::Options::default();
        options.step = Some(1e-4);
        let Ok(graph) = graph::Graph::new(&file, &options) else { return false };
        let channels: u64 = graph.inputs().map(|(_, channels, _)| u64::from(channels)).sum();
        let ideal = formats::chip::shipped("ideal").expect("it is shipped");
        channels > MAPPED_MAX || graph.steps(&ideal).is_ok()
    }
);

target!(
    /// What nodes of a graph did, as tools exchange it.
    nir_data,
    vec![seeds::observed()],
    {
        let folder = Folder::new("data.h5");
        move |bytes: &[u8]| formats::nir_data::NirData::open(&folder.with(bytes)).is_ok()
    }
);

/// What reads a set of samples whose file has this name, and makes events of it.
fn samples(name: &'static str) -> impl Fn(&[u8]) -> bool {
    let folder = Folder::new(name);
    folder.file("a.csv", b"tick,channel\n3,1\n");
    move |bytes| {
        let options = score::SetOptions {
            channels: 4,
            outputs: 3,
            tick: "1 ms".parse().expect("a time"),
            row: 1,
            bin: None,
            needs_bin: false,
            steps: false,
            numbers: false,
            recordings: score::Recordings::default(),
            classes: None,
            limit: Some(16),
            threads: std::num::NonZeroUsize::new(1),
        };
        let path = folder.with(bytes);
        let labelled = score::Source::open(&path, None, None, false).and_then(|source| source.read(&options));
        let plain = score::Source::unlabelled(&path, None, false).and_then(|source| source.read(&options));
        labelled.is_ok() && plain.is_ok()
    }
}

target!(labelled_list, vec![b"# two\nfile,label\na.csv,0\na.csv,2\n".to_vec()], samples("set.csv"));
target!(labelled_arrays, vec![seeds::samples()], samples("set.npz"));

target!(spiking_graph, vec![seeds::graph()], |bytes: &[u8]| {
    formats::nir::NirGraph::from_bytes(bytes.to_vec(), "graph.nir").is_ok()
});

target!(
    /// What a net of lava-dl means, and the network that it becomes.
    net_of_layers,
    vec![seeds::net()],
    {
        let chip = formats::chip::shipped("loihi-lava").expect("it is shipped");
        move |bytes: &[u8]| {
            let file = formats::netx::NetxFile::from_bytes(bytes.to_vec(), "network.net");
            file.is_ok_and(|file| graph::Netx::new(&file, &chip).is_ok())
        }
    }
);

/// What reads the description of a golden case as a network; its archive is whole.
fn case(folder: &'static str, name: &'static str, chip: &'static str) -> impl Fn(&[u8]) -> bool {
    let (to, chip) = (Folder::new("case.json"), formats::chip::shipped(chip).expect("it is shipped"));
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(folder).join(name);
    std::fs::copy(from.with_extension("npz"), to.path().join("case.npz")).expect("the archive of a case");
    move |bytes| conform::Case::open(&to.with(bytes)).is_ok_and(|case| conform::as_network(&case, &chip).is_ok())
}

target!(
    recorded_loihi,
    vec![include_bytes!("../golden/loihi/l07_one_bit.json").to_vec()],
    case("loihi", "l07_one_bit", "loihi-lava")
);
target!(recorded_xylo, vec![include_bytes!("../golden/xylo/net_00.json").to_vec()], case("xylo", "net_00", "xylo-imu"));

target!(mantissas, vec![b"pre,post,mantissa,exponent,delay\n0,1,120,4,1\n2,4,-36,4,3\n".to_vec()], {
    let (folder, chip) = (Folder::new("list.csv"), formats::chip::shipped("loihi-lava").expect("it is shipped"));
    let begin = seeds::NETWORKS[3].1.split("[[projection]]").next().expect("a beginning");
    let network = format!(
        "{begin}[[projection]]\nname = \"in\"\npre = \"src\"\npost = \"p\"\nconnect = {{ list = \"list.csv\" }}\n\
             weight = \"1 1\"\n"
    );
    move |bytes: &[u8]| {
        folder.with(bytes);
        let read = formats::network::read(&network, "network.toml", folder.path(), &chip);
        read.is_ok_and(|network| mapper::map(&network, &chip, &MapperOptions::default()).is_ok())
    }
});

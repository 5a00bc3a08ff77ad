//! How far the events of a run go, on a chip whose file says where its cores lie.
//!
//! Every spike sends an event for each destination of its neuron, and each takes as many hops as the tiles of its two
//! cores are apart. Events of the host are not counted: where they enter the mesh is not known.

use crate::Board;
use emulator::Observer;
use units::{NeuronId, Tick};

/// Hops of events between the tiles of a chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hops {
    /// By sending core, in the order of the program: hops along rows, and along columns.
    pub cores: Vec<[u64; 2]>,
}

impl Hops {
    /// Those of all cores.
    pub fn total(&self) -> [u64; 2] {
        self.cores.iter().fold([0; 2], |all, own| [all[0] + own[0], all[1] + own[1]])
    }
}

/// An observer that counts them.
#[derive(Clone, Debug)]
pub struct HopMeter {
    board: Board,
    /// By source of the program: hops of all events of a spike.
    sources: Vec<[u64; 2]>,
    counted: Hops,
}

impl HopMeter {
    /// A meter for runs of `board`; none if its chip file does not say where cores lie.
    pub fn new(board: &Board) -> Option<Self> {
        let mesh = board.spec().mesh.as_ref()?;
        let (fabric, cores) = (board.fabric(), &board.program().cores);
        let of_source = |source: usize| {
            let Some((from, _)) = fabric.neuron_of_source(source as u32) else { return [0; 2] };
            fabric.routes()[fabric.routes_of(source)].iter().fold([0; 2], |all: [u64; 2], route| {
                let own = mesh.hops(cores[from].address, cores[fabric.row(route.row).core].address);
                [all[0] + own[0], all[1] + own[1]]
            })
        };
        let sources = (0..fabric.source_count()).map(of_source).collect();
        let counted = Hops { cores: vec![[0; 2]; cores.len()] };
        Some(Self { board: board.clone(), sources, counted })
    }

    /// What was counted.
    pub fn finish(self) -> Hops {
        self.counted
    }
}

impl Observer for HopMeter {
    fn emit(&mut self, _tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        let own = self.sources[self.board.fabric().neuron_source(core, neuron)];
        // The value of a graded unit is its level, and each change of it one event.
        let is_graded = self.board.program().cores[core].model.is_graded();
        let spikes = if is_graded { 1 } else { u64::from(value.unsigned_abs()) };
        for (all, own) in self.counted.cores[core].iter_mut().zip(own) {
            *all += own * spikes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chip::MeshSpec;
    use mapper::MapperOptions;
    use serde_json::Value;
    use units::{ChipId, CoreAddress, Decimal};

    /// Recorded by SANA-FE 2.2.9: a network of our own on the numbers of its `loihi.yaml`.
    const RECORDED: &str = include_str!("../../../tests/golden-timing/loihi-recurrent.json");

    fn loihi() -> chip::ChipSpec {
        formats::chip::shipped("loihi-lava").expect("it is shipped")
    }

    fn number(value: &Value) -> u64 {
        value.as_u64().unwrap_or_else(|| panic!("{value} is a number"))
    }

    /// The mesh of a recording.
    fn mesh_of(arch: &Value) -> MeshSpec {
        let mut mesh = loihi().mesh.expect("it has one");
        let sizes = [&mut mesh.width, &mut mesh.height, &mut mesh.cores_per_tile];
        for (fact, key) in sizes.into_iter().zip(["width", "height", "cores_per_tile"]) {
            fact.quantity.value = Decimal::integer(number(&arch[key]) as i64);
        }
        mesh
    }

    const fn core(index: u64) -> CoreAddress {
        CoreAddress::new(0, index as u16)
    }

    /// Hops of every message and step, and the energy of the network where a price does not depend on which way along a
    /// row or column a message goes.
    fn check(name: &str, case: &Value) {
        let (arch, price) = (&case["arch"], &case["arch"]["energy"]);
        let mesh = mesh_of(arch);
        let each = |key: &str| number(&price[key]);
        let symmetric = each("east") == each("west") && each("north") == each("south");
        for step in case["expected"].as_array().expect("steps") {
            let mut total = [0; 2];
            let messages = step["messages"].as_array().expect("messages");
            for message in messages {
                let column = |index: usize| number(&message[index]);
                let hops = mesh.hops(core(column(1)), core(column(2)));
                assert_eq!(hops[0] + hops[1], column(3), "{name}: {message}");
                total = [total[0] + hops[0], total[1] + hops[1]];
            }
            assert_eq!(total[0] + total[1], number(&step["count"]["hops"]), "{name}");
            if symmetric {
                let ends = messages.len() as u64 * (each("axon_in") + each("axon_out"));
                let network = total[0] * each("east") + total[1] * each("north") + ends;
                assert_eq!(network, number(&step["energy"]["network"]), "{name}");
            }
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn hops_are_those_that_were_recorded() {
        check("loihi-recurrent", &serde_json::from_str(RECORDED).expect("JSON"));
        let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/sanafe");
        let Ok(files) = std::fs::read_dir(&shared) else {
            eprintln!("skipped: the shared recordings of SANA-FE are not there");
            return;
        };
        for path in files.map(|file| file.expect("a file").path()) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if name.ends_with(".json") && !name.ends_with(".stations.json") {
                check(&name, &serde_json::from_str(&std::fs::read_to_string(&path).expect("text")).expect("JSON"));
            }
        }
    }

    #[test]
    fn chips_of_a_board_have_no_hops_between_them() {
        let mesh = loihi().mesh.expect("it has one");
        assert_eq!(mesh.hops(core(0), core(127)), [7, 3]);
        assert_eq!(mesh.hops(core(127), core(0)), [7, 3]);
        assert_eq!(mesh.hops(core(0), CoreAddress { chip: ChipId(1), ..core(127) }), [0, 0]);
    }

    const NETWORK: &str = r#"
format = "quenched-network"
version = 1
input = [{ name = "in", channels = 1 }]

[[population]]
name = "a"
size = 40
model = "loihi"
parameters = { bias_mantissa = "100 1", bias_exponent = "6 1", v_threshold = "10 1" }

[[population]]
name = "b"
size = 2
model = "loihi"

[[projection]]
name = "far"
pre = "a"
post = "b"
connect = "all-to-all"
weight = "1 1"

[[projection]]
name = "drive"
pre = "in"
post = "b"
connect = "all-to-all"
weight = "1 1"
"#;

    /// Two neurons a core: `a` fills the cores 0 to 19 in tiles of four, and `b` is in core 20, in the second row of
    /// the second column.
    #[test]
    fn a_spike_hops_to_each_core_that_hears_it() {
        let mut chip = loihi();
        chip.geometry.neurons_per_core.quantity.value = Decimal::integer(2);
        let network =
            formats::network::read(NETWORK, "net.toml", ".".as_ref(), &chip).unwrap_or_else(|e| panic!("{e}"));
        let board = Board::map(chip, &network, &MapperOptions::default()).expect("it fits");
        assert_eq!(board.program().cores[20].address, core(20));
        let mut session = board.on(&device_models::DieParameters::nominal()).expect("a die");
        let channel = board.channel("in", 0).expect("it is there");
        (0..3).for_each(|tick| session.send(channel, Tick(tick), 1).expect("it is sent"));
        let (mut meter, mut activity) = (HopMeter::new(&board), crate::Activity::new(&board));
        session.run_until(Tick(20), &mut (&mut meter, &mut activity));
        let spikes = &activity.populations()[0].events;
        assert!(spikes.iter().all(|count| *count == spikes[0] && *count > 0), "{spikes:?}");
        let both = 2 * spikes[0];
        let by_tile = [[1, 1], [1, 0], [1, 1], [1, 2], [0, 1]];
        let expected: Vec<[u64; 2]> = by_tile.iter().flat_map(|hops| [hops.map(|hops| hops * both); 4]).collect();
        let hops = meter.expect("the chip has a mesh").finish();
        assert_eq!(hops.cores[..20], expected);
        assert_eq!(hops.cores[20], [0, 0]);
        assert_eq!(hops.total(), [16 * both, 20 * both]);
        // Each spike of `a` is one event, and so is each of the host, which does not count.
        assert_eq!(session.counters().events_sent, 40 * spikes[0] + 3);
    }

    #[test]
    fn a_chip_without_a_mesh_has_no_hops() {
        let mut chip = loihi();
        chip.mesh = None;
        chip.energy.retain(|operation, _| !chip::HOP_OPERATIONS.contains(&operation.as_str()));
        chip.sources.retain(|name, _| !["sana-fe-mesh", "davies-2018"].contains(&name.as_str()));
        let network =
            formats::network::read(NETWORK, "net.toml", ".".as_ref(), &chip).unwrap_or_else(|e| panic!("{e}"));
        let board = Board::map(chip, &network, &MapperOptions::default()).expect("it fits");
        assert!(HopMeter::new(&board).is_none());
    }
}

//! Graphs on Xylo chips, and what these hold as graphs: written, read and run again.

use chip::{ChipSpec, InputEvent};
use device_models::DieParameters;
use emulator::{Each, Spike};
use formats::nir::{NirArray, NirGraph, NirNode};
use graph::{Graph, Like, Options, Steps, XyloGraph, XyloRegisters};
use mapper::{DecodedConnection, MapperOptions, Mapping, Scale, decode, decode_parameter, map};
use proptest::prelude::*;
use session::{Board, Recording};
use units::{InputId, Tick};

const CHANNELS: u32 = 3;
const HIDDEN: usize = 4;
const READ_OUT: usize = 2;
const DT: f64 = 1e-3;

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

/// Neurons that are all alike but for their constant input.
#[derive(Clone, Debug)]
struct Alike {
    dash_mem: i32,
    dash_syn: i32,
    threshold: f64,
    bias: Vec<f64>,
}

/// Weights from the channels, among hidden neurons, and onto those that are read out.
type Matrices = [Vec<f64>; 3];

fn node(kind: &str, numbers: &[(&str, &[u64], &[f64])]) -> NirNode {
    let array = |(name, shape, values): &(&str, &[u64], &[f64])| {
        ((*name).to_owned(), NirArray { shape: (*shape).into(), values: (*values).into() })
    };
    NirNode { kind: kind.into(), numbers: numbers.iter().map(array).collect(), ..NirNode::default() }
}

impl Alike {
    /// The node that these are under the rules `xylo`.
    fn node(&self) -> NirNode {
        let count = [self.bias.len() as u64];
        let all = |value: f64| vec![value; self.bias.len()];
        let power = |dash: i32| 2f64.powi(dash);
        let rest: Vec<f64> = self.bias.iter().map(|bias| bias * power(self.dash_mem)).collect();
        node(
            "CubaLIF",
            &[
                ("tau_mem", &count, &all(DT * power(self.dash_mem))),
                ("tau_syn", &count, &all(DT * power(self.dash_syn))),
                ("r", &count, &all(1.0)),
                ("v_leak", &count, &rest),
                ("v_threshold", &count, &all(self.threshold)),
            ],
        )
    }
}

/// `input` to `hidden` neurons with weights among them, to `read` neurons.
fn file(hidden: NirNode, read: NirNode, [first, among, last]: &Matrices) -> NirGraph {
    let [channels, neurons, outputs] = [u64::from(CHANNELS), HIDDEN as u64, READ_OUT as u64];
    let linear = |rows, columns, weights: &[f64]| node("Linear", &[("weight", &[rows, columns], weights)]);
    let nodes = [
        ("input", node("Input", &[("shape", &[1], &[channels as f64])])),
        ("first", linear(neurons, channels, first)),
        ("hidden", hidden),
        ("among", linear(neurons, neurons, among)),
        ("last", linear(outputs, neurons, last)),
        ("read", read),
        ("output", node("Output", &[("shape", &[1], &[outputs as f64])])),
    ];
    let ways = "input first hidden among hidden last read output".split(' ').collect::<Vec<_>>();
    NirGraph {
        nodes: nodes.into_iter().map(|(name, node)| (name.to_owned(), node)).collect(),
        edges: ways.windows(2).map(|ends| (ends[0].to_owned(), ends[1].to_owned())).collect(),
    }
}

/// The options of the reader that arguments of the command are.
fn options(arguments: &[String]) -> Options {
    let mut options = Options::of(Like::Xylo);
    for argument in arguments {
        match argument.split_once(' ').expect("an option with its value") {
            ("--like", like) => assert_eq!(like, "xylo"),
            ("--dt", dt) => options.step = dt.parse().ok(),
            ("--rule", rule) => options.set(rule).unwrap(),
            _ => panic!("{argument}"),
        }
    }
    options
}

/// A graph on a Xylo.
struct OnChip {
    graph: Graph,
    steps: Steps,
    mapping: Mapping,
    spec: ChipSpec,
}

impl OnChip {
    fn new(file: &NirGraph, options: &Options, chip: &str) -> Self {
        let spec = shipped(chip);
        let graph = Graph::new(file, options).unwrap();
        let steps = graph.on(&spec, None).unwrap();
        let mapping =
            map(&steps.network, &spec, &MapperOptions { scale: Scale::Auto, ..MapperOptions::default() }).unwrap();
        Self { graph, steps, mapping, spec }
    }

    fn connections(&self) -> Vec<DecodedConnection> {
        decode(&self.mapping.program, &self.mapping.placement, &self.steps.network, &self.spec).unwrap()
    }

    fn registers(&self) -> Vec<XyloRegisters> {
        let of = |population: usize| {
            let Mapping { program, placement, .. } = &self.mapping;
            let register = |name: &str| -> Vec<i16> {
                let held = decode_parameter(program, placement, &self.spec, population, name).unwrap();
                held.iter().map(|value| value.value.to_bits(0).unwrap() as i16).collect()
            };
            let shifts = |name: &str| register(name).into_iter().map(|dash| dash as u8).collect();
            XyloRegisters {
                dash_mem: shifts("dash_mem"),
                dash_syn: shifts("dash_syn"),
                threshold: register("threshold"),
                bias: register("bias"),
                spikes_max: if placement.segments(population)[0].core.core == chip::XYLO_OUTPUT { 1 } else { 31 },
            }
        };
        (0..self.steps.built.len()).map(of).collect()
    }

    /// What it holds, as a file and back.
    fn read_back(&self) -> XyloGraph {
        let network = &self.steps.network;
        let index = |c: &DecodedConnection| {
            network.projections.iter().position(|p| (p.pre, p.post) == (c.pre, c.post)).expect("a projection")
        };
        let got: Vec<_> = self.connections().iter().map(|c| (index(c), c.pre_index, c.post_index, c.weight)).collect();
        let written = self.graph.read_back_xylo(&self.steps, &got, &self.registers()).unwrap();
        let again = NirGraph::from_bytes(written.file.to_bytes(), "held.nir").unwrap();
        assert_eq!(again.nodes, written.file.nodes);
        XyloGraph { file: again, ..written }
    }

    fn board(&self) -> Board {
        Board::new(self.spec.clone(), self.mapping.program.clone(), self.mapping.symbols.clone()).unwrap()
    }
}

/// What happened in each step: spikes of all neurons of both populations, and a state of the hidden ones.
struct Ran {
    spikes: Vec<Vec<i32>>,
    states: Vec<Vec<f64>>,
    saturations: u64,
}

fn run(board: &Board, step_ticks: u32, counts: &[[u8; 3]], quantity: &str) -> Ran {
    let ticks = u64::from(step_ticks);
    let mut session = board.on(&DieParameters::nominal()).unwrap();
    session.probe_population("hidden", None, quantity).unwrap();
    let mut events = Vec::new();
    for (step, row) in counts.iter().enumerate() {
        for (channel, count) in (0..).zip(row).filter(|(_, count)| **count > 0) {
            let tick = Tick(step as u64 * ticks);
            events.push(InputEvent { tick, channel: InputId(channel), payload: (*count).into() });
        }
    }
    let mut spikes = vec![vec![0; HIDDEN + READ_OUT]; counts.len()];
    let hidden = board.symbols().populations.iter().position(|population| population.name == "hidden").unwrap();
    let mut watch = Each(|spike: Spike| {
        let (population, index) = board.member(spike.core, spike.neuron).unwrap();
        let place = index as usize + if population == hidden { 0 } else { HIDDEN };
        spikes[(spike.tick.0 / ticks) as usize][place] += spike.value;
    });
    let end = Tick(counts.len() as u64 * ticks);
    session.run_with(&mut events.into_iter().peekable(), end, &mut watch).unwrap();
    let value = |recording: &Recording, step: usize| {
        recording.bits[step] as f64 / 2f64.powi(recording.probe.kind.fraction_bits as i32)
    };
    let states = (0..counts.len())
        .map(|step| session.recordings().iter().map(|recording| value(recording, step)).collect())
        .collect();
    Ran { spikes, states, saturations: session.counters().saturations }
}

fn on_ideal(written: &XyloGraph, counts: &[[u8; 3]], quantity: &str) -> Ran {
    let graph = Graph::new(&written.file, &options(&written.options)).unwrap();
    let steps = graph.steps(&shipped("ideal")).unwrap();
    let board = Board::map(shipped("ideal"), &steps.network, &MapperOptions::default()).unwrap();
    run(&board, steps.step_ticks, counts, quantity)
}

/// Numbers times `unit`.
fn whole(range: std::ops::Range<i32>, unit: f64, count: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(range.prop_map(move |n| f64::from(n) * unit), count)
}

fn matrices(range: i32, unit: f64) -> impl Strategy<Value = Matrices> {
    let of = |count| whole(-range..range + 1, unit, count);
    (of(HIDDEN * CHANNELS as usize), of(HIDDEN * HIDDEN), of(READ_OUT * HIDDEN)).prop_map(|(a, b, c)| [a, b, c])
}

fn rows(most: u8, steps: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[u8; 3]>> {
    prop::collection::vec([0..most, 0..most, 0..most], steps)
}

/// What divides all numbers, so that halving them ten times is exact.
const EVEN: f64 = 1024.0;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_a_chip_holds_is_read_again_as_it_was(
        matrices in matrices(120, 0.37),
        dashes in [1..8i32, 1..8, 0..8, 0..8],
        thresholds in [20.0..900.0f64, 20.0..900.0],
        bias in whole(-9..9, 0.5, HIDDEN),
        chip in prop::sample::select(vec!["xylo-audio2", "xylo-audio3", "xylo-imu"]),
    ) {
        let [syn, syn_read, mem, mem_read] = dashes;
        let hidden = Alike { dash_mem: mem, dash_syn: syn, threshold: thresholds[0], bias };
        let read = Alike { dash_mem: mem_read, dash_syn: syn_read, threshold: thresholds[1], bias: vec![0.0; READ_OUT] };
        let first = OnChip::new(&file(hidden.node(), read.node(), &matrices), &Options::of(Like::Xylo), chip);
        let written = first.read_back();
        prop_assert_eq!(&written.options, &["--like xylo", "--rule read.spikes=1"]);
        let again = OnChip::new(&written.file, &options(&written.options), chip);
        prop_assert_eq!(again.connections(), first.connections());
        prop_assert_eq!(again.registers(), first.registers());
        prop_assert_eq!(&first.registers()[0].dash_syn, &vec![syn as u8; HIDDEN]);
    }

    /// Where every number can be halved as often as there are steps, nothing is rounded.
    #[test]
    fn without_rounding_the_graph_spikes_as_the_chip_does(
        matrices in matrices(2, EVEN),
        thresholds in [1..5i32, 1..5],
        bias in whole(-1..2, EVEN, HIDDEN),
        counts in rows(3, 4..10),
    ) {
        let alike = |threshold: i32, bias| Alike { dash_mem: 1, dash_syn: 1, threshold: f64::from(threshold) * EVEN, bias };
        let (hidden, read) = (alike(thresholds[0], bias), alike(thresholds[1], vec![0.0; READ_OUT]));
        let graph = file(hidden.node(), read.node(), &matrices);
        let chip = OnChip::new(&graph, &Options::of(Like::Xylo), "xylo-audio2");
        // The numbers of the graph are those of the registers already: one factor would cost the halving.
        let factor = f64::from(chip.registers()[0].threshold[0]) / (f64::from(thresholds[0]) * EVEN);
        prop_assume!(factor == 1.0);
        let on_chip = run(&chip.board(), chip.steps.step_ticks, &counts, "v_mem");
        prop_assume!(on_chip.saturations == 0);
        let on_ideal = on_ideal(&chip.read_back(), &counts, "v");
        prop_assert_eq!(on_ideal.spikes, on_chip.spikes);
        prop_assert_eq!(on_ideal.states, on_chip.states);
    }

    /// As the command says of what no node does.
    #[test]
    fn states_are_as_far_apart_as_is_stated(
        matrices in matrices(100, 1.0),
        mem in 0..6i32,
        syn in 1..6i32,
        counts in rows(4, 40..120),
        states in prop::sample::select(vec![("i_syn", "i"), ("v_mem", "v")]),
    ) {
        let silent = |count| Alike { dash_mem: mem, dash_syn: syn, threshold: 32_767.0, bias: vec![0.0; count] };
        let graph = file(silent(HIDDEN).node(), silent(READ_OUT).node(), &matrices);
        let chip = OnChip::new(&graph, &Options::of(Like::Xylo), "xylo-imu");
        let on_chip = run(&chip.board(), chip.steps.step_ticks, &counts, states.0);
        let written = chip.read_back();
        let on_ideal = on_ideal(&written, &counts, states.1);
        prop_assume!(on_chip.saturations == 0 && on_chip.spikes.iter().flatten().all(|count| *count == 0));
        let of_current = 2f64.powi(syn);
        let of_membrane = 2f64.powi(mem) * (1.0 + of_current);
        let bounds = format!("less than {of_current} and a membrane less than {of_membrane} ");
        prop_assert!(written.unsaid[0].contains(&bounds), "{} has not: {}", written.unsaid[0], bounds);
        let most = if states.1 == "i" { of_current } else { of_membrane };
        for (ideal, chip) in on_ideal.states.iter().flatten().zip(on_chip.states.iter().flatten()) {
            prop_assert!((ideal - chip).abs() < most, "{} is not within {} of {}", ideal, most, chip);
        }
    }
}

/// Spikes of `hidden` in 400 steps on a chip and on `ideal`, of a graph without anything among the neurons.
fn rates(hidden: NirNode, like: Like, chip: &str) -> [i32; 2] {
    let matrices: Matrices = [vec![0.9; HIDDEN * 3], vec![0.0; HIDDEN * HIDDEN], vec![0.5; READ_OUT * HIDDEN]];
    let read = hidden.clone();
    let read = NirNode {
        numbers: read
            .numbers
            .into_iter()
            .map(|(name, array)| {
                (name, NirArray { shape: vec![READ_OUT as u64], values: array.values[..READ_OUT].into() })
            })
            .collect(),
        ..read
    };
    let file = file(hidden, read, &matrices);
    let counts: Vec<[u8; 3]> =
        (0..400).map(|t| [u8::from(t % 2 == 0), u8::from(t % 3 == 0), u8::from(t % 7 < 2)]).collect();
    let mut options = Options::of(like);
    options.step = Some(DT);
    // What a spike does is the chip's, so that only the numbers differ.
    for rule in ["reset=subtract", "spikes=31", "compare=>="] {
        options.set(rule).unwrap();
    }
    let of = |chip: &str, quantity| {
        let spec = shipped(chip);
        let steps = Graph::new(&file, &options).unwrap().on(&spec, None).unwrap();
        let mapper = MapperOptions { scale: Scale::Auto, ..MapperOptions::default() };
        let board = Board::map(spec, &steps.network, &mapper).unwrap();
        let ran = run(&board, steps.step_ticks, &counts, quantity);
        ran.spikes.iter().map(|row| row[..HIDDEN].iter().sum::<i32>()).sum()
    };
    [of(chip, if chip.starts_with("xylo") { "v_mem" } else { "v" }), of("ideal", "v")]
}

#[test]
fn a_chip_spikes_about_as_often_as_the_graph() {
    let all = |value: f64| vec![value; HIDDEN];
    let count = [HIDDEN as u64];
    let leaks = node(
        "LIF",
        &[
            ("tau", &count, &all(16e-3)),
            ("r", &count, &all(16.0)),
            ("v_leak", &count, &all(0.0)),
            ("v_threshold", &count, &all(3.0)),
        ],
    );
    let cuba = |leak: f64, r: f64| {
        node(
            "CubaLIF",
            &[
                ("tau_mem", &count, &all(16e-3)),
                ("tau_syn", &count, &all(8e-3)),
                ("r", &count, &all(r)),
                ("v_leak", &count, &all(leak)),
                ("v_threshold", &count, &all(3.0)),
            ],
        )
    };
    let cases = [
        (leaks, Like::Euler, "xylo-audio2"),
        (cuba(0.0, 16.0), Like::Euler, "xylo-audio2"),
        (cuba(0.5, 16.0), Like::Euler, "xylo-imu"),
        (cuba(0.0, 1.0), Like::Rockpool, "xylo-audio3"),
    ];
    for (hidden, like, chip) in cases {
        let [on_chip, wished] = rates(hidden, like, chip);
        assert!(wished > 100, "{wished} spikes tell nothing");
        assert!(
            (on_chip - wished).abs() * 4 < wished,
            "{chip}, {}: {on_chip} spikes, and {wished} of the graph",
            like.name()
        );
    }
}

//! Graphs of trained nets, through mapper and kernel: spikes cell for cell and voltages against an oracle in doubles.

use chip::InputEvent;
use conformance::graph::{GraphNeuron, GraphNode, GraphOracle};
use device_models::DieParameters;
use emulator::{Each, Spike};
use formats::nir::{NirArray, NirGraph, NirNode};
use graph::{Graph, Like, Options, Steps};
use mapper::MapperOptions;
use proptest::prelude::*;
use session::Board;
use std::collections::{BTreeMap, BTreeSet};
use units::{InputId, Tick};

/// Length of a step in seconds.
const DT: f64 = 1e-3;
/// A voltage this near to its threshold may be a spike in one and none in the other.
const MARGIN: f64 = 1e-4;

/// Of a neuron: time constants in steps, r, v_leak, threshold, v_reset.
type Neuron = (f64, f64, f64, f64, f64, f64);

/// A layer of a random graph.
#[derive(Clone, Debug)]
struct Layer {
    weights: Vec<Vec<f64>>,
    bias: Option<Vec<f64>>,
    scale: Option<f64>,
    delay: Option<usize>,
    kind: &'static str,
    neurons: Vec<Neuron>,
    recurrent: Option<Vec<Vec<f64>>>,
    /// Whether a second way leads from the input to the neurons.
    skip: Option<Vec<Vec<f64>>>,
}

#[derive(Clone, Debug)]
struct Net {
    channels: usize,
    layers: Vec<Layer>,
    like: Like,
    numbers: bool,
    /// Whether the last layer feeds the first, a step later.
    ring: Option<Vec<Vec<f64>>>,
}

fn number() -> impl Strategy<Value = f64> {
    (-64..64i32).prop_map(|n| f64::from(n) / 64.0)
}

fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(number(), columns), rows)
}

fn layer(columns: usize, channels: usize) -> impl Strategy<Value = Layer> {
    (1..4usize).prop_flat_map(move |rows| {
        let neuron = (1.5..20f64, 1.5..20f64, 0.5..3f64, number(), 0.25..1.5f64, number());
        let kinds = ["LIF", "CubaLIF", "IF", "LI", "CubaLI", "I", "Threshold"];
        (
            matrix(rows, columns),
            prop::option::of(prop::collection::vec(number(), rows)),
            prop::option::of(number()),
            prop::option::of(0..4usize),
            prop::sample::select(kinds.to_vec()),
            prop::collection::vec(neuron, rows),
            prop::option::of(matrix(rows, rows)),
            prop::option::of(matrix(rows, channels)),
        )
            .prop_map(|(weights, bias, scale, delay, kind, neurons, recurrent, skip)| Layer {
                weights,
                bias,
                scale,
                delay,
                kind,
                neurons,
                recurrent,
                skip,
            })
    })
}

fn nets() -> impl Strategy<Value = Net> {
    let likes = vec![Like::Euler, Like::SnnTorch, Like::Sinabs, Like::SpikingJelly, Like::Rockpool];
    (1..4usize, 1..4usize, prop::sample::select(likes), any::<bool>()).prop_flat_map(
        |(channels, depth, like, numbers)| {
            let mut layers = layer(channels, channels).prop_map(|first| vec![first]).boxed();
            for _ in 1..depth {
                layers = layers
                    .prop_flat_map(move |before| {
                        let columns = before.last().expect("there is one").weights.len();
                        layer(columns, channels).prop_map(move |next| [before.clone(), vec![next]].concat())
                    })
                    .boxed();
            }
            layers.prop_flat_map(move |layers| {
                let (first, last) = (layers[0].weights.len(), layers.last().expect("there is one").weights.len());
                prop::option::of(matrix(first, last)).prop_map(move |ring| Net {
                    channels,
                    layers: layers.clone(),
                    like,
                    numbers,
                    ring,
                })
            })
        },
    )
}

/// A node with arrays of numbers.
fn node(kind: &str, numbers: &[(&str, Vec<u64>, Vec<f64>)]) -> NirNode {
    let array = |(name, shape, values): &(&str, Vec<u64>, Vec<f64>)| {
        (name.to_string(), NirArray { shape: shape.clone(), values: values.clone() })
    };
    NirNode { kind: kind.into(), numbers: numbers.iter().map(array).collect(), ..NirNode::default() }
}

/// A graph twice: as a file has it, and as the oracle does.
#[derive(Default)]
struct Both {
    file: NirGraph,
    nodes: BTreeMap<String, GraphNode>,
    edges: BTreeSet<(String, String)>,
    late: BTreeSet<(String, String)>,
    widths: BTreeMap<String, usize>,
}

impl Both {
    fn add(&mut self, name: &str, width: usize, file: NirNode, oracle: GraphNode) {
        self.file.nodes.insert(name.into(), file);
        self.nodes.insert(name.into(), oracle);
        self.widths.insert(name.into(), width);
    }

    fn edge(&mut self, from: &str, to: &str, late: bool) {
        self.file.edges.push((from.into(), to.into()));
        self.edges.insert((from.into(), to.into()));
        if late {
            self.late.insert((from.into(), to.into()));
        }
    }

    fn weights(&mut self, name: &str, weights: &[Vec<f64>], bias: Option<&Vec<f64>>) {
        let (rows, columns) = (weights.len(), weights[0].len());
        let mut arrays = vec![("weight", vec![rows as u64, columns as u64], weights.concat())];
        arrays.extend(bias.map(|bias| ("bias", vec![rows as u64], bias.clone())));
        let kind = if bias.is_some() { "Affine" } else { "Linear" };
        let constants = bias.cloned().unwrap_or(vec![0.0; rows]);
        // What arrives at weights has as many values as they have columns.
        self.add(name, columns, node(kind, &arrays), GraphNode::Weights(weights.to_vec(), constants));
    }
}

/// Whether neurons of this kind spike.
fn spikes(kind: &str) -> bool {
    kind.ends_with('F') || kind == "Threshold"
}

impl Net {
    fn both(&self) -> Both {
        let mut both = Both::default();
        let one = |width: usize| node("Input", &[("shape", vec![1], vec![width as f64])]);
        both.add("input", self.channels, one(self.channels), GraphNode::Input);
        let mut before = "input".to_owned();
        for (index, layer) in self.layers.iter().enumerate() {
            let name = |part: &str| format!("{part}{index}");
            let rows = layer.weights.len();
            both.weights(&name("w"), &layer.weights, layer.bias.as_ref());
            both.edge(&before, &name("w"), false);
            let mut last = name("w");
            if let Some(scale) = layer.scale {
                let file = node("Scale", &[("scale", vec![], vec![scale])]);
                both.add(&name("scale"), rows, file, GraphNode::Scale(vec![scale; rows]));
                both.edge(&last, &name("scale"), false);
                last = name("scale");
            }
            if let Some(delay) = layer.delay {
                let file = node("Delay", &[("delay", vec![rows as u64], vec![delay as f64 * DT; rows])]);
                both.add(&name("delay"), rows, file, GraphNode::Delay(vec![delay; rows]));
                both.edge(&last, &name("delay"), false);
                last = name("delay");
            }
            let (file, neurons) = self.neurons(layer);
            both.add(&name("n"), rows, file, GraphNode::Neurons(neurons));
            both.edge(&last, &name("n"), false);
            if let Some(skip) = &layer.skip {
                // With its bias, the delay before the neurons and the late bias of their loop, up to three steps in
                // which a constant begins.
                both.weights(&name("skip"), skip, Some(&vec![-0.125; rows]));
                both.edge("input", &name("skip"), false);
                let file = node("Delay", &[("delay", vec![rows as u64], vec![2.0 * DT; rows])]);
                both.add(&name("wait"), rows, file, GraphNode::Delay(vec![2; rows]));
                both.edge(&name("skip"), &name("wait"), false);
                both.edge(&name("wait"), &name("n"), false);
            }
            // A loop of numbers alone makes any rounding grow; spikes stop that.
            if let Some(recurrent) = layer.recurrent.as_ref().filter(|_| spikes(layer.kind)) {
                both.weights(&name("rec"), recurrent, Some(&vec![0.25; rows]));
                both.edge(&name("n"), &name("rec"), false);
                both.edge(&name("rec"), &name("n"), true);
            }
            before = name("n");
        }
        let last = self.layers.last().expect("there is one").weights.len();
        both.add("output", last, node("Output", &[("shape", vec![1], vec![last as f64])]), GraphNode::Output);
        both.edge(&before, "output", false);
        let has_spikes = self.layers.iter().any(|layer| spikes(layer.kind));
        if let Some(ring) = self.ring.as_ref().filter(|_| has_spikes) {
            both.weights("ring", ring, None);
            both.edge(&before, "ring", false);
            both.edge("ring", "n0", true);
        }
        both
    }

    fn neurons(&self, layer: &Layer) -> (NirNode, Vec<GraphNeuron>) {
        let shape = vec![layer.neurons.len() as u64];
        let list = |of: fn(&Neuron) -> f64| layer.neurons.iter().map(of).collect::<Vec<f64>>();
        let kind = layer.kind;
        let cuba = kind.starts_with("Cuba");
        let leaks = cuba || kind.starts_with("LI");
        let spikes = spikes(kind);
        let mut arrays = Vec::new();
        if cuba {
            arrays.push(("tau_syn", shape.clone(), list(|n| n.1 * DT)));
        }
        if leaks {
            arrays.push((if cuba { "tau_mem" } else { "tau" }, shape.clone(), list(|n| n.0 * DT)));
            arrays.push(("v_leak", shape.clone(), list(|n| n.3 / 4.0)));
        }
        if kind == "Threshold" {
            arrays.push(("threshold", shape.clone(), list(|n| n.4)));
        } else {
            arrays.push(("r", shape.clone(), list(|n| n.2)));
        }
        if spikes && kind != "Threshold" {
            arrays.push(("v_threshold", shape.clone(), list(|n| n.4)));
            arrays.push(("v_reset", shape, list(|n| n.5 / 4.0)));
        }
        let exact = matches!(self.like, Like::Sinabs | Like::Rockpool);
        let lost = |tau: f64| {
            // As simulators keep it: in a short float.
            let ratio = f64::from((DT / (tau * DT)) as f32);
            if exact { 1.0 - (-ratio).exp() } else { ratio }
        };
        let neurons = layer.neurons.iter().map(|(tau, tau_syn, r, leak, threshold, reset)| {
            let (loss, loss_syn) = (if leaks { lost(*tau) } else { 0.0 }, lost(*tau_syn));
            let integrates = matches!(kind, "IF" | "I");
            let plain = exact || integrates && self.like == Like::SnnTorch;
            let gain = if plain {
                1.0
            } else if integrates {
                DT * r
            } else {
                loss * r
            };
            let keep_leak = if exact { 0.0 } else { loss * leak / 4.0 };
            let threshold_node = kind == "Threshold";
            GraphNeuron {
                keep_current: cuba.then_some(1.0 - loss_syn),
                gain_current: if self.like == Like::Rockpool { 1.0 - loss_syn } else { loss_syn },
                keep_voltage: if threshold_node { 0.0 } else { 1.0 - loss },
                gain_voltage: if threshold_node { 1.0 } else { gain },
                rest: if leaks { keep_leak } else { 0.0 },
                threshold: spikes.then_some(*threshold),
                reset: match self.like {
                    Like::Euler | Like::SpikingJelly if !threshold_node => Some(reset / 4.0),
                    _ => None,
                },
                at_threshold: !matches!(self.like, Like::Euler | Like::SnnTorch),
                several: exact,
                later: self.like == Like::SnnTorch,
            }
        });
        (node(kind, &arrays), neurons.collect())
    }

    fn options(&self, late: &BTreeSet<(String, String)>) -> Options {
        let mut options = Options::of(self.like);
        options.step = Some(DT);
        options.numbers = self.numbers;
        options.late_edges = Some(late.iter().cloned().collect());
        // The oracle starts at 0, has no floor, and a Threshold node no memory.
        for rule in ["v-start=zero", "i-start=zero", "floor=none"] {
            options.set(rule).unwrap();
        }
        options
    }
}

/// Spikes and voltages of each step, by population.
type Ran = Vec<(Vec<Vec<i32>>, Vec<Vec<f64>>)>;

fn run(steps: &Steps, input: &[Vec<f64>], numbers: bool) -> Ran {
    let spec = formats::chip::shipped("ideal").unwrap();
    let board = Board::map(spec, &steps.network, &MapperOptions::default()).unwrap();
    let mut session = board.on(&DieParameters::nominal()).unwrap();
    for built in &steps.built {
        session.probe_population(&built.node, None, "v").unwrap();
    }
    let ticks = u64::from(steps.step_ticks);
    let mut events = Vec::new();
    for (step, row) in input.iter().enumerate() {
        for (channel, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let payload = if numbers { value * f64::from(1 << 20) } else { *value } as i32;
            events.push(InputEvent { tick: Tick(step as u64 * ticks), channel: InputId(channel as u32), payload });
        }
    }
    let empty = || steps.built.iter().map(|built| vec![0; built.gain_in.len()]).collect::<Vec<Vec<i32>>>();
    let mut spikes = vec![empty(); input.len()];
    let mut watch = Each(|spike: Spike| {
        let (population, index) = board.member(spike.core, spike.neuron).unwrap();
        spikes[(spike.tick.0 / ticks) as usize][population][index as usize] += spike.value;
    });
    let end = Tick(input.len() as u64 * ticks);
    session.run_with(&mut events.into_iter().peekable(), end, &mut watch).unwrap();
    assert_eq!(session.counters().saturations, 0);
    let mut readings = session.recordings().iter();
    let voltages: Vec<Vec<&session::Recording>> =
        steps.built.iter().map(|built| readings.by_ref().take(built.gain_in.len()).collect()).collect();
    let value = |recording: &session::Recording, step: usize| {
        recording.bits[step] as f64 / 2f64.powi(recording.probe.kind.fraction_bits as i32)
    };
    let of_step = |step: usize| voltages.iter().map(|all| all.iter().map(|r| value(r, step)).collect()).collect();
    spikes.into_iter().enumerate().map(|(step, spikes)| (spikes, of_step(step))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn graphs_step_as_the_oracle_does(
        net in nets(),
        rows in prop::collection::vec(prop::collection::vec(0..3u8, 3), 4..40),
        halves in any::<bool>(),
    ) {
        let both = net.both();
        let graph = Graph::new(&both.file, &net.options(&both.late)).unwrap();
        let steps = graph.steps(&formats::chip::shipped("ideal").unwrap()).unwrap();
        // A channel that reaches nothing is not known to carry numbers.
        let reaches = |p: &network::Projection| p.connections.iter().any(|c| c.weight.to_bits() != 0);
        let mut from_input = steps.network.projections.iter().filter(|p| matches!(p.pre, chip::Endpoint::Input(_)));
        prop_assume!(!net.numbers || from_input.any(reaches));
        let part = if net.numbers && halves { -0.5 } else { 1.0 };
        let input: Vec<Vec<f64>> =
            rows.iter().map(|row| row[..net.channels].iter().map(|n| f64::from(*n) * part).collect()).collect();
        let oracle = GraphOracle { nodes: both.nodes.clone(), edges: both.edges.clone(), late: both.late.clone() };
        let expected = oracle.run(&input, |name| both.widths[name]);
        // Graphs of integrators in a ring can grow without end.
        let largest = expected.iter().flat_map(|step| step.voltages.values().flatten()).fold(0.0f64, |m, v| m.max(v.abs()));
        prop_assume!(largest < 500.0);
        // So can loops of neurons with several spikes a step.
        let most = expected.iter().flat_map(|step| step.sent.values().flatten()).fold(0.0f64, |m, z| m.max(z.abs()));
        prop_assume!(most < 500.0);
        let got = run(&steps, &input, net.numbers);
        for (step, (expected, (spikes, voltages))) in expected.iter().zip(&got).enumerate() {
            // A loop can make an error grow as it makes voltages grow.
            let allowed = 2e-5 * largest.max(1.0);
            if expected.margin < MARGIN.max(2.0 * allowed) {
                break;
            }
            for (population, built) in steps.built.iter().enumerate() {
                let name = &built.node;
                let Some(wanted) = expected.voltages.get(name) else { continue };
                for (n, (wanted, got)) in wanted.iter().zip(&voltages[population]).enumerate() {
                    // A node that only compares has no voltage to speak of.
                    let threshold = built.kind == Some(graph::NeuronKind::Threshold);
                    prop_assert!(threshold || (wanted - got).abs() <= allowed,
                        "step {}, {}[{}]: {} is not {}", step, name, n, got, wanted);
                }
                if built.kind.is_some_and(graph::NeuronKind::spikes) {
                    let wanted: Vec<i32> = expected.sent[name].iter().map(|z| *z as i32).collect();
                    prop_assert_eq!(&spikes[population], &wanted, "step {}, {}", step, name);
                }
            }
            let output = &steps.outputs[0];
            if !output.spikes {
                for (wanted, got) in expected.sent["output"].iter().zip(&voltages[output.population]) {
                    prop_assert!((wanted - got).abs() <= allowed, "output, step {}", step);
                }
            }
        }
    }
}

/// Constants of one neuron, 1, 10, 100 and 1000, that begin in the steps 0, 1, 3 and 4: its voltage adds up what has
/// begun.
#[test]
fn biases_begin_each_in_its_own_step() {
    let mut graph = NirGraph::default();
    let mut add = |name: &str, node: NirNode| graph.nodes.insert(name.to_owned(), node);
    let shape = || node("Input", &[("shape", vec![1], vec![1.0])]);
    add("in", shape());
    add("every-step", node("I", &[("r", vec![], vec![1.0 / DT])]));
    add("out", NirNode { kind: "Output".into(), ..shape() });
    let mut edges = vec![("every-step".to_owned(), "out".to_owned())];
    for (delay, bias) in [(0, 1.0), (1, 10.0), (3, 100.0), (4, 1000.0)] {
        let (weights, wait) = (format!("w{delay}"), format!("d{delay}"));
        add(&weights, node("Affine", &[("weight", vec![1, 1], vec![0.0]), ("bias", vec![1], vec![bias])]));
        add(&wait, node("Delay", &[("delay", vec![], vec![f64::from(delay) * DT])]));
        edges.extend([("in".to_owned(), weights.clone()), (weights, wait.clone()), (wait, "every-step".to_owned())]);
    }
    graph.edges = edges;
    let mut options = Options::of(Like::Euler);
    options.set("gain=1").unwrap();
    let steps = Graph::new(&graph, &options).unwrap().steps(&formats::chip::shipped("ideal").unwrap()).unwrap();
    // What makes the late ones is a population with a name that no node has.
    let names: Vec<&str> = steps.network.populations.iter().map(|population| population.name.as_str()).collect();
    assert_eq!(names[0], "every-step");
    assert!(names.contains(&"every-step-"), "{names:?}");
    let rows = run(&steps, &vec![vec![0.0]; 7], false);
    let voltages: Vec<f64> = rows.iter().map(|(_, voltages)| voltages[0][0].round()).collect();
    // The neuron adds up what it gets.
    assert_eq!(voltages, [1.0, 12.0, 23.0, 134.0, 1245.0, 2356.0, 3467.0]);
}

/// Every way back in a graph of two populations in a ring: the edge into the one that the input reaches is late.
#[test]
fn the_late_edge_of_a_ring_is_found() {
    let find = |first: &str, second: &str| {
        let lif = || {
            let one = |name: &'static str, value: f64| (name, vec![], vec![value]);
            node("LIF", &[one("tau", 0.01), one("r", 1.0), one("v_leak", 0.0), one("v_threshold", 1.0)])
        };
        let mut graph = NirGraph::default();
        let mut add = |name: &str, node: NirNode| graph.nodes.insert(name.to_owned(), node);
        add("in", node("Input", &[("shape", vec![1], vec![2.0])]));
        add("out", node("Output", &[("shape", vec![1], vec![2.0])]));
        add(first, lif());
        add(second, lif());
        let edges = [("in", first), (first, second), (second, first), (second, "out")];
        graph.edges = edges.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        let graph = Graph::new(&graph, &Options::of(Like::Norse)).unwrap();
        graph.late_edges().map(|(from, to)| (from.to_owned(), to.to_owned())).collect::<Vec<_>>()
    };
    for (first, second) in [("a", "b"), ("b", "a")] {
        assert_eq!(find(first, second), [(second.to_owned(), first.to_owned())]);
    }
}

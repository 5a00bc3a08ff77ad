//! Loihi as a chip of the emulator: equal to an oracle of each simulator, within the limits of a core.

use crate::support::{Random, fact, quantity};
use chip::{ChipSpec, CoreModel, NoiseSpec, Values};
use conformance::loihi::{LoihiNeuron, Simulator};
use device_models::{DieParameters, Event, Noise};
use emulator::{Each, Emulator, Spike};
use fx::Weight;
use mapper::{MapperError, MapperOptions, Mapping, decode};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use units::{InputId, NeuronAddress, NeuronId, Tick};

const CHIPS: [(&str, Simulator); 3] =
    [("loihi-lava", Simulator::Lava), ("loihi-nengo", Simulator::Nengo), ("loihi-brian2", Simulator::Brian)];

fn chip(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

fn population(name: &str, size: u32, parameters: &[(&str, Values)]) -> Population {
    let parameters = parameters.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    Population { name: name.to_owned(), size, model: CoreModel::Loihi, parameters }
}

fn projection(name: &str, pre: Endpoint, post: usize, pre_count: u32, list: Vec<(u32, u32, f64)>) -> Projection {
    let bits = |w: f64| Weight::from_bits((w * f64::from(1 << 20)) as i32);
    let connections = Connections::from_list(pre_count, list.into_iter().map(|(a, b, w)| (a, b, bits(w))).collect());
    Projection {
        name: name.to_owned(),
        pre,
        post,
        synapse: SynapseChoice { excitatory: "box".to_owned(), inhibitory: "box".to_owned() },
        mask: Mask::all(connections.len()),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    }
}

fn map(network: &Network, spec: &ChipSpec) -> Result<Mapping, MapperError> {
    mapper::map(network, spec, &MapperOptions::default())
}

/// What a random network is like.
#[derive(Clone, Copy, Debug)]
struct Recipe {
    seed: u64,
    neurons: u32,
    channels: u32,
    fan_in: u32,
    /// Largest weight of input and of recurrent synapses.
    weights: (u32, u32),
    delay: u16,
    /// Weights that are not whole, which make the exponent negative.
    fractions: bool,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let weights = prop_oneof![Just((120, 30)), Just((254, 254)), Just((8000, 2000)), Just((32000, 3))];
    (any::<u64>(), 1u32..150, 1u32..20, 1u32..30, weights, 1u16..4, any::<bool>()).prop_map(
        |(seed, neurons, channels, fan_in, weights, delay, fractions)| Recipe {
            seed,
            neurons,
            channels,
            fan_in,
            weights,
            delay,
            fractions,
        },
    )
}

/// A network with a recurrent population whose neurons all differ, and a second one behind it.
fn network(recipe: Recipe, simulator: Simulator) -> Network {
    let mut random = Random::new(recipe.seed);
    let (n, channels) = (recipe.neurons, recipe.channels);
    let mut values = |from: u32, to: u32| {
        Values::PerNeuron((0..n).map(|_| quantity(&format!("{} 1", from + random.below(to - from)))).collect())
    };
    let mut parameters = vec![
        ("decay_u", values(0, 4096)),
        ("decay_v", values(0, 4096)),
        ("v_threshold", values(1, 2000)),
        ("bias_mantissa", values(0, 200)),
        ("bias_exponent", values(0, 5)),
    ];
    if simulator != Simulator::Lava {
        parameters.push(("refractory", values(1, 10)));
    }
    let mut list = |senders: u32, most: u32| {
        let mut list = Vec::new();
        for post in 0..n {
            for _ in 0..recipe.fan_in {
                let size = f64::from(1 + random.below(most));
                let size = if recipe.fractions { size / 8.0 } else { size };
                let weight = if random.below(3) == 0 { -size } else { size };
                list.push((random.below(senders), post, weight));
            }
        }
        list
    };
    let mut projections = vec![
        projection("in", Endpoint::Input(0), 0, channels, list(channels, recipe.weights.0)),
        projection("recurrent", Endpoint::Population(0), 0, n, list(n, recipe.weights.1)),
        projection("on", Endpoint::Population(0), 1, n, list(n, recipe.weights.1)),
    ];
    if simulator != Simulator::Nengo {
        projections[1].delay_ticks = recipe.delay;
    }
    Network {
        clock: None,
        populations: vec![population("first", n, &parameters), population("second", n, &[])],
        inputs: vec![InputGroup::of_host("channels", channels)],
        projections,
    }
}

/// Events of the host: step and channel.
fn events(recipe: Recipe, steps: u64) -> BTreeSet<(u64, u32)> {
    let mut random = Random::new(recipe.seed ^ 0x5eed);
    // A burst, then a silence, then single events.
    let tick = |r: &mut Random| if r.below(2) == 0 { r.below(20) } else { steps as u32 / 2 + r.below(20) };
    (0..60).map(|_| (tick(&mut random).into(), random.below(recipe.channels))).collect()
}

/// The oracle: neuron by neuron, connection by connection, as the decoded program has them.
struct Reference {
    simulator: Simulator,
    neurons: Vec<Vec<LoihiNeuron>>,
    connections: Vec<mapper::DecodedConnection>,
    /// By step, population and neuron: the weights that arrive.
    arrivals: BTreeMap<(u64, usize, u32), i128>,
}

impl Reference {
    fn new(simulator: Simulator, network: &Network, mapping: &Mapping, spec: &ChipSpec) -> Self {
        let value = |population: &Population, name: &str, index: usize| -> i128 {
            let Some(parameter) = spec.parameters.get(name) else { return 0 };
            let asked = population.parameters.get(name).map(|v| v.get(index));
            let quantity = asked.unwrap_or(parameter.nominal.quantity);
            quantity.value.to_bits(0).unwrap().into()
        };
        let neuron = |population: &Population, index: usize| LoihiNeuron {
            decay_u: value(population, "decay_u", index),
            decay_v: value(population, "decay_v", index),
            threshold: value(population, "v_threshold", index),
            bias: value(population, "bias_mantissa", index) << value(population, "bias_exponent", index),
            refractory: value(population, "refractory", index),
            u: 0,
            v: 0,
            held: 0,
        };
        let all = network.populations.iter().map(|p| (0..p.size as usize).map(|i| neuron(p, i)).collect());
        Self {
            simulator,
            neurons: all.collect(),
            connections: decode(&mapping.program, &mapping.placement, network, spec).unwrap(),
            arrivals: BTreeMap::new(),
        }
    }

    fn send(&mut self, step: u64, pre: Endpoint, index: u32, times: u64) {
        for c in self.connections.iter().filter(|c| c.pre == pre && c.pre_index == index) {
            // An event of the host for a step acts in it where its row has a delay of 1.
            let at = step + u64::from(c.delay_ticks) - u64::from(matches!(pre, Endpoint::Input(_)));
            *self.arrivals.entry((at, c.post, c.post_index)).or_default() += i128::from(c.weight) * i128::from(times);
        }
    }

    fn step(&mut self, step: u64) -> Vec<(usize, u32)> {
        let spikes = self.step_alone(step);
        for &(population, index) in &spikes {
            self.send(step, Endpoint::Population(population), index, 1);
        }
        spikes
    }

    /// A step whose spikes are not sent.
    fn step_alone(&mut self, step: u64) -> Vec<(usize, u32)> {
        let mut spikes = Vec::new();
        for (population, neurons) in self.neurons.iter_mut().enumerate() {
            for (index, neuron) in neurons.iter_mut().enumerate() {
                let arrived = self.arrivals.remove(&(step, population, index as u32)).unwrap_or(0);
                if neuron.step(self.simulator, arrived) {
                    spikes.push((population, index as u32));
                }
            }
        }
        spikes
    }
}

/// Every register of every neuron, by population.
fn registers(emulator: &Emulator, mapping: &Mapping, network: &Network) -> Vec<Vec<(i32, i32)>> {
    let of = |population: usize, index: u32| {
        let NeuronAddress { core, neuron } = mapping.placement.address(population, index).unwrap();
        let core = mapping.program.cores.iter().position(|c| c.address == core).unwrap();
        let [u, v] = [0, 1].map(|index| emulator.core(core).probe(index, neuron, emulator.now()));
        (u as i32, v as i32)
    };
    network.populations.iter().enumerate().map(|(p, all)| (0..all.size).map(|i| of(p, i)).collect()).collect()
}

fn spikes_of(emulator: &mut Emulator, mapping: &Mapping, until: u64) -> Vec<(usize, u32)> {
    let mut spikes = Vec::new();
    emulator.run_until(
        Tick(until),
        &mut Each(|s: Spike| {
            let core = mapping.program.cores[s.core].address;
            spikes.push(mapping.placement.neuron(NeuronAddress { core, neuron: s.neuron }).unwrap());
        }),
    );
    spikes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Spikes, currents and voltages of every step, for each simulator's rules.
    #[test]
    fn every_step_equals_the_simulator(recipe in recipes()) {
        const STEPS: u64 = 80;
        for (name, simulator) in CHIPS {
            let spec = chip(name);
            let network = network(recipe, simulator);
            let mapping = map(&network, &spec).unwrap();
            let mut emulator = Emulator::new(&spec, &mapping.program, &DieParameters::nominal()).unwrap();
            let mut reference = Reference::new(simulator, &network, &mapping, &spec);
            for (step, channel) in events(recipe, STEPS) {
                emulator.send(InputId(channel), Tick(step), 1).unwrap();
                reference.send(step, Endpoint::Input(0), channel, 1);
            }
            for step in 0..STEPS {
                let expected = reference.step(step);
                prop_assert_eq!(spikes_of(&mut emulator, &mapping, step + 1), expected, "{} step {}", name, step);
                for (got, neurons) in registers(&emulator, &mapping, &network).iter().zip(&reference.neurons) {
                    for (n, (got, neuron)) in got.iter().zip(neurons).enumerate() {
                        let got = (i128::from(got.0), i128::from(got.1));
                        prop_assert_eq!(got, (neuron.u, neuron.v), "{} step {} neuron {}", name, step, n);
                    }
                }
            }
        }
    }

    /// A run that is cut in pieces, saved and resumed is the straight one.
    #[test]
    fn resumed_runs_are_straight_ones(recipe in recipes(), cut in 1u64..79) {
        let (spec, network) = (chip("loihi-nengo"), network(recipe, Simulator::Nengo));
        let mapping = map(&network, &spec).unwrap();
        let die = DieParameters::nominal();
        let mut straight = Emulator::new(&spec, &mapping.program, &die).unwrap();
        for (step, channel) in events(recipe, 80) {
            straight.send(InputId(channel), Tick(step), 1).unwrap();
        }
        let mut first = straight.clone();
        straight.run_until(Tick(80), &mut ());
        first.run_until(Tick(cut), &mut ());
        let mut resumed = Emulator::resume(&spec, &mapping.program, &die, &first.snapshot()).unwrap();
        resumed.run_until(Tick(80), &mut ());
        prop_assert_eq!(resumed.digest(), straight.digest());
        prop_assert_eq!(resumed.snapshot(), straight.snapshot());
    }
}

/// What an event of source `source` of the fabric, in step `step` of its own delay, adds to the sums of later steps:
/// every synapse of every spike with a weight of its own, every spike as late as its event.
fn send_with_noise(
    reference: &mut Reference,
    (emulator, mapping): (&Emulator, &Mapping),
    noise: &Noise,
    (source, event): (usize, Event),
    (step, times): (u64, u32),
) {
    let fabric = emulator.fabric();
    for route in fabric.routes_of(source).map(|r| fabric.routes()[r]) {
        let (row, core) = (fabric.row(route.row), &mapping.program.cores[fabric.row(route.row).core]);
        let at = step.wrapping_add(u64::from(route.delay_ticks)) + u64::from(noise.delay(event));
        for repeat in 0..times {
            for (place, synapse) in row.synapses.iter().enumerate() {
                let neuron = NeuronId((synapse.target() % fabric.layout(row.core).stride()) as u16);
                let mut weight = i128::from(synapse.weight());
                if noise.has_event_weights() {
                    let slot = row.slots[place];
                    let factor = noise.event_weight_factor(event, repeat, core.address, neuron, slot).to_bits();
                    let (product, half) = (weight * i128::from(factor), 1 << 31);
                    let (floor, rest) = (product.div_euclid(1 << 32), product.rem_euclid(1 << 32));
                    let up = rest > half || (rest == half && floor % 2 != 0);
                    weight = (floor + i128::from(up)).clamp(-32_768, 32_767);
                }
                let address = NeuronAddress { core: core.address, neuron };
                let (population, index) = mapping.placement.neuron(address).unwrap();
                *reference.arrivals.entry((at, population, index)).or_default() += weight << core.weight_exponent;
            }
        }
    }
}

/// Events that are late and have weights of their own reach digital neurons as they reach others: against the neurons
/// of each simulator, with sums made event by event, and resumed in the middle.
/// Returns how many spikes of each were compared.
fn check_noise_of_events(recipe: Recipe, weights: Option<&str>, jitter: &str) -> [usize; 3] {
    const STEPS: u64 = 90;
    CHIPS.map(|(name, simulator)| {
        let mut compared = 0;
        let mut spec = chip(name);
        spec.sources.insert("test".to_owned(), "chosen here".to_owned());
        spec.noise = Some(NoiseSpec {
            event_weight_cv: weights.map(fact),
            event_jitter_ticks: Some(fact(jitter)),
            ..NoiseSpec::default()
        });
        let network = network(recipe, simulator);
        let mapping = map(&network, &spec).unwrap();
        if simulator != Simulator::Lava && mapping.program.cores.iter().any(|core| core.weight_exponent < 20) {
            // These simulators have whole weights only; a noisy one of a finer step need not be whole.
            return 0;
        }
        let die = DieParameters::nominal().with_noise(&spec, 4).unwrap();
        let noise = die.noise().unwrap();
        let mut emulator = Emulator::new(&spec, &mapping.program, &die).unwrap();
        let mut reference = Reference::new(simulator, &network, &mapping, &spec);
        emulator.set_part(2);
        for (step, channel) in events(recipe, STEPS) {
            let (input, times) = (InputId(channel), 1 + channel % 2);
            emulator.send(input, Tick(step), times as i32).unwrap();
            let source = emulator.fabric().input_source(input);
            let event = noise.input_event(2, Tick(step), input);
            // An event of the host for a step acts in it where its row has a delay of 1 and it is not late.
            let places = (&emulator, &mapping);
            send_with_noise(&mut reference, places, noise, (source, event), (step.wrapping_sub(1), times));
        }
        for step in 0..STEPS {
            let expected = reference.step_alone(step);
            compared += expected.len();
            for &(population, index) in &expected {
                let NeuronAddress { core, neuron } = mapping.placement.address(population, index).unwrap();
                let place = mapping.program.cores.iter().position(|c| c.address == core).unwrap();
                let source = emulator.fabric().neuron_source(place, neuron);
                let event = noise.neuron_event(2, Tick(step), core, neuron);
                send_with_noise(&mut reference, (&emulator, &mapping), noise, (source, event), (step, 1));
            }
            assert_eq!(spikes_of(&mut emulator, &mapping, step + 1), expected, "{name} step {step}");
            for (got, neurons) in registers(&emulator, &mapping, &network).iter().zip(&reference.neurons) {
                for (n, (got, neuron)) in got.iter().zip(neurons).enumerate() {
                    let got = (i128::from(got.0), i128::from(got.1));
                    assert_eq!(got, (neuron.u, neuron.v), "{name} step {step} neuron {n}");
                }
            }
            if step == 23 {
                emulator = Emulator::resume(&spec, &mapping.program, &die, &emulator.snapshot()).unwrap();
            }
        }
        compared
    })
}

#[test]
fn noise_of_events_reaches_digital_neurons() {
    let mut spikes = [0; 3];
    for seed in 0..48 {
        let weights = [(120, 30), (254, 254), (8000, 2000)][seed as usize % 3];
        // Few neurons and synapses: any weight could grow to the end of 16 bits, and sums must be sure to fit.
        let (neurons, fan_in) = (1 + seed as u32 % 12, 1 + seed as u32 % 4);
        let recipe = Recipe { seed, neurons, channels: 5, fan_in, weights, delay: 2, fractions: false };
        let (cv, jitter) = [(None, "3 1"), (Some("0.4 1"), "0 1"), (Some("0.4 1"), "3 1")][seed as usize / 3 % 3];
        for (compared, all) in check_noise_of_events(recipe, cv, jitter).iter().zip(&mut spikes) {
            *all += compared;
        }
    }
    assert!(spikes.iter().all(|spikes| *spikes > 1000), "{spikes:?} spikes are too few to tell");
}

#[test]
fn thresholds_that_change_within_a_run_are_refused() {
    let mut spec = chip("loihi-lava");
    spec.sources.insert("test".to_owned(), "chosen here".to_owned());
    spec.noise = Some(NoiseSpec { event_threshold_cv: Some(fact("0.1 1")), ..NoiseSpec::default() });
    let mapping = map(&dense(1, 1), &spec).unwrap();
    let die = DieParameters::nominal().with_noise(&spec, 0).unwrap();
    let error = Emulator::new(&spec, &mapping.program, &die).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "runs the model `loihi`, which has no threshold that changes within a run: run it without \
                             noise, or without `event_threshold_cv`, or use the model `lif` or `analog-lif`"
        ),
        "{error}"
    );
}

/// Every weight that is a whole number within 8 bits is made exactly, odd ones of mixed sign included.
#[test]
fn whole_weights_are_exact() {
    for (name, _) in CHIPS {
        let list = (0..254).map(|w| (w, w % 7, f64::from(w as i32 - 127))).collect();
        let network = Network {
            clock: None,
            populations: vec![population("p", 7, &[])],
            inputs: vec![InputGroup::of_host("in", 254)],
            projections: vec![projection("w", Endpoint::Input(0), 0, 254, list)],
        };
        let mapping = map(&network, &chip(name)).unwrap();
        assert_eq!(mapping.report.cores[0].weights.max_error, 0.0, "{name}");
        assert_eq!(mapping.report.kept(), 253, "{name}");
    }
}

/// All of `channels` channels onto all of `size` neurons.
fn dense(channels: u32, size: u32) -> Network {
    let list = (0..channels).flat_map(|pre| (0..size).map(move |post| (pre, post, 3.0))).collect();
    Network {
        clock: None,
        populations: vec![population("p", size, &[])],
        inputs: vec![InputGroup::of_host("in", channels)],
        projections: vec![projection("w", Endpoint::Input(0), 0, channels, list)],
    }
}

fn cores_of(network: &Network) -> Vec<u64> {
    let report = map(network, &chip("loihi-lava")).unwrap().report;
    report.cores.iter().map(|core| core.neurons.used).collect()
}

/// Each limit is reached exactly, and one more takes another core.
#[test]
fn populations_are_split_where_a_core_is_full() {
    assert_eq!(cores_of(&dense(1, 1024)), [1024]);
    assert_eq!(cores_of(&dense(1, 1025)), [513, 512]);
    // 54 weights of 8 bits and a header of 10 bits are 7 words an axon; 2340 axons of 448 bits are 1,048,320 of
    // 1,048,576 bits. One more axon does not fit, and halves do.
    assert_eq!(cores_of(&dense(2340, 54)), [54]);
    assert_eq!(cores_of(&dense(2341, 54)), [27, 27]);
    assert_eq!(cores_of(&dense(4096, 2)), [2]);
    // What one core would need is 10.2 times what it has, and yet 10 cores do: their headers are fewer.
    assert_eq!(cores_of(&dense(2312, 512)), [52, 52, 51, 51, 51, 51, 51, 51, 51, 51]);
}

#[test]
fn a_neuron_that_hears_too_many_does_not_fit() {
    let error = map(&dense(4097, 2), &chip("loihi-lava")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "population `p`: a core with one of its neurons needs 4097 input axons, but has 4096; reduce the connections \
         of its neurons"
    );
}

#[test]
fn weights_and_delays_beyond_the_chip_are_refused() {
    let with = |weight: f64, delay: u16| {
        let mut projection = projection("w", Endpoint::Input(0), 0, 1, vec![(0, 0, weight)]);
        projection.delay_ticks = delay;
        Network {
            clock: None,
            populations: vec![population("p", 1, &[])],
            inputs: vec![InputGroup::of_host("in", 1)],
            projections: vec![projection],
        }
    };
    let text = |network: &Network| map(network, &chip("loihi-lava")).unwrap_err().to_string();
    assert!(map(&with(2047.0, 64), &chip("loihi-lava")).is_ok());
    insta::assert_snapshot!(text(&with(1.0, 65)), @"projection `w`: a delay of 65 ticks; chip `loihi-lava` has delays of 1 to 64 ticks, the nearest is 64");
    let mut narrow = chip("loihi-lava");
    let chip::RouterSpec::Axon(router) = &mut narrow.router else { unreachable!() };
    router.weight_exponent.1.quantity = quantity("0 1");
    let error = map(&with(256.0, 1), &narrow).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"projection `w`: weight 256 from 0 to 0 is beyond 255, the largest that this chip makes; scale weights and the thresholds that the network gives its populations down together");
}

/// Registers that overflow are counted, by register.
#[test]
fn overflows_are_counted() {
    let spec = chip("loihi-nengo");
    let network = Network {
        clock: None,
        populations: vec![population("p", 1, &[("v_threshold", Values::Shared(quantity("131071 1")))])],
        inputs: vec![InputGroup::of_host("in", 1)],
        projections: vec![projection("w", Endpoint::Input(0), 0, 1, vec![(0, 0, 2000.0)])],
    };
    let mapping = map(&network, &spec).unwrap();
    let mut emulator = Emulator::new(&spec, &mapping.program, &DieParameters::nominal()).unwrap();
    // 64 x 2000 x 100 is beyond 22 bits.
    emulator.send(InputId(0), Tick(0), 100).unwrap();
    emulator.run_until(Tick(10), &mut ());
    assert_eq!(emulator.core(0).counters(), [("q0", 1), ("current", 0), ("u2", 0), ("v", 0)]);
    assert_eq!(emulator.counters().saturations, 1);
    assert_eq!(emulator.core(0).probe(0, NeuronId(0), Tick(9)), 0, "the current of one step has decayed");
}

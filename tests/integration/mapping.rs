//! Networks mapped onto the shipped chips: what runs is what the mapper's own reading of the program says.

use chip::ChipSpec;
use device_models::DieParameters;
use emulator::{Emulator, Spike};
use fx::Weight;
use mapper::{MapperOptions, Mapping, ReadoutPlan, ReadoutStrategy, ReadoutWish, decode, map};
use network::{
    Endpoint, Inhibition, InputGroup, Network, Pattern, Population, ProjectionSpec, Recurrence, ReservoirSpec, Signs,
    SynapseChoice, Weights, reservoir,
};
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, InputId, NeuronAddress, Tick};

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

/// Kinds of synapse for weights above and below 0.
fn synapses(spec: &ChipSpec) -> SynapseChoice {
    let (excitatory, inhibitory) = if spec.name == "ideal" { ("fast", "slow") } else { ("AMPA", "GABA") };
    SynapseChoice { excitatory: excitatory.into(), inhibitory: inhibitory.into() }
}

/// Weights of one magnitude, strong enough that a spike makes the neurons that hear it fire.
fn strong(spec: &ChipSpec) -> Weights {
    let threshold = spec.parameters["v_threshold"].nominal.quantity.value.to_bits(20).unwrap();
    Weights::Constant(Weight::from_bits((threshold * 8) as i32))
}

/// Two populations and three channels; each neuron of the first hears few others, so that a spike does not reach
/// everything.
fn sparse(spec: &ChipSpec, size: u32) -> Network {
    let population = |name: &str, size| Population {
        name: name.into(),
        size,
        model: chip::CoreModel::Lif,
        parameters: BTreeMap::new(),
    };
    let mut network = Network {
        clock: None,
        populations: vec![population("a", size), population("b", size / 2)],
        inputs: vec![InputGroup::of_host("in", 3)],
        projections: Vec::new(),
    };
    let wishes = [
        ("in a", Endpoint::Input(0), 0, Pattern::Probability { per_65536: 65536 / 200 }),
        ("a a", Endpoint::Population(0), 0, Pattern::Probability { per_65536: 65536 * 2 / (3 * size) }),
        ("a b", Endpoint::Population(0), 1, Pattern::FanIn(1)),
        ("b b", Endpoint::Population(1), 1, Pattern::Probability { per_65536: 65536 * 2 / (3 * size) }),
    ];
    for (name, pre, post, pattern) in wishes {
        let spec = ProjectionSpec {
            name: name.into(),
            pre,
            pre_part: None,
            post,
            post_part: None,
            pattern,
            weights: strong(spec),
            signs: Signs::AsDrawn,
            self_connections: true,
            synapse: synapses(spec),
            delay_ticks: 1,
        };
        let projection = spec.generate(&network, 11).unwrap();
        network.projections.push(projection);
    }
    network
}

/// The neurons that spike after an event on `channel`.
fn spiking(spec: &ChipSpec, mapping: &Mapping, channel: u32) -> BTreeSet<NeuronAddress> {
    let mut emulator = Emulator::new(spec, &mapping.program, &DieParameters::nominal()).unwrap();
    let step = spec.step_ticks();
    emulator.send(InputId(channel), Tick(3 * step), 1).unwrap();
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(400 * step), &mut spikes);
    let address = |s: &Spike| NeuronAddress { core: mapping.program.cores[s.core].address, neuron: s.neuron };
    spikes.iter().map(address).collect()
}

/// The neurons that `channel` reaches over the connections of the wish, as circuits.
fn reachable(network: &Network, mapping: &Mapping, channel: u32) -> BTreeSet<NeuronAddress> {
    let mut reached = BTreeSet::new();
    let mut open = vec![(Endpoint::Input(0), channel)];
    while let Some((end, index)) = open.pop() {
        for projection in network.projections.iter().filter(|p| p.pre == end) {
            for c in projection.kept().filter(|c| c.pre == index) {
                if reached.insert(mapping.placement.address(projection.post, c.post).unwrap()) {
                    open.push((Endpoint::Population(projection.post), c.post));
                }
            }
        }
    }
    reached
}

#[test]
fn spikes_reach_exactly_the_neurons_of_the_wish() {
    for (name, size) in [("dynapse2", 150), ("dynapse2", 1500), ("ideal", 1500)] {
        let spec = shipped(name);
        let network = sparse(&spec, size);
        let mapping = map(&network, &spec, &MapperOptions::default()).unwrap();
        let mut sizes = Vec::new();
        for channel in 0..3 {
            let (found, expected) = (spiking(&spec, &mapping, channel), reachable(&network, &mapping, channel));
            assert_eq!(found, expected, "{name} with {size}, channel {channel}");
            sizes.push(found.len());
        }
        let total = (size + size / 2) as usize;
        assert!(
            sizes.iter().any(|n| *n > 5) && sizes.iter().all(|n| *n < total * 3 / 4),
            "{name}: {sizes:?} of {total}"
        );
    }
}

fn small_reservoir(spec: &ChipSpec, recurrence: Recurrence) -> Network {
    let plain = Inhibition { per_65536: 13107, strength: Weight::ONE };
    let wish = ReservoirSpec {
        neurons: 256,
        channels: 12,
        input_fan_in: 8,
        input_weights: Weights::Uniform { mean: Weight::ONE, spread: Weight::from_bits(1 << 19) },
        input_signs: Signs::PerConnection(plain),
        input_synapse: synapses(spec),
        recurrent_fan_in: 56,
        recurrent_weights: Weights::Normal { mean: Weight::from_bits(1 << 18), spread: Weight::from_bits(1 << 16) },
        inhibition: plain,
        recurrent_synapse: synapses(spec),
        recurrence,
        delay_ticks: 1,
        parameters: BTreeMap::new(),
    };
    reservoir(&wish, 3).unwrap()
}

#[test]
fn a_reservoir_with_its_readout_is_what_the_router_delivers() {
    for name in ["dynapse2", "ideal"] {
        let spec = shipped(name);
        let options = MapperOptions::default();
        for recurrence in [Recurrence::Full, Recurrence::Pruned { kept_per_65536: 20000 }, Recurrence::Removed] {
            let network = small_reservoir(&spec, recurrence);
            let weight = |class: usize, i: usize| ((class * 31 + i * 17) % 64) as f64 / 32.0 - 1.0;
            let wish = ReadoutWish {
                name: "readout".into(),
                population: "reservoir".into(),
                weights: (0..9).map(|class| (0..256).map(|i| weight(class, i)).collect()).collect(),
                bias: vec![0.5; 9],
                bias_events: 4.0,
                spreads: Vec::new(),
                means: Vec::new(),
                covariance: Vec::new(),
                strategy: ReadoutStrategy::Split,
                neurons_min: 1,
                copies: mapper::Copies::Number(1),
                scale: 0.1,
                synapse: synapses(&spec),
                delay_ticks: 1,
                parameters: BTreeMap::new(),
            };
            let plan = ReadoutPlan::new(&network, &spec, &wish, &options).unwrap();
            let (network, layout, _) = plan.attach(wish.scale).unwrap();
            assert_eq!(layout.bias_channel, Some(12));
            let mapping = map(&network, &spec, &options).unwrap();
            let decoded = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
            assert_eq!(decoded.len() as u64, mapping.report.kept());

            // The same through the router's own tables, which share no code with the mapper: synapses by source and
            // core.
            let fabric = router::Fabric::build(&spec, &mapping.program).unwrap();
            let core = |address: CoreAddress| mapping.program.cores.iter().position(|c| c.address == address).unwrap();
            let mut expected: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            for c in &decoded {
                let source = match c.pre {
                    Endpoint::Input(group) => fabric.input_source(InputId(network.first_channel(group) + c.pre_index)),
                    Endpoint::Population(population) => {
                        let address = mapping.placement.address(population, c.pre_index).unwrap();
                        fabric.neuron_source(core(address.core), address.neuron)
                    }
                };
                let post = mapping.placement.address(c.post, c.post_index).unwrap();
                *expected.entry((source, core(post.core))).or_default() += 1;
            }
            let mut found = BTreeMap::new();
            for source in 0..fabric.source_count() {
                assert_eq!(fabric.traffic(source).unmatched, 0, "a broadcast that nobody answers is a wasted word");
                for route in &fabric.routes()[fabric.routes_of(source)] {
                    let row = fabric.row(route.row);
                    *found.entry((source, row.core)).or_default() += row.synapses.len();
                }
            }
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn shipped_limits_are_reached_and_not_passed() {
    let spec = shipped("dynapse2");
    let network = small_reservoir(&spec, Recurrence::Full);
    let report = map(&network, &spec, &MapperOptions::default()).unwrap().report;
    let core = &report.cores[0];
    assert_eq!((core.neurons.used, core.synapses.max, core.synapses.limit), (256, 64, Some(64)));
    assert!(core.weights.rms_error_relative <= 0.02, "{}", core.weights.rms_error_relative);
    let mut large = sparse(&spec, 2730);
    large.populations[1].size = 1367;
    large.projections.clear();
    let error = map(&large, &spec, &MapperOptions::default()).unwrap_err();
    assert!(error.to_string().contains("lacks 1 circuits: 0 of the board's 4096 are free"), "{error}");
}

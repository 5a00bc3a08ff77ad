//! One judge of programs: what `map` accepts is loaded on a nominal die, and what is beyond a limit of its chip is not.

use crate::support::Random;
use chip::{
    AxonCore, BusEvent, ChipSpec, CoreModel, CrossbarCore, Evidence, Fact, FaultSpec, IdealRow, IdealSynapse, Kinetics,
    Program, Routing, SynapseSign, TagCamCore, Values, WeightSigns,
};
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use emulator::Emulator;
use fx::Weight;
use mapper::{CoreSharing, MapperError, MapperOptions, OverFanIn, SmallWeights, decode, map};
use network::{
    Connections, Endpoint, Inhibition, InputGroup, Mask, Network, Pattern, Population, Projection, ProjectionSpec,
    Signs, SynapseChoice, Weights,
};
use proptest::prelude::*;
use router::Fabric;
use std::collections::BTreeMap;
use units::{Decimal, DieId, NeuronAddress, NeuronId, Quantity, Tag};

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

/// A weight of any decade, up to the end of the format.
fn weight(random: &mut Random) -> Weight {
    let decade = 1 + random.below(31);
    Weight::from_bits(random.below(1 << decade) as i32)
}

/// Kinds of synapse for weights above and below 0 that `model` mostly has.
fn synapses(random: &mut Random, spec: &ChipSpec, model: CoreModel) -> SynapseChoice {
    let fits = |negative: bool| {
        let fixed = if negative { SynapseSign::Inhibitory } else { SynapseSign::Excitatory };
        let kinds = spec.synapses.iter().filter(|kind| {
            (kind.kinetics == Kinetics::Graded) == model.is_graded()
                && [fixed, SynapseSign::Signed].contains(&kind.sign)
        });
        kinds.map(|kind| kind.name.clone()).collect::<Vec<_>>()
    };
    let all: Vec<String> = spec.synapses.iter().map(|kind| kind.name.clone()).collect();
    let mut choose = |fits: Vec<String>| {
        let anything = fits.is_empty() || random.below(16) == 0;
        random.pick(if anything { &all } else { &fits })
    };
    SynapseChoice { excitatory: choose(fits(false)), inhibitory: choose(fits(true)) }
}

/// Some parameters of the chip, with values that it may or may not have.
fn parameters(random: &mut Random, spec: &ChipSpec, size: u32) -> BTreeMap<String, Values> {
    let names: Vec<&String> = spec.parameters.keys().collect();
    let mut parameters = BTreeMap::new();
    for _ in 0..random.below(3).saturating_sub(1) {
        let name = random.pick(&names).clone();
        let unit = spec.parameters[&name].nominal.quantity.unit;
        let mut value =
            || Quantity { value: Decimal::integer(random.pick(&[0, -1, 1, 2, 3, 15, 100, 4095, 1_000_000])), unit };
        let shared = value();
        let values = match spec.parameters_per_neuron && random.below(2) == 0 {
            true => Values::PerNeuron((0..size).map(|_| Quantity { ..shared }).collect()),
            false => Values::Shared(shared),
        };
        parameters.insert(name, values);
    }
    parameters
}

/// Projections from a pattern, or from a list in which two connections may join the same two neurons.
fn projection(random: &mut Random, spec: &ChipSpec, network: &Network, name: String) -> Option<Projection> {
    let post = random.below(network.populations.len() as u32) as usize;
    let inputs = network.inputs.len() as u32;
    let pre = match random.below(inputs + network.populations.len() as u32) {
        group if group < inputs => Endpoint::Input(group as usize),
        population => Endpoint::Population((population - inputs) as usize),
    };
    let (senders, receivers) = (network.size_of(pre)?, network.populations[post].size);
    let synapse = synapses(random, spec, network.populations[post].model);
    let delay_ticks = if random.below(4) == 0 { random.below(70) as u16 } else { 1 };
    let (mean, spread) = (weight(random), weight(random));
    if random.below(3) == 0 {
        let list = (0..random.below(40)).map(|_| {
            let weight = Weight::from_bits((mean.to_bits() >> random.below(12)) * random.pick(&[1, 1, -1]));
            (random.below(senders), random.below(receivers), weight)
        });
        let connections = Connections::from_list(senders, list.collect());
        let mask = Mask::all(connections.len());
        return Some(Projection { name, pre, post, synapse, connections, mask, delay_ticks });
    }
    let pattern = match random.below(4) {
        0 => Pattern::FanIn(1 + random.below(12)),
        1 => Pattern::Probability { per_65536: random.below(30_000) },
        2 => Pattern::AllToAll,
        _ => Pattern::OneToOne,
    };
    let inhibition = Inhibition { per_65536: random.below(65537), strength: Weight::ONE };
    let wish = ProjectionSpec {
        name,
        pre,
        post,
        pattern,
        weights: random.pick(&[
            Weights::Constant(mean),
            Weights::Uniform { mean, spread },
            Weights::Normal { mean, spread },
        ]),
        signs: random.pick(&[Signs::AsDrawn, Signs::PerSender(inhibition), Signs::PerConnection(inhibition)]),
        self_connections: random.below(2) == 0,
        synapse,
        delay_ticks,
    };
    // A pattern that the two groups cannot have is no projection.
    wish.generate(network, random.below(1000).into()).ok()
}

/// A small network for `spec`; now and then one that no core holds.
fn network(random: &mut Random, spec: &ChipSpec) -> Network {
    let size = |random: &mut Random| {
        let octave = 1 + random.below(5);
        1 + random.below(1 << octave)
    };
    let mut network = Network::default();
    for index in 0..1 + random.below(3) {
        let size = size(random);
        let model = random.pick(&spec.models);
        let parameters = parameters(random, spec, size);
        network.populations.push(Population { name: format!("p{index}"), size, model, parameters });
    }
    for index in 0..random.below(3) {
        // Some hundreds of strong inputs exceed an accumulator.
        let channels = if random.below(6) == 0 { 200 + random.below(400) } else { size(random) };
        network.inputs.push(InputGroup { name: format!("i{index}"), channels });
    }
    for index in 0..1 + random.below(4) {
        let projection = projection(random, spec, &network, format!("x{index}"));
        network.projections.extend(projection);
    }
    network
}

fn options(random: &mut Random) -> MapperOptions {
    MapperOptions {
        over_fan_in: random.pick(&[OverFanIn::Error, OverFanIn::Prune, OverFanIn::Prune]),
        small_weights: random.pick(&[SmallWeights::Keep, SmallWeights::Drop]),
        core_sharing: random.pick(&[CoreSharing::Never, CoreSharing::SameParameters]),
        chips: None,
    }
}

/// Maps one random network; `None` if the mapper refuses it. What is mapped must be loaded, and say what it holds.
fn mapped(spec: &ChipSpec, seed: u64) -> Option<()> {
    let mut random = Random::new(seed);
    let network = network(&mut random, spec);
    let options = options(&mut random);
    let mapping = match map(&network, spec, &options) {
        Ok(mapping) => mapping,
        Err(error) => {
            // The mapper knows the limits itself: the router has nothing to add.
            assert!(!matches!(error, MapperError::Program(_)), "{} with seed {seed}: {error}", spec.name);
            return None;
        }
    };
    let loaded = Emulator::new(spec, &mapping.program, &DieParameters::nominal());
    if let Err(error) = loaded {
        panic!("{} with seed {seed} is mapped, but not loaded: {error}", spec.name);
    }
    let decoded = decode(&mapping.program, &mapping.placement, &network).unwrap();
    assert_eq!(decoded.len() as u64, mapping.report.kept(), "{} with seed {seed}", spec.name);
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..cases(300) })]

    /// With `PROPTEST_CASES` more of them.
    #[test]
    fn what_is_mapped_is_loaded(seed: u64) {
        for name in formats::chip::shipped_names() {
            mapped(&shipped(name), seed);
        }
    }
}

/// As many cases as the environment says, or `cases`.
fn cases(cases: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(cases),
    }
}

#[test]
fn the_random_networks_are_mapped_and_refused_on_every_chip() {
    for name in formats::chip::shipped_names() {
        let spec = shipped(name);
        let accepted = (0..60).filter(|seed| mapped(&spec, *seed).is_some()).count();
        assert!((10..60).contains(&accepted), "{name}: {accepted} of 60 networks are mapped");
    }
}

/// One population on the ideal chip that hears `channels` inputs with weights up to `largest`.
fn fan_in(channels: u32, largest: Weight) -> Network {
    let list =
        (0..channels).map(|i| (i, 0, if i % 7 == 0 { largest } else { Weight::from_bits(largest.to_bits() / 3) }));
    let connections = Connections::from_list(channels, list.collect());
    Network {
        populations: vec![Population { name: "p".into(), size: 1, model: CoreModel::Lif, parameters: BTreeMap::new() }],
        inputs: vec![InputGroup { name: "in".into(), channels }],
        projections: vec![Projection {
            name: "x".into(),
            pre: Endpoint::Input(0),
            post: 0,
            synapse: SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: 1,
        }],
    }
}

/// The exponent is the finest with which the sums fit: one step finer, the router refuses.
#[test]
fn weights_are_as_fine_as_sums_allow() {
    let spec = shipped("ideal");
    for (channels, largest) in [(100, 1 << 20), (600, 1 << 20), (2312, 1 << 20), (60_000, 1 << 20), (4000, i32::MAX)] {
        let network = fan_in(channels, Weight::from_bits(largest));
        let program = map(&network, &spec, &MapperOptions::default()).unwrap().program;
        let exponent = program.cores[0].weight_exponent;
        let mut finer = program.clone();
        finer.cores[0].weight_exponent -= 1;
        let Routing::Ideal(rows) = &mut finer.routing else { panic!("the ideal chip has rows") };
        let doubled = rows.iter_mut().flat_map(|row| &mut row.synapses).try_for_each(|synapse| {
            synapse.weight = synapse.weight.checked_mul(2)?;
            Some(())
        });
        let refused = Fabric::build(&spec, &finer).is_err();
        assert!(doubled.is_none() || refused, "{channels} inputs fit a step finer than 2^{exponent}");
    }
}

#[test]
fn sums_that_no_weight_makes_small_enough_are_refused_with_the_neuron() {
    let error = map(&fan_in(60_000, Weight::from_bits(i32::MAX)), &shipped("ideal"), &MapperOptions::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "neuron 0 of `p`: the weights of its inputs can add up to 13433598900 in one step, in the coarsest steps of its \
         core, but its accumulators hold 2147483647; reduce its fan-in, or scale weights and thresholds down together"
    );
}

/// A chip whose weights have few bits, which flip, gets weights of so many bits.
#[test]
fn weights_that_can_flip_fit_the_bits_that_are_stored() {
    let fact =
        |text: &str| Some(Fact { quantity: text.parse().unwrap(), source: "test".into(), evidence: Evidence::Assumed });
    let mut spec = shipped("ideal");
    spec.sources.insert("test".into(), "made up".into());
    for bits in ["2 1", "8 1", "16 1"] {
        spec.faults =
            Some(FaultSpec { weight_bit_flip: fact("0.01 1"), weight_bits: fact(bits), ..FaultSpec::default() });
        let program = map(&fan_in(20, Weight::ONE), &spec, &MapperOptions::default()).unwrap().program;
        let die = Die { root_seed: 1, id: DieId(0) };
        let die = DieParameters::new(&spec, die, MismatchSetting::default()).unwrap();
        assert!(Emulator::new(&spec, &program, &die).is_ok(), "{bits}");
    }
}

/// A program that fits, and what is pushed beyond a limit of its chip.
struct Beyond {
    chip: &'static str,
    push: fn(&mut Program),
    /// What the refusal names: what, where, how much is needed, how much there is.
    named: [&'static str; 4],
}

/// Two populations of 12 neurons, 4 input channels, and on Xylo chips an output layer.
fn base(spec: &ChipSpec) -> Program {
    let mut random = Random::new(3);
    let model = spec.models[0];
    let population = |name: &str| Population { name: name.into(), size: 12, model, parameters: BTreeMap::new() };
    let output = Population { size: 4, ..population("output") };
    let mut network = Network {
        populations: vec![population("a"), population("b"), output],
        inputs: vec![InputGroup { name: "in".into(), channels: 4 }],
        projections: Vec::new(),
    };
    let ends = [(Endpoint::Input(0), 0), (Endpoint::Population(0), 1), (Endpoint::Population(1), 2)];
    for (index, (pre, post)) in ends.into_iter().enumerate() {
        let choice = |negative: bool| {
            let fixed = if negative { SynapseSign::Inhibitory } else { SynapseSign::Excitatory };
            let kind = spec
                .synapses
                .iter()
                .find(|kind| kind.kinetics != Kinetics::Graded && [fixed, SynapseSign::Signed].contains(&kind.sign));
            kind.expect("every chip has both signs").name.clone()
        };
        let wish = ProjectionSpec {
            name: format!("x{index}"),
            pre,
            post,
            pattern: Pattern::FanIn(3),
            weights: Weights::Uniform { mean: Weight::from_bits(8 << 20), spread: Weight::from_bits(4 << 20) },
            signs: Signs::AsDrawn,
            self_connections: true,
            synapse: SynapseChoice { excitatory: choice(false), inhibitory: choice(true) },
            delay_ticks: 1,
        };
        let projection = wish.generate(&network, random.below(100).into()).unwrap();
        network.projections.push(projection);
    }
    let options = MapperOptions { core_sharing: CoreSharing::SameParameters, ..MapperOptions::default() };
    map(&network, spec, &options).unwrap_or_else(|e| panic!("{}: {e}", spec.name)).program
}

fn words(program: &mut Program) -> &mut Vec<TagCamCore> {
    let Routing::TagCam { cores, .. } = &mut program.routing else { panic!("a tag and CAM program") };
    cores
}

fn axons(program: &mut Program) -> &mut Vec<AxonCore> {
    let Routing::Axon { cores, .. } = &mut program.routing else { panic!("an axon program") };
    cores
}

fn arrays(program: &mut Program) -> &mut Vec<CrossbarCore> {
    let Routing::Crossbar { cores, .. } = &mut program.routing else { panic!("a crossbar program") };
    cores
}

fn synapse(program: &mut Program) -> &mut IdealSynapse {
    match &mut program.routing {
        Routing::Ideal(rows) | Routing::Xylo { rows, .. } => &mut rows[0].synapses[0],
        Routing::Axon { cores, .. } => &mut cores[0].input_axons[0].synapses[0],
        _ => panic!("a program whose weights are numbers"),
    }
}

/// Row 0 of a Xylo program gets `count` synapses onto hidden neurons 0, 1, 2, ...; the layer grows with them.
fn widen(program: &mut Program, row: usize, count: u16) {
    program.cores[0].neuron_count = program.cores[0].neuron_count.max(count.into());
    let Routing::Xylo { rows, .. } = &mut program.routing else { panic!("a Xylo program") };
    let synapse = rows[row].synapses[0];
    rows[row].synapses = (0..count).map(|n| IdealSynapse { neuron: NeuronId(n), ..synapse }).collect();
}

/// The first row of a Xylo program that goes from a hidden neuron to the hidden layer.
fn recurrent(program: &Program) -> usize {
    let Routing::Xylo { rows, .. } = &program.routing else { panic!("a Xylo program") };
    let hidden = rows
        .iter()
        .position(|row| matches!(row.source, chip::Source::Neuron(_)) && row.destination.core == chip::XYLO_HIDDEN);
    hidden.expect("some hidden neuron reaches another")
}

const BEYOND: &[Beyond] = &[
    // Whatever the router.
    Beyond {
        chip: "ideal",
        push: |p| p.cores[0].neuron_count = 70_000,
        named: ["neurons", "chip 0 core 0", "70000", "16384"],
    },
    Beyond {
        chip: "ideal",
        push: |p| {
            let Routing::Ideal(rows) = &mut p.routing else { panic!("rows") };
            rows.truncate(1);
            let synapse = IdealSynapse { weight: i16::MAX, ..rows[0].synapses[0] };
            rows[0].synapses = vec![synapse; 258];
        },
        named: ["weights of its inputs", "chip 0 core 0 neuron", "2155740930", "2147483647"],
    },
    // Tags and CAM.
    Beyond {
        chip: "dynapse2",
        push: |p| {
            let word = words(p)[0].cam[0][0];
            words(p)[0].cam[0] = vec![word; 65];
        },
        named: ["CAM words", "chip 0 core 0 neuron 0", "65", "64"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| {
            let word = words(p)[0].sram.iter().flatten().next().copied().unwrap();
            words(p)[0].sram[3] = vec![word; 5];
        },
        named: ["SRAM words", "chip 0 core 0 neuron 3", "5", "3"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].cam[0][0].tag = Tag(2048),
        named: ["tag", "chip 0 core 0 neuron 0", "2048", "2047"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].cam[0][0].weight_bits = 16,
        named: ["weight bits", "chip 0 core 0 neuron 0", "16", "15"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].weight_currents.push(1),
        named: ["weight currents", "chip 0 core 0", "5", "4"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].sram.iter_mut().flatten().next().unwrap().hop_x = 8,
        named: ["hop", "chip 0 core 0 neuron", "8", "7"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].sram.iter_mut().flatten().next().unwrap().core_mask = 16,
        named: ["core mask", "chip 0 core 0 neuron", "16", "15"],
    },
    // Axons.
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].input_axons[0].clone();
            axons(p)[0].input_axons.resize(4097, axon);
        },
        named: ["input axons", "chip 0 core 0", "4097", "4096"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].output_axons[0];
            axons(p)[0].output_axons = vec![axon; 4097];
        },
        named: ["output axons", "chip 0 core 0", "4097", "4096"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            // A list of 100 synapses takes 64 x 14 + 10 and 36 x 14 + 10 bits, in words of 64.
            let mut axon = axons(p)[0].input_axons[0].clone();
            axon.synapses = vec![axon.synapses[0]; 100];
            axons(p)[0].input_axons = vec![axon; 703];
            axons(p)[0].groups.iter_mut().for_each(|group| group.dense = false);
        },
        named: ["synapse bits", "chip 0 core 0", "1079808", "1048576"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| axons(p)[0].groups[0].delay = 64,
        named: ["delay", "synapse group 0 of chip 0 core 0", "64", "63"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| p.cores[0].weight_exponent = 28,
        named: ["weight exponent", "chip 0 core 0", "8", "-8 to 7"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| p.cores[0].weight_exponent = 11,
        named: ["weight exponent", "chip 0 core 0", "-9", "-8 to 7"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Excitatory;
            synapse(p).weight = 256;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "256", "0 to 255"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Excitatory;
            synapse(p).weight = -1;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "-1", "0 to 255"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Mixed;
            synapse(p).weight = 3;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "3", "multiples of 2"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| axons(p)[0].input_axons[0].group = 9,
        named: ["synapse group", "input axon 0 of chip 0 core 0", "9", "0"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].dense = true;
            let synapse = *synapse(p);
            axons(p)[0].input_axons[0].synapses = vec![synapse; 2];
        },
        named: ["dense list", "input axon 0 of chip 0 core 0", "twice", "once"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].output_axons[0];
            axons(p)[0].output_axons[0].target.axon = axon.target.axon + 4096;
        },
        named: ["input axon", "chip 0 core 1", "40", "has"],
    },
    // Matrices of Xylo.
    Beyond { chip: "xylo-audio2", push: |p| p.input_count = 17, named: ["input channels", "the chip", "17", "16"] },
    Beyond {
        chip: "xylo-audio2",
        push: |p| p.cores[1].neuron_count = 9,
        named: ["output neurons", "the chip", "9", "8"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| synapse(p).weight = 128,
        named: ["weight", "chip 0 core 0 neuron", "128", "127"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| synapse(p).weight = -129,
        named: ["weight", "chip 0 core 0 neuron", "-129", "-128"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            let Routing::Xylo { rows, .. } = &mut p.routing else { panic!("matrices") };
            rows[0].delay_ticks = 2;
        },
        named: ["delay", "chip 0 core 0", "2", "1 tick only"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| widen(p, recurrent(p), 65),
        named: ["recurrent synapses", "hidden neuron", "65", "64"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            // 64 hidden neurons, each with one synapse onto neuron 0.
            widen(p, recurrent(p), 64);
            let row = recurrent(p);
            let Routing::Xylo { rows, .. } = &mut p.routing else { panic!("matrices") };
            let (first, core) = (rows[row].clone(), rows[row].destination);
            rows.clear();
            for n in 0..64 {
                let source = chip::Source::Neuron(NeuronAddress { core, neuron: NeuronId(n) });
                rows.push(IdealRow { source, synapses: first.synapses[..1].to_vec(), ..first });
            }
        },
        named: ["incoming synapses", "hidden neuron 0", "64", "63"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            let Routing::Xylo { shifts, .. } = &mut p.routing else { panic!("matrices") };
            shifts.output = 8;
        },
        named: ["weight shift", "the output matrix", "8", "7"],
    },
    Beyond {
        chip: "xylo-imu",
        push: |p| widen(p, 0, 129),
        named: ["neurons with input synapses", "the hidden layer", "129", "128"],
    },
    // Buses and arrays.
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].bus = 4,
        named: ["bus", "chip 0 core 0", "4", "3"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].index = 32,
        named: ["driver", "chip 0 core 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].select_mask = 32,
        named: ["select mask", "chip 0 core 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].row = 2,
        named: ["row", "chip 0 core 0, bus", "2", "1"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].cells[0].label = 64,
        named: ["label", "chip 0 core 0, bus", "64", "63"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].cells[0].weight = 64,
        named: ["weight code", "chip 0 core 0, bus", "64", "63"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].events[0] = Some(BusEvent { bus: 0, row_select: 32, label: 0 }),
        named: ["row select", "chip 0 core 0 neuron 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].events[0] = Some(BusEvent { bus: 1, row_select: 0, label: 0 }),
        named: ["event output", "chip 0 core 0 neuron 0", "bus 1", "bus 0"],
    },
];

#[test]
fn a_number_beyond_a_limit_is_refused_with_place_need_and_limit() {
    let mut wrong = Vec::new();
    for Beyond { chip, push, named } in BEYOND {
        let spec = shipped(chip);
        let mut program = base(&spec);
        assert!(Fabric::build(&spec, &program).is_ok() && router::check(&spec, &program).is_ok(), "{chip}");
        push(&mut program);
        match (Fabric::build(&spec, &program), router::check(&spec, &program)) {
            (Err(error), Err(same)) if error == same => {
                let text = error.to_string();
                if !named.iter().all(|part| text.contains(part)) {
                    wrong.push(format!("{chip}: {named:?} in: {text}"));
                }
            }
            (built, checked) => {
                let (built, checked) = (built.map(|_| ()), checked.map(|_| ()));
                wrong.push(format!("{chip}: {named:?}: built {built:?}, checked {checked:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

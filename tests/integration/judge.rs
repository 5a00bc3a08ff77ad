//! One judge of programs: what `map` accepts is loaded on a nominal die. (What is beyond a limit is refused: `beyond`.)

use crate::support::Random;
use chip::{ChipSpec, CoreModel, Evidence, Fact, FaultSpec, Routing, SynapseSign, Values};
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use emulator::Emulator;
use fx::Weight;
use mapper::{CoreSharing, MapperError, MapperOptions, OverFull, Scale, SmallWeights, decode, map};
use network::{
    Connection, Connections, Endpoint, Inhibition, InputGroup, Mask, Network, Pattern, Population, Projection,
    ProjectionSpec, Signs, SynapseChoice, WeightFormat, Weights,
};
use proptest::prelude::*;
use router::Fabric;
use std::collections::{BTreeMap, BTreeSet};
use units::{Decimal, DieId, Quantity};

pub(crate) fn shipped(name: &str) -> ChipSpec {
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
            kind.kinetics.is_graded() == model.is_graded() && [fixed, SynapseSign::Signed].contains(&kind.sign)
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
        return Some(Projection {
            name,
            pre,
            post,
            synapse,
            connections,
            mask,
            delay_ticks,
            weight_format: WeightFormat::default(),
        });
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
        pre_part: None,
        post,
        post_part: None,
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
        network.inputs.push(InputGroup::of_host(format!("i{index}"), channels));
    }
    for index in 0..1 + random.below(4) {
        let projection = projection(random, spec, &network, format!("x{index}"));
        network.projections.extend(projection);
    }
    network
}

fn options(random: &mut Random) -> MapperOptions {
    MapperOptions {
        over_full: random.pick(&[OverFull::Error, OverFull::Prune, OverFull::Prune]),
        small_weights: random.pick(&[SmallWeights::Keep, SmallWeights::Nearest]),
        core_sharing: random.pick(&[CoreSharing::Off, CoreSharing::On]),
        scale: random.pick(&[Scale::None, Scale::Auto, Scale::Auto, Scale::Auto]),
        max_weight_error: random.pick(&[None, Some(0.5), Some(0.5)]),
        ..MapperOptions::default()
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
    let decoded = decode(&mapping.program, &mapping.placement, &network, spec).unwrap();
    let kept = mapping.report.kept() - sliced_twins(&network);
    assert_eq!(decoded.len() as u64, kept, "{} with seed {seed}", spec.name);
    Some(())
}

/// Connections beyond the first between the same two neurons, of one kind and delay, where weights are kept in slices:
/// all of them are kept, and read back as one.
fn sliced_twins(network: &Network) -> u64 {
    let (mut count, mut pairs) = (0, BTreeSet::new());
    for projection in &network.projections {
        if network.populations[projection.post].model != CoreModel::CubaLif {
            continue;
        }
        for Connection { pre, post, weight } in projection.connections.iter().filter(|c| c.weight.to_bits() != 0) {
            let SynapseChoice { excitatory, inhibitory } = &projection.synapse;
            let name = if weight.to_bits() > 0 { excitatory } else { inhibitory };
            let kind = name.trim_end_matches("_high");
            count += 1;
            pairs.insert((projection.pre, pre, projection.post, post, kind, projection.delay_ticks));
        }
    }
    count - pairs.len() as u64
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

/// A network of this seed has such twins.
#[test]
fn twins_in_slices_are_read_as_one() {
    mapped(&shipped("ideal"), 10_101_018_545_632_071_915).expect("it fits");
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
        // Few random networks fit a Xylo chip.
        assert!((5..60).contains(&accepted), "{name}: {accepted} of 60 networks are mapped");
    }
}

/// One population on the ideal chip that hears `channels` inputs with weights up to `largest`.
fn fan_in(channels: u32, largest: Weight) -> Network {
    let list =
        (0..channels).map(|i| (i, 0, if i % 7 == 0 { largest } else { Weight::from_bits(largest.to_bits() / 3) }));
    let connections = Connections::from_list(channels, list.collect());
    Network {
        clock: None,
        populations: vec![Population { name: "p".into(), size: 1, model: CoreModel::Lif, parameters: BTreeMap::new() }],
        inputs: vec![InputGroup::of_host("in", channels)],
        projections: vec![Projection {
            name: "x".into(),
            pre: Endpoint::Input(0),
            post: 0,
            synapse: SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: 1,
            weight_format: WeightFormat::default(),
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
         core, but its accumulators hold 2147483647; reduce its fan-in, or scale weights and the thresholds that the network \
         gives its populations down together"
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

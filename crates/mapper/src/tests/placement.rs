//! Placements that are searched and placements that are given.
#![allow(clippy::print_stdout, reason = "what was measured is what these tests are for")]

use super::nets::*;
use crate::testing::*;
use crate::*;
use chip::{ChipSpec, CoreModel};
use network::{Endpoint, Network, Population};
use std::collections::BTreeSet;
use units::CoreAddress;

fn optimised() -> MapperOptions {
    MapperOptions { placement: Placing::Optimised, ..MapperOptions::default() }
}

/// The ends of the connections of a network that is mapped without loss, and of what its program makes.
fn check_ends(network: &Network, spec: &ChipSpec, mapping: &Mapping) {
    let made = decode(&mapping.program, &mapping.placement, network, spec).unwrap();
    let mut made: Vec<_> = made.iter().map(|c| (c.pre, c.pre_index, c.post, c.post_index)).collect();
    let mut wished: Vec<_> = network.projections.iter().flat_map(ends).collect();
    made.sort_unstable();
    wished.sort_unstable();
    assert_eq!(made, wished);
}

fn ends(projection: &network::Projection) -> Vec<(Endpoint, u32, usize, u32)> {
    let wanted = projection.kept().filter(|connection| connection.weight.to_bits() != 0);
    wanted.map(|c| (projection.pre, c.pre, projection.post, c.post)).collect()
}

fn traffic(mapping: &Mapping) -> (Traffic, Option<Traffic>) {
    let report = mapping.report.placement.as_ref().expect("asked for");
    (report.traffic, report.in_order)
}

#[test]
fn shuffled_communities_are_found_and_map() {
    let spec = tag_cam();
    let (network, planted) = communities(&[256; 12], 32, 85, 3);
    assert!(map(&network, &spec, &MapperOptions::default()).is_err(), "too many sources a core in this order");
    let mapping = map(&network, &spec, &optimised()).unwrap();
    check_ends(&network, &spec, &mapping);
    assert_eq!(mapping.symbols.placement, chip::PlacementKind::Optimised);
    // Each community is a core.
    let cores: BTreeSet<(u32, CoreAddress)> =
        (0..3072).map(|n| (planted[n as usize], mapping.placement.address(0, n).unwrap().core)).collect();
    assert_eq!(cores.len(), 12);
    assert_eq!(map(&network, &spec, &optimised()).unwrap(), mapping, "the same bytes twice");
    let text = mapping.report.to_string();
    assert!(text.contains("placement optimised: every source once is"), "{text}");
}

#[test]
fn random_nets_with_fan_in_12_and_13_map() {
    let spec = tag_cam();
    for fan_in in [12, 13] {
        let network = random(3072, fan_in, fan_in as u64);
        assert!(map(&network, &spec, &MapperOptions::default()).is_err());
        let mapping = map(&network, &spec, &optimised()).unwrap();
        assert_eq!(mapping.report.losses.len(), 0);
        check_ends(&network, &spec, &mapping);
    }
}

/// A reservoir whose cores would all hear nearly all of it is refused for what the order is refused for, and the way
/// out is named.
#[test]
fn random_nets_that_no_board_holds_are_refused() {
    let (network, spec) = (random(3072, 48, 5), tag_cam());
    let [in_order, error] = [MapperOptions::default(), optimised()].map(|options| map(&network, &spec, &options));
    let (in_order, error) = (in_order.unwrap_err(), error.unwrap_err());
    assert!(matches!(error, MapperError::Tags { .. }), "{error}");
    assert_eq!(in_order, error);
    let ways = ways_out(&network, &spec, &optimised(), &error);
    assert_eq!((ways[0].option, ways[0].value, &ways[0].loss), (Some("over_full"), Some("prune"), &None), "{ways:?}");
}

/// Small nets of all sorts on chips of two kinds.
fn never_worse(count: u64) {
    for seed in 0..count {
        let mut dice = Dice(seed);
        let (network, spec) = some_net(&mut dice);
        let order = map(&network, &spec, &MapperOptions::default());
        let best = map(&network, &spec, &optimised());
        let Ok(best) = best else {
            assert!(order.is_err(), "net {seed} maps in order alone");
            continue;
        };
        check_ends(&network, &spec, &best);
        let (now, before) = traffic(&best);
        if order.is_ok() {
            let before = before.unwrap();
            assert!(now.pairs <= before.pairs && now.hops <= before.hops, "net {seed}: {now:?}, {before:?}");
        }
    }
}

#[test]
fn no_net_is_worse_than_in_order() {
    never_worse(20);
}

/// All of the nets that the documentation speaks of.
#[test]
#[ignore = "a minute"]
fn no_net_of_200_is_worse_than_in_order() {
    never_worse(200);
}

/// Networks made from a placement that fits, at 95 % of the circuits; how many of them are mapped.
fn hidden(seeds: std::ops::Range<u64>) -> usize {
    let mapped = |seed: &u64| {
        let (network, spec, cores) = hidden_net(&mut Dice(*seed));
        let nets = optimise::Nets::of(&network, None);
        let hidden = Traffic::of(&nets, &Placement::of_cores(&network, &cores), &spec, &*kinds::of(&spec).unwrap());
        println!("net {seed}: {} neurons on {} cores, {hidden:?}", nets.neurons, spec.chip_count() * 4);
        match map(&network, &spec, &optimised()) {
            Ok(mapping) => {
                println!("{:?}", traffic(&mapping));
                mapping.report.losses.is_empty()
            }
            Err(error) => {
                println!("net {seed}: {error}");
                false
            }
        }
    };
    seeds.filter(mapped).count()
}

#[test]
fn hidden_placements_are_found() {
    assert_eq!(hidden(0..5), 5);
}

#[test]
#[ignore = "some minutes"]
fn ninety_nine_of_100_hidden_placements_are_found() {
    let found = hidden(0..100);
    println!("{found} of 100");
    assert!(found >= 99, "{found}");
}

#[test]
fn parameters_follow_their_neurons() {
    let mut network = communities(&[40, 40, 40], 8, 90, 5).0;
    network.projections[0].synapse = network::SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() };
    let values = (0..120).map(|n| fact(&format!("{} ms", 5 + n % 50)).quantity).collect::<Vec<_>>();
    network.populations[0].parameters.insert("tau_mem".into(), chip::Values::PerNeuron(values.clone()));
    let spec = ideal();
    let mapping = map(&network, &spec, &optimised()).unwrap();
    assert_eq!(mapping.symbols.placement, chip::PlacementKind::Optimised);
    for (index, wanted) in (0..).zip(values) {
        let address = mapping.placement.address(0, index).unwrap();
        let core = mapping.program.cores.iter().find(|core| core.address == address.core).unwrap();
        assert_eq!(core.parameters["tau_mem"].get(address.neuron.index()), wanted);
    }
    check_ends(&network, &spec, &mapping);
}

#[test]
fn populations_that_cannot_share_stay_apart() {
    let mut network = communities(&[30; 4], 6, 50, 7).0;
    let mut other = lif("b", 60);
    other.parameters.insert("tau_mem".into(), shared("5 ms"));
    network.populations.push(other);
    let list = (0..240).map(|n| (n % 120, n % 60, weight(1 << 20))).collect();
    network.projections.push(projection(&network, "on", Endpoint::Population(0), 1, list));
    let spec = with_sizes(tag_cam(), 1, 4, 64);
    let mapping = map(&network, &spec, &optimised()).unwrap();
    check_ends(&network, &spec, &mapping);
    for core in &mapping.report.cores {
        let names: BTreeSet<&str> = core.parts.iter().map(|part| part.population.as_str()).collect();
        assert_eq!(names.len(), 1, "{}", core.address);
    }
}

#[test]
fn given_placements_are_obeyed_and_checked() {
    let (network, planted) = communities(&[20, 20], 4, 90, 9);
    let spec = with_sizes(tag_cam(), 1, 4, 20);
    let name = network.populations[0].name.clone();
    let place =
        |index: u32, core: u16| chip::NeuronPlace { population: name.clone(), index, core: CoreAddress::new(0, core) };
    let places: Vec<_> = (0..40).map(|n| place(n, 3 - planted[n as usize] as u16)).collect();
    let map_with = |places: Vec<chip::NeuronPlace>| {
        let placement = Placing::Given(places.into());
        map(&network, &spec, &MapperOptions { placement, ..MapperOptions::default() })
    };
    let mapping = map_with(places.clone()).unwrap();
    assert_eq!(mapping.symbols.placement, chip::PlacementKind::Given);
    for place in &places {
        assert_eq!(mapping.placement.address(0, place.index).unwrap().core, place.core);
    }
    check_ends(&network, &spec, &mapping);
    let refused = |change: &dyn Fn(&mut Vec<chip::NeuronPlace>), words: &str| {
        let mut wrong = places.clone();
        change(&mut wrong);
        let error = map_with(wrong).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&|all| drop(all.pop()), "has no place");
    refused(&|all| all.push(all[0].clone()), "is named twice");
    refused(&|all| all[0].index = 40, "no neuron 40");
    refused(&|all| all[0].population = "zz".into(), "no population `zz`");
    refused(&|all| all[0].core = CoreAddress::new(0, 4), "not on the board");
    refused(&|all| all[0].core = CoreAddress::new(1, 0), "not on the board");
    refused(&|all| all.iter_mut().for_each(|p| p.core = CoreAddress::new(0, 1)), "40 neurons are to sit in");
    let placement = Placing::File("a.csv".into());
    let error = map(&network, &spec, &MapperOptions { placement, ..MapperOptions::default() }).unwrap_err();
    assert!(error.to_string().contains("`a.csv`"), "{error}");
}

#[test]
fn sources_that_send_more_weigh_more() {
    // A neuron is heard by both halves of a core's worth each; which half it sits with depends on who sends.
    let edges = (0..8u32).flat_map(|n| [(n, 8 + n), (n, 16 + n), (8 + n, n), (16 + n, n)]).collect();
    let (network, spec) = (net(24, edges), with_sizes(tag_cam(), 1, 4, 8));
    let counts = |first: u32, second: u32| SpikeCounts {
        neurons: vec![(0..24).map(|n| [1, first, second][n / 8]).collect()],
        channels: Vec::new(),
    };
    for counts in [counts(50, 1), counts(1, 50)] {
        let mapping = map_counted(&network, &spec, &optimised(), &counts).unwrap();
        let (now, before) = traffic(&mapping);
        assert!(now.pairs < before.unwrap().pairs / 2, "{now:?}, {before:?}");
        check_ends(&network, &spec, &mapping);
    }
}

/// Layers that fill the synapse memory of several cores each: neurons are dealt to as many cores as memories need, and
/// the search does not begin with as few as have circuits. What fits no board is refused with and without a search.
#[test]
fn memories_count_where_neurons_are_dealt() {
    let mut spec = with_sizes(formats::chip::shipped("loihi-lava").unwrap(), 1, 16, 512);
    spec.sources.insert("test".into(), "a test".into());
    let chip::RouterSpec::Axon(router) = &mut spec.router else { panic!("a chip with axons") };
    router.synapse_bits = fact("40000");
    let layer = |name: &str| Population { model: CoreModel::Loihi, ..lif(name, 100) };
    let mut network = Network { populations: ["a", "b", "c"].map(layer).to_vec(), ..Network::default() };
    let mut dice = Dice(8);
    for post in [1, 2] {
        let fan_in = (0..100).flat_map(|neuron| (0..30).map(move |_| neuron));
        let mut list: Vec<_> = fan_in.map(|post| (dice.below(100), post, weight(9 << 20))).collect();
        list.sort_unstable();
        list.dedup();
        let mut all = projection(&network, &format!("to {post}"), Endpoint::Population(post - 1), post, list);
        all.synapse = network::SynapseChoice { excitatory: "box".into(), inhibitory: "box".into() };
        network.projections.push(all);
    }
    let mapping = map(&network, &spec, &optimised()).unwrap();
    assert_eq!(mapping.symbols.placement, chip::PlacementKind::Optimised);
    assert!(mapping.program.cores.len() > 2, "the memory of one core is too small for a layer");
    check_ends(&network, &spec, &mapping);
    let (now, before) = traffic(&mapping);
    assert!(before.is_none_or(|before| now.pairs <= before.pairs && now.hops <= before.hops), "{now:?}, {before:?}");
    let small = with_sizes(spec, 1, 2, 512);
    let refusals = [MapperOptions::default(), optimised()].map(|options| map(&network, &small, &options).unwrap_err());
    assert!(matches!(refusals[0], MapperError::BoardFull { memories: true, .. }), "{}", refusals[0]);
    assert_eq!(refusals[0], refusals[1]);
}

/// Rings stay in pieces: each core hears its neighbours and little else.
#[test]
fn rings_are_cut_into_arcs() {
    let network = ring(1024, 16, 5, 3);
    let spec = with_sizes(tag_cam(), 3, 4, 96);
    let mapping = map(&network, &spec, &optimised()).unwrap();
    let (now, before) = traffic(&mapping);
    assert!(now.pairs * 4 < before.unwrap().pairs, "{now:?}, {before:?}");
    check_ends(&network, &spec, &mapping);
}

/// A readout leaves the neurons that it was trained on where they are.
#[test]
fn a_readout_moves_nothing() {
    let mut network = communities(&[30, 30, 30], 8, 95, 4).0;
    let spec = with_sizes(tag_cam(), 1, 8, 30);
    let alone = map(&network, &spec, &optimised()).unwrap();
    assert_eq!(alone.symbols.placement, chip::PlacementKind::Optimised);
    network.populations.push(lif("readout", 5));
    let list = (0..90).map(|n| (n, n % 5, weight(1 << 18))).collect();
    network.projections.push(projection(&network, "read", Endpoint::Population(0), 1, list));
    let with = map_apart(&network, &spec, &optimised(), Some(1), None).unwrap();
    for index in 0..90 {
        assert_eq!(with.placement.address(0, index), alone.placement.address(0, index));
    }
    check_ends(&network, &spec, &with);
    let refused = map_apart(&network, &with_sizes(tag_cam(), 1, 3, 30), &optimised(), Some(1), None);
    assert!(refused.unwrap_err().to_string().contains("cores of its own"));
}

/// A network of the folder that `QUENCHED_CASES` names, on a chip.
fn case(name: &str, chip: &str) -> Option<(Network, ChipSpec)> {
    let Ok(folder) = std::env::var("QUENCHED_CASES") else {
        println!("SKIPPED: {name}: QUENCHED_CASES does not name the folder of cases");
        return None;
    };
    let spec = formats::chip::shipped(chip).unwrap();
    let path = std::path::Path::new(&folder).join(format!("placement/{name}.toml"));
    Some((formats::network::load(&path, &spec).unwrap_or_else(|error| panic!("{error}")), spec))
}

#[test]
fn recorded_cases_map() {
    for (name, chip) in [
        ("c3072planted", "dynapse2"),
        ("c3072shuffled", "dynapse2"),
        ("rand3072x13-order", "dynapse2"),
        ("rand3072x13-repartitioned", "dynapse2"),
        ("rec3072_12", "dynapse2"),
        ("minplace", "dynapse2"),
        ("sbm5000loihi-lava", "loihi-lava"),
        ("sbm5000ploihi-lava", "loihi-lava"),
        ("b_rec128", "brainscales2"),
        ("b_rec128_noin", "brainscales2"),
    ] {
        let Some((network, spec)) = case(name, chip) else { return };
        let begin = std::time::Instant::now();
        match map(&network, &spec, &optimised()) {
            Ok(mapping) => {
                let cores = mapping.program.cores.len();
                println!("{name}: {cores} cores, {:?}, {:?}", mapping.report.placement, begin.elapsed());
                assert!(mapping.report.losses.is_empty());
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

//! Which populations share a core, on every kind of chip, and what is said when there is no room.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, Values};
use network::{Endpoint, InputGroup, Network, Population, SynapseChoice};
use std::collections::BTreeMap;

const ON: MapperOptions = options(CoreSharing::On);
const OFF: MapperOptions = options(CoreSharing::Off);

const fn options(core_sharing: CoreSharing) -> MapperOptions {
    MapperOptions {
        over_full: OverFull::Error,
        prune_by: PruneBy::Weight,
        activity: Activity::Unknown,
        small_weights: SmallWeights::Nearest,
        weight_goal: WeightGoal::Rms,
        weights_for: WeightsFor::Kept,
        max_weight_error: None,
        core_sharing,
        scale: Scale::None,
        chips: None,
        placement: Placing::Order,
        die: DieChoice::None,
    }
}

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap()
}

/// Populations of these sizes, of the first model of the chip.
fn populations(spec: &ChipSpec, sizes: &[u32]) -> Network {
    let model = spec.models[0];
    let populations = sizes.iter().zip(0..);
    let population = |(size, index): (&u32, u32)| Population {
        name: format!("p{index}"),
        size: *size,
        model,
        parameters: BTreeMap::new(),
    };
    Network { populations: populations.map(population).collect(), ..Network::default() }
}

/// One channel that drives every neuron of every population with a weight, through the first kind of synapse.
fn driven(spec: &ChipSpec, sizes: &[u32], weights: &[i32]) -> Network {
    let mut network = populations(spec, sizes);
    network.inputs.push(InputGroup::of_host("in", 1));
    let kind = &spec.synapses[0].name;
    for (post, (size, bits)) in sizes.iter().zip(weights).enumerate() {
        let list = (0..*size).map(|neuron| (0, neuron, weight(*bits))).collect();
        let mut wish = projection(&network, &format!("x{post}"), Endpoint::Input(0), post, list);
        wish.synapse = SynapseChoice { excitatory: kind.clone(), inhibitory: kind.clone() };
        network.projections.push(wish);
    }
    network
}

/// Neurons of each core in use.
fn cores(network: &Network, spec: &ChipSpec, options: &MapperOptions) -> Vec<u32> {
    let mapping = map(network, spec, options).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
    mapping.program.cores.iter().map(|core| core.neuron_count).collect()
}

#[test]
fn populations_share_the_cores_of_every_chip() {
    for (chip, sizes, on, off) in [
        ("dynapse2", vec![1; 17], vec![17], None),
        ("dynapse2", vec![1; 16], vec![16], Some(vec![1; 16])),
        ("dynapse2", vec![200, 57, 56], vec![256, 57], Some(vec![200, 57, 56])),
        ("dynapse2", vec![300, 10], vec![256, 54], Some(vec![256, 44, 10])),
        ("brainscales2", vec![1; 3], vec![3], None),
        ("brainscales2", vec![255, 1, 1], vec![256, 1], None),
        ("loihi-lava", vec![10; 129], vec![1020, 270], None),
        ("loihi-lava", vec![1024, 1], vec![1024, 1], Some(vec![1024, 1])),
        ("loihi-nengo", vec![600, 600, 400], vec![1000, 600], Some(vec![600, 600, 400])),
        // An ideal core has no memories to save.
        ("ideal", vec![5, 7], vec![5, 7], Some(vec![5, 7])),
    ] {
        let spec = shipped(chip);
        for network in [populations(&spec, &sizes), driven(&spec, &sizes, &vec![5 << 20; sizes.len()])] {
            assert_eq!(cores(&network, &spec, &ON), on, "{chip} {sizes:?}");
            match &off {
                Some(off) => assert_eq!(cores(&network, &spec, &OFF), *off, "{chip} {sizes:?}"),
                None => {
                    let error = map(&network, &spec, &OFF).unwrap_err().to_string();
                    assert!(error.contains("let populations share cores"), "{chip}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_shared_network_decodes_to_the_same_connections() {
    for chip in ["dynapse2", "brainscales2", "loihi-lava", "loihi-brian2"] {
        let spec = shipped(chip);
        let mut network = driven(&spec, &[3, 40, 5], &[4 << 20, 5 << 20, 4 << 20]);
        let list = (0..40).map(|i| (i, i % 5, weight(8 << 20))).collect();
        let mut next = projection(&network, "next", Endpoint::Population(1), 2, list);
        next.synapse = network.projections[0].synapse.clone();
        network.projections.push(next);
        let of = |options| {
            let mapping = map(&network, &spec, options).unwrap();
            let all = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
            let ends = all.iter().map(|c| (c.pre, c.pre_index, c.post, c.post_index));
            (mapping.program.cores.len(), ends.collect::<Vec<_>>())
        };
        let ((on, shared), (off, alone)) = (of(&ON), of(&MapperOptions { chips: None, ..ON }));
        assert_eq!((on, &shared), (off, &alone), "{chip}");
        assert_eq!((on, shared.len()), (1, 48 + 40), "{chip}");
    }
}

#[test]
fn parameters_that_a_core_shares_must_agree() {
    let with = |spec: &ChipSpec, values: [Option<&str>; 3]| {
        let mut network = populations(spec, &[100; 3]);
        for (population, value) in network.populations.iter_mut().zip(values) {
            let value = value.map(|value| ("tau_mem".to_owned(), shared(value)));
            population.parameters = value.into_iter().collect();
        }
        cores(&network, spec, &ON)
    };
    let (one, each) = (tag_cam(), crossbar());
    // Nominal is 20 ms, whoever says so and however.
    assert_eq!(with(&one, [None, Some("20 ms"), Some("0.02 s")]), [200, 100]);
    assert_eq!(with(&one, [Some("5 ms"), None, Some("5 ms")]), [200, 100]);
    assert_eq!(with(&one, [Some("5 ms"), Some("6 ms"), Some("7 ms")]), [100, 100, 100]);
    assert_eq!(with(&each, [Some("5 ms"), Some("6 ms"), Some("7 ms")]), [200, 100]);

    // Each neuron keeps its own.
    let mut network = populations(&each, &[2, 1]);
    network.populations[0].parameters.insert("tau_mem".into(), shared("5 ms"));
    let program = map(&network, &each, &ON).unwrap().program;
    let list = ["5 ms", "5 ms", "20 ms"].map(|value| fact(value).quantity).to_vec();
    assert_eq!(program.cores[0].parameters["tau_mem"], Values::PerNeuron(list));

    // What is one value for a core even there: the limits of the voltage of nengo-loihi.
    let spec = shipped("loihi-nengo");
    let mut network = populations(&spec, &[10, 10, 10]);
    for (population, exponent) in network.populations.iter_mut().zip(["1", "2", "1"]) {
        population.parameters.insert("v_max_exponent".into(), shared(exponent));
        population.parameters.insert("decay_v".into(), shared(exponent));
    }
    assert_eq!(cores(&network, &spec, &ON), [20, 10]);
}

#[test]
fn models_do_not_mix_in_a_core() {
    let mut network = populations(&ideal(), &[1; 16]);
    network.populations[3].model = CoreModel::Rate;
    network.populations.push(Population { name: "q".into(), ..network.populations[3].clone() });
    let mapping = map(&network, &ideal(), &ON).unwrap();
    assert_eq!(mapping.placement.address(3, 0).unwrap().core, mapping.placement.address(16, 0).unwrap().core);
    assert!(mapping.program.cores.iter().all(|core| (core.model == CoreModel::Rate) == (core.neuron_count == 2)));
}

#[test]
fn weights_of_another_size_keep_apart_while_there_are_cores() {
    for (chip, fresh) in [("dynapse2", 16), ("brainscales2", 2)] {
        let spec = shipped(chip);
        let pair = |a: i32, b: i32| cores(&driven(&spec, &[2, 3], &[a << 20, b << 20]), &spec, &ON);
        assert_eq!((pair(4, 8), pair(8, 4)), (vec![5], vec![5]), "{chip}");
        assert_eq!((pair(4, 9), pair(9, 4)), (vec![2, 3], vec![2, 3]), "{chip}");
        // Where there is no fresh core they share all the same.
        let many: Vec<i32> = (0..=fresh).map(|i| 1 << (20 + i % 8)).collect();
        let network = driven(&spec, &vec![1; many.len()], &many);
        let all = cores(&network, &spec, &ON);
        assert_eq!(all.iter().sum::<u32>(), many.len() as u32, "{chip}: {all:?}");
        assert!(all.len() <= fresh as usize, "{chip}: {all:?}");
    }
    // Each projection onto a Loihi core has a power of two of its own.
    let spec = shipped("loihi-lava");
    let network = driven(&spec, &[2, 2], &[1 << 20, 2040 << 20]);
    let mapping = map(&network, &spec, &ON).unwrap();
    let weights: Vec<i64> =
        decode(&mapping.program, &mapping.placement, &network, &spec).unwrap().iter().map(|c| c.weight).collect();
    assert_eq!((mapping.program.cores.len(), weights), (1, vec![1 << 20, 1 << 20, 2040 << 20, 2040 << 20]));
}

#[test]
fn a_population_is_split_only_where_it_must_be() {
    let spec = tag_cam();
    // 16 cores of 200: no fresh core is left for 300 neurons, but 56 circuits in each.
    let network = populations(&spec, &[[200; 16].as_slice(), &[300]].concat());
    let placement = map(&network, &spec, &ON).unwrap().placement;
    assert_eq!(
        placement.segments(16).iter().map(|segment| segment.count).collect::<Vec<_>>(),
        [56, 56, 56, 56, 56, 20]
    );
    let full = populations(&spec, &[[200; 16].as_slice(), &[897]].concat());
    assert_eq!(
        map(&full, &spec, &ON).unwrap_err().to_string(),
        "population `p16` of 897 neurons lacks 1 circuits: 0 of the board's 4096 are free for it; use fewer neurons, \
         or a chip file with more `geometry.chips`"
    );
    let one_chip = MapperOptions { chips: Some(1), ..ON };
    let error = map(&populations(&spec, &[1024, 5]), &spec, &one_chip).unwrap_err().to_string();
    assert!(error.contains("lacks 5 circuits: 0 of the board's 1024") && error.contains("all 4 chips"), "{error}");

    // The same on a chip with axons: 128 cores, of which each has 24 circuits left.
    let spec = shipped("loihi-lava");
    let network = populations(&spec, &[[1000; 128].as_slice(), &[100]].concat());
    let placement = map(&network, &spec, &ON).unwrap().placement;
    assert!(placement.segments(128).iter().all(|segment| segment.count <= 24));
    let error = map(&populations(&spec, &[[1000; 128].as_slice(), &[3073]].concat()), &spec, &ON).unwrap_err();
    assert!(error.to_string().contains("lacks 1 circuits"), "{error}");
}

#[test]
fn circuits_that_others_may_not_use_are_named() {
    let spec = tag_cam();
    let mut network = populations(&spec, &[1; 17]);
    for (population, tau) in network.populations.iter_mut().zip(5..) {
        population.parameters.insert("tau_mem".into(), shared(&format!("{tau} ms")));
    }
    let error = map(&network, &spec, &ON).unwrap_err().to_string();
    assert_eq!(
        error,
        "population `p16` of 1 neurons lacks 1 circuits: 0 of the board's 4096 are free for it; 4080 more are free in \
         cores whose neurons have other parameters, which a core of chip `tag-cam` shares: give the populations the \
         same; use fewer neurons, or a chip file with more `geometry.chips`"
    );
}

/// What needs more of a core together than it has is mapped apart, so that sharing refuses nothing.
#[test]
fn sharing_refuses_nothing_that_fits_alone() {
    let spec = with_router(tag_cam(), |router| router.tag_bits = fact("2"));
    let mut network = populations(&spec, &[4, 4]);
    network.inputs.push(input("in", 8));
    for post in 0..2 {
        let list = (0..4).map(|i| (4 * post as u32 + i, i, weight(1 << 20))).collect();
        let wish = projection(&network, &format!("x{post}"), Endpoint::Input(0), post, list);
        network.projections.push(wish);
    }
    // Eight sources in one core, four tags.
    assert_eq!(cores(&network, &spec, &ON), [4, 4]);

    // 5000 senders a population: a core of Loihi hears 4096.
    let spec = shipped("loihi-lava");
    let mut network = populations(&spec, &[4, 4]);
    network.inputs.push(input("in", 6000));
    for post in 0..2 {
        let list = (0..3000).map(|i| (3000 * post as u32 + i, i % 4, weight(1 << 20))).collect();
        let mut wish = projection(&network, &format!("x{post}"), Endpoint::Input(0), post, list);
        wish.synapse = SynapseChoice { excitatory: "box".into(), inhibitory: "box".into() };
        network.projections.push(wish);
    }
    assert_eq!(cores(&network, &spec, &ON), [4, 4]);
}

#[test]
fn a_readout_keeps_to_itself() {
    let spec = crossbar();
    let network = driven(&spec, &[10], &[1 << 20]);
    let wish = ReadoutWish {
        name: "readout".into(),
        population: "p0".into(),
        weights: vec![vec![1.0; 10]],
        bias: Vec::new(),
        bias_events: 1.0,
        scale: 1.0,
        strategy: ReadoutStrategy::Split,
        neurons_min: 1,
        copies: Copies::Number(1),
        means: Vec::new(),
        covariance: Vec::new(),
        spreads: Vec::new(),
        synapse: ampa_gaba(),
        delay_ticks: 1,
        parameters: BTreeMap::new(),
    };
    let (grown, places, _) = ReadoutPlan::new(&network, &spec, &wish, &ON).unwrap().attach(1.0).unwrap();
    let apart = map_with_readout(&grown, &places, &spec, &ON).unwrap();
    assert_eq!(apart.program.cores.len(), 2);
    assert_eq!(map(&grown, &spec, &ON).unwrap().program.cores.len(), 1);
}

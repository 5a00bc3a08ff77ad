//! A program read back is the network with the weights that the report says it got.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, Routing, SynapseSign};
use network::{Connections, Endpoint, Mask, Network, Population, Projection, Recurrence, SynapseChoice, WeightFormat};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A random network: up to 5 populations of up to `size` neurons, inputs, masks, parallel connections, both signs, and
/// weights of 0.
pub(super) fn random(seed: u64, size: u32, ideal: bool) -> Network {
    let mut dice = Dice(seed);
    let populations = (0..1 + dice.below(5)).map(|i| lif(&format!("p{i}"), 1 + dice.below(size))).collect();
    let inputs = (0..dice.below(3)).map(|i| input(&format!("i{i}"), 1 + dice.below(30))).collect();
    let mut network = Network { clock: None, populations, inputs, projections: Vec::new() };
    for index in 0..1 + dice.below(6) {
        let (populations, groups) = (network.populations.len() as u32, network.inputs.len() as u32);
        let end = dice.below(populations + groups);
        let pre = if end < populations {
            Endpoint::Population(end as usize)
        } else {
            Endpoint::Input((end - populations) as usize)
        };
        let post = dice.below(populations);
        let sizes = (network.size_of(pre).unwrap(), network.populations[post as usize].size);
        let bits = 8 + dice.below(18);
        let mut draw = |_| {
            let magnitude = dice.below(1 << bits) as i32;
            let weight = weight(if dice.below(5) == 0 { -magnitude } else { magnitude });
            (dice.below(sizes.0), dice.below(sizes.1), weight)
        };
        let count = 1 + (seed % 7) as u32 * 4 * sizes.1;
        let list: Vec<_> = (0..count).map(&mut draw).collect();
        let mut projection = projection(&network, &format!("x{index}"), pre, post as usize, list);
        if dice.below(2) == 0 {
            Recurrence::Pruned { kept_per_65536: dice.below(65537) }.apply(&mut projection, seed);
        }
        if ideal {
            projection.delay_ticks = 1 + dice.below(4) as u16;
            if dice.below(2) == 0 {
                projection.synapse = SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() };
            }
        }
        if dice.below(3) == 0 {
            projection.draw_delays(&network::Law::Uniform { low: 0, high: 9 << 16 }, seed).unwrap();
        }
        network.projections.push(projection);
    }
    network
}

/// The delay of `core` that is nearest to `asked`: of any on the ideal chip, of those of its memory on others.
fn delay_of(mapping: &Mapping, core: units::CoreAddress, asked: u16) -> u16 {
    let index = mapping.program.cores.iter().position(|c| c.address == core).unwrap();
    match &mapping.program.routing {
        Routing::TagCam { cores, .. } => {
            let all = [1].into_iter().chain(cores[index].delays.iter().copied());
            all.min_by_key(|delay| (delay.abs_diff(asked), *delay)).unwrap()
        }
        _ => asked.max(1),
    }
}

/// What decoding must find, worked out one connection after the other from the wish, the report's currents and losses.
fn expected(network: &Network, spec: &ChipSpec, mapping: &Mapping, options: &MapperOptions) -> Vec<DecodedConnection> {
    let mut lost: BTreeMap<(usize, u32, u32, i64), u32> = BTreeMap::new();
    for loss in &mapping.report.losses {
        let bits = (loss.weight * f64::from(1 << 20)) as i64;
        *lost.entry((loss.projection, loss.pre, loss.post, bits)).or_default() += 1;
    }
    let mut all = Vec::new();
    let mut rounded = vec![0; network.projections.len()];
    for (index, projection) in network.projections.iter().enumerate() {
        let kept = projection.connections.iter().enumerate().filter(|(i, _)| projection.mask.keeps(*i));
        for (place, c) in kept.filter(|(_, c)| c.weight.to_bits() != 0) {
            let bits = i64::from(c.weight.to_bits());
            if let Some(count) = lost.get_mut(&(index, c.pre, c.post, bits)).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            let name = if bits > 0 { &projection.synapse.excitatory } else { &projection.synapse.inhibitory };
            let synapse = spec.synapse_index(name).unwrap();
            let address = mapping.placement.address(projection.post, c.post).unwrap();
            let core = mapping.report.cores.iter().find(|core| core.address == address.core).unwrap();
            let weights = makeable(core);
            let distance = |w: &i64| (w.abs_diff(bits.abs()), *w);
            let keeps_all = options.small_weights == SmallWeights::Keep;
            let weight = weights.into_iter().filter(|w| *w > 0 || !keeps_all).min_by_key(distance);
            let weight = weight.unwrap_or_else(|| {
                // The ideal router: any multiple of the step, halves away from 0.
                let step = (core.weights.step * f64::from(1 << 20)) as i64;
                let nearest = (bits.abs() + step / 2) / step * step;
                if keeps_all { nearest.max(step) } else { nearest }
            });
            if weight == 0 {
                rounded[index] += 1;
                continue;
            }
            let signed = spec.synapses[synapse].sign == SynapseSign::Signed;
            all.push(DecodedConnection {
                pre: projection.pre,
                pre_index: c.pre,
                post: projection.post,
                post_index: c.post,
                synapse: synapse as u8,
                weight: if signed && bits < 0 { -weight } else { weight },
                delay_ticks: delay_of(mapping, address.core, projection.delay_of(place)),
            });
        }
    }
    assert!(lost.values().all(|count| *count == 0), "every loss is a connection of the wish");
    assert_eq!(rounded, mapping.report.projections.iter().map(|p| p.rounded).collect::<Vec<_>>());
    all.sort_unstable();
    all
}

/// All sums of the core's weight currents; nothing if it has none.
fn makeable(core: &CoreReport) -> Vec<i64> {
    let currents: Vec<i64> = core.weights.currents.iter().map(|c| (c * f64::from(1 << 20)) as i64).collect();
    if currents.is_empty() {
        return Vec::new();
    }
    let sum = |code: usize| currents.iter().enumerate().filter(|(i, _)| code >> i & 1 == 1).map(|(_, c)| c).sum();
    (0..1 << currents.len()).map(sum).collect()
}

fn check(network: &Network, spec: &ChipSpec, options: &MapperOptions) {
    let mapping = map(network, spec, options).unwrap();
    let found = decode(&mapping.program, &mapping.placement, network, spec).unwrap();
    assert_eq!(found, expected(network, spec, &mapping, options));
    let report = &mapping.report;
    assert_eq!(report.kept(), found.len() as u64);
    for (p, wish) in report.projections.iter().zip(&network.projections) {
        assert_eq!(p.wished, wish.connections.len() as u64);
        assert_eq!(p.wished, p.masked + p.zero + p.kept + p.rounded + p.lost, "{p:?}");
    }
    // The program fits the chip, counted from the program.
    for core in &report.cores {
        assert!(core.neurons.used <= core.neurons.limit.unwrap());
        assert!(core.synapses.limit.is_none_or(|limit| core.synapses.max <= limit));
        assert!(core.tags.is_none_or(|tags| tags.used <= tags.limit.unwrap()));
        assert!(core.weights.max_error_relative <= 1.0);
    }
    if let Routing::Ideal(rows) = &mapping.program.routing {
        assert!(rows.is_sorted_by_key(|r| (r.source, r.destination, r.delay_ticks)));
        assert!(rows.iter().all(|r| r.synapses.is_sorted() && !r.synapses.is_empty()));
    }
}

/// Smaller cores on more chips, so that small networks spread over the board.
fn scattered() -> ChipSpec {
    let mut spec = with_router(tag_cam(), |r| r.sram_words_per_neuron = fact("10"));
    spec.geometry.chips = fact("9");
    spec.geometry.neurons_per_core = fact("8");
    spec
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn programs_decode_to_the_wish_on_a_tag_and_cam_chip(seed: u64, drop: bool) {
        let small_weights = if drop { SmallWeights::Nearest } else { SmallWeights::Keep };
        let prune = MapperOptions { over_full: OverFull::Prune, small_weights, ..MapperOptions::default() };
        check(&random(seed, 200, false), &tag_cam(), &prune);
        check(&random(seed, 48, false), &scattered(), &prune);
        let delayed = with_router(scattered(), |r| {
            (r.delay_bits, r.delay_max) = (Some(fact(if drop { "1" } else { "2" })), Some(fact("7")));
        });
        check(&random(seed, 48, false), &delayed, &prune);
    }

    #[test]
    fn programs_decode_to_the_wish_on_an_ideal_chip(seed: u64, drop: bool) {
        let small_weights = if drop { SmallWeights::Nearest } else { SmallWeights::Keep };
        check(&random(seed, 120, true), &ideal(), &MapperOptions { small_weights, ..MapperOptions::default() });
    }
}

#[test]
fn the_random_networks_cover_what_they_should() {
    let (mut chips, mut losses, mut dropped, mut masked, mut zero, mut parallel) = (0, 0, 0, 0, 0, 0);
    for seed in 0..40 {
        let small_weights = if seed % 3 == 0 { SmallWeights::Nearest } else { SmallWeights::Keep };
        let options = MapperOptions { over_full: OverFull::Prune, small_weights, ..MapperOptions::default() };
        let network = random(seed, 48, false);
        let mapping = map(&network, &scattered(), &options).unwrap();
        chips = chips.max(mapping.report.chips.used);
        losses += mapping.report.lost_by(Limit::FanIn);
        dropped += mapping.report.projections.iter().map(|p| p.rounded).sum::<u64>();
        masked += mapping.report.projections.iter().map(|p| p.masked).sum::<u64>();
        zero += mapping.report.projections.iter().map(|p| p.zero).sum::<u64>();
        let found = decode(&mapping.program, &mapping.placement, &network, &scattered()).unwrap();
        let ends = |c: &DecodedConnection| (c.pre, c.pre_index, c.post, c.post_index);
        parallel += found.windows(2).filter(|w| ends(&w[0]) == ends(&w[1])).count();
    }
    let seen = (chips, losses, dropped, masked, zero, parallel);
    assert!(chips >= 4 && losses > 0 && dropped > 0 && masked > 0 && zero > 0 && parallel > 0, "{seen:?}");
}

#[test]
fn representable_weights_are_exact_on_the_ideal_chip() {
    // Multiples of 1/256 mV, as the workloads of other simulators use them, up to the largest that 16 bits hold.
    for largest in [1, 100, 32767] {
        let mut network = Network { populations: vec![lif("p", 120)], ..Network::default() };
        let list = (0..120).map(|i| (i, 119 - i, weight(((i as i32 * 977) % largest + 1) << 12))).collect();
        network.projections = vec![projection(&network, "x", Endpoint::Population(0), 0, list)];
        let report = map(&network, &ideal(), &MapperOptions::default()).unwrap().report;
        assert!(report.cores.iter().all(|core| core.weights.max_error == 0.0 && core.weights.largest > 0.0));
    }
}

#[test]
fn rate_units_map_to_graded_synapses() {
    let populations = vec![Population {
        name: "r".into(),
        size: 70,
        model: CoreModel::Rate,
        parameters: BTreeMap::from([("leak".into(), shared("0.5"))]),
    }];
    let list = (0..70).map(|i| (i, (i * 3) % 70, weight(if i % 2 == 0 { -300_000 } else { 500_001 }))).collect();
    let connections = Connections::from_list(70, list);
    let synapse = SynapseChoice { excitatory: "graded".into(), inhibitory: "graded".into() };
    let projection = Projection {
        name: "w".into(),
        pre: Endpoint::Population(0),
        post: 0,
        synapse,
        mask: Mask::all(70),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    };
    let network = Network { clock: None, populations, inputs: Vec::new(), projections: vec![projection] };
    check(&network, &ideal(), &MapperOptions::default());
    let mapping = map(&network, &ideal(), &MapperOptions::default()).unwrap();
    assert!(mapping.program.cores.iter().all(|core| core.model == CoreModel::Rate && core.weight_exponent == 4));
}

#[test]
fn programs_are_decoded_with_their_own_network_only() {
    let network = random(6, 40, false);
    let options = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
    let Mapping { program, placement, .. } = map(&network, &tag_cam(), &options).unwrap();
    let error = decode(&program, &Placement::default(), &network, &tag_cam()).unwrap_err();
    assert!(matches!(error, MapperError::Foreign { .. }), "{error}");
    let mut foreign = program.clone();
    let Routing::TagCam { inputs, cores, .. } = &mut foreign.routing else { panic!() };
    inputs.clear();
    // An event that leaves the board, or goes to a core that is not in use, reaches nobody.
    cores.iter_mut().flat_map(|c| c.sram.iter_mut().flatten()).for_each(|word| word.hop_x = i8::MIN);
    assert_eq!(decode(&foreign, &placement, &network, &tag_cam()), Ok(Vec::new()));
}

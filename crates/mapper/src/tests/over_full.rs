//! Networks that need more than the chip has: what each way of dealing with them does at each limit.

use super::crossbar::narrow;
use crate::testing::*;
use crate::*;
use chip::{ChipSpec, CoreModel, RouterSpec, Routing};
use network::{Endpoint, Network, Population, Projection, SynapseChoice};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const WAYS: [OverFull; 4] = [OverFull::Error, OverFull::Prune, OverFull::Split, OverFull::Join];

/// Small chips of every family, on which small networks reach every limit, with a kind of synapse for each sign.
fn small(family: &str) -> (ChipSpec, CoreModel, [&'static str; 2]) {
    match family {
        "tag-cam" => {
            let mut spec = with_router(tag_cam(), |r| {
                (r.cam_words_per_neuron, r.sram_words_per_neuron) = (fact("6"), fact("3"));
                (r.tag_bits, r.hop_max) = (fact("4"), fact("1"));
            });
            (spec.geometry.chips, spec.geometry.neurons_per_core) = (fact("9"), fact("4"));
            (spec, CoreModel::Lif, ["AMPA", "GABA"])
        }
        "crossbar" => (narrow(), CoreModel::Lif, ["AMPA", "GABA"]),
        "axon" => {
            let mut spec = formats::chip::shipped("loihi-lava").unwrap();
            spec.sources.insert("test".into(), "a test".into());
            (spec.geometry.cores_per_chip, spec.geometry.neurons_per_core) = (fact("12"), fact("16"));
            let RouterSpec::Axon(router) = &mut spec.router else { panic!("a chip with axons") };
            (router.input_axons, router.output_axons, router.synapse_bits) = (fact("12"), fact("40"), fact("1500"));
            (spec, CoreModel::Loihi, ["box", "box"])
        }
        "xylo" => {
            let mut spec = xylo();
            let RouterSpec::Xylo(router) = &mut spec.router else { panic!("a Xylo chip") };
            (router.hidden_fan_out, router.hidden_fan_in) = (fact("3"), Some(fact("6")));
            (router.input_targets, router.output_sources) = (Some(fact("9")), Some(fact("7")));
            (spec, CoreModel::Xylo, ["i_syn", "i_syn"])
        }
        other => panic!("no family {other}"),
    }
}

/// A random network of a hidden and an output population, with whole weights that every chip of these holds.
fn net(seed: u64, (model, kinds): (CoreModel, [&str; 2])) -> Network {
    let mut dice = Dice(seed);
    let sizes = [8 + dice.below(30), 1 + dice.below(6)];
    let population = |(name, size): (&str, u32)| Population { model, ..lif(name, size) };
    let populations = ["hidden", "out"].into_iter().zip(sizes).map(population).collect();
    let inputs = vec![input("in", 2 + dice.below(14))];
    let mut network = Network { clock: None, populations, inputs, projections: Vec::new() };
    let ends = [(Endpoint::Input(0), 0), (Endpoint::Population(0), 0), (Endpoint::Population(0), 1)];
    for (number, (pre, post)) in ends.into_iter().enumerate() {
        let sizes = (network.size_of(pre).unwrap(), network.populations[post].size);
        let count = dice.below(12) * sizes.1;
        let mut draw = |_: u32| {
            let magnitude = 1 + dice.below(15) as i32;
            let signed = if dice.below(3) == 0 { -magnitude } else { magnitude };
            (dice.below(sizes.0), dice.below(sizes.1), weight(signed << 20))
        };
        let list: Vec<_> = (0..count).map(&mut draw).collect();
        let mut wish = projection(&network, &format!("x{number}"), pre, post, list);
        wish.synapse = SynapseChoice { excitatory: kinds[0].into(), inhibitory: kinds[1].into() };
        network.projections.push(wish);
    }
    network
}

/// Counts that differ from source to source.
fn counts(network: &Network, seed: u64) -> Arc<SpikeCounts> {
    let mut dice = Dice(seed ^ 77);
    let mut of = |sizes: Vec<u32>| -> Vec<Vec<u32>> {
        sizes.into_iter().map(|size| (0..size).map(|_| dice.below(50)).collect()).collect()
    };
    let neurons = of(network.populations.iter().map(|p| p.size).collect());
    Arc::new(SpikeCounts { neurons, channels: of(network.inputs.iter().map(|g| g.channels).collect()) })
}

/// By its ends: how many connections there are.
type Ends = BTreeMap<(Endpoint, u32, usize, u32), i64>;

/// What is on the board is what was wished less what is reported as lost, connection for connection; and the report
/// adds up.
#[track_caller]
fn account(network: &Network, spec: &ChipSpec, mapping: &Mapping) {
    let mut ends = Ends::new();
    for projection in &network.projections {
        for c in projection.kept().filter(|c| c.weight.to_bits() != 0) {
            *ends.entry((projection.pre, c.pre, projection.post, c.post)).or_default() += 1;
        }
    }
    for loss in &mapping.report.losses {
        let projection = &network.projections[loss.projection];
        *ends.entry((projection.pre, loss.pre, projection.post, loss.post)).or_default() -= 1;
        assert!(!loss.cause.info().why.is_empty(), "{loss:?}");
    }
    for found in decode(&mapping.program, &mapping.placement, network, spec).unwrap() {
        *ends.entry((found.pre, found.pre_index, found.post, found.post_index)).or_default() -= 1;
    }
    assert!(ends.values().all(|count| *count == 0), "{ends:?}");
    for p in &mapping.report.projections {
        assert_eq!(p.wished, p.masked + p.zero + p.kept + p.rounded + p.lost, "{p:?}");
    }
    let lost: u64 = mapping.report.projections.iter().map(|p| p.lost).sum();
    assert_eq!(lost, mapping.report.losses.len() as u64);
    router::check(spec, &mapping.program).unwrap();
}

fn options(over_full: OverFull) -> MapperOptions {
    MapperOptions { over_full, small_weights: SmallWeights::Keep, ..MapperOptions::default() }
}

fn check(family: &str, seed: u64, searches: bool) -> BTreeMap<Limit, u64> {
    let (spec, model, kinds) = small(family);
    let network = net(seed, (model, kinds));
    let mut limits = BTreeMap::new();
    for way in WAYS {
        for placement in [Placing::Order, Placing::Optimised] {
            for prune_by in [PruneBy::Weight, PruneBy::Activity] {
                let is_search = placement == Placing::Optimised;
                if prune_by == PruneBy::Activity && (way != OverFull::Prune || is_search) || is_search && !searches {
                    continue;
                }
                let activity = Activity::Counted(counts(&network, seed));
                let placement = placement.clone();
                let options = MapperOptions { placement, prune_by, activity, ..options(way) };
                match map(&network, &spec, &options) {
                    Ok(mapping) => {
                        account(&network, &spec, &mapping);
                        assert!(way == OverFull::Prune || mapping.report.losses.is_empty());
                        mapping.report.losses.iter().for_each(|loss| *limits.entry(loss.cause).or_default() += 1);
                        let joins = mapping.report.joined.len() as u64;
                        if joins > 0 {
                            *limits.entry(Limit::Neurons).or_default() += joins;
                        }
                    }
                    // What cannot be helped says so, and for a reason.
                    Err(error) => {
                        let limit = Limit::of(&error).unwrap_or_else(|| panic!("{family} {seed}: {error}"));
                        let is_explained = matches!(error, MapperError::OverFull { .. } | MapperError::Joined { .. });
                        let most = matches!(limit.info().answer(way), Some(Answer::Does(_))) && way == OverFull::Join;
                        assert!(is_explained || most || way == OverFull::Error, "{family} {seed} {way:?}: {error}");
                        assert!(way != OverFull::Prune || limit.info().prune.text().contains("neurons"), "{error}");
                    }
                }
            }
        }
    }
    limits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    #[test]
    fn what_is_on_the_board_is_the_wish_less_the_losses(seed: u64) {
        for family in ["tag-cam", "crossbar", "axon", "xylo"] {
            check(family, seed, true);
        }
    }
}

/// The random networks reach the limits, and each loss is counted with the limit that took it.
#[test]
fn every_limit_is_reached() {
    use Limit::*;
    let all: [(&str, &[Limit]); 4] = [
        ("tag-cam", &[FanIn, SramWords, Tags, Hops]),
        ("crossbar", &[Rows, Neurons]),
        ("axon", &[InputAxons, AxonMemories]),
        ("xylo", &[HiddenFanOut, HiddenFanIn, InputTargets, OutputSources]),
    ];
    for (family, limits) in all {
        let mut seen: BTreeMap<Limit, u64> = BTreeMap::new();
        for seed in 0..4 {
            check(family, seed, false).into_iter().for_each(|(limit, count)| *seen.entry(limit).or_default() += count);
        }
        for limit in limits {
            assert!(seen.contains_key(limit), "{family} never reached {limit:?}: {seen:?}");
        }
    }
}

/// Copies that find no room, and copies that would not be alike, are refused with what the network was refused for.
#[test]
fn copies_that_cannot_be_are_refused() {
    let (spec, model, kinds) = small("xylo");
    let population = |name: &str, size| Population { model, ..lif(name, size) };
    let mut network = Network { populations: vec![population("h", 8)], ..Network::default() };
    let synapse = SynapseChoice { excitatory: kinds[0].into(), inhibitory: kinds[1].into() };
    let wish = |network: &Network, list| Projection {
        synapse: synapse.clone(),
        ..projection(network, "r", Endpoint::Population(0), 0, list)
    };
    // One neuron sends to five others and can send to three: one copy.
    let five = (1..6).map(|post| (0, post, weight(1 << 20))).collect();
    network.projections = vec![wish(&network, five)];
    let mapping = map(&network, &spec, &options(OverFull::Split)).unwrap();
    account(&network, &spec, &mapping);
    insta::assert_compact_debug_snapshot!(mapping.report.copies, @r#"[CopyReport { population: "h", index: 0, copies: 1 }]"#);
    let text = mapping.report.to_string();
    assert!(text.contains("SPLIT: 1 copies of 1 neurons, which serve a part of their targets: `h[0]`."), "{text}");
    assert!(mapping.symbols.populations.iter().any(|population| population.name == "copy 1 of h[0]"));
    // All to all, every copy is one more that all of them send to.
    let all = (0..8).flat_map(|pre| (0..8).map(move |post| (pre, post, weight(1 << 20)))).collect();
    network.projections = vec![wish(&network, all)];
    let error = map(&network, &spec, &options(OverFull::Split)).unwrap_err();
    let MapperError::OverFull { way, helpers, error: first, .. } = &error else { panic!("{error}") };
    assert_eq!((*way, &helpers[..]), ("split", &["prune"][..]));
    assert!(matches!(**first, MapperError::Xylo(XyloMisfit::FanOut { needed: 8, .. })), "{error}");
    assert!(error.to_string().contains("grows with every copy"), "{error}");
}

/// A trained net of random signed weights in 6 bits, all to all.
fn layered(sizes: [u32; 3], seed: u64) -> Network {
    let mut dice = Dice(seed);
    let mut network = Network {
        clock: None,
        populations: vec![lif("hidden", sizes[1]), lif("out", sizes[2])],
        inputs: vec![input("in", sizes[0])],
        projections: Vec::new(),
    };
    for (pre, post) in [(Endpoint::Input(0), 0), (Endpoint::Population(0), 1)] {
        let sizes = (network.size_of(pre).unwrap(), network.populations[post].size);
        let mut all = Vec::new();
        for from in 0..sizes.0 {
            for to in 0..sizes.1 {
                let magnitude = 1 + dice.below(63) as i32;
                all.push((from, to, weight(if dice.below(2) == 0 { -magnitude } else { magnitude } << 12)));
            }
        }
        let wish = projection(&network, &format!("to {post}"), pre, post, all);
        network.projections.push(wish);
    }
    network
}

/// The net that BrainScaleS-2 is known for: two circuits a neuron, and every circuit of the chip is taken.
#[test]
fn a_signed_256_246_10_fits_with_joined_circuits() {
    let network = layered([256, 246, 10], 1);
    let error = map(&network, &crossbar(), &MapperOptions::default()).unwrap_err();
    assert!(matches!(error, MapperError::BusRows { .. }), "{error}");
    let mapping = map(&network, &crossbar(), &options(OverFull::Join)).unwrap();
    account(&network, &crossbar(), &mapping);
    assert_eq!((mapping.report.kept(), mapping.report.losses.len()), (256 * 246 + 246 * 10, 0));
    let joined: Vec<_> = mapping.report.joined.iter().map(|j| (&j.population[..], j.circuits_per_neuron)).collect();
    assert_eq!(joined, [("hidden", 2), ("out", 2)]);
    let circuits: u64 = mapping.report.cores.iter().map(|core| core.crossbar.as_ref().unwrap().circuits.used).sum();
    assert_eq!(circuits, 512);
    assert!(mapping.report.to_string().contains("JOINED: each of the 246 neurons of `hidden` is 2 circuits."));
    // No column holds a synapse of another neuron, and none two in one row: the router has looked at that. The circuits
    // of a neuron are neighbours.
    let Routing::Crossbar { cores, .. } = &mapping.program.routing else { panic!() };
    for (core, memory) in mapping.program.cores.iter().zip(cores) {
        assert_eq!(
            (core.circuits.len(), memory.events.len()),
            (core.neuron_count as usize, core.neuron_count as usize)
        );
        assert!(core.circuits.iter().zip(0..).all(|(own, n)| (own.first.0, own.count) == (2 * n, 2)));
    }
}

#[test]
fn a_784_256_10_is_refused_with_a_certificate() {
    let network = layered([784, 256, 10], 1);
    let error = map(&network, &crossbar(), &options(OverFull::Join)).unwrap_err();
    assert!(matches!(error, MapperError::Joined { .. }), "{error}");
    let text = error.to_string();
    let part = "no mapping can do it: a synapse takes one of the 256 rows of a circuit, so that the 203264 synapses need \
                at least 1034 circuits (the board has 512, with places for 131072 synapses); run the network in at least \
                3 parts, one after the other";
    assert!(text.contains(part), "{text}");
    // What can hold a part of it is named, with what that costs.
    let ways = ways_out(&network, &crossbar(), &options(OverFull::Join), &error);
    let first = &ways[0];
    assert_eq!((first.option, first.value), (Some("over_full"), Some("prune")), "{ways:?}");
    assert!(first.loss.as_ref().is_some_and(|loss| loss.contains("of 203264 connections are lost")), "{ways:?}");
    assert!(ways.iter().all(|way| way.value != Some("join")), "{ways:?}");
}

#[test]
fn pruning_by_activity_keeps_what_is_used() {
    // Two of three connections fit: by weight the largest two, by activity those of the sources that send.
    let spec = with_router(tag_cam(), |r| r.cam_words_per_neuron = fact("2"));
    let mut network =
        Network { clock: None, populations: vec![lif("p", 1)], inputs: vec![input("in", 3)], ..Default::default() };
    let list = [(0, 0, weight(9 << 20)), (1, 0, weight(8 << 20)), (2, 0, weight(1 << 20))].to_vec();
    network.projections.push(projection(&network, "x", Endpoint::Input(0), 0, list));
    let lost = |prune_by, channels: [u32; 3]| {
        let counts = SpikeCounts { neurons: vec![vec![0]], channels: vec![channels.to_vec()] };
        let activity = Activity::Counted(Arc::new(counts));
        let options = MapperOptions { prune_by, activity, ..options(OverFull::Prune) };
        let report = map(&network, &spec, &options).unwrap().report;
        report.losses.iter().map(|loss| loss.pre).collect::<Vec<_>>()
    };
    assert_eq!(lost(PruneBy::Weight, [0, 1, 9]), [2]);
    assert_eq!(lost(PruneBy::Activity, [0, 1, 9]), [0]);
    assert_eq!(lost(PruneBy::Activity, [3, 1, 8]), [2], "27, 8 and 8: of equal ones the larger weight stays");
    let options = MapperOptions { prune_by: PruneBy::Activity, ..options(OverFull::Prune) };
    let error = map(&network, &spec, &options).unwrap_err();
    assert!(matches!(error, MapperError::NoActivity), "{error}");
    let options = MapperOptions { activity: Activity::File("a.csv".into()), ..options };
    let error = map(&network, &spec, &options).unwrap_err().to_string();
    assert!(error.contains("a.csv"), "{error}");
}

/// The table has every limit once, and its helpers are named where another way was chosen.
#[test]
fn refusals_name_what_helps() {
    let (spec, model, kinds) = small("xylo");
    let mut network = net(3, (model, kinds));
    network.projections.truncate(1);
    let list = (0..5).map(|post| (0, post, weight(1 << 20))).collect();
    let mut recurrent = projection(&network, "r", Endpoint::Population(0), 0, list);
    recurrent.synapse = SynapseChoice { excitatory: kinds[0].into(), inhibitory: kinds[1].into() };
    network.projections = vec![recurrent];
    let error = map(&network, &spec, &options(OverFull::Join)).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @"neuron 0 of `hidden` sends 5 synapses to hidden neurons, but can send 3; reduce its fan-out; over_full = `join` cannot help at this limit (recurrent synapses of a hidden neuron): the chip joins no circuits; prune, split can");
    let ways = ways_out(&network, &spec, &options(OverFull::Join), &error);
    assert_eq!((ways[0].option, ways[0].value), (Some("over_full"), Some("split")), "{ways:?}");
    let mut limits: Vec<Limit> = LIMITS.iter().map(|info| info.limit).collect();
    limits.sort_unstable();
    assert!(limits.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(limits.len(), 1 + Limit::Sums as usize, "a limit without a line");
}

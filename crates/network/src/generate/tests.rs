//! Tests of the generators, and of reservoirs made with them.

use super::*;
use crate::{Falloff, Grid, InputGroup, Population, Recurrence, ReservoirSpec, reservoir};
use chip::CoreModel;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn network(neurons: u32, channels: u32) -> Network {
    let (name, parameters) = ("p".into(), BTreeMap::new());
    Network {
        clock: None,
        populations: vec![Population { name, size: neurons, model: CoreModel::Lif, parameters }],
        inputs: vec![InputGroup::of_host("i", channels)],
        projections: Vec::new(),
    }
}

const MV: i32 = 1 << 20;

fn spec(pre: Endpoint, pattern: Pattern) -> ProjectionSpec {
    ProjectionSpec {
        name: "x".into(),
        pre,
        pre_part: None,
        post: 0,
        post_part: None,
        pattern,
        weights: Weights::Uniform { mean: Weight::from_bits(2 * MV), spread: Weight::from_bits(MV) },
        signs: Signs::AsDrawn,
        self_connections: false,
        synapse: SynapseChoice { excitatory: "E".into(), inhibitory: "I".into() },
        delay_ticks: 1,
    }
}

const ITSELF: Endpoint = Endpoint::Population(0);
const INPUT: Endpoint = Endpoint::Input(0);

type Joined = BTreeMap<u32, BTreeMap<u32, i32>>;

/// Weights by receiver, then sender. Fails on two connections between the same pair.
fn by_receiver(projection: &Projection) -> Joined {
    let mut all = Joined::new();
    for c in projection.kept() {
        let twice = all.entry(c.post).or_default().insert(c.pre, c.weight.to_bits());
        assert_eq!(twice, None, "{} to {} twice", c.pre, c.post);
    }
    all
}

proptest! {
    #[test]
    fn fan_in_is_exact(neurons in 1u32..60, channels in 1u32..60, k in 0u32..60, seed: u64, recurrent: bool) {
        let network = network(neurons, channels);
        let (pre, most) = if recurrent { (ITSELF, neurons - 1) } else { (INPUT, channels) };
        let result = spec(pre, Pattern::FanIn(k)).generate(&network, seed);
        if k > most {
            prop_assert_eq!(result, Err(NetworkError::FanIn { name: "x".into(), wanted: k, available: most }));
        } else {
            let projection = result.unwrap();
            let rows = by_receiver(&projection);
            prop_assert_eq!(projection.connections.len(), (k * neurons) as usize);
            for (post, senders) in rows {
                prop_assert_eq!(senders.len(), k as usize);
                prop_assert!(!(recurrent && senders.contains_key(&post)), "{} hears itself", post);
            }
        }
    }

    #[test]
    fn a_new_receiver_changes_no_other(neurons in 2u32..40, channels in 2u32..40, seed: u64) {
        for pattern in [Pattern::FanIn(2), Pattern::AllToAll, Pattern::Probability { per_65536: 30000 }] {
            let less = by_receiver(&spec(INPUT, pattern).generate(&network(neurons, channels), seed).unwrap());
            let more = by_receiver(&spec(INPUT, pattern).generate(&network(neurons + 1, channels), seed).unwrap());
            for post in 0..neurons {
                prop_assert_eq!(less.get(&post), more.get(&post));
            }
        }
    }

    #[test]
    fn a_new_sender_only_adds_itself(neurons in 1u32..40, channels in 3u32..80, seed: u64) {
        let less = by_receiver(&spec(INPUT, Pattern::FanIn(3)).generate(&network(neurons, channels), seed).unwrap());
        let more = spec(INPUT, Pattern::FanIn(3)).generate(&network(neurons, channels + 1), seed).unwrap();
        let more = by_receiver(&more);
        for post in 0..neurons {
            if !more[&post].contains_key(&channels) {
                prop_assert_eq!(&less[&post], &more[&post]);
            }
        }
    }
}

#[test]
fn all_senders_are_equally_likely() {
    let projection = spec(ITSELF, Pattern::FanIn(100)).generate(&network(1000, 1), 5).unwrap();
    let counts: Vec<usize> = (0..1000).map(|pre| projection.connections.row_range(pre).len()).collect();
    // Each is binomial with mean 100 and variance 90: chi-square over 1000 has mean 900 and deviation 40.
    let chi: f64 = counts.iter().map(|c| (*c as f64 - 100.0).powi(2) / 100.0).sum();
    assert!((700.0..1100.0).contains(&chi), "{chi}");
    // Low and high indices alike: the mean sender has the deviation 289 / sqrt(100,000) = 0.9.
    let mean = projection.kept().map(|c| f64::from(c.pre)).sum::<f64>() / 1e5;
    assert!((mean - 499.5).abs() < 4.0, "{mean}");
}

#[test]
fn other_patterns_join_who_they_say() {
    let net = network(4, 4);
    let pairs = |pre, pattern, self_connections| -> BTreeSet<(u32, u32)> {
        let spec = ProjectionSpec { self_connections, ..spec(pre, pattern) };
        spec.generate(&net, 1).unwrap().kept().map(|c| (c.pre, c.post)).collect()
    };
    let diagonal: BTreeSet<_> = (0..4).map(|i| (i, i)).collect();
    assert_eq!(pairs(INPUT, Pattern::OneToOne, false), diagonal);
    assert_eq!(pairs(ITSELF, Pattern::OneToOne, false), BTreeSet::new());
    assert_eq!(pairs(ITSELF, Pattern::OneToOne, true), diagonal);
    assert_eq!(pairs(INPUT, Pattern::AllToAll, false).len(), 16);
    assert_eq!(pairs(ITSELF, Pattern::AllToAll, true).len(), 16);
    let others = pairs(ITSELF, Pattern::AllToAll, false);
    assert_eq!((others.len(), others.is_disjoint(&diagonal)), (12, true));
    assert_eq!(pairs(INPUT, Pattern::Probability { per_65536: 65536 }, false).len(), 16);
    assert_eq!(pairs(INPUT, Pattern::Probability { per_65536: 0 }, false).len(), 0);

    let error = spec(INPUT, Pattern::OneToOne).generate(&network(4, 5), 1).unwrap_err();
    assert_eq!(error, NetworkError::OneToOne { name: "x".into(), senders: 5, receivers: 4 });
    let error = spec(Endpoint::Input(3), Pattern::AllToAll).generate(&net, 1).unwrap_err();
    assert_eq!(error, NetworkError::UnknownEndpoint { projection: "x".into(), endpoint: Endpoint::Input(3) });
    let n = spec(INPUT, Pattern::Probability { per_65536: 16384 }).generate(&network(200, 200), 1).unwrap();
    assert!((9600..10400).contains(&n.connections.len()), "a quarter of 40,000, deviation 87");
}

/// Mean and standard deviation, in weight units.
fn moments(weights: &[i32]) -> (f64, f64) {
    let n = weights.len() as f64;
    let mean = weights.iter().map(|w| f64::from(*w)).sum::<f64>() / n;
    let variance = weights.iter().map(|w| (f64::from(*w) - mean).powi(2)).sum::<f64>() / n;
    (mean / f64::from(MV), variance.sqrt() / f64::from(MV))
}

fn drawn(weights: Weights, signs: Signs) -> Vec<i32> {
    let spec = ProjectionSpec { weights, signs, ..spec(INPUT, Pattern::AllToAll) };
    spec.generate(&network(200, 100), 3).unwrap().kept().map(|c| c.weight.to_bits()).collect()
}

#[test]
fn weights_follow_their_law() {
    let (mean, spread) = (Weight::from_bits(3 * MV), Weight::from_bits(MV));
    assert!(drawn(Weights::Constant(mean), Signs::AsDrawn).iter().all(|w| *w == 3 * MV));

    let uniform = drawn(Weights::Uniform { mean, spread }, Signs::AsDrawn);
    assert!(uniform.iter().all(|w| (2 * MV..=4 * MV).contains(w)));
    let (m, s) = moments(&uniform);
    assert!((m - 3.0).abs() < 0.02 && (s - 1.0 / 3f64.sqrt()).abs() < 0.02, "{m} {s}");
    let narrow = drawn(Weights::Uniform { mean, spread: Weight::from_bits(1) }, Signs::AsDrawn);
    assert_eq!(BTreeSet::from_iter(narrow), BTreeSet::from([3 * MV - 1, 3 * MV, 3 * MV + 1]));

    let (m, s) = moments(&drawn(Weights::Normal { mean, spread }, Signs::AsDrawn));
    assert!((m - 3.0).abs() < 0.03 && (s - 1.0).abs() < 0.02, "{m} {s}");
    let widest = Weights::Normal { mean: Weight::MAX, spread: Weight::MAX };
    assert!(drawn(widest, Signs::AsDrawn).contains(&i32::MAX), "what is too large saturates");
}

#[test]
fn the_law_of_the_weights_moves_no_connection() {
    let joined = |weights| {
        let spec = ProjectionSpec { weights, ..spec(ITSELF, Pattern::FanIn(5)) };
        spec.generate(&network(50, 1), 9).unwrap().kept().map(|c| (c.pre, c.post)).collect::<Vec<_>>()
    };
    let (mean, spread) = (Weight::ONE, Weight::ONE);
    assert_eq!(joined(Weights::Constant(mean)), joined(Weights::Normal { mean, spread }));
}

#[test]
fn signs_come_from_senders_or_from_throws() {
    let law = Weights::Normal { mean: Weight::ONE, spread: Weight::ONE };
    let inhibition = Inhibition { per_65536: 13107, strength: Weight::from_bits(4 * MV) };
    let spec =
        ProjectionSpec { weights: law.clone(), signs: Signs::PerSender(inhibition), ..spec(INPUT, Pattern::AllToAll) };
    let projection = spec.generate(&network(50, 100), 3).unwrap();
    let mut inhibitory = Vec::new();
    for pre in 0..100 {
        let negative = projection.connections.row(pre).1.iter().filter(|w| **w < Weight::ZERO).count();
        assert!(negative == 0 || negative == 50, "sender {pre} has both signs");
        inhibitory.extend((negative > 0).then_some(pre));
    }
    assert_eq!(inhibitory.len(), 19, "a fifth of 100, to within one: 13107 / 65536 is a little less");
    assert!(inhibitory.windows(2).all(|w| (5..=6).contains(&(w[1] - w[0]))), "evenly spread: {inhibitory:?}");

    let signed = drawn(law.clone(), Signs::PerConnection(inhibition));
    let plain = drawn(law, Signs::AsDrawn);
    let negative = signed.iter().filter(|w| **w < 0).count();
    assert!((3800..4200).contains(&negative), "a fifth of 20,000, deviation 57: {negative}");
    for (signed, plain) in signed.iter().zip(plain) {
        assert!(*signed == plain.abs() || *signed == -4 * plain.abs(), "{signed} from {plain}");
    }
}

fn reservoir_spec(recurrence: Recurrence) -> ReservoirSpec {
    let weights = Weights::Constant(Weight::ONE);
    let synapse = SynapseChoice { excitatory: "E".into(), inhibitory: "I".into() };
    ReservoirSpec {
        neurons: 64,
        channels: 12,
        input_fan_in: 4,
        input_weights: weights.clone(),
        input_signs: Signs::AsDrawn,
        input_synapse: synapse.clone(),
        recurrent_fan_in: 16,
        recurrent_weights: weights,
        inhibition: Inhibition { per_65536: 16384, strength: Weight::ONE },
        recurrent_synapse: synapse,
        recurrence,
        delay_ticks: 1,
        parameters: BTreeMap::new(),
    }
}

#[test]
fn pruning_changes_only_the_mask_and_is_nested() {
    let of = |recurrence| reservoir(&reservoir_spec(recurrence), 7).unwrap();
    let full = of(Recurrence::Full);
    assert_eq!(full.projections[0].connections.len(), 64 * 4);
    assert_eq!(full.projections[1].connections.len(), 64 * 16);
    assert!(full.is_recurrent(&full.projections[1]));
    let mut larger: Option<BTreeSet<(u32, u32)>> = None;
    let pruned = [65536, 49152, 32768, 1].map(|kept_per_65536| Recurrence::Pruned { kept_per_65536 });
    for (recurrence, kept) in pruned.into_iter().chain([Recurrence::Removed]).zip([1024, 768, 512, 0, 0]) {
        let network = of(recurrence);
        assert_eq!(network.projections[0], full.projections[0]);
        assert_eq!(network.projections[1].connections, full.projections[1].connections);
        assert_eq!(network.projections[1].mask.kept_count(), kept, "{recurrence:?}");
        let pairs = network.projections[1].kept().map(|c| (c.pre, c.post)).collect();
        assert!(larger.is_none_or(|larger| larger.is_superset(&pairs)), "{recurrence:?}");
        larger = Some(pairs);
    }
}

#[test]
fn reservoirs_that_cannot_be_are_refused() {
    let few = ReservoirSpec { recurrent_fan_in: 64, ..reservoir_spec(Recurrence::Full) };
    let error = NetworkError::FanIn { name: "recurrent".into(), wanted: 64, available: 63 };
    assert_eq!(reservoir(&few, 0), Err(error));
    let none = ReservoirSpec { neurons: 0, recurrent_fan_in: 0, ..reservoir_spec(Recurrence::Full) };
    assert_eq!(reservoir(&none, 0), Err(NetworkError::Empty { name: "reservoir".into() }));
}

#[test]
fn first_connections_as_text() {
    let net = network(4, 1000);
    let law = Weights::Normal { mean: Weight::ZERO, spread: Weight::ONE };
    let spec = ProjectionSpec { weights: law, ..spec(INPUT, Pattern::FanIn(2)) };
    let text: Vec<String> = spec
        .generate(&net, 1)
        .unwrap()
        .kept()
        .map(|c| format!("{}-{} {}", c.pre, c.post, c.weight.to_bits()))
        .collect();
    let expected = [
        "33-3 957311",
        "50-1 276096",
        "361-2 -586510",
        "569-0 -1484141",
        "745-2 -2343700",
        "757-3 -1544649",
        "865-0 1150370",
        "936-1 99017",
    ];
    assert_eq!(text, expected, "a change here changes every generated network: a break of numerics");
}

/// Connections within the two parts, drawn in the network of 40 neurons and 12 channels.
fn part(pattern: Pattern, pre: Endpoint, (from, to): (Range<u32>, Range<u32>)) -> Result<Projection, NetworkError> {
    let (pre_part, post_part) = (Some(from), Some(to));
    ProjectionSpec { pre_part, post_part, ..spec(pre, pattern) }.generate(&network(40, 12), 3)
}

#[test]
fn parts_are_joined_as_the_whole_is() {
    for pattern in [Pattern::FanIn(4), Pattern::Probability { per_65536: 30_000 }, Pattern::AllToAll] {
        let of_receivers = |to| by_receiver(&part(pattern, INPUT, (0..12, to)).unwrap());
        let whole = by_receiver(&spec(INPUT, pattern).generate(&network(40, 12), 3).unwrap());
        let some = of_receivers(7..20);
        assert_eq!(some, whole.into_iter().filter(|(post, _)| (7..20).contains(post)).collect(), "{pattern:?}");
        let joined = part(pattern, INPUT, (3..8, 0..40)).unwrap();
        assert!(joined.connections.row_count() == 12 && joined.connections.iter().all(|c| (3..8).contains(&c.pre)));
    }
    let one_to_one = part(Pattern::OneToOne, ITSELF, (10..15, 20..25)).unwrap();
    let pairs: Vec<(u32, u32)> = one_to_one.connections.iter().map(|c| (c.pre, c.post)).collect();
    assert_eq!(pairs, (10..15).map(|n| (n, n + 10)).collect::<Vec<_>>());
}

#[test]
fn parts_of_one_population_exclude_themselves_where_they_overlap() {
    let joined = part(Pattern::AllToAll, ITSELF, (0..10, 5..20)).unwrap();
    assert!(joined.connections.len() == 150 - 5 && joined.connections.iter().all(|c| c.pre != c.post));
    assert_eq!(part(Pattern::OneToOne, ITSELF, (3..6, 3..6)).unwrap().connections.len(), 0);
    let all = part(Pattern::FanIn(9), ITSELF, (0..10, 5..20)).unwrap();
    assert_eq!(all.connections.len(), 9 * 15);
    let error = |from, to| part(Pattern::FanIn(10), ITSELF, (from, to)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error(0..10, 5..20), "x: fan-in 10 asked for, but there are only 9 sources");
    assert!(part(Pattern::FanIn(10), ITSELF, (0..10, 10..20)).is_ok(), "they do not overlap");
    assert!(error(0..41, 0..1).contains("41 is outside its end of size 40"));
    let unequal = part(Pattern::OneToOne, ITSELF, (0..3, 0..4)).unwrap_err().to_string();
    assert_eq!(unequal, "x: one to one, but there are 3 senders and 4 receivers");
}

#[test]
fn signs_of_senders_do_not_depend_on_the_part() {
    let signs = Signs::PerSender(Inhibition { per_65536: 16384, strength: Weight::ONE });
    let inhibitory = |from: Range<u32>| {
        let spec = ProjectionSpec { pre_part: Some(from), signs, ..spec(ITSELF, Pattern::AllToAll) };
        let projection = spec.generate(&network(40, 12), 3).unwrap();
        projection.connections.iter().filter(|c| c.weight < Weight::ZERO).map(|c| c.pre).collect::<BTreeSet<_>>()
    };
    let whole = inhibitory(0..40);
    assert_eq!(inhibitory(5..17), whole.into_iter().filter(|pre| (5..17).contains(pre)).collect());
}

#[test]
fn delays_belong_to_their_connection() {
    let mut sparse = spec(INPUT, Pattern::FanIn(3)).generate(&network(40, 12), 3).unwrap();
    let mut dense = spec(INPUT, Pattern::AllToAll).generate(&network(40, 12), 9).unwrap();
    let law = Law::Uniform { low: 1 << 16, high: 30 << 16 };
    for projection in [&mut sparse, &mut dense] {
        projection.draw_delays(&law, 5).unwrap();
    }
    let by_ends = |p: &Projection| -> BTreeMap<(u32, u32), u16> {
        p.connections.iter().enumerate().map(|(i, c)| ((c.pre, c.post), p.delay_of(i))).collect()
    };
    let all = by_ends(&dense);
    assert!(by_ends(&sparse).iter().all(|(ends, delay)| all[ends] == *delay), "whoever else is connected");
    assert_eq!(all.values().copied().collect::<BTreeSet<u16>>(), (1..=30).collect());
    assert_eq!(dense.draw_delays(&Law::Constant(65536 << 16), 5), Err(480));
    assert_eq!(by_ends(&dense), all, "nothing was changed");
    dense.draw_delays(&Law::Constant(-1), 5).unwrap();
    assert!(by_ends(&dense).values().all(|delay| *delay == 0));
    // Two connections between the same neurons have delays of their own.
    let twice = Connections::from_list(12, vec![(0, 0, Weight::ONE), (0, 0, Weight::ONE), (1, 0, Weight::ONE)]);
    let mut twice = Projection { mask: Mask::all(3), connections: twice, ..dense };
    twice.draw_delays(&Law::Uniform { low: 0, high: 1 << 31 }, 5).unwrap();
    let delays = twice.connections.delays().unwrap();
    assert!(delays[0] != delays[1] && delays[1] != delays[2], "{delays:?}");
}

/// Every pattern that has a number for each receiver.
fn ring(each_side: u32, rewired_per_65536: u32) -> Pattern {
    Pattern::Ring { each_side, rewired_per_65536 }
}

proptest! {
    #[test]
    fn a_ring_joins_the_nearest_both_ways(neurons in 3u32..60, side in 0u32..30, seed: u64, recurrent: bool) {
        let (pre, network) = (if recurrent { ITSELF } else { INPUT }, network(neurons, neurons));
        let result = spec(pre, ring(side, 0)).generate(&network, seed);
        let most = (neurons - 1) / 2;
        if side > most {
            prop_assert_eq!(result, Err(NetworkError::RingSides { name: "x".into(), wanted: side, size: neurons, most }));
            return Ok(());
        }
        let rows = by_receiver(&result.unwrap());
        for (post, senders) in &rows {
            prop_assert_eq!(senders.len() as u32, 2 * side);
            for pre in senders.keys() {
                let apart = post.abs_diff(*pre);
                prop_assert!((1..=side).contains(&apart.min(neurons - apart)));
                prop_assert!(rows[pre].contains_key(post));
            }
        }
    }

    #[test]
    fn a_rewired_ring_keeps_its_fan_in(neurons in 5u32..60, side in 1u32..4, rewired in 0u32..=65536, seed: u64) {
        let side = side.min((neurons - 1) / 2);
        let rows = by_receiver(&spec(ITSELF, ring(side, rewired)).generate(&network(neurons, 1), seed).unwrap());
        prop_assert_eq!(rows.len() as u32, neurons);
        for (post, senders) in rows {
            prop_assert_eq!(senders.len() as u32, 2 * side);
            prop_assert!(!senders.contains_key(&post));
        }
    }

    #[test]
    fn a_balanced_fan_in_has_its_share_of_both(
        neurons in 20u32..80, fan_in in 0u32..12, per_65536 in 0u32..=65536, seed: u64, recurrent: bool,
    ) {
        let strength = Weight::from_bits(5 * MV);
        let pre = if recurrent { ITSELF } else { INPUT };
        let spec = ProjectionSpec {
            signs: Signs::PerSender(Inhibition { per_65536, strength }),
            weights: Weights::Constant(Weight::ONE),
            ..spec(pre, Pattern::Balanced { fan_in })
        };
        let Ok(projection) = spec.generate(&network(neurons, neurons), seed) else {
            // Then one of the two has too few senders: far fewer than the share asks for.
            prop_assert!(per_65536 > 0 && (u64::from(per_65536) * u64::from(neurons)) >> 16 <= u64::from(fan_in) + 1
                || (u64::from(65536 - per_65536.min(65536)) * u64::from(neurons)) >> 16 <= u64::from(fan_in) + 1);
            return Ok(());
        };
        let inhibitory = ((fan_in * per_65536 + 32768) >> 16) as usize;
        for senders in by_receiver(&projection).values() {
            let below = senders.values().filter(|weight| **weight < 0).count();
            prop_assert_eq!((senders.len(), below), (fan_in as usize, inhibitory));
            let sum: i64 = senders.values().map(|weight| i64::from(*weight)).sum();
            prop_assert_eq!(sum, (i64::from(fan_in) - 6 * inhibitory as i64) * i64::from(MV));
        }
    }
}

#[test]
fn rewiring_replaces_its_share() {
    let rows = by_receiver(&spec(ITSELF, ring(5, 16384)).generate(&network(2000, 1), 3).unwrap());
    let near = |post: u32, pre: u32| {
        let apart = post.abs_diff(pre);
        apart.min(2000 - apart) <= 5
    };
    let moved: usize = rows.iter().map(|(post, all)| all.keys().filter(|pre| !near(*post, **pre)).count()).sum();
    // A quarter of 20,000, less the one in 200 that falls on a neighbour again; deviation 61.
    assert!((4650..5250).contains(&moved), "{moved}");
    // The throw of a neighbour is its own: another probability keeps those that both keep.
    let more = by_receiver(&spec(ITSELF, ring(5, 32768)).generate(&network(2000, 1), 3).unwrap());
    let kept = |post: u32, all: &BTreeMap<u32, i32>| -> Vec<(u32, i32)> {
        all.iter().filter(|(pre, _)| near(post, **pre)).map(|(pre, weight)| (*pre, *weight)).collect()
    };
    let lost = more.iter().flat_map(|(post, all)| kept(*post, all).into_iter().map(|one| (*post, one)));
    let lost = lost.filter(|(post, one)| !kept(*post, &rows[post]).contains(one)).count();
    assert!(lost < 150, "only those that were moved back: {lost}");
}

#[test]
fn connections_fall_with_distance() {
    let line = Grid::line(400);
    let distance = |of| Distance {
        receivers: line,
        senders: line,
        wraps: true,
        falloff: Falloff::Gaussian,
        width: fx::Real::from_integer(10),
        reach: None,
        of,
    };
    let drawn = spec(ITSELF, Pattern::Distance(distance(Falling::Probability(32768)))).generate(&network(400, 1), 9);
    let drawn = by_receiver(&drawn.unwrap());
    // At distance d the probability is exp(-d^2 / 200) / 2, for 800 pairs: within four deviations of 14 at most.
    for apart in [1u32, 5, 10, 20, 60] {
        let count = drawn.iter().filter(|(post, all)| {
            [(**post + apart) % 400, (**post + 400 - apart) % 400].iter().filter(|pre| all.contains_key(pre)).count()
                == 2
        });
        let both = count.count() as f64;
        let p = (-f64::from(apart * apart) / 200.0).exp() / 2.0;
        let expected = 400.0 * p * p;
        assert!((both - expected).abs() <= 4.0 * (expected + 1.0).sqrt(), "{apart}: {both} is not {expected}");
    }
    // A neuron more changes nothing for the others on a line that does not close, whatever the senders.
    let open = |neurons: u32| {
        let line = Grid::line(neurons);
        let distance =
            Distance { receivers: line, senders: line, wraps: false, ..distance(Falling::Probability(65536)) };
        by_receiver(&spec(ITSELF, Pattern::Distance(distance)).generate(&network(neurons, 1), 9).unwrap())
    };
    let (less, more) = (open(50), open(51));
    for (post, senders) in &less {
        let mut others = more[post].clone();
        others.remove(&50);
        assert_eq!(*senders, others, "{post}");
    }
    // Weights fall from the one that is drawn, and end where they are 0.
    let weights = ProjectionSpec {
        weights: Weights::Constant(Weight::ONE),
        ..spec(ITSELF, Pattern::Distance(distance(Falling::Weight)))
    };
    let rows = by_receiver(&weights.generate(&network(400, 1), 9).unwrap());
    for (apart, expected) in [(1u32, 0.99501), (10, 0.60653), (20, 0.13534)] {
        let weight = f64::from(rows[&7][&(7 + apart)]) / f64::from(MV);
        assert!((weight - expected).abs() < 1e-4, "{apart}: {weight}");
    }
    assert!(!rows[&7].contains_key(&80) && rows[&7].contains_key(&50));
    // Grids need a place for each.
    let wrong = Distance { senders: Grid { rows: 3, columns: 5 }, ..distance(Falling::Weight) };
    let error = spec(ITSELF, Pattern::Distance(wrong)).generate(&network(400, 1), 9).unwrap_err();
    assert_eq!(error.to_string(), "x: a grid of 3 x 5 has 15 places, but there are 400 senders");
    let error = spec(INPUT, ring(1, 0)).generate(&network(4, 5), 1).unwrap_err();
    assert_eq!(error, NetworkError::Ring { name: "x".into(), senders: 5, receivers: 4 });
}

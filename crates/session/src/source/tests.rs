//! Trains by themselves: rates, intervals, independence, addresses, cuts.

use super::*;
use chip::InputSymbol;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn group(name: &str, channels: u32, trains: Vec<Train>) -> InputSymbol {
    InputSymbol { name: name.into(), channels, source: Some(EventSource { trains, start: 0, stop: None }) }
}

fn symbols(inputs: Vec<InputSymbol>) -> Symbols {
    Symbols { inputs, ..Symbols::default() }
}

fn poisson(p: f64) -> Train {
    Train::Poisson { per_tick: (p * (1u64 << 63) as f64) as u64 }
}

/// Events (channel, tick) from `from` to before `until`, taken in pieces of `piece` ticks, sorted.
fn events(sources: &mut Sources, from: u64, until: u64, piece: u64) -> Vec<(u32, u64)> {
    let mut all = Vec::new();
    let mut now = from;
    while now < until {
        let end = (now + piece).min(until);
        sources.take(Tick(now), Tick(end), |_, channel, tick| {
            assert!((now..end).contains(&tick.0));
            all.push((channel.0, tick.0));
        });
        now = end;
    }
    all.sort_unstable();
    all
}

fn all(inputs: Vec<InputSymbol>, seed: u64, trial: u64, until: u64) -> Vec<(u32, u64)> {
    events(&mut Sources::new(&symbols(inputs), seed, trial), 0, until, u64::MAX / 2)
}

#[test]
fn poisson_trains_have_their_rate_and_the_variance_of_independent_ticks() {
    for (p, ticks) in [(0.5, 4_000), (0.02, 100_000), (1e-4, 2_000_000), (2e-6, 100_000_000u64)] {
        let channels = 100;
        let mut counts = vec![0f64; channels as usize];
        for (channel, _) in all(vec![group("in", channels, vec![poisson(p)])], 1, 0, ticks) {
            counts[channel as usize] += 1.0;
        }
        let (mean, variance) = (p * ticks as f64, p * (1.0 - p) * ticks as f64);
        let found = counts.iter().sum::<f64>() / f64::from(channels);
        let spread = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / f64::from(channels);
        assert!((found - mean).abs() < 5.0 * (variance / f64::from(channels)).sqrt(), "{p}: {found}, not {mean}");
        // Five standard errors of a variance of a hundred.
        assert!((spread / variance - 1.0).abs() < 5.0 * (2.0 / f64::from(channels)).sqrt(), "{p}: {spread}");
    }
}

#[test]
fn intervals_are_geometric_and_their_neighbours_independent() {
    let p = 0.03;
    let ticks: Vec<u64> = all(vec![group("in", 1, vec![poisson(p)])], 3, 0, 3_000_000).iter().map(|e| e.1).collect();
    let gaps: Vec<u64> = ticks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let n = gaps.len() as f64;
    for k in [1, 2, 3, 10, 33, 100] {
        let expected = (1.0f64 - p).powi(k);
        let found = gaps.iter().filter(|gap| **gap > k as u64).count() as f64 / n;
        assert!((found - expected).abs() < 5.0 * (expected * (1.0 - expected) / n).sqrt(), "{k}: {found}, {expected}");
    }
    let mean = gaps.iter().sum::<u64>() as f64 / n;
    let deviations: Vec<f64> = gaps.iter().map(|gap| *gap as f64 - mean).collect();
    let covariance = |lag: usize| deviations.iter().zip(&deviations[lag..]).map(|(a, b)| a * b).sum::<f64>() / n;
    for lag in [1, 2, 7] {
        assert!((covariance(lag) / covariance(0)).abs() < 5.0 / n.sqrt(), "lag {lag}");
    }
    // Ticks are alike wherever they lie in a block.
    let block = 1u64 << BLOCK_BITS;
    let early = ticks.iter().filter(|tick| **tick % block < block / 16).count() as f64;
    let expected = ticks.len() as f64 / 16.0;
    assert!((early - expected).abs() < 5.0 * expected.sqrt(), "{early} instead of {expected}");
}

#[test]
fn channels_are_independent() {
    let (p, ticks) = (0.1, 200_000u64);
    let found = all(vec![group("in", 4, vec![poisson(p)])], 9, 0, ticks);
    let of: Vec<BTreeSet<u64>> =
        (0..4).map(|channel| found.iter().filter(|e| e.0 == channel).map(|e| e.1).collect()).collect();
    for (a, b) in [(0, 1), (1, 2), (0, 3)] {
        for shift in [0, 1] {
            let together = of[a].iter().filter(|tick| of[b].contains(&(**tick + shift))).count() as f64;
            let expected = p * p * ticks as f64;
            assert!((together - expected).abs() < 5.0 * expected.sqrt(), "{a} {b}: {together}");
        }
    }
}

#[test]
fn certain_and_impossible_events() {
    let trains = vec![Train::Poisson { per_tick: 0 }, Train::Poisson { per_tick: Train::ALWAYS }, poisson(1e-15)];
    let found = all(vec![group("in", 3, trains)], 1, 0, 200_000);
    assert_eq!(found, (0..200_000).map(|tick| (1, tick)).collect::<Vec<_>>());
}

#[test]
fn regular_trains_are_exact_however_long() {
    let third = Train::Regular { offset: 1, period: 10, parts: 3 };
    let start = |train, start, stop| {
        let source = Some(EventSource { trains: vec![train], start, stop });
        vec![InputSymbol { name: "in".into(), channels: 1, source }]
    };
    let ticks: Vec<u64> = all(start(third, 4, Some(24)), 1, 0, 1000).iter().map(|e| e.1).collect();
    // 4 + (1 + 10 n) / 3.
    assert_eq!(ticks, [4, 7, 11, 14, 17, 21]);
    let far = 1u64 << 50;
    let mut sources = Sources::new(&symbols(start(third, 0, None)), 1, 0);
    let found = events(&mut sources, far, far + 1000, 7);
    let expected = |n: u64| (1 + 10 * n) / 3;
    let first = (far * 3 - 1).div_ceil(10);
    assert_eq!(found.iter().map(|e| e.1).collect::<Vec<_>>(), (first..first + 300).map(expected).collect::<Vec<_>>());
    let every = Train::Regular { offset: 0, period: 1, parts: 1 };
    assert_eq!(all(start(every, 0, Some(3)), 1, 0, 10).len(), 3);
}

#[test]
fn a_train_is_a_function_of_its_address() {
    let one = |seed, trial| all(vec![group("in", 2, vec![poisson(0.1)])], seed, trial, 500);
    assert_eq!(one(1, 0), one(1, 0));
    assert!(one(1, 0) != one(2, 0) && one(1, 0) != one(1, 1));
    // Whatever stands before it, and however many channels it has.
    let first = group("first", 3, vec![poisson(0.2)]);
    let more = all(vec![first.clone(), group("in", 5, vec![poisson(0.1)])], 1, 0, 500);
    let moved: Vec<(u32, u64)> = more.iter().filter(|e| (3..5).contains(&e.0)).map(|e| (e.0 - 3, e.1)).collect();
    assert_eq!(moved, one(1, 0));
    let other = all(vec![group("out", 2, vec![poisson(0.1)])], 1, 0, 500);
    assert_ne!(other, one(1, 0), "the name is part of it");
    // A window shows a part of the train and moves nothing.
    let mut window = group("in", 2, vec![poisson(0.1)]);
    window.source = window.source.map(|source| EventSource { start: 100, stop: Some(400), ..source });
    let inside: Vec<_> = one(1, 0).into_iter().filter(|e| (100..400).contains(&e.1)).collect();
    assert_eq!(all(vec![window], 1, 0, 500), inside);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn cuts_change_nothing(
        seed: u64, per_tick in 0..=Train::ALWAYS >> 4, offset in 0u64..5000, period in 100u64..90_000,
        parts in 1u64..100, piece in 1u64..90_000, from in 0u64..200_000,
    ) {
        let trains = vec![Train::Poisson { per_tick }, Train::Regular { offset, period, parts }];
        let inputs = symbols(vec![group("in", 2, trains)]);
        let until = from + 100_000;
        let straight = events(&mut Sources::new(&inputs, seed, 0), 0, until, u64::MAX / 2);
        let cut = events(&mut Sources::new(&inputs, seed, 0), 0, until, piece);
        prop_assert_eq!(&cut, &straight);
        let later: Vec<_> = straight.into_iter().filter(|e| e.1 >= from).collect();
        prop_assert_eq!(events(&mut Sources::new(&inputs, seed, 0), from, until, piece), later);
    }
}

//! Nets of known structure, and an objective that is counted again by hand.

mod measured;

use crate::dice::Dice;
use crate::state::{Costs, State, UNIT};
use crate::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Neurons as vertices, each with the net of what it sends to.
fn graph_of(count: usize, edges: &[(u32, u32)]) -> Hypergraph {
    let mut pins: Vec<Vec<u32>> = (0..count as u32).map(|v| vec![v]).collect();
    edges.iter().for_each(|(pre, post)| pins[*pre as usize].push(*post));
    Hypergraph::new(1, vec![1; count], vec![0; count]).with_nets(pins.into_iter().map(|pins| (1, pins)))
}

/// `fan_in` senders for each neuron, of which `inside` of 100 are of its community; ids are shuffled.
fn communities(sizes: &[usize], fan_in: usize, inside: usize, seed: u64) -> (Hypergraph, Vec<u32>) {
    let count = sizes.iter().sum();
    let mut dice = Dice(seed);
    let order = dice.order(count);
    let mut planted = vec![0; count];
    let (mut edges, mut start) = (Vec::new(), 0);
    for (part, size) in sizes.iter().enumerate() {
        for at in start..start + size {
            planted[order[at] as usize] = part as u32;
            for _ in 0..fan_in {
                let from = if dice.below(100) < inside { start + dice.below(*size) } else { dice.below(count) };
                edges.push((order[from], order[at]));
            }
        }
        start += size;
    }
    (graph_of(count, &edges), planted)
}

/// The objective, counted slowly.
fn oracle(graph: &Hypergraph, parts: &[u32]) -> u64 {
    let mut sum = 0;
    for net in 0..graph.net_count() {
        let reached: BTreeSet<u32> = graph.pins(net).iter().map(|pin| parts[*pin as usize]).collect();
        sum += graph.net_weight(net) * (reached.len().max(1) as u64 - 1);
    }
    sum
}

/// Whether all vertices are in parts of their class with room.
fn check_room(graph: &Hypergraph, parts: &Parts, found: &[u32]) {
    assert_eq!(found.len(), graph.len());
    for part in 0..parts.len() {
        let members: Vec<usize> = (0..graph.len()).filter(|vertex| found[*vertex] as usize == part).collect();
        for (dim, room) in parts.capacity(part).iter().enumerate() {
            assert!(members.iter().map(|vertex| graph.weight(*vertex)[dim]).sum::<u64>() <= *room, "part {part}");
        }
        assert!(members.iter().all(|vertex| graph.class(*vertex) == parts.class(part)), "part {part}");
    }
}

/// A graph by chance, with weights of two resources, classes and groups, and parts that have room for it.
fn some_graph(seed: u64) -> (Hypergraph, Parts) {
    let mut dice = Dice(seed);
    let count = 20 + dice.below(150);
    let classes: Vec<u32> = (0..count).map(|_| dice.below(2) as u32).collect();
    let weights: Vec<u64> = (0..count).flat_map(|_| [1, dice.below(4) as u64]).collect();
    let nets: Vec<(u64, Vec<u32>)> = (0..count)
        .map(|_| {
            let pins = (0..dice.below(8)).map(|_| dice.below(count) as u32).collect();
            (dice.below(5) as u64, pins)
        })
        .collect();
    let of_each = 2 + dice.below(3);
    let size = |class: u32| classes.iter().filter(|own| **own == class).count();
    let room = |class: u32| (size(class).div_ceil(of_each) as u64 + 2).max(3);
    let parts: Vec<u32> = (0..2 * of_each).map(|part| (part % 2) as u32).collect();
    let capacities = parts.iter().flat_map(|class| [room(*class), room(*class) * 3]).collect();
    let groups = (0..parts.len() as u32).map(|part| part / 3).collect();
    (Hypergraph::new(2, weights, classes).with_nets(nets), Parts::new(2, capacities, parts, groups))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_found_is_what_it_says(seed: u64) {
        let (graph, parts) = some_graph(seed);
        let found = partition(&graph, &parts, &NoLimits, &Search::default(), None).unwrap();
        check_room(&graph, &parts, &found.parts);
        prop_assert_eq!(found.cut, oracle(&graph, &found.parts));
        prop_assert_eq!(cut(&graph, &found.parts), found.cut);
        let again = partition(&graph, &parts, &NoLimits, &Search::default(), None).unwrap();
        prop_assert_eq!(&again, &found, "the same twice");
        let given = partition(&graph, &parts, &NoLimits, &Search { tries: 1, cycles: 0, ..Search::default() }, Some(&found.parts));
        prop_assert!(given.unwrap().cut <= found.cut, "never worse than what is given");
    }

    /// What a move gains is what the tables of a state say, whatever was moved before.
    #[test]
    fn gains_are_exact(seed: u64) {
        let (graph, parts) = some_graph(seed);
        let mut dice = Dice(seed);
        let mut costs = Costs::new(&graph, &parts, 3);
        costs.prices[0].iter_mut().for_each(|price| *price += dice.below(9) as u64);
        let start = (0..graph.len()).map(|_| dice.below(parts.len()) as u32).collect();
        let mut state = State::new(&graph, &parts, &costs, vec![u64::MAX; parts.len() * 2], start);
        let slow = |now: &[u32], costs: &Costs| {
            let mut sum = 0;
            for net in (0..graph.net_count()).filter(|net| graph.pins(*net).len() > 1) {
                let reached: BTreeSet<usize> = graph.pins(net).iter().map(|pin| now[*pin as usize] as usize).collect();
                let groups: BTreeSet<u32> = reached.iter().map(|part| parts.groups()[*part]).collect();
                sum += reached.iter().map(|part| costs.prices[0][*part] * costs.weights[0][net]).sum::<u64>();
                sum += groups.len() as u64 * UNIT * costs.weights.get(1).map_or(0, |weights| weights[net]);
            }
            sum as i64
        };
        for _ in 0..60 {
            let (vertex, to) = (dice.below(graph.len()), dice.below(parts.len()));
            let gain = state.gain(vertex, to);
            prop_assert_eq!(state.gains(vertex).nth(to), Some(gain));
            let before = state.cost();
            prop_assert_eq!(before, slow(state.assignment(), &costs));
            if state.part(vertex) != to {
                state.shift(vertex, to);
                prop_assert_eq!(before - gain, state.cost());
            }
        }
    }
}

#[test]
fn planted_communities_are_found_exactly() {
    for (size, count, fan_in, inside) in [(64, 8, 16, 80), (256, 4, 32, 95), (50, 16, 20, 80)] {
        let (graph, planted) = communities(&vec![size; count], fan_in, inside, 5);
        let parts = Parts::equal(count, &[size as u64]);
        let found = partition(&graph, &parts, &NoLimits, &Search::default(), None).unwrap();
        assert!(found.cut <= cut(&graph, &planted), "{} against {}", found.cut, cut(&graph, &planted));
        let pairs: BTreeSet<(u32, u32)> = found.parts.iter().copied().zip(planted).collect();
        assert_eq!(pairs.len(), count, "each part is a community");
    }
}

#[test]
fn full_parts_are_filled_exactly() {
    let (graph, _) = communities(&[64; 4], 8, 0, 3);
    let parts = Parts::equal(4, &[64]);
    let found = partition(&graph, &parts, &NoLimits, &Search::default(), None).unwrap();
    check_room(&graph, &parts, &found.parts);
    let given: Vec<u32> = (0..256).map(|vertex| vertex / 64).collect();
    assert!(found.cut < cut(&graph, &given));
    assert_eq!(partition(&graph, &Parts::equal(4, &[63]), &NoLimits, &Search::default(), None), Err(Unfit));
    let other_class = Parts::new(1, vec![300], vec![1], vec![0]);
    assert_eq!(partition(&graph, &other_class, &NoLimits, &Search::default(), None), Err(Unfit));
    let empty = Hypergraph::new(1, Vec::new(), Vec::new()).with_nets([]);
    assert_eq!(partition(&empty, &parts, &NoLimits, &Search::default(), None).unwrap().cut, 0);
}

/// Parts that may hear few nets: without the limit some part hears more.
#[test]
fn limits_of_nets_are_obeyed() {
    let (graph, planted) = communities(&[40, 40, 40, 40], 10, 70, 11);
    let parts = Parts::equal(4, &[44]);
    let silent: Vec<u32> = (0..160).collect();
    // As many as the fullest of the parts hears that the net was made from.
    let limits = (1..).map(|most| NetsHeard { most, silent: &silent });
    let limit = limits.into_iter().find(|limit| limit.judge(&graph, &parts, &planted).excess == 0).unwrap();
    let found = partition(&graph, &parts, &limit, &Search::default(), None).unwrap();
    assert_eq!((found.excess, limit.judge(&graph, &parts, &found.parts)), (0, Verdict::default()));
}

/// Groups that a net may reach one of only, though that costs cut.
#[test]
fn limits_of_groups_are_obeyed() {
    struct OneGroup;
    impl Limits for OneGroup {
        fn judge(&self, graph: &Hypergraph, parts: &Parts, now: &[u32]) -> Verdict {
            let groups = |net: &usize| {
                let reached = graph.pins(*net).iter().map(|pin| parts.groups()[now[*pin as usize] as usize]);
                reached.collect::<BTreeSet<u32>>().len() > 1
            };
            let over: Vec<usize> = (0..graph.net_count()).filter(groups).collect();
            let blame = over.iter().map(|net| Blame::NetGroups(*net as u32)).collect();
            Verdict { excess: over.len() as u64, blame, wanted: 0 }
        }
    }
    let (graph, _) = communities(&[30, 30], 4, 100, 2);
    let parts = Parts::new(1, vec![15; 4], vec![0; 4], vec![0, 0, 1, 1]);
    let found = partition(&graph, &parts, &OneGroup, &Search::default(), None).unwrap();
    assert_eq!(found.excess, 0);
}

#[test]
fn places_are_never_worse_and_good_on_a_mesh() {
    // A chain of parts on a line in some order is put in order.
    let order = Dice(4).order(8);
    let mut flow = Flow::new(8);
    order.windows(2).for_each(|pair| flow.add(pair[0] as usize, pair[1] as usize, 5));
    let line: Vec<Vec<u64>> = (0..8u64).map(|a| (0..8).map(|b| a.abs_diff(b)).collect()).collect();
    let start: Vec<u32> = (0..8).collect();
    let (place, cost) = arrange(&flow, &line, &start, &|_: &[u32]| 0, 1);
    assert_eq!(cost, 35, "{place:?}");
    // A judge that allows nothing but the start keeps it.
    let (place, _) = arrange(&flow, &line, &start, &|place: &[u32]| u64::from(place != start), 1);
    assert_eq!(place, start);
    // Two parts that speak move together over empty places.
    let mut flow = Flow::new(2);
    flow.add(0, 1, 1);
    let (place, cost) = arrange(&flow, &line, &[0, 7], &|_: &[u32]| 0, 1);
    assert_eq!((cost, place[0].abs_diff(place[1])), (1, 1));
}

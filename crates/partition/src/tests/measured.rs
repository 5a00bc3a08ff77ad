//! The nets that docs/placement.md tells of: traffic and time, and edge lists of other tools' nets.
#![allow(clippy::print_stdout, reason = "what was measured is what these tests are for")]

use super::*;

/// `fan_in` senders for each neuron from all.
fn random(count: usize, fan_in: usize, seed: u64) -> Hypergraph {
    communities(&[count], fan_in, 0, seed).0
}

/// A ring with neighbours on both sides, of which `percent` of 100 are others; ids are shuffled.
fn ring(count: usize, fan_in: usize, percent: usize, seed: u64) -> (Hypergraph, Vec<u32>) {
    let mut dice = Dice(seed);
    let order = dice.order(count);
    let mut edges = Vec::new();
    for at in 0..count {
        for distance in 1..=fan_in / 2 {
            for other in [(at + distance) % count, (at + count - distance) % count] {
                let other = if dice.below(100) < percent { dice.below(count) } else { other };
                edges.push((order[other], order[at]));
            }
        }
    }
    let mut planted = vec![0; count];
    order.iter().enumerate().for_each(|(at, vertex)| planted[*vertex as usize] = (at * 16 / count) as u32);
    (graph_of(count, &edges), planted)
}

/// Time that the processor has worked for this program, where the system tells; what else it works for does not count.
fn seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: Option<u64> = stat.rsplit(')').next().and_then(|rest| rest.split(' ').nth(12)?.parse().ok());
    ticks.unwrap_or(0) as f64 / 100.0
}

fn measure(name: &str, graph: &Hypergraph, parts: usize, planted: Option<&[u32]>) {
    let begin = seconds();
    let found = partition(graph, &Parts::equal(parts, &[256]), &NoLimits, &Search::default(), None).unwrap();
    let time = seconds() - begin;
    let in_order: Vec<u32> = (0..graph.len()).map(|vertex| (vertex * parts / graph.len()) as u32).collect();
    let planted = planted.map_or_else(|| "-".into(), |planted| cut(graph, planted).to_string());
    let order = cut(graph, &in_order);
    println!("| {name} | {parts} | {order} | {} | {planted} | {:.1} s |", found.cut, time);
    assert!(found.cut <= order);
}

#[test]
#[ignore = "measures; run it in release with --nocapture"]
fn traffic_and_time() {
    println!("| net | parts | in order | found | planted | time |\n|---|---|---|---|---|---|");
    let (graph, planted) = communities(&[250; 20], 32, 93, 1);
    measure("5000, 20 communities", &graph, 20, Some(&planted));
    let (graph, planted) = communities(&[256; 12], 16, 90, 1);
    measure("3072, 12 communities", &graph, 12, Some(&planted));
    for percent in [5, 7, 10] {
        let (graph, planted) = ring(4096, 32, percent, 1);
        measure(&format!("ring of 4096, {percent} % rewired"), &graph, 16, Some(&planted));
    }
    measure("random, 2048, fan-in 32", &random(2048, 32, 1), 8, None);
    measure("random, 3072, fan-in 12", &random(3072, 12, 1), 12, None);
    measure("random, 3072, fan-in 13", &random(3072, 13, 1), 12, None);
    let (graph, planted) = communities(&[250; 40], 100, 80, 1);
    measure("10000, 1 M connections, 40 communities", &graph, 40, Some(&planted));
    measure("10000, 1 M connections, random", &random(10_000, 100, 1), 40, None);
}

/// Nets of files that `QUENCHED_NETS` names, separated by commas: numbers of neurons and parts, then pairs of sender
/// and receiver. Other partitioners can be given the same.
#[test]
#[ignore = "measures; run it in release with --nocapture"]
fn nets_of_files() {
    let Ok(names) = std::env::var("QUENCHED_NETS") else { return };
    for name in names.split(',') {
        let text = std::fs::read_to_string(name).unwrap();
        let all: Vec<u32> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let edges: Vec<(u32, u32)> = all[2..].chunks(2).map(|pair| (pair[0], pair[1])).collect();
        measure(name, &graph_of(all[0] as usize, &edges), all[1] as usize, None);
    }
}

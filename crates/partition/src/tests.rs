//! Nets of known structure.

use crate::dice::Dice;
use crate::*;

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
    let mut starts = Vec::new();
    let mut next = 0;
    for (part, size) in sizes.iter().enumerate() {
        (next..next + size).for_each(|at| planted[order[at] as usize] = part as u32);
        starts.extend((next..next + size).map(|_| (next, *size)));
        next += size;
    }
    let mut edges = Vec::new();
    for at in 0..count {
        let (start, size) = starts[at];
        for _ in 0..fan_in {
            let from = if dice.below(100) < inside { start + dice.below(size) } else { dice.below(count) };
            edges.push((order[from], order[at]));
        }
    }
    (graph_of(count, &edges), planted)
}

fn report(name: &str, graph: &Hypergraph, k: usize, room: u64, known: u64) {
    let begin = cpu();
    let found = partition(graph, &Parts::equal(k, &[room]), &NoLimits, &Search::default(), None).unwrap();
    println!("{name}: {} (known {known}, {:.3}), {:?}", found.cut, found.cut as f64 / known as f64, cpu() - begin);
}

#[test]
fn bench() {
    let (graph, planted) = communities(&[256; 12], 32, 80, 1);
    report("sbm 3072", &graph, 12, 256, cut(&graph, &planted));
    let (graph, planted) = communities(&[250; 20], 32, 80, 1);
    report("sbm 5000", &graph, 20, 250, cut(&graph, &planted));
    let (graph, planted) = communities(&[256; 8], 32, 0, 1);
    report("random 2048", &graph, 8, 256, cut(&graph, &planted));
    let (graph, planted) = communities(&[256; 12], 13, 0, 1);
    report("random 3072 13", &graph, 12, 256, cut(&graph, &planted));
    let (graph, planted) = communities(&[250; 40], 100, 80, 1);
    report("10k 1M", &graph, 40, 256, cut(&graph, &planted));
    let (graph, planted) = communities(&[250; 40], 100, 0, 1);
    report("10k 1M random", &graph, 40, 256, cut(&graph, &planted));
}

fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    stat.split(' ').nth(13).unwrap().parse::<u64>().unwrap() * 10
}

#[test]
fn files() {
    let Ok(names) = std::env::var("NETS") else { return };
    for name in names.split(',') {
        let text = std::fs::read_to_string(name).unwrap();
        let all: Vec<u32> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let edges: Vec<(u32, u32)> = all[2..].chunks(2).map(|c| (c[0], c[1])).collect();
        let (n, k) = (all[0] as usize, all[1] as usize);
        let given: Vec<u32> = (0..n).map(|v| (v * k / n) as u32).collect();
        let graph = graph_of(n, &edges);
        report(name, &graph, k, 256, cut(&graph, &given));
    }
}

//! Networks whose good placements are known, and some that are made by chance.

use crate::testing::*;
use crate::*;
use chip::{ChipSpec, NeuronPlace};
use network::{Endpoint, Network};
use units::CoreAddress;

/// One population `p` with these connections, all of one weight.
pub(super) fn net(size: usize, edges: Vec<(u32, u32)>) -> Network {
    let mut network =
        Network { clock: None, inputs: Vec::new(), populations: vec![lif("p", size as u32)], projections: Vec::new() };
    let list = edges.into_iter().map(|(pre, post)| (pre, post, weight(1 << 20))).collect();
    let own = projection(&network, "own", Endpoint::Population(0), 0, list);
    network.projections.push(own);
    network
}

/// The numbers below `count` in some order.
pub(super) fn order(count: usize, dice: &mut Dice) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    for at in (1..count).rev() {
        order.swap(at, dice.below(at as u32 + 1) as usize);
    }
    order
}

/// `fan_in` senders a neuron, of which `inside` of 100 are of its own community; the communities come along.
pub(super) fn communities(sizes: &[usize], fan_in: usize, inside: u32, seed: u64) -> (Network, Vec<u32>) {
    let (mut dice, count) = (Dice(seed), sizes.iter().sum());
    let order = order(count, &mut dice);
    let mut planted = vec![0; count];
    let (mut edges, mut start) = (Vec::new(), 0);
    for (community, size) in sizes.iter().enumerate() {
        for at in start..start + size {
            planted[order[at] as usize] = community as u32;
            for _ in 0..fan_in {
                let is_inside = dice.below(100) < inside;
                let from = if is_inside {
                    start + dice.below(*size as u32) as usize
                } else {
                    dice.below(count as u32) as usize
                };
                edges.push((order[from], order[at]));
            }
        }
        start += size;
    }
    (net(count, edges), planted)
}

/// `fan_in` senders a neuron from all.
pub(super) fn random(size: usize, fan_in: usize, seed: u64) -> Network {
    let mut dice = Dice(seed);
    let mut edges = Vec::new();
    for post in 0..size as u32 {
        let mut all: Vec<u32> = Vec::new();
        while all.len() < fan_in {
            let pre = dice.below(size as u32);
            if !all.contains(&pre) {
                all.push(pre);
            }
        }
        edges.extend(all.into_iter().map(|pre| (pre, post)));
    }
    net(size, edges)
}

/// A ring of neurons with neighbours on both sides, of which `percent` of 100 are others; ids are shuffled.
pub(super) fn ring(size: usize, fan_in: usize, percent: u32, seed: u64) -> Network {
    let mut dice = Dice(seed);
    let order = order(size, &mut dice);
    let mut edges = Vec::new();
    for at in 0..size {
        for distance in 1..=fan_in / 2 {
            for other in [(at + distance) % size, (at + size - distance) % size] {
                let other = if dice.below(100) < percent { dice.below(size as u32) as usize } else { other };
                edges.push((order[other], order[at]));
            }
        }
    }
    net(size, edges)
}

/// `spec` with other numbers of chips, cores and neurons.
pub(super) fn with_sizes(mut spec: ChipSpec, chips: usize, cores: usize, neurons: usize) -> ChipSpec {
    spec.geometry.chips = fact(&chips.to_string());
    spec.geometry.cores_per_chip = fact(&cores.to_string());
    spec.geometry.neurons_per_core = fact(&neurons.to_string());
    spec
}

/// A net of some sort and size, with or without inputs and a second population, on a chip with or without limits.
pub(super) fn some_net(dice: &mut Dice) -> (Network, ChipSpec) {
    let size = 40 + dice.below(260) as usize;
    let fan_in = 1 + dice.below(20) as usize;
    let seed = dice.next();
    let mut network = match dice.below(3) {
        0 => random(size, fan_in, seed),
        1 => ring(size, fan_in.max(2), dice.below(30), seed),
        _ => communities(&[size / 2, size / 3, size - size / 2 - size / 3], fan_in, 60 + dice.below(40), seed).0,
    };
    if dice.below(2) == 0 {
        network.inputs.push(input("x", 5));
        let list = (0..size as u32).map(|n| (dice.below(5), n, weight(1 << 19))).collect();
        network.projections.push(projection(&network, "in", Endpoint::Input(0), 0, list));
    }
    if dice.below(2) == 0 {
        network.populations.push(lif("q", 30));
        let list = (0..120).map(|n| (dice.below(size as u32), n % 30, weight(1 << 20))).collect();
        network.projections.push(projection(&network, "on", Endpoint::Population(0), 1, list));
        let list = (0..60).map(|n| (n % 30, dice.below(size as u32), weight(1 << 20))).collect();
        network.projections.push(projection(&network, "back", Endpoint::Population(1), 0, list));
    }
    let neurons = 20 + dice.below(40) as usize;
    let spec = match dice.below(3) {
        0 => with_sizes(ideal(), 4, 9, neurons),
        1 => with_sizes(tag_cam(), 4, 4, neurons),
        _ => with_sizes(tag_cam(), 9, 4, neurons),
    };
    (network, spec)
}

/// A net that was made from a placement which fits: 95 % of the circuits of each core are taken, and as many tags as
/// the mapper takes in that placement, up to 95 % in each core. The neurons are shuffled; their cores come along.
pub(super) fn hidden_net(dice: &mut Dice) -> (Network, ChipSpec, Vec<CoreAddress>) {
    let seed = dice.next();
    for percent in (20..=95).rev().step_by(5) {
        let (network, spec, cores) = hidden_at(&mut Dice(seed), percent);
        let places =
            cores.iter().zip(0..).map(|(core, index)| NeuronPlace { population: "p".into(), index, core: *core });
        let placement = Placing::Given(places.collect::<Vec<_>>().into());
        if map(&network, &spec, &MapperOptions { placement, ..MapperOptions::default() }).is_ok() {
            return (network, spec, cores);
        }
    }
    panic!("no fill fits");
}

/// The same where each core hears `percent` of 100 tags, whether that fits or not.
fn hidden_at(dice: &mut Dice, percent: usize) -> (Network, ChipSpec, Vec<CoreAddress>) {
    let per_core = 32 + 32 * dice.below(4) as usize;
    let (chips, cores) = (2 + dice.below(3) as usize, 4);
    let used = per_core * 95 / 100;
    let tag_bits = (per_core * 4).ilog2() + dice.below(2);
    let tags = 1usize << tag_bits;
    let spec = with_router(with_sizes(tag_cam(), chips, cores, per_core), |router| {
        router.tag_bits = fact(&tag_bits.to_string());
    });
    let count = chips * cores * used;
    let order = order(count, dice);
    let mut edges: Vec<(u32, u32)> = Vec::new();
    // Each neuron may reach its own chip and up to two others.
    let away: Vec<usize> = (0..count).map(|_| dice.below(chips as u32) as usize).collect();
    for chip in 0..chips {
        for core in 0..cores {
            let home = (chip * cores + core) * used;
            let target = (tags * percent / 100).min(count * 3 / 4).min(used * 40);
            let mut heard: Vec<usize> = (home..home + used).collect();
            let mut tries = 0;
            while heard.len() < target && tries < 20 * target {
                tries += 1;
                let source = dice.below(count as u32) as usize;
                let own = source / used / cores;
                let is_allowed = own == chip || away[source] == chip;
                // Half of the foreign sources are of this core's own choice: a structure that can be found.
                let is_near = (source / used + core * 7).is_multiple_of(3) || dice.below(8) == 0;
                if is_allowed && is_near && !heard.contains(&source) {
                    heard.push(source);
                }
            }
            for (index, source) in heard.iter().enumerate() {
                let fan = if index < used { 8 } else { 2 };
                for _ in 0..fan {
                    let post = home + dice.below(used as u32) as usize;
                    edges.push((order[*source], order[post]));
                }
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    // No neuron has more synapses than words.
    let mut words = vec![0; count];
    edges.retain(|(_, post)| {
        words[*post as usize] += 1;
        words[*post as usize] <= 64
    });
    let mut cores = vec![CoreAddress::new(0, 0); count];
    for (at, neuron) in order.iter().enumerate() {
        let core = at / used;
        cores[*neuron as usize] = CoreAddress::new((core / 4) as u16, (core % 4) as u16);
    }
    (net(count, edges), spec, cores)
}

//! Seeded generators of the workloads, in integers, so that they are the same on every machine.
//!
//! A receiver's connections, a neuron's initial membrane and a train's events each have a stream of their own.

use crate::workload::{Rows, Workload};
use disorder::{Key, Purpose, uniform_below};
use units::{Decimal, NeuronId};

/// What the two workloads differ in. Weights in 1/256 mV.
struct Shape {
    name: &'static str,
    neurons: u32,
    /// Connections from excitatory neurons (the first 80 %) and from inhibitory ones, for each receiver.
    fan_in: (u32, u32),
    /// Middle of the excitatory weights, which are uniform from half to three halves of it.
    weight: i64,
    /// Inhibitory weights are this many times stronger, in halves.
    inhibition_halves: i64,
    /// Level that constant input leads to, in tenths of a millivolt.
    drive_tenths: i64,
    /// Poisson trains of 25 Hz, of which each receiver hears 4 with weights around 256.
    trains: u32,
    steps: u64,
}

/// 256 neurons with fan-in 64 and 16 Poisson trains, 10 s.
pub fn w1(seed: u64) -> Workload {
    let shape = Shape {
        name: "W1",
        neurons: 256,
        fan_in: (51, 13),
        weight: 102,
        inhibition_halves: 9,
        drive_tenths: 200,
        trains: 16,
        steps: 10_000,
    };
    shape.generate(seed)
}

/// 10,000 neurons with fan-in 100, excitation and inhibition in balance, 10 s.
pub fn w2(seed: u64) -> Workload {
    let shape = Shape {
        name: "W2",
        neurons: 10_000,
        fan_in: (80, 20),
        weight: 100,
        inhibition_halves: 12,
        drive_tenths: 206,
        trains: 0,
        steps: 10_000,
    };
    shape.generate(seed)
}

/// `count` different numbers from `low` to `high`.
fn choose(key: Key, count: u32, low: u32, high: u32) -> Vec<u32> {
    let mut stream = key.stream();
    let mut chosen = Vec::with_capacity(count as usize);
    while chosen.len() < count as usize {
        let candidate = low + uniform_below(&mut stream, u64::from(high - low)) as u32;
        if !chosen.contains(&candidate) {
            chosen.push(candidate);
        }
    }
    chosen
}

impl Shape {
    fn generate(&self, seed: u64) -> Workload {
        let root = Key::new(seed, Purpose::Initialisation);
        // One name a part of the workload, one slot a member of it, one "neuron" a partner of that member.
        let key = |part: &str, index: u32| root.name(&format!("{} {part}", self.name)).slot(index.into());
        let count = self.neurons as usize;
        let excitatory = self.neurons / 5 * 4;
        let drawn = |key: Key, middle: i64| {
            let width = middle as u64 + 1;
            middle / 2 + uniform_below(&mut key.stream(), width) as i64
        };
        let mut recurrent = Vec::with_capacity(count * (self.fan_in.0 + self.fan_in.1) as usize);
        let mut input = Vec::new();
        for post in 0..self.neurons {
            let mut pre = choose(key("excitatory", post), self.fan_in.0, 0, excitatory);
            pre.extend(choose(key("inhibitory", post), self.fan_in.1, excitatory, self.neurons));
            for pre in pre {
                let size = drawn(key("weight", post).neuron(NeuronId(pre as u16)), self.weight);
                let weight = if pre < excitatory { size } else { -(size * self.inhibition_halves / 2) };
                recurrent.push((pre, post, weight as i16));
            }
            if self.trains > 0 {
                for train in choose(key("trains", post), 4, 0, self.trains) {
                    input.push((
                        train,
                        post,
                        drawn(key("train weight", post).neuron(NeuronId(train as u16)), 256) as i16,
                    ));
                }
            }
        }
        let initial = |n| Decimal::new(uniform_below(&mut key("initial", n).stream(), 20_000_000) as i64, -6);
        let mut events = Vec::new();
        for train in 0..self.trains {
            let mut stream = key("events", train).stream();
            // 25 Hz: one step in forty. What is drawn in a step arrives in the next one.
            events.extend((0..self.steps - 1).filter(|_| uniform_below(&mut stream, 40) == 0).map(|t| (t + 1, train)));
        }
        events.sort_unstable();
        Workload {
            name: self.name.to_owned(),
            steps: self.steps,
            neurons: count,
            channels: self.trains as usize,
            tau: vec![Decimal::integer(20); count],
            threshold: vec![Decimal::integer(20); count],
            drive: vec![Decimal::new(self.drive_tenths, -1); count],
            initial: (0..self.neurons).map(initial).collect(),
            refractory_steps: 2,
            recurrent: Rows::from_list(count, recurrent),
            input: Rows::from_list(self.trains as usize, input),
            events,
        }
    }
}

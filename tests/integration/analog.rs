//! The asynchronous core against the oracle that evaluates every tick: equal bit for bit.

use crate::cores::{check as check_emulator, recipes};
use crate::oracles::{analog_neurons, assert_same_analog};
use crate::support::{LIF_KINDS, Random, Recipe, die, quantity, test_chip};
use chip::{ChipSpec, CoreModel, CoreProgram, NoiseSpec, RouterSpec, Values};
use conformance::{AnalogNeuron, Intervals};
use device_models::{
    AnalogLifCore, AnalogLifParameters, CoreParameters, DieParameters, EventCore, InputLayout, PackedSynapse,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use units::{CoreAddress, NeuronId, Tick};

/// A synapse: kind, neuron, weight.
type Synapse = (usize, usize, i16);

/// A few neurons with recurrent connections, run without router and kernel.
struct Network {
    spec: ChipSpec,
    core: AnalogLifCore,
    oracle: Vec<AnalogNeuron>,
    exponent: u32,
    /// By source (neurons, then inputs): delay and synapses.
    rows: Vec<(u64, Vec<Synapse>)>,
    packed: Vec<Vec<PackedSynapse>>,
    /// Tick, source, how often.
    events: Vec<(u64, usize, i32)>,
    ticks: u64,
}

const INPUTS: usize = 3;

impl Network {
    /// Random network `seed`. One in 64 has time constants of thousands of ticks; the others are short. With `noise`,
    /// thresholds differ from interval to interval with that CV.
    fn random(base: &ChipSpec, seed: u64, noise: Option<&str>) -> Self {
        let mut random = Random::new(seed);
        let slow = seed.is_multiple_of(64);
        let count = 1 + random.below(4) as usize;
        let ticks = if slow { 12_000 } else { 60 + u64::from(random.below(200)) };
        let mut spec = base.clone();
        // Of two ways to write the same ratios: the tick is what is short.
        spec.tick = crate::support::fact(random.pick(&["1 ms", "0.25 ms", "0.1 ms"]));
        let tick: f64 = spec.tick.quantity.value.to_string().parse().unwrap();
        // Equal, nearly equal and very different time constants, in ticks.
        let common = [0.3, 1.0, 2.5, 2.5001, 2.53, 2.6, 7.0, 20.0, 20.2, 60.0][random.below(10) as usize];
        let scale = if slow { 150.0 } else { 1.0 };
        let mut parameters = BTreeMap::new();
        let mut times = |name: &str, random: &mut Random| {
            let list = (0..count).map(|_| {
                let other = random.pick(&[0.02, 0.4, 2.5, 2.501, 9.0, 20.0, 41.0, 300.0]);
                let ticks = if random.below(2) == 0 { common } else { other };
                quantity(&format!("{} ms", (ticks * scale * tick * 1e6).round() / 1e6))
            });
            parameters.insert(name.to_owned(), Values::PerNeuron(list.collect()));
        };
        for name in ["tau_mem", "tau_ampa", "tau_nmda", "tau_gaba", "tau_free", "tau_adaptation"] {
            times(name, &mut random);
        }
        let mut levels = |name: &str, list: &[&str], random: &mut Random| {
            let values = (0..count).map(|_| quantity(random.pick(list))).collect();
            parameters.insert(name.to_owned(), Values::PerNeuron(values));
        };
        levels("drive", &["0 mV", "-3 mV", "9.9 mV", "10 mV", "10.001 mV", "14 mV", "60 mV"], &mut random);
        levels("v_threshold", &["10 mV", "9 mV"], &mut random);
        levels(
            "v_reset",
            &["0 mV", "-1 mV", "2 mV", if seed.is_multiple_of(41) { "11 mV" } else { "0 mV" }],
            &mut random,
        );
        levels("v_initial", &["0 mV", "5 mV", "12 mV", "-20 mV"], &mut random);
        levels("adaptation", &["0 mV", "0.5 mV", "3 mV", "-0.1 mV"], &mut random);
        let periods = (0..count).map(|_| {
            let ticks = f64::from(random.pick(&[0u32, 1, 2, 5, 40]));
            quantity(&format!("{} ms", (ticks * tick * 1e6).round() / 1e6))
        });
        let periods = Values::PerNeuron(periods.collect());
        parameters.insert("t_refractory".to_owned(), periods);
        let exponent = if random.below(20) == 0 { 18 } else { 10 };
        let program = CoreProgram {
            address: CoreAddress::new(0, 0),
            model: CoreModel::AnalogLif,
            neuron_count: count as u32,
            parameters,
            weight_exponent: exponent,
            off: Vec::new(),
            circuits: Vec::new(),
        };
        let used: Vec<bool> = (0..LIF_KINDS).map(|_| random.below(2) == 0).collect();
        let kinds: Vec<usize> = (0..used.len()).filter(|k| used[*k]).collect();
        let die = if random.below(3) == 0 { die(&spec, seed as u32 % 50) } else { DieParameters::nominal() };
        let die = match noise {
            None => die,
            Some(cv) => {
                let event_threshold_cv = Some(crate::support::fact(cv));
                spec.noise = Some(NoiseSpec { event_threshold_cv, ..NoiseSpec::default() });
                die.with_noise(&spec, seed).unwrap()
            }
        };
        let layout = InputLayout::new(&spec, &program, &used).unwrap();
        let built = AnalogLifParameters::build(&spec, &program, layout.clone(), &die);
        let built = built.unwrap_or_else(|e| panic!("network {seed}: {e}"));
        let rows: Vec<(u64, Vec<Synapse>)> = (0..count + INPUTS)
            .map(|_| {
                let delay = 1 + u64::from(random.below(4));
                let synapses = (0..if kinds.is_empty() { 0 } else { random.below(5) }).map(|_| {
                    let kind = random.pick(&kinds);
                    let signed = matches!(kind, 0 | 7);
                    let weight = random.below(9000) as i16;
                    (
                        kind,
                        random.below(count as u32) as usize,
                        if signed && random.below(2) == 0 { -weight } else { weight },
                    )
                });
                (delay, synapses.collect())
            })
            .collect();
        let pack = |row: &(u64, Vec<Synapse>)| {
            row.1.iter().map(|(kind, neuron, weight)| layout.pack(*kind as u8, *neuron, *weight).unwrap()).collect()
        };
        let packed = rows.iter().map(pack).collect();
        // Bursts and silences: most events lie close together.
        let mut events = Vec::new();
        for _ in 0..random.below(5) {
            let start = u64::from(random.below(ticks as u32));
            for _ in 0..random.below(12) {
                let tick = start + u64::from(random.below(6));
                events.push((tick, count + random.below(INPUTS as u32) as usize, 1 + random.below(3) as i32));
            }
        }
        let mut oracle = analog_neurons(&built);
        if let Some(noise) = die.noise() {
            for (n, neuron) in oracle.iter_mut().enumerate() {
                let (noise, id) = (noise.clone(), NeuronId(n as u16));
                let factor = move |begins| noise.event_threshold_factor(0, Tick(begins), program.address, id).to_bits();
                neuron.intervals = Some(Intervals::new(1 << 41, move |begins| factor(begins).into()));
            }
        }
        let core = AnalogLifCore::new(built);
        Self { spec, core, oracle, exponent: u32::from(exponent) + 12, rows, packed, events, ticks }
    }

    /// Runs the core from event to event. Returns its spikes and how often it was advanced.
    fn run_core(&mut self) -> (Vec<(u64, usize)>, u64) {
        let mut queue: BTreeMap<u64, Vec<(usize, i32)>> = BTreeMap::new();
        for (tick, source, times) in &self.events {
            queue.entry(*tick).or_default().push((*source, *times));
        }
        let (mut spikes, mut visits) = (Vec::new(), 0);
        loop {
            let next = queue.keys().next().copied().unwrap_or(u64::MAX).min(self.core.next_wake(Tick(0)).0);
            if next >= self.ticks {
                return (spikes, visits);
            }
            for (source, times) in queue.remove(&next).unwrap_or_default() {
                self.core.deliver(&self.packed[source], times);
            }
            visits += 1;
            for spike in self.core.advance(Tick(next)) {
                let source = spike.neuron.index();
                spikes.push((next, source));
                queue.entry(next + self.rows[source].0).or_default().push((source, 1));
            }
            assert!(self.core.next_wake(Tick(next)) > Tick(next), "the core wakes itself in tick {next} again");
        }
    }

    /// Runs the oracle through every tick. Returns its spikes and its saturations.
    fn run_oracle(&mut self) -> (Vec<(u64, usize)>, u64) {
        let mut queue: BTreeMap<u64, Vec<(usize, i32)>> = BTreeMap::new();
        for (tick, source, times) in &self.events {
            queue.entry(*tick).or_default().push((*source, *times));
        }
        let (mut spikes, mut cuts) = (Vec::new(), 0);
        for tick in 0..self.ticks {
            let mut arrived: Vec<BTreeMap<usize, i128>> = vec![BTreeMap::new(); self.oracle.len()];
            for (source, times) in queue.remove(&tick).unwrap_or_default() {
                for (kind, neuron, weight) in &self.rows[source].1 {
                    let amount = i128::from(*weight) * i128::from(times);
                    *arrived[*neuron].entry(*kind).or_default() += amount << self.exponent;
                }
            }
            for (n, neuron) in self.oracle.iter_mut().enumerate() {
                if neuron.tick(tick, &self.spec, &arrived[n], &mut cuts) {
                    spikes.push((tick, n));
                    queue.entry(tick + self.rows[n].0).or_default().push((n, 1));
                }
            }
        }
        (spikes, cuts)
    }
}

/// Random networks from `seeds`; returns how many spikes were compared.
fn check(seeds: std::ops::Range<u64>, noise: Option<&str>) -> u64 {
    let (base, mut total) = (test_chip(RouterSpec::Ideal), 0);
    for seed in seeds {
        let mut network = Network::random(&base, seed, noise);
        let (spikes, visits) = network.run_core();
        let (expected, cuts) = network.run_oracle();
        let first = spikes.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(first, None, "first spike that differs in network {seed}");
        assert_eq!(spikes.len(), expected.len(), "spikes of network {seed}");
        assert_eq!(network.core.take_saturations(), cuts, "saturations of network {seed}");
        let end = Tick(network.ticks - 1);
        for (n, neuron) in network.oracle.iter().enumerate() {
            assert_same_analog(&network.core, NeuronId(n as u16), neuron, end);
        }
        // Without events there is no tick: the core may look at a neuron a few times between two of its spikes.
        let events = network.events.len() as u64 + 5 * spikes.len() as u64;
        assert!(visits <= 1 + 8 * (events + network.oracle.len() as u64), "{visits} visits in network {seed}");
        total += spikes.len() as u64;
    }
    total
}

/// Ten thousand random networks, in four parts that run side by side.
mod ten_thousand_networks_equal_a_scan_of_every_tick {
    use super::check;

    #[track_caller]
    fn part(part: u64) {
        let spikes = check(part * 2500..(part + 1) * 2500, None);
        assert!(spikes > 20_000, "{spikes} spikes are too few to tell");
    }

    #[test]
    fn first_part() {
        part(0);
    }

    #[test]
    fn second_part() {
        part(1);
    }

    #[test]
    fn third_part() {
        part(2);
    }

    #[test]
    fn fourth_part() {
        part(3);
    }
}

/// The same with a threshold of its own for every interval: a crossing is predicted with the one that holds.
#[test]
fn networks_whose_thresholds_change_equal_a_scan_of_every_tick() {
    for (cv, seeds) in [("0.05 1", 0..500), ("0.5 1", 500..1000), ("4 1", 1000..1500)] {
        let spikes = check(seeds, Some(cv));
        assert!(spikes > 4000, "{spikes} spikes are too few to tell");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn emulators_with_asynchronous_cores_equal_the_oracle(recipe in recipes(false)) {
        check_emulator(&Recipe { asynchronous: true, ..recipe });
    }

    #[test]
    fn tag_cam_emulators_with_asynchronous_cores_equal_the_oracle(recipe in recipes(true)) {
        check_emulator(&Recipe { asynchronous: true, ..recipe });
    }
}

/// A neuron in double precision, advanced tick by tick by its exact one-tick propagators, which are computed once.
struct FloatNeuron {
    decay: f64,
    rest: f64,
    threshold: f64,
    reset: f64,
    refractory: u64,
    /// Decay and coupling of each current.
    currents: Vec<(f64, f64)>,
    i: Vec<f64>,
    v: f64,
    free: u64,
}

impl FloatNeuron {
    /// One tick; returns whether it spikes.
    fn tick(&mut self, tick: u64, delta: f64, jumps: &[f64], adaptation: f64) -> bool {
        let mut driven = 0.0;
        for ((decay, coupling), i) in self.currents.iter().zip(&mut self.i) {
            driven += coupling * *i;
            *i *= decay;
        }
        // From the tick in which the period ends, the membrane starts at reset.
        self.v = if tick <= self.free { self.reset } else { self.rest + (self.v - self.rest) * self.decay + driven };
        for (i, jump) in self.i.iter_mut().zip(jumps) {
            *i += jump;
        }
        if tick < self.free {
            return false;
        }
        self.v += delta;
        let spikes = self.v >= self.threshold;
        if spikes {
            self.v = self.reset;
            self.free = tick + self.refractory;
            *self.i.last_mut().unwrap() += adaptation;
        }
        spikes
    }
}

/// Ten neurons of a die with every parameter mismatched, with four synaptic currents, a delta synapse and adaptation,
/// at a tick of 1 us for 10 s, against double precision. Measured: membranes differ by at most 1e-10 of the distance
/// from reset to threshold, and none of 3876 spikes moves.
#[test]
fn ten_seconds_at_one_microsecond_follow_double_precision() {
    const NEURONS: usize = 10;
    const TICKS: u64 = 10_000_000;
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.tick = crate::support::fact("1 us");
    let shared = [
        ("tau_mem", "20 ms"),
        ("v_threshold", "10 mV"),
        ("drive", "11 mV"),
        ("tau_ampa", "5 ms"),
        ("tau_nmda", "50 ms"),
        ("tau_gaba", "10 ms"),
    ];
    let mut parameters: BTreeMap<String, Values> =
        shared.iter().map(|(name, value)| ((*name).to_owned(), Values::Shared(quantity(value)))).collect();
    // Equal to the membrane's on one neuron, almost equal on another.
    let free = (0..NEURONS).map(|n| quantity(["20 ms", "20.001 ms", "3 ms"][n % 3])).collect();
    parameters.insert("tau_free".to_owned(), Values::PerNeuron(free));
    parameters.insert("tau_adaptation".to_owned(), Values::Shared(quantity("100 ms")));
    let address = CoreAddress::new(0, 0);
    let program = CoreProgram {
        address,
        model: CoreModel::AnalogLif,
        neuron_count: NEURONS as u32,
        parameters,
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let mut used = vec![false; spec.synapses.len()];
    [0, 4, 5, 6, 7].iter().for_each(|kind| used[*kind] = true);
    let layout = InputLayout::new(&spec, &program, &used).unwrap();
    let die = die(&spec, 3);
    let built = AnalogLifParameters::build(&spec, &program, layout.clone(), &die).unwrap();
    let mut random = Random::new(5);
    let (mut spikes, mut moved, mut far, mut worst) = (0u32, 0u32, 0u32, 0f64);
    for n in 0..NEURONS {
        let id = NeuronId(n as u16);
        let asked = |name: &str| {
            let quantity = program.parameters.get(name).map_or(spec.parameters[name].nominal.quantity, |v| v.get(n));
            quantity.value.to_string().parse::<f64>().unwrap()
        };
        let real = |name: &str| asked(name) * die.factor(name, address, id).to_bits() as f64 / 2f64.powi(32);
        let mem = real("tau_mem") * 1e3;
        let current = |tau: &str, gain: Option<&str>, sign: f64| {
            let (own, gain) = (real(tau) * 1e3, gain.map_or(1.0, real));
            let d = 1.0 / own - 1.0 / mem;
            let mean = if d == 0.0 { 1.0 } else { d.exp_m1() / d };
            ((-1.0 / own).exp(), sign * gain / (asked(tau) * 1e3) * (-1.0 / own).exp() * mean)
        };
        let currents = vec![
            current("tau_ampa", Some("gain_ampa"), 1.0),
            current("tau_nmda", None, 1.0),
            current("tau_gaba", Some("gain_gaba"), -1.0),
            current("tau_free", None, 1.0),
            current("tau_adaptation", None, -1.0),
        ];
        let mut float = FloatNeuron {
            decay: (-1.0 / mem).exp(),
            rest: real("drive"),
            threshold: real("v_threshold"),
            reset: real("v_reset"),
            refractory: (real("t_refractory") * 1e3).round() as u64,
            i: vec![0.0; currents.len()],
            currents,
            v: real("v_initial"),
            free: 0,
        };
        let adaptation = real("adaptation");
        // One neuron after the other: events for it alone, so that the others do nothing but wait.
        let mut next_event = 1 + u64::from(random.below(5000));
        let (mut of_core, mut of_float) = (Vec::new(), Vec::new());
        let mut single = AnalogLifCore::new(built.clone());
        single.advance(Tick(0));
        float.tick(0, 0.0, &[], adaptation);
        float.v = real("v_initial");
        for tick in 1..TICKS {
            let (mut delta, mut jumps) = (0.0, [0.0; 4]);
            if tick == next_event {
                let slot = random.below(5) as usize;
                let weight = 500 + random.below(2500) as i16;
                let weight = if slot == 0 { weight / 4 } else { weight };
                single.deliver(&[layout.pack([0, 4, 5, 6, 7][slot], n, weight).unwrap()], 1);
                *(if slot == 0 { &mut delta } else { &mut jumps[slot - 1] }) += f64::from(weight) / 1024.0;
                next_event += 1 + u64::from(random.below(5000));
            }
            if float.tick(tick, delta, &jumps, adaptation) {
                of_float.push(tick);
            }
            if delta != 0.0 || jumps != [0.0; 4] || single.next_wake(Tick(tick)) == Tick(tick) {
                of_core.extend(single.advance(Tick(tick)).iter().filter(|s| s.neuron == id).map(|_| tick));
                if of_core == of_float {
                    let membrane = single.membrane(id, Tick(tick)) as f64 / 2f64.powi(32);
                    worst = worst.max((membrane - float.v).abs() / (float.threshold - float.reset));
                }
            }
        }
        spikes += of_core.len() as u32;
        assert_eq!(of_core.len(), of_float.len(), "spikes of neuron {n}");
        for (a, b) in of_core.iter().zip(&of_float) {
            moved += u32::from(a != b);
            far += u32::from(a.abs_diff(*b) > 1);
        }
    }
    assert!(spikes > 2000, "{spikes} spikes");
    assert!(worst < 1e-8, "membranes differ by {worst} of the distance to threshold");
    assert!(moved * 1000 <= spikes && far == 0, "{moved} of {spikes} spikes moved, {far} of them by more than a tick");
}

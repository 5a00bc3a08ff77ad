//! Real networks that are scaled onto a Xylo chip spike as the ideal network does, but for what rounding takes.

use crate::support::{Random, quantity};
use chip::{CoreModel, Values};
use device_models::DieParameters;
use emulator::{Each, Emulator, Spike};
use fx::Weight;
use mapper::{MapperOptions, Scale};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use units::{InputId, Tick};

const CHANNELS: usize = 8;
const NEURONS: usize = 30;
const STEPS: usize = 400;
const DASH_SYN: i32 = 3;
const DASH_MEM: i32 = 4;

/// Sender, receiver, weight.
type List = Vec<(usize, usize, f64)>;

/// All pairs, with weights around a mean.
fn list(random: &mut Random, senders: usize, mean: f64, spread: f64) -> List {
    let mut weight = || {
        let sum: f64 = (0..12).map(|_| f64::from(random.below(1 << 20)) / f64::from(1 << 20)).sum();
        mean + spread * (sum - 6.0)
    };
    (0..senders).flat_map(|pre| (0..NEURONS).map(move |post| (pre, post))).map(|(a, b)| (a, b, weight())).collect()
}

fn projection(name: &str, pre: Endpoint, senders: usize, list: &List) -> Projection {
    let bits = |weight: f64| Weight::from_bits((weight * f64::from(1 << 20)).round() as i32);
    let all = list.iter().map(|(pre, post, weight)| (*pre as u32, *post as u32, bits(*weight))).collect();
    let connections = Connections::from_list(senders as u32, all);
    Projection {
        name: name.to_owned(),
        pre,
        post: 0,
        synapse: SynapseChoice { excitatory: "i_syn".to_owned(), inhibitory: "i_syn".to_owned() },
        mask: Mask::all(connections.len()),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    }
}

/// Spikes of each neuron of the ideal network: currents and membranes lose a share of themselves in each step.
fn ideal(input: &List, recurrent: &List, threshold: f64, events: &[Vec<usize>]) -> Vec<f64> {
    let (mut current, mut membrane) = (vec![0.0; NEURONS], vec![0.0; NEURONS]);
    let (mut last, mut spikes) = (vec![0.0; NEURONS], vec![0.0; NEURONS]);
    for channels in events {
        for channel in channels {
            input.iter().filter(|(pre, ..)| pre == channel).for_each(|(_, post, weight)| current[*post] += weight);
        }
        recurrent.iter().for_each(|(pre, post, weight)| current[*post] += weight * last[*pre]);
        for n in 0..NEURONS {
            current[n] -= current[n] * 0.5f64.powi(DASH_SYN);
            membrane[n] += current[n] - membrane[n] * 0.5f64.powi(DASH_MEM);
            last[n] = 0.0;
            while membrane[n] >= threshold && last[n] < 31.0 {
                membrane[n] -= threshold;
                last[n] += 1.0;
            }
            spikes[n] += last[n];
        }
    }
    spikes
}

#[test]
fn scaled_networks_follow_the_ideal_one() {
    let spec = formats::chip::shipped("xylo-imu").unwrap();
    for (seed, threshold) in [(1, 1.0), (2, 2.5), (3, 0.75)] {
        let mut random = Random::new(seed);
        let input = list(&mut random, CHANNELS, 0.03, 0.04);
        let recurrent = list(&mut random, NEURONS, -0.004, 0.01);
        let events: Vec<Vec<usize>> =
            (0..STEPS).map(|_| (0..CHANNELS).filter(|_| random.below(6) == 0).collect()).collect();
        let value = |text: String| Values::Shared(quantity(&text));
        let parameters = [
            ("dash_mem", value(format!("{DASH_MEM} 1"))),
            ("dash_syn", value(format!("{DASH_SYN} 1"))),
            ("threshold", value(format!("{threshold} 1"))),
        ];
        let population = Population {
            name: "h".to_owned(),
            size: NEURONS as u32,
            model: CoreModel::Xylo,
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let network = Network {
            clock: None,
            populations: vec![population],
            inputs: vec![InputGroup::of_host("in", CHANNELS as u32)],
            projections: vec![
                projection("in", Endpoint::Input(0), CHANNELS, &input),
                projection("recurrent", Endpoint::Population(0), NEURONS, &recurrent),
            ],
        };
        let options = MapperOptions { scale: Scale::Auto, ..MapperOptions::default() };
        let mapping = mapper::map(&network, &spec, &options).unwrap_or_else(|error| panic!("{error}"));
        let mut emulator = Emulator::new(&spec, &mapping.program, &DieParameters::nominal()).unwrap();
        for (step, channels) in events.iter().enumerate() {
            for channel in channels {
                emulator.send(InputId(*channel as u32), Tick(step as u64), 1).unwrap();
            }
        }
        let mut got = vec![0.0; NEURONS];
        let observer = |spike: Spike| got[spike.neuron.index()] += spike.value as f64;
        emulator.run_until(Tick(STEPS as u64 + 1), &mut Each(observer));
        let wanted = ideal(&input, &recurrent, threshold, &events);
        let (all, ideal): (f64, f64) = (got.iter().sum(), wanted.iter().sum());
        assert!(ideal > 500.0 && (all - ideal).abs() < 0.1 * ideal, "{all} spikes, {ideal} of the ideal network");
        for (n, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert!((got - wanted).abs() <= 4.0 + 0.2 * wanted, "neuron {n}: {got} spikes, {wanted} ideal");
        }
    }
}

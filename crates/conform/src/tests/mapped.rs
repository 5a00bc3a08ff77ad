//! Networks of integers that Lava holds exactly: mapped onto `loihi-lava` they spike as their replay does.

use super::draft::Draft;
use super::{Dice, pass};
use chip::{ChipSpec, CoreModel, Values};
use device_models::DieParameters;
use emulator::{Each, Emulator, Spike};
use fx::Weight;
use mapper::{CoreSharing, MapperOptions};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use serde_json::json;
use std::collections::BTreeMap;
use units::{Decimal, InputId, NeuronAddress, Quantity, Tick};

const STEPS: usize = 40;

/// A random network, and the case that says what Lava makes of it, without what its neurons do.
fn random(dice: &mut Dice) -> (Network, Draft, Vec<i64>) {
    let mut draft = Draft::new(json!({"format": "neuro-golden/1", "name": "mapped", "steps": STEPS}));
    let channels = dice.roll(1..=6) as usize;
    let rarity = dice.roll(1..=6);
    let events = dice.sparse(STEPS * channels, rarity, 1..=1);
    draft.int32("in", &[STEPS, channels], &events);
    let (mut populations, mut described) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=4) {
        let (name, n) = (format!("p{index}"), dice.roll(1..=12) as usize);
        let highest = dice.choose(&[40, 400, 4000, 131_071]);
        let mut fields = json!({"name": name, "n": n, "model": "lif", "traces": {"s": format!("{name}.s")}});
        let mut parameters = BTreeMap::new();
        for (field, parameter, range) in
            [("du", "decay_u", 0..=4095), ("dv", "decay_v", 0..=4095), ("vth", "v_threshold", 1..=highest)]
        {
            let values = dice.list(n, range);
            let key = format!("{name}.{field}");
            draft.int32(&key, &[n], &values);
            fields[field] = json!(key);
            let quantity = |value: &i64| Quantity::number(Decimal::integer(*value));
            parameters.insert(parameter.to_owned(), Values::PerNeuron(values.iter().map(quantity).collect()));
        }
        populations.push(Population { name, size: n as u32, model: CoreModel::Loihi, parameters });
        described.push(fields);
    }
    let (mut projections, mut wires) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=6) {
        let post = dice.roll(0..=populations.len() as i64 - 1) as usize;
        let pre = if index == 0 { -1 } else { dice.roll(-1..=populations.len() as i64 - 1) };
        let (end, senders, from) = match usize::try_from(pre) {
            Ok(population) => {
                let Population { name, size, .. } = &populations[population];
                (Endpoint::Population(population), *size as usize, name.clone())
            }
            Err(_) => (Endpoint::Input(0), channels, "in".to_owned()),
        };
        let receivers = populations[post].size as usize;
        let (exponent, delay) = (dice.choose(&[0, 0, 0, 1, 2, 3]), dice.choose(&[0, 0, 1, 5]));
        let (low, high, step) = dice.choose(&[(-256, 254, 2), (0, 255, 1), (-255, 0, 1)]);
        let weight = |dice: &mut Dice| match dice.roll(0..=9) {
            0 => low,
            1 => high,
            2 => 0,
            _ => dice.roll(low / step..=high / step) * step,
        };
        let weights: Vec<i64> = (0..senders * receivers).map(|_| weight(dice)).collect();
        let (name, key) = (format!("c{index}"), format!("c{index}.w"));
        draft.int32(&key, &[receivers, senders], &weights);
        let mode = match low {
            -256 => "mixed",
            0 => "exc",
            _ => "inh",
        };
        let mut wire = json!({
            "name": name, "pre": from, "post": populations[post].name, "kind": "dense", "weights": key,
            "weight_exp": exponent, "sign_mode": mode,
        });
        if delay > 0 {
            draft.int32(&format!("{name}.d"), &[receivers, senders], &vec![delay; weights.len()]);
            wire["kind"] = json!("delay_dense");
            wire["delays"] = json!(format!("{name}.d"));
        }
        wires.push(wire);
        let list = weights.iter().enumerate().map(|(at, weight)| {
            let bits = (weight << exponent) << Weight::FRACTION_BITS;
            let weight = Weight::from_bits(i32::try_from(bits).expect("a weight is from -2048 to below 2048"));
            ((at % senders) as u32, (at / senders) as u32, weight)
        });
        let connections = Connections::from_list(senders as u32, list.collect());
        projections.push(Projection {
            name,
            pre: end,
            post,
            synapse: SynapseChoice { excitatory: "box".to_owned(), inhibitory: "box".to_owned() },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: 1 + delay as u16,
            weight_format: WeightFormat::default(),
        });
    }
    draft.json["inputs"] = json!([{"name": "in", "n": channels, "data": "in"}]);
    draft.json["populations"] = json!(described);
    draft.json["connections"] = json!(wires);
    let inputs = vec![InputGroup::of_host("in", channels as u32)];
    (Network { clock: None, populations, inputs, projections }, draft, events)
}

/// By population: which neurons spike, a row per step.
fn spikes(network: &Network, spec: &ChipSpec, options: &MapperOptions, events: &[i64]) -> Vec<Vec<i64>> {
    let mapping = mapper::map(network, spec, options).unwrap_or_else(|error| panic!("{error}"));
    for projection in &mapping.report.projections {
        assert_eq!(projection.lost + projection.rounded, 0, "{}", mapping.report);
    }
    let mut emulator = Emulator::new(spec, &mapping.program, &DieParameters::nominal()).unwrap();
    let channels = network.inputs[0].channels as usize;
    for (at, _) in events.iter().enumerate().filter(|(_, event)| **event != 0) {
        emulator.send(InputId((at % channels) as u32), Tick((at / channels) as u64), 1).unwrap();
    }
    let mut rows: Vec<Vec<i64>> = network.populations.iter().map(|p| vec![0; STEPS * p.size as usize]).collect();
    let observer = |spike: Spike| {
        let core = mapping.program.cores[spike.core].address;
        let (population, index) = mapping.placement.neuron(NeuronAddress { core, neuron: spike.neuron }).unwrap();
        let width = network.populations[population].size as usize;
        rows[population][spike.tick.0 as usize * width + index as usize] = 1;
    };
    emulator.run_until(Tick(STEPS as u64), &mut Each(observer));
    rows
}

/// All of `count` random networks, with and without shared cores.
fn check(count: u64) {
    let spec = formats::chip::shipped("loihi-lava").unwrap();
    let (mut compared, mut spiked) = (0, 0);
    for seed in 0..count {
        let (network, mut draft, events) = random(&mut Dice(seed));
        let core_sharing = if seed % 2 == 0 { CoreSharing::On } else { CoreSharing::Off };
        let options = MapperOptions { core_sharing, ..MapperOptions::default() };
        let all = spikes(&network, &spec, &options, &events);
        for (population, rows) in network.populations.iter().zip(all) {
            draft.int8(&format!("{}.s", population.name), &[STEPS, population.size as usize], &rows);
            spiked += rows.iter().sum::<i64>();
        }
        compared += pass(&draft);
    }
    assert!(spiked as u64 > compared / 50 && (spiked as u64) < compared, "{spiked} spikes in {compared} places");
}

#[test]
fn mapped_integers_spike_as_their_replay() {
    check(60);
}

/// As many as the claim says; slow where all tests run, so by itself: `cargo test -p quenched-conform -- --ignored`.
#[test]
#[ignore = "a thousand networks"]
fn a_thousand_mapped_networks_spike_as_their_replays() {
    check(1000);
}

//! Neurons with copies (`over_full = "split"`): every neuron spikes as it does on a chip without the limit, and a copy
//! with its neuron. What is refused, and what the report says, stands beside the mapper.

use chip::{ChipSpec, RouterSpec};
use device_models::DieParameters;
use emulator::{Emulator, Spike};
use mapper::{MapperOptions, Mapping, OverFull, decode, map};
use network::Network;
use std::collections::BTreeMap;
use units::{InputId, NeuronAddress, Tick};

use crate::judge::shipped;
use crate::support::{Random, quantity};

/// The spikes of each neuron of the program, by the index of its population there and its own; `ms` ticks are 1 ms.
fn spikes(spec: &ChipSpec, mapping: &Mapping, channels: u32, ms: u64) -> BTreeMap<(usize, u32), Vec<u64>> {
    let mut emulator = Emulator::new(spec, &mapping.program, &DieParameters::nominal()).unwrap();
    let mut random = Random::new(3);
    let mut events: Vec<(u64, u32)> =
        (0..600).map(|_| (u64::from(random.below(300)) * ms, random.below(channels))).collect();
    events.sort_unstable();
    for (tick, channel) in events {
        emulator.send(InputId(channel), Tick(tick), 1).unwrap();
    }
    let mut found: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(400 * ms), &mut found);
    // Where a sum is cut, the order of its terms tells.
    assert_eq!(emulator.counters().saturations, 0);
    let mut all: BTreeMap<(usize, u32), Vec<u64>> = BTreeMap::new();
    for spike in found {
        let address = NeuronAddress { core: mapping.program.cores[spike.core].address, neuron: spike.neuron };
        all.entry(mapping.placement.neuron(address).unwrap()).or_default().push(spike.tick.0);
    }
    all
}

/// A network that `spec` refuses without copies, and `roomy` does not; of a chip where `ms` ticks are 1 ms.
#[track_caller]
fn check(text: &str, spec: &ChipSpec, roomy: &ChipSpec, ms: u64) -> Mapping {
    let network: Network = formats::network::read(text, "copies", ".".as_ref(), spec).unwrap_or_else(|e| panic!("{e}"));
    let channels = network.inputs.iter().map(|group| group.channels).sum();
    map(&network, spec, &MapperOptions::default()).unwrap_err();
    let split = MapperOptions { over_full: OverFull::Split, ..MapperOptions::default() };
    let mapping = map(&network, spec, &split).unwrap_or_else(|error| panic!("{error}"));
    let whole = map(&network, roomy, &split).unwrap_or_else(|error| panic!("{error}"));
    assert!(whole.report.copies.is_empty() && whole.split.is_none(), "nothing is copied where nothing is crowded");
    let copies = mapping.report.copies.iter().map(|own| own.copies).sum::<u32>();
    assert!(copies > 0);

    // Read back, each copy counts once.
    let read =
        |spec: &ChipSpec, mapping: &Mapping| decode(&mapping.program, &mapping.placement, &network, spec).unwrap();
    assert_eq!(read(spec, &mapping), read(roomy, &whole));

    let (with, without) = (spikes(spec, &mapping, channels, ms), spikes(roomy, &whole, channels, ms));
    let own = network.populations.len();
    let of_network: BTreeMap<_, _> =
        with.clone().into_iter().filter(|((population, _), _)| *population < own).collect();
    assert!(of_network == without, "some neuron spikes at other times");
    let silent = Vec::new();
    let mut copied = own;
    for (at, symbol) in mapping.symbols.populations.iter().enumerate().skip(own) {
        let (_, rest) = symbol.name.split_once(" of ").unwrap();
        let (population, index) = rest.trim_end_matches(']').split_once('[').unwrap();
        let original = (network.population(population).unwrap(), index.parse().unwrap());
        assert_eq!(with.get(&(at, 0)).unwrap_or(&silent), with.get(&original).unwrap_or(&silent), "{}", symbol.name);
        copied += 1;
    }
    assert_eq!(copied, own + copies as usize);
    assert!(without.values().map(Vec::len).sum::<usize>() > 100, "there is something to see");
    let crowded = mapping.report.copies.iter().map(|own| (network.population(&own.population).unwrap(), own.index));
    assert!(crowded.into_iter().any(|place| without.contains_key(&place)), "some neuron with copies spikes");
    mapping
}

#[test]
fn hidden_neurons_of_xylo_spike_as_without_the_limit() {
    let roomy = shipped("xylo-audio2");
    let mut spec = roomy.clone();
    let RouterSpec::Xylo(router) = &mut spec.router else { panic!("a Xylo chip") };
    router.hidden_fan_out.quantity = quantity("9 1");
    let text = r#"
        format = "quenched-network"
        version = 1
        seed = 5
        input = [{ name = "in", channels = 8 }]
        population = [{ name = "h", size = 60 }, { name = "out", size = 4 }]
        [[projection]]
        name = "drive"
        pre = "in"
        post = "h"
        connect = { fixed-fan-in = 3 }
        weight = "60 1"
        [[projection]]
        name = "recurrent"
        pre = "h"
        post = "h"
        connect = { fixed-fan-in = 5 }
        self_connections = true
        weight = "20 1"
        inhibitory = 0.5
        [[projection]]
        name = "read"
        pre = "h"
        post = "out"
        connect = { fixed-fan-in = 20 }
        weight = "8 1"
    "#;
    let mapping = check(text, &spec, &roomy, 1);
    assert!(mapping.report.xylo.as_ref().unwrap().hidden_fan_out.used <= 9);
    assert!(mapping.report.warnings.is_empty() || !mapping.report.warnings.to_string().contains("copies"));
}

#[test]
fn neurons_of_loihi_spike_as_without_the_limit() {
    let roomy = shipped("loihi-lava");
    let mut spec = roomy.clone();
    let RouterSpec::Axon(router) = &mut spec.router else { panic!("a chip with axons") };
    router.output_axons.quantity = quantity("4 1");
    let mut text = r#"
        format = "quenched-network"
        version = 1
        seed = 5
        input = [{ name = "in", channels = 4 }]
        [[population]]
        name = "a"
        size = 6
        [[projection]]
        name = "drive"
        pre = "in"
        post = "a"
        connect = { fixed-fan-in = 2 }
        weight = "90 1"
        [[projection]]
        name = "itself"
        pre = "a"
        post = "a"
        connect = { fixed-fan-in = 2 }
        weight = "12 1"
    "#
    .to_owned();
    for layer in 0..6 {
        text += &format!(
            "[[population]]\nname = \"b{layer}\"\nsize = 5\n[[projection]]\nname = \"to {layer}\"\npre = \"a\"\n\
             post = \"b{layer}\"\nconnect = \"all-to-all\"\nweight = \"{} 1\"\ndelay = \"{} ms\"\n",
            40 + 2 * layer,
            1 + layer % 3,
        );
    }
    check(&text, &spec, &roomy, 1);
}

/// On a die without mismatch; the report says what copies are on others.
#[test]
fn neurons_of_dynapse2_spike_as_without_the_limit() {
    let mut roomy = shipped("dynapse2");
    let geometry = &mut roomy.geometry;
    (geometry.chips.quantity, geometry.neurons_per_core.quantity) = (quantity("9 1"), quantity("8 1"));
    let RouterSpec::TagCam(router) = &mut roomy.router else { panic!("a chip with tags") };
    (router.sram_words_per_neuron.quantity, router.hop_max.quantity) = (quantity("9 1"), quantity("7 1"));
    let mut spec = roomy.clone();
    let RouterSpec::TagCam(router) = &mut spec.router else { panic!("a chip with tags") };
    router.sram_words_per_neuron.quantity = quantity("4 1");
    let text = r#"
        format = "quenched-network"
        version = 1
        seed = 5
        input = [{ name = "in", channels = 4 }]
        population = [{ name = "a", size = 6 }, { name = "b", size = 140 }]
        [[projection]]
        name = "drive"
        pre = "in"
        post = "a"
        connect = "all-to-all"
        weight = "0.9 threshold"
        [[projection]]
        name = "on"
        pre = "a"
        post = "b"
        connect = { fixed-fan-in = 2 }
        weight = "0.9 threshold"
    "#;
    let mapping = check(text, &spec, &roomy, 1000);
    let warnings = mapping.report.warnings.to_string();
    assert!(warnings.contains("on a die with mismatch a copy is another circuit"), "{warnings}");
}

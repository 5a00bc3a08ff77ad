//! Network files and event lists: what the documentation shows is read, and maps onto the chip that it is for.

use crate::chip_files::examples;
use mapper::MapperOptions;
use network::Endpoint;
use std::collections::BTreeSet;
use std::path::Path;

const NETWORK: &str = include_str!("../../docs/formats/network.md");
const EVENTS: &str = include_str!("../../docs/formats/events.md");

/// The plain examples of a page of the documentation.
fn plain_examples(page: &str) -> Vec<&str> {
    page.split("\n```\n").collect::<Vec<_>>().chunks(2).filter_map(|pair| pair.get(1).copied()).collect()
}

#[test]
fn the_documented_network_maps_onto_its_chip() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let [example] = examples(NETWORK)[..] else { panic!("the page has one example") };
    let network =
        formats::network::read(example, "network.md", Path::new("."), &spec).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((network.populations.len(), network.inputs.len(), network.neuron_count()), (1, 1, 256));
    let [input, recurrent] = &network.projections[..] else { panic!("two projections") };
    assert_eq!((input.pre, recurrent.pre), (Endpoint::Input(0), Endpoint::Population(0)));
    assert_eq!((input.connections.len(), recurrent.connections.len()), (256 * 8, 256 * 32));
    assert_eq!(recurrent.mask.kept_count(), 256 * 16);
    // A fifth of the senders, to within one.
    let inhibitory = recurrent.connections.iter().filter(|c| c.weight.to_bits() < 0).map(|c| c.pre);
    assert_eq!(inhibitory.collect::<BTreeSet<u32>>().len(), 51);
    let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let [core] = &mapping.program.cores[..] else { panic!("256 neurons fill one core") };
    assert_eq!((core.neuron_count, mapping.program.input_count), (256, 24));
    let kept = mapper::decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
    assert_eq!(kept.len(), 256 * (8 + 16));
}

/// The way of a program from a network file to a program file and back.
#[test]
fn a_mapped_program_survives_its_file() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let network = formats::network::read(examples(NETWORK)[0], "network.md", Path::new("."), &spec).unwrap();
    let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("reservoir.program");
    formats::program::save(&path, &mapping.program, &mapping.symbols).unwrap();
    assert_eq!(formats::program::load(&path).unwrap(), (mapping.program, mapping.symbols));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = formats::program::load(&path).unwrap_err().to_string();
    assert!(error.contains("reservoir.program: the header announces") && error.contains("cut off"), "{error}");
}

#[test]
fn the_documented_lists_are_read() {
    let [events, spikes] = plain_examples(EVENTS)[..] else { panic!("the page has two examples") };
    let (events, spikes) = (format!("{events}\n"), format!("{spikes}\n"));
    let read = formats::events::read_inputs(&events, "events.md", 8).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(formats::events::write_inputs(&read), events);
    let read = formats::events::read_spikes(&spikes, "events.md").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(formats::events::write_spikes(&read), spikes);
}

#[test]
fn a_population_larger_than_the_chip_is_refused_in_its_line() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let text = examples(NETWORK)[0].replace("size = 256", "size = 4097");
    let error = formats::network::read(&text, "n.toml", Path::new("."), &spec).unwrap_err();
    assert_eq!((error.len(), error.first().place().unwrap().line), (1, 11));
    assert!(error.to_string().starts_with("n.toml:11:8: `population[0].size`: with these 4097 neurons"), "{error}");
}

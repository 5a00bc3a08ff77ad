//! Programs explained: what is told is what the report and `decode` say, for every kind of router.

use super::fits::{lone, recurrent};
use super::roundtrip::random;
use crate::testing::*;
use crate::*;
use chip::{ChipSpec, Source};
use network::{Endpoint, Network, Population};

fn explained<'a>(mapping: &'a Mapping, network: &'a Network, spec: &ChipSpec) -> Explained<'a> {
    Explained::new(&mapping.program, &mapping.symbols, spec, Some((network, &mapping.report))).unwrap()
}

/// The use of a resource of a core by its name.
fn used(core: &CoreUse, name: &str) -> Option<Use> {
    core.resources.iter().find(|(resource, _)| resource == name).map(|(_, used)| *used)
}

/// Networks that fit, on every kind of chip.
fn mapped_networks() -> Vec<(Network, ChipSpec, Mapping)> {
    let mut all = Vec::new();
    for seed in 0..40 {
        for spec in [tag_cam(), formats::chip::shipped("ideal").unwrap(), formats::chip::shipped("dynapse2").unwrap()] {
            let network = random(seed, 60, false);
            let prune = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
            if let Ok(mapping) = map(&network, &spec, &prune) {
                all.push((network, spec, mapping));
            }
        }
    }
    assert!(all.len() > 20, "{}", all.len());
    all
}

#[test]
fn a_neuron_has_the_connections_that_decode_finds() {
    for (network, spec, mapping) in mapped_networks() {
        let explained = explained(&mapping, &network, &spec);
        let decoded = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
        for (population, Population { size, .. }) in network.populations.iter().enumerate() {
            for index in (0..*size).step_by(7) {
                let account = explained.neuron(explained.address(population, index).unwrap()).unwrap();
                let with = |incoming: &&Incoming| !incoming.stored.is_empty();
                let found = account.incoming.iter().filter(with).count();
                let expected = decoded.iter().filter(|c| (c.post, c.post_index) == (population, index));
                assert_eq!(found, expected.count());
                // Every connection of the wish is there once, with the weight asked for or why it has none.
                let wished = network.projections.iter().filter(|p| p.post == population);
                let wished: usize = wished.map(|p| p.connections.iter().filter(|c| c.post == index).count()).sum();
                assert_eq!(account.incoming.iter().filter(|incoming| incoming.wished.is_some()).count(), wished);
                assert!(account.incoming.iter().all(|i| i.stored.is_empty() == i.without.is_some()));
            }
        }
    }
}

#[test]
fn cores_use_what_the_report_says() {
    for (network, spec, mapping) in mapped_networks() {
        let cores = explained(&mapping, &network, &spec).cores();
        assert_eq!(cores.len(), mapping.report.cores.len());
        for (core, report) in cores.iter().zip(&mapping.report.cores) {
            assert_eq!((core.address, &core.parts), (report.address, &report.parts));
            assert_eq!(used(core, "neurons"), Some(report.neurons));
            assert_eq!(used(core, "tags"), report.tags);
            let most = |memory: &MemoryUse| Use { used: memory.max, limit: memory.limit };
            assert_eq!(used(core, "SRAM words"), report.sram.as_ref().map(most));
            if report.tags.is_some() {
                assert_eq!(used(core, "CAM words"), Some(most(&report.synapses)));
            }
        }
    }
}

#[test]
fn shared_tags_are_told_and_the_floor_counts_words() {
    // Two cores that hear an input each: both channels have the lowest tag.
    let mut network = lone(512);
    let list = vec![(0, 0, weight(1 << 20)), (1, 300, weight(1 << 20))];
    network.projections = vec![projection(&network, "in", Endpoint::Input(0), 0, list)];
    let loops = vec![(7, 300, weight(1 << 20)), (300, 0, weight(1 << 20)), (8, 9, weight(1 << 20))];
    network.projections.push(projection(&network, "loop", Endpoint::Population(0), 0, loops));
    let mapping = map(&network, &tag_cam(), &MapperOptions::default()).unwrap();
    let spec = tag_cam();
    let explained = explained(&mapping, &network, &spec);
    let links: Vec<_> = explained.floor().links.iter().map(|l| (l.from.core.0, l.to.core.0, l.words, l.hops)).collect();
    assert_eq!(links, [(0, 1, 1, 1), (1, 0, 1, 1)]);
    let account = explained.neuron(explained.address(0, 7).unwrap()).unwrap();
    assert_eq!((account.name.as_str(), account.outgoing.len(), account.outgoing[0].targets), ("p[7]", 1, 1));
    let sharing: Vec<_> = (0..512)
        .filter_map(|index| explained.neuron(explained.address(0, index).unwrap()).ok())
        .flat_map(|account| account.outgoing.into_iter().flat_map(|word| word.shared_with))
        .collect();
    assert!(!sharing.is_empty(), "tags of one core are free in the other");
    let contents = explained.core(1).unwrap();
    let names: Vec<_> = contents.groups.iter().map(|g| (g.name.as_str(), g.sources, g.synapses)).collect();
    assert_eq!((names, contents.dearest.len()), (vec![("in", 1, 1), ("p", 1, 1)], 2));
    assert_eq!(explained.name(Source::Input(units::InputId(1))), "in[1]");
    assert!(
        explained.neuron(units::NeuronAddress { core: units::CoreAddress::new(3, 3), ..Default::default() }).is_err()
    );
}

#[test]
fn differences_are_counted() {
    let network = recurrent(300, 20);
    let spec = tag_cam();
    let mapping = map(&network, &spec, &MapperOptions::default()).unwrap();
    let one = explained(&mapping, &network, &spec);
    assert!(Difference::of(&one, &one).unwrap().is_none());
    // One weight less, and a population in front: all neurons move.
    let mut other = network.clone();
    other.populations.insert(0, lif("first", 10));
    for projection in &mut other.projections {
        projection.post = 1;
        projection.pre = match projection.pre {
            Endpoint::Population(population) => Endpoint::Population(population + 1),
            input @ Endpoint::Input(_) => input,
        };
    }
    let second = map(&other, &spec, &MapperOptions::default()).unwrap();
    let second = explained(&second, &other, &spec);
    let difference = Difference::of(&one, &second).unwrap();
    assert_eq!((difference.neurons, difference.neurons_of_one, difference.same), (300, (0, 10), 6000));
    assert!(difference.moved > 0 && difference.first_moved.len() == 10, "{difference:?}");
    assert_eq!((difference.changed, difference.synapses_of_one), (0, (0, 0)));
}

#[test]
fn ways_out_are_tried_and_tell_their_loss() {
    let network = recurrent(256, 70);
    let spec = tag_cam();
    let error = map(&network, &spec, &MapperOptions::default()).unwrap_err();
    let ways = ways_out(&network, &spec, &MapperOptions::default(), &error);
    assert_eq!((ways[0].option, ways[0].value), (Some("over_full"), Some("prune")));
    let loss = ways[0].loss.as_deref().unwrap();
    assert!(loss.starts_with("1536 of 17920 connections are lost (8.6 %)"), "{loss}");
    assert!(ways.len() == 3 && ways[2].what.contains("`tag-cam`"), "{ways:?}");
}

//! What fits exactly, and what does not.

use crate::testing::*;
use crate::*;
use chip::{HostEvent, Routing, SramWord, TagCamCore};
use network::{Endpoint, Mask, Network};
use std::collections::BTreeSet;
use units::{ChipId, CoreAddress, NeuronAddress, NeuronId, Tag};

const P0: Endpoint = Endpoint::Population(0);
const IN: Endpoint = Endpoint::Input(0);

/// One population of `size`, and 16 input channels.
pub(super) fn lone(size: u32) -> Network {
    Network { clock: None, populations: vec![lif("p", size)], inputs: vec![input("in", 16)], projections: Vec::new() }
}

/// `lone` with `fan_in` recurrent connections to each neuron; none from itself.
pub(super) fn recurrent(size: u32, fan_in: u32) -> Network {
    let mut network = lone(size);
    let one = weight(1 << 20);
    let list = (0..size).flat_map(|post| (1..=fan_in).map(move |i| ((post + i * 7) % size, post, one))).collect();
    let projection = projection(&network, "rec", P0, 0, list);
    network.projections.push(projection);
    network
}

fn mapped(network: &Network, spec: &ChipSpec) -> Mapping {
    map(network, spec, &MapperOptions::default()).unwrap()
}

fn refused(network: &Network, spec: &ChipSpec) -> MapperError {
    map(network, spec, &MapperOptions::default()).unwrap_err()
}

fn address(chip: u16, core: u16, neuron: u16) -> NeuronAddress {
    NeuronAddress { core: CoreAddress::new(chip, core), neuron: NeuronId(neuron) }
}

fn memories(mapping: &Mapping) -> &[TagCamCore] {
    match &mapping.program.routing {
        Routing::TagCam { cores, .. } => cores,
        _ => panic!("a tag and CAM chip was asked for"),
    }
}

#[test]
fn neurons_fill_cores_exactly() {
    for (size, cores) in [(1, 1), (255, 1), (256, 1), (257, 2), (512, 2), (1024, 4), (1025, 5), (4096, 16)] {
        let mapping = mapped(&lone(size), &tag_cam());
        assert_eq!(mapping.program.cores.len(), cores, "{size} neurons");
        let all: u32 = mapping.program.cores.iter().map(|c| c.neuron_count).sum();
        assert_eq!(all, size);
        assert!(mapping.program.cores.iter().rev().skip(1).all(|c| c.neuron_count == 256));
    }
    let full = refused(&lone(4097), &tag_cam());
    let text = "population `p` of 4097 neurons lacks 1 circuits: 0 of the board's 4096 are free for it; use fewer \
                neurons, or a chip file with more `geometry.chips`";
    assert_eq!(full.to_string(), text);
    let one_chip = MapperOptions { chips: Some(1), ..MapperOptions::default() };
    assert!(map(&lone(1024), &tag_cam(), &one_chip).is_ok());
    assert!(matches!(map(&lone(1025), &tag_cam(), &one_chip), Err(MapperError::BoardFull { circuits: 1024, .. })));
    let more_than_there_are = MapperOptions { chips: Some(9), ..MapperOptions::default() };
    assert!(map(&lone(4097), &tag_cam(), &more_than_there_are).is_err());
}

#[test]
fn addresses_go_both_ways() {
    let network = Network { populations: vec![lif("a", 300), lif("b", 5)], ..Network::default() };
    let placement = mapped(&network, &tag_cam()).placement;
    for (population, index, expected) in
        [(0, 0, (0, 0, 0)), (0, 255, (0, 0, 255)), (0, 256, (0, 1, 0)), (1, 4, (0, 1, 48))]
    {
        let expected = address(expected.0, expected.1, expected.2);
        assert_eq!(placement.address(population, index), Some(expected));
        assert_eq!(placement.neuron(expected), Some((population, index)));
    }
    assert_eq!((placement.address(0, 300), placement.address(1, 5), placement.address(2, 0)), (None, None, None));
    assert_eq!((placement.neuron(address(0, 1, 49)), placement.neuron(address(1, 0, 0))), (None, None));
}

#[test]
fn synapses_fill_neurons_exactly() {
    for fan_in in [1, 63, 64] {
        let mapping = mapped(&recurrent(256, fan_in), &tag_cam());
        assert!(memories(&mapping)[0].cam.iter().all(|words| words.len() == fan_in as usize));
        assert_eq!(mapping.report.kept(), u64::from(256 * fan_in));
    }
    assert_eq!(
        refused(&recurrent(256, 65), &tag_cam()).to_string(),
        "neuron 0 of `p` (chip 0 core 0 neuron 0) needs 65 CAM words, but has 64; reduce its fan-in, or let the mapper \
         prune it"
    );
    // Only one neuron has too many, and it is the one that is named.
    let mut network = recurrent(600, 64);
    let extra = projection(&network, "in", IN, 0, vec![(3, 599, weight(1 << 20))]);
    network.projections.push(extra);
    let error = refused(&network, &tag_cam());
    let address = address(0, 2, 87);
    assert_eq!(error, MapperError::FanIn { population: "p".into(), index: 599, address, limit: 64, needed: 65 });
    // What the mask takes away, and weights of 0, take no word.
    let last = network.projections.last_mut().unwrap();
    last.mask = Mask::none(1);
    mapped(&network, &tag_cam());
    network.projections[1] = projection(&network, "in", IN, 0, vec![(3, 599, weight(0))]);
    let report = mapped(&network, &tag_cam()).report;
    assert_eq!((report.projections[1].zero, report.projections[1].kept), (1, 0));
}

#[test]
fn over_full_neurons_can_be_pruned() {
    let mut network = lone(2);
    network.inputs[0].channels = 100;
    let sign = |i: u32| if i.is_multiple_of(2) { 1 } else { -1 };
    // Magnitudes 1000, 1010, ..., and the two smallest of those that stay are equal.
    let mut list: Vec<_> = (0..67).map(|i| (i, 0, weight(sign(i) * (1000 + 10 * i as i32)))).collect();
    list[2].2 = list[3].2;
    list.push((5, 1, weight(77)));
    network.projections = vec![projection(&network, "in", IN, 0, list)];
    let options = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
    let Mapping { program, placement, report, .. } = map(&network, &tag_cam(), &options).unwrap();
    let lost: Vec<_> = report.losses.iter().map(|l| (l.pre, l.post, l.cause)).collect();
    assert_eq!(lost, [(0, 0, Limit::FanIn), (1, 0, Limit::FanIn), (3, 0, Limit::FanIn)]);
    assert_eq!(report.losses[2].weight, -1030.0 / f64::from(1 << 20));
    assert_eq!((report.projections[0].kept, report.projections[0].lost, report.lost_by(Limit::FanIn)), (65, 3, 3));
    assert_eq!(decode(&program, &placement, &network, &tag_cam()).unwrap().len(), 65);
}

#[test]
fn a_thousand_and_twenty_four_neurons_and_sixteen_inputs_fit_one_chip() {
    let mut network = recurrent(1024, 60);
    let list = (0..1024).flat_map(|post| (0..4).map(move |i| ((post + 4 * i) % 16, post, weight(1 << 19)))).collect();
    let inputs = projection(&network, "in", IN, 0, list);
    network.projections.push(inputs);
    let options = MapperOptions { chips: Some(1), ..MapperOptions::default() };
    let report = map(&network, &tag_cam(), &options).unwrap().report;
    assert_eq!(report.kept(), 1024 * 64);
    assert!(report.cores.iter().all(|core| core.synapses.max == 64 && core.neurons.used == 256));
    // Neighbours on a ring: a core hears its own neurons, some of the next core, and the inputs.
    assert!(report.cores.iter().all(|core| core.tags.unwrap().used <= 1040));
}

/// A neuron on chip 0 that projects to one neuron on each of `chips`, and to itself.
fn far(chips: &[usize]) -> Network {
    let mut network =
        Network { populations: (0..4).map(|c| lif(&format!("p{c}"), 1024)).collect(), ..Network::default() };
    for &chip in chips {
        let to = projection(&network, &format!("to {chip}"), P0, chip, vec![(17, 300, weight(1 << 20))]);
        network.projections.push(to);
    }
    network
}

#[test]
fn three_chips_take_three_words() {
    let mapping = mapped(&far(&[1, 2, 3]), &tag_cam());
    let word = |hop_x, hop_y| SramWord { hop_x, hop_y, core_mask: 1 << 1, tag: Tag(0) };
    assert_eq!(memories(&mapping)[0].sram[17], [word(1, 0), word(0, 1), word(1, 1)], "chips stand two by two");
    assert!(memories(&mapping)[0].sram.iter().enumerate().all(|(n, words)| n == 17 || words.is_empty()));
    assert_eq!(mapping.report.kept(), 3);
    let error = refused(&far(&[0, 1, 2, 3]), &tag_cam());
    let address = address(0, 0, 17);
    assert_eq!(error, MapperError::FanOut { population: "p0".into(), index: 17, address, limit: 3, needed: 4 });
    assert!(error.to_string().contains("projects to 4 chips, but has 3 SRAM words"), "{error}");
}

#[test]
fn several_cores_of_a_chip_take_one_word() {
    let mut network = lone(1024);
    let list = [0, 256, 257, 1000].map(|post| (9, post, weight(1 << 20))).to_vec();
    network.projections =
        vec![projection(&network, "rec", P0, 0, list.clone()), projection(&network, "in", IN, 0, list)];
    let mapping = mapped(&network, &tag_cam());
    let core_mask = 0b1011;
    // The neuron and the input channel are heard by the same cores, so their tags differ.
    assert_eq!(memories(&mapping)[0].sram[9], [SramWord { hop_x: 0, hop_y: 0, core_mask, tag: Tag(1) }]);
    let Routing::TagCam { inputs, .. } = &mapping.program.routing else { panic!() };
    assert_eq!(inputs[9].events, [HostEvent { chip: ChipId(0), core_mask, tag: Tag(0) }]);
    assert_eq!((inputs.len(), inputs[8].events.len()), (16, 0));
}

#[test]
fn an_sram_word_reaches_so_far() {
    let near = with_router(tag_cam(), |r| r.hop_max = fact("1"));
    mapped(&far(&[1, 2, 3]), &near);
    let nowhere = with_router(tag_cam(), |r| r.hop_max = fact("0"));
    mapped(&far(&[0]), &nowhere);
    let error = refused(&far(&[2]), &nowhere);
    assert!(error.to_string().contains("projects to chip 2, 1 hops away, but its SRAM words reach 0 hops"), "{error}");
}

#[test]
fn tags_run_out_where_they_are_heard() {
    let small = with_router(tag_cam(), |r| r.tag_bits = fact("4"));
    // Sixteen sources for each of two cores that do not share any: tags are used again.
    let mut network = lone(512);
    network.inputs[0].channels = 32;
    let list: Vec<_> = (0..32).map(|pre| (pre, if pre < 16 { 0 } else { 256 }, weight(1 << 20))).collect();
    network.projections = vec![projection(&network, "in", IN, 0, list.clone())];
    let report = mapped(&network, &small).report;
    assert!(report.cores.iter().all(|c| c.tags == Some(Use { used: 16, limit: Some(16) })));
    // One more for the second.
    let with = |pre| {
        let mut network = network.clone();
        let list = list.iter().copied().chain([(pre, 256, weight(1 << 20))]).collect();
        network.projections = vec![projection(&network, "in", IN, 0, list)];
        network
    };
    let error = refused(&with(3), &small);
    assert_eq!(
        error.to_string(),
        "no tag is free for `in` 31: the sources that reach chip 0 need at least 17 tags, and there are 16: 16 reach \
         core 1, 1 reach cores 0+1, and each two of these sets have a core in common, which must tell them apart (chip \
         0 core 1 alone hears 17); reduce the number of sources that project to this chip"
    );
    // A second connection from a source that is heard already takes no tag.
    mapped(&with(20), &small);
}

#[test]
fn tags_are_free_in_every_core_that_hears_them() {
    // Three sources, each heard by two of three cores: with two tags, one would be taken for another's.
    let two = with_router(tag_cam(), |r| r.tag_bits = fact("1"));
    let mut network = lone(768);
    let both = |pre, a: u32, b: u32| [(pre, 256 * a, weight(1 << 20)), (pre, 256 * b, weight(1 << 20))];
    let list = [both(0, 0, 1), both(1, 1, 2), both(2, 2, 0)].concat();
    network.projections = vec![projection(&network, "in", IN, 0, list)];
    let error = refused(&network, &two);
    assert!(matches!(error, MapperError::Tags { limit: 2, needed: 2, index: 2, .. }), "{error}");
    let MapperError::Tags { need, .. } = error else { unreachable!() };
    assert_eq!((need.at_least, need.sets.len(), need.lost_at_least), (3, 3, 2), "more than any core hears");
    let four = with_router(tag_cam(), |r| r.tag_bits = fact("2"));
    assert_eq!(mapped(&network, &four).report.kept(), 6);
}

#[test]
fn slots_stay_when_something_is_added() {
    let small = recurrent(256, 30);
    let mut large = small.clone();
    large.populations.push(lif("q", 256));
    large.inputs.push(input("late", 3));
    let list = (0..256).map(|i| (255 - i, i, weight(1 << 18))).collect();
    let more = projection(&large, "more", P0, 1, list);
    let late = projection(&large, "late", Endpoint::Input(1), 1, vec![(0, 3, weight(1 << 18))]);
    large.projections.extend([more, late]);
    let (small, large) = (mapped(&small, &tag_cam()), mapped(&large, &tag_cam()));
    assert_eq!(memories(&small)[0].weight_currents, memories(&large)[0].weight_currents);
    // Which source a slot listens to, by the order of tags of the one and the other.
    let senders = |mapping: &Mapping| {
        let core = &memories(mapping)[0];
        let tag_of: Vec<Tag> = core.sram.iter().map(|words| words[0].tag).collect();
        let sender = |tag| tag_of.iter().position(|t| *t == tag).unwrap();
        core.cam
            .iter()
            .map(|w| w.iter().map(|w| (sender(w.tag), w.weight_bits)).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(senders(&small), senders(&large));
    let tags: BTreeSet<Tag> = memories(&large)[0].sram.iter().map(|words| words[0].tag).collect();
    assert_eq!(tags.len(), 256);
}

/// What a mask takes away changes no other weight, if weights are chosen for it too.
#[test]
fn the_weights_of_a_core_can_be_those_of_the_whole_network() {
    let mut network = recurrent(40, 8);
    let list = (0..40).map(|post| (post % 16, post, weight(70_000 + 9_001 * post as i32))).collect();
    let inputs = projection(&network, "in", IN, 0, list);
    network.projections.push(inputs);
    let of_inputs = |network: &Network, weights_for| {
        let options = MapperOptions { weights_for, ..MapperOptions::default() };
        let Mapping { program, placement, .. } = map(network, &tag_cam(), &options).unwrap();
        let all = decode(&program, &placement, network, &tag_cam()).unwrap();
        all.into_iter().filter(|connection| connection.pre == IN).collect::<Vec<_>>()
    };
    let whole = of_inputs(&network, WeightsFor::Kept);
    assert_eq!(whole, of_inputs(&network, WeightsFor::All), "nothing is masked");
    let connections = network.projections[0].connections.len();
    network.projections[0].mask = Mask::none(connections);
    assert_eq!(whole, of_inputs(&network, WeightsFor::All));
    assert_ne!(whole, of_inputs(&network, WeightsFor::Kept), "four currents for fewer weights");
}

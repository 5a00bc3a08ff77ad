//! Tests of the network itself.

use super::*;
use fx::Weight;
use units::Quantity;

fn population(name: &str, size: u32) -> Population {
    Population { name: name.into(), size, model: CoreModel::Lif, parameters: BTreeMap::new() }
}

/// Two neurons and three channels; channel 0 to neuron 0, channel 2 to neuron 1.
fn good() -> Network {
    let connections = Connections::from_list(3, vec![(2, 1, Weight::ONE), (0, 0, Weight::ONE)]);
    let synapse = SynapseChoice { excitatory: "E".into(), inhibitory: "I".into() };
    let projection = Projection {
        name: "x".into(),
        pre: Endpoint::Input(1),
        post: 0,
        synapse,
        mask: Mask::all(2),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    };
    let input = |name: &str, channels| InputGroup::of_host(name, channels);
    Network {
        clock: None,
        populations: vec![population("p", 2)],
        inputs: vec![input("a", 5), input("b", 3)],
        projections: vec![projection],
    }
}

#[test]
fn a_good_network_counts_its_parts() {
    let network = good();
    assert_eq!(network.validate(), Ok(()));
    assert_eq!((network.neuron_count(), network.first_channel(1), network.population("p")), (2, 5, Some(0)));
    assert_eq!(network.size_of(Endpoint::Input(1)), Some(3));
    let projection = &network.projections[0];
    assert_eq!((0..3).map(|pre| projection.connections.row_range(pre)).collect::<Vec<_>>(), [0..1, 1..1, 1..2]);
    let mut removed = network.clone();
    removed.projections[0].remove_all();
    assert_eq!((removed.validate(), removed.projections[0].kept().count()), (Ok(()), 0));
}

#[test]
fn contradictions_are_named() {
    let check = |spoil: fn(&mut Network), expected: &str| {
        let mut network = good();
        spoil(&mut network);
        assert_eq!(network.validate().unwrap_err().to_string(), expected);
    };
    check(
        |n| n.inputs[0].name = "p".into(),
        "the name `p` is used twice; give each population and input group its own",
    );
    check(|n| n.populations[0].size = 0, "`p` has no neuron or channel; give it at least one or remove it");
    check(
        |n| n.projections[0].pre = Endpoint::Population(4),
        "projection `x` refers to Population(4), which this network does not have",
    );
    check(|n| n.projections[0].post = 1, "projection `x` refers to Population(1), which this network does not have");
    check(|n| n.projections[0].pre = Endpoint::Input(0), "projection `x`: row 3 is outside its end of size 5");
    check(|n| n.populations[0].size = 1, "projection `x`: target 1 is outside its end of size 1");
    check(|n| n.projections[0].mask = Mask::all(3), "projection `x` has 2 connections, but a mask of 3 bits");
    check(
        |n| {
            let value: Quantity = "20 ms".parse().unwrap();
            n.populations[0].parameters.insert("tau".into(), Values::PerNeuron(vec![value; 3]));
        },
        "population `p`: parameter `tau` has 3 values for 2 neurons",
    );
}

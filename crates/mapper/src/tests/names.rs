//! Names, units, ranges and signs that a chip does not have.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, Values};
use network::{Endpoint, Network, NetworkError};

fn network(spec: &ChipSpec) -> Network {
    let mut network =
        Network { populations: vec![lif("p", 3), lif("q", 3)], inputs: vec![input("in", 2)], ..Network::default() };
    let list = vec![(0, 1, weight(1 << 20)), (1, 2, weight(-5 << 18))];
    let from_input = projection(&network, "from input", Endpoint::Input(0), 0, list.clone());
    let between = projection(&network, "between", Endpoint::Population(0), 1, list);
    network.projections = vec![from_input, between];
    map(&network, spec, &MapperOptions::default()).unwrap();
    network
}

fn check(spec: &ChipSpec, spoil: impl FnOnce(&mut Network), expected: &str) {
    let mut network = network(spec);
    spoil(&mut network);
    let error = map(&network, spec, &MapperOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

fn parameter(network: &mut Network, name: &str, values: Values) {
    network.populations[1].parameters.insert(name.into(), values);
}

#[test]
fn parameters_are_checked() {
    let spec = tag_cam();
    check(
        &spec,
        |n| parameter(n, "tau_men", shared("5 ms")),
        "population `q`: chip `tag-cam` has no parameter `tau_men`; it has drive, leak, t_refractory, tau_fast, \
         tau_mem, tau_slow, v_threshold",
    );
    check(
        &spec,
        |n| parameter(n, "leak", shared("0.5 1")),
        "population `q`: its core model `lif` does not read the parameter `leak`; it reads tau_mem, v_threshold, \
         t_refractory, drive, tau_fast, tau_slow",
    );
    check(
        &spec,
        |n| parameter(n, "tau_mem", shared("101 ms")),
        "population `q`: parameter `tau_mem` = 101 ms is outside the range of chip `tag-cam`, 0.1 ms to 100 ms",
    );
    check(
        &spec,
        |n| parameter(n, "tau_mem", shared("99.999 us")),
        "population `q`: parameter `tau_mem` = 99.999 us is outside the range of chip `tag-cam`, 0.1 ms to 100 ms",
    );
    check(
        &spec,
        |n| parameter(n, "tau_mem", shared("5 mV")),
        "population `q`: parameter `tau_mem` = 5 mV: this is a voltage, but a time is needed here",
    );
    for (name, value, demand) in [
        ("tau_mem", "0 ms", "above 0 (at least 2^-32 ms)"),
        ("tau_mem", "-3 ms", "above 0 (at least 2^-32 ms)"),
        ("tau_mem", "1e12 ms", "between -2^31 and 2^31 ms"),
        ("v_threshold", "-1 %", "above 0 and below 512"),
        ("t_refractory", "-1 ms", "at least 0"),
    ] {
        let message = format!("population `q`: parameter `{name}` = {value}: core model `lif` needs a value {demand}");
        check(&ideal(), |n| parameter(n, name, shared(value)), &message);
    }
    check(
        &ideal(),
        |n| parameter(n, "tau_fast", shared("0 ms")),
        "population `q`: parameter `tau_fast` = 0 ms: synapse kind `AMPA` needs a value above 0 (at least 2^-32 ms)",
    );
    let mut one_wrong = Values::PerNeuron(vec![fact("5 ms").quantity; 3]);
    let Values::PerNeuron(values) = &mut one_wrong else { panic!() };
    values[2] = fact("-5 ms").quantity;
    check(
        &ideal(),
        |n| parameter(n, "t_refractory", one_wrong),
        "population `q`: parameter `t_refractory` = -5 ms: core model `lif` needs a value at least 0",
    );
    let list = Values::PerNeuron(vec![fact("5 ms").quantity; 3]);
    check(
        &spec,
        |n| parameter(n, "tau_mem", list.clone()),
        "population `q`: parameter `tau_mem` has a value for each neuron, but the neurons of a core of chip `tag-cam` \
         share one; give one value, or split the population",
    );
    let mut mixed = list.clone();
    let Values::PerNeuron(values) = &mut mixed else { panic!() };
    values[2] = fact("1 s").quantity;
    check(
        &ideal(),
        |n| parameter(n, "tau_mem", mixed),
        "population `q`: parameter `tau_mem` = 1 s is outside the range of chip `ideal-test`, 0.1 ms to 100 ms",
    );
    for (spec, values) in [(tag_cam(), shared("0.1 s")), (tag_cam(), shared("100 us")), (ideal(), list)] {
        let mut network = network(&spec);
        parameter(&mut network, "tau_mem", values.clone());
        let program = map(&network, &spec, &MapperOptions::default()).unwrap().program;
        assert_eq!(program.cores[1].parameters["tau_mem"], values, "as asked for");
        assert!(program.cores[0].parameters.is_empty());
    }
}

#[test]
fn synapses_are_checked() {
    check(
        &tag_cam(),
        |n| n.projections[1].synapse.inhibitory = "GABBA".into(),
        "projection `between`: chip `tag-cam` has no synapse `GABBA`; it has AMPA, GABA",
    );
    check(
        &tag_cam(),
        |n| n.projections[0].synapse.inhibitory = "AMPA".into(),
        "projection `from input`: weight -1.25 from 1 to 2 cannot be had from synapse `AMPA`, which only adds; choose \
         another kind for this sign",
    );
    check(
        &ideal(),
        |n| n.projections[0].synapse.excitatory = "GABA".into(),
        "projection `from input`: weight 1 from 0 to 1 cannot be had from synapse `GABA`, which only subtracts; choose \
         another kind for this sign",
    );
    check(
        &ideal(),
        |n| n.projections[0].synapse.excitatory = "graded".into(),
        "projection `from input`: synapse `graded` does not act on `lif` neurons, as `p` has",
    );
    // A kind with a sign of the weight is fine on the ideal chip, but weight currents only add.
    let mut signed = network(&ideal());
    signed.projections[0].synapse = network::SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() };
    assert!(map(&signed, &ideal(), &MapperOptions::default()).is_ok());
    let mut currents = tag_cam();
    currents.synapses[0].sign = chip::SynapseSign::Signed;
    check(
        &currents,
        |n| n.projections[0].synapse.inhibitory = "AMPA".into(),
        "projection `from input`: weight -1.25 from 1 to 2 cannot be had from synapse `AMPA`, which sums weight \
         currents that are never negative; choose another kind for this sign",
    );
    // Weights that are not there have no sign.
    let mut masked = network(&tag_cam());
    masked.projections[0].synapse.inhibitory = "AMPA".into();
    masked.projections[0].remove_all();
    assert!(map(&masked, &tag_cam(), &MapperOptions::default()).is_ok());
}

#[test]
fn a_slice_of_a_weight_is_not_taken_for_the_weight() {
    let mut spec = ideal();
    spec.models = vec![CoreModel::CubaLif];
    spec.synapses.retain(|kind| kind.name == "delta");
    let number = chip::ParameterSpec { mismatch: None, ..spec.parameters["leak"].clone() };
    let names = ["keep_current", "gain_current", "keep_voltage", "gain_voltage", "v_threshold"];
    spec.parameters = names.map(|name| (name.into(), number.clone())).into();
    spec.mismatch_reference = None;
    let mut network = Network { populations: vec![lif("p", 3)], inputs: vec![input("in", 2)], ..Network::default() };
    network.populations[0].model = CoreModel::CubaLif;
    let mut only = projection(&network, "from input", Endpoint::Input(0), 0, vec![(0, 1, weight(1 << 20))]);
    only.synapse = network::SynapseChoice { excitatory: "delta".into(), inhibitory: "delta".into() };
    network.projections = vec![only];
    let mut map_with = |shift| {
        spec.synapses[0].kinetics = chip::Kinetics::Slice { shift };
        map(&network, &spec, &MapperOptions::default()).map_err(|error| error.to_string())
    };
    let refused = "projection `from input`: synapse `delta` carries a slice of a weight, shifted by 16 bits; name a \
                   kind without slices, or with a shift of 12, which is that of whole weights";
    assert_eq!(map_with(16).err().as_deref(), Some(refused));
    assert_eq!(map_with(12).err(), None);
}

#[test]
fn models_and_delays_are_checked() {
    check(
        &tag_cam(),
        |n| n.populations[1].model = CoreModel::Rate,
        "population `q` needs the core model `rate`; chip `tag-cam` offers lif",
    );
    check(
        &ideal(),
        |n| n.populations[1].model = CoreModel::Rate,
        "projection `between` goes from `lif` neurons to `rate` neurons, which do not share events",
    );
    check(
        &tag_cam(),
        |n| n.projections[0].delay_ticks = 2,
        "projection `from input`: a delay of 2 ticks; chip `tag-cam` has a delay of 1 tick only",
    );
    check(
        &ideal(),
        |n| n.projections[0].delay_ticks = 0,
        "projection `from input`: a delay of 0 ticks; chip `ideal-test` has delays from 1 tick on, the nearest is 1",
    );
}

#[test]
fn broken_networks_and_chips_are_refused() {
    let mut broken = network(&tag_cam());
    broken.populations[1].name = "p".into();
    let error = map(&broken, &tag_cam(), &MapperOptions::default()).unwrap_err();
    assert_eq!(error, MapperError::Network(NetworkError::DuplicateName { name: "p".into() }));

    let mut spec = tag_cam();
    spec.geometry.cores_per_chip = fact("0");
    let error = map(&network(&tag_cam()), &spec, &MapperOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("chip `tag-cam`: geometry.cores_per_chip: "), "{error}");
    let mut wide = tag_cam();
    wide.geometry.chips = fact("16385");
    let error = map(&network(&tag_cam()), &wide, &MapperOptions::default()).unwrap_err();
    assert!(error.to_string().contains("at most 16384 chips, not 16385"), "{error}");
}

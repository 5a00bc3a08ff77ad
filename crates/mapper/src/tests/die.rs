//! Mappings with one die in mind, against those that do not know it.

use crate::testing::*;
use crate::*;
use chip::{FaultSpec, MismatchSpec, NeuronPlace, Values};
use device_models::{DieParameters, MismatchSetting};
use disorder::{Die, Family};
use network::{Endpoint, Network};
use std::sync::Arc;
use units::{CoreAddress, DieId, NeuronId, Quantity};

fn mismatch(cv: &str) -> Option<MismatchSpec> {
    Some(MismatchSpec { family: Family::LogNormal, cv: fact(cv), truncation: None, shares: None, correlation: None })
}

/// `spec` with mismatch of some parameters, and with broken circuits and slots.
fn varied(mut spec: ChipSpec, parameters: &[&str], weights: bool, faults: bool) -> ChipSpec {
    for name in parameters {
        spec.parameters.get_mut(*name).unwrap().mismatch = mismatch("0.2 1");
    }
    spec.mismatch_reference = parameters.first().map(|name| (*name).to_string());
    spec.weight_mismatch = mismatch("0.2 1").filter(|_| weights);
    spec.faults = faults.then(|| FaultSpec {
        dead_neuron: Some(fact("0.05 1")),
        hot_neuron: Some(fact("0.05 1")),
        dead_synapse: Some(fact("0.1 1")),
        stuck_synapse: Some(fact("0.03 1")),
        weight_bit_flip: Some(fact("0.02 1")),
        weight_bits: matches!(spec.router, chip::RouterSpec::Ideal).then(|| fact("16 1")),
    });
    spec
}

fn known(spec: &ChipSpec, id: u32) -> KnownDie {
    let die = Die { root_seed: 5, id: DieId(id) };
    let parameters = DieParameters::new(spec, die, MismatchSetting::default()).unwrap();
    KnownDie { name: format!("die {id}"), parameters: Arc::new(parameters) }
}

fn for_die(spec: &ChipSpec, id: u32) -> MapperOptions {
    MapperOptions { die: DieChoice::Known(known(spec, id)), ..MapperOptions::default() }
}

/// A random net of one projection onto `size` neurons with up to `fan_in` inputs each.
fn net(seed: u64, size: u32, fan_in: u32) -> Network {
    let mut dice = Dice(seed);
    let mut network =
        Network { populations: vec![lif("p", size)], inputs: vec![input("in", 80)], ..Network::default() };
    let mut list = Vec::new();
    for post in 0..size {
        let mut channels: Vec<u32> = (0..1 + dice.below(fan_in)).map(|_| dice.below(80)).collect();
        channels.sort_unstable();
        channels.dedup();
        for pre in channels {
            let sign = if pre % 4 == 3 { -1 } else { 1 };
            list.push((pre, post, weight(sign * (1 << 16) + sign * dice.below(1 << 20) as i32)));
        }
    }
    let projection = projection(&network, "drive", Endpoint::Input(0), 0, list);
    network.projections.push(projection);
    network
}

/// On 100 dies: no projection and not all parameters together are further off than without the die, nothing sits on
/// what is broken, and what is read back is what was kept.
#[test]
fn a_mapping_that_knows_its_die_is_no_worse() {
    let felt = ["tau_mem", "tau_fast", "v_threshold"];
    let chips = [
        ("tag-cam", varied(tag_cam(), &felt, true, true)),
        ("tag-cam, whole", varied(tag_cam(), &felt, true, false)),
        ("crossbar", varied(crossbar(), &felt, true, true)),
        ("ideal", varied(ideal(), &felt, true, true)),
        ("ideal, whole", varied(ideal(), &felt[..1], true, false)),
    ];
    for (name, spec) in chips {
        spec.validated();
        for id in 0..20 {
            let network = net(id.into(), 20 + 7 * (id % 4), 30);
            let mapping = map(&network, &spec, &for_die(&spec, id)).unwrap_or_else(|e| panic!("{name}, {id}: {e}"));
            let report = mapping.report.die.as_ref().unwrap();
            for error in report.projections.iter().chain([&report.all_parameters]) {
                let blind = error.blind.unwrap();
                assert!(error.in_mind <= blind + 1e-12, "{name}, die {id}: {error:?}");
            }
            assert!(report.projections[0].in_mind < 0.9 * report.projections[0].blind.unwrap(), "{name}: {report:?}");
            assert_eq!(report.in_mind.neurons, 0, "{name}, {id}");
            // The ideal router has no choice of slots.
            assert!(report.in_mind.synapses == 0 || name.starts_with("ideal"), "{name}, {id}: {report:?}");
            let kept = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
            let booked = &mapping.report.projections[0];
            assert_eq!(kept.len() as u64, booked.kept);
            assert_eq!(booked.kept + booked.rounded + booked.lost, booked.wished);
            for (index, core) in mapping.program.cores.iter().enumerate() {
                let used = (0..core.neuron_count).filter(|n| {
                    let address = units::NeuronAddress { core: core.address, neuron: NeuronId(*n as u16) };
                    mapping.placement.neuron(address).is_some()
                });
                assert_eq!(used.count() + core.off.len(), core.neuron_count as usize, "core {index}");
            }
        }
    }
}

trait Validated {
    fn validated(&self);
}

impl Validated for ChipSpec {
    fn validated(&self) {
        let wrong = chip::validate(self);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// Neurons that are to be slow sit on slow circuits: the larger the time constant, the larger the factor.
#[test]
fn slow_neurons_get_slow_circuits() {
    let spec = varied(tag_cam(), &["tau_mem"], false, false);
    let mut network = net(1, 256, 4);
    let mut dice = Dice(9);
    let taus: Vec<Quantity> = (0..256).map(|_| fact(&format!("{} us", 10_000 + dice.below(20_000))).quantity).collect();
    network.populations[0].parameters.insert("tau_mem".into(), Values::PerNeuron(taus.clone()));
    let refused = map(&network, &spec, &MapperOptions::default()).unwrap_err();
    assert!(matches!(refused, MapperError::PerNeuron { .. }), "{refused}");
    let die = known(&spec, 2);
    let options = MapperOptions { die: DieChoice::Known(die.clone()), ..MapperOptions::default() };
    let mapping = map(&network, &spec, &options).unwrap();
    let factor = |index: u32| {
        let address = mapping.placement.address(0, index).unwrap();
        die.parameters.factor("tau_mem", address.core, address.neuron)
    };
    let mut order: Vec<u32> = (0..256).collect();
    order.sort_by_key(|index| taus[*index as usize].value);
    assert!(order.windows(2).all(|pair| factor(pair[0]) <= factor(pair[1])), "all circuits are in use: a plain sort");
    let tau = &mapping.report.die.as_ref().unwrap().parameters[0];
    assert!(tau.in_mind < 0.5 * tau.blind.unwrap(), "{tau:?}");
    assert!(matches!(mapping.program.cores[0].parameters["tau_mem"], Values::Shared(_)), "the chip has one value");
}

/// A die on which nothing differs changes nothing but the note of it; without one, nothing is noted.
#[test]
fn a_nominal_die_changes_nothing() {
    for spec in [tag_cam(), crossbar(), ideal()] {
        let network = net(3, 40, 20);
        let plain = map(&network, &spec, &MapperOptions::default()).unwrap();
        let aware = map(&network, &spec, &for_die(&spec, 1)).unwrap();
        assert_eq!(plain.program, aware.program, "{}", spec.name);
        assert_eq!((plain.symbols.die, plain.report.die), (None, None));
        assert_eq!(aware.symbols.die.unwrap().name, "die 1");
        let report = aware.report.die.unwrap();
        assert!(report.projections[0].blind == Some(report.projections[0].in_mind), "{report:?}");
    }
}

fn refusal(network: &Network, spec: &ChipSpec, options: &MapperOptions) -> String {
    map(network, spec, options).unwrap_err().to_string()
}

#[test]
fn what_is_missing_is_counted() {
    let mut spec = varied(tag_cam(), &[], false, true);
    spec.geometry.chips = fact("1");
    let options = for_die(&spec, 4);
    // 1024 circuits, of which some tenth are broken.
    let error = refusal(&net(1, 1000, 1), &spec, &options);
    assert!(error.contains("of the board's 1024 circuits are broken on die 4"), "{error}");
    assert!(error.starts_with("population `p` of 1000 neurons lacks "), "{error}");
    let places: Vec<NeuronPlace> =
        (0..256).map(|index| NeuronPlace { population: "p".into(), index, core: CoreAddress::new(0, 1) }).collect();
    let given = MapperOptions { placement: Placing::Given(Arc::new(places)), ..options.clone() };
    let error = refusal(&net(1, 256, 1), &spec, &given);
    assert!(error.contains("256 neurons are to sit in chip 0 core 1, of whose 256 circuits"), "{error}");
    // 64 slots, of which an eighth are broken, for 64 synapses.
    let mut dense = net(1, 1, 1);
    let list = (0..64).map(|pre| (pre, 0, weight(1 << 20))).collect();
    dense.projections[0] = projection(&dense, "drive", Endpoint::Input(0), 0, list);
    let error = refusal(&dense, &spec, &options);
    assert!(
        error.contains("needs 64 synapse slots, and ") && error.contains("of its 64 are whole on die 4"),
        "{error}"
    );
    let prune = MapperOptions { over_full: OverFull::Prune, ..options };
    let pruned = map(&dense, &spec, &prune).unwrap().report;
    assert!(pruned.projections[0].lost > 0 && pruned.die.unwrap().in_mind.synapses == 0);
    let mut digital = varied(xylo(), &[], false, false);
    digital.faults = varied(tag_cam(), &[], false, true).faults;
    let error = refusal(&Network::default(), &digital, &for_die(&digital, 0));
    assert!(error.contains("cannot be chosen by die"), "{error}");
    let unread = MapperOptions { die: DieChoice::File("a.csv".into()), ..MapperOptions::default() };
    assert!(refusal(&dense, &spec, &unread).contains("`a.csv`, which nobody has found"));
}

/// The searched placement knows the die as well.
#[test]
fn other_placements_keep_away_too() {
    let mut spec = varied(tag_cam(), &["tau_mem"], true, true);
    spec.geometry.neurons_per_core = fact("32");
    for id in 0..3 {
        let options = MapperOptions { placement: Placing::Optimised, ..for_die(&spec, id) };
        let report = map(&net(id.into(), 90, 6), &spec, &options).unwrap().report;
        let die = report.die.unwrap();
        assert_eq!((die.in_mind.neurons, die.in_mind.synapses), (0, 0));
        assert!(die.blind.unwrap().neurons > 0 && die.broken_circuits > 0);
    }
}

//! Measured dies through their files, and what is wrong with them.

use super::*;
use crate::chip::shipped;
use ::chip::{Evidence, Fact, FaultSpec};
use device_models::MismatchSetting;
use disorder::Die;
use units::DieId;

/// The shipped chip with weights that differ and circuits that break.
fn spec() -> ChipSpec {
    let mut spec = shipped("dynapse2").unwrap();
    let fact =
        |text: &str| Fact { quantity: text.parse().unwrap(), source: "rockpool".into(), evidence: Evidence::Assumed };
    spec.weight_mismatch = spec.parameters["tau_mem"].mismatch.clone();
    spec.faults = Some(FaultSpec {
        dead_neuron: Some(fact("0.1 1")),
        hot_neuron: Some(fact("0.1 1")),
        dead_synapse: Some(fact("0.1 1")),
        stuck_synapse: Some(fact("0.1 1")),
        weight_bit_flip: Some(fact("0.05 1")),
        weight_bits: None,
    });
    spec
}

fn drawn(spec: &ChipSpec) -> DieParameters {
    let die = Die { root_seed: 1, id: DieId(3) };
    DieParameters::new(spec, die, MismatchSetting::default()).unwrap()
}

#[test]
fn a_drawn_die_survives_both_files() {
    let spec = spec();
    let die = drawn(&spec);
    let circuits: Vec<_> = (0..20).map(|n| (CoreAddress::new(n % 2, 3), NeuronId(n))).collect();
    let tables = tables(&spec, &die, &circuits);
    assert_eq!(read_csv(&write_csv(&tables), "f", &spec).unwrap(), tables);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("die.npz");
    std::fs::write(&path, write_npz(&tables)).unwrap();
    assert_eq!(load(&path, &spec).unwrap(), tables);
    // What is in the tables is what the circuits are.
    let measured = DieParameters::measured(&spec, die.die(), tables).unwrap();
    for (core, neuron) in circuits {
        assert_eq!(measured.neuron_fault(core, neuron), die.neuron_fault(core, neuron));
        for name in die.mismatched() {
            assert_eq!(measured.factor(name, core, neuron), die.factor(name, core, neuron), "{name}");
        }
        for slot in 0..64 {
            assert_eq!(measured.weight_factor(core, neuron, slot), die.weight_factor(core, neuron, slot));
            assert_eq!(measured.synapse_fault(core, neuron, slot), die.synapse_fault(core, neuron, slot));
            assert_eq!(measured.flipped_bits(core, neuron, slot), die.flipped_bits(core, neuron, slot));
        }
    }
    let elsewhere = (CoreAddress::new(0, 0), NeuronId(200));
    assert_eq!(measured.factor("tau_mem", elsewhere.0, elsewhere.1), Real::ONE);
    assert_eq!(measured.neuron_fault(elsewhere.0, elsewhere.1), None);
}

#[test]
fn what_is_not_measured_is_nominal() {
    let text = "core,neuron,tau_mem,fault\n0,1,0.5,\n0,2,,dead\n";
    let die = read_csv(text, "f", &spec()).unwrap();
    let circuit = |n| &die.circuits[&(CoreAddress::new(0, 0), NeuronId(n))];
    assert_eq!(circuit(1).factors["tau_mem"], Real::from_ratio(1, 2));
    assert_eq!((circuit(1).fault, circuit(2).fault), (None, Some(NeuronFault::Dead)));
    assert!(circuit(2).factors.is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let spec = spec();
    for (text, place, words) in [
        ("", "f:1", "expected the columns `core,neuron`"),
        ("core,tau_mem\n", "f:1", "expected the columns"),
        ("core,neuron,tau_men\n0,0,1\n", "f:1:13", "`tau_men` is not a column of a measured die"),
        ("core,neuron,core\n", "f:1:13", "twice"),
        ("core,neuron\n4,0\n", "f:2:1", "3"),
        ("core,neuron\n0,256\n", "f:2:3", "255"),
        ("core,neuron,tau_mem\n0,0\n", "f:2", "2 fields"),
        ("core,neuron,tau_mem\n0,0,fast\n", "f:2:5", ""),
        ("core,neuron,tau_mem\n0,0,1e12\n", "f:2:5", "2147483647"),
        ("core,neuron,fault\n0,0,stuck\n", "f:2:5", "`stuck` is not a fault of neurons"),
        ("core,neuron,slot,fault\n0,0,1,hot\n", "f:2:7", "`hot` is not a fault of slots"),
        ("core,neuron,slot,fault\n0,0,64,dead\n", "f:2:5", "63"),
        ("core,neuron,slot,weight\n0,0,,1.1\n", "f:2:6", "name the slot"),
        ("core,neuron,slot,weight\n0,0,1,-1\n", "f:2:7", "not negative"),
        ("core,neuron,slot,tau_mem\n0,0,1,1\n", "f:2:7", "belongs to a neuron"),
        ("core,neuron\n0,0\n0,0\n", "f:3:3", "listed twice"),
        ("core,neuron,slot\n0,0,1\n0,0,1\n", "f:3:5", "listed twice"),
        ("# quenched-die 1, 2 entries\ncore,neuron\n0,0\n", "f:1", "2"),
        ("# quenched-die 9, 1 entries\ncore,neuron\n0,0\n", "f:1", "9"),
        ("core,neuron\n0,0", "f:2", "cut off"),
    ] {
        let error = read_csv(text, "f", &spec).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(words), "{text:?}: {error}");
    }
    let no_slots = shipped("ideal").unwrap();
    let error = read_csv("core,neuron,slot\n0,0,0\n", "f", &no_slots).unwrap_err().to_string();
    assert!(error.contains("no numbers"), "{error}");
}

#[test]
fn wrong_arrays_are_named() {
    let spec = spec();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("die.npz");
    let words = |all: &[u16]| -> Vec<u8> { all.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let reals = |all: &[f64]| -> Vec<u8> { all.iter().flat_map(|real| real.to_le_bytes()).collect() };
    let wrong = |arrays: &[(&str, &'static str, usize, Vec<u8>)]| {
        let all: Vec<_> =
            arrays.iter().map(|(n, kind, len, data)| ((*n).to_string(), *kind, *len, data.clone())).collect();
        std::fs::write(&path, crate::npz::write_arrays(&all)).unwrap();
        load(&path, &spec).unwrap_err().to_string()
    };
    let two = |name| (name, "<u2", 2, words(&[0, 1]));
    assert!(wrong(&[two("core")]).contains("neuron"));
    assert!(wrong(&[two("core"), two("neuron"), two("tau_men")]).contains("tau_men"));
    assert!(wrong(&[("core", "<u2", 2, words(&[0, 9])), two("neuron")]).contains("element 1 is 9"));
    assert!(wrong(&[two("core"), two("neuron"), ("tau_mem", "<f8", 1, reals(&[1.0]))]).contains("tau_mem"));
    assert!(wrong(&[two("core"), two("neuron"), ("tau_mem", "<f8", 2, reals(&[1.0, f64::INFINITY]))]).contains("inf"));
    assert!(wrong(&[("core", "<u2", 2, words(&[1, 1])), ("neuron", "<u2", 2, words(&[5, 5]))]).contains("twice"));
    assert!(
        wrong(&[two("slot"), two("slot_core"), two("slot_neuron"), ("slot_weight", "<f8", 2, reals(&[1.0, -1.0]))])
            .contains("slot_weight")
    );
    let not_measured = [two("core"), two("neuron"), ("tau_mem", "<f8", 2, reals(&[f64::NAN, 2.0]))];
    let all: Vec<_> =
        not_measured.iter().map(|(n, kind, len, data)| ((*n).to_string(), *kind, *len, data.clone())).collect();
    std::fs::write(&path, crate::npz::write_arrays(&all)).unwrap();
    assert!(load(&path, &spec).unwrap().circuits[&(CoreAddress::new(0, 0), NeuronId(0))].factors.is_empty());
}

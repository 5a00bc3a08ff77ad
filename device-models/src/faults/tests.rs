//! Rates of faults against binomial bounds, what moves them, and how broken neurons behave.

use super::*;
use crate::testing::{CORE, core, fact, spec};
use crate::{
    CoreParameters, EventCore, InputLayout, LifCore, LifParameters, MismatchSetting, RateCore, RateParameters,
};
use chip::CoreModel;
use disorder::Die;
use std::string::String;
use std::vec::Vec;
use units::{DieId, Tick};

/// The chip of the tests with these faults.
fn broken(faults: &[(&str, &str)]) -> ChipSpec {
    let rate = |name: &str| faults.iter().find(|(n, _)| *n == name).map(|(_, value)| fact(value));
    let faults = FaultSpec {
        dead_neuron: rate("dead_neuron"),
        hot_neuron: rate("hot_neuron"),
        dead_synapse: rate("dead_synapse"),
        stuck_synapse: rate("stuck_synapse"),
        weight_bit_flip: rate("weight_bit_flip"),
        weight_bits: rate("weight_bits"),
    };
    ChipSpec { faults: Some(faults), ..spec() }
}

const FAULTS: &[(&str, &str)] = &[
    ("dead_neuron", "0.05 1"),
    ("hot_neuron", "2 %"),
    ("dead_synapse", "0.1 1"),
    ("stuck_synapse", "0.03 1"),
    ("weight_bit_flip", "0.01 1"),
    ("weight_bits", "8 1"),
];

fn die(spec: &ChipSpec, id: u32, setting: MismatchSetting) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 11, id: DieId(id) }, setting).unwrap()
}

fn default_die(id: u32) -> DieParameters {
    die(&broken(FAULTS), id, MismatchSetting::default())
}

/// `count` of `of` within six standard deviations of its mean `of * per_mille / 1000`, in integers.
#[track_caller]
fn check_rate(count: u64, of: u64, per_mille: u64) {
    let (found, mean) = (1000 * count, of * per_mille);
    // (6 sd)^2 = 36 n p (1 - p), times 1000^2.
    let limit = 36 * of * per_mille * (1000 - per_mille);
    assert!(found.abs_diff(mean).pow(2) <= limit, "{count} of {of}, not {per_mille} in a thousand");
}

#[test]
fn circuits_are_broken_as_often_as_the_file_says() {
    let (mut dead, mut hot, mut gone, mut stuck, mut flips) = (0, 0, 0, 0, 0);
    let (neurons, slots) = (20_000u16, 40_000u64);
    let die = default_die(0);
    for n in 0..neurons {
        match die.neuron_fault(CORE, NeuronId(n)) {
            Some(NeuronFault::Dead) => dead += 1,
            Some(NeuronFault::Hot) => hot += 1,
            None => {}
        }
    }
    for slot in 0..slots {
        let (core, neuron) = (CoreAddress::new(1, (slot % 3) as u16), NeuronId((slot % 1000) as u16));
        match die.synapse_fault(core, neuron, slot) {
            Some(SynapseFault::Dead) => gone += 1,
            Some(SynapseFault::Stuck) => stuck += 1,
            None => {}
        }
        flips += u64::from(die.flipped_bits(core, neuron, slot).count_ones());
    }
    check_rate(dead, neurons.into(), 50);
    check_rate(hot, neurons.into(), 19);
    check_rate(gone, slots, 100);
    check_rate(stuck, slots, 27);
    check_rate(flips, 8 * slots, 10);
}

/// What is broken of a neuron, and of each of its slots.
type Broken = (Option<NeuronFault>, Vec<(Option<SynapseFault>, u16)>);

/// The places of all faults of 400 neurons with 8 slots each.
fn places(die: &DieParameters) -> Vec<Broken> {
    let slot = |n, s| (die.synapse_fault(CORE, NeuronId(n), s), die.flipped_bits(CORE, NeuronId(n), s));
    (0..400).map(|n| (die.neuron_fault(CORE, NeuronId(n)), (0..8).map(|s| slot(n, s)).collect())).collect()
}

#[test]
fn faults_belong_to_the_die_and_to_nothing_else() {
    let first = places(&default_die(0));
    assert_eq!(first, places(&default_die(0)));
    assert_ne!(first, places(&default_die(1)));
    let spec = broken(FAULTS);
    for cv in ["0", "0.4"] {
        let setting = MismatchSetting { scale_to_cv: Some(cv.parse().unwrap()), ..MismatchSetting::default() };
        assert_eq!(places(&die(&spec, 0, setting)), first, "CV {cv} breaks nothing and mends nothing");
    }
    // Another kind of fault, at another rate, moves no fault of the first kind.
    let only_dead = die(&broken(&[("dead_neuron", "0.05 1")]), 0, MismatchSetting::default());
    for (n, (found, _)) in first.iter().enumerate() {
        let dead = only_dead.neuron_fault(CORE, NeuronId(n as u16));
        assert_eq!(dead == Some(NeuronFault::Dead), *found == Some(NeuronFault::Dead));
    }
    let none = die(&spec, 0, MismatchSetting { without_faults: true, ..MismatchSetting::default() });
    assert!(!none.has_faults() && !none.changes_weights());
    assert!(places(&none).iter().all(|(neuron, slots)| neuron.is_none() && slots.iter().all(|s| *s == (None, 0))));
    assert!(!DieParameters::nominal().has_faults());
}

/// The same bits in debug and release, on every machine.
#[test]
fn first_faults_of_layout_1() {
    let die = default_die(0);
    let mut text = String::new();
    for n in 0..60 {
        if let Some(fault) = die.neuron_fault(CORE, NeuronId(n)) {
            text += &std::format!("{n} {fault:?}; ");
        }
    }
    for slot in 0..24 {
        let (fault, flips) = (die.synapse_fault(CORE, NeuronId(7), slot), die.flipped_bits(CORE, NeuronId(7), slot));
        if fault.is_some() || flips != 0 {
            text += &std::format!("7.{slot} {fault:?} {flips:08b}; ");
        }
    }
    assert_eq!(
        text,
        "13 Hot; 16 Dead; 38 Dead; 41 Dead; 42 Dead; 7.0 None 00000001; 7.1 Some(Dead) 00000000; 7.16 Some(Dead) \
         00000000; 7.22 Some(Dead) 10000000; 7.23 Some(Dead) 00000000; "
    );
}

#[test]
fn dead_neurons_are_silent_and_hot_ones_never_rest() {
    let spec = broken(&[("dead_neuron", "0.3 1"), ("hot_neuron", "0.3 1")]);
    let die = die(&spec, 3, MismatchSetting { scale_to_cv: Some(units::Decimal::ZERO), ..MismatchSetting::default() });
    // Driven to twice the threshold, with 2 ticks of rest after a spike.
    let program = core(CoreModel::Lif, 200, &[("drive", "40 mV")]);
    let layout = InputLayout::new(&spec, &program, &[false; 5]).unwrap();
    let mut lif = LifCore::new(LifParameters::build(&spec, &program, layout, &die).unwrap());
    let mut spikes = [0u32; 200];
    for tick in 0..300 {
        for emission in lif.advance(Tick(tick)) {
            spikes[emission.neuron.index()] += 1;
        }
    }
    let mut kinds = [0; 3];
    for (n, count) in spikes.iter().enumerate() {
        match die.neuron_fault(CORE, NeuronId(n as u16)) {
            Some(NeuronFault::Dead) => {
                assert_eq!(*count, 0, "dead neuron {n}");
                kinds[0] += 1;
            }
            Some(NeuronFault::Hot) => {
                assert_eq!(*count, 150, "hot neuron {n}: one spike in two ticks");
                kinds[1] += 1;
            }
            None => {
                assert!((1..50).contains(count), "sound neuron {n}: {count}");
                kinds[2] += 1;
            }
        }
    }
    assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
}

#[test]
fn dead_units_stay_at_zero_and_hot_ones_at_one() {
    let spec = broken(&[("dead_neuron", "0.3 1"), ("hot_neuron", "0.3 1")]);
    let die = die(&spec, 3, MismatchSetting::default());
    let program = core(CoreModel::Rate, 100, &[("drive", "-3 mV")]);
    let layout = InputLayout::new(&spec, &program, &[false, false, false, false, true]).unwrap();
    let mut rate = RateCore::new(RateParameters::build(&spec, &program, layout.clone(), &die).unwrap());
    for tick in 0..50 {
        // Every unit gets the strongest input there is, up and down.
        let synapses: Vec<_> = (0..100).map(|n| layout.pack(4, n, i16::MAX).unwrap()).collect();
        rate.deliver(&synapses, if tick % 2 == 0 { -(1 << 24) } else { 1 << 24 });
        rate.advance(Tick(tick));
        for (n, x) in rate.state().x.iter().enumerate() {
            match die.neuron_fault(CORE, NeuronId(n as u16)) {
                Some(NeuronFault::Dead) => assert_eq!(*x, 0),
                Some(NeuronFault::Hot) => assert_eq!(*x, 1 << 28, "unit {n} in tick {tick}"),
                None => assert_ne!(*x, 0),
            }
        }
    }
}

#[test]
fn a_rate_that_is_no_pure_number_is_refused() {
    let error = DieParameters::new(
        &broken(&[("dead_neuron", "5 ms")]),
        Die { root_seed: 1, id: DieId(0) },
        MismatchSetting::default(),
    );
    let text = std::format!("{}", error.unwrap_err());
    assert!(text.starts_with("`dead_neuron`: "), "{text}");
}

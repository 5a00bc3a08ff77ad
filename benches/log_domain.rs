//! A recurrent network of log-domain neurons on the circuits of `dynapse2`, without limits of its router.

use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Kinetics, Program, RouterSpec, Routing, Source,
    SynapseGate, SynapseSign, SynapseType, Values,
};
use device_models::{DieParameters, Digest, MismatchSetting};
use disorder::Die;
use emulator::Emulator;
use std::collections::BTreeMap;
use units::{CoreAddress, Decimal, DieId, NeuronAddress, NeuronId, Quantity, Unit};

/// Connections that a neuron receives.
const FAN_IN: u64 = 32;

/// A number from 0 up to `end` that depends on its key alone.
fn draw(key: [u64; 2], end: u64) -> u64 {
    let mut digest = Digest::new();
    key.iter().for_each(|word| digest.push(*word));
    (digest.value() >> 16) % end
}

/// The circuits of `dynapse2` with one combined synapse a neuron, as Rockpool's present simulator has them, and an
/// ideal router.
///
/// # Panics
/// If the shipped chip is broken.
pub fn chip(neurons: u32) -> ChipSpec {
    let mut spec = formats::chip::shipped("dynapse2").unwrap_or_else(|e| panic!("{e}"));
    spec.models = vec![CoreModel::Dpi];
    // Nothing here is finer than a step.
    spec.tick = spec.step.take().expect("the clocked models of the chip have a step");
    spec.router = RouterSpec::Ideal;
    spec.geometry.neurons_per_core.quantity = Quantity::number(Decimal::integer(neurons.into()));
    spec.synapses = vec![SynapseType {
        name: "SYN".to_owned(),
        sign: SynapseSign::Signed,
        kinetics: Kinetics::Delta,
        gain: None,
        gate: Some(SynapseGate::Combined),
    }];
    for (ours, theirs) in SynapseGate::Combined.parameters().into_iter().zip(SynapseGate::Ampa.parameters()) {
        spec.parameters.insert(ours.to_owned(), spec.parameters[theirs].clone());
    }
    spec
}

/// `neurons` neurons with a constant input and random recurrent connections, on die 0.
///
/// # Panics
/// If the shipped chip is broken.
pub fn emulator(neurons: u32) -> Emulator {
    let spec = chip(neurons);
    let address = CoreAddress::new(0, 0);
    let mut rows: Vec<Vec<IdealSynapse>> = vec![Vec::new(); neurons as usize];
    for (post, slot) in (0..neurons).flat_map(|post| (0..FAN_IN).map(move |slot| (post, slot))) {
        let key = u64::from(post) * FAN_IN + slot;
        let weight = draw([2, key], 300) as i16 - 90;
        let synapse = IdealSynapse { neuron: NeuronId(post as u16), synapse: 0, weight };
        rows[draw([1, key], neurons.into()) as usize].push(synapse);
    }
    let row = |(n, mut synapses): (usize, Vec<IdealSynapse>)| {
        synapses.sort_unstable();
        let source = Source::Neuron(NeuronAddress { core: address, neuron: NeuronId(n as u16) });
        IdealRow { source, destination: address, delay_ticks: 1, synapses }
    };
    let drive = Quantity::new(Decimal::integer(DRIVE), "pA".parse::<Unit>().expect("pA is a unit"));
    let core = CoreProgram {
        address,
        model: CoreModel::Dpi,
        neuron_count: neurons,
        parameters: BTreeMap::from([("i_dc".to_owned(), Values::Shared(drive))]),
        weight_exponent: 12,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let program = Program {
        chip: spec.name.clone(),
        clock: None,
        cores: vec![core],
        input_count: 0,
        routing: Routing::Ideal(rows.into_iter().enumerate().filter(|(_, r)| !r.is_empty()).map(row).collect()),
    };
    let die = DieParameters::new(&spec, Die { root_seed: 1, id: DieId(0) }, MismatchSetting::default());
    let die = die.unwrap_or_else(|e| panic!("{e}"));
    Emulator::new(&spec, &program, &die).unwrap_or_else(|e| panic!("{e}"))
}

/// Constant input in pA.
const DRIVE: i64 = 400;

//! A chip whose weights come in slices, and programs for it.

use crate::support::fact;
use chip::{
    ChipSpec, CoreModel, CoreProgram, Geometry, IdealRow, IdealSynapse, Kinetics, ParameterSpec, Program, RouterSpec,
    Routing, Source, SynapseGate, SynapseSign, SynapseType, Values,
};
use device_models::slices;
use std::collections::BTreeMap;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Quantity, Unit};

/// The one core of the programs.
pub(crate) const CORE: CoreAddress = CoreAddress::new(0, 0);

/// A chip with cores of `model`, a step of 1 ms and no limit that a test could reach.
pub(crate) fn chip(model: CoreModel, synapses: Vec<SynapseType>) -> ChipSpec {
    ChipSpec {
        name: "sliced".to_owned(),
        family: "test".to_owned(),
        revision: "1".to_owned(),
        summary: "for tests".to_owned(),
        sources: [("test".to_owned(), "chosen here".to_owned())].into(),
        tick: fact("1 ms"),
        step: None,
        geometry: Geometry { chips: fact("1 1"), cores_per_chip: fact("1 1"), neurons_per_core: fact("64 1") },
        models: vec![model],
        synapses,
        parameters_per_neuron: true,
        free_clock: false,
        router: RouterSpec::Ideal,
        rules: None,
        parameters: BTreeMap::new(),
        energy: BTreeMap::new(),
        mesh: None,
        latency: None,
        mismatch_reference: None,
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

/// The kind of synapse whose weights are shifted by `shift`.
pub(crate) fn kind(sign: SynapseSign, shift: u8, gate: Option<SynapseGate>) -> SynapseType {
    let name = format!("{}{shift}", gate.map_or("slice", SynapseGate::name));
    SynapseType { name, sign, kinetics: Kinetics::Slice { shift }, gain: None, gate }
}

/// The synapse of kind `kind` onto `neuron`.
pub(crate) fn synapse(neuron: usize, kind: usize, weight: i16) -> IdealSynapse {
    IdealSynapse { neuron: NeuronId(neuron as u16), synapse: kind as u8, weight }
}

/// The synapses of a connection onto `neuron` with a weight in units of 2^-32, on a chip whose first kinds have the
/// shifts of [`slices::SHIFTS`].
pub(crate) fn connection(neuron: usize, weight: i64) -> Vec<IdealSynapse> {
    let slices = slices::split(weight).expect("weights of tests fit");
    let slices = slices.iter().enumerate().filter(|(_, slice)| **slice != 0);
    slices.map(|(kind, slice)| synapse(neuron, kind, *slice)).collect()
}

/// The row of input channel `channel`.
pub(crate) fn from_input(channel: usize, synapses: Vec<IdealSynapse>) -> IdealRow {
    IdealRow { source: Source::Input(InputId(channel as u32)), destination: CORE, delay_ticks: 1, synapses }
}

/// The row of neuron `neuron`.
pub(crate) fn from_neuron(neuron: usize, synapses: Vec<IdealSynapse>) -> IdealRow {
    let source = Source::Neuron(NeuronAddress { core: CORE, neuron: NeuronId(neuron as u16) });
    IdealRow { source, destination: CORE, delay_ticks: 1, synapses }
}

/// `value`, a multiple of 2^-32 of at most six digits, as a decimal that the core rounds back to it.
pub(crate) fn decimal(value: f64, unit: Unit) -> Quantity {
    format!("{value:.12} {unit}").parse().expect("a number and a unit")
}

/// A program of one core, with a parameter per neuron each; the chip gets the parameters too.
pub(crate) fn program(
    spec: &mut ChipSpec,
    parameters: BTreeMap<String, Vec<Quantity>>,
    input_count: usize,
    mut rows: Vec<IdealRow>,
) -> Program {
    let nominal = |list: &[Quantity]| ParameterSpec {
        summary: "for tests".to_owned(),
        nominal: chip::Fact { quantity: list[0], ..fact("1 1") },
        range: None,
        trim_codes: None,
        mismatch: None,
    };
    spec.parameters = parameters.iter().map(|(name, list)| (name.clone(), nominal(list))).collect();
    let neuron_count = parameters.values().next().map_or(0, Vec::len) as u32;
    rows.retain(|row| !row.synapses.is_empty());
    rows.iter_mut().for_each(|row| row.synapses.sort_unstable());
    rows.sort_unstable_by_key(|row| row.source);
    let parameters = parameters.into_iter().map(|(name, list)| (name, Values::PerNeuron(list)));
    let core = CoreProgram {
        address: CORE,
        model: spec.models[0],
        neuron_count,
        parameters: parameters.collect(),
        weight_exponent: 0,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    Program {
        chip: spec.name.clone(),
        clock: None,
        cores: vec![core],
        input_count: input_count as u32,
        routing: Routing::Ideal(rows),
    }
}

//! A small chip for unit tests.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::vec;
use chip::{
    ChipSpec, CoreModel, CoreProgram, Evidence, Fact, Geometry, Kinetics, MismatchSpec, ParameterSpec, RouterSpec,
    SynapseSign, SynapseType, Values,
};
use disorder::Family;
use units::{CoreAddress, Quantity};

pub(crate) const CORE: CoreAddress = CoreAddress::new(0, 0);

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn fact(text: &str) -> Fact {
    Fact { quantity: quantity(text), source: "test".to_owned(), evidence: Evidence::Assumed }
}

/// One neuron parameter without mismatch.
pub(crate) fn parameter(nominal: &str) -> ParameterSpec {
    ParameterSpec {
        summary: "for tests".to_owned(),
        nominal: fact(nominal),
        range: None,
        trim_codes: None,
        mismatch: None,
    }
}

/// The same with log-normal mismatch.
pub(crate) fn mismatched(nominal: &str, cv: &str) -> ParameterSpec {
    let (cv, family) = (fact(cv), Family::LogNormal);
    let mismatch = MismatchSpec { family, cv, truncation: None, shares: None, correlation: None };
    ParameterSpec { mismatch: Some(mismatch), ..parameter(nominal) }
}

/// Kinds 0 `step` (delta), 1 `scaled` (delta with gain), 2 `up` and 3 `down` (exponential), 4 `graded`,
/// 5 `linear`.
pub(crate) fn spec() -> ChipSpec {
    let kind = |name: &str, sign, kinetics, gain: Option<&str>| SynapseType {
        name: name.to_owned(),
        sign,
        kinetics,
        gain: gain.map(ToOwned::to_owned),
        gate: None,
    };
    let exponential = |tau: &str| Kinetics::Exponential { tau: tau.to_owned() };
    ChipSpec {
        name: "unit".to_owned(),
        family: "unit".to_owned(),
        revision: "1".to_owned(),
        summary: "for tests".to_owned(),
        sources: BTreeMap::new(),
        tick: fact("1 ms"),
        step: None,
        geometry: Geometry { chips: fact("1 1"), cores_per_chip: fact("1 1"), neurons_per_core: fact("1024 1") },
        models: vec![CoreModel::Lif, CoreModel::Rate],
        synapses: vec![
            kind("step", SynapseSign::Signed, Kinetics::Delta, None),
            kind("scaled", SynapseSign::Excitatory, Kinetics::Delta, Some("gain_step")),
            kind("up", SynapseSign::Excitatory, exponential("tau_up"), Some("gain_up")),
            kind("down", SynapseSign::Inhibitory, exponential("tau_down"), None),
            kind("graded", SynapseSign::Signed, Kinetics::Graded, None),
            kind("linear", SynapseSign::Signed, Kinetics::Linear, None),
        ],
        parameters_per_neuron: true,
        free_clock: false,
        router: RouterSpec::default(),
        rules: None,
        parameters: [
            ("tau_mem", mismatched("20 ms", "0.2 1")),
            // What counts as 1, so that levels in mV are plain numbers; cores ask for more.
            ("v_threshold", mismatched("1 mV", "0.1 1")),
            ("t_refractory", mismatched("2 ms", "0.2 1")),
            ("drive", parameter("10 mV")),
            ("gain_step", mismatched("1 1", "0.4 1")),
            ("tau_up", mismatched("10 ms", "0.2 1")),
            ("gain_up", mismatched("1 1", "0.2 1")),
            ("tau_down", mismatched("5 ms", "0.2 1")),
            ("leak", parameter("0.5 1")),
            ("activation_rule", parameter("0 1")),
        ]
        .map(|(name, p)| (name.to_owned(), p))
        .into(),
        energy: [].into(),
        mesh: None,
        latency: None,
        mismatch_reference: Some("tau_mem".to_owned()),
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

/// A core of `neuron_count` neurons with the given values for all of them; its threshold is 20 mV where none is given.
pub(crate) fn core(model: CoreModel, neuron_count: u32, parameters: &[(&str, &str)]) -> CoreProgram {
    let threshold = model.threshold().map(|name| (name, "20 mV"));
    CoreProgram {
        address: CORE,
        model,
        neuron_count,
        parameters: threshold
            .iter()
            .chain(parameters)
            .map(|(n, v)| ((*n).to_owned(), Values::Shared(quantity(v))))
            .collect(),
        weight_exponent: 10,
        off: vec![],
        circuits: alloc::vec::Vec::new(),
    }
}

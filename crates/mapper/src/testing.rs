//! Chips and networks for the tests of this crate.

use chip::{
    ChipSpec, CoreModel, CrossbarSpec, Evidence, Fact, Geometry, Kinetics, ParameterSpec, RouterSpec, RulesSpec,
    SynapseSign, SynapseType, TagCamSpec, Values, XyloSpec,
};
use fx::Weight;
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;

pub(crate) fn fact(text: &str) -> Fact {
    let text = if text.contains(' ') { text.to_string() } else { format!("{text} 1") };
    Fact { quantity: text.parse().unwrap(), source: "test".into(), evidence: Evidence::Assumed }
}

fn parameter(nominal: &str, range: Option<(&str, &str)>) -> ParameterSpec {
    ParameterSpec {
        summary: "a parameter".into(),
        nominal: fact(nominal),
        range: range.map(|(low, high)| (fact(low), fact(high))),
        trim_codes: None,
        mismatch: None,
    }
}

fn base(name: &str) -> ChipSpec {
    let parameters = [
        ("tau_mem", parameter("20 ms", Some(("0.1 ms", "100 ms")))),
        ("tau_fast", parameter("10 ms", None)),
        ("tau_slow", parameter("10 ms", None)),
        ("v_threshold", parameter("1", None)),
        ("t_refractory", parameter("1 ms", None)),
        ("drive", parameter("0", None)),
        ("leak", parameter("1", None)),
    ];
    ChipSpec {
        name: name.into(),
        family: "test".into(),
        revision: "1".into(),
        summary: "a chip for tests".into(),
        sources: BTreeMap::from([("test".into(), "made up".into())]),
        tick: fact("1 ms"),
        step: None,
        geometry: Geometry { chips: fact("1"), cores_per_chip: fact("1"), neurons_per_core: fact("1") },
        models: vec![CoreModel::Lif],
        synapses: Vec::new(),
        parameters_per_neuron: false,
        free_clock: false,
        router: RouterSpec::Ideal,
        rules: None,
        parameters: parameters.into_iter().map(|(name, p)| (name.to_string(), p)).collect(),
        energy: BTreeMap::new(),
        mesh: None,
        latency: None,
        mismatch_reference: None,
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

fn synapse(name: &str, sign: SynapseSign, kinetics: Kinetics) -> SynapseType {
    SynapseType { name: name.into(), sign, kinetics, gain: None, gate: None }
}

/// Geometry and router of DYNAP-SE2.
pub(crate) fn tag_cam() -> ChipSpec {
    let exponential = |tau: &str| Kinetics::Exponential { tau: tau.into() };
    ChipSpec {
        geometry: Geometry { chips: fact("4"), cores_per_chip: fact("4"), neurons_per_core: fact("256") },
        synapses: vec![
            synapse("AMPA", SynapseSign::Excitatory, exponential("tau_fast")),
            synapse("GABA", SynapseSign::Inhibitory, exponential("tau_slow")),
        ],
        router: RouterSpec::TagCam(TagCamSpec {
            cam_words_per_neuron: fact("64"),
            sram_words_per_neuron: fact("4"),
            sram_words_for_monitor: fact("1"),
            tag_bits: fact("11"),
            weight_bits: fact("4"),
            delay_bits: None,
            delay_max: None,
            hop_max: fact("7"),
        }),
        ..base("tag-cam")
    }
}

/// Geometry and router of BrainScaleS-2.
pub(crate) fn crossbar() -> ChipSpec {
    ChipSpec {
        name: "crossbar".into(),
        geometry: Geometry { chips: fact("1"), cores_per_chip: fact("2"), neurons_per_core: fact("256") },
        parameters_per_neuron: true,
        free_clock: false,
        router: RouterSpec::Crossbar(CrossbarSpec {
            synapse_rows: fact("256"),
            buses: fact("4"),
            drivers_per_bus: fact("32"),
            rows_per_driver: fact("2"),
            label_bits: fact("6"),
            row_select_bits: fact("5"),
            neuron_label_bits: fact("8"),
            columns_per_output: fact("32"),
            joined_circuits_max: Some(fact("8")),
            weight_bits: fact("6"),
        }),
        ..tag_cam()
    }
}

/// A chip without limits; its cores are small, so that networks spread over several.
pub(crate) fn ideal() -> ChipSpec {
    ChipSpec {
        geometry: Geometry { chips: fact("4"), cores_per_chip: fact("4"), neurons_per_core: fact("50") },
        models: vec![CoreModel::Lif, CoreModel::Rate],
        synapses: vec![
            synapse("delta", SynapseSign::Signed, Kinetics::Delta),
            synapse("AMPA", SynapseSign::Excitatory, Kinetics::Exponential { tau: "tau_fast".into() }),
            synapse("GABA", SynapseSign::Inhibitory, Kinetics::Exponential { tau: "tau_slow".into() }),
            synapse("graded", SynapseSign::Signed, Kinetics::Graded),
        ],
        parameters_per_neuron: true,
        free_clock: false,
        ..base("ideal-test")
    }
}

/// The sizes of XyloAudio 2.
pub(crate) fn xylo() -> ChipSpec {
    let register = |index| Kinetics::Register { index };
    let parameters = [
        ("dash_mem", parameter("4", Some(("0", "15")))),
        ("dash_syn", parameter("4", Some(("0", "15")))),
        ("dash_syn2", parameter("4", Some(("0", "15")))),
        ("threshold", parameter("1000", None)),
        ("bias", parameter("0", None)),
    ];
    ChipSpec {
        geometry: Geometry { chips: fact("1"), cores_per_chip: fact("2"), neurons_per_core: fact("1000") },
        models: vec![CoreModel::Xylo],
        synapses: vec![
            synapse("i_syn", SynapseSign::Signed, register(0)),
            synapse("i_syn2", SynapseSign::Signed, register(1)),
        ],
        router: RouterSpec::Xylo(XyloSpec {
            input_channels: fact("16"),
            output_neurons: fact("8"),
            hidden_fan_out: fact("64"),
            hidden_fan_in: None,
            input_targets: None,
            output_sources: None,
            weight_bits: fact("8"),
            weight_shift_max: fact("7"),
        }),
        rules: Some(RulesSpec { profile: "xylo-v2".into(), options: BTreeMap::new() }),
        parameters: parameters.into_iter().map(|(name, p)| (name.to_string(), p)).collect(),
        parameters_per_neuron: true,
        free_clock: false,
        ..base("xylo-test")
    }
}

/// `spec` with other router sizes.
pub(crate) fn with_router(mut spec: ChipSpec, change: impl FnOnce(&mut TagCamSpec)) -> ChipSpec {
    match &mut spec.router {
        RouterSpec::TagCam(router) => change(router),
        _ => panic!("not a tag and CAM chip"),
    }
    spec
}

pub(crate) fn shared(text: &str) -> Values {
    Values::Shared(fact(text).quantity)
}

pub(crate) fn lif(name: &str, size: u32) -> Population {
    Population { name: name.into(), size, model: CoreModel::Lif, parameters: BTreeMap::new() }
}

pub(crate) fn input(name: &str, channels: u32) -> InputGroup {
    InputGroup::of_host(name, channels)
}

pub(crate) fn ampa_gaba() -> SynapseChoice {
    SynapseChoice { excitatory: "AMPA".into(), inhibitory: "GABA".into() }
}

/// A weight of `bits` units of 2^-20.
pub(crate) fn weight(bits: i32) -> Weight {
    Weight::from_bits(bits)
}

/// A projection through AMPA and GABA with a delay of one tick, all connections kept.
pub(crate) fn projection(
    network: &Network,
    name: &str,
    pre: Endpoint,
    post: usize,
    list: Vec<(u32, u32, Weight)>,
) -> Projection {
    let connections = Connections::from_list(network.size_of(pre).unwrap(), list);
    let mask = Mask::all(connections.len());
    Projection {
        name: name.into(),
        pre,
        post,
        synapse: ampa_gaba(),
        connections,
        mask,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    }
}

/// A small generator for tests (SplitMix64), so that they need no stream of the project.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

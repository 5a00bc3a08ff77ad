//! What is refused, and what fits into a core.

use crate::loihi::limits::{CoreUse, Excess, SynapseFormat, output_axon_slots, voltage_ceiling, voltage_floor};
use crate::loihi::*;

#[test]
fn projections_refuse_what_does_not_exist() {
    let rules = LoihiRules::lava();
    let settings = ProjectionSettings { pre: 2, post: 3, exponent: 0, graded: false, latency: 1 };
    let good = Synapse { pre: 1, delay: 63, post: 2, weight: 5 };
    let refused = |rules: &LoihiRules, settings, synapse| Projection::new(rules, settings, &[good, synapse]).err();
    assert_eq!(refused(&rules, &settings, good), None);
    let delay = Synapse { delay: 64, ..good };
    assert_eq!(refused(&rules, &settings, delay), Some(LoihiError::Delay { synapse: 1, delay: 64, most: 63 }));
    let brian = Projection::new(&LoihiRules::brian(), &settings, &[good]);
    assert_eq!(brian.err(), Some(LoihiError::Delay { synapse: 0, delay: 63, most: 62 }));
    for (synapse, end, index, count) in
        [(Synapse { pre: 2, ..good }, "pre", 2, 2), (Synapse { post: 9, ..good }, "post", 9, 3)]
    {
        let expected = LoihiError::Endpoint { synapse: 1, end, index, count };
        assert_eq!(refused(&rules, &settings, synapse), Some(expected));
    }
    let settings = ProjectionSettings { exponent: 32, ..settings };
    assert!(matches!(refused(&rules, &settings, good), Some(LoihiError::Setting { value: 32, .. })));
}

#[test]
fn axon_tables_refuse_what_does_not_fit() {
    let good = AxonTableLayout {
        compartments: 4,
        axons: 2,
        weights: &[1, 2, 3],
        indices: &[0, 3, 1],
        row_starts: &[0, 2, 3],
        atoms: &[1, 1],
        axon_sets: None,
        bases: None,
    };
    let table = AxonTable::new(&good).unwrap();
    assert!(table.row(0, 0).unwrap().is_some());
    let missing = |axon, atom, atoms| Err(LoihiError::Axon { axon, atom, axons: 2, atoms });
    assert_eq!(table.row(2, 0), missing(2, 0, 0));
    assert_eq!(table.row(-1, 0), missing(-1, 0, 0));
    assert_eq!(table.row(0, 1), missing(0, 1, 1));

    let moved = AxonTable::new(&AxonTableLayout { bases: Some(&[1, -1]), ..good }).unwrap();
    let expected = LoihiError::Compartment { axon: 0, compartment: 4, compartments: 4 };
    assert_eq!(moved.row(0, 0), Err(expected));
    assert_eq!(moved.row(1, 7), Ok(None), "an unused axon swallows every spike");

    let bad = [
        ("idx", AxonTableLayout { indices: &[0, 3], ..good }),
        ("idx", AxonTableLayout { indices: &[0, 3, -1], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 3, 2], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[1, 2, 3], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 2, 9], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 1, 2], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 1, 2, 3], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[1, 2], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[1, -1], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[2], ..good }),
        ("axon_to_weight", AxonTableLayout { axon_sets: Some(&[0, 2]), ..good }),
        ("axon_to_weight", AxonTableLayout { axon_sets: Some(&[0]), ..good }),
        ("base", AxonTableLayout { bases: Some(&[0]), ..good }),
        ("base", AxonTableLayout { bases: Some(&[0, -2]), ..good }),
    ];
    for (named, layout) in bad {
        let name = match AxonTable::new(&layout) {
            Err(LoihiError::Table { table, .. }) => table,
            Err(LoihiError::Length { parameter, .. }) => parameter,
            other => panic!("{layout:?}: {other:?}"),
        };
        assert_eq!(name, named, "{layout:?}");
    }
}

#[test]
fn parameters_refuse_what_the_registers_cannot_hold() {
    let mantissa = Bias::MantissaExponent { mantissa: &[0, 0], exponent: &[0, 0] };
    let good = NeuronSettings {
        decay_u: &[0, 4095],
        decay_v: &[4095, 0],
        threshold: Threshold::Binary(&[100, 131_071]),
        bias: mantissa,
        refractory: &[0, 63],
        voltage_limits: None,
        noise: None,
        reset: None,
    };
    let lava = LoihiRules::lava();
    let nengo = LoihiRules::nengo();
    let scaled = NeuronSettings { bias: Bias::Scaled(&[1, 2]), voltage_limits: Some((-1, 1)), ..good };
    assert!(LoihiParameters::new(&lava, &good).is_ok());
    assert!(LoihiParameters::new(&nengo, &scaled).is_ok());
    let noise = |exponent, offset| {
        Some(NoiseSettings { enabled: &[true, false], exponent, offset, target: NoiseTarget::Current })
    };
    let bad = [
        ("decay_u is 4096", lava, NeuronSettings { decay_u: &[0, 4096], ..good }),
        ("decay_u is -1", lava, NeuronSettings { decay_u: &[0, -1], ..good }),
        ("decay_v is 4096", nengo, NeuronSettings { decay_v: &[0, 4096], ..scaled }),
        ("decay_v has 1 values", lava, NeuronSettings { decay_v: &[0], ..good }),
        ("vth is", lava, NeuronSettings { threshold: Threshold::Binary(&[1, 1 << 25]), ..good }),
        (
            "vth_lo is 8",
            lava,
            NeuronSettings { threshold: Threshold::Ternary { high: &[9, 7], low: &[-9, 8] }, ..good },
        ),
        ("mantissa and exponent", lava, NeuronSettings { bias: Bias::Scaled(&[1, 2]), ..good }),
        ("one scaled number", nengo, NeuronSettings { bias: mantissa, ..scaled }),
        (
            "bias_exp is 32",
            lava,
            NeuronSettings { bias: Bias::MantissaExponent { mantissa: &[0, 0], exponent: &[0, 32] }, ..good },
        ),
        ("refractory period is -1", nengo, NeuronSettings { refractory: &[0, -1], ..scaled }),
        ("refractory period is 65536", nengo, NeuronSettings { refractory: &[65_536, 0], ..scaled }),
        ("vmin and vmax of the core", nengo, NeuronSettings { voltage_limits: None, ..scaled }),
        ("vmin is 2", nengo, NeuronSettings { voltage_limits: Some((2, 1)), ..scaled }),
        ("noise exponent is 24", nengo, NeuronSettings { noise: noise(24, 0), ..scaled }),
        ("noise offset is 257", nengo, NeuronSettings { noise: noise(7, 257), ..scaled }),
        ("reset interval is 0", lava, NeuronSettings { reset: Some(PeriodicReset { interval: 0, offset: 0 }), ..good }),
        ("register width is 32", LoihiRules { current: RegisterRule::Modulo { bits: 32 }, ..lava }, good),
    ];
    for (message, rules, settings) in bad {
        let error = LoihiParameters::new(&rules, &settings).map(|_| ()).unwrap_err();
        assert!(std::string::ToString::to_string(&error).contains(message), "{message}: {error}");
    }
}

#[test]
fn memory_of_a_core() {
    // Sizes that nengo-loihi reported for dense rows of 8-bit weights, and for shared rows of 24 with 6-bit indices.
    let dense =
        SynapseFormat { weight_bits_code: 7, index_bits_code: 1, delay_bits: 0, tag_bits: 0, dense: true, group: 64 };
    let shared = SynapseFormat { dense: false, ..dense };
    assert_eq!((dense.memory_bits(48), dense.memory_bits(0)), (Some(448), Some(0)));
    assert_eq!(shared.memory_bits(24), Some(384));
    // 130 synapses are two full groups and a rest: (64 * 14 + 10 -> 960) * 2 + (2 * 14 + 10 -> 64).
    assert_eq!(shared.memory_bits(130), Some(960 * 2 + 64));
    assert_eq!(shared.memory_bits(u64::MAX), Some(u64::MAX));
    assert_eq!(SynapseFormat { weight_bits_code: 0, ..dense }.memory_bits(1), None);
    assert_eq!(SynapseFormat { index_bits_code: 8, ..shared }.memory_bits(1), None);
    assert_eq!(SynapseFormat { group: 0, ..dense }.memory_bits(1), None);

    let full = CoreUse { compartments: 1024, input_axons: 4096, output_axons: 4096, synapse_bits: 1 << 20 };
    assert_eq!(full.excess(), None);
    for (over, resource, used, limit) in [
        (CoreUse { compartments: 1025, ..full }, "compartments", 1025, 1024),
        (CoreUse { input_axons: 4097, ..full }, "input axons", 4097, 4096),
        (CoreUse { output_axons: 4098, ..full }, "output axons", 4098, 4096),
        (CoreUse { synapse_bits: (1 << 20) + 64, ..full }, "synapse bits", (1 << 20) + 64, 1 << 20),
    ] {
        assert_eq!(over.excess(), Some(Excess { resource, used, limit }));
    }
    assert_eq!([0, 16, 32].map(|kind| output_axon_slots(10, kind)), [10, 10, 20]);
    assert_eq!((voltage_floor(0), voltage_floor(17), voltage_floor(31)), (Some(0), Some(-131_071), Some(-i32::MAX)));
    assert_eq!((voltage_ceiling(0), voltage_ceiling(7), voltage_ceiling(8)), (Some(511), Some((1 << 23) - 1), None));
    assert_eq!(voltage_floor(32), None);
}

#[test]
fn profiles_have_names() {
    assert_eq!(LoihiRules::profile("loihi-lava"), Some(LoihiRules::lava()));
    assert_eq!(LoihiRules::profile("loihi-nengo"), Some(LoihiRules::nengo()));
    assert_eq!(LoihiRules::profile("loihi-brian2"), Some(LoihiRules::brian()));
    assert_eq!(LoihiRules::profile("loihi"), None);
}

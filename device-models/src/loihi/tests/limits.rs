//! What is refused, and what fits into a core.

use crate::loihi::limits::{CoreUse, Excess, SynapseFormat, output_axon_slots, voltage_ceiling, voltage_floor};
use crate::loihi::*;

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

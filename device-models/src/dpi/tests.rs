//! The core in its frame: what it sends, what it keeps, what it refuses.

use super::{DpiCore, DpiParameters, DpiState};
use crate::testing::{CORE, core, mismatched, parameter, spec};
use crate::{ClockedState, CoreParameters, DeviceModelError, DieParameters, EventCore, InputLayout};
use alloc::string::{String, ToString};
use alloc::vec;
use chip::{ChipSpec, CoreModel, CoreProgram, Kinetics, SynapseGate, SynapseSign, SynapseType};
use disorder::Die;
use units::{DieId, Tick};

/// The defaults of DYNAP-SE2 with four gates.
fn log_domain() -> ChipSpec {
    let mut spec = spec();
    spec.models = vec![CoreModel::Dpi];
    let kind = |name: &str, sign, gate| SynapseType {
        name: name.to_string(),
        sign,
        kinetics: Kinetics::Delta,
        gain: None,
        gate: Some(gate),
    };
    spec.synapses = vec![
        kind("AMPA", SynapseSign::Excitatory, SynapseGate::Ampa),
        kind("NMDA", SynapseSign::Excitatory, SynapseGate::Nmda),
        kind("GABA", SynapseSign::Inhibitory, SynapseGate::Gaba),
        kind("SHUNT", SynapseSign::Inhibitory, SynapseGate::Shunt),
    ];
    let mut values = alloc::vec::Vec::from([
        ("i_dark", "0.5 pA"),
        ("kappa_n", "0.75 1"),
        ("kappa_p", "0.66 1"),
        ("u_t", "25 mV"),
        ("v_cutoff", "0.7 V"),
        ("i_scale", "10 nA"),
        ("i_threshold", "100 nA"),
        ("i_dc", "0.5 pA"),
        ("c_mem", "3 pF"),
        ("i_tau_mem", "5.319 pA"),
        ("i_gain_mem", "21.28 pA"),
        ("c_refractory", "1.5 pF"),
        ("i_refractory", "1.05 nA"),
        ("c_pulse", "0.5 pF"),
        ("i_pulse", "35 nA"),
        ("c_ahp", "40 pF"),
        ("i_tau_ahp", "28.37 pA"),
        ("i_gain_ahp", "28.37 pA"),
        ("c_pulse_ahp", "0.5 pF"),
        ("i_pulse_ahp", "350 nA"),
        ("i_w_ahp", "0.5 pA"),
        ("i_nmda_gate", "0.5 pA"),
    ]);
    for gate in [SynapseGate::Ampa, SynapseGate::Nmda, SynapseGate::Gaba, SynapseGate::Shunt] {
        values.extend(gate.parameters().into_iter().zip(["24.5 pF", "86.88 pA", "8.688 nA"]));
    }
    spec.parameters = values.into_iter().map(|(name, value)| (name.to_string(), parameter(value))).collect();
    spec.parameters.insert("i_tau_mem".to_string(), mismatched("5.319 pA", "0.1 1"));
    spec
}

fn build(spec: &ChipSpec, program: &CoreProgram) -> Result<DpiParameters, DeviceModelError> {
    let layout = InputLayout::new(spec, program, &[true; 4])?;
    let die = DieParameters::new(spec, Die { root_seed: 1, id: DieId(0) }, crate::MismatchSetting::default())?;
    DpiParameters::build(spec, program, layout, &die)
}

/// Spikes of 200 steps in which AMPA gets `ampa` each step and another kind `other`.
fn run(kind: u8, ampa: i16, other: i16) -> i32 {
    let (spec, program) = (log_domain(), core(CoreModel::Dpi, 3, &[]));
    let mut core = DpiCore::new(build(&spec, &program).unwrap());
    let layout = core.parameters().layout().clone();
    let row = [layout.pack(0, 1, ampa).unwrap(), layout.pack(kind, 1, other).unwrap()];
    let mut spikes = 0;
    for _ in 0..200 {
        core.deliver(&row, 1);
        for emission in core.advance(Tick(0)) {
            assert_eq!((emission.neuron.0, emission.value), (1, emission.payload), "only neuron 1 gets input");
            spikes += emission.value;
        }
    }
    spikes
}

#[test]
fn gates_do_what_their_names_say() {
    // A weight of 1000 x 2^10 x 2^-20 is about 10 nA.
    let alone = run(0, 1000, 0);
    assert!(alone > 5, "{alone}");
    assert!(run(0, 1000, 3000) > alone, "AMPA adds");
    assert!(run(1, 1000, 3000) > alone, "NMDA adds");
    assert!(run(2, 1000, 3000) < alone, "GABA leaks");
    assert!(run(3, 1000, 3000) < alone, "SHUNT subtracts");
    assert!(run(0, 30_000, 0) > alone, "a larger weight does more");
}

#[test]
fn a_saved_core_goes_on_as_if_nothing_had_been() {
    let (spec, program) = (log_domain(), core(CoreModel::Dpi, 40, &[]));
    let mut straight = DpiCore::new(build(&spec, &program).unwrap());
    let row: alloc::vec::Vec<_> =
        (0..40).map(|n| straight.parameters().layout().pack(n as u8 % 2, n, 1000 + 50 * n as i16).unwrap()).collect();
    for step in 0..150 {
        if step % 3 == 0 {
            straight.deliver(&row, 2);
        }
        straight.advance(Tick(0));
    }
    let saved = straight.save();
    let mut resumed = DpiCore::new(straight.parameters().clone());
    assert!(resumed.restore(&saved));
    let mut spikes = 0;
    for step in 0..150 {
        if step % 5 == 0 {
            straight.deliver(&row, 3);
            resumed.deliver(&row, 3);
        }
        spikes += straight.advance(Tick(0)).len();
        resumed.advance(Tick(0));
        assert_eq!(straight.save(), resumed.save(), "step {step}");
    }
    assert!(spikes > 40);
    let refused = |change: fn(&mut ClockedState<DpiState, i64>)| {
        let mut state = saved.clone();
        change(&mut state);
        assert!(!resumed.clone().restore(&state), "{state:?}");
    };
    refused(|s| s.neurons.membrane[3] = super::ONE - 1);
    refused(|s| s.neurons.synapses[3][0] = super::CURRENT_MAX + 1);
    refused(|s| s.neurons.spikes.truncate(39));
    refused(|s| s.neurons.refractory[0] = -1);
}

#[test]
fn silence_is_sleep_and_saturation_is_counted() {
    let (spec, program) = (log_domain(), core(CoreModel::Dpi, 2, &[]));
    let mut core = DpiCore::new(build(&spec, &program).unwrap());
    let asleep = (0..5000).find(|_| {
        core.advance(Tick(0));
        !core.is_awake()
    });
    assert!(asleep.is_some_and(|step| step < 2000), "{asleep:?}");
    assert_eq!(core.take_saturations(), 0);
    let huge = core.parameters().layout().pack(0, 0, i16::MAX).unwrap();
    core.deliver(&[huge], i32::MAX);
    core.advance(Tick(0));
    assert!(core.take_saturations() > 0);
    assert!(core.is_awake());
    core.reset();
    assert_eq!(core.save(), DpiCore::new(core.parameters().clone()).save());
}

#[test]
fn impossible_circuits_are_refused() {
    let check = |parameters: &[(&str, &str)], change: fn(&mut ChipSpec), expected: &str| {
        let mut spec = log_domain();
        change(&mut spec);
        let error = build(&spec, &core(CoreModel::Dpi, 2, parameters)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let at = CORE;
    check(
        &[("c_mem", "0 pF")],
        |_| (),
        &alloc::format!(
            "{}: `c_mem` = 0 pF: core model `dpi` needs a value above 0 (at least 2^-32 pF)",
            units::NeuronAddress { core: at, neuron: units::NeuronId(0) }
        ),
    );
    check(
        &[],
        |spec| _ = spec.parameters.remove("i_gain_nmda"),
        "the chip has no parameter `i_gain_nmda`, which the model `dpi` needs; add it to the chip file",
    );
    let mut spec = log_domain();
    spec.synapses[2].gate = None;
    let error: String = build(&spec, &core(CoreModel::Dpi, 2, &[])).unwrap_err().to_string();
    assert!(error.ends_with("runs the model `dpi`, which has no synapse with the kinetics of `GABA`"), "{error}");
    let error = build(&log_domain(), &core(CoreModel::Dpi, 2, &[("i_threshold", "100 uA")])).unwrap_err().to_string();
    assert!(error.contains("`the threshold current` = 200000000"), "{error}");
}

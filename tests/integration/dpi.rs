//! The log-domain core: recorded traces, two independent statements of its step, sleep, and saved states.

use chip::SynapseGate;
use conform::{CaseResult, Outcome};
use conformance::dpi::{DpiSettings, DpiState, Filter, wide};
use device_models::dpi::{DpiBank, DpiCircuits, DpiNeuron, DpiPrecision, DpiPulse, DpiStage};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Replays all cases of a folder; how many there were.
fn replay(folder: &Path) -> usize {
    let report = conform::run(&[folder.to_owned()]);
    for case in &report.cases {
        assert!(matches!(case.result, CaseResult::Compared(Outcome::Pass { .. })), "{}", case.text(0));
    }
    report.cases.len()
}

#[test]
fn recorded_traces_are_met() {
    assert_eq!(replay(&workspace().join("tests/golden/dynapsim")), 4);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_traces_of_the_shared_folder_are_met() {
    let folder = workspace().join("../shared/golden/dynapsim");
    if folder.is_dir() {
        assert!(replay(&folder) > 0);
    } else {
        eprintln!("skipped: there is no {}", folder.display());
    }
}

fn bank(settings: &DpiSettings) -> DpiBank {
    let stage = |f: &Filter| DpiStage { capacitance: wide(f.c), i_tau: wide(f.tau), i_gain: wide(f.gain) };
    let pulse = |(c, i): (f64, f64)| DpiPulse { capacitance: wide(c), current: wide(i) };
    let neuron = DpiNeuron {
        i_dark: wide(settings.dark),
        kappa: wide(settings.kappa),
        u_t: wide(settings.u_t),
        v_cutoff: wide(settings.v),
        membrane: stage(&settings.membrane),
        adaptation: stage(&settings.adaptation),
        pulse: pulse(settings.pulse),
        pulse_ahp: pulse(settings.pulse_ahp),
        i_threshold: wide(settings.threshold),
        i_dc: wide(settings.dc),
        i_w_ahp: wide(settings.w_ahp),
        i_nmda_gate: wide(settings.nmda),
        i_scale: wide(settings.scale),
        refractory_steps: settings.refractory,
    };
    let groups: Vec<_> = settings.gates.iter().map(|(gate, f)| (*gate, vec![stage(f)])).collect();
    DpiBank::new(DpiCircuits::new((wide(settings.dt), DpiPrecision::Full), &[neuron], &groups).unwrap())
}

fn state(bank: &DpiBank) -> DpiState<i128> {
    DpiState {
        synapses: (0..bank.circuits().gates().len()).map(|k| bank.synapses(k)[0].into()).collect(),
        ahp: bank.adaptations()[0].into(),
        mem: bank.membranes()[0].into(),
        log: bank.voltages()[0].into(),
        spikes: bank.spikes()[0],
        refractory: bank.refractory_steps()[0],
    }
}

fn in_floats(state: &DpiState<i128>) -> DpiState<f64> {
    let unit = |x: i128| x as f64 / f64::from(1 << 28);
    DpiState {
        synapses: state.synapses.iter().map(|x| unit(*x)).collect(),
        ahp: unit(state.ahp),
        mem: unit(state.mem),
        log: state.log as f64 / (1u64 << 40) as f64 * std::f64::consts::LN_2,
        spikes: state.spikes,
        refractory: state.refractory,
    }
}

/// A multiple of 2^-20 from `low` to `high`.
fn number(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low..high).prop_map(|x| (x * 1_048_576.0).round() / 1_048_576.0)
}

fn filter(c: f64, tau: f64, gain: f64) -> impl Strategy<Value = Filter> {
    let strategies = (number(c / 2.0, c * 2.0), number(tau / 2.0, tau * 2.0), number(gain / 4.0, gain * 4.0));
    strategies.prop_map(|(c, tau, gain)| Filter { c, tau, gain })
}

/// Circuits around the defaults of DYNAP-SE2, with steps of 0.1 ms to 1 ms.
fn settings() -> impl Strategy<Value = DpiSettings> {
    let combined = filter(24.5, 87.0, 8700.0).prop_map(|f| vec![(SynapseGate::Combined, f)]);
    let four = [SynapseGate::Ampa, SynapseGate::Nmda, SynapseGate::Gaba, SynapseGate::Shunt]
        .map(|gate| filter(25.0, 88.0, 8800.0).prop_map(move |f| (gate, f)));
    let four = Vec::from(four);
    let gates = prop_oneof![combined, four];
    let process = (number(0.1, 1.0), number(0.3, 0.4), number(0.6, 0.8), number(20.0, 30.0), number(500.0, 900.0));
    let parts = (filter(3.0, 5.3, 21.0), filter(40.0, 28.0, 28.0));
    let pulses = ((number(0.3, 0.7), number(2e4, 5e4)), (number(0.3, 0.7), number(2e5, 5e5)));
    let inputs = (number(1e3, 2e5), number(0.0, 300.0), number(0.0, 1e5), number(0.5, 1e3), number(1e3, 2e4));
    (gates, process, parts, pulses, inputs, 0..8).prop_map(
        |(gates, (dt, dark, kappa, u_t, v), (membrane, adaptation), (pulse, pulse_ahp), i, refractory)| {
            let (threshold, dc, w_ahp, nmda, scale) = i;
            DpiSettings {
                dt,
                dark,
                kappa,
                u_t,
                v,
                membrane,
                adaptation,
                pulse,
                pulse_ahp,
                threshold,
                dc,
                w_ahp,
                nmda,
                scale,
                refractory,
                gates,
            }
        },
    )
}

/// Inputs of up to four gates, most of them absent; 20 fraction bits.
fn inputs() -> impl Strategy<Value = Vec<[i64; 4]>> {
    let one = prop_oneof![3 => Just(0i64), 2 => -(1i64 << 21)..1 << 24];
    proptest::collection::vec([one.clone(), one.clone(), one.clone(), one].prop_map(|x| x), 1..80)
}

/// Same, within a part of `b` and a little.
fn close(a: f64, b: f64, what: &str) -> Result<(), TestCaseError> {
    // The documented error of a step: 1e-6 of the current plus 2^-26 dark currents.
    prop_assert!((a - b).abs() <= 1e-6 * b.abs() + 1.0 / f64::from(1 << 26), "{what}: {a} and {b}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_bit_is_that_of_the_oracle(settings in settings(), rows in inputs()) {
        let (mut bank, mut oracle) = (bank(&settings), settings.initial());
        for (step, row) in rows.iter().enumerate() {
            let inputs: Vec<Vec<i64>> = (0..settings.gates.len()).map(|k| vec![row[k] << 12]).collect();
            bank.advance(&inputs);
            let flat: Vec<i64> = inputs.iter().map(|list| list[0]).collect();
            settings.step(&mut oracle, &flat);
            prop_assert_eq!(&state(&bank), &oracle, "step {}", step);
        }
    }

    #[test]
    fn a_step_is_off_by_less_than_it_says(settings in settings(), rows in inputs()) {
        let mut bank = bank(&settings);
        for row in &rows {
            let mut float = in_floats(&state(&bank));
            let inputs: Vec<Vec<i64>> = (0..settings.gates.len()).map(|k| vec![row[k] << 12]).collect();
            bank.advance(&inputs);
            let in_units: Vec<f64> = row.iter().map(|x| *x as f64 / 1_048_576.0).collect();
            settings.step_in_floats(&mut float, &in_units);
            if bank.take_saturations() > 0 {
                break; // the statement in floats has no largest current
            }
            let (got, raw) = (in_floats(&state(&bank)), state(&bank));
            for (a, b) in got.synapses.iter().zip(&float.synapses) {
                close(*a, *b, "synapse")?;
            }
            close(got.ahp, float.ahp, "adaptation")?;
            close(got.log.exp(), float.log.exp(), "membrane before reset")?;
            // Spikes may differ only where the logarithm is a whole number but for the error.
            let level = float.log - (settings.threshold / settings.dark).ln();
            if (level - level.round()).abs() > 1e-6 {
                prop_assert_eq!(raw.spikes, float.spikes);
                close(got.mem, float.mem, "membrane")?;
            }
        }
    }

    #[test]
    fn what_sleeps_stays_as_it_is(settings in settings(), rows in inputs()) {
        let settings = DpiSettings { dc: 0.0, ..settings };
        let mut bank = bank(&settings);
        let mut none = vec![vec![0]; settings.gates.len()];
        for row in &rows {
            none.iter_mut().zip(row).for_each(|(list, x)| list[0] = *x << 12);
            bank.advance(&none);
        }
        none.iter_mut().for_each(|list| list[0] = 0);
        let asleep = (0..20_000).find(|_| !bank.advance(&none));
        if asleep.is_some() {
            let before = state(&bank);
            for _ in 0..3 {
                prop_assert!(!bank.advance(&none));
                prop_assert_eq!(&state(&bank), &before);
            }
        }
    }
}

#[test]
fn a_neuron_at_rest_falls_asleep() {
    // The defaults of DYNAP-SE2 come to rest within a second.
    let filter = |c, tau, gain| Filter { c, tau, gain };
    let settings = DpiSettings {
        dt: 1.0,
        dark: 0.5,
        kappa: 0.705_078_125,
        u_t: 25.0,
        v: 700.0,
        membrane: filter(3.0, 5.3125, 21.25),
        adaptation: filter(40.0, 28.375, 28.375),
        pulse: (0.5, 35_000.0),
        pulse_ahp: (0.5, 350_000.0),
        threshold: 100_000.0,
        dc: 0.5,
        w_ahp: 0.5,
        nmda: 0.5,
        scale: 10_000.0,
        refractory: 1,
        gates: vec![(SynapseGate::Combined, filter(24.5, 86.875, 8_687.5))],
    };
    let mut bank = bank(&settings);
    bank.advance(&[vec![300 << 32]]);
    let mut spikes = 0;
    let steps = (0..3000).find(|_| {
        let changed = bank.advance(&[vec![0]]);
        spikes += bank.spikes()[0];
        !changed
    });
    assert!(steps.is_some_and(|steps| (50..1000).contains(&steps)), "{steps:?}");
    assert!(spikes > 3, "{spikes}");
    // The combined synapse rests below the dark current: at (1 - exp(-t_pulse/tau)) / (1 - exp(-dt/tau)).
    let rest = bank.synapses(0)[0] as f64 / f64::from(1 << 28);
    assert!((rest - 0.0105).abs() < 0.0002, "{rest}");
}

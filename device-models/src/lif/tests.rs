//! Built parameters against double precision, both widths of lanes against each other, and parameters that are refused.

use super::*;
use crate::testing::{core, fact, quantity, spec};
use crate::{DeviceModelError, DieParameters, Factors, InputLayout, MismatchSetting};
use alloc::borrow::ToOwned;
use chip::{ChipSpec, CoreModel, CoreProgram, Values};
use disorder::{Die, Key, Purpose, uniform_below};
use std::format;
use units::{DieId, Tick};

const ALL: [bool; 5] = [true, true, true, true, false];

fn die(spec: &ChipSpec) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 1, id: DieId(5) }, MismatchSetting::default()).unwrap()
}

fn build(spec: &ChipSpec, core: &CoreProgram, die: &DieParameters) -> Result<LifParameters, DeviceModelError> {
    LifParameters::build(spec, core, InputLayout::new(spec, core, &ALL)?, die)
}

/// Every factor within 2^-16 of the largest of its core, every voltage within 2^-20.
#[test]
fn parameters_are_those_of_double_precision() {
    let (spec, core) = (spec(), core(CoreModel::Lif, 200, &[]));
    let die = die(&spec);
    let built = build(&spec, &core, &die).unwrap();
    let real = |name: &str, nominal: f64, n: usize| {
        nominal * die.factor(name, core.address, NeuronId(n as u16)).to_bits() as f64 / 2f64.powi(32)
    };
    let coupling = |tau: f64, asked: f64, tau_mem: f64| {
        let d = 1.0 / tau - 1.0 / tau_mem;
        (-1.0 / tau).exp() / asked * d.exp_m1() / d
    };
    let couplings: Vec<&Coupling> = built.couplings().collect();
    let gain = built.gains().next().unwrap();
    let close = |f: &Factors, n: usize, expected: f64| {
        let unit = 2f64.powi(-15 - f.shift());
        let found = f64::from(f.mantissas()[n]) * unit;
        assert!((found - expected).abs() <= 0.5001 * unit, "{found} instead of {expected}");
    };
    for n in 0..200 {
        let tau_mem = real("tau_mem", 20.0, n);
        let leak = -(-1.0 / tau_mem).exp_m1();
        close(built.leak(), n, leak);
        close(gain, n, real("gain_step", 1.0, n));
        let (tau_up, tau_down) = (real("tau_up", 10.0, n), real("tau_down", 5.0, n));
        close(&couplings[0].leak, n, -(-1.0 / tau_up).exp_m1());
        close(&couplings[0].coupling, n, real("gain_up", 1.0, n) * coupling(tau_up, 10.0, tau_mem));
        close(&couplings[1].leak, n, -(-1.0 / tau_down).exp_m1());
        close(&couplings[1].coupling, n, coupling(tau_down, 5.0, tau_mem));
        let volts = |bits: i32| f64::from(bits) / f64::from(1 << 20);
        assert!((volts(built.drive()[n]) - 10.0 * leak).abs() < 2f64.powi(-20));
        assert!((volts(built.threshold()[n]) - real("v_threshold", 20.0, n)).abs() < 2f64.powi(-20));
        assert_eq!(f64::from(built.refractory_steps()[n]), (real("t_refractory", 2.0, n) + 0.5).floor());
        assert_eq!((built.reset()[n], built.initial()[n]), (0, 0), "absent parameters count as 0");
    }
}

/// Programs whose weights are finer than their thresholds ask for run: as before there were scales, with less room.
#[test]
fn fine_weights_bound_the_scale() {
    for (exponent, scale) in [(0, 0), (5, 5), (6, 6), (20, 6)] {
        let program =
            CoreProgram { weight_exponent: exponent, ..core(CoreModel::Lif, 1, &[("v_threshold", "100 mV")]) };
        let built = build(&spec(), &program, &DieParameters::nominal()).unwrap();
        assert_eq!((built.scale(), built.weight_exponent()), (scale, exponent - scale as u8), "{exponent}");
        assert_eq!(built.threshold()[0], (100 << 20) >> scale, "{exponent}");
    }
}

/// Time constants far apart, equal, and far from the tick: the coupling never overflows and never cancels.
#[test]
fn couplings_are_right_at_the_edges() {
    let spec = spec();
    let edges: [(f64, f64); 7] =
        [(10.0, 10.0), (0.02, 20.0), (0.001, 0.002), (5000.0, 0.05), (0.05, 5000.0), (10.0, 10.000001), (5e5, 5e5)];
    for (tau, tau_mem) in edges {
        let core = core(CoreModel::Lif, 1, &[("tau_mem", &format!("{tau_mem} ms")), ("tau_up", &format!("{tau} ms"))]);
        let built = build(&spec, &core, &DieParameters::nominal()).unwrap();
        let (a, b) = (1.0 / tau, 1.0 / tau_mem);
        let mean = if a == b { (-a).exp() } else { (-b).exp() * -(b - a).exp_m1() / (a - b) };
        let coupling = &built.couplings().next().unwrap().coupling;
        let found = f64::from(coupling.mantissas()[0]) / 2f64.powi(15 + coupling.shift());
        let tolerance = (a * mean * 2f64.powi(-16)).max(2f64.powi(-31));
        assert!((found - a * mean).abs() <= tolerance, "tau {tau}, tau_mem {tau_mem}: {found}, not {}", a * mean);
    }
}

/// The same core in 32-bit and in 64-bit lanes, under inputs from nothing to far beyond saturation.
#[test]
fn narrow_lanes_equal_wide_lanes() {
    let mut spec = spec();
    spec.parameters.insert("v_reset".to_owned(), crate::testing::mismatched("-5 mV", "0.3 1"));
    for (weight_exponent, seed) in [(0, 1), (10, 2), (20, 3)] {
        let mut program = core(CoreModel::Lif, 70, &[("gain_step", "0.1 1"), ("gain_up", "0.5 1")]);
        program.weight_exponent = weight_exponent;
        let parameters = build(&spec, &program, &die(&spec)).unwrap();
        assert!(parameters.is_narrow());
        let mut narrow = LifCore::new(parameters.clone());
        let mut wide_parameters = parameters;
        wide_parameters.widen();
        let mut wide = LifCore::new(wide_parameters);
        let mut stream = Key::new(seed, Purpose::Task).stream();
        let mut below = |n: u64| uniform_below(&mut stream, n);
        let (mut saturations, mut spikes) = (0, 0);
        for tick in 0..600 {
            for _ in 0..below(40) {
                let kind = below(4) as u8;
                let size = [2, 200, 32_768][below(3) as usize];
                let weight = below(size) as i16;
                let weight = if kind == 0 && below(2) == 0 { -weight } else { weight };
                let synapse = narrow.parameters().layout().pack(kind, below(70) as usize, weight).unwrap();
                let times = [1, 255][below(2) as usize];
                narrow.deliver(&[synapse], times);
                wide.deliver(&[synapse], times);
            }
            spikes += narrow.advance(Tick(tick)).len();
            assert_eq!(
                narrow.advance(Tick(tick)).to_vec(),
                {
                    wide.advance(Tick(tick));
                    wide.advance(Tick(tick)).to_vec()
                },
                "tick {tick}"
            );
            assert_eq!(narrow.save(), wide.save(), "exponent {weight_exponent}, tick {tick}");
            let cut = narrow.take_saturations();
            assert_eq!(cut, wide.take_saturations());
            saturations += cut;
        }
        assert!(weight_exponent != 20 || saturations > 100, "{saturations} saturations");
        assert!(weight_exponent == 0 || spikes > 100, "{spikes} spikes");
    }
}

#[test]
fn a_state_that_no_run_could_have_made_is_refused() {
    let (spec, program) = (spec(), core(CoreModel::Lif, 3, &[]));
    let mut core = LifCore::new(build(&spec, &program, &DieParameters::nominal()).unwrap());
    let good = core.save();
    assert!(core.restore(&good));
    type Change = dyn Fn(&mut Vec<i32>, &mut Vec<i32>, &mut Vec<Vec<i32>>);
    let mut check = |change: &Change| {
        let mut bad = good.clone();
        let LifState { v, refractory, currents, .. } = &mut bad.neurons;
        change(v, refractory, currents);
        assert!(!core.restore(&bad));
        assert_eq!(core.save(), good, "nothing may have changed");
    };
    check(&|v, _, _| v.truncate(2));
    check(&|v, _, _| v[1] = (1 << 29) + 1);
    check(&|v, r, _| (v[1], r[1]) = (5, 1)); // refractory, but not at reset
    check(&|_, r, _| r[1] = -1);
    check(&|_, _, i| i.truncate(1));
    check(&|_, _, i| i[0].push(0));
    check(&|_, _, i| i[1][2] = i32::MIN);
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut ChipSpec, &mut CoreProgram), expected: &str) {
    let (mut spec, mut program) = (spec(), core(CoreModel::Lif, 4, &[]));
    change(&mut spec, &mut program);
    let error = build(&spec, &program, &DieParameters::nominal()).unwrap_err();
    assert!(format!("{error}").starts_with(expected), "{error}");
}

#[test]
fn impossible_parameters_are_refused() {
    fn set(program: &mut CoreProgram, name: &str, value: &str) {
        program.parameters.insert(name.to_owned(), Values::Shared(quantity(value)));
    }
    let at = "chip 0 core 0 neuron 0";
    let missing = |s: &mut ChipSpec, name: &str| drop(s.parameters.remove(name));
    check_refused(|s, _| missing(s, "tau_mem"), "the chip has no parameter `tau_mem`, which the model `lif` needs");
    check_refused(|s, _| missing(s, "tau_up"), "the chip has no parameter `tau_up`");
    check_refused(|s, _| missing(s, "gain_step"), "the chip has no parameter `gain_step`");
    check_refused(
        |_, p| set(p, "tau", "1 ms"),
        "chip 0 core 0 sets the parameter `tau`, which this chip does not have",
    );
    let refused = |name: &str, value: &str, why: &str| {
        check_refused(|_, p| set(p, name, value), &format!("{at}: `{name}` = {value}: {why}"));
    };
    refused("tau_mem", "1 mV", "this is a voltage, but a time is needed here");
    refused("tau_mem", "-1 ms", "core model `lif` needs a value above 0 (at least 2^-32 ms)");
    refused("tau_mem", "1e-10 ms", "core model `lif` needs a value above 0 (at least 2^-32 ms)");
    refused("tau_mem", "1e12 ms", "core model `lif` needs a value between -2^31 and 2^31 ms");
    refused("tau_up", "0 ms", "synapse kind `up` needs a value above 0 (at least 2^-32 ms)");
    refused("v_threshold", "513 mV", "core model `lif` needs a value above 0 and below 512 mV");
    refused("t_refractory", "-1 ms", "core model `lif` needs a value at least 0");
    refused("t_refractory", "1e9 s", "core model `lif` needs a value between -2^31 and 2^31 ms");
    let zero = "`gain_up` = 0: synapse kind `up` needs a value above 0 (at least 2^-32)";
    check_refused(|_, p| set(p, "gain_up", "0 1"), &format!("{at}: {zero}"));
    check_refused(
        |s, _| s.parameters.get_mut("t_refractory").unwrap().nominal = fact("-1 ms"),
        &format!("{at}: `t_refractory` = -1 ms: core model `lif` needs a value at least 0"),
    );
    check_refused(|_, p| set(p, "drive", "6000 mV"), &format!("{at}: `drive (of one step)` = 292"));
    check_refused(|_, p| set(p, "gain_step", "70000 1"), &format!("{at}: `gain_step` = 70000 is beyond"));
    check_refused(|_, p| p.weight_exponent = 21, "chip 0 core 0: the weight exponent 21 is not between 0 and 20");
    check_refused(
        |_, p| {
            set(p, "v_threshold", "100 mV");
            set(p, "drive", "900000 mV");
        },
        &format!("{at}: `drive (of one step)` = 43"),
    );
    let list = || Values::PerNeuron(vec![quantity("1 ms"); 3]);
    check_refused(
        |_, p| drop(p.parameters.insert("tau_mem".to_owned(), list())),
        "chip 0 core 0: `tau_mem` has 3 values for 4 neurons",
    );
    check_refused(
        |s, p| {
            s.parameters_per_neuron = false;
            p.parameters.insert("tau_mem".to_owned(), list());
        },
        "chip 0 core 0: `tau_mem` is set neuron by neuron, but this chip has one value for the whole core",
    );
    check_refused(
        |s, p| {
            s.parameters.get_mut("tau_mem").unwrap().range = Some((fact("1 ms"), fact("2 s")));
            set(p, "tau_mem", "2001 ms");
        },
        &format!("{at}: `tau_mem` = 2001 ms: the chip lets programs ask for 1 ms to 2 s"),
    );
}

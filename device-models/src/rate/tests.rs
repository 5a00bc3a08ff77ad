//! Rate units against double precision, and parameters that are refused.

use super::*;
use crate::MismatchSetting;
use crate::PackedSynapse;
use crate::clocked::ClockedState;
use crate::testing::{core, quantity, spec};
use alloc::borrow::ToOwned;
use alloc::format;
use chip::{CoreModel, Values};
use disorder::Die;
use units::{DieId, Tick};

const GRADED: [bool; 6] = [false, false, false, false, true, false];
const BOTH: [bool; 6] = [false, false, false, false, true, true];

fn build(spec: &ChipSpec, core: &CoreProgram) -> Result<RateParameters, DeviceModelError> {
    RateParameters::build(spec, core, InputLayout::new(spec, core, &GRADED)?, &DieParameters::nominal())
}

/// One unit under a wandering input: its output stays within 1.1 units of 2^-16 of the same unit in double precision,
/// for fast and slow leaks.
#[test]
fn levels_follow_double_precision() {
    for leak in ["1", "0.5", "0.03125"] {
        let program = core(CoreModel::Rate, 1, &[("leak", &format!("{leak} 1")), ("drive", "0.25 mV")]);
        let mut unit = RateCore::new(build(&spec(), &program).unwrap());
        let leak: f64 = leak.parse().unwrap();
        // Weight 512 * 2^10 is one half in 20 fraction bits.
        let synapse = unit.parameters().layout().pack(4, 0, 512).unwrap();
        let (mut input, mut x, mut worst) = (0i32, 0f64, 0f64);
        for step in 0..4000i32 {
            let change = (step.wrapping_mul(7919) % 40_009) - 20_004 - input / 16;
            input += change;
            unit.deliver(&[synapse], change);
            unit.advance(Tick(0));
            x += leak * ((0.5 * f64::from(input) / 65536.0 + 0.25).tanh() - x);
            worst = worst.max((unit.probe(1, NeuronId(0), Tick(0)) as f64 - x * 65536.0).abs());
        }
        assert!(worst < 1.1, "leak {leak}: {worst} units of 2^-16");
    }
}

/// Units of the equation x += a (-x + g W tanh(x) + tanh(W_in u + b)) under a wandering input, and the same in double
/// precision from the same weights: states within 2^-12 over 4000 steps. What is rounded is y, to 2^-17, through rows
/// of absolute sum below 4.
#[test]
fn recurrence_outside_the_tanh_follows_double_precision() {
    const UNITS: usize = 20;
    let weights: Vec<Vec<i16>> = (0..UNITS as i32)
        .map(|i| (0..UNITS as i32).map(|j| ((i * 7919 + j * 104_729) % 401 - 150) as i16).collect())
        .collect();
    let parameters = [("leak", "0.1 1"), ("drive", "1 mV"), ("activation_rule", "1 1")];
    let program = core(CoreModel::Rate, UNITS as u32, &parameters);
    let layout = InputLayout::new(&spec(), &program, &BOTH).unwrap();
    let parameters = RateParameters::build(&spec(), &program, layout, &DieParameters::nominal()).unwrap();
    let leak = f64::from(parameters.leak().mantissas()[0]) / 2f64.powi(15 + parameters.leak().shift());
    let mut units = RateCore::new(parameters);
    let pack = |units: &RateCore, kind, n, weight| units.parameters().layout().pack(kind, n, weight).unwrap();
    // Weights have 10 fraction bits here.
    let column = |units: &RateCore, j: usize| -> Vec<PackedSynapse> {
        (0..UNITS).map(|i| pack(units, 5, i, weights[i][j])).collect()
    };
    let columns: Vec<_> = (0..UNITS).map(|j| column(&units, j)).collect();
    let inputs: Vec<_> = (0..UNITS).map(|n| pack(&units, 4, n, 300 + 20 * n as i16)).collect();
    let (mut input, mut x, mut worst, mut largest) = (0i32, [0f64; UNITS], 0f64, 0f64);
    let mut sent: Vec<Emission> = Vec::new();
    for step in 0..4000i32 {
        let change = (step.wrapping_mul(7919) % 140_009) - 70_004 - input / 16;
        input += change;
        units.deliver(&inputs, change);
        sent.iter().for_each(|e| units.deliver(&columns[e.neuron.index()], e.payload));
        sent = units.advance(Tick(0)).to_vec();
        let y = x.map(f64::tanh);
        for (n, x) in x.iter_mut().enumerate() {
            let recurrent: f64 = weights[n].iter().zip(y).map(|(w, y)| f64::from(*w) / 1024.0 * y).sum();
            let own = f64::from(300 + 20 * n as i32) / 1024.0;
            *x += leak * (recurrent + (own * f64::from(input) / 65536.0 + 1.0).tanh() - *x);
            let found = units.probe(0, NeuronId(n as u16), Tick(0)) as f64 / 2f64.powi(28);
            worst = worst.max((found - *x).abs());
            largest = largest.max(x.abs());
        }
    }
    assert!(largest > 1.2, "a state beyond what a plain unit can have: {largest}");
    assert!(worst < 1.0 / 4096.0, "{worst}");
    assert_eq!(units.take_saturations(), 0);
}

/// A sum outside the tanh takes a state to 8, where it is cut and the cut counted; a plain unit sends the state, one
/// with the rule its tanh, and a saved state beyond 1 fits a core that can have made it.
#[test]
fn a_state_is_cut_at_eight_and_what_is_sent_follows_the_rule() {
    for (rule, y) in [("0 1", 8 << 16), ("1 1", 1 << 16)] {
        let program = core(CoreModel::Rate, 2, &[("leak", "0.5 1"), ("drive", "0 mV"), ("activation_rule", rule)]);
        let layout = InputLayout::new(&spec(), &program, &BOTH).unwrap();
        let mut units =
            RateCore::new(RateParameters::build(&spec(), &program, layout, &DieParameters::nominal()).unwrap());
        let synapse = units.parameters().layout().pack(5, 1, -1024 * 10).unwrap();
        units.deliver(&[synapse], 1 << 16);
        let sent: Vec<i32> = (0..8).flat_map(|_| units.advance(Tick(0)).to_vec()).map(|e| e.payload).collect();
        assert_eq!(sent.iter().sum::<i32>(), -y, "rule {rule}");
        assert_eq!(units.probe(0, NeuronId(1), Tick(0)), 1 - (1 << 31));
        let cuts = units.take_saturations();
        assert!((1..8).contains(&cuts), "{cuts}");
        assert_eq!(units.take_first_cut(), Some(Cut::state(1, 0)));
        let saved = units.save();
        assert!(units.restore(&saved));
        assert_eq!(units.save(), saved);
        let plain = core(CoreModel::Rate, 2, &[]);
        let mut other = RateCore::new(build(&spec(), &plain).unwrap());
        let without = ClockedState { sums: vec![vec![0; 2]], ..saved };
        assert!(!other.restore(&without), "no plain unit is beyond 1");
    }
}

#[test]
fn a_unit_that_does_not_change_sends_nothing_and_sleeps() {
    let program = core(CoreModel::Rate, 2, &[("leak", "1 1"), ("drive", "0 mV")]);
    let mut core = RateCore::new(build(&spec(), &program).unwrap());
    assert!(core.advance(Tick(0)).is_empty());
    assert!(!core.is_awake());
    let synapse = core.parameters().layout().pack(4, 1, 1024).unwrap();
    core.deliver(&[synapse], 1 << 15);
    let value = (0.5f64.tanh() * 65536.0).round() as i32;
    assert_eq!(core.advance(Tick(0)), [Emission { neuron: NeuronId(1), value, payload: value }]);
    assert!(core.is_awake());
    assert!(core.advance(Tick(0)).is_empty());
    assert!(!core.is_awake());
}

/// A chip whose units have time constants.
fn spec_with_tau() -> ChipSpec {
    let mut spec = spec();
    spec.parameters.remove("leak");
    spec.parameters.insert("tau_unit".to_owned(), crate::testing::mismatched("10 ms", "0.2 1"));
    spec
}

#[test]
fn a_chip_says_once_how_units_leak() {
    let broken = |spec: &ChipSpec| {
        let broken = chip::validate(spec).into_iter().find(|broken| broken.rule == "rate-units-leak-once");
        broken.map(|broken| format!("{}: {}", broken.path, broken.message))
    };
    assert_eq!((broken(&spec()), broken(&spec_with_tau())), (None, None));
    let mut both = spec_with_tau();
    both.parameters.insert("leak".to_owned(), crate::testing::parameter("0.5 1"));
    let twice = "models[1]: core model `rate` has its leak from `leak` or from `tau_unit`: leave one out";
    assert_eq!(broken(&both).as_deref(), Some(twice));
    both.parameters.remove("leak");
    both.parameters.remove("tau_unit");
    assert!(
        broken(&both).unwrap().starts_with("models[1]: core model `rate` needs the parameter `leak` or `tau_unit`")
    );
    // Units do not leak on a chip without any.
    both.models = [CoreModel::Lif].into();
    assert_eq!(broken(&both), None);
}

/// Each unit leaks by its own time constant: from rest, under a constant drive, it is at tanh(drive) times
/// 1 - exp(-n/tau) after n steps of 1 ms.
#[test]
fn time_constants_are_those_of_the_units() {
    let spec = spec_with_tau();
    let die = Die { root_seed: 1, id: DieId(2) };
    let die = DieParameters::new(&spec, die, MismatchSetting::default()).unwrap();
    let program = core(CoreModel::Rate, 20, &[("drive", "0.5 mV")]);
    let layout = InputLayout::new(&spec, &program, &GRADED).unwrap();
    let mut units = RateCore::new(RateParameters::build(&spec, &program, layout, &die).unwrap());
    let effective = crate::effective(&spec, &program, &die).unwrap();
    let [effective] = &effective[..] else { panic!("only the time constant differs: {effective:?}") };
    assert_eq!((effective.parameter.as_str(), effective.grid), ("tau_unit", crate::Grid::Leak));
    for _ in 0..15 {
        units.advance(Tick(0));
    }
    let float = |x: Real| x.to_bits() as f64 / 2f64.powi(32);
    for n in 0..20u16 {
        let tau = 10.0 * float(die.factor("tau_unit", program.address, NeuronId(n)));
        let expected = 0.5f64.tanh() * (1.0 - (-15.0 / tau).exp());
        let x = units.probe(0, NeuronId(n), Tick(0)) as f64 / 2f64.powi(28);
        assert!((x - expected).abs() < 1e-5, "unit {n}: {x}, not {expected}");
        assert!((float(effective.used[usize::from(n)]) / tau - 1.0).abs() < 2e-4, "unit {n}");
    }
}

#[test]
fn impossible_parameters_are_refused() {
    let check = |value: &str, expected: &str| {
        let mut program = core(CoreModel::Rate, 2, &[]);
        program.parameters.insert("leak".to_owned(), Values::Shared(quantity(value)));
        let error = build(&spec(), &program).unwrap_err();
        assert!(format!("{error}").starts_with(expected), "{error}");
    };
    let demand = "core model `rate` needs a value above 0, at most 1";
    check("0 1", &format!("chip 0 core 0 neuron 0: `leak` = 0: {demand}"));
    check("1.5 1", &format!("chip 0 core 0 neuron 0: `leak` = 1.5: {demand}"));
    check("150 %", &format!("chip 0 core 0 neuron 0: `leak` = 150 %: {demand}"));
    check("1 ms", "chip 0 core 0 neuron 0: `leak` = 1 ms: this is a time, but a pure number is needed here");
    let program = core(CoreModel::Rate, 2, &[("tau_unit", "0 ms")]);
    let error = build(&spec_with_tau(), &program).unwrap_err();
    assert!(
        format!("{error}").starts_with("chip 0 core 0 neuron 0: `tau_unit` = 0 ms: core model `rate` needs"),
        "{error}"
    );
    let mut spec = spec();
    spec.parameters.remove("leak");
    let error = build(&spec, &core(CoreModel::Rate, 2, &[])).unwrap_err();
    assert!(format!("{error}").starts_with("the chip has no parameter `leak`, which the model `rate` needs"));
}

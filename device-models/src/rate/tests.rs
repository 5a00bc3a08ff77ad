//! Rate units against double precision, and parameters that are refused.

use super::*;
use crate::EventCore;
use crate::testing::{core, quantity, spec};
use alloc::borrow::ToOwned;
use alloc::format;
use chip::{CoreModel, Values};
use units::Tick;

const GRADED: [bool; 5] = [false, false, false, false, true];

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
    let mut spec = spec();
    spec.parameters.remove("leak");
    let error = build(&spec, &core(CoreModel::Rate, 2, &[])).unwrap_err();
    assert!(format!("{error}").starts_with("the chip has no parameter `leak`, which the model `rate` needs"));
}

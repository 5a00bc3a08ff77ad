//! Dies: pairing, scaling, correlation, and settings that are refused.

use super::*;
use crate::testing::{CORE, core, fact, mismatched, quantity, spec};
use alloc::borrow::ToOwned;
use chip::{CoreModel, MismatchSpec};
use disorder::{Die, Family};
use std::format;
use units::DieId;

fn die(spec: &ChipSpec, id: u32, setting: MismatchSetting) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 1, id: DieId(id) }, setting).unwrap()
}

fn to_cv(cv: &str) -> MismatchSetting {
    MismatchSetting { scale_to_cv: Some(cv.parse().unwrap()), ..MismatchSetting::default() }
}

fn float(value: Real) -> f64 {
    value.to_bits() as f64 / 2f64.powi(32)
}

fn factors(die: &DieParameters, parameter: &str) -> Vec<f64> {
    (0..1000).map(|n| float(die.factor(parameter, CORE, NeuronId(n)))).collect()
}

/// The scale of a core with these parameters and this weight exponent; a threshold of 1 mV is nominal.
fn scale(parameters: &[(&str, &str)], weight_exponent: u8) -> i8 {
    let program = core(CoreModel::Lif, 3, parameters);
    spec().core_scale(&CoreProgram { weight_exponent, ..program })
}

#[test]
fn the_scale_of_a_core_follows_its_largest_threshold() {
    for (threshold, exponent, expected) in [
        ("1 mV", 0, 0),
        ("32 mV", 20, 0),
        ("32.01 mV", 20, 5),
        ("63.99 mV", 20, 5),
        ("64 mV", 20, 6),
        ("0.511 V", 20, 8),
        ("0.125 mV", 0, 0),
        ("0.1249 mV", 0, -4),
        ("62.5 uV", 0, -4),
        ("62.49 uV", 0, -5),
        ("2 uV", 0, -9),
        ("0.001 uV", 0, -10),
    ] {
        assert_eq!(scale(&[("v_threshold", threshold), ("drive", "0 mV")], exponent), expected, "{threshold}");
    }
    // A drive is never far from the end of states, and weights always fit.
    let small = ("v_threshold", "10 uV");
    for (drive, expected) in [("100 uV", -7), ("-0.5 mV", -5), ("2 mV", 0), ("500 mV", 0)] {
        assert_eq!(scale(&[small, ("drive", drive)], 0), expected, "{drive}");
    }
    for (exponent, expected) in [(3, -7), (4, -6), (9, -1), (10, 0), (20, 0)] {
        assert_eq!(scale(&[small, ("drive", "0 mV")], exponent), expected, "{exponent}");
    }
    // States are never coarser than weights.
    for (exponent, expected) in [(0, 0), (3, 3), (5, 5), (6, 6), (20, 6)] {
        assert_eq!(scale(&[("v_threshold", "100 mV")], exponent), expected, "{exponent}");
    }
    let mut program = core(CoreModel::Lif, 3, &[]);
    let list = ["1 mV", "90 mV", "2 mV"].map(quantity);
    program.parameters.insert("v_threshold".to_owned(), Values::PerNeuron(list.into()));
    assert_eq!(spec().core_scale(&program), 6);
    assert_eq!(spec().core_scale(&core(CoreModel::Rate, 3, &[("drive", "100 mV")])), 0);
}

/// Coefficient of variation and correlation of samples.
fn cv(x: &[f64]) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt() / mean
}

#[test]
fn every_cv_scales_with_the_reference() {
    let spec = spec();
    let found = |setting| {
        let die = die(&spec, 3, setting);
        (cv(&factors(&die, "tau_mem")), cv(&factors(&die, "gain_step")))
    };
    let close = |(a, b): (f64, f64), (x, y): (f64, f64)| (a / x - 1.0).abs() < 0.07 && (b / y - 1.0).abs() < 0.12;
    // As the chip file says: 0.2 for the reference, 0.4 for the gain.
    assert!(close(found(MismatchSetting::default()), (0.2, 0.4)));
    assert!(close(found(to_cv("0.1")), (0.1, 0.2)));
    assert_eq!(found(to_cv("0")), (0.0, 0.0));
}

#[test]
fn settings_stretch_one_die() {
    let spec = spec();
    let ranks = |setting| {
        let values = factors(&die(&spec, 3, setting), "tau_mem");
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        order
    };
    let small = ranks(to_cv("0.05"));
    assert_eq!(small, ranks(to_cv("0.5")));
    assert_eq!(small, ranks(MismatchSetting { family: Some(Family::Gamma), ..MismatchSetting::default() }));
    let other = factors(&die(&spec, 4, to_cv("0.05")), "tau_mem");
    assert_ne!(other, factors(&die(&spec, 3, to_cv("0.05")), "tau_mem"), "another die is another die");
}

#[test]
fn correlated_parameters_move_together() {
    let mut spec = spec();
    let mut gain = mismatched("1 1", "0.2 1");
    let correlation = chip::Correlation { with: "tau_mem".to_owned(), rho: fact("0.8 1") };
    gain.mismatch.as_mut().unwrap().correlation = Some(correlation);
    spec.parameters.insert("gain_up".to_owned(), gain);
    let die = die(&spec, 3, MismatchSetting::default());
    let logs = |name| factors(&die, name).iter().map(|x| x.ln()).collect::<Vec<_>>();
    let (x, y) = (logs("tau_mem"), logs("gain_up"));
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let product: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let square = |x: &[f64], m: f64| x.iter().map(|x| (x - m).powi(2)).sum::<f64>();
    let rho = product / (square(&x, mx) * square(&y, my)).sqrt();
    assert!((rho - 0.8).abs() < 0.03, "{rho}");
}

#[test]
fn what_has_no_mismatch_has_the_factor_1() {
    let spec = spec();
    let die = die(&spec, 3, MismatchSetting::default());
    assert_eq!(die.factor("drive", CORE, NeuronId(7)), Real::ONE);
    assert_eq!(die.factor("no such parameter", CORE, NeuronId(7)), Real::ONE);
    assert_eq!(DieParameters::nominal().factor("tau_mem", CORE, NeuronId(7)), Real::ONE);
    assert_eq!(die.mismatched().count(), 7);
}

/// A change of the chip, a setting, and the error.
#[track_caller]
fn check_refused(change: impl FnOnce(&mut ChipSpec), setting: MismatchSetting, expected: &str) {
    let mut spec = spec();
    change(&mut spec);
    let error = DieParameters::new(&spec, Die { root_seed: 1, id: DieId(0) }, setting).unwrap_err();
    assert!(format!("{error}").starts_with(expected), "{error}");
}

#[test]
fn impossible_mismatch_is_refused() {
    let default = MismatchSetting::default;
    fn mismatch(spec: &mut ChipSpec) -> &mut MismatchSpec {
        spec.parameters.get_mut("tau_mem").and_then(|p| p.mismatch.as_mut()).unwrap()
    }
    let none = "mismatch cannot be scaled to a CV: chip `unit` has no mismatch at its reference parameter";
    check_refused(|s| s.mismatch_reference = None, to_cv("0.1"), none);
    check_refused(|s| s.mismatch_reference = Some("drive".to_owned()), to_cv("0.1"), none);
    check_refused(|s| mismatch(s).cv = fact("0 1"), to_cv("0.1"), none);
    check_refused(|s| mismatch(s).cv = fact("-0.1 1"), default(), "mismatch of `tau_mem`: a coefficient of variation");
    check_refused(|s| mismatch(s).cv = fact("1 ms"), default(), "`tau_mem`: ");
    check_refused(|_| {}, to_cv("-1"), "mismatch of `gain_step`: a coefficient of variation");
    check_refused(
        |s| mismatch(s).truncation = Some((fact("2 1"), fact("1 1"))),
        default(),
        "mismatch of `tau_mem`: a truncation",
    );
    let correlation = |with: &str, rho| Some(chip::Correlation { with: with.to_owned(), rho: fact(rho) });
    check_refused(
        |s| mismatch(s).correlation = correlation("nothing", "0.5 1"),
        default(),
        "mismatch of `tau_mem`: it is to be correlated with `nothing`, which this chip does not have",
    );
    check_refused(
        |s| mismatch(s).correlation = correlation("gain_up", "1.5 1"),
        default(),
        "mismatch of `tau_mem`: a correlation",
    );
    // Without mismatch at all, CV 0 is no scaling.
    let mut spec = spec();
    spec.parameters.values_mut().for_each(|p| p.mismatch = None);
    assert!(DieParameters::new(&spec, Die { root_seed: 1, id: DieId(0) }, to_cv("0")).is_ok());
}

#[test]
fn a_nominal_value_in_percent_is_what_it_says() {
    let mut spec = spec();
    spec.parameters.insert("leak".to_owned(), crate::testing::parameter("50 %"));
    let (core, die) = (crate::testing::core(chip::CoreModel::Rate, 1, &[]), DieParameters::nominal());
    let leak = Reader::new(&spec, &core, &die).and_then(|reader| reader.parameter("leak")).unwrap();
    assert_eq!(leak.asked, [Real::from_decimal("0.5".parse().unwrap()).unwrap()]);
}

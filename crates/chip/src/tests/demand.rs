//! Which values a bound admits, and what it says of the others.

use crate::{Bound, CoreModel, Measure};
use alloc::string::ToString;
use proptest::prelude::*;
use units::{Decimal, Quantity, Unit};

/// What `bound` says of `value`; nothing if it admits it.
fn says(bound: Bound, value: &str) -> Option<alloc::string::String> {
    says_at(bound, value, None)
}

/// The same where `level` counts as 1.
fn says_at(bound: Bound, value: &str, level: Option<&str>) -> Option<alloc::string::String> {
    let quantity = |text: &str| text.parse::<Quantity>().expect("a quantity");
    bound.admits(quantity(value), level.map(quantity)).err().map(|demand| demand.to_string())
}

#[track_caller]
fn check(bound: Bound, admitted: &[&str], refused: &[&str], demand: &str) {
    for value in admitted {
        assert_eq!(says(bound, value), None, "{value}");
    }
    for value in refused {
        assert_eq!(says(bound, value).as_deref(), Some(demand), "{value}");
    }
}

#[test]
fn bounds_hold_at_their_ends() {
    check(Bound::Any, &["0 1", "-2147483647.9 1", "2147483647.9 1"], &[], "");
    check(Bound::NotNegative, &["0 ms", "1 us", "0 s"], &["-1 ms", "-1e-300 ms"], "at least 0");
    check(Bound::Positive, &["1 ms", "2.4e-10 ms"], &["0 ms", "-3 ms", "1e-10 ms"], "above 0 (at least 2^-32 ms)");
    check(Bound::Positive, &["50 %"], &["0 %", "0 1"], "above 0 (at least 2^-32)");
    check(Bound::Fraction, &["1 1", "100 %", "0.1 1"], &["0 1", "1.01 1", "101 %"], "above 0, at most 1");
    check(Bound::Threshold, &["511.9 mV", "0.5 V"], &["512 mV", "0.6 V", "0 mV"], "above 0 and below 512 mV");
    check(Bound::Threshold, &["511 1"], &["512 1"], "above 0 and below 512");
    check(Bound::Membrane, &["512 mV", "-512 mV", "0 mV"], &["512.1 mV", "-0.6 V"], "from -512 to 512 mV");
    let register = Bound::Whole { least: -2, most: 7 };
    check(register, &["-2 1", "7 1", "700 %"], &["-3 1", "8 1", "0.5 1", "50 %"], "from -2 to 7 that is whole");
}

/// A threshold of 20 mV, of 3 nV (in a file in V) and of 45 are each 1: what is allowed is 512 times that, and what is
/// written in another unit is the same.
#[test]
fn levels_are_judged_relative_to_the_threshold() {
    let check = |level: &str, bound: Bound, admitted: &[&str], refused: &[&str], demand: &str| {
        for value in admitted {
            assert_eq!(says_at(bound, value, Some(level)), None, "{value}");
        }
        for value in refused {
            assert_eq!(says_at(bound, value, Some(level)).as_deref(), Some(demand), "{value}");
        }
    };
    let threshold = Bound::Threshold;
    check(
        "20 mV",
        threshold,
        &["10239 mV", "10.239 V", "0.5 uV"],
        &["10240 mV", "0 V"],
        "above 0 and below 512 times the nominal threshold of 20 mV",
    );
    check(
        "3e-9 V",
        threshold,
        &["3e-3 uV", "1.5e-6 V"],
        &["1.6 uV"],
        "above 0 and below 512 times the nominal threshold of 3e-9 V",
    );
    check(
        "45 1",
        Bound::Membrane,
        &["23040 1", "-23040 1"],
        &["23041 1"],
        "from -512 to 512 times the nominal threshold of 45",
    );
    check("1 mV", Bound::Any, &["2147483647 mV"], &["2147483648 mV"], "between -2^31 and 2^31 mV");
    check(
        "137 uV",
        Bound::Any,
        &["200 V"],
        &["300000 V"],
        "between -2^31 and 2^31 times the nominal threshold of 137 uV",
    );
    // A pure number is no voltage: that is said elsewhere, and here it is judged as it stands.
    check("20 mV", Bound::Membrane, &["512 1"], &["513 1"], "from -512 to 512");
}

#[test]
fn what_cannot_be_kept_is_refused_by_every_bound() {
    let register = Bound::Whole { least: 0, most: 1 };
    let all = [Bound::Any, Bound::NotNegative, Bound::Positive, Bound::Threshold, Bound::Membrane, register];
    for bound in all {
        check(bound, &[], &["1e12 ms", "-1e12 ms", "1e300 s", "2147483648 ms"], "between -2^31 and 2^31 ms");
    }
}

#[test]
fn a_parameter_is_named_once_a_model() {
    for model in CoreModel::ALL {
        let facts = model.facts();
        for (index, parameter) in facts.parameters.iter().enumerate() {
            let (name, before) = (parameter.name, &facts.parameters[..index]);
            assert!(before.iter().all(|other| other.name != name), "{model}: {name} twice");
            // What counts as 0 where it is absent must be able to be 0, or it is needed as soon as it is used.
            let zero = Quantity::new(Decimal::ZERO, Unit::ONE);
            let needed = ["tau_adaptation", "leak", "tau_unit", "tau_leak"];
            let zero_is_possible = parameter.bound.admits(zero, None).is_ok() || needed.contains(&name);
            assert!(!parameter.optional || zero_is_possible, "{model}: {name}");
            assert!(facts.digital == (parameter.measure == Measure::Pure) || !facts.digital, "{model}: {name}");
        }
        assert!(!facts.summary.is_empty() && facts.gates == facts.kinetics.is_empty(), "{model}");
    }
}

proptest! {
    /// The unit in which a value is written makes no difference.
    #[test]
    fn a_bound_judges_the_value_and_not_its_spelling(mantissa in -1_000_000_000i64..1_000_000_000, shift in -8i16..4) {
        let bounds = [Bound::Any, Bound::NotNegative, Bound::Positive, Bound::Threshold, Bound::Membrane];
        let value = Decimal::new(mantissa, shift);
        for bound in bounds {
            let milli = bound.admits(Quantity::new(value, Unit::MILLISECOND), None);
            let micro = bound.admits(Quantity::new(value.scaled(3), Unit::MICROSECOND), None);
            let second = bound.admits(Quantity::new(value.scaled(-3), Unit::SECOND), None);
            prop_assert_eq!(milli, micro);
            prop_assert_eq!(milli, second);
        }
    }
}

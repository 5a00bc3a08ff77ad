//! Device-to-device variation.

use super::Findings;
use crate::spec::{ChipSpec, Fact, MismatchSpec, Section, WEIGHTS};
use alloc::{
    format,
    string::{String, ToString},
};
use disorder::{DisorderError, Distribution, Family};
use fx::Real;
use units::{Decimal, Unit};

/// Everything with mismatch, and the path of it: the parameters, then the weights.
fn all(spec: &ChipSpec) -> impl Iterator<Item = (&str, String, &MismatchSpec)> {
    let weights = spec.weight_mismatch.iter().map(|m| (WEIGHTS, "weights.mismatch".to_string(), m));
    parameters(spec).chain(weights)
}

/// All parameters with mismatch, and the path of it.
fn parameters(spec: &ChipSpec) -> impl Iterator<Item = (&str, String, &MismatchSpec)> {
    spec.parameters
        .iter()
        .filter_map(|(name, p)| p.mismatch.as_ref().map(|m| (name.as_str(), format!("parameters.{name}.mismatch"), m)))
}

/// Names of the parameters with mismatch.
fn names(spec: &ChipSpec) -> impl Iterator<Item = &String> {
    spec.parameters.iter().filter(|(_, p)| p.mismatch.is_some()).map(|(name, _)| name)
}

/// `fact` as a pure number, silently: the rule that owns the entry reports it.
fn pure(fact: &Fact) -> Option<Decimal> {
    fact.quantity.value_in(Unit::ONE).ok()
}

pub(super) fn cv_is_not_negative(spec: &ChipSpec, findings: &mut Findings) {
    for (_, path, mismatch) in all(spec) {
        let path = format!("{path}.cv");
        let Some(cv) = findings.pure(&path, &mismatch.cv) else { continue };
        if cv < Decimal::ZERO {
            let message = format!("a coefficient of variation of {cv} is not possible: it is a spread, so 0 or more");
            findings.add(path, message);
        }
    }
}

pub(super) fn truncation_is_an_interval(spec: &ChipSpec, findings: &mut Findings) {
    for (_, path, mismatch) in all(spec) {
        let Some((low, high)) = &mismatch.truncation else { continue };
        let (low_path, high_path) = (format!("{path}.truncation.low"), format!("{path}.truncation.high"));
        let (low, high) = (findings.pure(&low_path, low), findings.pure(&high_path, high));
        let (Some(low), Some(high)) = (low, high) else { continue };
        let one = Decimal::integer(1);
        if low >= high {
            findings.add(low_path, format!("the lowest factor, {low}, must be below the highest, {high}"));
        } else if low >= one {
            findings.add(low_path, format!("this is {low}, but the lowest factor must be below 1, the nominal one"));
        } else if high <= one {
            findings.add(high_path, format!("this is {high}, but the highest factor must be above 1, the nominal one"));
        }
    }
}

/// The CV from which on a family has factors of 0 or less; `None` if it never has.
fn reaches_zero_at(family: Family) -> Option<Decimal> {
    match family {
        Family::LogNormal | Family::Gamma => None,
        Family::Normal | Family::MirroredLogNormal => Some(Decimal::ZERO),
        // Half-width sqrt(3) CV.
        Family::Uniform => Some(Decimal::new(577_350_269, -9)),
        // 1 - CV and 1 + CV.
        Family::TwoPoint => Some(Decimal::integer(1)),
    }
}

pub(super) fn factors_stay_positive(spec: &ChipSpec, findings: &mut Findings) {
    let readings = spec.readings();
    for (name, path, mismatch) in all(spec) {
        let reader = if path.starts_with("weights.") {
            "a synapse".into()
        } else if let Some(reading) = readings.iter().find(|r| r.parameter == name && r.bound.is_positive()) {
            reading.by.to_string()
        } else {
            continue;
        };
        let (Some(cv), Some(limit)) = (pure(&mismatch.cv), reaches_zero_at(mismatch.family)) else { continue };
        let cut_above_zero = match &mismatch.truncation {
            // A cut that is no pure number is refused elsewhere.
            Some((low, _)) => pure(low).is_none_or(|low| low > Decimal::ZERO),
            None => false,
        };
        if cv > Decimal::ZERO && cv >= limit && !cut_above_zero {
            let message = format!(
                "this mismatch has factors of 0 and below, but {reader} needs `{name}` above 0: add a `truncation` \
                 whose `low` is above 0, or use the family `log-normal` or `gamma`"
            );
            findings.add(path, message);
        }
    }
}

pub(super) fn can_be_drawn(spec: &ChipSpec, findings: &mut Findings) {
    for (_, path, mismatch) in all(spec) {
        let real = |fact: &Fact| Real::from_decimal(pure(fact)?).ok();
        let Some(cv) = real(&mismatch.cv).filter(|cv| *cv >= Real::ZERO) else { continue };
        let truncation = match &mismatch.truncation {
            None => None,
            Some((low, high)) => match (real(low), real(high)) {
                (Some(low), Some(high)) if low < high => Some((low, high)),
                _ => continue,
            },
        };
        match Distribution::new(mismatch.family, cv, truncation) {
            Ok(_) => {}
            Err(error @ DisorderError::CvTooLarge { .. }) => findings.add(format!("{path}.cv"), error.to_string()),
            Err(error) => findings.add(path, error.to_string()),
        }
    }
}

pub(super) fn shares_add_up(spec: &ChipSpec, findings: &mut Findings) {
    /// 10^18: shares are added as integers of this many parts.
    const PARTS: i64 = 1_000_000_000_000_000_000;
    for (_, path, mismatch) in all(spec) {
        let Some(shares) = &mismatch.shares else { continue };
        let path = format!("{path}.shares");
        let mut sum = Some(0);
        for stated in shares.stated() {
            let path = format!("{path}.{}", stated.path);
            let share = findings.pure(&path, stated.fact);
            if let Some(share) = share
                && !(Decimal::ZERO..=Decimal::integer(1)).contains(&share)
            {
                findings.add(path, format!("a share of {share} is not possible: it is from 0 to 1"));
                sum = None;
            } else {
                let parts = share.and_then(|s| s.scaled(18).to_bits(0).ok());
                sum = sum.zip(parts).map(|(a, b)| a + b);
            }
        }
        if let Some(sum) = sum
            && sum != PARTS
        {
            let sum = Decimal::new(sum, -18);
            findings.add(path, format!("the shares of die, core and circuit add up to {sum}, but must add up to 1"));
        }
    }
}

pub(super) fn correlations(spec: &ChipSpec, findings: &mut Findings) {
    if spec.weight_mismatch.as_ref().is_some_and(|m| m.correlation.is_some()) {
        let message = "weights belong to synapses, parameters to neurons: they cannot be correlated".into();
        findings.add("weights.mismatch.correlation", message);
    }
    for (name, path, mismatch) in parameters(spec) {
        let Some(correlation) = &mismatch.correlation else { continue };
        let path = format!("{path}.correlation.with");
        let with = &correlation.with;
        if with == name {
            findings.add(path, format!("`{name}` cannot be correlated with itself: name another parameter"));
            continue;
        }
        let Some(other) = spec.parameters.get(with) else {
            let others = names(spec).filter(|other| *other != name);
            findings.add_wrong_name(path, "a parameter of this chip", with, others);
            continue;
        };
        match &other.mismatch {
            None => findings.add(path, format!("`{with}` has no mismatch that `{name}` could be correlated with")),
            Some(m) if m.correlation.is_some() => {
                let message = format!(
                    "`{with}` is itself correlated with another parameter: correlate both with the same, uncorrelated \
                     one"
                );
                findings.add(path, message);
            }
            Some(_) => {}
        }
    }
}

pub(super) fn rho_is_a_correlation(spec: &ChipSpec, findings: &mut Findings) {
    for (_, path, mismatch) in parameters(spec) {
        let Some(correlation) = &mismatch.correlation else { continue };
        let path = format!("{path}.correlation.rho");
        let Some(rho) = findings.pure(&path, &correlation.rho) else { continue };
        if !(Decimal::integer(-1)..=Decimal::integer(1)).contains(&rho) {
            findings.add(path, format!("a correlation of {rho} is not possible: it is from -1 to 1"));
        }
    }
}

pub(super) fn reference(spec: &ChipSpec, findings: &mut Findings) {
    let path = "mismatch_reference";
    match &spec.mismatch_reference {
        None if all(spec).next().is_some() => {
            let message = "a chip with mismatch needs `mismatch_reference`: the parameter whose CV is meant when the \
                           mismatch of the whole chip is scaled"
                .into();
            findings.add(path, message);
        }
        None => {}
        Some(name) => match spec.mismatch_of(name) {
            None if name != WEIGHTS && !spec.parameters.contains_key(name) => {
                findings.add_wrong_name(path.into(), "a parameter of this chip", name, names(spec));
            }
            None => findings.add(path, format!("`{name}` has no mismatch, so nothing can be scaled to its CV")),
            Some(m) if pure(&m.cv) == Some(Decimal::ZERO) => {
                findings.add(path, format!("`{name}` has CV 0, so the mismatch of the chip cannot be scaled by it"));
            }
            Some(_) => {}
        },
    }
}

//! Faults and noise.

use super::Findings;
use crate::spec::{ChipSpec, Number, RouterKind, Section, Sort};
use crate::variation::FaultSpec;
use alloc::format;
use units::Decimal;

/// Whether a pure number is one that `number` can have.
fn possible(number: &Number, value: Decimal) -> bool {
    (Decimal::integer(*number.range.start())..=Decimal::integer(*number.range.end())).contains(&value)
}

pub(super) fn probabilities(spec: &ChipSpec, findings: &mut Findings) {
    for stated in spec.faults.iter().flat_map(FaultSpec::probabilities) {
        let path = format!("faults.{}", stated.path);
        let Some(p) = findings.pure(&path, stated.fact) else { continue };
        if !possible(stated.number, p) {
            findings.add(path, format!("a probability of {p} is not possible: it is from 0 to 1"));
        }
    }
}

pub(super) fn flipped_bits(spec: &ChipSpec, findings: &mut Findings) {
    let (Some(faults), Some(number)) = (&spec.faults, FaultSpec::weight_bits_number()) else { return };
    let (low, high) = (number.range.start(), number.range.end());
    let path = "faults.weight_bits";
    match (spec.router.kind(), &faults.weight_bits) {
        (RouterKind::TagCam, Some(_)) => {
            findings.add(path, "the router `tag-cam` has `weight_bits` of its own: remove this one".into());
        }
        (RouterKind::Ideal, Some(bits)) if !bits.count().is_some_and(|b| number.holds(b)) => {
            let message = format!("this is {}, but a stored weight has from {low} to {high} bits", bits.quantity);
            findings.add(path, message);
        }
        (RouterKind::Ideal, None) if faults.weight_bit_flip.is_some() => {
            let message = format!("bits of what? Add `weight_bits`, the bits of a stored weight, from {low} to {high}");
            findings.add("faults.weight_bit_flip", message);
        }
        _ => {}
    }
}

pub(super) fn noise(spec: &ChipSpec, findings: &mut Findings) {
    for stated in spec.noise.iter().flat_map(Section::stated) {
        let path = format!("noise.{}", stated.path);
        let (number, fact) = (stated.number, stated.fact);
        let most = number.range.end();
        if number.sort == Sort::Count {
            if !fact.count().is_some_and(|ticks| number.holds(ticks)) {
                let message = format!("this is {}, but jitter is a whole number of ticks, 0 to {most}", fact.quantity);
                findings.add(path, message);
            }
            continue;
        }
        let Some(cv) = findings.pure(&path, fact) else { continue };
        if !possible(number, cv) {
            findings.add(path, format!("a coefficient of variation of {cv} is not possible: it is from 0 to {most}"));
        }
    }
}

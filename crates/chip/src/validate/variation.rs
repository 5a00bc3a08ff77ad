//! Faults and noise.

use super::Findings;
use crate::spec::{ChipSpec, Number, RouterKind, Section, Sort};
use crate::variation::{FaultSpec, NoiseSpec};
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

/// The family of jitter follows from its keys, which belong together.
fn jitter_keys(noise: &NoiseSpec, findings: &mut Findings) {
    let path = "noise.event_jitter_median";
    let spread = match (&noise.event_jitter_sd, &noise.event_jitter_fold) {
        (Some(_), Some(_)) => {
            let message = "lateness is normal or log-normal: keep `event_jitter_sd` or `event_jitter_fold`";
            return findings.add("noise.event_jitter_fold", message.into());
        }
        (Some(_), None) => Some("noise.event_jitter_sd"),
        (None, Some(_)) => Some("noise.event_jitter_fold"),
        (None, None) => None,
    };
    match (&noise.event_jitter_median, spread) {
        (Some(_), None) => {
            let message = "around it, how? Add `event_jitter_sd` (normal) or `event_jitter_fold` (log-normal)";
            findings.add(path, message.into());
        }
        (None, Some(spread)) => findings.add(spread, "around what? Add `event_jitter_median`".into()),
        (Some(_), Some(_)) if noise.event_jitter_ticks.is_none() => {
            findings.add(path, "how late at most? Add `event_jitter_ticks`".into());
        }
        _ => {}
    }
}

pub(super) fn noise(spec: &ChipSpec, findings: &mut Findings) {
    if let Some(noise) = &spec.noise {
        jitter_keys(noise, findings);
    }
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
        if number.sort == Sort::Amount {
            if !possible(number, cv) {
                let least = number.range.start();
                findings.add(path, format!("this is {cv}, but it is from {least} to {most}"));
            }
            continue;
        }
        if !possible(number, cv) {
            findings.add(path, format!("a coefficient of variation of {cv} is not possible: it is from 0 to {most}"));
        }
    }
}

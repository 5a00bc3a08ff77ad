//! Faults and noise.

use super::Findings;
use crate::spec::{ChipSpec, RouterSpec};
use alloc::format;
use units::Decimal;

/// Largest CV of a noise budget, as of mismatch.
const CV_MAX: i64 = 4;
/// Most ticks of jitter: a bucket of the queue is kept for each.
const JITTER_MAX: u64 = 1000;
/// Bits of a stored weight.
const WEIGHT_BITS: core::ops::RangeInclusive<u64> = 2..=16;

pub(super) fn probabilities(spec: &ChipSpec, findings: &mut Findings) {
    for (name, fact) in spec.faults.iter().flat_map(|f| f.probabilities()) {
        let path = format!("faults.{name}");
        let Some(p) = findings.pure(&path, fact) else { continue };
        if !(Decimal::ZERO..=Decimal::integer(1)).contains(&p) {
            findings.add(path, format!("a probability of {p} is not possible: it is from 0 to 1"));
        }
    }
}

pub(super) fn flipped_bits(spec: &ChipSpec, findings: &mut Findings) {
    let Some(faults) = &spec.faults else { return };
    let (low, high) = (WEIGHT_BITS.start(), WEIGHT_BITS.end());
    let path = "faults.weight_bits";
    match (&spec.router, &faults.weight_bits) {
        (RouterSpec::TagCam(_), Some(_)) => {
            findings.add(path, "the router `tag-cam` has `weight_bits` of its own: remove this one".into());
        }
        (RouterSpec::Ideal, Some(bits)) if !bits.count().is_some_and(|b| WEIGHT_BITS.contains(&b)) => {
            let message = format!("this is {}, but a stored weight has from {low} to {high} bits", bits.quantity);
            findings.add(path, message);
        }
        (RouterSpec::Ideal, None) if faults.weight_bit_flip.is_some() => {
            let message = format!("bits of what? Add `weight_bits`, the bits of a stored weight, from {low} to {high}");
            findings.add("faults.weight_bit_flip", message);
        }
        _ => {}
    }
}

pub(super) fn noise(spec: &ChipSpec, findings: &mut Findings) {
    let Some(noise) = &spec.noise else { return };
    for (name, fact) in noise.cvs() {
        let path = format!("noise.{name}");
        let Some(cv) = findings.pure(&path, fact) else { continue };
        if !(Decimal::ZERO..=Decimal::integer(CV_MAX)).contains(&cv) {
            findings.add(path, format!("a coefficient of variation of {cv} is not possible: it is from 0 to {CV_MAX}"));
        }
    }
    if let Some(jitter) = &noise.event_jitter_ticks
        && jitter.count().is_none_or(|ticks| ticks > JITTER_MAX)
    {
        let message = format!("this is {}, but jitter is a whole number of ticks, 0 to {JITTER_MAX}", jitter.quantity);
        findings.add("noise.event_jitter_ticks", message);
    }
}

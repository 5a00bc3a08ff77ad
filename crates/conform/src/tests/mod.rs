//! Replays of generated cases against slow references, reading of hostile files, and the forms of a report.

mod axons;
mod braille;
mod brian;
mod conventions;
mod draft;
mod dynapsim;
mod flips;
mod golden;
mod hostile;
mod lava;
mod mapped;
mod nengo;
mod report;

use crate::{CaseResult, Difference, Outcome, run};
use draft::Draft;

/// Replays a draft that must pass; returns the number of values compared.
fn pass(draft: &Draft) -> u64 {
    let report = run(&[draft.write()]);
    match &report.cases[..] {
        [case] if matches!(case.result, CaseResult::Compared(Outcome::Pass { .. })) => case.values(),
        _ => panic!("{}", report.text()),
    }
}

/// Replays a draft that must fail; returns the difference.
fn fail(draft: &Draft) -> Difference {
    let report = run(&[draft.write()]);
    match report.cases.into_iter().next().map(|case| case.result) {
        Some(CaseResult::Compared(Outcome::Fail(difference))) => *difference,
        other => panic!("{other:?}"),
    }
}

/// Replays a draft that must be refused; returns the message.
fn error(draft: &Draft) -> String {
    let report = run(&[draft.write()]);
    match report.cases.into_iter().next().map(|case| case.result) {
        Some(CaseResult::Error(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A small generator: the tests need variety, not quality.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, range: std::ops::RangeInclusive<i64>) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let span = (range.end() - range.start() + 1) as u64;
        range.start() + ((self.0 >> 33) % span) as i64
    }

    fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(0..=from.len() as i64 - 1) as usize]
    }

    fn list(&mut self, length: usize, range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
        (0..length).map(|_| self.roll(range.clone())).collect()
    }

    /// Zeros and, one time in `rarity`, a value of `range`.
    fn sparse(&mut self, length: usize, rarity: i64, range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
        (0..length).map(|_| if self.roll(1..=rarity) == 1 { self.roll(range.clone()) } else { 0 }).collect()
    }
}

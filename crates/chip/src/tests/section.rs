//! The groups of numbers: every router can be read from what it says of itself.

use crate::{
    Evidence, Fact, FaultSpec, Geometry, NoiseSpec, Number, NumberReader, RouterKind, Section, SharesSpec, Sort,
};
use alloc::{string::String, vec::Vec};
use units::{Decimal, Quantity, Unit};

fn fact(value: i64) -> Fact {
    let quantity = Quantity::new(Decimal::integer(value), Unit::ONE);
    Fact { quantity, source: "test".into(), evidence: Evidence::Assumed }
}

/// Gives each number the value of its turn, and notes the keys; a number that may be absent is there if `full`.
struct Turns {
    keys: Vec<&'static str>,
    full: bool,
    missing: Option<&'static str>,
}

impl Turns {
    fn turn(&mut self, key: &'static str) -> Option<Fact> {
        self.keys.push(key);
        (self.missing != Some(key)).then(|| fact(self.keys.len() as i64))
    }
}

impl NumberReader for Turns {
    fn required(&mut self, key: &'static str) -> Option<Fact> {
        self.turn(key)
    }

    fn optional(&mut self, key: &'static str) -> Option<Option<Fact>> {
        let found = self.turn(key)?;
        Some(self.full.then_some(found))
    }

    fn interval(&mut self, key: &'static str) -> Option<(Fact, Fact)> {
        let found = self.turn(key)?;
        Some((found.clone(), found))
    }
}

/// The numbers of a router that is read, by path, without the ends of intervals.
fn read(kind: RouterKind, full: bool) -> Vec<(String, i64)> {
    let mut turns = Turns { keys: Vec::new(), full, missing: None };
    let router = kind.read(&mut turns).expect("every number is there");
    assert_eq!((router.kind(), router.name()), (kind, kind.name()));
    let expected: Vec<&str> = kind.numbers().iter().map(|number| number.key).collect();
    assert_eq!(turns.keys, expected, "each key is read once, in order");
    let value = |fact: &Fact| fact.quantity.value.to_bits(0).expect("a small number");
    router.stated().iter().map(|stated| (stated.path.clone(), value(stated.fact))).collect()
}

#[test]
fn every_number_comes_back_under_its_key() {
    for kind in RouterKind::ALL {
        let mut expected = Vec::new();
        for (index, number) in kind.numbers().iter().enumerate() {
            let ends: &[&str] = if number.sort == Sort::Interval { &[".low", ".high"] } else { &[""] };
            expected.extend(ends.iter().map(|end| (alloc::format!("{}{end}", number.key), index as i64 + 1)));
        }
        assert_eq!(read(kind, true), expected, "{kind}");
        let optional = |path: &str| kind.numbers().iter().any(|number| number.key == path && number.optional);
        expected.retain(|(path, _)| !optional(path));
        assert_eq!(read(kind, false), expected, "{kind}");
    }
}

#[test]
fn one_missing_number_does_not_hide_another() {
    for kind in RouterKind::ALL {
        for number in kind.numbers() {
            let mut turns = Turns { keys: Vec::new(), full: true, missing: Some(number.key) };
            assert_eq!(kind.read(&mut turns), None, "{kind}: {}", number.key);
            assert_eq!(turns.keys.len(), kind.numbers().len(), "all are read: {kind}, {}", number.key);
        }
    }
}

#[test]
fn statements_are_complete() {
    let routers = RouterKind::ALL.into_iter().map(RouterKind::numbers);
    let tables = [Geometry::NUMBERS, SharesSpec::NUMBERS, FaultSpec::NUMBERS, NoiseSpec::NUMBERS];
    for (index, numbers) in tables.into_iter().chain(routers).enumerate() {
        for number in numbers {
            let Number { key, sort, range, reason, meaning, .. } = number;
            assert!(range.start() < range.end() && meaning.ends_with('.'), "{index}: {key}");
            assert_eq!(reason.is_empty(), matches!(sort, Sort::Share | Sort::Cv | Sort::Amount), "{index}: {key}");
            assert!(numbers.iter().filter(|other| other.key == *key).count() == 1, "{index}: {key} twice");
        }
    }
    for kind in RouterKind::ALL {
        for (key, most, _) in kind.narrows() {
            let number = Geometry::NUMBERS.iter().find(|number| number.key == *key);
            assert!(number.is_some_and(|number| most < number.range.end()), "{kind} does not narrow {key}");
        }
    }
}

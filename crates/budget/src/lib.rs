//! What a command may take of memory and time unless it is told to take more, and estimates of what it would.
//!
//! Owns the limits ([`MEMORY_BYTES`], [`SECONDS`], [`RECORDS`]), the typical costs that several commands estimate with,
//! the list of what adds up to an [`Estimate`], and the refusal that names the number to lower. Estimates are made
//! from the numbers that a user gives, before anything of their size is allocated. They are the same on every machine,
//! and so is the refusal.
//!
//! It deliberately knows no type of what is estimated: who allocates also estimates.
//!
//! ```
//! use quenched_budget::{Allowance, Estimate};
//!
//! let mut estimate = Estimate::default();
//! estimate.memory("results of 4294967295 dies", 4_294_967_295, 800, "dies");
//! let refused = Allowance::Usual.check(&estimate).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "about 3.4 TB of memory would be needed, and 4.3 GB are the most that is taken unasked: \
//!      3.4 TB for results of 4294967295 dies"
//! );
//! assert_eq!(refused.help(), "lower `dies`, or go on with `--allow-large`");
//! assert!(Allowance::Large.check(&estimate).is_ok());
//! ```

mod cost;

pub use cost::{CONNECTION_BYTES, NEURON_BYTES, RECORD_BYTES, RECORDS, RECORDS_BYTES, UPDATES_PER_SECOND};

use std::fmt;

/// Most bytes of memory that are taken unasked: half of what a small machine of today has.
pub const MEMORY_BYTES: u64 = 4 << 30;

/// Most seconds of one processor that are taken unasked: a month.
pub const SECONDS: u64 = 30 * 86_400;

/// How much a command may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowance {
    /// Up to the limits.
    #[default]
    Usual,
    /// Whatever it needs: the user has seen the estimate and goes on.
    Large,
}

/// What something would take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    memory: Vec<Part>,
    time: Vec<Part>,
}

/// A part of an estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    what: String,
    /// In bytes, or in seconds.
    amount: u64,
    /// The number that decides about it, as the user calls it.
    lower: String,
}

/// More than is taken unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverBudget {
    memory: bool,
    total: u64,
    largest: Part,
}

impl Estimate {
    /// Adds the memory of `count` things of `bytes` each; `lower` is the number that decides how many there are.
    pub fn memory(&mut self, what: impl Into<String>, count: u128, bytes: u64, lower: impl Into<String>) {
        let amount = saturating(count.saturating_mul(bytes.into()));
        self.memory.push(Part { what: what.into(), amount, lower: lower.into() });
    }

    /// Adds the time of `operations`, of which a processor does `per_second`.
    pub fn time(&mut self, what: impl Into<String>, operations: u128, per_second: u64, lower: impl Into<String>) {
        let amount = saturating(operations / u128::from(per_second.max(1)));
        self.time.push(Part { what: what.into(), amount, lower: lower.into() });
    }

    /// Bytes of memory in all.
    pub fn bytes(&self) -> u64 {
        total(&self.memory)
    }

    /// Seconds of one processor in all.
    pub fn seconds(&self) -> u64 {
        total(&self.time)
    }
}

fn saturating(amount: u128) -> u64 {
    u64::try_from(amount).unwrap_or(u64::MAX)
}

fn total(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.amount))
}

impl Allowance {
    /// From whether `--allow-large` is given.
    pub const fn large_if(large: bool) -> Self {
        if large { Self::Large } else { Self::Usual }
    }

    /// Most records that the runs of a command keep.
    pub const fn records(self) -> u64 {
        match self {
            Self::Usual => RECORDS,
            Self::Large => u64::MAX,
        }
    }

    /// Whether what is estimated may be taken.
    ///
    /// # Errors
    /// It is more than a limit; memory is looked at first.
    pub fn check(self, estimate: &Estimate) -> Result<(), OverBudget> {
        let limits = [(true, &estimate.memory, MEMORY_BYTES), (false, &estimate.time, SECONDS)];
        for (memory, parts, limit) in limits {
            let total = total(parts);
            if self == Self::Usual && total > limit {
                let largest = parts.iter().max_by_key(|part| part.amount).expect("a sum above 0 has parts").clone();
                return Err(OverBudget { memory, total, largest });
            }
        }
        Ok(())
    }
}

impl OverBudget {
    /// What to do.
    pub fn help(&self) -> String {
        format!("lower `{}`, or go on with `--allow-large`", self.largest.lower)
    }
}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, written, limit): (_, fn(u64) -> String, _) =
            if self.memory { ("memory", memory, MEMORY_BYTES) } else { ("one processor's time", time, SECONDS) };
        write!(
            f,
            "about {} of {what} would be needed, and {} are the most that is taken unasked: {} for {}",
            written(self.total),
            written(limit),
            written(self.largest.amount),
            self.largest.what
        )
    }
}

impl std::error::Error for OverBudget {}

/// `3.4 TB`
fn memory(bytes: u64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (1_000_000_000_000_000_000, "EB"),
        (1_000_000_000_000_000, "PB"),
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    scaled(bytes, &UNITS, "bytes")
}

/// `2.5 years`
fn time(seconds: u64) -> String {
    scaled(seconds, &[(31_557_600, "years"), (86_400, "days"), (3_600, "h"), (60, "min")], "s")
}

/// With one digit after the point, in the largest unit of which there is one.
fn scaled(amount: u64, units: &[(u64, &str)], smallest: &str) -> String {
    match units.iter().find(|(size, _)| amount >= *size) {
        Some((size, unit)) => {
            let rounded = |times: u128| (u128::from(amount) * times + u128::from(size / 2)) / u128::from(*size);
            let tenths = rounded(10);
            if tenths % 10 == 0 || tenths >= 1000 {
                format!("{} {unit}", rounded(1))
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
        None => format!("{amount} {smallest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_550, "1.6 kB"),
            (MEMORY_BYTES, "4.3 GB"),
            (893_000_000_000, "893 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(memory(bytes), text);
        }
        for (seconds, text) in [(59, "59 s"), (90, "1.5 min"), (SECONDS, "30 days"), (u64::MAX, "584542046091 years")] {
            assert_eq!(time(seconds), text);
        }
    }

    #[test]
    fn the_largest_part_is_named() {
        let mut estimate = Estimate::default();
        estimate.memory("a", 10, 100, "x");
        estimate.memory("b", 5, MEMORY_BYTES, "y");
        estimate.time("c", 1_000_000, 1_000, "z");
        assert_eq!((estimate.bytes(), estimate.seconds()), (5 * MEMORY_BYTES + 1000, 1000));
        let refused = Allowance::Usual.check(&estimate).unwrap_err();
        assert!(refused.to_string().ends_with("for b") && refused.help().contains("`y`"), "{refused}");
        assert_eq!(Allowance::large_if(true).check(&estimate), Ok(()));
        let mut estimate = Estimate::default();
        estimate.time("c", u128::MAX, 0, "z");
        let refused = Allowance::large_if(false).check(&estimate).unwrap_err();
        assert!(refused.to_string().starts_with("about 584542046091 years of one processor's time"), "{refused}");
    }

    #[test]
    fn what_is_just_small_enough_passes() {
        let mut estimate = Estimate::default();
        assert_eq!(Allowance::Usual.check(&estimate), Ok(()));
        estimate.memory("a", 1, MEMORY_BYTES, "x");
        estimate.time("a", SECONDS.into(), 1, "x");
        assert_eq!(Allowance::Usual.check(&estimate), Ok(()));
        estimate.memory("a", 1, 1, "x");
        assert!(Allowance::Usual.check(&estimate).is_err());
        // Sums that no number holds are too large, too.
        estimate.memory("a", u128::MAX, u64::MAX, "x");
        assert_eq!(estimate.bytes(), u64::MAX);
    }
}

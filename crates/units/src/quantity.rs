//! A decimal with a unit, and the few units that chip files need.

use crate::decimal::{Decimal, DecimalError};
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a quantity measures. Quantities of different dimensions never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dimension {
    /// A pure number; unit `1`.
    One,
    /// Seconds.
    Time,
    /// Amperes.
    Current,
    /// Volts.
    Voltage,
    /// Farads.
    Capacitance,
    /// Hertz.
    Frequency,
    /// Joules.
    Energy,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "a pure number",
            Self::Time => "a time",
            Self::Current => "a current",
            Self::Voltage => "a voltage",
            Self::Capacitance => "a capacitance",
            Self::Frequency => "a frequency",
            Self::Energy => "an energy",
        })
    }
}

/// A unit: a dimension and a power of ten relative to the SI unit of that dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    dimension: Dimension,
    exponent: i16,
}

/// Every spelling of a unit that files may use.
const UNITS: &[(&str, Dimension, i16)] = &[
    ("1", Dimension::One, 0),
    ("%", Dimension::One, -2),
    ("s", Dimension::Time, 0),
    ("ms", Dimension::Time, -3),
    ("us", Dimension::Time, -6),
    ("ns", Dimension::Time, -9),
    ("ps", Dimension::Time, -12),
    ("A", Dimension::Current, 0),
    ("mA", Dimension::Current, -3),
    ("uA", Dimension::Current, -6),
    ("nA", Dimension::Current, -9),
    ("pA", Dimension::Current, -12),
    ("fA", Dimension::Current, -15),
    ("V", Dimension::Voltage, 0),
    ("mV", Dimension::Voltage, -3),
    ("uV", Dimension::Voltage, -6),
    ("F", Dimension::Capacitance, 0),
    ("uF", Dimension::Capacitance, -6),
    ("nF", Dimension::Capacitance, -9),
    ("pF", Dimension::Capacitance, -12),
    ("fF", Dimension::Capacitance, -15),
    ("Hz", Dimension::Frequency, 0),
    ("kHz", Dimension::Frequency, 3),
    ("MHz", Dimension::Frequency, 6),
    ("J", Dimension::Energy, 0),
    ("uJ", Dimension::Energy, -6),
    ("nJ", Dimension::Energy, -9),
    ("pJ", Dimension::Energy, -12),
    ("fJ", Dimension::Energy, -15),
];

impl Unit {
    /// The pure number.
    pub const ONE: Self = Self { dimension: Dimension::One, exponent: 0 };
    /// The second.
    pub const SECOND: Self = Self { dimension: Dimension::Time, exponent: 0 };
    /// The millisecond.
    pub const MILLISECOND: Self = Self { dimension: Dimension::Time, exponent: -3 };
    /// The microsecond.
    pub const MICROSECOND: Self = Self { dimension: Dimension::Time, exponent: -6 };
    /// The femtosecond.
    pub const FEMTOSECOND: Self = Self { dimension: Dimension::Time, exponent: -15 };
    /// The hertz.
    pub const HERTZ: Self = Self { dimension: Dimension::Frequency, exponent: 0 };
    /// The joule.
    pub const JOULE: Self = Self { dimension: Dimension::Energy, exponent: 0 };
    /// The millivolt.
    pub const MILLIVOLT: Self = Self { dimension: Dimension::Voltage, exponent: -3 };
    /// The picoampere.
    pub const PICOAMPERE: Self = Self { dimension: Dimension::Current, exponent: -12 };
    /// The picofarad.
    pub const PICOFARAD: Self = Self { dimension: Dimension::Capacitance, exponent: -12 };

    /// What this unit measures.
    pub const fn dimension(self) -> Dimension {
        self.dimension
    }

    /// All spellings that [`Unit::from_str`] accepts, for "did you mean".
    pub fn spellings() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|(text, ..)| *text)
    }
}

impl FromStr for Unit {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        UNITS
            .iter()
            .find(|(spelling, ..)| *spelling == text)
            .map(|&(_, dimension, exponent)| Self { dimension, exponent })
            .ok_or(QuantityError::UnknownUnit)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelling = UNITS.iter().find(|(_, d, e)| (*d, *e) == (self.dimension, self.exponent));
        f.write_str(spelling.map_or("?", |(text, ..)| text))
    }
}

/// A value with its unit, exactly as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantity {
    /// The number in front of the unit.
    pub value: Decimal,
    /// The unit.
    pub unit: Unit,
}

/// Why a quantity could not be read or converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The number is wrong.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// The text of the unit is not known.
    #[error(
        "unknown unit; known units are 1, %, s, ms, us, ns, ps, V, mV, A, uA, nA, pA, F, pF, Hz, J, pJ and their powers"
    )]
    UnknownUnit,
    /// Number and unit are not separated, or one of them is missing.
    #[error("a quantity is a number, a space and a unit, such as `20 ms`; a pure number has the unit `1`")]
    MissingUnit,
    /// A quantity of one dimension stands where another is needed.
    #[error("this is {found}, but {expected} is needed here")]
    Dimension {
        /// The dimension that the file has.
        found: Dimension,
        /// The dimension that is needed.
        expected: Dimension,
    },
}

impl Quantity {
    /// `value` in `unit`.
    pub const fn new(value: Decimal, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// The pure number `value`.
    pub const fn number(value: Decimal) -> Self {
        Self { value, unit: Unit::ONE }
    }

    /// The same quantity as an exact decimal in another unit of the same dimension.
    pub fn value_in(self, unit: Unit) -> Result<Decimal, QuantityError> {
        if self.unit.dimension != unit.dimension {
            return Err(QuantityError::Dimension { found: self.unit.dimension, expected: unit.dimension });
        }
        Ok(self.value.scaled(self.unit.exponent - unit.exponent))
    }

    /// How many times `unit` this is, as fixed-point bits, rounded once; see [`Decimal::over_to_bits`].
    ///
    /// # Panics
    /// If `unit` is 0 of something.
    pub fn over_to_bits(self, unit: Self, fraction_bits: u32) -> Result<i64, QuantityError> {
        Ok(self.value_in(unit.unit)?.over_to_bits(unit.value, fraction_bits)?)
    }

    /// The quantity in `unit` as fixed-point bits, to nearest; see [`Decimal::to_bits`].
    pub fn to_bits(self, unit: Unit, fraction_bits: u32) -> Result<i64, QuantityError> {
        Ok(self.value_in(unit)?.to_bits(fraction_bits)?)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads `20 ms`, `-0.5 nA`, `4 1`.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (value, unit) = text.trim().split_once(' ').ok_or(QuantityError::MissingUnit)?;
        Ok(Self { value: value.parse()?, unit: unit.trim().parse()? })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::ONE => self.value.fmt(f),
            unit => write!(f, "{} {unit}", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn units_convert_exactly() {
        let q: Quantity = "20 ms".parse().unwrap();
        assert_eq!(q.value_in(Unit::SECOND).unwrap().to_string(), "0.02");
        assert_eq!(q.value_in(Unit::MICROSECOND).unwrap().to_string(), "20000");
        assert_eq!(q.to_bits(Unit::MILLISECOND, 4), Ok(320));
        assert_eq!("30 %".parse::<Quantity>().unwrap().value_in(Unit::ONE).unwrap().to_string(), "0.3");
    }

    #[test]
    fn every_spelling_reads_and_prints_itself() {
        for spelling in Unit::spellings() {
            assert_eq!(spelling.parse::<Unit>().unwrap().to_string(), spelling);
        }
    }

    #[test]
    fn wrong_quantities_say_what_is_needed() {
        let error = |text: &str| text.parse::<Quantity>().unwrap_err().to_string();
        assert!(error("20").contains("a number, a space and a unit"));
        assert!(error("20 sec").starts_with("unknown unit"));
        assert!(error("x ms").starts_with("not a decimal"));
        let volts = "3 V".parse::<Quantity>().unwrap().value_in(Unit::SECOND).unwrap_err();
        assert_eq!(volts.to_string(), "this is a voltage, but a time is needed here");
    }
}

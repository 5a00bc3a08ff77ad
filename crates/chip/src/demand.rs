//! What a reader demands of a parameter: a dimension and a bound, and the one judge of values.
//!
//! A nominal value of a chip file, and a value that a network or a program asks for, are judged by the same
//! [`Bound::admits`]. What mismatch makes of a value is another matter: that is known on a die only, and the core that
//! is built there says whether it can use it.

use core::fmt;
use units::{Decimal, Dimension, Quantity, Unit};

/// Largest level of a membrane that can be asked for, in nominal thresholds: without a scale of its core
/// ([`crate::ChipSpec::core_scale`]) its state saturates there.
const MEMBRANE_MAX: i64 = (fx::step::STATE_MAX >> fx::Weight::FRACTION_BITS) as i64;

/// Fraction bits of a value: values are kept as signed numbers with 31 integer bits besides.
const FRACTION_BITS: u32 = fx::Real::FRACTION_BITS;

/// What a parameter measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A pure number.
    Pure,
    /// A time.
    Time,
    /// A current.
    Current,
    /// A voltage.
    Voltage,
    /// A capacitance.
    Capacitance,
    /// A level of a membrane: a voltage or a pure number, whichever the chip uses for its threshold.
    Level,
}

impl Measure {
    /// The dimensions that a value may have.
    pub const fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Pure => &[Dimension::One],
            Self::Time => &[Dimension::Time],
            Self::Current => &[Dimension::Current],
            Self::Voltage => &[Dimension::Voltage],
            Self::Capacitance => &[Dimension::Capacitance],
            Self::Level => &[Dimension::Voltage, Dimension::One],
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "`1`",
            Self::Time => "time",
            Self::Current => "current",
            Self::Voltage => "voltage",
            Self::Capacitance => "capacitance",
            Self::Level => "voltage or `1`",
        })
    }
}

/// The unit in which values of a dimension are computed: ms, mV, pA, pF, and the SI unit for the rest.
pub const fn canonical_unit(dimension: Dimension) -> Unit {
    match dimension {
        Dimension::One => Unit::ONE,
        Dimension::Time => Unit::MILLISECOND,
        Dimension::Voltage => Unit::MILLIVOLT,
        Dimension::Current => Unit::PICOAMPERE,
        Dimension::Capacitance => Unit::PICOFARAD,
        Dimension::Frequency => Unit::HERTZ,
        Dimension::Energy => Unit::JOULE,
    }
}

/// The values that a reader can use. Every bound also demands that the value can be kept: from -2^31 to 2^31 in its
/// [`canonical_unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Whatever can be kept.
    Any,
    /// At least 0.
    NotNegative,
    /// Above 0, and not so little that it would be kept as 0.
    Positive,
    /// Above 0, at most 1.
    Fraction,
    /// From 0 to 1.
    Share,
    /// Above 0, and below what a membrane can reach in a core without a scale: 512 times the nominal threshold.
    Threshold,
    /// What a membrane can reach in a core without a scale, on both sides.
    Membrane,
    /// A whole number of a register.
    Whole {
        /// The lowest.
        least: i32,
        /// The highest.
        most: i32,
    },
}

impl Bound {
    /// Whether a value must stay above 0, whatever mismatch makes of it.
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Positive | Self::Fraction | Self::Threshold)
    }

    /// The lowest and the highest number of a register.
    pub const fn register(self) -> Option<(i32, i32)> {
        match self {
            Self::Whole { least, most } => Some((least, most)),
            _ => None,
        }
    }

    /// The same of a digital core whose parameters are words of 32 bits, whatever their registers on the chip.
    #[must_use]
    pub const fn in_words(self) -> Self {
        match self {
            Self::Whole { .. } => Self::Whole { least: i32::MIN, most: i32::MAX },
            other => other,
        }
    }

    /// What it demands of a value in `unit`.
    pub const fn demand(self, unit: Unit) -> Demand {
        Demand { bound: Some(self), one: Quantity::new(Decimal::integer(1), unit) }
    }

    /// Judges a value. `level` is what counts as 1 in it ([`crate::ChipSpec::level_of`]), if that is not its canonical
    /// unit; what [`Bound::Threshold`] and [`Bound::Membrane`] allow is 512 times that.
    ///
    /// # Errors
    /// It is none that a reader can use. Its dimension is the business of [`Measure`].
    pub fn admits(self, value: Quantity, level: Option<Quantity>) -> Result<(), Demand> {
        let unit = canonical_unit(value.unit.dimension());
        let level = level.filter(|level| level.unit.dimension() == unit.dimension());
        let one = level.unwrap_or(Quantity::new(Decimal::integer(1), unit));
        let kept = value.value_in(unit).ok().zip(value.over_to_bits(one, FRACTION_BITS).ok());
        let Some((number, bits)) = kept else { return Err(Demand { bound: None, one }) };
        let within = |low: i64, high: i64| (Decimal::integer(low)..=Decimal::integer(high)).contains(&number);
        let positive = number > Decimal::ZERO && bits > 0;
        let possible = match self {
            Self::Any => true,
            Self::NotNegative => number >= Decimal::ZERO,
            Self::Positive => positive,
            Self::Fraction => positive && within(0, 1),
            Self::Share => within(0, 1),
            Self::Threshold => positive && bits < MEMBRANE_MAX << FRACTION_BITS,
            Self::Membrane => bits.abs() <= MEMBRANE_MAX << FRACTION_BITS,
            Self::Whole { least, most } => number.exponent() >= 0 && within(least.into(), most.into()),
        };
        if possible { Ok(()) } else { Err(Demand { bound: Some(self), one }) }
    }
}

/// What a value must be, in words that follow "a value": `above 0 and below 512 mV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The bound that is broken; none if the value cannot be kept at all.
    bound: Option<Bound>,
    /// What counts as 1.
    one: Quantity,
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_unit = self.one.value == Decimal::integer(1);
        // What counts as 1, as a factor: ` mV`, nothing for a pure number.
        let one = |f: &mut fmt::Formatter<'_>| match self.one {
            one if !is_unit => write!(f, " times the nominal threshold of {one}"),
            Quantity { unit: Unit::ONE, .. } => Ok(()),
            Quantity { unit, .. } => write!(f, " {unit}"),
        };
        match self.bound {
            None => f.write_str("between -2^31 and 2^31").and_then(|()| one(f)),
            Some(Bound::Any) => f.write_str("of any size"),
            Some(Bound::NotNegative) => f.write_str("at least 0"),
            Some(Bound::Positive) => {
                f.write_str("above 0 (at least 2^-32")?;
                one(f)?;
                f.write_str(")")
            }
            Some(Bound::Fraction) => f.write_str("above 0, at most 1"),
            Some(Bound::Share) => f.write_str("from 0 to 1"),
            Some(Bound::Threshold) => write!(f, "above 0 and below {MEMBRANE_MAX}").and_then(|()| one(f)),
            Some(Bound::Membrane) => write!(f, "from {} to {MEMBRANE_MAX}", -MEMBRANE_MAX).and_then(|()| one(f)),
            Some(Bound::Whole { least, most }) => write!(f, "from {least} to {most} that is whole"),
        }
    }
}

/// What circuits that are joined to one neuron make of the values that each of them has, with equal capacitances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joined {
    /// That of the circuit that fires.
    #[default]
    Sender,
    /// Their mean: each circuit has its share.
    Mean,
    /// Their harmonic mean: conductances add up, and these are the time constants that they make.
    HarmonicMean,
}

/// A parameter that a core model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in chip files.
    pub name: &'static str,
    /// What it measures.
    pub measure: Measure,
    /// The values that can be used.
    pub bound: Bound,
    /// Whether a chip may lack it; it then counts as 0.
    pub optional: bool,
    /// Whether the neurons of a core share it even on a chip with parameters of each neuron.
    pub core_wide: bool,
    /// Whether it is in units of the weights: multiplied by one factor together, they do the same.
    pub with_weights: bool,
    /// What joined circuits make of their values.
    pub joined: Joined,
    /// What it is, in a few words.
    pub summary: &'static str,
}

//! Values of study files: numbers and quantities within their bounds. What is out of bounds is noted at its place.

use formats::document::Value;
use units::{Decimal, Dimension, Quantity};

/// A whole number that is at least `low`.
pub(crate) fn at_least(value: &Value<'_>, low: u32) -> Option<u32> {
    let number: u32 = value.read()?;
    if number >= low {
        return Some(number);
    }
    value.reject("at-least", format!("{number} is too small; the least is {low}"))
}

/// A number from 0 on.
pub(crate) fn not_negative(value: &Value<'_>) -> Option<Decimal> {
    let number: Decimal = value.read()?;
    if number.signum() >= 0 { Some(number) } else { value.reject("not-negative", format!("{number} is below 0")) }
}

/// A number from 0 to 1.
pub(crate) fn fraction(value: &Value<'_>) -> Option<Decimal> {
    let number = not_negative(value)?;
    if is_at_most_one(number) { Some(number) } else { value.reject("fraction", format!("{number} is above 1")) }
}

fn is_at_most_one(number: Decimal) -> bool {
    number.to_bits(32).is_ok_and(|bits| bits <= 1 << 32)
}

/// A ridge penalty that leaves at least one to choose.
pub(crate) fn penalty(value: &Value<'_>) -> Option<f64> {
    let (penalty, largest): (f64, f64) = (value.read()?, readout::PENALTIES[readout::PENALTIES.len() - 1]);
    if (0.0..=largest).contains(&penalty) {
        return Some(penalty);
    }
    value.reject("penalty-min", format!("penalties go up to {largest}; use a number from 0 to that"))
}

/// A time above 0.
pub(crate) fn time(value: &Value<'_>) -> Option<Quantity> {
    positive(value, Dimension::Time, "such as \"20 ms\"")
}

/// A time of at least 0.
pub(crate) fn time_or_none(value: &Value<'_>) -> Option<Quantity> {
    let quantity: Quantity = value.read()?;
    if quantity.unit.dimension() == Dimension::Time && quantity.value.signum() == 0 {
        return Some(quantity);
    }
    time(value)
}

/// A frequency above 0.
pub(crate) fn frequency(value: &Value<'_>) -> Option<Quantity> {
    positive(value, Dimension::Frequency, "such as \"200 Hz\"")
}

fn positive(value: &Value<'_>, dimension: Dimension, example: &str) -> Option<Quantity> {
    let quantity: Quantity = value.read()?;
    if quantity.unit.dimension() != dimension {
        return value.reject("dimension", format!("{quantity} is not {dimension}; write one {example}"));
    }
    if quantity.value.signum() <= 0 {
        return value.reject("positive", format!("{quantity} must be above 0"));
    }
    Some(quantity)
}

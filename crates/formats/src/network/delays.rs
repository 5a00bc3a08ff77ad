//! Delays: a number of ticks or a time, or a law of them.

use super::laws::{is_law, read_law};
use super::quantity_in;
use crate::document::Value;
use chip::ChipSpec;
use network::{DELAY_FRACTION_BITS, Law};
use units::{Decimal, Dimension, Quantity, Unit};

const RULE: &str = "delays-are-whole-ticks";

/// What the key `delay` says.
pub(super) enum DelayEntry {
    /// One delay in ticks, at least 1; with a list that has delays, what a 1 in it stands for.
    Constant(u16),
    /// A law, in units of 2^-[`DELAY_FRACTION_BITS`] ticks.
    Law(Law),
}

/// `3`, `"2 ms"`, or a law of either.
pub(super) fn read_delays(value: &Value<'_>, chip: &ChipSpec) -> Option<DelayEntry> {
    if !is_law(value) {
        return read_delay(value, chip).map(DelayEntry::Constant);
    }
    let law = read_law(value, |v| in_ticks(v, chip))?;
    let bits = |ticks: &Decimal| ticks.to_bits(DELAY_FRACTION_BITS).ok();
    match law.try_map(bits) {
        Some(law) if law.numbers().iter().all(|bits| **bits >= 0) => Some(DelayEntry::Law(law)),
        Some(_) => value.reject(RULE, "a delay is not negative"),
        None => value.reject(RULE, format!("a delay is at most {} ticks", u16::MAX)),
    }
}

/// A number of ticks as it is written, or a time in ticks of which 18 digits are kept.
fn in_ticks(value: &Value<'_>, chip: &ChipSpec) -> Option<Decimal> {
    if !value.is_string() && !value.is_table() {
        return value.read();
    }
    let time = quantity_in(value, Dimension::Time)?;
    let [time, tick] = [time, chip.tick.quantity].map(|q| q.value_in(Unit::SECOND).expect("both are times"));
    match quotient(time, tick) {
        Some(ticks) => Some(ticks),
        None => value.reject(RULE, format!("a delay is at most {} ticks", u16::MAX)),
    }
}

/// `a / b` to 2^-20, if it fits.
fn quotient(a: Decimal, b: Decimal) -> Option<Decimal> {
    // In units of 10^-9.
    let shift = i32::from(a.exponent()) - i32::from(b.exponent()) + 9;
    let power = |exponent: i32| 10i128.checked_pow(u32::try_from(exponent).ok()?);
    let (numerator, denominator) = if shift >= 0 {
        (i128::from(a.mantissa()).checked_mul(power(shift)?)?, i128::from(b.mantissa()))
    } else {
        // So small that nothing of it is left, where the power does not fit.
        (i128::from(a.mantissa()), power(-shift).and_then(|p| p.checked_mul(b.mantissa().into())).unwrap_or(i128::MAX))
    };
    i64::try_from((numerator + denominator / 2).div_euclid(denominator)).ok().map(|nano| Decimal::new(nano, -9))
}

/// A delay in ticks: a whole number of them, or a time that is one.
fn read_delay(value: &Value<'_>, chip: &ChipSpec) -> Option<u16> {
    if !value.is_string() && !value.is_table() {
        let ticks: u16 = value.read()?;
        return if ticks > 0 { Some(ticks) } else { value.reject(RULE, "a delay is at least 1 tick") };
    }
    let time = quantity_in(value, Dimension::Time)?;
    let ticks = whole_ticks(time, chip.tick.quantity).and_then(|ticks| u16::try_from(ticks).ok());
    match ticks.filter(|ticks| *ticks > 0) {
        Some(ticks) => Some(ticks),
        None => {
            let (most, tick) = (u16::MAX, chip.tick.quantity);
            value.reject(RULE, format!("a delay is from 1 to {most} whole ticks of {tick}, this is {time}"))
        }
    }
}

/// `time` in ticks, if it is a whole number of them and not negative.
pub(super) fn whole_ticks(time: Quantity, tick: Quantity) -> Option<u64> {
    if time.value.signum() == 0 { Some(0) } else { chip::whole_multiple(time, tick) }
}

/// A delay of a list, in units of which each is `unit` ticks: a whole number of ticks, or what is wrong.
pub(super) fn listed(number: Decimal, unit: u16) -> Result<u16, String> {
    let wrong = || format!("a delay is from 1 to {} whole ticks, this is {number} times {unit}", u16::MAX);
    let mantissa = number.mantissa().checked_mul(unit.into()).ok_or_else(wrong)?;
    let ticks = Decimal::new(mantissa, number.exponent());
    let whole = if ticks.exponent() >= 0 { ticks.to_bits(0).ok() } else { None };
    whole.and_then(|ticks| u16::try_from(ticks).ok()).filter(|ticks| *ticks > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_ticks() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let ticks = |a: &str, b: &str| quotient(decimal(a), decimal(b)).map(|d| d.to_string());
        for (time, tick, expected) in
            [("2.5e-3", "1e-3", "2.5"), ("1e-3", "8e-9", "125000"), ("1", "3", "0.333333333"), ("1e-300", "1", "0")]
        {
            assert_eq!(ticks(time, tick).as_deref(), Some(expected), "{time} of {tick}");
        }
        assert_eq!(ticks("1e30", "1e-9"), None);
    }

    #[test]
    fn listed_delays_are_whole_ticks() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!([("3", 1), ("0.5", 4), ("65535", 1)].map(|(n, u)| listed(decimal(n), u).unwrap()), [3, 2, 65535]);
        for (number, unit) in [("0", 1), ("-1", 1), ("0.5", 1), ("65536", 1), ("40000", 2), ("1e30", 1)] {
            assert!(listed(decimal(number), unit).unwrap_err().starts_with("a delay is from 1 to 65535 whole ticks"));
        }
    }
}

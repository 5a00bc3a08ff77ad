//! Laws of numbers in network files: what is drawn, from a table that says how.

use crate::document::Value;
use disorder::{Distribution, Family};
use fx::Real;
use network::Law;
use std::sync::Arc;
use units::{Decimal, Dimension, Unit};

const RULE: &str = "laws-are-possible";

/// The keys of the tables of laws, in words.
const FORMS: &str = "a law is `{ low, high }`, `{ mean, deviation }` or `{ mean, cv, family }`";

/// Whether `value` is a law, and not a quantity written as a table.
pub(super) fn is_law(value: &Value<'_>) -> bool {
    value.is_table() && value.open_table().is_some_and(|table| !table.has("value") && !table.has("unit"))
}

/// A law whose numbers `number` reads: `{ low = .., high = .. }`, `{ mean = .., deviation = .. }` or
/// `{ mean = .., cv = 0.2, family = "log-normal" }`; without a table, the one number that is there.
pub(super) fn read_law<'d>(value: &Value<'d>, number: impl Fn(&Value<'d>) -> Option<Decimal>) -> Option<Law<Decimal>> {
    if !is_law(value) {
        return number(value).map(Law::Constant);
    }
    let open = value.open_table()?;
    if open.has("cv") || open.has("family") {
        return read_family(value, number);
    }
    if open.has("mean") || open.has("deviation") {
        let table = value.table(&["mean", "deviation"])?;
        let mean = table.required_with("mean", |v| number(&v));
        let deviation = table.required_with("deviation", |v| match number(&v)? {
            deviation if deviation >= Decimal::ZERO => Some(deviation),
            _ => v.reject(RULE, "a standard deviation is not negative"),
        });
        return Some(Law::Normal { mean: mean?, deviation: deviation? });
    }
    if !open.has("low") && !open.has("high") && !open.entries().is_empty() {
        return value.reject(RULE, FORMS);
    }
    let table = value.table(&["low", "high"])?;
    let low = table.required_with("low", |v| number(&v));
    let high = table.required_with("high", |v| number(&v));
    let (low, high) = (low?, high?);
    if low > high {
        return value.reject(RULE, "`low` is above `high`");
    }
    Some(Law::Uniform { low, high })
}

/// A mean and the family of its factor.
fn read_family<'d>(value: &Value<'d>, number: impl Fn(&Value<'d>) -> Option<Decimal>) -> Option<Law<Decimal>> {
    let table = value.table(&["mean", "cv", "family"])?;
    let mean = table.required_with("mean", |v| match number(&v)? {
        Decimal::ZERO => v.reject(RULE, "a factor of 0 is 0: a law with a `cv` needs a mean, or use `deviation`"),
        mean => Some(mean),
    });
    let cv = table.required_with("cv", |v| read_cv(&v));
    let families = Family::ALL.map(|family| (family.name(), family));
    let family = table.required_with("family", |v| v.one_of("a family of distributions", &families));
    let (mean, cv, family) = (mean?, cv?, family?);
    match Distribution::new(family, cv, None) {
        Ok(distribution) => Some(Law::Family { mean, distribution: Arc::new(distribution) }),
        Err(error) => table.reject_at("cv", RULE, error.to_string()),
    }
}

/// A coefficient of variation: a plain number, or a pure quantity such as `"20 %"`.
fn read_cv(value: &Value<'_>) -> Option<Real> {
    let cv = if value.is_string() || value.is_table() {
        super::quantity_in(value, Dimension::One)?.value_in(Unit::ONE).expect("the dimension was checked")
    } else {
        value.read::<Decimal>()?
    };
    match Real::from_decimal(cv) {
        Ok(cv) => Some(cv),
        Err(_) => value.reject(RULE, format!("a coefficient of variation is from 0 to {}", Distribution::CV_MAX)),
    }
}

/// `law` in whole numbers of a decimal place, and that place: the digits of its largest number that are kept, of which
/// there are at most `digits`, or those before the point where `whole` numbers are drawn.
pub(super) fn in_places(law: &Law<Decimal>, digits: i16, whole: bool) -> Option<(Law, i16)> {
    let leading = |d: &&Decimal| d.exponent() + d.mantissa().unsigned_abs().ilog10() as i16;
    let largest = law.numbers().into_iter().filter(|d| d.signum() != 0).map(|d| leading(&d)).max().unwrap_or(0);
    let place = if whole { 0 } else { largest - digits + 1 };
    let places = law.try_map(|number| number.scaled(-place).to_bits(0).ok())?;
    Some((places, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let law = |low: &str, high: &str| Law::Uniform { low: low.parse().unwrap(), high: high.parse().unwrap() };
        let places = |low: &str, high: &str, whole| in_places(&law(low, high), 4, whole);
        assert_eq!(places("1.5", "20", false), Some((Law::Uniform { low: 150, high: 2000 }, -2)));
        assert_eq!(places("-0.0012345", "0", false), Some((Law::Uniform { low: -1234, high: 0 }, -6)));
        assert_eq!(places("12345678", "0", false), Some((Law::Uniform { low: 1235, high: 0 }, 4)));
        assert_eq!(places("1.5", "20.4", true), Some((Law::Uniform { low: 2, high: 20 }, 0)));
        assert_eq!(places("0", "0", false), Some((Law::Uniform { low: 0, high: 0 }, -3)));
        assert_eq!(places("1e200", "0", true), None);
    }
}

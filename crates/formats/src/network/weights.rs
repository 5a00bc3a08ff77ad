//! Weights: a quantity, or a law that they are drawn from, and the share that is inhibitory.

use super::laws::read_law;
use crate::document::Value;
use crate::error::Problem;
use chip::WeightSigns;
use fx::Weight;
use network::{Inhibition, Law, Signs, WeightFormat, Weights};
use std::sync::Arc;
use units::{Decimal, Quantity, Unit};

/// What the weights onto a population are measured in.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// What counts as 1 in the number format.
    pub(super) one: Quantity,
    /// Its threshold, of the same dimension, or why it has no such one.
    pub(super) threshold: Result<Quantity, String>,
}

/// What the key `weight` says.
pub(super) enum WeightEntry {
    /// One weight: exactly, and in the number format.
    Constant(Quantity, Weight),
    /// A law.
    Law(Weights),
}

impl WeightEntry {
    /// The law of drawn weights.
    pub(super) fn law(&self) -> Weights {
        match self {
            Self::Constant(_, weight) => Weights::Constant(*weight),
            Self::Law(law) => law.clone(),
        }
    }

    /// The one weight, exactly.
    pub(super) fn constant(&self) -> Option<Quantity> {
        match self {
            Self::Constant(exact, _) => Some(*exact),
            Self::Law(_) => None,
        }
    }
}

/// `"0.5 mV"`, `"0.2 threshold"`, or a law of either.
pub(super) fn read_weights(value: &Value<'_>, level: &Level) -> Option<WeightEntry> {
    let law = read_law(value, |v| weight(v, level))?;
    let exact = |number: &Decimal| Quantity::new(*number, level.one.unit);
    // Each was seen to fit.
    let fitting = |number: &Decimal| Weight::from_quotient(exact(number), level.one).expect("it was checked");
    Some(match law {
        Law::Constant(number) => WeightEntry::Constant(exact(&number), fitting(&number)),
        Law::Normal { mean, deviation } => {
            WeightEntry::Law(Weights::Normal { mean: fitting(&mean), spread: fitting(&deviation) })
        }
        Law::Family { mean, distribution } => {
            WeightEntry::Law(Weights::Family { mean: fitting(&mean), distribution: Arc::clone(&distribution) })
        }
        Law::Uniform { low, high } => {
            let (low, high) = (i64::from(fitting(&low).to_bits()), i64::from(fitting(&high).to_bits()));
            // Half a last place is lost where the two have an odd distance.
            let half = |bits: i64| Weight::from_bits((bits >> 1) as i32);
            WeightEntry::Law(Weights::Uniform { mean: half(low + high), spread: half(high - low) })
        }
    })
}

const RULE: &str = "weights-are-possible";

/// A weight in the unit of `level`, exactly; one that fits the number format.
fn weight(value: &Value<'_>, level: &Level) -> Option<Decimal> {
    let (quantity, written) = match in_thresholds(value, level)? {
        Some(found) => found,
        None => {
            let quantity = super::quantity_in(value, level.one.unit.dimension())?;
            (quantity, quantity.to_string())
        }
    };
    match Weight::from_quotient(quantity, level.one) {
        Ok(_) => Some(quantity.value_in(level.one.unit).expect("the dimension was checked")),
        Err(_) => {
            let most = most(level.one);
            value.reject(RULE, format!("a weight of {written} does not fit: it is below {most} in size"))
        }
    }
}

/// The size that a weight stays below, if `level` counts as 1.
pub(super) fn most(level: Quantity) -> String {
    match level {
        Quantity { unit: Unit::ONE, value } if value == Decimal::integer(1) => "2048".into(),
        Quantity { unit, value } if value == Decimal::integer(1) => format!("2048 {unit}"),
        level => format!("2048 times the nominal threshold of {level}"),
    }
}

/// `"0.2 threshold"`: the weight, and how it is written. `Some(None)` if `value` is no such text.
fn in_thresholds(value: &Value<'_>, level: &Level) -> Option<Option<(Quantity, String)>> {
    if !value.is_string() {
        return Some(None);
    }
    let text: String = value.read()?;
    let Some(number) = text.trim().strip_suffix("threshold").and_then(|text| text.strip_suffix(' ')) else {
        return Some(None);
    };
    let number: Decimal = match number.trim().parse() {
        Ok(number) => number,
        Err(error) => {
            value.report(Problem::Decimal(error));
            return None;
        }
    };
    let threshold = match &level.threshold {
        Ok(threshold) => *threshold,
        Err(why) => return value.reject("thresholds-are-known", why.clone()),
    };
    match number.mantissa().checked_mul(threshold.value.mantissa()) {
        Some(mantissa) => {
            let product = Decimal::new(mantissa, number.exponent() + threshold.value.exponent());
            Some(Some((Quantity::new(product, threshold.unit), text.trim().into())))
        }
        None => value.reject(RULE, format!("{text} of {threshold} has more than 18 digits: use fewer")),
    }
}

/// A pure number from 0 to 1, in units of 1/65536, to nearest.
pub(super) fn read_fraction(value: &Value<'_>) -> Option<u32> {
    let fraction: Decimal = value.read()?;
    let bits = fraction.to_bits(16).ok().and_then(|bits| u32::try_from(bits).ok());
    match bits.filter(|_| (Decimal::ZERO..=Decimal::integer(1)).contains(&fraction)) {
        Some(bits) => Some(bits),
        None => {
            let value_text = fraction.to_string();
            value.report(Problem::OutOfRange { value: value_text, low: "0".into(), high: "1".into() });
            None
        }
    }
}

/// `0.2`, or `{ fraction = 0.2, per = "sender", strength = 4 }`.
pub(super) fn read_inhibition(value: &Value<'_>) -> Option<Signs> {
    if !value.is_table() {
        let per_65536 = read_fraction(value)?;
        return Some(Signs::PerSender(Inhibition { per_65536, strength: Weight::ONE }));
    }
    let table = value.table(&["fraction", "per", "strength"])?;
    let fraction = table.required_with("fraction", |v| read_fraction(&v));
    let per_sender =
        table.optional_with("per", |v| v.one_of("a way to choose signs", &[("sender", true), ("connection", false)]));
    let strength = table.optional_with("strength", |v| {
        let strength: Decimal = v.read()?;
        match Weight::from_decimal(strength) {
            Ok(strength) if strength >= Weight::ZERO => Some(strength),
            _ => v.reject(RULE, "a strength is from 0 to below 2048"),
        }
    });
    let inhibition = Inhibition { per_65536: fraction?, strength: strength?.unwrap_or(Weight::ONE) };
    Some(if per_sender?.unwrap_or(true) { Signs::PerSender(inhibition) } else { Signs::PerConnection(inhibition) })
}

/// How a chip with formats of weights is to store them. Which of them it has is for the mapper to say.
pub(super) fn read_format(value: &Value<'_>) -> Option<WeightFormat> {
    let table = value.table(&["signs", "bits", "exponent", "scale"])?;
    let signs = table.optional_with("signs", |v| {
        let modes = [
            ("mixed", WeightSigns::Mixed),
            ("excitatory", WeightSigns::Excitatory),
            ("inhibitory", WeightSigns::Inhibitory),
        ];
        v.one_of("a sign mode", &modes)
    });
    let (bits, exponent) = (table.optional("bits"), table.optional("exponent"));
    let scale = table.optional_with("scale", |v| {
        let scale: u8 = v.read()?;
        let high = WeightFormat::SCALE_MAX;
        if scale <= high {
            return Some(scale);
        }
        v.report(Problem::OutOfRange { value: scale.to_string(), low: "0".into(), high: high.to_string() });
        None
    });
    Some(WeightFormat { signs: signs?, bits: bits?, exponent: exponent?, scale: scale?.unwrap_or(0), exact: false })
}

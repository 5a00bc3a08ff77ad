//! Weights: a quantity, or a law that they are drawn from, and the share that is inhibitory.

use crate::document::Value;
use crate::error::Problem;
use chip::WeightSigns;
use fx::Weight;
use network::{Inhibition, Signs, WeightFormat, Weights};
use units::{Decimal, Quantity, Unit};

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
            Self::Law(law) => *law,
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

/// `"0.5 mV"`, `{ low = "0.1 mV", high = "0.5 mV" }` or `{ mean = "0.5 mV", deviation = "0.1 mV" }`.
pub(super) fn read_weights(value: &Value<'_>, level: Quantity) -> Option<WeightEntry> {
    if !value.is_table() {
        let (exact, weight) = weight(value, level)?;
        return Some(WeightEntry::Constant(exact, weight));
    }
    let open = value.open_table()?;
    if open.has("mean") || open.has("deviation") {
        let table = value.table(&["mean", "deviation"])?;
        let mean = table.required_with("mean", |v| weight(&v, level));
        let deviation = table.required_with("deviation", |v| {
            let (_, deviation) = weight(&v, level)?;
            if deviation >= Weight::ZERO {
                Some(deviation)
            } else {
                v.reject(RULE, "a standard deviation is not negative")
            }
        });
        return Some(WeightEntry::Law(Weights::Normal { mean: mean?.1, spread: deviation? }));
    }
    let table = value.table(&["low", "high"])?;
    let low = table.required_with("low", |v| weight(&v, level));
    let high = table.required_with("high", |v| weight(&v, level));
    let (low, high) = (i64::from(low?.1.to_bits()), i64::from(high?.1.to_bits()));
    if low > high {
        return value.reject(RULE, "`low` is above `high`");
    }
    // Half a last place is lost where the two have an odd distance.
    let half = |bits: i64| Weight::from_bits((bits >> 1) as i32);
    Some(WeightEntry::Law(Weights::Uniform { mean: half(low + high), spread: half(high - low) }))
}

const RULE: &str = "weights-are-possible";

/// A weight, exactly and in the number format, in which `level` counts as 1.
fn weight(value: &Value<'_>, level: Quantity) -> Option<(Quantity, Weight)> {
    let quantity = super::quantity_in(value, level.unit.dimension())?;
    match Weight::from_quotient(quantity, level) {
        Ok(weight) => Some((quantity, weight)),
        Err(_) => {
            value.reject(RULE, format!("a weight of {quantity} does not fit: it is below {} in size", most(level)))
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
    let table = value.table(&["signs", "bits", "exponent"])?;
    let signs = table.optional_with("signs", |v| {
        let modes = [
            ("mixed", WeightSigns::Mixed),
            ("excitatory", WeightSigns::Excitatory),
            ("inhibitory", WeightSigns::Inhibitory),
        ];
        v.one_of("a sign mode", &modes)
    });
    let (bits, exponent) = (table.optional("bits"), table.optional("exponent"));
    Some(WeightFormat { signs: signs?, bits: bits?, exponent: exponent? })
}

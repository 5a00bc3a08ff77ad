//! Every number of a chip description in one flat list, each under its path in the chip file.

use chip::{ChipSpec, Fact};
use serde_json::{Value, json};
use units::Quantity;

/// A number of a chip with its place in the chip file.
pub(crate) struct Number<'a> {
    /// Dotted path (`parameters.tau_mem.nominal`).
    pub(crate) path: String,
    /// The number.
    pub(crate) fact: &'a Fact,
}

/// All numbers of `spec`, in the order in which chip files state them.
pub(crate) fn numbers(spec: &ChipSpec) -> Vec<Number<'_>> {
    spec.facts().into_iter().map(|(path, fact)| Number { path, fact }).collect()
}

/// A quantity as people write it: `20 ms`, and a pure number without its unit `1`.
pub(crate) fn quantity(quantity: Quantity) -> String {
    quantity.to_string()
}

/// A decimal as a JSON number; a whole number stays one.
pub(crate) fn json_number(value: units::Decimal) -> Value {
    let text = value.to_string();
    let whole: Option<i64> = text.parse().ok();
    let number: Option<f64> = text.parse().ok();
    whole.map(|whole| json!(whole)).or(number.map(|number| json!(number))).unwrap_or(Value::Null)
}

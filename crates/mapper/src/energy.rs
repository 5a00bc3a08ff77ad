//! What a run costs, by the prices of the chip file.

use chip::{ChipSpec, ENERGY_OPERATIONS};
use serde::Serialize;
use units::{Quantity, Unit};

/// How often one operation happened, and what that costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnergyItem {
    /// The operation, one of [`ENERGY_OPERATIONS`].
    pub operation: &'static str,
    /// How often.
    pub count: u64,
    /// The price of one, in joules.
    pub each_j: f64,
    /// The price of all, in joules.
    pub total_j: f64,
    /// Key of the source of the price in the chip file.
    pub source: String,
}

/// The energy of `counts` operations, for each that the chip file prices; empty if it prices none. An operation that
/// is not among the counts was not counted, and has no item.
///
/// A price is one number for an operation, whatever its circumstances, and idle power is not in it: compare runs with
/// each other rather than with a meter.
pub fn energy(spec: &ChipSpec, counts: &[(&'static str, u64)]) -> Vec<EnergyItem> {
    let item = |&operation: &&'static str| {
        let price = spec.energy.get(operation)?;
        let each_j = joules(price.quantity);
        let (_, count) = *counts.iter().find(|(name, _)| *name == operation)?;
        let total_j = count as f64 * each_j;
        Some(EnergyItem { operation, count, each_j, total_j, source: price.source.clone() })
    };
    ENERGY_OPERATIONS.iter().filter_map(item).collect()
}

/// An energy in joules.
fn joules(quantity: Quantity) -> f64 {
    let value = quantity.value_in(Unit::JOULE).ok();
    value.and_then(|value| value.to_string().parse().ok()).unwrap_or(0.0)
}

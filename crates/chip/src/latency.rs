//! How long operations take: what a chip file can state about it.
//!
//! What is counted with these prices, and how the times of a core add up, is the business of who runs a program.

use crate::spec::Fact;
use alloc::collections::BTreeMap;
use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use units::{Quantity, Unit};

/// The operations whose time a chip file can state: what a sending core does, then what a receiving core does.
pub const LATENCY_OPERATIONS: [&str; 5] =
    ["neuron_update", "spike", "event_sent", "event_received", "synaptic_operation"];

/// The times of a chip whose step ends when all of its cores have done their work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencySpec {
    /// Time of each operation that is stated, by its name in [`LATENCY_OPERATIONS`].
    pub operations: BTreeMap<String, Fact>,
    /// What the cores wait for each other at the end of a step, by how many are in use; in ascending order.
    pub barrier: Vec<BarrierSpec>,
}

/// A wait at the end of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarrierSpec {
    /// The least number of cores in use for which it holds.
    pub cores_min: u32,
    /// How long it is.
    pub time: Fact,
}

impl LatencySpec {
    /// The time of operation `name` in picoseconds; 0 if none is stated.
    pub fn picoseconds(&self, name: &str) -> u64 {
        self.operations.get(name).and_then(|fact| picoseconds(fact.quantity)).unwrap_or(0)
    }

    /// The wait at the end of a step of `cores` cores, in picoseconds; 0 if none is stated.
    pub fn barrier_picoseconds(&self, cores: u32) -> u64 {
        let holds = self.barrier.iter().rev().find(|barrier| barrier.cores_min <= cores);
        holds.and_then(|barrier| picoseconds(barrier.time.quantity)).unwrap_or(0)
    }

    /// Every number with its path, in a fixed order.
    pub(crate) fn facts<'a>(&'a self, add: &mut impl FnMut(String, &'a Fact)) {
        for (name, fact) in &self.operations {
            add(format!("latency.{name}"), fact);
        }
        for (index, barrier) in self.barrier.iter().enumerate() {
            add(format!("latency.barrier[{index}].time"), &barrier.time);
        }
    }
}

/// A time of at least 0 as a whole number of picoseconds.
pub(crate) fn picoseconds(time: Quantity) -> Option<u64> {
    let seconds = time.value_in(Unit::SECOND).ok()?;
    let digits = seconds.exponent() + 12;
    let power = 10i64.checked_pow(digits.unsigned_abs().into())?;
    let whole = if digits >= 0 {
        seconds.mantissa().checked_mul(power)?
    } else if seconds.mantissa() % power == 0 {
        seconds.mantissa() / power
    } else {
        return None;
    };
    u64::try_from(whole).ok()
}

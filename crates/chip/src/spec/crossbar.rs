//! Sizes of a crossbar chip, and what they say about where a neuron can send.

use super::{Fact, count};
use serde::{Deserialize, Serialize};

/// Sizes of a chip whose events go through a crossbar onto buses of synapse drivers (BrainScaleS-2 and its kin).
///
/// A core is one synapse array with the neuron circuits below its columns. Every array has the same buses; a source
/// sends on one of them, in all arrays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossbarSpec {
    /// Rows of an array: the most synapses that a neuron circuit can have.
    pub synapse_rows: Fact,
    /// Buses of an array.
    pub buses: Fact,
    /// Synapse drivers of a bus.
    pub drivers_per_bus: Fact,
    /// Rows that a driver serves.
    pub rows_per_driver: Fact,
    /// Bits of the label that a synapse compares with that of an event.
    pub label_bits: Fact,
    /// Bits of an event that select drivers.
    pub row_select_bits: Fact,
    /// Bits of a neuron's events that can be set for each neuron: its label, then the lowest bits that select drivers.
    /// The bits above are the number of its event output.
    pub neuron_label_bits: Fact,
    /// Neighbouring columns whose neurons share an event output; output i sends on bus i modulo the number of buses.
    pub columns_per_output: Fact,
    /// Bits of a weight, which has no sign: that belongs to the row.
    pub weight_bits: Fact,
}

impl CrossbarSpec {
    /// Every size with its key in a file.
    pub(crate) fn facts(&self) -> [(&'static str, &Fact); 9] {
        [
            ("synapse_rows", &self.synapse_rows),
            ("buses", &self.buses),
            ("drivers_per_bus", &self.drivers_per_bus),
            ("rows_per_driver", &self.rows_per_driver),
            ("label_bits", &self.label_bits),
            ("row_select_bits", &self.row_select_bits),
            ("neuron_label_bits", &self.neuron_label_bits),
            ("columns_per_output", &self.columns_per_output),
            ("weight_bits", &self.weight_bits),
        ]
    }

    /// The sizes as plain numbers. Panics if the spec was not validated.
    pub fn limits(&self) -> CrossbarLimits {
        CrossbarLimits {
            synapse_rows: count(&self.synapse_rows),
            buses: count(&self.buses),
            drivers_per_bus: count(&self.drivers_per_bus),
            rows_per_driver: count(&self.rows_per_driver),
            label_bits: count(&self.label_bits) as u32,
            row_select_bits: count(&self.row_select_bits) as u32,
            neuron_label_bits: count(&self.neuron_label_bits) as u32,
            columns_per_output: count(&self.columns_per_output),
            weight_bits: count(&self.weight_bits) as u32,
        }
    }
}

/// [`CrossbarSpec`] as plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrossbarLimits {
    /// Rows of an array.
    pub synapse_rows: usize,
    /// Buses of an array.
    pub buses: usize,
    /// Synapse drivers of a bus.
    pub drivers_per_bus: usize,
    /// Rows of a driver.
    pub rows_per_driver: usize,
    /// Bits of a label.
    pub label_bits: u32,
    /// Bits that select drivers.
    pub row_select_bits: u32,
    /// Bits that can be set for each neuron.
    pub neuron_label_bits: u32,
    /// Neighbouring columns with one event output.
    pub columns_per_output: usize,
    /// Bits of a weight.
    pub weight_bits: u32,
}

impl CrossbarLimits {
    /// The event output of the neuron in `column`.
    pub fn output(&self, column: usize) -> usize {
        column / self.columns_per_output
    }

    /// The bus that the neuron in `column` sends on, in every array.
    pub fn bus_of_column(&self, column: usize) -> usize {
        self.output(column) % self.buses
    }

    /// Bits of the row select that a neuron can set; the others are the number of its event output.
    pub fn free_select_bits(&self) -> u32 {
        self.neuron_label_bits - self.label_bits
    }

    /// The bits of the row select of the neuron in `column` that its event output fixes.
    pub fn fixed_row_select(&self, column: usize) -> u8 {
        // A valid chip has at most 8 bits to select drivers, and they can name its outputs.
        (self.output(column) << self.free_select_bits()) as u8
    }

    /// Whether the neuron in `column` can send on `bus` with `row_select`.
    pub fn can_send(&self, column: usize, bus: u8, row_select: u8) -> bool {
        let output = usize::from(row_select) >> self.free_select_bits();
        usize::from(bus) == self.bus_of_column(column) && output == self.output(column)
    }

    /// Rows of a bus in one array.
    pub fn rows_per_bus(&self) -> usize {
        self.drivers_per_bus * self.rows_per_driver
    }

    /// Number of different labels.
    pub fn label_count(&self) -> usize {
        1 << self.label_bits
    }

    /// The largest weight code.
    pub fn weight_max(&self) -> u8 {
        ((1u32 << self.weight_bits) - 1) as u8
    }
}

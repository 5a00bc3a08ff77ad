//! Sizes of a crossbar chip, and what they say about where a neuron can send.

use super::Fact;
use super::section::section;
use serde::{Deserialize, Serialize};

section! {
    /// Sizes of a chip whose events go through a crossbar onto buses of synapse drivers (BrainScaleS-2 and its kin).
    ///
    /// A core is one synapse array with the neuron circuits below its columns. Every array has the same buses; a source
    /// sends on one of them, in all arrays.
    struct CrossbarSpec, limits CrossbarLimits {
        synapse_rows: Fact => usize, Count, 1..=1 << 24, "more rows cannot be named",
            "Rows of an array: the most synapses that a neuron circuit can have. `buses` times `drivers_per_bus` times \
             `rows_per_driver`.";
        buses: Fact => usize, Count, 1..=1 << 8, "a bus is named by 8 bits",
            "Buses of an array, the same in all.";
        drivers_per_bus: Fact => usize, Count, 1..=1 << 8, "a driver is named by 8 bits",
            "Synapse drivers of a bus in one array; not more than `row_select_bits` tell apart.";
        rows_per_driver: Fact => usize, Count, 1..=1 << 8, "a row is named by 8 bits",
            "Rows that a driver serves.";
        label_bits: Fact => u32, Count, 1..=8, "a label is kept in 8 bits",
            "Bits of the label that a synapse compares with that of an event.";
        row_select_bits: Fact => u32, Count, 1..=8, "a row select is kept in 8 bits",
            "Bits of an event that select drivers.";
        neuron_label_bits: Fact => u32, Count, 1..=16, "what a neuron sends is kept in 16 bits",
            "Bits of a neuron's events that can be set for each neuron: its label, then the lowest bits that select \
             drivers. The bits above are the number of its event output. They tell all neurons of an output apart.";
        columns_per_output: Fact => usize, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Neighbouring columns, of every array, whose neurons share an event output; output i sends on bus i modulo \
             `buses`.";
        joined_circuits_max: Option<Fact> => Option<usize>, Count, 1..=1 << 16, "a neuron id has 16 bits",
            "Neighbouring circuits of an array that can be joined to one neuron, at most; where absent none are.";
        weight_bits: Fact => u32, Count, 1..=8, "a weight code is kept in 8 bits",
            "Bits of a weight, in units of one current a core; a weight has no sign: that belongs to the row.";
    }
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

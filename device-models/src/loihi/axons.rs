//! Input axons with atoms and shared weights, as nengo-loihi lays them out.
//!
//! A spike names an axon and an atom. The axon names a set of weights, which axons may share, and a base; the atom
//! chooses a row of the set. The row is added to the accumulators at base plus index.

use super::error::LoihiError;
use alloc::vec::Vec;
use core::ops::Range;

/// Tables of the input axons of one group of synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxonTableLayout<'a> {
    /// Compartments of the core.
    pub compartments: usize,
    /// Axons.
    pub axons: usize,
    /// Weights of all rows, one after the other, as they are added to the accumulator.
    pub weights: &'a [i32],
    /// Compartment of each weight, relative to the base of the axon.
    pub indices: &'a [i32],
    /// Where each row starts, and the end of the last: one more than there are rows.
    pub row_starts: &'a [i64],
    /// Rows (atoms) of each set of weights; sets follow each other in the table of rows.
    pub atoms: &'a [i32],
    /// The set of each axon; None if axon and set have the same number.
    pub axon_sets: Option<&'a [i32]>,
    /// Base of each axon, -1 for one that is unused; None if all are 0.
    pub bases: Option<&'a [i32]>,
}

/// Input axons, checked. Rows are stored once, however many axons share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxonTable {
    compartments: usize,
    weights: Vec<i32>,
    indices: Vec<u32>,
    rows: Vec<Range<u32>>,
    /// First row and number of rows of each set.
    sets: Vec<(u32, u32)>,
    /// Set and base of each axon; a negative base is an unused axon.
    axons: Vec<(u32, i32)>,
}

/// What a spike adds: a row at a base. Obtained from [`AxonTable::row`] when routes are set up, so that delivering
/// needs no check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxonRow {
    row: u32,
    base: u32,
}

impl AxonTable {
    /// Builds the table. If an index occurs several times within one row, the last one counts, as numpy's assignment
    /// to indexed elements has it.
    ///
    /// # Errors
    /// [`LoihiError::Table`] if the tables do not fit each other, [`LoihiError::Length`] if a list is too short.
    pub fn new(layout: &AxonTableLayout<'_>) -> Result<Self, LoihiError> {
        let entries = layout.weights.len();
        if layout.indices.len() != entries {
            return Err(LoihiError::Length { parameter: "idx", found: layout.indices.len(), neurons: entries });
        }
        let wrong = |table, index, value: i64, expected| LoihiError::Table { table, index, value, expected };
        let rows = layout.row_starts.len().saturating_sub(1);
        for (index, &start) in layout.row_starts.iter().enumerate() {
            let least = if index == 0 { 0 } else { layout.row_starts[index - 1] };
            if index == 0 && start != 0 {
                return Err(wrong("ptr", index, start, "the first row must start at 0"));
            }
            if start < least || start > entries as i64 || start > i64::from(u32::MAX) {
                return Err(wrong("ptr", index, start, "rows must not end before they start, nor behind the weights"));
            }
            if index == rows && start != entries as i64 {
                return Err(wrong("ptr", index, start, "the last row must end with the last weight"));
            }
        }
        let mut sets = Vec::with_capacity(layout.atoms.len());
        let mut next = 0u32;
        for (index, &atoms) in layout.atoms.iter().enumerate() {
            let end = u32::try_from(atoms).ok().and_then(|atoms| next.checked_add(atoms));
            let Some(end) = end.filter(|&end| end as usize <= rows) else {
                return Err(wrong("n_atoms", index, atoms.into(), "there must be a row for each atom of each set"));
            };
            sets.push((next, end - next));
            next = end;
        }
        if next as usize != rows {
            return Err(LoihiError::Length { parameter: "ptr", found: rows + 1, neurons: next as usize + 1 });
        }
        for (list, parameter) in [(layout.axon_sets, "axon_to_weight"), (layout.bases, "base")] {
            if let Some(list) = list.filter(|list| list.len() != layout.axons) {
                return Err(LoihiError::Length { parameter, found: list.len(), neurons: layout.axons });
            }
        }
        if layout.axon_sets.is_none() && sets.len() != layout.axons {
            return Err(LoihiError::Length { parameter: "n_atoms", found: sets.len(), neurons: layout.axons });
        }
        let mut axons = Vec::with_capacity(layout.axons);
        for axon in 0..layout.axons {
            let base = layout.bases.map_or(0, |bases| bases[axon]);
            if base < -1 {
                return Err(wrong("base", axon, base.into(), "it must be -1 (unused) or a compartment"));
            }
            let set = layout.axon_sets.map_or(axon as i64, |map| map[axon].into());
            match u32::try_from(set) {
                // Nothing asks for the set of an unused axon.
                _ if base < 0 => axons.push((0, base)),
                Ok(set) if (set as usize) < sets.len() => axons.push((set, base)),
                _ => return Err(wrong("axon_to_weight", axon, set, "there is no such set of weights")),
            }
        }

        let mut table = AxonTable {
            compartments: layout.compartments,
            weights: Vec::with_capacity(entries),
            indices: Vec::with_capacity(entries),
            rows: Vec::with_capacity(rows),
            sets,
            axons,
        };
        let mut row: Vec<(u32, usize)> = Vec::new();
        for bounds in layout.row_starts.windows(2) {
            row.clear();
            for entry in bounds[0] as usize..bounds[1] as usize {
                let index = u32::try_from(layout.indices[entry])
                    .map_err(|_| wrong("idx", entry, layout.indices[entry].into(), "it must not be negative"))?;
                row.push((index, entry));
            }
            row.sort_unstable();
            let start = table.weights.len() as u32;
            for (at, &(index, entry)) in row.iter().enumerate() {
                if row.get(at + 1).is_none_or(|&(next, _)| next != index) {
                    table.indices.push(index);
                    table.weights.push(layout.weights[entry]);
                }
            }
            table.rows.push(start..table.weights.len() as u32);
        }
        Ok(table)
    }

    /// What a spike on `axon` with `atom` adds; None if the axon is unused.
    ///
    /// # Errors
    /// [`LoihiError::Axon`] if there is no such axon or atom, [`LoihiError::Compartment`] if the row reaches beyond
    /// the core.
    pub fn row(&self, axon: i64, atom: i64) -> Result<Option<AxonRow>, LoihiError> {
        let missing = |atoms| LoihiError::Axon { axon, atom, axons: self.axons.len(), atoms };
        let place = usize::try_from(axon).ok().filter(|&axon| axon < self.axons.len()).ok_or_else(|| missing(0))?;
        let (set, base) = self.axons[place];
        let Ok(base) = u32::try_from(base) else {
            return Ok(None);
        };
        let (first, atoms) = self.sets[set as usize];
        let atom = u32::try_from(atom).ok().filter(|&a| a < atoms).ok_or_else(|| missing(atoms as usize))?;
        let row = first + atom;
        let range = &self.rows[row as usize];
        // Indices of a row are sorted.
        if let Some(&last) = self.indices[range.start as usize..range.end as usize].last() {
            let compartment = i64::from(base) + i64::from(last);
            if compartment >= self.compartments as i64 {
                return Err(LoihiError::Compartment { axon: place, compartment, compartments: self.compartments });
            }
        }
        Ok(Some(AxonRow { row, base }))
    }

    /// Adds one spike to the accumulators. Two spikes on one axon add twice.
    ///
    /// # Panics
    /// If there are fewer accumulators than compartments.
    pub fn deliver(&self, row: AxonRow, accumulators: &mut [i32]) {
        for (compartment, weight) in self.targets(row) {
            let accumulator = &mut accumulators[compartment];
            *accumulator = accumulator.wrapping_add(weight);
        }
    }

    /// Compartment and weight of all synapses of a row, in ascending order.
    pub fn targets(&self, row: AxonRow) -> impl Iterator<Item = (usize, i32)> {
        let range = &self.rows[row.row as usize];
        let range = range.start as usize..range.end as usize;
        let indices = self.indices[range.clone()].iter().map(move |&index| (row.base + index) as usize);
        indices.zip(self.weights[range].iter().copied())
    }
}

//! Input axons with atoms and shared weights, as nengo-loihi lays them out.
//!
//! A spike names an axon and an atom. The axon names a set of weights, which axons may share, and a base; the atom
//! chooses a row of the set. The row is added to the accumulators at base plus index.

use std::ops::Range;
use thiserror::Error;

/// Tables of the input axons of one group of synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AxonTableLayout<'a> {
    /// Compartments of the core.
    pub(crate) compartments: usize,
    /// Axons.
    pub(crate) axons: usize,
    /// Weights of all rows, one after the other, as they are added to the accumulator.
    pub(crate) weights: &'a [i32],
    /// Compartment of each weight, relative to the base of the axon.
    pub(crate) indices: &'a [i32],
    /// Where each row starts, and the end of the last: one more than there are rows.
    pub(crate) row_starts: &'a [i64],
    /// Rows (atoms) of each set of weights; sets follow each other in the table of rows.
    pub(crate) atoms: &'a [i32],
    /// The set of each axon; None if axon and set have the same number.
    pub(crate) axon_sets: Option<&'a [i32]>,
    /// Base of each axon, -1 for one that is unused; None if all are 0.
    pub(crate) bases: Option<&'a [i32]>,
}

/// Input axons, checked. Rows are stored once, however many axons share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AxonTable {
    compartments: usize,
    weights: Vec<i32>,
    indices: Vec<u32>,
    rows: Vec<Range<u32>>,
    /// First row and number of rows of each set.
    sets: Vec<(u32, u32)>,
    /// Set and base of each axon; a negative base is an unused axon.
    axons: Vec<(u32, i32)>,
}

/// What is wrong with the tables of a group of synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum AxonProblem {
    /// A list has another length than it must.
    #[error("{list} has {found} values; it must have {expected}")]
    Length { list: &'static str, found: usize, expected: usize },
    /// A table is inconsistent.
    #[error("{table}[{index}] is {value}; {expected}")]
    Table { table: &'static str, index: usize, value: i64, expected: &'static str },
    /// A spike names an axon or an atom that does not exist; a missing axon has no atoms.
    #[error("axon {axon}, atom {atom}: there are {axons} axons, and {atoms} atoms on this one")]
    Axon { axon: i64, atom: i64, axons: usize, atoms: usize },
    /// A row reaches a compartment that does not exist.
    #[error("axon {axon}: its row reaches compartment {compartment}; there are {compartments}")]
    Compartment { axon: usize, compartment: i64, compartments: usize },
}

impl AxonTable {
    /// Builds the table. If an index occurs several times within one row, the last one counts, as numpy's assignment
    /// to indexed elements has it.
    ///
    /// # Errors
    /// [`AxonProblem::Table`] if the tables do not fit each other, [`AxonProblem::Length`] if a list is too short.
    pub(crate) fn new(layout: &AxonTableLayout<'_>) -> Result<Self, AxonProblem> {
        let entries = layout.weights.len();
        if layout.indices.len() != entries {
            return Err(AxonProblem::Length { list: "idx", found: layout.indices.len(), expected: entries });
        }
        let wrong = |table, index, value: i64, expected| AxonProblem::Table { table, index, value, expected };
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
            return Err(AxonProblem::Length { list: "ptr", found: rows + 1, expected: next as usize + 1 });
        }
        for (list, name) in [(layout.axon_sets, "axon_to_weight"), (layout.bases, "base")] {
            if let Some(list) = list.filter(|list| list.len() != layout.axons) {
                return Err(AxonProblem::Length { list: name, found: list.len(), expected: layout.axons });
            }
        }
        if layout.axon_sets.is_none() && sets.len() != layout.axons {
            return Err(AxonProblem::Length { list: "n_atoms", found: sets.len(), expected: layout.axons });
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

    /// What a spike on `axon` with `atom` adds: compartments, in ascending order, and weights. Nothing if the axon is
    /// unused.
    ///
    /// # Errors
    /// [`AxonProblem::Axon`] if there is no such axon or atom, [`AxonProblem::Compartment`] if the row reaches beyond
    /// the core.
    pub(crate) fn row(&self, axon: i64, atom: i64) -> Result<impl Iterator<Item = (u32, i32)>, AxonProblem> {
        let missing = |atoms| AxonProblem::Axon { axon, atom, axons: self.axons.len(), atoms };
        let place = usize::try_from(axon).ok().filter(|&axon| axon < self.axons.len()).ok_or_else(|| missing(0))?;
        let (set, base) = self.axons[place];
        let mut range = 0..0;
        if base >= 0 {
            let (first, atoms) = self.sets[set as usize];
            let atom = u32::try_from(atom).ok().filter(|&a| a < atoms).ok_or_else(|| missing(atoms as usize))?;
            let row = &self.rows[(first + atom) as usize];
            range = row.start as usize..row.end as usize;
        }
        // Indices of a row are sorted.
        if let Some(&last) = self.indices[range.clone()].last() {
            let compartment = i64::from(base) + i64::from(last);
            if compartment >= self.compartments as i64 {
                return Err(AxonProblem::Compartment { axon: place, compartment, compartments: self.compartments });
            }
        }
        let indices = self.indices[range.clone()].iter().map(move |&index| base as u32 + index);
        Ok(indices.zip(self.weights[range].iter().copied()))
    }
}

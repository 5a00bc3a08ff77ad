//! A neuron and its copies: which one it is, and which targets it serves.

use super::Explained;
use crate::MapperError;
use chip::{Original, Source};
use serde::Serialize;
use std::collections::BTreeSet;
use units::NeuronAddress;

/// What is known of a neuron that has copies, or of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopyAccount {
    /// The neuron that was copied: `hidden[17]`.
    pub of: String,
    /// Which of its copies this is, counted from 1; none: it is the neuron itself.
    pub number: Option<usize>,
    /// Its copies, in their order.
    pub copies: Vec<String>,
    /// The neurons that this one sends to.
    pub targets: Vec<String>,
    /// How many the neuron and its copies send to together.
    pub targets_of_all: usize,
}

impl Explained<'_> {
    /// What the neuron at `address` shares with its copies, or as a copy; none if there are no copies.
    pub(super) fn copies(&self, address: NeuronAddress) -> Result<Option<CopyAccount>, MapperError> {
        let Some((population, index)) = self.placement.neuron(address) else { return Ok(None) };
        let populations = &self.symbols.populations;
        let original = populations[population].copy_of.unwrap_or(Original { population, index });
        let copies: Vec<usize> = (0..populations.len()).filter(|p| populations[*p].copy_of == Some(original)).collect();
        if copies.is_empty() {
            return Ok(None);
        }
        let at = |population, index| self.placement.address(population, index).map(Source::Neuron);
        let first = at(original.population, original.index);
        let all: BTreeSet<Source> = copies.iter().filter_map(|copy| at(*copy, 0)).chain(first).collect();
        let (mut own, mut together) = (BTreeSet::new(), BTreeSet::new());
        for stored in self.stored(|stored| all.contains(&stored.source))? {
            let target = NeuronAddress { core: self.program.cores[stored.core].address, neuron: stored.neuron };
            let target = (self.placement.neuron(target), target);
            together.insert(target);
            if stored.source == Source::Neuron(address) {
                own.insert(target);
            }
        }
        Ok(Some(CopyAccount {
            of: format!("{}[{}]", populations[original.population].name, original.index),
            number: copies.iter().position(|copy| *copy == population).map(|before| before + 1),
            copies: copies.iter().map(|copy| populations[*copy].name.clone()).collect(),
            targets: own.into_iter().map(|(_, target)| self.name(Source::Neuron(target))).collect(),
            targets_of_all: together.len(),
        }))
    }
}

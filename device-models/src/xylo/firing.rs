//! What neurons do that have reached their thresholds: spikes up to a cap, resets, aliases.

use super::layer::{BLOCK, Constants, Layer};
use crate::saturation::Cut;
use alloc::vec;
use alloc::vec::Vec;

/// By neuron, the neurons to whose counts its spikes are added, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aliases {
    /// Where the list of each neuron starts, and the end of the last.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Aliases {
    /// The lists of all neurons of a layer; each alias must be one of them.
    pub(super) fn new(lists: impl Iterator<Item = impl Iterator<Item = u32>>) -> Self {
        let mut aliases = Self { starts: vec![0], targets: Vec::new() };
        for list in lists {
            aliases.targets.extend(list);
            aliases.starts.push(aliases.targets.len() as u32);
        }
        aliases
    }

    /// No aliases, for `count` neurons.
    pub(super) fn none(count: usize) -> Self {
        Self { starts: vec![0; count + 1], targets: Vec::new() }
    }

    /// The aliases of a neuron.
    pub(super) fn of(&self, neuron: usize) -> &[u32] {
        &self.targets[self.starts[neuron] as usize..self.starts[neuron + 1] as usize]
    }
}

/// How the neurons of a layer fire; no step changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FiringRule {
    /// Spikes of a neuron in a step, at most.
    pub(super) cap: u8,
    pub(super) aliases: Aliases,
}

/// The spikes of a step while it is made and until the next one.
#[derive(Clone, Debug)]
pub(super) struct Spiking {
    /// By neuron.
    counts: Vec<u8>,
    /// The neurons whose count is not 0; in order when the step is over.
    neurons: Vec<u32>,
    sorted: bool,
    /// By block: neurons that must have their turn, because they reach their threshold or because an alias has raised
    /// their count in this step; one bit each.
    due: Vec<u32>,
}

const _: () = assert!(BLOCK == u32::BITS as usize, "a block's neurons are the bits of a u32");

impl Spiking {
    /// No spikes, of the neurons of `constants`.
    pub(super) fn new(constants: &Constants) -> Self {
        Self { counts: vec![0; constants.count()], neurons: Vec::new(), sorted: true, due: vec![0; constants.blocks()] }
    }

    /// The neurons that spiked in the last step, in order, with their counts.
    pub(super) fn spikes(&self) -> impl Iterator<Item = (usize, u8)> + '_ {
        self.neurons.iter().map(|&neuron| (neuron as usize, self.counts[neuron as usize]))
    }

    /// Forgets the spikes of the last step.
    pub(super) fn clear(&mut self) {
        for &neuron in &self.neurons {
            self.counts[neuron as usize] = 0;
        }
        self.neurons.clear();
        self.sorted = true;
    }

    /// Gives their turns to the neurons of `block` that are `firing` (one bit each) or due. Turns are taken in the
    /// order of neurons; a turn can make a later neuron due, of this block or another.
    pub(super) fn turns(
        &mut self,
        rule: &FiringRule,
        constants: &Constants,
        layer: &mut Layer,
        block: usize,
        firing: u32,
    ) {
        self.due[block] |= firing;
        while self.due[block] != 0 {
            let neuron = block * BLOCK + self.due[block].trailing_zeros() as usize;
            self.due[block] &= self.due[block] - 1;
            self.turn(rule, constants, layer, neuron);
        }
    }

    /// Fires a neuron as often as its membrane and the cap allow, and hands its count to its aliases.
    fn turn(&mut self, rule: &FiringRule, constants: &Constants, layer: &mut Layer, neuron: usize) {
        let mut count = self.counts[neuron];
        let (v_mem, threshold) = (layer.v_mem_mut(neuron), constants.threshold(neuron));
        while *v_mem >= threshold && count < rule.cap {
            count += 1;
            *v_mem = v_mem.wrapping_sub(threshold);
        }
        self.set(neuron, count);
        for &alias in rule.aliases.of(neuron) {
            let alias = alias as usize;
            let sum = self.counts[alias] + count;
            if sum > rule.cap {
                layer.saturations.add(1, || Cut::spikes(alias));
            }
            self.set(alias, sum.min(rule.cap));
            if alias > neuron && count > 0 {
                self.due[alias / BLOCK] |= 1 << (alias % BLOCK);
                layer.wake(alias / BLOCK);
            }
        }
    }

    /// Raises the count of a neuron to `count`.
    fn set(&mut self, neuron: usize, count: u8) {
        let before = core::mem::replace(&mut self.counts[neuron], count);
        if before == 0 && count > 0 {
            let neuron = neuron as u32;
            self.sorted &= self.neurons.last().is_none_or(|last| *last < neuron);
            self.neurons.push(neuron);
        }
    }

    /// Puts the spikes in order. Only an alias to a neuron before its own breaks it.
    pub(super) fn finish(&mut self) {
        if !self.sorted {
            self.neurons.sort_unstable();
        }
    }
}

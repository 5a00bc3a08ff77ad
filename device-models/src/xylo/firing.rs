//! The two sorts of layers: what their neurons do when they reach their thresholds.

use super::layer::{BLOCK, Layer};
use super::{HIDDEN_CAP, OUTPUT_CAP, XyloRules, XyloSpikes};
use alloc::vec;
use alloc::vec::Vec;

/// Hidden neurons: up to [`HIDDEN_CAP`] spikes a step, and aliases.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    pub(super) layer: Layer,
    aliases: Aliases,
    /// Spikes of the last step by neuron.
    pub(super) counts: Vec<u8>,
    /// The neurons whose count is not 0, in order, with their counts.
    pub(super) spikes: Vec<XyloSpikes>,
}

/// The aliases of all hidden neurons, and which neurons of a block must have their turn because of one.
#[derive(Clone, Debug)]
struct Aliases {
    /// Where the list of each neuron starts, and the end of the last.
    starts: Vec<u32>,
    targets: Vec<u32>,
    /// By block: neurons whose count an alias has raised in this step before their turn, one bit each.
    due: Vec<u32>,
}

const _: () = assert!(BLOCK == u32::BITS as usize, "a block's neurons are the bits of a u32");

impl Aliases {
    fn range(&self, neuron: usize) -> core::ops::Range<usize> {
        self.starts[neuron] as usize..self.starts[neuron + 1] as usize
    }
}

impl Hidden {
    /// The neurons of `layer`, each with a list of its aliases, which must be neurons of the layer.
    pub(super) fn new<'a>(layer: Layer, lists: impl Iterator<Item = &'a [u32]>) -> Self {
        let mut starts = vec![0];
        let mut targets = Vec::new();
        for list in lists {
            targets.extend_from_slice(list);
            starts.push(targets.len() as u32);
        }
        let count = layer.count();
        debug_assert_eq!(starts.len(), count + 1, "one list a neuron");
        let aliases = Aliases { starts, targets, due: vec![0; count.div_ceil(BLOCK)] };
        Self { layer, aliases, counts: vec![0; count], spikes: Vec::new() }
    }

    /// Forgets the spikes of the last step, which have reached their targets.
    pub(super) fn clear_spikes(&mut self) {
        for spikes in &self.spikes {
            self.counts[spikes.source as usize] = 0;
        }
        self.spikes.clear();
    }

    /// Makes a step after the deliveries. There must be no spikes of the last one left. Whether anything changed,
    /// resets after spikes not counted.
    pub(super) fn advance(&mut self, rules: XyloRules) -> bool {
        debug_assert!(self.spikes.is_empty(), "the spikes of the last step were delivered");
        let Self { layer, aliases, counts, spikes } = self;
        let mut list = Spiking { counts, spikes, sorted: true };
        let changed = layer.advance(rules, |hidden, block, firing| {
            // Turns are taken in the order of neurons. A turn can make a later neuron due, of this block or another.
            aliases.due[block] |= firing;
            while aliases.due[block] != 0 {
                let neuron = block * BLOCK + aliases.due[block].trailing_zeros() as usize;
                aliases.due[block] &= aliases.due[block] - 1;
                take_turn(neuron, hidden, aliases, &mut list);
            }
        });
        list.finish();
        changed
    }

    /// Takes over the spikes of a last step, by neuron.
    pub(super) fn load_counts(&mut self, counts: &[u8]) {
        self.counts.copy_from_slice(counts);
        self.spikes.clear();
        for (neuron, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.spikes.push(XyloSpikes { source: neuron as u32, count: u32::from(count) });
        }
    }

    /// Back to the initial state, all zero.
    pub(super) fn reset(&mut self) {
        self.layer.clear();
        self.counts.fill(0);
        self.spikes.clear();
    }
}

/// Output neurons: at most [`OUTPUT_CAP`] spike a step, no aliases.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) layer: Layer,
    /// Spikes of the last step.
    pub(super) spikes: Vec<XyloSpikes>,
}

const _: () = assert!(OUTPUT_CAP == 1, "an output neuron has one turn a step");

impl Output {
    /// The neurons of `layer`.
    pub(super) const fn new(layer: Layer) -> Self {
        Self { layer, spikes: Vec::new() }
    }

    /// Makes a step after the deliveries. Whether anything changed, resets after spikes not counted.
    pub(super) fn advance(&mut self, rules: XyloRules) -> bool {
        let Self { layer, spikes } = self;
        spikes.clear();
        layer.advance(rules, |output, block, mut firing| {
            while firing != 0 {
                let neuron = block * BLOCK + firing.trailing_zeros() as usize;
                firing &= firing - 1;
                let (v_mem, threshold) = output.membrane(neuron);
                *v_mem = v_mem.wrapping_sub(threshold);
                spikes.push(XyloSpikes { source: neuron as u32, count: u32::from(OUTPUT_CAP) });
            }
        })
    }

    /// Back to the initial state, all zero.
    pub(super) fn reset(&mut self) {
        self.layer.clear();
        self.spikes.clear();
    }
}

/// The list of hidden spikes while a step makes it.
struct Spiking<'a> {
    counts: &'a mut [u8],
    spikes: &'a mut Vec<XyloSpikes>,
    sorted: bool,
}

impl Spiking<'_> {
    /// Raises the count of a neuron to `count`.
    fn set(&mut self, neuron: usize, count: u8) {
        let before = core::mem::replace(&mut self.counts[neuron], count);
        if before == 0 && count > 0 {
            let source = neuron as u32;
            self.sorted &= self.spikes.last().is_none_or(|last| last.source < source);
            self.spikes.push(XyloSpikes { source, count: 0 });
        }
    }

    /// Puts the list in order and fills in the counts. Only an alias to a neuron before its own breaks the order.
    fn finish(self) {
        if !self.sorted {
            self.spikes.sort_unstable_by_key(|s| s.source);
        }
        for spikes in self.spikes {
            spikes.count = u32::from(self.counts[spikes.source as usize]);
        }
    }
}

/// Fires a hidden neuron as often as its membrane and the cap allow, and hands its count to its aliases.
fn take_turn(neuron: usize, hidden: &mut Layer, aliases: &mut Aliases, list: &mut Spiking<'_>) {
    let mut count = list.counts[neuron];
    let (v_mem, threshold) = hidden.membrane(neuron);
    while *v_mem >= threshold && count < HIDDEN_CAP {
        count += 1;
        *v_mem = v_mem.wrapping_sub(threshold);
    }
    list.set(neuron, count);
    for at in aliases.range(neuron) {
        let alias = aliases.targets[at] as usize;
        let sum = list.counts[alias] + count;
        if sum > HIDDEN_CAP {
            hidden.count_saturation();
        }
        list.set(alias, sum.min(HIDDEN_CAP));
        if alias > neuron && count > 0 {
            aliases.due[alias / BLOCK] |= 1 << (alias % BLOCK);
            hidden.wake(alias / BLOCK);
        }
    }
}

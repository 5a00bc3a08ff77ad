//! The next tick at which each neuron of a core must be looked at.

use alloc::vec;
use alloc::vec::Vec;

const BLOCK: usize = Pending::BLOCK;
const GROUP: usize = Pending::GROUP;

/// One tick a neuron, the smallest of each block of 32 neurons, and the smallest of each group of 32 blocks.
///
/// Every event moves the ticks of all neurons that it reaches, nearly always to later, and few of them ever fall due.
/// A binary heap or a timing wheel pays for each such move, at once or with a stale entry that is taken out later; here
/// a move is a store and two comparisons, and a block or a group is searched again at most once a visit, if its
/// smallest tick was moved. `cargo bench -p benches --bench pending` compares them.
#[derive(Clone, Debug)]
pub struct Pending {
    ticks: Vec<u64>,
    blocks: Vec<u64>,
    groups: Vec<u64>,
    /// The smallest tick of the block at hand was moved to later.
    stale_block: bool,
    /// The smallest tick of the group at hand was moved to later.
    stale_group: bool,
}

impl Pending {
    /// Neurons of a block, and blocks of a group. Blocks are also the words of the neurons that were reached.
    pub const BLOCK: usize = 32;
    /// Neurons of a group.
    pub const GROUP: usize = Self::BLOCK * Self::BLOCK;

    /// No neuron of `count` has to be looked at.
    pub fn new(count: usize) -> Self {
        let blocks = count.div_ceil(BLOCK);
        Self {
            ticks: vec![u64::MAX; blocks * BLOCK],
            blocks: vec![u64::MAX; blocks],
            groups: vec![u64::MAX; blocks.div_ceil(BLOCK)],
            stale_block: false,
            stale_group: false,
        }
    }

    /// Forgets every tick.
    pub fn clear(&mut self) {
        for ticks in [&mut self.ticks, &mut self.blocks, &mut self.groups] {
            ticks.fill(u64::MAX);
        }
    }

    /// The tick of a neuron from now on; `u64::MAX` for none. [`Pending::settle`] its block before a neuron of another
    /// one is moved.
    ///
    /// # Panics
    /// If there is no such neuron.
    #[inline]
    pub fn set(&mut self, neuron: usize, tick: u64) {
        let old = core::mem::replace(&mut self.ticks[neuron], tick);
        let least = &mut self.blocks[neuron / BLOCK];
        if tick < *least {
            *least = tick;
            let least = &mut self.groups[neuron / GROUP];
            *least = tick.min(*least);
        } else {
            self.stale_block |= old == *least && tick > old;
        }
    }

    /// Finds the smallest tick of a block again, 32 neurons, if that was moved. [`Pending::settle_group`] its group
    /// before another one is settled.
    ///
    /// # Panics
    /// If there is no such block.
    #[inline]
    pub fn settle(&mut self, block: usize) {
        if core::mem::take(&mut self.stale_block) {
            let new = smallest(&self.ticks[block * BLOCK..(block + 1) * BLOCK]);
            let old = core::mem::replace(&mut self.blocks[block], new);
            self.stale_group |= old == self.groups[block / BLOCK] && new > old;
        }
    }

    /// Finds the smallest tick of a group again, 32 blocks, if that was moved.
    ///
    /// # Panics
    /// If there is no such group.
    #[inline]
    pub fn settle_group(&mut self, group: usize) {
        if core::mem::take(&mut self.stale_group) {
            self.groups[group] = smallest(&self.blocks[self.blocks_of(group)]);
        }
    }

    /// Whether no neuron of a group, 1024 of them, has a tick up to `now`.
    ///
    /// # Panics
    /// If there is no such group.
    #[inline]
    pub fn is_later(&self, group: usize, now: u64) -> bool {
        self.groups[group] > now
    }

    /// The neurons of a block, 32 of them, whose tick is `now` or earlier, as bits.
    ///
    /// # Panics
    /// If there is no such block.
    #[inline]
    pub fn due(&self, block: usize, now: u64) -> u32 {
        if self.blocks[block] > now {
            return 0;
        }
        let ticks = &self.ticks[block * BLOCK..(block + 1) * BLOCK];
        ticks.iter().enumerate().fold(0, |due, (bit, tick)| due | u32::from(*tick <= now) << bit)
    }

    /// Groups of 32 blocks; the last may have fewer.
    pub const fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The blocks of a group.
    #[inline]
    pub fn blocks_of(&self, group: usize) -> core::ops::Range<usize> {
        group * BLOCK..self.blocks.len().min((group + 1) * BLOCK)
    }

    /// The tick of a neuron.
    ///
    /// # Panics
    /// If there is no such neuron.
    #[inline]
    pub fn tick(&self, neuron: usize) -> u64 {
        self.ticks[neuron]
    }

    /// The smallest tick.
    #[inline]
    pub fn least(&self) -> u64 {
        smallest(&self.groups)
    }
}

fn smallest(ticks: &[u64]) -> u64 {
    ticks.iter().fold(u64::MAX, |least, tick| least.min(*tick))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Visits of groups: blocks in their order, in each of which some neurons are moved, one of them perhaps twice.
        #[test]
        fn it_equals_a_plain_list(
            count in prop_oneof![1usize..100, 1000usize..2100],
            visits in prop::collection::vec(
                (any::<u16>(), prop::collection::vec((0..BLOCK, prop_oneof![0u64..40, Just(u64::MAX)]), 1..9)),
                0..150,
            ),
            blocks_of_a_visit in 1usize..6,
            now in 0u64..40,
        ) {
            let (mut pending, mut list) = (Pending::new(count), vec![u64::MAX; count]);
            for visit in visits.chunks(blocks_of_a_visit) {
                let block = |drawn: u16| usize::from(drawn) % count.div_ceil(BLOCK);
                let mut blocks: Vec<_> = visit.iter().map(|(drawn, moves)| (block(*drawn), moves)).collect();
                blocks.sort_by_key(|(block, _)| *block);
                for group in blocks.chunk_by(|a, b| a.0 / BLOCK == b.0 / BLOCK) {
                    for (block, moves) in group {
                        for (offset, tick) in *moves {
                            let neuron = (block * BLOCK + offset).min(count - 1);
                            pending.set(neuron, *tick);
                            list[neuron] = *tick;
                        }
                        pending.settle(*block);
                    }
                    pending.settle_group(group[0].0 / BLOCK);
                }
                prop_assert_eq!(Some(pending.least()), list.iter().copied().min());
            }
            let due: Vec<usize> = (0..count).filter(|n| pending.due(n / BLOCK, now) >> (n % BLOCK) & 1 == 1).collect();
            let expected: Vec<usize> = (0..count).filter(|n| list[*n] <= now).collect();
            prop_assert_eq!(due, expected);
            for (group, neurons) in list.chunks(GROUP).enumerate() {
                prop_assert_eq!(pending.is_later(group, now), neurons.iter().all(|tick| *tick > now));
            }
            pending.clear();
            prop_assert_eq!(pending.least(), u64::MAX);
        }
    }
}

//! The next tick at which each neuron must be looked at.

use alloc::vec;
use alloc::vec::Vec;

/// Neurons of a block; blocks are also the words of touched neurons.
pub(super) const BLOCK: usize = 32;

/// One tick a neuron, and the smallest of each block.
///
/// Every event moves the ticks of all neurons that it reaches, mostly to later. A binary heap would pay for each such
/// move or collect stale entries; here a move is a store, and a block that was visited is read once more at the end of
/// the visit. A core of 16384 neurons has 512 blocks, whose minima are read once a visit.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    ticks: Vec<u64>,
    least: Vec<u64>,
}

impl Pending {
    /// No neuron of `stride`, which is a multiple of [`BLOCK`], has to be looked at.
    pub(super) fn new(stride: usize) -> Self {
        Self { ticks: vec![u64::MAX; stride], least: vec![u64::MAX; stride / BLOCK] }
    }

    /// Forgets every tick.
    pub(super) fn clear(&mut self) {
        self.ticks.fill(u64::MAX);
        self.least.fill(u64::MAX);
    }

    /// The tick of a neuron from now on; [`Pending::refresh`] its block afterwards.
    #[inline]
    pub(super) fn set(&mut self, neuron: usize, tick: u64) {
        self.ticks[neuron] = tick;
    }

    /// Finds the smallest tick of a block again.
    #[inline]
    pub(super) fn refresh(&mut self, block: usize) {
        let ticks = &self.ticks[block * BLOCK..(block + 1) * BLOCK];
        self.least[block] = ticks.iter().fold(u64::MAX, |least, tick| least.min(*tick));
    }

    /// The neurons of a block whose tick is `now` or earlier, as bits.
    #[inline]
    pub(super) fn due(&self, block: usize, now: u64) -> u32 {
        if self.least[block] > now {
            return 0;
        }
        let ticks = &self.ticks[block * BLOCK..(block + 1) * BLOCK];
        ticks.iter().enumerate().fold(0, |due, (bit, tick)| due | u32::from(*tick <= now) << bit)
    }

    /// The smallest tick.
    pub(super) fn least(&self) -> u64 {
        self.least.iter().fold(u64::MAX, |least, tick| least.min(*tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_equals_a_plain_list(
            moves in prop::collection::vec((0usize..96, prop_oneof![0u64..40, Just(u64::MAX)]), 0..200),
            now in 0u64..40,
        ) {
            let (mut pending, mut list) = (Pending::new(96), vec![u64::MAX; 96]);
            for (neuron, tick) in moves {
                pending.set(neuron, tick);
                pending.refresh(neuron / BLOCK);
                list[neuron] = tick;
                prop_assert_eq!(Some(pending.least()), list.iter().copied().min());
            }
            let due: Vec<usize> =
                (0..96).filter(|n| pending.due(n / BLOCK, now) >> (n % BLOCK) & 1 == 1).collect();
            let expected: Vec<usize> = (0..96).filter(|n| list[*n] <= now).collect();
            prop_assert_eq!(due, expected);
            pending.clear();
            prop_assert_eq!(pending.least(), u64::MAX);
        }
    }
}

//! What is on its way: deliveries by the tick of their arrival, and events that the host has sent ahead.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use units::{InputId, Tick};

/// A row of synapses that an event will reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) row: u32,
    pub(crate) payload: i32,
}

/// Deliveries in a ring of buckets, one a tick, long enough for the longest delay; host events in a tree by tick and
/// channel, because they may be sent any time ahead and in any order.
///
/// Within a bucket deliveries lie in the order in which they were sent: by tick, core, neuron and delay of their
/// source, after those of input channels. That order is a matter of content already. Cores add up what arrives in a
/// tick exactly, so that it cannot matter to them, except the layers of Xylo, which saturate in this very order.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    ring: Vec<Vec<Delivery>>,
    /// Deliveries in the ring.
    waiting: usize,
    inputs: BTreeMap<(Tick, InputId), i32>,
}

impl Queue {
    /// A queue for delays up to `delay_max`.
    pub(crate) fn new(delay_max: u16) -> Self {
        let len = (usize::from(delay_max) + 1).next_power_of_two();
        Self { ring: vec![Vec::new(); len], waiting: 0, inputs: BTreeMap::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.iter_mut().for_each(Vec::clear);
        self.waiting = 0;
        self.inputs.clear();
    }

    #[inline]
    fn slot(&self, tick: Tick) -> usize {
        tick.0 as usize & (self.ring.len() - 1)
    }

    /// Adds a delivery that arrives at `tick`, which is at most the longest delay ahead.
    #[inline]
    pub(crate) fn push(&mut self, tick: Tick, delivery: Delivery) {
        let slot = self.slot(tick);
        self.ring[slot].push(delivery);
        self.waiting += 1;
    }

    /// Takes the deliveries of `tick` out; give the list back with [`Queue::recycle`].
    #[inline]
    pub(crate) fn take(&mut self, tick: Tick) -> Vec<Delivery> {
        let slot = self.slot(tick);
        let deliveries = core::mem::take(&mut self.ring[slot]);
        self.waiting -= deliveries.len();
        deliveries
    }

    /// Returns the memory of a list of [`Queue::take`] to the bucket of `tick`, into which nothing was pushed since.
    #[inline]
    pub(crate) fn recycle(&mut self, tick: Tick, mut deliveries: Vec<Delivery>) {
        deliveries.clear();
        let slot = self.slot(tick);
        self.ring[slot] = deliveries;
    }

    /// The payload of the event that `input` has for `tick`; 0 if there is none.
    pub(crate) fn input(&self, tick: Tick, input: InputId) -> i32 {
        self.inputs.get(&(tick, input)).copied().unwrap_or(0)
    }

    /// Sets the payload of the event that `input` has for `tick`.
    pub(crate) fn set_input(&mut self, tick: Tick, input: InputId, payload: i32) {
        if payload == 0 {
            self.inputs.remove(&(tick, input));
        } else {
            self.inputs.insert((tick, input), payload);
        }
    }

    /// Takes the next host event of `tick`, in the order of channels.
    #[inline]
    pub(crate) fn take_input(&mut self, tick: Tick) -> Option<(InputId, i32)> {
        let entry = self.inputs.first_entry()?;
        if entry.key().0 != tick {
            return None;
        }
        let ((_, input), payload) = entry.remove_entry();
        Some((input, payload))
    }

    /// The next tick, from `now` on, for which something waits; [`Tick::NEVER`] if nothing does.
    #[inline]
    pub(crate) fn next(&self, now: Tick) -> Tick {
        let input = self.inputs.first_key_value().map_or(Tick::NEVER, |((tick, _), _)| *tick);
        if self.waiting == 0 {
            return input;
        }
        let ahead = (0..self.ring.len() as u64).find(|d| !self.ring[self.slot(now.after(*d))].is_empty());
        input.min(now.after(ahead.expect("deliveries wait within the longest delay")))
    }

    /// Every delivery that waits, with its tick; `now` is the next tick to be processed.
    pub(crate) fn deliveries(&self, now: Tick) -> impl Iterator<Item = (Tick, Delivery)> {
        let ticks = (0..self.ring.len() as u64).map(move |d| now.after(d));
        ticks.flat_map(|tick| self.ring[self.slot(tick)].iter().map(move |d| (tick, *d)))
    }

    /// Every host event that waits.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (Tick, InputId, i32)> {
        self.inputs.iter().map(|((tick, input), payload)| (*tick, *input, *payload))
    }

    /// Ticks ahead that a delivery can be.
    pub(crate) fn reach(&self) -> u64 {
        self.ring.len() as u64 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a sorted list: random pushes ahead, always going on to the tick that the queue names.
        #[test]
        fn deliveries_leave_in_the_order_of_their_ticks(
            delay_max in 1u16..70,
            pushes in prop::collection::vec((0u16..9, prop::collection::vec(any::<u16>(), 0..5)), 1..60),
        ) {
            let mut queue = Queue::new(delay_max);
            let mut waiting: Vec<(Tick, u32)> = Vec::new();
            let mut now = Tick(u64::MAX - 5000);
            let mut row = 0;
            for (skip, delays) in pushes {
                for delay in delays {
                    let tick = now.after(u64::from(1 + delay % delay_max));
                    queue.push(tick, Delivery { row, payload: 1 });
                    waiting.push((tick, row));
                    row += 1;
                }
                now = now.after(1);
                waiting.sort_unstable();
                let next = waiting.first().map_or(Tick::NEVER, |(tick, _)| *tick);
                prop_assert_eq!(queue.next(now), next);
                // Going past a tick with deliveries is not allowed; stopping short of it is.
                let stop = next.min(now.after(skip.into()));
                let due: Vec<u32> = waiting.iter().filter(|(tick, _)| *tick == stop).map(|(_, row)| *row).collect();
                waiting.retain(|(tick, _)| *tick != stop);
                let taken = queue.take(stop);
                prop_assert_eq!(taken.iter().map(|d| d.row).collect::<Vec<_>>(), due);
                queue.recycle(stop, taken);
                prop_assert_eq!(queue.deliveries(stop).count(), waiting.len());
                now = stop;
            }
        }
    }

    #[test]
    fn host_events_leave_by_tick_and_channel() {
        let mut queue = Queue::new(1);
        for (tick, input, payload) in [(9, 1, 3), (9, 0, 2), (4, 7, 1), (5, 0, 1)] {
            queue.set_input(Tick(tick), InputId(input), payload);
        }
        queue.set_input(Tick(5), InputId(0), 0);
        assert_eq!((queue.input(Tick(9), InputId(1)), queue.input(Tick(5), InputId(0))), (3, 0));
        assert_eq!(queue.next(Tick(0)), Tick(4));
        assert_eq!(queue.take_input(Tick(3)), None);
        assert_eq!(queue.take_input(Tick(4)), Some((InputId(7), 1)));
        assert_eq!(queue.take_input(Tick(4)), None);
        assert_eq!(queue.next(Tick(5)), Tick(9));
        assert_eq!(queue.take_input(Tick(9)), Some((InputId(0), 2)));
        assert_eq!(queue.take_input(Tick(9)), Some((InputId(1), 3)));
        assert_eq!(queue.next(Tick(9)), Tick::NEVER);
    }
}

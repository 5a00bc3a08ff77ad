//! What is on its way: deliveries by the tick of their arrival, and events that the host has sent ahead.

use crate::pending::Pending;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use units::{InputId, Tick};

/// An event on its way to a row of synapses.
///
/// It keeps which event it is, because noise is a function of that, and because an observer wants to know what arrived:
/// 16 bytes, of which the row is there only to save a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) row: u32,
    pub(crate) payload: i32,
    /// The number of its source in the fabric.
    pub(crate) source: u32,
    /// The lower half of the tick in which it was sent; see [`Delivery::sent`].
    sent: u32,
}

impl Delivery {
    /// The event that `source` sends in tick `sent`, on its way to `row`.
    #[inline]
    pub(crate) const fn new(source: u32, sent: Tick, row: u32, payload: i32) -> Self {
        Self { row, payload, source, sent: sent.0 as u32 }
    }

    /// When it was sent, if it arrives at `tick`: nothing is on its way for 2^32 ticks.
    #[inline]
    pub(crate) const fn sent(&self, tick: Tick) -> Tick {
        Tick(tick.0.wrapping_sub((tick.0 as u32).wrapping_sub(self.sent) as u64))
    }
}

/// Buckets of the ring, at most. Deliveries further ahead wait in a tree.
const RING_MAX: usize = 4096;
/// Bits of a word of the occupancy map.
const WORD: usize = 64;
/// Empty lists that are kept for reuse, at most.
const SPARE_MAX: usize = 64;

const _: () = assert!(RING_MAX <= WORD * WORD, "one summary word covers the occupancy map");

/// Deliveries in a ring of buckets, one a tick, as long as the longest delay but at most [`RING_MAX`]; those further
/// ahead in a tree by tick; host events in a tree by tick and channel, because they may be sent any time ahead and in
/// any order.
///
/// A bit a bucket says whether it is occupied, and a bit a word whether any of its buckets is, so that the next
/// occupied tick is found in a few instructions, however far ahead it lies. Memory is what waits, plus 24 bytes a
/// bucket: an emptied list goes to the next bucket that needs one.
///
/// Within a tick deliveries lie in the order in which they were sent: by tick, core, neuron and delay of their
/// source, after those of input channels. That order is a matter of content already. Cores add up what arrives in a
/// tick exactly, so that it cannot matter to them, except those to whose rules this very order belongs
/// ([`chip::ModelFacts::ordered`]). What waits in the tree for a tick was sent earlier than all that waits for it in
/// the ring, because it was sent from further away; so it is taken first, and never has to move.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    ring: Vec<Vec<Delivery>>,
    /// Which buckets hold something, 64 a word.
    occupied: Vec<u64>,
    /// Which words of `occupied` are not 0.
    summary: u64,
    /// Lists without content, for buckets to come.
    spare: Vec<Vec<Delivery>>,
    /// Deliveries beyond the ring, when they were sent.
    far: BTreeMap<Tick, Vec<Delivery>>,
    inputs: Pending,
    /// Ticks ahead that a delivery can be.
    reach: u64,
}

impl Queue {
    /// A queue for events that arrive up to `reach` ticks after they were sent.
    pub(crate) fn new(reach: u32) -> Self {
        let reach = reach as usize;
        let len = (reach + 1).next_power_of_two().min(RING_MAX);
        Self {
            ring: vec![Vec::new(); len],
            occupied: vec![0; len.div_ceil(WORD)],
            summary: 0,
            spare: Vec::new(),
            far: BTreeMap::new(),
            inputs: Pending::default(),
            reach: reach.max(len - 1) as u64,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.iter_mut().for_each(Vec::clear);
        self.occupied.fill(0);
        self.summary = 0;
        self.far.clear();
        self.inputs.clear();
    }

    #[inline]
    fn slot(&self, tick: Tick) -> usize {
        tick.0 as usize & (self.ring.len() - 1)
    }

    /// Adds a delivery that is sent in tick `now` and arrives at `tick`, at most the longest delay later.
    #[inline]
    pub(crate) fn push(&mut self, now: Tick, tick: Tick, delivery: Delivery) {
        if tick.0 - now.0 >= self.ring.len() as u64 {
            self.far.entry(tick).or_default().push(delivery);
            return;
        }
        let slot = self.slot(tick);
        let bucket = &mut self.ring[slot];
        if bucket.is_empty() {
            self.occupied[slot / WORD] |= 1 << (slot % WORD);
            self.summary |= 1 << (slot / WORD);
            if bucket.capacity() == 0
                && let Some(spare) = self.spare.pop()
            {
                *bucket = spare;
            }
        }
        bucket.push(delivery);
    }

    /// Takes the deliveries of `tick` out; give the list back with [`Queue::recycle`].
    #[inline]
    pub(crate) fn take(&mut self, tick: Tick) -> Vec<Delivery> {
        let slot = self.slot(tick);
        let near = core::mem::take(&mut self.ring[slot]);
        if !near.is_empty() {
            self.occupied[slot / WORD] &= !(1 << (slot % WORD));
            if self.occupied[slot / WORD] == 0 {
                self.summary &= !(1 << (slot / WORD));
            }
        }
        match self.far.first_entry() {
            Some(entry) if *entry.key() == tick => {
                let mut all = entry.remove();
                all.extend_from_slice(&near);
                self.recycle(near);
                all
            }
            _ => near,
        }
    }

    /// Keeps the memory of a list of [`Queue::take`].
    #[inline]
    pub(crate) fn recycle(&mut self, mut deliveries: Vec<Delivery>) {
        if deliveries.capacity() > 0 && self.spare.len() < SPARE_MAX {
            deliveries.clear();
            self.spare.push(deliveries);
        }
    }

    /// The first occupied bucket from that of `now` on, around the ring, in ticks after `now`.
    #[inline]
    fn ahead(&self, now: Tick) -> Option<u64> {
        if self.summary == 0 {
            return None;
        }
        let start = self.slot(now);
        let (word, bit) = (start / WORD, start % WORD);
        let here = self.occupied[word] >> bit;
        if here != 0 {
            return Some(here.trailing_zeros().into());
        }
        // Words after this one, else from the first on; this one comes last, with its bits before `start`.
        let later = if word + 1 < WORD { self.summary >> (word + 1) << (word + 1) } else { 0 };
        let found = if later != 0 { later } else { self.summary }.trailing_zeros() as usize;
        let slot = found * WORD + self.occupied[found].trailing_zeros() as usize;
        Some((slot.wrapping_sub(start) & (self.ring.len() - 1)) as u64)
    }

    /// The payload of the event that `input` has for `tick`; 0 if there is none.
    pub(crate) fn input(&self, tick: Tick, input: InputId) -> i32 {
        self.inputs.get(tick, input)
    }

    /// Sets the payload of the event that `input` has for `tick`.
    pub(crate) fn set_input(&mut self, tick: Tick, input: InputId, payload: i32) {
        self.inputs.set(tick, input, payload);
    }

    /// Takes the next host event of `tick`, in the order of channels.
    #[inline]
    pub(crate) fn take_input(&mut self, tick: Tick) -> Option<(InputId, i32)> {
        self.inputs.take(tick)
    }

    /// The next tick, from `now` on, for which something waits; [`Tick::NEVER`] if nothing does.
    #[inline]
    pub(crate) fn next(&self, now: Tick) -> Tick {
        let input = self.inputs.next();
        let near = self.ahead(now).map_or(Tick::NEVER, |ahead| now.after(ahead));
        let far = self.far.first_key_value().map_or(Tick::NEVER, |(tick, _)| *tick);
        input.min(near).min(far)
    }

    /// Every delivery that waits, with its tick, by tick and order of sending; `now` is the next tick to be
    /// processed.
    pub(crate) fn deliveries(&self, now: Tick) -> impl Iterator<Item = (Tick, Delivery)> {
        let mut all: Vec<(Tick, Delivery)> =
            self.far.iter().flat_map(|(tick, list)| list.iter().map(|d| (*tick, *d))).collect();
        let near = (0..self.ring.len() as u64).map_while(|d| now.0.checked_add(d).map(Tick));
        all.extend(near.flat_map(|tick| self.ring[self.slot(tick)].iter().map(move |d| (tick, *d))));
        // Stable: what came from further away stays in front.
        all.sort_by_key(|(tick, _)| *tick);
        all.into_iter()
    }

    /// Every host event that waits.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (Tick, InputId, i32)> {
        self.inputs.all()
    }

    /// Ticks ahead that a delivery can be.
    pub(crate) const fn reach(&self) -> u64 {
        self.reach
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
            delay_max in prop_oneof![1u16..70, 60u16..140, 4000..u16::MAX],
            pushes in prop::collection::vec(
                (prop_oneof![0u16..9, 0u16..5000], prop::collection::vec(any::<u16>(), 0..5)),
                1..60,
            ),
        ) {
            let mut queue = Queue::new(delay_max.into());
            let mut waiting: Vec<(Tick, u32)> = Vec::new();
            let mut now = Tick(u64::MAX - 500_000);
            let (mut row, mut sent) = (0, Vec::new());
            for (skip, delays) in pushes {
                for delay in delays {
                    let tick = now.after(u64::from(1 + delay % delay_max));
                    queue.push(now, tick, Delivery::new(7, now, row, 1));
                    waiting.push((tick, row));
                    sent.push(now);
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
                prop_assert!(taken.iter().all(|d| sent[d.row as usize] == d.sent(stop)));
                queue.recycle(taken);
                let left: Vec<_> = queue.deliveries(stop).map(|(tick, d)| (tick, d.row)).collect();
                prop_assert_eq!(&left, &waiting);
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

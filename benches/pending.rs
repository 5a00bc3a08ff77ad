//! Which queue should hold the ticks at which neurons of an asynchronous core must be looked at?
//!
//! Such a queue sees an unusual load. Each event moves the ticks of all neurons that it reaches, nearly always to
//! later; few of them ever fall due; and what is due is taken neuron by neuron, in the order of neurons. This bench
//! decides between
//!
//! * `blocks`: a tick a neuron with minima of blocks and of groups of blocks, [`Pending`], as the core uses it;
//! * `heap`: a binary heap in which a moved tick leaves a stale entry behind, dropped when it comes to the top;
//! * `tree`: an ordered set, from which a moved tick is taken out;
//! * `wheel`: a hierarchical timing wheel (Varghese and Lauck, 1987): eleven levels of 64 slots with doubly linked
//!   lists, so that moving is two list operations, and a bitmap a level that finds the next occupied slot.
//!
//! on cores of 256, 1024 and 16,384 neurons of which each is reached 1280 times a second (20 Hz, fan-in 64), by 200,000
//! events that reach 64 neurons each, spread over the core. A tick is a quarter of a time constant of about 20 ms ahead
//! for nine in ten, and sooner for the others, as W1 has it on `analog-lif` at a tick of 1 us. All must name the same
//! neurons at the same ticks: the digest is of those.
//!
//! Times are the smallest of alternating runs; compare their ratios.
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]

use device_models::Digest;
use device_models::analog_lif::Pending;
use disorder::{Key, Purpose, uniform_below};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Instant;

/// Neurons that an event reaches.
const REACHED: usize = 64;
const EVENTS: usize = 200_000;
const NEVER: u64 = u64::MAX;

/// What a core needs of a queue.
trait Calendar {
    fn new(count: usize) -> Self;
    /// New ticks of some neurons, in the order of neurons, each [`NEVER`] or after the tick at hand.
    fn set(&mut self, moved: &[(usize, u64)]);
    /// The smallest tick.
    fn least(&mut self) -> u64;
    /// Neurons whose tick is `now`, which no tick precedes, in their order; their ticks are set again by the caller.
    fn due(&mut self, now: u64, neurons: &mut Vec<usize>);
}

impl Calendar for Pending {
    fn new(count: usize) -> Self {
        Self::new(count)
    }

    fn set(&mut self, moved: &[(usize, u64)]) {
        for group in moved.chunk_by(|a, b| a.0 / Self::GROUP == b.0 / Self::GROUP) {
            for block in group.chunk_by(|a, b| a.0 / Self::BLOCK == b.0 / Self::BLOCK) {
                block.iter().for_each(|(neuron, tick)| self.set(*neuron, *tick));
                self.settle(block[0].0 / Self::BLOCK);
            }
            self.settle_group(group[0].0 / Self::GROUP);
        }
    }

    fn least(&mut self) -> u64 {
        Self::least(self)
    }

    fn due(&mut self, now: u64, neurons: &mut Vec<usize>) {
        for group in (0..self.groups()).filter(|group| !self.is_later(*group, now)) {
            for block in self.blocks_of(group) {
                let mut due = Self::due(self, block, now);
                while due != 0 {
                    neurons.push(block * Self::BLOCK + due.trailing_zeros() as usize);
                    due &= due - 1;
                }
            }
        }
    }
}

struct Heap {
    ticks: Vec<u64>,
    entries: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Heap {
    fn drop_stale(&mut self) {
        while let Some(Reverse((tick, neuron))) = self.entries.peek()
            && self.ticks[*neuron] != *tick
        {
            self.entries.pop();
        }
    }
}

impl Calendar for Heap {
    fn new(count: usize) -> Self {
        Self { ticks: vec![NEVER; count], entries: BinaryHeap::new() }
    }

    fn set(&mut self, moved: &[(usize, u64)]) {
        for (neuron, tick) in moved {
            self.ticks[*neuron] = *tick;
            if *tick != NEVER {
                self.entries.push(Reverse((*tick, *neuron)));
            }
        }
    }

    fn least(&mut self) -> u64 {
        self.drop_stale();
        self.entries.peek().map_or(NEVER, |Reverse((tick, _))| *tick)
    }

    fn due(&mut self, now: u64, neurons: &mut Vec<usize>) {
        while self.least() == now {
            let Some(Reverse((_, neuron))) = self.entries.pop() else { return };
            // A neuron that was moved away and back has two entries.
            if neurons.last() != Some(&neuron) {
                neurons.push(neuron);
            }
        }
    }
}

struct Tree {
    ticks: Vec<u64>,
    entries: BTreeSet<(u64, usize)>,
}

impl Calendar for Tree {
    fn new(count: usize) -> Self {
        Self { ticks: vec![NEVER; count], entries: BTreeSet::new() }
    }

    fn set(&mut self, moved: &[(usize, u64)]) {
        for (neuron, tick) in moved {
            let old = std::mem::replace(&mut self.ticks[*neuron], *tick);
            self.entries.remove(&(old, *neuron));
            if *tick != NEVER {
                self.entries.insert((*tick, *neuron));
            }
        }
    }

    fn least(&mut self) -> u64 {
        self.entries.first().map_or(NEVER, |(tick, _)| *tick)
    }

    fn due(&mut self, now: u64, neurons: &mut Vec<usize>) {
        neurons.extend(self.entries.range(..(now + 1, 0)).map(|(_, neuron)| *neuron));
    }
}

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 11;
const NONE: u32 = u32::MAX;

/// A neuron lies in the level of the highest digit (of 6 bits) in which its tick differs from the time of the wheel,
/// in the slot of that digit.
struct Wheel {
    now: u64,
    ticks: Vec<u64>,
    /// Neighbours in the list of a slot; a neuron that is first has the slot itself, beyond all neurons, before it.
    before: Vec<u32>,
    after: Vec<u32>,
    first: Vec<u32>,
    occupied: [u64; LEVELS],
}

impl Wheel {
    fn slot(&self, tick: u64) -> usize {
        let level = ((tick ^ self.now) | 1).ilog2() / SLOT_BITS;
        level as usize * SLOTS + (tick >> (level * SLOT_BITS)) as usize % SLOTS
    }

    fn link(&mut self, neuron: usize, tick: u64) {
        let slot = self.slot(tick);
        let next = std::mem::replace(&mut self.first[slot], neuron as u32);
        (self.before[neuron], self.after[neuron]) = ((self.ticks.len() + slot) as u32, next);
        if next != NONE {
            self.before[next as usize] = neuron as u32;
        }
        self.occupied[slot / SLOTS] |= 1 << (slot % SLOTS);
    }

    fn unlink(&mut self, neuron: usize) {
        let (before, after) = (self.before[neuron] as usize, self.after[neuron]);
        if after != NONE {
            self.before[after as usize] = before as u32;
        }
        if let Some(slot) = before.checked_sub(self.ticks.len()) {
            self.first[slot] = after;
            if after == NONE {
                self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
            }
        } else {
            self.after[before] = after;
        }
    }

    /// Neurons of a slot.
    fn list(&self, slot: usize) -> impl Iterator<Item = usize> {
        let next = |neuron: u32| Some(neuron).filter(|n| *n != NONE);
        std::iter::successors(next(self.first[slot]), move |n| next(self.after[*n as usize])).map(|n| n as usize)
    }

    /// Moves the time, which may not pass a tick, and what now lies in a lower level.
    fn turn(&mut self, now: u64) {
        let moved = ((now ^ self.now) | 1).ilog2() / SLOT_BITS;
        self.now = now;
        for level in (1..=moved as usize).rev() {
            let slot = level * SLOTS + (now >> (level as u32 * SLOT_BITS)) as usize % SLOTS;
            let down: Vec<usize> = self.list(slot).collect();
            for neuron in down {
                self.unlink(neuron);
                self.link(neuron, self.ticks[neuron]);
            }
        }
    }
}

impl Calendar for Wheel {
    fn new(count: usize) -> Self {
        let (ticks, links) = (vec![NEVER; count], vec![NONE; count]);
        let first = vec![NONE; LEVELS * SLOTS];
        Self { now: 0, ticks, before: links.clone(), after: links, first, occupied: [0; LEVELS] }
    }

    fn set(&mut self, moved: &[(usize, u64)]) {
        for (neuron, tick) in moved {
            if self.ticks[*neuron] != NEVER {
                self.unlink(*neuron);
            }
            self.ticks[*neuron] = *tick;
            if *tick != NEVER {
                self.link(*neuron, *tick);
            }
        }
    }

    fn least(&mut self) -> u64 {
        let Some(level) = self.occupied.iter().position(|word| *word != 0) else { return NEVER };
        let slot = level * SLOTS + self.occupied[level].trailing_zeros() as usize;
        self.list(slot).map(|neuron| self.ticks[neuron]).min().unwrap_or(NEVER)
    }

    fn due(&mut self, now: u64, neurons: &mut Vec<usize>) {
        self.turn(now);
        neurons.extend(self.list(now as usize % SLOTS));
        neurons.sort_unstable();
    }
}

/// What happens: ticks of events with the neurons that each reaches, and how far ahead a neuron is looked at next.
struct Load {
    count: usize,
    events: Vec<(u64, [usize; REACHED])>,
    ahead: Vec<u64>,
}

impl Load {
    fn new(count: usize) -> Self {
        let mut stream = Key::new(1, Purpose::Task).slot(count as u64).stream();
        let mut now = 0;
        let stratum = (count / REACHED) as u64;
        // In ticks of 1 us: twice the mean time between events.
        let apart = 2 * 1_000_000 / (1280 * stratum);
        let mut event = || {
            now += 1 + uniform_below(&mut stream, apart);
            // One of each of 64 parts of the core: spread, and in order.
            let reached =
                std::array::from_fn(|part| part * stratum as usize + uniform_below(&mut stream, stratum) as usize);
            (now, reached)
        };
        let events = (0..EVENTS).map(|_| event()).collect();
        let mut ahead = || match uniform_below(&mut stream, 10) {
            0 => 1 + uniform_below(&mut stream, 4000),
            _ => 4000 + uniform_below(&mut stream, 2000),
        };
        Self { count, events, ahead: (0..4096).map(|_| ahead()).collect() }
    }

    /// Runs the load; the time that it took, how many neurons fell due, and the digest of those.
    fn run<C: Calendar>(&self) -> (f64, u64, u64) {
        let mut calendar = C::new(self.count);
        let (mut digest, mut fell_due, mut drawn) = (Digest::new(), 0, 0);
        let (mut due, mut moved) = (Vec::new(), Vec::new());
        let mut ahead = |now: u64| {
            drawn = (drawn + 1) % self.ahead.len();
            now + self.ahead[drawn]
        };
        let start = Instant::now();
        for (tick, reached) in &self.events {
            while calendar.least() < *tick {
                let now = calendar.least();
                due.clear();
                moved.clear();
                calendar.due(now, &mut due);
                for neuron in &due {
                    digest.push(now);
                    digest.push(*neuron as u64);
                    moved.push((*neuron, ahead(now)));
                }
                fell_due += due.len() as u64;
                calendar.set(&moved);
            }
            moved.clear();
            moved.extend(reached.iter().map(|neuron| (*neuron, ahead(*tick))));
            calendar.set(&moved);
        }
        (start.elapsed().as_secs_f64(), fell_due, digest.value())
    }
}

fn main() {
    for count in [256, 1024, 16_384] {
        let load = Load::new(count);
        let runs = [Load::run::<Pending>, Load::run::<Heap>, Load::run::<Tree>, Load::run::<Wheel>];
        let mut best = [(f64::MAX, 0, 0); 4];
        for _ in 0..5 {
            for (best, run) in best.iter_mut().zip(runs) {
                let (time, due, digest) = run(&load);
                *best = (time.min(best.0), due, digest);
            }
        }
        assert!(best.iter().all(|(_, _, digest)| *digest == best[0].2), "all name the same neurons: {best:?}");
        for (name, (time, due, digest)) in ["blocks", "heap", "tree", "wheel"].iter().zip(best) {
            println!(
                "{count:>6} neurons {name:<6} {:>6.1} ns a move  {:>5.2} x  {due} fell due  digest {digest:016x}",
                time * 1e9 / (EVENTS * REACHED) as f64,
                time / best[0].0,
            );
        }
    }
}

//! What can be on its way: each delivery by itself, and all of them together.
//!
//! A digest is no signature, so that a state which was made on purpose can hold any deliveries. One is possible if it
//! was sent before, over a route that there is, by a source that can send such a number; several are if their source
//! can have sent them together. By that the sums of [`router::arrivals_max`] hold for a resumed run as well: nothing
//! overflows.

use crate::Emulator;
use crate::clock::due;
use crate::noise::EventNoise;
use crate::queue::Delivery;
use alloc::collections::BTreeMap;
use router::{LEVEL_MAX, SPIKES_PER_TICK_MAX};
use units::{InputId, Tick};

/// Largest change of a level.
const LEVEL_CHANGE_MAX: i64 = 2 * LEVEL_MAX as i64;

/// The deliveries so far.
#[derive(Default)]
pub(super) struct Waiting {
    /// How many there are of one row, source and tick of sending.
    counts: BTreeMap<(u32, u32, Tick), i64>,
    /// What those of one row and source add up to, within the ticks for which their source has a bound.
    sums: BTreeMap<(u32, u32, Tick), i64>,
}

/// What one source can bring to one row.
struct Bound {
    /// The least and the most that one delivery carries.
    each: (i64, i64),
    /// The most that all of them add up to for each route to the row, and what identifies the ticks within which that
    /// holds.
    sum: (i64, Tick),
}

impl Waiting {
    /// Whether `delivery` can be on its way to arrive at `tick`, beside those before it.
    pub(super) fn takes(&mut self, emulator: &Emulator, tick: Tick, delivery: Delivery) -> bool {
        let fabric = &emulator.fabric;
        let (source, sent, now) = (delivery.source as usize, delivery.sent(tick), emulator.now);
        if source >= fabric.source_count() || sent >= now {
            return false;
        }
        // An event of the host takes its tick off the delay.
        let host = u64::from(source < fabric.input_count());
        let age = tick.0 - sent.0 + host;
        let late = emulator.noise.as_ref().map_or(0, EventNoise::jitter_ticks);
        let (mut ways, mut is_due) = (0, false);
        for r in fabric.routes_of(source) {
            let route = fabric.routes()[r];
            if route.row == delivery.row {
                let delay = u64::from(route.delay_ticks);
                ways += 1;
                is_due |= (delay..=delay + u64::from(late)).contains(&age);
            }
        }
        let Some(bound) = bound(emulator, delivery, sent).filter(|_| is_due) else { return false };
        if !(bound.each.0..=bound.each.1).contains(&i64::from(delivery.payload)) {
            return false;
        }
        // A source sends one event a tick, over each of its routes once.
        let count = self.counts.entry((delivery.row, delivery.source, sent)).or_insert(0);
        *count += 1;
        let (most, within) = bound.sum;
        let sum = self.sums.entry((delivery.row, delivery.source, within)).or_insert(0);
        *sum += i64::from(delivery.payload);
        *count <= ways && sum.abs() <= most.saturating_mul(ways)
    }
}

/// What the source of `delivery`, which was sent at tick `sent`, can bring to its row; nothing if it cannot send then.
fn bound(emulator: &Emulator, delivery: Delivery, sent: Tick) -> Option<Bound> {
    let fabric = &emulator.fabric;
    if emulator.cores[fabric.row(delivery.row).core].is_graded() {
        // Levels are bounded, and so is every sum of their changes one after the other.
        return Some(Bound { each: (-LEVEL_CHANGE_MAX, LEVEL_CHANGE_MAX), sum: (LEVEL_CHANGE_MAX, Tick(0)) });
    }
    if emulator.messages.get(delivery.source as usize) == Some(&true) {
        return Some(Bound { each: (i32::MIN.into(), i32::MAX.into()), sum: (i64::MAX, sent) });
    }
    match fabric.neuron_of_source(delivery.source) {
        None => {
            let cap = i64::from(fabric.input_cap(InputId(delivery.source)));
            Some(Bound { each: (1, cap), sum: (SPIKES_PER_TICK_MAX.into(), due(sent, emulator.step_ticks)) })
        }
        Some((core, _)) => {
            // It fires when its core acts, and then once.
            if emulator.clocks[core].due(sent) != sent || delivery.payload == 0 {
                return None;
            }
            let facts = fabric.layout(core).model().facts();
            let most = i64::from(facts.spikes_max);
            let least = if facts.signed_spikes { -most } else { 1 };
            Some(Bound { each: (least, most), sum: (i64::MAX, sent) })
        }
    }
}

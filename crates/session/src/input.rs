//! Lists of events that are taken as far as the hardware can, with an account of what could not.

use crate::{Session, SessionError};
use chip::{CoreModel, InputEvent, SPIKES_PER_TICK_MAX};
use std::ops::Range;
use units::{InputId, Tick};

/// What several events of a channel in one tick are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multiple {
    /// As many spikes as they are, up to what a channel can have in a step.
    #[default]
    Count,
    /// One spike; on cores that act in steps, one for all of a step.
    Binary,
}

/// What became of the events of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events of the list: the sum of the four that follow, and of those that had no room at all.
    pub read: u64,
    /// Events that were sent, alone or together with another.
    pub used: u64,
    /// Events for ticks before those asked for.
    pub before: u64,
    /// Events for ticks after them.
    pub after: u64,
    /// Events for channels that reach nothing.
    pub unconnected: u64,
    /// Of those used, the events that share their channel and tick (with [`Multiple::Binary`], their step) with one
    /// before.
    pub merged: u64,
    /// Spikes beyond what a channel can have in a step, which were left out.
    pub capped: u64,
    /// The first channel that reaches nothing and has an event.
    pub first_unconnected: Option<InputId>,
}

impl Session {
    /// Sends those of `events` that are for one of `ticks`, in any order, and tells what became of each. Where
    /// [`Session::send_all`] refuses more spikes of a channel than fit in a step, this leaves out what is too much.
    ///
    /// # Errors
    /// As [`emulator::Emulator::send`] but for numbers of spikes that are too large, and [`SessionError::NoSpikes`] if
    /// events of a channel that carries no spikes are to be binary. The events before the one that is refused have been
    /// sent.
    pub fn take_all(
        &mut self,
        events: impl IntoIterator<Item = InputEvent>,
        ticks: Range<Tick>,
        multiple: Multiple,
    ) -> Result<Taken, SessionError> {
        let mut taken = Taken::default();
        for event in events {
            taken.read += 1;
            if event.tick < ticks.start {
                taken.before += 1;
            } else if event.tick >= ticks.end {
                taken.after += 1;
            } else {
                self.take(event, multiple, &mut taken)?;
            }
        }
        Ok(taken)
    }

    fn take(&mut self, event: InputEvent, multiple: Multiple, taken: &mut Taken) -> Result<(), SessionError> {
        let InputEvent { tick, channel, payload } = event;
        let emulator = self.emulator();
        let fabric = emulator.fabric();
        if channel.index() >= fabric.input_count() {
            // Refused with the right words.
            return self.send(channel, tick, payload);
        }
        let is_connected = !fabric.routes_of(fabric.input_source(channel)).is_empty();
        let is_clocked = fabric.input_model(channel).is_some_and(CoreModel::is_clocked);
        let (spikes, shares) = match (emulator.spikes_sent(channel, tick), multiple) {
            (Some((in_tick, in_step)), Multiple::Count) => {
                let room = (SPIKES_PER_TICK_MAX - in_step).max(0);
                (payload.min(room), in_tick > 0)
            }
            (Some((in_tick, in_step)), Multiple::Binary) => {
                let shares = if is_clocked { in_step > 0 } else { in_tick > 0 };
                // A number below 0 is refused as ever.
                (if shares { payload.min(0) } else { payload.min(1) }, shares)
            }
            (None, Multiple::Binary) if is_connected => return Err(SessionError::NoSpikes { input: channel.0 }),
            (None, _) => (payload, false),
        };
        self.send(channel, tick, spikes)?;
        if !is_connected {
            taken.unconnected += 1;
            taken.first_unconnected.get_or_insert(channel);
            return Ok(());
        }
        let left_out = if multiple == Multiple::Binary { 0 } else { (payload - spikes).max(0) };
        taken.capped += left_out as u64;
        if left_out == 0 || spikes > 0 {
            taken.used += 1;
            taken.merged += u64::from(shares);
        }
        Ok(())
    }
}

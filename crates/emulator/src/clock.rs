//! When cores can act: every tick, or those of the chip's step, later by their phase.
//!
//! It deliberately knows nothing of what there is to do.

use crate::wake::Wake;
use alloc::vec::Vec;
use device_models::Core;
use units::Tick;

/// The ticks at which a core can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Ticks from one to the next; more than 1 for clocked cores only.
    period: u64,
    /// The first of them; below the period.
    phase: u64,
}

impl Clock {
    pub(crate) fn of(core: &Core, step_ticks: u64) -> Self {
        let period = if core.model().is_clocked() { step_ticks } else { 1 };
        Self { period, phase: core.phase() % period }
    }

    /// The first tick from `tick` on at which the core can act; [`Tick::NEVER`] if there is none before.
    #[inline]
    pub(crate) fn due(self, tick: Tick) -> Tick {
        if self.phase == 0 || tick == Tick::NEVER {
            return due(tick, self.period);
        }
        match due(Tick(tick.0.saturating_sub(self.phase)), self.period) {
            Tick::NEVER => Tick::NEVER,
            of_chip => of_chip.after(self.phase),
        }
    }

    /// Whether nothing can have arrived at the core since it acted, or since the run began: it acted in the tick before
    /// `now`, or there was none.
    pub(crate) fn has_just_acted(self, now: Tick) -> bool {
        now.0 == 0 || now.0 > self.phase && (now.0 - 1 - self.phase).is_multiple_of(self.period)
    }
}

/// When cores act first.
pub(crate) fn first_wake(clocks: &[Clock]) -> Wake {
    let mut wake = Wake::new(clocks.len());
    let first: Vec<Tick> = clocks.iter().map(|clock| clock.due(Tick(0))).collect();
    wake.restore(&first);
    wake
}

/// The first tick from `tick` on that is a multiple of `period`; [`Tick::NEVER`] if there is none before.
#[inline]
pub(crate) fn due(tick: Tick, period: u64) -> Tick {
    if period == 1 { tick } else { tick.0.checked_next_multiple_of(period).map_or(Tick::NEVER, Tick) }
}

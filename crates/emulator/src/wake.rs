//! When each core is to be advanced next.

use alloc::vec;
use alloc::vec::Vec;
use units::Tick;

/// Cores of a group.
const GROUP: usize = 64;

/// The tick at which each core is due, with the minimum of each group of 64 cores beside it.
///
/// The next tick is a minimum over groups, and a visit looks into groups that have a core due and passes over the
/// others, in the order of cores. A heap would make a sleeping board as cheap, but a busy one, whose cores are all
/// due in every step, would pay for a push and a pop of each core; here it pays for a comparison.
#[derive(Clone, Debug)]
pub(crate) struct Wake {
    ticks: Vec<Tick>,
    /// Minimum of each group.
    groups: Vec<Tick>,
    /// Minimum of all.
    next: Tick,
}

impl Wake {
    /// All of `cores` cores are due at tick 0.
    pub(crate) fn new(cores: usize) -> Self {
        let mut wake =
            Self { ticks: vec![Tick(0); cores], groups: vec![Tick(0); cores.div_ceil(GROUP)], next: Tick(0) };
        wake.refresh();
        wake
    }

    /// Each core is due at the tick in `ticks`, one a core.
    pub(crate) fn restore(&mut self, ticks: &[Tick]) {
        self.ticks.copy_from_slice(ticks);
        for (group, ticks) in self.groups.iter_mut().zip(self.ticks.chunks(GROUP)) {
            *group = least(ticks);
        }
        self.refresh();
    }

    /// The tick at which each core is due.
    pub(crate) fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// The first tick at which a core is due; [`Tick::NEVER`] if none is.
    #[inline]
    pub(crate) const fn next(&self) -> Tick {
        self.next
    }

    /// `core` is due at `tick`, unless it is due earlier.
    #[inline]
    pub(crate) fn lower(&mut self, core: usize, tick: Tick) {
        if tick < self.ticks[core] {
            self.ticks[core] = tick;
            let group = &mut self.groups[core / GROUP];
            *group = tick.min(*group);
            self.next = tick.min(self.next);
        }
    }

    /// Calls `visit` for every core that is due at `tick`, in their order; it returns when the core is due next. No
    /// core may be due before `tick`.
    #[inline]
    pub(crate) fn visit(&mut self, tick: Tick, mut visit: impl FnMut(usize) -> Tick) {
        let groups = self.groups.iter_mut().zip(self.ticks.chunks_mut(GROUP));
        for (index, (group, ticks)) in groups.enumerate().filter(|(_, (group, _))| **group == tick) {
            let mut next = Tick::NEVER;
            for (offset, due) in ticks.iter_mut().enumerate() {
                if *due == tick {
                    *due = visit(index * GROUP + offset);
                }
                next = next.min(*due);
            }
            *group = next;
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        self.next = least(&self.groups);
    }
}

/// The smallest of `ticks`; [`Tick::NEVER`] if there is none.
fn least(ticks: &[Tick]) -> Tick {
    ticks.iter().copied().min().unwrap_or(Tick::NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain list that is searched from the first to the last core.
        #[test]
        fn cores_are_visited_when_they_are_due_and_in_their_order(
            cores in 1usize..200,
            rounds in prop::collection::vec((prop::collection::vec(any::<(u16, u8)>(), 0..6), any::<u64>()), 1..40),
        ) {
            let mut wake = Wake::new(cores);
            let mut list = vec![Tick(0); cores];
            for (lowered, salt) in rounds {
                prop_assert_eq!(wake.next(), least(&list));
                let now = least(&list);
                for (core, ahead) in lowered {
                    let (core, tick) = (usize::from(core) % cores, now.after(ahead.into()));
                    wake.lower(core, tick);
                    list[core] = list[core].min(tick);
                }
                // Some cores fall asleep, others are due soon.
                let next = |core: usize| match (core as u64 + 1).wrapping_mul(salt | 1) >> 32 & 7 {
                    0..5 => Tick::NEVER,
                    ahead => now.after(1 + ahead),
                };
                let mut visited = Vec::new();
                wake.visit(now, |core| {
                    visited.push(core);
                    next(core)
                });
                let due: Vec<usize> = (0..cores).filter(|core| list[*core] == now).collect();
                prop_assert_eq!(&visited, &due);
                due.into_iter().for_each(|core| list[core] = next(core));
                prop_assert_eq!(wake.ticks(), &list);
                let mut restored = Wake::new(cores);
                restored.restore(&list);
                prop_assert_eq!((restored.next(), &restored.groups), (wake.next(), &wake.groups));
                if least(&list) == Tick::NEVER {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_board_without_cores_is_never_due() {
        let mut wake = Wake::new(0);
        assert_eq!(wake.next(), Tick::NEVER);
        wake.visit(Tick(0), |_| unreachable!("there is no core"));
        wake.restore(&[]);
        assert_eq!(wake.next(), Tick::NEVER);
    }
}

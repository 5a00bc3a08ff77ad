//! Numbers by tick and input channel that wait for their tick: events of the host, and how many a step has.
//!
//! A host mostly sends in the order of time, often a whole run at once: such numbers wait in a plain list. Others wait
//! in a tree beside it. Which of both a number is in shows nowhere.

use alloc::collections::{BTreeMap, VecDeque};
use units::{InputId, Tick};

type Key = (Tick, InputId);

/// Numbers by tick and channel; none is 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    /// In rising order of their keys.
    list: VecDeque<(Key, i32)>,
    /// Those that did not come last when they were set, none of them in the list.
    rest: BTreeMap<Key, i32>,
}

impl Pending {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.rest.clear();
    }

    /// The number that `input` has for `tick`; 0 if there is none.
    #[inline]
    pub(crate) fn get(&self, tick: Tick, input: InputId) -> i32 {
        let key = (tick, input);
        if self.is_last(key) {
            return 0;
        }
        match self.place(key) {
            Ok(place) => self.list[place].1,
            Err(_) => self.rest.get(&key).copied().unwrap_or(0),
        }
    }

    /// Sets the number that `input` has for `tick`.
    #[inline]
    pub(crate) fn set(&mut self, tick: Tick, input: InputId, payload: i32) {
        let key = (tick, input);
        if self.is_last(key) {
            if payload != 0 {
                self.list.push_back((key, payload));
            }
            return;
        }
        match (self.place(key), payload) {
            (Ok(place), 0) => drop(self.list.remove(place)),
            (Ok(place), _) => self.list[place].1 = payload,
            (Err(_), 0) => drop(self.rest.remove(&key)),
            (Err(_), _) => drop(self.rest.insert(key, payload)),
        }
    }

    /// Takes the next number of `tick`, in the order of channels.
    #[inline]
    pub(crate) fn take(&mut self, tick: Tick) -> Option<(InputId, i32)> {
        let first = self.first()?;
        if first.0 != tick {
            return None;
        }
        let payload = match self.list.front() {
            Some((key, payload)) if *key == first => {
                let payload = *payload;
                self.list.pop_front();
                payload
            }
            _ => self.rest.remove(&first)?,
        };
        Some((first.1, payload))
    }

    /// Removes every number of a tick before `end`.
    pub(crate) fn forget_before(&mut self, end: Tick) {
        while self.list.front().is_some_and(|((tick, _), _)| *tick < end) {
            self.list.pop_front();
        }
        while self.rest.first_key_value().is_some_and(|((tick, _), _)| *tick < end) {
            self.rest.pop_first();
        }
    }

    /// The first tick for which a number waits; [`Tick::NEVER`] if none does.
    #[inline]
    pub(crate) fn next(&self) -> Tick {
        self.first().map_or(Tick::NEVER, |(tick, _)| tick)
    }

    /// Every number, by tick and channel.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Tick, InputId, i32)> {
        let mut all: BTreeMap<Key, i32> = self.rest.clone();
        all.extend(self.list.iter().copied());
        all.into_iter().map(|((tick, input), payload)| (tick, input, payload))
    }

    #[inline]
    fn first(&self) -> Option<Key> {
        let (list, rest) = (self.list.front().map(|(key, _)| *key), self.rest.first_key_value().map(|(key, _)| *key));
        match (list, rest) {
            (Some(list), Some(rest)) => Some(list.min(rest)),
            (one, other) => one.or(other),
        }
    }

    /// Whether `key` comes after everything that waits, so that it can be added at the end of the list.
    #[inline]
    fn is_last(&self, key: Key) -> bool {
        let last = self.list.back().map(|(key, _)| *key).max(self.rest.last_key_value().map(|(key, _)| *key));
        last.is_none_or(|last| key > last)
    }

    #[inline]
    fn place(&self, key: Key) -> Result<usize, usize> {
        self.list.binary_search_by_key(&key, |(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u8, u8, i32),
        Take,
        Forget(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (any::<u8>(), 0u8..3, 0i32..4).prop_map(|(tick, input, payload)| Step::Set(tick, input, payload)),
            1 => Just(Step::Take),
            1 => any::<u8>().prop_map(|tick| Step::Forget(tick / 4)),
        ]
    }

    proptest! {
        /// Against a plain tree, with events that come in order, out of order, twice, and are taken back.
        #[test]
        fn events_wait_as_in_one_tree(steps in prop::collection::vec(step(), 1..120), rising in any::<bool>()) {
            let (mut pending, mut tree) = (Pending::default(), BTreeMap::new());
            let mut last = 0u64;
            for step in steps {
                match step {
                    Step::Set(tick, input, payload) => {
                        last = if rising { last + u64::from(tick % 3) } else { tick.into() };
                        let (tick, input) = (Tick(last), InputId(input.into()));
                        pending.set(tick, input, payload);
                        if payload == 0 { tree.remove(&(tick, input)); } else { tree.insert((tick, input), payload); }
                        prop_assert_eq!(pending.get(tick, input), payload);
                    }
                    Step::Take => {
                        let next = pending.next();
                        prop_assert_eq!(pending.take(Tick(next.0 ^ 1)), None);
                        let taken = pending.take(next).map(|(input, payload)| ((next, input), payload));
                        prop_assert_eq!(taken, tree.pop_first());
                    }
                    Step::Forget(end) => {
                        let end = Tick(end.into());
                        pending.forget_before(end);
                        tree.retain(|(tick, _), _| *tick >= end);
                    }
                }
                let all: Vec<_> = pending.all().map(|(tick, input, payload)| ((tick, input), payload)).collect();
                prop_assert_eq!(all, tree.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}

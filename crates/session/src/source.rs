//! The events that a program's input groups send by themselves.
//!
//! A train is a function of the seed and trial of the run, the name of its group, its channel there, and time: other
//! groups, channels, neurons and events change nothing of it, and neither does where a run is cut.
//!
//! In a Poisson train each tick has an event with the source's probability `p`, independent of all other ticks. Time is
//! cut into blocks of 2^16 ticks, which have random words of their own; that the past does not matter makes this no
//! approximation. Within a block the ticks until the next event are drawn from one word by inversion: the largest `k`
//! with `u < (1 - p)^k` for a uniform `u`, bit by bit of `k`. Powers are kept in units of 2^-63, so that no probability
//! of an interval is off by more than 2^-44.

use crate::Session;
use chip::{EventSource, Symbols, Train};
use disorder::{Key, Purpose};
use std::collections::BTreeMap;
use std::sync::Arc;
use units::{InputId, Tick};

/// Ticks of a block, as a power of two.
const BLOCK_BITS: u32 = 16;

/// `(1 - p)^(2^j)` for `j` from 0 to [`BLOCK_BITS`], in units of 2^-63.
type Powers = [u64; BLOCK_BITS as usize + 1];

/// All trains of a session.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    trial: (u64, u64),
    cursors: Vec<Cursor>,
    /// The tick before which the events have been taken.
    at: Tick,
    /// By group: events that found no room beside those of the host.
    lost: BTreeMap<String, u64>,
}

/// A train and how far it has been followed.
#[derive(Clone, Debug)]
struct Cursor {
    group: usize,
    channel: InputId,
    start: u64,
    stop: u64,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Poisson { powers: Arc<Powers>, root: u64, block: u64, draws: u64, next: Option<u64> },
    Regular { offset: u128, period: u128, parts: u128, next: u128 },
}

impl Sources {
    /// The trains of the program with these symbols, in trial `trial` of the seed.
    pub(crate) fn new(symbols: &Symbols, seed: u64, trial: u64) -> Self {
        let mut cursors = Vec::new();
        for (group, input) in symbols.inputs.iter().enumerate() {
            let Some(source) = &input.source else { continue };
            let root = Key::new(seed, Purpose::Task).slot(trial).name(&format!("{}\0source", input.name)).first_word();
            let mut tables: BTreeMap<u64, Arc<Powers>> = BTreeMap::new();
            for index in 0..input.channels {
                let root = Key::new(root, Purpose::Task).slot(index.into()).first_word();
                let mut table =
                    |per_tick| Arc::clone(tables.entry(per_tick).or_insert_with(|| Arc::new(powers(per_tick))));
                let channel = InputId(symbols.first_channel(group).0 + index);
                cursors.push(Cursor::new(group, channel, source, (source.train(index), root), &mut table));
            }
        }
        let mut sources = Self { trial: (seed, trial), cursors, at: Tick(0), lost: BTreeMap::new() };
        sources.move_to(Tick(0));
        sources
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cursors.is_empty()
    }

    /// Hands the events of the ticks from `now` to before `until` to `send`, train by train.
    pub(crate) fn take(&mut self, now: Tick, until: Tick, mut send: impl FnMut(usize, InputId, Tick)) {
        if self.at != now {
            self.move_to(now);
        }
        for cursor in &mut self.cursors {
            let (group, channel) = (cursor.group, cursor.channel);
            cursor.take(until.0, |tick| send(group, channel, Tick(tick)));
        }
        self.at = until;
    }

    fn move_to(&mut self, tick: Tick) {
        self.cursors.iter_mut().for_each(|cursor| cursor.move_to(tick.0));
        self.at = tick;
    }
}

impl Cursor {
    fn new(
        group: usize,
        channel: InputId,
        source: &EventSource,
        (train, root): (Train, u64),
        table: &mut impl FnMut(u64) -> Arc<Powers>,
    ) -> Self {
        let state = match train {
            Train::Poisson { per_tick } => {
                State::Poisson { powers: table(per_tick), root, block: 0, draws: 0, next: None }
            }
            Train::Regular { offset, period, parts } => {
                State::Regular { offset: offset.into(), period: period.into(), parts: parts.into(), next: 0 }
            }
        };
        Self { group, channel, start: source.start, stop: source.stop.unwrap_or(u64::MAX), state }
    }

    /// Hands on the events before `until`.
    fn take(&mut self, until: u64, mut send: impl FnMut(u64)) {
        let end = until.min(self.stop);
        match &mut self.state {
            State::Poisson { powers, root, block, draws, next } => loop {
                match *next {
                    Some(tick) if tick >= end => return,
                    Some(tick) => {
                        if tick >= self.start {
                            send(tick);
                        }
                        *next = following(powers, *root, *block, draws, tick.checked_add(1));
                    }
                    None => {
                        let first = (*block + 1) << BLOCK_BITS;
                        if first >= end || *block + 1 > u64::MAX >> BLOCK_BITS {
                            return;
                        }
                        (*block, *draws) = (*block + 1, 0);
                        *next = following(powers, *root, *block, draws, Some(first));
                    }
                }
            },
            State::Regular { offset, period, parts, next } => loop {
                let tick = u128::from(self.start) + (*offset + *next * *period) / *parts;
                if tick >= u128::from(end) {
                    return;
                }
                send(tick as u64);
                *next += 1;
            },
        }
    }

    /// Goes to the first event at `tick` or after it.
    fn move_to(&mut self, tick: u64) {
        match &mut self.state {
            State::Poisson { powers, root, block, draws, next } => {
                (*block, *draws) = (tick >> BLOCK_BITS, 0);
                *next = following(powers, *root, *block, draws, Some(*block << BLOCK_BITS));
                while let Some(found) = next.filter(|found| *found < tick) {
                    *next = following(powers, *root, *block, draws, found.checked_add(1));
                }
            }
            State::Regular { offset, period, parts, next } => {
                // The first n with (offset + n period) / parts >= wait.
                let wait = u128::from(tick.saturating_sub(self.start));
                *next = (wait * *parts).saturating_sub(*offset).div_ceil(*period);
            }
        }
    }
}

/// `(1 - p)^(2^j)`.
fn powers(per_tick: u64) -> Powers {
    let mut powers = [0; BLOCK_BITS as usize + 1];
    let mut power = Train::ALWAYS - per_tick;
    for place in &mut powers {
        *place = power;
        power = times(power, power);
    }
    powers
}

/// A product of numbers from 0 to 1, to the nearest 2^-63.
fn times(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b) + (1 << 62)) >> 63) as u64
}

/// The first tick with an event from `from` on, if there is one in block `block`; takes a random word.
fn following(powers: &Powers, root: u64, block: u64, draws: &mut u64, from: Option<u64>) -> Option<u64> {
    let root = Key::new(root, Purpose::Task).slot(block).first_word();
    let uniform = Key::new(root, Purpose::Task).slot(*draws).first_word() >> 1;
    *draws += 1;
    let (mut silent, mut probability) = (0u64, Train::ALWAYS);
    for (bit, power) in powers.iter().enumerate().rev() {
        let longer = times(probability, *power);
        if uniform < longer {
            (silent, probability) = (silent | 1 << bit, longer);
        }
    }
    from?.checked_add(silent).filter(|tick| tick >> BLOCK_BITS == block)
}

impl Session {
    /// Says which trains the sources of the program follow from now on: those of trial `trial` of `seed`. Without this
    /// they follow the seed of the die and the trial of its noise, or trial 0.
    pub fn set_sources(&mut self, seed: u64, trial: u64) {
        if self.sources.trial != (seed, trial) {
            self.sources = Sources::new(self.board().symbols(), seed, trial);
        }
    }

    /// The seed and trial that the sources of the program follow; none if it has no source. A state that is saved does
    /// not hold them: who resumes it has to follow the same.
    pub fn source_trial(&self) -> Option<(u64, u64)> {
        let has_sources = self.board().symbols().inputs.iter().any(|input| input.source.is_some());
        has_sources.then_some(self.sources.trial)
    }

    /// Events of sources that found no room beside those that the host sent for the same tick or step, by group.
    pub fn crowded_out(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sources.lost.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// Sends what the sources have for the ticks before `until`.
    pub(crate) fn send_sources(&mut self, until: Tick) {
        let mut refused = BTreeMap::new();
        let (now, emulator) = (self.now(), &mut self.emulator);
        self.sources.take(now, until, |group, channel, tick| {
            // The channel exists and the tick is to come: what can be wrong is that there are too many.
            if emulator.send(channel, tick, 1).is_err() {
                *refused.entry(group).or_insert(0) += 1;
            }
        });
        for (group, count) in refused {
            let name = self.board.symbols().inputs[group].name.clone();
            *self.sources.lost.entry(name).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests;

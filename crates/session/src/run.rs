//! A session: a program on a die that runs.

use crate::probe::{Probes, quantities, state};
use crate::source::Sources;
use crate::{Activity, Board, PopulationActivity, Recording, SessionError};
use chip::{InputEvent, Source};
use device_models::{DieParameters, ProbeKind};
use emulator::{Counters, Emulator, Observer, Snapshot};
use mapper::EnergyItem;
use std::iter::Peekable;
use std::ops::Range;
use std::time::{Duration, Instant};
use units::{InputId, NeuronId, Tick};

/// Ticks by which events are sent ahead of the run: far enough to be cheap, near enough to be few.
const AHEAD_TICKS: u64 = 4096;

/// Times that a run is asked whether to go on.
const STRETCHES: u64 = 1024;

/// How long a run may go on before it is asked again, about.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// A program on a die. A copy goes on by itself, from the same state.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) board: Board,
    die: DieParameters,
    pub(crate) emulator: Emulator,
    probes: Probes,
    pub(crate) sources: Sources,
}

/// Events of a list that a run did not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Those for ticks before the run.
    pub before: u64,
    /// Those for ticks after it.
    pub after: u64,
}

impl Session {
    pub(crate) fn new(board: Board, die: DieParameters, emulator: Emulator) -> Self {
        let phases = (0..board.program().cores.len()).map(|core| emulator.core(core).phase());
        let probes = Probes::new(board.spec().step_ticks(), phases.max().unwrap_or(0));
        let trial = die.noise().map_or(0, |noise| noise.trial());
        let sources = Sources::new(board.symbols(), die.die().root_seed, trial);
        Self { board, die, emulator, probes, sources }
    }

    /// What runs.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// The die on which it runs.
    pub const fn die(&self) -> &DieParameters {
        &self.die
    }

    /// The emulator, for what a session has no word for: the state and parameters of its cores, the connections with
    /// the weights of this die.
    pub const fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The next tick to be processed.
    pub const fn now(&self) -> Tick {
        self.emulator.now()
    }

    /// Sends an event of channel `input` for tick `tick`; see [`Emulator::send`] for what a payload is.
    ///
    /// # Errors
    /// As [`Emulator::send`].
    pub fn send(&mut self, input: InputId, tick: Tick, payload: i32) -> Result<(), SessionError> {
        Ok(self.emulator.send(input, tick, payload)?)
    }

    /// Passes on what a neuron sent in another run of the same program; see [`Emulator::pass_on`].
    ///
    /// # Errors
    /// As [`Emulator::pass_on`].
    ///
    /// # Panics
    /// If the program has no such neuron.
    pub fn pass_on(&mut self, core: usize, neuron: NeuronId, tick: Tick, payload: i32) -> Result<(), SessionError> {
        Ok(self.emulator.pass_on(core, neuron, tick, payload)?)
    }

    /// Sends those of `events` that are for one of `ticks`, in any order, and counts those that are not: a list may be
    /// longer than a run, or its beginning have been sent in the run before.
    ///
    /// # Errors
    /// As [`Emulator::send`]; the events before the one that is refused have been sent.
    pub fn send_all(
        &mut self,
        events: impl IntoIterator<Item = InputEvent>,
        ticks: Range<Tick>,
    ) -> Result<LeftOut, SessionError> {
        let mut left_out = LeftOut::default();
        for InputEvent { tick, channel, payload } in events {
            if tick < ticks.start {
                left_out.before += 1;
            } else if tick >= ticks.end {
                left_out.after += 1;
            } else {
                self.send(channel, tick, payload)?;
            }
        }
        Ok(left_out)
    }

    /// Reads quantity `quantity` of a neuron of core `core` (index into the program) from now on.
    ///
    /// # Errors
    /// A circuit that is not in use, a quantity that it does not have or that is read already, or a session that has
    /// taken samples.
    pub fn probe(&mut self, core: usize, neuron: NeuronId, quantity: &str) -> Result<(), SessionError> {
        self.probes.add(&self.board, &self.emulator, (core, neuron), quantity)
    }

    /// Reads quantity `quantity` of the neurons `range` of the population called `population` (none: of all) from now
    /// on.
    ///
    /// # Errors
    /// A population, neurons or a quantity that do not exist, one that is read already (those before it are kept), or a
    /// session that has taken samples.
    pub fn probe_population(
        &mut self,
        population: &str,
        range: Option<Range<u32>>,
        quantity: &str,
    ) -> Result<(), SessionError> {
        self.probes.add_population(&self.board, &self.emulator, (population, range), quantity)
    }

    /// The quantities that the neurons of population `population` have.
    ///
    /// # Errors
    /// There is no such population.
    pub fn quantities(&self, population: &str) -> Result<Vec<ProbeKind>, SessionError> {
        Ok(quantities(&self.board, &self.emulator, self.board.population(population)?))
    }

    /// Quantity `quantity` of all neurons of the population called `population`, as the last tick left it: what the
    /// integer of each means, and the integer. Nothing changes.
    ///
    /// # Errors
    /// There is no such population, or it has no such quantity.
    pub fn state(&self, population: &str, quantity: &str) -> Result<Vec<(ProbeKind, i64)>, SessionError> {
        state(&self.board, &self.emulator, population, quantity)
    }

    /// Samples the probes in ticks that are multiples of `ticks`, instead of at each step of the chip. 0 counts as 1.
    pub fn sample_every(&mut self, ticks: u64) {
        self.probes.every = ticks.max(1);
    }

    /// The ticks at whose end samples were taken.
    pub fn sampled(&self) -> &[Tick] {
        &self.probes.ticks
    }

    /// What the probes have read: one reading for each of [`Session::sampled`].
    pub fn recordings(&self) -> &[Recording] {
        &self.probes.recordings
    }

    /// Forgets what the probes have read; they go on.
    pub fn clear_recordings(&mut self) {
        self.probes.clear();
    }

    /// Processes every tick before `end`, samples the probes, and tells `observer` what happens. If `end` is over
    /// already, nothing happens.
    pub fn run_until(&mut self, end: Tick, observer: &mut impl Observer) {
        // Running in pieces is the same run, so looking at the state in between changes nothing.
        while let Some(tick) = self.probes.due(self.now()).filter(|tick| *tick < end) {
            self.advance(tick.after(1), observer);
            self.probes.sample(&self.emulator, tick);
        }
        self.advance(end, observer);
    }

    /// The same as long as `more` says so, which is asked many times a second: for who may be told to stop. Returns
    /// whether the run came to its end; if not, this session stands where it was stopped, and can go on. The clock
    /// decides only when `more` is asked.
    pub fn run_until_while(&mut self, end: Tick, observer: &mut impl Observer, more: impl Fn() -> bool) -> bool {
        let mut stretch = 1;
        // Running in pieces is the same run.
        while self.now() < end {
            if !more() {
                return false;
            }
            let from = Instant::now();
            self.run_until(self.now().after(stretch).min(end), observer);
            // A stretch is short enough for the busiest part of a run to follow the quietest.
            stretch = if from.elapsed() < ASKED_EVERY { (2 * stretch).min(AHEAD_TICKS) } else { (stretch / 2).max(1) };
        }
        true
    }

    /// Processes every tick before `end`, with the events of the sources. None is sent for a later tick: a snapshot
    /// holds what has happened, and who goes on from it sends the rest.
    fn advance(&mut self, end: Tick, observer: &mut impl Observer) {
        if !self.sources.is_empty() {
            while self.now() < end {
                let until = self.now().after(AHEAD_TICKS).min(end);
                self.send_sources(until);
                self.emulator.run_until(until, observer);
            }
        }
        self.emulator.run_until(end, observer);
    }

    /// Runs for `ticks` ticks and returns what each population did, in `parts` parts of equal length as far as whole
    /// ticks allow (no more of them than ticks); `done` is told after each part how many are over.
    pub fn run_in_parts(
        &mut self,
        ticks: u64,
        parts: u64,
        observer: &mut impl Observer,
        done: impl FnMut(u64),
    ) -> Vec<PopulationActivity> {
        self.run_in_parts_while(ticks, parts, observer, done, |_| true).expect("nobody ends it")
    }

    /// The same as long as `more` says so, which looks at the observer: the end of a run that keeps too much. It is
    /// asked after 1 tick, 2 more, 4 more and so on, at least a thousand times a run, so that a run goes on little
    /// longer than it took until then. `None` if the run was ended; this session stands where that was.
    pub fn run_in_parts_while<O: Observer>(
        &mut self,
        ticks: u64,
        parts: u64,
        observer: &mut O,
        mut done: impl FnMut(u64),
        more: impl Fn(&O) -> bool,
    ) -> Option<Vec<PopulationActivity>> {
        let (from, parts) = (self.now(), parts.min(ticks));
        let mut activity = Activity::new(&self.board);
        let mut stretch = 1;
        for part in 1..=parts {
            activity.begin_part();
            let end = from.after((u128::from(ticks) * u128::from(part) / u128::from(parts)) as u64);
            // Running in pieces is the same run.
            while self.now() < end {
                self.run_until(self.now().after(stretch).min(end), &mut (&mut activity, &mut *observer));
                if !more(observer) {
                    return None;
                }
                stretch = stretch.saturating_mul(2).min((ticks / STRETCHES).max(1));
            }
            done(part);
        }
        Some(activity.into_populations())
    }

    /// Runs until `end`, with events that are taken from `events` as the run comes near them, so that few are held at a
    /// time.
    /// They come in the order of time; those from `end` on are left for the next run.
    ///
    /// # Errors
    /// As [`Emulator::send`]; the session stands where it was refused, and can go on.
    pub fn run_with<I: Iterator<Item = InputEvent>>(
        &mut self,
        events: &mut Peekable<I>,
        end: Tick,
        observer: &mut impl Observer,
    ) -> Result<(), SessionError> {
        while let Some(first) = events.peek().map(|event| event.tick).filter(|tick| *tick < end) {
            let until = first.after(AHEAD_TICKS).min(end);
            while let Some(event) = events.next_if(|event| event.tick < until) {
                self.send(event.channel, event.tick, event.payload)?;
            }
            self.run_until(until, observer);
        }
        self.run_until(end, observer);
        Ok(())
    }

    /// Says which part of a run with noise follows; see [`Emulator::set_part`].
    pub fn set_part(&mut self, part: u64) {
        self.emulator.set_part(part);
    }

    /// Back to the initial state at tick 0, with nothing sent and nothing read. Counters, probes, the part, and which
    /// connections are muted are kept.
    pub fn reset(&mut self) {
        self.emulator.reset();
        self.probes.clear();
    }

    /// What happened so far, in all runs of this session.
    pub const fn counters(&self) -> &Counters {
        self.emulator.counters()
    }

    /// What the models of the cores count besides, by name, over all cores: overflows of registers.
    pub fn overflows(&self) -> Vec<(&'static str, u64)> {
        let mut all: Vec<(&'static str, u64)> = Vec::new();
        for index in 0..self.board.program().cores.len() {
            for (name, count) in self.emulator.core(index).counters() {
                match all.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, sum)) => *sum += count,
                    None => all.push((name, count)),
                }
            }
        }
        all
    }

    /// What happened so far by the prices of the chip; empty if it has none. Hops are not counted here: see
    /// [`HopMeter`](crate::HopMeter).
    pub fn energy(&self) -> Vec<EnergyItem> {
        let c = self.counters();
        mapper::energy(
            self.board.spec(),
            &[
                ("synaptic_operation", c.synaptic_operations),
                ("neuron_update", c.neuron_updates),
                ("spike", c.spikes),
                ("event_sent", c.events_sent),
            ],
        )
    }

    /// Hash of the run since the last reset: all spikes, then time and state.
    pub fn digest(&self) -> u64 {
        self.emulator.digest()
    }

    /// The state now, from which [`Board::resume`] goes on. Probes and their readings are not in it.
    pub fn snapshot(&self) -> Snapshot {
        self.emulator.snapshot()
    }

    /// Switches connections for which `hits` says so off, or on; the others stay as they are.
    pub(crate) fn set_muted(&mut self, off: bool, mut hits: impl FnMut(Source, usize) -> bool) {
        let before = self.emulator.muted().to_vec();
        let mut route = 0;
        self.emulator.mute(|origin, core| {
            let was = before.get(route) == Some(&true);
            route += 1;
            if hits(origin, core) { off } else { was }
        });
    }
}

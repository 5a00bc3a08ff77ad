//! Every sample on every die, with one mapping.
//!
//! Samples of a die are shown by copies of one session, each from the initial state, so that a sample gives the same
//! whatever was shown before it and on which thread. Copies share what is costly: the connections with the weights of
//! the die.

use crate::decide::{by_count, by_first, largest};
use crate::{Decision, DieScore, LabelledSet, Outcome, Rule, Sample, ScoreError, Showing};
use device_models::DieParameters;
use session::{Activity, Board, HopMeter, LatencyMeter, Recording, Session, SessionError, in_order};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use units::Tick;
use warnings::Warnings;

/// What voltages are called among the quantities of neurons.
const VOLTAGE: &str = "v";

/// What is shown to dies, and how they decide.
#[derive(Clone, Copy, Debug)]
pub struct Scoring<'a> {
    /// The program on its chip.
    pub board: &'a Board,
    /// What is shown.
    pub set: &'a LabelledSet,
    /// Name of the population that decides: neuron i for class i.
    pub output: &'a str,
    /// How it decides.
    pub rule: Rule,
    /// How samples are shown.
    pub showing: Showing,
}

/// The sessions of a die.
struct Sessions {
    /// The first one, which nothing was shown to; none before the first sample and after the last.
    first: Mutex<Option<Session>>,
    /// Copies that no thread uses at the moment.
    free: Mutex<Vec<Session>>,
    /// Samples that were not shown yet.
    left: AtomicUsize,
}

impl Scoring<'_> {
    /// Shows every sample to each of `dies`, and tells `done` after each, in any order. Results come in the order of
    /// dies and samples.
    ///
    /// # Errors
    /// There is no such population, its neurons have no voltage where that decides, a die cannot be made, a sample
    /// cannot be sent, or nothing says how long it is.
    pub fn run(&self, dies: &[DieParameters], done: impl Fn() + Sync) -> Result<Vec<DieScore>, ScoreError> {
        Ok(self.run_while(dies, done, &|| true)?.expect("nobody stops it"))
    }

    /// The same as long as `more` says so, which is asked many times a second; `None` if it was stopped.
    ///
    /// # Errors
    /// As [`Scoring::run`].
    pub fn run_while(
        &self,
        dies: &[DieParameters],
        done: impl Fn() + Sync,
        more: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<DieScore>>, ScoreError> {
        let samples = self.set.samples.len();
        let sessions =
            || Sessions { first: Mutex::new(None), free: Mutex::new(Vec::new()), left: AtomicUsize::new(samples) };
        let all: Vec<Sessions> = dies.iter().map(|_| sessions()).collect();
        let failed = AtomicUsize::new(usize::MAX);
        let results = in_order(dies.len() * samples, self.showing.threads, |index| {
            // What comes after a failure is not reported.
            if failed.load(Ordering::Relaxed) < index || !more() {
                return None;
            }
            let (die, sample) = (index / samples, index % samples);
            let result = self.one(&dies[die], (sample, die == 0), &all[die], more).transpose()?;
            if all[die].left.fetch_sub(1, Ordering::Relaxed) == 1 {
                *all[die].first.lock().expect("no run panicked") = None;
                all[die].free.lock().expect("no run panicked").clear();
            }
            if result.is_err() {
                failed.fetch_min(index, Ordering::Relaxed);
            }
            done();
            Some(result)
        });
        let first = results.iter().find_map(|result| result.as_ref()?.as_ref().err());
        if first.is_none() && results.iter().any(Option::is_none) {
            return Ok(None);
        }
        let mut scores = Vec::with_capacity(dies.len());
        let mut results = results.into_iter();
        for die in dies {
            let (mut outcomes, mut warnings) = (Vec::with_capacity(samples), Warnings::default());
            for result in results.by_ref().take(samples) {
                let Some(result) = result else { continue };
                let (outcome, of_die) = result?;
                outcomes.push(outcome);
                warnings.extend(of_die);
            }
            scores.push(DieScore::new(die, outcomes, warnings));
        }
        Ok(Some(scores))
    }

    /// One sample on one die, timed or not; with the first of a die also what is to be said of the die. `None` if it
    /// was stopped.
    fn one(
        &self,
        die: &DieParameters,
        (sample, timed): (usize, bool),
        sessions: &Sessions,
        more: &dyn Fn() -> bool,
    ) -> Result<Option<(Outcome, Warnings)>, ScoreError> {
        let taken = sessions.free.lock().expect("no run panicked").pop().filter(|_| sample > 0);
        let mut session = match taken {
            Some(session) => session,
            None => {
                let mut first = sessions.first.lock().expect("no run panicked");
                match &*first {
                    Some(session) => session.clone(),
                    None => {
                        let what = || format!("die {}", die.die().id.0);
                        let made = self.session(die).map_err(|error| ScoreError::Session { what: what(), error })?;
                        first.insert(made).clone()
                    }
                }
            }
        };
        // The first sample has a session that has counted nothing yet.
        let warnings = if sample == 0 { session.warnings(&[]) } else { Warnings::default() };
        let outcome = self.show(&mut session, &self.set.samples[sample], (sample, timed), more)?;
        sessions.free.lock().expect("no run panicked").push(session);
        Ok(outcome.map(|outcome| (outcome, warnings)))
    }

    fn session(&self, die: &DieParameters) -> Result<Session, SessionError> {
        let mut session = self.board.on(die)?;
        session.set_sources(die.die().root_seed, self.showing.trial);
        if self.rule.is_by_voltage() {
            session.probe_population(self.output, None, VOLTAGE)?;
        }
        Ok(session)
    }

    /// Shows sample number `index` to a session; `None` if it was stopped.
    fn show(
        &self,
        session: &mut Session,
        sample: &Sample,
        (index, timed): (usize, bool),
        more: &dyn Fn() -> bool,
    ) -> Result<Option<Outcome>, ScoreError> {
        let refused = |error| ScoreError::Session { what: sample.name.clone(), error };
        let output = self.board.population(self.output).map_err(refused)?;
        session.reset();
        // Noise is a function of time and part: samples are to have their own.
        session.set_part(index as u64);
        let before = Totals::of(session);
        let end = Tick(self.showing.ticks_of(sample)?);
        let taken =
            session.take_all(sample.events.iter().copied(), Tick(0)..end, self.showing.multiple).map_err(refused)?;
        let mut activity = Activity::new(self.board);
        let mut meter = timed.then(|| LatencyMeter::new(self.board, Tick(0))).flatten();
        let mut hops = timed.then(|| HopMeter::new(self.board)).flatten();
        if !session.run_until_while(end, &mut (&mut activity, (&mut meter, &mut hops)), more) {
            return Ok(None);
        }
        let spans = activity.populations().iter().flat_map(|population| population.spans.iter().flatten());
        let active = spans.map(|span| span.ticks).sum();
        let activity = &activity.populations()[output];
        let decision = match self.rule {
            Rule::Count => by_count(&activity.events),
            Rule::First => {
                let firsts: Vec<_> = activity.spans.iter().map(|span| span.map(|span| span.first)).collect();
                by_first(&firsts, &activity.events)
            }
            Rule::Last | Rule::Highest => self.by_voltage(session),
        };
        let Totals { spikes, operations, updates, sent, saturations, overflows, lost } =
            Totals::of(session).since(&before);
        Ok(Some(Outcome {
            decision,
            output_spikes: activity.total(),
            spikes,
            synaptic_operations: operations,
            neuron_updates: updates,
            events_sent: sent,
            active,
            ticks: end.0,
            saturations,
            overflows,
            events_lost: lost,
            taken,
            latency: meter.map(|meter| meter.finish(end)),
            hops: hops.map(HopMeter::finish),
        }))
    }

    fn by_voltage(&self, session: &Session) -> Decision {
        let level = |reading: &Recording| match self.rule {
            Rule::Highest => reading.bits.iter().max().copied(),
            _ => reading.bits.last().copied(),
        };
        // A run that is shorter than a step has no voltage to decide by.
        let levels: Option<Vec<i64>> = session.recordings().iter().map(level).collect();
        levels.map_or_else(Decision::default, |levels| largest(&levels))
    }
}

/// What a session has counted in all of its runs.
struct Totals {
    spikes: u64,
    operations: u64,
    updates: u64,
    sent: u64,
    saturations: u64,
    overflows: u64,
    lost: u64,
}

impl Totals {
    fn of(session: &Session) -> Self {
        let counters = session.counters();
        Self {
            spikes: counters.spikes,
            operations: counters.synaptic_operations,
            updates: counters.neuron_updates,
            sent: counters.events_sent,
            saturations: counters.saturations,
            overflows: session.overflows().into_iter().map(|(_, count)| count).sum(),
            lost: counters.losses.total(),
        }
    }

    const fn since(self, before: &Self) -> Self {
        Self {
            spikes: self.spikes - before.spikes,
            operations: self.operations - before.operations,
            updates: self.updates - before.updates,
            sent: self.sent - before.sent,
            saturations: self.saturations - before.saturations,
            overflows: self.overflows - before.overflows,
            lost: self.lost - before.lost,
        }
    }
}

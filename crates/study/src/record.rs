//! Running stimuli through a session and recording the features of one population.

use crate::tape::{self, Tape};
use chip::InputEvent;
use device_models::{Core, EventCore};
use emulator::Observer;
use readout::{Features, Matrix};
use session::{Board, Session, SessionError};
use units::{InputId, NeuronId, Tick};

/// A stimulus from its first step on, and the steps after which features are sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stimulus {
    /// Its place among the stimuli of its task.
    pub(crate) part: usize,
    /// Events in the order of their ticks.
    pub(crate) events: Vec<InputEvent>,
    /// Steps after which a row of features is taken, rising; emulation ends after the last one.
    pub(crate) samples: Vec<u64>,
}

/// Which neuron of a program belongs to which feature.
#[derive(Clone, Debug)]
pub(crate) struct FeatureMap {
    /// Index of the population whose spikes are features.
    pub(crate) population: usize,
    /// The feature of each of its neurons.
    pub(crate) feature_of: Vec<usize>,
    /// Number of features.
    pub(crate) count: usize,
}

/// When the rows of a recorder are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// At each sample of a stimulus. What comes after the last one is not counted.
    AtSamples,
    /// Once a stimulus, when what it left in the circuits has run out.
    Drained,
}

/// Feeds the spikes of one population to features, takes their rows, and counts the spikes.
pub(crate) struct Rows<'a> {
    board: Board,
    /// Ticks of a step of the chip: it is asked for at every spike.
    step_ticks: u64,
    map: &'a FeatureMap,
    features: Box<dyn Features>,
    taken: Taken,
    /// Whether spikes count.
    is_open: bool,
    /// Change of a graded level, from the level that each feature had last.
    levels: Option<Vec<i32>>,
    /// Features that are states and not levels.
    states: Vec<State>,
    rows: Matrix,
    spikes: u64,
}

impl<'a> Rows<'a> {
    /// Rows of `features`, of the neurons that `map` names on `board`; `graded` units send levels.
    pub(crate) fn new(
        board: &Board,
        map: &'a FeatureMap,
        features: Box<dyn Features>,
        taken: Taken,
        graded: bool,
    ) -> Self {
        let levels = graded.then(|| vec![0; map.count]);
        let rows = Matrix::new(map.count);
        let states = Vec::new();
        let (board, step_ticks) = (board.clone(), board.spec().step_ticks());
        Self { board, step_ticks, map, features, taken, is_open: true, levels, states, rows, spikes: 0 }
    }

    /// All rows one after another, and the number of spikes of the population.
    pub(crate) fn finish(self) -> (Matrix, u64) {
        (self.rows, self.spikes)
    }

    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        if !self.is_open {
            return;
        }
        let Some((population, index)) = self.board.member(core, neuron) else { return };
        if population != self.map.population {
            return;
        }
        let feature = self.map.feature_of[index as usize];
        let value = match &mut self.levels {
            Some(levels) => value - std::mem::replace(&mut levels[feature], value),
            None => value,
        };
        self.spikes += 1;
        self.features.spike(tick.0 / self.step_ticks, feature, value);
    }

    fn begin(&mut self, session: &Session) {
        self.is_open = true;
        self.states = if self.levels.is_some() { states(session, self.map) } else { Vec::new() };
        self.features.restart(0);
        if let Some(levels) = &mut self.levels {
            levels.fill(0);
        }
    }

    fn sample(&mut self, step: u64, session: &Session) {
        if self.taken == Taken::AtSamples {
            let row = self.rows.push_zeros();
            self.features.sample(step, row);
            for State { feature, core, neuron, unit } in &self.states {
                let x = session.emulator().core(*core).probe(STATE, *neuron, session.now());
                row[*feature] = x as f64 / unit;
            }
        }
    }

    fn drain(&mut self) {
        self.is_open = self.taken == Taken::Drained;
    }

    fn end(&mut self, step: u64) {
        if self.taken == Taken::Drained {
            self.features.sample(step, self.rows.push_zeros());
        }
    }
}

/// A feature that is the state of a unit.
#[derive(Clone, Copy, Debug)]
struct State {
    feature: usize,
    core: usize,
    neuron: NeuronId,
    /// What counts as 1.
    unit: f64,
}

/// The state of a rate unit, among what can be read of it.
const STATE: usize = 0;

/// The units of a population that send the tanh of their state: what a readout sees of them is the state itself.
fn states(session: &Session, map: &FeatureMap) -> Vec<State> {
    let board = session.board();
    let state = |(index, &feature): (usize, &usize)| {
        let (core, neuron) = board.place(map.population, index as u32)?;
        let Core::Rate(units) = session.emulator().core(core) else { return None };
        let kind = &units.probes(board.spec())[STATE];
        let unit = (1u64 << kind.fraction_bits) as f64;
        units.parameters().squashed()[neuron.index()].then_some(State { feature, core, neuron, unit })
    };
    map.feature_of.iter().enumerate().filter_map(state).collect()
}

/// What drives a program beside the events of its stimuli, or in their place.
#[derive(Default)]
pub(crate) struct Drive<'t> {
    /// A channel that gets an event every so many steps.
    pub(crate) clock: Option<(InputId, u64)>,
    /// What the reservoir sends.
    pub(crate) reservoir: Reservoir<'t>,
}

/// Whether a reservoir is emulated.
#[derive(Default)]
pub(crate) enum Reservoir<'t> {
    /// It is.
    #[default]
    Emulated,
    /// It is, and what it sends is recorded.
    Recorded(&'t mut Tape),
    /// What it sends was recorded; it gets no input.
    Played(&'t Tape),
}

/// Everything that watches a run.
struct All<'b, 'a> {
    rows: &'b mut [Rows<'a>],
    tape: Option<&'b mut Tape>,
}

impl Observer for All<'_, '_> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.rows.iter_mut().for_each(|rows| rows.spike(tick, core, neuron, value));
        if let Some(tape) = &mut self.tape {
            tape.spike(tick, core, neuron, value);
        }
    }
}

/// Runs every stimulus from the initial state, and `drain` steps more without its events, while `rows` are taken.
///
/// Step n of the host begins with the tick [`first_tick`], in which clocked cores use what arrived in the ticks before
/// it and what the host sends for it; spikes until the next step are counted to step n.
pub(crate) fn play(
    session: &mut Session,
    stimuli: &[Stimulus],
    drive: Drive<'_>,
    drain: u64,
    rows: &mut [Rows<'_>],
) -> Result<(), SessionError> {
    let Drive { clock, reservoir } = drive;
    let step_ticks = session.board().spec().step_ticks();
    let first_tick = |step: u64| first_tick(step, step_ticks);
    let (recorded, played) = match reservoir {
        Reservoir::Emulated => (None, None),
        Reservoir::Recorded(tape) => (Some(tape), None),
        Reservoir::Played(tape) => (None, Some(tape)),
    };
    if let Some(tape) = played {
        tape.hold(session);
    }
    let mut all = All { rows, tape: recorded };
    for (part, stimulus) in stimuli.iter().enumerate() {
        session.reset();
        session.set_part(part as u64);
        all.rows.iter_mut().for_each(|rows| rows.begin(session));
        if let Some(tape) = &mut all.tape {
            tape.begin(stimulus.part);
        }
        let steps = stimulus.samples.last().map_or(0, |last| last + 1);
        let end = steps + drain;
        let clock = clock.into_iter().flat_map(|(channel, period)| {
            let steps = (0..end).step_by(period.max(1) as usize);
            steps.map(move |step| InputEvent { tick: first_tick(step), channel, payload: 1 })
        });
        let (stimulated, last) = (first_tick(steps), first_tick(end));
        let events = stimulus.events.iter().copied().filter(|event| played.is_none() && event.tick < stimulated);
        session.send_all(events.chain(clock), Tick(0)..last)?;
        let mut sent = played.map_or(&[][..], |tape| tape.part(stimulus.part));
        for &sample in &stimulus.samples {
            tape::run_until(session, first_tick(sample + 1), &mut sent, &mut all)?;
            all.rows.iter_mut().for_each(|rows| rows.sample(sample, session));
        }
        all.rows.iter_mut().for_each(Rows::drain);
        tape::run_until(session, last, &mut sent, &mut all)?;
        all.rows.iter_mut().for_each(|rows| rows.end(end.saturating_sub(1)));
    }
    Ok(())
}

/// The first tick of a step of `step_ticks` ticks.
pub(crate) fn first_tick(step: u64, step_ticks: u64) -> Tick {
    Tick(step.saturating_mul(step_ticks))
}

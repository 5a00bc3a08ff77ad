//! Running stimuli through a session and recording the features of one population.

use chip::InputEvent;
use emulator::Observer;
use readout::{Features, Matrix};
use session::{Board, Session, SessionError};
use units::{InputId, NeuronId, Tick};

/// A stimulus from its first step on, and the steps after which features are sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stimulus {
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

/// Feeds the spikes of one population to features, and counts them.
struct FeatureSink<'a, F> {
    board: &'a Board,
    map: &'a FeatureMap,
    features: &'a mut F,
    spikes: u64,
    /// Change of a graded level, from the level that each feature had last.
    levels: Option<Vec<i32>>,
}

impl<F: Features> Observer for FeatureSink<'_, F> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
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
        self.features.spike(tick.0 / self.board.spec().step_ticks(), feature, value);
    }
}

/// Runs every stimulus from the initial state and returns the sampled rows of all of them, one after another, and the
/// number of spikes of the population. `clock` is a channel that gets an event in every step.
///
/// Step n of the host begins with the tick [`first_tick`], in which clocked cores use what arrived in the ticks before
/// it and what the host sends for it; spikes until the next step are counted to step n.
pub(crate) fn record<F: Features>(
    session: &mut Session,
    stimuli: &[Stimulus],
    clock: Option<InputId>,
    map: &FeatureMap,
    features: &mut F,
    graded: bool,
) -> Result<(Matrix, u64), SessionError> {
    let board = session.board().clone();
    let first_tick = |step: u64| first_tick(step, board.spec().step_ticks());
    let mut rows = Matrix::zeros(0, map.count);
    let mut spikes = 0;
    for (part, stimulus) in stimuli.iter().enumerate() {
        session.reset();
        session.set_part(part as u64);
        features.restart(0);
        let steps = stimulus.samples.last().map_or(0, |last| last + 1);
        let clock = clock
            .into_iter()
            .flat_map(|channel| (0..steps).map(move |step| InputEvent { tick: first_tick(step), channel, payload: 1 }));
        session.send_all(stimulus.events.iter().copied().chain(clock), Tick(0)..first_tick(steps))?;
        let levels = graded.then(|| vec![0; map.count]);
        let mut sink = FeatureSink { board: &board, map, features, spikes: 0, levels };
        for &sample in &stimulus.samples {
            session.run_until(first_tick(sample + 1), &mut sink);
            sink.features.sample(sample, rows.push_zeros());
        }
        spikes += sink.spikes;
    }
    Ok((rows, spikes))
}

/// The first tick of a step of `step_ticks` ticks.
pub(crate) fn first_tick(step: u64, step_ticks: u64) -> Tick {
    Tick(step.saturating_mul(step_ticks))
}

//! Running stimuli through an emulated die and recording the features of one population.

use emulator::{Emulator, EmulatorError, Observer};
use mapper::Placement;
use readout::{Features, Matrix};
use units::{InputId, NeuronId, Tick};

/// An event that the host sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputEvent {
    /// The step in which it acts.
    pub(crate) step: u64,
    pub(crate) input: InputId,
    pub(crate) payload: i32,
}

/// A stimulus from its first step on, and the steps after which features are sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stimulus {
    /// Events in the order of their steps.
    pub(crate) events: Vec<InputEvent>,
    /// Steps after which a row of features is taken, rising; emulation ends after the last one.
    pub(crate) samples: Vec<u64>,
}

/// Which neuron of a program belongs to which feature.
#[derive(Clone, Debug)]
pub(crate) struct FeatureMap {
    /// One list a core of the program: for each circuit its feature.
    features: Vec<Vec<Option<u32>>>,
    count: usize,
}

impl FeatureMap {
    /// Neuron `i` of the population is feature `feature(i)`; there are `count` features.
    pub(crate) fn new(
        program: &chip::Program,
        placement: &Placement,
        population: usize,
        size: u32,
        count: usize,
        feature: impl Fn(u32) -> u32,
    ) -> Self {
        let mut features: Vec<Vec<Option<u32>>> =
            program.cores.iter().map(|core| vec![None; core.neuron_count as usize]).collect();
        for index in 0..size {
            let address = placement.address(population, index).expect("every neuron was placed");
            let core = program.cores.iter().position(|c| c.address == address.core).expect("its core is in use");
            features[core][address.neuron.index()] = Some(feature(index));
        }
        Self { features, count }
    }

    /// Number of features.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }
}

/// Feeds the spikes of one population to features, and counts them.
struct FeatureSink<'a, F> {
    map: &'a FeatureMap,
    features: &'a mut F,
    step_ticks: u64,
    spikes: u64,
    /// Change of a graded level, from the level that each feature had last.
    levels: Option<Vec<i32>>,
}

impl<F: Features> Observer for FeatureSink<'_, F> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        let Some(feature) = self.map.features[core][neuron.index()] else { return };
        let feature = feature as usize;
        let value = match &mut self.levels {
            Some(levels) => value - std::mem::replace(&mut levels[feature], value),
            None => value,
        };
        self.spikes += 1;
        self.features.spike(tick.0 / self.step_ticks, feature, value);
    }
}

/// Runs every stimulus from the initial state and returns the sampled rows of all of them, one after another, and the
/// number of spikes of the population. `clock` is a channel that gets an event in every step.
///
/// Step n of the host begins with tick n `step_ticks`, in which clocked cores use what arrived in the ticks before it
/// and what the host sends for it; spikes until the next step are counted to step n.
pub(crate) fn record<F: Features>(
    emulator: &mut Emulator,
    stimuli: &[Stimulus],
    clock: Option<InputId>,
    step_ticks: u64,
    map: &FeatureMap,
    features: &mut F,
    graded: bool,
) -> Result<(Matrix, u64), EmulatorError> {
    let first_tick = |step: u64| Tick(step.saturating_mul(step_ticks));
    let mut rows = Matrix::zeros(0, map.count());
    let mut spikes = 0;
    for (part, stimulus) in stimuli.iter().enumerate() {
        emulator.reset();
        emulator.set_part(part as u64);
        features.restart(0);
        for event in &stimulus.events {
            emulator.send(event.input, first_tick(event.step), event.payload)?;
        }
        let end = stimulus.samples.last().map_or(0, |last| last + 1);
        for (input, step) in clock.into_iter().flat_map(|input| (0..end).map(move |step| (input, step))) {
            emulator.send(input, first_tick(step), 1)?;
        }
        let mut sink =
            FeatureSink { map, features, step_ticks, spikes: 0, levels: graded.then(|| vec![0; map.count()]) };
        for &sample in &stimulus.samples {
            emulator.run_until(first_tick(sample + 1), &mut sink);
            sink.features.sample(sample, rows.push_zeros());
        }
        spikes += sink.spikes;
    }
    Ok((rows, spikes))
}

//! What the populations did.

use crate::Board;
use chip::CoreModel;
use emulator::Observer;
use units::{NeuronId, Tick};

/// What the neurons of one population did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulationActivity {
    /// Its name.
    pub name: String,
    /// Its equations.
    pub model: CoreModel,
    /// Spikes, or changes of output of rate units, of each neuron.
    pub events: Vec<u64>,
    /// The same of all neurons, in each part that was begun.
    pub parts: Vec<u64>,
    /// Of each neuron since ticks began: its first tick with a spike, its last, and how many there are.
    pub spans: Vec<Option<Span>>,
}

/// The ticks in which a neuron spiked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: Tick,
    /// The last.
    pub last: Tick,
    /// How many.
    pub ticks: u64,
}

impl Span {
    /// The span with one more tick. Ticks that start anew, as those after a reset do, begin another one.
    fn with(span: Option<Self>, tick: Tick) -> Self {
        match span.filter(|span| span.last < tick) {
            Some(span) => Self { last: tick, ticks: span.ticks + 1, ..span },
            None => Self { first: tick, last: tick, ticks: 1 },
        }
    }
}

impl PopulationActivity {
    /// Spikes, or changes of output, of all neurons.
    pub fn total(&self) -> u64 {
        self.events.iter().sum()
    }

    /// Neurons that did nothing.
    pub fn silent(&self) -> usize {
        self.events.iter().filter(|&&events| events == 0).count()
    }
}

/// An observer that counts what each population does, in parts over time that its user begins.
#[derive(Clone, Debug)]
pub struct Activity {
    board: Board,
    populations: Vec<PopulationActivity>,
}

impl Activity {
    /// No activity yet, of every population of the program of `board`.
    pub fn new(board: &Board) -> Self {
        let populations = board.symbols().populations.iter().enumerate().map(|(index, population)| {
            let model = board.model_of(index).expect("every population was placed");
            let (name, events) = (population.name.clone(), vec![0; population.size as usize]);
            let spans = vec![None; events.len()];
            PopulationActivity { name, model, events, parts: Vec::new(), spans }
        });
        Self { board: board.clone(), populations: populations.collect() }
    }

    /// Begins a part: what follows is counted to it.
    pub fn begin_part(&mut self) {
        self.populations.iter_mut().for_each(|population| population.parts.push(0));
    }

    /// What was counted, by population.
    pub fn populations(&self) -> &[PopulationActivity] {
        &self.populations
    }

    /// What was counted, by population.
    pub fn into_populations(self) -> Vec<PopulationActivity> {
        self.populations
    }
}

impl Observer for Activity {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        let Some((population, index)) = self.board.member(core, neuron) else { return };
        let population = &mut self.populations[population];
        // A digital neuron can spike several times in a tick.
        let times = if population.model.is_graded() { 1 } else { u64::from(value.unsigned_abs()) };
        population.events[index as usize] += times;
        let span = &mut population.spans[index as usize];
        *span = Some(Span::with(*span, tick));
        if let Some(part) = population.parts.last_mut() {
            *part += times;
        }
    }
}

//! What a die made of a set.

use crate::{Decision, LabelledSet};
use device_models::DieParameters;
use session::{Hops, Latency, Taken};
use units::DieId;
use warnings::Warnings;

/// What a die made of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the output neurons decided.
    pub decision: Decision,
    /// Spikes of the output neurons.
    pub output_spikes: u64,
    /// Spikes of all neurons.
    pub spikes: u64,
    /// Events that reached a synapse.
    pub synaptic_operations: u64,
    /// Updates of neurons.
    pub neuron_updates: u64,
    /// Events that neurons and inputs sent.
    pub events_sent: u64,
    /// Ticks with a spike, of all neurons together.
    pub active: u64,
    /// Ticks that it was shown for.
    pub ticks: u64,
    /// States cut at the end of their format.
    pub saturations: u64,
    /// Registers that overflowed.
    pub overflows: u64,
    /// Events that were lost on the way.
    pub events_lost: u64,
    /// What became of the events of the sample.
    pub taken: Taken,
    /// How long its steps take; none on a chip that states no times, and on dies but the first.
    pub latency: Option<Latency>,
    /// How far its events go; none on a chip that does not say where cores lie, and on dies but the first.
    pub hops: Option<Hops>,
}

/// What a die made of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DieScore {
    /// Its number.
    pub die: DieId,
    /// What it made of each sample, in the order of the set.
    pub outcomes: Vec<Outcome>,
    /// What is not as it was asked for on this die, whatever it is shown.
    pub warnings: Warnings,
}

impl DieScore {
    pub(crate) fn new(die: &DieParameters, outcomes: Vec<Outcome>, warnings: Warnings) -> Self {
        Self { die: die.die().id, outcomes, warnings }
    }

    /// Whether sample `index` of `set` was decided as its label says.
    pub fn is_correct(&self, set: &LabelledSet, index: usize) -> bool {
        self.outcomes[index].decision.class == Some(set.samples[index].label)
    }

    /// Samples that were decided as their labels say.
    pub fn correct(&self, set: &LabelledSet) -> usize {
        (0..self.outcomes.len()).filter(|index| self.is_correct(set, *index)).count()
    }

    /// Share of the samples that were decided as their labels say.
    pub fn accuracy(&self, set: &LabelledSet) -> f64 {
        self.correct(set) as f64 / self.outcomes.len() as f64
    }

    /// The sum of a number over all samples.
    pub fn total(&self, of: impl Fn(&Outcome) -> u64) -> u64 {
        self.outcomes.iter().map(of).sum()
    }

    /// Samples whose decision was between classes that had as much for them.
    pub fn ties(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.decision.tie).count()
    }

    /// Samples for which no output neuron decided.
    pub fn undecided(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.decision.class.is_none()).count()
    }

    /// Adds the decisions of this die to `matrix`: a row a label, a column a decision of `outputs` neurons, and one
    /// more for none.
    fn add_to(&self, set: &LabelledSet, matrix: &mut [Vec<u64>]) {
        for (sample, outcome) in set.samples.iter().zip(&self.outcomes) {
            let row = &mut matrix[sample.label as usize];
            let none = row.len() - 1;
            row[outcome.decision.class.map_or(none, |class| class as usize)] += 1;
        }
    }
}

/// How often samples of each label were decided as each class by `dies`: a row a label, a column for each of `outputs`
/// output neurons, and a last one for samples that were not decided.
pub fn confusion<'a>(set: &LabelledSet, outputs: u32, dies: impl IntoIterator<Item = &'a DieScore>) -> Vec<Vec<u64>> {
    let mut matrix = vec![vec![0; outputs as usize + 1]; set.classes.len()];
    for die in dies {
        die.add_to(set, &mut matrix);
    }
    matrix
}

/// The index of the die with the fewest correct samples; of equal ones, the first.
///
/// # Panics
/// If there is no die.
pub fn worst(set: &LabelledSet, dies: &[DieScore]) -> usize {
    (0..dies.len()).min_by_key(|index| dies[*index].correct(set)).expect("there is a die")
}

//! What a study would take of memory and time, from its numbers alone.
//!
//! Made before anything of the size of these numbers is. The sizes of the parts were measured (see the tests) and
//! are right to within a factor of three; the speeds are those of a slow processor and say days from years.

use crate::StudySpec;
use crate::spec::{OwnContent, TaskSettings, Wiring};
use budget::{CONNECTION_BYTES, Estimate, NEURON_BYTES, UPDATES_PER_SECOND};
use chip::whole_multiple;
use tasks::Metric;
use units::{Quantity, Unit};

/// Bytes of a run: its row while it is waited for, its row among the results, its line in each file.
const RUN_BYTES: u64 = 900;

/// Bytes of a number of the readout, and how often the features are there: as recorded, and centred.
const NUMBER_BYTES: u64 = 8;
const FEATURE_COPIES: u64 = 2;

/// Bytes of an input event, and how often it is there: as encoded, and as the chip gets it.
const EVENT_BYTES: u64 = 2 * 16;

/// Samples of a task whose counts the study does not give.
const SAMPLES: u64 = 5_000;

/// Products of two numbers that a processor makes in a second.
const PRODUCTS_PER_SECOND: u64 = 500_000_000;

/// Programs that are there at the same time, at most: one is let go when its last run ends.
const PROGRAMS: u64 = 2;

impl StudySpec {
    /// What the study would take on `threads` threads.
    pub fn estimate(&self, threads: usize) -> Estimate {
        let mut estimate = Estimate::default();
        let runs = self.run_bound() as u128;
        let threads = (threads.max(1) as u128).min(runs);
        let dies = self.dies;
        let tasks = self.tasks();
        let most = tasks.iter().map(|task| task.targets.len().max(1)).max().unwrap_or(1);
        let rows = runs.saturating_mul(most as u128);
        estimate.memory(format!("the results of {runs} runs, {dies} dies of each setting"), rows, RUN_BYTES, "dies");
        let per_task = runs / (tasks.len() as u128).max(1);
        // Tasks are run one after the other: the largest decides about memory, all of them about time.
        let largest = tasks.iter().map(|task| Sizes::of(self, task)).max_by_key(Sizes::bytes);
        if let Some(sizes) = largest {
            sizes.memory(&mut estimate, threads);
        }
        for task in &tasks {
            Sizes::of(self, task).time(&mut estimate, per_task, &task.id);
        }
        estimate
    }
}

/// The numbers of a task.
struct Sizes {
    neurons: u128,
    /// What a readout sees in a row.
    features: u128,
    connections: u128,
    /// Entries of the matrices that an echo state network is made with.
    matrix: u128,
    samples: u128,
    targets: u128,
    steps_per_sample: u128,
    events: u128,
}

impl Sizes {
    fn of(study: &StudySpec, task: &TaskSettings) -> Self {
        let neurons = study.arms.iter().map(|arm| u128::from(arm.base.reservoir.neurons)).max().unwrap_or(0);
        let (connections, matrix) = match &task.wiring {
            Wiring::Spiking(wiring) => {
                let fan_in = u128::from(wiring.input_fan_in) + u128::from(wiring.recurrent_fan_in);
                (neurons * fan_in, 0)
            }
            // Every pair is looked at; three matrices find the spectral radius.
            Wiring::Echo(_) => (neurons * neurons, 3 * neurons * neurons),
        };
        let content = task.own.as_ref().map(|own| &own.content);
        let samples = match content {
            Some(OwnContent::Classes(train, test)) => (train.utterances.len() + test.utterances.len()) as u128,
            Some(OwnContent::Numbers(train, test)) => (train.signals.len() + test.signals.len()) as u128,
            Some(OwnContent::Series(own)) => own.inputs.first().map_or(0, |(_, values)| values.len() as u128),
            None => ["train", "test"]
                .iter()
                .map(|name| task.counts.get(*name).map_or(SAMPLES, |n| *n as u64))
                .map(u128::from)
                .sum(),
        };
        let is_whole = match content {
            Some(content) => !matches!(content, OwnContent::Series(_)),
            None => tasks::entry(&task.id).is_ok_and(|entry| entry.info.metric == Metric::Accuracy),
        };
        let parts = study.arms.iter().map(|arm| u128::from(arm.base.readout.seen.parts)).max().unwrap_or(1);
        let features = if is_whole { neurons * parts } else { neurons };
        let others = task.counts.iter().filter(|(name, _)| !["train", "test"].contains(&name.as_str()));
        let targets = others.map(|(_, count)| *count as u128).max().unwrap_or(1).max(task.targets.len() as u128);
        let step = study.first().chip.spec.step();
        let steps_per_sample = u128::from(whole_multiple(task.sample, step).unwrap_or(1));
        let events = samples * u128::from(task.encoder.trains_per_channel) * spikes(task.encoder.rate_max, task.sample);
        Self { neurons, features, connections, matrix, samples, targets, steps_per_sample, events }
    }

    /// Bytes of one program and one run.
    fn bytes(&self) -> u64 {
        let mut estimate = Estimate::default();
        self.memory(&mut estimate, 1);
        estimate.bytes()
    }

    fn memory(&self, estimate: &mut Estimate, threads: u128) {
        let Self { neurons, features, connections, matrix, samples, targets, events, .. } = *self;
        let neurons_of = format!("a reservoir of {neurons} neurons");
        estimate.memory(&neurons_of, neurons * (u128::from(PROGRAMS) + threads), NEURON_BYTES, "neurons");
        estimate.memory(format!("{connections} connections"), connections, PROGRAMS * CONNECTION_BYTES, "neurons");
        estimate.memory(format!("matrices of {neurons} units"), matrix, NUMBER_BYTES, "neurons");
        let entries = samples.saturating_mul(features).saturating_mul(threads);
        let of_samples = format!("{samples} samples of {features} features on {threads} threads");
        let more = if neurons > samples { "neurons" } else { "train" };
        estimate.memory(of_samples, entries, FEATURE_COPIES * NUMBER_BYTES, more);
        let rank = samples.min(features);
        let squares = (rank * rank).saturating_mul(threads);
        estimate.memory(format!("readouts of {features} features"), squares, 2 * NUMBER_BYTES, "neurons");
        let values = samples.saturating_mul(targets);
        estimate.memory(format!("{samples} samples of {targets} targets"), values, 2 * NUMBER_BYTES, "train");
        estimate.memory(format!("{events} input events"), events, PROGRAMS * EVENT_BYTES, "trains_per_channel");
    }

    fn time(&self, estimate: &mut Estimate, runs: u128, task: &str) {
        let Self { neurons, features, matrix, samples, steps_per_sample, .. } = *self;
        let updates = samples.saturating_mul(steps_per_sample).saturating_mul(neurons).saturating_mul(runs);
        estimate.time(format!("{runs} runs of task `{task}`"), updates, UPDATES_PER_SECOND, "dies");
        let products = samples.saturating_mul(features).saturating_mul(features.min(samples)).saturating_mul(runs);
        estimate.time(format!("{runs} readouts of task `{task}`"), products, PRODUCTS_PER_SECOND, "neurons");
        let squarings = matrix.saturating_mul(neurons).saturating_mul(16);
        estimate.time("the spectral radius", squarings, PRODUCTS_PER_SECOND, "neurons");
    }
}

/// Spikes of a train of this rate in this time, at least 1.
fn spikes(rate: Quantity, time: Quantity) -> u128 {
    let hertz = rate.value_in(Unit::HERTZ).and_then(|hertz| Ok(hertz.to_bits(0)?)).unwrap_or(1);
    let us = time.value_in(Unit::MICROSECOND).and_then(|us| Ok(us.to_bits(0)?)).unwrap_or(1);
    let product = u128::try_from(hertz).unwrap_or(1).saturating_mul(u128::try_from(us).unwrap_or(1));
    (product / 1_000_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Row, default_study};
    use budget::Allowance;
    use std::path::Path;

    fn study(find: &str, replace: &str) -> StudySpec {
        assert!(crate::DEFAULT.contains(find), "{find}");
        crate::read(&crate::DEFAULT.replacen(find, replace, 1), "x.toml", Path::new(""))
            .unwrap_or_else(|e| panic!("{e}"))
    }

    fn refused(study: &StudySpec) -> String {
        let error = Allowance::Usual.check(&study.estimate(2)).unwrap_err();
        format!("{error}; {}", error.help())
    }

    #[test]
    fn studies_of_a_usual_size_pass() {
        let mut study = default_study();
        assert_eq!(Allowance::Usual.check(&study.estimate(64)), Ok(()));
        study.set_dies(10_000);
        assert_eq!(Allowance::Usual.check(&study.estimate(64)), Ok(()), "{:?}", study.estimate(64));
    }

    #[test]
    fn absurd_numbers_are_refused_with_the_number_to_lower() {
        let dies = refused(&study("dies = 2", "dies = 4294967295"));
        assert!(dies.contains("4294967295 dies") && dies.contains("lower `dies`"), "{dies}");
        let neurons = refused(&study("neurons = 256", "neurons = 2147483648"));
        assert!(neurons.contains("2147483648") && neurons.contains("lower `neurons`"), "{neurons}");
    }

    /// A row is about as large as is said: its own bytes, twice, and its texts.
    #[test]
    fn a_run_is_as_large_as_is_said() {
        let axes = 2 + default_study().sweeps.len();
        let texts = 3 * 32 + 3 * 16 + axes * (size_of::<(&crate::Axis, String)>() + 8) + 200;
        let measured = (2 * size_of::<Row>() + texts) as u64;
        assert!(
            (measured..=3 * measured).contains(&RUN_BYTES) || (RUN_BYTES..=3 * RUN_BYTES).contains(&measured),
            "{measured}"
        );
    }
}

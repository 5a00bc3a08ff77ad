//! What all runs of one program share: data, network, mapping, stimuli.
//!
//! The host works on a grid of its own, the steps of the chip: values are encoded, features filtered and sampled once a
//! step, however many ticks a step has. What the encoders call a tick is a step here; [`crate::record`] translates.

use crate::axis::Conditions;
use crate::on_chip::{Nominal, readout_operating_point, to_f64};
use crate::plan::Planned;
use crate::record::{FeatureMap, Stimulus, first_tick};
use crate::spec::{EncoderSettings, OwnContent, TaskSettings, Wiring};
use crate::{ControlRow, MappingSummary, StudyError, TaskRecord, reservoir, results};
use chip::{InputEvent, whole_multiple};
use fx::{Fraction, Real, math};
use mapper::map;
use network::Network;
use readout::{Matrix, Split};
use serde::{Deserialize, Serialize};
use session::Board;
use statistics::capacity::Targets;
use std::sync::{Arc, Mutex};
use tasks::{
    Encoder, EncoderOptions, Metric, Regression, Series, Signal, SpikePattern, Task, TaskData, TaskError, TaskOptions,
    graded, numbers, task,
};
use units::{Decimal, Quantity, Tick, Unit};
use warnings::Warnings;

/// Classes of the rows of a classification.
pub(crate) struct Classes {
    /// One column a class: 1 for the class of the row.
    pub(crate) one_hot: Matrix,
    /// Class of each row.
    pub(crate) of_row: Vec<usize>,
}

/// What should come out.
pub(crate) enum Goal {
    /// A class for each stimulus.
    Classes(Classes),
    /// A number for each stimulus.
    Numbers(Matrix),
    /// Numbers for each sample of one long stimulus.
    Targets(Matrix),
}

impl Goal {
    /// One row a row of features.
    pub(crate) const fn targets(&self) -> &Matrix {
        match self {
            Self::Classes(classes) => &classes.one_hot,
            Self::Numbers(targets) | Self::Targets(targets) => targets,
        }
    }

    /// Whether rows are whole stimuli, and not samples of one series.
    pub(crate) const fn is_per_stimulus(&self) -> bool {
        !matches!(self, Self::Targets(_))
    }
}

/// Everything that is the same for all dies of a program.
pub(crate) struct Prepared {
    pub(crate) metric: Metric,
    /// The task of each row of results: one for each column of targets where they are tasks of their own.
    pub(crate) ids: Vec<String>,
    pub(crate) network: Network,
    /// The network's program, with its connections compiled.
    pub(crate) board: Board,
    pub(crate) features: FeatureMap,
    pub(crate) stimuli: Vec<Stimulus>,
    /// The stimuli as they are before they are encoded, and the range of each of their channels.
    pub(crate) signals: Vec<Signal>,
    pub(crate) ranges: Vec<(f64, f64)>,
    /// Input channels of the network.
    pub(crate) channels: usize,
    pub(crate) goal: Goal,
    pub(crate) split: Split,
    /// Features are levels of rate units, not spikes.
    pub(crate) graded: bool,
    /// What the filter of spikes keeps in a step.
    pub(crate) filter_decay: f64,
    pub(crate) readout_tau_steps: f64,
    pub(crate) readout_drive: Option<f64>,
    /// Steps that a classification on the chip counts on after a stimulus.
    pub(crate) drain_steps: u64,
    /// What the first die that gets a readout found on the nominal chip.
    pub(crate) nominal: Mutex<Option<Arc<Nominal>>>,
    /// How long all stimuli last, in seconds of emulated time.
    seconds: f64,
    /// How long a step lasts, likewise.
    step_seconds: f64,
    /// What the manifest says of the task and of the mapping.
    pub(crate) records: Records,
}

/// What a program leaves behind in the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) task: TaskRecord,
    pub(crate) mapping: MappingSummary,
    pub(crate) warnings: Warnings,
    /// The controls, of the first program of each task, series and network.
    pub(crate) controls: Vec<ControlRow>,
}

/// Milliseconds in a second.
const MS_PER_S: f64 = 1000.0;

impl Prepared {
    pub(crate) fn metric_name(&self) -> &'static str {
        self.metric.name()
    }

    pub(crate) const fn higher_is_better(&self) -> bool {
        self.metric.higher_is_better()
    }

    /// Spikes of `neurons` neurons over the task as a mean rate; 0 for rate units, which have none.
    pub(crate) fn rate_hz(&self, spikes: u64, neurons: u32) -> f64 {
        if self.graded { 0.0 } else { spikes as f64 / f64::from(neurons) / self.seconds }
    }

    /// The same of spikes over so many steps.
    pub(crate) fn rate_over(&self, spikes: u64, neurons: u32, steps: u64) -> f64 {
        if self.graded { 0.0 } else { spikes as f64 / f64::from(neurons) / (steps as f64 * self.step_seconds) }
    }
}

/// The data of a task as the study wants it.
fn load_task(seed: u64, settings: &TaskSettings) -> Result<Task, StudyError> {
    let counts = settings.counts.iter();
    let mut options = counts.fold(TaskOptions::new(seed), |all, (name, count)| all.with(name, *count));
    if let Some(train) = settings.counts.get("train") {
        let validation = train / VALIDATION_SHARE;
        options = options.with("train", train - validation).with("validation", validation);
    }
    let id = &settings.id;
    let made = match (settings.own.as_ref().map(|own| &own.content), &settings.targets[..]) {
        (Some(OwnContent::Classes(train, test)), _) => Task::classification(id, train.clone(), test.clone()),
        (Some(OwnContent::Numbers(train, test)), _) => Task::regression(id, train.clone(), test.clone()),
        (Some(OwnContent::Series(own)), _) => Task::own_series(id, own, &options),
        (None, []) => task(id, &options),
        (None, targets) => Task::temporal(targets, &options),
    };
    made.map_err(|error| StudyError::Task { task: id.clone(), error })
}

/// One part in so many of the training samples chooses the penalty.
const VALIDATION_SHARE: usize = 5;

/// Prepares the program at a point of the plan.
pub(crate) fn prepare(program: &Planned) -> Result<Prepared, StudyError> {
    let Planned { point, conditions, .. } = program;
    let settings = &*conditions.task;
    let task = load_task(conditions.seeds.series(conditions.series), settings)?;
    let id = &settings.id;
    let step = conditions.chip.spec.step();
    let sample_steps = whole_steps(id, "the sample time", settings.sample, step)?;
    let drain = conditions.readout.chip.drain;
    let drain = match drain.value.signum() {
        0 => 0,
        _ => u64::from(whole_steps(id, "the time in which the readout drains", drain, step)?),
    };
    let graded = conditions.model.is_graded();
    let Encoded { stimuli, signals, ranges, goal, split, channels, inputs_clamped } =
        encode(conditions, &task, sample_steps)?;
    let mut network = reservoir::build(point, conditions, &settings.wiring, channels)?;
    // The generators choose one model of each sort; the study says which.
    network.populations.iter_mut().for_each(|population| population.model = conditions.model);
    let mapping = map(&network, &conditions.chip.spec, &conditions.mapping)
        .map_err(|error| StudyError::Mapping { point: point.clone(), error })?;
    let population = network.population(reservoir::POPULATION).expect("the generator made it");
    let count = conditions.reservoir.neurons as usize;
    let features = FeatureMap { population, feature_of: (0..count).collect(), count };
    let (readout_tau_steps, readout_drive) = readout_operating_point(conditions);
    let steps: u64 = stimuli.iter().filter_map(|s| s.samples.last()).map(|last| last + 1).sum();
    let report = &mapping.report;
    let records = Records {
        task: TaskRecord {
            id: task.info.id.to_string(),
            title: task.info.title.to_string(),
            formula: format!("{}{}", task.info.formula, measured(task.info.metric, settings, &split, goal.targets())),
            source: task.info.citation.to_string(),
        },
        mapping: MappingSummary {
            point: point.clone(),
            report: report.to_string(),
            connections_wanted: report.projections.iter().map(|p| p.wished).sum(),
            connections_kept: report.kept(),
            inputs_clamped,
            program: results::digest(format!("{:?}", mapping.program).as_bytes()),
        },
        warnings: report.warnings.clone(),
        controls: Vec::new(),
    };
    let board = Board::load(conditions.chip.spec.clone(), mapping)
        .map_err(|error| StudyError::Session { point: point.clone(), error })?;
    Ok(Prepared {
        metric: task.info.metric,
        ids: settings.ids(),
        network,
        board,
        features,
        stimuli,
        signals,
        ranges,
        channels: channels as usize,
        goal,
        split,
        graded,
        filter_decay: decay(step, conditions.readout.filter),
        readout_tau_steps,
        readout_drive,
        drain_steps: drain,
        nominal: Mutex::new(None),
        seconds: steps as f64 * to_f64(step.value_in(Unit::MILLISECOND).unwrap_or_default()) / MS_PER_S,
        step_seconds: to_f64(step.value_in(Unit::MILLISECOND).unwrap_or_default()) / MS_PER_S,
        records,
    })
}

/// The stimuli of a task, as events for the chip.
struct Encoded {
    stimuli: Vec<Stimulus>,
    signals: Vec<Signal>,
    ranges: Vec<(f64, f64)>,
    goal: Goal,
    split: Split,
    /// Input channels.
    channels: u32,
    /// Samples beyond what the encoder can say.
    inputs_clamped: u64,
}

fn encode(conditions: &Conditions, task: &Task, sample_steps: u32) -> Result<Encoded, StudyError> {
    let settings = &*conditions.task;
    let stimulate = Stimulate { conditions, settings, sample_steps };
    let ranges = match &task.data {
        TaskData::Classification(data) => data.input_ranges(),
        TaskData::Regression(data) => data.input_ranges(),
        TaskData::Series(series) => series.input_ranges(),
    };
    let analog_channels = ranges.len();
    let analog_ranges = ranges.iter().map(|range| (real(range.min), real(range.max))).collect();
    let encoder = stimulate.encoder(ranges)?;
    let mut inputs_clamped = 0;
    let mut encoded = |signal: &Signal, index: u32| {
        let events = stimulate.events(encoder.as_ref(), signal, index)?;
        inputs_clamped += events.clamped;
        Ok::<_, StudyError>(events)
    };
    // One row a stimulus, of samples at the ends of its parts.
    let seen = conditions.readout.seen;
    let mut whole = |signal: &Signal, index: u32| {
        let Events { events, steps, .. } = encoded(signal, index)?;
        Ok(Stimulus { part: index as usize, events, samples: seen.ends(steps) })
    };
    let signals = match &task.data {
        TaskData::Classification(data) => data.utterances().map(|u| u.signal.clone()).collect(),
        TaskData::Regression(data) => data.signals.clone(),
        TaskData::Series(series) => vec![series.input.clone()],
    };
    let (stimuli, goal, split) = match &task.data {
        TaskData::Classification(data) => {
            let stimuli = data.utterances().zip(0..).map(|(u, index)| whole(&u.signal, index));
            let stimuli = stimuli.collect::<Result<Vec<_>, StudyError>>()?;
            let of_row: Vec<usize> = data.utterances().map(|u| u.class).collect();
            let one_hot = Matrix::one_hot(&of_row, data.classes.len()).expect("the classes of a task exist");
            let (train, validation, test) = (data.train.len(), data.validation.len(), data.test.len());
            (stimuli, Goal::Classes(Classes { one_hot, of_row }), Split { washout: 0, train, validation, test })
        }
        TaskData::Regression(data) => {
            let stimuli = data.signals.iter().zip(0..).map(|(signal, index)| whole(signal, index));
            let stimuli = stimuli.collect::<Result<Vec<_>, StudyError>>()?;
            let Regression { train, validation, test, .. } = *data;
            let targets = Matrix::from_vec(data.targets.len(), 1, data.targets.clone());
            (stimuli, Goal::Numbers(targets), Split { washout: 0, train, validation, test })
        }
        TaskData::Series(series) => {
            // One row a sample, after its last step.
            let Events { events, steps, .. } = encoded(&series.input, 0)?;
            let sample = u64::from(sample_steps);
            let samples = (1..=steps / sample).map(|n| n * sample - 1).collect();
            let stimuli = vec![Stimulus { part: 0, events, samples }];
            let targets = Matrix::from_vec(series.input.len(), series.target_names.len(), series.targets.clone());
            let Series { washout, train, validation, test, .. } = *series;
            (stimuli, Goal::Targets(targets), Split { washout, train, validation, test })
        }
    };
    let channels = encoder.map_or(analog_channels, |e| e.inputs()) as u32;
    Ok(Encoded { stimuli, signals, ranges: analog_ranges, goal, split, channels, inputs_clamped })
}

/// The stimuli that the task of `conditions` scores, as [`prepare`] makes them.
pub(crate) fn test_stimuli(conditions: &Conditions) -> Result<Vec<Stimulus>, StudyError> {
    let settings = &*conditions.task;
    let task = load_task(conditions.seeds.series(conditions.series), settings)?;
    let step = conditions.chip.spec.step();
    let sample_steps = whole_steps(&settings.id, "the sample time", settings.sample, step)?;
    let Encoded { mut stimuli, split, .. } = encode(conditions, &task, sample_steps)?;
    Ok(stimuli.split_off(split.test_rows().start))
}

/// How a capacity is measured, for the manifest: over how many samples, and what of it is chance.
fn measured(metric: Metric, settings: &TaskSettings, split: &Split, targets: &Matrix) -> String {
    let (test, delays) = (split.test, targets.columns());
    match metric {
        Metric::MemoryCapacity => {
            let chance = delays as f64 / test.max(1) as f64;
            format!(
                "; delays 1 to {delays}, {test} test samples; chance adds about {chance:.3}, and nothing is subtracted"
            )
        }
        Metric::InformationCapacity => {
            let Targets { max_delays, chance } = &settings.capacity;
            let delays: Vec<String> = max_delays.iter().map(ToString::to_string).collect();
            format!(
                "; delays up to {} for degrees 1 to {}, T = {test} less the longest; a target counts above the capacity that \
                 states without it exceed with probability {chance:e}, which each row has",
                delays.join(", "),
                delays.len(),
            )
        }
        Metric::Accuracy | Metric::Nrmse => String::new(),
    }
}

/// From signals to input events.
struct Stimulate<'a> {
    conditions: &'a Conditions,
    settings: &'a TaskSettings,
    sample_steps: u32,
}

/// The events of one signal.
struct Events {
    events: Vec<InputEvent>,
    steps: u64,
    clamped: u64,
}

impl Stimulate<'_> {
    /// The encoder of a reservoir of spikes; none for neurons that take values as they are.
    fn encoder(&self, ranges: Vec<tasks::Range>) -> Result<Option<Encoder>, StudyError> {
        if matches!(self.settings.wiring, Wiring::Echo(_)) {
            return Ok(None);
        }
        let EncoderSettings { poisson, trains_per_channel, rate_max } = self.settings.encoder;
        let seed = self.conditions.seeds.series(self.conditions.series);
        let options = EncoderOptions {
            ticks_per_sample: self.sample_steps,
            trains_per_channel,
            pattern: if poisson { SpikePattern::Poisson } else { SpikePattern::Deterministic },
            rate_min: Quantity::new(Decimal::ZERO, Unit::HERTZ),
            rate_max,
        };
        Encoder::new(&options, self.conditions.chip.spec.step(), ranges, seed).map(Some).map_err(|e| self.error(e))
    }

    /// What the chip gets of a signal.
    fn events(&self, encoder: Option<&Encoder>, signal: &Signal, index: u32) -> Result<Events, StudyError> {
        let step_ticks = self.conditions.chip.spec.step_ticks();
        let at = |step: Tick, channel, payload| {
            let tick = first_tick(step.0, step_ticks);
            InputEvent { tick, channel, payload }
        };
        match encoder {
            Some(encoder) => {
                let train = encoder.encode(index, signal).map_err(|e| self.error(e))?;
                let event = |e: &tasks::SpikeEvent| at(e.tick, e.input, 1);
                let events = train.events.iter().map(event).collect();
                Ok(Events { events, steps: train.ticks, clamped: train.clamped })
            }
            None if !self.conditions.model.is_graded() => {
                let train = numbers(signal, self.sample_steps).map_err(|e| self.error(e))?;
                let event = |e: &tasks::NumberEvent| at(e.tick, e.input, e.number);
                let events = train.events.iter().map(event).collect();
                Ok(Events { events, steps: train.ticks, clamped: train.clamped })
            }
            None => {
                let train = graded(signal, self.sample_steps).map_err(|e| self.error(e))?;
                let event = |e: &tasks::GradedEvent| at(e.tick, e.input, e.change);
                let events = train.events.iter().map(event).collect();
                Ok(Events { events, steps: train.ticks, clamped: train.clamped })
            }
        }
    }

    fn error(&self, error: TaskError) -> StudyError {
        StudyError::Task { task: self.settings.id.clone(), error }
    }
}

/// `time` in steps, of which it must be a whole number above 0.
fn whole_steps(task: &str, what: &'static str, time: Quantity, step: Quantity) -> Result<u32, StudyError> {
    let steps = whole_multiple(time, step).and_then(|steps| u32::try_from(steps).ok());
    steps.ok_or_else(|| StudyError::Steps { task: task.into(), what, value: time, step })
}

/// The nearest number with 53 bits.
pub(crate) fn real(value: Real) -> f64 {
    value.to_bits() as f64 / Real::ONE.to_bits() as f64
}

/// What an exponential filter with time constant `filter` keeps over one step.
pub(crate) fn decay(step: Quantity, filter: Quantity) -> f64 {
    let in_ms = |q: Quantity| Real::from_quantity(q, Unit::MILLISECOND).unwrap_or(Real::MAX);
    let kept = math::exp_neg_ratio(in_ms(step), in_ms(filter).max(Real::from_bits(1)));
    // 53 of the 62 fraction bits: still the same number on every machine.
    kept.to_bits() as f64 / Fraction::ONE.to_bits() as f64
}

//! What all runs of one task and recurrence share: data, network, mapping, stimuli.

use crate::evaluate::{readout_operating_point, to_f64};
use crate::record::{FeatureMap, InputEvent, Stimulus};
use crate::spec::{EncoderSettings, Recurrence, TaskSettings};
use crate::{MappingSummary, StudyError, StudySpec, reservoir, results};
use fx::{Fraction, Real, math};
use mapper::{MapperOptions, Mapping, map};
use network::Network;
use readout::{Matrix, Split};
use tasks::{
    Encoder, EncoderOptions, Metric, Series, Signal, SpikePattern, Task, TaskData, TaskError, TaskOptions, graded, task,
};
use units::{Decimal, Quantity, Unit};

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
    /// Numbers for each sample of one long stimulus.
    Targets(Matrix),
}

impl Goal {
    /// One row a row of features.
    pub(crate) const fn targets(&self) -> &Matrix {
        match self {
            Self::Classes(classes) => &classes.one_hot,
            Self::Targets(targets) => targets,
        }
    }
}

/// Everything that is the same for all dies and CVs.
pub(crate) struct Prepared {
    pub(crate) task: TaskSettings,
    pub(crate) metric: Metric,
    pub(crate) recurrence: Recurrence,
    pub(crate) network: Network,
    pub(crate) mapping: Mapping,
    pub(crate) features: FeatureMap,
    pub(crate) stimuli: Vec<Stimulus>,
    pub(crate) goal: Goal,
    pub(crate) split: Split,
    /// Features are levels of rate units, not spikes.
    pub(crate) graded: bool,
    /// What the filter of spikes keeps in a tick.
    pub(crate) filter_decay: f64,
    pub(crate) readout_tau_ticks: f64,
    pub(crate) readout_drive: Option<f64>,
    /// Input samples outside the range of the training part, which were clamped to it.
    inputs_clamped: u64,
    seconds: f64,
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

    /// What the mapping used and kept, for the manifest.
    pub(crate) fn summary(&self) -> MappingSummary {
        let report = &self.mapping.report;
        MappingSummary {
            task: self.task.id.clone(),
            recurrence: self.recurrence.label(),
            report: report.to_string(),
            connections_wanted: report.projections.iter().map(|p| p.wished).sum(),
            connections_kept: report.kept(),
            inputs_clamped: self.inputs_clamped,
            program: results::digest(format!("{:?}", self.mapping.program).as_bytes()),
        }
    }
}

/// The data of a task as the study wants it.
pub(crate) fn load_task(study: &StudySpec, settings: &TaskSettings) -> Result<Task, StudyError> {
    let made = match &settings.own {
        Some(own) => Task::classification(&settings.id, own.train.clone(), own.test.clone()),
        None => {
            let validation = settings.train.map(|train| train / VALIDATION_SHARE);
            let options = TaskOptions {
                seed: study.seed,
                washout: None,
                train: settings.train.zip(validation).map(|(train, validation)| train - validation),
                validation,
                test: settings.test,
                delays: settings.delays,
            };
            task(&settings.id, &options)
        }
    };
    made.map_err(|error| StudyError::Task { task: settings.id.clone(), error })
}

/// One part in so many of the training samples chooses the penalty.
const VALIDATION_SHARE: usize = 5;

/// Prepares a task under a recurrence.
pub(crate) fn prepare(
    study: &StudySpec,
    settings: &TaskSettings,
    task: &Task,
    recurrence: Recurrence,
) -> Result<Prepared, StudyError> {
    let id = &settings.id;
    let tick = study.chip.spec.tick.quantity;
    let sample_ticks = whole_ticks(id, "the sample time", settings.sample, tick)?;
    let graded = study.model.is_graded();
    let stimulate = Stimulate { study, settings, sample_ticks };
    let ranges = match &task.data {
        TaskData::Classification(data) => data.input_ranges(),
        TaskData::Series(series) => series.input_ranges(),
    };
    let analog_channels = ranges.len();
    let encoder = stimulate.encoder(ranges)?;
    let mut inputs_clamped = 0;
    let mut stimulus = |signal: &Signal, index: u32, samples: fn(u64, u64) -> Vec<u64>| {
        let Events { events, ticks, clamped } = stimulate.events(encoder.as_ref(), signal, index)?;
        inputs_clamped += clamped;
        Ok(Stimulus { events, samples: samples(ticks, u64::from(sample_ticks)) })
    };
    let (stimuli, goal, split) = match &task.data {
        TaskData::Classification(data) => {
            // One row an utterance, after its last tick.
            let stimuli =
                data.utterances().zip(0..).map(|(u, index)| stimulus(&u.signal, index, |end, _| vec![end - 1]));
            let stimuli = stimuli.collect::<Result<Vec<_>, StudyError>>()?;
            let of_row: Vec<usize> = data.utterances().map(|u| u.class).collect();
            let one_hot = Matrix::one_hot(&of_row, data.classes.len()).expect("the classes of a task exist");
            let (train, validation, test) = (data.train.len(), data.validation.len(), data.test.len());
            (stimuli, Goal::Classes(Classes { one_hot, of_row }), Split { washout: 0, train, validation, test })
        }
        TaskData::Series(series) => {
            // One row a sample, after its last tick.
            let ends = |end, sample| (1..=end / sample).map(|n| n * sample - 1).collect();
            let stimuli = vec![stimulus(&series.input, 0, ends)?];
            let targets = Matrix::from_vec(series.input.len(), series.target_names.len(), series.targets.clone());
            let Series { washout, train, validation, test, .. } = *series;
            (stimuli, Goal::Targets(targets), Split { washout, train, validation, test })
        }
    };
    let channels = encoder.map_or(analog_channels, |e| e.inputs()) as u32;
    let mut network = reservoir::build(id, &study.reservoir, &settings.wiring, channels, recurrence, study.seed)?;
    // The generators choose one model of each sort; the study says which.
    network.populations.iter_mut().for_each(|population| population.model = study.model);
    let mapping = map(&network, &study.chip.spec, &MapperOptions::default()).map_err(|error| StudyError::Mapping {
        task: id.clone(),
        recurrence: recurrence.label(),
        error,
    })?;
    let population = network.population(reservoir::POPULATION).expect("the generator made it");
    let neurons = study.reservoir.neurons;
    let features =
        FeatureMap::new(&mapping.program, &mapping.placement, population, neurons, neurons as usize, |index| index);
    let (readout_tau_ticks, readout_drive) = readout_operating_point(study);
    let ticks: u64 = stimuli.iter().filter_map(|s| s.samples.last()).map(|last| last + 1).sum();
    Ok(Prepared {
        task: settings.clone(),
        metric: task.info.metric,
        recurrence,
        network,
        mapping,
        features,
        stimuli,
        goal,
        split,
        graded,
        filter_decay: decay(tick, study.readout.filter),
        readout_tau_ticks,
        readout_drive,
        inputs_clamped,
        seconds: ticks as f64 * to_f64(tick.value_in(Unit::MILLISECOND).unwrap_or_default()) / MS_PER_S,
    })
}

/// From signals to input events.
struct Stimulate<'a> {
    study: &'a StudySpec,
    settings: &'a TaskSettings,
    sample_ticks: u32,
}

/// The events of one signal.
struct Events {
    events: Vec<InputEvent>,
    ticks: u64,
    clamped: u64,
}

impl Stimulate<'_> {
    /// The encoder of a spiking reservoir; none for rate units, which take values as they are.
    fn encoder(&self, ranges: Vec<tasks::Range>) -> Result<Option<Encoder>, StudyError> {
        if self.study.model.is_graded() {
            return Ok(None);
        }
        let EncoderSettings { poisson, trains_per_channel, rate_max } = self.settings.encoder;
        let options = EncoderOptions {
            ticks_per_sample: self.sample_ticks,
            trains_per_channel,
            pattern: if poisson { SpikePattern::Poisson } else { SpikePattern::Deterministic },
            rate_min: Quantity::new(Decimal::ZERO, Unit::HERTZ),
            rate_max,
        };
        let tick = self.study.chip.spec.tick.quantity;
        Encoder::new(&options, tick, ranges, self.study.seed).map(Some).map_err(|e| self.error(e))
    }

    fn events(&self, encoder: Option<&Encoder>, signal: &Signal, index: u32) -> Result<Events, StudyError> {
        match encoder {
            Some(encoder) => {
                let train = encoder.encode(index, signal).map_err(|e| self.error(e))?;
                let event = |e: &tasks::SpikeEvent| InputEvent { tick: e.tick, input: e.input, payload: 1 };
                let events = train.events.iter().map(event).collect();
                Ok(Events { events, ticks: train.ticks, clamped: train.clamped })
            }
            None => {
                let train = graded(signal, self.sample_ticks).map_err(|e| self.error(e))?;
                let event = |e: &tasks::GradedEvent| InputEvent { tick: e.tick, input: e.input, payload: e.change };
                let events = train.events.iter().map(event).collect();
                Ok(Events { events, ticks: train.ticks, clamped: train.clamped })
            }
        }
    }

    fn error(&self, error: TaskError) -> StudyError {
        StudyError::Task { task: self.settings.id.clone(), error }
    }
}

/// `time` in ticks, of which it must be a whole number above 0.
fn whole_ticks(task: &str, what: &'static str, time: Quantity, tick: Quantity) -> Result<u32, StudyError> {
    let wrong = || StudyError::Ticks { task: task.into(), what, value: time, tick };
    let (Ok(time), Ok(tick)) = (time.value_in(Unit::SECOND), tick.value_in(Unit::SECOND)) else { return Err(wrong()) };
    // Both as whole numbers of the finer of their last places.
    let place = time.exponent().min(tick.exponent());
    let whole = |d: Decimal| {
        let digits = u32::try_from(d.exponent() - place).ok()?;
        i128::from(d.mantissa()).checked_mul(10i128.checked_pow(digits)?)
    };
    let (Some(time), Some(tick)) = (whole(time), whole(tick)) else { return Err(wrong()) };
    if tick <= 0 || time % tick != 0 {
        return Err(wrong());
    }
    u32::try_from(time / tick).ok().filter(|ticks| *ticks > 0).ok_or_else(wrong)
}

/// What an exponential filter with time constant `filter` keeps over one tick.
fn decay(tick: Quantity, filter: Quantity) -> f64 {
    let in_ms = |q: Quantity| Real::from_quantity(q, Unit::MILLISECOND).unwrap_or(Real::MAX);
    let kept = math::exp_neg_ratio(in_ms(tick), in_ms(filter).max(Real::from_bits(1)));
    // 53 of the 62 fraction bits: still the same number on every machine.
    kept.to_bits() as f64 / Fraction::ONE.to_bits() as f64
}

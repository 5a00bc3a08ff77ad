//! What a study runs: plain data, with every default filled in.

use crate::axis::{Axis, AxisValue, Conditions, Sweep};
use crate::{Control, DataFile, Edge, Seen};
use chip::{ChipSpec, Values};
use mapper::{Copies, ReadoutStrategy};
use network::SynapseChoice;
use statistics::capacity::Targets;
use std::collections::BTreeMap;
use std::sync::Arc;
use tasks::{Metric, OwnSeries, TemporalTask, TsData, TsRegression};
use units::{Decimal, Quantity, Unit};

/// A chip, with the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipChoice {
    /// Name of a shipped chip or path of a file, as written in the study.
    pub reference: String,
    /// The text of its file.
    pub text: String,
    /// What the file says.
    pub spec: ChipSpec,
}

/// The random network that all runs of a study share; its seed is the study's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservoirSettings {
    /// Neurons or units.
    pub neurons: u32,
    /// How they are connected.
    pub wiring: Wiring,
    /// Parameters that differ from the chip's nominal ones.
    pub parameters: BTreeMap<String, Values>,
}

/// How a reservoir is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Spiking neurons with fixed fan-in.
    Spiking(SpikingWiring),
    /// Units that take analog values: an echo state network.
    Echo(EchoWiring),
}

/// Connections of a spiking reservoir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikingWiring {
    /// Input trains that each neuron hears; fewer if there are fewer.
    pub input_fan_in: u32,
    /// Other neurons that each neuron hears.
    pub recurrent_fan_in: u32,
    /// Fraction of the input connections that inhibit.
    pub input_inhibitory: Decimal,
    /// Fraction of the neurons whose recurrent connections inhibit.
    pub recurrent_inhibitory: Decimal,
    /// Mean size of an input weight, in the voltage unit of the threshold; sizes are uniform from 0.5 to 1.5 times it.
    pub input_weight: Decimal,
    /// Mean size of a recurrent weight, likewise.
    pub recurrent_weight: Decimal,
    /// Kinds of synapse.
    pub synapse: SynapseChoice,
}

/// Recurrent weights of an echo state network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoRecurrence {
    /// Scaled to this spectral radius.
    Radius(Decimal),
    /// Balanced, times this gain ([`network::RecurrentWeights::Balanced`]).
    Balanced(Decimal),
}

/// Connections of a reservoir that takes analog values: normal recurrent weights, and input weights of one size and
/// random sign, as in reservoirpy, or normal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoWiring {
    /// Fraction of the pairs of units that are connected.
    pub connectivity: Decimal,
    /// What becomes of the recurrent weights.
    pub recurrent: EchoRecurrence,
    /// Size of every input weight.
    pub input_scale: Decimal,
    /// Input weights are normal with mean 0 and that standard deviation instead of one size and random sign.
    pub input_normal: bool,
    /// Standard deviation of the constant inputs of the units, which are normal.
    pub bias: Decimal,
    /// Their mean.
    pub bias_mean: Decimal,
    /// Kind of synapse of the input.
    pub synapse: String,
    /// Kind of synapse of the recurrent connections.
    pub recurrent_synapse: String,
}

/// How analog values become spikes. Rate units take them as graded events instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Whether spikes are drawn at random (Poisson) or come as regularly as the rate allows.
    pub poisson: bool,
    /// Spike trains that a channel is spread over.
    pub trains_per_channel: u32,
    /// Highest rate of a train.
    pub rate_max: Quantity,
}

/// The trained readout.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadoutSettings {
    /// Whether it is also mapped onto the chip and run there.
    pub on_chip: bool,
    /// How a class that needs more inputs than a neuron has slots is put on the chip.
    pub strategy: ReadoutStrategy,
    /// Penalties to choose from for the host's readout, relative to the mean variance of the features.
    pub float_penalties: Vec<f64>,
    /// Time constant of the filter through which spikes are seen in tasks on time series, and as states.
    pub filter: Quantity,
    /// What the host sees of a stimulus that has one output.
    pub seen: Seen,
    /// Kinds of synapse of the readout neurons.
    pub synapse: SynapseChoice,
    /// Parameters of the readout neurons. Their `drive` sets the rate at rest, around which outputs go up and down.
    pub parameters: BTreeMap<String, Values>,
    /// Largest net input of a readout neuron on the training data (its 99th percentile), as a fraction of the drive.
    pub swing: f64,
    /// What the readout on the chip has besides.
    pub chip: ChipReadout,
}

/// The trained readout on the chip: what it may take there, and what may be done for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChipReadout {
    /// Neurons that share the inputs of an output, at least.
    pub neurons_min: u32,
    /// How often the readout is there.
    pub copies: Copies,
    /// How long a classification counts on after a stimulus, until what it left in the chain has run out.
    pub drain: Quantity,
    /// Steps from one event of the bias channel to the next. The longer, the finer can neurons be trimmed with the few
    /// weights of a core, and the less far.
    pub bias_period: u32,
    /// Penalties to choose from.
    pub penalties: Vec<f64>,
    /// How the readout neurons are calibrated on each die; none: not at all.
    pub calibration: Option<CalibrationSettings>,
}

/// How readout neurons are calibrated on a die.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationSettings {
    /// Samples or utterances of the training part that are played each time; none: a third of them.
    pub samples: Option<u32>,
    /// How often they are played, and neurons moved after each time.
    pub iterations: u32,
    /// By which part of the rate at rest a neuron may be off and count as calibrated.
    pub tolerance: f64,
}

impl ChipReadout {
    /// Penalties that are tried where a study gives none: each costs an emulation of the training part a program.
    pub const PENALTIES: [f64; 6] = [0.015_625, 0.0625, 0.25, 1.0, 4.0, 16.0];
}

impl Default for ChipReadout {
    fn default() -> Self {
        Self {
            neurons_min: 1,
            copies: Copies::Number(1),
            drain: Quantity::new(Decimal::ZERO, Unit::MILLISECOND),
            bias_period: 8,
            penalties: Self::PENALTIES.to_vec(),
            calibration: None,
        }
    }
}

impl Default for CalibrationSettings {
    fn default() -> Self {
        Self { samples: None, iterations: 6, tolerance: 0.1 }
    }
}

/// A data set from the user's files.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnData {
    /// What they hold.
    pub content: OwnContent,
    /// The files that it was read from.
    pub files: Vec<DataFile>,
}

/// What the user's files hold.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnContent {
    /// Utterances with classes, to train on and to score.
    Classes(TsData, TsData),
    /// Series with a number each, to train on and to score.
    Numbers(TsRegression, TsRegression),
    /// One series.
    Series(OwnSeries),
}

/// One task of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSettings {
    /// Id in the catalogue of tasks, a name for own data, or for several tasks of one stimulus its name.
    pub id: String,
    /// The tasks of one stimulus that share a run; empty if this is a single task.
    pub targets: Vec<TemporalTask>,
    /// The user's own data.
    pub own: Option<OwnData>,
    /// How long one sample of the input lasts.
    pub sample: Quantity,
    /// Counts of the task that differ from its own, by the names of the catalogue. Of `train` samples a fifth chooses
    /// the penalty.
    pub counts: BTreeMap<String, usize>,
    /// The targets of the information processing capacity; only its task has them.
    pub capacity: Targets,
    /// Smallest ridge penalty that may be chosen for the readout on the chip; the host's has its own. Larger ones make
    /// weights smaller and more alike, which costs little and decides whether a readout survives few weight bits and
    /// mismatched readout neurons.
    pub penalty_min: f64,
    /// Encoder, where it differs from the study's.
    pub encoder: EncoderSettings,
    /// Wiring, where it differs from the study's.
    pub wiring: Wiring,
}

/// A whole study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudySpec {
    /// Title of the report.
    pub title: String,
    /// The file's text, for the manifest.
    pub text: String,
    /// What was changed since the file was read, for the manifest.
    pub changes: Vec<String>,
    /// The seed that the file states, the root of all that has none of its own.
    pub seed: u64,
    /// What is the same for all runs but the axes below: one, or one for each combination of the values of axes over
    /// keys of the study's file.
    pub arms: Vec<Arm>,
    /// What becomes of a tuned network that is best at the end of its grid.
    pub edge: Edge,
    /// The other axes that the study's file lists, in the order of the plan.
    pub sweeps: Vec<Sweep>,
    /// The controls without a chip.
    pub controls: Vec<Control>,
    /// The score that a die must reach, by task, or by stimulus for all of its tasks.
    pub require: BTreeMap<String, f64>,
    /// Draws of the stimulus of each generated task.
    pub series: u32,
    /// Networks of each setting, numbered from 0.
    pub networks: u32,
    /// Dies of each network, numbered from 0.
    pub dies: u32,
}

/// A study as its file reads with one value for each of its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// The values of keys that have several, with their axes.
    pub values: Vec<(&'static Axis, AxisValue)>,
    /// What runs depend on, where no axis says otherwise.
    pub base: Conditions,
    /// The tasks.
    pub tasks: Vec<Arc<TaskSettings>>,
    /// A setting that a homogeneous network is tuned over: run without mismatch, for every recurrence.
    pub tuning: bool,
}

impl StudySpec {
    /// What the first runs depend on, for what is the same for all of them.
    ///
    /// # Panics
    /// If the study has no arm; those that are read have one.
    pub fn first(&self) -> &Conditions {
        &self.arms[0].base
    }

    /// The tasks of all arms, each once.
    pub fn tasks(&self) -> Vec<&TaskSettings> {
        let mut all: Vec<&TaskSettings> = Vec::new();
        for task in self.arms.iter().flat_map(|arm| &arm.tasks) {
            if !all.contains(&&**task) {
                all.push(task);
            }
        }
        all
    }

    /// Changes every task.
    pub(crate) fn change_tasks(&mut self, change: impl Fn(&mut TaskSettings)) {
        self.arms.iter_mut().flat_map(|arm| &mut arm.tasks).for_each(|task| change(Arc::make_mut(task)));
    }
}

impl TaskSettings {
    /// The ids of its tasks: one a row of results.
    pub fn ids(&self) -> Vec<String> {
        match self.own.as_ref().map(|own| &own.content) {
            Some(OwnContent::Series(own)) => match &own.target_names()[..] {
                [_] => vec![self.id.clone()],
                names => names.iter().map(|name| format!("{}/{name}", self.id)).collect(),
            },
            _ if self.targets.is_empty() => vec![self.id.clone()],
            _ => self.targets.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether it scores the states, and no readout of them.
    pub(crate) fn is_of_states(&self) -> bool {
        self.own.is_none() && tasks::entry(&self.id).is_ok_and(|entry| entry.info.metric == Metric::InformationCapacity)
    }

    /// Whether its stimulus is drawn, and not recorded data.
    pub(crate) fn is_drawn(&self) -> bool {
        !self.options().is_empty()
    }

    /// The counts of a task that is drawn.
    pub(crate) fn options(&self) -> &'static [&'static str] {
        let id = self.targets.first().map_or_else(|| self.id.clone(), ToString::to_string);
        if self.own.is_some() { &[] } else { tasks::entry(&id).map_or(&[], |entry| entry.options) }
    }
}

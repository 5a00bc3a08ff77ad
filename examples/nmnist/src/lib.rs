//! A trained network on Loihi cores classifies recordings of a vision sensor.
//!
//! The network is an archive of integers as training leaves it (two dense layers, one threshold, two decays); the
//! recordings are N-MNIST samples (Orchard et al., Front. Neurosci. 9, 2015). Neither is part of this repository: the
//! README beside this file says where they come from. This crate owns how the archive becomes a network, how a sample
//! becomes a score, and how dies with disorder on weights and thresholds are made from a chip without any. It
//! deliberately has no training, and no file format of its own.

use chip::{ChipSpec, CoreModel, Evidence, Fact, MismatchSpec, Program, Values, WEIGHTS};
use device_models::{DieParameters, MismatchSetting};
use disorder::{Die, Family};
use emulator::Counters;
use formats::npz::Npz;
use formats::sensor::{Options, Sensor, load, to_inputs};
use formats::{FormatError, FormatErrors};
use fx::{FxError, Weight};
use mapper::{MapperError, MapperOptions, MappingReport};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use session::{Activity, Board, Multiple, SessionError};
use std::path::{Path, PathBuf};
use thiserror::Error;
use units::{Decimal, DieId, Quantity, Tick};

/// The sensor of N-MNIST: 34 x 34 pixels.
pub const SENSOR: Sensor = Sensor::Pixels { width: 34, height: 34 };

/// Steps of 1 ms that a sample is shown for; what its recording has after them is left out.
pub const STEPS: u64 = 300;

/// Index of the population whose spikes are counted.
const OUTPUT: usize = 1;

/// Why a sample could not be classified. Nothing is left behind; correct the file or the argument and run again.
#[derive(Debug, Error)]
pub enum NmnistError {
    /// A file is missing, damaged, or not what it should be.
    #[error(transparent)]
    File(#[from] FormatErrors),
    /// The archive of the network has layers that do not fit each other or the sensor.
    #[error("{file}: `{array}` has the shape {found:?}, but {expected} is needed")]
    Shape {
        /// The archive.
        file: String,
        /// The array.
        array: &'static str,
        /// Its shape.
        found: Vec<u64>,
        /// What is needed.
        expected: String,
    },
    /// A line of the list of samples is not a number and a label.
    #[error("{file}:{line}: `{text}` is not a sample and its label, such as `60001,7`")]
    Label {
        /// The list.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A list without samples.
    #[error("{file} names no samples: put a line `sample,label` for each below its heading")]
    NoSamples {
        /// The list.
        file: String,
    },
    /// The network does not fit the chip.
    #[error(transparent)]
    Mapper(#[from] MapperError),
    /// The program cannot run.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The disorder asked for cannot be.
    #[error(transparent)]
    Device(#[from] device_models::DeviceModelError),
    /// A weight of the archive does not fit the weights of networks.
    #[error(transparent)]
    Number(#[from] FxError),
}

impl From<FormatError> for NmnistError {
    fn from(error: FormatError) -> Self {
        Self::File(error.into())
    }
}

/// A sample of the data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its recording.
    pub path: PathBuf,
    /// The digit that was shown.
    pub label: usize,
}

/// The samples that the list `list` names (columns `sample,label`), each a file `N.bs2` in the folder `samples` beside
/// it.
///
/// # Errors
/// The list cannot be read, names no samples, or a line of it is no sample and label.
pub fn samples(list: &Path) -> Result<Vec<Sample>, NmnistError> {
    let text = formats::text::read_text(list)?;
    let folder = list.parent().unwrap_or(Path::new("")).join("samples");
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let fields = line.split_once(',').map(|(sample, label)| (sample.trim().parse(), label.trim().parse()));
        let Some((Ok(sample), Ok(label))) = fields else {
            let (file, text) = (list.display().to_string(), line.to_owned());
            return Err(NmnistError::Label { file, line: index + 1, text });
        };
        let sample: u64 = sample;
        samples.push(Sample { path: folder.join(format!("{sample}.bs2")), label });
    }
    if samples.is_empty() {
        return Err(NmnistError::NoSamples { file: list.display().to_string() });
    }
    Ok(samples)
}

/// The network in the archive at `path`: `w1` [hidden, pixels], `w2` [outputs, hidden], and the numbers `vth_mant`,
/// `decay_u`, `decay_v`.
///
/// # Errors
/// The archive cannot be read, or its layers do not fit each other or the sensor.
pub fn network(path: &Path) -> Result<Network, NmnistError> {
    let npz = Npz::open(path)?;
    let (w1, w2) = (npz.array::<i32>("w1")?, npz.array::<i32>("w2")?);
    let shape = |array, found: &[u64], expected: String| NmnistError::Shape {
        file: path.display().to_string(),
        array,
        found: found.to_vec(),
        expected,
    };
    let &[hidden, pixels] = &w1.shape[..] else {
        return Err(shape("w1", &w1.shape, "[hidden, pixels]".into()));
    };
    if pixels != u64::from(SENSOR.addresses()) {
        return Err(shape("w1", &w1.shape, format!("[hidden, {}], a pixel and polarity a column", SENSOR.addresses())));
    }
    let &[outputs, from] = &w2.shape[..] else { return Err(shape("w2", &w2.shape, "[outputs, hidden]".into())) };
    if from != hidden {
        return Err(shape("w2", &w2.shape, format!("[outputs, {hidden}]")));
    }
    let whole = |name: &str| -> Result<Values, FormatError> {
        Ok(Values::Shared(Quantity::number(Decimal::integer(npz.number::<i64>(name)?))))
    };
    let parameters = [("v_threshold", "vth_mant"), ("decay_u", "decay_u"), ("decay_v", "decay_v")];
    let parameters = parameters.map(|(parameter, array)| Ok((parameter.to_owned(), whole(array)?)));
    let parameters = parameters.into_iter().collect::<Result<_, FormatError>>()?;
    let population = |name: &str, size: u64| Population {
        name: name.to_owned(),
        size: size as u32,
        model: CoreModel::Loihi,
        parameters: std::collections::BTreeMap::clone(&parameters),
    };
    let projections = vec![
        projection("w1", Endpoint::Input(0), 0, pixels as u32, &w1.data)?,
        projection("w2", Endpoint::Population(0), OUTPUT, hidden as u32, &w2.data)?,
    ];
    Ok(Network {
        clock: None,
        populations: vec![population("hidden", hidden), population("outputs", outputs)],
        inputs: vec![InputGroup::of_host("pixels", pixels as u32)],
        projections,
    })
}

/// A dense layer, from weights in rows by receiver.
fn projection(
    name: &str,
    pre: Endpoint,
    post: usize,
    senders: u32,
    weights: &[i32],
) -> Result<Projection, NmnistError> {
    let mut list = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let (receiver, sender) = (index as u32 / senders, index as u32 % senders);
        list.push((sender, receiver, Weight::from_decimal(Decimal::integer((*weight).into()))?));
    }
    let connections = Connections::from_list(senders, list);
    Ok(Projection {
        name: name.to_owned(),
        pre,
        post,
        synapse: SynapseChoice { excitatory: "box".to_owned(), inhibitory: "box".to_owned() },
        mask: Mask::all(connections.len()),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    })
}

/// A network on a chip, ready to run on any die of it.
pub struct Classifier {
    /// How the network was mapped.
    pub report: MappingReport,
    board: Board,
}

/// `spec` with Gaussian factors of CV `spread` on every weight and log-normal ones on every threshold.
///
/// A digital chip has no such disorder: this asks what a network that was trained without any bears. Factors are kept
/// between 0.01 and 3, so that no weight changes its sign.
#[must_use]
pub fn with_disorder(spec: &ChipSpec, spread: Decimal) -> ChipSpec {
    const SOURCE: &str = "spread";
    let fact =
        |value| Fact { quantity: Quantity::number(value), source: SOURCE.to_owned(), evidence: Evidence::Assumed };
    let mismatch = |family| MismatchSpec {
        family,
        cv: fact(spread),
        truncation: Some((fact(Decimal::new(1, -2)), fact(Decimal::integer(3)))),
        shares: None,
        correlation: None,
    };
    let mut spec = spec.clone();
    spec.sources.insert(SOURCE.to_owned(), "Chosen for this experiment".to_owned());
    spec.weight_mismatch = Some(mismatch(Family::Normal));
    spec.mismatch_reference = Some(WEIGHTS.to_owned());
    if let Some(threshold) = spec.parameters.get_mut("v_threshold") {
        threshold.mismatch = Some(mismatch(Family::LogNormal));
    }
    spec
}

/// Die `id` of `spec`.
///
/// # Errors
/// The disorder of `spec` is beyond what can be drawn.
pub fn die(spec: &ChipSpec, seed: u64, id: u32) -> Result<DieParameters, NmnistError> {
    Ok(DieParameters::new(spec, Die { root_seed: seed, id: DieId(id) }, MismatchSetting::default())?)
}

/// What classifying some samples gave.
#[derive(Clone, Debug)]
pub struct Score {
    /// Samples whose digit had the most output spikes (of equal ones, the lowest digit counts).
    pub correct: usize,
    /// Samples.
    pub samples: usize,
    /// What the emulator counted over all of them.
    pub counters: Counters,
}

impl Score {
    /// Share of the samples that were classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples as f64
    }
}

impl Classifier {
    /// Maps `network` onto the chip `spec`.
    ///
    /// # Errors
    /// The network does not fit.
    pub fn new(spec: ChipSpec, network: &Network) -> Result<Self, NmnistError> {
        let mapping = mapper::map(network, &spec, &MapperOptions::default())?;
        let report = mapping.report.clone();
        Ok(Self { report, board: Board::load(spec, mapping)? })
    }

    /// The chip.
    pub fn spec(&self) -> &ChipSpec {
        self.board.spec()
    }

    /// The program that is loaded into the chip.
    pub fn program(&self) -> &Program {
        self.board.program()
    }

    /// Shows every sample to `die`, which was made of `spec`, the chip of this classifier or one that differs from it
    /// in its disorder only, and counts the spikes of the outputs; `done` is told after each sample.
    ///
    /// # Errors
    /// A recording cannot be read, or the die cannot be made.
    pub fn classify(
        &self,
        samples: &[Sample],
        spec: &ChipSpec,
        die: &DieParameters,
        mut done: impl FnMut(),
    ) -> Result<Score, NmnistError> {
        let mut session = self.board.with_spec(spec.clone()).on(die)?;
        let mut correct = 0;
        for sample in samples {
            let recording = load(&sample.path, &Options::of(SENSOR))?;
            let inputs = to_inputs(&recording.events, spec.tick.quantity, None);
            let (inputs, _) = inputs.expect("the tick of a chip is a time");
            session.reset();
            // A pixel is on or off in a step: several events of one step are one input spike.
            session.take_all(inputs, Tick(0)..Tick(STEPS), Multiple::Binary)?;
            let mut activity = Activity::new(session.board());
            session.run_until(Tick(STEPS), &mut activity);
            let counts = &activity.populations()[OUTPUT].events;
            let best = (0..counts.len()).rev().max_by_key(|&class| counts[class]);
            correct += usize::from(best == Some(sample.label));
            done();
        }
        Ok(Score { correct, samples: samples.len(), counters: session.counters().clone() })
    }
}

#[cfg(test)]
mod tests;

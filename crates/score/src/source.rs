//! Labelled sets of every form: read first, then made into events for a network.
//!
//! Owns how the form of a set is told, and what a step of it is on a chip. A set is read before the network is, because
//! whether it holds numbers decides how a graph takes its inputs.

use crate::set::{Label, classes};
use crate::{LabelledSet, Sample, ScoreError};
use chip::{InputEvent, whole_multiple};
use formats::FormatError;
use formats::labelled::{self, LabelledFile};
use formats::nir_data::{NirData, Observable};
use formats::npz::ArrayProblem;
use formats::raster::Raster;
use formats::rasters::Rasters;
use formats::sensor::{self, Options};
use fx::Real;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use tasks::TsData;
use units::{InputId, Quantity, Tick, Unit};

/// The most events of a set that are held at once: 2 GiB of them.
const EVENTS_MAX: usize = 1 << 27;

/// How the recordings of a set are read.
#[derive(Clone, Debug, Default)]
pub struct Recordings {
    /// What is known of each.
    pub options: Options,
    /// The time that is tick 0; none: that of the recording.
    pub from: Option<Quantity>,
    /// Tick 0 is that of the first event.
    pub from_first: bool,
    /// Whether the files are certainly recordings, because something was said of them as such.
    pub certain: bool,
}

/// What a set is read for.
#[derive(Clone, Debug)]
pub struct SetOptions {
    /// Input channels of the program.
    pub channels: u32,
    /// Output neurons.
    pub outputs: u32,
    /// Length of a tick of the chip.
    pub tick: Quantity,
    /// Ticks of a row of an array: of a step of the graph, or of the chip.
    pub row: u64,
    /// How long a step lasts in a recording; none: recordings go by the ticks of the chip.
    pub bin: Option<Quantity>,
    /// Whether recordings need such a length: steps of the network have none of their own.
    pub needs_bin: bool,
    /// Whether the steps of arrays are those of the network, whatever their file says.
    pub steps: bool,
    /// Whether channels take numbers.
    pub numbers: bool,
    /// How recordings are read.
    pub recordings: Recordings,
    /// Names of the classes, in the order of the output neurons.
    pub classes: Option<Vec<String>>,
    /// At most so many samples, from the first on.
    pub limit: Option<usize>,
    /// Threads that read; none: one a processor.
    pub threads: Option<NonZeroUsize>,
}

/// A set as it stands in its files.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    what: What,
    labels: Labels,
    arrays: bool,
}

/// Where the labels of a set are.
#[derive(Clone, Debug)]
enum Labels {
    /// In the set.
    Own,
    /// Elsewhere: where, and what they are.
    Beside(String, Vec<String>),
    /// Nobody asks for them.
    None,
}

#[derive(Clone, Debug)]
enum What {
    Files(Vec<LabelledFile>),
    Arrays(Rasters),
    Series(TsData),
    Observed(Observable),
}

impl Source {
    /// Reads the set at `path`, or the list of its files, which are read later. `labels` is a file of labels for sets
    /// without, `node` says which node (or `NODE:KEY`) of NIRData is the input, `arrays` that files which are arrays
    /// have a row a step.
    ///
    /// # Errors
    /// The set cannot be read, or has no labels.
    pub fn open(path: &Path, labels: Option<&Path>, node: Option<&str>, arrays: bool) -> Result<Self, ScoreError> {
        let source = Self::of(path, node, arrays, false)?;
        let has_labels = match &source.what {
            What::Files(_) | What::Series(_) => true,
            What::Arrays(arrays) => arrays.labels.is_some(),
            What::Observed(_) => false,
        };
        match (labels, has_labels) {
            (None, true) => Ok(source),
            (Some(path), false) => {
                let labels = labelled::labels(path)?;
                if labels.len() != source.len() {
                    let (found, count) = (labels.len(), source.len());
                    let reason = format!("it has {found} labels, and `{}` has {count} samples", source.path.display());
                    return Err(ScoreError::Set { file: path.display().to_string(), reason, help: None });
                }
                Ok(Self { labels: Labels::Beside(path.display().to_string(), labels), ..source })
            }
            (None, false) => Err(source.refused(
                "it has no labels".into(),
                "give a file of them with `--labels`: an array (.npy), or a list with the column `label`",
            )),
            (Some(_), true) => Err(source.refused("it has labels of its own".into(), "leave `--labels` out")),
        }
    }

    /// The same without asking for labels: every sample is of class 0. A file that is no set is one sample.
    ///
    /// # Errors
    /// The set cannot be read.
    pub fn unlabelled(path: &Path, node: Option<&str>, arrays: bool) -> Result<Self, ScoreError> {
        Ok(Self { labels: Labels::None, ..Self::of(path, node, arrays, true)? })
    }

    /// The set at `path`; `single` says that a file which is none can be a sample.
    fn of(path: &Path, node: Option<&str>, arrays: bool, single: bool) -> Result<Self, ScoreError> {
        let one = || What::Files(vec![LabelledFile { path: path.to_owned(), label: String::new(), line: 0 }]);
        let what = if path.is_dir() {
            What::Files(labelled::files(path)?)
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ts")) {
            let bytes = formats::text::read_bytes(path, formats::text::TEXT_BYTES_MAX)?;
            What::Series(tasks::read_ts(bytes, &path.display().to_string())?)
        } else {
            let head = formats::text::read_head(path, 8)?;
            if head.starts_with(b"\x89HDF\r\n\x1a\n") {
                What::Observed(observed(path, node)?)
            } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\x93NUMPY") {
                match Rasters::load(path) {
                    // An array without an axis of samples.
                    Err(FormatError::Array { problem: ArrayProblem::Shape { .. }, .. }) if single => one(),
                    read => What::Arrays(read?),
                }
            } else if single && !labelled::is_list(path)? {
                one()
            } else {
                What::Files(labelled::files(path)?)
            }
        };
        let source = Self { path: path.to_owned(), what, labels: Labels::Own, arrays };
        if node.is_some() && !matches!(source.what, What::Observed(_)) {
            return Err(source.refused("`--node` names a node of NIRData, and this is none".into(), "leave it out"));
        }
        Ok(source)
    }

    /// Samples of the set.
    pub fn len(&self) -> usize {
        match &self.what {
            What::Files(files) => files.len(),
            What::Arrays(arrays) => arrays.samples.len(),
            What::Series(series) => series.utterances.len(),
            What::Observed(Observable::Grid { samples, .. }) => samples.len(),
            What::Observed(Observable::Events { samples, .. }) => samples.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the set holds numbers, which are no numbers of spikes.
    ///
    /// # Errors
    /// A file that should tell cannot be read.
    pub fn has_numbers(&self) -> Result<bool, ScoreError> {
        Ok(match &self.what {
            What::Series(_) => true,
            What::Arrays(arrays) => arrays.samples.first().is_some_and(|sample| sample.numbers),
            What::Observed(Observable::Grid { samples, .. }) => !samples.iter().flatten().all(is_count),
            What::Observed(Observable::Events { .. }) => false,
            What::Files(files) => match files.first() {
                Some(first) if self.arrays && formats::raster::recognise(&first.path)? => {
                    Raster::load(&first.path)?.numbers
                }
                _ => false,
            },
        })
    }

    /// The set for a network.
    ///
    /// # Errors
    /// A file cannot be read, or does not fit the network; a label is no class of it.
    pub fn read(self, options: &SetOptions) -> Result<LabelledSet, ScoreError> {
        if self.has_numbers()? && !options.numbers {
            return Err(self.refused(
                "its values are numbers, and the input channels of the network take events".into(),
                "numbers are sent to graphs of trained nets (NIR); encode them as events for other networks",
            ));
        }
        let count = options.limit.map_or(self.len(), |limit| limit.min(self.len()));
        let (labels, classes) = self.labels(options, count)?;
        let read = session::in_order(count, options.threads, |index| self.sample(options, index));
        let mut samples = Vec::with_capacity(count);
        let mut held = 0;
        for (read, label) in read.into_iter().zip(labels) {
            let sample = read?;
            held += sample.events.len();
            if held > EVENTS_MAX {
                let reason = format!("it has more than the {EVENTS_MAX} events that are held at once");
                return Err(self.refused(reason, "take a part of it with `--limit`"));
            }
            samples.push(Sample { label, ..sample });
        }
        Ok(LabelledSet { classes, samples })
    }

    fn refused(&self, reason: String, help: &str) -> ScoreError {
        ScoreError::Set { file: self.path.display().to_string(), reason, help: Some(help.into()) }
    }

    /// The classes of the first `count` samples, and what all classes are called.
    fn labels(&self, options: &SetOptions, count: usize) -> Result<(Vec<u32>, Vec<String>), ScoreError> {
        let file = self.path.display();
        let order = options.classes.as_deref();
        let of_list = |file: &str, labels: &[String], order: Option<&[String]>| {
            let label = |(index, text)| Label { text, place: format!("{file}: sample {index}") };
            classes(
                &labels.iter().map(String::as_str).enumerate().map(label).collect::<Vec<_>>(),
                order,
                options.outputs,
            )
        };
        let (mut found, names) = match (&self.what, &self.labels) {
            (_, Labels::None) => (vec![0; count], Vec::new()),
            (What::Files(files), _) => {
                let place = |found: &LabelledFile| match found.line {
                    0 => found.path.display().to_string(),
                    line => format!("{file}:{line}"),
                };
                let labels: Vec<Label<'_>> =
                    files.iter().map(|found| Label { text: &found.label, place: place(found) }).collect();
                classes(&labels, order, options.outputs)?
            }
            (What::Series(series), _) => {
                let labels: Vec<String> = series.utterances.iter().map(|u| series.classes[u.class].clone()).collect();
                of_list(&file.to_string(), &labels, Some(order.unwrap_or(&series.classes)))?
            }
            (_, Labels::Beside(file, labels)) => of_list(file, labels, order)?,
            (What::Arrays(Rasters { labels: Some(labels), .. }), _) => of_list(&file.to_string(), labels, order)?,
            _ => unreachable!("a set without labels was refused when it was opened"),
        };
        found.truncate(count);
        Ok((found, names))
    }

    /// Sample `index`, without its label.
    fn sample(&self, options: &SetOptions, index: usize) -> Result<Sample, ScoreError> {
        let name = format!("{}: sample {index}", self.path.display());
        let (events, ticks) = match &self.what {
            What::Files(files) => {
                return file(&files[index].path, options, self.arrays);
            }
            What::Arrays(arrays) => array(&name, &arrays.samples[index], options.row, options)?,
            What::Series(series) => {
                let signal = &series.utterances[index].signal;
                let values = signal.frames().flatten().map(|value| real(*value)).collect();
                let raster = Raster { steps: signal.len(), width: signal.channels(), numbers: true, values };
                array(&name, &raster, options.row, options)?
            }
            What::Observed(Observable::Grid { steps, neurons, dt, samples, .. }) => {
                let row = if options.steps {
                    options.row
                } else {
                    ticks_of(*dt, options).ok_or_else(|| {
                        self.refused(
                            format!("its steps of {dt} s are no whole number of the chip's ticks of {}", options.tick),
                            "write it with steps that are",
                        )
                    })?
                };
                let numbers = options.numbers;
                let raster = Raster { steps: *steps, width: *neurons, numbers, values: samples[index].clone() };
                array(&name, &raster, row, options)?
            }
            What::Observed(Observable::Events { neurons, t_max, samples }) => {
                if *neurons > options.channels {
                    let reason = format!("it has {neurons} neurons, but there are {} input channels", options.channels);
                    return Err(ScoreError::Set { file: name, reason, help: None });
                }
                let (length, row) = step(&name, options)?;
                let femtoseconds = |time: f64| (time * 1e15).round() as i128;
                let tick = |time: f64| Tick((femtoseconds(time) / length) as u64 * row);
                let mut events: Vec<InputEvent> = samples[index]
                    .iter()
                    .map(|&(time, neuron)| InputEvent { tick: tick(time), channel: InputId(neuron), payload: 1 })
                    .collect();
                events.sort();
                let end = (femtoseconds(*t_max) + length - 1) / length;
                (events, (*t_max > 0.0 && t_max.is_finite()).then_some(end as u64 * row))
            }
        };
        Ok(plain(name, events, ticks))
    }
}

/// A sample all of which is known, without its label.
const fn plain(name: String, events: Vec<InputEvent>, ticks: Option<u64>) -> Sample {
    Sample { name, label: 0, events, ticks, before: 0, skipped: 0 }
}

/// Whether a value can be a number of spikes.
fn is_count(value: &f64) -> bool {
    (0.0..=255.0).contains(value) && value.fract() == 0.0
}

fn real(value: Real) -> f64 {
    value.to_bits() as f64 / (1u64 << Real::FRACTION_BITS) as f64
}

/// Femtoseconds of a step of a recording, and the ticks that it takes.
fn step(file: &str, options: &SetOptions) -> Result<(i128, u64), ScoreError> {
    let length = |time: Quantity| i128::from(time.to_bits(Unit::FEMTOSECOND, 0).unwrap_or(i64::MAX)).max(1);
    match options.bin {
        Some(bin) => Ok((length(bin), options.row)),
        None if options.needs_bin => Err(no_bin(file)),
        None => Ok((length(options.tick), 1)),
    }
}

fn no_bin(file: &str) -> ScoreError {
    ScoreError::Set {
        file: file.to_owned(),
        reason: "nothing says how long a step of the graph lasts in this recording: its steps are counted".into(),
        help: Some("say it with `--bin`, such as `--bin 1ms`".into()),
    }
}

/// The ticks that `seconds` take, if they are a whole number of them.
fn ticks_of(seconds: f64, options: &SetOptions) -> Option<u64> {
    let tick = i128::from(options.tick.to_bits(Unit::FEMTOSECOND, 0).ok()?);
    let length = (seconds * 1e15).round() as i128;
    (tick > 0 && length > 0 && length % tick == 0).then(|| (length / tick) as u64)
}

/// The events of an array whose rows take `row` ticks, and its length.
fn array(
    name: &str,
    raster: &Raster,
    row: u64,
    options: &SetOptions,
) -> Result<(Vec<InputEvent>, Option<u64>), ScoreError> {
    let refused =
        |reason: String, help: &str| ScoreError::Set { file: name.to_owned(), reason, help: Some(help.to_owned()) };
    if raster.width != options.channels as usize {
        return Err(refused(
            format!("a row has {} values, but there are {} input channels", raster.width, options.channels),
            "give arrays with a row a step and a column a channel",
        ));
    }
    let scaled = "scale the numbers and the weights of the first layer";
    // Counts for channels of numbers are numbers too.
    let numbers = raster.numbers || options.numbers;
    let raster = Raster { numbers, ..raster.clone() };
    let events = raster.events(row).map_err(|error| refused(error.to_string(), scaled))?;
    Ok((events, Some(raster.steps as u64 * row)))
}

/// The sample that a file is, without its label.
fn file(path: &Path, options: &SetOptions, arrays: bool) -> Result<Sample, ScoreError> {
    let (name, recordings) = (path.display().to_string(), &options.recordings);
    if arrays && !recordings.certain && formats::raster::recognise(path)? {
        let (events, ticks) = array(&name, &Raster::load(path)?, options.row, options)?;
        return Ok(plain(name, events, ticks));
    }
    if options.numbers {
        let reason = "it holds events, and the input channels of the graph take numbers".into();
        return Err(ScoreError::Set { file: name, reason, help: Some("leave `--input-numbers` out".into()) });
    }
    if !recordings.certain && sensor::recognise(path)?.is_none() {
        return event_list(path, name, options);
    }
    let (_, row) = step(&name, options)?;
    let recording = sensor::load(path, &recordings.options)?;
    if recording.sensor.addresses() > options.channels {
        return Err(ScoreError::Set {
            file: name,
            reason: format!(
                "a sensor of {} has {} addresses, but the network has {} input channels",
                recording.sensor,
                recording.sensor.addresses(),
                options.channels
            ),
            help: Some("give the network an input channel for each address of the sensor".into()),
        });
    }
    let microseconds = |time: u64| Quantity {
        value: units::Decimal::integer(i64::try_from(time).unwrap_or(i64::MAX)),
        unit: Unit::MICROSECOND,
    };
    let first = || recording.events.iter().map(|event| event.time_us).min().map(microseconds);
    let from = if recordings.from_first { first() } else { recordings.from };
    let length = options.bin.unwrap_or(options.tick);
    let (mut events, before) = sensor::to_inputs(&recording.events, length, from).map_err(|error| ScoreError::Set {
        file: name.clone(),
        reason: error.to_string(),
        help: None,
    })?;
    events.iter_mut().for_each(|event| event.tick.0 = event.tick.0.saturating_mul(row));
    let skipped = recording.skipped.iter().map(|(_, count)| count).sum();
    Ok(Sample { before, skipped, ..plain(name, events, None) })
}

/// The sample that a list of events is, without its label; its times are ticks of the chip.
fn event_list(path: &Path, name: String, options: &SetOptions) -> Result<Sample, ScoreError> {
    let mut events = formats::events::load_inputs(path, options.channels)?;
    let beginning = match options.recordings.from {
        _ if options.recordings.from_first => events.iter().map(|event| event.tick.0).min().unwrap_or(0),
        None => 0,
        Some(time) => whole_multiple(time, options.tick).ok_or_else(|| ScoreError::Set {
            file: name.clone(),
            reason: format!("`--from` {time} is not a whole number of the chip's ticks of {}", options.tick),
            help: Some("the times of an event list are ticks: choose a multiple".into()),
        })?,
    };
    let all = events.len();
    events.retain(|event| event.tick.0 >= beginning);
    events.iter_mut().for_each(|event| event.tick.0 -= beginning);
    Ok(Sample { before: (all - events.len()) as u64, ..plain(name, events, None) })
}

/// The observable of a file that is the input.
fn observed(path: &Path, node: Option<&str>) -> Result<Observable, ScoreError> {
    let mut data = NirData::open(path)?;
    let known: Vec<String> =
        data.nodes.iter().flat_map(|(node, all)| all.keys().map(move |key| format!("{node}:{key}"))).collect();
    let fits = |name: &&String| match node {
        Some(wanted) => name.as_str() == wanted || name.split(':').next() == Some(wanted),
        None => known.len() == 1 || name.starts_with("input:"),
    };
    let found: Vec<&String> = known.iter().filter(fits).collect();
    let [one] = found[..] else {
        return Err(ScoreError::Set {
            file: path.display().to_string(),
            reason: match node {
                Some(node) => format!("{} observables are called `{node}`", found.len()),
                None => "it does not say which node is the input".into(),
            },
            help: Some(format!("name one with `--node`: {}", known.join(", "))),
        });
    };
    let (node, key) = one.split_once(':').expect("it was put together so");
    let found = data.nodes.get_mut(node).and_then(|all| all.remove(key));
    Ok(found.expect("it is among those that there are"))
}

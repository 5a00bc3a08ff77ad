//! Runs: a program on dies, from events to spikes, traces and counters.

use crate::die::Die;
use crate::error::PythonError;
use crate::program::Program;
use ::chip::InputEvent;
use device_models::ProbeKind;
use emulator::{LossCause, Observer};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use session::{Activity, Board, Multiple, PopulationActivity, Session, SessionError};
use std::num::NonZeroUsize;
use units::{InputId, NeuronId, Tick};
use warnings::{Kind, Warning, Warnings};

/// What a run did.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Run {
    session: Session,
    ticks: u64,
    spikes: Spikes,
    activity: Vec<PopulationActivity>,
    warnings: Warnings,
}

/// Spikes by column: tick, population, neuron within it, and how many at once (or the change of an output).
#[derive(Default)]
struct Spikes {
    ticks: Vec<u64>,
    populations: Vec<u32>,
    neurons: Vec<u32>,
    values: Vec<i32>,
}

/// Keeps the spikes of neurons that have a name.
pub(crate) struct Keep<'a>(&'a Board, Spikes);

impl<'a> Keep<'a> {
    pub(crate) fn new(board: &'a Board) -> Self {
        Self(board, Spikes::default())
    }

    /// What was kept, as arrays.
    pub(crate) fn columns<'py>(&self, py: Python<'py>) -> Columns<'py> {
        self.1.columns(py)
    }
}

impl Spikes {
    fn columns<'py>(&self, py: Python<'py>) -> Columns<'py> {
        (
            PyArray1::from_slice(py, &self.ticks),
            PyArray1::from_slice(py, &self.populations),
            PyArray1::from_slice(py, &self.neurons),
            PyArray1::from_slice(py, &self.values),
        )
    }
}

impl Observer for Keep<'_> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        let Some((population, index)) = self.0.member(core, neuron) else { return };
        self.1.ticks.push(tick.0);
        self.1.populations.push(population as u32);
        self.1.neurons.push(index);
        self.1.values.push(value);
    }
}

/// Warnings as lines.
pub(crate) fn lines<'a>(all: impl Iterator<Item = &'a Warning>) -> Vec<String> {
    all.map(|warning| format!("{}: {}", warning.place, warning.text)).collect()
}

/// What every run of a batch is asked for.
struct Asked {
    ticks: u64,
    probes: Vec<(String, Vec<String>)>,
    every: Option<u64>,
    trial: Option<u64>,
    binary: bool,
}

/// Spikes as arrays: tick, population, neuron, value.
pub(crate) type Columns<'py> =
    (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<i32>>);

/// Readings in their unit, and as integers; how many bits of these are behind the point, neuron by neuron; the unit.
type Trace<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<i64>>, Bound<'py, PyArray1<u32>>, String);

/// What the last bit of a reading is in its unit; powers of two are exact.
pub(crate) fn of_bit(kind: &ProbeKind) -> f64 {
    crate::chip::float(kind.scale) / (0..kind.fraction_bits).fold(1.0, |power, _| power * 2.0)
}

/// One input: tick, channel and payload of each event.
type Events = Vec<InputEvent>;

fn one(board: &Board, die: &Die, events: &Events, asked: &Asked) -> Result<Run, SessionError> {
    let parameters = match asked.trial {
        Some(trial) => die.parameters.as_ref().clone().with_noise(board.spec(), trial)?,
        None => die.parameters.as_ref().clone(),
    };
    let mut session = board.on(&parameters)?;
    session.set_sources(die.seed, asked.trial.unwrap_or(0));
    for (population, quantities) in &asked.probes {
        quantities.iter().try_for_each(|quantity| session.probe_population(population, None, quantity))?;
    }
    if let Some(every) = asked.every {
        session.sample_every(every);
    }
    let multiple = if asked.binary { Multiple::Binary } else { Multiple::Count };
    let taken = session.take_all(events.iter().copied(), Tick(0)..Tick(asked.ticks), multiple)?;
    let mut watching = (Keep::new(board), Activity::new(board));
    session.run_until(Tick(asked.ticks), &mut watching);
    let (Keep(_, spikes), activity) = watching;
    let activity = activity.into_populations();
    let mut warnings = session.warnings(&activity);
    let merged = if asked.binary { 0 } else { taken.merged };
    for (kind, count, what) in [
        (Kind::EventsBefore, taken.before, "events are for ticks before the run, and are left out"),
        (Kind::EventsAfter, taken.after, "events are for ticks after the end of the run, and are left out"),
        (Kind::EventsUnconnected, taken.unconnected, "events are for channels without a connection"),
        (
            Kind::EventsMerged,
            merged,
            "events share the tick and channel of another: they are one event with their number",
        ),
        (Kind::EventsMerged, taken.capped, "spikes are beyond what a channel can have in a step, and are left out"),
    ] {
        if count > 0 {
            warnings.push(kind, "events", format!("{count} {what} ({} events were given)", taken.read));
        }
    }
    Ok(Run { session, ticks: asked.ticks, spikes, activity, warnings })
}

/// Runs the program for every pair of `dies` and `inputs`: the inputs of a die behind each other.
#[pyfunction]
#[pyo3(signature = (program, dies, inputs, *, ticks, probes = Vec::new(), every = None, trial = None, binary = false,
                    threads = None))]
#[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
pub(crate) fn run_many(
    py: Python<'_>,
    program: &Program,
    dies: Vec<Py<Die>>,
    inputs: Vec<PyReadonlyArray2<'_, i64>>,
    ticks: u64,
    probes: Vec<(String, Vec<String>)>,
    every: Option<u64>,
    trial: Option<u64>,
    binary: bool,
    threads: Option<usize>,
) -> PyResult<Vec<Run>> {
    let inputs = inputs.iter().map(events).collect::<Result<Vec<_>, _>>()?;
    let asked = Asked { ticks, probes, every, trial, binary };
    let dies: Vec<&Die> = dies.iter().map(Py::get).collect();
    let threads = threads.map(|threads| NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN));
    let board = &program.board;
    if let Some(other) = dies.iter().find(|die| die.spec.name != board.spec().name) {
        let reason =
            format!("the program is for chip `{}`, and the die is of `{}`", board.spec().name, other.spec.name);
        return Err(PythonError::Value(reason).into());
    }
    // Some runs at a time, so that Ctrl-C is heard between them.
    let pairs: Vec<(usize, usize)> = (0..dies.len()).flat_map(|d| (0..inputs.len()).map(move |i| (d, i))).collect();
    let at_once = 4 * threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let mut runs = Vec::with_capacity(pairs.len());
    for chunk in pairs.chunks(at_once) {
        let made = py.detach(|| {
            session::in_order(chunk.len(), threads, |index| {
                let (die, input) = chunk[index];
                one(board, dies[die], &inputs[input], &asked)
            })
        });
        for run in made {
            runs.push(run.map_err(PythonError::from)?);
        }
        py.check_signals()?;
    }
    Ok(runs)
}

/// The events of an array of three columns: tick, channel, payload.
fn events(array: &PyReadonlyArray2<'_, i64>) -> Result<Events, PythonError> {
    let array = array.as_array();
    let event = |(at, row): (usize, numpy::ndarray::ArrayView1<'_, i64>)| {
        let wrong = |what: &str, value: i64, range: &str| {
            PythonError::Value(format!("event {at}: its {what} is {value}, outside the range {range}"))
        };
        Ok(InputEvent {
            tick: Tick(u64::try_from(row[0]).map_err(|_| wrong("tick", row[0], "from 0"))?),
            channel: InputId(u32::try_from(row[1]).map_err(|_| wrong("channel", row[1], "from 0 to 4294967295"))?),
            payload: i32::try_from(row[2]).map_err(|_| wrong("payload", row[2], "of 32 bits with a sign"))?,
        })
    };
    array.rows().into_iter().enumerate().map(event).collect()
}

#[pymethods]
impl Run {
    #[getter]
    const fn ticks(&self) -> u64 {
        self.ticks
    }

    #[getter]
    fn digest(&self) -> String {
        format!("{:016x}", self.session.digest())
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        lines(self.warnings.iter())
    }

    #[getter]
    fn populations(&self) -> Vec<(String, u32)> {
        self.activity.iter().map(|own| (own.name.clone(), own.events.len() as u32)).collect()
    }

    /// Columns of all spikes: tick, population, neuron, value.
    fn _columns<'py>(&self, py: Python<'py>) -> Columns<'py> {
        self.spikes.columns(py)
    }

    fn counts<'py>(&self, py: Python<'py>, population: &str) -> Result<Bound<'py, PyArray1<u64>>, PythonError> {
        let known = || self.activity.iter().map(|own| own.name.clone()).collect();
        let own = self.activity.iter().find(|own| own.name == population);
        let own = own.ok_or_else(|| PythonError::unknown("population", population, known()))?;
        Ok(PyArray1::from_slice(py, &own.events))
    }

    #[getter]
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.session.counters();
        let all = PyDict::new(py);
        for (name, count) in [
            ("inputs", counters.inputs),
            ("spikes", counters.spikes),
            ("events_sent", counters.events_sent),
            ("events_delivered", counters.events_delivered),
            ("unmatched_broadcasts", counters.unmatched_broadcasts),
            ("synaptic_operations", counters.synaptic_operations),
            ("neuron_updates", counters.neuron_updates),
            ("saturations", counters.saturations),
        ] {
            all.set_item(name, count)?;
        }
        for cause in LossCause::ALL {
            all.set_item(format!("lost_{}", cause.name().replace(' ', "_")), counters.losses.by_cause(cause))?;
        }
        Ok(all)
    }

    /// The ticks of the samples of probes.
    #[getter]
    fn sampled<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        PyArray1::from_iter(py, self.session.sampled().iter().map(|tick| tick.0))
    }

    /// The readings of a quantity of a population in its unit: one row a sample, one column a neuron.
    fn _trace<'py>(&self, py: Python<'py>, population: &str, quantity: &str) -> PyResult<Trace<'py>> {
        let board = self.session.board();
        let wanted = board.population(population).map_err(PythonError::from)?;
        let of = |recording: &&session::Recording| {
            recording.probe.kind.name == quantity && recording.probe.member.is_some_and(|(own, _)| own == wanted)
        };
        let columns: Vec<_> = self.session.recordings().iter().filter(of).collect();
        let Some(first) = columns.first() else {
            let reason = format!("`{quantity}` of `{population}` was not probed: `probe={{\"{population}\": [...]}}`");
            return Err(PythonError::Value(reason).into());
        };
        // What its integers mean may differ from core to core.
        let bits: Vec<u32> = columns.iter().map(|column| column.probe.kind.fraction_bits).collect();
        let of_bit: Vec<f64> = columns.iter().map(|column| of_bit(&column.probe.kind)).collect();
        let (samples, unit) = (first.bits.len(), first.probe.kind.unit.clone());
        let raw = (0..samples).flat_map(|sample| columns.iter().map(move |column| column.bits[sample]));
        let raw: Vec<i64> = raw.collect();
        let values = PyArray1::from_iter(py, raw.iter().zip(of_bit.iter().cycle()).map(|(bits, of)| *bits as f64 * of));
        let shape = [samples, columns.len()];
        let raw = PyArray1::from_vec(py, raw).reshape(shape)?;
        Ok((values.reshape(shape)?, raw, PyArray1::from_vec(py, bits), unit))
    }

    fn __repr__(&self) -> String {
        format!("Run({} ticks, {} spikes, digest {})", self.ticks, self.spikes.ticks.len(), self.digest())
    }
}

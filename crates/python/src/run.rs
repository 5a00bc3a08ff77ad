//! Runs: a program on dies, from events to spikes, traces and counters.

use crate::die::Die;
use crate::error::PythonError;
use crate::program::Program;
use crate::watch::{Ear, watched};
use ::chip::{ChipSpec, InputEvent};
use device_models::ProbeKind;
use emulator::{Counters, LossCause, Observer};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use session::{Activity, Board, Multiple, PopulationActivity, Recording, Session, SessionError};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use units::{InputId, NeuronId, Tick};
use warnings::{Kind, Warning, Warnings};

/// What a run did.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Run {
    board: Board,
    ticks: u64,
    digest: u64,
    counters: Counters,
    sampled: Vec<Tick>,
    recordings: Vec<Recording>,
    spikes: Spikes,
    activity: Vec<PopulationActivity>,
    warnings: Warnings,
    /// How long the emulator took, from its first event on.
    took: Duration,
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
pub(crate) type Events = Vec<InputEvent>;

/// The sessions of a die: made when its first input is run, let go with the last.
struct OnDie<'a> {
    die: &'a Die,
    made: Mutex<(Option<Session>, usize)>,
}

impl<'a> OnDie<'a> {
    const fn new(die: &'a Die, inputs: usize) -> Self {
        Self { die, made: Mutex::new((None, inputs)) }
    }

    /// A session at tick 0 for one of the inputs.
    fn session(&self, board: &Board, asked: &Asked) -> Result<Session, SessionError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.1 = made.1.saturating_sub(1);
        let (last, session) = (made.1 == 0, made.0.take());
        let session = match session {
            Some(session) => session,
            None => asked.session(board, self.die)?,
        };
        if !last {
            made.0 = Some(session.clone());
        }
        Ok(session)
    }
}

impl Asked {
    fn session(&self, board: &Board, die: &Die) -> Result<Session, SessionError> {
        let parameters = match self.trial {
            Some(trial) => {
                // Noise is of the chip of the die.
                let spec = ChipSpec { noise: die.spec.noise.clone(), ..board.spec().clone() };
                die.parameters.as_ref().clone().with_noise(&spec, trial)?
            }
            None => die.parameters.as_ref().clone(),
        };
        let mut session = board.on(&parameters)?;
        session.set_sources(die.seed, self.trial.unwrap_or(0));
        for (population, quantities) in &self.probes {
            quantities.iter().try_for_each(|quantity| session.probe_population(population, None, quantity))?;
        }
        if let Some(every) = self.every {
            session.sample_every(every);
        }
        Ok(session)
    }
}

/// Runs one input; none if it was stopped.
fn one(
    mut session: Session,
    events: &Events,
    asked: &Asked,
    more: impl Fn() -> bool,
) -> Result<Option<Run>, SessionError> {
    let board = session.board().clone();
    let multiple = if asked.binary { Multiple::Binary } else { Multiple::Count };
    let mut watching = (Keep::new(&board), Activity::new(&board));
    let from = Instant::now();
    let taken = session.take_all(events.iter().copied(), Tick(0)..Tick(asked.ticks), multiple)?;
    if !session.run_until_while(Tick(asked.ticks), &mut watching, more) {
        return Ok(None);
    }
    let took = from.elapsed();
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
    Ok(Some(Run {
        ticks: asked.ticks,
        digest: session.digest(),
        counters: session.counters().clone(),
        sampled: session.sampled().to_vec(),
        recordings: session.recordings().to_vec(),
        board,
        spikes,
        activity,
        warnings,
        took,
    }))
}

/// As many threads as are asked for; none: one a processor.
pub(crate) fn threads(threads: Option<usize>) -> Option<NonZeroUsize> {
    threads.map(|threads| NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
}

/// The board of a program on the chip of `die`, which may differ from that of the program in its mismatch.
pub(crate) fn board_of(program: &Program, die: &Die) -> Result<Board, PythonError> {
    let (board, spec) = (&program.board, &die.spec);
    let is_like = |own: &ChipSpec| score::differ_in_disorder_only(own, spec);
    // A network may bring a clock of its own, and a die be of the chip with or without it.
    let is_same = Arc::ptr_eq(spec, &program.spec) || *spec == program.spec;
    if is_same || is_like(&program.spec) || is_like(board.spec()) {
        return Ok(board.clone());
    }
    let (own, other) = (&board.spec().name, &spec.name);
    Err(PythonError::Value(if own == other {
        format!(
            "the program was mapped for a chip `{own}` with other numbers than the one of the die: map the network for \
             the chip of the die"
        )
    } else {
        format!("the program is for chip `{own}`, and the die is of `{other}`")
    }))
}

/// Runs the program for every pair of `dies` and `inputs`: the inputs of a die behind each other.
#[pyfunction]
#[pyo3(signature = (program, dies, inputs, *, ticks, probes = Vec::new(), every = None, trial = None, binary = false,
                    threads = None, progress = None))]
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
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Run>> {
    let inputs = inputs.iter().map(events).collect::<Result<Vec<_>, _>>()?;
    let asked = Asked { ticks, probes, every, trial, binary };
    let dies: Vec<&Die> = dies.iter().map(Py::get).collect();
    let boards = dies.iter().map(|die| board_of(program, die)).collect::<Result<Vec<_>, _>>()?;
    if let ([die], [events], [board], None) = (&dies[..], &inputs[..], &boards[..], &progress) {
        // A thread of its own takes longer than many a run.
        let ear = Ear::default();
        let made = py.detach(|| one(asked.session(board, die)?, events, &asked, || ear.goes_on()));
        return match (made.map_err(PythonError::from)?, ear.into_heard()) {
            (Some(run), _) => Ok(vec![run]),
            (None, heard) => Err(heard.expect("a run is stopped by what is heard")),
        };
    }
    let sessions: Vec<OnDie<'_>> = dies.iter().map(|die| OnDie::new(die, inputs.len())).collect();
    let count = dies.len() * inputs.len();
    let made = watched(py, count, progress.as_ref(), |watch| {
        let failed = AtomicUsize::new(usize::MAX);
        session::in_order(count, crate::run::threads(threads), |index| {
            // What comes after a failure is not reported.
            if failed.load(Ordering::Relaxed) < index || !watch.goes_on() {
                return None;
            }
            let (die, input) = (index / inputs.len(), index % inputs.len());
            let session = sessions[die].session(&boards[die], &asked);
            let run = session.and_then(|session| one(session, &inputs[input], &asked, || watch.goes_on()));
            if run.is_err() {
                failed.fetch_min(index, Ordering::Relaxed);
            }
            watch.one_more();
            run.transpose()
        })
    })?;
    let mut runs = Vec::with_capacity(count);
    for run in made.into_iter().flatten() {
        runs.push(run.map_err(PythonError::from)?);
    }
    Ok(runs)
}

/// The events of an array of three columns: tick, channel, payload.
pub(crate) fn events(array: &PyReadonlyArray2<'_, i64>) -> Result<Events, PythonError> {
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
        format!("{:016x}", self.digest)
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
        let counters = &self.counters;
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
        PyArray1::from_iter(py, self.sampled.iter().map(|tick| tick.0))
    }

    /// Population and quantity of every probe, each once.
    #[getter]
    fn _probed(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        for Recording { probe, .. } in &self.recordings {
            let Some((population, _)) = probe.member else { continue };
            let own = (self.board.symbols().populations[population].name.clone(), probe.kind.name.to_string());
            if !all.contains(&own) {
                all.push(own);
            }
        }
        all
    }

    /// The readings of a quantity of a population in its unit: one row a sample, one column a neuron.
    fn _trace<'py>(&self, py: Python<'py>, population: &str, quantity: &str) -> PyResult<Trace<'py>> {
        let board = &self.board;
        let wanted = board.population(population).map_err(PythonError::from)?;
        let of = |recording: &&Recording| {
            recording.probe.kind.name == quantity && recording.probe.member.is_some_and(|(own, _)| own == wanted)
        };
        let columns: Vec<_> = self.recordings.iter().filter(of).collect();
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

    /// Seconds that the emulator took to take its events and to run, without what is before and after it.
    #[getter]
    fn _took(&self) -> f64 {
        self.took.as_secs_f64()
    }

    fn __repr__(&self) -> String {
        format!("Run({} ticks, {} spikes, digest {})", self.ticks, self.spikes.ticks.len(), self.digest())
    }
}

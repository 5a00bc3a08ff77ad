//! The kernel under a replay: a program, what is sent to it, and what is read from it row by row.
//!
//! A replay describes the recorded network as a [`chip::Program`] on a chip that no limit binds ([`ideal_chip`]), and
//! what the recording sent to it. [`Machine::run`] puts it into a session, runs it straight, and runs its second half
//! again from a snapshot that went through the bytes of a snapshot file; both runs must agree in everything that is
//! read. Which quantities a neuron has, and what they mean, is the business of its core model; which file they are
//! compared with is the business of the replay.

use crate::outcome::Recorded;
use chip::{
    ChipSpec, CoreModel, Evidence, Fact, Geometry, InputEvent, Kinetics, ParameterSpec, Program, RouterSpec, Symbols,
    SynapseGate, SynapseSign, SynapseType,
};
use device_models::DieParameters;
use device_models::slices::SHIFTS;
use emulator::{Counters, Each, EmulatorError, Snapshot, Spike};
use formats::container::{self, Kind};
use session::{Board, Session, SessionError};
use std::collections::BTreeMap;
use std::ops::Range;
use units::{Decimal, InputId, NeuronId, Quantity, Tick, Unit};

/// The container that a snapshot goes through.
const SNAPSHOT: Kind = Kind { name: "snapshot", version: 1 };

/// Input channels side by side, and what they send: an event for each value that is not 0, in the step of its row.
pub(crate) struct Channels {
    /// The first channel; the others follow it.
    pub(crate) first: u32,
    /// Channels, which is the length of a row.
    pub(crate) count: usize,
    /// Payloads, a row per step.
    pub(crate) rows: Vec<i32>,
}

/// A quantity of all neurons of a core, read at the end of the first tick of each step, in
/// which clocked cores act.
pub(crate) struct Probe {
    /// Index of the core in the program.
    pub(crate) core: usize,
    /// The quantity, by the name that [`device_models::Core::probes`] gives it.
    pub(crate) quantity: &'static str,
}

/// A program with all that it is sent and asked.
pub(crate) struct Machine {
    pub(crate) spec: ChipSpec,
    pub(crate) program: Program,
    pub(crate) inputs: Vec<Channels>,
    pub(crate) probes: Vec<Probe>,
    /// Steps to run, one a row.
    pub(crate) steps: usize,
}

/// Everything that was read of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// By probe: a row per step, a column per neuron.
    pub(crate) rows: Vec<Vec<i64>>,
    /// By core: what each neuron emitted (a number of spikes, or a level), a row per step.
    pub(crate) emitted: Vec<Vec<i32>>,
    /// What the kernel counted.
    pub(crate) counters: Counters,
    /// The first disagreement of the resumed run with the straight one.
    pub(crate) resumed: Option<Resumed>,
}

/// Where a run that was cut in two by a snapshot left the straight one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    /// What differs, and where.
    pub(crate) what: String,
    /// In the straight run.
    pub(crate) straight: String,
    /// In the resumed run.
    pub(crate) resumed: String,
}

impl Machine {
    /// Runs the program straight, and its second half again from a snapshot taken in the middle.
    ///
    /// # Errors
    /// [`EmulatorError`] if the program or an input is refused, or the emulator refuses its own snapshot.
    ///
    /// # Panics
    /// If a probe names a core or a quantity that the program does not have.
    pub(crate) fn run(&self) -> Result<Run, EmulatorError> {
        let die = DieParameters::nominal();
        let program = Program { chip: self.spec.name.clone(), ..self.program.clone() };
        let board = Board::new(self.spec.clone(), program, Symbols::default()).map_err(of_emulator)?;
        let middle = self.steps / 2;
        let mut straight = board.on(&die).map_err(of_emulator)?;
        let mut emitted = self.no_spikes();
        self.advance(&mut straight, 0..middle, &mut emitted)?;
        let bytes = container::encode(SNAPSHOT, &straight.snapshot());
        self.advance(&mut straight, middle..self.steps, &mut emitted)?;
        let rows = self.rows(&straight, self.steps);

        let snapshot: Snapshot =
            container::decode(SNAPSHOT, &bytes).map_err(|_| EmulatorError::Snapshot { what: "its bytes are lost" })?;
        let mut again = board.resume(&die, &snapshot).map_err(of_emulator)?;
        let mut repeated = self.no_spikes();
        self.advance(&mut again, middle..self.steps, &mut repeated)?;
        let resumed = self.difference(middle, (&emitted, &repeated), (&rows, &self.rows(&again, self.steps - middle)));
        let same = straight.digest() == again.digest() && straight.counters() == again.counters();
        let end = || Resumed {
            what: format!("state and counts after {} steps", self.steps),
            straight: format!("{:016x}", straight.digest()),
            resumed: format!("{:016x}", again.digest()),
        };
        let resumed = resumed.or_else(|| (!same).then(end));
        Ok(Run { rows, emitted, counters: straight.counters().clone(), resumed })
    }

    /// Neurons of a core.
    fn width(&self, core: usize) -> usize {
        self.program.cores[core].neuron_count as usize
    }

    /// By core: room for what its neurons emit, a row per step.
    fn no_spikes(&self) -> Vec<Vec<i32>> {
        (0..self.program.cores.len()).map(|core| vec![0; self.steps * self.width(core)]).collect()
    }

    /// Runs some steps, with probes if the session has none yet, and adds to `emitted` what neurons emit.
    fn advance(
        &self,
        session: &mut Session,
        steps: Range<usize>,
        emitted: &mut [Vec<i32>],
    ) -> Result<(), EmulatorError> {
        if session.recordings().is_empty() {
            for probe in &self.probes {
                for neuron in 0..self.width(probe.core) {
                    let read = session.probe(probe.core, NeuronId(neuron as u16), probe.quantity);
                    read.unwrap_or_else(|e| panic!("a replay reads what there is: {e}"));
                }
            }
        }
        let ticks = self.spec.step_ticks();
        let begin = |step: usize| Tick(step as u64 * ticks);
        let end = begin(steps.end);
        let events = steps.flat_map(|step| {
            self.inputs.iter().flat_map(move |channels| {
                let row = channels.rows[step * channels.count..][..channels.count].iter().enumerate();
                row.filter(|(_, payload)| **payload != 0).map(move |(channel, &payload)| InputEvent {
                    tick: begin(step),
                    channel: InputId(channels.first + channel as u32),
                    payload,
                })
            })
        });
        let mut observer = Each(|s: Spike| {
            let row = (s.tick.0 / ticks) as usize;
            emitted[s.core][row * self.width(s.core) + s.neuron.index()] += s.value;
        });
        session.run_with(&mut events.peekable(), end, &mut observer).map_err(of_emulator)
    }

    /// What the probes of `session` have read in `steps` steps: by probe, a row per step.
    fn rows(&self, session: &Session, steps: usize) -> Vec<Vec<i64>> {
        let mut recordings = session.recordings();
        let of = |probe: &Probe| {
            let width = self.width(probe.core);
            let (own, rest) = recordings.split_at(width);
            recordings = rest;
            let step = |step: usize| own.iter().map(move |recording| recording.bits[step]);
            (0..steps).flat_map(step).collect()
        };
        self.probes.iter().map(of).collect()
    }

    /// The first value after step `middle` that is not as in the straight run; what the resumed run read begins there.
    fn difference(
        &self,
        middle: usize,
        (emitted, again): (&[Vec<i32>], &[Vec<i32>]),
        (rows, rows_again): (&[Vec<i64>], &[Vec<i64>]),
    ) -> Option<Resumed> {
        for (core, (straight, resumed)) in emitted.iter().zip(again).enumerate() {
            let width = self.width(core);
            if let Some(at) = (middle * width..straight.len()).find(|&at| straight[at] != resumed[at]) {
                let what = format!("spikes of core {core} neuron {} in row {}", at % width, at / width);
                return Some(Resumed { what, straight: straight[at].to_string(), resumed: resumed[at].to_string() });
            }
        }
        for ((probe, straight), resumed) in self.probes.iter().zip(rows).zip(rows_again) {
            let width = self.width(probe.core);
            let straight = &straight[middle * width..];
            if let Some(at) = (0..straight.len()).find(|&at| straight[at] != resumed[at]) {
                let Probe { core, quantity } = probe;
                let what = format!("{quantity} of core {core} neuron {} in row {}", at % width, middle + at / width);
                return Some(Resumed { what, straight: straight[at].to_string(), resumed: resumed[at].to_string() });
            }
        }
        None
    }
}

/// What the emulator refuses; a replay gives a session nothing else to refuse.
fn of_emulator(error: SessionError) -> EmulatorError {
    match error {
        SessionError::Emulator(error) => error,
        other => panic!("a replay has no names and no mapping: {other}"),
    }
}

impl Run {
    /// A difference of the case, if the resumed run was another one. That they agree is no recorded value and is not
    /// counted as one.
    pub(crate) fn resumed_difference(&self) -> Option<Recorded> {
        let Resumed { what, straight, resumed } = self.resumed.clone()?;
        let field = format!("a run resumed from a snapshot: {what}");
        Some(Recorded { quantity: "resumed".to_owned(), field, values: 0, expected: straight, got: resumed })
    }
}

/// A kind of synapse for each slice of a weight, in the order of [`SHIFTS`]; where the
/// model has gates, all charge `gate`.
pub(crate) fn slice_kinds(gate: Option<SynapseGate>) -> Vec<SynapseType> {
    let kind = |shift| SynapseType {
        name: format!("slice_{shift}"),
        sign: SynapseSign::Signed,
        kinetics: Kinetics::Slice { shift },
        gain: None,
        gate,
    };
    SHIFTS.map(kind).into()
}

/// A chip with cores of `model` behind an ideal router: one tick a step, no limit that a case could reach, and as yet
/// no kind of synapse, no rules and no parameter.
pub(crate) fn ideal_chip(model: CoreModel) -> ChipSpec {
    let places = || number(1 << 16);
    ChipSpec {
        name: "replay".to_owned(),
        family: String::new(),
        revision: String::new(),
        summary: "A recorded network, on a chip without limits".to_owned(),
        sources: BTreeMap::from([(SOURCE.to_owned(), "a golden case".to_owned())]),
        tick: Fact { quantity: Quantity::new(Decimal::integer(1), Unit::MILLISECOND), ..number(1) },
        step: None,
        geometry: Geometry { chips: number(1), cores_per_chip: places(), neurons_per_core: places() },
        models: vec![model],
        synapses: Vec::new(),
        parameters_per_neuron: true,
        free_clock: false,
        router: RouterSpec::default(),
        rules: None,
        parameters: BTreeMap::new(),
        energy: BTreeMap::new(),
        mesh: None,
        latency: None,
        mismatch_reference: None,
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

/// The source of every number of an [`ideal_chip`].
const SOURCE: &str = "case";

/// A whole number as a chip has it.
pub(crate) fn number(value: i64) -> Fact {
    let quantity = Quantity::number(Decimal::integer(value));
    Fact { quantity, source: SOURCE.to_owned(), evidence: Evidence::Assumed }
}

/// A parameter with a nominal value and nothing else.
pub(crate) fn parameter(nominal: Fact) -> ParameterSpec {
    ParameterSpec { summary: String::new(), nominal, range: None, trim_codes: None, mismatch: None }
}

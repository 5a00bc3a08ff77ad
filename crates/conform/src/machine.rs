//! The kernel under a replay: a program, what is sent to it, and what is read from it row by row.
//!
//! A replay describes the recorded network as a [`chip::Program`] on a chip that no limit binds ([`ideal_chip`]), and
//! what the recording sent to it. [`Machine::run`] builds an emulator, runs it straight, and runs its second half
//! again from a snapshot that went through the bytes of a snapshot file; both runs must agree in everything that is
//! read. Which quantities a neuron has, and what they mean, is the business of its core model; which file they are
//! compared with is the business of the replay.

use chip::{ChipSpec, CoreModel, Evidence, Fact as Number, Geometry, ParameterSpec, Program, RouterSpec};
use device_models::DieParameters;
use emulator::{Counters, Each, Emulator, EmulatorError, Snapshot, Spike};
use formats::container::{self, Kind};
use std::collections::BTreeMap;
use units::{Decimal, InputId, Quantity, Tick, Unit};

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

/// A quantity of all neurons of a core, read at the end of each step.
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
        let mut emulator = Emulator::new(&self.spec, &self.program, &die)?;
        let mut run = Run {
            rows: vec![Vec::new(); self.probes.len()],
            emitted: vec![Vec::new(); self.program.cores.len()],
            counters: emulator.counters().clone(),
            resumed: None,
        };
        let middle = self.steps / 2;
        self.advance(&mut emulator, 0..middle, |row| run.push(row))?;
        let bytes = container::encode(SNAPSHOT, &emulator.snapshot());
        self.advance(&mut emulator, middle..self.steps, |row| run.push(row))?;
        run.counters = emulator.counters().clone();

        let snapshot: Snapshot =
            container::decode(SNAPSHOT, &bytes).map_err(|_| EmulatorError::Snapshot { what: "its bytes are lost" })?;
        let mut again = Emulator::resume(&self.spec, &self.program, &die, &snapshot)?;
        let mut resumed = None;
        self.advance(&mut again, middle..self.steps, |row| {
            resumed = resumed.take().or_else(|| self.difference(&run, &row));
        })?;
        let (straight, digests) = (format!("{:016x}", emulator.digest()), emulator.digest() == again.digest());
        run.resumed = resumed.or_else(|| {
            (!digests || run.counters != *again.counters()).then(|| Resumed {
                what: format!("state and counts after {} steps", self.steps),
                straight,
                resumed: format!("{:016x}", again.digest()),
            })
        });
        Ok(run)
    }

    /// Runs some steps and hands each row to `each`.
    fn advance(
        &self,
        emulator: &mut Emulator,
        steps: std::ops::Range<usize>,
        mut each: impl FnMut(Row),
    ) -> Result<(), EmulatorError> {
        let ticks = self.spec.step_ticks();
        let quantities: Vec<usize> = self.probes.iter().map(|probe| self.quantity(emulator, probe)).collect();
        for step in steps {
            let (begin, end) = (Tick(step as u64 * ticks), Tick((step as u64 + 1) * ticks));
            for channels in &self.inputs {
                let row = &channels.rows[step * channels.count..][..channels.count];
                for (channel, &payload) in row.iter().enumerate().filter(|(_, payload)| **payload != 0) {
                    emulator.send(InputId(channels.first + channel as u32), begin, payload)?;
                }
            }
            let neurons = |core: usize| self.program.cores[core].neuron_count as usize;
            let mut emitted: Vec<Vec<i32>> = (0..self.program.cores.len()).map(|core| vec![0; neurons(core)]).collect();
            emulator.run_until(end, &mut Each(|s: Spike| emitted[s.core][s.neuron.index()] += s.value));
            let read = self.probes.iter().zip(&quantities).map(|(probe, &quantity)| {
                let read = |n| emulator.core(probe.core).probe(quantity, units::NeuronId(n as u16), Tick(end.0 - 1));
                (0..neurons(probe.core)).map(read).collect()
            });
            each(Row { step, read: read.collect(), emitted });
        }
        Ok(())
    }

    fn quantity(&self, emulator: &Emulator, probe: &Probe) -> usize {
        let known = emulator.core(probe.core).probes(&self.spec);
        let place = known.iter().position(|kind| kind.name == probe.quantity);
        place.unwrap_or_else(|| panic!("a core of this model has no quantity `{}`", probe.quantity))
    }

    /// The first value of a row that is not as in the straight run.
    fn difference(&self, run: &Run, row: &Row) -> Option<Resumed> {
        let step = row.step;
        let found = |what: String, straight: String, resumed: String| Resumed { what, straight, resumed };
        for (core, emitted) in row.emitted.iter().enumerate() {
            let straight = &run.emitted[core][step * emitted.len()..][..emitted.len()];
            if let Some(n) = (0..emitted.len()).find(|&n| straight[n] != emitted[n]) {
                let what = format!("spikes of core {core} neuron {n} in row {step}");
                return Some(found(what, straight[n].to_string(), emitted[n].to_string()));
            }
        }
        for ((probe, all), read) in self.probes.iter().zip(&run.rows).zip(&row.read) {
            let straight = &all[step * read.len()..][..read.len()];
            if let Some(n) = (0..read.len()).find(|&n| straight[n] != read[n]) {
                let what = format!("{} of core {} neuron {n} in row {step}", probe.quantity, probe.core);
                return Some(found(what, straight[n].to_string(), read[n].to_string()));
            }
        }
        None
    }
}

/// What was read in one step.
struct Row {
    step: usize,
    read: Vec<Vec<i64>>,
    emitted: Vec<Vec<i32>>,
}

impl Run {
    fn push(&mut self, row: Row) {
        self.rows.iter_mut().zip(row.read).for_each(|(all, row)| all.extend(row));
        self.emitted.iter_mut().zip(row.emitted).for_each(|(all, row)| all.extend(row));
    }
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
        tick: Number { quantity: Quantity::new(Decimal::integer(1), Unit::MILLISECOND), ..number(1) },
        step: None,
        geometry: Geometry { chips: number(1), cores_per_chip: places(), neurons_per_core: places() },
        models: vec![model],
        synapses: Vec::new(),
        parameters_per_neuron: true,
        router: RouterSpec::Ideal,
        rules: None,
        parameters: BTreeMap::new(),
        energy: BTreeMap::new(),
        mismatch_reference: None,
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

/// The source of every number of an [`ideal_chip`].
const SOURCE: &str = "case";

/// A whole number as a chip has it.
pub(crate) fn number(value: i64) -> Number {
    let quantity = Quantity::number(Decimal::integer(value));
    Number { quantity, source: SOURCE.to_owned(), evidence: Evidence::Assumed }
}

/// A parameter with a nominal value and nothing else.
pub(crate) fn parameter(nominal: Number) -> ParameterSpec {
    ParameterSpec { summary: String::new(), nominal, range: None, mismatch: None }
}

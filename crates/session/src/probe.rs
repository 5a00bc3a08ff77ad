//! Probes: quantities of chosen neurons, read every so many ticks.

use crate::{Board, SessionError};
use device_models::ProbeKind;
use emulator::Emulator;
use std::collections::BTreeSet;
use std::ops::Range;
use units::{NeuronId, Tick};

/// What is read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron.
    pub neuron: NeuronId,
    /// Population and index of the neuron; `None` if it has no name.
    pub member: Option<(usize, u32)>,
    /// Name and unit of the quantity, and what its integers mean.
    pub kind: ProbeKind,
    /// Among the quantities of the core; `None` if the core does not have it.
    index: Option<usize>,
}

impl Probe {
    /// What it reads at the end of `tick`, all of whose work is done.
    fn read(&self, emulator: &Emulator, tick: Tick) -> i64 {
        // A core without synapses of a kind has no such current: nothing can arrive there, so it is 0.
        self.index.map_or(0, |index| emulator.core(self.core).probe(index, self.neuron, tick))
    }
}

/// What a probe has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What and where.
    pub probe: Probe,
    /// One reading a sample, in units of two to the minus the fraction bits of the quantity.
    pub bits: Vec<i64>,
}

/// The probes of a session and what they have read.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    pub(crate) every: u64,
    /// The latest phase of a core: a step of the chip is over once that core has acted.
    phase: u64,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) recordings: Vec<Recording>,
    /// What is read, by core, neuron and name.
    known: BTreeSet<(usize, NeuronId, String)>,
}

impl Probes {
    pub(crate) const fn new(every: u64, phase: u64) -> Self {
        Self { every, phase, ticks: Vec::new(), recordings: Vec::new(), known: BTreeSet::new() }
    }

    /// The next tick that is sampled, from `now` on; `None` if nothing is probed.
    ///
    /// Ticks count from the initial state and not from the beginning of the run, so that a run that is resumed goes on
    /// as a straight one would. Where the steps of cores are later than those of the chip, what is read is what all of
    /// them have made of the step.
    pub(crate) fn due(&self, now: Tick) -> Option<Tick> {
        if self.recordings.is_empty() {
            return None;
        }
        let phase = if self.phase < self.every { self.phase } else { 0 };
        let of_step = now.0.saturating_sub(phase).checked_next_multiple_of(self.every)?;
        Some(Tick(of_step.checked_add(phase)?))
    }

    /// Reads every probe at the end of `tick`, all of whose work is done.
    pub(crate) fn sample(&mut self, emulator: &Emulator, tick: Tick) {
        self.ticks.push(tick);
        for Recording { probe, bits } in &mut self.recordings {
            bits.push(probe.read(emulator, tick));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ticks.clear();
        self.recordings.iter_mut().for_each(|recording| recording.bits.clear());
    }

    /// Adds a quantity of one neuron.
    pub(crate) fn add(
        &mut self,
        board: &Board,
        emulator: &Emulator,
        (core, neuron): (usize, NeuronId),
        quantity: &str,
    ) -> Result<(), SessionError> {
        let used = board.program().cores.get(core).is_some_and(|core| neuron.index() < core.neuron_count as usize);
        if !used {
            return Err(SessionError::UnknownNeuron { core, neuron });
        }
        let kinds = emulator.core(core).probes(board.spec());
        let Some(index) = kinds.iter().position(|kind| kind.name == quantity) else {
            return Err(SessionError::UnknownQuantity {
                whose: format!("a neuron of {}", board.program().cores[core].address),
                name: quantity.into(),
                known: kinds.into_iter().map(|kind| kind.name).collect(),
            });
        };
        let (member, kind) = (board.member(core, neuron), kinds[index].clone());
        self.push(board, Probe { core, neuron, member, kind, index: Some(index) })
    }

    /// Adds a quantity of some neurons of a population.
    pub(crate) fn add_population(
        &mut self,
        board: &Board,
        emulator: &Emulator,
        (name, range): (&str, Option<Range<u32>>),
        quantity: &str,
    ) -> Result<(), SessionError> {
        let population = board.population(name)?;
        let size = board.symbols().populations[population].size;
        let range = range.unwrap_or(0..size);
        if range.end > size || range.is_empty() {
            return Err(SessionError::NeuronRange { name: name.into(), range, size });
        }
        let kind = quantity_of(board, emulator, (name, population), quantity)?;
        for neuron in range {
            self.push(board, probe_of(board, emulator, (population, neuron), &kind))?;
        }
        Ok(())
    }

    fn push(&mut self, board: &Board, probe: Probe) -> Result<(), SessionError> {
        let label = || match probe.member {
            Some((population, index)) => {
                format!("{}[{index}]:{}", board.symbols().populations[population].name, probe.kind.name)
            }
            None => format!("{} of {}", probe.kind.name, board.address(probe.core, probe.neuron)),
        };
        let key = (probe.core, probe.neuron, probe.kind.name.clone());
        if self.known.contains(&key) {
            return Err(SessionError::ProbedTwice { label: label() });
        }
        if !self.ticks.is_empty() {
            return Err(SessionError::ProbedLate { label: label(), samples: self.ticks.len() });
        }
        self.known.insert(key);
        self.recordings.push(Recording { probe, bits: Vec::new() });
        Ok(())
    }
}

/// Quantity `quantity` of all neurons of population `name` after the last tick.
pub(crate) fn state(
    board: &Board,
    emulator: &Emulator,
    name: &str,
    quantity: &str,
) -> Result<Vec<(ProbeKind, i64)>, SessionError> {
    let population = board.population(name)?;
    let kind = quantity_of(board, emulator, (name, population), quantity)?;
    // At the end of the last tick; of tick 0 if there was none.
    let tick = Tick(emulator.now().0.saturating_sub(1));
    let read = |neuron| {
        let probe = probe_of(board, emulator, (population, neuron), &kind);
        let bits = probe.read(emulator, tick);
        (probe.kind, bits)
    };
    Ok((0..board.symbols().populations[population].size).map(read).collect())
}

/// The quantity of this name that neurons of a population have, as the first of its cores does.
fn quantity_of(
    board: &Board,
    emulator: &Emulator,
    (name, population): (&str, usize),
    quantity: &str,
) -> Result<ProbeKind, SessionError> {
    let kinds = quantities(board, emulator, population);
    let found = kinds.iter().find(|kind| kind.name == quantity).cloned();
    found.ok_or_else(|| SessionError::UnknownQuantity {
        whose: format!("population `{name}`"),
        name: quantity.into(),
        known: kinds.into_iter().map(|kind| kind.name).collect(),
    })
}

/// Where that is read of a neuron, and what its integers mean there: they may differ from core to core.
fn probe_of(board: &Board, emulator: &Emulator, member: (usize, u32), kind: &ProbeKind) -> Probe {
    let (core, neuron) = board.place(member.0, member.1).expect("every neuron has a place");
    let own = emulator.core(core).probes(board.spec());
    let index = own.iter().position(|other| other.name == kind.name);
    let kind = index.map_or(kind, |index| &own[index]).clone();
    Probe { core, neuron, member: Some(member), kind, index }
}

/// What can be read of the neurons of population `population`: the quantities of all its cores, each once.
pub(crate) fn quantities(board: &Board, emulator: &Emulator, population: usize) -> Vec<ProbeKind> {
    let mut all: Vec<ProbeKind> = Vec::new();
    for segment in board.symbols().segments_of(population) {
        let (core, _) = board.place(population, segment.first_index).expect("every neuron has a place");
        for kind in emulator.core(core).probes(board.spec()) {
            if all.iter().all(|known| known.name != kind.name) {
                all.push(kind);
            }
        }
    }
    all
}

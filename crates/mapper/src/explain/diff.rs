//! Two programs beside each other.

use super::Explained;
use crate::MapperError;
use chip::Source;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use units::NeuronAddress;

/// Differences that are shown of each sort.
const SHOWN: usize = 10;

/// How a second program differs from a first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Cores in use, in the first and the second.
    pub cores: (usize, usize),
    /// Neurons of both, by population and index.
    pub neurons: u64,
    /// Neurons that only one of them has, the first or the second.
    pub neurons_of_one: (u64, u64),
    /// Neurons of both that have other circuits.
    pub moved: u64,
    /// The first of them.
    pub first_moved: Vec<Moved>,
    /// Synapses of both with the same weight.
    pub same: u64,
    /// Synapses of both whose weights differ.
    pub changed: u64,
    /// Synapses that only one of them has, the first or the second.
    pub synapses_of_one: (u64, u64),
    /// The first synapses that differ, by receiver.
    pub first_synapses: Vec<SynapseChange>,
    /// Words that only one of them has, the first or the second: source, cores and label.
    pub words_of_one: (u64, u64),
    /// The first words that differ.
    pub first_words: Vec<NumberedWord>,
}

/// A neuron with another circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The neuron.
    pub name: String,
    /// In the first program.
    pub from: NeuronAddress,
    /// In the second.
    pub to: NeuronAddress,
}

/// A synapse that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SynapseChange {
    /// Who sends.
    pub source: String,
    /// Who hears.
    pub target: String,
    /// Name of the kind of synapse.
    pub synapse: String,
    /// Its weight in the first program; none: it is not there.
    pub first: Option<f64>,
    /// Its weight in the second.
    pub second: Option<f64>,
}

/// A word that one of them has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NumberedWord {
    /// Who sends.
    pub source: String,
    /// Which program has it: 1 or 2.
    pub program: u8,
    /// Where it goes, and under what: `chip 0 cores 1+2, tag 17`.
    pub word: String,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_none(&self) -> bool {
        self.moved + self.changed == 0
            && [self.neurons_of_one, self.synapses_of_one, self.words_of_one].iter().all(|of| *of == (0, 0))
    }

    /// How `second` differs from `first`.
    ///
    /// # Errors
    /// A program that does not fit its chip.
    pub fn of(first: &Explained<'_>, second: &Explained<'_>) -> Result<Self, MapperError> {
        let mut names = Names::default();
        let mut difference = Self {
            cores: (first.program.cores.len(), second.program.cores.len()),
            neurons: 0,
            neurons_of_one: (0, 0),
            moved: 0,
            first_moved: Vec::new(),
            same: 0,
            changed: 0,
            synapses_of_one: (0, 0),
            first_synapses: Vec::new(),
            words_of_one: (0, 0),
            first_words: Vec::new(),
        };
        difference.neurons(&neurons(first), &neurons(second));
        let one = synapses(first, &mut names)?;
        let other = synapses(second, &mut names)?;
        difference.synapses(&one, &other, &names);
        difference.words(&words(first), &words(second));
        Ok(difference)
    }

    fn neurons(
        &mut self,
        one: &BTreeMap<(String, u32), NeuronAddress>,
        other: &BTreeMap<(String, u32), NeuronAddress>,
    ) {
        for (neuron, from) in one {
            match other.get(neuron) {
                None => self.neurons_of_one.0 += 1,
                Some(to) => {
                    self.neurons += 1;
                    if from != to {
                        self.moved += 1;
                        if self.first_moved.len() < SHOWN {
                            let name = format!("{}[{}]", neuron.0, neuron.1);
                            self.first_moved.push(Moved { name, from: *from, to: *to });
                        }
                    }
                }
            }
        }
        self.neurons_of_one.1 = other.len() as u64 - self.neurons;
    }

    /// Compares two sorted lists.
    fn synapses(&mut self, one: &[Synapse], other: &[Synapse], names: &Names) {
        let (mut i, mut j) = (0, 0);
        while i < one.len() || j < other.len() {
            let order = match (one.get(i), other.get(j)) {
                (Some(a), Some(b)) => a.ends().cmp(&b.ends()),
                (Some(_), None) => std::cmp::Ordering::Less,
                _ => std::cmp::Ordering::Greater,
            };
            let (a, b) = (one.get(i).filter(|_| order.is_le()), other.get(j).filter(|_| order.is_ge()));
            i += usize::from(a.is_some());
            j += usize::from(b.is_some());
            match (a, b) {
                (Some(a), Some(b)) if a.weight == b.weight => {
                    self.same += 1;
                    continue;
                }
                (Some(_), Some(_)) => self.changed += 1,
                (Some(_), None) => self.synapses_of_one.0 += 1,
                _ => self.synapses_of_one.1 += 1,
            }
            let Some(Synapse { source, target, kind, .. }) = a.or(b) else { continue };
            if self.first_synapses.len() < SHOWN {
                let name = |(group, index): &(usize, u32)| format!("{}[{index}]", names.all[*group]);
                let (first, second) = (a.map(|a| a.shown), b.map(|b| b.shown));
                let (source, target, synapse) = (name(source), name(target), names.all[*kind].clone());
                self.first_synapses.push(SynapseChange { source, target, synapse, first, second });
            }
        }
    }

    fn words(&mut self, one: &BTreeSet<(String, String)>, other: &BTreeSet<(String, String)>) {
        let only = |program, a: &BTreeSet<(String, String)>, b: &BTreeSet<(String, String)>| -> Vec<NumberedWord> {
            let word = |(source, word): &(String, String)| NumberedWord {
                source: source.clone(),
                program,
                word: word.clone(),
            };
            a.difference(b).map(word).collect()
        };
        let (mut first, second) = (only(1, one, other), only(2, other, one));
        self.words_of_one = (first.len() as u64, second.len() as u64);
        first.extend(second);
        first.sort();
        first.truncate(SHOWN);
        self.first_words = first;
    }
}

/// The circuits of all neurons.
fn neurons(of: &Explained<'_>) -> BTreeMap<(String, u32), NeuronAddress> {
    let sizes = of.symbols.populations.iter().enumerate();
    let all = sizes.flat_map(|(population, symbol)| (0..symbol.size).map(move |index| (population, symbol, index)));
    let placed = all.filter_map(|(population, symbol, index)| {
        Some(((symbol.name.clone(), index), of.placement.address(population, index)?))
    });
    placed.collect()
}

/// All words, as text.
fn words(of: &Explained<'_>) -> BTreeSet<(String, String)> {
    let spelled = |word: crate::memory::Word| {
        let cores: Vec<String> = word.cores.iter().map(ToString::to_string).collect();
        let plural = if cores.len() == 1 { "" } else { "s" };
        let to = format!("chip {} core{plural} {}, {}", word.chip, cores.join("+"), word.label);
        (of.name(word.source), to)
    };
    of.words(|_| true).into_iter().map(spelled).collect()
}

/// Names of groups and kinds as numbers that both programs share.
#[derive(Default)]
struct Names {
    numbers: BTreeMap<String, usize>,
    all: Vec<String>,
}

impl Names {
    fn number(&mut self, name: String) -> usize {
        *self.numbers.entry(name.clone()).or_insert_with(|| {
            self.all.push(name);
            self.all.len() - 1
        })
    }
}

/// A synapse by the names of its ends.
struct Synapse {
    source: (usize, u32),
    target: (usize, u32),
    kind: usize,
    delay: u16,
    /// In units of 2^-20.
    weight: i64,
    /// The same in the unit of the chip's threshold.
    shown: f64,
}

impl Synapse {
    fn ends(&self) -> ((usize, u32), (usize, u32), usize, u16) {
        (self.target, self.source, self.kind, self.delay)
    }
}

/// All synapses, sorted.
fn synapses(of: &Explained<'_>, names: &mut Names) -> Result<Vec<Synapse>, MapperError> {
    let gains = of.gains()?;
    let kinds: Vec<usize> = of.spec.synapses.iter().map(|kind| names.number(kind.name.clone())).collect();
    let mut ends: BTreeMap<Source, (usize, u32)> = BTreeMap::new();
    let mut end = |source: Source| {
        *ends.entry(source).or_insert_with(|| {
            let (group, index) = of.group(source);
            (names.number(group), index)
        })
    };
    let mut all: Vec<Synapse> = Vec::new();
    for stored in of.stored(|_| true)? {
        let core = &of.program.cores[stored.core];
        let weight = of.weight(&gains, &stored);
        all.push(Synapse {
            source: end(stored.source),
            target: end(Source::Neuron(NeuronAddress { core: core.address, neuron: stored.neuron })),
            kind: kinds[usize::from(stored.synapse)],
            delay: stored.delay_ticks,
            weight,
            shown: of.in_unit(core.model, weight),
        });
    }
    all.sort_by_key(|synapse| (synapse.ends(), synapse.weight));
    Ok(all)
}

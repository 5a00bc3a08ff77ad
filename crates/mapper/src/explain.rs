//! A program explained: what a neuron has, what fills a core, how cores are joined, and how two programs differ.
//!
//! All of it is read from the memories of the program and the names that it carries, so that a saved program is
//! explained as well as one that was just mapped. With the network that it was made of, the weights asked for stand
//! beside those that were got.

mod copies;
mod core;
mod diff;
mod floor;
mod neuron;
mod pairs;

use crate::gains::{Factors, at};
use crate::memory::{Stored, Word};
use crate::wish::Wish;
use crate::{MapperError, MappingReport, Placement, kinds, level};
use chip::{ChipSpec, CoreModel, CoreProgram, Program, Source, Symbols, SynapseSign};
use network::Network;
use pairs::Pair;
use units::{NeuronAddress, NeuronId};

pub use self::copies::CopyAccount;
pub use self::core::{CoreContents, CoreUse, Sender};
pub use diff::{Difference, Moved, NumberedWord, SynapseChange};
pub use floor::{CoreLink, FloorPlan};
pub use neuron::{Incoming, NeuronAccount, Outgoing};
pub use pairs::WeightPairs;

/// A program with everything that tells of it.
pub struct Explained<'a> {
    program: &'a Program,
    symbols: &'a Symbols,
    spec: ChipSpec,
    placement: Placement,
    /// The network that it was made of, and what was kept of it.
    made_of: Option<(&'a Network, &'a MappingReport)>,
}

impl<'a> Explained<'a> {
    /// `program`, which fits `spec` and the names in `symbols`; `made_of` is its network with the report of the
    /// mapping, if they are at hand.
    ///
    /// # Errors
    /// The program brings a clock that the chip does not take.
    pub fn new(
        program: &'a Program,
        symbols: &'a Symbols,
        spec: &ChipSpec,
        made_of: Option<(&'a Network, &'a MappingReport)>,
    ) -> Result<Self, MapperError> {
        let segments = (0..symbols.populations.len()).map(|p| symbols.segments_of(p).copied().collect()).collect();
        let placement = Placement::from_segments(segments);
        Ok(Self { program, symbols, spec: spec.at_clock(program.clock.as_ref())?, placement, made_of })
    }

    /// The program.
    pub const fn program(&self) -> &Program {
        self.program
    }

    /// What its parts are called.
    pub const fn symbols(&self) -> &Symbols {
        self.symbols
    }

    /// Its chip, at the clock of the program.
    pub const fn spec(&self) -> &ChipSpec {
        &self.spec
    }

    /// The circuit of neuron `index` of a population; `None` if there is no such neuron.
    pub fn address(&self, population: usize, index: u32) -> Option<NeuronAddress> {
        self.placement.address(population, index)
    }

    /// The group of a source, and its index there: population or input group; those without a name are called by what
    /// they are.
    pub fn group(&self, source: Source) -> (String, u32) {
        match source {
            Source::Neuron(address) => match self.placement.neuron(address) {
                Some((population, index)) => (self.symbols.populations[population].name.clone(), index),
                None => (address.core.to_string(), address.neuron.0.into()),
            },
            Source::Input(input) => {
                let mut index = input.0;
                for group in &self.symbols.inputs {
                    match index.checked_sub(group.channels) {
                        None => return (group.name.clone(), index),
                        Some(rest) => index = rest,
                    }
                }
                ("input".into(), input.0)
            }
        }
    }

    /// What a source is called: `reservoir[17]`, or `copy 1 of reservoir[17]`.
    pub fn name(&self, source: Source) -> String {
        let (group, index) = self.group(source);
        match self.symbols.population(&group).filter(|population| self.symbols.populations[*population].is_copy()) {
            Some(_) => group,
            None => format!("{group}[{index}]"),
        }
    }

    /// All synapses that are `wanted`.
    fn stored(&self, wanted: impl Fn(&Stored) -> bool) -> Result<Vec<Stored>, MapperError> {
        let mut found = Vec::new();
        kinds::read(self.program, &mut |stored| {
            if wanted(&stored) {
                found.push(stored);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// All words that are `wanted`.
    fn words(&self, wanted: impl Fn(&Word) -> bool) -> Vec<Word> {
        let mut found = Vec::new();
        kinds::words(self.program, &mut |word| {
            if wanted(&word) {
                found.push(word);
            }
        });
        found
    }

    /// What the gains of the program are of those asked for, or of the nominal ones where nobody knows what was asked.
    fn gains(&self) -> Result<Factors, MapperError> {
        let asked = |core: &CoreProgram, neuron: u32, parameter: &str| {
            let (network, _) = self.made_of?;
            let address = NeuronAddress { core: core.address, neuron: NeuronId(neuron as u16) };
            let (population, index) = self.placement.neuron(address)?;
            at(network.populations.get(population)?.parameters.get(parameter)?, index)
        };
        Factors::of(&self.spec, &self.program.cores, asked)
    }

    /// The weight that a synapse has, with its sign, in units of 2^-20 of what counts as 1.
    fn weight(&self, gains: &Factors, stored: &Stored) -> i64 {
        let steps = stored.weight << self.program.cores[stored.core].weight_exponent;
        let weight = gains.get(stored.core, stored.synapse, stored.neuron.index()).of(steps);
        let negative = self.spec.synapses[usize::from(stored.synapse)].sign == SynapseSign::Inhibitory;
        if negative { -weight.abs() } else { weight }
    }

    /// A weight at neurons of `model` in the unit of the chip's threshold, and that unit.
    fn in_unit(&self, model: CoreModel, bits: i64) -> f64 {
        crate::ledger::real(bits) * level::of(&self.spec, model)
    }

    /// What a synapse got of a weight asked for: in the unit of the network, before it was brought to whole numbers.
    fn got(&self, pair: &Pair) -> f64 {
        let core = &self.program.cores[pair.core];
        let scale = self.made_of.map_or(1.0, |(_, report)| kinds::scale(report, pair.source, core.address));
        self.in_unit(core.model, pair.got) / scale
    }

    /// The network as the mapper read it.
    fn wish(&self) -> Result<Option<Wish<'_>>, MapperError> {
        let Some((network, _)) = self.made_of else { return Ok(None) };
        let router = kinds::of(&self.spec)?;
        Wish::new(network, &self.spec, &*router, &self.placement).map(Some)
    }
}

//! One neuron: what it hears, with the weights asked for and got, and where it sends.

use super::pairs::Pair;
use super::{CopyAccount, Explained};
use crate::gains::Factors;
use crate::memory::Label;
use crate::wish::Link;
use crate::{MapperError, level};
use chip::{Circuits, Source};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use units::{NeuronAddress, NeuronId};

/// What is known of one neuron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeuronAccount {
    /// Its population and index: `reservoir[17]`; of a copy, the name of its population.
    pub name: String,
    /// Its copies, or whose copy it is; none: there are no copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyAccount>,
    /// Its circuit.
    pub address: NeuronAddress,
    /// The circuits that are joined to it, first the one that fires; empty: it is one circuit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<NeuronId>,
    /// Name of its equations.
    pub model: String,
    /// The unit of its weights.
    pub unit: String,
    /// Its synapses, and what was asked for but has none; by source, kind and delay.
    pub incoming: Vec<Incoming>,
    /// Where its spikes go.
    pub outgoing: Vec<Outgoing>,
}

/// A synapse of the neuron, or a connection that has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incoming {
    /// Who sends: `stimulus[3]`.
    pub source: String,
    /// Name of the kind of synapse.
    pub synapse: String,
    /// The projection, where the network is known.
    pub projection: Option<String>,
    /// What the memory holds; empty without a synapse.
    pub stored: Vec<String>,
    /// Ticks from sending to arrival.
    pub delay_ticks: u16,
    /// The weight asked for, with its sign; none where the network is not known.
    pub wished: Option<f64>,
    /// The weight that it got, with its sign; 0 without a synapse.
    pub got: f64,
    /// Why it has no synapse: `masked`, `weight 0`, `rounded to 0`, or what it was lost for.
    pub without: Option<String>,
}

/// A word of the neuron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outgoing {
    /// The chip where its spikes arrive.
    pub chip: u16,
    /// The cores there.
    pub cores: Vec<u16>,
    /// Under what they hear it: `tag 17`, `axon 3`.
    pub label: String,
    /// Chips on the way; none where a chip has no such ways.
    pub hops: Option<u32>,
    /// Neurons that it reaches there.
    pub targets: usize,
    /// Others whose events have the same tag on that chip, in other cores.
    pub shared_with: Vec<String>,
}

impl Explained<'_> {
    /// What is known of the neuron at `address`.
    ///
    /// # Errors
    /// A program that does not fit its chip or its network.
    pub fn neuron(&self, address: NeuronAddress) -> Result<NeuronAccount, MapperError> {
        let foreign = || MapperError::Foreign { what: address.to_string() };
        let core = self.program.cores.binary_search_by_key(&address.core, |core| core.address);
        let core = core.map_err(|_| foreign())?;
        let program = &self.program.cores[core];
        if u32::from(address.neuron.0) >= program.neuron_count {
            return Err(foreign());
        }
        let Circuits { first, count } = program.circuits_of(address.neuron.index());
        let gains = self.gains()?;
        let source = Source::Neuron(address);
        Ok(NeuronAccount {
            name: self.name(source),
            copies: self.copies(address)?,
            address,
            joined: if count > 1 { (first.0..first.0 + count).map(NeuronId).collect() } else { Vec::new() },
            model: program.model.name().into(),
            unit: level::unit(&self.spec, program.model),
            incoming: self.incoming(core, address, &gains)?,
            outgoing: self.outgoing(source)?,
        })
    }

    fn incoming(&self, core: usize, address: NeuronAddress, gains: &Factors) -> Result<Vec<Incoming>, MapperError> {
        let wish = self.wish()?;
        let pairs = self.pairs(gains, wish.as_ref(), |at, neuron| at == core && neuron == address.neuron)?;
        let model = self.program.cores[core].model;
        let row = |pair: Pair| {
            let name = |link: &Link| self.made_of.map(|(network, _)| network.projections[link.projection].name.clone());
            Incoming {
                source: self.name(pair.source),
                synapse: self.spec.synapses[usize::from(pair.kind)].name.clone(),
                projection: pair.link.as_ref().and_then(name),
                stored: pair.stored.iter().map(|stored| stored.code.to_string()).collect(),
                delay_ticks: pair.delay_ticks,
                wished: pair.link.is_some().then(|| self.in_unit(model, pair.wished)),
                got: self.got(&pair),
                without: pair.link.filter(|_| pair.stored.is_empty()).map(|link| self.without(&link)),
            }
        };
        Ok(pairs.into_iter().map(row).collect())
    }

    /// Why a connection has no synapse.
    fn without(&self, link: &Link) -> String {
        let lost = self.made_of.and_then(|(_, report)| {
            let key = (link.projection, link.pre, link.post);
            let found = report.losses.binary_search_by_key(&key, |l| (l.projection, l.pre, l.post)).ok()?;
            Some(report.losses[found].cause)
        });
        match lost {
            _ if !link.kept => "masked".into(),
            _ if link.weight == 0 => "weight 0".into(),
            Some(limit) => format!("lost: {}", limit.info().name),
            None => "rounded to 0".into(),
        }
    }

    fn outgoing(&self, source: Source) -> Result<Vec<Outgoing>, MapperError> {
        let words = self.words(|word| word.source == source);
        let mut targets: BTreeMap<usize, BTreeSet<u16>> = BTreeMap::new();
        for synapse in self.stored(|stored| stored.source == source)? {
            targets.entry(synapse.core).or_default().insert(synapse.neuron.0);
        }
        let tags: BTreeSet<_> = words.iter().map(|word| (word.chip, word.label)).collect();
        let is_tag = |label: &Label| matches!(label, Label::Tag(_));
        let others = self.words(|w| w.source != source && is_tag(&w.label) && tags.contains(&(w.chip, w.label)));
        let outgoing = words.into_iter().map(|word| {
            let in_word = |core: &usize| {
                let address = self.program.cores[*core].address;
                address.chip == word.chip && word.cores.contains(&address.core)
            };
            let shared = others.iter().filter(|other| (other.chip, other.label) == (word.chip, word.label));
            Outgoing {
                chip: word.chip.0,
                cores: word.cores.iter().map(|core| core.0).collect(),
                label: word.label.to_string(),
                hops: word.hops,
                targets: targets.iter().filter(|(core, _)| in_word(core)).map(|(_, neurons)| neurons.len()).sum(),
                shared_with: shared.map(|other| self.name(other.source)).collect(),
            }
        });
        Ok(outgoing.collect())
    }
}

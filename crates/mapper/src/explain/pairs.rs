//! Synapses beside the connections that were asked for.

use super::Explained;
use crate::gains::Factors;
use crate::memory::Stored;
use crate::wish::{Link, Wish};
use crate::{MapperError, kinds};
use chip::Source;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use units::NeuronId;

/// A synapse, a connection that was asked for, or both.
pub(super) struct Pair {
    pub(super) core: usize,
    pub(super) source: Source,
    /// The kind of synapse that was asked for.
    pub(super) kind: u8,
    /// Ticks from sending to arrival.
    pub(super) delay_ticks: u16,
    pub(super) link: Option<Link>,
    /// The weight asked for; of connections whose slices are one synapse, their sum.
    pub(super) wished: i64,
    /// The synapse, in one part or in slices; empty if there is none.
    pub(super) stored: Vec<Stored>,
    /// The weight got.
    pub(super) got: i64,
}

/// What joins a synapse and a connection: core, neuron, source, kind and delay.
type Key = (usize, NeuronId, Source, u8, u16);

/// What weights of a projection were asked for and got.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeightPairs {
    /// The projection.
    pub projection: String,
    /// The unit of the weights.
    pub unit: String,
    /// Weights asked for and got, with their signs; 0 where one became 0 or was lost.
    pub pairs: Vec<(f64, f64)>,
    /// One of so many neurons was looked at.
    pub one_of: u32,
}

impl Explained<'_> {
    /// The weights asked for and got of every projection, of about `most` connections altogether: of more, those of
    /// evenly spaced neurons. Empty without the network.
    ///
    /// # Errors
    /// A program that does not fit its chip or its network.
    pub fn weights(&self, most: usize) -> Result<Vec<WeightPairs>, MapperError> {
        let (Some((network, _)), Some(wish)) = (self.made_of, self.wish()?) else { return Ok(Vec::new()) };
        let connections: usize = network.projections.iter().map(|projection| projection.connections.len()).sum();
        let one_of = connections.div_ceil(most.max(1)).clamp(1, 1 << 16) as u32;
        let pairs = |projection: &network::Projection| WeightPairs {
            projection: projection.name.clone(),
            unit: crate::level::unit(&self.spec, network.populations[projection.post].model),
            pairs: Vec::new(),
            one_of,
        };
        let mut all: Vec<WeightPairs> = network.projections.iter().map(pairs).collect();
        let wanted = |_, neuron: NeuronId| u32::from(neuron.0) % one_of == 0;
        for pair in self.pairs(&self.gains()?, Some(&wish), wanted)? {
            let Some(link) = pair.link.filter(Link::is_wanted) else { continue };
            let asked = self.in_unit(self.program.cores[pair.core].model, pair.wished);
            all[link.projection].pairs.push((asked, self.got(&pair)));
        }
        Ok(all)
    }

    /// The synapses and connections of the neurons that are `wanted`, by core, neuron, source, kind and delay.
    pub(super) fn pairs(
        &self,
        gains: &Factors,
        wish: Option<&Wish<'_>>,
        wanted: impl Fn(usize, NeuronId) -> bool,
    ) -> Result<Vec<Pair>, MapperError> {
        let slice = |kind: u8| kinds::slice(self.program, &self.spec, kind);
        let latency = kinds::input_latency(self.program);
        let mut joined: BTreeMap<Key, Ends> = BTreeMap::new();
        for synapse in self.stored(|stored| wanted(stored.core, stored.neuron))? {
            let sliced = slice(synapse.synapse);
            let (kind, shift) = sliced.unwrap_or((synapse.synapse, 0));
            let weight = self.weight(gains, &synapse) << shift;
            // A connection asks for the delay of its synapse alone.
            let latency = if matches!(synapse.source, Source::Input(_)) { latency } else { 0 };
            let delay = synapse.delay_ticks.saturating_sub(latency);
            let key = (synapse.core, synapse.neuron, synapse.source, kind, delay);
            let found = &mut joined.entry(key).or_default().found;
            // The slices of a weight are one synapse.
            match found.last_mut().filter(|_| sliced.is_some()) {
                Some((parts, sum)) => {
                    parts.push(synapse);
                    *sum += weight;
                }
                None => found.push((vec![synapse], weight)),
            }
        }
        let links = wish.into_iter().flat_map(|wish| wish.all_links().map(move |link| (wish, link)));
        for (wish, link) in links.filter(|(_, link)| wanted(link.core, NeuronId(link.circuit))) {
            let source = wish.source(wish.network.projections[link.projection].pre, link.pre);
            let key = (link.core, NeuronId(link.circuit), source, link.kind, link.delay);
            joined.entry(key).or_default().links.push(link);
        }
        let mut all = Vec::new();
        for (key, ends) in joined {
            ends.pair(key, slice(key.3).is_some(), &mut all);
        }
        Ok(all)
    }
}

/// What has one key.
#[derive(Default)]
struct Ends {
    links: Vec<Link>,
    found: Vec<(Vec<Stored>, i64)>,
}

impl Ends {
    /// Puts the largest weight got beside the largest asked for. Of several connections whose weights lie in slices,
    /// the sums are compared.
    fn pair(self, (core, _, source, kind, delay): Key, sliced: bool, into: &mut Vec<Pair>) {
        let (mut wanted, others): (Vec<Link>, Vec<Link>) = self.links.into_iter().partition(Link::is_wanted);
        let mut found = self.found;
        wanted.sort_by_key(|link| Reverse(link.asked()));
        found.sort_by_key(|(_, weight)| Reverse(weight.unsigned_abs()));
        let mut found = found.into_iter();
        let mut push = |link: Option<Link>, wished: i64, synapse: Option<(Vec<Stored>, i64)>| {
            let (stored, got) = synapse.unwrap_or_default();
            let delay_ticks = stored.first().map_or(delay, |stored| stored.delay_ticks);
            into.push(Pair { core, source, kind, delay_ticks, link, wished, stored, got });
        };
        if sliced && wanted.len() > 1 {
            push(wanted.first().copied(), wanted.iter().map(|link| link.weight).sum(), found.next());
        } else {
            for link in wanted {
                push(Some(link), link.weight, found.next());
            }
        }
        found.for_each(|synapse| push(None, 0, Some(synapse)));
        others.into_iter().for_each(|link| push(Some(link), link.weight, None));
    }
}

//! Who listens to whom, as a hypergraph: the neurons are its vertices, and each source with all that hear it is a net.

use network::{Endpoint, Network};
use partition::Hypergraph;

/// What sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A neuron, counted through the populations.
    Neuron(u32),
    /// A channel, counted through the input groups. It has no place on the board.
    Input,
}

/// How often sources send, counted in a run or guessed: what a search for little traffic weighs them by. What is not
/// there never sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpikeCounts {
    /// By population, then by neuron.
    pub neurons: Vec<Vec<u32>>,
    /// By input group, then by channel.
    pub channels: Vec<Vec<u32>>,
}

impl SpikeCounts {
    /// How often member `index` of `end` sends.
    pub fn of(&self, end: Endpoint, index: u32) -> u32 {
        let (all, group) = match end {
            Endpoint::Population(population) => (&self.neurons, population),
            Endpoint::Input(group) => (&self.channels, group),
        };
        all.get(group).and_then(|own| own.get(index as usize)).copied().unwrap_or(0)
    }
}

/// A source and the neurons that hear it.
pub(crate) struct Net {
    pub(crate) sender: Sender,
    /// Counted through the populations; sorted, each once.
    pub(crate) listeners: Vec<u32>,
    /// How often it is expected to send, against the others.
    pub(crate) weight: u64,
}

/// What neurons take of a memory of their core.
pub(crate) struct Loads {
    /// Counted through the populations.
    pub(crate) of_neuron: Vec<u64>,
    /// How much of it a core has; at least what the largest neuron takes.
    pub(crate) room: u64,
}

/// All sources of a network that are heard.
pub(crate) struct Nets {
    /// By population: the number of its first neuron.
    pub(crate) first: Vec<u32>,
    pub(crate) neurons: usize,
    pub(crate) nets: Vec<Net>,
}

impl Nets {
    /// The nets of `network`: of the connections that its masks keep and whose weight is not 0. A source weighs as much
    /// as it sends by `counts`, or 1.
    pub(crate) fn of(network: &Network, counts: Option<&SpikeCounts>) -> Self {
        let mut first = Vec::new();
        let mut neurons = 0;
        for population in &network.populations {
            first.push(neurons);
            neurons += population.size;
        }
        let populations = network.populations.iter().zip(0..);
        let populations = populations.map(|(population, index)| (Endpoint::Population(index), population.size));
        let groups = network.inputs.iter().zip(0..).map(|(group, index)| (Endpoint::Input(index), group.channels));
        let count = |end: Endpoint, index: u32| counts.map_or(1, |counts| u64::from(counts.of(end, index)));
        let mut nets = Vec::new();
        for (end, size) in populations.chain(groups) {
            let sender = |index: u32| match end {
                Endpoint::Population(population) => Sender::Neuron(first[population] + index),
                Endpoint::Input(_) => Sender::Input,
            };
            let mut own: Vec<Vec<u32>> = vec![Vec::new(); size as usize];
            for projection in network.projections.iter().filter(|projection| projection.pre == end) {
                let base = first[projection.post];
                let wanted = projection.kept().filter(|connection| connection.weight.to_bits() != 0);
                wanted.for_each(|connection| own[connection.pre as usize].push(base + connection.post));
            }
            for (index, mut listeners) in (0..).zip(own).filter(|(_, listeners)| !listeners.is_empty()) {
                listeners.sort_unstable();
                listeners.dedup();
                nets.push(Net { sender: sender(index), listeners, weight: count(end, index) });
            }
        }
        Self { first, neurons: neurons as usize, nets }
    }

    /// The neurons as vertices that take a circuit each, and of a memory what `loads` says, with their `classes`. Net
    /// for net as in [`Nets::nets`].
    pub(crate) fn graph(&self, classes: Vec<u32>, loads: Option<&Loads>) -> Hypergraph {
        let pins = self.nets.iter().map(|net| {
            let mut pins = net.listeners.clone();
            if let Sender::Neuron(neuron) = net.sender {
                pins.push(neuron);
            }
            (net.weight, pins)
        });
        let graph = match loads {
            None => Hypergraph::new(1, vec![1; self.neurons], classes),
            Some(loads) => Hypergraph::new(2, loads.of_neuron.iter().flat_map(|load| [1, *load]).collect(), classes),
        };
        graph.with_nets(pins)
    }
}

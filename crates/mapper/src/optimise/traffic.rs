//! What the cores of a board send to each other under some placement.

use super::nets::{Nets, Sender};
use crate::kinds::Kind;
use crate::placement::Placement;
use chip::ChipSpec;
use partition::Flow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use units::CoreAddress;

/// Messages, if every source sends once, or as often as it is said to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traffic {
    /// Sources and cores that hear them and are not their own: messages between cores. A channel has no core of its
    /// own, so all that hear it but one count.
    pub pairs: u64,
    /// The same of neurons alone, each message as often as it has hops: one within a chip, and one more for each chip
    /// on its way.
    pub hops: u64,
}

/// The cores that `core_of` puts listeners of each net into, without the own core of the sender; each once.
pub(super) fn messages(nets: &Nets, core_of: &[u32], mut message: impl FnMut(usize, Option<u32>, &[u32])) {
    let mut heard = Vec::new();
    for (index, net) in nets.nets.iter().enumerate() {
        let own = match net.sender {
            Sender::Neuron(neuron) => Some(core_of[neuron as usize]),
            Sender::Input => None,
        };
        heard.clear();
        heard.extend(net.listeners.iter().map(|neuron| core_of[*neuron as usize]));
        heard.sort_unstable();
        heard.dedup();
        heard.retain(|core| Some(*core) != own);
        message(index, own, &heard);
    }
}

impl Traffic {
    /// The traffic of a placement.
    pub(crate) fn of(nets: &Nets, placement: &Placement, spec: &ChipSpec, router: &dyn Kind) -> Self {
        let (core_of, addresses) = cores_of(nets, placement);
        let mut traffic = Self::default();
        messages(nets, &core_of, |net, own, heard| {
            let weight = nets.nets[net].weight;
            let count = if own.is_some() { heard.len() } else { heard.len() - 1 };
            traffic.pairs += weight * count as u64;
            let Some(own) = own.map(|own| addresses[own as usize]) else { return };
            let hops: u64 = heard.iter().map(|core| router.hops(spec, own, addresses[*core as usize])).sum();
            traffic.hops += weight * hops;
        });
        traffic
    }
}

/// The number of the core of each neuron among those in use, and their addresses.
pub(super) fn cores_of(nets: &Nets, placement: &Placement) -> (Vec<u32>, Vec<CoreAddress>) {
    let mut numbers: BTreeMap<CoreAddress, u32> = BTreeMap::new();
    for core in placement.cores() {
        let next = numbers.len() as u32;
        numbers.insert(core.address, next);
    }
    let mut core_of = vec![0; nets.neurons];
    for (population, first) in nets.first.iter().enumerate() {
        for segment in placement.segments(population) {
            let start = (first + segment.first_index) as usize;
            core_of[start..start + segment.count as usize].fill(numbers[&segment.core]);
        }
    }
    (core_of, numbers.into_keys().collect())
}

/// What each of `count` parts sends to each other.
pub(super) fn flow(nets: &Nets, part_of: &[u32], count: usize) -> Flow {
    let mut flow = Flow::new(count);
    messages(nets, part_of, |net, own, heard| {
        let Some(own) = own else { return };
        heard.iter().for_each(|part| flow.add(own as usize, *part as usize, nets.nets[net].weight));
    });
    flow
}

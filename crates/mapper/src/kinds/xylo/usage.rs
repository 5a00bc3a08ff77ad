//! What the rows of a Xylo chip use of the memories that its layers share: the limits, and the report.

use super::scale::Factors;
use super::{MATRICES, XyloMisfit};
use crate::MapperError;
use crate::report::{ShiftReport, Use, XyloReport};
use crate::wish::Wish;
use chip::{IdealRow, Source, XYLO_HIDDEN, XYLO_OUTPUT, XyloLimits, XyloShifts};
use std::collections::{BTreeMap, BTreeSet};
use units::{ChipId, CoreAddress, NeuronId};

/// What rows use of the memories that layers share.
struct Usage {
    /// Recurrent synapses of the hidden neuron that has most, and that neuron.
    fan_out: (usize, NeuronId),
    /// Synapses onto each hidden neuron.
    fan_in: BTreeMap<NeuronId, usize>,
    /// Hidden neurons that input channels reach.
    targets: BTreeSet<NeuronId>,
    /// Hidden neurons that output neurons listen to.
    sources: BTreeSet<NeuronId>,
    /// Synapses of each matrix.
    synapses: [u64; 3],
}

impl Usage {
    /// Most synapses onto a hidden neuron, and the first such neuron.
    fn largest_fan_in(&self) -> (usize, NeuronId) {
        let most = self.fan_in.iter().rev().max_by_key(|(_, size)| **size);
        most.map_or((0, NeuronId(0)), |(neuron, size)| (*size, *neuron))
    }
}

fn usage(rows: &[IdealRow]) -> Usage {
    let mut usage = Usage {
        fan_out: (0, NeuronId(0)),
        fan_in: BTreeMap::new(),
        targets: BTreeSet::new(),
        sources: BTreeSet::new(),
        synapses: [0; 3],
    };
    for row in rows {
        let size = row.synapses.len();
        if row.destination.core == XYLO_HIDDEN {
            for synapse in &row.synapses {
                *usage.fan_in.entry(synapse.neuron).or_default() += 1;
            }
        }
        let matrix = match row.source {
            Source::Input(_) => {
                usage.targets.extend(row.synapses.iter().map(|s| s.neuron));
                0
            }
            Source::Neuron(from) if row.destination.core == XYLO_OUTPUT => {
                usage.sources.insert(from.neuron);
                2
            }
            Source::Neuron(from) => {
                if size > usage.fan_out.0 {
                    usage.fan_out = (size, from.neuron);
                }
                1
            }
        };
        usage.synapses[matrix] += size as u64;
    }
    usage
}

pub(super) fn check(wish: &Wish<'_>, limits: XyloLimits, rows: &[IdealRow]) -> Result<(), MapperError> {
    let hidden = CoreAddress { chip: ChipId(0), core: XYLO_HIDDEN };
    let name = |neuron| {
        let address = units::NeuronAddress { core: hidden, neuron };
        let (population, index) = wish.placement.neuron(address).expect("rows name placed neurons");
        (wish.network.populations[population].name.clone(), index)
    };
    let usage = usage(rows);
    let (needed, neuron) = usage.fan_out;
    if needed > limits.hidden_fan_out {
        let (population, index) = name(neuron);
        return Err(XyloMisfit::FanOut { population, index, needed, limit: limits.hidden_fan_out }.into());
    }
    let (needed, neuron) = usage.largest_fan_in();
    if let Some(limit) = limits.hidden_fan_in.filter(|&limit| needed > limit) {
        let (population, index) = name(neuron);
        return Err(XyloMisfit::FanIn { population, index, needed, limit }.into());
    }
    for (what, inputs, neurons, limit) in [
        ("receive input", true, &usage.targets, limits.input_targets),
        ("send to output neurons", false, &usage.sources, limits.output_sources),
    ] {
        if let Some(limit) = limit
            && let Some(first) = neurons.iter().nth(limit)
        {
            let (population, index) = name(*first);
            return Err(XyloMisfit::Expansion { what, inputs, needed: neurons.len(), limit, population, index }.into());
        }
    }
    Ok(())
}

/// The use of the chip's limits, for the report.
pub(super) fn report(
    wish: &Wish<'_>,
    limits: XyloLimits,
    input_channels: u32,
    rows: &[IdealRow],
    (shifts, factors): (XyloShifts, Factors),
) -> XyloReport {
    let usage = usage(rows);
    let neurons = |core| wish.cores.iter().find(|c| c.address.core == core).map_or(0, |c| c.neuron_count as usize);
    let hidden = wish.spec.neurons_per_core();
    XyloReport {
        input_channels: Use::of(input_channels as usize, limits.input_channels),
        hidden_neurons: Use::of(neurons(XYLO_HIDDEN), hidden),
        output_neurons: Use::of(neurons(XYLO_OUTPUT), limits.output_neurons),
        hidden_fan_out: Use::of(usage.fan_out.0, limits.hidden_fan_out),
        hidden_fan_in: Use {
            used: usage.largest_fan_in().0 as u64,
            limit: limits.hidden_fan_in.map(|limit| limit as u64),
        },
        input_targets: Use::of(usage.targets.len(), limits.input_targets.unwrap_or(hidden)),
        output_sources: Use::of(usage.sources.len(), limits.output_sources.unwrap_or(hidden)),
        matrices: MATRICES
            .iter()
            .zip(usage.synapses)
            .zip([shifts.input, shifts.recurrent, shifts.output])
            .zip((0..).map(|matrix| factors.of(matrix)))
            .map(|(((name, synapses), shift), scale)| ShiftReport { matrix: (*name).into(), synapses, scale, shift })
            .collect(),
    }
}

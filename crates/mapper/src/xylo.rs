//! A Xylo chip: which population is hidden and which is output, and the matrices between them.
//!
//! A population that sends nothing and receives from populations alone is read out: it goes to the output layer (core
//! 1). All others are hidden (core 0). Populations share a layer one after the other, in the order of the network.
//!
//! Weights are integers of 8 bits, times one power of two for each of the three matrices: the smallest with which the
//! largest weight fits. A weight of the network is in units of the registers, so that whole numbers from -128 to 127
//! are kept as they are. Nothing is scaled: a network whose weights and thresholds are real numbers must bring them to
//! that scale itself.

use crate::ideal::rounded;
use crate::ledger::Ledger;
use crate::placement::{Placement, Segment};
use crate::report::{FreedResources, LossCause, ShiftReport, Use, XyloReport};
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, SmallWeights};
use chip::{
    ChipSpec, IdealRow, IdealSynapse, Routing, Source, SynapseSign, XYLO_HIDDEN, XYLO_OUTPUT, XyloLimits, XyloShifts,
};
use fx::Weight;
use network::{Endpoint, Network};
use std::collections::{BTreeMap, BTreeSet};
use units::{ChipId, CoreAddress, NeuronId};

/// The weight exponent of both layers: weights are whole numbers.
pub(crate) const EXPONENT: u8 = Weight::FRACTION_BITS as u8;

/// Names of the matrices, in the order of [`XyloShifts`].
const MATRICES: [&str; 3] = ["input", "recurrent", "output"];

/// Whether each population is read out: it sends nothing, and receives something, but no input.
fn outputs(network: &Network) -> Vec<bool> {
    let sends = |population| network.projections.iter().any(|p| p.pre == Endpoint::Population(population));
    let hears = |population, input: bool| {
        network.projections.iter().any(|p| p.post == population && matches!(p.pre, Endpoint::Input(_)) == input)
    };
    (0..network.populations.len()).map(|p| !sends(p) && !hears(p, true) && hears(p, false)).collect()
}

/// Puts every population into its layer.
pub(crate) fn place(network: &Network, spec: &ChipSpec, limits: XyloLimits) -> Result<Placement, MapperError> {
    let mut used = [0u32; 2];
    let mut segments = Vec::new();
    for (population, is_output) in outputs(network).into_iter().enumerate() {
        let (layer, core, limit) = if is_output {
            ("output", XYLO_OUTPUT, limits.output_neurons)
        } else {
            ("hidden", XYLO_HIDDEN, spec.neurons_per_core())
        };
        let wish = &network.populations[population];
        let before = used[usize::from(is_output)];
        let needed = u64::from(before) + u64::from(wish.size);
        if needed > limit as u64 {
            let population = wish.name.clone();
            return Err(MapperError::XyloLayer { population, layer, size: wish.size, needed, limit });
        }
        used[usize::from(is_output)] = needed as u32;
        let core = CoreAddress { chip: ChipId(0), core };
        let part = Segment { population, first_index: 0, count: wish.size, core, first_circuit: before };
        segments.push(if wish.size == 0 { Vec::new() } else { vec![part] });
    }
    Ok(Placement::from_segments(segments))
}

/// The matrix that a connection belongs to.
fn matrix(wish: &Wish<'_>, link: &Link) -> usize {
    match wish.network.projections[link.projection].pre {
        _ if wish.cores[link.core].address.core == XYLO_OUTPUT => 2,
        Endpoint::Input(_) => 0,
        Endpoint::Population(_) => 1,
    }
}

/// The largest weight before the shift, without its sign.
fn weight_max(wish: &Wish<'_>, limits: XyloLimits, link: &Link) -> u32 {
    let (low, high) = limits.weights();
    let signed = wish.spec.synapses[usize::from(link.kind)].sign == SynapseSign::Signed;
    u32::from(if signed && link.weight < 0 { low } else { high }.unsigned_abs())
}

/// The smallest shift of each matrix with which all of its weights fit.
fn fit_shifts(wish: &Wish<'_>, limits: XyloLimits) -> Result<XyloShifts, MapperError> {
    let mut shifts = [0u8; 3];
    for link in (0..wish.network.projections.len()).flat_map(|p| wish.links(p)).filter(Link::is_wanted) {
        let shift = &mut shifts[matrix(wish, &link)];
        let most = weight_max(wish, limits, &link);
        while rounded(link.magnitude(), EXPONENT + *shift) > most {
            *shift += 1;
        }
        if *shift > limits.weight_shift_max {
            return Err(MapperError::XyloWeight {
                projection: wish.network.projections[link.projection].name.clone(),
                weight: Weight::from_bits(link.weight).to_string(),
                pre: link.pre,
                post: link.post,
                limit: u64::from(most) << limits.weight_shift_max,
            });
        }
    }
    let [input, recurrent, output] = shifts;
    Ok(XyloShifts { input, recurrent, output })
}

/// The matrices, and what they use of the chip.
pub(crate) fn map(
    wish: &Wish<'_>,
    limits: XyloLimits,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Result<Routing, MapperError> {
    let channels: u32 = wish.network.inputs.iter().map(|group| group.channels).sum();
    if channels as usize > limits.input_channels {
        let groups = wish.network.inputs.iter().map(|group| group.name.clone()).collect();
        return Err(MapperError::XyloInputs { groups, channels, limit: limits.input_channels });
    }
    let shifts = fit_shifts(wish, limits)?;
    let mut freed = FreedResources::default();
    let mut rows: Vec<IdealRow> = Vec::new();
    for (index, projection) in wish.network.projections.iter().enumerate() {
        for pre in 0..projection.connections.row_count() as u32 {
            let source = wish.source(projection.pre, pre);
            let first_row = rows.len();
            for link in wish.row(index, pre) {
                if !link.is_wanted() {
                    freed.synapses += u64::from(!link.kept && link.weight != 0);
                    continue;
                }
                let destination = wish.cores[link.core].address;
                let shift = shifts.of(source, destination);
                let weight = match (rounded(link.magnitude(), EXPONENT + shift), options.small_weights) {
                    (0, SmallWeights::Drop) => {
                        ledger.lose(&link, LossCause::SmallWeight);
                        continue;
                    }
                    (0, SmallWeights::Keep) => 1,
                    (weight, _) => weight,
                };
                ledger.keep(&link, u64::from(weight) << shift << EXPONENT);
                let weight = weight as i16;
                let signed = wish.spec.synapses[usize::from(link.kind)].sign == SynapseSign::Signed;
                let weight = if signed && link.weight < 0 { -weight } else { weight };
                let synapse = IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight };
                match rows[first_row..].last_mut() {
                    Some(row) => row.synapses.push(synapse),
                    None => rows.push(IdealRow { source, destination, delay_ticks: 1, synapses: vec![synapse] }),
                }
            }
        }
    }
    ledger.free(freed);
    rows.sort_by_key(|row| (row.source, row.destination));
    rows.dedup_by(|next, row| {
        let joins = (row.source, row.destination) == (next.source, next.destination);
        if joins {
            row.synapses.append(&mut next.synapses);
        }
        joins
    });
    for row in &mut rows {
        row.synapses.sort_unstable();
        row.synapses.shrink_to_fit();
    }
    check_use(wish, limits, &rows)?;
    // The network has no word for aliases.
    Ok(Routing::Xylo { rows, shifts, aliases: Vec::new() })
}

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

fn check_use(wish: &Wish<'_>, limits: XyloLimits, rows: &[IdealRow]) -> Result<(), MapperError> {
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
        return Err(MapperError::XyloFanOut { population, index, needed, limit: limits.hidden_fan_out });
    }
    let (needed, neuron) = usage.largest_fan_in();
    if let Some(limit) = limits.hidden_fan_in.filter(|&limit| needed > limit) {
        let (population, index) = name(neuron);
        return Err(MapperError::XyloFanIn { population, index, needed, limit });
    }
    for (what, neurons, limit) in [
        ("receive input", &usage.targets, limits.input_targets),
        ("send to output neurons", &usage.sources, limits.output_sources),
    ] {
        if let Some(limit) = limit
            && let Some(first) = neurons.iter().nth(limit)
        {
            let (population, index) = name(*first);
            return Err(MapperError::XyloExpansion { what, needed: neurons.len(), limit, population, index });
        }
    }
    Ok(())
}

/// The use of the chip's limits, for the report.
pub(crate) fn report(
    wish: &Wish<'_>,
    limits: XyloLimits,
    input_channels: u32,
    rows: &[IdealRow],
    shifts: XyloShifts,
) -> XyloReport {
    let usage = usage(rows);
    let of = |used: usize, limit: usize| Use { used: used as u64, limit: Some(limit as u64) };
    let neurons = |core| wish.cores.iter().find(|c| c.address.core == core).map_or(0, |c| c.neuron_count as usize);
    let hidden = wish.spec.neurons_per_core();
    XyloReport {
        input_channels: of(input_channels as usize, limits.input_channels),
        hidden_neurons: of(neurons(XYLO_HIDDEN), hidden),
        output_neurons: of(neurons(XYLO_OUTPUT), limits.output_neurons),
        hidden_fan_out: of(usage.fan_out.0, limits.hidden_fan_out),
        hidden_fan_in: Use {
            used: usage.largest_fan_in().0 as u64,
            limit: limits.hidden_fan_in.map(|limit| limit as u64),
        },
        input_targets: of(usage.targets.len(), limits.input_targets.unwrap_or(hidden)),
        output_sources: of(usage.sources.len(), limits.output_sources.unwrap_or(hidden)),
        matrices: MATRICES
            .iter()
            .zip(usage.synapses)
            .zip([shifts.input, shifts.recurrent, shifts.output])
            .map(|((name, synapses), shift)| ShiftReport { matrix: (*name).into(), synapses, shift })
            .collect(),
    }
}

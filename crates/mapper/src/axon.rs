//! Cores whose synapses lie in a memory that input axons point into: how many cores a population takes, which mantissas
//! and exponents its weights become, and what that uses of each core.
//!
//! A core holds neurons of one population, as in nengo-loihi's blocks. A population that exceeds a limit of its core is
//! split evenly over as few cores as obey all of them: neurons, input axons (one for each sender of a projection that
//! reaches the core), output axons (one for each neuron, projection and core that it reaches) and synapse memory. The
//! memory of an axon's synapses is counted as nengo-loihi's validator counts it, in the smaller of the two formats that
//! the chip has: dense rows without indices, or sparse ones with.
//!
//! All weights of a core share one power of two, the smallest with which the largest fits; a projection onto a core is
//! of mixed sign, or else excitatory or inhibitory with one bit more.

use crate::ideal::rounded;
use crate::ledger::Ledger;
use crate::placement::{Placement, Segment, board_cores};
use crate::report::{AxonUse, FreedResources, LossCause, Use};
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, SmallWeights};
use chip::{AxonLimits, ChipSpec, IdealRow, IdealSynapse};
use device_models::loihi::limits::SynapseFormat;
use device_models::loihi::{ExponentRule, LoihiRules, SignMode, WeightRule};
use fx::Weight;
use network::{Endpoint, Network};
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, CoreId, NeuronId};

/// What messages call the axons that a core hears.
const INPUT_AXONS: &str = "input axons";

/// What one core needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Need {
    input_axons: u64,
    output_axons: u64,
    synapse_bits: u64,
}

/// The limits of a core and how its synapses are stored.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    limits: AxonLimits,
}

/// Synapses of a projection onto one core, by size of their rows.
#[derive(Default)]
struct Rows {
    /// By number of synapses: how many rows have it.
    sizes: BTreeMap<u64, u64>,
}

impl Store {
    pub(crate) fn new(limits: AxonLimits) -> Self {
        Self { limits }
    }

    /// Bits that `rows` onto `neurons` neurons take, in the smaller format.
    fn bits(&self, rows: &Rows, neurons: u64, delay_ticks: u16) -> u64 {
        // Codes of index bits: 6 bits are code 1.
        let index_bits = u64::BITS - neurons.saturating_sub(1).leading_zeros();
        let format = SynapseFormat {
            weight_bits_code: if self.limits.weight_bits >= 7 { 7 } else { self.limits.weight_bits },
            index_bits_code: (index_bits.clamp(6, 12) - 5) as u8,
            delay_bits: (u16::BITS - delay_ticks.saturating_sub(1).leading_zeros()) as u8,
            tag_bits: 0,
            dense: false,
            group: self.limits.synapses_per_group as u32,
        };
        let bits = |format: SynapseFormat, size| format.memory_bits(size).expect("codes are in range");
        let sparse = rows.sizes.iter().map(|(&size, &count)| bits(format, size) * count).sum();
        // A row with two synapses onto one neuron cannot be dense; one larger than the core is sure to have them.
        if rows.sizes.keys().any(|size| *size > neurons) {
            return sparse;
        }
        let dense = bits(SynapseFormat { dense: true, ..format }, neurons) * rows.sizes.values().sum::<u64>();
        sparse.min(dense)
    }

    /// What each part of each population needs, if the populations are split into `parts`.
    fn needs(&self, network: &Network, parts: &[u32]) -> Vec<Vec<Need>> {
        let mut needs: Vec<Vec<Need>> = parts.iter().map(|parts| vec![Need::default(); *parts as usize]).collect();
        for projection in &network.projections {
            let split = Split::new(network.populations[projection.post].size, parts[projection.post]);
            let mut rows: Vec<Rows> = (0..split.parts).map(|_| Rows::default()).collect();
            for pre in 0..projection.connections.row_count() as u32 {
                let (targets, weights) = projection.connections.row(pre);
                let range = projection.connections.row_range(pre);
                let kept = targets.iter().zip(weights).zip(range);
                let mut kept = kept.filter(|((_, w), i)| **w != Weight::ZERO && projection.mask.keeps(*i)).peekable();
                while let Some(((&post, _), _)) = kept.next() {
                    let part = split.part(post);
                    let end = split.first(part + 1);
                    let mut size = 1;
                    while kept.next_if(|((post, _), _)| **post < end).is_some() {
                        size += 1;
                    }
                    *rows[part as usize].sizes.entry(size).or_default() += 1;
                    needs[projection.post][part as usize].input_axons += 1;
                    if let Endpoint::Population(from) = projection.pre {
                        let sender = Split::new(network.populations[from].size, parts[from]).part(pre);
                        needs[from][sender as usize].output_axons += 1;
                    }
                }
            }
            for (part, rows) in rows.iter().enumerate() {
                let neurons = u64::from(split.first(part as u32 + 1) - split.first(part as u32));
                needs[projection.post][part].synapse_bits += self.bits(rows, neurons, projection.delay_ticks);
            }
        }
        needs
    }

    /// Into how many parts each population is split: as few as obey every limit of a core.
    fn parts(&self, network: &Network, sizes: &[u32], per_core: u32) -> Result<Vec<u32>, MapperError> {
        let least: Vec<u32> = sizes.iter().map(|size| size.div_ceil(per_core)).collect();
        let mut parts = least.clone();
        while let Some((index, resource, needed, limit)) = self.first_excess(network, &parts) {
            let (old, size) = (parts[index], sizes[index]);
            if old == size {
                let population = network.populations[index].name.clone();
                return Err(MapperError::CoreMemory { population, resource, needed, limit });
            }
            // Splitting shares out neurons and synapses, but a sender takes an axon on each core that it reaches.
            let wanted = match resource {
                INPUT_AXONS => u64::from(old) * 2,
                _ => (u64::from(old) * needed).div_ceil(limit),
            };
            parts[index] = wanted.clamp(u64::from(old) + 1, u64::from(size)) as u32;
        }
        // These steps can overshoot, since memory comes in words.
        for index in 0..parts.len() {
            while parts[index] > least[index] {
                parts[index] -= 1;
                if self.first_excess(network, &parts).is_some() {
                    parts[index] += 1;
                    break;
                }
            }
        }
        Ok(parts)
    }

    /// The first population with a part that exceeds a limit: which limit, by the part that exceeds it most, how much
    /// that needs, how much there is.
    fn first_excess(&self, network: &Network, parts: &[u32]) -> Option<(usize, &'static str, u64, u64)> {
        self.needs(network, parts).iter().enumerate().find_map(|(index, needs)| {
            let all = needs.iter().filter_map(|need| self.excess(need));
            // The ratio in 1/256: enough to tell which is worst.
            let worst = all.max_by_key(|(_, used, limit)| used.saturating_mul(256) / limit);
            worst.map(|(resource, needed, limit)| (index, resource, needed, limit))
        })
    }

    /// The limit that `need` exceeds: what it is, how much is needed, how much there is.
    fn excess(&self, need: &Need) -> Option<(&'static str, u64, u64)> {
        let limits = &self.limits;
        [
            (INPUT_AXONS, need.input_axons, limits.input_axons),
            ("output axons", need.output_axons, limits.output_axons),
            ("synapse bits", need.synapse_bits, limits.synapse_bits),
        ]
        .into_iter()
        .map(|(what, used, limit)| (what, used, limit as u64))
        .find(|(_, used, limit)| used > limit)
    }
}

/// A population in even parts, the larger ones first.
#[derive(Clone, Copy)]
struct Split {
    size: u32,
    parts: u32,
}

impl Split {
    fn new(size: u32, parts: u32) -> Self {
        Self { size, parts }
    }

    /// First neuron of part `part`; the size for the part after the last.
    fn first(self, part: u32) -> u32 {
        let (small, large) = (self.size / self.parts, self.size % self.parts);
        part * small + part.min(large)
    }

    fn part(self, neuron: u32) -> u32 {
        let (small, large) = (self.size / self.parts, self.size % self.parts);
        let of_large = large * (small + 1);
        if neuron < of_large { neuron / (small + 1) } else { large + (neuron - of_large) / small }
    }
}

/// Splits the populations over cores and places the parts in the order of the network.
pub(crate) fn place(
    network: &Network,
    spec: &ChipSpec,
    store: &Store,
    options: &MapperOptions,
) -> Result<Placement, MapperError> {
    let per_chip = spec.cores_per_chip();
    let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
    let parts = store.parts(network, &sizes, spec.neurons_per_core() as u32)?;
    let board_cores = board_cores(spec, options);
    let mut segments = Vec::new();
    let mut used = 0;
    for (index, (&size, &parts)) in sizes.iter().zip(&parts).enumerate() {
        if parts as usize > board_cores - used {
            return Err(MapperError::BoardFull {
                population: network.populations[index].name.clone(),
                neurons: size,
                needed_cores: parts as usize,
                free_cores: board_cores - used,
                board_cores,
                neurons_per_core: size.div_ceil(parts) as usize,
            });
        }
        let split = Split::new(size, parts);
        let segment = |part: u32| {
            let core = used + part as usize;
            Segment {
                population: index,
                first_index: split.first(part),
                count: split.first(part + 1) - split.first(part),
                core: CoreAddress { chip: ChipId((core / per_chip) as u16), core: CoreId((core % per_chip) as u16) },
                first_circuit: 0,
            }
        };
        segments.push((0..parts).map(segment).collect());
        used += parts as usize;
    }
    Ok(Placement::from_segments(segments))
}

/// How the weights of a core become mantissas.
#[derive(Clone, Copy)]
struct Format {
    exponent: i8,
    rule: ExponentRule,
    weight_bits: u8,
}

impl Format {
    /// Distance of two mantissas.
    fn step(self, sign: SignMode) -> u32 {
        let lost = 8 - self.weight_bits + u8::from(sign == SignMode::Mixed);
        // Where each weight is shifted by itself, it must leave nothing behind.
        let whole = if self.rule == ExponentRule::EachSynapse { (-self.exponent).max(0) as u8 } else { 0 };
        1 << lost.max(whole)
    }

    /// The nearest mantissa to a magnitude in units of 2^-20, halves away from 0.
    fn mantissa(self, magnitude: u32, sign: SignMode) -> u32 {
        let step = self.step(sign);
        let bits = (20 + i32::from(self.exponent)) as u8 + step.trailing_zeros() as u8;
        rounded(magnitude, bits.min(31)) * step
    }

    /// The largest mantissa that every rule of weights can hold with either sign.
    fn largest(self, sign: SignMode) -> u32 {
        let (_, most) = match sign {
            SignMode::Inhibitory => SignMode::Excitatory.range(WeightRule::ClipAndFloor),
            other => other.range(WeightRule::ClipAndFloor),
        };
        let step = self.step(sign);
        most as u32 / step * step
    }
}

/// Rows in the order of the program, and the weight exponent of each core.
pub(crate) fn map(
    wish: &Wish<'_>,
    store: &Store,
    rules: &LoihiRules,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Result<(Vec<IdealRow>, Vec<u8>), MapperError> {
    let projections = 0..wish.network.projections.len();
    let signs = signs(wish);
    let mut freed = FreedResources::default();
    let masked = projections.clone().flat_map(|p| wish.links(p)).filter(|link| !link.kept && link.weight != 0);
    freed.synapses = masked.count() as u64;
    ledger.free(freed);
    let formats = formats(wish, store, rules, &signs)?;
    let mut rows: Vec<IdealRow> = Vec::new();
    for index in projections {
        let projection = &wish.network.projections[index];
        let latency = match projection.pre {
            // One step is what every spike takes; an event of the host takes what the rules say.
            Endpoint::Input(_) => u16::from(rules.input_latency),
            Endpoint::Population(_) => 0,
        };
        for pre in 0..projection.connections.row_count() as u32 {
            let first_row = rows.len();
            for link in wish.row(index, pre).filter(Link::is_wanted) {
                let (format, sign) = (formats[link.core], signs[index][&link.core]);
                let mantissa = match (format.mantissa(link.magnitude(), sign), options.small_weights) {
                    (0, SmallWeights::Drop) => {
                        ledger.lose(&link, LossCause::SmallWeight);
                        continue;
                    }
                    (0, SmallWeights::Keep) => format.step(sign),
                    (mantissa, _) => mantissa,
                };
                ledger.keep(&link, u64::from(mantissa) << (20 + i32::from(format.exponent)));
                let weight = if link.weight < 0 { -(mantissa as i16) } else { mantissa as i16 };
                let synapse = IdealSynapse { neuron: NeuronId(link.circuit), synapse: link.kind, weight };
                let destination = wish.cores[link.core].address;
                match rows[first_row..].last_mut().filter(|row| row.destination == destination) {
                    Some(row) => row.synapses.push(synapse),
                    None => rows.push(IdealRow {
                        source: wish.source(projection.pre, pre),
                        destination,
                        delay_ticks: projection.delay_ticks + latency,
                        synapses: vec![synapse],
                    }),
                }
            }
        }
    }
    crate::ideal::join(&mut rows);
    ledger.use_axons(uses(wish, store));
    Ok((rows, formats.iter().map(|format| (20 + i32::from(format.exponent)) as u8).collect()))
}

/// By projection and core: the signs of the weights that are wanted there.
fn signs(wish: &Wish<'_>) -> Vec<BTreeMap<usize, SignMode>> {
    let of = |index: usize| {
        let mut signs: BTreeMap<usize, SignMode> = BTreeMap::new();
        for link in wish.links(index).filter(Link::is_wanted) {
            let sign = if link.weight < 0 { SignMode::Inhibitory } else { SignMode::Excitatory };
            let entry = signs.entry(link.core).or_insert(sign);
            if *entry != sign {
                *entry = SignMode::Mixed;
            }
        }
        signs
    };
    (0..wish.network.projections.len()).map(of).collect()
}

/// The smallest exponent of each core with which all its weights fit.
fn formats(
    wish: &Wish<'_>,
    store: &Store,
    rules: &LoihiRules,
    signs: &[BTreeMap<usize, SignMode>],
) -> Result<Vec<Format>, MapperError> {
    let (low, high) = store.limits.weight_exponent;
    let format = |exponent| Format { exponent, rule: rules.exponent, weight_bits: store.limits.weight_bits };
    // A weight of mixed sign loses a bit, so half a unit is as fine as whole effective weights can be.
    let finest = if rules.exponent == ExponentRule::EachSynapse { low.max(-1) } else { low };
    let mut formats = vec![format(finest); wish.cores.len()];
    for (index, signs) in signs.iter().enumerate() {
        for link in wish.links(index).filter(Link::is_wanted) {
            let sign = signs[&link.core];
            let fits = |f: &Format| f.mantissa(link.magnitude(), sign) <= f.largest(sign);
            while !fits(&formats[link.core]) {
                if formats[link.core].exponent == high {
                    return Err(MapperError::WeightRange {
                        projection: wish.network.projections[index].name.clone(),
                        pre: link.pre,
                        post: link.post,
                        weight: Weight::from_bits(link.weight).to_string(),
                        limit: u64::from(formats[link.core].largest(sign)) << high,
                    });
                }
                formats[link.core].exponent += 1;
            }
        }
    }
    Ok(formats)
}

/// What each core in use takes of its memories.
fn uses(wish: &Wish<'_>, store: &Store) -> Vec<AxonUse> {
    let parts: Vec<u32> =
        (0..wish.network.populations.len()).map(|p| wish.placement.segments(p).len() as u32).collect();
    let limits = &store.limits;
    let of = |used: u64, limit: usize| Use { used, limit: Some(limit as u64) };
    let needs = store.needs(wish.network, &parts);
    let uses = needs.iter().flatten().map(|need| AxonUse {
        input_axons: of(need.input_axons, limits.input_axons),
        output_axons: of(need.output_axons, limits.output_axons),
        synapse_bits: of(need.synapse_bits, limits.synapse_bits),
    });
    uses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_cover_the_population() {
        for (size, parts) in [(1, 1), (10, 3), (512, 10), (7, 7), (1024, 1)] {
            let split = Split::new(size, parts);
            assert_eq!((split.first(0), split.first(parts)), (0, size));
            for neuron in 0..size {
                let part = split.part(neuron);
                assert!((split.first(part)..split.first(part + 1)).contains(&neuron), "{neuron} of {size} in {parts}");
            }
            let sizes: Vec<u32> = (0..parts).map(|p| split.first(p + 1) - split.first(p)).collect();
            assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] - sizes[sizes.len() - 1] <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn mantissas_lie_on_the_grid_of_their_sign() {
        let format = |exponent, rule| Format { exponent, rule, weight_bits: 8 };
        let unit = 1u32 << 20;
        let sum = format(-1, ExponentRule::Sum);
        assert_eq!(sum.mantissa(37 * unit, SignMode::Mixed), 74);
        assert_eq!(sum.mantissa(37 * unit + unit / 2, SignMode::Mixed), 76); // halves away from 0
        assert_eq!(sum.mantissa(37 * unit + unit / 2, SignMode::Excitatory), 75);
        // Whole effective weights where each is shifted by itself.
        assert_eq!(format(-1, ExponentRule::EachSynapse).mantissa(37 * unit + unit / 2, SignMode::Excitatory), 76);
        assert_eq!(sum.largest(SignMode::Mixed), 254);
        assert_eq!(sum.largest(SignMode::Inhibitory), 255);
        assert_eq!(Format { weight_bits: 4, ..sum }.largest(SignMode::Mixed), 224);
        assert_eq!(format(7, ExponentRule::Sum).mantissa(u32::MAX / 2, SignMode::Mixed), 16);
    }
}

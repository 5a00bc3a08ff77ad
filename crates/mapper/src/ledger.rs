//! The books of a mapping: what was asked for, what was kept, and how far off it is.

pub(crate) mod alarm;
mod met;

use crate::die::Account;
use crate::kinds::CoreMemories;
use crate::report::{
    CoreReport, FreedResources, MappingLoss, MappingReport, MemoryUse, PopulationRange, ProjectionReport,
    ProjectionWeights, Use, WeightReport, XyloReport,
};
use crate::wish::{Link, Wish};
use crate::{Limit, MapperOptions, Segment, level, placement};
use chip::Program;
use fx::Weight;
use met::Met;
use std::collections::BTreeMap;

/// Difference between the weights asked for and those that a core makes, in units of 2^-20.
#[derive(Clone, Debug, Default)]
struct WeightErrors {
    connections: u64,
    largest: u64,
    square_sum: u128,
    max: u64,
}

impl WeightErrors {
    fn add(&mut self, asked: u64, got: u64) {
        let error = got.abs_diff(asked);
        self.connections += 1;
        self.largest = self.largest.max(asked);
        self.max = self.max.max(error);
        self.square_sum += u128::from(error) * u128::from(error);
    }
}

/// What a mapping has decided so far.
pub(crate) struct Ledger {
    projections: Vec<ProjectionReport>,
    met: Vec<Met>,
    losses: Vec<MappingLoss>,
    weights: Vec<WeightErrors>,
    synapses: Vec<Vec<u64>>,
    freed: FreedResources,
    /// What becomes of the weights on the die that the mapping is judged on.
    on_die: Account,
}

impl Ledger {
    /// Counts the wish.
    pub(crate) fn new(wish: &Wish<'_>) -> Self {
        let network = wish.network;
        let count = |index: usize| {
            let projection = &network.projections[index];
            let mut report = ProjectionReport {
                name: projection.name.clone(),
                pre: placement::name_of(network, projection.pre).into(),
                post: network.populations[projection.post].name.clone(),
                wished: projection.connections.len() as u64,
                masked: 0,
                zero: 0,
                kept: 0,
                rounded: 0,
                lost: 0,
                weights: ProjectionWeights::default(),
            };
            let cut = wish.cuts.of(index).map_or(0, BTreeMap::len);
            report.masked = report.wished - (projection.mask.kept_count() + cut) as u64;
            let mut met = Met::new(network.populations[projection.post].size);
            for link in wish.links(index).filter(|link| link.kept) {
                report.zero += u64::from(link.weight == 0);
                met.ask(&link);
            }
            (report, met)
        };
        let (projections, met) = (0..network.projections.len()).map(count).unzip();
        let mut ledger = Self {
            projections,
            met,
            losses: Vec::new(),
            weights: vec![WeightErrors::default(); wish.cores.len()],
            synapses: wish.cores.iter().map(|core| vec![0; core.neuron_count as usize]).collect(),
            freed: FreedResources::default(),
            on_die: Account::new(network.projections.len()),
        };
        for (index, cuts) in (0..network.projections.len()).filter_map(|index| Some((index, wish.cuts.of(index)?))) {
            for (link, limit) in wish.links(index).filter(|link| link.cut).zip(cuts.values()) {
                ledger.lose(&link, *limit);
            }
        }
        ledger
    }

    /// Books what a kept connection comes to on the die, in units of 2^-20 and without its sign; connections that are
    /// lost or rounded to 0 come to 0 by themselves.
    pub(crate) fn on_die(&mut self, link: &Link, effective: f64) {
        self.on_die.add(link, effective);
    }

    /// Counts a synapse in a slot that is broken on the die.
    pub(crate) fn in_broken_slot(&mut self) {
        self.on_die.add_broken();
    }

    /// Books a connection that got the weight `got`, in units of 2^-20 and without its sign.
    pub(crate) fn keep(&mut self, link: &Link, got: u64) {
        self.projections[link.projection].kept += 1;
        self.weights[link.core].add(link.asked(), got);
        self.met[link.projection].add(link, got);
        self.synapses[link.core][usize::from(link.circuit)] += 1;
    }

    /// Books a kept connection that asks for more than the largest weight of its core.
    pub(crate) fn clip(&mut self, link: &Link) {
        self.met[link.projection].clip();
    }

    /// Books a connection whose nearest weight is 0.
    pub(crate) fn round_to_zero(&mut self, link: &Link) {
        self.projections[link.projection].rounded += 1;
        self.weights[link.core].add(link.asked(), 0);
        self.met[link.projection].add(link, 0);
        self.on_die.add(link, 0.0);
    }

    /// Books a connection that could not be kept.
    pub(crate) fn lose(&mut self, link: &Link, cause: Limit) {
        self.projections[link.projection].lost += 1;
        self.on_die.add(link, 0.0);
        let Link { projection, pre, post, .. } = *link;
        self.losses.push(MappingLoss { projection, pre, post, weight: real(link.weight), cause });
    }

    /// Books what the masks saved.
    pub(crate) fn free(&mut self, freed: FreedResources) {
        self.freed = freed;
    }

    /// Closes the books. `memories` is what each core in use has and uses of the memories of its router.
    pub(crate) fn report(
        mut self,
        wish: &Wish<'_>,
        program: &Program,
        options: &MapperOptions,
        memories: Vec<CoreMemories>,
        xylo: Option<XyloReport>,
    ) -> MappingReport {
        self.losses.sort_by_key(|loss| (loss.projection, loss.pre, loss.post));
        let spec = wish.spec;
        for loss in &mut self.losses {
            let post = wish.network.projections[loss.projection].post;
            loss.weight *= level::of(spec, wish.network.populations[post].model);
        }
        let core = |(index, memories): (usize, CoreMemories)| {
            let placed = &wish.cores[index];
            let part = |s: &Segment| PopulationRange {
                population: wish.network.populations[s.population].name.clone(),
                first_index: s.first_index,
                count: s.count,
            };
            let neurons = memories.neurons.unwrap_or_else(|| spec.neurons_per_core());
            let exponent = program.cores[index].weight_exponent;
            CoreReport {
                address: placed.address,
                model: program.cores[index].model.name().into(),
                parts: placed.parts.iter().map(part).fold(Vec::new(), joined),
                neurons: Use { used: u64::from(placed.neurons()), limit: Some(neurons as u64) },
                synapses: MemoryUse::of(
                    &placed.of_neurons(&self.synapses[index]),
                    memories.synapses.map(|limit| limit as u64),
                ),
                sram: memories.sram,
                axons: memories.axons,
                crossbar: memories.crossbar,
                tags: memories.tags,
                weights: WeightReport {
                    gains: memories.gains.iter().map(|gain| gain.report(spec)).collect(),
                    ..weight_report(&self.weights[index], exponent, &memories.currents)
                        .times(level::of(spec, program.cores[index].model))
                },
            }
        };
        for ((report, met), projection) in self.projections.iter_mut().zip(&self.met).zip(&wish.network.projections) {
            report.weights = met.report(level::of(spec, wish.network.populations[projection.post].model));
        }
        let die = wish.die.map(|on| self.on_die.report(wish, program, on));
        let minded = die.as_ref().filter(|_| wish.die.is_some_and(|on| on.in_mind));
        let warnings = alarm::warnings(wish, &self.projections, &self.losses, minded);
        let cores: Vec<_> = memories.into_iter().enumerate().map(core).collect();
        let mut chips: Vec<_> = wish.cores.iter().map(|c| c.address.chip).collect();
        chips.dedup();
        let board_cores = placement::board_cores(spec, options);
        MappingReport {
            chip: spec.name.clone(),
            chips: Use { used: chips.len() as u64, limit: Some((board_cores / spec.cores_per_chip()) as u64) },
            board_cores: Use { used: cores.len() as u64, limit: Some(board_cores as u64) },
            input_channels: program.input_count,
            cores,
            projections: self.projections,
            losses: self.losses,
            freed: self.freed,
            xylo,
            placement: None,
            die,
            joined: Vec::new(),
            copies: Vec::new(),
            warnings,
        }
    }
}

/// Neurons that follow each other are one part, whatever circuits are left out between them.
fn joined(mut parts: Vec<PopulationRange>, next: PopulationRange) -> Vec<PopulationRange> {
    let follows = |last: &&mut PopulationRange| {
        last.population == next.population && last.first_index + last.count == next.first_index
    };
    match parts.last_mut().filter(follows) {
        Some(last) => last.count += next.count,
        None => parts.push(next),
    }
    parts
}

/// A number of units of 2^-20 as a real; exact below 2^53 units.
pub(crate) fn real(bits: i64) -> f64 {
    bits as f64 / f64::from(1u32 << Weight::FRACTION_BITS)
}

fn weight_report(errors: &WeightErrors, exponent: u8, currents: &[i16]) -> WeightReport {
    let step = real(1i64 << exponent);
    let largest = real(errors.largest as i64);
    let relative = |error: f64| if largest > 0.0 { error / largest } else { 0.0 };
    let mean_square = errors.square_sum as f64 / errors.connections.max(1) as f64;
    let rms_error = mean_square.sqrt() / f64::from(1u32 << Weight::FRACTION_BITS);
    let max_error = real(errors.max as i64);
    WeightReport {
        step,
        currents: currents.iter().map(|c| f64::from(*c) * step).collect(),
        largest,
        rms_error,
        max_error,
        rms_error_relative: relative(rms_error),
        max_error_relative: relative(max_error),
        gains: Vec::new(),
    }
}

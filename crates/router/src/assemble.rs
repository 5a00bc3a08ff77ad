//! From rows and routes to a fabric: checks that do not depend on the kind of router, layouts, packing.

use crate::RouterError;
use crate::error::neuron;
use crate::fabric::{Fabric, Route, Row, Traffic};
use crate::weights::WeightChanges;
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, IdealSynapse, Program, SPIKES_PER_TICK_MAX, Source, Sums, SynapseSign};
use device_models::clocked::ARRIVED_MAX;
use device_models::{Digest, InputLayout, PackedSynapse};
use units::InputId;

/// Numbering of sources: input channels first, then the neurons of each core.
pub(crate) struct Sources {
    pub(crate) count: usize,
    pub(crate) first_of_core: Vec<u32>,
}

/// The numbering of `program`.
pub(crate) fn sources(program: &Program) -> Sources {
    let mut next = program.input_count;
    let mut first_of_core = Vec::with_capacity(program.cores.len());
    for core in &program.cores {
        first_of_core.push(next);
        next += core.neuron_count;
    }
    Sources { count: next as usize, first_of_core }
}

/// A row before it is packed.
pub(crate) struct RowDraft<'a> {
    pub(crate) core: usize,
    pub(crate) synapses: Cow<'a, [IdealSynapse]>,
    /// The numbers of their slots; empty where they are not kept.
    pub(crate) slots: Cow<'a, [u64]>,
}

/// What a router found.
pub(crate) struct Draft<'a> {
    pub(crate) sources: Sources,
    pub(crate) rows: Vec<RowDraft<'a>>,
    /// Source and route.
    pub(crate) routes: Vec<(usize, Route)>,
    pub(crate) traffic: Vec<Traffic>,
}

/// Checks that the cores of `program` exist on the board of `spec` and are sorted.
pub(crate) fn check_cores(spec: &ChipSpec, program: &Program) -> Result<(), RouterError> {
    let (chips, cores, neurons) = (spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core());
    for (index, core) in program.cores.iter().enumerate() {
        if index > 0 && program.cores[index - 1].address >= core.address {
            return Err(RouterError::CoreOrder { core: core.address });
        }
        if core.address.chip.index() >= chips || core.address.core.index() >= cores {
            return Err(RouterError::UnknownCore { core: core.address, chips, cores });
        }
        // Neuron ids have 16 bits.
        let limit = neurons.min(1 << 16);
        if core.neuron_count == 0 || core.neuron_count as usize > limit {
            return Err(RouterError::NeuronCount { core: core.address, used: core.neuron_count, limit });
        }
    }
    let total: u64 = program.cores.iter().map(|c| u64::from(c.neuron_count)).sum();
    if total + u64::from(program.input_count) >= u64::from(u32::MAX) { Err(RouterError::TooLarge) } else { Ok(()) }
}

/// What noise of events can add to the sums of one tick.
#[derive(Clone, Copy)]
pub(crate) struct Worst {
    /// Ticks whose events can arrive together because some of them are late.
    pub(crate) ticks: u64,
    /// Weights can grow to the end of 16 bits.
    pub(crate) weights: bool,
}

/// Packs `draft`.
pub(crate) fn assemble(
    spec: &ChipSpec,
    program: &Program,
    draft: Draft<'_>,
    worst: Worst,
) -> Result<Fabric, RouterError> {
    let total: u64 = draft.rows.iter().map(|r| r.synapses.len() as u64).sum();
    if total >= u64::from(u32::MAX) || draft.rows.len() as u64 >= u64::from(u32::MAX) {
        return Err(RouterError::TooLarge);
    }
    check_synapses(spec, program, &draft.rows)?;
    let layouts = layouts(spec, program, &draft.rows)?;
    let (synapses, slots, rows) = pack(&layouts, &draft.rows, total as usize);
    let mut fabric = Fabric {
        synapses,
        slots,
        rows,
        routes: Vec::with_capacity(draft.routes.len()),
        route_starts: vec![0; draft.sources.count + 1],
        traffic: draft.traffic,
        first_sources: draft.sources.first_of_core,
        input_models: vec![None; program.input_count as usize],
        layouts,
        delay_max: draft.routes.iter().map(|(_, r)| r.delay_ticks).max().unwrap_or(1),
        digest: 0,
        changes: WeightChanges::default(),
    };
    group_routes(&mut fabric, draft.routes);
    check_models(&mut fabric, program)?;
    check_sums(&fabric, spec, program, worst)?;
    fabric.digest = digest(&fabric);
    Ok(fabric)
}

fn check_synapses(spec: &ChipSpec, program: &Program, rows: &[RowDraft<'_>]) -> Result<(), RouterError> {
    for row in rows {
        let core = &program.cores[row.core];
        for synapse in row.synapses.iter() {
            let target = neuron(core.address, synapse.neuron.index());
            if u32::from(synapse.neuron.0) >= core.neuron_count {
                return Err(RouterError::UnusedNeuron { address: target, last: core.neuron_count - 1 });
            }
            let Some(kind) = spec.synapses.get(usize::from(synapse.synapse)) else {
                return Err(RouterError::UnknownSynapse { target, kind: synapse.synapse, count: spec.synapses.len() });
            };
            if synapse.weight < 0 && kind.sign != SynapseSign::Signed {
                let weight = synapse.weight.into();
                return Err(RouterError::NegativeWeight { target, kind: kind.name.clone(), weight });
            }
        }
    }
    Ok(())
}

/// The accumulators of each core: one lane for each kind of synapse that some row uses there.
fn layouts(spec: &ChipSpec, program: &Program, rows: &[RowDraft<'_>]) -> Result<Vec<InputLayout>, RouterError> {
    let mut used = vec![vec![false; spec.synapses.len()]; program.cores.len()];
    for row in rows {
        for synapse in row.synapses.iter() {
            used[row.core][usize::from(synapse.synapse)] = true;
        }
    }
    program.cores.iter().zip(&used).map(|(core, used)| Ok(InputLayout::new(spec, core, used)?)).collect()
}

/// Packed synapses, the numbers of their slots if they are kept, and where each row starts.
type Packed = (Vec<PackedSynapse>, Vec<u64>, Vec<Row>);

fn pack(layouts: &[InputLayout], drafts: &[RowDraft<'_>], total: usize) -> Packed {
    let mut synapses = Vec::with_capacity(total);
    let mut slots = Vec::new();
    let mut rows = Vec::with_capacity(drafts.len() + 1);
    for draft in drafts {
        rows.push(Row { core: draft.core as u32, start: synapses.len() as u32 });
        let start = synapses.len();
        let layout = &layouts[draft.core];
        let packed = draft.synapses.iter().map(|s| {
            layout.pack(s.synapse, s.neuron.index(), s.weight).expect("kinds and signs were checked before packing")
        });
        // Ascending targets: neighbours in the row are neighbours in the accumulators.
        if draft.slots.is_empty() {
            synapses.extend(packed);
            // Where sums saturate at each synapse, their order is part of the program.
            if !layout.model().facts().ordered {
                synapses[start..].sort_unstable_by_key(|s| (s.target(), s.weight()));
            }
        } else {
            let mut both: Vec<(PackedSynapse, u64)> = packed.zip(draft.slots.iter().copied()).collect();
            both.sort_unstable_by_key(|(s, slot)| (s.target(), s.weight(), *slot));
            synapses.extend(both.iter().map(|(s, _)| *s));
            slots.extend(both.iter().map(|(_, slot)| *slot));
        }
    }
    rows.push(Row { core: u32::MAX, start: synapses.len() as u32 });
    (synapses, slots, rows)
}

/// Sorts routes by source, then delay, then row: the order of delivery does not depend on that of the program.
fn group_routes(fabric: &mut Fabric, mut routes: Vec<(usize, Route)>) {
    routes.sort_unstable_by_key(|(source, route)| (*source, route.delay_ticks, route.row));
    for (source, route) in routes {
        fabric.route_starts[source + 1] += 1;
        fabric.routes.push(route);
    }
    for i in 1..fabric.route_starts.len() {
        fabric.route_starts[i] += fabric.route_starts[i - 1];
    }
}

/// Each source with its name.
fn all_sources(program: &Program) -> impl Iterator<Item = (Source, Option<CoreModel>)> + '_ {
    let inputs = (0..program.input_count).map(|i| (Source::Input(InputId(i)), None));
    inputs.chain(program.cores.iter().flat_map(|core| {
        let model = Some(core.model);
        (0..core.neuron_count as usize).map(move |n| (Source::Neuron(neuron(core.address, n)), model))
    }))
}

/// Spikes reach spiking cores and graded events rate cores; what an input channel means depends on what it reaches.
fn check_models(fabric: &mut Fabric, program: &Program) -> Result<(), RouterError> {
    for (index, (origin, model)) in all_sources(program).enumerate() {
        let mut from = model;
        for route in fabric.source_routes(index) {
            let to = program.cores[fabric.row(route.row).core].model;
            match *from.get_or_insert(to) {
                from if from.is_graded() != to.is_graded() => {
                    return Err(RouterError::MixedModels { origin, from, to });
                }
                _ => {}
            }
        }
        if let Source::Input(_) = origin {
            fabric.input_models[index] = from;
        }
    }
    Ok(())
}

/// Bounds what can arrive at each accumulator before it is used, in one tick or, at a clocked core, in one step:
/// every neuron of a clocked core once, other neurons once a tick, every input channel as often as it may in a step
/// (twice that, if a delay lays parts of two of its steps into one step of the core). Levels of graded events are at
/// most 2^24, so that the same bound keeps the 64-bit sums of rate units safe. Noise can bring events of several steps
/// into one.
pub(crate) fn check_sums(fabric: &Fabric, spec: &ChipSpec, program: &Program, worst: Worst) -> Result<(), RouterError> {
    let step_ticks = spec.step_ticks();
    let mut sums: Vec<Vec<u64>> = fabric.layouts.iter().map(|l| vec![0; l.lanes().len() * l.stride()]).collect();
    for (index, (_, source)) in all_sources(program).enumerate() {
        for route in fabric.source_routes(index) {
            let row = fabric.row(route.row);
            let target = program.cores[row.core].model;
            if target.facts().sums != Sums::Bounded {
                continue;
            }
            let straddles =
                target.is_clocked() && !u64::from(route.delay_ticks.saturating_sub(1)).is_multiple_of(step_ticks);
            let times = match source {
                None if target.is_graded() => 1,
                None => SPIKES_PER_TICK_MAX as u64 * if straddles { 2 } else { 1 },
                // A neuron of some models can spike several times in a step.
                Some(source) if source.is_clocked() || !target.is_clocked() => source.facts().spikes_max as u64,
                Some(source) => source.facts().spikes_max as u64 * step_ticks,
            };
            let late = if target.is_clocked() { (worst.ticks - 1).div_ceil(step_ticks) } else { worst.ticks - 1 };
            let layout = &fabric.layouts[row.core];
            let bounded = |s: &&PackedSynapse| !layout.takes_messages(s.target() / layout.stride());
            for synapse in row.synapses.iter().filter(bounded) {
                let weight = match synapse.weight().unsigned_abs() {
                    0 => 0,
                    _ if worst.weights => i16::MIN.unsigned_abs().into(),
                    weight => weight,
                };
                let sum = &mut sums[row.core][synapse.target()];
                *sum = sum.saturating_add(u64::from(weight).saturating_mul(times * (1 + late)));
            }
        }
    }
    // Between the ticks of a step, sums are part of a snapshot.
    let limit = if step_ticks == 1 { i32::MAX } else { ARRIVED_MAX } as u64;
    for (core, sums) in sums.iter().enumerate() {
        if let Some((target, &sum)) = sums.iter().enumerate().find(|(_, sum)| **sum > limit) {
            let target = neuron(program.cores[core].address, target % fabric.layouts[core].stride());
            return Err(RouterError::AccumulatorOverflow { target, sum, limit });
        }
    }
    Ok(())
}

fn digest(fabric: &Fabric) -> u64 {
    let mut digest = Digest::new();
    for synapse in &fabric.synapses {
        digest.push((synapse.target() as u64) << 32 | u64::from(synapse.weight() as u32));
    }
    for row in &fabric.rows {
        digest.push(u64::from(row.core) << 32 | u64::from(row.start));
    }
    for route in &fabric.routes {
        digest.push(u64::from(route.row) << 16 | u64::from(route.delay_ticks));
    }
    for &start in fabric.route_starts.iter().chain(&fabric.first_sources) {
        digest.push(start.into());
    }
    digest.value()
}

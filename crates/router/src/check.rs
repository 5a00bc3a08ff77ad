//! Whether a program can be loaded: what does not depend on the kind of router, and the whole check without packing.

use crate::draft::{Draft, Route, RowDraft};
use crate::error::{check_count, neuron};
use crate::sums::{Bounds, Worst};
use crate::{RouterError, kinds};
use alloc::vec::Vec;
use alloc::{format, vec};
use chip::{ChipSpec, CoreModel, CoreProgram, Program, Source, SynapseSign};
use device_models::{InputLayout, PackedSynapse};
use units::InputId;

/// Checks that the routing of `program` can be loaded into chips like `spec`, with its weights as they are: everything
/// that [`crate::Fabric::build`] checks, by the same rules, and returns the accumulators of each core.
///
/// # Errors
/// As [`crate::Fabric::build`].
///
/// # Panics
/// If `spec` was not validated (see [`chip::validate`]).
pub fn check(spec: &ChipSpec, program: &Program) -> Result<Vec<InputLayout>, RouterError> {
    check_cores(spec, program)?;
    let mut draft = kinds::of(spec, program)?.follow(spec, program, None)?;
    let Checked { layouts, .. } = check_draft(spec, program, &mut draft)?;
    let mut bounds = Bounds::new(spec, program, &layouts, Worst::QUIET);
    let models: Vec<Option<CoreModel>> = all_sources(program).map(|(_, model)| model).collect();
    for (source, route) in &draft.routes {
        let row = &draft.rows[route.row as usize];
        bounds.add(models[*source], row.core, route.delay_ticks, packed(&layouts[row.core], row));
    }
    bounds.check()?;
    Ok(layouts)
}

/// The synapses of a row as its core reads them; the row was checked.
pub(crate) fn packed<'a>(layout: &'a InputLayout, row: &'a RowDraft<'_>) -> impl Iterator<Item = PackedSynapse> + 'a {
    row.synapses.iter().map(|s| {
        layout.pack(s.synapse, s.neuron.index(), s.weight).expect("kinds and signs were checked before packing")
    })
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
        check_circuits(spec, core, limit)?;
    }
    let total: u64 = program.cores.iter().map(|c| u64::from(c.neuron_count)).sum();
    if total + u64::from(program.input_count) >= u64::from(u32::MAX) { Err(RouterError::TooLarge) } else { Ok(()) }
}

/// Checks the circuits of a core whose chip joins them: one entry a neuron, in order, none twice.
fn check_circuits(spec: &ChipSpec, core: &CoreProgram, limit: usize) -> Result<(), RouterError> {
    if core.circuits.is_empty() {
        return Ok(());
    }
    check_count(&format!("{}, circuits of neurons", core.address), core.circuits.len(), core.neuron_count as usize)?;
    let most = spec.router.joined_circuits_max();
    let mut free = 0;
    for (index, own) in core.circuits.iter().enumerate() {
        let (first, count) = (own.first.index(), usize::from(own.count));
        if first < free || !(1..=most).contains(&count) || first + count > limit {
            let address = neuron(core.address, index);
            return Err(RouterError::Circuits { address, first, count, free, most, limit });
        }
        free = first + count;
    }
    Ok(())
}

/// What the check of a draft found out.
pub(crate) struct Checked {
    /// The accumulators of each core.
    pub(crate) layouts: Vec<InputLayout>,
    /// By input channel: what its events drive.
    pub(crate) input_models: Vec<Option<CoreModel>>,
}

/// Checks the synapses and ends of `draft`, and sorts its routes by source, then delay, then row: the order of delivery
/// does not depend on that of the program.
pub(crate) fn check_draft(spec: &ChipSpec, program: &Program, draft: &mut Draft<'_>) -> Result<Checked, RouterError> {
    let total: u64 = draft.rows.iter().map(|r| r.synapses.len() as u64).sum();
    if total >= u64::from(u32::MAX) || draft.rows.len() as u64 >= u64::from(u32::MAX) {
        return Err(RouterError::TooLarge);
    }
    check_synapses(spec, program, &draft.rows)?;
    let layouts = layouts(spec, program, &draft.rows)?;
    draft.routes.sort_unstable_by_key(|(source, route)| (*source, route.delay_ticks, route.row));
    let input_models = check_models(program, draft)?;
    Ok(Checked { layouts, input_models })
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

/// Each source with its name and, of a neuron, its model.
pub(crate) fn all_sources(program: &Program) -> impl Iterator<Item = (Source, Option<CoreModel>)> + '_ {
    let inputs = (0..program.input_count).map(|i| (Source::Input(InputId(i)), None));
    inputs.chain(program.cores.iter().flat_map(|core| {
        let model = Some(core.model);
        (0..core.neuron_count as usize).map(move |n| (Source::Neuron(neuron(core.address, n)), model))
    }))
}

/// Spikes reach spiking cores and graded events rate cores; what an input channel means depends on what it reaches.
fn check_models(program: &Program, draft: &Draft<'_>) -> Result<Vec<Option<CoreModel>>, RouterError> {
    let mut input_models = vec![None; program.input_count as usize];
    let mut routes: &[(usize, Route)] = &draft.routes;
    for (index, (origin, model)) in all_sources(program).enumerate() {
        let mut from = model;
        let own = routes.iter().take_while(|(source, _)| *source == index).count();
        for (_, route) in routes.split_off(..own).unwrap_or_default() {
            let to = program.cores[draft.rows[route.row as usize].core].model;
            match *from.get_or_insert(to) {
                from if from.is_graded() != to.is_graded() => {
                    return Err(RouterError::MixedModels { origin, from, to });
                }
                _ => {}
            }
        }
        if let Source::Input(_) = origin {
            input_models[index] = from;
        }
    }
    Ok(input_models)
}

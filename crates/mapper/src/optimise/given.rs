//! Placements that the user gives, neuron by neuron.

use super::nets::Nets;
use super::traffic::Traffic;
use crate::placement::{Placement, board_cores};
use crate::sharing::may_share;
use crate::{Job, MapperError, Mapping, PlacementReport, fill};
use chip::{NeuronPlace, PlacementKind};
use std::collections::{BTreeMap, BTreeSet};
use units::CoreAddress;

/// Maps with every neuron in the core that `places` names, after the same rules as any other placement.
pub(crate) fn map_given(job: &Job<'_>, places: &[NeuronPlace]) -> Result<Mapping, MapperError> {
    let nets = Nets::of(job.network, job.counts);
    if job.router.limits(job.spec, job.network, &nets).is_none() {
        let reason = format!("on chip `{}` the places of neurons follow from their projections", job.spec.name);
        return Err(MapperError::Placement { reason });
    }
    let cores = checked(job, &nets, places).map_err(|reason| MapperError::Placement { reason })?;
    let mut mapping = fill(job, Placement::of_cores(job.network, &cores), PlacementKind::Given)?;
    let traffic = |placement: &Placement| Traffic::of(&nets, placement, job.spec, job.router);
    let in_order = job.router.place(job.network, job.spec, job.options, job.sharing(None)).ok();
    mapping.report.placement = Some(PlacementReport {
        kind: PlacementKind::Given,
        traffic: traffic(&mapping.placement),
        in_order: in_order.map(|placement| traffic(&placement)),
    });
    Ok(mapping)
}

/// The core of each neuron, counted through the populations.
fn checked(job: &Job<'_>, nets: &Nets, places: &[NeuronPlace]) -> Result<Vec<CoreAddress>, String> {
    let (populations, spec) = (&job.network.populations, job.spec);
    let per_chip = spec.cores_per_chip();
    let mut cores: Vec<Option<CoreAddress>> = vec![None; nets.neurons];
    for NeuronPlace { population: name, index, core } in places {
        let Some(population) = populations.iter().position(|population| population.name == *name) else {
            return Err(format!("the network has no population `{name}`"));
        };
        let size = populations[population].size;
        if *index >= size {
            return Err(format!("`{name}` has {size} neurons, and no neuron {index}"));
        }
        let on_chip = core.core.index() < per_chip;
        if !on_chip || core.chip.index() * per_chip + core.core.index() >= board_cores(spec, job.options) {
            return Err(format!("neuron {index} of `{name}` is to sit in {core}, which is not on the board"));
        }
        let spot = &mut cores[(nets.first[population] + index) as usize];
        if spot.replace(*core).is_some() {
            return Err(format!("neuron {index} of `{name}` is named twice"));
        }
    }
    let mut members: BTreeMap<CoreAddress, (usize, BTreeSet<usize>)> = BTreeMap::new();
    for (population, first) in nets.first.iter().enumerate() {
        let wish = &populations[population];
        for index in 0..wish.size {
            let Some(core) = cores[(first + index) as usize] else {
                return Err(format!("neuron {index} of `{}` has no place", wish.name));
            };
            let (count, there) = members.entry(core).or_default();
            *count += 1;
            there.insert(population);
        }
    }
    for (core, (count, there)) in members {
        let circuits = crate::sharing::circuits(spec, job.options, core) as usize;
        if count > circuits && circuits < spec.neurons_per_core() {
            let all = spec.neurons_per_core();
            return Err(format!("{count} neurons are to sit in {core}, of whose {all} circuits {circuits} are whole"));
        }
        if count > circuits {
            return Err(format!("{count} neurons are to sit in {core}, which has {circuits} circuits"));
        }
        let all: Vec<usize> = there.into_iter().collect();
        for pair in all.windows(2) {
            let [a, b] = [&populations[pair[0]], &populations[pair[1]]];
            if !may_share(spec, a, b) {
                let (a, b) = (&a.name, &b.name);
                return Err(format!("`{a}` and `{b}` are to sit in {core}, and their neurons cannot share a core"));
            }
        }
    }
    Ok(cores.into_iter().flatten().collect())
}

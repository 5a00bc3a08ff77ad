//! Geometry, router, tick and step.

use super::Findings;
use crate::CoreModel;
use crate::lanes::{PLACES_MAX, STRIDE_STEP, places};
use crate::mesh::HOP_OPERATIONS;
use crate::spec::{ChipSpec, ENERGY_OPERATIONS, Fact, RouterSpec, Section, Sort, Stated, whole_multiple};
use alloc::{format, string::String, vec::Vec};
use units::{Dimension, Unit};

/// A size of the chip.
struct Count<'a> {
    path: String,
    fact: &'a Fact,
    least: i64,
    most: i64,
    /// What limits it.
    reason: &'static str,
}

fn counts(spec: &ChipSpec) -> Vec<Count<'_>> {
    let narrows = spec.router.kind().narrows();
    let mesh = spec.mesh.as_ref().map(Section::stated).unwrap_or_default();
    let tables = [("geometry", spec.geometry.stated()), ("router", spec.router.stated()), ("mesh", mesh)];
    let all = tables.into_iter().flat_map(|(table, numbers)| numbers.into_iter().map(move |stated| (table, stated)));
    let of_counts = all.filter(|(_, stated)| stated.number.sort == Sort::Count);
    of_counts
        .map(|(table, Stated { number, path, fact })| {
            let narrower = narrows.iter().find(|(key, ..)| table == "geometry" && *key == number.key);
            let (most, reason) = narrower.map_or((*number.range.end(), number.reason), |&(_, most, why)| (most, why));
            Count { path: format!("{table}.{path}"), fact, least: *number.range.start(), most, reason }
        })
        .collect()
}

/// The exponents of weights, and what limits them.
pub(super) fn exponents(spec: &ChipSpec, findings: &mut Findings) {
    let ends = spec.router.stated();
    for ends in ends.chunk_by(|a, b| a.number.key == b.number.key) {
        let [low, high] = ends else { continue };
        let mut read = |stated: &Stated<'_>| {
            let path = format!("router.{}", stated.path);
            let (quantity, range) = (stated.fact.quantity, &stated.number.range);
            let value = findings.pure(&path, stated.fact)?.to_bits(0).ok().filter(|value| range.contains(value));
            let whole = value.filter(|_| quantity.value.exponent() >= 0);
            if whole.is_none() {
                let (least, most) = (range.start(), range.end());
                findings.add(path, format!("this is {quantity}, but must be a whole number from {least} to {most}"));
            }
            whole
        };
        if let (Some(least), Some(most)) = (read(low), read(high))
            && least > most
        {
            findings.add(format!("router.{}", low.path), format!("{least} is above the highest exponent, {most}"));
        }
    }
}

/// Prices of operations.
pub(super) fn energies(spec: &ChipSpec, findings: &mut Findings) {
    let valid: Vec<String> = ENERGY_OPERATIONS.iter().map(|name| String::from(*name)).collect();
    for (name, fact) in &spec.energy {
        let path = format!("energy.{name}");
        if !valid.contains(name) {
            findings.add_wrong_name(path, "an operation that is counted", name, valid.iter());
        } else if fact.quantity.unit.dimension() != Dimension::Energy || fact.quantity.value.signum() < 0 {
            findings
                .add(path, format!("this is {}, but must be an energy of at least 0, such as 24 pJ", fact.quantity));
        }
    }
}

/// A mesh, and what hops on it.
pub(super) fn mesh(spec: &ChipSpec, findings: &mut Findings) {
    let Some(mesh) = &spec.mesh else {
        for name in HOP_OPERATIONS.iter().filter(|name| spec.energy.contains_key(**name)) {
            let message = "nothing hops without a mesh: state `mesh`, or leave the price out".into();
            findings.add(format!("energy.{name}"), message);
        }
        return;
    };
    if let (Some(room), Some(cores)) = (mesh.cores(), spec.geometry.cores_per_chip.count())
        && room > 0
        && room < cores
    {
        findings.add("mesh", format!("it has room for {room} cores, but a chip has {cores}"));
    }
}

pub(super) fn xylo_layers(spec: &ChipSpec, findings: &mut Findings) {
    let RouterSpec::Xylo(router) = &spec.router else {
        if let Some(index) = spec.models.iter().position(|model| *model == CoreModel::Xylo) {
            let message = "core model `xylo` needs a router of kind `xylo`: its layers are wired by that".into();
            findings.add(format!("models[{index}]"), message);
        }
        return;
    };
    if let Some(index) = spec.models.iter().position(|model| *model != CoreModel::Xylo) {
        let message = format!("a router of kind `xylo` wires core model `xylo` only, not `{}`", spec.models[index]);
        findings.add(format!("models[{index}]"), message);
    }
    let geometry = &spec.geometry;
    for (entry, fact, expected) in [("chips", &geometry.chips, 1), ("cores_per_chip", &geometry.cores_per_chip, 2)] {
        if let Some(found) = fact.count().filter(|count| *count > 0 && *count != expected) {
            let message = format!("this is {found}, but a Xylo chip stands alone, with a hidden and an output layer");
            findings.add(format!("geometry.{entry}"), format!("{message}: write {expected}"));
        }
    }
    if let (Some(outputs), Some(neurons)) = (router.output_neurons.count(), geometry.neurons_per_core.count())
        && outputs > neurons
        && neurons > 0
    {
        let message = format!("{outputs} output neurons are more than the {neurons} neurons of a core");
        findings.add("router.output_neurons", message);
    }
    for (index, synapse) in spec.synapses.iter().enumerate() {
        let path = super::synapse_path(index, "kinetics.index");
        if let crate::spec::Kinetics::Register { index: register } = synapse.kinetics
            && register > 1
        {
            let name = &synapse.name;
            findings.add(path, format!("synapse kind `{name}` feeds register {register}, but there are 0 and 1"));
        }
    }
}

pub(super) fn counts_are_positive(spec: &ChipSpec, findings: &mut Findings) {
    for Count { path, fact, least, .. } in counts(spec) {
        let Some(value) = findings.pure(&path, fact) else { continue };
        // A whole number too large for 64 bits is left to `counts-fit`.
        let whole = value.exponent() >= 0;
        if !whole || value.signum() < 0 || (value.signum() == 0 && least > 0) {
            findings.add(path, format!("this is {value}, but must be a whole number of at least {least}"));
        }
    }
}

pub(super) fn counts_fit(spec: &ChipSpec, findings: &mut Findings) {
    for Count { path, fact, most, reason, .. } in counts(spec) {
        let Ok(value) = fact.quantity.value_in(Unit::ONE) else { continue };
        if value.exponent() >= 0 && value.signum() > 0 && fact.count().is_none_or(|count| count > most as u64) {
            findings.add(path, format!("this is {value}, but can be at most {most}: {reason}"));
        }
    }
    let kinds = spec.synapses.len();
    if kinds > 1 << 8 {
        let message = format!("a chip has at most 256 synapse kinds, this one has {kinds}: their index has 8 bits");
        findings.add("synapses[256]", message);
    }
}

pub(super) fn monitor_leaves_sram(spec: &ChipSpec, findings: &mut Findings) {
    let RouterSpec::TagCam(router) = &spec.router else { return };
    if let (Some(all), Some(monitor)) = (router.sram_words_per_neuron.count(), router.sram_words_for_monitor.count())
        && all > 0
        && monitor >= all
    {
        let path = "router.sram_words_for_monitor";
        findings.add(path, format!("the monitor takes {monitor} of {all} SRAM words, so that no neuron could send"));
    }
}

pub(super) fn delays_have_a_limit(spec: &ChipSpec, findings: &mut Findings) {
    let RouterSpec::TagCam(router) = &spec.router else { return };
    match (&router.delay_bits, &router.delay_max) {
        (Some(_), None) => {
            findings.add("router.delay_bits", "there is no `delay_max`: how long can a delay be?".into())
        }
        (None, Some(_)) => {
            findings.add("router.delay_max", "there are no `delay_bits` that could select a delay: add them".into());
        }
        _ => {}
    }
}

pub(super) fn accumulators_fit(spec: &ChipSpec, findings: &mut Findings) {
    let Some(neurons) = spec.geometry.neurons_per_core.count().filter(|n| *n <= 1 << 16) else { return };
    // A core has at most one lane for each kind of synapse of its model, so a full core with all of these in use fits.
    let of_model = |model: &CoreModel| spec.synapses.iter().filter(|kind| model.takes(kind)).count();
    let kinds = spec.models.iter().map(of_model).max().unwrap_or(0);
    let places = places(neurons as usize, kinds);
    if places > PLACES_MAX {
        let message = format!(
            "{neurons} neurons (padded to a multiple of {STRIDE_STEP}) times {kinds} synapse kinds is {places}, but a \
             synapse can name at most {PLACES_MAX} places of a core: use more, smaller cores"
        );
        findings.add("geometry.neurons_per_core", message);
    }
}

pub(super) fn tick_is_a_time(spec: &ChipSpec, findings: &mut Findings) {
    let tick = spec.tick.quantity;
    if tick.unit.dimension() != Dimension::Time {
        let found = tick.unit.dimension();
        findings.add("tick", format!("this is {found}, but a tick is a time, such as 1 ms"));
    } else if !tick.to_bits(Unit::MILLISECOND, 32).is_ok_and(|bits| bits > 0) {
        findings.add("tick", format!("a tick of {tick} is not possible: from 2^-32 ms to 2^31 ms, and more than 0"));
    }
}

pub(super) fn step_is_whole_ticks(spec: &ChipSpec, findings: &mut Findings) {
    let (Some(step), tick) = (&spec.step, spec.tick.quantity) else { return };
    let step = step.quantity;
    if step.unit.dimension() != Dimension::Time {
        let found = step.unit.dimension();
        findings.add("step", format!("this is {found}, but a step is a time, such as 1 ms"));
    } else if !step.to_bits(Unit::MILLISECOND, 32).is_ok_and(|bits| bits > 0) {
        findings.add("step", format!("a step of {step} is not possible: from one tick to 2^31 ms"));
    } else if tick.unit.dimension() == Dimension::Time
        && tick.value.signum() > 0
        && whole_multiple(step, tick).is_none()
    {
        let message = format!("a step of {step} is not a whole number of ticks of {tick}: choose a multiple");
        findings.add("step", message);
    }
}

//! Geometry, router, tick and step.

use super::Findings;
use crate::CoreModel;
use crate::spec::{ChipSpec, ENERGY_OPERATIONS, Fact, RouterSpec, whole_multiple};
use alloc::{format, string::String, vec, vec::Vec};
use units::{Dimension, Unit};

/// A size of the chip: path, value, the least and the most that it can be, and what limits it.
type Count<'a> = (&'static str, &'a Fact, u64, u64, &'static str);

fn counts(spec: &ChipSpec) -> Vec<Count<'_>> {
    let geometry = &spec.geometry;
    let mut all: Vec<Count<'_>> = vec![
        ("geometry.chips", &geometry.chips, 1, 1 << 16, "a chip id has 16 bits"),
        ("geometry.cores_per_chip", &geometry.cores_per_chip, 1, 1 << 16, "a core id has 16 bits"),
        ("geometry.neurons_per_core", &geometry.neurons_per_core, 1, 1 << 16, "a neuron id has 16 bits"),
    ];
    if let RouterSpec::TagCam(router) = &spec.router {
        all[1].3 = 16;
        all[1].4 = "the core mask of an event has 16 bits";
        all.extend([
            ("router.cam_words_per_neuron", &router.cam_words_per_neuron, 1, 1 << 16, "a slot id has 16 bits"),
            ("router.sram_words_per_neuron", &router.sram_words_per_neuron, 1, 1 << 16, "a slot id has 16 bits"),
            ("router.sram_words_for_monitor", &router.sram_words_for_monitor, 0, 1 << 16, "a slot id has 16 bits"),
            ("router.tag_bits", &router.tag_bits, 1, 16, "a tag is kept in 16 bits"),
            ("router.weight_bits", &router.weight_bits, 1, 8, "the weight bits of a CAM word are kept in 8 bits"),
            ("router.hop_max", &router.hop_max, 0, 127, "a hop is kept in 8 bits with sign"),
        ]);
    }
    if let RouterSpec::Crossbar(router) = &spec.router {
        all[0].3 = 1;
        all[0].4 = "events do not leave a chip with a crossbar";
        all.extend([
            ("router.synapse_rows", &router.synapse_rows, 1, 1 << 24, "more rows cannot be named"),
            ("router.buses", &router.buses, 1, 1 << 8, "a bus is named by 8 bits"),
            ("router.drivers_per_bus", &router.drivers_per_bus, 1, 1 << 8, "a driver is named by 8 bits"),
            ("router.rows_per_driver", &router.rows_per_driver, 1, 1 << 8, "a row is named by 8 bits"),
            ("router.label_bits", &router.label_bits, 1, 8, "a label is kept in 8 bits"),
            ("router.row_select_bits", &router.row_select_bits, 1, 8, "a row select is kept in 8 bits"),
            ("router.neuron_label_bits", &router.neuron_label_bits, 1, 16, "what a neuron sends is kept in 16 bits"),
            ("router.columns_per_output", &router.columns_per_output, 1, 1 << 16, "a neuron id has 16 bits"),
            ("router.weight_bits", &router.weight_bits, 1, 8, "a weight code is kept in 8 bits"),
        ]);
    }
    if let RouterSpec::Axon(router) = &spec.router {
        all.extend([
            ("router.input_axons", &router.input_axons, 1, 1 << 32, "more sources cannot be named"),
            ("router.output_axons", &router.output_axons, 1, 1 << 32, "more axons cannot be counted"),
            ("router.synapse_bits", &router.synapse_bits, 1, 1 << 40, "more bits cannot be counted"),
            ("router.synapses_per_group", &router.synapses_per_group, 1, 1 << 16, "more cannot be counted"),
            ("router.weight_bits", &router.weight_bits, 1, 8, "weights are kept with at most 8 bits"),
            ("router.delay_max", &router.delay_max, 0, 4095, "delays are kept in a ring of steps"),
        ]);
    }
    if let RouterSpec::Xylo(router) = &spec.router {
        all.extend([
            ("router.input_channels", &router.input_channels, 1, 1 << 16, "more channels cannot be named"),
            ("router.output_neurons", &router.output_neurons, 1, 1 << 16, "a neuron id has 16 bits"),
            ("router.hidden_fan_out", &router.hidden_fan_out, 0, 1 << 17, "more synapses cannot be told apart"),
            ("router.weight_bits", &router.weight_bits, 1, 8, "a weight is kept in 8 bits"),
            ("router.weight_shift_max", &router.weight_shift_max, 0, 8, "a shifted weight is kept in 16 bits"),
        ]);
        for (path, fact) in
            [("router.input_targets", &router.input_targets), ("router.output_sources", &router.output_sources)]
        {
            all.extend(fact.as_ref().map(|fact| (path, fact, 1, 1 << 16, "a neuron id has 16 bits")));
        }
        let fan_in = router.hidden_fan_in.as_ref();
        all.extend(fan_in.map(|fact| ("router.hidden_fan_in", fact, 1, 1 << 18, "more synapses cannot be told apart")));
    }
    all
}

/// The exponents of weights, and what limits them.
pub(super) fn exponents(spec: &ChipSpec, findings: &mut Findings) {
    let RouterSpec::Axon(router) = &spec.router else { return };
    let (low, high) = &router.weight_exponent;
    let mut read = |entry: &str, fact: &Fact| {
        let path = format!("router.weight_exponent.{entry}");
        let value = findings.pure(&path, fact)?.to_bits(0).ok().filter(|v| (-8..=7).contains(v));
        let whole = fact.quantity.value.exponent() >= 0;
        if value.is_none() || !whole {
            findings.add(path, format!("this is {}, but must be a whole number from -8 to 7", fact.quantity));
        }
        value.filter(|_| whole)
    };
    if let (Some(low), Some(high)) = (read("low", low), read("high", high))
        && low > high
    {
        findings.add("router.weight_exponent.low", format!("{low} is above the highest exponent, {high}"));
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
        if synapse.gain.is_some() {
            let message = "a synapse of a Xylo neuron has no gain: remove it".into();
            findings.add(super::synapse_path(index, "gain"), message);
        }
    }
}

pub(super) fn counts_are_positive(spec: &ChipSpec, findings: &mut Findings) {
    for (path, fact, least, ..) in counts(spec) {
        let Some(value) = findings.pure(path, fact) else { continue };
        // A whole number too large for 64 bits is left to `counts-fit`.
        let whole = value.exponent() >= 0;
        if !whole || value.signum() < 0 || (value.signum() == 0 && least > 0) {
            findings.add(path, format!("this is {value}, but must be a whole number of at least {least}"));
        }
    }
}

pub(super) fn counts_fit(spec: &ChipSpec, findings: &mut Findings) {
    for (path, fact, _, most, reason) in counts(spec) {
        let Ok(value) = fact.quantity.value_in(Unit::ONE) else { continue };
        if value.exponent() >= 0 && value.signum() > 0 && fact.count().is_none_or(|count| count > most) {
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

pub(super) fn accumulators_fit(spec: &ChipSpec, findings: &mut Findings) {
    let Some(neurons) = spec.geometry.neurons_per_core.count().filter(|n| *n <= 1 << 16) else { return };
    let kinds = spec.synapses.len() as u64;
    // Cores keep their sums in lanes that are padded to whole vectors of 16.
    let places = neurons.next_multiple_of(16) * kinds;
    if places > 1 << 16 {
        let message = format!(
            "{neurons} neurons (padded to a multiple of 16) times {kinds} synapse kinds is {places}, but a synapse \
             can name at most 65536 places of a core: use more, smaller cores"
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

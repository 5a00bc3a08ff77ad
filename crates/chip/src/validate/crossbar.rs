//! Arrays of synapses behind a crossbar.

use super::{Findings, synapse_path};
use crate::spec::{ChipSpec, RouterSpec, Section, Stated, SynapseSign};
use alloc::{format, vec::Vec};

/// The sizes of a crossbar chip by key, if all of them are counts.
fn sizes(spec: &ChipSpec) -> Option<impl Fn(&str) -> u64> {
    let RouterSpec::Crossbar(router) = &spec.router else { return None };
    let count = |stated: Stated<'_>| {
        let count = stated.fact.count().filter(|count| (1..=1 << 24).contains(count))?;
        Some((stated.number.key, count))
    };
    let counts: Vec<(&str, u64)> = router.stated().into_iter().map(count).collect::<Option<_>>()?;
    Some(move |key: &str| counts.iter().find(|(name, _)| *name == key).map_or(0, |(_, count)| *count))
}

pub(super) fn rows_belong_to_drivers(spec: &ChipSpec, findings: &mut Findings) {
    let Some(size) = sizes(spec) else { return };
    let (rows, buses) = (size("synapse_rows"), size("buses"));
    let (drivers, served) = (size("drivers_per_bus"), size("rows_per_driver"));
    let all = buses.saturating_mul(drivers).saturating_mul(served);
    if rows != all {
        let message = format!("{rows} rows, but {buses} buses of {drivers} drivers with {served} rows each are {all}");
        findings.add("router.synapse_rows", message);
    }
}

pub(super) fn events_have_addresses(spec: &ChipSpec, findings: &mut Findings) {
    let Some(size) = sizes(spec) else { return };
    let (label, select, own) = (size("label_bits"), size("row_select_bits"), size("neuron_label_bits"));
    if label > 8 || select > 8 {
        return; // `counts-fit` has said so
    }
    if size("drivers_per_bus") > 1 << select {
        let message =
            format!("{} drivers, but {select} bits select at most {}", size("drivers_per_bus"), 1u64 << select);
        findings.add("router.drivers_per_bus", message);
        return;
    }
    if !(label..=label + select).contains(&own) {
        let message = format!(
            "{own} bits, but a neuron sets at least the {label} of a label and at most the {select} of a row select \
             with them"
        );
        findings.add("router.neuron_label_bits", message);
        return;
    }
    let named = 1u64 << own;
    let sharing = spec.geometry.cores_per_chip.count().unwrap_or(0).saturating_mul(size("columns_per_output"));
    if sharing > named {
        let message =
            format!("{sharing} neurons of all cores share an event output, but {own} bits name {named} of them");
        findings.add("router.neuron_label_bits", message);
        return;
    }
    let Some(neurons) = spec.geometry.neurons_per_core.count() else { return };
    let (outputs, named) = (neurons.div_ceil(size("columns_per_output")), 1u64 << (label + select - own));
    if outputs > named {
        let message =
            format!("{outputs} event outputs, but the {} bits that no neuron sets name {named}", label + select - own);
        findings.add("router.columns_per_output", message);
    }
}

pub(super) fn rows_have_signs(spec: &ChipSpec, findings: &mut Findings) {
    if !matches!(spec.router, RouterSpec::Crossbar(_)) {
        return;
    }
    for (index, synapse) in spec.synapses.iter().enumerate().filter(|(_, s)| s.sign == SynapseSign::Signed) {
        let message =
            format!("synapse kind `{}` is signed, but the sign of a synapse is that of its row", synapse.name);
        findings.add(synapse_path(index, "sign"), message);
    }
}

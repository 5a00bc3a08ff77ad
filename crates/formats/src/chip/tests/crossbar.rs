//! Wrong files of chips with a crossbar, and what the two files of BrainScaleS-2 have in common.

use super::{Case, check_shipped};
use crate::chip::shipped;
use units::{Decimal, Unit};

#[test]
fn one_wrong_line_gives_one_clear_error() {
    check_shipped("brainscales2", CASES);
}

/// What to replace, by what, the error without its place.
pub(super) const CASES: &[Case] = &[
    (
        "kind = \"crossbar\"",
        "kind = \"crosbar\"",
        "`router.kind`: `crosbar` is not a kind of router\nhelp: did you mean `crossbar`?",
    ),
    (
        "row_select_bits = {",
        "row_selects = {",
        "unknown key `row_selects` in `router`\nhelp: did you mean `row_select_bits`?",
    ),
    (
        "chips = { value = 1,",
        "chips = { value = 2,",
        "`geometry.chips`: this is 2, but can be at most 1: events do not leave a chip with a crossbar [counts-fit]",
    ),
    (
        "synapse_rows = { value = 256,",
        "synapse_rows = { value = 255,",
        "`router.synapse_rows`: 255 rows, but 4 buses of 32 drivers with 2 rows each are 256 [rows-belong-to-drivers]",
    ),
    (
        "synapse_rows = { value = 256,",
        "synapse_rows = { value = 0,",
        "`router.synapse_rows`: this is 0, but must be a whole number of at least 1 [counts-are-positive]",
    ),
    (
        "row_select_bits = { value = 5,",
        "row_select_bits = { value = 4,",
        "`router.drivers_per_bus`: 32 drivers, but 4 bits select at most 16 [events-have-addresses]",
    ),
    (
        "label_bits = { value = 6, unit = \"1\", source = \"haldls\"",
        "label_bits = { value = 9, unit = \"1\", source = \"haldls\"",
        "`router.label_bits`: this is 9, but can be at most 8: a label is kept in 8 bits [counts-fit]",
    ),
    (
        "neuron_label_bits = { value = 8,",
        "neuron_label_bits = { value = 5,",
        "`router.neuron_label_bits`: 5 bits, but a neuron sets at least the 6 of a label and at most the 5 of a row \
         select with them [events-have-addresses]",
    ),
    (
        "neuron_label_bits = { value = 8,",
        "neuron_label_bits = { value = 9,",
        "`router.columns_per_output`: 8 event outputs, but the 2 bits that no neuron sets name 4 \
         [events-have-addresses]",
    ),
    (
        "columns_per_output = { value = 32,",
        "columns_per_output = { value = 200,",
        "`router.neuron_label_bits`: 400 neurons of all cores share an event output, but 8 bits name 256 of them \
         [events-have-addresses]",
    ),
    (
        "sign = \"inhibitory\"",
        "sign = \"signed\"",
        "`synapses[1].sign`: synapse kind `inhibitory` is signed, but the sign of a synapse is that of its row \
         [rows-have-signs]",
    ),
];

/// The one is the other with its mismatch multiplied by the documented ratios, or divided by them.
#[test]
fn calibration_changes_the_mismatch_and_nothing_else() {
    let (calibrated, raw) = (shipped("brainscales2").unwrap(), shipped("brainscales2-uncalibrated").unwrap());
    let cv = |spec: &chip::ChipSpec, name: &str| {
        spec.parameters[name].mismatch.as_ref().unwrap().cv.quantity.value_in(Unit::ONE).unwrap().to_bits(32).unwrap()
    };
    let ratios = [("tau_mem", "0.45"), ("tau_syn_exc", "0.2"), ("tau_syn_inh", "0.2"), ("v_threshold", "0.35")];
    for (name, ratio) in ratios {
        let ratio = ratio.parse::<Decimal>().unwrap().to_bits(32).unwrap();
        let expected = ((i128::from(cv(&raw, name)) * i128::from(ratio)) >> 32) as i64;
        // The files give percent with one digit, so a CV after calibration is off by at most 0.05 %.
        assert!((expected - cv(&calibrated, name)).abs() <= (1i64 << 32) / 2000, "{name}");
    }
    let mut same = raw.clone();
    (same.name, same.summary, same.sources) =
        (calibrated.name.clone(), calibrated.summary.clone(), calibrated.sources.clone());
    for (name, parameter) in &mut same.parameters {
        assert_eq!(parameter.mismatch.is_some(), ratios.iter().any(|(n, _)| n == name), "{name}");
        let Some(mismatch) = &mut parameter.mismatch else { continue };
        mismatch.cv = calibrated.parameters[name].mismatch.as_ref().unwrap().cv.clone();
    }
    assert_eq!(same, calibrated);
    let shared = |spec: &chip::ChipSpec| spec.sources.iter().filter(|(k, v)| raw.sources.get(*k) == Some(v)).count();
    assert_eq!(shared(&calibrated), calibrated.sources.len() - 2, "only the sources of the mismatch differ");
    // The tick is measured, and one number of the mismatch; the text of the others says what they are.
    for (spec, measured) in [(&calibrated, 2), (&raw, 1)] {
        let of = |e| spec.facts().iter().filter(|(_, fact)| fact.evidence == e).count();
        assert_eq!(of(chip::Evidence::Measured), measured);
    }
    assert!(calibrated.sources["ratio"].contains("ASSUMED") && raw.sources["guess"].contains("ASSUMED"));
}

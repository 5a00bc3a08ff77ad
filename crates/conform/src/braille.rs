//! Recognition of `nir-braille-golden/1`: rasters of two trained nets whose weights lie in a NIR file.
//!
//! The case holds the input and the rasters of several simulators, but not the weights: those are in the HDF5 file
//! that `nir_file` names, which is not read here. What the case says about itself is compared (spike counts of every
//! raster, counts of the outputs, the label); a contradiction is a difference. Without one the case is reported as
//! incomplete rather than as passed, since no dynamics were replayed.

use crate::arrays::{Array, Element, INT16, UINT8};
use crate::case::Case;
use crate::error::ConformError;
use crate::outcome::{Comparison, Fact};
use crate::read::{MAX_NEURONS, MAX_STEPS, within};

/// Most spikes of a neuron in a step; chips with a fast clock inside a step send more than one.
const SPIKES_MAX: i64 = 31;

/// Compares what the case says about itself.
///
/// # Errors
/// [`ConformError::Incomplete`] if all of it is right.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let arrays = case.arrays()?;
    let weights = fields.text("nir_file")?;
    let steps = fields.count("steps", MAX_STEPS)?;
    let count = |name| fields.count(name, MAX_NEURONS);
    let (inputs, hidden, outputs) = (count("n_in")?, count("n_hidden")?, count("n_out")?);
    let raster = |field: &str, key: &str, element: &[Element], columns, most| -> Result<Array, ConformError> {
        let why = "a row per step, a column per neuron or channel";
        let array = arrays.read(field, key, element, &[Some(steps), Some(columns)], why)?;
        within(&arrays, key, &array, 0..=most, &format!("a number of spikes from 0 to {most}"))?;
        Ok(array)
    };
    raster("n_in", "input", UINT8, inputs, 1)?;

    let mut comparison = Comparison::default();
    let mut fact = |quantity: &str, field: String, expected: i64, got: i64| {
        let (expected, got) = (expected.to_string(), got.to_string());
        comparison.facts.push(Fact { quantity: quantity.to_owned(), field, values: 1, expected, got });
    };
    let platforms = fields.object("hidden")?;
    for platform in platforms.names() {
        let one = platforms.object(platform)?;
        let array = raster(&one.path("key"), one.text("key")?, INT16, hidden, SPIKES_MAX)?;
        let spikes = one.integer("spikes", 0..=i64::MAX)?;
        fact("spikes", one.path("spikes"), spikes, array.values.iter().sum());
    }
    let output = raster("n_out", "out_snntorch_rule", UINT8, outputs, 1)?;
    let mut counts = vec![0; outputs];
    for (at, &spikes) in output.values.iter().enumerate() {
        counts[at % outputs] += spikes;
    }
    let field = "out_counts_snntorch_rule";
    let recorded = fields.list(field)?;
    if recorded.len() != outputs {
        return Err(fields.wrong(field, format!("a list of {outputs} counts, one per output")));
    }
    for (at, (expected, &got)) in recorded.iter().zip(&counts).enumerate() {
        let expected = expected.as_i64().ok_or_else(|| fields.wrong(field, "a list of integers"))?;
        fact("counts", format!("{field}[{at}]"), expected, got);
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let class = counts.iter().position(|&count| count == most).unwrap_or(0) as i64;
    fact("label", "label".to_owned(), fields.integer("label", 0..=outputs as i64 - 1)?, class);

    if comparison.facts.iter().any(|fact| fact.expected != fact.got) {
        return Ok(comparison);
    }
    Err(ConformError::Incomplete {
        file: fields.file().to_owned(),
        missing: format!(
            "the weights of this net are in '{weights}' (HDF5), which is not read: only its {} spike counts and its \
             label were compared with its rasters",
            comparison.facts.len() - 1
        ),
    })
}

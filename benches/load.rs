//! The exact networks of other tools, from npz archives.
//!
//! Arrays: `N`, `steps`, `ref` (refractory steps); `indptr`, `post`, `w` (1/256 mV), a row a sender; `in_indptr`,
//! `in_post`,
//! `in_w`, a row an input train; `in_step`, `in_idx`, the input events by the step in which they are drawn, one before
//! they arrive; `alpha` (what a step leaves of the membrane), `bias` (mV a step), `th`, `v0` (mV), one number a neuron.

use crate::workload::{Rows, Workload};
use formats::FormatError;
use formats::npz::Npz;
use std::path::Path;
use units::Decimal;

/// The workload in the archive at `path`.
///
/// # Errors
/// The archive cannot be read, or lacks one of its arrays.
pub fn load(name: &str, path: &Path) -> Result<Workload, FormatError> {
    let archive = Npz::open(path)?;
    let neurons: u64 = archive.number("N")?;
    let rows = |starts: &str, post: &str, weight: &str| -> Result<Rows, FormatError> {
        Ok(Rows { starts: archive.vector(starts)?, post: archive.vector(post)?, weight: archive.vector(weight)? })
    };
    let alpha: Vec<f64> = archive.vector_of("alpha", neurons)?;
    let bias: Vec<f64> = archive.vector_of("bias", neurons)?;
    let (step, channel): (Vec<u64>, Vec<u32>) = (archive.vector("in_step")?, archive.vector("in_idx")?);
    let input = rows("in_indptr", "in_post", "in_w")?;
    let decimals = |values: Vec<f64>| values.into_iter().map(decimal).collect();
    Ok(Workload {
        name: name.to_owned(),
        steps: archive.number("steps")?,
        neurons: neurons as usize,
        channels: input.starts.len() - 1,
        tau: decimals(alpha.iter().map(|a| -1.0 / a.ln()).collect()),
        drive: decimals(bias.iter().zip(&alpha).map(|(bias, alpha)| bias / (1.0 - alpha)).collect()),
        threshold: decimals(archive.vector_of("th", neurons)?),
        initial: decimals(archive.vector_of("v0", neurons)?),
        refractory_steps: archive.number("ref")?,
        recurrent: rows("indptr", "post", "w")?,
        input,
        events: step.into_iter().map(|s| s + 1).zip(channel).collect(),
    })
}

/// Nine decimal places: finer than the emulation, coarser than the noise of the last bits of a float.
fn decimal(value: f64) -> Decimal {
    Decimal::new((value * 1e9).round() as i64, -9)
}

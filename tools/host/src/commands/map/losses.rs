//! The lost connections of a report in JSON: how many, by projection and cause, and the first; all on request.

use mapper::{Limit, MappingReport};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Lost connections that stand in JSON unasked.
const SHOWN: usize = 20;

/// The report, with all of its losses or the first.
pub(crate) fn report(report: &MappingReport, all: bool) -> Value {
    let shown = if all { report.losses.len() } else { report.losses.len().min(SHOWN) };
    let mut counts: BTreeMap<(usize, Limit), u64> = BTreeMap::new();
    for loss in &report.losses {
        *counts.entry((loss.projection, loss.cause)).or_default() += 1;
    }
    let counts = counts.into_iter().map(|((projection, cause), connections)| {
        json!({ "projection": report.projections[projection].name, "cause": cause, "connections": connections })
    });
    let counts: Vec<Value> = counts.collect();
    let mut value = json!(MappingReport { losses: report.losses[..shown].to_vec(), ..without_losses(report) });
    value["lost"] = json!({ "connections": report.losses.len(), "shown": shown, "by": counts });
    value
}

/// The report without its longest list, which need not be copied.
fn without_losses(report: &MappingReport) -> MappingReport {
    MappingReport {
        chip: report.chip.clone(),
        chips: report.chips,
        board_cores: report.board_cores,
        input_channels: report.input_channels,
        cores: report.cores.clone(),
        projections: report.projections.clone(),
        losses: Vec::new(),
        freed: report.freed,
        placement: report.placement.clone(),
        die: report.die.clone(),
        xylo: report.xylo.clone(),
        joined: report.joined.clone(),
        copies: report.copies.clone(),
        warnings: report.warnings.clone(),
    }
}

//! What runs cost, as text and as JSON, under the names of NeuroBench where these are its.

use chip::{ChipSpec, HOP_OPERATIONS};
use score::{Cost, MeanHops};
use serde_json::{Value, json};
use session::Board;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Cores whose hops are printed.
const CORES_SHOWN: usize = 8;

/// The costs of `what`.
pub(super) fn text(what: &str, board: &Board, cost: &Cost) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{share:.3}"));
    let count = |count: Option<f64>| count.map_or_else(|| "-".into(), |count| format!("{count:.0}"));
    let mut text = format!(
        "cost of {what}: footprint {} B, connection sparsity {:.3}, activation sparsity {}\n\
         synaptic operations: Dense {}, Effective_MACs {}, Effective_ACs {}\n",
        cost.footprint,
        cost.connection_sparsity,
        share(cost.activation_sparsity),
        count(cost.dense),
        count(cost.effective_macs),
        count(cost.effective_acs),
    );
    let spec = board.spec();
    match cost.energy_j {
        Some(joules) => {
            let sources = listed(cost.energy.iter().map(|item| item.source.as_str()));
            let _ = writeln!(text, "energy, by the prices of {sources}: {:.3} uJ", joules * 1e6);
        }
        None => {
            let _ = writeln!(text, "energy: the file of chip `{}` has no price with a source", spec.name);
        }
    }
    if let Some(hops) = &cost.hops {
        text.push_str(&hops_text(hops, spec));
    }
    match (&cost.latency, &spec.latency) {
        (Some(latency), Some(stated)) => {
            let times = stated.operations.values().chain(stated.barrier.iter().map(|barrier| &barrier.time));
            let _ = writeln!(
                text,
                "latency, by the times of {}: {:.3} us, of which {:.3} us barriers; longest step {:.3} us",
                listed(times.map(|fact| fact.source.as_str())),
                latency.total_s * 1e6,
                latency.barrier_s * 1e6,
                latency.longest_step_s * 1e6,
            );
        }
        _ => {
            let _ = writeln!(text, "latency: the file of chip `{}` states no time of an operation", spec.name);
        }
    }
    text
}

/// The hops of a run: all of them, and those of the cores whose events go farthest.
fn hops_text(hops: &MeanHops, spec: &ChipSpec) -> String {
    let stated = |index: usize| spec.energy.get(HOP_OPERATIONS[index]);
    let direction = |index: usize, name: &str| {
        let price = stated(index).map_or_else(String::new, |fact| format!(" at {}", fact.quantity));
        format!("{:.0} {name}{price}", hops.hops[index])
    };
    let joules = |energy: Option<f64>| energy.map_or_else(String::new, |joules| format!(": {:.6} uJ", joules * 1e6));
    let grades: Vec<String> =
        (0..2).filter_map(stated).map(|fact| format!("{} ({})", fact.source, fact.evidence)).collect();
    let sources = listed(grades.iter().map(String::as_str));
    let by = if sources.is_empty() { String::new() } else { format!(", by the prices of {sources}") };
    let mut text = format!(
        "hops between tiles{by}: {}, {}{}\n",
        direction(0, "east-west"),
        direction(1, "north-south"),
        joules(hops.energy_j)
    );
    let mut cores: Vec<_> = hops.cores.iter().filter(|core| core.hops != [0.0; 2]).collect();
    cores.sort_by(|a, b| (b.hops[0] + b.hops[1]).total_cmp(&(a.hops[0] + a.hops[1])).then(a.core.cmp(&b.core)));
    for core in cores.iter().take(CORES_SHOWN) {
        let _ = writeln!(
            text,
            "  core {}: {:.0} east-west, {:.0} north-south{}",
            core.core,
            core.hops[0],
            core.hops[1],
            joules(core.energy_j)
        );
    }
    if cores.len() > CORES_SHOWN {
        let _ = writeln!(text, "  and {} cores with fewer; `--json` has all", cores.len() - CORES_SHOWN);
    }
    text
}

/// Each of `sources` once.
fn listed<'a>(sources: impl Iterator<Item = &'a str>) -> String {
    sources.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

pub(super) fn json(cost: &Cost) -> Value {
    json!({
        "neurons": cost.neurons,
        "synapses": cost.synapses,
        "footprint": cost.footprint,
        "connection_sparsity": cost.connection_sparsity,
        "steps": cost.steps,
        "activation_sparsity": cost.activation_sparsity,
        "synaptic_operations": {
            "Dense": cost.dense,
            "Effective_MACs": cost.effective_macs,
            "Effective_ACs": cost.effective_acs,
            "all": cost.operations,
        },
        "neuron_updates": cost.neuron_updates,
        "spikes": cost.spikes,
        "events_sent": cost.events_sent,
        "energy_j": cost.energy_j,
        "energy": cost.energy,
        "hops": cost.hops.as_ref().map(|hops| json!({
            "east_west": hops.hops[0],
            "north_south": hops.hops[1],
            "energy_j": hops.energy_j,
            "cores": hops.cores.iter().map(|core| json!({
                "core": [core.core.chip, core.core.core],
                "east_west": core.hops[0],
                "north_south": core.hops[1],
                "energy_j": core.energy_j,
            })).collect::<Vec<_>>(),
        })),
        "latency": cost.latency.as_ref().map(|latency| json!({
            "total_s": latency.total_s,
            "barrier_s": latency.barrier_s,
            "longest_step_s": latency.longest_step_s,
            "cores": latency.cores_s.iter().map(|(sending, receiving)| {
                json!({ "sending_s": sending, "receiving_s": receiving })
            }).collect::<Vec<_>>(),
        })),
    })
}

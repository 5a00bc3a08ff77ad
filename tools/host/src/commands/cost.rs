//! What runs cost, as text and as JSON, under the names of NeuroBench where these are its.

use score::Cost;
use serde_json::{Value, json};
use session::Board;
use std::collections::BTreeSet;
use std::fmt::Write;

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

//! What `quenched run --json` prints.

use super::Outcome;
use crate::args::RunArgs;
use crate::commands::{cost, probe};
use emulator::LossCause;
use serde_json::{Map, Value, json};

/// One run.
pub(super) fn of(args: &RunArgs, outcome: &Outcome) -> Value {
    let session = &outcome.session;
    let populations =
        outcome.activity.iter().map(|a| json!({ "name": a.name, "model": a.model.name(), "spikes": a.events }));
    let c = session.counters();
    let lost = LossCause::ALL.map(|cause| (cause.name().replace(' ', "_"), json!(c.losses.by_cause(cause))));
    let overflows = session.overflows().into_iter();
    let overflows = Map::from_iter(overflows.map(|(register, count)| (register.to_string(), json!(count))));
    let cost = outcome.cost();
    let mut value = json!({
        "chip": session.board().spec().name,
        "seed": args.which.seed,
        "die": args.which.die.json(),
        "cv": args.which.cv.map(|cv| cv.to_string()),
        "noise": args.noise.then(|| json!({ "trial": args.trial })),
        "faults": session.faults_in_use().map(|faults| {
            let counts = faults.named().map(|(name, count)| (name.replace(' ', "_"), json!(count)));
            Value::from(Map::from_iter(counts))
        }),
        "weights_cut": session.emulator().fabric().weight_changes().saturated,
        "from_tick": outcome.from.0,
        "to_tick": session.now().0,
        "seconds": outcome.seconds(),
        "populations": populations.collect::<Vec<_>>(),
        "input_events": outcome.account.as_ref().map(|account| account.json()),
        "probes": probe::as_json(session),
        "counters": {
            "inputs": c.inputs,
            "spikes": c.spikes,
            "events_sent": c.events_sent,
            "events_delivered": c.events_delivered,
            "unmatched_broadcasts": c.unmatched_broadcasts,
            "synaptic_operations": c.synaptic_operations,
            "neuron_updates": c.neuron_updates,
            "saturations": c.saturations,
            "first_saturation": session.first_saturation().map(|first| {
                json!({ "tick": first.tick.0, "neuron": first.neuron, "quantity": first.quantity })
            }),
            "lost": Map::from_iter(lost),
        },
        "overflows": (!overflows.is_empty()).then_some(overflows),
        "energy": cost.energy,
        "cost": cost::json(&cost),
        "warnings": outcome.warnings,
        "digest": format!("{:016x}", session.digest()),
        "files": outcome.written,
    });
    let muted = session.muted();
    if !muted.is_empty() {
        value["muted"] = json!(muted);
    }
    value
}

/// One run for each of several inputs.
pub(super) fn of_several(args: &RunArgs, outcomes: &[Outcome]) -> Value {
    let runs = outcomes.iter().map(|outcome| {
        let mut run = of(args, outcome);
        run["input"] = json!(outcome.input.as_ref().map(|input| input.display().to_string()));
        run
    });
    json!({ "runs": runs.collect::<Vec<_>>() })
}

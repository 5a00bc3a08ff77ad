//! What `quenched score --json` prints.

use super::text::{class, mismatch};
use super::{Block, Result};
use crate::commands::cost;
use score::{DieScore, confusion, mean_over_dies, worst};
use serde_json::{Value, json};
use statistics::{LEVEL, clopper_pearson, wilson};

pub(super) fn of(result: &Result<'_>, files: &[String]) -> Value {
    let args = result.args;
    json!({
        "chip": result.board.spec().name,
        "data": args.set.data.display().to_string(),
        "samples": result.set.samples.len(),
        "classes": result.set.classes,
        "output": result.output,
        "decide": result.rule.name(),
        "seed": args.seed,
        "noise": args.noise.then(|| json!({ "trial": args.trial })),
        "vary": args.vary,
        "results": result.blocks.iter().map(|block| block_of(result, block)).collect::<Vec<_>>(),
        "warnings": result.warnings,
        "files": files,
    })
}

fn block_of(result: &Result<'_>, block: &Block) -> Value {
    let (set, scores) = (result.set, &block.scores);
    let accuracies: Vec<f64> = scores.iter().map(|die| die.accuracy(set)).collect();
    let over = mean_over_dies(&accuracies);
    let required = result.args.require.map(|require| {
        let reach = accuracies.iter().filter(|accuracy| **accuracy >= require).count();
        json!({
            "require": require,
            "reach": reach,
            "dies": scores.len(),
            "share": reach as f64 / scores.len() as f64,
            "interval": clopper_pearson(reach, scores.len(), LEVEL),
            "method": "Clopper-Pearson",
        })
    });
    let worst = &scores[worst(set, scores)];
    let mistakes = (0..worst.outcomes.len()).filter(|index| !worst.is_correct(set, *index)).map(|index| {
        let (sample, decision) = (&set.samples[index], worst.outcomes[index].decision);
        json!({
            "sample": sample.name,
            "label": class(result, sample.label as usize),
            "decision": decision.class.map(|found| class(result, found as usize)),
            "tie": decision.tie,
        })
    });
    json!({
        "cv": block.cv.map(|cv| cv.to_string()),
        "mismatch": mismatch(result, block),
        "alike": block.alike,
        "dies": scores.iter().map(|die| die_of(result, die)).collect::<Vec<_>>(),
        "over_dies": {
            "dies": over.dies,
            "mean": over.mean,
            "sd": over.sd,
            "interval": over.interval,
            "method": "t",
        },
        "yield": required,
        "confusion": confusion(set, result.outputs, scores),
        "cost": cost_of(result, &scores[0]),
        "worst": { "die": worst.die.0, "mistakes": mistakes.collect::<Vec<_>>() },
    })
}

fn die_of(result: &Result<'_>, die: &DieScore) -> Value {
    let (set, count) = (result.set, die.outcomes.len());
    let correct = die.correct(set);
    json!({
        "die": die.die.0,
        "accuracy": die.accuracy(set),
        "interval": wilson(correct, count, LEVEL),
        "method": "Wilson",
        "correct": correct,
        "samples": count,
        "ties": die.ties(),
        "undecided": die.undecided(),
        "spikes": die.total(|outcome| outcome.spikes),
        "output_spikes": die.total(|outcome| outcome.output_spikes),
        "synaptic_operations": die.total(|outcome| outcome.synaptic_operations),
        "saturations": die.total(|outcome| outcome.saturations),
        "overflows": die.total(|outcome| outcome.overflows),
        "events_lost": die.total(|outcome| outcome.events_lost),
        "decisions": die.outcomes.iter().map(|outcome| outcome.decision.class).collect::<Vec<_>>(),
    })
}

/// Costs of a sample.
fn cost_of(result: &Result<'_>, die: &DieScore) -> Value {
    let mut value = cost::json(&score::cost(result.board, &die.into()));
    value["die"] = json!(die.die.0);
    value
}

//! What `quenched score` prints.

use super::{Block, Result};
use crate::commands::cost;
use report::text_table;
use score::{DieScore, confusion, mean_over_dies, worst};
use statistics::{LEVEL, clopper_pearson, wilson};
use std::fmt::Write;

/// Classes of a confusion matrix that is shown.
const CLASSES_MAX: usize = 20;
/// Mistakes that are listed.
const MISTAKES_MAX: usize = 20;

pub(super) fn of(result: &Result<'_>) -> String {
    let mut text = heading(result);
    for block in &result.blocks {
        let _ = write!(text, "\n{}", block_text(result, block));
    }
    if !result.warnings.is_empty() {
        let _ = write!(text, "\n{}", result.warnings);
    }
    text
}

/// What was shown to what.
fn heading(result: &Result<'_>) -> String {
    let args = result.args;
    let noise = if args.noise { format!(", noise of trial {}", args.trial) } else { String::new() };
    format!(
        "{} on chip `{}`, seed {}{noise}\n{} samples of {}, {} classes, decided by `{}`: {}\n",
        args.what.network.display(),
        result.board.spec().name,
        args.seed,
        result.set.samples.len(),
        args.set.data.display(),
        result.set.classes.len(),
        result.output,
        result.rule.words()
    )
}

/// How the dies of a block differ.
pub(super) fn mismatch(result: &Result<'_>, block: &Block) -> String {
    let names: Vec<String> = result.args.vary.iter().map(|name| format!("`{name}`")).collect();
    match (block.cv, names.is_empty()) {
        (None, true) => "mismatch as in the chip file".into(),
        (Some(cv), true) => format!("mismatch scaled to CV {cv}"),
        (None, false) => format!("mismatch of {} only, as in the chip file", names.join(" and ")),
        (Some(cv), false) => format!("mismatch of {} only, of CV {cv}", names.join(" and ")),
    }
}

fn block_text(result: &Result<'_>, block: &Block) -> String {
    let (set, scores) = (result.set, &block.scores);
    let mut text = format!("{}\n", mismatch(result, block));
    let header =
        ["die", "accuracy", "95 %", "correct", "ties", "undecided", "spikes", "operations", "cut"].map(String::from);
    text.push_str(&text_table(&header, scores.iter().map(|die| row(result, die)).collect(), &[2]));
    text.push_str(
        "95 %: over samples, by Wilson's interval. spikes, operations: of a sample, the mean. cut: states at the end of \
         their\nformat, in all samples.\n\n",
    );
    let accuracies: Vec<f64> = scores.iter().map(|die| die.accuracy(set)).collect();
    let over = mean_over_dies(&accuracies);
    let _ = write!(text, "mean over dies  {:.3}", over.mean);
    match (over.sd, over.interval) {
        (Some(sd), Some((low, high))) => {
            let _ = writeln!(text, ", 95 % {low:.3} to {high:.3} (t over {} dies, sd {sd:.3})", over.dies);
        }
        _ if block.alike => text.push_str(" (all dies are alike: nothing differs between them)\n"),
        _ => text.push_str(" (one die says nothing of others: see `--dies`)\n"),
    }
    if let Some(require) = result.args.require {
        let reach = accuracies.iter().filter(|accuracy| **accuracy >= require).count();
        let (low, high) = clopper_pearson(reach, scores.len(), LEVEL);
        let share = reach as f64 / scores.len() as f64;
        let _ = write!(text, "yield           {share:.3}: {reach} of {} dies reach {require}", scores.len());
        let _ = match block.alike {
            true => writeln!(text),
            false => writeln!(text, ", 95 % {low:.3} to {high:.3} (Clopper and Pearson)"),
        };
    }
    let worst = &scores[worst(set, scores)];
    if scores.len() > 1 {
        let _ = writeln!(text, "worst die       {}: {:.3}", worst.die.0, worst.accuracy(set));
    }
    let what = format!("a sample on die {}", scores[0].die.0);
    let _ = write!(text, "\n{}", cost::text(&what, result.board, &score::cost(result.board, &(&scores[0]).into())));
    let _ = write!(text, "\n{}", matrix(result, scores));
    let _ = write!(text, "\n{}", mistakes(result, worst));
    text
}

fn row(result: &Result<'_>, die: &DieScore) -> Vec<String> {
    let (set, count) = (result.set, die.outcomes.len());
    let (correct, (low, high)) = (die.correct(set), wilson(die.correct(set), count, LEVEL));
    let mean = |sum: u64| format!("{:.0}", sum as f64 / count as f64);
    vec![
        die.die.0.to_string(),
        format!("{:.3}", die.accuracy(set)),
        format!("{low:.3} to {high:.3}"),
        format!("{correct} of {count}"),
        die.ties().to_string(),
        die.undecided().to_string(),
        mean(die.total(|outcome| outcome.spikes)),
        mean(die.total(|outcome| outcome.synaptic_operations)),
        die.total(|outcome| outcome.saturations).to_string(),
    ]
}

/// The name of output neuron `class`.
pub(super) fn class(result: &Result<'_>, class: usize) -> String {
    result.set.classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// Which label was decided as what, on all dies together.
fn matrix(result: &Result<'_>, scores: &[DieScore]) -> String {
    let classes = result.set.classes.len();
    if classes > CLASSES_MAX {
        return format!("{classes} classes are too many for a table of decisions: `--json` has it.\n");
    }
    let all = confusion(result.set, result.outputs, scores);
    // Labels that no sample has, and decisions that were never made beyond the classes, say nothing.
    let rows: Vec<usize> = (0..classes).filter(|row| all[*row].iter().any(|count| *count > 0)).collect();
    let none = result.outputs as usize;
    let shown = |column: &usize| *column < classes || all.iter().any(|row| row[*column] > 0);
    let columns: Vec<usize> = (0..=none).filter(shown).collect();
    let mut header = vec!["label".to_owned()];
    header.extend(columns.iter().map(|c| if *c == none { "none".into() } else { class(result, *c) }));
    let cell = |row: usize, column: usize| match all[row][column] {
        0 => "\u{b7}".to_owned(),
        count => count.to_string(),
    };
    let row = |row: usize| {
        let mut cells = vec![class(result, row)];
        cells.extend(columns.iter().map(|column| cell(row, *column)));
        cells
    };
    let of = if scores.len() > 1 { format!(" of all {} dies", scores.len()) } else { String::new() };
    let table = text_table(&header, rows.into_iter().map(row).collect(), &[0]);
    format!("decisions{of}: a row a label, a column a decision\n{table}")
}

/// What the worst die decided wrongly.
fn mistakes(result: &Result<'_>, die: &DieScore) -> String {
    let set = result.set;
    let wrong: Vec<usize> = (0..die.outcomes.len()).filter(|index| !die.is_correct(set, *index)).collect();
    if wrong.is_empty() {
        return format!("die {} makes no mistake\n", die.die.0);
    }
    let row = |index: &usize| {
        let (sample, decision) = (&set.samples[*index], die.outcomes[*index].decision);
        let decided = decision.class.map_or_else(|| "none".into(), |found| class(result, found as usize));
        let tie = if decision.tie { "tie" } else { "" };
        vec![sample.name.clone(), class(result, sample.label as usize), decided, tie.into()]
    };
    let header = ["sample", "label", "decision", ""].map(String::from);
    let table = text_table(&header, wrong.iter().take(MISTAKES_MAX).map(row).collect(), &[0, 3]);
    let more = match wrong.len().saturating_sub(MISTAKES_MAX) {
        0 => String::new(),
        more => format!("and {more} more: `--csv FILE` has all\n"),
    };
    format!("mistakes of die {}\n{table}{more}", die.die.0)
}

//! What `quenched run` prints.

use super::Outcome;
use super::account::Account;
use crate::args::{RunArgs, WhichDie};
use crate::commands::{cost, probe};
use emulator::LossCause;
use report::{sparkline, text_table};
use session::PopulationActivity;
use std::fmt::Write;
use warnings::Warnings;

/// Populations that have a column of their own in the table of several runs, at most.
const COLUMNS_MAX: usize = 6;

/// One run.
pub(super) fn of(args: &RunArgs, outcome: &Outcome) -> String {
    let session = &outcome.session;
    let mut text = heading(args, outcome);
    if let Some(account) = &outcome.account {
        text.push_str(&account.text());
        text.push('\n');
    }
    text.push_str(&populations(outcome));
    text.push('\n');
    if !session.recordings().is_empty() && args.traces.is_none() && args.plot.is_none() {
        text.push_str(&probe::table(session));
        text.push('\n');
    }
    for (name, count) in counters(outcome) {
        let _ = writeln!(text, "  {name:<40}{count:>14}");
    }
    for (name, count) in session.faults_in_use().iter().flat_map(|faults| faults.named()) {
        let _ = writeln!(text, "  {:<40}{count:>14}", format!("broken: {name}"));
    }
    let cut = session.emulator().fabric().weight_changes().saturated;
    if cut > 0 {
        let _ = writeln!(text, "  {:<40}{cut:>14}", "weights of the die cut at 16 bits");
    }
    let _ = write!(text, "\n{}", cost::text("the run", session.board(), &outcome.cost()));
    if !outcome.warnings.is_empty() {
        let _ = write!(text, "\n{}", outcome.warnings);
    }
    let _ = writeln!(text, "\ndigest {:016x}", session.digest());
    text.push_str(&files(outcome.written.iter()));
    text
}

/// One run for each of several inputs: a line a run.
pub(super) fn of_several(args: &RunArgs, outcomes: &[Outcome]) -> String {
    let mut text = outcomes.first().map_or_else(String::new, |outcome| heading(args, outcome));
    let shown = outcomes.first().map_or(0, |outcome| outcome.activity.len().min(COLUMNS_MAX));
    let mut header: Vec<String> = ["input", "events read", "used"].map(String::from).into();
    header.extend(outcomes.iter().take(1).flat_map(|o| o.activity[..shown].iter().map(|a| a.name.clone())));
    header.extend(["spikes", "lost", "cut", "digest"].map(String::from));
    let rows = outcomes.iter().map(|outcome| {
        let counters = outcome.session.counters();
        let input = outcome.input.as_ref().map_or_else(String::new, |input| input.display().to_string());
        let count = |of: fn(&Account) -> u64| outcome.account.as_ref().map_or(0, of).to_string();
        let mut row = vec![input, count(Account::read), count(Account::used)];
        row.extend(outcome.activity[..shown].iter().map(|a| a.total().to_string()));
        row.extend([counters.spikes, counters.losses.total(), counters.saturations].map(|count| count.to_string()));
        row.push(format!("{:016x}", outcome.session.digest()));
        row
    });
    let last = header.len() - 1;
    text.push_str(&text_table(&header, rows.collect(), &[0, last]));
    text.push_str("\nEach line is a run of its own. lost: events; cut: states at the end of their format.\n");
    text.push_str("`--json` shows each run in full.\n");
    let mut warnings = Warnings::default();
    outcomes.iter().for_each(|outcome| warnings.extend(outcome.warnings.clone()));
    if !warnings.is_empty() {
        let _ = write!(text, "\n{warnings}");
    }
    text.push_str(&files(outcomes.iter().flat_map(|outcome| &outcome.written)));
    text
}

/// What runs where, and when.
fn heading(args: &RunArgs, outcome: &Outcome) -> String {
    let session = &outcome.session;
    let mismatch = match args.which.cv {
        _ if matches!(args.which.die, WhichDie::File(_)) => "measured".into(),
        Some(cv) => format!("mismatch scaled to CV {cv}"),
        None => "mismatch as in the chip file".into(),
    };
    let noise = if args.noise { format!(", noise of trial {}", args.trial) } else { String::new() };
    let muted = session.muted();
    let muted = if muted.is_empty() { String::new() } else { format!("muted: {}\n", muted.join(", ")) };
    format!(
        "{} on die {} of chip `{}`, seed {}, {mismatch}{noise}\nticks {} to {}, {} s\n{muted}\n",
        args.what.network.display(),
        args.which.die,
        session.board().spec().name,
        args.which.seed,
        outcome.from,
        session.now(),
        outcome.seconds()
    )
}

fn populations(outcome: &Outcome) -> String {
    let length = outcome.seconds();
    let row = |a: &PopulationActivity| {
        let rate = |events: u64| if length > 0.0 { format!("{:.1}", events as f64 / length) } else { "-".into() };
        let mean = if length > 0.0 { a.total() as f64 / a.events.len() as f64 / length } else { 0.0 };
        vec![
            a.name.clone(),
            a.model.name().into(),
            a.events.len().to_string(),
            a.total().to_string(),
            format!("{mean:.1}"),
            rate(a.events.iter().copied().min().unwrap_or(0)),
            rate(a.events.iter().copied().max().unwrap_or(0)),
            a.silent().to_string(),
            over_time(a),
        ]
    };
    let header =
        ["population", "model", "neurons", "spikes", "Hz mean", "lowest", "highest", "silent", "spikes over time"];
    text_table(&header.map(String::from), outcome.activity.iter().map(row).collect(), &[0, 1, 8])
}

/// Spikes over time; flat at the bottom if there are none.
fn over_time(activity: &PopulationActivity) -> String {
    if activity.total() == 0 {
        return "▁".repeat(activity.parts.len());
    }
    let parts: Vec<f64> = activity.parts.iter().map(|&events| events as f64).collect();
    sparkline(&parts)
}

fn files<'a>(written: impl Iterator<Item = &'a String>) -> String {
    let lines: String = written.map(|file| format!("  {file}\n")).collect();
    if lines.is_empty() { lines } else { format!("\nWritten:\n{lines}") }
}

/// What the emulator counted, in words.
fn counters(outcome: &Outcome) -> Vec<(String, u64)> {
    let c = outcome.session.counters();
    let mut all: Vec<(String, u64)> = [
        ("input events", c.inputs),
        ("spikes or changes of output", c.spikes),
        ("events sent", c.events_sent),
        ("events delivered", c.events_delivered),
        ("broadcasts that no synapse answered", c.unmatched_broadcasts),
        ("synaptic operations", c.synaptic_operations),
        ("neuron updates", c.neuron_updates),
        ("states cut at the end of their format", c.saturations),
    ]
    .map(|(name, count)| (name.to_string(), count))
    .into();
    let overflows = outcome.session.overflows().into_iter();
    all.extend(overflows.map(|(register, count)| (format!("overflows of {register}"), count)));
    all.extend(LossCause::ALL.map(|cause| (format!("events lost: {}", cause.name()), c.losses.by_cause(cause))));
    all
}

//! `quenched map` with several chips: one network on each, in one table.

use crate::args::MapArgs;
use crate::commands::load::{Loaded, load_on};
use crate::commands::map::losses;
use crate::errors::HostError;
use crate::output::{print, print_json, warn};
use mapper::MappingReport;
use report::text_table;
use serde_json::{Value, json};
use std::fmt::Write;
use warnings::Warnings;

/// A chip, and what became of the network on it: a report, or why there is none.
struct Tried {
    chip: String,
    outcome: Result<MappingReport, String>,
}

/// Maps the network onto each chip that is named.
pub(crate) fn run(args: &MapArgs) -> Result<(), HostError> {
    let what = &args.what;
    if let Some(path) = &args.out {
        return Err(HostError::Usage {
            message: format!("`--out {}` is one program, and {} chips are named", path.display(), what.chip.len()),
            help: Some("name one chip to write its program".into()),
        });
    }
    if let Some(path) = &args.html {
        return Err(HostError::Usage {
            message: format!("`--html {}` is of one mapping, and {} chips are named", path.display(), what.chip.len()),
            help: Some("name one chip to draw its floor plan".into()),
        });
    }
    if args.rates.set().is_some() {
        let flag = if args.rates.rates.is_some() { "--rates" } else { "--calibrate" };
        return Err(HostError::Usage {
            message: format!("`{flag}` is of one mapping, and {} chips are named", what.chip.len()),
            help: Some("name one chip to show samples to".into()),
        });
    }
    let mut all = Vec::new();
    for chip in &what.chip {
        // A chip that cannot be read is a mistake; one that cannot hold the network is an answer.
        let spec = formats::chip::resolve(chip)?;
        let outcome = match load_on(what, spec, false, &args.for_die) {
            Ok(Loaded { report: Some(report), .. }) => Ok(report),
            Ok(_) => {
                return Err(HostError::Usage {
                    message: format!(
                        "{}: a program was made for one chip, and several are named",
                        what.network.display()
                    ),
                    help: Some("give the network that the program was made of".into()),
                });
            }
            Err(error) => Err(error.render(false)),
        };
        all.push(Tried { chip: chip.clone(), outcome });
    }
    let mut warnings = Warnings::default();
    let reports = all.iter().filter_map(|tried| tried.outcome.as_ref().ok());
    reports.for_each(|report| warnings.extend(report.warnings.clone()));
    if args.json {
        let chips: Vec<Value> = all.iter().map(|tried| as_json(tried, args.all_losses)).collect();
        print_json(&json!({ "network": what.network.display().to_string(), "chips": chips }))?;
    } else {
        print(&as_text(&all))?;
    }
    if all.iter().all(|tried| tried.outcome.is_err()) {
        return Err(HostError::NoChip { file: what.network.display().to_string(), chips: all.len() });
    }
    warn(&warnings, args.json, what.deny_warnings)
}

fn as_json(tried: &Tried, all_losses: bool) -> Value {
    match &tried.outcome {
        Ok(report) => json!({ "chip": tried.chip, "report": losses::report(report, all_losses) }),
        Err(refusal) => json!({ "chip": tried.chip, "refused": refusal }),
    }
}

fn as_text(all: &[Tried]) -> String {
    let header = ["chip", "chips", "cores", "neurons", "kept", "lost", "rounded to 0", "weight error", "warnings"];
    let row = |tried: &Tried| {
        let numbers = match &tried.outcome {
            Ok(report) => numbers(report),
            Err(_) => {
                let mut cells = vec![String::from("-"); header.len() - 1];
                cells[0] = "refused".into();
                cells
            }
        };
        [vec![tried.chip.clone()], numbers].concat()
    };
    let mut text = text_table(&header.map(String::from), all.iter().map(row).collect(), &[0]);
    text.push_str(
        "\nkept, lost, rounded to 0: connections. weight error: root mean square in the worst projection, of that of\n\
         the weights asked for. Quantities of time are the same on every chip, whatever its own time constants are.\n",
    );
    for Tried { chip, outcome } in all {
        match outcome {
            Ok(report) if report.warnings.is_empty() => {}
            Ok(report) => {
                let _ = write!(text, "\n{chip}\n{}", report.warnings);
            }
            Err(refusal) => {
                let _ = writeln!(text, "\n{chip}\n{}", refusal.trim_end());
            }
        }
    }
    text
}

/// The cells of a chip that holds the network.
fn numbers(report: &MappingReport) -> Vec<String> {
    let neurons: u64 = report.cores.iter().map(|core| core.neurons.used).sum();
    let rounded: u64 = report.projections.iter().map(|projection| projection.rounded).sum();
    let worst = report.worst_projection().map_or(0.0, |projection| projection.weights.rms_error_relative);
    vec![
        report.chips.to_string(),
        report.board_cores.to_string(),
        neurons.to_string(),
        report.kept().to_string(),
        report.losses.len().to_string(),
        rounded.to_string(),
        format!("{:.2} %", 100.0 * worst),
        report.warnings.len().to_string(),
    ]
}

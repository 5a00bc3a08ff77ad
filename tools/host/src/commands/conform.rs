//! `quenched conform`: golden cases replayed and compared.

use crate::args::ConformArgs;
use crate::errors::HostError;
use crate::output::print;
use conform::{CaseReport, Options, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// `quenched conform`.
pub(crate) fn run(args: &ConformArgs, quiet: bool) -> Result<(), HostError> {
    let options = Options { strict_overflows: args.strict_overflows };
    let bar = progress(quiet);
    let report = conform::run_each(&args.paths, &options, |case: &CaseReport, at: Progress| {
        bar.set_length(at.total as u64);
        bar.set_position(at.done as u64);
        // A line as soon as a case is done: who watches a long run sees the first difference at once.
        if args.json { Ok(()) } else { bar.suspend(|| print(&case.text(at.width))) }
    });
    bar.finish_and_clear();
    let report = report?;
    if let Some(path) = &args.junit {
        formats::output::write_atomic(path, report.to_junit().as_bytes())?;
    }
    match args.json {
        true => print(&report.to_json())?,
        false => print(&format!("\n{}", report.summary()))?,
    }
    let (_, failed, damaged, _) = report.counts();
    match report.failed() {
        true => Err(HostError::Conform { failed, damaged, cases: report.cases.len() }),
        false => Ok(()),
    }
}

fn progress(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {pos} of {len} cases, {eta} left");
    bar.set_style(style.expect("the template is valid").progress_chars("━╸ "));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

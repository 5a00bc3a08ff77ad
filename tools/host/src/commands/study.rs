//! `quenched study`: run a study, print its table, write its files.

use crate::args::StudyArgs;
use crate::commands::numbers::{numbers, quantity};
use crate::errors::HostError;
use crate::output::{note, print_json, warn};
use crate::outputs::{Done, Outputs};
use crate::progress::progress;
use budget::Allowance;
use chip::{ChipSpec, Evidence};
use formats::output::{Abandon, STANDARD_OUTPUT};
use report::{ChipNumber, ChipSection, Page, Spread, Stage, TaskResults};
use serde_json::{Value, json};
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use study::{RunOptions, StudyResult, StudySpec};

/// Set by Ctrl-C.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// `quenched study`.
pub(crate) fn run(args: &StudyArgs, quiet: bool) -> Result<(), HostError> {
    let spec = spec(args)?;
    if args.out.as_os_str() == STANDARD_OUTPUT {
        return Err(HostError::Usage {
            message: "`--out -`: a study writes several files, which do not go to standard output together".into(),
            help: Some("name a directory; `./-` is one of this name".into()),
        });
    }
    let threads =
        args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get), |n| n as usize);
    Allowance::large_if(args.allow_large).check(&spec.estimate(threads))?;
    let mut outputs = Outputs::new(args.json);
    watch_for_interrupt(outputs.abandon());
    outputs.reads_all_so_far()?;
    // Claimed before the work, so that a directory that cannot be written to is found out at once.
    outputs.folder(&args.out, &["results.csv", "manifest.json", "report.html"])?;
    let result = run_study(&spec, args, quiet)?;
    let page = Page { result: &result, chip: &chip_section(&spec.base.chip.spec), command: &command(args) }.html();
    outputs.write_in_folder("results.csv", result.csv().as_bytes())?;
    outputs.write_in_folder("manifest.json", result.manifest_json().as_bytes())?;
    outputs.write_in_folder("report.html", page.as_bytes())?;
    if args.figures {
        for (name, picture) in figures(&result) {
            outputs.write_in_folder(&name, picture.as_bytes())?;
        }
    }
    let denied = args.deny_warnings && !result.manifest.warnings.is_empty();
    // What is an error leaves no files.
    let done = if denied { Done::default() } else { outputs.commit()? };
    if args.json {
        print_json(&as_json(&result, &done.files))?;
    } else {
        done.print(&as_text(&result, &done))?;
    }
    warn(&result.manifest.warnings, args.json, args.deny_warnings)
}

/// The study with what the command line changes.
fn spec(args: &StudyArgs) -> Result<StudySpec, HostError> {
    let mut spec = match &args.file {
        Some(path) => study::load(path)?,
        None => study::default_study(),
    };
    if args.quick {
        spec.quicken();
    }
    if let Some(seed) = args.seed {
        spec.set_seed(seed);
    }
    if let Some(dies) = args.dies {
        spec.set_dies(dies);
    }
    Ok(spec)
}

/// The command that gives the same results: what only changes speed or place is left out.
fn command(args: &StudyArgs) -> String {
    let mut command = String::from("quenched study");
    if let Some(file) = &args.file {
        let _ = write!(command, " {}", file.display());
    }
    if args.quick {
        command.push_str(" --quick");
    }
    if let Some(seed) = args.seed {
        let _ = write!(command, " --seed {seed}");
    }
    if let Some(dies) = args.dies {
        let _ = write!(command, " --dies {dies}");
    }
    command
}

fn run_study(spec: &StudySpec, args: &StudyArgs, quiet: bool) -> Result<StudyResult, HostError> {
    let bar = progress(spec.run_count() as u64, "{pos} of {len} runs", quiet);
    let options = RunOptions {
        threads: args.threads.and_then(|n| NonZeroUsize::new(n as usize)),
        cancel: &CANCELLED,
        progress: &|done, _| bar.set_position(done as u64),
    };
    let result = study::run(spec, &options);
    bar.finish_and_clear();
    Ok(result?)
}

/// Ctrl-C (or a request to end, as schedulers send) asks the study to stop. Given again after a while, it ends the
/// process at once.
fn watch_for_interrupt(outputs: Abandon) {
    /// A signal that a terminal and a parent process both pass on arrives twice; only a later one is a second wish.
    const AGAIN: Duration = Duration::from_secs(1);
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let handler = move || {
        if !CANCELLED.swap(true, Ordering::Relaxed) {
            FIRST.get_or_init(Instant::now);
            note("\nstopping after the runs that are under way; press Ctrl-C again to stop at once");
        } else if FIRST.get().is_some_and(|first| first.elapsed() > AGAIN) {
            outputs.now();
            std::process::exit(130);
        }
    };
    // Without a handler Ctrl-C ends the process, which is safe too: files get their names at the end.
    let _ = ctrlc::set_handler(handler);
}

/// The figure of each task, with the name of its file.
fn figures(result: &StudyResult) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for task in TaskResults::group(&result.rows) {
        let Some(picture) = report::figure_svg(&result.rows, task.task) else { continue };
        let mut name = file_name(task.task);
        while all.iter().any(|(taken, _)| *taken == name) {
            name.insert(0, '_');
        }
        all.push((name, picture));
    }
    all
}

/// `TASK.svg`, for any name that a study may give to a task of its own data.
fn file_name(task: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = task.chars().map(safe).collect();
    format!("{}.svg", if name.is_empty() { "task" } else { &name })
}

/// What the page says about the chip.
fn chip_section(spec: &ChipSpec) -> ChipSection {
    let numbers = numbers(spec).into_iter().map(|n| ChipNumber {
        path: n.path,
        value: quantity(n.fact.quantity),
        evidence: n.fact.evidence.name().into(),
        source: n.fact.source.clone(),
    });
    ChipSection {
        summary: format!("{}: {}.", spec.name, spec.summary.trim_end_matches('.')),
        numbers: numbers.collect(),
        sources: spec.sources.clone(),
        evidence: Evidence::ALL.iter().map(|&grade| (grade.name().into(), format!("{}.", grade.meaning()))).collect(),
    }
}

fn as_text(result: &StudyResult, done: &Done) -> String {
    let mut text = format!("{}\n\n", result.manifest.title);
    text.push_str(&report::terminal_table(&result.rows));
    let _ = writeln!(text, "\n{}", report::stage_key(&result.rows));
    for task in report::findings(&result.rows) {
        let _ = writeln!(text, "\n{}", task.task);
        for finding in task.findings {
            text.push_str(&bullet(&finding, 98));
        }
    }
    if !result.manifest.warnings.is_empty() {
        let _ = write!(text, "\n{}", result.manifest.warnings);
    }
    text.push_str(&done.text());
    text
}

/// `text` as a list entry, broken into lines of at most `width` characters.
fn bullet(text: &str, width: usize) -> String {
    let lines = crate::commands::indented(text, 4, width);
    lines.replacen("    ", "  - ", 1)
}

fn as_json(result: &StudyResult, files: &[String]) -> Value {
    let spread = |spread: Option<Spread>| match spread {
        None => Value::Null,
        Some(s) => json!({
            "mean": s.mean, "sd": s.sd, "worst": s.worst, "worst_die": s.worst_die, "best": s.best,
        }),
    };
    let mut settings = Vec::new();
    for task in TaskResults::group(&result.rows) {
        for setting in &task.settings {
            let mut entry = json!({
                "task": task.task,
                "metric": task.metric_name,
                "higher_is_better": task.higher_is_better,
                "dies": setting.rows.len(),
                "float": spread(setting.spread(Stage::Float)),
                "quantised": spread(setting.spread(Stage::Quantised)),
                "on_chip": spread(setting.spread(Stage::OnChip)),
            });
            for (axis, value) in task.axes.iter().zip(&setting.values) {
                entry[axis.axis.key] = json!(value);
            }
            settings.push(entry);
        }
    }
    json!({
        "title": result.manifest.title,
        "seed": result.manifest.seed,
        "results_digest": result.manifest.results_digest,
        "settings": settings,
        "warnings": result.manifest.warnings,
        "files": files,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_task_has_a_file_name() {
        assert_eq!(file_name("memory-capacity"), "memory-capacity.svg");
        assert_eq!(file_name("../my data"), "___my_data.svg");
        assert_eq!(file_name(""), "task.svg");
    }

    #[test]
    fn findings_become_a_list() {
        assert_eq!(bullet("one two three four", 13), "  - one two\n    three\n    four\n");
    }
}

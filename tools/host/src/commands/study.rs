//! `quenched study`: run a study, print its table, write its files.

mod cluster;

use crate::args::{BegunArgs, StudyAction, StudyArgs, StudyHow};
use crate::commands::numbers::{numbers, quantity};
use crate::commands::report::open;
use crate::errors::HostError;
use crate::interrupt::on_interrupt;
use crate::output::{note, print, print_json, warn};
use crate::outputs::{Done, Outputs};
use crate::progress::{duration, progress_with_message};
use budget::Allowance;
use chip::{ChipSpec, Evidence};
use formats::output::{Abandon, STANDARD_OUTPUT};
use report::{Beside, ChipNumber, ChipSection, Page, Setting, Spread, Stage, TaskResults};
use serde_json::{Value, json};
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use study::{Recipe, RunOptions, Shard, Store, StudyError, StudyResult, StudySpec};

/// Set by Ctrl-C.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// The folder of a study's directory that has its runs until the results are written.
const RUNS: &str = "runs";

/// `quenched study`.
pub(crate) fn run(args: &StudyArgs, quiet: bool) -> Result<(), HostError> {
    match &args.action {
        Some(StudyAction::Status(status)) => cluster::status(status),
        Some(StudyAction::Resume(begun)) => resume(begun, quiet),
        Some(StudyAction::Merge(begun)) => merge(begun),
        None => begin(args, quiet),
    }
}

/// A study from its beginning, or a shard of it.
fn begin(args: &StudyArgs, quiet: bool) -> Result<(), HostError> {
    let recipe = recipe(args)?;
    let study = recipe.study()?;
    if let Some(jobs) = args.print_sbatch {
        return print(&cluster::sbatch(args, &recipe, jobs));
    }
    if args.out.as_os_str() == STANDARD_OUTPUT {
        return Err(HostError::Usage {
            message: "`--out -`: a study writes several files, which do not go to standard output together".into(),
            help: Some("name a directory; `./-` is one of this name".into()),
        });
    }
    Allowance::large_if(args.how.allow_large).check(&study.estimate(threads(&args.how)))?;
    let runs = args.out.join(RUNS);
    if let Some(shard) = &args.shard {
        let shard = cluster::shard(shard)?;
        watch_for_interrupt(None);
        let store = Store::create(&runs, &recipe, &study)?;
        make(&study, &store, shard, &args.how, quiet)?;
        return cluster::shard_is_done(&store, &study, shard, args);
    }
    let mut outputs = Outputs::new(args.how.json);
    watch_for_interrupt(Some(outputs.abandon()));
    outputs.reads_all_so_far()?;
    claim(&mut outputs, &args.out)?;
    if args.restart && runs.exists() {
        Store::discard(&runs)?;
    } else if runs.exists() {
        return Err(HostError::Usage {
            message: format!("{}: a study that was stopped has its runs here", runs.display()),
            help: Some(format!(
                "`quenched study resume {}` goes on with it; `--restart` throws its runs away; `--out` takes another directory",
                args.out.display()
            )),
        });
    }
    let store = Store::create(&runs, &recipe, &study)?;
    make(&study, &store, Shard::WHOLE, &args.how, quiet).map_err(|error| kept(error, &store, &study, &args.out))?;
    finish(outputs, &study, store, &args.how)
}

/// Goes on with a study that was stopped: the runs of all shards that nobody is at work on.
fn resume(args: &BegunArgs, quiet: bool) -> Result<(), HostError> {
    let (store, study) = Store::open(&args.dir.join(RUNS))?;
    Allowance::large_if(args.how.allow_large).check(&study.estimate(threads(&args.how)))?;
    let mut outputs = Outputs::new(args.how.json);
    watch_for_interrupt(Some(outputs.abandon()));
    claim(&mut outputs, &args.dir)?;
    let of = store.status(&study)?.shards.iter().map(|status| status.shard.of).max().unwrap_or(1);
    for number in 1..=of {
        let made = make(&study, &store, Shard { number, of }, &args.how, quiet);
        made.map_err(|error| kept(error, &store, &study, &args.dir))?;
    }
    finish(outputs, &study, store, &args.how)
}

/// Puts the runs of all shards together.
fn merge(args: &BegunArgs) -> Result<(), HostError> {
    let (store, study) = Store::open(&args.dir.join(RUNS))?;
    let mut outputs = Outputs::new(args.how.json);
    watch_for_interrupt(Some(outputs.abandon()));
    claim(&mut outputs, &args.dir)?;
    finish(outputs, &study, store, &args.how)
}

/// Claims the directory of a study before the work, so that one that cannot be written to is found out at once.
fn claim(outputs: &mut Outputs, directory: &Path) -> Result<(), HostError> {
    outputs.folder(directory, &["results.csv", "manifest.json", "report.html"])
}

/// Writes the results of a study whose runs are all done, and shows them.
fn finish(mut outputs: Outputs, study: &StudySpec, store: Store, how: &StudyHow) -> Result<(), HostError> {
    let result = study::merge(study, &store)?;
    let page = Page { result: &result, chip: &chip_section(&study.first().chip.spec) }.html();
    outputs.write_in_folder("results.csv", result.csv().as_bytes())?;
    #[cfg(feature = "parquet")]
    outputs.write_in_folder("results.parquet", &study::parquet(&result.rows)?)?;
    for (name, text) in [("controls.csv", result.controls_csv()), ("tuning.csv", result.tuning_csv())] {
        if let Some(text) = text {
            outputs.write_in_folder(name, text.as_bytes())?;
        }
    }
    outputs.write_in_folder("manifest.json", result.manifest_json().as_bytes())?;
    outputs.write_in_folder("report.html", page.as_bytes())?;
    if how.figures {
        for (name, picture) in figures(&result) {
            outputs.write_in_folder(&name, picture.as_bytes())?;
        }
    }
    let denied = how.deny_warnings && !result.manifest.warnings.is_empty();
    // What is an error leaves no files.
    let done = if denied { Done::default() } else { outputs.commit()? };
    store.remove()?;
    if how.json {
        print_json(&as_json(&result, &done.files))?;
    } else {
        done.print(&as_text(&result, &done))?;
    }
    if let Some(page) = done.files.iter().find(|file| file.ends_with("report.html")).filter(|_| how.open) {
        open(Path::new(page));
    }
    warn(&result.manifest.warnings, how.json, how.deny_warnings)
}

/// What a study that was stopped has kept, beside the error; a store without a run is no use to anybody.
fn kept(error: StudyError, store: &Store, study: &StudySpec, directory: &Path) -> HostError {
    let done = store.status(study).map_or(0, |status| status.done);
    if done == 0 {
        // What cannot be removed is found by the next command.
        let _ = store.clone().remove();
        return error.into();
    }
    HostError::Kept { error: Box::new(error), done, directory: directory.display().to_string() }
}

/// The study as the command line asks for it.
fn recipe(args: &StudyArgs) -> Result<Recipe, HostError> {
    let recipe = match &args.file {
        None => Recipe::shipped("default", study::DEFAULT),
        Some(file) => match file.to_str().and_then(study::shipped) {
            // A file is never hidden by a name.
            Some(text) if !file.exists() => Recipe::shipped(&file.display().to_string(), text),
            _ => Recipe::of_file(file).map_err(|errors| cluster::unknown_study(file, errors))?,
        },
    };
    let StudyArgs { sets, quick, seed, networks, dies, .. } = args;
    Ok(Recipe { sets: sets.clone(), quick: *quick, seed: *seed, networks: *networks, dies: *dies, ..recipe })
}

fn threads(how: &StudyHow) -> usize {
    how.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get), |n| n as usize)
}

/// Makes the runs of a shard that are not there yet.
fn make(study: &StudySpec, store: &Store, shard: Shard, how: &StudyHow, quiet: bool) -> Result<(), StudyError> {
    let bar = progress_with_message(0, "{pos} of {len} runs", quiet);
    let options = RunOptions {
        threads: how.threads.and_then(|n| NonZeroUsize::new(n as usize)),
        cancel: &CANCELLED,
        progress: &|progress| {
            bar.set_length(progress.all as u64);
            bar.set_position(progress.done as u64);
            let seconds = progress.left.map(|left| left.as_secs_f64().ceil() as u64);
            bar.set_message(seconds.map_or_else(|| "-".into(), duration));
        },
    };
    let made = study::run_shard(study, store, shard, &options);
    bar.finish_and_clear();
    made
}

/// Ctrl-C (or a request to end, as schedulers send) asks the study to stop. Given again after a while, it ends the
/// process at once.
fn watch_for_interrupt(outputs: Option<Abandon>) {
    /// A signal that a terminal and a parent process both pass on arrives twice; only a later one is a second wish.
    const AGAIN: Duration = Duration::from_secs(1);
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let handler = move || {
        if !CANCELLED.swap(true, Ordering::Relaxed) {
            FIRST.get_or_init(Instant::now);
            note("\nstopping after the runs that are under way; press Ctrl-C again to stop at once");
        } else if FIRST.get().is_some_and(|first| first.elapsed() > AGAIN) {
            if let Some(outputs) = &outputs {
                outputs.now();
            }
            std::process::exit(130);
        }
    };
    // Without a handler Ctrl-C ends the process, which is safe too: files get their names at the end.
    on_interrupt(handler);
}

/// The figure of each task, with the name of its file.
fn figures(result: &StudyResult) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let rows = report::condensed(&result.rows);
    for task in TaskResults::group(&rows) {
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
pub(crate) fn chip_section(spec: &ChipSpec) -> ChipSection {
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
    for task in report::findings(&result.rows, Beside::from(result)) {
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
    let stage = |setting: &Setting<'_>, stage: Stage| match setting.spread(stage) {
        None => Value::Null,
        Some(Spread { mean, sd, worst, worst_die, best }) => {
            let interval = setting.estimate(stage).map(|e| {
                json!({
                    "mean": e.value, "low": e.low, "high": e.high, "level": e.level, "n": e.n, "unit": e.unit,
                })
            });
            json!({ "mean": mean, "interval": interval, "sd": sd, "worst": worst, "worst_die": worst_die, "best": best })
        }
    };
    let rows = report::condensed(&result.rows);
    let mut settings = Vec::new();
    for task in TaskResults::group(&rows) {
        for setting in &task.settings {
            let mut entry = json!({
                "task": task.task,
                "metric": task.metric_name,
                "higher_is_better": task.higher_is_better,
                "runs": setting.rows.len(),
            });
            for &each in &Stage::ALL {
                entry[each.name().replace(' ', "_")] = stage(setting, each);
            }
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

//! Replaying many cases, and the result as text and JSON.

use crate::case::{Case, FORMATS, replay};
use crate::error::ConformError;
use crate::find::{Found, find};
use crate::junit;
use crate::outcome::Outcome;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// The description, or the path that was asked for if it could not be searched.
    pub path: PathBuf,
    /// What the case calls itself.
    pub name: String,
    /// Its format; empty if it could not be told.
    pub format: String,
    /// The comparison, or why there is none.
    pub result: CaseResult,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseResult {
    /// It was replayed and compared.
    Compared(Outcome),
    /// It lay in a folder but is no case of a known format, or it lacks what a replay needs; this says which.
    Skipped(String),
    /// It is damaged.
    Error(ConformError),
}

/// What became of many files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the paths asked for; within a folder sorted by path.
    pub cases: Vec<CaseReport>,
}

/// Quantities that the line of a case lists; JSON has all of them.
const SHOWN_QUANTITIES: usize = 4;

/// How cases are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A case in which a register overflows is an error, even if every recorded value was met.
    pub strict_overflows: bool,
}

/// How far [`run_each`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files that were looked at, this one included.
    pub done: usize,
    /// Files in all.
    pub total: usize,
    /// Characters of the longest path, so that lines can be aligned.
    pub width: usize,
}

/// Replays every golden case in `paths`, which are descriptions, archives or folders.
///
/// A file in a folder that is JSON but no case of a known format is reported as skipped; a file that was named itself
/// must be one. A path of which nothing could be replayed is an error, so that a wrong folder cannot look like success.
pub fn run(paths: &[PathBuf]) -> Report {
    match run_each(paths, &Options::default(), |_, _| Ok::<(), Infallible>(())) {
        Ok(report) => report,
        Err(never) => match never {},
    }
}

/// As [`run`], with options, and with `each` called as soon as a case is done.
///
/// # Errors
/// What `each` returns ends the run.
pub fn run_each<E>(
    paths: &[PathBuf],
    options: &Options,
    mut each: impl FnMut(&CaseReport, Progress) -> Result<(), E>,
) -> Result<Report, E> {
    let found: Vec<(&PathBuf, Result<Vec<Found>, ConformError>)> = paths.iter().map(|p| (p, find(p))).collect();
    let shown = |path: &Path| path.display().to_string().chars().count();
    let files = || found.iter().flat_map(|(_, found)| found.iter().flatten());
    let width = files().map(|one| shown(&one.path)).max().unwrap_or(0);
    let mut progress = Progress { done: 0, total: files().count(), width };
    let mut report = Report::default();
    for (path, found) in &found {
        let before = report.cases.len();
        if let Err(error) = found {
            let case = failed(path, error.clone());
            each(&case, progress)?;
            report.cases.push(case);
            continue;
        }
        for one in found.iter().flatten() {
            progress.done += 1;
            let case = check(&one.path, one.named, options);
            each(&case, progress)?;
            report.cases.push(case);
        }
        if report.cases[before..].iter().all(|case| matches!(case.result, CaseResult::Skipped(_))) {
            let path_text = path.display().to_string();
            let nothing = failed(path, ConformError::NoCase { path: path_text, formats: FORMATS.join(", ") });
            each(&nothing, progress)?;
            report.cases.push(nothing);
        }
    }
    Ok(report)
}

fn failed(path: &Path, error: ConformError) -> CaseReport {
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    CaseReport { path: path.to_owned(), name, format: String::new(), result: CaseResult::Error(error) }
}

fn check(path: &Path, named: bool, options: &Options) -> CaseReport {
    let case = match Case::open(path) {
        Ok(case) => case,
        Err(ConformError::UnknownFormat { found, .. }) if !named => {
            let skipped = CaseResult::Skipped(format!("the format '{found}' is not replayed"));
            let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            return CaseReport { path: path.to_owned(), name, format: found, result: skipped };
        }
        Err(error) => return failed(path, error),
    };
    let result = match replay(&case).map(|comparison| comparison.outcome()) {
        Ok(Outcome::Pass { overflows, .. }) if options.strict_overflows && !overflows.is_empty() => {
            let overflow = overflows[0].clone();
            CaseResult::Error(ConformError::Overflow { file: path.display().to_string(), overflow })
        }
        Ok(outcome) => CaseResult::Compared(outcome),
        Err(ConformError::Incomplete { missing, .. }) => CaseResult::Skipped(missing),
        Err(error) => CaseResult::Error(error),
    };
    CaseReport { path: case.path, name: case.name, format: case.format.to_owned(), result }
}

impl CaseReport {
    /// True unless every recorded value was met, or the file was skipped.
    pub fn failed(&self) -> bool {
        matches!(self.result, CaseResult::Compared(Outcome::Fail(_)) | CaseResult::Error(_))
    }

    /// Values that were compared.
    pub fn values(&self) -> u64 {
        match &self.result {
            CaseResult::Compared(Outcome::Pass { quantities, .. }) => quantities.iter().map(|q| q.values).sum(),
            CaseResult::Compared(Outcome::Fail(difference)) => difference.compared,
            CaseResult::Skipped(_) | CaseResult::Error(_) => 0,
        }
    }

    /// The lines of this case: one, and below it the notes, or the first difference in full. Paths are filled up to
    /// `width` characters, so that what follows them is aligned.
    pub fn text(&self, width: usize) -> String {
        let path = self.path.display().to_string();
        match &self.result {
            CaseResult::Compared(Outcome::Pass { quantities, notes, overflows }) => {
                let list: Vec<_> =
                    quantities.iter().take(SHOWN_QUANTITIES).map(|q| format!("{} {}", q.name, q.values)).collect();
                let mut out = format!("pass  {path:<width$}  {:>7} values: {}", self.values(), list.join(", "));
                if let Some(more) = quantities.len().checked_sub(SHOWN_QUANTITIES + 1) {
                    let _ = write!(out, " and {} more", more + 1);
                }
                out.push('\n');
                let overflows = overflows.iter().map(ToString::to_string);
                for note in notes.iter().cloned().chain(overflows) {
                    let _ = writeln!(out, "      note: {note}");
                }
                out
            }
            CaseResult::Compared(Outcome::Fail(difference)) => {
                let mut out = format!("FAIL  {path}\n");
                for line in difference.to_string().lines() {
                    let _ = writeln!(out, "      {line}");
                }
                out
            }
            CaseResult::Skipped(reason) => format!("skip  {path:<width$}  {reason}\n"),
            CaseResult::Error(error) => format!("ERROR {error}\n"),
        }
    }

    fn to_json(&self) -> Value {
        let mut out = json!({
            "path": self.path.display().to_string(),
            "name": self.name,
            "format": self.format,
            "values": self.values(),
        });
        match &self.result {
            CaseResult::Compared(Outcome::Pass { quantities, notes, overflows }) => {
                out["result"] = json!("pass");
                out["quantities"] = quantities.iter().map(|q| json!({"name": q.name, "values": q.values})).collect();
                out["notes"] = json!(notes);
                out["overflows"] = overflows
                    .iter()
                    .map(|o| {
                        json!({"population": o.population, "register": o.register, "count": o.count,
                               "row": o.row, "neuron": o.neuron})
                    })
                    .collect();
            }
            CaseResult::Compared(Outcome::Fail(d)) => {
                out["result"] = json!("fail");
                let rows: Vec<_> = d
                    .rows
                    .iter()
                    .map(|row| {
                        let values: Vec<_> = row
                            .values
                            .iter()
                            .map(|(quantity, expected, got)| {
                                json!({"quantity": quantity, "expected": expected, "got": got})
                            })
                            .collect();
                        json!({"row": row.row, "values": values})
                    })
                    .collect();
                let arrivals: Vec<_> = d
                    .arrivals
                    .iter()
                    .map(|a| {
                        json!({"via": a.via, "source": a.source, "index": a.index, "sent": a.sent,
                               "payload": a.payload, "weight": a.weight})
                    })
                    .collect();
                out["difference"] = json!({
                    "quantity": d.quantity,
                    "population": d.population,
                    "key": d.key,
                    "row": d.row,
                    "neuron": d.neuron,
                    "expected": d.expected,
                    "got": d.got,
                    "expected_hex": d.hexadecimal.as_ref().map(|h| &h.0),
                    "got_hex": d.hexadecimal.as_ref().map(|h| &h.1),
                    "arrivals": arrivals,
                    "rows": rows,
                    "differing": d.differing,
                    "compared": d.compared,
                });
            }
            CaseResult::Skipped(reason) => {
                out["result"] = json!("skip");
                out["reason"] = json!(reason);
            }
            CaseResult::Error(error) => {
                out["result"] = json!("error");
                out["error"] = json!(error.to_string());
            }
        }
        out
    }
}

impl Report {
    /// True if any case failed or is damaged.
    pub fn failed(&self) -> bool {
        self.cases.iter().any(CaseReport::failed)
    }

    /// Number of cases that (passed, failed, are damaged, were skipped).
    pub fn counts(&self) -> (usize, usize, usize, usize) {
        let mut counts = (0, 0, 0, 0);
        for case in &self.cases {
            match &case.result {
                CaseResult::Compared(Outcome::Pass { .. }) => counts.0 += 1,
                CaseResult::Compared(Outcome::Fail(_)) => counts.1 += 1,
                CaseResult::Error(_) => counts.2 += 1,
                CaseResult::Skipped(_) => counts.3 += 1,
            }
        }
        counts
    }

    /// The last line: how many of each.
    pub fn summary(&self) -> String {
        let (passed, failed, damaged, skipped) = self.counts();
        let values: u64 = self.cases.iter().map(CaseReport::values).sum();
        format!("{passed} passed, {failed} failed, {damaged} in error, {skipped} skipped; {values} values compared\n")
    }

    /// A line a case, the first difference of each case that fails, and the summary.
    pub fn text(&self) -> String {
        let shown = |case: &CaseReport| case.path.display().to_string().chars().count();
        let width = self.cases.iter().map(shown).max().unwrap_or(0);
        self.cases.iter().map(|case| case.text(width)).chain([self.summary()]).collect()
    }

    /// The same as one JSON document, ending in a line break.
    pub fn to_json(&self) -> String {
        let (passed, failed, damaged, skipped) = self.counts();
        let document = json!({
            "format": "quenched-conform/1",
            "passed": passed,
            "failed": failed,
            "errors": damaged,
            "skipped": skipped,
            "cases": self.cases.iter().map(CaseReport::to_json).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }

    /// The same as JUnit XML, as continuous integration services read it.
    pub fn to_junit(&self) -> String {
        junit::write(self)
    }
}

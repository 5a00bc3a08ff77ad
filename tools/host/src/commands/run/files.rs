//! The files that a run writes: one of each kind, or one for each input.

use super::{Outcome, SNAPSHOT};
use crate::args::{FigureFile, RunArgs};
use crate::commands::{plot, probe};
use crate::errors::HostError;
use report::{RunFigure, SpikeGroup, TimeSpan};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the names of the files of each run get; nothing where there is one run.
pub(super) struct Files {
    marks: Option<Vec<String>>,
}

impl Files {
    /// Names for the files of runs with `inputs`.
    ///
    /// # Errors
    /// Two inputs whose files would have the same name.
    pub(super) fn of(args: &RunArgs, inputs: &[PathBuf]) -> Result<Self, HostError> {
        if inputs.len() < 2 {
            return Ok(Self { marks: None });
        }
        let stem = |path: &PathBuf| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into());
        let marks: Vec<String> = inputs.iter().map(stem).collect();
        let writes =
            args.spikes.is_some() || args.traces.is_some() || args.plot.is_some() || args.save_snapshot.is_some();
        let mut known: BTreeMap<&str, &Path> = BTreeMap::new();
        for (mark, input) in marks.iter().zip(inputs).filter(|_| writes) {
            if let Some(other) = known.insert(mark, input) {
                return Err(HostError::Usage {
                    message: format!(
                        "the files of the inputs {} and {} would have the same names",
                        other.display(),
                        input.display()
                    ),
                    help: Some("rename one of the inputs, or run them apart".into()),
                });
            }
        }
        if !args.probe.is_empty() && args.traces.is_none() && args.plot.is_none() && !args.json {
            return Err(HostError::Usage {
                message: "what probes read in several runs does not fit in a table".into(),
                help: Some("add `--traces FILE.csv`, `--plot FIGURE` or `--json`".into()),
            });
        }
        Ok(Self { marks: Some(marks) })
    }

    /// `path` for run `run`: `spikes.csv` becomes `spikes-INPUT.csv`.
    fn path(&self, run: usize, path: &Path) -> PathBuf {
        let Some(marks) = &self.marks else { return path.to_owned() };
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push("-");
        name.push(&marks[run]);
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    }

    /// Writes what the command line asks for of run `run`, and returns the names.
    pub(super) fn write(&self, args: &RunArgs, run: usize, outcome: &Outcome) -> Result<Vec<String>, HostError> {
        let mut written = Vec::new();
        let mut path = |path: &Path| {
            let path = self.path(run, path);
            written.push(path.display().to_string());
            path
        };
        if let Some(file) = &args.spikes {
            let text = formats::events::write_spikes(&outcome.spikes);
            formats::output::write_atomic(&path(file), text.as_bytes())?;
        }
        if let Some(file) = &args.traces {
            let text = formats::traces::write_traces(outcome.session.sampled(), &probe::recordings(&outcome.session));
            formats::output::write_atomic(&path(file), text.as_bytes())?;
        }
        if let Some(file) = &args.plot {
            let file = FigureFile { path: path(&file.path), ..file.clone() };
            plot::write(&file, &figure(args, outcome))?;
        }
        if let Some(file) = &args.save_snapshot {
            formats::container::write(&path(file), SNAPSHOT, &outcome.session.snapshot())?;
        }
        Ok(written)
    }
}

/// The picture of a run.
fn figure(args: &RunArgs, outcome: &Outcome) -> RunFigure {
    let name =
        |file: &Path| file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into());
    let groups = outcome.activity.iter().zip(&outcome.drawn).map(|(a, drawn)| SpikeGroup {
        name: a.name.clone(),
        neurons: a.events.len() as u32,
        spikes: drawn.clone(),
    });
    let spec = outcome.session.board().spec();
    let network = name(&args.what.network);
    RunFigure {
        title: format!("{network} on die {} of {}, seed {}", args.which.die, spec.name, args.which.seed),
        time: TimeSpan { first: outcome.from.0, end: outcome.session.now().0, tick_seconds: plot::tick_seconds(spec) },
        raster: Some(groups.collect()),
        traces: probe::traces(&outcome.session),
    }
}

//! The files that a run writes: one of each kind, or one for each input.

use super::{Outcome, SNAPSHOT, data, saved};
use crate::args::RunArgs;
use crate::commands::{plot, probe};
use crate::errors::HostError;
use crate::outputs::Outputs;
use formats::output::{OutputId, STANDARD_OUTPUT};
use report::{RunFigure, SpikeGroup, TimeSpan};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of each run.
pub(super) struct Files {
    /// By run, in the order of [`FILES`].
    runs: Vec<[Option<(OutputId, PathBuf)>; FILES.len()]>,
}

/// A file that a run can write.
struct Kind {
    /// The option that names it.
    option: &'static str,
    /// The name that is given.
    path: fn(&RunArgs) -> Option<&Path>,
    /// What it holds.
    contents: fn(&RunArgs, &Outcome) -> Vec<u8>,
}

/// All of them.
const FILES: [Kind; 5] = [
    Kind {
        option: "--spikes",
        path: |args| args.spikes.as_deref(),
        contents: |args, outcome| match args.spikes.as_deref().is_some_and(is_hdf5) {
            true => data::nir_data(outcome),
            false => formats::events::write_spikes(&outcome.spikes).into_bytes(),
        },
    },
    Kind {
        option: "--counts",
        path: |args| args.counts.as_deref(),
        contents: |_, outcome| formats::activity::write(&outcome.counts).into_bytes(),
    },
    Kind {
        option: "--traces",
        path: |args| args.traces.as_deref(),
        contents: |_, outcome| {
            let recordings = probe::recordings(&outcome.session);
            formats::traces::write_traces(outcome.session.sampled(), &recordings).into_bytes()
        },
    },
    Kind {
        option: "--plot",
        path: |args| args.plot.as_ref().map(|figure| figure.path.as_path()),
        contents: |args, outcome| {
            let kind = args.plot.as_ref().expect("it is asked for").kind;
            plot::text(kind, &figure(args, outcome)).into_bytes()
        },
    },
    Kind {
        option: "--save-snapshot",
        path: |args| args.save_snapshot.as_deref(),
        contents: |_, outcome| formats::container::encode(SNAPSHOT, &saved(&outcome.session)),
    },
];

/// Whether a file of spikes is to be one of NIRData, by its name.
fn is_hdf5(path: &Path) -> bool {
    let endings = ["h5", "hdf5", "nirdata"];
    path.extension().is_some_and(|extension| endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
}

impl Files {
    /// Claims the files of runs with `inputs`.
    ///
    /// # Errors
    /// Two inputs whose files would have the same name, or a file that cannot be an output.
    pub(super) fn of(args: &RunArgs, inputs: &[PathBuf], outputs: &mut Outputs) -> Result<Self, HostError> {
        let asked: Vec<(usize, &Kind, &Path)> =
            FILES.iter().enumerate().filter_map(|(i, kind)| Some((i, kind, (kind.path)(args)?))).collect();
        let marks = if inputs.len() < 2 { vec![None] } else { marks(args, inputs, &asked)? };
        let mut runs: Vec<[Option<(OutputId, PathBuf)>; FILES.len()]> =
            marks.iter().map(|_| Default::default()).collect();
        for (index, kind, path) in asked {
            let paths: Vec<PathBuf> = marks.iter().map(|mark| marked(path, mark.as_deref())).collect();
            let ids = outputs.files(kind.option, &paths)?;
            for ((run, id), path) in runs.iter_mut().zip(ids).zip(paths) {
                run[index] = Some((id, path));
            }
        }
        Ok(Self { runs })
    }

    /// Writes the files of run `run`.
    pub(super) fn write(
        &self,
        args: &RunArgs,
        run: usize,
        outcome: &Outcome,
        outputs: &mut Outputs,
    ) -> Result<(), HostError> {
        for (kind, file) in FILES.iter().zip(&self.runs[run]) {
            if let Some((id, _)) = file {
                outputs.write(*id, &(kind.contents)(args, outcome))?;
            }
        }
        Ok(())
    }

    /// The names of the files of run `run`.
    pub(super) fn names(&self, run: usize) -> Vec<String> {
        let files = self.runs[run].iter().flatten().filter(|(_, path)| path.as_os_str() != STANDARD_OUTPUT);
        files.map(|(_, path)| path.display().to_string()).collect()
    }
}

/// What the names of the files of each of several runs get.
fn marks(
    args: &RunArgs,
    inputs: &[PathBuf],
    asked: &[(usize, &Kind, &Path)],
) -> Result<Vec<Option<String>>, HostError> {
    if let Some((_, kind, _)) = asked.iter().find(|(_, _, path)| path.as_os_str() == STANDARD_OUTPUT) {
        return Err(HostError::Usage {
            message: format!("`{} -`: the files of several runs do not go to standard output together", kind.option),
            help: Some("give a name, or run the inputs apart".into()),
        });
    }
    let stem = |path: &PathBuf| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into());
    let marks: Vec<String> = inputs.iter().map(stem).collect();
    let mut known: BTreeMap<&str, &Path> = BTreeMap::new();
    for (mark, input) in marks.iter().zip(inputs).filter(|_| !asked.is_empty()) {
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
    Ok(marks.into_iter().map(Some).collect())
}

/// `path` for the run with this mark: `spikes.csv` becomes `spikes-INPUT.csv`.
fn marked(path: &Path, mark: Option<&str>) -> PathBuf {
    let Some(mark) = mark else { return path.to_owned() };
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-");
    name.push(mark);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
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

//! Ensembles of dies: what to run, running it on several threads, and what came out.
//!
//! This crate owns the study ([`StudySpec`]) with its file format, the plan (tasks x recurrence x CV x dies), the path
//! of one run from stimulus to score, and the results with the manifest that reproduces them. It is the only place
//! where threads live; results do not depend on their number.
//!
//! It deliberately prints nothing, draws nothing and writes no file: `report` and the host do.

mod calibrate;
mod engine;
mod error;
mod evaluate;
mod prepare;
mod read;
mod record;
mod reservoir;
mod results;
mod spec;

use engine::{Stopped, run_all};
use evaluate::Run;
use prepare::{Prepared, load_task, prepare};
use units::Decimal;

pub use engine::RunOptions;
pub use error::StudyError;
pub use read::{DEFAULT, FORMAT, default_study, load, read};
pub use results::{Manifest, MappingSummary, Row, StudyResult, TaskRecord, csv};
pub use spec::{
    ChipChoice, EchoWiring, EncoderSettings, OwnData, ReadoutSettings, Recurrence, ReservoirSettings, SpikingWiring,
    StudySpec, TaskSettings, Wiring,
};

impl StudySpec {
    /// A smaller version of this study that says the same with less certainty: two dies, the first and the last but one
    /// of several CVs, and at most 600 samples to train on and 400 to score.
    pub fn quicken(&mut self) {
        self.changes.push("--quick".into());
        self.dies = self.dies.min(2);
        if self.cv.len() > 2 {
            self.cv = vec![self.cv[0], self.cv[self.cv.len() - 2]];
        }
        for task in self.tasks.iter_mut().filter(|task| task.id != "japanese-vowels" && task.own.is_none()) {
            task.train = Some(task.train.unwrap_or(usize::MAX).min(600));
            task.test = Some(task.test.unwrap_or(usize::MAX).min(400));
        }
    }

    /// Another root seed than the file's.
    pub fn set_seed(&mut self, seed: u64) {
        self.changes.push(format!("--seed {seed}"));
        self.seed = seed;
    }

    /// Another number of dies than the file's.
    pub fn set_dies(&mut self, dies: u32) {
        self.changes.push(format!("--dies {dies}"));
        self.dies = dies;
    }

    /// Number of runs: tasks x recurrence x CV x dies.
    pub fn run_count(&self) -> usize {
        self.tasks.len() * self.recurrence.len() * self.cv.len().max(1) * self.dies as usize
    }
}

/// Runs a study.
///
/// # Errors
/// The first thing that does not fit or cannot be computed, in the order of the plan; [`StudyError::Interrupted`] if
/// `options.cancel` was set.
pub fn run(study: &StudySpec, options: &RunOptions<'_>) -> Result<StudyResult, StudyError> {
    if study.readout.on_chip && study.model.is_graded() {
        return Err(StudyError::NoReadoutNeurons { model: study.model });
    }
    let loaded = study.tasks.iter().map(|settings| load_task(study, settings)).collect::<Result<Vec<_>, _>>()?;
    let mut prepared = Vec::new();
    for (settings, task) in study.tasks.iter().zip(&loaded) {
        for recurrence in &study.recurrence {
            prepared.push(prepare(study, settings, task, *recurrence)?);
        }
    }
    let cvs: Vec<Option<Decimal>> =
        if study.cv.is_empty() { vec![None] } else { study.cv.iter().copied().map(Some).collect() };
    let dies = study.dies as usize;
    let row = |index: usize| {
        let (setting, die) = (index / dies, (index % dies) as u32);
        Run { study, prepared: &prepared[setting / cvs.len()], cv: cvs[setting % cvs.len()], die }.row()
    };
    let runs = study.run_count();
    let rows = run_all(runs, options, row).map_err(|stopped| match stopped {
        Stopped::Cancelled(done) => StudyError::Interrupted { done, runs },
        Stopped::Failed(error) => error,
    })?;
    let manifest = manifest(study, &loaded, &prepared, &rows);
    Ok(StudyResult { rows, manifest })
}

fn manifest(study: &StudySpec, loaded: &[tasks::Task], prepared: &[Prepared], rows: &[Row]) -> Manifest {
    Manifest {
        format: "quenched-manifest".into(),
        version: 1,
        quenched: env!("CARGO_PKG_VERSION").into(),
        title: study.title.clone(),
        seed: study.seed,
        dies: study.dies,
        study: study.text.clone(),
        changes: study.changes.clone(),
        chip: study.chip.reference.clone(),
        chip_file: study.chip.text.clone(),
        chip_digest: results::digest(study.chip.text.as_bytes()),
        faults: study.faults && study.chip.spec.faults.is_some(),
        noise: study.noise,
        tasks: loaded
            .iter()
            .map(|task| TaskRecord {
                id: task.info.id.to_string(),
                title: task.info.title.to_string(),
                formula: task.info.formula.to_string(),
                source: task.info.citation.to_string(),
            })
            .collect(),
        mappings: prepared.iter().map(Prepared::summary).collect(),
        results_digest: results::digest(csv(rows).as_bytes()),
    }
}

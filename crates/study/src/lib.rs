//! Ensembles of dies: what to run, running it on several threads, and what came out.
//!
//! This crate owns the study ([`StudySpec`]) with its file format, the axes that runs may differ in ([`Axis`]), the
//! plan of points, the path of one run from stimulus to score, and the results with the manifest that reproduces them.
//! Runs are made on several threads, those of `session`; results do not depend on their number.
//!
//! It deliberately prints nothing, draws nothing and writes no file: `report` and the host do.
//!
//! ```
//! let mut spec = quenched_study::default_study();
//! spec.quicken();
//! assert!(!spec.tasks.is_empty());
//! // A mistake in a study file is named with its place.
//! let text = quenched_study::DEFAULT.replace("dies =", "deis =");
//! let wrong = quenched_study::read(&text, "my-study.toml", "".as_ref()).unwrap_err();
//! assert!(wrong.to_string().contains("unknown key `deis`"), "{wrong}");
//! ```

mod axis;
mod calibrate;
mod engine;
mod error;
mod estimate;
mod evaluate;
mod notice;
mod on_chip;
mod plan;
mod prepare;
mod read;
mod record;
mod reservoir;
mod results;
mod spec;
mod values;

use engine::{Shared, Stopped, run_all};
use evaluate::Run;
use plan::Planned;
use prepare::{Records, prepare};
use std::sync::OnceLock;

pub use axis::{Axis, AxisValue, Conditions, Contrast, DIE, Part, Scale, Sweep, TASK, axis};
pub use engine::RunOptions;
pub use error::StudyError;
pub use plan::Point;
pub use read::{DEFAULT, FORMAT, default_study, load, read};
pub use results::{DataFile, Manifest, MappingSummary, Row, StudyResult, TaskRecord, csv};
pub use spec::{
    ChipChoice, EchoWiring, EncoderSettings, OwnData, ReadoutSettings, ReservoirSettings, SpikingWiring, StudySpec,
    TaskSettings, Wiring,
};

impl StudySpec {
    /// A smaller version of this study that says the same with less certainty: two dies, of each axis of numbers with
    /// several values the first and the last but one, and at most 600 samples to train on and 400 to score where a
    /// task lets them be chosen.
    pub fn quicken(&mut self) {
        self.changes.push("--quick".into());
        self.dies = self.dies.min(2);
        for Sweep { values, .. } in self.sweeps.iter_mut().filter(|sweep| sweep.axis.scale == Scale::Numbers) {
            if values.len() > 2 {
                *values = vec![values[0].clone(), values[values.len() - 2].clone()];
            }
        }
        for task in &mut self.tasks {
            for (name, most) in [("train", 600), ("test", 400)] {
                if task.options().contains(&name) {
                    task.counts.entry(name.into()).and_modify(|count| *count = most.min(*count)).or_insert(most);
                }
            }
        }
    }

    /// Another root seed than the file's.
    pub fn set_seed(&mut self, seed: u64) {
        self.changes.push(format!("--seed {seed}"));
        self.base.seed = seed;
    }

    /// Another number of dies than the file's.
    pub fn set_dies(&mut self, dies: u32) {
        self.changes.push(format!("--dies {dies}"));
        self.dies = dies;
    }
}

/// Runs a study. A program is prepared when its first run begins, and let go with its last one.
///
/// # Errors
/// The first thing that does not fit or cannot be computed, in the order of the plan; [`StudyError::Interrupted`] if
/// `options.cancel` was set.
pub fn run(study: &StudySpec, options: &RunOptions<'_>) -> Result<StudyResult, StudyError> {
    let plan = study.plan();
    let programs = &plan.programs;
    for Planned { point, conditions, .. } in programs {
        let (spec, neurons) = (&conditions.chip.spec, u64::from(conditions.reservoir.neurons));
        let circuits = [spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core()];
        let circuits: u64 = circuits.iter().map(|n| *n as u64).product();
        // Before a network of that size is made.
        if neurons > circuits {
            return Err(StudyError::Board { point: point.clone(), neurons, chip: spec.name.clone(), circuits });
        }
        if conditions.readout.on_chip && conditions.model.is_graded() {
            return Err(StudyError::NoReadoutNeurons { model: conditions.model });
        }
    }
    let records: Vec<OnceLock<Records>> = programs.iter().map(|_| OnceLock::new()).collect();
    let prepared: Vec<_> = programs.iter().map(|_| Shared::new(plan.runs_per_program())).collect();
    let row = |index: usize| {
        let run = plan.run(index);
        let prepared = prepared[run.program].take(|| {
            let prepared = prepare(study, &programs[run.program])?;
            records[run.program].get_or_init(|| prepared.records.clone());
            Ok(prepared)
        })?;
        let task = &study.tasks[run.conditions.task];
        Run { point: &run.point, conditions: &run.conditions, task, prepared: &prepared }.row()
    };
    let rows = run_all(plan.run_count(), options, row).map_err(|stopped| match stopped {
        Stopped::Cancelled(done) => StudyError::Interrupted { done, runs: plan.run_count() },
        Stopped::Failed(error) => error,
    })?;
    let records = records.into_iter().filter_map(OnceLock::into_inner).collect();
    let manifest = manifest(study, records, &rows);
    Ok(StudyResult { rows, manifest })
}

fn manifest(study: &StudySpec, records: Vec<Records>, rows: &[Row]) -> Manifest {
    let Conditions { seed, chip, faults, noise, .. } = &study.base;
    let warnings = notice::gather(&records, rows);
    let mut tasks: Vec<TaskRecord> = Vec::new();
    let mut mappings = Vec::new();
    for Records { task, mapping, .. } in records {
        // Programs of one task follow each other.
        if tasks.last() != Some(&task) {
            tasks.push(task);
        }
        mappings.push(mapping);
    }
    Manifest {
        format: "quenched-manifest".into(),
        version: 1,
        quenched: env!("CARGO_PKG_VERSION").into(),
        title: study.title.clone(),
        seed: *seed,
        dies: study.dies,
        study: study.text.clone(),
        changes: study.changes.clone(),
        chip: chip.reference.clone(),
        chip_file: chip.text.clone(),
        chip_digest: results::digest(chip.text.as_bytes()),
        faults: *faults && chip.spec.faults.is_some(),
        noise: *noise,
        tasks,
        data: study.tasks.iter().flat_map(|task| task.own.iter().flat_map(|own| own.files.clone())).collect(),
        mappings,
        warnings,
        results_digest: results::digest(csv(rows).as_bytes()),
    }
}

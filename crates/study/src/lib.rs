//! Ensembles of dies: what to run, running it on several threads, and what came out.
//!
//! This crate owns the study ([`StudySpec`]) with its file format, the axes that runs may differ in ([`Axis`]), the
//! plan of points, the path of one run from stimulus to score, the store that keeps each run as soon as it is done,
//! and the results with the manifest that reproduces them. Runs are made on several threads, those of `session`, or
//! by several processes that each run a shard; results do not depend on their number.
//!
//! It deliberately prints nothing, draws nothing and writes no file but its store: `report` and the host do.
//!
//! ```
//! let mut spec = quenched_study::default_study();
//! spec.quicken();
//! assert_eq!(spec.tasks().len(), 2);
//! // A mistake in a study file is named with its place.
//! let text = quenched_study::DEFAULT.replace("dies =", "deis =");
//! let wrong = quenched_study::read(&text, "my-study.toml", "".as_ref()).unwrap_err();
//! assert!(wrong.to_string().contains("unknown key `deis`"), "{wrong}");
//! ```

mod axis;
mod calibrate;
mod capacity;
mod control;
mod drawn;
mod engine;
mod error;
mod estimate;
mod estimator;
mod evaluate;
mod many;
mod mechanism;
mod notice;
mod on_chip;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod prepare;
mod rate;
mod read;
mod recipe;
mod record;
mod reservoir;
mod results;
mod seeds;
mod seen;
mod spec;
mod store;
mod table;
mod tape;
mod tuned;
mod values;

use engine::{Shared, Stopped, run_all};
use evaluate::Run;
use plan::{Plan, Planned};
use prepare::{Records, prepare};
use rate::Matching;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};
use store::{Appender, Found};

pub use axis::{
    Axis, AxisValue, BLAME, BLAME_ALL, BLAME_NONE, Conditions, Contrast, DIE, NETWORK, Part, RateArm, Role, SERIES,
    Scale, Sweep, TASK, axis, number,
};
pub use capacity::Capacity;
pub use control::{Control, ControlRow};
pub use drawn::{DrawnDie, DrawnParameter};
pub use engine::{Progress, RunOptions};
pub use error::{StoreError, StudyError};
pub use estimator::{DieOutputs, Estimator};
pub use many::{EffectiveTasks, effective_tasks};
pub use on_chip::{Calibration, Cost, StageName};
#[cfg(feature = "parquet")]
pub use parquet::parquet;
pub use plan::Point;
pub use rate::RateMatch;
pub use read::{DEFAULT, FORMAT, Set, default_study, load, load_with, read, read_with, shipped, shipped_names};
pub use recipe::Recipe;
pub use results::{
    DataFile, MANIFEST, Manifest, MappingSummary, OnChipRow, Realised, Row, StageScore, StudyResult, TaskRecord,
    read_results,
};
pub use seeds::Seeds;
pub use seen::{Seen, SeenOf};
pub use spec::{
    Arm, CalibrationSettings, ChipChoice, ChipReadout, EchoRecurrence, EchoWiring, EncoderSettings, OwnContent,
    OwnData, ReadoutSettings, ReservoirSettings, SpikingWiring, StudySpec, TaskSettings, Wiring,
};
pub use store::{Shard, ShardStatus, Status, Store};
pub use table::{Cell, ColumnKind, cells, columns, csv, read_csv};
pub use tuned::{Edge, Tuned, tuned};

impl StudySpec {
    /// A smaller version of this study that says the same with less certainty: one network of two dies, no search for
    /// a homogeneous network, of each axis of numbers with several values the first and the last but one, and at most
    /// 600 samples to train on and 400 to score where a task lets them be chosen.
    pub fn quicken(&mut self) {
        self.changes.push("--quick".into());
        (self.networks, self.dies, self.series) = (1, self.dies.min(2), 1);
        // A search is long, and the settings of the file stand in for its result.
        self.arms.retain(|arm| !arm.tuning);
        for Sweep { values, .. } in self.sweeps.iter_mut().filter(|sweep| sweep.axis.scale == Scale::Numbers) {
            if values.len() > 2 {
                *values = vec![values[0].clone(), values[values.len() - 2].clone()];
            }
        }
        self.change_tasks(|task| {
            for (name, most) in [("train", 600), ("test", 400)] {
                if task.options().contains(&name) {
                    task.counts.entry(name.into()).and_modify(|count| *count = most.min(*count)).or_insert(most);
                }
            }
        });
    }

    /// Another root of everything that is drawn than the file's.
    pub fn set_seed(&mut self, seed: u64) {
        self.changes.push(format!("--seed {seed}"));
        self.seed = seed;
        self.arms.iter_mut().for_each(|arm| arm.base.seeds = Seeds::all(seed));
    }

    /// Another number of networks than the file's.
    pub fn set_networks(&mut self, networks: u32) {
        self.changes.push(format!("--networks {networks}"));
        self.networks = networks;
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
    let found = Found::nothing(&plan);
    let found = execute(study, &plan, found, 0..plan.run_count(), options, None)?;
    assemble(study, &plan, found)
}

/// Runs what is not yet done of a shard of a study, each run into the store as soon as it is done.
///
/// # Errors
/// As [`run`], and [`StudyError::Store`].
pub fn run_shard(study: &StudySpec, store: &Store, shard: Shard, options: &RunOptions<'_>) -> Result<(), StudyError> {
    let plan = study.plan();
    let found = store.read(&plan)?;
    let appender = Mutex::new(store.append(shard, &plan)?);
    execute(study, &plan, found, shard.runs(plan.run_count()), options, Some(&appender))?;
    Ok(appender.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?)
}

/// The results of a study whose runs are all in its store.
///
/// # Errors
/// [`StudyError::Unfinished`] if some are missing; [`StudyError::Store`].
pub fn merge(study: &StudySpec, store: &Store) -> Result<StudyResult, StudyError> {
    let plan = study.plan();
    let mut result = assemble(study, &plan, store.read(&plan)?)?;
    result.manifest.command = store.recipe().command();
    Ok(result)
}

/// Runs those of `runs` that are not in `found`, and adds them to it.
fn execute(
    study: &StudySpec,
    plan: &Plan,
    mut found: Found,
    runs: Range<usize>,
    options: &RunOptions<'_>,
    store: Option<&Mutex<Appender>>,
) -> Result<Found, StudyError> {
    let programs = &plan.programs;
    for program in programs {
        check(program)?;
    }
    let todo: Vec<usize> = runs.filter(|run| found.runs[*run].is_none()).collect();
    let mut runs_of = vec![0; programs.len()];
    todo.iter().for_each(|run| runs_of[plan.run(*run).program] += 1);
    let records: Vec<OnceLock<Records>> = programs.iter().map(|_| OnceLock::new()).collect();
    let prepared: Vec<_> = runs_of.into_iter().map(Shared::new).collect();
    let known: Vec<bool> = found.programs.iter().map(Option::is_some).collect();
    let matching = Matching::new(study.networks);
    let keep = |line: &dyn Fn(&mut Appender) -> Result<(), StoreError>| match store {
        Some(store) => line(&mut store.lock().unwrap_or_else(PoisonError::into_inner)),
        None => Ok(()),
    };
    let rows = |index: usize| {
        let run = plan.run(todo[index]);
        let prepared = prepared[run.program].take(|| {
            let program = &programs[run.program];
            let mut prepared = prepare(program)?;
            // What the store has of a program it has whole.
            if !known[run.program] {
                if program.first && !program.tuning {
                    let run = Run { point: &program.point, conditions: &program.conditions, prepared: &prepared };
                    prepared.records.controls = control::controls(&run, &study.controls)?;
                }
                keep(&|store| store.program(run.program, &prepared.records))?;
                records[run.program].get_or_init(|| prepared.records.clone());
            }
            Ok::<_, StudyError>(prepared)
        })?;
        let rows = match matching.of(&run, &prepared)? {
            None => Run { point: &run.point, conditions: &run.conditions, prepared: &prepared }.rows()?,
            Some(matched) => matched.rows(&run.point)?,
        };
        keep(&|store| store.run(todo[index], &rows))?;
        Ok(rows)
    };
    let before = found.done();
    // Runs of a task take about as long as each other.
    let tasks: Vec<&str> = programs.iter().map(|program| program.point.task()).collect();
    let kind = |run: &usize| tasks.iter().position(|task| *task == tasks[plan.run(*run).program]).unwrap_or(0);
    let kinds: Vec<usize> = todo.iter().map(kind).collect();
    let all = run_all(&kinds, options, rows).map_err(|stopped| match stopped {
        Stopped::Cancelled(done) => StudyError::Interrupted { done: before + done, runs: study.run_count() },
        Stopped::Failed(error) => error,
    })?;
    for (run, rows) in todo.into_iter().zip(all) {
        found.runs[run] = Some(rows);
    }
    for (place, made) in found.programs.iter_mut().zip(records) {
        if let Some(made) = made.into_inner() {
            *place = Some(made);
        }
    }
    Ok(found)
}

/// What can be said of a program before a network of its size is made.
fn check(Planned { point, conditions, .. }: &Planned) -> Result<(), StudyError> {
    let (spec, neurons) = (&conditions.chip.spec, u64::from(conditions.reservoir.neurons));
    let circuits = [spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core()];
    let circuits: u64 = circuits.iter().map(|n| *n as u64).product();
    if neurons > circuits {
        return Err(StudyError::Board { point: point.clone(), neurons, chip: spec.name.clone(), circuits });
    }
    if conditions.readout.on_chip && matches!(conditions.reservoir.wiring, Wiring::Echo(_)) {
        return Err(StudyError::NoReadoutNeurons { model: conditions.model });
    }
    Ok(())
}

/// The results of all runs in the order of the plan.
fn assemble(study: &StudySpec, plan: &Plan, found: Found) -> Result<StudyResult, StudyError> {
    if let Some(missing) = found.runs.iter().position(Option::is_none) {
        let (done, runs) = (found.done(), found.runs.len());
        return Err(StudyError::Unfinished { done, runs, first: plan.run(missing).point });
    }
    let (mut rows, mut tuning) = (Vec::new(), Vec::new());
    for (index, of_run) in found.runs.into_iter().flatten().enumerate() {
        if plan.run(index).tuning { tuning.extend(of_run) } else { rows.extend(of_run) }
    }
    let (mut records, mut controls): (Vec<Records>, Vec<ControlRow>) = (Vec::new(), Vec::new());
    for (mut record, program) in found.programs.into_iter().zip(&plan.programs).filter_map(|(r, p)| Some((r?, p))) {
        controls.append(&mut record.controls);
        // The many settings of a search are in its table, and have no reports of their own.
        if !program.tuning {
            records.push(record);
        }
    }
    let manifest = manifest(study, plan, records, &rows, &controls, &tuning)?;
    Ok(StudyResult { rows, controls, tuning, manifest })
}

fn manifest(
    study: &StudySpec,
    plan: &Plan,
    records: Vec<Records>,
    rows: &[Row],
    controls: &[ControlRow],
    tuning: &[Row],
) -> Result<Manifest, StudyError> {
    let Conditions { seeds, chip, faults, noise, .. } = study.first();
    let mut warnings = notice::gather(&records, rows);
    tuned::judge(&tuned(tuning), study.edge, &mut warnings)?;
    let mut tasks: Vec<TaskRecord> = Vec::new();
    let mut mappings = Vec::new();
    for Records { task, mapping, .. } in records {
        if !tasks.contains(&task) {
            tasks.push(task);
        }
        mappings.push(mapping);
    }
    let table_digest = |text: String| results::digest(text.as_bytes());
    Ok(Manifest {
        format: MANIFEST.name.into(),
        version: MANIFEST.version,
        quenched: env!("CARGO_PKG_VERSION").into(),
        title: study.title.clone(),
        seed: study.seed,
        seeds: *seeds,
        series: study.series,
        networks: study.networks,
        require: study.require.clone(),
        dies: study.dies,
        study: study.text.clone(),
        command: String::new(),
        changes: study.changes.clone(),
        chip: chip.reference.clone(),
        chip_file: chip.text.clone(),
        chip_digest: results::digest(chip.text.as_bytes()),
        faults: *faults && chip.spec.faults.is_some(),
        noise: *noise,
        tasks,
        effective_tasks: many::effective_tasks(rows),
        data: study.tasks().iter().flat_map(|task| task.own.iter().flat_map(|own| own.files.clone())).collect(),
        mappings,
        warnings,
        die: drawn::drawn(study, plan)?,
        results_digest: table_digest(csv(rows)),
        controls_digest: (!controls.is_empty()).then(|| table_digest(results::controls_csv(controls))),
        tuning_digest: (!tuning.is_empty()).then(|| table_digest(csv(tuning))),
    })
}

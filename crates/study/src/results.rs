//! What a study yields: one row a die, setting and task, and beside the rows what reproduces them.
//!
//! Owns the types of both, the tables beside the results, and reading all of it back. The columns of a row are stated
//! in [`crate::table`]; it deliberately runs nothing.

use crate::axis::{NETWORK, SERIES, TASK};
use crate::prepare::real;
use crate::seeds::Seeds;
use crate::table::csv;
use crate::{Calibration, Capacity, Control, ControlRow, Cost, DrawnDie, EffectiveTasks, Point, RateMatch, StageName};
use device_models::RealisedMismatch;
use disorder::Moments;
use formats::csv::line;
use formats::document::Format;
use formats::{FormatErrors, Problem};
use fx::Real;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use warnings::Warnings;

/// The score of one die on one task under one setting, with what it cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Chip name.
    pub chip: String,
    /// Digest of the chip's file.
    pub chip_digest: String,
    /// Name of the equations of the reservoir.
    pub model: String,
    /// Roots of what was drawn.
    pub seeds: Seeds,
    /// The run: its task, its value on every axis, its die. A store has the number of the run instead.
    #[serde(skip)]
    pub point: Point,
    /// Name of the metric (`accuracy`, `memory capacity`, `nrmse`).
    pub metric: String,
    /// Whether a larger score is a better one.
    pub higher_is_better: bool,
    /// Neurons of the reservoir.
    pub neurons: u32,
    /// Score on the validation part of a readout trained without it, by which settings may be chosen; none where
    /// nothing was validated.
    pub score_validation: Option<f64>,
    /// Score with the readout in floating point on the host.
    pub score_float: f64,
    /// Score with the weights that the chip has for the readout, on the host; none if the study did not ask for a
    /// readout on the chip, because without a program there are no such weights.
    pub score_quantised: Option<f64>,
    /// Score of the readout mapped onto the chip; none if the study did not ask for it.
    pub score_on_chip: Option<f64>,
    /// The stages of the readout on the chip, with their costs; none if the study did not ask for it.
    pub on_chip: Option<OnChipRow>,
    /// What the mismatch of the die came to, parameter by parameter.
    pub mismatch: Vec<Realised>,
    /// Ridge penalty of the readout in floating point; the mean over the targets of the task.
    pub penalty: f64,
    /// Directions that the states of the test part fill (participation ratio), if the study asks for the mechanism.
    pub participation_ratio: Option<f64>,
    /// How far the target lies in the large components of the states, likewise.
    pub alignment: Option<f64>,
    /// What the information processing capacity is made of, where that is the score.
    #[serde(default)]
    pub capacity: Option<Capacity>,
    /// What its input weights were scaled by, where the firing rate is matched.
    #[serde(default)]
    pub rate_match: Option<RateMatch>,
    /// Mean firing rate of the reservoir over the task, in Hz of emulated time (0 for rate units).
    pub rate_hz: f64,
    /// Spikes (or graded events) of the reservoir.
    pub spikes: u64,
    /// Synaptic operations of the whole chip while the reservoir ran without its readout.
    pub synaptic_operations: u64,
    /// Events lost in the router, by whatever cause.
    pub events_lost: u64,
    /// States that were cut at the end of their format, in all emulations of the run.
    pub saturations: u64,
    /// Digest of the features, bit by bit.
    pub digest: String,
    /// What else the run did not represent as it was asked for.
    pub warnings: Warnings,
}

/// The mismatch of one parameter over the neurons of a reservoir on a die.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Realised {
    /// The parameter.
    pub parameter: String,
    /// Mean of the factors, to six digits after the point.
    pub mean: f64,
    /// Their coefficient of variation.
    pub cv: f64,
    /// Their skewness.
    pub skew: f64,
}

impl Realised {
    pub(crate) fn of(all: RealisedMismatch) -> Self {
        let rounded = |value: Real| format!("{:.6}", real(value)).parse().unwrap_or(0.0);
        let Moments { mean, skew, .. } = all.drawn;
        let cv = all.drawn.cv().map_or(0.0, rounded);
        Self { parameter: all.parameter, mean: rounded(mean), cv, skew: rounded(skew) }
    }
}

/// What the readout on the chip came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnChipRow {
    /// Every stage, in order.
    pub stages: Vec<StageScore>,
    /// The penalty of each output, chosen on a chip without mismatch.
    pub penalties: Vec<f64>,
    /// What calibration did on this die; none if the study did not ask for it.
    pub calibration: Option<Calibration>,
}

/// The score of a stage, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageScore {
    /// Which.
    pub name: StageName,
    /// Its score.
    pub score: f64,
    /// Its cost.
    pub cost: Cost,
}

impl OnChipRow {
    /// A stage, if the run had it.
    pub fn stage(&self, name: StageName) -> Option<&StageScore> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

/// What a mapping of the study used, kept and lost: one a program, the same for all dies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappingSummary {
    /// Task, and value of each axis that changes the program.
    #[serde(flatten)]
    pub point: Point,
    /// The mapper's report on the network without its readout, as text.
    pub report: String,
    /// Connections asked for, those of removed projections included.
    pub connections_wanted: u64,
    /// Connections that have a synapse on the chip.
    pub connections_kept: u64,
    /// Input samples outside the range of the training part, which were clamped to it.
    pub inputs_clamped: u64,
    /// Digest of the program.
    pub program: String,
}

/// What it takes to repeat a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `quenched-manifest`.
    pub format: String,
    /// Version of the format.
    pub version: u64,
    /// Release that ran the study.
    pub quenched: String,
    /// Title of the study.
    pub title: String,
    /// The seed that the study's file states.
    pub seed: u64,
    /// Roots of what was drawn.
    pub seeds: Seeds,
    /// Series of each generated task.
    pub series: u32,
    /// Networks of each setting.
    pub networks: u32,
    /// The score that a die must reach, by task or stimulus.
    pub require: BTreeMap<String, f64>,
    /// Dies of each network.
    pub dies: u32,
    /// The study file in full.
    pub study: String,
    /// The command that gives the same results; empty if no command asked for them.
    pub command: String,
    /// What was changed on the command line, as it was given there (`--quick`, `--seed 3`).
    pub changes: Vec<String>,
    /// The chip, as named in the study.
    pub chip: String,
    /// The chip file in full.
    pub chip_file: String,
    /// Digest of the chip file.
    pub chip_digest: String,
    /// Whether circuits could be broken: the chip file has faults, and the study did not switch them off.
    pub faults: bool,
    /// Whether runs had the noise of the chip file.
    pub noise: bool,
    /// The tasks: id, title, formula and source of each.
    pub tasks: Vec<TaskRecord>,
    /// How many tasks they are: of each stimulus that has several, and of all.
    pub effective_tasks: Vec<EffectiveTasks>,
    /// The files that the study named, with their digests: what the study was run on.
    pub data: Vec<DataFile>,
    /// The mappings.
    pub mappings: Vec<MappingSummary>,
    /// What is not as the study asks for.
    pub warnings: Warnings,
    /// A die of the study, as the report draws it; none if all dies are the same.
    pub die: Option<DrawnDie>,
    /// Digest of `results.csv`.
    pub results_digest: String,
    /// Digest of `controls.csv`; none if the study has no controls.
    pub controls_digest: Option<String>,
    /// Digest of `tuning.csv`; none if the study tunes nothing.
    pub tuning_digest: Option<String>,
}

/// A task as the manifest records it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Formula of the target and of the score.
    pub formula: String,
    /// Where data and definition come from.
    pub source: String,
}

/// A file of data that a study read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// The task that it belongs to.
    pub task: String,
    /// Its name, as in the study.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: String,
}

/// Everything that a study found.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyResult {
    /// One row a run and task, in the order of the plan.
    pub rows: Vec<Row>,
    /// What is scored without a chip, for each task, series and network.
    pub controls: Vec<ControlRow>,
    /// The settings that a homogeneous network was tuned over, see [`crate::tuned()`].
    pub tuning: Vec<Row>,
    /// How to repeat it.
    pub manifest: Manifest,
}

/// Digest of a text, for the manifest: the first 128 bits of BLAKE3 in hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].into()
}

impl StudyResult {
    /// `results.csv`.
    pub fn csv(&self) -> String {
        csv(&self.rows)
    }

    /// `controls.csv`; none if the study has no controls.
    pub fn controls_csv(&self) -> Option<String> {
        (!self.controls.is_empty()).then(|| controls_csv(&self.controls))
    }

    /// `tuning.csv`, with the columns of `results.csv`; none if the study tunes nothing.
    pub fn tuning_csv(&self) -> Option<String> {
        (!self.tuning.is_empty()).then(|| csv(&self.tuning))
    }

    /// `manifest.json`.
    pub fn manifest_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.manifest).expect("a manifest is plain data");
        text.push('\n');
        text
    }
}

/// The first line of `controls.csv`.
const CONTROLS: [&str; 8] = ["task", "metric", "control", "series", "network", "features", "score_validation", "score"];

pub(crate) fn controls_csv(rows: &[ControlRow]) -> String {
    let mut text = line(CONTROLS);
    for row in rows {
        let fields = [
            row.task.clone(),
            row.metric.clone(),
            row.control.name().into(),
            row.point.unit(&SERIES).to_string(),
            row.point.unit(&NETWORK).to_string(),
            row.features.to_string(),
            row.score_validation.map(|score| score.to_string()).unwrap_or_default(),
            row.score.to_string(),
        ];
        text.push_str(&line(fields));
    }
    text
}

/// The rows of `controls.csv`.
fn read_controls(text: &str, file: &str) -> Result<Vec<ControlRow>, FormatErrors> {
    let mut rows = Vec::new();
    formats::csv::read(text, file, |number, fields| {
        if number == 0 {
            let wrong = fields.iter().zip(CONTROLS).position(|(found, wanted)| found != wanted);
            let wrong = wrong.or((fields.len() != CONTROLS.len()).then_some(0));
            return wrong.map_or(Ok(()), |at| {
                let found = fields.get(at).map_or_else(String::new, |name| name.to_string());
                Err((at, Problem::Columns { expected: CONTROLS[at], found }))
            });
        }
        let wrong = |at: usize, expected| (at, Problem::WrongType { expected, found: "text" });
        let count = |at: usize| fields[at].parse().map_err(|_| wrong(at, "a whole number"));
        let score = |at: usize| fields[at].parse().map_err(|_| wrong(at, "a number"));
        let control = Control::ALL.into_iter().find(|control| control.name() == fields[2]);
        let (series, network): (u32, u32) = (count(3)?, count(4)?);
        rows.push(ControlRow {
            control: control.ok_or_else(|| wrong(2, "a control"))?,
            point: Point::default().with(&TASK, &fields[0]).with(&SERIES, series).with(&NETWORK, network),
            task: fields[0].to_string(),
            metric: fields[1].to_string(),
            features: count(5)? as usize,
            score_validation: if fields[6].is_empty() { None } else { Some(score(6)?) },
            score: score(7)?,
        });
        Ok(())
    })?;
    Ok(rows)
}

/// The format of `manifest.json`.
pub const MANIFEST: Format = Format { name: "quenched-manifest", version: 2 };

/// What a study left in `directory`: the same results, but for what a table does not have (see [`crate::read_csv`]).
///
/// # Errors
/// A file is missing, cut off, of another version, or not the one that was written with the manifest.
pub fn read_results(directory: &Path) -> Result<StudyResult, FormatErrors> {
    let read = |name: &str| {
        let path = directory.join(name);
        Ok::<_, FormatErrors>((formats::text::read_text(&path)?, path.display().to_string()))
    };
    let (text, file) = read("manifest.json")?;
    let manifest: Manifest = formats::json::read(&text, &file, MANIFEST)?;
    // What is wrong in a table is said with its place; that one was changed, or cut between two lines, is known last.
    let whole = |(text, file): &(String, String), wanted: &str| {
        if digest(text.as_bytes()) == wanted {
            return Ok(());
        }
        let message = "this is not the table that was written with `manifest.json`: it was changed or cut off";
        let help = "copy all files of the study together, or run it again";
        Err(formats::csv::first_line(text, file, Problem::Reading { message: message.into(), help: help.into() }))
    };
    let table = read("results.csv")?;
    let rows = crate::read_csv(&table.0, &table.1)?;
    whole(&table, &manifest.results_digest)?;
    let mut controls = Vec::new();
    if let Some(wanted) = &manifest.controls_digest {
        let table = read("controls.csv")?;
        controls = read_controls(&table.0, &table.1)?;
        whole(&table, wanted)?;
    }
    let mut tuning = Vec::new();
    if let Some(wanted) = &manifest.tuning_digest {
        let table = read("tuning.csv")?;
        tuning = crate::read_csv(&table.0, &table.1)?;
        whole(&table, wanted)?;
    }
    Ok(StudyResult { rows, controls, tuning, manifest })
}

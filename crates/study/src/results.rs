//! What a study yields: one row a die, setting and task, as a table and beside it what reproduces it.

use crate::axis::{NETWORK, SERIES};
use crate::prepare::real;
use crate::seeds::Seeds;
use crate::{Calibration, Capacity, ControlRow, Cost, EffectiveTasks, Point, RateMatch, StageName};
use device_models::RealisedMismatch;
use disorder::Moments;
use formats::csv::line;
use fx::Real;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use warnings::Warnings;

/// The score of one die on one task under one setting, with what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    #[serde(flatten, skip_deserializing)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// `quenched-manifest`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
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
    /// Digest of `results.csv`.
    pub results_digest: String,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Columns of `results.csv` before those of the axes.
const BEFORE: [&str; 8] = ["chip", "chip_digest", "model", "network_seed", "die_seed", "task_seed", "task", "metric"];
/// Columns behind those of the axes.
const BEHIND: [&str; 29] = [
    "neurons",
    "series",
    "network",
    "die",
    "score_validation",
    "score_float",
    "score_quantised",
    "score_on_chip",
    "score_chain",
    "score_calibrated",
    "score_in_the_loop",
    "penalty_on_chip",
    "readout_circuits",
    "readout_synapses",
    "calibration_samples",
    "calibration_seconds",
    "calibration_silent",
    "calibration_no_room",
    "calibration_off_rate",
    "penalty",
    "participation_ratio",
    "alignment",
    "rate_hz",
    "spikes",
    "synaptic_operations",
    "events_lost",
    "saturations",
    "digest",
    "warnings",
];

/// The rows as comma-separated values, one line each under a line of names: of the axes the fastest first. Scores have
/// 12 digits after the point: enough to tell any two apart, and the same text on every machine.
pub fn csv(rows: &[Row]) -> String {
    // An axis over a key that is a column of its own anyway has a name that tells them apart.
    let name = |key: &'static str| match BEFORE.contains(&key) || BEHIND.contains(&key) {
        true => format!("axis_{key}"),
        false => key.to_owned(),
    };
    let axes: Vec<String> =
        rows.first().map_or_else(Vec::new, |row| row.point.setting().rev().map(|(a, _)| name(a.key)).collect());
    // Rows at CV 0 have none of them.
    let mut mismatched: Vec<&str> =
        rows.iter().flat_map(|row| &row.mismatch).map(|realised| realised.parameter.as_str()).collect();
    mismatched.sort_unstable();
    mismatched.dedup();
    let moments = mismatched.iter().flat_map(|name| ["mean", "cv", "skew"].map(|of| format!("{name}_{of}")));
    // Only studies of a capacity, or of matched rates, have their columns.
    let has_capacity = rows.iter().any(|row| row.capacity.is_some());
    let has_rate = rows.iter().any(|row| row.rate_match.is_some());
    let of = |names: &[&str], are_there: bool| -> Vec<String> {
        names.iter().filter(|_| are_there).map(|name| (*name).to_owned()).collect()
    };
    let some = [of(&CAPACITY, has_capacity), of(&RATE, has_rate)].concat();
    let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut text = line(fixed(&BEFORE).into_iter().chain(axes).chain(fixed(&BEHIND)).chain(some).chain(moments));
    for row in rows {
        let score = |score: f64| format!("{score:.12}");
        let perhaps = |value: Option<f64>| value.map(score).unwrap_or_default();
        let setting = row.point.setting().rev().map(|(_, name)| name.to_string());
        let [networks, dies, tasks] = [row.seeds.networks, row.seeds.dies, row.seeds.tasks].map(|n| n.to_string());
        let before = [&row.chip, &row.chip_digest, &row.model, &networks, &dies, &tasks, row.point.task(), &row.metric];
        let behind = [
            row.neurons.to_string(),
            row.point.unit(&SERIES).to_string(),
            row.point.unit(&NETWORK).to_string(),
            row.point.die().to_string(),
            perhaps(row.score_validation),
            score(row.score_float),
            perhaps(row.score_quantised),
            perhaps(row.score_on_chip),
        ];
        let rest = [
            format!("{:e}", row.penalty),
            perhaps(row.participation_ratio),
            perhaps(row.alignment),
            format!("{:.6}", row.rate_hz),
            row.spikes.to_string(),
            row.synaptic_operations.to_string(),
            row.events_lost.to_string(),
            row.saturations.to_string(),
            row.digest.clone(),
            row.warnings.len().to_string(),
        ];
        let realised =
            mismatched.iter().flat_map(|name| match row.mismatch.iter().find(|own| own.parameter == *name) {
                Some(own) => [own.mean, own.cv, own.skew].map(|value| format!("{value:.6}")),
                None => ["1.000000", "0.000000", "0.000000"].map(String::from),
            });
        text.push_str(&line(
            before
                .map(String::from)
                .into_iter()
                .chain(setting)
                .chain(behind)
                .chain(on_chip_cells(row))
                .chain(rest)
                .chain(capacity_cells(row).into_iter().filter(|_| has_capacity))
                .chain(rate_cells(row).into_iter().filter(|_| has_rate))
                .chain(realised),
        ));
    }
    text
}

/// Columns of matched firing rates, in studies that have some.
const RATE: [&str; 3] = ["rate_factor", "rate_wanted_hz", "rate_reached_hz"];

/// What was scaled for which rate; empty where the rate is as it comes.
fn rate_cells(row: &Row) -> [String; 3] {
    let Some(RateMatch { factor, wanted_hz, reached_hz }) = row.rate_match else { return Default::default() };
    [factor, wanted_hz, reached_hz].map(|value| format!("{value:.6}"))
}

/// Columns of the information processing capacity, in studies that have one.
const CAPACITY: [&str; 6] = [
    "capacity_by_degree",
    "capacity_by_chance",
    "capacity_rank",
    "capacity_samples",
    "capacity_threshold",
    "capacity_targets",
];

/// What a capacity is made of; empty where that is not the score.
fn capacity_cells(row: &Row) -> [String; 6] {
    let Some(capacity) = &row.capacity else { return Default::default() };
    let by_degree: Vec<String> = capacity.by_degree.iter().map(|sum| format!("{sum:.6}")).collect();
    [
        by_degree.join(" "),
        format!("{:.6}", capacity.by_chance),
        capacity.rank.to_string(),
        capacity.samples.to_string(),
        format!("{:.9}", capacity.threshold),
        capacity.targets.to_string(),
    ]
}

/// Penalties, stages and costs of the readout on the chip; empty where there is none.
fn on_chip_cells(row: &Row) -> [String; 11] {
    let Some(on_chip) = &row.on_chip else { return Default::default() };
    let score = |name| on_chip.stage(name).map_or_else(String::new, |stage| format!("{:.12}", stage.score));
    let calibrated = on_chip.stage(StageName::Calibrated);
    let cost = calibrated.or(on_chip.stage(StageName::OnChip)).map(|stage| stage.cost).unwrap_or_default();
    let mut penalties = on_chip.penalties.clone();
    penalties.dedup();
    let count =
        |of: fn(&Calibration) -> u32| on_chip.calibration.as_ref().map(|c| of(c).to_string()).unwrap_or_default();
    [
        score(StageName::Chain),
        score(StageName::Calibrated),
        score(StageName::InTheLoop),
        penalties.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        cost.circuits.to_string(),
        cost.synapses.to_string(),
        calibrated.map(|stage| stage.cost.samples.to_string()).unwrap_or_default(),
        calibrated.map(|stage| format!("{:.3}", stage.cost.seconds)).unwrap_or_default(),
        count(|c| c.silent),
        count(|c| c.no_room),
        count(|c| c.off_rate),
    ]
}

impl StudyResult {
    /// `results.csv`.
    pub fn csv(&self) -> String {
        csv(&self.rows)
    }

    /// `controls.csv`; none if the study has no controls.
    pub fn controls_csv(&self) -> Option<String> {
        if self.controls.is_empty() {
            return None;
        }
        let mut text =
            line(["task", "metric", "control", "series", "network", "features", "score_validation", "score"]);
        for row in &self.controls {
            let fields = [
                row.task.clone(),
                row.metric.clone(),
                row.control.name().into(),
                row.point.unit(&SERIES).to_string(),
                row.point.unit(&NETWORK).to_string(),
                row.features.to_string(),
                row.score_validation.map(|score| format!("{score:.12}")).unwrap_or_default(),
                format!("{:.12}", row.score),
            ];
            text.push_str(&line(fields));
        }
        Some(text)
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

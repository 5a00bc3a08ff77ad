//! Why a study cannot run or did not finish.

use crate::Point;
use device_models::DeviceModelError;
use formats::{FormatError, FormatErrors};
use mapper::MapperError;
use network::NetworkError;
use readout::ReadoutError;
use session::SessionError;
use statistics::StatisticsError;
use std::path::{Path, PathBuf};
use tasks::TaskError;
use thiserror::Error;
use units::{Decimal, Quantity};

/// Why a study cannot run or did not finish. What its runs gave so far is in its store, if it has one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The user stopped the study.
    #[error("interrupted after {done} of {runs} runs")]
    Interrupted {
        /// Runs that had finished.
        done: usize,
        /// Runs of the study.
        runs: usize,
    },
    /// The homogeneous network that was tuned is best at the end of a grid, and the study wants that to be an error.
    #[error("{found}")]
    Edge {
        /// Every such value, a line each.
        found: String,
    },
    /// The store of the study is not what it should be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The results cannot be a Parquet file.
    #[cfg(feature = "parquet")]
    #[error("results.parquet cannot be made: {reason}")]
    Parquet {
        /// Why.
        reason: String,
    },
    /// Runs are missing where all are needed.
    #[error("{} of {runs} runs are not done, the first of them {first}", runs - done)]
    Unfinished {
        /// Runs that are done.
        done: usize,
        /// Runs of the study.
        runs: usize,
        /// The first that is not.
        first: Point,
    },
    /// A study that is no estimator.
    #[error("an estimator has one task of own data with an output for each stimulus, and one setting; {found}")]
    NoEstimator {
        /// What the study has.
        found: String,
    },
    /// The task's data or options are impossible.
    #[error("{}{error}", if error.names_task() { String::new() } else { format!("task `{task}`: ") })]
    Task {
        /// The task.
        task: String,
        /// What is wrong.
        error: TaskError,
    },
    /// The reservoir cannot be generated.
    #[error("{point}, the reservoir: {error}")]
    Network {
        /// The program that it is for.
        point: Point,
        /// What is wrong.
        error: NetworkError,
    },
    /// The reservoir has more neurons than there are circuits.
    #[error("{point}: the reservoir has {neurons} neurons, but a board of chip `{chip}` has at most {circuits}")]
    Board {
        /// The program that it is for.
        point: Point,
        /// Neurons asked for.
        neurons: u64,
        /// The chip.
        chip: String,
        /// Neurons of a board of them.
        circuits: u64,
    },
    /// The network or its readout does not fit the chip.
    #[error("{point}: {error}")]
    Mapping {
        /// The program.
        point: Point,
        /// What does not fit.
        error: MapperError,
    },
    /// A die has parameters that its core cannot run with.
    #[error("{point}: {error}")]
    Die {
        /// The run.
        point: Point,
        /// What is wrong.
        error: DeviceModelError,
    },
    /// A program, a die or an event was refused.
    #[error("{point}: {error}")]
    Session {
        /// The run.
        point: Point,
        /// What is wrong.
        error: SessionError,
    },
    /// Training or scoring failed.
    #[error("{point}: {error}")]
    Readout {
        /// The run.
        point: Point,
        /// What is wrong.
        error: ReadoutError,
    },
    /// The states of a run have no measure.
    #[error("{point}: {error}; leave `mechanism` out of the study, or give it longer tasks")]
    Mechanism {
        /// The run.
        point: Point,
        /// What is wrong.
        error: StatisticsError,
    },
    /// The information processing capacity of the states of a run cannot be measured.
    #[error("{point}: {error}; give the task more `test` samples, or shorter `max_delays`")]
    Capacity {
        /// The run.
        point: Point,
        /// What is wrong.
        error: StatisticsError,
    },
    /// A time of the study is not a whole number of steps, or too short for one.
    #[error("task `{task}`: {what} of {value} is not a whole number of the chip's steps of {step}; choose a multiple")]
    Steps {
        /// The task.
        task: String,
        /// Which time.
        what: &'static str,
        /// The time asked for.
        value: Quantity,
        /// Length of a step.
        step: Quantity,
    },
    /// A number of the study is too large or too fine for the network's weight format.
    #[error("{what} = {value} does not fit the weight format, which ends at 2048 times {level}; make it smaller")]
    Weight {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: Decimal,
        /// What counts as 1.
        level: Quantity,
    },
    /// A readout on the chip was asked for, but it cannot be: rate units have no spikes to add up.
    #[error("a readout of `{model}` units cannot be mapped onto neurons; set `on_chip = false` in [readout]")]
    NoReadoutNeurons {
        /// The model.
        model: chip::CoreModel,
    },
    /// The readout neurons have no drive, so their rate could not go down.
    #[error("the readout neurons need a drive above 0: set `drive` in `parameters` of [readout]")]
    NoDrive,
    /// There is no rate that readout neurons could be calibrated to.
    #[error(
        "{point}: readout neurons of a chip without mismatch do not spike, or no more often with more drive, so that \
         there is no rate to calibrate to; raise `drive` in `parameters` of [readout], or leave `calibration` out"
    )]
    NoRest {
        /// The program.
        point: Point,
    },
}

/// Why the store of a study cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store.
    #[error("{}: there are no runs of a study here", directory.display())]
    None {
        /// The directory.
        directory: PathBuf,
    },
    /// The runs are those of another study: its file, a chip, data, or this program changed.
    #[error("{}: these are runs of another study, or of this one before its file, chip, data or quenched changed", directory.display())]
    Other {
        /// The directory.
        directory: PathBuf,
    },
    /// Another process is at work on the shard.
    #[error("{}: another process is at work on this shard", file.display())]
    Busy {
        /// Its file.
        file: PathBuf,
    },
    /// A file is not what was written.
    #[error("{}:{line}: {why}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The study that the store names cannot be read any more.
    #[error(transparent)]
    Study(FormatErrors),
    /// A file cannot be written.
    #[error(transparent)]
    Write(FormatError),
    /// A file or directory cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

impl StoreError {
    pub(crate) fn file(file: &Path, error: std::io::Error) -> Self {
        Self::File { file: file.into(), error }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::None { .. } => Some("name the directory that `quenched study --out` was given"),
            Self::Other { .. } => {
                Some("go on with what began them, take another directory, or throw them away with `--restart`")
            }
            Self::Busy { .. } => Some("wait for it, or give this process another shard"),
            Self::Damaged { .. } => {
                Some("the line was changed after it was written; take the file away to run its shard anew")
            }
            Self::Study(_) | Self::Write(_) | Self::File { .. } => None,
        }
    }
}

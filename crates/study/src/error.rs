//! Why a study cannot run or did not finish.

use crate::Point;
use device_models::DeviceModelError;
use mapper::MapperError;
use network::NetworkError;
use readout::ReadoutError;
use session::SessionError;
use tasks::TaskError;
use thiserror::Error;
use units::{Decimal, Quantity};

/// Why a study cannot run or did not finish. Nothing was written in any of these cases.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The user stopped the study.
    #[error("interrupted after {done} of {runs} runs; nothing was written")]
    Interrupted {
        /// Runs that had finished.
        done: usize,
        /// Runs of the study.
        runs: usize,
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
}

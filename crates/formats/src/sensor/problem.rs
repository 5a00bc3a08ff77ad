//! What can be wrong with a recording, and what to do about it.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use super::Sensor;
use thiserror::Error;

/// What is wrong with a recording that has no lines.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SensorProblem {
    /// The file ends within a record.
    #[error("it was cut off: byte {offset} starts a record of {size} bytes, but {left} are left")]
    CutOff { offset: u64, size: u64, left: u64 },
    /// The file contradicts itself, or its format.
    #[error("byte {offset}: {what}")]
    Damaged { offset: u64, what: String },
    /// A coordinate outside the sensor.
    #[error("event {event}{}: {what} is {value}, but the sensor has {count}", at(*offset))]
    Outside {
        /// Index of the event.
        event: usize,
        /// Where its record starts in the file, if it lies there as one.
        offset: Option<u64>,
        /// Which coordinate.
        what: &'static str,
        value: i64,
        /// How many values there are.
        count: u64,
    },
    /// Time runs backwards.
    #[error("event {event}{}: its time of {time_us} us comes after {previous_us} us", at(*offset))]
    OutOfOrder {
        /// Index of the event.
        event: usize,
        /// Where its record starts in the file, if it lies there as one.
        offset: Option<u64>,
        time_us: u64,
        /// Time of the event before.
        previous_us: u64,
    },
    /// A number that is no time.
    #[error("event {event}: its time is {time}, which is no time from 0 on in whole microseconds")]
    NoTime {
        /// Index of the event.
        event: usize,
        /// The number of the file.
        time: String,
    },
    /// The kind of recording has coordinates that the sensor does not have, or the other way round.
    #[error("it holds events of {holds}, but the sensor has {sensor}")]
    Kind {
        /// What the file holds.
        holds: &'static str,
        /// What was asked for.
        sensor: String,
    },
    /// The file states another size of its sensor than the one asked for.
    #[error("it says that its sensor has {stated}, but {asked} were asked for")]
    Size { stated: Sensor, asked: Sensor },
    /// Nobody said how large the sensor is.
    #[error("it does not say how large its sensor is")]
    NoSize {
        /// What the file holds.
        holds: &'static str,
    },
    /// Something of the format that is not read.
    #[error("it has {what}, which is not read")]
    Unsupported {
        what: String,
        /// What to do.
        help: &'static str,
    },
    /// An array of records without the columns of an event.
    #[error("it has no column of {what}: its columns are {}", listed(columns))]
    NoColumn { what: &'static str, columns: Vec<String> },
    /// The file has several samples, and none was chosen.
    #[error("it has {count} samples, and none is chosen")]
    NoSample { count: u64 },
    /// A sample that the file does not have.
    #[error("it has {count} samples, counted from 0, and no sample {sample}")]
    UnknownSample { sample: u64, count: u64 },
    /// An option that says nothing about this format.
    #[error("`{option}` says nothing about a recording of the format `{format}`")]
    Needless { option: &'static str, format: &'static str },
    /// No reader for a name.
    #[error("neither its first bytes nor its name tell its format; names end in {extensions}")]
    UnknownFormat { extensions: String, formats: String },
}

fn at(offset: Option<u64>) -> String {
    offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default()
}

fn listed(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    if columns.is_empty() { "without names".into() } else { columns.join(", ") }
}

impl SensorProblem {
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::CutOff { .. } | Self::Damaged { .. } => "copy or make the file again".into(),
            Self::OutOfOrder { .. } => {
                "`--sort-events` sorts the recording; if its clock starts again from 0, `--clock-bits N` says how wide it \
                 is"
                    .into()
            }
            Self::NoTime { .. } => "if times have another unit, `--time-unit s` (or ms, us, ns) says which".into(),
            Self::Outside { .. } | Self::Kind { .. } => "give the size of the sensor that was recorded".into(),
            Self::Size { .. } => "leave `--sensor` out, or give the size that the file states".into(),
            Self::NoSize { holds: "pixels" } => "give it: `--sensor 34x34` are 34 columns and 34 rows of pixels".into(),
            Self::NoSize { .. } => "give it: `--sensor 64` are 64 channels".into(),
            Self::Unsupported { help, .. } => (*help).into(),
            Self::NoColumn { .. } => {
                "name them in their order, such as `--columns t,x,y,p` or `--columns time,address`; `-` is skipped".into()
            }
            Self::NoSample { .. } => "choose one with `--sample N`, counted from 0".into(),
            Self::UnknownSample { .. } => return None,
            Self::Needless { option, .. } => format!("leave `{option}` out"),
            Self::UnknownFormat { formats, .. } => format!("name it with `--format`: one of {formats}"),
        })
    }
}

//! Recordings of event sensors, specified in `docs/formats/sensors.md`.
//!
//! Owns the way from a recording of any of the formats in [`FORMATS`] to events with a time in microseconds and an
//! address that is a number below the size of the sensor, and from there to input events at the ticks of a chip. A
//! format is a module that knows its records; what holds for all of them (order, clocks that wrap, ranges, the
//! account of what was read) is in one place. It deliberately knows no network: which channel an address drives is
//! its number.

mod aedat2;
mod aedat3;
mod aedat4;
mod arrays;
mod bytes;
mod collect;
mod columns;
mod dat;
mod es;
mod evt2;
mod evt3;
mod flat;
mod format;
mod hdf5;
mod orchard;
mod problem;
mod prophesee;
mod slayer;
mod text;

use crate::error::FormatErrors;
use crate::events::InputEvent;
use bytes::Bytes;
use collect::Collector;
use std::fmt;
use std::io::Read;
use std::path::Path;
use units::{InputId, Quantity, QuantityError, Tick, Unit};

pub use columns::{Column, Columns, TimeUnit};
pub use format::{FORMATS, SensorFormat, recognise};
pub use hdf5::Recordings;
pub use problem::SensorProblem;

/// An event of a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorEvent {
    /// When, in microseconds of the recording's own clock.
    pub time_us: u64,
    /// The address: a pixel with its polarity, or a channel.
    pub address: u32,
}

/// What a sensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// A dynamic vision sensor: pixels with two polarities. The address of an event is (polarity, y, x) in C order:
    /// `(polarity * height + y) * width + x`.
    Pixels {
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Channels without geometry, such as those of a cochlea.
    Channels(u32),
}

impl Sensor {
    /// Number of addresses. Sides of 65535 pixels have more than 32 bits count, and are then as many as 32 bits do.
    pub const fn addresses(self) -> u32 {
        match self {
            Self::Pixels { width, height } => (2 * width as u32).saturating_mul(height as u32),
            Self::Channels(count) => count,
        }
    }
}

impl fmt::Display for Sensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels { width, height } => write!(f, "{width} x {height} pixels"),
            Self::Channels(count) => write!(f, "{count} channels"),
        }
    }
}

/// What to do with events that are not in the order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Refuse the recording.
    #[default]
    Required,
    /// Sort it; events of one time keep the order of the file.
    Sort,
}

/// What is known of a recording besides its bytes.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The sensor that was recorded. Formats that state its size need it not, and it must agree with theirs.
    pub sensor: Option<Sensor>,
    /// The number of channels of recordings of channels, if `sensor` says nothing.
    pub channels: Option<u32>,
    /// What to do with events out of order.
    pub order: Order,
    /// The format; the first bytes and the name of the file tell it otherwise.
    pub format: Option<&'static SensorFormat>,
    /// What the columns of a text or of an array without names are.
    pub columns: Option<Columns>,
    /// The unit of times in texts and arrays; microseconds if neither this nor a name says more.
    pub time_unit: Option<TimeUnit>,
    /// Bits of the clock of texts and arrays, whose times start again from 0 after as many.
    pub clock_bits: Option<u32>,
    /// Which sample of a file with several.
    pub sample: Option<u64>,
}

impl Options {
    /// What is needed for a sensor of known size, with all else as the file says.
    pub fn of(sensor: Sensor) -> Self {
        Self { sensor: Some(sensor), ..Self::default() }
    }
}

/// A recording that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its events, in the order of time.
    pub events: Vec<SensorEvent>,
    /// The sensor.
    pub sensor: Sensor,
    /// Name of the format.
    pub format: &'static str,
    /// Records that are no events, by kind.
    pub skipped: Vec<(&'static str, u64)>,
    /// How often its clock started again from 0.
    pub wraps: u64,
    /// The class of the sample, where the file has one.
    pub label: Option<i64>,
}

/// Reads the recording at `path`.
///
/// # Errors
/// The file is no plain file, cannot be read, is damaged or cut off, is of no known format, has events outside the
/// sensor, or goes back in time.
pub fn load(path: &Path, options: &Options) -> Result<Recording, FormatErrors> {
    read(crate::open(path)?, &path.display().to_string(), options)
}

/// Reads a recording from `source`; `file` stands for the file in errors, and its extension tells the format where the
/// bytes do not.
///
/// # Errors
/// As [`load`].
pub fn read(source: impl Read, file: &str, options: &Options) -> Result<Recording, FormatErrors> {
    let mut bytes = Bytes::new(source, file);
    let format = match options.format {
        Some(format) => format,
        None => format::find(&mut bytes)?,
    };
    format.accepts(options).map_err(|problem| bytes.wrong(problem))?;
    let mut collector = Collector::new(file, options);
    format.read(&mut bytes, &mut collector)?;
    Ok(collector.finish(format.name)?)
}

/// Femtoseconds of a microsecond.
const FEMTOSECONDS: i128 = 1_000_000_000;

/// The input events of a recording for a chip whose ticks have the length `tick`: address a drives channel a, and an
/// event of time t is sent for tick floor((t - from) / tick), exactly. Also how many events come before `from`: they
/// have no tick.
///
/// # Errors
/// `tick` or `from` is no time. Both are counted in whole femtoseconds, and a tick has at least one.
pub fn to_inputs(
    events: &[SensorEvent],
    tick: Quantity,
    from: Option<Quantity>,
) -> Result<(Vec<InputEvent>, u64), QuantityError> {
    let length = i128::from(tick.to_bits(Unit::FEMTOSECOND, 0)?).max(1);
    let from = match from {
        Some(from) => femtoseconds(from)?,
        None => 0,
    };
    let mut inputs = Vec::with_capacity(events.len());
    for event in events {
        let since = i128::from(event.time_us) * FEMTOSECONDS - from;
        if since >= 0 {
            let tick = Tick(u64::try_from(since / length).unwrap_or(u64::MAX - 1).min(u64::MAX - 1));
            inputs.push(InputEvent { tick, channel: InputId(event.address), payload: 1 });
        }
    }
    let before = (events.len() - inputs.len()) as u64;
    Ok((inputs, before))
}

/// A time in femtoseconds; one that is longer than 64 bits of them, in its whole microseconds.
fn femtoseconds(time: Quantity) -> Result<i128, QuantityError> {
    match time.to_bits(Unit::FEMTOSECOND, 0) {
        Ok(femtoseconds) => Ok(femtoseconds.into()),
        Err(_) => Ok(i128::from(time.to_bits(Unit::MICROSECOND, 0)?) * FEMTOSECONDS),
    }
}

#[cfg(test)]
mod tests;

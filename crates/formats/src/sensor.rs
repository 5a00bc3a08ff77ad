//! Recordings of event sensors: `.bs2` files, AER text and npz lists, specified in `docs/formats/sensors.md`.
//!
//! Owns the way from a recording to events with a time in microseconds and an address that is a number below the size
//! of the sensor, and from there to input events at the ticks of a chip. Order, ranges and truncation are checked as
//! the file is read. It deliberately knows no network: which channel an address drives is its number.

use crate::error::{FormatError, FormatErrors, Place, Problem};
use crate::events::InputEvent;
use crate::npz::{ARRAY_BYTES_MAX, Npz};
use crate::text::{read_bytes, read_text};
use std::fmt;
use std::path::Path;
use thiserror::Error;
use units::{InputId, Quantity, QuantityError, Tick, Unit};

/// Bytes of an event in a `.bs2` file.
const BS2_BYTES: usize = 5;
/// Bits of a time stamp in a `.bs2` file.
const BS2_TIME_BITS: u32 = 23;

/// An event of a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorEvent {
    /// When, in microseconds from the start of the recording.
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
    /// Number of addresses.
    pub const fn addresses(self) -> u32 {
        match self {
            Self::Pixels { width, height } => 2 * width as u32 * height as u32,
            Self::Channels(count) => count,
        }
    }

    /// The address of a pixel, or what is outside: its name, its value and the number of values.
    fn pixel(self, x: u64, y: u64, polarity: u64) -> Result<u32, (&'static str, u64, u64)> {
        let Self::Pixels { width, height } = self else { return Err(("x", x, 0)) };
        for (what, value, count) in [("x", x, width.into()), ("y", y, height.into()), ("p", polarity, 2)] {
            if value >= count {
                return Err((what, value, count));
            }
        }
        Ok(((polarity * u64::from(height) + y) * u64::from(width) + x) as u32)
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

/// What is wrong with a recording that has no lines.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SensorProblem {
    /// The file ends within an event.
    #[error("it ends within event {event}: byte {offset} starts an event of {size} bytes, but {left} are left")]
    CutOff {
        /// Index of the event.
        event: usize,
        /// Where it starts.
        offset: usize,
        /// Bytes of an event.
        size: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A coordinate outside the sensor.
    #[error("event {event}{}: {what} is {value}, but the sensor has {count}", at(*offset))]
    Outside {
        /// Index of the event.
        event: usize,
        /// Where it starts in the file, if it lies there as one.
        offset: Option<usize>,
        /// Which coordinate.
        what: &'static str,
        /// Its value.
        value: u64,
        /// How many values there are.
        count: u64,
    },
    /// Time runs backwards.
    #[error("event {event}{}: its time of {time_us} us comes after {previous_us} us", at(*offset))]
    OutOfOrder {
        /// Index of the event.
        event: usize,
        /// Where it starts in the file, if it lies there as one.
        offset: Option<usize>,
        /// Its time.
        time_us: u64,
        /// Time of the event before.
        previous_us: u64,
    },
    /// The kind of recording has coordinates that the sensor does not have, or the other way round.
    #[error("it holds events of {holds}, but the sensor has {sensor}")]
    Kind {
        /// What the file holds.
        holds: &'static str,
        /// What was asked for.
        sensor: String,
    },
    /// No reader for a name.
    #[error("its name ends in none of .bs2, .npz, .aer and .txt, so that its format is not known")]
    UnknownName,
}

fn at(offset: Option<usize>) -> String {
    offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default()
}

impl SensorProblem {
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::CutOff { .. } => Some("copy or make the file again".into()),
            Self::OutOfOrder { .. } => Some("sort the recording, or ask for it to be sorted".into()),
            Self::Outside { .. } | Self::Kind { .. } => Some("give the size of the sensor that was recorded".into()),
            Self::UnknownName => None,
        }
    }
}

/// Reads the recording at `path`: `.bs2`, `.npz`, or AER text (`.aer`, `.txt`).
///
/// # Errors
/// The file cannot be read, is damaged or cut off, has events outside the sensor, or goes back in time.
pub fn load(path: &Path, sensor: Sensor, order: Order) -> Result<Vec<SensorEvent>, FormatErrors> {
    let name = path.display().to_string();
    match path.extension().and_then(|e| e.to_str()) {
        Some("bs2") => Ok(read_bs2(&read_bytes(path, ARRAY_BYTES_MAX)?, &name, sensor, order)?),
        Some("npz") => Ok(read_npz(&Npz::open(path)?, &name, sensor, order)?),
        Some("aer" | "txt") => read_aer(&read_text(path)?, &name, sensor, order),
        _ => Err(FormatError::Sensor { file: name, problem: SensorProblem::UnknownName }.into()),
    }
}

/// Reads a `.bs2` recording, as N-MNIST and N-Caltech101 have them (Orchard et al., Front. Neurosci. 9, 2015): events
/// of 40 bits, big endian: x (8), y (8), polarity (1), time in microseconds (23).
///
/// # Errors
/// A file that ends within an event, an event outside the sensor, or one that goes back in time.
pub fn read_bs2(bytes: &[u8], file: &str, sensor: Sensor, order: Order) -> Result<Vec<SensorEvent>, FormatError> {
    let problem = |problem| FormatError::Sensor { file: file.into(), problem };
    if let Sensor::Channels(_) = sensor {
        let sensor = sensor.to_string();
        return Err(problem(SensorProblem::Kind { holds: "pixels", sensor }));
    }
    let mut events = Collector::new(order, bytes.len() / BS2_BYTES);
    for (event, chunk) in bytes.chunks(BS2_BYTES).enumerate() {
        let offset = event * BS2_BYTES;
        let &[x, y, p, t1, t0] = chunk else {
            let (size, left) = (BS2_BYTES, chunk.len());
            return Err(problem(SensorProblem::CutOff { event, offset, size, left }));
        };
        let word = u32::from_be_bytes([0, p, t1, t0]);
        let (polarity, time) = (word >> BS2_TIME_BITS, word & ((1 << BS2_TIME_BITS) - 1));
        let address = sensor.pixel(x.into(), y.into(), polarity.into());
        let address = address.map_err(|(what, value, count)| {
            problem(SensorProblem::Outside { event, offset: Some(offset), what, value, count })
        })?;
        events.push(SensorEvent { time_us: time.into(), address }).map_err(|previous_us| {
            let time_us = time.into();
            problem(SensorProblem::OutOfOrder { event, offset: Some(offset), time_us, previous_us })
        })?;
    }
    Ok(events.finish())
}

/// Reads AER text: a time in microseconds and an address on each line, separated by blanks; lines that start with `#`
/// are skipped.
///
/// # Errors
/// Lines that are no two whole numbers, addresses outside the sensor, times that go back, or a text that ends within a
/// line; the first of them, with line and column.
pub fn read_aer(text: &str, file: &str, sensor: Sensor, order: Order) -> Result<Vec<SensorEvent>, FormatErrors> {
    let mut events = Collector::new(order, 0);
    let mut start = 0;
    let wrong = |span, problem| FormatError::text(Place::new(file, text, span, ""), problem);
    for line in text.split_inclusive('\n') {
        let (from, content) = (start, line.trim_end_matches(['\n', '\r']));
        start += line.len();
        if content.trim_start().starts_with('#') || content.trim().is_empty() {
            continue;
        }
        let span = |word: &str| {
            let at = from + (word.as_ptr() as usize - content.as_ptr() as usize);
            at..at + word.len()
        };
        let words: Vec<&str> = content.split_ascii_whitespace().collect();
        let &[time, address] = &words[..] else {
            return Err(
                wrong(from..from + content.len(), Problem::FieldCount { expected: 2, found: words.len() }).into()
            );
        };
        let number = |word: &str, most: u64| {
            word.parse::<u64>().ok().filter(|value| *value <= most).ok_or_else(|| {
                let digits = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
                let problem = if digits {
                    Problem::OutOfRange { value: word.into(), low: "0".into(), high: most.to_string() }
                } else {
                    Problem::WrongType { expected: "a whole number", found: "text" }
                };
                wrong(span(word), problem)
            })
        };
        let most = u64::from(sensor.addresses()).saturating_sub(1);
        let event = SensorEvent { time_us: number(time, u64::MAX)?, address: number(address, most)? as u32 };
        events.push(event).map_err(|previous| {
            wrong(span(time), Problem::TimeOutOfOrder { time_us: event.time_us, previous_us: previous })
        })?;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(wrong(text.len()..text.len(), Problem::CutOff).into());
    }
    Ok(events.finish())
}

/// Reads a list of events in an npz archive: the array `t` in microseconds beside `x`, `y` and `p` for pixels, or
/// beside `id` for channels; of one dimension and one length, whole numbers of any width.
///
/// # Errors
/// An array that is missing, of another type, shape or length, an event outside the sensor, or one that goes back in
/// time.
pub fn read_npz(npz: &Npz, file: &str, sensor: Sensor, order: Order) -> Result<Vec<SensorEvent>, FormatError> {
    let problem = |problem| FormatError::Sensor { file: file.into(), problem };
    let times: Vec<u64> = npz.vector("t")?;
    let len = times.len() as u64;
    let of = |name: &str| npz.vector_of::<u64>(name, len);
    let columns = match sensor {
        Sensor::Pixels { .. } => [of("x")?, of("y")?, of("p")?],
        Sensor::Channels(_) => [of("id")?, Vec::new(), Vec::new()],
    };
    let mut events = Collector::new(order, times.len());
    for (event, &time_us) in times.iter().enumerate() {
        let outside =
            |(what, value, count)| problem(SensorProblem::Outside { event, offset: None, what, value, count });
        let address = match sensor {
            Sensor::Pixels { .. } => {
                sensor.pixel(columns[0][event], columns[1][event], columns[2][event]).map_err(outside)?
            }
            Sensor::Channels(count) => {
                let id = columns[0][event];
                u32::try_from(id).ok().filter(|id| *id < count).ok_or_else(|| outside(("id", id, count.into())))?
            }
        };
        events
            .push(SensorEvent { time_us, address })
            .map_err(|previous_us| problem(SensorProblem::OutOfOrder { event, offset: None, time_us, previous_us }))?;
    }
    Ok(events.finish())
}

/// Events as they are read.
struct Collector {
    order: Order,
    events: Vec<SensorEvent>,
}

impl Collector {
    fn new(order: Order, capacity: usize) -> Self {
        Self { order, events: Vec::with_capacity(capacity) }
    }

    /// Takes an event; its error is the time of the event before, which is later.
    fn push(&mut self, event: SensorEvent) -> Result<(), u64> {
        if let (Order::Required, Some(last)) = (self.order, self.events.last())
            && last.time_us > event.time_us
        {
            return Err(last.time_us);
        }
        self.events.push(event);
        Ok(())
    }

    fn finish(mut self) -> Vec<SensorEvent> {
        if self.order == Order::Sort {
            self.events.sort_by_key(|event| event.time_us);
        }
        self.events
    }
}

/// The input events of a recording for a chip whose ticks have the length `tick`: address a drives channel a, and an
/// event of time t is sent for tick floor(t / tick), exactly. Events of one address in one tick become one event with
/// their number as payload; events from tick `end` on are left out.
///
/// # Errors
/// The tick is no time. It is counted in whole femtoseconds, of which it has at least one.
pub fn to_inputs(events: &[SensorEvent], tick: Quantity, end: Option<Tick>) -> Result<Vec<InputEvent>, QuantityError> {
    const FEMTOSECONDS_A_MICROSECOND: u128 = 1_000_000_000;
    let length = u128::try_from(tick.to_bits(Unit::FEMTOSECOND, 0)?).unwrap_or(0).max(1);
    let mut inputs: Vec<InputEvent> = Vec::with_capacity(events.len());
    for event in events {
        let ticks = u128::from(event.time_us) * FEMTOSECONDS_A_MICROSECOND / length;
        let tick = Tick(u64::try_from(ticks).unwrap_or(u64::MAX));
        if end.is_none_or(|end| tick < end) {
            inputs.push(InputEvent { tick, channel: InputId(event.address), payload: 1 });
        }
    }
    inputs.sort_unstable_by_key(|event| (event.tick, event.channel));
    inputs.dedup_by(|next, event| {
        let same = (next.tick, next.channel) == (event.tick, event.channel);
        if same {
            event.payload += next.payload;
        }
        same
    });
    Ok(inputs)
}

#[cfg(test)]
mod tests;

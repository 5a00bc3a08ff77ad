//! Events as they are read.
//!
//! Owns what is checked of every event whatever its format: that it lies on the sensor, that time does not run
//! backwards, and that a clock which starts again from 0 is followed; and the account of what was read.

use super::{Options, Order, Recording, Sensor, SensorEvent, SensorProblem};
use crate::error::FormatError;

/// What the events of a format are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Pixels: x, y and polarity.
    Pixels,
    /// Channels, or addresses of any sensor.
    Addresses,
}

impl Holds {
    const fn name(self) -> &'static str {
        match self {
            Self::Pixels => "pixels",
            Self::Addresses => "channels",
        }
    }
}

/// A counter of time that starts again from 0 after 2^bits.
struct Clock {
    bits: u32,
    base: u64,
    last: u64,
}

/// Events as they are read.
pub(super) struct Collector<'a> {
    file: &'a str,
    options: &'a Options,
    /// The size that the file states.
    stated: Option<Sensor>,
    sensor: Option<Sensor>,
    clock: Option<Clock>,
    /// What an overflow of the clock that has a record of its own adds to all times after it.
    ahead: u64,
    last: u64,
    events: Vec<SensorEvent>,
    skipped: Vec<(&'static str, u64)>,
    wraps: u64,
    label: Option<i64>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(file: &'a str, options: &'a Options) -> Self {
        let clock = options.clock_bits.map(|bits| Clock { bits, base: 0, last: 0 });
        Self {
            file,
            options,
            stated: None,
            sensor: None,
            clock,
            ahead: 0,
            last: 0,
            events: Vec::new(),
            skipped: Vec::new(),
            wraps: 0,
            label: None,
        }
    }

    pub(super) const fn options(&self) -> &'a Options {
        self.options
    }

    fn wrong(&self, problem: SensorProblem) -> FormatError {
        FormatError::Sensor { file: self.file.into(), problem }
    }

    /// Takes note of the size that the file states.
    pub(super) fn states(&mut self, width: u64, height: u64) -> Result<(), FormatError> {
        let size = |n: u64| u16::try_from(n).ok().filter(|n| *n > 0);
        let Some((width, height)) = size(width).zip(size(height)) else {
            let what = format!("a sensor of {width} x {height} pixels");
            return Err(self.wrong(SensorProblem::Unsupported { what, help: "sides have from 1 to 65535 pixels" }));
        };
        self.stated = Some(Sensor::Pixels { width, height });
        Ok(())
    }

    /// Says what follows, and settles the size of the sensor: what the file states and what was asked for must agree.
    pub(super) fn expect(&mut self, holds: Holds) -> Result<Sensor, FormatError> {
        let sensor = match (self.options.sensor, self.stated) {
            (Some(asked), Some(stated)) if asked != stated => {
                return Err(self.wrong(SensorProblem::Size { stated, asked }));
            }
            (Some(sensor), _) | (None, Some(sensor)) => sensor,
            (None, None) => match (holds, self.options.channels) {
                (Holds::Addresses, Some(channels)) => Sensor::Channels(channels),
                _ => return Err(self.wrong(SensorProblem::NoSize { holds: holds.name() })),
            },
        };
        if let (Holds::Pixels, Sensor::Channels(_)) = (holds, sensor) {
            let sensor = sensor.to_string();
            return Err(self.wrong(SensorProblem::Kind { holds: holds.name(), sensor }));
        }
        if let Sensor::Pixels { width, height } = sensor
            && u64::from(width) * u64::from(height) * 2 > u64::from(u32::MAX)
        {
            let help = "events have addresses of 32 bits: at most 46340 x 46340 pixels";
            return Err(self.wrong(SensorProblem::Unsupported { what: format!("a sensor of {sensor}"), help }));
        }
        self.sensor = Some(sensor);
        Ok(sensor)
    }

    /// Says that the clock of the file has `bits` bits. What the user said about it has precedence.
    pub(super) fn clock(&mut self, bits: u32) {
        if self.clock.is_none() {
            self.clock = Some(Clock { bits, base: 0, last: 0 });
        }
    }

    /// Time `raw` of the clock as a time that goes on. A fall by more than half the range is a wrap; where events may
    /// be out of order, a rise by more than half of it after a wrap is an event from before it.
    #[inline]
    pub(super) fn follow(&mut self, raw: u64) -> u64 {
        let Some(clock) = &mut self.clock else { return raw };
        let half = 1u64 << (clock.bits - 1);
        if raw.saturating_add(half) < clock.last {
            clock.base = clock.base.saturating_add(2 * half);
            self.wraps += 1;
        } else if self.options.order == Order::Sort && clock.base > 0 && raw > clock.last.saturating_add(half) {
            return (clock.base - 2 * half).saturating_add(raw);
        }
        clock.last = raw;
        clock.base.saturating_add(raw)
    }

    /// Adds `by` to every time from now on: a record of the file said so.
    pub(super) const fn advance(&mut self, by: u64) {
        self.ahead = self.ahead.saturating_add(by);
    }

    /// Takes an event of a pixel. `offset` is where its record starts.
    #[inline]
    pub(super) fn pixel(
        &mut self,
        offset: Option<u64>,
        time_us: u64,
        [x, y, polarity]: [i64; 3],
    ) -> Result<(), FormatError> {
        let Some(Sensor::Pixels { width, height }) = self.sensor else {
            return Err(self.wrong(SensorProblem::NoSize { holds: "pixels" }));
        };
        let (width, height) = (i64::from(width), i64::from(height));
        for (what, value, count) in [("x", x, width), ("y", y, height), ("p", polarity, 2)] {
            if !(0..count).contains(&value) {
                return Err(self.outside(offset, what, value, count as u64));
            }
        }
        self.push(offset, time_us, ((polarity * height + y) * width + x) as u32)
    }

    /// Takes an event of a channel, or of an address of any sensor.
    #[inline]
    pub(super) fn address(&mut self, offset: Option<u64>, time_us: u64, address: i64) -> Result<(), FormatError> {
        let count = self.sensor.map_or(0, Sensor::addresses);
        match u32::try_from(address) {
            Ok(address) if address < count => self.push(offset, time_us, address),
            _ => Err(self.outside(offset, "id", address, count.into())),
        }
    }

    fn outside(&self, offset: Option<u64>, what: &'static str, value: i64, count: u64) -> FormatError {
        self.wrong(SensorProblem::Outside { event: self.events.len(), offset, what, value, count })
    }

    #[inline]
    fn push(&mut self, offset: Option<u64>, time_us: u64, address: u32) -> Result<(), FormatError> {
        let time_us = time_us.saturating_add(self.ahead);
        if time_us < self.last && self.options.order == Order::Required {
            let (event, previous_us) = (self.events.len(), self.last);
            return Err(self.wrong(SensorProblem::OutOfOrder { event, offset, time_us, previous_us }));
        }
        self.last = time_us;
        self.events.push(SensorEvent { time_us, address });
        Ok(())
    }

    /// Counts a record that is no event.
    pub(super) fn skip(&mut self, kind: &'static str, count: u64) {
        match self.skipped.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += count,
            None if count > 0 => self.skipped.push((kind, count)),
            None => (),
        }
    }

    /// Takes note of a wrap that a record of the file tells.
    pub(super) const fn wrapped(&mut self) {
        self.wraps += 1;
    }

    /// Takes note of the class of the sample.
    pub(super) const fn label(&mut self, label: i64) {
        self.label = Some(label);
    }

    pub(super) fn finish(mut self, format: &'static str) -> Result<Recording, FormatError> {
        let Some(sensor) = self.sensor else {
            return Err(self.wrong(SensorProblem::NoSize { holds: "pixels" }));
        };
        if self.options.order == Order::Sort {
            self.events.sort_by_key(|event| event.time_us);
        }
        let Self { events, skipped, wraps, label, .. } = self;
        Ok(Recording { events, sensor, format, skipped, wraps, label })
    }
}

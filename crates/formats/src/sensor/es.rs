//! Event Stream, version 2 (github.com/neuromorphic-paris/event_stream, README): `Event Stream`, three bytes of
//! version, a byte for the type of the stream, the columns and rows of the sensor (16 bits each, little endian), and
//! events of 5 bytes: one that holds the time since the event before, then x and y (16 bits each, little endian).
//!
//! | stream | first byte | adds to the time | means nothing |
//! |---|---|---|---|
//! | 1, DVS | time (7), rising light (1) | `0xff`: 127 us | `0xfe` |
//! | 2, ATIS | time (6), polarity (1), is an exposure (1) | `0xfd` to `0xff`: 1 to 3 times 63 us | `0xfc` |
//!
//! Measurements of exposure are no changes of light, and are counted. Streams of other types are refused.

use super::SensorProblem;
use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use crate::error::FormatErrors;

/// What files of the format start with.
pub(super) const MAGIC: &[u8] = b"Event Stream";

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let magic = bytes.fields::<12>()?;
    if magic != MAGIC {
        return Err(bytes.damaged(0, "it does not start with `Event Stream`").into());
    }
    let [major, minor, patch, stream] = bytes.fields::<4>()?;
    let unsupported =
        |what: String| SensorProblem::Unsupported { what, help: "streams of version 2 are read, of type DVS and ATIS" };
    if major != 2 {
        return Err(bytes.wrong(unsupported(format!("version {major}.{minor}.{patch} of Event Stream"))).into());
    }
    if !matches!(stream, 1 | 2) {
        return Err(bytes.wrong(unsupported(format!("a stream of type {stream}"))).into());
    }
    let is_atis = stream == 2;
    let [w0, w1, h0, h1] = bytes.fields::<4>()?;
    events.states(u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into())?;
    events.expect(Holds::Pixels)?;
    let mut time = 0u64;
    loop {
        let offset = bytes.offset();
        let Some(&first) = bytes.peek(1)?.first() else { return Ok(()) };
        let alone = match (is_atis, first) {
            (false, 0xfe) | (true, 0xfc) => Some(0),
            (false, 0xff) => Some(127),
            (true, 0xfd..) => Some(63 * u64::from(first & 3)),
            _ => None,
        };
        if let Some(more) = alone {
            bytes.skip(1)?;
            time += more;
            continue;
        }
        let [_, x0, x1, y0, y1] = bytes.fields::<5>()?;
        let (x, y) = (u16::from_le_bytes([x0, x1]), u16::from_le_bytes([y0, y1]));
        time += u64::from(if is_atis { first >> 2 } else { first >> 1 });
        if is_atis && first & 1 == 1 {
            events.skip("measurements of exposure", 1);
            continue;
        }
        let polarity = if is_atis { first >> 1 & 1 } else { first & 1 };
        events.pixel(Some(offset), time, [x.into(), y.into(), polarity.into()])?;
    }
}

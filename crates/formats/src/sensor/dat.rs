//! Prophesee DAT (docs.prophesee.ai, "DAT File Format"): header lines, a byte each for the type and the size of
//! events, and events of 8 bytes, little endian: time in microseconds (32), and
//!
//! - of version 2: x (14), y (14), polarity (4), from the lowest bit on;
//! - of version 0 and 1 (`load_atis_data` of the format's own toolbox): x (9), y (8), polarity (1).
//!
//! A file without header lines has neither type nor size, and is of version 0.

use super::SensorProblem;
use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::prophesee::{check, header, peeked};
use crate::error::FormatErrors;

/// Types of events of pixels: of any two-dimensional event, and of changes of light.
const PIXELS: [u8; 2] = [0x00, 0x0c];
/// The type of edges of triggers.
const TRIGGER: u8 = 0x0e;
/// Bytes of an event.
const EVENT_BYTES: u8 = 8;

/// Whether a file that begins with `head` is certainly a DAT file.
pub(super) fn is_dat(head: &[u8]) -> bool {
    let (header, rest) = peeked(head);
    let is_kind = |kind: &u8| PIXELS.contains(kind) || *kind == TRIGGER;
    header.lines > 0 && header.encoding.is_none() && matches!(rest, [kind, EVENT_BYTES, ..] if is_kind(kind))
}

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let head = header(bytes)?;
    check(bytes, events, &head)?;
    events.expect(Holds::Pixels)?;
    events.clock(32);
    let mut kind = PIXELS[0];
    if head.lines > 0 {
        let offset = bytes.offset();
        let [found, size] = bytes.fields::<2>()?;
        if size != EVENT_BYTES {
            return Err(bytes.damaged(offset, format!("its events have {size} bytes and not {EVENT_BYTES}")).into());
        }
        if !PIXELS.contains(&found) && found != TRIGGER {
            let what = format!("events of type {found:#04x}");
            let help = "DAT files of changes of light have the type 0x0c or 0x00";
            return Err(bytes.wrong(SensorProblem::Unsupported { what, help }).into());
        }
        kind = found;
    }
    let is_new = head.version.unwrap_or(0) >= 2;
    loop {
        let offset = bytes.offset();
        let Some([t0, t1, t2, t3, d0, d1, d2, d3]) = bytes.record::<8>()? else { return Ok(()) };
        if kind == TRIGGER {
            events.skip("triggers", 1);
            continue;
        }
        let time = events.follow(u32::from_le_bytes([t0, t1, t2, t3]).into());
        let data = u32::from_le_bytes([d0, d1, d2, d3]);
        let field = |from: u32, bits: u32| i64::from(data >> from & ((1 << bits) - 1));
        let place =
            if is_new { [field(0, 14), field(14, 14), field(28, 4)] } else { [field(0, 9), field(9, 8), field(17, 1)] };
        events.pixel(Some(offset), time, place)?;
    }
}

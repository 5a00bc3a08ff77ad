//! AEDAT 3.1 (iniVation, "AEDAT 3.1"; written by cAER, as in DVS-Gesture): header lines up to `#!END-HEADER`, then
//! packets of events of one type, little endian.
//!
//! A packet has a header of 28 bytes: type (16), source (16), size of an event (32), where its time lies in it (32),
//! overflows of the clock (32), room for events (32), events (32), valid events (32). An event of type 1 is a change
//! of a pixel, 8 bytes: x (15), y (15), polarity (1), whether it is valid (1), and 31 bits of time in microseconds,
//! above which the overflows stand. Other types (frames, acceleration, special events) and events that are not valid
//! are counted.

use super::SensorProblem;
use super::aedat2::chip;
use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use crate::error::{FormatError, FormatErrors};

/// The type of events of pixels.
const POLARITY: u16 = 1;
/// Bytes of such an event.
const POLARITY_BYTES: u32 = 8;
/// Set in the type of packets that are compressed.
const COMPRESSED: u16 = 1 << 15;
/// The last line of the header.
const END: &str = "#!END-HEADER";

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    header(bytes, events)?;
    events.expect(Holds::Pixels)?;
    loop {
        let offset = bytes.offset();
        let Some(head) = bytes.record::<28>()? else { return Ok(()) };
        packet(bytes, events, offset, head)?;
    }
}

fn header(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatError> {
    let unsupported = |what: String| SensorProblem::Unsupported {
        what,
        help: "convert it with DV or jAER to AEDAT 3.1 in RAW, or to AEDAT 4",
    };
    while let Some(line) = bytes.line(b"#")? {
        if line == END {
            return Ok(());
        }
        if let Some(version) = line.strip_prefix("#!AER-DAT")
            && version != "3.1"
        {
            return Err(bytes.wrong(unsupported(format!("version {version} of AEDAT"))));
        }
        if let Some(format) = line.strip_prefix("#Format:")
            && format.trim() != "RAW"
        {
            return Err(bytes.wrong(unsupported(format!("packets in the format `{}`", format.trim()))));
        }
        if let Some((_, description)) = line.strip_prefix("#Source ").and_then(|rest| rest.split_once(':'))
            && let Some(((width, height), _)) = chip(description)
        {
            events.states(width, height)?;
        }
    }
    Err(bytes.damaged(bytes.offset(), format!("its header does not end with the line `{END}`")))
}

fn packet(bytes: &mut Bytes<'_>, events: &mut Collector<'_>, offset: u64, head: [u8; 28]) -> Result<(), FormatErrors> {
    let kind = u16::from_le_bytes([head[0], head[1]]);
    let long = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("4 bytes"));
    let [size, _, overflows, room, count, _] = [4, 8, 12, 16, 20, 24].map(long);
    if kind & COMPRESSED != 0 {
        let what = "compressed packets".into();
        return Err(bytes.wrong(SensorProblem::Unsupported { what, help: "write the file in the format RAW" }).into());
    }
    if size == 0 || [size, overflows, room, count].iter().any(|n| *n > i32::MAX as u32) || count > room {
        let what = format!("a packet of {count} events of {size} bytes in room for {room} cannot be");
        return Err(bytes.damaged(offset, what).into());
    }
    if kind != POLARITY {
        for _ in 0..room {
            bytes.skip(size.into())?;
        }
        events.skip(if kind == 0 { "special events" } else { "events of frames and other devices" }, count.into());
        return Ok(());
    }
    if size != POLARITY_BYTES {
        return Err(bytes.damaged(offset, format!("its events of pixels have {size} bytes and not 8")).into());
    }
    for index in 0..room {
        let offset = bytes.offset();
        let [d0, d1, d2, d3, t0, t1, t2, t3] = bytes.fields::<8>()?;
        if index >= count {
            continue;
        }
        let (data, time) = (u32::from_le_bytes([d0, d1, d2, d3]), u32::from_le_bytes([t0, t1, t2, t3]));
        if data & 1 == 0 {
            events.skip("events that are marked as not valid", 1);
            continue;
        }
        let time = u64::from(overflows) << 31 | u64::from(time & i32::MAX as u32);
        let place = [(data >> 17).into(), (data >> 2 & 0x7fff).into(), (data >> 1 & 1).into()];
        events.pixel(Some(offset), time, place)?;
    }
    Ok(())
}

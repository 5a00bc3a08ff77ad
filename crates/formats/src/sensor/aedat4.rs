//! AEDAT 4.0 (iniVation, "AEDAT 4.0"; written by DV and dv-processing): the line `#!AER-DAT4.0`, a header and
//! packets, all of them FlatBuffers with their size in front; packets as they are, or each one frame of LZ4 or
//! Zstandard.
//!
//! - Header (`IOHeader`): compression (0), place of the table of packets (1), description of the streams in XML (2).
//! - Packet: number of its stream (32), size (32), and the content, whose type is the four characters after its size
//!   and root: `EVTS` are events of pixels (`EventPacket`), in structures of 16 bytes: time in microseconds (64), x
//!   (16), y (16), polarity (8), 3 bytes of nothing.
//!
//! Packets of other types, and those of further cameras, are counted. Times are those of the day (microseconds of
//! 1970).

use super::SensorProblem;
use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::flat::Table;
use crate::error::{FormatError, FormatErrors};
use std::io::Read;

/// Most bytes of the header, and of a packet once it is unpacked.
const BLOCK_BYTES_MAX: u64 = 1 << 28;
/// A packet is not unpacked to more than this many times its size, and some more.
const RATIO_MAX: u64 = 1024;
/// Bytes of an event.
const EVENT_BYTES: usize = 16;

/// How packets are packed.
#[derive(Clone, Copy, PartialEq)]
enum Compression {
    None,
    Lz4,
    Zstd,
}

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let (compression, end, stream) = header(bytes, events)?;
    events.expect(Holds::Pixels)?;
    let mut chosen = stream;
    loop {
        let offset = bytes.offset();
        if end.is_some_and(|end| offset >= end) {
            return Ok(());
        }
        let Some([s0, s1, s2, s3, n0, n1, n2, n3]) = bytes.record::<8>()? else { return Ok(()) };
        let (stream, size) = (i32::from_le_bytes([s0, s1, s2, s3]), u32::from_le_bytes([n0, n1, n2, n3]));
        if u64::from(size) > BLOCK_BYTES_MAX {
            let what = format!("a packet of {size} bytes; at most {BLOCK_BYTES_MAX} are read");
            return Err(bytes.damaged(offset, what).into());
        }
        let packed = bytes.block(size.into())?;
        let content = unpacked(&packed, compression).map_err(|what| bytes.damaged(offset, what))?;
        let wrong = |what: &str| bytes.damaged(offset, format!("the packet {what}"));
        let inner = content.get(4..).ok_or_else(|| wrong("is too short"))?;
        if inner.get(4..8) != Some(b"EVTS") {
            events.skip("packets of frames and other data", 1);
            continue;
        }
        let table = Table::root(inner).ok_or_else(|| wrong("is no FlatBuffer"))?;
        if !table.has(0) {
            continue;
        }
        let (_, list) = table.vector(0, EVENT_BYTES).ok_or_else(|| wrong("has events that lie outside of it"))?;
        if *chosen.get_or_insert(stream) != stream {
            events.skip("events of further cameras", (list.len() / EVENT_BYTES) as u64);
            continue;
        }
        for event in list.chunks_exact(EVENT_BYTES) {
            let time = i64::from_le_bytes(event[..8].try_into().expect("8 bytes"));
            let time = u64::try_from(time).map_err(|_| wrong("has an event with a negative time"))?;
            let side = |at: usize| i64::from(i16::from_le_bytes([event[at], event[at + 1]]));
            events.pixel(Some(offset), time, [side(8), side(10), event[12].into()])?;
        }
    }
}

/// Reads the header: how packets are packed, where they end, and the stream of events, as far as it says.
#[allow(clippy::type_complexity, reason = "what a header says, once")]
fn header(
    bytes: &mut Bytes<'_>,
    events: &mut Collector<'_>,
) -> Result<(Compression, Option<u64>, Option<i32>), FormatError> {
    let version = bytes.line(b"#!AER-DAT4")?.unwrap_or_default();
    if version != "#!AER-DAT4.0" {
        let what = format!("version `{}` of AEDAT", version.trim_start_matches("#!AER-DAT"));
        return Err(bytes.wrong(SensorProblem::Unsupported { what, help: "convert it to AEDAT 4.0 with DV" }));
    }
    let offset = bytes.offset();
    let size = u32::from_le_bytes(bytes.fields()?);
    if u64::from(size) > BLOCK_BYTES_MAX {
        return Err(bytes.damaged(offset, format!("a header of {size} bytes; at most {BLOCK_BYTES_MAX} are read")));
    }
    let header = bytes.block(size.into())?;
    let table = Table::root(&header).filter(|_| header.get(4..8) == Some(b"IOHE"));
    let Some(table) = table else { return Err(bytes.damaged(offset, "its header is no FlatBuffer of type IOHE")) };
    let compression = match table.int(0).unwrap_or(0) {
        0 => Compression::None,
        1 | 2 => Compression::Lz4,
        3 | 4 => Compression::Zstd,
        other => {
            let what = format!("packets in the compression number {other}");
            return Err(bytes.wrong(SensorProblem::Unsupported { what, help: "write it with LZ4, Zstandard or none" }));
        }
    };
    let end = table.long(1).and_then(|end| u64::try_from(end).ok()).filter(|end| *end > 0);
    let text = table.vector(2, 1).map(|(_, text)| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    let stream = streams(&text).into_iter().find(|stream| stream.kind == "EVTS");
    if let Some(Stream { size: (Some(width), Some(height)), .. }) = stream {
        events.states(width, height)?;
    }
    Ok((compression, end, stream.map(|stream| stream.number)))
}

/// A stream of data, as the description in the header has it.
struct Stream {
    number: i32,
    kind: String,
    size: (Option<u64>, Option<u64>),
}

/// The streams that the XML tree `text` describes: nodes `.../outInfo/NUMBER/` with attributes `typeIdentifier`,
/// `sizeX` and `sizeY` in them.
fn streams(text: &str) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::new();
    for tag in text.split('<').skip(1) {
        let (head, value) = tag.split_once('>').unwrap_or((tag, ""));
        if let Some(path) = attribute(head, "path") {
            let number = path.split("/outInfo/").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
            match number {
                Some(number) if streams.last().is_none_or(|stream| stream.number != number) => {
                    streams.push(Stream { number, kind: String::new(), size: (None, None) });
                }
                _ => (),
            }
        }
        if let (Some(key), Some(stream)) = (attribute(head, "key"), streams.last_mut()) {
            match key {
                "typeIdentifier" => stream.kind = value.trim().into(),
                "sizeX" => stream.size.0 = value.trim().parse().ok(),
                "sizeY" => stream.size.1 = value.trim().parse().ok(),
                _ => (),
            }
        }
    }
    streams
}

/// The value of attribute `name` in the tag `head`.
fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let at = head.find(&format!(" {name}=\""))? + name.len() + 3;
    head[at..].split('"').next()
}

/// The content of a packet, or what is wrong with it.
fn unpacked(packed: &[u8], compression: Compression) -> Result<Vec<u8>, String> {
    let limit = (packed.len() as u64 * RATIO_MAX + (1 << 16)).min(BLOCK_BYTES_MAX);
    let (name, mut reader): (_, Box<dyn Read>) = match compression {
        Compression::None => return Ok(packed.to_vec()),
        Compression::Lz4 => ("LZ4", Box::new(lz4_flex::frame::FrameDecoder::new(packed))),
        Compression::Zstd => match ruzstd::decoding::StreamingDecoder::new(packed) {
            Ok(decoder) => ("Zstandard", Box::new(decoder)),
            Err(error) => return Err(format!("the packet is no frame of Zstandard: {error}")),
        },
    };
    let mut content = Vec::new();
    let read = reader.by_ref().take(limit + 1).read_to_end(&mut content);
    read.map_err(|error| format!("the packet cannot be unpacked as {name}: {error}"))?;
    if content.len() as u64 > limit {
        return Err(format!("the packet unpacks to more than {limit} bytes, {RATIO_MAX} times its size"));
    }
    Ok(content)
}

//! What Prophesee's RAW and DAT files (docs.prophesee.ai, "RAW File Format", "DAT File Format") have in common:
//! header lines of text, each a `%`, a blank, a keyword, a blank and a value. Data begin with the first line that
//! does not start with `% `, or after the line `% end`.

use super::bytes::Bytes;
use super::collect::Collector;
use super::{SensorProblem, evt2, evt3};
use crate::error::{FormatError, FormatErrors};

/// What a header says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The encoding of events: `2.0`, `2.1`, `3.0`.
    pub(super) encoding: Option<String>,
    /// Columns and rows of pixels.
    pub(super) size: (Option<u64>, Option<u64>),
    /// Version of a DAT file.
    pub(super) version: Option<u64>,
    /// Whether the bytes of a word come in the other order.
    pub(super) big_endian: bool,
    /// Lines.
    pub(super) lines: usize,
}

impl Header {
    /// Takes over what one line says; the last one of the header says so.
    fn line(&mut self, line: &str) -> bool {
        self.lines += 1;
        let line = line.trim_start_matches('%').trim();
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.trim();
        match key.to_lowercase().as_str() {
            "evt" => self.encoding = Some(value.into()),
            "version" => self.version = value.parse().ok(),
            "width" => self.size.0 = value.parse().ok(),
            "height" => self.size.1 = value.parse().ok(),
            "geometry" => {
                if let Some((width, height)) = value.split_once('x') {
                    self.size = (width.parse().ok(), height.parse().ok());
                }
            }
            "format" => {
                for part in value.split(';') {
                    match part.split_once('=') {
                        Some(("width", width)) => self.size.0 = width.parse().ok(),
                        Some(("height", height)) => self.size.1 = height.parse().ok(),
                        Some(("endianness", order)) => self.big_endian = order == "big",
                        Some(_) => (),
                        None => self.encoding = encoding_of(part).or(self.encoding.take()),
                    }
                }
            }
            "endianness" => self.big_endian = value == "big",
            "end" => return true,
            _ => (),
        }
        false
    }
}

/// What the word of a line `format` calls an encoding.
fn encoding_of(word: &str) -> Option<String> {
    let mut digits = word.strip_prefix("EVT")?.chars();
    let (major, minor) = (digits.next()?, digits.as_str());
    Some(format!("{major}.{}", if minor.is_empty() { "0" } else { minor }))
}

/// Reads the header.
pub(super) fn header(bytes: &mut Bytes<'_>) -> Result<Header, FormatError> {
    let mut header = Header::default();
    while let Some(line) = bytes.line(b"% ")? {
        if header.line(&line) {
            break;
        }
    }
    Ok(header)
}

/// What the header of a file that begins with `head` says.
pub(super) fn peeked(head: &[u8]) -> (Header, &[u8]) {
    let (mut header, mut rest) = (Header::default(), head);
    while rest.starts_with(b"% ")
        && let Some(end) = rest.iter().position(|byte| *byte == b'\n')
    {
        let is_last = header.line(String::from_utf8_lossy(&rest[..end]).trim_end());
        rest = &rest[end + 1..];
        if is_last {
            break;
        }
    }
    (header, rest)
}

/// The encoding that the header of a RAW file names, if `head` is the beginning of one.
pub(super) fn encoding(head: &[u8]) -> Option<&'static str> {
    let encoding = peeked(head).0.encoding?;
    Some(match encoding.as_str() {
        "2.0" => "2.0",
        "3.0" => "3.0",
        _ => "another",
    })
}

/// Refuses what the readers of words cannot read, and takes note of the size.
pub(super) fn check(bytes: &Bytes<'_>, events: &mut Collector<'_>, header: &Header) -> Result<(), FormatError> {
    if header.big_endian {
        let what = "words whose most significant byte comes first".into();
        return Err(
            bytes.wrong(SensorProblem::Unsupported { what, help: "record it in little endian, the usual order" })
        );
    }
    if let (Some(width), Some(height)) = header.size {
        events.states(width, height)?;
    }
    Ok(())
}

/// Reads a RAW file whose header says neither of the encodings that have a reader.
pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let (found, _) = peeked(bytes.peek(1 << 16)?);
    match found.encoding.as_deref() {
        Some("2.0") => evt2::read(bytes, events),
        Some("3.0") => evt3::read(bytes, events),
        Some(other) => {
            let what = format!("events in the encoding EVT {other}");
            let help = "convert it to EVT 2.0, EVT 3.0 or DAT with the tools of the camera";
            Err(bytes.wrong(SensorProblem::Unsupported { what, help }).into())
        }
        None => {
            let what = "no word about its encoding".into();
            let help = "name it: `--format evt2` or `--format evt3`";
            Err(bytes.wrong(SensorProblem::Unsupported { what, help }).into())
        }
    }
}

//! AEDAT 2.0 (iniVation, "AEDAT File Formats"; written by jAER): header lines that start with `#`, then pairs of a
//! 32-bit address and a 32-bit time in microseconds, big endian.
//!
//! What an address means depends on the chip, which the header line `# AEChip:` (or `# HardwareInterface:`) names:
//!
//! - DVS128: bit 15 external event, 14-8 y, 7-1 x, 0 polarity.
//! - DAVIS: bit 31 sample of the frame or of the accelerometer; else 30-22 y, 21-12 x, 11 polarity, 10 external event.
//!
//! Coordinates are those of the file: jAER counts rows from the bottom, and nothing is turned over here.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use crate::error::FormatErrors;

/// Chips of the DAVIS family by what their names hold, and their pixels.
const DAVIS: &[(&str, (u64, u64))] = &[
    ("davis240", (240, 180)),
    ("davis346", (346, 260)),
    ("davis640", (640, 480)),
    ("davishet640", (640, 480)),
    ("davis208", (208, 192)),
    ("davis128", (128, 128)),
];

/// The pixels of the chip that `description` names, and whether it is of the DAVIS family. iniVation's names are the
/// same in AEDAT 2.0 and 3.1.
pub(super) fn chip(description: &str) -> Option<((u64, u64), bool)> {
    let name = description.to_lowercase();
    let davis = DAVIS.iter().find(|(known, _)| name.contains(known)).map(|(_, size)| (*size, true));
    davis.or_else(|| name.contains("dvs128").then_some(((128, 128), false)))
}

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    read_as(bytes, events, false)
}

pub(super) fn read_davis(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    read_as(bytes, events, true)
}

fn read_as(bytes: &mut Bytes<'_>, events: &mut Collector<'_>, as_davis: bool) -> Result<(), FormatErrors> {
    let mut is_davis = as_davis;
    while let Some(line) = bytes.line(b"#")? {
        let named = line.trim_start_matches('#').trim().split_once(':');
        if let Some(("AEChip" | "HardwareInterface", description)) = named
            && let Some(((width, height), davis)) = chip(description)
        {
            events.states(width, height)?;
            is_davis |= davis;
        }
    }
    events.expect(Holds::Pixels)?;
    events.clock(32);
    loop {
        let offset = bytes.offset();
        let Some(record) = bytes.record::<8>()? else { return Ok(()) };
        let [address, time] = [0, 4].map(|at| u32::from_be_bytes(record[at..at + 4].try_into().expect("4 bytes")));
        let time = events.follow(time.into());
        let field = |from: u32, bits: u32| i64::from(address >> from & ((1 << bits) - 1));
        let place = if is_davis {
            if field(31, 1) == 1 {
                events.skip("samples of frames and of the accelerometer", 1);
                continue;
            }
            if field(10, 1) == 1 {
                events.skip("external events", 1);
                continue;
            }
            [field(12, 10), field(22, 9), field(11, 1)]
        } else {
            if field(16, 16) != 0 {
                let what = format!(
                    "address {address:#010x} has more than the 16 bits of a DVS128, and the header names no other chip; \
                     `--format aedat2-davis` reads it as one of a DAVIS"
                );
                return Err(bytes.damaged(offset, what).into());
            }
            if field(15, 1) == 1 {
                events.skip("external events", 1);
                continue;
            }
            [field(1, 7), field(8, 7), field(0, 1)]
        };
        events.pixel(Some(offset), time, place)?;
    }
}

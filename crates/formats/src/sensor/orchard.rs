//! N-MNIST and N-Caltech101 (Orchard et al., Front. Neurosci. 9, 2015; `.bin`), and the same records under the name
//! that SLAYER gave them (`.bs2`, `encode2Dspikes` of its `spikeFileIO`).
//!
//! An event has 40 bits, big endian: x (8), y (8), polarity (1), time in microseconds (23). A record with y = 240 is no
//! event: as the data sets' own `Read_Ndataset` has it, the camera's counter overflowed there, and all later times are
//! 2^13 us later. A sensor with more than 240 rows has no room for such a mark, and y = 240 is a pixel of it.

use super::Sensor;
use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use crate::error::FormatErrors;

/// The row that no pixel has.
const MARKER_ROW: u8 = 240;
/// What a marker adds to all times after it.
const MARKER_US: u64 = 1 << 13;
/// Bits of a time stamp.
const TIME_BITS: u32 = 23;

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let sensor = events.expect(Holds::Pixels)?;
    let has_marks = matches!(sensor, Sensor::Pixels { height, .. } if height <= u16::from(MARKER_ROW));
    events.clock(TIME_BITS);
    loop {
        let offset = bytes.offset();
        let Some([x, y, p, t1, t0]) = bytes.record::<5>()? else { return Ok(()) };
        let word = u32::from_be_bytes([0, p, t1, t0]);
        let (polarity, time) = (word >> TIME_BITS, word & ((1 << TIME_BITS) - 1));
        let time = events.follow(time.into());
        if has_marks && y == MARKER_ROW {
            events.advance(MARKER_US);
            events.wrapped();
        } else {
            events.pixel(Some(offset), time, [x.into(), y.into(), polarity.into()])?;
        }
    }
}

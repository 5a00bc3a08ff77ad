//! SLAYER's binary spike files (`encode1Dspikes` and `encode3Dspikes` of its `spikeFileIO`; those of two dimensions are
//! in [`super::orchard`]). All are big endian, with times of 24 bits in microseconds.
//!
//! - `.bs1`: 40 bits an event: number of the neuron (16), time (24).
//! - `.bs3`: 56 bits an event: x (12), y (12), channel (8), time (24). The channel is the polarity.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use crate::error::FormatErrors;

/// Bits of a time stamp.
const TIME_BITS: u32 = 24;

pub(super) fn read_bs1(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    events.expect(Holds::Addresses)?;
    events.clock(TIME_BITS);
    loop {
        let offset = bytes.offset();
        let Some([n1, n0, t2, t1, t0]) = bytes.record::<5>()? else { return Ok(()) };
        let time = events.follow(u32::from_be_bytes([0, t2, t1, t0]).into());
        events.address(Some(offset), time, u16::from_be_bytes([n1, n0]).into())?;
    }
}

pub(super) fn read_bs3(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    events.expect(Holds::Pixels)?;
    events.clock(TIME_BITS);
    loop {
        let offset = bytes.offset();
        let Some([x1, x0y1, y0, p, t2, t1, t0]) = bytes.record::<7>()? else { return Ok(()) };
        let time = events.follow(u32::from_be_bytes([0, t2, t1, t0]).into());
        let place = u32::from_be_bytes([0, x1, x0y1, y0]);
        events.pixel(Some(offset), time, [(place >> 12).into(), (place & 0xfff).into(), p.into()])?;
    }
}

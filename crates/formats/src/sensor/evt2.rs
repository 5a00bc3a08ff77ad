//! EVT 2.0 (docs.prophesee.ai, "EVT 2.0 Format"): words of 32 bits, little endian, whose four highest bits are their
//! type.
//!
//! | type | word | the other bits |
//! |---|---|---|
//! | 0, 1 | event of falling, rising light | low part of the time (6), x (11), y (11) |
//! | 8 | high part of the time | 28 bits, above the 6 of the events |
//! | 10 | edge of a trigger | not an event of a pixel |
//! | 14, 15 | others, and their continuation | of the vendor |

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::prophesee::{check, header};
use crate::error::FormatErrors;

/// Bits of the time: after 4.8 hours it starts again.
const TIME_BITS: u32 = 34;
/// Of them, those in an event.
const LOW_BITS: u32 = 6;

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let head = header(bytes)?;
    check(bytes, events, &head)?;
    events.expect(Holds::Pixels)?;
    events.clock(TIME_BITS);
    let mut high = None;
    loop {
        let offset = bytes.offset();
        let Some(word) = bytes.record::<4>()?.map(u32::from_le_bytes) else { return Ok(()) };
        match word >> 28 {
            polarity @ (0 | 1) => {
                let Some(high) = high else {
                    events.skip("events before the first time", 1);
                    continue;
                };
                let low = word >> 22 & ((1 << LOW_BITS) - 1);
                let place = [(word >> 11 & 0x7ff).into(), (word & 0x7ff).into(), polarity.into()];
                events.pixel(Some(offset), high + u64::from(low), place)?;
            }
            8 => high = Some(events.follow(u64::from(word & 0x0fff_ffff) << LOW_BITS)),
            10 => events.skip("triggers", 1),
            14 | 15 => events.skip("words of the vendor", 1),
            kind => return Err(bytes.damaged(offset, format!("EVT 2.0 has no words of type {kind}")).into()),
        }
    }
}

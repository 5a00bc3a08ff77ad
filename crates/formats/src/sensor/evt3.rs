//! EVT 3.0 (docs.prophesee.ai, "EVT 3.0 Format"): words of 16 bits, little endian, whose four highest bits are their
//! type. Each says what has changed since the words before.
//!
//! | type | word | the other bits |
//! |---|---|---|
//! | 0 | y | camera (1), y (11) |
//! | 2 | event at x | polarity (1), x (11) |
//! | 3 | x of the groups that follow | polarity (1), x (11) |
//! | 4, 5 | group of 12, of 8 pixels in a row | which have an event, lowest bit first; x goes on by 12, 8 |
//! | 6, 8 | low, high part of the time | 12 bits |
//! | 10 | edge of a trigger | not an event of a pixel |
//! | 7, 14, 15 | others, and continuations | of the vendor |
//!
//! A new high part sets the low one to 0, as in the decoder of the format's documentation.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::prophesee::{check, header};
use crate::error::{FormatError, FormatErrors};

/// Bits of the time: after 16.8 s it starts again.
const TIME_BITS: u32 = 24;
/// Bits of each half of it.
const HALF_BITS: u32 = 12;

/// What the words so far said.
#[derive(Default)]
struct State {
    /// The time without its low part.
    base: Option<u64>,
    /// The high part as it stands in the file.
    high: u16,
    low: u16,
    y: Option<u16>,
    x: u16,
    polarity: u16,
}

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let head = header(bytes)?;
    check(bytes, events, &head)?;
    events.expect(Holds::Pixels)?;
    events.clock(TIME_BITS);
    let mut state = State::default();
    loop {
        let offset = bytes.offset();
        let Some(word) = bytes.record::<2>()?.map(u16::from_le_bytes) else { return Ok(()) };
        let (payload, x, polarity) = (word & 0xfff, word & 0x7ff, word >> 11 & 1);
        match word >> 12 {
            0 => state.y = Some(x),
            2 => {
                state.polarity = polarity;
                event(events, &state, offset, x)?;
            }
            3 => (state.x, state.polarity) = (x, polarity),
            4 => group(events, &mut state, offset, payload, 12)?,
            5 => group(events, &mut state, offset, payload & 0xff, 8)?,
            6 => state.low = payload,
            8 => {
                if state.base.is_none() || state.high != payload {
                    (state.high, state.low) = (payload, 0);
                    state.base = Some(events.follow(u64::from(payload) << HALF_BITS));
                }
            }
            10 => events.skip("triggers", 1),
            7 | 14 | 15 => events.skip("words of the vendor", 1),
            kind => return Err(bytes.damaged(offset, format!("EVT 3.0 has no words of type {kind}")).into()),
        }
    }
}

fn event(events: &mut Collector<'_>, state: &State, offset: u64, x: u16) -> Result<(), FormatError> {
    let (Some(base), Some(y)) = (state.base, state.y) else {
        events.skip("events before the first time and row", 1);
        return Ok(());
    };
    events.pixel(Some(offset), base + u64::from(state.low), [x.into(), y.into(), state.polarity.into()])
}

/// The events of a group, whose lowest bit is the pixel at `state.x`.
fn group(events: &mut Collector<'_>, state: &mut State, offset: u64, which: u16, size: u16) -> Result<(), FormatError> {
    for bit in (0..size).filter(|bit| which >> bit & 1 == 1) {
        event(events, state, offset, state.x.saturating_add(bit))?;
    }
    state.x = state.x.saturating_add(size);
    Ok(())
}

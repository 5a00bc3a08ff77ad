//! Event lists: what the host sends, and what neurons send. CSV, specified in `docs/formats/events.md`.
//!
//! Owns the order of events in time and the range of their channels. What a payload may be depends on what the channel
//! reaches, and is checked by the emulator.

use crate::document::Format;
use crate::error::{FormatErrors, Problem};
use crate::list::{Schema, integer};
use crate::text::read_text;
use std::fmt::Write;
use std::path::Path;
use units::{ChipId, CoreAddress, CoreId, InputId, NeuronAddress, NeuronId, Tick};

pub use chip::InputEvent;

const INPUTS: Schema =
    Schema { format: Format { name: "quenched-events", version: 1 }, columns: "tick,channel,payload", optional: 1 };
const SPIKES: Schema = Schema {
    format: Format { name: "quenched-spikes", version: 1 },
    columns: "tick,chip,core,neuron,value",
    optional: 0,
};

/// A spike, or a change of the output of a rate unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpikeEvent {
    /// When it was sent.
    pub tick: Tick,
    /// Who sent it.
    pub neuron: NeuronAddress,
    /// 1 for a spike, the new output in units of 2^-16 for a rate unit.
    pub value: i32,
}

/// Reads a list of input events for a network with `channels` input channels; `file` stands for the file in errors.
/// Without the column `payload` every payload is 1.
///
/// # Errors
/// Wrong columns, fields that are no numbers, channels that do not exist, ticks that go back, or a list that was cut
/// off; at most 20 of them.
pub fn read_inputs(text: &str, file: &str, channels: u32) -> Result<Vec<InputEvent>, FormatErrors> {
    let mut order = Order::default();
    INPUTS.read(text, file, |fields| {
        let tick = order.check(fields)?;
        let channel = integer(fields, 1, 0, u32::MAX).map(InputId)?;
        if channel.0 >= channels {
            let what = format!("an input channel: the network has {channels}, counted from 0");
            return Err((1, Problem::UnknownName { what, name: channel.to_string(), known: Vec::new() }));
        }
        let payload = if fields.len() > 2 { integer(fields, 2, i32::MIN, i32::MAX)? } else { 1 };
        Ok(InputEvent { tick, channel, payload })
    })
}

/// Reads the list of input events at `path`; see [`read_inputs`].
///
/// # Errors
/// As [`read_inputs`], or the file cannot be read.
pub fn load_inputs(path: &Path, channels: u32) -> Result<Vec<InputEvent>, FormatErrors> {
    read_inputs(&read_text(path)?, &path.display().to_string(), channels)
}

/// The list of `events`, which are in the order of time.
///
/// # Panics
/// If they are not.
pub fn write_inputs(events: &[InputEvent]) -> String {
    assert!(events.is_sorted_by_key(|e| e.tick), "events are listed in the order of time");
    let mut text = INPUTS.head(events.len());
    for e in events {
        let _ = writeln!(text, "{},{},{}", e.tick, e.channel, e.payload);
    }
    text
}

/// Reads a list of spikes; `file` stands for the file in errors.
///
/// # Errors
/// As [`read_inputs`].
pub fn read_spikes(text: &str, file: &str) -> Result<Vec<SpikeEvent>, FormatErrors> {
    let mut order = Order::default();
    SPIKES.read(text, file, |fields| {
        let tick = order.check(fields)?;
        let id = |index| integer(fields, index, 0, u16::MAX);
        let core = CoreAddress { chip: ChipId(id(1)?), core: CoreId(id(2)?) };
        let neuron = NeuronAddress { core, neuron: NeuronId(id(3)?) };
        Ok(SpikeEvent { tick, neuron, value: integer(fields, 4, i32::MIN, i32::MAX)? })
    })
}

/// Reads the list of spikes at `path`.
///
/// # Errors
/// As [`read_spikes`], or the file cannot be read.
pub fn load_spikes(path: &Path) -> Result<Vec<SpikeEvent>, FormatErrors> {
    read_spikes(&read_text(path)?, &path.display().to_string())
}

/// The list of `spikes`, which are in the order of time.
///
/// # Panics
/// If they are not.
pub fn write_spikes(spikes: &[SpikeEvent]) -> String {
    assert!(spikes.is_sorted_by_key(|s| s.tick), "spikes are listed in the order of time");
    let mut text = SPIKES.head(spikes.len());
    for s in spikes {
        let NeuronAddress { core: CoreAddress { chip, core }, neuron } = s.neuron;
        let _ = writeln!(text, "{},{chip},{core},{neuron},{}", s.tick, s.value);
    }
    text
}

/// Watches over the order of time.
#[derive(Default)]
pub(crate) struct Order {
    previous: u64,
}

impl Order {
    /// The tick in the first field.
    pub(crate) fn check(&mut self, fields: &[&str]) -> Result<Tick, (usize, Problem)> {
        let tick = integer(fields, 0, 0, u64::MAX - 1)?;
        if tick < self.previous {
            return Err((0, Problem::OutOfOrder { tick, previous: self.previous }));
        }
        self.previous = tick;
        Ok(Tick(tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inputs(text: &str) -> String {
        match read_inputs(text, "f", 10) {
            Ok(events) => events.iter().map(|e| format!("{},{},{};", e.tick, e.channel, e.payload)).collect(),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn lists_are_read() {
        assert_eq!(inputs("tick,channel\n0,3\n0,3\n7,9\n"), "0,3,1;0,3,1;7,9,1;");
        assert_eq!(inputs("# made by hand\n\ntick, channel, payload\r\n0, 3, -5\r\n"), "0,3,-5;");
        assert_eq!(inputs("# quenched-events 1, 1 entries\ntick,channel,payload\n4,0,2\n"), "4,0,2;");
        assert_eq!(inputs("tick,channel\n"), "");
    }

    #[test]
    fn wrong_lists_are_refused_in_their_place() {
        let check = |text: &str, expected: &str| assert_eq!(inputs(text), expected, "{text:?}");
        let head = "tick,channel,payload\n";
        check("", "f:1:1: expected the columns `tick,channel,payload`, found ``");
        check("0,1,1\n", "f:1:1: expected the columns `tick,channel,payload`, found `0,1,1`");
        check("tick,payload\n", "f:1:1: expected the columns `tick,channel,payload`, found `tick,payload`");
        check(&format!("{head}1,2\n"), "f:2:1: this line has 2 fields, but 3 are needed");
        check(&format!("{head}1,2,3,4,5,6,7\n"), "f:2:1: this line has 7 fields, but 3 are needed");
        check(&format!("{head}1,,3\n"), "f:2:3: expected a whole number, found nothing");
        check(&format!("{head}1, 2, x\n"), "f:2:7: expected a whole number, found text");
        check(&format!("{head}1,2,1.5\n"), "f:2:5: expected a whole number, found text");
        check(&format!("{head}1,2,nan\n"), "f:2:5: expected a whole number, found text");
        check(&format!("{head}-1,2,3\n"), "f:2:1: -1 is outside the range from 0 to 18446744073709551614");
        check(
            &format!("{head}1,2,3000000000\n"),
            "f:2:5: 3000000000 is outside the range from -2147483648 to 2147483647",
        );
        check(&format!("{head}1,10,1\n"), "f:2:3: `10` is not an input channel: the network has 10, counted from 0");
        check(
            &format!("{head}5,1,1\n4,1,1\n6,1,1\n"),
            "f:3:1: tick 4 comes after tick 5: events are listed in the order of time",
        );
        check(
            &format!("{head}5,1,1\n6,1,1"),
            "f:3:6: the file ends within a line: it was cut off\n\
             help: copy or make the file again, or end its last line with a line break",
        );
        check(
            "# quenched-events 1, 2 entries\ntick,channel\n5,1\n",
            "f:1:1: the first line announces 2 entries, but there are 1\n\
             help: the file was cut off or added to; write it again",
        );
        check(
            "# quenched-events 2, 2 entries\ntick,who\n",
            "f:1:1: this file has version 2 of `quenched-events`, but only versions up to 1 can be read\n\
             help: use a newer release of quenched",
        );
        check(
            "# quenched-spikes 1, 0 entries\n",
            "f:1:1: this is a `quenched-spikes` file, but a `quenched-events` file is needed",
        );
        let many = inputs(&format!("{head}{}", "x,0,0\n".repeat(100)));
        assert_eq!(many.lines().count(), 20);
    }

    #[test]
    fn every_cut_of_a_written_list_is_noticed() {
        let events = [(0, 1, 1), (5, 9, -70_000), (5, 2, 3), (12, 0, 1)];
        let events = events.map(|(t, c, payload)| InputEvent { tick: Tick(t), channel: InputId(c), payload });
        let text = write_inputs(&events);
        for length in 0..text.len() {
            assert!(read_inputs(&text[..length], "f", 10).is_err(), "{:?}", &text[..length]);
        }
        assert_eq!(read_inputs(&text, "f", 10).unwrap(), events);
    }

    proptest! {
        #[test]
        fn spikes_survive_the_file(mut spikes: Vec<(u32, u16, u16, u16, i32)>) {
            spikes.sort();
            let spike = |&(t, chip, core, n, value): &(u32, u16, u16, u16, i32)| SpikeEvent {
                tick: Tick(u64::from(t)),
                neuron: NeuronAddress { core: CoreAddress::new(chip, core), neuron: NeuronId(n) },
                value,
            };
            let spikes: Vec<SpikeEvent> = spikes.iter().map(spike).collect();
            prop_assert_eq!(read_spikes(&write_spikes(&spikes), "f").unwrap(), spikes);
        }

        #[test]
        fn damaged_lists_never_panic(first: bool, body in "([0-9,. \u{e9}x#-]{0,8}\r?\n){0,4}[0-9,]{0,3}") {
            let first = if first { "# quenched-events 1, 2 entries\n" } else { "" };
            let _ = read_inputs(&format!("{first}tick,channel,payload\n{body}"), "f", 10);
        }
    }
}

//! The account of an input: what was read, what of it the run used, and what became of the rest.

use formats::sensor::Sensor;
use serde_json::{Map, Value, json};
use session::Taken;
use std::fmt::Write;
use std::path::Path;
use units::Tick;
use warnings::{Kind, Warnings};

/// What a recording has besides its events.
pub(super) struct Of {
    pub(super) format: &'static str,
    pub(super) sensor: Sensor,
    pub(super) skipped: Vec<(&'static str, u64)>,
    pub(super) wraps: u64,
    pub(super) label: Option<i64>,
    pub(super) sample: Option<u64>,
}

/// The account of an input.
pub(super) struct Account {
    file: String,
    /// Events of the file.
    read: u64,
    /// What a recording has besides; none of an event list.
    pub(super) recording: Option<Of>,
    /// Whether `--from` says where tick 0 is, and the events before it.
    pub(super) has_beginning: bool,
    pub(super) before_beginning: u64,
    /// The tick of the first event from tick 0 on.
    pub(super) first: Option<Tick>,
    /// First tick of the run, and the one after its last.
    pub(super) run: (Tick, Tick),
    pub(super) taken: Taken,
}

impl Account {
    /// That of a list of `read` events which have not been sent yet.
    pub(super) fn of_list(file: &Path, read: usize) -> Self {
        Self {
            file: file.display().to_string(),
            read: read as u64,
            recording: None,
            has_beginning: false,
            before_beginning: 0,
            first: None,
            run: (Tick(0), Tick(0)),
            taken: Taken::default(),
        }
    }

    /// Events before tick 0 or before the run.
    const fn before(&self) -> u64 {
        self.before_beginning + self.taken.before
    }

    /// Events that were used.
    pub(super) const fn used(&self) -> u64 {
        self.taken.used
    }

    /// Events that were read.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let Taken { used, after, unconnected, merged, capped, .. } = self.taken;
        let mut value = json!({
            "read": self.read,
            "used": used,
            "before": self.before(),
            "after": after,
            "unconnected": unconnected,
            "merged": merged,
            "capped": capped,
            "skipped": {},
        });
        if let Some(of) = &self.recording {
            let skipped = of.skipped.iter().map(|(kind, count)| ((*kind).to_string(), json!(count)));
            value["skipped"] = Value::from(Map::from_iter(skipped));
            value["format"] = json!(of.format);
            value["sensor"] = json!(of.sensor.to_string());
            value["clock_wraps"] = json!(of.wraps);
            if let Some(sample) = of.sample {
                value["sample"] = json!(sample);
            }
            if let Some(label) = of.label {
                value["label"] = json!(label);
            }
        }
        value
    }

    /// As a line, with a second for what only some recordings have.
    pub(super) fn text(&self) -> String {
        let Taken { used, after, unconnected, merged, capped, .. } = self.taken;
        let mut text = format!(
            "{}: {} events read, {used} used ({merged} merged), {} before, {after} after the run, {unconnected} for \
             unconnected channels, {capped} capped\n",
            self.file,
            self.read,
            self.before()
        );
        let Some(of) = &self.recording else { return text };
        let _ = write!(text, "  format {}, {}", of.format, of.sensor);
        if let Some(sample) = of.sample {
            let _ = write!(text, ", sample {sample}");
        }
        if let Some(label) = of.label {
            let _ = write!(text, ", label {label}");
        }
        if of.wraps > 0 {
            let _ = write!(text, ", clock started again {} times", of.wraps);
        }
        for (kind, count) in &of.skipped {
            let _ = write!(text, ", skipped {count} {kind}");
        }
        text.push('\n');
        text
    }

    /// What of the input was left out, or is not as it was.
    pub(super) fn warnings(&self, binary: bool) -> Warnings {
        let mut warnings = Warnings::default();
        let mut push = |kind, text: String| warnings.push(kind, &self.file, text);
        let Taken { after, unconnected, merged, capped, first_unconnected, .. } = self.taken;
        let (read, (from, end)) = (self.read, self.run);
        if self.before() > 0 {
            let before = self.before();
            let what = match self.taken.before {
                0 => "come before `--from`".into(),
                _ => format!("come before tick {from}, where the run begins"),
            };
            push(Kind::EventsBefore, format!("{before} of {read} events {what}, and are left out"));
        }
        if after > 0 {
            let first = self.first.map_or_else(String::new, |first| format!(" (the first event is at tick {first})"));
            let way = if self.has_beginning { "run longer" } else { "run longer, or begin elsewhere with `--from`" };
            let text = format!("{after} of {read} events come after the end of the run at tick {end}{first}: {way}");
            let none = if self.taken.used == 0 && !self.has_beginning {
                "; `--from first` begins with the first event"
            } else {
                ""
            };
            push(Kind::EventsAfter, text + none);
        }
        if unconnected > 0 {
            let such = first_unconnected.map_or_else(String::new, |channel| format!(", such as channel {channel}"));
            let text = format!("{unconnected} of {read} events are for channels without a connection{such}");
            push(Kind::EventsUnconnected, text);
        }
        if merged > 0 && !binary {
            let text = format!(
                "{merged} of {read} events share the tick and channel of another: they are one event with their number; \
                 `--binary` makes it a single spike"
            );
            push(Kind::EventsMerged, text);
        }
        if capped > 0 {
            let most = chip::SPIKES_PER_TICK_MAX;
            let text = format!(
                "{capped} spikes are beyond the {most} that a channel can have in a step, and are left out: `--binary` makes \
                 all events of a step a single spike"
            );
            push(Kind::EventsMerged, text);
        }
        let skipped = self.recording.as_ref().map_or(&[][..], |of| &of.skipped);
        if !skipped.is_empty() {
            let kinds: Vec<String> = skipped.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            push(Kind::EventsSkipped, format!("records that are no events are left out: {}", kinds.join(", ")));
        }
        warnings
    }
}

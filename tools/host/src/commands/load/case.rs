//! Golden cases of other simulators: their networks, and the input that was recorded with them.

use crate::errors::HostError;
use chip::{ChipSpec, InputEvent};
use conform::{Case, CaseNetwork};
use network::Network;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A golden case that was read as a network.
pub(crate) struct LoadedCase {
    name: String,
    format: &'static str,
    /// The archive with its arrays.
    pub(crate) archive: PathBuf,
    pub(crate) steps: usize,
    pub(crate) events: Vec<InputEvent>,
    notes: Vec<String>,
}

/// The golden case that the command line names, if it is one.
pub(super) fn open(path: &Path) -> Result<Option<Case>, HostError> {
    let Some(description) = conform::case_at(path)? else { return Ok(None) };
    Ok(Some(Case::open(&description)?))
}

/// The network of `case` for `spec`, and what else it holds.
pub(super) fn load(case: &Case, spec: &ChipSpec) -> Result<(Network, LoadedCase), HostError> {
    let CaseNetwork { network, steps, events, notes } = conform::as_network(case, spec)?;
    let (name, archive) = (case.name.clone(), case.path.with_extension("npz"));
    Ok((network, LoadedCase { name, format: case.format, archive, steps, events, notes }))
}

impl LoadedCase {
    /// What was read, in lines.
    pub(crate) fn text(&self) -> String {
        let events = self.events.len();
        let head =
            format!("case: `{}` of format {}, {} steps with {events} events\n", self.name, self.format, self.steps);
        self.notes.iter().fold(head, |text, note| format!("{text}  {note}\n"))
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "format": self.format,
            "steps": self.steps,
            "events": self.events.len(),
            "notes": self.notes,
        })
    }
}

//! Standard output and standard error. Nothing else in the project prints.

use crate::errors::HostError;
use std::io::{ErrorKind, IsTerminal, Write};
use warnings::Warnings;

/// Prints `text` to standard output.
pub(crate) fn print(text: &str) -> Result<(), HostError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => HostError::OutputClosed,
        _ => HostError::Output { reason: error.to_string() },
    })
}

/// Prints `value` as indented JSON and a line feed.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), HostError> {
    print(&format!("{value:#}\n"))
}

/// Shows what is not as it was asked for on standard error, where the result itself is read by a program, and fails if
/// that is denied.
pub(crate) fn warn(warnings: &Warnings, json: bool, deny: bool) -> Result<(), HostError> {
    if json && !warnings.is_empty() {
        note(warnings.to_string().trim_end());
    }
    match warnings.len() {
        count if deny && count > 0 => Err(HostError::DeniedWarnings { count }),
        _ => Ok(()),
    }
}

/// Prints an error to standard error.
pub(crate) fn error(error: &HostError) {
    note(&error.render(has_colours()));
}

/// Prints lines to standard error. A closed standard error is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether standard error shows colours: it is a terminal, and `NO_COLOR` (no-color.org) is not set.
fn has_colours() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

//! Standard output and standard error. Nothing else in the project prints.
//!
//! Text that people read shows no character that a terminal would act on, or that nobody would see: names and messages
//! may come from any file. In JSON such characters are escaped; what is an output of its own is printed as it is.

use crate::errors::HostError;
use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use warnings::Warnings;

/// Whether anything was printed to standard output.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// Prints `text`, which people read, to standard output.
pub(crate) fn print(text: &str) -> Result<(), HostError> {
    print_bytes(visible(text).as_bytes())
}

/// Prints `bytes` to standard output as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), HostError> {
    PRINTED.store(true, Ordering::Relaxed);
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => HostError::OutputClosed,
        _ => HostError::Output { reason: error.to_string() },
    })
}

/// Prints `value` as indented JSON and a line feed.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), HostError> {
    print_json_text(&format!("{value:#}\n"))
}

/// Prints `text`, which is JSON.
pub(crate) fn print_json_text(text: &str) -> Result<(), HostError> {
    // Outside of strings there is none of these.
    print_bytes(replaced(text, |c| format!("\\u{:04x}", u32::from(c))).as_bytes())
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

/// Prints an error to standard error; where the result would be JSON, as JSON to standard output too, so that who reads
/// it finds one value there, whatever happens.
pub(crate) fn error(error: &HostError, json: bool) {
    let rendered = error.render(has_colours());
    let _ = writeln!(std::io::stderr().lock(), "{rendered}");
    if json && !PRINTED.load(Ordering::Relaxed) {
        let _ = print_json(&error.as_json());
    }
}

/// Prints lines to standard error. A closed standard error is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(text));
}

/// `text` without characters that a terminal would act on or that cannot be seen; line feeds stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c.escape_unicode().to_string())
}

/// A line of a file with every such character in one place; tabs stay, for who draws the line knows how wide they are.
pub(crate) fn visible_line(line: &str) -> Cow<'_, str> {
    replaced(line, |c| if c == '\t' { c.into() } else { '\u{fffd}'.into() })
}

/// `text` with every character that is not fit to be seen replaced.
fn replaced(text: &str, by: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |mut all, c| {
        if is_unfit(c) {
            all.push_str(&by(c))
        } else {
            all.push(c)
        }
        all
    }))
}

/// Whether a character makes a terminal do something, or changes what is seen without being seen itself.
fn is_unfit(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    c != '\n' && (c.is_control() || invisible)
}

/// Whether standard error shows colours: it is a terminal, and `NO_COLOR` (no-color.org) is not set.
fn has_colours() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal_or_hides() {
        assert_eq!(visible("a\u{1b}[2J\tb\r\nc"), "a\\u{1b}[2J\\u{9}b\\u{d}\nc");
        assert_eq!(visible("\u{9b}1m\u{feff}\u{202e}x\u{7f}"), "\\u{9b}1m\\u{feff}\\u{202e}x\\u{7f}");
        assert!(matches!(visible("µ ─ ▁█ 名"), Cow::Borrowed(_)));
        let json = replaced("\"\u{9b}\u{202e}\"\n", |c| format!("\\u{:04x}", u32::from(c))).into_owned();
        assert_eq!(json, "\"\\u009b\\u202e\"\n");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "\u{9b}\u{202e}");
    }
}

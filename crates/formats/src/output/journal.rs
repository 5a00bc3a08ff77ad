//! The journal of a command in one directory that it writes to: who it is, what it claims, what it is renaming.
//!
//! A journal is a text of lines, only ever added to; a line without its end does not count. Names are those of files in
//! the directory of the journal and nowhere else, so that whoever follows a journal that came from somewhere can do no
//! more with it than change the files beside it.

use super::target::fold;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The beginning of the names of all files that are not outputs themselves.
pub(super) const PREFIX: &str = ".quenched-";

/// The end of the name of a journal.
pub(super) const JOURNAL: &str = ".journal";

/// The end of the name of an output that is not committed yet.
pub(super) const TEMPORARY: &str = ".tmp";

/// Letters of a command line that are noted.
const COMMAND_MAX: usize = 200;

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Journal {
    /// The number of the process.
    pub(super) process: String,
    /// The command line.
    pub(super) command: String,
    /// Whether the command has the whole directory for itself.
    pub(super) whole: bool,
    /// The names of the outputs that it has claimed.
    pub(super) claims: Vec<OsString>,
    /// The journal that decides for this one, if it does not do so itself.
    pub(super) leader: Option<PathBuf>,
    /// The journals that this one decides for.
    pub(super) members: Vec<PathBuf>,
    /// From temporary to final names.
    pub(super) renames: Vec<(OsString, OsString)>,
    /// All renames are known and are to be done; before, none is.
    pub(super) decided: bool,
}

/// A line of a journal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'a> {
    Process(u32),
    Command(&'a str),
    Whole,
    Claim(&'a OsStr),
    Leader(&'a Path),
    Member(&'a Path),
    Rename(&'a OsStr, &'a OsStr),
    /// The end: so many renames are to be done.
    Decided(usize),
}

impl Line<'_> {
    /// The line with its end; `None` if it has a name that is no text.
    pub(super) fn text(self) -> Option<String> {
        Some(match self {
            Self::Process(number) => format!("process {number}\n"),
            Self::Command(text) => {
                let text: String =
                    text.chars().take(COMMAND_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
                format!("command {text}\n")
            }
            Self::Whole => "whole\n".into(),
            Self::Claim(name) => format!("claim {}\n", escaped(name)?),
            Self::Leader(path) => format!("leader {}\n", escaped(path.as_os_str())?),
            Self::Member(path) => format!("member {}\n", escaped(path.as_os_str())?),
            Self::Rename(from, to) => format!("rename {} {}\n", escaped(from)?, escaped(to)?),
            Self::Decided(count) => format!("decided {count}\n"),
        })
    }
}

impl Journal {
    /// What `text` says.
    pub(super) fn parse(text: &str) -> Self {
        let mut journal = Self::default();
        let whole_lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        for line in whole_lines {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "process" => journal.process = rest.chars().filter(char::is_ascii_digit).collect(),
                "command" => journal.command = rest.into(),
                "whole" => journal.whole = true,
                "claim" => journal.claims.extend(plain(rest)),
                "leader" => journal.leader = unescaped(rest).map(PathBuf::from),
                "member" => journal.members.extend(unescaped(rest).map(PathBuf::from)),
                "rename" => {
                    let (from, to) = rest.split_once(' ').unwrap_or_default();
                    journal.renames.extend(plain(from).zip(plain(to)));
                }
                "decided" => journal.decided = rest.parse() == Ok(journal.renames.len()),
                _ => {}
            }
        }
        journal
    }

    /// Whether a command that wants `names` of this directory, [folded](fold) (none: all of them), has to leave it to
    /// this one; the name that both want, or nothing if one wants all.
    pub(super) fn conflict(&self, names: Option<&BTreeSet<String>>) -> Option<Option<&OsStr>> {
        match names {
            Some(names) if !self.whole => {
                self.claims.iter().find(|claim| names.contains(&fold(claim))).map(|claim| Some(claim.as_os_str()))
            }
            _ => Some(None),
        }
    }
}

/// The part of the name of a journal or temporary file that tells whose it is; `None` if it is neither.
pub(super) fn owner(name: &str) -> Option<&str> {
    let inside = name.strip_prefix(PREFIX)?;
    let inside = inside.strip_suffix(JOURNAL).or_else(|| inside.strip_suffix(TEMPORARY))?;
    Some(inside.split('-').next().unwrap_or(inside))
}

/// A name without spaces and line breaks.
fn escaped(name: &OsStr) -> Option<String> {
    let mut text = String::new();
    for &byte in bytes(name)? {
        match byte {
            b'%' | 0..=b' ' | 0x7f.. => text.push_str(&format!("%{byte:02x}")),
            _ => text.push(char::from(byte)),
        }
    }
    Some(text)
}

/// The name that was [`escaped`].
fn unescaped(text: &str) -> Option<OsString> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    name(bytes).filter(|name| !name.is_empty())
}

/// The [`unescaped`] name of a file, which leads nowhere else.
fn plain(text: &str) -> Option<OsString> {
    unescaped(text).filter(|name| Path::new(name).file_name() == Some(name.as_os_str()))
}

#[cfg(unix)]
fn bytes(name: &OsStr) -> Option<&[u8]> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

#[cfg(unix)]
fn name(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn bytes(name: &OsStr) -> Option<&[u8]> {
    name.to_str().map(str::as_bytes)
}

#[cfg(not(unix))]
fn name(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let lines = [
            Line::Process(12),
            Line::Command("quenched study a\nb"),
            Line::Whole,
            Line::Claim("a b%\n.csv".as_ref()),
            Line::Leader("/x y/.quenched-1.journal".as_ref()),
            Line::Member("/z".as_ref()),
            Line::Rename(".quenched-1-0.tmp".as_ref(), "ä b".as_ref()),
            Line::Decided(1),
        ];
        let text: String = lines.iter().map(|line| line.text().unwrap()).collect();
        assert_eq!(text.lines().count(), lines.len());
        let expected = Journal {
            process: "12".into(),
            command: "quenched study a b".into(),
            whole: true,
            claims: vec!["a b%\n.csv".into()],
            leader: Some("/x y/.quenched-1.journal".into()),
            members: vec!["/z".into()],
            renames: vec![(".quenched-1-0.tmp".into(), "ä b".into())],
            decided: true,
        };
        assert_eq!(Journal::parse(&text), expected);
        // Cut off anywhere, it decides nothing.
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert!(!Journal::parse(&text[..cut]).decided, "{cut}");
        }
    }

    #[test]
    fn a_journal_leads_nowhere_else() {
        let hostile = "rename a ../b\nrename a /b\nrename .. b\nrename a %2e%2e%2fb\nrename a\nrename  b\nrename a %\n";
        assert!(Journal::parse(hostile).renames.is_empty());
        assert!(!Journal::parse("rename a ../b\ndecided 1\n").decided, "one is missing");
    }

    #[test]
    fn names_tell_whose_they_are() {
        assert_eq!(owner(".quenched-ab1.journal"), Some("ab1"));
        assert_eq!(owner(".quenched-ab1-17.tmp"), Some("ab1"));
        assert_eq!(owner(".quenched-ab1.tmp"), Some("ab1"));
        for other in ["", ".quenched-lock", "a.tmp", ".quenched-a.csv", "x.quenched-a.tmp"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_claimed_is_left_alone() {
        let journal = Journal { claims: vec!["A.csv".into()], ..Journal::default() };
        let wants = |names: &[&str]| journal.conflict(Some(&names.iter().map(|name| fold(name.as_ref())).collect()));
        assert_eq!(wants(&["b.csv", "a.csv"]), Some(Some("A.csv".as_ref())));
        assert_eq!((wants(&["b.csv"]), wants(&[]), journal.conflict(None)), (None, None, Some(None)));
        let whole = Journal { whole: true, ..Journal::default() };
        assert_eq!(whole.conflict(Some(&BTreeSet::new())), Some(None));
    }
}

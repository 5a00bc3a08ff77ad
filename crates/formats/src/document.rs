//! A strict reader of TOML files that knows where everything stands.
//!
//! Owns cursors over a parsed file ([`Table`], [`Value`]) that give typed values or note an error with file, line,
//! column and path, and go on, so that one reading finds many errors. A schema is written as the code that reads it:
//!
//! ```
//! # use quenched_formats as formats;
//! use formats::document::{Document, Format};
//!
//! # fn main() -> Result<(), formats::FormatErrors> {
//! const FORMAT: Format = Format { name: "example", version: 1 };
//! let text = "format = \"example\"\nversion = 1\nlength = \"20 ms\"\nsizes = [1, 2]\n";
//! let document = Document::parse(text, "example.toml", FORMAT)?;
//! let root = document.root(&["length", "sizes"]);
//! let length: Option<units::Quantity> = root.required("length");
//! let sizes: Option<Vec<u32>> = root.required("sizes");
//! let (length, sizes) = document.finish(length.zip(sizes))?;
//! assert_eq!((length.to_string(), sizes), ("20 ms".into(), vec![1, 2]));
//! # Ok(()) }
//! ```
//!
//! Decimal numbers are taken from the text and never pass through a float. It deliberately knows no schema.

mod set;
mod value;

pub use value::{Entry, FromValue, Value};

use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use crate::nearest::nearest;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Name and version of a file format, the first two entries of each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Value of the key `format`.
    pub name: &'static str,
    /// The latest value of the key `version` that the caller can read.
    pub version: u64,
}

/// A parsed file and the errors noted so far.
pub struct Document<'i> {
    file: String,
    text: &'i str,
    root: DeTable<'i>,
    /// Entries that were set, see [`Document::set`].
    given: Vec<set::Given>,
    errors: RefCell<Vec<FormatError>>,
    /// Errors that are not listed.
    more: Cell<usize>,
}

impl<'i> Document<'i> {
    /// Parses `text`, which came from `file` (used in errors only), and checks its entries `format` and `version`.
    ///
    /// # Errors
    /// All syntax errors, duplicate keys among them; or that the file is of another format or of a newer version.
    pub fn parse(text: &'i str, file: &str, format: Format) -> Result<Self, FormatErrors> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let (errors, more) = syntax_errors(text, file, &errors);
        let (errors, more) = (RefCell::new(errors), Cell::new(more));
        let document = Self { file: file.into(), text, root: root.into_inner(), given: Vec::new(), errors, more };
        document.check_format(format);
        match FormatErrors::with_more(document.errors.take(), document.more.get()) {
            Some(errors) => Err(errors),
            None => Ok(document),
        }
    }

    fn check_format(&self, format: Format) {
        // A file with syntax errors may lack anything.
        if !self.errors.borrow().is_empty() {
            return;
        }
        let root = self.table(&self.root, "", 0..0);
        let Some(name) = root.required::<Value<'_>>("format") else { return };
        let Some(found) = name.read::<String>() else { return };
        if found != format.name {
            return name.report(Problem::WrongFormat { expected: format.name, found });
        }
        let Some(version) = root.required::<Value<'_>>("version") else { return };
        match version.read::<u64>() {
            Some(0) => version.report(Problem::OutOfRange {
                value: "0".into(),
                low: "1".into(),
                high: format.version.to_string(),
            }),
            Some(found) if found > format.version => {
                version.report(Problem::NewerVersion { format: format.name, found, supported: format.version });
            }
            _ => {}
        }
    }

    /// The top level, which may have the keys `known` besides `format` and `version`. Others are noted as errors.
    pub fn root<'d>(&'d self, known: &[&str]) -> Table<'d> {
        let known = ["format", "version"].into_iter().chain(known.iter().copied());
        self.table(&self.root, "", 0..0).with_keys(known)
    }

    fn table<'d>(&'d self, table: &'d DeTable<'d>, path: &str, span: Range<usize>) -> Table<'d> {
        Table { document: self, table, path: path.into(), span, misspelt: Vec::new() }
    }

    /// Notes an error at the entry with the dotted `path` (`a.b[2].c`), or at the deepest part of it that is there.
    pub fn report(&self, path: &str, problem: Problem) {
        self.note(self.locate(path), path, problem);
    }

    /// The value, if no error was noted.
    ///
    /// # Errors
    /// All that were noted, in the order of the file.
    ///
    /// # Panics
    /// If there is neither a value nor an error: a reader must not give up silently.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, FormatErrors> {
        match FormatErrors::with_more(self.errors.into_inner(), self.more.get()) {
            Some(errors) => Err(errors),
            None => Ok(value.expect("a value that is missing has an error that says why")),
        }
    }

    /// Whether an error was noted.
    pub fn has_errors(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    fn note(&self, span: Range<usize>, path: &str, problem: Problem) {
        // Finding a line takes as long as the file is.
        if self.errors.borrow().len() >= ERRORS_MAX {
            self.more.set(self.more.get() + 1);
            return;
        }
        let given = self.given.iter().rev().find(|given| given.holds(path));
        let (file, text) = given.map_or((&*self.file, self.text), |given| (&given.source, &given.text));
        let place = Place::new(file, text, span, path);
        self.errors.borrow_mut().push(FormatError::text(place, problem));
    }

    /// The bytes of the entry at `path`, or of the deepest part of it that is there.
    fn locate(&self, path: &str) -> Range<usize> {
        let mut span = 0..0;
        let mut rest = path;
        let mut table = Some(&self.root);
        let mut array: Option<&[toml::Spanned<DeValue<'i>>]> = None;
        while !rest.is_empty() {
            let next = if let Some(inner) = rest.strip_prefix('[') {
                let Some((index, after)) = inner.split_once(']') else { break };
                rest = after;
                array.zip(index.parse::<usize>().ok()).and_then(|(all, index)| all.get(index))
            } else {
                rest = rest.strip_prefix('.').unwrap_or(rest);
                // Keys may contain points: the longest key that fits is meant.
                let keys = table.into_iter().flat_map(|t| t.keys());
                let fits = |key: &str| {
                    rest.strip_prefix(key).is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
                };
                let key = keys.map(|k| k.get_ref().as_ref()).filter(|k| fits(k)).max_by_key(|k| k.len());
                key.and_then(|key| {
                    rest = &rest[key.len()..];
                    table.and_then(|t| t.get(key))
                })
            };
            let Some(value) = next else { break };
            span = value.span();
            table = value.get_ref().as_table();
            array = value.get_ref().as_array().map(|a| &**a);
        }
        span
    }
}

/// The parser's errors with their places, and how many are not listed. What follows from another one on the same line
/// is left out.
fn syntax_errors(text: &str, file: &str, errors: &[toml::de::Error]) -> (Vec<FormatError>, usize) {
    let mut all: Vec<FormatError> = Vec::new();
    let (mut more, mut before) = (0, None);
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        // The parser goes through the file from its beginning to its end.
        let same_line = before.and_then(|before| text.get(before..span.start)).is_some_and(|gap| !gap.contains('\n'));
        before = Some(span.start);
        if same_line {
            continue;
        }
        if all.len() >= ERRORS_MAX {
            more += 1;
            continue;
        }
        let mut message = error.message().to_string();
        if message == "duplicate key"
            && let Some(key) = text.get(span.clone())
        {
            message = format!("the key `{}` is there twice", key.trim_matches('"'));
        }
        let place = Place::new(file, text, span, "");
        if all.iter().all(|e| e.place().is_none_or(|p| p.line != place.line)) {
            all.push(FormatError::text(place, Problem::Syntax { message }));
        }
    }
    (all, more)
}

/// A table of the file.
#[derive(Clone)]
pub struct Table<'d> {
    document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    path: String,
    span: Range<usize>,
    /// Keys that are missing only because they are misspelt.
    misspelt: Vec<String>,
}

impl<'d> Table<'d> {
    /// Dotted path of the table; empty for the top level.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the table has `key`.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of `key`; `None` with an error if it is missing or cannot be read as a `T`.
    pub fn required<T: FromValue<'d>>(&self, key: &str) -> Option<T> {
        self.required_with(key, |value| value.read())
    }

    /// As [`Table::required`], with a reading function.
    pub fn required_with<T>(&self, key: &str, read: impl FnOnce(Value<'d>) -> Option<T>) -> Option<T> {
        match self.get(key) {
            Some(value) => read(value),
            // One mistake, one error.
            None if self.misspelt.iter().any(|k| k == key) => None,
            None => {
                let table = self.path.clone();
                self.report(Problem::MissingKey { key: key.into(), table });
                None
            }
        }
    }

    /// The value of `key`, if it is there: `Some(None)` if not, `None` with an error if it cannot be read as a `T`.
    pub fn optional<T: FromValue<'d>>(&self, key: &str) -> Option<Option<T>> {
        self.optional_with(key, |value| value.read())
    }

    /// As [`Table::optional`], with a reading function.
    pub fn optional_with<T>(&self, key: &str, read: impl FnOnce(Value<'d>) -> Option<T>) -> Option<Option<T>> {
        match self.get(key) {
            Some(value) => read(value).map(Some),
            None => Some(None),
        }
    }

    /// The value of `key`, or `default` if it is not there.
    pub fn or<T: FromValue<'d>>(&self, key: &str, default: T) -> Option<T> {
        Some(self.optional(key)?.unwrap_or(default))
    }

    /// All entries, in the order of the file: for tables whose keys are the user's own names.
    pub fn entries(&self) -> Vec<Entry<'d>> {
        let mut all: Vec<Entry<'d>> = self
            .table
            .keys()
            .filter_map(|k| Some(Entry { name: k.get_ref().to_string(), value: self.get(k.get_ref())? }))
            .collect();
        all.sort_by_key(|e| e.value.span.start);
        all
    }

    /// Notes an error at the head of this table.
    pub fn report(&self, problem: Problem) {
        self.document.note(self.span.clone(), &self.path, problem);
    }

    /// Notes a broken rule at the head of this table.
    pub fn reject<T>(&self, rule: &'static str, message: impl Into<String>) -> Option<T> {
        self.report(Problem::Rule { rule, message: message.into() });
        None
    }

    /// Notes a broken rule at `key` of this table, or at its head if the key is not there.
    pub fn reject_at<T>(&self, key: &str, rule: &'static str, message: impl Into<String>) -> Option<T> {
        self.report_at(key, Problem::Rule { rule, message: message.into() });
        None
    }

    /// Notes an error at `key` of this table, or at its head if the key is not there.
    pub fn report_at(&self, key: &str, problem: Problem) {
        match self.get(key) {
            Some(value) => value.report(problem),
            None => self.report(problem),
        }
    }

    /// Adds errors of another file that this table refers to.
    pub fn add(&self, errors: &FormatErrors) {
        self.document.errors.borrow_mut().extend(errors.iter().cloned());
    }

    fn get(&self, key: &str) -> Option<Value<'d>> {
        let value = self.table.get(key)?;
        let path = if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) };
        Some(Value { document: self.document, value: value.get_ref(), span: value.span(), path })
    }

    /// The same table, after an error for each key that is not `known`.
    fn with_keys<'k>(mut self, known: impl IntoIterator<Item = &'k str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        for key in self.table.keys().filter(|k| !known.contains(&k.get_ref().as_ref())) {
            let absent = known.iter().copied().filter(|k| !self.has(k));
            self.misspelt.extend(nearest(key.get_ref(), absent).map(String::from));
            let problem = Problem::UnknownKey {
                key: key.get_ref().to_string(),
                table: self.path.clone(),
                known: known.iter().map(|k| k.to_string()).collect(),
            };
            self.document.note(key.span(), &self.path, problem);
        }
        self
    }
}

#[cfg(test)]
mod tests;

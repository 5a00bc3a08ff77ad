//! Entries of a parsed file that are replaced before it is read: by the command line, or by a value elsewhere in the
//! file.
//!
//! Owns paths that are written to. It deliberately checks no value: the schema that reads the document does, and its
//! errors name the place that the value came from.

use super::Document;
use crate::error::{FormatError, FormatErrors, Place, Problem};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A value that does not stand in the file.
pub(super) struct Given {
    /// Dotted paths that have it.
    paths: Vec<String>,
    /// What errors call its file.
    pub(super) source: String,
    /// Its text.
    pub(super) text: String,
}

impl Given {
    /// Whether the entry at `path` is this value or a part of it.
    pub(super) fn holds(&self, path: &str) -> bool {
        let is_part = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        self.paths.iter().any(|own| path.strip_prefix(own.as_str()).is_some_and(is_part))
    }
}

/// A step of a path: a key, then perhaps an index.
struct Step<'p> {
    key: &'p str,
    index: Option<usize>,
}

/// `a.b[2].c` in steps; none if it is no path.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let step = |part| {
        let (key, index) = match str::split_once(part, '[') {
            Some((key, index)) => (key, Some(index.strip_suffix(']')?.parse().ok()?)),
            None => (part, None),
        };
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        (!key.is_empty() && key.chars().all(is_bare)).then_some(Step { key, index })
    };
    path.split('.').map(step).collect()
}

impl<'i> Document<'i> {
    /// Sets the entry at the dotted `path` to what `text` says, as TOML or, if it is none, as a string. Tables on the
    /// way that are not there are made. `a.b` where `a` is an array sets `b` in each of its elements, `a[1].b` in one.
    /// `source` is what errors call the place that the text came from (`--set a.b`).
    ///
    /// # Errors
    /// A path that is none, or that goes through something that is no table; an index that the array does not have.
    pub fn set(&mut self, path: &str, text: &'i str, source: &str) -> Result<(), FormatErrors> {
        let value = DeValue::parse(text).unwrap_or_else(|_| Spanned::new(0..text.len(), DeValue::String(text.into())));
        let paths = self.put(path, &value).map_err(|problem| {
            FormatErrors::from(FormatError::text(Place::new(source, text, 0..text.len(), path), problem))
        })?;
        self.given.push(Given { paths, source: source.into(), text: text.into() });
        Ok(())
    }

    /// Sets the entry at `path` as [`Document::set`] does, to element `index` of the array that is entry `name` of the
    /// table `table` at the top of this file. Errors in it are then reported where it stands there.
    ///
    /// # Errors
    /// As [`Document::set`], at the entry `name`.
    ///
    /// # Panics
    /// If there is no such element: the caller has read it.
    pub fn set_from(&mut self, path: &str, (table, name, index): (&str, &str, usize)) -> Result<(), FormatErrors> {
        let array =
            self.root.get(table).and_then(|t| t.get_ref().as_table()?.get(name)).expect("the caller has read it");
        let value = array.get_ref().as_array().and_then(|a| a.get(index)).expect("the caller has read it").clone();
        let span = value.span();
        self.put(path, &value).map(|_| ()).map_err(|problem| {
            FormatErrors::from(FormatError::text(Place::new(&self.file, self.text, span, path), problem))
        })
    }

    /// The paths that were set.
    fn put(&mut self, path: &str, value: &Spanned<DeValue<'i>>) -> Result<Vec<String>, Problem> {
        let rule = |message: String| Problem::Rule { rule: "path", message };
        let steps = steps(path).ok_or_else(|| {
            rule(format!("`{path}` is no path of keys, such as `reservoir.neurons` or `task[0].train`"))
        })?;
        let mut done = Vec::new();
        put_in(&mut self.root, "", &steps, value, &mut done).map_err(rule)?;
        Ok(done)
    }
}

/// Sets `value` at `steps` of `table`, whose own path is `at`.
fn put_in<'i>(
    table: &mut DeTable<'i>,
    at: &str,
    steps: &[Step<'_>],
    value: &Spanned<DeValue<'i>>,
    done: &mut Vec<String>,
) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(()) };
    let own = if at.is_empty() { step.key.to_string() } else { format!("{at}.{}", step.key) };
    if rest.is_empty() && step.index.is_none() {
        let span = value.span();
        // The old key goes too: its place is that of the old value.
        table.remove(step.key);
        table.insert(Spanned::new(span, step.key.to_owned().into()), value.clone());
        done.push(own);
        return Ok(());
    }
    if !table.contains_key(step.key) {
        let empty = Spanned::new(value.span(), DeValue::Table(DeTable::new()));
        table.insert(Spanned::new(value.span(), step.key.to_owned().into()), empty);
    }
    let entry = table.get_mut(step.key).expect("it is there now").get_mut();
    match entry {
        DeValue::Table(inner) if step.index.is_none() => put_in(inner, &own, rest, value, done),
        DeValue::Array(elements) => put_in_elements(elements, &own, (step.index, rest), value, done),
        _ => Err(format!("`{own}` is no {}", if step.index.is_some() { "array" } else { "table" })),
    }
}

/// The same in one element of an array, or in all of them.
fn put_in_elements<'i>(
    elements: &mut DeArray<'i>,
    own: &str,
    (index, rest): (Option<usize>, &[Step<'_>]),
    value: &Spanned<DeValue<'i>>,
    done: &mut Vec<String>,
) -> Result<(), String> {
    let count = elements.len();
    if let Some(index) = index.filter(|index| *index >= count) {
        return Err(format!("`{own}` has {count} elements, the first is 0, and none is {index}"));
    }
    for (i, element) in elements.iter_mut().enumerate().filter(|(i, _)| index.is_none_or(|index| index == *i)) {
        let path = format!("{own}[{i}]");
        match element.get_mut() {
            _ if rest.is_empty() => {
                *element = value.clone();
                done.push(path);
            }
            DeValue::Table(inner) => put_in(inner, &path, rest, value, done)?,
            _ => return Err(format!("`{path}` is no table")),
        }
    }
    Ok(())
}

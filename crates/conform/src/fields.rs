//! Typed access to the fields of a description, with the path of the field in every error.

use crate::error::ConformError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Fields that any object of any format may have, for people: nothing reads them.
const NOTES: [&str; 2] = ["note", "notes"];

/// Fields of the outermost object of every format; all but the first two say where a case is from, and are not read.
pub(crate) const HEAD: &[&str] =
    &["format", "name", "licence", "license", "source", "simulator", "made_by", "seed", "run_cfg"];

/// An object in a description, and where it stands.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    file: &'a str,
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The outermost object of the description `file`.
    pub(crate) fn root(file: &'a str, map: &'a Map<String, Value>) -> Self {
        Fields { file, path: String::new(), map }
    }

    /// Name of the description, for messages.
    pub(crate) fn file(&self) -> &'a str {
        self.file
    }

    /// Full path of a field, such as `populations[0].du`.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The raw value of a field; a field that is `null` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// The error that says that a field is not what it must be, or is not there.
    pub(crate) fn wrong(&self, name: &str, expected: impl Into<String>) -> ConformError {
        let (file, field, expected) = (self.file.to_owned(), self.path(name), expected.into());
        match self.get(name) {
            None => ConformError::MissingField { file, field, expected },
            Some(value) => ConformError::WrongField { file, field, found: shorten(value), expected },
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, ConformError> {
        self.get(name).and_then(Value::as_str).ok_or_else(|| self.wrong(name, "a text"))
    }

    /// An integer within `range`.
    pub(crate) fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64, ConformError> {
        self.get(name)
            .and_then(whole)
            .filter(|value| range.contains(value))
            .ok_or_else(|| self.wrong(name, format!("an integer from {} to {}", range.start(), range.end())))
    }

    /// An integer within `range`, or `default` if the field is absent.
    pub(crate) fn integer_or(&self, name: &str, range: RangeInclusive<i64>, default: i64) -> Result<i64, ConformError> {
        if self.get(name).is_none() { Ok(default) } else { self.integer(name, range) }
    }

    /// A number of things, from 1 to `most`.
    pub(crate) fn count(&self, name: &str, most: usize) -> Result<usize, ConformError> {
        Ok(self.integer(name, 1..=most as i64)? as usize)
    }

    /// A truth value, or `default` if the field is absent.
    pub(crate) fn flag_or(&self, name: &str, default: bool) -> Result<bool, ConformError> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(name, "true or false")),
        }
    }

    /// An object.
    pub(crate) fn object(&self, name: &str) -> Result<Fields<'a>, ConformError> {
        let map = self.get(name).and_then(Value::as_object).ok_or_else(|| self.wrong(name, "an object"))?;
        Ok(Fields { file: self.file, path: self.path(name), map })
    }

    /// The raw elements of a list.
    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], ConformError> {
        Ok(self.get(name).and_then(Value::as_array).ok_or_else(|| self.wrong(name, "a list"))?)
    }

    /// A list of objects.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, ConformError> {
        let mut out = Vec::new();
        for (index, value) in self.list(name)?.iter().enumerate() {
            let path = format!("{}[{index}]", self.path(name));
            let Some(map) = value.as_object() else {
                return Err(ConformError::WrongField {
                    file: self.file.to_owned(),
                    field: path,
                    found: shorten(value),
                    expected: "an object".to_owned(),
                });
            };
            out.push(Fields { file: self.file, path, map });
        }
        Ok(out)
    }

    /// Refuses this object if it has a field that is neither in one of the lists `known` nor in [`NOTES`].
    pub(crate) fn only(&self, known: &[&[&str]]) -> Result<(), ConformError> {
        let known = || known.iter().copied().flatten().copied().chain(NOTES);
        match self.names().find(|name| !known().any(|other| other == *name)) {
            None => Ok(()),
            Some(name) => Err(ConformError::UnknownField {
                file: self.file.to_owned(),
                field: self.path(name),
                nearest: formats::nearest(name, known()).map(str::to_owned),
            }),
        }
    }

    /// Names of all fields of this object.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.map.keys().map(String::as_str)
    }
}

/// A number without a fraction; Python writes some integers as `8388607.0`.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let exact = |x: &f64| x.trunc() == *x && x.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(|x| x as i64))
}

/// A value as it is shown in a message: long ones are cut.
pub(crate) fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{} ...", &text[..at]),
        None => text,
    }
}

//! Lists of numbers as CSV: what event lists and connection lists have in common.

use crate::document::Format;
use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

/// Most columns of a list.
const COLUMNS_MAX: usize = 5;

/// What a list looks like.
pub(crate) struct Schema {
    /// Name and version, for the optional first line.
    pub(crate) format: Format,
    /// The line that names the columns.
    pub(crate) columns: &'static str,
    /// How many columns at the end may be left out.
    pub(crate) optional: usize,
}

/// A field of a line that is wrong, by index, and what is wrong with it.
pub(crate) type FieldError = (usize, Problem);

impl Schema {
    /// The first two lines of a list with `entries` entries.
    pub(crate) fn head(&self, entries: usize) -> String {
        format!("# {} {}, {entries} entries\n{}\n", self.format.name, self.format.version, self.columns)
    }

    /// Reads every line of `text` with `row`, which is given the fields of a line.
    pub(crate) fn read<T>(
        &self,
        text: &str,
        file: &str,
        mut row: impl FnMut(&[&str]) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FormatErrors> {
        let mut errors = Vec::new();
        let mut note =
            |span: Range<usize>, problem| errors.push(FormatError::text(Place::new(file, text, span, ""), problem));
        let mut announced = None;
        let mut columns = None;
        let mut rows = Vec::new();
        let mut error_count = 0;
        let mut found = 0;
        for line in lines(text) {
            let trimmed = text[line.clone()].trim();
            if let Some(comment) = trimmed.strip_prefix('#') {
                if columns.is_none() && announced.is_none() {
                    match self.first_line(comment) {
                        Ok(count) => announced = count.map(|count| (line, count)),
                        Err(problem) => {
                            note(line, problem);
                            return Err(FormatErrors::new(errors).expect("one was noted"));
                        }
                    }
                }
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            let mut fields = [""; COLUMNS_MAX + 1];
            let mut count = 0;
            for field in trimmed.splitn(COLUMNS_MAX + 1, ',') {
                fields[count] = field.trim();
                count += 1;
            }
            let fields = &fields[..count];
            let Some(expected) = columns else {
                columns = Some(count);
                if !self.are_columns(fields) {
                    note(line, Problem::Columns { expected: self.columns, found: trimmed.into() });
                    break;
                }
                continue;
            };
            found += 1;
            let result = if count == expected {
                row(fields)
            } else {
                Err((0, Problem::FieldCount { expected, found: trimmed.split(',').count() }))
            };
            match result {
                Ok(value) => rows.push(value),
                Err((index, problem)) => {
                    // Where the field stands in the line; an empty one is a point between two commas.
                    let field = fields[index];
                    let start = field.as_ptr() as usize - text.as_ptr() as usize;
                    let span = if count == expected { start..start + field.len() } else { line };
                    note(span, problem);
                    error_count += 1;
                    if error_count == ERRORS_MAX {
                        break;
                    }
                }
            }
        }
        if error_count < ERRORS_MAX {
            if columns.is_none() {
                note(text.len()..text.len(), Problem::Columns { expected: self.columns, found: String::new() });
            }
            if let Some((line, announced)) = announced
                && announced != found
            {
                note(line, Problem::EntryCount { announced, found });
            } else if !text.is_empty() && !text.ends_with('\n') {
                note(text.len()..text.len(), Problem::CutOff);
            }
        }
        match FormatErrors::new(errors) {
            Some(errors) => Err(errors),
            None => Ok(rows),
        }
    }

    /// The number of entries that the first line announces, if it is the line that [`Schema::head`] writes.
    pub(crate) fn first_line(&self, comment: &str) -> Result<Option<u64>, Problem> {
        let mut words = comment.split_whitespace();
        let Some(name) = words.next().filter(|name| name.starts_with("quenched-")) else { return Ok(None) };
        let Format { name: expected, version: supported } = self.format;
        if name != expected {
            return Err(Problem::WrongFormat { expected, found: name.into() });
        }
        let version = words.next().and_then(|w| w.strip_suffix(',')).and_then(|w| w.parse().ok());
        match (version, words.next().and_then(|w| w.parse().ok())) {
            (Some(found), _) if found > supported => Err(Problem::NewerVersion { format: expected, found, supported }),
            (Some(_), Some(entries)) => Ok(Some(entries)),
            _ => Err(Problem::WrongFormat { expected, found: comment.trim().into() }),
        }
    }

    fn are_columns(&self, fields: &[&str]) -> bool {
        let names: Vec<&str> = self.columns.split(',').collect();
        (names.len() - self.optional..=names.len()).contains(&fields.len()) && *fields == names[..fields.len()]
    }
}

/// The lines of `text`, without their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.trim_end_matches(['\n', '\r']).len();
        start += line.len();
        range
    })
}

/// Field `index` as a whole number from `low` to `high`.
pub(crate) fn integer<T>(fields: &[&str], index: usize, low: T, high: T) -> Result<T, FieldError>
where
    T: FromStr + PartialOrd + Display,
{
    let field = fields[index];
    if let Some(value) = field.parse().ok().filter(|v| (&low..=&high).contains(&v)) {
        return Ok(value);
    }
    let digits = field.strip_prefix(['-', '+']).unwrap_or(field);
    Err((
        index,
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            Problem::OutOfRange { value: field.into(), low: low.to_string(), high: high.to_string() }
        } else {
            Problem::WrongType { expected: "a whole number", found: if field.is_empty() { "nothing" } else { "text" } }
        },
    ))
}

//! Tables as comma-separated values (RFC 4180), for results that other programs read.
//!
//! Owns how a line is written, and how what [`line()`] wrote is read again. It deliberately knows no column: who
//! reads a table says what its fields mean.

use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use std::borrow::Cow;
use std::ops::Range;

/// One line: fields with what separates them, quoted where they must be, and a line feed.
///
/// ```
/// # use quenched_formats as formats;
/// assert_eq!(formats::csv::line(["my chip, new", "3"]), "\"my chip, new\",3\n");
/// ```
pub fn line<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> String {
    let mut line = fields.into_iter().map(|field| quoted(field.as_ref())).collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.into() }
}

/// Reads a table line by line: `read` gets the number of each line, of which 0 has the names of the columns, and its
/// fields; what is wrong with a field it says with the index of that field.
///
/// ```
/// # use quenched_formats as formats;
/// let mut seen = Vec::new();
/// formats::csv::read("name,n\n\"a, b\",3\n", "table.csv", |_, fields| {
///     seen.push(fields.join("|"));
///     Ok(())
/// })
/// .unwrap();
/// assert_eq!(seen, ["name|n", "a, b|3"]);
/// ```
///
/// # Errors
/// A line with another number of fields than the first; a file that is empty or ends within a line; whatever `read`
/// finds. What is wrong with the first line is the only error, because all others follow from it.
pub fn read(
    text: &str,
    file: &str,
    mut read: impl FnMut(usize, &[Cow<'_, str>]) -> Result<(), (usize, Problem)>,
) -> Result<(), FormatErrors> {
    let mut errors = Vec::new();
    let error = |span: Range<usize>, problem| FormatError::text(Place::new(file, text, span, ""), problem);
    let (mut at, mut number, mut columns) = (0, 0, 0);
    if text.is_empty() {
        errors.push(error(0..0, Problem::CutOff));
    }
    while at < text.len() {
        let (spans, fields, end) = fields_of(text, at);
        let Some(next) = end else {
            errors.push(error(text.len()..text.len(), Problem::CutOff));
            break;
        };
        columns = if number == 0 { fields.len() } else { columns };
        let found = if fields.len() == columns {
            read(number, &fields).map_err(|(index, problem)| (spans[index.min(columns - 1)].clone(), problem))
        } else {
            Err((at..next - 1, Problem::FieldCount { expected: columns, found: fields.len() }))
        };
        if let Err((span, problem)) = found {
            errors.push(error(span, problem));
            if number == 0 || errors.len() == ERRORS_MAX {
                break;
            }
        }
        (at, number) = (next, number + 1);
    }
    FormatErrors::new(errors).map_or(Ok(()), Err)
}

/// Something that is wrong with the table of `file` as a whole, at its first line.
pub fn first_line(text: &str, file: &str, problem: Problem) -> FormatErrors {
    FormatError::text(Place::new(file, text, 0..text.find('\n').unwrap_or(text.len()), ""), problem).into()
}

/// The fields of the line that begins at `at`, where they stand, and where the next line begins; nothing of the last if
/// the text ends before the line does.
fn fields_of(text: &str, mut at: usize) -> (Vec<Range<usize>>, Vec<Cow<'_, str>>, Option<usize>) {
    let (mut spans, mut fields) = (Vec::new(), Vec::new());
    let bytes = text.as_bytes();
    loop {
        let start = at;
        let field = if bytes.get(at) == Some(&b'"') {
            // A quote is doubled within quotes.
            loop {
                let Some(quote) = bytes[at + 1..].iter().position(|byte| *byte == b'"') else {
                    return (spans, fields, None);
                };
                at += quote + 2;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
            }
            Cow::Owned(text[start + 1..at - 1].replace("\"\"", "\""))
        } else {
            at += bytes[at..].iter().position(|byte| matches!(byte, b',' | b'\n' | b'"')).unwrap_or(bytes.len() - at);
            Cow::Borrowed(text[start..at].trim_end_matches('\r'))
        };
        // What follows a quote that is closed, or a quote within a plain field, is part of the field as it stands.
        let rest = bytes[at..].iter().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(bytes.len() - at);
        let field = if rest == 0 { field } else { Cow::Borrowed(&text[start..at + rest]) };
        at += rest;
        spans.push(start..at);
        fields.push(field);
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(_) => return (spans, fields, Some(at + 1)),
            None => return (spans, fields, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_that_would_end_a_field_or_a_line_are_quoted() {
        assert_eq!(line(["plain", "", "a b"]), "plain,,a b\n");
        assert_eq!(line(["a,b", "say \"so\"", "two\nlines"]), "\"a,b\",\"say \"\"so\"\"\",\"two\nlines\"\n");
        assert_eq!(line([""; 0]), "\n");
    }

    /// Every table that is written is read as it was.
    fn fields() -> impl Strategy<Value = Vec<Vec<String>>> {
        (1..5usize).prop_flat_map(|columns| {
            let field = "[a,\"\n \u{e9}]{0,6}";
            prop::collection::vec(prop::collection::vec(field, columns..=columns), 1..6)
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(table in fields()) {
            let text: String = table.iter().map(line).collect();
            let mut found: Vec<Vec<String>> = Vec::new();
            let result = read(&text, "t.csv", |number, fields| {
                assert_eq!(number, found.len());
                found.push(fields.iter().map(|field| field.to_string()).collect());
                Ok(())
            });
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(found, table);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a,\"\n\r\u{e9}]{0,40}") {
            let _ = read(&text, "t.csv", |_, _| Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let wrong = |text: &str| {
            let number = |number: usize, fields: &[Cow<'_, str>]| match fields.get(1) {
                Some(field) if number > 0 && field.parse::<f64>().is_err() => {
                    Err((1, Problem::WrongType { expected: "a number", found: "text" }))
                }
                _ => Ok(()),
            };
            read(text, "t.csv", number).unwrap_err().to_string()
        };
        assert_eq!(wrong("a,b\n1,2\n1,x\n"), "t.csv:3:3: expected a number, found text");
        assert_eq!(wrong("a,b\n\"x\ny\",z\n"), "t.csv:3:4: expected a number, found text");
        assert_eq!(wrong("a,b\n1\n"), "t.csv:2:1: this line has 1 fields, but 2 are needed");
        for cut in ["", "a,b", "a,b\n1,2", "a,b\n1,\"2\n"] {
            assert!(wrong(cut).contains("the file ends within a line: it was cut off"), "{cut:?}");
        }
    }
}

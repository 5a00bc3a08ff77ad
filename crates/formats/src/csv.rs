//! Tables as comma-separated values (RFC 4180), for results that other programs read.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_would_end_a_field_or_a_line_are_quoted() {
        assert_eq!(line(["plain", "", "a b"]), "plain,,a b\n");
        assert_eq!(line(["a,b", "say \"so\"", "two\nlines"]), "\"a,b\",\"say \"\"so\"\"\",\"two\nlines\"\n");
        assert_eq!(line([""; 0]), "\n");
    }
}

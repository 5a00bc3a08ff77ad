//! One's own series: columns of numbers, a row a sample, from CSV, `.npy` and `.npz`.
//!
//! Owns how a column is found by its name and how its numbers become samples. It deliberately knows no task: what is
//! done with a series is the business of others. The page is `docs/formats/series.md`.

use crate::error::{ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use crate::list::lines;
use crate::npz::{ArrayProblem, Column, Npz, Values, npy_columns};
use crate::text::{read_bytes, read_text};
use fx::Real;
use std::ops::Range;
use std::path::Path;
use units::Decimal;

/// Largest `.npy` file that is read, in bytes.
const NPY_BYTES_MAX: u64 = 1 << 30;

/// A column of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesColumn {
    /// Its name.
    pub name: String,
    /// Its samples, of the format that stimuli have.
    pub values: Vec<Real>,
}

/// The column `name` of the file at `path`, or its only one. `.npz` and `.npy` files are told by their endings, all
/// others are CSV.
///
/// # Errors
/// The file cannot be read or is damaged; no column has the name, or there are several and no name; at most 20 fields
/// that are no numbers, with their places.
pub fn load_column(path: &Path, name: Option<&str>) -> Result<SeriesColumn, FormatErrors> {
    let file = path.display().to_string();
    Ok(chosen(load_columns(path)?, name, &file)?)
}

/// All columns of the file at `path`, as [`load_column`] finds them.
///
/// # Errors
/// As [`load_column`], but for names.
pub fn load_columns(path: &Path) -> Result<Vec<SeriesColumn>, FormatErrors> {
    let file = path.display().to_string();
    Ok(match path.extension().and_then(|ending| ending.to_str()) {
        Some("npz") => of_npz(&Npz::open(path)?, &file)?,
        Some("npy") => of_array("x", npy_columns(&read_bytes(path, NPY_BYTES_MAX)?, &file)?, &file)?,
        _ => read_columns(&read_text(path)?, &file)?,
    })
}

/// The columns of the CSV in `text`: a line with their names, then a line a sample. Lines that start with `#` and
/// empty ones are skipped. `file` stands for the file in errors.
///
/// # Errors
/// At most 20 fields that are no decimal numbers, names that are missing or double, lines of another length, a file
/// without a sample, or one that was cut off.
pub fn read_columns(text: &str, file: &str) -> Result<Vec<SeriesColumn>, FormatErrors> {
    let mut errors = Vec::new();
    let mut columns: Option<Vec<SeriesColumn>> = None;
    for line in lines(text) {
        let line = &text[line];
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let read = match &mut columns {
            None => names(text, line).map(|names| columns = Some(names)),
            Some(columns) => sample(text, line, columns),
        };
        if let Err((span, problem)) = read {
            errors.push(FormatError::text(Place::new(file, text, span, ""), problem));
            if errors.len() == ERRORS_MAX || columns.is_none() {
                break;
            }
        }
    }
    let end = text.len()..text.len();
    let columns = columns.unwrap_or_default();
    if errors.is_empty() {
        let problem = match columns.first() {
            None => Some(Problem::Columns { expected: EXPECTED, found: String::new() }),
            Some(first) if first.values.is_empty() => Some(rule("there is a line of names, but no sample")),
            Some(_) => (!text.ends_with('\n')).then_some(Problem::CutOff),
        };
        errors.extend(problem.map(|problem| FormatError::text(Place::new(file, text, end, ""), problem)));
    }
    match FormatErrors::new(errors) {
        Some(errors) => Err(errors),
        None => Ok(columns),
    }
}

/// What the first line looks like.
const EXPECTED: &str = "NAME,NAME,...";

fn rule(message: impl Into<String>) -> Problem {
    Problem::Rule { rule: "series-column", message: message.into() }
}

/// Where `part`, a piece of `text`, stands in it.
fn span(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

/// Fields of a line with blanks and quotes around them taken off. Neither names nor numbers hold commas.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"').trim())
}

fn names(text: &str, line: &str) -> Result<Vec<SeriesColumn>, (Range<usize>, Problem)> {
    let names: Vec<&str> = fields(line).collect();
    for (index, name) in names.iter().enumerate() {
        let problem = if name.is_empty() {
            "a column has no name".into()
        } else if name.parse::<Decimal>().is_ok() {
            format!("`{name}` is a number: the first line names the columns")
        } else if names[..index].contains(name) {
            format!("there are two columns `{name}`")
        } else {
            continue;
        };
        return Err((span(text, name), rule(problem)));
    }
    Ok(names.into_iter().map(|name| SeriesColumn { name: name.into(), values: Vec::new() }).collect())
}

fn sample(text: &str, line: &str, columns: &mut [SeriesColumn]) -> Result<(), (Range<usize>, Problem)> {
    let found = fields(line).count();
    if found != columns.len() {
        return Err((span(text, line), Problem::FieldCount { expected: columns.len(), found }));
    }
    for (column, field) in columns.iter_mut().zip(fields(line)) {
        let at = || span(text, field);
        if field.is_empty() {
            return Err((at(), Problem::WrongType { expected: "a decimal number", found: "nothing" }));
        }
        let value: Decimal = field.parse().map_err(|error| (at(), Problem::Decimal(error)))?;
        let sample = Real::from_decimal(value).map_err(|_| {
            let (value, low, high) = (value.to_string(), "-2147483648".into(), "2147483647".into());
            (at(), Problem::OutOfRange { value, low, high })
        })?;
        column.values.push(sample);
    }
    Ok(())
}

/// The columns of all arrays: an array of one dimension is a column, one of two has a column for each index.
fn of_npz(npz: &Npz, file: &str) -> Result<Vec<SeriesColumn>, FormatError> {
    let mut all = Vec::new();
    for name in npz.names() {
        // Arrays of other shapes can stand beside a series; whoever asks for one is told that it is none.
        if matches!(npz.layout(name)?.1.len(), 1 | 2) {
            all.extend(of_array(name, npz.columns(name)?, file)?);
        }
    }
    Ok(all)
}

fn of_array(array: &str, columns: Vec<Column>, file: &str) -> Result<Vec<SeriesColumn>, FormatError> {
    let wrong = |problem| FormatError::Array { file: file.into(), array: array.into(), problem };
    let single = columns.len() == 1;
    let named = columns.into_iter().enumerate().map(|(index, column)| {
        let name = match (column.name.as_str(), single) {
            ("", true) => array.to_string(),
            ("", false) => format!("{array}[{index}]"),
            (field, _) => format!("{array}.{field}"),
        };
        let outside = |index, value| ArrayProblem::OutOfRange { index, value, low: REAL_LOW, high: REAL_HIGH };
        let values = match column.values {
            Values::Whole { values, .. } => {
                let whole = |(index, value): (usize, i64)| {
                    let fits = i32::try_from(value).map(|value| Real::from_integer(value.into()));
                    fits.map_err(|_| outside(index, value.into()))
                };
                values.into_iter().enumerate().map(whole).collect::<Result<_, _>>()
            }
            Values::Decimal(values) => {
                let decimal = |(index, value): (usize, f64)| {
                    let (name, bits) = (not_finite(value), value * (1u64 << Real::FRACTION_BITS) as f64);
                    match name {
                        Some(value) => Err(ArrayProblem::NotFinite { index, value }),
                        // Half a unit is exact below 2^52, and nothing to round is left beyond.
                        None if bits.abs() < (1u64 << 52) as f64 => Ok(Real::from_bits((bits + 0.5).floor() as i64)),
                        None if bits.abs() < i64::MAX as f64 => Ok(Real::from_bits(bits as i64)),
                        None => Err(outside(index, value as i128)),
                    }
                };
                values.into_iter().enumerate().map(decimal).collect()
            }
        };
        Ok(SeriesColumn { name, values: values.map_err(wrong)? })
    });
    named.collect()
}

const REAL_LOW: i128 = i32::MIN as i128;
const REAL_HIGH: i128 = i32::MAX as i128;

fn not_finite(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_finite() => None,
        _ if value.is_nan() => Some("nan"),
        _ if value > 0.0 => Some("inf"),
        _ => Some("-inf"),
    }
}

fn chosen(columns: Vec<SeriesColumn>, name: Option<&str>, file: &str) -> Result<SeriesColumn, FormatError> {
    let known: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut fitting = columns.into_iter().filter(|column| name.is_none_or(|name| column.name == name));
    match (fitting.next(), fitting.next()) {
        (Some(column), None) => Ok(column),
        _ => Err(FormatError::NoColumn { file: file.into(), name: name.map(String::from), known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<SeriesColumn> {
        read_columns(text, "x.csv").unwrap()
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = read_columns(text, "x.csv").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }

    #[test]
    fn columns_have_names_and_exact_numbers() {
        let columns = read("# of a pump\n\ntime, \"flow\"\n0,0.5\n1,-1e-3\n");
        assert_eq!((columns[0].name.as_str(), columns[1].name.as_str()), ("time", "flow"));
        assert_eq!(columns[1].values, [Real::from_ratio(1, 2), Real::from_ratio(-1, 1000)]);
    }

    #[test]
    fn wrong_fields_say_where_they_stand() {
        refused("a,b\n1,2\n1,x\n", "x.csv:3:3: ");
        refused("a,b\n1,\n", "x.csv:2:3: expected a decimal number, found nothing");
        refused("a,b\n1\n", "x.csv:2:1: this line has 1 fields, but 2 are needed");
        refused("a,a\n1,2\n", "x.csv:1:3: there are two columns `a`");
        refused("1,2\n3,4\n", "x.csv:1:1: `1` is a number: the first line names the columns");
        refused("a,,b\n", "x.csv:1:3: a column has no name");
        refused("a\n", "x.csv:2:1: there is a line of names, but no sample");
        refused("", "x.csv:1:1: expected the columns `NAME,NAME,...`");
        refused("a\n1\n2", "x.csv:3:2: ");
        refused("a\n3000000000\n", "x.csv:2:1: 3e9 is outside");
        refused("a\nnan\n", "x.csv:2:1: `nan`");
    }

    #[test]
    fn one_column_is_chosen_by_its_name() {
        let choose = |text: &str, name: Option<&str>| chosen(read(text), name, "x.csv");
        assert_eq!(choose("a\n1\n", None).unwrap().name, "a");
        assert_eq!(choose("a,b\n1,2\n", Some("b")).unwrap().values, [Real::from_integer(2)]);
        let error = choose("flow,heat\n1,2\n", Some("flw")).unwrap_err();
        assert_eq!(
            (error.message().as_str(), error.help().as_deref()),
            ("there is no column `flw`", Some("did you mean `flow`?"))
        );
        let error = choose("flow,heat\n1,2\n", None).unwrap_err();
        assert_eq!(error.message(), "there are several columns, and none was named");
        assert_eq!(error.help().as_deref(), Some("the columns are: `flow`, `heat`"));
    }

    #[test]
    fn arrays_are_columns() {
        let column = |name: &str, values| Column { name: name.into(), values };
        let whole = |values| Values::Whole { values, unsigned_bits: None };
        let name = |columns| -> Vec<String> {
            of_array("u", columns, "x.npz").unwrap().into_iter().map(|column| column.name).collect()
        };
        assert_eq!(name(vec![column("", whole(vec![1]))]), ["u"]);
        assert_eq!(name(vec![column("", whole(vec![1])), column("", whole(vec![2]))]), ["u[0]", "u[1]"]);
        assert_eq!(name(vec![column("x", whole(vec![1]))]), ["u.x"]);
        let values =
            |values| of_array("u", vec![column("", values)], "x.npz").map(|mut columns| columns.remove(0).values);
        let halves = values(Values::Decimal(vec![0.5, -2.25, 2147483647.0])).unwrap();
        assert_eq!(halves[..2], [Real::from_ratio(1, 2), Real::from_ratio(-9, 4)]);
        assert_eq!(halves[2], Real::from_integer(2147483647));
        for wrong in [Values::Decimal(vec![f64::NAN]), Values::Decimal(vec![3e9]), whole(vec![1 << 40])] {
            assert!(values(wrong).is_err());
        }
    }
}

//! Tasks of one's own data in a study file.
//!
//! Owns `train_file` and `test_file`, and `series_file` with its columns and functions: it reads the files beside the
//! study, and says where in one something is wrong. It deliberately makes no task; that is done where a program is
//! prepared.

use super::Reader;
use crate::DataFile;
use crate::results::digest;
use crate::spec::{OwnContent, OwnData};
use formats::document::{Table, Value};
use formats::series::{SeriesColumn, load_columns};
use std::path::PathBuf;
use tasks::{OwnSeries, OwnTargets, TsData, TsRegression};

/// Keys of a task of own data.
pub(super) const KEYS: [&str; 6] = ["train_file", "test_file", "series_file", "input", "target", "functions"];

/// Largest file of a series that is read, in bytes.
const SERIES_BYTES_MAX: u64 = 1 << 30;

/// What a `.ts` file holds.
enum Set {
    Classes(TsData),
    Numbers(TsRegression),
}

impl Reader<'_> {
    /// The own data of task `task`: `Some(None)` if it has none.
    pub(super) fn own(&self, task: &str, table: &Table<'_>) -> Option<Option<OwnData>> {
        if let Some(file) = table.optional_with("series_file", Some)? {
            return self.series(task, table, &file).map(Some);
        }
        if let Some(key) = ["input", "target", "functions"].into_iter().find(|key| table.has(key)) {
            return table.reject("own-data", format!("`{key}` is of a series of one's own, which needs `series_file`"));
        }
        if !(table.has("train_file") || table.has("test_file")) {
            return Some(None);
        }
        let train = table.required_with("train_file", |v| self.set(task, &v));
        let test = table.required_with("test_file", |v| self.set(task, &v));
        let ((train, train_file), (test, test_file)) = (train?, test?);
        let content = match (train, test) {
            (Set::Classes(train), Set::Classes(test)) => OwnContent::Classes(train, test),
            (Set::Numbers(train), Set::Numbers(test)) => OwnContent::Numbers(train, test),
            _ => {
                let what = "one file has a class for each series and the other a number (`@targetLabel true`)";
                return table.reject("own-data", format!("{what}: both must be of one data set"));
            }
        };
        Some(Some(OwnData { content, files: vec![train_file, test_file] }))
    }

    /// A data set in the `.ts` format, from a file beside the study. What is wrong in it is reported with its own
    /// place.
    fn set(&self, task: &str, value: &Value<'_>) -> Option<(Set, DataFile)> {
        let (file, path) = self.beside(value)?;
        let text = match formats::text::read_text(&path) {
            Ok(text) => text,
            Err(error) => return value.reject("data-file", error.to_string()),
        };
        let read = data_file(task, file, text.as_bytes());
        let name = path.display().to_string();
        let set = match tasks::is_ts_regression(&text) {
            true => tasks::read_ts_regression(text, &name).map(Set::Numbers),
            false => tasks::read_ts(text, &name).map(Set::Classes),
        };
        match set {
            Ok(set) => Some((set, read)),
            Err(error) => value.reject("data-file", error.to_string()),
        }
    }

    /// A series with its targets.
    fn series(&self, task: &str, table: &Table<'_>, value: &Value<'_>) -> Option<OwnData> {
        if let Some(key) = ["train_file", "test_file"].into_iter().find(|key| table.has(key)) {
            return table.reject("own-data", format!("a task has `series_file` or `{key}`, not both"));
        }
        let (file, path) = self.beside(value)?;
        let bytes = formats::text::read_bytes(&path, SERIES_BYTES_MAX);
        let bytes = match bytes.map_err(|error| error.to_string()) {
            Ok(bytes) => bytes,
            Err(error) => return value.reject("data-file", error),
        };
        let columns = match load_columns(&path) {
            Ok(columns) => columns,
            Err(errors) => return value.reject("data-file", errors.to_string().trim_end()),
        };
        let named = |key| table.optional_with(key, |v| names(&v, &columns));
        let (inputs, targets) = (named("input")?, named("target")?);
        let functions = table.optional_with("functions", |v| {
            let each = |v: &Value<'_>| match tasks::function_and_shift(&v.read::<String>()?) {
                Ok(wanted) => Some(wanted),
                Err(error) => v.reject("function", error.to_string()),
            };
            let all = v.array()?.iter().map(each).collect::<Option<Vec<_>>>()?;
            if (0..all.len()).any(|i| all[..i].contains(&all[i])) {
                return v.reject("function", "a function stands here twice; give each once");
            }
            Some(all)
        })?;
        let inputs = match (inputs, &columns[..]) {
            (Some(inputs), _) => inputs,
            (None, [only]) => vec![(only.name.clone(), only.values.clone())],
            (None, all) => {
                let known: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
                let known = known.join("`, `");
                return table.reject("own-data", format!("`input` must name a column: the file has `{known}`"));
            }
        };
        let targets = match (targets, functions) {
            (Some(columns), None) if !columns.is_empty() => OwnTargets::Columns(columns),
            (None, Some(functions)) if !functions.is_empty() => OwnTargets::Functions(functions),
            _ => {
                let what = "a series needs either `target`, columns that should come out, or `functions` of its input";
                return table.reject("own-data", format!("{what}, such as `recall/shift+5`"));
            }
        };
        if matches!(targets, OwnTargets::Functions(_)) && inputs.len() > 1 {
            return table.reject("own-data", "`functions` are of one input, and several are named");
        }
        let files = vec![data_file(task, file, &bytes)];
        Some(OwnData { content: OwnContent::Series(OwnSeries { inputs, targets }), files })
    }

    /// A file beside the study: its name there and its path.
    fn beside(&self, value: &Value<'_>) -> Option<(String, PathBuf)> {
        let file = value.read::<String>()?;
        let path = self.directory.join(&file);
        Some((file, path))
    }
}

fn data_file(task: &str, file: String, bytes: &[u8]) -> DataFile {
    DataFile { task: task.to_owned(), file, bytes: bytes.len() as u64, digest: digest(bytes) }
}

/// The columns that a name, or a list of them, stands for.
fn names(value: &Value<'_>, columns: &[SeriesColumn]) -> Option<Vec<(String, Vec<fx::Real>)>> {
    let all = if value.is_string() { None } else { Some(value.array()?) };
    let known: Vec<(&str, usize)> = columns.iter().zip(0..).map(|(column, index)| (&*column.name, index)).collect();
    let column = |v: &Value<'_>| v.one_of("a column of the file", &known);
    let chosen = match &all {
        None => vec![column(value)?],
        Some(all) => all.iter().map(column).collect::<Option<Vec<_>>>()?,
    };
    if (0..chosen.len()).any(|i| chosen[..i].contains(&chosen[i])) {
        return value.reject("own-data", "a column stands here twice; give each once");
    }
    Some(chosen.into_iter().map(|index| (columns[index].name.clone(), columns[index].values.clone())).collect())
}

#[cfg(test)]
mod tests;

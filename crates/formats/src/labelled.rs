//! Lists of labelled files and lists of labels, specified in `docs/formats/labelled.md`.
//!
//! Owns the way from a list or a folder to files, each with the label that stands beside it, and where that stands.
//! What the files hold, and which class a label is, is the business of who reads them.

use crate::error::{Action, ERRORS_MAX, FormatError, FormatErrors, Place, Problem};
use crate::list::lines;
use crate::npz::{npy_array, npy_layout};
use crate::text::{read_bytes, read_head, read_text, text_of};
use std::path::{Path, PathBuf};

/// What the column with the files may be called.
const FILE: [&str; 4] = ["file", "sample", "path", "filename"];
/// What the column with the labels may be called.
const LABEL: [&str; 4] = ["label", "class", "target", "labels"];
/// What is needed of the first line of a list of files.
const FILES_NEEDED: &str = "file,label";
/// What is needed of the first line of a list of labels.
const LABELS_NEEDED: &str = "label";
/// The folder beside a list in which its files may lie.
const SAMPLES: &str = "samples";

/// A file with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledFile {
    /// The file.
    pub path: PathBuf,
    /// Its label, as it is written.
    pub label: String,
    /// The line of the list that says so; 0 if a folder does.
    pub line: usize,
}

/// The files that the list or folder at `path` names, in its order, with their labels.
///
/// A list is CSV whose first line names the columns; a folder holds one such list, or a folder for each class, whose
/// name is the label of the files in it.
///
/// # Errors
/// The list or folder cannot be read, names no files, or a line of it is no file and label.
pub fn files(path: &Path) -> Result<Vec<LabelledFile>, FormatErrors> {
    if !path.is_dir() {
        return list(path);
    }
    let lists: Vec<PathBuf> = crate::folder::files(path)?.into_iter().filter(|file| is_csv(file)).collect();
    match &lists[..] {
        [one] => list(one),
        [] => by_class(path),
        several => {
            let names: Vec<String> = several.iter().map(|file| file.display().to_string()).collect();
            let what = format!("several lists lie in this folder; name one of them: {}", names.join(", "));
            Err(refused(path, what).into())
        }
    }
}

/// Whether the file at `path` begins as a list of labelled files does: with a line that names these columns.
///
/// # Errors
/// The file cannot be read.
pub fn is_list(path: &Path) -> Result<bool, FormatError> {
    let head = read_head(path, 4096)?;
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let first = head.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    let columns: Vec<&str> = first.split(',').map(str::trim).collect();
    Ok([FILE, LABEL].iter().all(|names| names.iter().any(|name| columns.contains(name))))
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

fn refused(path: &Path, reason: String) -> FormatError {
    FormatError::Io { file: path.display().to_string(), action: Action::Read, reason }
}

/// The files in the folders of `path`, each the folder of a class.
fn by_class(path: &Path) -> Result<Vec<LabelledFile>, FormatErrors> {
    let io = |error| FormatError::io(path, Action::Read, &error);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            folders.push((name, entry.path()));
        }
    }
    folders.sort();
    let mut all = Vec::new();
    for (label, folder) in folders {
        let files = crate::folder::files(&folder)?;
        all.extend(files.into_iter().map(|path| LabelledFile { path, label: label.clone(), line: 0 }));
    }
    if all.is_empty() {
        let what = "the folder holds neither a list (a .csv with the columns `file,label`) nor a folder of files for each \
                    class";
        return Err(refused(path, what.into()).into());
    }
    Ok(all)
}

/// Reads the list at `path`; its files are named from where it lies.
fn list(path: &Path) -> Result<Vec<LabelledFile>, FormatErrors> {
    let text = read_text(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    table(&text, &path.display().to_string(), &[&FILE, &LABEL], FILES_NEEDED, |line, fields| {
        let [file, label] = fields[..] else { unreachable!("two columns were asked for") };
        if label.is_empty() {
            return Err((1, Problem::WrongType { expected: "a label", found: "nothing" }));
        }
        let path = find(folder, file).map_err(|problem| (0, problem))?;
        files.push(LabelledFile { path, label: label.into(), line });
        Ok(())
    })?;
    match files.is_empty() {
        true => Err(refused(path, "it names no samples: below `file,label` comes a line for each".into()).into()),
        false => Ok(files),
    }
}

/// The file that a list in `folder` calls `name`: beside it, or in the folder `samples` beside it, where the ending may
/// be left out.
fn find(folder: &Path, name: &str) -> Result<PathBuf, Problem> {
    let unknown = |message: String, help: &str| Problem::Reading { message, help: help.into() };
    if name.is_empty() {
        return Err(Problem::WrongType { expected: "a file", found: "nothing" });
    }
    let (beside, samples) = (folder.join(name), folder.join(SAMPLES));
    let within = samples.join(name);
    if let Some(found) = [&beside, &within].into_iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let stem = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem.to_string_lossy() == name);
    let places = [folder.to_owned(), samples].into_iter().filter(|place| place.is_dir());
    let inside = places.flat_map(|place| crate::folder::files(&place).unwrap_or_default());
    let found: Vec<PathBuf> = inside.filter(stem).collect();
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => Err(unknown(
            format!("there is no file `{}`", beside.display()),
            "name files from where the list lies; those in the folder `samples` beside it need no folder and no ending",
        )),
        [one, other, ..] => Err(unknown(
            format!("`{name}` can be `{}` or `{}`", one.display(), other.display()),
            "write the name with its ending",
        )),
    }
}

/// The labels in the file at `path`: an array of whole numbers (`.npy`), or CSV with a column `label`.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn labels(path: &Path) -> Result<Vec<String>, FormatErrors> {
    let file = path.display().to_string();
    let bytes = read_bytes(path, crate::npz::ARRAY_BYTES_MAX)?;
    if bytes.starts_with(b"\x93NUMPY") {
        return Ok(numbers(&bytes, &file)?);
    }
    let text = text_of(bytes, path)?;
    let mut labels = Vec::new();
    table(&text, &file, &[&LABEL], LABELS_NEEDED, |_, fields| match fields[0] {
        "" => Err((0, Problem::WrongType { expected: "a label", found: "nothing" })),
        label => {
            labels.push(label.to_owned());
            Ok(())
        }
    })?;
    Ok(labels)
}

/// The labels in the npy file `bytes`: whole numbers in one dimension.
fn numbers(bytes: &[u8], file: &str) -> Result<Vec<String>, FormatError> {
    let (_, shape) = npy_layout(bytes, file)?;
    if shape.iter().filter(|length| **length != 1).count() > 1 {
        let problem = crate::npz::ArrayProblem::Shape { found: shape, needed: "a label for each sample".into() };
        return Err(FormatError::Array { file: file.into(), array: String::new(), problem });
    }
    Ok(npy_array::<i64>(bytes, file)?.data.iter().map(i64::to_string).collect())
}

/// Hands each line of `text` to `row`, with its number and its fields of the `columns`, each of which may have one of
/// some names.
fn table<'a>(
    text: &'a str,
    file: &str,
    columns: &[&[&str]],
    needed: &'static str,
    mut row: impl FnMut(usize, &[&'a str]) -> Result<(), (usize, Problem)>,
) -> Result<(), FormatErrors> {
    let mut errors = Vec::new();
    let mut places: Option<(Vec<usize>, usize)> = None;
    for (index, range) in lines(text).enumerate() {
        let line = text[range.clone()].trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut note = |span, problem| errors.push(FormatError::text(Place::new(file, text, span, ""), problem));
        if line.contains('"') {
            let message = "quoted fields are not read".into();
            note(range, Problem::Reading { message, help: "write names without commas and without quotes".into() });
            break;
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let Some((wanted, count)) = &places else {
            let place = |names: &&[&str]| {
                names.iter().find_map(|name| fields.iter().position(|field| field.eq_ignore_ascii_case(name)))
            };
            match columns.iter().map(place).collect::<Option<Vec<usize>>>() {
                Some(wanted) => places = Some((wanted, fields.len())),
                None => {
                    note(range, Problem::Columns { expected: needed, found: line.into() });
                    break;
                }
            }
            continue;
        };
        if fields.len() != *count {
            note(range, Problem::FieldCount { expected: *count, found: fields.len() });
        } else {
            let chosen: Vec<&str> = wanted.iter().map(|place| fields[*place]).collect();
            if let Err((field, problem)) = row(index + 1, &chosen) {
                let start = chosen[field].as_ptr() as usize - text.as_ptr() as usize;
                note(start..start + chosen[field].len(), problem);
            }
        }
        if errors.len() == ERRORS_MAX {
            break;
        }
    }
    if places.is_none() && errors.is_empty() {
        let place = Place::new(file, text, text.len()..text.len(), "");
        errors.push(FormatError::text(place, Problem::Columns { expected: needed, found: String::new() }));
    }
    FormatErrors::new(errors).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;

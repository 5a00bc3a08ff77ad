//! Finding golden cases in files and folders.

use crate::error::ConformError;
use std::path::{Path, PathBuf};

/// A description that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The `.json` file.
    pub path: PathBuf,
    /// True if this very file was asked for, false if it lay in a folder that was.
    pub named: bool,
}

/// The descriptions below `path`: the file itself, or all `.json` files of the folder and its folders, sorted by path.
/// For an `.npz` file the description beside it is meant.
///
/// # Errors
/// [`ConformError::Io`] if the path or a folder below it cannot be read. Links to folders are not followed.
pub fn find(path: &Path) -> Result<Vec<Found>, ConformError> {
    let refused = |at: &Path, e: std::io::Error| ConformError::io(at, &e);
    let meta = std::fs::metadata(path).map_err(|e| refused(path, e))?;
    if !meta.is_dir() {
        let path =
            if path.extension().is_some_and(|e| e == "npz") { path.with_extension("json") } else { path.to_owned() };
        return Ok(vec![Found { path, named: true }]);
    }
    let mut out = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|e| refused(&folder, e))? {
            let entry = entry.map_err(|e| refused(&folder, e))?;
            let kind = entry.file_type().map_err(|e| refused(&entry.path(), e))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|e| e == "json") {
                out.push(Found { path: entry.path(), named: false });
            }
        }
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

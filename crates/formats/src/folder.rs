//! Folders of files.

use crate::error::{Action, FormatError};
use std::path::{Path, PathBuf};

/// The files in the folder `path`, in the order of their names. Hidden files and folders within it are not among them.
///
/// # Errors
/// The folder cannot be read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let io = |error| FormatError::io(path, Action::Read, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a10.csv", "a9.csv", ".hidden"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("a folder")).unwrap();
        let names: Vec<_> = files(dir.path()).unwrap().iter().map(|f| f.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a10.csv", "a9.csv", "b.csv"]);
        let error = files(&dir.path().join("absent")).unwrap_err().to_string();
        assert!(error.contains("there is no such file or directory"), "{error}");
    }
}

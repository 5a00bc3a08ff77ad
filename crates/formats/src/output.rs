//! Writing files so that nothing is ever half-written.

use crate::error::{Action, FormatError};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes `bytes` to `path`: the file appears with all of them, or what was there before stays.
///
/// # Errors
/// The directory does not exist or cannot be written to, or the disk is full.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    rename(temporary(directory, path, bytes)?, path)
}

/// `bytes` in a temporary file in `directory`, to become `path`.
fn temporary(directory: &Path, path: &Path, bytes: &[u8]) -> Result<NamedTempFile, FormatError> {
    let io = |error| FormatError::io(path, Action::Write, &error);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quenched-").suffix(".tmp");
    // Temporary files are private by default; the finished file is as open as any other.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    // Otherwise a power failure could leave the new name with old or no bytes.
    file.as_file().sync_all().map_err(io)?;
    Ok(file)
}

fn rename(file: NamedTempFile, path: &Path) -> Result<(), FormatError> {
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(FormatError::io(path, Action::Rename, &error.error)),
    }
}

/// A directory of results that appear together, at the end.
///
/// Files are written under temporary names and get their own in [`OutputDir::commit`]. Dropped before that, nothing is
/// left: neither files nor a directory that did not exist before. Files of an earlier run stay until they are replaced.
#[derive(Debug)]
pub struct OutputDir {
    path: PathBuf,
    /// The outermost directory that was created for this one.
    created: Option<PathBuf>,
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl OutputDir {
    /// Opens the directory at `path`, creates it if there is none, and makes sure that files can be written there, so
    /// that a long run does not find out at its end that they cannot.
    ///
    /// # Errors
    /// It cannot be created or written to, or is no directory.
    pub fn create(path: &Path) -> Result<Self, FormatError> {
        let missing = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists());
        let created = missing.last().map(Path::to_path_buf);
        let new = Self { path: path.to_path_buf(), created, files: Vec::new() };
        fs::create_dir_all(path).map_err(|error| FormatError::io(path, Action::CreateDirectory, &error))?;
        temporary(path, path, b"")?;
        Ok(new)
    }

    /// Where the files will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name` under a temporary name.
    ///
    /// # Errors
    /// It cannot be written, or a directory has its name.
    ///
    /// # Panics
    /// If `name` is not the name of a file in this directory, or was written before.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), FormatError> {
        let path = self.path.join(name);
        assert!(path.parent() == Some(&self.path) && path.file_name().is_some(), "`{name}` is no plain file name");
        assert!(self.files.iter().all(|(_, p)| *p != path), "`{name}` was written before");
        if path.is_dir() {
            let is_directory = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(FormatError::io(&path, Action::Write, &is_directory));
        }
        self.files.push((temporary(&self.path, &path, bytes)?, path));
        Ok(())
    }

    /// Gives all files their names, in the order in which they were written; returns their paths.
    ///
    /// # Errors
    /// A file cannot be given its name. Those before it have theirs by then, and are whole.
    pub fn commit(mut self) -> Result<Vec<PathBuf>, FormatError> {
        let mut paths = Vec::new();
        for (file, path) in self.files.drain(..) {
            rename(file, &path)?;
            self.created = None;
            paths.push(path);
        }
        Ok(paths)
    }
}

impl Drop for OutputDir {
    fn drop(&mut self) {
        self.files.clear();
        // Only what is empty goes: a directory that somebody else has put a file into stays.
        let Some(created) = &self.created else { return };
        for directory in self.path.ancestors().take_while(|p| p.starts_with(created)) {
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut all: Vec<String> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomic(&path, b"first").unwrap();
        write_atomic(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn what_cannot_be_written_says_why_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let message = |e: FormatError| e.to_string().replace(&*dir.path().to_string_lossy(), "DIR");
        let error = write_atomic(&dir.path().join("none/a"), b"").unwrap_err();
        assert_eq!(message(error), "DIR/none/a: cannot be written: there is no such file or directory");
        write_atomic(&dir.path().join("file"), b"x").unwrap();
        let error = OutputDir::create(&dir.path().join("file")).unwrap_err();
        assert_eq!(message(error), "DIR/file: this directory cannot be created: there is a file of this name");
        let error = OutputDir::create(&dir.path().join("file/sub")).unwrap_err();
        assert!(message(error).starts_with("DIR/file/sub: this directory cannot be created: "));
        fs::create_dir(dir.path().join("sub")).unwrap();
        let error = write_atomic(&dir.path().join("sub"), b"x").unwrap_err();
        assert!(message(error).starts_with("DIR/sub: the finished file cannot be given this name: "));
        assert_eq!(names(dir.path()), ["file", "sub"]);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_as_open_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("plain"), b"").unwrap();
        write_atomic(&dir.path().join("atomic"), b"").unwrap();
        let mode = |name| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("plain"), mode("atomic"));
    }

    #[test]
    fn results_appear_together() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b");
        let mut output = OutputDir::create(&out).unwrap();
        output.write("x.csv", b"1").unwrap();
        output.write("y.csv", b"2").unwrap();
        assert!(names(&out).iter().all(|n| n.ends_with(".tmp")));
        assert_eq!(output.commit().unwrap(), [out.join("x.csv"), out.join("y.csv")]);
        assert_eq!(names(&out), ["x.csv", "y.csv"]);
    }

    #[test]
    fn given_up_results_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = OutputDir::create(&dir.path().join("a/b")).unwrap();
        output.write("x.csv", b"1").unwrap();
        drop(output);
        assert!(names(dir.path()).is_empty());
        // What was there before stays as it was.
        fs::write(dir.path().join("x.csv"), b"old").unwrap();
        let mut output = OutputDir::create(dir.path()).unwrap();
        output.write("x.csv", b"new").unwrap();
        drop(output);
        assert_eq!(names(dir.path()), ["x.csv"]);
        assert_eq!(fs::read(dir.path().join("x.csv")).unwrap(), b"old");
    }

    #[test]
    fn a_directory_in_the_way_is_found_before_anything_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("y")).unwrap();
        let mut output = OutputDir::create(dir.path()).unwrap();
        output.write("x", b"1").unwrap();
        let error = output.write("y", b"2").unwrap_err().to_string();
        assert!(error.ends_with("y: cannot be written: this is a directory"), "{error}");
        drop(output);
        assert_eq!(names(dir.path()), ["y"]);
    }
}

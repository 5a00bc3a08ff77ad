//! Where an output really goes: through links, told apart from other files, refused if it is no file.

use super::problem::OutputProblem;
use crate::error::{Action, FormatError};
use crate::open::special;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Links that are followed before they are taken for a circle.
const LINKS_MAX: usize = 40;

/// What tells one file from another, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    /// Device and number on it: the same for all hard links.
    #[cfg(unix)]
    Number(u64, u64),
    /// The path without links; the case of letters does not count, because on some systems it does not.
    Path(String),
}

impl Identity {
    /// Of a file that there is.
    #[cfg(unix)]
    fn of(_path: &Path, metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self::Number(metadata.dev(), metadata.ino()))
    }

    /// Of a file that there is.
    #[cfg(not(unix))]
    fn of(path: &Path, _metadata: &Metadata) -> Option<Self> {
        path.canonicalize().ok().map(|path| Self::path(&path))
    }

    fn path(path: &Path) -> Self {
        Self::Path(fold(path.as_os_str()))
    }
}

/// The plain files that this process has read, with the name of each. A command that reads a file which names others
/// need not know which, and still never writes over them.
static READ: Mutex<BTreeMap<Identity, PathBuf>> = Mutex::new(BTreeMap::new());

/// Notes that the file at `path` is being read.
pub(crate) fn note_read(path: &Path, metadata: &Metadata) {
    if metadata.is_file()
        && let Some(identity) = Identity::of(path, metadata)
    {
        READ.lock().expect("nothing panics while it is held").entry(identity).or_insert_with(|| path.to_owned());
    }
}

/// The files that this process has read.
pub(super) fn read_so_far() -> BTreeMap<Identity, PathBuf> {
    READ.lock().expect("nothing panics while it is held").clone()
}

/// What identifies the input at `path`, if there is such a file.
pub(super) fn input(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then(|| Identity::of(path, &metadata)).flatten()
}

/// An output that is a file.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// As the caller calls it.
    pub(super) shown: PathBuf,
    /// The directory that it is in, without links.
    pub(super) directory: PathBuf,
    /// Its name there.
    pub(super) name: OsString,
    /// The file that is there now.
    pub(super) present: Option<Identity>,
}

impl Target {
    /// The file that writing to `path` replaces or makes.
    pub(super) fn of(path: &Path) -> Result<Self, FormatError> {
        let io = |error: &std::io::Error| FormatError::io(path, Action::Write, error);
        let real = followed(path).map_err(|error| io(&error))?;
        let is_directory = || io(&std::io::ErrorKind::IsADirectory.into());
        let (false, Some(name)) = (path.to_string_lossy().ends_with(std::path::is_separator), real.file_name()) else {
            return Err(is_directory());
        };
        let directory = parent(&real).canonicalize().map_err(|error| io(&error))?;
        let target = Self { shown: path.into(), directory, name: name.into(), present: None };
        let present = match fs::metadata(target.path()) {
            Ok(metadata) => match special(metadata.file_type()) {
                None => Identity::of(&target.path(), &metadata),
                Some("directory") => return Err(is_directory()),
                Some(what) => return Err(FormatError::output(path, OutputProblem::NoFile { what })),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(&error)),
        };
        Ok(Self { present, ..target })
    }

    /// Where the file is, without links.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// What identifies it: its path, and the file that is there now.
    pub(super) fn identities(&self) -> impl Iterator<Item = Identity> {
        [Identity::path(&self.path())].into_iter().chain(self.present.clone())
    }
}

/// A name as far as it may count: on some systems the case of letters does not.
pub(super) fn fold(name: &OsStr) -> String {
    name.to_string_lossy().to_lowercase()
}

/// The directory that `path` is in.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `path`, or what it leads to if it is a link: links are kept, and what they lead to is replaced.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    let mut real = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        match fs::symlink_metadata(&real) {
            Ok(metadata) if metadata.is_symlink() => real = parent(&real).join(fs::read_link(&real)?),
            _ => return Ok(real),
        }
    }
    Err(std::io::Error::other("its symbolic links lead in a circle"))
}

//! A command's claim on a directory: its journal, kept locked as long as the command lives, and its temporary files.
//!
//! Owns how commands keep out of each other's way, and what becomes of one that was killed. A journal whose lock can be
//! had belongs to nobody any more. If it had decided, what it says is done to the end; if not, its files go.

use super::journal::{JOURNAL, Journal, Line, PREFIX, TEMPORARY, owner};
use super::problem::OutputProblem;
use super::target::{Target, fold};
use crate::error::{Action, FormatError};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file that is locked for the moments in which somebody looks around in a directory.
const LOCK: &str = ".quenched-lock";

/// The largest journal: a million outputs have one of half that size.
const JOURNAL_BYTES_MAX: u64 = 1 << 28;

/// How long to wait for somebody who looks around.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to try.
const PAUSE: Duration = Duration::from_millis(5);

/// A claim. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Claim {
    /// The directory.
    pub(super) directory: PathBuf,
    /// The journal.
    pub(super) journal: PathBuf,
    /// The same, open and locked.
    file: File,
    /// What its temporary files are called by.
    id: String,
    /// From temporary to final names.
    pub(super) renames: Vec<(OsString, OsString)>,
    /// Whether the files are there for others to find: after a decision, and after the death that a test plays.
    pub(super) left: bool,
}

impl Claim {
    /// Claims `directory` for `command`: the whole of it, or what [`Claim::add`] is told. Finishes or clears away what
    /// killed commands have left there; the names of outputs that were finished go to `finished`.
    pub(super) fn new(
        directory: &Path,
        command: &str,
        whole: bool,
        finished: &mut Vec<PathBuf>,
    ) -> Result<Self, FormatError> {
        let failed = |error: io::Error| FormatError::io(directory, Action::Write, &error);
        let guard = Guard::of(directory)?;
        recover(directory, finished).map_err(failed)?;
        if whole {
            refuse_others(directory, None)?;
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(JOURNAL).rand_bytes(8);
        // Temporary files are private by default; this one tells others who is at work.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, journal) =
            builder.tempfile_in(directory).map_err(failed)?.keep().map_err(|error| failed(error.error))?;
        // Where there are no locks, commands cannot see each other; everything else holds.
        let _ = file.try_lock();
        let name = journal.file_name().unwrap_or_default().to_string_lossy();
        let id = owner(&name).expect("this is how it was named").to_string();
        let mut claim = Self { directory: directory.into(), journal, file, id, renames: Vec::new(), left: false };
        let whole = if whole { &[Line::Whole][..] } else { &[] };
        claim.note(&[&[Line::Process(std::process::id()), Line::Command(command)], whole].concat())?;
        drop(guard);
        Ok(claim)
    }

    /// Claims outputs.
    pub(super) fn add(&mut self, targets: &[&Target]) -> Result<(), FormatError> {
        let _guard = Guard::of(&self.directory)?;
        refuse_others(&self.directory, Some((&self.journal, targets)))?;
        let lines: Vec<Line<'_>> = targets.iter().map(|target| Line::Claim(&target.name)).collect();
        self.note(&lines)
    }

    /// Writes `bytes` to a temporary file that is to become `target`.
    pub(super) fn stage(&mut self, target: &Target, bytes: &[u8]) -> Result<(), FormatError> {
        let failed = |error: io::Error| FormatError::io(&target.shown, Action::Write, &error);
        let name = OsString::from(format!("{PREFIX}{}-{}{TEMPORARY}", self.id, self.renames.len()));
        let path = self.directory.join(&name);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        self.renames.push((name, target.name.clone()));
        // Who may read the old file may read the new one.
        if let Ok(old) = fs::metadata(target.path()) {
            let _ = file.set_permissions(old.permissions());
        }
        file.write_all(bytes).map_err(failed)?;
        // Otherwise a power failure could leave the new name with old or no bytes.
        file.sync_all().map_err(failed)
    }

    /// Adds lines to the journal.
    pub(super) fn note(&mut self, lines: &[Line<'_>]) -> Result<(), FormatError> {
        let text: Option<String> = lines.iter().map(|line| line.text()).collect();
        let text = text.ok_or_else(|| FormatError::output(&self.directory, OutputProblem::Name))?;
        self.file.write_all(text.as_bytes()).map_err(|error| FormatError::io(&self.directory, Action::Write, &error))
    }

    /// Notes all renames and makes sure that they, and the files to rename, outlive a power failure.
    pub(super) fn record(&mut self, last: &[Line<'_>]) -> Result<(), FormatError> {
        let renames = self.renames.clone();
        let lines = renames.iter().map(|(from, to)| Line::Rename(from, to));
        let lines: Vec<Line<'_>> = lines.chain([Line::Decided(renames.len())]).collect();
        self.note(&[last, &lines].concat())?;
        self.file.sync_all().map_err(|error| FormatError::io(&self.directory, Action::Write, &error))?;
        sync(&self.directory);
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.left {
            for (name, _) in &self.renames {
                let _ = fs::remove_file(self.directory.join(name));
            }
            // Removed before its lock is given back, so that nobody takes it for a dead one.
            let _ = fs::remove_file(&self.journal);
        }
    }
}

/// Makes sure that the names in `directory` outlive a power failure, where the system can do that.
pub(super) fn sync(directory: &Path) {
    #[cfg(unix)]
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    #[cfg(not(unix))]
    let _ = directory;
}

/// Held by who looks around in a directory. Its file goes with it.
struct Guard {
    path: PathBuf,
    /// Kept for its lock.
    _file: File,
}

impl Guard {
    fn of(directory: &Path) -> Result<Self, FormatError> {
        let failed = |error: io::Error| FormatError::io(directory, Action::Write, &error);
        let path = directory.join(LOCK);
        let start = Instant::now();
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let file = file.map_err(failed)?;
            match file.try_lock() {
                // It may have been removed by the one before, and be another file by now.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
                Err(TryLockError::Error(_)) => return Ok(Self { path, _file: file }),
                Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                    return Err(FormatError::output(directory, OutputProblem::Busy));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether `file` is still what `path` names.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(identity).ok().is_some_and(|open| fs::metadata(path).map(identity).is_ok_and(|at| at == open))
}

/// Whether `file` is still what `path` names: there, files that are open cannot go.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// The files in `directory` that are journals or temporary.
fn remains(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str()
            && let Some(owner) = owner(name)
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            all.push((owner.to_string(), entry.path()));
        }
    }
    all.sort();
    Ok(all)
}

fn is_journal(path: &Path) -> bool {
    path.to_string_lossy().ends_with(JOURNAL)
}

/// An open journal that nobody holds; `None` if somebody does, or if it is gone.
fn abandoned(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => match file.try_lock() {
            Ok(()) if is_at(&file, path) => Ok(Some(file)),
            _ => Ok(None),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the journal at `path` says; nothing if it is gone, or if no command can have written it.
fn read(path: &Path) -> Journal {
    let named = path.file_name().and_then(OsStr::to_str).is_some_and(|name| owner(name).is_some() && is_journal(path));
    let plain = fs::symlink_metadata(path).is_ok_and(|m| m.is_file() && m.len() <= JOURNAL_BYTES_MAX);
    let text = if named && plain { fs::read(path).unwrap_or_default() } else { Vec::new() };
    Journal::parse(&String::from_utf8_lossy(&text))
}

/// Finishes or clears away what killed commands have left in `directory`.
fn recover(directory: &Path, finished: &mut Vec<PathBuf>) -> io::Result<()> {
    for (_, path) in remains(directory)?.iter().filter(|(_, path)| is_journal(path)) {
        let settled = abandoned(path).and_then(|file| file.map_or(Ok(()), |_held| settle(path, finished)));
        settled.map_err(|error| {
            let what = "what a killed command was about to write cannot be finished";
            io::Error::other(format!("{what} ({error}); remove `{}` to give it up", path.display()))
        })?;
    }
    // What is left belongs to a command that is at work, or to nobody.
    let remains = remains(directory)?;
    let at_work = |owner: &str| remains.iter().any(|(other, path)| other == owner && is_journal(path));
    for (owner, path) in remains.iter().filter(|(_, path)| !is_journal(path)) {
        if !at_work(owner) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Does what the journal at `path`, whose command is dead and whose lock is held, had decided, and removes it.
fn settle(path: &Path, finished: &mut Vec<PathBuf>) -> io::Result<()> {
    let journal = read(path);
    let directory = path.parent().unwrap_or(Path::new("."));
    let decided = match &journal.leader {
        // It goes last: if it is gone and this one is not, nothing had been decided.
        Some(leader) => journal.decided && read(leader).decided,
        None => journal.decided,
    };
    if decided {
        for (from, to) in &journal.renames {
            let (from, to) = (directory.join(from), directory.join(to));
            // Renamed before, by the command or by another that came by.
            if from.exists() {
                fs::rename(&from, &to)?;
                finished.push(to);
            }
        }
        sync(directory);
        for member in journal.members.iter().filter(|member| read(member).leader.as_deref() == Some(path)) {
            let start = Instant::now();
            while member.exists() {
                if let Some(_held) = abandoned(member)? {
                    settle(member, finished)?;
                } else if start.elapsed() > PATIENCE {
                    return Err(io::Error::other(format!("`{}` is locked by another command", member.display())));
                } else {
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }
    fs::remove_file(path)
}

/// Refuses to write where another command does: to some outputs, with the journal of the one who asks, or to all.
fn refuse_others(directory: &Path, mine: Option<(&Path, &[&Target])>) -> Result<(), FormatError> {
    let remains = remains(directory).map_err(|error| FormatError::io(directory, Action::Write, &error))?;
    let names: Option<BTreeSet<String>> =
        mine.map(|(_, targets)| targets.iter().map(|target| fold(&target.name)).collect());
    let others = remains.iter().filter(|(_, path)| is_journal(path) && mine.is_none_or(|(own, _)| own != path));
    for (_, path) in others {
        let other = read(path);
        if let Some(name) = other.conflict(names.as_ref()) {
            let wanted = |target: &&&Target| name.is_some_and(|name| fold(name) == fold(&target.name));
            let target = mine.and_then(|(_, targets)| targets.iter().find(wanted));
            let shown = target.map_or(directory, |target| &target.shown);
            let (whole, Journal { command, process, .. }) = (target.is_none(), other);
            return Err(FormatError::output(shown, OutputProblem::InUse { command, process, whole }));
        }
    }
    Ok(())
}

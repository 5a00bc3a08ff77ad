//! Writing files: the outputs of a command appear together, or none does.
//!
//! Owns the [`Transaction`] of a command. Outputs are claimed before the command works, so that what cannot be written,
//! or would replace an input, is found out at once, and so that no other command writes the same meanwhile. They are
//! written under temporary names beside their own, and get their names at the end. A command that fails, panics or is
//! killed leaves what was there before: its leftovers are cleared away by the next one that writes to the directory.
//! Killed in the middle of the renaming, after all was decided, its renames are finished by that next one.
//!
//! What is guaranteed, and where that ends, is told to users in `docs/concepts/files.md`. It deliberately does not know
//! what is written, and prints nothing.

mod claim;
mod journal;
mod problem;
mod target;

pub use problem::OutputProblem;
pub(crate) use target::note_read;

use crate::error::{Action, FormatError};
use claim::{Claim, sync};
use journal::Line;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use target::{Identity, Target};

/// The name of standard output among files.
pub const STANDARD_OUTPUT: &str = "-";

/// Writes `bytes` to `path`: the file appears with all of them, or what was there before stays.
///
/// # Errors
/// The directory does not exist or cannot be written to, the disk is full, or another command writes this file.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    let mut transaction = Transaction::new("a program");
    let id = transaction.file(path)?;
    transaction.write(id, bytes)?;
    transaction.commit().map(|_| ())
}

/// An output of a [`Transaction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputId(usize);

/// The outputs of one command, which appear together at the end.
///
/// ```
/// # use quenched_formats as formats;
/// # let dir = tempfile::tempdir().unwrap();
/// use formats::output::Transaction;
///
/// let (spikes, traces) = (dir.path().join("spikes.csv"), dir.path().join("traces.csv"));
/// let mut outputs = Transaction::new("an example");
/// let (a, b) = (outputs.file(&spikes)?, outputs.file(&traces)?);
/// // ... the work ...
/// outputs.write(a, b"tick\n")?;
/// outputs.write(b, b"tick\n")?;
/// assert!(!spikes.exists());
/// outputs.commit()?;
/// assert!(spikes.exists() && traces.exists());
/// # Ok::<(), formats::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Transaction {
    open: Arc<Mutex<Open>>,
}

/// Gives up a [`Transaction`] from elsewhere, such as from the handler of a signal.
#[derive(Clone, Debug)]
pub struct Abandon(Arc<Mutex<Open>>);

/// What a transaction has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files, as the caller called them, in the order in which they were claimed.
    pub files: Vec<PathBuf>,
    /// What is for standard output.
    pub standard_output: Option<Vec<u8>>,
}

/// Where an output goes.
#[derive(Debug)]
enum Place {
    /// To a file, by claim.
    File(usize, Target),
    StandardOutput,
}

/// A transaction before its end.
#[derive(Debug, Default)]
struct Open {
    command: String,
    /// The files that must stay.
    inputs: BTreeMap<Identity, PathBuf>,
    /// One a directory; the first one decides for all.
    claims: Vec<Claim>,
    places: Vec<Place>,
    /// The places of what is a file, by everything that identifies it.
    known: BTreeMap<Identity, usize>,
    /// The places that were written.
    written: BTreeSet<usize>,
    standard_output: Option<Vec<u8>>,
    /// The directory of results, and the outermost directory that was created for it.
    folder: Option<(PathBuf, Option<PathBuf>)>,
    finished: Vec<PathBuf>,
    /// Committed or given up.
    over: bool,
}

/// A step of a commit. Between any two of them the process may be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Notes the renames in one directory; with the first one, which is noted last, all is decided.
    Record(usize),
    /// Renames one file.
    Rename(usize, usize),
    /// Makes sure of the names in one directory.
    Sync(usize),
    /// Gives the last claim back.
    Release,
}

impl Transaction {
    /// The outputs of `command`, which is what other commands are told when they want to write the same.
    pub fn new(command: impl Into<String>) -> Self {
        Self { open: Arc::new(Mutex::new(Open { command: command.into(), ..Open::default() })) }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Says that the file at `path` is an input: no output may replace it.
    ///
    /// # Errors
    /// It is an output.
    pub fn reads(&mut self, path: &Path) -> Result<(), FormatError> {
        let identity = target::input(path);
        self.open().inputs(identity.map(|identity| (identity, path.to_owned())))
    }

    /// Says that every file that this process has read so far is an input, those among them that another file named.
    ///
    /// # Errors
    /// One of them is an output.
    pub fn reads_all_so_far(&mut self) -> Result<(), FormatError> {
        self.open().inputs(target::read_so_far())
    }

    /// Claims the file at `path`; `-` is standard output, which can be one output at most.
    ///
    /// # Errors
    /// It is an input, another output, a directory, a device or a pipe, its directory does not exist or cannot be
    /// written to, or another command writes it.
    pub fn file(&mut self, path: &Path) -> Result<OutputId, FormatError> {
        Ok(self.files(&[path.to_owned()])?[0])
    }

    /// Claims several files.
    ///
    /// # Errors
    /// As [`Transaction::file`], of the first one that is refused.
    pub fn files(&mut self, paths: &[PathBuf]) -> Result<Vec<OutputId>, FormatError> {
        self.open().files(paths).map(|places| places.map(OutputId).collect())
    }

    /// Claims a whole directory, and creates it if there is none. `names` are the files that will be written there for
    /// certain.
    ///
    /// # Errors
    /// It cannot be created or written to, is no directory, another command writes there, or one of the files cannot be
    /// an output.
    ///
    /// # Panics
    /// If there is a folder already.
    pub fn folder(&mut self, path: &Path, names: &[&str]) -> Result<(), FormatError> {
        let mut open = self.open();
        assert!(open.folder.is_none(), "a command has one folder");
        let missing = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists());
        let created = missing.last().map(Path::to_path_buf);
        let failed = |error: std::io::Error| FormatError::io(path, Action::CreateDirectory, &error);
        open.folder = Some((path.to_path_buf(), created));
        fs::create_dir_all(path).map_err(failed)?;
        let real = path.canonicalize().map_err(failed)?;
        open.claim(&real, true)?;
        let files: Vec<PathBuf> = names.iter().map(|name| path.join(name)).collect();
        open.files(&files).map(|_| ())
    }

    /// What killed commands had decided to write in these directories, and was finished for them.
    pub fn finished(&self) -> Vec<PathBuf> {
        self.open().finished.clone()
    }

    /// Writes the output `id` under a temporary name.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Panics
    /// If it was written before.
    pub fn write(&mut self, id: OutputId, bytes: &[u8]) -> Result<(), FormatError> {
        self.open().write(id.0, bytes)
    }

    /// Writes the file `name` of the folder under a temporary name.
    ///
    /// # Errors
    /// It cannot be written, or it cannot be an output.
    ///
    /// # Panics
    /// If there is no folder, `name` is not the name of a file in it, or it was written before.
    pub fn write_in_folder(&mut self, name: &str, bytes: &[u8]) -> Result<(), FormatError> {
        let mut open = self.open();
        let (folder, _) = open.folder.as_ref().expect("a folder was claimed");
        let path = folder.join(name);
        assert!(path.parent() == Some(folder) && path.file_name().is_some(), "`{name}` is no plain file name");
        let known = |place: &Place| matches!(place, Place::File(_, target) if target.shown == path);
        let index = match open.places.iter().position(known) {
            Some(index) => index,
            None => open.files(&[path])?.start,
        };
        open.write(index, bytes)
    }

    /// Gives all outputs that were written their names.
    ///
    /// # Errors
    /// It cannot be noted what is to be renamed: then nothing was changed. Or a file cannot be renamed although all
    /// was well: the next command that writes to its directory tries again.
    pub fn commit(self) -> Result<Written, FormatError> {
        self.open().commit()
    }

    /// Gives this transaction up from elsewhere.
    pub fn abandon(&self) -> Abandon {
        Abandon(Arc::clone(&self.open))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.open().give_up();
    }
}

impl Abandon {
    /// Gives the transaction up and clears away what it has; waits for a commit that is under way. Returns whether it
    /// was given up by this call, so that nothing was written, and nothing will be.
    pub fn now(&self) -> bool {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).give_up()
    }
}

impl Open {
    /// Takes files for inputs.
    fn inputs(&mut self, inputs: impl IntoIterator<Item = (Identity, PathBuf)>) -> Result<(), FormatError> {
        for (identity, input) in inputs {
            if let Some(Place::File(_, target)) = self.known.get(&identity).and_then(|place| self.places.get(*place)) {
                let problem = OutputProblem::IsInput { input: input.display().to_string() };
                return Err(FormatError::output(&target.shown, problem));
            }
            self.inputs.insert(identity, input);
        }
        Ok(())
    }

    /// Claims the files at `paths` and returns their places.
    fn files(&mut self, paths: &[PathBuf]) -> Result<Range<usize>, FormatError> {
        let first = self.places.len();
        for path in paths {
            let place = self.place(path)?;
            self.places.push(place);
        }
        for claim in 0..self.claims.len() {
            let of_claim = |place| match place {
                &Place::File(of, ref target) if of == claim => Some(target),
                _ => None,
            };
            let targets: Vec<&Target> = self.places[first..].iter().filter_map(of_claim).collect();
            if !targets.is_empty() {
                self.claims[claim].add(&targets)?;
            }
        }
        Ok(first..self.places.len())
    }

    /// Where the output `path` goes.
    fn place(&mut self, path: &Path) -> Result<Place, FormatError> {
        let refused = |problem| Err(FormatError::output(path, problem));
        if path.as_os_str() == STANDARD_OUTPUT {
            let twice = self.places.iter().any(|place| matches!(place, Place::StandardOutput));
            return if twice { refused(OutputProblem::StandardOutput) } else { Ok(Place::StandardOutput) };
        }
        let target = Target::of(path)?;
        for identity in target.identities() {
            if let Some(input) = self.inputs.get(&identity) {
                return refused(OutputProblem::IsInput { input: input.display().to_string() });
            }
            if let Some(other) = self.known.insert(identity, self.places.len())
                && other < self.places.len()
                && let Place::File(_, other) = &self.places[other]
            {
                return refused(OutputProblem::IsOutput { other: other.shown.display().to_string() });
            }
        }
        let claim = self.claim(&target.directory, false).map_err(|error| match error {
            // The directory is nothing that the caller named.
            FormatError::Io { action, reason, .. } => {
                FormatError::Io { file: path.display().to_string(), action, reason }
            }
            other => other,
        })?;
        Ok(Place::File(claim, target))
    }

    /// The claim on a directory, which is made if there is none.
    fn claim(&mut self, directory: &Path, whole: bool) -> Result<usize, FormatError> {
        if let Some(index) = self.claims.iter().position(|claim| claim.directory == directory) {
            return Ok(index);
        }
        self.claims.push(Claim::new(directory, &self.command, whole, &mut self.finished)?);
        Ok(self.claims.len() - 1)
    }

    fn write(&mut self, index: usize, bytes: &[u8]) -> Result<(), FormatError> {
        assert!(self.written.insert(index), "an output is written once");
        match &self.places[index] {
            Place::StandardOutput => self.standard_output = Some(bytes.to_vec()),
            // Given up by a signal meanwhile: the process is about to end.
            Place::File(..) if self.over => {}
            Place::File(claim, target) => self.claims[*claim].stage(target, bytes)?,
        }
        Ok(())
    }

    /// What a commit consists of.
    fn steps(&self) -> Vec<Step> {
        let claims = || 0..self.claims.len();
        let writes = |claim: &usize| !self.claims[*claim].renames.is_empty();
        let any = claims().any(|claim| writes(&claim));
        // The first one decides, and so it comes last.
        let records = claims().rev().filter(|claim| writes(claim) || any && *claim == 0);
        let mut steps: Vec<Step> = records.map(Step::Record).collect();
        let renames = |claim: usize| (0..self.claims[claim].renames.len()).map(move |index| Step::Rename(claim, index));
        steps.extend(claims().flat_map(renames));
        steps.extend(claims().filter(writes).map(Step::Sync));
        steps.extend(claims().map(|_| Step::Release));
        steps
    }

    fn perform(&mut self, step: Step) -> Result<(), FormatError> {
        match step {
            Step::Record(0) => {
                let members = self.claims[1..].iter().filter(|claim| !claim.renames.is_empty());
                let members: Vec<PathBuf> = members.map(|claim| claim.journal.clone()).collect();
                let members: Vec<Line<'_>> = members.iter().map(|path| Line::Member(path)).collect();
                self.claims[0].record(&members)?;
                self.claims.iter_mut().for_each(|claim| claim.left = true);
            }
            Step::Record(claim) => {
                let leader = self.claims[0].journal.clone();
                self.claims[claim].record(&[Line::Leader(&leader)])?;
            }
            Step::Rename(claim, index) => {
                let Claim { directory, renames, .. } = &self.claims[claim];
                let (from, to) = &renames[index];
                let (from, to) = (directory.join(from), directory.join(to));
                fs::rename(from, &to).map_err(|error| FormatError::io(&to, Action::Rename, &error))?;
            }
            Step::Sync(claim) => sync(&self.claims[claim].directory),
            Step::Release => {
                if let Some(mut claim) = self.claims.pop() {
                    claim.left = false;
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<Written, FormatError> {
        if self.over {
            return Ok(Written::default());
        }
        // What was made into something else in the meantime is found before anything is renamed.
        for place in &self.places {
            if let Place::File(_, target) = place {
                Target::of(&target.path())?;
            }
        }
        for step in self.steps() {
            self.perform(step)?;
        }
        self.over = true;
        let shown = |index: &usize| match &self.places[*index] {
            Place::File(_, target) => Some(target.shown.clone()),
            Place::StandardOutput => None,
        };
        let files = self.written.iter().filter_map(shown).collect();
        Ok(Written { files, standard_output: self.standard_output.take() })
    }

    /// Clears everything away, unless it was committed; returns whether it was not.
    fn give_up(&mut self) -> bool {
        if std::mem::replace(&mut self.over, true) {
            return false;
        }
        // What is decided stays for the next command to finish.
        let decided = self.claims.iter().any(|claim| claim.left);
        self.claims.clear();
        // Only what is empty goes: a directory that somebody else has put a file into stays.
        if let Some((path, Some(created))) = self.folder.take() {
            for directory in path.ancestors().take_while(|p| p.starts_with(&created)) {
                if fs::remove_dir(directory).is_err() {
                    break;
                }
            }
        }
        !decided
    }
}

#[cfg(test)]
mod tests;

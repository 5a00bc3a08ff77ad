//! The store of a study: what its runs gave, on disk as soon as they are done.
//!
//! A store is a directory. It owns
//! - `study.json`, the [`Recipe`]: enough to go on without the command that began;
//! - a file for each [`Shard`], `1-of-1.jsonl`, to which one process appends: a line for each program that was prepared
//!   and each run that finished, with its checksum behind a tab.
//!
//! A process that is killed loses the runs that were under way: of a line that was cut off, nothing is kept. Lines name
//! runs and programs by their place in the plan, and the head of each file has the digest of everything that the plan
//! follows from, so that results of one study are never taken for those of another.
//!
//! It deliberately knows no statistics, and merges nothing but rows in the order of the plan.

use crate::plan::Plan;
use crate::prepare::Records;
use crate::results::digest;
use crate::{Recipe, Row, StoreError, StudySpec};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// A part of the runs of a study: number `number` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

impl Shard {
    /// All runs.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Its runs, of `count`: neighbours, so that most programs are prepared for one shard only.
    pub fn runs(self, count: usize) -> Range<usize> {
        let start = |number: usize| (count as u128 * number as u128 / self.of as u128) as usize;
        start(self.number - 1)..start(self.number)
    }

    fn file(self) -> String {
        format!("{}-of-{}.jsonl", self.number, self.of)
    }
}

/// `2/7`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        let parts = text.split_once('/').and_then(|(own, of)| Some((number(own)?, number(of)?)));
        parts.filter(|(own, of)| (1..=*of).contains(own)).map(|(number, of)| Self { number, of }).ok_or_else(|| {
            format!("`{text}` is no shard: write its number, from 1, and how many there are, such as 2/7")
        })
    }
}

/// First line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    /// Digest of what the plan follows from.
    study: String,
    shard: Shard,
    /// Runs of the whole study.
    runs: usize,
}

/// A line of a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Head(Head),
    Program(usize, Box<Records>),
    Run(usize, Vec<Row>),
}

/// What a store has of a study.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// For each program, what it left behind, if it was prepared.
    pub(crate) programs: Vec<Option<Records>>,
    /// For each run, its rows, if it is done.
    pub(crate) runs: Vec<Option<Vec<Row>>>,
}

impl Found {
    /// Nothing of a plan.
    pub(crate) fn nothing(plan: &Plan) -> Self {
        Self { programs: plan.programs.iter().map(|_| None).collect(), runs: vec![None; plan.run_count()] }
    }

    /// Runs that are done.
    pub(crate) fn done(&self) -> usize {
        self.runs.iter().flatten().count()
    }
}

/// How far the shards of a study are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Runs of the study, and how many are done.
    pub runs: usize,
    /// Runs that are done.
    pub done: usize,
    /// The shards that have a file: their runs, those done, and whether a process is at work on it.
    pub shards: Vec<ShardStatus>,
}

/// How far a shard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardStatus {
    /// Which.
    pub shard: Shard,
    /// Its runs.
    pub runs: usize,
    /// Those that are done.
    pub done: usize,
    /// A process is at work on it.
    pub running: bool,
}

/// The store of one study.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    recipe: Recipe,
    study: String,
}

const RECIPE: &str = "study.json";
const FORMAT: &str = "quenched-runs";
const VERSION: u32 = 1;

impl Store {
    /// Makes the store of a study in `directory`, or opens it if it is that of the same study.
    ///
    /// # Errors
    /// [`StoreError::Other`] if it is that of another study; files that cannot be read or written.
    pub fn create(directory: &Path, recipe: &Recipe, study: &StudySpec) -> Result<Self, StoreError> {
        if directory.join(RECIPE).exists() {
            let store = Self::open(directory)?;
            let new = digest_of(study);
            return if store.0.study == new {
                Ok(store.0)
            } else {
                Err(StoreError::Other { directory: directory.into() })
            };
        }
        let at = |error| StoreError::file(directory, error);
        std::fs::create_dir_all(directory).map_err(at)?;
        let text = serde_json::to_vec_pretty(recipe).expect("a recipe is plain data");
        formats::output::write_atomic(&directory.join(RECIPE), &text).map_err(StoreError::Write)?;
        Ok(Self { directory: directory.into(), recipe: recipe.clone(), study: digest_of(study) })
    }

    /// The store in `directory`, with its study.
    ///
    /// # Errors
    /// [`StoreError::None`] if there is none; what is wrong with its files.
    pub fn open(directory: &Path) -> Result<(Self, StudySpec), StoreError> {
        let path = directory.join(RECIPE);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::None { directory: directory.into() });
            }
            read => read.map_err(|error| StoreError::file(&path, error))?,
        };
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            file: path.clone(),
            line: error.line(),
            why: error.to_string(),
        };
        let recipe: Recipe = serde_json::from_slice(&bytes).map_err(damaged)?;
        let study = recipe.study().map_err(StoreError::Study)?;
        Ok((Self { directory: directory.into(), recipe, study: digest_of(&study) }, study))
    }

    /// How the study was asked for.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What all shards have, of the programs and runs of `plan`.
    pub(crate) fn read(&self, plan: &Plan) -> Result<Found, StoreError> {
        let mut found = Found::nothing(plan);
        for (shard, path) in Self::files(&self.directory)? {
            let mut file = File::open(&path).map_err(|error| StoreError::file(&path, error))?;
            self.read_file(&path, &mut file, shard, plan, &mut found)?;
        }
        Ok(found)
    }

    /// How far the study is.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn status(&self, study: &StudySpec) -> Result<Status, StoreError> {
        let plan = study.plan();
        let mut shards = Vec::new();
        for (shard, path) in Self::files(&self.directory)? {
            let mut file = File::open(&path).map_err(|error| StoreError::file(&path, error))?;
            let mut found = Found::nothing(&plan);
            self.read_file(&path, &mut file, shard, &plan, &mut found)?;
            let running = file.try_lock_shared().is_err();
            shards.push(ShardStatus { shard, runs: shard.runs(plan.run_count()).len(), done: found.done(), running });
        }
        Ok(Status { runs: plan.run_count(), done: self.read(&plan)?.done(), shards })
    }

    /// The shards that have a file, by number.
    fn files(directory: &Path) -> Result<Vec<(Shard, PathBuf)>, StoreError> {
        let at = |error| StoreError::file(directory, error);
        let mut all = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(at)? {
            let path = entry.map_err(at)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let shard: Option<Shard> =
                name.strip_suffix(".jsonl").and_then(|name| name.replacen("-of-", "/", 1).parse().ok());
            all.extend(shard.map(|shard| (shard, path.clone())));
        }
        all.sort_by_key(|(shard, _)| (shard.of, shard.number));
        Ok(all)
    }

    /// Adds what a file has to `found`; where its whole lines end.
    fn read_file(
        &self,
        path: &Path,
        file: &mut File,
        shard: Shard,
        plan: &Plan,
        found: &mut Found,
    ) -> Result<u64, StoreError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| StoreError::file(path, error))?;
        let mut end = 0;
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let damaged = |why: &str| StoreError::Damaged { file: path.into(), line: number + 1, why: why.into() };
            // Whoever wrote it was killed in the middle of it.
            let Some(line) = line.strip_suffix(b"\n") else { break };
            let checked = line.iter().rposition(|byte| *byte == b'\t').map(|tab| (&line[..tab], &line[tab + 1..]));
            let (text, sum) = checked.ok_or_else(|| damaged("it has no checksum"))?;
            if checksum(text).as_bytes() != sum {
                return Err(damaged("its checksum is wrong"));
            }
            match serde_json::from_slice(text).map_err(|error| damaged(&error.to_string()))? {
                Line::Head(head) if number == 0 => {
                    if head != self.head(shard, plan) {
                        return Err(StoreError::Other { directory: self.directory.clone() });
                    }
                }
                _ if number == 0 => return Err(damaged("it is not the head of a file of runs")),
                Line::Head(_) => return Err(damaged("a second head")),
                Line::Program(program, records) => {
                    let place =
                        found.programs.get_mut(program).ok_or_else(|| damaged("the study has no such program"))?;
                    *place = Some(*records);
                }
                Line::Run(run, mut rows) => {
                    let place = found.runs.get_mut(run).ok_or_else(|| damaged("the study has no such run"))?;
                    let planned = plan.run(run);
                    let ids = planned.conditions.task.ids();
                    if rows.len() != ids.len() {
                        return Err(damaged("it does not have a row for each task of its run"));
                    }
                    rows.iter_mut().zip(&ids).for_each(|(row, id)| row.point = planned.point.clone().of_task(id));
                    *place = Some(rows);
                }
            }
            end += line.len() as u64 + 1;
        }
        for (program, records) in plan.programs.iter().zip(&mut found.programs) {
            if let Some(records) = records {
                records.mapping.point = program.point.clone();
                for control in &mut records.controls {
                    control.point = program.point.clone().of_task(&control.task);
                }
            }
        }
        Ok(end)
    }

    fn head(&self, shard: Shard, plan: &Plan) -> Head {
        Head { format: FORMAT.into(), version: VERSION, study: self.study.clone(), shard, runs: plan.run_count() }
    }

    /// Opens the file of a shard to append to. Nobody else may have it open.
    pub(crate) fn append(&self, shard: Shard, plan: &Plan) -> Result<Appender, StoreError> {
        let path = self.directory.join(shard.file());
        let at = |error| StoreError::file(&path, error);
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(at)?;
        if file.try_lock().is_err() {
            return Err(StoreError::Busy { file: path });
        }
        let end = self.read_file(&path, &mut file, shard, plan, &mut Found::nothing(plan))?;
        // What a killed process had begun to write.
        file.set_len(end).map_err(at)?;
        file.seek(SeekFrom::End(0)).map_err(at)?;
        let mut appender = Appender { file, path, synced: Instant::now() };
        if end == 0 {
            appender.line(&Line::Head(self.head(shard, plan)))?;
        }
        Ok(appender)
    }

    /// Takes the store away.
    ///
    /// # Errors
    /// As [`Store::discard`].
    pub fn remove(self) -> Result<(), StoreError> {
        Self::discard(&self.directory)
    }

    /// Takes away the store in `directory`, whatever study it is of. Files that are not of a store stay.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if a process is at work on it; files that cannot be removed.
    pub fn discard(directory: &Path) -> Result<(), StoreError> {
        let files = Self::files(directory)?;
        for (_, path) in &files {
            let file = File::open(path).map_err(|error| StoreError::file(path, error))?;
            if file.try_lock().is_err() {
                return Err(StoreError::Busy { file: path.clone() });
            }
        }
        let recipe = directory.join(RECIPE);
        for path in files.into_iter().map(|(_, path)| path).chain(recipe.exists().then_some(recipe)) {
            std::fs::remove_file(&path).map_err(|error| StoreError::file(&path, error))?;
        }
        // Where something else is in it, it stays.
        let _ = std::fs::remove_dir(directory);
        Ok(())
    }
}

/// The file of a shard, open to append to.
pub(crate) struct Appender {
    file: File,
    path: PathBuf,
    synced: Instant,
}

/// How much of the work of a machine that loses its power may be lost. A process that is killed loses nothing.
const SYNC_EVERY: Duration = Duration::from_secs(2);

impl Appender {
    /// Keeps what a program leaves behind.
    pub(crate) fn program(&mut self, program: usize, records: &Records) -> Result<(), StoreError> {
        self.line(&Line::Program(program, Box::new(records.clone())))
    }

    /// Keeps the rows of a run.
    pub(crate) fn run(&mut self, run: usize, rows: &[Row]) -> Result<(), StoreError> {
        self.line(&Line::Run(run, rows.to_vec()))
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).expect("rows are plain data");
        let sum = checksum(&text);
        text.push(b'\t');
        text.extend_from_slice(sum.as_bytes());
        text.push(b'\n');
        // In one write, so that a line is there or is cut off at its end.
        let mut written = self.file.write_all(&text);
        if self.synced.elapsed() > SYNC_EVERY {
            written = written.and_then(|()| self.file.sync_data());
            self.synced = Instant::now();
        }
        written.map_err(|error| StoreError::file(&self.path, error))
    }

    /// Waits until everything is on the disk.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|error| StoreError::file(&self.path, error))
    }
}

fn checksum(text: &[u8]) -> String {
    digest(text)[..8].into()
}

/// The digest of everything that the plan and the results of a study follow from.
fn digest_of(study: &StudySpec) -> String {
    let mut text = format!("{} {}\n", env!("CARGO_PKG_VERSION"), VERSION);
    let mut part = |what: &str| {
        text.push_str(&format!("{}:{what}\n", what.len()));
    };
    part(&study.text);
    study.changes.iter().for_each(|change| part(change));
    for arm in &study.arms {
        part(&arm.base.chip.text);
        for task in &arm.tasks {
            task.own.iter().flat_map(|own| &own.files).for_each(|file| part(&file.digest));
        }
    }
    digest(text.as_bytes())
}

#[cfg(test)]
mod tests;

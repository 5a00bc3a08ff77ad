//! A study as it was asked for: its file, and what the command line changed.
//!
//! Owns what it takes to read the same study again, so that an interrupted one can go on. It deliberately runs nothing.

use crate::read::Set;
use crate::{StudySpec, read};
use formats::FormatErrors;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A study file and what shall be different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its path, for errors.
    pub name: String,
    /// Where chip files and data are looked for.
    pub directory: PathBuf,
    /// Its text.
    pub text: String,
    /// Keys that have other values.
    pub sets: Vec<Set>,
    /// Whether it is made smaller, for a first look.
    pub quick: bool,
    /// Another root of everything that is drawn.
    pub seed: Option<u64>,
    /// Another number of networks.
    pub networks: Option<u32>,
    /// Another number of dies.
    pub dies: Option<u32>,
}

impl Recipe {
    /// Of the study file at `path`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_file(path: &Path) -> Result<Self, FormatErrors> {
        let text = formats::text::read_text(path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The study may go on from another directory.
        let directory = std::path::absolute(parent).unwrap_or_else(|_| parent.to_owned());
        Ok(Self { name: path.display().to_string(), directory, text, ..Self::default() })
    }

    /// Of a study that is shipped, with its name and text.
    pub fn shipped(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// The study.
    ///
    /// # Errors
    /// Everything that is wrong with its file, with what was set, or with a file that it names.
    pub fn study(&self) -> Result<StudySpec, FormatErrors> {
        let mut study = read::read_with(&self.text, &self.name, &self.directory, &self.sets)?;
        if self.quick {
            study.quicken();
        }
        if let Some(seed) = self.seed {
            study.set_seed(seed);
        }
        if let Some(networks) = self.networks {
            study.set_networks(networks);
        }
        if let Some(dies) = self.dies {
            study.set_dies(dies);
        }
        Ok(study)
    }

    /// The command that gives the same results: what only changes speed or place is left out.
    pub fn command(&self) -> String {
        let mut command = String::from("quenched study");
        if self.text != read::DEFAULT {
            command.push_str(&format!(" {}", self.name));
        }
        for (key, value) in &self.sets {
            let quote = if value.contains([' ', '[', '{', '"', '*']) { "'" } else { "" };
            command.push_str(&format!(" --set {key}={quote}{value}{quote}"));
        }
        if self.quick {
            command.push_str(" --quick");
        }
        for (flag, value) in [("networks", self.networks), ("dies", self.dies)] {
            value.into_iter().for_each(|value| command.push_str(&format!(" --{flag} {value}")));
        }
        if let Some(seed) = self.seed {
            command.push_str(&format!(" --seed {seed}"));
        }
        command
    }
}

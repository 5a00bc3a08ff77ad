//! The outputs of a command, as the command line names them.
//!
//! Owns what a command does with the transaction of its outputs: `-`, which is standard output and leaves the report to
//! standard error, and Ctrl-C, which gives everything up.

use crate::errors::HostError;
use crate::interrupt::on_interrupt;
use crate::output::{note, print, print_bytes};
use formats::output::{Abandon, OutputId, STANDARD_OUTPUT, Transaction};
use std::path::{Path, PathBuf};

/// What a command writes, until its end.
pub(crate) struct Outputs {
    transaction: Transaction,
    /// The report is JSON on standard output.
    json: bool,
    /// Files that were finished for killed commands and told of.
    told: usize,
}

/// What a command has written.
#[derive(Default)]
pub(crate) struct Done {
    /// Names of the files.
    pub(crate) files: Vec<String>,
    standard_output: Option<Vec<u8>>,
}

impl Outputs {
    /// The outputs of this process, whose report is JSON or not.
    pub(crate) fn new(json: bool) -> Self {
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        let command = [String::from("quenched")].into_iter().chain(words).collect::<Vec<_>>().join(" ");
        Self { transaction: Transaction::new(command), json, told: 0 }
    }

    /// Ctrl-C, or a request to end, gives the outputs up and ends the process.
    pub(crate) fn give_up_on_interrupt(&self) {
        let outputs = self.abandon();
        // Without a handler Ctrl-C ends the process as well; the next command then clears away what is left.
        on_interrupt(move || {
            if outputs.now() {
                note("\ninterrupted; nothing was written");
            }
            std::process::exit(130);
        });
    }

    /// Gives the outputs up from elsewhere.
    pub(crate) fn abandon(&self) -> Abandon {
        self.transaction.abandon()
    }

    /// Says that no output may replace these files.
    pub(crate) fn reads<'a>(&mut self, paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), HostError> {
        // Nothing that is written replaces standard input.
        let files = paths.into_iter().filter(|path| path.as_os_str() != formats::STANDARD_INPUT);
        files.into_iter().try_for_each(|path| Ok(self.transaction.reads(path)?))
    }

    /// Says that no output may replace a file that was read so far.
    pub(crate) fn reads_all_so_far(&mut self) -> Result<(), HostError> {
        Ok(self.transaction.reads_all_so_far()?)
    }

    /// Claims the file that `option` names.
    pub(crate) fn file(&mut self, option: &str, path: &Path) -> Result<OutputId, HostError> {
        Ok(self.files(option, &[path.to_owned()])?[0])
    }

    /// Claims the files that `option` names.
    pub(crate) fn files(&mut self, option: &str, paths: &[PathBuf]) -> Result<Vec<OutputId>, HostError> {
        if self.json && paths.iter().any(|path| path.as_os_str() == STANDARD_OUTPUT) {
            return Err(HostError::Usage {
                message: format!("`{option} -` and `--json` would both write to standard output"),
                help: Some("give the file a name, or leave `--json` out".into()),
            });
        }
        let files = self.transaction.files(paths)?;
        self.tell();
        Ok(files)
    }

    /// Claims the directory `path`, in which the files `names` will be for certain.
    pub(crate) fn folder(&mut self, path: &Path, names: &[&str]) -> Result<(), HostError> {
        self.transaction.folder(path, names)?;
        self.tell();
        Ok(())
    }

    /// Says what was finished for commands that were killed.
    fn tell(&mut self) {
        let finished = self.transaction.finished();
        for file in &finished[self.told..] {
            note(&format!("{}: written, as a command that was killed had begun to", file.display()));
        }
        self.told = finished.len();
    }

    /// Writes an output; it appears with the others, at the end.
    pub(crate) fn write(&mut self, id: OutputId, bytes: &[u8]) -> Result<(), HostError> {
        Ok(self.transaction.write(id, bytes)?)
    }

    /// Writes a file of the folder; it appears with the others, at the end.
    pub(crate) fn write_in_folder(&mut self, name: &str, bytes: &[u8]) -> Result<(), HostError> {
        Ok(self.transaction.write_in_folder(name, bytes)?)
    }

    /// Gives everything its name.
    pub(crate) fn commit(self) -> Result<Done, HostError> {
        let written = self.transaction.commit()?;
        let files = written.files.iter().map(|path| path.display().to_string()).collect();
        Ok(Done { files, standard_output: written.standard_output })
    }
}

impl Done {
    /// Prints the output that is standard output, and the report.
    pub(crate) fn print(&self, report: &str) -> Result<(), HostError> {
        match &self.standard_output {
            Some(bytes) => {
                print_bytes(bytes)?;
                note(report.trim_end());
                Ok(())
            }
            None => print(report),
        }
    }

    /// The last lines of a report: what was written.
    pub(crate) fn text(&self) -> String {
        let lines: String = self.files.iter().map(|file| format!("  {file}\n")).collect();
        if lines.is_empty() { lines } else { format!("\nWritten:\n{lines}") }
    }
}

//! Replays of folders with recordings, for the tests of each kind of core.

use conform::{CaseResult, Outcome};
use std::path::{Path, PathBuf};

/// Replays all cases of a folder; how many there were.
pub(crate) fn replay(folder: &Path) -> usize {
    let report = conform::run(&[folder.to_owned()]);
    for case in &report.cases {
        assert!(matches!(case.result, CaseResult::Compared(Outcome::Pass { .. })), "{}", case.text(0));
    }
    report.cases.len()
}

/// The root of the repository.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

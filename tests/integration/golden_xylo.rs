//! Recorded traces of Xylo are met.

use conform::{CaseResult, Outcome};
use std::path::{Path, PathBuf};

/// Replays all cases of a folder; how many there were.
fn replay(folder: &Path) -> usize {
    let report = conform::run(&[folder.to_owned()]);
    for case in &report.cases {
        assert!(matches!(case.result, CaseResult::Compared(Outcome::Pass { .. })), "{}", case.text(0));
    }
    report.cases.len()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn recorded_traces_are_met() {
    assert!(replay(&workspace().join("tests/golden/xylo")) >= 5);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_traces_of_the_shared_folder_are_met() {
    let folder = workspace().join("../shared/golden/xylo");
    if folder.is_dir() {
        assert!(replay(&folder) > 0);
    } else {
        eprintln!("skipped: there is no {}", folder.display());
    }
}

//! Recorded graphs of trained nets are met, and those that must be refused are.

use crate::golden::{replay, workspace};
use conform::{CaseResult, Outcome};

#[test]
fn recorded_graphs_are_met() {
    assert!(replay(&workspace().join("tests/golden/nir")) >= 12);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_graphs_of_the_shared_folder_are_met() {
    let folder = workspace().join("../shared/golden/nir");
    if folder.is_dir() {
        assert!(replay(&folder) > 0);
    } else {
        eprintln!("skipped: there is no {}", folder.display());
    }
}

/// A case whose recording is changed fails: a spike, and a voltage by more than its tolerance.
#[test]
fn changed_recordings_are_not_met() {
    let folder = tempfile::tempdir().unwrap();
    let from = workspace().join("tests/golden/nir/sinabs_tie");
    for extension in ["nir", "npz"] {
        let name = format!("changed.{extension}");
        std::fs::copy(from.with_extension(extension), folder.path().join(name)).unwrap();
    }
    let json = std::fs::read_to_string(from.with_extension("json")).unwrap();
    let changed = json.replace("\"compare\": \">=\"", "\"compare\": \">\"");
    assert_ne!(json, changed);
    std::fs::write(folder.path().join("changed.json"), changed).unwrap();
    let report = conform::run(&[folder.path().to_owned()]);
    assert!(matches!(report.cases[0].result, CaseResult::Compared(Outcome::Fail(_))), "{}", report.text());
}

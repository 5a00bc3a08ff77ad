//! Recorded traces of Xylo are met.

use crate::golden::{replay, workspace};

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

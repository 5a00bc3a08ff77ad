//! The house rules that no compiler checks: edges between crates, module docs, provenance, stray marks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which of our crates each of our crates may use. A new edge is a change of architecture: it belongs here and in
/// ARCHITECTURE.md, with the reason.
const EDGES: &[(&str, &[&str])] = &[
    ("quenched-units", &[]),
    ("quenched-fx", &["units"]),
    ("quenched-disorder", &["fx", "units"]),
    ("quenched-chip", &["disorder", "fx", "units"]),
    ("quenched-network", &["chip", "disorder", "fx", "units"]),
    ("quenched-device-models", &["chip", "disorder", "fx", "network", "units"]),
    ("quenched-router", &["chip", "device-models", "fx", "units"]),
    ("quenched-emulator", &["chip", "device-models", "disorder", "fx", "router", "units"]),
    ("quenched-mapper", &["chip", "device-models", "fx", "network", "router", "units"]),
    ("quenched-session", &["chip", "device-models", "disorder", "emulator", "mapper", "network", "units"]),
    ("quenched-trace", &["chip", "emulator", "session", "units"]),
    (
        "quenched-facade",
        &["chip", "device-models", "emulator", "formats", "mapper", "network", "session", "trace", "units"],
    ),
    ("quenched-readout", &[]),
    ("quenched-tasks", &["disorder", "fx", "units"]),
    ("quenched-formats", &["chip", "device-models", "disorder", "fx", "network", "units"]),
    (
        "quenched-study",
        &[
            "chip",
            "device-models",
            "disorder",
            "emulator",
            "formats",
            "fx",
            "mapper",
            "network",
            "readout",
            "router",
            "session",
            "tasks",
            "units",
        ],
    ),
    ("quenched-conform", &["chip", "device-models", "emulator", "formats", "fx", "session", "units"]),
    ("quenched-report", &["study", "units"]),
];

/// Crates that may not contain a float, a clock, a thread or a file.
const KERNEL: &[&str] = &[
    "crates/units",
    "crates/fx",
    "crates/disorder",
    "crates/chip",
    "crates/router",
    "crates/emulator",
    "device-models",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the workspace").to_owned()
}

/// All files below the root that belong to the project, as paths relative to it.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    fn walk(dir: &Path, extensions: &[&str], out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !(name == "target" || name == ".git" || name.starts_with("quenched-out")) {
                    walk(&path, extensions, out);
                }
            } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    walk(&root(), extensions, &mut out);
    out
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[track_caller]
fn assert_none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n{}", offenders.join("\n"));
}

#[test]
fn crates_use_only_the_edges_of_the_architecture() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<&str, BTreeSet<String>> =
        EDGES.iter().map(|(name, edges)| (*name, edges.iter().map(|e| format!("quenched-{e}")).collect())).collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(edges) = allowed.get(name) else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let ours = other == "quenched" || other.starts_with("quenched-");
            if ours && dependency["kind"].is_null() && !edges.contains(other) {
                wrong.push(format!("{name} -> {other}"));
            }
        }
    }
    assert_none("edges that the architecture does not have", &wrong);
}

#[test]
fn kernel_crates_are_no_std_and_without_floats() {
    let mut wrong = Vec::new();
    for directory in KERNEL {
        let lib = read(&root().join(directory).join("src/lib.rs"));
        for needed in ["#![no_std]", "#![deny(clippy::float_arithmetic)]"] {
            if !lib.contains(needed) {
                wrong.push(format!("{directory}/src/lib.rs lacks {needed}"));
            }
        }
    }
    assert_none("kernel crates", &wrong);
}

#[test]
fn every_source_file_says_what_it_owns() {
    let offenders: Vec<String> = files(&["rs"])
        .iter()
        .filter(|path| !read(path).starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert_none("files that do not begin with a module doc", &offenders);
}

#[test]
fn no_stray_marks() {
    // Spelt in two halves, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("place", "holder")];
    // Folders of one machine, which no other has.
    let machine = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/tm", "p/")];
    let mut offenders = Vec::new();
    for path in files(&["rs", "md", "toml", "html"]) {
        for (number, line) in read(&path).lines().enumerate() {
            let spot = || format!("{}:{}: {line}", path.display(), number + 1);
            if line.ends_with([' ', '\t']) || line.contains('\t') {
                offenders.push(spot());
            }
            if marks.iter().chain(&machine).any(|mark| line.contains(mark)) {
                offenders.push(spot());
            }
            // Code is the formatter's; it leaves comments alone.
            let is_comment = line.trim_start().starts_with("//") && !line.contains("https://");
            if path.extension().is_some_and(|e| e == "rs") && is_comment && line.chars().count() > 120 {
                offenders.push(spot());
            }
        }
    }
    assert_none("trailing or tab space, long lines, marks of unfinished work, or paths of one machine", &offenders);
}

#[test]
fn every_format_has_a_page() {
    for format in ["chip", "network", "events", "traces", "program", "study", "golden", "sensors"] {
        let page = root().join("docs/formats").join(format!("{format}.md"));
        assert!(page.is_file(), "{} is missing", page.display());
    }
}

/// What differs from one kind of router to the next is asked of the kind.
#[test]
fn few_crates_name_a_kind_of_router() {
    // The types; who fills them; who reads them; files; and replays, which build chips and programs of their own.
    let may = ["crates/chip", "crates/mapper", "crates/router", "crates/formats", "crates/conform"];
    let names = |line: &str| line.contains("RouterSpec::") || line.contains("Routing::");
    let mut offenders = Vec::new();
    for path in files(&["rs"]) {
        let relative = path.strip_prefix(root()).unwrap();
        let source =
            relative.starts_with("crates") || relative.starts_with("device-models") || relative.starts_with("tools");
        let is_test = relative.to_string_lossy().contains("test");
        if source
            && !is_test
            && !may.iter().any(|folder| relative.starts_with(folder))
            && read(&path).lines().any(names)
        {
            offenders.push(path.display().to_string());
        }
    }
    assert_none("files that name a kind of router", &offenders);
}

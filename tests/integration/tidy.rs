//! The house rules that no compiler checks: edges between crates, module docs, provenance, stray marks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates that may not contain a float, a clock, a thread or a file, nor depend on one that does.
const KERNEL: &[&str] = &[
    "crates/units",
    "crates/fx",
    "crates/disorder",
    "crates/chip",
    "crates/router",
    "crates/emulator",
    "crates/simd",
    "device-models",
];

/// What a kernel crate may use besides our own; each can do without std, and is used so.
const KERNEL_DEPENDENCIES: &[&str] =
    &["bitvec", "cpufeatures", "fixed", "heapless", "rand", "rand_xoshiro", "serde", "thiserror"];

/// Where a router kind may be named: by who owns it, and where files and oracles spell it out.
const NAME_ROUTERS: &[&str] =
    &["crates/chip/", "crates/router/", "crates/mapper/", "crates/formats/", "tests/", "benches/"];

/// Who runs an emulator tick by tick; everybody else has a session do it.
const RUN_EMULATORS: &[&str] = &["crates/emulator/", "crates/session/", "tests/", "benches/"];

/// The longest source file, in lines. A table may be longer, and is named with its reason.
const LINES_MAX: usize = 500;

/// Files that are longer because they are tables.
const TABLES: &[&str] = &[];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the workspace").to_owned()
}

/// All files below the root that belong to the project, as paths relative to it.
pub(crate) fn files(extensions: &[&str]) -> Vec<PathBuf> {
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

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[track_caller]
pub(crate) fn assert_none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n{}", offenders.join("\n"));
}

/// The crate map of ARCHITECTURE.md: by directory, the names of the crates that it may use.
fn crate_map() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let map = cells.filter(|cells| cells.len() == 4).map(|cells| {
        let names = cells[2].split(',').map(|name| name.trim().to_owned());
        (cells[0].trim_matches('`').to_owned(), names.filter(|name| name != "nothing of ours").collect())
    });
    map.collect()
}

/// The packages of the workspace, each with its directory.
fn packages() -> Vec<(String, serde_json::Value)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let directory = |package: &serde_json::Value| {
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let directory = manifest.parent().unwrap().strip_prefix(root()).unwrap();
        directory.to_string_lossy().replace('\\', "/")
    };
    metadata["packages"].as_array().unwrap().iter().map(|p| (directory(p), p.clone())).collect()
}

/// The dependencies of a package that become part of it or of its build, those for its tests left out.
fn dependencies(package: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"] != "dev")
}

#[test]
fn crates_use_only_the_edges_of_the_architecture() {
    let (map, packages) = (crate_map(), packages());
    assert!(map.len() > 10, "the crate map of ARCHITECTURE.md was not found: {map:?}");
    let ours: BTreeMap<&str, &str> =
        packages.iter().map(|(directory, p)| (p["name"].as_str().unwrap(), directory.as_str())).collect();
    let mut wrong = Vec::new();
    for (directory, package) in &packages {
        let Some(allowed) = map.get(directory) else {
            wrong.push(format!("{directory} has no row in the crate map"));
            continue;
        };
        for dependency in dependencies(package) {
            let Some(other) = ours.get(dependency["name"].as_str().unwrap()) else { continue };
            let name = other.rsplit('/').next().unwrap();
            if !allowed.contains(name) {
                wrong.push(format!("{directory} -> {name}"));
            }
        }
        for name in allowed {
            let used = dependencies(package).filter_map(|d| ours.get(d["name"].as_str().unwrap()));
            if !used.map(|other| other.rsplit('/').next().unwrap()).any(|other| other == name) {
                wrong.push(format!("{directory} may use {name} and does not: strike it from the crate map"));
            }
        }
    }
    let known: BTreeSet<&str> = ours.values().copied().collect();
    wrong.extend(map.keys().filter(|d| !known.contains(d.as_str())).map(|d| format!("{d} is no crate")));
    assert_none("edges that the crate map of ARCHITECTURE.md does not have, or has in vain", &wrong);
}

#[test]
fn kernel_crates_are_no_std_and_without_floats() {
    let (mut wrong, packages) = (Vec::new(), packages());
    let names: BTreeMap<&str, &str> =
        packages.iter().map(|(directory, p)| (p["name"].as_str().unwrap(), directory.as_str())).collect();
    for directory in KERNEL {
        let lib = read(&root().join(directory).join("src/lib.rs"));
        for needed in ["#![no_std]", "#![deny(clippy::float_arithmetic)]"] {
            if !lib.contains(needed) {
                wrong.push(format!("{directory}/src/lib.rs lacks {needed}"));
            }
        }
        let (_, package) = packages.iter().find(|(d, _)| d == directory).expect("a kernel crate is a package");
        for dependency in dependencies(package) {
            let name = dependency["name"].as_str().unwrap();
            match names.get(name) {
                Some(other) if KERNEL.contains(other) => {}
                Some(other) => wrong.push(format!("{directory} uses {other}, which is no kernel crate")),
                None if !KERNEL_DEPENDENCIES.contains(&name) => wrong.push(format!("{directory} uses {name}")),
                None if dependency["uses_default_features"] == true => {
                    wrong.push(format!("{directory} uses {name} with its default features"));
                }
                None => {}
            }
        }
    }
    assert_none("kernel crates", &wrong);
}

/// The lines of a source file that are code of the crate: no comments, no tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Where source files outside of `allowed` contain one of `words`.
fn places_of(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(&["rs"]) {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        if allowed.iter().any(|start| name.starts_with(start))
            || name.contains("/tests/")
            || name.ends_with("/tests.rs")
        {
            continue;
        }
        let text = read(&path);
        let hits = code(&text).filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.extend(hits.map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim())));
    }
    found
}

#[test]
fn router_kinds_are_named_by_their_owners_only() {
    let kinds = ["Ideal", "TagCam", "Axon", "Xylo", "Crossbar"];
    let names =
        ["RouterSpec", "RouterKind", "Routing"].iter().flat_map(|name| kinds.map(|kind| format!("{name}::{kind}")));
    let names: Vec<String> = names.collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_none("a router kind is named; ask the router or the mapper instead", &places_of(&names, NAME_ROUTERS));
}

#[test]
fn ticks_are_looped_over_in_one_place() {
    assert_none(
        "an emulator is run without a session",
        &places_of(&["Emulator::", "emulator.run_until("], RUN_EMULATORS),
    );
}

#[test]
fn no_file_is_crowded() {
    let mut crowded = Vec::new();
    for path in files(&["rs"]) {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let lines = read(&path).lines().count();
        if lines > LINES_MAX && !TABLES.contains(&name.as_str()) {
            crowded.push(format!("{name}: {lines} lines"));
        }
    }
    assert_none("files of more lines than one can keep in mind", &crowded);
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
    for format in [
        "chip",
        "network",
        "events",
        "traces",
        "program",
        "study",
        "results",
        "golden",
        "sensors",
        "placement",
        "labelled",
        "netx",
        "series",
        "measured-die",
        "activity",
        "json",
        "lockstep",
        "nir",
    ] {
        let page = root().join("docs/formats").join(format!("{format}.md"));
        assert!(page.is_file(), "{} is missing", page.display());
    }
}

#[test]
fn toml_files_are_of_version_1_0() {
    // A table or key within braces on several lines, and a comma behind the last entry, are of version 1.1.
    let mut offenders = Vec::new();
    for path in files(&["toml"]) {
        let text = read(&path);
        for place in braces_over_lines(&text) {
            offenders.push(format!("{}: {place}", path.display()));
        }
    }
    assert_none("inline tables that TOML 1.0 does not have", &offenders);
    assert_eq!(braces_over_lines("a = { b = '{', c = \"}\" } # {\n[d]\ne = { f = 1,\n}\ng = { h = 1, }"), [3, 5]);
}

/// The lines of `text` on which an inline table goes on in the next, or ends with a comma.
fn braces_over_lines(text: &str) -> Vec<usize> {
    let (mut found, mut depth, mut quote) = (Vec::new(), 0usize, String::new());
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let mut step = c.len_utf8();
            if !quote.is_empty() {
                match () {
                    () if quote.starts_with('"') && c == '\\' => {
                        step += rest[1..].chars().next().map_or(0, char::len_utf8)
                    }
                    () if rest.starts_with(&quote) => step = std::mem::take(&mut quote).len(),
                    () => {}
                }
            } else if let Some(open) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|open| rest.starts_with(open)) {
                (quote, step) = (open.into(), open.len());
            } else if c == '#' {
                break;
            } else if c == '{' {
                depth += 1;
            } else if c == '}' {
                depth = depth.saturating_sub(1);
            } else if c == ',' && depth > 0 && rest[1..].trim_start().starts_with('}') {
                found.push(number + 1);
            }
            rest = &rest[step..];
        }
        if depth > 0 && quote.is_empty() {
            found.push(number + 1);
            depth = 0;
        }
    }
    found
}

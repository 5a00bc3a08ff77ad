//! `quenched conform`.

use crate::Sandbox;
use snapbox::file;
use snapbox::str;
use std::path::{Path, PathBuf};

/// A recording of the repository.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

/// A sandbox with copies of recordings: (name in the repository, name in the sandbox).
fn sandbox(cases: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (from, to) in cases {
        let to = sandbox.path().join(to);
        std::fs::create_dir_all(to.parent().expect("it is in the sandbox")).expect("a folder in the sandbox");
        for extension in ["json", "npz"] {
            let bytes = std::fs::read(golden(from).with_extension(extension)).expect(from);
            std::fs::write(to.with_extension(extension), bytes).expect("a file in the sandbox");
        }
    }
    sandbox
}

/// A sandbox in which one recording passes, one differs, and one is cut off.
fn mixed() -> Sandbox {
    let sandbox = sandbox(&[
        ("loihi/loihi2_lif", "cases/chip"),
        ("loihi/loihi2_lif", "cases/differs"),
        ("loihi/l07_one_bit", "cases/cut"),
        ("loihi/n11_u_overflow", "cases/more/overflows"),
    ]);
    // Another threshold: the recorded neuron fires where the replayed one does not.
    let json = sandbox.read("cases/differs.json");
    let changed = json.replacen("\"vth\": 25", "\"vth\": 30", 1);
    assert_ne!(json, changed);
    sandbox.file("cases/differs.json", changed);
    let archive = std::fs::read(sandbox.path().join("cases/cut.npz")).expect("the archive");
    sandbox.file("cases/cut.npz", &archive[..archive.len() / 2]);
    sandbox.file("cases/other.json", "{\"format\": \"something-else\"}");
    sandbox
}

#[test]
fn recordings_that_are_met() {
    let sandbox = sandbox(&[("loihi/loihi2_lif", "chip"), ("loihi/n11_u_overflow", "overflows")]);
    sandbox.quenched(&["conform", "."]).success().stdout_eq(file!["snapshots/conform.txt"]).stderr_eq(str![""]);
    // The archive stands for the description beside it.
    let one = sandbox.prints(&["conform", "chip.npz", "--quiet"]);
    assert!(one.starts_with("pass  chip.json  ") && one.ends_with("2000 values compared\n"), "{one}");
}

#[test]
fn the_first_difference_is_shown_in_full() {
    let sandbox = mixed();
    sandbox
        .quenched(&["conform", "cases", "--quiet"])
        .code(1)
        .stdout_eq(file!["snapshots/conform-mixed.txt"])
        .stderr_eq(str![[r#"
error: 1 of 5 golden cases differ from their replay, and 1 cannot be replayed

"#]]);
}

#[test]
fn reports_for_programs() {
    let sandbox = mixed();
    let output = sandbox.quenched(&["conform", "cases", "--json", "--junit", "junit.xml"]).code(1);
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    assert_eq!(json["format"], "quenched-conform/1");
    let results: Vec<&str> =
        json["cases"].as_array().expect("cases").iter().filter_map(|case| case["result"].as_str()).collect();
    assert_eq!(results, ["pass", "error", "fail", "pass", "skip"]);
    let difference = &json["cases"][2]["difference"];
    assert_eq!((&difference["key"], &difference["neuron"]), (&"v_probe".into(), &0.into()));
    assert_eq!(json["cases"][3]["overflows"][0]["register"], "current");
    snapbox::assert_data_eq!(sandbox.read("junit.xml"), file!["snapshots/conform-junit.xml"]);
    // Nothing else is left beside it.
    let names = std::fs::read_dir(sandbox.path()).expect("the sandbox").count();
    assert_eq!(names, 2);
}

#[test]
fn overflows_are_errors_on_request() {
    let sandbox = sandbox(&[("loihi/loihi2_lif", "chip"), ("loihi/n11_u_overflow", "overflows")]);
    sandbox
        .quenched(&["conform", "chip.json", "overflows.json", "--strict-overflows"])
        .code(1)
        .stdout_eq(file!["snapshots/conform-strict.txt"]);
    sandbox.prints(&["conform", "chip.json", "--strict-overflows"]);
}

#[test]
fn what_is_not_there_is_an_error_with_a_hint() {
    let sandbox = sandbox(&[("loihi/loihi2_lif", "chip")]);
    sandbox.file("other.json", "{\"format\": \"neuro-golden/9\"}");
    std::fs::create_dir(sandbox.path().join("empty")).expect("a folder in the sandbox");
    sandbox
        .quenched(&["conform", "chp.json", "nowhere/at/all", "empty", "other.json", "chip.json"])
        .code(1)
        .stdout_eq(file!["snapshots/conform-missing.txt"]);
    let text = sandbox.fails(2, &["conform"]);
    assert!(text.contains("<PATH>..."), "{text}");
    let text = sandbox.fails(2, &["conform", "chip.json", "--strict"]);
    assert!(text.contains("--strict-overflows"), "{text}");
    // A report that cannot be written is an error of its own, and the lines of the cases are still there.
    let output = sandbox.quenched(&["conform", "chip.json", "--junit", "no/junit.xml"]).code(1);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.starts_with("error: no/junit.xml: cannot be written: there is no such file"), "{error}");
}

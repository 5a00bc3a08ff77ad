//! `quenched report`: the page that the study wrote, from what it left behind, and nothing from anything else.

use crate::Sandbox;
use crate::study::STUDY;

/// A study with controls and a network that was tuned, in `out`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("study.toml", STUDY);
    let tune = "tune={ \"reservoir.recurrent_weight\" = [0.05, 0.1] }";
    let args = ["--set", "controls=[\"filters\"]", "--set", tune, "--set", "mechanism=true", "--networks", "2"];
    sandbox.prints(&[&["study", "study.toml", "--quiet", "--out", "out"][..], &args].concat());
    sandbox
}

#[test]
fn the_page_of_a_study_is_made_anew() {
    let sandbox = sandbox();
    let page = sandbox.read("out/report.html");
    let tables = ["results.csv", "controls.csv", "tuning.csv", "manifest.json"];
    let before = tables.map(|name| sandbox.read(&format!("out/{name}")));
    std::fs::remove_file(sandbox.path().join("out/report.html")).expect("a page");
    let text = sandbox.prints(&["report", "out"]);
    assert!(text.starts_with("Smallest study: 12 rows\n") && text.contains("report.html"), "{text}");
    assert!(sandbox.read("out/report.html") == page, "the page is not the one that the study wrote");
    sandbox.prints(&["report", "out", "--out", "page.html"]);
    assert!(sandbox.read("page.html") == page);
    assert!(sandbox.prints(&["report", "out", "--out", "-"]) == page);
    let json = sandbox.json(&["report", "out", "--json"]);
    assert_eq!((&json["rows"], json["files"].as_array().map(Vec::len)), (&12.into(), Some(1)));
    assert_eq!(tables.map(|name| sandbox.read(&format!("out/{name}"))), before);
    // What it is made of can be elsewhere, and of the study nothing else is needed.
    std::fs::rename(sandbox.path().join("out"), sandbox.path().join("moved")).expect("a folder");
    std::fs::remove_file(sandbox.path().join("study.toml")).expect("the study");
    sandbox.prints(&["report", "moved"]);
    assert!(sandbox.read("moved/report.html") == page);
    for figure in ["memory-capacity-float", "memory-capacity-changes", "memory-capacity-participation_ratio", "die-"] {
        assert!(page.contains(&format!("data-name=\"{figure}")), "no figure {figure}");
    }
}

#[test]
fn what_is_no_study_or_not_whole_is_refused_with_its_place() {
    let sandbox = sandbox();
    let text = sandbox.fails(1, &["report", "absent"]);
    assert!(text.contains("manifest.json") && text.contains("there is no such file"), "{text}");
    assert!(sandbox.fails(1, &["report", "study.toml"]).contains("manifest.json"));
    assert!(sandbox.fails(2, &["report", "out", "--out", "-", "--open"]).contains("`--out -` and `--open`"));
    let over = sandbox.fails(1, &["report", "out", "--out", "out/results.csv"]);
    assert!(over.contains("results.csv"), "{over}");
    let page = sandbox.read("out/report.html");
    let changed = |name: &str, change: &dyn Fn(&str) -> String, place: &str, message: &str| {
        let file = format!("out/{name}");
        let whole = sandbox.read(&file);
        sandbox.file(&file, change(&whole));
        let text = sandbox.fails(1, &["report", "out"]);
        sandbox.file(&file, &whole);
        assert!(text.contains(&format!("{name}:{place}")) && text.contains(message), "{place} {message}\n{text}");
        assert!(sandbox.read("out/report.html") == page, "a page of a study that is not whole");
    };
    let newer = |text: &str| text.replacen("\"version\": 2", "\"version\": 3", 1);
    changed("manifest.json", &newer, "3:3", "this file has version 3 of `quenched-manifest`");
    let older = |text: &str| text.replacen("\"version\": 2", "\"version\": 1", 1);
    changed("manifest.json", &older, "3:3", "make it again with this release");
    let other = |text: &str| text.replacen("quenched-manifest", "quenched-die", 1);
    changed("manifest.json", &other, "2:3", "a `quenched-manifest` file is needed");
    changed("manifest.json", &|text| text[..text.len() / 2].into(), "", "it was cut off");
    let lines = |text: &str, count: usize| text.split_inclusive('\n').take(count).collect::<String>();
    for name in ["results.csv", "tuning.csv", "controls.csv"] {
        changed(name, &|text| text[..text.len() - 9].into(), "", "it was cut off");
        changed(name, &|text| lines(text, 2), "1:1", "this is not the table that was written with `manifest.json`");
    }
    // The first such field of the tuning is the value of an axis, which may be any text.
    for name in ["results.csv", "controls.csv"] {
        changed(name, &|text| text.replacen(",0.", ",zero.", 1), "2:", "expected a number, found text");
    }
    changed("results.csv", &|text| text.replacen("chip_digest", "digest", 1), "1:6", "expected the columns");
    std::fs::remove_file(sandbox.path().join("out/controls.csv")).expect("a table");
    assert!(sandbox.fails(1, &["report", "out"]).contains("controls.csv"));
}

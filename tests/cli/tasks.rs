//! `quenched tasks`: the catalogue, a task, one's own series and data sets.

use crate::Sandbox;
use snapbox::file;

#[test]
fn the_catalogue_is_listed_and_filtered() {
    let sandbox = Sandbox::new();
    sandbox.quenched(&["tasks"]).success().stdout_eq(file!["snapshots/tasks.txt"]);
    let some = sandbox.prints(&["tasks", "--stimulus", "lorenz", "--family", "legendre"]);
    assert!(some.contains("lorenz/legendre-5/shift+40") && !some.contains("recall"), "{some}");
    let all = sandbox.json(&["tasks", "--json"]);
    let all = all.as_array().expect("tasks");
    assert!(all.len() > 300);
    let with_id = |id: &str| all.iter().find(|task| task["id"] == id).expect("a task");
    assert_eq!(with_id("japanese-vowels")["static"], true);
    assert_eq!(with_id("lorenz/product-5/shift-2")["reach"], serde_json::json!([3, 2]));
    assert!(sandbox.fails(2, &["tasks", "--stimulus", "lorentz"]).contains("did you mean `lorenz`?"));
    assert!(
        sandbox.fails(2, &["tasks", "--stimulus", "uniform", "--family", "narma"]).contains("no task of this family")
    );
}

#[test]
fn a_task_is_shown_drawn_and_written() {
    let sandbox = Sandbox::new();
    let id = "lorenz/legendre-3/shift+5";
    sandbox
        .quenched(&["tasks", id, "--plot", "a.svg", "--csv", "a.csv", "--samples", "30"])
        .success()
        .stdout_eq(file!["snapshots/tasks-one.txt"]);
    let csv = sandbox.read("a.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (31, "sample,u,lorenz/legendre-3/shift+5"));
    assert!(lines[5].ends_with(',') && !lines[6].ends_with(','), "{csv}");
    assert!(sandbox.read("a.svg").starts_with("<svg"));
    sandbox.quenched(&["tasks", "lorenz-xyz/product-of-0-2/shift+5", "--csv", "xyz.csv", "--samples", "9"]).success();
    assert!(sandbox.read("xyz.csv").starts_with("sample,u_0,u_1,u_2,lorenz-xyz/product-of-0-2/shift+5\n"));
    assert!(
        sandbox.fails(1, &["tasks", "lorenz/legendr-3/shift+5"]).contains("did you mean `lorenz/legendre-3/shift+5`?")
    );
    let refused = sandbox.fails(2, &["tasks", "japanese-vowels", "--csv", "b.csv"]);
    assert!(refused.contains("a set of utterances") && !sandbox.exists("b.csv"), "{refused}");
}

#[test]
fn ones_own_data_are_read_or_refused_with_their_place() {
    let sandbox = Sandbox::new();
    sandbox.file("mine.csv", "t,flow\n0,1\n1,2.5\n2,-1\n3,4\n");
    let rows = sandbox.prints(&["tasks", "recall/shift+1", "--series", "mine.csv", "--column", "t", "--csv", "-"]);
    assert!(
        rows.starts_with("sample,u,own/recall/shift+1\n0,-1,\n1,") && rows.ends_with("3,1,0.3333333332557231\n"),
        "{rows}"
    );
    let text = sandbox.fails(1, &["tasks", "recall/shift+1", "--series", "mine.csv"]);
    assert!(text.contains("there are several columns") && text.contains("`t`, `flow`"), "{text}");
    sandbox.file("wrong.csv", "flow\n1\nx\n");
    let text = sandbox.fails(1, &["tasks", "recall/shift+1", "--series", "wrong.csv"]);
    assert!(text.contains("--> wrong.csv:3:1"), "{text}");
    assert!(sandbox.fails(1, &["tasks", "recal/shift+1", "--series", "mine.csv"]).contains("functions are recall"));
    sandbox.file("r.ts", "A description\n@dimensions 1\n@targetLabel true\n@data\n1,2:3.5\n2:4\n");
    assert_eq!(sandbox.json(&["tasks", "r.ts", "--json"])["targets"], serde_json::json!([3.5, 4.0]));
    sandbox.file("w.ts", "@dimensions 1\n@targetLabel true\n@data\n1,2:high\n");
    assert!(sandbox.fails(1, &["tasks", "w.ts"]).contains("w.ts:4:5: `high`"));
}

/// A study takes any id of the catalogue.
#[test]
fn a_study_takes_a_task_of_the_catalogue() {
    let sandbox = Sandbox::new();
    let study = include_str!("study.toml").replace("id = \"memory-capacity\"", "id = \"uniform/product-1/shift+1\"");
    sandbox.file("study.toml", study.replace("delays = 2\n", ""));
    let report = sandbox.prints(&["study", "study.toml", "--out", "out"]);
    assert!(report.contains("uniform/product-1/shift+1"), "{report}");
    sandbox.file("wrong.toml", study.replace("product-1", "prodct-1"));
    let text = sandbox.fails(1, &["study", "wrong.toml", "--out", "out2"]);
    assert!(text.contains("did you mean `uniform/product-1/shift+1`?"), "{text}");
}

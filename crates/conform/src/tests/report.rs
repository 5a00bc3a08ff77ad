//! Finding cases and the forms of a report.

use super::draft::Draft;
use crate::{CaseResult, ConformError, Options, Outcome, find, run, run_each};
use serde_json::{Value, json};

/// A folder with a case that passes, one that fails, one that is damaged and one of a foreign format.
fn mixed() -> Draft {
    let mut draft = Draft::golden("loihi2_lif");
    draft.json["name"] = json!("a <good> & \"quoted\" 'case'\u{1}");
    let path = draft.write();
    let folder = draft.folder().to_owned();
    let copy = |name: &str| {
        std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        for extension in ["json", "npz"] {
            std::fs::copy(path.with_extension(extension), folder.join(name).with_extension(extension)).unwrap();
        }
    };
    copy("sub/pass");
    draft.flip("spike", 3, 1, 0);
    draft.json["name"] = json!("b");
    draft.write();
    std::fs::write(folder.join("d.json"), "{\"format\": \"elsewhere-golden-1\"}").unwrap();
    std::fs::write(folder.join("e.json"), "{").unwrap();
    std::fs::write(folder.join("notes.txt"), "no case").unwrap();
    draft
}

#[test]
fn folders_are_searched_in_order() {
    let draft = mixed();
    let found = find(draft.folder()).unwrap();
    let names: Vec<_> = found.iter().map(|f| f.path.strip_prefix(draft.folder()).unwrap().to_owned()).collect();
    assert_eq!(
        names.iter().map(|n| n.to_str().unwrap()).collect::<Vec<_>>(),
        ["case.json", "d.json", "e.json", "sub/pass.json"]
    );
    assert!(found.iter().all(|f| !f.named));
    let named = find(&draft.folder().join("case.npz")).unwrap();
    assert_eq!((named[0].path.clone(), named[0].named), (draft.folder().join("case.json"), true));
    let lost = find(&draft.folder().join("cse.json")).unwrap_err();
    let nearest = draft.folder().join("case.json").display().to_string();
    assert!(matches!(&lost, ConformError::NoPath { nearest: Some(name), .. } if *name == nearest), "{lost}");
    let text = lost.to_string().replace(&*draft.folder().to_string_lossy(), "DIR");
    assert_eq!(text, "DIR/cse.json: cannot be read: there is no such file or folder; did you mean 'DIR/case.json'?");
    let lost = find(&draft.folder().join("nothing")).unwrap_err();
    assert!(matches!(lost, ConformError::NoPath { nearest: None, .. }), "{lost}");
}

#[test]
fn every_result_is_reported() {
    let draft = mixed();
    let report = run(&[draft.folder().to_owned()]);
    assert_eq!(report.counts(), (1, 1, 1, 1));
    assert!(report.failed());
    let text = report.text();
    let starts: Vec<_> =
        text.lines().filter(|l| !l.starts_with(' ')).map(|l| l.split_whitespace().next().unwrap()).collect();
    assert_eq!(starts, ["FAIL", "skip", "ERROR", "pass", "1"]);
    assert!(text.ends_with("1 passed, 1 failed, 1 in error, 1 skipped; 4000 values compared\n"), "{text}");

    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["cases"][0]["difference"]["row"], 3);
    assert_eq!(json["cases"][0]["difference"]["key"], "spike");
    assert_eq!(json["cases"][0]["difference"]["got_hex"].as_str().map(str::len), Some(4));
    assert_eq!(json["cases"][1]["result"], "skip");
    assert!(json["cases"][2]["error"].as_str().unwrap().contains("e.json:1:1: is no valid JSON"));
    assert_eq!(
        json["cases"][3]["quantities"],
        json!([{"name": "v_probe", "values": 1000}, {"name": "spike", "values": 1000}])
    );
    assert_eq!(
        (&json["passed"], &json["failed"], &json["errors"], &json["skipped"]),
        (&json!(1), &json!(1), &json!(1), &json!(1))
    );
}

#[test]
fn junit_is_escaped() {
    let report = run(&[mixed().folder().to_owned()]);
    assert!(report.cases.is_empty() || report.failed());
    let draft = mixed();
    let xml = run(&[draft.folder().to_owned()]).to_junit();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"quenched conform\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\">\n"), "{xml}");
    assert!(xml.contains("name=\"a &lt;good&gt; &amp; &quot;quoted&quot; &apos;case&apos;\u{fffd}\""), "{xml}");
    assert!(xml.contains("<failure message=\"first difference: row 3, neuron[0], spike\">"), "{xml}");
    assert!(xml.contains("<error message=\"") && xml.contains("<skipped message=\""), "{xml}");
    assert!(xml.ends_with("</testsuite>\n"));
    // Every tag that is opened is closed, in order.
    let mut open = Vec::new();
    for tag in xml.split('<').skip(2).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_folder_without_cases_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.json"), "{\"format\": \"elsewhere-golden-1\"}").unwrap();
    let report = run(&[folder.path().to_owned(), folder.path().join("d.json"), folder.path().join("x")]);
    assert!(report.failed());
    let errors: Vec<_> = report
        .cases
        .iter()
        .filter_map(|case| match &case.result {
            CaseResult::Error(error) => Some(error),
            _ => None,
        })
        .collect();
    assert!(matches!(
        errors[..],
        [ConformError::NoCase { .. }, ConformError::UnknownFormat { .. }, ConformError::NoPath { .. }]
    ));
    assert!(!run(&[]).failed());
}

/// Overflows are counted per register; on request they are errors. The case is one that was recorded with overflows.
#[test]
fn overflows_are_counted_and_errors_on_request() {
    let mut draft = Draft::golden("n11_u_overflow");
    let path = draft.write();
    let strict = |strict_overflows, path: &std::path::Path| {
        run_each(&[path.to_owned()], &Options { strict_overflows }, |_, _| Ok::<_, ()>(())).unwrap()
    };
    let lenient = strict(false, &path);
    let CaseResult::Compared(Outcome::Pass { overflows, .. }) = &lenient.cases[0].result else {
        panic!("{}", lenient.text())
    };
    assert!(!overflows.is_empty() && overflows.iter().all(|o| o.count > 0), "{overflows:?}");
    assert!(!lenient.failed() && lenient.text().contains(&format!("      note: {}\n", overflows[0])));
    let json: Value = serde_json::from_str(&lenient.to_json()).unwrap();
    assert_eq!(json["cases"][0]["overflows"][0]["count"], overflows[0].count);
    let refused = strict(true, &path);
    assert!(refused.failed());
    let CaseResult::Error(ConformError::Overflow { overflow, .. }) = &refused.cases[0].result else {
        panic!("{}", refused.text())
    };
    assert_eq!(overflow, &overflows[0]);
    // Nothing overflows in the case of the chip, and a difference comes before an overflow.
    let chip = Draft::golden("loihi2_lif");
    assert!(!strict(true, &chip.write()).failed());
    draft.flip("b0.u", 3, 4, 1);
    assert!(matches!(strict(true, &draft.write()).cases[0].result, CaseResult::Compared(Outcome::Fail(_))));
}

#[test]
fn a_run_can_be_watched_and_ended() {
    let draft = mixed();
    let paths = [draft.folder().to_owned(), draft.folder().join("x")];
    let mut seen = Vec::new();
    let report = run_each(&paths, &Options::default(), |case, at| {
        seen.push((case.path.clone(), at.done, at.total));
        Ok::<_, ()>(())
    });
    let (report, seen) = (report.unwrap(), seen);
    assert_eq!(report, run(&paths));
    assert_eq!(
        seen.iter().map(|(_, done, total)| (*done, *total)).collect::<Vec<_>>(),
        [(1, 4), (2, 4), (3, 4), (4, 4), (4, 4)]
    );
    assert!(seen.iter().map(|(path, ..)| path).eq(report.cases.iter().map(|case| &case.path)));
    let mut calls = 0;
    let ended = run_each(&paths, &Options::default(), |_, _| {
        calls += 1;
        if calls == 2 { Err("enough") } else { Ok(()) }
    });
    assert_eq!((ended, calls), (Err("enough"), 2));
}

//! Networks in no chip's words: compared on several chips, run with sources of their own.

use crate::{Sandbox, place_of};
use snapbox::file;

const PORTABLE: &str = include_str!("../../examples/portable.toml");
const THREE: [&str; 6] = ["--chip", "dynapse2", "--chip", "brainscales2", "--chip", "ideal"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", PORTABLE);
    sandbox
}

fn map(more: &[&'static str]) -> Vec<&'static str> {
    [&["map", "net.toml"], &THREE[..], more].concat()
}

#[test]
fn chips_are_compared_in_one_table() {
    let sandbox = sandbox();
    sandbox.quenched(&map(&["--chip", "xylo-imu"])).success().stdout_eq(file!["snapshots/map-compared.txt"]);
    let json = sandbox.json(&map(&["--json", "--chip", "xylo-imu"]));
    let chips = json["chips"].as_array().unwrap();
    let names: Vec<&str> = chips.iter().map(|chip| chip["chip"].as_str().unwrap()).collect();
    assert_eq!(names, ["dynapse2", "brainscales2", "ideal", "xylo-imu"]);
    for chip in &chips[..3] {
        let one = sandbox.json(&["map", "net.toml", "--chip", chip["chip"].as_str().unwrap(), "--json"]);
        assert_eq!(chip["report"], one["report"], "the same as by itself");
    }
    assert!(chips[3]["refused"].as_str().unwrap().contains("the chip has 16"), "{}", chips[3]);
}

#[test]
fn a_comparison_writes_no_program_and_fails_if_no_chip_serves() {
    let sandbox = sandbox();
    let text = sandbox.fails(2, &map(&["--out", "net.program"]));
    assert!(text.contains("is one program, and 3 chips are named") && !sandbox.exists("net.program"), "{text}");
    let text = sandbox.fails(1, &map(&["--chip", "dynapse3"]));
    assert!(text.contains("did you mean `dynapse2`?"), "{text}");
    let text = sandbox.fails(2, &[&["run", "net.toml", "--ticks", "9"], &THREE[..]].concat());
    assert!(text.contains("a run has one chip, and 3 are named"), "{text}");
    let none = sandbox.quenched(&["map", "net.toml", "--chip", "xylo-imu", "--chip", "xylo-audio3"]).code(1);
    let errors = String::from_utf8(none.get_output().stderr.clone()).unwrap();
    assert!(errors.contains("none of the 2 chips can hold this network"), "{errors}");
    sandbox.quenched(&["map", "net.toml", "--chip", "ideal", "--out", "net.program"]).success();
    let text = sandbox.fails(2, &[&["map", "net.program"], &THREE[..]].concat());
    assert!(text.contains("a program was made for one chip") || text.contains("the program"), "{text}");
}

#[test]
fn sources_are_the_same_in_one_run_and_in_two() {
    let sandbox = sandbox();
    for chip in ["ideal", "dynapse2"] {
        let run = |more: &[&str]| sandbox.json(&[&["run", "net.toml", "--chip", chip, "--json"], more].concat());
        let whole = run(&["--time", "300ms"]);
        run(&["--time", "137ms", "--save-snapshot", "half"]);
        let rest = run(&["--time", "163ms", "--resume", "half"]);
        assert_eq!(rest["digest"], whole["digest"], "{chip}");
        let text = sandbox
            .fails(2, &["run", "net.toml", "--chip", chip, "--time", "163ms", "--resume", "half", "--trial", "1"]);
        assert!(text.contains("followed trial 0 of seed 1") && text.contains("`--seed 1 --trial 0`"), "{text}");
        assert_ne!(run(&["--time", "300ms", "--trial", "1"])["digest"], whole["digest"]);
        assert_ne!(run(&["--time", "300ms", "--seed", "2", "--cv", "0"])["digest"], whole["digest"]);
        // A saved program has its sources.
        sandbox.quenched(&["map", "net.toml", "--chip", chip, "--out", "net.program"]).success();
        assert_eq!(sandbox.json(&["run", "net.program", "--time", "300ms", "--json"])["digest"], whole["digest"]);
    }
}

#[test]
fn events_of_the_host_come_beside_those_of_sources() {
    let sandbox = sandbox();
    // Channel 16 is that of the clock.
    sandbox.file("events.csv", "tick,channel\n1,16\n2,0\n700,16\n");
    let inputs = |more: &[&str]| {
        let run = [&["run", "net.toml", "--chip", "ideal", "--time", "800ms", "--json"], more].concat();
        sandbox.json(&run)["counters"]["inputs"].as_u64().unwrap()
    };
    assert_eq!(inputs(&["--input", "events.csv"]), inputs(&[]) + 3);
}

#[test]
fn a_trial_without_noise_or_sources_is_refused() {
    let sandbox = sandbox();
    let silent = PORTABLE.replace("source = ", "#source = ");
    sandbox.file("silent.toml", silent);
    let text = sandbox.fails(2, &["run", "silent.toml", "--chip", "ideal", "--ticks", "9", "--trial", "1"]);
    assert!(text.contains("`--trial 1` changes nothing"), "{text}");
}

/// Escape codes in names are refused where they stand, and no message repeats them.
#[test]
fn names_that_cannot_be_shown_are_refused() {
    let sandbox = sandbox();
    for hidden in ["\\u001b[31m", "\\u0000", "\\u202e", "\\t", "\\u200b"] {
        for name in ["name = \"layer\"", "name = \"clock\"", "name = \"tick\""] {
            let bad = PORTABLE.replacen(name, &format!("{}{hidden}\"", name.trim_end_matches('"')), 1);
            let text = sandbox.fails(1, &["map", sandbox.file("bad.toml", &bad), "--chip", "ideal"]);
            assert!(text.contains("a name has no control or invisible characters"), "{text}");
            assert!(text.contains(&place_of("bad.toml", &bad, hidden).rsplit_once(':').unwrap().0[..12]), "{text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        }
    }
    let bad = PORTABLE.replacen("post = \"layer\"", "post = \"lay\\u001b[31mer\"", 1);
    let text = sandbox.fails(1, &["map", sandbox.file("bad.toml", &bad), "--chip", "ideal"]);
    assert!(!text.contains('\u{1b}') && text.contains("is not a population"), "{text:?}");
}

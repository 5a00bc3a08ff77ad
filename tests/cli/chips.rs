//! `quenched chips` and `quenched chip`, and chip files that are wrong.

use crate::{Sandbox, dynapse2_with, place_of};
use snapbox::file;

#[test]
fn shipped_chips_are_listed() {
    let sandbox = Sandbox::new();
    sandbox.quenched(&["chips"]).success().stdout_eq(file!["snapshots/chips.txt"]);
    let chips = sandbox.json(&["chips", "--json"]);
    let chips = chips.as_array().expect("chips");
    let dynapse2 = chips.iter().find(|chip| chip["name"] == "dynapse2").expect("DYNAP-SE2");
    assert_eq!(dynapse2["neurons_per_core"], 256);
}

#[test]
fn a_chip_is_shown_with_every_number_and_its_source() {
    let sandbox = Sandbox::new();
    sandbox.quenched(&["chip", "dynapse2"]).success().stdout_eq(file!["snapshots/chip-dynapse2.txt"]);
    let chip = sandbox.json(&["chip", "dynapse2", "--json"]);
    let numbers = chip["numbers"].as_array().expect("numbers");
    let cam = numbers.iter().find(|n| n["path"] == "router.cam_words_per_neuron").expect("CAM words");
    assert_eq!((&cam["value"], &cam["evidence"]), (&64.into(), &"vendor-limit".into()));
    let sources = chip["sources"].as_object().expect("sources");
    for number in numbers {
        assert!(sources.contains_key(number["source"].as_str().expect("a key")), "{number}");
    }
}

#[test]
fn a_chip_file_of_ones_own_works_like_a_shipped_one() {
    let sandbox = Sandbox::new();
    let own = sandbox.prints(&["chip", "dynapse2", "--toml"]);
    sandbox.file("mine.toml", own.replace("name = \"dynapse2\"", "name = \"mine\""));
    let text = sandbox.prints(&["chip", "mine.toml"]);
    assert!(text.starts_with("mine: Mixed-signal chip"), "{text}");
    let shipped = sandbox.prints(&["chip", "dynapse2"]);
    assert_eq!(text.replacen("mine", "dynapse2", 1), shipped);
    let die = sandbox.prints(&["die", "--chip", "./mine.toml", "--core", "1"]);
    assert!(die.contains("chip `mine`"), "{die}");
}

#[test]
fn unknown_chips_are_corrected() {
    let sandbox = Sandbox::new();
    let text = sandbox.fails(1, &["chip", "dynaps2"]);
    assert!(text.contains("there is no chip `dynaps2`") && text.contains("did you mean `dynapse2`?"), "{text}");
    let text = sandbox.fails(1, &["chip", "absent.toml"]);
    assert!(text.contains("absent.toml") && text.contains("there is no such file"), "{text}");
}

/// A chip file with one thing wrong: where it is said to be wrong, and what is said about it.
#[track_caller]
fn check(from: &str, to: &str, place: &str, message: &str) {
    let sandbox = Sandbox::new();
    sandbox.file("chip.toml", dynapse2_with(from, to));
    let text = sandbox.fails(1, &["chip", "chip.toml"]);
    assert!(text.contains(message), "{message}\nnot in\n{text}");
    assert!(text.contains(&place_of("chip.toml", &dynapse2_with(from, to), place)), "{place} is not named in\n{text}");
    assert!(text.contains("^"), "no caret in\n{text}");
}

#[test]
fn wrong_chip_files_are_refused_with_file_line_and_column() {
    // A misspelt key, a missing unit, an impossible mismatch, no core, a number that is none, an unknown unit.
    check("summary = \"Mixed", "sumary = \"Mixed", "sumary", "did you mean `summary`?");
    check("tick = { value = 1, unit = \"us\"", "tick = { value = 1", "{ value = 1, source", "needs the key `unit`");
    check("cv = { value = 10, unit = \"%\"", "cv = { value = -1, unit = \"1\"", "{ value = -1", "`parameters.tau_mem");
    check(
        "cores_per_chip = { value = 4",
        "cores_per_chip = { value = 0",
        "{ value = 0, unit",
        "`geometry.cores_per_chip`",
    );
    check("nominal = { value = 20,", "nominal = { value = nan,", "nan, unit", "`nan` and `inf` are not numbers");
    check(
        "unit = \"ms\", source = \"rockpool-step\"",
        "unit = \"msec\", source = \"rockpool-step\"",
        "\"msec\"",
        "`msec`",
    );
}

#[test]
fn a_chip_file_cut_in_half_is_refused() {
    let sandbox = Sandbox::new();
    let whole = sandbox.prints(&["chip", "dynapse2", "--toml"]);
    for part in [4, 2] {
        sandbox.file("half.toml", &whole[..whole.len() / part]);
        let text = sandbox.fails(1, &["chip", "half.toml"]);
        assert!(text.contains("half.toml:"), "{text}");
    }
    sandbox.file("binary.toml", [0x71, 0xff, 0xfe, 0x00]);
    assert!(sandbox.fails(1, &["chip", "binary.toml"]).contains("byte 1"));
}

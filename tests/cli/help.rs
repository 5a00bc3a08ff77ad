//! Help: every command has one, with an example, and wrong commands are told the right ones.

use crate::Sandbox;
use snapbox::file;

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let help = |args: &[&str]| sandbox.quenched(args).success();
    help(&["--help"]).stdout_eq(file!["snapshots/help.txt"]);
    help(&["study", "--help"]).stdout_eq(file!["snapshots/help-study.txt"]);
    help(&["report", "--help"]).stdout_eq(file!["snapshots/help-report.txt"]);
    help(&["chips", "--help"]).stdout_eq(file!["snapshots/help-chips.txt"]);
    help(&["chip", "--help"]).stdout_eq(file!["snapshots/help-chip.txt"]);
    help(&["die", "--help"]).stdout_eq(file!["snapshots/help-die.txt"]);
    help(&["map", "--help"]).stdout_eq(file!["snapshots/help-map.txt"]);
    help(&["explain", "--help"]).stdout_eq(file!["snapshots/help-explain.txt"]);
    help(&["run", "--help"]).stdout_eq(file!["snapshots/help-run.txt"]);
    help(&["lockstep", "--help"]).stdout_eq(file!["snapshots/help-lockstep.txt"]);
    help(&["score", "--help"]).stdout_eq(file!["snapshots/help-score.txt"]);
    help(&["plot", "--help"]).stdout_eq(file!["snapshots/help-plot.txt"]);
    help(&["tasks", "--help"]).stdout_eq(file!["snapshots/help-tasks.txt"]);
    help(&["conform", "--help"]).stdout_eq(file!["snapshots/help-conform.txt"]);
    help(&["new", "--help"]).stdout_eq(file!["snapshots/help-new.txt"]);
    help(&["check", "--help"]).stdout_eq(file!["snapshots/help-check.txt"]);
    help(&["completions", "--help"]).stdout_eq(file!["snapshots/help-completions.txt"]);
    help(&["manual", "--help"]).stdout_eq(file!["snapshots/help-manual.txt"]);
}

#[test]
fn no_command_shows_the_help_and_fails() {
    let output = Sandbox::new().quenched(&[]).code(2);
    assert!(String::from_utf8_lossy(&output.get_output().stderr).contains("Usage: quenched"));
}

#[test]
fn misspelt_commands_and_options_are_corrected() {
    let sandbox = Sandbox::new();
    let text = sandbox.fails(2, &["stduy"]);
    assert!(text.contains("unrecognized subcommand 'stduy'") && text.contains("'study'"), "{text}");
    let text = sandbox.fails(2, &["study", "--thread", "1"]);
    assert!(text.contains("--threads"), "{text}");
    let text = sandbox.fails(2, &["study", "--threads", "0"]);
    assert!(text.contains("1..=1024"), "{text}");
    let text = sandbox.fails(2, &["die", "--chip", "dynapse2", "--cv", "-1"]);
    assert!(text.contains("cannot be negative"), "{text}");
    let text = sandbox.fails(2, &["die", "--chip", "dynapse2", "--cv", "nan"]);
    assert!(text.contains("`nan` and `inf` are not numbers that a chip can have"), "{text}");
}

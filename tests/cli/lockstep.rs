//! A run that is stepped by lines: the same as a run, and what is wrong with a line.

use crate::Sandbox;
use snapbox::cmd::Command;

const NETWORK: &str = include_str!("../../examples/network.toml");

/// What is answered to `lines` with `args` more.
fn answers(sandbox: &Sandbox, args: &[&str], lines: &str) -> Vec<String> {
    let command = Command::new(env!("CARGO_BIN_EXE_quenched")).args(["lockstep", "net.toml", "--chip", "dynapse2"]);
    let output = command.args(args).current_dir(sandbox.path()).env("NO_COLOR", "1").stdin(lines.to_owned()).assert();
    let text = String::from_utf8(output.success().get_output().stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    sandbox
}

#[test]
fn steps_are_a_run_however_they_are_cut() {
    let sandbox = sandbox();
    let events: Vec<(u32, u32)> = (0..60).map(|i| (i * 700, i % 24)).collect();
    let list: String = events.iter().map(|(tick, channel)| format!("{tick},{channel}\n")).collect();
    sandbox.file("e.csv", format!("tick,channel\n{list}"));
    let die = ["--die", "3", "--cv", "0.3"];
    let run = [
        "run", "net.toml", "--chip", "dynapse2", "--input", "e.csv", "--ticks", "50000", "--spikes", "s.csv", "--json",
    ];
    let run = sandbox.json(&[&run[..], &die].concat());
    let sent: String = events.iter().map(|(tick, channel)| format!("inject {channel} 1 {tick}\n")).collect();
    for steps in ["step 50000", "step 1\nstep 999\n\n# so\nstep 0\nstep 49000"] {
        let told = answers(&sandbox, &die, &format!("{sent}{steps}\nnow\nstate pools v\ndigest\nquit\nnever read\n"));
        let lines = |start: &str| told.iter().filter(|line| line.starts_with(start)).cloned().collect::<Vec<_>>();
        assert_eq!(lines("digest"), [format!("digest {}", run["digest"].as_str().unwrap())]);
        assert_eq!((lines("now"), lines("error").len()), (vec!["now 50000".to_owned()], 0), "{told:?}");
        assert_eq!(lines("spike").len() as u64, run["counters"]["spikes"].as_u64().unwrap());
        assert_eq!(lines("state").len(), 1);
        assert_eq!(lines("state")[0].split(' ').count(), 2 + 2, "a unit and two neurons");
    }
    // An event without a tick is for the next one.
    let told = answers(&sandbox, &die, "step 700\ninject 1\nreset\ninject 0\nstep 700\ninject 1\nstep 1\ndigest\n");
    let same = answers(&sandbox, &die, "inject 0 1 0\ninject 1 1 700\nstep 701\ndigest\n");
    assert_eq!(told[told.len() - 2..], same[same.len() - 2..]);
}

#[test]
fn a_wrong_line_is_answered_and_changes_nothing() {
    let sandbox = sandbox();
    for (line, why) in [
        ("stepp 1", "there is no `stepp`: the commands are inject, step"),
        ("step", "the number of ticks is missing"),
        ("step -1", "`-1` cannot be the number of ticks"),
        ("step 18446744073709551615 1", "`1` is one word too many"),
        ("inject 24", "input channel 24 does not exist"),
        ("inject 0 1 3", "the emulation is at tick 5"),
        ("inject 0 300", "it can have from 0 to 255"),
        ("state pools", "wants a population and a quantity"),
        ("state pool v", "`pool`"),
        ("state pools w", "no quantity `w`"),
        ("digest now", "`now` is one word too many"),
    ] {
        let told = answers(&sandbox, &[], &format!("step 5\n{line}\ndigest\n"));
        let [ok, error, digest, last] = &told[..] else { panic!("{line}: {told:?}") };
        assert!(ok == "ok" && last == "ok" && error.starts_with("error ") && error.contains(why), "{line}: {told:?}");
        assert_eq!(*digest, answers(&sandbox, &[], "step 5\ndigest\n")[1], "{line}");
    }
}

/// The example of the page holds.
#[test]
fn the_page_shows_what_is_answered() {
    let page = include_str!("../../docs/formats/lockstep.md");
    let shown = page.split("--quiet\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let told = answers(&sandbox(), &["--quiet"], "inject 3\nstep 2000\ndigest\n");
    assert_eq!(told.join("\n") + "\n", shown);
}

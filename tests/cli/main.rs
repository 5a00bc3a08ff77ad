//! The command line, from outside: what it prints, how it fails, what it leaves behind.
//!
//! Expected texts are in `snapshots/`; `SNAPSHOTS=overwrite cargo test -p quenched --test cli` writes them anew.

mod budget;
mod cases;
mod chips;
mod conform;
mod die;
mod explain;
mod files;
mod graphs;
mod help;
mod inputs;
#[cfg(unix)]
mod interrupt;
mod lockstep;
mod over_full;
#[cfg(target_os = "linux")]
mod pages;
mod portable;
mod probe;
mod programs;
mod range;
mod rates;
mod report;
mod run;
mod schema;
mod score;
mod setup;
mod study;
mod tasks;
mod variation;
mod xylo;

use snapbox::cmd::{Command, OutputAssert};
use std::path::Path;
use tempfile::TempDir;

/// A directory of its own for a test, and the command run in it.
struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file and returns its name.
    fn file<'a>(&self, name: &'a str, contents: impl AsRef<[u8]>) -> &'a str {
        std::fs::write(self.path().join(name), contents).expect("a file in a temporary directory");
        name
    }

    /// The contents of a file.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect(name)
    }

    fn exists(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// Runs `quenched` with these arguments, without a terminal.
    fn quenched(&self, args: &[&str]) -> OutputAssert {
        self.command(args).assert()
    }

    /// The same, not yet run.
    fn command(&self, args: &[&str]) -> Command {
        let command = Command::new(env!("CARGO_BIN_EXE_quenched")).args(args).current_dir(self.path());
        command.env("NO_COLOR", "1").env_remove("QUENCHED_SIMD").stdin("")
    }

    /// What `quenched` prints on standard error when it fails with `code`.
    #[track_caller]
    fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.quenched(args).code(code);
        let stdout = &output.get_output().stdout;
        if args.contains(&"--json") {
            let value: serde_json::Value = serde_json::from_slice(stdout).expect("JSON");
            assert_eq!((&value["error"]["exit_status"], value.as_object().map(|o| o.len())), (&code.into(), Some(1)));
            schema::holds(args, &value);
        } else {
            assert!(stdout.is_empty(), "nothing is printed as a result of a failure");
        }
        let text = String::from_utf8(output.get_output().stderr.clone()).expect("messages are UTF-8");
        assert!(text.starts_with("error: "), "{text}");
        text
    }

    /// What `quenched` prints on standard output when it succeeds.
    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        let output = self.quenched(args).success();
        String::from_utf8(output.get_output().stdout.clone()).expect("output is UTF-8")
    }

    /// The same, as JSON, which is as the schema of its command says.
    #[track_caller]
    fn json(&self, args: &[&str]) -> serde_json::Value {
        let value = serde_json::from_str(&self.prints(args)).expect("JSON");
        schema::holds(args, &value);
        value
    }
}

/// The shipped chip `dynapse2` with one text replaced.
#[track_caller]
fn dynapse2_with(from: &str, to: &str) -> String {
    let text = include_str!("../../device-models/data/dynapse2/chip.toml");
    assert!(text.contains(from), "the shipped chip file no longer contains `{from}`");
    text.replacen(from, to, 1)
}

/// How an error names the place of `part` in `text`, the contents of `file`: `--> file:line:column`.
#[track_caller]
fn place_of(file: &str, text: &str, part: &str) -> String {
    let (line, column) =
        text.lines().enumerate().find_map(|(i, line)| Some((i + 1, line.find(part)? + 1))).expect(part);
    format!("--> {file}:{line}:{column}\n")
}

//! The pages of the documentation and the README: their commands are run, and print what stands below them.
//!
//! In a block ```` ```console ```` a line `$ ...` is a command for the shell, and lines `> ...` after it continue it;
//! what follows is what it prints. `...` on a line of its own stands for any lines, `[..]` for any text of a line. A
//! command fails if, and only if, an `error:` is expected. The blocks of a page are run from top to bottom in one
//! directory, which has `examples` and `tests/golden` of the repository. Commands in blocks ```` ```sh ```` are not
//! run, because they take minutes, or the reader's own files; those of the README are, but for studies. That commands
//! and options exist is tested of all. A picture of docs/images that the commands of a page make anew, under its
//! name, is the same file. The pages use the sed, awk and diff of Linux.

use crate::Sandbox;
use snapbox::filter::{Filter, FilterNewlines, NormalizeToExpected};
use snapbox::{Data, IntoData};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All pages: the README and what is below docs and examples.
fn pages() -> Vec<PathBuf> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                out.push(path);
            }
        }
    }
    let mut out = vec![root().join("README.md")];
    ["docs", "examples"].iter().for_each(|folder| walk(&root().join(folder), &mut out));
    out
}

/// A fenced block: its language, and the first and last line between the fences.
struct Block {
    language: String,
    lines: std::ops::Range<usize>,
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let (mut found, mut open) = (Vec::new(), None::<(String, usize)>);
    for (number, line) in lines.iter().enumerate() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        match open.take() {
            None => open = Some((language.trim().to_owned(), number + 1)),
            Some((language, start)) => found.push(Block { language, lines: start..number }),
        }
    }
    assert!(open.is_none(), "a block does not end");
    found
}

/// A command of a page, and the lines of the page that have what it prints.
struct Step {
    command: String,
    output: std::ops::Range<usize>,
}

fn steps(lines: &[&str], block: &Block) -> Vec<Step> {
    let mut found: Vec<Step> = Vec::new();
    for number in block.lines.clone() {
        let line = lines[number];
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Step { command: command.to_owned(), output: number + 1..number + 1 });
            continue;
        }
        let step = found.last_mut().unwrap_or_else(|| panic!("line {}: a block begins with `$ `", number + 1));
        match line.strip_prefix("> ").or((line == ">").then_some("")) {
            Some(more) if step.output.is_empty() => {
                let _ = write!(step.command, "\n{more}");
                step.output = number + 1..number + 1;
            }
            _ => step.output.end = number + 1,
        }
    }
    found
}

/// The commands of the README: `cargo run --release -- ` stands for the program. A block of one command can have what
/// it prints in a ```` ```text ```` block right below.
fn steps_of_readme(lines: &[&str], blocks: &[Block]) -> Vec<Step> {
    let mut found = Vec::new();
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        let text = lines[block.lines.clone()].join("\n").replace("\\\n", " ");
        let commands = text.lines().filter_map(|line| line.strip_prefix("cargo run --release -- "));
        let commands: Vec<&str> = commands.filter(|command| !command.starts_with("study")).collect();
        let below = blocks.get(index + 1).filter(|next| {
            let between = &lines[block.lines.end + 1..next.lines.start - 1];
            next.language == "text" && commands.len() == 1 && between.iter().all(|line| line.is_empty())
        });
        let output = below.map_or(0..0, |below| below.lines.clone());
        found.extend(
            commands.iter().map(|command| Step { command: format!("quenched {command}"), output: output.clone() }),
        );
    }
    found
}

/// A directory with what a reader has: the examples and the recordings.
fn sandbox_of_reader() -> Sandbox {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            let target = to.join(path.file_name().expect("a name"));
            if path.is_dir() {
                copy(&path, &target);
            } else {
                std::fs::copy(&path, &target).expect("a copy");
            }
        }
    }
    let sandbox = Sandbox::new();
    for folder in ["examples", "tests/golden"] {
        copy(&root().join(folder), &sandbox.path().join(folder));
    }
    sandbox
}

/// What a command prints in the sandbox, on both outputs, and whether it succeeded.
fn printed(sandbox: &Sandbox, command: &str) -> (String, bool) {
    let program = Path::new(env!("CARGO_BIN_EXE_quenched"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(program.parent().expect("a folder").to_owned()).chain(std::env::split_paths(&path));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(sandbox.path())
        .env("PATH", std::env::join_paths(folders).expect("a path"))
        .env("NO_COLOR", "1")
        .env_remove("COLUMNS")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("a shell");
    let text = String::from_utf8(output.stdout).expect("output is UTF-8");
    // Empty lines at the end of a block say nothing.
    let kept = text.trim_end_matches('\n');
    (if kept.is_empty() { String::new() } else { format!("{kept}\n") }, output.status.success())
}

/// `actual`, with `...` and `[..]` where `expected` has them and they fit.
fn matched(actual: &str, expected: &str) -> String {
    let expected = Data::text(expected.to_owned());
    let actual = FilterNewlines.filter(actual.into_data());
    let fitted = NormalizeToExpected::new().redact().normalize(actual, &expected);
    fitted.render().expect("text")
}

/// The pictures of docs/images that a page shows.
fn pictures(text: &str) -> impl Iterator<Item = &str> {
    text.split("images/").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name)
}

/// Runs the commands of a page; what differs is told, or put into the page.
fn run(page: &Path, rewrite: bool) -> (usize, String) {
    let text = std::fs::read_to_string(page).expect("a page");
    let lines: Vec<&str> = text.lines().collect();
    let blocks = blocks(&lines);
    let is_readme = page.parent() == Some(root().as_path());
    let steps: Vec<Step> = if is_readme {
        steps_of_readme(&lines, &blocks)
    } else {
        blocks.iter().filter(|block| block.language == "console").flat_map(|block| steps(&lines, block)).collect()
    };
    if steps.is_empty() {
        return (0, String::new());
    }
    let sandbox = sandbox_of_reader();
    let (mut wrong, mut rewritten, mut kept) = (String::new(), Vec::new(), 0);
    for step in &steps {
        let at = || format!("{}:{}", page.display(), step.output.start);
        let expected: String = lines[step.output.clone()].iter().map(|line| format!("{line}\n")).collect();
        let (actual, succeeded) = printed(&sandbox, &step.command);
        let fails = expected.lines().any(|line| line.starts_with("error:"));
        if succeeded == fails {
            let _ =
                writeln!(wrong, "{}: `{}` {}\n{actual}", at(), step.command, if fails { "succeeds" } else { "fails" });
        }
        if is_readme && step.output.is_empty() {
            continue;
        }
        let fitted = matched(&actual, &expected);
        if fitted != expected {
            let _ = writeln!(wrong, "{}: `{}`\n-- the page has\n{expected}-- it prints\n{fitted}", at(), step.command);
        }
        rewritten.extend(lines[kept..step.output.start].iter().map(|line| (*line).to_owned()));
        rewritten.extend(fitted.lines().map(str::to_owned));
        kept = step.output.end;
    }
    for picture in pictures(&text) {
        let (made, kept) = (sandbox.path().join(picture), root().join("docs/images").join(picture));
        if made.is_file() && std::fs::read(&made).ok() != std::fs::read(&kept).ok() {
            let _ = writeln!(wrong, "{}: the picture {picture} is another than its commands make", page.display());
            if rewrite {
                std::fs::copy(&made, &kept).expect("a picture");
            }
        }
    }
    if rewrite && !wrong.is_empty() {
        rewritten.extend(lines[kept..].iter().map(|line| (*line).to_owned()));
        std::fs::write(page, rewritten.join("\n") + "\n").expect("a page");
    }
    (steps.len(), wrong)
}

#[test]
fn commands_print_what_the_pages_say() {
    let rewrite = std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite");
    let pages = pages();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results: Vec<(usize, String)> = std::thread::scope(|scope| {
        let work = || {
            let take = || pages.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            std::iter::from_fn(take).map(|page| run(page, rewrite)).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no page panics")).collect()
    });
    let (count, wrong) = results.into_iter().fold((0, String::new()), |(n, text), (m, more)| (n + m, text + &more));
    assert!(count > 40, "only {count} commands were found");
    let hint = "`SNAPSHOTS=overwrite cargo test -p quenched --test cli pages` puts what is printed into the pages";
    assert!(wrong.is_empty() || rewrite, "{wrong}{hint}");
}

/// The words of every command of `quenched` that a text has in blocks or between backquotes, each with its line.
fn commands(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found: Vec<(usize, Vec<String>)> = Vec::new();
    let (mut in_block, mut continued) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            (in_block, continued) = (!in_block, false);
            continue;
        }
        let parts: Vec<&str> = if in_block { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for part in parts {
            let part = part.trim_start_matches("$ ").trim_start().trim_start_matches("cargo run --release -- ");
            let starts = part.starts_with("quenched ") || line.contains("cargo run --release -- ");
            let of_program = part.trim_start_matches("quenched ").trim_start_matches("-- ");
            let words = of_program.split_whitespace().take_while(|word| !["|", "#", ">", "&&", ";"].contains(word));
            let words = words.map(str::to_owned).filter(|word| word != "\\").collect::<Vec<_>>();
            match found.last_mut() {
                Some((_, last)) if in_block && continued => last.extend(words),
                _ if starts => found.push((number + 1, words)),
                _ => continue,
            }
            continued = in_block && line.ends_with('\\');
        }
    }
    found
}

#[test]
fn commands_and_options_of_the_pages_exist() {
    let sandbox = Sandbox::new();
    let mut help: BTreeMap<String, String> = BTreeMap::new();
    let list = sandbox.prints(&["--help"]);
    let names = list.split("Commands:").nth(1).and_then(|text| text.split("Options:").next()).expect("a list");
    for name in names.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        help.insert(name.to_owned(), sandbox.prints(&[name, "--help"]));
    }
    for name in ["resume", "merge", "status"] {
        let of_study = sandbox.prints(&["study", name, "--help"]);
        help.get_mut("study").expect("studies").push_str(&of_study);
    }
    let (mut wrong, mut count) = (String::new(), 0);
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for (line, words) in commands(&text) {
            let Some(name) = words.first() else { continue };
            // `quenched COMMAND` and `quenched --help` are of no command.
            if name.starts_with('-') || name.chars().all(|c| c.is_uppercase() || c == '.') || name == "help" {
                continue;
            }
            count += 1;
            let Some(help) = help.get(name) else {
                let _ = writeln!(wrong, "{}:{line}: there is no command `{name}`", page.display());
                continue;
            };
            for option in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let option = option.split(['=', '|', ',', '"', '\'', ')']).next().expect("a word");
                let known = help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == option);
                if !known {
                    let _ = writeln!(wrong, "{}:{line}: `{name}` has no option `{option}`", page.display());
                }
            }
        }
    }
    assert!(count > 100, "only {count} commands were found");
    assert!(wrong.is_empty(), "{wrong}");
}

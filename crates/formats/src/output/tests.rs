//! Transactions from beside: refusals, other commands, and deaths at every point.

use super::*;
use std::collections::BTreeMap;

/// All files below `dir`, with their contents.
fn tree(dir: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if path.is_dir() {
            all.extend(tree(&path).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)));
        } else {
            all.insert(name, fs::read_to_string(&path).unwrap_or_default());
        }
    }
    all
}

fn expected(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

/// A message about files in `dir`, without its name.
fn message(dir: &Path, error: &FormatError) -> String {
    error.to_string().replace(&*dir.to_string_lossy(), "DIR").replace(&*std::process::id().to_string(), "PROCESS")
}

/// How an output of these inputs and outputs is refused.
#[track_caller]
fn refused(dir: &Path, inputs: &[&str], outputs: &[&str]) -> String {
    let before = tree(dir);
    let mut transaction = Transaction::new("a test");
    inputs.iter().for_each(|path| transaction.reads(&dir.join(path)).unwrap());
    let paths: Vec<PathBuf> =
        outputs.iter().map(|path| if *path == "-" { path.into() } else { dir.join(path) }).collect();
    let error = transaction.files(&paths).unwrap_err();
    drop(transaction);
    assert_eq!(tree(dir), before);
    message(dir, &error)
}

#[test]
fn outputs_appear_together() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let paths = ["a", "sub/b"].map(|name| dir.path().join(name));
    write_atomic(&paths[0], b"old").unwrap();
    let mut transaction = Transaction::new("a test");
    let ids = transaction.files(&[paths[0].clone(), "-".into(), paths[1].clone()]).unwrap();
    transaction.write(ids[2], b"2").unwrap();
    transaction.write(ids[1], b"out").unwrap();
    transaction.write(ids[0], b"1").unwrap();
    assert_eq!(fs::read(&paths[0]).unwrap(), b"old");
    assert!(!paths[1].exists());
    let written = transaction.commit().unwrap();
    assert_eq!(written, Written { files: paths.into(), standard_output: Some(b"out".into()) });
    assert_eq!(tree(dir.path()), expected(&[("a", "1"), ("sub/b", "2")]));
}

#[test]
fn a_folder_is_made_and_filled() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x/y");
    let mut transaction = Transaction::new("a test");
    transaction.folder(&out, &["a", "b"]).unwrap();
    transaction.write_in_folder("b", b"2").unwrap();
    transaction.write_in_folder("c", b"3").unwrap();
    assert_eq!(transaction.commit().unwrap().files, [out.join("b"), out.join("c")]);
    assert_eq!(tree(dir.path()), expected(&[("x/y/b", "2"), ("x/y/c", "3")]));
    // Given up, it leaves what was there, and no directory that was not.
    for (folder, left) in [("x/y", 2), ("new/z", 2)] {
        let mut transaction = Transaction::new("a test");
        transaction.folder(&dir.path().join(folder), &["b"]).unwrap();
        transaction.write_in_folder("b", b"new").unwrap();
        drop(transaction);
        assert_eq!(tree(dir.path()).len(), left);
    }
    assert!(!dir.path().join("new").exists());
}

#[test]
fn what_cannot_be_written_says_why_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["net.toml", "old.csv"] {
        fs::write(dir.path().join(name), "x").unwrap();
    }
    fs::create_dir(dir.path().join("sub")).unwrap();
    let check = |inputs: &[&str], outputs: &[&str], start: &str| {
        let text = refused(dir.path(), inputs, outputs);
        assert!(text.starts_with(start), "{text}\nnot\n{start}");
    };
    check(
        &["net.toml"],
        &["net.toml"],
        "DIR/net.toml: cannot be written: it is the input DIR/net.toml of this command",
    );
    check(&["net.toml"], &["a", "sub/../net.toml"], "DIR/sub/../net.toml: cannot be written: it is the input");
    check(&["net.toml", "old.csv"], &["./old.csv"], "DIR/./old.csv: cannot be written: it is the input DIR/old.csv");
    check(&[], &["a", "a"], "DIR/a: cannot be written: it is the same file as the output DIR/a\nhelp: choose another");
    check(&[], &["a", "sub/.././a"], "DIR/sub/.././a: cannot be written: it is the same file as the output DIR/a");
    check(&[], &["a.csv", "A.csv"], "DIR/A.csv: cannot be written: it is the same file as the output DIR/a.csv");
    check(&[], &["-", "-"], "-: only one output can be standard output\nhelp: give the others names");
    check(&[], &["a", "sub"], "DIR/sub: cannot be written: this is a directory");
    check(&[], &["sub/"], "DIR/sub/: cannot be written: this is a directory");
    check(&[], &["new/"], "DIR/new/: cannot be written: this is a directory");
    check(&[], &["sub/.."], "DIR/sub/..: cannot be written: this is a directory");
    check(&[], &["a", "none/a"], "DIR/none/a: cannot be written: there is no such file or directory");
    check(&[], &["old.csv/a"], "DIR/old.csv/a: cannot be written: a part of the path is not a directory");
    let folder = |path: &str| {
        let mut transaction = Transaction::new("a test");
        message(dir.path(), &transaction.folder(&dir.path().join(path), &["a"]).unwrap_err())
    };
    assert_eq!(folder("old.csv"), "DIR/old.csv: this directory cannot be created: there is a file of this name");
    assert!(folder("old.csv/x").starts_with("DIR/old.csv/x: this directory cannot be created: "));
    fs::create_dir(dir.path().join("sub/a")).unwrap();
    assert_eq!(folder("sub"), "DIR/sub/a: cannot be written: this is a directory");
}

/// What a file that was read names is not known to who writes, and is still not written over.
#[test]
fn files_that_were_read_are_inputs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.csv");
    fs::write(&path, "x").unwrap();
    crate::text::read_text(&path).unwrap();
    let mut transaction = Transaction::new("a test");
    transaction.reads_all_so_far().unwrap();
    let error = transaction.file(&path).unwrap_err();
    assert!(error.to_string().contains("it is the input"), "{error}");
    // Whichever is said first.
    let mut transaction = Transaction::new("a test");
    transaction.file(&path).unwrap();
    let error = transaction.reads_all_so_far().unwrap_err();
    assert!(error.to_string().contains("list.csv: cannot be written: it is the input"), "{error}");
    assert!(transaction.reads(&path).is_err());
}

#[cfg(unix)]
#[test]
fn links_are_kept_and_seen_through() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    fs::write(at("sub/real"), "old").unwrap();
    fs::set_permissions(at("sub/real"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("sub/real", at("link")).unwrap();
    symlink("link", at("second")).unwrap();
    symlink("sub/new", at("dangling")).unwrap();
    symlink("sub", at("folder")).unwrap();
    symlink("round", at("round")).unwrap();
    for (name, text) in [("second", "1"), ("dangling", "2")] {
        write_atomic(&at(name), text.as_bytes()).unwrap();
        assert!(fs::symlink_metadata(at(name)).unwrap().is_symlink());
    }
    assert_eq!((fs::read(at("sub/real")).unwrap(), fs::read(at("sub/new")).unwrap()), (b"1".into(), b"2".into()));
    assert_eq!(fs::metadata(at("sub/real")).unwrap().permissions().mode() & 0o777, 0o640, "who may read it is kept");
    fs::hard_link(at("sub/real"), at("hard")).unwrap();
    for other in ["link", "second", "hard", "folder/real", "sub/real"] {
        let text = refused(dir.path(), &["sub/real"], &[other]);
        assert!(text.contains("it is the input"), "{other}: {text}");
        let text = refused(dir.path(), &[], &["link", other]);
        assert!(text.contains("the same file as the output DIR/link"), "{other}: {text}");
    }
    assert!(refused(dir.path(), &[], &["sub/x", "folder/x"]).contains("the same file as the output DIR/sub/x"));
    assert!(refused(dir.path(), &[], &["round"]).contains("its symbolic links lead in a circle"));
    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
    if made.is_ok_and(|status| status.success()) {
        let text = Target::of(&at("pipe")).unwrap_err().to_string();
        assert!(
            text.ends_with("this is a pipe\nhelp: name a file that can be replaced; `-` is standard output"),
            "{text}"
        );
    }
    let text = Target::of("/dev/null".as_ref()).unwrap_err().to_string();
    assert!(text.starts_with("/dev/null: cannot be written: this is a device"), "{text}");
}

#[cfg(unix)]
#[test]
fn files_are_as_open_as_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("plain"), b"").unwrap();
    write_atomic(&dir.path().join("atomic"), b"").unwrap();
    let mode = |name| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("plain"), mode("atomic"));
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut first = Transaction::new("quenched run --spikes a");
    first.file(&at("a")).unwrap();
    let second = |name: &str| Transaction::new("another").file(&at(name)).map_err(|e| message(dir.path(), &e));
    let in_use = "DIR/a: this file is being written by another command: `quenched run --spikes a`, process PROCESS\n\
                  help: wait for it, or write somewhere else";
    assert_eq!(second("a"), Err(in_use.into()));
    assert!(second("b").is_ok(), "another file is nobody's business");
    let folder = || Transaction::new("another").folder(dir.path(), &["a"]).map_err(|e| message(dir.path(), &e));
    assert!(
        folder().unwrap_err().starts_with("DIR: this directory is being written by another command: `quenched run")
    );
    assert!(first.abandon().now());
    assert!(!first.abandon().now(), "it was given up before");
    let mut whole = Transaction::new("quenched study");
    whole.folder(dir.path(), &["x"]).unwrap();
    assert!(
        second("b")
            .unwrap_err()
            .starts_with("DIR: this directory is being written by another command: `quenched study")
    );
    assert!(folder().is_err());
    drop(whole);
    assert!(second("b").is_ok() && folder().is_ok());
    assert_eq!(tree(dir.path()), expected(&[]));
}

/// Many at once: what is there in the end is all of one of them.
#[test]
fn files_of_two_writers_are_never_mixed() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a", "b", "c"].map(|name| dir.path().join(name));
    let run = |text: String| {
        let mut transaction = Transaction::new("a test");
        let Ok(ids) = transaction.files(&paths) else { return };
        ids.into_iter().for_each(|id| transaction.write(id, text.as_bytes()).unwrap());
        transaction.commit().unwrap();
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || (0..8).for_each(|round| run(format!("{thread} {round}"))));
        }
    });
    let all = tree(dir.path());
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(all.values().all(|text| *text == all["a"]), "{all:?}");
}

/// A transaction over two directories, up to its commit; the second one is a folder.
fn prepared(dir: &Path) -> Transaction {
    let mut transaction = Transaction::new("a test");
    transaction.folder(&dir.join("x"), &["a"]).unwrap();
    let ids = transaction.files(&[dir.join("y/b"), dir.join("z/c")]).unwrap();
    transaction.write(ids[0], b"new").unwrap();
    transaction.write(ids[1], b"new").unwrap();
    transaction.write_in_folder("a", b"new").unwrap();
    transaction.write_in_folder("d", b"new").unwrap();
    transaction
}

/// What a kill leaves: locks are gone, files are not.
fn kill(transaction: Transaction) {
    transaction.open().claims.iter_mut().for_each(|claim| claim.left = true);
    drop(transaction);
}

const OUTPUTS: [&str; 4] = ["x/a", "x/d", "y/b", "z/c"];

/// Directories with old files.
fn old() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["x", "y", "z"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    OUTPUTS.iter().for_each(|name| fs::write(dir.path().join(name), "old").unwrap());
    dir
}

/// The next commands write to `order`, one after the other; then everything is `text`.
#[track_caller]
fn check_recovery(dir: &Path, order: &[&str], text: &str, context: &str) {
    for folder in order {
        let path = dir.join(folder).join("other");
        write_atomic(&path, b"").unwrap();
        fs::remove_file(path).unwrap();
    }
    let all = OUTPUTS.map(|name| (name, text));
    assert_eq!(tree(dir), expected(&all), "{context}");
}

#[test]
fn killed_at_any_step_it_leaves_all_old_or_all_new() {
    let dir = old();
    let transaction = prepared(dir.path());
    let steps = transaction.open().steps();
    drop(transaction);
    let decided = steps.iter().position(|step| *step == Step::Record(0)).unwrap();
    assert!(decided == 2 && steps.len() == 3 + 4 + 3 + 3, "{steps:?}");
    // Whoever comes next, and wherever: the directory that decides, or one that it decides for.
    for order in [["x", "y", "z"], ["z", "y", "x"], ["y", "x", "z"]] {
        for killed in 0..=steps.len() {
            let dir = old();
            let transaction = prepared(dir.path());
            for step in &steps[..killed] {
                transaction.open().perform(*step).unwrap();
            }
            kill(transaction);
            let text = if killed <= decided { "old" } else { "new" };
            check_recovery(dir.path(), &order, text, &format!("{order:?}, killed after {:?}", &steps[..killed]));
        }
    }
}

#[test]
fn a_journal_that_was_cut_off_decides_nothing() {
    let dir = old();
    let transaction = prepared(dir.path());
    for step in [Step::Record(2), Step::Record(1), Step::Record(0)] {
        transaction.open().perform(step).unwrap();
    }
    let journal = transaction.open().claims[0].journal.clone();
    kill(transaction);
    let (whole, saved) = (fs::read(&journal).unwrap(), tree(dir.path()));
    for cut in 0..whole.len() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in &saved {
            fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            fs::write(dir.path().join(name), text).unwrap();
        }
        let journal = dir.path().join("x").join(journal.file_name().unwrap());
        fs::write(&journal, &whole[..cut]).unwrap();
        // One directory alone: the paths of the others are those of another place.
        write_atomic(&dir.path().join("x/other"), b"").unwrap();
        assert_eq!(fs::read(dir.path().join("x/a")).unwrap(), b"old", "{cut}");
        assert!(tree(&dir.path().join("x")).keys().all(|name| !name.starts_with('.')), "{cut}");
    }
}

#[test]
fn leftovers_go_and_what_is_at_work_stays() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut alive = Transaction::new("a test");
    let id = alive.file(&at("a")).unwrap();
    alive.write(id, b"1").unwrap();
    for name in [".quenched-AbCdEf.tmp", ".quenched-x1-0.tmp", ".quenched-x1.journal", ".quenched-lock"] {
        fs::write(at(name), "process 1\nclaim b\n").unwrap();
    }
    for name in [".quenched-mine.csv", "x.tmp"] {
        fs::write(at(name), "a user's").unwrap();
    }
    write_atomic(&at("b"), b"2").unwrap();
    alive.commit().unwrap();
    let names: Vec<String> = tree(dir.path()).into_keys().collect();
    assert_eq!(names, [".quenched-mine.csv", "a", "b", "x.tmp"]);
}

/// A journal that somebody else has made can do no more than whoever can write to its directory.
#[test]
fn a_forged_journal_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("x")).unwrap();
    fs::write(at("precious"), "old").unwrap();
    fs::write(at("x/evil"), "new").unwrap();
    for text in [
        "rename evil ../precious\ndecided 1\n".to_string(),
        format!("rename evil {}\ndecided 1\n", at("precious").display()),
        format!("member {}\nmember /dev/zero\ndecided 0\n", at("precious").display()),
        "leader /dev/zero\nrename evil gone\ndecided 1\n".to_string(),
        "decided 18446744073709551615\n".to_string(),
    ] {
        fs::write(at("x/.quenched-f.journal"), &text).unwrap();
        write_atomic(&at("x/a"), b"1").unwrap();
        assert_eq!(tree(dir.path()), expected(&[("precious", "old"), ("x/a", "1"), ("x/evil", "new")]), "{text}");
    }
}

#[test]
fn what_cannot_be_finished_says_how_to_give_it_up() {
    let dir = old();
    let transaction = prepared(dir.path());
    let steps = transaction.open().steps();
    steps[..3].iter().for_each(|step| transaction.open().perform(*step).unwrap());
    kill(transaction);
    fs::remove_file(dir.path().join("x/a")).unwrap();
    fs::create_dir(dir.path().join("x/a")).unwrap();
    let error = write_atomic(&dir.path().join("x/other"), b"").unwrap_err().to_string();
    assert!(error.contains("what a killed command was about to write cannot be finished"), "{error}");
    assert!(error.contains(".journal` to give it up"), "{error}");
    fs::remove_dir(dir.path().join("x/a")).unwrap();
    check_recovery(dir.path(), &["x"], "new", "the way is free again");
}

#[test]
fn what_came_in_the_way_is_found_before_anything_is_renamed() {
    let dir = old();
    let transaction = prepared(dir.path());
    fs::remove_file(dir.path().join("z/c")).unwrap();
    fs::create_dir(dir.path().join("z/c")).unwrap();
    let error = message(dir.path(), &transaction.commit().unwrap_err());
    assert!(error.ends_with("z/c: cannot be written: this is a directory"), "{error}");
    assert_eq!(tree(dir.path()), expected(&[("x/a", "old"), ("x/d", "old"), ("y/b", "old")]));
}

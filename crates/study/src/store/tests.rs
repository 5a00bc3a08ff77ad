//! What a store keeps of a study that is stopped, split, damaged or another one.

use super::*;
use crate::{Progress, RunOptions, StudyError, merge, run, run_shard};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

const STUDY: &str = r#"format = "quenched-study"
version = 1
chip = "ideal"
model = "rate"
networks = 3
dies = 1

[reservoir]
neurons = 6
connectivity = 1
spectral_radius = 0.9
input_scale = 0.5
synapse = "graded"

[readout]
on_chip = false

[[task]]
id = "lorenz/recall/shift+*"
sample = "1 ms"
train = 60
test = 20

[[task]]
id = "memory-capacity"
sample = "1 ms"
delays = 2
train = 60
test = 20
"#;

fn recipe() -> Recipe {
    Recipe::shipped("small.toml", STUDY)
}

/// Runs `shard` in `directory`, stopped after `most` runs.
fn work(directory: &Path, shard: Shard, most: usize, threads: usize) -> Result<(), StudyError> {
    let study = recipe().study().unwrap();
    let store = Store::create(directory, &recipe(), &study)?;
    let cancel = AtomicBool::new(most == 0);
    let progress = |progress: Progress| cancel.store(progress.done >= most, Ordering::Relaxed);
    run_shard(
        &study,
        &store,
        shard,
        &RunOptions { threads: NonZeroUsize::new(threads), cancel: &cancel, progress: &progress },
    )
}

/// The results of the runs in `directory`.
fn merged(directory: &Path) -> Result<crate::StudyResult, StudyError> {
    let (store, study) = Store::open(directory)?;
    merge(&study, &store)
}

fn straight() -> crate::StudyResult {
    let cancel = AtomicBool::new(false);
    let options = RunOptions { threads: None, cancel: &cancel, progress: &|_| {} };
    let mut result = run(&recipe().study().unwrap(), &options).unwrap();
    // A store knows the command, and a study alone does not.
    result.manifest.command = recipe().command();
    result
}

#[test]
fn shards_and_interruptions_change_nothing() {
    let straight = straight();
    assert_eq!(straight.rows.len(), 3 * (7 + 1), "seven tasks of one stimulus share a run");
    let directory = tempfile::tempdir().unwrap();
    for of in [1, 2, 4, 7] {
        let directory = directory.path().join(of.to_string());
        for number in (1..=of).rev() {
            let shard = Shard { number, of };
            // The first attempt is stopped, the second one goes on.
            match work(&directory, shard, 1, 1) {
                Ok(()) => {}
                Err(StudyError::Interrupted { runs: 6, .. }) => work(&directory, shard, usize::MAX, 2).unwrap(),
                Err(error) => panic!("{error}"),
            }
        }
        let result = merged(&directory).unwrap();
        assert_eq!(result, straight, "{of} shards");
        assert_eq!((result.csv(), result.manifest_json()), (straight.csv(), straight.manifest_json()));
        let (store, study) = Store::open(&directory).unwrap();
        let status = store.status(&study).unwrap();
        assert_eq!((status.runs, status.done, status.shards.len()), (6, 6, of));
        assert_eq!(status.shards.iter().map(|s| s.runs).sum::<usize>(), 6);
    }
}

#[test]
fn a_file_that_was_cut_anywhere_goes_on_from_there() {
    let straight = straight();
    let directory = tempfile::tempdir().unwrap();
    work(directory.path(), Shard::WHOLE, usize::MAX, 1).unwrap();
    let file = directory.path().join("1-of-1.jsonl");
    let whole = std::fs::read(&file).unwrap();
    let lines: Vec<usize> = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
    for end in [0, 1, lines[0], lines[1] - 1, lines[2] + 3, lines[5], whole.len() - 1] {
        std::fs::write(&file, &whole[..end]).unwrap();
        if end < whole.len() - 1 {
            assert!(matches!(merged(directory.path()), Err(StudyError::Unfinished { runs: 6, .. })), "{end}");
        }
        work(directory.path(), Shard::WHOLE, usize::MAX, 1).unwrap();
        assert_eq!(merged(directory.path()).unwrap(), straight, "cut at {end}");
    }
}

#[test]
fn what_is_wrong_with_a_store_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let error = |result: Result<(), StudyError>| result.unwrap_err().to_string();
    let read = || merged(directory.path()).map(|_| ());
    assert!(error(read()).ends_with("there are no runs of a study here"));
    let _ = work(directory.path(), Shard::WHOLE, 2, 1);
    let unfinished = error(read());
    assert!(unfinished.starts_with("4 of 6 runs are not done, the first of them task `lorenz`"), "{unfinished}");

    let file = directory.path().join("1-of-1.jsonl");
    let good = std::fs::read_to_string(&file).unwrap();
    for (bad, expected) in [
        (good.replacen("score_float", "score_floor", 1), ":3: its checksum is wrong"),
        (good.replacen('\t', " ", 1), ":1: it has no checksum"),
        (good.lines().skip(1).map(|l| format!("{l}\n")).collect(), ":1: it is not the head of a file of runs"),
        (format!("{good}{good}"), ": a second head"),
    ] {
        std::fs::write(&file, &bad).unwrap();
        let found = error(read());
        assert!(found.contains(expected), "{found}");
        assert!(work(directory.path(), Shard::WHOLE, 9, 1).is_err(), "nothing is added to what is damaged");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bad);
    }
    std::fs::write(&file, good).unwrap();

    let mut other = recipe();
    other.seed = Some(5);
    let refused = Store::create(directory.path(), &other, &other.study().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("runs of another study"), "{refused}");
    let busy = File::open(&file).unwrap();
    busy.lock().unwrap();
    assert!(error(work(directory.path(), Shard::WHOLE, 9, 1)).contains("another process is at work on this shard"));
}

#[test]
fn shards_are_named_from_1() {
    let shard = |text: &str| text.parse::<Shard>().map(|shard| shard.to_string());
    assert_eq!(shard("2/7"), Ok("2/7".into()));
    for wrong in ["0/7", "8/7", "7", "a/b", "1/0", "-1/3", "1/2/3", ""] {
        assert!(shard(wrong).unwrap_err().contains("write its number, from 1"), "{wrong}");
    }
    for count in [0, 1, 5, 1000] {
        for of in [1, 3, 7] {
            let runs: Vec<usize> = (1..=of).flat_map(|number| Shard { number, of }.runs(count)).collect();
            assert_eq!(runs, (0..count).collect::<Vec<_>>());
        }
    }
}

//! Tests of `temporal`: ids, groups, and the series that are made.

use super::*;
use crate::own_series;
use crate::task;
use crate::{TaskData, entries, entry};

fn options(seed: u64) -> TaskOptions {
    TaskOptions::new(seed).with("train", 60).with("validation", 20).with("test", 40)
}

fn one(id: &str, options: &TaskOptions) -> Series {
    match task(id, options).unwrap().data {
        TaskData::Series(series) => series,
        TaskData::Classification(_) | TaskData::Regression(_) => panic!("a series"),
    }
}

#[test]
fn there_are_hundreds_of_tasks_with_ids_of_their_own() {
    let ids: Vec<String> = TemporalTask::all().iter().map(TemporalTask::to_string).collect();
    assert!(ids.len() >= 300, "{}", ids.len());
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for (id, task) in ids.iter().zip(TemporalTask::all()) {
        assert_eq!(TemporalTask::find(id).unwrap(), *task);
        assert_eq!(entry(id).unwrap().info.id, *id);
    }
    let grouped: usize = TemporalTask::by_stimulus().map(|(_, tasks)| tasks.len()).sum();
    assert_eq!((grouped, TemporalTask::by_stimulus().count()), (ids.len(), Stimulus::ALL.len()));
    assert_eq!(entries().count(), ids.len() + crate::CATALOGUE.len());
}

#[test]
fn a_name_that_is_nearly_one_is_answered_with_it() {
    let error = |id: &str| TemporalTask::find(id).unwrap_err().to_string();
    assert_eq!(
        error("lorentz/legendre-3/shift+5"),
        "there is no task `lorentz/legendre-3/shift+5`; did you mean `lorenz/legendre-3/shift+5`?"
    );
    assert!(error("roessler/recall/shift-5").contains("did you mean `"));
    assert!(error("uniform/legendre-9/shift+0").contains("did you mean `uniform/legendre-"));
    assert!(error("").ends_with("`quenched tasks` lists those that there are"));
    let find = |id| TemporalTask::find(id).unwrap().to_string();
    assert_eq!(find("lorenz/legendre-1/shift+5"), "lorenz/recall/shift+5");
    assert_eq!(find("lorenz/legendre-1/shift-5"), "lorenz/prediction/shift-5");
}

/// One recording serves all: each target of a group is the target of its task alone, at each sample that is used.
#[test]
fn a_group_has_the_targets_of_its_tasks() {
    for (stimulus, tasks) in TemporalTask::by_stimulus() {
        let group = series(tasks, &options(3)).unwrap();
        assert_eq!(group.input.len(), 200 + 60 + 20 + 40);
        for (column, task) in tasks.iter().enumerate().step_by(7) {
            let alone = one(&task.to_string(), &options(3));
            assert_eq!(alone.input, group.input, "{}", stimulus.name());
            assert_eq!(alone.target_names, [task.to_string()]);
            for t in group.washout..group.input.len() {
                assert_eq!(alone.target(t)[0].to_bits(), group.target(t)[column].to_bits(), "{task} {t}");
            }
        }
    }
}

/// The names that there were before mean the same tasks.
#[test]
fn older_names_are_tasks_of_the_catalogue() {
    let (old, new) = (one("narma10", &options(7)), one("narma-input/narma-10/shift+0", &options(7)));
    assert_eq!(old.targets[10..], new.targets[10..]);
    let float =
        |series: &Series| -> Vec<f64> { series.input.frames().map(|f| crate::stimulus::to_f64(f[0])).collect() };
    let scaled: Vec<f64> = float(&new).iter().map(|u| (u + 1.0) / 4.0).collect();
    assert_eq!(float(&old), scaled);
    let (old, new) = (one("mackey-glass", &options(7)), one("mackey-glass-17/prediction/shift-1", &options(7)));
    let (old, new): (Vec<f64>, Vec<f64>) = (float(&old), float(&new));
    for t in 1..old.len() {
        let (was, is) = (old[t] - old[0], (new[t] - new[0]) * 0.47);
        assert!((was - is).abs() < 1e-8, "{t}: {was} {is}");
    }
}

#[test]
fn what_memory_is_not_needed_for_is_marked() {
    let marked = |id: &str| entry(id).unwrap().info.solved_statically.is_some();
    assert!(marked("japanese-vowels") && marked("lorenz/recall/shift+0") && marked("uniform/legendre-4/shift+0"));
    assert!(!marked("narma10") && !marked("lorenz/recall/shift+1") && !marked("lorenz/product-1/shift+0"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let error = |tasks: &[TemporalTask], options: TaskOptions| series(tasks, &options).unwrap_err().to_string();
    let find = |id| TemporalTask::find(id).unwrap();
    let (far, other) = (find("lorenz/product-5/shift+40"), find("uniform/recall/shift+0"));
    assert_eq!(
        error(&[far], options(1).with("washout", 44)),
        "task `lorenz/product-5/shift+40`: `washout` is 44, but must be at least 45, the past that the target needs"
    );
    assert!(series(&[far], &options(1).with("washout", 45)).is_ok());
    assert!(error(&[far, other], options(1)).ends_with("lorenz/product-5/shift+40 and uniform/recall/shift+0"));
    assert!(error(&[], options(1)).ends_with("there is none"));
    assert!(error(&[far], options(1).with("delays", 3)).contains("takes no option `delays`"));
    assert!(error(&[far], options(1).with("test", usize::MAX)).contains("more than the"));
}

#[test]
fn ones_own_series_has_the_same_functions() {
    let values: Vec<fx::Real> = (0..400).map(|t| fx::Real::from_integer((t * t) % 17)).collect();
    let wanted = [(Function::Recall, 3), (Function::Prediction, -4)];
    let long = options(1).with("washout", 200);
    let own = own_series(values.clone(), &wanted, &long).unwrap();
    assert_eq!(own.target_names, ["own/recall/shift+3", "own/prediction/shift-4"]);
    let input = |t: usize| crate::stimulus::to_f64(own.input.frame(t)[0]);
    assert_eq!(own.target(250), &[input(247), input(254)]);
    let error = own_series(values[..323].to_vec(), &wanted, &long).unwrap_err().to_string();
    assert_eq!(error, "the series has 323 samples, but 324 are needed: ask for shorter parts");
    let error = own_series(values, &[(Function::Equalisation, 0)], &long).unwrap_err();
    assert_eq!(error, TaskError::NoSymbols);
}

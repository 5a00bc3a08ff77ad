//! Snapshots: resuming one equals never having stopped, and a wrong one is refused.

use crate::cores::recipes;
use crate::runs::assert_cut_changes_nothing;
use crate::support::{Recipe, TICKS, die};
use emulator::{Emulator, Snapshot};
use proptest::prelude::*;
use units::Tick;

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn resuming_is_going_on_ideal(recipe in recipes(false), at in 0..TICKS) {
        assert_cut_changes_nothing(&mut recipe.build(), 0, at);
    }

    #[test]
    fn resuming_is_going_on_tag_cam(recipe in recipes(true), at in 0..TICKS) {
        assert_cut_changes_nothing(&mut recipe.build(), 0, at);
    }
}

#[test]
fn wrong_snapshots_are_refused() {
    let recipe = Recipe {
        seed: 3,
        tag_cam: false,
        cores: 2,
        neurons: 8,
        fan_out: 4,
        inputs: 2,
        events: 40,
        extreme: false,
        asynchronous: false,
    };
    let mut case = recipe.build();
    let mut emulator = case.emulator();
    emulator.run_until(Tick(20), &mut ());
    let good = serde_json::to_value(emulator.snapshot()).unwrap();
    assert_eq!(good["now"], 20);
    assert!(!good["deliveries"].as_array().unwrap().is_empty(), "something should be on its way");
    let refusal = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        let snapshot: Snapshot = serde_json::from_value(changed).unwrap();
        match Emulator::resume(&case.spec, &case.program, &case.die, &snapshot) {
            Ok(_) => "resumed".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(refusal(&|_| {}), "resumed");
    let check = |change: &dyn Fn(&mut serde_json::Value), expected: &str| {
        assert_eq!(refusal(change), format!("the snapshot cannot be resumed: {expected}"));
    };
    check(&|s| s["version"] = 1.into(), "it is from another version of quenched");
    check(&|s| s["fabric"] = 1.into(), "it was taken from another program");
    check(&|s| s["parameters"] = 1.into(), "it was taken from another die, or with other parameters");
    check(&|s| s["levels"] = vec![0; 3].into(), "its lists have the wrong lengths");
    check(&|s| s["cores"] = serde_json::Value::Array(vec![]), "its lists have the wrong lengths");
    check(&|s| s["wake"][0] = 19.into(), "a core is to be woken in the past");
    let state = "the state of a core is not one that it can have";
    check(&|s| s["cores"][0]["Lif"]["neurons"]["v"][0] = (1 << 30).into(), state);
    check(&|s| s["cores"][0]["Lif"]["neurons"]["refractory"][0] = (-1).into(), state);
    check(&|s| s["cores"][0]["Lif"]["neurons"]["refractory"] = vec![0; 99].into(), state);
    check(&|s| s["cores"][1]["Rate"]["neurons"]["x"][0] = (1 << 29).into(), state);
    check(&|s| s["cores"].as_array_mut().unwrap().swap(0, 1), state);
    let waits = "an event waits for a time or a row that does not exist";
    check(&|s| s["deliveries"][0][0] = 19.into(), waits);
    check(&|s| s["deliveries"][0][0] = 2000.into(), waits);
    check(&|s| s["deliveries"][0][1]["row"] = 1_000_000.into(), waits);
    check(&|s| s["inputs"][0][0] = 19.into(), "it holds an event that could not have been sent");
    check(&|s| s["inputs"][0][1] = 9.into(), "it holds an event that could not have been sent");

    check(&|s| s["levels"][0] = i64::MAX.into(), "a channel has a level that it cannot have");
    check(&|s| s["counters"]["spikes"] = u64::MAX.into(), "it counts more than a run can");
    check(&|s| s["counters"]["losses"]["rows"][0] = vec![u64::MAX; 3].into(), "it counts more than a run can");

    let other = Emulator::resume(&case.spec, &case.program, &die(&case.spec, 99), &emulator.snapshot());
    assert!(other.unwrap_err().to_string().contains("another die"));
}

/// Deliveries that wait in a state which was made on purpose: each must be one that its source can have sent, and all
/// of them together must be so as well, or the sums of the cores would overflow.
#[test]
fn forged_deliveries_are_refused() {
    let mut tried = 0;
    for (tag_cam, asynchronous) in [(false, false), (false, true), (true, false)] {
        let recipe = Recipe {
            seed: 3,
            tag_cam,
            cores: 2,
            neurons: 8,
            fan_out: 4,
            inputs: 2,
            events: 40,
            extreme: false,
            asynchronous,
        };
        let mut case = recipe.build();
        let mut emulator = case.emulator();
        for end in 1..60 {
            emulator.run_until(Tick(end), &mut ());
            let good = serde_json::to_value(emulator.snapshot()).unwrap();
            let resumes = |deliveries: Vec<serde_json::Value>| {
                let mut changed = good.clone();
                changed["deliveries"] = deliveries.into();
                let snapshot: Snapshot = serde_json::from_value(changed).unwrap();
                Emulator::resume(&case.spec, &case.program, &case.die, &snapshot).map(drop)
            };
            let waiting = good["deliveries"].as_array().unwrap().clone();
            assert_eq!(resumes(waiting.clone()), Ok(()), "tick {end}");
            for (index, delivery) in waiting.iter().enumerate() {
                let with = |key: &str, value: i64| {
                    let mut changed = waiting.clone();
                    changed[index][1][key] = value.into();
                    resumes(changed)
                };
                for payload in [i64::from(i32::MIN), i64::from(i32::MAX), 1 << 26] {
                    assert!(with("payload", payload).is_err(), "tick {end}, {delivery}: {payload}");
                }
                assert!(with("source", 1 << 20).is_err());
                assert!(with("row", 1 << 20).is_err());
                // The same event again and again: one at a time is fine, together they are too many.
                let copies = (0..9).map(|_| delivery.clone()).collect();
                assert!(resumes(copies).is_err(), "tick {end}: nine of {delivery}");
                tried += 1;
            }
        }
    }
    assert!(tried > 10, "something should be on its way");
}

/// A snapshot says when an asynchronous core is due, and its state says so too: a later tick would lose a spike.
#[test]
fn an_asynchronous_core_is_woken_when_its_state_says() {
    let recipe = Recipe {
        seed: 3,
        tag_cam: false,
        cores: 1,
        neurons: 8,
        fan_out: 4,
        inputs: 2,
        events: 40,
        extreme: false,
        asynchronous: true,
    };
    let mut case = recipe.build();
    let mut emulator = case.emulator();
    for end in [1, 20, 21, 40] {
        emulator.run_until(Tick(end), &mut ());
        let good = emulator.snapshot();
        assert!(Emulator::resume(&case.spec, &case.program, &case.die, &good).is_ok());
        let mut late = serde_json::to_value(&good).unwrap();
        late["wake"][0] = (late["wake"][0].as_u64().unwrap() ^ (1 << 40)).into();
        let late: Snapshot = serde_json::from_value(late).unwrap();
        let error = Emulator::resume(&case.spec, &case.program, &case.die, &late).unwrap_err().to_string();
        assert!(error.ends_with("a core is to be woken at another time than its state says"), "{error}");
    }
}

//! Tests of rates that are matched: the search, and what a study makes of it.

use super::*;
use crate::{RunOptions, StudyResult, StudySpec};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

fn found(wanted: f64, rate: impl Fn(f64) -> f64) -> (RateMatch, usize) {
    let mut tries = 0;
    let found = search(wanted, |factor| {
        tries += 1;
        Ok(rate(factor))
    });
    (found.unwrap(), tries)
}

#[test]
fn a_factor_is_found_where_there_is_one() {
    // As it is, proportional, with a threshold, saturating, steep.
    let rates: [(f64, &dyn Fn(f64) -> f64); 5] = [
        (20.0, &|_| 20.1),
        (30.0, &|f| 20.0 * f),
        (30.0, &|f| (40.0 * f - 35.0).max(0.0)),
        (30.0, &|f| 100.0 * f / (f + 4.0)),
        (30.0, &|f| 10.0 * f * f * f),
    ];
    for (wanted, rate) in rates {
        let (found, tries) = found(wanted, rate);
        assert!((rate(found.factor) - wanted).abs() <= 0.01 * wanted && tries <= TRIES, "{found:?} after {tries}");
        assert_eq!(found.reached_hz, rate(found.factor));
    }
    assert_eq!(found(20.0, |_| 20.1), (RateMatch { factor: 1.0, wanted_hz: 20.0, reached_hz: 20.1 }, 1));
}

#[test]
fn what_cannot_be_reached_is_as_near_as_it_gets() {
    let (silent, tries) = found(30.0, |_| 0.0);
    assert_eq!((silent.factor, silent.reached_hz, tries), (1.0, 0.0, TRIES));
    let (low, _) = found(30.0, |f| f.min(1.5) * 10.0);
    assert!(low.reached_hz == 15.0 && low.factor <= FACTOR_MAX, "{low:?}");
}

fn text(rate: &str, cv: &str) -> String {
    format!(
        r#"
format = "quenched-study"
version = 1
chip = "ideal-mismatched"
model = "lif"
networks = 2
dies = 2
cv = {cv}
parameter = "v_threshold"
rate = {rate}
[reservoir]
neurons = 40
input_fan_in = 4
recurrent_fan_in = 4
input_inhibitory = 0.3
recurrent_inhibitory = 0.5
input_weight = 5
recurrent_weight = 2
synapse = {{ excitatory = "fast", inhibitory = "fast" }}
[encoder]
kind = "deterministic"
trains_per_channel = 4
rate_max = "400 Hz"
[readout]
on_chip = false
[[task]]
id = "memory-capacity"
sample = "5 ms"
delays = 3
train = 300
test = 200
"#
    )
}

fn read(rate: &str, cv: &str) -> StudySpec {
    crate::read(&text(rate, cv), "x.toml", "".as_ref()).unwrap_or_else(|e| panic!("{e}"))
}

fn run(study: &StudySpec, threads: usize) -> StudyResult {
    let cancel = AtomicBool::new(false);
    let options = RunOptions { threads: NonZeroUsize::new(threads), cancel: &cancel, progress: &|_| {} };
    crate::run(study, &options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_matched_condition_spikes_as_often_as_without_mismatch() {
    let study = read("[\"free\", \"matched\"]", "[0, 1]");
    let result = run(&study, 1);
    assert_eq!(run(&study, 2).csv(), result.csv(), "threads");
    let mean = |rate: &str, cv: &str| {
        let has = |row: &&crate::Row| {
            let value =
                |key: &str| row.point.values().find(|(axis, _)| axis.key == key).map(|(_, value)| value.to_owned());
            value("rate").as_deref() == Some(rate) && value("cv").as_deref() == Some(cv)
        };
        let rates: Vec<f64> = result.rows.iter().filter(has).map(|row| row.rate_hz).collect();
        assert!(!rates.is_empty());
        rates.iter().sum::<f64>() / rates.len() as f64
    };
    let (nominal, free, matched) = (mean("free", "0"), mean("free", "1"), mean("matched", "1"));
    assert!((free - nominal).abs() > 0.1 * nominal, "{nominal} {free}: nothing to match");
    assert!((matched - nominal).abs() < 0.4 * (free - nominal).abs(), "{nominal} {free} {matched}");
    // One factor for all of a condition; 1 where there is no mismatch; none where rates are as they come.
    let factors: Vec<Option<f64>> = result.rows.iter().map(|row| row.rate_match.map(|rate| rate.factor)).collect();
    let some: Vec<f64> = factors.iter().flatten().copied().filter(|factor| *factor != 1.0).collect();
    assert_eq!(some.len(), 4, "two networks of two dies: {factors:?}");
    assert!(some.windows(2).all(|pair| pair[0] == pair[1]), "{some:?}");
    assert_eq!(factors.iter().filter(|factor| **factor == Some(1.0)).count(), 2);
    assert_eq!(mean("matched", "0"), nominal);
    assert!(run(&read("\"free\"", "[0]"), 1).rows.iter().all(|row| row.rate_match.is_none()));
}

#[test]
fn what_has_no_rate_to_match_is_refused() {
    let error = |text: String| crate::read(&text, "x.toml", "".as_ref()).unwrap_err().to_string();
    assert!(error(text("\"match\"", "[0]")).contains("did you mean `matched`?"));
    let units = crate::shipped("size").unwrap().replacen("seed = 1", "seed = 1\nrate = [\"free\", \"matched\"]", 1);
    let error = error(units);
    assert!(error.contains("rate units do not spike"), "{error}");
}

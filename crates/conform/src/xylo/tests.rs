//! Replay of the cases in `tests/golden/xylo`, whole and damaged.

use super::{KINDS, Layer};
use crate::arrays::{Arrays, Element};
use crate::case::{Case, replay};
use crate::error::ConformError;
use crate::outcome::{Difference, Outcome};
use formats::npz::{archive, npy};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A case in memory, to be damaged.
#[derive(Clone)]
struct Copy {
    description: Value,
    /// Shape and values by key.
    arrays: BTreeMap<String, (Vec<u64>, Vec<i64>)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/xylo")
}

/// All cases of the folder, by name.
fn cases() -> BTreeMap<String, PathBuf> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let cases: BTreeMap<_, _> = names
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| (Case::open(&path).unwrap().name, path))
        .collect();
    assert!(cases.len() >= 5, "{cases:?}");
    cases
}

fn load(path: &Path) -> Copy {
    let description: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let archive = Arrays::open(&path.with_extension("npz")).unwrap();
    let mut arrays = BTreeMap::new();
    for kind in &KINDS {
        if description["arrays"].get(kind.key).is_none() {
            continue;
        }
        let shape: &[Option<usize>] = if kind.layer == Layer::Core { &[None] } else { &[None, None] };
        let array = archive.read("arrays", kind.key, &[kind.element], shape, "any").unwrap();
        arrays.insert(kind.key.to_owned(), (array.shape.iter().map(|&n| n as u64).collect(), array.values));
    }
    Copy { description, arrays }
}

fn case(name: &str) -> Copy {
    load(&cases()[name])
}

impl Copy {
    fn archive(&self) -> Vec<u8> {
        let file = |key: &str, shape: &[u64], values: &[i64]| {
            // What does not fit its type is written as int32: the tests use that as a wrong type.
            let kind = KINDS.iter().find(|kind| kind.key == key && fits(kind.element, values));
            let (descr, width) = match kind.map(|kind| kind.element) {
                Some(Element::U8) => ("|u1", 1),
                Some(_) => ("<i2", 2),
                None => ("<i4", 4),
            };
            let shape: Vec<usize> = shape.iter().map(|&length| length as usize).collect();
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
            npy(descr, &shape, &data)
        };
        let files: Vec<_> =
            self.arrays.iter().map(|(key, (shape, values))| (key.as_str(), file(key, shape, values))).collect();
        archive(files.iter().map(|(key, file)| (*key, file.as_slice())))
    }

    fn outcome(&self) -> Result<Outcome, ConformError> {
        outcome(self.description.to_string().as_bytes(), &self.archive())
    }

    #[track_caller]
    fn difference(&self) -> Box<Difference> {
        match self.outcome() {
            Ok(Outcome::Fail(difference)) => difference,
            other => panic!("expected a difference, found {other:?}"),
        }
    }

    #[track_caller]
    fn refused(&self, expected: &str) {
        let error = self.outcome().expect_err(expected).to_string();
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
    }
}

fn fits(element: Element, values: &[i64]) -> bool {
    let range = if element == Element::U8 { 0..=255 } else { -32768..=32767 };
    values.iter().all(|value| range.contains(value))
}

fn outcome(description: &[u8], archive: &[u8]) -> Result<Outcome, ConformError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("case.json");
    fs::write(&path, description).unwrap();
    fs::write(path.with_extension("npz"), archive).unwrap();
    Ok(replay(&Case::open(&path)?)?.outcome())
}

#[test]
fn every_recorded_value_is_met() {
    for (name, path) in cases() {
        let whole = load(&path);
        let recorded: u64 = whole.arrays.values().map(|(_, values)| values.len() as u64).sum();
        for result in [replay(&Case::open(&path).unwrap()).unwrap().outcome(), whole.outcome().unwrap()] {
            let Outcome::Pass { quantities, .. } = result else { panic!("{name}: {result:?}") };
            let traced = quantities.iter().filter(|q| KINDS.iter().any(|kind| kind.key == q.name));
            assert_eq!(traced.map(|q| q.values).sum::<u64>(), recorded, "{name}");
            for other in ["sha256", "dtype", "shape", "hidden_events", "output_events", "final states"] {
                assert!(quantities.iter().any(|q| q.name == other), "{name}: {other} is not compared");
            }
        }
    }
}

#[test]
fn one_flipped_bit_of_any_array_is_found_and_named() {
    for (name, path) in cases() {
        let whole = load(&path);
        for kind in &KINDS {
            let Some((shape, values)) = whole.arrays.get(kind.key) else { continue };
            let columns = shape.get(1).copied().unwrap_or(1) as usize;
            for part in 0..4 {
                // Four places from the first to the last value, and four bits from the first to the last.
                let at = (values.len() - 1) * part / 3;
                let bit = (kind.bits as usize - 1) * part / 3;
                let mut damaged = whole.clone();
                let value = &mut damaged.arrays.get_mut(kind.key).unwrap().1[at];
                let before = *value;
                let flipped = before ^ 1 << bit;
                *value = if kind.element == Element::I16 { i64::from(flipped as i16) } else { flipped };
                let (flipped, d) = (*value, damaged.difference());
                assert_eq!(
                    (d.quantity.as_str(), d.row, d.neuron),
                    (kind.key, Some(at / columns), Some(at % columns)),
                    "{name}: {} at {at}, bit {bit}: {d}",
                    kind.key
                );
                assert_eq!((d.expected, d.got), (flipped.to_string(), before.to_string()), "{name}: {}", kind.key);
            }
        }
    }
}

#[test]
fn every_other_recorded_fact_is_compared() {
    let whole = case("details");
    type Change = fn(&mut Value);
    for (field, change) in [
        ("final_v_mem[2]", (|d| d["final_v_mem"][2] = json!(d["final_v_mem"][2].as_i64().unwrap() ^ 1)) as Change),
        ("final_i_syn[0]", |d| d["final_i_syn"][0] = json!(d["final_i_syn"][0].as_i64().unwrap() ^ 1)),
        ("final_i_syn2[1]", |d| d["final_i_syn2"][1] = json!(d["final_i_syn2"][1].as_i64().unwrap() ^ 1)),
        ("final_v_mem_out[1]", |d| d["final_v_mem_out"][1] = json!(d["final_v_mem_out"][1].as_i64().unwrap() ^ 1)),
        ("final_i_syn_out[0]", |d| d["final_i_syn_out"][0] = json!(d["final_i_syn_out"][0].as_i64().unwrap() ^ 1)),
        ("hidden_events[3]", |d| d["hidden_events"][3][2] = json!(30)),
        ("output_events[0]", |d| drop(d["output_events"].as_array_mut().unwrap().remove(0))),
        ("arrays.v_mem.sha256", |d| d["arrays"]["v_mem"]["sha256"] = json!("00")),
        ("arrays.i_syn.dtype", |d| d["arrays"]["i_syn"]["dtype"] = json!("int32")),
        ("arrays.spikes.shape", |d| d["arrays"]["spikes"]["shape"] = json!([1, 2])),
    ] {
        let mut damaged = whole.clone();
        change(&mut damaged.description);
        let d = damaged.difference();
        assert_eq!(d.quantity, field, "{d}");
        assert_ne!(d.expected, d.got, "{field}");
    }
}

#[test]
fn a_difference_tells_what_arrived() {
    let whole = case("details");
    let (shape, spikes) = &whole.arrays["spikes"];
    let columns = shape[1] as usize;
    // A synapse that delivers: its source spikes in some step, its target differs in the next.
    let synapse = whole.description["synapses_rec"].as_array().unwrap().iter().find(|synapse| {
        let pre = synapse[0].as_u64().unwrap() as usize;
        spikes[..spikes.len() - columns].iter().skip(pre).step_by(columns).any(|&count| count > 0)
    });
    let part = |at: usize| synapse.unwrap()[at].as_i64().unwrap();
    let row = spikes.iter().skip(part(0) as usize).step_by(columns).position(|&count| count > 0).unwrap() + 1;
    let mut damaged = whole.clone();
    damaged.arrays.get_mut("i_syn").unwrap().1[row * columns + part(1) as usize] ^= 1;
    let d = damaged.difference();
    let arrival = d.arrivals.iter().find(|a| a.source == "hidden" && a.index == part(0) as usize).expect("it arrived");
    let shift = whole.description["weight_shift_rec"].as_i64().unwrap();
    assert_eq!((arrival.sent, arrival.weight), (row - 1, part(3) << shift));
    assert_eq!(arrival.payload, spikes[(row - 1) * columns + part(0) as usize]);
    assert_eq!(d.rows.last().unwrap().row, row);
}

#[test]
fn damaged_descriptions_are_refused_by_field() {
    type Change = fn(&mut Value);
    for (expected, change) in [
        (
            "'synapses_in[0][3]' is 128; it must be an integer from -128 to 127",
            (|d| d["synapses_in"][0][3] = json!(128)) as Change,
        ),
        ("'synapses_rec[1][0]' is 99; it must be an integer from 0 to", |d| d["synapses_rec"][1][0] = json!(99)),
        ("'synapses_out[0][1]' is -1;", |d| d["synapses_out"][0][1] = json!(-1)),
        ("'synapses_in[2][2]' is 2; it must be an integer from 0 to 1", |d| d["synapses_in"][2][2] = json!(2)),
        ("'synapses_out[1][2]' is 1; it must be an integer from 0 to 0", |d| d["synapses_out"][1][2] = json!(1)),
        ("'synapses_in[1]' is [0,1,0]; it must be [pre, post, current, weight]", |d| {
            d["synapses_in"][1] = json!([0, 1, 0])
        }),
        ("'dash_mem[1]' is 16; it must be an integer from 0 to 15", |d| d["dash_mem"][1] = json!(16)),
        ("'dash_syn[0]' is []; it must be a list of 1 to 2 integers", |d| d["dash_syn"][0] = json!([])),
        ("'dash_syn[0][1]' is -1", |d| d["dash_syn"][0][1] = json!(-1)),
        ("'threshold[0]' is 40000; it must be an integer from -32768 to 32767", |d| d["threshold"][0] = json!(40000)),
        ("'bias_out[1]' is 1.5", |d| d["bias_out"][1] = json!(1.5)),
        ("'aliases[1][0]' is 77", |d| d["aliases"][1] = json!([77])),
        ("'weight_shift_rec' is 16; it must be an integer from 0 to 15", |d| d["weight_shift_rec"] = json!(16)),
        ("'rules' is \"v3\"; it must be v1 or v2", |d| d["rules"] = json!("v3")),
        ("use rules V2", |d| d["rules"] = json!("v1")),
        ("'threshold_out' is [", |d| drop(d["threshold_out"].as_array_mut().unwrap().pop())),
        ("the field 'n_steps' is missing", |d| drop(d.as_object_mut().unwrap().remove("n_steps"))),
        ("'arrays.current' asks for the array 'current', which is not replayed", |d| {
            d["arrays"]["current"] = json!({})
        }),
        ("the array 'input' has the shape", |d| d["n_steps"] = json!(59)),
        ("an event of one of 60 steps and 3 channels", |d| d["input_events"][0][1] = json!(3)),
    ] {
        let mut damaged = case("details");
        change(&mut damaged.description);
        damaged.refused(expected);
    }
}

#[test]
fn damaged_archives_are_refused_by_array() {
    let whole = case("details");
    let mut missing = whole.clone();
    missing.arrays.remove("v_mem_out");
    missing.refused("holds no array 'v_mem_out' (named by the field 'arrays.v_mem_out')");

    let mut wide = whole.clone();
    wide.arrays.get_mut("v_mem").unwrap().1[0] = 1 << 20;
    wide.refused("the array 'v_mem' has elements of type '<i4'; it must have int16");

    let mut short = whole.clone();
    let (shape, values) = short.arrays.get_mut("spikes").unwrap();
    shape[0] -= 1;
    values.truncate((shape[0] * shape[1]) as usize);
    short.refused("the array 'spikes' has the shape");

    let archive = whole.archive();
    let description = whole.description.to_string();
    for length in [0, 3, archive.len() / 2, archive.len() - 1] {
        assert!(outcome(description.as_bytes(), &archive[..length]).is_err(), "cut to {length} bytes");
    }
}

#[test]
fn a_case_may_be_of_version_1_and_may_have_one_current() {
    let mut one = case("tiny");
    one.description["dash_syn"] = json!([[4]]);
    // Zeros were recorded for the current that is not there any more ...
    assert!(matches!(one.outcome(), Ok(Outcome::Pass { .. })));
    // ... and nothing is as good.
    one.arrays.insert("i_syn2".to_owned(), (vec![0, 1], vec![]));
    one.description["arrays"]["i_syn2"] = json!({});
    one.description["final_i_syn2"] = json!([]);
    assert!(matches!(one.outcome(), Ok(Outcome::Pass { .. })));

    let mut old = case("details_v1");
    assert!(matches!(old.outcome(), Ok(Outcome::Pass { .. })));
    old.description["rules"] = json!("v2");
    assert!(matches!(old.outcome(), Ok(Outcome::Fail(_))));
    old.description["rules"] = json!("v1");
    old.description["made_by"] = json!("by hand");
    assert!(matches!(old.outcome(), Ok(Outcome::Pass { .. })));
    old.description["arrays"]["hibernation"] = json!({});
    old.refused("'arrays.hibernation' asks for a flag that rules v1 do not have");
}

#[test]
fn a_layer_may_have_no_neurons() {
    let mut hidden_only = case("tiny");
    let d = hidden_only.description.as_object_mut().unwrap();
    d.retain(|name, _| !name.starts_with("final_") && name != "output_events");
    d["n_out"] = json!(0);
    for list in ["synapses_out", "dash_mem_out", "dash_syn_out", "threshold_out", "bias_out"] {
        d[list] = json!([]);
    }
    for array in ["i_syn_out", "v_mem_out", "spikes_out", "hibernation"] {
        d["arrays"].as_object_mut().unwrap().remove(array);
    }
    assert!(matches!(hidden_only.outcome(), Ok(Outcome::Pass { .. })));

    let mut nothing = hidden_only.clone();
    let d = nothing.description.as_object_mut().unwrap();
    d["n_hidden"] = json!(0);
    d.remove("hidden_events");
    for list in ["synapses_in", "synapses_rec", "dash_mem", "dash_syn", "threshold", "bias", "aliases"] {
        d[list] = json!([]);
    }
    let input = d["arrays"]["input"].take();
    d["arrays"] = json!({"input": input});
    assert!(matches!(nothing.outcome(), Ok(Outcome::Pass { .. })));
}

#[test]
fn a_layer_beyond_the_kernel_is_refused() {
    let mut wide = case("tiny");
    wide.description["n_hidden"] = json!(1 << 17);
    wide.refused("'n_hidden' is 131072; it must be an integer from 0 to 65536");
    let mut long = case("tiny");
    long.description["n_hidden"] = json!(9);
    for (list, value) in
        [("dash_mem", json!(2)), ("dash_syn", json!([2])), ("threshold", json!(100)), ("bias", json!(0))]
    {
        long.description[list] = json!(vec![value; 9]);
    }
    long.description["aliases"] = json!(vec![Vec::<u8>::new(); 9]);
    long.description["n_steps"] = json!(1 << 24);
    long.refused("'n_hidden' is 9; it must be at most 8 for 16777216 steps");
}

#[test]
fn input_above_the_cap_is_noted() {
    let Ok(Outcome::Pass { notes, .. }) = case("details").outcome() else { panic!("it passes") };
    assert!(notes.iter().any(|note| note.contains("above 15 were cut")), "{notes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the bytes are, there is an answer. The description is damaged in one half of the cases, the archive in
    /// the other.
    #[test]
    fn no_damage_makes_it_panic(at: prop::sample::Index, byte: u8, cut in prop::option::of(any::<prop::sample::Index>()), in_archive: bool) {
        let path = &cases()["details"];
        let mut description = fs::read(path).unwrap();
        let mut archive = fs::read(path.with_extension("npz")).unwrap();
        let file = if in_archive { &mut archive } else { &mut description };
        let position = at.index(file.len());
        file[position] = byte;
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()) + 1);
        }
        let _ = outcome(&description, &archive);
    }
}

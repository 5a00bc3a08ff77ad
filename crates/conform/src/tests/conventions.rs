//! What a recording follows, stated as data: comparison, reset, refractory period, probe; and fields that no format
//! knows.

use super::draft::Draft;
use super::{error, fail, pass};
use crate::machine::{Resumed, Run};
use crate::outcome::{Comparison, Outcome};
use emulator::Counters;
use serde_json::{Value, json};
use std::path::PathBuf;

/// One neuron that integrates 4 x 64 in each of 8 steps from the second on, with the threshold 6 x 64.
fn integrator(conventions: &Value, population: &Value, v: &[i64], s: &[i64]) -> Draft {
    let mut draft = Draft::new(json!({
        "format": "neuro-golden/1", "steps": 8,
        "inputs": [{"name": "in", "n": 1, "data": "x"}],
        "populations": [{"name": "p", "n": 1, "model": "lif", "du": 4095, "dv": 0, "vth": 6,
                         "traces": {"v": "v", "s": "s"}}],
        "connections": [{"name": "c", "pre": "in", "post": "p", "kind": "dense", "weights": "w"}],
    }));
    let more = |target: &mut Value, more: &Value| {
        target.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    };
    more(&mut draft.json, conventions);
    more(&mut draft.json["populations"][0], population);
    draft.int32("x", &[8, 1], &[1; 8]);
    draft.int32("w", &[1, 1], &[4]);
    draft.int32("v", &[8, 1], v);
    draft.int8("s", &[8, 1], s);
    draft
}

/// Each convention by hand, and that the same recording differs without it.
#[test]
fn conventions_are_followed() {
    let third = [0, 0, 1, 0, 1, 0, 1, 0];
    let cases: [(Value, Value, [i64; 8], [i64; 8]); 8] = [
        (json!({"threshold": ">"}), json!({}), [0, 256, 0, 256, 0, 256, 0, 256], third),
        (json!({"threshold": ">="}), json!({"vth": 8}), [0, 256, 0, 256, 0, 256, 0, 256], third),
        (json!({"reset": "subtract"}), json!({}), [0, 256, 128, 384, 256, 128, 384, 256], [0, 0, 1, 0, 1, 1, 0, 1]),
        (json!({"probe": "before-reset"}), json!({}), [0, 256, 512, 256, 512, 256, 512, 256], third),
        (json!({"probe": "refractory-counter"}), json!({}), [0, 256, 128, 256, 128, 256, 128, 256], third),
        (json!({}), json!({"refractory": 3}), [0, 256, 0, 0, 0, 256, 0, 0], [0, 0, 1, 0, 0, 0, 1, 0]),
        (
            json!({"probe": "refractory-counter"}),
            json!({"refract_delay": 3}),
            [0, 256, 384, 0, 0, 256, 384, 0],
            [0, 0, 1, 0, 0, 0, 1, 0],
        ),
        (
            json!({"input_latency": "same-step", "voltage": "clip-10"}),
            json!({"vth": 7}),
            [256, 0, 256, 0, 256, 0, 256, 0],
            [0, 1, 0, 1, 0, 1, 0, 1],
        ),
    ];
    for (index, (conventions, population, v, s)) in cases.into_iter().enumerate() {
        assert_eq!(pass(&integrator(&conventions, &population, &v, &s)), 16, "{conventions} {population}");
        if index > 0 {
            let vth = json!({"vth": population.get("vth").unwrap_or(&json!(6))});
            assert!(fail(&integrator(&json!({}), &vth, &v, &s)).row.is_some(), "{conventions} {population}");
        }
    }
}

/// A period that is asked for is kept, unless the case says that its recording does not.
#[test]
fn refractory_periods_are_stated_once() {
    let plain = [0, 256, 0, 256, 0, 256, 0, 256];
    let none = json!({"refractory": "none"});
    pass(&integrator(&none, &json!({"refractory": 3}), &plain, &[0, 0, 1, 0, 1, 0, 1, 0]));
    let both = |one: i64, other: i64| {
        let population = json!({"refractory": one, "refract_delay": other});
        integrator(&json!({}), &population, &[0, 256, 0, 0, 256, 0, 0, 256], &[0, 0, 1, 0, 0, 1, 0, 0])
    };
    pass(&both(2, 2));
    let text = error(&both(2, 3));
    assert!(text.contains("'populations[0].refract_delay' is 3; it must be the same as refractory"), "{text}");
}

#[test]
fn conventions_that_do_not_exist_are_refused() {
    for (name, word, message) in [
        ("threshold", json!("="), "'threshold' is \"=\"; it must be one of >, >="),
        ("reset", json!("none"), "'reset' is \"none\"; it must be one of zero, subtract"),
        ("probe", json!("spike"), "it must be one of voltage, before-reset, refractory-counter"),
        ("refractory", json!(3), "'refractory' is 3; it must be a text"),
    ] {
        let text = error(&integrator(&json!({name: word}), &json!({}), &[0; 8], &[0; 8]));
        assert!(text.contains(message), "{text}");
    }
}

/// A field that is not known is refused with its place, and with the one that was probably meant.
#[test]
fn unknown_fields_are_refused() {
    let unknown = |name: &str, pointer: &str, near: &str| {
        let mut draft = Draft::golden(name);
        draft.set(pointer, json!(1));
        let text = error(&draft);
        let field = pointer[1..].replace("/0/", "[0].").replace('/', ".");
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean '{near}'?") };
        let message =
            format!("there is no field '{field}' in this format{hint}; notes of your own may stand in 'note'");
        assert!(text.contains(&message), "{pointer}: {text}");
    };
    unknown("l07_one_bit", "/trheshold", "threshold");
    unknown("l07_one_bit", "/inputs/0/dat", "data");
    unknown("l07_one_bit", "/populations/0/reset_intervall", "reset_interval");
    unknown("l07_one_bit", "/connections/0/weight_exponent", "weight_exp");
    unknown("l07_one_bit", "/connections/0/zzz", "");
    unknown("n11_u_overflow", "/noise_drawz", "noise_draws");
    unknown("n11_u_overflow", "/inputs/0/spike", "spikes");
    unknown("n11_u_overflow", "/blocks/0/vmid", "vmin");
    unknown("n11_u_overflow", "/blocks/0/params/v_th", "vth");
    unknown("n11_u_overflow", "/synapses/0/poptype", "pop_type");
    unknown("n11_u_overflow", "/synapses/0/cfg/weight_exponent", "weight_exp");
    unknown("n11_u_overflow", "/axons/0/atoms", "atom");
    unknown("b07_integrator", "/decay_i", "decay_I");
    unknown("b07_integrator", "/connections/0/weight_expo", "weight_exp");
    unknown("loihi2_lif", "/refractdelay", "refract_delay");
    let mut draft = Draft::golden("l07_one_bit");
    draft.set("/populations/0/reset_interval", json!(5));
    let text = error(&draft);
    assert!(text.contains("'populations[0].reset_interval' is 5; it must be absent: the model lif has none"), "{text}");
    for pointer in ["/note", "/populations/0/note", "/connections/0/notes", "/seed", "/source"] {
        let mut draft = Draft::golden("l07_one_bit");
        draft.set(pointer, json!({"any": "thing"}));
        pass(&draft);
    }
}

/// A run that does not go on from its snapshot as it went on without is a difference, and no recorded value.
#[test]
fn a_resumed_run_that_differs_is_a_difference() {
    let resumed = |resumed| Run { rows: vec![], emitted: vec![], counters: Counters::new(0), resumed };
    let outcome = |run: Run| {
        let mut comparison = Comparison::default();
        comparison.facts.extend(run.resumed_difference());
        comparison.outcome()
    };
    assert!(matches!(outcome(resumed(None)), Outcome::Pass { quantities, .. } if quantities.is_empty()));
    let (what, straight, again) = ("v of core 0 neuron 3 in row 9".to_owned(), "5".to_owned(), "6".to_owned());
    let Outcome::Fail(found) = outcome(resumed(Some(Resumed { what, straight, resumed: again }))) else {
        panic!("a resumed run that differs passes");
    };
    assert_eq!(
        found.to_string(),
        "\
first difference: a run resumed from a snapshot: v of core 0 neuron 3 in row 9
  expected 5
  got      6
  1 of 0 values differ"
    );
}

/// Cases beside the workspace that were recorded with other conventions than those of their format.
#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing must say so")]
fn recordings_with_other_conventions_pass_once_these_are_stated() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases/golden");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    let with = |name: &str, conventions: Value| {
        let mut draft = Draft::read(&folder.join(name));
        draft.json.as_object_mut().unwrap().extend(conventions.as_object().unwrap().clone());
        draft
    };
    assert_eq!(pass(&with("fc-1-probe", json!({"probe": "refractory-counter"}))), 3600);
    assert_eq!(pass(&with("fc-2-probe", json!({"probe": "refractory-counter"}))), 720);
    assert_eq!(pass(&with("ge", json!({"threshold": ">="}))), 4);
    assert_eq!(pass(&with("refdelay", json!({}))), 6);
    let text = error(&with("typo_keys", json!({})));
    assert!(
        text.contains("'populations[0].reset_intervall'") && text.contains("did you mean 'reset_interval'"),
        "{text}"
    );
}

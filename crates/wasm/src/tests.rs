//! The questions of a page, natively: that the answers are those of the libraries, and that wrong questions are
//! answered with what is wrong.

use crate::{Kept, OFFERS, Offer, Playground, PlaygroundError, Request, Setting, setting};
use chip::InputEvent;
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use mapper::MapperOptions;
use serde_json::Value;
use session::Board;
use std::sync::atomic::AtomicBool;
use study::RunOptions;
use units::{DieId, Tick};

fn of(chip: &str) -> Setting {
    let neurons = Offer::of(chip).unwrap().neurons[1];
    Setting { chip: chip.into(), seed: 3, die: 2, cv: "0.3".into(), recurrence: Kept::Half, neurons }
}

fn show(setting: &Setting) -> Value {
    Playground::default()
        .ask(&Request::Show { setting: setting.clone() })
        .unwrap_or_else(|e| panic!("{setting:?}: {e}"))
}

/// The text of a file that an answer offers.
fn file<'a>(answer: &'a Value, name: &str) -> &'a str {
    let files = answer["files"].as_array().unwrap();
    files.iter().find(|file| file["name"] == name).unwrap()["text"].as_str().unwrap()
}

/// The digest of the files of an answer, read and run as `quenched run` does it.
fn digest_of_files(setting: &Setting, answer: &Value) -> String {
    let spec = setting.offer().unwrap().spec().unwrap();
    let mut options = MapperOptions::default();
    let mut set = |key: &str, value: &str| options.set(key, value);
    let text = file(answer, "playground-network.toml");
    let network =
        formats::network::read_with(text, "net", "".as_ref(), &spec, budget::Allowance::Usual, &mut set).unwrap();
    let mismatch = MismatchSetting { scale_to_cv: Some(setting.cv.parse().unwrap()), ..MismatchSetting::default() };
    let id = DieId(answer["die"].as_u64().unwrap() as u32);
    let die = DieParameters::new(&spec, Die { root_seed: setting.seed, id }, mismatch).unwrap();
    let board = Board::map(spec, &network, &options).unwrap();
    let mut session = board.on(&die).unwrap();
    let channels = board.program().input_count;
    let events: Vec<InputEvent> =
        formats::events::read_inputs(file(answer, "playground-events.csv"), "events", channels).unwrap();
    let end = Tick(answer["ticks"].as_u64().unwrap());
    session.send_all(events, Tick(0)..end).unwrap();
    session.run_until(end, &mut ());
    format!("{:016x}", session.digest())
}

#[test]
fn every_chip_is_shown_as_its_files_say() {
    for offer in OFFERS {
        for (recurrence, cv) in [(Kept::Full, "0.3"), (Kept::Half, "1"), (Kept::Removed, "0")] {
            let setting = Setting { recurrence, cv: cv.into(), ..of(offer.chip) };
            let answer = show(&setting);
            assert_eq!(answer["digest"], digest_of_files(&setting, &answer), "{setting:?}");
            let targets: f64 =
                answer["by_target"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).sum();
            let score = answer["score"].as_f64().unwrap();
            assert!((targets - score).abs() < 1e-12 && score > 0.3, "{setting:?}: {score}, {targets}");
            // Without mismatch all dies are one, the first.
            assert_eq!(answer["die"], if cv == "0" { 0 } else { 2 });
            assert_eq!(answer["circuits"].as_array().unwrap().len(), setting.neurons as usize);
            let spikes = answer["spikes"]["ticks"].as_array().unwrap();
            assert!(spikes.len() > 1000 && spikes.is_sorted_by_key(|tick| tick.as_u64()), "{}", spikes.len());
            let command = answer["commands"][0].as_str().unwrap();
            assert!(command.contains(&format!("--chip {} --seed 3 --die {} --cv {cv} ", offer.chip, answer["die"])));
        }
    }
}

#[test]
fn a_run_that_is_shown_is_the_last_of_its_study() {
    let setting = of("dynapse2");
    let answer = show(&setting);
    let study = study::read(file(&answer, setting::STUDY_FILE), "study.toml", "".as_ref()).unwrap();
    let cancel = AtomicBool::new(false);
    let result = study::run(&study, &RunOptions { threads: None, cancel: &cancel, progress: &|_| {} }).unwrap();
    let row = result.rows.last().unwrap();
    assert_eq!((row.point.die(), result.rows.len()), (2, 3));
    assert_eq!(answer["score"].as_f64(), Some(row.score_float));
    assert_eq!(answer["features_digest"], row.digest);
    // What a run gives does not depend on what was asked before.
    let mut playground = Playground::default();
    for die in [1, 2, 0, 2] {
        let again = playground.ask(&Request::Show { setting: Setting { die, ..setting.clone() } }).unwrap();
        assert_eq!(again == answer, die == 2);
    }
}

#[test]
fn a_curve_is_a_study_run_by_run() {
    let (setting, mut playground) = (of("dynapse2"), Playground::default());
    let curve = playground.ask(&Request::Curve { setting: setting.clone(), dies: 2 }).unwrap();
    let runs = curve["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3 * (1 + 2 * (setting::CVS.len() - 1)));
    let score =
        |playground: &mut Playground, run| playground.ask(&Request::Score { setting: setting.clone(), dies: 2, run });
    let run = runs.iter().position(|run| *run == serde_json::json!({ "recurrence": "0.5", "cv": "0.3", "die": 1 }));
    let scored = score(&mut playground, run.unwrap()).unwrap();
    let shown = show(&Setting { die: 1, ..setting.clone() });
    assert_eq!((&scored["score"], &scored["digest"]), (&shown["score"], &shown["features_digest"]));
    let error = score(&mut playground, runs.len()).unwrap_err().to_string();
    assert_eq!(error, "`run` is 39, but can be 0 to 38 here: choose one of these");
}

#[test]
fn a_floor_plan_has_the_factors_of_the_die() {
    let setting = of("brainscales2");
    let ask = |parameter: &str| {
        Playground::default().ask(&Request::Die { setting: setting.clone(), parameter: parameter.into() })
    };
    let answer = ask("tau_mem").unwrap();
    let factors: Vec<f64> = answer["factors"].as_array().unwrap().iter().map(|f| f.as_f64().unwrap()).collect();
    assert_eq!((&answer["cores"], &answer["neurons"], factors.len()), (&2.into(), &256.into(), 512));
    let mean = factors.iter().sum::<f64>() / 512.0;
    let sd = (factors.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>() / 511.0).sqrt();
    assert!((mean - 1.0).abs() < 0.05 && (sd - 0.3).abs() < 0.04, "{mean} {sd}");
    let error = ask("v_reset").unwrap_err();
    assert!(matches!(&error, PlaygroundError::Parameter { known, .. } if known.contains(&"tau_mem".into())), "{error}");
    // The neurons of a run lie within the plan, and its parameters can be shown.
    let run = show(&setting);
    for circuit in run["circuits"].as_array().unwrap() {
        assert!(circuit[0].as_u64().unwrap() < 2 && circuit[1].as_u64().unwrap() < 256);
    }
    for parameter in run["parameters"].as_array().unwrap() {
        ask(parameter["name"].as_str().unwrap()).unwrap();
    }
}

#[test]
fn wrong_questions_are_answered_with_what_is_wrong() {
    let check = |change: &str, expected: &str| {
        let setting = r#"{"chip":"dynapse2","seed":1,"die":0,"cv":"0.2","recurrence":"full","neurons":32}"#;
        let (old, new) = change.split_once(" -> ").unwrap();
        assert!(setting.contains(old), "{old}");
        let question = format!(r#"{{"ask":"show","setting":{}}}"#, setting.replace(old, new));
        let answer: Value = serde_json::from_str(&Playground::default().answer(&question)).unwrap();
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{change}: {answer}"));
        assert!(error.contains(expected), "{change}: {error}");
    };
    check(
        r#""dynapse2" -> "loihi-lava""#,
        "the chip `loihi-lava` is not offered; there are dynapse2, brainscales2, brainscales2-uncalibrated, ideal-mismatched",
    );
    check(r#""neurons":32 -> "neurons":31"#, "`neurons` is 31, but can be 32 to 256 here: choose one of these");
    check(r#""die":0 -> "die":10000"#, "`die` is 10000, but can be 0 to 9999 here");
    check(
        r#""seed":1 -> "seed":18014398509481984"#,
        "`seed` is 18014398509481984, but can be 0 to 9007199254740991 here",
    );
    check(r#""cv":"0.2" -> "cv":"1.01""#, "`cv` is 1.01, but can be 0 to 1 here");
    check(r#""cv":"0.2" -> "cv":"0.2]\nseed = 7""#, "but can be 0 to 1 here");
    check(r#""full" -> "some""#, "unknown variant `some`, expected one of `full`, `half`, `removed`");
    check(r#""seed":1 -> "sede":1"#, "unknown field `sede`");
    let no_question = Playground::default().answer("");
    assert!(no_question.starts_with(r#"{"error":"this is no question that is answered here: EOF"#), "{no_question}");
}

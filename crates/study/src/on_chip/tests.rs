//! The readout on the chip, from a study to its stages.

use crate::{RunOptions, StageName, StudyError, StudyResult, StudySpec};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

/// A small study of one die at one CV; `readout` are more keys of its readout.
fn small(chip: &str, readout: &str) -> StudySpec {
    let [excitatory, inhibitory] = if chip == "ideal" { ["fast", "fast"] } else { ["AMPA", "GABA"] };
    let text = format!(
        r#"format = "quenched-study"
version = 1
chip = "{chip}"
dies = 1
[reservoir]
neurons = 32
input_fan_in = 4
recurrent_fan_in = 8
input_inhibitory = 0.3
recurrent_inhibitory = 0.5
input_weight = 0.4
recurrent_weight = 0.1
synapse = {{ excitatory = "{excitatory}", inhibitory = "{inhibitory}" }}
[encoder]
kind = "deterministic"
trains_per_channel = 4
rate_max = "400 Hz"
[readout]
on_chip = true
synapse = {{ excitatory = "{excitatory}", inhibitory = "{inhibitory}" }}
{readout}
[[task]]
id = "memory-capacity"
sample = "5 ms"
delays = 3
train = 300
test = 100
"#
    );
    crate::read(&text, "test.toml", "".as_ref()).unwrap_or_else(|e| panic!("{e}"))
}

const DRIVE: &str = "parameters = { drive = \"2.5 1\" }\ncopies = \"fill\"\ncalibration = { samples = 60 }";

fn run(study: &StudySpec, threads: usize) -> Result<StudyResult, StudyError> {
    let cancel = AtomicBool::new(false);
    crate::run(study, &RunOptions { threads: NonZeroUsize::new(threads), cancel: &cancel, progress: &|_| {} })
}

#[test]
fn calibration_brings_neurons_of_a_bad_die_to_their_rate_and_says_what_it_cost() {
    let mut study = small("dynapse2", DRIVE);
    study.arms[0].base.cv = Some("0.4".parse().unwrap());
    study.sweeps.retain(|sweep| sweep.axis.key != "cv");
    study.set_dies(2);
    let result = run(&study, 1).unwrap();
    assert_eq!(run(&study, 2).unwrap().csv(), result.csv(), "threads");
    for row in &result.rows {
        let on_chip = row.on_chip.as_ref().unwrap();
        let names: Vec<StageName> = on_chip.stages.iter().map(|stage| stage.name).collect();
        use StageName::{Calibrated, Chain, InTheLoop, OnChip, Quantised};
        assert_eq!(names, [Chain, Quantised, OnChip, Calibrated, InTheLoop]);
        assert!(on_chip.stages.iter().all(|stage| stage.score.is_finite() && stage.score >= 0.0), "{on_chip:?}");
        let calibration = on_chip.calibration.unwrap();
        // 3 outputs of one neuron each fill 256 circuits with 85 copies.
        assert_eq!(calibration.neurons, 255);
        assert!(calibration.failed() < 40, "{calibration:?}");
        let (blind, calibrated) = (on_chip.stage(OnChip).unwrap().cost, on_chip.stage(Calibrated).unwrap().cost);
        assert_eq!((blind.circuits, blind.samples, calibrated.samples), (255, 0, 6 * 60));
        assert!(calibrated.seconds > 6.0 * 60.0 * 0.005 && calibrated.synapses > 0);
        let looped = on_chip.stage(InTheLoop).unwrap().cost;
        assert_eq!(looped.samples, 6 * 60 + 300);
    }
}

#[test]
fn more_moves_bring_more_neurons_to_their_rate() {
    let failed = |iterations: u32| {
        let readout = DRIVE.replace("samples = 60", &format!("samples = 60, iterations = {iterations}"));
        let mut study = small("dynapse2", &readout);
        study.arms[0].base.cv = Some("0.4".parse().unwrap());
        study.sweeps.retain(|sweep| sweep.axis.key != "cv");
        run(&study, 1).unwrap().rows[0].on_chip.as_ref().unwrap().calibration.unwrap().failed()
    };
    let (one, six) = (failed(1), failed(6));
    assert!(3 * six < one, "{six} of 255 after six moves, {one} after one");
}

#[test]
fn without_calibration_there_are_three_stages() {
    let result = run(&small("dynapse2", "parameters = { drive = \"2.5 1\" }"), 1).unwrap();
    let on_chip = result.rows[0].on_chip.as_ref().unwrap();
    assert_eq!((on_chip.stages.len(), on_chip.calibration), (3, None));
    assert_eq!(result.rows[0].score_on_chip, Some(on_chip.stage(StageName::OnChip).unwrap().score));
}

#[test]
fn what_cannot_be_calibrated_says_why() {
    let refused = |study: StudySpec| run(&study, 1).unwrap_err().to_string();
    let silent = refused(small("dynapse2", "parameters = { drive = \"0.5 1\" }\ncalibration = {}\npenalties = [1]"));
    assert!(silent.contains("no rate to calibrate to"), "{silent}");
    let ideal = "parameters = { drive = \"50 mV\" }\ncalibration = {}\npenalties = [1]";
    let ideal = refused(small("ideal", ideal));
    assert!(ideal.contains("cannot trim single readout neurons"), "{ideal}");
}

#[test]
fn settings_out_of_bounds_are_refused_at_their_place() {
    for (key, expected) in [
        ("copies = 0", "0 is too small"),
        ("copies = \"many\"", "`many`"),
        ("drain = \"-1 ms\"", "must be above 0"),
        ("bias_period = 0", "0 is too small"),
        ("penalties = []", "give at least one penalty"),
        ("penalties = [-1]", "penalties go up to"),
        ("calibration = { iterations = 0 }", "0 is too small"),
        ("calibration = { tolerance = 0 }", "must be above 0"),
        ("calibration = { sample = 9 }", "did you mean `samples`"),
    ] {
        let plain = ["copies = \"fill\"\n", "drain = \"50 ms\"\n", "calibration = { iterations = 6 }\n"];
        let text = plain.into_iter().fold(crate::DEFAULT.to_owned(), |text, line| text.replacen(line, "", 1));
        let text = text.replacen("on_chip = true", &format!("on_chip = true\n{key}"), 1);
        let error = crate::read(&text, "x.toml", "".as_ref()).unwrap_err().to_string();
        assert!(error.contains(expected), "{key}: {error}");
    }
}

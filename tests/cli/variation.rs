//! Faults, weight mismatch and noise on the command line.

use crate::Sandbox;

const CHIP: &str = include_str!("../../device-models/data/dynapse2/chip.toml");

/// A sandbox with a chip that has everything, a network and some events.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let source = "trial";
    let number =
        |value: &str| format!("{{ value = {value}, unit = \"1\", source = \"{source}\", evidence = \"assumed\" }}");
    let tables = [
        format!("[weights.mismatch]\nfamily = \"log-normal\"\ncv = {}", number("0.1")),
        format!("[faults]\ndead_neuron = {}\ndead_synapse = {}", number("0.1"), number("0.05")),
        format!("[noise]\nrun_weight_cv = {}\nevent_jitter_ticks = {}", number("0.1"), number("2")),
    ];
    let chip = CHIP.replacen("[sources]\n", "[sources]\ntrial = \"Chosen for a test\"\n", 1);
    sandbox.file("varied.toml", format!("{chip}\n{}\n", tables.join("\n\n")));
    sandbox.file("net.toml", include_str!("network.toml"));
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    sandbox
}

const RUN: &[&str] = &["run", "net.toml", "--chip", "varied.toml", "--input", "events.csv", "--json"];

#[test]
fn a_die_lists_its_broken_circuits() {
    let sandbox = sandbox();
    let die = sandbox.json(&["die", "--chip", "varied.toml", "--core", "1", "--json"]);
    let count = |kind: &str| die["faults"][kind].as_array().expect(kind).len();
    // 256 neurons and 64 slots of each, within six standard deviations.
    assert_eq!((&die["faults"]["neurons"], &die["faults"]["slots"]), (&256.into(), &16384.into()));
    assert!((1..55).contains(&count("dead_neurons")) && count("hot_neurons") == 0);
    assert!((650..990).contains(&count("dead_slots")), "{}", count("dead_slots"));
    assert_eq!(die["weights"]["slots"], 16384);
    let sd = die["weights"]["sd"].as_f64().expect("a spread");
    assert!((sd - 0.1).abs() < 0.005, "{sd}");
    let text = sandbox.prints(&["die", "--chip", "varied.toml", "--core", "1"]);
    for part in
        ["Faults (core/neuron/slot), of 256 neurons and 16384 synapse slots", "dead neurons", "synapse slots: mean"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let sound = sandbox.json(&["die", "--chip", "varied.toml", "--core", "1", "--no-faults", "--json"]);
    assert!(sound["faults"].is_null() && sound["weights"] == die["weights"]);
}

#[test]
fn a_run_counts_what_is_broken() {
    let sandbox = sandbox();
    let run = |extra: &[&str]| sandbox.json(&[RUN, &["--ticks", "60"], extra].concat());
    let broken = run(&[]);
    let counts = &broken["faults"];
    assert!(counts["dead_synapses"].as_u64() > Some(0) && counts["stuck_synapses"] == 0, "{counts}");
    assert_eq!(broken["faults"], run(&["--cv", "0"])["faults"], "a CV of 0 mends nothing");
    let sound = run(&["--no-faults"]);
    assert!(sound["faults"].is_null() && sound["noise"].is_null());
    assert_ne!(sound["digest"], broken["digest"]);
    assert_eq!(sound["digest"], run(&["--no-faults"])["digest"]);
}

#[test]
fn trials_differ_and_can_be_resumed() {
    let sandbox = sandbox();
    let run = |extra: &[&str]| sandbox.json(&[RUN, extra].concat());
    let first = run(&["--ticks", "100", "--noise"]);
    assert_eq!(first["noise"]["trial"], 0);
    assert_eq!(first["digest"], run(&["--ticks", "100", "--noise", "--trial", "0"])["digest"]);
    assert_ne!(first["digest"], run(&["--ticks", "100", "--noise", "--trial", "1"])["digest"]);
    assert_ne!(first["digest"], run(&["--ticks", "100"])["digest"]);
    run(&["--ticks", "41", "--noise", "--save-snapshot", "half"]);
    assert_eq!(run(&["--ticks", "59", "--noise", "--resume", "half"])["digest"], first["digest"]);
    let other = sandbox.fails(1, &[RUN, &["--ticks", "9", "--noise", "--trial", "1", "--resume", "half"]].concat());
    assert!(other.contains("another program, or with other weights: another die, setting or trial"), "{other}");
}

/// A sandbox with a chip whose thresholds change within a run, and a network of neurons of `model`.
fn with_thresholds(model: &str, entry: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let chip = CHIP.replacen("[sources]\n", "[sources]\ntrial = \"Chosen for a test\"\n", 1);
    sandbox.file("varied.toml", format!("{chip}\n[noise]\n{entry}\n"));
    let network = include_str!("network.toml").replace("model = \"lif\"", &format!("model = \"{model}\""));
    sandbox.file("net.toml", network);
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    sandbox
}

const THRESHOLDS: &str =
    "event_threshold_cv = { value = 0.2, unit = \"1\", source = \"trial\", evidence = \"assumed\" }";

#[test]
fn thresholds_that_change_within_a_run_differ_by_trial_and_can_be_resumed() {
    for model in ["lif", "analog-lif"] {
        let sandbox = with_thresholds(model, THRESHOLDS);
        let run = |extra: &[&str]| sandbox.json(&[RUN, extra].concat());
        let first = run(&["--time", "100ms", "--noise"]);
        assert_eq!(first["digest"], run(&["--time", "100ms", "--noise"])["digest"]);
        assert_ne!(first["digest"], run(&["--time", "100ms", "--noise", "--trial", "1"])["digest"]);
        assert_ne!(first["digest"], run(&["--time", "100ms"])["digest"], "noise is off unless it is asked for");
        run(&["--time", "41ms", "--noise", "--save-snapshot", "half"]);
        assert_eq!(run(&["--time", "59ms", "--noise", "--resume", "half"])["digest"], first["digest"]);
        let other = [RUN, &["--ticks", "9", "--noise", "--trial", "1", "--resume", "half"]].concat();
        let text = sandbox.fails(1, &other);
        assert!(text.contains("it was taken from a run with other noise"), "{text}");
    }
}

#[test]
fn thresholds_that_a_model_does_not_have_or_a_chip_cannot_mean_are_refused() {
    let refused = |model: &str, entry: &str, expected: &str| {
        let text = with_thresholds(model, entry).fails(1, &[RUN, &["--ticks", "9", "--noise"]].concat());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(expected), "{expected}\nnot in\n{text}");
    };
    let model = "runs the model `dpi`, which has no threshold that changes within a run: run it without noise, or \
                 without `event_threshold_cv`, or use the model `lif` or `analog-lif`";
    refused("dpi", THRESHOLDS, model);
    refused("lif", &THRESHOLDS.replace("\"1\"", "\"mV\""), "this is a voltage, but a pure number is needed here");
    refused("lif", &THRESHOLDS.replace("0.2", "-0.2"), "a coefficient of variation of -0.2 is not possible");
    refused("lif", &THRESHOLDS.replace("0.2", "4.1"), "of 4.1 is not possible: it is from 0 to 4");
    refused("lif", &THRESHOLDS.replace("event_t", "events_t"), "did you mean `event_threshold_cv`?");
    refused("lif", &THRESHOLDS.replace(", evidence = \"assumed\"", ""), "evidence");
}

#[test]
fn noise_that_the_chip_does_not_have_is_refused() {
    let sandbox = sandbox();
    let run = ["run", "net.toml", "--chip", "dynapse2", "--ticks", "5"];
    let text = sandbox.fails(1, &[&run[..], &["--noise"]].concat());
    assert!(text.contains("chip `dynapse2` has no noise: add a table `[noise]`"), "{text}");
    let text = sandbox.fails(2, &[&run[..], &["--trial", "1"]].concat());
    assert!(text.contains("--noise"), "{text}");
}

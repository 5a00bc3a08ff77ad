//! Thresholds that differ from one interval between spikes to the next: against the oracle, resumed, measured from the
//! times of spikes, and refused where a model has none.

use crate::cores::recipes;
use crate::oracles::in_oracle_words;
use crate::runs::{assert_cut_changes_nothing, assert_equal_oracle};
use crate::support::{Case, Recipe, TICKS, die, fact, quantity, test_chip};
use chip::{ChipSpec, CoreModel, CoreProgram, FaultSpec, NoiseSpec, Program, RouterSpec, Routing, Source, Values};
use conformance::{CoreOracle, Intervals, Oracle};
use device_models::{DieParameters, Noise};
use emulator::{Emulator, Snapshot, Spike};
use proptest::prelude::*;
use units::{CoreAddress, NeuronId, Tick};

fn thresholds(cv: &str) -> NoiseSpec {
    NoiseSpec { event_threshold_cv: Some(fact(cv)), ..NoiseSpec::default() }
}

/// A random case without cores of rate units, on a die with broken neurons, in trial `trial` of the given noise. One in
/// two has steps of four ticks.
pub(crate) fn build(recipe: &Recipe, noise: NoiseSpec, trial: u64) -> Case {
    let mut case = Recipe { extreme: false, ..recipe.clone() }.build();
    if recipe.seed.is_multiple_of(2) {
        (case.spec.tick, case.spec.step) = (fact("0.25 ms"), Some(fact("1 ms")));
    }
    let kept: Vec<bool> = case.program.cores.iter().map(|core| !core.model.is_graded()).collect();
    let mut keep = kept.iter();
    case.program.cores.retain(|_| *keep.next().unwrap());
    let addresses: Vec<CoreAddress> = case.program.cores.iter().map(|core| core.address).collect();
    match &mut case.program.routing {
        Routing::Ideal(rows) => rows.retain(|row| {
            let from = match row.source {
                Source::Neuron(neuron) => addresses.contains(&neuron.core),
                Source::Input(_) => true,
            };
            from && addresses.contains(&row.destination)
        }),
        Routing::TagCam { cores, .. } => {
            let mut keep = kept.iter();
            cores.retain(|_| *keep.next().unwrap());
        }
        _ => unreachable!("random cases have these two routers"),
    }
    case.spec.faults =
        Some(FaultSpec { dead_neuron: Some(fact("0.05 1")), hot_neuron: Some(fact("0.03 1")), ..FaultSpec::default() });
    case.spec.noise = Some(noise);
    case.die = die(&case.spec, recipe.seed as u32 % 100).with_noise(&case.spec, trial).unwrap();
    case
}

/// Has the neurons of `oracle` ask for their thresholds interval by interval, as those of part `part`.
fn with_intervals(oracle: &mut Oracle<'_>, case: &Case, part: u64) {
    let noise: &Noise = case.die.noise().unwrap();
    for (core, program) in oracle.cores.iter_mut().zip(&case.program.cores) {
        let asked = |n: usize, bits: u32| {
            let (noise, address, neuron) = (noise.clone(), program.address, NeuronId(n as u16));
            let factor = move |begins| noise.event_threshold_factor(part, Tick(begins), address, neuron).to_bits();
            // States end at 512 units.
            Some(Intervals::new(1 << (9 + bits), move |begins| factor(begins).into()))
        };
        match core {
            CoreOracle::Lif { neurons, .. } => {
                neurons.iter_mut().enumerate().for_each(|(n, neuron)| neuron.intervals = asked(n, 20));
            }
            CoreOracle::Analog { neurons, .. } => {
                neurons.iter_mut().enumerate().for_each(|(n, neuron)| neuron.intervals = asked(n, 32));
            }
            CoreOracle::Rate { .. } => unreachable!("they were taken out"),
        }
    }
}

fn check_oracle(recipe: &Recipe, cv: &str) {
    let noise = NoiseSpec { run_threshold_cv: Some(fact("0.1 1")), ..thresholds(cv) };
    let mut case = build(recipe, noise, recipe.seed % 5);
    let mut emulator = case.emulator();
    let part = recipe.seed % 3;
    emulator.set_part(part);
    let mut oracle = case.oracle(&emulator);
    with_intervals(&mut oracle, &case, part);
    assert_equal_oracle(&mut emulator, &mut oracle, &[0, 1, 2, 5, 40, 181, TICKS]);
}

/// A run with noise of every kind, straight and from a snapshot.
fn check_resume(recipe: &Recipe, at: u64) {
    let noise = NoiseSpec {
        run_threshold_cv: Some(fact("0.05 1")),
        event_jitter_ticks: recipe.seed.is_multiple_of(3).then(|| fact("4 1")),
        event_weight_cv: (recipe.cores == 1).then(|| fact("0.3 1")),
        ..thresholds("0.4 1")
    };
    assert_cut_changes_nothing(&mut build(recipe, noise, 5), 2, at);
}

/// A part that begins in the middle of a run: the thresholds of all intervals are its own from then on, also in a run
/// that is resumed from that very moment.
fn check_new_part(recipe: &Recipe, at: u64) {
    let mut case = build(recipe, thresholds("0.5 1"), 1);
    let (mut emulator, mut spikes) = (case.emulator(), Vec::<Spike>::new());
    let mut oracle = case.oracle(&emulator);
    with_intervals(&mut oracle, &case, 0);
    emulator.run_until(Tick(at), &mut spikes);
    assert_eq!(in_oracle_words(&spikes), oracle.run_until(at));
    emulator.set_part(1);
    let mut resumed = Emulator::resume(&case.spec, &case.program, &case.die, &emulator.snapshot()).unwrap();
    spikes.clear();
    emulator.run_until(Tick(TICKS), &mut spikes);
    let mut again: Vec<Spike> = Vec::new();
    resumed.run_until(Tick(TICKS), &mut again);
    assert_eq!(again, spikes);
    assert_eq!(resumed.snapshot(), emulator.snapshot());
    assert_eq!(resumed.digest(), emulator.digest());
    // Back at tick 0 the part is still 1, and the run is another one from the start.
    emulator.reset();
    for &(input, tick, payload) in &case.events {
        emulator.send(input, tick, payload).unwrap();
    }
    let mut oracle = case.oracle(&emulator);
    with_intervals(&mut oracle, &case, 1);
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(TICKS), &mut spikes);
    assert_eq!(in_oracle_words(&spikes), oracle.run_until(TICKS));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn thresholds_of_ideal_programs_equal_the_oracle(recipe in recipes(false), cv in cvs()) {
        check_oracle(&recipe, cv);
    }

    #[test]
    fn thresholds_of_tag_cam_programs_equal_the_oracle(recipe in recipes(true), cv in cvs()) {
        check_oracle(&recipe, cv);
    }

    #[test]
    fn resuming_with_thresholds_that_change_is_going_on(recipe in recipes(false), at in 0..TICKS) {
        check_resume(&recipe, at);
    }

    #[test]
    fn resuming_with_every_noise_is_going_on(recipe in recipes(true), at in 0..TICKS) {
        check_resume(&Recipe { cores: 1, events: 20, ..recipe }, at);
    }

    #[test]
    fn a_part_can_begin_at_any_time(recipe in recipes(false), at in 0..TICKS) {
        check_new_part(&recipe, at);
    }
}

/// From hardly any noise to so much that resets are above thresholds.
fn cvs() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("0.01 1"), Just("0.3 1"), Just("1.5 1"), Just("4 1")]
}

const CORE: CoreAddress = CoreAddress::new(0, 0);

/// Neurons whose membranes climb to the threshold of 10 mV in ramps that hardly bend, on a chip without mismatch.
fn ramp(model: CoreModel, neuron_count: u32, tau: &str, tick: &str) -> (ChipSpec, Program) {
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.parameters.values_mut().for_each(|p| p.mismatch = None);
    spec.mismatch_reference = None;
    spec.tick = fact(tick);
    spec.noise = Some(thresholds("0.2 1"));
    let value = |(name, text): (&str, &str)| (name.to_owned(), Values::Shared(quantity(text)));
    let parameters = [
        ("v_threshold", "10 mV"),
        ("drive", "500 mV"),
        ("v_initial", "0 mV"),
        ("v_reset", "0 mV"),
        ("t_refractory", "3 ms"),
        ("adaptation", "0 mV"),
        ("tau_mem", tau),
    ];
    let parameters = parameters.map(value).into();
    let core = CoreProgram {
        address: CORE,
        model,
        neuron_count,
        parameters,
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let program = Program {
        chip: "test".to_owned(),
        clock: None,
        cores: vec![core],
        input_count: 1,
        routing: Routing::Ideal(Vec::new()),
    };
    (spec, program)
}

fn trial(spec: &ChipSpec, trial: u64) -> DieParameters {
    die(spec, 0).with_noise(spec, trial).unwrap()
}

/// By neuron, the ticks of its spikes before `end`.
fn spikes(spec: &ChipSpec, program: &Program, die: &DieParameters, part: u64, end: u64) -> Vec<Vec<u64>> {
    let mut emulator = Emulator::new(spec, program, die).unwrap();
    emulator.set_part(part);
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(end), &mut spikes);
    let of = |n: u32| spikes.iter().filter(move |s| u32::from(s.neuron.0) == n).map(|s| s.tick.0).collect();
    (0..program.cores[0].neuron_count).map(of).collect()
}

/// The thresholds that spikes show in neurons of [`ramp`], in mV, against what the noise says: equal but for the last
/// tick, in which the membrane climbs by `rise`. Returns them as factors. A spike is followed by `rest` ticks,
/// and the first interval is `head` ticks longer than it seems.
fn shown(all: &[Vec<u64>], die: &DieParameters, (tau_ticks, rise): (f64, f64), (rest, head): (u64, u64)) -> Vec<f64> {
    let noise = die.noise().unwrap();
    let mut factors = Vec::new();
    for (n, ticks) in all.iter().enumerate() {
        let mut begins = 0;
        for &tick in ticks {
            let climbed = tick - begins + if begins == 0 { head } else { 0 };
            let shown = 500.0 * -(-(climbed as f64) / tau_ticks).exp_m1();
            let factor = noise.event_threshold_factor(0, Tick(begins), CORE, NeuronId(n as u16)).to_bits();
            let told = 10.0 * factor as f64 / 2f64.powi(32);
            assert!((-0.01 * rise..1.02 * rise).contains(&(shown - told)), "neuron {n}, tick {tick}: {shown}, {told}");
            factors.push(told / 10.0);
            begins = tick + rest;
        }
    }
    factors
}

/// Mean 1 and CV 0.2, within five standard errors.
#[track_caller]
fn assert_spread(factors: &[f64]) {
    let count = factors.len() as f64;
    let mean = factors.iter().sum::<f64>() / count;
    let variance = factors.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / (count - 1.0);
    assert!((mean - 1.0).abs() < 5.0 * 0.2 / count.sqrt(), "mean {mean} of {count}");
    // The fourth moment of a log-normal variable of CV 0.2 is 3.64 squared variances.
    let off = (variance / 0.04 - 1.0).abs();
    assert!(off < 5.0 * (2.64 / count).sqrt(), "variance {variance} of {count}");
}

#[test]
fn the_times_of_spikes_show_the_spread_of_thresholds() {
    // 0.5 mV a second at ticks of 1 us: a threshold of 10 mV is reached after 20 seconds.
    let (spec, program) = ramp(CoreModel::AnalogLif, 2, "1000 s", "1 us");
    let die = trial(&spec, 3);
    let all = spikes(&spec, &program, &die, 0, 200_000_000_000);
    let factors = shown(&all, &die, (1e9, 5e-7), (3000, 0));
    assert!(factors.len() > 15_000, "{} intervals", factors.len());
    assert_spread(&factors);
    // 0.05 mV a step.
    let (spec, program) = ramp(CoreModel::Lif, 64, "10 s", "1 ms");
    let die = trial(&spec, 3);
    let all = spikes(&spec, &program, &die, 0, 30_000);
    // In tick 0 the membrane has made its first step already.
    let factors = shown(&all, &die, (1e4, 0.05), (3, 1));
    assert!(factors.len() > 8000, "{} intervals", factors.len());
    assert_spread(&factors);
}

#[test]
fn trials_and_parts_differ_and_repeat() {
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        let (spec, program) = ramp(model, 3, "1 s", "1 ms");
        let run = |number, part| spikes(&spec, &program, &trial(&spec, number), part, 2000);
        let first = run(0, 0);
        assert!(first.iter().all(|ticks| ticks.len() > 50), "{first:?}");
        assert_eq!(first, run(0, 0), "the same trial is the same run");
        assert_ne!(first, run(1, 0));
        assert_ne!(first, run(0, 1));
        assert_ne!(first[0], first[1], "every neuron has thresholds of its own");
        // A neuron that is added moves no other.
        let (_, more) = ramp(model, 40, "1 s", "1 ms");
        assert_eq!(spikes(&spec, &more, &trial(&spec, 0), 0, 2000)[..3], first[..]);
        // Without noise all are alike, and so they are with a budget of 0.
        let still = spikes(&spec, &program, &die(&spec, 0), 0, 2000);
        assert_eq!(still[0], still[1]);
        let mut zero = spec.clone();
        zero.noise = Some(thresholds("0 1"));
        assert_eq!(spikes(&zero, &program, &trial(&zero, 0), 7, 2000), still);
    }
}

/// A run without the budget keeps nothing of what a run with it has to keep.
#[test]
fn snapshots_without_such_noise_have_none_of_it() {
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        let (spec, program) = ramp(model, 3, "1 s", "1 ms");
        let mut noisy = Emulator::new(&spec, &program, &trial(&spec, 0)).unwrap();
        let mut still = Emulator::new(&spec, &program, &die(&spec, 0)).unwrap();
        noisy.run_until(Tick(100), &mut ());
        still.run_until(Tick(100), &mut ());
        let text = serde_json::to_string(&still.snapshot()).unwrap();
        assert!(text.contains("\"noise\":null"), "{text}");
        assert_eq!(text.contains("\"begins\":[]"), model == CoreModel::Lif, "{text}");
        let other = "the snapshot cannot be resumed: it was taken from a run with other noise";
        let refusal = |die: &DieParameters, snapshot: &Snapshot| {
            Emulator::resume(&spec, &program, die, snapshot).map(|_| ()).unwrap_err().to_string()
        };
        assert_eq!(refusal(&trial(&spec, 0), &still.snapshot()), other);
        assert_eq!(refusal(&die(&spec, 0), &noisy.snapshot()), other);
        assert_eq!(refusal(&trial(&spec, 1), &noisy.snapshot()), other);
    }
}

#[test]
fn a_damaged_snapshot_of_intervals_is_refused() {
    let (spec, program) = ramp(CoreModel::Lif, 3, "1 s", "1 ms");
    let mut emulator = Emulator::new(&spec, &program, &trial(&spec, 0)).unwrap();
    emulator.run_until(Tick(100), &mut ());
    let good = serde_json::to_value(emulator.snapshot()).unwrap();
    let resume = |value: serde_json::Value| {
        let snapshot: Snapshot = serde_json::from_value(value).unwrap();
        Emulator::resume(&spec, &program, &trial(&spec, 0), &snapshot).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(resume(good.clone()), Ok(()));
    let wrong = Err("the snapshot cannot be resumed: the state of a core is not one that it can have".to_owned());
    let mut short = good.clone();
    short["cores"][0]["Lif"]["neurons"]["begins"].as_array_mut().unwrap().pop();
    assert_eq!(resume(short), wrong);
    let mut bare = good;
    bare["cores"][0]["Lif"]["neurons"]["begins"] = serde_json::Value::Array(vec![]);
    assert_eq!(resume(bare), wrong);
}

#[test]
fn rate_units_are_refused() {
    let recipe = Recipe {
        seed: 1,
        tag_cam: false,
        cores: 2,
        neurons: 4,
        fan_out: 3,
        inputs: 2,
        events: 4,
        extreme: false,
        asynchronous: false,
    };
    let mut case = recipe.build();
    case.spec.noise = Some(thresholds("0.1 1"));
    let error = Emulator::new(&case.spec, &case.program, &trial(&case.spec, 0)).unwrap_err().to_string();
    assert_eq!(
        error,
        "chip 0 core 1 runs the model `rate`, which has no threshold that changes within a run: run it without noise, \
         or without `event_threshold_cv`, or use the model `lif` or `analog-lif`"
    );
    case.spec.noise = Some(thresholds("0 1"));
    assert!(Emulator::new(&case.spec, &case.program, &trial(&case.spec, 0)).is_ok());
}

/// Late spikes and thresholds of intervals do not know of each other: each is what it is without the other.
#[test]
fn budgets_are_independent() {
    let (mut spec, program) = ramp(CoreModel::AnalogLif, 3, "1 s", "1 ms");
    let alone = spikes(&spec, &program, &trial(&spec, 0), 0, 2000);
    spec.noise = Some(NoiseSpec {
        event_jitter_ticks: Some(fact("9 1")),
        event_weight_cv: Some(fact("0.5 1")),
        ..thresholds("0.2 1")
    });
    assert_eq!(spikes(&spec, &program, &trial(&spec, 0), 0, 2000), alone);
}

//! Late events: the laws of their lateness, however long, and that a run that is cut in two has the same.

use crate::support::{die, fact, test_chip};
use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, NoiseSpec, Program, RouterSpec, Routing, Source, Values,
};
use emulator::{Emulator, Spike};
use units::{CoreAddress, InputId, NeuronId, Tick};

const CORE: CoreAddress = CoreAddress::new(0, 0);

/// A chip with these numbers of jitter: most, median, standard deviation, fold.
fn chip(jitter: [Option<&str>; 4]) -> ChipSpec {
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.parameters.values_mut().for_each(|p| p.mismatch = None);
    spec.mismatch_reference = None;
    spec.tick = fact("1 us");
    spec.geometry.neurons_per_core = fact("4000 1");
    let [most, median, sd, fold] = jitter.map(|text| text.map(|text| fact(&format!("{text} 1"))));
    spec.noise = Some(NoiseSpec {
        event_jitter_ticks: most,
        event_jitter_median: median,
        event_jitter_sd: sd,
        event_jitter_fold: fold,
        ..NoiseSpec::default()
    });
    spec
}

/// `neurons` neurons without a refractory period, each of which an input of its own makes spike at once.
fn program(spec: &ChipSpec, model: CoreModel, neurons: u32) -> Program {
    let value = |(name, text): (&str, &str)| (name.to_owned(), Values::Shared(text.parse().unwrap()));
    let parameters = [
        ("v_threshold", "1 mV"),
        ("drive", "0 mV"),
        ("v_initial", "0 mV"),
        ("v_reset", "0 mV"),
        ("t_refractory", "0 ms"),
        ("adaptation", "0 mV"),
    ];
    let parameters = parameters.map(value).into();
    let core = CoreProgram {
        address: CORE,
        model,
        neuron_count: neurons,
        parameters,
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let row = |n: u32| IdealRow {
        source: Source::Input(InputId(n)),
        destination: CORE,
        delay_ticks: 1,
        synapses: vec![IdealSynapse { neuron: NeuronId(n as u16), synapse: 0, weight: 2000 }],
    };
    let routing = Routing::Ideal((0..neurons).map(row).collect());
    Program { chip: spec.name.clone(), clock: None, cores: vec![core], input_count: neurons, routing }
}

/// The lateness of one event each of `neurons` channels, sorted; sent in this order.
fn lateness(spec: &ChipSpec, model: CoreModel, order: impl Iterator<Item = u32>, neurons: u32) -> Vec<u64> {
    let program = program(spec, model, neurons);
    let noisy = die(spec, 0).with_noise(spec, 1).unwrap();
    let mut emulator = Emulator::new(spec, &program, &noisy).unwrap();
    order.for_each(|n| emulator.send(InputId(n), Tick(5), 1).unwrap());
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(10_000), &mut spikes);
    // The same, cut in two where many are on their way.
    let mut first = Emulator::new(spec, &program, &noisy).unwrap();
    (0..neurons).for_each(|n| first.send(InputId(n), Tick(5), 1).unwrap());
    let mut cut: Vec<Spike> = Vec::new();
    first.run_until(Tick(40), &mut cut);
    let mut resumed = Emulator::resume(spec, &program, &noisy, &first.snapshot()).unwrap();
    resumed.run_until(Tick(10_000), &mut cut);
    assert_eq!(cut, spikes);
    assert_eq!(resumed.digest(), emulator.digest());
    emulator.run_until(Tick(80_000), &mut spikes);
    assert_eq!(spikes.len(), neurons as usize, "every event arrives");
    let mut late: Vec<u64> = spikes.iter().map(|spike| spike.tick.0 - 5).collect();
    late.sort_unstable();
    late
}

const N: u32 = 2000;

#[test]
fn normal_lateness_has_its_median_and_spread() {
    let spec = chip([Some("2000"), Some("300"), Some("40"), None]);
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        let late = lateness(&spec, model, 0..N, N);
        let mean = late.iter().sum::<u64>() as f64 / f64::from(N);
        let variance = late.iter().map(|l| (*l as f64 - mean).powi(2)).sum::<f64>() / f64::from(N - 1);
        // Standard errors 0.9 and 0.63.
        assert!((mean - 300.0).abs() < 5.0 && (variance.sqrt() - 40.0).abs() < 3.5, "{mean} {}", variance.sqrt());
        assert_eq!(late, lateness(&spec, model, (0..N).rev(), N), "the order of sending does not matter");
    }
}

/// The differences of one device from run to run that were measured: median 29 us, 18 % above 0.3 ms, 13 % above 1 ms.
#[test]
fn log_normal_lateness_has_a_heavy_tail() {
    let spec = chip([Some("65535"), Some("29"), None, Some("16")]);
    let late = lateness(&spec, CoreModel::AnalogLif, 0..N, N);
    let above = |ticks: u64| late.iter().filter(|l| **l > ticks).count() as f64 / f64::from(N);
    assert!((above(29) - 0.5).abs() < 0.06, "{}", above(29));
    // ln(300 / 29) / ln(16) = 0.84 and ln(1000 / 29) / ln(16) = 1.28 standard deviations: 20 % and 10 %.
    assert!((above(300) - 0.2).abs() < 0.05 && (above(1000) - 0.1).abs() < 0.04, "{} {}", above(300), above(1000));
    assert!(late.last() > Some(&10_000) && late.last() <= Some(&65_535));
}

#[test]
fn what_would_be_early_is_in_time_and_what_is_too_late_comes_last() {
    let spec = chip([Some("10"), Some("5"), Some("5"), None]);
    let late = lateness(&spec, CoreModel::Lif, 0..N, N);
    let share = |at: u64| late.iter().filter(|l| **l == at).count() as f64 / f64::from(N);
    // Below 0.5 and from 9.5 on: 0.9 standard deviations away, 18.4 % each.
    assert!((share(0) - 0.184).abs() < 0.05 && (share(10) - 0.184).abs() < 0.05, "{} {}", share(0), share(10));
    assert!(late.iter().all(|l| *l <= 10));
}

/// Jitter of any size within 16 bits, with many inputs at once, on both cores.
#[test]
fn long_jitter_is_no_reason_to_refuse() {
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        let spec = chip([Some("65535"), None, None, None]);
        let late = lateness(&spec, model, 0..500, 500);
        // Uniform: the mean is off by at most 5 standard errors of 846.
        let mean = late.iter().sum::<u64>() / 500;
        assert!((28_500..37_000).contains(&mean), "{mean}");
    }
}

/// The keys of a family belong together.
#[test]
fn keys_of_jitter_that_do_not_fit_are_refused() {
    let check = |jitter: [Option<&str>; 4], expected: &str| {
        let text = format!("{:?}", chip::validate(&chip(jitter)));
        assert!(text.contains(expected), "{expected}\nnot in\n{text}");
    };
    check([Some("9"), Some("3"), None, None], "around it, how? Add `event_jitter_sd`");
    check([Some("9"), None, Some("3"), None], "around what? Add `event_jitter_median`");
    check([Some("9"), None, None, Some("3")], "around what? Add `event_jitter_median`");
    check([Some("9"), Some("3"), Some("3"), Some("3")], "normal or log-normal: keep");
    check([None, Some("3"), Some("3"), None], "how late at most? Add `event_jitter_ticks`");
    check([Some("9"), Some("-3"), Some("3"), None], "it is from 0 to 65535");
    check([Some("9"), Some("3"), None, Some("0.5")], "it is from 1 to 65535");
    check([Some("65536"), None, None, None], "whole number of ticks, 0 to 65535");
    let text = format!("{:?}", chip::validate(&chip([Some("65535"), Some("3"), None, Some("16")])));
    assert!(!text.contains("noise"), "{text}");
}

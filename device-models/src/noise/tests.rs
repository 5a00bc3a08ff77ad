//! Noise is a function of its address: spreads, independence, and what an address is made of.

use super::*;
use crate::testing::{CORE, core, fact, spec};
use crate::{CoreParameters, DieParameters, InputLayout, LifParameters, MismatchSetting};
use chip::{CoreModel, NoiseSpec};
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec::Vec;
use units::{Decimal, DieId};

fn noisy() -> ChipSpec {
    let noise = NoiseSpec {
        run_threshold_cv: Some(fact("0.05 1")),
        run_weight_cv: Some(fact("10 %")),
        event_weight_cv: Some(fact("0.2 1")),
        event_threshold_cv: Some(fact("0.3 1")),
        event_jitter_ticks: Some(fact("3 1")),
        ..NoiseSpec::default()
    };
    ChipSpec { noise: Some(noise), ..spec() }
}

fn die(id: u32) -> Die {
    Die { root_seed: 4, id: DieId(id) }
}

fn noise(id: u32, trial: u64) -> Noise {
    Noise::new(&noisy(), die(id), trial).unwrap()
}

/// Mean 1 and the given CV in a thousandth, within five standard errors of 20,000 factors; in integers of 2^-20.
#[track_caller]
fn check_spread(factors: &[Real], cv_per_mille: i128) {
    let one = 1i128 << 20;
    let values: Vec<i128> = factors.iter().map(|f| i128::from(f.to_bits()) >> 12).collect();
    let count = values.len() as i128;
    let mean = values.iter().sum::<i128>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<i128>() / count;
    let cv = one * cv_per_mille / 1000;
    assert!((mean - one).abs() * 141 < 5 * cv, "mean {mean} of {one}");
    // The variance of a log-normal sample, a little wider than that of a normal one: 5 sqrt(3/n) of it.
    assert!((variance - cv * cv).abs() * 100 < 7 * cv * cv, "variance {variance} instead of {}", cv * cv);
}

const COUNT: u16 = 20_000;

#[test]
fn factors_have_the_spread_of_the_budget() {
    let noise = noise(0, 0);
    let thresholds: Vec<Real> = (0..COUNT).map(|n| noise.threshold_factor(CORE, NeuronId(n))).collect();
    check_spread(&thresholds, 50);
    let weights: Vec<Real> = (0..COUNT).map(|s| noise.weight_factor(CORE, NeuronId(s % 99), s.into())).collect();
    check_spread(&weights, 100);
    let event = noise.neuron_event(0, Tick(9), CORE, NeuronId(3));
    let slots = (0..COUNT).map(|s| noise.event_weight_factor(event, 0, CORE, NeuronId(1), s.into()));
    check_spread(&slots.collect::<Vec<Real>>(), 200);
    let ticks = (0..COUNT).map(|t| {
        let event = noise.input_event(0, Tick(t.into()), InputId(2));
        noise.event_weight_factor(event, 0, CORE, NeuronId(1), 5)
    });
    check_spread(&ticks.collect::<Vec<Real>>(), 200);
    let intervals = (0..COUNT).map(|t| noise.event_threshold_factor(0, Tick(t.into()), CORE, NeuronId(2)));
    check_spread(&intervals.collect::<Vec<Real>>(), 300);
    let neurons = (0..COUNT).map(|n| noise.event_threshold_factor(0, Tick(7), CORE, NeuronId(n)));
    check_spread(&neurons.collect::<Vec<Real>>(), 300);
}

#[test]
fn delays_are_uniform() {
    let noise = noise(0, 0);
    let mut counts = [0u32; 4];
    for tick in 0..COUNT {
        counts[usize::from(noise.delay(noise.neuron_event(0, Tick(tick.into()), CORE, NeuronId(1))))] += 1;
    }
    // 5000 each, six standard deviations of 61.
    assert!(counts.iter().all(|count| count.abs_diff(5000) < 367), "{counts:?}");
}

#[test]
fn every_part_of_an_address_chooses_another_value() {
    let base = noise(0, 0);
    let event = |noise: &Noise, part, tick, core, neuron| {
        noise.neuron_event(part, Tick(tick), CoreAddress::new(0, core), NeuronId(neuron)).to_bits()
    };
    let mut events = BTreeSet::from([event(&base, 0, 0, 0, 0)]);
    events.extend([event(&base, 1, 0, 0, 0), event(&base, 0, 1, 0, 0)]);
    events.extend([event(&base, 0, 0, 1, 0), event(&base, 0, 0, 0, 1)]);
    events.extend([event(&noise(1, 0), 0, 0, 0, 0), event(&noise(0, 1), 0, 0, 0, 0)]);
    let inputs = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)];
    events.extend(inputs.map(|(part, tick, i)| base.input_event(part, Tick(tick), InputId(i)).to_bits()));
    assert_eq!(events.len(), 11);

    let event = Event::from_bits(event(&base, 0, 0, 0, 0));
    let factors = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)].map(|(repeat, c, n, slot)| {
        base.event_weight_factor(event, repeat, CoreAddress::new(0, c), NeuronId(n), slot).to_bits()
    });
    assert_eq!(BTreeSet::from(factors).len(), 5);
    let interval = |noise: &Noise, part, begins, core, neuron| {
        noise.event_threshold_factor(part, Tick(begins), CoreAddress::new(0, core), NeuronId(neuron)).to_bits()
    };
    let mut intervals = BTreeSet::from([interval(&noise(1, 0), 0, 0, 0, 0), interval(&noise(0, 1), 0, 0, 0, 0)]);
    let addresses = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)];
    intervals.extend(addresses.map(|(part, begins, core, n)| interval(&base, part, begins, core, n)));
    assert_eq!(intervals.len(), 7);
    let weights = [noise(0, 0), noise(0, 1), noise(1, 0)].map(|n| n.weight_factor(CORE, NeuronId(0), 0).to_bits());
    assert_eq!(BTreeSet::from(weights).len(), 3);
}

/// The same bits in debug and release, on every machine.
#[test]
fn first_values_of_layout_1() {
    let noise = noise(2, 7);
    let event = noise.neuron_event(1, Tick(5), CORE, NeuronId(4));
    let mut text = String::new();
    for n in 0..3u16 {
        let threshold = noise.threshold_factor(CORE, NeuronId(n)).to_bits();
        let weight = noise.weight_factor(CORE, NeuronId(0), n.into()).to_bits();
        let now = noise.event_weight_factor(event, 0, CORE, NeuronId(0), n.into()).to_bits();
        text += &std::format!("{threshold:09x} {weight:09x} {now:09x}\n");
    }
    assert_eq!(
        text + &noise.delay(event).to_string(),
        "10d44832d 13b9fcfce 16a4ca9e5\n0fe80c634 0f3f928ff 0bd945773\n10096b482 11c73ef0a 0ce73fe00\n2"
    );
}

#[test]
fn thresholds_change_from_run_to_run() {
    let (spec, program) = (noisy(), core(CoreModel::Lif, 300, &[]));
    let setting = MismatchSetting { scale_to_cv: Some(Decimal::ZERO), ..MismatchSetting::default() };
    let thresholds = |trial: Option<u64>| {
        let frozen = DieParameters::new(&spec, die(0), setting.clone()).unwrap();
        let die = match trial {
            None => frozen,
            Some(trial) => frozen.with_noise(&spec, trial).unwrap(),
        };
        let layout = InputLayout::new(&spec, &program, &[false; 5]).unwrap();
        LifParameters::build(&spec, &program, layout, &die).unwrap().threshold()[..300].to_vec()
    };
    let still = thresholds(None);
    assert!(still.iter().all(|t| *t == 20 << 20), "noise is off unless it is asked for");
    let first = thresholds(Some(0));
    assert_eq!(first, thresholds(Some(0)));
    let second = thresholds(Some(1));
    assert!(first.iter().zip(&second).filter(|(a, b)| a == b).count() < 3);
    assert!(first.iter().all(|t| (14 << 20..26 << 20).contains(t)), "CV 0.05, 6 standard deviations");
}

#[test]
fn noise_that_the_chip_does_not_have_is_refused() {
    let frozen = DieParameters::new(&spec(), die(0), MismatchSetting::default()).unwrap();
    let error = frozen.with_noise(&spec(), 0).unwrap_err();
    let text = "chip `unit` has no noise: add a table `[noise]` to its file, or run it without";
    assert_eq!(error.to_string(), text);
    let mut wrong = noisy();
    wrong.noise.as_mut().unwrap().run_weight_cv = Some(fact("5 1"));
    let error = Noise::new(&wrong, die(0), 0).unwrap_err().to_string();
    assert!(error.starts_with("mismatch of `run_weight_cv`: coefficients of variation up to 4"), "{error}");
}

/// The address of an interval, written out.
#[test]
fn an_interval_is_addressed_by_neuron_part_and_tick() {
    let noise = noise(2, 7);
    let of = |root: u64| Key::new(root, Purpose::TemporalNoise);
    let root = of(4).die(DieId(2)).slot(7).first_word();
    let neuron = of(root).core(CORE).neuron(NeuronId(5)).name("threshold").first_word();
    let part = of(neuron).name("part").slot(3).first_word();
    let interval = of(part).name("tick").slot(1_000_000).first_word();
    let distribution = Distribution::new(Family::LogNormal, pure("cv", &fact("0.3 1")).unwrap(), None);
    let expected = distribution.unwrap().factor(normal_deviate(interval));
    assert_eq!(noise.event_threshold_factor(3, Tick(1_000_000), CORE, NeuronId(5)), expected);
}

/// The digest that snapshots hold is what it was before there was such a budget, and then another one.
#[test]
fn the_digest_tells_budgets_apart() {
    let digest = |cv: Option<&str>| {
        let mut spec = noisy();
        spec.noise.as_mut().unwrap().event_threshold_cv = cv.map(fact);
        Noise::new(&spec, die(0), 0).unwrap().event_digest()
    };
    let (none, zero, some, more) = (digest(None), digest(Some("0 1")), digest(Some("0.1 1")), digest(Some("0.2 1")));
    assert_eq!(none, zero);
    assert_eq!(BTreeSet::from([none, some, more]).len(), 3);
    let mut before = Digest::new();
    before.push(Key::new(4, Purpose::TemporalNoise).die(DieId(0)).slot(0).first_word());
    before.push(3);
    let weights = Distribution::new(Family::LogNormal, pure("cv", &fact("0.2 1")).unwrap(), None).unwrap();
    before.push(weights.factor(Real::ONE).to_bits() as u64);
    assert_eq!(none, before.value());
}

#[test]
fn thresholds_of_intervals_are_rounded_once_and_kept_within_range() {
    let noise = noise(0, 0);
    let thresholds = ThresholdNoise::new(Some(&noise), CORE).unwrap();
    let factor = |begins| i128::from(noise.event_threshold_factor(0, Tick(begins), CORE, NeuronId(1)).to_bits());
    for begins in 0..500 {
        for threshold in [20 << 20, -(20 << 20), 1, 3, 0] {
            let found = thresholds.of_interval(1, begins, threshold, 1 << 29);
            let (product, one) = (i128::from(threshold) * factor(begins), 1i128 << 32);
            let off = i128::from(found) * one - product;
            assert!(2 * off.abs() < one || (2 * off.abs() == one && found % 2 == 0), "{threshold}: {found}");
        }
        let (high, low) = (thresholds.of_interval(1, begins, 1 << 29, 1 << 29), 1i128 << 29);
        assert_eq!(high == 1 << 29, factor(begins) * low >= (low << 32) - (1 << 31), "{begins}");
        for broken in [i64::from(i32::MAX), i64::from(i32::MIN), (1 << 29) + 1] {
            assert_eq!(thresholds.of_interval(1, begins, broken, 1 << 29), broken);
        }
    }
    let mut still = noisy();
    still.noise.as_mut().unwrap().event_threshold_cv = Some(fact("0 1"));
    assert_eq!(ThresholdNoise::new(Some(&Noise::new(&still, die(0), 0).unwrap()), CORE), None);
    assert_eq!(ThresholdNoise::new(None, CORE), None);
}

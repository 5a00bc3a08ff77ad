//! Tests of `encoder`.

use super::*;
use proptest::prelude::*;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn options(trains: u32, ticks: u32, pattern: SpikePattern, rate_max: &str) -> EncoderOptions {
    EncoderOptions {
        ticks_per_sample: ticks,
        trains_per_channel: trains,
        pattern,
        rate_min: quantity("0 Hz"),
        rate_max: quantity(rate_max),
    }
}

/// One channel from 0 to 8 at a tick of 1 ms.
fn encoder(options: &EncoderOptions, seed: u64) -> Encoder {
    let range = Range { min: Real::ZERO, max: Real::from_integer(8) };
    Encoder::new(options, quantity("1 ms"), vec![range], seed).unwrap()
}

fn signal(values: &[i64]) -> Signal {
    Signal::new(1, values.iter().map(|v| Real::from_integer(*v)).collect())
}

fn counts(train: &SpikeTrain, inputs: usize) -> Vec<u64> {
    let mut counts = vec![0; inputs];
    train.events.iter().for_each(|e| counts[e.input.index()] += 1);
    counts
}

#[test]
fn triangles_divide_the_range() {
    // Centres at 0, 4 and 8; 250 Hz for a second is 250 spikes, less or more by the initial phase.
    let encoder = encoder(&options(3, 1000, SpikePattern::Deterministic, "250 Hz"), 0);
    for (value, activity) in [(0, [4, 0, 0]), (1, [3, 1, 0]), (4, [0, 4, 0]), (6, [0, 2, 2]), (8, [0, 0, 4])] {
        let train = encoder.encode(0, &signal(&[value])).unwrap();
        for (got, quarters) in counts(&train, 3).into_iter().zip(activity) {
            let expected: u64 = quarters * 1000 / 16;
            assert!(got.abs_diff(expected) <= 1 && (got == 0) == (quarters == 0), "{value}: {got} {expected}");
        }
    }
}

#[test]
fn two_trains_are_on_and_off_and_one_rises() {
    let pair = encoder(&options(2, 8, SpikePattern::Deterministic, "1000 Hz"), 0);
    assert_eq!(counts(&pair.encode(0, &signal(&[0])).unwrap(), 2), [8, 0]);
    assert_eq!(counts(&pair.encode(0, &signal(&[8])).unwrap(), 2), [0, 8]);
    let single = encoder(&options(1, 64, SpikePattern::Deterministic, "1000 Hz"), 0);
    let risen: Vec<_> = (0..=8).map(|v| counts(&single.encode(0, &signal(&[v])).unwrap(), 1)[0]).collect();
    assert_eq!((risen[0], risen[8]), (0, 64));
    assert!(risen.iter().enumerate().all(|(v, n)| n.abs_diff(8 * v as u64) <= 1), "{risen:?}");
}

#[test]
fn values_beyond_the_range_are_clamped_and_counted() {
    let encoder = encoder(&options(2, 10, SpikePattern::Deterministic, "1 kHz"), 0);
    let inside = encoder.encode(0, &signal(&[0, 8, 8])).unwrap();
    let beyond = encoder.encode(0, &signal(&[-3, 8, 9])).unwrap();
    assert_eq!((inside.clamped, beyond.clamped), (0, 2));
    assert_eq!(inside.events, beyond.events);
}

#[test]
fn a_range_without_extent_means_the_middle() {
    let range = Range { min: Real::ONE, max: Real::ONE };
    let encoder = |trains| {
        let options = options(trains, 100, SpikePattern::Deterministic, "1000 Hz");
        Encoder::new(&options, quantity("1 ms"), vec![range], 0).unwrap()
    };
    let spikes = |trains| counts(&encoder(trains).encode(0, &signal(&[1])).unwrap(), trains as usize);
    assert_eq!(spikes(2), [50, 50]);
    assert_eq!(spikes(3), [0, 100, 0]);
}

#[test]
fn the_smallest_rate_is_never_left() {
    let options =
        EncoderOptions { rate_min: quantity("10 Hz"), ..options(2, 1000, SpikePattern::Deterministic, "110 Hz") };
    let got = counts(&encoder(&options, 0).encode(0, &signal(&[8])).unwrap(), 2);
    assert!(got[0].abs_diff(10) <= 1 && got[1].abs_diff(110) <= 1, "{got:?}");
}

#[test]
fn patterns_are_fixed() {
    let show = |train: &SpikeTrain| -> Vec<(u64, u32)> { train.events.iter().map(|e| (e.tick.0, e.input.0)).collect() };
    let even = encoder(&options(2, 10, SpikePattern::Deterministic, "300 Hz"), 0).encode(0, &signal(&[2, 8])).unwrap();
    assert_eq!(show(&even), EVEN);
    let random = encoder(&options(2, 10, SpikePattern::Poisson, "300 Hz"), 1).encode(0, &signal(&[2, 8])).unwrap();
    assert_eq!(show(&random), RANDOM);
    assert_eq!((even.ticks, random.ticks), (20, 20));
}
const EVEN: [(u64, u32); 5] = [(1, 0), (6, 0), (10, 1), (13, 1), (16, 1)];
const RANDOM: [(u64, u32); 5] = [(4, 0), (5, 0), (9, 0), (10, 1), (16, 1)];

#[test]
fn random_trains_have_their_rate_and_are_independent() {
    let encoder = encoder(&options(2, 20_000, SpikePattern::Poisson, "400 Hz"), 3);
    let train = encoder.encode(0, &signal(&[2])).unwrap();
    let got = counts(&train, 2);
    // Probabilities 0.3 and 0.1: standard deviations 65 and 42 of 20,000 draws; five of them are allowed.
    assert!(got[0].abs_diff(6000) < 325 && got[1].abs_diff(2000) < 212, "{got:?}");
    let both = train.events.windows(2).filter(|pair| pair[0].tick == pair[1].tick).count() as u64;
    assert!(both.abs_diff(600) < 125, "{both}");
}

#[test]
fn utterances_and_seeds_draw_for_themselves() {
    let random = |seed, utterance| {
        let encoder = encoder(&options(2, 50, SpikePattern::Poisson, "500 Hz"), seed);
        encoder.encode(utterance, &signal(&[3, 5])).unwrap().events
    };
    assert_eq!(random(1, 1), random(1, 1));
    assert_ne!(random(1, 1), random(1, 2));
    assert_ne!(random(1, 1), random(2, 1));
}

/// A further channel moves no spike of the ones before.
#[test]
fn channels_do_not_meet() {
    let range = Range { min: Real::ZERO, max: Real::from_integer(8) };
    for pattern in [SpikePattern::Deterministic, SpikePattern::Poisson] {
        let encoder =
            |channels| Encoder::new(&options(3, 20, pattern, "300 Hz"), quantity("1 ms"), vec![range; channels], 7);
        let alone = encoder(1).unwrap().encode(4, &signal(&[1, 7])).unwrap();
        let frames = [1, 5, 7, 2].map(Real::from_integer).to_vec();
        let mut both = encoder(2).unwrap().encode(4, &Signal::new(2, frames)).unwrap();
        assert!(both.events.iter().any(|e| e.input.0 >= 3));
        both.events.retain(|e| e.input.0 < 3);
        assert_eq!(alone.events, both.events);
    }
}

#[test]
fn wrong_options_are_refused() {
    let range = Range { min: Real::ZERO, max: Real::ONE };
    let usual = EncoderOptions::default();
    let error = |options: EncoderOptions, tick: &str, ranges: Vec<Range>| {
        Encoder::new(&options, quantity(tick), ranges, 0).unwrap_err().to_string()
    };
    let fixed = |options| error(options, "1 ms", vec![range]);
    assert!(fixed(EncoderOptions { trains_per_channel: 0, ..usual }).contains("`trains_per_channel` must be from 1"));
    assert!(fixed(EncoderOptions { ticks_per_sample: 0, ..usual }).contains("`ticks_per_sample` must be from 1"));
    assert!(fixed(EncoderOptions { trains_per_channel: u32::MAX, ..usual }).contains("not 4294967295"));
    assert!(error(usual, "1 ms", vec![]).contains("`channels` must be from 1"));
    assert!(
        fixed(EncoderOptions { rate_max: quantity("2 kHz"), ..usual })
            .starts_with("encoder: rate_max = 2 kHz at a tick of 1 ms")
    );
    assert!(fixed(EncoderOptions { rate_min: quantity("-1 Hz"), ..usual }).starts_with("encoder: rate_min = -1 Hz"));
    assert!(fixed(EncoderOptions { rate_min: quantity("201 Hz"), ..usual }).starts_with("encoder: rate_max = 200 Hz"));
    assert!(fixed(EncoderOptions { rate_max: quantity("20 ms"), ..usual }).contains("must be a frequency"));
    let digits = "123456789012.345678 Hz";
    assert!(fixed(EncoderOptions { rate_max: quantity(digits), ..usual }).contains("at a tick of 1 ms"));
    for tick in ["0 ms", "-1 ms", "3 V"] {
        assert!(error(usual, tick, vec![range]).contains("must be a time above 0"), "{tick}");
    }
    let wrong = Range { min: Real::ONE, max: Real::ZERO };
    assert!(
        error(usual, "1 ms", vec![range, wrong]).contains("the range of channel 1 ends at 0, before it begins at 1")
    );
    let two = Signal::new(2, vec![Real::ZERO; 4]);
    let error = encoder(&usual, 0).encode(0, &two).unwrap_err();
    assert_eq!(error, TaskError::Channels { expected: 1, found: 2 });
}

#[test]
fn graded_inputs_carry_changes() {
    let values = [0.5, 0.5, -0.25, -0.25 + 1.0 / 65536.0].map(|v| Real::from_bits((v * 4294967296.0) as i64));
    let train = graded(&Signal::new(1, values.to_vec()), 5).unwrap();
    let show: Vec<_> = train.events.iter().map(|e| (e.tick.0, e.change)).collect();
    assert_eq!((show, train.ticks, train.clamped), (vec![(0, 32768), (10, -49152), (15, 1)], 20, 0));
    // Half a unit goes up; an unchanged level sends nothing.
    let halves = [(1 << 15) - 1, 1 << 15, -(1 << 15)].map(Real::from_bits).to_vec();
    let train = graded(&Signal::new(3, halves), 1).unwrap();
    assert_eq!(train.events, [GradedEvent { tick: Tick(0), input: InputId(1), change: 1 }]);
}

#[test]
fn graded_inputs_beyond_their_range_are_clamped_and_counted() {
    let train = graded(&Signal::new(1, vec![Real::MIN, Real::MAX]), 1).unwrap();
    assert_eq!(train.clamped, 2);
    let level: i64 = train.events.iter().map(|e| i64::from(e.change)).sum();
    assert_eq!((train.events[0].change, level), (-((1 << 30) - 1), (1 << 30) - 1));
    assert!(graded(&signal(&[1]), 0).is_err());
}

proptest! {
    /// The number of spikes of an even train is floor(initial phase + sum of rates), with rates from an independent
    /// reading of the tuning curves; and events are in order.
    #[test]
    fn even_trains_count_exactly(
        values in prop::collection::vec(-2i64..11, 1..12), trains in 1usize..7, ticks in 1u32..40, hertz in 1u32..1000,
    ) {
        let encoder = encoder(&options(trains as u32, ticks, SpikePattern::Deterministic, &format!("{hertz} Hz")), 0);
        let train = encoder.encode(0, &signal(&values)).unwrap();
        prop_assert!(train.events.is_sorted_by(|a, b| a < b));
        prop_assert!(train.events.iter().all(|e| e.tick.0 < train.ticks));
        prop_assert_eq!(train.ticks, values.len() as u64 * u64::from(ticks));
        for (k, got) in counts(&train, trains).into_iter().enumerate() {
            let phase = (0.618_033_988_749_895 * (k + 1) as f64).fract();
            let spacing = 8.0 / (trains.max(2) - 1) as f64;
            let centre = if trains == 1 { 8.0 } else { k as f64 * spacing };
            let activity = |v: i64| (1.0 - ((v.clamp(0, 8) as f64 - centre) / spacing).abs()).max(0.0);
            let sum: f64 = values.iter().map(|v| activity(*v) * f64::from(ticks) * f64::from(hertz) / 1000.0).sum();
            let expected = phase + sum;
            // Within rounding of a whole number either neighbour is right.
            prop_assert!(got as f64 <= expected + 1e-9 && got as f64 > expected - 1.0 - 1e-9, "{} {}", got, expected);
        }
    }

    /// Whatever the range and the value, activities add up to 1 and nothing overflows.
    #[test]
    fn positions_are_fractions(a in any::<i64>(), b in any::<i64>(), v in any::<i64>(), trains in 1usize..20) {
        let range = Range { min: Real::from_bits(a.min(b)), max: Real::from_bits(a.max(b)) };
        let (lower, share) = position(Real::from_bits(v), range, trains);
        prop_assert!((Fraction::ZERO..=Fraction::ONE).contains(&share));
        prop_assert!(lower + 1 < trains.max(2));
    }

    /// Graded changes add up to the rounded value.
    #[test]
    fn graded_changes_add_up(bits in prop::collection::vec(any::<i64>(), 1..20)) {
        let train = graded(&Signal::new(1, bits.iter().copied().map(Real::from_bits).collect()), 3).unwrap();
        for (sample, bits) in bits.iter().enumerate() {
            let so_far = train.events.iter().filter(|e| e.tick.0 <= 3 * sample as u64);
            let level: i64 = so_far.map(|e| i64::from(e.change)).sum();
            let rounded = ((i128::from(*bits) + (1 << 15)) >> 16) as i64;
            prop_assert_eq!(level, rounded.clamp(-((1 << 30) - 1), (1 << 30) - 1));
        }
        prop_assert!(train.events.iter().all(|e| e.change != 0));
    }
}

/// A number is sent in every tick of its sample, a 0 never; what does not fit is cut and counted once a sample.
#[test]
fn numbers_are_sent_in_every_tick() {
    let half = Real::from_ratio(1, 2);
    let signal = Signal::new(2, vec![half, Real::ZERO, Real::from_integer(-5000), Real::from_bits(1 << 11)]);
    let train = numbers(&signal, 3).unwrap();
    let show: Vec<_> = train.events.iter().map(|e| (e.tick.0, e.input.0, e.number)).collect();
    let second = |tick| [(tick, 0, -i32::MAX), (tick, 1, 1)];
    let expected = [vec![(0, 0, 1 << 19), (1, 0, 1 << 19), (2, 0, 1 << 19)], [3, 4, 5].map(second).concat()].concat();
    assert_eq!((show, train.ticks, train.clamped), (expected, 6, 1));
    assert!(matches!(numbers(&signal, 0), Err(TaskError::EncoderOption { option: "ticks_per_sample", .. })));
}

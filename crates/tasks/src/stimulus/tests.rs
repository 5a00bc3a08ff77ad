//! Tests of `stimulus`: bits, ranges, moments, spectra.

use super::*;

fn values(stimulus: Stimulus, seed: u64, count: usize) -> Vec<f64> {
    stimulus.record(seed, count).unwrap().input.into_iter().map(to_f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|v| (v - centre) * (v - centre)).sum::<f64>() / values.len() as f64
}

/// FNV-1a of the bits of the samples and symbols.
fn digest(recording: &Recording) -> u64 {
    let words = recording.channels().flatten().map(|v| v.to_bits() as u64);
    let words = words.chain(recording.symbols.iter().map(|v| v.to_bits()));
    let bytes = words.flat_map(u64::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A change here changes every score on the tasks of a stimulus.
#[test]
fn the_bits_are_fixed() {
    let found: Vec<String> =
        Stimulus::ALL.iter().map(|s| format!("{} {:016x}", s.name(), digest(&s.record(1, 1000).unwrap()))).collect();
    let expected = include_str!("digests.txt");
    assert_eq!(found.join("\n") + "\n", expected);
}

#[test]
fn a_longer_stimulus_begins_with_the_shorter_one() {
    for stimulus in Stimulus::ALL {
        let (short, long) = (stimulus.record(9, 300).unwrap(), stimulus.record(9, 700).unwrap());
        assert_eq!(short.input[..], long.input[..300], "{}", stimulus.name());
        assert!(short.more.iter().zip(&long.more).all(|(short, long)| short[..] == long[..300]));
        assert_eq!(short.symbols[..], long.symbols[..short.symbols.len()]);
        assert_ne!(short.input, stimulus.record(10, 300).unwrap().input, "{}", stimulus.name());
        assert_eq!(stimulus.record(9, 0).unwrap().input.len(), 0);
    }
}

/// Every stimulus stays within -1 and 1, but for the rare ones of the noises.
#[test]
fn stimuli_have_the_size_that_they_say() {
    for stimulus in Stimulus::ALL {
        let all = values(stimulus, 3, 20_000);
        let beyond = all.iter().filter(|v| v.abs() > 1.0).count();
        let allowed = match stimulus {
            // Three standard deviations: 54 expected, in clusters where the band is low.
            Stimulus::Band(_) | Stimulus::RelaxingXyz => 1..=200,
            Stimulus::Channel(_) => 0..=40,
            _ => 0..=0,
        };
        assert!(allowed.contains(&beyond), "{}: {beyond}", stimulus.name());
    }
}

/// Of the Lorenz system the mean of x^2 is 8/3 of that of z, 23.55; of Mackey-Glass with a delay of 17 the standard
/// deviation is 0.226 (a run of 10^6 units). Of uniform numbers it is 1/3, of normal ones with three deviations at 1,
/// 1/9.
#[test]
fn moments_are_those_of_the_distributions() {
    let check = |stimulus: Stimulus, size: f64, expected: f64, bound: f64| {
        let found = variance(&values(stimulus, 5, 20_000)) * size * size;
        assert!((found - expected).abs() < bound, "{}: {found}, not {expected}", stimulus.name());
    };
    check(Stimulus::Lorenz, 20.0, 62.8, 3.0);
    check(Stimulus::MackeyGlass17, 0.47, 0.226 * 0.226, 0.001);
    check(Stimulus::Uniform, 1.0, 1.0 / 3.0, 0.006);
    check(Stimulus::NarmaInput, 1.0, 1.0 / 3.0, 0.006);
    check(Stimulus::Bernoulli, 1.0, 1.0, 1e-3);
    for band in 0..4 {
        check(Stimulus::Band(band), 1.0, 1.0 / 9.0, 0.02);
    }
    for stimulus in [Stimulus::Uniform, Stimulus::NarmaInput, Stimulus::Bernoulli] {
        let all = values(stimulus, 6, 20_000);
        let deviation = variance(&all).sqrt();
        assert!(mean(&all).abs() < 4.0 * deviation / 20_000f64.sqrt(), "{}", stimulus.name());
        for lag in 1..=20 {
            let products: Vec<f64> = all.windows(lag + 1).map(|w| w[0] * w[lag]).collect();
            let correlation = mean(&products) / variance(&all);
            assert!(correlation.abs() < 4.0 / 20_000f64.sqrt(), "{} {lag}: {correlation}", stimulus.name());
        }
    }
}

/// The power of a band beyond its edges, by a transform of the samples themselves under a window.
#[test]
fn noise_has_no_power_beyond_its_band() {
    const COUNT: usize = 4096;
    for (band, (low, high)) in (0..).zip(BANDS) {
        let all = values(Stimulus::Band(band), 7, COUNT);
        let (mut inside, mut outside) = (0.0, 0.0);
        let width = f64::from(high - low) / 1000.0;
        for k in (1..COUNT / 2).step_by(3) {
            let frequency = k as f64 / COUNT as f64;
            let part = |quarter: f64| {
                let wave = |(n, v): (usize, &f64)| {
                    let window = 0.5 - 0.5 * (2.0 * std::f64::consts::PI * n as f64 / COUNT as f64).cos();
                    v * window * (2.0 * std::f64::consts::PI * (frequency * n as f64 + quarter)).sin()
                };
                all.iter().enumerate().map(wave).sum::<f64>()
            };
            let power = part(0.0).powi(2) + part(0.25).powi(2);
            let (low, high) = (f64::from(low) / 1000.0, f64::from(high) / 1000.0);
            let beyond = frequency < low - 0.3 * width - 0.001 || frequency > high + 0.3 * width + 0.001;
            *(if beyond { &mut outside } else { &mut inside }) += power;
        }
        assert!(outside < 1e-5 * inside, "{band}: {outside} of {inside}");
    }
}

/// Without noise the channel is its formula; noise of a ratio has its power.
#[test]
fn a_channel_is_its_formula_and_its_noise() {
    let noise = |ratio: u8| -> Vec<f64> {
        let recording = Stimulus::Channel(ratio).record(2, 5000).unwrap();
        let received = |t: usize| {
            let d = |k: isize| recording.symbol(t as isize + k).unwrap();
            let q = 0.08 * d(2) - 0.12 * d(1) + d(0) + 0.18 * d(-1) - 0.1 * d(-2) + 0.091 * d(-3) - 0.05 * d(-4)
                + 0.04 * d(-5)
                + 0.03 * d(-6)
                + 0.01 * d(-7);
            q + 0.036 * q.powi(2) - 0.011 * q.powi(3)
        };
        (0..5000).map(|t| 5.0 * recording.at(t) - received(t)).collect()
    };
    for (ratio, decibel) in (0..).zip(channel::DECIBELS) {
        let found = 10.0 * (4.326_858 / variance(&noise(ratio))).log10();
        assert!((found - f64::from(decibel)).abs() < 0.3, "{decibel} dB: {found}");
        assert!(Stimulus::Channel(ratio).name().contains(&format!("-{decibel}db")));
    }
}

#[test]
fn names_are_unique_and_bands_are_named_by_their_edges() {
    for (i, stimulus) in Stimulus::ALL.iter().enumerate() {
        assert!(Stimulus::ALL[..i].iter().all(|other| other.name() != stimulus.name()));
    }
    for (band, (low, high)) in (0..).zip(BANDS) {
        let name = format!("band-{}-{}", f64::from(low) / 1000.0, f64::from(high) / 1000.0);
        assert_eq!(Stimulus::Band(band).name(), name);
    }
}

#[test]
fn ones_own_series_is_scaled_by_what_may_be_seen() {
    let own = |values: &[i64]| Recording::own(values.iter().map(|v| Real::from_integer(*v)).collect());
    let scaled =
        |values: &[i64], seen| -> Vec<f64> { own(values).scaled_by(seen).input.into_iter().map(to_f64).collect() };
    assert_eq!(scaled(&[0, 4, 2, 10], 3), [-1.0, 1.0, 0.0, 4.0]);
    assert_eq!(scaled(&[7, 7, 8], 2), [0.0, 0.0, 0.0], "a series that never changes has no size");
    assert_eq!(scaled(&[], 2), [] as [f64; 0]);
}

/// Three channels of mean 0 and standard deviation 1/3, which the constants of the attractor give the Lorenz system
/// too; the first is the x of `lorenz`. Noise forgets a fifth of itself a sample and its channels are independent.
#[test]
fn three_channels_are_scaled_by_constants() {
    let of = |stimulus: Stimulus| -> Vec<Vec<f64>> {
        let recording = stimulus.record(11, 40_000).unwrap();
        recording.channels().map(|channel| channel.iter().map(|v| to_f64(*v)).collect()).collect()
    };
    for stimulus in [Stimulus::LorenzXyz, Stimulus::RelaxingXyz] {
        for (channel, all) in of(stimulus).iter().enumerate() {
            let (centre, deviation) = (mean(all), variance(all).sqrt());
            assert!(centre.abs() < 0.02, "{} {channel}: {centre}", stimulus.name());
            assert!((deviation * 3.0 - 1.0).abs() < 0.03, "{} {channel}: {deviation}", stimulus.name());
        }
    }
    let (x, all) = (values(Stimulus::Lorenz, 11, 40_000), of(Stimulus::LorenzXyz));
    assert!(x.iter().zip(&all[0]).all(|(own, of_three)| (own * 20.0 - of_three * 3.0 * 7.92).abs() < 1e-7));
    let noise = of(Stimulus::RelaxingXyz);
    let correlation = |a: &[f64], b: &[f64]| mean(&a.iter().zip(b).map(|(a, b)| a * b * 9.0).collect::<Vec<_>>());
    for lag in 1..=10 {
        let found = correlation(&noise[0][..39_990], &noise[0][lag..]);
        assert!((found - 0.8f64.powi(lag as i32)).abs() < 0.05, "{lag}: {found}");
    }
    assert!(correlation(&noise[0], &noise[1]).abs() < 0.05 && correlation(&noise[0], &noise[2]).abs() < 0.05);
}

//! Neurons: each profile by the book, the edges of its registers, sleep.

use crate::loihi::limits::{voltage_ceiling, voltage_floor};
use crate::loihi::*;
use proptest::collection::vec as list;
use proptest::prelude::*;
use std::vec::Vec;

/// One neuron by the book, in 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Neuron {
    u: i32,
    v: i32,
    left: i32,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    decay_u: i32,
    decay_v: i32,
    high: i32,
    low: Option<i32>,
    bias: (i32, i32),
    period: i32,
    noise: i128,
    noise_at_membrane: bool,
}

fn truncated(x: i32, multiplier: i128) -> i128 {
    let x = i128::from(x);
    x.signum() * ((x.abs() * multiplier) >> 12)
}

fn two_s_complement(x: i128, bits: u32) -> i128 {
    let modulus = 1i128 << bits;
    (x + modulus / 2).rem_euclid(modulus) - modulus / 2
}

/// Lava 0.10, `PyLifModelBitAcc` and `PyTernLifModelFixed`.
fn lava_step(neuron: &mut Neuron, asked: &Asked, a: i32) -> i8 {
    let mut u = truncated(neuron.u, 4096 - (i128::from(asked.decay_u) + 1)) + i128::from(a) * 64;
    if u > 1 << 23 {
        u -= 1 << 24;
    } else if u <= -(1 << 23) {
        u += 1 << 24;
    }
    let (mantissa, exponent) = asked.bias;
    let bias =
        if exponent >= 0 { i128::from(mantissa) << exponent } else { i128::from(mantissa).div_euclid(1 << -exponent) };
    let limit = (1 << 23) - 1;
    let mut v = (truncated(neuron.v, 4096 - i128::from(asked.decay_v)) + u + bias).clamp(-limit, limit);
    let spike = if v > i128::from(asked.high) * 64 {
        1
    } else if asked.low.is_some_and(|low| v < i128::from(low) * 64) {
        -1
    } else {
        0
    };
    if spike != 0 {
        v = 0;
    }
    *neuron = Neuron { u: u as i32, v: v as i32, left: 0 };
    spike
}

/// nengo-loihi 1.1, `CompartmentState.update`; also says which registers overflowed.
fn nengo_step(neuron: &mut Neuron, asked: &Asked, q: i32, limits: (i32, i32)) -> (i8, u8) {
    let mut flags = 0;
    let mut wrap = |x: i128, bits, flag| {
        let y = two_s_complement(x, bits);
        flags |= if x == y { 0 } else { flag };
        y
    };
    let (at_current, at_membrane) = if asked.noise_at_membrane { (0, asked.noise) } else { (asked.noise, 0) };
    let q = wrap(i128::from(q) + at_current, 22, 1);
    let u = wrap(truncated(neuron.u, 4095 - i128::from(asked.decay_u)) + q, 24, 2);
    let u2 = wrap(u + i128::from(asked.bias.0) + at_membrane, 24, 4);
    let v = truncated(neuron.v, 4096 - i128::from(asked.decay_v)) + u2;
    let mut v = v.clamp(limits.0.into(), limits.1.into());
    if neuron.left > 0 {
        v = 0;
    }
    let spike = v > i128::from(asked.high);
    let mut left = neuron.left;
    if spike {
        v = 0;
        left = asked.period;
    }
    *neuron = Neuron { u: u as i32, v: v as i32, left: (left - 1).max(0) };
    (spike.into(), flags)
}

/// Brian2Loihi 0.5: input, membrane, threshold, and only then the decay of the current.
fn brian_step(neuron: &mut Neuron, asked: &Asked, w_act: i32) -> i8 {
    let away = |x: i128, decay: i32| -> i128 { x.signum() * -((-x.abs() * i128::from(decay)).div_euclid(4096)) };
    let before = i128::from(neuron.u);
    let i = before - away(before, asked.decay_u) + i128::from(w_act);
    let held = neuron.left > 0;
    let old = i128::from(neuron.v);
    let mut v = if held { old } else { old - away(old, asked.decay_v) + i };
    let spike = !held && v > i128::from(asked.high) * 64;
    let mut left = neuron.left;
    if spike {
        v = 0;
        left = asked.period;
    }
    *neuron = Neuron { u: i as i32, v: v as i32, left: (left - 1).max(0) };
    spike.into()
}

struct Group {
    parameters: LoihiParameters,
    state: LoihiState,
    output: StepOutput,
}

impl Group {
    fn new(rules: &LoihiRules, settings: &NeuronSettings<'_>) -> Self {
        let parameters = LoihiParameters::new(rules, settings).unwrap();
        let n = parameters.neurons();
        Group { parameters, state: LoihiState::new(n), output: StepOutput::new(n) }
    }

    fn one(rules: &LoihiRules, asked: &Asked, limits: (i32, i32)) -> Self {
        let (high, low) = ([asked.high], [asked.low.unwrap_or(i32::MIN)]);
        let (mantissa, exponent) = ([asked.bias.0], [asked.bias.1]);
        let settings = NeuronSettings {
            decay_u: &[asked.decay_u],
            decay_v: &[asked.decay_v],
            threshold: match asked.low {
                Some(_) => Threshold::Ternary { high: &high, low: &low },
                None => Threshold::Binary(&high),
            },
            bias: match rules.bias {
                BiasRule::Scaled => Bias::Scaled(&mantissa),
                BiasRule::MantissaExponent => Bias::MantissaExponent { mantissa: &mantissa, exponent: &exponent },
            },
            refractory: &[asked.period],
            voltage_limits: Some(limits),
            noise: None,
            reset: None,
        };
        Group::new(rules, &settings)
    }

    fn step(&mut self, number: u64, input: &[i32]) -> StepSummary {
        step(&self.parameters, &mut self.state, number, input, None, &mut self.output)
    }

    fn neuron(&self, i: usize) -> Neuron {
        Neuron { u: self.state.u[i], v: self.state.v[i], left: self.state.refractory[i] }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let edge = prop_oneof![Just(0), Just(1), Just(4094), Just(4095), 0..=4095];
    (edge.clone(), edge, 0..=131_071, -4095..=4095i32, -3..=7i32, 0..=5i32, proptest::option::of(-9000..0)).prop_map(
        |(decay_u, decay_v, high, mantissa, exponent, period, low)| Asked {
            decay_u,
            decay_v,
            high: high >> (exponent + 3),
            low,
            bias: (mantissa, exponent),
            period,
            noise: 0,
            noise_at_membrane: false,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lava_by_the_book(asked in asked(), input in list(-140_000..140_000i32, 40)) {
        let mut group = Group::one(&LoihiRules::lava(), &asked, (0, 0));
        let mut reference = Neuron::default();
        for (t, &a) in input.iter().enumerate() {
            let spike = lava_step(&mut reference, &asked, a);
            group.step(t as u64 + 1, &[a]);
            prop_assert_eq!((group.neuron(0), group.output.spikes[0]), (reference, spike), "step {}", t);
        }
    }

    #[test]
    fn nengo_by_the_book(
        asked in asked(),
        input in list((-3_000_000..3_000_000i32, -127..=127i8), 40),
        floor in 0..=31u8,
        ceiling in 0..=7u8,
        noise in proptest::option::of((0..=23i32, -64..=64i32, any::<bool>())),
    ) {
        let asked = Asked { low: None, high: asked.high * 64, bias: (asked.bias.0 << asked.bias.1.max(0), 0), ..asked };
        let limits = (voltage_floor(floor).unwrap().max(-(1 << 30)), voltage_ceiling(ceiling).unwrap());
        let (exponent, offset, membrane) = noise.unwrap_or_default();
        let target = if membrane { NoiseTarget::Membrane } else { NoiseTarget::Current };
        let settings = NeuronSettings {
            decay_u: &[asked.decay_u],
            decay_v: &[asked.decay_v],
            threshold: Threshold::Binary(&[asked.high]),
            bias: Bias::Scaled(&[asked.bias.0]),
            refractory: &[asked.period],
            voltage_limits: Some(limits),
            noise: Some(NoiseSettings { enabled: &[noise.is_some()], exponent, offset, target }),
            reset: None,
        };
        let mut group = Group::new(&LoihiRules::nengo(), &settings);
        prop_assert_eq!(group.parameters.has_noise(), noise.is_some());
        let mut reference = Neuron::default();
        for (t, &(q, draw)) in input.iter().enumerate() {
            // numpy: (draw + 64 * offset) * 2.0 ** (exponent - 7), cast to an integer.
            let amount = (f64::from(i32::from(draw) + 64 * offset) * 2f64.powi(exponent - 7)).trunc() as i128;
            let noise = if noise.is_some() { amount } else { 0 };
            let (spike, flags) =
                nengo_step(&mut reference, &Asked { noise, noise_at_membrane: membrane, ..asked }, q, limits);
            let state = &mut group.state;
            let summary = step(&group.parameters, state, t as u64 + 1, &[q], Some(&[draw.into()]), &mut group.output);
            prop_assert_eq!((group.neuron(0), group.output.spikes[0]), (reference, spike), "step {}", t);
            prop_assert_eq!(group.output.overflowed[0], flags, "step {}", t);
            for register in Register::ALL {
                let expected = u32::from(flags & register as u8 != 0);
                prop_assert_eq!(summary.overflows.count(register), expected);
                prop_assert_eq!(group.output.overflowed_neurons(register).count() as u32, expected);
            }
        }
    }

    #[test]
    fn brian_by_the_book(
        asked in asked(),
        decays in (0..=4096i32, 0..=4096i32),
        input in list(-2_000_000..2_000_000i32, 40),
    ) {
        let asked = Asked { low: None, decay_u: decays.0, decay_v: decays.1, bias: (0, 0), ..asked };
        let mut group = Group::one(&LoihiRules::brian(), &asked, (0, 0));
        let mut reference = Neuron::default();
        for (t, &w) in input.iter().enumerate() {
            let spike = brian_step(&mut reference, &asked, w);
            group.step(t as u64 + 1, &[w]);
            prop_assert_eq!((group.neuron(0), group.output.spikes[0]), (reference, spike), "step {}", t);
        }
    }

    /// Whatever a core says after `quiet`, it would say anyway.
    #[test]
    fn a_quiet_core_may_sleep(
        asked in list(asked(), 3),
        profile in 0..3usize,
        input in list(list(-5000..5000i32, 3), 0..5),
        interval in proptest::option::of(1..40u64),
    ) {
        let rules = [LoihiRules::lava(), LoihiRules::nengo(), LoihiRules::brian()][profile];
        let of = |f: fn(&Asked) -> i32| asked.iter().map(f).collect::<Vec<_>>();
        let (mantissa, exponent) = (of(|a| a.bias.0 / 1000), of(|a| a.bias.1));
        let settings = NeuronSettings {
            decay_u: &of(|a| a.decay_u),
            decay_v: &of(|a| a.decay_v),
            threshold: Threshold::Binary(&of(|a| a.high)),
            bias: match rules.bias {
                BiasRule::Scaled => Bias::Scaled(&mantissa),
                BiasRule::MantissaExponent => Bias::MantissaExponent { mantissa: &mantissa, exponent: &exponent },
            },
            refractory: &of(|a| a.period),
            voltage_limits: Some((-8191, (1 << 23) - 1)),
            noise: None,
            reset: interval.map(|interval| PeriodicReset { interval, offset: 1 }),
        };
        let mut group = Group::new(&rules, &settings);
        let mut number = 0;
        let mut next = |group: &mut Group, input: &[i32]| {
            number += 1;
            group.step(number, input)
        };
        for input in &input {
            next(&mut group, input);
        }
        // A core without bias and reset comes to rest: truncation loses at least 1 from every value that decays.
        for _ in 0..200 {
            let summary = next(&mut group, &[0; 3]);
            if summary.quiet {
                let rested = group.state.clone();
                for _ in 0..50 {
                    let summary = next(&mut group, &[0; 3]);
                    prop_assert_eq!(&group.state, &rested);
                    prop_assert_eq!(summary, StepSummary { quiet: true, ..StepSummary::default() });
                }
                break;
            }
        }
    }
}

#[test]
fn a_decaying_core_comes_to_rest() {
    let asked = Asked {
        decay_u: 100,
        decay_v: 100,
        high: 131_071,
        low: None,
        bias: (0, 0),
        period: 1,
        noise: 0,
        noise_at_membrane: false,
    };
    let mut group = Group::one(&LoihiRules::lava(), &asked, (0, 0));
    assert!(!group.step(1, &[100]).quiet, "input arrived");
    let steps = (2..10_000).find(|&t| group.step(t, &[0]).quiet);
    assert!(steps.is_some_and(|t| t < 1000), "at rest after {steps:?} steps");
    assert_eq!(group.neuron(0), Neuron::default());
}

/// (u before, input, u after) with a decay that keeps everything but the hidden offset.
#[test]
fn edges_of_the_current_register() {
    let top = 1 << 23;
    let cases: [(&str, LoihiRules, i32, i32, i32); 8] = [
        // Lava's accumulator is shifted by 6; 131072 << 6 is 2^23.
        ("lava keeps +2^23", LoihiRules::lava(), 0, 131_072, top),
        ("lava turns above", LoihiRules::lava(), 0, 131_073, -top + 64),
        ("lava turns at -2^23", LoihiRules::lava(), 0, -131_072, top),
        ("lava turns once only", LoihiRules::lava(), 0, 131_072 * 5, 5 * top - 2 * top),
        // Two steps fill a 24-bit register through a 22-bit accumulator.
        ("nengo wraps the accumulator", LoihiRules::nengo(), 0, 1 << 21, -(1 << 21)),
        ("nengo keeps the largest", LoihiRules::nengo(), 0, (1 << 21) - 1, (1 << 21) - 1),
        ("nengo turns at +2^23", LoihiRules::nengo(), top - 1, 3000, -top + 951),
        ("brian has no limit", LoihiRules::brian(), top, top, 2 * top),
    ];
    for (name, rules, before, input, after) in cases {
        let asked = Asked {
            decay_u: 0,
            decay_v: 4095,
            high: 131_071,
            low: None,
            bias: (0, 0),
            period: 1,
            noise: 0,
            noise_at_membrane: false,
        };
        let mut group = Group::one(&rules, &asked, (-top + 1, top - 1));
        group.state.u[0] = before;
        let overflowed = group.step(1, &[input]).overflows;
        assert_eq!(group.state.u[0], after, "{name}");
        let exact = i64::from(input) << rules.accumulator_shift;
        let lost = before == 0 && i64::from(after) != exact || before == top - 1;
        let counted = overflowed.count(Register::Accumulator) + overflowed.count(Register::Current);
        assert_eq!(counted > 0, lost, "{name}: {overflowed:?}");
    }
}

/// With a constant bias above threshold a neuron spikes every r steps (every step for 0 and 1); the probe of the chip
/// shows its counter.
#[test]
fn refractory_periods() {
    for (rules, period, spacing) in [
        (LoihiRules::lava(), 5, 1),
        (LoihiRules::nengo(), 0, 1),
        (LoihiRules::nengo(), 1, 1),
        (LoihiRules::nengo(), 2, 2),
        (LoihiRules::nengo(), 63, 63),
        (LoihiRules { bias: BiasRule::Scaled, ..LoihiRules::brian() }, 4, 4),
    ] {
        let asked = Asked {
            decay_u: 4095,
            decay_v: 0,
            high: 1,
            low: None,
            bias: (100, 0),
            period,
            noise: 0,
            noise_at_membrane: false,
        };
        let mut group = Group::one(&rules, &asked, (0, 1 << 20));
        let spikes: Vec<u64> = (1..200)
            .filter(|&t| {
                group.step(t, &[0]);
                group.output.spikes[0] == 1
            })
            .collect();
        assert!(spikes.windows(2).all(|pair| pair[1] - pair[0] == spacing), "{rules:?} {period}: {spikes:?}");
        assert!(spikes.len() > 2);
    }
    let chip = LoihiRules { probe: ProbeRule::RefractoryCounter, ..LoihiRules::lava() };
    assert_eq!([0, 1, 5].map(|period| chip.probed_voltage(0, Some(90), period)), [128, 128, 640]);
    assert_eq!(chip.probed_voltage(77, None, 1), 77);
    assert_eq!(LoihiRules::lava().probed_voltage(0, Some(90), 5), 0);
    let before = LoihiRules { probe: ProbeRule::BeforeReset, ..LoihiRules::lava() };
    assert_eq!([Some(90), None].map(|crossed| before.probed_voltage(7, crossed, 1)), [90, 7]);
}

/// An integrator that gains 64 in each step under each comparison and each reset, with thresholds of 3 x 64 and
/// -2 x 64: spikes, and the voltages that they leave.
#[test]
fn thresholds_and_resets() {
    let run = |threshold, reset, bias: i32| {
        let rules = LoihiRules { threshold, reset, ..LoihiRules::lava() };
        let asked = Asked {
            decay_u: 4095,
            decay_v: 0,
            high: 3,
            low: Some(-2),
            bias: (bias, 0),
            period: 0,
            noise: 0,
            noise_at_membrane: false,
        };
        let mut group = Group::one(&rules, &asked, (0, 0));
        let step = |number| {
            group.step(number, &[0]);
            (group.output.spikes[0], group.output.crossed[0] / 10, group.state.v[0] / 10)
        };
        (1..=4).map(step).collect::<Vec<_>>()
    };
    use ResetRule::{Subtract, Zero};
    use ThresholdRule::{Above, AtOrAbove};
    // 192 is the upper threshold, -128 the lower one.
    assert_eq!(run(Above, Zero, 64), [(0, 6, 6), (0, 12, 12), (0, 19, 19), (1, 25, 0)]);
    assert_eq!(run(AtOrAbove, Zero, 64), [(0, 6, 6), (0, 12, 12), (1, 19, 0), (0, 6, 6)]);
    assert_eq!(run(Above, Subtract, 100), [(0, 10, 10), (1, 20, 0), (0, 10, 10), (1, 20, 1)]);
    assert_eq!(run(AtOrAbove, Subtract, 192), [(1, 19, 0), (1, 19, 0), (1, 19, 0), (1, 19, 0)]);
    assert_eq!(run(Above, Zero, -64), [(0, -6, -6), (0, -12, -12), (-1, -19, 0), (0, -6, -6)]);
    assert_eq!(run(AtOrAbove, Zero, -64), [(0, -6, -6), (-1, -12, 0), (0, -6, -6), (-1, -12, 0)]);
    assert_eq!(run(Above, Subtract, -100), [(0, -10, -10), (-1, -20, -7), (-1, -17, -4), (-1, -14, -1)]);
}

#[test]
fn periodic_reset_counts_steps_from_one() {
    let settings = NeuronSettings {
        decay_u: &[0],
        decay_v: &[0],
        threshold: Threshold::Binary(&[131_071]),
        bias: Bias::MantissaExponent { mantissa: &[1], exponent: &[0] },
        refractory: &[0],
        voltage_limits: None,
        noise: None,
        reset: Some(PeriodicReset { interval: 4, offset: 6 }),
    };
    let mut group = Group::new(&LoihiRules::lava(), &settings);
    let v: Vec<i32> = (1..=11)
        .map(|t| {
            group.step(t, &[0]);
            group.state.v[0]
        })
        .collect();
    // Steps 2, 6 and 10 begin with v = 0.
    assert_eq!(v, [1, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2]);
}

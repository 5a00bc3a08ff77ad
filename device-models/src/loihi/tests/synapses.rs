//! Weights by the book.

use crate::loihi::*;

/// The weights of each rule against a literal transcription, exhaustively.
#[test]
fn weights_by_the_book() {
    let floor = |x: f64| x.floor();
    let even = |x: f64| x.round_ties_even();
    for sign in [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory] {
        for bits in 0..=8u8 {
            for exponent in -8..=7i8 {
                let format = WeightFormat { bits, sign, exponent };
                let mixed = i32::from(sign == SignMode::Mixed);
                let lost = 2f64.powi(8 - i32::from(bits) + mixed);
                for w in -300..=300i32 {
                    let x = f64::from(w);
                    let lava = match sign {
                        SignMode::Mixed => floor(x.clamp(-256.0, 255.0) / lost) * lost,
                        SignMode::Excitatory => floor(x.clamp(0.0, 255.0) / lost) * lost,
                        SignMode::Inhibitory => -(floor((-x).clamp(0.0, 255.0) / lost) * lost),
                    };
                    if bits > 0 {
                        assert_eq!(LoihiRules::lava().synaptic_weight(w, format), Ok(lava as i32), "{format:?} {w}");
                    }

                    let m = (256.0 / lost - 1.0).max(0.0);
                    let mut y = even(x / lost).clamp(-m, m);
                    let scale = lost * 2f64.powi(exponent.into());
                    if scale < 1.0 {
                        y = (even(y * scale) / scale).clamp(-m, m);
                    }
                    let nengo = floor(y * scale) * 64.0;
                    if bits > 0 {
                        assert_eq!(LoihiRules::nengo().synaptic_weight(w, format), Ok(nengo as i32), "{format:?} {w}");
                    }

                    let (least, most) = sign.range(WeightRule::TowardsZero);
                    let brian = LoihiRules::brian().synaptic_weight(w, format);
                    if (least..=most).contains(&w) {
                        let act = floor((x / lost).trunc() * lost * 2f64.powi(6 + i32::from(exponent)) / 64.0) * 64.0;
                        let limit = 2f64.powi(21) - 64.0;
                        assert_eq!(brian, Ok(act.clamp(-limit, limit) as i32), "{format:?} {w}");
                    } else {
                        let rule = WeightRule::TowardsZero;
                        assert_eq!(brian, Err(LoihiError::Weight { weight: w, least, most, rule }));
                    }
                }
            }
        }
    }
    assert_eq!(SignMode::of(&[]), SignMode::Excitatory);
    assert_eq!(SignMode::of(&[0, -1]), SignMode::Inhibitory);
    assert_eq!(SignMode::of(&[1, 0, -1]), SignMode::Mixed);
}

/// A number is a mantissa of a format exactly if a weight that is written so comes out as it is, but for its exponent.
#[test]
fn mantissas_are_what_a_synapse_keeps() {
    for rules in [LoihiRules::lava(), LoihiRules::nengo(), LoihiRules::brian()] {
        for sign in [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory] {
            for (bits, exponent) in (1..=8).flat_map(|bits| (-8..=7).map(move |exponent| (bits, exponent))) {
                let format = WeightFormat { bits, sign, exponent };
                let Mantissas { least, most, step } = rules.mantissas(format).unwrap();
                // A rule that clips both signs alike relies on a sign mode that fits its weights.
                let (low, high) = sign.range(rules.weights);
                for w in low.max(-257)..=high {
                    let kept = match (rules.synaptic_weight(w, format), rules.exponent) {
                        (Ok(got), ExponentRule::Sum) => got == w,
                        (Ok(got), ExponentRule::EachSynapse) => i64::from(got) << 2 == i64::from(w) << (8 + exponent),
                        (Err(_), _) => false,
                    };
                    let held = (least..=most).contains(&w) && w % step == 0;
                    // What rounds to a multiple of 64 by chance is not held by design.
                    assert!(kept == held || (kept && exponent < 0), "{format:?} {w}: {least} to {most} by {step}");
                }
            }
        }
    }
    let mixed = WeightFormat { bits: 8, sign: SignMode::Mixed, exponent: 0 };
    let of = |rules: LoihiRules, format| rules.mantissas(format).unwrap();
    assert_eq!(of(LoihiRules::lava(), mixed), Mantissas { least: -256, most: 254, step: 2 });
    assert_eq!(of(LoihiRules::nengo(), mixed), Mantissas { least: -254, most: 254, step: 2 });
    let inhibitory = WeightFormat { sign: SignMode::Inhibitory, ..mixed };
    assert_eq!(of(LoihiRules::lava(), inhibitory), Mantissas { least: -255, most: 0, step: 1 });
    assert_eq!(of(LoihiRules::brian(), inhibitory), Mantissas { least: -256, most: 0, step: 1 });
    assert!(LoihiRules::lava().mantissas(WeightFormat { bits: 9, ..mixed }).is_err());
}

#[test]
fn weight_formats_that_do_not_exist() {
    let sign = SignMode::Mixed;
    for (bits, exponent) in [(0, 0), (9, 0), (8, -9), (8, 8)] {
        let format = WeightFormat { bits, sign, exponent };
        let result = LoihiRules::nengo().synaptic_weight(1, format);
        assert!(matches!(result, Err(LoihiError::Setting { .. })), "{format:?}: {result:?}");
        let lenient = LoihiRules::brian().synaptic_weight(1, format);
        assert_eq!(lenient.ok(), (bits == 0).then_some(0), "{format:?}");
    }
}

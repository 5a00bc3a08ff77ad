//! Tests of `function`: closed forms, and where targets are defined.

use super::*;

fn values(recording: &Recording) -> Vec<f64> {
    recording.input.iter().map(|v| to_f64(*v)).collect()
}

#[test]
fn polynomials_have_their_closed_forms() {
    for k in -12..=12 {
        let x = f64::from(k) / 10.0;
        let check = |degree, expected: f64| {
            let found = legendre(degree, x);
            assert!((found - expected).abs() < 1e-14, "{degree} {x}: {found} {expected}");
        };
        check(1, x);
        check(2, (3.0 * x * x - 1.0) / 2.0);
        check(3, (5.0 * x.powi(3) - 3.0 * x) / 2.0);
        check(4, (35.0 * x.powi(4) - 30.0 * x * x + 3.0) / 8.0);
        check(5, (63.0 * x.powi(5) - 70.0 * x.powi(3) + 15.0 * x) / 8.0);
    }
}

/// Over uniform numbers, polynomials of different degrees and times are orthogonal, and their power is 1/(2 d + 1).
#[test]
fn polynomials_of_uniform_noise_are_orthogonal() {
    let recording = Stimulus::Uniform.record(4, 40_000).unwrap();
    let targets: Vec<(u8, i32, Target)> = [(2, 0), (3, 0), (4, 0), (5, 0), (2, 3), (3, 3)]
        .map(|(degree, shift)| (degree, shift, Function::Legendre(degree).target(&recording, shift).unwrap()))
        .into();
    for (i, (degree, _, a)) in targets.iter().enumerate() {
        for (j, (_, _, b)) in targets.iter().enumerate() {
            let mean = (3..40_000).map(|t| a.at(t).unwrap() * b.at(t).unwrap()).sum::<f64>() / 39_997.0;
            let expected = if i == j { 1.0 / f64::from(2 * degree + 1) } else { 0.0 };
            assert!((mean - expected).abs() < 0.005, "{i} {j}: {mean}");
        }
    }
}

/// Every function against its formula, sample by sample, and none where a past or future is missing.
#[test]
fn targets_are_defined_where_their_samples_exist() {
    let recording = Stimulus::Uniform.record(8, 60).unwrap();
    let u = values(&recording);
    let at = |t: i64| usize::try_from(t).ok().and_then(|t| u.get(t)).copied();
    for shift in [-20, -3, 0, 1, 7] {
        for function in [Function::Recall, Function::Legendre(2), Function::Product(5), Function::Parity(3)] {
            let target = function.target(&recording, shift).unwrap();
            for t in 0..u.len() {
                let past = |k: i64| at(t as i64 - i64::from(shift) - k);
                let expected = match function {
                    Function::Legendre(_) => past(0).map(|v| (3.0 * v * v - 1.0) / 2.0),
                    Function::Product(_) => past(0).zip(past(5)).map(|(a, b)| a * b),
                    Function::Parity(_) => past(0).zip(past(1)).zip(past(2)).map(|((a, b), c)| a * b * c),
                    _ => past(0),
                };
                let near = match (target.at(t), expected) {
                    (Some(found), Some(expected)) => (found - expected).abs() < 1e-15,
                    (found, expected) => found.is_none() && expected.is_none(),
                };
                assert!(near, "{function:?} {shift} {t}: {:?} {expected:?}", target.at(t));
            }
        }
    }
    // A recording too short for a target has none, and that is no error.
    let short = Recording::own(recording.input[..5].to_vec());
    for shift in [-40, 40] {
        assert!(Function::Recall.target(&short, shift).unwrap().values.is_empty());
    }
    assert!(Function::Narma(30).target(&short, 0).unwrap().values.is_empty());
}

#[test]
fn parity_is_the_sign_of_an_odd_number_of_minuses() {
    let recording = Stimulus::Bernoulli.record(8, 200).unwrap();
    let u = values(&recording);
    for order in 2..=5usize {
        let target = Function::Parity(order as u8).target(&recording, 2).unwrap();
        assert_eq!(target.defined, order + 1..200);
        for t in target.defined.clone() {
            let minuses = u[t - 1 - order..=t - 2].iter().filter(|v| **v < 0.0).count();
            assert_eq!(target.at(t), Some(if minuses % 2 == 1 { -1.0 } else { 1.0 }));
        }
    }
}

/// Each recurrence anew, in another order, with the hyperbolic tangent of the library.
#[test]
fn moving_averages_follow_their_formulas() {
    let recording = Stimulus::NarmaInput.record(1, 600).unwrap();
    let v: Vec<f64> = values(&recording).iter().map(|u| (u + 1.0) / 4.0).collect();
    assert!(v.iter().all(|v| (0.0..0.5).contains(v)));
    for order in [10usize, 20, 30] {
        let target = Function::Narma(order as u8).target(&recording, 0).unwrap();
        let mut y = vec![0.0f64; v.len() + 1];
        for t in 0..v.len() {
            let sum: f64 = (0..order).filter(|i| *i <= t).map(|i| y[t - i]).sum();
            let product = if t + 1 >= order { 1.5 * v[t + 1 - order] * v[t] } else { 0.0 };
            y[t + 1] = match order {
                10 => 0.3 * y[t] + 0.05 * y[t] * sum + product + 0.1,
                20 => (0.3 * y[t] + 0.05 * y[t] * sum + product + 0.01).tanh(),
                _ => 0.2 * y[t] + 0.004 * y[t] * sum + product + 0.001,
            };
        }
        assert_eq!(target.defined, order..600);
        for t in target.defined.clone() {
            let found = target.at(t).unwrap();
            assert!((found - y[t + 1]).abs() < 1e-8, "{order} {t}: {found} {}", y[t + 1]);
        }
        let late = Function::Narma(order as u8).target(&recording, 5).unwrap();
        assert_eq!(late.at(order + 5), target.at(order));
    }
    let loud = Recording::own(vec![fx::Real::ONE; 200]);
    let error = Function::Narma(10).target(&loud, 0).unwrap_err();
    assert!(matches!(error, TaskError::Diverged { .. }), "{error}");
}

#[test]
fn only_channels_have_symbols() {
    let channel = Stimulus::Channel(5).record(3, 50).unwrap();
    for shift in [-2, 0, 2, 7] {
        let target = Function::Equalisation.target(&channel, shift).unwrap();
        assert_eq!(target.defined, 0..50, "symbols before and after the samples are known");
        let now = Function::Equalisation.target(&channel, 0).unwrap();
        for t in 10..40usize {
            assert_eq!(target.at(t), now.at((t as i32 - shift) as usize));
        }
        assert!(target.values.iter().all(|d| [-3.0, -1.0, 1.0, 3.0].contains(d)));
    }
    assert_eq!(Function::Equalisation.target(&channel, 9).unwrap().defined, 2..50);
    let noise = Stimulus::Uniform.record(3, 50).unwrap();
    let error = Function::Equalisation.target(&noise, 2).unwrap_err();
    assert!(error.to_string().contains("`channel-...`"), "{error}");
}

#[test]
fn functions_are_named_with_a_shift() {
    for function in Function::ALL {
        assert_eq!(function_and_shift(&format!("{}/shift-7", function.name())).unwrap(), (function, -7));
    }
    assert_eq!(function_and_shift("legendre-1/shift+0").unwrap(), (Function::Recall, 0));
    let error = |text| function_and_shift(text).unwrap_err().to_string();
    assert!(error("recall").ends_with("such as `recall/shift+5`"));
    assert!(error("legendre-6/shift+1").contains("functions are recall, prediction, legendre-2"));
    for wrong in ["recall/shift", "recall/shift5", "recall/shift+1000000", "recall/shift+-5", "recall/"] {
        assert!(error(wrong).contains("a shift is `shift+N`"), "{wrong}");
    }
}

/// Functions of channels against their formulas, cut where a sample is beyond 1; and what has one channel has no third.
#[test]
fn functions_of_channels_cut_their_samples() {
    let recording = Stimulus::RelaxingXyz.record(5, 4000).unwrap();
    let channel = |k: usize| -> Vec<f64> { recording.channels().nth(k).unwrap().iter().map(|v| to_f64(*v)).collect() };
    let (x, y, z) = (channel(0), channel(1), channel(2));
    assert!(z.iter().any(|v| v.abs() > 1.0));
    let cut = |v: f64| v.clamp(-1.0, 1.0);
    for shift in [-5i32, 0, 7] {
        let target = |function: Function| function.target(&recording, shift).unwrap();
        let (first, third) = (target(Function::LegendreOf(1, 2)), target(Function::LegendreOf(3, 0)));
        let (far, near) = (target(Function::ProductOf(0, 2)), target(Function::ProductOf(0, 1)));
        assert_eq!(first.defined, shift.max(0) as usize..4000 - (-shift).max(0) as usize);
        for t in first.defined.clone() {
            let at = (t as i32 - shift) as usize;
            let v = cut(x[at]);
            let expected = [cut(z[at]), (5.0 * v.powi(3) - 3.0 * v) / 2.0, v * cut(z[at]), v * cut(y[at])];
            let found = [&first, &third, &far, &near].map(|target| target.at(t).unwrap());
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{shift} {t}: {found:?}");
        }
    }
    let single = Stimulus::Uniform.record(5, 40).unwrap();
    let error = Function::LegendreOf(1, 2).target(&single, 0).unwrap_err();
    assert_eq!(error, TaskError::NoChannel { channel: 2, channels: 1 });
    assert!(error.to_string().starts_with("the function needs channel 2, counted from 0, but the recording has 1"));
}

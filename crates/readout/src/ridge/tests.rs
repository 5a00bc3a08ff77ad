//! Tests of ridge regression.

use super::*;
use crate::solve::tests::eliminate;
use proptest::prelude::*;

fn split(train: usize, validation: usize) -> Split {
    Split { washout: 0, train, validation, test: 0 }
}

fn fixed(penalty: f64, scaling: Scaling) -> Ridge {
    Ridge { penalties: vec![penalty], scaling, ..Ridge::default() }
}

/// A table of numbers that look random but are the same everywhere.
fn table(rows: usize, columns: usize, seed: u64) -> Matrix {
    let mut state = seed;
    let mut value = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    };
    Matrix::from_vec(rows, columns, (0..rows * columns).map(|_| value()).collect())
}

/// The definition, solved by elimination: the bias is a free unknown, the penalty acts on scaled weights.
fn slow_fit(x: &Matrix, y: &Matrix, penalty: f64, scaling: Scaling) -> (Vec<f64>, f64) {
    let (n, p) = (x.rows(), x.columns());
    let mean = |j: usize| x.all().column(j).sum::<f64>() / n as f64;
    let variance = |j: usize| x.all().column(j).map(|v| (v - mean(j)).powi(2)).sum::<f64>() / n as f64;
    let (unit, own): (f64, Vec<f64>) = match scaling {
        Scaling::None => ((0..p).map(variance).sum::<f64>() / p as f64, vec![1.0; p]),
        Scaling::Standardise => (1.0, (0..p).map(variance).collect()),
    };
    let entry = |r: usize, j: usize| if j == p { 1.0 } else { x.row(r)[j] };
    let mut a = vec![vec![0.0; p + 1]; p + 1];
    let mut b = vec![0.0; p + 1];
    for r in 0..n {
        for i in 0..=p {
            a[i].iter_mut().enumerate().for_each(|(j, sum)| *sum += entry(r, i) * entry(r, j));
            b[i] += entry(r, i) * y.row(r)[0];
        }
    }
    for (j, own) in own.iter().enumerate() {
        a[j][j] += penalty * n as f64 * unit * own;
    }
    let mut solution = eliminate(a, b);
    let bias = solution.pop().unwrap();
    (solution, bias)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Both forms (more rows than features, fewer rows than features), both scalings, against the definition.
    #[test]
    fn equals_the_normal_equations(
        rows in 2usize..30, columns in 1usize..20, seed in any::<u64>(), penalty in 0.001f64..1.0, standardise: bool,
    ) {
        let scaling = if standardise { Scaling::Standardise } else { Scaling::None };
        let (x, y) = (table(rows, columns, seed), table(rows, 1, !seed));
        let fit = fixed(penalty, scaling).fit(&x, &y, &split(rows, 0)).unwrap();
        let (weights, bias) = slow_fit(&x, &y, penalty, scaling);
        for (got, expected) in fit.readout.weights.row(0).iter().zip(&weights) {
            prop_assert!((got - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{got} {expected}");
        }
        prop_assert!((fit.readout.bias[0] - bias).abs() < 1e-9 * (1.0 + bias.abs()));
    }

    /// Unit and offset of a feature do not matter once features are standardised.
    #[test]
    fn standardised_fits_ignore_units(seed in any::<u64>(), scale in 0.01f64..100.0, offset in -10.0f64..10.0) {
        let (x, y) = (table(40, 3, seed), table(40, 2, !seed));
        let mut moved = x.clone();
        for r in 0..40 {
            moved.row_mut(r)[1] = moved.row(r)[1] * scale + offset;
        }
        let options = fixed(0.1, Scaling::Standardise);
        let outputs = |x: &Matrix| options.fit(x, &y, &split(40, 0)).unwrap().readout.apply(x.all()).unwrap();
        for (a, b) in outputs(&x).data().iter().zip(outputs(&moved).data()) {
            prop_assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    /// All targets at once give the same bits as each target alone.
    #[test]
    fn targets_do_not_meet(seed in any::<u64>(), rows in 8usize..40) {
        let (x, y) = (table(rows, 9, seed), table(rows, 3, !seed));
        let parts = split(rows - 3, 3);
        let together = Ridge::default().fit(&x, &y, &parts).unwrap();
        for t in 0..3 {
            let alone = Matrix::from_vec(rows, 1, y.all().column(t).collect());
            let alone = Ridge::default().fit(&x, &alone, &parts).unwrap();
            prop_assert_eq!(alone.readout.weights.row(0), together.readout.weights.row(t));
            prop_assert_eq!(alone.penalties[0], together.penalties[t]);
        }
    }
}

#[test]
fn a_linear_target_is_found_exactly() {
    let x = table(50, 4, 7);
    let mut y = Matrix::new(1);
    x.all().iter().for_each(|row| y.push_row(&[3.0 * row[0] - 0.5 * row[3] + 2.0]));
    let fit = Ridge::default().fit(&x, &y, &split(30, 20)).unwrap();
    for (got, expected) in fit.readout.weights.row(0).iter().zip([3.0, 0.0, 0.0, -0.5]) {
        assert!((got - expected).abs() < 1e-10, "{got}");
    }
    assert!((fit.readout.bias[0] - 2.0).abs() < 1e-10);
    assert_eq!(fit.penalties, [PENALTIES[0]], "without noise the smallest penalty is best");
    assert_eq!(fit.trials.len(), PENALTIES.len());
}

#[test]
fn noise_asks_for_a_large_penalty() {
    let (x, y) = (table(40, 30, 1), table(40, 1, 2));
    let fit = Ridge::default().fit(&x, &y, &split(25, 15)).unwrap();
    assert!(fit.penalties[0] >= 1.0, "{:?}", fit.penalties);
    let errors: Vec<f64> = fit.trials.iter().map(|t| t.squared_errors.as_ref().unwrap()[0]).collect();
    assert!(errors[0] > 2.0 * errors[15], "{errors:?}");
}

/// Washout and test rows must not reach the readout.
#[test]
fn only_training_and_validation_rows_are_seen() {
    let (mut x, mut y) = (table(40, 5, 3), table(40, 2, 4));
    let parts = Split { washout: 4, train: 20, validation: 8, test: 8 };
    let fit = Ridge::default().fit(&x, &y, &parts).unwrap();
    for row in (0..4).chain(32..40) {
        x.row_mut(row).fill(f64::NAN);
        y.row_mut(row).fill(1e9);
    }
    assert_eq!(Ridge::default().fit(&x, &y, &parts).unwrap(), fit);
    x.row_mut(33)[0] = 0.0;
    x.row_mut(31)[2] = f64::INFINITY;
    let error = Ridge::default().fit(&x, &y, &parts).unwrap_err();
    assert_eq!(error.to_string().split(';').next(), Some("features: row 31, column 2 is inf"));
}

#[test]
fn classes_share_a_penalty_and_ties_go_to_the_larger() {
    let mut x = Matrix::new(2);
    let classes: Vec<usize> = (0..30).map(|i| i % 3).collect();
    for (i, class) in classes.iter().enumerate() {
        let noise = 0.01 * (i as f64 % 7.0);
        x.push_row(&[f64::from(*class == 1) + noise, f64::from(*class == 2) - noise]);
    }
    let y = Matrix::one_hot(&classes, 3).unwrap();
    let fit = Ridge::classifier().fit(&x, &y, &split(18, 12)).unwrap();
    assert!(fit.penalties.iter().all(|p| *p == fit.penalties[0]));
    assert_eq!(fit.trials[0].misclassified, 0);
    let outputs = fit.readout.apply(x.all()).unwrap();
    assert_eq!(crate::metrics::accuracy(outputs.all(), &classes), Ok(1.0));
    // Twice the same penalty counts once; equal trials cannot prefer the smaller one.
    let twice = Ridge { penalties: vec![0.5, 0.25, 0.5], ..Ridge::classifier() };
    assert_eq!(twice.fit(&x, &y, &split(18, 12)).unwrap().trials.len(), 2);
    let silent = Ridge::classifier().fit(&Matrix::zeros(30, 2), &y, &split(18, 12)).unwrap();
    assert_eq!(silent.penalties, [PENALTIES[15]; 3]);
}

/// Against the rule as it is written, on noise, where penalties differ in both counts.
#[test]
fn misclassifications_choose_first_and_errors_second() {
    let total = |t: &Trial| t.squared_errors.as_ref().unwrap().iter().sum::<f64>();
    let mut graced = 0;
    for seed in 0..20 {
        let classes: Vec<usize> = (0..60).map(|i| i % 2).collect();
        let (x, y) = (table(60, 40, seed), Matrix::one_hot(&classes, 2).unwrap());
        let fit = Ridge::classifier().fit(&x, &y, &split(40, 20)).unwrap();
        let fewest = fit.trials.iter().map(|t| t.misclassified).min().unwrap();
        let good: Vec<&Trial> = fit.trials.iter().filter(|t| t.misclassified <= fewest + 1).collect();
        let chosen = good.iter().find(|t| t.penalty == fit.penalties[0]).expect("one of the best by count");
        assert!(good.iter().all(|t| total(t) >= total(chosen)));
        graced += usize::from(chosen.misclassified > fewest);
    }
    assert!((1..20).contains(&graced), "{graced}: both counts must matter");
}

#[test]
fn a_silent_reservoir_answers_with_the_mean() {
    let y = Matrix::from_vec(4, 1, vec![1.0, 2.0, 3.0, 6.0]);
    for scaling in [Scaling::None, Scaling::Standardise] {
        for penalty in [0.0, 1e-6] {
            let fit = fixed(penalty, scaling).fit(&Matrix::zeros(4, 3), &y, &split(4, 0)).unwrap();
            assert_eq!((fit.readout.weights.data(), &fit.readout.bias[..]), (&[0.0; 3][..], &[3.0][..]));
            assert_eq!(fit.constant_features, [0, 1, 2]);
        }
    }
    let none = fixed(0.1, Scaling::None).fit(&Matrix::zeros(4, 0), &y, &split(4, 0)).unwrap();
    assert_eq!(none.readout.bias, [3.0]);
}

/// 0.1 summed and divided again is not 0.1: the rounding error must not be blown up to a feature.
#[test]
fn a_constant_feature_has_no_weight() {
    let mut x = table(30, 3, 5);
    (0..30).for_each(|r| x.row_mut(r)[1] = 0.1);
    let y = table(30, 1, 6);
    for scaling in [Scaling::None, Scaling::Standardise] {
        let fit = fixed(1e-12, scaling).fit(&x, &y, &split(30, 0)).unwrap();
        assert_eq!(fit.constant_features, [1]);
        assert_eq!(fit.readout.weights.row(0)[1], 0.0);
        assert!(fit.readout.weights.data().iter().all(|w| w.abs() < 10.0));
    }
}

#[test]
fn dependent_features_need_a_penalty() {
    let mut x = table(30, 3, 8);
    (0..30).for_each(|r| x.row_mut(r)[2] = 2.0 * x.row(r)[0]);
    let y = table(30, 1, 9);
    let error = fixed(0.0, Scaling::None).fit(&x, &y, &split(30, 0)).unwrap_err();
    assert!(error.to_string().starts_with("ridge penalty 0: the features are linearly dependent (pivot 2)"), "{error}");
    // In a grid the singular penalty only loses.
    let grid = Ridge { penalties: vec![0.0, 0.1], ..Ridge::default() };
    let fit = grid.fit(&x, &y, &split(20, 10)).unwrap();
    assert_eq!(fit.penalties, [0.1]);
    assert_eq!(fit.trials[0].squared_errors, None);
    assert!(fixed(0.1, Scaling::None).fit(&x, &y, &split(30, 0)).is_ok());
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let (x, y) = (table(10, 2, 1), table(10, 1, 2));
    let refused = |ridge: &Ridge, x: &Matrix, y: &Matrix, parts| ridge.fit(x, y, &parts).unwrap_err().to_string();
    let usual = Ridge::default();
    assert!(refused(&usual, &x, &table(9, 1, 2), split(5, 4)).contains("rows of targets: 9 given where 10"));
    assert!(refused(&usual, &x, &y, split(8, 4)).contains("rows: 10 given where 12"));
    assert!(refused(&usual, &x, &y, split(0, 4)).contains("training rows"));
    assert!(refused(&usual, &x, &y, split(5, 0)).contains("validation rows"));
    assert!(refused(&usual, &x, &Matrix::zeros(10, 0), split(5, 4)).contains("targets"));
    let with = |penalties: &[f64]| Ridge { penalties: penalties.to_vec(), ..Ridge::default() };
    assert!(refused(&with(&[]), &x, &y, split(5, 4)).contains("penalties"));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(&with(&[0.1, bad]), &x, &y, split(5, 4)).starts_with("ridge penalty"), "{bad}");
    }
    let mut huge = x.clone();
    huge.row_mut(0)[0] = 1e200;
    assert!(usual.fit(&huge, &y, &split(5, 4)).is_err(), "squares overflow");
    let mut nan = y.clone();
    nan.row_mut(8)[0] = f64::NAN;
    assert!(refused(&usual, &x, &nan, split(5, 4)).starts_with("targets: row 8, column 0 is NaN"));
}

#[test]
fn penalties_are_exact_powers_of_two() {
    assert_eq!((PENALTIES[0], PENALTIES[7], PENALTIES[15]), (0.5f64.powi(40), 0.5f64.powi(12), 16.0));
    assert!(PENALTIES.is_sorted());
}

/// A catalogue of targets on one matrix of states, in products of many columns and of one: the same bits, with as many
/// rows as features and with fewer, because the factor of a penalty does not know how many targets it serves.
#[test]
fn hundreds_of_targets_at_once_are_each_as_if_alone() {
    for (rows, features) in [(90, 31), (40, 61)] {
        let (x, y) = (table(rows, features, 3), table(rows, 300, 4));
        let split = split(rows - 20, 20);
        let together = Ridge::default().fit(&x, &y, &split).unwrap();
        for t in (0..300).step_by(23) {
            let column = Matrix::from_vec(rows, 1, y.all().column(t).collect());
            let alone = Ridge::default().fit(&x, &column, &split).unwrap();
            let bits = |weights: &[f64]| weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(alone.readout.weights.row(0)), bits(together.readout.weights.row(t)), "{rows} {t}");
            assert_eq!(alone.readout.bias[0].to_bits(), together.readout.bias[t].to_bits());
            assert_eq!(alone.penalties[0], together.penalties[t]);
        }
    }
}

/// The tail of a spike of any size, in a feature that says nothing else: its weight stays below the stated bound, so
/// that its next spike is an output of the size of the others. Without a floor it is hundreds of times as large.
#[test]
fn what_is_left_of_one_spike_gets_no_large_weight() {
    let (rows, filter) = (2400, 10.0);
    let noise = table(rows, 2, 7);
    let weight = |tail: f64, ridge: &Ridge| {
        let mut x = Matrix::new(2);
        (0..rows).for_each(|r| x.push_row(&[noise.row(r)[0] * 1.7, tail * f64::exp(-(r as f64) / filter)]));
        // A residual of 1 that the first feature does not explain, where the tail is.
        let y =
            Matrix::from_vec(rows, 1, (0..rows).map(|r| if r < 30 { 1.0 } else { noise.row(r)[1] * 0.01 }).collect());
        let smallest = Ridge { penalties: vec![ridge.penalties[0]], ..ridge.clone() };
        smallest.fit(&x, &y, &split(rows, 0)).unwrap().readout.weights.row(0)[1].abs()
    };
    let tails = [1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6];
    let (mut floored, mut free) = (0.0f64, 0.0f64);
    for tail in tails {
        floored = floored.max(weight(tail, &Ridge::of_spikes()));
        free = free.max(weight(tail, &Ridge::default()));
    }
    // The mean variance is a half of that of the first feature, 1.7^2 / 3.
    let spread: f64 = 1.7 * 1.7 / 6.0;
    assert!(floored < (filter / (2.0 * rows as f64 * SPIKES_MIN * spread)).sqrt() * 1.1, "{floored}");
    assert!(free > 300.0, "{free}");
}

//! Tests of spectral radii and of the networks that have them.

use super::*;

/// The block-diagonal matrix of rotations by angles that differ, with these radii, in a skewed basis: `S D S^-1` where
/// `S` adds multiples of rows to others. Its eigenvalues are complex pairs of the radii.
fn skewed_rotations(radii: &[f64], skew: f64) -> Vec<Vec<f64>> {
    let size = 2 * radii.len();
    let mut m = vec![vec![0.0; size]; size];
    for (i, radius) in radii.iter().enumerate() {
        let (sin, cos) = (0.3 + 0.017 * i as f64).sin_cos();
        let (a, b) = (2 * i, 2 * i + 1);
        (m[a][a], m[a][b], m[b][a], m[b][b]) = (radius * cos, -radius * sin, radius * sin, radius * cos);
    }
    for step in 0..3 * size {
        let (to, from) = ((7 * step + 3) % size, (11 * step + 5) % size);
        let factor = skew * if step % 2 == 0 { 1.0 } else { -0.7 };
        if to != from {
            // Row `to` += factor * row `from`, then the inverse on columns.
            let added = m[from].clone();
            m[to].iter_mut().zip(added).for_each(|(v, a)| *v += factor * a);
            for row in &mut m {
                row[from] -= factor * row[to];
            }
        }
    }
    m
}

#[test]
fn spectral_radii_of_known_matrices() {
    let close: Vec<f64> = (0..50).map(|i| 0.95 - 0.0005 * f64::from(i)).collect();
    let spread: Vec<f64> = (0..50).map(|i| 1.3 / f64::from(i + 1)).collect();
    let jordan = |size: usize, value: f64| -> Vec<Vec<f64>> {
        let entry = |i, j| if i == j { value } else { f64::from(u8::from(j == i + 1)) };
        (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect()
    };
    let cases: Vec<(&str, Vec<Vec<f64>>, f64, f64)> = vec![
        ("number", vec![vec![-2.5]], 2.5, 1e-9),
        ("rotation", vec![vec![0.0, -3.0], vec![3.0, 0.0]], 3.0, 1e-4),
        ("two signs", vec![vec![0.5, 0.0], vec![0.0, -0.5]], 0.5, 1e-4),
        ("fibonacci", vec![vec![1.0, 1.0], vec![1.0, 0.0]], (1.0 + 5f64.sqrt()) / 2.0, 1e-4),
        ("large", vec![vec![1e200, 0.0], vec![3e200, -2e200]], 2e200, 1e196),
        ("small", vec![vec![1e-200, 0.0], vec![3e-200, -2e-200]], 2e-200, 1e-204),
        ("defective", jordan(5, 0.9), 0.9, 1e-3 * 0.9),
        ("nilpotent", jordan(8, 0.0), 0.0, 0.0),
        ("zero", vec![vec![0.0; 3]; 3], 0.0, 0.0),
        ("empty", vec![], 0.0, 0.0),
        ("close pairs", skewed_rotations(&close, 0.4), 0.95, 1e-3 * 0.95),
        ("spread pairs", skewed_rotations(&spread, 0.5), 1.3, 1e-3 * 1.3),
    ];
    for (name, rows, expected, tolerance) in cases {
        let found = spectral_radius(&rows);
        assert!((found - expected).abs() <= tolerance, "{name}: {found} instead of {expected}");
    }
    assert!(spectral_radius(&[vec![f64::NAN]]).is_nan());
}

#[test]
fn skewed_matrices_are_far_from_normal() {
    // What makes the test above hard: most of the norm is not in the eigenvalues.
    let rows = skewed_rotations(&[0.95; 50], 0.4);
    let norm = frobenius_norm(&rows.concat());
    assert!(norm > 1.5 * 0.95 * 100f64.sqrt(), "{norm}");
}

fn spec() -> EchoStateSpec {
    EchoStateSpec {
        units: 100,
        channels: 2,
        connectivity_per_65536: 6554,
        recurrent_weights: RecurrentWeights::Radius(Weight::from_bits(996_147)), // 0.95
        input_scale: Weight::from_bits(104_858),                                 // 0.1
        input_normal: false,
        recurrence: Recurrence::Full,
        input_synapse: "graded".into(),
        recurrent_synapse: "graded".into(),
        delay_ticks: 1,
        parameters: BTreeMap::new(),
    }
}

#[test]
fn echo_states_have_the_spectral_radius_asked_for() {
    for seed in 0..3 {
        let network = echo_state(&spec(), seed).unwrap();
        let recurrent = &network.projections[1];
        let mut rows = vec![vec![0.0; 100]; 100];
        for c in recurrent.kept() {
            rows[c.post as usize][c.pre as usize] = f64::from(c.weight.to_bits()) / f64::from(1 << 20);
        }
        let radius = spectral_radius(&rows);
        assert!((radius - 0.95).abs() < 1e-5, "{radius}");
        let len = recurrent.connections.len();
        assert!((880..1120).contains(&len), "10 % of 10,000: {len}");
        // The largest eigenvalue of such a matrix is near sqrt(N p) times the spread of the weights (circular law).
        let mean_square: f64 = rows.iter().flatten().map(|v| v * v).sum::<f64>() / 1e4;
        assert!((0.75..1.1).contains(&((mean_square * 100.0).sqrt() / 0.95)));

        let inputs: Vec<i32> = network.projections[0].kept().map(|c| c.weight.to_bits()).collect();
        assert_eq!(inputs.len(), 200);
        assert!(inputs.iter().all(|w| w.abs() == 104_858));
        assert!((60..140).contains(&inputs.iter().filter(|w| **w < 0).count()));
    }
}

#[test]
fn removing_recurrence_changes_only_the_mask() {
    let full = echo_state(&spec(), 1).unwrap();
    let removed = echo_state(&EchoStateSpec { recurrence: Recurrence::Removed, ..spec() }, 1).unwrap();
    assert_eq!(removed.projections[1].mask.kept_count(), 0);
    assert_eq!(full.projections[1].connections, removed.projections[1].connections);
    assert_eq!(full.projections[0], removed.projections[0]);
}

#[test]
fn echo_states_without_a_loop_are_refused() {
    let none = EchoStateSpec { connectivity_per_65536: 0, ..spec() };
    let error = echo_state(&none, 0).unwrap_err();
    assert!(matches!(&error, NetworkError::SpectralRadius { .. }), "{error}");
    assert!(error.to_string().contains("use a higher connectivity"), "{error}");
    let empty = EchoStateSpec { channels: 0, ..spec() };
    assert_eq!(echo_state(&empty, 0), Err(NetworkError::Empty { name: "input".into() }));
}

/// Normal input weights have the deviation asked for and differ from unit to unit; nothing else of the network moves.
#[test]
fn input_weights_can_be_normal() {
    let signs = echo_state(&spec(), 3).unwrap();
    let normal = echo_state(&EchoStateSpec { units: 400, input_normal: true, ..spec() }, 3).unwrap();
    let same_size = echo_state(&EchoStateSpec { input_normal: true, ..spec() }, 3).unwrap();
    assert_eq!(signs.projections[1], same_size.projections[1]);
    let weights: Vec<f64> =
        normal.projections[0].connections.iter().map(|c| f64::from(c.weight.to_bits()) / 104_858.0).collect();
    let count = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / count;
    let deviation = (weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / count).sqrt();
    // Four standard errors of 400 draws or more.
    assert!(mean.abs() < 0.2 && (deviation - 1.0).abs() < 0.15, "{mean} {deviation} of {count}");
    assert!(weights.windows(2).all(|pair| pair[0] != pair[1]));
}

/// Rows of balanced weights sum to 0 to within the rounding of their weights, and have the variance 1/N of a matrix of
/// that connectivity, times the square of the gain; a gain of 0 connects nothing. Inputs are as with a spectral radius.
#[test]
fn balanced_weights_cancel_in_each_row() {
    let with = |gain: i32, connectivity_per_65536| {
        let recurrent_weights = RecurrentWeights::Balanced(Weight::from_bits(gain << 16));
        let recurrent_synapse = "linear".into();
        echo_state(&EchoStateSpec { recurrent_weights, recurrent_synapse, connectivity_per_65536, ..spec() }, 4)
    };
    let network = with(24, 6554).unwrap();
    let recurrent = &network.projections[1];
    let mut sums = vec![0i64; 100];
    let mut squares = 0.0;
    for c in recurrent.connections.iter() {
        sums[c.post as usize] += i64::from(c.weight.to_bits());
        squares += (f64::from(c.weight.to_bits()) / f64::from(1 << 20)).powi(2);
    }
    assert!(sums.iter().all(|sum| sum.abs() <= 50), "{sums:?}");
    // 1000 squares of normal numbers, less 1 % for the means: four standard errors.
    let deviation = (squares / 100.0).sqrt();
    assert!((deviation / 1.5 - 1.0).abs() < 0.1, "{deviation}");
    assert_eq!((recurrent.synapse.excitatory.as_str(), recurrent.synapse.inhibitory.as_str()), ("linear", "linear"));
    assert_eq!(network.projections[0], echo_state(&spec(), 4).unwrap().projections[0]);
    assert_eq!(with(0, 6554).unwrap().projections[1].connections.len(), 0);
    let error = with(16, 0).unwrap_err();
    assert_eq!(error, NetworkError::Balanced { name: "recurrent".into(), gain: Weight::ONE });
    assert!(error.to_string().contains("use a higher connectivity or more units"), "{error}");
}

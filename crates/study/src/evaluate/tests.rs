//! Features of reservoirs that take analog values, against their equations in double precision.

use super::*;
use crate::prepare::{prepare, real};
use network::{Network, Projection};
use std::path::Path;

/// A small study of twenty units with the wiring of the studies `reference` and `reference-lif`.
fn text(keys: &str, readout: &str, sample: &str) -> String {
    format!(
        "format = \"quenched-study\"\nversion = 1\nchip = \"ideal-mismatched\"\ndies = 1\ncv = [0.5]\n{keys}\n\
         [readout]\non_chip = false\n{readout}\n[[task]]\nid = \"lorenz-xyz/*/shift+2\"\nsample = \"{sample}\"\n\
         washout = 50\ntrain = 30\ntest = 20\n"
    )
}

const WIRING: &str = "neurons = 20\nconnectivity = 0.3\nrecurrent_weights = \"balanced\"\ninput_weights = \"normal\"";

/// The features of the first run of a study, a row a sample, and what it was prepared from.
fn features(text: &str) -> (Prepared, Matrix, Vec<f64>) {
    let study = crate::read(text, "test.toml", Path::new("")).unwrap_or_else(|e| panic!("{e}"));
    let planned = study.plan().run(0);
    let prepared = prepare(&planned).unwrap();
    let run = Run { point: &planned.point, conditions: &planned.conditions, prepared: &prepared };
    let die = run.die_parameters(RESERVOIR).unwrap();
    let mut session = prepared.board.on(&die).unwrap();
    let (features, ..) = run.record(&mut session, None, &run.prepared.stimuli).unwrap();
    // The factors of the time constants on this die, unit by unit.
    let name = if prepared.graded { "tau_unit" } else { "tau_leak" };
    let place = |n: u32| prepared.board.place(prepared.features.population, n).unwrap();
    let address = |n: u32| (prepared.board.program().cores[place(n).0].address, place(n).1);
    let factor = |n: u32| real(die.factor(name, address(n).0, address(n).1));
    let factors = (0..20).map(factor).collect();
    (prepared, features, factors)
}

/// A projection as a matrix, a row for each unit that hears.
fn matrix(projection: &Projection, senders: usize) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![0.0; senders]; 20];
    projection.kept().for_each(|c| rows[c.post as usize][c.pre as usize] = f64::from(c.weight.to_bits()) / 1_048_576.0);
    rows
}

fn product(row: &[f64], x: &[f64]) -> f64 {
    row.iter().zip(x).map(|(w, x)| w * x).sum()
}

fn values(network: &Network, name: &str) -> Vec<f64> {
    let chip::Values::PerNeuron(all) = &network.populations[0].parameters[name] else { panic!("of each unit") };
    all.iter().map(|value| value.value.to_string().parse().unwrap()).collect()
}

/// x <- x + a (-x + W tanh(x) + tanh(W_in u + b)) with a time constant of each unit: the feature is x.
#[test]
fn features_of_balanced_rate_units_are_their_states() {
    let reservoir = "model = \"rate\"\nparameter = \"tau_unit\"\n[reservoir]\nrecurrent_gain = 1.5\ninput_scale = 1.7\nbias = 0.2\n\
                     synapse = \"graded\"\nrecurrent_synapse = \"linear\"\n\
                     parameters = { tau_unit = \"10 ms\", activation_rule = \"1 1\" }";
    let (prepared, features, factors) =
        features(&text(&format!("{reservoir}\n{WIRING}"), "filter = \"10 ms\"", "1 ms"));
    let [input, recurrent] = &prepared.network.projections[..] else { panic!("input and recurrent") };
    let (input, recurrent, bias) = (matrix(input, 3), matrix(recurrent, 20), values(&prepared.network, "drive"));
    let (mut x, mut worst, mut largest) = (vec![0.0; 20], 0.0f64, 0.0f64);
    for (t, frame) in prepared.signals[0].frames().enumerate() {
        let u: Vec<f64> = frame.iter().map(|v| real(*v)).collect();
        let y: Vec<f64> = x.iter().map(|x: &f64| x.tanh()).collect();
        for n in 0..20 {
            let a = 1.0 - (-1.0 / (10.0 * factors[n])).exp();
            x[n] += a * (product(&recurrent[n], &y) + (product(&input[n], &u) + bias[n]).tanh() - x[n]);
            worst = worst.max((x[n] - features.row(t)[n]).abs());
            largest = largest.max(x[n].abs());
        }
    }
    assert_eq!(features.rows(), 100);
    assert!(largest > 1.0, "beyond what an output can be: {largest}");
    assert!(worst < 1e-3, "{worst}");
}

/// v <- (v + W s) (1 - d) + (W_in u + b) d, a spike above 1, five steps a sample; the feature is the trace of spikes.
#[test]
fn features_of_neurons_under_analog_input_are_those_of_their_equations() {
    let reservoir = "model = \"cuba-lif\"\nparameter = \"tau_leak\"\n[reservoir]\nrecurrent_gain = 0.3\ninput_scale = 1\nbias = 0.3\n\
                     bias_mean = 1.1\nsynapse = \"number\"\nrecurrent_synapse = \"weight\"\n\
                     parameters = { tau_leak = \"50 ms\", leak_rule = \"1 1\", v_threshold = \"1 mV\" }";
    let (prepared, features, factors) =
        features(&text(&format!("{reservoir}\n{WIRING}"), "filter = \"50 ms\"", "5 ms"));
    let [input, recurrent] = &prepared.network.projections[..] else { panic!("input and recurrent") };
    let (input, recurrent, bias) = (matrix(input, 3), matrix(recurrent, 20), values(&prepared.network, "bias"));
    assert!((bias.iter().sum::<f64>() / 20.0 - 1.1).abs() < 0.3);
    let (mut v, mut s, mut k) = (vec![0.0; 20], vec![0.0; 20], vec![0.0f64; 20]);
    let (mut worst, mut spikes) = (0.0f64, 0.0);
    for (t, frame) in prepared.signals[0].frames().enumerate() {
        let u: Vec<f64> = frame.iter().map(|v| real(*v)).collect();
        for _ in 0..5 {
            let before = s.clone();
            for n in 0..20 {
                let d = (1.0 / (50.0 * factors[n])).min(1.0);
                v[n] = (v[n] + product(&recurrent[n], &before)) * (1.0 - d) + (product(&input[n], &u) + bias[n]) * d;
                s[n] = f64::from(u8::from(v[n] > 1.0));
                v[n] *= 1.0 - s[n];
                k[n] = k[n] * (-1.0f64 / 50.0).exp() + s[n];
                spikes += s[n];
            }
        }
        (0..20).for_each(|n| worst = worst.max((k[n] - features.row(t)[n]).abs()));
    }
    assert!(spikes > 50.0, "{spikes}");
    assert!(worst < 1e-6, "{worst} after {spikes} spikes");
}

//! Echo-state networks: random recurrent weights of a given spectral radius, or balanced ones.
//!
//! Spectral radius and means of rows need floats. They are f64 with `+ - * /` and `sqrt` in a fixed order, which IEEE
//! 754 rounds alike everywhere, so the network is still the same bits on every machine.
#![allow(clippy::float_arithmetic, reason = "radius and means of a matrix; portable operations only")]

use crate::generate::{Inhibition, Pattern, ProjectionSpec, Signs, Weights};
use crate::reservoir::Recurrence;
use crate::{Connections, Endpoint, InputGroup, Network, NetworkError, Population, SynapseChoice};
use chip::{CoreModel, Values};
use fx::Weight;
use std::collections::BTreeMap;

/// What becomes of the recurrent weights that are drawn: normal with mean 0 where two units are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecurrentWeights {
    /// They are scaled to this spectral radius.
    Radius(Weight),
    /// They have the variance 1 / (connectivity times units); then the mean of each row over all pairs is taken away
    /// from all pairs, so that what a unit hears of a common level cancels; then all are multiplied by this gain.
    /// Nearly all pairs are connected then, most of them weakly; none is where the gain is 0.
    Balanced(Weight),
}

/// An echo-state network (Jaeger, GMD report 148, 2001).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoStateSpec {
    /// Rate units.
    pub units: u32,
    /// Input channels.
    pub channels: u32,
    /// Probability of a recurrent connection, in units of 1/65536. A unit may hear itself.
    pub connectivity_per_65536: u32,
    /// All recurrent weights, before any is pruned.
    pub recurrent_weights: RecurrentWeights,
    /// Magnitude of the input weights; every unit hears every channel, with a random sign.
    pub input_scale: Weight,
    /// Input weights are normal with mean 0 and that standard deviation instead, so that no two units hear alike.
    pub input_normal: bool,
    /// How many of the recurrent connections are there.
    pub recurrence: Recurrence,
    /// The kind of synapse of the input, which must be signed.
    pub input_synapse: String,
    /// The kind of synapse of the recurrent connections, likewise.
    pub recurrent_synapse: String,
    /// Ticks between a change of an output and its arrival.
    pub delay_ticks: u16,
    /// Parameters of the units.
    pub parameters: BTreeMap<String, Values>,
}

/// The network of `spec`: input group and projection `input`, population `reservoir`, projection `recurrent`.
///
/// A spectral radius is met to within 0.1 %; each weight is rounded to 2^-20.
///
/// # Errors
/// If a group is empty, or the weights drawn have no spectral radius to scale (too few connections); for a balanced
/// network without connections, and for weights beyond the end of their format.
pub fn echo_state(spec: &EchoStateSpec, seed: u64) -> Result<Network, NetworkError> {
    let mut network = Network {
        clock: None,
        populations: vec![Population {
            name: "reservoir".into(),
            size: spec.units,
            model: CoreModel::Rate,
            parameters: spec.parameters.clone(),
        }],
        inputs: vec![InputGroup::of_host("input", spec.channels)],
        projections: Vec::new(),
    };
    let half = Inhibition { per_65536: 32768, strength: Weight::ONE };
    let input = ProjectionSpec {
        name: "input".into(),
        pre: Endpoint::Input(0),
        pre_part: None,
        post: 0,
        post_part: None,
        pattern: Pattern::AllToAll,
        weights: match spec.input_normal {
            true => Weights::Normal { mean: Weight::ZERO, spread: spec.input_scale },
            false => Weights::Constant(spec.input_scale),
        },
        signs: if spec.input_normal { Signs::AsDrawn } else { Signs::PerConnection(half) },
        self_connections: true,
        synapse: both(&spec.input_synapse),
        delay_ticks: spec.delay_ticks,
    };
    let recurrent = ProjectionSpec {
        name: "recurrent".into(),
        pre: Endpoint::Population(0),
        pattern: Pattern::Probability { per_65536: spec.connectivity_per_65536 },
        weights: Weights::Normal { mean: Weight::ZERO, spread: Weight::ONE },
        signs: Signs::AsDrawn,
        synapse: both(&spec.recurrent_synapse),
        ..input.clone()
    };
    let mut recurrent = recurrent.generate(&network, seed)?;
    let rows = matrix(&recurrent.connections, spec.units as usize);
    recurrent.connections = match spec.recurrent_weights {
        RecurrentWeights::Radius(radius) => scaled(&recurrent.connections, &rows, radius, &recurrent.name)?,
        RecurrentWeights::Balanced(gain) => balanced(rows, spec.connectivity_per_65536, gain, &recurrent.name)?,
    };
    spec.recurrence.apply(&mut recurrent, seed);
    network.projections = vec![input.generate(&network, seed)?, recurrent];
    network.validate()?;
    Ok(network)
}

/// The kind of synapse, whatever the sign of the weight.
fn both(kind: &str) -> SynapseChoice {
    SynapseChoice { excitatory: kind.into(), inhibitory: kind.into() }
}

/// 1 in the units of weights.
const UNIT: f64 = (1u32 << Weight::FRACTION_BITS) as f64;

/// The weight nearest to a number; none beyond the end of the format.
fn nearest(value: f64) -> Option<Weight> {
    let bits = (value * UNIT).round();
    (bits.abs() <= f64::from(i32::MAX)).then(|| Weight::from_bits(bits as i32))
}

/// The weights as a matrix, a row for each unit that hears.
fn matrix(drawn: &Connections, units: usize) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![0.0; units]; units];
    for c in drawn.iter() {
        rows[c.post as usize][c.pre as usize] = f64::from(c.weight.to_bits()) / UNIT;
    }
    rows
}

/// `drawn`, whose matrix is `rows`, with all weights multiplied by the factor that gives them the spectral radius.
fn scaled(drawn: &Connections, rows: &[Vec<f64>], wanted: Weight, name: &str) -> Result<Connections, NetworkError> {
    let found = spectral_radius(rows);
    let error = || NetworkError::SpectralRadius { name: name.into(), wanted };
    if found <= 0.0 {
        return Err(error());
    }
    let factor = f64::from(wanted.to_bits()) / UNIT / found;
    let scale = |weight: Weight| nearest(f64::from(weight.to_bits()) / UNIT * factor).ok_or_else(error);
    let list = drawn.iter().map(|c| Ok((c.pre, c.post, scale(c.weight)?))).collect::<Result<_, _>>()?;
    Ok(Connections::from_list(rows.len() as u32, list))
}

/// The balanced weights from normal ones of variance 1 in `rows`.
fn balanced(
    mut rows: Vec<Vec<f64>>,
    connectivity_per_65536: u32,
    gain: Weight,
    name: &str,
) -> Result<Connections, NetworkError> {
    let units = rows.len();
    let fan_in = f64::from(connectivity_per_65536) / 65536.0 * units as f64;
    let gain_of = f64::from(gain.to_bits()) / UNIT;
    let error = || NetworkError::Balanced { name: name.into(), gain };
    if rows.iter().flatten().all(|weight| *weight == 0.0) {
        return Err(error());
    }
    let mut list = Vec::new();
    for (post, row) in rows.iter_mut().enumerate() {
        let mean = row.iter().fold(0.0, |sum, weight| sum + weight) / units as f64;
        for (pre, weight) in row.iter().enumerate() {
            let weight = nearest((weight - mean) / fan_in.sqrt() * gain_of).ok_or_else(error)?;
            if weight != Weight::ZERO {
                list.push((pre as u32, post as u32, weight));
            }
        }
    }
    Ok(Connections::from_list(units as u32, list))
}

/// Squarings of the matrix: powers up to 2^16.
const SQUARINGS: u32 = 16;

/// The spectral radius of a square matrix (the largest magnitude of its eigenvalues, real or complex), given by rows.
///
/// By Gelfand's formula, it is the limit of `|A^m|^(1/m)`. Squaring reaches m = 2^16 in 16 products of matrices, scaled
/// to norm 1 each time so that nothing overflows. The result is at most 0.1 % off if the norms of the powers stay
/// within a factor of e^65 of the radius' powers, as they do for matrices of any use; 100 x 100 matrices of known
/// complex spectrum are met to 3 in 10^5. The time grows with the cube of the size: below 0.1 s at
/// 100, several seconds at 1000.
///
/// The result is 0 for nilpotent matrices and for an empty one, and NaN if an entry is NaN or infinite.
///
/// # Panics
/// If the rows are not as long as there are rows.
pub fn spectral_radius(rows: &[Vec<f64>]) -> f64 {
    let size = rows.len();
    assert!(rows.iter().all(|row| row.len() == size), "a spectral radius needs a square matrix");
    let mut power: Vec<f64> = rows.concat();
    if power.iter().any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    let mut radius = 1.0;
    for squarings in 0..=SQUARINGS {
        let norm = frobenius_norm(&power);
        if norm == 0.0 {
            return 0.0;
        }
        // The norm of a power counts as its root: |A^m| = |B^2| |B'^2|^... with B scaled to norm 1 after each squaring.
        radius *= (0..squarings).fold(norm, |root, _| root.sqrt());
        if squarings < SQUARINGS {
            power.iter_mut().for_each(|v| *v /= norm);
            power = squared(&power, size);
        }
    }
    radius
}

/// Square root of the sum of squares, scaled so that squares neither overflow nor vanish.
fn frobenius_norm(matrix: &[f64]) -> f64 {
    let largest = matrix.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = matrix.iter().map(|v| (v / largest) * (v / largest)).sum();
    largest * sum.sqrt()
}

/// The matrix times itself; each entry is summed in the order of its inner index.
fn squared(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut product = vec![0.0; size * size];
    for (row, out) in matrix.chunks_exact(size).zip(product.chunks_exact_mut(size)) {
        for (factor, inner) in row.iter().zip(matrix.chunks_exact(size)) {
            for (sum, v) in out.iter_mut().zip(inner) {
                *sum += factor * v;
            }
        }
    }
    product
}

#[cfg(test)]
mod tests;
